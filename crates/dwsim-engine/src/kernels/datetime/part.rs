//! Date and time parts with all their abbreviations in both dialects, and the session's week rules.
//! What is done with a part is `extract`, `truncate`, `add` and `difference`.

use datafusion::scalar::ScalarValue;

use crate::dialect::DialectName;
use crate::env::Env;
use crate::error::{Result, SqlError};
use crate::functions::{Call, ReturnArgs};

/// A part of a date or time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Part {
    Millennium,
    Century,
    Decade,
    Year,
    Quarter,
    Month,
    Week,
    WeekIso,
    Day,
    DayOfWeek,
    DayOfWeekIso,
    DayOfYear,
    YearOfWeek,
    YearOfWeekIso,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
    Epoch,
    EpochMillisecond,
    EpochMicrosecond,
    EpochNanosecond,
    Timezone,
    TimezoneHour,
    TimezoneMinute,
}

impl Part {
    /// The part that a word names in a dialect, in any case.
    pub fn parse(word: &str, dialect: DialectName) -> Option<Self> {
        let lower = word.trim().to_ascii_lowercase();
        match dialect {
            DialectName::Snowflake => snowflake(&lower),
            DialectName::Redshift => redshift(&lower),
        }
    }

    /// The part in argument `i` of a call, which must be a constant.
    ///
    /// # Errors
    /// When it is none of the dialect's parts.
    pub fn argument(call: &Call<'_>, i: usize) -> Result<Self> {
        let word = call
            .constant_text(i)
            .ok_or_else(|| call.error("the date or time part must be a constant"))?
            .unwrap_or("");
        Part::of(call.name, word, call.env.dialect)
    }

    /// The part that argument 0 names, while a result type is computed.
    ///
    /// # Errors
    /// When it is no constant, or none of the dialect's parts.
    pub fn literal(function: &str, args: &ReturnArgs<'_>) -> Result<Self> {
        match args.literals.first() {
            Some(Some(ScalarValue::Utf8(Some(word)))) => Part::of(function, word, args.dialect),
            _ => Err(SqlError::argument(
                function,
                "the date or time part must be a constant",
            )),
        }
    }

    /// The part that a word names, for a function.
    ///
    /// # Errors
    /// When it is none of the dialect's parts.
    pub fn of(function: &str, word: &str, dialect: DialectName) -> Result<Self> {
        Part::parse(word, dialect).ok_or_else(|| match dialect {
            DialectName::Snowflake => SqlError::raw(
                "001014",
                "22023",
                format!(
                    "SQL compilation error:\n'{}' is not a valid date/time component for function {}.",
                    word.to_uppercase(),
                    function.to_uppercase()
                ),
            ),
            DialectName::Redshift => SqlError::raw(
                "",
                "22023",
                format!("timestamp units \"{word}\" not recognized"),
            ),
        })
    }

    /// Whether the part is smaller than a day.
    pub fn is_time(self) -> bool {
        matches!(
            self,
            Part::Hour
                | Part::Minute
                | Part::Second
                | Part::Millisecond
                | Part::Microsecond
                | Part::Nanosecond
        )
    }

    /// Nanoseconds of a part with a fixed length below a day.
    pub fn nanos(self) -> Option<i64> {
        Some(match self {
            Part::Hour => 3_600_000_000_000,
            Part::Minute => 60_000_000_000,
            Part::Second => 1_000_000_000,
            Part::Millisecond => 1_000_000,
            Part::Microsecond => 1_000,
            Part::Nanosecond => 1,
            _ => return None,
        })
    }

    /// Months of a part that counts in months.
    pub fn months(self) -> Option<i64> {
        Some(match self {
            Part::Millennium => 12_000,
            Part::Century => 1_200,
            Part::Decade => 120,
            Part::Year => 12,
            Part::Quarter => 3,
            Part::Month => 1,
            _ => return None,
        })
    }

    /// Days of a part that counts in days.
    pub fn days(self) -> Option<i64> {
        Some(match self {
            Part::Week | Part::WeekIso => 7,
            Part::Day | Part::DayOfWeek | Part::DayOfWeekIso | Part::DayOfYear => 1,
            _ => return None,
        })
    }
}

