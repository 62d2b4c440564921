//! What columns have to do with each other: references between samples with their cardinalities, points in time that
//! follow each other, and correlations.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::Array;
use arrow::datatypes::DataType;
use dwsim_schema::LogicalType;

use crate::learn::column::duration;
use crate::learn::fit::{normal_scores, numbers, pearson};
use crate::learn::{LearnError, TableDefinition, counts, quoted};
use crate::sample::Sample;
use crate::source::units_of;

/// Most children of a parent whose numbers are listed.
const MOST_CHILDREN: u64 = 32;

/// Weakest correlation that is written, and fewest rows it is believed from.
const WEAKEST: f64 = 0.2;
const ROWS: usize = 50;

/// Finds columns whose values are all keys of another sample.
pub(crate) fn connect(
    samples: &[Sample],
    tables: &mut [TableDefinition],
    notes: &mut Vec<String>,
) -> Result<(), LearnError> {
    let mut keys: Vec<(usize, String, BTreeSet<String>)> = Vec::new();
    for (i, table) in tables.iter().enumerate() {
        for (name, definition) in &table.columns {
            let unique =
                definition.get("primary_key").is_some() || definition.get("unique").is_some();
            if let (true, Some(array)) = (unique, samples[i].rows.column_by_name(name)) {
                keys.push((i, name.clone(), counts(array)?.into_keys().collect()));
            }
        }
    }
    for child in 0..tables.len() {
        let mut counted = false;
        for c in 0..tables[child].columns.len() {
            let name = tables[child].columns[c].0.clone();
            let primary = tables[child].columns[c].1.get("primary_key").is_some();
            let Some(array) = samples[child].rows.column_by_name(&name) else {
                continue;
            };
            let found = counts(array)?;
            let parent = keys.iter().find(|(p, key, values)| {
                *p != child
                    && !found.is_empty()
                    && called(&name, key, &tables[*p].name)
                    && found.keys().all(|v| values.contains(v))
                    // an own key that is a key of the parent as well: only if the parent cannot be the child
                    && (!primary || values.len() > found.len())
            });
            let Some((p, key, values)) = parent else {
                continue;
            };
            if leads_to(tables, *p, child) {
                continue;
            }
            let reference = format!("{}.{key}", tables[*p].name);
            let nulls = tables[child].columns[c].1.get("nulls").map(str::to_owned);
            let mut new =
                crate::learn::Definition::of("foreign_key").with("references", quoted(&reference));
            if primary {
                new.set("primary_key", "true");
            } else if found.len() == array.len() && array.len() > 20 {
                new.set("unique", "true");
            } else if nulls.is_none() && !counted && !samples[child].cut && !samples[*p].cut {
                let most = found.values().copied().max().unwrap_or(0);
                if most <= MOST_CHILDREN {
                    counted = true;
                    new.set("children", children(&found, values.len() as u64));
                }
            }
            if let Some(nulls) = nulls {
                new.set("nulls", nulls);
            }
            notes.push(format!(
                "`{}.{name}` holds only values of `{reference}`: taking it for a foreign key",
                tables[child].name
            ));
            tables[child].columns[c].1 = new;
        }
    }
    Ok(())
}

/// Whether a table references another, directly or through others.
fn leads_to(tables: &[TableDefinition], from: usize, to: usize) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        for (_, definition) in &tables[at].columns {
            let parent = definition.get("references").and_then(|r| {
                let name = r.trim_matches('"').rsplit_once('.')?.0;
                tables.iter().position(|t| t.name == name)
            });
            if let Some(parent) = parent.filter(|p| seen.insert(*p)) {
                open.push(parent);
            }
        }
    }
    false
}

/// Whether a column's name is that of a key: the same, or the parent's name with the key's.
fn called(column: &str, key: &str, parent: &str) -> bool {
    let lower = |t: &str| t.to_ascii_lowercase().replace('_', "");
    let (column, key, parent) = (lower(column), lower(key), lower(parent));
    let one = parent.strip_suffix('s').unwrap_or(&parent);
    column == format!("{one}{key}")
        || column == format!("{parent}{key}")
        || (column == key && key != "id")
        || (key != "id" && column.ends_with(&key) && key.len() > 3)
}

/// `{ min = 0, max = 4, weights = […] }` from the number of children of each parent that has any.
fn children(found: &BTreeMap<String, u64>, parents: u64) -> String {
    let mut histogram: BTreeMap<u64, u64> = BTreeMap::new();
    for n in found.values() {
        *histogram.entry(*n).or_insert(0) += 1;
    }
    let without = parents.saturating_sub(found.len() as u64);
    if without > 0 {
        histogram.insert(0, without);
    }
    let min = histogram.keys().next().copied().unwrap_or(0);
    let max = histogram.keys().next_back().copied().unwrap_or(1);
    let weights: Vec<String> = (min..=max)
        .map(|n| histogram.get(&n).copied().unwrap_or(0).to_string())
        .collect();
    format!(
        "{{ min = {min}, max = {max}, weights = [{}] }}",
        weights.join(", ")
    )
}

fn is_temporal(ty: &DataType) -> bool {
    matches!(ty, DataType::Date32 | DataType::Timestamp(..))
}

