//! CREATE SCHEMA, TABLE (also AS SELECT, LIKE, CLONE) and VIEW.
//! Clauses that only one dialect has reach this as [`Attributes`], prepared by its crate.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlparser::ast;

use super::columns::{
    column_def, name_constraints, snowflake_properties, storable, table_constraint,
};
use super::state::{RELATION, is_temp_schema, relation_kind};
use super::write::{check_not_null, consume};
use super::{Completion, Session};
use crate::catalog::{
    ColumnDef, Identity, Object, ObjectName, Schema, TableData, TableDef, TableEntry, next_oid,
};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Typed;

/// What a dialect adds to a table: properties of the table, and of columns by name.
#[derive(Debug, Clone, Default)]
pub struct Attributes {
    /// Properties of the table.
    pub table: BTreeMap<String, String>,
    /// Properties of columns by folded name.
    pub columns: BTreeMap<String, BTreeMap<String, String>>,
    /// Identity columns that the AST has no form for, by folded name: start, step, always.
    pub identities: BTreeMap<String, (i64, i64, bool)>,
    /// COMMENT.
    pub comment: Option<String>,
}

impl Session {
    pub(super) async fn create_table(
        &mut self,
        c: &ast::CreateTable,
        parameters: &[Typed],
    ) -> Result<Completion> {
        self.create_table_with(c, Attributes::default(), parameters)
            .await
    }

