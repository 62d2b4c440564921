//! GEOGRAPHY and GEOMETRY columns of results in the session's output formats.
//! Sources: "GEOGRAPHY_OUTPUT_FORMAT", "GEOMETRY_OUTPUT_FORMAT".

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::kernels::geo::OutputFormat;
use dwsim_engine::types::{ColumnInfo, SqlType};

/// The formats of one session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Formats {
    geography: OutputFormat,
    geometry: OutputFormat,
}

fn format(name: &str) -> Result<OutputFormat> {
    OutputFormat::of(name).ok_or_else(|| {
        SqlError::argument("GEOGRAPHY_OUTPUT_FORMAT", format!("invalid value [{name}]"))
    })
}

impl Formats {
    /// The formats that the session's parameters name.
    ///
    /// # Errors
    /// Values that are no formats.
    pub(super) fn of(parameters: &BTreeMap<String, String>) -> Result<Self> {
        let named = |name: &str| format(parameters.get(name).map_or("GeoJSON", String::as_str));
        Ok(Formats {
            geography: named("GEOGRAPHY_OUTPUT_FORMAT")?,
            geometry: named("GEOMETRY_OUTPUT_FORMAT")?,
        })
    }

    /// A short text that [`Formats::from_tag`] reads back, for addresses of chunks.
    pub(super) fn tag(self) -> String {
        format!("{:?}-{:?}", self.geography, self.geometry)
    }

    /// The formats of a tag.
    ///
    /// # Errors
    /// What is no tag.
    pub(super) fn from_tag(tag: &str) -> Result<Self> {
        let (a, b) = tag.split_once('-').unwrap_or((tag, tag));
        Ok(Formats {
            geography: format(a)?,
            geometry: format(b)?,
        })
    }

    /// Batches with spatial columns as text; others as they are.
    ///
    /// # Errors
    /// An internal error when a stored value is no geometry.
    pub(super) fn print(
        self,
        columns: &[ColumnInfo],
        batches: &[RecordBatch],
    ) -> Result<Vec<RecordBatch>> {
        let spatial = |ty: &SqlType| match ty {
            SqlType::Geography => Some(self.geography),
            SqlType::Geometry => Some(self.geometry),
            _ => None,
        };
        if columns.iter().all(|c| spatial(&c.ty).is_none()) {
            return Ok(batches.to_vec());
        }
        batches
            .iter()
            .map(|batch| {
                let mut fields = Vec::with_capacity(columns.len());
                let mut arrays: Vec<ArrayRef> = Vec::with_capacity(columns.len());
                for ((c, array), field) in columns
                    .iter()
                    .zip(batch.columns())
                    .zip(batch.schema().fields())
                {
                    match spatial(&c.ty) {
                        Some(format) if *array.data_type() == DataType::Binary => {
                            let mut out = StringBuilder::new();
                            for v in array.as_binary::<i32>() {
                                out.append_option(v.map(|v| format.print(v)).transpose()?);
                            }
                            fields.push(Arc::new(Field::new(field.name(), DataType::Utf8, true)));
                            arrays.push(Arc::new(out.finish()));
                        }
                        _ => {
                            fields.push(Arc::clone(field));
                            arrays.push(Arc::clone(array));
                        }
                    }
                }
                Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
            })
            .collect()
    }
}
