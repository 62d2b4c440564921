//! Which files a COPY reads: keys under a prefix, or the entries of a manifest; and their unpacking.
//! Reading rows is left to the sibling modules.

use bytes::Bytes;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::load::Compression as Packing;
use dwsim_engine::session::Session;

use crate::parse::{Compression, Copy};

/// A file to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// Bucket.
    pub bucket: String,
    /// Key.
    pub key: String,
    /// Without it the load fails.
    pub mandatory: bool,
    /// Length in bytes that a manifest promises.
    pub length: Option<u64>,
}

impl File {
    /// Its address.
    pub(super) fn url(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.key)
    }
}

/// Bucket and key of an S3 address.
pub(in crate::statements) fn address(url: &str) -> Result<(String, String)> {
    let Some(rest) = url.strip_prefix("s3://") else {
        let what = match url.split_once("://").map(|(scheme, _)| scheme) {
            Some("emr") => "COPY from an EMR cluster".to_owned(),
            Some("dynamodb") => "COPY from a DynamoDB table".to_owned(),
            _ => format!("COPY or UNLOAD with \"{url}\" (only s3:// addresses)"),
        };
        return Err(SqlError::unsupported(what));
    };
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(SqlError::raw(
            "",
            "XX000",
            format!("S3 address \"{url}\" has no bucket"),
        ));
    }
    Ok((bucket.to_owned(), key.to_owned()))
}

/// The unpacked bytes of a file.
///
/// # Errors
/// When it is not packed as COPY says.
pub(super) fn unpack(copy: &Copy, bytes: Bytes) -> Result<Bytes> {
    let packing = match copy.compression {
        None => return Ok(bytes),
        Some(Compression::Gzip) => Packing::Gzip,
        Some(Compression::Zstd) => Packing::Zstd,
        Some(Compression::Bzip2) => Packing::Bzip2,
        Some(Compression::Lzop) => Packing::Lzop,
    };
    packing.unpack(bytes)
}

/// The files of a COPY, in order.
///
/// # Errors
/// When there are none, or the manifest is not as documented.
pub(super) async fn files(session: &Session, copy: &Copy) -> Result<Vec<File>> {
    let storage = session.engine().storage();
    let (bucket, key) = address(&copy.source)?;
    if copy.manifest {
        let bytes = storage.get(&bucket, &key).await?;
        return manifest(&bytes);
    }
    let found = storage.list(&bucket, &key).await?;
    let files: Vec<File> = found
        .into_iter()
        // Keys that end in a slash stand for folders.
        .filter(|o| !o.key.ends_with('/'))
        .map(|o| File {
            bucket: bucket.clone(),
            key: o.key,
            mandatory: true,
            length: None,
        })
        .collect();
    if files.is_empty() {
        return Err(SqlError::raw(
            "",
            "XX000",
            format!("The specified S3 prefix '{key}' does not exist\nbucket: {bucket}"),
        ));
    }
    Ok(files)
}

/// The entries of a manifest, in order.
fn manifest(bytes: &[u8]) -> Result<Vec<File>> {
    let broken = |why: &str| {
        SqlError::from(ErrorKind::Load(format!(
            "the manifest is not as documented: {why}"
        )))
    };
    let json: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|e| broken(&e.to_string()))?;
    json.get("entries")
        .and_then(|e| e.as_array())
        .ok_or_else(|| broken("it has no \"entries\""))?
        .iter()
        .map(|e| {
            let url = e
                .get("url")
                .and_then(|u| u.as_str())
                .ok_or_else(|| broken("an entry has no \"url\""))?;
            let mandatory = match e.get("mandatory") {
                None => false,
                Some(m) => m
                    .as_bool()
                    .ok_or_else(|| broken("\"mandatory\" is neither true nor false"))?,
            };
            let (bucket, key) = address(url)?;
            Ok(File {
                bucket,
                key,
                mandatory,
                length: e
                    .pointer("/meta/content_length")
                    .and_then(serde_json::Value::as_u64),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn manifests() {
        let all = manifest(
            br#"{"entries": [{"url": "s3://a/b/c", "mandatory": true, "meta": {"content_length": 3}}, {"url": "s3://d/e"}]}"#,
        )
        .unwrap();
        assert_eq!(all[0].url(), "s3://a/b/c");
        assert_eq!((all[0].mandatory, all[0].length), (true, Some(3)));
        assert_eq!((all[1].mandatory, all[1].length), (false, None));
        for wrong in [
            "",
            "{}",
            r#"{"entries": [{}]}"#,
            r#"{"entries": [{"url": "http://x/y"}]}"#,
            r#"{"entries": [{"url": "s3://a/b", "mandatory": 1}]}"#,
        ] {
            assert!(manifest(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
