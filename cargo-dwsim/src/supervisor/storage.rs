//! The embedded S3 as the engines' object store: the same buckets that clients see over HTTP, without the way
//! through it. COPY and UNLOAD move bytes by reference here.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use async_trait::async_trait;
use bytes::Bytes;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::storage::{ObjectMeta, Storage};
use dwsim_s3::{PutOptions, Store, StoreError};

/// A store given to an engine.
#[derive(Debug)]
pub struct EmbeddedStorage(Store);

impl EmbeddedStorage {
    /// The store as the engine's trait object.
    pub fn shared(store: Store) -> Arc<dyn Storage> {
        Arc::new(EmbeddedStorage(store))
    }
}

fn failed(e: StoreError) -> SqlError {
    SqlError::new(ErrorKind::Storage(e.to_string()))
}

/// Runs a store operation off the reactor: with a data directory it reads and writes files.
async fn blocking<T: Send + 'static>(
    store: &Store,
    work: impl FnOnce(Store) -> std::result::Result<T, StoreError> + Send + 'static,
) -> Result<T> {
    let copy = store.clone();
    if !store.is_directory() {
        return work(copy).map_err(failed);
    }
    tokio::task::spawn_blocking(move || work(copy))
        .await
        .map_err(|e| {
            SqlError::new(ErrorKind::Storage(format!(
                "a store operation was aborted: {e}"
            )))
        })?
        .map_err(failed)
}

#[async_trait]
impl Storage for EmbeddedStorage {
    async fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<ObjectMeta>> {
        let (bucket, prefix) = (bucket.to_owned(), prefix.to_owned());
        let found = blocking(&self.0, move |s| s.list(&bucket, &prefix)).await?;
        Ok(found
            .into_iter()
            .map(|o| ObjectMeta {
                key: o.key().to_owned(),
                size: o.size(),
                etag: o.etag().as_str().to_owned(),
                modified: o
                    .last_modified()
                    .duration_since(UNIX_EPOCH)
                    .map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX)),
            })
            .collect())
    }

    async fn get(&self, bucket: &str, key: &str) -> Result<Bytes> {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        blocking(&self.0, move |s| s.get(&bucket, &key).map(|o| o.bytes)).await
    }

    async fn put(&self, bucket: &str, key: &str, bytes: Bytes) -> Result<()> {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        blocking(&self.0, move |s| {
            s.put(&bucket, &key, bytes, PutOptions::default())
                .map(|_| ())
        })
        .await
    }

    async fn delete(&self, bucket: &str, key: &str) -> Result<()> {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        blocking(&self.0, move |s| s.delete(&bucket, &key).map(|_| ())).await
    }

    async fn create_bucket(&self, bucket: &str) -> Result<()> {
        let bucket = bucket.to_owned();
        blocking(&self.0, move |s| s.ensure_bucket(&bucket)).await
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[tokio::test]
    async fn engine_and_store_see_the_same_objects() {
        let dir = tempfile::tempdir().unwrap();
        for store in [Store::memory(), Store::directory(dir.path()).unwrap()] {
            let storage = EmbeddedStorage::shared(store.clone());
            storage.create_bucket("lake").await.unwrap();
            storage.create_bucket("lake").await.unwrap();
            storage
                .put("lake", "a/1", Bytes::from_static(b"one"))
                .await
                .unwrap();
            assert_eq!(store.get("lake", "a/1").unwrap().bytes, "one");
            let listed = storage.list("lake", "a/").await.unwrap();
            assert_eq!((listed[0].key.as_str(), listed[0].size), ("a/1", 3));
            assert!(storage.list("lake", "b/").await.unwrap().is_empty());
            storage.delete("lake", "a/1").await.unwrap();
            storage.delete("lake", "a/1").await.unwrap();
            let error = storage.get("lake", "a/1").await.unwrap_err();
            assert!(matches!(*error.kind, ErrorKind::Storage(_)), "{error:?}");
            assert!(storage.list("none", "").await.is_err());
        }
    }
}
