//! VARIANT and SUPER values as text, as a session of either dialect shows them.
//! The JSON grammar is `variant::json`; this module decides the form of scalars.

use std::fmt::Write;

use crate::dialect::DialectName;
use crate::env::Env;
use crate::kernels::datetime::output::Format;
use crate::kernels::datetime::source::Moment;
use crate::kernels::datetime::wall::{SECOND, Wall};
use crate::kernels::datetime::zone::Zone;
use crate::kernels::format;
use crate::types::SqlType;
use crate::variant::{JsonStyle, Kind, Ref, write_json_with};

/// Writes a date, time or timestamp without quotes, as the session shows it; false for any other kind.
fn bare_temporal(kind: &Kind<'_>, env: &Env, out: &mut String) -> bool {
    let nanos = |t: i128, offset: i32| {
        let local = t.checked_add(i128::from(offset) * i128::from(SECOND))?;
        Wall::from_total(local).map(|wall| Moment { wall, offset })
    };
    let (ty, moment) = match *kind {
        Kind::Date(d) => (
            SqlType::Date,
            Some(Moment {
                wall: Wall::midnight(d),
                offset: 0,
            }),
        ),
        Kind::Time(t) => (SqlType::Time(9), nanos(t.into(), 0)),
        Kind::Timestamp(t) => (SqlType::Timestamp(9), nanos(t, 0)),
        Kind::TimestampLtz(t) => {
            let mut zone = Zone::new(env.timezone, env.dialect);
            let offset = Wall::from_total(t).map_or(0, |w| zone.offset_at(w.seconds()));
            (SqlType::TimestampLtz(9), nanos(t, offset))
        }
        Kind::TimestampTz(t, minutes) => (
            SqlType::TimestampTz(9),
            nanos(t, minutes.saturating_mul(60)),
        ),
        _ => return false,
    };
    match moment {
        Some(m) => Format::session(&ty, env).write(m, out),
        // Beyond every calendar year: the plain form says at least what is stored.
        None => match *kind {
            Kind::Timestamp(t) | Kind::TimestampLtz(t) | Kind::TimestampTz(t, _) => {
                out.push_str(&format::iso_timestamp(t, None));
            }
            _ => return false,
        },
    }
    true
}

/// Appends a value as JSON text in the session's forms.
pub fn write_value(value: Ref<'_>, style: JsonStyle, env: &Env, out: &mut String) {
    let scalar = |kind: &Kind<'_>, out: &mut String| {
        let start = out.len();
        out.push('"');
        if bare_temporal(kind, env, out) {
            out.push('"');
            true
        } else {
            out.truncate(start);
            false
        }
    };
    let style = match (style, env.dialect) {
        (JsonStyle::Compact, DialectName::Redshift) => JsonStyle::Super,
        (other, _) => other,
    };
    write_json_with(value, style, &scalar, out);
}

/// A value as JSON text in the session's forms: what a result shows of VARIANT ([`JsonStyle::Pretty`]) or SUPER.
pub fn json_text(value: Ref<'_>, style: JsonStyle, env: &Env) -> String {
    let mut out = String::new();
    if !super::xml::shown(value, style, env, &mut out) {
        write_value(value, style, env, &mut out);
    }
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
        Kind::Double(d) => {
            out.push_str(&crate::kernels::cast::double_text(d, false, env.dialect));
        }
        kind => {
            if !bare_temporal(&kind, env, out)
                && !super::xml::shown(value, JsonStyle::Compact, env, out)
            {
                write_value(value, JsonStyle::Compact, env, out);
            }
        }
    }
}
