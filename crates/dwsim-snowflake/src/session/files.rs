//! COPY FILES: from stage to stage.
//! Loading and unloading rows is the work of `copy` and `unload`.
//!
//! Source: "COPY FILES".

use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::types::SqlType;

use super::{Answer, SnowflakeSession, StatementKind};
use crate::parse::Options;

impl SnowflakeSession {
    /// COPY FILES: the files keep their paths below the locations.
    pub(super) async fn copy_files(
        &mut self,
        to: &str,
        from: &str,
        options: &Options,
    ) -> Result<Answer> {
        options.only(&["FILES", "PATTERN", "DETAILED_OUTPUT"])?;
        if options.flag("DETAILED_OUTPUT")? == Some(false) {
            return Err(SqlError::unsupported(
                "COPY FILES with DETAILED_OUTPUT = FALSE",
            ));
        }
        let source = self.locate(from)?;
        let target = self.locate(to)?;
        let base = match source.path.rfind('/') {
            Some(slash) => source.path[..=slash].to_owned(),
            None => String::new(),
        };
        let folder = if target.path.is_empty() || target.path.ends_with('/') {
            target.path.clone()
        } else {
            format!("{}/", target.path)
        };
        let mut rows = Vec::new();
        for file in self.chosen(&source, options).await? {
            let below = file.shown_name.strip_prefix(&base).unwrap_or(&file.path);
            let path = format!("{folder}{below}");
            let bytes = self.read(&source, &file).await?;
            self.write(&target, &path, bytes.to_vec()).await?;
            rows.push(vec![Some(path)]);
        }
        Answer::table(StatementKind::Files, vec![("file", SqlType::text())], rows)
    }
}
