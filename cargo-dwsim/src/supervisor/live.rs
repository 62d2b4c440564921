//! Real warehouses as a target: where they are, who logs in, and the bucket that they load from.
//! A schema per test and the COPY statements are the runtime's part; secrets come from the environment and stay in memory.

use std::env::VarError;

use dwsim_control::staging::{self, Environment, Place};
use dwsim_runtime::template::{self, Access};
use dwsim_runtime::{Dialect, Endpoint, Endpoints, Isolation, percent};
use dwsim_schema::identifiers::literal;
use dwsim_schema::{Config, LiveConnection, ServerKind, Target};

use super::staging::Bucket;
use crate::error::{Error, Result};

/// Reachable warehouses and the bucket between here and there.
#[derive(Debug)]
pub struct Live {
    /// Where they are; without a warehouse that the target does not have.
    pub endpoints: Endpoints,
    /// Where the data go through.
    pub bucket: Bucket,
}

/// Servers that this process has not started, where each test has schemas of its own.
pub(super) fn endpoints(config: &Config, redshift: Endpoint, snowflake: Endpoint) -> Endpoints {
    Endpoints {
        redshift,
        snowflake,
        s3: Endpoint::none(),
        redshift_data: None,
        redshift_authority: None,
        tls: None,
        template: None,
        isolation: Isolation::Schema,
        settings: Some(config.into()),
        control: None,
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
    }
}

/// The dialects that are asked for, else those of the project that the target has.
pub fn dialects(config: &Config, target: &Target, asked: Vec<Dialect>) -> Result<Vec<Dialect>> {
    let has = |dialect: &Dialect| match dialect {
        Dialect::Redshift => target.redshift.is_some(),
        Dialect::Snowflake => target.snowflake.is_some(),
    };
    if let Some(missing) = asked.iter().find(|d| !has(d)) {
        return Err(Error::Target {
            message: format!("the target `{}` has no {missing}", target.name),
            help: Some(format!(
                "give [target.{}] a `{}` connection",
                target.name,
                missing.name()
            )),
        });
    }
    let stand_in = |c: &Option<LiveConnection>| {
        c.as_ref()
            .is_some_and(|c| c.engine == ServerKind::PostgreSql)
    };
    if stand_in(&target.redshift) {
        return Err(Error::Target {
            message: format!(
                "the target `{}` has a PostgreSQL server beside a real Snowflake",
                target.name
            ),
            help: Some(
                "make two targets of them: answers of a stand-in are compared otherwise".into(),
            ),
        });
    }
    let mut wanted = match asked.is_empty() {
        true => config.project.dialects.clone(),
        false => asked,
    };
    wanted.retain(has);
    if wanted.is_empty() {
        return Err(Error::Target {
            message: format!(
                "the target `{}` has no dialect of this project",
                target.name
            ),
            help: Some("`project.dialects` in dwsim.toml lists them".into()),
        });
    }
    Ok(wanted)
}

/// Where a target has a warehouse.
pub fn endpoint(target: &Target, dialect: Dialect) -> Result<Endpoint> {
    let (connection, make): (_, Make) = match dialect {
        Dialect::Redshift => (&target.redshift, redshift),
        Dialect::Snowflake => (&target.snowflake, snowflake),
    };
    match connection {
        Some(connection) => make(&target.name, connection),
        None => Err(lacks(&target.name, dialect, "is not there")),
    }
}

impl Live {
    /// Reads what is needed to reach them; nothing is connected yet.
    pub fn connect(config: &Config, target: &Target) -> Result<Self> {
        let endpoint = |connection: &Option<LiveConnection>, make: Make| match connection {
            Some(connection) => make(&target.name, connection),
            None => Ok(Endpoint::none()),
        };
        let endpoints = endpoints(
            config,
            endpoint(&target.redshift, redshift)?,
            endpoint(&target.snowflake, snowflake)?,
        );
        Ok(Live {
            endpoints,
            bucket: Bucket::of(target)?,
        })
    }

