//! Stages: what a location means, which files are there, LIST and REMOVE.
//! Loading and unloading are in `copy` and `unload`, the drivers' part of PUT and GET in `transfer`.

use std::collections::BTreeMap;

use bytes::Bytes;
use dwsim_engine::catalog::{Object, ObjectKind};
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::types::SqlType;

use super::file_format::Properties;
use super::run::missing;
use super::{Answer, SnowflakeSession, StatementKind};
use crate::parse::{Cursor, Options};

/// Where files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// In the account's memory: key prefix of the stage.
    Internal(String),
    /// In the object store.
    Bucket(String, String),
}

/// A location of a command, resolved.
#[derive(Debug, Clone)]
pub(super) struct Location {
    pub place: Place,
    /// Path inside of the stage or URL, without a leading slash.
    pub path: String,
    /// What LIST and COPY print before a file's path.
    pub shown: String,
    /// File format options of the stage; FORMAT_NAME already resolved.
    pub format: Properties,
    /// COPY options of the stage.
    pub copy: Properties,
}

/// A file at a location.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Key in its place.
    pub key: String,
    /// Path relative to the location's stage.
    pub path: String,
    /// Name as LIST prints it.
    pub name: String,
    /// Name as METADATA$FILENAME gives it: in a bucket the whole key, else the path in the stage.
    pub shown_name: String,
    pub size: u64,
    pub etag: String,
    pub modified: i64,
}

impl Location {
    /// The location as COPY_HISTORY shows it: a URL, or the stage.
    pub fn location(&self) -> String {
        match self.shown.as_str() {
            "" => "@~/".to_owned(),
            url if url.contains("://") => url.to_owned(),
            stage => format!("@{stage}"),
        }
    }
}

/// Checks the options of CREATE STAGE.
///
/// # Errors
/// Unknown options; URLs of clouds that are not emulated.
pub(super) fn check_options(options: &Options) -> Result<()> {
    options.only(&[
        "URL",
        "STORAGE_INTEGRATION",
        "CREDENTIALS",
        "ENCRYPTION",
        "DIRECTORY",
        "FILE_FORMAT",
        "COPY_OPTIONS",
        "COMMENT",
        "ENDPOINT",
        "AWS_ACCESS_POINT_ARN",
    ])?;
    if let Some(url) = options.text("URL") {
        split_url(url)?;
    }
    if let Some(crate::parse::OptionValue::Nested(format)) = options.get("FILE_FORMAT") {
        super::file_format::check(format)?;
    }
    Ok(())
}

/// Bucket and prefix of an S3 URL.
fn split_url(url: &str) -> Result<(String, String)> {
    let rest = url
        .strip_prefix("s3://")
        .or_else(|| url.strip_prefix("s3compat://"))
        .or_else(|| url.strip_prefix("s3gov://"))
        .ok_or_else(|| SqlError::unsupported(format!("stage location {url}; S3 is emulated")))?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    Ok((bucket.to_owned(), prefix.to_owned()))
}

/// Joins two path parts with one slash.
fn join(a: &str, b: &str) -> String {
    match (a.is_empty() || a.ends_with('/'), b.is_empty()) {
        (_, true) => a.to_owned(),
        (true, _) => format!("{a}{b}"),
        (false, _) => format!("{a}/{b}"),
    }
}

impl SnowflakeSession {
    /// What a location means.
    ///
    /// # Errors
    /// Unknown stages and tables.
    pub(super) fn locate(&mut self, text: &str) -> Result<Location> {
        let Some(name) = text.strip_prefix('@') else {
            let (bucket, prefix) = split_url(text)?;
            let shown = format!("s3://{bucket}/");
            return Ok(Location {
                place: Place::Bucket(bucket, String::new()),
                path: prefix,
                shown,
                format: BTreeMap::new(),
                copy: BTreeMap::new(),
            });
        };
        let (stage, path) = name.split_once('/').unwrap_or((name, ""));
        let path = path.to_owned();
        let internal = |prefix: String, shown: String| Location {
            place: Place::Internal(prefix),
            path: path.clone(),
            shown,
            format: BTreeMap::new(),
            copy: BTreeMap::new(),
        };
        if stage == "~" {
            return Ok(internal(
                format!("user/{}/", self.inner.user),
                String::new(),
            ));
        }
        let table = stage.rfind('%');
        let plain = stage.replacen('%', "", usize::from(table.is_some()));
        let mut c = Cursor::new(&plain)?;
        let object = c.name()?;
        c.end()?;
        if table.is_some() {
            let (n, entry) = self.inner.table(&object)?;
            return Ok(internal(
                format!(
                    "table/{}/{}/",
                    self.database_oid(&n.database),
                    entry.def.oid
                ),
                String::new(),
            ));
        }
        let full = self.inner.object_name(ObjectKind::Stage, &object)?;
        let view = self.inner.view()?;
        let Some(Object::Other(o)) = view.object(ObjectKind::Stage, &full) else {
            return Err(missing("stage", full.to_string()));
        };
        let group = |prefix: &str| -> Properties {
            o.properties
                .iter()
                .filter_map(|(k, v)| Some((k.strip_prefix(prefix)?.to_owned(), v.clone())))
                .collect()
        };
        let format = self.named_format(group("FILE_FORMAT."))?;
        let copy = group("COPY_OPTIONS.");
        match o.properties.get("URL") {
            Some(url) => {
                let (bucket, prefix) = split_url(url)?;
                let shown = format!("s3://{bucket}/");
                Ok(Location {
                    path: join(&prefix, &path),
                    place: Place::Bucket(bucket, prefix),
                    shown,
                    format,
                    copy,
                })
            }
            None => {
                let prefix = format!("stage/{}/{}/", self.database_oid(&full.database), o.oid);
                Ok(Location {
                    format,
                    copy,
                    ..internal(prefix, format!("{}/", full.name.to_lowercase()))
                })
            }
        }
    }

