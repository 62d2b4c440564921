//! Rows of load files as columns of the table: fields by position or by name, conversions, refused rows.
//! Which files there are, and what happens with refused rows, is decided in the parent module.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray, new_null_array,
};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Field, Schema};
use bytes::Bytes;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::load::{
    CellError, CsvOptions, CsvReader, Delimiter, Encoding, JsonOptions, JsonReader, ParquetReader,
    RecordError, TextToVariant, convert,
};
use dwsim_engine::session::Session;
use dwsim_engine::types::SqlType;
use dwsim_engine::variant::ParseMode;

use super::{Load, Place};
use crate::parse::{Copy, Format, JsonPaths};

/// Formats of dates and timestamps other than these need a format model.
pub(super) fn check_formats(copy: &Copy) -> Result<()> {
    let fine = |f: &Option<String>, known: &[&str]| {
        f.as_ref()
            .is_none_or(|f| known.iter().any(|k| k.eq_ignore_ascii_case(f)))
    };
    if !fine(&copy.date_format, &["auto", "YYYY-MM-DD"]) {
        return Err(SqlError::unsupported(format!(
            "COPY with DATEFORMAT '{}'",
            copy.date_format.clone().unwrap_or_default()
        )));
    }
    if !fine(
        &copy.time_format,
        &[
            "auto",
            "YYYY-MM-DD HH:MI:SS",
            "YYYY-MM-DD HH24:MI:SS",
            "epochsecs",
            "epochmillisecs",
        ],
    ) {
        return Err(SqlError::unsupported(format!(
            "COPY with TIMEFORMAT '{}'",
            copy.time_format.clone().unwrap_or_default()
        )));
    }
    Ok(())
}

/// Reads one unpacked file. False when too many rows were refused.
pub(super) async fn read(
    load: &mut Load<'_>,
    session: &Session,
    url: &str,
    bytes: Bytes,
) -> Result<bool> {
    match &load.copy.format {
        Format::Parquet => parquet(load, url, bytes),
        Format::Json(paths) => json(load, session, url, bytes, paths).await,
        Format::Csv(quote) => {
            let options = CsvOptions {
                field_delimiter: delimiter(load.copy.delimiter.unwrap_or(',')),
                enclosed_by: u8::try_from(*quote).ok(),
                escape: None,
                escape_unenclosed: None,
                null_if: null_texts(load.copy),
                null_if_quoted: false,
                empty_as_null: load.copy.empty_as_null,
                ..common(load.copy)?
            };
            text(load, url, bytes, options)
        }
        Format::FixedWidth(widths) => {
            let options = CsvOptions {
                fixed_width: Some(widths.iter().map(|w| w.1).collect()),
                enclosed_by: None,
                escape: None,
                escape_unenclosed: None,
                null_if: null_texts(load.copy),
                ..common(load.copy)?
            };
            text(load, url, bytes, options)
        }
        _ => {
            let copy = load.copy;
            let escape = copy.escape.then_some(b'\\');
            let options = CsvOptions {
                field_delimiter: delimiter(copy.delimiter.unwrap_or('|')),
                enclosed_by: copy.remove_quotes.then_some(b'"'),
                escape,
                escape_unenclosed: escape,
                escape_codes: false,
                null_if: null_texts(copy),
                ..common(copy)?
            };
            text(load, url, bytes, options)
        }
    }
}

fn delimiter(c: char) -> Vec<u8> {
    c.to_string().into_bytes()
}

/// `\N` is NULL unless NULL AS says otherwise.
fn null_texts(copy: &Copy) -> Vec<String> {
    match &copy.null_as {
        None => vec!["\\N".into()],
        // What the literal's own escapes leave of '\0' is the zero character.
        Some(s) if s == "\\0" || s == "\\000" => vec!["\0".into()],
        Some(s) => vec![s.clone()],
    }
}

fn common(copy: &Copy) -> Result<CsvOptions> {
    Ok(CsvOptions {
        record_delimiter: Delimiter::Newline,
        doubled_quotes: true,
        skip_header: copy.ignore_header as usize,
        skip_blank_lines: copy.ignore_blank_lines,
        trim_space: false,
        null_if_quoted: true,
        empty_as_null: copy.empty_as_null,
        blanks_as_null: copy.blanks_as_null,
        replace_invalid: copy.accept_invalid_chars,
        encoding: encoding(copy)?,
        ..CsvOptions::default()
    })
}

fn encoding(copy: &Copy) -> Result<Encoding> {
    match &copy.encoding {
        None => Ok(Encoding::Utf8),
        Some(word) => Encoding::parse(word)?.ok_or_else(|| {
            SqlError::raw("", "22023", format!("COPY ENCODING \"{word}\" is unknown"))
        }),
    }
}

