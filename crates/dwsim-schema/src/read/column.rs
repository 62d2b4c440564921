//! One column: type, nullability, keys, reference; the generator is read by `generator` and `json`.
//! Checks that need other columns are left to `validate`.

use crate::codes;
use crate::config::Node;
use crate::diagnostics::did_you_mean;
use crate::identifiers;
use crate::model::{Column, Generator, Reference, Scalar, TypeOverrides};
use crate::read::Ctx;
use crate::read::derived;
use crate::read::fields::{Fields, scalar_of};
use crate::read::generator;
use crate::read::table::Targets;
use crate::types::{Dialect, LogicalType, TYPE_NAMES};

/// What a reference leads to.
pub(crate) enum Target<'a> {
    /// A column.
    Column(&'a Node),
    /// No such table; perhaps another one was meant.
    NoTable(Option<String>),
    /// No such column; perhaps another one was meant.
    NoColumn(Option<String>),
}

/// Keys that only some columns have, for suggestions.
const SOME_COLUMNS: &[&str] = &[
    "amplitude",
    "base",
    "between",
    "carry",
    "children",
    "decimals",
    "delta",
    "distribution",
    "exponent",
    "fields",
    "first",
    "formula",
    "generator",
    "greater_than",
    "items",
    "length",
    "less_than",
    "limits",
    "locale",
    "max",
    "mean",
    "min",
    "missing",
    "mu",
    "noise",
    "otherwise",
    "p",
    "pattern",
    "period",
    "phase",
    "pick",
    "polymorphic",
    "range",
    "rate",
    "resolution",
    "scale",
    "shape",
    "sigma",
    "start",
    "stddev",
    "step",
    "targets",
    "template",
    "transitions",
    "trend",
    "truncate",
    "value",
    "values",
    "weights",
    "when",
    "where",
];

/// A column of a table; `None` after errors that leave nothing to go on with.
pub(crate) fn column(
    ctx: &Ctx,
    table: &str,
    name: &str,
    node: &Node,
    targets: &Targets<'_>,
    grouped: bool,
    only_key: bool,
) -> Option<Column> {
    let f = Fields::of(ctx, node, format!("column `{table}.{name}`"));
    node.table()?;
    let references = f.string("references").and_then(|text| reference(&f, &text));
    let ty = column_type(&f, references.as_ref(), targets)?;
    let types = overrides(&f);
    let primary_key = f.boolean("primary_key").unwrap_or(false);
    let unique = f.boolean("unique").unwrap_or(false) || primary_key;
    let not_null = f.boolean("not_null").unwrap_or(false);
    let nulls = f.share("nulls").unwrap_or(0.0);
    if nulls > 0.0 && (primary_key || not_null) {
        let why = if primary_key {
            "a primary key"
        } else {
            "not_null"
        };
        f.error(
            codes::CONFLICT,
            "nulls",
            format!("`nulls` is {nulls}, but column `{name}` is {why}"),
            None,
        );
    }
    let column = Column {
        name: name.to_owned(),
        ty,
        types,
        // what never holds NULL is declared so, unless NULLs are generated or the user says otherwise
        nullable: !(primary_key || not_null || ty == LogicalType::Serial && nulls == 0.0),
        nulls,
        missing: 0.0,
        primary_key,
        unique,
        pii: f.boolean("pii").unwrap_or(false),
        default: default(&f, ty),
        comment: f.string("comment"),
        encode: f.string("encode"),
        generator: if grouped {
            generator::grouped(&f)
        } else {
            generator::generator(&f, name, ty, references.is_some(), primary_key || only_key)
        },
        subset: if references.is_some() {
            derived::condition(&f, "where")
        } else {
            Vec::new()
        },
        when: derived::condition(&f, "when"),
        otherwise: derived::otherwise(&f, ty),
        references,
        place: node.key,
        generator_place: generator::place(&f),
    };
    f.finish_knowing(SOME_COLUMNS);
    Some(column)
}

