//! What changes from run to run: clocks, randomness, ids of sessions and queries, samples.
//! A value that the test redacts may change; anything that decides which rows there are may not.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use dwsim_runtime::snapshot::RedactKind;
use sqlparser::ast::{
    Expr, Function, FunctionArguments, LimitClause, Query, SelectItem, SetExpr, Spanned, Statement,
    TableFactor, TableSampleKind, Visit, Visitor,
};
use sqlparser::tokenizer::{Location, Span};

use super::finding::{self, Severity};
use super::sql::{Site, Surroundings};

/// Functions of the current time, called with or without brackets.
const CLOCKS: &[&str] = &[
    "current_date",
    "current_time",
    "current_timestamp",
    "getdate",
    "localtime",
    "localtimestamp",
    "now",
    "sysdate",
    "systimestamp",
    "timeofday",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
];

/// Functions whose values are drawn anew, or belong to the session.
const RANDOMS: &[&str] = &[
    "rand",
    "random",
    "randstr",
    "uuid_string",
    "gen_random_uuid",
    "pg_backend_pid",
    "pg_last_query_id",
    "pg_last_copy_id",
    "last_query_id",
    "current_session",
    "current_session_id",
    "current_transaction",
    "current_statement",
    "txid_current",
];

/// Those of them that take a seed, with the position of it.
const SEEDED: &[(&str, usize)] = &[("random", 0), ("rand", 0), ("randstr", 1)];

/// A query's findings. `redacted` are the columns that may change, of the statement that is compared.
pub fn query(
    query: &Query,
    around: &Surroundings<'_>,
    redacted: Option<&BTreeMap<String, RedactKind>>,
    at: &mut Site<'_, '_>,
) {
    let hidden = redacted.map_or_else(Vec::new, |names| hidden(&query.body, names));
    let mut finder = Finder {
        around,
        hidden,
        at,
        depth: 0,
    };
    let _: ControlFlow<()> = query.visit(&mut finder);
}

/// A changing statement's findings.
pub fn statement(statement: &Statement, around: &Surroundings<'_>, at: &mut Site<'_, '_>) {
    let mut finder = Finder {
        around,
        hidden: Vec::new(),
        at,
        depth: 0,
    };
    let _: ControlFlow<()> = statement.visit(&mut finder);
}

/// The spans of selected expressions whose values are redacted.
fn hidden(body: &SetExpr, names: &BTreeMap<String, RedactKind>) -> Vec<Span> {
    match body {
        SetExpr::Select(select) => {
            let items = select.projection.iter().filter_map(|item| match item {
                SelectItem::ExprWithAlias { expr, alias }
                    if names.keys().any(|n| n.eq_ignore_ascii_case(&alias.value)) =>
                {
                    Some(expr.span())
                }
                _ => None,
            });
            items.collect()
        }
        SetExpr::SetOperation { left, right, .. } => {
            let mut all = hidden(left, names);
            all.extend(hidden(right, names));
            all
        }
        SetExpr::Query(query) => hidden(&query.body, names),
        _ => Vec::new(),
    }
}

struct Finder<'a, 'b, 'c> {
    around: &'a Surroundings<'a>,
    hidden: Vec<Span>,
    at: &'a mut Site<'b, 'c>,
    depth: usize,
}

impl Finder<'_, '_, '_> {
    fn is_hidden(&self, span: Span) -> bool {
        let key = |place: Location| (place.line, place.column);
        self.hidden
            .iter()
            .any(|h| key(h.start) <= key(span.start) && key(span.start) <= key(h.end))
    }

    fn name(&mut self, name: &str, span: Span, seeded: bool) {
        if self.is_hidden(span) {
            return;
        }
        if CLOCKS.contains(&name) && !self.around.frozen_clock {
            let message = format!("`{name}` is another value on every run");
            let help = "compare with a fixed date, redact the column, or set `clock` in [project]";
            let (code, severity) = (finding::CLOCK, Severity::Warning);
            self.at
                .add(code, severity, span, message, Some(help.into()));
        } else if RANDOMS.contains(&name) && !seeded && !self.around.frozen_random {
            let message = format!("`{name}` is another value on every run");
            let help = match SEEDED.iter().any(|(known, _)| *known == name) {
                true => "redact the column, or set `random` in [project]; Snowflake's takes a seed",
                false => "redact the column, or set `random` in [project]",
            };
            let (code, severity) = (finding::RANDOM, Severity::Warning);
            self.at
                .add(code, severity, span, message, Some(help.into()));
        }
    }

    fn function(&mut self, function: &Function) {
        let Some(ident) = function.name.0.last().and_then(|part| part.as_ident()) else {
            return;
        };
        let name = ident.value.to_lowercase();
        let arguments = match &function.args {
            FunctionArguments::List(list) => list.args.len(),
            _ => 0,
        };
        let seeded = SEEDED
            .iter()
            .any(|(known, at)| *known == name && arguments > *at);
        self.name(&name, ident.span, seeded);
    }
}

impl Visitor for Finder<'_, '_, '_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.depth += 1;
        let limited = query.fetch.is_some()
            || matches!(
                &query.limit_clause,
                Some(
                    LimitClause::LimitOffset { limit: Some(_), .. }
                        | LimitClause::LimitOffset {
                            offset: Some(_),
                            ..
                        }
                        | LimitClause::OffsetCommaLimit { .. }
                )
            );
        let top = match query.body.as_ref() {
            SetExpr::Select(select) => select.top.is_some(),
            _ => false,
        };
        let one_row =
            matches!(query.body.as_ref(), SetExpr::Select(select) if select.from.is_empty());
        if (limited || top) && query.order_by.is_none() && !one_row && !never_more(query) {
            let span = query.limit_clause.as_ref().map_or_else(
                || query.body.span(),
                |limit| match limit {
                    LimitClause::LimitOffset {
                        limit: Some(limit), ..
                    }
                    | LimitClause::OffsetCommaLimit { limit, .. } => limit.span(),
                    LimitClause::LimitOffset { .. } => query.body.span(),
                },
            );
            let message = "LIMIT without ORDER BY returns any rows".to_owned();
            let help = Some("order the rows by a key".to_owned());
            let (code, severity) = (finding::LIMIT, Severity::Warning);
            self.at.add(code, severity, span, message, help);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        let sample = match factor {
            TableFactor::Table { sample, .. } | TableFactor::Derived { sample, .. } => sample,
            _ => &None,
        };
        if let Some(
            TableSampleKind::BeforeTableAlias(sample) | TableSampleKind::AfterTableAlias(sample),
        ) = sample
            && sample.seed.is_none()
            && !self.around.frozen_random
        {
            let message = "the sample is another one on every run".to_owned();
            let help = Some("give it a seed: `sample (10) seed (1)`".to_owned());
            let (code, severity) = (finding::RANDOM, Severity::Warning);
            self.at.add(code, severity, factor.span(), message, help);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Function(function) => self.function(function),
            // Redshift's sysdate is written without brackets
            Expr::Identifier(ident) if ident.quote_style.is_none() => {
                let name = ident.value.to_lowercase();
                if name == "sysdate" {
                    self.name(&name, ident.span, false);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// A query of aggregates without GROUP BY has one row.
fn never_more(query: &Query) -> bool {
    matches!(&query.limit_clause, Some(LimitClause::LimitOffset { limit: Some(Expr::Value(v)), offset: None, .. })
        if v.value.to_string() == "0")
        || matches!(query.body.as_ref(), SetExpr::Values(_))
}
