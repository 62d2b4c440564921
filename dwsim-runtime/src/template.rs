//! The template database: tables by DDL, data by COPY from staged Parquet, over the warehouses' own protocols.
//! Generating and staging the Parquet is the caller's part; so is remembering which templates an instance has.

use crate::Dialect;
use crate::client::Connection;
use crate::endpoints::{Endpoints, TemplateInfo};
use crate::error::{Error, Result};
use dwsim_schema::identifiers::{literal, quote};
use dwsim_schema::{LogicalType, Schema, Table, ddl};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What the data of a template follows from. Equal keys are equal databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateKey {
    /// [`Schema::schema_hash`].
    pub schema: String,
    /// [`Schema::shape_hash`], which test binaries are checked against.
    pub shape: String,
    /// The project's seed.
    pub seed: u64,
    /// Rows generated per table.
    pub rows: BTreeMap<String, u64>,
    /// Version of the generator's format promise.
    pub generator: u32,
}

impl TemplateKey {
    /// The key of a schema generated with these rows per table.
    #[must_use]
    pub fn new(schema: &Schema, seed: u64, rows: BTreeMap<String, u64>, generator: u32) -> Self {
        TemplateKey {
            schema: schema.schema_hash(),
            shape: schema.shape_hash(),
            seed,
            rows,
            generator,
        }
    }

