//! IDENTIFIER('name'), IDENTIFIER($variable) and IDENTIFIER(?), and TABLE(…) of the same in FROM: the name takes their place before a statement is parsed.
//! Everything that can be named can be named so; bound arguments of INFER_SCHEMA and a bound ON_ERROR are texts then.
//!
//! Source: "Literals and variables as identifiers".

use dwsim_engine::error::Result;
use sqlparser::tokenizer::Token;

use super::Cursor;

/// The text with names in the places of IDENTIFIER(…), and which of its `?` (from 1) these were; None when there is
/// nothing to replace.
///
/// # Errors
/// What `variable` gives for an unknown variable and `bound` for a place without a name, and text without tokens.
pub fn resolve_identifiers(
    text: &str,
    variable: &dyn Fn(&str) -> Result<String>,
    bound: &dyn Fn(usize) -> Result<String>,
) -> Result<Option<(String, Vec<usize>)>> {
    let upper = text.to_ascii_uppercase();
    let called = |(i, word): (usize, &str)| {
        let rest = upper[i + word.len()..].trim_start();
        rest.strip_prefix('(')
            .is_some_and(|r| r.trim_start().starts_with(['\'', '$', '?']))
    };
    let inferring = upper.contains("INFER_SCHEMA");
    let copying = upper.contains("ON_ERROR");
    if !inferring
        && !copying
        && !upper.contains("IDENTIFIER")
        && !upper.match_indices("TABLE").any(called)
    {
        return Ok(None);
    }
    let mut c = Cursor::new(text)?;
    let mut out = String::new();
    let mut copied = 0;
    let (mut relation, mut listed) = (false, false);
    let (mut places, mut taken) = (0, Vec::new());
    while !c.at_end() {
        let from = c.offset();
        let mark = c.mark();
        // `TABLE('name')` is a table's name where a relation stands.
        let from_item = relation;
        relation =
            c.sees(&["FROM"]) || c.sees(&["JOIN"]) || (listed && c.sees_token(&Token::Comma));
        if c.sees(&["FROM"]) {
            listed = true;
        } else if ["WHERE", "GROUP", "ORDER", "SELECT", "ON", "SET", "VALUES"]
            .iter()
            .any(|w| c.sees(&[w]))
        {
            listed = false;
        }
        if (c.eat(&["IDENTIFIER"]) || (from_item && c.eat(&["TABLE"])))
            && c.eat_token(&Token::LParen)
        {
            let name = if c.sees_string() {
                Some(c.string()?)
            } else {
                match c.raw() {
                    // `$1` is the result of another statement, or a column.
                    Some(v)
                        if v.starts_with('$')
                            && v[1..].starts_with(|c: char| !c.is_ascii_digit()) =>
                    {
                        Some(variable(&v[1..])?)
                    }
                    Some(v) if v == "?" => {
                        taken.push(places + 1);
                        Some(bound(places + 1)?)
                    }
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
                places = places.max(taken.last().copied().unwrap_or_default());
                continue;
            }
        }
        c.reset(mark);
        // The stage and the format of INFER_SCHEMA are looked up before there are values, as are options of COPY.
        let argument = inferring
            && (c.eat(&["LOCATION"]) || c.eat(&["FILE_FORMAT"]))
            && c.eat_token(&Token::RArrow);
        if !argument {
            c.reset(mark);
        }
        if argument || (copying && c.eat(&["ON_ERROR"]) && c.eat_token(&Token::Eq)) {
            let at = c.offset();
            if c.raw().as_deref() == Some("?") {
                places += 1;
                taken.push(places);
                let value = bound(places)?.replace('\\', "\\\\").replace('\'', "''");
                out.push_str(&text[copied..at]);
                out.push('\'');
                out.push_str(&value);
                out.push('\'');
                copied = at + 1;
                continue;
            }
        }
        c.reset(mark);
        if c.raw().as_deref() == Some("?") {
            places += 1;
        }
    }
    if copied == 0 {
        return Ok(None);
    }
    out.push_str(&text[copied..]);
    Ok(Some((out, taken)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn names_take_the_place() {
        let r = |t: &str| {
            resolve_identifiers(t, &|v| Ok(format!("value_of_{v}")), &|n| {
                Ok(format!("bound_{n}"))
            })
            .unwrap()
        };
        for (text, expected) in [
            ("select 1", None),
            ("select identifier_x from t", None),
            (
                "select * from identifier('d.\"my t\"') where IDENTIFIER ( $c ) = 1",
                Some("select * from d.\"my t\" where value_of_c = 1"),
            ),
            ("use role identifier($r)", Some("use role value_of_r")),
            ("select 'identifier($r)'", None),
            (
                "select * from table('a.b') x, table($t) join table( $u ) on true",
                Some("select * from a.b x, value_of_t join value_of_u on true"),
            ),
            ("select table('x')", None),
            ("select 1 from table($1)", None),
            (
                "create function f() returns table (a int) as 'select 1'",
                None,
            ),
        ] {
            let found = r(text);
            assert_eq!(found.as_ref().map(|f| f.0.as_str()), expected, "{text}");
            assert!(found.is_none_or(|f| f.1.is_empty()), "{text}");
        }
        assert_eq!(
            r("insert into identifier(?) select ?, x from identifier( ? ) where x = ?"),
            Some((
                "insert into bound_1 select ?, x from bound_3 where x = ?".to_owned(),
                vec![1, 3]
            ))
        );
        assert_eq!(
            r("copy into identifier(?) from @s on_error = ? purge = true"),
            Some((
                "copy into bound_1 from @s on_error = 'bound_2' purge = true".to_owned(),
                vec![1, 2]
            ))
        );
        assert_eq!(
            r("select ? from table(infer_schema(location=>?, file_format => ?))"),
            Some((
                "select ? from table(infer_schema(location=>'bound_2', file_format => 'bound_3'))"
                    .to_owned(),
                vec![2, 3]
            ))
        );
    }
}
