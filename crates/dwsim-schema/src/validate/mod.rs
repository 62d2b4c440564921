//! Checks that need more than one column or table: keys, references, order, capacity, templates.
//! What a single column says is checked where it is read; text capacity is left to dwsim-generate, which has the words.

use crate::codes;
use crate::diagnostics::{Diagnostics, Place, did_you_mean};
use crate::model::{Column, Distribution, Generator, Pick, Schema, Table, Walk, WalkStart};
use crate::types::LogicalType;

mod derived;
mod series;

pub(crate) use derived::range;

/// Most levels of columns that build on each other.
const MAX_DEPTH: usize = 24;

/// Most columns that one column may ask for values, counting those asked again.
const MAX_ASKED: usize = 2_000;

/// Checks the schema, completes primary keys and sets the order of tables. Tables in which something could not be read
/// are only looked at for references: what is missing there would give problems that are none.
pub(crate) fn schema(schema: &mut Schema, broken: &[bool], diags: &mut Diagnostics) {
    let whole = |i: usize| !broken.get(i).copied().unwrap_or(false);
    for (i, table) in schema.tables.iter_mut().enumerate() {
        let mut unheard = Diagnostics::default();
        let diags = if whole(i) { &mut *diags } else { &mut unheard };
        keys(table, diags);
        carried(table, diags);
    }
    schema.order = order(schema, diags);
    count_children(schema);
    for (i, table) in schema.tables.iter().enumerate() {
        references(schema, table, diags);
        if whole(i) {
            physical(table, diags);
            inputs(table, diags);
            effort(table, diags);
            derived::check(schema, table, diags);
            for column in &table.columns {
                series::check(schema, table, column, diags);
            }
            capacity(schema, table, diags);
        }
    }
}

fn missing_column(table: &Table, name: &str, what: &str, place: Place, diags: &mut Diagnostics) {
    diags.push(
        codes::UNKNOWN_COLUMN,
        place,
        format!(
            "{what} of table `{}` names `{name}`, which is not a column",
            table.name
        ),
        did_you_mean(name, table.columns.iter().map(|c| c.name.as_str())),
    );
}

/// Brings the primary key of the table and of its columns together.
fn keys(table: &mut Table, diags: &mut Diagnostics) {
    let flagged: Vec<String> = table
        .columns
        .iter()
        .filter(|c| c.primary_key)
        .map(|c| c.name.clone())
        .collect();
    if !flagged.is_empty() && !table.primary_key.is_empty() && flagged != table.primary_key {
        let message = format!(
            "the primary key of table `{}` is both ({}) and ({})",
            table.name,
            table.primary_key.join(", "),
            flagged.join(", ")
        );
        diags.push(codes::CONFLICT, table.key_place, message, None);
    }
    if table.primary_key.is_empty() {
        table.primary_key = flagged;
    }
    for key in std::iter::once(&table.primary_key).chain(&table.unique) {
        for (i, name) in key.iter().enumerate() {
            if table.column(name).is_none() {
                missing_column(table, name, "a key", table.key_place, diags);
            } else if key[..i].contains(name) {
                diags.push(
                    codes::CONFLICT,
                    table.key_place,
                    format!("a key of table `{}` names `{name}` twice", table.name),
                    None,
                );
            }
        }
    }
    let (key, unique) = (table.primary_key.clone(), table.unique.clone());
    for column in &mut table.columns {
        column.primary_key = key.len() == 1 && key[0] == column.name;
        if key.contains(&column.name) {
            column.nullable = false;
            if column.nulls > 0.0 {
                diags.push(
                    codes::CONFLICT,
                    column.place,
                    format!(
                        "column `{}` is in the primary key and has `nulls`",
                        column.name
                    ),
                    None,
                );
            }
        }
        if key.len() > 1 && key.contains(&column.name) {
            // several columns marked `primary_key` form one key; none of them is distinct on its own
            column.unique = false;
        }
        column.unique |=
            column.primary_key || unique.iter().any(|k| k.len() == 1 && k[0] == column.name);
    }
}

fn physical(table: &Table, diags: &mut Diagnostics) {
    let named = table.redshift.distkey.iter().map(|n| (n, "the distkey"));
    for (name, what) in named.chain(table.redshift.sortkey.iter().map(|n| (n, "the sortkey"))) {
        if table.column(name).is_none() {
            missing_column(table, name, what, table.place, diags);
        }
    }
    if table.redshift.interleaved && table.redshift.sortkey.len() > 8 {
        diags.push(
            codes::BAD_VALUE,
            table.place,
            "an interleaved sort key has at most 8 columns",
            None,
        );
    }
}

