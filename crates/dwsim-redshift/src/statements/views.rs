//! Views and late-binding views.
//! Materialized views are in `materialized`.

use std::collections::BTreeMap;
use std::sync::Arc;

use dwsim_engine::catalog::{Object, ObjectKind, ObjectName, ViewDef};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::Typed;
use sqlparser::ast;

use super::outcome::Outcome;
use super::session::RedshiftSession;
use crate::parse::CreateView;

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
