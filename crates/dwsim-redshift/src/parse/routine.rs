//! The grammar of CREATE FUNCTION and CREATE PROCEDURE, and of argument lists in DROP and SHOW.
//! Bodies of procedures are in `plpgsql`.
//!
//! Source: the guide's pages r_CREATE_PROCEDURE, r_CREATE_FUNCTION, r_DROP_PROCEDURE.

use dwsim_engine::catalog::{ArgumentMode, Language, Volatility};
use dwsim_engine::error::{Result, SqlError};
use sqlparser::ast::{self, DataType};
use sqlparser::tokenizer::Token;

use super::words::Words;

/// An argument as declared.
#[derive(Debug, Clone)]
pub struct Declared {
    /// Name; empty when there is none.
    pub name: String,
    /// Direction.
    pub mode: ArgumentMode,
    /// Type.
    pub ty: DataType,
    /// The type as written.
    pub text: String,
}

/// CREATE FUNCTION or CREATE PROCEDURE.
#[derive(Debug, Clone)]
pub struct CreateRoutine {
    /// A procedure.
    pub procedure: bool,
    /// OR REPLACE.
    pub replace: bool,
    /// Name.
    pub name: ast::ObjectName,
    /// Arguments.
    pub arguments: Vec<Declared>,
    /// RETURNS, with its source.
    pub returns: Option<(DataType, String)>,
    /// NONATOMIC.
    pub nonatomic: bool,
    /// SECURITY DEFINER.
    pub definer: bool,
    /// VOLATILE, STABLE or IMMUTABLE.
    pub volatility: Volatility,
    /// LANGUAGE.
    pub language: Language,
    /// SET: settings while the procedure runs.
    pub settings: Vec<(String, String)>,
    /// Body.
    pub body: String,
}

fn mode(w: &mut Words<'_>) -> Option<ArgumentMode> {
    let modes = [
        ("in", ArgumentMode::In),
        ("out", ArgumentMode::Out),
        ("inout", ArgumentMode::InOut),
    ];
    let (word, mode) = modes.iter().find(|(word, _)| w.at(&[word]))?;
    w.eat(&[word]);
    Some(*mode)
}

/// `( [name] [mode] type, … )`.
///
/// # Errors
/// A syntax error with its place.
pub fn arguments(w: &mut Words<'_>) -> Result<Vec<Declared>> {
    w.token(&Token::LParen)?;
    if w.consume_token(&Token::RParen) {
        return Ok(Vec::new());
    }
    let all = w.list(argument)?;
    w.token(&Token::RParen)?;
    Ok(all)
}

fn argument(w: &mut Words<'_>) -> Result<Declared> {
    let before = mode(w);
    // A type alone is followed by a comma or the end; a name is not.
    let unnamed = w
        .maybe_parse(|p| {
            let ty = p.parse_data_type()?;
            match &p.peek_token_ref().token {
                Token::Comma | Token::RParen => Ok(ty),
                _ => p.expected("a type", p.peek_token()),
            }
        })
        .map_err(|e| w.error(e))?;
    if let Some(ty) = unnamed {
        return Ok(Declared {
            name: String::new(),
            mode: before.unwrap_or_default(),
            text: ty.to_string().to_lowercase(),
            ty,
        });
    }
    let name = w.ident()?.value.to_lowercase();
    let mode = before.or_else(|| mode(w)).unwrap_or_default();
    let ty = w.data_type()?;
    if w.at(&["default"]) || w.next_is(&Token::Eq) {
        return Err(SqlError::unsupported("a default value of an argument"));
    }
    Ok(Declared {
        name,
        mode,
        text: ty.to_string().to_lowercase(),
        ty,
    })
}

/// CREATE FUNCTION or PROCEDURE, from that word.
///
/// # Errors
/// A syntax error with its place; languages that dwsim does not run.
pub fn create(w: &mut Words<'_>, replace: bool) -> Result<CreateRoutine> {
    let procedure = w.eat(&["procedure"]);
    if !procedure {
        w.expect(&["function"])?;
    }
    let name = w.name()?;
    let arguments = if procedure && !w.next_is(&Token::LParen) {
        Vec::new()
    } else {
        arguments(w)?
    };
    let mut r = CreateRoutine {
        procedure,
        replace,
        name,
        arguments,
        returns: None,
        nonatomic: false,
        definer: false,
        volatility: Volatility::Volatile,
        language: Language::PlPgSql,
        settings: Vec::new(),
        body: String::new(),
    };
    let mut language = None;
    let mut body = None;
    while !w.at_end() {
        if w.eat(&["returns"]) {
            let ty = w.data_type()?;
            r.returns = Some((ty.clone(), ty.to_string().to_lowercase()));
        } else if w.eat(&["nonatomic"]) {
            r.nonatomic = true;
        } else if w.eat(&["as"]) {
            body = Some(w.string()?);
        } else if w.eat(&["language"]) {
            language = w.any_word();
        } else if w.eat(&["volatile"]) {
            r.volatility = Volatility::Volatile;
        } else if w.eat(&["stable"]) {
            r.volatility = Volatility::Stable;
        } else if w.eat(&["immutable"]) {
            r.volatility = Volatility::Immutable;
        } else if w.eat(&["security"]) {
            r.definer = w.eat(&["definer"]);
            if !r.definer {
                w.expect(&["invoker"])?;
            }
        } else if procedure && w.eat(&["set"]) {
            let Some(setting) = w.any_word() else {
                return w.unexpected("a setting");
            };
            if !w.eat(&["to"]) {
                w.token(&Token::Eq)?;
            }
            let value = super::admin::value(w)?;
            r.settings.push((setting, value));
        } else {
            return w.unexpected("AS or LANGUAGE");
        }
    }
    let kind = if procedure { "procedures" } else { "functions" };
    r.language = match (language.as_deref(), procedure) {
        (Some("plpgsql"), true) => Language::PlPgSql,
        (Some("sql"), false) => Language::Sql,
        (Some("plpythonu"), false) => Language::Python,
        (Some(other), _) => {
            return Err(SqlError::unsupported(format!("{kind} in LANGUAGE {other}")));
        }
        (None, _) => {
            return Err(SqlError::raw("", "42P13", "no language specified"));
        }
    };
    let Some(body) = body else {
        return Err(SqlError::raw("", "42P13", "no function body specified"));
    };
    r.body = body;
    if procedure {
        // A body that does not parse is refused now; its places are no places of this statement.
        super::plpgsql::block(&r.body).map_err(|mut e| {
            e.position = None;
            e
        })?;
    } else if r.returns.is_none() {
        return Err(SqlError::raw(
            "",
            "42P13",
            "function result type must be specified",
        ));
    }
    Ok(r)
}

/// The argument list of DROP and SHOW, from its source.
///
/// # Errors
/// A syntax error.
pub fn signature(text: &str) -> Result<Vec<Declared>> {
    use sqlparser::parser::Parser;
    let grammar = super::grammar::RedshiftGrammar;
    let tokens = sqlparser::tokenizer::Tokenizer::new(&grammar, text)
        .tokenize_with_location()
        .map_err(|e| {
            SqlError::new(dwsim_engine::error::ErrorKind::Syntax {
                message: e.message,
                near: String::new(),
            })
        })?;
    let lines = super::words::line_starts(text);
    let mut w = Words::new(
        Parser::new(&grammar).with_tokens_with_locations(tokens),
        text,
        &lines,
    );
    arguments(&mut w)
}
