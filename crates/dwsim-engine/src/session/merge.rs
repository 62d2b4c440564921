//! MERGE: one plan joins source and target, decides each row's clause and computes its values; then all
//! changes are made at once. Each target row may be changed once only.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, UInt64Array};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{Int32Type, UInt64Type};
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{Column, JoinType};
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Window, lit};
use datafusion::scalar::ScalarValue;
use sqlparser::ast::{self, MergeAction, MergeClauseKind, MergeInsertKind};

use super::delete::without;
use super::state::RELATION;
use super::update::{Changes, apply, shown_row};
use super::write::{Target, check_not_null, consume, table_of};
use super::{Completion, Session};
use crate::catalog::{Object, TableEntry};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Typed;
use crate::plan::{Binder, ScopeColumn};

/// What one WHEN clause does, and where its values are in the plan's output.
enum Action {
    Update { columns: Vec<(usize, usize)> },
    Delete,
    Insert { values: Vec<Option<usize>> },
    Nothing,
}

/// The column that a dialect's parser writes for `ALL BY NAME`: all columns of the target take the values of the source's
/// columns of the same names.
pub const SAME_NAMES: &str = "$SAME_NAMES";

fn same_names(target: &ast::AssignmentTarget) -> bool {
    matches!(target, ast::AssignmentTarget::ColumnName(n)
        if matches!(n.0.as_slice(), [one] if one.as_ident().is_some_and(|i| i.value == SAME_NAMES)))
}

impl Binder<'_> {
    /// The value that a column of the target takes from the source's column of the same name.
    fn same_name(&mut self, entry: &TableEntry, i: usize, source: &[ScopeColumn]) -> Result<Typed> {
        let column = &entry.def.columns[i];
        let mut found = source.iter().filter(|c| !c.hidden && c.name == column.name);
        let value = match (found.next(), found.next()) {
            (Some(c), None) => c.typed(),
            (Some(_), Some(_)) => {
                return Err(ErrorKind::AmbiguousColumn(column.name.clone()).into());
            }
            _ => return Err(ErrorKind::UnknownColumn(column.name.clone()).into()),
        };
        self.assignable(&value, &column.ty, &column.name)?;
        self.stored(value, column)
    }
}

/// Whether a value is a part of a SUPER.
fn partly_read(e: &Expr) -> bool {
    e.exists(|x| Ok(matches!(x, Expr::ScalarFunction(f) if f.func.name() == "path")))
        .unwrap_or(false)
}

fn partial_super() -> SqlError {
    SqlError::raw(
        "",
        "0A000",
        "Partial reference of SUPER column is not supported in MERGE statement.",
    )
}

