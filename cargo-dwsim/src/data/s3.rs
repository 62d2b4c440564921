//! Output straight to S3: parts are uploaded while the file is made, and the object appears when the last one is there.
//! Credentials and region come from the environment, as every AWS tool takes them.

use std::io::{Error as IoError, Result as IoResult, Write};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use dwsim_control::staging::Environment;
use tokio::runtime::Handle;

use crate::error::{Error, Result};

/// Bytes of a part; S3 wants 5 MiB at least, and takes 10 000 parts.
const PART: usize = 16 << 20;

/// Parts after which their size doubles.
const DOUBLING: usize = 2_000;

/// `s3://bucket/prefix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Url {
    /// Bucket.
    pub bucket: String,
    /// Prefix of keys: empty, or ending with a slash.
    pub prefix: String,
}

impl S3Url {
    /// Reads a URL; `None` if it is not one of S3.
    pub fn parse(text: &str) -> Option<std::result::Result<Self, String>> {
        let rest = text.strip_prefix("s3://")?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Some(Err(format!(
                "`{text}` names no bucket; write s3://BUCKET/PREFIX"
            )));
        }
        let prefix = prefix.trim_matches('/');
        Some(Ok(Self {
            bucket: bucket.to_owned(),
            prefix: if prefix.is_empty() {
                String::new()
            } else {
                format!("{prefix}/")
            },
        }))
    }
}

/// What S3 answered: its code and words; of a request that got no answer, what stood in the way.
fn said<E, R>(error: SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    let Some(answer) = error.as_service_error() else {
        return DisplayErrorContext(error).to_string();
    };
    match (answer.code(), answer.message()) {
        (Some("NotFound"), None) => "it is not there".to_owned(),
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => DisplayErrorContext(error).to_string(),
    }
}

/// A bucket that objects are put into.
#[derive(Debug, Clone)]
pub struct Bucket {
    client: Client,
    handle: Handle,
    url: S3Url,
}

impl Bucket {
    /// Through an endpoint: the emulator's, MinIO's, or Amazon's own.
    pub fn open(url: S3Url, endpoint: Option<&str>, handle: Handle) -> Result<Self> {
        let mut environment = Environment::read().map_err(|message| Error::Usage {
            message,
            help: None,
        })?;
        if let Some(endpoint) = endpoint {
            environment.endpoint = Some(endpoint.to_owned());
        }
        if environment.endpoint.is_none() && environment.credentials.is_none() {
            return Err(Error::Usage {
                message: format!(
                    "`s3://{}` needs the endpoint of its S3, or the credentials of Amazon's",
                    url.bucket
                ),
                help: Some(
                    "--endpoint URL or AWS_ENDPOINT_URL (the emulator's is shown by `cargo dwsim status`), or \
                     AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                        .into(),
                ),
            });
        }
        let bucket = Self {
            client: environment.client(),
            handle,
            url,
        };
        // a wrong bucket is found before the first row
        let head = bucket
            .client
            .head_bucket()
            .bucket(&bucket.url.bucket)
            .send();
        bucket.handle.block_on(head).map_err(|e| Error::Usage {
            message: format!("cannot write to s3://{}: {}", bucket.url.bucket, said(e)),
            help: Some("the bucket must exist, and be reachable with these credentials".into()),
        })?;
        Ok(bucket)
    }

    /// Where an object is.
    pub fn shown(&self, name: &str) -> String {
        format!("s3://{}/{}{name}", self.url.bucket, self.url.prefix)
    }

    /// Puts a small object.
    pub fn put(&self, name: &str, bytes: Vec<u8>) -> IoResult<()> {
        let put = self
            .client
            .put_object()
            .bucket(&self.url.bucket)
            .key(format!("{}{name}", self.url.prefix))
            .body(ByteStream::from(bytes))
            .send();
        self.handle
            .block_on(put)
            .map(|_| ())
            .map_err(|e| IoError::other(said(e)))
    }

    /// Begins an object.
    pub fn create(&self, name: &str) -> Upload<'_> {
        Upload {
            bucket: self,
            key: format!("{}{name}", self.url.prefix),
            name: name.to_owned(),
            buffer: Vec::new(),
            upload: None,
            parts: Vec::new(),
            done: false,
        }
    }
}

