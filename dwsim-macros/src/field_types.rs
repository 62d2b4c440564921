//! Which Rust types hold which column types.
//! Only types known by name are judged here; for others the traits `FromValue` and `ToValue` decide.

use dwsim_schema::LogicalType;
use syn::{GenericArgument, PathArguments, Type};

/// A field's type, as far as it is known by name.
pub(crate) struct FieldType<'a> {
    /// Is it an `Option`?
    pub optional: bool,
    /// The last name of its path, of the type inside the `Option`: `i64`, `Decimal`.
    pub name: Option<String>,
    /// The type inside the `Option`.
    pub inner: &'a Type,
}

/// Takes a field's type apart.
pub(crate) fn field_type(ty: &Type) -> FieldType<'_> {
    match argument_of(ty, "Option") {
        Some(inner) => FieldType {
            optional: true,
            name: last_name(inner),
            inner,
        },
        None => FieldType {
            optional: false,
            name: last_name(ty),
            inner: ty,
        },
    }
}

fn last_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            match argument_of(ty, "Vec") {
                Some(inner) if last_name(inner).as_deref() == Some("u8") => {
                    Some("Vec<u8>".to_string())
                }
                _ => Some(last.ident.to_string()),
            }
        }
        _ => None,
    }
}

/// The `T` of `Wrapper<T>`.
fn argument_of<'a>(ty: &'a Type, wrapper: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let last = path
        .path
        .segments
        .last()
        .filter(|last| last.ident == wrapper)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first() {
        Some(GenericArgument::Type(inner)) => Some(inner),
        _ => None,
    }
}

/// All names that are judged; any other is left to the compiler.
const KNOWN: [&str; 24] = [
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "f32",
    "f64",
    "bool",
    "char",
    "String",
    "str",
    "Decimal",
    "NaiveDate",
    "NaiveTime",
    "NaiveDateTime",
    "DateTime",
    "Vec<u8>",
];

/// The Rust types for a column, the usual one first.
fn fitting(ty: LogicalType) -> &'static [&'static str] {
    match ty {
        LogicalType::SmallInt => &["i16", "i32", "i64", "i128", "Decimal"],
        LogicalType::Integer => &["i32", "i64", "i128", "Decimal"],
        LogicalType::Serial | LogicalType::BigInt => &["i64", "i128", "Decimal"],
        LogicalType::Decimal {
            scale: 0,
            precision,
        } if precision <= 18 => &["i64", "i128", "Decimal"],
        LogicalType::Decimal { scale: 0, .. } => &["i128", "Decimal"],
        LogicalType::Decimal { .. } => &["Decimal"],
        LogicalType::Real => &["f32", "f64"],
        LogicalType::Double => &["f64"],
        LogicalType::Boolean => &["bool"],
        LogicalType::Char(_) | LogicalType::Varchar(_) | LogicalType::Uuid => &["String"],
        LogicalType::Date => &["NaiveDate"],
        LogicalType::Time => &["NaiveTime"],
        LogicalType::Timestamp => &["NaiveDateTime"],
        LogicalType::TimestampTz | LogicalType::TimestampLtz => &["DateTime"],
        LogicalType::Binary(_) => &["Vec<u8>"],
        // written `serde_json::Value`, which by its last name cannot be told from dwsim's own
        LogicalType::Json(_) => &["Value"],
    }
}

/// What to write instead, when the type is known not to hold the column's values.
pub(crate) fn mismatch(field: &FieldType<'_>, ty: LogicalType) -> Option<String> {
    let name = field.name.as_deref()?;
    let fitting = fitting(ty);
    if !KNOWN.contains(&name) || fitting.contains(&name) {
        return None;
    }
    Some(match fitting.first().copied() {
        Some("DateTime") => "DateTime<Utc>".to_string(),
        Some("Value") => "serde_json::Value".to_string(),
        first => first.unwrap_or("another type").to_string(),
    })
}
