//! pg_catalog as psql, drivers, sqlalchemy-redshift and dbt-redshift read it.
//! Columns are those of PostgreSQL 8.0 with Redshift's additions, and what newer clients of PostgreSQL ask for.

use std::ops::ControlFlow;

use dwsim_engine::dialect::Dialect;
use dwsim_engine::plan::Binder;
use dwsim_engine::types::SqlType;
use sqlparser::ast;

use super::Found;
use super::snapshot::{Col, DEV, PG_CATALOG, Rel, View};
use super::table::{Value, row};
use crate::protocol::types::{modifier, oid, size};

/// A column's default as text, identities as their function.
pub(super) fn default_text(c: &Col<'_>) -> Option<String> {
    let def = c.def?;
    match &def.identity {
        Some(id) => Some(format!(
            "\"identity\"({}, 0, '{},{}'::text)",
            id.oid, id.start, id.step
        )),
        None => def.default.clone(),
    }
}

/// Every type with its name in `pg_type`.
fn types() -> Vec<SqlType> {
    vec![
        SqlType::Boolean,
        SqlType::Name,
        SqlType::BigInt,
        SqlType::SmallInt,
        SqlType::Integer,
        SqlType::Oid,
        SqlType::Real,
        SqlType::Double,
        SqlType::Char(1),
        SqlType::text(),
        SqlType::Date,
        SqlType::Time(6),
        SqlType::Timestamp(6),
        SqlType::TimestampLtz(6),
        SqlType::Interval,
        SqlType::IntervalYm,
        SqlType::IntervalDs,
        SqlType::TimeTz,
        SqlType::number(18, 0),
        SqlType::HllSketch,
        SqlType::Geometry,
        SqlType::Geography,
        SqlType::Variant,
        SqlType::Binary(None),
    ]
}

/// Object id of a type by its name: that of `pg_type`, SQL's, or of a type that only functions have.
pub(super) fn type_oid(name: &str) -> Option<i64> {
    let special = match name {
        "text" => Some(25),
        "char" | "character" => Some(1042),
        "decimal" => Some(1700),
        "trigger" => Some(2279),
        "void" => Some(super::routines::VOID),
        "record" => Some(super::routines::RECORD),
        _ => None,
    };
    let known = || {
        types()
            .into_iter()
            .find(|t| crate::dialect::internal_name(t) == name || super::data_type_name(t) == name)
            .map(|t| i64::from(oid(&t)))
    };
    special.or_else(known)
}

fn class(view: &View, r: &Rel) -> Vec<Value> {
    let rows = r.table().map_or(0, |t| t.data.rows);
    // PostgreSQL's clients ask for foreign keys where there are the triggers that keep them there.
    let foreign = r.constraints().iter().any(|k| k.references.is_some());
    let primary = r.constraints().iter().any(|k| k.kind == "PRIMARY KEY");
    row![
        r.oid(),
        r.name.as_str(),
        r.schema_oid,
        0i64,
        view.user_oid(r.owner()),
        0i64,
        r.oid(),
        0i64,
        (rows / 1000) as i64,
        Value::Double(rows as f64),
        0i64,
        0i64,
        false,
        false,
        r.kind(),
        r.columns().len() as i64,
        0i64,
        0i64,
        0i64,
        0i64,
        0i64,
        false,
        primary,
        r.kind() == "v",
        false,
        None::<&str>,
        r.dist_style(),
        foreign,
        false,
        0i64,
        if r.is_temporary() { "t" } else { "p" },
        None::<&str>,
    ]
}

fn attributes(r: &Rel) -> Vec<Vec<Value>> {
    let columns = r.columns();
    let dist = r.property("distkey");
    columns
        .iter()
        .enumerate()
        .map(|(i, c)| {
            row![
                r.oid(),
                c.name,
                i64::from(oid(c.ty)),
                -1i64,
                i64::from(size(c.ty)),
                i as i64 + 1,
                0i64,
                -1i64,
                i64::from(modifier(c.ty)),
                false,
                "x",
                "i",
                c.not_null,
                default_text(c).is_some(),
                false,
                true,
                0i64,
                dist == Some(c.name),
                i as i64 + 1,
                r.sort_position(c.name),
                encoding_type(&r.encoding(c)),
                false,
                "",
                "",
                0i64,
                None::<&str>,
            ]
        })
        .collect()
}

