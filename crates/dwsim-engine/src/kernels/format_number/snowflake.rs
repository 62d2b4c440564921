//! Snowflake's numeric format models: fixed-position, hexadecimal, scientific and text-minimal.
//! Source: Snowflake SQL reference "SQL format models".

use std::fmt::Write;

use super::digits::{Digits, scientific};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// A minus or a blank before the number.
    Implied,
    /// Plus or minus before the number.
    Leading,
    /// Plus or minus after the number.
    Trailing,
    /// A minus or a blank before the number, written as MI.
    MinusLeading,
    /// A minus or a blank after the number.
    MinusTrailing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Nine,
    Zero,
    Hex { upper: bool },
    Group,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Body {
    /// Digit positions before and after the point.
    Fixed,
    /// TM9 and TM.
    Plain,
    /// TME; upper-case E.
    Exponent { upper: bool },
}

/// A compiled model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    body: Body,
    whole: Vec<Slot>,
    fraction: Vec<Slot>,
    point: bool,
    sign: Sign,
    dollar: bool,
    blank_zero: bool,
    fill: bool,
    /// Width of the exponent: 0 none, 2 variable, 3 to 5 fixed.
    exponent: usize,
    exponent_upper: bool,
    before: String,
    after: String,
}

impl Model {
    /// Compiles a model; the error says what is wrong with it.
    ///
    /// # Errors
    /// Unknown elements, a second decimal point, a model without digits.
    pub fn new(text: &str) -> Result<Self, String> {
        let mut m = Model {
            body: Body::Fixed,
            whole: Vec::new(),
            fraction: Vec::new(),
            point: false,
            sign: Sign::Implied,
            dollar: false,
            blank_zero: false,
            fill: true,
            exponent: 0,
            exponent_upper: true,
            before: String::new(),
            after: String::new(),
        };
        let mut rest = text;
        let mut digits = false;
        let mut minimal = false;
        while let Some(c) = rest.chars().next() {
            let upper = rest.to_ascii_uppercase();
            let mut take = c.len_utf8();
            let started = digits || minimal;
            let literal = |m: &mut Model, s: &str| {
                if started {
                    m.after.push_str(s);
                } else {
                    m.before.push_str(s);
                }
            };
            match c {
                '"' => {
                    let body = &rest[1..];
                    let Some(end) = body.find('"') else {
                        return Err("a quotation mark is not closed".into());
                    };
                    literal(&mut m, &body[..end]);
                    take = end + 2;
                }
                '$' => m.dollar = true,
                '0' | '9' | 'X' | 'x' => {
                    let slot = match c {
                        '0' => Slot::Zero,
                        '9' => Slot::Nine,
                        c => Slot::Hex { upper: c == 'X' },
                    };
                    if m.point {
                        m.fraction.push(slot);
                    } else {
                        m.whole.push(slot);
                    }
                    digits = true;
                }
                '.' | 'D' | 'd' => {
                    if m.point {
                        return Err("two decimal points".into());
                    }
                    m.point = true;
                    digits = true;
                }
                ',' | 'G' | 'g' if digits && !m.point => m.whole.push(Slot::Group),
                _ if upper.starts_with("TM9") || upper.starts_with("TME") => {
                    m.body = if upper.starts_with("TM9") {
                        Body::Plain
                    } else {
                        Body::Exponent {
                            upper: rest.as_bytes().get(2) == Some(&b'E'),
                        }
                    };
                    minimal = true;
                    take = 3;
                }
                _ if upper.starts_with("TM") => {
                    m.body = Body::Plain;
                    minimal = true;
                    take = 2;
                }
                _ if upper.starts_with("EE") => {
                    let n = upper.bytes().take_while(|b| *b == b'E').count().min(5);
                    m.exponent = n;
                    m.exponent_upper = c == 'E';
                    take = n;
                }
                _ if upper.starts_with("FM") => {
                    m.fill = !m.fill;
                    take = 2;
                }
                _ if upper.starts_with("MI") => {
                    m.sign = if started {
                        Sign::MinusTrailing
                    } else {
                        Sign::MinusLeading
                    };
                    take = 2;
                }
                'S' | 's' => {
                    m.sign = if started {
                        Sign::Trailing
                    } else {
                        Sign::Leading
                    };
                }
                'B' | 'b' => m.blank_zero = true,
                '_' | ' ' | ',' | ';' | ':' | '-' | '=' | '/' | '(' | ')' => {
                    let s = rest[..take].to_owned();
                    literal(&mut m, &s);
                }
                other => return Err(format!("'{other}' is no format element")),
            }
            rest = &rest[take..];
        }
        if !digits && !minimal {
            return Err("the model has no digits".into());
        }
        Ok(m)
    }

