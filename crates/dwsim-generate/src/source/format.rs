//! Values as text, appended to a buffer without an allocation per cell.
//! The calendar is left to dwsim-schema; quoting to the formats.

use std::io::Write;

use dwsim_schema::temporal::{DAY_MICROS, civil_from_days};

/// Appends a number in decimal.
pub(crate) fn push_number(n: u64, out: &mut Vec<u8>) {
    push_padded(u128::from(n), 1, out);
}

/// Appends a signed number in decimal.
pub(crate) fn push_signed(n: i64, out: &mut Vec<u8>) {
    if n < 0 {
        out.push(b'-');
    }
    push_number(n.unsigned_abs(), out);
}

/// Appends a number with at least so many digits.
fn push_padded(n: u128, width: usize, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 40];
    let mut at = digits.len();
    let mut rest = n;
    // most numbers are small, and 128-bit division is slow
    while rest > u128::from(u64::MAX) {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let mut rest = rest as u64;
    while rest > 0 {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&digits[at.min(digits.len() - width)..]);
}

/// Appends `units * 10^-scale` with exactly `scale` decimals.
pub(crate) fn push_decimal(units: i128, scale: u32, out: &mut Vec<u8>) {
    if units < 0 {
        out.push(b'-');
    }
    push_padded(units.unsigned_abs(), scale as usize + 1, out);
    if scale > 0 {
        out.insert(out.len() - scale as usize, b'.');
    }
}

/// Appends the shortest text that reads back as the same float, on every platform.
pub(crate) fn push_float(x: impl std::fmt::Debug, out: &mut Vec<u8>) {
    // writing to a vector cannot fail
    let _ = write!(out, "{x:?}");
}

/// Appends `YYYY-MM-DD`.
pub(crate) fn push_date(days: i32, out: &mut Vec<u8>) {
    let (year, month, day) = civil_from_days(days);
    push_padded(u128::from(year.unsigned_abs()), 4, out);
    out.push(b'-');
    push_padded(u128::from(month), 2, out);
    out.push(b'-');
    push_padded(u128::from(day), 2, out);
}

/// Appends `HH:MM:SS[.ffffff]`; the fraction only when there is one.
pub(crate) fn push_time(micros: i64, out: &mut Vec<u8>) {
    let seconds = micros.div_euclid(1_000_000).unsigned_abs();
    let fraction = micros.rem_euclid(1_000_000).unsigned_abs();
    for (i, part) in [seconds / 3600, seconds / 60 % 60, seconds % 60]
        .into_iter()
        .enumerate()
    {
        if i > 0 {
            out.push(b':');
        }
        push_padded(u128::from(part), 2, out);
    }
    if fraction > 0 {
        out.push(b'.');
        push_padded(u128::from(fraction), 6, out);
    }
}

/// Appends `YYYY-MM-DD HH:MM:SS[.ffffff]`.
pub(crate) fn push_timestamp(micros: i64, out: &mut Vec<u8>) {
    push_date(
        i32::try_from(micros.div_euclid(DAY_MICROS)).unwrap_or(i32::MAX),
        out,
    );
    out.push(b' ');
    push_time(micros.rem_euclid(DAY_MICROS), out);
}

/// Appends bytes in lower-case hexadecimal.
pub(crate) fn push_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(HEX[usize::from(byte >> 4)]);
        out.push(HEX[usize::from(byte & 15)]);
    }
}

/// Appends text as a JSON string.
pub(crate) fn push_json_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..=0x1f => {
                out.extend_from_slice(b"\\u00");
                push_hex(&[byte], out);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use dwsim_schema::{number, temporal};
    use proptest::prelude::*;

    fn text(push: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = b"x".to_vec();
        push(&mut out);
        String::from_utf8_lossy(&out[1..]).into_owned()
    }

    proptest! {
        #[test]
        fn agrees_with_the_slow_way(units: i128, scale in 0u32..38, n: i64, days in -719_162i32..2_932_896) {
            prop_assert_eq!(text(|o| push_decimal(units, scale, o)), number::decimal_text(units, scale));
            prop_assert_eq!(text(|o| push_signed(n, o)), n.to_string());
            prop_assert_eq!(text(|o| push_date(days, o)), temporal::date_text(days));
            let micros = i64::from(days) * DAY_MICROS + n.rem_euclid(DAY_MICROS);
            prop_assert_eq!(text(|o| push_timestamp(micros, o)), temporal::timestamp_text(micros));
            let whole = micros - micros.rem_euclid(1_000_000);
            prop_assert_eq!(text(|o| push_timestamp(whole, o)), temporal::timestamp_text(whole));
        }
    }
}
