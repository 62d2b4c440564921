//! What a statement answers, as typed columns: rows of a query, status rows, counts of DML.
//! Encoding answers is the work of `protocol`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::{Field, Schema};
use dwsim_engine::env::Env;
use dwsim_engine::error::Result;
use dwsim_engine::functions::conform;
use dwsim_engine::session::Completion;
use dwsim_engine::types::{ColumnInfo, SqlType};

use super::Transfer;

/// Snowflake's statement type ids, which drivers act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// A query.
    Select,
    /// INSERT.
    Insert,
    /// INSERT into several tables.
    InsertAll,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
    /// MERGE.
    Merge,
    /// COPY INTO.
    Copy,
    /// Session commands: USE, ALTER SESSION, SET.
    Scl,
    /// SHOW.
    Show,
    /// DESCRIBE.
    Describe,
    /// BEGIN, COMMIT, ROLLBACK.
    Tcl,
    /// Everything that changes objects.
    Ddl,
    /// PUT.
    Put,
    /// GET.
    Get,
    /// LIST, REMOVE.
    Files,
    /// A request of several statements.
    Multi,
}

impl StatementKind {
    /// The id on the wire.
    pub const fn id(self) -> i64 {
        match self {
            StatementKind::Select => 0x1000,
            StatementKind::Insert => 0x3100,
            StatementKind::Update => 0x3200,
            StatementKind::Delete => 0x3300,
            StatementKind::Merge => 0x3400,
            StatementKind::InsertAll => 0x3500,
            StatementKind::Copy => 0x3600,
            StatementKind::Scl => 0x4300,
            StatementKind::Show => 0x4400,
            StatementKind::Describe => 0x4500,
            StatementKind::Tcl => 0x5000,
            StatementKind::Ddl => 0x6000,
            StatementKind::Put => 1792,
            StatementKind::Get => 1793,
            StatementKind::Files => 0x4000,
            StatementKind::Multi => 0xA000,
        }
    }

    /// Drivers take the row count of these from their columns, and read them as JSON.
    pub const fn is_dml(self) -> bool {
        matches!(
            self,
            StatementKind::Insert
                | StatementKind::InsertAll
                | StatementKind::Update
                | StatementKind::Delete
                | StatementKind::Merge
        )
    }
}

/// A statement's answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Which statement.
    pub kind: StatementKind,
    /// Columns; column `i` of every batch has the type `columns[i].ty.arrow()`.
    pub columns: Vec<ColumnInfo>,
    /// Rows.
    pub batches: Vec<RecordBatch>,
    /// PUT and GET: what the driver has to do.
    pub transfer: Option<Transfer>,
    /// Number of placeholders in the statement.
    pub binds: usize,
    /// The session's formats when the statement ran, for values inside VARIANT.
    pub env: Option<Arc<Env>>,
}

impl Answer {
    /// Rows of a query.
    pub fn rows(kind: StatementKind, columns: Vec<ColumnInfo>, batches: Vec<RecordBatch>) -> Self {
        Answer {
            kind,
            columns,
            batches,
            transfer: None,
            binds: 0,
            env: None,
        }
    }