    /// The form of `unscaled / 10^scale`.
    pub fn write(&self, unscaled: i128, scale: u8, out: &mut String) {
        out.push_str(&self.before);
        match self.body {
            Body::Plain => crate::kernels::format::write_decimal(unscaled, scale, out),
            Body::Exponent { upper } => {
                let (digits, exponent) = scientific(unscaled, scale);
                if unscaled < 0 {
                    out.push('-');
                }
                out.push_str(&digits[..1]);
                if digits.len() > 1 {
                    out.push('.');
                    out.push_str(&digits[1..]);
                }
                // Writing to a String cannot fail.
                let _ = write!(out, "{}{exponent}", if upper { 'E' } else { 'e' });
            }
            Body::Fixed if self.is_hex() => self.write_hex(unscaled, scale, out),
            Body::Fixed if self.exponent > 0 => self.write_scientific(unscaled, scale, out),
            Body::Fixed => self.write_fixed(unscaled, scale, out),
        }
        out.push_str(&self.after);
    }

    fn is_hex(&self) -> bool {
        self.whole.iter().any(|s| matches!(s, Slot::Hex { .. }))
    }

    fn places(&self) -> usize {
        self.whole.iter().filter(|s| **s != Slot::Group).count()
    }

    fn write_fixed(&self, unscaled: i128, scale: u8, out: &mut String) {
        let places = self.places();
        let digits = Digits::rounded(unscaled, scale, self.fraction.len())
            .filter(|d| d.whole.len() <= places);
        let negative = digits.as_ref().map_or(unscaled < 0, |d| d.negative);
        let body = match &digits {
            Some(d) => self.layout(d),
            None => self.hashes(),
        };
        self.with_sign(&body, negative, out);
    }

    /// Digits and separators from the first shown position on; what is left of it is blank.
    fn layout(&self, d: &Digits) -> String {
        let places = self.places();
        let mut body = String::new();
        let first_zero = self
            .whole
            .iter()
            .filter(|s| **s != Slot::Group)
            .position(|s| *s == Slot::Zero)
            .unwrap_or(places);
        // Zero still shows one digit before the point, unless B blanks it.
        let least = usize::from(!self.blank_zero).min(places);
        let shown = d.whole.len().max(places - first_zero).max(least);
        let mut at = 0;
        for slot in &self.whole {
            let visible = at >= places - shown;
            if *slot == Slot::Group {
                if visible && !body.is_empty() {
                    body.push(',');
                }
                continue;
            }
            if visible {
                let index = at as isize - (places as isize - d.whole.len() as isize);
                body.push(if index < 0 {
                    '0'
                } else {
                    d.whole
                        .as_bytes()
                        .get(index as usize)
                        .map_or('0', |b| *b as char)
                });
            }
            at += 1;
        }
        if self.point {
            body.push('.');
            body.push_str(&d.fraction);
        }
        body
    }

    fn hashes(&self) -> String {
        let mut body = String::new();
        for slot in &self.whole {
            body.push(if *slot == Slot::Group { ',' } else { '#' });
        }
        if self.point {
            body.push('.');
            for _ in &self.fraction {
                body.push('#');
            }
        }
        body
    }

    /// The digits with sign and dollar directly before them, blanks before those.
    fn with_sign(&self, body: &str, negative: bool, out: &mut String) {
        let width = self.whole.len() + usize::from(self.point) + self.fraction.len();
        let mut number = String::with_capacity(width + 2);
        match self.sign {
            Sign::Leading => number.push(if negative { '-' } else { '+' }),
            Sign::Implied | Sign::MinusLeading if negative => number.push('-'),
            _ => {}
        }
        if self.dollar {
            number.push('$');
        }
        number.push_str(body);
        let slot = usize::from(matches!(
            self.sign,
            Sign::Implied | Sign::Leading | Sign::MinusLeading
        ));
        if self.fill {
            for _ in number.chars().count()..width + slot + usize::from(self.dollar) {
                out.push(' ');
            }
        }
        out.push_str(&number);
        match self.sign {
            Sign::Trailing => out.push(if negative { '-' } else { '+' }),
            Sign::MinusTrailing if negative => out.push('-'),
            Sign::MinusTrailing if self.fill => out.push(' '),
            _ => {}
        }
    }

