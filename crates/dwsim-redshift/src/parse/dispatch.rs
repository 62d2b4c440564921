//! Splits a text into statements and chooses the grammar of each by its first words.
//! The grammars are in the sibling modules and in `sqlparser`.

use dwsim_engine::error::{ErrorKind, Position, Result, SqlError};
use sqlparser::ast;
use sqlparser::parser::{Parser, ParserOptions};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::adapt::{adapt, set_returning};
use super::grammar::RedshiftGrammar;
use super::statement::{Fetch, Parsed, Statement};
use super::words::{Words, line_starts};
use super::{admin, ddl, load, policy};

/// The statements of a text, in order; empty ones are skipped.
///
/// # Errors
/// A syntax error with its place; nothing is returned then, as PostgreSQL parses the whole text first.
pub fn parse(sql: &str) -> Result<Vec<Parsed>> {
    let grammar = RedshiftGrammar;
    let mut tokens = Tokenizer::new(&grammar, sql)
        .tokenize_with_location()
        .map_err(|e| {
            SqlError::new(ErrorKind::Syntax {
                message: e.message.clone(),
                near: String::new(),
            })
            .at(Some(Position {
                line: e.location.line,
                column: e.location.column,
            }))
        })?;
    // Plain literals have escapes too, so that E'…' is no more than a plain one.
    for t in &mut tokens {
        if let Token::EscapedStringLiteral(text) = &mut t.token {
            t.token = Token::SingleQuotedString(std::mem::take(text));
        }
    }
    join_type_names(&mut tokens);
    super::dml::complete_deletes(&mut tokens);
    let lines = line_starts(sql);
    // Parameters are counted per statement from its own tokens.
    let places: Vec<(usize, usize)> = placeholders(&tokens);
    let postgres = tokens.iter().any(|t| {
        matches!(&t.token, Token::Word(w)
            if ["regclass", "regtype", "operator", "collate", "pg_catalog", "indkey", "conkey"].iter().any(|k| w.value.eq_ignore_ascii_case(k)))
    });
    let arrays = tokens
        .iter()
        .any(|t| matches!(&t.token, Token::Word(w) if w.value.eq_ignore_ascii_case("conkey")));
    let parser = Parser::new(&grammar)
        .with_options(ParserOptions::new().with_unescape(true))
        .with_tokens_with_locations(tokens);
    let mut w = Words::new(parser, sql, &lines);
    let mut all = Vec::new();
    loop {
        while w.consume_token(&Token::SemiColon) {}
        if w.next_is(&Token::EOF) {
            return Ok(all);
        }
        let first = w.index();
        let start = w.here();
        let mut statement = statement(&mut w)?;
        w.end()?;
        let last = w.index();
        if postgres {
            adapt(&mut statement, arrays);
        }
        let parameters = places
            .iter()
            .filter(|(at, _)| (first..last).contains(at))
            .map(|(_, n)| *n)
            .max()
            .unwrap_or(0);
        all.push(Parsed {
            statement,
            sql: w.source_from(start).to_owned(),
            parameters,
        });
    }
}

/// BINARY VARYING is VARBINARY.
fn join_type_names(tokens: &mut Vec<TokenWithSpan>) {
    let is = |t: &TokenWithSpan, word: &str| {
        matches!(&t.token, Token::Word(w)
            if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word))
    };
    let mut at = 0;
    while at < tokens.len() {
        if is(&tokens[at], "binary") {
            let next = tokens[at + 1..]
                .iter()
                .position(|t| !matches!(t.token, Token::Whitespace(_)))
                .map(|n| at + 1 + n);
            if let Some(next) = next.filter(|n| is(&tokens[*n], "varying")) {
                tokens[at].token = Token::make_keyword("VARBINARY");
                tokens.drain(at + 1..=next);
            }
        }
        at += 1;
    }
}

fn placeholders(tokens: &[TokenWithSpan]) -> Vec<(usize, usize)> {
    tokens
        .iter()
        .enumerate()
        .filter_map(|(i, t)| match &t.token {
            Token::Placeholder(p) => Some((i, p.strip_prefix('$')?.parse().ok()?)),
            _ => None,
        })
        .collect()
}

