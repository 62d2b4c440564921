//! The words of each warehouse for every kind of error: SQLSTATE and text on Redshift, code, SQLSTATE and text on Snowflake.
//! Which error occurs is decided elsewhere.
//!
//! Sources: PostgreSQL 8.0 error codes (Redshift's leader node descends from it) and Snowflake's published
//! error messages as its drivers show them.

use super::{ErrorKind, SqlError};

/// An error as one dialect's client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Six digits on Snowflake, empty on Redshift.
    pub code: String,
    /// SQLSTATE.
    pub sqlstate: String,
    /// Full text.
    pub message: String,
}

impl Rendered {
    fn new(code: &str, sqlstate: &str, message: String) -> Self {
        Rendered {
            code: code.into(),
            sqlstate: sqlstate.into(),
            message,
        }
    }
}

/// Precision and scale of `numeric(p,s)`.
fn decimal_shape(ty: &str) -> Option<(u8, u8)> {
    let (p, s) = ty
        .strip_prefix("numeric(")
        .or_else(|| ty.strip_prefix("FIXED[SB16]("))?
        .strip_suffix(')')?
        .split_once(',')?;
    let (p, s) = (p.parse().ok()?, s.parse().ok()?);
    (s <= p).then_some((p, s))
}

impl SqlError {
    /// SQLSTATE and message in Redshift's words.
    pub fn redshift(&self) -> Rendered {
        let (state, message) = match self.kind.as_ref() {
            ErrorKind::Syntax { message, near } => (
                "42601",
                if near.is_empty() {
                    if message.is_empty() {
                        "syntax error at end of input".into()
                    } else {
                        format!("syntax error: {message}")
                    }
                } else {
                    format!("syntax error at or near \"{near}\"")
                },
            ),
            ErrorKind::UnknownColumn(c) => (
                "42703",
                format!("column \"{}\" does not exist", c.trim_matches('"')),
            ),
            ErrorKind::AmbiguousColumn(c) => {
                ("42702", format!("column reference \"{c}\" is ambiguous"))
            }
            ErrorKind::UnknownObject { kind, name } => match *kind {
                "database" => ("3D000", format!("database \"{name}\" does not exist")),
                "schema" => ("3F000", format!("schema \"{name}\" does not exist")),
                "table" | "view" | "relation" | "sequence" => {
                    ("42P01", format!("relation \"{name}\" does not exist"))
                }
                "function" | "procedure" => ("42883", format!("{kind} {name} does not exist")),
                "column" => ("42703", format!("column \"{name}\" does not exist")),
                other => ("42704", format!("{other} \"{name}\" does not exist")),
            },
            ErrorKind::ObjectExists { kind, name } => match *kind {
                "database" => ("42P04", format!("database \"{name}\" already exists")),
                "schema" => ("42P06", format!("schema \"{name}\" already exists")),
                "table" | "view" | "relation" => {
                    ("42P07", format!("Relation \"{name}\" already exists"))
                }
                "function" | "procedure" => (
                    "42723",
                    format!("function {name} already exists with same argument types"),
                ),
                "column" => ("42701", format!("column \"{name}\" already exists")),
                other => ("42710", format!("{other} \"{name}\" already exists")),
            },
            ErrorKind::UnknownFunction { name, arguments } => (
                "42883",
                format!("function {name}({}) does not exist", arguments.join(", ")),
            ),
            ErrorKind::ArgumentCount {
                function,
                expected,
                given,
            } => (
                "42883",
                format!(
                    "function {} does not exist: it takes {expected} argument(s), {given} given",
                    function.to_lowercase()
                ),
            ),
            ErrorKind::ArgumentTypes {
                function,
                arguments,
            } => {
                if function.chars().all(|c| c.is_ascii_punctuation()) && arguments.len() == 2 {
                    (
                        "42883",
                        format!(
                            "operator does not exist: {} {function} {}",
                            arguments[0], arguments[1]
                        ),
                    )
                } else {
                    (
                        "42883",
                        format!(
                            "function {}({}) does not exist",
                            function.to_lowercase(),
                            arguments.join(", ")
                        ),
                    )
                }
            }
            ErrorKind::InvalidArgument { function, message } => {
                ("22023", format!("{}: {message}", function.to_lowercase()))
            }
            ErrorKind::CannotCast { from, to } => {
                ("42846", format!("cannot cast type {from} to {to}"))
            }
            ErrorKind::InvalidValue { what, value } => match *what {
                "Date" | "Timestamp" | "Time" if is_dated(value) => (
                    "22008",
                    format!("date/time field value out of range: \"{value}\""),
                ),
                "Date" => (
                    "22007",
                    format!("invalid input syntax for type date: \"{value}\""),
                ),
                "Timestamp" => (
                    "22007",
                    format!("invalid input syntax for type timestamp: \"{value}\""),
                ),
                "Time" => (
                    "22007",
                    format!("invalid input syntax for type time: \"{value}\""),
                ),
                "Boolean value" => (
                    "22P02",
                    format!("invalid input syntax for type boolean: \"{value}\""),
                ),
                "Numeric value" => (
                    "22P02",
                    format!("invalid input syntax for type numeric: \"{value}\""),
                ),
                "Integer" => (
                    "22P02",
                    format!("invalid input syntax for integer: \"{value}\""),
                ),
                "Double" => (
                    "22P02",
                    format!("invalid input syntax for type double precision: \"{value}\""),
                ),
                other => (
                    "22P02",
                    format!("invalid input syntax for {other}: \"{value}\""),
                ),
            },
            ErrorKind::VariantCast { value, to } => {
                ("22P02", format!("cannot cast SUPER value {value} to {to}"))
            }
            ErrorKind::OutOfRange { ty, .. } if decimal_shape(ty).is_some() => {
                let (precision, scale) = decimal_shape(ty).unwrap_or_default();
                (
                    "22003",
                    format!(
                        "numeric field overflow\nThe absolute value is greater than or equal to 10^{} for field with precision {precision}, scale {scale}.",
                        precision - scale
                    ),
                )
            }
            ErrorKind::OutOfRange { ty, value } if value.is_empty() => {
                ("22003", format!("{ty} out of range"))
            }
            ErrorKind::OutOfRange { ty, value } => (
                "22003",
                format!("value {value} is out of range for type {ty}"),
            ),
            ErrorKind::TooLong { ty, .. } => ("22001", format!("value too long for type {ty}")),
            ErrorKind::DivisionByZero => ("22012", "division by zero".into()),
            ErrorKind::NullInNotNull(c) => (
                "23502",
                format!("Cannot insert a NULL value into column {c}"),
            ),
            ErrorKind::NotGrouped(c) => (
                "42803",
                format!(
                    "column \"{c}\" must appear in the GROUP BY clause or be used in an aggregate function"
                ),
            ),
            ErrorKind::InvalidJson { message } => ("22P02", format!("invalid JSON: {message}")),
            ErrorKind::SubqueryRows => (
                "21000",
                "single-row subquery returns more than one row".into(),
            ),
            ErrorKind::DuplicateMatch(m) => (
                "21000",
                format!("Found multiple matches to update the same tuple. {m}")
                    .trim_end()
                    .to_owned(),
            ),
            ErrorKind::SerializationConflict(t) => (
                "40001",
                format!(
                    "1023: Serializable isolation violation on table - {t}, transactions forming the cycle are: concurrent writers"
                ),
            ),
            ErrorKind::TransactionAborted => (
                "25P02",
                "current transaction is aborted, commands ignored until end of transaction block"
                    .into(),
            ),
            ErrorKind::Canceled => ("57014", "Query cancelled on user's request".into()),
            ErrorKind::Timeout(ms) => (
                "57014",
                format!("Query ({ms} s) cancelled by statement timeout"),
            ),
            ErrorKind::OutOfMemory(m) => ("53200", format!("out of memory: {m}")),
            ErrorKind::Unsupported(m) => ("0A000", format!("{m} is not supported by dwsim")),
            ErrorKind::Storage(m) => ("XX000", m.clone()),
            ErrorKind::Load(m) => ("XX000", m.clone()),
            ErrorKind::Raw { code, .. } if code == super::kind::CORRELATION => (
                "0A000",
                "This type of correlated subquery pattern is not supported yet".into(),
            ),
            ErrorKind::Raw {
                sqlstate, message, ..
            } => {
                return Rendered::new("", sqlstate, message.clone());
            }
            ErrorKind::Internal(m) => ("XX000", format!("internal error of dwsim: {m}")),
        };
        Rendered::new("", state, message)
    }