fn references(schema: &Schema, table: &Table, diags: &mut Diagnostics) {
    for column in &table.columns {
        let Some(reference) = &column.references else {
            continue;
        };
        let Some(parent) = schema.table(&reference.table) else {
            continue;
        };
        let Some(target) = parent.column(&reference.column) else {
            continue;
        };
        if !target.unique {
            diags.push(
                codes::BAD_REFERENCE,
                reference.place,
                format!(
                    "`{}.{}` is referenced, but is neither a primary key nor unique",
                    parent.name, target.name
                ),
                None,
            );
        }
        if target.nulls > 0.0 {
            diags.push(
                codes::BAD_REFERENCE,
                reference.place,
                format!(
                    "`{}.{}` is referenced, but has NULLs",
                    parent.name, target.name
                ),
                None,
            );
        }
        if parent.name == table.name {
            if !column.nullable {
                diags.push(
                    codes::IMPOSSIBLE,
                    column.place,
                    format!(
                        "`{}` references its own table, so the first row has nobody to reference",
                        column.name
                    ),
                    Some("allow NULL there: leave `not_null` and keys out".into()),
                );
            }
            if target.name == column.name {
                diags.push(
                    codes::CYCLE,
                    reference.place,
                    format!("column `{}` references itself", column.name),
                    None,
                );
            }
        } else if parent.rows == 0 && table.rows > 0 && column.nulls < 1.0 {
            diags.push(
                codes::BAD_REFERENCE,
                reference.place,
                format!("table `{}` has no rows to reference", parent.name),
                None,
            );
        }
    }
}

/// Finds the foreign key that a carried value comes through: the only one to the parent that is named.
fn carried(table: &mut Table, diags: &mut Diagnostics) {
    let keys: Vec<(String, String)> = table
        .columns
        .iter()
        .filter_map(|c| Some((c.references.as_ref()?.table.clone(), c.name.clone())))
        .collect();
    for column in &mut table.columns {
        let (via, place) = match &mut column.generator {
            Generator::Carry { via, place, .. } => (via, place),
            Generator::Walk(Walk {
                first: WalkStart::Carry { via, place, .. },
                ..
            }) => (via, place),
            _ => continue,
        };
        let found: Vec<&String> = keys
            .iter()
            .filter(|(parent, _)| parent == via)
            .map(|(_, key)| key)
            .collect();
        match found.as_slice() {
            [key] => *via = (*key).clone(),
            [] => {
                let message = format!(
                    "table `{}` has no foreign key to `{via}` to carry a value through",
                    table.name
                );
                diags.push(
                    codes::BAD_REFERENCE,
                    *place,
                    message,
                    did_you_mean(via, keys.iter().map(|(p, _)| p.as_str())),
                );
                via.clear();
            }
            _ => {
                let message = format!(
                    "table `{}` has several foreign keys to `{via}`; a value can be carried through one",
                    table.name
                );
                diags.push(codes::BAD_REFERENCE, *place, message, None);
                via.clear();
            }
        }
    }
}

/// Gives tables of children their expected number of rows, parents first.
fn count_children(schema: &mut Schema) {
    for i in schema.order.clone() {
        let expected = schema.tables[i].children_key().and_then(|key| {
            let Generator::Children {
                min,
                weights,
                until,
            } = &key.generator
            else {
                return None;
            };
            let parents = schema.table(&key.references.as_ref()?.table)?.rows;
            let states = until
                .as_ref()
                .and_then(|name| schema.tables[i].column(name))
                .map(|c| &c.generator);
            let mean = match states {
                Some(Generator::States(machine)) => {
                    machine.expected_length(schema.tables[i].most_children().unwrap_or(1))
                }
                _ => {
                    let total: f64 = weights.iter().sum();
                    weights
                        .iter()
                        .zip(*min..)
                        .map(|(w, n)| w * f64::from(n))
                        .sum::<f64>()
                        / total
                }
            };
            Some(
                (parents as f64 * mean)
                    .round()
                    .clamp(0.0, (1u64 << 50) as f64) as u64,
            )
        });
        if let Some(rows) = expected {
            schema.tables[i].rows = rows;
        }
    }
}

