//! What all row-changing statements share: fitting rows to a table, NOT NULL, identity values, appending.
//! Which rows they are is decided in the statements' own files.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};

use super::Session;
use super::state::RELATION;
use crate::catalog::{Object, ObjectName, TableDef, TableEntry, Transaction};
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::{Typed, conform};
use crate::plan::{Binder, Relation};
use crate::types::SqlType;

/// The value of one target column of an insert.
pub(super) enum Target {
    /// Computed by the plan.
    Value(Typed),
    /// Taken from the column's identity after the plan ran.
    Identity,
}

impl Binder<'_> {
    /// A column's default, or NULL; identity columns are filled later.
    pub(super) fn default_of(&mut self, def: &TableDef, i: usize) -> Result<Target> {
        let c = &def.columns[i];
        if c.identity.is_some() {
            return Ok(Target::Identity);
        }
        match &c.default {
            Some(text) => {
                let e = self.dialect.parse_expr(text)?;
                let t = self.expr(&e)?;
                Ok(Target::Value(self.stored(t, c)?))
            }
            None => Ok(Target::Value(self.null(&c.ty)?)),
        }
    }

    /// A plan that computes every column of a table, in order, from a relation. `given` are the target
    /// columns in the order of the relation's columns. Identity columns without a value come out as NULL
    /// and are listed.
    ///
    /// # Errors
    /// When the numbers of columns differ or a type does not fit.
    pub fn fit(
        &mut self,
        source: Relation,
        def: &TableDef,
        given: &[usize],
    ) -> Result<(LogicalPlan, Vec<usize>)> {
        let visible: Vec<_> = source
            .columns
            .iter()
            .filter(|c| !c.hidden)
            .cloned()
            .collect();
        if visible.len() != given.len() {
            return Err(match self.env.dialect {
                crate::dialect::DialectName::Snowflake => SqlError::raw(
                    "002020",
                    "21S01",
                    format!(
                        "SQL compilation error:\nInsert value list does not match column list expecting {} but got {}",
                        given.len(),
                        visible.len()
                    ),
                ),
                crate::dialect::DialectName::Redshift => SqlError::raw(
                    "",
                    "42601",
                    if visible.len() > given.len() {
                        "INSERT has more expressions than target columns"
                    } else {
                        "INSERT has more target columns than expressions"
                    },
                ),
            });
        }
        let mut exprs = Vec::with_capacity(def.columns.len());
        let mut identities = Vec::new();
        for (i, c) in def.columns.iter().enumerate() {
            let t = match given.iter().position(|g| *g == i) {
                Some(at) => self.stored(visible[at].typed(), c)?,
                None => match self.default_of(def, i)? {
                    Target::Value(t) => t,
                    Target::Identity => {
                        identities.push(i);
                        self.null(&c.ty)?
                    }
                },
            };
            let name = self.fresh(&c.name);
            exprs.push(t.expr.alias(name));
        }
        let plan = LogicalPlanBuilder::from(source.plan)
            .project(exprs)?
            .build()?;
        Ok((plan, identities))
    }

    /// The positions of named columns of a table; all of them when none is named.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownColumn`], or a name given twice.
    pub fn target_columns(&self, def: &TableDef, names: &[String]) -> Result<Vec<usize>> {
        if names.is_empty() {
            return Ok((0..def.columns.len()).collect());
        }
        let mut out = Vec::with_capacity(names.len());
        for n in names {
            let i = def
                .index_of(n)
                .ok_or_else(|| SqlError::new(ErrorKind::UnknownColumn(n.clone())))?;
            if out.contains(&i) {
                return Err(match self.env.dialect {
                    crate::dialect::DialectName::Redshift => SqlError::raw(
                        "",
                        "42701",
                        format!("column \"{n}\" specified more than once"),
                    ),
                    crate::dialect::DialectName::Snowflake => SqlError::raw(
                        "002025",
                        "42S21",
                        format!("SQL compilation error:\nduplicate column name '{n}'"),
                    ),
                });
            }
            out.push(i);
        }
        Ok(out)
    }
}

/// Fails when a NOT NULL column holds a NULL.
pub(super) fn check_not_null(def: &TableDef, batches: &[RecordBatch]) -> Result<()> {
    for (i, c) in def.columns.iter().enumerate() {
        if c.not_null && batches.iter().any(|b| b.column(i).null_count() > 0) {
            return Err(ErrorKind::NullInNotNull(c.name.clone()).into());
        }
    }
    Ok(())
}

impl Session {
    /// Runs a plan whose columns are those of a table and gives batches with its schema.
    pub(super) async fn rows_for(
        &self,
        plan: &LogicalPlan,
        scanned: usize,
        entry: &TableEntry,
    ) -> Result<Vec<RecordBatch>> {
        let bounds = self.bounds();
        let batches = self
            .engine()
            .executor
            .collect(plan, scanned, &bounds)
            .await?;
        let schema = &entry.data.schema;
        batches
            .into_iter()
            .filter(|b| b.num_rows() > 0)
            .map(|b| {
                Ok(RecordBatch::try_new(
                    Arc::clone(schema),
                    b.columns().to_vec(),
                )?)
            })
            .collect()
    }

