//! Refreshing the directory tables of stages, and reading them in a query.
//! What a directory table holds is in `crate::directory`.
//!
//! Sources: "Query directory tables", "ALTER STAGE".

use std::collections::BTreeMap;
use std::sync::Arc;

use dwsim_engine::catalog::{Object, ObjectKind, ObjectName, OtherObject};
use dwsim_engine::error::Result;
use dwsim_engine::types::SqlType;
use sqlparser::ast;

use super::run::missing;
use super::stage::Found;
use super::{Answer, SnowflakeSession, StatementKind};
use crate::dialect::Rows;
use crate::directory::{self, DIRECTORY, Entry};
use crate::parse::{CreateObject, Cursor};

impl SnowflakeSession {
    /// A stage with a directory table.
    fn directory_stage(
        &mut self,
        name: &ast::ObjectName,
    ) -> Result<(ObjectName, Arc<OtherObject>)> {
        let full = self.inner.object_name(ObjectKind::Stage, name)?;
        let view = self.inner.view()?;
        let Some(Object::Other(stage)) = view.object(ObjectKind::Stage, &full) else {
            return Err(missing("stage", full.to_string()));
        };
        if !directory::is_enabled(stage) {
            return Err(directory::disabled(&full));
        }
        let stage = Arc::clone(stage);
        Ok((full, stage))
    }

    /// Whether a new stage is an external one with a directory table that is filled at once.
    pub(super) fn has_external_directory(&self, o: &CreateObject) -> bool {
        let p = super::objects::properties(&o.options);
        let on =
            |k: &str, default: bool| p.get(k).map_or(default, |v| v.eq_ignore_ascii_case("true"));
        o.kind == ObjectKind::Stage
            && p.contains_key("URL")
            && on("DIRECTORY.ENABLE", false)
            && on("DIRECTORY.REFRESH_ON_CREATE", true)
    }

    /// The files of a stage.
    async fn stage_files(&mut self, full: &ObjectName) -> Result<Vec<Found>> {
        let quoted = |s: &str| format!("\"{}\"", s.replace('"', "\"\""));
        let at = self.locate(&format!(
            "@{}.{}.{}",
            quoted(&full.database),
            quoted(&full.schema),
            quoted(&full.name)
        ))?;
        self.files(&at).await
    }

    /// The rows of `DIRECTORY(@stage)`.
    ///
    /// # Errors
    /// Unknown stages, and stages without a directory table.
    pub(super) fn directory(&mut self, stage: &str) -> Result<Rows> {
        let mut c = Cursor::new(stage.trim_start_matches('@'))?;
        let name = c.name()?;
        c.end()?;
        let (_, stage) = self.directory_stage(&name)?;
        let batch = directory::rows(&directory::entries(&stage))?;
        Ok((directory::columns(), vec![batch]))
    }

    /// ALTER STAGE … REFRESH: the directory table knows the files that are there now, all or those under a path.
    pub(super) async fn refresh_stage(
        &mut self,
        name: &ast::ObjectName,
        path: Option<&str>,
    ) -> Result<Answer> {
        let (full, stage) = self.directory_stage(name)?;
        let prefix = path.unwrap_or_default().trim_start_matches('/');
        let root = format!(
            "https://{}.snowflakecomputing.com/api/files/{}/{}/{}/",
            self.account.name.to_lowercase(),
            full.database,
            full.schema,
            full.name
        );
        let mut known: BTreeMap<String, Entry> = directory::entries(&stage)
            .into_iter()
            .map(|e| (e.path.clone(), e))
            .collect();
        let files = self.stage_files(&full).await?;
        let mut rows = Vec::new();
        let mut report = |path: &str, status: &str, description: &str| {
            rows.push(vec![
                Some(path.to_owned()),
                Some(status.to_owned()),
                Some(description.to_owned()),
            ]);
        };
        known.retain(|path, _| {
            let stays = !path.starts_with(prefix) || files.iter().any(|f| f.path == *path);
            if !stays {
                report(path, "UNREGISTERED", "File unregistered successfully.");
            }
            stays
        });
        for f in files.iter().filter(|f| f.path.starts_with(prefix)) {
            let entry = Entry {
                path: f.path.clone(),
                size: f.size,
                modified: f.modified,
                etag: f.etag.clone(),
                url: format!("{root}{}", f.path.replace('/', "%2f")),
            };
            let status = match known.get(&f.path) {
                Some(old) if *old == entry => continue,
                Some(_) => "REGISTERED_UPDATE",
                None => "REGISTERED_NEW",
            };
            report(&f.path, status, "File registered successfully.");
            known.insert(f.path.clone(), entry);
        }
        let list: Vec<Entry> = known.into_values().collect();
        let list = serde_json::to_value(list)
            .map_err(|e| dwsim_engine::error::SqlError::internal(e.to_string()))?;
        self.inner.change(|t| {
            let Some(Object::Other(o)) = t.object(ObjectKind::Stage, &full) else {
                return Err(missing("stage", full.to_string()));
            };
            let mut o = OtherObject::clone(o);
            if !o.definition.is_object() {
                o.definition = serde_json::json!({});
            }
            o.definition[DIRECTORY] = list.clone();
            t.set_object(ObjectKind::Stage, &full, Some(Object::Other(Arc::new(o))))
        })?;
        let t = SqlType::text;
        Answer::table(
            StatementKind::Files,
            vec![("file", t()), ("status", t()), ("description", t())],
            rows,
        )
    }
}
