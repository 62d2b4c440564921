//! Data against a sample: scores from 0 to 1, named as SDMetrics names them (<https://docs.sdv.dev/sdmetrics>).
//! Distances from declared distributions are left to `declared`.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;
use dwsim_schema::Schema;
use serde::Serialize;

use crate::draw::Sub;
use crate::error::GenerateError;
use crate::learn::{normal_scores, numbers, pearson};
use crate::sample::Sample;
use crate::source::Cells;

/// Rows that distances to the closest record are looked at, and records they are compared with.
const CLOSEST: (usize, usize) = (400, 4_000);

/// A score; 1 is best.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// SDMetrics' name.
    pub metric: &'static str,
    /// Column, or two, or empty for the table.
    pub column: String,
    /// 0 to 1.
    pub score: f64,
}

/// A table against its sample.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Table.
    pub table: String,
    /// Rows of the data and of the sample that were compared.
    pub rows: (u64, u64),
    /// The scores.
    pub scores: Vec<Score>,
}

impl Comparison {
    /// Mean of the scores of columns and pairs: SDV's overall quality.
    #[must_use]
    pub fn quality(&self) -> f64 {
        let of = |m: &str| {
            let all: Vec<f64> = self
                .scores
                .iter()
                .filter(|s| m.split('|').any(|m| s.metric == m))
                .map(|s| s.score)
                .collect();
            (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
        };
        let parts: Vec<f64> = [of("KSComplement|TVComplement"), of("CorrelationSimilarity")]
            .into_iter()
            .flatten()
            .collect();
        if parts.is_empty() {
            return 0.0;
        }
        parts.iter().sum::<f64>() / parts.len() as f64
    }
}

/// Compares data with a sample of the same table, column by column of the same name.
///
/// # Errors
/// If arrays cannot be read; a defect.
pub fn compare(
    schema: &Schema,
    data: &Sample,
    sample: &Sample,
) -> Result<Comparison, GenerateError> {
    let mut scores = Vec::new();
    let mut add = |metric: &'static str, column: &str, score: f64| {
        scores.push(Score {
            metric,
            column: column.to_owned(),
            score: score.clamp(0.0, 1.0),
        });
    };
    let mut shared: Vec<(String, &ArrayRef, &ArrayRef)> = Vec::new();
    for field in sample.rows.schema().fields() {
        let pair = (
            data.rows.column_by_name(field.name()),
            sample.rows.column_by_name(field.name()),
        );
        if let (Some(a), Some(b)) = pair {
            shared.push((field.name().clone(), a, b));
        }
    }
    let mut scored: Vec<(String, Vec<Option<f64>>, Vec<Option<f64>>)> = Vec::new();
    for (name, a, b) in &shared {
        let share = |x: &ArrayRef| x.null_count() as f64 / x.len().max(1) as f64;
        add(
            "MissingValueSimilarity",
            name,
            1.0 - (share(a) - share(b)).abs(),
        );
        match (numbers(a), numbers(b)) {
            (Some(x), Some(y)) => {
                let (xs, ys) = (sorted(&x), sorted(&y));
                if let (Some(low), Some(high), false) = (ys.first(), ys.last(), xs.is_empty()) {
                    add("KSComplement", name, 1.0 - two_sample(&xs, &ys));
                    let span = (high - low).max(f64::MIN_POSITIVE);
                    let (x0, x1) = (xs[0], xs[xs.len() - 1]);
                    let missed = ((x0 - low) / span).max(0.0) + ((high - x1) / span).max(0.0);
                    add("RangeCoverage", name, 1.0 - missed);
                    let inside = xs.iter().filter(|v| *v >= low && *v <= high).count();
                    add("BoundaryAdherence", name, inside as f64 / xs.len() as f64);
                }
                scored.push((name.clone(), x, y));
            }
            _ => {
                let (x, y) = (texts(a)?, texts(b)?);
                // text that hardly repeats has no categories
                let known: u64 = y.values().sum();
                if known > 0 && (y.len() as u64) * 2 <= known {
                    let (n, m) = (x.values().sum::<u64>().max(1) as f64, known as f64);
                    let all: BTreeSet<&Vec<u8>> = x.keys().chain(y.keys()).collect();
                    let of = |t: &BTreeMap<Vec<u8>, u64>, k: &Vec<u8>| {
                        t.get(k).copied().unwrap_or(0) as f64
                    };
                    let tv: f64 = all
                        .iter()
                        .map(|k| (of(&x, k) / n - of(&y, k) / m).abs())
                        .sum();
                    add("TVComplement", name, 1.0 - 0.5 * tv);
                    let covered = y.keys().filter(|k| x.contains_key(*k)).count();
                    add("CategoryCoverage", name, covered as f64 / y.len() as f64);
                    let adhering: u64 = x
                        .iter()
                        .filter(|(k, _)| y.contains_key(*k))
                        .map(|(_, n)| n)
                        .sum();
                    add("CategoryAdherence", name, adhering as f64 / n);
                }
            }
        }
    }
    for (i, (a, xa, ya)) in scored.iter().enumerate() {
        for (b, xb, yb) in &scored[i + 1..] {
            if let (Some(r), Some(s)) = (correlation(xa, xb), correlation(ya, yb)) {
                add(
                    "CorrelationSimilarity",
                    &format!("{a}, {b}"),
                    1.0 - (r - s).abs() / 2.0,
                );
            }
        }
    }
    privacy(schema, data, &shared, &mut add)?;
    Ok(Comparison {
        table: data.name.clone(),
        rows: (data.rows.num_rows() as u64, sample.rows.num_rows() as u64),
        scores,
    })
}