fn statement(w: &mut Words<'_>) -> Result<Statement> {
    if w.next_is(&Token::LParen) || w.at(&["select"]) || w.at(&["with"]) || w.at(&["values"]) {
        return query(w);
    }
    if w.at(&["merge"])
        && let Some(simplified) = super::dml::merge_duplicates(w)?
    {
        return Ok(simplified);
    }
    for verb in ["insert", "update", "delete", "merge"] {
        if w.at(&[verb]) {
            return w.known().map(|s| Statement::Dml(Box::new(s)));
        }
    }
    if w.eat(&["create"]) {
        return ddl::create(w);
    }
    if w.eat(&["drop"]) {
        return ddl::drop(w);
    }
    if w.eat(&["alter"]) {
        return ddl::alter(w);
    }
    if w.eat_one(&["begin"]).is_some() || w.eat(&["start", "transaction"]) {
        let _ = w.eat_one(&["work", "transaction"]);
        return Ok(Statement::Begin {
            read_only: transaction_modes(w)?,
        });
    }
    if w.eat_one(&["commit", "end"]).is_some() {
        let _ = w.eat_one(&["work", "transaction"]);
        return Ok(Statement::Commit);
    }
    if w.eat_one(&["rollback", "abort"]).is_some() {
        let _ = w.eat_one(&["work", "transaction"]);
        return Ok(Statement::Rollback);
    }
    if w.eat(&["set"]) {
        return admin::set(w);
    }
    if w.eat(&["reset"]) {
        return admin::reset(w);
    }
    if w.eat(&["show"]) {
        return admin::show(w);
    }
    if w.eat(&["copy"]) {
        return load::copy(w).map(|c| Statement::Copy(Box::new(c)));
    }
    if w.eat(&["unload"]) {
        return load::unload(w, inner_query).map(|u| Statement::Unload(Box::new(u)));
    }
    if w.eat(&["grant"]) {
        return admin::grant(w, true);
    }
    if w.eat(&["revoke"]) {
        return admin::grant(w, false);
    }
    if w.eat(&["truncate"]) {
        w.eat(&["table"]);
        return w.name().map(Statement::Truncate);
    }
    if w.eat(&["attach"]) {
        return policy::attach(w, true);
    }
    if w.eat(&["detach"]) {
        return policy::attach(w, false);
    }
    if w.eat(&["comment", "on"]) {
        return ddl::comment(w);
    }
    maintenance(w)
}

/// `ISOLATION LEVEL …` (every level is serializable) and `READ ONLY | READ WRITE`; whether it is read-only.
pub(super) fn transaction_modes(w: &mut Words<'_>) -> Result<Option<bool>> {
    let mut read_only = None;
    loop {
        if w.eat(&["isolation", "level"]) {
            let levels: [&[&str]; 4] = [
                &["serializable"],
                &["read", "uncommitted"],
                &["read", "committed"],
                &["repeatable", "read"],
            ];
            if !levels.iter().any(|l| w.eat(l)) {
                return w.unexpected("an isolation level");
            }
        } else if w.eat(&["read", "only"]) {
            read_only = Some(true);
        } else if w.eat(&["read", "write"]) {
            read_only = Some(false);
        } else if w.at_end() {
            return Ok(read_only);
        } else {
            return w.unexpected("ISOLATION LEVEL, READ ONLY or READ WRITE");
        }
        let _ = w.consume_token(&Token::Comma);
    }
}

fn query(w: &mut Words<'_>) -> Result<Statement> {
    let mut query = w.query()?;
    set_returning(&mut query);
    if let Some(dml) = super::dml::with_dml(&query) {
        return Ok(Statement::Dml(Box::new(dml)));
    }
    if let ast::SetExpr::Select(select) = query.body.as_ref()
        && select.into.is_some()
    {
        return super::table::select_into(query).map(|t| Statement::CreateTable(Box::new(t)));
    }
    Ok(Statement::Query(query))
}

/// The query inside UNLOAD's string.
fn inner_query(text: &str) -> Result<Box<ast::Query>> {
    let mut all = parse(text).map_err(|mut e| {
        // Places inside the string are not places of the statement.
        e.position = None;
        e
    })?;
    match (all.pop().map(|p| p.statement), all.is_empty()) {
        (Some(Statement::Query(q)), true) => Ok(q),
        _ => Err(SqlError::raw(
            "",
            "42601",
            "UNLOAD takes exactly one SELECT",
        )),
    }
}