    /// Drops the template and removes what was staged for it.
    pub async fn forget(self) {
        let Some(template) = &self.endpoints.template else {
            return;
        };
        for dialect in [Dialect::Redshift, Dialect::Snowflake] {
            if !self.endpoints.of(dialect).is_none() {
                // the run is over, whatever becomes of this; a later one drops it first
                let _ = template::forget(dialect, &self.endpoints).await;
            }
        }
        let prefix = format!("{}{}", self.bucket.prefix, template.database);
        let _ = staging::clear(&self.bucket.place, &prefix).await;
    }
}

type Make = fn(&str, &LiveConnection) -> Result<Endpoint>;

impl Bucket {
    fn of(target: &Target) -> Result<Self> {
        let missing = |what: &str, help: &str| Error::Target {
            message: format!("[target.{}] {what}", target.name),
            help: Some(help.to_owned()),
        };
        let staging = target.staging.clone().unwrap_or_default();
        let bucket = staging.bucket.ok_or_else(|| {
            missing(
                "has no bucket that its warehouses load from",
                "staging = { bucket = \"…\", prefix = \"…\", region = \"…\", iam_role = \"arn:…\" }",
            )
        })?;
        let mut environment = Environment::read().map_err(|why| missing(&why, "set both"))?;
        let Some((id, secret, token)) = environment.credentials.clone() else {
            return Err(missing(
                "needs the credentials of its bucket",
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN for temporary ones",
            ));
        };
        environment.region = staging.region.or(environment.region);
        let redshift = match &staging.iam_role {
            Some(role) if role == "default" => "iam_role default".to_owned(),
            Some(role) => format!("iam_role {}", literal(role, Dialect::Redshift)),
            None => {
                let mut keys = format!("aws_access_key_id={id};aws_secret_access_key={secret}");
                if let Some(token) = &token {
                    keys += &format!(";token={token}");
                }
                format!("credentials {}", literal(&keys, Dialect::Redshift))
            }
        };
        let snowflake = match &staging.storage_integration {
            Some(name) => format!("storage_integration = {name}"),
            None => {
                let quoted = |text: &str| literal(text, Dialect::Snowflake);
                let mut keys = format!(
                    "aws_key_id = {} aws_secret_key = {}",
                    quoted(&id),
                    quoted(&secret)
                );
                if let Some(token) = &token {
                    keys += &format!(" aws_token = {}", quoted(token));
                }
                format!("credentials = ({keys})")
            }
        };
        let prefix = staging.prefix.unwrap_or_default();
        let prefix = prefix.trim_matches('/');
        Ok(Bucket {
            place: Place {
                client: environment.client(),
                bucket,
                make: false,
            },
            prefix: match prefix {
                "" => String::new(),
                prefix => format!("{prefix}/"),
            },
            access: Access {
                redshift,
                snowflake,
            },
        })
    }
}

/// What a target lacks.
fn lacks(target: &str, dialect: Dialect, what: &str) -> Error {
    Error::Target {
        message: format!("[target.{target}.{}] {what}", dialect.name()),
        help: Some("secrets come only from the environment".into()),
    }
}

