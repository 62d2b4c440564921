//! Splits a text into statements and chooses the grammar of each by its first words.
//! The grammars are in the sibling modules and in `sqlparser`.

use dwsim_engine::error::{ErrorKind, Position, Result, SqlError};
use sqlparser::ast;
use sqlparser::parser::{Parser, ParserOptions};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::grammar::RedshiftGrammar;
use super::statement::{CreateView, Fetch, Kind, Parsed, Statement};
use super::words::{Words, line_starts};
use super::{admin, load, table};

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
    let lines = line_starts(sql);
    // Parameters are counted per statement from its own tokens.
    let places: Vec<(usize, usize)> = placeholders(&tokens);
    let postgres = tokens.iter().any(|t| {
        matches!(&t.token, Token::Word(w)
            if ["regclass", "operator", "collate", "pg_catalog"].iter().any(|k| w.value.eq_ignore_ascii_case(k)))
    });
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
            adapt(&mut statement);
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

/// What PostgreSQL's clients write and Redshift's engine has by another name:
/// `'name'::regclass` is a look-up, `OPERATOR(pg_catalog.~)` a plain operator, `COLLATE pg_catalog.default` nothing.
fn adapt(statement: &mut Statement) {
    let change = |e: &mut ast::Expr| {
        adapt_expression(e);
        std::ops::ControlFlow::<()>::Continue(())
    };
    match statement {
        Statement::Query(q) => {
            let _ = ast::visit_expressions_mut(q, change);
        }
        Statement::Dml(s) => {
            let _ = ast::visit_expressions_mut(s, change);
        }
        _ => {}
    }
}

fn adapt_expression(e: &mut ast::Expr) {
    let last = |name: &ast::ObjectName| {
        name.0
            .last()
            .and_then(|p| p.as_ident())
            .map(|i| i.value.to_lowercase())
            .unwrap_or_default()
    };
    match e {
        ast::Expr::Cast {
            expr, data_type, ..
        } => {
            let named = match data_type {
                ast::DataType::Regclass => true,
                ast::DataType::Custom(name, _) => last(name) == "regclass",
                _ => false,
            };
            if named {
                *e = call("to_regclass", (**expr).clone());
            }
        }
        // There are no collations to look up.
        ast::Expr::Subquery(q) if reads(q, "pg_collation") => {
            *e = ast::Expr::Value(ast::Value::Null.with_empty_span());
        }
        ast::Expr::Subquery(q) => aggregate_lookup(q),
        ast::Expr::Collate { expr, collation }
            if matches!(last(collation).as_str(), "default" | "c" | "posix") =>
        {
            *e = (**expr).clone();
        }
        ast::Expr::BinaryOp { op, .. } => {
            let ast::BinaryOperator::PGCustomBinaryOperator(path) = op else {
                return;
            };
            *op = match path.last().map(String::as_str) {
                Some("~") => ast::BinaryOperator::PGRegexMatch,
                Some("~*") => ast::BinaryOperator::PGRegexIMatch,
                Some("!~") => ast::BinaryOperator::PGRegexNotMatch,
                Some("!~*") => ast::BinaryOperator::PGRegexNotIMatch,
                Some("~~") => ast::BinaryOperator::PGLikeMatch,
                Some("!~~") => ast::BinaryOperator::PGNotLikeMatch,
                Some("=") => ast::BinaryOperator::Eq,
                _ => return,
            };
        }
        _ => {}
    }
}

/// Whether a query's FROM names a system catalog.
fn reads(query: &ast::Query, catalog: &str) -> bool {
    let ast::SetExpr::Select(select) = query.body.as_ref() else {
        return false;
    };
    select.from.iter().any(|f| {
        matches!(&f.relation, ast::TableFactor::Table { name, .. }
            if name.to_string().eq_ignore_ascii_case(&format!("pg_catalog.{catalog}")))
    })
}

