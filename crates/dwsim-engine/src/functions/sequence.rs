//! NEXTVAL of a sequence as a DataFusion function: each row takes a value from the counter.
//! Finding the sequence by name is the binder's work.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result as DfResult;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::scalar::conform;
use crate::catalog::{Counters, SequenceDef};
use crate::types::SqlType;

#[derive(Debug)]
struct NextVal {
    sequence: Arc<SequenceDef>,
    counters: Arc<Counters>,
    returns: SqlType,
    signature: Signature,
}

/// Two calls are never the same call: each takes values of its own.
impl PartialEq for NextVal {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}
impl Eq for NextVal {}
impl Hash for NextVal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.sequence.oid.hash(state);
    }
}

impl ScalarUDFImpl for NextVal {
    fn name(&self) -> &str {
        "nextval"
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _: &[DataType]) -> DfResult<DataType> {
        Ok(self.returns.arrow())
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DfResult<ColumnarValue> {
        let n = args.number_rows;
        let first = self.counters.take(
            self.sequence.oid,
            self.sequence.start,
            self.sequence.step,
            n as u64,
        );
        let values: ArrayRef = Arc::new(Int64Array::from_iter_values(
            (0..n as i64).map(|k| first + k * self.sequence.step),
        ));
        Ok(ColumnarValue::Array(conform(values, &self.returns)?))
    }
}

/// The next value of a sequence, one per row.
pub(crate) fn nextval(
    sequence: &Arc<SequenceDef>,
    counters: &Arc<Counters>,
    returns: SqlType,
) -> super::Typed {
    let udf = NextVal {
        sequence: Arc::clone(sequence),
        counters: Arc::clone(counters),
        returns: returns.clone(),
        signature: Signature::nullary(Volatility::Volatile),
    };
    let call = ScalarFunction::new_udf(Arc::new(ScalarUDF::new_from_impl(udf)), vec![]);
    super::Typed::new(Expr::ScalarFunction(call), returns)
}
