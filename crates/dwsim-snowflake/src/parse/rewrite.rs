//! Forms of the language that `sqlparser` does not read, written as forms that it does: token by token before parsing,
//! and in the tree behind it. Stars, structured types and MATCH_RECOGNIZE's prefixes are in `split`.
//!
//! Sources: "MATCH_RECOGNIZE", "Spread operator", "CREATE TABLE … AS SELECT", "MERGE".

use dwsim_engine::plan::{DERIVED, SPREAD};
use dwsim_engine::session::SAME_NAMES;
use sqlparser::ast::{self, Statement};
use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use super::split::{line_starts, offset};

/// The call that stands for CAST … RENAME FIELDS.
pub(crate) const RENAME_FIELDS: &str = "$RENAME_FIELDS";

/// The call that stands for CAST … ADD FIELDS.
pub(crate) const ADD_FIELDS: &str = "$ADD_FIELDS";

/// The type of a column that has none.
const UNTYPED: &str = "$UNTYPED";

pub(super) fn is(t: Option<&TokenWithSpan>, word: &str) -> bool {
    matches!(t.map(|t| &t.token), Some(Token::Word(w))
        if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word))
}

fn symbol(t: Option<&TokenWithSpan>, s: &Token) -> bool {
    t.is_some_and(|t| t.token == *s)
}

