//! Rows as drivers read them in Arrow: an IPC stream with Snowflake's field metadata.
//! Column descriptions are in `rowtype`.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Int32Array, Int64Array, RecordBatch, RecordBatchOptions,
    StringBuilder, StructArray,
};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Decimal128Type, Field, Fields, Int32Type, Int64Type, Schema, SchemaRef,
    Time64NanosecondType, TimeUnit, TimestampMicrosecondType,
};
use arrow::ipc::writer::StreamWriter;
use dwsim_engine::env::Env;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::types::{ColumnInfo, SqlType};

use super::json_rows::{json, nanos};
use super::rowtype::{carrier, lengths, shape};

/// The stored integer type of a NUMBER of this precision; None is decimal128.
fn integer(precision: u8) -> Option<DataType> {
    match precision {
        0..=2 => Some(DataType::Int8),
        3..=4 => Some(DataType::Int16),
        5..=9 => Some(DataType::Int32),
        10..=18 => Some(DataType::Int64),
        _ => None,
    }
}

fn instant_fields(zone: bool) -> Fields {
    let mut fields = vec![
        Field::new("epoch", DataType::Int64, true),
        Field::new("fraction", DataType::Int32, true),
    ];
    if zone {
        fields.push(Field::new("timezone", DataType::Int32, true));
    }
    Fields::from(fields)
}

fn physical(ty: &SqlType) -> DataType {
    match ty {
        SqlType::Boolean => DataType::Boolean,
        SqlType::Number { precision, scale } => {
            integer(*precision).unwrap_or(DataType::Decimal128(*precision, *scale as i8))
        }
        SqlType::SmallInt | SqlType::Integer | SqlType::BigInt | SqlType::Oid => DataType::Int64,
        SqlType::Real | SqlType::Double => DataType::Float64,
        SqlType::Date => DataType::Date32,
        SqlType::Time(s) => {
            if *s <= 4 {
                DataType::Int32
            } else {
                DataType::Int64
            }
        }
        // One number of the type's own unit, as far as microseconds.
        SqlType::Timestamp(0..=6) | SqlType::TimestampLtz(0..=6) => DataType::Int64,
        SqlType::Timestamp(_) | SqlType::TimestampLtz(_) => DataType::Struct(instant_fields(false)),
        SqlType::TimestampTz(_) => DataType::Struct(instant_fields(true)),
        SqlType::Binary(_) | SqlType::HllSketch => DataType::Binary,
        SqlType::Vector { .. } => ty.arrow(),
        _ => DataType::Utf8,
    }
}

/// The schema of a result with the metadata that drivers need.
pub(super) fn wire_schema(columns: &[ColumnInfo]) -> SchemaRef {
    let fields: Vec<Field> = columns
        .iter()
        .map(|c| {
            let (precision, scale) = shape(&c.ty);
            let (chars, bytes) = lengths(&c.ty).unwrap_or((0, 0));
            let bytes = if matches!(c.ty, SqlType::TimestampTz(_)) {
                16
            } else {
                bytes
            };
            let metadata = HashMap::from([
                ("logicalType".to_owned(), carrier(&c.ty).to_uppercase()),
                ("precision".to_owned(), precision.unwrap_or(38).to_string()),
                ("scale".to_owned(), scale.unwrap_or(0).to_string()),
                ("charLength".to_owned(), chars.to_string()),
                ("byteLength".to_owned(), bytes.to_string()),
                ("finalType".to_owned(), "T".to_owned()),
            ]);
            Field::new(&c.name, physical(&c.ty), c.nullable).with_metadata(metadata)
        })
        // Results say nothing of NULLs that is worth failing for.
        .map(|f| f.with_nullable(true))
        .collect();
    Arc::new(Schema::new(fields))
}

