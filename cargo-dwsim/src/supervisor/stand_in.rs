//! Loading a PostgreSQL server that stands in for Redshift: the same tables and rows, by DDL and COPY FROM STDIN.
//! Where the server comes from is in `servers`.

use std::sync::Arc;
use std::time::Instant;

use dwsim_generate::Format;
use dwsim_runtime::{Connection, Dialect, Endpoints};
use dwsim_schema::identifiers::quote;
use dwsim_schema::{Config, ddl};

use dwsim_control::staging::Staged;

use super::staging::{Planned, Template};
use crate::error::{Error, Result};

const DIALECT: Dialect = Dialect::Redshift;

/// Generates and loads the planned template of a configuration.
pub async fn load(config: &Config, planned: Planned, endpoints: &Endpoints) -> Result<Template> {
    let info = planned.info();
    let failed = |e: dwsim_runtime::Error| Error::Load {
        message: e.to_string(),
    };
    let mut admin = Connection::connect(DIALECT, &endpoints.redshift, None, None).await?;
    let name = quote(&info.database, DIALECT);
    let drop = format!("drop database if exists {name}");
    admin.execute(&drop).await.map_err(failed)?;
    let create = format!("create database {name}");
    admin.execute(&create).await.map_err(failed)?;
    let started = Instant::now();
    let filled = fill(config, &planned, endpoints, &info.database).await;
    if filled.is_err() {
        // half a template must not be found by anybody; the first error is the one to report
        let _ = admin.execute(&drop).await;
    }
    admin.close().await;
    let staged = filled?;
    Ok(Template {
        info,
        tables: planned.tables(),
        load: started.elapsed().saturating_sub(staged.time),
        staged,
    })
}

async fn fill(
    config: &Config,
    planned: &Planned,
    endpoints: &Endpoints,
    database: &str,
) -> Result<Staged> {
    let mut connection =
        Connection::connect(DIALECT, &endpoints.redshift, Some(database), None).await?;
    let mut staged = Staged {
        rows: planned.rows(),
        ..Staged::default()
    };
    for table in config.schema.in_reference_order() {
        let create =
            ddl::create_table_postgresql(table).map_err(|message| Error::Load { message })?;
        let started = Instant::now();
        let (plan, name) = (Arc::clone(planned.plan()), table.name.clone());
        let csv = tokio::task::spawn_blocking(move || {
            let mut bytes = Vec::new();
            let table = plan.tables().iter().find(|t| t.name() == name);
            table.map_or(Ok(Vec::new()), |t| {
                t.write(&mut bytes, Format::Csv, &|_| {}).map(|_| bytes)
            })
        })
        .await
        .map_err(|e| Error::Internal(format!("generating {}: {e}", table.name)))??;
        staged.time += started.elapsed();
        staged.bytes += csv.len() as u64;
        let failed = |e: dwsim_runtime::Error| Error::Load {
            message: format!("{}: {e}", table.name),
        };
        connection.execute(&create).await.map_err(failed)?;
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|c| quote(&c.name, DIALECT))
            .collect();
        let copy = format!(
            "copy {} ({}) from stdin with (format csv, header true)",
            quote(&table.name, DIALECT),
            columns.join(", ")
        );
        connection.copy_in(&copy, &csv).await.map_err(failed)?;
    }
    connection.execute("analyze").await.map_err(Error::from)?;
    connection.close().await;
    Ok(staged)
}
