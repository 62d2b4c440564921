//! INFER_SCHEMA: the columns that staged files have, and CREATE TABLE … USING TEMPLATE.
//! Queries name INFER_SCHEMA in FROM; `staged` finds it there and asks here for its rows.
//!
//! Sources: "INFER_SCHEMA", "CREATE TABLE … USING TEMPLATE".

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use bytes::Bytes;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::load::{CsvReader, JsonReader};
use dwsim_engine::types::{ColumnInfo, SqlType};
use dwsim_engine::variant::{JsonStyle, Ref, to_json};

use super::answer::text_batch;
use super::file_format::{FileFormat, FileType};
use super::{Answer, SnowflakeSession};
use crate::dialect::Rows;

/// What a call of INFER_SCHEMA asks for.
#[derive(Debug, Default)]
pub(super) struct Inference {
    pub location: String,
    pub format: Option<String>,
    pub files: Vec<String>,
    pub ignore_case: bool,
}

/// A column of a template.
#[derive(Debug)]
pub(super) struct TemplateColumn {
    pub name: String,
    pub ty: String,
    pub not_null: bool,
    /// What computes it from the rows of files.
    pub expression: Option<String>,
}

/// What is known of a column after some values.
#[derive(Debug, Clone, PartialEq)]
enum Seen {
    Nothing,
    Boolean,
    /// Digits before and after the point.
    Number(u8, u8),
    Real,
    Date,
    Time,
    Timestamp,
    Variant,
    Text,
}

impl Seen {
    fn of(text: &str) -> Seen {
        let t = text.trim();
        if t.is_empty() {
            return Seen::Nothing;
        }
        if t.eq_ignore_ascii_case("true") || t.eq_ignore_ascii_case("false") {
            return Seen::Boolean;
        }
        let digits = t.strip_prefix(['-', '+']).unwrap_or(t);
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let all = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if all(whole) && all(part) && !(whole.is_empty() && part.is_empty()) {
            let whole = whole.trim_start_matches('0').len().max(1);
            if whole + part.len() <= 38 {
                return Seen::Number(whole as u8, part.len() as u8);
            }
        }
        if t.bytes()
            .next()
            .is_some_and(|b| b.is_ascii_digit() || b == b'-')
            && t.parse::<f64>().is_ok()
        {
            return Seen::Real;
        }
        if chrono::NaiveDate::parse_from_str(t, "%Y-%m-%d").is_ok() {
            return Seen::Date;
        }
        if chrono::NaiveTime::parse_from_str(t, "%H:%M:%S%.f").is_ok() {
            return Seen::Time;
        }
        for f in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"] {
            if chrono::NaiveDateTime::parse_from_str(t, f).is_ok() {
                return Seen::Timestamp;
            }
        }
        Seen::Text
    }

    fn and(self, other: Seen) -> Seen {
        use Seen as S;
        match (self, other) {
            (S::Nothing, x) | (x, S::Nothing) => x,
            (S::Number(a, b), S::Number(c, d)) => S::Number(a.max(c), b.max(d)),
            (S::Number(..), S::Real) | (S::Real, S::Number(..)) => S::Real,
            (S::Date, S::Timestamp) | (S::Timestamp, S::Date) => S::Timestamp,
            (S::Variant, _) | (_, S::Variant) => S::Variant,
            (a, b) if a == b => a,
            _ => S::Text,
        }
    }

    fn name(&self) -> String {
        match self {
            Seen::Boolean => "BOOLEAN".into(),
            Seen::Number(whole, part) => format!("NUMBER({}, {part})", whole + part),
            Seen::Real => "REAL".into(),
            Seen::Date => "DATE".into(),
            Seen::Time => "TIME".into(),
            Seen::Timestamp => "TIMESTAMP_NTZ".into(),
            Seen::Variant => "VARIANT".into(),
            Seen::Nothing | Seen::Text => "TEXT".into(),
        }
    }
}

/// A column of a file.
#[derive(Debug, Clone)]
struct Inferred {
    name: String,
    ty: String,
    nullable: bool,
}

