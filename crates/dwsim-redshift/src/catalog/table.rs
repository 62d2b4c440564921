//! Rows of system relations, built column by column and given to the binder as a relation.
//! Which relations there are is decided in the parent module.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int16Array, Int32Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{Field, Schema};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::plan::{Binder, Relation};
use dwsim_engine::types::{ColumnInfo, SqlType};

/// A value of a system relation.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// NULL.
    Null,
    /// BOOLEAN.
    Bool(bool),
    /// SMALLINT, INTEGER, BIGINT or OID.
    Int(i64),
    /// DOUBLE PRECISION.
    Double(f64),
    /// Text of any kind.
    Text(String),
    /// Microseconds since the epoch.
    Time(i64),
}

impl From<bool> for Value {
    fn from(v: bool) -> Self {
        Value::Bool(v)
    }
}
impl From<i64> for Value {
    fn from(v: i64) -> Self {
        Value::Int(v)
    }
}
impl From<u64> for Value {
    fn from(v: u64) -> Self {
        Value::Int(v as i64)
    }
}
impl From<&str> for Value {
    fn from(v: &str) -> Self {
        Value::Text(v.to_owned())
    }
}
impl From<String> for Value {
    fn from(v: String) -> Self {
        Value::Text(v)
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Self {
        v.map_or(Value::Null, Into::into)
    }
}

/// A row from anything that converts.
macro_rules! row {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::catalog::table::Value::from($value)),*]
    };
}
pub(super) use row;

/// The type that a letter of a relation's column list stands for.
pub(super) fn letter(code: &str) -> SqlType {
    match code {
        "b" => SqlType::Boolean,
        "s" => SqlType::SmallInt,
        "i" => SqlType::Integer,
        "l" => SqlType::BigInt,
        "o" => SqlType::Oid,
        "d" => SqlType::Double,
        "n" => SqlType::Name,
        "c" => SqlType::Char(1),
        "t" => SqlType::Timestamp(6),
        _ => SqlType::text(),
    }
}

/// Columns from `name:letter` words; a missing letter is text.
pub(super) fn columns(list: &str) -> Vec<ColumnInfo> {
    list.split_whitespace()
        .map(|word| {
            let (name, code) = word.split_once(':').unwrap_or((word, "v"));
            ColumnInfo::new(name, letter(code))
        })
        .collect()
}

fn array(ty: &SqlType, rows: &[Vec<Value>], i: usize) -> Result<ArrayRef> {
    let int = |v: &Value| match v {
        Value::Int(v) => Some(*v),
        _ => None,
    };
    Ok(match ty {
        SqlType::Boolean => Arc::new(
            rows.iter()
                .map(|r| match &r[i] {
                    Value::Bool(b) => Some(*b),
                    _ => None,
                })
                .collect::<BooleanArray>(),
        ),
        SqlType::SmallInt => Arc::new(
            rows.iter()
                .map(|r| int(&r[i]).map(|v| v as i16))
                .collect::<Int16Array>(),
        ),
        SqlType::Integer => Arc::new(
            rows.iter()
                .map(|r| int(&r[i]).map(|v| v as i32))
                .collect::<Int32Array>(),
        ),
        SqlType::BigInt | SqlType::Oid => {
            Arc::new(rows.iter().map(|r| int(&r[i])).collect::<Int64Array>())
        }
        SqlType::Double => Arc::new(
            rows.iter()
                .map(|r| match &r[i] {
                    Value::Double(d) => Some(*d),
                    Value::Int(v) => Some(*v as f64),
                    _ => None,
                })
                .collect::<Float64Array>(),
        ),
        SqlType::Timestamp(_) => Arc::new(
            rows.iter()
                .map(|r| match &r[i] {
                    Value::Time(t) => Some(*t),
                    _ => None,
                })
                .collect::<TimestampMicrosecondArray>(),
        ),
        SqlType::Varchar(_) | SqlType::Name | SqlType::Char(_) => Arc::new(
            rows.iter()
                .map(|r| match &r[i] {
                    Value::Text(s) => Some(s.as_str()),
                    _ => None,
                })
                .collect::<StringArray>(),
        ),
        other => {
            return Err(SqlError::internal(format!(
                "a system relation with a column of type {other}"
            )));
        }
    })
}

/// The rows as a relation.
pub(super) fn relation(
    binder: &mut Binder<'_>,
    list: &str,
    rows: &[Vec<Value>],
) -> Result<Relation> {
    let columns = columns(list);
    let schema = Arc::new(Schema::new(
        columns
            .iter()
            .map(|c| Field::new(&c.name, c.ty.arrow(), true))
            .collect::<Vec<_>>(),
    ));
    if let Some(bad) = rows.iter().find(|r| r.len() != columns.len()) {
        return Err(SqlError::internal(format!(
            "a system relation with {} columns and a row of {}: {list}",
            columns.len(),
            bad.len()
        )));
    }
    let batches = if rows.is_empty() {
        Vec::new()
    } else {
        let arrays = columns
            .iter()
            .enumerate()
            .map(|(i, c)| array(&c.ty, rows, i))
            .collect::<Result<Vec<_>>>()?;
        vec![RecordBatch::try_new(schema, arrays)?]
    };
    binder.values_relation(columns, batches)
}