/// The value of a variable that dwsim.toml names.
fn variable(target: &str, dialect: Dialect, name: &str) -> Result<String> {
    let lacks = |what: String| lacks(target, dialect, &what);
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        Ok(_) | Err(VarError::NotPresent) => Err(lacks(format!(
            "needs the variable {name}, which is not set"
        ))),
        Err(VarError::NotUnicode(_)) => Err(lacks(format!("the variable {name} is not UTF-8"))),
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

/// Redshift, or the PostgreSQL server that stands in for it.
pub fn redshift(target: &str, connection: &LiveConnection) -> Result<Endpoint> {
    const DIALECT: Dialect = Dialect::Redshift;
    let lacks = |what: &str| lacks(target, DIALECT, what);
    let (standard, user) = match connection.engine {
        ServerKind::Warehouse => (5439, "dev"),
        ServerKind::PostgreSql => (5432, "postgres"),
    };
    let url = match &connection.url_env {
        Some(name) => variable(target, DIALECT, name)?,
        None => {
            let host = connection
                .host
                .as_deref()
                .ok_or_else(|| lacks("needs `url_env` or `host`"))?;
            let password = connection.password_env.as_deref();
            let password = password
                .map(|name| variable(target, DIALECT, name))
                .transpose()?;
            let encrypted = connection.engine == ServerKind::Warehouse && !is_this_machine(host);
            format!(
                "postgres://{}:{}@{host}:{}/{}{}",
                percent(connection.user.as_deref().unwrap_or(user)),
                percent(&password.unwrap_or_default()),
                connection.port.unwrap_or(standard),
                percent(connection.database.as_deref().unwrap_or(user)),
                if encrypted {
                    "?sslmode=verify-full"
                } else {
                    ""
                }
            )
        }
    };
    let known = ["postgres://", "postgresql://", "redshift://"];
    if !known.iter().any(|scheme| url.starts_with(scheme)) {
        return Err(lacks(
            "needs a URL such as postgres://user:password@host:5439/database",
        ));
    }
    Endpoint::at(&url, standard).map_err(|what| lacks(&what))
}

/// Snowflake.
fn snowflake(target: &str, connection: &LiveConnection) -> Result<Endpoint> {
    const DIALECT: Dialect = Dialect::Snowflake;
    let lacks = |what: &str| lacks(target, DIALECT, what);
    if connection.url_env.is_some() {
        return Err(lacks(
            "has a `url_env`; Snowflake is named by `account`, `user` and `database`",
        ));
    }
    let account = connection
        .account
        .as_deref()
        .ok_or_else(|| lacks("needs its `account`"))?;
    let user = connection
        .user
        .as_deref()
        .ok_or_else(|| lacks("needs its `user`"))?;
    let database = connection
        .database
        .as_deref()
        .ok_or_else(|| lacks("needs the `database` in which tests make their schemas"))?;
    let (secret, authenticator) = match (&connection.password_env, &connection.token_env) {
        (Some(name), None) => (variable(target, DIALECT, name)?, None),
        (None, Some(name)) => {
            let kind = connection.authenticator.as_deref();
            let kind = kind.unwrap_or("programmatic_access_token");
            (variable(target, DIALECT, name)?, Some(kind.to_uppercase()))
        }
        _ => return Err(lacks("needs either `password_env` or `token_env`")),
    };
    let name = match &connection.host {
        Some(host) => host.clone(),
        None => format!("{account}.snowflakecomputing.com"),
    };
    let this_machine = is_this_machine(name.split(':').next().unwrap_or_default());
    let (scheme, standard) = if this_machine {
        ("http", 80)
    } else {
        ("https", 443)
    };
    let Endpoint { host, port, .. } =
        Endpoint::at(&name, connection.port.unwrap_or(standard)).map_err(|what| lacks(&what))?;
    let mut url = format!(
        "{scheme}://{}:{}@{host}:{port}/?account={}&database={}",
        percent(user),
        percent(&secret),
        percent(account),
        percent(database)
    );
    for (name, value) in [
        ("warehouse", connection.warehouse.as_deref()),
        ("role", connection.role.as_deref()),
        ("authenticator", authenticator.as_deref()),
    ] {
        if let Some(value) = value {
            url += &format!("&{name}={}", percent(value));
        }
    }
    Ok(Endpoint { host, port, url })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn this_machine_is_known() {
        assert!(is_this_machine("127.0.0.1") && is_this_machine("localhost"));
        assert!(!is_this_machine("db.example.com"));
    }

    #[test]
    fn other_machines_are_reached_encrypted() {
        let connection = |host: &str| LiveConnection {
            host: Some(host.into()),
            ..LiveConnection::default()
        };
        let remote = redshift("t", &connection("c.eu.redshift.amazonaws.com")).unwrap();
        assert!(remote.url.ends_with("?sslmode=verify-full") && remote.port == 5439);
        assert!(
            !redshift("t", &connection("127.0.0.1"))
                .unwrap()
                .url
                .contains("sslmode")
        );
        let refused = snowflake("t", &LiveConnection::default()).unwrap_err();
        assert!(refused.to_string().contains("account"), "{refused}");
    }
}
