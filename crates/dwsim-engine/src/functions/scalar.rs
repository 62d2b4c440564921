//! A kernel with fixed types and environment as a DataFusion scalar function.
//! Choosing the kernel and coercing its arguments is the binder's work.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result as DfResult;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::scalar::ScalarValue;

use super::{Call, Column, Kernel, Typed};
use crate::env::Env;
use crate::error::Result;
use crate::types::SqlType;

/// One bound call: everything but the argument values.
#[derive(Debug)]
struct KernelUdf {
    name: String,
    kernel: Work,
    types: Vec<SqlType>,
    returns: SqlType,
    /// The array type of the result; differs from `returns.arrow()` for lists that are unnested at once.
    arrow: DataType,
    env: Arc<Env>,
    signature: Signature,
}

/// What computes the result.
#[derive(Debug, Clone)]
enum Work {
    Kernel(Kernel),
    Closure(Arc<dyn Closure>),
}

/// A computation with data of its own: a lambda's body, a program in another language.
pub trait Closure: std::fmt::Debug + Send + Sync {
    /// Computes a column of [`Call::rows`] rows.
    ///
    /// # Errors
    /// Whatever goes wrong.
    fn call(&self, call: &Call<'_>) -> Result<ArrayRef>;

    /// Two closures with one key compute the same.
    fn key(&self) -> &str;

    /// Whether a call may take long however few its rows are: it waits, or runs a program.
    fn lingers(&self) -> bool {
        false
    }
}

/// Whether an expression calls a closure that [lingers](Closure::lingers).
pub(crate) fn may_linger(expr: &Arc<dyn PhysicalExpr>) -> bool {
    expr.downcast_ref::<ScalarFunctionExpr>()
        .and_then(|call| call.fun().inner().downcast_ref::<KernelUdf>())
        .is_some_and(|udf| matches!(&udf.kernel, Work::Closure(c) if c.lingers()))
        || expr.children().into_iter().any(may_linger)
}

impl PartialEq for Work {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Work::Kernel(a), Work::Kernel(b)) => std::ptr::fn_addr_eq(*a, *b),
            (Work::Closure(a), Work::Closure(b)) => a.key() == b.key(),
            _ => false,
        }
    }
}

/// Two bound calls are the same function when name, types and kernel agree: all of one statement share one environment.
impl PartialEq for KernelUdf {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.types == other.types
            && self.returns == other.returns
            && self.arrow == other.arrow
            && self.kernel == other.kernel
            && Arc::ptr_eq(&self.env, &other.env)
    }
}
impl Eq for KernelUdf {}
impl Hash for KernelUdf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.types.hash(state);
        self.returns.hash(state);
    }
}

impl ScalarUDFImpl for KernelUdf {
    fn name(&self) -> &str {
        &self.name
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    /// DataFusion tells columns apart by this name, so everything that tells two calls apart is in it.
    fn schema_name(&self, args: &[Expr]) -> DfResult<String> {
        let args: Vec<String> = args.iter().map(|a| a.schema_name().to_string()).collect();
        Ok(format!(
            "{}({}):{}",
            self.name,
            args.join(","),
            self.returns
        ))
    }
    fn return_type(&self, _: &[DataType]) -> DfResult<DataType> {
        Ok(self.arrow.clone())
    }
    fn return_field_from_args(&self, _: ReturnFieldArgs<'_>) -> DfResult<FieldRef> {
        Ok(Arc::new(Field::new(&self.name, self.arrow.clone(), true)))
    }
    fn coerce_types(&self, arg_types: &[DataType]) -> DfResult<Vec<DataType>> {
        Ok(arg_types.to_vec())
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DfResult<ColumnarValue> {
        let all_scalar = args
            .args
            .iter()
            .all(|a| matches!(a, ColumnarValue::Scalar(_)));
        let fold = all_scalar && self.signature.volatility != Volatility::Volatile;
        let columns = args
            .args
            .into_iter()
            .map(|a| match a {
                ColumnarValue::Array(array) => Ok(Column {
                    array,
                    scalar: false,
                }),
                ColumnarValue::Scalar(s) => Ok(Column {
                    array: s.to_array()?,
                    scalar: true,
                }),
            })
            .collect::<DfResult<Vec<_>>>()?;
        let call = Call {
            name: &self.name,
            args: &columns,
            types: &self.types,
            returns: &self.returns,
            rows: if fold { 1 } else { args.number_rows },
            env: &self.env,
        };
        let result = match &self.kernel {
            Work::Kernel(kernel) => kernel(&call)?,
            Work::Closure(closure) => closure.call(&call)?,
        };
        let array = conform_to(result, &self.arrow)?;
        if fold {
            Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                &array, 0,
            )?))
        } else {
            Ok(ColumnarValue::Array(array))
        }
    }
}