/// An object on its way. Dropped before [`Upload::finish`], nothing of it stays.
#[derive(Debug)]
pub struct Upload<'a> {
    bucket: &'a Bucket,
    key: String,
    name: String,
    buffer: Vec<u8>,
    upload: Option<String>,
    parts: Vec<CompletedPart>,
    done: bool,
}

impl Upload<'_> {
    fn send_part(&mut self) -> IoResult<()> {
        let failed = |e: String| IoError::other(e);
        let (client, handle) = (&self.bucket.client, &self.bucket.handle);
        let id = match &self.upload {
            Some(id) => id.clone(),
            None => {
                let begun = client
                    .create_multipart_upload()
                    .bucket(&self.bucket.url.bucket)
                    .key(&self.key)
                    .send();
                let begun = handle.block_on(begun).map_err(|e| failed(said(e)))?;
                let id = begun.upload_id().unwrap_or_default().to_owned();
                self.upload = Some(id.clone());
                id
            }
        };
        let number = i32::try_from(self.parts.len() + 1).map_err(IoError::other)?;
        let part = client
            .upload_part()
            .bucket(&self.bucket.url.bucket)
            .key(&self.key)
            .upload_id(id)
            .part_number(number)
            .body(ByteStream::from(std::mem::take(&mut self.buffer)))
            .send();
        let part = handle.block_on(part).map_err(|e| failed(said(e)))?;
        self.parts.push(
            CompletedPart::builder()
                .part_number(number)
                .set_e_tag(part.e_tag().map(str::to_owned))
                .build(),
        );
        Ok(())
    }

    /// Makes the object appear.
    pub fn finish(mut self) -> IoResult<()> {
        if self.upload.is_none() {
            self.done = true;
            return self
                .bucket
                .put(&self.name, std::mem::take(&mut self.buffer));
        }
        if !self.buffer.is_empty() {
            self.send_part()?;
        }
        let parts = CompletedMultipartUpload::builder()
            .set_parts(Some(std::mem::take(&mut self.parts)))
            .build();
        let complete = self
            .bucket
            .client
            .complete_multipart_upload()
            .bucket(&self.bucket.url.bucket)
            .key(&self.key)
            .set_upload_id(self.upload.clone())
            .multipart_upload(parts)
            .send();
        self.bucket
            .handle
            .block_on(complete)
            .map_err(|e| IoError::other(said(e)))?;
        self.done = true;
        Ok(())
    }
}

impl Write for Upload<'_> {
    fn write(&mut self, buf: &[u8]) -> IoResult<usize> {
        self.buffer.extend_from_slice(buf);
        if self.buffer.len() >= PART << (self.parts.len() / DOUBLING).min(4) {
            self.send_part()?;
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> IoResult<()> {
        // the last part may be short, so nothing is sent before `finish`
        Ok(())
    }
}

impl Drop for Upload<'_> {
    fn drop(&mut self) {
        if let (false, Some(id)) = (self.done, self.upload.take()) {
            let abort = self
                .bucket
                .client
                .abort_multipart_upload()
                .bucket(&self.bucket.url.bucket)
                .key(&self.key)
                .upload_id(id)
                .send();
            // the bucket's lifecycle rule removes what cannot be aborted
            let _ = self.bucket.handle.block_on(abort);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::S3Url;

    #[test]
    fn answers_are_short() {
        use aws_sdk_s3::error::SdkError;
        use aws_sdk_s3::operation::head_bucket::HeadBucketError;
        use aws_sdk_s3::types::error::NotFound;
        let meta = aws_sdk_s3::error::ErrorMetadata::builder()
            .code("NotFound")
            .build();
        let error = HeadBucketError::NotFound(NotFound::builder().meta(meta).build());
        assert_eq!(
            super::said(SdkError::service_error(error, "a long response")),
            "it is not there"
        );
    }

    #[test]
    fn urls_name_a_bucket_and_a_prefix() {
        let url = |bucket: &str, prefix: &str| {
            Some(Ok(S3Url {
                bucket: bucket.into(),
                prefix: prefix.into(),
            }))
        };
        assert_eq!(S3Url::parse("s3://b"), url("b", ""));
        assert_eq!(S3Url::parse("s3://b/a/c/"), url("b", "a/c/"));
        assert!(matches!(S3Url::parse("s3:///x"), Some(Err(_))));
        assert_eq!(S3Url::parse("out"), None);
    }
}
