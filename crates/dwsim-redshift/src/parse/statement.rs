//! Redshift's statements as the session executes them.
//! Queries and DML keep `sqlparser`'s tree; the rest has trees of its own here and in the sibling modules.

use sqlparser::ast;

use super::load::{Copy, Unload};
use super::table::{AlterTable, CreateTable};

/// A statement with its source.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// What it says.
    pub statement: Statement,
    /// Its source text, without the semicolon.
    pub sql: String,
    /// Highest parameter number (`$n`).
    pub parameters: usize,
}

impl Parsed {
    /// Whether it gives rows when it succeeds.
    pub fn returns_rows(&self) -> bool {
        matches!(
            self.statement,
            Statement::Query(_)
                | Statement::Show(_)
                | Statement::Explain(_)
                | Statement::Fetch(_)
                | Statement::AnalyzeCompression(_)
                | Statement::Execute { .. }
                | Statement::Call { .. }
        )
    }
}

/// A kind of object that DROP and COMMENT name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// TABLE.
    Table,
    /// VIEW.
    View,
    /// MATERIALIZED VIEW.
    MaterializedView,
    /// SCHEMA.
    Schema,
    /// DATABASE.
    Database,
    /// COLUMN (of COMMENT).
    Column,
    /// CONSTRAINT (of COMMENT).
    Constraint,
    /// FUNCTION.
    Function,
    /// PROCEDURE.
    Procedure,
    /// USER.
    User,
    /// GROUP.
    Group,
    /// ROLE.
    Role,
    /// RLS POLICY or MASKING POLICY.
    Policy,
}

/// A view's definition.
#[derive(Debug, Clone)]
pub struct CreateView {
    /// OR REPLACE.
    pub replace: bool,
    /// Name.
    pub name: ast::ObjectName,
    /// Names for its columns.
    pub columns: Vec<ast::Ident>,
    /// Query.
    pub query: Box<ast::Query>,
    /// Source of the query.
    pub query_sql: String,
    /// WITH NO SCHEMA BINDING.
    pub late_binding: bool,
    /// MATERIALIZED, with its table attributes (BACKUP, AUTO REFRESH, DISTSTYLE, SORTKEY, …).
    pub materialized: Option<Vec<(String, String)>>,
}

/// What SHOW asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Show {
    /// One setting.
    Setting(String),
    /// All settings.
    All,
    /// The DDL of a table.
    Table(ast::ObjectName),
    /// The query of a view.
    View(ast::ObjectName),
    /// DATABASES `[LIKE]`.
    Databases(Option<String>),
    /// SCHEMAS FROM DATABASE d `[LIKE]`.
    Schemas(ast::ObjectName, Option<String>),
    /// TABLES FROM SCHEMA d.s `[LIKE]`.
    Tables(ast::ObjectName, Option<String>),
    /// COLUMNS FROM TABLE d.s.t `[LIKE]`.
    Columns(ast::ObjectName, Option<String>),
    /// GRANTS ON …, in source form.
    Grants(String),
    /// PROCEDURE, with the source of its argument list.
    Procedure(ast::ObjectName, Option<String>),
    /// One of the lists with LIMIT.
    Limited(Box<Show>, usize),
}

/// FETCH from a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// Cursor.
    pub cursor: ast::Ident,
    /// Rows; None is ALL.
    pub count: Option<u64>,
}

