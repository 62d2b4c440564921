//! Functions of a SELECT list that change something: SET_CONFIG and CHANGE_QUERY_, CHANGE_SESSION_ and CHANGE_USER_PRIORITY.
//! They run once, when the statement is executed, and stand as their results in the query that the engine runs.

use datafusion::scalar::ScalarValue;
use dwsim_engine::catalog::ObjectKind;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::Typed;
use dwsim_engine::scripting::SourceForm;
use sqlparser::ast;

use super::privileges::Rights;
use super::session::RedshiftSession;
use super::settings;
use crate::parse::Statement;

/// The functions, in lower case.
const FUNCTIONS: &[&str] = &[
    "set_config",
    "change_query_priority",
    "change_session_priority",
    "change_user_priority",
];

const PRIORITIES: &[&str] = &["critical", "highest", "high", "normal", "low", "lowest"];

fn function(item: &ast::SelectItem) -> Option<(&'static str, &ast::Function)> {
    let (ast::SelectItem::UnnamedExpr(ast::Expr::Function(f))
    | ast::SelectItem::ExprWithAlias {
        expr: ast::Expr::Function(f),
        ..
    }) = item
    else {
        return None;
    };
    let name = f.name.0.last()?.as_ident()?;
    FUNCTIONS
        .iter()
        .find(|n| name.value.eq_ignore_ascii_case(n))
        .map(|n| (*n, f))
}

fn items(query: &ast::Query) -> Option<&[ast::SelectItem]> {
    match query.body.as_ref() {
        ast::SetExpr::Select(s) if s.from.is_empty() => Some(&s.projection),
        _ => None,
    }
}

/// Whether a query's SELECT list calls one of the functions.
pub(super) fn present(query: &ast::Query) -> bool {
    items(query).is_some_and(|all| all.iter().any(|i| function(i).is_some()))
}

/// The query with results in place of the calls.
fn replaced(query: &ast::Query, mut results: impl Iterator<Item = String>) -> Box<ast::Query> {
    let mut query = Box::new(query.clone());
    if let ast::SetExpr::Select(select) = query.body.as_mut() {
        for item in &mut select.projection {
            let Some((name, _)) = function(item) else {
                continue;
            };
            let value = ast::Value::SingleQuotedString(results.next().unwrap_or_default());
            let value = ast::Expr::Value(value.with_empty_span());
            let alias = match item {
                ast::SelectItem::ExprWithAlias { alias, .. } => alias.clone(),
                _ => ast::Ident::new(name),
            };
            *item = ast::SelectItem::ExprWithAlias { expr: value, alias };
        }
    }
    query
}

/// The query as it is described before it runs: nothing is changed by that.
pub(super) fn described(query: &ast::Query) -> Box<ast::Query> {
    replaced(query, std::iter::empty())
}

/// `Lowest` for `LOWEST`.
fn titled(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |c| {
        c.to_ascii_uppercase().to_string() + chars.as_str()
    })
}

fn invalid(message: impl Into<String>) -> SqlError {
    SqlError::raw("", "22023", message)
}

