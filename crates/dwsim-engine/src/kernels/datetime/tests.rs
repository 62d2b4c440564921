//! Calls of the date and time kernels with typed texts, one row per rule of the documentation.
//! Reading and writing of texts is tested beside the readers and writers.

use super::testing::{call, env};
use super::{add, arithmetic, convert, difference, extract, text, truncate};
use crate::dialect::DialectName::{self, Redshift, Snowflake};
use crate::functions::Kernel;
use crate::types::SqlType::{
    self, BigInt, Boolean, Date, Double, Integer, Interval, IntervalDs, Time, TimeTz, Timestamp,
    TimestampLtz, TimestampTz,
};

const TEXT: SqlType = SqlType::Varchar(None);

/// Dialect, parameters, kernel, arguments, result type, expected text.
type Row<'a> = (
    DialectName,
    &'a [(&'a str, &'a str)],
    Kernel,
    &'a [(&'a str, SqlType)],
    SqlType,
    &'a str,
);

fn check(rows: &[Row<'_>]) {
    for (dialect, params, kernel, args, returns, want) in rows {
        let mut e = env(*dialect);
        for (k, v) in *params {
            e.parameters.insert((*k).to_owned(), (*v).to_owned());
        }
        let got = call(&e, "F", *kernel, args, returns);
        assert_eq!(&got, want, "{dialect:?} {args:?} -> {returns:?}");
    }
}

#[test]
fn parts() {
    let n = SqlType::number(9, 0);
    let ts = || Timestamp(9);
    check(&[
        (
            Snowflake,
            &[],
            extract::extract,
            &[("year", TEXT), ("2013-05-08 23:39:20.123", ts())],
            n.clone(),
            "2013",
        ),
        (
            Snowflake,
            &[],
            extract::extract,
            &[("qtr", TEXT), ("2013-05-08", Date)],
            n.clone(),
            "2",
        ),
        (
            Snowflake,
            &[],
            extract::extract,
            &[("ns", TEXT), ("2013-05-08 23:39:20.123", ts())],
            n.clone(),
            "123000000",
        ),
        (
            Snowflake,
            &[],
            extract::extract,
            &[("dow", TEXT), ("2024-01-07", Date)],
            n.clone(),
            "0",
        ),
        (
            Snowflake,
            &[("WEEK_START", "7")],
            extract::extract,
            &[("dow", TEXT), ("2024-01-07", Date)],
            n.clone(),
            "1",
        ),
        (
            Snowflake,
            &[],
            extract::extract,
            &[("dowiso", TEXT), ("2024-01-07", Date)],
            n.clone(),
            "SQL compilation error:\n'DOWISO' is not a valid date/time component for function F.",
        ),
        (
            Snowflake,
            &[],
            extract::extract,
            &[("dow_iso", TEXT), ("2024-01-07", Date)],
            n.clone(),
            "7",
        ),
        (
            Snowflake,
            &[],
            extract::week_of_year,
            &[("2016-01-03", Date)],
            n.clone(),
            "53",
        ),
        (
            Snowflake,
            &[("WEEK_OF_YEAR_POLICY", "1")],
            extract::week_of_year,
            &[("2016-01-03", Date)],
            n.clone(),
            "1",
        ),
        (
            Snowflake,
            &[("WEEK_OF_YEAR_POLICY", "1"), ("WEEK_START", "7")],
            extract::week_of_year,
            &[("2016-01-03", Date)],
            n.clone(),
            "2",
        ),
        (
            Snowflake,
            &[],
            extract::year_of_week,
            &[("2016-01-03", Date)],
            n.clone(),
            "2015",
        ),
        (
            Snowflake,
            &[],
            extract::extract,
            &[
                ("epoch", TEXT),
                ("2024-01-01 00:00:00 +0100", TimestampTz(9)),
            ],
            SqlType::number(38, 0),
            "1704063600",
        ),
        (
            Snowflake,
            &[],
            extract::extract,
            &[("tzh", TEXT), ("2024-01-01 00:00:00 -0330", TimestampTz(9))],
            n.clone(),
            "-3",
        ),
        (
            Snowflake,
            &[],
            extract::hour,
            &[("2024-01-01 01:00:00 +0000", TimestampLtz(9))],
            n.clone(),
            "17",
        ),
        (
            Snowflake,
            &[],
            extract::day_name,
            &[("2024-01-07", Date)],
            TEXT,
            "Sun",
        ),
        (
            Snowflake,
            &[],
            extract::month_name,
            &[("2024-01-07", Date)],
            TEXT,
            "Jan",
        ),
        (
            Snowflake,
            &[],
            extract::year,
            &[("NULL", Date)],
            n.clone(),
            "NULL",
        ),
        (
            Redshift,
            &[],
            extract::extract,
            &[("ms", TEXT), ("2009-09-09 12:08:43.101", Timestamp(6))],
            Integer,
            "101",
        ),
        (
            Redshift,
            &[],
            extract::extract,
            &[("decade", TEXT), ("1999-02-16", Date)],
            Integer,
            "200",
        ),
        (
            Redshift,
            &[],
            extract::extract,
            &[("cent", TEXT), ("2000-12-16", Date)],
            Integer,
            "20",
        ),
        (
            Redshift,
            &[],
            extract::extract,
            &[("mil", TEXT), ("2001-12-16", Date)],
            Integer,
            "3",
        ),
        (
            Redshift,
            &[],
            extract::extract,
            &[("timezone_hour", TEXT), ("07:37:16 PDT", TimeTz)],
            Integer,
            "-7",
        ),
        (
            Redshift,
            &[],
            extract::extract,
            &[("hour", TEXT), ("26 hours", IntervalDs)],
            Integer,
            "2",
        ),
        (
            Redshift,
            &[],
            extract::date_part_double,
            &[("sec", TEXT), ("2009-09-21 11:10:03.189717", Timestamp(6))],
            Double,
            "3.189717",
        ),
        (
            Redshift,
            &[],
            extract::date_part_double,
            &[("dow", TEXT), ("2024-01-07", Date)],
            Double,
            "0",
        ),
    ]);
}

#[test]
fn truncation() {
    let ts = || Timestamp(9);
    check(&[
        (
            Snowflake,
            &[],
            truncate::date_trunc,
            &[("month", TEXT), ("2024-05-18", Date)],
            Date,
            "2024-05-01",
        ),
        (
            Snowflake,
            &[],
            truncate::date_trunc,
            &[("week", TEXT), ("2024-05-19", Date)],
            Date,
            "2024-05-13",
        ),
        (
            Snowflake,
            &[("WEEK_START", "7")],
            truncate::date_trunc,
            &[("week", TEXT), ("2024-05-18", Date)],
            Date,
            "2024-05-12",
        ),
        (
            Snowflake,
            &[],
            truncate::date_trunc,
            &[("hour", TEXT), ("2024-05-18 13:45:59.9", ts())],
            ts(),
            "2024-05-18 13:00:00.000",
        ),
        (
            Snowflake,
            &[],
            truncate::date_trunc,
            &[("day", TEXT), ("2024-05-18 13:45:00 +0900", TimestampTz(9))],
            TimestampTz(9),
            "2024-05-18 00:00:00.000 +0900",
        ),
        (
            Snowflake,
            &[],
            truncate::date_trunc,
            &[
                ("day", TEXT),
                ("2024-05-18 03:45:00 +0000", TimestampLtz(9)),
            ],
            TimestampLtz(9),
            "2024-05-17 00:00:00.000 -0700",
        ),
        (
            Snowflake,
            &[],
            truncate::date_trunc,
            &[("minute", TEXT), ("13:45:59", Time(9))],
            Time(9),
            "13:45:00",
        ),
        (
            Snowflake,
            &[],
            truncate::last_day,
            &[("2024-02-10", Date)],
            Date,
            "2024-02-29",
        ),
        (
            Snowflake,
            &[],
            truncate::last_day,
            &[("2024-02-10", Date), ("week", TEXT)],
            Date,
            "2024-02-11",
        ),
        (
            Snowflake,
            &[],
            truncate::last_day,
            &[("2024-02-10", Date), ("quarter", TEXT)],
            Date,
            "2024-03-31",
        ),
        (
            Snowflake,
            &[],
            truncate::time_slice,
            &[
                ("2019-02-28 01:23:45", ts()),
                ("15", BigInt),
                ("minute", TEXT),
            ],
            ts(),
            "2019-02-28 01:15:00.000",
        ),
        (
            Snowflake,
            &[],
            truncate::time_slice,
            &[
                ("2019-02-28", Date),
                ("4", BigInt),
                ("month", TEXT),
                ("END", TEXT),
            ],
            Date,
            "2019-05-01",
        ),
        (
            Redshift,
            &[],
            truncate::date_trunc,
            &[("century", TEXT), ("2020-04-30 04:05:06", Timestamp(6))],
            Timestamp(6),
            "2001-01-01 00:00:00",
        ),
        (
            Redshift,
            &[],
            truncate::date_trunc,
            &[("week", TEXT), ("2022-04-30 04:05:06", Timestamp(6))],
            Timestamp(6),
            "2022-04-25 00:00:00",
        ),
    ]);
}

#[test]
fn addition() {
    let ts = || Timestamp(9);
    let by = |n: &'static str| (n, BigInt);
    check(&[
        (
            Snowflake,
            &[],
            add::date_add,
            &[("month", TEXT), by("1"), ("2023-01-31", Date)],
            Date,
            "2023-02-28",
        ),
        (
            Snowflake,
            &[],
            add::date_add,
            &[("year", TEXT), by("-1"), ("2024-02-29", Date)],
            Date,
            "2023-02-28",
        ),
        (
            Snowflake,
            &[],
            add::date_add,
            &[("hour", TEXT), by("25"), ("2023-01-31", Date)],
            ts(),
            "2023-02-01 01:00:00.000",
        ),
        (
            Snowflake,
            &[],
            add::date_add,
            &[("minute", TEXT), by("-61"), ("00:30:00", Time(9))],
            Time(9),
            "23:29:00",
        ),
        (
            Snowflake,
            &[],
            add::date_add,
            &[
                ("hour", TEXT),
                by("1"),
                ("2024-03-10 01:30:00", TimestampLtz(9)),
            ],
            TimestampLtz(9),
            "2024-03-10 03:30:00.000 -0700",
        ),
        (
            Snowflake,
            &[],
            add::date_add,
            &[
                ("day", TEXT),
                by("1"),
                ("2024-03-09 02:30:00", TimestampLtz(9)),
            ],
            TimestampLtz(9),
            "2024-03-10 03:30:00.000 -0700",
        ),
        (
            Snowflake,
            &[],
            add::add_months_kernel,
            &[("2023-02-28", Date), by("1")],
            Date,
            "2023-03-31",
        ),
        (
            Snowflake,
            &[],
            add::next_day,
            &[("2024-05-17", Date), ("fr", TEXT)],
            Date,
            "2024-05-24",
        ),
        (
            Snowflake,
            &[],
            add::previous_day,
            &[("2024-05-17", Date), ("Friday", TEXT)],
            Date,
            "2024-05-10",
        ),
        (
            Snowflake,
            &[],
            add::months_between,
            &[("2024-03-31", Date), ("2024-02-29", Date)],
            Double,
            "1",
        ),
        (
            Snowflake,
            &[],
            add::date_from_parts,
            &[by("2010"), by("1"), by("100")],
            Date,
            "2010-04-10",
        ),
        (
            Snowflake,
            &[],
            add::date_from_parts,
            &[by("2004"), by("0"), by("-1")],
            Date,
            "2003-11-29",
        ),
        (
            Snowflake,
            &[],
            add::time_from_parts,
            &[by("0"), by("100"), by("0")],
            Time(9),
            "01:40:00",
        ),
        (
            Snowflake,
            &[],
            add::timestamp_from_parts,
            &[
                by("2024"),
                by("7"),
                by("1"),
                by("12"),
                by("0"),
                by("0"),
                by("5"),
                ("America/New_York", TEXT),
            ],
            TimestampTz(9),
            "2024-07-01 12:00:00.000 -0400",
        ),
        (
            Redshift,
            &[],
            add::date_add,
            &[("year", TEXT), by("1"), ("2016-02-29", Date)],
            Timestamp(6),
            "2017-03-01 00:00:00",
        ),
        (
            Redshift,
            &[],
            add::date_add,
            &[("month", TEXT), by("12"), ("2016-02-29", Date)],
            Timestamp(6),
            "2017-02-28 00:00:00",
        ),
        (
            Redshift,
            &[],
            add::date_add,
            &[("month", TEXT), by("1"), ("2008-04-30", Date)],
            Timestamp(6),
            "2008-05-30 00:00:00",
        ),
        (
            Redshift,
            &[],
            add::date_add,
            &[("hour", TEXT), by("2"), ("13:24:55 PST", TimeTz)],
            TimeTz,
            "23:24:55+00",
        ),
        (
            Redshift,
            &[],
            add::add_months_kernel,
            &[("2008-04-30", Date), by("1")],
            Timestamp(6),
            "2008-05-31 00:00:00",
        ),
        (
            Redshift,
            &[],
            add::next_day,
            &[("2014-08-20", Date), ("Tue", TEXT)],
            Date,
            "2014-08-26",
        ),
    ]);
}

#[test]
fn differences() {
    let ts = || Timestamp(9);
    check(&[
        (
            Snowflake,
            &[],
            difference::date_diff,
            &[("year", TEXT), ("2012-12-31", Date), ("2013-01-01", Date)],
            BigInt,
            "1",
        ),
        (
            Snowflake,
            &[],
            difference::date_diff,
            &[
                ("hour", TEXT),
                ("2013-05-08 23:39:20", ts()),
                ("2013-05-09 00:01:00", ts()),
            ],
            BigInt,
            "1",
        ),
        (
            Snowflake,
            &[],
            difference::date_diff,
            &[("week", TEXT), ("2024-05-19", Date), ("2024-05-20", Date)],
            BigInt,
            "1",
        ),
        (
            Snowflake,
            &[("WEEK_START", "7")],
            difference::date_diff,
            &[("week", TEXT), ("2024-05-19", Date), ("2024-05-20", Date)],
            BigInt,
            "0",
        ),
        (
            Snowflake,
            &[],
            difference::date_diff,
            &[
                ("second", TEXT),
                ("2024-05-19 00:00:00 +0100", TimestampTz(9)),
                ("2024-05-19 00:00:00 +0000", TimestampTz(9)),
            ],
            BigInt,
            "3600",
        ),
        (
            Snowflake,
            &[],
            difference::date_diff,
            &[("day", TEXT), ("2024-05-20", Date), ("2024-05-18", Date)],
            BigInt,
            "-2",
        ),
        (
            Redshift,
            &[],
            difference::date_diff,
            &[("qtr", TEXT), ("1998-07-01", Date), ("2008-06-05", Date)],
            BigInt,
            "39",
        ),
        (
            Redshift,
            &[],
            difference::date_diff,
            &[
                ("hours", TEXT),
                ("20:00:00 PST", TimeTz),
                ("00:58:00 EST", TimeTz),
            ],
            BigInt,
            "1",
        ),
        (
            Redshift,
            &[],
            difference::compare,
            &[("2008-01-04", Date), ("2008-01-04 09:00:00", Timestamp(6))],
            Integer,
            "-1",
        ),
        (
            Redshift,
            &[],
            difference::compare_intervals,
            &[("1 month", Interval), ("30 days", Interval)],
            Integer,
            "0",
        ),
    ]);
}

#[test]
fn zones() {
    let ts = || Timestamp(9);
    check(&[
        (
            Snowflake,
            &[],
            convert::convert_wall,
            &[
                ("America/Los_Angeles", TEXT),
                ("America/New_York", TEXT),
                ("2024-01-01 14:00:00", ts()),
            ],
            ts(),
            "2024-01-01 17:00:00.000",
        ),
        (
            Snowflake,
            &[],
            convert::convert_instant,
            &[
                ("Europe/Warsaw", TEXT),
                ("2024-01-01 12:00:00 +0900", TimestampTz(9)),
            ],
            TimestampTz(9),
            "2024-01-01 04:00:00.000 +0100",
        ),
        (
            Snowflake,
            &[],
            convert::convert_instant,
            &[("Mars/Base", TEXT), ("2024-01-01", ts())],
            TimestampTz(9),
            "Unknown timezone: 'Mars/Base'",
        ),
        (
            Redshift,
            &[],
            convert::convert_instant,
            &[("PST", TEXT), ("2008-08-21 07:23:54", Timestamp(6))],
            Timestamp(6),
            "2008-08-20 23:23:54",
        ),
        (
            Redshift,
            &[],
            convert::convert_wall,
            &[
                ("EST", TEXT),
                ("PST", TEXT),
                ("2008-08-21 07:23:54", Timestamp(6)),
            ],
            Timestamp(6),
            "2008-08-21 04:23:54",
        ),
        (
            Redshift,
            &[],
            convert::at_time_zone,
            &[("MST", TEXT), ("2001-02-16 20:38:40", Timestamp(6))],
            TimestampLtz(6),
            "2001-02-17 03:38:40+00",
        ),
        (
            Redshift,
            &[],
            convert::at_time_zone,
            &[("MST", TEXT), ("2001-02-16 20:38:40-05", TimestampLtz(6))],
            Timestamp(6),
            "2001-02-16 18:38:40",
        ),
    ]);
}

#[test]
fn operators() {
    check(&[
        (
            Snowflake,
            &[],
            arithmetic::date_plus_days,
            &[("2024-02-28", Date), ("2", BigInt)],
            Date,
            "2024-03-01",
        ),
        (
            Snowflake,
            &[],
            arithmetic::days_between,
            &[("2024-03-01", Date), ("2024-02-28", Date)],
            BigInt,
            "2",
        ),
        (
            Snowflake,
            &[],
            arithmetic::plus_interval,
            &[("2024-01-31", Date), ("1 month", Interval)],
            Date,
            "2024-02-29",
        ),
        (
            Snowflake,
            &[],
            arithmetic::plus_interval,
            &[("2024-01-31", Date), ("1 day, 2 hours", Interval)],
            Timestamp(9),
            "2024-02-01 02:00:00.000",
        ),
        (
            Snowflake,
            &[],
            arithmetic::minus_interval,
            &[("01:00:00", Time(9)), ("2 hours", Interval)],
            Time(9),
            "23:00:00",
        ),
        (
            Redshift,
            &[],
            arithmetic::subtract_timestamps,
            &[("2024-01-02 03:00:00", Timestamp(6)), ("2024-01-01", Date)],
            Interval,
            "1 day 03:00:00",
        ),
        (
            Redshift,
            &[],
            arithmetic::multiply_interval,
            &[("1 day", Interval), ("2.5", Double)],
            Interval,
            "2 days 12:00:00",
        ),
        (
            Redshift,
            &[],
            arithmetic::divide_interval,
            &[("1 hour", Interval), ("0", Double)],
            Interval,
            "division by zero",
        ),
        (
            Redshift,
            &[],
            arithmetic::subtract_intervals,
            &[("1 day", IntervalDs), ("1 hour", IntervalDs)],
            IntervalDs,
            "23:00:00",
        ),
    ]);
}

#[test]
fn texts() {
    check(&[
        (
            Snowflake,
            &[],
            text::snowflake_to_char,
            &[
                ("2024-05-06 07:08:09", Timestamp(9)),
                ("DY DD MON HH12:MI AM", TEXT),
            ],
            TEXT,
            "Mon 06 May 07:08 AM",
        ),
        (
            Snowflake,
            &[],
            text::snowflake_parse,
            &[("06.05.2024", TEXT), ("DD.MM.YYYY", TEXT)],
            Date,
            "2024-05-06",
        ),
        (
            Snowflake,
            &[],
            text::snowflake_parse,
            &[("x", TEXT), ("DD.MM.YYYY", TEXT)],
            Date,
            "Can't parse 'x' as date with format 'DD.MM.YYYY'",
        ),
        (
            Snowflake,
            &[],
            text::number_to_timestamp,
            &[("1700000000123", BigInt), ("3", BigInt)],
            Timestamp(9),
            "2023-11-14 22:13:20.123",
        ),
        (
            Redshift,
            &[],
            text::redshift_to_char,
            &[
                ("2009-12-31 23:15:59", Timestamp(6)),
                ("Mon-DD-YYYY HH12:MIPM TZ", TEXT),
            ],
            TEXT,
            "Dec-31-2009 11:15PM UTC",
        ),
        (
            Redshift,
            &[],
            text::redshift_parse,
            &[
                ("2011-12-18 24:38:15", TEXT),
                ("YYYY-MM-DD HH24:MI:SS", TEXT),
            ],
            TimestampLtz(6),
            "2011-12-19 00:38:15+00",
        ),
        (
            Redshift,
            &[],
            text::redshift_parse,
            &[
                ("2011-12-18 24:38:15", TEXT),
                ("YYYY-MM-DD HH24:MI:SS", TEXT),
                ("true", Boolean),
            ],
            TimestampLtz(6),
            "date/time field value out of range: 2011-12-18 24:38:15",
        ),
    ]);
}
