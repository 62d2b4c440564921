//! Distances from the declared distributions, table by table.
//! Comparing with a sample is left to `compare`.

use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::Array;
use dwsim_schema::{Column, Distribution, Generator, Limits, LogicalType, Schema, Table};

use crate::check::{TableFiles, adapted, moment};
use crate::error::GenerateError;
use crate::learn::{normal_scores, numbers};
use crate::plan::{scalar_texts, shape_of};
use crate::report::gather::Gathered;
use crate::report::{ColumnReport, Metric, Plot, Report, TableReport, ks_bound, tv, tv_bound};
use crate::source::{Cells, units_of};

/// Bars of a histogram.
const BARS: usize = 40;

/// Measures the Parquet files of all tables in a directory against what is declared. `progress` hears the table and
/// the rows read so far.
///
/// # Errors
/// If a table has no files, or one cannot be read.
pub fn report(
    schema: &Schema,
    directory: &Path,
    progress: &dyn Fn(&str, u64),
) -> Result<Report, GenerateError> {
    let mut out = Report::default();
    let mut rows: BTreeMap<&str, u64> = BTreeMap::new();
    for table in schema.in_reference_order() {
        let gathered = gather(table, directory, progress)?;
        rows.insert(&table.name, gathered.rows);
        let columns = table
            .columns
            .iter()
            .enumerate()
            .map(|(i, c)| column(table, c, &gathered, i, &rows))
            .collect();
        out.tables.push(TableReport {
            name: table.name.clone(),
            rows: gathered.rows,
            columns,
            pairs: pairs(table, &gathered),
        });
    }
    Ok(out)
}

/// What was gathered of a table.
struct TableGathered {
    rows: u64,
    columns: Vec<Gathered>,
    /// Distances from the columns that others are built on.
    steps: Vec<Gathered>,
    /// Number of parents by number of children, of the foreign key with `children`.
    children: BTreeMap<u64, u64>,
}

fn gather(
    table: &Table,
    directory: &Path,
    progress: &dyn Fn(&str, u64),
) -> Result<TableGathered, GenerateError> {
    let fresh = || {
        table
            .columns
            .iter()
            .map(|_| Gathered::default())
            .collect::<Vec<_>>()
    };
    let mut out = TableGathered {
        rows: 0,
        columns: fresh(),
        steps: fresh(),
        children: BTreeMap::new(),
    };
    let key = table.children_key().and_then(|c| table.position(&c.name));
    let mut run: Option<(Vec<u8>, u64)> = None;
    TableFiles::find(directory, &table.name)?.for_each(|batch| {
        out.rows += batch.num_rows() as u64;
        let arrays: Vec<_> = adapted(table, &batch)
            .into_iter()
            .map(|a| a.unwrap_or_else(|(nulls, _)| nulls))
            .collect();
        for (i, (column, array)) in table.columns.iter().zip(&arrays).enumerate() {
            let gathered = &mut out.columns[i];
            gathered.rows += array.len() as u64;
            gathered.nulls += array.null_count() as u64;
            if let Some(values) = numbers(array) {
                values.into_iter().for_each(|v| gathered.number(v));
            }
            if counted(column) {
                let cells = Cells::of(array)?;
                let mut text = Vec::new();
                for row in (0..array.len()).filter(|r| !cells.is_null(*r)) {
                    text.clear();
                    cells.write(row, &mut text);
                    gathered.text(&text);
                }
            }
            if let Generator::Offset(o) = &column.generator
                && let Some(base) = table.position(&o.base)
            {
                let (values, bases) = (units_of(array)?, units_of(&arrays[base])?);
                for (v, b) in values.into_iter().zip(bases) {
                    let step = v.zip(b).map(|(v, b)| if o.below { b - v } else { v - b });
                    out.steps[i].number(step.map(|s| s as f64));
                }
            }
        }
        if let Some(array) = key.and_then(|k| arrays.get(k)) {
            let cells = Cells::of(array)?;
            let mut text = Vec::new();
            for row in 0..array.len() {
                text.clear();
                if !cells.is_null(row) {
                    cells.write(row, &mut text);
                }
                match &mut run {
                    Some((parent, n)) if *parent == text => *n += 1,
                    _ => {
                        if let Some((_, n)) = run.replace((text.clone(), 1)) {
                            *out.children.entry(n).or_insert(0) += 1;
                        }
                    }
                }
            }
        }
        progress(&table.name, out.rows);
        Ok(())
    })?;
    if let Some((_, n)) = run {
        *out.children.entry(n).or_insert(0) += 1;
    }
    Ok(out)
}

