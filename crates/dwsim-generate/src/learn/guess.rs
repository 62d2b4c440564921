//! What a column's name and type suggest where there is no sample to look at: a provider, a range, a few values.
//! Guesses only: whoever writes them into a dwsim.toml marks them as such. Samples are left to `column` and `text`.

use dwsim_schema::{JsonKind, LogicalType, Number};

use crate::learn::quoted;
use crate::learn::text::by_name;

/// A guess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// Keys of the column's definition with their values as TOML.
    pub keys: Vec<(&'static str, String)>,
    /// What it follows from, in few words.
    pub why: &'static str,
}

impl Guess {
    fn new(why: &'static str, keys: Vec<(&'static str, String)>) -> Option<Self> {
        Some(Guess { keys, why })
    }
}

/// Narrowest text column that unique generated addresses and names certainly fit into, in bytes.
const WIDE: usize = 128;

/// What the name and the type of a column suggest. `distinct` columns are keys or unique. Nothing where the type's own
/// default is as good as a guess (see `dwsim_schema`).
#[must_use]
pub fn guess(column: &str, ty: LogicalType, distinct: bool) -> Option<Guess> {
    let name = words(column);
    match ty {
        LogicalType::Char(_) | LogicalType::Varchar(_) => text(&name, ty, distinct),
        LogicalType::Boolean => boolean(&name),
        LogicalType::Date | LogicalType::Timestamp => moment(&name, ty, distinct),
        LogicalType::TimestampTz | LogicalType::TimestampLtz => moment(&name, ty, distinct),
        LogicalType::Decimal { scale, .. } if distinct => {
            let whole = ty
                .integer_bounds()
                .is_some_and(|(_, max)| max >= 10i128.pow(scale.into()));
            let step = if whole {
                "1".to_owned()
            } else {
                Number::new(1, scale.into()).to_string()
            };
            Guess::new(
                "a key",
                vec![
                    ("generator", quoted("sequence")),
                    ("start", step.clone()),
                    ("step", step),
                ],
            )
        }
        _ if ty.is_numeric() && !distinct => number(&name, ty),
        LogicalType::Json(kind) => json(kind),
        _ => None,
    }
}

/// A name as `_word_word_`, camel case divided.
fn words(name: &str) -> String {
    let mut out = String::from("_");
    let mut before_lower = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && before_lower {
            out.push('_');
        }
        before_lower = c.is_ascii_lowercase();
        out.push(if c.is_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        });
    }
    out.push('_');
    out
}

fn has(name: &str, any: &[&str]) -> bool {
    any.iter().any(|word| name.contains(&format!("_{word}_")))
}

fn list(values: &[&str]) -> String {
    let values: Vec<String> = values.iter().map(|v| quoted(v)).collect();
    format!("[{}]", values.join(", "))
}

/// Names of few values, and the values; the longest is the width that they need.
const CATEGORIES: &[(&[&str], &[&str])] = &[
    (
        &["status", "state_code", "order_status", "stage"],
        &["active", "pending", "closed", "cancelled"],
    ),
    (&["gender", "sex"], &["F", "M", "X"]),
    (
        &["currency", "currency_code", "ccy"],
        &["USD", "EUR", "GBP", "JPY"],
    ),
    (
        &["country_code", "country", "nation"],
        &["US", "DE", "FR", "GB", "JP"],
    ),
    (
        &["language", "lang", "locale"],
        &["en", "de", "fr", "es", "ja"],
    ),
    (&["priority", "severity"], &["low", "medium", "high"]),
    (
        &["channel", "source", "medium"],
        &["web", "app", "store", "phone"],
    ),
    (&["device", "platform", "os"], &["ios", "android", "web"]),
    (
        &["payment_method", "payment_type", "method"],
        &["card", "cash", "transfer"],
    ),
    (&["region"], &["north", "south", "east", "west"]),
    (
        &["segment", "tier", "plan", "level", "grade", "class"],
        &["basic", "plus", "pro"],
    ),
    (
        &["category", "type", "kind", "department"],
        &["alpha", "beta", "gamma", "delta"],
    ),
    (
        &["event", "event_type", "event_name", "action"],
        &["view", "click", "buy", "leave"],
    ),
    (&["size"], &["S", "M", "L", "XL"]),
    (&["unit", "uom"], &["kg", "pc", "l"]),
    (&["color", "colour"], &["red", "green", "blue", "black"]),
];

