//! What a proposal changes, as lines for one dialect: types first, then rows with only the cells that change, each with
//! the cells that say which row it is.

use dwsim_runtime::snapshot::{Answer, AnswerDiff, Proposal, RowChange, diff};
use dwsim_runtime::value::cell;
use dwsim_runtime::{Column, Dialect, Value};

/// What a line is about, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// A headline.
    Head,
    /// As it was.
    Same,
    /// What is no more.
    Old,
    /// What comes instead.
    New,
}

/// A line and what it is about.
pub type ToneLine = (Tone, String);

/// More rows of a new answer than this are counted, not shown.
const SHOWN: usize = 200;

/// The lines of one dialect; nothing when it has no answer.
pub fn lines(proposal: &Proposal, dialect: Dialect) -> Vec<ToneLine> {
    let Some(after) = proposal.proposed.answers.get(&dialect) else {
        return vec![(Tone::Same, "(not asked)".into())];
    };
    let before = proposal
        .current
        .as_ref()
        .and_then(|current| current.answers.get(&dialect));
    let Some(before) = before else {
        return new(after);
    };
    match diff(before, after, proposal.proposed.order) {
        None => vec![(Tone::Same, "(as it was)".into())],
        Some(diff) => changed(&diff),
    }
}

/// How the dialects differ from one another, as lines per dialect; nothing when they agree.
pub fn divergence(proposal: &Proposal) -> Option<[Vec<ToneLine>; 2]> {
    let mut sides = [Vec::new(), Vec::new()];
    match proposal.divergence()? {
        AnswerDiff::Whole { expected, actual } => {
            for (side, answer) in sides.iter_mut().zip([expected, actual]) {
                side.push((Tone::Old, crate::compare::summary(&answer)));
            }
        }
        AnswerDiff::Rows {
            names,
            columns,
            rows,
        } => {
            for change in columns {
                sides[0].push((Tone::Old, column(change.expected.as_ref())));
                sides[1].push((Tone::Old, column(change.actual.as_ref())));
            }
            for change in rows.iter().take(SHOWN) {
                match change {
                    RowChange::Changed {
                        expected, cells, ..
                    } => {
                        let key = key(
                            expected,
                            &names,
                            &cells.iter().map(|c| c.column).collect::<Vec<_>>(),
                        );
                        for side in &mut sides {
                            side.push((Tone::Same, key.clone()));
                        }
                        for cell in cells {
                            let name = names.get(cell.column).map_or("?", String::as_str);
                            sides[0].push((Tone::Old, format!("  {name}: {}", cell.expected)));
                            sides[1].push((Tone::Old, format!("  {name}: {}", cell.actual)));
                        }
                    }
                    RowChange::Missing(row) => {
                        sides[0].push((Tone::Old, line(row)));
                        sides[1].push((Tone::Same, "—".into()));
                    }
                    RowChange::Extra(row) => {
                        sides[0].push((Tone::Same, "—".into()));
                        sides[1].push((Tone::Old, line(row)));
                    }
                }
            }
        }
    }
    Some(sides)
}

/// An answer as it stands, aligned.
pub fn answer(answer: &Answer) -> Vec<String> {
    let Answer::Rows(table) = answer else {
        return vec![crate::compare::summary(answer)];
    };
    let mut grid: Vec<Vec<String>> = vec![table.columns.iter().map(|c| c.name.clone()).collect()];
    grid.push(table.columns.iter().map(|c| c.native.clone()).collect());
    let rows = table.rows.iter().take(SHOWN);
    grid.extend(rows.map(|row| row.iter().map(cell::render).collect()));
    let mut out = aligned(&grid);
    if table.rows.len() > SHOWN {
        out.push(format!("… and {} more rows", table.rows.len() - SHOWN));
    }
    out.push(format!("({})", crate::ui::count(table.rows.len(), "row")));
    out
}

fn new(after: &Answer) -> Vec<ToneLine> {
    answer(after)
        .into_iter()
        .map(|line| (Tone::New, line))
        .collect()
}

fn changed(diff: &AnswerDiff) -> Vec<ToneLine> {
    let mut out = Vec::new();
    match diff {
        AnswerDiff::Whole { expected, actual } => {
            for (tone, whole) in [(Tone::Old, expected), (Tone::New, actual)] {
                out.extend(answer(whole).into_iter().map(|line| (tone, line)));
            }
        }
        AnswerDiff::Rows {
            names,
            columns,
            rows,
        } => {
            if !columns.is_empty() {
                out.push((Tone::Head, "columns".into()));
            }
            for change in columns {
                if change.expected.is_some() {
                    out.push((Tone::Old, format!("- {}", column(change.expected.as_ref()))));
                }
                if change.actual.is_some() {
                    out.push((Tone::New, format!("+ {}", column(change.actual.as_ref()))));
                }
            }
            if !rows.is_empty() {
                out.push((Tone::Head, crate::ui::count(rows.len(), "row")));
            }
            for change in rows.iter().take(SHOWN) {
                match change {
                    RowChange::Changed {
                        expected, cells, ..
                    } => {
                        let at: Vec<usize> = cells.iter().map(|c| c.column).collect();
                        out.push((Tone::Same, key(expected, names, &at)));
                        for cell in cells {
                            let name = names.get(cell.column).map_or("?", String::as_str);
                            out.push((Tone::Old, format!("- {name}: {}", cell.expected)));
                            out.push((Tone::New, format!("+ {name}: {}", cell.actual)));
                        }
                    }
                    RowChange::Missing(row) => out.push((Tone::Old, format!("- {}", line(row)))),
                    RowChange::Extra(row) => out.push((Tone::New, format!("+ {}", line(row)))),
                }
            }
            if rows.len() > SHOWN {
                out.push((Tone::Same, format!("… and {} more", rows.len() - SHOWN)));
            }
        }
    }
    out
}

/// Which row it is: its first cells that do not change.
fn key(row: &[Value], names: &[String], changed: &[usize]) -> String {
    let cells = row
        .iter()
        .enumerate()
        .filter(|(i, _)| !changed.contains(i))
        .take(3);
    let parts: Vec<String> = cells
        .map(|(i, value)| {
            let name = names.get(i).map_or("?", String::as_str);
            format!("{name} {}", cell::render(value))
        })
        .collect();
    if parts.is_empty() {
        "a row".into()
    } else {
        parts.join(", ")
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

fn aligned(grid: &[Vec<String>]) -> Vec<String> {
    let columns = grid.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|i| {
            let cells = grid.iter().filter_map(|row| row.get(i));
            cells.map(|c| c.chars().count()).max().unwrap_or(0).min(40)
        })
        .collect();
    grid.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths);
            let padded: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            padded.join("  ").trim_end().to_owned()
        })
        .collect()
}
