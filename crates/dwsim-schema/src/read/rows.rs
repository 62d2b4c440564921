//! Rows that are given and not generated: `data` in dwsim.toml, and CSV files beside it.
//! Opening the files is left to the caller's [`crate::Files`].

use sha2::{Digest, Sha256};

use crate::codes;
use crate::config::{Node, Value};
use crate::diagnostics::{Place, did_you_mean};
use crate::model::{Column, Generator, Scalar};
use crate::number::Number;
use crate::read::Ctx;
use crate::read::fields::Fields;
use crate::read::values::checked_scalar;
use crate::types::LogicalType;

/// Most rows of a file; they are kept in memory.
const MAX_ROWS: usize = 1_000_000;

/// Rows of a table whose file nobody reads: enough for everything that depends on them.
const UNREAD: u64 = 1 << 40;

/// `data = [["DE", "Germany"], …]`: the rows of the table, values in the order of the columns. The number of rows.
pub(crate) fn given(f: &Fields<'_>, columns: &mut [Column]) -> Option<u64> {
    let node = f.node("data")?;
    let Value::Array(rows) = &node.value else {
        f.error(
            codes::WRONG_KIND,
            "data",
            format!("`data` is a list of rows, not {}", node.value.kind()),
            Some("data = [[\"DE\", \"Germany\"], [\"FR\", \"France\"]]".into()),
        );
        return None;
    };
    let mut values: Vec<Vec<Option<Scalar>>> = vec![Vec::with_capacity(rows.len()); columns.len()];
    for row in rows {
        match &row.value {
            Value::Array(cells) if cells.len() == columns.len() => {
                for ((cell, column), values) in cells.iter().zip(columns.iter()).zip(&mut values) {
                    values.extend(checked_scalar(f, cell, column.ty).map(Some));
                }
            }
            Value::Array(cells) => {
                let message = format!(
                    "a row has {} values for {} columns",
                    cells.len(),
                    columns.len()
                );
                f.ctx.error(codes::BAD_VALUE, row.place, message, None);
            }
            other => f.ctx.error(
                codes::WRONG_KIND,
                row.place,
                format!("a row is a list, not {}", other.kind()),
                None,
            ),
        }
    }
    hand_over(f, columns, values, node);
    u64::try_from(rows.len()).ok()
}

/// `file = "countries.csv"`: a CSV file with a header that names the columns. The number of rows.
pub(crate) fn from_file(f: &Fields<'_>, columns: &mut [Column]) -> Option<(String, u64)> {
    let node = f.node("file")?;
    let name = f.string("file")?;
    let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
    let Some(read) = read(f.ctx, &name, node.place, &names) else {
        let none = vec![Vec::new(); columns.len()];
        hand_over(f, columns, none, node);
        return Some((name, UNREAD));
    };
    let file = read?;
    let mut values = vec![Vec::with_capacity(file.rows.len()); columns.len()];
    for row in &file.rows {
        for ((column, cell), values) in columns.iter().zip(&row.cells).zip(&mut values) {
            let value = cell.as_deref().map(|text| scalar(text, column.ty));
            match value {
                None if !column.nullable => {
                    let message = format!(
                        "column `{}` is not nullable, and has no value here",
                        column.name
                    );
                    f.ctx.error(codes::BAD_VALUE, row.place, message, None);
                }
                None => values.push(None),
                Some(Some(value)) => values.push(Some(value)),
                Some(None) => {
                    let message = format!(
                        "{:?} is not a value of type {}, as column `{}` has",
                        cell.as_deref().unwrap_or_default(),
                        column.ty,
                        column.name
                    );
                    f.ctx.error(codes::WRONG_KIND, row.place, message, None);
                }
            }
        }
    }
    let rows = u64::try_from(file.rows.len()).unwrap_or(u64::MAX);
    hand_over(f, columns, values, node);
    Some((name, rows))
}