fn text(name: &str, ty: LogicalType, distinct: bool) -> Option<Guess> {
    let width = ty.max_length().unwrap_or(1);
    let fixed = matches!(ty, LogicalType::Char(_));
    if distinct {
        if !fixed
            && width >= WIDE
            && let Some((provider @ ("email" | "user_name" | "url"), pii)) = by_name(name)
        {
            let mut keys = vec![("generator", quoted(&format!("faker.{provider}")))];
            if pii {
                keys.push(("pii", "true".to_owned()));
            }
            return Guess::new("its name", keys);
        }
        let pattern = match width {
            0..10 => format!("[A-Z0-9]{{{width}}}"),
            _ if fixed => format!("[A-Z0-9]{{{}}}", width.min(64)),
            _ => "[A-Z]{3}-\\d{6}".to_owned(),
        };
        return Guess::new("a key", vec![("pattern", quoted(&pattern))]);
    }
    if has(name, &["uuid", "guid"]) && width >= 36 {
        let hex = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
        return Guess::new("its name", vec![("pattern", quoted(hex))]);
    }
    for (names, values) in CATEGORIES {
        if has(name, names)
            && values.iter().all(|v| v.len() <= width)
            && !has(name, &["id", "url", "date", "ip"])
        {
            // a full name fits into a wide column, a code into a narrow one
            let country = names.contains(&"country") && width >= 40;
            if !country {
                return Guess::new("its name", vec![("values", list(values))]);
            }
        }
    }
    if width >= 3
        && let Some((provider, pii)) = by_name(name).or_else(|| described(name))
    {
        let mut keys = vec![
            ("generator", quoted(&format!("faker.{provider}"))),
            ("truncate", "true".to_owned()),
        ];
        if pii {
            keys.push(("pii", "true".to_owned()));
        }
        return Guess::new("its name", keys);
    }
    if has(
        name,
        &[
            "id",
            "code",
            "sku",
            "number",
            "no",
            "ref",
            "key",
            "reference",
        ],
    ) {
        let pattern = match width {
            0..9 => format!("[A-Z0-9]{{{width}}}"),
            _ => "[A-Z]{2}\\d{6}".to_owned(),
        };
        return Guess::new("its name", vec![("pattern", quoted(&pattern))]);
    }
    None
}

/// Texts that are nobody's personal data.
fn described(name: &str) -> Option<(&'static str, bool)> {
    const TEXTS: &[(&[&str], &str)] = &[
        (&["country", "nation"], "country"),
        (&["state", "province"], "state"),
        (&["currency"], "currency_name"),
        (&["industry", "sector"], "industry"),
        (&["timezone", "time_zone", "tz"], "timezone"),
        (&["hostname", "host", "server"], "hostname"),
        (&["domain"], "domain_name"),
        (&["path", "page"], "uri_path"),
        (&["file", "filename", "file_name"], "file_name"),
        (&["hash", "checksum", "digest", "md5"], "md5"),
        (&["slug"], "slug"),
        (
            &["title", "name", "product", "label", "item"],
            "catch_phrase",
        ),
        (
            &[
                "description",
                "comment",
                "comments",
                "note",
                "notes",
                "message",
                "body",
                "text",
                "summary",
                "reason",
                "remarks",
                "review",
            ],
            "sentence",
        ),
    ];
    TEXTS
        .iter()
        .find(|(names, _)| has(name, names))
        .map(|(_, provider)| (*provider, false))
}

fn boolean(name: &str) -> Option<Guess> {
    let p = if has(name, &["active", "enabled", "valid", "verified", "current"]) {
        "0.9"
    } else if has(
        name,
        &[
            "deleted", "error", "failed", "test", "fraud", "blocked", "returned",
        ],
    ) {
        "0.05"
    } else {
        return None;
    };
    Guess::new("its name", vec![("p", p.to_owned())])
}

fn moment(name: &str, ty: LogicalType, distinct: bool) -> Option<Guess> {
    if distinct {
        let step = if ty == LogicalType::Date {
            "1 day"
        } else {
            "1 minute"
        };
        let keys = vec![
            ("generator", quoted("sequence")),
            ("start", quoted("2024-01-01")),
            ("step", quoted(step)),
        ];
        return Guess::new("a key", keys);
    }
    let range = if has(name, &["birth", "birthday", "birthdate", "dob", "born"]) {
        ["1940-01-01", "2005-12-31"]
    } else if has(
        name,
        &[
            "expiry",
            "expires",
            "expiration",
            "expire",
            "valid_to",
            "due",
        ],
    ) {
        ["2025-01-01", "2027-12-31"]
    } else if has(
        name,
        &[
            "hire",
            "hired",
            "joined",
            "registered",
            "registration",
            "signup",
        ],
    ) {
        ["2018-01-01", "2024-12-31"]
    } else if has(name, &["updated", "modified", "changed", "last"]) {
        ["2024-07-01", "2024-12-31"]
    } else {
        ["2023-01-01", "2024-12-31"]
    };
    Guess::new("its name and type", vec![("range", list(&range))])
}

