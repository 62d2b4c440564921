//! The findings of one SQL test: each statement parsed as each dialect's emulator would, then names, order and
//! whatever changes from run to run.

use dwsim_engine::error::{ErrorKind, SqlError};
use dwsim_runtime::Dialect;
use dwsim_runtime::script::{self, Statement as Piece};
use dwsim_runtime::sqltest::FrontMatter;
use dwsim_schema::{Clock, Config};
use sqlparser::ast::{self, ObjectName, Query, Statement};

use super::catalog::{Catalog, Relation};
use super::finding::{self, Finding, Severity};
use super::names::{self, Names};
use super::order;
use super::place::{Lines, Origin};
use super::volatile;

/// A SQL file as `check` sees it.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Relative to the project.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
    /// The dialect that its name restricts it to.
    pub dialect: Option<Dialect>,
}

/// What one dialect's statements are about, as far as the lints care.
enum Unit {
    /// A query: SELECT, WITH, VALUES.
    Query(Box<Query>),
    /// INSERT, UPDATE, DELETE, MERGE.
    Change(Box<Statement>),
    /// CREATE TABLE … AS, CREATE VIEW, CREATE TABLE with columns.
    Create {
        name: ObjectName,
        columns: Vec<String>,
        query: Option<Box<Query>>,
    },
    /// DROP.
    Drop(Vec<ObjectName>),
    /// ALTER TABLE; the new name where it is renamed.
    Alter(ObjectName, Option<String>),
    /// A statement that names an existing table: TRUNCATE, COPY, ANALYZE.
    Uses(Vec<ObjectName>),
    /// A statement that may make or change anything.
    Anything,
    /// A statement without names.
    Nothing,
}

/// What a file is checked against.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// The project's tables, if its dwsim.toml can be read.
    pub catalog: Option<&'a Catalog>,
    /// The dialects that the project's tests run on.
    pub dialects: &'a [Dialect],
    /// Whether the clock stands still.
    pub frozen_clock: bool,
    /// Whether random functions are seeded.
    pub frozen_random: bool,
}

impl<'a> Surroundings<'a> {
    /// From a configuration and the catalog made of it.
    pub fn new(config: Option<&'a Config>, catalog: Option<&'a Catalog>) -> Self {
        Surroundings {
            catalog,
            dialects: config.map_or(&Dialect::ALL, |c| &c.project.dialects),
            frozen_clock: config.is_some_and(|c| matches!(c.project.clock, Clock::Frozen(_))),
            frozen_random: config.is_some_and(|c| c.project.random.is_some()),
        }
    }
}

/// The findings of a file, those that its front matter allows left out.
pub fn check(file: File<'_>, around: &Surroundings<'_>) -> Vec<Finding> {
    let lines = Lines::new(file.text);
    let matter = match FrontMatter::parse(file.text) {
        Ok(matter) => matter,
        Err(e) => {
            let (start, end) = lines.line(e.line);
            return vec![Report::new(file, &lines).make(
                finding::TEST_FILE,
                Severity::Error,
                (start, end),
                e.message,
                None,
            )];
        }
    };
    let named = file.dialect.map(|d| vec![d]);
    let dialects: Vec<Dialect> = named
        .or_else(|| matter.dialects.clone())
        .unwrap_or_else(|| around.dialects.to_vec())
        .into_iter()
        .filter(|dialect| !matter.skip.contains_key(dialect))
        .collect();
    let mut found = Vec::new();
    let mut report = Report::new(file, &lines);
    for unknown in matter.allow.keys().filter(|name| {
        !finding::CODES
            .iter()
            .any(|(_, known, _)| known == &name.as_str())
    }) {
        let names = finding::CODES.iter().map(|(_, name, _)| *name);
        let help = dwsim_schema::did_you_mean(unknown, names.clone())
            .unwrap_or_else(|| format!("the lints are {}", names.collect::<Vec<_>>().join(", ")));
        let at = file.text.find("allow").unwrap_or(0);
        found.push(report.make(
            finding::TEST_FILE,
            Severity::Error,
            (at, at + 5),
            format!("`{unknown}` is no lint that could be allowed"),
            Some(help),
        ));
    }
    for dialect in dialects {
        one_dialect(
            file,
            &lines,
            &matter,
            dialect,
            around,
            &mut report,
            &mut found,
        );
    }
    found.retain(|f| {
        finding::short_name(f.code).is_none_or(|name| !matter.allow.contains_key(name))
    });
    found
}

