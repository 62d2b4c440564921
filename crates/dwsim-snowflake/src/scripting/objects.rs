//! Functions and procedures as objects: CREATE, DROP, ALTER, DESCRIBE, and their rows of SHOW.
//! Their grammar is in `routine`.
//!
//! Source: "CREATE FUNCTION", "DESCRIBE FUNCTION", "SHOW FUNCTIONS" and the same pages of procedures.

use std::collections::BTreeMap;
use std::sync::Arc;

use dwsim_engine::catalog::{
    Argument, ArgumentMode, Object, ObjectName, Returns, Routine, next_oid, signature_type,
};
use dwsim_engine::dialect::DialectName;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::types::SqlType;
use sqlparser::ast;

use super::routine::Returned;
use super::{AlterRoutine, CreateRoutine, RoutineName};
use crate::dialect::{data_type, fold};
use crate::session::{Answer, SnowflakeSession, StatementKind};

const DIALECT: DialectName = DialectName::Snowflake;

fn last(name: &ast::ObjectName) -> String {
    name.0
        .last()
        .and_then(|p| p.as_ident())
        .map(fold)
        .unwrap_or_default()
}

fn title(procedure: bool) -> &'static str {
    if procedure { "Procedure" } else { "Function" }
}

/// The type as catalogs show it: TABLE (…) for rows.
pub(crate) fn returns_text(r: &Routine) -> String {
    match &r.returns {
        Returns::Nothing => String::new(),
        Returns::Value { ty, .. } => shown_type(ty),
        Returns::Table(columns) => {
            let columns: Vec<String> = columns
                .iter()
                .map(|(n, t)| format!("{n} {}", signature_type(t, DIALECT)))
                .collect();
            format!("TABLE ({})", columns.join(", "))
        }
    }
}

/// A type with what was declared of it; VARCHAR and BINARY of full length stand alone.
fn shown_type(ty: &SqlType) -> String {
    match ty {
        SqlType::Varchar(None | Some(16_777_216)) => "VARCHAR".into(),
        SqlType::Binary(None | Some(8_388_608)) => "BINARY".into(),
        other => other.snowflake(),
    }
}

/// `NAME(NUMBER, DEFAULT VARCHAR) RETURN NUMBER`, as SHOW prints it.
pub(crate) fn arguments_text(r: &Routine) -> String {
    let types: Vec<String> = r
        .inputs()
        .map(|a| {
            let ty = signature_type(&a.ty, DIALECT);
            match a.default {
                Some(_) => format!("DEFAULT {ty}"),
                None => ty,
            }
        })
        .collect();
    let returns = match &r.returns {
        Returns::Value { ty, .. } => signature_type(ty, DIALECT),
        _ => returns_text(r),
    };
    format!("{}({}) RETURN {returns}", r.name, types.join(", "))
}

impl SnowflakeSession {
    /// The routine that a definition makes.
    pub(super) fn routine(&self, o: &CreateRoutine, ddl: &str) -> Result<Routine> {
        let mut arguments = Vec::with_capacity(o.arguments.len());
        for a in &o.arguments {
            let name = fold(&a.name);
            if arguments.iter().any(|b: &Argument| b.name == name) {
                return Err(SqlError::raw(
                    "002129",
                    "42601",
                    format!("SQL compilation error:\nduplicate argument name '{name}'"),
                ));
            }
            if a.default.is_none() && arguments.iter().any(|b: &Argument| b.default.is_some()) {
                return Err(SqlError::raw(
                    "001003",
                    "42601",
                    format!(
                        "SQL compilation error:\nargument '{name}' without a default follows one with a default"
                    ),
                ));
            }
            arguments.push(Argument {
                name,
                ty: data_type(&a.ty)?,
                type_text: a.text.clone(),
                // A caller names a variable for an OUT argument, so that it has a place in the call.
                mode: match a.mode {
                    ArgumentMode::In => ArgumentMode::In,
                    _ => ArgumentMode::InOut,
                },
                default: a.default.clone(),
            });
        }
        let returns = match &o.returns {
            Returned::Type(ty, text) => Returns::Value {
                ty: data_type(ty)?,
                text: text.clone(),
            },
            Returned::Table(columns) => Returns::Table(
                columns
                    .iter()
                    .map(|(n, t)| Ok((fold(n), data_type(t)?)))
                    .collect::<Result<_>>()?,
            ),
        };
        Ok(Routine {
            oid: next_oid(),
            name: last(&o.name),
            procedure: o.procedure,
            language: o.language,
            arguments,
            returns,
            body: o.body.clone(),
            strict: o.strict,
            volatility: o.volatility,
            secure: o.secure,
            memoizable: o.memoizable,
            caller_rights: o.caller,
            nonatomic: true,
            owner: self.inner.role.clone(),
            comment: o.comment.clone(),
            created: chrono::Utc::now().timestamp(),
            ddl: ddl.to_owned(),
            properties: BTreeMap::new(),
        })
    }

