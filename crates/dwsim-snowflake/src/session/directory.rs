//! Directory tables of stages: which files a stage had when it was refreshed last.
//! Reading them in a query is the work of `staged`.
//!
//! Sources: "Query directory tables", "ALTER STAGE".

use std::sync::Arc;

use dwsim_engine::catalog::{Object, ObjectKind, ObjectName, OtherObject};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::types::{ColumnInfo, SqlType};
use sqlparser::ast;

use super::answer::text_batch;
use super::run::missing;
use super::stage::Found;
use super::{Answer, SnowflakeSession, StatementKind};
use crate::dialect::Rows;
use crate::parse::Cursor;

/// The property of a stage that holds when it was refreshed, in seconds since the epoch.
const REFRESHED: &str = "DIRECTORY.LAST_REFRESHED_ON";

fn disabled(name: &ObjectName) -> SqlError {
    SqlError::raw(
        "002003",
        "02000",
        format!(
            "SQL compilation error:\nStage '{name}' does not have a directory table: it needs DIRECTORY = (ENABLE = TRUE)."
        ),
    )
}

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
        let enabled = stage
            .properties
            .get("DIRECTORY.ENABLE")
            .is_some_and(|v| v.eq_ignore_ascii_case("true"));
        if !enabled {
            return Err(disabled(&full));
        }
        let stage = Arc::clone(stage);
        Ok((full, stage))
    }

    /// The files of a stage; the name is written as `@stage`.
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
    pub(super) async fn directory(&mut self, stage: &str) -> Result<Rows> {
        let mut c = Cursor::new(stage.trim_start_matches('@'))?;
        let name = c.name()?;
        c.end()?;
        let (full, stage) = self.directory_stage(&name)?;
        let refreshed = stage
            .properties
            .get(REFRESHED)
            .and_then(|v| v.parse::<i64>().ok())
            .unwrap_or(stage.created);
        let root = format!(
            "https://{}.snowflakecomputing.com/api/files/{}/{}/{}/",
            self.account.name.to_lowercase(),
            full.database,
            full.schema,
            full.name
        );
        let rows: Vec<Vec<Option<String>>> = self
            .stage_files(&full)
            .await?
            .into_iter()
            .filter(|f| f.modified <= refreshed)
            .map(|f| {
                vec![
                    Some(f.path.clone()),
                    Some(f.size.to_string()),
                    Some(f.modified.to_string()),
                    Some(f.etag.clone()),
                    Some(f.etag),
                    Some(format!("{root}{}", f.path.replace('/', "%2f"))),
                ]
            })
            .collect();
        let columns: Vec<ColumnInfo> = [
            ("RELATIVE_PATH", SqlType::text()),
            ("SIZE", SqlType::number(38, 0)),
            ("LAST_MODIFIED", SqlType::TimestampLtz(3)),
            ("MD5", SqlType::text()),
            ("ETAG", SqlType::text()),
            ("FILE_URL", SqlType::text()),
        ]
        .into_iter()
        .map(|(n, t)| ColumnInfo::new(n, t))
        .collect();
        let batch = text_batch(&columns, &rows)?;
        Ok((columns, vec![batch]))
    }

    /// ALTER STAGE … REFRESH: the directory table knows the files that are there now.
    pub(super) async fn refresh_stage(&mut self, name: &ast::ObjectName) -> Result<Answer> {
        let (full, stage) = self.directory_stage(name)?;
        let before = stage
            .properties
            .get(REFRESHED)
            .and_then(|v| v.parse::<i64>().ok())
            .unwrap_or(stage.created);
        let now = chrono::Utc::now().timestamp();
        let files = self.stage_files(&full).await?;
        self.inner.change(|t| {
            let Some(Object::Other(o)) = t.object(ObjectKind::Stage, &full) else {
                return Err(missing("stage", full.to_string()));
            };
            let mut o = OtherObject::clone(o);
            o.properties.insert(REFRESHED.into(), now.to_string());
            t.set_object(ObjectKind::Stage, &full, Some(Object::Other(Arc::new(o))))
        })?;
        Answer::table(
            StatementKind::Files,
            vec![
                ("file", SqlType::text()),
                ("status", SqlType::text()),
                ("description", SqlType::text()),
            ],
            files
                .into_iter()
                .filter(|f| f.modified > before || !stage.properties.contains_key(REFRESHED))
                .map(|f| {
                    vec![
                        Some(f.path),
                        Some("REGISTERED_NEW".into()),
                        Some("File registered successfully.".into()),
                    ]
                })
                .collect(),
        )
    }
}
