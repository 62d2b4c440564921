//! Snapshots: one `.snap` file beside a test, for both warehouses, written once where they agree.
//! Running the SQL is [`crate::sqltest`]'s part; showing a review is the command line's.
//!
//! # The format
//!
//! Text, LF, unpadded, so that one changed value is one changed line:
//!
//! ```text
//! dwsim-snapshot 1
//! source: tests/sql/daily_revenue.sql
//! dialects: redshift, snowflake
//! order: exact
//! hash: sql=3f1c9a02 data=9ab2c417
//! ---
//! day: date
//! orders: int   [redshift bigint; snowflake number(18,0)]
//! revenue: decimal(38,2)
//! --- 2 rows
//! 2024-01-01 | 12 | 1042.5
//! 2024-01-02 | NULL | 3
//! ```
//!
//! - A column is `name: type`. Where the warehouses' types differ, the common kind comes first (`int`, `text`,
//!   `number` for numbers of different kinds) and the brackets name each; `as other` there gives a column name that
//!   is not the common one.
//! - After the columns come sections that begin with `---`: `--- N rows`, `--- done` (a statement without a result),
//!   `--- N rows affected`, `--- error CODE` followed by the message. A section with a dialect in front
//!   (`--- redshift 1 row`) belongs to that warehouse alone. A warehouse's answer is the shared sections and its own
//!   ones, in the order of the file.
//! - Whatever is not shared stands behind `--- diverges: REASON`; the reason is mandatory. A bare `--- diverges`
//!   opens a further difference with the same reason. Two refusals need none: codes and messages always differ.
//! - If not even the columns agree, each warehouse has its own: `--- redshift columns`.
//! - `order: any` marks a result without a top-level ORDER BY: compared as a multiset, stored sorted.
//! - Cells are written by [`crate::value::cell`]: `NULL` is bare, text that could be misread is JSON-quoted,
//!   `<uuid>` is a redacted value.
//!
//! # Comparing
//!
//! [`diff`] compares typed values: decimals exactly, floats to a relative 1e-11 (`test.float_tolerance`), timestamps as instants, JSON
//! structurally; declared types are compared too, as each warehouse names them.

mod agree;
mod diff;
mod inline;
mod model;
mod parse;
mod pending;
mod redact;
mod render;
mod rules;
#[cfg(test)]
mod tests;
mod verify;

pub use diff::{AnswerDiff, CellChange, ColumnChange, RowChange, diff};
pub use inline::{InlineSite, inline_text, parse_inline};
pub use model::{Answer, Hashes, RowOrder, Snapshot, short_hash};
pub use parse::{SnapshotError, read};
pub use pending::{AcceptError, Checkpoint, PendingError, PendingStore, Proposal};
pub use redact::{RedactError, RedactKind, redact};
pub use rules::{Rules, rules, set_rules};
pub use verify::{Observed, PENDING_ADVICE, Verdict, verify, verify_against};

pub(crate) use pending::write_atomically;
