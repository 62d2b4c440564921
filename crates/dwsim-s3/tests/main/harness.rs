//! A server with its clients, gone when dropped.

use aws_credential_types::Credentials;
use aws_sdk_s3::{
    Client,
    config::{Builder, Region},
    error::{ProvideErrorMetadata, SdkError},
};
use dwsim_s3::{S3Options, S3Server, Store};
use std::net::SocketAddr;
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};

pub struct Harness {
    pub store: Store,
    pub address: SocketAddr,
    pub client: Client,
    /// The store's directory, if it has one.
    pub dir: Option<TempDir>,
    _shutdown: DropGuard,
}

impl Harness {
    pub async fn memory() -> Self {
        Self::start(Store::memory(), None, S3Options::default()).await
    }

    pub async fn directory() -> Self {
        let dir = TempDir::new().unwrap();
        let store = Store::directory(dir.path()).unwrap();
        Self::start(store, Some(dir), S3Options::default()).await
    }

    pub async fn start(store: Store, dir: Option<TempDir>, options: S3Options) -> Self {
        let server = S3Server::bind("127.0.0.1:0", store.clone(), options)
            .await
            .unwrap();
        let address = server.local_addr();
        let shutdown = CancellationToken::new();
        tokio::spawn(server.run(shutdown.clone()));
        Self {
            store,
            address,
            client: client(&format!("http://{address}"), |config| {
                config.force_path_style(true)
            }),
            dir,
            _shutdown: shutdown.drop_guard(),
        }
    }

    /// Both kinds of store, with a bucket named `bucket`.
    pub async fn both() -> [Self; 2] {
        let both = [Self::memory().await, Self::directory().await];
        for harness in &both {
            harness
                .client
                .create_bucket()
                .bucket("bucket")
                .send()
                .await
                .unwrap();
        }
        both
    }

    /// Files that hold, or would hold, bytes of objects and parts.
    pub fn data_files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut todo: Vec<_> = self.dir.iter().map(|dir| dir.path().to_owned()).collect();
        while let Some(next) = todo.pop() {
            for entry in std::fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    todo.push(path);
                } else if !path.ends_with("lock") && path.extension().is_none_or(|e| e != "json") {
                    found.push(path.display().to_string());
                }
            }
        }
        found
    }
}

/// A client of an endpoint without TLS.
pub fn client(endpoint: &str, configure: impl FnOnce(Builder) -> Builder) -> Client {
    let config = Builder::new()
        .behavior_version_latest()
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .credentials_provider(Credentials::new("any", "secret", None, None, "test"))
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint);
    Client::from_conf(configure(config).build())
}

/// The code of a failed call.
pub fn code<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, SdkError<E>>,
) -> String {
    let error = result.expect_err("should fail");
    match error.as_service_error() {
        Some(service) => service.code().unwrap_or("none").to_owned(),
        None => format!("{error:?}"),
    }
}
