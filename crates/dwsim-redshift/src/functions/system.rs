//! System information and administration functions, and those that clients of PostgreSQL call on catalogs.
//! Facts of the catalog are looked up when a call is bound, so that a statement sees one state.

use arrow::array::ArrayRef;
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{Expr, lit};
use datafusion::scalar::ScalarValue;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::functions::{Call, FnCall, Param, ScalarDef, Typed, ret};
use dwsim_engine::plan::CastMode;
use dwsim_engine::types::SqlType;

use crate::catalog::{Facts, facts};
use crate::protocol::types::from_oid;

const INFORMATION: &str =
    "https://docs.aws.amazon.com/redshift/latest/dg/r_System_information_functions.html";
const LEADER: &str =
    "https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions_leader_node_only.html";

/// The table's rows.
pub const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom(
        "VERSION",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_VERSION.html",
        version,
    ),
    ScalarDef::custom(
        "CURRENT_DATABASE",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_CURRENT_DATABASE.html",
        |c| {
            c.expect(0, 0)?;
            Ok(name(c.env().database.clone()))
        },
    ),
    ScalarDef::custom(
        "CURRENT_SCHEMA",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_CURRENT_SCHEMA.html",
        |c| {
            c.expect(0, 0)?;
            Ok(name(c.env().schema.clone()))
        },
    ),
    ScalarDef::custom(
        "CURRENT_SCHEMAS",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_CURRENT_SCHEMAS.html",
        current_schemas,
    ),
    ScalarDef::custom(
        "CURRENT_USER",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_CURRENT_USER.html",
        user,
    ),
    ScalarDef::custom(
        "SESSION_USER",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_SESSION_USER.html",
        user,
    ),
    ScalarDef::custom(
        "USER",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_USER.html",
        user,
    ),
    ScalarDef::custom(
        "CURRENT_USER_ID",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_CURRENT_USER_ID.html",
        |c| {
            c.expect(0, 0)?;
            let user = c.env().user.clone();
            Ok(int(facts(c.binder).user_oid(&user) as i32))
        },
    ),
    ScalarDef::custom(
        "CURRENT_SETTING",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_CURRENT_SETTING.html",
        current_setting,
    ),
    ScalarDef::custom(
        "PG_BACKEND_PID",
        "https://docs.aws.amazon.com/redshift/latest/dg/PG_BACKEND_PID.html",
        |c| {
            c.expect(0, 0)?;
            Ok(int(c.env().session_id as i32))
        },
    ),
    ScalarDef::custom(
        "PG_LAST_QUERY_ID",
        "https://docs.aws.amazon.com/redshift/latest/dg/PG_LAST_QUERY_ID.html",
        last_query,
    ),
    ScalarDef::custom(
        "LAST_USER_QUERY_ID",
        "https://docs.aws.amazon.com/redshift/latest/dg/LAST_USER_QUERY_ID.html",
        last_query,
    ),
    ScalarDef::custom("PG_GET_USERBYID", LEADER, userbyid),
    ScalarDef::custom("PG_TABLE_IS_VISIBLE", LEADER, table_is_visible),
    ScalarDef::custom("PG_TYPE_IS_VISIBLE", LEADER, always),
    ScalarDef::custom("PG_FUNCTION_IS_VISIBLE", LEADER, always),
    ScalarDef::custom("PG_GET_VIEWDEF", LEADER, viewdef),
    ScalarDef::custom("PG_GET_EXPR", LEADER, |c| {
        c.expect(2, 3)?;
        let e = c.bind(0)?;
        c.coerce(e, Param::Text)
    }),
    ScalarDef::custom("PG_GET_CONSTRAINTDEF", LEADER, constraintdef),
    ScalarDef::custom("PG_GET_INDEXDEF", LEADER, nothing),
    ScalarDef::custom("PG_GET_FUNCTIONDEF", LEADER, nothing),
    ScalarDef::custom("PG_GET_FUNCTION_RESULT", LEADER, routine_text),
    ScalarDef::custom("PG_GET_FUNCTION_ARGUMENTS", LEADER, routine_text),
    // There are no rules and no triggers.
    ScalarDef::custom("PG_GET_RULEDEF", LEADER, nothing),
    ScalarDef::custom("PG_GET_TRIGGERDEF", LEADER, nothing),
    ScalarDef::custom("PG_TABLE_SIZE", LEADER, table_size),
    ScalarDef::custom("PG_RELATION_SIZE", LEADER, table_size),
    ScalarDef::custom("PG_TOTAL_RELATION_SIZE", LEADER, table_size),
    ScalarDef::new(
        "PG_SIZE_PRETTY",
        LEADER,
        &[Param::Int],
        ret::text,
        size_pretty,
    ),
    ScalarDef::custom("TO_REGTYPE", LEADER, regtype),
    ScalarDef::custom("PG_GET_PARTKEYDEF", LEADER, nothing),
    ScalarDef::custom("OBJ_DESCRIPTION", LEADER, obj_description),
    ScalarDef::custom("COL_DESCRIPTION", LEADER, col_description),
    ScalarDef::custom("SHOBJ_DESCRIPTION", LEADER, nothing),
    ScalarDef::custom("TO_REGCLASS", LEADER, regclass),
    ScalarDef::new(
        "FORMAT_TYPE",
        LEADER,
        &[Param::Int, Param::Int],
        ret::text,
        format_type,
    ),
    ScalarDef::new(
        "FORMAT_ENCODING",
        LEADER,
        &[Param::Int],
        ret::text,
        format_encoding,
    ),
    ScalarDef::new(
        "PG_ENCODING_TO_CHAR",
        LEADER,
        &[Param::Int],
        ret::text,
        encoding_name,
    ),
    ScalarDef::new(
        "ARRAY_TO_STRING",
        LEADER,
        &[Param::Text, Param::Text],
        ret::text,
        array_to_string,
    )
    .optional(0),
    // `indkey[0]`, from 0.
    ScalarDef::new(
        "PG_VECTOR_ELEMENT",
        LEADER,
        &[Param::Text, Param::Int],
        ret::int,
        vector_element,
    ),
    // `value = ANY (array)` over arrays of the catalogs.
    ScalarDef::new(
        "PG_ARRAY_HAS",
        LEADER,
        &[Param::Text, Param::Text],
        ret::boolean,
        array_has,
    ),
    // A row of several columns as one text.
    ScalarDef::new("PG_ROW_TEXT", LEADER, &[Param::Text], ret::text, row_text).variadic(),
    ScalarDef::custom(
        "CURRENT_AWS_ACCOUNT",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_CURRENT_AWS_ACCOUNT.html",
        |c| {
            c.expect(0, 0)?;
            Ok(c.binder.text(crate::dialect::ACCOUNT))
        },
    ),
    ScalarDef::custom("PG_IS_IN_RECOVERY", LEADER, |c| Ok(c.binder.bool(false))),
    ScalarDef::custom("TXID_CURRENT", LEADER, |c| {
        let id = c.env().moment().query_id.parse().unwrap_or(0);
        Ok(c.binder.int(id))
    }),
    ScalarDef::custom(
        "PG_LAST_COPY_ID",
        "https://docs.aws.amazon.com/redshift/latest/dg/PG_LAST_COPY_ID.html",
        |c| {
            c.expect(0, 0)?;
            Ok(remembered(c, "dwsim.last_copy_id", -1))
        },
    ),
    ScalarDef::custom(
        "PG_LAST_COPY_COUNT",
        "https://docs.aws.amazon.com/redshift/latest/dg/PG_LAST_COPY_COUNT.html",
        |c| {
            c.expect(0, 0)?;
            Ok(remembered(c, "dwsim.last_copy_count", 0))
        },
    ),
    ScalarDef::custom(
        "PG_LAST_UNLOAD_ID",
        "https://docs.aws.amazon.com/redshift/latest/dg/PG_LAST_UNLOAD_ID.html",
        |c| {
            c.expect(0, 0)?;
            Ok(remembered(c, "dwsim.last_unload_id", -1))
        },
    ),
    ScalarDef::custom(
        "PG_LAST_UNLOAD_COUNT",
        "https://docs.aws.amazon.com/redshift/latest/dg/PG_LAST_UNLOAD_COUNT.html",
        |c| {
            c.expect(0, 0)?;
            Ok(remembered(c, "dwsim.last_unload_count", 0))
        },
    ),
    ScalarDef::custom(
        "DB_COLLATION",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_DB_COLLATION.html",
        |c| {
            c.expect(0, 0)?;
            let collation = facts(c.binder).collation();
            Ok(c.binder.text(collation))
        },
    ),
    ScalarDef::custom("SLICE_NUM", INFORMATION, |c| {
        c.expect(0, 0)?;
        Ok(int(0))
    }),
    ScalarDef::custom(
        "PG_CANCEL_BACKEND",
        "https://docs.aws.amazon.com/redshift/latest/dg/PG_CANCEL_BACKEND.html",
        |c| signal(c, false),
    ),
    ScalarDef::custom(
        "PG_TERMINATE_BACKEND",
        "https://docs.aws.amazon.com/redshift/latest/dg/PG_TERMINATE_BACKEND.html",
        |c| signal(c, true),
    ),
];

