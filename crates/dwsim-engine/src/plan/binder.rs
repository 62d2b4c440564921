//! The binder's state, unique column names, and casts between SQL types.
//! Each kind of clause and expression is bound in a file of its own.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::scalar::ScalarValue;
use sqlparser::ast;

use super::scope::{Relation, Scope};
use crate::catalog::{ColumnDef, INTERVAL_QUALIFIER, ObjectName, TableEntry, Transaction};
use crate::dialect::Dialect;
use crate::engine::Engine;
use crate::env::Env;
use crate::error::{ErrorKind, Result, SqlError};
use crate::exec::Execution;
use crate::functions::{FnCall, Kernel, Param, Typed, kernel_expr};
use crate::kernels;
use crate::types::{ColumnInfo, SqlType, TypeClass};

/// Why a value changes its type; it decides what happens to values that do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CastMode {
    /// `CAST` and `::`.
    Explicit,
    /// TRY_CAST and TRY_TO_…: NULL instead of an error.
    Try,
    /// Coercion, and assignment to a column.
    Implicit,
}

impl CastMode {
    /// The name under which the cast kernel runs; kernels read their mode from it.
    pub const fn kernel_name(self) -> &'static str {
        match self {
            CastMode::Explicit => "cast",
            CastMode::Try => "try_cast",
            CastMode::Implicit => "assign",
        }
    }
}

/// Looks up a session variable or a scripting variable by its folded name.
pub type VariableLookup<'a> = &'a (dyn Fn(&str) -> Option<Typed> + Send + Sync);

/// A query that is ready to run.
#[derive(Debug, Clone)]
pub struct BoundQuery {
    /// The plan; column `i` is described by `columns[i]`.
    pub plan: LogicalPlan,
    /// Result columns.
    pub columns: Vec<ColumnInfo>,
    /// An outermost ORDER BY fixes the order of the rows.
    pub ordered: bool,
    /// Upper bound of the rows read from tables, to choose the degree of parallelism.
    pub scanned_rows: usize,
}

/// A common table expression in scope.
#[derive(Debug, Clone)]
pub(crate) struct Cte {
    pub relation: Relation,
}

/// Turns parsed queries into plans, within one statement.
pub struct Binder<'a> {
    /// The dialect's rules.
    pub dialect: &'a dyn Dialect,
    /// The statement's environment.
    pub env: Arc<Env>,
    /// The catalog as the statement's transaction sees it.
    pub catalog: Transaction,
    /// Schemas in which unqualified names are looked up: (database, schema), in order.
    pub search_path: Vec<(String, String)>,
    /// Schemas with temporary objects of the session; they hide what has the same name beside them.
    pub temporary: Vec<(String, String)>,
    /// Values of `?`, `$1`, `:1`, in order.
    pub parameters: &'a [Typed],
    /// Types of parameters without values, when a statement is only described. Grows as parameters are met.
    pub parameter_types: Vec<Option<SqlType>>,
    /// Whether the statement is only described, so that parameters need no values.
    pub describing: bool,
    /// Session variables.
    pub variables: Option<VariableLookup<'a>>,
    /// Variables of the running block.
    pub script: Option<Arc<crate::scripting::ScriptScope>>,
    /// Tables, views and sequences that were resolved, for dependencies.
    pub used: Vec<ObjectName>,
    /// Streams that were read, with the versions of their tables.
    pub streams: Vec<(ObjectName, Arc<TableEntry>)>,
    /// The engine, for what has to be computed while binding, and what bounds it.
    pub runner: Option<(Arc<Engine>, Execution)>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) ctes: Vec<HashMap<String, Cte>>,
    /// How many `?` were met.
    pub(crate) question_marks: usize,
    pub(crate) next_column: usize,
    pub(crate) scanned_rows: usize,
    /// How many views are being expanded.
    pub view_depth: usize,
    /// Relations whose protection is being expanded: inside of it they are read as they are.
    pub(crate) unprotected: Vec<ObjectName>,
    pub(crate) depth: usize,
}

impl fmt::Debug for Binder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binder")
            .field("dialect", &self.dialect.name())
            .finish_non_exhaustive()
    }
}