impl RedshiftSession {
    /// Runs the functions and gives the query with their results.
    ///
    /// # Errors
    /// What a function refuses.
    pub(super) async fn with_effects(
        &mut self,
        query: &ast::Query,
        parameters: &[Typed],
    ) -> Result<Box<ast::Query>> {
        let mut results = Vec::new();
        for item in items(query).unwrap_or_default() {
            let Some((name, call)) = function(item) else {
                continue;
            };
            let mut arguments = Vec::new();
            if let ast::FunctionArguments::List(list) = &call.args {
                for a in &list.args {
                    let ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(e)) = a else {
                        return Err(invalid(format!("{name} takes plain arguments")));
                    };
                    let form = SourceForm::Expr(Box::new(e.clone()));
                    let value = self.engine.evaluate_with(&form, parameters).await?;
                    arguments.push(match value.literal() {
                        Some(v) if v.is_null() => None,
                        Some(ScalarValue::Utf8(Some(s))) => Some(s.clone()),
                        Some(v) => Some(v.to_string()),
                        None => return Err(SqlError::internal("an argument that is no literal")),
                    });
                }
            }
            results.push(self.effect(name, &arguments)?);
        }
        Ok(replaced(query, results.into_iter()))
    }

    fn effect(&mut self, name: &'static str, arguments: &[Option<String>]) -> Result<String> {
        let count = if name == "set_config" { 3 } else { 2 };
        if arguments.len() != count {
            return Err(dwsim_engine::error::ErrorKind::ArgumentCount {
                function: name.to_owned(),
                expected: count,
                given: arguments.len(),
            }
            .into());
        }
        let text = |i: usize| {
            arguments[i]
                .as_deref()
                .ok_or_else(|| invalid(format!("{name} does not take NULL")))
        };
        if name == "set_config" {
            let setting = text(0)?.to_lowercase();
            let local = text(2)? == "true";
            let value = match &arguments[1] {
                Some(v) => v.clone(),
                None => settings::default_of(&setting)
                    .unwrap_or_default()
                    .to_owned(),
            };
            return self.set_config(&setting, &value, local);
        }
        let account = self.engine.snapshot();
        if !Rights::of(&account, &self.engine.user).is_superuser() {
            return Err(SqlError::raw(
                "",
                "42501",
                format!("permission denied: {name} needs a superuser"),
            ));
        }
        let priority = text(1)?.to_lowercase();
        let known = PRIORITIES.contains(&priority.as_str())
            || name == "change_user_priority" && priority == "reset";
        if !known {
            return Err(invalid(format!(
                "invalid priority \"{priority}\": it must be one of {}",
                PRIORITIES.join(", ")
            )));
        }
        match name {
            "change_user_priority" => self.change_user_priority(text(0)?, &priority),
            "change_session_priority" => self.change_session_priority(text(0)?, &priority),
            _ => self.change_query_priority(text(0)?, &priority),
        }
    }

    /// SET_CONFIG (r_SET_CONFIG): SET or SET LOCAL as a function, which gives the new value.
    fn set_config(&mut self, name: &str, value: &str, local: bool) -> Result<String> {
        let shown = settings::normalize(name, value)?;
        let set = Statement::Set {
            name: name.to_owned(),
            value: Some(vec![value.to_owned()]),
            local,
        };
        self.authorize(&set)?;
        // A transaction of one statement ends with it, and the setting with the transaction.
        if !local || self.engine.in_transaction() {
            self.set(name, value, local)?;
            return Ok(self.setting(name));
        }
        Ok(shown)
    }

    /// CHANGE_USER_PRIORITY (r_CHANGE_USER_PRIORITY).
    fn change_user_priority(&mut self, user: &str, priority: &str) -> Result<String> {
        let user = user.to_lowercase();
        let key = (ObjectKind::User, user.clone());
        if user != "dev" && !self.engine.snapshot().objects.contains_key(&key) {
            return Err(SqlError::raw(
                "",
                "42704",
                format!("user \"{user}\" does not exist"),
            ));
        }
        let key = format!("user|{user}");
        if priority == "reset" {
            self.cluster.set_priority(&key, None);
            return Ok(format!("Succeeded to reset priority for user ({user})."));
        }
        let from = (self.cluster.set_priority(&key, Some(priority)))
            .map_or_else(String::new, |p| format!("from {} ", titled(&p)));
        Ok(format!(
            "Succeeded to change user priority. Changed user ({user}) priority {from}to {priority}."
        ))
    }

    /// CHANGE_SESSION_PRIORITY (r_CHANGE_SESSION_PRIORITY); -1 is the session itself.
    fn change_session_priority(&mut self, pid: &str, priority: &str) -> Result<String> {
        let pid = match pid.parse::<i32>() {
            Ok(-1) => self.pid(),
            Ok(pid) => pid,
            Err(_) => return Err(invalid(format!("\"{pid}\" is no process id"))),
        };
        if pid != self.pid() && !self.cluster.backends().has(pid) {
            return Err(invalid(format!(
                "there is no session with the process id {pid}"
            )));
        }
        let key = format!("session|{pid}");
        let from = (self.cluster.set_priority(&key, Some(priority)))
            .map_or_else(String::new, |p| format!("from {p} "));
        Ok(format!(
            "Succeeded to change session priority. Changed session (pid:{pid}) priority {from}to {priority}."
        ))
    }

    /// CHANGE_QUERY_PRIORITY (r_CHANGE_QUERY_PRIORITY), of a query that is running.
    fn change_query_priority(&mut self, query: &str, priority: &str) -> Result<String> {
        let id = query.parse::<i64>().ok();
        let running = id.is_some_and(|id| {
            (1..=self.query_id).contains(&id)
                && !self.cluster.queries().iter().any(|q| q.query == id)
        });
        if !running {
            return Err(invalid(format!(
                "there is no running query with the id {query}"
            )));
        }
        let before = (self
            .cluster
            .set_priority(&format!("query|{query}"), Some(priority)))
        .unwrap_or_else(|| "normal".to_owned());
        Ok(format!(
            "Succeeded to change query priority. Priority changed from {} to {}.",
            titled(&before),
            titled(priority)
        ))
    }
}
