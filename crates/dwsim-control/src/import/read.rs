//! A text of DDL, statement by statement, as tables: later statements change what earlier ones declared.
//! What a statement of one dialect means is left to `redshift` and `snowflake`.

use dwsim_engine::error::{ErrorKind, SqlError};
use dwsim_runtime::script;
use dwsim_schema::Dialect;
use sqlparser::ast::{Ident, ObjectName};

use super::model::{
    At, ColumnDdl, DefaultValue, Finding, ForeignDdl, Import, Level, Options, TableDdl,
};
use super::{columns, names, redshift, snowflake};

/// Reads DDL. Errors are among the findings; a text with any imports nothing.
#[must_use]
pub fn read(sql: &str, dialect: Dialect, options: Options) -> Import {
    let mut reader = Reader {
        dialect,
        tables: Vec::new(),
        findings: Vec::new(),
        origin: At::default(),
    };
    let mut statements = 0;
    match script::statements(sql, dialect) {
        Err(e) => {
            let at = At {
                line: e.line,
                column: e.column,
            };
            reader.findings.push(
                at.finding(Level::Error, e.message)
                    .advise("close the quotation mark or comment"),
            );
        }
        Ok(pieces) => {
            statements = pieces.len();
            for piece in pieces {
                let start = piece.text.as_ptr() as usize - sql.as_ptr() as usize;
                let line_start = sql[..start].rfind('\n').map_or(0, |i| i + 1);
                reader.origin = At {
                    line: piece.line,
                    column: sql[line_start..start].chars().count() + 1,
                };
                let done = match dialect {
                    Dialect::Redshift => redshift::statement(&mut reader, piece.text),
                    Dialect::Snowflake => snowflake::statement(&mut reader, piece.text),
                };
                if let Err(finding) = done {
                    reader.findings.push(finding);
                }
            }
        }
    }
    let mut import = Import {
        dialect,
        statements,
        findings: reader.findings,
        tables: reader.tables,
        options,
    };
    columns::settle(&mut import);
    import.findings.sort_by_key(|f| (f.line, f.column));
    import
}

/// What was read so far.
pub(crate) struct Reader {
    pub(crate) dialect: Dialect,
    pub(crate) tables: Vec<TableDdl>,
    pub(crate) findings: Vec<Finding>,
    /// Where the present statement begins.
    origin: At,
}

/// A key of a CREATE TABLE or an ALTER TABLE.
pub(crate) enum Key {
    Primary(Vec<String>),
    Unique(Vec<String>),
    Foreign(ForeignDdl),
}

/// The result of one statement.
pub(crate) type Done = Result<(), Finding>;

impl Reader {
    /// Where the present statement begins.
    pub(crate) fn here(&self) -> At {
        self.origin
    }

    /// The place in the text of a place in the present statement.
    pub(crate) fn at(&self, line: u64, column: u64) -> At {
        let (line, column) = (
            usize::try_from(line).unwrap_or(1),
            usize::try_from(column).unwrap_or(1),
        );
        match line {
            0 => self.origin,
            1 => At {
                line: self.origin.line,
                column: self.origin.column + column.saturating_sub(1),
            },
            _ => At {
                line: self.origin.line + line - 1,
                column,
            },
        }
    }

    pub(crate) fn ident_at(&self, ident: &Ident) -> At {
        self.at(ident.span.start.line, ident.span.start.column)
    }

    pub(crate) fn note(&mut self, message: impl Into<String>) {
        self.findings
            .push(self.origin.finding(Level::Note, message));
    }

    pub(crate) fn warn(&mut self, at: At, message: impl Into<String>, advice: &str) {
        self.findings
            .push(at.finding(Level::Warning, message).advise(advice));
    }