/// INFER_SCHEMA's word for a type of a Parquet file.
fn type_name(ty: &SqlType) -> String {
    match ty {
        t if t.is_text() => "TEXT".into(),
        SqlType::Double => "REAL".into(),
        SqlType::Number { precision, scale } => format!("NUMBER({precision}, {scale})"),
        SqlType::SmallInt | SqlType::Integer | SqlType::BigInt => "NUMBER(38, 0)".into(),
        other => {
            let full = other.snowflake();
            full.split('(').next().unwrap_or(&full).to_owned()
        }
    }
}

fn columns_of(bytes: Bytes, format: &FileFormat) -> Result<Vec<Inferred>> {
    let bytes = format.compression.unpack(bytes)?;
    match format.file_type {
        FileType::Columnar(kind) => Ok(kind
            .open(bytes)?
            .columns()
            .iter()
            .map(|c| Inferred {
                ty: type_name(&c.ty),
                name: c.name.clone(),
                nullable: true,
            })
            .collect()),
        FileType::Xml => Err(SqlError::unsupported("INFER_SCHEMA of XML files")),
        FileType::Csv => {
            let mut reader = CsvReader::new(bytes, format.csv.clone())?;
            let mut seen: Vec<(Seen, bool)> = Vec::new();
            while let Some(b) = reader.next_batch() {
                seen.resize(seen.len().max(b.columns.len()), (Seen::Nothing, false));
                for (c, s) in b.columns.iter().zip(&mut seen) {
                    let texts = c.as_string::<i32>();
                    for v in texts.iter() {
                        match v {
                            Some(v) => {
                                s.0 = std::mem::replace(&mut s.0, Seen::Nothing).and(Seen::of(v));
                            }
                            None => s.1 = true,
                        }
                    }
                }
            }
            let header = reader.header().map(<[String]>::to_vec);
            Ok(seen
                .into_iter()
                .enumerate()
                .map(|(i, (s, _))| Inferred {
                    name: header
                        .as_ref()
                        .and_then(|h| h.get(i).cloned())
                        .unwrap_or_else(|| format!("c{}", i + 1)),
                    ty: s.name(),
                    nullable: true,
                })
                .collect())
        }
        FileType::Json => {
            let mut reader = JsonReader::new(bytes, format.json.clone())?;
            let mut order: Vec<String> = Vec::new();
            let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
            while let Some(b) = reader.next_batch() {
                let documents = b.column.as_binary::<i64>();
                for row in 0..documents.len() {
                    if documents.is_null(row) {
                        continue;
                    }
                    let text = to_json(Ref::new(documents.value(row)), JsonStyle::Compact);
                    let Ok(serde_json::Value::Object(o)) = serde_json::from_str(&text) else {
                        continue;
                    };
                    for (k, v) in o {
                        let s = match v {
                            serde_json::Value::Null => Seen::Nothing,
                            serde_json::Value::Bool(_) => Seen::Boolean,
                            serde_json::Value::Number(n) => Seen::of(&n.to_string()),
                            serde_json::Value::String(s) => match Seen::of(&s) {
                                s @ (Seen::Date | Seen::Time | Seen::Timestamp) => s,
                                _ => Seen::Text,
                            },
                            _ => Seen::Variant,
                        };
                        match seen.get_mut(&k) {
                            Some(old) => {
                                *old = std::mem::replace(old, Seen::Nothing).and(s);
                            }
                            None => {
                                order.push(k.clone());
                                seen.insert(k, s);
                            }
                        }
                    }
                }
            }
            Ok(order
                .into_iter()
                .map(|name| Inferred {
                    ty: seen.get(&name).map_or_else(String::new, Seen::name),
                    name,
                    nullable: true,
                })
                .collect())
        }
    }
}

