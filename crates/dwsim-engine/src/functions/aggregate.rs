//! Declarations of aggregates, and the collecting aggregate as a DataFusion function.
//! Grouping, DISTINCT of DataFusion's own aggregates and window frames are DataFusion's work.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result as DfResult;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility,
};

use super::accumulator::{AggKernel, CollectAccumulator, CollectSpec};
use super::{FnCall, Param, ReturnFn, Typed};
use crate::env::Env;
use crate::error::Result;
use crate::types::SqlType;

/// DISTINCT, ORDER BY and NULL treatment of a bound aggregate call.
#[derive(Debug, Clone, Default)]
pub struct AggregateOptions {
    /// DISTINCT was given.
    pub distinct: bool,
    /// Sort keys of `WITHIN GROUP (ORDER BY …)` or `ORDER BY` inside the call.
    pub order: Vec<(Typed, SortOptions)>,
    /// IGNORE NULLS was given.
    pub ignore_nulls: bool,
}

/// How an aggregate is computed.
#[derive(Clone, Copy)]
pub enum AggregateImpl {
    /// DataFusion's own function; its result is cast to the declared type.
    DataFusion(fn() -> Arc<AggregateUDF>),
    /// The group's rows are collected and given to a kernel.
    Collect {
        /// Implementation.
        kernel: AggKernel,
        /// Rows whose first argument is NULL do not count.
        skip_nulls: bool,
    },
    /// Rewritten to other expressions by a binding of its own.
    Custom(for<'a, 'b> fn(&mut FnCall<'a, 'b>) -> Result<Typed>),
}

impl fmt::Debug for AggregateImpl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AggregateImpl::DataFusion(_) => "DataFusion",
            AggregateImpl::Collect { .. } => "Collect",
            AggregateImpl::Custom(_) => "Custom",
        })
    }
}

/// An aggregate function of a dialect.
#[derive(Debug, Clone, Copy)]
pub struct AggregateDef {
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
    pub implementation: AggregateImpl,
}

/// A collecting aggregate with fixed types.
#[derive(Debug)]
struct CollectUdaf {
    spec: Arc<CollectSpec>,
    signature: Signature,
}

impl PartialEq for CollectUdaf {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (&self.spec, &other.spec);
        a.name == b.name
            && a.types == b.types
            && a.returns == b.returns
            && a.distinct == b.distinct
            && a.order == b.order
            && a.skip_nulls == b.skip_nulls
            && Arc::ptr_eq(&a.env, &b.env)
            && std::ptr::fn_addr_eq(a.kernel, b.kernel)
    }
}
impl Eq for CollectUdaf {}
impl Hash for CollectUdaf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.spec.name.hash(state);
        self.spec.types.hash(state);
        self.spec.distinct.hash(state);
    }
}

impl AggregateUDFImpl for CollectUdaf {
    fn name(&self) -> &str {
        &self.spec.name
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _: &[DataType]) -> DfResult<DataType> {
        Ok(self.spec.returns.arrow())
    }
    fn accumulator(&self, _: AccumulatorArgs<'_>) -> DfResult<Box<dyn Accumulator>> {
        Ok(Box::new(CollectAccumulator::new(
            Arc::clone(&self.spec),
            self.spec.types.len(),
        )))
    }
    fn state_fields(&self, args: StateFieldsArgs<'_>) -> DfResult<Vec<FieldRef>> {
        Ok(self
            .spec
            .types
            .iter()
            .enumerate()
            .map(|(i, ty)| {
                Arc::new(Field::new_list(
                    format!("{}[{i}]", args.name),
                    Field::new_list_field(ty.arrow(), true),
                    true,
                ))
            })
            .collect())
    }
}

/// A collecting aggregate for one bound call; `args` are followed by the order-by columns.
pub(crate) fn collect_udaf(
    name: &str,
    kernel: AggKernel,
    skip_nulls: bool,
    types: Vec<SqlType>,
    returns: SqlType,
    distinct: bool,
    order: Vec<SortOptions>,
    env: &Arc<Env>,
) -> Arc<AggregateUDF> {
    let signature = if types.is_empty() {
        Signature::nullary(Volatility::Immutable)
    } else {
        Signature::any(types.len(), Volatility::Immutable)
    };
    let spec = CollectSpec {
        name: name.to_owned(),
        kernel,
        types,
        returns,
        env: Arc::clone(env),
        skip_nulls,
        distinct,
        order,
    };
    Arc::new(AggregateUDF::new_from_impl(CollectUdaf {
        spec: Arc::new(spec),
        signature,
    }))
}
