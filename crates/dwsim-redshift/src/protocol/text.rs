//! Text forms of values as Redshift's leader node prints them.
//! Which column has which form is decided in `rows`.

use bytes::{BufMut, BytesMut};
use chrono::{DateTime, Offset, TimeZone};
use dwsim_engine::kernels::cast::general;
use dwsim_engine::kernels::datetime::output::zone_name;
use dwsim_engine::kernels::format;
use dwsim_engine::variant::{JsonStyle, Ref, to_json};

use super::rows::RowStyle;

/// A whole number.
pub fn integer(v: i64, out: &mut BytesMut) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = v.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if v < 0 {
        out.put_u8(b'-');
    }
    out.put_slice(&digits[at..]);
}

/// An exact decimal with all digits of its scale.
pub fn decimal(v: i128, scale: u8, out: &mut BytesMut) {
    match i64::try_from(v) {
        Ok(small) if scale == 0 => integer(small, out),
        _ => {
            let mut s = String::with_capacity(40);
            format::write_decimal(v, scale, &mut s);
            out.put_slice(s.as_bytes());
        }
    }
}

fn float(v: f64, digits: usize, out: &mut BytesMut) {
    if v.is_nan() {
        out.put_slice(b"NaN");
    } else if v.is_infinite() {
        out.put_slice(if v > 0.0 { b"Infinity" } else { b"-Infinity" });
    } else {
        out.put_slice(general(v, digits).as_bytes());
    }
}

/// DOUBLE PRECISION: 15 significant digits, or more when asked for.
pub fn double(v: f64, extra: i32, out: &mut BytesMut) {
    float(v, (15 + extra).clamp(1, 17) as usize, out);
}

/// REAL: 6 significant digits, or more when asked for.
pub fn real(v: f32, extra: i32, out: &mut BytesMut) {
    float(f64::from(v), (6 + extra).clamp(1, 9) as usize, out);
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8], out: &mut BytesMut) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.reserve(bytes.len() * 2);
    for b in bytes {
        out.put_u8(DIGITS[usize::from(b >> 4)]);
        out.put_u8(DIGITS[usize::from(b & 15)]);
    }
}

/// A SUPER value as JSON.
pub fn json(encoded: &[u8], out: &mut BytesMut) {
    out.put_slice(to_json(Ref::new(encoded), JsonStyle::Super).as_bytes());
}

fn two(v: u32, out: &mut BytesMut) {
    out.put_u8(b'0' + (v / 10 % 10) as u8);
    out.put_u8(b'0' + (v % 10) as u8);
}

/// `YYYY-MM-DD`, with ` BC` before year 1.
pub fn date(days: i32, out: &mut BytesMut) {
    let bc = calendar(days, out);
    if bc {
        out.put_slice(b" BC");
    }
}

/// Writes the date without era; true for years before 1.
fn calendar(days: i32, out: &mut BytesMut) -> bool {
    let (y, m, d) = format::civil(days);
    let bc = y < 1;
    let y = if bc { 1 - y } else { y } as u32;
    if y < 10_000 {
        two(y / 100, out);
        two(y % 100, out);
    } else {
        integer(i64::from(y), out);
    }
    out.put_u8(b'-');
    two(m, out);
    out.put_u8(b'-');
    two(d, out);
    bc
}

/// `HH:MI:SS`, with a fraction when there is one; microseconds since midnight.
pub fn time(micros: i64, out: &mut BytesMut) {
    let s = (micros / 1_000_000) as u32;
    two(s / 3600, out);
    out.put_u8(b':');
    two(s / 60 % 60, out);
    out.put_u8(b':');
    two(s % 60, out);
    fraction((micros % 1_000_000) as u32, out);
}

fn fraction(micros: u32, out: &mut BytesMut) {
    if micros > 0 {
        let text = format!("{micros:06}");
        out.put_u8(b'.');
        out.put_slice(text.trim_end_matches('0').as_bytes());
    }
}

/// A zone offset: `+HH`, with minutes and seconds when there are some; seconds east of UTC.
fn offset(seconds: i32, out: &mut BytesMut) {
    out.put_u8(if seconds < 0 { b'-' } else { b'+' });
    let s = seconds.unsigned_abs();
    two(s / 3600, out);
    if !s.is_multiple_of(3600) {
        out.put_u8(b':');
        two(s / 60 % 60, out);
        if !s.is_multiple_of(60) {
            out.put_u8(b':');
            two(s % 60, out);
        }
    }
}

/// TIMETZ: the time and its offset in minutes east of UTC.
pub fn time_tz(micros: i64, minutes: i32, out: &mut BytesMut) {
    time(micros, out);
    offset(minutes * 60, out);
}

const DAY: i64 = 86_400_000_000;

/// A timestamp in microseconds since 1970; an instant is shown in the session's zone with its offset.
pub fn timestamp(micros: i64, instant: bool, style: RowStyle, out: &mut BytesMut) {
    let shift = instant.then(|| zone_offset(micros, style));
    let local = micros + i64::from(shift.unwrap_or(0)) * 1_000_000;
    if !style.dates.is_iso() {
        let zone = instant.then(|| zone_name(style.timezone, micros.div_euclid(1_000_000)));
        let days = local.div_euclid(DAY) as i32;
        let mut shown = String::new();
        (style.dates).write_timestamp(days, local.rem_euclid(DAY), zone.as_deref(), &mut shown);
        out.put_slice(shown.as_bytes());
        return;
    }
    let bc = calendar(local.div_euclid(DAY) as i32, out);
    out.put_u8(b' ');
    time(local.rem_euclid(DAY), out);
    if let Some(shift) = shift {
        offset(shift, out);
    }
    if bc {
        out.put_slice(b" BC");
    }
}

