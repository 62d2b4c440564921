//! The servers that a run is on: the emulators of this process, a server that stands in for one of them (PostgreSQL for
//! Redshift, LocalStack for Snowflake), or real warehouses. Which one, `test.target` says.

use dwsim_runtime::snapshot::set_rules;
use dwsim_runtime::template;
use dwsim_runtime::{Dialect, Endpoint, Endpoints, Isolation, TestSettings};
use dwsim_schema::{Config, ServerKind, Target, TargetKind};

use super::container::Container;
use super::live::{self, Live};
use super::staging::Bucket;
use super::{Emulators, Settings, Template, localstack, staging, stand_in};
use crate::error::{Error, Result};
use crate::ui::Ui;

/// The image of a container when dwsim.toml names none.
const IMAGE: &str = "postgres:16-alpine";

/// Running servers.
#[derive(Debug)]
pub enum Servers {
    /// Both warehouses and S3.
    Embedded(Emulators),
    /// Redshift alone.
    StandIn(Endpoints, Option<Container>),
    /// Snowflake alone.
    LocalStack(Live, Container),
    /// Real warehouses.
    Live(Live),
}

/// How the servers of a run are filled.
#[derive(Debug, Clone)]
pub enum Loader {
    /// Through the emulated S3.
    Embedded,
    /// By COPY FROM STDIN.
    StandIn,
    /// Through the bucket of a server that stands in for Snowflake.
    LocalStack(Bucket),
    /// Through a bucket.
    Live(Bucket),
}

/// Is a target's Redshift or Snowflake the warehouse itself?
pub fn is_warehouse(target: &Target) -> bool {
    let connections = target.redshift.iter().chain(&target.snowflake);
    target.kind == TargetKind::Live
        && connections
            .clone()
            .any(|c| c.engine == ServerKind::Warehouse)
}

/// The dialects of a run on the configuration's target: those that were asked for, else those of the project that the
/// target has.
pub fn dialects(config: &Config, asked: Vec<Dialect>) -> Result<Vec<Dialect>> {
    let name = &config.test.target;
    let Some(target) = config.target(name) else {
        return Err(Error::Target {
            message: format!("there is no [target.{name}] in dwsim.toml"),
            help: Some("`cargo dwsim config show target` lists the targets".into()),
        });
    };
    if target.kind == TargetKind::Embedded {
        return Ok(match asked.is_empty() {
            true => config.project.dialects.clone(),
            false => asked,
        });
    }
    let localstack = target.kind == TargetKind::Container && target.snowflake.is_some();
    if is_warehouse(target) || localstack {
        return live::dialects(config, target, asked);
    }
    if target.kind == TargetKind::Live && target.redshift.is_none() {
        return Err(Error::Target {
            message: format!("the target `{name}` says of no server where it is"),
            help: Some(
                "such as redshift = { engine = \"postgresql\", url_env = \"POSTGRES_URL\" }".into(),
            ),
        });
    }
    let wanted = if asked.is_empty() {
        config.project.dialects.clone()
    } else {
        asked.clone()
    };
    if asked.contains(&Dialect::Snowflake) || !wanted.contains(&Dialect::Redshift) {
        return Err(Error::Target {
            message: format!(
                "the target `{name}` has a PostgreSQL server, which stands in for Redshift and not for Snowflake"
            ),
            help: Some("`--target embedded` has both warehouses".into()),
        });
    }
    Ok(vec![Dialect::Redshift])
}