/// A condition without the flag `atthasdef`, which says that the default looked up is there.
fn without_flag(e: &ast::Expr) -> Option<ast::Expr> {
    match e {
        ast::Expr::BinaryOp {
            left,
            op: ast::BinaryOperator::And,
            right,
        } => match (without_flag(left), without_flag(right)) {
            (Some(l), Some(r)) => Some(ast::Expr::BinaryOp {
                left: Box::new(l),
                op: ast::BinaryOperator::And,
                right: Box::new(r),
            }),
            (one, other) => one.or(other),
        },
        ast::Expr::CompoundIdentifier(parts)
            if parts
                .last()
                .is_some_and(|i| i.value.eq_ignore_ascii_case("atthasdef")) =>
        {
            None
        }
        other => Some(other.clone()),
    }
}

/// A look-up in system catalogs by their keys gives at most one row: its largest value is its only one,
/// and an aggregated subquery is what the engine can correlate.
fn aggregate_lookup(query: &mut ast::Query) {
    let default = reads(query, "pg_attrdef");
    let ast::SetExpr::Select(select) = query.body.as_mut() else {
        return;
    };
    let system = !select.from.is_empty()
        && select.from.iter().all(|f| {
            f.joins.is_empty()
                && matches!(&f.relation, ast::TableFactor::Table { name, .. }
                    if name.to_string().to_lowercase().starts_with("pg_catalog."))
        });
    let plain = matches!(&select.group_by, ast::GroupByExpr::Expressions(e, _) if e.is_empty());
    if let (true, true, [ast::SelectItem::UnnamedExpr(e)]) =
        (system, plain, select.projection.as_mut_slice())
    {
        *e = call("max", e.clone());
        if default {
            select.selection = select.selection.as_ref().and_then(without_flag);
        }
    }
}