fn one_dialect(
    file: File<'_>,
    lines: &Lines<'_>,
    matter: &FrontMatter,
    dialect: Dialect,
    around: &Surroundings<'_>,
    report: &mut Report<'_>,
    found: &mut Vec<Finding>,
) {
    let pieces = match script::statements(file.text, dialect) {
        Ok(pieces) => pieces,
        Err(e) => {
            let at = lines.byte(e.line, e.column);
            let message = format!("{dialect}: {}", e.message);
            found.push(report.make(finding::SYNTAX, Severity::Error, (at, at), message, None));
            return;
        }
    };
    let mut catalog = around.catalog.cloned();
    let last = pieces.len().saturating_sub(1);
    for (i, piece) in pieces.iter().enumerate() {
        let start = piece.text.as_ptr() as usize - file.text.as_ptr() as usize;
        let origin = Origin::new(lines, start);
        let unit = match parse(piece, dialect) {
            Ok(unit) => unit,
            // the last statement of such a test must be refused, by the parser as well
            Err(_) if matter.error && i == last => continue,
            Err(e) => {
                found.push(syntax(dialect, &e, piece, start, origin, lines, report));
                // what follows may use what this statement was to make
                if let Some(catalog) = &mut catalog {
                    catalog.open_up();
                }
                continue;
            }
        };
        let mut at = Site {
            lines,
            origin,
            report,
            found,
        };
        if let Some(catalog) = &mut catalog {
            let quiet = matter.error && i == last;
            check_names(&unit, catalog, quiet, &mut at);
        }
        if let Unit::Query(query) = &unit {
            let redacted = (i == last).then_some(&matter.redact);
            volatile::query(query, around, redacted, &mut at);
            if i == last && !matter.error {
                order::check(query, catalog.as_ref(), matter, file.text, &mut at);
            }
        } else if let Unit::Change(statement) = &unit {
            volatile::statement(statement, around, &mut at);
        }
    }
}

/// Where the findings of a statement go.
#[derive(Debug)]

pub struct Site<'a, 'b> {
    /// The file's lines.
    pub lines: &'a Lines<'a>,
    /// Where the statement begins.
    pub origin: Origin,
    report: &'a mut Report<'b>,
    found: &'a mut Vec<Finding>,
}

impl Site<'_, '_> {
    /// Adds a finding at a span of the statement.
    pub fn add(
        &mut self,
        code: &'static str,
        severity: Severity,
        span: sqlparser::tokenizer::Span,
        message: String,
        help: Option<String>,
    ) -> Option<&mut Finding> {
        let place = self.origin.span(self.lines, span)?;
        let made = self.report.make(code, severity, place, message, help);
        let same = self
            .found
            .iter()
            .any(|f| f.code == made.code && f.start == made.start && f.message == made.message);
        if same {
            return None;
        }
        self.found.push(made);
        self.found.last_mut()
    }
}

/// Makes findings of one file.
#[derive(Debug)]
pub struct Report<'a> {
    file: File<'a>,
    lines: &'a Lines<'a>,
}

impl<'a> Report<'a> {
    /// For a file and its lines.
    pub fn new(file: File<'a>, lines: &'a Lines<'a>) -> Self {
        Report { file, lines }
    }

    /// A finding at these bytes.
    pub fn make(
        &self,
        code: &'static str,
        severity: Severity,
        (start, end): (usize, usize),
        message: String,
        help: Option<String>,
    ) -> Finding {
        let (line, column) = self.lines.locate(start);
        Finding {
            code,
            severity,
            file: self.file.name.to_owned(),
            start,
            end: end.max(start),
            line,
            column,
            message,
            help,
            fix: None,
        }
    }
}

