//! Whole-number join keys of up to 38 digits joined as 64-bit integers where the tables' values allow it.
//! Snowflake's integers are NUMBER(38, 0); what a column holds is known to its table's version, not decided here.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array};
use arrow::datatypes::{DataType, Decimal128Type, Int64Type};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{ExprSchema, Result};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use datafusion::scalar::ScalarValue;

use super::lineage::origin;

/// Replaces pairs of decimal join keys by 64-bit ones, for which DataFusion has faster joins.
#[derive(Debug)]
pub(super) struct ShortJoinKeys;

impl OptimizerRule for ShortJoinKeys {
    fn name(&self) -> &str {
        "short_join_keys"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Join(mut join) = plan else {
            return Ok(Transformed::no(plan));
        };
        let mut changed = false;
        for (left, right) in &mut join.on {
            if is_short(left, &join.left) && is_short(right, &join.right) {
                *left = short(std::mem::take(left));
                *right = short(std::mem::take(right));
                changed = true;
            }
        }
        let plan = LogicalPlan::Join(join);
        Ok(if changed {
            Transformed::yes(plan)
        } else {
            Transformed::no(plan)
        })
    }
}

/// Whether the key is a whole-number decimal column all of whose values fit in 64 bits.
fn is_short(key: &Expr, plan: &LogicalPlan) -> bool {
    let Expr::Column(column) = key else {
        return false;
    };
    let schema = plan.schema();
    matches!(schema.data_type(column), Ok(DataType::Decimal128(_, 0)))
        && origin(column, plan).is_some_and(|(table, i)| table.data.fits_64_bits(i))
}

/// The key as a 64-bit integer.
fn short(key: Expr) -> Expr {
    static FUNCTION: std::sync::LazyLock<Arc<ScalarUDF>> =
        std::sync::LazyLock::new(|| Arc::new(ScalarUDF::from(ShortKey::new())));
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(&FUNCTION), vec![key]))
}

/// The low 64 bits of whole-number decimals that are known to need no more.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ShortKey {
    signature: Signature,
}

impl ShortKey {
    fn new() -> Self {
        ShortKey {
            signature: Signature::any(1, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for ShortKey {
    fn name(&self) -> &str {
        "short_key"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let low = |array: &ArrayRef| -> Int64Array {
            array
                .as_primitive::<Decimal128Type>()
                .unary::<_, Int64Type>(|v| v as i64)
        };
        match args.args.first() {
            Some(ColumnarValue::Array(a)) => Ok(ColumnarValue::Array(Arc::new(low(a)))),
            Some(ColumnarValue::Scalar(s)) => {
                let one: ArrayRef = Arc::new(low(&s.to_array()?));
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&one, 0)?))
            }
            None => datafusion::common::internal_err!("short_key has one argument"),
        }
    }
}
