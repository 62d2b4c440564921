//! Columns along the children of a parent, and references to one of several tables.
//! What a single column says of itself is checked where it is read.

use crate::codes;
use crate::diagnostics::{Diagnostics, Place, did_you_mean};
use crate::model::{
    Column, Generator, Machine, Polymorphic, Scalar, Schema, Table, Walk, WalkStart,
};
use crate::types::LogicalType;
use crate::validate::range;

/// Checks one column.
pub(crate) fn check(schema: &Schema, table: &Table, column: &Column, diags: &mut Diagnostics) {
    match &column.generator {
        Generator::States(machine) => states(table, column, machine, diags),
        Generator::Walk(walk) => walks(schema, table, column, walk, diags),
        Generator::Polymorphic(p) => polymorphic(schema, table, column, p, diags),
        Generator::Children {
            until: Some(until), ..
        } => ends(table, column, until, diags),
        _ => {}
    }
}

fn needs_children(table: &Table, column: &Column, what: &str, diags: &mut Diagnostics) -> bool {
    if table.children_key().is_some() {
        return true;
    }
    diags.push(
        codes::MISSING_KEY,
        column.generator_place,
        format!(
            "{what} go along the children of a parent, and table `{}` has no foreign key with `children`",
            table.name
        ),
        Some("such as { type = \"foreign_key\", references = \"…\", children = { min = 1, max = 20 } }".into()),
    );
    false
}

/// The column of states that ends the children of a table.
fn until(table: &Table) -> Option<&str> {
    match &table.children_key()?.generator {
        Generator::Children { until, .. } => until.as_deref(),
        _ => None,
    }
}

fn states(table: &Table, column: &Column, machine: &Machine, diags: &mut Diagnostics) {
    if !needs_children(table, column, "states", diags) {
        return;
    }
    let last = (0..machine.states.len()).find(|i| machine.is_last(*i));
    if let (Some(last), false) = (last, until(table) == Some(column.name.as_str())) {
        let name = match &machine.states[last] {
            Scalar::Text(t) => t.clone(),
            Scalar::Number(n) => n.to_string(),
            Scalar::Boolean(b) => b.to_string(),
        };
        diags.push(
            codes::IMPOSSIBLE,
            column.generator_place,
            format!("nothing follows the state `{name}`, and the children do not end there"),
            Some(format!(
                "children = {{ max = …, until = \"{}\" }}, or a transition from it",
                column.name
            )),
        );
    }
}

fn ends(table: &Table, key: &Column, until: &str, diags: &mut Diagnostics) {
    match table.column(until).map(|c| &c.generator) {
        Some(Generator::States(machine)) => {
            if !(0..machine.states.len()).any(|i| machine.is_last(i)) {
                let message = format!("the states of `{until}` have no last one to end at");
                diags.push(codes::IMPOSSIBLE, key.generator_place, message, None);
            }
        }
        Some(_) => {
            let message = format!("`until` names `{until}`, which has no `transitions`");
            diags.push(codes::BAD_REFERENCE, key.generator_place, message, None);
        }
        None => diags.push(
            codes::UNKNOWN_COLUMN,
            key.generator_place,
            format!(
                "`until` names `{until}`, which is not a column of table `{}`",
                table.name
            ),
            did_you_mean(until, table.columns.iter().map(|c| c.name.as_str())),
        ),
    }
}

