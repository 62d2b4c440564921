//! Table functions that are not of the semi-structured family: RESULT_SCAN, GENERATOR, VALIDATE, COPY_HISTORY.
//! FLATTEN and its kin are in `semi`.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::Schema;
use datafusion::scalar::ScalarValue;
use dwsim_engine::catalog::Object;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::plan::{Binder, Relation, TableCall};
use dwsim_engine::types::{ColumnInfo, SqlType};
use sqlparser::ast;

use super::queries::instant;
use crate::dialect::{ResultSource, fold};
use crate::parse::Cursor;
use crate::session::{error_columns, error_texts, text_batch};

/// Largest number of rows that GENERATOR makes at once, in one batch.
const BATCH: usize = 65_536;

/// Rows of GENERATOR for a second of TIMELIMIT.
const ROWS_PER_SECOND: i64 = 1_000_000;

/// RESULT_SCAN and GENERATOR in FROM; None for other names.
pub(crate) fn table_function(
    binder: &mut Binder<'_>,
    name: &str,
    call: &TableCall<'_>,
    results: &dyn ResultSource,
) -> Result<Option<Relation>> {
    match name {
        "RESULT_SCAN" => {
            let Some(id) = call.argument("", 0) else {
                return Err(SqlError::argument(name, "RESULT_SCAN needs a query id"));
            };
            let ScalarValue::Utf8(Some(id)) = binder.constant(id, &SqlType::text())? else {
                return Err(SqlError::raw("000709", "02000", "Statement NULL not found"));
            };
            let Some(answer) = results.result(&id) else {
                return Err(SqlError::raw(
                    "000709",
                    "02000",
                    format!("Statement {id} not found"),
                ));
            };
            binder
                .values_relation(answer.columns.clone(), answer.batches.clone())
                .map(Some)
        }
        "TO_QUERY" => to_query(binder, call).map(Some),
        "VALIDATE" => validate(binder, call, results).map(Some),
        "COPY_HISTORY" | "INFORMATION_SCHEMA.COPY_HISTORY" => {
            copy_history(binder, call, results).map(Some)
        }
        "GENERATOR" => {
            let mut number = |what: &'static str, position: usize| -> Result<Option<i64>> {
                let Some(value) = call.argument(what, position) else {
                    return Ok(None);
                };
                match binder.constant(value, &SqlType::BigInt)? {
                    ScalarValue::Int64(Some(n @ 0..)) => Ok(Some(n)),
                    _ => Err(SqlError::argument(
                        name,
                        format!("{what} must be a number that is not negative"),
                    )),
                }
            };
            let rows = number("rowcount", 0)?;
            let seconds = number("timelimit", 1)?;
            let count = match (rows, seconds) {
                (Some(rows), _) => rows,
                // How many rows a time gives is not told; here it is always the same number.
                (None, Some(seconds)) => seconds.saturating_mul(ROWS_PER_SECOND),
                (None, None) => {
                    return Err(SqlError::argument(
                        name,
                        "GENERATOR needs ROWCOUNT or TIMELIMIT",
                    ));
                }
            };
            let mut left = count as usize;
            let mut batches = Vec::new();
            while left > 0 {
                let n = left.min(BATCH);
                let options = RecordBatchOptions::new().with_row_count(Some(n));
                batches.push(RecordBatch::try_new_with_options(
                    Arc::new(Schema::empty()),
                    vec![],
                    &options,
                )?);
                left -= n;
            }
            binder.values_relation(Vec::new(), batches).map(Some)
        }
        _ => Ok(None),
    }
}

/// `GETNEXTVAL(sequence)`: one row with the column NEXTVAL, for every row it is joined to.
///
/// Source: "Using Sequences".
pub(crate) fn next_value(
    binder: &mut Binder<'_>,
    name: &str,
    call: &TableCall<'_>,
) -> Result<Option<Relation>> {
    if name != "GETNEXTVAL" {
        return Ok(None);
    }
    let mut path: Vec<ast::Ident> = match call.argument("", 0) {
        Some(ast::Expr::Identifier(i)) => vec![i.clone()],
        Some(ast::Expr::CompoundIdentifier(ids)) => ids.clone(),
        _ => return Err(SqlError::argument("GETNEXTVAL", "a sequence is needed")),
    };
    path.push(ast::Ident::new("NEXTVAL"));
    let value = binder.expr(&ast::Expr::CompoundIdentifier(path))?;
    binder
        .one_row_beside(call.left.clone(), "NEXTVAL", value)
        .map(Some)
}