    /// A refusal of the parser, or of a type.
    pub(crate) fn refused(&self, error: &SqlError) -> Finding {
        let message = match (error.kind.as_ref(), self.dialect) {
            (ErrorKind::Syntax { message, near }, Dialect::Snowflake) if near.is_empty() => {
                message.clone()
            }
            (ErrorKind::Syntax { near, .. }, Dialect::Snowflake) => {
                format!("syntax error at or near \"{near}\"")
            }
            (_, Dialect::Redshift) => error.redshift().message,
            (_, Dialect::Snowflake) => error.snowflake().message,
        };
        let at = error
            .position
            .map_or(self.origin, |p| self.at(p.line, p.column));
        at.finding(Level::Error, message.replace('\n', " "))
            .advise(format!(
                "correct or remove the statement; it is read as {} would",
                self.dialect
            ))
    }

    /// The name for dwsim.toml, with a warning where its meaning changes.
    pub(crate) fn name(&mut self, ident: &Ident) -> String {
        if names::loses_case(ident, self.dialect) {
            let at = self.ident_at(ident);
            self.warn(
                at,
                format!(
                    "the name \"{}\" loses its case: dwsim writes it without quotes",
                    ident.value
                ),
                "queries must write it without quotes, too",
            );
        }
        names::folded(ident, self.dialect)
    }

    pub(crate) fn idents(&mut self, idents: &[Ident]) -> Vec<String> {
        idents.iter().map(|i| self.name(i)).collect()
    }

    /// The table's name without its schema.
    pub(crate) fn table_name(&mut self, name: &ObjectName) -> String {
        let (last, qualified) = names::last(name, self.dialect);
        if qualified {
            let at = self.origin;
            let known = self
                .findings
                .iter()
                .any(|f| f.message.starts_with("schemas are left out"));
            if !known {
                self.warn(
                    at,
                    format!("schemas are left out: `{name}` becomes `{last}`"),
                    "dwsim.toml has one schema per project; this is said once",
                );
            }
        }
        last
    }

    /// Adds a table, or puts it in the place of the one of its name.
    pub(crate) fn declare(&mut self, table: TableDdl, replace: bool, if_not_exists: bool) -> Done {
        let mut seen: Vec<String> = Vec::new();
        for column in &table.columns {
            let folded = column.name.to_lowercase();
            if seen.contains(&folded) {
                return Err(column
                    .at
                    .finding(
                        Level::Error,
                        format!("column `{}` is declared twice", column.name),
                    )
                    .advise("names that differ only in case are one name"));
            }
            seen.push(folded);
        }
        match self
            .tables
            .iter()
            .position(|t| t.name.eq_ignore_ascii_case(&table.name))
        {
            Some(at) if replace => self.tables[at] = table,
            Some(_) if if_not_exists => {
                self.note(format!("table `{}` is there already", table.name));
            }
            Some(at) => {
                let first = self.tables[at].at.line;
                return Err(table
                    .at
                    .finding(Level::Error, format!("table `{}` is declared twice, first in line {first}", table.name))
                    .advise("remove one, or write CREATE OR REPLACE or DROP TABLE before the second; tables of two schemas need two names"));
            }
            None => self.tables.push(table),
        }
        Ok(())
    }

