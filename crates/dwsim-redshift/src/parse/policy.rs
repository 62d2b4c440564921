//! Row-level security and masking policies.
//! Their effect is in `statements`.
//!
//! Source: the guide's CREATE, ALTER, ATTACH, DETACH and DROP of RLS POLICY and MASKING POLICY.

use dwsim_engine::error::{Result, SqlError};
use sqlparser::ast;
use sqlparser::tokenizer::Token;

use super::statement::Statement;
use super::words::Words;

/// A statement about policies.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Of masking rather than of rows.
    pub masking: bool,
    /// Policy.
    pub name: ast::Ident,
    /// What happens with it.
    pub action: PolicyAction,
}

/// What happens with a policy.
#[derive(Debug, Clone)]
pub enum PolicyAction {
    /// CREATE.
    Create {
        /// IF NOT EXISTS.
        if_not_exists: bool,
        /// WITH: columns the expressions use.
        columns: Vec<(ast::Ident, ast::DataType)>,
        /// AS: what the expressions call the table.
        alias: Option<ast::Ident>,
        /// USING: sources of the expressions.
        using: Vec<String>,
    },
    /// ALTER … USING.
    Alter {
        /// Sources of the expressions.
        using: Vec<String>,
    },
    /// DROP.
    Drop {
        /// IF EXISTS.
        if_exists: bool,
        /// CASCADE: detached first.
        cascade: bool,
    },
    /// ATTACH, or DETACH.
    Attach {
        /// ATTACH rather than DETACH.
        attach: bool,
        /// Tables.
        tables: Vec<ast::ObjectName>,
        /// Masked columns, and paths into SUPER columns.
        columns: Vec<Vec<ast::Ident>>,
        /// Columns and paths that the masking expressions get.
        input: Vec<Vec<ast::Ident>>,
        /// Grantees with their kind.
        to: Vec<(&'static str, String)>,
        /// PRIORITY.
        priority: i64,
    },
}

/// `RLS POLICY` or `MASKING POLICY`, where these words come next.
pub(super) fn kind(w: &mut Words<'_>) -> Option<bool> {
    if w.eat(&["rls", "policy"]) {
        Some(false)
    } else if w.eat(&["masking", "policy"]) {
        Some(true)
    } else {
        None
    }
}

fn using(w: &mut Words<'_>) -> Result<Vec<String>> {
    w.expect(&["using"])?;
    w.parenthesized(|w| {
        let start = w.here();
        w.expr()?;
        Ok(w.source_from(start).to_owned())
    })
}

fn statement(masking: bool, name: ast::Ident, action: PolicyAction) -> Statement {
    Statement::Policy(Box::new(Policy {
        masking,
        name,
        action,
    }))
}

/// Reads CREATE of a policy after its kind.
pub(super) fn create(w: &mut Words<'_>, masking: bool) -> Result<Statement> {
    let if_not_exists = w.eat(&["if", "not", "exists"]);
    let name = w.ident()?;
    let mut columns = Vec::new();
    let mut alias = None;
    if w.eat(&["with"]) {
        columns = w.parenthesized(|w| Ok((w.ident()?, w.data_type()?)))?;
        if w.eat(&["as"]) || !w.at(&["using"]) {
            alias = Some(w.ident()?);
        }
    } else if masking {
        return w.unexpected("WITH");
    }
    let using = using(w)?;
    if !masking && using.len() != 1 {
        return w.unexpected("one predicate");
    }
    Ok(statement(
        masking,
        name,
        PolicyAction::Create {
            if_not_exists,
            columns,
            alias,
            using,
        },
    ))
}

/// Reads ALTER of a policy after its kind.
pub(super) fn alter(w: &mut Words<'_>, masking: bool) -> Result<Statement> {
    let name = w.ident()?;
    let using = using(w)?;
    Ok(statement(masking, name, PolicyAction::Alter { using }))
}

/// Reads DROP of a policy after its kind.
pub(super) fn drop(w: &mut Words<'_>, masking: bool) -> Result<Statement> {
    let if_exists = w.eat(&["if", "exists"]);
    let name = w.ident()?;
    let cascade = w.eat(&["cascade"]);
    w.eat(&["restrict"]);
    Ok(statement(
        masking,
        name,
        PolicyAction::Drop { if_exists, cascade },
    ))
}

/// Reads ATTACH or DETACH after its word.
pub(super) fn attach(w: &mut Words<'_>, attach: bool) -> Result<Statement> {
    let Some(masking) = kind(w) else {
        return w.unexpected("RLS POLICY or MASKING POLICY");
    };
    let name = w.ident()?;
    w.expect(&["on"])?;
    w.eat(&["table"]);
    let tables = if masking { vec![w.name()?] } else { w.names()? };
    let columns_of = |w: &mut Words<'_>| -> Result<Vec<Vec<ast::Ident>>> {
        w.parenthesized(|w| {
            let mut path = vec![w.ident()?];
            while w.consume_token(&Token::Period) {
                path.push(w.ident()?);
            }
            if w.next_is(&Token::LBracket) {
                return Err(SqlError::unsupported(
                    "masking of elements of arrays in SUPER",
                ));
            }
            Ok(path)
        })
    };
    let mut columns = Vec::new();
    let mut input = Vec::new();
    if masking {
        columns = columns_of(w)?;
        if attach && w.eat(&["using"]) {
            input = columns_of(w)?;
        }
    }
    w.expect(&[if attach { "to" } else { "from" }])?;
    let to = w.list(super::admin::grantee)?;
    let priority = if masking && attach && w.eat(&["priority"]) {
        w.integer()?
    } else {
        0
    };
    Ok(statement(
        masking,
        name,
        PolicyAction::Attach {
            attach,
            tables,
            columns,
            input,
            to,
            priority,
        },
    ))
}