fn name(value: Option<String>) -> Typed {
    Typed::new(Expr::Literal(ScalarValue::Utf8(value), None), SqlType::Name)
}

fn last_query(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(0, 0)?;
    let env = c.env();
    let last = env.moment().last_query_id.as_ref();
    Ok(int(last.and_then(|q| q.parse().ok()).unwrap_or(-1)))
}

fn int(v: i32) -> Typed {
    Typed::new(
        Expr::Literal(ScalarValue::Int32(Some(v)), None),
        SqlType::Integer,
    )
}

/// A number the session keeps between statements.
fn remembered(c: &FnCall<'_, '_>, name: &str, otherwise: i64) -> Typed {
    let known = c.env().parameter(name).and_then(|v| v.parse().ok());
    c.binder.int(known.unwrap_or(otherwise))
}

fn version(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(0, 0)?;
    Ok(c.binder.text(concat!(
        "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.0 (dwsim ",
        env!("CARGO_PKG_VERSION"),
        ")"
    )))
}

fn user(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(0, 0)?;
    Ok(name(Some(c.env().user.clone())))
}

fn current_schemas(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(1, 1)?;
    let implicit = c.bind(0)?;
    let with_catalog = matches!(implicit.literal(), Some(ScalarValue::Boolean(Some(true))));
    let mut all: Vec<String> = c
        .binder
        .search_path
        .iter()
        .map(|(_, s)| s.clone())
        .collect();
    if with_catalog {
        all.insert(0, "pg_catalog".into());
    }
    Ok(c.binder.text(format!("{{{}}}", all.join(","))))
}