/// Redshift's code and reason for a value that does not fit (r_STL_LOAD_ERRORS, "Load error reference").
fn reason(ty: &SqlType, raw: &str, error: &SqlError) -> (i32, String) {
    if matches!(*error.kind, ErrorKind::TooLong { .. }) {
        return (1204, "String length exceeds DDL length".into());
    }
    match ty {
        SqlType::SmallInt | SqlType::Integer | SqlType::BigInt => {
            let name = match ty {
                SqlType::SmallInt => "Short",
                SqlType::Integer => "Integer",
                _ => "Long",
            };
            if matches!(*error.kind, ErrorKind::OutOfRange { .. }) {
                return (1216, format!("Overflow for {name}"));
            }
            let at = raw
                .char_indices()
                .find(|(i, c)| !(c.is_ascii_digit() || (*i == 0 && (*c == '-' || *c == '+'))))
                .map_or(0, |(i, _)| i);
            let found = raw[at..].chars().next().unwrap_or(' ');
            (
                1207,
                format!("Invalid digit, Value '{found}', Pos {at}, Type: {name}"),
            )
        }
        SqlType::Number { .. } => (
            1207,
            match *error.kind {
                ErrorKind::OutOfRange { .. } => "Overflow for NUMERIC".into(),
                _ => format!(
                    "Invalid digit, Value '{}', Pos 0, Type: Decimal",
                    raw.chars().next().unwrap_or(' ')
                ),
            },
        ),
        SqlType::Date => (
            1206,
            "Invalid Date Format - length must be 10 or more".into(),
        ),
        SqlType::Timestamp(_) | SqlType::TimestampLtz(_) => (
            1206,
            "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]".into(),
        ),
        SqlType::Boolean => (1210, "Unknown boolean format".into()),
        SqlType::Variant => (1224, error.redshift().message),
        _ => (1213, error.redshift().message),
    }
}

/// Text columns as the table's types, row errors noted; the fine rows are kept.
struct Fit<'a> {
    url: &'a str,
    lines: Vec<u64>,
    raw: Vec<String>,
    /// Rows refused before their fields were looked at.
    bad: Vec<bool>,
}

impl Fit<'_> {
    /// Converts and appends. `columns[i]` is for `load.given[i]`.
    fn add(mut self, load: &mut Load<'_>, columns: Vec<(ArrayRef, SqlType)>) -> Result<bool> {
        let rows = self.lines.len();
        let given = load.given.clone();
        let mut out: Vec<ArrayRef> = Vec::with_capacity(columns.len());
        let mut go_on = true;
        for (at, (values, from)) in columns.into_iter().enumerate() {
            let column = given[at];
            let def = load.entry.def.columns[column].clone();
            let values = prepare(load.copy, values, &from, &def.ty, load);
            let mode = if matches!(load.copy.format, Format::Json(_)) || load.copy.serialize_to_json
            {
                TextToVariant::String
            } else {
                TextToVariant::Json
            };
            let (array, errors) = convert(&values, &from, &def.ty, mode, &load.env)?;
            for CellError { row, error } in errors {
                if self.bad[row] || tolerated(load.copy, &def.ty) {
                    continue;
                }
                self.bad[row] = true;
                let raw = values
                    .as_string_opt::<i32>()
                    .filter(|a| a.is_valid(row))
                    .map_or("", |a| a.value(row));
                let (code, why) = reason(&def.ty, raw, &error);
                let (line, raw_line) = (self.lines[row], self.raw[row].clone());
                go_on &= load.refuse(
                    Place {
                        file: self.url,
                        line,
                        column: Some(column),
                        raw_line: &raw_line,
                        raw_field: raw,
                    },
                    code,
                    why,
                );
            }
            if def.not_null && array.null_count() > 0 && def.identity.is_none() {
                for row in 0..rows {
                    if array.is_null(row) && !self.bad[row] {
                        self.bad[row] = true;
                        let (line, raw_line) = (self.lines[row], self.raw[row].clone());
                        go_on &= load.refuse(
                            Place {
                                file: self.url,
                                line,
                                column: Some(column),
                                raw_line: &raw_line,
                                raw_field: "",
                            },
                            1213,
                            "Missing data for not-null field".into(),
                        );
                    }
                }
            }
            out.push(array);
        }
        let schema = Arc::new(Schema::new(
            out.iter()
                .enumerate()
                .map(|(i, a)| Field::new(format!("c{i}"), a.data_type().clone(), true))
                .collect::<Vec<_>>(),
        ));
        let batch = RecordBatch::try_new(schema, out)?;
        let batch = if self.bad.contains(&true) {
            let keep: BooleanArray = self.bad.iter().map(|b| Some(!b)).collect();
            filter_record_batch(&batch, &keep)?
        } else {
            batch
        };
        if batch.num_rows() > 0 {
            load.batches.push(batch);
        }
        Ok(go_on)
    }
}