/// Numbers of `pg_attribute.attencodingtype` that `format_encoding` turns into names.
const ENCODINGS: &[(i64, &str)] = &[
    (0, "none"),
    (1, "bytedict"),
    (2, "delta"),
    (3, "lzo"),
    (4, "runlength"),
    (5, "mostly8"),
    (6, "mostly16"),
    (7, "mostly32"),
    (8, "text255"),
    (9, "text32k"),
    (10, "delta32k"),
    (11, "zstd"),
    (12, "az64"),
];

fn encoding_type(name: &str) -> i64 {
    ENCODINGS.iter().find(|e| e.1 == name).map_or(0, |e| e.0)
}

/// The name of an encoding number.
pub(crate) fn encoding_name(number: i64) -> &'static str {
    ENCODINGS
        .iter()
        .find(|e| e.0 == number)
        .map_or("none", |e| e.1)
}

/// An array of attribute numbers as text: `{1,2}`.
fn numbers(r: &Rel, names: &[String]) -> String {
    let columns = r.columns();
    let all: Vec<String> = names
        .iter()
        .filter_map(|n| columns.iter().position(|c| c.name == n))
        .map(|i| (i + 1).to_string())
        .collect();
    format!("{{{}}}", all.join(","))
}

fn constraints(view: &View, r: &Rel) -> Vec<Vec<Value>> {
    r.constraints()
        .iter()
        .enumerate()
        .map(|(i, k)| {
            let target = k.references.as_ref().and_then(|(path, _)| {
                let name = path.last()?;
                let schema = path.len().checked_sub(2).map(|i| &path[i]);
                view.relations
                    .iter()
                    .find(|o| o.name == *name && schema.map_or(view.visible(o), |s| o.schema == *s))
            });
            let foreign = target.map(|t| {
                let columns = k.references.as_ref().map_or(&[][..], |r| r.1.as_slice());
                numbers(t, columns)
            });
            row![
                r.oid() * 100 + i as i64,
                k.name.as_str(),
                r.schema_oid,
                match k.kind.as_str() {
                    "PRIMARY KEY" => "p",
                    "UNIQUE" => "u",
                    _ => "f",
                },
                false,
                false,
                r.oid(),
                0i64,
                target.map_or(0, Rel::oid),
                "a",
                "a",
                "u",
                numbers(r, &k.columns),
                foreign,
                None::<&str>,
                None::<&str>,
            ]
        })
        .collect()
}

fn descriptions(view: &View) -> Vec<Vec<Value>> {
    const CLASS: i64 = 1259;
    const NAMESPACE: i64 = 2615;
    let mut out = Vec::new();
    for r in &view.relations {
        if let Some(text) = r.comment() {
            out.push(row![r.oid(), CLASS, 0i64, text]);
        }
        for (i, c) in r.columns().iter().enumerate() {
            if let Some(text) = c.def.and_then(|d| d.comment.as_deref()) {
                out.push(row![r.oid(), CLASS, i as i64 + 1, text]);
            }
        }
    }
    if let Some(db) = &view.db {
        for s in db.schemas.values() {
            if let Some(text) = &s.comment {
                out.push(row![s.oid, NAMESPACE, 0i64, text.as_str()]);
            }
        }
    }
    out
}

/// The names that the WITH clauses of a query give.
struct OwnNames<'r> {
    rules: &'r dyn Dialect,
    names: Vec<String>,
}

impl ast::Visitor for OwnNames<'_> {
    type Break = ();
    fn pre_visit_query(&mut self, query: &ast::Query) -> ControlFlow<()> {
        for cte in query.with.iter().flat_map(|w| &w.cte_tables) {
            self.names.push(self.rules.fold(&cte.alias.name));
        }
        ControlFlow::Continue(())
    }
}