impl Session {
    pub(super) async fn merge(
        &mut self,
        m: &ast::Merge,
        parameters: &[Typed],
    ) -> Result<Completion> {
        if m.output.is_some() {
            return Err(SqlError::unsupported("MERGE … OUTPUT"));
        }
        let ast::TableFactor::Table {
            name: table, alias, ..
        } = &m.table
        else {
            return Err(SqlError::unsupported(
                "MERGE INTO something that is no table",
            ));
        };
        let (name, _) = self.table(table)?;
        let mut attempts = 0;
        loop {
            let mut t = self.view()?;
            let entry = table_of(&t, &name)?;
            let (plan, actions, scanned, streams) = {
                let variables = self.variables.clone();
                let lookup = move |n: &str| variables.get(n).cloned();
                let mut b = self.binder(self.env(), &t, parameters);
                b.variables = Some(&lookup);
                let qualifier = b.target_alias(&name, alias.as_ref());
                let (target, id) = b.scan_rows(&name, &entry, &qualifier)?;
                let source = b.factor(&m.source)?;
                // a row that is not matched has the source's columns alone
                let unmatched = source.columns.clone();
                let columns: Vec<_> = unmatched.iter().chain(&target.columns).cloned().collect();
                b.set_columns(columns.clone());
                let on = b.expr(&m.on)?;
                let on = b.condition(on)?;
                if b.env.dialect == DialectName::Redshift && partly_read(&on.expr) {
                    return Err(partial_super());
                }
                // Redshift tells apart which source row a changed row comes from.
                let number = b.fresh("source");
                let numbered = b.env.dialect == DialectName::Redshift;
                let mut source_plan = source.plan;
                if numbered {
                    let counter = row_number();
                    let mut exprs: Vec<Expr> = source_plan
                        .schema()
                        .columns()
                        .into_iter()
                        .map(Expr::Column)
                        .collect();
                    let counted = LogicalPlan::Window(Window::try_new(
                        vec![counter.clone()],
                        Arc::new(source_plan),
                    )?);
                    exprs.push(
                        Expr::Column(Column::from_name(counter.schema_name().to_string()))
                            .alias(&number),
                    );
                    source_plan = LogicalPlanBuilder::from(counted).project(exprs)?.build()?;
                }
                let joined = LogicalPlanBuilder::from(source_plan).join_on(
                    target.plan,
                    JoinType::Left,
                    vec![on.expr],
                )?;
                let matched = id.clone().is_not_null();
                let mut whens: Vec<(Box<Expr>, Box<Expr>)> = Vec::new();
                for (i, c) in m.clauses.iter().enumerate() {
                    b.set_columns(match c.clause_kind {
                        MergeClauseKind::Matched => columns.clone(),
                        _ => unmatched.clone(),
                    });
                    let mut when = match c.clause_kind {
                        MergeClauseKind::Matched => matched.clone(),
                        MergeClauseKind::NotMatched | MergeClauseKind::NotMatchedByTarget => {
                            Expr::Not(Box::new(matched.clone()))
                        }
                        MergeClauseKind::NotMatchedBySource => {
                            return Err(SqlError::unsupported("WHEN NOT MATCHED BY SOURCE"));
                        }
                    };
                    if let Some(p) = &c.predicate {
                        let p = b.expr(p)?;
                        when = when.and(b.condition(p)?.expr);
                    }
                    whens.push((Box::new(when), Box::new(lit(i as i32))));
                }
                if whens.is_empty() {
                    return Err(SqlError::new(ErrorKind::Syntax {
                        message: "MERGE without WHEN".into(),
                        near: String::new(),
                    }));
                }
                let action = Expr::Case(Case::new(None, whens, Some(Box::new(lit(-1i32)))));
                let mut exprs = vec![id.alias("row"), action.clone().alias("action")];
                if numbered {
                    let number = Expr::Column(Column::from_name(number));
                    exprs.push(number.alias("source"));
                }
                let mut actions = Vec::new();
                for (i, c) in m.clauses.iter().enumerate() {
                    b.set_columns(match c.clause_kind {
                        MergeClauseKind::Matched => columns.clone(),
                        _ => unmatched.clone(),
                    });
                    // A value is computed only for the rows of its clause.
                    let add = |t: Typed, exprs: &mut Vec<Expr>| -> Result<usize> {
                        if numbered && partly_read(&t.expr) {
                            return Err(partial_super());
                        }
                        let only = Expr::Case(Case::new(
                            None,
                            vec![(Box::new(action.clone().eq(lit(i as i32))), Box::new(t.expr))],
                            Some(Box::new(Expr::Literal(
                                ScalarValue::try_from(&t.ty.arrow())?,
                                None,
                            ))),
                        ));
                        let at = exprs.len();
                        exprs.push(only.alias(format!("v{at}")));
                        Ok(at)
                    };
                    actions.push(match &c.action {
                        MergeAction::Delete { .. } => Action::Delete,
                        MergeAction::DoNothing { .. } => Action::Nothing,
                        MergeAction::Update(u) => {
                            if u.update_predicate.is_some() || u.delete_predicate.is_some() {
                                return Err(SqlError::unsupported("WHERE inside a MERGE clause"));
                            }
                            let mut columns = Vec::new();
                            match &u.kind {
                                ast::MergeUpdateKind::Set(assignments) => {
                                    for a in assignments {
                                        if same_names(&a.target) {
                                            for col in 0..entry.def.columns.len() {
                                                let v = b.same_name(&entry, col, &unmatched)?;
                                                columns.push((col, add(v, &mut exprs)?));
                                            }
                                            continue;
                                        }
                                        let col = b.assigned(&entry, &a.target)?;
                                        let v = b.assigned_value(&entry, col, &a.value)?;
                                        columns.push((col, add(v, &mut exprs)?));
                                    }
                                }
                                _ => return Err(SqlError::unsupported("this form of MERGE … UPDATE")),
                            }
                            Action::Update { columns }
                        }
                        MergeAction::Insert(ins) => {
                            if ins.insert_predicate.is_some() {
                                return Err(SqlError::unsupported("WHERE inside a MERGE clause"));
                            }
                            let names: Vec<String> = ins
                                .columns
                                .iter()
                                .filter_map(|c| c.0.last().and_then(|p| p.as_ident()).map(|i| self.dialect().fold(i)))
                                .collect();
                            if matches!(names.as_slice(), [n] if n == SAME_NAMES) {
                                let mut out = Vec::with_capacity(entry.def.columns.len());
                                for (col, def) in entry.def.columns.iter().enumerate() {
                                    let v = b.same_name(&entry, col, &unmatched)?;
                                    let v = b.stored(v, def)?;
                                    out.push(Some(add(v, &mut exprs)?));
                                }
                                actions.push(Action::Insert { values: out });
                                continue;
                            }
                            let given = b.target_columns(&entry.def, &names)?;
                            let MergeInsertKind::Values(values) = &ins.kind else {
                                return Err(SqlError::unsupported("MERGE … INSERT ROW"));
                            };
                            let [row] = values.rows.as_slice() else {
                                return Err(SqlError::unsupported("MERGE … INSERT of several rows"));
                            };
                            let row = row.as_slice();
                            if row.len() != given.len() {
                                return Err(SqlError::raw(
                                    "002020",
                                    "21S01",
                                    format!(
                                        "SQL compilation error:\nInsert value list does not match column list expecting {} but got {}",
                                        given.len(),
                                        row.len()
                                    ),
                                ));
                            }
                            let mut out = Vec::with_capacity(entry.def.columns.len());
                            for (col, def) in entry.def.columns.iter().enumerate() {
                                let v = match given.iter().position(|g| *g == col) {
                                    Some(at) => b.assigned_value(&entry, col, &row[at])?,
                                    None => match b.default_of(&entry.def, col)? {
                                        Target::Value(v) => v,
                                        Target::Identity => {
                                            out.push(None);
                                            continue;
                                        }
                                    },
                                };
                                let v = b.stored(v, def)?;
                                out.push(Some(add(v, &mut exprs)?));
                            }
                            Action::Insert { values: out }
                        }
                    });
                }
                b.values_only(exprs.iter_mut())?;
                let streams = std::mem::take(&mut b.streams);
                let plan = joined.project(exprs)?.build()?;
                (plan, actions, b.scanned_rows, streams)
            };
            consume(&mut t, &streams);
            let bounds = self.bounds();
            let found = self
                .engine()
                .executor
                .collect(&plan, scanned, &bounds)
                .await?;
            let done = self.apply_merge(&mut t, &name, &entry, &actions, &found)?;
            if self.settle(t, &mut attempts)? {
                return Ok(done);
            }
        }
    }

