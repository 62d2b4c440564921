//! The rules that a table's columns declare, in a form that can be applied to batches.
//! Applying them is left to `run`.

use std::collections::HashSet;

use dwsim_schema::{
    Column, Condition, Expression, Generator, JsonKind, Limits, LogicalType, Machine, Scalar,
    Schema, Table, TemplatePart, Walk, temporal,
};
use regex::bytes::Regex;

use crate::plan::scalar_texts;

/// What a rule demands.
pub(crate) enum Kind<'a> {
    /// The column is there, in its type.
    Present,
    /// No NULL.
    NotNull,
    /// At most so many bytes.
    Width(usize),
    /// Units within bounds, a whole number of steps from the first.
    Grid { first: i128, last: i128, step: i128 },
    /// Floats within bounds.
    Float { min: f64, max: f64 },
    /// One of these texts.
    OneOf(HashSet<Vec<u8>>),
    /// Text that matches.
    Matches(Regex),
    /// One of these tuples.
    Tuples(Vec<usize>, HashSet<Vec<u8>>),
    /// Units at a distance from another column's.
    Offset {
        base: usize,
        below: bool,
        min: i128,
        max: i128,
    },
    /// Between two columns.
    Between { low: usize, high: usize },
    /// The value of a formula.
    Formula(&'a Expression),
    /// The text of a template.
    Template(&'a [TemplatePart]),
    /// Where the conditions do not hold: NULL, or one text.
    Otherwise(Option<Vec<u8>>),
    /// `start + row * step`.
    Sequence { start: i128, step: i128 },
    /// The given rows.
    Given(&'a [Option<Scalar>]),
    /// Parses as JSON of a kind.
    Json(JsonKind),
    /// The columns are distinct together.
    Unique(Vec<usize>),
    /// A key of a parent; the number of what the parent collects.
    Reference(usize),
    /// A key of the own table, without circles.
    Tree(usize),
    /// By the text of another column: the number of what the parent collects.
    Polymorphic(usize, Vec<(Vec<u8>, usize)>),
    /// The parent's value: foreign key, what the parent collects.
    Carry { key: usize, from: usize },
    /// So many children per parent; the number of what the parent collects.
    Children { from: usize, min: u64, max: u64 },
    /// 1, 2, … within each parent.
    ChildNumber { key: usize },
    /// Transitions within each parent; the greatest number, if children end at a last state.
    States {
        key: usize,
        machine: &'a Machine,
        texts: Vec<Vec<u8>>,
        until: Option<u64>,
    },
    /// Steps within each parent.
    Walk { key: usize, walk: &'a Walk },
}

/// A rule of one column.
pub(crate) struct Rule<'a> {
    /// Position of the column.
    pub(crate) column: usize,
    /// Its name, or several.
    pub(crate) shown: String,
    pub(crate) name: &'static str,
    pub(crate) declared: String,
    pub(crate) kind: Kind<'a>,
}

/// What a table collects for its children while it is read.
pub(crate) struct Collect<'a> {
    pub(crate) table: &'a str,
    pub(crate) key: &'a str,
    /// Only the keys of rows that fulfil these.
    pub(crate) subset: &'a [Condition],
    /// The values of this column as well.
    pub(crate) value: Option<&'a str>,
}

/// The rules of a table, and what its parents have to collect for them.
pub(crate) fn rules<'a>(
    schema: &'a Schema,
    table: &'a Table,
    collects: &mut Vec<Collect<'a>>,
) -> Vec<Rule<'a>> {
    let mut out = Vec::new();
    let position = |name: &str| table.position(name);
    let mut collect = |c: Collect<'a>| {
        collects.push(c);
        collects.len() - 1
    };
    for (i, column) in table.columns.iter().enumerate() {
        let mut add = |name: &'static str, declared: String, kind: Kind<'a>| {
            out.push(Rule {
                column: i,
                shown: column.name.clone(),
                name,
                declared,
                kind,
            });
        };
        add("type", column.ty.to_string(), Kind::Present);
        if !column.nullable {
            add("not null", "no NULL".into(), Kind::NotNull);
        }
        if let Some(width) = column.ty.max_length().filter(|_| column.ty.is_text()) {
            add(
                "width",
                format!("at most {width} bytes"),
                Kind::Width(width),
            );
        }
        if column.unique {
            add("unique", "distinct".into(), Kind::Unique(vec![i]));
        }
        if !column.when.is_empty() {
            let otherwise = column
                .otherwise
                .as_ref()
                .and_then(|o| scalar_texts(column.ty, [o]).and_then(|mut t| t.pop()));
            let names: Vec<&str> = column.when.iter().map(|c| c.column.as_str()).collect();
            let declared = format!("a value only by {}", names.join(", "));
            add("when", declared, Kind::Otherwise(otherwise));
        }
        if let Some(reference) = &column.references {
            let declared = format!("{}.{}", reference.table, reference.column);
            if reference.table == table.name {
                if let Some(key) = position(&reference.column) {
                    add("hierarchy", declared, Kind::Tree(key));
                }
            } else {
                let at = collect(Collect {
                    table: &reference.table,
                    key: &reference.column,
                    subset: &column.subset,
                    value: None,
                });
                add("reference", declared, Kind::Reference(at));
                if let Generator::Children {
                    min,
                    weights,
                    until,
                } = &column.generator
                {
                    let most = table.most_children().unwrap_or(*min);
                    // weights of 0 take numbers out at both ends
                    let skip = weights.iter().take_while(|w| **w == 0.0).count() as u64;
                    let least = if until.is_some() {
                        1
                    } else {
                        u64::from(*min) + skip
                    };
                    add(
                        "children",
                        format!("{least} to {most} per parent"),
                        Kind::Children {
                            from: at,
                            min: least,
                            max: u64::from(most),
                        },
                    );
                }
            }
        }
        values(schema, table, column, &mut add, &mut collect);
    }
    for key in table.composite_keys() {
        let columns: Vec<usize> = key.iter().filter_map(|n| position(n)).collect();
        out.push(Rule {
            column: columns.first().copied().unwrap_or(0),
            shown: key.join(", "),
            name: "unique",
            declared: "distinct together".into(),
            kind: Kind::Unique(columns),
        });
    }
    for group in &table.groups {
        let columns: Vec<usize> = group.columns.iter().filter_map(|n| position(n)).collect();
        let tuples = group
            .rows
            .iter()
            .zip(&group.weights)
            .filter(|(_, w)| **w > 0.0)
            .filter_map(|(row, _)| {
                let mut text = Vec::new();
                for (value, at) in row.iter().zip(&columns) {
                    let ty = table.columns.get(*at)?.ty;
                    text.extend(scalar_texts(ty, [value])?.pop()?);
                    text.extend_from_slice(&[0, 2]);
                }
                Some(text)
            })
            .collect();
        out.push(Rule {
            column: columns.first().copied().unwrap_or(0),
            shown: group.columns.join(", "),
            name: "combination",
            declared: format!("one of {} tuples", group.rows.len()),
            kind: Kind::Tuples(columns, tuples),
        });
    }
    out
}

