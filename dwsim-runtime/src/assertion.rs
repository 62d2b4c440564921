//! What the assertion macros do: run SQL in a test, compare the answer with a snapshot, panic with the difference.
//! SQL files are run by [`crate::sqltest`]; both keep their snapshots in the same format.

use crate::Project;
use crate::client::Reply;
use crate::error::Error;
use crate::script::statements;
use crate::snapshot::{Answer, Hashes, Observed, RowOrder, Verdict, short_hash, verify};
use crate::warehouse::Warehouse;
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
    name: Option<&str>,
    sql: &str,
    expect: Expect,
    site: Site,
) {
    if let Err(message) = check(warehouse, name, sql, expect, site) {
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
    name: Option<&str>,
    sql: &str,
    expect: Expect,
    site: Site,
) -> Result<(), String> {
    let project = Project::find(Path::new(site.manifest)).map_err(|e| e.to_string())?;
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
    let stem = warehouse.snapshot_name(name.unwrap_or(test));
    let module = site.module.replace("::", "__");
    let folder = Path::new(site.manifest).join("tests").join("snapshots");
    let snapshot = project.relative(&folder.join(format!("{module}__{stem}.snap")));
    let data = warehouse.template().hash.chars().take(8).collect();
    let observed = Observed {
        snapshot,
        source: format!("{}::{test}", site.file.replace('\\', "/")),
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
    match verify(&project, observed).map_err(|e| e.to_string())? {
        Verdict::Matches => Ok(()),
        verdict => Err(verdict.to_string()),
    }
}

/// Runs SQL on a [`Warehouse`] and compares the last statement's answer with a snapshot beside the tests, shared by
/// both dialects: `assert_sql_snapshot!(wh, "select 1")`, or with a name `assert_sql_snapshot!(wh, "name", "select 1")`.
///
/// The file is `tests/snapshots/<module>__<test or name>.snap`; a further unnamed one in a test gets `-2`. Works in async
/// tests and in others.
#[macro_export]
macro_rules! assert_sql_snapshot {
    ($warehouse:expr, $name:expr, $sql:expr $(,)?) => {
        $crate::__sql_snapshot!(
            $warehouse,
            ::core::option::Option::Some($name),
            $sql,
            Answer
        )
    };
    ($warehouse:expr, $sql:expr $(,)?) => {
        $crate::__sql_snapshot!($warehouse, ::core::option::Option::None, $sql, Answer)
    };
}

/// As [`assert_sql_snapshot!`], for SQL that must be refused: code and message are the snapshot.
#[macro_export]
macro_rules! assert_sql_error_snapshot {
    ($warehouse:expr, $name:expr, $sql:expr $(,)?) => {
        $crate::__sql_snapshot!($warehouse, ::core::option::Option::Some($name), $sql, Error)
    };
    ($warehouse:expr, $sql:expr $(,)?) => {
        $crate::__sql_snapshot!($warehouse, ::core::option::Option::None, $sql, Error)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __sql_snapshot {
    ($warehouse:expr, $name:expr, $sql:expr, $expect:ident) => {{
        let name: ::core::option::Option<&str> = $name;
        let site = $crate::assertion::Site {
            manifest: ::core::env!("CARGO_MANIFEST_DIR"),
            file: ::core::file!(),
            module: ::core::module_path!(),
        };
        $crate::assertion::assert_snapshot(
            &$warehouse,
            name,
            ::core::convert::AsRef::<str>::as_ref(&$sql),
            $crate::assertion::Expect::$expect,
            site,
        )
    }};
}
