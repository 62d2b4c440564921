//! information_schema of the current database.
//! Only what Redshift's clients read of it is here.

use dwsim_engine::catalog::{Constraint, Object};
use dwsim_engine::session::is_temp_schema;

use super::snapshot::{Rel, View};
use super::table::{Value, row};
use super::{Found, data_type_name, limits};

fn named(rel: &Rel) -> &str {
    &rel.schema
}

fn table_type(rel: &Rel) -> &'static str {
    if rel.is_temporary() {
        "LOCAL TEMPORARY"
    } else if rel.kind() == "r" {
        "BASE TABLE"
    } else {
        "VIEW"
    }
}

/// Every constraint with its table.
fn keys(view: &View) -> impl Iterator<Item = (&Rel, &Constraint)> {
    (view.relations.iter()).flat_map(|r| r.constraints().iter().map(move |k| (r, k)))
}

/// The table and columns that a foreign key refers to; without columns it is the primary key's.
fn referred<'a>(view: &'a View, k: &Constraint) -> Option<(&'a Rel, Vec<String>)> {
    let (path, columns) = k.references.as_ref()?;
    let name = path.last()?;
    let schema = path.len().checked_sub(2).map(|i| &path[i]);
    let target = (view.relations.iter())
        .find(|o| o.name == *name && schema.map_or(view.visible(o), |s| o.schema == *s))?;
    let columns = if columns.is_empty() {
        (target.constraints().iter())
            .find(|u| u.kind == "PRIMARY KEY")?
            .columns
            .clone()
    } else {
        columns.clone()
    };
    Some((target, columns))
}

/// What owners have and what was granted, of tables and views.
fn privileges(view: &View) -> Vec<Vec<Value>> {
    const ALL: [&str; 7] = [
        "INSERT",
        "SELECT",
        "UPDATE",
        "DELETE",
        "RULE",
        "REFERENCES",
        "TRIGGER",
    ];
    let db = view.database.as_str();
    let mut out = Vec::new();
    for r in &view.relations {
        for p in ALL {
            let (owner, schema, table) = (r.owner(), named(r), r.name.as_str());
            out.push(row![owner, owner, db, schema, table, p, "YES", "NO"]);
        }
    }
    for object in view.account.objects.values() {
        let Object::Other(o) = object else { continue };
        let get = |p: &str| o.properties.get(p).map_or("", String::as_str);
        let mut path = get("object").splitn(3, '.');
        let (Some(of), Some(schema), Some(table)) = (path.next(), path.next(), path.next()) else {
            continue;
        };
        let privilege = get("privilege").to_uppercase();
        if get("kind") != "table" || of != db || privilege.contains('(') {
            continue;
        }
        let owner = (view.relations.iter())
            .find(|r| r.schema == schema && r.name == table)
            .map(Rel::owner);
        let grantable = if get("grant option") == "true" {
            "YES"
        } else {
            "NO"
        };
        out.push(row![
            owner,
            get("grantee"),
            db,
            schema,
            table,
            privilege,
            grantable,
            "NO"
        ]);
    }
    out
}

