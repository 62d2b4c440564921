//! Views, late-binding views and materialized views.
//! A materialized view is a table with its query as a property; REFRESH computes its rows again.

use std::collections::BTreeMap;
use std::sync::Arc;

use dwsim_engine::catalog::{Object, ObjectKind, ObjectName, TableDef, ViewDef};
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::functions::Typed;
use dwsim_engine::session::Attributes as EngineAttributes;
use sqlparser::ast;
use sqlparser::ast::helpers::stmt_create_table::CreateTableBuilder;

use super::outcome::Outcome;
use super::session::RedshiftSession;
use crate::parse::CreateView;
use crate::protocol::Notice;

/// Property of a table that is a materialized view: its query.
pub(crate) const MATERIALIZED: &str = "materialized view query";
/// Property of a materialized view: its whole CREATE statement.
pub(crate) const MATERIALIZED_DDL: &str = "materialized view ddl";

/// A materialized view's rows come from its query only.
pub(super) fn not_changeable(name: &str) -> SqlError {
    SqlError::raw(
        "",
        "42809",
        format!("cannot change materialized view \"{name}\""),
    )
}

impl RedshiftSession {
    pub(super) async fn create_view(
        &mut self,
        v: &CreateView,
        text: &str,
        parameters: &[Typed],
    ) -> Result<Outcome> {
        match &v.materialized {
            Some(properties) => {
                self.atomically(async |s| {
                    s.create_materialized(v, properties, text, parameters).await
                })
                .await
            }
            None => {
                self.atomically(async |s| s.create_plain_view(v, text))
                    .await
            }
        }
    }

    fn create_plain_view(&mut self, v: &CreateView, text: &str) -> Result<Outcome> {
        if v.late_binding {
            qualified(&v.query)?;
        }
        let view = ast::CreateView {
            or_alter: false,
            or_replace: v.replace,
            materialized: false,
            secure: false,
            name: v.name.clone(),
            name_before_not_exists: false,
            columns: v
                .columns
                .iter()
                .map(|name| ast::ViewColumnDef {
                    name: name.clone(),
                    data_type: None,
                    options: None,
                })
                .collect(),
            query: v.query.clone(),
            options: ast::CreateTableOptions::None,
            cluster_by: Vec::new(),
            comment: None,
            with_no_schema_binding: v.late_binding,
            if_not_exists: false,
            temporary: false,
            copy_grants: false,
            to: None,
            params: None,
        };
        self.engine.create_view_with(&view, BTreeMap::new())?;
        // The source text is kept: printing the tree again would lose backslashes in literals.
        let (name, object) = self.engine.relation(&v.name)?;
        if let Object::View(made) = object {
            let next = Arc::new(ViewDef {
                query: v.query_sql.clone(),
                ddl: text.to_owned(),
                ..ViewDef::clone(&made)
            });
            self.put_view(&name, &next)?;
        }
        self.apply_defaults(&name)?;
        Ok(Outcome::Done("CREATE VIEW".into()))
    }

    pub(super) fn put_view(&mut self, name: &ObjectName, view: &Arc<ViewDef>) -> Result<()> {
        self.engine.change(|t| {
            t.set_object(
                ObjectKind::Relation,
                name,
                Some(Object::View(Arc::clone(view))),
            )
        })
    }

    async fn create_materialized(
        &mut self,
        v: &CreateView,
        properties: &[(String, String)],
        text: &str,
        parameters: &[Typed],
    ) -> Result<Outcome> {
        let statement = CreateTableBuilder::new(v.name.clone())
            .query(Some(v.query.clone()))
            .columns(
                v.columns
                    .iter()
                    .map(|name| ast::ColumnDef {
                        name: name.clone(),
                        data_type: ast::DataType::Unspecified,
                        options: Vec::new(),
                    })
                    .collect(),
            )
            .build();
        self.engine
            .create_table_with(&statement, EngineAttributes::default(), parameters)
            .await?;
        let (name, entry) = self.engine.table(&v.name)?;
        let mut def = TableDef::clone(&entry.def);
        def.properties.extend(properties.iter().cloned());
        def.properties
            .insert(MATERIALIZED.into(), v.query_sql.clone());
        def.properties
            .insert(MATERIALIZED_DDL.into(), text.to_owned());
        self.replace_def(&name, &entry, def)?;
        Ok(Outcome::Done("CREATE MATERIALIZED VIEW".into()))
    }

    /// REFRESH MATERIALIZED VIEW.
    pub(super) async fn refresh(&mut self, name: &ast::ObjectName) -> Result<Outcome> {
        let (name, entry) = self.engine.table(name)?;
        let Some(query) = entry.def.properties.get(MATERIALIZED) else {
            return Err(SqlError::raw(
                "",
                "42809",
                format!("\"{}\" is not a materialized view", name.name),
            ));
        };
        let query = dwsim_engine::dialect::Dialect::parse_query(self.rules.as_ref(), query)?;
        let (columns, batches) = self.engine.run_query(&query, &[]).await?.collect().await?;
        let types = columns.iter().map(|c| c.ty.clone()).collect::<Vec<_>>();
        let given: Vec<usize> = (0..types.len()).collect();
        let rows = self
            .engine
            .complete_rows(&name, &given, &types, batches)
            .await?;
        let data = dwsim_engine::catalog::TableData::new(Arc::clone(&entry.data.schema), rows);
        let next = Arc::new(entry.with_data(data));
        self.engine
            .change(|t| match t.object(ObjectKind::Relation, &name) {
                Some(Object::Table(now)) if Arc::ptr_eq(now, &entry) => t.set_object(
                    ObjectKind::Relation,
                    &name,
                    Some(Object::Table(Arc::clone(&next))),
                ),
                _ => Err(ErrorKind::SerializationConflict(name.name.clone()).into()),
            })?;
        self.notices.push(Notice::info(format!(
            "Materialized view {} was recomputed successfully.",
            name.name
        )));
        Ok(Outcome::Done("REFRESH".into()))
    }
}

/// Late-binding views name their tables with a schema (r_CREATE_VIEW).
fn qualified(query: &ast::Query) -> Result<()> {
    let mut ctes: Vec<String> = Vec::new();
    if let Some(with) = &query.with {
        ctes.extend(
            with.cte_tables
                .iter()
                .map(|c| c.alias.name.value.to_lowercase()),
        );
    }
    let mut bare = None;
    let _ = ast::visit_relations(query, |name: &ast::ObjectName| {
        if let [one] = name.0.as_slice()
            && let Some(i) = one.as_ident()
            && !ctes.contains(&i.value.to_lowercase())
        {
            bare.get_or_insert_with(|| i.value.clone());
        }
        std::ops::ControlFlow::<()>::Continue(())
    });
    match bare {
        None => Ok(()),
        Some(name) => Err(SqlError::raw(
            "",
            "0A000",
            format!(
                "All the relation names inside should be qualified when creating VIEW WITH NO SCHEMA BINDING: {name}"
            ),
        )),
    }
}
