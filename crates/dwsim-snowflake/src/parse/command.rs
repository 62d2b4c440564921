//! The commands of Snowflake beside SQL proper, and the choice between the two.
//! Each longer command is parsed in a file of its own.

use dwsim_engine::catalog::ObjectKind;
use dwsim_engine::error::{Result, SqlError};
use sqlparser::ast::{self, Ident, ObjectName, Statement};
use sqlparser::tokenizer::Token;

use super::split::{is_transfer, skip_trivia};
use super::{
    Change, CopyInto, CreateBody, CreateExternal, CreateSequence, CreateStream, Cursor,
    ExternalChange, Grant, Options, Show,
};
use crate::scripting::{self, AlterRoutine, CallTarget, CreateRoutine, RoutineName};

/// What USE makes current.
#[derive(Debug, Clone, PartialEq)]
pub enum UseTarget {
    /// A database.
    Database(ObjectName),
    /// A schema.
    Schema(ObjectName),
    /// A database, or a schema when the name has two parts.
    Either(ObjectName),
    /// A role.
    Role(Ident),
    /// A warehouse.
    Warehouse(Ident),
    /// SECONDARY ROLES ALL or NONE.
    SecondaryRoles,
}

/// What DESCRIBE describes.
#[derive(Debug, Clone, PartialEq)]
pub enum Described {
    /// A table or view, or whichever it is.
    Relation(ObjectName),
    /// The result of a query, by id.
    Result(String),
    /// The stage of a table.
    TableStage(ObjectName),
    /// A stage.
    Stage(ObjectName),
    /// A file format.
    FileFormat(ObjectName),
    /// A database or schema.
    Container(ObjectName, bool),
    /// Anything else, as SHOW lists it: the list in upper case, and the name.
    Listed(String, ObjectName),
}

