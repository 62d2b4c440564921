//! Directory tables: the files that a stage had when its directory was refreshed last, as the catalog keeps them.
//! Refreshing is the session's work; queries and streams read from here.
//!
//! Source: "Directory tables".

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use arrow::array::RecordBatch;
use dwsim_engine::catalog::{
    ColumnDef, Object, ObjectKind, ObjectName, OtherObject, RowIds, TableData, TableDef,
    TableEntry, Transaction,
};
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::types::{ColumnInfo, SqlType};
use serde::{Deserialize, Serialize};

use crate::session::text_batch;

/// A file that a directory table knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Path in the stage.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// When it was written, in seconds since the epoch.
    pub modified: i64,
    /// Entity tag, which is the MD5 of the contents.
    pub etag: String,
    /// URL as BUILD_STAGE_FILE_URL gives it.
    pub url: String,
}

/// The member of a stage's definition that holds its directory.
pub(crate) const DIRECTORY: &str = "directory";

/// The files that a stage's directory table knows.
pub(crate) fn entries(stage: &OtherObject) -> Vec<Entry> {
    serde_json::from_value(stage.definition[DIRECTORY].clone()).unwrap_or_default()
}

/// Whether a stage has a directory table.
pub(crate) fn is_enabled(stage: &OtherObject) -> bool {
    stage
        .properties
        .get("DIRECTORY.ENABLE")
        .is_some_and(|v| v.eq_ignore_ascii_case("true"))
}

/// The columns of a directory table.
pub(crate) fn columns() -> Vec<ColumnInfo> {
    [
        ("RELATIVE_PATH", SqlType::text()),
        ("SIZE", SqlType::number(38, 0)),
        ("LAST_MODIFIED", SqlType::TimestampLtz(3)),
        ("MD5", SqlType::text()),
        ("ETAG", SqlType::text()),
        ("FILE_URL", SqlType::text()),
    ]
    .into_iter()
    .map(|(n, t)| ColumnInfo::new(n, t))
    .collect()
}

/// The rows of a directory table.
///
/// # Errors
/// Only for broken rows of our own.
pub(crate) fn rows(files: &[Entry]) -> Result<RecordBatch> {
    let rows: Vec<Vec<Option<String>>> = files
        .iter()
        .map(|f| {
            vec![
                Some(f.path.clone()),
                Some(f.size.to_string()),
                Some(f.modified.to_string()),
                Some(f.etag.clone()),
                Some(f.etag.clone()),
                Some(f.url.clone()),
            ]
        })
        .collect();
    text_batch(&columns(), &rows)
}

/// The error for a stage without a directory table.
pub(crate) fn disabled(name: &ObjectName) -> SqlError {
    SqlError::raw(
        "002003",
        "02000",
        format!(
            "SQL compilation error:\nStage '{name}' does not have a directory table: it needs DIRECTORY = (ENABLE = TRUE)."
        ),
    )
}

/// A version of a directory table, for streams: a file that changed is another row.
///
/// # Errors
/// When the stage is gone or has no directory table.
pub(crate) fn version(
    catalog: &Transaction,
    stage: &ObjectName,
    like: Option<&TableEntry>,
) -> Result<Arc<TableEntry>> {
    let Some(Object::Other(o)) = catalog.object(ObjectKind::Stage, stage) else {
        return Err(ErrorKind::UnknownObject {
            kind: "stage",
            name: stage.to_string(),
        }
        .into());
    };
    if !is_enabled(o) {
        return Err(disabled(stage));
    }
    let def = match like {
        Some(l) => Arc::clone(&l.def),
        None => Arc::new(TableDef::new(
            columns()
                .into_iter()
                .map(|c| ColumnDef::new(c.name, c.ty))
                .collect(),
            "",
        )),
    };
    let files = entries(o);
    let schema = def.arrow();
    let batch = RecordBatch::try_new(Arc::clone(&schema), rows(&files)?.columns().to_vec())?;
    let ids = files
        .iter()
        .map(|f| {
            let mut h = DefaultHasher::new();
            (&f.path, &f.etag, f.modified).hash(&mut h);
            h.finish() >> 2
        })
        .collect();
    Ok(Arc::new(TableEntry {
        def,
        data: Arc::new(TableData::with_ids(
            schema,
            vec![(batch, RowIds::List(ids))],
        )),
        changed: chrono::Utc::now().timestamp_millis(),
    }))
}
