//! Table functions with OVER (PARTITION BY … ORDER BY …): the program sees one partition after the other, whole and in order.
//! Their rows are computed while the statement is bound; without OVER they are computed in batches (`table`).
//!
//! Source: "Table functions and partitions", "Tabular JavaScript UDFs (UDTFs)".

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take};
use arrow::row::{RowConverter, SortField};
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, SortExpr};
use dwsim_engine::catalog::{Returns, Routine};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::{Call, Typed};
use dwsim_engine::plan::{Binder, Relation, TablePartition};
use dwsim_engine::types::{ColumnInfo, SqlType};

use super::function::converted;
use super::machine::Limits;
use super::table::run;
use super::values;

/// The call of a JavaScript table function over partitions of what stands before it.
///
/// # Errors
/// What the plan or the program gives.
pub(crate) fn partitioned_table(
    binder: &mut Binder<'_>,
    routine: &Arc<Routine>,
    args: Vec<Typed>,
    left: Option<Relation>,
    partition: &TablePartition,
    limits: Limits,
) -> Result<Relation> {
    let Returns::Table(outputs) = &routine.returns else {
        return Err(SqlError::internal("a table function without columns"));
    };
    let left = match left {
        Some(l) => l,
        None => Relation {
            plan: LogicalPlanBuilder::empty(true).build()?,
            columns: Vec::new(),
        },
    };
    let width = left.columns.len();
    let types: Vec<SqlType> = args.iter().map(|a| a.ty.clone()).collect();
    let mut exprs: Vec<Expr> = left
        .columns
        .iter()
        .map(|c| Expr::Column(c.internal.clone()))
        .collect();
    let mut named = |hint: &str, e: Expr| -> Expr {
        let name = binder.fresh(hint);
        exprs.push(e.alias(&name));
        Expr::Column(Column::from_name(name))
    };
    for a in args {
        named("argument", a.expr);
    }
    let mut sorts = Vec::new();
    for p in &partition.by {
        let column = named("partition", p.clone());
        sorts.push(SortExpr::new(column, true, true));
    }
    for o in &partition.order {
        let column = named("order", o.expr.clone());
        sorts.push(SortExpr::new(column, o.asc, o.nulls_first));
    }
    let mut plan = LogicalPlanBuilder::from(left.plan).project(exprs)?;
    if !sorts.is_empty() {
        plan = plan.sort(sorts)?;
    }
    let batches = binder.rows_now(&plan.build()?)?;
    let infos: Vec<ColumnInfo> = left
        .columns
        .iter()
        .map(|c| ColumnInfo::new(&c.name, c.ty.clone()))
        .chain(outputs.iter().map(|(n, t)| ColumnInfo::new(n, t.clone())))
        .collect();
    let rows = match batches.first() {
        None => Vec::new(),
        Some(first) => {
            let all = concat_batches(&first.schema(), &batches)?;
            // The left columns that stay in the rows written when a partition ends.
            let keys: Vec<bool> = left
                .columns
                .iter()
                .map(|c| {
                    let own = Expr::Column(c.internal.clone());
                    partition.by.contains(&own)
                })
                .collect();
            let shape = Shape {
                width,
                keys,
                by: partition.by.len(),
                types,
            };
            vec![computed(binder, routine, outputs, &all, &shape, &limits)?]
        }
    };
    let mut r = binder.values_relation(infos, rows)?;
    for (own, old) in r.columns.iter_mut().zip(&left.columns) {
        own.qualifier.clone_from(&old.qualifier);
        own.name.clone_from(&old.name);
        own.hidden = old.hidden;
    }
    for own in &mut r.columns[width..] {
        own.qualifier = vec![routine.name.clone()];
    }
    Ok(r)
}

/// The columns of the input: those on the left, the arguments, the keys of the partitions.
struct Shape {
    width: usize,
    keys: Vec<bool>,
    by: usize,
    types: Vec<SqlType>,
}

fn computed(
    binder: &Binder<'_>,
    routine: &Arc<Routine>,
    outputs: &[(String, SqlType)],
    all: &RecordBatch,
    shape: &Shape,
    limits: &Limits,
) -> Result<RecordBatch> {
    let arguments = shape.width..shape.width + shape.types.len();
    let keys = &all.columns()[arguments.end..arguments.end + shape.by];
    // For each written row, the input rows whose left columns and whose partition's keys it has.
    let mut from: Vec<Option<u32>> = Vec::new();
    let mut of: Vec<u32> = Vec::new();
    let mut written: Vec<Vec<serde_json::Value>> = Vec::new();
    for (start, end) in partitions(keys, all.num_rows())? {
        let columns: Vec<(ArrayRef, bool)> = all.columns()[arguments.clone()]
            .iter()
            .map(|a| (a.slice(start, end - start), false))
            .collect();
        let out = run(
            routine,
            outputs,
            limits,
            &columns,
            &shape.types,
            end - start,
        )?;
        for (row, lines) in out.rows.into_iter().enumerate() {
            for line in lines {
                from.push(Some((start + row) as u32));
                of.push(start as u32);
                written.push(line);
            }
        }
        for line in out.last {
            from.push(None);
            of.push(start as u32);
            written.push(line);
        }
    }
    let (from, of) = (UInt32Array::from(from), UInt32Array::from(of));
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(shape.width + outputs.len());
    for (column, key) in all.columns()[..shape.width].iter().zip(&shape.keys) {
        let rows = if *key { &of } else { &from };
        arrays.push(take(column.as_ref(), rows, None)?);
    }
    let call = Call {
        name: &routine.name,
        args: &[],
        types: &[],
        returns: &SqlType::Null,
        rows: written.len(),
        env: &binder.env,
    };
    for (i, (_, ty)) in outputs.iter().enumerate() {
        let column: Vec<&serde_json::Value> = written.iter().map(|r| &r[i]).collect();
        let (array, from) = values::decode(&column, ty)?;
        arrays.push(converted(&call, array, &from, ty)?);
    }
    let fields: Vec<arrow::datatypes::Field> = arrays
        .iter()
        .enumerate()
        .map(|(i, a)| arrow::datatypes::Field::new(format!("c{i}"), a.data_type().clone(), true))
        .collect();
    let schema = Arc::new(arrow::datatypes::Schema::new(fields));
    Ok(RecordBatch::try_new(schema, arrays)?)
}

/// Where each partition of sorted rows starts and ends.
fn partitions(keys: &[ArrayRef], rows: usize) -> Result<Vec<(usize, usize)>> {
    if rows == 0 {
        return Ok(Vec::new());
    }
    if keys.is_empty() {
        return Ok(vec![(0, rows)]);
    }
    let fields = keys
        .iter()
        .map(|k| SortField::new(k.data_type().clone()))
        .collect();
    let values = RowConverter::new(fields)?.convert_columns(keys)?;
    let mut out = Vec::new();
    let mut start = 0;
    for row in 1..=rows {
        if row == rows || values.row(row) != values.row(start) {
            out.push((start, row));
            start = row;
        }
    }
    Ok(out)
}
