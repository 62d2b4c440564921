//! The relations of pg_catalog about the cluster rather than a database's objects: databases, users, groups, settings.
//! Objects are in `pg`.

use chrono::{Offset, TimeZone};
use chrono_tz::OffsetComponents;
use chrono_tz::OffsetName;
use dwsim_engine::catalog::{Database, Object, ObjectKind};
use dwsim_engine::plan::Binder;

use super::Found;
use super::snapshot::View;
use super::table::{Value, row};

/// `-05:00:00` for seconds east of UTC.
fn shown_offset(seconds: i32) -> String {
    let s = seconds.abs();
    format!(
        "{}{:02}:{:02}:{:02}",
        if seconds < 0 { "-" } else { "" },
        s / 3600,
        s / 60 % 60,
        s % 60
    )
}

/// The rows of PG_TIMEZONE_NAMES() and PG_TIMEZONE_ABBREVS() (time-zone-names, time-zone-abbrevs).
pub(super) fn zones(binder: &Binder<'_>, function: &str) -> Found {
    Some(match function {
        "pg_timezone_names" => {
            let now = binder.env.moment().now.naive_utc();
            (
                "name abbrev utc_offset is_dst:b",
                chrono_tz::TZ_VARIANTS
                    .iter()
                    .map(|tz| {
                        let at = tz.offset_from_utc_datetime(&now);
                        row![
                            tz.name(),
                            at.abbreviation().unwrap_or_default(),
                            shown_offset(at.fix().local_minus_utc()),
                            !at.dst_offset().is_zero()
                        ]
                    })
                    .collect(),
            )
        }
        "pg_timezone_abbrevs" => (
            "abbrev utc_offset is_dst:b",
            dwsim_engine::kernels::datetime::zone::abbreviations()
                .iter()
                .map(|(name, seconds)| {
                    // Summer time is `…DT`, British, and Central and Eastern European.
                    let dst =
                        name.ends_with("DT") || matches!(*name, "BST" | "CEST" | "EEST" | "MSD");
                    row![*name, shown_offset(*seconds), dst]
                })
                .collect(),
        ),
        _ => return None,
    })
}

/// The key of a database's isolation level: 1 is SNAPSHOT, 2 SERIALIZABLE (r_CREATE_DATABASE).
fn concurrency(d: &Database) -> u8 {
    match d.properties.get("isolation level") {
        Some(level) if level.eq_ignore_ascii_case("snapshot") => 1,
        _ => 2,
    }
}

