//! Functions that only the leader node has: a query that reads tables cannot call them.
//! What they compute is in `functions`.
//!
//! Source: the guide's pages "SQL functions supported on the leader node" and "Leader node-only functions".

use std::ops::ControlFlow;

use dwsim_engine::error::{Result, SqlError};
use sqlparser::ast;

use super::session::RedshiftSession;
use crate::protocol::Notice;

/// The functions, in lower case.
const FUNCTIONS: &[&str] = &[
    "age",
    "current_schema",
    "current_schemas",
    "current_time",
    "current_timestamp",
    "has_database_privilege",
    "has_schema_privilege",
    "has_table_privilege",
    "isfinite",
    "localtime",
    "localtimestamp",
    "now",
    "pg_get_viewdef",
    "pg_table_is_visible",
];

/// The leader's functions that an expression calls itself.
fn called(e: &ast::Expr) -> Option<&'static str> {
    let name = match e {
        ast::Expr::Function(f) => f.name.0.last()?.as_ident()?,
        ast::Expr::Identifier(i) if i.quote_style.is_none() => i,
        _ => return None,
    };
    let bare = matches!(e, ast::Expr::Identifier(_));
    FUNCTIONS
        .iter()
        .find(|f| name.value.eq_ignore_ascii_case(f))
        // Without parentheses only these are functions.
        .filter(|f| !bare || f.starts_with("current_") || f.starts_with("local"))
        .copied()
}

fn calls(node: &impl ast::Visit) -> Vec<&'static str> {
    let mut found = Vec::new();
    let _ = ast::visit_expressions(node, |e| {
        if let Some(name) = called(e)
            && !found.contains(&name)
        {
            found.push(name);
        }
        ControlFlow::<()>::Continue(())
    });
    found
}

impl RedshiftSession {
    /// Fails when a query with tables calls a function of the leader node.
    ///
    /// # Errors
    /// `0A000`, after an INFO message for each function.
    pub(super) fn check_leader_only(&mut self, node: &impl ast::Visit) -> Result<()> {
        let functions = calls(node);
        if functions.is_empty() {
            return Ok(());
        }
        let mut names = Vec::new();
        let _ = ast::visit_relations(node, |name| {
            names.push(name.clone());
            ControlFlow::<()>::Continue(())
        });
        if !names.iter().any(|n| self.engine.relation(n).is_ok()) {
            return Ok(());
        }
        for f in functions {
            self.notices
                .push(Notice::info(format!("Function \"{f}()\" not supported.")));
        }
        Err(SqlError::raw(
            "",
            "0A000",
            "Specified types or functions (one per INFO message) not supported on Redshift tables.",
        ))
    }
}