/// ACCEPTANYDATE loads what is no date as NULL.
fn tolerated(copy: &Copy, ty: &SqlType) -> bool {
    copy.accept_any_date
        && matches!(
            ty,
            SqlType::Date | SqlType::Timestamp(_) | SqlType::TimestampLtz(_)
        )
}

/// Options that change a field before it is converted.
fn prepare(
    copy: &Copy,
    values: ArrayRef,
    from: &SqlType,
    to: &SqlType,
    load: &Load<'_>,
) -> ArrayRef {
    let Some(texts) = values.as_string_opt::<i32>().filter(|_| from.is_text()) else {
        return values;
    };
    let epoch = match copy
        .time_format
        .as_deref()
        .map(str::to_lowercase)
        .as_deref()
    {
        Some("epochsecs") => Some(1_000_000),
        Some("epochmillisecs") => Some(1_000),
        _ => None,
    };
    if let (Some(unit), SqlType::Timestamp(_) | SqlType::TimestampLtz(_)) = (epoch, to) {
        let shown: StringArray = texts
            .iter()
            .map(|t| {
                t.map(|t| match t.trim().parse::<f64>() {
                    Ok(v) => {
                        let mut out = bytes::BytesMut::new();
                        crate::protocol::timestamp_text((v * f64::from(unit)) as i64, &mut out);
                        String::from_utf8_lossy(&out).into_owned()
                    }
                    Err(_) => t.to_owned(),
                })
            })
            .collect();
        return Arc::new(shown);
    }
    if !to.is_text() {
        // An empty field is no number and no date: it loads as NULL, and so do blanks.
        if !to.is_semi() && texts.iter().any(|t| t.is_some_and(|t| t.trim().is_empty())) {
            let shown: StringArray = texts
                .iter()
                .map(|t| t.filter(|t| !t.trim().is_empty()))
                .collect();
            return Arc::new(shown);
        }
        return values;
    }
    let length = match to {
        SqlType::Char(n) => Some(*n),
        SqlType::Varchar(n) => *n,
        _ => None,
    };
    let values: ArrayRef = if copy.trim_blanks && matches!(to, SqlType::Varchar(_)) {
        let shown: StringArray = texts
            .iter()
            .map(|t| t.map(|t| t.trim_end_matches(' ')))
            .collect();
        Arc::new(shown)
    } else {
        Arc::clone(&values)
    };
    match length {
        Some(n) if copy.truncate_columns => {
            dwsim_engine::load::convert::truncate(&values, n, &load.env)
        }
        _ => values,
    }
}

