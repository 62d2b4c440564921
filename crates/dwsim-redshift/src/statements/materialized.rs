//! Materialized views: what their queries may contain, whether they are refreshed incrementally, and REFRESH.
//! A materialized view is a table with its query as a property; plain views are `views`.
//!
//! Source: the guide's pages "CREATE MATERIALIZED VIEW" and "REFRESH MATERIALIZED VIEW".

use std::ops::ControlFlow;
use std::sync::Arc;

use dwsim_engine::catalog::{Object, ObjectKind, ObjectName, TableData, TableDef};
use dwsim_engine::dialect::Dialect;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::functions::Typed;
use dwsim_engine::session::{Attributes as EngineAttributes, is_temp_schema};
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
/// Property of a materialized view: `yes` when it refreshes itself.
pub(crate) const AUTO_REFRESH: &str = "auto refresh";
/// Property of a materialized view: the search path that its query is bound with, as JSON.
pub(crate) const PATH: &str = "materialized view search path";
/// Property of a materialized view that Redshift refreshes incrementally.
pub(crate) const INCREMENTAL: &str = "materialized view incremental";

/// Aggregates that need a full refresh.
const FULL_AGGREGATES: &[&str] = &[
    "bit_and",
    "bit_or",
    "bool_and",
    "bool_or",
    "hll",
    "hll_combine",
    "hll_create_sketch",
    "listagg",
    "median",
    "percentile_cont",
    "percentile_disc",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "var_pop",
    "var_samp",
    "variance",
];

/// Functions whose values change without their arguments.
const MUTABLE: &[&str] = &[
    "clock_timestamp",
    "current_date",
    "current_time",
    "current_timestamp",
    "getdate",
    "localtime",
    "localtimestamp",
    "now",
    "random",
    "statement_timestamp",
    "sysdate",
    "timeofday",
    "transaction_timestamp",
];

/// A materialized view's rows come from its query only.
pub(super) fn not_changeable(name: &str) -> SqlError {
    SqlError::raw(
        "",
        "42809",
        format!("cannot change materialized view \"{name}\""),
    )
}

/// What of a query matters for materialized views.
#[derive(Debug, Default)]
struct Traits {
    /// ORDER BY, LIMIT, OFFSET, FETCH or TOP.
    ordered: bool,
    /// A function of `MUTABLE`.
    mutable: bool,
    /// An aggregate or GROUP BY.
    grouped: bool,
    /// UNION ALL in a subquery.
    inner_union: bool,
    /// Anything else that needs a full refresh.
    full: bool,
    /// Names that WITH gives, in lower case.
    ctes: Vec<String>,
    depth: usize,
}

impl Traits {
    fn of(query: &ast::Query) -> Self {
        let mut traits = Traits::default();
        let _ = ast::Visit::visit(query, &mut traits);
        traits
    }

    fn set_operations(&mut self, body: &ast::SetExpr) {
        if let ast::SetExpr::SetOperation {
            op,
            set_quantifier,
            left,
            right,
        } = body
        {
            if *op != ast::SetOperator::Union || *set_quantifier != ast::SetQuantifier::All {
                self.full = true;
            } else if self.depth > 1 {
                self.inner_union = true;
            }
            self.set_operations(left);
            self.set_operations(right);
        }
    }

    fn joins(&mut self, from: &ast::TableWithJoins) {
        use ast::JoinOperator as J;
        if let ast::TableFactor::NestedJoin {
            table_with_joins, ..
        } = &from.relation
        {
            self.joins(table_with_joins);
        }
        self.full |= from.joins.iter().any(|j| {
            matches!(
                j.join_operator,
                J::Left(_) | J::LeftOuter(_) | J::Right(_) | J::RightOuter(_) | J::FullOuter(_)
            )
        });
    }
}

impl ast::Visitor for Traits {
    type Break = ();