fn call(name: &str, argument: ast::Expr) -> ast::Expr {
    ast::Expr::Function(ast::Function {
        name: ast::ObjectName::from(vec![ast::Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: ast::FunctionArguments::None,
        args: ast::FunctionArguments::List(ast::FunctionArgumentList {
            duplicate_treatment: None,
            args: vec![ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(
                argument,
            ))],
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
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
    for verb in ["insert", "update", "delete", "merge"] {
        if w.at(&[verb]) {
            return w.known().map(|s| Statement::Dml(Box::new(s)));
        }
    }
    if w.eat(&["create"]) {
        return create(w);
    }
    if w.eat(&["drop"]) {
        return drop(w);
    }
    if w.eat(&["alter"]) {
        return alter(w);
    }
    if w.eat_one(&["begin"]).is_some() || w.eat(&["start", "transaction"]) {
        let _ = w.eat_one(&["work", "transaction"]);
        if w.at(&["isolation"]) || w.at(&["read"]) {
            let _ = w.rest();
        }
        return Ok(Statement::Begin);
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
    if w.eat(&["comment", "on"]) {
        return comment(w);
    }
    maintenance(w)
}

fn query(w: &mut Words<'_>) -> Result<Statement> {
    let query = w.query()?;
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
        let _ = w.eat_one(&["restrict", "cascade"]);
        return Ok(Statement::Refresh(name));
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
    for words in [
        &["attach"][..],
        &["detach"],
        &["cancel"],
        &["insert", "external"],
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

fn create(w: &mut Words<'_>) -> Result<Statement> {
    let replace = w.eat(&["or", "replace"]);
    w.eat(&["local"]);
    let temporary = w.eat_one(&["temp", "temporary"]).is_some();
    if w.at(&["table"]) {
        return table::create(w, temporary).map(|t| Statement::CreateTable(Box::new(t)));
    }
    if w.eat(&["view"]) {
        return view(w, replace, false);
    }
    if w.eat(&["materialized", "view"]) {
        return view(w, replace, true);
    }
    if w.eat(&["schema"]) {
        return create_schema(w);
    }
    if w.eat(&["database"]) {
        return create_database(w);
    }
    for (word, kind) in [
        ("user", Kind::User),
        ("group", Kind::Group),
        ("role", Kind::Role),
    ] {
        if w.eat(&[word]) {
            return admin::principal(w, kind, true);
        }
    }
    Ok(Statement::Unsupported(format!("CREATE {}", head(w))))
}

/// The first words of what is left, to name what is not there; the rest is skipped.
fn head(w: &mut Words<'_>) -> String {
    let rest = w.rest();
    rest.split_whitespace()
        .take_while(|word| word.chars().all(char::is_alphabetic))
        .take(3)
        .collect::<Vec<_>>()
        .join(" ")
}

fn view(w: &mut Words<'_>, replace: bool, materialized: bool) -> Result<Statement> {
    let name = w.name()?;
    let columns = if w.next_is(&Token::LParen) {
        w.parenthesized(Words::ident)?
    } else {
        Vec::new()
    };
    let mut properties = Vec::new();
    if materialized {
        let mut a = table::Attributes::default();
        loop {
            table::attributes(w, &mut a)?;
            if w.eat(&["auto", "refresh"]) {
                let on = w.any_word().unwrap_or_default();
                properties.push(("auto refresh".to_owned(), on));
            } else {
                break;
            }
        }
        if let Some(style) = a.diststyle {
            properties.push(("diststyle".into(), style));
        }
        if let Some(key) = a.distkey {
            properties.push(("distkey".into(), key.value.to_lowercase()));
        }
        if let Some(keys) = a.sortkey {
            let keys: Vec<_> = keys.into_iter().map(|k| k.value.to_lowercase()).collect();
            properties.push(("sortkey".into(), keys.join(",")));
        }
        if let Some(backup) = a.backup {
            properties.push(("backup".into(), if backup { "yes" } else { "no" }.into()));
        }
    }
    w.expect(&["as"])?;
    let start = w.here();
    let query = w.query()?;
    let query_sql = w.source_from(start).to_owned();
    let late_binding = !materialized && w.eat(&["with", "no", "schema", "binding"]);
    Ok(Statement::CreateView(Box::new(CreateView {
        replace,
        name,
        columns,
        query,
        query_sql,
        late_binding,
        materialized: materialized.then_some(properties),
    })))
}

fn create_schema(w: &mut Words<'_>) -> Result<Statement> {
    let if_not_exists = w.eat(&["if", "not", "exists"]);
    let name = if w.at(&["authorization"]) {
        None
    } else {
        Some(w.ident()?)
    };
    let owner = if w.eat(&["authorization"]) {
        Some(w.ident()?)
    } else {
        None
    };
    if w.eat(&["quota"]) && !w.eat(&["unlimited"]) {
        w.any_number();
        let _ = w.eat_one(&["mb", "gb", "tb"]);
    }
    if !w.at_end() {
        return w.unexpected("end of statement (schema elements are separate statements in dwsim)");
    }
    Ok(Statement::CreateSchema {
        name,
        if_not_exists,
        owner,
    })
}

fn create_database(w: &mut Words<'_>) -> Result<Statement> {
    let name = w.ident()?;
    w.eat(&["with"]);
    let (mut owner, mut template) = (None, None);
    let mut properties = Vec::new();
    while !w.at_end() {
        if w.eat(&["owner"]) {
            let _ = w.consume_token(&Token::Eq);
            owner = Some(w.ident()?);
        } else if w.eat(&["template"]) {
            let _ = w.consume_token(&Token::Eq);
            template = Some(w.ident()?);
        } else if w.eat(&["connection", "limit"]) {
            let limit = if w.eat(&["unlimited"]) {
                "unlimited".to_owned()
            } else {
                w.integer()?.to_string()
            };
            properties.push(("connection limit".into(), limit));
        } else if w.eat(&["collate"]) {
            let collate = w.any_word().unwrap_or_default();
            if collate == "case_insensitive" || collate == "ci" {
                return Err(SqlError::unsupported("COLLATE CASE_INSENSITIVE"));
            }
            properties.push(("collate".into(), collate));
        } else if w.eat(&["isolation", "level"]) {
            properties.push(("isolation level".into(), w.any_word().unwrap_or_default()));
        } else if w.eat(&["encoding"]) {
            let _ = w.consume_token(&Token::Eq);
            if w.at_string() {
                w.string()?;
            } else {
                w.any_word();
            }
        } else {
            return Ok(Statement::Unsupported(format!(
                "CREATE DATABASE {}",
                head(w)
            )));
        }
    }
    Ok(Statement::CreateDatabase {
        name,
        owner,
        template,
        properties,
    })
}

fn alter(w: &mut Words<'_>) -> Result<Statement> {
    if w.eat(&["table"]) || w.eat(&["materialized", "view"]) || w.eat(&["view"]) {
        return table::alter(w).map(|t| Statement::AlterTable(Box::new(t)));
    }
    for (word, kind) in [
        ("user", Kind::User),
        ("group", Kind::Group),
        ("role", Kind::Role),
    ] {
        if w.eat(&[word]) {
            return admin::principal(w, kind, false);
        }
    }
    if w.eat(&["schema"]) || w.at(&["database"]) {
        let database = w.eat(&["database"]);
        let name = w.ident()?;
        let (mut rename, mut owner) = (None, None);
        if w.eat(&["rename", "to"]) {
            rename = Some(w.ident()?);
        } else if w.eat(&["owner", "to"]) {
            owner = Some(w.ident()?);
        } else {
            let _ = w.rest();
        }
        return Ok(if database {
            Statement::AlterDatabase {
                name,
                rename,
                owner,
            }
        } else {
            Statement::AlterSchema {
                name,
                rename,
                owner,
            }
        });
    }
    if w.at(&["default", "privileges"]) {
        return Ok(Statement::Grant(admin::Grant {
            grant: true,
            privileges: Vec::new(),
            on: None,
            to: Vec::new(),
            grant_option: false,
            kept: Some(format!("alter {}", w.rest())),
        }));
    }
    Ok(Statement::Unsupported(format!("ALTER {}", head(w))))
}

fn drop(w: &mut Words<'_>) -> Result<Statement> {
    let kinds = [
        ("table", Kind::Table),
        ("view", Kind::View),
        ("schema", Kind::Schema),
        ("database", Kind::Database),
        ("function", Kind::Function),
        ("procedure", Kind::Procedure),
        ("user", Kind::User),
        ("group", Kind::Group),
        ("role", Kind::Role),
    ];
    let kind = if w.eat(&["materialized", "view"]) {
        Kind::MaterializedView
    } else {
        match kinds.iter().find(|(word, _)| w.at(&[word])) {
            Some((word, kind)) => {
                w.expect(&[word])?;
                *kind
            }
            None => return Ok(Statement::Unsupported(format!("DROP {}", head(w)))),
        }
    };
    let if_exists = w.eat(&["if", "exists"]);
    let names = w.names()?;
    let signature = if w.next_is(&Token::LParen) {
        let start = w.here();
        while !w.at_end() && !w.consume_token(&Token::RParen) {
            w.next_token();
        }
        Some(w.source_from(start).to_owned())
    } else {
        None
    };
    let cascade = w.eat_one(&["cascade", "force"]).is_some();
    w.eat(&["restrict"]);
    Ok(Statement::Drop {
        kind,
        names,
        signature,
        if_exists,
        cascade,
    })
}

fn comment(w: &mut Words<'_>) -> Result<Statement> {
    let kinds = [
        ("table", Kind::Table),
        ("view", Kind::View),
        ("column", Kind::Column),
        ("constraint", Kind::Constraint),
        ("database", Kind::Database),
        ("schema", Kind::Schema),
    ];
    let Some(i) = w.eat_one(&kinds.map(|(word, _)| word)) else {
        return Ok(Statement::Unsupported(format!("COMMENT ON {}", head(w))));
    };
    let name = w.name()?;
    let on = if w.eat(&["on"]) {
        Some(w.name()?)
    } else {
        None
    };
    w.expect(&["is"])?;
    let text = if w.eat(&["null"]) {
        None
    } else {
        Some(w.string()?)
    };
    Ok(Statement::Comment {
        kind: kinds[i].1,
        name,
        on,
        text,
    })
}