    fn write_hex(&self, unscaled: i128, scale: u8, out: &mut String) {
        let places = self.places();
        let unit = 10i128.pow(u32::from(scale));
        let v = unscaled / unit;
        let upper = self
            .whole
            .iter()
            .any(|s| matches!(s, Slot::Hex { upper: true }));
        let signed = self.sign != Sign::Implied;
        let bits = (places * 4).min(128) as u32;
        let magnitude = if v < 0 && !signed {
            // Two's complement in as many digits as there are.
            let mask = if bits == 128 {
                u128::MAX
            } else {
                (1u128 << bits) - 1
            };
            (v as u128) & mask
        } else {
            v.unsigned_abs()
        };
        let mut text = if upper {
            format!("{magnitude:X}")
        } else {
            format!("{magnitude:x}")
        };
        let overflow = text.len() > places
            || (v < 0 && !signed && bits < 128 && v < -(1i128 << (bits.saturating_sub(1))));
        if overflow {
            text = "#".repeat(places);
        }
        let zeros = self.whole.first() == Some(&Slot::Zero);
        let pad = places.saturating_sub(text.len());
        let sign = match self.sign {
            Sign::Leading => Some(if v < 0 { '-' } else { '+' }),
            Sign::MinusLeading => Some(if v < 0 { '-' } else { ' ' }),
            _ => None,
        };
        if zeros {
            out.extend(sign);
            for _ in 0..pad {
                out.push('0');
            }
        } else {
            if self.fill {
                for _ in 0..pad {
                    out.push(' ');
                }
            }
            out.extend(sign);
        }
        out.push_str(&text);
        match self.sign {
            Sign::Trailing => out.push(if v < 0 { '-' } else { '+' }),
            Sign::MinusTrailing => out.push(if v < 0 { '-' } else { ' ' }),
            _ => {}
        }
    }

    fn write_scientific(&self, unscaled: i128, scale: u8, out: &mut String) {
        let places = self.places().max(1);
        let want = places + self.fraction.len();
        let (mut digits, mut exponent) = scientific(unscaled, scale);
        if digits.len() > want {
            let up = digits.as_bytes()[want] >= b'5';
            digits.truncate(want);
            if up {
                let mut v: u128 = digits.parse().unwrap_or(0);
                v += 1;
                let rounded = v.to_string();
                if rounded.len() > want {
                    exponent += 1;
                }
                digits = rounded;
                digits.truncate(want);
            }
        }
        while digits.len() < want {
            digits.push('0');
        }
        exponent -= places as i32 - 1;
        if unscaled == 0 {
            exponent = 0;
        }
        let mut body = digits[..places].to_owned();
        if self.point {
            body.push('.');
            body.push_str(&digits[places..]);
        }
        self.with_sign(&body, unscaled < 0, out);
        let e = if self.exponent_upper { 'E' } else { 'e' };
        let _ = match self.exponent {
            2 => write!(out, "{e}{exponent}"),
            n => write!(
                out,
                "{e}{}{:0width$}",
                if exponent < 0 { '-' } else { '+' },
                exponent.abs(),
                width = n - 2
            ),
        };
    }