    fn pre_visit_query(&mut self, query: &ast::Query) -> ControlFlow<()> {
        self.depth += 1;
        self.ordered |=
            query.order_by.is_some() || query.limit_clause.is_some() || query.fetch.is_some();
        self.set_operations(&query.body);
        let ctes = query.with.iter().flat_map(|w| &w.cte_tables);
        self.ctes
            .extend(ctes.map(|c| c.alias.name.value.to_lowercase()));
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &ast::Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &ast::Select) -> ControlFlow<()> {
        self.ordered |= select.top.is_some();
        for from in &select.from {
            self.joins(from);
        }
        self.grouped |= match &select.group_by {
            ast::GroupByExpr::All(_) => true,
            ast::GroupByExpr::Expressions(e, _) => !e.is_empty(),
        };
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, e: &ast::Expr) -> ControlFlow<()> {
        match e {
            ast::Expr::Subquery(_)
            | ast::Expr::Exists { .. }
            | ast::Expr::InSubquery { .. }
            | ast::Expr::OuterJoin(_) => self.full = true,
            ast::Expr::Identifier(i) if i.quote_style.is_none() => {
                self.mutable |= MUTABLE.contains(&i.value.to_lowercase().as_str());
            }
            ast::Expr::Function(f) => {
                let name = match f.name.0.last().and_then(|p| p.as_ident()) {
                    Some(i) => i.value.to_lowercase(),
                    None => return ControlFlow::Continue(()),
                };
                let name = name.as_str();
                self.mutable |= MUTABLE.contains(&name);
                let distinct = matches!(&f.args, ast::FunctionArguments::List(l)
                    if l.duplicate_treatment == Some(ast::DuplicateTreatment::Distinct));
                self.full |= f.over.is_some() || distinct || FULL_AGGREGATES.contains(&name);
                self.grouped |= ["avg", "count", "max", "min", "sum"].contains(&name);
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn refused(what: &str) -> SqlError {
    let text = format!("Materialized views do not support {what}.");
    SqlError::raw("", "0A000", text)
}

impl RedshiftSession {
    pub(super) async fn create_materialized(
        &mut self,
        v: &CreateView,
        properties: &[(String, String)],
        text: &str,
        parameters: &[Typed],
    ) -> Result<Outcome> {
        let traits = Traits::of(&v.query);
        self.check_materialized(v, properties, &traits)?;
        let statement = CreateTableBuilder::new(v.name.clone())
            .query(Some(v.query.clone()))
            .columns(super::tables::untyped_columns(&v.columns))
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
        def.properties.insert(
            PATH.into(),
            serde_json::Value::from(self.engine.schemas().to_vec()).to_string(),
        );
        if !(traits.full || traits.mutable || traits.inner_union && traits.grouped) {
            def.properties.insert(INCREMENTAL.into(), "yes".into());
        }
        self.replace_def(&name, &entry, def)?;
        Ok(Outcome::Done("CREATE MATERIALIZED VIEW".into()))
    }

    /// Fails when a materialized view cannot have a query.
    fn check_materialized(
        &mut self,
        v: &CreateView,
        properties: &[(String, String)],
        traits: &Traits,
    ) -> Result<()> {
        if traits.ordered {
            return Err(refused("the ORDER BY, LIMIT or OFFSET clause"));
        }
        let automatic = properties
            .iter()
            .any(|(name, value)| name == AUTO_REFRESH && value == "yes");
        if automatic && traits.mutable {
            return Err(refused("AUTO REFRESH YES with mutable functions"));
        }
        self.check_leader_only(v.query.as_ref())?;
        let view = self.engine.view()?;
        let used = {
            let mut binder = self.engine.binder(self.engine.env(), &view, &[]);
            binder.top_query(&v.query)?;
            binder.used
        };
        for name in &used {
            if is_temp_schema(&name.schema) {
                return Err(refused(&format!("temporary tables: \"{}\"", name.name)));
            }
            if let Some(Object::View(_)) = view.object(ObjectKind::Relation, name) {
                return Err(refused(&format!("standard views: \"{}\"", name.name)));
            }
        }
        let mut system = None;
        let _ = ast::visit_relations(v.query.as_ref(), |name| {
            let parts: Vec<String> = (name.0.iter())
                .filter_map(|p| p.as_ident().map(|i| i.value.to_lowercase()))
                .collect();
            let last = parts.last().map(String::as_str).unwrap_or_default();
            let prefixes = ["pg_", "stl_", "stv_", "svcs_", "svl_", "svv_", "sys_"];
            let in_catalog = parts
                .iter()
                .rev()
                .nth(1)
                .is_none_or(|s| s == "pg_catalog" || s == "information_schema");
            let named = prefixes.iter().any(|p| last.starts_with(p)) || parts.len() > 1;
            let own = used.iter().any(|u| u.name == last) || traits.ctes.iter().any(|c| c == last);
            if in_catalog && named && !own {
                system.get_or_insert_with(|| last.to_owned());
            }
            ControlFlow::<()>::Continue(())
        });
        match system {
            Some(name) => Err(refused(&format!("system tables and views: \"{name}\""))),
            None => Ok(()),
        }
    }

    /// REFRESH MATERIALIZED VIEW; with CASCADE also the materialized views that depend on it, each after its sources.
    pub(super) async fn refresh(
        &mut self,
        name: &ast::ObjectName,
        cascade: bool,
    ) -> Result<Outcome> {
        let (name, _) = self.engine.table(name)?;
        if !cascade {
            let notice = self.recompute(&name).await?;
            self.notices.push(notice);
            return Ok(Outcome::Done("REFRESH".into()));
        }
        let mut order = Vec::new();
        self.dependents_last(&name, &mut order)?;
        self.atomically(async |s| {
            for name in order.iter().rev() {
                let notice = s.recompute(name).await?;
                s.notices.push(notice);
            }
            Ok(Outcome::Done("REFRESH".into()))
        })
        .await
    }

    /// Puts the materialized views that depend on one, and then itself, at the end of `order`.
    fn dependents_last(&mut self, name: &ObjectName, order: &mut Vec<ObjectName>) -> Result<()> {
        for dependent in self.dependents(name)? {
            let view = self.engine.view()?;
            let found = view.object(ObjectKind::Relation, &dependent);
            let materialized = matches!(found, Some(Object::Table(t)) if t.def.properties.contains_key(MATERIALIZED));
            if materialized && !order.contains(&dependent) {
                self.dependents_last(&dependent, order)?;
            }
        }
        order.push(name.clone());
        Ok(())
    }

    /// The search path that a materialized view was created with; the session's for one from before it was kept.
    fn path_of(&self, def: &TableDef) -> Vec<String> {
        (def.properties.get(PATH))
            .and_then(|path| serde_json::from_str(path).ok())
            .unwrap_or_else(|| self.engine.schemas().to_vec())
    }

    /// The relations that a materialized view reads.
    pub(super) fn sources(&mut self, name: &ObjectName) -> Result<Vec<ObjectName>> {
        let view = self.engine.view()?;
        let Some(Object::Table(t)) = view.object(ObjectKind::Relation, name) else {
            return Ok(Vec::new());
        };
        let Some(query) = t.def.properties.get(MATERIALIZED) else {
            return Ok(Vec::new());
        };
        let query = self.rules.parse_query(query)?;
        let path = self.path_of(&t.def);
        let mut binder = self.engine.binder(self.engine.env(), &view, &[]);
        binder.search_path = path
            .into_iter()
            .map(|schema| (name.database.clone(), schema))
            .collect();
        binder.top_query(&query)?;
        Ok(binder.used)
    }

    /// Computes a materialized view again; what is told about it.
    pub(super) async fn recompute(&mut self, name: &ObjectName) -> Result<Notice> {
        let view = self.engine.view()?;
        let entry = match view.object(ObjectKind::Relation, name) {
            Some(Object::Table(t)) => Arc::clone(t),
            _ => {
                return Err(ErrorKind::UnknownObject {
                    kind: "relation",
                    name: name.name.clone(),
                }
                .into());
            }
        };
        let Some(query) = entry.def.properties.get(MATERIALIZED) else {
            return Err(SqlError::raw(
                "",
                "42809",
                format!("\"{}\" is not a materialized view", name.name),
            ));
        };
        let query = self.rules.parse_query(query)?;
        let database = self.engine.database().map(str::to_owned);
        let path = self.engine.schemas().to_vec();
        let own = self.path_of(&entry.def);
        self.engine.set_context(Some(name.database.clone()), own);
        let rows = match self.engine.run_query(&query, &[]).await {
            Ok(rows) => rows.collect().await,
            Err(e) => Err(e),
        };
        self.engine.set_context(database, path);
        let (columns, batches) = rows?;
        let types = columns.iter().map(|c| c.ty.clone()).collect::<Vec<_>>();
        let given: Vec<usize> = (0..types.len()).collect();
        let rows = self
            .engine
            .complete_rows(name, &given, &types, batches)
            .await?;
        let data = TableData::new(Arc::clone(&entry.data.schema), rows);
        let next = Arc::new(entry.with_data(data));
        self.engine
            .change(|t| match t.object(ObjectKind::Relation, name) {
                Some(Object::Table(now)) if Arc::ptr_eq(now, &entry) => t.set_object(
                    ObjectKind::Relation,
                    name,
                    Some(Object::Table(Arc::clone(&next))),
                ),
                _ => Err(ErrorKind::SerializationConflict(name.name.clone()).into()),
            })?;
        let how = match entry.def.properties.contains_key(INCREMENTAL) {
            true => "incrementally updated",
            false => "recomputed",
        };
        Ok(Notice::info(format!(
            "Materialized view {} was {how} successfully.",
            name.name
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{Statement, parse};

    fn traits(sql: &str) -> Traits {
        match &parse(sql).expect("a query")[0].statement {
            Statement::Query(q) => Traits::of(q),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn refresh_methods() {
        for (sql, full) in [
            ("select a, sum(b) from t group by a", false),
            ("select t.a from t join u on t.a = u.a where u.b > 1", false),
            ("select a from t left join u on t.a = u.a", true),
            ("select a from (t full join u on t.a = u.a)", true),
            ("select a from t union all select a from u", false),
            ("select a from t union select a from u", true),
            ("select count(distinct a) from t", true),
            ("select rank() over (order by a) from t", true),
            ("select a from t where a in (select b from u)", true),
            ("select median(a) from t", true),
        ] {
            assert_eq!(traits(sql).full, full, "{sql}");
        }
    }

    #[test]
    fn refused_parts() {
        assert!(traits("select a from t order by 1").ordered);
        assert!(traits("select top 3 a from t").ordered);
        assert!(traits("select a from (select a from t limit 2) s").ordered);
        assert!(!traits("select listagg(a) within group (order by a) from t").ordered);
        assert!(traits("select sysdate, a from t").mutable);
        assert!(traits("select a from t where d < getdate()").mutable);
        assert!(!traits("select upper(a) from t").mutable);
        let inner = traits("select sum(a) from (select a from t union all select a from u) s");
        assert!(inner.inner_union && inner.grouped);
    }
}
