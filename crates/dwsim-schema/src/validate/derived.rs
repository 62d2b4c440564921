//! Columns that are computed from others: types that fit, orders that hold, NULLs where they can come up.
//! That inputs exist and form no circle is checked before.

use crate::codes;
use crate::diagnostics::{Diagnostics, did_you_mean};
use crate::model::{
    Column, Condition, Correlation, Distribution, Expression, Generator, Operator, Scalar, Schema,
    Table, WalkStart,
};
use crate::types::LogicalType;
use crate::validate::series;

/// Checks all columns of a table.
pub(crate) fn check(schema: &Schema, table: &Table, diags: &mut Diagnostics) {
    correlations(table, diags);
    for column in &table.columns {
        match &column.generator {
            Generator::Template(_) => {
                for input in column.inputs().into_iter().filter_map(|n| table.column(n)) {
                    if matches!(input.ty, LogicalType::Json(_) | LogicalType::Binary(_)) {
                        let message = format!(
                            "a template cannot show `{}` of type {}",
                            input.name, input.ty
                        );
                        diags.push(codes::WRONG_KIND, column.generator_place, message, None);
                    }
                }
            }
            Generator::Carry {
                via,
                column: carried,
                ..
            } => carry(schema, table, column, via, carried, diags),
            Generator::Offset(offset) => same_type(table, column, &offset.base, diags),
            Generator::Between { low, high } => {
                same_type(table, column, low, diags);
                same_type(table, column, high, diags);
                if table.column(low).is_some()
                    && table.column(high).is_some()
                    && !ordered(table, low, high)
                {
                    diags.push(
                        codes::IMPOSSIBLE,
                        column.generator_place,
                        format!("`{low}` is not always at most `{high}`"),
                        Some(format!(
                            "make it so: {high} = {{ greater_than = \"{low}\", … }}"
                        )),
                    );
                }
            }
            Generator::Formula(expression) => {
                formula_inputs(table, column, expression, diags);
                formula_fits(table, column, expression, diags);
                if expression.divides() && !column.nullable {
                    diags.push(
                        codes::IMPOSSIBLE,
                        column.generator_place,
                        format!("column `{}` divides, which gives NULL for a divisor of 0, and is not nullable", column.name),
                        None,
                    );
                }
            }
            Generator::ChildNumber if table.children_key().is_none() => diags.push(
                codes::MISSING_KEY,
                column.generator_place,
                format!("table `{}` has no foreign key with `children`", table.name),
                None,
            ),
            Generator::Children { .. } => children(table, column, diags),
            _ => {}
        }
        conditions(&column.when, table, diags);
        if let Some(parent) = column
            .references
            .as_ref()
            .and_then(|r| schema.table(&r.table))
        {
            conditions(&column.subset, parent, diags);
            if let (Some(first), true) = (column.subset.first(), parent.name == table.name) {
                diags.push(
                    codes::CONFLICT,
                    first.place,
                    "a hierarchy cannot choose its parents",
                    None,
                );
            }
        }
        if let (Some(first), true) = (
            column.subset.first(),
            column.unique || is_keyed(table, column),
        ) {
            diags.push(
                codes::CONFLICT,
                first.place,
                format!(
                    "column `{}` is part of a key and cannot choose its parents",
                    column.name
                ),
                None,
            );
        }
        if !column.when.is_empty() {
            when(table, column, diags);
        }
        if !column.nullable {
            not_null(table, column, diags);
        }
    }
}

/// Correlated columns are drawn by the inverse of their distribution, from one draw each.
fn correlations(table: &Table, diags: &mut Diagnostics) {
    for (i, c) in table.correlate.iter().enumerate() {
        for name in [&c.a, &c.b] {
            let Some(column) = table.column(name) else {
                diags.push(
                    codes::UNKNOWN_COLUMN,
                    c.place,
                    format!("table `{}` has no column `{name}`", table.name),
                    did_you_mean(name, table.columns.iter().map(|c| c.name.as_str())),
                );
                continue;
            };
            let continuous = match &column.generator {
                Generator::Numeric(spec) => !matches!(
                    spec.distribution,
                    Distribution::Poisson { .. } | Distribution::Zipf { .. }
                ),
                Generator::Temporal(_) => true,
                _ => false,
            };
            if !continuous || column.unique || is_keyed(table, column) {
                diags.push(
                    codes::CONFLICT,
                    c.place,
                    format!("column `{name}` cannot be correlated"),
                    Some("uniform, gaussian, lognormal, exponential and pareto numbers and points in time can, outside of keys".into()),
                );
            }
        }
        let same = |o: &Correlation| (o.a == c.a && o.b == c.b) || (o.a == c.b && o.b == c.a);
        if c.a == c.b || table.correlate[..i].iter().any(same) {
            diags.push(
                codes::CONFLICT,
                c.place,
                format!(
                    "the correlation of `{}` and `{}` is fixed already",
                    c.a, c.b
                ),
                None,
            );
        }
    }
}