fn syntax(
    dialect: Dialect,
    error: &SqlError,
    piece: &Piece<'_>,
    start: usize,
    origin: Origin,
    lines: &Lines<'_>,
    report: &Report<'_>,
) -> Finding {
    let message = match (error.kind.as_ref(), dialect) {
        // Snowflake's rendering repeats the place, which is shown anyway
        (ErrorKind::Syntax { message, near }, Dialect::Snowflake) if near.is_empty() => {
            message.clone()
        }
        (ErrorKind::Syntax { near, .. }, Dialect::Snowflake) => {
            format!("syntax error at or near \"{near}\"")
        }
        (_, Dialect::Redshift) => error.redshift().message,
        (_, Dialect::Snowflake) => error.snowflake().message,
    };
    let message = message.replace('\n', " ");
    let at = error
        .position
        .map_or((start, start + piece.text.len()), |p| {
            let from = origin.byte(lines, p.line, p.column);
            let rest = &piece.text[(from.max(start) - start).min(piece.text.len())..];
            let word = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            (from, from + word.max(usize::from(!rest.is_empty())))
        });
    report.make(
        finding::SYNTAX,
        Severity::Error,
        at,
        format!("{dialect}: {message}"),
        None,
    )
}

/// The statement as the dialect's emulator parses it.
fn parse(piece: &Piece<'_>, dialect: Dialect) -> Result<Unit, SqlError> {
    match dialect {
        Dialect::Redshift => {
            let mut parsed = dwsim_redshift::parse::parse(piece.text)?;
            Ok(match (parsed.pop(), parsed.is_empty()) {
                (Some(one), true) => redshift(one.statement),
                (None, _) => Unit::Nothing,
                _ => Unit::Anything,
            })
        }
        Dialect::Snowflake => dwsim_snowflake::parse::parse(piece.text).map(snowflake),
    }
}

fn redshift(statement: dwsim_redshift::parse::Statement) -> Unit {
    use dwsim_redshift::parse::{Action, Kind, Statement as S};
    match statement {
        S::Query(query) => Unit::Query(query),
        S::Declare { query, .. } => Unit::Query(query),
        S::Dml(statement) => Unit::Change(statement),
        S::CreateTable(table) => {
            let like = !table.like.is_empty();
            let columns = table.columns.iter().map(|c| c.name.value.to_lowercase());
            let named = table.column_names.iter().map(|c| c.value.to_lowercase());
            Unit::Create {
                name: table.name,
                // the columns of LIKE's parent are left open
                columns: if like {
                    Vec::new()
                } else {
                    columns.chain(named).collect()
                },
                query: table.query,
            }
        }
        S::CreateView(view) => Unit::Create {
            name: view.name,
            columns: view
                .columns
                .iter()
                .map(|c| c.value.to_lowercase())
                .collect(),
            query: Some(view.query),
        },
        S::Drop {
            kind: Kind::Table | Kind::View | Kind::MaterializedView,
            names,
            if_exists: false,
            ..
        } => Unit::Drop(names),
        S::AlterTable(alter) => {
            let renamed = match &alter.action {
                Action::Rename(name) => Some(name.value.to_lowercase()),
                _ => None,
            };
            Unit::Alter(alter.name, renamed)
        }
        S::Truncate(name) | S::Refresh { name, .. } => Unit::Uses(vec![name]),
        S::Maintain {
            table: Some(name), ..
        }
        | S::AnalyzeCompression(Some(name)) => Unit::Uses(vec![name]),
        S::Lock(names) => Unit::Uses(names),
        S::Explain(inner) => redshift(inner.statement),
        S::Begin { .. }
        | S::Commit
        | S::Rollback
        | S::Show(_)
        | S::Reset(_)
        | S::Grant(_)
        | S::Comment { .. }
        | S::Maintain { .. }
        | S::Fetch(_)
        | S::Close(_)
        | S::Deallocate(_)
        | S::Copy(_)
        | S::Unload(_) => Unit::Nothing,
        // a search path, a schema, a procedure: afterwards any name may mean something
        _ => Unit::Anything,
    }
}

