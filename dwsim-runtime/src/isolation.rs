//! How tests are kept apart on a server: a database each, forked from the template's, or a schema each, copied from it.
//! Live warehouses get schemas: their databases are not dwsim's to make, and Redshift cannot copy one.

use crate::Dialect;
use crate::client::Connection;
use crate::endpoints::Endpoint;
use crate::error::{Error, Result};
use crate::value::Value;
use dwsim_schema::identifiers::{literal, quote};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the template and every test have of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// A database: the emulators, PostgreSQL.
    #[default]
    Database,
    /// A schema of the database that the endpoint's URL names: live warehouses.
    Schema,
}

impl Isolation {
    /// Is it the one that needs no mention?
    #[must_use]
    pub fn is_database(&self) -> bool {
        *self == Isolation::Database
    }

    /// A connection to the place of this name.
    pub(crate) async fn connect(
        self,
        dialect: Dialect,
        endpoint: &Endpoint,
        name: &str,
    ) -> Result<Connection> {
        match self {
            Isolation::Database => Connection::connect(dialect, endpoint, Some(name), None).await,
            Isolation::Schema => Connection::connect(dialect, endpoint, None, Some(name)).await,
        }
    }

    /// Makes an empty place.
    pub(crate) async fn create(self, admin: &mut Connection, name: &str) -> Result<()> {
        let name = quote(name, admin.dialect());
        let sql = match self {
            Isolation::Database => format!("create database {name}"),
            Isolation::Schema => format!("create schema {name}"),
        };
        admin.execute(&sql).await.map(|_| ())
    }

    /// Makes a place that holds what another holds.
    pub(crate) async fn fork(self, admin: &mut Connection, name: &str, origin: &str) -> Result<()> {
        let dialect = admin.dialect();
        let (fork, template) = (quote(name, dialect), quote(origin, dialect));
        let sql = match (self, dialect) {
            (Isolation::Database, Dialect::Redshift) => {
                format!("create database {fork} template {template}")
            }
            (Isolation::Database, Dialect::Snowflake) => {
                format!("create database {fork} clone {template}")
            }
            (Isolation::Schema, Dialect::Snowflake) => {
                format!("create schema {fork} clone {template}")
            }
            (Isolation::Schema, Dialect::Redshift) => {
                let copied = copy_tables(admin, name, origin).await;
                if copied.is_err() {
                    // half a fork is nobody's; the first error is the one to report
                    let _ = self.drop(admin, name).await;
                }
                return copied;
            }
        };
        // on PostgreSQL a session on the template, which is just ending, is in the way
        retry_in_use(admin, &sql).await
    }

    /// Drops a place with all that is in it; fine when there is none.
    pub(crate) async fn drop(self, admin: &mut Connection, name: &str) -> Result<()> {
        let dialect = admin.dialect();
        let name = quote(name, dialect);
        let sql = match self {
            Isolation::Database => format!("drop database {name}"),
            Isolation::Schema => format!("drop schema if exists {name} cascade"),
        };
        match (dialect, retry_in_use(admin, &sql).await) {
            // invalid_catalog_name: there is none
            (Dialect::Redshift, Err(Error::Sql(error))) if error.code == "3D000" => Ok(()),
            // 002003: does not exist or not authorized
            (Dialect::Snowflake, Err(Error::Sql(error))) if error.code == "002003" => Ok(()),
            (_, result) => result,
        }
    }
}

/// Redshift has no copy of a schema: each table is made like the template's, and filled from it.
async fn copy_tables(admin: &mut Connection, name: &str, origin: &str) -> Result<()> {
    let dialect = admin.dialect();
    let (fork, template) = (quote(name, dialect), quote(origin, dialect));
    admin.execute(&format!("create schema {fork}")).await?;
    let tables = admin
        .query(&format!(
            "select table_name from information_schema.tables where table_schema = {} order by table_name",
            literal(origin, dialect)
        ))
        .await?;
    for row in &tables.rows {
        let Some(Value::Text(table)) = row.first() else {
            return Err(Error::Setup(format!(
                "{dialect}: a table of {origin} without a name"
            )));
        };
        let table = quote(table, dialect);
        admin
            .execute(&format!(
                "create table {fork}.{table} (like {template}.{table} including defaults)"
            ))
            .await?;
        admin
            .execute(&format!(
                "insert into {fork}.{table} select * from {template}.{table}"
            ))
            .await?;
    }
    Ok(())
}

/// Runs a statement, for half a second again and again while the database is in use.
async fn retry_in_use(admin: &mut Connection, sql: &str) -> Result<()> {
    let mut tries = 0;
    loop {
        match admin.execute(sql).await {
            // object_in_use
            Err(Error::Sql(error)) if error.code == "55006" && tries < 20 => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            result => return result.map(|_| ()),
        }
    }
}
