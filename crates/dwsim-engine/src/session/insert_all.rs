//! Multi-table INSERT: the rows of one query go into several tables, by conditions.
//! INSERT into one table is in `insert`.
//!
//! Source: Snowflake "INSERT (multi-table)".

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use sqlparser::ast;

use super::state::RELATION;
use super::write::{Target, check_not_null, consume, table_of};
use super::{Completion, Session};
use crate::catalog::{Object, ObjectName, TableData, TableDef};
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Typed;
use crate::plan::{Binder, Relation, ScopeColumn};
use crate::types::ColumnInfo;

/// One INTO clause, with the conditions that its rows fulfil and those that they must not fulfil.
struct Into<'a> {
    clause: &'a ast::MultiTableInsertIntoClause,
    table: ObjectName,
    when: Option<&'a ast::Expr>,
    unless: Vec<&'a ast::Expr>,
}

impl Binder<'_> {
    /// The source's rows as an INTO clause takes them, in the target's columns.
    fn rows_of_clause(
        &mut self,
        source: Relation,
        into: &Into<'_>,
        def: &TableDef,
    ) -> Result<(datafusion::logical_expr::LogicalPlan, Vec<usize>)> {
        self.set_columns(source.columns.clone());
        let mut b = LogicalPlanBuilder::from(source.plan);
        if let Some(w) = into.when {
            let t = self.expr(w)?;
            b = b.filter(self.condition(t)?.expr)?;
        }
        for w in &into.unless {
            let t = self.expr(w)?;
            let t = self.condition(t)?;
            b = b.filter(Expr::IsNotTrue(Box::new(t.expr)))?;
        }
        let names: Vec<String> = into
            .clause
            .columns
            .iter()
            .map(|c| self.dialect.fold(c))
            .collect();
        let given = self.target_columns(def, &names)?;
        let Some(values) = &into.clause.values else {
            let r = Relation {
                plan: b.build()?,
                columns: source.columns,
            };
            return self.fit(r, def, &given);
        };
        if values.values.len() != given.len() {
            return Err(SqlError::raw(
                "002020",
                "21S01",
                format!(
                    "SQL compilation error:\nInsert value list does not match column list expecting {} but got {}",
                    given.len(),
                    values.values.len()
                ),
            ));
        }
        let mut exprs = Vec::new();
        let mut columns = Vec::new();
        for (v, g) in values.values.iter().zip(&given) {
            let c = &def.columns[*g];
            let t = match v {
                ast::MultiTableInsertValue::Expr(e) => self.expr(e)?,
                ast::MultiTableInsertValue::Default => match self.default_of(def, *g)? {
                    Target::Value(t) => t,
                    Target::Identity => {
                        return Err(SqlError::unsupported(
                            "DEFAULT for an identity column in VALUES",
                        ));
                    }
                },
            };
            self.assignable(&t, &c.ty, &c.name)?;
            let t = self.stored(t, c)?;
            let internal = self.fresh(&c.name);
            exprs.push(t.expr.alias(&internal));
            columns.push(ScopeColumn {
                qualifier: vec![],
                name: c.name.clone(),
                internal: Column::from_name(internal),
                ty: t.ty,
                nullable: true,
                origin: None,
                hidden: false,
            });
        }
        let plan = b.project(exprs)?.build()?;
        self.fit(Relation { plan, columns }, def, &given)
    }
}

impl Session {
    pub(super) async fn insert_all(
        &mut self,
        i: &ast::Insert,
        kind: &ast::MultiTableInsertType,
        parameters: &[Typed],
    ) -> Result<Completion> {
        let query = i.source.as_ref().ok_or_else(|| {
            SqlError::new(ErrorKind::Syntax {
                message: "a query".into(),
                near: String::new(),
            })
        })?;
        let first = matches!(kind, ast::MultiTableInsertType::First);
        let mut intos: Vec<Into<'_>> = Vec::new();
        let add = |me: &mut Session,
                   clause: &'_ ast::MultiTableInsertIntoClause|
         -> Result<ObjectName> { Ok(me.table(&clause.table_name)?.0) };
        for clause in &i.multi_table_into_clauses {
            intos.push(Into {
                table: add(self, clause)?,
                clause,
                when: None,
                unless: vec![],
            });
        }
        let mut before: Vec<&ast::Expr> = Vec::new();
        for w in &i.multi_table_when_clauses {
            for clause in &w.into_clauses {
                intos.push(Into {
                    table: add(self, clause)?,
                    clause,
                    when: Some(&w.condition),
                    unless: if first { before.clone() } else { vec![] },
                });
            }
            before.push(&w.condition);
        }
        for clause in i.multi_table_else_clause.iter().flatten() {
            intos.push(Into {
                table: add(self, clause)?,
                clause,
                when: None,
                unless: before.clone(),
            });
        }
        let mut attempts = 0;
        loop {
            let mut t = self.view()?;
            let counts = self
                .insert_all_once(&mut t, query, &intos, i.overwrite, parameters)
                .await?;
            if self.settle(t, &mut attempts)? {
                return Ok(Completion {
                    inserted: counts.iter().map(|(_, n)| n).sum(),
                    per_table: counts,
                    ..Completion::new("INSERT ALL")
                });
            }
        }
    }

    async fn insert_all_once(
        &mut self,
        t: &mut crate::catalog::Transaction,
        query: &ast::Query,
        intos: &[Into<'_>],
        overwrite: bool,
        parameters: &[Typed],
    ) -> Result<Vec<(String, u64)>> {
        let variables = self.variables.clone();
        let lookup = move |n: &str| variables.get(n).cloned();
        // The query runs once, whatever the number of tables.
        let (plan, columns, scanned, streams) = {
            let mut b = self.binder(self.env(), t, parameters);
            b.variables = Some(&lookup);
            let bound = b.top_query(query)?;
            let streams = std::mem::take(&mut b.streams);
            (bound.plan, bound.columns, bound.scanned_rows, streams)
        };
        consume(t, &streams);
        let bounds = self.bounds();
        let rows = self
            .engine()
            .executor
            .collect(&plan, scanned, &bounds)
            .await?;
        let mut counts: Vec<(String, u64)> = Vec::new();
        let mut emptied: Vec<ObjectName> = Vec::new();
        for into in intos {
            let entry = table_of(t, &into.table)?;
            let (plan, identities, scanned) = {
                let mut b = self.binder(self.env(), t, parameters);
                b.variables = Some(&lookup);
                let infos: Vec<ColumnInfo> = columns.clone();
                let source = b.values_relation(infos, rows.clone())?;
                let (plan, identities) = b.rows_of_clause(source, into, &entry.def)?;
                (plan, identities, b.scanned_rows)
            };
            let batches = self.rows_for(&plan, scanned, &entry).await?;
            let batches = self.fill_identities(t, &into.table, &entry, &identities, batches)?;
            check_not_null(&entry.def, &batches)?;
            let n: usize = batches.iter().map(RecordBatch::num_rows).sum();
            let data = if overwrite && !emptied.contains(&into.table) {
                emptied.push(into.table.clone());
                TableData::new(Arc::clone(&entry.data.schema), batches)
            } else {
                entry.data.append(batches)?
            };
            t.set_object(
                RELATION,
                &into.table,
                Some(Object::Table(Arc::new(entry.with_data(data)))),
            )?;
            match counts.iter_mut().find(|(name, _)| *name == into.table.name) {
                Some((_, sum)) => *sum += n as u64,
                None => counts.push((into.table.name.clone(), n as u64)),
            }
        }
        Ok(counts)
    }
}
