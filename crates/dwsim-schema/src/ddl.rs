//! DDL of a table in each warehouse's SQL, names unquoted wherever they can be.
//! Running it and loading data are left to the runtime.

use crate::identifiers::{literal, quote};
use crate::model::{Column, Table};
use crate::types::{Dialect, LogicalType};

/// `CREATE TABLE` with types, NOT NULL, defaults, keys (informational in both warehouses), and the warehouse's own
/// attributes. Without a final semicolon.
///
/// <https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html>,
/// <https://docs.snowflake.com/en/sql-reference/sql/create-table>
#[must_use]
pub fn create_table(table: &Table, dialect: Dialect) -> String {
    let columns = table.columns.iter().map(|c| column(c, dialect)).collect();
    let mut sql = create(table, dialect, columns);
    sql.push_str(&attributes(table, dialect));
    sql
}

/// `CREATE TABLE` for a PostgreSQL server that stands in for Redshift: Redshift's types in PostgreSQL's words, and none of
/// the attributes that only Redshift has.
///
/// # Errors
/// The column whose type PostgreSQL has no like of.
pub fn create_table_postgresql(table: &Table) -> Result<String, String> {
    let columns: Result<Vec<String>, String> = table
        .columns
        .iter()
        .map(|c| {
            let mut sql = quote(&c.name, Dialect::Redshift);
            sql.push(' ');
            match c.ty {
                LogicalType::Json(_) => sql.push_str("JSONB"),
                LogicalType::Binary(_) => {
                    return Err(format!(
                        "column {}.{} is {}, which a PostgreSQL server does not stand in for",
                        table.name, c.name, c.ty
                    ));
                }
                _ => sql.push_str(&c.sql_type(Dialect::Redshift)),
            }
            if let Some(default) = &c.default {
                sql.push_str(&format!(" DEFAULT {default}"));
            }
            if !c.nullable {
                sql.push_str(" NOT NULL");
            }
            Ok(sql)
        })
        .collect();
    Ok(create(table, Dialect::Redshift, columns?))
}

/// Columns and keys.
fn create(table: &Table, dialect: Dialect, mut lines: Vec<String>) -> String {
    let names = |columns: &[String]| {
        columns
            .iter()
            .map(|c| quote(c, dialect))
            .collect::<Vec<_>>()
            .join(", ")
    };
    if !table.primary_key.is_empty() {
        lines.push(format!("PRIMARY KEY ({})", names(&table.primary_key)));
    }
    for c in table.columns.iter().filter(|c| c.unique && !c.primary_key) {
        lines.push(format!("UNIQUE ({})", quote(&c.name, dialect)));
    }
    for key in table.unique.iter().filter(|k| k.len() > 1) {
        lines.push(format!("UNIQUE ({})", names(key)));
    }
    for c in &table.columns {
        if let Some(r) = &c.references {
            lines.push(format!(
                "FOREIGN KEY ({}) REFERENCES {} ({})",
                quote(&c.name, dialect),
                quote(&r.table, dialect),
                quote(&r.column, dialect)
            ));
        }
    }
    let transient = dialect == Dialect::Snowflake && table.snowflake.transient;
    format!(
        "CREATE {}TABLE {} (\n  {}\n)",
        if transient { "TRANSIENT " } else { "" },
        quote(&table.name, dialect),
        lines.join(",\n  ")
    )
}

/// What each warehouse alone knows of a table.
fn attributes(table: &Table, dialect: Dialect) -> String {
    let names = |columns: &[String]| {
        let quoted: Vec<String> = columns.iter().map(|c| quote(c, dialect)).collect();
        quoted.join(", ")
    };
    let mut sql = String::new();
    match dialect {
        Dialect::Redshift => {
            let own = &table.redshift;
            if let Some(style) = own.diststyle {
                sql.push_str(&format!("\nDISTSTYLE {}", style.sql()));
            }
            if let Some(key) = &own.distkey {
                sql.push_str(&format!("\nDISTKEY ({})", quote(key, dialect)));
            }
            if !own.sortkey.is_empty() {
                let kind = if own.interleaved { "INTERLEAVED " } else { "" };
                sql.push_str(&format!("\n{kind}SORTKEY ({})", names(&own.sortkey)));
            }
        }
        Dialect::Snowflake => {
            if !table.snowflake.cluster_by.is_empty() {
                let keys: Vec<String> = table
                    .snowflake
                    .cluster_by
                    .iter()
                    // a column by its name; anything else is an expression, as written
                    .map(|k| {
                        if table.column(k).is_some() {
                            quote(k, dialect)
                        } else {
                            k.clone()
                        }
                    })
                    .collect();
                sql.push_str(&format!("\nCLUSTER BY ({})", keys.join(", ")));
            }
        }
    }
    sql
}

/// `COMMENT ON` statements for the table and its columns, without final semicolons.
#[must_use]
pub fn comments(table: &Table, dialect: Dialect) -> Vec<String> {
    let name = quote(&table.name, dialect);
    let own = table
        .comment
        .iter()
        .map(|c| format!("COMMENT ON TABLE {name} IS {}", literal(c, dialect)));
    let columns = table.columns.iter().filter_map(|c| {
        let text = literal(c.comment.as_ref()?, dialect);
        Some(format!(
            "COMMENT ON COLUMN {name}.{} IS {text}",
            quote(&c.name, dialect)
        ))
    });
    own.chain(columns).collect()
}

fn column(column: &Column, dialect: Dialect) -> String {
    let mut sql = format!(
        "{} {}",
        quote(&column.name, dialect),
        column.sql_type(dialect)
    );
    if let Some(default) = &column.default {
        sql.push_str(&format!(" DEFAULT {default}"));
    }
    if let (Dialect::Redshift, Some(encode)) = (dialect, &column.encode) {
        sql.push_str(&format!(" ENCODE {encode}"));
    }
    if !column.nullable {
        sql.push_str(" NOT NULL");
    }
    sql
}