    /// CREATE TABLE with a dialect's own attributes.
    ///
    /// # Errors
    /// An existing object, unknown types, what the defining query gives, unsupported clauses.
    pub async fn create_table_with(
        &mut self,
        c: &ast::CreateTable,
        attributes: Attributes,
        parameters: &[Typed],
    ) -> Result<Completion> {
        for (what, given) in [
            ("CREATE EXTERNAL TABLE", c.external),
            ("CREATE DYNAMIC TABLE", c.dynamic),
            ("CREATE ICEBERG TABLE", c.iceberg),
            ("INHERITS", c.inherits.is_some()),
            ("PARTITION BY in CREATE TABLE", c.partition_by.is_some()),
        ] {
            if given {
                return Err(SqlError::unsupported(what));
            }
        }
        let temporary = c.temporary || c.volatile;
        let name = self.new_name(&c.name, temporary)?;
        let dialect = Arc::clone(self.dialect());

        if let Some(done) = self.existing(&name, c.if_not_exists, c.or_replace, "CREATE TABLE")? {
            return Ok(done);
        }

        let mut def;
        let mut data = None;
        let mut streams = Vec::new();
        if let Some(source) = &c.clone {
            let entry = self.cloned(source, c.version.as_ref())?;
            def = TableDef::clone(&entry.def);
            def.oid = next_oid();
            def.created = chrono::Utc::now().timestamp();
            data = Some(TableData::clone(&entry.data));
        } else if let Some(
            ast::CreateTableLikeKind::Plain(l) | ast::CreateTableLikeKind::Parenthesized(l),
        ) = &c.like
        {
            let (_, entry) = self.table(&l.name)?;
            def = TableDef::clone(&entry.def);
            def.oid = next_oid();
            def.created = chrono::Utc::now().timestamp();
            if dialect.name() == DialectName::Redshift {
                def.constraints.clear();
                let defaults = matches!(l.defaults, Some(ast::CreateTableLikeDefaults::Including));
                for col in &mut def.columns {
                    if !defaults {
                        col.default = None;
                    }
                    col.identity = None;
                }
            }
        } else {
            let mut columns = Vec::with_capacity(c.columns.len());
            let mut keys = Vec::new();
            let untyped = c.query.is_some()
                && c.columns
                    .iter()
                    .all(|c| matches!(c.data_type, ast::DataType::Unspecified));
            if !untyped {
                for col in &c.columns {
                    let (col, k) = column_def(dialect.as_ref(), col)?;
                    if columns.iter().any(|o: &ColumnDef| o.name == col.name) {
                        return Err(match dialect.name() {
                            DialectName::Redshift => SqlError::raw(
                                "",
                                "42701",
                                format!("column \"{}\" specified more than once", col.name),
                            ),
                            DialectName::Snowflake => SqlError::raw(
                                "002025",
                                "42S21",
                                format!(
                                    "SQL compilation error:\nduplicate column name '{}'",
                                    col.name
                                ),
                            ),
                        });
                    }
                    columns.push(col);
                    keys.extend(k);
                }
            }
            for k in &c.constraints {
                let k = table_constraint(dialect.as_ref(), k)?;
                for n in &k.columns {
                    match columns.iter_mut().find(|c| c.name == *n) {
                        Some(col) if k.kind == "PRIMARY KEY" => col.not_null = true,
                        Some(_) => {}
                        None => {
                            return Err(ErrorKind::UnknownObject {
                                kind: "column",
                                name: n.clone(),
                            }
                            .into());
                        }
                    }
                }
                keys.push(k);
            }
            if let Some(q) = &c.query {
                let names: Vec<String> = if untyped {
                    c.columns.iter().map(|c| dialect.fold(&c.name)).collect()
                } else {
                    vec![]
                };
                let (derived, batches, read) =
                    self.query_rows(q, parameters, &columns, &names).await?;
                streams = read;
                columns = derived;
                data = Some(batches);
            }
            if columns.is_empty() && c.query.is_none() {
                return Err(SqlError::new(ErrorKind::Syntax {
                    message: "a table needs columns".into(),
                    near: String::new(),
                }));
            }
            def = TableDef::new(columns, self.user.clone());
            def.constraints = keys;
        }
        name_constraints(&name.name, &mut def.constraints);
        def.temporary = temporary;
        def.owner.clone_from(if self.role.is_empty() {
            &self.user
        } else {
            &self.role
        });
        def.properties.extend(attributes.table);
        if c.transient {
            def.properties.insert("transient".into(), "true".into());
        }
        for (col, props) in attributes.columns {
            if let Some(i) = def.index_of(&col) {
                def.columns[i].properties.extend(props);
            }
        }
        for (col, (start, step, always)) in attributes.identities {
            if let Some(i) = def.index_of(&col) {
                def.columns[i].identity = Some(Identity {
                    start,
                    step,
                    always,
                    oid: next_oid(),
                });
            }
        }
        if dialect.name() == DialectName::Snowflake {
            def.properties.extend(snowflake_properties(c)?);
        }
        let plain = match &c.table_options {
            ast::CreateTableOptions::Plain(options) => options.as_slice(),
            _ => &[],
        };
        let comment = plain
            .iter()
            .find_map(|o| match o {
                ast::SqlOption::Comment(c) => Some(c.clone()),
                _ => None,
            })
            .or_else(|| c.comment.clone());
        def.comment = match (&comment, attributes.comment) {
            (_, Some(t)) => Some(t),
            (Some(ast::CommentDef::WithEq(t) | ast::CommentDef::WithoutEq(t)), None) => {
                Some(t.clone())
            }
            (None, None) => def.comment,
        };
        let mut entry = TableEntry::new(def);
        let mut inserted = 0;
        if let Some(d) = data {
            let batches = d
                .batches
                .into_iter()
                .map(|b| {
                    Ok(arrow::array::RecordBatch::try_new(
                        Arc::clone(&entry.data.schema),
                        b.columns().to_vec(),
                    )?)
                })
                .collect::<Result<Vec<_>>>()?;
            check_not_null(&entry.def, &batches)?;
            let data = TableData::new(Arc::clone(&entry.data.schema), batches);
            entry = entry.with_data(data);
            inserted = entry.data.rows as u64;
        }
        let entry = Arc::new(entry);
        let replace = c.or_replace;
        self.change(|t| {
            if !replace && t.object(RELATION, &name).is_some() {
                return Err(ErrorKind::ObjectExists {
                    kind: "table",
                    name: name.name.clone(),
                }
                .into());
            }
            consume(t, &streams);
            t.set_object(RELATION, &name, Some(Object::Table(Arc::clone(&entry))))
        })?;
        let ctas = c.query.is_some();
        Ok(Completion {
            inserted: if ctas { inserted } else { 0 },
            ..Completion::of(
                if ctas {
                    "CREATE TABLE AS"
                } else {
                    "CREATE TABLE"
                },
                &name.name,
            )
        })
    }

    /// The name of an object to create; temporary ones go to the session's hidden schema.
    ///
    /// # Errors
    /// When the schema does not exist.
    pub fn new_name(&mut self, name: &ast::ObjectName, temporary: bool) -> Result<ObjectName> {
        let mut name = self.resolve_name(name)?;
        if temporary {
            let schema = self.temp_schema(&name.schema);
            let database = name.database.clone();
            let owner = self.user.clone();
            let made = self.change(|t| {
                if t.schema(&database, &schema).is_some() {
                    return Ok(());
                }
                if t.database(&database).is_none() {
                    return Err(ErrorKind::UnknownObject {
                        kind: "database",
                        name: database.clone(),
                    }
                    .into());
                }
                t.set_schema(&database, &schema, Some(Schema::new(owner.clone())))
            });
            made?;
            let key = (database, schema.clone());
            if !self.temporary.contains(&key) {
                self.temporary.push(key);
            }
            name.schema = schema;
            return Ok(name);
        }
        let account = self.snapshot();
        let db = account
            .databases
            .get(&name.database)
            .ok_or_else(|| ErrorKind::UnknownObject {
                kind: "database",
                name: name.database.clone(),
            })?;
        if !db.schemas.contains_key(&name.schema) || is_temp_schema(&name.schema) {
            return Err(ErrorKind::UnknownObject {
                kind: "schema",
                name: match self.dialect().name() {
                    DialectName::Redshift => name.schema.clone(),
                    DialectName::Snowflake => format!("{}.{}", name.database, name.schema),
                },
            }
            .into());
        }
        Ok(name)
    }

