//! Applies the rules of every table to its files, batch by batch; keys are remembered as hashes.
//! What the rules are is decided by `rules`.

use std::path::Path;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;
use dwsim_schema::{Condition, Expression, JsonKind, Schema, Table, TemplatePart};

use crate::check::keys::{Keys, Values, hash, push};
use crate::check::rules::{Collect, Kind, Rule, rules};
use crate::check::{Check, Checked, CheckedTable, TableFiles, adapted};
use crate::error::GenerateError;
use crate::plan::scalar_texts;
use crate::source::{
    Cells, Fixed, Formula, Piece, Source, Template, Test, Value, fulfilled, units_of,
};

/// Checks the Parquet files of all tables in a directory. `report` hears the table and the rows read so far.
///
/// Memory: 16 bytes for each value of a unique column, of a referenced key, and of a foreign key with `children`; 32
/// for each parent of a carried value.
///
/// # Errors
/// If a table has no files, or a file cannot be read. What is wrong in the data is no error but a [`Check`].
pub fn check(
    schema: &Schema,
    directory: &Path,
    report: &dyn Fn(&str, u64),
) -> Result<Checked, GenerateError> {
    let mut collects: Vec<Collect<'_>> = Vec::new();
    let tables: Vec<(&Table, Vec<Rule<'_>>)> = schema
        .in_reference_order()
        .map(|t| (t, rules(schema, t, &mut collects)))
        .collect();
    let mut collected: Vec<Collected> = collects.iter().map(|_| Collected::default()).collect();
    let mut out = Checked::default();
    for (table, rules) in &tables {
        let files = TableFiles::find(directory, &table.name)?;
        let mut states: Vec<State> = rules.iter().map(|_| State::default()).collect();
        let mut row = 0u64;
        files.for_each(|batch| {
            let rows = batch.num_rows() as u64;
            let batch = Batch::new(table, &batch, row)?;
            for (rule, state) in rules.iter().zip(&mut states) {
                apply(&batch, rule, state, &collected)?;
            }
            for (collect, into) in collects.iter().zip(&mut collected) {
                if collect.table == table.name {
                    into.add(&batch, collect)?;
                }
            }
            row += rows;
            report(&table.name, row);
            Ok(())
        })?;
        for (collect, into) in collects.iter().zip(&mut collected) {
            if collect.table == table.name {
                into.keys.sort();
                into.values.sort();
            }
        }
        for (rule, state) in rules.iter().zip(states) {
            out.checks.push(finish(table, rule, state, &collected));
        }
        out.tables.push(CheckedTable {
            name: table.name.clone(),
            files: files.len(),
            rows: row,
            bytes: files.bytes,
        });
    }
    Ok(out)
}

/// A parent's keys, and values by key.
#[derive(Default)]
struct Collected {
    keys: Keys,
    values: Values,
}

impl Collected {
    fn add(&mut self, batch: &Batch<'_>, collect: &Collect<'_>) -> Result<(), GenerateError> {
        let Some(key) = batch.cells_of(collect.key)? else {
            return Ok(());
        };
        let holds = batch.holds(collect.subset)?;
        let value = match collect.value {
            Some(name) => batch.cells_of(name)?,
            None => None,
        };
        let mut text = Vec::new();
        for i in 0..batch.rows {
            text.clear();
            if !holds.as_ref().is_none_or(|h| h[i]) || push(&key, i, &mut text) {
                continue;
            }
            let at = hash(&text);
            match &value {
                None => self.keys.push(at),
                Some(value) => {
                    text.clear();
                    push(value, i, &mut text);
                    self.values.push(at, hash(&text));
                }
            }
        }
        Ok(())
    }
}

/// A batch in the declared types.
struct Batch<'a> {
    table: &'a Table,
    arrays: Vec<ArrayRef>,
    /// Why a column is not there.
    absent: Vec<Option<String>>,
    /// Rows in which each column's `when` holds; `None` without one.
    holds: Vec<Option<Vec<bool>>>,
    rows: usize,
    /// Number of the first row, from 0.
    first: u64,
}