    fn apply_merge(
        &mut self,
        t: &mut crate::catalog::Transaction,
        name: &crate::catalog::ObjectName,
        entry: &Arc<TableEntry>,
        actions: &[Action],
        found: &[RecordBatch],
    ) -> Result<Completion> {
        let mut done = Completion::of("MERGE", &name.name);
        let Some(first) = found.first() else {
            return Ok(done);
        };
        let all = concat_batches(&first.schema(), found)?;
        let chosen = all.column(1).as_primitive::<Int32Type>().clone();
        let mut keep = vec![true; entry.data.rows];
        // Changed rows, and whether they were deleted: several deletions of a row say the same.
        let mut seen: HashMap<u64, bool> = HashMap::new();
        let mut current = entry.with_data((*entry.data).clone());
        let mut inserts = Vec::new();
        let strict = self.dialect().name() == DialectName::Redshift
            || self
                .parameters()
                .get("ERROR_ON_NONDETERMINISTIC_MERGE")
                .is_none_or(|v| v.eq_ignore_ascii_case("true"));
        for (i, action) in actions.iter().enumerate() {
            let mask: BooleanArray = chosen.iter().map(|c| Some(c == Some(i as i32))).collect();
            let mut rows = filter_record_batch(&all, &mask)?;
            if rows.num_rows() == 0 {
                continue;
            }
            if matches!(action, Action::Update { .. } | Action::Delete) {
                let ids = rows.column(0).as_primitive::<UInt64Type>().clone();
                let deletes = matches!(action, Action::Delete);
                let mut fresh = Vec::with_capacity(ids.len());
                for r in ids.values() {
                    let before = seen.insert(*r, deletes);
                    if let Some(deleted) = before
                        && strict
                        && !(deleted && deletes)
                    {
                        return Err(ErrorKind::DuplicateMatch(shown_row(entry, *r)).into());
                    }
                    fresh.push(before.is_none());
                }
                if fresh.contains(&false) {
                    rows = filter_record_batch(&rows, &BooleanArray::from(fresh))?;
                }
            }
            let ids = rows.column(0).as_primitive::<UInt64Type>();
            match action {
                Action::Nothing => {}
                Action::Delete => {
                    for r in ids.values() {
                        keep[*r as usize] = false;
                    }
                    done.deleted += rows.num_rows() as u64;
                }
                Action::Update { columns } => {
                    // Where all columns are set, target rows of one source row become one (r_MERGE: "MERGE can
                    // remove duplicate values").
                    if self.dialect().name() == DialectName::Redshift
                        && columns.len() == entry.def.columns.len()
                    {
                        let sources = rows.column(2).as_primitive::<UInt64Type>().clone();
                        let mut met = std::collections::HashSet::new();
                        let first: Vec<bool> =
                            sources.values().iter().map(|s| met.insert(*s)).collect();
                        for (row, first) in ids.values().iter().zip(&first) {
                            keep[*row as usize] &= *first;
                        }
                        rows = filter_record_batch(&rows, &BooleanArray::from(first))?;
                    }
                    let ids = rows.column(0).as_primitive::<UInt64Type>();
                    let changes = Changes {
                        rows: UInt64Array::from(ids.values().to_vec()),
                        columns: columns
                            .iter()
                            .map(|(c, at)| (*c, Arc::clone(rows.column(*at))))
                            .collect(),
                    };
                    let data = apply(&current, &changes)?;
                    current = entry.with_data(data);
                    done.updated += rows.num_rows() as u64;
                }
                Action::Insert { values } => {
                    let mut columns: Vec<ArrayRef> = Vec::with_capacity(values.len());
                    let mut identities = Vec::new();
                    for (c, v) in values.iter().enumerate() {
                        columns.push(match v {
                            Some(at) => Arc::clone(rows.column(*at)),
                            None => {
                                identities.push(c);
                                arrow::array::new_null_array(
                                    &entry.def.columns[c].ty.arrow(),
                                    rows.num_rows(),
                                )
                            }
                        });
                    }
                    let batch = RecordBatch::try_new(Arc::clone(&entry.data.schema), columns)?;
                    done.inserted += batch.num_rows() as u64;
                    inserts.extend(self.fill_identities(
                        t,
                        name,
                        entry,
                        &identities,
                        vec![batch],
                    )?);
                }
            }
        }
        let data = without(&current, &keep)?.append(inserts)?;
        check_not_null(&entry.def, &data.batches)?;
        t.set_object(
            RELATION,
            name,
            Some(Object::Table(Arc::new(entry.with_data(data)))),
        )?;
        Ok(done)
    }
}