/// Points in time that are never before an earlier column's become a distance from it.
pub(crate) fn chains(sample: &Sample, table: &mut TableDefinition) -> Result<(), LearnError> {
    for b in 1..table.columns.len() {
        let plain = |t: &TableDefinition, i: usize| {
            let d = &t.columns[i].1;
            d.get("range").is_some() && d.get("unique").is_none() && d.get("primary_key").is_none()
        };
        let later = sample.rows.column_by_name(&table.columns[b].0);
        let Some(later) = later.filter(|a| is_temporal(a.data_type()) && plain(table, b)) else {
            continue;
        };
        let end = units_of(later)?;
        for a in (0..b).rev() {
            let earlier = sample.rows.column_by_name(&table.columns[a].0);
            let usable = plain(table, a) || table.columns[a].1.get("greater_than").is_some();
            let Some(earlier) = earlier.filter(|x| x.data_type() == later.data_type() && usable)
            else {
                continue;
            };
            let begin = units_of(earlier)?;
            let pairs = || {
                begin
                    .iter()
                    .zip(&end)
                    .filter_map(|(a, b)| Some(((*a)?, (*b)?)))
            };
            let deltas: Vec<i128> = pairs().map(|(a, b)| b - a).collect();
            let (Some(least), Some(most)) = (deltas.iter().min(), deltas.iter().max()) else {
                continue;
            };
            let (low, high) = (pairs().map(|(a, _)| a).min(), pairs().map(|(a, _)| a).max());
            let span = high.zip(low).map_or(0, |(h, l)| h - l);
            // a distance that is as wide as the range itself says nothing
            if deltas.len() < ROWS.min(sample.rows.num_rows())
                || *least < 0
                || most - least > span / 2
            {
                continue;
            }
            let ty = if *later.data_type() == DataType::Date32 {
                LogicalType::Date
            } else {
                LogicalType::Timestamp
            };
            let nulls_too = begin
                .iter()
                .zip(&end)
                .any(|(a, b)| a.is_none() && b.is_some());
            if nulls_too {
                continue;
            }
            let base = table.columns[a].0.clone();
            let own_nulls = begin
                .iter()
                .zip(&end)
                .filter(|(a, b)| a.is_some() && b.is_none())
                .count();
            let definition = &mut table.columns[b].1;
            definition.remove("range");
            definition.remove("nulls");
            definition.set("greater_than", quoted(&base));
            let delta = [duration(ty, *least), duration(ty, *most)].map(|d| quoted(&d));
            definition.set("delta", format!("[{}]", delta.join(", ")));
            let known = begin.iter().flatten().count().max(1);
            if own_nulls > 0 {
                definition.set(
                    "nulls",
                    crate::learn::float(own_nulls as f64 / known as f64, 3),
                );
            }
            break;
        }
    }
    Ok(())
}

/// Correlations of the columns that can be correlated, strongest first, as long as they go together.
pub(crate) fn correlations(sample: &Sample, table: &mut TableDefinition) -> Result<(), LearnError> {
    let mut scores: Vec<(String, Vec<f64>)> = Vec::new();
    for (name, definition) in &table.columns {
        let drawn = definition.get("range").is_some() || definition.get("mean").is_some();
        let other = [
            "unique",
            "primary_key",
            "references",
            "greater_than",
            "values",
        ]
        .iter()
        .any(|k| definition.get(k).is_some());
        let poisson = definition.get("distribution") == Some("\"poisson\"");
        let Some(array) = sample.rows.column_by_name(name) else {
            continue;
        };
        if !drawn || other || poisson || array.null_count() > 0 || array.len() < ROWS {
            continue;
        }
        if let Some(values) = numbers(array) {
            let values: Vec<f64> = values.into_iter().flatten().collect();
            scores.push((name.clone(), normal_scores(&values)));
        }
    }
    let mut pairs: Vec<(usize, usize, f64)> = Vec::new();
    for a in 0..scores.len() {
        for b in a + 1..scores.len() {
            let r = pearson(&scores[a].1, &scores[b].1);
            if r.abs() >= WEAKEST {
                pairs.push((a, b, r.clamp(-0.99, 0.99)));
            }
        }
    }
    pairs.sort_by(|x, y| y.2.abs().total_cmp(&x.2.abs()));
    let mut matrix = vec![vec![0.0; scores.len()]; scores.len()];
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] = 1.0;
    }
    for (a, b, r) in pairs {
        let r = libm::rint(r * 1000.0) / 1000.0;
        (matrix[a][b], matrix[b][a]) = (r, r);
        if positive(&matrix) {
            table
                .correlate
                .push((scores[a].0.clone(), scores[b].0.clone(), r));
        } else {
            (matrix[a][b], matrix[b][a]) = (0.0, 0.0);
        }
    }
    Ok(())
}

/// Whether variables can have these correlations (Cholesky).
fn positive(matrix: &[Vec<f64>]) -> bool {
    let n = matrix.len();
    let mut lower = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            if i == j {
                let rest: f64 = matrix[i][i] - known;
                if rest <= 1e-6 {
                    return false;
                }
                lower[i][j] = libm::sqrt(rest);
            } else {
                lower[i][j] = (matrix[i][j] - known) / lower[j][j];
            }
        }
    }
    true
}