impl<'a> Batch<'a> {
    fn new(table: &'a Table, batch: &RecordBatch, first: u64) -> Result<Self, GenerateError> {
        let (mut arrays, mut absent) = (Vec::new(), Vec::new());
        for array in adapted(table, batch) {
            match array {
                Ok(array) => {
                    arrays.push(array);
                    absent.push(None);
                }
                Err((nulls, why)) => {
                    arrays.push(nulls);
                    absent.push(Some(why));
                }
            }
        }
        let mut new = Self {
            table,
            arrays,
            absent,
            holds: Vec::new(),
            rows: batch.num_rows(),
            first,
        };
        new.holds = table
            .columns
            .iter()
            .map(|c| new.holds(&c.when))
            .collect::<Result<_, _>>()?;
        Ok(new)
    }

    fn fixed(&self, name: &str) -> Option<Arc<Fixed>> {
        let values = self.arrays.get(self.table.position(name)?)?.clone();
        Some(Arc::new(Fixed { values }))
    }

    fn cells_of(&self, name: &str) -> Result<Option<Cells<'_>>, GenerateError> {
        let array = self.table.position(name).and_then(|i| self.arrays.get(i));
        Ok(array.map(Cells::of).transpose()?)
    }

    /// The rows that fulfil conditions; `None` if there are none.
    fn holds(&self, conditions: &[Condition]) -> Result<Option<Vec<bool>>, GenerateError> {
        if conditions.is_empty() {
            return Ok(None);
        }
        let tests: Vec<Test> = conditions
            .iter()
            .filter_map(|c| {
                let ty = self.table.column(&c.column)?.ty;
                Some(Test {
                    column: self.fixed(&c.column)?,
                    values: scalar_texts(ty, &c.values)?.into_iter().collect(),
                })
            })
            .collect();
        Ok(Some(fulfilled(&tests, &self.indices())?))
    }

    /// Row numbers, from 0.
    fn indices(&self) -> Vec<u64> {
        (self.first..self.first + self.rows as u64).collect()
    }
}

/// What is known of a rule so far.
#[derive(Default)]
struct State {
    checked: u64,
    violations: u64,
    example: Option<String>,
    keys: Keys,
    /// Own key and parent of every row of a hierarchy.
    tree: Vec<(u128, Option<u128>)>,
    /// The parent of the row before, how many of its rows there were, and its last value.
    before: Option<(u128, u64, i128)>,
}

impl State {
    fn row(&mut self, holds: bool, example: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds {
            self.violations += 1;
            if self.example.is_none() {
                self.example = Some(example());
            }
        }
    }
}

fn shown(cells: &Cells<'_>, i: usize) -> String {
    if cells.is_null(i) {
        return "NULL".into();
    }
    let mut out = Vec::new();
    cells.write(i, &mut out);
    String::from_utf8_lossy(&out).chars().take(80).collect()
}