fn hand_over(
    f: &Fields<'_>,
    columns: &mut [Column],
    values: Vec<Vec<Option<Scalar>>>,
    node: &Node,
) {
    for (column, values) in columns.iter_mut().zip(values) {
        if column.nulls > 0.0 || column.references.is_some() || !column.when.is_empty() {
            f.ctx.error(
                codes::CONFLICT,
                column.place,
                format!("the rows of column `{}` are given", column.name),
                Some("leave `references`, `nulls` and `when` out".into()),
            );
        }
        column.generator = Generator::Given(values);
        column.generator_place = node.place;
    }
}

/// A row of a file: the cells of the columns that were asked for.
pub(crate) struct Row {
    pub(crate) cells: Vec<Option<String>>,
    pub(crate) place: Place,
}

/// A file of rows.
pub(crate) struct File {
    pub(crate) rows: Vec<Row>,
}

/// Reads the columns `names` of a CSV file; its other columns are left out. `None` where nothing is read at all,
/// `Some(None)` after an error.
pub(crate) fn read(ctx: &Ctx, name: &str, place: Place, names: &[&str]) -> Option<Option<File>> {
    let text = match ctx.files.read(name)? {
        Ok(text) => text,
        Err(message) => {
            ctx.error(
                codes::BAD_VALUE,
                place,
                format!("cannot read `{name}`: {message}"),
                Some("file names are relative to dwsim.toml".into()),
            );
            return Some(None);
        }
    };
    let digest = Sha256::digest(text.as_bytes());
    ctx.contents.borrow_mut().push(format!(
        "file {name:?} {}\n",
        digest
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect::<String>()
    ));
    let source = ctx.add_source(name, &text);
    let mut lines = Lines {
        text: text.strip_prefix('\u{feff}').unwrap_or(&text),
        at: 0,
        line: 1,
    };
    lines.at = 0;
    let offset = text.len() - lines.text.len();
    let located = |start: usize, end: usize, line: usize| Place {
        source,
        start: start + offset,
        end: end + offset,
        line,
        column: 1,
    };
    let header = match lines.next() {
        Some(Ok(record)) => record,
        Some(Err((at, line, message))) => {
            ctx.error(codes::BAD_VALUE, located(at, at, line), message, None);
            return Some(None);
        }
        None => {
            ctx.error(
                codes::BAD_VALUE,
                located(0, 0, 1),
                "the file is empty; its first line names the columns",
                None,
            );
            return Some(None);
        }
    };
    let head: Vec<&str> = header
        .cells
        .iter()
        .map(|c| c.as_deref().unwrap_or_default().trim())
        .collect();
    let mut positions = Vec::with_capacity(names.len());
    for wanted in names {
        match head.iter().position(|h| h.eq_ignore_ascii_case(wanted)) {
            Some(i) => positions.push(i),
            None => {
                ctx.error(
                    codes::UNKNOWN_COLUMN,
                    located(header.start, header.end, 1),
                    format!("the file has no column `{wanted}`"),
                    did_you_mean(wanted, head.iter().copied())
                        .or_else(|| Some(format!("it has {}", head.join(", ")))),
                );
            }
        }
    }
    if positions.len() < names.len() {
        return Some(None);
    }
    let mut rows = Vec::new();
    for record in lines {
        let mut record = match record {
            Ok(record) => record,
            Err((at, line, message)) => {
                ctx.error(codes::BAD_VALUE, located(at, at, line), message, None);
                return Some(None);
            }
        };
        let place = located(record.start, record.end, record.line);
        if record.cells.len() != head.len() {
            let message = format!(
                "this line has {} values, and the first names {} columns",
                record.cells.len(),
                head.len()
            );
            ctx.error(codes::BAD_VALUE, place, message, None);
            return Some(None);
        }
        if rows.len() == MAX_ROWS {
            let message = format!("the file has more than {MAX_ROWS} rows");
            let help = Some("it is a sample rather than reference rows: try `learn`".into());
            ctx.error(codes::BAD_VALUE, place, message, help);
            return Some(None);
        }
        let cells = positions.iter().map(|i| record.cells[*i].take()).collect();
        rows.push(Row { cells, place });
    }
    Some(Some(File { rows }))
}

