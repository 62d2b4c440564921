//! Reading encoded values in place: kinds, members, elements, scalars.
//! Bytes come from our own encoder; damaged ones give an internal error or an absent value, never a panic.

use std::borrow::Cow;

use super::Value;
use super::encode::{
    ARRAY, BINARY, DATE, DECIMAL, DECIMAL_BELOW, DIGITS, DOUBLE, END, FALSE, NULL, NUMBER, OBJECT,
    SMALL_INT, STRING, TIME, TIMESTAMP, TIMESTAMP_LTZ, TIMESTAMP_TZ, TRUE, UNDEFINED, unsortable,
};
use crate::error::{Result, SqlError};

/// An encoded value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ref<'a>(&'a [u8]);

/// What a value is, with scalars decoded.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind<'a> {
    /// JSON null.
    Null,
    /// A missing array element.
    Undefined,
    /// true or false.
    Bool(bool),
    /// Exact number: unscaled value and scale, normalised.
    Decimal(i128, u8),
    /// Float.
    Double(f64),
    /// Text.
    String(Cow<'a, str>),
    /// Days since 1970-01-01.
    Date(i32),
    /// Nanoseconds since midnight.
    Time(i64),
    /// Wall-clock nanoseconds.
    Timestamp(i128),
    /// Instant in nanoseconds.
    TimestampLtz(i128),
    /// Instant in nanoseconds and offset in minutes.
    TimestampTz(i128, i32),
    /// Bytes.
    Binary(Cow<'a, [u8]>),
    /// Array.
    Array(Items<'a>),
    /// Object.
    Object(Pairs<'a>),
}

impl<'a> Ref<'a> {
    /// Views encoded bytes (one value, possibly followed by others).
    pub fn new(bytes: &'a [u8]) -> Self {
        Ref(bytes)
    }

    /// JSON null.
    pub fn null() -> Ref<'static> {
        Ref(&[NULL])
    }

    /// The bytes of exactly this value.
    pub fn bytes(&self) -> &'a [u8] {
        let n = skip(self.0).unwrap_or(self.0.len());
        &self.0[..n]
    }

    /// The value with scalars decoded. Damaged bytes read as null.
    pub fn kind(&self) -> Kind<'a> {
        self.try_kind().unwrap_or(Kind::Null)
    }

    fn try_kind(&self) -> Option<Kind<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        Some(match tag {
            NULL => Kind::Null,
            UNDEFINED => Kind::Undefined,
            FALSE => Kind::Bool(false),
            TRUE => Kind::Bool(true),
            NUMBER => {
                let d = unsortable(rest.get(..8)?.try_into().ok()?);
                match *rest.get(8)? {
                    SMALL_INT => Kind::Decimal(d as i128, 0),
                    DECIMAL | DECIMAL_BELOW => {
                        let (v, scale) = decimal(*rest.get(9)?, i128_at(rest.get(10..)?)?)?;
                        Kind::Decimal(v, scale)
                    }
                    DOUBLE => Kind::Double(d),
                    _ => return None,
                }
            }
            STRING => Kind::String(match unescape(rest)? {
                Cow::Borrowed(b) => Cow::Borrowed(std::str::from_utf8(b).ok()?),
                Cow::Owned(b) => Cow::Owned(String::from_utf8(b).ok()?),
            }),
            BINARY => Kind::Binary(unescape(rest)?),
            DATE => Kind::Date(i32_at(rest)?),
            TIME => Kind::Time(i64::from_be_bytes(rest.get(..8)?.try_into().ok()?) ^ i64::MIN),
            TIMESTAMP => Kind::Timestamp(i128_at(rest)?),
            TIMESTAMP_LTZ => Kind::TimestampLtz(i128_at(rest)?),
            TIMESTAMP_TZ => Kind::TimestampTz(i128_at(rest)?, i32_at(rest.get(16..)?)?),
            ARRAY => Kind::Array(Items(rest)),
            OBJECT => Kind::Object(Pairs(rest)),
            _ => return None,
        })
    }

    /// Whether this is JSON null.
    pub fn is_null(&self) -> bool {
        self.0.first() == Some(&NULL)
    }
    /// Whether this is a missing array element.
    pub fn is_undefined(&self) -> bool {
        self.0.first() == Some(&UNDEFINED)
    }
    /// Whether this is an array.
    pub fn is_array(&self) -> bool {
        self.0.first() == Some(&ARRAY)
    }
    /// Whether this is an object.
    pub fn is_object(&self) -> bool {
        self.0.first() == Some(&OBJECT)
    }
    /// Whether this is text.
    pub fn is_string(&self) -> bool {
        self.0.first() == Some(&STRING)
    }

    /// The text, if this is text.
    pub fn as_str(&self) -> Option<Cow<'a, str>> {
        match self.kind() {
            Kind::String(s) => Some(s),
            _ => None,
        }
    }

    /// The member with this key (exact case), if this is an object that has it.
    pub fn member(&self, key: &str) -> Option<Ref<'a>> {
        match self.kind() {
            Kind::Object(pairs) => pairs.into_iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The member with this key in any case.
    pub fn member_ignore_case(&self, key: &str) -> Option<Ref<'a>> {
        match self.kind() {
            Kind::Object(pairs) => pairs
                .into_iter()
                .find(|(k, _)| k.eq_ignore_ascii_case(key))
                .map(|(_, v)| v),
            _ => None,
        }
    }

    /// The element at this index from 0, if this is an array that has it.
    pub fn element(&self, index: usize) -> Option<Ref<'a>> {
        match self.kind() {
            Kind::Array(mut items) => items.nth(index),
            _ => None,
        }
    }

    /// The elements, if this is an array.
    pub fn items(&self) -> Option<Items<'a>> {
        match self.kind() {
            Kind::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The members, if this is an object.
    pub fn pairs(&self) -> Option<Pairs<'a>> {
        match self.kind() {
            Kind::Object(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// The owned tree.
    pub fn to_value(&self) -> Result<Value> {
        let kind = self
            .try_kind()
            .ok_or_else(|| SqlError::internal("damaged VARIANT value"))?;
        Ok(match kind {
            Kind::Null => Value::Null,
            Kind::Undefined => Value::Undefined,
            Kind::Bool(b) => Value::Bool(b),
            Kind::Decimal(v, s) => Value::Decimal(v, s),
            Kind::Double(d) => Value::Double(d),
            Kind::String(s) => Value::String(s.into_owned()),
            Kind::Date(d) => Value::Date(d),
            Kind::Time(t) => Value::Time(t),
            Kind::Timestamp(t) => Value::Timestamp(t),
            Kind::TimestampLtz(t) => Value::TimestampLtz(t),
            Kind::TimestampTz(t, o) => Value::TimestampTz(t, o),
            Kind::Binary(b) => Value::Binary(b.into_owned()),
            Kind::Array(items) => Value::Array(items.map(|r| r.to_value()).collect::<Result<_>>()?),
            Kind::Object(pairs) => Value::Object(
                pairs
                    .map(|(k, v)| Ok((k.into_owned(), v.to_value()?)))
                    .collect::<Result<_>>()?,
            ),
        })
    }
}

/// The elements of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Items<'a>(&'a [u8]);

impl<'a> Iterator for Items<'a> {
    type Item = Ref<'a>;

    fn next(&mut self) -> Option<Ref<'a>> {
        if *self.0.first()? == END {
            return None;
        }
        let n = skip(self.0)?;
        let (item, rest) = self.0.split_at(n);
        self.0 = rest;
        Some(Ref(item))
    }
}

/// The members of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pairs<'a>(&'a [u8]);

impl<'a> Iterator for Pairs<'a> {
    type Item = (Cow<'a, str>, Ref<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if *self.0.first()? == END {
            return None;
        }
        let n = skip(self.0)?;
        let (key, rest) = self.0.split_at(n);
        let m = skip(rest)?;
        let (value, rest) = rest.split_at(m);
        self.0 = rest;
        Some((Ref(key).as_str()?, Ref(value)))
    }
}

