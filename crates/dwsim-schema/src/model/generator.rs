//! How the values of a column are described: distributions with bounds, providers, patterns, templates, JSON shapes.
//! Drawing values is left to dwsim-generate; here are only checked descriptions.

use crate::diagnostics::Place;
use crate::model::Column;
use crate::model::{Machine, Polymorphic, Walk, Wave};
use crate::number::Number;
use crate::temporal;
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

impl LogicalType {
    /// Whether a column of this type can hold the value.
    #[must_use]
    pub fn holds(self, value: &Scalar) -> bool {
        match value {
            Scalar::Boolean(_) => self == Self::Boolean,
            Scalar::Number(_) if matches!(self, Self::Real | Self::Double) => true,
            Scalar::Text(text) if self.is_text() => {
                self.max_length().is_none_or(|n| text.len() <= n)
            }
            _ => self.units(value).is_some(),
        }
    }

    /// A value in the type's units: `10^-scale` for whole numbers and decimals, days for dates, microseconds for times
    /// and timestamps. `None` if it is not a value of the type, or the type has no units.
    #[must_use]
    pub fn units(self, value: &Scalar) -> Option<i128> {
        match value {
            Scalar::Number(n) => {
                let (min, max) = self.integer_bounds()?;
                n.exact_at(self.scale()).filter(|v| (min..=max).contains(v))
            }
            Scalar::Text(text) => match self {
                Self::Date => temporal::parse_date(text).map(i128::from),
                Self::Time => temporal::parse_time(text).map(i128::from),
                _ if self.is_timestamp() => {
                    temporal::parse_timestamp(text).map(|(at, _)| i128::from(at))
                }
                _ => None,
            },
            Scalar::Boolean(_) => None,
        }
    }
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
            Self::Day => temporal::DAY_MICROS,
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

/// A row fulfils it if its column has one of the values.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The column's name.
    pub column: String,
    /// The values, at least one.
    pub values: Vec<Scalar>,
    /// Where it is written.
    pub place: Place,
}

/// A value that lies at a random distance from another column's: never less, or never more.
#[derive(Clone, Debug, PartialEq)]
pub struct Offset {
    /// The other column, of the same type.
    pub base: String,
    /// Whether the distance is taken away instead of added.
    pub below: bool,
    /// Least distance in the type's units, at least 0.
    pub min: i128,
    /// Step between distances, at least 1.
    pub step: i128,
    /// Number of possible distances, at least 1.
    pub count: u128,
}

/// Arithmetic over columns of the same row.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A number as written.
    Number(Number),
    /// A numeric column of the same table.
    Column(String),
    /// A calculation with two operands.
    Binary {
        /// What is calculated.
        operator: Operator,
        /// First operand.
        left: Box<Expression>,
        /// Second operand.
        right: Box<Expression>,
    },
}

/// An arithmetic operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Sum.
    Add,
    /// Difference.
    Subtract,
    /// Product.
    Multiply,
    /// Quotient; NULL where the divisor is 0.
    Divide,
}

impl Expression {
    /// Appends the columns it needs.
    pub(crate) fn columns<'a>(&'a self, out: &mut Vec<&'a str>) {
        match self {
            Self::Number(_) => {}
            Self::Column(name) => out.push(name),
            Self::Binary { left, right, .. } => {
                left.columns(out);
                right.columns(out);
            }
        }
    }

    /// Whether it divides, and so may be NULL.
    #[must_use]
    pub fn divides(&self) -> bool {
        match self {
            Self::Number(_) | Self::Column(_) => false,
            Self::Binary {
                operator,
                left,
                right,
            } => *operator == Operator::Divide || left.divides() || right.divides(),
        }
    }
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
    /// The key of the parent that the row belongs to: parents have `min`, `min + 1`, … children, in the parents' order.
    /// The table has as many rows as that makes.
    Children {
        /// Least number of children.
        min: u32,
        /// Weights of `min`, `min + 1`, …; at least one, not all 0.
        weights: Vec<f64>,
        /// A column of states: a parent's children end where it reaches a last state, or at the greatest number;
        /// `min` and `weights` then only give that number.
        until: Option<String>,
    },
    /// The row's number among its parent's children, from 1.
    ChildNumber,
    /// The value that the parent's row has in another column.
    Carry {
        /// This table's foreign key.
        via: String,
        /// The parent's column.
        column: String,
        /// Where it is written.
        place: Place,
    },
    /// A value at a distance from another column's.
    Offset(Offset),
    /// A value between two other columns', both ends included.
    Between {
        /// The lower column.
        low: String,
        /// The higher column.
        high: String,
    },
    /// Arithmetic over other columns, rounded to the type.
    Formula(Expression),
    /// A column of the table's group of that number: all columns of a group take their values from one drawn row.
    Group {
        /// Index into [`crate::Table::groups`].
        group: usize,
        /// The column's position in the group.
        position: usize,
    },
    /// The values of a table of given rows, one per row; `None` is NULL.
    Given(Vec<Option<Scalar>>),
    /// A key of one of several tables, chosen by another column.
    Polymorphic(Polymorphic),
    /// States that follow each other among a parent's children.
    States(Machine),
    /// Values that go on from child to child of a parent.
    Walk(Walk),
    /// A trend, a season and noise along the rows.
    Wave(Wave),
}