// Source: "Supported date and time parts" of the Snowflake SQL reference.
fn snowflake(word: &str) -> Option<Part> {
    Some(match word {
        "year" | "y" | "yy" | "yyy" | "yyyy" | "yr" | "years" | "yrs" => Part::Year,
        "month" | "mm" | "mon" | "mons" | "months" => Part::Month,
        "day" | "d" | "dd" | "days" | "dayofmonth" => Part::Day,
        "dayofweek" | "weekday" | "dow" | "dw" => Part::DayOfWeek,
        "dayofweekiso" | "dayofweek_iso" | "weekday_iso" | "dow_iso" | "dw_iso" => {
            Part::DayOfWeekIso
        }
        "dayofyear" | "yearday" | "doy" | "dy" => Part::DayOfYear,
        "week" | "w" | "wk" | "weekofyear" | "woy" | "wy" => Part::Week,
        "weekiso" | "week_iso" | "weekofyeariso" | "weekofyear_iso" => Part::WeekIso,
        "quarter" | "q" | "qtr" | "qtrs" | "quarters" => Part::Quarter,
        "yearofweek" => Part::YearOfWeek,
        "yearofweekiso" => Part::YearOfWeekIso,
        "decade" | "dec" | "decs" | "decades" => Part::Decade,
        "century" | "c" | "cent" | "cents" | "centuries" => Part::Century,
        "millennium" | "mil" | "mils" | "millennia" => Part::Millennium,
        "hour" | "h" | "hh" | "hr" | "hours" | "hrs" => Part::Hour,
        "minute" | "m" | "mi" | "min" | "minutes" | "mins" => Part::Minute,
        "second" | "s" | "sec" | "seconds" | "secs" => Part::Second,
        "millisecond" | "ms" | "msec" | "milliseconds" => Part::Millisecond,
        "microsecond" | "us" | "usec" | "microseconds" => Part::Microsecond,
        "nanosecond" | "ns" | "nsec" | "nanosec" | "nsecond" | "nanoseconds" | "nanosecs"
        | "nseconds" => Part::Nanosecond,
        "epoch_second" | "epoch" | "epoch_seconds" => Part::Epoch,
        "epoch_millisecond" | "epoch_milliseconds" => Part::EpochMillisecond,
        "epoch_microsecond" | "epoch_microseconds" => Part::EpochMicrosecond,
        "epoch_nanosecond" | "epoch_nanoseconds" => Part::EpochNanosecond,
        "timezone_hour" | "tzh" => Part::TimezoneHour,
        "timezone_minute" | "tzm" => Part::TimezoneMinute,
        _ => return None,
    })
}

// Source: "Date parts for date or timestamp functions" of the Redshift guide.
fn redshift(word: &str) -> Option<Part> {
    Some(match word {
        "millennium" | "millennia" | "millenniums" | "mil" | "mils" => Part::Millennium,
        "century" | "centuries" | "c" | "cent" | "cents" => Part::Century,
        "decade" | "decades" | "dec" | "decs" => Part::Decade,
        "epoch" => Part::Epoch,
        "year" | "years" | "y" | "yr" | "yrs" => Part::Year,
        "quarter" | "quarters" | "qtr" | "qtrs" => Part::Quarter,
        "month" | "months" | "mon" | "mons" => Part::Month,
        "week" | "weeks" | "w" => Part::Week,
        "dayofweek" | "dow" | "dw" | "weekday" => Part::DayOfWeek,
        "isodow" => Part::DayOfWeekIso,
        "isoyear" => Part::YearOfWeekIso,
        "dayofyear" | "doy" | "dy" | "yearday" => Part::DayOfYear,
        "day" | "days" | "d" => Part::Day,
        "hour" | "hours" | "h" | "hr" | "hrs" => Part::Hour,
        "minute" | "minutes" | "m" | "min" | "mins" => Part::Minute,
        "second" | "seconds" | "s" | "sec" | "secs" => Part::Second,
        "millisecond" | "milliseconds" | "ms" | "msec" | "msecs" | "msecond" | "mseconds"
        | "millisec" | "millisecs" | "millisecon" => Part::Millisecond,
        "microsecond" | "microseconds" | "microsec" | "microsecs" | "usecond" | "useconds"
        | "us" | "usec" | "usecs" => Part::Microsecond,
        "timezone" => Part::Timezone,
        "timezone_hour" => Part::TimezoneHour,
        "timezone_minute" => Part::TimezoneMinute,
        _ => return None,
    })
}

/// How a session counts weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekRules {
    /// ISO weekday on which a week starts.
    pub start: u32,
    /// WEEK_START as set: 0 keeps the old numbering of weekdays, from Sunday as 0.
    pub legacy_days: bool,
    /// The week that holds January 1 is the first (WEEK_OF_YEAR_POLICY = 1); otherwise the first with four days.
    pub first_day_counts: bool,
}

impl WeekRules {
    /// From WEEK_START and WEEK_OF_YEAR_POLICY; Redshift's weeks are ISO's.
    pub fn of(env: &Env) -> Self {
        let number = |name: &str| -> u32 {
            match env.dialect {
                DialectName::Snowflake => env
                    .parameter(name)
                    .and_then(|v| v.trim().parse().ok())
                    .unwrap_or(0),
                DialectName::Redshift => 0,
            }
        };
        let start = number("WEEK_START");
        WeekRules {
            start: if (1..=7).contains(&start) { start } else { 1 },
            legacy_days: start == 0,
            first_day_counts: number("WEEK_OF_YEAR_POLICY") == 1,
        }
    }
}
