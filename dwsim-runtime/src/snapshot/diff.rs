//! What is different between what a snapshot expects and what a warehouse answered.
//! The structure is for tools to show in their own way; `Display` is the plain form of a test's failure message.

use super::agree::{Step, align, match_multisets, shared_type};
use super::model::{Answer, RowOrder};
use crate::value::{Column, Value, cell, rows_match, value_matches};
use std::fmt;

/// A column that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnChange {
    /// Position, from 0.
    pub index: usize,
    /// The snapshot's column, if it has one here.
    pub expected: Option<Column>,
    /// The answer's column, if it has one here.
    pub actual: Option<Column>,
}

/// A cell that is not as expected.
#[derive(Debug, Clone, PartialEq)]
pub struct CellChange {
    /// Position of the column, from 0.
    pub column: usize,
    /// The snapshot's value.
    pub expected: Value,
    /// The answer's value.
    pub actual: Value,
}

/// A row that is not as expected.
#[derive(Debug, Clone, PartialEq)]
pub enum RowChange {
    /// A row with other cells.
    Changed {
        /// The snapshot's row, for context.
        expected: Vec<Value>,
        /// The answer's row.
        actual: Vec<Value>,
        /// The cells that differ.
        cells: Vec<CellChange>,
    },
    /// A row that only the snapshot has.
    Missing(Vec<Value>),
    /// A row that only the answer has.
    Extra(Vec<Value>),
}

/// The difference between an expected and an actual answer; never empty.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerDiff {
    /// Both returned rows.
    Rows {
        /// Names of the columns: the answer's.
        names: Vec<String>,
        /// Columns that differ in name or declared type.
        columns: Vec<ColumnChange>,
        /// Rows that differ.
        rows: Vec<RowChange>,
    },
    /// One is not even of the other's kind (rows, done, an error), or both are short: the two answers.
    Whole {
        /// The snapshot's.
        expected: Answer,
        /// The warehouse's.
        actual: Answer,
    },
}

/// Compares two answers of one warehouse; nothing when they are the same.
#[must_use]
pub fn diff(expected: &Answer, actual: &Answer, order: RowOrder) -> Option<AnswerDiff> {
    let (Answer::Rows(e), Answer::Rows(a)) = (expected, actual) else {
        return (expected != actual).then(|| AnswerDiff::Whole {
            expected: expected.clone(),
            actual: actual.clone(),
        });
    };
    let mut columns = Vec::new();
    for index in 0..e.columns.len().max(a.columns.len()) {
        let (expected, actual) = (e.columns.get(index), a.columns.get(index));
        if !same_column(expected, actual) {
            columns.push(ColumnChange {
                index,
                expected: expected.cloned(),
                actual: actual.cloned(),
            });
        }
    }
    let e_rows: Vec<&[Value]> = e.rows.iter().map(Vec::as_slice).collect();
    let a_rows: Vec<&[Value]> = a.rows.iter().map(Vec::as_slice).collect();
    let mut rows = Vec::new();
    match order {
        RowOrder::Any => {
            let (_, missing, extra) = match_multisets(e_rows, a_rows, rows_match);
            pair(missing, extra, &mut rows);
        }
        RowOrder::Exact => {
            let (mut missing, mut extra) = (Vec::new(), Vec::new());
            for step in align(&e_rows, &a_rows, rows_match) {
                match step {
                    Step::Both(..) => pair(
                        std::mem::take(&mut missing),
                        std::mem::take(&mut extra),
                        &mut rows,
                    ),
                    Step::First(i) => missing.push(e_rows[i]),
                    Step::Second(j) => extra.push(a_rows[j]),
                }
            }
            pair(missing, extra, &mut rows);
        }
    }
    let names = a.columns.iter().map(|column| column.name.clone()).collect();
    (!columns.is_empty() || !rows.is_empty()).then_some(AnswerDiff::Rows {
        names,
        columns,
        rows,
    })
}

/// The same name and declared type; of a server that stands in for the warehouse, the same name and kind of type.
fn same_column(expected: Option<&Column>, actual: Option<&Column>) -> bool {
    expected == actual
        || super::rules().stand_in
            && expected
                .zip(actual)
                .is_some_and(|(e, a)| e.name == a.name && shared_type(e, a).is_some())
}

/// Beyond so many pairs of rows, rows are paired by position and not by likeness.
const LIKENESS_LIMIT: usize = 250_000;

