//! TO_CHAR, TO_DATE, TO_TIME and TO_TIMESTAMP with a format model, and numbers of seconds as timestamps.
//! The models are `snowflake_model` and `postgres_model`; conversions without a model are `kernels::cast`.

use arrow::array::ArrayRef;

use super::input::TextReader;
use super::output::Format;
use super::postgres_model::Model as PostgresModel;
use super::sink::{Sink, out_of_range};
use super::source::{Kind, Moment, Source};
use super::wall::Wall;
use crate::error::{Result, SqlError};
use crate::functions::Call;
use crate::kernels::cast::attempt;
use crate::kernels::cast::datetime::{Numbers, epoch_scaled, write_texts};
use crate::types::SqlType;

/// What a model compiles to, kept as long as the rows name the same model.
struct Compiled<T> {
    last: Option<(String, T)>,
}

impl<T> Compiled<T> {
    fn new() -> Self {
        Compiled { last: None }
    }

    fn get(&mut self, model: &str, make: impl FnOnce(&str) -> T) -> Result<&mut T> {
        if self.last.as_ref().is_none_or(|(m, _)| m != model) {
            self.last = Some((model.to_owned(), make(model)));
        }
        match &mut self.last {
            Some((_, t)) => Ok(t),
            None => Err(SqlError::internal("a compiled model is kept")),
        }
    }
}

/// Snowflake's TO_CHAR(value, model).
pub fn snowflake_to_char(call: &Call<'_>) -> Result<ArrayRef> {
    let models = call.text(1)?;
    let mut source = Source::new(call, 0)?;
    let mut compiled = Compiled::new();
    let ty = &call.types[0];
    write_texts(call, |row, out| {
        let (Some(m), Some(model)) = (source.get(row), models.get(row)) else {
            return Ok(false);
        };
        let format = compiled.get(model, |model| {
            if model.is_empty() || model.eq_ignore_ascii_case("AUTO") {
                Format::session(ty, call.env)
            } else {
                Format::model(model, ty)
            }
        })?;
        format.write(m, out);
        Ok(true)
    })
}

/// Snowflake's TO_DATE, TO_TIME, TO_TIMESTAMP_* of a text and a model; TRY_ calls give NULL for what cannot be read.
pub fn snowflake_parse(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.text(0)?;
    let models = call.text(1)?;
    let mut compiled = Compiled::new();
    let mut sink = Sink::new(call)?;
    for row in 0..call.rows {
        let (Some(text), Some(model)) = (texts.get(row), models.get(row)) else {
            sink.null();
            continue;
        };
        let reader = compiled.get(model, |m| TextReader::snowflake(call.returns, m, call.env))?;
        let done = reader
            .read(text)
            .and_then(|p| p.append(&mut sink, call.returns));
        if attempt(call, done)?.is_none() {
            sink.null();
        }
    }
    sink.finish()
}

/// Snowflake's TO_TIMESTAMP_*(number, scale): seconds (scale 0) to nanoseconds (scale 9) since the epoch.
pub fn number_to_timestamp(call: &Call<'_>) -> Result<ArrayRef> {
    let column = &call.args[0];
    let numbers = Numbers::new(call, 0)?;
    let scales = call.int(1)?;
    let mut sink = Sink::new(call)?;
    for row in 0..call.rows {
        let Some(scale) = scales.get(row).filter(|_| !column.is_null(row)) else {
            sink.null();
            continue;
        };
        if !(0..=9).contains(&scale) {
            return Err(call.error(format!("the scale {scale} is not between 0 and 9")));
        }
        let at = numbers
            .get(column.index(row))
            .and_then(|(v, s)| epoch_scaled(v, s + scale as u8));
        let done = match at {
            Some(utc)
                if matches!(
                    call.returns,
                    SqlType::TimestampLtz(_) | SqlType::TimestampTz(_)
                ) =>
            {
                sink.instant(utc)
            }
            Some(utc) => sink.wall(utc),
            None => Err(out_of_range(
                call.returns,
                Wall::default(),
                call.env.dialect,
            )),
        };
        if attempt(call, done)?.is_none() {
            sink.null();
        }
    }
    sink.finish()
}

/// Redshift's TO_CHAR(timestamp, model).
pub fn redshift_to_char(call: &Call<'_>) -> Result<ArrayRef> {
    let models = call.text(1)?;
    let mut source = Source::new(call, 0)?;
    let mut compiled = Compiled::new();
    let zone = call.env.timezone.name();
    let local = matches!(source.kind(), Kind::Local | Kind::Date | Kind::Time);
    write_texts(call, |row, out| {
        let (Some(m), Some(model)) = (source.get(row), models.get(row)) else {
            return Ok(false);
        };
        let model = compiled.get(model, PostgresModel::new)?;
        // A timestamp without a zone is shown as one of the session's.
        let m = if local {
            Moment {
                wall: m.wall,
                offset: source.zone().offset_of_local(m.wall.seconds()),
            }
        } else {
            m
        };
        model.write(m, zone, out);
        Ok(true)
    })
}

/// Redshift's TO_DATE and TO_TIMESTAMP: text, model, and optionally whether fields out of range are errors.
pub fn redshift_parse(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.text(0)?;
    let models = call.text(1)?;
    let strict = call.optional_bool(2)?;
    let mut compiled = Compiled::new();
    let mut sink = Sink::new(call)?;
    for row in 0..call.rows {
        let is_strict = match &strict {
            None => Some(false),
            Some(s) => s.get(row),
        };
        let (Some(text), Some(model), Some(is_strict)) =
            (texts.get(row), models.get(row), is_strict)
        else {
            sink.null();
            continue;
        };
        let compiled = compiled.get(model, PostgresModel::new)?;
        if compiled.has_zone() {
            return Err(SqlError::raw(
                "",
                "0A000",
                "\"TZ\"/\"tz\"/\"OF\" format patterns are not supported in to_date and to_timestamp",
            ));
        }
        let parsed = compiled.parse(text, is_strict).ok_or_else(|| {
            if is_strict && compiled.parse(text, false).is_some() {
                SqlError::raw(
                    "",
                    "22008",
                    format!("date/time field value out of range: {text}"),
                )
            } else {
                SqlError::invalid_value(
                    if *call.returns == SqlType::Date {
                        "Date"
                    } else {
                        "Timestamp"
                    },
                    text,
                )
            }
        })?;
        parsed.append(&mut sink, call.returns)?;
    }
    sink.finish()
}
