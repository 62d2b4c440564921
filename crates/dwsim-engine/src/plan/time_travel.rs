//! AT, BEFORE and CHANGES: which version of the catalog a query reads.
//! Versions are kept by `catalog::history`; comparing two of them is done in `changes`.
//!
//! Sources: Snowflake "AT | BEFORE", "CHANGES".

use std::sync::Arc;

use datafusion::scalar::ScalarValue;
use sqlparser::ast;

use super::call::{argument_expr, arguments};
use super::window::fold_constant;
use super::{Binder, CastMode, Relation};
use crate::catalog::{Account, Object, ObjectKind, ObjectName, TableEntry, Transaction, Version};
use crate::error::{ErrorKind, Result, SqlError};
use crate::types::SqlType;

/// A place in time.
#[derive(Debug, Clone)]
pub enum Past {
    /// A version of the whole catalog.
    Root(Arc<Account>),
    /// The version of one table that a stream has reached.
    Table(Arc<TableEntry>),
}

/// The name of a named argument, in upper case.
fn argument_name(a: &ast::FunctionArg) -> String {
    match a {
        ast::FunctionArg::Named { name, .. } => name.value.to_uppercase(),
        ast::FunctionArg::ExprNamed { name, .. } => name.to_string().to_uppercase(),
        ast::FunctionArg::Unnamed(_) => String::new(),
    }
}

fn unavailable(name: &ObjectName) -> SqlError {
    SqlError::raw(
        "000707",
        "02000",
        format!(
            "Time travel data is not available for table {}. The requested time is either beyond the allowed time travel period or before the object creation time.",
            name.name
        ),
    )
}

