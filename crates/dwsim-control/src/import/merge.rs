//! Writing an import: into a new document, or into an existing dwsim.toml, whose comments and own words stay.
//! The result is read and planned before it is given out, so nothing is written that cannot be generated.

use std::collections::{BTreeMap, BTreeSet};

use dwsim_schema::{Config, Diagnostics, Dialect, Files, Inputs, LogicalType, Schema, codes};
use toml_edit::{DocumentMut, InlineTable, Item, TableLike, Value};

use super::columns::{self, Definition, TableDefinition};
use super::model::{ColumnView, Finding, Import, Level, TableView};

/// The document that an import is written into.
#[derive(Clone, Debug, Default)]
pub struct Existing {
    /// Its name in messages.
    pub name: String,
    /// Its text; empty for a new one.
    pub text: String,
    /// Reads the files of reference rows that it names.
    pub files: Files,
    /// Whether tables that it has already are brought up to date; otherwise they are errors.
    pub merge: bool,
}

/// A written import.
#[derive(Clone, Debug)]
pub struct Written {
    /// The whole document.
    pub text: String,
    /// How each table was understood.
    pub tables: Vec<TableView>,
    /// Every finding, of reading and of writing; none is an error.
    pub findings: Vec<Finding>,
}

/// Longest search for numbers of rows and guesses that fit.
const ATTEMPTS: usize = 200;

impl Import {
    /// The tables as TOML, in the existing document.
    ///
    /// # Errors
    /// All findings, if one of them is an error: of the SQL text, of the existing document, or of what both come to.
    pub fn toml(&self, existing: &Existing) -> Result<Written, Vec<Finding>> {
        let mut findings = self.findings.clone();
        if self.has_errors() {
            return Err(findings);
        }
        let start = super::model::At { line: 1, column: 1 };
        if self.tables.is_empty() {
            findings.push(
                start
                    .finding(Level::Error, "the text declares no table")
                    .advise("it needs a CREATE TABLE with columns"),
            );
            return Err(findings);
        }
        let schema = match parse(&existing.text, existing) {
            _ if existing.text.trim().is_empty() => None,
            Ok(config) => Some(config.schema),
            Err(problems) => {
                findings.extend(problems.items.iter().map(|p| {
                    start
                        .finding(Level::Error, format!("the existing {p}"))
                        .advise("correct it first")
                }));
                return Err(findings);
            }
        };
        let known = |name: &str| {
            schema.as_ref().and_then(|s| {
                s.tables()
                    .iter()
                    .find(|t| t.name.eq_ignore_ascii_case(name))
            })
        };
        if !existing.merge {
            for table in self.tables.iter().filter(|t| known(&t.name).is_some()) {
                findings.push(
                    table
                        .at
                        .finding(
                            Level::Error,
                            format!("{} has a table `{}` already", existing.name, table.name),
                        )
                        .advise(
                            "--merge brings it up to date and keeps what else is written there",
                        ),
                );
            }
            if findings.iter().any(|f| f.level == Level::Error) {
                return Err(findings);
            }
        }
        let mut tables = columns::define(self, schema.as_ref(), &mut findings);
        let mut refused = BTreeSet::new();
        for _ in 0..ATTEMPTS {
            columns::without(&mut tables, &refused);
            let text = match compose(&tables, schema.as_ref(), existing, self.dialect) {
                Ok(text) => text,
                Err(message) => {
                    findings
                        .push(start.finding(Level::Error, format!("{}: {message}", existing.name)));
                    return Err(findings);
                }
            };
            let Err(problems) = parse(&text, existing).and_then(|c| plan(&c.schema)) else {
                for table in tables
                    .iter()
                    .filter(|t| t.rows < columns::ROWS && known(&t.name).is_none())
                {
                    findings.push(
                        table
                            .at
                            .finding(
                                Level::Warning,
                                format!(
                                    "table `{}` gets only {} rows: its keys have no more values",
                                    table.name, table.rows
                                ),
                            )
                            .advise("widen the generators of its key, and then `rows`"),
                    );
                }
                findings.sort_by_key(|f| (f.line, f.column));
                return Ok(Written {
                    text,
                    tables: tables.iter().map(view).collect(),
                    findings,
                });
            };
            let hopeless = adjust(
                &problems,
                &text,
                &mut tables,
                &mut refused,
                &mut findings,
                existing,
            );
            if hopeless {
                return Err(findings);
            }
        }
        findings.push(start.finding(
            Level::Error,
            "no rows and generators were found that fit the keys",
        ));
        Err(findings)
    }
}

fn parse(text: &str, existing: &Existing) -> Result<Config, Diagnostics> {
    Config::load(&Inputs {
        file: Some((existing.name.clone(), text.to_owned())),
        files: existing.files.clone(),
        ..Inputs::default()
    })
}

