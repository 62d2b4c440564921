//! VARIANT and SUPER values as text, as a session of either dialect shows them.
//! The JSON grammar is `variant::json`; this module decides the form of scalars.

use std::fmt::Write;

use chrono::{DateTime, Offset, TimeZone};

use crate::dialect::DialectName;
use crate::env::Env;
use crate::kernels::format;
use crate::variant::{JsonStyle, Kind, Ref, quote_json, write_json_with};

/// Minutes east of UTC of the session's zone at an instant (nanoseconds since the epoch).
pub(crate) fn zone_offset(env: &Env, nanos: i128) -> i32 {
    let seconds = i64::try_from(nanos.div_euclid(1_000_000_000)).unwrap_or(0);
    DateTime::from_timestamp(seconds, 0).map_or(0, |t| {
        env.timezone
            .offset_from_utc_datetime(&t.naive_utc())
            .fix()
            .local_minus_utc()
            / 60
    })
}

/// A float inside SUPER: the shortest digits that give it back, as a JSON number where there is one.
fn super_double(d: f64, out: &mut String) {
    if d.is_finite() {
        let _ = if d != 0.0 && (d.abs() >= 1e15 || d.abs() < 1e-5) {
            write!(out, "{d:e}")
        } else {
            write!(out, "{d}")
        };
    } else {
        quote_json(
            if d.is_nan() {
                "NaN"
            } else if d > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            },
            out,
        );
    }
}

/// Writes a scalar without quotes when its text form is not the JSON form; false when it is.
fn bare_temporal(kind: &Kind<'_>, env: &Env, out: &mut String) -> bool {
    let text = match kind {
        Kind::Date(d) => format::iso_date(*d),
        // TIME_OUTPUT_FORMAT is HH24:MI:SS unless the session says otherwise.
        Kind::Time(t) => format::iso_time(t - t.rem_euclid(1_000_000_000)),
        Kind::Timestamp(t) => format::iso_timestamp(*t, None),
        Kind::TimestampLtz(t) => format::iso_timestamp(*t, Some(zone_offset(env, *t))),
        Kind::TimestampTz(t, o) => format::iso_timestamp(*t, Some(*o)),
        _ => return false,
    };
    out.push_str(&text);
    true
}

/// Appends a value as JSON text in the session's forms.
pub fn write_value(value: Ref<'_>, style: JsonStyle, env: &Env, out: &mut String) {
    let scalar = |kind: &Kind<'_>, out: &mut String| match kind {
        Kind::Double(d) if env.dialect == DialectName::Redshift => {
            super_double(*d, out);
            true
        }
        _ => {
            let start = out.len();
            out.push('"');
            if bare_temporal(kind, env, out) {
                out.push('"');
                true
            } else {
                out.truncate(start);
                false
            }
        }
    };
    write_json_with(value, style, &scalar, out);
}

/// A value as JSON text in the session's forms: what a result shows of VARIANT ([`JsonStyle::Pretty`]) or SUPER.
pub fn json_text(value: Ref<'_>, style: JsonStyle, env: &Env) -> String {
    let mut out = String::new();
    write_value(value, style, env, &mut out);
    out
}

/// Appends a value as plain text: strings, dates, times and bytes without quotes, everything else as compact JSON.
pub fn write_plain(value: Ref<'_>, env: &Env, out: &mut String) {
    match value.kind() {
        Kind::String(s) => out.push_str(&s),
        Kind::Binary(b) => {
            for byte in b.iter() {
                let _ = write!(out, "{byte:02X}");
            }
        }
        Kind::Double(d) if env.dialect == DialectName::Snowflake => {
            out.push_str(&crate::kernels::cast::double_text(d, false, env.dialect));
        }
        kind => {
            if !bare_temporal(&kind, env, out) {
                write_value(value, JsonStyle::Compact, env, out);
            }
        }
    }
}
