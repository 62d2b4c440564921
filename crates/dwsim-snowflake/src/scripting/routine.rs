//! The grammar of CREATE, ALTER and DROP of functions and procedures, of CALL and EXECUTE IMMEDIATE.
//! What they do is in `objects` and `call`.
//!
//! Source: "CREATE FUNCTION", "CREATE PROCEDURE", "CALL", "CALL (with anonymous procedure)", "EXECUTE IMMEDIATE".

use dwsim_engine::catalog::{ArgumentMode, Language, Volatility, signature_type};
use dwsim_engine::dialect::DialectName;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::scripting::Target;
use sqlparser::ast::{self, DataType, Ident, ObjectName};
use sqlparser::tokenizer::Token;

use crate::dialect::fold;
use crate::parse::Cursor;

/// An argument as declared.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// Name.
    pub name: Ident,
    /// Type.
    pub ty: DataType,
    /// The type as written.
    pub text: String,
    /// Direction.
    pub mode: ArgumentMode,
    /// Source of the default.
    pub default: Option<String>,
}

/// RETURNS.
#[derive(Debug, Clone, PartialEq)]
pub enum Returned {
    /// A type, and how it was written.
    Type(DataType, String),
    /// TABLE (…).
    Table(Vec<(Ident, DataType)>),
}

/// CREATE FUNCTION or CREATE PROCEDURE.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateRoutine {
    /// A procedure.
    pub procedure: bool,
    /// OR REPLACE.
    pub or_replace: bool,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// TEMPORARY.
    pub temporary: bool,
    /// SECURE.
    pub secure: bool,
    /// Name.
    pub name: ObjectName,
    /// Arguments.
    pub arguments: Vec<Declared>,
    /// RETURNS.
    pub returns: Returned,
    /// LANGUAGE.
    pub language: Language,
    /// RETURNS NULL ON NULL INPUT or STRICT.
    pub strict: bool,
    /// VOLATILE or IMMUTABLE.
    pub volatility: Volatility,
    /// MEMOIZABLE.
    pub memoizable: bool,
    /// COMMENT.
    pub comment: Option<String>,
    /// EXECUTE AS CALLER.
    pub caller: bool,
    /// Body.
    pub body: String,
}

/// A routine by name and argument types.
#[derive(Debug, Clone, PartialEq)]
pub struct RoutineName {
    /// A procedure.
    pub procedure: bool,
    /// Name.
    pub name: ObjectName,
    /// Argument types.
    pub types: Vec<DataType>,
}

/// ALTER FUNCTION or ALTER PROCEDURE.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterRoutine {
    /// Which one.
    pub routine: RoutineName,
    /// IF EXISTS.
    pub if_exists: bool,
    /// RENAME TO.
    pub rename: Option<ObjectName>,
    /// SET or UNSET SECURE.
    pub secure: Option<bool>,
    /// SET COMMENT; UNSET COMMENT is an empty one.
    pub comment: Option<String>,
    /// EXECUTE AS CALLER (true) or OWNER.
    pub caller: Option<bool>,
}

/// CALL.
#[derive(Debug, Clone, PartialEq)]
pub struct CallTarget {
    /// Procedure.
    pub name: ObjectName,
    /// Arguments, with their names where they are given.
    pub arguments: Vec<(Option<Ident>, ast::Expr)>,
    /// INTO.
    pub into: Option<Target>,
}

/// Whether CREATE, ALTER, DROP or DESCRIBE is followed by a function or procedure; the cursor stands behind that word.
pub(crate) fn is_routine(c: &mut Cursor<'_>) -> bool {
    let mark = c.mark();
    let _ = c.ident();
    c.eat(&["OR", "REPLACE"]);
    while ["TEMP", "TEMPORARY", "SECURE", "AGGREGATE", "EXTERNAL"]
        .iter()
        .any(|w| c.eat(&[w]))
    {}
    let yes = c.sees(&["FUNCTION"]) || c.sees(&["PROCEDURE"]);
    c.reset(mark);
    yes
}

