//! Splitting of a request into statements at semicolons, and the few commands that are not made of SQL tokens.
//! What the statements mean is told by `command`.

use dwsim_engine::error::{ErrorKind, Position, Result, SqlError};
use dwsim_engine::scripting::{Item, Tokens, block_end};
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
    Ok(all
        .into_iter()
        .filter(|t| !matches!(t.token, Token::Whitespace(_) | Token::EOF))
        .collect())
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
    let grammar = SnowflakeDialect {};
    let tokens = Tokens::new(text, &grammar)?;
    let items = tokens.items();
    let is_end = |i: &Item| i.token.token == Token::SemiColon;
    let mut out = Vec::new();
    let mut at = 0;
    while at < items.len() {
        let (Some(first), end) = (items.get(at), statement_end(items, at)) else {
            break;
        };
        if let Some(last) = end.checked_sub(1).and_then(|i| items.get(i))
            && !is_end(first)
        {
            let place = first.at();
            out.push(Piece {
                text: text[first.from..last.to.max(first.from)].to_owned(),
                line: place.line - 1,
                column: place.column - 1,
            });
        }
        at = end + 1;
    }
    Ok(out)
}

/// The index of the semicolon that ends the statement at token `first`; those inside of a block do not.
fn statement_end(items: &[Item], first: usize) -> usize {
    let word = |i: usize| items.get(i).and_then(Item::word).unwrap_or_default();
    let semicolon = |from: usize| {
        items[from.min(items.len())..]
            .iter()
            .position(|i| i.token.token == Token::SemiColon)
            .map_or(items.len(), |n| from + n)
    };
    let starts = |i: usize| matches!(word(i).as_str(), "BEGIN" | "DECLARE");
    let end = semicolon(first);
    let block = if starts(first) {
        Some(first)
    } else if word(first) == "CREATE" {
        (first..end)
            .find(|i| word(*i) == "AS" && starts(i + 1))
            .map(|i| i + 1)
    } else {
        None
    };
    match block.and_then(|b| block_end(items, b)) {
        Some(behind) => semicolon(behind),
        None => end,
    }
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
            texts(
                "begin transaction; begin let x := case when 1 = 1 then 1 end; if (x = 1) then null; end if; end; select 1"
            ),
            [
                "begin transaction",
                "begin let x := case when 1 = 1 then 1 end; if (x = 1) then null; end if; end",
                "select 1"
            ]
        );
        assert_eq!(
            texts("create procedure p() returns int language sql as declare a int; begin return a; end; call p()").len(),
            2
        );
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