/// `TO_QUERY(SQL => 'text' [, name => value, …])`: the rows of a query that is given as text; `:name` in it is a value.
///
/// Source: "TO_QUERY".
fn to_query(binder: &mut Binder<'_>, call: &TableCall<'_>) -> Result<Relation> {
    let Some(sql) = constant_text(binder, call, "sql", 0)? else {
        return Err(SqlError::argument(
            "TO_QUERY",
            "the text of a query is needed",
        ));
    };
    let mut query = crate::parse::query(&sql)?;
    let mut missing = None;
    let _: std::ops::ControlFlow<()> = ast::visit_expressions_mut(&mut query, |e| {
        let name = match e {
            ast::Expr::Value(v) => match &v.value {
                ast::Value::Placeholder(p) => p.strip_prefix(':').map(str::to_lowercase),
                _ => None,
            },
            _ => None,
        };
        if let Some(name) = name {
            match call.argument(&name, usize::MAX) {
                Some(value) => *e = value.clone(),
                None => missing = Some(name),
            }
        }
        std::ops::ControlFlow::Continue(())
    });
    if let Some(name) = missing {
        return Err(SqlError::argument(
            "TO_QUERY",
            format!("the query's :{name} has no value"),
        ));
    }
    binder.detached_query(&query)
}

fn invalid_argument(what: &str) -> SqlError {
    SqlError::raw(
        "002018",
        "22023",
        format!(
            "SQL compilation error:\nInvalid argument [{what}] for table function. Table function argument is required to be a constant."
        ),
    )
}

/// The constant text of an argument.
pub(super) fn constant_text(
    binder: &mut Binder<'_>,
    call: &TableCall<'_>,
    name: &str,
    index: usize,
) -> Result<Option<String>> {
    let Some(e) = call.argument(name, index) else {
        return Ok(None);
    };
    match binder.constant(e, &SqlType::text())? {
        ScalarValue::Utf8(v) => Ok(v),
        _ => Ok(None),
    }
}

pub(super) fn text_relation(
    binder: &mut Binder<'_>,
    columns: Vec<(&str, SqlType)>,
    rows: &[Vec<Option<String>>],
) -> Result<Relation> {
    let infos: Vec<ColumnInfo> = columns
        .into_iter()
        .map(|(n, t)| ColumnInfo::new(n, t))
        .collect();
    let batch = text_batch(&infos, rows)?;
    binder.values_relation(infos, vec![batch])
}

/// `VALIDATE(table, JOB_ID => '_last' | query id)`: the rows that a COPY refused.
fn validate(
    binder: &mut Binder<'_>,
    call: &TableCall<'_>,
    results: &dyn ResultSource,
) -> Result<Relation> {
    let parts = match call.argument("", 0) {
        Some(ast::Expr::Identifier(i)) => vec![fold(i)],
        Some(ast::Expr::CompoundIdentifier(ids)) => ids.iter().map(fold).collect(),
        _ => return Err(invalid_argument("a table is needed")),
    };
    let Some((name, Object::Table(entry))) = binder.find_relation(&parts) else {
        return Err(ErrorKind::UnknownObject {
            kind: "table",
            name: parts.join("."),
        }
        .into());
    };
    let job = constant_text(binder, call, "job_id", 1)?.unwrap_or_default();
    let database = binder.catalog.database(&name.database).map_or(0, |d| d.oid);
    let session = binder.env.session_id;
    let mut runs = results
        .copies()
        .into_iter()
        .filter(|r| r.table == (database, entry.def.oid));
    let run = if job.eq_ignore_ascii_case("_last") {
        runs.rfind(|r| r.session == session).ok_or_else(|| {
            invalid_argument(
                "We couldn't find a copy for this table which occurred during this session ",
            )
        })?
    } else {
        runs.find(|r| r.query_id == job)
            .ok_or_else(|| invalid_argument("Invalid Job UUID provided."))?
    };
    text_relation(binder, error_columns(), &error_texts(&run.errors))
}

