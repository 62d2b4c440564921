//! DML that `sqlparser` does not read: DELETE without FROM, WITH before DELETE and UPDATE, MERGE … REMOVE DUPLICATES.
//! They become the plain statements that mean the same.

use std::ops::ControlFlow;

use dwsim_engine::error::{ErrorKind, Result, SqlError};
use sqlparser::ast::{self, VisitMut, VisitorMut};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use super::grammar::RedshiftGrammar;
use super::statement::Statement;
use super::words::Words;

/// Puts FROM behind a DELETE that starts a statement without it: `DELETE t WHERE …` (r_DELETE).
pub(super) fn complete_deletes(tokens: &mut Vec<TokenWithSpan>) {
    let mut starts = true;
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at].token {
            Token::Whitespace(_) => {}
            Token::SemiColon => starts = true,
            Token::Word(w) if starts && w.keyword == Keyword::DELETE => {
                starts = false;
                let next = (at + 1..tokens.len())
                    .find(|i| !matches!(tokens[*i].token, Token::Whitespace(_)));
                if let Some(next) = next
                    && let Token::Word(w) = &tokens[next].token
                    && w.keyword != Keyword::FROM
                {
                    let span = tokens[next].span;
                    let from = Token::Word(Word {
                        value: "from".into(),
                        quote_style: None,
                        keyword: Keyword::FROM,
                    });
                    tokens.insert(next, TokenWithSpan { token: from, span });
                }
            }
            Token::Word(w) if w.keyword == Keyword::EXPLAIN => {}
            _ => starts = false,
        }
        at += 1;
    }
}

/// Gives the queries directly below a statement a WITH clause before their own.
struct Prefix<'a> {
    with: &'a ast::With,
    depth: usize,
}

impl VisitorMut for Prefix<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut ast::Query) -> ControlFlow<()> {
        if self.depth == 0 {
            prefix(query, self.with);
        }
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut ast::Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }
}

fn prefix(query: &mut ast::Query, with: &ast::With) {
    match &mut query.with {
        Some(own) => {
            own.recursive |= with.recursive;
            own.cte_tables.splice(0..0, with.cte_tables.iter().cloned());
        }
        None => query.with = Some(with.clone()),
    }
}

/// Turns names of common table expressions in FROM or USING into subqueries of them.
fn expand(tables: &mut [ast::TableWithJoins], with: &ast::With) {
    let factors = tables.iter_mut().flat_map(|t| {
        std::iter::once(&mut t.relation).chain(t.joins.iter_mut().map(|j| &mut j.relation))
    });
    for factor in factors {
        let ast::TableFactor::Table { name, alias, .. } = factor else {
            continue;
        };
        let [part] = name.0.as_slice() else { continue };
        let Some(ident) = part.as_ident() else {
            continue;
        };
        let named = with
            .cte_tables
            .iter()
            .any(|c| c.alias.name.value.eq_ignore_ascii_case(&ident.value));
        if !named {
            continue;
        }
        let alias = alias.clone().unwrap_or_else(|| ast::TableAlias {
            explicit: true,
            name: ident.clone(),
            columns: Vec::new(),
            at: None,
        });
        // Built from text: the name is an identifier that was read before.
        let text = format!("select * from {name}");
        let parsed = Parser::new(&RedshiftGrammar)
            .try_with_sql(&text)
            .and_then(|mut p| p.parse_query());
        if let Ok(subquery) = parsed {
            *factor = ast::TableFactor::Derived {
                lateral: false,
                subquery,
                alias: Some(alias),
                sample: None,
            };
        }
    }
}

/// `WITH … DELETE` and `WITH … UPDATE`: None when the query is none of them.
pub(super) fn with_dml(query: &ast::Query) -> Option<ast::Statement> {
    let (ast::SetExpr::Delete(s) | ast::SetExpr::Update(s)) = query.body.as_ref() else {
        return None;
    };
    let mut statement = s.clone();
    let Some(with) = &query.with else {
        return Some(statement);
    };
    match &mut statement {
        ast::Statement::Delete(d) => expand(d.using.get_or_insert_default(), with),
        ast::Statement::Update(u) => match &mut u.from {
            Some(
                ast::UpdateTableFromKind::BeforeSet(f) | ast::UpdateTableFromKind::AfterSet(f),
            ) => expand(f, with),
            None => {}
        },
        _ => return None,
    }
    if let ast::Statement::Delete(d) = &mut statement
        && d.using.as_ref().is_some_and(Vec::is_empty)
    {
        d.using = None;
    }
    let _ = VisitMut::visit(&mut statement, &mut Prefix { with, depth: 0 });
    Some(statement)
}

fn one(text: &str) -> Result<Statement> {
    match super::parse(text)?.pop() {
        Some(p) => Ok(p.statement),
        None => Err(SqlError::internal(format!("no statement: {text}"))),
    }
}

/// MERGE in simplified mode (r_MERGE): matching rows of the target give way to the source's, the others are added.
/// None when the statement, which starts here, is a MERGE with WHEN clauses.
pub(super) fn merge_duplicates(w: &mut Words<'_>) -> Result<Option<Statement>> {
    if !w.ends_with(&["remove", "duplicates"]) {
        return Ok(None);
    }
    w.expect(&["merge"])?;
    w.eat(&["into"]);
    let target = w.name()?;
    w.expect(&["using"])?;
    let source = w.name()?;
    w.eat(&["as"]);
    let alias = if w.at(&["on"]) {
        None
    } else {
        Some(w.ident()?)
    };
    w.expect(&["on"])?;
    let condition = w.expr()?;
    w.expect(&["remove", "duplicates"])?;
    let named = alias.map_or_else(|| source.to_string(), |a| format!("{source} as {a}"));
    let delete = one(&format!(
        "delete from {target} using {named} where {condition}"
    ))?;
    let insert = one(&format!("insert into {target} select * from {source}"))?;
    match (delete, insert) {
        (Statement::Dml(delete), Statement::Dml(insert)) => {
            Ok(Some(Statement::MergeDuplicates { delete, insert }))
        }
        _ => Err(ErrorKind::Syntax {
            message: "MERGE … REMOVE DUPLICATES".into(),
            near: String::new(),
        }
        .into()),
    }
}
