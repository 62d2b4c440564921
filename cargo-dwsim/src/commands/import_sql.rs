//! `import-sql`: DDL of either warehouse as tables of dwsim.toml, whose comments stay. Nothing is written unless
//! everything can be. Reading the SQL and writing the TOML is `dwsim-control`'s part.

use std::io::Read;
use std::path::PathBuf;

use dwsim_control::import::{self, Existing, Finding, Level, Options, TableView};
use dwsim_schema::Dialect;
use serde::Serialize;

use crate::cli::Format;
use crate::context::{Context, reference_files};
use crate::error::{Error, Finding as Fault, Result};
use crate::ui::count;
use crate::{exit, output};

/// Arguments of `import-sql`.
#[derive(Debug, clap::Args)]
pub struct ImportSqlArgs {
    /// SQL with CREATE TABLE statements; `-` is stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The warehouse it is written for: redshift, snowflake
    #[arg(short, long, value_name = "DIALECT", value_parser = parse_dialect)]
    dialect: Dialect,
    /// Bring tables that dwsim.toml has already up to date; what else it says about them stays
    #[arg(long)]
    merge: bool,
    /// Write nothing; exit code 24 if dwsim.toml would change
    #[arg(long)]
    check: bool,
    /// Number the rows of tables with a composite primary key in a column _row_id
    #[arg(long)]
    surrogate_keys: bool,
    /// Print what was understood as text or as one JSON line
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// A dialect by its name.
pub fn parse_dialect(text: &str) -> std::result::Result<Dialect, String> {
    Dialect::from_name(text).ok_or_else(|| format!("`{text}` is neither redshift nor snowflake"))
}

/// What `--format json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    changed: bool,
    tables: &'a [TableView],
    findings: &'a [Finding],
}

/// Imports.
pub fn run(ctx: &Context, args: &ImportSqlArgs) -> Result<i32> {
    let (name, sql) = read(ctx, &args.file)?;
    let root = match ctx.project() {
        Ok(project) => project.root,
        Err(_) => ctx.directory().to_path_buf(),
    };
    let path = root.join("dwsim.toml");
    let before = match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        Err(e) => return Err(Error::io(format!("reading {}", path.display()))(e)),
    };
    let options = Options {
        surrogate_keys: args.surrogate_keys,
    };
    let import = import::read(&sql, args.dialect, options);
    let existing = Existing {
        name: "dwsim.toml".to_owned(),
        text: before.clone().unwrap_or_default(),
        files: reference_files(root),
        merge: args.merge,
    };
    let written = import
        .toml(&existing)
        .map_err(|findings| refused(&name, &sql, &findings))?;
    for finding in &written.findings {
        let line = format!(
            "{name}:{}:{}: {}",
            finding.line, finding.column, finding.message
        );
        match (finding.level, &finding.advice) {
            (Level::Note, _) => ctx.ui.note(format_args!("note: {line}")),
            (_, Some(advice)) => ctx
                .ui
                .warn("Look at", format_args!("{line} (help: {advice})")),
            (_, None) => ctx.ui.warn("Look at", format_args!("{line}")),
        }
    }
    let changed = before.as_deref() != Some(&written.text);
    if args.format == Format::Json {
        output::json(&Report {
            changed,
            tables: &written.tables,
            findings: &written.findings,
        })?;
    }
    if args.check {
        if changed && args.format == Format::Human {
            let diff =
                similar::TextDiff::from_lines(before.as_deref().unwrap_or(""), &written.text);
            output::data(
                diff.unified_diff()
                    .header("dwsim.toml", "dwsim.toml")
                    .to_string()
                    .as_bytes(),
            )?;
        }
        return Ok(if changed { exit::LINT } else { exit::OK });
    }
    if changed {
        replace(&path, &written.text)?;
    }
    let columns = written.tables.iter().map(|t| t.columns.len()).sum();
    ctx.ui.status(
        if changed { "Imported" } else { "Unchanged" },
        format_args!(
            "{} with {} of {} into {}",
            count(written.tables.len(), "table"),
            count(columns, "column"),
            count(import.statements, "statement"),
            path.display()
        ),
    );
    Ok(exit::OK)
}

/// The name and the text of a file of SQL.
pub fn read(ctx: &Context, file: &std::path::Path) -> Result<(String, String)> {
    if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(Error::io("reading stdin"))?;
        return Ok(("stdin".to_owned(), text));
    }
    let path = ctx.directory().join(file);
    let text =
        std::fs::read_to_string(&path).map_err(Error::io(format!("reading {}", path.display())))?;
    Ok((file.display().to_string(), text))
}

/// The error of a text that is not imported: each finding with its place.
pub fn refused(name: &str, sql: &str, findings: &[Finding]) -> Error {
    let errors = findings.iter().filter(|f| f.level == Level::Error);
    Error::Import {
        findings: errors
            .map(|f| {
                Fault::in_text(
                    "dwsim::import::refused",
                    (name, sql),
                    (f.line, f.column),
                    &f.message,
                    f.advice.clone(),
                )
            })
            .collect(),
    }
}

/// Writes beside the file and renames, so that a half written dwsim.toml is never seen.
fn replace(path: &std::path::Path, text: &str) -> Result<()> {
    let failed = || Error::io(format!("writing {}", path.display()));
    let folder = path.parent().unwrap_or(std::path::Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed())?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed())?;
    if let Ok(old) = std::fs::metadata(path) {
        std::fs::set_permissions(file.path(), old.permissions()).map_err(failed())?;
    }
    file.persist(path).map_err(|e| failed()(e.error))?;
    Ok(())
}
