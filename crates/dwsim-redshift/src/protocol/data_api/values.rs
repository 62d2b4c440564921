//! Result sets as the fields, columns and CSV of the Data API.
//! Where results are kept is in `store`.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type};
use bytes::BytesMut;
use dwsim_engine::error::Result;
use dwsim_engine::types::{ColumnInfo, SqlType};
use serde_json::{Value, json};

use crate::protocol::{RowStyle, cell_text};

/// Rows that a statement gave.
#[derive(Debug)]
pub(super) struct ResultSet {
    /// Columns.
    pub columns: Vec<ColumnInfo>,
    /// Rows.
    pub batches: Vec<RecordBatch>,
    /// How values are printed.
    pub style: RowStyle,
}

impl ResultSet {
    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Size of the rows in bytes.
    pub(super) fn size(&self) -> usize {
        self.batches
            .iter()
            .map(RecordBatch::get_array_memory_size)
            .sum()
    }

    /// `ColumnMetadata`.
    pub(super) fn metadata(&self) -> Vec<Value> {
        self.columns.iter().map(column).collect()
    }

    /// Some rows, from one row on.
    fn places(&self, from: usize, count: usize) -> impl Iterator<Item = (&RecordBatch, usize)> {
        self.batches
            .iter()
            .flat_map(|b| (0..b.num_rows()).map(move |row| (b, row)))
            .skip(from)
            .take(count)
    }

    /// `Records` of rows.
    ///
    /// # Errors
    /// An internal error when an array does not fit its column.
    pub(super) fn records(&self, from: usize, count: usize) -> Result<Vec<Value>> {
        let mut text = BytesMut::new();
        self.places(from, count)
            .map(|(batch, row)| {
                self.columns
                    .iter()
                    .enumerate()
                    .map(|(i, c)| field(batch.column(i), &c.ty, row, self.style, &mut text))
                    .collect::<Result<Vec<_>>>()
                    .map(Value::from)
            })
            .collect()
    }

    /// Rows as CSV with a line of names.
    ///
    /// # Errors
    /// An internal error when an array does not fit its column.
    pub(super) fn csv(&self, from: usize, count: usize) -> Result<String> {
        let mut out = String::new();
        let names: Vec<String> = self.columns.iter().map(|c| csv_cell(&c.name)).collect();
        out.push_str(&names.join(","));
        out.push_str("\r\n");
        let mut text = BytesMut::new();
        for (batch, row) in self.places(from, count) {
            for (i, c) in self.columns.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                text.clear();
                if cell_text(batch.column(i).as_ref(), &c.ty, row, self.style, &mut text)? {
                    out.push_str(&csv_cell(&String::from_utf8_lossy(&text)));
                }
            }
            out.push_str("\r\n");
        }
        Ok(out)
    }
}

fn csv_cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn field(
    array: &arrow::array::ArrayRef,
    ty: &SqlType,
    row: usize,
    style: RowStyle,
    text: &mut BytesMut,
) -> Result<Value> {
    if array.is_null(row) {
        return Ok(json!({ "isNull": true }));
    }
    Ok(match (ty, array.data_type()) {
        (SqlType::Boolean, DataType::Boolean) => {
            json!({ "booleanValue": array.as_boolean().value(row) })
        }
        (SqlType::SmallInt, DataType::Int16) => {
            json!({ "longValue": array.as_primitive::<Int16Type>().value(row) })
        }
        (SqlType::Integer, DataType::Int32) => {
            json!({ "longValue": array.as_primitive::<Int32Type>().value(row) })
        }
        (SqlType::BigInt | SqlType::Oid, DataType::Int64) => {
            json!({ "longValue": array.as_primitive::<Int64Type>().value(row) })
        }
        (SqlType::Real, DataType::Float32)
            if array.as_primitive::<Float32Type>().value(row).is_finite() =>
        {
            json!({ "doubleValue": f64::from(array.as_primitive::<Float32Type>().value(row)) })
        }
        (SqlType::Double, DataType::Float64)
            if array.as_primitive::<Float64Type>().value(row).is_finite() =>
        {
            json!({ "doubleValue": array.as_primitive::<Float64Type>().value(row) })
        }
        _ => {
            text.clear();
            cell_text(array.as_ref(), ty, row, style, text)?;
            json!({ "stringValue": String::from_utf8_lossy(text) })
        }
    })
}

/// One `ColumnMetadata`.
pub(super) fn column(c: &ColumnInfo) -> Value {
    let (length, precision, scale) = match &c.ty {
        SqlType::Char(n) | SqlType::Varchar(Some(n)) => (*n, *n, 0),
        SqlType::Varchar(None) => (0, 65_535, 0),
        SqlType::Number { precision, scale } => (0, u32::from(*precision), u32::from(*scale)),
        SqlType::SmallInt => (0, 5, 0),
        SqlType::Integer => (0, 10, 0),
        SqlType::BigInt => (0, 19, 0),
        SqlType::Real => (0, 8, 8),
        SqlType::Double => (0, 17, 17),
        SqlType::Boolean => (0, 1, 0),
        SqlType::Date => (0, 13, 0),
        SqlType::Timestamp(_) => (0, 29, 6),
        SqlType::TimestampLtz(_) => (0, 35, 6),
        _ => (0, 0, 0),
    };
    let signed = c.ty.is_numeric();
    let origin = c.origin.as_ref();
    json!({
        "isCaseSensitive": c.ty.is_text(),
        "isCurrency": false,
        "isSigned": signed,
        "label": c.name,
        "name": c.name,
        "nullable": i32::from(c.nullable),
        "precision": precision,
        "scale": scale,
        "schemaName": origin.map_or("", |o| o.schema.as_str()),
        "tableName": origin.map_or("", |o| o.table.as_str()),
        "typeName": crate::dialect::internal_name(&c.ty),
        "length": length,
    })
}
