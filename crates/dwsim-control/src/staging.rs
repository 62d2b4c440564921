//! Tables of a plan as Parquet in an S3, mostly the emulated one: generated in parallel, each put as soon as it is made.
//! Loading what lies there is the runtime's part.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Region, RequestChecksumCalculation};
use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_http_client::tls;
use dwsim_generate::{Format, GenerateError, Plan};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// The bucket that data are staged in.
pub const BUCKET: &str = "dwsim";

/// Why data cannot be staged.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The generator failed.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// S3 refused, or does not answer.
    #[error("{what}: {message}")]
    S3 {
        /// What was being done.
        what: String,
        /// The SDK's words.
        message: String,
    },
    /// A task broke down; a fault of dwsim.
    #[error("generating {table}: {message}")]
    Broken {
        /// The table.
        table: String,
        /// What happened.
        message: String,
    },
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
}

/// A bucket that tables are staged in.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its S3.
    pub client: Client,
    /// Its name.
    pub bucket: String,
    /// Whether it is made where it is not there.
    pub make: bool,
}

impl Place {
    /// The bucket of the emulated S3 at a URL.
    #[must_use]
    pub fn emulated(url: &str) -> Self {
        Place {
            client: client(url),
            bucket: BUCKET.to_owned(),
            make: true,
        }
    }

    async fn ready(&self) -> Result<(), StageError> {
        match self.make {
            true => ensure_bucket(&self.client, &self.bucket).await,
            false => Ok(()),
        }
    }
}

