//! Options as commands take them: `NAME = value`, in any order, with lists and nested options in parentheses.
//! Which options exist is checked by who reads them.

use dwsim_engine::error::{Result, SqlError};
use sqlparser::tokenizer::Token;

use super::Cursor;

/// A value of an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionValue {
    /// A word, number or string. The flag says that it was a string.
    Word(String, bool),
    /// `(a, b, …)`.
    List(Vec<String>),
    /// `(NAME = value …)`.
    Nested(Options),
}

/// Options by upper-case name, in the order given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options(pub Vec<(String, OptionValue)>);

impl Options {
    /// The value of an option.
    pub fn get(&self, name: &str) -> Option<&OptionValue> {
        self.0.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// The text of an option that is a word or a string.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            OptionValue::Word(s, _) => Some(s),
            _ => None,
        }
    }

    /// An option that is TRUE or FALSE.
    ///
    /// # Errors
    /// For any other value.
    pub fn flag(&self, name: &str) -> Result<Option<bool>> {
        match self.get(name) {
            None => Ok(None),
            Some(OptionValue::Word(w, _)) if w.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(OptionValue::Word(w, _)) if w.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(invalid(name)),
        }
    }

    /// An option that is a number.
    ///
    /// # Errors
    /// For any other value.
    pub fn number(&self, name: &str) -> Result<Option<u64>> {
        match self.get(name) {
            None => Ok(None),
            Some(OptionValue::Word(w, _)) => w.parse().map(Some).map_err(|_| invalid(name)),
            Some(_) => Err(invalid(name)),
        }
    }

    /// Fails for an option that is not among these.
    ///
    /// # Errors
    /// Names the first unknown option.
    pub fn only(&self, known: &[&str]) -> Result<()> {
        match self.0.iter().find(|(n, _)| !known.contains(&n.as_str())) {
            None => Ok(()),
            Some((n, _)) => Err(SqlError::raw(
                "001008",
                "42601",
                format!("SQL compilation error:\ninvalid parameter '{n}'"),
            )),
        }
    }
}

/// The error for a value that an option does not take.
pub fn invalid(name: &str) -> SqlError {
    SqlError::raw(
        "001008",
        "22023",
        format!("SQL compilation error:\ninvalid value for parameter '{name}'"),
    )
}

impl Cursor<'_> {
    /// Options up to something that is none.
    ///
    /// # Errors
    /// A syntax error inside of an option.
    pub fn options(&mut self) -> Result<Options> {
        let mut out = Options::default();
        loop {
            self.eat_token(&Token::Comma);
            let mark = self.mark();
            let Some(name) = self.peek_word(0) else { break };
            let _ = self.ident();
            if !self.eat_token(&Token::Eq) {
                self.reset(mark);
                break;
            }
            let value = self.option_value()?;
            out.0.push((name, value));
        }
        Ok(out)
    }

    /// The value of an option, behind its `=`.
    ///
    /// # Errors
    /// A syntax error inside of it.
    pub(super) fn option_value(&mut self) -> Result<OptionValue> {
        if self.eat_token(&Token::LParen) {
            let mark = self.mark();
            if self.peek_word(0).is_some() {
                let nested = self.options()?;
                if !nested.0.is_empty() && self.eat_token(&Token::RParen) {
                    return Ok(OptionValue::Nested(nested));
                }
                self.reset(mark);
            }
            let mut items = Vec::new();
            while !self.eat_token(&Token::RParen) {
                items.push(self.word_or_string()?.0);
                self.eat_token(&Token::Comma);
            }
            return Ok(OptionValue::List(items));
        }
        let (text, quoted) = self.word_or_string()?;
        Ok(OptionValue::Word(text, quoted))
    }

    fn word_or_string(&mut self) -> Result<(String, bool)> {
        if self.sees_string() {
            return Ok((self.string()?, true));
        }
        let minus = self.eat_token(&Token::Minus);
        if self.at_end() {
            return Err(self.error("a value"));
        }
        // A name may have several parts: FORMAT_NAME = db.schema.name
        if self.peek_word(0).is_some() || !minus {
            let mark = self.mark();
            if let Ok(name) = self.name() {
                return Ok((name.to_string(), false));
            }
            self.reset(mark);
        }
        let value = self.raw().unwrap_or_default();
        Ok((if minus { format!("-{value}") } else { value }, false))
    }
}
