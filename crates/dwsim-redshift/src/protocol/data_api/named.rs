//! Named parameters of the Data API (`:name`) as the engine's numbered ones (`$1`).
//! Their values are bound in `run`.

/// SQL with numbered placeholders, and the name of each number.
///
/// Quotes, comments and casts (`::`) are left alone.
pub(super) fn numbered(sql: &str) -> (String, Vec<String>) {
    let bytes = sql.as_bytes();
    let mut out = String::with_capacity(sql.len());
    let mut names: Vec<String> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &sql[at..];
        let taken = match bytes[at] {
            quote @ (b'\'' | b'"') => quoted(&bytes[at..], quote),
            b'-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            b'/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            b':' if rest.starts_with("::") => 2,
            b':' => {
                let length = rest[1..]
                    .bytes()
                    .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
                    .count();
                let name = &rest[1..=length];
                if name.is_empty() || name.as_bytes()[0].is_ascii_digit() {
                    1
                } else {
                    let number = names.iter().position(|n| n == name).unwrap_or_else(|| {
                        names.push(name.to_owned());
                        names.len() - 1
                    });
                    out.push_str(&format!("${}", number + 1));
                    at += 1 + length;
                    continue;
                }
            }
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        out.push_str(&rest[..taken]);
        at += taken;
    }
    (out, names)
}

/// Length of a quoted text at the start of the bytes; a backslash escapes in a literal.
fn quoted(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'\'' => at += 2,
            b if b == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_numbers() {
        for (sql, expected, names) in [
            ("select :a + :b - :a", "select $1 + $2 - $1", vec!["a", "b"]),
            (
                "select ':a', \":b\", x::int",
                "select ':a', \":b\", x::int",
                vec![],
            ),
            (
                "select 'it\\':x' || :y",
                "select 'it\\':x' || $1",
                vec!["y"],
            ),
            (
                "-- :c\nselect /* :d */ :e_1",
                "-- :c\nselect /* :d */ $1",
                vec!["e_1"],
            ),
            ("select a[1:2], 'ä'", "select a[1:2], 'ä'", vec![]),
            ("select 'open :a", "select 'open :a", vec![]),
        ] {
            let (text, found) = numbered(sql);
            assert_eq!(text, expected);
            assert_eq!(found, names);
        }
    }
}