/// The length of the first value. Containers are walked without recursion.
fn skip(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut depth = 0usize;
    loop {
        let tag = *bytes.get(at)?;
        at += 1;
        match tag {
            END => depth = depth.checked_sub(1)?,
            NULL | FALSE | TRUE | UNDEFINED => {}
            NUMBER => {
                at += 9;
                if matches!(*bytes.get(at - 1)?, DECIMAL | DECIMAL_BELOW) {
                    at += 17;
                }
            }
            STRING | BINARY => loop {
                at += memchr::memchr(0, bytes.get(at..)?)? + 2;
                if *bytes.get(at - 1)? == 1 {
                    break;
                }
            },
            DATE => at += 4,
            TIME => at += 8,
            TIMESTAMP | TIMESTAMP_LTZ => at += 16,
            TIMESTAMP_TZ => at += 20,
            ARRAY | OBJECT => depth += 1,
            _ => return None,
        }
        if depth == 0 {
            return (at <= bytes.len()).then_some(at);
        }
    }
}

/// The decimal of an exponent byte and left-aligned digits.
fn decimal(exponent: u8, aligned: i128) -> Option<(i128, u8)> {
    let exponent = i32::from((exponent ^ 0x80) as i8);
    let exponent = if aligned < 0 { -exponent } else { exponent };
    let (mut v, mut digits) = (aligned, DIGITS as i32);
    // Zeros at the end are alignment, unless they stand before the decimal point.
    while digits > exponent && v % 10 == 0 && v != 0 {
        v /= 10;
        digits -= 1;
    }
    let scale = u8::try_from(digits - exponent).ok()?;
    (u32::from(scale) <= DIGITS).then_some((v, scale))
}

fn unescape(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    let first = memchr::memchr(0, bytes)?;
    if *bytes.get(first + 1)? == 1 {
        return Some(Cow::Borrowed(&bytes[..first]));
    }
    let mut out = Vec::with_capacity(first + 16);
    let mut rest = bytes;
    loop {
        let i = memchr::memchr(0, rest)?;
        out.extend_from_slice(&rest[..i]);
        if *rest.get(i + 1)? == 1 {
            return Some(Cow::Owned(out));
        }
        out.push(0);
        rest = &rest[i + 2..];
    }
}

fn i32_at(b: &[u8]) -> Option<i32> {
    Some(i32::from_be_bytes(b.get(..4)?.try_into().ok()?) ^ i32::MIN)
}

fn i128_at(b: &[u8]) -> Option<i128> {
    Some(i128::from_be_bytes(b.get(..16)?.try_into().ok()?) ^ i128::MIN)
}
