//! The encoder: a tag byte, then a payload whose byte order is the value order.
//! Every layout decision is here and in `decode`, its inverse.
//!
//! | tag | value | payload |
//! | --- | --- | --- |
//! | 02, 03 | false, true | |
//! | 05 | number | order-preserving f64 (8 bytes), then 02 (that integer, up to 2^53), 04 (that float), or an exact decimal: 01 when it is below such an integer, else 03; exponent i8, digits i128 |
//! | 06 | text | bytes with 00 as 00 FF, closed by 00 01 |
//! | 07 | date | i32 |
//! | 08 | time | i64 |
//! | 09, 0A | timestamps without and with local zone | i128 |
//! | 0B | timestamp with offset | i128, i32 |
//! | 0C | bytes | like text |
//! | 0D | array | elements, closed by 00 |
//! | 0E | object | text key and value in turn, closed by 00 |
//! | 0F | undefined | |
//! | 10 | null, larger than every value as NULL is | |

use super::Value;

pub(super) const END: u8 = 0;
pub(super) const NULL: u8 = 16;
pub(super) const FALSE: u8 = 2;
pub(super) const TRUE: u8 = 3;
pub(super) const NUMBER: u8 = 5;
pub(super) const STRING: u8 = 6;
pub(super) const DATE: u8 = 7;
pub(super) const TIME: u8 = 8;
pub(super) const TIMESTAMP: u8 = 9;
pub(super) const TIMESTAMP_LTZ: u8 = 10;
pub(super) const TIMESTAMP_TZ: u8 = 11;
pub(super) const BINARY: u8 = 12;
pub(super) const ARRAY: u8 = 13;
pub(super) const OBJECT: u8 = 14;
pub(super) const UNDEFINED: u8 = 15;

pub(super) const DECIMAL_BELOW: u8 = 1;
pub(super) const SMALL_INT: u8 = 2;
pub(super) const DECIMAL: u8 = 3;
pub(super) const DOUBLE: u8 = 4;

/// Digits of a decimal as it is stored: left-aligned, so that their order is the order of values.
pub(super) const DIGITS: u32 = 38;

/// Largest integer that a double holds exactly together with all smaller ones.
const EXACT: i128 = 1 << 53;

/// Appends the encoding of a tree.
pub fn encode(value: &Value, out: &mut Vec<u8>) {
    let mut b = Builder { out };
    b.value(value);
}

/// Writes encoded values piece by piece, without a tree.
#[derive(Debug)]
pub struct Builder<'a> {
    /// Destination.
    pub out: &'a mut Vec<u8>,
}

