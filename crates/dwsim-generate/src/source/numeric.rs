//! Numbers and points in time: sequences, grids of equally spaced values, continuous shapes, booleans.
//! Parameters are checked before; here is only arithmetic, the same on every platform.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array,
    Int16Array, Int32Array, Int64Array, Time64MicrosecondArray, TimestampMicrosecondArray,
};
use arrow::error::ArrowError;
use dwsim_schema::{Distribution, Grid, Limits, LogicalType};

use crate::draw::{Stream, normal_cdf, normal_quantile, normal_quantiles, unit, unit_open};
use crate::source::{Index, Source};

/// Collects units (see `LogicalType::integer_bounds`, days, microseconds) into the type's array. Values were checked
/// against the type's bounds when the plan was made.
fn units(ty: LogicalType, collect: impl Collect) -> Result<ArrayRef, ArrowError> {
    Ok(match ty {
        LogicalType::SmallInt => Arc::new(Int16Array::from(collect.collect(|v| v as i16))),
        LogicalType::Integer => Arc::new(Int32Array::from(collect.collect(|v| v as i32))),
        LogicalType::Serial | LogicalType::BigInt => {
            Arc::new(Int64Array::from(collect.collect(|v| v as i64)))
        }
        LogicalType::Decimal { precision, scale } => Arc::new(
            Decimal128Array::from(collect.collect(|v| v))
                .with_precision_and_scale(precision, scale as i8)?,
        ),
        LogicalType::Date => Arc::new(Date32Array::from(collect.collect(|v| v as i32))),
        LogicalType::Time => Arc::new(Time64MicrosecondArray::from(collect.collect(|v| v as i64))),
        LogicalType::Timestamp => Arc::new(TimestampMicrosecondArray::from(
            collect.collect(|v| v as i64),
        )),
        LogicalType::TimestampTz | LogicalType::TimestampLtz => Arc::new(
            TimestampMicrosecondArray::from(collect.collect(|v| v as i64)).with_timezone("UTC"),
        ),
        other => {
            return Err(ArrowError::InvalidArgumentError(format!(
                "type {other} has no units"
            )));
        }
    })
}

/// Given units as the type's array.
pub(crate) fn units_array(ty: LogicalType, values: &[i128]) -> Result<ArrayRef, ArrowError> {
    struct Values<'a>(&'a [i128]);
    impl Collect for Values<'_> {
        fn collect<T>(self, map: impl Fn(i128) -> T) -> Vec<T> {
            self.0.iter().map(|v| map(*v)).collect()
        }
    }
    units(ty, Values(values))
}

/// Values that may be NULL as the type's array.
pub(crate) fn optional_units(
    ty: LogicalType,
    values: Vec<Option<i128>>,
) -> Result<ArrayRef, ArrowError> {
    let plain: Vec<i128> = values.iter().map(|v| v.unwrap_or(0)).collect();
    let array = units_array(ty, &plain)?;
    if values.iter().all(Option::is_some) {
        return Ok(array);
    }
    let mask: BooleanArray = values.iter().map(|v| Some(v.is_none())).collect();
    arrow::compute::nullif(&array, &mask)
}

/// An array of a type with units as its units.
pub(crate) fn units_of(array: &ArrayRef) -> Result<Vec<Option<i128>>, ArrowError> {
    use arrow::array::AsArray;
    use arrow::datatypes as t;
    macro_rules! units {
        ($ty:ty) => {
            array
                .as_primitive::<$ty>()
                .iter()
                .map(|v| v.map(i128::from))
                .collect()
        };
    }
    Ok(match array.data_type() {
        t::DataType::Int16 => units!(t::Int16Type),
        t::DataType::Int32 => units!(t::Int32Type),
        t::DataType::Int64 => units!(t::Int64Type),
        t::DataType::Decimal128(..) => units!(t::Decimal128Type),
        t::DataType::Date32 => units!(t::Date32Type),
        t::DataType::Time64(_) => units!(t::Time64MicrosecondType),
        t::DataType::Timestamp(..) => units!(t::TimestampMicrosecondType),
        other => {
            return Err(ArrowError::InvalidArgumentError(format!(
                "type {other} has no units"
            )));
        }
    })
}

/// Something that can collect its units under any mapping; a closure cannot be generic.
trait Collect {
    fn collect<T>(self, map: impl Fn(i128) -> T) -> Vec<T>;
}

/// `start + row * step`.
#[derive(Debug)]
pub(crate) struct Sequence {
    pub(crate) ty: LogicalType,
    pub(crate) start: i128,
    pub(crate) step: i128,
}