impl Servers {
    /// Starts or finds what the configuration's target is.
    pub async fn start(config: &Config, ui: &Ui) -> Result<Self> {
        let target = config.target(&config.test.target);
        let Some(target) = target.filter(|t| t.kind != TargetKind::Embedded) else {
            return Emulators::start(&Settings::of(config))
                .await
                .map(Servers::Embedded);
        };
        if is_warehouse(target) {
            return Live::connect(config, target).map(Servers::Live);
        }
        if let (TargetKind::Container, Some(connection)) = (target.kind, &target.snowflake) {
            let (live, container) = localstack::start(config, target, connection, ui).await?;
            return Ok(Servers::LocalStack(live, container));
        }
        let connection = target.redshift.clone().unwrap_or_default();
        let (container, redshift) = if target.kind == TargetKind::Container {
            let image = connection.image.as_deref().unwrap_or(IMAGE);
            let (container, endpoint) = Container::postgresql(image, ui).await?;
            (Some(container), endpoint)
        } else {
            (None, live::redshift(&target.name, &connection)?)
        };
        let endpoints = Endpoints {
            redshift,
            snowflake: Endpoint::none(),
            s3: Endpoint::none(),
            redshift_data: None,
            redshift_authority: None,
            tls: None,
            template: None,
            isolation: Isolation::Database,
            settings: None,
            control: None,
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        };
        Ok(Servers::StandIn(endpoints, container))
    }

    /// Where they listen.
    pub fn endpoints(&self) -> &Endpoints {
        match self {
            Servers::Embedded(emulators) => &emulators.endpoints,
            Servers::StandIn(endpoints, _) => endpoints,
            Servers::LocalStack(live, _) | Servers::Live(live) => &live.endpoints,
        }
    }

    /// How they are filled.
    pub fn loader(&self) -> Loader {
        match self {
            Servers::Embedded(_) => Loader::Embedded,
            Servers::StandIn(..) => Loader::StandIn,
            Servers::LocalStack(live, _) => Loader::LocalStack(live.bucket.clone()),
            Servers::Live(live) => Loader::Live(live.bucket.clone()),
        }
    }

    /// Waits until one ends by itself, which none should.
    pub async fn ended(&mut self) -> Error {
        match self {
            Servers::Embedded(emulators) => emulators.ended().await,
            Servers::StandIn(..) | Servers::LocalStack(..) | Servers::Live(_) => {
                std::future::pending().await
            }
        }
    }

    /// Ends what was started.
    pub async fn stop(self) {
        match self {
            Servers::Embedded(emulators) => emulators.stop().await,
            Servers::StandIn(_, Some(container)) | Servers::LocalStack(_, container) => {
                container.remove().await
            }
            Servers::StandIn(endpoints, None) => {
                // the run is over, whatever becomes of this
                let _ = template::forget(Dialect::Redshift, &endpoints).await;
            }
            Servers::Live(live) => live.forget().await,
        }
    }

    /// Remembers the template, to drop it from a server that stays.
    pub fn loaded(&mut self, endpoints: Endpoints) {
        match self {
            Servers::Embedded(_) => {}
            Servers::StandIn(ours, _) => *ours = endpoints,
            Servers::LocalStack(live, _) | Servers::Live(live) => live.endpoints = endpoints,
        }
    }
}

impl Loader {
    /// Generates and loads the template.
    pub async fn load(
        &self,
        endpoints: &mut Endpoints,
        config: &Config,
        dialects: &[Dialect],
        ui: &Ui,
    ) -> Result<Template> {
        let mut settings = TestSettings::from(config);
        // known before it is loaded: what a broken load leaves is dropped too
        let planned = staging::plan(config)?;
        endpoints.template = Some(planned.info());
        let template = match self {
            Loader::Embedded => {
                let bucket = Bucket::emulated(&endpoints.s3.url);
                staging::load_planned(config, planned, endpoints, dialects, &bucket, ui).await?
            }
            Loader::StandIn => {
                settings.rules.stand_in = true;
                stand_in::load(config, planned, endpoints).await?
            }
            Loader::LocalStack(bucket) => {
                settings.rules.stand_in = true;
                staging::load_planned(config, planned, endpoints, dialects, bucket, ui).await?
            }
            Loader::Live(bucket) => {
                staging::load_planned(config, planned, endpoints, dialects, bucket, ui).await?
            }
        };
        set_rules(settings.rules);
        endpoints.settings = Some(settings);
        endpoints.template = Some(template.info.clone());
        Ok(template)
    }
}