fn text(load: &mut Load<'_>, url: &str, bytes: Bytes, options: CsvOptions) -> Result<bool> {
    let mut reader = CsvReader::new(bytes, options)?;
    let source = reader.bytes().clone();
    let delimited = matches!(load.copy.format, Format::Delimited);
    while let Some(batch) = reader.next_batch() {
        let rows = batch.records.len();
        let mut fit = Fit {
            url,
            lines: Vec::with_capacity(rows),
            raw: Vec::with_capacity(rows),
            bad: vec![false; rows],
        };
        let wanted = load.given.len();
        let mut go_on = true;
        for (row, record) in batch.records.iter().enumerate() {
            let raw = String::from_utf8_lossy(&source[record.range.clone()]).into_owned();
            // Most text files of Redshift end every line with a delimiter.
            let extra = record.fields > wanted
                && !(delimited && record.fields == wanted + 1 && ends_empty(&batch.columns, row));
            let refused = if let Some(e) = &record.error {
                let code = match e {
                    RecordError::InvalidText { .. } => 1220,
                    _ => 1214,
                };
                let why = match e {
                    RecordError::InvalidText { .. } => {
                        "Multibyte character not supported for CHAR or invalid UTF-8 (Hint: try ACCEPTINVCHARS)".into()
                    }
                    RecordError::OpenQuote { .. } => {
                        "Delimited value missing end quote".to_owned()
                    }
                    RecordError::AfterQuote { .. } => {
                        "Invalid quote formatting for CSV".to_owned()
                    }
                };
                Some((code, why))
            } else if extra {
                Some((1202, "Extra column(s) found".to_owned()))
            } else if record.fields < wanted && !load.copy.fill_record {
                Some((1213, "Delimiter not found".to_owned()))
            } else {
                None
            };
            if let Some((code, why)) = refused {
                fit.bad[row] = true;
                go_on &= load.refuse(
                    Place {
                        file: url,
                        line: record.line,
                        column: None,
                        raw_line: &raw,
                        raw_field: "",
                    },
                    code,
                    why,
                );
            }
            fit.lines.push(record.line);
            fit.raw.push(raw);
        }
        if !go_on {
            return Ok(false);
        }
        let columns = (0..wanted)
            .map(|i| {
                let array = batch
                    .columns
                    .get(i)
                    .cloned()
                    .unwrap_or_else(|| new_null_array(&SqlType::text().arrow(), rows));
                (array, SqlType::text())
            })
            .collect();
        if !fit.add(load, columns)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the last field of a row is empty.
fn ends_empty(columns: &[ArrayRef], row: usize) -> bool {
    columns
        .last()
        .and_then(|c| c.as_string_opt::<i32>())
        .is_some_and(|c| c.is_null(row) || c.value(row).is_empty())
}

fn parquet(load: &mut Load<'_>, url: &str, bytes: Bytes) -> Result<bool> {
    if load.copy.compression.is_some() {
        return Err(SqlError::raw(
            "",
            "0A000",
            "COPY of columnar formats takes no compression parameter",
        ));
    }
    let mut reader = ParquetReader::new(bytes, None)?;
    let file: Vec<_> = reader.columns().to_vec();
    if file.len() != load.given.len() {
        return Err(ErrorKind::Load(format!(
            "Spectrum Scan Error. File '{url}' has an incompatible Parquet schema: {} columns in the file, {} expected",
            file.len(),
            load.given.len()
        ))
        .into());
    }
    let mut line = 1u64;
    while let Some(batch) = reader.next_batch()? {
        let fit = Fit {
            url,
            lines: (line..line + batch.rows as u64).collect(),
            raw: vec![String::new(); batch.rows],
            bad: vec![false; batch.rows],
        };
        line += batch.rows as u64;
        let columns = batch
            .columns
            .into_iter()
            .zip(&file)
            .map(|(a, c)| (a, c.ty.clone()))
            .collect();
        if !fit.add(load, columns)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The paths of a JSONPaths file, in the order of the columns.
async fn paths(session: &Session, url: &str) -> Result<Vec<Vec<Step>>> {
    let (bucket, key) = super::address(url)?;
    let bytes = session.engine().storage().get(&bucket, &key).await?;
    let broken = |why: String| {
        SqlError::from(ErrorKind::Load(format!(
            "the JSONPaths file is not as documented: {why}"
        )))
    };
    let json: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|e| broken(e.to_string()))?;
    json.get("jsonpaths")
        .and_then(|p| p.as_array())
        .ok_or_else(|| broken("it has no \"jsonpaths\"".into()))?
        .iter()
        .map(|p| {
            p.as_str()
                .and_then(steps)
                .ok_or_else(|| broken(format!("{p} is no path")))
        })
        .collect()
}

/// A step of a JSONPath.
enum Step {
    Member(String),
    Element(usize),
}

/// `$.a.b`, `$['a'][0]`.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut out = Vec::new();
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix('.') {
            let end = tail.find(['.', '[']).unwrap_or(tail.len());
            if end == 0 {
                return None;
            }
            out.push(Step::Member(tail[..end].to_owned()));
            rest = &tail[end..];
        } else {
            let tail = rest.strip_prefix('[')?;
            let end = tail.find(']')?;
            let inner = &tail[..end];
            match inner.parse::<usize>() {
                Ok(i) => out.push(Step::Element(i)),
                Err(_) => {
                    let quoted = inner
                        .strip_prefix('\'')
                        .and_then(|s| s.strip_suffix('\''))
                        .or_else(|| inner.strip_prefix('"').and_then(|s| s.strip_suffix('"')))?;
                    out.push(Step::Member(quoted.to_owned()));
                }
            }
            rest = &tail[end + 1..];
        }
    }
    Some(out)
}

async fn json(
    load: &mut Load<'_>,
    session: &Session,
    url: &str,
    bytes: Bytes,
    how: &JsonPaths,
) -> Result<bool> {
    use dwsim_engine::variant::Value;
    let listed = match how {
        JsonPaths::File(file) => {
            let all = paths(session, file).await?;
            if all.len() != load.given.len() {
                return Err(ErrorKind::Load(format!(
                    "Number of jsonpaths and the number of columns should match. JSONPath size: {}, Number of columns in table or column list: {}",
                    all.len(),
                    load.given.len()
                ))
                .into());
            }
            Some(all)
        }
        _ => None,
    };
    if *how == JsonPaths::NoShred && load.given.len() != 1 {
        return Err(SqlError::raw(
            "",
            "0A000",
            "COPY with JSON 'noshred' needs exactly one SUPER column",
        ));
    }
    let mut reader = JsonReader::new(
        bytes,
        JsonOptions {
            strip_outer_array: *how != JsonPaths::NoShred,
            strip_null_values: false,
            allow_duplicate: true,
            replace_invalid: load.copy.accept_invalid_chars,
            encoding: encoding(load.copy)?,
            mode: ParseMode::Redshift,
        },
    )?;
    while let Some(batch) = reader.next_batch() {
        let rows = batch.lines.len();
        let mut fit = Fit {
            url,
            lines: batch.lines.clone(),
            raw: vec![String::new(); rows],
            bad: vec![false; rows],
        };
        for (row, message) in &batch.errors {
            fit.bad[*row] = true;
            if !load.refuse(
                Place {
                    file: url,
                    line: batch.lines[*row],
                    column: None,
                    raw_line: "",
                    raw_field: "",
                },
                1224,
                format!("Invalid JSON: {message}"),
            ) {
                return Ok(false);
            }
        }
        let mut columns = Vec::with_capacity(load.given.len());
        for (at, column) in load.given.iter().enumerate() {
            let def = &load.entry.def.columns[*column];
            if *how == JsonPaths::NoShred {
                columns.push((Arc::clone(&batch.column), SqlType::Variant));
                continue;
            }
            let found: ArrayRef = match &listed {
                None => dwsim_engine::load::json::member(
                    &batch.column,
                    &def.name,
                    *how == JsonPaths::AutoIgnoreCase,
                ),
                Some(all) => walk(&batch.column, &all[at])?,
            };
            if def.ty.is_semi() {
                columns.push((found, SqlType::Variant));
                continue;
            }
            // Scalars reach the column as text, as if they stood in a delimited file; objects as their JSON.
            let documents = found.as_binary::<i64>();
            let texts: StringArray = documents
                .iter()
                .map(|d| {
                    let d = d?;
                    let value = Value::decode(d).ok()?;
                    match value {
                        Value::Null | Value::Undefined => None,
                        Value::String(s) => Some(s),
                        _ => Some(dwsim_engine::variant::to_json(
                            dwsim_engine::variant::Ref::new(d),
                            dwsim_engine::variant::JsonStyle::Compact,
                        )),
                    }
                })
                .collect();
            columns.push((Arc::new(texts) as ArrayRef, SqlType::text()));
        }
        if !fit.add(load, columns)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The value at a path of each document.
fn walk(documents: &ArrayRef, path: &[Step]) -> Result<ArrayRef> {
    use dwsim_engine::variant::Value;
    let documents = documents.as_binary::<i64>();
    let mut out = arrow::array::LargeBinaryBuilder::new();
    for d in documents {
        let mut value = match d {
            Some(d) => Some(Value::decode(d)?),
            None => None,
        };
        for step in path {
            value = match (value, step) {
                (Some(Value::Object(members)), Step::Member(name)) => {
                    members.into_iter().find(|(n, _)| n == name).map(|(_, v)| v)
                }
                (Some(Value::Array(items)), Step::Element(i)) => items.into_iter().nth(*i),
                _ => None,
            };
        }
        out.append_option(value.map(|v| v.encode()));
    }
    Ok(Arc::new(out.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_paths() {
        let shown = |p: &str| {
            steps(p).map(|s| {
                s.iter()
                    .map(|s| match s {
                        Step::Member(m) => m.clone(),
                        Step::Element(i) => i.to_string(),
                    })
                    .collect::<Vec<_>>()
                    .join("/")
            })
        };
        assert_eq!(shown("$.a.b").as_deref(), Some("a/b"));
        assert_eq!(shown("$['a b'][0].c").as_deref(), Some("a b/0/c"));
        assert_eq!(shown("$"), Some(String::new()));
        assert_eq!(shown("a.b"), None);
        assert_eq!(shown("$..a"), None);
    }

    #[test]
    fn reasons() {
        let e = SqlError::invalid_value("Numeric value", "1x");
        assert_eq!(
            reason(&SqlType::Integer, "1x", &e),
            (
                1207,
                "Invalid digit, Value 'x', Pos 1, Type: Integer".into()
            )
        );
    }
}