fn walks(schema: &Schema, table: &Table, column: &Column, walk: &Walk, diags: &mut Diagnostics) {
    if !needs_children(table, column, "walks", diags) {
        return;
    }
    let start = match &walk.first {
        WalkStart::Range { min, step, count } => {
            Some((*min, min + step * i128::from(count.saturating_sub(1))))
        }
        WalkStart::Carry {
            via,
            column: from,
            place,
        } => {
            // a foreign key that was not found was reported
            if via.is_empty() {
                return;
            }
            let Some(key) = table.children_key() else {
                return;
            };
            if *via != key.name {
                let message = format!(
                    "a walk begins at a column of the parent that has the children, through `{}`",
                    key.name
                );
                diags.push(codes::BAD_REFERENCE, *place, message, None);
                return;
            }
            let parent = key.references.as_ref().and_then(|r| schema.table(&r.table));
            let Some(parent) = parent else { return };
            let Some(source) = parent.column(from) else {
                diags.push(
                    codes::UNKNOWN_COLUMN,
                    *place,
                    format!("table `{}` has no column `{from}`", parent.name),
                    did_you_mean(from, parent.columns.iter().map(|c| c.name.as_str())),
                );
                return;
            };
            let same = source.ty == column.ty
                || (source.ty.is_integer() && column.ty.is_integer())
                || (source.ty.is_timestamp() && column.ty.is_timestamp());
            if !same {
                let message = format!(
                    "a walk of type {} cannot begin at `{}.{from}` of type {}",
                    column.ty, parent.name, source.ty
                );
                diags.push(codes::BAD_TYPE, *place, message, None);
                return;
            }
            if !column.nullable && (source.nulls > 0.0 || !source.when.is_empty()) {
                let message = format!(
                    "column `{}` is not nullable, but begins at `{}.{from}`, which has NULLs",
                    column.name, parent.name
                );
                diags.push(codes::IMPOSSIBLE, *place, message, None);
            }
            range(parent, from, 0)
        }
    };
    let Some((type_min, type_max)) = bounds(column.ty) else {
        return;
    };
    let reached = reach(table, walk, start);
    let fits = reached.is_some_and(|(low, high)| low >= type_min && high <= type_max);
    if !fits {
        diags.push(
            codes::IMPOSSIBLE,
            column.generator_place,
            format!(
                "the walk of column `{}` can leave type {}",
                column.name, column.ty
            ),
            Some("give it `min` and `max`, or smaller steps".into()),
        );
    }
}

/// Least and greatest value of a walk.
pub(crate) fn reach(
    table: &Table,
    walk: &Walk,
    start: Option<(i128, i128)>,
) -> Option<(i128, i128)> {
    let most = i128::from(table.most_children()?.max(1) - 1);
    let ends = start.and_then(|(low, high)| {
        let up = walk
            .min_step
            .checked_add(walk.step.checked_mul(i128::from(walk.count) - 1)?)?;
        Some((
            low.checked_add(most.checked_mul(walk.min_step.min(0))?)?,
            high.checked_add(most.checked_mul(up.max(0))?)?,
        ))
    });
    let low = match (walk.min, ends) {
        (Some(min), Some((low, _))) => low.max(min),
        (Some(min), None) => min,
        (None, ends) => ends?.0,
    };
    let high = match (walk.max, ends) {
        (Some(max), Some((_, high))) => high.min(max),
        (Some(max), None) => max,
        (None, ends) => ends?.1,
    };
    // a start outside of the bounds is moved to them
    Some((
        low.min(walk.max.unwrap_or(low)),
        high.max(walk.min.unwrap_or(high)),
    ))
}

fn bounds(ty: LogicalType) -> Option<(i128, i128)> {
    match ty {
        LogicalType::Time => Some((0, i128::from(crate::temporal::DAY_MICROS) - 1)),
        _ => ty.integer_bounds(),
    }
}