impl Source for Sequence {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        struct Values<'a>(&'a Sequence, &'a [u64]);
        impl Collect for Values<'_> {
            fn collect<T>(self, map: impl Fn(i128) -> T) -> Vec<T> {
                let (start, step) = (self.0.start, self.0.step);
                self.1
                    .iter()
                    .map(|r| map(start + i128::from(*r) * step))
                    .collect()
            }
        }
        units(self.ty, Values(self, rows))
    }
}

/// Equally spaced values.
#[derive(Debug)]
pub(crate) struct GridValues {
    pub(crate) ty: LogicalType,
    pub(crate) first: i128,
    pub(crate) step: i128,
    pub(crate) index: Index,
}

impl Source for GridValues {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        struct Values<'a>(&'a GridValues, &'a [u64]);
        impl Collect for Values<'_> {
            fn collect<T>(self, map: impl Fn(i128) -> T) -> Vec<T> {
                // the distance from end to end of a decimal(38) fits 128 bits only without a sign
                let (first, step) = (self.0.first, self.0.step);
                self.0.index.collect(self.1, |i| {
                    map(first.wrapping_add((i as i128).wrapping_mul(step)))
                })
            }
        }
        units(self.ty, Values(self, rows))
    }
}

/// A continuous distribution cut to a range, by its inverse function: one draw, one value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    distribution: Distribution,
    /// Bounds of values, possibly infinite.
    min: f64,
    max: f64,
    /// Probability below the range, and of the range.
    low: f64,
    span: f64,
}

impl Shape {
    /// `min < max`, or both equal; with [`Limits::Clamp`] the range keeps its outside, on its bounds.
    pub(crate) fn new(distribution: Distribution, min: f64, max: f64, limits: Limits) -> Self {
        let mut shape = Self {
            distribution,
            min,
            max,
            low: 0.0,
            span: 1.0,
        };
        if limits == Limits::Truncate && distribution != Distribution::Uniform {
            shape.low = shape.cdf(min);
            shape.span = shape.cdf(max) - shape.low;
        }
        shape
    }

    /// Share of the whole distribution that lies in the range; 1 when clamping.
    pub(crate) fn mass(&self) -> f64 {
        self.span
    }

    /// Probability of a value of at most `x`.
    pub(crate) fn probability(&self, x: f64) -> f64 {
        if x < self.min {
            return 0.0;
        }
        if x >= self.max {
            return 1.0;
        }
        ((self.cdf(x) - self.low) / self.span).clamp(0.0, 1.0)
    }

    /// Probability of a value of at most `x`, before cutting.
    fn cdf(&self, x: f64) -> f64 {
        match self.distribution {
            Distribution::Gaussian { mean, stddev } => normal_cdf((x - mean) / stddev),
            Distribution::LogNormal { mu, sigma } => {
                if x <= 0.0 {
                    0.0
                } else {
                    normal_cdf((libm::log(x) - mu) / sigma)
                }
            }
            Distribution::Exponential { mean } => {
                if x <= 0.0 {
                    0.0
                } else {
                    -libm::expm1(-x / mean)
                }
            }
            Distribution::Pareto { scale, shape } => {
                if x <= scale {
                    0.0
                } else {
                    1.0 - libm::pow(scale / x, shape)
                }
            }
            Distribution::Uniform => ((x - self.min) / (self.max - self.min)).clamp(0.0, 1.0),
            // not continuous; they are drawn from tables
            Distribution::Poisson { .. } | Distribution::Zipf { .. } => 0.0,
        }
    }

    /// The value of a draw.
    #[inline]
    pub(crate) fn value(&self, draw: u64) -> f64 {
        let x = match self.distribution {
            Distribution::Uniform => return self.min + (self.max - self.min) * unit(draw),
            Distribution::Gaussian { mean, stddev } => {
                mean + stddev * normal_quantile(self.quantile(draw))
            }
            Distribution::LogNormal { mu, sigma } => {
                libm::exp(mu + sigma * normal_quantile(self.quantile(draw)))
            }
            Distribution::Exponential { mean } => -mean * libm::log1p(-self.quantile(draw)),
            Distribution::Pareto { scale, shape } => {
                scale * libm::exp(-libm::log1p(-self.quantile(draw)) / shape)
            }
            Distribution::Poisson { .. } | Distribution::Zipf { .. } => self.min,
        };
        x.clamp(self.min, self.max)
    }

    /// [`Shape::value`] of each draw, bit for bit; as many draws as values.
    fn values(&self, draws: impl Iterator<Item = u64>, values: &mut [f64]) {
        let (scale, start, exponential) = match self.distribution {
            Distribution::Gaussian { mean, stddev } => (stddev, mean, false),
            Distribution::LogNormal { mu, sigma } => (sigma, mu, true),
            _ => {
                for (value, draw) in values.iter_mut().zip(draws) {
                    *value = self.value(draw);
                }
                return;
            }
        };
        for (value, draw) in values.iter_mut().zip(draws) {
            *value = self.quantile(draw);
        }
        normal_quantiles(values);
        for value in values.iter_mut() {
            let x = start + scale * *value;
            let x = if exponential { libm::exp(x) } else { x };
            *value = x.clamp(self.min, self.max);
        }
    }