    /// Number of rows.
    pub fn row_count(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The values of a column as texts.
    pub fn texts(&self, column: usize) -> Vec<Option<String>> {
        self.batches
            .iter()
            .flat_map(|b| {
                let c = b.column(column);
                (0..b.num_rows()).map(move |row| {
                    (!c.is_null(row)).then(|| {
                        arrow::util::display::array_value_to_string(c, row).unwrap_or_default()
                    })
                })
            })
            .collect()
    }

    /// The first value as text.
    pub fn first_text(&self) -> Option<String> {
        if self.columns.is_empty() {
            return None;
        }
        self.texts(0).into_iter().next().flatten()
    }

    /// Whether this says that an object was there already.
    pub(crate) fn skipped_creation(&self) -> bool {
        self.first_text()
            .is_some_and(|t| t.ends_with("already exists, statement succeeded."))
    }

    /// One row with one text: `status`.
    ///
    /// # Errors
    /// Never in practice.
    pub fn status(kind: StatementKind, text: impl Into<String>) -> Result<Self> {
        Answer::table(
            kind,
            vec![("status", SqlType::text())],
            vec![vec![Some(text.into())]],
        )
    }

    /// "Statement executed successfully."
    ///
    /// # Errors
    /// Never in practice.
    pub fn success(kind: StatementKind) -> Result<Self> {
        Answer::status(kind, "Statement executed successfully.")
    }

    /// Rows of texts, converted to the columns' types: status rows, SHOW, DESCRIBE.
    ///
    /// # Errors
    /// When a text is no value of its column's type.
    pub fn table(
        kind: StatementKind,
        columns: Vec<(&str, SqlType)>,
        rows: Vec<Vec<Option<String>>>,
    ) -> Result<Self> {
        let infos: Vec<ColumnInfo> = columns
            .iter()
            .map(|(n, t)| ColumnInfo::new(*n, t.clone()))
            .collect();
        let batch = text_batch(&infos, &rows)?;
        Ok(Answer::rows(kind, infos, vec![batch]))
    }

    /// Counts of DML: one row of NUMBER columns.
    ///
    /// # Errors
    /// Never in practice.
    pub fn counts(kind: StatementKind, counts: &[(&str, u64)]) -> Result<Self> {
        let ty = SqlType::number(19, 0);
        let columns: Vec<ColumnInfo> = counts
            .iter()
            .map(|(n, _)| ColumnInfo::new(*n, ty.clone()))
            .collect();
        let arrays = counts
            .iter()
            .map(|(_, v)| conform(Arc::new(Int64Array::from(vec![*v as i64])), &ty))
            .collect::<Result<Vec<_>>>()?;
        let batch = RecordBatch::try_new(schema(&columns), arrays)?;
        Ok(Answer::rows(kind, columns, vec![batch]))
    }

    /// The status row of a completed statement, in Snowflake's words.
    ///
    /// # Errors
    /// Never in practice.
    pub fn completion(c: &Completion) -> Result<Self> {
        let name = c.object.as_deref().unwrap_or_default();
        match c.tag.as_str() {
            "INSERT" => {
                return Answer::counts(
                    StatementKind::Insert,
                    &[("number of rows inserted", c.inserted)],
                );
            }
            "DELETE" => {
                return Answer::counts(
                    StatementKind::Delete,
                    &[("number of rows deleted", c.deleted)],
                );
            }
            "UPDATE" => {
                return Answer::counts(
                    StatementKind::Update,
                    &[
                        ("number of rows updated", c.updated),
                        ("number of multi-joined rows updated", c.multi_joined),
                    ],
                );
            }
            "INSERT ALL" => {
                let names: Vec<String> = c
                    .per_table
                    .iter()
                    .map(|(t, _)| format!("number of rows inserted into {t}"))
                    .collect();
                let counts: Vec<(&str, u64)> = names
                    .iter()
                    .zip(&c.per_table)
                    .map(|(n, (_, rows))| (n.as_str(), *rows))
                    .collect();
                return Answer::counts(StatementKind::InsertAll, &counts);
            }
            "BEGIN" | "COMMIT" | "ROLLBACK" => return Answer::success(StatementKind::Tcl),
            _ => {}
        }
        let (verb, kind) = c.tag.split_once(' ').unwrap_or((&c.tag, ""));
        let kind = match kind {
            "TABLE AS" => "TABLE",
            other => other,
        };
        let text = match verb {
            "CREATE" if c.skipped => format!("{name} already exists, statement succeeded."),
            "CREATE" => format!("{} {name} successfully created.", title(kind)),
            "DROP" if c.skipped => {
                format!("Drop statement executed successfully ({name} already dropped).")
            }
            "DROP" => format!("{name} successfully dropped."),
            _ => "Statement executed successfully.".to_owned(),
        };
        Answer::status(StatementKind::Ddl, text)
    }
}

/// "FILE FORMAT" as "File format".
pub(super) fn title(kind: &str) -> String {
    let lower = kind.to_lowercase();
    let mut chars = lower.chars();
    chars
        .next()
        .map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// The Arrow schema of result columns.
pub(crate) fn schema(columns: &[ColumnInfo]) -> Arc<Schema> {
    Arc::new(Schema::new(
        columns
            .iter()
            .map(|c| Field::new(&c.name, c.ty.arrow(), true))
            .collect::<Vec<_>>(),
    ))
}

/// Rows of texts as a batch of typed columns.
///
/// # Errors
/// When a text is no value of its column's type.
pub(crate) fn text_batch(
    columns: &[ColumnInfo],
    rows: &[Vec<Option<String>>],
) -> Result<RecordBatch> {
    let arrays = columns
        .iter()
        .enumerate()
        .map(|(i, c)| {
            let texts: StringArray = rows
                .iter()
                .map(|r| r.get(i).and_then(Option::as_deref))
                .collect();
            let texts: ArrayRef = Arc::new(texts);
            match c.ty {
                SqlType::Varchar(_) => Ok(texts),
                SqlType::TimestampLtz(_) => {
                    // Seconds since the epoch, as the catalog keeps them.
                    let micros: Int64Array = rows
                        .iter()
                        .map(|r| {
                            r.get(i).and_then(Option::as_deref).and_then(|s| {
                                match s.parse::<i64>() {
                                    Ok(s) => Some(s * 1_000_000),
                                    // Milliseconds behind a point.
                                    Err(_) => {
                                        Some((s.parse::<f64>().ok()? * 1e3).round() as i64 * 1000)
                                    }
                                }
                            })
                        })
                        .collect();
                    let stamped = arrow::compute::cast(&micros, &SqlType::TimestampLtz(6).arrow())?;
                    Ok(arrow::compute::cast(&stamped, &c.ty.arrow())?)
                }
                _ => Ok(arrow::compute::cast(&texts, &c.ty.arrow())?),
            }
        })
        .collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    Ok(RecordBatch::try_new_with_options(
        schema(columns),
        arrays,
        &options,
    )?)
}