    /// The table that a statement changes.
    pub(crate) fn table(&mut self, name: &str) -> Result<&mut TableDdl, Finding> {
        let at = self.origin;
        self.tables
            .iter_mut()
            .find(|t| t.name.eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                at.finding(
                    Level::Error,
                    format!("table `{name}` is not declared before this statement"),
                )
                .advise("put its CREATE TABLE into the same file, or remove the statement")
            })
    }

    /// Drops a table that this text declared.
    pub(crate) fn drop_table(&mut self, name: &str) {
        let before = self.tables.len();
        self.tables.retain(|t| !t.name.eq_ignore_ascii_case(name));
        if self.tables.len() == before {
            self.note(format!(
                "DROP TABLE `{name}`: the text has declared no such table"
            ));
        }
    }

    /// Copies a table of this text: LIKE and CLONE.
    pub(crate) fn copy_of(
        &mut self,
        source: &str,
        name: &str,
        keys: bool,
        defaults: bool,
    ) -> Result<TableDdl, Finding> {
        let at = self.origin;
        let source = source.to_owned();
        let from = self.table(&source).map_err(|_| {
            at.finding(
                Level::Error,
                format!("`{name}` copies table `{source}`, which this text does not declare"),
            )
            .advise("put the CREATE TABLE of the copied table before it")
        })?;
        let mut copy = from.clone();
        copy.name = name.to_owned();
        copy.at = at;
        if !keys {
            copy.primary_key.clear();
            copy.unique.clear();
            copy.foreign.clear();
        }
        if !defaults {
            for column in &mut copy.columns {
                column.default = None;
            }
        }
        Ok(copy)
    }

    /// Adds a key to a table, whose columns must be there.
    pub(crate) fn add_key(&self, table: &mut TableDdl, key: Key, at: At) -> Done {
        let columns = match &key {
            Key::Primary(c) | Key::Unique(c) => c,
            Key::Foreign(f) => &f.columns,
        };
        if let Some(missing) = columns.iter().find(|c| table.column(c).is_none()) {
            return Err(at
                .finding(
                    Level::Error,
                    format!(
                        "the key names column `{missing}`, which table `{}` does not have",
                        table.name
                    ),
                )
                .advise("correct the key, or add the column"));
        }
        match key {
            Key::Primary(columns)
                if table.primary_key.is_empty() || table.primary_key == columns =>
            {
                table.primary_key = columns;
            }
            Key::Primary(_) => {
                return Err(at
                    .finding(
                        Level::Error,
                        format!("table `{}` has two primary keys", table.name),
                    )
                    .advise("keep one of them"));
            }
            Key::Unique(columns) if table.unique.contains(&columns) => {}
            Key::Unique(columns) => table.unique.push(columns),
            Key::Foreign(foreign) => table.foreign.push(foreign),
        }
        Ok(())
    }

    /// Renames a column everywhere.
    pub(crate) fn rename_column(&mut self, table: &str, from: &str, to: &str) -> Done {
        let at = self.origin;
        let t = self.table(table)?;
        let owner = t.name.clone();
        match t.column_mut(from) {
            Some(column) => column.name = to.to_owned(),
            None => return Err(missing(at, table, from)),
        }
        let swap = |name: &mut String| {
            if name.eq_ignore_ascii_case(from) {
                *name = to.to_owned();
            }
        };
        t.primary_key.iter_mut().for_each(swap);
        t.unique.iter_mut().flatten().for_each(swap);
        t.sortkey.iter_mut().for_each(swap);
        t.cluster_by.iter_mut().for_each(swap);
        t.distkey.iter_mut().for_each(swap);
        t.foreign
            .iter_mut()
            .flat_map(|f| &mut f.columns)
            .for_each(swap);
        let referring = self.tables.iter_mut().flat_map(|t| &mut t.foreign);
        referring
            .filter(|f| f.table.eq_ignore_ascii_case(&owner))
            .flat_map(|f| &mut f.referred)
            .for_each(swap);
        Ok(())
    }

    /// Renames a table everywhere.
    pub(crate) fn rename_table(&mut self, from: &str, to: &str) -> Done {
        self.table(from)?.name = to.to_owned();
        for foreign in self.tables.iter_mut().flat_map(|t| &mut t.foreign) {
            if foreign.table.eq_ignore_ascii_case(from) {
                foreign.table = to.to_owned();
            }
        }
        Ok(())
    }

    /// Drops a column and the keys that it is part of.
    pub(crate) fn drop_column(&mut self, table: &str, name: &str) -> Done {
        let at = self.origin;
        let t = self.table(table)?;
        let before = t.columns.len();
        t.columns.retain(|c| !c.name.eq_ignore_ascii_case(name));
        if t.columns.len() == before {
            return Err(missing(at, table, name));
        }
        let with = |key: &Vec<String>| key.iter().any(|c| c.eq_ignore_ascii_case(name));
        if with(&t.primary_key) {
            t.primary_key.clear();
        }
        t.unique.retain(|k| !with(k));
        t.foreign.retain(|f| !with(&f.columns));
        t.sortkey.retain(|c| !c.eq_ignore_ascii_case(name));
        t.cluster_by.retain(|c| !c.eq_ignore_ascii_case(name));
        if t.distkey
            .as_deref()
            .is_some_and(|k| k.eq_ignore_ascii_case(name))
        {
            t.distkey = None;
        }
        Ok(())
    }

    /// Sets the comment of a table, or of a column.
    pub(crate) fn comment(
        &mut self,
        table: &str,
        column: Option<&str>,
        text: Option<String>,
    ) -> Done {
        let at = self.origin;
        let t = self.table(table)?;
        match column {
            None => t.comment = text,
            Some(name) => match t.column_mut(name) {
                Some(column) => column.comment = text,
                None => return Err(missing(at, table, name)),
            },
        }
        Ok(())
    }
}

