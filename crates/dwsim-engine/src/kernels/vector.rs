//! VECTOR: conversions from and to ARRAY, distances, normalising, and element-wise aggregates.
//! Vectors are fixed-size lists of 32-bit floats or integers; sums are taken in 64-bit floats.
//!
//! Sources: Snowflake "Vector data types", "Vector functions".

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, Float32Builder, Int32Builder};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type};

use super::cast::attempt;
use crate::error::{Result, SqlError};
use crate::functions::{AggCall, Call};
use crate::types::SqlType;
use crate::variant::{Builder, Kind, Ref, decimal_to_f64};

/// The vectors of a column as 64-bit floats.
struct Vectors<'a> {
    array: &'a FixedSizeListArray,
    values: ArrayRef,
    scalar: bool,
}

impl<'a> Vectors<'a> {
    fn of(array: &'a ArrayRef, scalar: bool) -> Result<Self> {
        let array = array.as_fixed_size_list_opt().ok_or_else(|| {
            SqlError::internal(format!("vectors stored as {}", array.data_type()))
        })?;
        Ok(Vectors {
            values: cast(array.values(), &DataType::Float64)?,
            array,
            scalar,
        })
    }

    fn get(&self, row: usize) -> Option<&[f64]> {
        let i = if self.scalar { 0 } else { row };
        if self.array.is_null(i) {
            return None;
        }
        let n = self.array.value_length() as usize;
        let from = self.array.value_offset(i) as usize;
        self.values
            .as_primitive_opt::<Float64Type>()
            .and_then(|v| v.values().get(from..from + n))
    }
}

fn pair(call: &Call<'_>, f: fn(&[f64], &[f64]) -> f64) -> Result<ArrayRef> {
    let a = Vectors::of(&call.args[0].array, call.args[0].scalar)?;
    let b = Vectors::of(&call.args[1].array, call.args[1].scalar)?;
    call.map_double(|row| Ok(a.get(row).zip(b.get(row)).map(|(a, b)| f(a, b))))
}

/// VECTOR_L1_DISTANCE: the sum of absolute differences.
pub fn l1_distance(call: &Call<'_>) -> Result<ArrayRef> {
    pair(call, |a, b| {
        a.iter().zip(b).map(|(x, y)| (x - y).abs()).sum()
    })
}

