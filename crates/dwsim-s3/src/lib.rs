//! S3 for staging, embedded: a store of buckets and objects, and a server that speaks S3's HTTP API to it.
//! What the objects mean (files to load, stages, pipes) is left to the warehouses.
//!
//! The [`Store`] is used directly by whoever shares the process, and over HTTP by S3 clients:
//!
//! ```
//! use dwsim_s3::{S3Options, S3Server, Store};
//! use tokio_util::sync::CancellationToken;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let store = Store::memory();
//! store.create_bucket("staging")?;
//! let server = S3Server::bind("127.0.0.1:0", store.clone(), S3Options::default()).await?;
//! let endpoint = format!("http://{}", server.local_addr());
//! let shutdown = CancellationToken::new();
//! let running = tokio::spawn(server.run(shutdown.clone()));
//! # let _ = endpoint;
//! shutdown.cancel();
//! running.await?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod checksum;
mod error;
mod server;
mod store;

pub use checksum::{ChecksumAlgorithm, ChecksumScope, Checksums};
pub use error::{Result, StoreError};
pub use server::{S3Options, S3Server};
pub use store::{
    Attributes, BucketInfo, CompleteOptions, CompletedPart, CopyOptions, ETag, EventKind, ListPage,
    ListQuery, MIN_PART_SIZE, Object, ObjectInfo, ObjectReader, ObjectWriter, PartInfo, PartWriter,
    PutOptions, Store, StoreEvent, UploadInfo, WriteCondition,
};
