//! Tokens of a block with their places in its text, and the end of a block among other statements.
//! What the tokens mean is told by the dialects' parsers.

use sqlparser::ast;
use sqlparser::dialect::Dialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::{Source, SourceForm};
use crate::error::{ErrorKind, Position, Result, SqlError};

/// Deepest nesting of expressions.
const DEPTH: usize = 100;

/// A token with its place.
#[derive(Debug, Clone)]
pub struct Item {
    /// The token.
    pub token: TokenWithSpan,
    /// Byte offset of its start.
    pub from: usize,
    /// Byte offset of its end.
    pub to: usize,
}

impl Item {
    /// Line and column, from 1.
    pub fn at(&self) -> Position {
        Position {
            line: self.token.span.start.line,
            column: self.token.span.start.column,
        }
    }

    /// The word in upper case, when this is an unquoted one.
    pub fn word(&self) -> Option<String> {
        match &self.token.token {
            Token::Word(w) if w.quote_style.is_none() => Some(w.value.to_uppercase()),
            _ => None,
        }
    }

    fn is(&self, word: &str) -> bool {
        matches!(&self.token.token, Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word))
    }
}

/// A reader of tokens.
#[derive(Debug)]
pub struct Tokens<'a> {
    text: &'a str,
    grammar: &'a dyn Dialect,
    items: Vec<Item>,
    at: usize,
}

impl<'a> Tokens<'a> {
    /// The tokens of a text, without blanks and comments.
    ///
    /// # Errors
    /// A syntax error with its place.
    pub fn new(text: &'a str, grammar: &'a dyn Dialect) -> Result<Self> {
        let all = Tokenizer::new(grammar, text)
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
        // Places come in order: one walk over the text finds all byte offsets.
        let mut walk = Walk::new(text);
        let mut items = Vec::with_capacity(all.len());
        for token in all {
            let from = walk.offset(token.span.start.line, token.span.start.column);
            let to = walk.offset(token.span.end.line, token.span.end.column);
            if !matches!(token.token, Token::Whitespace(_) | Token::EOF) {
                items.push(Item { token, from, to });
            }
        }
        Ok(Tokens {
            text,
            grammar,
            items,
            at: 0,
        })
    }

    /// All tokens.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The index of the next token.
    pub fn index(&self) -> usize {
        self.at
    }

    /// Goes to a token.
    pub fn seek(&mut self, index: usize) {
        self.at = index;
    }

    /// The token `ahead` of the next one.
    pub fn peek(&self, ahead: usize) -> Option<&Item> {
        self.items.get(self.at + ahead)
    }

    /// Whether all is read.
    pub fn at_end(&self) -> bool {
        self.at >= self.items.len()
    }

    /// The next word in upper case.
    pub fn word(&self) -> String {
        self.peek(0).and_then(Item::word).unwrap_or_default()
    }

    /// Whether these words come next.
    pub fn sees(&self, words: &[&str]) -> bool {
        words
            .iter()
            .enumerate()
            .all(|(i, w)| self.peek(i).is_some_and(|t| t.is(w)))
    }

    /// Whether this symbol comes next.
    pub fn sees_symbol(&self, symbol: &Token) -> bool {
        self.peek(0).is_some_and(|t| t.token.token == *symbol)
    }

    /// Reads these words if they come next.
    pub fn eat(&mut self, words: &[&str]) -> bool {
        let yes = self.sees(words);
        if yes {
            self.at += words.len();
        }
        yes
    }

    /// Reads a symbol if it comes next.
    pub fn eat_symbol(&mut self, symbol: &Token) -> bool {
        let yes = self.sees_symbol(symbol);
        if yes {
            self.at += 1;
        }
        yes
    }

    /// Reads these words.
    ///
    /// # Errors
    /// A syntax error when something else comes next.
    pub fn expect(&mut self, words: &[&str]) -> Result<()> {
        if self.eat(words) {
            return Ok(());
        }
        // The first word that differs is the wrong one: of `END;` for `END IF`, the semicolon.
        let right = (words.iter().enumerate())
            .take_while(|(i, w)| self.peek(*i).is_some_and(|t| t.is(w)))
            .count();
        self.at += right;
        let e = self.unexpected(&words[right..].join(" "));
        self.at -= right;
        Err(e)
    }

    /// Reads a symbol.
    ///
    /// # Errors
    /// A syntax error when something else comes next.
    pub fn expect_symbol(&mut self, symbol: &Token) -> Result<()> {
        if self.eat_symbol(symbol) {
            Ok(())
        } else {
            Err(self.unexpected(&symbol.to_string()))
        }
    }

    /// The place of the next token.
    pub fn place(&self) -> Position {
        self.peek(0)
            .or_else(|| self.items.last())
            .map_or(Position { line: 1, column: 1 }, Item::at)
    }

