//! One statement on one warehouse or on both side by side, its whole answers held for a while: pages and exports are of
//! what was answered, and a statement that changes rows is never run again to show the next page.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dwsim_runtime::client::Reply;
use dwsim_runtime::script;
use dwsim_runtime::snapshot::{self, Answer, AnswerDiff, RowChange, RowOrder, Snapshot};
use dwsim_runtime::value::cell;
use dwsim_runtime::{Column, Dialect, ResultTable, Value};

use super::error::Error;
use super::service::{Result, Service};

/// Most answers that are held.
const HELD: usize = 16;

/// Most cells that are held over all answers but the newest.
const CELLS: usize = 4_000_000;

/// Most differing rows that are listed.
const SHOWN: usize = 100;

/// What one warehouse answered.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Rows, and the time it took.
    Rows(ResultTable, Duration),
    /// No rows; how many were changed, and the time it took.
    Done(Option<u64>, Duration),
    /// Its refusal.
    Refused(String),
}

/// A place where the warehouses differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Column or row.
    pub place: String,
    /// What Redshift has there.
    pub redshift: String,
    /// What Snowflake has there.
    pub snowflake: String,
}

/// A statement with its answers.
#[derive(Clone, Debug)]
pub struct Held {
    /// Its number in this process.
    pub id: u64,
    /// The experiment.
    pub experiment: String,
    /// The statement.
    pub sql: String,
    /// What each asked warehouse answered.
    pub sides: Vec<(Dialect, Outcome)>,
    /// Where they differ; nothing unless both were asked.
    pub differences: Option<Vec<Difference>>,
    /// Differing rows that are not listed.
    pub more: usize,
}

impl Held {
    /// Rows of the longest answer.
    #[must_use]
    pub fn rows(&self) -> usize {
        let lengths = self.sides.iter().map(|(_, o)| match o {
            Outcome::Rows(table, _) => table.rows.len(),
            _ => 0,
        });
        lengths.max().unwrap_or(0)
    }

    /// The rows that a warehouse answered.
    #[must_use]
    pub fn table(&self, dialect: Dialect) -> Option<&ResultTable> {
        self.sides.iter().find_map(|(d, o)| match o {
            Outcome::Rows(table, _) if *d == dialect => Some(table),
            _ => None,
        })
    }

    fn cells(&self) -> usize {
        let sizes = self.sides.iter().map(|(_, o)| match o {
            Outcome::Rows(table, _) => table.rows.len() * table.columns.len(),
            _ => 0,
        });
        sizes.sum()
    }
}

/// The answers that are held, the newest first.
#[derive(Debug, Default)]
pub(super) struct Answers(Mutex<(u64, VecDeque<Arc<Held>>)>);

impl Answers {
    fn keep(&self, mut held: Held) -> Arc<Held> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 += 1;
        held.id = state.0;
        let held = Arc::new(held);
        state.1.push_front(Arc::clone(&held));
        let mut cells = 0;
        let mut fits = 0;
        for one in &state.1 {
            if fits > 0 && (fits == HELD || cells + one.cells() > CELLS) {
                break;
            }
            cells += one.cells();
            fits += 1;
        }
        state.1.truncate(fits);
        held
    }

    fn find(&self, experiment: &str, id: u64) -> Option<Arc<Held>> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = state.1.iter();
        all.find(|h| h.id == id && h.experiment == experiment)
            .cloned()
    }

    pub(super) fn forget(&self, experiment: &str) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.1.retain(|h| h.experiment != experiment);
    }
}

impl Service {
    /// Runs one statement on these warehouses and holds what they answer.
    ///
    /// # Errors
    /// As [`Service::query`], but the refusal of a warehouse is part of the answer.
    pub async fn compare(&self, name: &str, sql: &str, dialects: &[Dialect]) -> Result<Arc<Held>> {
        let asked = dialects.iter().map(|d| self.answer(name, *d, sql));
        let answered = futures::future::join_all(asked).await;
        let mut sides = Vec::with_capacity(dialects.len());
        let mut answers = Vec::with_capacity(dialects.len());
        for (dialect, one) in dialects.iter().zip(answered) {
            let (outcome, answer) = match one {
                Ok((Reply::Rows(table), took)) => {
                    (Outcome::Rows(table.clone(), took), Answer::Rows(table))
                }
                Ok((Reply::Done { affected }, took)) => {
                    (Outcome::Done(affected, took), Answer::Done { affected })
                }
                Err(Error::Sql(e)) => (
                    Outcome::Refused(e.to_string()),
                    Answer::Error {
                        code: e.code.clone(),
                        message: e.message.clone(),
                    },
                ),
                Err(other) => return Err(other),
            };
            sides.push((*dialect, outcome));
            answers.push((*dialect, answer));
        }
        let (differences, more) = if answers.len() == 2 {
            let order = script::statements(sql, Dialect::Redshift)
                .ok()
                .and_then(|all| all.first().map(|s| s.order))
                .unwrap_or(RowOrder::Any);
            let (found, more) = differences(answers, order);
            (Some(found), more)
        } else {
            (None, 0)
        };
        Ok(self.answers.keep(Held {
            id: 0,
            experiment: name.to_owned(),
            sql: sql.to_owned(),
            sides,
            differences,
            more,
        }))
    }

    /// An answer that is still held.
    ///
    /// # Errors
    /// [`Error::NotFound`] once newer answers have taken its place.
    pub fn held(&self, name: &str, id: u64) -> Result<Arc<Held>> {
        self.find(name)?;
        self.answers.find(name, id).ok_or_else(|| Error::NotFound {
            what: "result held any more; run the statement again:",
            name: id.to_string(),
        })
    }
}

