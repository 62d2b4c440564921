//! Where the emulators listen: the JSON line that `cargo dwsim serve` prints and that `DWSIM_ENDPOINTS` carries.
//! Who starts them is in `instance`.

use crate::Dialect;
use crate::error::{Error, Result};
use crate::isolation::Isolation;
use crate::snapshot::Rules;
use dwsim_schema::Config;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The environment variable that `cargo dwsim test` sets for the tests it runs: [`Endpoints`] as JSON.
pub const ENDPOINTS_VAR: &str = "DWSIM_ENDPOINTS";

/// The environment variable by which `cargo dwsim test` tells the SQL tests' target, with the value `done`, that it
/// has run them itself: the target then has no tests.
pub const SQL_TESTS_VAR: &str = "DWSIM_SQL_TESTS";

/// One listening server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Host name or address, for example `127.0.0.1`.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// What a client is given: `postgres://dev:dev@127.0.0.1:5439/dev`, `http://127.0.0.1:8084`.
    pub url: String,
}

impl Endpoint {
    /// What a target without this warehouse has in its place.
    #[must_use]
    pub fn none() -> Self {
        Endpoint {
            host: String::new(),
            port: 0,
            url: String::new(),
        }
    }

    /// Of a URL `scheme://[user:password@]host[:port][/…]`; `port` is the one that is meant when none is given.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence.
    pub fn at(url: &str, port: u16) -> std::result::Result<Self, String> {
        let (_, rest) = url.split_once("://").unwrap_or(("", url));
        let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
        let (host, port) = match place.rsplit_once(':') {
            // the colons of an IPv6 address stand in brackets
            Some((host, digits)) if !digits.ends_with(']') => {
                let port = digits.parse();
                (host, port.map_err(|_| format!("has the port `{digits}`"))?)
            }
            _ => (place, port),
        };
        let host = host.trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err("has no host".to_owned());
        }
        Ok(Endpoint {
            host,
            port,
            url: url.to_owned(),
        })
    }

    /// Is there a server at all?
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.url.is_empty()
    }
}

/// Without user and password, which the URL of a target may hold.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// A loaded database that tests fork.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateInfo {
    /// Name of the database, the same on both warehouses; of the schema, where tests are kept apart by schema.
    pub database: String,
    /// Hash of what the template was made of: schema, seed, rows and generator version.
    pub hash: String,
    /// Hash of the schema alone; a test compares it with the one its macros were built from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_hash: Option<String>,
}

impl TemplateInfo {
    /// Is the loaded schema the one that this hash, of a test's macros, is of?
    ///
    /// # Errors
    /// When it is another, with what to do.
    pub fn check_shape(&self, built: Option<&str>) -> Result<()> {
        match (built, self.schema_hash.as_deref()) {
            (Some(built), Some(loaded)) if built != loaded => Err(Error::Setup(
                "the loaded data has another schema than the one this test was built from; \
                 run the tests again with `cargo dwsim test`, or `cargo dwsim up` for a running instance"
                    .to_string(),
            )),
            _ => Ok(()),
        }
    }
}

/// What dwsim.toml says about the sessions of tests and about comparing their answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestSettings {
    /// Time zone of sessions: `project.timezone`.
    pub timezone: String,
    /// Seconds before a statement is cancelled: `test.statement_timeout`.
    pub statement_timeout: u64,
    /// How answers are compared.
    pub rules: Rules,
}

impl From<&Config> for TestSettings {
    fn from(config: &Config) -> Self {
        TestSettings {
            timezone: config.project.timezone.clone(),
            statement_timeout: config.test.statement_timeout,
            rules: (&config.test).into(),
        }
    }
}

/// URLs of the HTTP servers over TLS, signed by [`Endpoints::redshift_authority`]. Redshift has TLS on its own port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsEndpoints {
    /// The Snowflake emulator.
    pub snowflake: String,
    /// The S3 emulator.
    pub s3: String,
    /// Redshift's Data API.
    pub redshift_data: String,
    /// The control plane with its page.
    pub control: String,
}

/// The emulators of one running instance.
///
/// ```
/// let line = r#"{"redshift":{"host":"127.0.0.1","port":5439,"url":"postgres://dev:dev@127.0.0.1:5439/dev"},
///                "snowflake":{"host":"127.0.0.1","port":8084,"url":"http://127.0.0.1:8084"},
///                "s3":{"host":"127.0.0.1","port":9000,"url":"http://127.0.0.1:9000"}}"#;
/// let endpoints: dwsim_runtime::Endpoints = serde_json::from_str(line)?;
/// assert_eq!(endpoints.redshift.port, 5439);
/// assert!(endpoints.template.is_none());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Endpoints {
    /// The Redshift emulator.
    pub redshift: Endpoint,
    /// The Snowflake emulator.
    pub snowflake: Endpoint,
    /// The S3 emulator that both load from.
    pub s3: Endpoint,
    /// Redshift's Data API over HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redshift_data: Option<Endpoint>,
    /// File with the certificate that clients verifying Redshift's TLS must trust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redshift_authority: Option<std::path::PathBuf>,
    /// The same servers over TLS, when they were asked for with `--tls`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsEndpoints>,
    /// The template database, when the supervisor has loaded one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateInfo>,
    /// How tests are kept apart.
    #[serde(default, skip_serializing_if = "Isolation::is_database")]
    pub isolation: Isolation,
    /// What tests are run with; each warehouse's own defaults without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<TestSettings>,
    /// Where fixtures are asked for; not every server that speaks a warehouse's protocol has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Endpoint>,
    /// Version of the dwsim that serves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl Endpoints {
    /// The template that tests fork.
    ///
    /// # Errors
    /// When there is none.
    pub fn template(&self) -> Result<&TemplateInfo> {
        self.template.as_ref().ok_or_else(|| {
            Error::Setup(
                "the emulators have no template database; run the tests with `cargo dwsim test`"
                    .to_string(),
            )
        })
    }

    /// The server of a dialect.
    #[must_use]
    pub fn of(&self, dialect: Dialect) -> &Endpoint {
        match dialect {
            Dialect::Redshift => &self.redshift,
            Dialect::Snowflake => &self.snowflake,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports() {
        for (url, host, port) in [
            ("h", "h", 1),
            ("h:5", "h", 5),
            ("[::1]", "::1", 1),
            ("[::1]:5", "::1", 5),
            ("https://h/a:b?c=d", "h", 1),
            ("postgres://u:p%40@h:5/x", "h", 5),
        ] {
            let read = Endpoint::at(url, 1).map(|e| (e.host, e.port));
            assert_eq!(read, Ok((host.to_owned(), port)), "{url}");
        }
        for wrong in ["h:x", "", "http://", "http://:80/"] {
            assert!(Endpoint::at(wrong, 1).is_err(), "{wrong}");
        }
    }
}
