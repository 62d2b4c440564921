//! What a loaded table looks like: its first rows and counts per column as a warehouse has them, and the generated data
//! measured against what the schema declares. Plots of it are made by the page.

use std::sync::{Arc, Mutex, PoisonError};

use dwsim_generate::Report;
use dwsim_runtime::client::Connection;
use dwsim_runtime::{Dialect, Value};
use dwsim_schema::identifiers::quote;
use dwsim_schema::{LogicalType, Schema};

use super::error::Error;
use super::query::{LIMIT, Queried, text};
use super::service::{Result, Service, config, database};
use crate::store::Run;

/// Values that are listed as most frequent.
const TOP: usize = 5;

/// Columns whose most frequent values are asked for.
const COLUMNS: usize = 60;

/// Most bytes of Parquet that are measured against the schema in passing.
const MEASURED: u64 = 256 * 1024 * 1024;

/// Counts of one column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnProfile {
    /// Name.
    pub name: String,
    /// Rows without a value.
    pub nulls: u64,
    /// Different values; nothing for documents.
    pub distinct: Option<u64>,
    /// The least value; nothing for types without an order.
    pub min: Option<String>,
    /// The greatest value.
    pub max: Option<String>,
    /// The most frequent values and their numbers; nothing where all differ.
    pub top: Vec<(Option<String>, u64)>,
}

/// Counts of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableProfile {
    /// Rows.
    pub rows: u64,
    /// Columns in their order.
    pub columns: Vec<ColumnProfile>,
}

/// What the generated data of a run measure, or why they were not measured.
pub type Measured = std::result::Result<Arc<Report>, String>;

/// The newest measurement.
#[derive(Debug, Default)]
pub(super) struct Reports(Mutex<Option<(i64, Measured)>>);

fn number(value: Option<&Value>) -> u64 {
    match value {
        Some(Value::Int(n)) => u64::try_from(*n).unwrap_or(0),
        _ => 0,
    }
}

/// Whether both warehouses have a least and a greatest value of the type.
fn ordered(ty: LogicalType) -> bool {
    !matches!(
        ty,
        LogicalType::Json(_) | LogicalType::Binary(_) | LogicalType::Boolean
    )
}

impl Service {
    fn loaded_schema(&self, name: &str, table: &str, dialect: Dialect) -> Result<Schema> {
        let found = self.show(name)?;
        if !found.summary.loaded.iter().any(|d| d == dialect.name()) {
            return Err(Error::Conflict(format!(
                "experiment `{name}` is not loaded into {dialect}; generate it first"
            )));
        }
        let schema = config(&found.toml)?.schema;
        if schema.table(table).is_none() {
            return Err(Error::NotFound {
                what: "table",
                name: table.to_owned(),
            });
        }
        Ok(schema)
    }

    /// The first rows of a loaded table, by its primary key if it has one.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Conflict`] if it is not loaded there.
    pub async fn preview(
        &self,
        name: &str,
        table: &str,
        dialect: Dialect,
        limit: usize,
    ) -> Result<Queried> {
        let schema = self.loaded_schema(name, table, dialect)?;
        let mut sql = format!("select * from {}", quote(table, dialect));
        let keys: Vec<String> = schema
            .table(table)
            .into_iter()
            .flat_map(|t| t.primary_key.iter())
            .map(|c| quote(c, dialect))
            .collect();
        if !keys.is_empty() {
            sql.push_str(&format!(" order by {}", keys.join(", ")));
        }
        sql.push_str(&format!(" limit {limit}"));
        self.query(name, dialect, &sql, 0, limit).await
    }

    /// Counts of a loaded table's columns, as a warehouse has them now.
    ///
    /// # Errors
    /// As [`Service::preview`].
    pub async fn profile(&self, name: &str, table: &str, dialect: Dialect) -> Result<TableProfile> {
        let schema = self.loaded_schema(name, table, dialect)?;
        let columns: Vec<(String, LogicalType)> = schema
            .table(table)
            .into_iter()
            .flat_map(|t| t.columns.iter())
            .map(|c| (c.name.clone(), c.ty))
            .collect();
        let mut connection = self.connect(dialect, Some(&database(name))).await?;
        connection.set_limit(LIMIT);
        let counted = counts(&mut connection, table, &columns, dialect).await;
        connection.close().await;
        counted
    }