/// Whether a column's texts are few enough to be counted.
fn counted(column: &Column) -> bool {
    match &column.generator {
        Generator::Categorical { .. }
        | Generator::Bernoulli { .. }
        | Generator::Group { .. }
        | Generator::States(_)
        | Generator::Constant(_) => true,
        Generator::Numeric(spec) => matches!(
            spec.distribution,
            Distribution::Poisson { .. } | Distribution::Zipf { .. }
        ),
        _ => column.ty == LogicalType::Boolean,
    }
}

/// How values are made, in few words.
fn declared(column: &Column) -> String {
    match &column.generator {
        Generator::Numeric(spec) => spec.distribution.name().to_owned(),
        Generator::Temporal(_) => "uniform".into(),
        Generator::Categorical { values, .. } => format!("{} categories", values.len()),
        Generator::Bernoulli { p } => format!("true with {p}"),
        Generator::Constant(_) => "constant".into(),
        Generator::Provider(call) => format!("faker.{}", call.name),
        Generator::Pattern { pattern, .. } => format!("pattern {pattern}"),
        Generator::Template(_) => "template".into(),
        Generator::Uuid => "uuid4".into(),
        Generator::Bytes { .. } => "random bytes".into(),
        Generator::Json(_) => "document".into(),
        Generator::Sequence { .. } => "sequence".into(),
        Generator::ForeignKey(_) | Generator::Children { .. } => {
            let to = column.references.as_ref();
            to.map_or_else(String::new, |r| {
                format!("references {}.{}", r.table, r.column)
            })
        }
        Generator::ChildNumber => "child_number".into(),
        Generator::Carry { column, .. } => format!("carries {column}"),
        Generator::Offset(o) if o.below => format!("less than {}", o.base),
        Generator::Offset(o) => format!("greater than {}", o.base),
        Generator::Between { low, high } => format!("between {low} and {high}"),
        Generator::Formula(_) => "formula".into(),
        Generator::Group { .. } => "combination".into(),
        Generator::Given(_) => "given".into(),
        Generator::Polymorphic(p) => format!("reference by {}", p.by),
        Generator::States(m) => format!("{} states", m.states.len()),
        Generator::Walk(_) => "walk".into(),
        Generator::Wave(_) => "wave".into(),
    }
}