/// A cell as a value of a type; `None` if it is none.
pub(crate) fn scalar(text: &str, ty: LogicalType) -> Option<Scalar> {
    let scalar = match ty {
        LogicalType::Boolean => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "t" | "1" | "yes" | "y" => Scalar::Boolean(true),
            "false" | "f" | "0" | "no" | "n" => Scalar::Boolean(false),
            _ => return None,
        },
        _ if ty.is_numeric() => Scalar::Number(Number::parse(text)?),
        _ => Scalar::Text(text.to_owned()),
    };
    ty.holds(&scalar).then_some(scalar)
}

/// A record of a CSV text.
struct Record {
    cells: Vec<Option<String>>,
    start: usize,
    end: usize,
    line: usize,
}

/// Records of a CSV text (RFC 4180); an empty field without quotes is NULL.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl Iterator for Lines<'_> {
    type Item = Result<Record, (usize, usize, String)>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        if self.at >= bytes.len() {
            return None;
        }
        let (start, line) = (self.at, self.line);
        let mut cells = Vec::new();
        loop {
            let quoted = bytes.get(self.at) == Some(&b'"');
            let mut cell = String::new();
            if quoted {
                let open = (self.at, self.line);
                self.at += 1;
                loop {
                    let Some(end) = self.text[self.at..].find('"').map(|i| self.at + i) else {
                        self.at = bytes.len();
                        return Some(Err((open.0, open.1, "this quote is never closed".into())));
                    };
                    let piece = &self.text[self.at..end];
                    self.line += piece.matches('\n').count();
                    cell.push_str(piece);
                    self.at = end + 1;
                    if bytes.get(self.at) != Some(&b'"') {
                        break;
                    }
                    cell.push('"');
                    self.at += 1;
                }
                if !matches!(bytes.get(self.at), None | Some(b',' | b'\n' | b'\r')) {
                    let (at, line) = (self.at, self.line);
                    self.at = bytes.len();
                    return Some(Err((at, line, "text after a closing quote".into())));
                }
            } else {
                let rest = &self.text[self.at..];
                let end = rest.find([',', '\n', '\r']).unwrap_or(rest.len());
                cell.push_str(&rest[..end]);
                self.at += end;
            }
            cells.push((quoted || !cell.is_empty()).then_some(cell));
            match bytes.get(self.at) {
                Some(b',') => self.at += 1,
                other => {
                    let end = self.at;
                    self.at += match other {
                        Some(b'\r') if bytes.get(self.at + 1) == Some(&b'\n') => 2,
                        Some(_) => 1,
                        None => 0,
                    };
                    self.line += 1;
                    return Some(Ok(Record {
                        cells,
                        start,
                        end,
                        line,
                    }));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Result<Vec<Vec<Option<String>>>, String> {
        let lines = Lines {
            text,
            at: 0,
            line: 1,
        };
        lines
            .map(|r| {
                r.map(|r| r.cells)
                    .map_err(|(_, line, m)| format!("{line}: {m}"))
            })
            .collect()
    }

    #[test]
    fn quotes_commas_and_line_ends() {
        let some = |t: &str| Some(t.to_owned());
        assert_eq!(
            cells("a,b\r\n\"x, \"\"y\"\"\",\n\"\",\"l1\nl2\""),
            Ok(vec![
                vec![some("a"), some("b")],
                vec![some("x, \"y\""), None],
                vec![some(""), some("l1\nl2")],
            ])
        );
        assert_eq!(cells("a\n\"b"), Err("2: this quote is never closed".into()));
        assert_eq!(cells("\"b\"c"), Err("1: text after a closing quote".into()));
    }

    proptest::proptest! {
        #[test]
        fn any_text_ends(text in "[a,\"\r\n]{0,40}") {
            let _ = cells(&text);
        }
    }
}
