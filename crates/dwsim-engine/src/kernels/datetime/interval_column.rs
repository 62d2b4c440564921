//! Interval columns of every stored form read and written as months, days and nanoseconds.
//! Their texts are `interval`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, PrimitiveBuilder};
use arrow::datatypes::{
    DataType, DurationMicrosecondType, IntervalMonthDayNano, IntervalMonthDayNanoType,
    IntervalUnit, IntervalYearMonthType, TimeUnit,
};

use super::interval::Interval;
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::{Call, Column};
use crate::types::SqlType;

/// An interval argument.
#[derive(Debug)]
pub struct Intervals<'a> {
    column: &'a Column,
    data: Data<'a>,
}

#[derive(Debug)]
enum Data<'a> {
    Months(&'a PrimitiveArray<IntervalYearMonthType>),
    Micros(&'a PrimitiveArray<DurationMicrosecondType>),
    Mixed(&'a PrimitiveArray<IntervalMonthDayNanoType>),
}

impl<'a> Intervals<'a> {
    /// Argument `i` of a call; an internal error when it is no interval.
    pub fn new(call: &Call<'a>, i: usize) -> Result<Self> {
        let column = call
            .args
            .get(i)
            .ok_or_else(|| SqlError::internal(format!("{}: argument {i} is missing", call.name)))?;
        let array = &column.array;
        let data = match array.data_type() {
            DataType::Interval(IntervalUnit::YearMonth) => Data::Months(array.as_primitive()),
            DataType::Duration(TimeUnit::Microsecond) => Data::Micros(array.as_primitive()),
            DataType::Interval(IntervalUnit::MonthDayNano) => Data::Mixed(array.as_primitive()),
            other => {
                return Err(SqlError::internal(format!(
                    "{}: an interval is stored as {other}",
                    call.name
                )));
            }
        };
        Ok(Intervals { column, data })
    }

    /// The value for a row; None for NULL.
    #[inline]
    pub fn get(&self, row: usize) -> Option<Interval> {
        let i = self.column.index(row);
        if self.column.array.is_null(i) {
            return None;
        }
        Some(match &self.data {
            Data::Months(a) => Interval {
                months: a.value(i),
                ..Interval::default()
            },
            Data::Micros(a) => {
                let v = a.value(i);
                // Days are kept apart, so that a large value does not overflow nanoseconds.
                Interval {
                    months: 0,
                    days: (v / 86_400_000_000) as i32,
                    nanos: v % 86_400_000_000 * 1000,
                }
            }
            Data::Mixed(a) => {
                let v = a.value(i);
                Interval {
                    months: v.months,
                    days: v.days,
                    nanos: v.nanoseconds,
                }
            }
        })
    }
}

/// Builds a column of an interval type.
#[derive(Debug)]
pub struct IntervalSink {
    ty: SqlType,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Months(PrimitiveBuilder<IntervalYearMonthType>),
    Micros(PrimitiveBuilder<DurationMicrosecondType>),
    Mixed(PrimitiveBuilder<IntervalMonthDayNanoType>),
}

impl IntervalSink {
    /// For the call's declared result; an internal error when that is no interval type.
    pub fn new(call: &Call<'_>) -> Result<Self> {
        let rows = call.rows;
        Ok(IntervalSink {
            ty: call.returns.clone(),
            values: match call.returns {
                SqlType::IntervalYm => Values::Months(PrimitiveBuilder::with_capacity(rows)),
                SqlType::IntervalDs => Values::Micros(PrimitiveBuilder::with_capacity(rows)),
                SqlType::Interval => Values::Mixed(PrimitiveBuilder::with_capacity(rows)),
                other => {
                    return Err(SqlError::internal(format!("{other} is no interval type")));
                }
            },
        })
    }

    /// Appends NULL.
    pub fn null(&mut self) {
        match &mut self.values {
            Values::Months(b) => b.append_null(),
            Values::Micros(b) => b.append_null(),
            Values::Mixed(b) => b.append_null(),
        }
    }

    /// Appends a value; a type of months drops days and time, a type of days drops months.
    ///
    /// # Errors
    /// More microseconds than 64 bits hold.
    pub fn push(&mut self, v: Interval) -> Result<()> {
        match &mut self.values {
            Values::Months(b) => b.append_value(v.months),
            Values::Micros(b) => {
                let micros = i128::from(v.days) * 86_400_000_000 + i128::from(v.nanos / 1000);
                b.append_value(i64::try_from(micros).map_err(|_| overflow(&self.ty))?);
            }
            Values::Mixed(b) => {
                b.append_value(IntervalMonthDayNano::new(v.months, v.days, v.nanos));
            }
        }
        Ok(())
    }

    /// The column.
    pub fn finish(self) -> ArrayRef {
        match self.values {
            Values::Months(mut b) => Arc::new(b.finish()),
            Values::Micros(mut b) => Arc::new(b.finish()),
            Values::Mixed(mut b) => Arc::new(b.finish()),
        }
    }
}

/// The error of an interval that is too long.
pub fn overflow(ty: &SqlType) -> SqlError {
    ErrorKind::OutOfRange {
        ty: ty.redshift(),
        value: "interval".into(),
    }
    .into()
}