    /// Measures the loaded run's Parquet against the schema it was made of; kept until another run is measured.
    ///
    /// # Errors
    /// [`Error::Conflict`] if nothing is loaded.
    pub async fn measure(&self, name: &str) -> Result<Measured> {
        let manifest = self.manifest(name)?;
        let held = {
            let state = self
                .reports
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            state.clone()
        };
        if let Some((run, report)) = held
            && run == manifest.run
        {
            return Ok(report);
        }
        let schema = config(&self.find(name)?.toml)?.schema;
        let run: Run = self.run(name, manifest.run)?;
        let bytes: u64 = manifest.tables.iter().map(|t| t.bytes).sum();
        let strange = |t: &str| t.contains(['/', '\\', '\0']) || t.starts_with('.');
        let measured: Measured = if run.schema != schema.schema_hash() {
            // what is declared now is not what the data were made of
            return Ok(Err(
                "The schema was changed after the data were loaded, so they are not measured against it."
                    .to_owned(),
            ));
        } else if bytes > MEASURED {
            Err(
                "The data are too large to be measured here; `cargo dwsim report` does it."
                    .to_owned(),
            )
        } else if manifest.tables.iter().any(|t| strange(&t.table)) {
            Err("A table's name cannot be a file's, so the data are not measured.".to_owned())
        } else {
            let folder = tempfile::tempdir()
                .map_err(|e| Error::Broken(format!("a temporary folder: {e}")))?;
            for table in &manifest.tables {
                let bytes = self.table_file(name, &table.table).await?;
                let path = folder.path().join(format!("{}.parquet", table.table));
                tokio::fs::write(&path, bytes)
                    .await
                    .map_err(|e| Error::Broken(format!("writing {}: {e}", path.display())))?;
            }
            let report = tokio::task::spawn_blocking(move || {
                dwsim_generate::report(&schema, folder.path(), &|_, _| ())
            })
            .await
            .map_err(|e| Error::Broken(e.to_string()))?;
            report.map(Arc::new).map_err(|e| e.to_string())
        };
        let mut state = self
            .reports
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *state = Some((manifest.run, measured.clone()));
        Ok(measured)
    }
}

async fn counts(
    connection: &mut Connection,
    table: &str,
    columns: &[(String, LogicalType)],
    dialect: Dialect,
) -> Result<TableProfile> {
    let from = quote(table, dialect);
    let mut parts = vec!["count(*)".to_owned()];
    for (name, ty) in columns {
        let c = quote(name, dialect);
        parts.push(format!("count({c})"));
        if !matches!(ty, LogicalType::Json(_)) {
            parts.push(format!("count(distinct {c})"));
        }
        if ordered(*ty) {
            parts.push(format!("min({c})"));
            parts.push(format!("max({c})"));
        }
    }
    let answer = connection
        .query(&format!("select {} from {from}", parts.join(", ")))
        .await?;
    let mut cells = answer.rows.first().into_iter().flatten();
    let rows = number(cells.next());
    let mut out = TableProfile {
        rows,
        columns: Vec::with_capacity(columns.len()),
    };
    for (i, (name, ty)) in columns.iter().enumerate() {
        let mut profile = ColumnProfile {
            name: name.clone(),
            nulls: rows.saturating_sub(number(cells.next())),
            ..ColumnProfile::default()
        };
        if !matches!(ty, LogicalType::Json(_)) {
            profile.distinct = Some(number(cells.next()));
        }
        if ordered(*ty) {
            profile.min = cells.next().and_then(text);
            profile.max = cells.next().and_then(text);
        }
        let valued = rows - profile.nulls;
        if i < COLUMNS && profile.distinct.is_some_and(|d| d < valued) {
            let c = quote(name, dialect);
            let found = connection
                .query(&format!(
                    "select {c}, count(*) from {from} group by 1 order by 2 desc, 1 limit {TOP}"
                ))
                .await?;
            profile.top = found
                .rows
                .iter()
                .map(|r| (r.first().and_then(text), number(r.get(1))))
                .collect();
        }
        out.columns.push(profile);
    }
    Ok(out)
}
