//! Exact decimal numbers as they are written in dwsim.toml, so that money never passes through a binary float.
//! Arithmetic is left to whoever knows the column's scale; this module only reads, scales and prints.

use std::fmt;

/// `mantissa * 10^-scale`, exactly as written; compared as written (`1.0` and `1` are different spellings).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Number {
    mantissa: i128,
    scale: u32,
}

impl Number {
    /// A number from its parts; `scale` is the count of decimals.
    #[must_use]
    pub fn new(mantissa: i128, scale: u32) -> Self {
        Self { mantissa, scale }
    }

    /// Reads `-1_000`, `2.50`, `1e3`. `None` for anything else, for `inf` and `nan`, and beyond 38 digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().replace('_', "");
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(i) => (&text[..i], text[i + 1..].parse::<i32>().ok()?),
            None => (text.as_str(), 0),
        };
        let (negative, digits) = match mantissa.as_bytes().first()? {
            b'-' => (true, &mantissa[1..]),
            b'+' => (false, &mantissa[1..]),
            _ => (false, mantissa),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut value: i128 = 0;
        for b in whole.bytes().chain(fraction.bytes()) {
            let d = b.is_ascii_digit().then(|| i128::from(b - b'0'))?;
            value = value.checked_mul(10)?.checked_add(d)?;
        }
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        let value = if negative { -value } else { value };
        if scale >= 0 {
            (scale <= 60).then(|| Self::new(value, scale.unsigned_abs()))
        } else {
            let factor = 10i128.checked_pow(scale.unsigned_abs())?;
            Some(Self::new(value.checked_mul(factor)?, 0))
        }
    }

    /// The nearest double.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        // parsing is correctly rounded on every platform; dividing two conversions is not
        format!("{}e-{}", self.mantissa, self.scale)
            .parse()
            .unwrap_or(f64::NAN)
    }

    /// The count of `10^-scale` units, if that is a whole number that fits.
    #[must_use]
    pub fn exact_at(self, scale: u32) -> Option<i128> {
        let (floor, exact) = self.floor_and_exact(scale)?;
        exact.then_some(floor)
    }

    /// The greatest count of `10^-scale` units that is not above the number.
    #[must_use]
    pub fn floor_at(self, scale: u32) -> Option<i128> {
        self.floor_and_exact(scale).map(|(v, _)| v)
    }

    /// The least count of `10^-scale` units that is not below the number.
    #[must_use]
    pub fn ceil_at(self, scale: u32) -> Option<i128> {
        self.floor_and_exact(scale)
            .map(|(v, exact)| if exact { v } else { v + 1 })
    }

    fn floor_and_exact(self, scale: u32) -> Option<(i128, bool)> {
        if scale >= self.scale {
            let factor = 10i128.checked_pow(scale - self.scale)?;
            return self.mantissa.checked_mul(factor).map(|v| (v, true));
        }
        match 10i128.checked_pow(self.scale - scale) {
            Some(f) => Some((
                self.mantissa.div_euclid(f),
                self.mantissa.rem_euclid(f) == 0,
            )),
            None => Some((if self.mantissa < 0 { -1 } else { 0 }, self.mantissa == 0)),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal_text(self.mantissa, self.scale))
    }
}

/// Decimal notation of `units * 10^-scale`, with exactly `scale` decimals.
#[must_use]
pub fn decimal_text(units: i128, scale: u32) -> String {
    if scale == 0 {
        return units.to_string();
    }
    let scale = scale as usize;
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{}{whole}.{fraction}", if units < 0 { "-" } else { "" })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_toml_writes() {
        for (text, mantissa, scale) in [
            ("150.0", 1500, 1),
            ("-0.05", -5, 2),
            ("1_000", 1000, 0),
            ("1e3", 1000, 0),
            ("2.5e-1", 25, 2),
        ] {
            assert_eq!(
                Number::parse(text),
                Some(Number::new(mantissa, scale)),
                "{text}"
            );
        }
        for text in ["", "-", ".", "inf", "nan", "1e99", "abc", "1.2.3"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }

    #[test]
    fn rounds_towards_the_inside_of_a_range() {
        let n = Number::parse("-1.005").unwrap();
        assert_eq!(
            (n.floor_at(2), n.ceil_at(2), n.exact_at(2)),
            (Some(-101), Some(-100), None)
        );
        assert_eq!(n.exact_at(4), Some(-10050));
        assert_eq!(decimal_text(-5, 2), "-0.05");
    }

    proptest! {
        #[test]
        fn prints_what_it_reads(mantissa in -10i128.pow(30)..10i128.pow(30), scale in 0u32..20) {
            let n = Number::new(mantissa, scale);
            prop_assert_eq!(Number::parse(&n.to_string()), Some(n));
        }

        #[test]
        fn never_panics(text in "\\PC{0,20}") {
            let _ = Number::parse(&text);
        }
    }
}