    /// The error that the next token is unexpected.
    pub fn unexpected(&self, expected: &str) -> SqlError {
        let near = self
            .peek(0)
            .map(|t| self.text[t.from..t.to].to_owned())
            .unwrap_or_default();
        let e = SqlError::new(ErrorKind::Syntax {
            message: format!("expected {expected}"),
            near,
        });
        match (self.peek(0), self.items.last()) {
            (Some(t), _) => e.at(Some(t.at())),
            // The end of the text.
            (None, Some(t)) => e.at(Some(Position {
                line: t.token.span.end.line,
                column: t.token.span.end.column,
            })),
            (None, None) => e,
        }
    }

    /// A word, quoted or not.
    ///
    /// # Errors
    /// A syntax error when something else comes next.
    pub fn ident(&mut self) -> Result<ast::Ident> {
        match self.peek(0).map(|t| (&t.token.token, t.token.span)) {
            Some((Token::Word(w), span)) => {
                let ident = ast::Ident {
                    value: w.value.clone(),
                    quote_style: w.quote_style,
                    span,
                };
                self.at += 1;
                Ok(ident)
            }
            _ => Err(self.unexpected("an identifier")),
        }
    }

    /// A text in quotes or dollars.
    pub fn string(&mut self) -> Option<String> {
        let s = match &self.peek(0)?.token.token {
            Token::SingleQuotedString(s) | Token::EscapedStringLiteral(s) => s.clone(),
            Token::DollarQuotedString(d) => d.value.clone(),
            _ => return None,
        };
        self.at += 1;
        Some(s)
    }

