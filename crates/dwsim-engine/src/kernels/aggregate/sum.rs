//! The sum of whole numbers and decimals, taken in 128 bits and refused where its type cannot hold it.
//! Sums of floats and of distinct values are DataFusion's, which adds integers without looking at their end.

use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Decimal128Array, Int64Array,
    PrimitiveArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    DataType, Decimal128Type, Field, FieldRef, Int16Type, Int32Type, Int64Type,
};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF,
    Signature, Volatility,
};

use crate::error::{ErrorKind, SqlError};

/// The first number that has more than 38 digits.
const LIMIT: i128 = 10i128.pow(38);

/// SUM of SMALLINT, INTEGER and BIGINT as BIGINT, of decimals with 38 digits and their own scale.
pub fn exact_sum() -> Arc<AggregateUDF> {
    static FUNCTION: LazyLock<Arc<AggregateUDF>> =
        LazyLock::new(|| Arc::new(AggregateUDF::new_from_impl(ExactSum::new())));
    Arc::clone(&FUNCTION)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ExactSum {
    signature: Signature,
}

impl ExactSum {
    fn new() -> Self {
        ExactSum {
            signature: Signature::any(1, Volatility::Immutable),
        }
    }
}

/// What sums are kept as between phases: enough for both kinds of results.
fn state_type(result: &DataType) -> DataType {
    match result {
        DataType::Decimal128(_, scale) => DataType::Decimal128(38, *scale),
        _ => DataType::Decimal128(38, 0),
    }
}

/// The error of a sum that has left its type; `value` in units of the scale.
fn too_large(result: &DataType, value: f64) -> SqlError {
    let (ty, scale) = match result {
        DataType::Decimal128(p, s) => (format!("FIXED[SB16]({p},{s})"), *s),
        _ => ("bigint".to_owned(), 0),
    };
    ErrorKind::OutOfRange {
        ty,
        value: format!("{:e}", value / 10f64.powi(i32::from(scale))),
    }
    .into()
}

fn checked(sum: i128, by: i128, result: &DataType) -> Result<i128, SqlError> {
    sum.checked_add(by)
        .ok_or_else(|| too_large(result, sum as f64 + by as f64))
}

/// Sums as an array of the result's type.
fn results(sums: Vec<i128>, nulls: Option<NullBuffer>, result: &DataType) -> Result<ArrayRef> {
    Ok(match result {
        DataType::Int64 => {
            let values = sums
                .into_iter()
                .map(|v| i64::try_from(v).map_err(|_| too_large(result, v as f64)))
                .collect::<Result<Vec<i64>, _>>()?;
            Arc::new(Int64Array::new(values.into(), nulls))
        }
        _ => {
            if let Some(v) = sums
                .iter()
                .find(|v| v.unsigned_abs() >= LIMIT.unsigned_abs())
            {
                return Err(too_large(result, *v as f64).into());
            }
            Arc::new(Decimal128Array::new(sums.into(), nulls).with_data_type(result.clone()))
        }
    })
}

/// Calls a method that is generic over the type of values with the type that an array has.
macro_rules! by_type {
    ($array:expr, $target:ident . $method:ident ( $($more:expr),* )) => {
        match $array.data_type() {
            DataType::Int16 => $target.$method($array.as_primitive::<Int16Type>() $(, $more)*),
            DataType::Int32 => $target.$method($array.as_primitive::<Int32Type>() $(, $more)*),
            DataType::Int64 => $target.$method($array.as_primitive::<Int64Type>() $(, $more)*),
            DataType::Decimal128(..) => {
                $target.$method($array.as_primitive::<Decimal128Type>() $(, $more)*)
            }
            other => internal_err!("an exact sum of {other}"),
        }
    };
}

impl AggregateUDFImpl for ExactSum {
    // By this name the optimizer knows that sums of sums are sums.
    fn name(&self) -> &str {
        "sum"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [DataType::Int16 | DataType::Int32 | DataType::Int64] => Ok(DataType::Int64),
            [DataType::Decimal128(_, scale)] => Ok(DataType::Decimal128(38, *scale)),
            other => internal_err!("an exact sum of {other:?}"),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(
            format_state_name(args.name, "sum"),
            state_type(args.return_type()),
            true,
        ))])
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if args.is_distinct {
            return internal_err!("an exact sum of distinct values");
        }
        Ok(Box::new(One {
            sum: 0,
            rows: 0,
            result: args.return_field.data_type().clone(),
        }))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups {
            sums: Vec::new(),
            seen: Vec::new(),
            result: args.return_field.data_type().clone(),
        }))
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

/// The sum of one group, or of a window frame, which rows leave too.
#[derive(Debug)]
struct One {
    sum: i128,
    /// How many values are in the sum.
    rows: u64,
    result: DataType,
}

impl One {
    fn add<T: ArrowPrimitiveType>(&mut self, values: &PrimitiveArray<T>, sign: i128) -> Result<()>
    where
        T::Native: Into<i128>,
    {
        for value in values.iter().flatten() {
            let value: i128 = value.into();
            self.sum = checked(self.sum, sign * value, &self.result)?;
        }
        let n = (values.len() - values.null_count()) as u64;
        self.rows = if sign < 0 {
            self.rows - n
        } else {
            self.rows + n
        };
        Ok(())
    }

    fn one(&self, ty: &DataType) -> Result<ScalarValue> {
        let nulls = (self.rows == 0).then(|| NullBuffer::new_null(1));
        ScalarValue::try_from_array(&results(vec![self.sum], nulls, ty)?, 0)
    }
}

