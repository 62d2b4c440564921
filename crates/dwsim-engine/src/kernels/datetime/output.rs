//! The text of date and time values as a session shows them: Snowflake's output formats, Redshift's DateStyle.
//! Explicit models are `snowflake_model` and `postgres_model`.

use std::fmt::Write;

use chrono::TimeZone;

use super::snowflake_model::Model;
use super::source::Moment;
use super::style::DateStyle;
use super::wall::SECOND;
use crate::dialect::DialectName;
use crate::env::Env;
use crate::types::SqlType;

/// The form in which values of one type are shown.
#[derive(Debug, Clone)]
pub struct Format {
    form: Form,
    scale: u8,
}

#[derive(Debug, Clone)]
enum Form {
    Model(Model),
    Date,
    Time,
    TimeTz,
    Timestamp,
    TimestampTz,
    /// A Redshift style other than ISO, with the zone of timestamps that have one.
    Styled(DateStyle, Kind),
}

/// What a style is applied to.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Date,
    Timestamp,
    Zoned(chrono_tz::Tz),
}

/// Snowflake's model for a type, from the session's parameters or their defaults.
pub fn snowflake_model_text<'a>(ty: &SqlType, env: &'a Env) -> &'a str {
    let set = |name: &str| env.parameter(name).filter(|v| !v.is_empty());
    let general = || set("TIMESTAMP_OUTPUT_FORMAT").unwrap_or("YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM");
    match ty {
        SqlType::Date => set("DATE_OUTPUT_FORMAT").unwrap_or("YYYY-MM-DD"),
        SqlType::Time(_) | SqlType::TimeTz => set("TIME_OUTPUT_FORMAT").unwrap_or("HH24:MI:SS"),
        SqlType::TimestampLtz(_) => set("TIMESTAMP_LTZ_OUTPUT_FORMAT").unwrap_or_else(general),
        SqlType::TimestampTz(_) => set("TIMESTAMP_TZ_OUTPUT_FORMAT").unwrap_or_else(general),
        _ => match env.parameter("TIMESTAMP_NTZ_OUTPUT_FORMAT") {
            None => "YYYY-MM-DD HH24:MI:SS.FF3",
            Some("") => general(),
            Some(model) => model,
        },
    }
}

impl Format {
    /// How a session shows values of a date or time type.
    pub fn session(ty: &SqlType, env: &Env) -> Self {
        let scale = ty.fraction().unwrap_or(9);
        let form = match env.dialect {
            DialectName::Snowflake => match snowflake_model_text(ty, env) {
                "AUTO" => match ty {
                    SqlType::Date => Form::Date,
                    SqlType::Time(_) => Form::Model(Model::new("HH24:MI:SS")),
                    SqlType::Timestamp(_) => Form::Model(Model::new("YYYY-MM-DD HH24:MI:SS.FF")),
                    _ => Form::Model(Model::new("YYYY-MM-DD HH24:MI:SS.FF TZHTZM")),
                },
                "YYYY-MM-DD" if *ty == SqlType::Date => Form::Date,
                model => Form::Model(Model::new(model)),
            },
            DialectName::Redshift => match ty {
                SqlType::Date | SqlType::Timestamp(_) | SqlType::TimestampLtz(_)
                    if !redshift_style(env).is_iso() =>
                {
                    let kind = match ty {
                        SqlType::Date => Kind::Date,
                        SqlType::TimestampLtz(_) => Kind::Zoned(env.timezone),
                        _ => Kind::Timestamp,
                    };
                    Form::Styled(redshift_style(env), kind)
                }
                SqlType::Date => Form::Date,
                SqlType::Time(_) => Form::Time,
                SqlType::TimeTz => Form::TimeTz,
                SqlType::TimestampLtz(_) | SqlType::TimestampTz(_) => Form::TimestampTz,
                _ => Form::Timestamp,
            },
        };
        Format { form, scale }
    }

    /// A given Snowflake model for values of a type.
    pub fn model(model: &str, ty: &SqlType) -> Self {
        Format {
            form: Form::Model(Model::new(model)),
            scale: ty.fraction().unwrap_or(9),
        }
    }

    /// Appends a value.
    pub fn write(&self, m: Moment, out: &mut String) {
        match &self.form {
            Form::Model(model) => model.write(m, self.scale, out),
            Form::Date => write_date(m, out),
            Form::Styled(style, kind) => {
                let days = m.wall.day;
                let micros = m.wall.nano / 1000;
                match kind {
                    Kind::Date => style.write_date(days, out),
                    Kind::Timestamp => style.write_timestamp(days, micros, None, out),
                    Kind::Zoned(zone) => {
                        let seconds =
                            i64::from(days) * 86_400 + micros / 1_000_000 - i64::from(m.offset);
                        let name = zone_name(*zone, seconds);
                        style.write_timestamp(days, micros, Some(&name), out);
                    }
                }
            }
            Form::Time => write_time(m, out),
            Form::TimeTz => {
                write_time(m, out);
                write_offset(m, out);
            }
            Form::Timestamp | Form::TimestampTz => {
                let (year, month, day) = m.wall.date();
                let shown = if year <= 0 { 1 - year } else { year };
                let _ = write!(out, "{shown:04}-{month:02}-{day:02} ");
                write_time(m, out);
                if matches!(self.form, Form::TimestampTz) {
                    write_offset(m, out);
                }
                if year <= 0 {
                    out.push_str(" BC");
                }
            }
        }
    }
}

fn redshift_style(env: &Env) -> DateStyle {
    env.parameter("datestyle")
        .map(DateStyle::of)
        .unwrap_or_default()
}

/// The abbreviation of a zone's name at an instant in seconds since 1970; empty for instants beyond the calendar.
pub fn zone_name(zone: chrono_tz::Tz, seconds: i64) -> String {
    chrono::DateTime::from_timestamp(seconds, 0).map_or_else(String::new, |at| {
        zone.offset_from_utc_datetime(&at.naive_utc()).to_string()
    })
}

fn write_date(m: Moment, out: &mut String) {
    let (year, month, day) = m.wall.date();
    // Writing to a String cannot fail.
    let _ = if year <= 0 {
        write!(out, "{:04}-{month:02}-{day:02} BC", 1 - year)
    } else {
        write!(out, "{year:04}-{month:02}-{day:02}")
    };
}

fn write_time(m: Moment, out: &mut String) {
    let s = m.wall.nano / SECOND;
    let _ = write!(out, "{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
    // Redshift keeps microseconds.
    crate::kernels::format::write_fraction(m.wall.fraction() / 1000 * 1000, out);
}

fn write_offset(m: Moment, out: &mut String) {
    let o = m.offset.abs();
    let _ = write!(
        out,
        "{}{:02}",
        if m.offset < 0 { '-' } else { '+' },
        o / 3600
    );
    if o % 3600 != 0 {
        let _ = write!(out, ":{:02}", o / 60 % 60);
    }
}
