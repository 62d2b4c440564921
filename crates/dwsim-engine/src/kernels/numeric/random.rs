//! Random numbers, texts and identifiers; seeded calls repeat within dwsim, but are not Snowflake's own sequences.
//! Sources: Snowflake "Data generation functions"; Redshift "RANDOM".

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};

use crate::error::{ErrorKind, Result};
use crate::functions::Call;

/// The step of SplitMix64.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// SplitMix64 (Steele et al.): one stream per call, one step per row.
struct Stream(u64);

impl Stream {
    fn new(call: &Call<'_>, seed: Option<i64>) -> Self {
        let base = match (seed, call.env.seed) {
            (Some(s), _) => s as u64,
            (None, Some(s)) => s ^ call.env.moment().draws.next().wrapping_mul(0x9E37_79B9),
            (None, None) => uuid::Uuid::new_v4().as_u64_pair().0,
        };
        Stream(base)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A 64-bit integer per row; an argument seeds it.
pub fn random_int(call: &Call<'_>) -> Result<ArrayRef> {
    let seed = if call.is_empty() {
        None
    } else {
        call.int(0)?.get(0)
    };
    let mut s = Stream::new(call, seed);
    call.map_int(|_| Ok(Some(s.next() as i64)))
}

/// The integer that a seed gives a row, whose number counts from 1: what [`random_int`] gives the rows of its first batch.
pub fn random_of_row(call: &Call<'_>) -> Result<ArrayRef> {
    let (seed, number) = (call.int(0)?, call.int(1)?);
    call.map_int(|row| {
        let (Some(seed), Some(number)) = (seed.get(row), number.get(row)) else {
            return Ok(None);
        };
        let before = (number as u64).wrapping_sub(1).wrapping_mul(GAMMA);
        Ok(Some(
            Stream((seed as u64).wrapping_add(before)).next() as i64
        ))
    })
}

/// A float in [0, 1) per row.
pub fn random_float(call: &Call<'_>) -> Result<ArrayRef> {
    if let Some(numbers) = call.env.moment().draws.take(call.rows) {
        return Ok(Arc::new(Float64Array::from(numbers)));
    }
    let mut s = Stream::new(call, None);
    Ok(Arc::new(Float64Array::from_iter_values(
        (0..call.rows).map(|_| s.unit()),
    )))
}

/// `uniform(min, max, generator)` for integers, both ends included; each row's generator value decides.
pub fn uniform_int(call: &Call<'_>) -> Result<ArrayRef> {
    let (low, high, g) = (call.int(0)?, call.int(1)?, call.int(2)?);
    call.map_int(|row| {
        let (Some(low), Some(high), Some(g)) = (low.get(row), high.get(row), g.get(row)) else {
            return Ok(None);
        };
        if low > high {
            return Err(call.error("the minimum is larger than the maximum"));
        }
        let width = (i128::from(high) - i128::from(low) + 1) as u128;
        let r = u128::from(Stream(g as u64).next());
        Ok(Some((i128::from(low) + ((r * width) >> 64) as i128) as i64))
    })
}

/// `uniform(min, max, generator)` for floats.
pub fn uniform_float(call: &Call<'_>) -> Result<ArrayRef> {
    let (low, high, g) = (call.double(0)?, call.double(1)?, call.int(2)?);
    call.map_double(|row| {
        let (Some(low), Some(high), Some(g)) = (low.get(row), high.get(row), g.get(row)) else {
            return Ok(None);
        };
        Ok(Some(low + (high - low) * Stream(g as u64).unit()))
    })
}

/// `normal(mean, deviation, generator)`: each row's generator value decides (Box and Muller).
pub fn normal(call: &Call<'_>) -> Result<ArrayRef> {
    let (mean, deviation, g) = (call.double(0)?, call.double(1)?, call.int(2)?);
    call.map_double(|row| {
        let (Some(mean), Some(deviation), Some(g)) =
            (mean.get(row), deviation.get(row), g.get(row))
        else {
            return Ok(None);
        };
        let mut s = Stream(g as u64);
        // 1 - u is never zero, so its logarithm is finite.
        let radius = (-2.0 * (1.0 - s.unit()).ln()).sqrt();
        Ok(Some(
            mean + deviation * radius * (std::f64::consts::TAU * s.unit()).cos(),
        ))
    })
}

/// `zipf(s, n, generator)`: a whole number from 1 to n, k with a probability proportional to `k^-s`
/// (rejection inversion, Hörmann and Derflinger).
pub fn zipf(call: &Call<'_>) -> Result<ArrayRef> {
    let (exponent, most, g) = (call.double(0)?, call.int(1)?, call.int(2)?);
    call.map_int(|row| {
        let (Some(s), Some(n), Some(g)) = (exponent.get(row), most.get(row), g.get(row)) else {
            return Ok(None);
        };
        if !(1..=16_777_215).contains(&n) {
            return Err(call.error(format!("N must be 1 to 16777215, not {n}")));
        }
        let integral = |x: f64| {
            let log = x.ln();
            if (1.0 - s).abs() < 1e-9 {
                log
            } else {
                (((1.0 - s) * log).exp() - 1.0) / (1.0 - s)
            }
        };
        let inverse = |y: f64| {
            if (1.0 - s).abs() < 1e-9 {
                y.exp()
            } else {
                (1.0 + y * (1.0 - s)).max(0.0).powf(1.0 / (1.0 - s))
            }
        };
        let (low, high) = (integral(1.5) - 1.0, integral(n as f64 + 0.5));
        let mut stream = Stream(g as u64);
        loop {
            let u = high + stream.unit() * (low - high);
            let k = inverse(u).round().clamp(1.0, n as f64);
            if u >= integral(k + 0.5) - k.powf(-s) {
                return Ok(Some(k as i64));
            }
        }
    })
}

/// `randstr(length, generator)`: letters and digits.
pub fn randstr(call: &Call<'_>) -> Result<ArrayRef> {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let (n, g) = (call.int(0)?, call.int(1)?);
    call.map_text(|row| {
        let (Some(n), Some(g)) = (n.get(row), g.get(row)) else {
            return Ok(None);
        };
        let mut s = Stream(g as u64);
        Ok(Some(
            (0..n.clamp(0, 1 << 24))
                .map(|_| ALPHABET[((u128::from(s.next()) * 62) >> 64) as usize] as char)
                .collect::<String>(),
        ))
    })
}

/// A random UUID, or with a namespace and a name one of version 5.
pub fn uuid_string(call: &Call<'_>) -> Result<ArrayRef> {
    if call.is_empty() {
        return call.map_text(|_| Ok(Some(uuid::Uuid::new_v4().to_string())));
    }
    if call.len() == 1 {
        return Err(ErrorKind::ArgumentCount {
            function: call.name.to_owned(),
            expected: 2,
            given: 1,
        }
        .into());
    }
    let (ns, name) = (call.text(0)?, call.text(1)?);
    call.map_text(|row| {
        let (Some(ns), Some(name)) = (ns.get(row), name.get(row)) else {
            return Ok(None);
        };
        let ns =
            uuid::Uuid::parse_str(ns).map_err(|_| call.error(format!("invalid UUID '{ns}'")))?;
        Ok(Some(uuid::Uuid::new_v5(&ns, name.as_bytes()).to_string()))
    })
}