fn column(
    table: &Table,
    column: &Column,
    gathered: &TableGathered,
    i: usize,
    rows: &BTreeMap<&str, u64>,
) -> ColumnReport {
    let own = &gathered.columns[i];
    let n = own.rows as f64;
    let nulls = if own.rows == 0 {
        0.0
    } else {
        own.nulls as f64 / n
    };
    let mut metrics = Vec::new();
    // where NULLs come from other columns as well, their share does not follow
    let plain = column.when.is_empty()
        && column.inputs().is_empty()
        && !matches!(column.generator, Generator::Given(_))
        && column
            .references
            .as_ref()
            .is_none_or(|r| r.table != table.name);
    if plain && own.rows > 0 {
        let p = column.nulls;
        let bound = 3.3 * libm::sqrt(p * (1.0 - p) / n) + 1e-12;
        metrics.push(Metric::new(
            "nulls",
            "share of NULLs",
            (nulls - p).abs(),
            bound,
        ));
    }
    let mut plot = None;
    // `otherwise` mixes another value in
    let pure = column.otherwise.is_none();
    let sorted = own.sorted();
    match &column.generator {
        Generator::Numeric(spec) if pure => match spec.distribution {
            Distribution::Poisson { .. } | Distribution::Zipf { .. } => {
                if let Some(shares) = discrete(column, spec) {
                    categories(own, shares, &mut metrics, &mut plot);
                } else {
                    plot = histogram(column.ty, &sorted, None);
                }
            }
            _ => {
                let shape = shape_of(column.ty, spec);
                let unit = libm::pow(10.0, -f64::from(column.ty.scale()));
                let half = spec
                    .grid(column.ty)
                    .map_or(0.0, |g| g.step as f64 * unit * 0.5);
                // floats rounded to decimals
                let half = match (half, spec.decimals) {
                    (0.0, Some(d)) => 0.5 * libm::pow(10.0, -f64::from(d)),
                    (half, _) => half,
                };
                let clamped = spec.limits == Limits::Clamp;
                let cdf = |x: f64| match spec.grid(column.ty) {
                    // equally likely steps
                    Some(g) if spec.distribution == Distribution::Uniform => {
                        let steps = (x / unit - g.first as f64) / g.step as f64 + 0.5;
                        (steps / g.size() as f64).clamp(0.0, 1.0)
                    }
                    _ => shape.probability(x),
                };
                if !sorted.is_empty() && !column.unique {
                    let value = if clamped {
                        within(&sorted, half, cdf)
                    } else {
                        crate::learn::distance(&sorted, half, cdf)
                    };
                    metrics.push(Metric::new(
                        "ks",
                        "distribution",
                        value,
                        ks_bound(sorted.len() as f64),
                    ));
                }
                plot = histogram(column.ty, &sorted, Some(&cdf));
            }
        },
        Generator::Temporal(spec) if pure => {
            let (first, step) = (spec.min as f64, spec.step as f64);
            let cdf = |x: f64| (((x - first) / step + 0.5) / spec.count as f64).clamp(0.0, 1.0);
            if !sorted.is_empty() && !column.unique {
                let value = crate::learn::distance(&sorted, step * 0.5, cdf);
                metrics.push(Metric::new(
                    "ks",
                    "distribution",
                    value,
                    ks_bound(sorted.len() as f64),
                ));
            }
            plot = histogram(column.ty, &sorted, Some(&cdf));
        }
        Generator::Categorical { values, weights } if pure && !column.unique => {
            if let Some(texts) = scalar_texts(column.ty, values) {
                categories(
                    own,
                    texts.into_iter().zip(weights.iter().copied()).collect(),
                    &mut metrics,
                    &mut plot,
                );
            }
        }
        Generator::Bernoulli { p } if pure => {
            let shares = vec![(b"false".to_vec(), 1.0 - p), (b"true".to_vec(), *p)];
            categories(own, shares, &mut metrics, &mut plot);
        }
        Generator::Group { group, position } => {
            if let Some(group) = table.groups.get(*group) {
                let mut shares: BTreeMap<Vec<u8>, f64> = BTreeMap::new();
                for (row, weight) in group.rows.iter().zip(&group.weights) {
                    let text = row
                        .get(*position)
                        .and_then(|v| scalar_texts(column.ty, [v])?.pop());
                    if let Some(text) = text {
                        *shares.entry(text).or_insert(0.0) += weight;
                    }
                }
                categories(own, shares.into_iter().collect(), &mut metrics, &mut plot);
            }
        }
        Generator::Offset(o) => {
            let steps = gathered.steps[i].sorted();
            let (min, step, count) = (o.min as f64, o.step as f64, o.count as f64);
            let cdf = |x: f64| (((x - min) / step + 0.5) / count).clamp(0.0, 1.0);
            if !steps.is_empty() && pure {
                let value = crate::learn::distance(&steps, step * 0.5, cdf);
                let metric = Metric::new(
                    "ks",
                    format!("distance from {}", o.base),
                    value,
                    ks_bound(steps.len() as f64),
                );
                metrics.push(metric);
            }
            plot = histogram(column.ty, &sorted, None);
        }
        Generator::Children {
            min,
            weights,
            until,
        } => {
            let parents = column
                .references
                .as_ref()
                .and_then(|r| rows.get(r.table.as_str()))
                .copied()
                .unwrap_or(0);
            plot = Some(children(
                gathered,
                *min,
                weights,
                until.is_none(),
                parents,
                &mut metrics,
            ));
        }
        _ if !own.texts.is_empty() => {
            let total: u64 = own.texts.values().sum();
            plot = Some(Plot {
                labels: own
                    .texts
                    .keys()
                    .map(|t| String::from_utf8_lossy(t).into_owned())
                    .collect(),
                found: own
                    .texts
                    .values()
                    .map(|n| *n as f64 / total as f64)
                    .collect(),
                expected: Vec::new(),
            });
        }
        _ => plot = histogram(column.ty, &sorted, None),
    }
    ColumnReport {
        name: column.name.clone(),
        ty: column.ty.to_string(),
        declared: declared(column),
        pii: column.pii,
        nulls,
        metrics,
        plot,
    }
}