    /// The source from token `first` up to token `last`, without the latter.
    pub fn slice(&self, first: usize, last: usize) -> &'a str {
        match (
            self.items.get(first),
            last.checked_sub(1).and_then(|i| self.items.get(i)),
        ) {
            (Some(a), Some(b)) if first < last => &self.text[a.from..b.to.max(a.from)],
            _ => "",
        }
    }

    /// The source from token `first` up to token `last`, with blanks for the tokens of `hole`.
    pub fn slice_without(&self, first: usize, last: usize, hole: std::ops::Range<usize>) -> String {
        let all = self.slice(first, last);
        let (Some(start), Some(a), Some(b)) = (
            self.items.get(first),
            self.items.get(hole.start),
            hole.end.checked_sub(1).and_then(|i| self.items.get(i)),
        ) else {
            return all.to_owned();
        };
        let (from, to) = (a.from - start.from, b.to - start.from);
        let mut out = String::with_capacity(all.len());
        out.push_str(&all[..from]);
        out.extend(
            all[from..to]
                .chars()
                .map(|c| if c == '\n' { '\n' } else { ' ' }),
        );
        out.push_str(&all[to..]);
        out
    }

    /// The index of the first token from here on, outside of parentheses, for which `stop` holds; the end otherwise.
    pub fn find(&self, mut stop: impl FnMut(&Item) -> bool) -> usize {
        let mut depth = 0usize;
        for i in self.at..self.items.len() {
            let t = &self.items[i];
            if depth == 0 && stop(t) {
                return i;
            }
            match t.token.token {
                Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
                Token::RParen | Token::RBracket | Token::RBrace => {
                    if depth == 0 {
                        return i;
                    }
                    depth -= 1;
                }
                _ => {}
            }
        }
        self.items.len()
    }

    /// The index of the semicolon that ends the statement here.
    pub fn statement_end(&self) -> usize {
        let mut depth = 0usize;
        for i in self.at..self.items.len() {
            match self.items[i].token.token {
                Token::SemiColon if depth == 0 => return i,
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        self.items.len()
    }

    /// Reads with `sqlparser` and goes on behind what it read.
    ///
    /// # Errors
    /// A syntax error with its place.
    pub fn sql<T>(
        &mut self,
        f: impl FnOnce(&mut Parser<'_>) -> Result<T, ParserError>,
    ) -> Result<T> {
        self.sql_until(self.items.len(), f)
    }

    fn sql_until<T>(
        &mut self,
        end: usize,
        f: impl FnOnce(&mut Parser<'_>) -> Result<T, ParserError>,
    ) -> Result<T> {
        let tokens: Vec<TokenWithSpan> = self.items[self.at..end.max(self.at)]
            .iter()
            .map(|i| i.token.clone())
            .collect();
        let mut parser = Parser::new(self.grammar)
            .with_recursion_limit(DEPTH)
            .with_tokens_with_locations(tokens);
        match f(&mut parser) {
            Ok(v) => {
                self.at += parser.index();
                Ok(v)
            }
            Err(ParserError::RecursionLimitExceeded) => Err(SqlError::raw(
                "001003",
                "54001",
                "statement is nested too deeply",
            )),
            Err(ParserError::ParserError(m) | ParserError::TokenizerError(m)) => {
                let place = m.rsplit_once(" at Line: ").and_then(|(_, tail)| {
                    let (line, column) = tail.split_once(", Column: ")?;
                    Some(Position {
                        line: line.parse().ok()?,
                        column: column.trim().parse().ok()?,
                    })
                });
                let near = place
                    .and_then(|p| self.items.iter().find(|i| i.at() == p))
                    .map(|i| self.text[i.from..i.to].to_owned())
                    .unwrap_or_default();
                Err(SqlError::new(ErrorKind::Syntax { message: m, near }).at(place))
            }
        }
    }

    /// An expression, as far as it goes.
    ///
    /// # Errors
    /// A syntax error with its place.
    pub fn expression(&mut self) -> Result<Source> {
        let (first, at) = (self.at, self.place());
        let expr = self.sql(|p| p.parse_expr())?;
        Ok(Source {
            text: self.slice(first, self.at).to_owned(),
            form: SourceForm::Expr(Box::new(expr)),
            at,
        })
    }

    /// An expression that ends before token `end`: anything that may follow SELECT.
    ///
    /// # Errors
    /// A syntax error with its place.
    pub fn expression_until(&mut self, end: usize) -> Result<Source> {
        let (first, at) = (self.at, self.place());
        if first >= end {
            return Err(self.unexpected("an expression"));
        }
        let text = self.slice(first, end).to_owned();
        let parsed = self.sql_until(end, |p| {
            let e = p.parse_expr()?;
            p.expect_token(&Token::EOF)?;
            Ok(e)
        });
        let form = match parsed {
            Ok(e) => SourceForm::Expr(Box::new(e)),
            Err(e) => {
                let query = Parser::new(self.grammar)
                    .with_recursion_limit(DEPTH)
                    .try_with_sql(&format!("select {text}"))
                    .and_then(|mut p| {
                        let q = p.parse_query()?;
                        p.expect_token(&Token::EOF)?;
                        Ok(q)
                    });
                match query {
                    Ok(q) => SourceForm::Query(q),
                    Err(_) => return Err(e),
                }
            }
        };
        self.at = end;
        Ok(Source { text, form, at })
    }

    /// The source of the whole text.
    pub fn text(&self) -> &'a str {
        self.text
    }
}

/// Byte offsets of places that come in order.
struct Walk<'a> {
    text: &'a str,
    line: u64,
    column: u64,
    byte: usize,
}

impl<'a> Walk<'a> {
    fn new(text: &'a str) -> Self {
        Walk {
            text,
            line: 1,
            column: 1,
            byte: 0,
        }
    }

    fn offset(&mut self, line: u64, column: u64) -> usize {
        if (line, column) < (self.line, self.column) {
            *self = Walk::new(self.text);
        }
        for c in self.text[self.byte..].chars() {
            if (self.line, self.column) >= (line, column) {
                break;
            }
            self.byte += c.len_utf8();
            if c == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.byte
    }
}

/// Whether the token may stand before a statement inside a block.
fn starts_statement(before: Option<&Item>) -> bool {
    match before {
        None => true,
        Some(t) => match &t.token.token {
            Token::SemiColon | Token::ShiftRight | Token::Colon => true,
            Token::Word(_) => ["THEN", "ELSE", "DO", "LOOP", "REPEAT", "BEGIN", "AS"]
                .iter()
                .any(|w| t.is(w)),
            // The body of `CREATE PROCEDURE … AS` may follow its RETURNS clause in parentheses.
            _ => false,
        },
    }
}

/// The index behind the last token of a block that starts at token `first` with DECLARE or BEGIN (its END and label),
/// or None when that is no block: BEGIN that opens a transaction, or a block without its end.
pub fn block_end(items: &[Item], first: usize) -> Option<usize> {
    let mut depth = 0usize;
    let mut i = first;
    while let Some(t) = items.get(i) {
        let next = items.get(i + 1);
        // The body of a procedure that DECLARE makes is no block of this one.
        let nested = depth == 0
            && i > first
            && items[first].is("DECLARE")
            && t.is("AS")
            && next.is_some_and(|n| n.is("BEGIN") || n.is("DECLARE"));
        if nested && let Some(end) = block_end(items, i + 1) {
            i = end;
            continue;
        }
        if t.is("BEGIN")
            && (i == first || starts_statement(i.checked_sub(1).and_then(|b| items.get(b))))
        {
            let transaction = next.is_none_or(|n| {
                n.token.token == Token::SemiColon
                    || n.is("TRANSACTION")
                    || n.is("WORK")
                    || n.is("NAME")
            });
            if transaction {
                if depth == 0 {
                    return None;
                }
            } else {
                depth += 1;
            }
        } else if t.is("CASE") && depth > 0 {
            depth += 1;
        } else if t.is("END") && depth > 0 {
            let other = next.is_some_and(|n| {
                ["IF", "FOR", "WHILE", "LOOP", "REPEAT"]
                    .iter()
                    .any(|w| n.is(w))
            });
            if other {
                i += 2;
                continue;
            }
            if next.is_some_and(|n| n.is("CASE")) {
                i += 1;
            }
            depth -= 1;
            if depth == 0 {
                i += 1;
                // A label may follow.
                if let Some(Item { token, .. }) = items.get(i)
                    && matches!(token.token, Token::Word(_))
                {
                    i += 1;
                }
                return Some(i);
            }
        }
        i += 1;
    }
    None
}
