//! Rust structs as rows: read from results by column name, written as INSERT statements.
//! `#[derive(dwsim::Row)]` implements [`Row`]; which Rust types fit which SQL type is decided by the traits here.

use crate::Dialect;
use crate::error::{Error, Result};
use crate::value::{Decimal, Interval, ResultTable, Value, cell};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use dwsim_schema::identifiers::quote;
use std::fmt::Write as _;

/// A struct whose fields are columns.
pub trait Row: Sized {
    /// The table of dwsim.toml that the struct was checked against; nothing for query results.
    const TABLE: Option<&'static str>;
    /// Hash of the schema that the struct was checked against; rows are inserted only where it is the loaded one.
    const SHAPE: Option<&'static str> = None;
    /// The columns, in the order of the fields.
    const COLUMNS: &'static [&'static str];

    /// Reads a row of a result.
    ///
    /// # Errors
    /// When a column is missing or a value does not fit its field.
    fn from_row(row: RowRef<'_>) -> Result<Self>;

    /// The values, in the order of [`Row::COLUMNS`].
    fn to_values(&self) -> Vec<Value>;
}

/// A row of a result, with the names of its columns.
#[derive(Debug, Clone, Copy)]
pub struct RowRef<'a> {
    table: &'a ResultTable,
    row: &'a [Value],
}

impl<'a> RowRef<'a> {
    /// All rows of a result.
    pub fn all(table: &'a ResultTable) -> impl Iterator<Item = RowRef<'a>> {
        table.rows.iter().map(move |row| RowRef { table, row })
    }

    /// The value of a column, by name without case.
    ///
    /// # Errors
    /// When the result has no such column, or the value is none of `T`'s.
    pub fn get<T: FromValue>(&self, name: &str) -> Result<T> {
        let wrong = |message: String| Error::Value {
            column: name.to_string(),
            message,
        };
        let Some(index) = self.table.column_index(name) else {
            let names: Vec<&str> = self
                .table
                .columns
                .iter()
                .map(|column| column.name.as_str())
                .collect();
            return Err(wrong(format!(
                "the result has no such column; it has {}",
                names.join(", ")
            )));
        };
        let value = self.row.get(index).unwrap_or(&Value::Null);
        T::from_value(value).ok_or_else(|| {
            let native = self
                .table
                .columns
                .get(index)
                .map_or("", |column| column.native.as_str());
            wrong(format!("{value} ({native}) does not fit {}", T::EXPECTED))
        })
    }
}

/// A Rust type that a cell can be read as.
pub trait FromValue: Sized {
    /// What messages call it, for example `i64`.
    const EXPECTED: &'static str;
    /// The value, if it fits without loss.
    fn from_value(value: &Value) -> Option<Self>;
}

/// A Rust type that a cell can be written from.
pub trait ToValue {
    /// The value.
    fn to_value(&self) -> Value;
}

impl<T: FromValue> FromValue for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}

macro_rules! integers {
    ($($t:ty),*) => { $(
        impl FromValue for $t {
            const EXPECTED: &'static str = stringify!($t);

            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    Value::Int(i) => <$t>::try_from(*i).ok(),
                    Value::Decimal(d) => d.to_integer().and_then(|i| <$t>::try_from(i).ok()),
                    _ => None,
                }
            }
        }

        impl ToValue for $t {
            fn to_value(&self) -> Value {
                Value::Int(i128::from(*self))
            }
        }
    )* };
}
integers!(i8, i16, i32, i64, i128, u8, u16, u32, u64);