/// Columns that are computed from others: these must exist, and there must be no circle.
fn inputs(table: &Table, diags: &mut Diagnostics) {
    for column in &table.columns {
        for name in column.inputs() {
            // a foreign key that was not found was reported
            if name.is_empty() {
                continue;
            }
            match table.column(name) {
                None => missing_column(
                    table,
                    name,
                    &format!("column `{}`", column.name),
                    column.generator_place,
                    diags,
                ),
                Some(_) if reaches(table, name, &column.name) => {
                    let message = format!(
                        "column `{}` needs its own value through `{name}`",
                        column.name
                    );
                    diags.push(codes::CYCLE, column.generator_place, message, None);
                }
                Some(_) => {}
            }
        }
    }
}

/// Whether computing `from` needs `to`.
fn reaches(table: &Table, from: &str, to: &str) -> bool {
    let mut seen: Vec<&str> = vec![from];
    let mut at = 0;
    while let Some(name) = seen.get(at).copied() {
        if name == to {
            return true;
        }
        for input in table.column(name).map(Column::inputs).unwrap_or_default() {
            if !seen.contains(&input) {
                seen.push(input);
            }
        }
        at += 1;
    }
    false
}

/// Refuses columns that build on each other too deep, or that ask too many others for their values.
fn effort(table: &Table, diags: &mut Diagnostics) {
    let inputs: Vec<Vec<usize>> = table
        .columns
        .iter()
        .map(|c| {
            c.inputs()
                .into_iter()
                .filter_map(|n| table.position(n))
                .collect()
        })
        .collect();
    // (depth, columns asked), growing pass by pass; what still grows after the last pass is too deep
    let mut efforts = vec![(0usize, 1usize); inputs.len()];
    for _ in 0..=MAX_DEPTH {
        let next = |of: &Vec<usize>| {
            let below = of.iter().map(|i| efforts[*i]);
            let depth = below.clone().map(|(d, _)| d + 1).max().unwrap_or(0);
            (
                depth,
                below.fold(1usize, |sum, (_, n)| sum.saturating_add(n)),
            )
        };
        efforts = inputs.iter().map(next).collect();
    }
    for (column, (depth, asked)) in table.columns.iter().zip(efforts) {
        if depth > MAX_DEPTH || asked > MAX_ASKED {
            diags.push(
                codes::IMPOSSIBLE,
                column.generator_place,
                format!(
                    "column `{}` is built on too many columns that build on each other; {MAX_DEPTH} levels and {MAX_ASKED} columns in all are possible",
                    column.name
                ),
                None,
            );
        }
    }
}

/// Number of distinct values of a column, counting the parents of a foreign key.
fn distinct(schema: &Schema, table: &Table, column: &Column) -> Option<u128> {
    match (&column.references, &column.generator) {
        (Some(reference), _) if reference.table == table.name => None,
        (Some(reference), Generator::ForeignKey(_)) => {
            schema.table(&reference.table).map(|t| u128::from(t.rows))
        }
        _ => column.domain_size(),
    }
}

fn capacity(schema: &Schema, table: &Table, diags: &mut Diagnostics) {
    let rows = u128::from(table.rows);
    for column in table.columns.iter().filter(|c| c.unique) {
        if let Some(problem) = not_distinct(column) {
            diags.push(
                codes::CAPACITY,
                column.generator_place,
                format!("column `{}` is unique, but {problem}", column.name),
                None,
            );
            continue;
        }
        if let Some(have) = distinct(schema, table, column).filter(|have| *have < rows) {
            diags.push(
                codes::CAPACITY,
                column.generator_place,
                format!(
                    "column `{}` is unique and has {have} possible values for {rows} rows",
                    column.name
                ),
                Some("widen the range, or take fewer rows".into()),
            );
        }
    }
    let mut used: Vec<&str> = Vec::new();
    for key in table.composite_keys() {
        let columns: Vec<&Column> = key.iter().filter_map(|name| table.column(name)).collect();
        if columns.len() < key.len() || table.is_distinct_by_nature(key) {
            continue;
        }
        let shown = key.join(", ");
        let mut product = Some(1u128);
        for column in columns {
            if used.contains(&column.name.as_str()) {
                diags.push(
                    codes::CONFLICT,
                    table.key_place,
                    format!("column `{}` is in two keys over several columns, which cannot both be made distinct", column.name),
                    None,
                );
            }
            used.push(&column.name);
            if !is_even(column) {
                diags.push(
                    codes::CAPACITY,
                    column.generator_place,
                    format!("column `{}` is part of the key ({shown}), which needs values that are equally likely", column.name),
                    Some("a uniform range, equally weighted values, or a foreign key with pick = \"uniform\"".into()),
                );
                product = None;
            }
            product = product.and_then(|p| p.checked_mul(distinct(schema, table, column)?));
        }
        if let Some(have) = product.filter(|p| *p < rows) {
            diags.push(
                codes::CAPACITY,
                table.key_place,
                format!(
                    "the key ({shown}) of table `{}` has {have} possible values for {rows} rows",
                    table.name
                ),
                Some("widen a range, or take fewer rows".into()),
            );
        }
    }
}