/// The relations that a query names, each once. Names are looked up and nothing is bound: a view may read
/// `pg_depend` itself.
fn named<'v>(
    view: &'v View,
    rules: &dyn Dialect,
    path: &[(String, String)],
    query: &ast::Query,
) -> Vec<&'v Rel> {
    let mut own = OwnNames {
        rules,
        names: Vec::new(),
    };
    let _ = ast::Visit::visit(query, &mut own);
    let own = own.names;
    let mut out: Vec<&Rel> = Vec::new();
    let _ = ast::visit_relations(query, |name| {
        let parts: Vec<String> = name
            .0
            .iter()
            .filter_map(|p| p.as_ident().map(|i| rules.fold(i)))
            .collect();
        let found = match parts.as_slice() {
            [name] if own.contains(name) => None,
            [name] => path
                .iter()
                .filter(|(database, _)| *database == view.database)
                .find_map(|(_, schema)| {
                    view.relations
                        .iter()
                        .find(|r| r.name == *name && r.schema == *schema)
                }),
            [.., schema, name] => view
                .relations
                .iter()
                .find(|r| r.name == *name && r.schema == *schema),
            [] => None,
        };
        if let Some(r) = found
            && !out.iter().any(|o| o.oid() == r.oid())
        {
            out.push(r);
        }
        ControlFlow::<()>::Continue(())
    });
    out
}

/// Views of the current database with the relations their queries use.
pub(super) fn dependencies(view: &View, binder: &mut Binder<'_>) -> Vec<(i64, i64)> {
    let mut out = Vec::new();
    for r in &view.relations {
        if r.late_binding() {
            continue;
        }
        let Some(query) = r.query() else { continue };
        let Ok(parsed) = binder.dialect.parse_query(query) else {
            continue;
        };
        let mut path = binder.search_path.clone();
        if let super::snapshot::Body::View(v) = &r.body
            && let Some(schema) = &v.context.1
        {
            path.insert(0, (view.database.clone(), schema.clone()));
        }
        for used in named(view, binder.dialect, &path, &parsed) {
            out.push((r.oid(), used.oid()));
        }
    }
    out
}