    /// Reads a text in this form as unscaled value and scale; None when it does not follow the model.
    pub fn parse(&self, text: &str) -> Option<(i128, u8)> {
        let mut s = text.trim();
        s = s.strip_prefix(self.before.trim()).unwrap_or(s);
        s = s.strip_suffix(self.after.trim()).unwrap_or(s).trim();
        if self.body != Body::Fixed {
            // Blanks may stand between a sign and its digits.
            let joined = match s.strip_prefix(['-', '+']) {
                Some(digits) if digits.starts_with(' ') => {
                    Some(format!("{}{}", &s[..1], digits.trim_start()))
                }
                _ => None,
            };
            let (v, scale) = crate::kernels::cast::parse_decimal(joined.as_deref().unwrap_or(s))?;
            return if scale >= 0 {
                Some((v, u8::try_from(scale).ok()?))
            } else {
                Some((v.checked_mul(10i128.checked_pow(scale.unsigned_abs())?)?, 0))
            };
        }
        let mut negative = false;
        let mut strip_sign = |s: &mut &str| {
            if let Some(r) = s.strip_prefix('-') {
                negative = true;
                *s = r.trim_start();
            } else if let Some(r) = s.strip_prefix('+') {
                *s = r.trim_start();
            }
        };
        strip_sign(&mut s);
        if self.dollar {
            s = s.strip_prefix('$').unwrap_or(s).trim_start();
            strip_sign(&mut s);
        }
        if matches!(self.sign, Sign::Trailing | Sign::MinusTrailing) {
            if let Some(r) = s.strip_suffix('-') {
                negative = true;
                s = r.trim_end();
            } else if let Some(r) = s.strip_suffix('+') {
                s = r.trim_end();
            }
        }
        if self.is_hex() {
            if s.is_empty() || s.len() > self.places() {
                return None;
            }
            let v = i128::from_str_radix(s, 16).ok()?;
            return Some((if negative { -v } else { v }, 0));
        }
        let (mut mantissa, exponent) = match s.find(['e', 'E']) {
            Some(i) if self.exponent > 0 => (&s[..i], s[i + 1..].parse::<i32>().ok()?),
            Some(_) => return None,
            None => (s, 0),
        };
        let fraction = match mantissa.split_once('.') {
            Some((w, f)) if self.point => {
                mantissa = w;
                f
            }
            Some(_) => return None,
            None => "",
        };
        let groups = self.whole.contains(&Slot::Group);
        let mut v: i128 = 0;
        let mut count = 0;
        for c in mantissa.chars() {
            match c.to_digit(10) {
                Some(d) => {
                    v = v.checked_mul(10)?.checked_add(i128::from(d))?;
                    count += 1;
                }
                None if c == ',' && groups => {}
                None => return None,
            }
        }
        if count > self.places() || fraction.len() > self.fraction.len() {
            return None;
        }
        if count == 0 && fraction.is_empty() {
            return None;
        }
        for c in fraction.chars() {
            v = v
                .checked_mul(10)?
                .checked_add(i128::from(c.to_digit(10)?))?;
        }
        let mut scale = fraction.len() as i32 - exponent;
        while scale < 0 {
            v = v.checked_mul(10)?;
            scale += 1;
        }
        Some((
            if negative { -v } else { v },
            u8::try_from(scale).ok().filter(|s| *s <= 38)?,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes() {
        for (model, v, scale, want) in [
            ("999.9", -25_37, 2, " -25.4"),
            ("999.9", 25_37, 2, "  25.4"),
            ("$99.0", -25_37, 2, "-$25.4"),
            ("$99.0", 7_00, 2, "  $7.0"),
            ("$99.0", 70_000, 2, " $##.#"),
            ("B9,999.0", 0, 0, "      .0"),
            ("9,999.0", 4_321, 0, " 4,321.0"),
            ("9,999", 21, 0, "    21"),
            ("00000", 42, 0, " 00042"),
            ("FM9,999", 21, 0, "21"),
            ("S99", 5, 0, " +5"),
            ("99MI", -5, 0, " 5-"),
            ("99S", -5, 0, " 5-"),
            ("TM9", -25_370, 3, "-25.370"),
            ("TME", -25_370, 3, "-2.537E1"),
            ("tme", 0, 0, "0e0"),
            ("0XXX", -20, 0, "FFEC"),
            ("S0xxx", -20, 0, "-0014"),
            ("XX", 300, 0, "##"),
            ("9.99EE", 12_345, 0, " 1.23E4"),
            ("9.9EEEE", 12, 4, " 1.2E-03"),
            ("\"no. \"999", 7, 0, "no.    7"),
        ] {
            let mut out = String::new();
            Model::new(model).expect(model).write(v, scale, &mut out);
            assert_eq!(out, want, "{model} {v}");
        }
        for bad in ["", "abc", "9.9.9", "\"open", "Q9"] {
            assert!(Model::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn reads() {
        for (model, text, want) in [
            ("99.9", "12.5", Some((125, 1))),
            ("$99.9", "$12.5", Some((125, 1))),
            ("9,999.99", "1,234.5", Some((12_345, 1))),
            ("99.9S", "12.5-", Some((-125, 1))),
            ("XXXX", "ff", Some((255, 0))),
            ("TM9", "- 0.1", Some((-1, 1))),
            ("TM", "+  2", Some((2, 0))),
            ("TM9", "- ", None),
            ("99", "123", None),
            ("99", "1.5", None),
            ("99", "x", None),
        ] {
            assert_eq!(
                Model::new(model).expect(model).parse(text),
                want,
                "{model} {text}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(model in ".{0,12}", text in ".{0,12}", v in proptest::num::i128::ANY, scale in 0u8..38) {
            if let Ok(m) = Model::new(&model) {
                let mut out = String::new();
                m.write(v, scale, &mut out);
                let _ = m.parse(&text);
            }
        }
    }
}