fn is_keyed(table: &Table, column: &Column) -> bool {
    table.composite_keys().any(|key| key.contains(&column.name))
}

fn carry(
    schema: &Schema,
    table: &Table,
    column: &Column,
    via: &str,
    carried: &str,
    diags: &mut Diagnostics,
) {
    let Some(parent) = table
        .column(via)
        .and_then(|c| schema.table(&c.references.as_ref()?.table))
    else {
        return;
    };
    match parent.column(carried) {
        None => diags.push(
            codes::UNKNOWN_COLUMN,
            column.generator_place,
            format!("table `{}` has no column `{carried}`", parent.name),
            did_you_mean(carried, parent.columns.iter().map(|c| c.name.as_str())),
        ),
        Some(_) if parent.name == table.name => {
            let message = "a value cannot be carried within a hierarchy".to_owned();
            diags.push(codes::CYCLE, column.generator_place, message, None);
        }
        Some(source) => {
            let text =
                |ty: LogicalType| ty.is_text().then(|| ty.max_length().unwrap_or(usize::MAX));
            let fits = match (text(source.ty), text(column.ty)) {
                (Some(from), Some(to)) => from <= to,
                _ => {
                    source.ty == column.ty
                        || (source.ty == LogicalType::Serial && column.ty == LogicalType::BigInt)
                }
            };
            if !fits {
                let message = format!(
                    "type {} cannot hold `{}.{carried}` of type {}",
                    column.ty, parent.name, source.ty
                );
                diags.push(codes::BAD_TYPE, column.generator_place, message, None);
            }
        }
    }
}

fn same_type(table: &Table, column: &Column, other: &str, diags: &mut Diagnostics) {
    let Some(base) = table.column(other) else {
        return;
    };
    let same = base.ty == column.ty
        || (base.ty.is_integer() && column.ty.is_integer())
        || (base.ty.is_timestamp() && column.ty.is_timestamp())
        || (matches!(base.ty, LogicalType::Decimal { .. })
            && base.ty.scale() == column.ty.scale()
            && column.ty.is_numeric());
    if !same {
        let message = format!(
            "`{}` of type {} and `{other}` of type {} cannot be put in order",
            column.name, column.ty, base.ty
        );
        diags.push(codes::BAD_TYPE, column.generator_place, message, None);
    }
}

/// Whether `low <= high` in every row, by how they are made.
fn ordered(table: &Table, low: &str, high: &str) -> bool {
    let above = |from: &str, to: &str| {
        let mut at = from;
        for _ in 0..=table.columns.len() {
            match table.column(at).map(|c| &c.generator) {
                Some(Generator::Offset(o)) if !o.below => at = &o.base,
                _ => return false,
            }
            if at == to {
                return true;
            }
        }
        false
    };
    let below = |from: &str, to: &str| match table.column(from).map(|c| &c.generator) {
        Some(Generator::Offset(o)) => o.below && o.base == to,
        _ => false,
    };
    let ranges = || Some(range(table, low, 0)?.1 <= range(table, high, 0)?.0);
    above(high, low) || below(low, high) || ranges().unwrap_or(false)
}

