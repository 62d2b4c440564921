//! What the assertion macros do: run SQL in a test, compare the answer with a snapshot, panic with the difference.
//! SQL files are run by [`crate::sqltest`]; both keep their snapshots in the same format.

use crate::Project;
use crate::client::Reply;
use crate::error::Error;
use crate::project::checkout;
use crate::row::Row;
use crate::script::statements;
use crate::snapshot::{
    Answer, Hashes, InlineSite, Observed, RowOrder, Verdict, parse_inline, short_hash, verify,
    verify_against,
};
use crate::value::value_matches;
use crate::warehouse::Warehouse;
use dwsim_schema::identifiers::quote;
use std::path::Path;

/// Where an assertion stands; made by the macros.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    /// `CARGO_MANIFEST_DIR` of the test's package.
    pub manifest: &'static str,
    /// `file!()`.
    pub file: &'static str,
    /// `module_path!()`.
    pub module: &'static str,
    /// `line!()`.
    pub line: u32,
    /// `column!()`.
    pub column: u32,
}

/// What the answer is held against.
#[derive(Debug, Clone, Copy)]
pub enum Against<'a> {
    /// The file named after the test, or after this name.
    File(Option<&'a str>),
    /// The text that stands in the macro.
    Inline(&'a str),
}

/// Must the SQL be accepted or refused?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// An answer.
    Answer,
    /// A refusal.
    Error,
}

/// Runs the SQL and holds the last statement's answer against `tests/snapshots/<module>__<test or name>.snap`.
///
/// # Panics
/// When the answer is not the snapshot's, or there is none to compare: that is how an assertion fails.
#[track_caller]
pub fn assert_snapshot(
    warehouse: &Warehouse,
    against: Against<'_>,
    sql: &str,
    expect: Expect,
    site: Site,
) {
    if let Err(message) = check(warehouse, against, sql, expect, site) {
        panic!(
            "{} on {}\n{message}\nsql: {}",
            warehouse.test(),
            warehouse.dialect(),
            sql.trim()
        );
    }
}

fn check(
    warehouse: &Warehouse,
    against: Against<'_>,
    sql: &str,
    expect: Expect,
    site: Site,
) -> Result<(), String> {
    let project = Project::find(&checkout(site.manifest)).map_err(|e| e.to_string())?;
    let script = statements(sql, warehouse.dialect()).map_err(|e| e.to_string())?;
    let (last, before) = script.split_last().ok_or("there is no statement")?;
    for statement in before {
        warehouse
            .blocking()
            .sql(statement.text)
            .map_err(|e| e.to_string())?;
    }
    let answer = match (warehouse.blocking().run(last.text), expect) {
        (Ok(Reply::Rows(table)), Expect::Answer) => Answer::Rows(table),
        (Ok(Reply::Done { affected }), Expect::Answer) => Answer::Done { affected },
        (Ok(_), Expect::Error) => {
            return Err("the statement must be refused, and it was not".to_string());
        }
        (Err(Error::Sql(error)), Expect::Error) => Answer::Error {
            code: error.code.clone(),
            message: error.message.clone(),
        },
        (Err(error), _) => return Err(error.to_string()),
    };
    let test = warehouse.test().rsplit("::").next().unwrap_or_default();
    let file = site.file.replace('\\', "/");
    let snapshot = match against {
        Against::File(name) => {
            let stem = warehouse.snapshot_name(name.unwrap_or(test));
            let module = site.module.replace("::", "__");
            let folder = checkout(site.manifest).join("tests").join("snapshots");
            project.relative(&folder.join(format!("{module}__{stem}.snap")))
        }
        Against::Inline(_) => inline_site(&project, site)?.id(),
    };
    let data = warehouse.template().hash.chars().take(8).collect();
    let observed = Observed {
        snapshot,
        source: format!("{file}::{test}"),
        order: if expect == Expect::Answer {
            last.order
        } else {
            RowOrder::Any
        },
        hash: Hashes {
            sql: Some(short_hash(&[sql])),
            data: Some(data),
        },
        dialect: warehouse.dialect(),
        answer,
    };
    let verdict = match against {
        Against::File(_) => verify(&project, observed),
        Against::Inline(text) => {
            let current =
                parse_inline(text, &observed.source, observed.order, Path::new(site.file))
                    .map_err(|e| e.to_string())?;
            verify_against(&project, observed, current)
        }
    };
    match verdict.map_err(|e| e.to_string())? {
        Verdict::Matches => Ok(()),
        verdict => Err(verdict.to_string()),
    }
}

