//! Which statement is executed by which module.
//! Each of them is in a file of its own.

use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::Typed;
use dwsim_engine::types::{ColumnInfo, SqlType};
use sqlparser::ast;

use super::outcome::Outcome;
use super::session::RedshiftSession;
use super::settings;
use crate::parse::{Parsed, Show, Statement};
use crate::protocol::Notice;

impl RedshiftSession {
    pub(super) async fn run(&mut self, parsed: &Parsed, parameters: &[Typed]) -> Result<Outcome> {
        let done = |tag: &str| Ok(Outcome::Done(tag.to_owned()));
        self.authorize(&parsed.statement)?;
        self.check_read_only(&parsed.statement)?;
        self.wait_for_locks(&parsed.statement).await?;
        match &parsed.statement {
            Statement::Query(q) => {
                self.check_leader_only(q.as_ref())?;
                let statement = ast::Statement::Query(if super::effects::present(q) {
                    self.with_effects(q, parameters).await?
                } else {
                    q.clone()
                });
                self.common(&statement, &parsed.sql, parameters).await
            }
            Statement::Dml(s) => {
                self.check_changeable(s)?;
                match s.as_ref() {
                    // A row of the leader's values may be inserted; the target is not read.
                    ast::Statement::Insert(i) => self.check_leader_only(&i.source)?,
                    other => self.check_leader_only(other)?,
                }
                match self.restricted(s)? {
                    Some(restricted) => self.common(&restricted, &parsed.sql, parameters).await,
                    None => self.common(s, &parsed.sql, parameters).await,
                }
            }
            Statement::MergeDuplicates { delete, insert } => {
                self.check_changeable(delete)?;
                let text = parsed.sql.as_str();
                self.atomically(async |s: &mut Self| {
                    s.common(delete, text, parameters).await?;
                    s.common(insert, text, parameters).await
                })
                .await?;
                done("MERGE")
            }
            Statement::Policy(p) => self.policy(p),
            Statement::CreateTable(t) => {
                if let Some(query) = &t.query {
                    self.check_leader_only(query.as_ref())?;
                }
                self.create_table(t, &parsed.sql, parameters).await
            }
            Statement::AlterTable(a) => self.alter_table(a, &parsed.sql).await,
            Statement::CreateView(v) => self.create_view(v, &parsed.sql, parameters).await,
            Statement::Refresh { name, cascade } => self.refresh(name, *cascade).await,
            Statement::CreateSchema {
                name,
                if_not_exists,
                owner,
                quota,
            } => self.create_schema(name.as_ref(), *if_not_exists, owner.as_ref(), *quota),
            Statement::AlterSchema {
                name,
                rename,
                owner,
                quota,
            } => self.alter_schema(name, rename.as_ref(), owner.as_ref(), *quota),
            Statement::CreateDatabase {
                name,
                owner,
                template,
                properties,
            } => self.create_database(name, owner.as_ref(), template.as_ref(), properties),
            Statement::AlterDatabase {
                name,
                rename,
                owner,
                properties,
            } => self.alter_database(name, rename.as_ref(), owner.as_ref(), properties),
            Statement::Drop {
                kind,
                names,
                signature,
                if_exists,
                cascade,
            } => {
                self.drop(*kind, names, signature.as_deref(), *if_exists, *cascade)
                    .await
            }
            Statement::Truncate(name) => self.truncate(name),
            Statement::Begin { read_only } => {
                let begun = self.begin();
                if let Some(on) = read_only {
                    let value = if *on { "on" } else { "off" };
                    self.set("transaction_read_only", value, true)?;
                }
                Ok(begun)
            }
            Statement::Commit => self.commit(),
            Statement::Rollback => Ok(self.rollback()),
            Statement::Set { name, value, local } => {
                match value {
                    Some(v) => self.set(name, &settings::joined(name, v), *local)?,
                    None => self.reset(name)?,
                }
                done("SET")
            }
            Statement::Reset(name) => {
                match name {
                    Some(name) => self.reset(name)?,
                    None => {
                        for (name, _) in self.initial.clone() {
                            if settings::default_of(&name).is_some() {
                                self.reset(&name)?;
                            }
                        }
                    }
                }
                done("RESET")
            }
            Statement::Show(show) => self.show(show),
            Statement::Copy(c) => self.copy(c, &parsed.sql).await,
            Statement::Unload(u) => self.unload(u).await,
            Statement::Principal {
                kind,
                create,
                name,
                options,
            } => self.principal(*kind, *create, name, options),
            Statement::Grant(g) => self.grant(g),
            Statement::Comment {
                kind,
                name,
                on,
                text,
            } => self.comment(*kind, name, on.as_ref(), text.as_deref()),
            Statement::Maintain { verb, table } => {
                if *verb == "VACUUM" && self.in_block() {
                    return Err(SqlError::raw(
                        "",
                        "25001",
                        "VACUUM cannot run inside a transaction block",
                    ));
                }
                if let Some(name) = table {
                    self.engine.table(name)?;
                }
                done(verb)
            }
            Statement::AnalyzeCompression(table) => self.analyze_compression(table.as_ref()),
            Statement::Lock(tables) => self.lock(tables).await,
            Statement::Declare { cursor, query } => self.declare(cursor, query, parameters).await,
            Statement::Fetch(f) => self.fetch(f).await,
            Statement::Close(cursor) => self.close(cursor),
            Statement::Prepare {
                name,
                types,
                statement,
            } => self.prepare(name, types, statement),
            Statement::Execute { name, arguments } => {
                Box::pin(self.execute_prepared(name, arguments)).await
            }
            Statement::Deallocate(name) => self.deallocate(name.as_ref()),
            Statement::Explain(inner) => self.explain(inner, parameters).await,
            Statement::CreateRoutine(r) => self.create_routine(r, &parsed.sql),
            Statement::Call { name, arguments } => {
                let (outcome, _) = self.call(name, arguments, parameters).await?;
                Ok(outcome)
            }
            Statement::AlterRoutine {
                kind,
                name,
                signature,
                rename,
                owner,
            } => self.alter_routine(
                *kind,
                name,
                signature.as_deref(),
                rename.as_ref(),
                owner.as_ref(),
            ),
            Statement::Cancel(pid) => {
                let found = i32::try_from(*pid)
                    .is_ok_and(|pid| self.cluster.backends().cancel_backend(pid));
                if !found {
                    self.notices.push(Notice::warning(
                        "01000",
                        format!("PID {pid} is not a Redshift server process"),
                    ));
                }
                done("CANCEL")
            }
            Statement::Unsupported(what) => Err(SqlError::unsupported(what.clone())),
        }
    }