/// `COPY_HISTORY(TABLE_NAME => …, START_TIME => … [, END_TIME => …])`: the files that a table has loaded.
fn copy_history(
    binder: &mut Binder<'_>,
    call: &TableCall<'_>,
    results: &dyn ResultSource,
) -> Result<Relation> {
    let Some(table) = constant_text(binder, call, "table_name", 0)? else {
        return Err(SqlError::argument("COPY_HISTORY", "TABLE_NAME is needed."));
    };
    let seconds = |micros: i64| micros.div_euclid(1_000_000);
    let start = instant(binder, call, "start_time", 1)?.map(seconds);
    let end = instant(binder, call, "end_time", 2)?.map(seconds);
    let parts: Vec<String> = {
        let mut c = Cursor::new(&table)?;
        let n = c.name()?;
        n.0.iter().filter_map(|p| p.as_ident()).map(fold).collect()
    };
    let Some((name, Object::Table(entry))) = binder.find_relation(&parts) else {
        return Err(ErrorKind::UnknownObject {
            kind: "table",
            name: parts.join("."),
        }
        .into());
    };
    let database = binder.catalog.database(&name.database).map_or(0, |d| d.oid);
    let mut rows = Vec::new();
    for r in results
        .copies()
        .into_iter()
        .filter(|r| r.table == (database, entry.def.oid))
        .filter(|r| start.is_none_or(|s| r.at >= s) && end.is_none_or(|e| r.at <= e))
    {
        for [file, status, parsed, loaded, errors, first] in r.files {
            let status = match status.as_str() {
                "LOADED" => "Loaded",
                "PARTIALLY_LOADED" => "Partially loaded",
                _ => "Load failed",
            };
            rows.push(vec![
                Some(file),
                Some(r.location.clone()),
                Some(r.at.to_string()),
                Some(loaded),
                Some(parsed),
                None,
                (!first.is_empty()).then_some(first),
                None,
                None,
                None,
                Some(errors),
                None,
                Some(status.to_owned()),
                Some(r.table_name.database.clone()),
                Some(r.table_name.schema.clone()),
                Some(r.table_name.name.clone()),
                r.pipe.as_ref().map(|p| p.database.clone()),
                r.pipe.as_ref().map(|p| p.schema.clone()),
                r.pipe.as_ref().map(|p| p.name.clone()),
                r.pipe.as_ref().map(|_| r.at.to_string()),
                Some(r.at.to_string()),
            ]);
        }
    }
    let n = || SqlType::number(38, 0);
    let t = SqlType::text;
    let at = || SqlType::TimestampLtz(3);
    let columns = vec![
        ("FILE_NAME", t()),
        ("STAGE_LOCATION", t()),
        ("LAST_LOAD_TIME", at()),
        ("ROW_COUNT", n()),
        ("ROW_PARSED", n()),
        ("FILE_SIZE", n()),
        ("FIRST_ERROR_MESSAGE", t()),
        ("FIRST_ERROR_LINE_NUMBER", n()),
        ("FIRST_ERROR_CHARACTER_POS", n()),
        ("FIRST_ERROR_COLUMN_NAME", t()),
        ("ERROR_COUNT", n()),
        ("ERROR_LIMIT", n()),
        ("STATUS", t()),
        ("TABLE_CATALOG_NAME", t()),
        ("TABLE_SCHEMA_NAME", t()),
        ("TABLE_NAME", t()),
        ("PIPE_CATALOG_NAME", t()),
        ("PIPE_SCHEMA_NAME", t()),
        ("PIPE_NAME", t()),
        ("PIPE_RECEIVED_TIME", at()),
        ("FIRST_COMMIT_TIME", at()),
    ];
    text_relation(binder, columns, &rows)
}
