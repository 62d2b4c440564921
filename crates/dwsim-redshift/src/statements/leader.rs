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

/// Whether a call is COLLATE(…, 'case_insensitive').
fn folds_case(e: &ast::Expr) -> bool {
    let ast::Expr::Function(f) = e else {
        return false;
    };
    let collate = f
        .name
        .0
        .last()
        .and_then(|p| p.as_ident())
        .is_some_and(|i| i.value.eq_ignore_ascii_case("collate"));
    let ast::FunctionArguments::List(arguments) = &f.args else {
        return false;
    };
    collate
        && arguments.args.last().is_some_and(|w| {
            let w = w.to_string().trim_matches('\'').to_lowercase();
            crate::dialect::collation(&w) == Some(crate::dialect::CASE_INSENSITIVE)
        })
}

impl RedshiftSession {
    /// Fails when a query of catalog tables alone, which the leader node answers, compares without regard to case
    /// (r_CREATE_DATABASE, "Database collation limitations").
    fn check_leader_collation(&self, node: &impl ast::Visit) -> Result<()> {
        let folded = ast::visit_expressions(node, |e| match folds_case(e) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        });
        if folded.is_continue() {
            return Ok(());
        }
        let (mut catalog, mut other) = (false, false);
        let _ = ast::visit_relations(node, |name| {
            let last = name.0.last().and_then(|p| p.as_ident());
            match last.is_some_and(|i| i.value.to_lowercase().starts_with("pg_")) {
                true => catalog = true,
                false => other = true,
            }
            ControlFlow::<()>::Continue(())
        });
        if catalog && !other {
            return Err(SqlError::raw(
                "",
                "0A000",
                "Case insensitive collation is not supported in leader node only query.",
            ));
        }
        Ok(())
    }

    /// Fails when a query with tables calls a function of the leader node.
    ///
    /// # Errors
    /// `0A000`, after an INFO message for each function.
    pub(super) fn check_leader_only(&mut self, node: &impl ast::Visit) -> Result<()> {
        self.check_leader_collation(node)?;
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
