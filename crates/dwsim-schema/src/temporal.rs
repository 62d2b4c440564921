//! Calendar arithmetic for dates and timestamps in dwsim.toml: text to days or microseconds since 1970-01-01 UTC and back.
//! Time zones other than fixed offsets are left to the engines.

/// Microseconds in one day.
pub const DAY_MICROS: i64 = 86_400_000_000;

/// Days since 1970-01-01 of a civil date (proleptic Gregorian); the date must exist.
#[must_use]
pub fn days_from_civil(year: i32, month: u32, day: u32) -> Option<i32> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let last = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if day == 0 || day > last {
        return None;
    }
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = (month + 9) % 12;
    let doy = i32::try_from((153 * mp + 2) / 5 + day - 1).ok()?;
    Some(era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468)
}

/// Year, month and day of a count of days since 1970-01-01.
#[must_use]
pub fn civil_from_days(days: i32) -> (i32, u32, u32) {
    let z = i64::from(days) + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (
        i32::try_from(year).unwrap_or(i32::MAX),
        u32::try_from(month).unwrap_or(1),
        u32::try_from(day).unwrap_or(1),
    )
}

/// `YYYY-MM-DD` as days since 1970-01-01.
#[must_use]
pub fn parse_date(text: &str) -> Option<i32> {
    let b = text.as_bytes();
    if b.len() != 10 || b[4] != b'-' || b[7] != b'-' {
        return None;
    }
    let year = i32::try_from(digits(&b[..4])?).ok()?;
    days_from_civil(year, digits(&b[5..7])?, digits(&b[8..])?)
}

/// `HH:MM[:SS[.ffffff]]` as microseconds since midnight.
#[must_use]
pub fn parse_time(text: &str) -> Option<i64> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let b = clock.as_bytes();
    let (hour, minute, second) = match b.len() {
        5 if b[2] == b':' && fraction.is_empty() => (digits(&b[..2])?, digits(&b[3..])?, 0),
        8 if b[2] == b':' && b[5] == b':' => {
            (digits(&b[..2])?, digits(&b[3..5])?, digits(&b[6..])?)
        }
        _ => return None,
    };
    if hour > 23 || minute > 59 || second > 59 || fraction.len() > 6 || text.ends_with('.') {
        return None;
    }
    let micros = if fraction.is_empty() {
        0
    } else {
        i64::from(digits(fraction.as_bytes())?) * 10i64.pow(6 - u32::try_from(fraction.len()).ok()?)
    };
    Some(i64::from(hour * 3600 + minute * 60 + second) * 1_000_000 + micros)
}

/// A date, optionally with a time (`T` or a space between) and an offset (`Z`, `+02:00`), as microseconds since
/// 1970-01-01 UTC; the second value says whether only a date was written.
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<(i64, bool)> {
    let date = i64::from(parse_date(text.get(..10)?)?) * DAY_MICROS;
    let Some(rest) = text.get(10..).filter(|r| !r.is_empty()) else {
        return Some((date, true));
    };
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, offset) = match rest.find(['Z', 'z', '+', '-']) {
        Some(i) => (&rest[..i], &rest[i..]),
        None => (rest, ""),
    };
    let shift = match offset {
        "" | "Z" | "z" => 0,
        signed => {
            let micros = parse_time(signed.get(1..).filter(|s| s.len() == 5)?)?;
            if signed.starts_with('-') {
                -micros
            } else {
                micros
            }
        }
    };
    Some((date + parse_time(clock)? - shift, false))
}

/// `YYYY-MM-DD` of days since 1970-01-01.
#[must_use]
pub fn date_text(days: i32) -> String {
    let (y, m, d) = civil_from_days(days);
    format!("{y:04}-{m:02}-{d:02}")
}

/// `HH:MM:SS[.ffffff]` of microseconds since midnight; the fraction only when there is one.
#[must_use]
pub fn time_text(micros: i64) -> String {
    let seconds = micros.div_euclid(1_000_000);
    let fraction = micros.rem_euclid(1_000_000);
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction == 0 {
        format!("{h:02}:{m:02}:{s:02}")
    } else {
        format!("{h:02}:{m:02}:{s:02}.{fraction:06}")
    }
}

/// `YYYY-MM-DD HH:MM:SS[.ffffff]` of microseconds since 1970-01-01 UTC.
#[must_use]
pub fn timestamp_text(micros: i64) -> String {
    let days = i32::try_from(micros.div_euclid(DAY_MICROS)).unwrap_or(i32::MAX);
    format!(
        "{} {}",
        date_text(days),
        time_text(micros.rem_euclid(DAY_MICROS))
    )
}

fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0u32, |acc, b| {
        b.is_ascii_digit()
            .then(|| acc.checked_mul(10)?.checked_add(u32::from(b - b'0')))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dates_and_times() {
        assert_eq!(parse_date("1970-01-01"), Some(0));
        assert_eq!(parse_date("2000-02-29"), Some(11_016));
        for bad in [
            "2023-02-29",
            "2023-13-01",
            "2023-1-1",
            "0000-01-01",
            "20230101",
            "2023-00-10",
        ] {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
        assert_eq!(parse_time("01:02:03.5"), Some(3_723_500_000));
        assert_eq!(parse_time("24:00"), None);
        assert_eq!(parse_timestamp("1970-01-02"), Some((DAY_MICROS, true)));
        assert_eq!(
            parse_timestamp("1970-01-01T02:00:00+02:00"),
            Some((0, false))
        );
        assert_eq!(
            parse_timestamp("1970-01-01 00:00:01Z"),
            Some((1_000_000, false))
        );
        assert_eq!(parse_timestamp("1970-01-01 later"), None);
    }

    proptest! {
        #[test]
        fn civil_round_trip(days in -719_162i32..2_932_896) {
            let (y, m, d) = civil_from_days(days);
            prop_assert_eq!(days_from_civil(y, m, d), Some(days));
            prop_assert_eq!(parse_date(&date_text(days)), Some(days));
        }

        #[test]
        fn timestamps_round_trip(micros in -62_135_596_800_000_000i64..253_402_300_799_999_999) {
            prop_assert_eq!(parse_timestamp(&timestamp_text(micros)), Some((micros, false)));
        }

        #[test]
        fn parsing_never_panics(text in "\\PC{0,30}") {
            let _ = (parse_date(&text), parse_time(&text), parse_timestamp(&text));
        }
    }
}
