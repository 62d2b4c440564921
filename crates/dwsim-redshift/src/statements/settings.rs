//! Session settings: names, defaults, accepted values.
//! What depends on a setting reads it from the session's parameters.
//!
//! Source: the guide's "Configuration reference", and what PostgreSQL's clients ask for.

use std::collections::BTreeMap;

use dwsim_engine::dialect::DialectName;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::kernels::datetime::{interval, zone};

/// What a setting accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Accepts {
    /// Any text.
    Any,
    /// on, off and their synonyms.
    Switch,
    /// A whole number in a range.
    Whole(i64, i64),
    /// A number from 0 to 100.
    Percent,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A time zone.
    Zone,
    /// Output style and field order of dates.
    DateStyle,
    /// Nothing: it is fixed.
    Fixed,
}

const SETTINGS: &[(&str, &str, Accepts)] = &[
    ("analyze_threshold_percent", "10", Accepts::Percent),
    ("application_name", "", Accepts::Any),
    ("cast_super_null_on_error", "on", Accepts::Switch),
    (
        "client_encoding",
        "UTF8",
        Accepts::OneOf(&["utf8", "utf-8", "unicode"]),
    ),
    ("client_min_messages", "notice", Accepts::Any),
    ("datashare_break_glass_session_var", "", Accepts::Any),
    ("datestyle", "ISO, MDY", Accepts::DateStyle),
    ("default_geometry_encoding", "1", Accepts::Whole(1, 4)),
    (
        "default_transaction_isolation",
        "serializable",
        Accepts::Any,
    ),
    ("default_transaction_read_only", "off", Accepts::Switch),
    ("describe_field_name_in_uppercase", "off", Accepts::Switch),
    ("downcase_delimited_identifier", "on", Accepts::Switch),
    ("enable_case_sensitive_identifier", "off", Accepts::Switch),
    (
        "enable_case_sensitive_super_attribute",
        "off",
        Accepts::Switch,
    ),
    ("enable_numeric_rounding", "off", Accepts::Switch),
    ("enable_result_cache_for_session", "on", Accepts::Switch),
    ("enable_vacuum_boost", "off", Accepts::Switch),
    ("error_on_nondeterministic_update", "off", Accepts::Switch),
    ("extra_float_digits", "0", Accepts::Whole(-15, 3)),
    ("integer_datetimes", "on", Accepts::Fixed),
    ("interval_forbid_composite_literals", "off", Accepts::Switch),
    (
        "intervalstyle",
        "postgres",
        Accepts::OneOf(&["postgres", "postgres_verbose"]),
    ),
    ("is_superuser", "on", Accepts::Fixed),
    ("json_parse_dedup_attributes", "off", Accepts::Switch),
    ("json_parse_truncate_strings", "off", Accepts::Switch),
    ("json_serialization_enable", "off", Accepts::Switch),
    (
        "json_serialization_parse_nested_strings",
        "off",
        Accepts::Switch,
    ),
    (
        "max_concurrency_scaling_clusters",
        "1",
        Accepts::Whole(0, 10),
    ),
    ("max_cursor_result_set_size", "default", Accepts::Any),
    ("mv_enable_aqmv_for_session", "on", Accepts::Switch),
    ("navigate_super_null_on_error", "on", Accepts::Switch),
    ("parse_super_null_on_error", "off", Accepts::Switch),
    ("pg_federation_repeatable_read", "on", Accepts::Switch),
    ("query_group", "unset", Accepts::Any),
    ("search_path", "$user, public", Accepts::Any),
    ("server_encoding", "UTF8", Accepts::Fixed),
    ("server_version", "8.0.2", Accepts::Fixed),
    ("session_authorization", "", Accepts::Any),
    ("spectrum_enable_pseudo_columns", "on", Accepts::Switch),
    ("enable_spectrum_oid", "on", Accepts::Switch),
    (
        "spectrum_query_maxerror",
        "-1",
        Accepts::Whole(-1, i64::MAX),
    ),
    ("standard_conforming_strings", "off", Accepts::Any),
    ("statement_timeout", "0", Accepts::Whole(0, 2_147_483_647)),
    ("stored_proc_log_min_messages", "INFO", Accepts::Any),
    ("timezone", "UTC", Accepts::Zone),
    ("transaction_isolation", "serializable", Accepts::Any),
    ("transaction_read_only", "off", Accepts::Switch),
    ("use_fips_ssl", "off", Accepts::Switch),
    ("wlm_query_slot_count", "1", Accepts::Whole(1, 50)),
];