/// Applies a rule to a batch.
fn apply(
    batch: &Batch<'_>,
    rule: &Rule<'_>,
    state: &mut State,
    collected: &[Collected],
) -> Result<(), GenerateError> {
    let Some(array) = batch.arrays.get(rule.column) else {
        return Ok(());
    };
    let cells = Cells::of(array)?;
    let number = |i: usize| batch.first + i as u64 + 1;
    let at = |i: usize| format!("row {}: {}", number(i), shown(&cells, i));
    let holds = batch.holds.get(rule.column).and_then(Option::as_ref);
    // rows that have a value of their own
    let valued = || (0..batch.rows).filter(|i| !cells.is_null(*i) && holds.is_none_or(|h| h[*i]));
    let mut text = Vec::new();
    match &rule.kind {
        Kind::Present => {
            let absent = batch.absent.get(rule.column).and_then(Option::as_ref);
            for _ in 0..batch.rows {
                state.row(absent.is_none(), || absent.cloned().unwrap_or_default());
            }
        }
        Kind::NotNull => {
            for i in 0..batch.rows {
                state.row(!cells.is_null(i), || at(i));
            }
        }
        Kind::Width(width) => {
            for i in valued() {
                let length = cells.text(i).map_or(0, str::len);
                state.row(length <= *width, || at(i));
            }
        }
        Kind::Grid { first, last, step } => {
            let units = units_of(array)?;
            for i in valued() {
                let v = units[i].unwrap_or(*first);
                let fits =
                    v >= *first && v <= *last && v.wrapping_sub(*first).rem_euclid(*step) == 0;
                state.row(fits, || at(i));
            }
        }
        Kind::Float { min, max } => {
            for i in valued() {
                let v = match &cells {
                    Cells::Float32(a) => f64::from(a.value(i)),
                    Cells::Float64(a) => a.value(i),
                    _ => *min,
                };
                state.row(v >= *min && v <= *max, || at(i));
            }
        }
        Kind::OneOf(texts) => {
            for i in valued() {
                text.clear();
                cells.write(i, &mut text);
                state.row(texts.contains(&text), || at(i));
            }
        }
        Kind::Matches(regex) => {
            for i in valued() {
                text.clear();
                cells.write(i, &mut text);
                state.row(regex.is_match(&text), || at(i));
            }
        }
        Kind::Tuples(columns, tuples) => {
            let all: Vec<Cells<'_>> = columns
                .iter()
                .filter_map(|c| batch.arrays.get(*c))
                .map(Cells::of)
                .collect::<Result<_, _>>()?;
            for i in 0..batch.rows {
                text.clear();
                let mut nulls = false;
                for cells in &all {
                    nulls |= push(cells, i, &mut text);
                }
                if !nulls {
                    let all = || {
                        all.iter()
                            .map(|c| shown(c, i))
                            .collect::<Vec<_>>()
                            .join(", ")
                    };
                    state.row(tuples.contains(&text), || {
                        format!("row {}: {}", number(i), all())
                    });
                }
            }
        }
        Kind::Offset {
            base,
            below,
            min,
            max,
        } => {
            let (units, bases) = (units_of(array)?, units_of(&batch.arrays[*base])?);
            for i in valued() {
                if let (Some(v), Some(b)) = (units[i], bases[i]) {
                    let distance = if *below { b - v } else { v - b };
                    state.row((*min..=*max).contains(&distance), || {
                        format!("row {}: {distance} units from {}", number(i), b)
                    });
                }
            }
        }
        Kind::Between { low, high } => {
            let units = units_of(array)?;
            let (low, high) = (
                units_of(&batch.arrays[*low])?,
                units_of(&batch.arrays[*high])?,
            );
            for i in valued() {
                if let (Some(v), Some(l), Some(h)) = (units[i], low[i], high[i]) {
                    state.row(l <= v && v <= h, || at(i));
                }
            }
        }
        Kind::Formula(expression) => {
            let Some(value) = formula(batch, expression) else {
                return Ok(());
            };
            let ty = batch.table.columns[rule.column].ty;
            match (Formula { ty, value }).array(&batch.indices()) {
                Ok(expected) => compare(batch, rule, state, &expected)?,
                Err(error) => state.row(false, || error.to_string()),
            }
        }
        Kind::Template(parts) => {
            let pieces: Option<Vec<Piece>> = parts
                .iter()
                .map(|p| {
                    Some(match p {
                        TemplatePart::Literal(text) => Piece::Literal(text.clone()),
                        TemplatePart::Column(name) => Piece::Column(batch.fixed(name)?),
                        TemplatePart::RowNumber => Piece::RowNumber,
                    })
                })
                .collect();
            if let Some(pieces) = pieces {
                let template = Template { pieces, cut: None };
                compare(batch, rule, state, &template.array(&batch.indices())?)?;
            }
        }
        Kind::Otherwise(otherwise) => {
            let holds = batch.holds.get(rule.column).and_then(Option::as_ref);
            for i in (0..batch.rows).filter(|i| holds.is_some_and(|h| !h[*i])) {
                text.clear();
                if !cells.is_null(i) {
                    cells.write(i, &mut text);
                }
                let fits = match otherwise {
                    None => cells.is_null(i),
                    Some(other) => cells.is_null(i) || text == *other,
                };
                state.row(fits, || at(i));
            }
        }
        Kind::Sequence { start, step } => {
            let units = units_of(array)?;
            for i in valued() {
                let expected = start + i128::from(batch.first + i as u64) * step;
                state.row(units[i] == Some(expected), || at(i));
            }
        }
        Kind::Given(values) => {
            let ty = batch.table.columns[rule.column].ty;
            for i in 0..batch.rows {
                let given = values.get((batch.first as usize).saturating_add(i));
                text.clear();
                let fits = match given {
                    None => false,
                    Some(None) => cells.is_null(i),
                    Some(Some(value)) if !cells.is_null(i) => {
                        cells.write(i, &mut text);
                        scalar_texts(ty, [value]).is_some_and(|t| t.first() == Some(&text))
                    }
                    Some(Some(_)) => false,
                };
                state.row(fits, || at(i));
            }
        }
        Kind::Json(kind) => {
            for i in valued() {
                let value = cells.text(i).map(serde_json::from_str::<serde_json::Value>);
                let fits = match value {
                    Some(Ok(value)) => match kind {
                        JsonKind::Any => true,
                        JsonKind::Object => value.is_object(),
                        JsonKind::Array => value.is_array(),
                    },
                    _ => false,
                };
                state.row(fits, || at(i));
            }
        }
        Kind::Unique(columns) => {
            let all: Vec<Cells<'_>> = columns
                .iter()
                .filter_map(|c| batch.arrays.get(*c))
                .map(Cells::of)
                .collect::<Result<_, _>>()?;
            for i in 0..batch.rows {
                text.clear();
                let mut nulls = false;
                for cells in &all {
                    nulls |= push(cells, i, &mut text);
                }
                if !nulls {
                    state.keys.push(hash(&text));
                }
            }
        }
        Kind::Reference(from) => {
            for i in (0..batch.rows).filter(|i| !cells.is_null(*i)) {
                text.clear();
                push(&cells, i, &mut text);
                let there = collected
                    .get(*from)
                    .is_some_and(|c| c.keys.contains(hash(&text)));
                state.row(there, || at(i));
            }
        }
        Kind::Polymorphic(by, targets) => {
            let by = Cells::of(&batch.arrays[*by])?;
            for i in 0..batch.rows {
                text.clear();
                if !by.is_null(i) {
                    by.write(i, &mut text);
                }
                let target = targets.iter().find(|(t, _)| !by.is_null(i) && *t == text);
                text.clear();
                let null = push(&cells, i, &mut text);
                let fits = match target {
                    None => null,
                    Some((_, from)) => {
                        !null
                            && collected
                                .get(*from)
                                .is_some_and(|c| c.keys.contains(hash(&text)))
                    }
                };
                state.row(fits, || at(i));
            }
        }
        Kind::Carry { key, from } => {
            let key = Cells::of(&batch.arrays[*key])?;
            for i in (0..batch.rows).filter(|i| holds.is_none_or(|h| h[*i])) {
                text.clear();
                if push(&key, i, &mut text) {
                    continue;
                }
                let expected = collected.get(*from).and_then(|c| c.values.get(hash(&text)));
                text.clear();
                push(&cells, i, &mut text);
                // a column may have NULLs of its own beside the parent's value
                let own = batch.table.columns[rule.column].nulls > 0.0 && cells.is_null(i);
                state.row(own || expected == Some(hash(&text)), || at(i));
            }
        }
        Kind::Children { .. } => {
            for i in (0..batch.rows).filter(|i| !cells.is_null(*i)) {
                text.clear();
                push(&cells, i, &mut text);
                state.keys.push(hash(&text));
            }
        }
        Kind::Tree(key) => {
            let key = Cells::of(&batch.arrays[*key])?;
            for i in 0..batch.rows {
                text.clear();
                push(&key, i, &mut text);
                let own = hash(&text);
                text.clear();
                let parent = (!push(&cells, i, &mut text)).then(|| hash(&text));
                state.tree.push((own, parent));
            }
        }
        Kind::ChildNumber { key } => {
            let units = units_of(array)?;
            in_order(batch, *key, state, |state, i, before| {
                let number = before.map_or(1, |(n, _)| n as i128 + 1);
                state.row(units[i] == Some(number), || at(i));
                units[i].unwrap_or(0)
            })?;
        }
        Kind::States {
            key,
            machine,
            texts,
            until,
        } => {
            let found: Vec<Option<usize>> = (0..batch.rows)
                .map(|i| {
                    text.clear();
                    if !cells.is_null(i) {
                        cells.write(i, &mut text);
                    }
                    texts.iter().position(|t| *t == text)
                })
                .collect();
            let previous = state.before;
            let mut last = previous;
            in_order(batch, *key, state, |state, i, before| {
                let weight = match (before, found[i]) {
                    (_, None) => 0.0,
                    (None, Some(now)) => machine.first.get(now).copied().unwrap_or(0.0),
                    (Some((_, from)), Some(now)) => usize::try_from(from)
                        .ok()
                        .and_then(|from| machine.transitions.get(from)?.get(now).copied())
                        .unwrap_or(0.0),
                };
                let ended = match (before, last, until) {
                    // a new parent: the one before must have come to its end
                    (None, Some((_, count, state)), Some(max)) => {
                        count == *max
                            || machine.is_last(usize::try_from(state).unwrap_or(usize::MAX))
                    }
                    _ => true,
                };
                let own = batch.table.columns[rule.column].nulls > 0.0 && cells.is_null(i);
                state.row(own || (weight > 0.0 && ended), || at(i));
                let now = found[i].map_or(-1, |s| s as i128);
                last = Some((0, before.map_or(1, |(n, _)| n + 1), now));
                now
            })?;
        }
        Kind::Walk { key, walk } => {
            let units = units_of(array)?;
            let (min, max) = (walk.min.unwrap_or(i128::MIN), walk.max.unwrap_or(i128::MAX));
            let most = walk.min_step + walk.step * i128::from(walk.count.max(1) - 1);
            in_order(batch, *key, state, |state, i, before| {
                let Some(v) = units[i] else { return i128::MIN };
                let within = (min..=max).contains(&v);
                let fits = match (before, &walk.first) {
                    (Some((_, from)), _) if from != i128::MIN => {
                        let step = v - from;
                        let on = (walk.min_step..=most).contains(&step)
                            && (step - walk.min_step) % walk.step == 0;
                        on || (v == min && step >= walk.min_step)
                            || (v == max && step <= most)
                            || (v == min && from + walk.min_step <= min)
                            || (v == max && from + most >= max)
                    }
                    (
                        None,
                        dwsim_schema::WalkStart::Range {
                            min: low,
                            step,
                            count,
                        },
                    ) => {
                        let high = low + step * i128::from(count.max(&1) - 1);
                        (*low..=high).contains(&v) || v == min || v == max
                    }
                    _ => true,
                };
                state.row(within && fits, || at(i));
                v
            })?;
        }
    }
    Ok(())
}