/// Turns missing and extra rows into changed ones where they are alike: most equal cells first, at least half of them.
fn pair(missing: Vec<&[Value]>, extra: Vec<&[Value]>, changes: &mut Vec<RowChange>) {
    let alike = |a: &[Value], b: &[Value]| {
        if a.len() != b.len() {
            return 0;
        }
        let equal = a.iter().zip(b).filter(|(a, b)| value_matches(a, b)).count();
        // an equal first cell is mostly the row's key
        let keyed = usize::from(
            a.first()
                .zip(b.first())
                .is_some_and(|(a, b)| value_matches(a, b)),
        );
        if equal * 2 + keyed >= a.len() {
            equal * 2 + keyed
        } else {
            0
        }
    };
    let mut free: Vec<bool> = vec![true; extra.len()];
    let search = missing.len().saturating_mul(extra.len()) <= LIKENESS_LIMIT;
    let single = missing.len() == 1 && extra.len() == 1;
    let mut left = Vec::new();
    for (i, row) in missing.iter().enumerate() {
        let best = if search {
            (0..extra.len())
                .filter(|j| free[*j])
                .map(|j| (alike(row, extra[j]), j))
                .filter(|(score, _)| *score > 0 || single)
                .max_by_key(|(score, j)| (*score, std::cmp::Reverse(*j)))
                .map(|(_, j)| j)
        } else {
            (i < extra.len() && free[i]).then_some(i)
        };
        match best.filter(|j| extra[*j].len() == row.len()) {
            Some(j) => {
                free[j] = false;
                let cells = row.iter().zip(extra[j]).enumerate();
                let cells =
                    cells
                        .filter(|(_, (e, a))| !value_matches(e, a))
                        .map(|(column, (e, a))| CellChange {
                            column,
                            expected: e.clone(),
                            actual: a.clone(),
                        });
                changes.push(RowChange::Changed {
                    expected: row.to_vec(),
                    actual: extra[j].to_vec(),
                    cells: cells.collect(),
                });
            }
            None => left.push(RowChange::Missing(row.to_vec())),
        }
    }
    changes.append(&mut left);
    changes.extend(
        extra
            .iter()
            .zip(free)
            .filter(|(_, free)| *free)
            .map(|(row, _)| RowChange::Extra(row.to_vec())),
    );
}

/// How many changed rows the plain form shows.
const SHOWN: usize = 20;

/// `-` is what the snapshot expects, `+` what the warehouse answered.
impl fmt::Display for AnswerDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AnswerDiff::Rows {
                names,
                columns,
                rows,
            } => {
                for change in columns {
                    for (sign, column) in [('-', &change.expected), ('+', &change.actual)] {
                        if let Some(column) = column {
                            writeln!(
                                f,
                                "{sign} column {}: {} {}",
                                change.index + 1,
                                column.name,
                                column.native
                            )?;
                        }
                    }
                }
                for change in rows.iter().take(SHOWN) {
                    match change {
                        RowChange::Missing(row) => writeln!(f, "- {}", line(row))?,
                        RowChange::Extra(row) => writeln!(f, "+ {}", line(row))?,
                        RowChange::Changed {
                            expected,
                            actual,
                            cells,
                        } => {
                            writeln!(f, "- {}\n+ {}", line(expected), line(actual))?;
                            for cell in cells {
                                let name = names.get(cell.column).map_or("?", String::as_str);
                                writeln!(f, "    {name}: {} -> {}", cell.expected, cell.actual)?;
                            }
                        }
                    }
                }
                if rows.len() > SHOWN {
                    writeln!(f, "  … and {} more rows differ", rows.len() - SHOWN)?;
                }
                Ok(())
            }
            AnswerDiff::Whole { expected, actual } => {
                for (sign, answer) in [('-', expected), ('+', actual)] {
                    match answer {
                        Answer::Rows(table) => {
                            let names: Vec<String> = table
                                .columns
                                .iter()
                                .map(|c| format!("{}: {}", c.name, c.native))
                                .collect();
                            writeln!(f, "{sign} {} rows ({})", table.rows.len(), names.join(", "))?;
                            for row in table.rows.iter().take(SHOWN) {
                                writeln!(f, "{sign} {}", line(row))?;
                            }
                        }
                        Answer::Done { affected: None } => {
                            writeln!(f, "{sign} done, without a result")?
                        }
                        Answer::Done { affected: Some(n) } => {
                            writeln!(f, "{sign} {n} rows affected")?
                        }
                        Answer::Error { code, message } => {
                            writeln!(f, "{sign} error {code}: {message}")?
                        }
                    }
                }
                Ok(())
            }
        }
    }
}

fn line(row: &[Value]) -> String {
    row.iter()
        .map(cell::render)
        .collect::<Vec<_>>()
        .join(cell::SEPARATOR)
}
