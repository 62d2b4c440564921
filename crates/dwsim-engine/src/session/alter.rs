//! ALTER TABLE: columns, constraints, names.
//! Clauses that only one dialect has (sort keys, clustering) are its crate's.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use datafusion::logical_expr::LogicalPlanBuilder;
use sqlparser::ast::{self, AlterColumnOperation, AlterTableOperation};

use super::columns::{column_def, name_constraints, table_constraint};
use super::state::RELATION;
use super::write::{Target, check_not_null, table_of};
use super::{Completion, Session};
use crate::catalog::{Object, ObjectName, TableData, TableDef, TableEntry};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};
use crate::plan::{CastMode, Relation};

impl Session {
    pub(super) async fn alter_table(&mut self, a: &ast::AlterTable) -> Result<Completion> {
        let done = |object: &str| Completion::of("ALTER TABLE", object);
        let found = self.relation(&a.name);
        let (name, object) = match found {
            Ok(x) => x,
            Err(e) if a.if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {
                return Ok(Completion {
                    skipped: true,
                    ..Completion::new("ALTER TABLE")
                });
            }
            Err(e) => return Err(e),
        };
        let mut current = name.clone();
        for op in &a.operations {
            match op {
                AlterTableOperation::RenameTable { table_name } => {
                    let (ast::RenameTableNameKind::As(to) | ast::RenameTableNameKind::To(to)) =
                        table_name;
                    current = self.rename_relation(&current, to)?;
                }
                AlterTableOperation::OwnerTo { .. } => {}
                AlterTableOperation::SwapWith { table_name } => {
                    let (other, _) = self.table(table_name)?;
                    let mine = current.clone();
                    self.change(|t| {
                        let (a, b) = (table_of(t, &mine)?, table_of(t, &other)?);
                        t.set_object(RELATION, &mine, Some(Object::Table(b)))?;
                        t.set_object(RELATION, &other, Some(Object::Table(a)))
                    })?;
                }
                _ if !matches!(object, Object::Table(_)) => {
                    return Err(SqlError::raw(
                        "002031",
                        "42809",
                        format!("\"{}\" is not a table", name.name),
                    ));
                }
                other => self.alter_entry(&current, other).await?,
            }
        }
        Ok(done(&current.name))
    }

    /// Renames a table or view, within its schema unless the new name says otherwise.
    ///
    /// # Errors
    /// [`ErrorKind::ObjectExists`].
    pub fn rename_relation(
        &mut self,
        from: &ObjectName,
        to: &ast::ObjectName,
    ) -> Result<ObjectName> {
        let parts: Vec<String> =
            to.0.iter()
                .filter_map(|p| p.as_ident())
                .map(|i| self.dialect().fold(i))
                .collect();
        let target = match parts.as_slice() {
            [n] => ObjectName {
                name: n.clone(),
                ..from.clone()
            },
            _ => self.resolve_parts(&parts)?,
        };
        let from = from.clone();
        self.change(|t| {
            let object =
                t.object(RELATION, &from)
                    .cloned()
                    .ok_or_else(|| ErrorKind::UnknownObject {
                        kind: "table",
                        name: from.name.clone(),
                    })?;
            if target != from && t.object(RELATION, &target).is_some() {
                return Err(ErrorKind::ObjectExists {
                    kind: "table",
                    name: target.name.clone(),
                }
                .into());
            }
            t.set_object(RELATION, &from, None)?;
            t.set_object(RELATION, &target, Some(object))
        })?;
        Ok(target)
    }

    async fn alter_entry(&mut self, name: &ObjectName, op: &AlterTableOperation) -> Result<()> {
        let view = self.view()?;
        let entry = table_of(&view, name)?;
        let next = self.altered(&view, name, &entry, op).await?;
        let Some(next) = next else { return Ok(()) };
        let next = Arc::new(next);
        self.change(|t| {
            // The rows were computed from this version.
            if !Arc::ptr_eq(&table_of(t, name)?, &entry) {
                return Err(ErrorKind::SerializationConflict(name.name.clone()).into());
            }
            t.set_object(RELATION, name, Some(Object::Table(Arc::clone(&next))))
        })
    }

