//! COPY INTO a table or a location.
//! Reading and writing files is the work of `session::copy`.

use std::collections::BTreeMap;

use dwsim_engine::error::Result;
use sqlparser::ast::{self, Ident, ObjectName};
use sqlparser::tokenizer::Token;

use super::{Cursor, Options};

/// What is copied to.
#[derive(Debug, Clone, PartialEq)]
pub enum CopyTarget {
    /// A table, with its columns where they are named.
    Table(ObjectName, Vec<Ident>),
    /// A stage or URL.
    Location(String),
}

/// What is copied from.
#[derive(Debug, Clone, PartialEq)]
pub enum CopyFrom {
    /// Files at a stage or URL.
    Location(String),
    /// A query over a table, or over staged files.
    Query(Box<ast::Query>),
    /// A table.
    Table(ObjectName),
}

/// A COPY INTO command.
#[derive(Debug, Clone, PartialEq)]
pub struct CopyInto {
    /// Where to.
    pub target: CopyTarget,
    /// Where from.
    pub from: CopyFrom,
    /// The location that a query over staged files names, with the alias of its rows.
    pub staged: Option<String>,
    /// Only files that are not older than this, in seconds since the epoch: what refreshing a pipe may ask for.
    pub modified_after: Option<i64>,
    /// Files that are passed over, by name, as long as they have this entity tag.
    pub except: BTreeMap<String, String>,
    /// PARTITION BY of an unload.
    pub partition_by: Option<ast::Expr>,
    /// FILES, PATTERN, FILE_FORMAT and all copy options.
    pub options: Options,
}

pub(super) fn copy(c: &mut Cursor<'_>) -> Result<CopyInto> {
    let target = if c.sees_location() {
        CopyTarget::Location(c.location()?)
    } else {
        let name = c.name()?;
        let mut columns = Vec::new();
        if c.eat_token(&Token::LParen) {
            loop {
                columns.push(c.ident()?);
                if !c.eat_token(&Token::Comma) {
                    break;
                }
            }
            c.expect_token(&Token::RParen)?;
        }
        CopyTarget::Table(name, columns)
    };
    c.expect(&["FROM"])?;
    let mut staged = None;
    let from = if c.sees_location() {
        CopyFrom::Location(c.location()?)
    } else if c.eat_token(&Token::LParen) {
        let (q, location) = staged_query(c)?;
        staged = location;
        c.expect_token(&Token::RParen)?;
        CopyFrom::Query(q)
    } else {
        CopyFrom::Table(c.name()?)
    };
    let partition_by = if c.eat(&["PARTITION", "BY"]) {
        Some(c.sql(|p| p.parse_expr())?)
    } else {
        None
    };
    let options = c.options()?;
    c.end()?;
    Ok(CopyInto {
        target,
        from,
        staged,
        modified_after: None,
        except: BTreeMap::new(),
        partition_by,
        options,
    })
}

/// The name that stands in a query for the rows of staged files.
pub const STAGED: &str = "$STAGED$";

/// A query whose FROM may be a location: it is parsed with a plain name in its place.
fn staged_query(c: &mut Cursor<'_>) -> Result<(Box<ast::Query>, Option<String>)> {
    let (text, location) = c.without_location()?;
    match location {
        None => Ok((c.sql(|p| p.parse_query())?, None)),
        Some(location) => Ok((super::query(&text)?, Some(location))),
    }
}

impl Cursor<'_> {
    /// Reads a query up to its closing parenthesis when it reads from a location, and gives its text with
    /// [`STAGED`] in the location's place. Without a location nothing is read.
    ///
    /// # Errors
    /// A syntax error when the parenthesis is missing.
    fn without_location(&mut self) -> Result<(String, Option<String>)> {
        let mark = self.mark();
        let start = self.offset();
        let mut depth = 0usize;
        let mut found = None;
        loop {
            if self.at_end() {
                return Err(self.error(")"));
            }
            if self.eat_token(&Token::LParen) {
                depth += 1;
            } else if self.sees_token(&Token::RParen) {
                if depth == 0 {
                    break;
                }
                depth -= 1;
                let _ = self.raw();
            } else if found.is_none() && self.eat(&["FROM"]) {
                if self.sees_location() {
                    let from = self.offset();
                    let location = self.location()?;
                    found = Some((from, self.offset(), location));
                }
            } else {
                let _ = self.raw();
            }
        }
        match found {
            None => {
                self.reset(mark);
                Ok((String::new(), None))
            }
            Some((from, to, location)) => {
                let end = self.offset();
                let text = format!(
                    "{}\"{STAGED}\" {}",
                    self.slice(start, from),
                    self.slice(to, end)
                );
                Ok((text, Some(location)))
            }
        }
    }
}
