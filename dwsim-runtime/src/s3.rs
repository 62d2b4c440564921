//! The emulated S3 in tests: a bucket of one's own, to put what COPY loads and to read what UNLOAD writes.
//! Plain HTTP without a signature, which the emulator takes; other clients use any SDK.

use crate::endpoints::Endpoints;
use crate::error::{Error, Result};
use crate::{Endpoint, percent_path};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// A bucket of a test's own in the emulated S3.
#[derive(Debug, Clone)]
pub struct S3 {
    endpoint: Endpoint,
    bucket: String,
}

impl S3 {
    /// Makes the bucket.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub fn open(endpoints: &Endpoints) -> Result<Self> {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let s3 = S3 {
            endpoint: endpoints.s3.clone(),
            bucket: format!("dwsim-test-{}", &id[..16]),
        };
        s3.request("PUT", "", &[])?;
        Ok(s3)
    }

    /// The bucket's name.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// `http://127.0.0.1:9000`, for other clients.
    #[must_use]
    pub fn endpoint_url(&self) -> &str {
        &self.endpoint.url
    }

    /// `s3://bucket/key`, as COPY takes it.
    #[must_use]
    pub fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    /// Puts an object; its `s3://` URL.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub fn put(&self, key: &str, bytes: impl AsRef<[u8]>) -> Result<String> {
        self.request("PUT", key, bytes.as_ref())?;
        Ok(self.url(key))
    }

    /// Gets an object.
    ///
    /// # Errors
    /// When there is none, or the server cannot be reached.
    pub fn get(&self, key: &str) -> Result<Vec<u8>> {
        self.request("GET", key, &[])
    }

    /// Removes an object; one that is not there is removed already.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub fn delete(&self, key: &str) -> Result<()> {
        self.request("DELETE", key, &[]).map(|_| ())
    }

    fn request(&self, method: &str, key: &str, body: &[u8]) -> Result<Vec<u8>> {
        let address = format!("{}:{}", self.endpoint.host, self.endpoint.port);
        let failed = |e: std::io::Error| Error::Setup(format!("S3 at {address}: {e}"));
        let mut stream = TcpStream::connect(&address).map_err(failed)?;
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .map_err(failed)?;
        let path = percent_path(key);
        let head = format!(
            "{method} /{}/{path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n",
            self.bucket,
            body.len()
        );
        stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(body))
            .map_err(failed)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map_err(failed)?;
        let split = answer.windows(4).position(|w| w == b"\r\n\r\n");
        let Some(split) = split else {
            return Err(Error::Setup(format!(
                "S3 at {address} answered against HTTP"
            )));
        };
        let body = answer.split_off(split + 4);
        let head = String::from_utf8_lossy(&answer);
        match head.split(' ').nth(1) {
            Some(status) if status.starts_with('2') => Ok(body),
            status => Err(Error::Setup(format!(
                "S3: {method} {}: {} {}",
                self.url(key),
                status.unwrap_or("?"),
                String::from_utf8_lossy(&body)
            ))),
        }
    }
}
