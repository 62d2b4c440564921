//! One finding: what is wrong, where, and what would put it right.
//! Showing findings is `output`'s part, applying a fix is `fix`'s.

use dwsim_schema::Place;
use serde::Serialize;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It cannot work as it is.
    Error,
    /// It works, but not every time, or not for long.
    Warning,
}

impl Severity {
    /// `error` or `warning`, which are SARIF's words too.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// A replacement of bytes of the finding's file that keeps the meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// First byte.
    pub start: usize,
    /// One past the last byte; as `start` for an insertion.
    pub end: usize,
    /// What stands there afterwards.
    pub text: String,
    /// What it does, in words.
    pub title: String,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable code, one of [`CODES`] or of dwsim-schema's.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The file, relative to the project, with `/`.
    pub file: String,
    /// First byte of the place.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// Line of `start`, from 1.
    pub line: usize,
    /// Column of `start` in characters, from 1.
    pub column: usize,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// A safe replacement, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

impl Finding {
    /// An error at a place of dwsim.toml; the default place is a file as a whole.
    pub(super) fn error(
        code: &'static str,
        file: String,
        place: Place,
        message: String,
        help: Option<String>,
    ) -> Self {
        Finding {
            code,
            severity: Severity::Error,
            file,
            start: place.start,
            end: place.end,
            line: place.line.max(1),
            column: place.column.max(1),
            message,
            help,
            fix: None,
        }
    }
}

/// SQL that a dialect's parser refuses.
pub const SYNTAX: &str = "dwsim::sql::syntax";
/// Front matter, or the set of a test's files.
pub const TEST_FILE: &str = "dwsim::sql::test_file";
/// A table that neither dwsim.toml nor the file itself makes.
pub const UNKNOWN_TABLE: &str = "dwsim::sql::unknown_table";
/// A column that no table in scope has.
pub const UNKNOWN_COLUMN: &str = "dwsim::sql::unknown_column";
/// The current time.
pub const CLOCK: &str = "dwsim::sql::clock";
/// Randomness, session and query ids.
pub const RANDOM: &str = "dwsim::sql::random";
/// ORDER BY that leaves rows tied.
pub const ORDER: &str = "dwsim::sql::order";
/// LIMIT of rows in no order.
pub const LIMIT: &str = "dwsim::sql::limit";
/// A snapshot that cannot be read.
pub const SNAPSHOT: &str = "dwsim::snapshot::broken";
/// A snapshot that no test refers to.
pub const UNREFERENCED: &str = "dwsim::snapshot::unreferenced";
/// A test whose snapshot is not there.
pub const MISSING: &str = "dwsim::snapshot::missing";
/// Generated data that break a rule of dwsim.toml.
pub const DATA: &str = "dwsim::data::broken";

/// Every code that `check` adds to dwsim-schema's own, the name by which front matter allows it, and its meaning.
pub const CODES: &[(&str, &str, &str)] = &[
    (
        SYNTAX,
        "syntax",
        "The text is no SQL of one of the dialects that the test is for. Where the two need different SQL, write\n\
         `name.redshift.sql` and `name.snowflake.sql`; where it is for one only, `-- dwsim: dialects = [\"redshift\"]`.",
    ),
    (
        TEST_FILE,
        "test_file",
        "A `-- dwsim:` line that is not understood, or `name.sql` beside `name.redshift.sql`.",
    ),
    (
        UNKNOWN_TABLE,
        "unknown_table",
        "The statement reads or changes a table that is neither in dwsim.toml nor made by the file before.",
    ),
    (
        UNKNOWN_COLUMN,
        "unknown_column",
        "No table in scope has a column of this name, nor is it an alias of the statement.",
    ),
    (
        CLOCK,
        "clock",
        "The answer depends on when the test runs. Compare with a fixed date, redact the column\n\
         (`-- dwsim: redact = { loaded_at = \"timestamp\" }`), or freeze the clock with `clock` in [project].",
    ),
    (
        RANDOM,
        "random",
        "The answer differs from run to run: random numbers without a seed, UUIDs, samples, ids of sessions and\n\
         queries. Give a seed, redact the column, or freeze randomness with `random` in [project].",
    ),
    (
        ORDER,
        "order",
        "The ORDER BY leaves some rows tied, and each warehouse may return those in any order, on every run. Order by\n\
         a key as well (`--fix` adds one where it is known), or compare without order: `-- dwsim: order = \"any\"`.",
    ),
    (
        LIMIT,
        "limit",
        "LIMIT without ORDER BY returns any rows. Order them, or limit nothing.",
    ),
    (
        SNAPSHOT,
        "snapshot",
        "A .snap file cannot be read: an unresolved merge conflict, a hand edit, half a file, or a newer format. The\n\
         message says which line. Put it back from version control, or delete it and accept the answer anew.",
    ),
    (
        UNREFERENCED,
        "unreferenced",
        "No test refers to the snapshot any more. `cargo dwsim snapshots prune` removes it.",
    ),
    (
        MISSING,
        "missing",
        "The test has no snapshot yet, so it fails where snapshots are not written. `cargo dwsim test --accept`.",
    ),
    (
        DATA,
        "data",
        "Rows of generated files break a rule of dwsim.toml: a key, a reference, a bound, a category, a constraint. Data\n\
         that `cargo dwsim generate` wrote for this dwsim.toml break none; the files are of another one, or were changed.",
    ),
];

/// The name of a code in front matter's `allow`.
pub fn short_name(code: &str) -> Option<&'static str> {
    CODES
        .iter()
        .find(|(known, ..)| *known == code)
        .map(|(_, name, _)| *name)
}