fn current_setting(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(1, 2)?;
    let setting = c.bind(0)?;
    let Some(wanted) = setting.literal_text().map(str::to_lowercase) else {
        return Err(SqlError::unsupported("CURRENT_SETTING of an expression"));
    };
    match c.env().parameter(&wanted) {
        Some(v) => Ok(c.binder.text(v)),
        None if c.len() == 2 => c.binder.null(&SqlType::text()),
        None => Err(SqlError::raw(
            "",
            "42704",
            format!("unrecognized configuration parameter \"{wanted}\""),
        )),
    }
}

/// A choice among known object ids.
pub(super) fn choose(
    c: &mut FnCall<'_, '_>,
    argument: usize,
    known: Vec<(i64, ScalarValue)>,
    otherwise: ScalarValue,
    ty: SqlType,
) -> Result<Typed> {
    let oid = c.bind(argument)?;
    let oid = c.binder.cast(oid, &SqlType::BigInt, CastMode::Implicit)?;
    if known.is_empty() {
        return Ok(Typed::new(Expr::Literal(otherwise, None), ty));
    }
    let pairs = known
        .into_iter()
        .map(|(id, value)| (Box::new(lit(id)), Box::new(Expr::Literal(value, None))))
        .collect();
    Ok(Typed::new(
        Expr::Case(Case::new(
            Some(Box::new(oid.expr)),
            pairs,
            Some(Box::new(Expr::Literal(otherwise, None))),
        )),
        ty,
    ))
}

fn text(s: impl Into<String>) -> ScalarValue {
    ScalarValue::Utf8(Some(s.into()))
}

fn userbyid(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(1, 1)?;
    let known = facts(c.binder)
        .users()
        .into_iter()
        .map(|u| (u.1, text(u.0)))
        .collect();
    choose(c, 0, known, text("unknown (OID=0)"), SqlType::Name)
}

fn table_is_visible(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(1, 1)?;
    let known = facts(c.binder)
        .visible_oids()
        .into_iter()
        .map(|id| (id, ScalarValue::Boolean(Some(true))))
        .collect();
    let no = ScalarValue::Boolean(Some(false));
    choose(c, 0, known, no, SqlType::Boolean)
}

fn always(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(1, 1)?;
    c.bind(0)?;
    Ok(c.binder.bool(true))
}

fn nothing(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.bind_all()?;
    c.binder.null(&SqlType::text())
}