/// A relation; None when there is none of this name.
pub(super) fn rows(view: &View, binder: &Binder<'_>, name: &str) -> Found {
    let db = view.database.as_str();
    Some(match name {
        "pg_database" => (
            "oid:o datname:n datdba:i encoding:i datistemplate:b datallowconn:b datlastsysoid:o datvacuumxid:i datfrozenxid:i dattablespace:o datconfig datacl datcollate:n datctype:n",
            view.account
                .databases
                .iter()
                .map(|(n, d)| {
                    row![
                        d.oid,
                        n.as_str(),
                        view.user_oid(&d.owner),
                        6i64,
                        false,
                        true,
                        0i64,
                        0i64,
                        0i64,
                        0i64,
                        None::<&str>,
                        None::<&str>,
                        "C",
                        "C"
                    ]
                })
                .collect(),
        ),
        "pg_database_info" => (
            "datid:o datname:n datdba:i encoding:i datistemplate:b datallowconn:b datlastsysoid:o datvacuumxid:i datfrozenxid:i dattablespace:o datconnlimit datconfig datacl",
            view.account
                .databases
                .iter()
                .map(|(n, d)| {
                    row![
                        d.oid,
                        n.as_str(),
                        view.user_oid(&d.owner),
                        6i64,
                        false,
                        true,
                        0i64,
                        0i64,
                        0i64,
                        0i64,
                        d.properties
                            .get("connection limit")
                            .map_or("UNLIMITED".to_owned(), |l| l.to_uppercase()),
                        format!("{{concurrency_model={}}}", concurrency(d)),
                        None::<&str>
                    ]
                })
                .collect(),
        ),
        "pg_user" | "pg_user_info" | "pg_shadow" => (
            if name == "pg_user_info" {
                "usename:n usesysid:i usecreatedb:b usesuper:b usecatupd:b passwd valuntil useconfig useconnlimit"
            } else {
                "usename:n usesysid:i usecreatedb:b usesuper:b usecatupd:b passwd valuntil useconfig"
            },
            view.users()
                .into_iter()
                .map(|(n, id, db, sup)| {
                    let made = view.account.objects.get(&(ObjectKind::User, n.clone()));
                    let properties = match made {
                        Some(Object::Other(o)) => Some(&o.properties),
                        _ => None,
                    };
                    let of = |p: &str| properties.and_then(|all| all.get(p)).cloned();
                    let settings: Vec<String> = properties
                        .into_iter()
                        .flatten()
                        .filter_map(|(k, v)| Some(format!("{}={v}", k.strip_prefix("set ")?)))
                        .collect();
                    let settings =
                        (!settings.is_empty()).then(|| format!("{{{}}}", settings.join(",")));
                    let mut r = row![n, id, db, sup, sup, "********", of("valid"), settings];
                    if name == "pg_user_info" {
                        let limit = of("connection").unwrap_or_else(|| "unlimited".to_owned());
                        r.push(Value::from(limit.to_uppercase()));
                    }
                    r
                })
                .collect(),
        ),
        "pg_roles" | "pg_authid" => (
            "oid:o rolname:n rolsuper:b rolinherit:b rolcreaterole:b rolcreatedb:b rolcanlogin:b rolconnlimit:i rolvaliduntil rolreplication:b rolbypassrls:b",
            view.users()
                .into_iter()
                .map(|(n, id, db, sup)| {
                    row![
                        id,
                        n,
                        sup,
                        true,
                        sup,
                        db,
                        true,
                        -1i64,
                        None::<&str>,
                        false,
                        false
                    ]
                })
                // Roles are principals too that nobody can connect as.
                .chain(
                    (view.account.objects.iter())
                        .filter(|((kind, _), _)| *kind == ObjectKind::Role)
                        .map(|((_, n), o)| {
                            row![
                                o.oid(),
                                n.as_str(),
                                false,
                                true,
                                false,
                                false,
                                false,
                                -1i64,
                                None::<&str>,
                                false,
                                false
                            ]
                        }),
                )
                .collect(),
        ),
        "pg_auth_members" => ("roleid:o member:o grantor:o admin_option:b", Vec::new()),
        "pg_group" => (
            "groname:n grosysid:i grolist",
            view.account
                .objects
                .iter()
                .filter(|((kind, _), _)| *kind == ObjectKind::Group)
                .map(|((_, n), o)| {
                    let members: Vec<String> = match o {
                        Object::Other(o) => o
                            .properties
                            .get("members")
                            .map(|m| {
                                m.split(',')
                                    .filter(|s| !s.is_empty())
                                    .map(|u| view.user_oid(u).to_string())
                                    .collect()
                            })
                            .unwrap_or_default(),
                        _ => Vec::new(),
                    };
                    row![n.as_str(), o.oid(), format!("{{{}}}", members.join(","))]
                })
                .collect(),
        ),
        "pg_settings" => (
            "name setting category short_desc extra_desc context vartype source min_val max_val",
            binder
                .env
                .parameters
                .iter()
                .map(|(n, v)| {
                    row![
                        n.as_str(),
                        v.as_str(),
                        "",
                        "",
                        "",
                        "user",
                        "string",
                        "session",
                        None::<&str>,
                        None::<&str>
                    ]
                })
                .collect(),
        ),
        "pg_stat_activity" => (
            "datid:o datname:n procpid:i usesysid:i usename:n current_query query_start:t",
            vec![row![
                view.db.as_ref().map(|d| d.oid),
                db,
                binder.env.session_id,
                view.user_oid(&binder.env.user),
                binder.env.user.as_str(),
                "",
                Value::Time(binder.env.moment().now.timestamp_micros())
            ]],
        ),
        _ => return None,
    })
}
