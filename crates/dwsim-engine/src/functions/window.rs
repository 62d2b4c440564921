//! Declarations of functions that exist over windows only, and a whole-partition kernel as a DataFusion window function.
//! Aggregates over windows are declared once, as aggregates.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{Field, FieldRef};
use datafusion::common::Result as DfResult;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{
    LimitEffect, PartitionEvaluator, Signature, Volatility, WindowUDF, WindowUDFImpl,
};
use datafusion::physical_expr::PhysicalExpr;

use super::scalar::conform;
use super::{AggCall, FnCall, Param, ReturnFn, Typed};
use crate::env::Env;
use crate::error::Result;
use crate::types::SqlType;

/// Computes a column for one partition, in its order.
pub type WindowKernel = fn(&AggCall<'_>) -> Result<ArrayRef>;

/// How a window function is computed.
#[derive(Clone, Copy)]
pub enum WindowImpl {
    /// DataFusion's own function; its result is cast to the declared type.
    DataFusion(fn() -> Arc<WindowUDF>),
    /// A kernel over the whole partition; the frame does not matter to it.
    Partition(WindowKernel),
    /// Rewritten to other expressions by a binding of its own.
    Custom(for<'a, 'b> fn(&mut FnCall<'a, 'b>) -> Result<Typed>),
}

impl fmt::Debug for WindowImpl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WindowImpl::DataFusion(_) => "DataFusion",
            WindowImpl::Partition(_) => "Partition",
            WindowImpl::Custom(_) => "Custom",
        })
    }
}

/// A window function of a dialect.
#[derive(Debug, Clone, Copy)]
pub struct WindowDef {
    /// Upper-case SQL name.
    pub name: &'static str,
    /// Documentation page that the function follows.
    pub page: &'static str,
    /// Parameter kinds.
    pub params: &'static [Param],
    /// How many trailing parameters may be missing.
    pub optional: usize,
    /// Result type.
    pub returns: ReturnFn,
    /// Implementation.
    pub implementation: WindowImpl,
}

#[derive(Debug)]
struct PartitionUdwf {
    name: String,
    kernel: WindowKernel,
    types: Vec<SqlType>,
    returns: SqlType,
    env: Arc<Env>,
    signature: Signature,
}

impl PartialEq for PartitionUdwf {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.types == other.types
            && self.returns == other.returns
            && std::ptr::fn_addr_eq(self.kernel, other.kernel)
            && Arc::ptr_eq(&self.env, &other.env)
    }
}
impl Eq for PartitionUdwf {}
impl Hash for PartitionUdwf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.types.hash(state);
    }
}

impl WindowUDFImpl for PartitionUdwf {
    fn name(&self) -> &str {
        &self.name
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn partition_evaluator(
        &self,
        _: PartitionEvaluatorArgs<'_>,
    ) -> DfResult<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(KernelEvaluator {
            name: self.name.clone(),
            kernel: self.kernel,
            types: self.types.clone(),
            returns: self.returns.clone(),
            env: Arc::clone(&self.env),
        }))
    }
    fn field(&self, args: WindowUDFFieldArgs<'_>) -> DfResult<FieldRef> {
        Ok(Arc::new(Field::new(
            args.name(),
            self.returns.arrow(),
            true,
        )))
    }
    fn limit_effect(&self, _: &[Arc<dyn PhysicalExpr>]) -> LimitEffect {
        LimitEffect::Unknown
    }
}

#[derive(Debug)]
struct KernelEvaluator {
    name: String,
    kernel: WindowKernel,
    types: Vec<SqlType>,
    returns: SqlType,
    env: Arc<Env>,
}

impl PartitionEvaluator for KernelEvaluator {
    fn evaluate_all(&mut self, values: &[ArrayRef], num_rows: usize) -> DfResult<ArrayRef> {
        let call = AggCall {
            name: &self.name,
            args: values,
            types: &self.types,
            returns: &self.returns,
            rows: num_rows,
            env: &self.env,
        };
        Ok(conform((self.kernel)(&call)?, &self.returns)?)
    }
}

/// A whole-partition kernel for one bound call.
pub(crate) fn partition_udwf(
    name: &str,
    kernel: WindowKernel,
    types: Vec<SqlType>,
    returns: SqlType,
    env: &Arc<Env>,
) -> Arc<WindowUDF> {
    let signature = if types.is_empty() {
        Signature::nullary(Volatility::Immutable)
    } else {
        Signature::any(types.len(), Volatility::Immutable)
    };
    Arc::new(WindowUDF::new_from_impl(PartitionUdwf {
        name: name.to_owned(),
        kernel,
        types,
        returns,
        env: Arc::clone(env),
        signature,
    }))
}