impl Binder<'_> {
    /// The place in time that `AT (…)`, `BEFORE (…)` or `END (…)` means.
    ///
    /// # Errors
    /// Unknown statements and streams, values of the wrong type, times that are no longer kept.
    pub fn past(&mut self, clause: &ast::Expr) -> Result<Past> {
        let ast::Expr::Function(f) = clause else {
            return Err(SqlError::unsupported(format!("time travel {clause}")));
        };
        let before = f.name.to_string().eq_ignore_ascii_case("BEFORE");
        let [argument] = arguments(f) else {
            return Err(SqlError::new(ErrorKind::Syntax {
                message: "AT and BEFORE take one argument".into(),
                near: f.name.to_string(),
            }));
        };
        let value = argument_expr(argument)
            .ok_or_else(|| SqlError::unsupported(format!("time travel {clause}")))?;
        let kind = argument_name(argument);
        self.scopes.push(super::Scope::default());
        let bound = self.expr(value);
        self.scopes.pop();
        let bound = bound?;
        let engine = match &self.runner {
            Some((engine, _)) => Arc::clone(engine),
            None => return Err(SqlError::unsupported("time travel here")),
        };
        let find = |f: &dyn Fn(&crate::catalog::History) -> Option<Version>| {
            engine.catalog.history(|h| f(h)).flatten()
        };
        let too_old = || {
            SqlError::raw(
                "000707",
                "02000",
                "Time travel data is not available. The requested time is either beyond the allowed time travel period or before the object creation time.",
            )
        };
        let version = match kind.as_str() {
            "TIMESTAMP" => {
                if !matches!(
                    bound.ty,
                    SqlType::Timestamp(_)
                        | SqlType::TimestampLtz(_)
                        | SqlType::TimestampTz(_)
                        | SqlType::Varchar(_)
                        | SqlType::Date
                ) {
                    return Err(SqlError::argument(
                        "AT",
                        format!(
                            "Invalid argument type {} of TIMESTAMP in a time travel clause.",
                            self.type_name(&bound.ty)
                        ),
                    ));
                }
                let t = self.cast(bound, &SqlType::TimestampLtz(6), CastMode::Implicit)?;
                let at = match fold_constant(&t, self)? {
                    ScalarValue::TimestampMicrosecond(Some(t), _) => t,
                    ScalarValue::TimestampNanosecond(Some(t), _) => t.div_euclid(1000),
                    _ => return Err(too_old()),
                };
                find(&|h| if before { h.before(at) } else { h.at(at) }.cloned())
            }
            "OFFSET" => {
                let t = self.cast(bound, &SqlType::Double, CastMode::Implicit)?;
                let ScalarValue::Float64(Some(seconds)) = fold_constant(&t, self)? else {
                    return Err(too_old());
                };
                let at = self.env.moment().now.timestamp_micros() + (seconds * 1e6) as i64;
                find(&|h| if before { h.before(at) } else { h.at(at) }.cloned())
            }
            "STATEMENT" => {
                let t = self.cast(bound, &SqlType::text(), CastMode::Implicit)?;
                let ScalarValue::Utf8(Some(id)) = fold_constant(&t, self)? else {
                    return Err(too_old());
                };
                let id = id.trim().to_lowercase();
                let Some((first, last)) = engine.catalog.history(|h| h.statement(&id)).flatten()
                else {
                    return Err(SqlError::raw(
                        "000709",
                        "02000",
                        format!("Statement {id} not found"),
                    ));
                };
                let number = if before { first } else { last };
                find(&|h| h.numbered(number).cloned())
            }
            "STREAM" => {
                let Some(name) = bound.literal_text().map(str::to_owned) else {
                    return Err(SqlError::argument("AT", "STREAM takes a name in quotes."));
                };
                let parts: Vec<String> = name
                    .split('.')
                    .map(
                        |p| match p.strip_prefix('"').and_then(|p| p.strip_suffix('"')) {
                            Some(quoted) => quoted.to_owned(),
                            None => self.dialect.fold(&ast::Ident::new(p)),
                        },
                    )
                    .collect();
                return match self.find_stream(&parts) {
                    Some((_, s)) => Ok(Past::Table(Arc::clone(&s.offset))),
                    None => Err(ErrorKind::UnknownObject {
                        kind: "stream",
                        name: parts.join("."),
                    }
                    .into()),
                };
            }
            other => {
                return Err(SqlError::new(ErrorKind::Syntax {
                    message: "TIMESTAMP, OFFSET, STATEMENT or STREAM".into(),
                    near: other.to_owned(),
                }));
            }
        };
        version.map(|v| Past::Root(v.root)).ok_or_else(too_old)
    }

    /// The version of a table at a place in time, wherever it was then.
    ///
    /// # Errors
    /// When it was not there, or its version is no longer kept.
    pub fn table_then(
        &self,
        name: &ObjectName,
        now: &TableEntry,
        past: &Past,
    ) -> Result<Arc<TableEntry>> {
        let root = match past {
            Past::Table(t) => return Ok(Arc::clone(t)),
            Past::Root(root) => root,
        };
        if now
            .def
            .properties
            .get("data_retention_time_in_days")
            .is_some_and(|d| d == "0")
        {
            return Err(unavailable(name));
        }
        let is = |o: &Object| match o {
            Object::Table(t) if t.def.oid == now.def.oid => Some(Arc::clone(t)),
            _ => None,
        };
        let db = root
            .databases
            .get(&name.database)
            .ok_or_else(|| unavailable(name))?;
        let here = db
            .schemas
            .get(&name.schema)
            .and_then(|s| s.objects.get(&(ObjectKind::Relation, name.name.clone())))
            .and_then(is);
        here.or_else(|| {
            db.schemas
                .values()
                .flat_map(|s| s.objects.values())
                .find_map(is)
        })
        .ok_or_else(|| unavailable(name))
    }

    /// `t AT (…)`, `t BEFORE (…)`, `t CHANGES (…) AT (…) [END (…)]`.
    pub(crate) fn versioned(
        &mut self,
        name: &ast::ObjectName,
        version: &ast::TableVersion,
        alias: Option<&ast::TableAlias>,
    ) -> Result<Relation> {
        self.env.fleeting().mark();
        let parts = self.object_parts(name)?;
        let Some((full, object)) = self.find_relation(&parts) else {
            return Err(ErrorKind::UnknownObject {
                kind: "relation",
                name: parts.join("."),
            }
            .into());
        };
        let r = match (version, object) {
            (ast::TableVersion::Function(clause), Object::Table(now)) => {
                let past = self.past(clause)?;
                let then = self.table_then(&full, &now, &past)?;
                self.scan(&full, &then)?
            }
            (ast::TableVersion::Function(clause), Object::View(_)) => match self.past(clause)? {
                Past::Table(rows) => self.scan(&full, &rows)?,
                Past::Root(root) => {
                    let then = Transaction::of(root);
                    let Some(Object::View(v)) = then.object(ObjectKind::Relation, &full).cloned()
                    else {
                        return Err(unavailable(&full));
                    };
                    let now = std::mem::replace(&mut self.catalog, then);
                    let bound = self.view(&full, &v);
                    self.catalog = now;
                    bound?
                }
            },
            (ast::TableVersion::Changes { changes, at, end }, Object::Table(now)) => {
                let appended_only = self.information(changes)?;
                let past = self.past(at)?;
                let from = self.table_then(&full, &now, &past)?;
                let to = match end {
                    None => now,
                    Some(end) => {
                        let past = self.past(end)?;
                        self.table_then(&full, &now, &past)?
                    }
                };
                self.changes(&full, &from, &to, appended_only)?
            }
            (other, _) => return Err(SqlError::unsupported(format!("{full} {other}"))),
        };
        match alias {
            Some(a) => {
                let names: Vec<String> = a
                    .columns
                    .iter()
                    .map(|c| self.dialect.fold(&c.name))
                    .collect();
                let n = self.dialect.fold(&a.name);
                self.rename(r, &n, &names)
            }
            None => Ok(r),
        }
    }

    /// `CHANGES (INFORMATION => …)`: whether only appended rows are wanted.
    fn information(&self, changes: &ast::Expr) -> Result<bool> {
        let wrong = || {
            SqlError::new(ErrorKind::Syntax {
                message: "INFORMATION => DEFAULT or APPEND_ONLY".into(),
                near: changes.to_string(),
            })
        };
        let ast::Expr::Function(f) = changes else {
            return Err(wrong());
        };
        let [argument] = arguments(f) else {
            return Err(wrong());
        };
        if argument_name(argument) != "INFORMATION" {
            return Err(wrong());
        }
        match argument_expr(argument).map(|e| e.to_string().to_uppercase()) {
            Some(w) if w == "DEFAULT" => Ok(false),
            Some(w) if w == "APPEND_ONLY" => Ok(true),
            _ => Err(wrong()),
        }
    }
}
