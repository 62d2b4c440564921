//! The two dialects' answers beside one another, for `review` and for `sql -d both`: only what differs.
//! Finding the differences is the runtime's part.

use std::fmt::Write;

use dwsim_runtime::snapshot::{Answer, AnswerDiff, RowChange};
use dwsim_runtime::value::cell;
use dwsim_runtime::{Column, Value};

/// More differing rows than this are counted, not shown.
const SHOWN: usize = 20;

/// Text of the difference: `expected` is Redshift's answer, `actual` Snowflake's.
pub fn side_by_side(diff: &AnswerDiff) -> String {
    let mut out = String::new();
    match diff {
        AnswerDiff::Rows {
            names,
            columns,
            rows,
        } => {
            let mut table = vec![["".to_owned(), "redshift".to_owned(), "snowflake".to_owned()]];
            for change in columns {
                let label = format!("column {}", change.index + 1);
                table.push([
                    label,
                    column(change.expected.as_ref()),
                    column(change.actual.as_ref()),
                ]);
            }
            for change in rows.iter().take(SHOWN) {
                match change {
                    RowChange::Changed {
                        expected, cells, ..
                    } => {
                        let changed = |i: usize| cells.iter().any(|c| c.column == i);
                        // What both have in common tells the reader which row it is.
                        let key: Vec<_> = expected
                            .iter()
                            .enumerate()
                            .filter(|(i, _)| !changed(*i))
                            .map(|(_, v)| cell::render(v))
                            .collect();
                        for change in cells {
                            let name = names.get(change.column).map_or("?", String::as_str);
                            let label = if key.is_empty() {
                                name.to_owned()
                            } else {
                                format!("{name} of {}", key.join(cell::SEPARATOR))
                            };
                            table.push([
                                label,
                                cell::render(&change.expected),
                                cell::render(&change.actual),
                            ]);
                        }
                    }
                    RowChange::Missing(row) => table.push(["row".into(), line(row), "—".into()]),
                    RowChange::Extra(row) => table.push(["row".into(), "—".into(), line(row)]),
                }
            }
            aligned(&mut out, &table);
            if rows.len() > SHOWN {
                let _ = writeln!(out, "… and {} more rows differ", rows.len() - SHOWN);
            }
        }
        AnswerDiff::Whole { expected, actual } => {
            for (dialect, answer) in [("redshift", expected), ("snowflake", actual)] {
                let _ = writeln!(out, "{dialect}: {}", summary(answer));
            }
        }
    }
    out
}

/// An answer in one line.
pub fn summary(answer: &Answer) -> String {
    match answer {
        Answer::Rows(table) => {
            let columns: Vec<_> = table.columns.iter().map(|c| column(Some(c))).collect();
            format!("{} rows ({})", table.rows.len(), columns.join(", "))
        }
        Answer::Done { affected: Some(n) } => format!("{n} rows affected"),
        Answer::Done { affected: None } => "done, without a result".into(),
        Answer::Error { code, message } => format!("error {code}: {message}"),
    }
}

fn column(column: Option<&Column>) -> String {
    column.map_or_else(|| "—".into(), |c| format!("{}: {}", c.name, c.native))
}

fn line(row: &[Value]) -> String {
    row.iter()
        .map(cell::render)
        .collect::<Vec<_>>()
        .join(cell::SEPARATOR)
}

/// Columns padded to their widest cell, the last one not.
fn aligned(out: &mut String, table: &[[String; 3]]) {
    let width = |i: usize| {
        table
            .iter()
            .map(|row| row[i].chars().count())
            .max()
            .unwrap_or(0)
    };
    let (first, second) = (width(0), width(1));
    for [label, left, right] in table {
        let _ = writeln!(out, "{label:<first$}  {left:<second$}  {right}");
    }
}