    /// An error of computing a table's new rows with the column it happened in, as Snowflake tells it.
    pub(super) async fn failing_column(
        &self,
        error: crate::error::SqlError,
        plan: &LogicalPlan,
        scanned: usize,
        (name, entry): (&ObjectName, &TableEntry),
        given: &[usize],
    ) -> crate::error::SqlError {
        let is_value = |e: &crate::error::SqlError| {
            matches!(
                *e.kind,
                ErrorKind::InvalidValue { .. }
                    | ErrorKind::OutOfRange { .. }
                    | ErrorKind::TooLong { .. }
                    | ErrorKind::VariantCast { .. }
            )
        };
        if self.dialect().name() != crate::dialect::DialectName::Snowflake || !is_value(&error) {
            return error;
        }
        let told = |e: &crate::error::SqlError, column: &str| {
            let r = e.snowflake();
            crate::error::SqlError::raw(
                r.code,
                r.sqlstate,
                format!(
                    "DML operation to table {} failed on column {column} with error: {}",
                    name.name, r.message
                ),
            )
        };
        // The values of VALUES are looked at one by one: a plan of them computes all or none.
        let mut values = None;
        let _ = plan.apply(|p| {
            if let LogicalPlan::Values(v) = p {
                values = Some(v.clone());
                return Ok(TreeNodeRecursion::Stop);
            }
            Ok(TreeNodeRecursion::Continue)
        });
        if let Some(values) = values {
            let cells = values.values.iter().flat_map(|row| row.iter().zip(given));
            for (cell, i) in cells {
                if let Err(e) = crate::exec::constant(cell)
                    && is_value(&e)
                {
                    return told(&e, &entry.def.columns[*i].name);
                }
            }
            return error;
        }
        let bounds = self.bounds();
        for (field, column) in plan.schema().columns().into_iter().zip(&entry.def.columns) {
            let Ok(one) = LogicalPlanBuilder::from(plan.clone())
                .project(vec![datafusion::logical_expr::Expr::Column(field)])
                .and_then(LogicalPlanBuilder::build)
            else {
                continue;
            };
            let outcome = self.engine().executor.collect(&one, scanned, &bounds).await;
            if let Err(e) = outcome
                && is_value(&e)
            {
                return told(&e, &column.name);
            }
        }
        error
    }

    /// Fills identity columns from their counters.
    pub(super) fn fill_identities(
        &self,
        transaction: &Transaction,
        name: &ObjectName,
        entry: &TableEntry,
        identities: &[usize],
        batches: Vec<RecordBatch>,
    ) -> Result<Vec<RecordBatch>> {
        if identities.is_empty() {
            return Ok(batches);
        }
        let db = transaction
            .database(&name.database)
            .ok_or_else(|| ErrorKind::UnknownObject {
                kind: "database",
                name: name.database.clone(),
            })?;
        batches
            .into_iter()
            .map(|b| {
                let mut columns: Vec<ArrayRef> = b.columns().to_vec();
                for i in identities {
                    let c = &entry.def.columns[*i];
                    let Some(id) = &c.identity else { continue };
                    let n = b.num_rows();
                    let first = db.counters.take(id.oid, id.start, id.step, n as u64);
                    let values: Int64Array = (0..n as i64).map(|k| first + k * id.step).collect();
                    columns[*i] = conform(Arc::new(values), &c.ty)?;
                }
                Ok(RecordBatch::try_new(b.schema(), columns)?)
            })
            .collect()
    }

    /// Appends rows that have the table's schema: COPY. NOT NULL is checked, identities are not filled.
    ///
    /// # Errors
    /// When the table is gone, a NOT NULL column holds NULL, or another session is in the way.
    pub fn append(&mut self, name: &ObjectName, batches: &[RecordBatch]) -> Result<u64> {
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        self.change(|t| {
            let entry = table_of(t, name)?;
            check_not_null(&entry.def, batches)?;
            let data = entry.data.append(batches.to_vec())?;
            t.set_object(
                RELATION,
                name,
                Some(Object::Table(Arc::new(entry.with_data(data)))),
            )
        })?;
        Ok(rows as u64)
    }

    /// Casts columns to a table's types and completes them with defaults and identities, ready for
    /// [`Session::append`]. `given[i]` is the table column that column `i` of the batches is for.
    ///
    /// # Errors
    /// When a value does not fit its column.
    pub async fn complete_rows(
        &mut self,
        name: &ObjectName,
        given: &[usize],
        types: &[SqlType],
        batches: Vec<RecordBatch>,
    ) -> Result<Vec<RecordBatch>> {
        let view = self.view()?;
        let entry = table_of(&view, name)?;
        let (plan, identities, scanned) = {
            let mut b = self.binder(self.env(), &view, &[]);
            let columns = types
                .iter()
                .enumerate()
                .map(|(i, ty)| crate::types::ColumnInfo::new(format!("c{i}"), ty.clone()))
                .collect();
            let source = b.values_relation(columns, batches)?;
            let (plan, identities) = b.fit(source, &entry.def, given)?;
            (plan, identities, b.scanned_rows)
        };
        let rows = self.rows_for(&plan, scanned, &entry).await?;
        self.fill_identities(&view, name, &entry, &identities, rows)
    }
}

/// Notes the streams that a statement has read and changes data with.
pub(super) fn consume(t: &mut Transaction, streams: &[(ObjectName, Arc<TableEntry>)]) {
    for (name, reached) in streams {
        t.consume(name, reached);
    }
}

/// A table that must be there.
pub(super) fn table_of(t: &Transaction, name: &ObjectName) -> Result<Arc<TableEntry>> {
    match t.object(RELATION, name) {
        Some(Object::Table(e)) => Ok(Arc::clone(e)),
        _ => Err(ErrorKind::UnknownObject {
            kind: "table",
            name: name.name.clone(),
        }
        .into()),
    }
}