/// Where two answers differ in what a snapshot would not write once; types that only have other names agree.
fn differences(answers: Vec<(Dialect, Answer)>, order: RowOrder) -> (Vec<Difference>, usize) {
    let mut both = Snapshot {
        order,
        answers: answers.into_iter().collect(),
        ..Snapshot::default()
    };
    both.normalise();
    if !both.diverges() {
        return (Vec::new(), 0);
    }
    let (Some(redshift), Some(snowflake)) = (
        both.answers.get(&Dialect::Redshift),
        both.answers.get(&Dialect::Snowflake),
    ) else {
        return (Vec::new(), 0);
    };
    match snapshot::diff(redshift, snowflake, order) {
        None => (Vec::new(), 0),
        Some(AnswerDiff::Whole { expected, actual }) => {
            let whole = Difference {
                place: "answer".to_owned(),
                redshift: summary(&expected),
                snowflake: summary(&actual),
            };
            (vec![whole], 0)
        }
        Some(AnswerDiff::Rows {
            names,
            columns,
            rows,
        }) => {
            let mut out = Vec::new();
            for change in &columns {
                let same_kind = change
                    .expected
                    .as_ref()
                    .zip(change.actual.as_ref())
                    .is_some_and(|(a, b)| {
                        a.name == b.name && (a.ty == b.ty || a.ty.is_number() && b.ty.is_number())
                    });
                if !same_kind {
                    out.push(Difference {
                        place: format!("column {}", change.index + 1),
                        redshift: column(change.expected.as_ref()),
                        snowflake: column(change.actual.as_ref()),
                    });
                }
            }
            for change in rows.iter().take(SHOWN) {
                row(&names, change, &mut out);
            }
            (out, rows.len().saturating_sub(SHOWN))
        }
    }
}

fn row(names: &[String], change: &RowChange, out: &mut Vec<Difference>) {
    let line = |cells: &[Value]| {
        let cells: Vec<String> = cells.iter().map(cell::render).collect();
        cells.join(cell::SEPARATOR)
    };
    let only = |redshift: String, snowflake: String| Difference {
        place: "row".to_owned(),
        redshift,
        snowflake,
    };
    match change {
        RowChange::Missing(cells) => out.push(only(line(cells), "—".to_owned())),
        RowChange::Extra(cells) => out.push(only("—".to_owned(), line(cells))),
        RowChange::Changed {
            expected, cells, ..
        } => {
            // the cells that agree say which row it is
            let agreed = expected.iter().enumerate();
            let key: Vec<String> = agreed
                .filter(|(i, _)| cells.iter().all(|c| c.column != *i))
                .take(3)
                .map(|(_, v)| cell::render(v))
                .collect();
            for change in cells {
                let name = names.get(change.column).map_or("?", String::as_str);
                out.push(Difference {
                    place: if key.is_empty() {
                        name.to_owned()
                    } else {
                        format!("{name} of {}", key.join(cell::SEPARATOR))
                    },
                    redshift: cell::render(&change.expected),
                    snowflake: cell::render(&change.actual),
                });
            }
        }
    }
}

fn column(column: Option<&Column>) -> String {
    column.map_or_else(|| "—".to_owned(), |c| format!("{}: {}", c.name, c.native))
}

fn summary(answer: &Answer) -> String {
    match answer {
        Answer::Rows(table) => format!("{} rows", table.rows.len()),
        Answer::Done { affected: Some(n) } => format!("{n} rows affected"),
        Answer::Done { affected: None } => "done, without a result".to_owned(),
        Answer::Error { code, message } => format!("error {code}: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(native: &str, values: &[Value]) -> Answer {
        Answer::Rows(ResultTable {
            columns: vec![Column::new("n", native)],
            rows: values.iter().map(|v| vec![v.clone()]).collect(),
        })
    }

    fn found(redshift: Answer, snowflake: Answer) -> Vec<Difference> {
        let both = vec![
            (Dialect::Redshift, redshift),
            (Dialect::Snowflake, snowflake),
        ];
        differences(both, RowOrder::Any).0
    }

    #[test]
    fn names_of_types_are_no_difference_and_values_are() {
        let one = [Value::Int(1), Value::Int(2)];
        let two = [Value::Int(2), Value::Int(1)];
        assert!(found(table("bigint", &one), table("number(18,0)", &two)).is_empty());
        let differ = found(
            table("bigint", &one),
            table("number(18,0)", &[Value::Int(1), Value::Int(3)]),
        );
        assert!(!differ.is_empty());
        let kinds = found(
            table("bigint", &[Value::Int(1)]),
            table("varchar", &[Value::Text("1".into())]),
        );
        assert_eq!(kinds[0].place, "column 1");
        let refused = Answer::Error {
            code: "42703".into(),
            message: "no".into(),
        };
        assert_eq!(found(refused, table("bigint", &one))[0].place, "answer");
    }

    #[test]
    fn old_answers_make_room() {
        let answers = Answers::default();
        let held = |rows: usize| Held {
            id: 0,
            experiment: "a".into(),
            sql: String::new(),
            sides: vec![(
                Dialect::Redshift,
                Outcome::Rows(
                    ResultTable {
                        columns: vec![Column::new("n", "bigint")],
                        rows: vec![vec![Value::Null]; rows],
                    },
                    Duration::ZERO,
                ),
            )],
            differences: None,
            more: 0,
        };
        for _ in 0..HELD + 3 {
            answers.keep(held(1));
        }
        assert!(answers.find("a", 3).is_none());
        assert!(answers.find("a", 4).is_some());
        assert!(answers.find("b", 4).is_none());
        let large = answers.keep(held(CELLS + 1));
        assert!(answers.find("a", large.id).is_some());
        assert!(answers.find("a", large.id - 1).is_none());
        answers.forget("a");
        assert!(answers.find("a", large.id).is_none());
    }
}