/// The assertion's file, relative to the project. rustc names it relative to the workspace, which may lie above.
fn inline_site(project: &Project, site: Site) -> Result<InlineSite, String> {
    let manifest = checkout(site.manifest);
    let path = manifest
        .ancestors()
        .map(|folder| folder.join(site.file))
        .find(|path| path.is_file())
        .ok_or_else(|| format!("{} is not there any more", site.file))?;
    Ok(InlineSite {
        file: project.relative(&path),
        line: site.line,
        column: site.column,
    })
}

/// Takes a snapshot of a whole table, without order.
///
/// # Panics
/// As [`assert_snapshot`].
#[track_caller]
pub fn assert_table(warehouse: &Warehouse, name: Option<&str>, table: &str, site: Site) {
    let parts: Vec<String> = table
        .split('.')
        .map(|part| quote(part, warehouse.dialect()))
        .collect();
    let sql = format!("select * from {}", parts.join("."));
    let test = warehouse.test().rsplit("::").next().unwrap_or_default();
    let named = format!("{test}__{}", table.replace('.', "_"));
    let against = Against::File(Some(name.unwrap_or(&named)));
    assert_snapshot(warehouse, against, &sql, Expect::Answer, site);
}

/// Compares two rows cell by cell, as snapshots are compared.
///
/// # Panics
/// With the cells that differ.
#[track_caller]
pub fn assert_rows_equal<R: Row>(actual: &R, expected: &R) {
    let differences: Vec<String> = R::COLUMNS
        .iter()
        .zip(actual.to_values().iter().zip(&expected.to_values()))
        .filter(|(_, (actual, expected))| !value_matches(actual, expected))
        .map(|(column, (actual, expected))| format!("  {column}: {expected} -> {actual}"))
        .collect();
    assert!(
        differences.is_empty(),
        "the row is not the expected one (expected -> actual)\n{}",
        differences.join("\n")
    );
}

/// Runs a query that gives one row and compares it.
///
/// # Panics
/// When the query fails, gives another number of rows, or a row with other cells.
#[track_caller]
pub fn assert_row<R: Row>(warehouse: &Warehouse, sql: &str, expected: &R) {
    let rows = match warehouse.blocking().query_as::<R>(sql) {
        Ok(rows) => rows,
        Err(error) => panic!("{error}\nsql: {}", sql.trim()),
    };
    match rows.as_slice() {
        [row] => assert_rows_equal(row, expected),
        rows => panic!(
            "{} rows, not the one that is expected\nsql: {}",
            rows.len(),
            sql.trim()
        ),
    }
}

