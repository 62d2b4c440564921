//! Variables in statements that are not SQL proper: `IDENTIFIER(:name)`, and values in commands.
//! In SQL itself the binder looks variables up.

use datafusion::scalar::ScalarValue;
use dwsim_engine::error::Result;
use dwsim_engine::functions::Typed;
use dwsim_engine::scripting::{ScriptScope, ScriptValue, Tokens};
use dwsim_engine::session::Session;
use sqlparser::dialect::SnowflakeDialect;
use sqlparser::tokenizer::Token;

use crate::dialect::fold;

/// First words of statements whose values the binder finds.
const BOUND: &[&str] = &[
    "SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "CALL", "EXECUTE", "BEGIN",
    "DECLARE", "SET",
];

/// The statement with the variables that must be text in it.
///
/// # Errors
/// For text that has no tokens, and values without a text form.
pub(super) fn substitute(
    session: &mut Session,
    scope: &ScriptScope,
    text: &str,
) -> Result<Option<String>> {
    if !text.contains(':') {
        return Ok(None);
    }
    let grammar = SnowflakeDialect {};
    let tokens = Tokens::new(text, &grammar)?;
    let items = tokens.items();
    let first = items.first().and_then(|i| i.word()).unwrap_or_default();
    let command = !BOUND.contains(&first.as_str());
    let mut out = String::new();
    let mut copied = 0;
    let mut i = 0;
    while i < items.len() {
        let at = |n: usize| items.get(i + n).map(|x| &x.token.token);
        let names = items[i]
            .word()
            .is_some_and(|w| w == "IDENTIFIER" || w == "TABLE")
            && at(1) == Some(&Token::LParen)
            && at(2) == Some(&Token::Colon)
            && at(4) == Some(&Token::RParen);
        if names && let Some(value) = variable(scope, at(3)) {
            let name = session.text_of(&value)?.unwrap_or_default();
            out.push_str(&text[copied..items[i].from]);
            out.push_str(&name);
            copied = items[i + 4].to;
            i += 5;
            continue;
        }
        let value_place = i > 0
            && match &items[i - 1].token.token {
                Token::Eq | Token::LParen | Token::Comma => true,
                Token::Word(_) => items[i - 1].word().is_some_and(|w| {
                    matches!(w.as_str(), "LIKE" | "IS" | "WITH" | "LIMIT" | "FROM" | "AS")
                }),
                _ => false,
            };
        if command
            && value_place
            && at(0) == Some(&Token::Colon)
            && let Some(value) = variable(scope, at(1))
        {
            out.push_str(&text[copied..items[i].from]);
            out.push_str(&literal(session, &value)?);
            copied = items[i + 1].to;
            i += 2;
            continue;
        }
        i += 1;
    }
    if copied == 0 {
        return Ok(None);
    }
    out.push_str(&text[copied..]);
    Ok(Some(out))
}

fn variable(scope: &ScriptScope, token: Option<&Token>) -> Option<Typed> {
    let Some(Token::Word(w)) = token else {
        return None;
    };
    let name = fold(&sqlparser::ast::Ident {
        value: w.value.clone(),
        quote_style: w.quote_style,
        span: sqlparser::tokenizer::Span::empty(),
    });
    match scope.names.get(&name)? {
        ScriptValue::Value(v) => Some(v.clone()),
        ScriptValue::Record(_) => None,
    }
}

/// A value as SQL source.
fn literal(session: &mut Session, value: &Typed) -> Result<String> {
    if value.literal().is_none_or(ScalarValue::is_null) {
        return Ok("NULL".to_owned());
    }
    let text = session.text_of(value)?.unwrap_or_default();
    Ok(if value.ty.is_numeric() {
        text
    } else {
        format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
    })
}