    /// LOCK: the tables are this transaction's until it ends.
    async fn lock(&mut self, tables: &[ast::ObjectName]) -> Result<Outcome> {
        let names = tables
            .iter()
            .map(|t| self.engine.table(t).map(|(name, _)| name))
            .collect::<Result<Vec<_>>>()?;
        let block = self.engine.in_transaction();
        self.cluster
            .locks()
            .wait(self.engine.id(), &names, block, self.engine.timeout)
            .await?;
        // What others committed before they let go is seen, unless the transaction has begun to change things.
        self.engine.refresh();
        Ok(Outcome::Done("LOCK TABLE".into()))
    }

    fn is_temporary(&mut self, name: &ast::ObjectName) -> bool {
        (self.engine.relation(name)).is_ok_and(|(name, _)| name.schema.starts_with("pg_temp_"))
    }

    /// A read-only transaction changes nothing but temporary tables (r_BEGIN).
    fn check_read_only(&mut self, statement: &Statement) -> Result<()> {
        let setting = if self.engine.in_transaction() {
            "transaction_read_only"
        } else {
            "default_transaction_read_only"
        };
        if self.setting(setting) != "on" {
            return Ok(());
        }
        let changes = match statement {
            Statement::CreateTable(t) => !t.temporary,
            Statement::Dml(s) | Statement::MergeDuplicates { insert: s, .. } => {
                super::targets::changed(s).is_none_or(|n| !self.is_temporary(n))
            }
            Statement::Truncate(name) => !self.is_temporary(name),
            Statement::AlterTable(_)
            | Statement::CreateView(_)
            | Statement::Refresh { .. }
            | Statement::CreateSchema { .. }
            | Statement::AlterSchema { .. }
            | Statement::CreateDatabase { .. }
            | Statement::AlterDatabase { .. }
            | Statement::Drop { .. }
            | Statement::Copy(_)
            | Statement::Principal { .. }
            | Statement::Grant(_)
            | Statement::Policy(_)
            | Statement::Comment { .. }
            | Statement::AlterRoutine { .. }
            | Statement::CreateRoutine(_) => true,
            _ => false,
        };
        if changes {
            return Err(SqlError::raw("", "25006", "transaction is read-only"));
        }
        Ok(())
    }