/// Settings whose changes clients are told of.
pub const REPORTED: &[(&str, &str)] = &[
    ("client_encoding", "client_encoding"),
    ("datestyle", "DateStyle"),
    ("integer_datetimes", "integer_datetimes"),
    ("is_superuser", "is_superuser"),
    ("server_encoding", "server_encoding"),
    ("server_version", "server_version"),
    ("session_authorization", "session_authorization"),
    ("standard_conforming_strings", "standard_conforming_strings"),
    ("timezone", "TimeZone"),
    ("application_name", "application_name"),
];

/// All settings with their defaults.
pub fn defaults() -> BTreeMap<String, String> {
    SETTINGS
        .iter()
        .map(|(name, value, _)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// The default of a setting.
pub fn default_of(name: &str) -> Option<&'static str> {
    SETTINGS.iter().find(|s| s.0 == name).map(|s| s.1)
}

/// Whether there is such a setting. Names with a dot are the user's own.
pub fn exists(name: &str) -> bool {
    name.contains('.') || SETTINGS.iter().any(|s| s.0 == name)
}

/// An unknown setting.
pub fn unknown(name: &str) -> SqlError {
    SqlError::raw(
        "",
        "42704",
        format!("unrecognized configuration parameter \"{name}\""),
    )
}

fn invalid(name: &str, value: &str) -> SqlError {
    SqlError::raw(
        "",
        "22023",
        format!("invalid value for parameter \"{name}\": \"{value}\""),
    )
}

/// DateStyle after SET: what is not named stays as it was (r_datestyle).
///
/// # Errors
/// `22023` for other words.
pub fn date_style(value: &str, before: &str) -> Result<String> {
    let mut form = before.split(',').next().unwrap_or("ISO").trim();
    let mut order = None;
    for word in value.split(',').map(str::trim) {
        match word.to_lowercase().as_str() {
            "" => {}
            "iso" => form = "ISO",
            "sql" => form = "SQL",
            "postgres" => form = "Postgres",
            "german" => {
                form = "German";
                order = order.or(Some("DMY"));
            }
            "mdy" | "us" | "noneuro" | "noneuropean" => order = Some("MDY"),
            "dmy" | "euro" | "european" => order = Some("DMY"),
            "ymd" => order = Some("YMD"),
            _ => return Err(invalid("datestyle", value)),
        }
    }
    let order = order
        .or_else(|| before.split(',').nth(1).map(str::trim))
        .unwrap_or("MDY");
    Ok(format!("{form}, {order}"))
}

/// The value as the setting keeps it.
///
/// # Errors
/// Unknown settings, and values they do not accept.
pub fn normalize(name: &str, value: &str) -> Result<String> {
    if name.contains('.') {
        return Ok(value.to_owned());
    }
    let (_, _, accepts) = SETTINGS
        .iter()
        .find(|s| s.0 == name)
        .ok_or_else(|| unknown(name))?;
    let lower = value.trim().to_lowercase();
    Ok(match accepts {
        Accepts::Any => value.to_owned(),
        Accepts::Switch => match lower.as_str() {
            "on" | "true" | "t" | "yes" | "1" => "on".to_owned(),
            "off" | "false" | "f" | "no" | "0" => "off".to_owned(),
            _ => return Err(invalid(name, value)),
        },
        Accepts::Whole(least, most) => match lower.parse::<i64>() {
            Ok(v) if (*least..=*most).contains(&v) => v.to_string(),
            _ => return Err(invalid(name, value)),
        },
        Accepts::Percent => match lower.parse::<f64>() {
            Ok(v) if (0.0..=100.0).contains(&v) => v.to_string(),
            _ => return Err(invalid(name, value)),
        },
        Accepts::OneOf(words) => {
            if !words.contains(&lower.as_str()) {
                return Err(invalid(name, value));
            }
            if name == "client_encoding" {
                "UTF8".to_owned()
            } else {
                lower
            }
        }
        Accepts::Zone => zone_text(value)?,
        Accepts::DateStyle => date_style(value, "ISO, MDY")?,
        Accepts::Fixed => {
            return Err(SqlError::raw(
                "",
                "55P02",
                format!("parameter \"{name}\" cannot be changed"),
            ));
        }
    })
}

/// The value of SET SEED, a number from 0 to 1 (r_SET).
///
/// # Errors
/// `22023` for anything else.
pub fn seed(value: &str) -> Result<f64> {
    match value.trim().parse::<f64>() {
        Ok(v) if (0.0..=1.0).contains(&v) => Ok(v),
        _ => Err(invalid("seed", value)),
    }
}

/// The values of SET as one text. Names of a search path are quoted where they have to be, as SHOW shows them
/// (r_search_path).
pub fn joined(name: &str, values: &[String]) -> String {
    let all = values.join(", ");
    if name != "search_path" {
        return all;
    }
    (all.split(','))
        .map(|part| {
            let part = part.trim();
            let plain = |c: char| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit();
            let starts_well = !part.starts_with(|c: char| c.is_ascii_digit());
            if part.chars().all(plain) && starts_well || part.starts_with('"') {
                part.to_owned()
            } else {
                format!("\"{part}\"")
            }
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// A zone's proper name, found in any case, or an offset: `-8:00`, hours as a number, or `interval` before an
/// interval (r_timezone_config).
fn zone_text(value: &str) -> Result<String> {
    let unknown = || {
        let text = format!("unrecognized time zone name: \"{value}\"");
        SqlError::raw("", "22023", text)
    };
    // What a number or an interval gives is written as PostgreSQL shows it.
    let written = |seconds: i64| {
        let sign = if seconds < 0 { '-' } else { '+' };
        let s = seconds.abs();
        format!("{sign}{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
    };
    let text = if let Some(text) = value.strip_prefix("interval ") {
        let interval = interval::parse(text, None, DialectName::Redshift).ok_or_else(unknown)?;
        if interval.months != 0 || interval.days != 0 {
            return Err(SqlError::raw(
                "",
                "22023",
                "invalid interval value for time zone: only hours and minutes are allowed",
            ));
        }
        written(interval.nanos / 1_000_000_000)
    } else if let Ok(hours) = value.trim().parse::<f64>() {
        written((hours * 3600.0) as i64)
    } else {
        value.trim().to_owned()
    };
    match zone::of_setting(&text).ok_or_else(unknown)? {
        Ok(tz) if tz.name().eq_ignore_ascii_case(&text) => Ok(tz.name().to_owned()),
        Ok(_) => Ok(text),
        Err(_) => Err(SqlError::raw(
            "",
            "0A000",
            format!("time zones of parts of hours are not supported by dwsim: \"{value}\""),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        assert_eq!(
            normalize("timezone", "europe/berlin").as_deref(),
            Ok("Europe/Berlin")
        );
        for (value, kept) in [
            ("-8:00", "-8:00"),
            ("-8", "-08:00:00"),
            ("interval -8 hours", "-08:00:00"),
            ("interval 3:00", "+03:00:00"),
            ("PST8", "PST8"),
            ("pst8pdt", "PST8PDT"),
        ] {
            assert_eq!(normalize("timezone", value).as_deref(), Ok(kept), "{value}");
        }
        for (names, shown) in [
            (&["$user", "public", "_a1"][..], "\"$user\", public, _a1"),
            (&["Sales", "my schema"], "\"Sales\", \"my schema\""),
            (&["a, \"B\""], "a, \"B\""),
        ] {
            let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
            assert_eq!(joined("search_path", &names), shown);
        }
        assert_eq!(
            normalize("datestyle", "iso, dmy").as_deref(),
            Ok("ISO, DMY")
        );
        for (before, value, after) in [
            ("ISO, MDY", "sql, dmy", "SQL, DMY"),
            ("SQL, DMY", "postgres", "Postgres, DMY"),
            ("SQL, DMY", "mdy", "SQL, MDY"),
            ("ISO, MDY", "German", "German, DMY"),
        ] {
            assert_eq!(date_style(value, before).as_deref(), Ok(after), "{value}");
        }
        assert_eq!(
            normalize("analyze_threshold_percent", "0.01").as_deref(),
            Ok("0.01")
        );
        assert!(seed("0.25").is_ok() && seed("2").is_err() && seed("x").is_err());
        assert_eq!(
            normalize("enable_case_sensitive_identifier", "TRUE").as_deref(),
            Ok("on")
        );
        assert_eq!(normalize("statement_timeout", "100").as_deref(), Ok("100"));
        for (name, value) in [
            ("timezone", "Mars/Olympus"),
            ("timezone", "+7:30"),
            ("timezone", "PDT"),
            ("timezone", "interval 1 month"),
            ("datestyle", "Martian"),
            ("analyze_threshold_percent", "101"),
            ("statement_timeout", "soon"),
            ("server_version", "9"),
            ("no_such_setting", "1"),
        ] {
            assert!(normalize(name, value).is_err(), "{name} {value}");
        }
    }
}