fn plan(schema: &Schema) -> Result<(), Diagnostics> {
    dwsim_generate::plan(schema, &dwsim_generate::Options::default()).map(|_| ())
}

/// Changes what may be changed about each problem: fewer rows, no guess. True if a problem is left that is neither.
fn adjust(
    problems: &Diagnostics,
    text: &str,
    tables: &mut [TableDefinition],
    refused: &mut BTreeSet<(String, String)>,
    findings: &mut Vec<Finding>,
    existing: &Existing,
) -> bool {
    let mut hopeless = false;
    let mut fewer: BTreeSet<String> = BTreeSet::new();
    for problem in &problems.items {
        let owner = problem.place.and_then(|p| owner(text, p.line));
        let table = owner
            .as_ref()
            .and_then(|(name, _)| tables.iter().find(|t| t.name == *name));
        let column = owner.as_ref().and_then(|(_, column)| {
            let column = column.as_ref()?;
            table?.columns.iter().find(|c| c.name == *column)
        });
        match (table, column) {
            (Some(table), _) if problem.code == codes::CAPACITY && table.rows > 1 => {
                fewer.insert(table.name.clone());
            }
            (Some(table), Some(column)) if column.guess.is_some() => {
                refused.insert((table.name.clone(), column.name.clone()));
            }
            (Some(table), column) => {
                hopeless = true;
                let at = column.map_or(table.at, |c| c.at);
                let mut finding = at.finding(Level::Error, problem.message.clone());
                finding.advice = problem.help.clone();
                findings.push(finding);
            }
            (None, _) => {
                hopeless = true;
                let at = super::model::At { line: 1, column: 1 };
                let mut finding = at.finding(
                    Level::Error,
                    format!("in {} it would come to: {}", existing.name, problem.message),
                );
                finding.advice = problem.help.clone();
                findings.push(finding);
            }
        }
    }
    for table in tables.iter_mut().filter(|t| fewer.contains(&t.name)) {
        table.rows = if table.rows > 10 {
            table.rows / 2
        } else {
            table.rows - 1
        };
    }
    hopeless
}

/// The table, and the column, that a line of the document belongs to.
fn owner(text: &str, line: usize) -> Option<(String, Option<String>)> {
    let mut header: Vec<String> = Vec::new();
    let mut last = "";
    for row in text.lines().take(line) {
        last = row;
        if let Some(inner) = row
            .trim()
            .strip_prefix('[')
            .and_then(|r| r.split_once(']'))
            .map(|(i, _)| i)
            && !inner.starts_with('[')
            && let Ok(path) = toml_edit::Key::parse(inner)
        {
            header = path.iter().map(|k| k.get().to_owned()).collect();
        }
    }
    match header.as_slice() {
        [tables, table] if tables == "tables" => Some((table.clone(), None)),
        [tables, table, columns, rest @ ..] if tables == "tables" && columns == "columns" => {
            let column = match rest.first() {
                Some(column) => Some(column.clone()),
                None => last
                    .split_once('=')
                    .and_then(|(left, _)| toml_edit::Key::parse(left.trim()).ok())
                    .and_then(|path| path.first().map(|k| k.get().to_owned())),
            };
            Some((table.clone(), column))
        }
        _ => None,
    }
}

fn view(table: &TableDefinition) -> TableView {
    TableView {
        name: table.name.clone(),
        rows: table.rows,
        line: table.at.line,
        columns: table
            .columns
            .iter()
            .map(|c| ColumnView {
                name: c.name.clone(),
                declared: c.declared.clone(),
                definition: c.inline(),
                guess: c.guess.as_ref().map(|(_, why)| (*why).to_owned()),
            })
            .collect(),
    }
}

/// The document with the tables in it.
fn compose(
    tables: &[TableDefinition],
    schema: Option<&Schema>,
    existing: &Existing,
    dialect: Dialect,
) -> Result<String, String> {
    let there: BTreeMap<String, String> = schema
        .into_iter()
        .flat_map(Schema::tables)
        .map(|t| (t.name.to_lowercase(), t.name.clone()))
        .collect();
    let mut document: DocumentMut = existing
        .text
        .parse()
        .map_err(|e: toml_edit::TomlError| e.to_string())?;
    for table in tables {
        if let Some(name) = there.get(&table.name.to_lowercase()) {
            update(&mut document, name, table, dialect)?;
        }
    }
    let mut text = document.to_string();
    for table in tables
        .iter()
        .filter(|t| !there.contains_key(&t.name.to_lowercase()))
    {
        if !text.is_empty() {
            if !text.ends_with('\n') {
                text.push('\n');
            }
            text.push('\n');
        }
        text.push_str(&table.text());
    }
    Ok(text)
}