fn instants(
    values: &ArrayRef,
    nulls: Option<arrow::buffer::NullBuffer>,
    zone: Option<Int32Array>,
) -> Result<ArrayRef> {
    let n = values.len();
    let mut epoch = Vec::with_capacity(n);
    let mut fraction = Vec::with_capacity(n);
    for row in 0..n {
        let ns = if values.is_null(row) {
            0
        } else {
            nanos(values, row)?
        };
        epoch.push(ns.div_euclid(1_000_000_000) as i64);
        fraction.push(ns.rem_euclid(1_000_000_000) as i32);
    }
    let mut children: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(epoch)),
        Arc::new(Int32Array::from(fraction)),
    ];
    let fields = instant_fields(zone.is_some());
    children.extend(zone.map(|z| Arc::new(z) as ArrayRef));
    Ok(Arc::new(StructArray::try_new(fields, children, nulls)?))
}

fn encode(a: &ArrayRef, ty: &SqlType, env: Option<&Env>) -> Result<ArrayRef> {
    let target = physical(ty);
    Ok(match ty {
        SqlType::Number { precision, .. } => match integer(*precision) {
            None => Arc::clone(a),
            Some(int) => {
                // Unscaled: the scale is in the metadata.
                let v = a.as_primitive::<Decimal128Type>();
                let raw: Int64Array = v.iter().map(|v| v.map(|v| v as i64)).collect();
                cast(&raw, &int)?
            }
        },
        SqlType::Time(s) => {
            let unit = 10i64.pow(u32::from(9 - (*s).min(9)));
            let v: Int64Array = a
                .as_primitive::<Time64NanosecondType>()
                .iter()
                .map(|v| v.map(|v| v / unit))
                .collect();
            cast(&v, &target)?
        }
        SqlType::Timestamp(s @ 0..=6) | SqlType::TimestampLtz(s @ 0..=6) => {
            let unit = 10i64.pow(u32::from(6 - s));
            let micros = cast(a, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
            let micros = micros.as_primitive::<TimestampMicrosecondType>();
            Arc::new(micros.unary::<_, Int64Type>(|v| v.div_euclid(unit)))
        }
        SqlType::Timestamp(_) | SqlType::TimestampLtz(_) => instants(a, a.nulls().cloned(), None)?,
        SqlType::TimestampTz(_) => {
            let s = a.as_struct();
            let zone: Int32Array = s
                .column(1)
                .as_primitive::<Int32Type>()
                .iter()
                .map(|o| Some(o.unwrap_or(0) + 1440))
                .collect();
            instants(s.column(0), s.nulls().cloned(), Some(zone))?
        }
        SqlType::Variant | SqlType::Object | SqlType::Array | SqlType::Structured(_) => {
            let v = a.as_binary::<i64>();
            let mut out = StringBuilder::with_capacity(v.len(), v.values().len() * 2);
            for value in v {
                out.append_option(value.map(|v| json(v, env)));
            }
            Arc::new(out.finish())
        }
        SqlType::Null => arrow::array::new_null_array(&target, a.len()),
        SqlType::TimeTz | SqlType::IntervalYm | SqlType::IntervalDs | SqlType::Interval => {
            return Err(SqlError::unsupported(format!(
                "results of type {}",
                ty.snowflake()
            )));
        }
        _ if a.data_type() == &target => Arc::clone(a),
        _ => cast(a, &target)?,
    })
}

/// Batches as one IPC stream.
pub(super) fn stream<'a>(
    columns: &[ColumnInfo],
    batches: impl IntoIterator<Item = &'a RecordBatch>,
    env: Option<&Env>,
) -> Result<Vec<u8>> {
    let schema = wire_schema(columns);
    let mut w = StreamWriter::try_new(Vec::new(), &schema)?;
    for b in batches {
        let arrays = columns
            .iter()
            .zip(b.columns())
            .map(|(c, a)| encode(a, &c.ty, env))
            .collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(b.num_rows()));
        w.write(&RecordBatch::try_new_with_options(
            Arc::clone(&schema),
            arrays,
            &options,
        )?)?;
    }
    w.finish()?;
    Ok(w.into_inner()?)
}
