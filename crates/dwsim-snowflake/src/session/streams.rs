//! Streams and UNDROP: what the engine's version history gives.
//! The rows of a stream are made by the engine, where FROM names it.
//!
//! Sources: "CREATE STREAM", "UNDROP".

use std::sync::Arc;

use dwsim_engine::catalog::{Object, ObjectKind, ObjectName, StreamDef, next_oid};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::plan::{SOURCE_OID, STREAM_SOURCE};
use dwsim_engine::session::Undrop;
use sqlparser::ast;

use super::dynamic::EXTERNAL;
use super::objects::properties;
use super::run::missing;
use super::{Answer, SnowflakeSession, StatementKind};
use crate::dialect::fold;
use crate::parse::{Change, CreateStream};

fn refused(message: &str) -> SqlError {
    SqlError::raw(
        "001003",
        "42000",
        format!("SQL compilation error:\n{message}"),
    )
}

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
            if s.on == "VIEW" || s.on == "STAGE" {
                return self.create_view_stream(s, &name);
            }
            if !matches!(s.on.as_str(), "TABLE" | "EXTERNAL TABLE" | "DYNAMIC TABLE") {
                return Err(SqlError::unsupported(format!("a stream on a {}", s.on)));
            }
            let (source, entry) = self.inner.table(&s.source)?;
            let external = entry.def.properties.contains_key(EXTERNAL);
            let insert_only = s.options.flag("INSERT_ONLY")?.unwrap_or(false);
            if external && !insert_only {
                return Err(refused(
                    "A stream on an external table needs INSERT_ONLY = TRUE.",
                ));
            }
            if insert_only && !external {
                return Err(refused(
                    "INSERT_ONLY is for streams on external tables only; use APPEND_ONLY.",
                ));
            }
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
        self.add_stream(s, &name, def)
    }

    /// A stream on a view, or on the directory table of a stage.
    fn create_view_stream(&mut self, s: &CreateStream, name: &ObjectName) -> Result<Answer> {
        if s.past.is_some() {
            return Err(SqlError::unsupported(format!(
                "AT | BEFORE of a stream on a {}",
                s.on.to_lowercase()
            )));
        }
        let mut kept = properties(&s.options);
        kept.insert(STREAM_SOURCE.into(), s.on.clone());
        let view = self.inner.view()?;
        let (source, offset) = if s.on == "VIEW" {
            let (source, object) = self.inner.relation(&s.source)?;
            let Object::View(v) = object else {
                return Err(missing("view", source.to_string()));
            };
            kept.insert(SOURCE_OID.into(), v.oid.to_string());
            let env = self.inner.env();
            let mut binder = self.inner.binder(env, &view, &[]);
            let offset = binder.view_version(&source, None)?;
            (source, offset)
        } else {
            let source = self.inner.resolve_name(&s.source)?;
            let offset = crate::directory::version(&view, &source, None)?;
            (source, offset)
        };
        let def = StreamDef {
            oid: next_oid(),
            source,
            offset_time: offset.changed,
            offset,
            append_only: s.options.flag("APPEND_ONLY")?.unwrap_or(false),
            initial_rows: s.options.flag("SHOW_INITIAL_ROWS")?.unwrap_or(false),
            owner: self.inner.role.clone(),
            comment: s.options.text("COMMENT").map(str::to_owned),
            created: chrono::Utc::now().timestamp(),
            properties: kept,
        };
        self.add_stream(s, name, def)
    }

    fn add_stream(
        &mut self,
        s: &CreateStream,
        name: &ObjectName,
        def: StreamDef,
    ) -> Result<Answer> {
        let made = self.inner.create_object(
            ObjectKind::Stream,
            name,
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
