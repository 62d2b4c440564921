//! An exact decimal number of up to 38 digits, the width of both warehouses' widest NUMERIC.
//! It is a value to compare and to pass on; arithmetic belongs into the warehouse under test.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// `mantissa / 10^scale`, exactly. Equality, order and hash are by value: `1.50 == 1.5`.
///
/// ```
/// use dwsim_runtime::Decimal;
/// let a: Decimal = "1042.50".parse()?;
/// assert_eq!(a, Decimal::new(10425, 1));
/// assert_eq!(a.to_string(), "1042.5");
/// # Ok::<(), dwsim_runtime::ParseDecimalError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    mantissa: i128,
    scale: u8,
}

/// Text that is not a decimal number of at most 38 digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a decimal number of at most 38 digits")]
pub struct ParseDecimalError(pub String);

/// The most digits a decimal holds.
const MAX_DIGITS: u32 = 38;

impl Decimal {
    /// Zero.
    pub const ZERO: Decimal = Decimal {
        mantissa: 0,
        scale: 0,
    };

    /// `mantissa / 10^scale`, without its trailing zeros.
    #[must_use]
    pub const fn new(mantissa: i128, scale: u8) -> Self {
        let (mut mantissa, mut scale) = (mantissa, scale);
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        Decimal { mantissa, scale }
    }

    /// The digits as an integer; see [`Decimal::scale`].
    #[must_use]
    pub const fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// How many of the mantissa's digits stand after the point.
    #[must_use]
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// The nearest float.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        // text and back is correctly rounded, which mantissa / 10^scale is not
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The integer, when nothing stands after the point.
    #[must_use]
    pub const fn to_integer(self) -> Option<i128> {
        if self.scale == 0 {
            Some(self.mantissa)
        } else {
            None
        }
    }

    /// Parses a literal at compile time; used by `dec!`.
    ///
    /// # Panics
    /// When the text is no decimal number, which in a `const` is a compile error.
    #[must_use]
    pub const fn from_literal(text: &str) -> Self {
        match Self::parse_bytes(text.as_bytes()) {
            Some(value) => value,
            None => panic!("dec! takes a decimal literal of at most 38 digits, like dec!(-12.50)"),
        }
    }

    /// Sign, digits, one point; blanks and `_` are skipped (as `stringify!` and Rust literals have them).
    const fn parse_bytes(bytes: &[u8]) -> Option<Self> {
        let (mut mantissa, mut scale, mut negative) = (0i128, 0u8, false);
        let (mut digits, mut point, mut started) = (false, false, false);
        let mut i = 0;
        while i < bytes.len() {
            match bytes[i] {
                b'-' | b'+' if !started => {
                    negative = bytes[i] == b'-';
                    started = true;
                }
                b'.' if !point => {
                    point = true;
                    started = true;
                }
                b'0'..=b'9' => {
                    started = true;
                    digits = true;
                    mantissa = match mantissa.checked_mul(10) {
                        Some(m) => m,
                        None => return None,
                    };
                    mantissa = match mantissa.checked_add((bytes[i] - b'0') as i128) {
                        Some(m) => m,
                        None => return None,
                    };
                    if point {
                        scale += 1;
                        if scale as u32 > MAX_DIGITS {
                            return None;
                        }
                    }
                }
                b' ' | b'_' => {}
                _ => return None,
            }
            i += 1;
        }
        if !digits || mantissa >= 10i128.pow(MAX_DIGITS) {
            return None;
        }
        Some(Self::new(
            if negative { -mantissa } else { mantissa },
            scale,
        ))
    }

    /// The number without sign as (digits before the point, digits after it), for ordering without overflow.
    fn parts(self) -> (u128, u128) {
        let unit = 10u128.pow(u32::from(self.scale));
        let magnitude = self.mantissa.unsigned_abs();
        let fraction = magnitude % unit * 10u128.pow(MAX_DIGITS - u32::from(self.scale));
        (magnitude / unit, fraction)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.mantissa == other.mantissa && self.scale == other.scale
    }
}

impl Eq for Decimal {}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.mantissa, self.scale).hash(state);
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_sign = self.mantissa.signum().cmp(&other.mantissa.signum());
        by_sign.then_with(|| {
            let by_size = self.parts().cmp(&other.parts());
            if self.mantissa < 0 {
                by_size.reverse()
            } else {
                by_size
            }
        })
    }
}

impl FromStr for Decimal {
    type Err = ParseDecimalError;

    fn from_str(text: &str) -> Result<Self, ParseDecimalError> {
        let fits = !text.contains([' ', '_']);
        Self::parse_bytes(text.as_bytes())
            .filter(|_| fits)
            .ok_or_else(|| ParseDecimalError(text.to_string()))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.mantissa.unsigned_abs().to_string();
        let scale = usize::from(self.scale);
        let text = if scale == 0 {
            digits
        } else {
            let digits = format!("{digits:0>width$}", width = scale + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            format!("{whole}.{fraction}")
        };
        f.pad_integral(self.mantissa >= 0, "", &text)
    }
}

macro_rules! from_integers {
    ($($t:ty),*) => { $(
        impl From<$t> for Decimal {
            fn from(value: $t) -> Self {
                Decimal::new(i128::from(value), 0)
            }
        }
    )* };
}
from_integers!(i8, i16, i32, i64, u8, u16, u32, u64);

/// An exact decimal literal, checked at compile time: `dec!(-12.50)`.
///
/// ```
/// use dwsim_runtime::{Decimal, dec};
/// assert_eq!(dec!(-12.50), Decimal::new(-125, 1));
/// ```
#[macro_export]
macro_rules! dec {
    ($($number:tt)+) => {{
            // an item and not a const block, which `cargo check` would not evaluate
            const VALUE: $crate::Decimal = $crate::Decimal::from_literal(stringify!($($number)+));
            VALUE
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_both_ways() {
        for (text, shown) in [
            ("0", "0"),
            ("-0", "0"),
            ("1.50", "1.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("-0.001", "-0.001"),
            (
                "99999999999999999999999999999999999999",
                "99999999999999999999999999999999999999",
            ),
            (
                "0.00000000000000000000000000000000000001",
                "0.00000000000000000000000000000000000001",
            ),
        ] {
            let value: Decimal = text.parse().expect(text);
            assert_eq!(value.to_string(), shown);
        }
        for bad in [
            "",
            "-",
            ".",
            "1e5",
            "1.2.3",
            "1 2",
            "100000000000000000000000000000000000000",
            "NaN",
        ] {
            assert!(bad.parse::<Decimal>().is_err(), "{bad}");
        }
    }

    #[test]
    fn ordered_by_value() {
        let texts = [
            "-10", "-9.99", "-0.1", "0", "0.09", "0.1", "1", "1.000001", "10",
        ];
        for (i, a) in texts.iter().enumerate() {
            for (j, b) in texts.iter().enumerate() {
                let (a, b): (Decimal, Decimal) =
                    (a.parse().expect("number"), b.parse().expect("number"));
                assert_eq!(a.cmp(&b), i.cmp(&j));
            }
        }
    }
}