pub(super) fn rows(view: &View, binder: &mut Binder<'_>, name: &str) -> Found {
    Some(match name {
        "pg_namespace" => (
            "oid:o nspname:n nspowner:i nspacl",
            view.schemas()
                .into_iter()
                .map(|(n, oid, owner)| row![oid, n, view.user_oid(&owner), None::<&str>])
                .collect(),
        ),
        "pg_class" => (
            "oid:o relname:n relnamespace:o reltype:o relowner:i relam:o relfilenode:o reltablespace:o relpages:i reltuples:d reltoastrelid:o reltoastidxid:o relhasindex:b relisshared:b relkind:c relnatts:s relexternid:o relisreplicated:s relpinned:s relchecks:s relfkeys:s relhasoids:b relhaspkey:b relhasrules:b relhassubclass:b relacl reldiststyle:s relhastriggers:b relrowsecurity:b reloftype:o relpersistence:c reloptions",
            view.relations.iter().map(|r| class(view, r)).collect(),
        ),
        // pg_class with two columns more.
        "pg_class_info" => (
            "reloid:o relname:n relnamespace:o reltype:o relowner:i relam:o relfilenode:o reltablespace:o relpages:i reltuples:d reltoastrelid:o reltoastidxid:o relhasindex:b relisshared:b relkind:c relnatts:s relexternid:o relisreplicated:s relpinned:s relchecks:s relfkeys:s relhasoids:b relhaspkey:b relhasrules:b relhassubclass:b relacl reldiststyle:s releffectivediststyle:i relcreationtime:t",
            view.relations
                .iter()
                .map(|r| {
                    let created = r.table().map(|t| Value::Time(t.def.created * 1_000_000));
                    let mut row = class(view, r);
                    row.truncate(27);
                    row.push(Value::from(r.dist_style()));
                    row.push(created.unwrap_or(Value::Null));
                    row
                })
                .collect(),
        ),
        "pg_attribute" => (
            "attrelid:o attname:n atttypid:o attstattarget:i attlen:s attnum:s attndims:i attcacheoff:i atttypmod:i attbyval:b attstorage:c attalign:c attnotnull:b atthasdef:b attisdropped:b attislocal:b attinhcount:i attisdistkey:b attispreloaded:s attsortkeyord:s attencodingtype:s attencrypttype:b attidentity attgenerated attcollation:o attacl",
            view.relations
                .iter()
                .filter(|r| !r.late_binding())
                .flat_map(attributes)
                .collect(),
        ),
        "pg_attribute_info" => (
            "attrelid:o attname:n atttypid:o attstattarget:i attlen:s attnum:s attndims:i attcacheoff:i atttypmod:i attbyval:b attstorage:c attalign:c attnotnull:b atthasdef:b attisdropped:b attislocal:b attinhcount:i attisdistkey:b attispreloaded:s attsortkeyord:s attencodingtype:s attencrypttype:b attacl",
            view.relations
                .iter()
                .filter(|r| !r.late_binding())
                .flat_map(|r| {
                    attributes(r).into_iter().map(|mut a| {
                        a.drain(22..25);
                        a
                    })
                })
                .collect(),
        ),
        "pg_attrdef" => (
            "oid:o adrelid:o adnum:s adbin adsrc",
            view.relations
                .iter()
                .flat_map(|r| {
                    r.columns()
                        .iter()
                        .enumerate()
                        .filter_map(|(i, c)| {
                            let text = default_text(c)?;
                            Some(row![
                                r.oid() * 100 + 50 + i as i64,
                                r.oid(),
                                i as i64 + 1,
                                text.as_str(),
                                text.as_str()
                            ])
                        })
                        .collect::<Vec<_>>()
                })
                .collect(),
        ),
        "pg_type" => (
            "oid:o typname:n typnamespace:o typowner:i typlen:s typbyval:b typtype:c typisdefined:b typdelim:c typrelid:o typelem:o typarray:o typinput typoutput typreceive typsend typalign:c typstorage:c typnotnull:b typbasetype:o typtypmod:i typndims:i typcollation:o typdefault typcategory:c",
            types()
                .iter()
                .map(|t| {
                    let short = crate::dialect::internal_name(t);
                    row![
                        i64::from(oid(t)),
                        short.as_str(),
                        PG_CATALOG,
                        1i64,
                        i64::from(size(t)),
                        false,
                        "b",
                        true,
                        ",",
                        0i64,
                        0i64,
                        0i64,
                        format!("{short}in"),
                        format!("{short}out"),
                        format!("{short}recv"),
                        format!("{short}send"),
                        "i",
                        "p",
                        false,
                        0i64,
                        -1i64,
                        0i64,
                        0i64,
                        None::<&str>,
                        "U"
                    ]
                })
                .chain(std::iter::once(row![
                    25i64,
                    "text",
                    PG_CATALOG,
                    1i64,
                    -1i64,
                    false,
                    "b",
                    true,
                    ",",
                    0i64,
                    0i64,
                    0i64,
                    "textin",
                    "textout",
                    "textrecv",
                    "textsend",
                    "i",
                    "x",
                    false,
                    0i64,
                    -1i64,
                    0i64,
                    0i64,
                    None::<&str>,
                    "S"
                ]))
                .collect(),
        ),
        "pg_constraint" => (
            "oid:o conname:n connamespace:o contype:c condeferrable:b condeferred:b conrelid:o contypid:o confrelid:o confupdtype:c confdeltype:c confmatchtype:c conkey confkey conbin consrc",
            view.relations
                .iter()
                .flat_map(|r| constraints(view, r))
                .collect(),
        ),
        "pg_index" => (
            "indexrelid:o indrelid:o indkey indclass indnatts:s indisunique:b indisprimary:b indisclustered:b indisvalid:b indisreplident:b indexprs indpred",
            Vec::new(),
        ),
        "pg_inherits" => ("inhrelid:o inhparent:o inhseqno:i", Vec::new()),
        "pg_trigger" => (
            "oid:o tgrelid:o tgname:n tgenabled:c tgisinternal:b",
            Vec::new(),
        ),
        "pg_policy" | "pg_statistic_ext" | "pg_publication" => ("oid:o", Vec::new()),
        "pg_description" => (
            "objoid:o classoid:o objsubid:i description",
            descriptions(view),
        ),
        "pg_shdescription" => (
            "objoid:o classoid:o description",
            view.account
                .databases
                .values()
                .filter_map(|d| Some(row![d.oid, 1262i64, d.comment.as_deref()?]))
                .collect(),
        ),
        "stv_mv_deps" => ("db_name schema name ref_schema ref_name ref_db_name", {
            let all = dependencies(view, binder);
            let materialized = |oid: i64| {
                view.relations.iter().find(|r| {
                    r.oid() == oid && matches!(r.body, super::snapshot::Body::Materialized(_))
                })
            };
            all.into_iter()
                .filter_map(|(from, to)| Some((materialized(from)?, materialized(to)?)))
                .map(|(r, on)| {
                    row![
                        view.database.as_str(),
                        r.schema.as_str(),
                        r.name.as_str(),
                        on.schema.as_str(),
                        on.name.as_str(),
                        view.database.as_str()
                    ]
                })
                .collect()
        }),
        "pg_tables" => (
            "schemaname:n tablename:n tableowner:n tablespace:n hasindexes:b hasrules:b hastriggers:b",
            view.relations
                .iter()
                .filter(|r| r.kind() == "r")
                .map(|r| {
                    row![
                        r.schema.as_str(),
                        r.name.as_str(),
                        r.owner(),
                        None::<&str>,
                        false,
                        false,
                        false
                    ]
                })
                .collect(),
        ),
        "pg_views" => (
            "schemaname:n viewname:n viewowner:n definition",
            view.relations
                .iter()
                .filter(|r| r.kind() == "v")
                .map(|r| {
                    let text = match &r.body {
                        super::snapshot::Body::View(v) if v.late_binding => v.ddl.clone(),
                        super::snapshot::Body::Materialized(_) => r
                            .property(crate::statements::MATERIALIZED_DDL)
                            .unwrap_or_default()
                            .to_owned(),
                        _ => r.query().unwrap_or_default().to_owned(),
                    };
                    row![r.schema.as_str(), r.name.as_str(), r.owner(), text]
                })
                .collect(),
        ),
        "pg_indexes" => (
            "schemaname:n tablename:n indexname:n tablespace:n indexdef",
            Vec::new(),
        ),
        "pg_table_def" => (
            "schemaname:n tablename:n column:n type encoding distkey:b sortkey:i notnull:b",
            view.relations
                .iter()
                .filter(|r| r.table().is_some() && view.visible(r))
                .flat_map(|r| {
                    let dist = r.property("distkey").map(str::to_owned);
                    r.columns()
                        .iter()
                        .map(|c| {
                            let encoding = match r.encoding(c).as_str() {
                                "raw" => "none".to_owned(),
                                other => other.to_owned(),
                            };
                            row![
                                r.schema.as_str(),
                                r.name.as_str(),
                                c.name,
                                c.ty.redshift(),
                                encoding,
                                dist.as_deref() == Some(c.name),
                                r.sort_position(c.name),
                                c.not_null
                            ]
                        })
                        .collect::<Vec<_>>()
                })
                .collect(),
        ),
        "pg_am" => (
            "oid:o amname:n",
            [(403, "btree"), (405, "hash")]
                .into_iter()
                .map(|(id, n)| row![id as i64, n])
                .collect(),
        ),
        "pg_depend" => (
            "classid:o objid:o objsubid:i refclassid:o refobjid:o refobjsubid:i deptype:c",
            dependencies(view, binder)
                .into_iter()
                .map(|(v, t)| row![2618i64, v * 100 + 99, 0i64, 1259i64, t, 0i64, "n"])
                // A view's rule belongs to the view (r_DROP_TABLE, "Viewing the dependencies for a table").
                .chain(
                    view.relations
                        .iter()
                        .filter(|r| r.query().is_some() && !r.late_binding())
                        .map(|r| {
                            let v = r.oid();
                            row![2618i64, v * 100 + 99, 0i64, 1259i64, v, 0i64, "i"]
                        }),
                )
                .collect(),
        ),
        "pg_rewrite" => (
            "oid:o rulename:n ev_class:o ev_attr:s ev_type:c is_instead:b",
            view.relations
                .iter()
                .filter(|r| r.kind() == "v")
                .map(|r| row![r.oid() * 100 + 99, "_RETURN", r.oid(), -1i64, "1", true])
                .collect(),
        ),
        "pg_language" => (
            "oid:o lanname:n lanowner:i lanispl:b lanpltrusted:b lanplcallfoid:o lanvalidator:o",
            [
                (12i64, "internal"),
                (13, "c"),
                (14, "sql"),
                (100_000, "plpgsql"),
            ]
            .into_iter()
            .map(|(id, n)| row![id, n, DEV, n == "plpgsql", true, 0i64, 0i64])
            .collect(),
        ),
        "pg_proc" | "pg_proc_info" => (
            "oid:o proname:n pronamespace:o proowner:i prolang:o proisagg:b prosecdef:b proisstrict:b proretset:b provolatile:c pronargs:s prorettype:o proargtypes proargnames prosrc probin proacl prokind:c proallargtypes proargmodes proiswindow:b",
            super::routines::procedures(view),
        ),
        "pg_aggregate" => (
            "aggfnoid:o aggtransfn aggfinalfn aggtranstype:o agginitval",
            Vec::new(),
        ),
        "pg_operator" => (
            "oid:o oprname:n oprnamespace:o oprkind:c oprleft:o oprright:o oprresult:o",
            Vec::new(),
        ),
        // Statistics are not kept: the planner counts rows.
        "pg_statistic" => (
            "starelid:o staattnum:s stanullfrac:d stawidth:i stadistinct:d stakind1:s stakind2:s stakind3:s stakind4:s staop1:o staop2:o staop3:o staop4:o stanumbers1 stanumbers2 stanumbers3 stanumbers4 stavalues1 stavalues2 stavalues3 stavalues4",
            Vec::new(),
        ),
        "pg_cast" => (
            "castsource:o casttarget:o castfunc:o castcontext:c",
            Vec::new(),
        ),
        "pg_conversion" => ("oid:o conname:n connamespace:o", Vec::new()),
        "pg_collation" => ("oid:o collname:n collnamespace:o", Vec::new()),
        "pg_enum" => ("oid:o enumtypid:o enumsortorder:d enumlabel:n", Vec::new()),
        "pg_range" => ("rngtypid:o rngsubtype:o", Vec::new()),
        "pg_extension" => (
            "oid:o extname:n extowner:o extnamespace:o extversion",
            Vec::new(),
        ),
        "pg_foreign_server" => ("oid:o srvname:n srvowner:o", Vec::new()),
        "pg_foreign_table" => ("ftrelid:o ftserver:o ftoptions", Vec::new()),
        "pg_matviews" => (
            "schemaname:n matviewname:n matviewowner:n definition",
            Vec::new(),
        ),
        "pg_partitioned_table" => ("partrelid:o partstrat:c", Vec::new()),
        "pg_sequence" | "pg_sequences" => ("seqrelid:o seqtypid:o", Vec::new()),
        "pg_tablespace" => (
            "oid:o spcname:n spcowner:i spclocation spcacl",
            vec![row![1663i64, "pg_default", 1i64, "", None::<&str>]],
        ),
        "pg_external_schema" => ("esoid:o eskind:i esdbname esoptions", Vec::new()),
        "pg_default_acl" => (
            "oid:o defacluser:i defaclnamespace:o defaclobjtype:c defaclacl",
            Vec::new(),
        ),
        "pg_statistic_indicator" => ("stairelid:o stairows:d staiins:d staidels:d", Vec::new()),
        _ => return super::pg_cluster::rows(view, binder, name),
    })
}