    async fn altered(
        &mut self,
        view: &crate::catalog::Transaction,
        name: &ObjectName,
        entry: &Arc<TableEntry>,
        op: &AlterTableOperation,
    ) -> Result<Option<TableEntry>> {
        let dialect = Arc::clone(self.dialect());
        let mut def = TableDef::clone(&entry.def);
        let index = |def: &TableDef, i: &ast::Ident| -> Result<usize> {
            let n = dialect.fold(i);
            def.index_of(&n).ok_or_else(|| {
                ErrorKind::UnknownObject {
                    kind: "column",
                    name: n,
                }
                .into()
            })
        };
        match op {
            AlterTableOperation::AddColumn {
                if_not_exists,
                column_def: c,
                ..
            } => {
                let (col, keys) = column_def(dialect.as_ref(), c)?;
                if def.index_of(&col.name).is_some() {
                    if *if_not_exists {
                        return Ok(None);
                    }
                    return Err(ErrorKind::ObjectExists {
                        kind: "column",
                        name: col.name,
                    }
                    .into());
                }
                if col.not_null
                    && col.default.is_none()
                    && col.identity.is_none()
                    && entry.data.rows > 0
                {
                    return Err(match dialect.name() {
                        DialectName::Redshift => SqlError::raw(
                            "",
                            "0A000",
                            "ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression",
                        ),
                        DialectName::Snowflake => SqlError::raw(
                            "002023",
                            "42601",
                            format!(
                                "SQL compilation error:\nNon-nullable column '{}' cannot be added to non-empty table '{}' unless it has a non-null default value.",
                                col.name, name.name
                            ),
                        ),
                    });
                }
                def.columns.push(col);
                def.constraints.extend(keys);
                name_constraints(&name.name, &mut def.constraints);
                let at = def.columns.len() - 1;
                let ty = def.columns[at].ty.clone();
                let value = {
                    let mut b = self.binder(self.env(), view, &[]);
                    match b.default_of(&def, at)? {
                        Target::Value(t) => Some(crate::exec::constant(&t.expr)?),
                        Target::Identity => None,
                    }
                };
                let schema = def.arrow();
                let mut batches = Vec::with_capacity(entry.data.batches.len());
                for b in &entry.data.batches {
                    let mut columns = b.columns().to_vec();
                    columns.push(match &value {
                        Some(v) => v.to_array_of_size(b.num_rows())?,
                        None => new_null_array(&ty.arrow(), b.num_rows()),
                    });
                    batches.push(RecordBatch::try_new(Arc::clone(&schema), columns)?);
                }
                let identities = if value.is_none() { vec![at] } else { vec![] };
                let next = entry.with_def(def, TableData::empty(Arc::clone(&schema)));
                let batches = self.fill_identities(view, name, &next, &identities, batches)?;
                Ok(Some(next.with_data(entry.data.reshaped(schema, batches))))
            }
            AlterTableOperation::DropColumn {
                column_names,
                if_exists,
                ..
            } => {
                let mut drop = Vec::new();
                for c in column_names {
                    match index(&def, c) {
                        Ok(i) => drop.push(i),
                        Err(_) if *if_exists => {}
                        Err(e) => return Err(e),
                    }
                }
                if drop.is_empty() {
                    return Ok(None);
                }
                if drop.len() >= def.columns.len() {
                    return Err(SqlError::raw(
                        "002262",
                        "42601",
                        format!("cannot drop the last column of table \"{}\"", name.name),
                    ));
                }
                let gone: Vec<String> = drop.iter().map(|i| def.columns[*i].name.clone()).collect();
                def.constraints
                    .retain(|k| !k.columns.iter().any(|c| gone.contains(c)));
                let keep: Vec<usize> = (0..def.columns.len())
                    .filter(|i| !drop.contains(i))
                    .collect();
                def.columns = keep.iter().map(|i| def.columns[*i].clone()).collect();
                let schema = def.arrow();
                let batches = entry
                    .data
                    .batches
                    .iter()
                    .map(|b| {
                        let columns: Vec<ArrayRef> =
                            keep.iter().map(|i| Arc::clone(b.column(*i))).collect();
                        Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
                    })
                    .collect::<Result<Vec<_>>>()?;
                Ok(Some(
                    entry.with_def(def, entry.data.reshaped(schema, batches)),
                ))
            }
            AlterTableOperation::RenameColumn {
                old_column_name,
                new_column_name,
            } => {
                let i = index(&def, old_column_name)?;
                let to = dialect.fold(new_column_name);
                if def.index_of(&to).is_some_and(|j| j != i) {
                    return Err(ErrorKind::ObjectExists {
                        kind: "column",
                        name: to,
                    }
                    .into());
                }
                let from = std::mem::replace(&mut def.columns[i].name, to.clone());
                for k in &mut def.constraints {
                    for c in k.columns.iter_mut().filter(|c| **c == from) {
                        c.clone_from(&to);
                    }
                }
                relabel(entry, def).map(Some)
            }
            AlterTableOperation::AlterColumn { column_name, op } => {
                let i = index(&def, column_name)?;
                match op {
                    AlterColumnOperation::SetNotNull => {
                        def.columns[i].not_null = true;
                        check_not_null(&def, &entry.data.batches)?;
                        relabel(entry, def).map(Some)
                    }
                    AlterColumnOperation::DropNotNull => {
                        def.columns[i].not_null = false;
                        relabel(entry, def).map(Some)
                    }
                    AlterColumnOperation::SetDefault { value } => {
                        def.columns[i].default = Some(value.to_string());
                        relabel(entry, def).map(Some)
                    }
                    AlterColumnOperation::DropDefault => {
                        def.columns[i].default = None;
                        relabel(entry, def).map(Some)
                    }
                    AlterColumnOperation::SetDataType {
                        data_type,
                        using: None,
                        ..
                    } => {
                        let ty = dialect.data_type(data_type)?;
                        self.retype(view, name, entry, def, i, ty).await.map(Some)
                    }
                    other => Err(SqlError::unsupported(format!("ALTER COLUMN {other}"))),
                }
            }
            AlterTableOperation::AddConstraint { constraint, .. } => {
                let k = table_constraint(dialect.as_ref(), constraint)?;
                for c in &k.columns {
                    if def.index_of(c).is_none() {
                        return Err(ErrorKind::UnknownObject {
                            kind: "column",
                            name: c.clone(),
                        }
                        .into());
                    }
                }
                def.constraints.push(k);
                name_constraints(&name.name, &mut def.constraints);
                relabel(entry, def).map(Some)
            }
            AlterTableOperation::DropConstraint {
                if_exists, name: n, ..
            } => {
                let n = dialect.fold(n);
                let before = def.constraints.len();
                def.constraints.retain(|k| k.name != n);
                if def.constraints.len() == before && !if_exists {
                    return Err(ErrorKind::UnknownObject {
                        kind: "constraint",
                        name: n,
                    }
                    .into());
                }
                relabel(entry, def).map(Some)
            }
            AlterTableOperation::DropPrimaryKey { .. } => {
                def.constraints.retain(|k| k.kind != "PRIMARY KEY");
                relabel(entry, def).map(Some)
            }
            AlterTableOperation::ClusterBy { exprs } => {
                let keys: Vec<String> = exprs.iter().map(ToString::to_string).collect();
                def.properties
                    .insert("cluster_by".into(), format!("({})", keys.join(", ")));
                relabel(entry, def).map(Some)
            }
            AlterTableOperation::DropClusteringKey => {
                def.properties.remove("cluster_by");
                relabel(entry, def).map(Some)
            }
            AlterTableOperation::SuspendRecluster | AlterTableOperation::ResumeRecluster => {
                Ok(None)
            }
            other => Err(SqlError::unsupported(format!("ALTER TABLE {other}"))),
        }
    }