/// Runs SQL on a [`Warehouse`] and compares the last statement's answer with a snapshot beside the tests, shared by
/// both dialects: `assert_sql_snapshot!(wh, "select 1")`, or with a name `assert_sql_snapshot!(wh, "name", "select 1")`.
///
/// The file is `tests/snapshots/<module>__<test or name>.snap`; a further unnamed one in a test gets `-2`. With
/// `assert_sql_snapshot!(wh, "select 1", @"")` the snapshot stands in the test itself: accepting it fills in the text.
/// Works in async tests and in others.
///
/// ```no_run
/// # fn test(wh: dwsim_runtime::Warehouse) {
/// use dwsim_runtime::assert_sql_snapshot;
///
/// assert_sql_snapshot!(wh, "select count(*) as n from orders");
/// assert_sql_snapshot!(wh, "by_status", "select status, count(*) as n from orders group by status");
/// assert_sql_snapshot!(wh, "select 1 as n", @r"
/// n: int   [redshift integer; snowflake number(1,0)]
/// --- 1 row
/// 1
/// ");
/// # }
/// ```
#[macro_export]
macro_rules! assert_sql_snapshot {
    ($warehouse:expr, $sql:expr, @$text:literal $(,)?) => {
        $crate::__sql_snapshot!($warehouse, Inline($text), $sql, Answer)
    };
    ($warehouse:expr, $name:expr, $sql:expr $(,)?) => {
        $crate::__sql_snapshot!(
            $warehouse,
            File(::core::option::Option::Some(
                ::core::convert::AsRef::<str>::as_ref(&$name)
            )),
            $sql,
            Answer
        )
    };
    ($warehouse:expr, $sql:expr $(,)?) => {
        $crate::__sql_snapshot!($warehouse, File(::core::option::Option::None), $sql, Answer)
    };
}

/// As [`assert_sql_snapshot!`], for SQL that must be refused: code and message are the snapshot.
#[macro_export]
macro_rules! assert_sql_error_snapshot {
    ($warehouse:expr, $sql:expr, @$text:literal $(,)?) => {
        $crate::__sql_snapshot!($warehouse, Inline($text), $sql, Error)
    };
    ($warehouse:expr, $name:expr, $sql:expr $(,)?) => {
        $crate::__sql_snapshot!(
            $warehouse,
            File(::core::option::Option::Some(
                ::core::convert::AsRef::<str>::as_ref(&$name)
            )),
            $sql,
            Error
        )
    };
    ($warehouse:expr, $sql:expr $(,)?) => {
        $crate::__sql_snapshot!($warehouse, File(::core::option::Option::None), $sql, Error)
    };
}

/// Compares a whole table, without order, with a snapshot: `assert_table_snapshot!(wh, "orders")`, or with a name
/// `assert_table_snapshot!(wh, "after the merge", "orders")`.
///
/// The file is `tests/snapshots/<module>__<test>__<table>.snap`.
#[macro_export]
macro_rules! assert_table_snapshot {
    ($warehouse:expr, $name:expr, $table:expr $(,)?) => {
        $crate::assertion::assert_table(
            &$warehouse,
            ::core::option::Option::Some(::core::convert::AsRef::<str>::as_ref(&$name)),
            ::core::convert::AsRef::<str>::as_ref(&$table),
            $crate::__site!(),
        )
    };
    ($warehouse:expr, $table:expr $(,)?) => {
        $crate::assertion::assert_table(
            &$warehouse,
            ::core::option::Option::None,
            ::core::convert::AsRef::<str>::as_ref(&$table),
            $crate::__site!(),
        )
    };
}

/// Compares rows cell by cell, as snapshots are compared: two structs, `assert_row_eq!(actual, expected)`, or the only
/// row of a query, `assert_row_eq!(wh, "select …", expected)`.
#[macro_export]
macro_rules! assert_row_eq {
    ($warehouse:expr, $sql:expr, $expected:expr $(,)?) => {
        $crate::assertion::assert_row(
            &$warehouse,
            ::core::convert::AsRef::<str>::as_ref(&$sql),
            &$expected,
        )
    };
    ($actual:expr, $expected:expr $(,)?) => {
        $crate::assertion::assert_rows_equal(&$actual, &$expected)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __site {
    () => {
        $crate::assertion::Site {
            manifest: ::core::env!("CARGO_MANIFEST_DIR"),
            file: ::core::file!(),
            module: ::core::module_path!(),
            line: ::core::line!(),
            column: ::core::column!(),
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __sql_snapshot {
    ($warehouse:expr, $against:ident($what:expr), $sql:expr, $expect:ident) => {
        $crate::assertion::assert_snapshot(
            &$warehouse,
            $crate::assertion::Against::$against($what),
            ::core::convert::AsRef::<str>::as_ref(&$sql),
            $crate::assertion::Expect::$expect,
            $crate::__site!(),
        )
    };
}