/// Goes through rows in order, with what was before in the same parent: its number of rows and the value returned.
fn in_order(
    batch: &Batch<'_>,
    key: usize,
    state: &mut State,
    mut each: impl FnMut(&mut State, usize, Option<(u64, i128)>) -> i128,
) -> Result<(), GenerateError> {
    let keys = Cells::of(&batch.arrays[key])?;
    let mut text = Vec::new();
    for i in 0..batch.rows {
        text.clear();
        push(&keys, i, &mut text);
        let parent = hash(&text);
        let before = state
            .before
            .filter(|(p, ..)| *p == parent)
            .map(|(_, n, v)| (n, v));
        let value = each(state, i, before);
        state.before = Some((parent, before.map_or(1, |(n, _)| n + 1), value));
    }
    Ok(())
}

/// A formula over a batch.
fn formula(batch: &Batch<'_>, expression: &Expression) -> Option<Value> {
    Some(match expression {
        Expression::Number(n) => {
            let scale = (0..=37).find(|s| n.exact_at(*s).is_some())?;
            Value::Number(n.exact_at(scale)?, scale)
        }
        Expression::Column(name) => {
            Value::Column(batch.fixed(name)?, batch.table.column(name)?.ty.scale())
        }
        Expression::Binary {
            operator,
            left,
            right,
        } => Value::Binary(
            *operator,
            Box::new(formula(batch, left)?),
            Box::new(formula(batch, right)?),
        ),
    })
}

