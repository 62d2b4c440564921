//! PUT and GET: what the driver is told, so that it moves the bytes itself over plain HTTP.
//! The endpoint that takes and gives the bytes is `protocol::blob`.

use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::types::SqlType;

use super::stage::Place;
use super::{Answer, SnowflakeSession, StatementKind};
use crate::parse::Options;

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferKind {
    /// PUT.
    Upload,
    /// GET.
    Download,
}

/// What a driver needs to move files.
#[derive(Debug, Clone)]
pub struct Transfer {
    /// Which way.
    pub kind: TransferKind,
    /// Local files (PUT), or paths in the stage (GET).
    pub sources: Vec<String>,
    /// Local directory (GET).
    pub local: Option<String>,
    /// Key prefix under which the files are stored, without a final slash.
    pub prefix: String,
    /// Keys of the files, as many as sources for GET.
    pub keys: Vec<String>,
    /// AUTO_COMPRESS.
    pub auto_compress: bool,
    /// OVERWRITE.
    pub overwrite: bool,
    /// PARALLEL.
    pub parallel: u64,
    /// SOURCE_COMPRESSION in lower case.
    pub source_compression: String,
}

fn answer(kind: StatementKind, transfer: Transfer) -> Result<Answer> {
    let mut a = Answer::table(kind, vec![("status", SqlType::text())], vec![])?;
    a.transfer = Some(transfer);
    Ok(a)
}

impl SnowflakeSession {
    pub(super) fn put(&mut self, local: &str, remote: &str, options: &Options) -> Result<Answer> {
        options.only(&[
            "PARALLEL",
            "AUTO_COMPRESS",
            "SOURCE_COMPRESSION",
            "OVERWRITE",
        ])?;
        let at = self.locate(remote)?;
        let Place::Internal(stage) = &at.place else {
            return Err(SqlError::unsupported("PUT to an external stage"));
        };
        let path = at.path.trim_end_matches('/');
        let prefix = format!("{stage}{path}").trim_end_matches('/').to_owned();
        answer(
            StatementKind::Put,
            Transfer {
                kind: TransferKind::Upload,
                sources: vec![local.strip_prefix("file://").unwrap_or(local).to_owned()],
                local: None,
                prefix,
                keys: Vec::new(),
                auto_compress: options.flag("AUTO_COMPRESS")?.unwrap_or(true),
                overwrite: options.flag("OVERWRITE")?.unwrap_or(false),
                parallel: options.number("PARALLEL")?.unwrap_or(4),
                source_compression: options
                    .text("SOURCE_COMPRESSION")
                    .unwrap_or("auto_detect")
                    .to_lowercase(),
            },
        )
    }

    pub(super) fn get(&mut self, remote: &str, local: &str, options: &Options) -> Result<Answer> {
        options.only(&["PARALLEL", "PATTERN"])?;
        let at = self.locate(remote)?;
        let Place::Internal(stage) = at.place.clone() else {
            return Err(SqlError::unsupported("GET from an external stage"));
        };
        let found = self
            .account
            .files(&format!("{stage}{}", at.path))
            .into_iter()
            .map(|(key, f)| super::stage::Found {
                path: key[stage.len()..].to_owned(),
                name: format!("{}{}", at.shown, &key[stage.len()..]),
                shown_name: key[stage.len()..].to_owned(),
                key,
                size: f.bytes.len() as u64,
                etag: f.md5,
                modified: f.modified,
            })
            .collect();
        let files = super::stage::matching(found, options.text("PATTERN"))?;
        answer(
            StatementKind::Get,
            Transfer {
                kind: TransferKind::Download,
                sources: files.iter().map(|f| f.path.clone()).collect(),
                local: Some(local.strip_prefix("file://").unwrap_or(local).to_owned()),
                prefix: stage.trim_end_matches('/').to_owned(),
                keys: files.into_iter().map(|f| f.key).collect(),
                auto_compress: true,
                overwrite: true,
                parallel: options.number("PARALLEL")?.unwrap_or(10),
                source_compression: "auto_detect".into(),
            },
        )
    }
}
