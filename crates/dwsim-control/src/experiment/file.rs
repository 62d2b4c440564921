//! A result as a file: CSV by RFC 4180, or Parquet with the types that its values have.
//! Where results come from is left to `compare`.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder,
    Int64Builder, RecordBatch, StringBuilder, Time64MicrosecondBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use dwsim_runtime::chrono::{NaiveDate, Timelike};
use dwsim_runtime::{ResultTable, TypeKind, Value};
use parquet::arrow::ArrowWriter;

use super::error::Error;
use super::query::text;
use super::service::Result;

/// The result as CSV with a line of names; NULL is an empty cell, empty text is `""`.
#[must_use]
pub fn csv(table: &ResultTable) -> Vec<u8> {
    let mut out = String::new();
    let names = table.columns.iter().map(|c| Some(c.name.clone()));
    line(&mut out, names);
    for row in &table.rows {
        line(&mut out, row.iter().map(text));
    }
    out.into_bytes()
}

fn line(out: &mut String, cells: impl Iterator<Item = Option<String>>) {
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            out.push(',');
        }
        match cell {
            None => {}
            Some(cell) if cell.is_empty() || cell.contains(['"', ',', '\n', '\r']) => {
                out.push('"');
                out.push_str(&cell.replace('"', "\"\""));
                out.push('"');
            }
            Some(cell) => out.push_str(&cell),
        }
    }
    out.push_str("\r\n");
}

/// The result as Parquet. Whole numbers beyond 64 bits are decimals; JSON, intervals and types without a counterpart
/// are text.
///
/// # Errors
/// When a value does not fit its column, which no warehouse answers.
pub fn parquet(table: &ResultTable) -> Result<Vec<u8>> {
    let broken = |e: &dyn std::fmt::Display| Error::invalid(format!("as Parquet: {e}"));
    let mut fields = Vec::with_capacity(table.columns.len());
    let mut arrays = Vec::with_capacity(table.columns.len());
    for (i, c) in table.columns.iter().enumerate() {
        let array = array(table, i, c.ty).map_err(|e| broken(&e))?;
        fields.push(Field::new(&c.name, array.data_type().clone(), true));
        arrays.push(array);
    }
    let schema = Arc::new(Schema::new(fields));
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(table.rows.len()));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options)
        .map_err(|e| broken(&e))?;
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, schema, None).map_err(|e| broken(&e))?;
    writer.write(&batch).map_err(|e| broken(&e))?;
    writer.close().map_err(|e| broken(&e))?;
    Ok(out)
}

/// Micros since midnight.
fn micros(time: &impl Timelike) -> i64 {
    i64::from(time.num_seconds_from_midnight()) * 1_000_000
        + i64::from(time.nanosecond() % 1_000_000_000) / 1_000
}

fn array(
    table: &ResultTable,
    index: usize,
    ty: TypeKind,
) -> std::result::Result<ArrayRef, arrow::error::ArrowError> {
    let cells = || {
        table
            .rows
            .iter()
            .map(|r| r.get(index).unwrap_or(&Value::Null))
    };
    let all = |fits: fn(&Value) -> bool| cells().all(|v| v.is_null() || fits(v));
    macro_rules! build {
        ($builder:expr, $value:pat => $made:expr) => {{
            let mut builder = $builder;
            for cell in cells() {
                match cell {
                    $value => builder.append_value($made),
                    _ => builder.append_null(),
                }
            }
            Ok(Arc::new(builder.finish()) as ArrayRef)
        }};
    }
    match ty {
        TypeKind::Bool if all(|v| matches!(v, Value::Bool(_))) => {
            build!(BooleanBuilder::new(), Value::Bool(b) => *b)
        }
        TypeKind::Int if all(|v| matches!(v, Value::Int(n) if i64::try_from(*n).is_ok())) => {
            build!(Int64Builder::new(), Value::Int(n) => *n as i64)
        }
        TypeKind::Int | TypeKind::Decimal
            if all(|v| matches!(v, Value::Int(_) | Value::Decimal(_))) =>
        {
            let scale = cells()
                .map(|v| match v {
                    Value::Decimal(d) => d.scale(),
                    _ => 0,
                })
                .max()
                .unwrap_or(0);
            let scaled = |mantissa: i128, from: u8| {
                10i128
                    .checked_pow(u32::from(scale - from))
                    .and_then(|f| mantissa.checked_mul(f))
            };
            let values: Option<Vec<Option<i128>>> = cells()
                .map(|v| match v {
                    Value::Int(n) => scaled(*n, 0).map(Some),
                    Value::Decimal(d) => scaled(d.mantissa(), d.scale()).map(Some),
                    _ => Some(None),
                })
                .collect();
            match values.filter(|all| {
                let most = 10i128.pow(38);
                all.iter().flatten().all(|n| (-most + 1..most).contains(n))
            }) {
                Some(values) => {
                    let mut builder = Decimal128Builder::new()
                        .with_precision_and_scale(38, i8::try_from(scale).unwrap_or(38))?;
                    builder.extend(values);
                    Ok(Arc::new(builder.finish()))
                }
                // digits before and after the point that no one decimal type has together
                None => texts(table, index),
            }
        }
        TypeKind::Float if all(|v| matches!(v, Value::Float(_))) => {
            build!(Float64Builder::new(), Value::Float(f) => *f)
        }
        TypeKind::Bytes if all(|v| matches!(v, Value::Bytes(_))) => {
            build!(BinaryBuilder::new(), Value::Bytes(b) => b)
        }
        TypeKind::Date if all(|v| matches!(v, Value::Date(_))) => {
            let epoch = NaiveDate::default();
            build!(Date32Builder::new(), Value::Date(d) => (*d - epoch).num_days() as i32)
        }
        TypeKind::Time if all(|v| matches!(v, Value::Time(_))) => {
            build!(Time64MicrosecondBuilder::new(), Value::Time(t) => micros(t))
        }
        // finer than micros is kept as text rather than cut
        TypeKind::Timestamp
            if all(|v| matches!(v, Value::Timestamp(t) if t.nanosecond() % 1_000 == 0)) =>
        {
            build!(TimestampMicrosecondBuilder::new(), Value::Timestamp(t) => t.and_utc().timestamp_micros())
        }
        TypeKind::TimestampTz
            if all(|v| matches!(v, Value::TimestampTz(t) if t.nanosecond() % 1_000 == 0)) =>
        {
            let builder = TimestampMicrosecondBuilder::new().with_data_type(DataType::Timestamp(
                TimeUnit::Microsecond,
                Some("UTC".into()),
            ));
            build!(builder, Value::TimestampTz(t) => t.timestamp_micros())
        }
        _ => texts(table, index),
    }
}