    /// SHA-256 over all of it, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.schema, self.seed, self.generator);
        for (table, rows) in &self.rows {
            text.push_str(&format!("{table:?} {rows}\n"));
        }
        Sha256::digest(text.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// What tests are told about it; [`TemplateInfo::database`] is `dwsim_` and twelve digits of the hash.
    #[must_use]
    pub fn info(&self) -> TemplateInfo {
        let hash = self.hash();
        let database = format!("dwsim_{}", hash.get(..12).unwrap_or(&hash));
        TemplateInfo {
            database,
            hash,
            schema_hash: Some(self.shape.clone()),
        }
    }
}

/// Creates and loads the template on both warehouses at once. What is left of an earlier attempt is dropped first.
///
/// `staged` gives for each table the `s3://bucket/prefix/` that its Parquet files lie under.
///
/// # Errors
/// When a warehouse refuses a statement, a table is not staged, or another number of rows arrives than was generated.
pub async fn load(
    endpoints: &Endpoints,
    schema: &Schema,
    key: &TemplateKey,
    staged: &BTreeMap<String, String>,
) -> Result<TemplateInfo> {
    let info = key.info();
    let access = Access::default();
    let one = |dialect| load_one(dialect, endpoints, schema, key, staged, &access);
    tokio::try_join!(one(Dialect::Redshift), one(Dialect::Snowflake))?;
    Ok(info)
}

/// How COPY may read the staged files; the emulators' S3 lets everybody.
#[derive(Clone)]
pub struct Access {
    /// Redshift's clause: `iam_role '…'` or `credentials '…'`.
    pub redshift: String,
    /// What Snowflake's stage is made with: `storage_integration = …` or `credentials = (…)`.
    pub snowflake: String,
}

impl Default for Access {
    fn default() -> Self {
        Access {
            redshift: "iam_role default".to_owned(),
            snowflake: String::new(),
        }
    }
}

/// As [`load`], on one warehouse.
///
/// # Errors
/// As [`load`].
pub async fn load_one(
    dialect: Dialect,
    endpoints: &Endpoints,
    schema: &Schema,
    key: &TemplateKey,
    staged: &BTreeMap<String, String>,
    access: &Access,
) -> Result<()> {
    let database = &key.info().database;
    load_into(
        dialect,
        endpoints,
        schema,
        &key.rows,
        staged,
        access,
        database,
        &|_, _| (),
    )
    .await
}

/// As [`load_one`] on the emulators, with only the rows of each table, and told of each table that is loaded and its rows.
///
/// # Errors
/// As [`load`].
pub async fn load_tables(
    dialect: Dialect,
    endpoints: &Endpoints,
    schema: &Schema,
    rows: &BTreeMap<String, u64>,
    staged: &BTreeMap<String, String>,
    database: &str,
    loaded_table: &(dyn Fn(&str, u64) + Send + Sync),
) -> Result<()> {
    let access = Access::default();
    load_into(
        dialect,
        endpoints,
        schema,
        rows,
        staged,
        &access,
        database,
        loaded_table,
    )
    .await
}

async fn load_into(
    dialect: Dialect,
    endpoints: &Endpoints,
    schema: &Schema,
    rows: &BTreeMap<String, u64>,
    staged: &BTreeMap<String, String>,
    access: &Access,
    database: &str,
    loaded_table: &(dyn Fn(&str, u64) + Send + Sync),
) -> Result<()> {
    let (endpoint, isolation) = (endpoints.of(dialect), endpoints.isolation);
    let mut admin = Connection::connect(dialect, endpoint, None, None).await?;
    isolation.drop(&mut admin, database).await?;
    isolation.create(&mut admin, database).await?;
    let loaded = async {
        let mut connection = isolation.connect(dialect, endpoint, database).await?;
        for table in schema.in_reference_order() {
            let url = staged.get(&table.name).ok_or_else(|| {
                Error::Setup(format!("no staged data for table `{}`", table.name))
            })?;
            connection
                .execute(&ddl::create_table(table, dialect))
                .await?;
            for comment in ddl::comments(table, dialect) {
                connection.execute(&comment).await?;
            }
            let rows = rows.get(&table.name).copied().unwrap_or(0);
            if rows > 0 {
                copy(&mut connection, table, url, access, rows).await?;
            }
            loaded_table(&table.name, rows);
        }
        connection.close().await;
        Ok(())
    };
    let loaded: Result<()> = loaded.await;
    if loaded.is_err() {
        // half a template must not be found by the next run; the first error is the one to report
        let _ = isolation.drop(&mut admin, database).await;
    }
    admin.close().await;
    loaded
}

/// Drops the template from a server that stays.
///
/// # Errors
/// When the warehouse cannot be reached or refuses.
pub async fn forget(dialect: Dialect, endpoints: &Endpoints) -> Result<()> {
    let Some(template) = &endpoints.template else {
        return Ok(());
    };
    let mut admin = Connection::connect(dialect, endpoints.of(dialect), None, None).await?;
    let dropped = endpoints
        .isolation
        .drop(&mut admin, &template.database)
        .await;
    admin.close().await;
    dropped
}

async fn copy(
    connection: &mut Connection,
    table: &Table,
    url: &str,
    access: &Access,
    rows: u64,
) -> Result<()> {
    let dialect = connection.dialect();
    let name = quote(&table.name, dialect);
    let source = literal(url, dialect);
    match dialect {
        Dialect::Redshift => {
            connection
                .execute(&format!(
                    "copy {name} from {source} {} format parquet",
                    access.redshift
                ))
                .await?;
        }
        Dialect::Snowflake => {
            connection
                .execute(&format!(
                    "create or replace stage dwsim_load url = {source} {}",
                    access.snowflake
                ))
                .await?;
            connection
                .execute(&format!(
                    "copy into {name} from @dwsim_load file_format = (type = parquet) match_by_column_name = case_insensitive"
                ))
                .await?;
            connection.execute("drop stage dwsim_load").await?;
            // A Parquet text column arrives in a VARIANT as text; the schema means the JSON in it.
            for c in table
                .columns
                .iter()
                .filter(|c| matches!(c.ty, LogicalType::Json(_)))
            {
                let column = quote(&c.name, dialect);
                connection
                    .execute(&format!(
                        "update {name} set {column} = parse_json({column}::varchar)"
                    ))
                    .await?;
            }
        }
    }
    let count = connection
        .query(&format!("select count(*) as n from {name}"))
        .await?;
    let arrived = match count.scalar() {
        Some(crate::Value::Int(n)) => u64::try_from(*n).ok(),
        _ => None,
    };
    if arrived == Some(rows) {
        return Ok(());
    }
    let arrived = arrived.map_or("an unknown number".to_string(), |n| n.to_string());
    Err(Error::Setup(format!(
        "{dialect}: {arrived} of {rows} rows of `{}` arrived from {url}",
        table.name
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_key_counts() {
        let key = TemplateKey {
            schema: "s".into(),
            shape: "x".into(),
            seed: 1,
            rows: BTreeMap::from([("a".to_string(), 1)]),
            generator: 1,
        };
        let others = [
            TemplateKey {
                schema: "t".into(),
                ..key.clone()
            },
            TemplateKey {
                seed: 2,
                ..key.clone()
            },
            TemplateKey {
                rows: BTreeMap::from([("a".to_string(), 2)]),
                ..key.clone()
            },
            TemplateKey {
                generator: 2,
                ..key.clone()
            },
        ];
        assert!(
            others
                .iter()
                .all(|other| other.info().database != key.info().database)
        );
        assert_eq!(key.info().database.len(), "dwsim_".len() + 12);
    }
}