    /// CREATE FUNCTION, CREATE PROCEDURE.
    pub(crate) fn create_routine(&mut self, o: &CreateRoutine, ddl: &str) -> Result<Answer> {
        let mut full = self.inner.new_name(&o.name, o.temporary)?;
        let routine = Arc::new(self.routine(o, ddl)?);
        if routine.language == dwsim_engine::catalog::Language::JavaScript {
            crate::javascript::check_types(&routine)?;
        }
        let view = self.inner.view()?;
        let env = self.inner.env();
        self.inner
            .binder(env, &view, &[])
            .check_routine(&full, &routine)?;
        let kind = routine.kind();
        full.name = routine.key(DIALECT);
        let name = routine.name.clone();
        let object = Object::Routine(routine);
        let made = self
            .inner
            .create_object(kind, &full, &object, o.if_not_exists, o.or_replace);
        let made = made.map_err(|e| match *e.kind {
            ErrorKind::ObjectExists { kind, .. } => SqlError::new(ErrorKind::ObjectExists {
                kind,
                name: name.clone(),
            }),
            _ => e,
        })?;
        Answer::status(
            StatementKind::Ddl,
            if made {
                format!("{} {name} successfully created.", title(o.procedure))
            } else {
                format!("{name} already exists, statement succeeded.")
            },
        )
    }

    /// The routine of a name and argument types.
    fn named_routine(&mut self, n: &RoutineName) -> Result<(ObjectName, Arc<Routine>)> {
        let types: Vec<String> = n
            .types
            .iter()
            .map(|t| data_type(t).map(|t| signature_type(&t, DIALECT)))
            .collect::<Result<_>>()?;
        let key = format!("{}({})", last(&n.name), types.join(", "));
        let parts: Vec<String> = n
            .name
            .0
            .iter()
            .filter_map(|p| p.as_ident())
            .map(fold)
            .collect();
        let kind = if n.procedure {
            dwsim_engine::catalog::ObjectKind::Procedure
        } else {
            dwsim_engine::catalog::ObjectKind::Function
        };
        let view = self.inner.view()?;
        let env = self.inner.env();
        let found = self
            .inner
            .binder(env, &view, &[])
            .find_routines(kind, &parts);
        found
            .into_iter()
            .find(|(name, _)| name.name == key)
            .ok_or_else(|| {
                SqlError::raw(
                    "002003",
                    "02000",
                    format!(
                        "SQL compilation error:\n{} '{}' does not exist or not authorized.",
                        title(n.procedure),
                        last(&n.name)
                    ),
                )
            })
    }

    /// DROP FUNCTION, DROP PROCEDURE.
    pub(crate) fn drop_routine(&mut self, n: &RoutineName, if_exists: bool) -> Result<Answer> {
        let shown = last(&n.name);
        let (name, routine) = match self.named_routine(n) {
            Ok(found) => found,
            Err(_) if if_exists => {
                return Answer::status(
                    StatementKind::Ddl,
                    format!("Drop statement executed successfully ({shown} already dropped)."),
                );
            }
            Err(e) => return Err(e),
        };
        self.inner
            .change(|t| t.set_object(routine.kind(), &name, None))?;
        Answer::status(StatementKind::Ddl, format!("{shown} successfully dropped."))
    }

