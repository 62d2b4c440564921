//! Groups of columns: `combinations` (only these tuples), `one_hot` (one flag of several), `correlate`.
//! The columns themselves are read before, by `column`.

use crate::codes;
use crate::config::{Node, Value};
use crate::model::{Column, Correlation, Generator, Group, Scalar};
use crate::number::Number;
use crate::read::Ctx;
use crate::read::fields::{Fields, number_of, string_of};
use crate::read::values::{checked_scalar, weights};
use crate::types::LogicalType;

const KEYS: [&str; 2] = ["combinations", "one_hot"];

/// Names of all columns that belong to a group, before anything is checked; all columns where the rows are given.
pub(crate) fn members(table: &Node) -> Vec<String> {
    let mut out = Vec::new();
    if table.get("data").is_some() {
        out.extend(
            table
                .get("columns")
                .and_then(Node::table)
                .into_iter()
                .flatten()
                .map(|(n, _)| n.clone()),
        );
    }
    for group in KEYS.iter().filter_map(|k| table.get(k)) {
        let Value::Array(items) = &group.value else {
            continue;
        };
        for columns in items.iter().filter_map(|i| i.get("columns")) {
            if let Value::Array(names) = &columns.value {
                out.extend(names.iter().filter_map(string_of));
            }
        }
    }
    out
}

/// `data = [["DE", "Germany"], …]`: the rows of the table, values in the order of the columns. The number of rows.
pub(crate) fn given(f: &Fields<'_>, columns: &mut [Column]) -> Option<u64> {
    let node = f.node("data")?;
    let Value::Array(rows) = &node.value else {
        f.error(
            codes::WRONG_KIND,
            "data",
            format!("`data` is a list of rows, not {}", node.value.kind()),
            Some("data = [[\"DE\", \"Germany\"], [\"FR\", \"France\"]]".into()),
        );
        return None;
    };
    let mut values: Vec<Vec<Scalar>> = vec![Vec::with_capacity(rows.len()); columns.len()];
    for row in rows {
        match &row.value {
            Value::Array(cells) if cells.len() == columns.len() => {
                for ((cell, column), values) in cells.iter().zip(columns.iter()).zip(&mut values) {
                    values.extend(checked_scalar(f, cell, column.ty));
                }
            }
            Value::Array(cells) => {
                let message = format!(
                    "a row has {} values for {} columns",
                    cells.len(),
                    columns.len()
                );
                f.ctx.error(codes::BAD_VALUE, row.place, message, None);
            }
            other => f.ctx.error(
                codes::WRONG_KIND,
                row.place,
                format!("a row is a list, not {}", other.kind()),
                None,
            ),
        }
    }
    for (column, values) in columns.iter_mut().zip(values) {
        if column.nulls > 0.0 || column.references.is_some() || !column.when.is_empty() {
            f.ctx.error(
                codes::CONFLICT,
                column.place,
                format!("the rows of column `{}` are given", column.name),
                Some("leave `references`, `nulls` and `when` out".into()),
            );
        }
        column.generator = Generator::Given(values);
        column.generator_place = node.place;
    }
    u64::try_from(rows.len()).ok()
}

/// Reads the groups and hands their columns over to them.
pub(crate) fn groups(ctx: &Ctx, f: &Fields<'_>, columns: &mut [Column]) -> Vec<Group> {
    let mut out: Vec<Group> = Vec::new();
    for key in KEYS {
        let Some(node) = f.node(key) else { continue };
        let Value::Array(items) = &node.value else {
            f.error(
                codes::WRONG_KIND,
                key,
                format!("`{key}` is a list of groups"),
                Some(format!("{key} = [{{ columns = [\"a\", \"b\"], … }}]")),
            );
            continue;
        };
        for item in items {
            let g = Fields::of(ctx, item, format!("a group of `{key}`"));
            if let Some(group) = group(&g, key, columns) {
                for (position, name) in group.columns.iter().enumerate() {
                    if let Some(column) = columns.iter_mut().find(|c| c.name == *name) {
                        if matches!(column.generator, Generator::Group { .. }) {
                            ctx.error(
                                codes::CONFLICT,
                                item.place,
                                format!("column `{name}` is in two groups"),
                                None,
                            );
                        }
                        column.generator = Generator::Group {
                            group: out.len(),
                            position,
                        };
                        column.generator_place = item.place;
                    }
                }
                out.push(group);
            }
            g.finish();
        }
    }
    out
}