    /// A column as another type; values that do not fit are an error.
    async fn retype(
        &mut self,
        view: &crate::catalog::Transaction,
        name: &ObjectName,
        entry: &Arc<TableEntry>,
        mut def: TableDef,
        i: usize,
        ty: crate::types::SqlType,
    ) -> Result<TableEntry> {
        let plan = {
            let mut b = self.binder(self.env(), view, &[]);
            let Relation { plan, columns } = b.scan(name, entry)?;
            let mut exprs = Vec::new();
            for (k, c) in columns.iter().enumerate() {
                let t = if k == i {
                    b.cast(c.typed(), &ty, CastMode::Implicit)?
                } else {
                    c.typed()
                };
                let alias = b.fresh(&c.name);
                exprs.push(t.expr.alias(alias));
            }
            LogicalPlanBuilder::from(plan).project(exprs)?.build()?
        };
        def.columns[i].ty = ty;
        let next = entry.with_def(def.clone(), TableData::empty(def.arrow()));
        let batches = self.rows_for(&plan, entry.data.rows, &next).await?;
        Ok(next.with_data(entry.data.reshaped(def.arrow(), batches)))
    }
}

/// The same rows under a changed definition of the same types.
fn relabel(entry: &TableEntry, def: TableDef) -> Result<TableEntry> {
    let schema = def.arrow();
    let batches = entry
        .data
        .batches
        .iter()
        .map(|b| {
            Ok(RecordBatch::try_new(
                Arc::clone(&schema),
                b.columns().to_vec(),
            )?)
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(entry.with_def(def, entry.data.reshaped(schema, batches)))
}