    #[inline]
    fn quantile(&self, draw: u64) -> f64 {
        // the ends are kept away from 0 and 1, where the inverse is infinite
        (self.low + self.span * unit_open(draw)).clamp(1e-300, 1.0 - 1.2e-16)
    }
}

/// Values that are computed together.
const CHUNK: usize = 256;

/// The nearest whole number, of two the even one: `libm::rint` as an integer.
#[inline]
fn nearest(x: f64) -> i128 {
    /// Of a number so large a float keeps no binary places.
    const LARGE: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52
    if x.abs() < 2_251_799_813_685_248.0 {
        return i128::from(((x + LARGE) - LARGE) as i64);
    }
    libm::rint(x) as i128
}

/// Values of a shape, rounded to the type.
#[derive(Debug)]
pub(crate) struct Continuous {
    pub(crate) ty: LogicalType,
    pub(crate) stream: Stream,
    pub(crate) shape: Shape,
    /// For whole numbers and decimals; `None` for floats.
    pub(crate) grid: Option<Grid>,
    /// Digits after the point of floats.
    pub(crate) decimals: Option<u32>,
}

impl Continuous {
    /// A float rounded to the wanted digits; adding zero makes a negative zero positive.
    fn round(&self, x: f64) -> f64 {
        match self.decimals {
            None => x + 0.0,
            Some(d) => {
                let factor = libm::pow(10.0, f64::from(d));
                libm::rint(x * factor) / factor + 0.0
            }
        }
    }
}

impl Source for Continuous {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let mut cursor = self.stream.cursor();
        let Some(grid) = self.grid else {
            let values = rows
                .iter()
                .map(|r| self.round(self.shape.value(cursor.at(*r))));
            return Ok(match self.ty {
                LogicalType::Real => {
                    Arc::new(Float32Array::from_iter_values(values.map(|v| v as f32)))
                }
                _ => Arc::new(Float64Array::from_iter_values(values)),
            });
        };
        struct Values<'a>(&'a Continuous, Grid, &'a [u64]);
        impl Collect for Values<'_> {
            fn collect<T>(self, map: impl Fn(i128) -> T) -> Vec<T> {
                let Self(source, grid, rows) = self;
                let mut cursor = source.stream.cursor();
                let steps = libm::pow(10.0, f64::from(source.ty.scale())) / grid.step as f64;
                let (first, last) = (grid.first / grid.step, grid.last / grid.step);
                let mut out = Vec::with_capacity(rows.len());
                let mut values = [0.0; CHUNK];
                for rows in rows.chunks(CHUNK) {
                    let values = &mut values[..rows.len()];
                    source
                        .shape
                        .values(rows.iter().map(|r| cursor.at(*r)), values);
                    out.extend(values.iter().map(|value| {
                        let rounded = nearest(*value * steps);
                        map(rounded.clamp(first, last) * grid.step)
                    }));
                }
                out
            }
        }
        units(self.ty, Values(self, grid, rows))
    }
}

/// True with a probability.
#[derive(Debug)]
pub(crate) struct Bernoulli {
    pub(crate) stream: Stream,
    pub(crate) p: f64,
}

impl Source for Bernoulli {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let mut cursor = self.stream.cursor();
        Ok(Arc::new(
            rows.iter()
                .map(|r| Some(unit(cursor.at(*r)) < self.p))
                .collect::<BooleanArray>(),
        ) as Arc<dyn Array>)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_is_rint() {
        let mut x = 1e-9;
        while x < 1e38 {
            for y in [x, -x, x + 0.5, -x - 0.5, libm::floor(x) + 0.5] {
                assert_eq!(nearest(y), libm::rint(y) as i128, "{y}");
            }
            x *= 1.37;
        }
        assert_eq!(
            (nearest(0.5), nearest(1.5), nearest(-2.5), nearest(0.0)),
            (0, 2, -2, 0)
        );
    }

    #[test]
    fn many_values_are_as_one() {
        for distribution in [
            Distribution::Gaussian {
                mean: 3.0,
                stddev: 2.0,
            },
            Distribution::LogNormal {
                mu: 1.0,
                sigma: 0.7,
            },
            Distribution::Exponential { mean: 4.0 },
        ] {
            let shape = Shape::new(distribution, 0.5, 9.0, Limits::Truncate);
            let draws = || (0..1000u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let mut values = vec![0.0; 1000];
            shape.values(draws(), &mut values);
            for (value, draw) in values.iter().zip(draws()) {
                assert_eq!(value.to_bits(), shape.value(draw).to_bits());
            }
        }
    }
}