/// The index of the parenthesis that closes the one at `open`.
pub(super) fn closing(tokens: &[TokenWithSpan], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    tokens[open..]
        .iter()
        .position(|t| {
            match t.token {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        })
        .map(|n| open + n)
}

/// Tokens whose escapes are resolved, as text that reads as the same tokens.
pub(super) fn source(tokens: &[TokenWithSpan]) -> String {
    let mut out = String::new();
    for t in tokens {
        match &t.token {
            Token::SingleQuotedString(s) => {
                out.push('\'');
                out.push_str(&s.replace('\\', "\\\\").replace('\'', "''"));
                out.push('\'');
            }
            Token::Word(w) if w.quote_style == Some('"') => {
                out.push('"');
                out.push_str(&w.value.replace('"', "\"\""));
                out.push('"');
            }
            other => out.push_str(&other.to_string()),
        }
        out.push(' ');
    }
    out
}

/// `FROM @stage/path alias` and `FROM @stage/path WHERE …` with the location as one name: `sqlparser` ends it at a blank,
/// which is no token here.
pub(super) fn stages(text: &str, tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let at = |t: &TokenWithSpan| {
        t.token == Token::AtSign || matches!(&t.token, Token::Placeholder(p) if p.starts_with('@'))
    };
    if !tokens.iter().any(at) {
        return tokens;
    }
    let starts = line_starts(text);
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut i = 0;
    while i < tokens.len() {
        let relation = at(&tokens[i])
            && (is(out.last(), "FROM")
                || is(out.last(), "JOIN")
                || symbol(out.last(), &Token::Comma));
        let mut end = i + 1;
        while relation
            && end < tokens.len()
            && tokens[end].span.start == tokens[end - 1].span.end
            && !matches!(
                tokens[end].token,
                Token::Comma | Token::LParen | Token::RParen | Token::SemiColon
            )
        {
            end += 1;
        }
        // What follows is an alias or a clause of the query, and no option of COPY.
        let named = relation
            && matches!(tokens.get(end).map(|t| &t.token), Some(Token::Word(_)))
            && !symbol(tokens.get(end + 1), &Token::Eq);
        if named {
            let (from, to) = (tokens[i].span.start, tokens[end - 1].span.end);
            let from = offset(text, &starts, from.line, from.column);
            let to = offset(text, &starts, to.line, to.column);
            let name = Token::make_word(&text[from..to], Some('"'));
            let span = Span::new(tokens[i].span.start, tokens[end - 1].span.end);
            out.push(TokenWithSpan::new(name, span));
        } else {
            out.extend_from_slice(&tokens[i..end]);
        }
        i = end;
    }
    out
}

/// All rewritings of tokens.
pub(super) fn rewrite(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut tokens = spread(tokens);
    national(&mut tokens);
    if tokens.iter().any(|t| is(Some(t), "RESAMPLE")) {
        tokens = super::resample::resample(tokens);
    }
    if tokens.iter().any(|t| is(Some(t), "MATCH_RECOGNIZE")) {
        tokens = derived(exclusions(tokens));
    }
    if tokens.iter().any(|t| is(Some(t), "FIELDS")) {
        tokens = fields(tokens);
    }
    if is(tokens.first(), "CREATE") {
        tokens = untyped(tokens);
    }
    if is(tokens.first(), "MERGE") {
        tokens = same_names(tokens);
    }
    tokens
}

/// NCHAR VARYING, which `sqlparser` does not know, as VARCHAR.
fn national(tokens: &mut Vec<TokenWithSpan>) {
    let mut i = 0;
    while i + 1 < tokens.len() {
        if is(tokens.get(i), "NCHAR") && is(tokens.get(i + 1), "VARYING") {
            tokens[i].token = Token::make_keyword("VARCHAR");
            tokens.remove(i + 1);
        }
        i += 1;
    }
}

/// `CAST(value AS type RENAME FIELDS)` and `… ADD FIELDS`, behind the type or behind the cast, as a call around the cast.
fn fields(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut i = 1;
    while i + 1 < tokens.len() {
        let rename = is(tokens.get(i), "RENAME");
        if !((rename || is(tokens.get(i), "ADD")) && is(tokens.get(i + 1), "FIELDS")) {
            i += 1;
            continue;
        }
        // The parenthesis of the cast is the one that is open here, or that was closed just before.
        let inside = !symbol(tokens.get(i - 1), &Token::RParen)
            || symbol(tokens.get(i + 2), &Token::RParen)
                && opening(&tokens, i).is_some_and(|o| casts(&tokens, o));
        let open = if inside {
            opening(&tokens, i)
        } else {
            opening(&tokens, i - 1)
        };
        let Some(open) = open.filter(|o| casts(&tokens, *o)) else {
            i += 1;
            continue;
        };
        tokens.drain(i..i + 2);
        let Some(close) = closing(&tokens, open) else {
            return tokens;
        };
        let span = tokens[open].span;
        let name = if rename { RENAME_FIELDS } else { ADD_FIELDS };
        tokens.insert(close + 1, TokenWithSpan::new(Token::RParen, span));
        tokens.insert(open - 1, TokenWithSpan::new(Token::LParen, span));
        let name = Token::make_word(name, Some('"'));
        tokens.insert(open - 1, TokenWithSpan::new(name, span));
    }
    tokens
}

/// Whether a parenthesis belongs to CAST or TRY_CAST.
fn casts(tokens: &[TokenWithSpan], open: usize) -> bool {
    open > 0 && (is(tokens.get(open - 1), "CAST") || is(tokens.get(open - 1), "TRY_CAST"))
}

/// The innermost parenthesis that is open before a token.
fn opening(tokens: &[TokenWithSpan], before: usize) -> Option<usize> {
    let mut depth = 0usize;
    for i in (0..before).rev() {
        match tokens[i].token {
            Token::RParen => depth += 1,
            Token::LParen if depth == 0 => return Some(i),
            Token::LParen => depth -= 1,
            _ => {}
        }
    }
    None
}

/// `** array` among arguments and elements of lists as a call.
fn spread(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let starts = |i: usize| {
        i > 0
            && tokens[i].token == Token::Mul
            && symbol(tokens.get(i + 1), &Token::Mul)
            && matches!(
                tokens[i - 1].token,
                Token::LParen | Token::Comma | Token::LBracket
            )
    };
    if !(0..tokens.len()).any(starts) {
        return tokens;
    }
    let mut out = Vec::with_capacity(tokens.len() + 4);
    // Where each spread ends: the depth at which a comma or a closing parenthesis is its end.
    let mut open: Vec<usize> = Vec::new();
    let mut depth = 0usize;
    let mut i = 0;
    while i < tokens.len() {
        let span = tokens[i].span;
        if starts(i) {
            out.push(TokenWithSpan::new(
                Token::make_word(SPREAD, Some('"')),
                span,
            ));
            out.push(TokenWithSpan::new(Token::LParen, span));
            open.push(depth);
            i += 2;
            continue;
        }
        let ends = matches!(
            tokens[i].token,
            Token::Comma | Token::RParen | Token::RBracket
        );
        if ends && open.last() == Some(&depth) {
            open.pop();
            out.push(TokenWithSpan::new(Token::RParen, span));
        }
        match tokens[i].token {
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
            _ => {}
        }
        out.push(tokens[i].clone());
        i += 1;
    }
    out
}

/// `{- a -}` behind another symbol of a pattern, where `sqlparser` expects a quantifier, in parentheses of its own.
fn exclusions(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out = Vec::with_capacity(tokens.len());
    for (i, t) in tokens.iter().enumerate() {
        let opens = t.token == Token::LBrace && symbol(tokens.get(i + 1), &Token::Minus);
        let closes = t.token == Token::RBrace && i > 0 && symbol(tokens.get(i - 1), &Token::Minus);
        if opens {
            out.push(TokenWithSpan::new(Token::LParen, t.span));
        }
        out.push(t.clone());
        if closes {
            out.push(TokenWithSpan::new(Token::RParen, t.span));
        }
    }
    out
}

/// `(query) MATCH_RECOGNIZE (…)` over a call that holds the query's text.
fn derived(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out = Vec::with_capacity(tokens.len());
    let mut i = 0;
    while i < tokens.len() {
        let query = tokens[i].token == Token::LParen
            && ["SELECT", "WITH", "VALUES"]
                .iter()
                .any(|w| is(tokens.get(i + 1), w));
        if query
            && let Some(end) = closing(&tokens, i)
            && is(tokens.get(end + 1), "MATCH_RECOGNIZE")
        {
            let span = tokens[i].span;
            let text = Token::SingleQuotedString(source(&tokens[i + 1..end]));
            out.push(TokenWithSpan::new(
                Token::make_word(DERIVED, Some('"')),
                span,
            ));
            out.push(TokenWithSpan::new(Token::LParen, span));
            out.push(TokenWithSpan::new(text, span));
            out.push(TokenWithSpan::new(Token::RParen, span));
            i = end + 1;
            continue;
        }
        out.push(tokens[i].clone());
        i += 1;
    }
    out
}

/// `CREATE TABLE t (a, b) … AS query` with a type that says that there is none.
fn untyped(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let found = (|| {
        let table = tokens.iter().take(8).position(|t| is(Some(t), "TABLE"))?;
        // A routine's arguments stand before its RETURNS TABLE.
        let words = tokens[..table]
            .iter()
            .all(|t| matches!(t.token, Token::Word(_)));
        let open = tokens[table..]
            .iter()
            .position(|t| t.token == Token::LParen)?
            + table;
        // Nothing but the name and IF NOT EXISTS stands between.
        let named = tokens[table + 1..open].iter().all(|t| {
            matches!(t.token, Token::Word(_) | Token::Period)
                && !["AS", "LIKE", "CLONE", "USING", "CLUSTER"]
                    .iter()
                    .any(|w| is(Some(t), w))
        });
        let end = closing(&tokens, open)?;
        let inside = &tokens[open + 1..end];
        let names = inside.iter().enumerate().all(|(i, t)| match i % 2 {
            0 => matches!(t.token, Token::Word(_)),
            _ => t.token == Token::Comma,
        });
        let mut depth = 0usize;
        let query = tokens[end + 1..].iter().any(|t| {
            match t.token {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && is(Some(t), "AS")
        });
        (words && named && names && query && inside.len() % 2 == 1).then_some((open, end))
    })();
    let Some((open, end)) = found else {
        return tokens;
    };
    let mut out = Vec::with_capacity(tokens.len() + 8);
    for (i, t) in tokens.into_iter().enumerate() {
        let column = i > open && i < end && matches!(t.token, Token::Word(_));
        let span = t.span;
        out.push(t);
        if column {
            out.push(TokenWithSpan::new(Token::make_word(UNTYPED, None), span));
        }
    }
    out
}

/// `UPDATE ALL BY NAME` and `INSERT ALL BY NAME` of MERGE with a column that means all columns.
fn same_names(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out = Vec::with_capacity(tokens.len());
    let mut i = 0;
    while i < tokens.len() {
        let t = &tokens[i];
        let span = t.span;
        let by_name = is(tokens.get(i + 1), "ALL")
            && is(tokens.get(i + 2), "BY")
            && is(tokens.get(i + 3), "NAME");
        let new = |token: Token| TokenWithSpan::new(token, span);
        let all = || new(Token::make_word(SAME_NAMES, Some('"')));
        out.push(t.clone());
        i += 1;
        if !by_name {
            continue;
        }
        if is(Some(t), "UPDATE") {
            out.extend([
                new(Token::make_word("SET", None)),
                all(),
                new(Token::Eq),
                all(),
            ]);
            i += 3;
        } else if is(Some(t), "INSERT") {
            out.extend([new(Token::LParen), all(), new(Token::RParen)]);
            out.push(new(Token::make_keyword("VALUES")));
            out.extend([new(Token::LParen), all(), new(Token::RParen)]);
            i += 3;
        }
    }
    out
}

/// The columns without types that [`rewrite`] has given one.
pub(super) fn without_types(statement: &mut Statement) {
    if let Statement::CreateTable(c) = statement {
        for column in &mut c.columns {
            if matches!(&column.data_type, ast::DataType::Custom(n, _) if n.to_string() == UNTYPED)
            {
                column.data_type = ast::DataType::Unspecified;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::{Command, parse};

    #[test]
    fn forms_of_snowflake() {
        for text in [
            "select greatest(** [1, 5], 3) in (** [1, 2], 7)",
            "select [** [1, 2], 3]",
            "select * from (select 'it''s' a) match_recognize (order by a measures match_number() n pattern (x) define x as true)",
            "select * from t match_recognize (order by a pattern (x {- y -} z+) define x as true)",
            "create table t (a nchar varying(3), b char varying(2), c nchar(1))",
            "select x.$1, y.$2 from @s/p/a-1.csv x, @~/b.csv.gz as y join @%t/c z on true",
            "select $1 from @s/a.csv where $1 > 1",
            "create table t (a) as select f(1)",
            "create table t (a, \"b\") as select 1, 2",
            "create or replace table t (a) cluster by (a) as select 1",
            "create or replace table t cluster by (a, b) as (select 1 a, 2 b)",
            "merge into t using s on t.a = s.a when matched then update all by name when not matched then insert all by name",
        ] {
            let parsed = parse(text);
            assert!(matches!(parsed, Ok(Command::Sql(_))), "{text}: {parsed:?}");
        }
    }
}
