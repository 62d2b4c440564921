//! Reading statements word by word on top of `sqlparser`'s parser: words it has no keyword for, names, source text.
//! Which statement has which words is in the sibling modules.

use std::ops::{Deref, DerefMut};

use dwsim_engine::error::{ErrorKind, Position, Result, SqlError};
use sqlparser::ast;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

/// A parser over one text, with its source.
pub struct Words<'a> {
    parser: Parser<'a>,
    sql: &'a str,
    /// Byte offsets of line starts.
    lines: &'a [usize],
}

impl<'a> Deref for Words<'a> {
    type Target = Parser<'a>;
    fn deref(&self) -> &Parser<'a> {
        &self.parser
    }
}

impl<'a> DerefMut for Words<'a> {
    fn deref_mut(&mut self) -> &mut Parser<'a> {
        &mut self.parser
    }
}

/// Byte offsets at which the lines of a text start.
pub fn line_starts(sql: &str) -> Vec<usize> {
    std::iter::once(0)
        .chain(sql.match_indices('\n').map(|(i, _)| i + 1))
        .collect()
}

fn position(at: Location) -> Option<Position> {
    (at.line > 0).then_some(Position {
        line: at.line,
        column: at.column,
    })
}

impl<'a> Words<'a> {
    /// Reads statements of `sql` through `parser`, which holds its tokens.
    pub fn new(parser: Parser<'a>, sql: &'a str, lines: &'a [usize]) -> Self {
        Words { parser, sql, lines }
    }

    /// Byte offset of a place in the source.
    pub fn offset(&self, at: Location) -> usize {
        let Some(line) = (at.line as usize)
            .checked_sub(1)
            .and_then(|i| self.lines.get(i))
        else {
            return self.sql.len();
        };
        let rest = &self.sql[*line..];
        rest.char_indices()
            .nth(at.column.saturating_sub(1) as usize)
            .map_or(self.sql.len(), |(i, _)| line + i)
    }

    /// Byte offset of the next token.
    pub fn here(&self) -> usize {
        match self.parser.peek_token_ref() {
            t if t.token == Token::EOF => self.sql.len(),
            t => self.offset(t.span.start),
        }
    }