/// CREATE FUNCTION or PROCEDURE, from its first word.
///
/// # Errors
/// A syntax error with its place; languages that dwsim does not run.
pub(crate) fn create_routine(c: &mut Cursor<'_>) -> Result<CreateRoutine> {
    c.expect(&["CREATE"])?;
    let or_replace = c.eat(&["OR", "REPLACE"]);
    let (mut temporary, mut secure) = (false, false);
    loop {
        if c.eat(&["TEMP"]) || c.eat(&["TEMPORARY"]) {
            temporary = true;
        } else if c.eat(&["SECURE"]) {
            secure = true;
        } else if c.eat(&["EXTERNAL"]) {
            return Err(SqlError::unsupported("CREATE EXTERNAL FUNCTION"));
        } else if c.eat(&["AGGREGATE"]) {
            return Err(SqlError::unsupported(
                "CREATE AGGREGATE FUNCTION (LANGUAGE PYTHON)",
            ));
        } else {
            break;
        }
    }
    let procedure = c.eat(&["PROCEDURE"]);
    if !procedure {
        c.expect(&["FUNCTION"])?;
    }
    let if_not_exists = c.eat(&["IF", "NOT", "EXISTS"]);
    let name = c.name()?;
    let mut r = signature(c, name, procedure)?;
    r.or_replace = or_replace;
    r.if_not_exists = if_not_exists;
    r.temporary = temporary;
    r.secure |= secure;
    c.end()?;
    Ok(r)
}

/// Arguments, RETURNS, attributes and body.
fn signature(c: &mut Cursor<'_>, name: ObjectName, procedure: bool) -> Result<CreateRoutine> {
    let arguments = arguments(c)?;
    c.eat(&["COPY", "GRANTS"]);
    c.expect(&["RETURNS"])?;
    let returns = if c.sees(&["TABLE"]) {
        c.expect(&["TABLE"])?;
        c.expect_token(&Token::LParen)?;
        let mut columns = Vec::new();
        while !c.eat_token(&Token::RParen) {
            let name = c.ident()?;
            let ty = c.sql(|p| p.parse_data_type())?;
            columns.push((name, ty));
            if !c.eat_token(&Token::Comma) {
                c.expect_token(&Token::RParen)?;
                break;
            }
        }
        Returned::Table(columns)
    } else {
        let from = c.offset();
        let ty = c.sql(|p| p.parse_data_type())?;
        let text = c.text_from(from).to_owned();
        let _ = c.eat(&["NOT", "NULL"]) || c.eat(&["NULL"]);
        Returned::Type(ty, text)
    };
    let mut r = CreateRoutine {
        procedure,
        or_replace: false,
        if_not_exists: false,
        temporary: false,
        secure: false,
        name,
        arguments,
        returns,
        language: Language::Sql,
        strict: false,
        volatility: Volatility::Volatile,
        memoizable: false,
        comment: None,
        caller: false,
        body: String::new(),
    };
    let mut language = "SQL".to_owned();
    loop {
        if c.eat(&["LANGUAGE"]) {
            language = c.ident()?.value.to_uppercase();
        } else if c.eat(&["CALLED", "ON", "NULL", "INPUT"]) {
            r.strict = false;
        } else if c.eat(&["RETURNS", "NULL", "ON", "NULL", "INPUT"]) || c.eat(&["STRICT"]) {
            r.strict = true;
        } else if c.eat(&["VOLATILE"]) {
            r.volatility = Volatility::Volatile;
        } else if c.eat(&["IMMUTABLE"]) {
            r.volatility = Volatility::Immutable;
        } else if c.eat(&["MEMOIZABLE"]) {
            r.memoizable = true;
        } else if c.eat(&["SECURE"]) {
            r.secure = true;
        } else if c.eat(&["COMMENT"]) {
            c.expect_token(&Token::Eq)?;
            r.comment = Some(c.string()?);
        } else if c.eat(&["COPY", "GRANTS"]) {
        } else if c.eat(&["EXECUTE", "AS"]) {
            r.caller = if c.eat(&["OWNER"]) {
                false
            } else {
                c.eat(&["RESTRICTED"]);
                c.expect(&["CALLER"])?;
                true
            };
        } else if c.sees(&["AS"]) {
            break;
        } else if language != "SQL" && language != "JAVASCRIPT" {
            // Runtime, packages and handlers belong to languages that dwsim does not run.
            break;
        } else {
            return Err(c.error("AS"));
        }
    }
    let kind = if procedure { "procedures" } else { "functions" };
    r.language = match language.as_str() {
        "SQL" => Language::Sql,
        "JAVASCRIPT" => Language::JavaScript,
        other => {
            return Err(SqlError::unsupported(format!("{kind} in LANGUAGE {other}")));
        }
    };
    c.expect(&["AS"])?;
    if c.sees_string() {
        r.body = c.string()?;
    } else if c.sees(&["BEGIN"]) || c.sees(&["DECLARE"]) {
        let from = c.offset();
        while c.raw().is_some() {}
        c.text_from(from).clone_into(&mut r.body);
    } else {
        return Err(c.error("the body as a string"));
    }
    if r.language == Language::Sql && procedure {
        // A body that does not parse is refused now.
        super::block(&r.body)?;
    } else if r.language == Language::Sql && super::is_block(&r.body) {
        super::function::check(&r.body)?;
    }
    Ok(r)
}