fn refused(what: impl Into<String>, error: &(dyn std::error::Error + 'static)) -> StageError {
    StageError::S3 {
        what: what.into(),
        message: DisplayErrorContext(error).to_string(),
    }
}

/// What was staged.
#[derive(Debug, Clone, Default)]
pub struct Staged {
    /// For each table the `s3://bucket/prefix/` of its files.
    pub urls: BTreeMap<String, String>,
    /// For each table the bytes of its Parquet.
    pub sizes: BTreeMap<String, u64>,
    /// Rows over all tables.
    pub rows: u64,
    /// Bytes of Parquet.
    pub bytes: u64,
    /// From the plan to the last PUT.
    pub time: Duration,
}

/// Told how many rows of a table are made.
pub type Report = Arc<dyn Fn(&str, u64) + Send + Sync>;

/// A buffer that takes nothing more once the work is cancelled.
struct Stoppable {
    bytes: Vec<u8>,
    stop: CancellationToken,
}

impl Write for Stoppable {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.stop.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        self.bytes.extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The key of a table's file under a prefix. Names stay out of it: it stands in URLs in SQL text.
#[must_use]
pub fn key(prefix: &str, index: usize) -> String {
    format!("{prefix}/{index:03}/data.parquet")
}

/// Makes every table's Parquet and puts it under the prefix.
///
/// # Errors
/// When a table cannot be made or put, or the work is cancelled; what was put until then stays.
pub async fn stage(
    plan: &Arc<Plan>,
    place: &Place,
    prefix: &str,
    report: &Report,
    stop: &CancellationToken,
) -> Result<Staged, StageError> {
    let started = Instant::now();
    place.ready().await?;
    let mut puts = JoinSet::new();
    for (index, table) in plan.tables().iter().enumerate() {
        let (plan, place, stop) = (Arc::clone(plan), place.clone(), stop.clone());
        let (name, report) = (table.name().to_owned(), Arc::clone(report));
        let key = key(prefix, index);
        let url = format!("s3://{}/{prefix}/{index:03}/", place.bucket);
        let span = tracing::info_span!("table", table = name, rows = table.rows());
        let put = async move {
            let (table, cancelled) = (name.clone(), stop.clone());
            let generating = tracing::info_span!("generate", table);
            let made = tokio::task::spawn_blocking(move || {
                let _generating = generating.entered();
                let mut out = Stoppable {
                    bytes: Vec::new(),
                    stop,
                };
                let told = |p: dwsim_generate::Progress<'_>| report(p.table, p.rows);
                plan.tables()[index]
                    .write(&mut out, Format::Parquet, &told)
                    .map(|_| out.bytes)
            })
            .await
            .map_err(|e| StageError::Broken {
                table: table.clone(),
                message: e.to_string(),
            })?;
            let parquet = match made {
                Err(_) if cancelled.is_cancelled() => return Err(StageError::Cancelled),
                made => made?,
            };
            let size = parquet.len() as u64;
            place
                .client
                .put_object()
                .bucket(&place.bucket)
                .key(key)
                .body(ByteStream::from(parquet))
                .send()
                .instrument(tracing::info_span!(
                    "put",
                    otel.kind = "client",
                    bytes = size
                ))
                .await
                .map_err(|e| refused(format!("staging {name} in S3"), &e))?;
            Ok::<_, StageError>((name, url, size))
        };
        puts.spawn(put.instrument(span));
    }
    let mut staged = Staged {
        rows: plan.total_rows(),
        ..Staged::default()
    };
    while let Some(put) = puts.join_next().await {
        let (name, url, size) = put.map_err(|e| StageError::Broken {
            table: "a table".to_owned(),
            message: e.to_string(),
        })??;
        staged.urls.insert(name.clone(), url);
        staged.sizes.insert(name, size);
        staged.bytes += size;
    }
    staged.time = started.elapsed();
    Ok(staged)
}

/// Makes a bucket unless it is there.
///
/// # Errors
/// When S3 refuses.
pub async fn ensure_bucket(client: &Client, bucket: &str) -> Result<(), StageError> {
    match client.create_bucket().bucket(bucket).send().await {
        Ok(_) => Ok(()),
        Err(e) => {
            let there = e.as_service_error().is_some_and(|e| {
                e.is_bucket_already_owned_by_you() || e.is_bucket_already_exists()
            });
            if there {
                Ok(())
            } else {
                Err(refused("creating the bucket", &e))
            }
        }
    }
}

/// Removes every object under a prefix; none is fine.
///
/// # Errors
/// When S3 refuses.
pub async fn clear(place: &Place, prefix: &str) -> Result<(), StageError> {
    place.ready().await?;
    let (client, bucket) = (&place.client, &place.bucket);
    loop {
        let listed = client
            .list_objects_v2()
            .bucket(bucket)
            .prefix(format!("{prefix}/"))
            .send()
            .await
            .map_err(|e| refused("listing staged objects", &e))?;
        let keys: Vec<String> = listed
            .contents()
            .iter()
            .filter_map(|o| o.key().map(str::to_owned))
            .collect();
        if keys.is_empty() {
            return Ok(());
        }
        for key in keys {
            client
                .delete_object()
                .bucket(bucket)
                .key(key)
                .send()
                .await
                .map_err(|e| refused("removing staged objects", &e))?;
        }
    }
}

/// An object's bytes.
///
/// # Errors
/// When it is not there.
pub async fn fetch(s3_url: &str, key: &str) -> Result<Vec<u8>, StageError> {
    let got = client(s3_url)
        .get_object()
        .bucket(BUCKET)
        .key(key)
        .send()
        .await
        .map_err(|e| refused("reading a staged object", &e))?;
    let bytes = got
        .body
        .collect()
        .await
        .map_err(|e| refused("reading a staged object", &e))?;
    Ok(bytes.into_bytes().to_vec())
}

/// Puts an object into any bucket.
///
/// # Errors
/// When S3 refuses.
pub async fn put(s3_url: &str, bucket: &str, key: &str, bytes: Vec<u8>) -> Result<(), StageError> {
    let client = client(s3_url);
    ensure_bucket(&client, bucket).await?;
    client
        .put_object()
        .bucket(bucket)
        .key(key)
        .body(ByteStream::from(bytes))
        .send()
        .await
        .map(|_| ())
        .map_err(|e| refused(format!("writing s3://{bucket}/{key}"), &e))
}

/// A client of the emulated S3, as any user's would be: plain http, path style, any credentials.
#[must_use]
pub fn client(url: &str) -> Client {
    Client::from_conf(
        config(Some(url))
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("dwsim", "dwsim", None, None, "dwsim"))
            .build(),
    )
}

fn config(endpoint: Option<&str>) -> aws_sdk_s3::config::Builder {
    let http = aws_smithy_http_client::Builder::new();
    let plain = endpoint.is_some_and(|url| url.starts_with("http://"));
    let http = if plain {
        http.build_http()
    } else {
        http.tls_provider(tls::Provider::Rustls(
            tls::rustls_provider::CryptoMode::Ring,
        ))
        .build_https()
    };
    let builder = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
    match endpoint {
        // few servers that are not Amazon's have a name for every bucket
        Some(url) => builder.endpoint_url(url).force_path_style(true),
        None => builder,
    }
}

/// What the environment says about S3, as every AWS tool takes it.
#[derive(Clone)]
pub struct Environment {
    /// `AWS_REGION`, else `AWS_DEFAULT_REGION`.
    pub region: Option<String>,
    /// `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL`; Amazon's own without.
    pub endpoint: Option<String>,
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
    pub credentials: Option<(String, String, Option<String>)>,
}

impl Environment {
    /// Reads it.
    ///
    /// # Errors
    /// When one half of the key is set and the other is not.
    pub fn read() -> Result<Self, String> {
        let variable = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let credentials = match (
            variable("AWS_ACCESS_KEY_ID"),
            variable("AWS_SECRET_ACCESS_KEY"),
        ) {
            (Some(id), Some(secret)) => Some((id, secret, variable("AWS_SESSION_TOKEN"))),
            (None, None) => None,
            _ => {
                return Err(
                    "only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set".to_owned(),
                );
            }
        };
        Ok(Environment {
            region: variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")),
            endpoint: variable("AWS_ENDPOINT_URL_S3").or_else(|| variable("AWS_ENDPOINT_URL")),
            credentials,
        })
    }

    /// A client with these credentials, or with any where there are none: emulators take them.
    #[must_use]
    pub fn client(&self) -> Client {
        let region = self
            .region
            .clone()
            .unwrap_or_else(|| "us-east-1".to_owned());
        let (id, secret, token) = self
            .credentials
            .clone()
            .unwrap_or_else(|| ("dwsim".into(), "dwsim".into(), None));
        Client::from_conf(
            config(self.endpoint.as_deref())
                .region(Region::new(region))
                .credentials_provider(Credentials::new(id, secret, token, None, "environment"))
                .build(),
        )
    }
}