/// Seconds east of UTC of the session's zone at an instant.
fn zone_offset(micros: i64, style: RowStyle) -> i32 {
    DateTime::from_timestamp_micros(micros).map_or(0, |t| {
        style
            .timezone
            .offset_from_utc_datetime(&t.naive_utc())
            .fix()
            .local_minus_utc()
    })
}

/// INTERVAL YEAR TO MONTH in IntervalStyle postgres.
pub fn year_month(months: i32, out: &mut BytesMut) {
    interval(months, 0, 0, out);
}

/// INTERVAL DAY TO SECOND in IntervalStyle postgres.
pub fn day_second(micros: i64, out: &mut BytesMut) {
    interval(0, (micros / DAY) as i32, micros % DAY, out);
}

/// PostgreSQL's interval: `1 year 2 mons 3 days 04:05:06.7`.
pub fn interval(months: i32, days: i32, micros: i64, out: &mut BytesMut) {
    let start = out.len();
    let unit = |n: i64, one: &str, out: &mut BytesMut| {
        if n != 0 {
            if out.len() > start {
                out.put_u8(b' ');
            }
            integer(n, out);
            out.put_u8(b' ');
            out.put_slice(one.as_bytes());
            if n != 1 {
                out.put_u8(b's');
            }
        }
    };
    unit(i64::from(months / 12), "year", out);
    unit(i64::from(months % 12), "mon", out);
    unit(i64::from(days), "day", out);
    if micros != 0 || out.len() == start {
        if out.len() > start {
            out.put_u8(b' ');
        }
        if micros < 0 {
            out.put_u8(b'-');
        }
        let u = micros.unsigned_abs();
        let hours = u / 3_600_000_000;
        if hours < 10 {
            out.put_u8(b'0');
        }
        integer(hours as i64, out);
        let rest = (u % 3_600_000_000) as u32;
        out.put_u8(b':');
        two(rest / 60_000_000, out);
        out.put_u8(b':');
        two(rest / 1_000_000 % 60, out);
        fraction(rest % 1_000_000, out);
    }
}

#[cfg(test)]
mod tests {
    use dwsim_engine::kernels::datetime::style::DateStyle;

    use super::*;

    fn shown(f: impl FnOnce(&mut BytesMut)) -> String {
        let mut out = BytesMut::new();
        f(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn numbers() {
        assert_eq!(shown(|o| integer(i64::MIN, o)), "-9223372036854775808");
        assert_eq!(shown(|o| decimal(-5, 2, o)), "-0.05");
        assert_eq!(shown(|o| decimal(1234, 0, o)), "1234");
        assert_eq!(shown(|o| double(0.1 + 0.2, 0, o)), "0.3");
        assert_eq!(shown(|o| double(0.1 + 0.2, 2, o)), "0.30000000000000004");
        assert_eq!(shown(|o| double(1e20, 0, o)), "1e+20");
        assert_eq!(shown(|o| double(f64::NEG_INFINITY, 0, o)), "-Infinity");
        assert_eq!(shown(|o| real(1.5, 0, o)), "1.5");
    }

    #[test]
    fn dates_and_times() {
        let utc = RowStyle {
            timezone: chrono_tz::UTC,
            extra_float_digits: 0,
            dates: DateStyle::default(),
            verbose_intervals: false,
        };
        let german = RowStyle {
            dates: DateStyle::of("German, DMY"),
            ..utc
        };
        let berlin = RowStyle {
            timezone: chrono_tz::Europe::Berlin,
            ..utc
        };
        assert_eq!(shown(|o| date(0, o)), "1970-01-01");
        assert_eq!(shown(|o| date(-719_529, o)), "0002-12-31 BC");
        assert_eq!(
            shown(|o| timestamp(-1, false, utc, o)),
            "1969-12-31 23:59:59.999999"
        );
        assert_eq!(
            shown(|o| timestamp(1_500_000, true, utc, o)),
            "1970-01-01 00:00:01.5+00"
        );
        assert_eq!(
            shown(|o| timestamp(0, true, berlin, o)),
            "1970-01-01 01:00:00+01"
        );
        assert_eq!(
            shown(|o| timestamp(0, true, german, o)),
            "01.01.1970 00:00:00 UTC"
        );
        assert_eq!(shown(|o| time_tz(0, -330, o)), "00:00:00-05:30");
    }

    #[test]
    fn intervals() {
        assert_eq!(shown(|o| year_month(14, o)), "1 year 2 mons");
        assert_eq!(shown(|o| year_month(-14, o)), "-1 years -2 mons");
        assert_eq!(
            shown(|o| day_second(DAY + 1_500_000, o)),
            "1 day 00:00:01.5"
        );
        assert_eq!(
            shown(|o| interval(14, 3, 14_706_700_000, o)),
            "1 year 2 mons 3 days 04:05:06.7"
        );
        assert_eq!(shown(|o| interval(0, 0, 0, o)), "00:00:00");
        assert_eq!(shown(|o| interval(0, 0, -1_000_000, o)), "-00:00:01");
    }

    #[test]
    fn bytes() {
        assert_eq!(shown(|o| hex(&[0, 0xab], o)), "00ab");
    }
}