/// CREATE of an object that consists of options.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateObject {
    /// Which kind.
    pub kind: ObjectKind,
    /// Name.
    pub name: ObjectName,
    /// OR REPLACE.
    pub or_replace: bool,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// TEMPORARY.
    pub temporary: bool,
    /// Its options.
    pub options: Options,
    /// CLONE, where the kind has it.
    pub clone: Option<ObjectName>,
}

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// SQL that `sqlparser` knows.
    Sql(Box<Statement>),
    /// SHOW.
    Show(Show),
    /// DESCRIBE.
    Describe(Described),
    /// USE.
    Use(UseTarget),
    /// SET of variables.
    Set(Vec<(Ident, ast::Expr)>),
    /// UNSET of variables.
    Unset(Vec<Ident>),
    /// ALTER SESSION SET.
    AlterSession(Options),
    /// ALTER VIEW: name, IF EXISTS, change.
    AlterView(ObjectName, bool, super::ViewChange),
    /// ALTER SEQUENCE: name, IF EXISTS, change.
    AlterSequence(ObjectName, bool, super::SequenceChange),
    /// ALTER SESSION UNSET.
    UnsetSession(Vec<Ident>),
    /// CREATE DATABASE.
    CreateDatabase(CreateObject),
    /// CREATE SCHEMA.
    CreateSchema(CreateObject),
    /// CREATE STAGE, FILE FORMAT, WAREHOUSE, ROLE, USER.
    Create(CreateObject),
    /// DROP of what `sqlparser` does not know, and of databases.
    Drop {
        /// Kind; None for a database.
        kind: Option<ObjectKind>,
        /// Name.
        name: ObjectName,
        /// IF EXISTS.
        if_exists: bool,
    },
    /// ALTER of a kept object: SET options.
    Alter {
        /// Kind; None for a database.
        kind: Option<ObjectKind>,
        /// Name.
        name: ObjectName,
        /// IF EXISTS.
        if_exists: bool,
        /// RENAME TO.
        rename: Option<ObjectName>,
        /// SET.
        options: Options,
    },
    /// COPY INTO.
    Copy(Box<CopyInto>),
    /// COPY FILES: where to, where from, options.
    CopyFiles(String, String, Options),
    /// EXECUTE IMMEDIATE FROM a file of a stage.
    ExecuteFile(String),
    /// PUT: local file pattern, location, options.
    Put(String, String, Options),
    /// GET: location, local directory, options.
    Get(String, String, Options),
    /// LIST: location, pattern.
    List(String, Option<String>),
    /// REMOVE: location, pattern.
    Remove(String, Option<String>),
    /// COMMENT ON: kind in upper case, name, text, IF EXISTS.
    Comment(String, ObjectName, String, bool),
    /// GRANT and REVOKE: kept and shown; everybody may do everything.
    Grant(Box<Grant>),
    /// CREATE SEQUENCE.
    CreateSequence(Box<CreateSequence>),
    /// SET or UNSET of properties of a table, view, schema or sequence: kind in upper case, name, IF EXISTS, change.
    Properties(String, ObjectName, bool, Box<Change>),
    /// CREATE STREAM.
    CreateStream(Box<CreateStream>),
    /// CREATE TASK, PIPE, DYNAMIC TABLE or TAG.
    CreateBody(Box<CreateBody>),
    /// ALTER of a stream, task, pipe, tag or dynamic table, or SET TAG of anything: kind in upper case, name,
    /// IF EXISTS, change.
    Change(String, ObjectName, bool, Box<Change>),
    /// DROP of a stream, task, pipe, tag or dynamic table.
    DropObject(String, ObjectName, bool),
    /// CREATE EXTERNAL TABLE.
    CreateExternal(Box<CreateExternal>),
    /// ALTER EXTERNAL TABLE: name, IF EXISTS, change.
    AlterExternal(ObjectName, bool, Box<ExternalChange>),
    /// UNDROP: "TABLE", "SCHEMA" or "DATABASE".
    Undrop(String, ObjectName),
    /// CREATE TABLE … USING TEMPLATE: the text before it, and the query.
    CreateFromTemplate(String, String),
    /// EXECUTE TASK.
    ExecuteTask(ObjectName),
    /// CREATE of a policy with an expression.
    CreatePolicy(Box<super::CreatePolicy>),
    /// ALTER of a policy: kind, name, IF EXISTS, change.
    AlterPolicy(String, ObjectName, bool, super::PolicyChange),
    /// DROP of a policy: kind, name, IF EXISTS.
    DropPolicy(String, ObjectName, bool),
    /// DESCRIBE of a policy: kind, name.
    DescribePolicy(String, ObjectName),
    /// Policies and tags of a relation's columns: name, IF EXISTS, what is attached.
    Attach(ObjectName, bool, Vec<super::Attachment>),
    /// CREATE TABLE or VIEW, and what is attached to the relation that it makes.
    CreateAttached(Box<Command>, ObjectName, Vec<super::Attachment>),
    /// EXECUTE USING POLICY_CONTEXT: context functions with their values, and the query.
    PolicyContext(Vec<(String, String)>, String),
    /// EXECUTE ALERT.
    ExecuteAlert(ObjectName),
    /// ALTER USER … SET or UNSET … POLICY: user, kind of policy, policy.
    UserPolicy(ObjectName, String, Option<ObjectName>),
    /// CREATE TABLE of a kind whose rows are kept as those of others: the kind in lower case, the statement without it.
    CreateLike(&'static str, Box<Command>, ObjectName),
    /// Properties of a relation without values of their own: its name, IF EXISTS, names and values (None: taken away).
    Mark(ObjectName, bool, Vec<(String, Option<String>)>),
    /// Several commands that one statement means, one after the other; the last one answers.
    Each(Vec<Command>),
    /// Statements joined by `->>`, as texts.
    Flow(Vec<String>),
    /// CREATE OR ALTER of what keeps its contents: the command of CREATE.
    CreateOrAlter(Box<Command>),
    /// ALTER STAGE … REFRESH: name, IF EXISTS, SUBPATH.
    RefreshStage(ObjectName, bool, Option<String>),
    /// ALTER TABLE … DROP UNIQUE or FOREIGN KEY (columns): name, IF EXISTS, kind of key, columns.
    DropKey(ObjectName, bool, &'static str, Vec<Ident>),
    /// ALTER TABLE … RENAME CONSTRAINT: name, IF EXISTS, from, to.
    RenameConstraint(ObjectName, bool, Ident, Ident),
    /// ALTER DATABASE … SWAP WITH.
    SwapDatabases(ObjectName, ObjectName),
    /// EXPLAIN [USING …]: format, statement as text.
    Explain(String, String),
    /// A block of Snowflake Scripting.
    Block(Box<dwsim_engine::scripting::Block>),
    /// CREATE FUNCTION and CREATE PROCEDURE.
    CreateRoutine(Box<CreateRoutine>),
    /// DROP FUNCTION and DROP PROCEDURE, with IF EXISTS.
    DropRoutine(RoutineName, bool),
    /// ALTER FUNCTION and ALTER PROCEDURE.
    AlterRoutine(AlterRoutine),
    /// DESCRIBE FUNCTION and DESCRIBE PROCEDURE.
    DescribeRoutine(RoutineName),
    /// CALL.
    Call(CallTarget),
    /// WITH … AS PROCEDURE … CALL.
    CallAnonymous(Box<CreateRoutine>, CallTarget),
    /// EXECUTE IMMEDIATE FROM a file.
    /// EXECUTE IMMEDIATE: text, values of USING.
    ExecuteImmediate(Box<ast::Expr>, Vec<ast::Expr>),
}

/// Parses one statement.
///
/// # Errors
/// A syntax error with its place in the text.
pub fn parse(text: &str) -> Result<Command> {
    if is_transfer(text) {
        return transfer(skip_trivia(text));
    }
    if let Some(parts) = super::flow::flow(text)? {
        return Ok(Command::Flow(parts));
    }
    let mut c = Cursor::new(text)?;
    let word = c.peek_word(0).unwrap_or_default();
    if word == "CREATE" {
        unscoped(&mut c);
    }
    if c.sees(&["CREATE", "OR", "ALTER"]) {
        return create_or_alter(c);
    }
    if matches!(
        word.as_str(),
        "CREATE" | "ALTER" | "DROP" | "DESC" | "DESCRIBE"
    ) && scripting::is_routine(&mut c)
    {
        return routine(&mut c, &word);
    }
    match word.as_str() {
        "DECLARE" => scripting::block(text).map(|b| Command::Block(Box::new(b))),
        "BEGIN" | "START" if named_transaction(&mut c) => Cursor::new("BEGIN")?
            .statement()
            .map(|s| Command::Sql(Box::new(s))),
        "BEGIN" if !begins_transaction(&c) => {
            scripting::block(text).map(|b| Command::Block(Box::new(b)))
        }
        "CALL" => scripting::call(&mut c).map(Command::Call),
        "WITH" => match scripting::with_procedure(&mut c)? {
            Some((routine, call)) => Ok(Command::CallAnonymous(Box::new(routine), call)),
            None => sql(&mut c),
        },
        "EXECUTE" if c.eat(&["EXECUTE", "IMMEDIATE", "FROM"]) => {
            if c.sees_string() {
                return Err(SqlError::unsupported(
                    "EXECUTE IMMEDIATE FROM a path that is not in a stage",
                ));
            }
            let location = c.location()?;
            if c.sees(&["USING"]) || c.sees(&["DRY_RUN"]) {
                return Err(SqlError::unsupported("templates in EXECUTE IMMEDIATE FROM"));
            }
            c.end()?;
            Ok(Command::ExecuteFile(location))
        }
        "EXECUTE" if c.sees(&["EXECUTE", "IMMEDIATE"]) => {
            let (text, using) = scripting::execute_immediate(&mut c)?;
            Ok(Command::ExecuteImmediate(Box::new(text), using))
        }
        "SHOW" => {
            let _ = c.ident()?;
            super::show::show(&mut c).map(Command::Show)
        }
        "DESC" | "DESCRIBE" => {
            let _ = c.ident()?;
            describe(&mut c)
        }
        "USE" => {
            let _ = c.ident()?;
            use_target(&mut c).map(Command::Use)
        }
        "SET" => {
            let _ = c.ident()?;
            set(&mut c)
        }
        "UNSET" => {
            let _ = c.ident()?;
            idents(&mut c).map(Command::Unset)
        }
        "COPY" if c.eat(&["COPY", "FILES", "INTO"]) => {
            let to = c.location()?;
            c.expect(&["FROM"])?;
            let from = c.location()?;
            let options = c.options()?;
            c.end()?;
            Ok(Command::CopyFiles(to, from, options))
        }
        "COPY" if c.eat(&["COPY", "INTO"]) => {
            super::copy::copy(&mut c).map(|x| Command::Copy(Box::new(x)))
        }
        "LIST" | "LS" | "REMOVE" | "RM" => {
            let _ = c.ident()?;
            let at = c.location()?;
            let options = c.options()?;
            options.only(&["PATTERN"])?;
            c.end()?;
            let pattern = options.text("PATTERN").map(str::to_owned);
            Ok(if word.starts_with('L') {
                Command::List(at, pattern)
            } else {
                Command::Remove(at, pattern)
            })
        }
        "ALTER" => alter(&mut c),
        "CREATE" => create(&mut c),
        "DROP" => drop(&mut c),
        "COMMENT" => comment(&mut c),
        "GRANT" | "REVOKE" => super::object::grant(&mut c).map(|g| Command::Grant(Box::new(g))),
        "UNDROP" => {
            let _ = c.ident()?;
            let kind = fold_word(&mut c)?;
            let name = c.name()?;
            c.end()?;
            Ok(Command::Undrop(kind, name))
        }
        "EXECUTE" if c.eat(&["EXECUTE", "USING", "POLICY_CONTEXT"]) => {
            c.expect_token(&Token::LParen)?;
            let mut values = Vec::new();
            loop {
                let name = fold_word(&mut c)?;
                c.expect_token(&Token::RArrow)?;
                values.push((name, c.string()?));
                if !c.eat_token(&Token::Comma) {
                    break;
                }
            }
            c.expect_token(&Token::RParen)?;
            c.expect(&["AS"])?;
            let from = c.offset();
            Ok(Command::PolicyContext(
                values,
                c.slice(from, usize::MAX).to_owned(),
            ))
        }
        "EXECUTE" if c.eat(&["EXECUTE", "ALERT"]) => {
            let name = c.name()?;
            c.end()?;
            Ok(Command::ExecuteAlert(name))
        }
        "EXECUTE" if c.eat(&["EXECUTE", "TASK"]) => {
            let name = c.name()?;
            let _ = c.eat(&["RETRY", "LAST"]);
            c.end()?;
            Ok(Command::ExecuteTask(name))
        }
        "EXPLAIN" => {
            let _ = c.ident()?;
            let mut format = "TABULAR".to_owned();
            if c.eat(&["USING"]) {
                format = fold_word(&mut c)?;
            }
            let from = c.offset();
            Ok(Command::Explain(
                format,
                c.slice(from, usize::MAX).to_owned(),
            ))
        }
        _ => sql(&mut c),
    }
}

/// BEGIN, BEGIN WORK, BEGIN TRANSACTION, with or without a name.
fn begins_transaction(c: &Cursor<'_>) -> bool {
    match c.peek_word(1) {
        None => true,
        Some(w) => matches!(w.as_str(), "TRANSACTION" | "WORK" | "NAME"),
    }
}

/// `BEGIN | START [TRANSACTION | WORK] NAME name`, which is read; nothing is read otherwise.
fn named_transaction(c: &mut Cursor<'_>) -> bool {
    let mark = c.mark();
    let _ = c.eat(&["BEGIN"]) || c.eat(&["START"]);
    let _ = c.eat(&["TRANSACTION"]) || c.eat(&["WORK"]);
    if c.eat(&["NAME"]) && c.ident().is_ok() && c.at_end() {
        return true;
    }
    c.reset(mark);
    false
}

/// CREATE, ALTER, DROP and DESCRIBE of functions and procedures.
fn routine(c: &mut Cursor<'_>, word: &str) -> Result<Command> {
    if word == "CREATE" {
        return scripting::create_routine(c).map(|r| Command::CreateRoutine(Box::new(r)));
    }
    let _ = c.ident()?;
    if word == "ALTER" {
        return scripting::alter_routine(c).map(Command::AlterRoutine);
    }
    let (name, if_exists) = scripting::routine_name(c)?;
    c.end()?;
    Ok(if word == "DROP" {
        Command::DropRoutine(name, if_exists)
    } else {
        Command::DescribeRoutine(name)
    })
}

fn sql(c: &mut Cursor<'_>) -> Result<Command> {
    if c.at_end() {
        return Err(SqlError::raw("000900", "42601", "Empty SQL statement."));
    }
    c.statement().map(|s| Command::Sql(Box::new(s)))
}

fn comment(c: &mut Cursor<'_>) -> Result<Command> {
    let _ = c.ident()?;
    let if_exists = c.eat(&["IF", "EXISTS"]);
    c.expect(&["ON"])?;
    if c.sees(&["FUNCTION"]) || c.sees(&["PROCEDURE"]) {
        let (routine, _) = scripting::routine_name(c)?;
        c.expect(&["IS"])?;
        let text = c.string()?;
        c.end()?;
        return Ok(Command::AlterRoutine(AlterRoutine {
            routine,
            if_exists,
            rename: None,
            secure: None,
            comment: Some(text),
            caller: None,
        }));
    }
    let mut kind = fold_word(c)?;
    if kind == "FILE" {
        c.expect(&["FORMAT"])?;
        kind = "FILE FORMAT".to_owned();
    } else if kind == "MATERIALIZED" {
        c.expect(&["VIEW"])?;
        kind = "VIEW".to_owned();
    } else if kind == "EXTERNAL" || kind == "DYNAMIC" {
        c.expect(&["TABLE"])?;
        kind = "TABLE".to_owned();
    }
    let name = c.name()?;
    c.expect(&["IS"])?;
    let text = c.string()?;
    c.end()?;
    Ok(Command::Comment(kind, name, text, if_exists))
}

fn fold_word(c: &mut Cursor<'_>) -> Result<String> {
    c.ident().map(|i| i.value.to_uppercase())
}

fn idents(c: &mut Cursor<'_>) -> Result<Vec<Ident>> {
    let parens = c.eat_token(&Token::LParen);
    let mut out = vec![c.ident()?];
    while c.eat_token(&Token::Comma) {
        out.push(c.ident()?);
    }
    if parens {
        c.expect_token(&Token::RParen)?;
    }
    c.end()?;
    Ok(out)
}

fn describe(c: &mut Cursor<'_>) -> Result<Command> {
    if let Some(kind) = super::policy::kind(c) {
        let name = c.name()?;
        c.end()?;
        return Ok(Command::DescribePolicy(kind, name));
    }
    let d = if c.eat(&["RESULT"]) {
        if c.sees_string() {
            Described::Result(c.string()?)
        } else {
            c.expect(&["LAST_QUERY_ID"])?;
            c.expect_token(&Token::LParen)?;
            c.expect_token(&Token::RParen)?;
            Described::Result(String::new())
        }
    } else if c.eat(&["STAGE"]) {
        Described::Stage(c.name()?)
    } else if c.eat(&["FILE", "FORMAT"]) {
        Described::FileFormat(c.name()?)
    } else if c.eat(&["DATABASE"]) {
        Described::Container(c.name()?, true)
    } else if c.eat(&["SCHEMA"]) {
        Described::Container(c.name()?, false)
    } else if let Some(list) = [
        ("SEQUENCE", "SEQUENCES"),
        ("STREAM", "STREAMS"),
        ("TASK", "TASKS"),
        ("PIPE", "PIPES"),
        ("WAREHOUSE", "WAREHOUSES"),
        ("USER", "USERS"),
        ("ROLE", "ROLES"),
        ("ALERT", "ALERTS"),
        ("SECRET", "SECRETS"),
    ]
    .into_iter()
    .find_map(|(word, list)| c.eat(&[word]).then_some(list))
    {
        Described::Listed(list.to_owned(), c.name()?)
    } else {
        let _ = c.eat(&["TABLE"])
            || c.eat(&["EXTERNAL", "TABLE"])
            || c.eat(&["VIEW"])
            || c.eat(&["MATERIALIZED", "VIEW"])
            || c.eat(&["DYNAMIC", "TABLE"]);
        let name = c.name()?;
        if c.eat(&["TYPE"]) && c.eat_token(&Token::Eq) && !c.eat(&["COLUMNS"]) {
            c.expect(&["STAGE"])?;
            Described::TableStage(name)
        } else {
            Described::Relation(name)
        }
    };
    c.end()?;
    Ok(Command::Describe(d))
}

fn use_target(c: &mut Cursor<'_>) -> Result<UseTarget> {
    let t = if c.eat(&["DATABASE"]) {
        UseTarget::Database(c.name()?)
    } else if c.eat(&["SCHEMA"]) {
        UseTarget::Schema(c.name()?)
    } else if c.eat(&["ROLE"]) {
        UseTarget::Role(c.ident()?)
    } else if c.eat(&["WAREHOUSE"]) {
        UseTarget::Warehouse(c.ident()?)
    } else if c.eat(&["SECONDARY", "ROLES"]) {
        let _ = c.ident()?;
        UseTarget::SecondaryRoles
    } else {
        UseTarget::Either(c.name()?)
    };
    c.end()?;
    Ok(t)
}

fn set(c: &mut Cursor<'_>) -> Result<Command> {
    let mut names = Vec::new();
    let parens = c.eat_token(&Token::LParen);
    loop {
        names.push(c.ident()?);
        if !(parens && c.eat_token(&Token::Comma)) {
            break;
        }
    }
    if parens {
        c.expect_token(&Token::RParen)?;
    }
    c.expect_token(&Token::Eq)?;
    let mut values = Vec::new();
    if parens {
        c.expect_token(&Token::LParen)?;
        loop {
            values.push(c.sql(|p| p.parse_expr())?);
            if !c.eat_token(&Token::Comma) {
                break;
            }
        }
        c.expect_token(&Token::RParen)?;
    } else {
        values.push(c.sql(|p| p.parse_expr())?);
    }
    c.end()?;
    if names.len() != values.len() {
        return Err(SqlError::raw(
            "001003",
            "42601",
            "SQL compilation error:\nSET needs as many values as variables.",
        ));
    }
    Ok(Command::Set(names.into_iter().zip(values).collect()))
}

/// The kinds this crate keeps itself, after CREATE, ALTER or DROP.
fn kind(c: &mut Cursor<'_>) -> Option<ObjectKind> {
    for (words, kind) in [
        (&["STAGE"][..], ObjectKind::Stage),
        (&["FILE", "FORMAT"][..], ObjectKind::FileFormat),
        (&["WAREHOUSE"][..], ObjectKind::Warehouse),
        (&["ROLE"][..], ObjectKind::Role),
        (&["USER"][..], ObjectKind::User),
        (&["DATABASE", "ROLE"][..], ObjectKind::Other),
        (&["AUTHENTICATION", "POLICY"][..], ObjectKind::Policy),
        (&["PASSWORD", "POLICY"][..], ObjectKind::Policy),
        (&["SESSION", "POLICY"][..], ObjectKind::Policy),
        (&["NETWORK", "RULE"][..], ObjectKind::Other),
        (&["SECRET"][..], ObjectKind::Other),
        (&["NETWORK", "POLICY"][..], ObjectKind::Integration),
        (&["RESOURCE", "MONITOR"][..], ObjectKind::Integration),
        (&["STORAGE", "INTEGRATION"][..], ObjectKind::Integration),
        (&["API", "INTEGRATION"][..], ObjectKind::Integration),
        (
            &["NOTIFICATION", "INTEGRATION"][..],
            ObjectKind::Integration,
        ),
        (&["SECURITY", "INTEGRATION"][..], ObjectKind::Integration),
        (&["CATALOG", "INTEGRATION"][..], ObjectKind::Integration),
        (&["INTEGRATION"][..], ObjectKind::Integration),
    ] {
        if c.eat(words) {
            return Some(kind);
        }
    }
    None
}

/// What the words just read by [`kind`] say beyond their kind of object, as the option KIND.
fn own_kind(words: &str, kind: ObjectKind) -> Option<(String, super::OptionValue)> {
    let told = match kind {
        ObjectKind::Policy | ObjectKind::Integration => true,
        ObjectKind::Other => !words.starts_with("DATABASE"),
        _ => false,
    };
    told.then(|| {
        (
            crate::policies::KIND.to_owned(),
            super::OptionValue::Word(words.replace(' ', "_"), false),
        )
    })
}

/// Streams, tasks, pipes, tags and dynamic tables, after ALTER or DROP.
fn bodied(c: &mut Cursor<'_>) -> Option<&'static str> {
    if c.eat(&["DYNAMIC", "TABLE"]) {
        return Some("DYNAMIC TABLE");
    }
    ["STREAM", "TASK", "PIPE", "TAG", "ALERT"]
        .into_iter()
        .find(|w| c.eat(&[w]))
}

/// `ALTER kind name SET TAG …` and `UNSET TAG …`, for kinds that are altered elsewhere; nothing is read otherwise.
fn tagged(c: &mut Cursor<'_>) -> Result<Option<Command>> {
    let mark = c.mark();
    let Some(word) = c.peek_word(0) else {
        return Ok(None);
    };
    let _ = c.ident()?;
    let if_exists = c.eat(&["IF", "EXISTS"]);
    if let Ok(name) = c.name()
        && (c.sees(&["SET", "TAG"]) || c.sees(&["UNSET", "TAG"]))
    {
        let change = super::object::change(c)?;
        return Ok(Some(Command::Change(
            word,
            name,
            if_exists,
            Box::new(change),
        )));
    }
    c.reset(mark);
    Ok(None)
}

/// `ALTER TABLE | VIEW | SCHEMA | SEQUENCE name SET option = …`, UNSET, and RENAME of a schema or sequence; nothing is
/// read otherwise.
fn properties(c: &mut Cursor<'_>) -> Result<Option<Command>> {
    let mark = c.mark();
    let Some(word) = ["TABLE", "VIEW", "SCHEMA", "SEQUENCE"]
        .into_iter()
        .find(|w| c.eat(&[w]))
    else {
        return Ok(None);
    };
    let if_exists = c.eat(&["IF", "EXISTS"]);
    if let Ok(name) = c.name() {
        let own = matches!(word, "SCHEMA" | "SEQUENCE") && c.sees(&["RENAME", "TO"]);
        if (own || c.sees(&["SET"]) || c.sees(&["UNSET"]))
            && let Ok(change) = super::object::change(c)
            && !matches!(&change, Change::Set(o) if o.0.is_empty())
        {
            return Ok(Some(Command::Properties(
                word.to_owned(),
                name,
                if_exists,
                Box::new(change),
            )));
        }
    }
    c.reset(mark);
    Ok(None)
}

/// `CREATE … TABLE name USING TEMPLATE (query)`; nothing is read otherwise.
fn template(c: &mut Cursor<'_>) -> Result<Option<Command>> {
    let mark = c.mark();
    let from = c.offset();
    while c.peek_word(0).is_some() && !c.sees(&["USING"]) && !c.sees(&["AS"]) {
        let _ = c.name()?;
    }
    let to = c.offset();
    if !c.eat(&["USING", "TEMPLATE"]) {
        c.reset(mark);
        return Ok(None);
    }
    let create = c.slice(from, to).trim().to_owned();
    c.expect_token(&Token::LParen)?;
    let start = c.offset();
    let _ = c.sql(|p| p.parse_query())?;
    let query = c.text_from(start).to_owned();
    c.expect_token(&Token::RParen)?;
    c.end()?;
    Ok(Some(Command::CreateFromTemplate(create, query)))
}

/// The columns of an event table.
///
/// Source: "Event table columns".
const EVENT_COLUMNS: &str = "TIMESTAMP TIMESTAMP_NTZ, START_TIMESTAMP TIMESTAMP_NTZ, OBSERVED_TIMESTAMP TIMESTAMP_NTZ, \
    TRACE OBJECT, RESOURCE OBJECT, RESOURCE_ATTRIBUTES OBJECT, SCOPE OBJECT, SCOPE_ATTRIBUTES OBJECT, \
    RECORD_TYPE VARCHAR, RECORD OBJECT, RECORD_ATTRIBUTES OBJECT, VALUE VARIANT, EXEMPLARS ARRAY";

/// A CREATE TABLE without its `INDEX name (columns) [INCLUDE (columns)]`, which change no result.
fn without_indexes(text: &str) -> Result<String> {
    let mut c = Cursor::new(text)?;
    let mut out = String::new();
    let mut from = 0;
    let mut depth = 0usize;
    while !c.at_end() {
        if depth == 1 && c.sees_token(&Token::Comma) {
            let start = c.offset();
            let _ = c.eat_token(&Token::Comma);
            if c.eat(&["INDEX"]) {
                let _ = c.ident()?;
                let _ = c.idents_in_parens()?;
                if c.eat(&["INCLUDE"]) {
                    let _ = c.idents_in_parens()?;
                }
                out.push_str(c.slice(from, start));
                from = c.offset();
            }
            continue;
        }
        if c.sees_token(&Token::LParen) {
            depth += 1;
        } else if c.sees_token(&Token::RParen) {
            depth = depth.saturating_sub(1);
        }
        let _ = c.raw();
    }
    out.push_str(c.slice(from, usize::MAX));
    Ok(out)
}

/// Takes SCOPED out of `CREATE … SCOPED TEMPORARY`, which clients write for what a procedure or session makes for itself.
fn unscoped(c: &mut Cursor<'_>) {
    let mark = c.mark();
    let _ = c.ident();
    let _ = c.eat(&["OR", "REPLACE"]);
    let scoped = c.mark();
    let temporary = |w: Option<String>| w.is_some_and(|w| w == "TEMPORARY" || w == "TEMP");
    if c.eat(&["SCOPED"]) && temporary(c.peek_word(0)) {
        c.cut(scoped);
    }
    c.reset(mark);
}

/// The name of the table or view that CREATE makes; nothing is read.
fn created_relation(c: &mut Cursor<'_>) -> Option<ObjectName> {
    let mark = c.mark();
    let _ = c.ident();
    let mut name = None;
    while let Some(word) = c.peek_word(0) {
        let _ = c.ident();
        if matches!(word.as_str(), "TABLE" | "VIEW") {
            let _ = c.eat(&["IF", "NOT", "EXISTS"]);
            name = c.name().ok();
            break;
        }
        if !matches!(
            word.as_str(),
            "OR" | "REPLACE"
                | "ALTER"
                | "SECURE"
                | "MATERIALIZED"
                | "TRANSIENT"
                | "TEMPORARY"
                | "TEMP"
                | "LOCAL"
                | "GLOBAL"
                | "VOLATILE"
                | "RECURSIVE"
                | "DYNAMIC"
        ) {
            break;
        }
    }
    c.reset(mark);
    name
}

/// CREATE OR ALTER: of tables and of what consists of options a command of its own, of all else CREATE OR REPLACE.
fn create_or_alter(mut c: Cursor<'_>) -> Result<Command> {
    c.expect(&["CREATE", "OR", "ALTER"])?;
    let from = c.offset();
    let rest = c.slice(from, usize::MAX);
    // Errors are placed in the text as it was written: the words have the same length.
    match parse(&format!("CREATE          {rest}"))? {
        command @ (Command::CreateDatabase(_) | Command::CreateSchema(_) | Command::Create(_)) => {
            Ok(Command::CreateOrAlter(Box::new(command)))
        }
        Command::Sql(s) if matches!(*s, Statement::CreateTable(_)) => {
            Ok(Command::CreateOrAlter(Box::new(Command::Sql(s))))
        }
        _ => parse(&format!("CREATE OR REPLACE {rest}")),
    }
}

fn create(c: &mut Cursor<'_>) -> Result<Command> {
    if let Some(name) = created_relation(c) {
        let attached = super::policy::take(c)?;
        if !attached.is_empty() {
            return Ok(Command::CreateAttached(
                Box::new(create_plain(c)?),
                name,
                attached,
            ));
        }
    }
    create_plain(c)
}

/// CREATE ICEBERG TABLE with Snowflake as its catalog: its rows are kept as those of other tables, and the files that
/// others would read are not written.
fn iceberg(c: &mut Cursor<'_>) -> Result<Command> {
    let mut statement = c.statement()?;
    let Statement::CreateTable(table) = &mut statement else {
        return Err(c.error("TABLE"));
    };
    if let Some(catalog) = &table.catalog
        && !catalog.eq_ignore_ascii_case("SNOWFLAKE")
    {
        return Err(SqlError::unsupported(format!(
            "CREATE ICEBERG TABLE with the catalog {catalog}"
        )));
    }
    table.iceberg = false;
    table.catalog = None;
    table.external_volume = None;
    table.base_location = None;
    table.catalog_sync = None;
    table.storage_serialization_policy = None;
    let name = table.name.clone();
    let create = Command::Sql(Box::new(statement));
    Ok(Command::CreateLike("iceberg", Box::new(create), name))
}

fn create_plain(c: &mut Cursor<'_>) -> Result<Command> {
    let mark = c.mark();
    let external = [1, 3]
        .into_iter()
        .any(|i| c.peek_word(i).as_deref() == Some("EXTERNAL"));
    if !external && let Ok(Some(command)) = template(c) {
        return Ok(command);
    }
    c.reset(mark);
    let _ = c.ident()?;
    let or_replace = c.eat(&["OR", "REPLACE"]);
    if let Some(kind) = super::policy::kind(c) {
        return super::policy::create(c, kind, or_replace)
            .map(|p| Command::CreatePolicy(Box::new(p)));
    }
    if c.eat(&["RECURSIVE"]) {
        return super::relation::recursive_view(c, or_replace).map(|s| Command::Sql(Box::new(s)));
    }
    if c.eat(&["EXTERNAL", "TABLE"]) {
        return super::external::create(c, or_replace)
            .map(|e| Command::CreateExternal(Box::new(e)));
    }
    if c.eat(&["STREAM"]) {
        return super::object::stream(c, or_replace).map(|s| Command::CreateStream(Box::new(s)));
    }
    if c.eat(&["SEQUENCE"]) {
        return super::object::sequence(c, or_replace)
            .map(|s| Command::CreateSequence(Box::new(s)));
    }
    let body = if c.eat(&["TASK"]) {
        Some(super::object::task(c, or_replace)?)
    } else if c.eat(&["PIPE"]) {
        Some(super::object::with_body(
            c,
            or_replace,
            ObjectKind::Pipe,
            "PIPE",
        )?)
    } else if c.eat(&["DYNAMIC", "TABLE"]) || c.eat(&["TRANSIENT", "DYNAMIC", "TABLE"]) {
        Some(super::object::dynamic_table(c, or_replace)?)
    } else if c.eat(&["TAG"]) {
        Some(super::object::tag(c, or_replace)?)
    } else if c.eat(&["ALERT"]) {
        Some(super::object::alert(c, or_replace)?)
    } else {
        None
    };
    if let Some(body) = body {
        return Ok(Command::CreateBody(Box::new(body)));
    }
    if c.sees(&["ICEBERG", "TABLE"]) {
        c.reset(mark);
        return iceberg(c);
    }
    for (words, kind) in [
        (&["HYBRID", "TABLE"][..], "hybrid"),
        (&["EVENT", "TABLE"][..], "event"),
    ] {
        if c.sees(words) {
            let _ = c.ident()?;
            let from = c.offset();
            let head = if or_replace {
                "CREATE OR REPLACE "
            } else {
                "CREATE "
            };
            let mut text = format!("{head}{}", c.slice(from, usize::MAX));
            if kind == "event" {
                let _ = c.ident()?;
                let _ = c.eat(&["IF", "NOT", "EXISTS"]);
                let _ = c.name()?;
                let to = c.offset();
                text = format!(
                    "{head}{} ({EVENT_COLUMNS}) {}",
                    c.slice(from, to),
                    c.slice(to, usize::MAX)
                );
            } else {
                text = without_indexes(&text)?;
            }
            let mut inner = Cursor::new(&text)?;
            let name = created_relation(&mut inner).ok_or_else(|| c.error("a name"))?;
            let create = create(&mut inner)?;
            return Ok(Command::CreateLike(kind, Box::new(create), name));
        }
    }
    let transient = c.eat(&["TRANSIENT"]);
    let temporary = c.eat(&["TEMPORARY"]) || c.eat(&["TEMP"]);
    let container = if c.sees(&["DATABASE", "ROLE"]) {
        None
    } else if c.eat(&["DATABASE"]) {
        Some(true)
    } else if c.eat(&["SCHEMA"]) {
        Some(false)
    } else {
        None
    };
    let words_from = c.offset();
    let found = if container.is_some() {
        Some(ObjectKind::Other)
    } else {
        kind(c)
    };
    let words = c
        .text_from(words_from)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_uppercase();
    let Some(kind) = found else {
        c.reset(mark);
        return sql(c);
    };
    let if_not_exists = c.eat(&["IF", "NOT", "EXISTS"]);
    let name = c.name()?;
    let clone = if c.eat(&["CLONE"]) {
        Some(c.name()?)
    } else {
        None
    };
    if clone.is_some() && (c.sees(&["AT"]) || c.sees(&["BEFORE"])) {
        return Err(SqlError::unsupported("CLONE … AT | BEFORE"));
    }
    let managed = c.eat(&["WITH", "MANAGED", "ACCESS"]);
    let _ = managed || c.eat(&["WITH"]);
    let mut options = c.options()?;
    if managed {
        let on = super::OptionValue::Word("TRUE".into(), false);
        options.0.push(("MANAGED ACCESS".into(), on));
    }
    if container.is_none() {
        options.0.extend(own_kind(&words, kind));
    }
    if kind == ObjectKind::Integration && c.eat(&["TRIGGERS"]) {
        // What a resource monitor would do is never reached: nothing is billed.
        let from = c.offset();
        while c.raw().is_some() {}
        let text = c.text_from(from).to_owned();
        options
            .0
            .push(("TRIGGERS".into(), super::OptionValue::Word(text, true)));
    }
    if transient {
        options.0.push((
            "TRANSIENT".into(),
            super::OptionValue::Word("TRUE".into(), false),
        ));
    }
    c.end()?;
    let object = CreateObject {
        kind,
        name,
        or_replace,
        if_not_exists,
        temporary,
        options,
        clone,
    };
    Ok(match container {
        Some(true) => Command::CreateDatabase(object),
        Some(false) => Command::CreateSchema(object),
        None => Command::Create(object),
    })
}

fn drop(c: &mut Cursor<'_>) -> Result<Command> {
    let mark = c.mark();
    let _ = c.ident()?;
    if let Some(kind) = super::policy::kind(c) {
        let if_exists = c.eat(&["IF", "EXISTS"]);
        let name = c.name()?;
        c.end()?;
        return Ok(Command::DropPolicy(kind, name, if_exists));
    }
    if c.eat(&["EXTERNAL", "TABLE"]) {
        let if_exists = c.eat(&["IF", "EXISTS"]);
        let name = c.name()?;
        let _ = c.eat(&["CASCADE"]) || c.eat(&["RESTRICT"]);
        c.end()?;
        return Ok(Command::DropObject(
            "EXTERNAL TABLE".into(),
            name,
            if_exists,
        ));
    }
    if let Some(word) = bodied(c) {
        let if_exists = c.eat(&["IF", "EXISTS"]);
        let name = c.name()?;
        c.end()?;
        return Ok(Command::DropObject(word.to_owned(), name, if_exists));
    }
    let kind = if !c.sees(&["DATABASE", "ROLE"]) && c.eat(&["DATABASE"]) {
        None
    } else {
        match kind(c) {
            Some(k) => Some(k),
            None => {
                c.reset(mark);
                return sql(c);
            }
        }
    };
    let if_exists = c.eat(&["IF", "EXISTS"]);
    let name = c.name()?;
    let _ = c.eat(&["CASCADE"]) || c.eat(&["RESTRICT"]);
    c.end()?;
    Ok(Command::Drop {
        kind,
        name,
        if_exists,
    })
}

fn alter(c: &mut Cursor<'_>) -> Result<Command> {
    let mark = c.mark();
    let _ = c.ident()?;
    if c.eat(&["EXTERNAL", "TABLE"]) {
        let if_exists = c.eat(&["IF", "EXISTS"]);
        let from = c.offset();
        let name = c.name()?;
        return match super::external::change(c)? {
            ExternalChange::Table => {
                let exists = if if_exists { "IF EXISTS " } else { "" };
                parse(&format!(
                    "ALTER TABLE {exists}{}",
                    c.slice(from, usize::MAX)
                ))
            }
            change => Ok(Command::AlterExternal(name, if_exists, Box::new(change))),
        };
    }
    if let Some(command) = alter_else(c)? {
        return Ok(command);
    }
    // Parameters of the account are those of its sessions here: there is one account.
    if c.sees(&["ACCOUNT", "SET"]) || c.sees(&["ACCOUNT", "UNSET"]) {
        let _ = c.ident()?;
        if c.eat(&["UNSET"]) {
            return idents(c).map(Command::UnsetSession);
        }
        c.expect(&["SET"])?;
        let options = c.options()?;
        c.end()?;
        return Ok(Command::AlterSession(options));
    }
    if c.eat(&["SESSION"]) {
        if c.eat(&["UNSET"]) {
            return idents(c).map(Command::UnsetSession);
        }
        c.expect(&["SET"])?;
        let options = c.options()?;
        c.end()?;
        return Ok(Command::AlterSession(options));
    }
    if let Some(kind) = super::policy::kind(c) {
        let if_exists = c.eat(&["IF", "EXISTS"]);
        let name = c.name()?;
        let change = super::policy::change(c)?;
        return Ok(Command::AlterPolicy(kind, name, if_exists, change));
    }
    if let Some(command) = attach(c)? {
        return Ok(command);
    }
    if let Some(command) = mark_relation(c)? {
        return Ok(command);
    }
    if let Some(word) = bodied(c) {
        let if_exists = c.eat(&["IF", "EXISTS"]);
        let name = c.name()?;
        let change = super::object::change(c)?;
        return Ok(Command::Change(
            word.to_owned(),
            name,
            if_exists,
            Box::new(change),
        ));
    }
    if let Some(command) = tagged(c)? {
        return Ok(command);
    }
    if let Some(command) = properties(c)? {
        return Ok(command);
    }
    if let Some(command) = relation(c)? {
        return Ok(command);
    }
    c.reset(mark);
    if let Some(command) = super::relation::alter_table(c)? {
        return Ok(command);
    }
    let _ = c.ident()?;
    let kind = if !c.sees(&["DATABASE", "ROLE"]) && c.eat(&["DATABASE"]) {
        None
    } else {
        match kind(c) {
            Some(k) => Some(k),
            None => {
                c.reset(mark);
                return sql(c);
            }
        }
    };
    let if_exists = c.eat(&["IF", "EXISTS"]);
    let name = c.name()?;
    let mut rename = None;
    let mut options = Options::default();
    if c.eat(&["RENAME", "TO"]) {
        rename = Some(c.name()?);
    } else if kind == Some(ObjectKind::User)
        && (c.sees(&["SET"]) || c.sees(&["UNSET"]))
        && c.peek_word(2).as_deref() == Some("POLICY")
    {
        let set = c.eat(&["SET"]) || !c.eat(&["UNSET"]);
        let policy = format!("{}_POLICY", fold_word(c)?);
        c.expect(&["POLICY"])?;
        let of = if set { Some(c.name()?) } else { None };
        c.end()?;
        return Ok(Command::UserPolicy(name, policy, of));
    } else if c.eat(&["UNSET"]) {
        loop {
            let key = fold_word(c)?;
            options.0.push((key, super::OptionValue::List(Vec::new())));
            if !c.eat_token(&Token::Comma) {
                break;
            }
        }
        c.end()?;
        return Ok(Command::Alter {
            kind,
            name,
            if_exists,
            rename: None,
            options: Options(
                options
                    .0
                    .into_iter()
                    .map(|(k, v)| (format!("UNSET {k}"), v))
                    .collect(),
            ),
        });
    } else if kind == Some(ObjectKind::Warehouse) && (c.sees(&["SUSPEND"]) || c.sees(&["RESUME"])) {
        let state = if c.eat(&["SUSPEND"]) {
            "suspended"
        } else {
            let _ = c.ident()?;
            "started"
        };
        let _ = c.eat(&["IF", "SUSPENDED"]);
        options.0.push((
            "STATE".into(),
            super::OptionValue::Word(state.into(), false),
        ));
    } else if kind == Some(ObjectKind::Warehouse) && c.eat(&["ABORT", "ALL", "QUERIES"]) {
        // Statements run in no warehouse here: none of them is this one's.
    } else if kind == Some(ObjectKind::User) && c.eat(&["ABORT", "ALL", "QUERIES"]) {
        return Err(SqlError::unsupported("ALTER USER … ABORT ALL QUERIES"));
    } else {
        c.expect(&["SET"])?;
        options = c.options()?;
    }
    c.end()?;
    Ok(Command::Alter {
        kind,
        name,
        if_exists,
        rename,
        options,
    })
}

/// Forms of ALTER that no other form shares words with: keys by their columns, a stage's directory, databases that
/// change places, access that is managed; nothing is read when it is something else.
fn alter_else(c: &mut Cursor<'_>) -> Result<Option<Command>> {
    let mark = c.mark();
    if c.eat(&["TABLE"]) {
        let if_exists = c.eat(&["IF", "EXISTS"]);
        let here = c.mark();
        if let Ok(name) = c.name()
            && c.eat(&["RENAME", "CONSTRAINT"])
        {
            let from = c.ident()?;
            c.expect(&["TO"])?;
            let to = c.ident()?;
            c.end()?;
            return Ok(Some(Command::RenameConstraint(name, if_exists, from, to)));
        }
        c.reset(here);
        if let Ok(name) = c.name()
            && c.eat(&["DROP"])
        {
            let kind = if c.eat(&["UNIQUE"]) {
                Some("UNIQUE")
            } else if c.eat(&["FOREIGN", "KEY"]) {
                Some("FOREIGN KEY")
            } else {
                None
            };
            if let Some(kind) = kind
                && c.sees_token(&Token::LParen)
            {
                let columns = c.idents_in_parens()?;
                let _ = c.eat(&["CASCADE"]) || c.eat(&["RESTRICT"]);
                c.end()?;
                return Ok(Some(Command::DropKey(name, if_exists, kind, columns)));
            }
        }
    } else if c.eat(&["STAGE"]) {
        let if_exists = c.eat(&["IF", "EXISTS"]);
        if let Ok(name) = c.name()
            && c.eat(&["REFRESH"])
        {
            let path = if c.eat(&["SUBPATH"]) {
                c.expect_token(&Token::Eq)?;
                Some(c.string()?)
            } else {
                None
            };
            c.end()?;
            return Ok(Some(Command::RefreshStage(name, if_exists, path)));
        }
    } else if !c.sees(&["DATABASE", "ROLE"]) && c.eat(&["DATABASE"]) {
        let _ = c.eat(&["IF", "EXISTS"]);
        if let Ok(name) = c.name()
            && c.eat(&["SWAP", "WITH"])
        {
            let other = c.name()?;
            c.end()?;
            return Ok(Some(Command::SwapDatabases(name, other)));
        }
    } else if c.eat(&["SCHEMA"]) {
        let if_exists = c.eat(&["IF", "EXISTS"]);
        if let Ok(name) = c.name()
            && (c.sees(&["ENABLE", "MANAGED"]) || c.sees(&["DISABLE", "MANAGED"]))
        {
            let on = c.eat(&["ENABLE"]) || !c.eat(&["DISABLE"]);
            c.expect(&["MANAGED", "ACCESS"])?;
            c.end()?;
            let value = super::OptionValue::Word(on.to_string().to_uppercase(), false);
            let options = Options(vec![("MANAGED ACCESS".into(), value)]);
            return Ok(Some(Command::Properties(
                "SCHEMA".into(),
                name,
                if_exists,
                Box::new(Change::Set(options)),
            )));
        }
    }
    c.reset(mark);
    Ok(None)
}

/// Search optimization of a table and the state of a materialized view, which change no result, as properties;
/// nothing is read when it is something else.
fn mark_relation(c: &mut Cursor<'_>) -> Result<Option<Command>> {
    let mark = c.mark();
    let view = c.eat(&["MATERIALIZED", "VIEW"]);
    if view || c.eat(&["TABLE"]) {
        let if_exists = c.eat(&["IF", "EXISTS"]);
        if let Ok(name) = c.name() {
            let on = || Some("true".to_owned());
            let set = |k: &str, v: Option<String>| vec![(k.to_owned(), v)];
            let found = if c.eat(&["ADD", "SEARCH", "OPTIMIZATION"]) {
                let add = set("search_optimization", on());
                if c.eat(&["ON"]) {
                    while c.raw().is_some() {}
                }
                Some(add)
            } else if c.eat(&["DROP", "SEARCH", "OPTIMIZATION"]) {
                // With ON some methods stay.
                if c.eat(&["ON"]) {
                    while c.raw().is_some() {}
                    Some(Vec::new())
                } else {
                    Some(set("search_optimization", None))
                }
            } else if view && (c.eat(&["SUSPEND", "RECLUSTER"]) || c.eat(&["RESUME", "RECLUSTER"]))
            {
                Some(Vec::new())
            } else if view && c.eat(&["SUSPEND"]) {
                Some(set("suspended", on()))
            } else if view && c.eat(&["RESUME"]) {
                Some(set("suspended", None))
            } else {
                None
            };
            if let Some(values) = found {
                c.end()?;
                return Ok(Some(Command::Mark(name, if_exists, values)));
            }
        }
    }
    c.reset(mark);
    Ok(None)
}

/// Policies and tags of a table, a view or their columns; nothing is read when it is something else.
fn attach(c: &mut Cursor<'_>) -> Result<Option<Command>> {
    let mark = c.mark();
    let relation = c.eat(&["TABLE"])
        || c.eat(&["VIEW"])
        || c.eat(&["MATERIALIZED", "VIEW"])
        || c.eat(&["DYNAMIC", "TABLE"]);
    if relation {
        let if_exists = c.eat(&["IF", "EXISTS"]);
        if let Ok(name) = c.name()
            && let Some(attached) = super::policy::alter(c)
        {
            return Ok(Some(Command::Attach(name, if_exists, attached?)));
        }
    }
    c.reset(mark);
    Ok(None)
}

/// ALTER VIEW and ALTER SEQUENCE; nothing is read when it is something else.
fn relation(c: &mut Cursor<'_>) -> Result<Option<Command>> {
    let mark = c.mark();
    if c.eat(&["VIEW"]) || c.eat(&["MATERIALIZED", "VIEW"]) {
        let if_exists = c.eat(&["IF", "EXISTS"]);
        let name = c.name()?;
        if let Some(change) = super::relation::view_change(c)? {
            return Ok(Some(Command::AlterView(name, if_exists, change)));
        }
    } else if c.eat(&["SEQUENCE"]) {
        let if_exists = c.eat(&["IF", "EXISTS"]);
        let name = c.name()?;
        let change = super::relation::sequence_change(c)?;
        return Ok(Some(Command::AlterSequence(name, if_exists, change)));
    }
    c.reset(mark);
    Ok(None)
}

/// PUT and GET: their file names are read up to a blank, or between quotes.
fn transfer(text: &str) -> Result<Command> {
    let put = text[..3].eq_ignore_ascii_case("PUT");
    let mut rest = text[3..].trim_start();
    let mut part = || -> Result<String> {
        let (value, tail) = match rest.strip_prefix('\'') {
            Some(quoted) => {
                let mut out = String::new();
                let mut chars = quoted.char_indices();
                let mut end = None;
                while let Some((i, ch)) = chars.next() {
                    match ch {
                        '\'' => {
                            end = Some(i + 1);
                            break;
                        }
                        '\\' => out.extend(chars.next().map(|(_, c)| c)),
                        other => out.push(other),
                    }
                }
                match end {
                    Some(e) => (out, &quoted[e..]),
                    None => {
                        return Err(SqlError::raw(
                            "001003",
                            "42000",
                            "SQL compilation error:\nparse error: unterminated string",
                        ));
                    }
                }
            }
            None => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        rest = tail.trim_start();
        Ok(value)
    };
    let (first, second) = (part()?, part()?);
    let mut c = Cursor::new(rest)?;
    let options = c.options()?;
    c.end()?;
    let (local, remote) = if put {
        (&first, &second)
    } else {
        (&second, &first)
    };
    if !local.starts_with("file://") || !(remote.starts_with('@') || remote == "?") {
        return Err(SqlError::raw(
            "001003",
            "42000",
            "SQL compilation error:\nPUT and GET take a file:// path and a stage.",
        ));
    }
    Ok(if put {
        Command::Put(first, second, options)
    } else {
        Command::Get(first, second, options)
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn commands() {
        assert!(matches!(parse("select 1").unwrap(), Command::Sql(_)));
        assert!(
            matches!(parse("show terse tables like 'a%' in schema d.s limit 3 from 'x'").unwrap(), Command::Show(s) if s.terse && s.limit == Some(3))
        );
        assert!(matches!(
            parse("desc table t").unwrap(),
            Command::Describe(Described::Relation(_))
        ));
        assert!(
            matches!(parse("create database x clone y").unwrap(), Command::CreateDatabase(o) if o.clone.is_some())
        );
        assert!(
            matches!(parse("put 'file:///tmp/a b.csv' @~/x overwrite = true").unwrap(), Command::Put(f, l, _) if f == "file:///tmp/a b.csv" && l == "@~/x")
        );
        let Command::Copy(copy) = parse("copy into t from (select $1, $2:a::int from @s/p/x-1.csv.gz t) file_format=(type=csv null_if=('a','b')) pattern='.*'").unwrap() else {
            panic!("no COPY");
        };
        assert_eq!(copy.staged.as_deref(), Some("@s/p/x-1.csv.gz"));
        assert!(matches!(
            parse("copy into @~/out/ from t overwrite = true").unwrap(),
            Command::Copy(_)
        ));
        assert!(
            matches!(parse("ls @~ pattern='.*gz'").unwrap(), Command::List(l, Some(_)) if l == "@~")
        );
    }

    #[test]
    fn syntax_errors_have_their_place() {
        let e = parse("select 1 frm t x y").unwrap_err().snowflake();
        assert_eq!(e.code, "001003");
        assert!(
            e.message.contains("syntax error line 1 at position"),
            "{}",
            e.message
        );
    }

    proptest! {
        #[test]
        fn any_text_ends(text in "(select|copy|put|show|create|set|use|alter)[ a-z0-9@:/.'=(),]{0,60}") {
            let _ = parse(&text);
        }
    }
}