/// The distance where all that lies outside is on the bounds: only the inside and the bounds' shares count.
fn within(sorted: &[f64], half: f64, cdf: impl Fn(f64) -> f64) -> f64 {
    let n = sorted.len() as f64;
    let last = sorted.last().copied().unwrap_or(0.0);
    let mut worst = 0.0f64;
    let mut up_to = 0usize;
    for same in sorted.chunk_by(|a, b| a == b) {
        up_to += same.len();
        let x = same.first().copied().unwrap_or(0.0);
        if x < last {
            worst = worst.max((cdf(x + half) - up_to as f64 / n).abs());
        }
    }
    worst
}

/// The declared probabilities of counts; `None` for more than can be listed.
fn discrete(column: &Column, spec: &dwsim_schema::NumericSpec) -> Option<Vec<(Vec<u8>, f64)>> {
    let grid = spec.grid(column.ty);
    let whole = |k: i128| {
        let number = dwsim_schema::Scalar::Number(dwsim_schema::Number::new(k, 0));
        scalar_texts(column.ty, [&number])?.pop()
    };
    match spec.distribution {
        Distribution::Zipf { exponent } => {
            let grid = grid.filter(|g| g.size() <= 4_000)?;
            (0..grid.size() as i128)
                .map(|k| {
                    Some((
                        whole(grid.first + k * grid.step)?,
                        libm::pow(k as f64 + 1.0, -exponent),
                    ))
                })
                .collect()
        }
        Distribution::Poisson { mean } if mean < 1_000.0 && spec.limits == Limits::Truncate => {
            let least = spec.min.and_then(|n| n.ceil_at(0)).unwrap_or(0).max(0);
            let reach = (mean + 12.0 * libm::sqrt(mean) + 40.0) as i128;
            let most = spec
                .max
                .and_then(|n| n.floor_at(0))
                .unwrap_or(reach)
                .min(reach);
            (least..=most)
                .map(|k| {
                    let x = k as f64;
                    let p = libm::exp(x * libm::log(mean) - mean - libm::lgamma(x + 1.0));
                    Some((whole(k)?, p))
                })
                .collect()
        }
        _ => None,
    }
}

fn categories(
    own: &Gathered,
    mut shares: Vec<(Vec<u8>, f64)>,
    metrics: &mut Vec<Metric>,
    plot: &mut Option<Plot>,
) {
    let sum: f64 = shares.iter().map(|(_, w)| w).sum();
    shares.iter_mut().for_each(|(_, w)| *w /= sum);
    let total = own.texts.values().sum::<u64>().max(1) as f64;
    let mut found: Vec<f64> = shares
        .iter()
        .map(|(t, _)| own.texts.get(t).copied().unwrap_or(0) as f64 / total)
        .collect();
    let mut expected: Vec<f64> = shares.iter().map(|(_, p)| *p).collect();
    if !own.texts.is_empty() {
        // what is not declared at all counts as well
        found.push(1.0 - found.iter().sum::<f64>().min(1.0));
        expected.push(0.0);
        metrics.push(Metric::new(
            "tv",
            "categories",
            tv(&found, &expected),
            tv_bound(&expected, total),
        ));
        found.pop();
        expected.pop();
    }
    let most = shares.len().min(BARS);
    *plot = Some(Plot {
        labels: shares[..most]
            .iter()
            .map(|(t, _)| String::from_utf8_lossy(t).into_owned())
            .collect(),
        found: found[..most].to_vec(),
        expected: expected[..most].to_vec(),
    });
}

