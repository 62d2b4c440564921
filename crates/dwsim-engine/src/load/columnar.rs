//! Files of typed columns (Parquet, Avro, ORC) behind one reader: their columns as SQL types, and their rows as VARIANT objects.
//! How each format is decoded is left to its module; which file column goes into which table column is the statement's work.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, LargeBinaryBuilder, PrimitiveArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Field, Float64Type, Int64Type, Time64NanosecondType,
    TimeUnit, TimestampMicrosecondType, TimestampNanosecondType,
};
use bytes::Bytes;

use super::avro::AvroReader;
use super::orc::OrcReader;
use super::parquet::ParquetReader;
use crate::error::{ErrorKind, Result, SqlError};
use crate::types::SqlType;
use crate::variant::{Builder, ParseMode, Ref, parse_json};

/// A format of files with typed columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnarFormat {
    /// Apache Parquet.
    Parquet,
    /// Avro object container files.
    Avro,
    /// Apache ORC.
    Orc,
}

/// A column of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileColumn {
    /// Name in the file.
    pub name: String,
    /// The SQL type that holds its values without loss; structs, lists and maps are VARIANT.
    pub ty: SqlType,
    /// Text that the file declares to be JSON.
    pub json: bool,
}

/// Some rows of a file, one array per column.
#[derive(Debug, Clone)]
pub struct FileBatch {
    /// Arrays of the columns' types.
    pub columns: Vec<ArrayRef>,
    /// Number of rows.
    pub rows: usize,
}

/// Reads a file of typed columns piece by piece.
pub trait ColumnarReader {
    /// The columns, in the order of the file.
    fn columns(&self) -> &[FileColumn];

    /// The next rows; None at the end.
    ///
    /// # Errors
    /// [`ErrorKind::Load`] for damaged parts; an overflow for decimals of more than 38 digits.
    fn next_batch(&mut self) -> Result<Option<FileBatch>>;
}

impl ColumnarFormat {
    /// As texts name it.
    pub const fn name(self) -> &'static str {
        match self {
            ColumnarFormat::Parquet => "Parquet",
            ColumnarFormat::Avro => "Avro",
            ColumnarFormat::Orc => "ORC",
        }
    }

    /// A reader of all columns of a file.
    ///
    /// # Errors
    /// [`ErrorKind::Load`] when the file is not of this format, or not whole.
    pub fn open(self, bytes: Bytes) -> Result<Box<dyn ColumnarReader>> {
        Ok(match self {
            ColumnarFormat::Parquet => Box::new(ParquetReader::new(bytes)?),
            ColumnarFormat::Avro => Box::new(AvroReader::new(bytes)?),
            ColumnarFormat::Orc => Box::new(OrcReader::new(bytes)?),
        })
    }
}

/// A batch's arrays in the columns' types.
pub(super) fn natural_batch(batch: &RecordBatch, columns: &[FileColumn]) -> Result<FileBatch> {
    let arrays = batch
        .columns()
        .iter()
        .zip(columns)
        .map(|(array, column)| to_natural(array, &column.ty))
        .collect::<Result<_>>()?;
    Ok(FileBatch {
        columns: arrays,
        rows: batch.num_rows(),
    })
}

/// The columns of a schema in which no text is declared to be JSON.
pub(super) fn natural_columns(schema: &arrow::datatypes::Schema) -> Result<Vec<FileColumn>> {
    schema
        .fields()
        .iter()
        .map(|field| {
            Ok(FileColumn {
                name: field.name().clone(),
                ty: natural(field.data_type())?,
                json: false,
            })
        })
        .collect()
}

