//! Policies that hold an expression: CREATE and ALTER of masking, row access, aggregation and projection policies, and
//! the clauses that attach policies and tags to tables, views and their columns.
//! What a policy does to a query is told by `policies`.
//!
//! Sources: "CREATE MASKING POLICY", "CREATE ROW ACCESS POLICY", "ALTER TABLE … ALTER COLUMN", "CREATE TABLE".

use dwsim_engine::error::Result;
use sqlparser::ast::{DataType, Ident, ObjectName};
use sqlparser::tokenizer::Token;

use super::{Cursor, Options};

/// The kinds whose body is an expression, as statements name them.
const KINDS: &[&[&str]] = &[
    &["MASKING", "POLICY"],
    &["ROW", "ACCESS", "POLICY"],
    &["AGGREGATION", "POLICY"],
    &["PROJECTION", "POLICY"],
    &["JOIN", "POLICY"],
];

/// CREATE … POLICY … AS (arguments) RETURNS type -> body.
#[derive(Debug, Clone, PartialEq)]
pub struct CreatePolicy {
    /// "MASKING POLICY", "ROW ACCESS POLICY", …
    pub kind: String,
    /// Name.
    pub name: ObjectName,
    /// OR REPLACE.
    pub or_replace: bool,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// Arguments: names and types.
    pub arguments: Vec<(Ident, DataType)>,
    /// Type of the result.
    pub returns: DataType,
    /// The expression as written.
    pub body: String,
    /// COMMENT, EXEMPT_OTHER_POLICIES.
    pub options: Options,
}

/// What ALTER … POLICY does.
#[derive(Debug, Clone, PartialEq)]
pub enum PolicyChange {
    /// RENAME TO.
    Rename(ObjectName),
    /// SET BODY.
    Body(String),
    /// SET COMMENT.
    Comment(Option<String>),
}

/// A policy or tag that a clause attaches or detaches.
#[derive(Debug, Clone, PartialEq)]
pub enum Attachment {
    /// MASKING POLICY of a column: the policy and the columns of USING, or UNSET.
    Masking {
        /// The column.
        column: Ident,
        /// The policy; None takes away what is there.
        policy: Option<ObjectName>,
        /// Columns of USING, the masked one first.
        using: Vec<Ident>,
        /// FORCE: another policy is replaced.
        force: bool,
    },
    /// ROW ACCESS POLICY with the columns of ON.
    Rows(ObjectName, Vec<Ident>),
    /// DROP ROW ACCESS POLICY; None is all of them.
    NoRows(Option<ObjectName>),
    /// A tag of a column or of the relation itself; no value takes it away.
    Tag(Option<Ident>, ObjectName, Option<String>),
}

/// The kind that comes next, read.
pub(super) fn kind(c: &mut Cursor<'_>) -> Option<String> {
    KINDS.iter().find(|k| c.eat(k)).map(|k| k.join(" "))
}

fn expression(c: &mut Cursor<'_>) -> Result<String> {
    let from = c.offset();
    let _ = c.sql(|p| p.parse_expr())?;
    Ok(c.text_from(from).to_owned())
}

fn data_type(c: &mut Cursor<'_>) -> Result<DataType> {
    c.sql(|p| p.parse_data_type())
}

/// CREATE, behind the kind.
pub(super) fn create(c: &mut Cursor<'_>, kind: String, or_replace: bool) -> Result<CreatePolicy> {
    let if_not_exists = c.eat(&["IF", "NOT", "EXISTS"]);
    let name = c.name()?;
    c.expect(&["AS"])?;
    c.expect_token(&Token::LParen)?;
    let mut arguments = Vec::new();
    while !c.eat_token(&Token::RParen) {
        arguments.push((c.ident()?, data_type(c)?));
        let _ = c.eat_token(&Token::Comma);
    }
    c.expect(&["RETURNS"])?;
    let returns = data_type(c)?;
    c.expect_token(&Token::Arrow)?;
    let body = expression(c)?;
    let options = c.options()?;
    c.end()?;
    options.only(&["COMMENT", "EXEMPT_OTHER_POLICIES"])?;
    Ok(CreatePolicy {
        kind,
        name,
        or_replace,
        if_not_exists,
        arguments,
        returns,
        body,
        options,
    })
}

/// ALTER, behind the name.
pub(super) fn change(c: &mut Cursor<'_>) -> Result<PolicyChange> {
    let change = if c.eat(&["RENAME", "TO"]) {
        PolicyChange::Rename(c.name()?)
    } else if c.eat(&["SET", "BODY"]) {
        c.expect_token(&Token::Arrow)?;
        PolicyChange::Body(expression(c)?)
    } else if c.eat(&["UNSET", "COMMENT"]) {
        PolicyChange::Comment(None)
    } else {
        c.expect(&["SET", "COMMENT"])?;
        c.expect_token(&Token::Eq)?;
        PolicyChange::Comment(Some(c.string()?))
    };
    c.end()?;
    Ok(change)
}

/// Names in parentheses.
fn masking(c: &mut Cursor<'_>, column: Ident) -> Result<Attachment> {
    let policy = Some(c.name()?);
    let using = if c.eat(&["USING"]) {
        c.idents_in_parens()?
    } else {
        Vec::new()
    };
    let force = c.eat(&["FORCE"]);
    Ok(Attachment::Masking {
        column,
        policy,
        using,
        force,
    })
}

fn rows(c: &mut Cursor<'_>) -> Result<Attachment> {
    let policy = c.name()?;
    c.expect(&["ON"])?;
    Ok(Attachment::Rows(policy, c.idents_in_parens()?))
}

