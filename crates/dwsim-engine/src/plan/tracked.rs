//! The rows of a view with identities that stay with them while the rows of its tables do, for streams on views.
//! What changed between two such versions is found by `changes`.
//!
//! Source: Snowflake "Introduction to Streams", "Streams on views".

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::UInt64Type;
use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::{Column, JoinType};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};

use super::Binder;
use super::query::has_subquery;
use crate::catalog::{
    ColumnDef, Object, ObjectKind, ObjectName, RowIds, TableData, TableDef, TableEntry,
};
use crate::error::{Result, SqlError};
use crate::exec::{ROW_ID, TableProviderOf};

fn refused(what: &str) -> SqlError {
    SqlError::raw(
        "002718",
        "0A000",
        format!("SQL compilation error:\nChange tracking is not supported on queries with {what}."),
    )
}

/// One identity from those of the rows that a row was made of; it stays below 2^62.
fn mixed(ids: impl Iterator<Item = u64>) -> u64 {
    let mut state = 0u64;
    for id in ids {
        let mut z = state
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(id)
            .wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        state = z ^ (z >> 31);
    }
    state >> 2
}

impl Binder<'_> {
    /// A version of a view: its rows now, with identities; of the same table as `like`, an earlier one.
    ///
    /// # Errors
    /// When there is no such view, its query is of a kind whose changes are not tracked, or running it fails.
    pub fn view_version(
        &mut self,
        name: &ObjectName,
        like: Option<&TableEntry>,
    ) -> Result<Arc<TableEntry>> {
        let Some(Object::View(v)) = self.catalog.object(ObjectKind::Relation, name).cloned() else {
            return Err(crate::error::ErrorKind::UnknownObject {
                kind: "view",
                name: name.to_string(),
            }
            .into());
        };
        let relation = self.view(name, &v)?;
        let columns: Vec<ColumnDef> = relation
            .columns
            .iter()
            .map(|c| ColumnDef::new(&c.name, c.ty.clone()))
            .collect();
        let def = match like {
            Some(l) if l.def.columns == columns => Arc::clone(&l.def),
            Some(l) => Arc::new(TableDef {
                columns,
                ..TableDef::clone(&l.def)
            }),
            None => Arc::new(TableDef::new(columns, "")),
        };
        let width = relation.columns.len();
        let (plan, ids) = self.tracked(relation.plan)?;
        let mut exprs: Vec<Expr> = relation
            .columns
            .iter()
            .map(|c| Expr::Column(c.internal.clone()))
            .collect();
        exprs.extend(ids.into_iter().map(Expr::Column));
        let plan = LogicalPlanBuilder::from(plan).project(exprs)?.build()?;
        let schema = def.arrow();
        let parts = self
            .rows_now(&plan)?
            .into_iter()
            .map(|b| {
                let of: Vec<_> = b.columns()[width..]
                    .iter()
                    .map(|a| a.as_primitive::<UInt64Type>())
                    .collect();
                let ids = (0..b.num_rows())
                    .map(|row| {
                        mixed(
                            of.iter()
                                .map(|a| if a.is_null(row) { 0 } else { a.value(row) }),
                        )
                    })
                    .collect();
                let rows =
                    RecordBatch::try_new(Arc::clone(&schema), b.columns()[..width].to_vec())?;
                Ok((rows, RowIds::List(ids)))
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Arc::new(TableEntry {
            def,
            data: Arc::new(TableData::with_ids(schema, parts)),
            changed: chrono::Utc::now().timestamp_millis(),
        }))
    }

    /// A plan with the identities of the rows that each of its rows was made of, as further columns.
    fn tracked(&mut self, plan: LogicalPlan) -> Result<(LogicalPlan, Vec<Column>)> {
        let input = |p: Arc<LogicalPlan>| Arc::unwrap_or_clone(p);
        match plan {
            LogicalPlan::TableScan(scan) => {
                let provider = source_as_provider(&scan.source)?;
                let entry = provider
                    .downcast_ref::<TableProviderOf>()
                    .and_then(TableProviderOf::entry)
                    .ok_or_else(|| refused("rows that are in no table"))?;
                let mut exprs: Vec<Expr> = scan
                    .projected_schema
                    .columns()
                    .into_iter()
                    .map(Expr::Column)
                    .collect();
                let id = self.fresh("id");
                let own = Column::new(Some(scan.table_name.clone()), ROW_ID);
                exprs.push(Expr::Column(own).alias(&id));
                let provider = Arc::new(TableProviderOf::with_identities(&entry)?);
                let plan =
                    LogicalPlanBuilder::scan(scan.table_name, provider_as_source(provider), None)?
                        .project(exprs)?
                        .build()?;
                Ok((plan, vec![Column::from_name(id)]))
            }
            LogicalPlan::Projection(p) => {
                if p.expr.iter().any(has_subquery) {
                    return Err(refused("subqueries outside of FROM"));
                }
                let (inner, ids) = self.tracked(input(p.input))?;
                let mut exprs = p.expr;
                exprs.extend(ids.iter().cloned().map(Expr::Column));
                let plan = LogicalPlanBuilder::from(inner).project(exprs)?.build()?;
                Ok((plan, ids))
            }
            LogicalPlan::Filter(f) => {
                if has_subquery(&f.predicate) {
                    return Err(refused("subqueries outside of FROM"));
                }
                let (inner, ids) = self.tracked(input(f.input))?;
                let plan = LogicalPlanBuilder::from(inner)
                    .filter(f.predicate)?
                    .build()?;
                Ok((plan, ids))
            }
            LogicalPlan::Sort(s) if s.fetch.is_none() => self.tracked(input(s.input)),
            LogicalPlan::Join(j) if j.join_type == JoinType::Inner => {
                let (left, mut ids) = self.tracked(input(j.left))?;
                let (right, more) = self.tracked(input(j.right))?;
                ids.extend(more);
                let mut on: Vec<Expr> = j.on.into_iter().map(|(a, b)| a.eq(b)).collect();
                on.extend(j.filter);
                let builder = LogicalPlanBuilder::from(left);
                let plan = if on.is_empty() {
                    builder.cross_join(right)?.build()?
                } else {
                    builder.join_on(right, JoinType::Inner, on)?.build()?
                };
                Ok((plan, ids))
            }
            LogicalPlan::Join(_) => Err(refused("outer joins")),
            LogicalPlan::Union(u) => {
                let names: Vec<_> = u
                    .schema
                    .iter()
                    .map(|(q, f)| (q.cloned(), f.name().clone()))
                    .collect();
                let mut parts = Vec::with_capacity(u.inputs.len());
                for part in u.inputs {
                    let columns = part.schema().columns();
                    let (plan, ids) = self.tracked(input(part))?;
                    parts.push((plan, columns, ids));
                }
                let most = parts.iter().map(|(_, _, ids)| ids.len()).max().unwrap_or(0);
                let own: Vec<String> = (0..=most).map(|_| self.fresh("id")).collect();
                let mut all: Option<LogicalPlanBuilder> = None;
                for (number, (plan, columns, ids)) in parts.into_iter().enumerate() {
                    let mut exprs: Vec<Expr> = columns
                        .into_iter()
                        .zip(&names)
                        .map(|(c, (q, n))| Expr::Column(c).alias_qualified(q.clone(), n))
                        .collect();
                    for (i, name) in own.iter().enumerate() {
                        // Which part a row comes from belongs to its identity.
                        let id = match ids.get(i) {
                            Some(c) if i < most => Expr::Column(c.clone()),
                            _ if i == most => lit(number as u64),
                            _ => lit(0u64),
                        };
                        exprs.push(id.alias(name));
                    }
                    let part = LogicalPlanBuilder::from(plan).project(exprs)?.build()?;
                    all = Some(match all {
                        None => LogicalPlanBuilder::from(part),
                        Some(b) => b.union(part)?,
                    });
                }
                match all {
                    Some(b) => Ok((b.build()?, own.into_iter().map(Column::from_name).collect())),
                    None => Err(SqlError::internal("a union of nothing")),
                }
            }
            LogicalPlan::Aggregate(_) => Err(refused("GROUP BY or aggregate functions")),
            LogicalPlan::Distinct(_) => Err(refused("DISTINCT")),
            LogicalPlan::Limit(_) | LogicalPlan::Sort(_) => Err(refused("LIMIT")),
            LogicalPlan::Window(_) => Err(refused("window functions or QUALIFY")),
            LogicalPlan::Unnest(_) => Err(refused("table functions")),
            other => Err(refused(
                other
                    .display()
                    .to_string()
                    .split([':', ' '])
                    .next()
                    .unwrap_or("this operation"),
            )),
        }
    }
}
