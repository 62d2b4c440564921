//! The tree of a block. Expressions are parsed; SQL statements are kept as text and parsed when they run.
//! Both dialects' parsers build it, the interpreter runs it.

use sqlparser::ast;

use crate::error::Position;

/// An expression with its source.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// As written.
    pub text: String,
    /// As parsed.
    pub form: SourceForm,
    /// Where it starts in the block.
    pub at: Position,
}

/// What an expression's text is.
#[derive(Debug, Clone, PartialEq)]
pub enum SourceForm {
    /// An expression.
    Expr(Box<ast::Expr>),
    /// A query that gives the value (PL/pgSQL's `x := count(*) from t`).
    Query(Box<ast::Query>),
}

/// BEGIN … END with its declarations and handlers.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Label.
    pub label: Option<String>,
    /// DECLARE.
    pub declarations: Vec<Declaration>,
    /// Statements.
    pub body: Vec<Statement>,
    /// EXCEPTION.
    pub handlers: Vec<Handler>,
}

/// One declared name.
#[derive(Debug, Clone, PartialEq)]
pub struct Declaration {
    /// Folded name.
    pub name: String,
    /// What it is.
    pub what: Declared,
    /// Where.
    pub at: Position,
}

/// What a declaration makes.
#[derive(Debug, Clone, PartialEq)]
pub enum Declared {
    /// A variable.
    Variable {
        /// Type; None takes the default's.
        ty: Option<DeclaredType>,
        /// CONSTANT.
        constant: bool,
        /// NOT NULL.
        not_null: bool,
        /// Initial value.
        default: Option<Source>,
    },
    /// A cursor.
    Cursor {
        /// Folded parameter names.
        parameters: Vec<String>,
        /// Query, or the name of a RESULTSET.
        source: CursorSource,
    },
    /// A RESULTSET of Snowflake.
    Rows(Option<RowSource>),
    /// An exception: number and message.
    Exception(i64, String),
    /// Another name of a variable (PL/pgSQL's ALIAS FOR).
    Alias(String),
    /// A procedure of the block: the text of its definition, from its name on.
    Routine(String),
}

/// What a cursor reads.
#[derive(Debug, Clone, PartialEq)]
pub enum CursorSource {
    /// A query.
    Query(String),
    /// A RESULTSET by folded name.
    Rows(String),
    /// A refcursor: a query is given by OPEN.
    Later,
}

/// A declared type.
#[derive(Debug, Clone, PartialEq)]
pub enum DeclaredType {
    /// A SQL type.
    Sql(ast::DataType),
    /// The type of a column or variable: `name%TYPE`.
    Of(Vec<ast::Ident>),
    /// A row of a table: `name%ROWTYPE`.
    RowOf(ast::ObjectName),
    /// RECORD, or a variable that takes rows.
    Record,
}

/// WHEN … THEN of an EXCEPTION section.
#[derive(Debug, Clone, PartialEq)]
pub struct Handler {
    /// Folded names of exceptions; `OTHER` stands for all.
    pub names: Vec<String>,
    /// CONTINUE handlers resume after the statement that failed.
    pub resume: bool,
    /// Statements.
    pub body: Vec<Statement>,
}

/// Where a value goes: a variable, or a field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Folded name.
    pub name: String,
    /// Folded field.
    pub field: Option<String>,
}

/// INTO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Into {
    /// Targets in order.
    pub targets: Vec<Target>,
    /// Exactly one row is demanded.
    pub strict: bool,
}

/// Rows that a statement iterates over or gives back.
#[derive(Debug, Clone, PartialEq)]
pub enum RowSource {
    /// A query or another statement, as text.
    Query(String),
    /// A cursor or RESULTSET by folded name, with the arguments of a cursor.
    Name(String, Vec<Source>),
    /// EXECUTE … USING.
    Dynamic(Source, Vec<Source>),
}