fn privacy(
    schema: &Schema,
    data: &Sample,
    shared: &[(String, &ArrayRef, &ArrayRef)],
    add: &mut impl FnMut(&'static str, &str, f64),
) -> Result<(), GenerateError> {
    if shared.is_empty() {
        return Ok(());
    }
    let rows = |which: fn(&(String, &ArrayRef, &ArrayRef)) -> ArrayRef| -> Result<Vec<Vec<u8>>, GenerateError> {
        let arrays: Vec<ArrayRef> = shared.iter().map(which).collect();
        let cells: Vec<Cells<'_>> = arrays.iter().map(Cells::of).collect::<Result<_, _>>()?;
        let n = arrays.first().map_or(0, |a| a.len());
        Ok((0..n)
            .map(|i| {
                let mut text = Vec::new();
                for cells in &cells {
                    if !cells.is_null(i) {
                        cells.write(i, &mut text);
                    }
                    text.push(0);
                }
                text
            })
            .collect())
    };
    let real: BTreeSet<Vec<u8>> = rows(|s| s.2.clone())?.into_iter().collect();
    let made = rows(|s| s.1.clone())?;
    let new = made.iter().filter(|r| !real.contains(*r)).count();
    add("NewRowSynthesis", "", new as f64 / made.len().max(1) as f64);
    let table = schema.table(&data.name);
    for (name, a, b) in shared {
        let pii = table.and_then(|t| t.column(name)).is_some_and(|c| c.pii);
        if pii {
            let (x, y) = (texts(a)?, texts(b)?);
            let copied = x.keys().filter(|k| y.contains_key(*k)).count();
            add(
                "PIIProtection",
                name,
                1.0 - copied as f64 / x.len().max(1) as f64,
            );
        }
    }
    closest(shared, add)
}

/// Median distance of made rows to the closest real one, against that of real rows to each other (Gower's distance).
fn closest(
    shared: &[(String, &ArrayRef, &ArrayRef)],
    add: &mut impl FnMut(&'static str, &str, f64),
) -> Result<(), GenerateError> {
    enum Column {
        Number(Vec<Option<f64>>, Vec<Option<f64>>, f64),
        Text(Vec<Vec<u8>>, Vec<Vec<u8>>),
    }
    let mut columns = Vec::new();
    for (_, a, b) in shared {
        columns.push(match (numbers(a), numbers(b)) {
            (Some(x), Some(y)) => {
                let ys = sorted(&y);
                let span = ys.last().zip(ys.first()).map_or(0.0, |(h, l)| h - l);
                Column::Number(x, y, span.max(f64::MIN_POSITIVE))
            }
            _ => Column::Text(cells(a)?, cells(b)?),
        });
    }
    let (made, real) = (shared[0].1.len(), shared[0].2.len());
    if made == 0 || real < 3 {
        return Ok(());
    }
    let distance = |real_side: bool, i: usize, j: usize| -> f64 {
        let all = columns.iter().map(|c| match c {
            Column::Number(x, y, span) => {
                let from = if real_side { y[i] } else { x[i] };
                match (from, y[j]) {
                    (Some(a), Some(b)) => ((a - b).abs() / span).min(1.0),
                    (None, None) => 0.0,
                    _ => 1.0,
                }
            }
            Column::Text(x, y) => {
                f64::from(u8::from(*(if real_side { &y[i] } else { &x[i] }) != y[j]))
            }
        });
        all.sum::<f64>() / columns.len() as f64
    };
    let mut sub = Sub::new(1);
    let mut pick = |n: usize, k: usize| -> Vec<usize> {
        (0..k.min(n))
            .map(|_| sub.below(n as u64) as usize)
            .collect()
    };
    let against: Vec<usize> = if real <= CLOSEST.1 {
        (0..real).collect()
    } else {
        pick(real, CLOSEST.1)
    };
    let median = |mut d: Vec<f64>| {
        d.sort_by(f64::total_cmp);
        d.get(d.len() / 2).copied().unwrap_or(0.0)
    };
    let nearest = |real_side: bool, i: usize| {
        let others = against.iter().filter(|j| !(real_side && **j == i));
        others
            .map(|j| distance(real_side, i, *j))
            .fold(f64::INFINITY, f64::min)
    };
    let ours = median(
        pick(made, CLOSEST.0)
            .into_iter()
            .map(|i| nearest(false, i))
            .collect(),
    );
    let theirs = median(
        pick(real, CLOSEST.0)
            .into_iter()
            .map(|i| nearest(true, i))
            .collect(),
    );
    let score = if theirs > 0.0 { ours / theirs } else { 1.0 };
    add("DCRProtection", "", score);
    Ok(())
}

fn sorted(values: &[Option<f64>]) -> Vec<f64> {
    let mut out: Vec<f64> = values.iter().flatten().copied().collect();
    out.sort_by(f64::total_cmp);
    out
}

/// The greatest distance of two samples' distribution functions.
fn two_sample(a: &[f64], b: &[f64]) -> f64 {
    let (mut i, mut j, mut worst) = (0, 0, 0.0f64);
    while i < a.len() && j < b.len() {
        let x = a[i].min(b[j]);
        while i < a.len() && a[i] <= x {
            i += 1;
        }
        while j < b.len() && b[j] <= x {
            j += 1;
        }
        worst = worst.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    worst
}

fn cells(array: &ArrayRef) -> Result<Vec<Vec<u8>>, GenerateError> {
    let cells = Cells::of(array)?;
    Ok((0..array.len())
        .map(|i| {
            let mut text = Vec::new();
            if !cells.is_null(i) {
                cells.write(i, &mut text);
            }
            text
        })
        .collect())
}

fn texts(array: &ArrayRef) -> Result<BTreeMap<Vec<u8>, u64>, GenerateError> {
    let mut out = BTreeMap::new();
    if *array.data_type() == DataType::Binary {
        return Ok(out);
    }
    let known = Cells::of(array)?;
    for (i, text) in cells(array)?.into_iter().enumerate() {
        if !known.is_null(i) {
            *out.entry(text).or_insert(0) += 1;
        }
    }
    Ok(out)
}

fn correlation(a: &[Option<f64>], b: &[Option<f64>]) -> Option<f64> {
    let both: Vec<(f64, f64)> = a.iter().zip(b).filter_map(|(x, y)| x.zip(*y)).collect();
    if both.len() < 10 {
        return None;
    }
    let x: Vec<f64> = both.iter().map(|(x, _)| *x).collect();
    let y: Vec<f64> = both.iter().map(|(_, y)| *y).collect();
    Some(pearson(&normal_scores(&x), &normal_scores(&y)))
}