    /// Source between a byte offset and the next token, without blanks at its ends.
    pub fn source_from(&self, start: usize) -> &'a str {
        self.sql[start..self.here().max(start)].trim()
    }

    /// The next token as an error: what PostgreSQL says of an unexpected one.
    pub fn unexpected<T>(&self, expected: &str) -> Result<T> {
        Err(self.syntax(expected, self.parser.peek_token_ref()))
    }

    fn syntax(&self, expected: &str, token: &TokenWithSpan) -> SqlError {
        let near = match &token.token {
            Token::EOF => String::new(),
            t => t.to_string(),
        };
        let e = SqlError::new(ErrorKind::Syntax {
            message: if near.is_empty() {
                String::new()
            } else {
                format!("expected {expected}")
            },
            near,
        });
        e.at(position(token.span.start))
    }

    /// An error of `sqlparser` with its place and token, as far as it names them.
    pub fn error(&self, e: ParserError) -> SqlError {
        let (ParserError::TokenizerError(text) | ParserError::ParserError(text)) = e else {
            return SqlError::raw("", "54001", "statement is nested too deeply");
        };
        // `sqlparser` appends the place to its messages.
        let place = text.rsplit_once(" at Line: ").and_then(|(_, tail)| {
            let (line, column) = tail.split_once(", Column: ")?;
            Some(Location {
                line: line.parse().ok()?,
                column: column.trim().parse().ok()?,
            })
        });
        let current = self.parser.get_current_token();
        let token = match place {
            Some(at) if current.span.start == at => current,
            Some(at) if self.parser.peek_token_ref().span.start == at => {
                self.parser.peek_token_ref()
            }
            Some(at) => {
                let from = self.offset(at);
                let near: String = self.sql[from..]
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                let near = if near.is_empty() {
                    self.sql[from..].chars().take(1).collect()
                } else {
                    near
                };
                return SqlError::new(ErrorKind::Syntax {
                    message: text.clone(),
                    near,
                })
                .at(position(at));
            }
            None if text.contains("found: EOF") => {
                return SqlError::new(ErrorKind::Syntax {
                    message: String::new(),
                    near: String::new(),
                });
            }
            None => {
                return SqlError::new(ErrorKind::Syntax {
                    message: text,
                    near: String::new(),
                });
            }
        };
        self.syntax(&text, token)
    }

    /// Whether the next tokens are these words, unquoted, in any case.
    pub fn at(&self, words: &[&str]) -> bool {
        words
            .iter()
            .enumerate()
            .all(|(i, word)| is(&self.parser.peek_nth_token_ref(i).token, word))
    }

    /// Takes these words if they come next.
    pub fn eat(&mut self, words: &[&str]) -> bool {
        let found = self.at(words);
        if found {
            for _ in words {
                self.parser.next_token();
            }
        }
        found
    }

    /// Takes one of these words: its index.
    pub fn eat_one(&mut self, words: &[&str]) -> Option<usize> {
        let found = words.iter().position(|w| self.at(&[w]))?;
        self.parser.next_token();
        Some(found)
    }

    /// Takes these words.
    ///
    /// # Errors
    /// When something else comes next.
    pub fn expect(&mut self, words: &[&str]) -> Result<()> {
        for word in words {
            if !self.eat(&[word]) {
                return self.unexpected(word);
            }
        }
        Ok(())
    }

    /// Whether the next token is this one.
    pub fn next_is(&self, token: &Token) -> bool {
        self.parser.peek_token_ref().token == *token
    }

    /// Whether the statement ends here.
    pub fn at_end(&self) -> bool {
        matches!(
            self.parser.peek_token_ref().token,
            Token::EOF | Token::SemiColon
        )
    }

    /// Fails unless the statement ends here.
    ///
    /// # Errors
    /// A syntax error at the next token.
    pub fn end(&self) -> Result<()> {
        if self.at_end() {
            Ok(())
        } else {
            self.unexpected("end of statement")
        }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// When something else comes next.
    pub fn token(&mut self, token: &Token) -> Result<()> {
        if self.parser.consume_token(token) {
            Ok(())
        } else {
            self.unexpected(&token.to_string())
        }
    }

    /// An identifier.
    ///
    /// # Errors
    /// When something else comes next.
    pub fn ident(&mut self) -> Result<ast::Ident> {
        self.parser.parse_identifier().map_err(|e| self.error(e))
    }

    /// A name of up to three parts.
    ///
    /// # Errors
    /// When something else comes next.
    pub fn name(&mut self) -> Result<ast::ObjectName> {
        self.parser
            .parse_object_name(false)
            .map_err(|e| self.error(e))
    }

    /// Names separated by commas.
    ///
    /// # Errors
    /// When something else comes next.
    pub fn names(&mut self) -> Result<Vec<ast::ObjectName>> {
        self.list(Words::name)
    }

    /// Items separated by commas.
    ///
    /// # Errors
    /// What reading an item gives.
    pub fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut all = vec![item(self)?];
        while self.parser.consume_token(&Token::Comma) {
            all.push(item(self)?);
        }
        Ok(all)
    }

    /// `( item, … )`.
    ///
    /// # Errors
    /// When something else comes next.
    pub fn parenthesized<T>(&mut self, item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.token(&Token::LParen)?;
        let all = self.list(item)?;
        self.token(&Token::RParen)?;
        Ok(all)
    }

    /// A string literal.
    ///
    /// # Errors
    /// When something else comes next.
    pub fn string(&mut self) -> Result<String> {
        match self.parser.peek_token_ref().token.clone() {
            Token::SingleQuotedString(s) | Token::EscapedStringLiteral(s) => {
                self.parser.next_token();
                Ok(s)
            }
            Token::DollarQuotedString(s) => {
                self.parser.next_token();
                Ok(s.value)
            }
            _ => self.unexpected("a string"),
        }
    }

    /// Whether a string literal comes next.
    pub fn at_string(&self) -> bool {
        matches!(
            self.parser.peek_token_ref().token,
            Token::SingleQuotedString(_)
                | Token::EscapedStringLiteral(_)
                | Token::DollarQuotedString(_)
        )
    }

    /// A whole number with an optional sign.
    ///
    /// # Errors
    /// When something else comes next.
    pub fn integer(&mut self) -> Result<i64> {
        let negative = self.parser.consume_token(&Token::Minus);
        if let Token::Number(digits, _) = &self.parser.peek_token_ref().token
            && let Ok(v) = digits.parse::<i64>()
        {
            self.parser.next_token();
            return Ok(if negative { -v } else { v });
        }
        self.unexpected("a whole number")
    }

    /// A type.
    ///
    /// # Errors
    /// When something else comes next.
    pub fn data_type(&mut self) -> Result<ast::DataType> {
        self.parser.parse_data_type().map_err(|e| self.error(e))
    }

    /// An expression.
    ///
    /// # Errors
    /// When something else comes next.
    pub fn expr(&mut self) -> Result<ast::Expr> {
        self.parser.parse_expr().map_err(|e| self.error(e))
    }

    /// A query.
    ///
    /// # Errors
    /// When something else comes next.
    pub fn query(&mut self) -> Result<Box<ast::Query>> {
        self.parser.parse_query().map_err(|e| self.error(e))
    }

    /// A statement that `sqlparser` knows.
    ///
    /// # Errors
    /// When something else comes next.
    pub fn known(&mut self) -> Result<ast::Statement> {
        self.parser.parse_statement().map_err(|e| self.error(e))
    }

    /// The next word in lower case, taken; None when no word comes next.
    pub fn any_word(&mut self) -> Option<String> {
        let Token::Word(w) = &self.parser.peek_token_ref().token else {
            return None;
        };
        let word = w.value.to_lowercase();
        self.parser.next_token();
        Some(word)
    }

    /// The next number, taken; None when no number comes next.
    pub fn any_number(&mut self) -> Option<f64> {
        let Token::Number(digits, _) = &self.parser.peek_token_ref().token else {
            return None;
        };
        let v = digits.parse().ok()?;
        self.parser.next_token();
        Some(v)
    }

    /// Whether the statement ends with these words; nothing is read.
    pub fn ends_with(&self, words: &[&str]) -> bool {
        let token = |n: usize| &self.parser.peek_nth_token_ref(n).token;
        let mut n = 0;
        while !matches!(token(n), Token::SemiColon | Token::EOF) {
            n += 1;
        }
        n >= words.len() && (words.iter().rev().enumerate()).all(|(i, w)| is(token(n - 1 - i), w))
    }

    /// Skips to the end of the statement: its rest as source.
    pub fn rest(&mut self) -> &'a str {
        let start = self.here();
        while !self.at_end() {
            self.parser.next_token();
        }
        self.source_from(start)
    }
}

fn is(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word))
}