impl<'a> Binder<'a> {
    /// A binder for one statement.
    pub fn new(
        dialect: &'a dyn Dialect,
        env: Arc<Env>,
        catalog: &'a Transaction,
        search_path: Vec<(String, String)>,
    ) -> Self {
        Binder {
            dialect,
            env,
            catalog: catalog.clone(),
            search_path,
            temporary: Vec::new(),
            parameters: &[],
            parameter_types: Vec::new(),
            describing: false,
            variables: None,
            script: None,
            used: Vec::new(),
            streams: Vec::new(),
            runner: None,
            scopes: vec![Scope::default()],
            ctes: vec![HashMap::new()],
            question_marks: 0,
            next_column: 0,
            scanned_rows: 0,
            view_depth: 0,
            unprotected: Vec::new(),
            depth: 0,
        }
    }

    /// The rows of a plan, computed while binding: what columns a pivot has may depend on them.
    ///
    /// # Errors
    /// What running the plan gives.
    pub fn rows_now(&self, plan: &LogicalPlan) -> Result<Vec<RecordBatch>> {
        let Some((engine, bounds)) = &self.runner else {
            return Err(SqlError::unsupported(
                "a query whose columns depend on rows, here",
            ));
        };
        // Binding is synchronous, and may itself happen on a thread that drives other tasks.
        let work = || -> Result<Vec<RecordBatch>> {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .map_err(|e| SqlError::internal(e.to_string()))?;
            runtime.block_on(engine.executor.collect(plan, self.scanned_rows, bounds))
        };
        std::thread::scope(|s| s.spawn(work).join())
            .map_err(|_| SqlError::internal("a query that was run while binding has failed"))?
    }

    /// A column name that nothing else in this statement has; `hint` keeps plans readable.
    pub fn fresh(&mut self, hint: &str) -> String {
        self.next_column += 1;
        format!("{hint}#{}", self.next_column)
    }

    /// The innermost scope.
    /// Whether the rows can be numbered in what is bound now: window functions may stand there, and it is no key of groups.
    pub fn numbers_rows(&mut self) -> bool {
        let scope = self.scope();
        scope.windows && !scope.grouped
    }

    pub(crate) fn scope(&mut self) -> &mut Scope {
        // There is always the outermost scope made by `new`.
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }

    /// The dialect's name of a type, for messages.
    pub fn type_name(&self, ty: &SqlType) -> String {
        self.dialect.name().type_name(ty)
    }

    /// A kernel call.
    pub fn kernel(
        &self,
        name: impl Into<String>,
        kernel: Kernel,
        args: Vec<Typed>,
        returns: SqlType,
    ) -> Typed {
        kernel_expr(name, kernel, args, returns, &self.env, false)
    }

    /// A NULL of a type.
    pub fn null(&self, ty: &SqlType) -> Result<Typed> {
        Ok(Typed::new(
            Expr::Literal(ScalarValue::try_from(&ty.arrow())?, None),
            ty.clone(),
        ))
    }

    /// A text literal.
    pub fn text(&self, s: impl Into<String>) -> Typed {
        Typed::new(
            Expr::Literal(ScalarValue::Utf8(Some(s.into())), None),
            SqlType::text(),
        )
    }

    /// An integer literal for kernels (BIGINT, whatever the dialect).
    pub fn int(&self, v: i64) -> Typed {
        Typed::new(
            Expr::Literal(ScalarValue::Int64(Some(v)), None),
            SqlType::BigInt,
        )
    }

    /// A boolean literal.
    pub fn bool(&self, v: bool) -> Typed {
        Typed::new(
            Expr::Literal(ScalarValue::Boolean(Some(v)), None),
            SqlType::Boolean,
        )
    }

    /// The value as a column keeps it: in its type and, for an interval column with a qualifier, cut to that.
    ///
    /// # Errors
    /// As [`Binder::cast`].
    pub fn stored(&self, value: Typed, column: &ColumnDef) -> Result<Typed> {
        let Some(qualifier) = column.properties.get(INTERVAL_QUALIFIER) else {
            return self.cast(value, &column.ty, CastMode::Implicit);
        };
        let value = match value.ty.class() {
            TypeClass::Text | TypeClass::Interval => value,
            _ => self.cast(value, &column.ty, CastMode::Implicit)?,
        };
        let qualifier = self.text(qualifier);
        Ok(self.kernel(
            "interval",
            kernels::datetime::interval_literal,
            vec![value, qualifier],
            column.ty.clone(),
        ))
    }

    /// The value of an expression that needs no columns, as a type.
    ///
    /// # Errors
    /// When it has columns, is not of a type that converts to this one, or its evaluation fails.
    pub fn constant(&mut self, e: &ast::Expr, to: &SqlType) -> Result<ScalarValue> {
        let value = self.expr(e)?;
        crate::exec::constant(&self.cast(value, to, CastMode::Implicit)?.expr)
    }