impl Accumulator for One {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        by_type!(values[0], self.add(1))
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        by_type!(values[0], self.add(-1))
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.one(&self.result)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.one(&state_type(&self.result))?])
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// The sums of all groups.
#[derive(Debug)]
struct Groups {
    sums: Vec<i128>,
    /// Whether a group has had a value.
    seen: Vec<bool>,
    result: DataType,
}

impl Groups {
    fn add<T: ArrowPrimitiveType>(
        &mut self,
        values: &PrimitiveArray<T>,
        groups: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()>
    where
        T::Native: Into<i128>,
    {
        let taken = taken(values.nulls(), filter);
        for (row, (value, group)) in values.values().iter().zip(groups).enumerate() {
            if taken.as_ref().is_none_or(|t| t.is_valid(row)) {
                let sum = &mut self.sums[*group];
                *sum = checked(*sum, (*value).into(), &self.result)?;
                self.seen[*group] = true;
            }
        }
        Ok(())
    }

    fn states<T: ArrowPrimitiveType>(
        &self,
        values: &PrimitiveArray<T>,
        filter: Option<&BooleanArray>,
    ) -> Result<ArrayRef>
    where
        T::Native: Into<i128>,
    {
        let sums = values.values().iter().map(|v| (*v).into()).collect();
        results(
            sums,
            taken(values.nulls(), filter),
            &state_type(&self.result),
        )
    }

    fn emit(&mut self, emit_to: EmitTo, ty: &DataType) -> Result<ArrayRef> {
        let sums = emit_to.take_needed(&mut self.sums);
        let seen = emit_to.take_needed(&mut self.seen);
        results(sums, Some(NullBuffer::from(seen)), ty)
    }
}

/// The rows that count: neither NULL nor left out by a FILTER.
fn taken(nulls: Option<&NullBuffer>, filter: Option<&BooleanArray>) -> Option<NullBuffer> {
    let Some(filter) = filter else {
        return nulls.cloned();
    };
    let chosen = NullBuffer::new(filter.values().clone());
    let chosen = NullBuffer::union(Some(&chosen), filter.nulls());
    NullBuffer::union(chosen.as_ref(), nulls)
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.sums.resize(total, 0);
        self.seen.resize(total, false);
        by_type!(values[0], self.add(groups, filter))
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.update_batch(states, groups, None, total)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let ty = self.result.clone();
        self.emit(emit_to, &ty)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let ty = state_type(&self.result);
        Ok(vec![self.emit(emit_to, &ty)?])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        Ok(vec![by_type!(values[0], self.states(filter))?])
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<i128>() + self.seen.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimals(values: Vec<Option<i128>>) -> ArrayRef {
        Arc::new(
            Decimal128Array::from(values)
                .with_precision_and_scale(38, 2)
                .expect("shape"),
        )
    }

    fn groups(result: DataType) -> Groups {
        Groups {
            sums: Vec::new(),
            seen: Vec::new(),
            result,
        }
    }

    #[test]
    fn sums_by_group() {
        let values = decimals(vec![Some(150), None, Some(250), Some(-100), None]);
        let filter =
            BooleanArray::from(vec![Some(true), Some(true), Some(false), Some(true), None]);
        for (filter, expected) in [
            (None, [Some(50), Some(250), None]),
            (Some(&filter), [Some(50), None, None]),
        ] {
            let mut g = groups(DataType::Decimal128(38, 2));
            g.update_batch(&[Arc::clone(&values)], &[0, 0, 1, 0, 2], filter, 3)
                .expect("update");
            let states = g
                .convert_to_state(&[Arc::clone(&values)], filter)
                .expect("convert");
            let mut merged = groups(DataType::Decimal128(38, 2));
            merged
                .merge_batch(&states, &[0, 0, 1, 0, 2], 3)
                .expect("merge");
            for mut g in [g, merged] {
                let out = g.evaluate(EmitTo::All).expect("evaluate");
                let out: Vec<_> = out.as_primitive::<Decimal128Type>().iter().collect();
                assert_eq!(out, expected);
            }
        }
    }

    #[test]
    fn ends_of_types() {
        let most = LIMIT - 1;
        for (values, fits) in [
            (vec![most, -1, 1], true),
            (vec![most, 1], false),
            (vec![most, most], false),
            (vec![-most, -1], false),
        ] {
            let values = decimals(values.into_iter().map(Some).collect());
            let mut g = groups(DataType::Decimal128(38, 2));
            let n = values.len();
            let summed = g
                .update_batch(&[Arc::clone(&values)], &vec![0; n], None, 1)
                .and_then(|()| g.evaluate(EmitTo::All));
            assert_eq!(summed.is_ok(), fits);
        }
        for (values, fits) in [
            (vec![i64::MAX, 1, -1], true),
            (vec![i64::MAX, 1], false),
            (vec![i64::MIN, -1], false),
        ] {
            let values: ArrayRef = Arc::new(Int64Array::from(values));
            let mut one = One {
                sum: 0,
                rows: 0,
                result: DataType::Int64,
            };
            one.update_batch(&[values]).expect("128 bits hold it");
            assert_eq!(one.evaluate().is_ok(), fits);
        }
    }

    #[test]
    fn rows_leave_a_frame() {
        let mut one = One {
            sum: 0,
            rows: 0,
            result: DataType::Int64,
        };
        let array = |values: Vec<Option<i64>>| -> ArrayRef { Arc::new(Int64Array::from(values)) };
        one.update_batch(&[array(vec![Some(1), None, Some(5)])])
            .expect("update");
        one.retract_batch(&[array(vec![Some(1), None])])
            .expect("retract");
        assert_eq!(one.evaluate().expect("value"), ScalarValue::Int64(Some(5)));
        one.retract_batch(&[array(vec![Some(5)])]).expect("retract");
        assert_eq!(one.evaluate().expect("value"), ScalarValue::Int64(None));
    }
}
