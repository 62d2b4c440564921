//! Streams and UNDROP: what the engine's version history gives.
//! The rows of a stream are made by the engine, where FROM names it.
//!
//! Sources: "CREATE STREAM", "UNDROP".

use std::sync::Arc;

use dwsim_engine::catalog::{Object, ObjectKind, ObjectName, StreamDef, next_oid};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::session::Undrop;
use sqlparser::ast;

use super::objects::properties;
use super::run::missing;
use super::{Answer, SnowflakeSession, StatementKind};
use crate::dialect::fold;
use crate::parse::{Change, CreateStream};

impl SnowflakeSession {
    pub(super) fn create_stream(&mut self, s: &CreateStream) -> Result<Answer> {
        s.options.only(&[
            "APPEND_ONLY",
            "INSERT_ONLY",
            "SHOW_INITIAL_ROWS",
            "COMMENT",
            "COPY GRANTS",
        ])?;
        let name = self.inner.resolve_name(&s.name)?;
        let owner = self.inner.role.clone();
        let created = chrono::Utc::now().timestamp();
        let def = if let Some(source) = &s.clone {
            let from = self.inner.resolve_name(source)?;
            let view = self.inner.view()?;
            let Some(Object::Stream(old)) = view.object(ObjectKind::Stream, &from) else {
                return Err(missing("stream", from.to_string()));
            };
            StreamDef {
                oid: next_oid(),
                owner,
                created,
                ..StreamDef::clone(old)
            }
        } else {
            if s.on != "TABLE" {
                return Err(SqlError::unsupported(format!("a stream on a {}", s.on)));
            }
            let (source, entry) = self.inner.table(&s.source)?;
            let offset = match &s.past {
                None => entry,
                Some(clause) => {
                    let view = self.inner.view()?;
                    let past = self.inner.past(&view, clause)?;
                    let b = self.inner.binder(self.inner.env(), &view, &[]);
                    b.table_then(&source, &entry, &past)?
                }
            };
            StreamDef {
                oid: next_oid(),
                source,
                offset_time: offset.changed,
                offset,
                append_only: s.options.flag("APPEND_ONLY")?.unwrap_or(false)
                    || s.options.flag("INSERT_ONLY")?.unwrap_or(false),
                initial_rows: s.options.flag("SHOW_INITIAL_ROWS")?.unwrap_or(false),
                owner,
                comment: s.options.text("COMMENT").map(str::to_owned),
                created,
                properties: properties(&s.options),
            }
        };
        let made = self.inner.create_object(
            ObjectKind::Stream,
            &name,
            &Object::Stream(Arc::new(def)),
            s.if_not_exists,
            s.or_replace,
        )?;
        let text = if made {
            format!("Stream {} successfully created.", name.name)
        } else {
            format!("{} already exists, statement succeeded.", name.name)
        };
        Answer::status(StatementKind::Ddl, text)
    }

    pub(super) fn change_stream(&mut self, name: &ObjectName, change: &Change) -> Result<()> {
        let comment = match change {
            Change::Set(o) => {
                o.only(&["COMMENT", "APPEND_ONLY", "INSERT_ONLY"])?;
                o.text("COMMENT").map(|c| Some(c.to_owned()))
            }
            Change::Unset(names) if names.iter().all(|n| n == "COMMENT") => Some(None),
            other => {
                return Err(SqlError::unsupported(format!("ALTER STREAM … {other:?}")));
            }
        };
        self.inner.change(|t| {
            let Some(Object::Stream(s)) = t.object(ObjectKind::Stream, name) else {
                return Err(missing("stream", name.to_string()));
            };
            let mut s = StreamDef::clone(s);
            if let Some(c) = &comment {
                s.comment.clone_from(c);
            }
            t.set_object(ObjectKind::Stream, name, Some(Object::Stream(Arc::new(s))))
        })
    }

    pub(super) fn undrop(&mut self, kind: &str, name: &ast::ObjectName) -> Result<Answer> {
        let parts: Vec<String> = name
            .0
            .iter()
            .filter_map(|p| p.as_ident())
            .map(fold)
            .collect();
        let what = match kind {
            "TABLE" => Undrop::Table(self.inner.resolve_name(name)?),
            "SCHEMA" => {
                let (d, s) = self.schema_name(&parts)?;
                Undrop::Schema(d, s)
            }
            "DATABASE" => Undrop::Database(parts.last().cloned().unwrap_or_default()),
            other => return Err(SqlError::unsupported(format!("UNDROP {other}"))),
        };
        self.inner.undrop(&what)?;
        let shown = parts.last().cloned().unwrap_or_default();
        Answer::status(
            StatementKind::Ddl,
            format!(
                "{} {shown} successfully restored.",
                super::answer::title(kind)
            ),
        )
    }
}