/// The rules that follow from how a column's values are made.
fn values<'a>(
    schema: &'a Schema,
    table: &'a Table,
    column: &'a Column,
    add: &mut impl FnMut(&'static str, String, Kind<'a>),
    collect: &mut impl FnMut(Collect<'a>) -> usize,
) {
    let ty = column.ty;
    let position = |name: &str| table.position(name);
    let key = || position(&table.children_key()?.name);
    match &column.generator {
        Generator::Numeric(spec) => match spec.grid(ty) {
            Some(grid) => {
                let grid = (grid.first, grid.last, grid.step);
                let (first, last, step) = grid;
                let shown = |v| dwsim_schema::Number::new(v, ty.scale()).to_string();
                let declared = format!("{}..={}", shown(first), shown(last));
                add("bounds", declared, Kind::Grid { first, last, step });
            }
            None => {
                let end = |n: Option<dwsim_schema::Number>, none: f64| {
                    let x = n.map_or(none, dwsim_schema::Number::to_f64);
                    if ty == LogicalType::Real {
                        f64::from(x as f32)
                    } else {
                        x
                    }
                };
                let min = end(spec.min, f64::NEG_INFINITY);
                let max = end(spec.max, f64::INFINITY);
                if spec.min.is_some() || spec.max.is_some() {
                    let how = if spec.limits == Limits::Clamp {
                        " clamped"
                    } else {
                        ""
                    };
                    add(
                        "bounds",
                        format!("{min}..={max}{how}"),
                        Kind::Float { min, max },
                    );
                }
            }
        },
        Generator::Temporal(spec) => {
            let first = i128::from(spec.min);
            let step = i128::from(spec.step);
            let last = first + step * i128::from(spec.count.max(1) - 1);
            let declared = format!("{} to {}", moment(ty, first), moment(ty, last));
            add("bounds", declared, Kind::Grid { first, last, step });
        }
        Generator::Categorical { values, weights } => {
            let kept = values.iter().zip(weights).filter(|(_, w)| **w > 0.0);
            if let Some(texts) = scalar_texts(ty, kept.map(|(v, _)| v)) {
                let declared = format!("one of {}", texts.len());
                add(
                    "category",
                    declared,
                    Kind::OneOf(texts.into_iter().collect()),
                );
            }
        }
        Generator::Constant(value) => {
            if let Some(texts) = scalar_texts(ty, [value]) {
                add(
                    "category",
                    "constant".into(),
                    Kind::OneOf(texts.into_iter().collect()),
                );
            }
        }
        Generator::Pattern { pattern, .. } => {
            // a pattern that cannot be parsed was refused by the plan
            if let Ok(regex) = Regex::new(&format!("^(?:{pattern})$")) {
                add("pattern", pattern.clone(), Kind::Matches(regex));
            }
        }
        Generator::Uuid => {
            let uuid = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
            if let Ok(regex) = Regex::new(&format!("^{uuid}$")) {
                add("pattern", "UUID 4".into(), Kind::Matches(regex));
            }
        }
        Generator::Template(parts) => add("template", "put together".into(), Kind::Template(parts)),
        Generator::Json(_) => {
            if let LogicalType::Json(kind) = ty {
                add("json", ty.to_string(), Kind::Json(kind));
            }
        }
        Generator::Carry {
            via, column: from, ..
        } => {
            let reference = table.column(via).and_then(|c| c.references.as_ref());
            if let (Some(key), Some(reference)) = (position(via), reference) {
                let at = collect(Collect {
                    table: &reference.table,
                    key: &reference.column,
                    subset: &[],
                    value: Some(from),
                });
                let declared = format!("{}.{from}", reference.table);
                add("carried", declared, Kind::Carry { key, from: at });
            }
        }
        Generator::Offset(o) => {
            if let Some(base) = position(&o.base) {
                let max = o.min + o.step * i128::try_from(o.count - 1).unwrap_or(i128::MAX >> 8);
                let sign = if o.below { "-" } else { "+" };
                add(
                    "distance",
                    format!("{} {sign} {}..={max} units", o.base, o.min),
                    Kind::Offset {
                        base,
                        below: o.below,
                        min: o.min,
                        max,
                    },
                );
            }
        }
        Generator::Between { low, high } => {
            if let (Some(l), Some(h)) = (position(low), position(high)) {
                let declared = format!("{low} to {high}");
                add("between", declared, Kind::Between { low: l, high: h });
            }
        }
        Generator::Formula(expression) => {
            add("formula", "as calculated".into(), Kind::Formula(expression));
        }
        Generator::Sequence { start, step } => add(
            "sequence",
            format!("{} + row * {step}", moment(ty, *start)),
            Kind::Sequence {
                start: *start,
                step: *step,
            },
        ),
        Generator::Given(values) => add("given", "the given rows".into(), Kind::Given(values)),
        Generator::ChildNumber => {
            if let Some(key) = key() {
                add("numbering", "1, 2, …".into(), Kind::ChildNumber { key });
            }
        }
        Generator::States(machine) => {
            if let (Some(key), Some(texts)) = (key(), scalar_texts(ty, &machine.states)) {
                let ends = table.children_key().map(|c| &c.generator);
                let until = match ends {
                    Some(Generator::Children { until: Some(u), .. }) if *u == column.name => {
                        table.most_children().map(u64::from)
                    }
                    _ => None,
                };
                add(
                    "transition",
                    format!("{} states", texts.len()),
                    Kind::States {
                        key,
                        machine,
                        texts,
                        until,
                    },
                );
            }
        }
        Generator::Walk(walk) => {
            if let Some(key) = key() {
                add("step", "within its steps".into(), Kind::Walk { key, walk });
            }
        }
        Generator::Polymorphic(p) => {
            if let Some(by) = position(&p.by) {
                let targets = p
                    .targets
                    .iter()
                    .filter(|(_, r)| schema.table(&r.table).is_some())
                    .map(|(value, r)| {
                        let at = collect(Collect {
                            table: &r.table,
                            key: &r.column,
                            subset: &[],
                            value: None,
                        });
                        (value.clone().into_bytes(), at)
                    })
                    .collect();
                add(
                    "reference",
                    format!("by {}", p.by),
                    Kind::Polymorphic(by, targets),
                );
            }
        }
        // nothing about single values follows from these
        Generator::Bernoulli { .. }
        | Generator::Provider(_)
        | Generator::Bytes { .. }
        | Generator::ForeignKey(_)
        | Generator::Children { .. }
        | Generator::Wave(_)
        | Generator::Group { .. } => {}
    }
}

/// A value of a type in its units, readable.
pub(crate) fn moment(ty: LogicalType, units: i128) -> String {
    let narrow = i64::try_from(units).unwrap_or(i64::MAX);
    match ty {
        LogicalType::Date => temporal::date_text(i32::try_from(narrow).unwrap_or(i32::MAX)),
        LogicalType::Time => temporal::time_text(narrow),
        _ if ty.is_timestamp() => temporal::timestamp_text(narrow),
        _ => dwsim_schema::Number::new(units, ty.scale()).to_string(),
    }
}