pub(super) fn rows(view: &View, name: &str) -> Found {
    let db = view.database.as_str();
    let number = |n: Option<u32>| Value::from(n.map(i64::from));
    Some(match name {
        "schemata" => (
            "catalog_name:n schema_name:n schema_owner:n default_character_set_catalog:n default_character_set_schema:n default_character_set_name:n sql_path",
            view.schemas()
                .into_iter()
                .filter(|s| !is_temp_schema(&s.0))
                .map(|(n, _, owner)| {
                    row![
                        db,
                        n,
                        owner,
                        None::<&str>,
                        None::<&str>,
                        None::<&str>,
                        None::<&str>
                    ]
                })
                .collect(),
        ),
        "tables" => (
            "table_catalog:n table_schema:n table_name:n table_type self_referencing_column_name:n reference_generation user_defined_type_catalog:n user_defined_type_schema:n user_defined_name:n",
            view.relations
                .iter()
                .map(|r| {
                    row![
                        db,
                        named(r),
                        r.name.as_str(),
                        table_type(r),
                        None::<&str>,
                        None::<&str>,
                        None::<&str>,
                        None::<&str>,
                        None::<&str>
                    ]
                })
                .collect(),
        ),
        "views" => (
            "table_catalog:n table_schema:n table_name:n view_definition check_option is_updatable is_insertable_into",
            view.relations
                .iter()
                .filter(|r| r.kind() == "v")
                .map(|r| {
                    let text = match &r.body {
                        super::snapshot::Body::View(v) => v.ddl.clone(),
                        _ => r
                            .property(crate::statements::MATERIALIZED_DDL)
                            .unwrap_or_default()
                            .to_owned(),
                    };
                    row![db, named(r), r.name.as_str(), text, "NONE", "NO", "NO"]
                })
                .collect(),
        ),
        "columns" => (
            "table_catalog:n table_schema:n table_name:n column_name:n ordinal_position:i column_default is_nullable data_type character_maximum_length:i character_octet_length:i numeric_precision:i numeric_precision_radix:i numeric_scale:i datetime_precision:i interval_type interval_precision character_set_catalog:n character_set_schema:n character_set_name:n collation_catalog:n collation_schema:n collation_name:n domain_catalog:n domain_schema:n domain_name:n udt_catalog:n udt_schema:n udt_name:n scope_catalog:n scope_schema:n scope_name:n maximum_cardinality:i dtd_identifier is_self_referencing",
            view.relations
                .iter()
                .filter(|r| !r.late_binding())
                .flat_map(|r| {
                    r.columns()
                        .into_iter()
                        .enumerate()
                        .map(|(i, c)| {
                            let (length, precision, scale) = limits(c.ty);
                            let mut out = row![
                                db,
                                named(r),
                                r.name.as_str(),
                                c.name,
                                i as i64 + 1,
                                super::pg::default_text(&c),
                                if c.not_null { "NO" } else { "YES" },
                                data_type_name(c.ty),
                                number(length),
                                number(length),
                                number(precision),
                                number(precision.map(|_| match c.ty {
                                    dwsim_engine::types::SqlType::Number { .. } => 10,
                                    _ => 2,
                                })),
                                number(scale),
                                number(c.ty.fraction().map(u32::from)),
                            ];
                            out.extend(std::iter::repeat_n(Value::Null, 11));
                            out.extend(row![
                                db,
                                "pg_catalog",
                                crate::dialect::internal_name(c.ty),
                                None::<&str>,
                                None::<&str>,
                                None::<&str>,
                                None::<i64>,
                                (i + 1).to_string(),
                                "NO"
                            ]);
                            out
                        })
                        .collect::<Vec<_>>()
                })
                .collect(),
        ),
        "table_constraints" => (
            "constraint_catalog:n constraint_schema:n constraint_name:n table_catalog:n table_schema:n table_name:n constraint_type is_deferrable initially_deferred",
            view.relations
                .iter()
                .flat_map(|r| {
                    r.constraints()
                        .iter()
                        .map(|k| {
                            row![
                                db,
                                named(r),
                                k.name.as_str(),
                                db,
                                named(r),
                                r.name.as_str(),
                                k.kind.as_str(),
                                "NO",
                                "NO"
                            ]
                        })
                        .collect::<Vec<_>>()
                })
                .collect(),
        ),
        "key_column_usage" => (
            "constraint_catalog:n constraint_schema:n constraint_name:n table_catalog:n table_schema:n table_name:n column_name:n ordinal_position:i",
            view.relations
                .iter()
                .flat_map(|r| {
                    r.constraints()
                        .iter()
                        .flat_map(|k| {
                            k.columns.iter().enumerate().map(|(i, c)| {
                                row![
                                    db,
                                    named(r),
                                    k.name.as_str(),
                                    db,
                                    named(r),
                                    r.name.as_str(),
                                    c.as_str(),
                                    i as i64 + 1
                                ]
                            })
                        })
                        .collect::<Vec<_>>()
                })
                .collect(),
        ),
        "constraint_column_usage" => (
            "table_catalog:n table_schema:n table_name:n column_name:n constraint_catalog:n constraint_schema:n constraint_name:n",
            keys(view)
                .flat_map(|(r, k)| {
                    // A foreign key uses the columns it refers to.
                    let (table, columns) = match referred(view, k) {
                        Some((target, columns)) => (target, columns),
                        None => (r, k.columns.clone()),
                    };
                    columns.into_iter().map(move |c| {
                        row![
                            db,
                            named(table),
                            table.name.as_str(),
                            c,
                            db,
                            named(r),
                            k.name.as_str()
                        ]
                    })
                })
                .collect(),
        ),
        "referential_constraints" => (
            "constraint_catalog:n constraint_schema:n constraint_name:n unique_constraint_catalog:n unique_constraint_schema:n unique_constraint_name:n match_option update_rule delete_rule",
            keys(view)
                .filter(|(_, k)| k.references.is_some())
                .map(|(r, k)| {
                    let unique = referred(view, k).and_then(|(target, columns)| {
                        let key = (target.constraints().iter())
                            .find(|u| u.references.is_none() && u.columns == columns)?;
                        Some((named(target), key.name.as_str()))
                    });
                    row![
                        db,
                        named(r),
                        k.name.as_str(),
                        unique.map(|_| db),
                        unique.map(|u| u.0),
                        unique.map(|u| u.1),
                        "NONE",
                        "NO ACTION",
                        "NO ACTION"
                    ]
                })
                .collect(),
        ),
        "table_privileges" | "role_table_grants" => (
            "grantor:n grantee:n table_catalog:n table_schema:n table_name:n privilege_type is_grantable with_hierarchy",
            privileges(view),
        ),
        "column_privileges" | "role_column_grants" => (
            "grantor:n grantee:n table_catalog:n table_schema:n table_name:n column_name:n privilege_type is_grantable",
            Vec::new(),
        ),
        "routines" => (
            "specific_catalog:n specific_schema:n specific_name:n routine_catalog:n routine_schema:n routine_name:n routine_type data_type",
            super::routines::information(view),
        ),
        "parameters" => (
            "specific_catalog:n specific_schema:n specific_name:n ordinal_position:i parameter_mode is_result as_locator parameter_name:n data_type",
            super::routines::parameters(view),
        ),
        "information_schema_catalog_name" => ("catalog_name:n", vec![row![db]]),
        _ => return None,
    })
}