/// Compares a column with what it should be.
fn compare(
    batch: &Batch<'_>,
    rule: &Rule<'_>,
    state: &mut State,
    expected: &ArrayRef,
) -> Result<(), GenerateError> {
    let column = &batch.table.columns[rule.column];
    let (cells, expected) = (Cells::of(&batch.arrays[rule.column])?, Cells::of(expected)?);
    let holds = batch.holds.get(rule.column).and_then(Option::as_ref);
    let width = column.ty.max_length().unwrap_or(usize::MAX);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for i in (0..batch.rows).filter(|i| holds.is_none_or(|h| h[*i])) {
        a.clear();
        b.clear();
        if cells.is_null(i) && (column.nulls > 0.0 || expected.is_null(i)) {
            state.row(true, String::new);
            continue;
        }
        if !cells.is_null(i) && !expected.is_null(i) {
            cells.write(i, &mut a);
            expected.write(i, &mut b);
        }
        let same = a == b && cells.is_null(i) == expected.is_null(i);
        let cut = b.len() > width && b.starts_with(&a);
        state.row(same || cut, || {
            let number = batch.first + i as u64 + 1;
            format!(
                "row {number}: {}, not {}",
                shown(&cells, i),
                shown(&expected, i)
            )
        });
    }
    Ok(())
}