    /// Format options with those of the format they name underneath.
    ///
    /// # Errors
    /// Unknown file formats.
    pub(super) fn named_format(&mut self, mut given: Properties) -> Result<Properties> {
        let Some(name) = given.remove("FORMAT_NAME") else {
            return Ok(given);
        };
        let mut c = Cursor::new(&name)?;
        let object = c.name()?;
        c.end()?;
        let full = self.inner.object_name(ObjectKind::FileFormat, &object)?;
        let view = self.inner.view()?;
        let Some(Object::Other(o)) = view.object(ObjectKind::FileFormat, &full) else {
            return Err(missing("file format", full.to_string()));
        };
        let mut out = o.properties.clone();
        out.extend(given);
        Ok(out)
    }

    /// The files whose paths start with the location's, in name order.
    ///
    /// # Errors
    /// When the object store fails.
    pub(super) async fn files(&self, at: &Location) -> Result<Vec<Found>> {
        match &at.place {
            Place::Internal(prefix) => Ok(self
                .account
                .files(&format!("{prefix}{}", at.path))
                .into_iter()
                .map(|(key, f)| {
                    let path = key[prefix.len()..].to_owned();
                    Found {
                        name: format!("{}{path}", at.shown),
                        shown_name: path.clone(),
                        path,
                        key,
                        size: f.bytes.len() as u64,
                        etag: f.md5,
                        modified: f.modified,
                    }
                })
                .collect()),
            Place::Bucket(bucket, stage) => {
                let listed = self.account.engine.storage().list(bucket, &at.path).await?;
                Ok(listed
                    .into_iter()
                    .filter(|m| !m.key.ends_with('/'))
                    .map(|m| Found {
                        name: format!("{}{}", at.shown, m.key),
                        shown_name: m.key.clone(),
                        path: m
                            .key
                            .strip_prefix(stage.as_str())
                            .unwrap_or(&m.key)
                            .trim_start_matches('/')
                            .to_owned(),
                        key: m.key,
                        size: m.size,
                        etag: m.etag,
                        modified: m.modified,
                    })
                    .collect())
            }
        }
    }

    /// A file's contents.
    ///
    /// # Errors
    /// When it is gone or the object store fails.
    pub(super) async fn read(&self, at: &Location, file: &Found) -> Result<Bytes> {
        match &at.place {
            Place::Internal(_) => match self.account.file(&file.key) {
                Some(f) => Ok(f.bytes),
                None => Err(ErrorKind::Storage(format!(
                    "Remote file '{}' was not found.",
                    file.name
                ))
                .into()),
            },
            Place::Bucket(bucket, _) => self.account.engine.storage().get(bucket, &file.key).await,
        }
    }

    /// Writes a file.
    ///
    /// # Errors
    /// When the object store fails.
    pub(super) async fn write(&self, at: &Location, path: &str, bytes: Vec<u8>) -> Result<()> {
        match &at.place {
            Place::Internal(prefix) => self
                .account
                .put_file(&format!("{prefix}{path}"), Bytes::from(bytes)),
            Place::Bucket(bucket, _) => {
                self.account
                    .engine
                    .storage()
                    .put(bucket, path, Bytes::from(bytes))
                    .await
            }
        }
    }

    pub(super) async fn list(&mut self, location: &str, pattern: Option<&str>) -> Result<Answer> {
        let at = self.locate(location)?;
        let files = matching(self.files(&at).await?, pattern)?;
        let rows = files
            .into_iter()
            .map(|f| {
                let modified = chrono::DateTime::from_timestamp(f.modified, 0)
                    .map(|t| t.format("%a, %-d %b %Y %H:%M:%S GMT").to_string());
                vec![
                    Some(f.name),
                    Some(f.size.to_string()),
                    Some(f.etag),
                    modified,
                ]
            })
            .collect();
        let columns = vec![
            ("name", SqlType::text()),
            ("size", SqlType::number(38, 0)),
            ("md5", SqlType::text()),
            ("last_modified", SqlType::text()),
        ];
        Answer::table(StatementKind::Files, columns, rows)
    }

    pub(super) async fn remove(&mut self, location: &str, pattern: Option<&str>) -> Result<Answer> {
        let at = self.locate(location)?;
        let files = matching(self.files(&at).await?, pattern)?;
        let mut rows = Vec::with_capacity(files.len());
        for f in files {
            match &at.place {
                Place::Internal(_) => {
                    self.account.remove_file(&f.key)?;
                }
                Place::Bucket(bucket, _) => {
                    self.account.engine.storage().delete(bucket, &f.key).await?
                }
            }
            rows.push(vec![Some(f.name), Some("removed".into())]);
        }
        Answer::table(
            StatementKind::Files,
            vec![("name", SqlType::text()), ("result", SqlType::text())],
            rows,
        )
    }
}

/// The files whose whole name matches a regular expression.
///
/// # Errors
/// For a pattern that is none.
pub(super) fn matching(files: Vec<Found>, pattern: Option<&str>) -> Result<Vec<Found>> {
    let Some(pattern) = pattern else {
        return Ok(files);
    };
    let re = regex::Regex::new(&format!("^(?:{pattern})$")).map_err(|e| {
        SqlError::raw(
            "100048",
            "2201B",
            format!("Invalid regular expression: '{pattern}', {e}"),
        )
    })?;
    Ok(files
        .into_iter()
        .filter(|f| re.is_match(&f.name) || re.is_match(&f.path))
        .collect())
}