    /// ALTER FUNCTION, ALTER PROCEDURE.
    pub(crate) fn alter_routine(&mut self, a: &AlterRoutine) -> Result<Answer> {
        let (name, old) = match self.named_routine(&a.routine) {
            Ok(found) => found,
            Err(_) if a.if_exists => return Answer::success(StatementKind::Ddl),
            Err(e) => return Err(e),
        };
        let mut new = Routine::clone(&old);
        let mut target = name.clone();
        if let Some(to) = &a.rename {
            target = self.inner.resolve_name(to)?;
            new.name = last(to);
            target.name = new.key(DIALECT);
        }
        if let Some(secure) = a.secure {
            new.secure = secure;
        }
        if let Some(comment) = &a.comment {
            new.comment = Some(comment.clone()).filter(|c| !c.is_empty());
        }
        if let Some(caller) = a.caller {
            new.caller_rights = caller;
        }
        let kind = new.kind();
        let new = Object::Routine(Arc::new(new));
        self.inner.change(|t| {
            if target != name {
                if t.object(kind, &target).is_some() {
                    return Err(ErrorKind::ObjectExists {
                        kind: kind.word(),
                        name: target.name.clone(),
                    }
                    .into());
                }
                t.set_object(kind, &name, None)?;
            }
            t.set_object(kind, &target, Some(new.clone()))
        })?;
        Answer::success(StatementKind::Ddl)
    }

    /// DESCRIBE FUNCTION, DESCRIBE PROCEDURE.
    pub(crate) fn describe_routine(&mut self, n: &RoutineName) -> Result<Answer> {
        let (_, r) = self.named_routine(n)?;
        let signature: Vec<String> = r
            .inputs()
            .map(|a| {
                let ty = signature_type(&a.ty, DIALECT);
                match &a.default {
                    Some(d) => format!("{} {ty} DEFAULT {d}", a.name),
                    None => format!("{} {ty}", a.name),
                }
            })
            .collect();
        let nulls = if r.strict {
            "RETURNS NULL ON NULL INPUT"
        } else {
            "CALLED ON NULL INPUT"
        };
        let mut rows = vec![
            ("signature", format!("({})", signature.join(", "))),
            ("returns", returns_text(&r)),
            ("language", r.language.name().to_owned()),
        ];
        if r.procedure || r.language != dwsim_engine::catalog::Language::Sql {
            rows.push(("null handling", nulls.to_owned()));
            rows.push((
                "volatility",
                match r.volatility {
                    dwsim_engine::catalog::Volatility::Immutable => "IMMUTABLE",
                    _ => "VOLATILE",
                }
                .to_owned(),
            ));
        }
        if r.procedure {
            let rights = if r.caller_rights { "CALLER" } else { "OWNER" };
            rows.push(("execute as", rights.to_owned()));
        }
        rows.push(("body", r.body.clone()));
        Answer::table(
            StatementKind::Describe,
            vec![("property", SqlType::text()), ("value", SqlType::text())],
            rows.into_iter()
                .map(|(k, v)| vec![Some(k.to_owned()), Some(v)])
                .collect(),
        )
    }
}

/// The columns of a routine in SHOW FUNCTIONS and SHOW PROCEDURES.
pub(crate) fn show_row(r: &Routine) -> Vec<(&'static str, Option<String>)> {
    let yes = |b: bool| Some(if b { "Y" } else { "N" }.to_owned());
    let required = r.inputs().filter(|a| a.default.is_none()).count();
    vec![
        ("created_on", Some(r.created.to_string())),
        ("name", Some(r.name.clone())),
        ("is_builtin", yes(false)),
        ("is_aggregate", yes(false)),
        ("is_ansi", yes(false)),
        ("min_num_arguments", Some(required.to_string())),
        ("max_num_arguments", Some(r.inputs().count().to_string())),
        ("arguments", Some(arguments_text(r))),
        (
            "description",
            Some(r.comment.clone().unwrap_or_else(|| {
                if r.procedure {
                    "user-defined procedure".to_owned()
                } else {
                    "user-defined function".to_owned()
                }
            })),
        ),
        ("is_table_function", yes(r.is_table())),
        ("valid_for_clustering", yes(false)),
        ("is_secure", yes(r.secure)),
        ("secrets", None),
        ("external_access_integrations", None),
        ("is_external_function", yes(false)),
        ("language", Some(r.language.name().to_owned())),
        ("is_memoizable", yes(r.memoizable)),
        ("is_data_metric", yes(false)),
    ]
}