fn arguments(c: &mut Cursor<'_>) -> Result<Vec<Declared>> {
    c.expect_token(&Token::LParen)?;
    let mut out = Vec::new();
    while !c.eat_token(&Token::RParen) {
        let name = c.ident()?;
        let mode = if c.eat(&["IN"]) || c.eat(&["INPUT"]) {
            ArgumentMode::In
        } else if c.eat(&["OUT"]) || c.eat(&["OUTPUT"]) {
            ArgumentMode::Out
        } else {
            ArgumentMode::In
        };
        let from = c.offset();
        let ty = c.sql(|p| p.parse_data_type())?;
        let text = c.text_from(from).to_owned();
        let default = if c.eat(&["DEFAULT"]) {
            let from = c.offset();
            c.sql(|p| p.parse_expr())?;
            Some(c.text_from(from).to_owned())
        } else {
            None
        };
        out.push(Declared {
            name,
            ty,
            text,
            mode,
            default,
        });
        if !c.eat_token(&Token::Comma) {
            c.expect_token(&Token::RParen)?;
            break;
        }
    }
    Ok(out)
}

/// `FUNCTION name(types)` or `PROCEDURE name(types)`, from that word.
///
/// # Errors
/// A syntax error with its place.
pub(crate) fn routine_name(c: &mut Cursor<'_>) -> Result<(RoutineName, bool)> {
    let procedure = c.eat(&["PROCEDURE"]);
    if !procedure {
        c.expect(&["FUNCTION"])?;
    }
    let if_exists = c.eat(&["IF", "EXISTS"]);
    let name = c.name()?;
    c.expect_token(&Token::LParen)?;
    let mut types = Vec::new();
    while !c.eat_token(&Token::RParen) {
        types.push(c.sql(|p| p.parse_data_type())?);
        if !c.eat_token(&Token::Comma) {
            c.expect_token(&Token::RParen)?;
            break;
        }
    }
    Ok((
        RoutineName {
            procedure,
            name,
            types,
        },
        if_exists,
    ))
}

/// `name(types)`: the folded parts of the name, and the types as a routine's signature has them.
///
/// # Errors
/// A syntax error with its place, unknown types.
pub(crate) fn signature_name(c: &mut Cursor<'_>) -> Result<(Vec<String>, String)> {
    let name = c.name()?;
    c.expect_token(&Token::LParen)?;
    let mut types = Vec::new();
    while !c.eat_token(&Token::RParen) {
        let ty = c.sql(|p| p.parse_data_type())?;
        let ty = crate::dialect::data_type(&ty)?;
        types.push(signature_type(&ty, DialectName::Snowflake));
        if !c.eat_token(&Token::Comma) {
            c.expect_token(&Token::RParen)?;
            break;
        }
    }
    c.end()?;
    let parts = name
        .0
        .iter()
        .filter_map(|p| p.as_ident())
        .map(fold)
        .collect();
    Ok((parts, types.join(", ")))
}

