//! The flow operator `->>`: a chain of statements whose later ones read the results of earlier ones as `$1`, `$2`, ….
//! Running the chain is the work of `session`.
//!
//! Source: "Flow operators".

use dwsim_engine::error::{Result, SqlError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::split::{line_starts, offset, tokens};

/// The statements of a chain; None when the text is none.
///
/// # Errors
/// A syntax error, or an empty statement in a chain.
pub(super) fn flow(text: &str) -> Result<Option<Vec<String>>> {
    if !text.contains("->>") {
        return Ok(None);
    }
    let tokens = tokens(text)?;
    let first = tokens.first().map(|t| t.token.to_string().to_uppercase());
    // In these the operator belongs to a statement inside.
    if matches!(first.as_deref(), Some("DECLARE" | "BEGIN" | "CREATE")) {
        return Ok(None);
    }
    let starts = line_starts(text);
    let place = |t: &TokenWithSpan| {
        let from = offset(text, &starts, t.span.start.line, t.span.start.column);
        (from, from + t.token.to_string().len())
    };
    let mut parts = Vec::new();
    let mut from = 0;
    for t in tokens.iter().filter(|t| t.token == Token::LongArrow) {
        let (start, end) = place(t);
        parts.push(text[from..start].trim().to_owned());
        from = end;
    }
    if parts.is_empty() {
        return Ok(None);
    }
    parts.push(text[from..].trim().to_owned());
    if parts.iter().any(String::is_empty) {
        return Err(SqlError::raw(
            "001003",
            "42000",
            "SQL compilation error:\nsyntax error: a statement is needed on both sides of '->>'.",
        ));
    }
    Ok(Some(parts))
}

/// A statement of a chain in which `$n` in FROM reads the result of the n-th statement before it.
///
/// # Errors
/// A syntax error, or a `$n` with no such statement.
pub(crate) fn with_results(text: &str, before: &[String]) -> Result<String> {
    let tokens = tokens(text)?;
    let starts = line_starts(text);
    let mut out = String::with_capacity(text.len() + 64);
    let mut from = 0;
    let mut listed = false;
    for (i, t) in tokens.iter().enumerate() {
        let relation = match i.checked_sub(1).map(|k| &tokens[k].token) {
            Some(Token::Word(w)) if w.quote_style.is_none() => {
                w.value.eq_ignore_ascii_case("FROM") || w.value.eq_ignore_ascii_case("JOIN")
            }
            Some(Token::Comma) => listed,
            _ => false,
        };
        let Token::Placeholder(p) = &t.token else {
            listed = listed && matches!(t.token, Token::Comma | Token::Word(_));
            continue;
        };
        let Some(n) = p.strip_prefix('$').and_then(|d| d.parse::<usize>().ok()) else {
            continue;
        };
        if !relation {
            continue;
        }
        listed = true;
        let Some(id) = before.len().checked_sub(n).and_then(|k| before.get(k)) else {
            return Err(SqlError::raw(
                "002003",
                "42S02",
                format!("SQL compilation error:\nThere is no statement {p} before this one."),
            ));
        };
        let start = offset(text, &starts, t.span.start.line, t.span.start.column);
        out.push_str(&text[from..start]);
        out.push_str(&format!("TABLE(RESULT_SCAN('{id}'))"));
        from = start + p.len();
    }
    out.push_str(&text[from..]);
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn chains() {
        assert_eq!(flow("select 1").unwrap(), None);
        assert_eq!(flow("select '->>'").unwrap(), None);
        assert_eq!(
            flow("show tables ->> select \"name\" from $1")
                .unwrap()
                .unwrap(),
            ["show tables", "select \"name\" from $1"]
        );
        assert!(flow("select 1 ->>").is_err());
        let ids = ["a".to_owned(), "b".to_owned()];
        assert_eq!(
            with_results("select $1 from $1 join $2 x, t", &ids).unwrap(),
            "select $1 from TABLE(RESULT_SCAN('b')) join TABLE(RESULT_SCAN('a')) x, t"
        );
        assert!(with_results("select 1 from $3", &ids).is_err());
    }
}
