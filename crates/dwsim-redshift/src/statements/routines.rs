//! Functions and procedures as objects: CREATE, DROP, SHOW PROCEDURE.
//! Calls of procedures are in `call`; functions are bound by the engine.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use dwsim_engine::catalog::{
    Argument, ArgumentMode, Object, ObjectKind, ObjectName, Returns, Routine, next_oid,
    signature_type,
};
use dwsim_engine::dialect::DialectName;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::types::{ColumnInfo, SqlType};
use sqlparser::ast::{self, DataType};

use super::outcome::Outcome;
use super::session::RedshiftSession;
use super::show::text_rows;
use crate::parse::{CreateRoutine, Kind, RoutineArgument};

const DIALECT: DialectName = DialectName::Redshift;

/// Most arguments of a procedure (r_CREATE_PROCEDURE).
const MAX_ARGUMENTS: usize = 32;

/// The type of an argument; a refcursor is the name of its cursor.
fn argument_type(ty: &DataType) -> Result<SqlType> {
    if let DataType::Custom(name, _) = ty
        && name.to_string().eq_ignore_ascii_case("refcursor")
    {
        return Ok(SqlType::text());
    }
    Ok(match crate::dialect::data_type(ty)? {
        // Lengths of arguments are not kept.
        SqlType::Varchar(_) => SqlType::text(),
        other => other,
    })
}

/// `name mode type` as SHOW prints it.
fn shown_argument(a: &Argument) -> String {
    let mode = match a.mode {
        ArgumentMode::In => "",
        ArgumentMode::Out => "OUT ",
        ArgumentMode::InOut => "INOUT ",
    };
    let ty = if a.type_text == "refcursor" {
        "refcursor".to_owned()
    } else {
        signature_type(&a.ty, DIALECT)
    };
    if a.name.is_empty() {
        format!("{mode}{ty}")
    } else {
        format!("{mode}{} {ty}", a.name)
    }
}