fn children(
    gathered: &TableGathered,
    min: u32,
    weights: &[f64],
    drawn: bool,
    parents: u64,
    metrics: &mut Vec<Metric>,
) -> Plot {
    let mut counts = gathered.children.clone();
    let with: u64 = counts.values().sum();
    if parents > with {
        *counts.entry(0).or_insert(0) += parents - with;
    }
    let total = counts.values().sum::<u64>().max(1) as f64;
    let most = counts.keys().next_back().copied().unwrap_or(0);
    let declared_most = u64::from(min) + weights.len() as u64 - 1;
    let range = if drawn {
        0..=declared_most.max(most)
    } else {
        0..=most
    };
    let found: Vec<f64> = range
        .clone()
        .map(|n| counts.get(&n).copied().unwrap_or(0) as f64 / total)
        .collect();
    let sum: f64 = weights.iter().sum();
    let expected: Vec<f64> = if drawn {
        range
            .clone()
            .map(|n| {
                let at = n
                    .checked_sub(u64::from(min))
                    .and_then(|i| usize::try_from(i).ok());
                at.and_then(|i| weights.get(i)).map_or(0.0, |w| w / sum)
            })
            .collect()
    } else {
        Vec::new()
    };
    if drawn {
        let metric = Metric::new(
            "tv",
            "children per parent",
            tv(&found, &expected),
            tv_bound(&expected, total),
        );
        metrics.push(metric);
    }
    let shown = found.len().min(BARS);
    Plot {
        labels: range.take(shown).map(|n| n.to_string()).collect(),
        found: found[..shown].to_vec(),
        expected: expected
            .get(..shown)
            .map(<[f64]>::to_vec)
            .unwrap_or_default(),
    }
}

/// Equal steps from the least to the greatest value.
pub(crate) fn histogram(
    ty: LogicalType,
    sorted: &[f64],
    cdf: Option<&dyn Fn(f64) -> f64>,
) -> Option<Plot> {
    let (min, max) = (*sorted.first()?, *sorted.last()?);
    let bars = if max > min { BARS } else { 1 };
    let width = (max - min) / bars as f64;
    let mut found = vec![0.0; bars];
    for x in sorted {
        let at = if width > 0.0 {
            ((x - min) / width) as usize
        } else {
            0
        };
        found[at.min(bars - 1)] += 1.0 / sorted.len() as f64;
    }
    let edge = |i: usize| min + width * i as f64;
    let label = |x: f64| match ty {
        LogicalType::Date | LogicalType::Time => moment(ty, x as i128),
        _ if ty.is_timestamp() => moment(ty, x as i128),
        _ => crate::learn::float(x, 5),
    };
    let expected = match cdf {
        Some(cdf) if bars > 1 => (0..bars)
            .map(|i| {
                let low = if i == 0 { 0.0 } else { cdf(edge(i)) };
                let high = if i + 1 == bars { 1.0 } else { cdf(edge(i + 1)) };
                (high - low).max(0.0)
            })
            .collect(),
        _ => Vec::new(),
    };
    Some(Plot {
        labels: (0..bars).map(|i| label(edge(i))).collect(),
        found,
        expected,
    })
}

/// Correlations against the declared ones, in the normal variables behind the columns.
fn pairs(table: &Table, gathered: &TableGathered) -> Vec<Metric> {
    let mut out = Vec::new();
    for c in &table.correlate {
        let (Some(a), Some(b)) = (table.position(&c.a), table.position(&c.b)) else {
            continue;
        };
        let both: Vec<(f64, f64)> = gathered.columns[a]
            .numbers
            .iter()
            .zip(&gathered.columns[b].numbers)
            .filter_map(|(x, y)| x.zip(*y))
            .collect();
        if both.len() < 3 {
            continue;
        }
        let x: Vec<f64> = both.iter().map(|(x, _)| *x).collect();
        let y: Vec<f64> = both.iter().map(|(_, y)| *y).collect();
        let r = crate::learn::pearson(&normal_scores(&x), &normal_scores(&y));
        // rounding to few steps weakens what is behind them
        let bound = 3.3 / libm::sqrt(both.len() as f64) + 0.02;
        let of = format!("{}, {}: {r:.3}, declared {}", c.a, c.b, c.r);
        out.push(Metric::new("correlation", of, (r - c.r).abs(), bound));
    }
    out
}