/// A value inside of a JSON document.
pub(crate) fn value(ctx: &Ctx, path: &str, name: &str, node: &Node) -> Option<Column> {
    let f = Fields::of(ctx, node, format!("`{path}`"));
    node.table()?;
    let ty = column_type(&f, None, &Targets::none())?;
    let column = Column {
        name: name.to_owned(),
        ty,
        types: TypeOverrides::default(),
        nullable: true,
        nulls: f.share("nulls").unwrap_or(0.0),
        missing: f.share("missing").unwrap_or(0.0),
        primary_key: false,
        unique: false,
        references: None,
        pii: f.boolean("pii").unwrap_or(false),
        default: None,
        comment: None,
        encode: None,
        generator: generator::generator(&f, path, ty, false, false),
        subset: Vec::new(),
        when: Vec::new(),
        otherwise: None,
        place: node.key,
        generator_place: generator::place(&f),
    };
    f.finish_knowing(SOME_COLUMNS);
    Some(column)
}

fn column_type(
    f: &Fields<'_>,
    references: Option<&Reference>,
    targets: &Targets<'_>,
) -> Option<LogicalType> {
    let Some(text) = f.string("type") else {
        if f.has("references") {
            return referenced_type(f, references, targets);
        }
        if !f.has("type") {
            f.ctx.error(
                codes::MISSING_KEY,
                f.place,
                format!("{} lacks `type`", f.what),
                None,
            );
        }
        return None;
    };
    if text.trim().eq_ignore_ascii_case("foreign_key") {
        if !f.has("references") {
            f.error(
                codes::MISSING_KEY,
                "type",
                "a foreign key needs `references`",
                Some("such as references = \"customers.customer_id\"".into()),
            );
            return None;
        }
        return referenced_type(f, references, targets);
    }
    match LogicalType::parse(&text) {
        Ok(own) => {
            if let Some(parent) = references.and_then(|_| referenced_type(f, references, targets)) {
                let same = own == parent || (own.is_integer() && parent.is_integer());
                if !same {
                    f.error(
                        codes::BAD_REFERENCE,
                        "type",
                        format!("type {own} cannot hold the keys it references, of type {parent}"),
                        Some(
                            "type = \"foreign_key\" takes the type of the referenced column".into(),
                        ),
                    );
                }
            }
            Some(own)
        }
        Err(message) => {
            let word = text.split('(').next().unwrap_or_default().trim();
            f.error(
                codes::BAD_TYPE,
                "type",
                message,
                did_you_mean(word, TYPE_NAMES.iter().copied())
                    .filter(|_| !TYPE_NAMES.contains(&word)),
            );
            None
        }
    }
}

/// The type at the end of a chain of references.
fn referenced_type(
    f: &Fields<'_>,
    reference: Option<&Reference>,
    targets: &Targets<'_>,
) -> Option<LogicalType> {
    let mut at = reference?.clone();
    // a chain longer than this can only be a circle
    for _ in 0..64 {
        let node = match targets.column(&at.table, &at.column) {
            Target::Column(node) => node,
            Target::NoTable(help) => {
                f.error(
                    codes::UNKNOWN_TABLE,
                    "references",
                    format!("there is no table `{}`", at.table),
                    help,
                );
                return None;
            }
            Target::NoColumn(help) => {
                let message = format!("table `{}` has no column `{}`", at.table, at.column);
                f.error(codes::UNKNOWN_COLUMN, "references", message, help);
                return None;
            }
        };
        let text = node.get("type").and_then(crate::read::fields::string_of);
        let follows = text
            .as_deref()
            .is_none_or(|t| t.trim().eq_ignore_ascii_case("foreign_key"));
        match (
            follows,
            node.get("references")
                .and_then(crate::read::fields::string_of),
        ) {
            (true, Some(next)) => {
                let (table, column) = next.rsplit_once('.')?;
                at = Reference {
                    table: table.into(),
                    column: column.into(),
                    place: at.place,
                };
            }
            // the referenced column is broken and reported where it stands
            (true, None) => return None,
            (false, _) => {
                return LogicalType::parse(&text?).ok().map(|ty| match ty {
                    LogicalType::Serial => LogicalType::BigInt,
                    other => other,
                });
            }
        }
    }
    f.error(
        codes::CYCLE,
        "references",
        format!("the references of {} form a circle", f.what),
        None,
    );
    None
}

