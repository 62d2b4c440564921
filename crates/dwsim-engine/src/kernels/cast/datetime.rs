//! Conversions among dates, times, timestamps and intervals, and between them and texts or numbers.
//! Zones are settled by the session's zone; formats are `kernels::datetime`.

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type};
use std::sync::Arc;

use super::{attempt, is_try};
use crate::dialect::DialectName;
use crate::error::{Result, SqlError};
use crate::functions::Call;
use crate::kernels::datetime::input::TextReader;
use crate::kernels::datetime::interval::{self, Interval, Qualifier, Unit};
use crate::kernels::datetime::interval_column::{IntervalSink, Intervals, overflow};
use crate::kernels::datetime::output::Format;
use crate::kernels::datetime::sink::{Sink, out_of_range};
use crate::kernels::datetime::source::{Kind, Source};
use crate::kernels::datetime::wall::Wall;
use crate::types::SqlType;

/// Text as DATE, TIME, TIMETZ or any timestamp, by the session's input formats.
pub(super) fn text_to_datetime(call: &Call<'_>) -> Result<ArrayRef> {
    let mut reader = TextReader::session(call.returns, call.env);
    read_texts(call, |text| reader.read(text))
}

/// Reads argument 0 with a reader into the call's result type; TRY calls give NULL for what cannot be read.
pub(crate) fn read_texts(
    call: &Call<'_>,
    mut read: impl FnMut(&str) -> Result<crate::kernels::datetime::parsed::Parsed>,
) -> Result<ArrayRef> {
    let v = call.text(0)?;
    let mut sink = Sink::new(call)?;
    for row in 0..call.rows {
        match v.get(row) {
            None => sink.null(),
            Some(text) => {
                let done = read(text).and_then(|p| p.append(&mut sink, call.returns));
                if attempt(call, done)?.is_none() {
                    sink.null();
                }
            }
        }
    }
    sink.finish()
}

/// Any date or time type as text, as the session shows it.
pub(super) fn datetime_to_text(call: &Call<'_>) -> Result<ArrayRef> {
    let mut source = Source::new(call, 0)?;
    let format = Format::session(&call.types[0], call.env);
    write_texts(call, |row, out| {
        Ok(source.get(row).map(|m| format.write(m, out)).is_some())
    })
}

/// Builds a text column through one buffer; the writer says whether the row has a value.
pub(crate) fn write_texts(
    call: &Call<'_>,
    mut write: impl FnMut(usize, &mut String) -> Result<bool>,
) -> Result<ArrayRef> {
    let limit = super::text::limit(call.returns);
    let mut out = StringBuilder::with_capacity(call.rows, call.rows * 20);
    let mut buffer = String::with_capacity(40);
    for row in 0..call.rows {
        buffer.clear();
        if !write(row, &mut buffer)? {
            out.append_null();
            continue;
        }
        if limit.is_some_and(|n| buffer.len() > n as usize) {
            if is_try(call) {
                out.append_null();
                continue;
            }
            return Err(super::text::too_long(call, &buffer));
        }
        out.append_value(&buffer);
    }
    Ok(Arc::new(out.finish()))
}

/// Among DATE, TIME, TIMETZ and the timestamps: the wall clock in the session's zone is kept where a zone
/// goes or comes, the instant where both sides have one.
pub(super) fn datetime_to_datetime(call: &Call<'_>) -> Result<ArrayRef> {
    let mut source = Source::new(call, 0)?;
    let mut sink = Sink::new(call)?;
    let zoned = matches!(call.returns, SqlType::TimestampLtz(_));
    // Redshift shows a zoned value in the session's zone; Snowflake's TIMESTAMP_TZ has a wall clock of its own.
    for row in 0..call.rows {
        let Some(m) = source.get(row) else {
            sink.null();
            continue;
        };
        let done = match (source.kind(), call.returns) {
            (Kind::Session | Kind::Offset, SqlType::TimestampTz(_)) => sink.moment(m),
            (Kind::Offset, _) if zoned => sink.instant(m.utc()),
            (Kind::Session, _) if zoned => sink.moment(m),
            (Kind::TimeTz, SqlType::TimeTz) | (Kind::Session, SqlType::TimeTz) => sink.moment(m),
            _ => sink.wall(m.wall),
        };
        if attempt(call, done)?.is_none() {
            sink.null();
        }
    }
    sink.finish()
}