/// A condition, or values of a CASE, with what they lead to.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    /// Condition, or the values that are compared.
    pub when: Vec<Source>,
    /// Statements.
    pub body: Vec<Statement>,
}

/// The level of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RaiseLevel {
    /// For debugging; not shown by default.
    Debug,
    /// For the server's log; not shown by default.
    Log,
    /// Always shown.
    Info,
    /// Shown.
    Notice,
    /// Shown as a warning.
    Warning,
    /// An error.
    Exception,
}

/// A statement with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// What it does.
    pub kind: Kind,
    /// Where it starts in the block.
    pub at: Position,
}

/// What a statement does.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Declares a name in the middle of a block (LET).
    Declare(Box<Declaration>),
    /// Sets a variable.
    Assign(Target, Source),
    /// Sets a RESULTSET.
    AssignRows(String, RowSource),
    /// IF.
    If(Vec<Branch>, Option<Vec<Statement>>),
    /// CASE; without an operand the values are conditions.
    Case(Option<Source>, Vec<Branch>, Option<Vec<Statement>>),
    /// LOOP.
    Loop(Option<String>, Vec<Statement>),
    /// WHILE.
    While(Option<String>, Source, Vec<Statement>),
    /// REPEAT … UNTIL.
    Repeat(Option<String>, Vec<Statement>, Source),
    /// FOR over numbers.
    ForRange {
        /// Label.
        label: Option<String>,
        /// Folded name of the counter.
        variable: String,
        /// From the upper bound down.
        reverse: bool,
        /// Lower bound.
        from: Source,
        /// Upper bound.
        to: Source,
        /// Step.
        by: Option<Source>,
        /// Statements.
        body: Vec<Statement>,
    },
    /// FOR over rows.
    ForRows {
        /// Label.
        label: Option<String>,
        /// Where each row goes: a record, or a variable per column.
        targets: Vec<Target>,
        /// Rows.
        source: RowSource,
        /// Statements.
        body: Vec<Statement>,
    },
    /// Leaves a loop, or a labelled block.
    Break(Option<String>, Option<Source>),
    /// Starts a loop's next round.
    Continue(Option<String>, Option<Source>),
    /// RETURN of nothing or of a value.
    Return(Option<Source>),
    /// RETURN TABLE(…).
    ReturnRows(RowSource),
    /// RAISE of a declared exception; None raises the one that is handled again.
    Raise(Option<String>),
    /// RAISE of a message.
    Message {
        /// Level.
        level: RaiseLevel,
        /// Text with `%` for the arguments.
        format: String,
        /// Arguments.
        arguments: Vec<Source>,
        /// SQLSTATE of an exception.
        sqlstate: Option<String>,
    },
    /// A block in a block.
    Block(Block),
    /// A SQL statement.
    Sql {
        /// Its text.
        text: String,
        /// Where its first row goes.
        into: Option<Into>,
    },
    /// CALL: variables that were given for OUT and INOUT arguments take their values.
    Call {
        /// Its text.
        text: String,
        /// The variable of each argument, where it is one.
        targets: Vec<Option<Target>>,
        /// INTO, for what the procedure returns.
        into: Option<Into>,
    },
    /// A SQL statement computed as text.
    Execute {
        /// Its text.
        sql: Source,
        /// Values of its placeholders.
        using: Vec<Source>,
        /// Where its first row goes.
        into: Option<Into>,
    },
    /// OPEN of a cursor.
    Open {
        /// Cursor.
        cursor: String,
        /// Arguments, or values of its placeholders.
        using: Vec<Source>,
        /// The query of a refcursor.
        source: Option<RowSource>,
    },
    /// FETCH: cursor, how many rows on, targets. Without targets the cursor only moves.
    Fetch(String, i64, Vec<Target>),
    /// CLOSE.
    Close(String),
    /// GET DIAGNOSTICS target = ROW_COUNT.
    RowCount(Target),
    /// Nothing.
    Null,
}