impl SnowflakeSession {
    /// The rows of a call of INFER_SCHEMA.
    pub(super) async fn infer(&mut self, call: &Inference) -> Result<Rows> {
        let at = self.locate(&call.location)?;
        let Some(name) = &call.format else {
            return Err(SqlError::argument(
                "INFER_SCHEMA",
                "INFER_SCHEMA needs FILE_FORMAT.",
            ));
        };
        let properties = self.named_format([("FORMAT_NAME".to_owned(), name.clone())].into())?;
        let format = FileFormat::new(&properties)?;
        let positional = format.file_type == FileType::Csv;
        let mut out: Vec<(Inferred, Vec<String>)> = Vec::new();
        for file in self.files(&at).await? {
            let wanted = call.files.is_empty()
                || call
                    .files
                    .iter()
                    .any(|f| file.path == *f || file.path.ends_with(&format!("/{f}")));
            if !wanted {
                continue;
            }
            let bytes = self.read(&at, &file).await?;
            for mut c in columns_of(bytes, &format)? {
                if call.ignore_case {
                    c.name = c.name.to_uppercase();
                }
                match out.iter_mut().find(|(o, _)| o.name == c.name) {
                    Some((o, files)) => {
                        if o.ty != c.ty {
                            o.ty = "TEXT".into();
                        }
                        o.nullable |= c.nullable;
                        files.push(file.path.clone());
                    }
                    None => out.push((c, vec![file.path.clone()])),
                }
            }
        }
        let columns: Vec<ColumnInfo> = vec![
            ColumnInfo::new("COLUMN_NAME", SqlType::text()),
            ColumnInfo::new("TYPE", SqlType::text()),
            ColumnInfo::new("NULLABLE", SqlType::Boolean),
            ColumnInfo::new("EXPRESSION", SqlType::text()),
            ColumnInfo::new("FILENAMES", SqlType::text()),
            ColumnInfo::new("ORDER_ID", SqlType::number(38, 0)),
        ];
        let rows: Vec<Vec<Option<String>>> = out
            .into_iter()
            .enumerate()
            .map(|(i, (c, files))| {
                let expression = if positional {
                    format!("${}::{}", i + 1, c.ty)
                } else if call.ignore_case {
                    format!("GET_IGNORE_CASE ($1, '{}')::{}", c.name, c.ty)
                } else {
                    format!("$1:{}::{}", c.name, c.ty)
                };
                vec![
                    Some(c.name),
                    Some(c.ty),
                    Some(c.nullable.to_string()),
                    Some(expression),
                    Some(files.join(", ")),
                    Some(i.to_string()),
                ]
            })
            .collect();
        let batch = text_batch(&columns, &rows)?;
        Ok((columns, vec![batch]))
    }

    /// CREATE TABLE … USING TEMPLATE: `create` is the text up to the template, `query` gives an array of objects.
    ///
    /// # Errors
    /// What the query gives, and rows that describe no columns.
    pub(super) async fn create_from_template(
        &mut self,
        create: &str,
        query: &str,
    ) -> Result<Answer> {
        let columns: Vec<String> = self
            .template(query)
            .await?
            .into_iter()
            .map(|c| {
                format!(
                    "\"{}\" {}{}",
                    c.name.replace('"', "\"\""),
                    c.ty,
                    if c.not_null { " NOT NULL" } else { "" }
                )
            })
            .collect();
        self.nested(&format!("{create} ({})", columns.join(", ")))
            .await
    }

    /// The columns that a query of USING TEMPLATE gives.
    ///
    /// # Errors
    /// What the query gives, and rows that describe no columns.
    pub(super) async fn template(&mut self, query: &str) -> Result<Vec<TemplateColumn>> {
        let answer = self.nested(query).await?;
        let wrong = || {
            SqlError::raw(
                "001015",
                "22023",
                "SQL compilation error:\nThe template must be an array of objects with COLUMN_NAME, TYPE and NULLABLE.",
            )
        };
        let text = match answer.batches.iter().find(|b| b.num_rows() > 0) {
            Some(b) => match b.column(0).as_binary_opt::<i64>() {
                Some(v) if !v.is_null(0) => to_json(Ref::new(v.value(0)), JsonStyle::Compact),
                _ => answer.first_text().ok_or_else(wrong)?,
            },
            None => return Err(wrong()),
        };
        let Ok(serde_json::Value::Array(mut items)) = serde_json::from_str(&text) else {
            return Err(wrong());
        };
        items.sort_by_key(|i| i["ORDER_ID"].as_i64().unwrap_or(i64::MAX));
        let mut columns = Vec::with_capacity(items.len());
        for i in &items {
            let (Some(name), Some(ty)) = (i["COLUMN_NAME"].as_str(), i["TYPE"].as_str()) else {
                return Err(wrong());
            };
            columns.push(TemplateColumn {
                name: name.to_owned(),
                ty: ty.to_owned(),
                not_null: i["NULLABLE"] == serde_json::Value::Bool(false),
                expression: i["EXPRESSION"].as_str().map(str::to_owned),
            });
        }
        if columns.is_empty() {
            return Err(wrong());
        }
        Ok(columns)
    }
}
