//! ALTER VIEW and ALTER SEQUENCE.
//! Tables, and what views and sequences are, are the engine's; COMMENT ON is in `comment`.
//!
//! Sources: "ALTER VIEW", "ALTER SEQUENCE".

use std::sync::Arc;

use dwsim_engine::catalog::{Object, ObjectKind, SequenceDef, ViewDef};
use dwsim_engine::error::{ErrorKind, Result};
use sqlparser::ast;

use super::run::missing;
use super::{Answer, SnowflakeSession, StatementKind};
use crate::parse::{SequenceChange, ViewChange};

impl SnowflakeSession {
    pub(super) fn alter_view(
        &mut self,
        name: &ast::ObjectName,
        if_exists: bool,
        change: &ViewChange,
    ) -> Result<Answer> {
        match self.changed_view(name, change) {
            Err(e) if if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {}
            other => other?,
        }
        Answer::success(StatementKind::Ddl)
    }

    fn changed_view(&mut self, name: &ast::ObjectName, change: &ViewChange) -> Result<()> {
        let (full, object) = self.inner.relation(name)?;
        if !matches!(object, Object::View(_)) {
            return Err(missing("view", full.to_string()));
        }
        if let ViewChange::Rename(to) = change {
            return self.inner.rename_relation(&full, to).map(drop);
        }
        self.inner.change(|t| {
            let Some(Object::View(v)) = t.object(ObjectKind::Relation, &full) else {
                return Err(missing("view", full.to_string()));
            };
            let mut v = ViewDef::clone(v);
            match change {
                ViewChange::Comment(text) => v.comment.clone_from(text),
                ViewChange::Secure(true) => {
                    v.properties.insert("secure".into(), "true".into());
                }
                ViewChange::Secure(false) => {
                    v.properties.remove("secure");
                }
                ViewChange::Rename(_) => {}
            }
            t.set_object(ObjectKind::Relation, &full, Some(Object::View(Arc::new(v))))
        })
    }

    pub(super) fn alter_sequence(
        &mut self,
        name: &ast::ObjectName,
        if_exists: bool,
        change: &SequenceChange,
    ) -> Result<Answer> {
        match self.changed_sequence(name, change) {
            Err(e) if if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {}
            other => other?,
        }
        Answer::success(StatementKind::Ddl)
    }

    fn changed_sequence(&mut self, name: &ast::ObjectName, change: &SequenceChange) -> Result<()> {
        let full = self.inner.resolve_name(name)?;
        let to = match &change.rename {
            Some(to) => Some(self.inner.resolve_name(to)?),
            None => None,
        };
        self.inner.change(|t| {
            let Some(Object::Sequence(s)) = t.object(ObjectKind::Sequence, &full) else {
                return Err(missing("sequence", full.to_string()));
            };
            let mut s = SequenceDef::clone(s);
            if let Some(step) = change.step {
                s.step = step;
            }
            if let Some(comment) = &change.comment {
                s.comment.clone_from(comment);
            }
            let at = to.as_ref().unwrap_or(&full);
            if to.is_some() {
                if t.object(ObjectKind::Sequence, at).is_some() {
                    return Err(ErrorKind::ObjectExists {
                        kind: "sequence",
                        name: at.name.clone(),
                    }
                    .into());
                }
                t.set_object(ObjectKind::Sequence, &full, None)?;
            }
            t.set_object(
                ObjectKind::Sequence,
                at,
                Some(Object::Sequence(Arc::new(s))),
            )
        })
    }
}