impl Builder<'_> {
    /// A whole tree.
    pub fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.null(),
            Value::Undefined => self.out.push(UNDEFINED),
            Value::Bool(b) => self.bool(*b),
            Value::Decimal(v, s) => self.decimal(*v, *s),
            Value::Double(d) => self.double(*d),
            Value::String(s) => self.string(s),
            Value::Date(d) => self.date(*d),
            Value::Time(t) => self.time(*t),
            Value::Timestamp(t) => self.timestamp(*t),
            Value::TimestampLtz(t) => self.timestamp_ltz(*t),
            Value::TimestampTz(t, offset) => self.timestamp_tz(*t, *offset),
            Value::Binary(b) => self.binary(b),
            Value::Array(items) => {
                self.begin_array();
                items.iter().for_each(|v| self.value(v));
                self.end();
            }
            Value::Object(members) => {
                self.begin_object();
                for (k, v) in members {
                    self.string(k);
                    self.value(v);
                }
                self.end();
            }
        }
    }

    /// JSON null.
    pub fn null(&mut self) {
        self.out.push(NULL);
    }
    /// A missing array element.
    pub fn undefined(&mut self) {
        self.out.push(UNDEFINED);
    }
    /// true or false.
    pub fn bool(&mut self, b: bool) {
        self.out.push(if b { TRUE } else { FALSE });
    }
    /// Text, also a member's key.
    pub fn string(&mut self, s: &str) {
        self.out.push(STRING);
        escape(s.as_bytes(), self.out);
    }
    /// Days since 1970-01-01.
    pub fn date(&mut self, d: i32) {
        self.out.push(DATE);
        self.out.extend((d ^ i32::MIN).to_be_bytes());
    }
    /// Nanoseconds since midnight.
    pub fn time(&mut self, t: i64) {
        self.out.push(TIME);
        self.out.extend((t ^ i64::MIN).to_be_bytes());
    }
    /// Wall-clock nanoseconds since 1970-01-01.
    pub fn timestamp(&mut self, t: i128) {
        self.instant(TIMESTAMP, t);
    }
    /// An instant in nanoseconds since the epoch.
    pub fn timestamp_ltz(&mut self, t: i128) {
        self.instant(TIMESTAMP_LTZ, t);
    }
    /// An instant in nanoseconds since the epoch, with its offset in minutes east of UTC.
    pub fn timestamp_tz(&mut self, t: i128, offset: i32) {
        self.instant(TIMESTAMP_TZ, t);
        self.out.extend((offset ^ i32::MIN).to_be_bytes());
    }
    /// Bytes.
    pub fn binary(&mut self, b: &[u8]) {
        self.out.push(BINARY);
        escape(b, self.out);
    }
    /// An exact number; trailing zeros of the fraction are dropped.
    pub fn decimal(&mut self, mut v: i128, mut scale: u8) {
        while scale > 0 && v % 10 == 0 {
            v /= 10;
            scale -= 1;
        }
        let approx = if scale == 0 {
            v as f64
        } else {
            decimal_to_f64(v, scale)
        };
        let digits = v.unsigned_abs().checked_ilog10().map_or(1, |n| n + 1);
        if digits > DIGITS {
            // No SQL type holds such a number; as a float it keeps its magnitude.
            self.double(approx);
            return;
        }
        self.out.push(NUMBER);
        self.out.extend(sortable(approx));
        if scale == 0 && (-EXACT..=EXACT).contains(&v) {
            self.out.push(SMALL_INT);
            return;
        }
        // Decimals that share their nearest double are told apart by all their digits.
        let below = approx.fract() == 0.0
            && approx.abs() <= EXACT as f64
            && 10i128
                .checked_pow(u32::from(scale))
                .and_then(|unit| (approx as i128).checked_mul(unit))
                .is_some_and(|nearest| v < nearest);
        self.out.push(if below { DECIMAL_BELOW } else { DECIMAL });
        let exponent = digits as i32 - i32::from(scale);
        let exponent = if v < 0 { -exponent } else { exponent };
        self.out.push((exponent as i8 as u8) ^ 0x80);
        let aligned = v * 10i128.pow(DIGITS - digits);
        self.out.extend((aligned ^ i128::MIN).to_be_bytes());
    }
    /// A float.
    pub fn double(&mut self, d: f64) {
        self.out.push(NUMBER);
        self.out.extend(sortable(d));
        self.out.push(DOUBLE);
    }
    fn instant(&mut self, tag: u8, t: i128) {
        self.out.push(tag);
        self.out.extend((t ^ i128::MIN).to_be_bytes());
    }
    /// Opens an array: elements follow, then [`Builder::end`].
    pub fn begin_array(&mut self) {
        self.out.push(ARRAY);
    }
    /// Opens an object: keys ([`Builder::string`]) and values in turn, then [`Builder::end`].
    pub fn begin_object(&mut self) {
        self.out.push(OBJECT);
    }
    /// Closes an array or object.
    pub fn end(&mut self) {
        self.out.push(END);
    }
    /// A value that is encoded already.
    pub fn raw(&mut self, encoded: &[u8]) {
        self.out.extend_from_slice(encoded);
    }
}

/// The double nearest to a decimal, correctly rounded by the standard parser.
pub(crate) fn decimal_to_f64(v: i128, scale: u8) -> f64 {
    if v.unsigned_abs() <= EXACT as u128 && scale <= 22 {
        // Both operands are exact, so the quotient is correctly rounded.
        return v as f64 / 10f64.powi(i32::from(scale));
    }
    format!("{v}e-{scale}").parse().unwrap_or(f64::NAN)
}

/// Bits of a double whose unsigned order is the numeric order; -0 becomes 0, every NaN one NaN above all.
fn sortable(d: f64) -> [u8; 8] {
    let d = if d == 0.0 {
        0.0
    } else if d.is_nan() {
        f64::NAN
    } else {
        d
    };
    let bits = d.to_bits();
    let flipped = if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    };
    flipped.to_be_bytes()
}

pub(super) fn unsortable(b: [u8; 8]) -> f64 {
    let bits = u64::from_be_bytes(b);
    f64::from_bits(if bits >> 63 == 1 {
        bits & !(1 << 63)
    } else {
        !bits
    })
}

fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some(i) = memchr::memchr(0, rest) {
        out.extend_from_slice(&rest[..i]);
        out.extend_from_slice(&[0, 0xFF]);
        rest = &rest[i + 1..];
    }
    out.extend_from_slice(rest);
    out.extend_from_slice(&[0, 1]);
}