fn snowflake(command: dwsim_snowflake::parse::Command) -> Unit {
    use dwsim_snowflake::parse::Command as C;
    let statement = match command {
        C::Sql(statement) => *statement,
        C::Show(_)
        | C::Describe(_)
        | C::AlterSession(_)
        | C::UnsetSession(_)
        | C::Set(_)
        | C::Unset(_)
        | C::Create(_)
        | C::Copy(_)
        | C::Put(..)
        | C::Get(..)
        | C::List(..)
        | C::Remove(..)
        | C::Comment(..)
        | C::Grant { .. } => return Unit::Nothing,
        _ => return Unit::Anything,
    };
    match statement {
        Statement::Query(query) => Unit::Query(query),
        Statement::Insert(_)
        | Statement::Update(_)
        | Statement::Delete(_)
        | Statement::Merge(_) => Unit::Change(Box::new(statement)),
        Statement::CreateTable(table) => {
            let open = table.clone.is_some() || table.like.is_some();
            let columns = table.columns.iter().map(|c| c.name.value.to_lowercase());
            Unit::Create {
                name: table.name,
                columns: if open { Vec::new() } else { columns.collect() },
                query: table.query,
            }
        }
        Statement::CreateView(view) => Unit::Create {
            name: view.name,
            columns: view
                .columns
                .iter()
                .map(|c| c.name.value.to_lowercase())
                .collect(),
            query: Some(view.query),
        },
        Statement::Drop {
            object_type: ast::ObjectType::Table | ast::ObjectType::View,
            names,
            if_exists: false,
            ..
        } => Unit::Drop(names),
        Statement::AlterTable(alter) => {
            let renamed = alter
                .operations
                .iter()
                .find_map(|operation| match operation {
                    ast::AlterTableOperation::RenameTable { table_name } => {
                        Some(match table_name {
                            ast::RenameTableNameKind::As(name)
                            | ast::RenameTableNameKind::To(name) => names::last(name),
                        })
                    }
                    _ => None,
                });
            Unit::Alter(alter.name, renamed)
        }
        Statement::StartTransaction { ref statements, .. } if statements.is_empty() => {
            Unit::Nothing
        }
        Statement::Commit { .. } | Statement::Rollback { .. } | Statement::Drop { .. } => {
            Unit::Nothing
        }
        _ => Unit::Anything,
    }
}

/// The names of a statement, and what it makes of the catalog.
fn check_names(unit: &Unit, catalog: &mut Catalog, quiet: bool, at: &mut Site<'_, '_>) {
    match unit {
        Unit::Query(query) => Names::new(catalog, quiet, at).query(query),
        Unit::Change(statement) => Names::new(catalog, quiet, at).statement(statement),
        Unit::Create {
            name,
            columns,
            query,
        } => {
            let mut relation = match query {
                Some(query) => {
                    let mut names = Names::new(catalog, quiet, at);
                    names.query(query);
                    Relation::of(names.columns_of(query))
                }
                None => Relation::open(),
            };
            if !columns.is_empty() {
                relation.columns = Some(columns.clone());
            }
            catalog.create(&names::last(name), relation);
        }
        Unit::Drop(all) => {
            Names::new(catalog, quiet, at).relations(all);
            for name in all {
                catalog.drop(&names::last(name));
            }
        }
        Unit::Alter(name, renamed) => {
            let old = names::last(name);
            Names::new(catalog, quiet, at).relations(std::slice::from_ref(name));
            match renamed {
                Some(new) => {
                    let relation = catalog.get(&old).cloned().unwrap_or_default();
                    catalog.drop(&old);
                    catalog.create(new, relation);
                }
                None => catalog.change(&old),
            }
        }
        Unit::Uses(all) => Names::new(catalog, quiet, at).relations(all),
        Unit::Anything => catalog.open_up(),
        Unit::Nothing => {}
    }
}