    /// Waits while other sessions hold tables that a statement touches.
    async fn wait_for_locks(&mut self, statement: &Statement) -> Result<()> {
        if self.cluster.locks().is_empty() {
            return Ok(());
        }
        let names: Vec<_> = super::targets::touched(statement)
            .iter()
            .filter_map(|n| self.engine.relation(n).ok())
            .map(|(name, _)| name)
            .collect();
        self.cluster
            .locks()
            .wait(self.engine.id(), &names, false, self.engine.timeout)
            .await
    }

    /// Materialized views are changed by REFRESH only.
    fn check_changeable(&mut self, statement: &ast::Statement) -> Result<()> {
        let Some(target) = super::targets::changed(statement) else {
            return Ok(());
        };
        match self.engine.relation(target) {
            Ok((name, dwsim_engine::catalog::Object::Table(t)))
                if t.def
                    .properties
                    .contains_key(super::materialized::MATERIALIZED) =>
            {
                Err(super::materialized::not_changeable(&name.name))
            }
            Ok((name, dwsim_engine::catalog::Object::View(_))) => Err(SqlError::raw(
                "",
                "42809",
                format!("cannot change view \"{}\"", name.name),
            )),
            _ => Ok(()),
        }
    }

    /// RESET of one setting: back to what the client connected with.
    fn reset(&mut self, name: &str) -> Result<()> {
        let value = match self.initial.get(name) {
            Some(v) => v.clone(),
            None if name.contains('.') => String::new(),
            None => return Err(settings::unknown(name)),
        };
        if self.setting(name) == value {
            return Ok(());
        }
        self.set(name, &value, false)
    }

    /// Columns of statements that are neither queries nor DML.
    pub(super) fn columns_of(&mut self, statement: &Statement) -> Result<Option<Vec<ColumnInfo>>> {
        Ok(match statement {
            Statement::Explain(_) => Some(vec![ColumnInfo::new("QUERY PLAN", SqlType::text())]),
            Statement::Show(Show::Setting(name)) => {
                Some(vec![ColumnInfo::new(name.clone(), SqlType::text())])
            }
            Statement::Show(show) => match self.show(show)? {
                Outcome::Rows(rows) => Some(rows.columns),
                Outcome::Done(_) => None,
            },
            Statement::Fetch(f) => self.cursor_columns(&f.cursor),
            Statement::Call { name, .. } => self.call_columns(name),
            Statement::AnalyzeCompression(_) => Some(super::analyze::analyze_columns()),
            Statement::Execute { name, .. } => self.prepared_columns(name)?,
            _ => None,
        })
    }

    /// TRUNCATE: the table is empty at once, and the transaction is committed (r_TRUNCATE).
    fn truncate(&mut self, name: &ast::ObjectName) -> Result<Outcome> {
        let (name, entry) = self.engine.table(name)?;
        let empty = dwsim_engine::catalog::TableData::new(
            std::sync::Arc::clone(&entry.data.schema),
            Vec::new(),
        );
        self.engine.change(|t| {
            t.set_object(
                dwsim_engine::catalog::ObjectKind::Relation,
                &name,
                Some(dwsim_engine::catalog::Object::Table(std::sync::Arc::new(
                    entry.with_data(empty.clone()),
                ))),
            )
        })?;
        if self.in_block() {
            self.commit()?;
            self.notices.push(Notice::info(
                "TRUNCATE TABLE will commit the current transaction",
            ));
        }
        Ok(Outcome::Done("TRUNCATE TABLE".into()))
    }
}
