//! Text forms of numbers, dates and timestamps that do not depend on a session.
//! Session formats and format models (TO_CHAR) are `kernels::datetime`.

use std::fmt::Write;

/// An exact decimal in plain digits.
pub fn decimal(unscaled: i128, scale: u8) -> String {
    let mut out = String::with_capacity(40);
    write_decimal(unscaled, scale, &mut out);
    out
}

/// Appends an exact decimal in plain digits.
pub fn write_decimal(unscaled: i128, scale: u8, out: &mut String) {
    if scale == 0 {
        let _ = write!(out, "{unscaled}");
        return;
    }
    if unscaled < 0 {
        out.push('-');
    }
    let magnitude = unscaled.unsigned_abs();
    let unit = 10u128.pow(u32::from(scale));
    let _ = write!(
        out,
        "{}.{:0width$}",
        magnitude / unit,
        magnitude % unit,
        width = scale as usize
    );
}

/// A float inside VARIANT as Snowflake prints it: 15 digits after the point and an exponent of two digits.
pub fn variant_double(d: f64) -> String {
    if d.is_nan() {
        return "NaN".into();
    }
    if d.is_infinite() {
        return if d > 0.0 {
            "Infinity".into()
        } else {
            "-Infinity".into()
        };
    }
    let text = format!("{d:.15e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let e: i32 = exponent.parse().unwrap_or(0);
            format!("{mantissa}e{}{:02}", if e < 0 { '-' } else { '+' }, e.abs())
        }
        None => text,
    }
}

/// Year, month and day of a day number (days since 1970-01-01, proleptic Gregorian).
pub fn civil(days: i32) -> (i32, u32, u32) {
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    let z = i64::from(days) + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let d = (doy - (153 * mp + 2) / 5 + 1) as u32;
    let m = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
    let y = yoe + era * 400 + i64::from(m <= 2);
    (y as i32, m, d)
}

/// Day number of a civil date; the inverse of [`civil`].
pub fn days_from_civil(year: i32, month: u32, day: u32) -> i64 {
    let y = i64::from(year) - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = i64::from((month + 9) % 12);
    let doy = (153 * mp + 2) / 5 + i64::from(day) - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

/// `YYYY-MM-DD`.
pub fn iso_date(days: i32) -> String {
    let (y, m, d) = civil(days);
    if y < 0 {
        format!("-{:04}-{m:02}-{d:02}", -y)
    } else {
        format!("{y:04}-{m:02}-{d:02}")
    }
}

/// `HH:MI:SS` with as many fractional digits as there are.
pub fn iso_time(nanos: i64) -> String {
    let s = nanos / 1_000_000_000;
    let mut out = format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
    write_fraction((nanos % 1_000_000_000) as u32, &mut out);
    out
}

/// Appends `.fff` with trailing zeros dropped; nothing for zero.
pub fn write_fraction(nanos: u32, out: &mut String) {
    if nanos > 0 {
        let digits = format!("{nanos:09}");
        out.push('.');
        out.push_str(digits.trim_end_matches('0'));
    }
}

/// `YYYY-MM-DD HH:MI:SS.FF3`, with ` +HHMM` when an offset in minutes is given; nanoseconds since the epoch.
pub fn iso_timestamp(nanos: i128, offset: Option<i32>) -> String {
    let local = nanos.saturating_add(i128::from(offset.unwrap_or(0)) * 60_000_000_000);
    let days = local.div_euclid(86_400_000_000_000) as i32;
    let rest = local.rem_euclid(86_400_000_000_000) as i64;
    let s = rest / 1_000_000_000;
    let mut out = iso_date(days);
    let _ = write!(
        out,
        " {:02}:{:02}:{:02}.{:03}",
        s / 3600,
        s / 60 % 60,
        s % 60,
        rest % 1_000_000_000 / 1_000_000
    );
    if let Some(o) = offset {
        let _ = write!(
            out,
            " {}{:02}{:02}",
            if o < 0 { '-' } else { '+' },
            o.unsigned_abs() / 60,
            o.unsigned_abs() % 60
        );
    }
    out
}
