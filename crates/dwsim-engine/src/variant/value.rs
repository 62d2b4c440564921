//! An owned VARIANT tree, for building and changing values.
//! Reading is cheaper on encoded bytes (`decode::Ref`).

use super::Ref;
use crate::error::Result;

/// A semi-structured value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// JSON null (not SQL NULL).
    Null,
    /// A missing array element (Snowflake shows it as `undefined`).
    Undefined,
    /// true or false.
    Bool(bool),
    /// An exact number `unscaled / 10^scale`; the encoder normalises it.
    Decimal(i128, u8),
    /// A float.
    Double(f64),
    /// Text.
    String(String),
    /// Days since 1970-01-01.
    Date(i32),
    /// Nanoseconds since midnight.
    Time(i64),
    /// Wall-clock nanoseconds since 1970-01-01.
    Timestamp(i128),
    /// Nanoseconds since the epoch, shown in the session's zone.
    TimestampLtz(i128),
    /// Nanoseconds since the epoch and the offset in minutes east of UTC.
    TimestampTz(i128, i32),
    /// Bytes.
    Binary(Vec<u8>),
    /// Elements in order.
    Array(Vec<Value>),
    /// Members; the encoder keeps their order, so sort them first where order must not matter.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// A whole number.
    pub fn int(v: impl Into<i128>) -> Self {
        Value::Decimal(v.into(), 0)
    }

    /// Text.
    pub fn text(s: impl Into<String>) -> Self {
        Value::String(s.into())
    }

    /// The tree of an encoded value.
    pub fn decode(bytes: &[u8]) -> Result<Value> {
        Ref::new(bytes).to_value()
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        super::encode(self, &mut out);
        out
    }

    /// Sorts the members of all objects by key, as Snowflake does; of equal keys the last one stays.
    pub fn sort_keys(&mut self) {
        match self {
            Value::Array(items) => items.iter_mut().for_each(Value::sort_keys),
            Value::Object(members) => {
                members.iter_mut().for_each(|(_, v)| v.sort_keys());
                members.reverse();
                members.sort_by(|a, b| a.0.cmp(&b.0));
                members.dedup_by(|later, first| later.0 == first.0);
            }
            _ => {}
        }
    }
}