pub(crate) fn missing(at: At, table: &str, column: &str) -> Finding {
    at.finding(
        Level::Error,
        format!("table `{table}` has no column `{column}`"),
    )
    .advise("correct the name, or put the statement behind the one that adds the column")
}

/// A DEFAULT: a literal where it is one, else its text.
pub(crate) fn default(expr: &sqlparser::ast::Expr, text: &str) -> Option<DefaultValue> {
    use sqlparser::ast::{Expr, UnaryOperator, Value};
    match expr {
        Expr::Nested(inner) => return default(inner, inner.to_string().as_str()),
        Expr::Value(v) => match &v.value {
            Value::Null => return None,
            Value::Boolean(b) => return Some(DefaultValue::Literal(b.to_string(), "boolean")),
            Value::SingleQuotedString(s) if !s.contains('\\') => {
                return Some(DefaultValue::Literal(super::render::quoted(s), "text"));
            }
            Value::Number(n, _) => {
                if let Some(n) = toml_number(n) {
                    return Some(DefaultValue::Literal(n, "number"));
                }
            }
            _ => {}
        },
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => {
            if let Some(DefaultValue::Literal(n, "number")) = default(expr, "") {
                return Some(DefaultValue::Literal(format!("-{n}"), "number"));
            }
        }
        _ => {}
    }
    Some(DefaultValue::Sql(text.trim().to_owned()))
}

/// A number as TOML has it: `.5` is `0.5`; nothing for what TOML cannot say.
fn toml_number(text: &str) -> Option<String> {
    let text = match text.strip_prefix('.') {
        Some(rest) => format!("0.{rest}"),
        None => text.trim_end_matches('.').to_owned(),
    };
    let bare = text.trim_start_matches('0');
    let text = match bare.chars().next() {
        None | Some('.') => format!("0{bare}"),
        _ => bare.to_owned(),
    };
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (digits <= 15 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')).then_some(text)
}

/// The column of a COMMENT ON COLUMN, and its table.
pub(crate) fn column_of(name: &ObjectName, dialect: Dialect) -> Option<(String, String)> {
    let parts: Vec<&Ident> = name.0.iter().filter_map(|p| p.as_ident()).collect();
    let [.., table, column] = parts.as_slice() else {
        return None;
    };
    Some((
        names::folded(table, dialect),
        names::folded(column, dialect),
    ))
}

impl ColumnDdl {
    /// A column without anything but a type.
    pub(crate) fn new(
        name: String,
        at: At,
        ty: dwsim_engine::types::SqlType,
        written: String,
    ) -> Self {
        ColumnDdl {
            name,
            at,
            ty,
            written,
            not_null: false,
            default: None,
            identity: None,
            encode: None,
            comment: None,
        }
    }
}
