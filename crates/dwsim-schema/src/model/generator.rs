//! How the values of a column are described: distributions with bounds, providers, patterns, templates, JSON shapes.
//! Drawing values is left to dwsim-generate; here are only checked descriptions.

use crate::diagnostics::Place;
use crate::model::Column;
use crate::number::Number;
use crate::types::LogicalType;

/// A single value written in dwsim.toml.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// Text; dates and timestamps are kept as they are written.
    Text(String),
    /// A number.
    Number(Number),
    /// True or false.
    Boolean(bool),
}

/// What happens to values outside of `min` and `max`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limits {
    /// The distribution is cut to the range: values are drawn from inside only, with the shape kept.
    #[default]
    Truncate,
    /// Values outside become the nearest bound.
    Clamp,
}

/// Shape of a number's distribution, before bounds and rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// Every value of the range equally often; needs both bounds.
    Uniform,
    /// Normal distribution.
    Gaussian {
        /// Mean.
        mean: f64,
        /// Standard deviation, above 0.
        stddev: f64,
    },
    /// `exp` of a normal variable.
    LogNormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm, above 0.
        sigma: f64,
    },
    /// Waiting times.
    Exponential {
        /// Mean, above 0 (`rate = 4` is `mean = 0.25`).
        mean: f64,
    },
    /// Counts.
    Poisson {
        /// Mean, above 0 and at most 1e6.
        mean: f64,
    },
    /// Value `min + k - 1` with a probability proportional to `k^-exponent`; needs both bounds.
    Zipf {
        /// Exponent, above 0.
        exponent: f64,
    },
    /// Heavy tail above `scale`.
    Pareto {
        /// Least value, above 0.
        scale: f64,
        /// Exponent of the tail, above 0.
        shape: f64,
    },
}

impl Distribution {
    /// Name as written in dwsim.toml.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Gaussian { .. } => "gaussian",
            Self::LogNormal { .. } => "lognormal",
            Self::Exponential { .. } => "exponential",
            Self::Poisson { .. } => "poisson",
            Self::Zipf { .. } => "zipf",
            Self::Pareto { .. } => "pareto",
        }
    }
}

/// Equally spaced values in a column's own units (`10^-scale` for decimals): `first`, `first + step`, … `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Least value.
    pub first: i128,
    /// Greatest value, a whole number of steps from the first.
    pub last: i128,
    /// Distance, at least 1.
    pub step: i128,
}

impl Grid {
    /// Number of values.
    #[must_use]
    pub fn size(&self) -> u128 {
        // as wide as a decimal(38) from end to end, the distance fits only without a sign
        self.last.wrapping_sub(self.first) as u128 / self.step.unsigned_abs() + 1
    }
}

/// Numbers from a distribution.
#[derive(Clone, Debug, PartialEq)]
pub struct NumericSpec {
    /// The shape.
    pub distribution: Distribution,
    /// Least value, as written.
    pub min: Option<Number>,
    /// Greatest value, as written.
    pub max: Option<Number>,
    /// What happens outside of them.
    pub limits: Limits,
    /// Digits after the point that values are rounded to; never more than the type has.
    pub decimals: Option<u32>,
}

impl NumericSpec {
    /// The values a whole-number or decimal column of this type can take: the bounds, rounded towards the inside, and
    /// the type's own bounds. `None` if there are none, or for floats.
    #[must_use]
    pub fn grid(&self, ty: LogicalType) -> Option<Grid> {
        let (type_min, type_max) = ty.integer_bounds()?;
        let scale = ty.scale();
        let step = 10i128.pow(scale - self.decimals.unwrap_or(scale).min(scale));
        let min = self
            .min
            .map_or(Some(type_min), |n| n.ceil_at(scale))?
            .max(type_min);
        let max = self
            .max
            .map_or(Some(type_max), |n| n.floor_at(scale))?
            .min(type_max);
        let first = min.div_euclid(step) + i128::from(min.rem_euclid(step) != 0);
        let last = max.div_euclid(step);
        (first <= last).then(|| Grid {
            first: first * step,
            last: last * step,
            step,
        })
    }
}

