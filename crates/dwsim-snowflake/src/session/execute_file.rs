//! EXECUTE IMMEDIATE FROM: the statements of a file in a stage, one after the other.
//! Files that are templates are refused.
//!
//! Source: "EXECUTE IMMEDIATE FROM".

use std::collections::BTreeMap;

use dwsim_engine::error::{ErrorKind, Result, SqlError};

use super::{Answer, SnowflakeSession};

/// The first line of a file that is a template.
const TEMPLATE: &str = "--!jinja";

impl SnowflakeSession {
    /// Runs the statements of a file; the answer is the last one's.
    ///
    /// # Errors
    /// For a file that is not there, is no text, is empty or is a template, and what its statements give: the first that
    /// fails ends it.
    pub(super) async fn execute_file(&mut self, location: &str) -> Result<Answer> {
        let at = self.locate(location)?;
        let files = self.files(&at).await?;
        let file = files
            .into_iter()
            .find(|f| f.path == at.path || f.key == at.path);
        let Some(file) = file else {
            return Err(
                ErrorKind::Storage(format!("Remote file '{location}' was not found.")).into(),
            );
        };
        let bytes = self.read(&at, &file).await?;
        let text = std::str::from_utf8(&bytes).map_err(|_| {
            SqlError::raw(
                "100039",
                "22000",
                format!("Invalid UTF8 detected in file '{location}'"),
            )
        })?;
        if text.trim_start().starts_with(TEMPLATE) {
            return Err(SqlError::unsupported("templates in EXECUTE IMMEDIATE FROM"));
        }
        let mut last = None;
        for piece in crate::parse::split(text)? {
            last = Some(Box::pin(self.run(&piece.text, &BTreeMap::new(), false)).await?);
        }
        last.ok_or_else(|| {
            SqlError::raw(
                "000900",
                "42601",
                "SQL compilation error:\nEmpty SQL statement.",
            )
        })
    }
}