/// A number of seconds (exact numbers may have a fraction) as a timestamp; as DATE and TIME the unit is chosen by
/// the size of the integer. Snowflake only.
pub(super) fn number_to_datetime(call: &Call<'_>) -> Result<ArrayRef> {
    let column = &call.args[0];
    let by_size = !matches!(
        call.returns,
        SqlType::Timestamp(_) | SqlType::TimestampLtz(_) | SqlType::TimestampTz(_)
    );
    let mut sink = Sink::new(call)?;
    let numbers = Numbers::new(call, 0)?;
    for row in 0..call.rows {
        if column.is_null(row) {
            sink.null();
            continue;
        }
        let at = numbers.get(column.index(row)).and_then(|(v, scale)| {
            if by_size && scale == 0 {
                crate::kernels::datetime::auto::epoch(v)
            } else {
                epoch_scaled(v, scale)
            }
        });
        let done = match at {
            Some(utc) if matches!(call.returns, SqlType::TimestampLtz(_)) => sink.instant(utc),
            Some(utc) if matches!(call.returns, SqlType::TimestampTz(_)) => sink.instant(utc),
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

/// `v / 10^scale` seconds since the epoch.
pub(crate) fn epoch_scaled(v: i128, scale: u8) -> Option<Wall> {
    let total = if scale <= 9 {
        v.checked_mul(10i128.pow(u32::from(9 - scale)))?
    } else {
        v.div_euclid(10i128.checked_pow(u32::from(scale - 9))?)
    };
    Wall::from_total(total)
}

/// A numeric argument as unscaled integers with a scale.
pub(crate) struct Numbers {
    array: ArrayRef,
    scale: u8,
}

impl Numbers {
    pub(crate) fn new(call: &Call<'_>, i: usize) -> Result<Self> {
        let array = &call.args[i].array;
        let (array, scale) = match array.data_type() {
            DataType::Decimal128(_, s) => (Arc::clone(array), *s as u8),
            DataType::Float32 | DataType::Float64 => {
                (arrow::compute::cast(array, &DataType::Float64)?, 9)
            }
            DataType::Int16 | DataType::Int32 | DataType::Int64 => (
                arrow::compute::cast(array, &DataType::Decimal128(38, 0))?,
                0,
            ),
            other => {
                return Err(SqlError::internal(format!(
                    "{}: {other} is no number",
                    call.name
                )));
            }
        };
        Ok(Numbers { array, scale })
    }

    /// Unscaled value and scale at an index that is not NULL.
    pub(crate) fn get(&self, i: usize) -> Option<(i128, u8)> {
        match self.array.data_type() {
            DataType::Float64 => {
                let v = self.array.as_primitive::<Float64Type>().value(i);
                super::double_to_decimal(v, 9).map(|v| (v, 9))
            }
            _ => Some((
                self.array.as_primitive::<Decimal128Type>().value(i),
                self.scale,
            )),
        }
    }
}

/// Text as an interval.
pub(super) fn text_to_interval(call: &Call<'_>) -> Result<ArrayRef> {
    let v = call.text(0)?;
    let mut sink = IntervalSink::new(call)?;
    let fields = match call.returns {
        SqlType::IntervalYm => Some(Qualifier {
            first: Unit::Year,
            last: Unit::Month,
        }),
        SqlType::IntervalDs => Some(Qualifier {
            first: Unit::Day,
            last: Unit::Second,
        }),
        _ => None,
    };
    for row in 0..call.rows {
        let Some(text) = v.get(row) else {
            sink.null();
            continue;
        };
        let done = interval::parse(text, fields, call.env.dialect)
            .ok_or_else(|| SqlError::invalid_value("Interval", text))
            .and_then(|i| sink.push(i));
        if attempt(call, done)?.is_none() {
            sink.null();
        }
    }
    Ok(sink.finish())
}

/// An interval as text, in the dialect's form of its type.
pub(super) fn interval_to_text(call: &Call<'_>) -> Result<ArrayRef> {
    let source = Intervals::new(call, 0)?;
    let snowflake = call.env.dialect == DialectName::Snowflake;
    // Redshift's `IntervalStyle` is `postgres` unless it is set.
    let verbose = call.env.parameter("intervalstyle") == Some("postgres_verbose");
    let ty = &call.types[0];
    write_texts(call, |row, out| {
        let Some(i) = source.get(row) else {
            return Ok(false);
        };
        let micros = || i64::try_from(i.approximate_micros()).map_err(|_| overflow(ty));
        match (ty, snowflake) {
            (SqlType::IntervalYm, true) => interval::write_snowflake_year_month(i.months, out),
            (SqlType::IntervalYm, false) if verbose => interval::write_year_month(i.months, out),
            (SqlType::IntervalDs, true) => interval::write_snowflake_day_second(micros()?, out),
            (SqlType::IntervalDs, false) if verbose => interval::write_day_second(micros()?, out),
            _ => interval::write_postgres(i, out),
        }
        Ok(true)
    })
}

/// Among the interval types; a type of months keeps months only, a type of days and time the rest.
pub(super) fn interval_to_interval(call: &Call<'_>) -> Result<ArrayRef> {
    let source = Intervals::new(call, 0)?;
    let mut sink = IntervalSink::new(call)?;
    for row in 0..call.rows {
        match source.get(row) {
            Some(i) => sink.push(Interval { ..i })?,
            None => sink.null(),
        }
    }
    Ok(sink.finish())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::kernel;
    use super::*;
    use crate::kernels::datetime::testing::{column, env, rendered};

    /// Casts a text to a type and shows the result as text; errors as their kind of message.
    fn through(dialect: DialectName, text: &str, to: &SqlType, params: &[(&str, &str)]) -> String {
        let mut e = env(dialect);
        for (k, v) in params {
            e.parameters.insert((*k).to_owned(), (*v).to_owned());
        }
        let args = [column(text)];
        let call = Call {
            name: "cast",
            args: &args,
            types: &[SqlType::text()],
            returns: to,
            rows: 1,
            env: &e,
        };
        let k = kernel(&SqlType::text(), to, dialect).unwrap();
        match k(&call) {
            Ok(array) => rendered(array, to, &e),
            Err(e) => match dialect {
                DialectName::Snowflake => e.snowflake().message,
                DialectName::Redshift => e.redshift().message,
            },
        }
    }

    #[test]
    fn snowflake_texts() {
        use SqlType::{Date, Time, Timestamp, TimestampLtz, TimestampTz};
        for (text, to, params, want) in [
            ("2021-03-07", Date, &[][..], "2021-03-07"),
            ("2021-03-07 10:00:00", Date, &[], "2021-03-07"),
            ("nonsense", Date, &[], "Date 'nonsense' is not recognized"),
            (
                "07.03.2021",
                Date,
                &[("DATE_INPUT_FORMAT", "DD.MM.YYYY")],
                "2021-03-07",
            ),
            (
                "2021-03-07",
                Date,
                &[("DATE_OUTPUT_FORMAT", "MON DD YY")],
                "Mar 07 21",
            ),
            ("10:00:01.5", Time(9), &[], "10:00:01"),
            (
                "10:00:01.567",
                Time(1),
                &[("TIME_OUTPUT_FORMAT", "HH24:MI:SS.FF")],
                "10:00:01.5",
            ),
            (
                "2021-03-07 10:00:01.5 +0200",
                Timestamp(9),
                &[],
                "2021-03-07 10:00:01.500",
            ),
            (
                "2021-03-07 10:00:01.5 +0200",
                TimestampLtz(9),
                &[],
                "2021-03-07 00:00:01.500 -0800",
            ),
            (
                "2021-03-07 10:00:01.5 +0200",
                TimestampTz(9),
                &[],
                "2021-03-07 10:00:01.500 +0200",
            ),
            (
                "2021-07-07 10:00:01",
                TimestampTz(9),
                &[],
                "2021-07-07 10:00:01.000 -0700",
            ),
            (
                "2021-07-07 10:00:01",
                TimestampLtz(3),
                &[],
                "2021-07-07 10:00:01.000 -0700",
            ),
            (
                "2021-03-14 02:30:00",
                TimestampLtz(9),
                &[],
                "2021-03-14 03:30:00.000 -0700",
            ),
            ("2021-07-07", Timestamp(9), &[], "2021-07-07 00:00:00.000"),
            ("9999-12-31", Timestamp(6), &[], "9999-12-31 00:00:00.000"),
            ("9999-12-31", Timestamp(9), &[], "9999-12-31 00:00:00.000"),
            (
                "25:00:00",
                Time(9),
                &[],
                "Time '25:00:00' is not recognized",
            ),
        ] {
            assert_eq!(
                through(DialectName::Snowflake, text, &to, params),
                want,
                "{text} {to:?}"
            );
        }
    }

    #[test]
    fn redshift_texts() {
        use SqlType::{
            Date, Interval, IntervalDs, IntervalYm, Time, TimeTz, Timestamp, TimestampLtz,
        };
        for (text, to, want) in [
            ("Jun 1,2008", Date, "2008-06-01"),
            (
                "20080215 09:59:59.1234567",
                Timestamp(6),
                "2008-02-15 09:59:59.123457",
            ),
            (
                "2008-02-15 09:59:59 EST",
                TimestampLtz(6),
                "2008-02-15 14:59:59+00",
            ),
            (
                "2008-02-15 09:59:59 EST",
                Timestamp(6),
                "2008-02-15 09:59:59",
            ),
            ("10:11:12.5-08:30", TimeTz, "10:11:12.5-08:30"),
            ("10:11:12", TimeTz, "10:11:12+00"),
            ("10:11 PM", Time(6), "22:11:00"),
            ("x", Date, "invalid input syntax for type date: \"x\""),
            ("1 year 2 months", IntervalYm, "1 year 2 mons"),
            ("1 day 2:03:04.5", IntervalDs, "1 day 02:03:04.5"),
            ("1 year 3 days", Interval, "1 year 3 days"),
        ] {
            assert_eq!(
                through(DialectName::Redshift, text, &to, &[]),
                want,
                "{text} {to:?}"
            );
        }
    }
}