fn viewdef(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(1, 2)?;
    let first = c.bind(0)?;
    if let Some(view) = first.literal_text() {
        let found = facts(c.binder).view_text(view);
        return match found {
            Some(t) => Ok(c.binder.text(t)),
            None => Err(SqlError::new(ErrorKind::UnknownObject {
                kind: "view",
                name: view.to_owned(),
            })),
        };
    }
    let known = facts(c.binder)
        .view_texts()
        .into_iter()
        .map(|(id, t)| (id, text(t)))
        .collect();
    choose(c, 0, known, ScalarValue::Utf8(None), SqlType::text())
}

fn constraintdef(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(1, 2)?;
    let known = facts(c.binder)
        .constraint_texts()
        .into_iter()
        .map(|(id, t)| (id, text(t)))
        .collect();
    choose(c, 0, known, ScalarValue::Utf8(None), SqlType::text())
}

fn obj_description(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(1, 2)?;
    let known = facts(c.binder)
        .comments()
        .into_iter()
        .map(|(id, t)| (id, text(t)))
        .collect();
    choose(c, 0, known, ScalarValue::Utf8(None), SqlType::text())
}

fn col_description(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(2, 2)?;
    let comments = facts(c.binder).column_comments();
    let oid = c.bind(0)?;
    let oid = c.binder.cast(oid, &SqlType::BigInt, CastMode::Implicit)?;
    let column = c.bind(1)?;
    let column = c
        .binder
        .cast(column, &SqlType::BigInt, CastMode::Implicit)?;
    if comments.is_empty() {
        return c.binder.null(&SqlType::text());
    }
    let pairs = comments
        .into_iter()
        .map(|(id, n, t)| {
            let here = oid
                .expr
                .clone()
                .eq(lit(id))
                .and(column.expr.clone().eq(lit(n)));
            (Box::new(here), Box::new(Expr::Literal(text(t), None)))
        })
        .collect();
    Ok(Typed::new(
        Expr::Case(Case::new(None, pairs, None)),
        SqlType::text(),
    ))
}

/// A relation's name as its object id.
fn regclass(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(1, 1)?;
    let value = c.bind(0)?;
    match value.literal_text() {
        Some(name) => match name.parse::<i64>() {
            Ok(id) => Ok(Typed::new(lit(id), SqlType::Oid)),
            Err(_) => match facts(c.binder).relation(&name.to_lowercase()) {
                Some(id) => Ok(Typed::new(lit(id), SqlType::Oid)),
                None => Err(SqlError::new(ErrorKind::UnknownObject {
                    kind: "relation",
                    name: name.to_owned(),
                })),
            },
        },
        None => c.binder.cast(value, &SqlType::Oid, CastMode::Explicit),
    }
}

/// A type's name as its object id.
fn regtype(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(1, 1)?;
    let value = c.bind(0)?;
    match value.literal_text() {
        Some(name) => {
            let known = (name.parse().ok()).or_else(|| Facts::data_type(&name.to_lowercase()));
            match known {
                Some(id) => Ok(Typed::new(lit(id), SqlType::Oid)),
                None => Err(SqlError::raw(
                    "",
                    "42704",
                    format!("type \"{name}\" does not exist"),
                )),
            }
        }
        None => c.binder.cast(value, &SqlType::Oid, CastMode::Explicit),
    }
}

/// PG_GET_FUNCTION_RESULT and PG_GET_FUNCTION_ARGUMENTS of a routine's object id.
fn routine_text(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(1, 1)?;
    let result = c.name == "PG_GET_FUNCTION_RESULT";
    let known = facts(c.binder)
        .routine_texts()
        .into_iter()
        .map(|(id, a, r)| (id, text(if result { r } else { a })))
        .collect();
    choose(c, 0, known, ScalarValue::Utf8(None), SqlType::text())
}

/// Bytes of a table's blocks; other relations have none.
fn table_size(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(1, 1)?;
    let known = facts(c.binder)
        .table_sizes()
        .into_iter()
        .map(|(id, n)| (id, ScalarValue::Int64(Some(n))))
        .collect();
    let none = ScalarValue::Int64(Some(0));
    choose(c, 0, known, none, SqlType::BigInt)
}

