//! What a column's values are, apart from the words each warehouse has for it.
//! Lengths and precisions stay in the native name; here are only the kinds that are compared alike.

use std::fmt;

/// The kind of a column, common to both warehouses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TypeKind {
    /// BOOLEAN.
    Bool,
    /// Integers, and decimals with scale 0.
    Int,
    /// Decimals with a scale.
    Decimal,
    /// Binary floats.
    Float,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// Calendar day.
    Date,
    /// Time of day.
    Time,
    /// Wall clock without a zone.
    Timestamp,
    /// Instant.
    TimestampTz,
    /// SUPER, VARIANT, OBJECT, ARRAY.
    Json,
    /// Interval.
    Interval,
    /// A type that is compared by its text, for example `geometry` or `timetz`.
    Other,
}

impl TypeKind {
    /// The name a snapshot writes where two native types are of one kind: `int`, `decimal`, `text`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            TypeKind::Bool => "boolean",
            TypeKind::Int => "int",
            TypeKind::Decimal => "decimal",
            TypeKind::Float => "float",
            TypeKind::Text => "text",
            TypeKind::Bytes => "bytes",
            TypeKind::Date => "date",
            TypeKind::Time => "time",
            TypeKind::Timestamp => "timestamp",
            TypeKind::TimestampTz => "timestamptz",
            TypeKind::Json => "json",
            TypeKind::Interval => "interval",
            TypeKind::Other => "other",
        }
    }

    /// Is it a number of any kind? Numbers of different kinds may agree in a snapshot.
    #[must_use]
    pub const fn is_number(self) -> bool {
        matches!(self, TypeKind::Int | TypeKind::Decimal | TypeKind::Float)
    }

    /// The kind of a native type of either warehouse (`numeric(38,2)`, `timestamp_ntz(9)`), also of the shared
    /// names that snapshots write. A name that neither has is [`TypeKind::Other`].
    #[must_use]
    pub fn of_native(native: &str) -> Self {
        let (base, arguments) = split_arguments(native);
        match base {
            "boolean" | "bool" => TypeKind::Bool,
            "smallint" | "integer" | "bigint" | "int" | "int2" | "int4" | "int8" | "oid" => {
                TypeKind::Int
            }
            "numeric" | "decimal" | "number" => match arguments.and_then(|a| a.split_once(',')) {
                Some((_, scale)) if scale.trim() == "0" => TypeKind::Int,
                None if arguments.is_some() => TypeKind::Int,
                _ => TypeKind::Decimal,
            },
            "real" | "float" | "float4" | "float8" | "double precision" | "double" => {
                TypeKind::Float
            }
            "varchar" | "character varying" | "char" | "character" | "bpchar" | "text" | "name"
            | "string" => TypeKind::Text,
            "varbyte" | "binary" | "varbinary" | "bytea" | "bytes" => TypeKind::Bytes,
            "date" => TypeKind::Date,
            "time" => TypeKind::Time,
            "timestamp" | "timestamp_ntz" => TypeKind::Timestamp,
            "timestamptz" | "timestamp_ltz" | "timestamp_tz" => TypeKind::TimestampTz,
            "super" | "variant" | "object" | "array" | "json" => TypeKind::Json,
            "interval" | "interval year to month" | "interval day to second" => TypeKind::Interval,
            _ => TypeKind::Other,
        }
    }
}

impl fmt::Display for TypeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `numeric(38,2)` -> (`numeric`, `38,2`).
fn split_arguments(native: &str) -> (&str, Option<&str>) {
    match native.split_once('(') {
        Some((base, rest)) => (base.trim_end(), rest.strip_suffix(')')),
        None => (native, None),
    }
}

/// The spelling both warehouses' words for one type have in common: `numeric(10,2)` and `number(10,2)` are
/// `decimal(10,2)`. Types without a common spelling come back as they are.
pub(crate) fn shared_spelling(native: &str) -> String {
    let (base, arguments) = split_arguments(native);
    let base = match base {
        "numeric" | "number" => "decimal",
        "double precision" => "float",
        "character varying" => "varchar",
        other => other,
    };
    match arguments {
        Some(arguments) => format!("{base}({arguments})"),
        None => base.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (native, kind) in [
            ("bigint", TypeKind::Int),
            ("number(18,0)", TypeKind::Int),
            ("number(38,6)", TypeKind::Decimal),
            ("numeric", TypeKind::Decimal),
            ("decimal(10)", TypeKind::Int),
            ("varchar(16777216)", TypeKind::Text),
            ("timestamp_ntz(9)", TypeKind::Timestamp),
            ("timestamp_tz(9)", TypeKind::TimestampTz),
            ("super", TypeKind::Json),
            ("geometry", TypeKind::Other),
        ] {
            assert_eq!(TypeKind::of_native(native), kind, "{native}");
        }
        assert_eq!(
            shared_spelling("numeric(10,2)"),
            shared_spelling("number(10,2)")
        );
    }
}
