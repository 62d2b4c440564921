//! Column definitions and table constraints of CREATE TABLE and ALTER TABLE as the catalog keeps them.
//! The statements themselves are in `create` and `alter`.

use std::collections::BTreeMap;

use sqlparser::ast;

use crate::catalog::{ColumnDef, Constraint, Identity, next_oid};
use crate::dialect::{Dialect, DialectName};
use crate::error::{Result, SqlError};
use crate::types::SqlType;

pub(super) fn number(e: &ast::Expr) -> Result<i64> {
    let text = e.to_string();
    text.replace(' ', "").parse().map_err(|_| {
        SqlError::raw(
            "001003",
            "42601",
            format!("a whole number is needed here, not {text}"),
        )
    })
}

/// A column definition as the catalog keeps it, and the keys declared with it.
///
/// # Errors
/// Unknown types, and options that dwsim does not have.
pub fn column_def(
    dialect: &dyn Dialect,
    c: &ast::ColumnDef,
) -> Result<(ColumnDef, Vec<Constraint>)> {
    let name = dialect.fold(&c.name);
    let mut out = ColumnDef::new(&name, dialect.data_type(&c.data_type)?);
    let mut keys = Vec::new();
    for o in &c.options {
        match &o.option {
            ast::ColumnOption::Null => {}
            ast::ColumnOption::NotNull => out.not_null = true,
            ast::ColumnOption::Default(e) => out.default = Some(e.to_string()),
            ast::ColumnOption::Comment(t) => out.comment = Some(t.clone()),
            ast::ColumnOption::PrimaryKey(_) => {
                out.not_null = true;
                keys.push(Constraint {
                    name: String::new(),
                    kind: "PRIMARY KEY".into(),
                    columns: vec![name.clone()],
                    references: None,
                });
            }
            ast::ColumnOption::Unique(_) => {
                keys.push(Constraint {
                    name: String::new(),
                    kind: "UNIQUE".into(),
                    columns: vec![name.clone()],
                    references: None,
                });
            }
            ast::ColumnOption::ForeignKey(f) => keys.push(Constraint {
                name: String::new(),
                kind: "FOREIGN KEY".into(),
                columns: vec![name.clone()],
                references: Some(foreign(dialect, &f.foreign_table, &f.referred_columns)),
            }),
            ast::ColumnOption::Identity(kind) => {
                let (ast::IdentityPropertyKind::Autoincrement(p)
                | ast::IdentityPropertyKind::Identity(p)) = kind;
                let (start, step) = match &p.parameters {
                    None => (1, 1),
                    Some(
                        ast::IdentityPropertyFormatKind::FunctionCall(i)
                        | ast::IdentityPropertyFormatKind::StartAndIncrement(i),
                    ) => (number(&i.seed)?, number(&i.increment)?),
                };
                out.identity = Some(Identity {
                    start,
                    step,
                    always: dialect.name() == DialectName::Redshift,
                    oid: next_oid(),
                });
            }
            ast::ColumnOption::Generated {
                generated_as,
                sequence_options,
                generation_expr: None,
                ..
            } => {
                let mut start = 1;
                let mut step = 1;
                for s in sequence_options.iter().flatten() {
                    match s {
                        ast::SequenceOptions::StartWith(e, _) => start = number(e)?,
                        ast::SequenceOptions::IncrementBy(e, _) => step = number(e)?,
                        _ => {}
                    }
                }
                out.identity = Some(Identity {
                    start,
                    step,
                    always: matches!(generated_as, ast::GeneratedAs::Always),
                    oid: next_oid(),
                });
            }
            ast::ColumnOption::Collation(n) => {
                let specification = n.to_string().trim_matches(['\'', '"']).to_owned();
                if dialect.name() == DialectName::Snowflake {
                    crate::kernels::text::Collation::parse(&specification)?;
                    out.ty = out.ty.clone().with_collation(&specification, false);
                }
                out.properties.insert("collation".into(), specification);
            }
            ast::ColumnOption::Check(_) => return Err(SqlError::unsupported("CHECK constraints")),
            other => return Err(SqlError::unsupported(format!("column option {other}"))),
        }
    }
    Ok((out, keys))
}