/// Brings a table of the document up to date: what the DDL says is set, everything else stays.
fn update(
    document: &mut DocumentMut,
    name: &str,
    table: &TableDefinition,
    dialect: Dialect,
) -> Result<(), String> {
    let there = document
        .get_mut("tables")
        .and_then(Item::as_table_like_mut)
        .and_then(|t| t.get_mut(name))
        .and_then(Item::as_table_like_mut)
        .ok_or_else(|| format!("table `{name}` is written in a way that cannot be changed"))?;
    for (key, value) in &table.keys {
        set(there, key, value)?;
    }
    // a comment has no place inside of an inline table
    let marked = there.get("columns").is_some_and(Item::is_table);
    let columns = there
        .get_mut("columns")
        .and_then(Item::as_table_like_mut)
        .ok_or_else(|| {
            format!("the columns of table `{name}` are written in a way that cannot be changed")
        })?;
    for column in &table.columns {
        let spelled = columns
            .iter()
            .map(|(k, _)| k.to_owned())
            .find(|k| k.eq_ignore_ascii_case(&column.name));
        let Some(spelled) = spelled else {
            let mut value = parsed(&column.inline())?;
            if let Some(mark) = column.mark().filter(|_| marked) {
                value.decor_mut().set_suffix(format!(" # {mark}"));
            }
            columns.insert(&column.name, Item::Value(value));
            continue;
        };
        let definition = columns
            .get_mut(&spelled)
            .and_then(Item::as_table_like_mut)
            .ok_or_else(|| format!("column `{spelled}` of table `{name}` is no table"))?;
        refresh(definition, column, dialect)?;
    }
    Ok(())
}

/// Keys of a column that the DDL decides; generators and everything else are the user's.
const DECLARED: &[&str] = &[
    "type",
    "primary_key",
    "unique",
    "references",
    "not_null",
    "default",
    "default_sql",
    "encode",
    "comment",
    "redshift_type",
    "snowflake_type",
];

fn refresh(there: &mut dyn TableLike, column: &Definition, dialect: Dialect) -> Result<(), String> {
    let written = there.get("type").and_then(Item::as_str).map(str::to_owned);
    // serial and bigint, text and varchar, foreign keys: other words for what the DDL says
    let same_type = written.as_deref().is_some_and(|text| {
        text.eq_ignore_ascii_case("foreign_key")
            || LogicalType::parse(text)
                .is_ok_and(|ty| ty == column.ty || ty.sql(dialect) == column.ty.sql(dialect))
    });
    for (key, value) in column.keys.iter().filter(|(k, _)| DECLARED.contains(k)) {
        let has_generator = [
            "generator",
            "values",
            "pattern",
            "range",
            "value",
            "distribution",
        ]
        .iter()
        .any(|k| there.contains_key(k));
        match *key {
            "type" if same_type => {}
            // a reference next to a generator of the user's own would be a conflict
            "type" if value == "\"foreign_key\"" && has_generator => {}
            "references" if has_generator || there.contains_key("references") => {}
            "default" if there.contains_key("default_sql") => {}
            "default_sql" if there.contains_key("default") => {}
            _ => set(there, key, value)?,
        }
    }
    Ok(())
}

fn parsed(text: &str) -> Result<Value, String> {
    text.parse::<Value>().map_err(|e| e.to_string())
}

/// Sets a key to a value unless it has it already; comments behind it stay.
fn set(table: &mut dyn TableLike, key: &str, text: &str) -> Result<(), String> {
    let mut value = parsed(text)?;
    if let Some(old) = table.get(key) {
        let same = |item: &Item| match (item.as_inline_table(), &value) {
            (Some(old), Value::InlineTable(new)) => plain(old) == plain(new),
            _ => item.to_string().trim() == value.to_string().trim(),
        };
        if same(old) {
            return Ok(());
        }
        if let Some(decor) = old.as_value().map(Value::decor).cloned() {
            *value.decor_mut() = decor;
        }
        // the attributes that the DDL does not name stay
        if let (Value::InlineTable(new), Some(old)) = (&mut value, old.as_table_like()) {
            for (key, item) in old.iter().filter(|(k, _)| {
                !matches!(
                    *k,
                    "distkey" | "diststyle" | "sortkey" | "interleaved" | "cluster_by"
                )
            }) {
                if !new.contains_key(key)
                    && let Some(item) = item.as_value()
                {
                    new.insert(key, item.clone());
                }
            }
        }
    }
    table.insert(key, Item::Value(value));
    Ok(())
}

fn plain(table: &InlineTable) -> BTreeMap<String, String> {
    table
        .iter()
        .map(|(k, v)| (k.to_owned(), v.to_string().trim().to_owned()))
        .collect()
}