    /// The value as another type. Types with one representation need no work unless a length has to be checked.
    ///
    /// # Errors
    /// [`ErrorKind::CannotCast`] when there is no such conversion.
    pub fn cast(&self, value: Typed, to: &SqlType, mode: CastMode) -> Result<Typed> {
        if &value.ty == to {
            return Ok(value);
        }
        if to.collation().is_some() {
            let plain = self.cast(value, &to.plain_text(), mode)?;
            return Ok(Typed::new(plain.expr, to.clone()));
        }
        if value.ty.collation().is_some() {
            let ty = value.ty.plain_text();
            return self.cast(Typed::new(value.expr, ty), to, mode);
        }
        if value.ty == SqlType::Null {
            return match value.literal() {
                Some(_) => self.null(to),
                None => Ok(Typed::new(
                    Expr::Cast(datafusion::logical_expr::Cast::new(
                        Box::new(value.expr),
                        to.arrow(),
                    )),
                    to.clone(),
                )),
            };
        }
        if kernels::cast::is_relabel(&value.ty, to) {
            return Ok(Typed::new(value.expr, to.clone()));
        }
        if kernels::cast::is_widening(&value.ty, to) {
            // A literal stays one: many rows of them need no plan.
            if let Some(literal) = value.literal()
                && let Ok(v) = literal.cast_to(&to.arrow())
            {
                return Ok(Typed::new(Expr::Literal(v, None), to.clone()));
            }
            let cast = datafusion::logical_expr::Cast::new(Box::new(value.expr), to.arrow());
            return Ok(Typed::new(Expr::Cast(cast), to.clone()));
        }
        let Some(kernel) = kernels::cast::kernel(&value.ty, to, self.env.dialect) else {
            return Err(ErrorKind::CannotCast {
                from: self.type_name(&value.ty),
                to: self.type_name(to),
            }
            .into());
        };
        if let Some(literal) = value.literal() {
            // A literal becomes a literal of the other type; a value that does not fit is reported when the plan runs.
            if let Ok(v) = crate::functions::fold_literal(
                mode.kernel_name(),
                kernel,
                literal,
                &value.ty,
                to,
                &self.env,
            ) {
                return Ok(Typed::new(Expr::Literal(v, None), to.clone()));
            }
        }
        Ok(self.kernel(mode.kernel_name(), kernel, vec![value], to.clone()))
    }

    /// The value as what a parameter asks for; None when the types do not allow it.
    pub fn coerce(&self, value: Typed, param: Param) -> Result<Option<Typed>> {
        let target = match param {
            Param::Any | Param::Part | Param::Common => return Ok(Some(value)),
            // A bare NULL is a NULL of either.
            Param::TextOrBinary if matches!(value.ty, SqlType::Binary(_) | SqlType::Null) => {
                return Ok(Some(value));
            }
            Param::Text | Param::TextOrBinary => SqlType::text(),
            Param::Int => SqlType::BigInt,
            Param::Double => SqlType::Double,
            Param::Bool => SqlType::Boolean,
            Param::Binary => SqlType::Binary(None),
            Param::Date => SqlType::Date,
            Param::Timestamp => SqlType::Timestamp(self.env.dialect.timestamp_scale()),
            Param::Variant => SqlType::Variant,
            Param::Array => SqlType::Array,
            Param::Object => SqlType::Object,
            Param::Geometry => match value.ty {
                SqlType::Geometry => return Ok(Some(value)),
                SqlType::Null => SqlType::Geometry,
                _ if self.is_geometry_literal(&value) => SqlType::Geometry,
                _ => return Ok(None),
            },
            Param::Spatial => match value.ty {
                SqlType::Geometry | SqlType::Geography => return Ok(Some(value)),
                SqlType::Null => SqlType::Geometry,
                _ if self.is_geometry_literal(&value) => SqlType::Geometry,
                _ => return Ok(None),
            },
            Param::Number => match value.ty.class() {
                TypeClass::Numeric => return Ok(Some(value)),
                TypeClass::Null => SqlType::Double,
                TypeClass::Text => match self.env.dialect {
                    crate::dialect::DialectName::Snowflake
                        if value
                            .literal_text()
                            .is_some_and(|s| s.trim().parse::<i128>().is_ok()) =>
                    {
                        SqlType::number(38, 0)
                    }
                    _ => SqlType::Double,
                },
                TypeClass::Semi => SqlType::Double,
                TypeClass::Boolean => SqlType::number(1, 0),
                _ => return Ok(None),
            },
            Param::DateOrTimestamp => match value.ty.class() {
                TypeClass::Date | TypeClass::Timestamp | TypeClass::Time => return Ok(Some(value)),
                TypeClass::Text | TypeClass::Null | TypeClass::Semi => {
                    SqlType::Timestamp(self.env.dialect.timestamp_scale())
                }
                _ => return Ok(None),
            },
        };
        let fits = match (value.ty.class(), target.class()) {
            (TypeClass::Null, _) => true,
            (a, b) if a == b => true,
            // What kernels take as text: everything that has a text form.
            (
                TypeClass::Numeric
                | TypeClass::Boolean
                | TypeClass::Date
                | TypeClass::Time
                | TypeClass::Timestamp
                | TypeClass::Semi
                | TypeClass::Interval,
                TypeClass::Text,
            ) => true,
            (TypeClass::Binary, TypeClass::Text) => false,
            _ => self.dialect.implicit_cast(&value.ty, &target),
        };
        if !fits {
            return Ok(None);
        }
        // An argument that is no array or object is NULL; only casts and assignments convert or refuse it.
        if value.ty == SqlType::Variant && matches!(target, SqlType::Array | SqlType::Object) {
            let kernel = kernels::cast::kernel(&value.ty, &target, self.env.dialect);
            return Ok(kernel.map(|k| self.kernel("argument", k, vec![value], target)));
        }
        // A text of any length is fine as text.
        if target == SqlType::text() && value.ty.is_text() {
            return Ok(Some(value));
        }
        self.cast(value, &target, CastMode::Implicit).map(Some)
    }