macro_rules! values {
    ($($t:ty, $expected:literal, |$v:ident| $from:expr, |$s:ident| $to:expr;)*) => { $(
        impl FromValue for $t {
            const EXPECTED: &'static str = $expected;

            fn from_value($v: &Value) -> Option<Self> {
                $from
            }
        }

        impl ToValue for $t {
            fn to_value(&self) -> Value {
                let $s = self;
                $to
            }
        }
    )* };
}
values! {
    bool, "bool", |v| if let Value::Bool(b) = v { Some(*b) } else { None }, |s| Value::Bool(*s);
    f64, "f64", |v| match v {
        Value::Float(f) => Some(*f),
        _ => None,
    }, |s| Value::Float(*s);
    f32, "f32", |v| match v {
        Value::Float(f) => Some(*f as f32),
        _ => None,
    }, |s| Value::Float(f64::from(*s));
    Decimal, "Decimal", |v| match v {
        Value::Decimal(d) => Some(*d),
        Value::Int(i) => Some(Decimal::new(*i, 0)),
        _ => None,
    }, |s| Value::Decimal(*s);
    String, "String", |v| if let Value::Text(t) = v { Some(t.clone()) } else { None }, |s| Value::Text(s.clone());
    Vec<u8>, "Vec<u8>", |v| if let Value::Bytes(b) = v { Some(b.clone()) } else { None }, |s| Value::Bytes(s.clone());
    NaiveDate, "NaiveDate", |v| if let Value::Date(d) = v { Some(*d) } else { None }, |s| Value::Date(*s);
    NaiveTime, "NaiveTime", |v| if let Value::Time(t) = v { Some(*t) } else { None }, |s| Value::Time(*s);
    NaiveDateTime, "NaiveDateTime", |v| if let Value::Timestamp(t) = v { Some(*t) } else { None },
        |s| Value::Timestamp(*s);
    DateTime<FixedOffset>, "DateTime<FixedOffset>", |v| if let Value::TimestampTz(t) = v { Some(*t) } else { None },
        |s| Value::TimestampTz(*s);
    DateTime<Utc>, "DateTime<Utc>", |v| if let Value::TimestampTz(t) = v { Some(t.to_utc()) } else { None },
        |s| Value::TimestampTz(s.fixed_offset());
    serde_json::Value, "serde_json::Value", |v| if let Value::Json(j) = v { Some(j.clone()) } else { None },
        |s| Value::Json(s.clone());
    Interval, "Interval", |v| if let Value::Interval(i) = v { Some(*i) } else { None }, |s| Value::Interval(*s);
}

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl FromValue for Value {
    const EXPECTED: &'static str = "Value";

    fn from_value(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl ToValue for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
}

/// Rows of one INSERT; more make statements that servers parse slowly.
const ROWS_PER_STATEMENT: usize = 500;

/// The INSERT statements for these rows, in the dialect's SQL.
///
/// # Errors
/// When the struct has no table, or a value cannot be written (a redacted one).
pub fn insert_statements<R: Row>(rows: &[R], dialect: Dialect) -> Result<Vec<String>> {
    let table = R::TABLE.ok_or_else(|| {
        Error::Setup(
            "rows of a struct without #[dwsim(table = \"…\")] have no table to be inserted into"
                .to_string(),
        )
    })?;
    let columns: Vec<String> = R::COLUMNS
        .iter()
        .map(|column| quote(column, dialect))
        .collect();
    let head = format!(
        "insert into {} ({})",
        quote(table, dialect),
        columns.join(", ")
    );
    rows.chunks(ROWS_PER_STATEMENT)
        .map(|rows| {
            // SELECT … UNION ALL and not VALUES, which takes no function calls like PARSE_JSON on Snowflake
            let mut sql = head.clone();
            for (i, row) in rows.iter().enumerate() {
                sql.push_str(if i == 0 {
                    "\nselect "
                } else {
                    "\nunion all select "
                });
                for (j, value) in row.to_values().iter().enumerate() {
                    let comma = if j == 0 { "" } else { ", " };
                    let _ = write!(sql, "{comma}{}", literal(value, dialect)?);
                }
            }
            Ok(sql)
        })
        .collect()
}

/// A value as a SQL expression of its type.
///
/// # Errors
/// For a redacted value, which stands for none.
pub fn literal(value: &Value, dialect: Dialect) -> Result<String> {
    let typed = |ty: &str| format!("cast({} as {ty})", string(&cell::render(value), dialect));
    let redshift = dialect == Dialect::Redshift;
    Ok(match value {
        Value::Null => "null".to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Decimal(d) => d.to_string(),
        Value::Float(f) if f.is_finite() => format!(
            "cast({} as double precision)",
            cell::render(&Value::Float(*f))
        ),
        Value::Float(f) => {
            let name = if f.is_nan() {
                "NaN"
            } else if *f > 0.0 {
                "inf"
            } else {
                "-inf"
            };
            format!("cast('{name}' as double precision)")
        }
        Value::Text(text) => string(text, dialect),
        Value::Bytes(_) => {
            let hex = cell::render(value);
            let name = if redshift { "to_varbyte" } else { "to_binary" };
            format!("{name}('{}', 'hex')", hex.trim_start_matches("0x"))
        }
        Value::Date(_) => typed("date"),
        Value::Time(_) => typed("time"),
        Value::Timestamp(_) => typed(if redshift {
            "timestamp"
        } else {
            "timestamp_ntz"
        }),
        Value::TimestampTz(_) => typed(if redshift {
            "timestamptz"
        } else {
            "timestamp_tz"
        }),
        Value::Json(_) => {
            let text = string(&cell::render(value), dialect);
            if redshift {
                format!("json_parse({text})")
            } else {
                format!("parse_json({text})")
            }
        }
        Value::Interval(interval) => match (interval.months, interval.days, interval.micros) {
            (months, 0, 0) => format!("interval '{months} months'"),
            (months, days, micros) => format!(
                "interval '{months} months {days} days {} microseconds'",
                micros
            ),
        },
        Value::Redacted(kind) => {
            return Err(Error::Setup(format!(
                "a redacted value (<{kind}>) cannot be written to a table"
            )));
        }
    })
}

/// A string literal that means the same whether backslashes escape or not.
fn string(text: &str, dialect: Dialect) -> String {
    match dialect {
        // Redshift's literals treat backslashes in two ways, by its settings; chr(92) means one in both
        Dialect::Redshift if text.contains('\\') => {
            let parts: Vec<String> = text
                .split('\\')
                .map(|part| dwsim_schema::identifiers::literal(part, dialect))
                .collect();
            format!("({})", parts.join(" || chr(92) || "))
        }
        _ => dwsim_schema::identifiers::literal(text, dialect),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Column;

    struct Order {
        id: i64,
        note: Option<String>,
    }

    impl Row for Order {
        const TABLE: Option<&'static str> = Some("orders");
        const COLUMNS: &'static [&'static str] = &["id", "note"];

        fn from_row(row: RowRef<'_>) -> Result<Self> {
            Ok(Order {
                id: row.get("id")?,
                note: row.get("note")?,
            })
        }

        fn to_values(&self) -> Vec<Value> {
            vec![self.id.to_value(), self.note.to_value()]
        }
    }

    #[test]
    fn rows_become_statements() {
        let rows = [
            Order {
                id: 1,
                note: Some("it's \\ here".to_string()),
            },
            Order { id: -2, note: None },
        ];
        let sql = |dialect| {
            insert_statements(&rows, dialect)
                .expect("statements")
                .join(";")
        };
        assert_eq!(
            sql(Dialect::Redshift),
            "insert into orders (id, note)\nselect 1, ('it''s ' || chr(92) || ' here')\nunion all select -2, null"
        );
        assert_eq!(
            sql(Dialect::Snowflake),
            "insert into orders (id, note)\nselect 1, 'it''s \\\\ here'\nunion all select -2, null"
        );
    }

    #[test]
    fn values_that_do_not_fit_are_named() {
        let table = ResultTable {
            columns: vec![
                Column::new("ID", "bigint"),
                Column::new("note", "varchar(9)"),
            ],
            rows: vec![
                vec![Value::Int(1), Value::Text("x".into())],
                vec![Value::Null, Value::Null],
            ],
        };
        let read: Vec<Result<Order>> = RowRef::all(&table).map(Order::from_row).collect();
        assert!(matches!(&read[0], Ok(Order { id: 1, note: Some(note) }) if note == "x"));
        assert!(
            read[1]
                .as_ref()
                .is_err_and(|e| e.to_string().contains("does not fit i64"))
        );
        let row = RowRef::all(&table).next().expect("a row");
        assert!(
            row.get::<i8>("nope")
                .is_err_and(|e| e.to_string().contains("it has ID, note"))
        );
        assert!(row.get::<bool>("id").is_err());
    }
}
