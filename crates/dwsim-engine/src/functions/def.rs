//! Declarations: a row per function with its documentation page, parameters, result type and kernel.
//! Binding a call (choosing the row, coercing the arguments) is done by `plan::expr`.

use std::collections::{HashMap, HashSet};
use std::fmt;

use datafusion::logical_expr::Expr;
use sqlparser::ast;

use super::{AggregateDef, Kernel, ReturnFn, WindowDef};
use crate::error::Result;
use crate::plan::Binder;
use crate::types::SqlType;

/// An expression with its SQL type.
#[derive(Debug, Clone, PartialEq)]
pub struct Typed {
    /// DataFusion expression over the binder's internal column names; its Arrow type is `ty.arrow()`.
    pub expr: Expr,
    /// SQL type.
    pub ty: SqlType,
}

impl Typed {
    /// Pairs an expression with its type.
    pub fn new(expr: Expr, ty: SqlType) -> Self {
        Typed { expr, ty }
    }

    /// The literal value when the expression is one.
    pub fn literal(&self) -> Option<&datafusion::scalar::ScalarValue> {
        match &self.expr {
            Expr::Literal(v, _) => Some(v),
            _ => None,
        }
    }

    /// The text when the expression is a text literal.
    pub fn literal_text(&self) -> Option<&str> {
        match self.literal()? {
            datafusion::scalar::ScalarValue::Utf8(Some(s)) => Some(s),
            _ => None,
        }
    }
}

/// What a parameter is coerced to before the kernel sees it, and with it the array type the kernel gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Param {
    /// As given, whatever the type. The kernel looks at `Call::types`.
    Any,
    /// Text: `StringArray`.
    Text,
    /// Bytes as given (`BinaryArray`), everything else as text (`StringArray`).
    TextOrBinary,
    /// Integer: `Int64Array` (decimals are rounded).
    Int,
    /// Exact or float number as given; text is converted to a number first.
    Number,
    /// Float: `Float64Array`.
    Double,
    /// `BooleanArray`.
    Bool,
    /// Bytes: `BinaryArray`.
    Binary,
    /// `Date32Array`.
    Date,
    /// Any date or timestamp type as given; text is converted to a timestamp.
    DateOrTimestamp,
    /// Wall-clock timestamp.
    Timestamp,
    /// VARIANT / SUPER: `LargeBinaryArray` of encoded values; other types are converted to VARIANT.
    Variant,
    /// ARRAY: `LargeBinaryArray`; a VARIANT that holds no array becomes NULL.
    Array,
    /// OBJECT: `LargeBinaryArray`; a VARIANT that holds no object becomes NULL.
    Object,
    /// GEOMETRY: `BinaryArray` of extended well-known binary.
    Geometry,
    /// GEOMETRY or GEOGRAPHY as given.
    Spatial,
    /// A date part: bare word or string literal, given to the kernel as constant text in lower case.
    Part,
    /// All arguments of this kind are unified to their common type.
    Common,
}

/// Binds one call in its own way.
pub type BindFn = for<'a, 'b> fn(&mut FnCall<'a, 'b>) -> Result<Typed>;

/// How a scalar function is bound.
#[derive(Clone, Copy)]
pub enum Shape {
    /// Parameters are coerced, the result type computed, the kernel called.
    Kernel {
        /// Parameter kinds; the last repeats when the function is variadic.
        params: &'static [Param],
        /// How many trailing parameters may be missing.
        optional: usize,
        /// Whether the last parameter may repeat any number of times.
        variadic: bool,
        /// Result type.
        returns: ReturnFn,
        /// Implementation.
        kernel: Kernel,
    },
    /// Anything else: rewriting to other expressions, choosing kernels by type, reading literal options.
    Custom(BindFn),
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Kernel {
                params,
                optional,
                variadic,
                ..
            } => f
                .debug_struct("Kernel")
                .field("params", params)
                .field("optional", optional)
                .field("variadic", variadic)
                .finish_non_exhaustive(),
            Shape::Custom(_) => f.write_str("Custom"),
        }
    }
}

/// A scalar function of a dialect.
#[derive(Debug, Clone, Copy)]
pub struct ScalarDef {
    /// Upper-case SQL name.
    pub name: &'static str,
    /// Documentation page that the function follows.
    pub page: &'static str,
    /// How it is bound.
    pub shape: Shape,
    /// Two calls with equal arguments may differ (RANDOM, UUID_STRING, NEXTVAL).
    pub volatile: bool,
}

