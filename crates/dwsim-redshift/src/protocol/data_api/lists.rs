//! Lists of databases, schemas, tables and columns, made by queries in a session of their own.
//! Paging is left to `operations`.

use dwsim_engine::error::{Result, SqlError};
use serde_json::{Value, json};

use super::run::one;
use super::values::ResultSet;
use crate::statements::RedshiftSession;

async fn rows(
    session: &mut RedshiftSession,
    sql: &str,
    values: &[(String, String)],
) -> Result<ResultSet> {
    one(session, sql, values)
        .await?
        .result
        .ok_or_else(|| SqlError::internal("a list without rows"))
}

fn text(record: &Value, i: usize) -> &str {
    record
        .get(i)
        .and_then(|f| f.get("stringValue"))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn pattern(value: Option<&str>) -> String {
    value.unwrap_or("%").to_owned()
}

/// Names of databases.
pub(super) async fn databases(session: &mut RedshiftSession) -> Result<Vec<Value>> {
    let found = rows(
        session,
        "select datname::varchar(128) from pg_catalog.pg_database order by 1",
        &[],
    )
    .await?;
    let all = found.records(0, usize::MAX)?;
    Ok(all.iter().map(|r| json!(text(r, 0))).collect())
}

/// Names of schemas.
pub(super) async fn schemas(
    session: &mut RedshiftSession,
    like: Option<&str>,
) -> Result<Vec<Value>> {
    let found = rows(
        session,
        "select nspname::varchar(128) from pg_catalog.pg_namespace where nspname like :p and nspname not like 'pg_temp%' order by 1",
        &[("p".to_owned(), pattern(like))],
    )
    .await?;
    let all = found.records(0, usize::MAX)?;
    Ok(all.iter().map(|r| json!(text(r, 0))).collect())
}

/// Tables and views.
pub(super) async fn tables(
    session: &mut RedshiftSession,
    schema: Option<&str>,
    table: Option<&str>,
) -> Result<Vec<Value>> {
    let found = rows(
        session,
        "select table_schema, table_name, table_type from information_schema.tables where table_schema like :s and table_name like :t order by 1, 2",
        &[
            ("s".to_owned(), pattern(schema)),
            ("t".to_owned(), pattern(table)),
        ],
    )
    .await?;
    let all = found.records(0, usize::MAX)?;
    Ok(all
        .iter()
        .map(|r| {
            let kind = match text(r, 2) {
                "BASE TABLE" => "TABLE",
                other => other,
            };
            json!({ "schema": text(r, 0), "name": text(r, 1), "type": kind })
        })
        .collect())
}

/// Columns of a table, as its own query describes them. None when there is no such table.
pub(super) async fn columns(
    session: &mut RedshiftSession,
    schema: Option<&str>,
    table: &str,
) -> Result<Option<Vec<Value>>> {
    let quoted = |s: &str| format!("\"{}\"", s.replace('"', "\"\""));
    let name = match schema {
        Some(s) => format!("{}.{}", quoted(s), quoted(table)),
        None => quoted(table),
    };
    let found = match rows(session, &format!("select * from {name} where false"), &[]).await {
        Ok(found) => found,
        Err(e) if matches!(e.redshift().sqlstate.as_str(), "42P01" | "3F000") => {
            session.fail();
            return Ok(None);
        }
        Err(e) => return Err(e),
    };
    let defaults = rows(
        session,
        "select column_name, column_default, table_schema from information_schema.columns where table_name = :t and table_schema like :s",
        &[
            ("t".to_owned(), table.to_lowercase()),
            ("s".to_owned(), schema.map_or_else(|| "%".to_owned(), str::to_lowercase)),
        ],
    )
    .await?
    .records(0, usize::MAX)?;
    Ok(Some(
        found
            .columns
            .iter()
            .map(|c| {
                let mut column = super::values::column(c);
                column["tableName"] = json!(table);
                if let Some(d) = defaults.iter().find(|d| text(d, 0) == c.name) {
                    if !text(d, 1).is_empty() {
                        column["columnDefault"] = json!(text(d, 1));
                    }
                    column["schemaName"] = json!(text(d, 2));
                }
                column
            })
            .collect(),
    ))
}
