//! A number as sign, whole digits and fraction digits, rounded to what a model can show.
//! The models lay the digits out.

use crate::kernels::cast::rescale;

/// Decimal digits of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digits {
    pub negative: bool,
    /// Without leading zeros; empty for zero.
    pub whole: String,
    /// Exactly as many digits as asked for.
    pub fraction: String,
}

impl Digits {
    /// `unscaled / 10^scale`, rounded half away from zero to so many fraction digits; None beyond 38 digits.
    pub fn rounded(unscaled: i128, scale: u8, fraction: usize) -> Option<Self> {
        let places = u8::try_from(fraction.min(38)).ok()?;
        // Digits that the number does not have are zeros: they need no arithmetic.
        let kept = places.min(scale);
        let v = rescale(unscaled, scale, kept)?;
        let text = format!(
            "{:0width$}",
            v.unsigned_abs(),
            width = usize::from(kept) + 1
        );
        let (whole, frac) = text.split_at(text.len() - usize::from(kept));
        let mut frac = frac.to_owned();
        while frac.len() < fraction {
            frac.push('0');
        }
        Some(Digits {
            negative: v < 0,
            whole: whole.trim_start_matches('0').to_owned(),
            fraction: frac,
        })
    }
}

/// `d.ddd × 10^e` of a number: its significant digits without trailing zeros, and the exponent.
pub(super) fn scientific(unscaled: i128, scale: u8) -> (String, i32) {
    if unscaled == 0 {
        return ("0".into(), 0);
    }
    let text = unscaled.unsigned_abs().to_string();
    let exponent = text.len() as i32 - 1 - i32::from(scale);
    let digits = text.trim_end_matches('0').to_owned();
    (digits, exponent)
}