impl ScalarDef {
    /// A function with fixed parameters.
    pub const fn new(
        name: &'static str,
        page: &'static str,
        params: &'static [Param],
        returns: ReturnFn,
        kernel: Kernel,
    ) -> Self {
        ScalarDef {
            name,
            page,
            shape: Shape::Kernel {
                params,
                optional: 0,
                variadic: false,
                returns,
                kernel,
            },
            volatile: false,
        }
    }

    /// A function with a binding of its own.
    pub const fn custom(name: &'static str, page: &'static str, bind: BindFn) -> Self {
        ScalarDef {
            name,
            page,
            shape: Shape::Custom(bind),
            volatile: false,
        }
    }

    /// The last `n` parameters may be missing.
    #[must_use]
    pub const fn optional(mut self, n: usize) -> Self {
        if let Shape::Kernel {
            params,
            variadic,
            returns,
            kernel,
            ..
        } = self.shape
        {
            self.shape = Shape::Kernel {
                params,
                optional: n,
                variadic,
                returns,
                kernel,
            };
        }
        self
    }

    /// The last parameter may repeat.
    #[must_use]
    pub const fn variadic(mut self) -> Self {
        if let Shape::Kernel {
            params,
            optional,
            returns,
            kernel,
            ..
        } = self.shape
        {
            self.shape = Shape::Kernel {
                params,
                optional,
                variadic: true,
                returns,
                kernel,
            };
        }
        self
    }

    /// Two calls with equal arguments may differ.
    #[must_use]
    pub const fn volatile(mut self) -> Self {
        self.volatile = true;
        self
    }
}

/// One SQL name of a dialect.
#[derive(Debug, Clone, Copy)]
pub enum FunctionDef {
    /// Row by row.
    Scalar(ScalarDef),
    /// Over groups, and over windows.
    Aggregate(AggregateDef),
    /// Over windows only.
    Window(WindowDef),
}

impl FunctionDef {
    /// Upper-case SQL name.
    pub fn name(&self) -> &'static str {
        match self {
            FunctionDef::Scalar(d) => d.name,
            FunctionDef::Aggregate(d) => d.name,
            FunctionDef::Window(d) => d.name,
        }
    }

    /// Documentation page.
    pub fn page(&self) -> &'static str {
        match self {
            FunctionDef::Scalar(d) => d.page,
            FunctionDef::Aggregate(d) => d.page,
            FunctionDef::Window(d) => d.page,
        }
    }
}

/// All functions of a dialect by upper-case name.
#[derive(Debug, Default)]
pub struct FunctionTable {
    by_name: HashMap<&'static str, FunctionDef>,
    outside: HashSet<&'static str>,
}

impl FunctionTable {
    /// Adds rows; a later row with the same name replaces an earlier one.
    pub fn extend(&mut self, defs: impl IntoIterator<Item = FunctionDef>) {
        for def in defs {
            self.by_name.insert(def.name(), def);
        }
    }

    /// Adds scalar rows.
    pub fn scalars(&mut self, defs: &[ScalarDef]) {
        self.extend(defs.iter().copied().map(FunctionDef::Scalar));
    }

    /// Adds scalar rows whose answers follow from more than their arguments and the session's settings: from what the
    /// session did, or from the server. The plans of statements with them are not used again.
    pub fn outside(&mut self, defs: &[ScalarDef]) {
        self.outside.extend(defs.iter().map(|d| d.name));
        self.scalars(defs);
    }

    /// Whether the function was added by [`FunctionTable::outside`].
    pub fn is_outside(&self, name: &str) -> bool {
        self.outside.contains(name)
    }

    /// Adds aggregate rows.
    pub fn aggregates(&mut self, defs: &[AggregateDef]) {
        self.extend(defs.iter().copied().map(FunctionDef::Aggregate));
    }

    /// Adds window rows.
    pub fn windows(&mut self, defs: &[WindowDef]) {
        self.extend(defs.iter().copied().map(FunctionDef::Window));
    }

    /// The function with this upper-case name.
    pub fn get(&self, name: &str) -> Option<&FunctionDef> {
        self.by_name.get(name)
    }

    /// Names in alphabetical order with their definitions.
    pub fn sorted(&self) -> Vec<&FunctionDef> {
        let mut all: Vec<_> = self.by_name.values().collect();
        all.sort_by_key(|d| d.name());
        all
    }
}

/// A call being bound by a [`Shape::Custom`] function.
pub struct FnCall<'a, 'b> {
    /// The binder, for coercions, casts and binding of further expressions.
    pub binder: &'a mut Binder<'b>,
    /// Upper-case SQL name.
    pub name: &'static str,
    /// The call as parsed. Argument expressions are bound by the binder only, so bare words stay possible.
    pub ast: &'a ast::Function,
}

impl fmt::Debug for FnCall<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FnCall")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