fn reference(f: &Fields<'_>, text: &str) -> Option<Reference> {
    let place = f.place_of("references");
    match text.rsplit_once('.') {
        Some((table, column)) if !table.is_empty() && !column.is_empty() => Some(Reference {
            table: table.into(),
            column: column.into(),
            place,
        }),
        _ => {
            f.error(
                codes::BAD_VALUE,
                "references",
                format!("`{text}` is not a reference"),
                Some("write \"table.column\"".into()),
            );
            None
        }
    }
}

fn overrides(f: &Fields<'_>) -> TypeOverrides {
    let mut out = TypeOverrides {
        redshift: f.string("redshift_type"),
        snowflake: f.string("snowflake_type"),
    };
    if let Some(node) = f.node("types") {
        let t = Fields::of(f.ctx, node, format!("`types` of {}", f.what));
        let (redshift, snowflake) = (t.string("redshift"), t.string("snowflake"));
        for (key, long, given) in [
            ("redshift", "redshift_type", &redshift),
            ("snowflake", "snowflake_type", &snowflake),
        ] {
            if given.is_some() && f.has(long) {
                t.error(
                    codes::CONFLICT,
                    key,
                    format!("`types.{key}` and `{long}` say the same thing twice"),
                    None,
                );
            }
        }
        out.redshift = out.redshift.or(redshift);
        out.snowflake = out.snowflake.or(snowflake);
        t.finish();
    }
    for (key, text) in [
        ("redshift_type", &out.redshift),
        ("snowflake_type", &out.snowflake),
    ] {
        if let Some(text) = text {
            // it goes into DDL verbatim: words, one pair of parentheses, nothing that could end the column
            let fine = text.starts_with(|c: char| c.is_ascii_alphabetic())
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || " _(),'".contains(c))
                && text.matches('(').count() == text.matches(')').count();
            if !fine {
                let key = if f.has(key) { key } else { "types" };
                f.error(
                    codes::BAD_TYPE,
                    key,
                    format!("`{text}` is not the name of an SQL type"),
                    None,
                );
            }
        }
    }
    out
}

/// `default = 0` is a value, `default_sql = "getdate()"` an expression.
fn default(f: &Fields<'_>, ty: LogicalType) -> Option<String> {
    let expression = f.string("default_sql");
    let Some(node) = f.node("default") else {
        return expression;
    };
    if expression.is_some() {
        f.error(
            codes::CONFLICT,
            "default",
            "`default` and `default_sql` exclude each other",
            None,
        );
    }
    match scalar_of(node) {
        // no warehouse-specific escapes are needed as long as there is no backslash
        Some(Scalar::Text(text)) if !text.contains('\\') => {
            Some(identifiers::literal(&text, Dialect::Redshift))
        }
        Some(Scalar::Text(_)) => {
            f.error(
                codes::BAD_VALUE,
                "default",
                "a default with a backslash means different things in the two warehouses",
                Some("use default_sql".into()),
            );
            None
        }
        Some(Scalar::Number(n)) if ty.is_numeric() => Some(n.to_string()),
        Some(Scalar::Boolean(b)) if ty == LogicalType::Boolean => {
            Some(b.to_string().to_uppercase())
        }
        _ => {
            f.error(
                codes::WRONG_KIND,
                "default",
                format!("{} is not a default of type {ty}", node.value.kind()),
                None,
            );
            None
        }
    }
}

/// The generator that stands in after an error; nothing is made from it, as errors end the reading.
pub(crate) fn placeholder() -> Generator {
    Generator::Constant(Scalar::Boolean(false))
}