    /// Redshift takes a literal of extended well-known binary in hexadecimal where a GEOMETRY is expected
    /// (r_CAST_function).
    fn is_geometry_literal(&self, value: &Typed) -> bool {
        self.env.dialect == crate::dialect::DialectName::Redshift
            && value.ty.is_text()
            && value.literal_text().is_some()
    }

    /// All values as their common type, which is returned too.
    ///
    /// # Errors
    /// [`ErrorKind::ArgumentTypes`] when two of them have none.
    pub fn unify(&self, what: &str, values: Vec<Typed>) -> Result<(Vec<Typed>, SqlType)> {
        let mut ty = SqlType::Null;
        self.one_collation(&values.iter().collect::<Vec<_>>())?;
        for v in &values {
            ty = self.dialect.common_type(&ty, &v.ty).ok_or_else(|| {
                SqlError::new(ErrorKind::ArgumentTypes {
                    function: what.to_owned(),
                    arguments: values.iter().map(|v| self.type_name(&v.ty)).collect(),
                })
            })?;
        }
        let values = values
            .into_iter()
            .map(|v| self.cast(v, &ty, CastMode::Implicit))
            .collect::<Result<_>>()?;
        Ok((values, ty))
    }
}

impl<'a, 'b> FnCall<'a, 'b> {
    /// The statement's environment.
    pub fn env(&self) -> Arc<Env> {
        Arc::clone(&self.binder.env)
    }

    /// An error for these argument types.
    pub fn type_error(&self, args: &[Typed]) -> SqlError {
        ErrorKind::ArgumentTypes {
            function: self.name.to_owned(),
            arguments: args.iter().map(|a| self.binder.type_name(&a.ty)).collect(),
        }
        .into()
    }

    /// A wrong number of arguments.
    pub fn count_error(&self, expected: usize, given: usize) -> SqlError {
        ErrorKind::ArgumentCount {
            function: self.name.to_owned(),
            expected,
            given,
        }
        .into()
    }

    /// A kernel call under this function's name.
    pub fn kernel(&self, kernel: Kernel, args: Vec<Typed>, returns: SqlType) -> Typed {
        self.binder.kernel(self.name, kernel, args, returns)
    }

    /// The value as a parameter kind.
    ///
    /// # Errors
    /// [`ErrorKind::ArgumentTypes`] when the types do not allow it.
    pub fn coerce(&self, value: Typed, param: Param) -> Result<Typed> {
        let shown = value.clone();
        self.binder
            .coerce(value, param)?
            .ok_or_else(|| self.type_error(&[shown]))
    }
}
