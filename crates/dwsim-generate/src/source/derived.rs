//! Values computed from other columns of the row, or from the parent's: distances, formulas, carried values.
//! That types and orders fit was checked when the schema was read.

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::compute::{cast, nullif};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use dwsim_schema::{LogicalType, Operator};

use crate::draw::{Stream, Sub, below_wide};
use crate::source::{Parent, SharedSource, Source, optional_units, units_of};

/// A draw in `0..n`.
fn drawn(draw: u64, n: u128) -> i128 {
    below_wide(draw, Sub::new(draw).next(), n) as i128
}

/// The value of the parent's row in another column; NULL where there is no parent.
#[derive(Debug)]
pub(crate) struct Carry {
    pub(crate) parent_row: Parent,
    pub(crate) column: SharedSource,
    /// The foreign key, if it can be NULL.
    pub(crate) key: Option<SharedSource>,
    pub(crate) to: DataType,
}

impl Source for Carry {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let mut values = self.column.array(&self.parent_row.rows(rows))?;
        if *values.data_type() != self.to {
            values = cast(&values, &self.to)?;
        }
        match &self.key {
            None => Ok(values),
            Some(key) => {
                let key = key.array(rows)?;
                let mask: BooleanArray = (0..rows.len()).map(|i| Some(key.is_null(i))).collect();
                nullif(&values, &mask)
            }
        }
    }
}

/// A value at a distance from another column's.
#[derive(Debug)]
pub(crate) struct Offset {
    pub(crate) ty: LogicalType,
    pub(crate) base: SharedSource,
    pub(crate) stream: Stream,
    pub(crate) below: bool,
    pub(crate) min: i128,
    pub(crate) step: i128,
    pub(crate) count: u128,
}

impl Source for Offset {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let base = units_of(&self.base.array(rows)?)?;
        let mut cursor = self.stream.cursor();
        let values = rows
            .iter()
            .zip(base)
            .map(|(row, base)| {
                let distance = self.min + drawn(cursor.at(*row), self.count) * self.step;
                base.map(|b| {
                    if self.below {
                        b - distance
                    } else {
                        b + distance
                    }
                })
            })
            .collect();
        optional_units(self.ty, values)
    }
}

/// A value between two others, both ends included.
#[derive(Debug)]
pub(crate) struct Between {
    pub(crate) ty: LogicalType,
    pub(crate) low: SharedSource,
    pub(crate) high: SharedSource,
    pub(crate) stream: Stream,
    /// Distance between neighbouring values: whole seconds for points in time.
    pub(crate) step: i128,
}

impl Source for Between {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let (low, high) = (
            units_of(&self.low.array(rows)?)?,
            units_of(&self.high.array(rows)?)?,
        );
        let mut cursor = self.stream.cursor();
        let values = rows
            .iter()
            .zip(low.into_iter().zip(high))
            .map(|(row, (low, high))| {
                let draw = cursor.at(*row);
                let (low, high) = (low?, high?);
                let count = ((high - low).max(0) / self.step).unsigned_abs() + 1;
                Some(low + drawn(draw, count) * self.step)
            })
            .collect();
        optional_units(self.ty, values)
    }
}

/// A formula with its columns resolved.
#[derive(Debug)]
pub(crate) enum Value {
    /// A number and its scale.
    Number(i128, u32),
    /// A column and its scale.
    Column(SharedSource, u32),
    /// A calculation.
    Binary(Operator, Box<Value>, Box<Value>),
}

/// Digits that a quotient keeps beyond those of its dividend.
const QUOTIENT_DIGITS: u32 = 12;

/// Exact decimals; the scale belongs to all values of the vector.
type Decimals = (Vec<Option<i128>>, u32);