/// Bytes in the largest unit of which there are at least ten, as PostgreSQL rounds them.
fn size_pretty(call: &Call<'_>) -> Result<ArrayRef> {
    let sizes = call.int(0)?;
    call.map_text(|row| {
        Ok(sizes.get(row).map(|n| {
            let (mut n, mut unit) = (n, 0);
            const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
            while n.abs() >= 10 * 1024 && unit + 1 < UNITS.len() {
                n = (n + n.signum() * 512) / 1024;
                unit += 1;
            }
            format!("{n} {}", UNITS[unit])
        }))
    })
}

fn format_type(call: &Call<'_>) -> Result<ArrayRef> {
    let (oids, modifiers) = (call.int(0)?, call.int(1)?);
    call.map_text(|row| {
        let Some(oid) = oids.get(row) else {
            return Ok(None);
        };
        let modifier = modifiers.get(row).unwrap_or(-1) as i32;
        Ok(Some(match (oid, modifier) {
            (25, _) => "text".to_owned(),
            (1700, m) if m < 4 => "numeric".to_owned(),
            (1042, m) if m < 4 => "character".to_owned(),
            _ => match u32::try_from(oid).ok().and_then(|o| from_oid(o, modifier)) {
                Some(ty) => ty.redshift(),
                None => "???".to_owned(),
            },
        }))
    })
}

fn format_encoding(call: &Call<'_>) -> Result<ArrayRef> {
    let numbers = call.int(0)?;
    call.map_text(|row| Ok(numbers.get(row).map(crate::catalog::encoding_name)))
}

fn encoding_name(call: &Call<'_>) -> Result<ArrayRef> {
    let numbers = call.int(0)?;
    call.map_text(|row| Ok(numbers.get(row).map(|n| if n == 6 { "UTF8" } else { "" })))
}

/// Arrays exist as text only: `{a,b}`.
fn array_to_string(call: &Call<'_>) -> Result<ArrayRef> {
    let (arrays, separators) = (call.text(0)?, call.text(1)?);
    call.map_text(|row| {
        let (Some(a), Some(s)) = (arrays.get(row), separators.get(row)) else {
            return Ok(None);
        };
        let inner = a.trim_start_matches('{').trim_end_matches('}');
        Ok(Some(inner.split(',').collect::<Vec<_>>().join(s)))
    })
}

/// `(a,b,"c d")`, as PostgreSQL writes a row.
fn row_text(call: &Call<'_>) -> Result<ArrayRef> {
    let columns = (0..call.len())
        .map(|i| call.text(i))
        .collect::<Result<Vec<_>>>()?;
    call.map_text(|row| {
        let mut out = String::from("(");
        for (i, c) in columns.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            let Some(value) = c.get(row) else { continue };
            let special = |c: char| c.is_whitespace() || "(),\"\\".contains(c);
            if value.is_empty() || value.contains(special) {
                out.push('"');
                for c in value.chars() {
                    if matches!(c, '"' | '\\') {
                        out.push(c);
                    }
                    out.push(c);
                }
                out.push('"');
            } else {
                out.push_str(value);
            }
        }
        out.push(')');
        Ok(Some(out))
    })
}

fn vector_element(call: &Call<'_>) -> Result<ArrayRef> {
    let (vectors, indexes) = (call.text(0)?, call.int(1)?);
    call.map_int(|row| {
        let (Some(v), Some(i)) = (vectors.get(row), indexes.get(row)) else {
            return Ok(None);
        };
        let element = usize::try_from(i).ok().and_then(|i| v.split(' ').nth(i));
        Ok(element.and_then(|e| e.parse().ok()))
    })
}

fn array_has(call: &Call<'_>) -> Result<ArrayRef> {
    let (arrays, values) = (call.text(0)?, call.text(1)?);
    call.map_bool(|row| {
        let (Some(a), Some(v)) = (arrays.get(row), values.get(row)) else {
            return Ok(None);
        };
        let inner = a.trim_start_matches('{').trim_end_matches('}');
        Ok(Some(inner.split(',').any(|i| i.trim_matches('"') == v)))
    })
}

fn signal(c: &mut FnCall<'_, '_>, terminate: bool) -> Result<Typed> {
    c.expect(1, 1)?;
    let pid = c.bind(0)?;
    let pid = c.binder.cast(pid, &SqlType::BigInt, CastMode::Implicit)?;
    let pid = match dwsim_engine::exec::constant(&pid.expr)? {
        ScalarValue::Int64(Some(v)) => v as i32,
        _ => return Ok(int(0)),
    };
    Ok(int(i32::from(crate::catalog::signal(
        c.binder, pid, terminate,
    ))))
}
