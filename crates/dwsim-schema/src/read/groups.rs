//! Groups of columns: `combinations` (only these tuples), `one_hot` (one flag of several), `correlate`.
//! The columns themselves are read before, by `column`.

use crate::codes;
use crate::config::{Node, Value};
use crate::model::{Column, Correlation, Generator, Group, Scalar};
use crate::number::Number;
use crate::read::Ctx;
use crate::read::fields::{Fields, number_of, string_of};
use crate::read::rows;
use crate::read::values::{checked_scalar, weights};
use crate::types::LogicalType;

const KEYS: [&str; 2] = ["combinations", "one_hot"];

/// Names of all columns that belong to a group, before anything is checked; all columns where the rows are given.
pub(crate) fn members(table: &Node) -> Vec<String> {
    let mut out = Vec::new();
    if table.get("data").is_some() || table.get("file").is_some() {
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
    if g.has("file") && key != "one_hot" {
        let (rows, weights) = tuples_from_file(g, &names, &types)?;
        return Some(Group {
            columns: names,
            rows,
            weights,
            place: g.place,
        });
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

/// `file = "cities.csv", weights = "population"`: the tuples are the rows of a file, and a column of it their weights.
fn tuples_from_file(
    g: &Fields<'_>,
    names: &[String],
    types: &[LogicalType],
) -> Option<(Vec<Vec<Scalar>>, Vec<f64>)> {
    let name = g.string("file")?;
    let weight = g.string("weights");
    let mut wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    wanted.extend(weight.as_deref());
    let Some(read) = rows::read(g.ctx, &name, g.place_of("file"), &wanted) else {
        // nobody reads files: one tuple of the types stands for them
        let stand_in = types.iter().map(|ty| match ty {
            LogicalType::Boolean => Scalar::Boolean(false),
            ty if ty.is_numeric() => Scalar::Number(Number::new(0, 0)),
            _ => Scalar::Text(String::new()),
        });
        return Some((vec![stand_in.collect()], vec![1.0]));
    };
    let file = read?;
    let mut out = Vec::with_capacity(file.rows.len());
    let mut weights = Vec::with_capacity(file.rows.len());
    for row in &file.rows {
        let mut tuple = Vec::with_capacity(types.len());
        for (cell, ty) in row.cells.iter().zip(types) {
            match cell.as_deref().and_then(|t| rows::scalar(t, *ty)) {
                Some(value) => tuple.push(value),
                None => {
                    let shown = cell.as_deref().unwrap_or("");
                    let message = format!("{shown:?} is not a value of type {ty}");
                    g.ctx.error(codes::WRONG_KIND, row.place, message, None);
                }
            }
        }
        let number = match &weight {
            None => Some(1.0),
            Some(_) => row
                .cells
                .last()
                .and_then(|c| c.as_deref())
                .and_then(Number::parse)
                .map(Number::to_f64)
                .filter(|w| *w >= 0.0),
        };
        match number {
            Some(number) => weights.push(number),
            None => g.ctx.error(
                codes::BAD_VALUE,
                row.place,
                "the weight of this row is not a number of at least 0",
                None,
            ),
        }
        out.push(tuple);
    }
    if weights.iter().sum::<f64>() <= 0.0 {
        let message = format!("`{name}` has no rows with a weight above 0");
        g.error(codes::BAD_VALUE, "file", message, None);
        return None;
    }
    let whole = out.iter().all(|t| t.len() == types.len()) && weights.len() == out.len();
    whole.then_some((out, weights))
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