fn group(g: &Fields<'_>, key: &str, columns: &[Column]) -> Option<Group> {
    let names: Vec<String> = g
        .strings("columns")
        .unwrap_or_default()
        .into_iter()
        .map(|(n, _)| n)
        .collect();
    let mut types = Vec::with_capacity(names.len());
    for name in &names {
        match columns.iter().find(|c| c.name == *name) {
            Some(column) => types.push(column.ty),
            None => {
                let known = columns.iter().map(|c| c.name.as_str());
                g.error(
                    codes::UNKNOWN_COLUMN,
                    "columns",
                    format!("there is no column `{name}`"),
                    crate::did_you_mean(name, known),
                );
            }
        }
    }
    if types.len() < 2 || types.len() < names.len() {
        if names.len() < 2 {
            g.ctx.error(
                codes::BAD_VALUE,
                g.place,
                format!("{} needs two or more `columns`", g.what),
                None,
            );
        }
        let _ = (g.node("values"), g.node("weights"));
        return None;
    }
    let rows = if key == "one_hot" {
        flags(g, &types)?
    } else {
        tuples(g, &types)?
    };
    let weights = g
        .node("weights")
        .map_or_else(|| vec![1.0; rows.len()], |n| weights(g, n, rows.len()));
    Some(Group {
        columns: names,
        rows,
        weights,
        place: g.place,
    })
}

/// One row per column, in which that column is set.
fn flags(g: &Fields<'_>, types: &[LogicalType]) -> Option<Vec<Vec<Scalar>>> {
    let flag = |ty: LogicalType, set: bool| match ty {
        LogicalType::Boolean => Some(Scalar::Boolean(set)),
        _ if ty.is_integer() => Some(Scalar::Number(Number::new(i128::from(set), 0))),
        _ => None,
    };
    let rows: Option<Vec<Vec<Scalar>>> = (0..types.len())
        .map(|hot| {
            types
                .iter()
                .enumerate()
                .map(|(i, ty)| flag(*ty, i == hot))
                .collect()
        })
        .collect();
    if rows.is_none() {
        g.error(
            codes::WRONG_KIND,
            "columns",
            "the columns of `one_hot` are boolean or whole numbers",
            None,
        );
    }
    rows
}

fn tuples(g: &Fields<'_>, types: &[LogicalType]) -> Option<Vec<Vec<Scalar>>> {
    let rows = g.node("values").map(|n| &n.value);
    let Some(Value::Array(rows)) = rows else {
        g.error(
            codes::MISSING_KEY,
            "values",
            "a combination needs `values`, a list of lists",
            None,
        );
        return None;
    };
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        match &row.value {
            Value::Array(cells) if cells.len() == types.len() => {
                let values: Option<Vec<Scalar>> = cells
                    .iter()
                    .zip(types)
                    .map(|(cell, ty)| checked_scalar(g, cell, *ty))
                    .collect();
                out.extend(values);
            }
            _ => g.ctx.error(
                codes::BAD_VALUE,
                row.place,
                format!("a combination has {} values, one per column", types.len()),
                None,
            ),
        }
    }
    if rows.is_empty() {
        g.error(codes::BAD_VALUE, "values", "`values` is empty", None);
    }
    (out.len() == rows.len() && !out.is_empty()).then_some(out)
}

/// `correlate = [["height", "weight", 0.7], …]`.
pub(crate) fn correlations(f: &Fields<'_>) -> Vec<Correlation> {
    let Some(node) = f.node("correlate") else {
        return Vec::new();
    };
    let Value::Array(items) = &node.value else {
        f.error(
            codes::WRONG_KIND,
            "correlate",
            "`correlate` is a list of pairs with their correlation",
            Some("correlate = [[\"a\", \"b\", 0.7]]".into()),
        );
        return Vec::new();
    };
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        let parts = match &item.value {
            Value::Array(parts) => parts.as_slice(),
            _ => &[],
        };
        let read = match parts {
            [a, b, r] => string_of(a)
                .zip(string_of(b))
                .zip(number_of(r).map(Number::to_f64)),
            _ => None,
        };
        match read {
            Some(((a, b), r)) if r > -1.0 && r < 1.0 => out.push(Correlation {
                a,
                b,
                r,
                place: item.place,
            }),
            Some((_, r)) => {
                f.ctx.error(
                    codes::BAD_VALUE,
                    item.place,
                    format!("the correlation is {r}, not between -1 and 1"),
                    None,
                );
            }
            None => f.ctx.error(
                codes::WRONG_KIND,
                item.place,
                "a correlation is two columns and a number",
                Some("[\"a\", \"b\", 0.7]".into()),
            ),
        }
    }
    out
}
