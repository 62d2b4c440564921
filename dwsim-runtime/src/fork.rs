//! A private database per test (a schema on live warehouses): a fork of the loaded template, dropped when the test is over.
//! Making the template is in [`crate::template`], the statements for it in `isolation`.

use crate::Dialect;
use crate::client::Connection;
use crate::endpoints::{Endpoint, Endpoints, TestSettings};
use crate::error::{Error, Result};
use crate::isolation::Isolation;

/// What names of forks begin with; the supervisor drops what is left of them.
pub const FORK_PREFIX: &str = "dwsim_t_";

/// A database, or a schema, of its own on one warehouse. Drop the connections to it before [`Fork::drop_database`].
#[derive(Debug)]
pub struct Fork {
    dialect: Dialect,
    endpoint: Endpoint,
    isolation: Isolation,
    settings: Option<TestSettings>,
    database: String,
}

impl Fork {
    /// Forks the endpoints' template (`CREATE DATABASE … TEMPLATE …`, `… CLONE …`) and connects to the fork. `label` is
    /// for people who look at a list of databases; the name is unique whatever it is.
    ///
    /// # Errors
    /// When there is no template, or the warehouse cannot be reached or has no such one.
    pub async fn create(
        dialect: Dialect,
        endpoints: &Endpoints,
        label: &str,
    ) -> Result<(Fork, Connection)> {
        let template = endpoints.template()?;
        let endpoint = endpoints.of(dialect);
        if endpoint.is_none() {
            return Err(Error::Setup(format!(
                "the target that tests run on has no {dialect}"
            )));
        }
        let database = fork_name(label);
        let isolation = endpoints.isolation;
        let mut admin = Connection::connect(dialect, endpoint, None, None).await?;
        let forked = isolation
            .fork(&mut admin, &database, &template.database)
            .await;
        admin.close().await;
        forked?;
        let fork = Fork {
            dialect,
            endpoint: endpoint.clone(),
            isolation,
            settings: endpoints.settings.clone(),
            database,
        };
        match fork.connect().await {
            Ok(connection) => Ok((fork, connection)),
            Err(error) => {
                // the reason why there is no connection matters more than a leftover database
                let _ = fork.drop_database().await;
                Err(error)
            }
        }
    }

    /// The database's name, or the schema's, as it is written in SQL.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// A further connection to the fork, with the time zone and the time limit of tests.
    ///
    /// # Errors
    /// As [`Connection::connect`].
    pub async fn connect(&self) -> Result<Connection> {
        let mut connection = self
            .isolation
            .connect(self.dialect, &self.endpoint, &self.database)
            .await?;
        if let Some(settings) = &self.settings {
            connection.apply(settings).await?;
        }
        Ok(connection)
    }

    /// Drops the database. A session that is just ending may still hold it, so this is tried for a moment.
    ///
    /// # Errors
    /// When the warehouse refuses.
    pub async fn drop_database(self) -> Result<()> {
        let mut admin = Connection::connect(self.dialect, &self.endpoint, None, None).await?;
        let dropped = self.isolation.drop(&mut admin, &self.database).await;
        admin.close().await;
        dropped
    }
}

/// `dwsim_t_refunds_are_counted_1f3a…`: plain, in lower case, below PostgreSQL's 63 bytes.
fn fork_name(label: &str) -> String {
    let plain: String = label
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect();
    // the end of a label (`module::test::dialect`) tells more than its beginning
    let start = plain.len().saturating_sub(28);
    format!(
        "{FORK_PREFIX}{}_{}",
        plain[start..].trim_matches('_'),
        &uuid::Uuid::new_v4().simple().to_string()[..16]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_unique_and_short() {
        let label = "a::very::long::module::Ünicode name::redshift";
        let (a, b) = (fork_name(label), fork_name(label));
        assert!(a != b && a.len() < 63, "{a}");
        assert!(
            a.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
            "{a}"
        );
    }
}
