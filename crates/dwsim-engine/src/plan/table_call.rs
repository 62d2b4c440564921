//! A call in FROM: `TABLE(f(…))`, `LATERAL f(…)`, `f(…)`.
//! Which functions exist is the dialects' affair.

use sqlparser::ast;

use super::Relation;

/// A table function call as it stands in FROM.
#[derive(Debug)]
pub struct TableCall<'a> {
    /// Arguments as parsed; names are part of [`ast::FunctionArg`].
    pub args: &'a [ast::FunctionArg],
    /// What stands before the call in FROM, when the call may refer to it.
    pub lateral: Option<&'a Relation>,
    /// Alias and column aliases.
    pub alias: Option<&'a ast::TableAlias>,
    /// LEFT JOIN: rows of `lateral` without results stay.
    pub outer: bool,
}