impl RedshiftSession {
    /// CREATE FUNCTION, CREATE PROCEDURE.
    pub(super) fn create_routine(&mut self, o: &CreateRoutine, ddl: &str) -> Result<Outcome> {
        let inputs = o
            .arguments
            .iter()
            .filter(|a| a.mode != ArgumentMode::Out)
            .count();
        if inputs > MAX_ARGUMENTS || o.arguments.len() - inputs > MAX_ARGUMENTS {
            return Err(SqlError::raw(
                "",
                "54023",
                format!("procedures cannot have more than {MAX_ARGUMENTS} arguments"),
            ));
        }
        let mut full = self.engine.new_name(&o.name, false)?;
        let arguments = o
            .arguments
            .iter()
            .map(|a| {
                Ok(Argument {
                    name: a.name.clone(),
                    ty: argument_type(&a.ty)?,
                    type_text: a.text.clone(),
                    mode: a.mode,
                    default: None,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let returns = match &o.returns {
            None => Returns::Nothing,
            Some((ty, text)) => Returns::Value {
                ty: argument_type(ty)?,
                text: text.clone(),
            },
        };
        let routine = Arc::new(Routine {
            oid: next_oid(),
            name: full.name.clone(),
            procedure: o.procedure,
            language: o.language,
            arguments,
            returns,
            body: o.body.clone(),
            strict: false,
            volatility: o.volatility,
            secure: false,
            memoizable: false,
            caller_rights: !o.definer,
            nonatomic: o.nonatomic,
            owner: self.engine.user.clone(),
            comment: None,
            created: chrono::Utc::now().timestamp(),
            ddl: ddl.to_owned(),
            properties: o
                .settings
                .iter()
                .map(|(setting, value)| {
                    let value = super::settings::normalize(setting, value)?;
                    Ok((format!("set {setting}"), value))
                })
                .collect::<Result<BTreeMap<_, _>>>()?,
        });
        let view = self.engine.view()?;
        let env = self.engine.env();
        self.engine
            .binder(env, &view, &[])
            .check_routine(&full, &routine)?;
        let kind = routine.kind();
        full.name = routine.key(DIALECT);
        let object = Object::Routine(Arc::clone(&routine));
        let made = self
            .engine
            .create_object(kind, &full, &object, false, o.replace);
        made.map_err(|e| match *e.kind {
            ErrorKind::ObjectExists { .. } => SqlError::raw(
                "",
                "42723",
                format!(
                    "{} \"{}\" already exists with same argument types",
                    kind.word(),
                    routine.name
                ),
            ),
            _ => e,
        })?;
        Ok(Outcome::Done(
            if o.procedure {
                "CREATE PROCEDURE"
            } else {
                "CREATE FUNCTION"
            }
            .into(),
        ))
    }

    /// The routine of a name and, where they are given, argument types.
    fn named_routine(
        &mut self,
        kind: ObjectKind,
        name: &ast::ObjectName,
        signature: Option<&[RoutineArgument]>,
    ) -> Result<(ObjectName, Arc<Routine>)> {
        let parts: Vec<String> = name
            .0
            .iter()
            .filter_map(|p| p.as_ident())
            .map(|i| self.fold(i))
            .collect();
        let view = self.engine.view()?;
        let env = self.engine.env();
        let found = self
            .engine
            .binder(env, &view, &[])
            .find_routines(kind, &parts);
        let shown = parts.join(".");
        let Some(signature) = signature else {
            return match <[_; 1]>::try_from(found) {
                Ok([one]) => Ok(one),
                Err(all) if all.is_empty() => Err(ErrorKind::UnknownObject {
                    kind: kind.word(),
                    name: shown,
                }
                .into()),
                Err(_) => Err(SqlError::raw(
                    "",
                    "42725",
                    format!("{} name \"{shown}\" is not unique", kind.word()),
                )),
            };
        };
        let types = signature
            .iter()
            .filter(|a| a.mode != ArgumentMode::Out)
            .map(|a| argument_type(&a.ty).map(|t| signature_type(&t, DIALECT)))
            .collect::<Result<Vec<_>>>()?
            .join(", ");
        found
            .into_iter()
            .find(|(_, r)| r.signature(DIALECT) == types)
            .ok_or_else(|| {
                ErrorKind::UnknownObject {
                    kind: kind.word(),
                    name: format!("{shown}({types})"),
                }
                .into()
            })
    }

    /// DROP FUNCTION, DROP PROCEDURE.
    pub(super) fn drop_routine(
        &mut self,
        kind: ObjectKind,
        name: &ast::ObjectName,
        signature: Option<&str>,
    ) -> Result<()> {
        let arguments = signature.map(crate::parse::signature).transpose()?;
        let (full, _) = self.named_routine(kind, name, arguments.as_deref())?;
        self.engine.change(|t| t.set_object(kind, &full, None))
    }

    /// ALTER FUNCTION, ALTER PROCEDURE: another name or owner (r_ALTER_PROCEDURE).
    pub(super) fn alter_routine(
        &mut self,
        kind: Kind,
        name: &ast::ObjectName,
        signature: Option<&str>,
        rename: Option<&ast::Ident>,
        owner: Option<&ast::Ident>,
    ) -> Result<Outcome> {
        let (kind, tag) = match kind {
            Kind::Procedure => (ObjectKind::Procedure, "ALTER PROCEDURE"),
            _ => (ObjectKind::Function, "ALTER FUNCTION"),
        };
        let arguments = signature.map(crate::parse::signature).transpose()?;
        let (full, routine) = self.named_routine(kind, name, arguments.as_deref())?;
        {
            let account = self.engine.snapshot();
            let rights = super::privileges::Rights::of(&account, &self.engine.user);
            if !rights.owns(&routine.owner) {
                return Err(super::privileges::not_owner("function", &routine.name));
            }
        }
        let mut changed = routine.as_ref().clone();
        if let Some(name) = rename {
            changed.name = self.fold(name);
        }
        if let Some(owner) = owner {
            changed.owner = self.fold(owner);
        }
        let mut renamed = full.clone();
        renamed.name = changed.key(DIALECT);
        self.engine.change(|t| {
            t.set_object(kind, &full, None)?;
            t.set_object(
                kind,
                &renamed,
                Some(Object::Routine(Arc::new(changed.clone()))),
            )
        })?;
        Ok(Outcome::Done(tag.into()))
    }

    /// SHOW PROCEDURE.
    pub(super) fn show_procedure(
        &mut self,
        name: &ast::ObjectName,
        signature: Option<&str>,
    ) -> Result<Outcome> {
        let arguments = signature.map(crate::parse::signature).transpose()?;
        let (full, r) = self.named_routine(ObjectKind::Procedure, name, arguments.as_deref())?;
        let arguments: Vec<String> = r.arguments.iter().map(shown_argument).collect();
        let mut text = format!(
            "CREATE OR REPLACE PROCEDURE {}.{}({})\n",
            full.schema,
            r.name,
            arguments.join(", ")
        );
        if r.nonatomic {
            text.push_str("NONATOMIC\n");
        }
        text.push_str("LANGUAGE plpgsql\n");
        if !r.caller_rights {
            text.push_str("SECURITY DEFINER\n");
        }
        for (property, value) in &r.properties {
            if let Some(setting) = property.strip_prefix("set ") {
                let _ = writeln!(text, "SET {setting} TO {value}");
            }
        }
        let quote = if r.body.contains("$$") { "$_$" } else { "$$" };
        let _ = write!(text, "AS {quote}{}{quote}", r.body);
        text_rows(
            &["Stored Procedure Definition"],
            &[vec![Some(text)]],
            "SHOW",
        )
    }

    /// The columns of a call: OUT and INOUT arguments.
    pub(super) fn call_columns(&mut self, name: &ast::ObjectName) -> Option<Vec<ColumnInfo>> {
        let parts: Vec<String> = name
            .0
            .iter()
            .filter_map(|p| p.as_ident())
            .map(|i| self.fold(i))
            .collect();
        let view = self.engine.view().ok()?;
        let env = self.engine.env();
        let found = self
            .engine
            .binder(env, &view, &[])
            .find_routines(ObjectKind::Procedure, &parts);
        let (_, r) = found.into_iter().next()?;
        let columns = super::call::output_columns(&r);
        (!columns.is_empty()).then_some(columns)
    }
}
