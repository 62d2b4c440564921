//! Why a value does not fit its column, in the codes and words of the load error tables.
//! Who is told is left to `fit`.
//!
//! Source: the guide's "Load error reference".

use dwsim_engine::error::{ErrorKind, SqlError};
use dwsim_engine::types::SqlType;

/// Redshift's code and reason for a value that does not fit (r_STL_LOAD_ERRORS, "Load error reference").
pub(super) fn reason(ty: &SqlType, raw: &str, error: &SqlError) -> (i32, String) {
    if matches!(*error.kind, ErrorKind::TooLong { .. }) {
        return (1204, "String length exceeds DDL length".into());
    }
    if let SqlType::Char(_) = ty
        && let Some(wide) = raw.chars().find(|c| !c.is_ascii())
    {
        let mut bytes = [0; 4];
        let hex: Vec<String> = wide
            .encode_utf8(&mut bytes)
            .bytes()
            .map(|b| format!("{b:02x}"))
            .collect();
        return (
            1220,
            format!(
                "Multibyte character not supported for CHAR (Hint: try using VARCHAR). Invalid char: {}",
                hex.join(" ")
            ),
        );
    }
    match ty {
        SqlType::SmallInt | SqlType::Integer | SqlType::BigInt => {
            let name = match ty {
                SqlType::SmallInt => "Short",
                SqlType::Integer => "Integer",
                _ => "Long",
            };
            if matches!(*error.kind, ErrorKind::OutOfRange { .. }) {
                return (1216, format!("Overflow for {name}"));
            }
            let at = raw
                .char_indices()
                .find(|(i, c)| !(c.is_ascii_digit() || (*i == 0 && (*c == '-' || *c == '+'))))
                .map_or(0, |(i, _)| i);
            let found = raw[at..].chars().next().unwrap_or(' ');
            (
                1207,
                format!("Invalid digit, Value '{found}', Pos {at}, Type: {name}"),
            )
        }
        SqlType::Number { .. } => (
            1207,
            match *error.kind {
                ErrorKind::OutOfRange { .. } => "Overflow for NUMERIC".into(),
                _ => format!(
                    "Invalid digit, Value '{}', Pos 0, Type: Decimal",
                    raw.chars().next().unwrap_or(' ')
                ),
            },
        ),
        SqlType::Date => (
            1206,
            "Invalid Date Format - length must be 10 or more".into(),
        ),
        SqlType::Timestamp(_) | SqlType::TimestampLtz(_) => (
            1206,
            "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]".into(),
        ),
        SqlType::Boolean => (1210, "Unknown boolean format".into()),
        SqlType::Variant => (1224, error.redshift().message),
        _ => (1213, error.redshift().message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons() {
        let e = SqlError::invalid_value("Numeric value", "1x");
        assert_eq!(
            reason(&SqlType::Integer, "1x", &e),
            (
                1207,
                "Invalid digit, Value 'x', Pos 1, Type: Integer".into()
            )
        );
    }
}