/// The SQL type that holds a file's values without loss.
pub(super) fn natural(ty: &DataType) -> Result<SqlType> {
    Ok(match ty {
        DataType::Null => SqlType::Null,
        DataType::Boolean => SqlType::Boolean,
        DataType::Int8 | DataType::Int16 | DataType::UInt8 => SqlType::SmallInt,
        DataType::Int32 | DataType::UInt16 => SqlType::Integer,
        DataType::Int64 | DataType::UInt32 => SqlType::BigInt,
        DataType::UInt64 => SqlType::number(20, 0),
        DataType::Float16 | DataType::Float32 => SqlType::Real,
        DataType::Float64 => SqlType::Double,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => SqlType::text(),
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => SqlType::Binary(None),
        DataType::Date32 | DataType::Date64 => SqlType::Date,
        DataType::Time32(_) | DataType::Time64(_) => SqlType::Time(9),
        DataType::Timestamp(unit, zone) => {
            let scale = if *unit == TimeUnit::Nanosecond { 9 } else { 6 };
            if zone.is_some() {
                SqlType::TimestampLtz(scale)
            } else {
                SqlType::Timestamp(scale)
            }
        }
        DataType::Decimal32(p, s)
        | DataType::Decimal64(p, s)
        | DataType::Decimal128(p, s)
        | DataType::Decimal256(p, s)
            if *s >= 0 =>
        {
            SqlType::number((*p).min(38), *s as u8)
        }
        DataType::Dictionary(_, value) => natural(value)?,
        DataType::List(_)
        | DataType::LargeList(_)
        | DataType::FixedSizeList(_, _)
        | DataType::Struct(_)
        | DataType::Union(_, _)
        | DataType::Map(_, _) => SqlType::Variant,
        other => {
            return Err(SqlError::unsupported(format!(
                "a file's column of Arrow type {other}"
            )));
        }
    })
}

fn to_natural(array: &ArrayRef, ty: &SqlType) -> Result<ArrayRef> {
    if *ty == SqlType::Variant {
        let mut out = LargeBinaryBuilder::new();
        let mut buffer = Vec::new();
        for row in 0..array.len() {
            if array.is_null(row) {
                out.append_null();
            } else {
                buffer.clear();
                value(array, row, &mut Builder { out: &mut buffer })?;
                out.append_value(&buffer);
            }
        }
        return Ok(Arc::new(out.finish()));
    }
    let want = ty.arrow();
    if array.data_type() == &want {
        return Ok(Arc::clone(array));
    }
    if let (DataType::Timestamp(TimeUnit::Nanosecond, _), DataType::Decimal128(..)) =
        (array.data_type(), &want)
    {
        let nanos: PrimitiveArray<Decimal128Type> = array
            .as_primitive::<TimestampNanosecondType>()
            .iter()
            .map(|v| v.map(i128::from))
            .collect();
        return Ok(Arc::new(nanos.with_data_type(want)));
    }
    let options = arrow::compute::CastOptions {
        safe: false,
        ..Default::default()
    };
    Ok(arrow::compute::cast_with_options(array, &want, &options)?)
}

/// The rows of a batch as VARIANT objects, as `$1` of the file in a query over a stage. NULL members are left out, as Snowflake does.
///
/// # Errors
/// For column types without a VARIANT form.
pub fn rows_as_variant(columns: &[FileColumn], batch: &FileBatch) -> Result<ArrayRef> {
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by(|a, b| columns[*a].name.cmp(&columns[*b].name));
    let mut out = LargeBinaryBuilder::with_capacity(batch.rows, batch.rows * 32 * columns.len());
    let mut buffer = Vec::new();
    for row in 0..batch.rows {
        buffer.clear();
        let mut b = Builder { out: &mut buffer };
        b.begin_object();
        for i in &order {
            let array = &batch.columns[*i];
            if array.is_null(row) {
                continue;
            }
            b.string(&columns[*i].name);
            match (&columns[*i].ty, columns[*i].json) {
                (SqlType::Variant, _) => {
                    b.raw(Ref::new(array.as_binary::<i64>().value(row)).bytes())
                }
                (_, true) => {
                    let text = array.as_string::<i32>().value(row);
                    let parsed = parse_json(text, ParseMode::Snowflake).map_err(|e| {
                        ErrorKind::InvalidJson {
                            message: format!("{}, pos {}", e.message, e.position),
                        }
                    })?;
                    b.value(&parsed);
                }
                // A zone in Parquet means "adjusted to UTC"; Snowflake shows such values as wall-clock UTC.
                (SqlType::Timestamp(_) | SqlType::TimestampLtz(_), _) => {
                    b.timestamp(crate::kernels::cast::nanos(array, row)?);
                }
                _ => value(array, row, &mut b)?,
            }
        }
        b.end();
        out.append_value(&buffer);
    }
    Ok(Arc::new(out.finish()))
}