/// Names of numbers with the range that is usual for them, or with a distribution.
fn number(name: &str, ty: LogicalType) -> Option<Guess> {
    let whole = ty.scale() == 0 && !matches!(ty, LogicalType::Real | LogicalType::Double);
    let ranges: &[(&[&str], [&str; 2])] = &[
        (&["latitude", "lat"], ["-90", "90"]),
        (&["longitude", "lon", "lng", "long"], ["-180", "180"]),
        (&["percent", "percentage", "pct", "score"], ["0", "100"]),
        (
            &["rate", "ratio", "discount", "probability", "tax"],
            ["0", "1"],
        ),
        (&["age"], ["18", "90"]),
        (&["year"], ["2015", "2025"]),
        (&["month"], ["1", "12"]),
        (&["day"], ["1", "28"]),
        (&["hour"], ["0", "23"]),
        (&["minute", "second"], ["0", "59"]),
        (&["week"], ["1", "52"]),
        (&["quarter"], ["1", "4"]),
        (&["rating", "stars"], ["1", "5"]),
        (
            &["quantity", "qty", "count", "units", "items", "seats"],
            ["1", "20"],
        ),
        (
            &["weight", "height", "width", "length", "size"],
            ["1", "200"],
        ),
        (
            &["duration", "seconds", "minutes", "elapsed"],
            ["1", "3600"],
        ),
        (&["price", "cost", "fee"], ["1", "500"]),
        (&["salary", "income"], ["20000", "150000"]),
        (
            &[
                "amount", "total", "revenue", "sales", "value", "balance", "subtotal",
            ],
            ["1", "1000"],
        ),
        (
            &[
                "priority",
                "level",
                "rank",
                "position",
                "line",
                "line_number",
                "version",
            ],
            ["1", "10"],
        ),
    ];
    if whole && (name.starts_with("_is_") || name.starts_with("_has_") || has(name, &["flag"])) {
        return Guess::new("its name", vec![("values", "[0, 1]".to_owned())]);
    }
    let (names, [low, high]) = ranges.iter().find(|(names, _)| has(name, names))?;
    if whole && names.contains(&"ratio") {
        return None;
    }
    let fits = |text: &str| {
        let Some((min, max)) = ty.integer_bounds() else {
            return true;
        };
        let units = text
            .parse::<i128>()
            .ok()
            .and_then(|v| v.checked_mul(10i128.checked_pow(ty.scale())?));
        units.is_some_and(|v| (min..=max).contains(&v))
    };
    (fits(low) && fits(high)).then(|| Guess {
        keys: vec![("range", format!("[{low}, {high}]"))],
        why: "its name",
    })
}

fn json(kind: JsonKind) -> Option<Guess> {
    let value = match kind {
        JsonKind::Array => ("items", r#"{ type = "integer", range = [1, 100] }"#),
        JsonKind::Any | JsonKind::Object => (
            "fields",
            r#"{ key = { type = "varchar(8)" }, value = { type = "integer", range = [1, 100] } }"#,
        ),
    };
    Guess::new(
        "its type alone: describe the real shape",
        vec![(value.0, value.1.to_owned())],
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn names_and_types_suggest() {
        for (column, ty, distinct, expected) in [
            ("email", "varchar(255)", false, "faker.email"),
            ("email", "varchar(255)", true, "faker.email"),
            ("EmailAddress", "varchar(20)", true, "[A-Z]{3}"),
            ("country", "char(2)", false, "\"US\""),
            ("country", "varchar(60)", false, "faker.country"),
            ("unit_price", "decimal(8,2)", false, "[1, 500]"),
            ("unit_price", "decimal(3,2)", false, "-"),
            ("quantity", "integer", false, "[1, 20]"),
            ("is_active", "boolean", false, "0.9"),
            ("birth_date", "date", false, "1940"),
            ("key", "decimal(9,0)", true, "sequence"),
            ("payload", "variant", false, "fields"),
            ("zzz", "integer", false, "-"),
        ] {
            let ty = LogicalType::parse(ty).unwrap();
            let got = guess(column, ty, distinct);
            let text = got.map_or_else(|| "-".to_owned(), |g| format!("{:?}", g.keys));
            assert!(
                text.replace('\\', "").contains(expected),
                "{column}: {text}"
            );
        }
    }
}