impl Value {
    fn decimals(&self, rows: &[u64]) -> Result<Decimals, ArrowError> {
        Ok(match self {
            Self::Number(value, scale) => (vec![Some(*value); rows.len()], *scale),
            Self::Column(source, scale) => (units_of(&source.array(rows)?)?, *scale),
            Self::Binary(operator, left, right) => {
                let ((left, a), (right, b)) = (left.decimals(rows)?, right.decimals(rows)?);
                let scale = match operator {
                    Operator::Add | Operator::Subtract => a.max(b),
                    Operator::Multiply => a + b,
                    Operator::Divide => a + QUOTIENT_DIGITS,
                };
                let values = left
                    .into_iter()
                    .zip(right)
                    .map(|(l, r)| match (l, r) {
                        (Some(l), Some(r)) => calculate(*operator, l, a, r, b, scale),
                        _ => Ok(None),
                    })
                    .collect::<Result<_, _>>()?;
                (values, scale)
            }
        })
    }
}

fn overflow() -> ArrowError {
    ArrowError::ArithmeticOverflow("a formula's value has more than 38 digits".into())
}

fn scaled(value: i128, by: u32) -> Result<i128, ArrowError> {
    10i128
        .checked_pow(by)
        .and_then(|f| value.checked_mul(f))
        .ok_or_else(overflow)
}

fn calculate(
    operator: Operator,
    l: i128,
    a: u32,
    r: i128,
    b: u32,
    scale: u32,
) -> Result<Option<i128>, ArrowError> {
    Ok(match operator {
        Operator::Add => Some(
            scaled(l, scale - a)?
                .checked_add(scaled(r, scale - b)?)
                .ok_or_else(overflow)?,
        ),
        Operator::Subtract => Some(
            scaled(l, scale - a)?
                .checked_sub(scaled(r, scale - b)?)
                .ok_or_else(overflow)?,
        ),
        Operator::Multiply => Some(l.checked_mul(r).ok_or_else(overflow)?),
        Operator::Divide if r == 0 => None,
        // (l / 10^a) / (r / 10^b), at a scale of a + 12
        Operator::Divide => Some(rounded_division(scaled(l, b + QUOTIENT_DIGITS)?, r)),
    })
}

/// Division rounded to the nearest, halves away from zero.
fn rounded_division(l: i128, r: i128) -> i128 {
    let (quotient, rest) = (l / r, l % r);
    let up = rest.unsigned_abs() >= r.unsigned_abs() - rest.unsigned_abs();
    match (up && rest != 0, (l < 0) == (r < 0)) {
        (true, true) => quotient + 1,
        (true, false) => quotient - 1,
        _ => quotient,
    }
}

/// A formula, rounded to the column's type, halves away from zero.
#[derive(Debug)]
pub(crate) struct Formula {
    pub(crate) ty: LogicalType,
    pub(crate) value: Value,
}

impl Source for Formula {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let (values, scale) = self.value.decimals(rows)?;
        let to = self.ty.scale();
        let (min, max) = self.ty.integer_bounds().unwrap_or((i128::MIN, i128::MAX));
        let values = values
            .into_iter()
            .map(|v| {
                let Some(v) = v else { return Ok(None) };
                let v = if to >= scale {
                    scaled(v, to - scale)?
                } else {
                    rounded_division(v, scaled(1, scale - to)?)
                };
                if (min..=max).contains(&v) {
                    Ok(Some(v))
                } else {
                    Err(ArrowError::ArithmeticOverflow(format!(
                        "a formula's value does not fit type {}",
                        self.ty
                    )))
                }
            })
            .collect::<Result<_, _>>()?;
        optional_units(self.ty, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_rounds_to_the_nearest() {
        for (l, r, q) in [
            (7, 2, 4),
            (-7, 2, -4),
            (7, -2, -4),
            (6, 4, 2),
            (5, 4, 1),
            (1, 3, 0),
            (0, 5, 0),
            (-5, -4, 1),
        ] {
            assert_eq!(rounded_division(l, r), q, "{l}/{r}");
        }
    }
}
