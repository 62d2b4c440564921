//! Typed values as a test sees them: what both warehouses' protocols are decoded into and snapshots are compared as.
//! Decoding a protocol is the clients' part ([`crate::client`]); the text form of a cell is in [`cell`].

pub mod cell;
mod compare;
mod decimal;
mod interval;
mod table;
pub(crate) mod types;

pub use compare::{json_matches, order, row_order, rows_match, value_matches};
pub use decimal::{Decimal, ParseDecimalError};
pub use interval::{Interval, ParseIntervalError};
pub use table::{Column, ResultTable};
pub use types::TypeKind;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};

/// One cell of a result. Cloning is cheap but for text, bytes and JSON.
///
/// `==` is Rust's equality (two NaN differ); snapshots compare with [`value_matches`].
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL NULL, whatever the type.
    Null,
    /// BOOLEAN.
    Bool(bool),
    /// Every integer type, and NUMBER/NUMERIC with scale 0.
    Int(i128),
    /// NUMBER/NUMERIC with a scale.
    Decimal(Decimal),
    /// REAL, FLOAT, DOUBLE PRECISION.
    Float(f64),
    /// CHAR, VARCHAR, and the text form of types that have no variant here.
    Text(String),
    /// BINARY, VARBYTE.
    Bytes(Vec<u8>),
    /// DATE.
    Date(NaiveDate),
    /// TIME, without a zone.
    Time(NaiveTime),
    /// TIMESTAMP, TIMESTAMP_NTZ: a wall clock without a zone.
    Timestamp(NaiveDateTime),
    /// TIMESTAMPTZ, TIMESTAMP_LTZ, TIMESTAMP_TZ: an instant, and the offset it is shown in.
    TimestampTz(DateTime<FixedOffset>),
    /// SUPER, VARIANT, OBJECT, ARRAY. A JSON null inside is `Json(null)`, not [`Value::Null`].
    Json(serde_json::Value),
    /// INTERVAL.
    Interval(Interval),
    /// A value that a test's `redact` replaced; the text is the kind, for example `uuid`.
    Redacted(String),
}

impl Value {
    /// Is it SQL NULL?
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The variant's name as messages show it, for example `text`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Int(_) => "integer",
            Value::Decimal(_) => "decimal",
            Value::Float(_) => "float",
            Value::Text(_) => "text",
            Value::Bytes(_) => "bytes",
            Value::Date(_) => "date",
            Value::Time(_) => "time",
            Value::Timestamp(_) => "timestamp",
            Value::TimestampTz(_) => "timestamptz",
            Value::Json(_) => "json",
            Value::Interval(_) => "interval",
            Value::Redacted(_) => "redacted",
        }
    }
}

/// The text form of [`cell::render`], as snapshots store it.
impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&cell::render(self))
    }
}
