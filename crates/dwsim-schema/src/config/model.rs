//! Settings outside of the tables: project, tests, targets.
//! Reading them is left to `read::settings`, acting on them to the CLI and the runtime.

use std::sync::Arc;

use crate::config::{Inputs, Setting, merge_layers};
use crate::diagnostics::{Diagnostics, Source};
use crate::model::Schema;
use crate::types::Dialect;

/// What the current time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The machine's clock.
    Now,
    /// Frozen, in microseconds since 1970-01-01 UTC.
    Frozen(i64),
}

/// `[project]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// Name of the project.
    pub name: String,
    /// Seed of the data.
    pub seed: u64,
    /// Factor of every row count, above 0.
    pub scale: f64,
    /// Dialects that tests run on, at least one.
    pub dialects: Vec<Dialect>,
    /// What the current time is.
    pub clock: Clock,
    /// Time zone of sessions, an IANA name.
    pub timezone: String,
    /// Seed of random functions in SQL, if they are frozen.
    pub random: Option<u64>,
}

/// `[test]`.
#[derive(Clone, Debug, PartialEq)]
pub struct TestConfig {
    /// Folder of the SQL tests, relative to dwsim.toml.
    pub dir: String,
    /// Name of the target.
    pub target: String,
    /// Seconds before a statement is cancelled.
    pub statement_timeout: u64,
    /// Whether results without a total order are shuffled.
    pub shuffle: bool,
    /// Greatest relative difference of equal floats.
    pub float_tolerance: f64,
    /// Greatest number of rows of a snapshot.
    pub max_rows: u64,
}

/// Where a target's warehouses are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// Emulators on this machine.
    Embedded,
    /// Emulators in containers.
    Container,
    /// Real warehouses.
    Live,
}

/// What answers at a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerKind {
    /// The warehouse itself.
    #[default]
    Warehouse,
    /// A PostgreSQL server that stands in for Redshift.
    PostgreSql,
}

/// How to reach a server that is not embedded; secrets are named by variables, never written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveConnection {
    /// What answers there.
    pub engine: ServerKind,
    /// Variable that holds the whole URL.
    pub url_env: Option<String>,
    /// Image of a container.
    pub image: Option<String>,
    /// Host (Redshift), or host override (Snowflake).
    pub host: Option<String>,
    /// Port.
    pub port: Option<u16>,
    /// Snowflake account.
    pub account: Option<String>,
    /// Database.
    pub database: Option<String>,
    /// User.
    pub user: Option<String>,
    /// Snowflake role.
    pub role: Option<String>,
    /// Snowflake warehouse.
    pub warehouse: Option<String>,
    /// Variable that holds the password.
    pub password_env: Option<String>,
    /// Variable that holds a token.
    pub token_env: Option<String>,
    /// What a token is to Snowflake: `programmatic_access_token`, `oauth` or `snowflake_jwt`.
    pub authenticator: Option<String>,
}

/// The bucket that a live target loads from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Staging {
    /// Bucket name.
    pub bucket: Option<String>,
    /// Prefix of every key.
    pub prefix: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Role that Redshift's COPY assumes.
    pub iam_role: Option<String>,
    /// Snowflake storage integration.
    pub storage_integration: Option<String>,
}

/// `[target.NAME]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Name.
    pub name: String,
    /// Where the warehouses are.
    pub kind: TargetKind,
    /// Redshift of a live target.
    pub redshift: Option<LiveConnection>,
    /// Snowflake of a live target.
    pub snowflake: Option<LiveConnection>,
    /// Bucket of a live target.
    pub staging: Option<Staging>,
}

/// The whole configuration, merged and checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[project]`.
    pub project: Project,
    /// `[test]`.
    pub test: TestConfig,
    /// `[target.*]`, in the order of the text.
    pub targets: Vec<Target>,
    /// `[tables.*]`.
    pub schema: Schema,
    /// Names of the profiles that dwsim.toml offers.
    pub profiles: Vec<String>,
    pub(crate) settings: Vec<Setting>,
}

impl Config {
    /// Merges the layers and reads them.
    ///
    /// # Errors
    /// Every problem of every layer, with its place.
    pub fn load(inputs: &Inputs) -> Result<Self, Diagnostics> {
        let mut diags = Diagnostics::default();
        let merged = merge_layers(inputs, &mut diags);
        crate::read::config(&merged, diags, &inputs.files)
    }

    /// Reads one dwsim.toml without any other layer but the defaults.
    ///
    /// # Errors
    /// Every problem of the file, with its place.
    pub fn parse(name: &str, text: &str) -> Result<Self, Diagnostics> {
        Self::load(&Inputs {
            file: Some((name.to_owned(), text.to_owned())),
            ..Inputs::default()
        })
    }

    /// Every value of the merged configuration with its origin, defaults first.
    #[must_use]
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// The target of that name.
    #[must_use]
    pub fn target(&self, name: &str) -> Option<&Target> {
        self.targets.iter().find(|t| t.name == name)
    }

    /// The texts it was read from, for showing places.
    #[must_use]
    pub fn sources(&self) -> &[Arc<Source>] {
        self.schema.sources()
    }
}
