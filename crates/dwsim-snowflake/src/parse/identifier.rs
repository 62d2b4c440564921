//! IDENTIFIER('name') and IDENTIFIER($variable): the name takes their place before a statement is parsed.
//! Everything that can be named can be named so.
//!
//! Source: "Literals and variables as identifiers".

use dwsim_engine::error::Result;
use sqlparser::tokenizer::Token;

use super::Cursor;

/// The text with names in the places of IDENTIFIER(…); None when there is nothing to replace.
///
/// # Errors
/// What `variable` gives for an unknown variable, and text without tokens.
pub fn resolve_identifiers(
    text: &str,
    variable: &dyn Fn(&str) -> Result<String>,
) -> Result<Option<String>> {
    if !text.to_ascii_uppercase().contains("IDENTIFIER") {
        return Ok(None);
    }
    let mut c = Cursor::new(text)?;
    let mut out = String::new();
    let mut copied = 0;
    while !c.at_end() {
        let from = c.offset();
        let mark = c.mark();
        if c.eat(&["IDENTIFIER"]) && c.eat_token(&Token::LParen) {
            let name = if c.sees_string() {
                Some(c.string()?)
            } else {
                match c.raw() {
                    Some(v) if v.len() > 1 && v.starts_with('$') => Some(variable(&v[1..])?),
                    _ => None,
                }
            };
            if let Some(name) = name
                && c.eat_token(&Token::RParen)
            {
                let end = from + c.text_from(from).len();
                out.push_str(&text[copied..from]);
                out.push_str(&name);
                copied = end;
                continue;
            }
        }
        c.reset(mark);
        let _ = c.raw();
    }
    if copied == 0 {
        return Ok(None);
    }
    out.push_str(&text[copied..]);
    Ok(Some(out))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn names_take_the_place() {
        let r = |t: &str| resolve_identifiers(t, &|v| Ok(format!("value_of_{v}"))).unwrap();
        for (text, expected) in [
            ("select 1", None),
            ("select identifier_x from t", None),
            (
                "select * from identifier('d.\"my t\"') where IDENTIFIER ( $c ) = 1",
                Some("select * from d.\"my t\" where value_of_c = 1"),
            ),
            ("use role identifier($r)", Some("use role value_of_r")),
            ("select 'identifier($r)'", None),
        ] {
            assert_eq!(r(text).as_deref(), expected, "{text}");
        }
    }
}