/// Steps that generated points in time lie on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// 1 µs.
    Microsecond,
    /// 1000 µs.
    Millisecond,
    /// One second; what timestamps and times of day have unless they say otherwise.
    Second,
    /// One minute.
    Minute,
    /// One hour.
    Hour,
    /// One day; what dates have.
    Day,
}

impl Resolution {
    /// Names as written, with their values.
    pub(crate) const NAMES: [(&'static str, Self); 6] = [
        ("microsecond", Self::Microsecond),
        ("millisecond", Self::Millisecond),
        ("second", Self::Second),
        ("minute", Self::Minute),
        ("hour", Self::Hour),
        ("day", Self::Day),
    ];

    /// Length in microseconds.
    #[must_use]
    pub fn micros(self) -> i64 {
        match self {
            Self::Microsecond => 1,
            Self::Millisecond => 1_000,
            Self::Second => 1_000_000,
            Self::Minute => 60_000_000,
            Self::Hour => 3_600_000_000,
            Self::Day => crate::temporal::DAY_MICROS,
        }
    }
}

/// Uniform points in time: `min + k * step` for `k` in `0..count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemporalSpec {
    /// Earliest value: days for dates, microseconds for everything else.
    pub min: i64,
    /// Distance between neighbours, in the same unit.
    pub step: i64,
    /// How many there are, at least 1.
    pub count: u64,
}

/// How a foreign key picks its parent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pick {
    /// Every parent equally often.
    Uniform,
    /// A few parents very often: the parent of rank k with a probability proportional to `k^-exponent`.
    Zipf {
        /// Exponent, above 0.
        exponent: f64,
    },
}

/// A text provider and its parameters; which providers there are is known to dwsim-generate.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderCall {
    /// Name without the `faker.` in front.
    pub name: String,
    /// Locale such as `de_DE`; `None` is `en_US`.
    pub locale: Option<String>,
    /// Cut values that are longer than the column, instead of refusing.
    pub truncate: bool,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum TemplatePart {
    /// Text as it stands.
    Literal(String),
    /// The value of another column of the same row.
    Column(String),
    /// The row's number, from 1.
    RowNumber,
}

/// What a JSON value consists of.
#[derive(Clone, Debug, PartialEq)]
pub enum JsonShape {
    /// An object with these keys, in this order.
    Object(Vec<Column>),
    /// An array of `min..=max` values.
    Array {
        /// How one element is made.
        item: Box<Column>,
        /// Least length.
        min: u32,
        /// Greatest length.
        max: u32,
    },
}

/// How the values of a column are made.
#[derive(Clone, Debug, PartialEq)]
pub enum Generator {
    /// `start + row * step`, in the column's units (days and microseconds for points in time).
    Sequence {
        /// Value of the first row.
        start: i128,
        /// Distance from row to row, not 0.
        step: i128,
    },
    /// A number from a distribution.
    Numeric(NumericSpec),
    /// A point in time.
    Temporal(TemporalSpec),
    /// True with probability `p`.
    Bernoulli {
        /// Probability of true, 0..=1.
        p: f64,
    },
    /// One of these values.
    Categorical {
        /// The values, distinct.
        values: Vec<Scalar>,
        /// A weight for each, at least 0, not all 0.
        weights: Vec<f64>,
    },
    /// Always the same value.
    Constant(Scalar),
    /// Text from a provider.
    Provider(ProviderCall),
    /// Text that matches a regular expression.
    Pattern {
        /// The expression.
        pattern: String,
        /// Where it is written.
        place: Place,
    },
    /// Text put together from other columns.
    Template(Vec<TemplatePart>),
    /// A random UUID, never the same twice in a table.
    Uuid,
    /// Random bytes, `min..=max` of them.
    Bytes {
        /// Least length.
        min: u32,
        /// Greatest length.
        max: u32,
    },
    /// A JSON document.
    Json(JsonShape),
    /// The key of a row of the referenced table.
    ForeignKey(Pick),
}