    /// Code, SQLSTATE and message in Snowflake's words; compilation errors name their place.
    pub fn snowflake(&self) -> Rendered {
        let place = |text: String| match self.position {
            Some(p) => format!(
                "SQL compilation error: error line {} at position {}\n{text}",
                p.line,
                p.column.saturating_sub(1)
            ),
            None => format!("SQL compilation error:\n{text}"),
        };
        let plain = |text: String| format!("SQL compilation error:\n{text}");
        let (code, state, message) = match self.kind.as_ref() {
            ErrorKind::Syntax { message, near } => (
                "001003",
                "42000",
                match self.position {
                    Some(p) => format!(
                        "SQL compilation error:\nsyntax error line {} at position {} unexpected '{}'.",
                        p.line,
                        p.column.saturating_sub(1),
                        if near.is_empty() { "<EOF>" } else { near }
                    ),
                    None if near.is_empty() => {
                        format!("SQL compilation error:\nsyntax error: {message}")
                    }
                    None => format!("SQL compilation error:\nsyntax error unexpected '{near}'."),
                },
            ),
            ErrorKind::UnknownColumn(c) => (
                "000904",
                "42000",
                place(format!("invalid identifier '{c}'")),
            ),
            ErrorKind::AmbiguousColumn(c) => (
                "000904",
                "42000",
                place(format!("ambiguous column name '{c}'")),
            ),
            ErrorKind::UnknownObject { kind, name } => match *kind {
                "database" | "schema" => {
                    let k = if *kind == "database" {
                        "Database"
                    } else {
                        "Schema"
                    };
                    (
                        "002003",
                        "02000",
                        plain(format!("{k} '{name}' does not exist or not authorized.")),
                    )
                }
                "table" | "view" | "relation" => (
                    "002003",
                    "42S02",
                    plain(format!("Object '{name}' does not exist or not authorized.")),
                ),
                "column" => (
                    "000904",
                    "42000",
                    place(format!("invalid identifier '{name}'")),
                ),
                "function" => ("002140", "42601", plain(format!("Unknown function {name}"))),
                other => {
                    let mut k = other.to_owned();
                    if let Some(first) = k.get_mut(0..1) {
                        first.make_ascii_uppercase();
                    }
                    (
                        "002003",
                        "02000",
                        plain(format!("{k} '{name}' does not exist or not authorized.")),
                    )
                }
            },
            ErrorKind::ObjectExists { kind, name } => {
                if *kind == "column" {
                    (
                        "001430",
                        "42601",
                        plain(format!("column '{name}' already exists")),
                    )
                } else {
                    (
                        "002002",
                        "42710",
                        plain(format!("Object '{name}' already exists.")),
                    )
                }
            }
            ErrorKind::UnknownFunction { name, .. } => {
                ("002140", "42601", plain(format!("Unknown function {name}")))
            }
            ErrorKind::ArgumentCount {
                function,
                expected,
                given,
            } => {
                let (code, words) = if given < expected {
                    ("000938", "not enough")
                } else {
                    ("000939", "too many")
                };
                (
                    code,
                    "22023",
                    place(format!(
                        "{words} arguments for function [{function}] expected {expected}, got {given}"
                    )),
                )
            }
            ErrorKind::ArgumentTypes {
                function,
                arguments,
            } => (
                "001044",
                "42P13",
                place(format!(
                    "Invalid argument types for function '{function}': ({})",
                    arguments.join(", ")
                )),
            ),
            ErrorKind::InvalidArgument { message, .. } => {
                ("001015", "22023", plain(message.clone()))
            }
            ErrorKind::CannotCast { from, to } => (
                "001065",
                "22023",
                place(format!(
                    "Function CAST cannot be used with arguments of types {from} and {to}"
                )),
            ),
            ErrorKind::InvalidValue { what, value } => match *what {
                "Date" => (
                    "100040",
                    "22007",
                    format!("Date '{value}' is not recognized"),
                ),
                "Timestamp" => (
                    "100035",
                    "22007",
                    format!("Timestamp '{value}' is not recognized"),
                ),
                "Time" => (
                    "100108",
                    "22007",
                    format!("Time '{value}' is not recognized"),
                ),
                "Boolean value" => (
                    "100037",
                    "22018",
                    format!("Boolean value '{value}' is not recognized"),
                ),
                "Numeric value" => (
                    "100038",
                    "22018",
                    format!("Numeric value '{value}' is not recognized"),
                ),
                other => (
                    "100115",
                    "22000",
                    format!("{other} '{value}' is not recognized"),
                ),
            },
            ErrorKind::VariantCast { value, to } => (
                "100071",
                "22000",
                format!("Failed to cast variant value {value} to {to}"),
            ),
            ErrorKind::OutOfRange { ty, value } => (
                "100039",
                "22003",
                if ty.is_empty() {
                    format!("Numeric value '{value}' is out of range")
                } else {
                    format!("Number out of representable range: type {ty}, value {value}")
                },
            ),
            ErrorKind::TooLong { value, .. } => (
                "100078",
                "22000",
                format!("String '{value}' is too long and would be truncated"),
            ),
            ErrorKind::DivisionByZero => ("100051", "22012", "Division by zero".into()),
            ErrorKind::NullInNotNull(_) => (
                "100072",
                "22000",
                "NULL result in a non-nullable column".into(),
            ),
            ErrorKind::NotGrouped(c) => (
                "000979",
                "42601",
                place(format!(
                    "'{c}' in select clause is neither an aggregate nor in the group by clause."
                )),
            ),
            ErrorKind::InvalidJson { message } => {
                ("100069", "22P02", format!("Error parsing JSON: {message}"))
            }
            ErrorKind::SubqueryRows => (
                "090150",
                "22000",
                "Single-row subquery returns more than one row.".into(),
            ),
            ErrorKind::DuplicateMatch(m) => (
                "100090",
                "42P18",
                format!("Duplicate row detected during DML action\nRow Values: {m}"),
            ),
            ErrorKind::SerializationConflict(t) => (
                "000625",
                "57014",
                format!("Statement has locked table '{t}' in another transaction and was aborted."),
            ),
            ErrorKind::TransactionAborted => (
                "000603",
                "25000",
                "The current transaction was aborted.".into(),
            ),
            ErrorKind::Canceled => ("000604", "57014", "SQL execution canceled".into()),
            ErrorKind::Timeout(s) => (
                "000630",
                "57014",
                format!(
                    "Statement reached its statement or warehouse timeout of {s} second(s) and was canceled."
                ),
            ),
            ErrorKind::OutOfMemory(m) => ("300005", "53200", format!("Out of memory: {m}")),
            ErrorKind::Unsupported(m) => (
                "000002",
                "0A000",
                format!("SQL compilation error:\nUnsupported feature '{m}'."),
            ),
            ErrorKind::Storage(m) => ("091016", "22000", m.clone()),
            ErrorKind::Load(m) => ("100016", "22000", m.clone()),
            ErrorKind::Raw {
                code,
                sqlstate,
                message,
            } => {
                return Rendered::new(code, sqlstate, message.clone());
            }
            ErrorKind::Internal(m) => (
                "300002",
                "XX000",
                format!("Processing aborted by error 300002:internal: {m}"),
            ),
        };
        Rendered::new(code, state, message)
    }
}

/// Whether a text has the form of a date or time, so that what is wrong with it are its numbers: `2008-13-01`, `25:00`.
fn is_dated(text: &str) -> bool {
    let text = text.trim();
    let separated = text.len() >= 4
        && ['-', '/', ':', '.']
            .iter()
            .any(|c| text.split(*c).filter(|part| !part.is_empty()).count() >= 2);
    separated
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || " -/:.+TZ".contains(c))
}
