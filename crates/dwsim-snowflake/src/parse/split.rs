//! Splitting of a request into statements at semicolons, and the few commands that are not made of SQL tokens.
//! What the statements mean is told by `command`.

use dwsim_engine::error::{ErrorKind, Position, Result, SqlError};
use sqlparser::dialect::SnowflakeDialect;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

/// One statement of a request.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Its text, without comments around it and without the semicolon.
    pub text: String,
    /// Line on which the text starts in the request, from 0.
    pub line: u64,
    /// Column in which its first line starts, from 0.
    pub column: u64,
}

/// Tokens without blanks and comments.
///
/// # Errors
/// A syntax error with its place, for an unterminated string, say.
pub(super) fn tokens(text: &str) -> Result<Vec<TokenWithSpan>> {
    let all = Tokenizer::new(&SnowflakeDialect {}, text)
        .tokenize_with_location()
        .map_err(|e| {
            SqlError::new(ErrorKind::Syntax {
                message: e.message.clone(),
                near: String::new(),
            })
            .at(Some(Position {
                line: e.location.line,
                column: e.location.column,
            }))
        })?;
    let mut out: Vec<TokenWithSpan> = all
        .into_iter()
        .filter(|t| !matches!(t.token, Token::Whitespace(_) | Token::EOF))
        .collect();
    semantics_prefixes(&mut out);
    Ok(out)
}

/// FINAL and RUNNING before a function of MATCH_RECOGNIZE become part of its name, which `sqlparser` can read.
fn semantics_prefixes(tokens: &mut Vec<TokenWithSpan>) {
    let is = |t: &TokenWithSpan, words: &[&str]| {
        matches!(&t.token, Token::Word(w) if w.quote_style.is_none()
            && words.iter().any(|x| w.value.eq_ignore_ascii_case(x)))
    };
    if !tokens.iter().any(|t| is(t, &["MATCH_RECOGNIZE"])) {
        return;
    }
    // `sqlparser` knows PERMUTE in upper case only.
    for t in tokens.iter_mut() {
        if is(t, &["PERMUTE"])
            && let Token::Word(w) = &mut t.token
        {
            w.value = "PERMUTE".into();
        }
    }
    let mut i = 0;
    while i + 2 < tokens.len() {
        if is(&tokens[i], &["FINAL", "RUNNING"]) && tokens[i + 2].token == Token::LParen {
            let prefix = tokens[i].token.to_string().to_uppercase();
            if let Token::Word(w) = &mut tokens[i + 1].token
                && w.quote_style.is_none()
            {
                w.value = format!("{prefix}${}", w.value.to_uppercase());
                w.keyword = sqlparser::keywords::Keyword::NoKeyword;
                tokens.remove(i);
            }
        }
        i += 1;
    }
}

/// Byte offsets at which lines start.
pub(super) fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0)
        .chain(text.match_indices('\n').map(|(i, _)| i + 1))
        .collect()
}

/// The byte offset of a place; lines and columns count from 1, columns in characters.
pub(super) fn offset(text: &str, starts: &[usize], line: u64, column: u64) -> usize {
    let Some(start) = starts.get((line as usize).saturating_sub(1)) else {
        return text.len();
    };
    text[*start..]
        .char_indices()
        .nth((column as usize).saturating_sub(1))
        .map_or(text.len(), |(i, _)| start + i)
}

/// Skips blanks and comments.
pub(super) fn skip_trivia(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if rest.starts_with("--") || rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |i| &rest[i..]);
        } else if rest.starts_with("/*") {
            rest = rest.find("*/").map_or("", |i| &rest[i + 2..]);
        } else {
            return rest;
        }
    }
}

/// Whether this is PUT or GET, whose file names are no SQL tokens (`file:///tmp/*.csv` would be a comment).
pub(super) fn is_transfer(text: &str) -> bool {
    let word: String = skip_trivia(text)
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    word.eq_ignore_ascii_case("PUT") || word.eq_ignore_ascii_case("GET")
}

/// The statements of a request; empty ones are dropped.
///
/// # Errors
/// A syntax error with its place, for text that has no tokens.
pub fn split(text: &str) -> Result<Vec<Piece>> {
    if is_transfer(text) {
        let body = skip_trivia(text)
            .trim_end()
            .trim_end_matches(';')
            .trim_end();
        return Ok(vec![Piece {
            text: body.to_owned(),
            line: 0,
            column: 0,
        }]);
    }
    let tokens = tokens(text)?;
    let starts = line_starts(text);
    let mut out = Vec::new();
    for group in tokens.split(|t| t.token == Token::SemiColon) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            continue;
        };
        let from = offset(
            text,
            &starts,
            first.span.start.line,
            first.span.start.column,
        );
        let to = offset(text, &starts, last.span.end.line, last.span.end.column);
        out.push(Piece {
            text: text[from..to.max(from)].to_owned(),
            line: first.span.start.line - 1,
            column: first.span.start.column - 1,
        });
    }
    Ok(out)
}

impl Piece {
    /// A place inside of the statement as a place in the request.
    pub fn place(&self, p: Position) -> Position {
        Position {
            line: p.line + self.line,
            column: if p.line == 1 {
                p.column + self.column
            } else {
                p.column
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn statements_between_semicolons() {
        let texts = |s: &str| {
            split(s)
                .unwrap()
                .into_iter()
                .map(|p| p.text)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            texts("select 1; select ';' -- x;\n ;; /* a;b */ select $$;$$;"),
            ["select 1", "select ';'", "select $$;$$"]
        );
        assert_eq!(texts(" /* c */ "), Vec::<String>::new());
        assert_eq!(
            texts("put file:///tmp/*.csv @~;"),
            ["put file:///tmp/*.csv @~"]
        );
        assert_eq!(split("select 1;\n  select 2").unwrap()[1].line, 1);
    }

    proptest! {
        #[test]
        fn any_text_ends(text in ".{0,80}") {
            let _ = split(&text);
        }
    }
}
