//! A cursor over tokens for commands, and the way into `sqlparser` for queries and expressions.
//! The commands themselves are in the files beside this one.

use dwsim_engine::error::{ErrorKind, Position, Result, SqlError};
use sqlparser::ast::{self, Ident};
use sqlparser::dialect::SnowflakeDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::headings::headings;
use super::rewrite::without_types;
use super::split::{line_starts, offset, tokens};

/// Deepest nesting of expressions and queries.
const DEPTH: usize = 120;

/// Tokens of one statement, read from left to right.
#[derive(Debug)]
pub struct Cursor<'a> {
    text: &'a str,
    starts: Vec<usize>,
    tokens: Vec<TokenWithSpan>,
    at: usize,
}

/// The error for a token that does not belong there.
fn unexpected(t: Option<&TokenWithSpan>, message: String) -> SqlError {
    match t {
        Some(t) if t.token != Token::EOF => SqlError::new(ErrorKind::Syntax {
            message,
            near: t.token.to_string(),
        })
        .at(Some(Position {
            line: t.span.start.line,
            column: t.span.start.column,
        })),
        _ => SqlError::new(ErrorKind::Syntax {
            message,
            near: String::new(),
        }),
    }
}

/// Runs a parser over tokens; a failure is reported at the token it stopped at.
fn parse_with<T>(
    tokens: Vec<TokenWithSpan>,
    f: impl FnOnce(&mut Parser<'_>) -> Result<T, ParserError>,
) -> Result<(T, usize)> {
    let dialect = SnowflakeDialect {};
    let mut parser = Parser::new(&dialect)
        .with_recursion_limit(DEPTH)
        .with_tokens_with_locations(tokens);
    match f(&mut parser) {
        Ok(v) => Ok((v, parser.index())),
        Err(ParserError::RecursionLimitExceeded) => Err(SqlError::raw(
            "001003",
            "42000",
            "SQL compilation error:\nStatement is nested too deeply.",
        )),
        Err(e) => {
            let message = match e {
                ParserError::ParserError(m) | ParserError::TokenizerError(m) => m,
                ParserError::RecursionLimitExceeded => String::new(),
            };
            // The parser has often consumed the token it complains about.
            let found = place_in(&message);
            let tokens = parser.into_tokens();
            let t = found.and_then(|(line, column)| {
                tokens
                    .iter()
                    .find(|t| t.span.start.line == line && t.span.start.column == column)
                    .cloned()
            });
            Err(unexpected(t.as_ref(), message))
        }
    }
}

/// The place that `sqlparser` appends to its messages: `… at Line: 1, Column: 8`.
fn place_in(message: &str) -> Option<(u64, u64)> {
    let rest = &message[message.rfind(" at Line: ")? + 10..];
    let (line, column) = rest.split_once(", Column: ")?;
    Some((line.parse().ok()?, column.trim().parse().ok()?))
}

/// A query, from the text of a view.
///
/// # Errors
/// A syntax error with its place.
pub fn query(sql: &str) -> Result<Box<ast::Query>> {
    let (q, _) = parse_with(tokens(sql)?, |p| {
        let q = p.parse_query()?;
        p.expect_token(&Token::EOF)?;
        Ok(q)
    })?;
    Ok(q)
}

/// An expression, from the text of a default.
///
/// # Errors
/// A syntax error with its place.
pub fn expr(sql: &str) -> Result<ast::Expr> {
    let (e, _) = parse_with(tokens(sql)?, |p| {
        let e = p.parse_expr()?;
        p.expect_token(&Token::EOF)?;
        Ok(e)
    })?;
    Ok(e)
}

/// The parts of a structured type, from the text in its parentheses: name (of a member), type, whether NULL may occur.
///
/// # Errors
/// A syntax error.
pub fn structured_type(text: &str, named: bool) -> Result<Vec<(String, ast::DataType, bool)>> {
    let (parts, _) = parse_with(tokens(text)?, |p| {
        let parts = p.parse_comma_separated(|p| {
            let name = if named {
                p.parse_identifier()?.value
            } else {
                String::new()
            };
            let ty = p.parse_data_type()?;
            let not_null = p.parse_keywords(&[Keyword::NOT, Keyword::NULL]);
            Ok((name, ty, !not_null))
        })?;
        p.expect_token(&Token::EOF)?;
        Ok(parts)
    })?;
    Ok(parts)
}

impl<'a> Cursor<'a> {
    /// A cursor at the start of a statement.
    ///
    /// # Errors
    /// For text that has no tokens.
    pub fn new(text: &'a str) -> Result<Self> {
        Ok(Cursor {
            text,
            starts: line_starts(text),
            tokens: tokens(text)?,
            at: 0,
        })
    }

    fn token(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|t| &t.token)
    }

    /// Whether all tokens are read.
    pub fn at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Where the cursor stands, to come back to.
    pub fn mark(&self) -> usize {
        self.at
    }

    /// Takes the tokens since a mark out of the statement.
    pub fn cut(&mut self, mark: usize) {
        self.tokens.drain(mark..self.at);
        self.at = mark;
    }

    /// Goes back to a mark.
    pub fn reset(&mut self, mark: usize) {
        self.at = mark;
    }

    /// The byte offset of the next token.
    pub fn offset(&self) -> usize {
        self.tokens.get(self.at).map_or(self.text.len(), |t| {
            offset(
                self.text,
                &self.starts,
                t.span.start.line,
                t.span.start.column,
            )
        })
    }

    /// The text from a byte offset to the end of the last token read.
    pub fn text_from(&self, from: usize) -> &'a str {
        let to = self
            .at
            .checked_sub(1)
            .and_then(|i| self.tokens.get(i))
            .map_or(from, |t| {
                offset(self.text, &self.starts, t.span.end.line, t.span.end.column)
            });
        &self.text[from.min(to)..to]
    }

    /// The next word in upper case, when it is an unquoted word.
    pub fn peek_word(&self, ahead: usize) -> Option<String> {
        match self.token(ahead)? {
            Token::Word(w) if w.quote_style.is_none() => Some(w.value.to_uppercase()),
            _ => None,
        }
    }

    /// Whether these words come next.
    pub fn sees(&self, words: &[&str]) -> bool {
        words
            .iter()
            .enumerate()
            .all(|(i, w)| self.peek_word(i).is_some_and(|p| p == *w))
    }

    /// Reads these words if they come next.
    pub fn eat(&mut self, words: &[&str]) -> bool {
        let yes = self.sees(words);
        if yes {
            self.at += words.len();
        }
        yes
    }

    /// Reads these words.
    ///
    /// # Errors
    /// A syntax error when something else comes next.
    pub fn expect(&mut self, words: &[&str]) -> Result<()> {
        if self.eat(words) {
            Ok(())
        } else {
            Err(self.error(&words.join(" ")))
        }
    }

    /// Reads a symbol if it comes next.
    pub fn eat_token(&mut self, token: &Token) -> bool {
        let yes = self.token(0) == Some(token);
        if yes {
            self.at += 1;
        }
        yes
    }

    /// Reads a symbol.
    ///
    /// # Errors
    /// A syntax error when something else comes next.
    pub fn expect_token(&mut self, token: &Token) -> Result<()> {
        if self.eat_token(token) {
            Ok(())
        } else {
            Err(self.error(&token.to_string()))
        }
    }

    /// The error that the next token is unexpected.
    pub fn error(&self, expected: &str) -> SqlError {
        unexpected(self.tokens.get(self.at), format!("expected {expected}"))
    }

    /// Fails unless all tokens are read.
    ///
    /// # Errors
    /// A syntax error at the first token left.
    pub fn end(&self) -> Result<()> {
        if self.at_end() {
            Ok(())
        } else {
            Err(self.error("the end of the statement"))
        }
    }

    /// A list of words in parentheses.
    ///
    /// # Errors
    /// A syntax error when something else comes next.
    pub fn idents_in_parens(&mut self) -> Result<Vec<Ident>> {
        self.expect_token(&Token::LParen)?;
        let mut out = vec![self.ident()?];
        while self.eat_token(&Token::Comma) {
            out.push(self.ident()?);
        }
        self.expect_token(&Token::RParen)?;
        Ok(out)
    }

    /// Any word, quoted or not.
    ///
    /// # Errors
    /// A syntax error when something else comes next.
    pub fn ident(&mut self) -> Result<Ident> {
        match self.token(0) {
            Some(Token::Word(w)) => {
                let i = Ident {
                    value: w.value.clone(),
                    quote_style: w.quote_style,
                    span: self.tokens[self.at].span,
                };
                self.at += 1;
                Ok(i)
            }
            _ => Err(self.error("an identifier")),
        }
    }

    /// A name of one to three parts, or `IDENTIFIER('…')`.
    ///
    /// # Errors
    /// A syntax error when something else comes next.
    pub fn name(&mut self) -> Result<ast::ObjectName> {
        if self.sees(&["IDENTIFIER"]) && self.token(1) == Some(&Token::LParen) {
            let mark = self.mark();
            self.at += 2;
            if let Some(Token::SingleQuotedString(s)) = self.token(0).cloned() {
                self.at += 1;
                self.expect_token(&Token::RParen)?;
                let mut inner = Cursor::new(&s)?;
                let name = inner.name()?;
                inner.end()?;
                return Ok(name);
            }
            self.reset(mark);
            return Err(self.error("a name"));
        }
        if let Some(Token::SingleQuotedString(s)) = self.token(0).cloned() {
            self.at += 1;
            let mut inner = Cursor::new(&s)?;
            let name = inner.name()?;
            inner.end()?;
            return Ok(name);
        }
        let mut parts = vec![self.ident()?];
        while self.token(0) == Some(&Token::Period) {
            self.at += 1;
            if self.token(0) == Some(&Token::Period) {
                // `db..object` means the schema PUBLIC.
                parts.push(Ident::new("PUBLIC"));
                continue;
            }
            parts.push(self.ident()?);
        }
        Ok(ast::ObjectName(
            parts
                .into_iter()
                .map(ast::ObjectNamePart::Identifier)
                .collect(),
        ))
    }

    /// A string in quotes or dollars.
    ///
    /// # Errors
    /// A syntax error when something else comes next.
    pub fn string(&mut self) -> Result<String> {
        let s = match self.token(0) {
            Some(Token::SingleQuotedString(s) | Token::EscapedStringLiteral(s)) => s.clone(),
            Some(Token::DollarQuotedString(d)) => d.value.clone(),
            _ => return Err(self.error("a string")),
        };
        self.at += 1;
        Ok(s)
    }

    /// Whether a string comes next.
    pub fn sees_string(&self) -> bool {
        matches!(
            self.token(0),
            Some(
                Token::SingleQuotedString(_)
                    | Token::EscapedStringLiteral(_)
                    | Token::DollarQuotedString(_)
            )
        )
    }

    /// A number.
    ///
    /// # Errors
    /// A syntax error when something else comes next.
    pub fn number(&mut self) -> Result<u64> {
        match self.token(0) {
            Some(Token::Number(n, _)) => match n.parse() {
                Ok(v) => {
                    self.at += 1;
                    Ok(v)
                }
                Err(_) => Err(self.error("a whole number")),
            },
            _ => Err(self.error("a number")),
        }
    }

    /// The next token as text of an option's value.
    pub fn raw(&mut self) -> Option<String> {
        let t = self.token(0)?.to_string();
        self.at += 1;
        Some(t)
    }

    /// Whether a stage location (`@…` or `'@…'`) or a URL string comes next.
    pub fn sees_location(&self) -> bool {
        match self.token(0) {
            Some(Token::SingleQuotedString(s)) => s.starts_with('@') || s.contains("://"),
            Some(Token::AtSign) => true,
            Some(Token::Placeholder(p)) => p.starts_with('@'),
            // A location with its path, as it is read before an alias.
            Some(Token::Word(w)) => w.quote_style == Some('"') && w.value.starts_with('@'),
            _ => false,
        }
    }

    /// A stage location or URL: everything up to a blank, comma or parenthesis, or a string.
    ///
    /// # Errors
    /// A syntax error when something else comes next.
    pub fn location(&mut self) -> Result<String> {
        if !self.sees_location() {
            return Err(self.error("a stage or a location"));
        }
        if self.sees_string() {
            return self.string();
        }
        let from = self.offset();
        let mut quoted = false;
        let mut to = self.text.len();
        for (i, c) in self.text[from..].char_indices() {
            match c {
                '"' => quoted = !quoted,
                c if !quoted && (c.is_whitespace() || matches!(c, ')' | '(' | ',' | ';')) => {
                    to = from + i;
                    break;
                }
                _ => {}
            }
        }
        while !self.at_end() && self.offset() < to {
            self.at += 1;
        }
        Ok(self.text[from..to].to_owned())
    }

    /// Hands the rest to `sqlparser` and stands behind what it read.
    ///
    /// # Errors
    /// A syntax error with its place.
    pub fn sql<T>(
        &mut self,
        f: impl FnOnce(&mut Parser<'_>) -> Result<T, ParserError>,
    ) -> Result<T> {
        let (value, read) = parse_with(self.tokens[self.at..].to_vec(), f)?;
        self.at += read;
        Ok(value)
    }

    /// The whole rest as one statement of `sqlparser`.
    ///
    /// # Errors
    /// A syntax error with its place.
    pub fn statement(&mut self) -> Result<ast::Statement> {
        let first = self.at;
        let mut statement = self.sql(|p| {
            let s = p.parse_statement()?;
            if p.peek_token().token != Token::EOF {
                return p.expected("end of statement", p.peek_token());
            }
            Ok(s)
        })?;
        without_types(&mut statement);
        headings(self.text, &self.tokens[first..], &mut statement);
        Ok(statement)
    }

    /// Whether this symbol comes next.
    pub fn sees_token(&self, token: &Token) -> bool {
        self.token(0) == Some(token)
    }

    /// A part of the text by byte offsets.
    pub fn slice(&self, from: usize, to: usize) -> &'a str {
        &self.text[from.min(to)..to.min(self.text.len())]
    }
}
