//! Names that stand for no table or column of the project: date parts, functions without brackets, stages, system tables.
//! Where they are met is `names`' part.

use dwsim_redshift::SYSTEM_PREFIXES;
use sqlparser::ast::ObjectName;

/// Words that the parsers give as identifiers and that are none: date parts, and functions without brackets.
const WORDS: &[&str] = &[
    "year",
    "years",
    "y",
    "yy",
    "yyy",
    "yyyy",
    "yr",
    "yrs",
    "quarter",
    "quarters",
    "qtr",
    "qtrs",
    "q",
    "month",
    "months",
    "mon",
    "mons",
    "mm",
    "week",
    "weeks",
    "w",
    "wk",
    "wy",
    "woy",
    "weekofyear",
    "weekiso",
    "week_iso",
    "weekofyeariso",
    "day",
    "days",
    "d",
    "dd",
    "dayofmonth",
    "dayofweek",
    "dayofweekiso",
    "dayofweek_iso",
    "dayofyear",
    "weekday",
    "weekday_iso",
    "dow",
    "dowiso",
    "dw",
    "dw_iso",
    "doy",
    "dy",
    "hour",
    "hours",
    "h",
    "hh",
    "hr",
    "hrs",
    "minute",
    "minutes",
    "m",
    "mi",
    "min",
    "mins",
    "second",
    "seconds",
    "s",
    "sec",
    "secs",
    "millisecond",
    "milliseconds",
    "ms",
    "msec",
    "msecs",
    "microsecond",
    "microseconds",
    "us",
    "usec",
    "nanosecond",
    "nanoseconds",
    "ns",
    "nsec",
    "epoch",
    "epoch_second",
    "epoch_millisecond",
    "epoch_microsecond",
    "epoch_nanosecond",
    "decade",
    "decades",
    "century",
    "centuries",
    "millennium",
    "millennia",
    "timezone",
    "timezone_hour",
    "timezone_minute",
    "tzh",
    "tzm",
    "isoyear",
    "yearofweek",
    "yearofweekiso",
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "sysdate",
    "current_user",
    "current_role",
    "current_schema",
    "session_user",
    "user",
    "current_catalog",
    "default",
    "level",
    "rownum",
    "oid",
    "true",
    "false",
    "null",
];

/// Is it such a word, in lower case?
pub fn is_word(name: &str) -> bool {
    WORDS.contains(&name)
}

/// `@stage`, `'s3://…'` as Snowflake's parser gives them.
pub fn is_stage(name: &ObjectName) -> bool {
    name.0
        .first()
        .and_then(|part| part.as_ident())
        .is_none_or(|ident| ident.value.starts_with('@') || ident.quote_style == Some('\''))
}

/// Redshift's system tables, which stand in no schema that one has to name.
pub fn is_system(name: &str) -> bool {
    SYSTEM_PREFIXES
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || name == "dual"
        || name == "padb_config_harvest"
}
