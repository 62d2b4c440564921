//! ALTER VIEW, ALTER SEQUENCE, CREATE RECURSIVE VIEW, and spellings of ALTER TABLE that `sqlparser` does not know.
//! What they do is in `session::relation`; everything else about tables and views is SQL proper.
//!
//! Sources: "ALTER VIEW", "ALTER SEQUENCE", "CREATE VIEW", "ALTER TABLE".

use dwsim_engine::error::Result;
use sqlparser::ast::{self, ObjectName, Statement};
use sqlparser::tokenizer::Token;

use super::Cursor;

/// What ALTER VIEW does.
#[derive(Debug, Clone, PartialEq)]
pub enum ViewChange {
    /// RENAME TO.
    Rename(ObjectName),
    /// SET or UNSET SECURE.
    Secure(bool),
    /// SET or UNSET COMMENT.
    Comment(Option<String>),
}

/// What ALTER SEQUENCE does.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SequenceChange {
    /// RENAME TO.
    pub rename: Option<ObjectName>,
    /// SET INCREMENT.
    pub step: Option<i64>,
    /// SET COMMENT, or UNSET COMMENT.
    pub comment: Option<Option<String>>,
}

/// `COMMENT = 'text'`.
fn comment(c: &mut Cursor<'_>) -> Result<String> {
    c.expect(&["COMMENT"])?;
    c.expect_token(&Token::Eq)?;
    c.string()
}

/// What follows ALTER \[MATERIALIZED\] VIEW \[IF EXISTS\] name; None when it is something else.
pub(super) fn view_change(c: &mut Cursor<'_>) -> Result<Option<ViewChange>> {
    let change = if c.eat(&["RENAME", "TO"]) {
        ViewChange::Rename(c.name()?)
    } else if c.eat(&["SET", "SECURE"]) {
        ViewChange::Secure(true)
    } else if c.eat(&["UNSET", "SECURE"]) {
        ViewChange::Secure(false)
    } else if c.sees(&["SET", "COMMENT"]) {
        c.expect(&["SET"])?;
        ViewChange::Comment(Some(comment(c)?))
    } else if c.eat(&["UNSET", "COMMENT"]) {
        ViewChange::Comment(None)
    } else {
        return Ok(None);
    };
    c.end()?;
    Ok(Some(change))
}

/// What follows ALTER SEQUENCE \[IF EXISTS\] name.
pub(super) fn sequence_change(c: &mut Cursor<'_>) -> Result<SequenceChange> {
    let mut change = SequenceChange::default();
    if c.eat(&["RENAME", "TO"]) {
        change.rename = Some(c.name()?);
    } else if c.eat(&["UNSET", "COMMENT"]) {
        change.comment = Some(None);
    } else {
        let _ = c.eat(&["SET"]);
        while !c.at_end() {
            if c.eat(&["INCREMENT"]) {
                let _ = c.eat(&["BY"]);
                let _ = c.eat_token(&Token::Eq);
                let negative = c.eat_token(&Token::Minus);
                let n = i64::try_from(c.number()?).map_err(|_| c.error("a smaller number"))?;
                change.step = Some(if negative { -n } else { n });
            } else if c.eat(&["ORDER"]) || c.eat(&["NOORDER"]) {
                // Values come in order here whatever is said, which both allow.
            } else if c.sees(&["COMMENT"]) {
                change.comment = Some(Some(comment(c)?));
            } else {
                return Err(c.error("INCREMENT, ORDER, NOORDER or COMMENT"));
            }
            let _ = c.eat_token(&Token::Comma);
        }
    }
    c.end()?;
    Ok(change)
}

/// The text of a recursive view as a view over a recursive table expression; the cursor stands after RECURSIVE.
pub(super) fn recursive_view(c: &mut Cursor<'_>, or_replace: bool) -> Result<Statement> {
    c.expect(&["VIEW"])?;
    let if_not_exists = c.eat(&["IF", "NOT", "EXISTS"]);
    let name = c.name()?;
    let own = name.0.last().cloned();
    c.expect_token(&Token::LParen)?;
    let mut columns = vec![c.ident()?.to_string()];
    while c.eat_token(&Token::Comma) {
        columns.push(c.ident()?.to_string());
    }
    c.expect_token(&Token::RParen)?;
    c.expect(&["AS"])?;
    let from = c.offset();
    let _ = c.sql(|p| p.parse_query())?;
    let body = c.text_from(from).to_owned();
    c.end()?;
    let columns = columns.join(", ");
    let own = own.map_or_else(String::new, |n| n.to_string());
    let text = format!(
        "CREATE {}VIEW {}{name} ({columns}) AS WITH RECURSIVE {own} ({columns}) AS ({body}) SELECT * FROM {own}",
        if or_replace { "OR REPLACE " } else { "" },
        if if_not_exists { "IF NOT EXISTS " } else { "" },
    );
    Cursor::new(&text)?.statement()
}

/// ALTER TABLE with ADD COLUMN IF NOT EXISTS or MODIFY COLUMN … DROP/SET; None for all others, with nothing read.
pub(super) fn alter_table(c: &mut Cursor<'_>) -> Result<Option<Statement>> {
    let mark = c.mark();
    let start = c.offset();
    let found = (|| -> Result<Option<Statement>> {
        if !c.eat(&["ALTER", "TABLE"]) {
            return Ok(None);
        }
        let _ = c.eat(&["IF", "EXISTS"]);
        let _ = c.name()?;
        let head_end = c.offset();
        if c.eat(&["ADD"]) {
            let _ = c.eat(&["COLUMN"]);
            if !c.eat(&["IF", "NOT", "EXISTS"]) {
                return Ok(None);
            }
            let text = format!(
                "{} ADD COLUMN {}",
                c.slice(start, head_end),
                c.slice(c.offset(), usize::MAX)
            );
            let mut statement = Cursor::new(&text)?.statement()?;
            if let Statement::AlterTable(a) = &mut statement {
                for op in &mut a.operations {
                    if let ast::AlterTableOperation::AddColumn { if_not_exists, .. } = op {
                        *if_not_exists = true;
                    }
                }
            }
            return Ok(Some(statement));
        }
        if c.eat(&["MODIFY"]) {
            let _ = c.eat(&["COLUMN"]);
            let at = c.offset();
            let _ = c.ident()?;
            let changes = ["DROP", "SET", "UNSET", "TYPE"];
            if !changes.iter().any(|w| c.sees(&[w])) {
                return Ok(None);
            }
            let text = format!(
                "{} ALTER COLUMN {}",
                c.slice(start, head_end),
                c.slice(at, usize::MAX)
            );
            return Cursor::new(&text)?.statement().map(Some);
        }
        Ok(None)
    })();
    match found {
        Ok(Some(s)) => Ok(Some(s)),
        // What cannot be read here gets the error of the whole statement.
        _ => {
            c.reset(mark);
            Ok(None)
        }
    }
}
