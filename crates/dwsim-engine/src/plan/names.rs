//! What an identifier stands for: a column of this or an outer query, an alias, a lambda parameter, a bare word.
//! Table names are resolved in `from`.

use std::sync::Arc;

use arrow::datatypes::Field;
use datafusion::logical_expr::Expr;
use sqlparser::ast;
use sqlparser::tokenizer::Span;

use super::Binder;
use super::scope::{Scope, ScopeColumn};
use crate::catalog::{Object, ObjectKind, ObjectName};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Position, Result, SqlError};
use crate::functions::{Typed, nextval};
use crate::scripting::Bare;
use crate::types::SqlType;

/// PostgreSQL's protocol counts parameters in 16 bits.
pub(crate) const MOST_PARAMETERS: usize = 65_535;

/// The start of a span, if it is a real one.
pub(crate) fn position(span: Span) -> Option<Position> {
    (span.start.line > 0).then_some(Position {
        line: span.start.line,
        column: span.start.column,
    })
}

/// Whether the end of a relation's path is the qualifier that was written.
fn qualifies(relation: &[String], written: &[String]) -> bool {
    relation.len() >= written.len() && relation[relation.len() - written.len()..] == *written
}

enum Found {
    None,
    One(ScopeColumn),
    Many,
}

fn find(scope: &Scope, qualifier: &[String], name: &str) -> Found {
    let mut hits = scope.columns.iter().filter(|c| {
        c.name == name
            && (if qualifier.is_empty() {
                // Columns that tell where a row comes from are not part of `*`, but can be named.
                !c.hidden || c.name.starts_with("METADATA$")
            } else {
                qualifies(&c.qualifier, qualifier)
            })
    });
    match (hits.next(), hits.next()) {
        (None, _) => Found::None,
        (Some(c), None) => Found::One(c.clone()),
        (Some(a), Some(b)) if a.internal == b.internal => Found::One(a.clone()),
        _ => Found::Many,
    }
}

