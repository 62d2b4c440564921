//! Paths of staged files: GET_STAGE_LOCATION, GET_RELATIVE_PATH and GET_ABSOLUTE_PATH.
//! Stages themselves and their files are with the statements.

use dwsim_engine::catalog::{Object, ObjectKind};
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::functions::{Call, FnCall, Param, ScalarDef, Typed, kernel_expr};
use dwsim_engine::types::SqlType;
use sqlparser::ast;

use super::objects::{full, parts};

/// The table's rows.
pub(super) const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom("GET_STAGE_LOCATION", page!("get_stage_location"), location),
    ScalarDef::custom("GET_RELATIVE_PATH", page!("get_relative_path"), path),
    ScalarDef::custom("GET_ABSOLUTE_PATH", page!("get_absolute_path"), path),
];

/// The URL of the external stage that the first argument names (`@stage` or `'@stage'`), ending with a slash.
fn url(call: &mut FnCall<'_, '_>) -> Result<String> {
    let written = match call.ast_arg(0) {
        Some(ast::Expr::Value(v)) => match &v.value {
            ast::Value::Placeholder(p) => p.clone(),
            ast::Value::SingleQuotedString(s) => s.clone(),
            _ => String::new(),
        },
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let Some(name) = written.trim().strip_prefix('@') else {
        return Err(SqlError::argument(
            call.name,
            format!("argument 1 of {} must be a stage: @name", call.name),
        ));
    };
    if name.starts_with(['~', '%']) {
        return Err(no_url(call.name, &written));
    }
    let full = full(call, &parts(name.trim_end_matches('/'))?)?;
    let Some(Object::Other(stage)) = call.binder.catalog.object(ObjectKind::Stage, &full) else {
        return Err(ErrorKind::UnknownObject {
            kind: "stage",
            name: full.to_string(),
        }
        .into());
    };
    match stage.properties.get("URL") {
        Some(url) if url.ends_with('/') => Ok(url.clone()),
        Some(url) => Ok(format!("{url}/")),
        None => Err(no_url(call.name, &written)),
    }
}

fn no_url(function: &str, stage: &str) -> SqlError {
    SqlError::unsupported(format!(
        "{function} of the internal stage {stage}, which has no cloud storage location"
    ))
}

fn location(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let url = url(call)?;
    Ok(call.binder.text(url))
}

/// GET_RELATIVE_PATH(@stage, absolute) and GET_ABSOLUTE_PATH(@stage, relative).
fn path(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 2)?;
    let url = url(call)?;
    let given = call.bind(1)?;
    let given = call.coerce(given, Param::Text)?;
    let url = call.binder.text(url);
    Ok(kernel_expr(
        call.name,
        paths,
        vec![url, given],
        SqlType::text(),
        &call.env(),
        false,
    ))
}

fn paths(call: &Call<'_>) -> Result<arrow::array::ArrayRef> {
    let (url, given) = (call.text(0)?, call.text(1)?);
    let absolute = call.name == "GET_ABSOLUTE_PATH";
    call.map_text(|row| {
        let (Some(url), Some(path)) = (url.get(row), given.get(row)) else {
            return Ok(None);
        };
        if absolute {
            return Ok(Some(format!("{url}{}", path.trim_start_matches('/'))));
        }
        match path.strip_prefix(url) {
            Some(rest) => Ok(Some(rest.to_owned())),
            None => Err(call.error(format!("{path} is not a file of the stage at {url}"))),
        }
    })
}