/// What a rule came to.
fn finish(table: &Table, rule: &Rule<'_>, mut state: State, collected: &[Collected]) -> Check {
    match &rule.kind {
        Kind::Unique(_) => {
            state.keys.sort();
            state.checked = state.keys.len();
            state.violations = state.keys.repeated();
        }
        Kind::Children { from, min, max } => {
            let mut keys = std::mem::take(&mut state.keys);
            keys.sort();
            let mut with = 0;
            for (_, count) in keys.counts() {
                with += 1;
                state.row((*min..=*max).contains(&count), || {
                    format!("{count} children")
                });
            }
            let parents = collected.get(*from).map_or(0, |c| c.keys.len());
            let without = parents.saturating_sub(with);
            state.checked += without;
            if *min > 0 && without > 0 {
                state.violations += without;
                let example = format!("{without} parents without children");
                state.example.get_or_insert(example);
            }
        }
        Kind::Tree(_) => tree(&mut state),
        Kind::States {
            machine,
            until: Some(max),
            ..
        } => {
            if let Some((_, count, last)) = state.before {
                let last = usize::try_from(last).unwrap_or(usize::MAX);
                state.row(count == *max || machine.is_last(last), || {
                    "the last parent's children do not come to an end".into()
                });
            }
        }
        _ => {}
    }
    Check {
        table: table.name.clone(),
        column: rule.shown.clone(),
        rule: rule.name,
        declared: rule.declared.clone(),
        checked: state.checked,
        violations: state.violations,
        example: state.example,
    }
}

/// Every parent is there, and no row is its own ancestor.
fn tree(state: &mut State) {
    let mut rows = std::mem::take(&mut state.tree);
    rows.sort_unstable();
    let find = |key: u128| rows.binary_search_by(|(k, _)| k.cmp(&key)).ok();
    let parents: Vec<Option<Option<usize>>> = rows.iter().map(|(_, p)| p.map(find)).collect();
    // 0: not looked at, 1: on the way, 2: leads to a root
    let mut seen = vec![0u8; rows.len()];
    for start in 0..rows.len() {
        let mut path = Vec::new();
        let mut at = start;
        let circle = loop {
            match seen[at] {
                2 => break false,
                1 => break true,
                _ => {}
            }
            seen[at] = 1;
            path.push(at);
            match parents[at] {
                Some(Some(parent)) => at = parent,
                _ => break false,
            }
        };
        for at in path {
            seen[at] = 2;
        }
        let missing = parents[start] == Some(None);
        if rows[start].1.is_some() {
            state.row(!circle && !missing, || {
                if circle {
                    "a circle"
                } else {
                    "a parent that is not there"
                }
                .into()
            });
        }
    }
}