fn tags(c: &mut Cursor<'_>, column: Option<&Ident>, out: &mut Vec<Attachment>) -> Result<()> {
    loop {
        let tag = c.name()?;
        c.expect_token(&Token::Eq)?;
        out.push(Attachment::Tag(column.cloned(), tag, Some(c.string()?)));
        if !c.eat_token(&Token::Comma) {
            return Ok(());
        }
    }
}

/// What follows `ALTER TABLE | VIEW name` when it attaches or detaches policies or tags of columns; None, with nothing
/// read, when it is something else.
pub(super) fn alter(c: &mut Cursor<'_>) -> Option<Result<Vec<Attachment>>> {
    let mark = c.mark();
    let found = alter_inner(c).transpose();
    if found.is_none() {
        c.reset(mark);
    }
    found
}

fn alter_inner(c: &mut Cursor<'_>) -> Result<Option<Vec<Attachment>>> {
    let mut out = Vec::new();
    if c.eat(&["ADD", "ROW", "ACCESS", "POLICY"]) {
        out.push(rows(c)?);
    } else if c.eat(&["DROP", "ALL", "ROW", "ACCESS", "POLICIES"]) {
        out.push(Attachment::NoRows(None));
    } else if c.eat(&["DROP", "ROW", "ACCESS", "POLICY"]) {
        out.push(Attachment::NoRows(Some(c.name()?)));
        if c.eat_token(&Token::Comma) {
            c.expect(&["ADD", "ROW", "ACCESS", "POLICY"])?;
            out.push(rows(c)?);
        }
    } else if c.eat(&["ALTER"]) || c.eat(&["MODIFY"]) {
        loop {
            let _ = c.eat(&["COLUMN"]);
            let Ok(column) = c.ident() else {
                return Ok(None);
            };
            if c.eat(&["SET", "MASKING", "POLICY"]) {
                out.push(masking(c, column)?);
            } else if c.eat(&["UNSET", "MASKING", "POLICY"]) {
                out.push(Attachment::Masking {
                    column,
                    policy: None,
                    using: Vec::new(),
                    force: false,
                });
            } else if c.eat(&["SET", "TAG"]) {
                tags(c, Some(&column), &mut out)?;
            } else if c.eat(&["UNSET", "TAG"]) {
                out.push(Attachment::Tag(Some(column), c.name()?, None));
            } else {
                return Ok(None);
            }
            if !c.eat_token(&Token::Comma) {
                break;
            }
            let _ = c.eat(&["ALTER"]) || c.eat(&["MODIFY"]);
        }
    } else {
        return Ok(None);
    }
    c.end()?;
    Ok(Some(out))
}

/// The clauses of CREATE TABLE and CREATE VIEW that attach policies and tags, read and taken out of the statement; the
/// cursor stands at its start before and after. Empty when there are none.
pub(super) fn take(c: &mut Cursor<'_>) -> Result<Vec<Attachment>> {
    let start = c.mark();
    let mut out = Vec::new();
    let mut depth = 0usize;
    let mut column: Option<Ident> = None;
    let mut fresh = false;
    // Behind AS only a query comes.
    while !(c.at_end() || depth == 0 && c.sees(&["AS"])) {
        let from = c.mark();
        if depth <= 1 {
            let _ = c.eat(&["WITH"]);
            let owner = (depth == 1).then_some(()).and(column.clone());
            if let (Some(column), true) = (&owner, c.eat(&["MASKING", "POLICY"])) {
                out.push(masking(c, column.clone())?);
                c.cut(from);
                continue;
            }
            if depth == 0 && c.eat(&["ROW", "ACCESS", "POLICY"]) {
                out.push(rows(c)?);
                c.cut(from);
                continue;
            }
            if (depth == 0 || owner.is_some()) && c.eat(&["TAG"]) && c.eat_token(&Token::LParen) {
                tags(c, owner.as_ref(), &mut out)?;
                c.expect_token(&Token::RParen)?;
                c.cut(from);
                continue;
            }
            c.reset(from);
        }
        if depth == 1 && fresh {
            column = c.ident().ok();
            fresh = false;
            if column.is_some() {
                continue;
            }
        }
        if c.eat_token(&Token::LParen) {
            depth += 1;
            fresh = depth == 1;
            column = None;
        } else if c.eat_token(&Token::RParen) {
            depth = depth.saturating_sub(1);
        } else if c.eat_token(&Token::Comma) {
            fresh = depth == 1;
        } else {
            let _ = c.raw();
        }
    }
    c.reset(start);
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn clauses_are_taken_out() {
        for (text, rest, count) in [
            (
                "create table t (a int, b text with masking policy p using (b, a), c int tag (x = 'y'))",
                "create table t (a int, b text, c int)",
                2,
            ),
            (
                "create view v (a masking policy p) with row access policy d.r on (a) as select 1 as a",
                "create view v (a) as select 1 as a",
                2,
            ),
            ("create table t (a number(3, 2) not null, tag int)", "", 0),
            (
                "create table t (a int) with tag (x = '1', y = '2')",
                "create table t (a int)",
                2,
            ),
        ] {
            let mut c = Cursor::new(text).unwrap();
            assert_eq!(take(&mut c).unwrap().len(), count, "{text}");
            let left = c.statement().unwrap().to_string();
            let want = if rest.is_empty() { text } else { rest };
            let want = Cursor::new(want).unwrap().statement().unwrap().to_string();
            assert_eq!(left, want);
        }
    }
}