/// A statement.
#[derive(Debug, Clone)]
pub enum Statement {
    /// SELECT, WITH, VALUES.
    Query(Box<ast::Query>),
    /// INSERT, UPDATE, DELETE, MERGE.
    Dml(Box<ast::Statement>),
    /// CANCEL of a session's statement, by its process id.
    Cancel(i64),
    /// ALTER FUNCTION, ALTER PROCEDURE.
    AlterRoutine {
        /// Function or Procedure.
        kind: Kind,
        /// Name.
        name: ast::ObjectName,
        /// Source of the argument types.
        signature: Option<String>,
        /// RENAME TO.
        rename: Option<ast::Ident>,
        /// OWNER TO.
        owner: Option<ast::Ident>,
    },
    /// MERGE … REMOVE DUPLICATES, as the two statements that do it.
    MergeDuplicates {
        /// Removes the target's matching rows.
        delete: Box<ast::Statement>,
        /// Adds the source's rows.
        insert: Box<ast::Statement>,
    },
    /// CREATE TABLE, also AS.
    CreateTable(Box<CreateTable>),
    /// ALTER TABLE.
    AlterTable(Box<AlterTable>),
    /// CREATE VIEW, CREATE MATERIALIZED VIEW.
    CreateView(Box<CreateView>),
    /// REFRESH MATERIALIZED VIEW.
    Refresh {
        /// The view.
        name: ast::ObjectName,
        /// Whether the materialized views that depend on it are refreshed too.
        cascade: bool,
    },
    /// CREATE SCHEMA.
    CreateSchema {
        /// Name; None when only AUTHORIZATION names it.
        name: Option<ast::Ident>,
        /// IF NOT EXISTS.
        if_not_exists: bool,
        /// AUTHORIZATION.
        owner: Option<ast::Ident>,
        /// QUOTA in megabytes.
        quota: Option<u64>,
    },
    /// ALTER SCHEMA s RENAME TO, OWNER TO, QUOTA.
    AlterSchema {
        /// Schema.
        name: ast::Ident,
        /// New name.
        rename: Option<ast::Ident>,
        /// New owner.
        owner: Option<ast::Ident>,
        /// New quota in megabytes, or none any more.
        quota: Option<Option<u64>>,
    },
    /// CREATE DATABASE.
    CreateDatabase {
        /// Name.
        name: ast::Ident,
        /// OWNER.
        owner: Option<ast::Ident>,
        /// TEMPLATE (dwsim's own: the new database starts as a fork of this one).
        template: Option<ast::Ident>,
        /// Attributes that are kept.
        properties: Vec<(String, String)>,
    },
    /// ALTER DATABASE d RENAME TO, OWNER TO, or properties.
    AlterDatabase {
        /// Database.
        name: ast::Ident,
        /// New name.
        rename: Option<ast::Ident>,
        /// New owner.
        owner: Option<ast::Ident>,
        /// CONNECTION LIMIT, COLLATE and ISOLATION LEVEL, as CREATE DATABASE keeps them.
        properties: Vec<(String, String)>,
    },
    /// DROP of tables, views, schemas, databases, functions, principals.
    Drop {
        /// Kind.
        kind: Kind,
        /// Names.
        names: Vec<ast::ObjectName>,
        /// Source of an argument list, for functions.
        signature: Option<String>,
        /// IF EXISTS.
        if_exists: bool,
        /// CASCADE.
        cascade: bool,
    },
    /// TRUNCATE.
    Truncate(ast::ObjectName),
    /// BEGIN, START TRANSACTION.
    Begin {
        /// READ ONLY or READ WRITE, where said.
        read_only: Option<bool>,
    },
    /// COMMIT, END.
    Commit,
    /// ROLLBACK, ABORT.
    Rollback,
    /// SET name TO value; None is DEFAULT.
    Set {
        /// Name in lower case.
        name: String,
        /// Values; a list for search_path.
        value: Option<Vec<String>>,
        /// LOCAL: until the transaction ends.
        local: bool,
    },
    /// RESET name; None is ALL.
    Reset(Option<String>),
    /// SHOW.
    Show(Show),
    /// COPY.
    Copy(Box<Copy>),
    /// UNLOAD.
    Unload(Box<Unload>),
    /// CREATE or ALTER USER, GROUP, ROLE.
    Principal {
        /// User, group or role.
        kind: Kind,
        /// CREATE rather than ALTER.
        create: bool,
        /// Name.
        name: ast::Ident,
        /// What it says: options with their values.
        options: Vec<(String, String)>,
    },
    /// GRANT and REVOKE, ALTER DEFAULT PRIVILEGES: kept as they are.
    Grant(super::admin::Grant),
    /// Row-level security and masking policies.
    Policy(Box<super::policy::Policy>),
    /// COMMENT ON.
    Comment {
        /// Kind of object.
        kind: Kind,
        /// Its name.
        name: ast::ObjectName,
        /// Table of a constraint.
        on: Option<ast::ObjectName>,
        /// Text; None removes it.
        text: Option<String>,
    },
    /// ANALYZE, VACUUM: nothing to do, but the table must exist.
    Maintain {
        /// ANALYZE or VACUUM.
        verb: &'static str,
        /// Table.
        table: Option<ast::ObjectName>,
    },
    /// ANALYZE COMPRESSION.
    AnalyzeCompression(Option<ast::ObjectName>),
    /// LOCK.
    Lock(Vec<ast::ObjectName>),
    /// DECLARE CURSOR.
    Declare {
        /// Cursor.
        cursor: ast::Ident,
        /// Query.
        query: Box<ast::Query>,
    },
    /// FETCH.
    Fetch(Fetch),
    /// CLOSE.
    Close(ast::Ident),
    /// PREPARE.
    Prepare {
        /// Name.
        name: ast::Ident,
        /// Parameter types.
        types: Vec<ast::DataType>,
        /// Statement.
        statement: Box<Parsed>,
    },
    /// EXECUTE.
    Execute {
        /// Name.
        name: ast::Ident,
        /// Arguments.
        arguments: Vec<ast::Expr>,
    },
    /// DEALLOCATE; None is ALL.
    Deallocate(Option<ast::Ident>),
    /// EXPLAIN.
    Explain(Box<Parsed>),
    /// CREATE FUNCTION, CREATE PROCEDURE.
    CreateRoutine(Box<super::routine::CreateRoutine>),
    /// CALL of a procedure.
    Call {
        /// Procedure.
        name: ast::ObjectName,
        /// Arguments.
        arguments: Vec<ast::Expr>,
    },
    /// A documented statement that dwsim does not have; its words.
    Unsupported(String),
}
