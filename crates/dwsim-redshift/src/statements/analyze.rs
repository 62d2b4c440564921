//! ANALYZE COMPRESSION: how much smaller a table's columns would be if they were compressed.
//! ANALYZE itself has nothing to do here: the engine always knows its tables.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema};
use dwsim_engine::catalog::{Object, ObjectKind, TableEntry};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::load::Compression;
use dwsim_engine::types::{ColumnInfo, SqlType};
use sqlparser::ast;

use super::default_encoding;
use super::outcome::{Outcome, Rows};
use super::session::RedshiftSession;

/// Rows that are looked at, as COMPROWS by default.
const SAMPLE: usize = 100_000;

/// Size of a column's values as they are, and packed.
fn sizes(arrays: &[ArrayRef]) -> Result<(usize, usize)> {
    let mut raw = Vec::new();
    for array in arrays {
        for buffer in array.to_data().buffers() {
            raw.extend_from_slice(buffer.as_slice());
        }
    }
    let packed = Compression::Zstd.pack(&raw)?.len();
    Ok((raw.len(), packed))
}

impl RedshiftSession {
    /// The tables of the schemas in the search path.
    fn own_tables(&mut self) -> Result<Vec<(String, Arc<TableEntry>)>> {
        let view = self.engine.view()?;
        let mut all = Vec::new();
        for (database, schema) in self.engine.search_path() {
            if let Some(s) = view.schema(&database, &schema) {
                for ((kind, name), object) in &s.objects {
                    if let (ObjectKind::Relation, Object::Table(t)) = (kind, object) {
                        all.push((name.clone(), Arc::clone(t)));
                    }
                }
            }
        }
        Ok(all)
    }

    pub(super) fn analyze_compression(
        &mut self,
        table: Option<&ast::ObjectName>,
    ) -> Result<Outcome> {
        if self.in_block() {
            return Err(SqlError::raw(
                "",
                "25001",
                "ANALYZE COMPRESSION cannot run inside a transaction block",
            ));
        }
        let tables = match table {
            Some(name) => {
                let (name, entry) = self.engine.table(name)?;
                vec![(name.name, entry)]
            }
            None => self.own_tables()?,
        };
        let mut names: Vec<(String, String, &'static str)> = Vec::new();
        let mut reductions: Vec<f64> = Vec::new();
        for (name, entry) in &tables {
            let mut rows = 0;
            let sample: Vec<&RecordBatch> = entry
                .data
                .batches
                .iter()
                .take_while(|b| {
                    let more = rows < SAMPLE;
                    rows += b.num_rows();
                    more
                })
                .collect();
            for (i, c) in entry.def.columns.iter().enumerate() {
                let arrays: Vec<ArrayRef> =
                    sample.iter().map(|b| Arc::clone(b.column(i))).collect();
                let (raw, packed) = sizes(&arrays)?;
                let smaller = packed < raw;
                // Redshift's encoding of the type, with the reduction that packing the values gives here.
                names.push((
                    name.clone(),
                    c.name.clone(),
                    if smaller {
                        default_encoding(&c.ty, false)
                    } else {
                        "raw"
                    },
                ));
                reductions.push(if smaller {
                    (1.0 - packed as f64 / raw as f64) * 100.0
                } else {
                    0.0
                });
            }
        }
        let text = |f: for<'a> fn(&'a (String, String, &'static str)) -> &'a str| -> ArrayRef {
            Arc::new(names.iter().map(|n| Some(f(n))).collect::<StringArray>())
        };
        let reductions: Vec<f64> = reductions
            .iter()
            .map(|r| (r * 100.0).round() / 100.0)
            .collect();
        let arrays: Vec<ArrayRef> = vec![
            text(|n| n.0.as_str()),
            text(|n| n.1.as_str()),
            text(|n| n.2),
            Arc::new(Float64Array::from(reductions)),
        ];
        let columns = analyze_columns();
        let schema = Schema::new(
            columns
                .iter()
                .map(|c| Field::new(&c.name, c.ty.arrow(), true))
                .collect::<Vec<_>>(),
        );
        let batch = RecordBatch::try_new(Arc::new(schema), arrays)?;
        Ok(Outcome::Rows(Rows::ready(
            columns,
            vec![batch],
            "ANALYZE COMPRESSION",
        )))
    }
}

/// Columns of the result.
pub(super) fn analyze_columns() -> Vec<ColumnInfo> {
    vec![
        ColumnInfo::new("table", SqlType::text()),
        ColumnInfo::new("column", SqlType::text()),
        ColumnInfo::new("encoding", SqlType::text()),
        ColumnInfo::new("est_reduction_pct", SqlType::Double),
    ]
}