fn foreign(
    dialect: &dyn Dialect,
    table: &ast::ObjectName,
    columns: &[ast::Ident],
) -> (Vec<String>, Vec<String>) {
    (
        table
            .0
            .iter()
            .filter_map(|p| p.as_ident())
            .map(|i| dialect.fold(i))
            .collect(),
        columns.iter().map(|c| dialect.fold(c)).collect(),
    )
}

fn index_columns(dialect: &dyn Dialect, columns: &[ast::IndexColumn]) -> Vec<String> {
    columns
        .iter()
        .map(|c| match &c.column.expr {
            ast::Expr::Identifier(i) => dialect.fold(i),
            other => other.to_string(),
        })
        .collect()
}

/// A table constraint as the catalog keeps it.
///
/// # Errors
/// Constraints that dwsim does not have.
pub(super) fn table_constraint(
    dialect: &dyn Dialect,
    c: &ast::TableConstraint,
) -> Result<Constraint> {
    let named = |n: &Option<ast::Ident>| n.as_ref().map(|i| dialect.fold(i)).unwrap_or_default();
    Ok(match c {
        ast::TableConstraint::PrimaryKey(k) => Constraint {
            name: named(&k.name),
            kind: "PRIMARY KEY".into(),
            columns: index_columns(dialect, &k.columns),
            references: None,
        },
        ast::TableConstraint::Unique(k) => Constraint {
            name: named(&k.name),
            kind: "UNIQUE".into(),
            columns: index_columns(dialect, &k.columns),
            references: None,
        },
        ast::TableConstraint::ForeignKey(k) => Constraint {
            name: named(&k.name),
            kind: "FOREIGN KEY".into(),
            columns: k.columns.iter().map(|c| dialect.fold(c)).collect(),
            references: Some(foreign(dialect, &k.foreign_table, &k.referred_columns)),
        },
        other => return Err(SqlError::unsupported(format!("constraint {other}"))),
    })
}

/// Names constraints that have none, as PostgreSQL does (`t_pkey`, `t_a_key`, `t_a_fkey`).
pub fn name_constraints(table: &str, constraints: &mut [Constraint]) {
    for i in 0..constraints.len() {
        if !constraints[i].name.is_empty() {
            continue;
        }
        let c = &constraints[i];
        let base = match c.kind.as_str() {
            "PRIMARY KEY" => format!("{table}_pkey"),
            "UNIQUE" => format!("{table}_{}_key", c.columns.join("_")),
            _ => format!("{table}_{}_fkey", c.columns.join("_")),
        };
        let mut name = base.clone();
        let mut n = 1;
        while constraints.iter().any(|o| o.name == name) {
            name = format!("{base}{n}");
            n += 1;
        }
        constraints[i].name = name;
    }
}

/// Clauses of Snowflake's CREATE TABLE that are kept as properties; policies would change results.
pub(super) fn snowflake_properties(c: &ast::CreateTable) -> Result<BTreeMap<String, String>> {
    for (what, given) in [
        ("WITH ROW ACCESS POLICY", c.with_row_access_policy.is_some()),
        (
            "WITH AGGREGATION POLICY",
            c.with_aggregation_policy.is_some(),
        ),
    ] {
        if given {
            return Err(SqlError::unsupported(what));
        }
    }
    let mut out = BTreeMap::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(v) = value {
            out.insert(name.to_owned(), v);
        }
    };
    put("change_tracking", c.change_tracking.map(|b| b.to_string()));
    put(
        "enable_schema_evolution",
        c.enable_schema_evolution.map(|b| b.to_string()),
    );
    put(
        "data_retention_time_in_days",
        c.data_retention_time_in_days.map(|n| n.to_string()),
    );
    put(
        "max_data_extension_time_in_days",
        c.max_data_extension_time_in_days.map(|n| n.to_string()),
    );
    put("default_ddl_collation", c.default_ddl_collation.clone());
    if let Some(keys) = &c.cluster_by {
        let (ast::WrappedCollection::NoWrapping(keys) | ast::WrappedCollection::Parentheses(keys)) =
            keys;
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        put("cluster_by", Some(format!("({})", keys.join(", "))));
    }
    Ok(out)
}

/// The type a derived column is stored with: bare NULLs and short literals become text of any length.
pub(super) fn storable(ty: &SqlType) -> SqlType {
    match ty {
        SqlType::Null => SqlType::text(),
        other => other.clone(),
    }
}
