//! Names as relations: common tables, tables, views, streams and system relations, and rows at hand.
//! How relations are joined is in `join`.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema as ArrowSchema};
use datafusion::common::Column;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use sqlparser::ast;

use super::{Binder, Relation, Scope, ScopeColumn};
use crate::catalog::{HIDDEN, Object, ObjectKind, ObjectName, TableEntry, ViewDef};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};
use crate::exec::TableProviderOf;
use crate::types::{ColumnInfo, ColumnOrigin};

/// Deepest nesting of views.
const MAX_VIEW_DEPTH: usize = 50;

impl Binder<'_> {
    /// The folded parts of an object name; IDENTIFIER('…') is resolved.
    ///
    /// # Errors
    /// When a part is no name.
    pub fn object_parts(&mut self, name: &ast::ObjectName) -> Result<Vec<String>> {
        let mut parts = Vec::with_capacity(name.0.len());
        for p in &name.0 {
            match p {
                ast::ObjectNamePart::Identifier(i) => parts.push(self.dialect.fold(i)),
                ast::ObjectNamePart::Function(f) => {
                    return Err(SqlError::unsupported(format!("name {}", f.name)));
                }
            }
        }
        Ok(parts)
    }

    pub(super) fn relation(&mut self, parts: &[String]) -> Result<Relation> {
        if let [one] = parts {
            let cte = self.ctes.iter().rev().find_map(|m| m.get(one)).cloned();
            if let Some(c) = cte {
                return self.cte_reference(c, one);
            }
        }
        if let Some((name, object)) = self.find_relation(parts) {
            if !self.used.contains(&name) {
                self.used.push(name.clone());
            }
            if !self.unprotected.contains(&name)
                && let Some(query) = self.dialect.reading(self, &name, &object)?
            {
                return self.protected(&name, query);
            }
            return match object {
                Object::Table(t) => self.scan(&name, &t),
                Object::View(v) => self.view(&name, &v),
                _ => Err(ErrorKind::UnknownObject {
                    kind: "relation",
                    name: name.name,
                }
                .into()),
            };
        }
        if let Some((name, stream)) = self.find_stream(parts) {
            return self.stream(&name, &stream);
        }
        if let Some(r) = self.dialect.system_relation(self, parts)? {
            self.env.fleeting().mark();
            let qualifier = parts.to_vec();
            let mut r = r;
            for c in &mut r.columns {
                if c.qualifier.is_empty() {
                    c.qualifier.clone_from(&qualifier);
                }
            }
            return Ok(r);
        }
        let shown = match self.env.dialect {
            DialectName::Snowflake => self.qualified(parts),
            DialectName::Redshift => parts.join("."),
        };
        if let [db, schema, _] = parts {
            if self.catalog.database(db).is_none() {
                return Err(ErrorKind::UnknownObject {
                    kind: "database",
                    name: db.clone(),
                }
                .into());
            }
            if self.catalog.schema(db, schema).is_none() {
                return Err(ErrorKind::UnknownObject {
                    kind: "schema",
                    name: format!("{db}.{schema}"),
                }
                .into());
            }
        }
        if let (DialectName::Redshift, [schema, _]) = (self.env.dialect, parts)
            && let Some((db, _)) = self.search_path.first()
            && self.catalog.schema(db, schema).is_none()
        {
            return Err(ErrorKind::UnknownObject {
                kind: "schema",
                name: schema.clone(),
            }
            .into());
        }
        Err(ErrorKind::UnknownObject {
            kind: "relation",
            name: shown,
        }
        .into())
    }

    /// The name as Snowflake shows it in errors: what was written, completed by nothing.
    fn qualified(&self, parts: &[String]) -> String {
        parts.join(".")
    }

    /// A relation of the catalog by one to three parts.
    pub fn find_relation(&self, parts: &[String]) -> Option<(ObjectName, Object)> {
        self.candidates(parts).into_iter().find_map(|n| {
            let temp = ObjectName {
                schema: crate::session::temp_schema(
                    self.env.dialect,
                    self.env.session_id,
                    &n.schema,
                ),
                ..n.clone()
            };
            let hidden = self
                .temporary
                .contains(&(temp.database.clone(), temp.schema.clone()))
                && self.env.dialect == DialectName::Snowflake;
            [Some(temp).filter(|_| hidden), Some(n)]
                .into_iter()
                .flatten()
                .find_map(|n| {
                    self.catalog
                        .object(ObjectKind::Relation, &n)
                        .cloned()
                        .map(|o| (n, o))
                })
        })
    }

    /// A second use of a CTE gets column names of its own.
    fn cte_reference(&mut self, c: super::binder::Cte, name: &str) -> Result<Relation> {
        let mut exprs = Vec::with_capacity(c.relation.columns.len());
        let mut columns = Vec::with_capacity(c.relation.columns.len());
        for col in c.relation.columns {
            let internal = self.fresh(&col.name);
            exprs.push(Expr::Column(col.internal.clone()).alias(&internal));
            columns.push(ScopeColumn {
                internal: Column::from_name(internal),
                qualifier: vec![name.to_owned()],
                ..col
            });
        }
        let plan = LogicalPlanBuilder::from(c.relation.plan)
            .project(exprs)?
            .build()?;
        Ok(Relation { plan, columns })
    }

    /// A scan of a table version.
    pub(crate) fn scan(&mut self, name: &ObjectName, t: &Arc<TableEntry>) -> Result<Relation> {
        self.scanned_rows += t.data.rows;
        let alias = self.fresh(&name.name);
        let provider = Arc::new(TableProviderOf::new(Arc::clone(t)));
        let plan = LogicalPlanBuilder::scan(
            datafusion::common::TableReference::bare(alias.clone()),
            provider_as_source(provider),
            None,
        )?
        .build()?;
        let columns = t
            .def
            .columns
            .iter()
            .enumerate()
            .map(|(i, c)| ScopeColumn {
                qualifier: vec![
                    name.database.clone(),
                    name.schema.clone(),
                    name.name.clone(),
                ],
                name: c.name.clone(),
                internal: Column::new(
                    Some(datafusion::common::TableReference::bare(alias.clone())),
                    c.name.clone(),
                ),
                ty: c.ty.clone(),
                nullable: !c.not_null,
                origin: Some(ColumnOrigin {
                    database: name.database.clone(),
                    schema: name.schema.clone(),
                    table: name.name.clone(),
                    oid: t.def.oid,
                    ordinal: i as u32 + 1,
                }),
                hidden: c.properties.contains_key(HIDDEN),
            })
            .collect();
        Ok(Relation { plan, columns })
    }

    /// A relation as the query says that stands for it for this user.
    fn protected(&mut self, name: &ObjectName, query: String) -> Result<Relation> {
        let stand_in = Arc::new(ViewDef {
            oid: 0,
            query,
            ddl: String::new(),
            columns: Vec::new(),
            late_binding: true,
            context: (None, None),
            owner: String::new(),
            comment: None,
            created: 0,
            properties: std::collections::BTreeMap::new(),
        });
        self.unprotected.push(name.clone());
        let bound = self.view(name, &stand_in);
        self.unprotected.pop();
        bound
    }

    pub(crate) fn view(&mut self, name: &ObjectName, v: &Arc<ViewDef>) -> Result<Relation> {
        if self.view_depth >= MAX_VIEW_DEPTH {
            return Err(SqlError::raw(
                "002004",
                "54001",
                format!(
                    "view {} is nested too deeply or refers to itself",
                    name.name
                ),
            ));
        }
        let query = self.dialect.parse_query(&v.query)?;
        // A view sees nothing of the query that uses it.
        let scopes = std::mem::replace(&mut self.scopes, vec![Scope::default()]);
        let ctes = std::mem::replace(&mut self.ctes, vec![HashMap::new()]);
        // In Snowflake unqualified names of a view mean its own schema, so that the views of a cloned database
        // read the clone.
        let own = (Some(name.database.clone()), Some(name.schema.clone()));
        let context = match self.env.dialect {
            DialectName::Snowflake => &own,
            DialectName::Redshift => &v.context,
        };
        let path = match context {
            (Some(d), Some(s)) => {
                let mut p = vec![(d.clone(), s.clone())];
                p.extend(
                    self.search_path
                        .iter()
                        .filter(|x| **x != (d.clone(), s.clone()))
                        .cloned(),
                );
                p
            }
            _ => self.search_path.clone(),
        };
        let path = std::mem::replace(&mut self.search_path, path);
        let script = self.script.take();
        self.view_depth += 1;
        let bound = self.query(&query);
        self.view_depth -= 1;
        self.script = script;
        self.search_path = path;
        self.ctes = ctes;
        self.scopes = scopes;
        let r = bound?;
        let mut r = Relation {
            plan: r.plan,
            columns: r.columns.into_iter().filter(|c| !c.hidden).collect(),
        };
        if !v.late_binding && r.columns.len() != v.columns.len() {
            return Err(SqlError::raw(
                "002057",
                "42601",
                format!(
                    "SQL compilation error:\nView definition for '{name}' declared {} column(s), but view query produces {} column(s).",
                    v.columns.len(),
                    r.columns.len()
                ),
            ));
        }
        let mut exprs = Vec::new();
        let mut columns = Vec::new();
        for (i, c) in r.columns.iter().enumerate() {
            let declared = v.columns.get(i);
            let mut t = c.typed();
            if let (Some(d), false) = (declared, v.late_binding) {
                t = self.cast(t, &d.ty, super::CastMode::Implicit)?;
            }
            let shown = declared.map_or(c.name.clone(), |d| d.name.clone());
            let internal = self.fresh(&shown);
            exprs.push(t.expr.alias(&internal));
            columns.push(ScopeColumn {
                qualifier: vec![
                    name.database.clone(),
                    name.schema.clone(),
                    name.name.clone(),
                ],
                name: shown,
                internal: Column::from_name(internal),
                ty: t.ty,
                nullable: c.nullable,
                origin: None,
                hidden: false,
            });
        }
        r.plan = LogicalPlanBuilder::from(r.plan).project(exprs)?.build()?;
        r.columns = columns;
        Ok(r)
    }

    /// A relation from rows that are at hand: system catalogs, results of earlier statements, staged files.
    ///
    /// # Errors
    /// When a batch does not have the columns' types.
    pub fn values_relation(
        &mut self,
        columns: Vec<ColumnInfo>,
        batches: Vec<RecordBatch>,
    ) -> Result<Relation> {
        let alias = self.fresh("rows");
        let schema = Arc::new(ArrowSchema::new(
            columns
                .iter()
                .enumerate()
                .map(|(i, c)| Field::new(format!("c{i}"), c.ty.arrow(), true))
                .collect::<Vec<_>>(),
        ));
        let batches = batches
            .into_iter()
            .map(|b| {
                if b.num_columns() == 0 {
                    return Ok(b);
                }
                RecordBatch::try_new(Arc::clone(&schema), b.columns().to_vec())
            })
            .collect::<Result<Vec<_>, _>>()?;
        self.scanned_rows += batches.iter().map(RecordBatch::num_rows).sum::<usize>();
        let provider = Arc::new(TableProviderOf::rows(schema, batches));
        let reference = datafusion::common::TableReference::bare(alias);
        let plan = LogicalPlanBuilder::scan(reference.clone(), provider_as_source(provider), None)?
            .build()?;
        let columns = columns
            .into_iter()
            .enumerate()
            .map(|(i, c)| ScopeColumn {
                qualifier: vec![],
                name: c.name,
                internal: Column::new(Some(reference.clone()), format!("c{i}")),
                ty: c.ty,
                nullable: c.nullable,
                origin: c.origin,
                hidden: false,
            })
            .collect();
        Ok(Relation { plan, columns })
    }
}