/// Why a generator cannot make distinct values, if it cannot.
fn not_distinct(column: &Column) -> Option<String> {
    match &column.generator {
        Generator::Numeric(spec) => match spec.distribution {
            Distribution::Uniform
                if matches!(column.ty, LogicalType::Real | LogicalType::Double) =>
            {
                Some(format!(
                    "values of type {} are not countable; use a decimal",
                    column.ty
                ))
            }
            Distribution::Uniform => None,
            other => Some(format!(
                "distribution `{}` repeats its likely values; use `uniform`",
                other.name()
            )),
        },
        Generator::Json(_) => Some("JSON documents cannot be told to differ".into()),
        Generator::Bytes { .. } => Some("random bytes cannot be told to differ".into()),
        Generator::ForeignKey(Pick::Zipf { .. }) => {
            Some("pick = \"zipf\" repeats its favourites".into())
        }
        Generator::Given(values) => {
            let mut seen = std::collections::BTreeSet::new();
            values
                .iter()
                .flatten()
                .any(|v| !seen.insert(format!("{v:?}")))
                .then(|| "one of its values is given twice".into())
        }
        Generator::States(_) | Generator::Walk(_) | Generator::Wave(_) => {
            Some("values along the rows may repeat".into())
        }
        Generator::Polymorphic(_) => Some("keys of several tables may be equal".into()),
        Generator::Children { .. } => Some("a parent may have several children".into()),
        Generator::ChildNumber => Some("every parent's children count from 1".into()),
        Generator::Carry { .. }
        | Generator::Offset(_)
        | Generator::Between { .. }
        | Generator::Formula(_)
        | Generator::Group { .. } => Some("values that come from other columns may repeat".into()),
        _ if !column.when.is_empty() => Some("`when` may give several rows the same value".into()),
        _ => None,
    }
}

/// Whether all values are equally likely, so that a permutation of them keeps the distribution.
fn is_even(column: &Column) -> bool {
    match &column.generator {
        Generator::Numeric(spec) => {
            spec.distribution == Distribution::Uniform && spec.grid(column.ty).is_some()
        }
        Generator::Temporal(_) | Generator::ForeignKey(Pick::Uniform) => column.nulls == 0.0,
        Generator::Categorical { weights, .. } => weights.windows(2).all(|w| w[0] == w[1]),
        Generator::Bernoulli { p } => *p == 0.5,
        _ => false,
    }
}

/// Parents before children; a circle is an error that names it.
fn order(schema: &Schema, diags: &mut Diagnostics) -> Vec<usize> {
    let mut done: Vec<usize> = Vec::with_capacity(schema.tables.len());
    let mut path: Vec<usize> = Vec::new();
    for i in 0..schema.tables.len() {
        visit(schema, i, &mut done, &mut path, diags);
    }
    done
}

fn visit(
    schema: &Schema,
    i: usize,
    done: &mut Vec<usize>,
    path: &mut Vec<usize>,
    diags: &mut Diagnostics,
) {
    if done.contains(&i) {
        return;
    }
    if let Some(at) = path.iter().position(|p| *p == i) {
        let names: Vec<&str> = path[at..]
            .iter()
            .chain([&i])
            .map(|t| schema.tables[*t].name.as_str())
            .collect();
        let last = &schema.tables[*path.last().unwrap_or(&i)];
        let place = last
            .columns
            .iter()
            .filter_map(|c| c.references.as_ref())
            .find(|r| r.table == schema.tables[i].name)
            .map_or(last.place, |r| r.place);
        diags.push(
            codes::CYCLE,
            place,
            format!("the references form a circle: {}", names.join(" -> ")),
            None,
        );
        return;
    }
    path.push(i);
    for parent in schema.tables[i].parents() {
        if let Some(p) = schema.tables.iter().position(|t| t.name == parent) {
            visit(schema, p, done, path, diags);
        }
    }
    path.pop();
    done.push(i);
}
