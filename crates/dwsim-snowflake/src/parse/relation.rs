//! ALTER VIEW, ALTER SEQUENCE, CREATE RECURSIVE VIEW, and spellings of ALTER TABLE that `sqlparser` does not know.
//! What they do is in `session::relation`; everything else about tables and views is SQL proper.
//!
//! Sources: "ALTER VIEW", "ALTER SEQUENCE", "CREATE VIEW", "ALTER TABLE".

use dwsim_engine::error::Result;
use sqlparser::ast::{self, ObjectName, Statement};
use sqlparser::tokenizer::Token;

use super::{Command, Cursor};

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

/// The text up to a comma or closing parenthesis outside of parentheses.
fn part(c: &mut Cursor<'_>) -> Result<String> {
    let from = c.offset();
    let mut depth = 0usize;
    while !c.at_end() {
        if depth == 0 && (c.sees_token(&Token::Comma) || c.sees_token(&Token::RParen)) {
            break;
        }
        if c.sees_token(&Token::LParen) {
            depth += 1;
        } else if c.sees_token(&Token::RParen) {
            depth -= 1;
        }
        let _ = c.raw();
    }
    Ok(c.text_from(from).to_owned())
}

fn operations(statement: &mut Statement) -> &mut [ast::AlterTableOperation] {
    match statement {
        Statement::AlterTable(a) => &mut a.operations,
        _ => &mut [],
    }
}

/// Adds the operations of one more ALTER TABLE of the same table.
fn join(all: &mut Option<Statement>, more: Statement) {
    match (all.as_mut(), more) {
        (Some(Statement::AlterTable(a)), Statement::AlterTable(b)) => {
            a.operations.extend(b.operations);
        }
        (_, more) => *all = Some(more),
    }
}

/// ALTER TABLE with several columns to add, drop or change, IF [NOT] EXISTS of columns, and MODIFY; None for all others,
/// with nothing read.
pub(super) fn alter_table(c: &mut Cursor<'_>) -> Result<Option<Command>> {
    let mark = c.mark();
    let start = c.offset();
    let found = (|| -> Result<Option<Command>> {
        if !c.eat(&["ALTER", "TABLE"]) {
            return Ok(None);
        }
        let _ = c.eat(&["IF", "EXISTS"]);
        let name = c.name()?;
        let head_end = c.offset();
        let mut comments = Vec::new();
        let head = c.slice(start, head_end).to_owned();
        let mut all: Option<Statement> = None;
        if c.eat(&["ADD"]) {
            let explicit = c.eat(&["COLUMN"]);
            let constraint = [
                "CONSTRAINT",
                "PRIMARY",
                "UNIQUE",
                "FOREIGN",
                "SEARCH",
                "ROW",
            ];
            if !explicit && constraint.iter().any(|w| c.sees(&[w])) {
                return Ok(None);
            }
            loop {
                let there = c.eat(&["IF", "NOT", "EXISTS"]);
                let one = part(c)?;
                let mut statement =
                    Cursor::new(&format!("{head} ADD COLUMN {one}"))?.statement()?;
                for op in operations(&mut statement) {
                    if let ast::AlterTableOperation::AddColumn { if_not_exists, .. } = op {
                        *if_not_exists = there;
                    }
                }
                join(&mut all, statement);
                if !c.eat_token(&Token::Comma) {
                    break;
                }
                let _ = c.eat(&["ADD"]);
                let _ = c.eat(&["COLUMN"]);
            }
            c.end()?;
            return Ok(all.map(|s| Command::Sql(Box::new(s))));
        }
        if c.eat(&["DROP"]) {
            let explicit = c.eat(&["COLUMN"]);
            let others = [
                "CONSTRAINT",
                "PRIMARY",
                "UNIQUE",
                "FOREIGN",
                "CLUSTERING",
                "SEARCH",
                "ROW",
                "ALL",
            ];
            if !explicit && others.iter().any(|w| c.sees(&[w])) {
                return Ok(None);
            }
            let there = c.eat(&["IF", "EXISTS"]);
            let first = c.ident()?;
            let mut names = vec![first.clone()];
            while c.eat_token(&Token::Comma) {
                let _ = c.eat(&["COLUMN"]);
                names.push(c.ident()?);
            }
            c.end()?;
            let mut statement = Cursor::new(&format!("{head} DROP COLUMN {first}"))?.statement()?;
            for op in operations(&mut statement) {
                if let ast::AlterTableOperation::DropColumn {
                    column_names,
                    if_exists,
                    ..
                } = op
                {
                    column_names.clone_from(&names);
                    *if_exists = there;
                }
            }
            return Ok(Some(Command::Sql(Box::new(statement))));
        }
        if c.eat(&["MODIFY"]) || c.eat(&["ALTER"]) {
            let parens = c.eat_token(&Token::LParen);
            loop {
                let _ = c.eat(&["COLUMN"]);
                let at = c.offset();
                let column = c.ident()?;
                let comment = if c.eat(&["COMMENT"]) {
                    Some(c.string()?)
                } else if c.eat(&["UNSET", "COMMENT"]) {
                    Some(String::new())
                } else {
                    None
                };
                if let Some(comment) = comment {
                    let mut of = name.clone();
                    of.0.push(ast::ObjectNamePart::Identifier(column));
                    comments.push(Command::Comment("COLUMN".into(), of, comment, false));
                    if !c.eat_token(&Token::Comma) {
                        break;
                    }
                    let _ = c.eat(&["MODIFY"]) || c.eat(&["ALTER"]);
                    continue;
                }
                let change = if c.eat(&["SET", "DATA", "TYPE"]) || c.eat(&["TYPE"]) {
                    format!("{column} SET DATA TYPE {}", part(c)?)
                } else if c.sees(&["SET"]) || c.sees(&["DROP"]) {
                    let _ = part(c)?;
                    c.text_from(at).to_owned()
                } else if c.eat(&["NOT", "NULL"]) {
                    format!("{column} SET NOT NULL")
                } else {
                    format!("{column} SET DATA TYPE {}", part(c)?)
                };
                let text = format!("{head} ALTER COLUMN {change}");
                join(&mut all, Cursor::new(&text)?.statement()?);
                if !c.eat_token(&Token::Comma) {
                    break;
                }
                let _ = c.eat(&["MODIFY"]) || c.eat(&["ALTER"]);
            }
            if parens {
                c.expect_token(&Token::RParen)?;
            }
            c.end()?;
            let mut out: Vec<Command> =
                all.map(|s| Command::Sql(Box::new(s))).into_iter().collect();
            out.extend(comments);
            return Ok(Some(match out.pop() {
                Some(one) if out.is_empty() => one,
                last => {
                    out.extend(last);
                    Command::Each(out)
                }
            }));
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