/// ALTER FUNCTION or PROCEDURE, from the word behind ALTER.
///
/// # Errors
/// A syntax error with its place.
pub(crate) fn alter_routine(c: &mut Cursor<'_>) -> Result<AlterRoutine> {
    let (routine, if_exists) = routine_name(c)?;
    let mut a = AlterRoutine {
        routine,
        if_exists,
        rename: None,
        secure: None,
        comment: None,
        caller: None,
    };
    if c.eat(&["RENAME", "TO"]) {
        a.rename = Some(c.name()?);
    } else if c.eat(&["SET", "SECURE"]) {
        a.secure = Some(true);
    } else if c.eat(&["UNSET", "SECURE"]) {
        a.secure = Some(false);
    } else if c.eat(&["SET", "COMMENT"]) {
        c.expect_token(&Token::Eq)?;
        a.comment = Some(c.string()?);
    } else if c.eat(&["UNSET", "COMMENT"]) {
        a.comment = Some(String::new());
    } else if c.eat(&["EXECUTE", "AS", "CALLER"]) {
        a.caller = Some(true);
    } else if c.eat(&["EXECUTE", "AS", "OWNER"]) {
        a.caller = Some(false);
    } else {
        return Err(c.error("RENAME TO, SET, UNSET or EXECUTE AS"));
    }
    c.end()?;
    Ok(a)
}

/// CALL, from its word.
///
/// # Errors
/// A syntax error with its place.
pub(crate) fn call(c: &mut Cursor<'_>) -> Result<CallTarget> {
    c.expect(&["CALL"])?;
    let target = call_target(c)?;
    c.end()?;
    Ok(target)
}

fn call_target(c: &mut Cursor<'_>) -> Result<CallTarget> {
    let name = c.name()?;
    c.expect_token(&Token::LParen)?;
    let mut arguments = Vec::new();
    while !c.eat_token(&Token::RParen) {
        let mark = c.mark();
        let name = match c.ident() {
            Ok(i) if c.eat_token(&Token::RArrow) => Some(i),
            _ => {
                c.reset(mark);
                None
            }
        };
        arguments.push((name, c.sql(|p| p.parse_expr())?));
        if !c.eat_token(&Token::Comma) {
            c.expect_token(&Token::RParen)?;
            break;
        }
    }
    let into = if c.eat(&["INTO"]) {
        c.eat_token(&Token::Colon);
        Some(Target {
            name: fold(&c.ident()?),
            field: None,
        })
    } else {
        None
    };
    Ok(CallTarget {
        name,
        arguments,
        into,
    })
}

/// `WITH name AS PROCEDURE (…) … CALL name(…)`; None when the statement is another one.
///
/// # Errors
/// A syntax error with its place.
pub(crate) fn with_procedure(c: &mut Cursor<'_>) -> Result<Option<(CreateRoutine, CallTarget)>> {
    let mark = c.mark();
    if c.eat(&["WITH"])
        && let Ok(name) = c.name()
        && c.eat(&["AS", "PROCEDURE"])
    {
        let routine = anonymous(c, name)?;
        c.expect(&["CALL"])?;
        let call = call_target(c)?;
        c.end()?;
        return Ok(Some((routine, call)));
    }
    c.reset(mark);
    Ok(None)
}

/// A procedure that a block declares, from its name on.
///
/// # Errors
/// A syntax error with its place in the text.
pub(super) fn nested(text: &str) -> Result<CreateRoutine> {
    let mut c = Cursor::new(text)?;
    let name = c.name()?;
    c.expect(&["PROCEDURE"])?;
    let routine = anonymous(&mut c, name)?;
    c.end()?;
    Ok(routine)
}

/// The definition of an anonymous procedure.
fn anonymous(c: &mut Cursor<'_>, name: ObjectName) -> Result<CreateRoutine> {
    let mut r = signature(c, name, true)?;
    r.caller = true;
    Ok(r)
}

/// EXECUTE IMMEDIATE, from its first word: the text's expression and the values of USING.
///
/// # Errors
/// A syntax error with its place.
pub(crate) fn execute_immediate(c: &mut Cursor<'_>) -> Result<(ast::Expr, Vec<ast::Expr>)> {
    c.expect(&["EXECUTE", "IMMEDIATE"])?;
    if c.sees(&["FROM"]) {
        return Err(SqlError::unsupported("EXECUTE IMMEDIATE FROM"));
    }
    let text = c.sql(|p| p.parse_expr())?;
    let mut using = Vec::new();
    if c.eat(&["USING"]) {
        c.expect_token(&Token::LParen)?;
        loop {
            using.push(c.sql(|p| p.parse_expr())?);
            if !c.eat_token(&Token::Comma) {
                break;
            }
        }
        c.expect_token(&Token::RParen)?;
    }
    c.end()?;
    Ok((text, using))
}
