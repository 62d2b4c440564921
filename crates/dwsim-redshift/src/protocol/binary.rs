//! Binary forms of values, as PostgreSQL's receive and send functions define them.
//! Fixed-width types are written where they are read, in `rows`; this module has what needs work.

use bytes::{BufMut, BytesMut};

/// 2000-01-01 in days since 1970-01-01.
pub const EPOCH_DAYS: i32 = 10_957;
/// 2000-01-01 in microseconds since 1970-01-01.
pub const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// NUMERIC: base-10000 digits with weight, sign and display scale.
pub fn numeric(unscaled: i128, scale: u8, out: &mut BytesMut) {
    // Align the fraction to whole base-10000 digits.
    let pad = (4 - u32::from(scale) % 4) % 4;
    let groups_after = (u32::from(scale) + pad) / 4;
    let mut digits = [0i16; 12];
    let mut at = digits.len();
    let magnitude = unscaled.unsigned_abs();
    // The first group holds what remains of the fraction's last digits, so the padded value is never built.
    let unit = 10u128.pow(4 - pad);
    let mut rest = magnitude / unit;
    at -= 1;
    digits[at] = (magnitude % unit * 10u128.pow(pad)) as i16;
    while rest > 0 {
        at -= 1;
        digits[at] = (rest % 10_000) as i16;
        rest /= 10_000;
    }
    let mut used = &digits[at..];
    let mut weight = used.len() as i32 - 1 - groups_after as i32;
    while let [0, tail @ ..] = used {
        used = tail;
        weight -= 1;
    }
    while let [head @ .., 0] = used {
        used = head;
    }
    out.put_i16(used.len() as i16);
    out.put_i16(if used.is_empty() { 0 } else { weight as i16 });
    out.put_u16(if unscaled < 0 { 0x4000 } else { 0 });
    out.put_i16(i16::from(scale));
    for d in used {
        out.put_i16(*d);
    }
}

/// A NUMERIC in binary form as plain digits; None when it is malformed or not finite.
pub fn read_numeric(bytes: &[u8]) -> Option<String> {
    let word = |i: usize| -> Option<u16> {
        let pair = bytes.get(i * 2..i * 2 + 2)?;
        Some(u16::from_be_bytes([pair[0], pair[1]]))
    };
    let count = usize::from(word(0)?);
    let weight = i32::from(word(1)? as i16);
    let sign = word(2)?;
    let scale = usize::from(word(3)?);
    if bytes.len() != 8 + count * 2 || !(sign == 0 || sign == 0x4000) || scale > 1000 {
        return None;
    }
    if !(-300..300).contains(&weight) {
        return None;
    }
    let digit = |group: i32| -> Option<u16> {
        let index = weight - group;
        if index < 0 || index >= count as i32 {
            return Some(0);
        }
        word(4 + index as usize).filter(|d| *d < 10_000)
    };
    let mut out = String::new();
    if sign == 0x4000 {
        out.push('-');
    }
    if weight < 0 {
        out.push('0');
    } else {
        for group in (0..=weight).rev() {
            let d = digit(group)?;
            if group == weight {
                out.push_str(&d.to_string());
            } else {
                out.push_str(&format!("{d:04}"));
            }
        }
    }
    if scale > 0 {
        out.push('.');
        let mut fraction = String::new();
        let mut group = -1;
        while fraction.len() < scale {
            fraction.push_str(&format!("{:04}", digit(group)?));
            group -= 1;
        }
        fraction.truncate(scale);
        out.push_str(&fraction);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(v: i128, scale: u8) -> BytesMut {
        let mut out = BytesMut::new();
        numeric(v, scale, &mut out);
        out
    }

    #[test]
    fn known_encodings() {
        assert_eq!(&encoded(0, 2)[..], [0, 0, 0, 0, 0, 0, 0, 2]);
        // 12345.67 = 1 | 2345 | 6700
        assert_eq!(
            &encoded(1_234_567, 2)[..],
            [0, 3, 0, 1, 0, 0, 0, 2, 0, 1, 0x09, 0x29, 0x1a, 0x2c]
        );
        // -0.0001
        assert_eq!(&encoded(-1, 4)[..], [0, 1, 0xff, 0xff, 0x40, 0, 0, 4, 0, 1]);
    }

    proptest! {
        #[test]
        fn read_back(v in -(10i128.pow(38) - 1)..10i128.pow(38), scale in 0u8..=38) {
            let text = read_numeric(&encoded(v, scale)).expect("well formed");
            let expected = dwsim_engine::kernels::format::decimal(v, scale);
            prop_assert_eq!(text, expected);
        }

        #[test]
        fn garbage_is_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = read_numeric(&bytes);
        }
    }
}