fn texts(
    table: &ResultTable,
    index: usize,
) -> std::result::Result<ArrayRef, arrow::error::ArrowError> {
    let mut builder = StringBuilder::new();
    for row in &table.rows {
        builder.append_option(row.get(index).and_then(text));
    }
    Ok(Arc::new(builder.finish()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use dwsim_runtime::Column;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;

    fn result() -> ResultTable {
        let day = NaiveDate::from_ymd_opt(1969, 12, 31).unwrap();
        let columns: [(&str, &str, Value); 9] = [
            ("n", "bigint", Value::Int(-7)),
            ("big", "number(38,0)", Value::Int(10i128.pow(37))),
            (
                "d",
                "numeric(10,2)",
                Value::Decimal("1.50".parse().unwrap()),
            ),
            ("f", "float8", Value::Float(0.5)),
            ("t", "varchar", Value::Text("a,\"b\"\n".into())),
            ("b", "boolean", Value::Bool(true)),
            ("day", "date", Value::Date(day)),
            (
                "at",
                "timestamp",
                Value::Timestamp(day.and_hms_opt(1, 2, 3).unwrap()),
            ),
            ("x", "varbyte", Value::Bytes(vec![0, 255])),
        ];
        let row = columns.iter().map(|(_, _, v)| v.clone()).collect();
        ResultTable {
            columns: columns
                .iter()
                .map(|(n, t, _)| Column::new(*n, *t))
                .collect(),
            rows: vec![row, vec![Value::Null; 9]],
        }
    }

    #[test]
    fn csv_quotes_and_tells_null_from_nothing() {
        let text = String::from_utf8(csv(&ResultTable {
            columns: vec![Column::new("a,b", "varchar"), Column::new("c", "varchar")],
            rows: vec![
                vec![Value::Text(String::new()), Value::Null],
                vec![Value::Text("x\"y".into()), Value::Text("=1".into())],
            ],
        }))
        .unwrap();
        assert_eq!(text, "\"a,b\",c\r\n\"\",\r\n\"x\"\"y\",=1\r\n");
    }

    #[test]
    fn parquet_keeps_types() {
        let bytes = parquet(&result()).unwrap();
        let reader =
            ParquetRecordBatchReaderBuilder::try_new(axum::body::Bytes::from(bytes)).unwrap();
        let types: Vec<String> = reader
            .schema()
            .fields()
            .iter()
            .map(|f| f.data_type().to_string())
            .collect();
        assert_eq!(types[0], "Int64");
        assert!(types[1].starts_with("Decimal128(38"), "{types:?}");
        assert!(types[2].starts_with("Decimal128(38"), "{types:?}");
        assert_eq!(types[6], "Date32");
        let batch = reader.build().unwrap().next().unwrap().unwrap();
        assert_eq!((batch.num_rows(), batch.num_columns()), (2, 9));
        assert!(
            batch
                .columns()
                .iter()
                .all(|c| c.is_null(1) && !c.is_null(0))
        );
        let empty = parquet(&ResultTable::default()).unwrap();
        assert!(empty.starts_with(b"PAR1"));
    }
}