/// Appends one value of an Arrow array.
fn value(array: &ArrayRef, row: usize, b: &mut Builder<'_>) -> Result<()> {
    if array.is_null(row) {
        b.null();
        return Ok(());
    }
    match array.data_type() {
        DataType::Boolean => b.bool(array.as_boolean().value(row)),
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => {
            let one = cast(&array.slice(row, 1), &DataType::Int64)?;
            b.decimal(one.as_primitive::<Int64Type>().value(0).into(), 0);
        }
        DataType::Int64 => b.decimal(array.as_primitive::<Int64Type>().value(row).into(), 0),
        DataType::UInt64 => {
            let one = cast(&array.slice(row, 1), &DataType::Decimal128(20, 0))?;
            b.decimal(one.as_primitive::<Decimal128Type>().value(0), 0);
        }
        DataType::Decimal128(_, s) if *s >= 0 => {
            b.decimal(array.as_primitive::<Decimal128Type>().value(row), *s as u8)
        }
        DataType::Float16 | DataType::Float32 => {
            let one = cast(&array.slice(row, 1), &DataType::Float64)?;
            b.double(one.as_primitive::<Float64Type>().value(0));
        }
        DataType::Float64 => b.double(array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => b.string(array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => b.string(array.as_string::<i64>().value(row)),
        DataType::Utf8View => b.string(array.as_string_view().value(row)),
        DataType::Binary => b.value(&crate::variant::Value::Binary(
            array.as_binary::<i32>().value(row).to_vec(),
        )),
        DataType::Date32 => b.date(array.as_primitive::<Date32Type>().value(row)),
        DataType::Time64(TimeUnit::Nanosecond) => {
            b.value(&crate::variant::Value::Time(
                array.as_primitive::<Time64NanosecondType>().value(row),
            ));
        }
        DataType::Timestamp(unit, zone) => {
            let nanos = match unit {
                TimeUnit::Nanosecond => {
                    i128::from(array.as_primitive::<TimestampNanosecondType>().value(row))
                }
                TimeUnit::Microsecond => {
                    i128::from(array.as_primitive::<TimestampMicrosecondType>().value(row)) * 1000
                }
                _ => {
                    let one = cast(
                        &array.slice(row, 1),
                        &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
                    )?;
                    return value(&one, 0, b);
                }
            };
            // A zone in Parquet means "adjusted to UTC"; Snowflake shows such values as wall-clock UTC.
            b.value(&crate::variant::Value::Timestamp(nanos));
        }
        DataType::List(_) => list(&array.as_list::<i32>().value(row), b)?,
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(row), b)?,
        DataType::FixedSizeList(_, _) => list(&array.as_fixed_size_list().value(row), b)?,
        DataType::Struct(fields) => {
            let s = array.as_struct();
            let mut members: Vec<(&Arc<Field>, &ArrayRef)> =
                fields.iter().zip(s.columns()).collect();
            members.sort_by(|a, b| a.0.name().cmp(b.0.name()));
            b.begin_object();
            for (field, column) in members {
                b.string(field.name());
                value(column, row, b)?;
            }
            b.end();
        }
        DataType::Map(_, _) => {
            let entries = array.as_map().value(row);
            let keys = cast(entries.column(0), &DataType::Utf8)?;
            let keys = keys.as_string::<i32>();
            let mut order: Vec<usize> = (0..keys.len()).collect();
            order.sort_by(|x, y| keys.value(*x).cmp(keys.value(*y)));
            b.begin_object();
            for i in order {
                b.string(keys.value(i));
                value(entries.column(1), i, b)?;
            }
            b.end();
        }
        DataType::Dictionary(_, inner) => {
            let one = cast(&array.slice(row, 1), inner)?;
            value(&one, 0, b)?;
        }
        DataType::Union(_, _) => value(&array.as_union().value(row), 0, b)?,
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            let one = cast(&array.slice(row, 1), &DataType::Binary)?;
            value(&one, 0, b)?;
        }
        DataType::Time32(_) | DataType::Time64(_) => {
            let one = cast(
                &array.slice(row, 1),
                &DataType::Time64(TimeUnit::Nanosecond),
            )?;
            value(&one, 0, b)?;
        }
        DataType::Decimal256(p, s) if *p <= 38 => {
            let one = cast(&array.slice(row, 1), &DataType::Decimal128(*p, *s))?;
            value(&one, 0, b)?;
        }
        other => {
            return Err(SqlError::unsupported(format!(
                "Arrow type {other} as VARIANT"
            )));
        }
    }
    Ok(())
}

fn list(items: &ArrayRef, b: &mut Builder<'_>) -> Result<()> {
    b.begin_array();
    for i in 0..items.len() {
        value(items, i, b)?;
    }
    b.end();
    Ok(())
}