fn maintenance(w: &mut Words<'_>) -> Result<Statement> {
    if w.eat(&["analyze", "compression"]) || w.eat(&["analyse", "compression"]) {
        let table = if w.at_end() { None } else { Some(w.name()?) };
        if table.is_some() && w.next_is(&Token::LParen) {
            w.parenthesized(Words::ident)?;
        }
        if w.eat(&["comprows"]) {
            w.integer()?;
        }
        return Ok(Statement::AnalyzeCompression(table));
    }
    if w.eat_one(&["analyze", "analyse"]).is_some() {
        w.eat(&["verbose"]);
        let table = if w.at_end() || w.at(&["predicate"]) || w.at(&["all"]) {
            None
        } else {
            Some(w.name()?)
        };
        if w.next_is(&Token::LParen) {
            w.parenthesized(Words::ident)?;
        }
        if w.eat_one(&["predicate", "all"]).is_some() {
            w.expect(&["columns"])?;
        }
        return Ok(Statement::Maintain {
            verb: "ANALYZE",
            table,
        });
    }
    if w.eat(&["vacuum"]) {
        let _ = w.eat_one(&["full", "reindex", "recluster"]);
        if w.eat(&["sort"]) || w.eat(&["delete"]) {
            w.eat(&["only"]);
        }
        let table = if w.at_end() || w.at(&["to"]) || w.at(&["boost"]) {
            None
        } else {
            Some(w.name()?)
        };
        if w.eat(&["to"]) {
            w.integer()?;
            w.eat(&["percent"]);
        }
        w.eat(&["boost"]);
        return Ok(Statement::Maintain {
            verb: "VACUUM",
            table,
        });
    }
    if w.eat(&["lock"]) {
        w.eat(&["table"]);
        return w.names().map(Statement::Lock);
    }
    if w.eat(&["declare"]) {
        let cursor = w.ident()?;
        w.expect(&["cursor"])?;
        if w.at(&["with", "hold"]) || w.at(&["scroll"]) {
            return Err(SqlError::unsupported("DECLARE CURSOR WITH HOLD or SCROLL"));
        }
        w.expect(&["for"])?;
        return Ok(Statement::Declare {
            cursor,
            query: w.query()?,
        });
    }
    if w.eat(&["fetch"]) {
        return fetch(w);
    }
    if w.eat(&["close"]) {
        return w.ident().map(Statement::Close);
    }
    if w.eat(&["prepare"]) {
        let name = w.ident()?;
        let types = if w.next_is(&Token::LParen) {
            w.parenthesized(Words::data_type)?
        } else {
            Vec::new()
        };
        w.expect(&["as"])?;
        return Ok(Statement::Prepare {
            name,
            types,
            statement: Box::new(nested(w)?),
        });
    }
    if w.eat(&["execute"]) {
        let name = w.ident()?;
        let arguments = if w.next_is(&Token::LParen) {
            w.parenthesized(Words::expr)?
        } else {
            Vec::new()
        };
        return Ok(Statement::Execute { name, arguments });
    }
    if w.eat(&["deallocate"]) {
        w.eat(&["prepare"]);
        if w.eat(&["all"]) {
            return Ok(Statement::Deallocate(None));
        }
        return w.ident().map(|i| Statement::Deallocate(Some(i)));
    }
    if w.eat(&["explain"]) {
        let _ = w.eat_one(&["verbose"]);
        return nested(w).map(|p| Statement::Explain(Box::new(p)));
    }
    if w.eat(&["refresh", "materialized", "view"]) {
        let name = w.name()?;
        let cascade = w.eat_one(&["restrict", "cascade"]) == Some(1);
        return Ok(Statement::Refresh { name, cascade });
    }
    if w.eat(&["call"]) {
        let name = w.name()?;
        w.token(&Token::LParen)?;
        let arguments = if w.next_is(&Token::RParen) {
            Vec::new()
        } else {
            w.list(Words::expr)?
        };
        w.token(&Token::RParen)?;
        return Ok(Statement::Call { name, arguments });
    }
    if w.eat(&["cancel"]) {
        let pid = w.integer()?;
        // A message for the session that is interrupted.
        let _ = w.rest();
        return Ok(Statement::Cancel(pid));
    }
    for words in [
        &["insert", "external"][..],
        &["describe"],
        &["desc"],
        &["use"],
    ] {
        if w.at(words) {
            return Ok(Statement::Unsupported(w.rest().to_owned()));
        }
    }
    w.unexpected("a statement")
}

/// A statement inside PREPARE or EXPLAIN.
fn nested(w: &mut Words<'_>) -> Result<Parsed> {
    let start = w.here();
    let inner = statement(w)?;
    let sql = w.source_from(start).to_owned();
    let grammar = RedshiftGrammar;
    let parameters = Tokenizer::new(&grammar, &sql)
        .tokenize_with_location()
        .map(|t| placeholders(&t).into_iter().map(|(_, n)| n).max())
        .unwrap_or_default()
        .unwrap_or(0);
    Ok(Parsed {
        statement: inner,
        sql,
        parameters,
    })
}

fn fetch(w: &mut Words<'_>) -> Result<Statement> {
    let count = if w.eat(&["next"]) {
        Some(1)
    } else if w.eat(&["all"]) {
        None
    } else if w.eat(&["forward"]) {
        if w.eat(&["all"]) {
            None
        } else if w.at(&["from"]) || w.at(&["in"]) {
            Some(1)
        } else {
            Some(positive(w)?)
        }
    } else if w.at(&["from"]) || w.at(&["in"]) {
        Some(1)
    } else {
        Some(positive(w)?)
    };
    let _ = w.eat_one(&["from", "in"]);
    let cursor = w.ident()?;
    Ok(Statement::Fetch(Fetch { cursor, count }))
}

fn positive(w: &mut Words<'_>) -> Result<u64> {
    match u64::try_from(w.integer()?) {
        Ok(n) => Ok(n),
        Err(_) => Err(SqlError::unsupported("FETCH backward")),
    }
}
