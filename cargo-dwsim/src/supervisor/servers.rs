//! The servers that a run is on: the emulators of this process, or a PostgreSQL server that stands in for Redshift.
//! Which one, `test.target` says.

use std::env::VarError;

use dwsim_runtime::snapshot::set_rules;
use dwsim_runtime::{Dialect, Endpoint, Endpoints, TestSettings};
use dwsim_schema::{Config, LiveConnection, ServerKind, TargetKind};

use super::container::Container;
use super::{Emulators, Settings, Template, staging, stand_in};
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
    let real = |connection: &Option<LiveConnection>| {
        connection
            .as_ref()
            .is_some_and(|c| c.engine == ServerKind::Warehouse)
    };
    if target.kind == TargetKind::Live && (real(&target.redshift) || real(&target.snowflake)) {
        return Err(Error::Target {
            message: format!("the target `{name}` is a live warehouse, on which this version does not run tests"),
            help: Some(
                "`--target embedded` runs them on this machine; a PostgreSQL server can stand in for Redshift with \
                 engine = \"postgresql\""
                    .into(),
            ),
        });
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
        let connection = target.redshift.clone().unwrap_or_default();
        let (container, redshift) = if target.kind == TargetKind::Container {
            let image = connection.image.as_deref().unwrap_or(IMAGE);
            let (container, endpoint) = Container::postgresql(image, ui).await?;
            (Some(container), endpoint)
        } else {
            (None, live(&target.name, &connection)?)
        };
        let endpoints = Endpoints {
            redshift,
            snowflake: Endpoint::none(),
            s3: Endpoint::none(),
            redshift_data: None,
            redshift_authority: None,
            tls: None,
            template: None,
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
        }
    }

    /// Waits until one ends by itself, which none should.
    pub async fn ended(&mut self) -> Error {
        match self {
            Servers::Embedded(emulators) => emulators.ended().await,
            Servers::StandIn(..) => std::future::pending().await,
        }
    }

    /// Ends what was started.
    pub async fn stop(self) {
        match self {
            Servers::Embedded(emulators) => emulators.stop().await,
            Servers::StandIn(_, Some(container)) => container.remove().await,
            Servers::StandIn(endpoints, None) => stand_in::forget(&endpoints).await,
        }
    }

    /// Generates and loads the template.
    pub async fn load(
        endpoints: &mut Endpoints,
        config: &Config,
        dialects: &[Dialect],
        ui: &Ui,
    ) -> Result<Template> {
        let mut settings = TestSettings::from(config);
        let template = if endpoints.s3.is_none() {
            settings.rules.stand_in = true;
            stand_in::load(config, endpoints).await?
        } else {
            staging::load(config, endpoints, dialects, ui).await?
        };
        set_rules(settings.rules);
        endpoints.settings = Some(settings);
        endpoints.template = Some(template.info.clone());
        Ok(template)
    }

    /// Remembers the template, to drop it from a server that stays.
    pub fn loaded(&mut self, endpoints: Endpoints) {
        if let Servers::StandIn(ours, _) = self {
            *ours = endpoints;
        }
    }
}

/// The server of a live target; user and password come from the environment.
fn live(target: &str, connection: &LiveConnection) -> Result<Endpoint> {
    let missing = |what: String| Error::Target {
        message: format!("[target.{target}.redshift] {what}"),
        help: Some("secrets come only from the environment".into()),
    };
    let variable = |name: &str| match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        Ok(_) | Err(VarError::NotPresent) => Err(missing(format!(
            "needs the variable {name}, which is not set"
        ))),
        Err(VarError::NotUnicode(_)) => Err(missing(format!("the variable {name} is not UTF-8"))),
    };
    let url = match &connection.url_env {
        Some(name) => variable(name)?,
        None => {
            let host = connection
                .host
                .as_deref()
                .ok_or_else(|| missing("needs `url_env` or `host`".into()))?;
            let password = connection
                .password_env
                .as_deref()
                .map(variable)
                .transpose()?;
            format!(
                "postgres://{}:{}@{host}:{}/{}",
                escaped(connection.user.as_deref().unwrap_or("postgres")),
                escaped(&password.unwrap_or_default()),
                connection.port.unwrap_or(5432),
                escaped(connection.database.as_deref().unwrap_or("postgres")),
            )
        }
    };
    let place = url
        .strip_prefix("postgres://")
        .or_else(|| url.strip_prefix("postgresql://"))
        .and_then(|rest| rest.split(['/', '?', '#']).next())
        .map(|place| place.rsplit_once('@').map_or(place, |(_, place)| place))
        .filter(|place| !place.is_empty())
        .ok_or_else(|| {
            missing("needs a URL such as postgres://user:password@host:5432/database".into())
        })?;
    if url.contains("sslmode=require") || url.contains("sslmode=verify") {
        return Err(missing(
            "asks for TLS, which this version does not speak to PostgreSQL".into(),
        ));
    }
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) => {
            let port = port
                .parse()
                .map_err(|_| missing(format!("has the port `{port}`")))?;
            (host, port)
        }
        None => (place, 5432),
    };
    Ok(Endpoint {
        host: host.trim_matches(['[', ']']).to_owned(),
        port,
        url,
    })
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}