/// VECTOR_L2_DISTANCE: the Euclidean distance.
pub fn l2_distance(call: &Call<'_>) -> Result<ArrayRef> {
    pair(call, |a, b| {
        a.iter()
            .zip(b)
            .map(|(x, y)| (x - y).powi(2))
            .sum::<f64>()
            .sqrt()
    })
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// VECTOR_INNER_PRODUCT
pub fn inner_product(call: &Call<'_>) -> Result<ArrayRef> {
    pair(call, product)
}

/// VECTOR_COSINE_SIMILARITY; NaN beside a vector of zeros.
pub fn cosine_similarity(call: &Call<'_>) -> Result<ArrayRef> {
    pair(call, |a, b| {
        product(a, b) / (product(a, a).sqrt() * product(b, b).sqrt())
    })
}

/// Vectors of the call's type from rows of numbers.
fn build(ty: &SqlType, rows: impl IntoIterator<Item = Option<Vec<f64>>>) -> Result<ArrayRef> {
    let SqlType::Vector { float, dimension } = ty else {
        return Err(SqlError::internal(format!("{ty} is no vector")));
    };
    let n = *dimension as usize;
    let mut floats = Float32Builder::new();
    let mut ints = Int32Builder::new();
    let mut valid = Vec::new();
    for row in rows {
        valid.push(row.is_some());
        let row = row.unwrap_or_else(|| vec![0.0; n]);
        if row.len() != n {
            return Err(SqlError::internal("a vector of another dimension"));
        }
        for v in row {
            if *float {
                floats.append_value(v as f32);
            } else {
                ints.append_value(v as i32);
            }
        }
    }
    let values: ArrayRef = if *float {
        Arc::new(floats.finish())
    } else {
        Arc::new(ints.finish())
    };
    let item = Arc::new(Field::new("item", values.data_type().clone(), true));
    let nulls = NullBuffer::from(valid);
    Ok(Arc::new(FixedSizeListArray::try_new(
        item,
        *dimension as i32,
        values,
        Some(nulls),
    )?))
}

/// VECTOR_NORMALIZE: the vector of length one with the same direction; a vector of zeros stays.
pub fn normalize(call: &Call<'_>) -> Result<ArrayRef> {
    let v = Vectors::of(&call.args[0].array, call.args[0].scalar)?;
    build(
        call.returns,
        (0..call.rows).map(|row| {
            v.get(row).map(|v| {
                let length = product(v, v).sqrt();
                let length = if length == 0.0 { 1.0 } else { length };
                v.iter().map(|x| x / length).collect()
            })
        }),
    )
}

/// VECTOR_TRUNCATE: the first elements, as many as the call's type has.
pub fn truncate(call: &Call<'_>) -> Result<ArrayRef> {
    let v = Vectors::of(&call.args[0].array, call.args[0].scalar)?;
    let SqlType::Vector { dimension, .. } = call.returns else {
        return Err(SqlError::internal("VECTOR_TRUNCATE gives vectors"));
    };
    let n = *dimension as usize;
    build(
        call.returns,
        (0..call.rows).map(|row| v.get(row).map(|v| v[..n.min(v.len())].to_vec())),
    )
}

fn fold(call: &AggCall<'_>, f: fn(f64, f64) -> f64, average: bool) -> Result<ArrayRef> {
    let v = Vectors::of(&call.args[0], false)?;
    let mut out: Option<Vec<f64>> = None;
    let mut count = 0.0;
    for v in (0..call.rows).filter_map(|row| v.get(row)) {
        count += 1.0;
        match &mut out {
            None => out = Some(v.to_vec()),
            Some(out) => out.iter_mut().zip(v).for_each(|(o, v)| *o = f(*o, *v)),
        }
    }
    if average && let Some(out) = &mut out {
        out.iter_mut().for_each(|o| *o /= count);
    }
    build(call.returns, [out])
}

/// VECTOR_SUM
pub fn sum(call: &AggCall<'_>) -> Result<ArrayRef> {
    fold(call, |a, b| a + b, false)
}

/// VECTOR_AVG
pub fn avg(call: &AggCall<'_>) -> Result<ArrayRef> {
    fold(call, |a, b| a + b, true)
}

/// VECTOR_MIN
pub fn min(call: &AggCall<'_>) -> Result<ArrayRef> {
    fold(call, f64::min, false)
}

/// VECTOR_MAX
pub fn max(call: &AggCall<'_>) -> Result<ArrayRef> {
    fold(call, f64::max, false)
}

/// The elements of an array as numbers that the type can hold.
fn elements(v: Ref<'_>, ty: &SqlType) -> Result<Vec<f64>> {
    let bad = |why: String| SqlError::raw("100069", "22000", why);
    let SqlType::Vector { float, dimension } = ty else {
        return Err(SqlError::internal(format!("{ty} is no vector")));
    };
    let items = v.items().ok_or_else(|| {
        bad(format!(
            "Failed to cast variant value to {}",
            ty.snowflake()
        ))
    })?;
    let out: Vec<f64> = items
        .map(|item| match item.kind() {
            Kind::Decimal(d, s) => Ok(decimal_to_f64(d, s)),
            Kind::Double(d) => Ok(d),
            _ => Err(bad(format!(
                "Array elements must be numbers to be cast to {}",
                ty.snowflake()
            ))),
        })
        .collect::<Result<_>>()?;
    if out.len() != *dimension as usize {
        return Err(bad(format!(
            "Array-like value being cast to a vector has incorrect dimension; expected {dimension}, got {}",
            out.len()
        )));
    }
    let fits = |v: &f64| {
        if *float {
            v.is_nan() || v.is_infinite() || v.abs() <= f64::from(f32::MAX)
        } else {
            v.fract() == 0.0 && *v >= f64::from(i32::MIN) && *v <= f64::from(i32::MAX)
        }
    };
    match out.iter().find(|v| !fits(v)) {
        Some(v) => Err(bad(format!(
            "Value {v} cannot be cast to {}",
            ty.snowflake()
        ))),
        None => Ok(out),
    }
}

/// ARRAY or VARIANT as VECTOR.
pub(super) fn from_array(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.variant(0)?;
    let rows = (0..call.rows)
        .map(|row| match v.get(row).map(Ref::new) {
            None => Ok(None),
            Some(v) if v.is_null() => Ok(None),
            Some(v) => attempt(call, elements(v, call.returns)),
        })
        .collect::<Result<Vec<_>>>()?;
    build(call.returns, rows)
}

/// VECTOR as a vector of another element type and the same dimension.
pub(super) fn convert(call: &Call<'_>) -> Result<ArrayRef> {
    let v = Vectors::of(&call.args[0].array, call.args[0].scalar)?;
    let whole = matches!(call.returns, SqlType::Vector { float: false, .. });
    build(
        call.returns,
        (0..call.rows).map(|row| {
            v.get(row).map(|v| {
                v.iter()
                    .map(|x| if whole { x.round() } else { *x })
                    .collect()
            })
        }),
    )
}

/// Appends the elements of a vector as an array.
pub(super) fn encode(array: &dyn Array, ty: &SqlType, i: usize, b: &mut Builder<'_>) -> Result<()> {
    let list = array
        .as_fixed_size_list_opt()
        .ok_or_else(|| SqlError::internal("a vector is a list of fixed size"))?;
    let values = list.value(i);
    let item = match ty {
        SqlType::Vector { float: false, .. } => SqlType::Integer,
        _ => SqlType::Real,
    };
    b.begin_array();
    for k in 0..values.len() {
        super::cast::encode_at(values.as_ref(), &item, k, b)?;
    }
    b.end();
    Ok(())
}

/// A vector as text, as Snowflake shows it: six digits after the point of floats.
pub fn shown(array: &dyn Array, i: usize) -> Result<String> {
    let list = array
        .as_fixed_size_list_opt()
        .ok_or_else(|| SqlError::internal("a vector is a list of fixed size"))?;
    let values = list.value(i);
    let floats = values.data_type() == &DataType::Float32;
    let values = cast(&values, &DataType::Float64)?;
    let texts: Vec<String> = values
        .as_primitive::<Float64Type>()
        .iter()
        .flatten()
        .map(|v| {
            if floats {
                format!("{v:.6}")
            } else {
                format!("{v}")
            }
        })
        .collect();
    Ok(format!("[{}]", texts.join(",")))
}

/// VECTOR as text.
pub(super) fn to_text(call: &Call<'_>) -> Result<ArrayRef> {
    let column = &call.args[0];
    call.map_text(|row| {
        if column.is_null(row) {
            return Ok(None);
        }
        shown(column.array.as_ref(), column.index(row)).map(Some)
    })
}

/// The type of the first argument, which must be a vector.
pub fn same_type(a: &crate::functions::ReturnArgs<'_>) -> Result<SqlType> {
    match a.types.first() {
        Some(v @ SqlType::Vector { .. }) => Ok(v.clone()),
        other => Err(SqlError::new(crate::error::ErrorKind::ArgumentTypes {
            function: "VECTOR".into(),
            arguments: other.map(|t| a.dialect.type_name(t)).into_iter().collect(),
        })),
    }
}
