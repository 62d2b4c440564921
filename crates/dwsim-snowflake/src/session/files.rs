//! COPY FILES from stage to stage, and EXECUTE IMMEDIATE FROM a file of one.
//! Loading and unloading rows is the work of `copy` and `unload`.
//!
//! Sources: "COPY FILES", "EXECUTE IMMEDIATE FROM".

use dwsim_engine::error::{ErrorKind, Result, SqlError};
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

    /// EXECUTE IMMEDIATE FROM: the statements of a file; the last one answers.
    pub(super) async fn execute_file(&mut self, location: &str) -> Result<Answer> {
        if !location.starts_with('@') {
            return Err(SqlError::unsupported(
                "EXECUTE IMMEDIATE FROM a path that is not in a stage",
            ));
        }
        let at = self.locate(location)?;
        let files = self.files(&at).await?;
        let Some(file) = files.into_iter().find(|f| f.shown_name == at.path) else {
            return Err(ErrorKind::Storage(format!(
                "Failed to access a file: File '{location}' not found."
            ))
            .into());
        };
        let bytes = self.read(&at, &file).await?;
        let text = String::from_utf8(bytes.to_vec())
            .map_err(|_| SqlError::raw("100144", "22000", "Invalid UTF8 detected in string"))?;
        let mut answer = None;
        for piece in crate::parse::split(&text)? {
            answer = Some(self.nested(&piece.text).await?);
        }
        answer.ok_or_else(|| SqlError::raw("000900", "42601", "Empty SQL statement."))
    }
}