fn polymorphic(
    schema: &Schema,
    table: &Table,
    column: &Column,
    p: &Polymorphic,
    diags: &mut Diagnostics,
) {
    if column.unique || table.composite_keys().any(|k| k.contains(&column.name)) {
        let message = format!(
            "column `{}` is part of a key, and keys of several tables may be equal",
            column.name
        );
        diags.push(codes::CONFLICT, column.place, message, None);
    }
    for (_, reference) in &p.targets {
        target(schema, table, column, reference, diags);
    }
    let Some(by) = table.column(&p.by) else {
        return;
    };
    if !by.ty.is_text() {
        let message = format!(
            "`{}` chooses by its text, and is of type {}",
            by.name, by.ty
        );
        diags.push(codes::WRONG_KIND, column.generator_place, message, None);
        return;
    }
    let values: Vec<&str> = match &by.generator {
        Generator::Categorical { values, weights } => values
            .iter()
            .zip(weights)
            .filter(|(_, w)| **w > 0.0)
            .filter_map(|(v, _)| text(v))
            .collect(),
        Generator::Constant(value) => text(value).into_iter().collect(),
        Generator::States(machine) => machine.states.iter().filter_map(text).collect(),
        Generator::Group { group, position } => table
            .groups
            .get(*group)
            .map(|g| {
                g.rows
                    .iter()
                    .filter_map(|r| text(r.get(*position)?))
                    .collect()
            })
            .unwrap_or_default(),
        _ => {
            let message = format!(
                "`{}` chooses a table, and its values are not written down",
                by.name
            );
            let help = Some("give it `values`".into());
            diags.push(codes::WRONG_KIND, column.generator_place, message, help);
            return;
        }
    };
    for (value, reference) in &p.targets {
        if !values.contains(&value.as_str()) {
            diags.push(
                codes::BAD_VALUE,
                reference.place,
                format!("`{}` never has the value `{value}`", by.name),
                did_you_mean(value, values.iter().copied()),
            );
        }
    }
    let named = |v: &&str| p.targets.iter().any(|(t, _)| t == v);
    if let (Some(missing), false) = (values.iter().find(|v| !named(v)), column.nullable) {
        let message = format!(
            "column `{}` is not nullable, and `{missing}` of `{}` leads nowhere",
            column.name, by.name
        );
        diags.push(codes::IMPOSSIBLE, column.generator_place, message, None);
    }
    if !column.nullable && (by.nulls > 0.0 || !by.when.is_empty()) {
        let message = format!(
            "column `{}` is not nullable, but `{}`, which chooses its table, has NULLs",
            column.name, by.name
        );
        diags.push(codes::IMPOSSIBLE, column.generator_place, message, None);
    }
}

fn text(value: &Scalar) -> Option<&str> {
    match value {
        Scalar::Text(t) => Some(t),
        _ => None,
    }
}

fn target(
    schema: &Schema,
    table: &Table,
    column: &Column,
    reference: &crate::Reference,
    diags: &mut Diagnostics,
) {
    let mut refuse = |code: &'static str, place: Place, message: String, help: Option<String>| {
        diags.push(code, place, message, help);
    };
    let Some(parent) = schema.table(&reference.table) else {
        let names = schema.tables().iter().map(|t| t.name.as_str());
        refuse(
            codes::UNKNOWN_TABLE,
            reference.place,
            format!("there is no table `{}`", reference.table),
            did_you_mean(&reference.table, names),
        );
        return;
    };
    if parent.name == table.name {
        let message = "one of several tables cannot be the own one".to_owned();
        refuse(codes::CYCLE, reference.place, message, None);
        return;
    }
    let Some(key) = parent.column(&reference.column) else {
        refuse(
            codes::UNKNOWN_COLUMN,
            reference.place,
            format!(
                "table `{}` has no column `{}`",
                parent.name, reference.column
            ),
            did_you_mean(
                &reference.column,
                parent.columns.iter().map(|c| c.name.as_str()),
            ),
        );
        return;
    };
    if !key.unique || key.nulls > 0.0 {
        refuse(
            codes::BAD_REFERENCE,
            reference.place,
            format!(
                "`{}.{}` is referenced, but is neither a primary key nor unique without NULLs",
                parent.name, key.name
            ),
            None,
        );
    }
    let same = key.ty == column.ty
        || (key.ty.is_integer() && column.ty.is_integer())
        || (key.ty.is_text() && column.ty.is_text());
    if !same {
        let message = format!(
            "type {} cannot hold the keys `{}.{}` of type {}",
            column.ty, parent.name, key.name, key.ty
        );
        refuse(codes::BAD_REFERENCE, reference.place, message, None);
    }
    if parent.rows == 0 && table.rows > 0 {
        let message = format!("table `{}` has no rows to reference", parent.name);
        refuse(codes::BAD_REFERENCE, reference.place, message, None);
    }
}
