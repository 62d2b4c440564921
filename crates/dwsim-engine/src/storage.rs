//! Where COPY, UNLOAD and stages find objects: the interface of an object store.
//! The embedded S3 and the network clients behind it are given by the caller of the engine.

use async_trait::async_trait;
use bytes::Bytes;

use crate::error::Result;

/// What a listing says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectMeta {
    /// Key inside the bucket.
    pub key: String,
    /// Size in bytes.
    pub size: u64,
    /// Entity tag without quotes.
    pub etag: String,
    /// Seconds since the epoch of the last change.
    pub modified: i64,
}

/// An object store, addressed by bucket and key.
#[async_trait]
pub trait Storage: std::fmt::Debug + Send + Sync + 'static {
    /// Objects whose keys start with `prefix`, in key order.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Storage`] when the bucket does not exist or the store fails.
    async fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<ObjectMeta>>;

    /// A whole object.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Storage`] when it does not exist or the store fails.
    async fn get(&self, bucket: &str, key: &str) -> Result<Bytes>;

    /// Writes an object, all or nothing.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Storage`] when the bucket does not exist or the store fails.
    async fn put(&self, bucket: &str, key: &str, bytes: Bytes) -> Result<()>;

    /// Removes an object; a missing one is no error.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Storage`] when the store fails.
    async fn delete(&self, bucket: &str, key: &str) -> Result<()>;

    /// Makes a bucket; an existing one is no error.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Storage`] when the store fails.
    async fn create_bucket(&self, bucket: &str) -> Result<()>;
}

/// A store without objects, for engines that are given none.
#[derive(Debug, Default)]
pub struct NoStorage;

fn none() -> crate::error::SqlError {
    crate::error::SqlError::new(crate::error::ErrorKind::Storage(
        "no object store is connected to this engine".into(),
    ))
}

#[async_trait]
impl Storage for NoStorage {
    async fn list(&self, _: &str, _: &str) -> Result<Vec<ObjectMeta>> {
        Err(none())
    }
    async fn get(&self, _: &str, _: &str) -> Result<Bytes> {
        Err(none())
    }
    async fn put(&self, _: &str, _: &str, _: Bytes) -> Result<()> {
        Err(none())
    }
    async fn delete(&self, _: &str, _: &str) -> Result<()> {
        Err(none())
    }
    async fn create_bucket(&self, _: &str) -> Result<()> {
        Err(none())
    }
}
