//! Names of select items that have none: their text as it was written, blanks included.
//! Names that need no text, as those of columns, are given where items are bound.

use sqlparser::ast::{self, Expr, Ident, SelectItem, SetExpr, Statement};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use super::rewrite::is;

/// Words that end a select list where they stand outside of parentheses.
const ENDS: &[&str] = &[
    "FROM",
    "INTO",
    "WHERE",
    "GROUP",
    "HAVING",
    "QUALIFY",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "FETCH",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "MINUS",
    "CONNECT",
    "START",
];

/// Gives the unnamed items of a query's first SELECT the names that Snowflake shows: the written text in upper case.
/// `sqlparser` keeps no blanks, so a text counts only where it is the item but for its blanks.
pub(super) fn headings(text: &str, tokens: &[TokenWithSpan], statement: &mut Statement) {
    let Statement::Query(query) = statement else {
        return;
    };
    let mut body = query.body.as_mut();
    let select = loop {
        match body {
            SetExpr::Select(select) => break select,
            SetExpr::SetOperation { left, .. } => body = left.as_mut(),
            _ => return,
        }
    };
    if !(select.projection.iter()).any(|i| matches!(i, SelectItem::UnnamedExpr(e) if has_text(e))) {
        return;
    }
    let Some(items) = items(tokens) else {
        return;
    };
    if items.len() != select.projection.len() {
        return;
    }
    let mut walk = Walk::new(text);
    for (item, (first, last)) in select.projection.iter_mut().zip(items) {
        let SelectItem::UnnamedExpr(expr) = item else {
            continue;
        };
        if !has_text(expr) {
            continue;
        }
        let from = walk.to(first.span.start);
        let to = walk.to(last.span.end);
        let written = text[from..to.max(from)].to_uppercase();
        let shown = expr.to_string().to_uppercase();
        let solid = |s: &str| s.split_whitespace().collect::<String>();
        if written != shown && solid(&written) == solid(&shown) {
            *item = SelectItem::ExprWithAlias {
                expr: expr.clone(),
                alias: Ident::with_quote('"', written),
            };
        }
    }
}

/// Whether the name of an item is its text: columns are named after themselves.
fn has_text(e: &Expr) -> bool {
    match e {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Value(_) => false,
        Expr::Nested(inner) => has_text(inner),
        // what stands for forms that `sqlparser` does not read
        Expr::Function(ast::Function { name, .. }) => !name.to_string().starts_with('$'),
        _ => true,
    }
}

/// The first and last tokens of the items of the first SELECT that is not in parentheses.
fn items(tokens: &[TokenWithSpan]) -> Option<Vec<(&TokenWithSpan, &TokenWithSpan)>> {
    let mut depth = 0usize;
    let nesting = |t: &Token, depth: &mut usize| match t {
        Token::LParen | Token::LBracket | Token::LBrace => *depth += 1,
        Token::RParen | Token::RBracket | Token::RBrace => *depth = depth.saturating_sub(1),
        _ => {}
    };
    let mut at = tokens.iter().position(|t| {
        nesting(&t.token, &mut depth);
        depth == 0 && is(Some(t), "SELECT")
    })? + 1;
    while is(tokens.get(at), "ALL") || is(tokens.get(at), "DISTINCT") {
        at += 1;
    }
    if is(tokens.get(at), "TOP") {
        at += 2;
    }
    let mut out = Vec::new();
    let mut start = at;
    loop {
        let t = tokens
            .get(at)
            .filter(|t| t.token != Token::EOF && t.token != Token::SemiColon);
        let ends = depth == 0
            && t.is_none_or(|t| {
                let distinct = at > 0 && is(tokens.get(at - 1), "DISTINCT");
                ENDS.iter().any(|w| is(Some(t), w)) && !distinct
            });
        if ends || (depth == 0 && t.is_some_and(|t| t.token == Token::Comma)) {
            // a comma before FROM ends no item
            if start < at {
                out.push((&tokens[start], &tokens[at - 1]));
            }
            start = at + 1;
        }
        match t {
            Some(_) if ends => return Some(out),
            None => return (depth == 0).then_some(out),
            Some(t) => nesting(&t.token, &mut depth),
        }
        at += 1;
    }
}

/// Goes forward through a text to byte offsets of places, in one pass over all of them.
struct Walk<'a> {
    text: &'a str,
    at: Location,
    byte: usize,
}

impl<'a> Walk<'a> {
    fn new(text: &'a str) -> Self {
        Walk {
            text,
            at: Location::new(1, 1),
            byte: 0,
        }
    }

    fn to(&mut self, place: Location) -> usize {
        for c in self.text[self.byte..].chars() {
            if self.at >= place {
                break;
            }
            self.byte += c.len_utf8();
            if c == '\n' {
                self.at = Location::new(self.at.line + 1, 1);
            } else {
                self.at.column += 1;
            }
        }
        self.byte
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn texts_as_they_were_written() {
        let cases: &[(&str, &[Option<&str>])] = &[
            ("select 1+1, 2 + 2", &[Some("1+1"), None]),
            (
                "select sum( a*b ), max(c) from t",
                &[Some("SUM( A*B )"), None],
            ),
            ("select 'é',a||'ü' from t", &[None, Some("A||'Ü'")]),
            (
                "with q as (select 1*1 x) select x*2\nfrom q",
                &[Some("X*2")],
            ),
            (
                "select distinct a+1, (a+2)*3 b from t order by 1",
                &[Some("A+1"), None],
            ),
            ("select top 3 a+1 from t", &[Some("A+1")]),
            (
                "select a is distinct from b,a+1 from t",
                &[None, Some("A+1")],
            ),
            ("select a+1 union all select b+2", &[Some("A+1")]),
            (
                "select f(a,b), [1,2][0]",
                &[Some("F(A,B)"), Some("[1,2][0]")],
            ),
            ("select a +\n 1, * from t", &[Some("A +\n 1"), None]),
            ("select a /* why */ +1 from t", &[None]),
            ("select a<>1, a!=1", &[Some("A<>1"), None]),
        ];
        for (sql, want) in cases {
            let crate::parse::Command::Sql(statement) = crate::parse::parse(sql).unwrap() else {
                panic!("{sql}");
            };
            let Statement::Query(query) = *statement else {
                panic!("{sql}");
            };
            let mut body = *query.body;
            while let SetExpr::SetOperation { left, .. } = body {
                body = *left;
            }
            let SetExpr::Select(select) = body else {
                panic!("{sql}");
            };
            let names: Vec<Option<&str>> = select
                .projection
                .iter()
                .map(|i| match i {
                    SelectItem::ExprWithAlias { alias, .. } if alias.quote_style.is_some() => {
                        Some(alias.value.as_str())
                    }
                    _ => None,
                })
                .collect();
            assert_eq!(names, *want, "{sql}");
        }
    }
}
