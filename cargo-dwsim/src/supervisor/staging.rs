//! From a schema to a loaded template: Parquet generated in parallel, put to S3 as each table is done, then
//! loaded into both warehouses over their protocols by the runtime.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::primitives::ByteStream;
use dwsim_control::staging::{self, Place, StageError, Staged};
use dwsim_generate::{GENERATOR_VERSION, Options, Plan};
use dwsim_runtime::template::{self, Access, TemplateKey};
use dwsim_runtime::{Dialect, Endpoints, TemplateInfo};
use dwsim_schema::Config;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::error::{Error, Result};
use crate::ui::Ui;

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

/// The bucket that the warehouses load from.
#[derive(Clone)]
pub struct Bucket {
    /// Where it is.
    pub place: Place,
    /// Before the names of templates: empty, or ending with a slash.
    pub prefix: String,
    /// What the warehouses reach it with.
    pub access: Access,
}

/// Without the credentials.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket")
            .field("bucket", &self.place.bucket)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl Bucket {
    /// The emulators' own.
    pub fn emulated(url: &str) -> Self {
        Bucket {
            place: Place::emulated(url),
            prefix: String::new(),
            access: Access::default(),
        }
    }
}

/// Generates, stages and loads the template of a configuration into `dialects` of the emulators.
pub async fn load(
    config: &Config,
    endpoints: &Endpoints,
    dialects: &[Dialect],
    ui: &Ui,
) -> Result<Template> {
    let bucket = Bucket::emulated(&endpoints.s3.url);
    load_planned(config, plan(config)?, endpoints, dialects, &bucket, ui).await
}

/// As [`load`], of what is planned, through any bucket.
#[tracing::instrument(name = "template", skip_all)]
pub async fn load_planned(
    config: &Config,
    planned: Planned,
    endpoints: &Endpoints,
    dialects: &[Dialect],
    bucket: &Bucket,
    ui: &Ui,
) -> Result<Template> {
    let info = planned.info();
    let staged = stage(
        &planned.plan,
        &bucket.place,
        &format!("{}{}", bucket.prefix, info.database),
        ui,
    )
    .await?;

    let started = Instant::now();
    let (key, urls) = (&planned.key, &staged.urls);
    let loads = dialects.iter().map(|dialect| async move {
        template::load_one(
            *dialect,
            endpoints,
            &config.schema,
            key,
            urls,
            &bucket.access,
        )
        .instrument(tracing::info_span!(
            "load",
            otel.kind = "client",
            db.system.name = dialect.name(),
        ))
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

/// Makes every table's Parquet and puts it to S3, with a bar for each.
async fn stage(plan: &Arc<Plan>, place: &Place, prefix: &str, ui: &Ui) -> Result<Staged> {
    let bars: BTreeMap<String, _> = plan
        .tables()
        .iter()
        .map(|t| (t.name().to_owned(), ui.rows_bar(t.name(), t.rows())))
        .collect();
    let report: staging::Report = Arc::new(move |table, rows| {
        if let Some(bar) = bars.get(table) {
            bar.set_position(rows);
        }
    });
    let never = CancellationToken::new();
    staging::stage(plan, place, prefix, &report, &never)
        .await
        .map_err(|e| match e {
            StageError::Generate(e) => e.into(),
            other => Error::Emulator {
                message: other.to_string(),
                help: None,
            },
        })
}

/// Puts an object into the S3 at `url` and gets it back, over HTTP.
pub async fn round_trip(url: &str) -> Result<()> {
    let client = staging::client(url);
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
