//! DELETE and TRUNCATE.
//! Batches without deleted rows are shared with the version before.

use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::UInt64Type;
use datafusion::logical_expr::LogicalPlanBuilder;
use sqlparser::ast;

use super::state::RELATION;
use super::write::{consume, table_of};
use super::{Completion, Session};
use crate::catalog::{Object, TableData, TableEntry};
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Typed;

impl Session {
    pub(super) async fn delete(
        &mut self,
        d: &ast::Delete,
        parameters: &[Typed],
    ) -> Result<Completion> {
        for (what, given) in [
            ("DELETE … RETURNING", d.returning.is_some()),
            ("DELETE … ORDER BY", !d.order_by.is_empty()),
            ("DELETE … LIMIT", d.limit.is_some()),
            ("DELETE from several tables", !d.tables.is_empty()),
        ] {
            if given {
                return Err(SqlError::unsupported(what));
            }
        }
        let (ast::FromTable::WithFromKeyword(from) | ast::FromTable::WithoutKeyword(from)) =
            &d.from;
        let [from] = from.as_slice() else {
            return Err(SqlError::unsupported("DELETE from several tables"));
        };
        let ast::TableFactor::Table {
            name: table, alias, ..
        } = &from.relation
        else {
            return Err(SqlError::unsupported(
                "DELETE from something that is no table",
            ));
        };
        let (name, _) = self.table(table)?;
        let mut attempts = 0;
        loop {
            let mut t = self.view()?;
            let entry = table_of(&t, &name)?;
            let everything = d.selection.is_none() && d.using.is_none() && {
                let b = self.binder(self.env(), &t, parameters);
                let object = Object::Table(Arc::clone(&entry));
                b.dialect.visible_rows(&b, &object)?.is_none()
            };
            let (data, n) = if everything {
                (
                    TableData::empty(Arc::clone(&entry.data.schema)),
                    entry.data.rows,
                )
            } else {
                let (plan, scanned, streams) = {
                    let variables = self.variables.clone();
                    let lookup = move |n: &str| variables.get(n).cloned();
                    let mut b = self.binder(self.env(), &t, parameters);
                    b.variables = Some(&lookup);
                    let qualifier = b.target_alias(&name, alias.as_ref());
                    let (target, id) = b.scan_rows(&name, &entry, &qualifier)?;
                    let source =
                        b.dml_source(target, d.using.as_deref().unwrap_or_default(), &from.joins)?;
                    let mut builder = LogicalPlanBuilder::from(source.plan.clone());
                    b.set_columns(source.columns);
                    if let Some(w) = &d.selection {
                        let c = b.expr(w)?;
                        let c = b.condition(c)?;
                        builder = builder.filter(c.expr)?;
                    }
                    (
                        builder.project(vec![id.alias("row")])?.build()?,
                        b.scanned_rows,
                        std::mem::take(&mut b.streams),
                    )
                };
                consume(&mut t, &streams);
                let bounds = self.bounds();
                let found = self
                    .engine()
                    .executor
                    .collect(&plan, scanned, &bounds)
                    .await?;
                let mut keep = vec![true; entry.data.rows];
                for b in &found {
                    for r in b.column(0).as_primitive::<UInt64Type>().values() {
                        keep[*r as usize] = false;
                    }
                }
                let n = keep.iter().filter(|k| !**k).count();
                (without(&entry, &keep)?, n)
            };
            if n > 0 {
                t.set_object(
                    RELATION,
                    &name,
                    Some(Object::Table(Arc::new(entry.with_data(data)))),
                )?;
            }
            if self.settle(t, &mut attempts)? {
                return Ok(Completion {
                    deleted: n as u64,
                    ..Completion::of("DELETE", &name.name)
                });
            }
        }
    }

    pub(super) fn truncate(&mut self, t: &ast::Truncate) -> Result<Completion> {
        if t.partitions.is_some() {
            return Err(SqlError::unsupported("TRUNCATE … PARTITION"));
        }
        let mut object = None;
        for target in &t.table_names {
            let name = match self.table(&target.name) {
                Ok((n, _)) => n,
                Err(e) if t.if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {
                    continue;
                }
                Err(e) => return Err(e),
            };
            self.change(|tx| {
                let entry = table_of(tx, &name)?;
                let data = TableData::empty(Arc::clone(&entry.data.schema));
                tx.set_object(
                    RELATION,
                    &name,
                    Some(Object::Table(Arc::new(entry.with_data(data)))),
                )
            })?;
            object = Some(name.name);
        }
        Ok(Completion {
            object,
            ..Completion::new("TRUNCATE TABLE")
        })
    }
}

/// A table's rows without those that are not kept.
pub(super) fn without(entry: &TableEntry, keep: &[bool]) -> Result<TableData> {
    let mut out = Vec::with_capacity(entry.data.batches.len());
    let mut first = 0;
    for (b, ids) in entry.data.batches.iter().zip(&entry.data.ids) {
        let mine = &keep[first..first + b.num_rows()];
        first += b.num_rows();
        if mine.iter().all(|k| *k) {
            out.push((b.clone(), ids.clone()));
        } else {
            let rest = filter_record_batch(b, &BooleanArray::from(mine.to_vec()))?;
            out.push((rest, ids.filter(mine)));
        }
    }
    Ok(TableData::with_ids(Arc::clone(&entry.data.schema), out))
}