/// Least and greatest value of a column in its units, where they follow from the schema.
pub(crate) fn range(table: &Table, name: &str, depth: usize) -> Option<(i128, i128)> {
    let column = table.column(name)?;
    // each level may ask two columns
    if depth > 12 {
        return None;
    }
    match &column.generator {
        Generator::Numeric(spec) => spec.grid(column.ty).map(|g| (g.first, g.last)),
        Generator::Temporal(t) => {
            let min = i128::from(t.min);
            Some((min, min + i128::from(t.step) * i128::from(t.count - 1)))
        }
        Generator::Sequence { start, step } => {
            let last = start.checked_add(step.checked_mul(i128::from(table.rows.max(1) - 1))?)?;
            Some((*start.min(&last), *start.max(&last)))
        }
        Generator::Offset(o) => {
            let (low, high) = range(table, &o.base, depth + 1)?;
            let most = o.min + o.step * i128::try_from(o.count - 1).ok()?;
            Some(if o.below {
                (low - most, high - o.min)
            } else {
                (low + o.min, high + most)
            })
        }
        Generator::Walk(walk) => {
            let start = match &walk.first {
                WalkStart::Range { min, step, count } => {
                    Some((*min, min + step * i128::from(count.saturating_sub(1))))
                }
                WalkStart::Carry { .. } => None,
            };
            series::reach(table, walk, start)
        }
        Generator::Given(values) => {
            let units: Option<Vec<i128>> = values
                .iter()
                .flatten()
                .map(|v| column.ty.units(v))
                .collect();
            let units = units?;
            Some((*units.iter().min()?, *units.iter().max()?))
        }
        Generator::Between { low, high } => Some((
            range(table, low, depth + 1)?.0,
            range(table, high, depth + 1)?.1,
        )),
        _ => None,
    }
}

fn formula_inputs(
    table: &Table,
    column: &Column,
    expression: &Expression,
    diags: &mut Diagnostics,
) {
    match expression {
        Expression::Number(_) => {}
        Expression::Column(name) => {
            if let Some(input) = table.column(name)
                && input.ty.integer_bounds().is_none()
            {
                let message = format!(
                    "a formula cannot calculate with `{name}` of type {}",
                    input.ty
                );
                diags.push(codes::WRONG_KIND, column.generator_place, message, None);
            }
        }
        Expression::Binary { left, right, .. } => {
            formula_inputs(table, column, left, diags);
            formula_inputs(table, column, right, diags);
        }
    }
}

/// Refuses formulas whose values can leave the column's type, with the values.
fn formula_fits(table: &Table, column: &Column, expression: &Expression, diags: &mut Diagnostics) {
    let (Some((min, max)), Some((low, high))) =
        (column.ty.integer_bounds(), interval(table, expression))
    else {
        return;
    };
    let unit = 10f64.powi(i32::try_from(column.ty.scale()).unwrap_or(0));
    if low * unit < min as f64 || high * unit > max as f64 {
        diags.push(
            codes::IMPOSSIBLE,
            column.generator_place,
            format!(
                "the formula of column `{}` reaches {low}..={high}, which type {} cannot hold",
                column.name, column.ty
            ),
            Some("use a wider type, or narrower ranges of its columns".into()),
        );
    }
}

/// Least and greatest value of a formula, from the ranges of its columns; all of a type's values for a column whose
/// range does not follow from the schema. `None` if it divides by something that may be 0.
fn interval(table: &Table, expression: &Expression) -> Option<(f64, f64)> {
    Some(match expression {
        Expression::Number(n) => (n.to_f64(), n.to_f64()),
        Expression::Column(name) => {
            let column = table.column(name)?;
            let (low, high) = range(table, name, 0).or_else(|| match &column.generator {
                Generator::Categorical { values, .. } => extremes(column, values.iter()),
                Generator::Constant(value) => extremes(column, std::iter::once(value)),
                Generator::Group { group, position } => extremes(
                    column,
                    table
                        .groups
                        .get(*group)?
                        .rows
                        .iter()
                        .filter_map(|r| r.get(*position)),
                ),
                _ => column.ty.integer_bounds(),
            })?;
            let (low, high) = match column.otherwise.as_ref().and_then(|o| column.ty.units(o)) {
                Some(other) => (low.min(other), high.max(other)),
                None => (low, high),
            };
            let unit = 10f64.powi(i32::try_from(column.ty.scale()).unwrap_or(0));
            (low as f64 / unit, high as f64 / unit)
        }
        Expression::Binary {
            operator,
            left,
            right,
        } => {
            let ((a, b), (c, d)) = (interval(table, left)?, interval(table, right)?);
            let ends = match operator {
                Operator::Add => [a + c, b + d, a + c, b + d],
                Operator::Subtract => [a - d, b - c, a - d, b - c],
                Operator::Multiply => [a * c, a * d, b * c, b * d],
                Operator::Divide if c <= 0.0 && d >= 0.0 => return None,
                Operator::Divide => [a / c, a / d, b / c, b / d],
            };
            (
                ends.iter().copied().fold(f64::INFINITY, f64::min),
                ends.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            )
        }
    })
}

