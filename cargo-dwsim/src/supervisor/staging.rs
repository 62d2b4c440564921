//! From a schema to a loaded template: Parquet generated in parallel, put to S3 as each table is done, then
//! loaded into both warehouses over their protocols by the runtime.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Region, RequestChecksumCalculation};
use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::primitives::ByteStream;
use dwsim_generate::{Format, GENERATOR_VERSION, Options, Plan, Progress};
use dwsim_runtime::template::{self, TemplateKey};
use dwsim_runtime::{Dialect, Endpoints, TemplateInfo};
use dwsim_schema::Config;
use tokio::task::JoinSet;

use crate::error::{Error, Result};
use crate::ui::Ui;

/// The bucket that templates are staged in.
const BUCKET: &str = "dwsim";

/// What was staged.
#[derive(Debug, Clone, Default)]
pub struct Staged {
    /// For each table the `s3://bucket/prefix/` of its files.
    pub urls: BTreeMap<String, String>,
    /// Rows over all tables.
    pub rows: u64,
    /// Bytes of Parquet.
    pub bytes: u64,
    /// From the plan to the last PUT.
    pub time: Duration,
}

/// A loaded template.
#[derive(Debug, Clone)]
pub struct Template {
    /// What tests are told.
    pub info: TemplateInfo,
    /// Tables of it.
    pub tables: usize,
    /// What was staged for it.
    pub staged: Staged,
    /// DDL and COPY, the dialects side by side.
    pub load: Duration,
}

/// What is to be generated, and the name of it.
#[derive(Debug)]
pub struct Planned {
    plan: Arc<Plan>,
    key: TemplateKey,
}

impl Planned {
    /// The template's name and hashes.
    pub fn info(&self) -> TemplateInfo {
        self.key.info()
    }

    /// What is generated.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Rows over all tables.
    pub fn rows(&self) -> u64 {
        self.plan.total_rows()
    }

    /// Tables of the schema.
    pub fn tables(&self) -> usize {
        self.plan.tables().len()
    }
}

/// Plans the data of a configuration.
pub fn plan(config: &Config) -> Result<Planned> {
    let options = Options {
        seed: config.project.seed,
        scale: config.project.scale,
        ..Options::default()
    };
    let plan = dwsim_generate::plan(&config.schema, &options)?;
    let rows = plan
        .tables()
        .iter()
        .map(|t| (t.name().to_owned(), t.rows()))
        .collect();
    let key = TemplateKey::new(&config.schema, config.project.seed, rows, GENERATOR_VERSION);
    Ok(Planned {
        plan: Arc::new(plan),
        key,
    })
}

/// Generates, stages and loads the template of a configuration into `dialects`.
pub async fn load(
    config: &Config,
    endpoints: &Endpoints,
    dialects: &[Dialect],
    ui: &Ui,
) -> Result<Template> {
    let planned = plan(config)?;
    let info = planned.info();
    let staged = stage(&planned.plan, endpoints, &info.database, ui).await?;

    let started = Instant::now();
    let (key, urls, database) = (&planned.key, &staged.urls, &info.database);
    let loads = dialects.iter().map(|dialect| async move {
        template::load_one(*dialect, endpoints, &config.schema, key, urls, database)
            .await
            .map_err(|e| Error::Load {
                message: e.to_string(),
            })
    });
    futures::future::try_join_all(loads).await?;
    Ok(Template {
        info,
        tables: planned.tables(),
        staged,
        load: started.elapsed(),
    })
}

/// Makes every table's Parquet and puts it to S3, each as soon as it is there.
async fn stage(plan: &Arc<Plan>, endpoints: &Endpoints, prefix: &str, ui: &Ui) -> Result<Staged> {
    let started = Instant::now();
    let client = client(&endpoints.s3.url);
    let failed = |what: &str, e: &dyn std::fmt::Display| Error::Emulator {
        message: format!("staging in S3: {what}: {e}"),
        help: None,
    };
    if let Err(e) = client.create_bucket().bucket(BUCKET).send().await {
        let there = e
            .as_service_error()
            .is_some_and(|e| e.is_bucket_already_owned_by_you() || e.is_bucket_already_exists());
        if !there {
            return Err(failed("creating the bucket", &DisplayErrorContext(e)));
        }
    }
    let mut puts = JoinSet::new();
    for index in 0..plan.tables().len() {
        let (plan, client) = (Arc::clone(plan), client.clone());
        let name = plan.tables()[index].name().to_owned();
        let bar = ui.rows_bar(&name, plan.tables()[index].rows());
        // The name stands in a URL in SQL text; only what needs no escaping anywhere goes into the key.
        let folder = format!("{prefix}/{index:03}/");
        puts.spawn(async move {
            let report = move |p: Progress<'_>| bar.set_position(p.rows);
            let table = name.clone();
            let parquet = tokio::task::spawn_blocking(move || {
                let mut bytes = Vec::new();
                plan.tables()[index]
                    .write(&mut bytes, Format::Parquet, &report)
                    .map(|_| bytes)
            })
            .await
            .map_err(|e| Error::Internal(format!("generating {table}: {e}")))??;
            let size = parquet.len() as u64;
            client
                .put_object()
                .bucket(BUCKET)
                .key(format!("{folder}data.parquet"))
                .body(ByteStream::from(parquet))
                .send()
                .await
                .map_err(|e| Error::Emulator {
                    message: format!("staging {name} in S3: {}", DisplayErrorContext(e)),
                    help: None,
                })?;
            Ok::<_, Error>((name, format!("s3://{BUCKET}/{folder}"), size))
        });
    }
    let mut staged = Staged {
        rows: plan.total_rows(),
        ..Staged::default()
    };
    while let Some(put) = puts.join_next().await {
        let (name, url, size) = put.map_err(|e| Error::Internal(format!("staging: {e}")))??;
        staged.urls.insert(name, url);
        staged.bytes += size;
    }
    staged.time = started.elapsed();
    Ok(staged)
}

/// A client of the emulated S3, as any user's would be: plain http, path style, any credentials.
fn client(url: &str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("dwsim", "dwsim", None, None, "dwsim"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .force_path_style(true)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .build();
    Client::from_conf(config)
}

/// Puts an object into the S3 at `url` and gets it back, over HTTP.
pub async fn round_trip(url: &str) -> Result<()> {
    let client = client(url);
    let failed = |e: &dyn std::fmt::Display| Error::Emulator {
        message: e.to_string(),
        help: None,
    };
    let sdk = |e: aws_sdk_s3::Error| failed(&DisplayErrorContext(e));
    let (bucket, key, body) = ("dwsim-doctor", "round/trip", b"there and back");
    client
        .create_bucket()
        .bucket(bucket)
        .send()
        .await
        .map_err(|e| sdk(e.into()))?;
    let put = client
        .put_object()
        .bucket(bucket)
        .key(key)
        .body(ByteStream::from_static(body));
    put.send().await.map_err(|e| sdk(e.into()))?;
    let got = client
        .get_object()
        .bucket(bucket)
        .key(key)
        .send()
        .await
        .map_err(|e| sdk(e.into()))?;
    let got = got
        .body
        .collect()
        .await
        .map_err(|e| failed(&e))?
        .into_bytes();
    if got != body.as_slice() {
        return Err(failed(&format!(
            "{} bytes came back, not the {} that were put",
            got.len(),
            body.len()
        )));
    }
    Ok(())
}