/// Casts a kernel's array to the declared type's array where they differ (an Int64 count as NUMBER(18,0), say).
pub fn conform(array: ArrayRef, ty: &SqlType) -> Result<ArrayRef> {
    conform_to(array, &ty.arrow())
}

fn conform_to(array: ArrayRef, want: &DataType) -> Result<ArrayRef> {
    if array.data_type() == want {
        return Ok(array);
    }
    let options = CastOptions {
        safe: false,
        ..Default::default()
    };
    Ok(cast_with_options(&array, want, &options)?)
}

/// The call of a kernel as an expression.
pub fn kernel_expr(
    name: impl Into<String>,
    kernel: Kernel,
    args: Vec<Typed>,
    returns: SqlType,
    env: &Arc<Env>,
    volatile: bool,
) -> Typed {
    let arrow = returns.arrow();
    work_expr(
        name.into(),
        Work::Kernel(kernel),
        args,
        returns,
        arrow,
        env,
        volatile,
    )
}

/// The call of a closure as an expression; `arrow` is the array type it gives, where that is not the type's own.
pub fn closure_expr(
    name: impl Into<String>,
    closure: Arc<dyn Closure>,
    args: Vec<Typed>,
    returns: SqlType,
    arrow: Option<DataType>,
    env: &Arc<Env>,
    volatile: bool,
) -> Typed {
    let arrow = arrow.unwrap_or_else(|| returns.arrow());
    work_expr(
        name.into(),
        Work::Closure(closure),
        args,
        returns,
        arrow,
        env,
        volatile,
    )
}

fn work_expr(
    name: String,
    work: Work,
    args: Vec<Typed>,
    returns: SqlType,
    arrow: DataType,
    env: &Arc<Env>,
    volatile: bool,
) -> Typed {
    let volatility = if volatile {
        Volatility::Volatile
    } else {
        Volatility::Immutable
    };
    let (exprs, types): (Vec<Expr>, Vec<SqlType>) =
        args.into_iter().map(|a| (a.expr, a.ty)).unzip();
    let signature = if exprs.is_empty() {
        Signature::nullary(volatility)
    } else {
        Signature::any(exprs.len(), volatility)
    };
    let udf = KernelUdf {
        name,
        kernel: work,
        types,
        arrow,
        returns: returns.clone(),
        env: Arc::clone(env),
        signature,
    };
    let func = Arc::new(ScalarUDF::new_from_impl(udf));
    Typed::new(
        Expr::ScalarFunction(ScalarFunction::new_udf(func, exprs)),
        returns,
    )
}

/// The call of a kernel that gives a list per row, to be unnested.
pub fn list_expr(
    name: impl Into<String>,
    kernel: Kernel,
    args: Vec<Typed>,
    arrow: DataType,
    env: &Arc<Env>,
) -> Expr {
    let (exprs, types): (Vec<Expr>, Vec<SqlType>) =
        args.into_iter().map(|a| (a.expr, a.ty)).unzip();
    let signature = if exprs.is_empty() {
        Signature::nullary(Volatility::Immutable)
    } else {
        Signature::any(exprs.len(), Volatility::Immutable)
    };
    let udf = KernelUdf {
        name: name.into(),
        kernel: Work::Kernel(kernel),
        types,
        returns: SqlType::Array,
        arrow,
        env: Arc::clone(env),
        signature,
    };
    Expr::ScalarFunction(ScalarFunction::new_udf(
        Arc::new(ScalarUDF::new_from_impl(udf)),
        exprs,
    ))
}

/// The result of a one-argument kernel for a literal.
pub(crate) fn fold_literal(
    name: &str,
    kernel: Kernel,
    literal: &ScalarValue,
    from: &SqlType,
    to: &SqlType,
    env: &Env,
) -> Result<ScalarValue> {
    let columns = [Column {
        array: literal.to_array()?,
        scalar: true,
    }];
    let types = [from.clone()];
    let call = Call {
        name,
        args: &columns,
        types: &types,
        returns: to,
        rows: 1,
        env,
    };
    let array = conform(kernel(&call)?, to)?;
    Ok(ScalarValue::try_from_array(&array, 0)?)
}
