//! `dwsim-data.json` beside generated files: what they were made from, so that later rows can be appended to them.
//! Whether that is possible for each table is decided by `dwsim-generate`.

use std::collections::BTreeMap;
use std::path::Path;

use dwsim_generate::{GENERATOR_VERSION, Plan};
use dwsim_schema::{Generator, Schema};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Name of the file.
const NAME: &str = "dwsim-data.json";

/// What files were made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the generator.
    pub generator: u32,
    /// Seed.
    pub seed: u64,
    /// How the keys are made: later rows of other keys could repeat earlier ones.
    pub keys: String,
    /// Rows by table, all shards and appended files together.
    pub rows: BTreeMap<String, u64>,
}

impl Manifest {
    /// The manifest of a plan's files, beside tables that were there before.
    pub fn new(
        schema: &Schema,
        plan: &Plan,
        seed: u64,
        tables: &[&str],
        before: Option<Manifest>,
    ) -> Self {
        let mut rows = before.map_or_else(BTreeMap::new, |m| m.rows);
        for table in plan.tables().iter().filter(|t| tables.contains(&t.name())) {
            rows.insert(table.name().to_owned(), table.rows());
        }
        Self {
            generator: GENERATOR_VERSION,
            seed,
            keys: keys(schema),
            rows,
        }
    }

    /// The manifest in a directory, if there is one.
    pub fn read(directory: &Path) -> Result<Option<Self>> {
        let path = directory.join(NAME);
        match std::fs::read(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::io(format!("reading {}", path.display()))(e)),
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|e| Error::Value {
                    message: format!(
                        "{} is not a manifest of generated data: {e}",
                        path.display()
                    ),
                    help: None,
                }),
        }
    }

    /// Whether later rows go together with these.
    pub fn check(&self, schema: &Schema, seed: u64) -> Result<()> {
        let differs = |what: &str| Error::Usage {
            message: format!("rows cannot be appended: the earlier ones were made with {what}"),
            help: Some("generate all rows anew, into another directory".into()),
        };
        if self.generator != GENERATOR_VERSION {
            return Err(differs(&format!("generator version {}", self.generator)));
        }
        if self.seed != seed {
            return Err(differs(&format!("seed {}", self.seed)));
        }
        if self.keys != keys(schema) {
            return Err(differs("other keys or types than dwsim.toml has now"));
        }
        Ok(())
    }

    /// Writes it, whole or not at all.
    pub fn write(&self, directory: &Path) -> Result<()> {
        let path = directory.join(NAME);
        let temporary = directory.join(format!("{NAME}.{}.tmp", std::process::id()));
        let text = self.text()?;
        let written =
            std::fs::write(&temporary, text).and_then(|()| std::fs::rename(&temporary, &path));
        written.map_err(|e| {
            // nothing more can be done about a file that cannot be removed
            let _ = std::fs::remove_file(&temporary);
            Error::io(format!("writing {}", path.display()))(e)
        })
    }

    /// The text of the file.
    pub fn text(&self) -> Result<String> {
        let json = serde_json::to_string_pretty(self)
            .map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))?;
        Ok(json + "\n")
    }
}

/// Everything that distinct values depend on, but the number of rows.
fn keys(schema: &Schema) -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    hash.update(schema.shape_hash());
    for table in schema.tables() {
        for column in &table.columns {
            let keyed = column.unique || table.composite_keys().any(|k| k.contains(&column.name));
            if !keyed {
                continue;
            }
            let made = match &column.generator {
                Generator::Pattern { pattern, .. } => pattern.clone(),
                Generator::Provider(call) => format!("{call:?}"),
                Generator::Sequence { start, step } => format!("{start} {step}"),
                Generator::Numeric(spec) => format!("{spec:?}"),
                Generator::Temporal(spec) => format!("{spec:?}"),
                Generator::Categorical { values, weights } => format!("{values:?} {weights:?}"),
                Generator::Template(parts) => format!("{parts:?}"),
                _ => String::new(),
            };
            hash.update(format!("{:?} {:?} {made:?}\n", table.name, column.name));
        }
    }
    hash.finalize()[..16]
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}