    /// Whether CREATE has nothing to do, may go on, or fails on what is there.
    pub(super) fn existing(
        &mut self,
        name: &ObjectName,
        if_not_exists: bool,
        replace: bool,
        tag: &str,
    ) -> Result<Option<Completion>> {
        let view = self.view()?;
        match view.object(RELATION, name) {
            Some(_) if if_not_exists => Ok(Some(Completion {
                skipped: true,
                ..Completion::of(tag, &name.name)
            })),
            Some(o) if !replace => Err(ErrorKind::ObjectExists {
                kind: relation_kind(o),
                name: name.name.clone(),
            }
            .into()),
            _ => Ok(None),
        }
    }

    /// The rows of a defining query with the columns they make: declared ones, or derived ones under `names`.
    async fn query_rows(
        &mut self,
        q: &ast::Query,
        parameters: &[Typed],
        declared: &[ColumnDef],
        names: &[String],
    ) -> Result<(
        Vec<ColumnDef>,
        TableData,
        Vec<(ObjectName, Arc<TableEntry>)>,
    )> {
        let view = self.view()?;
        let (plan, columns, scanned, streams) = {
            let variables = self.variables.clone();
            let lookup = move |n: &str| variables.get(n).cloned();
            let mut b = self.binder(self.env(), &view, parameters);
            b.variables = Some(&lookup);
            let bound = b.top_query(q)?;
            let streams = std::mem::take(&mut b.streams);
            if declared.is_empty() {
                let mut columns: Vec<ColumnDef> = Vec::with_capacity(bound.columns.len());
                for (i, c) in bound.columns.iter().enumerate() {
                    let name = names.get(i).unwrap_or(&c.name);
                    if columns.iter().any(|o| o.name == *name) {
                        return Err(match self.dialect().name() {
                            DialectName::Redshift => {
                                SqlError::raw("", "42701", format!("column \"{name}\" duplicated"))
                            }
                            DialectName::Snowflake => SqlError::raw(
                                "002025",
                                "42S21",
                                format!("SQL compilation error:\nduplicate column name '{name}'"),
                            ),
                        });
                    }
                    let mut col = ColumnDef::new(name, storable(&c.ty));
                    if self.dialect().name() == DialectName::Snowflake {
                        col.not_null = !c.nullable && c.origin.is_some();
                    }
                    columns.push(col);
                }
                (bound.plan, columns, bound.scanned_rows, streams)
            } else {
                let source = crate::plan::Relation {
                    columns: bound
                        .columns
                        .iter()
                        .zip(bound.plan.schema().columns())
                        .map(|(c, internal)| crate::plan::ScopeColumn {
                            qualifier: vec![],
                            name: c.name.clone(),
                            internal,
                            ty: c.ty.clone(),
                            nullable: c.nullable,
                            origin: None,
                            hidden: false,
                        })
                        .collect(),
                    plan: bound.plan,
                };
                let def = TableDef::new(declared.to_vec(), "");
                let given: Vec<usize> = (0..declared.len()).collect();
                let (plan, _) = b.fit(source, &def, &given)?;
                (plan, declared.to_vec(), b.scanned_rows, streams)
            }
        };
        let entry = TableEntry::new(TableDef::new(columns.clone(), ""));
        let batches = self.rows_for(&plan, scanned, &entry).await?;
        Ok((
            columns,
            TableData::new(Arc::clone(&entry.data.schema), batches),
            streams,
        ))
    }

    /// The place in time that an AT or BEFORE clause outside of a query means.
    ///
    /// # Errors
    /// What [`crate::plan::Binder::past`] gives.
    pub fn past(
        &self,
        view: &crate::catalog::Transaction,
        clause: &ast::Expr,
    ) -> Result<crate::plan::Past> {
        let variables = self.variables.clone();
        let lookup = move |n: &str| variables.get(n).cloned();
        let mut b = self.binder(self.env(), view, &[]);
        b.variables = Some(&lookup);
        b.past(clause)
    }

    /// The table that CLONE copies, now or at a time.
    pub(super) fn cloned(
        &mut self,
        source: &ast::ObjectName,
        version: Option<&ast::TableVersion>,
    ) -> Result<Arc<TableEntry>> {
        let (name, entry) = self.table(source)?;
        match version {
            None => Ok(entry),
            Some(ast::TableVersion::Function(clause)) => {
                let view = self.view()?;
                let past = self.past(&view, clause)?;
                self.binder(self.env(), &view, &[])
                    .table_then(&name, &entry, &past)
            }
            Some(other) => Err(SqlError::unsupported(format!("CLONE {other}"))),
        }
    }
}
