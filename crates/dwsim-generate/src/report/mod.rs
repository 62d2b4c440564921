//! How close data are to what dwsim.toml declares, and to a sample: distances with the bounds that chance allows,
//! and scores named as SDV's metrics. Broken rules are left to `check`.

mod compare;
mod declared;
mod gather;
mod html;
mod plot;

use serde::Serialize;

pub use compare::{Comparison, Score, compare};
pub use declared::report;
pub use html::html;
pub use plot::svg;

/// A measured number.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metric {
    /// `ks`, `tv`, `nulls`, `correlation`, `step`.
    pub name: &'static str,
    /// What it is about, where one column has several.
    pub of: String,
    /// The distance; 0 is perfect.
    pub value: f64,
    /// What chance explains in fewer than one of a thousand data sets.
    pub bound: f64,
    /// Whether the value is within the bound.
    pub ok: bool,
}

impl Metric {
    pub(crate) fn new(name: &'static str, of: impl Into<String>, value: f64, bound: f64) -> Self {
        Self {
            name,
            of: of.into(),
            value,
            bound,
            ok: value <= bound,
        }
    }
}

/// A histogram.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plot {
    /// One per bar.
    pub labels: Vec<String>,
    /// Shares of the data.
    pub found: Vec<f64>,
    /// Declared shares, or a sample's; empty if none follow.
    pub expected: Vec<f64>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnReport {
    /// Column.
    pub name: String,
    /// Its type.
    pub ty: String,
    /// How its values are made, in few words.
    pub declared: String,
    /// Whether it is marked as personal.
    pub pii: bool,
    /// Share of NULLs.
    pub nulls: f64,
    /// Distances.
    pub metrics: Vec<Metric>,
    /// Its histogram; none for free text.
    pub plot: Option<Plot>,
}

/// One table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableReport {
    /// Table.
    pub name: String,
    /// Rows.
    pub rows: u64,
    /// Columns in their order.
    pub columns: Vec<ColumnReport>,
    /// Correlations.
    pub pairs: Vec<Metric>,
}

/// All tables.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Parents first.
    pub tables: Vec<TableReport>,
}

impl Report {
    /// All metrics with the names of table and column.
    pub fn metrics(&self) -> impl Iterator<Item = (&str, &str, &Metric)> {
        self.tables.iter().flat_map(|t| {
            let columns = t.columns.iter().flat_map(move |c| {
                c.metrics
                    .iter()
                    .map(move |m| (t.name.as_str(), c.name.as_str(), m))
            });
            let pairs = t.pairs.iter().map(|m| (t.name.as_str(), "", m));
            columns.chain(pairs)
        })
    }
}

/// The bound of a Kolmogorov-Smirnov distance that 1 of 1000 samples of `n` exceeds.
pub(crate) fn ks_bound(n: f64) -> f64 {
    1.95 / libm::sqrt(n.max(1.0))
}

/// The bound of the total variation distance of a sample of `n` from shares `p`: its expectation and McDiarmid's
/// deviation at 1 of 1000.
pub(crate) fn tv_bound(p: &[f64], n: f64) -> f64 {
    let n = n.max(1.0);
    let expected: f64 = p.iter().map(|p| libm::sqrt(p * (1.0 - p) / n)).sum();
    0.5 * expected + 1.86 / libm::sqrt(n)
}

/// Total variation distance of shares.
pub(crate) fn tv(a: &[f64], b: &[f64]) -> f64 {
    0.5 * a.iter().zip(b).map(|(x, y)| (x - y).abs()).sum::<f64>()
}