fn extremes<'s>(column: &Column, values: impl Iterator<Item = &'s Scalar>) -> Option<(i128, i128)> {
    let units: Option<Vec<i128>> = values.map(|v| column.ty.units(v)).collect();
    let units = units?;
    Some((*units.iter().min()?, *units.iter().max()?))
}

fn children(table: &Table, column: &Column, diags: &mut Diagnostics) {
    let others = table
        .columns
        .iter()
        .filter(|c| matches!(c.generator, Generator::Children { .. }))
        .count();
    if others > 1 {
        diags.push(
            codes::CONFLICT,
            column.generator_place,
            "only one foreign key of a table can have `children`",
            None,
        );
    }
    if column
        .references
        .as_ref()
        .is_some_and(|r| r.table == table.name)
    {
        diags.push(
            codes::CYCLE,
            column.generator_place,
            "a hierarchy cannot count its children",
            None,
        );
    }
    if !column.subset.is_empty() || column.nulls > 0.0 || !column.when.is_empty() {
        let message = format!(
            "column `{}` has `children`, and every row belongs to its parent",
            column.name
        );
        diags.push(
            codes::CONFLICT,
            column.place,
            message,
            Some("leave `where`, `when` and `nulls` out".into()),
        );
    }
}

fn conditions(conditions: &[Condition], table: &Table, diags: &mut Diagnostics) {
    for condition in conditions {
        match table.column(&condition.column) {
            None => diags.push(
                codes::UNKNOWN_COLUMN,
                condition.place,
                format!(
                    "table `{}` has no column `{}`",
                    table.name, condition.column
                ),
                did_you_mean(
                    &condition.column,
                    table.columns.iter().map(|c| c.name.as_str()),
                ),
            ),
            Some(column) => {
                for value in &condition.values {
                    if !column.ty.holds(value) {
                        let message = format!(
                            "a value of the condition is not of type {}, as `{}` is",
                            column.ty, column.name
                        );
                        diags.push(codes::WRONG_KIND, condition.place, message, None);
                    }
                }
            }
        }
    }
}

fn when(table: &Table, column: &Column, diags: &mut Diagnostics) {
    if is_keyed(table, column) || column.unique {
        let message = format!(
            "column `{}` is part of a key and cannot depend on `when`",
            column.name
        );
        diags.push(codes::CONFLICT, column.place, message, None);
    }
    if !column.nullable && column.otherwise.is_none() {
        diags.push(
            codes::IMPOSSIBLE,
            column.place,
            format!(
                "column `{}` is not nullable, and has no value where `when` does not hold",
                column.name
            ),
            Some("give one with `otherwise`".into()),
        );
    }
}

/// A column that is never NULL must not be computed from one that may be.
fn not_null(table: &Table, column: &Column, diags: &mut Diagnostics) {
    let needs = match &column.generator {
        Generator::Template(_)
        | Generator::Offset(_)
        | Generator::Between { .. }
        | Generator::Formula(_)
        | Generator::Carry { .. } => column.inputs(),
        _ => return,
    };
    let conditions: Vec<&str> = column.when.iter().map(|c| c.column.as_str()).collect();
    for input in needs
        .into_iter()
        .filter(|n| !conditions.contains(n))
        .filter_map(|n| table.column(n))
    {
        let hierarchy = input
            .references
            .as_ref()
            .is_some_and(|r| r.table == table.name);
        if input.nulls > 0.0 || hierarchy || (!input.when.is_empty() && input.otherwise.is_none()) {
            diags.push(
                codes::IMPOSSIBLE,
                column.generator_place,
                format!(
                    "column `{}` is not nullable, but `{}`, which it is made of, has NULLs",
                    column.name, input.name
                ),
                None,
            );
        }
    }
}
