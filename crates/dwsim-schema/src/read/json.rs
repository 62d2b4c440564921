//! The shape of JSON columns: objects with `fields`, arrays with `items` and `length`, nested as deep as written.
//! The values inside are read as columns, by `column`.

use crate::codes;
use crate::model::{Generator, JsonShape};
use crate::read::column::{placeholder, value};
use crate::read::fields::{Fields, number_of};
use crate::read::table::names;
use crate::types::{JsonKind, LogicalType};

/// Longest array that may be generated; a cell must fit into both warehouses' 16 MB.
const MAX_LENGTH: i128 = 10_000;

/// Reads `fields`, or `items` and `length`.
pub(crate) fn shape(f: &Fields<'_>, path: &str, ty: LogicalType) -> Generator {
    let LogicalType::Json(kind) = ty else {
        let key = if f.has("fields") { "fields" } else { "items" };
        f.error(
            codes::CONFLICT,
            key,
            format!("`{key}` describes JSON, and the type is {ty}"),
            None,
        );
        let _ = (f.node("fields"), f.node("items"), f.node("length"));
        return placeholder();
    };
    if let Some(node) = f.node("fields") {
        if kind == JsonKind::Array {
            f.error(
                codes::CONFLICT,
                "fields",
                "an array has `items`, not `fields`",
                None,
            );
        }
        let Some(entries) = node.table() else {
            f.error(
                codes::WRONG_KIND,
                "fields",
                format!("`fields` must be a table, not {}", node.value.kind()),
                None,
            );
            return placeholder();
        };
        names(
            f.ctx,
            "field",
            entries.iter().map(|(n, node)| (n.as_str(), node.key)),
        );
        let fields = entries
            .iter()
            .filter_map(|(name, n)| value(f.ctx, &format!("{path}.{name}"), name, n))
            .collect();
        return Generator::Json(JsonShape::Object(fields));
    }
    let Some(node) = f.node("items") else {
        return placeholder();
    };
    if kind == JsonKind::Object {
        f.error(
            codes::CONFLICT,
            "items",
            "an object has `fields`, not `items`",
            None,
        );
    }
    let (min, max) = length(f);
    match value(f.ctx, &format!("{path}[]"), "[]", node) {
        Some(item) => Generator::Json(JsonShape::Array {
            item: Box::new(item),
            min,
            max,
        }),
        None => placeholder(),
    }
}

/// `length = [least, greatest]`, 0..=3 without it.
fn length(f: &Fields<'_>) -> (u32, u32) {
    let Some((low, high)) = f.pair("length") else {
        return (0, 3);
    };
    let bound = |node| {
        number_of(node)
            .and_then(|n| n.exact_at(0))
            .filter(|v| (0..=MAX_LENGTH).contains(v))
    };
    match (bound(&low), bound(&high)) {
        (Some(a), Some(b)) if a <= b => {
            (u32::try_from(a).unwrap_or(0), u32::try_from(b).unwrap_or(0))
        }
        _ => {
            f.error(
                codes::BAD_VALUE,
                "length",
                format!("`length` is [least, greatest], both in 0..={MAX_LENGTH}"),
                None,
            );
            (0, 0)
        }
    }
}