impl Binder<'_> {
    /// The folded parts of a name.
    pub(crate) fn fold_all(&self, idents: &[ast::Ident]) -> Vec<String> {
        idents.iter().map(|i| self.dialect.fold(i)).collect()
    }

    /// A column by qualifier and name, in this query or the nearest outer one that has it.
    fn column(
        &mut self,
        qualifier: &[String],
        name: &str,
        at: Option<Position>,
    ) -> Result<Option<Typed>> {
        for level in (0..self.scopes.len()).rev() {
            match find(&self.scopes[level], qualifier, name) {
                Found::None => {}
                Found::Many => {
                    return Err(SqlError::new(ErrorKind::AmbiguousColumn(name.to_owned())).at(at));
                }
                Found::One(c) => {
                    if level + 1 == self.scopes.len() {
                        return Ok(Some(c.typed()));
                    }
                    for inner in &mut self.scopes[level + 1..] {
                        inner.correlated = true;
                    }
                    let field = Arc::new(Field::new(&c.internal.name, c.ty.arrow(), true));
                    return Ok(Some(Typed::new(
                        Expr::OuterReferenceColumn(field, c.internal),
                        c.ty,
                    )));
                }
            }
        }
        Ok(None)
    }

    /// A parameter of a lambda or of a function whose body is being bound; columns of the queries inside hide it.
    fn lambda_parameter(&mut self, name: &str) -> Result<Option<Typed>> {
        let found = self.scopes.iter().enumerate().rev().find_map(|(level, s)| {
            let (_, t) = s.lambdas.iter().rev().find(|(n, _)| n == name)?;
            Some((level, t.clone()))
        });
        let Some((level, t)) = found else {
            return Ok(None);
        };
        if level + 1 == self.scopes.len() {
            return Ok(Some(t));
        }
        let hidden = self.scopes[level + 1..]
            .iter()
            .any(|s| !matches!(find(s, &[], name), Found::None));
        if hidden {
            return Ok(None);
        }
        if t.expr.any_column_refs() {
            for inner in &mut self.scopes[level + 1..] {
                inner.correlated = true;
            }
        }
        super::subquery::outer_references(t).map(Some)
    }

    /// The columns of the innermost scope that a qualified `*` means.
    /// The columns that `*` means in the innermost scope.
    pub fn all_columns(&self) -> Vec<Typed> {
        self.scopes
            .last()
            .map(|s| {
                let visible = s.columns.iter().filter(|c| !c.hidden);
                visible.map(ScopeColumn::typed).collect()
            })
            .unwrap_or_default()
    }

    /// A column as messages name it, with its relation; None for other expressions.
    pub fn column_label(&self, value: &Typed) -> Option<String> {
        let Expr::Column(internal) = &value.expr else {
            return None;
        };
        let columns = self.scopes.iter().rev().flat_map(|s| &s.columns);
        let found = columns.into_iter().find(|c| c.internal == *internal)?;
        Some(match found.qualifier.last() {
            Some(q) => format!("{q}.{}", found.name),
            None => found.name.clone(),
        })
    }

    pub(crate) fn columns_of(&self, qualifier: &[String]) -> Vec<ScopeColumn> {
        self.scopes
            .iter()
            .rev()
            .map(|s| {
                s.columns
                    .iter()
                    .filter(|c| !c.qualifier.is_empty() && qualifies(&c.qualifier, qualifier))
                    .cloned()
                    .collect::<Vec<_>>()
            })
            .find(|v| !v.is_empty())
            .unwrap_or_default()
    }

    /// A name of one or more parts. Parts that follow a semi-structured column navigate into it.
    pub(crate) fn name(&mut self, idents: &[ast::Ident]) -> Result<Typed> {
        let at = idents.first().and_then(|i| position(i.span));
        let parts = self.fold_all(idents);
        let [first, ..] = parts.as_slice() else {
            return Err(SqlError::internal("an empty name"));
        };
        if let Some(script) = &self.script
            && script.bare == Bare::First
            && let Some((t, taken)) = script.lookup(&parts)
        {
            return self.navigate(t, &idents[taken..]);
        }
        if let Some(t) = self.lambda_parameter(first)? {
            return self.navigate(t, &idents[1..]);
        }
        // The longest prefix that is a column; what is left navigates.
        let longest = parts.len();
        for split in (1..=longest).rev() {
            if let Some(t) = self.column(&parts[..split - 1], &parts[split - 1], at)? {
                if split < parts.len() && !t.ty.is_semi() {
                    continue;
                }
                return self.navigate(t, &idents[split..]);
            }
        }
        if self.dialect.lateral_aliases()
            && let Some(t) = self.alias(first)?
            && (parts.len() == 1 || t.ty.is_semi())
        {
            return self.navigate(t, &idents[1..]);
        }
        if let [word] = idents
            && word.quote_style.is_none()
        {
            if let Some(digits) = word.value.strip_prefix('$') {
                return self.dollar(digits, at);
            }
            if let Some(t) = self.dialect.bare_word(self, &word.value.to_uppercase())? {
                return Ok(t);
            }
        }
        if let Some(script) = &self.script
            && script.bare == Bare::Outermost
            && self.scopes.len() == 1
            && let Some((t, taken)) = script.lookup(&parts)
        {
            return self.navigate(t, &idents[taken..]);
        }
        if let [table, dollar] = idents
            && let Some(n) = dollar
                .value
                .strip_prefix('$')
                .and_then(|d| d.parse::<usize>().ok())
        {
            let q = self.dialect.fold(table);
            let columns = self.columns_of(&[q]);
            if let Some(c) = n.checked_sub(1).and_then(|i| columns.get(i)) {
                return Ok(c.typed());
            }
        }
        if let Some(t) = self.sequence_value(&parts) {
            return Ok(t);
        }
        let shown = match self.env.dialect {
            DialectName::Snowflake => idents
                .iter()
                .zip(&parts)
                .map(|(i, p)| {
                    if i.quote_style.is_some() {
                        format!("\"{p}\"")
                    } else {
                        p.clone()
                    }
                })
                .collect::<Vec<_>>()
                .join("."),
            DialectName::Redshift => parts.join("."),
        };
        Err(SqlError::new(ErrorKind::UnknownColumn(shown)).at(at))
    }

    /// The full names that one to three parts may stand for, in the order of the search path.
    pub fn candidates(&self, parts: &[String]) -> Vec<ObjectName> {
        match parts {
            [name] => self
                .search_path
                .iter()
                .map(|(d, s)| ObjectName {
                    database: d.clone(),
                    schema: s.clone(),
                    name: name.clone(),
                })
                .collect(),
            [schema, name] => self
                .search_path
                .first()
                .map(|(d, _)| ObjectName {
                    database: d.clone(),
                    schema: schema.clone(),
                    name: name.clone(),
                })
                .into_iter()
                .collect(),
            [database, schema, name] => {
                vec![ObjectName {
                    database: database.clone(),
                    schema: schema.clone(),
                    name: name.clone(),
                }]
            }
            _ => vec![],
        }
    }

    /// `sequence.NEXTVAL`.
    fn sequence_value(&mut self, parts: &[String]) -> Option<Typed> {
        let (last, path) = parts.split_last()?;
        if self.env.dialect != DialectName::Snowflake || last != "NEXTVAL" {
            return None;
        }
        self.candidates(path).into_iter().find_map(|n| {
            let Some(Object::Sequence(s)) = self.catalog.object(ObjectKind::Sequence, &n) else {
                return None;
            };
            let counters = &self.catalog.database(&n.database)?.counters;
            Some(nextval(s, counters, SqlType::number(38, 0)))
        })
    }

    /// An alias of the select list being bound, expanded.
    fn alias(&mut self, name: &str) -> Result<Option<Typed>> {
        let scope = self.scope();
        if scope.expanding.iter().any(|n| n == name) {
            return Ok(None);
        }
        let Some(a) = scope.aliases.iter().find(|a| a.name == name).cloned() else {
            return Ok(None);
        };
        scope.expanding.push(name.to_owned());
        let bound = self.expr(&a.ast);
        self.scope().expanding.pop();
        bound.map(Some)
    }

    /// `$1` (a column by position in Snowflake, a bind parameter in Redshift) and `$name`.
    pub(crate) fn dollar(&mut self, name: &str, at: Option<Position>) -> Result<Typed> {
        if let Ok(n) = name.parse::<usize>() {
            let positional = format!("${n}");
            if self.env.dialect == DialectName::Redshift {
                if let Some(t) = self.lambda_parameter(&positional)? {
                    return Ok(t);
                }
                if let Some((t, _)) = self.script.as_ref().and_then(|s| s.lookup(&[positional])) {
                    return Ok(t);
                }
            }
            if self.env.dialect == DialectName::Snowflake {
                let column = n.checked_sub(1).and_then(|i| {
                    self.scopes
                        .last()
                        .and_then(|s| s.columns.iter().filter(|c| !c.hidden).nth(i))
                });
                return match column {
                    Some(c) => Ok(c.typed()),
                    None => Err(SqlError::new(ErrorKind::UnknownColumn(format!("${n}"))).at(at)),
                };
            }
            return self.parameter(n);
        }
        let folded = self.dialect.fold(&ast::Ident::new(name));
        match self.variables.and_then(|v| v(&folded)) {
            Some(t) => Ok(t),
            None => Err(SqlError::raw(
                "002211",
                "02000",
                format!(
                    "SQL compilation error: error line {} at position {}\nSession variable '${}' does not exist",
                    at.map_or(1, |p| p.line),
                    at.map_or(0, |p| p.column.saturating_sub(1)),
                    folded
                ),
            )),
        }
    }

    /// Bind parameter `n`, from 1. In a statement that is only described it is a NULL whose type is settled by what
    /// surrounds it; one that runs needs the value.
    pub(crate) fn parameter(&mut self, n: usize) -> Result<Typed> {
        let given = n.checked_sub(1).filter(|i| *i < MOST_PARAMETERS);
        if let Some(t) = given.and_then(|i| self.parameters.get(i)) {
            return Ok(t.clone());
        }
        let Some(i) = given.filter(|_| self.describing) else {
            return Err(match self.env.dialect {
                DialectName::Redshift => {
                    SqlError::raw("", "42P02", format!("there is no parameter ${n}"))
                }
                DialectName::Snowflake => SqlError::raw(
                    "002049",
                    "42601",
                    format!("SQL compilation error:\nBind variable :{n} not set."),
                ),
            });
        };
        if self.parameter_types.len() <= i {
            self.parameter_types.resize(i + 1, None);
        }
        match &self.parameter_types[i] {
            Some(ty) => self.null(&ty.clone()),
            None => Ok(Typed::new(
                Expr::Placeholder(datafusion::logical_expr::expr::Placeholder {
                    id: format!("${n}"),
                    field: None,
                }),
                crate::types::SqlType::Null,
            )),
        }
    }
}
