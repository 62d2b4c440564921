//! The session and the dispatch of its statements.
//! Each family of statements is in a file of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::exec::CancelHandle;
use dwsim_engine::functions::Typed;
use dwsim_engine::session::{Outcome, Session, SessionOptions};
use dwsim_engine::types::{ColumnInfo, SqlType};
use sqlparser::ast::{self, MergeClauseKind, Statement};

use super::answer::schema;
use super::{
    AccountState, Answer, Binding, SessionSlot, StatementKind, StatementRun, bindings, parameters,
};
use crate::dialect::{SnowflakeDialect, fold};
use crate::parse::{Command, UseTarget};

/// Characters of a statement that QUERY_HISTORY shows.
///
/// Source: "QUERY_HISTORY, QUERY_HISTORY_BY_*".
const LONGEST_KEPT: usize = 100_000;

/// A session of a Snowflake account.
#[derive(Debug)]
pub struct SnowflakeSession {
    pub(crate) inner: Session,
    pub(crate) account: Arc<AccountState>,
    pub(super) dialect: Arc<SnowflakeDialect>,
    /// The catalog version before the running statement.
    version_before: u64,
    /// When the running statement began.
    started: chrono::DateTime<chrono::Utc>,
    /// Where the files of the session's temporary stages are.
    pub(super) own_files: Vec<String>,
    /// How many procedures are running in one another.
    pub(crate) calls: usize,
    /// OUT arguments of the procedure that ran last: positions and values.
    pub(crate) outputs: Vec<(usize, Typed)>,
    /// What other sessions know of this one.
    pub(crate) slot: Arc<SessionSlot>,
    /// A statement is running.
    inside: bool,
    /// The pipe whose COPY is running.
    pub(super) pipe: Option<dwsim_engine::catalog::ObjectName>,
    /// The statement changes a table on the service's behalf: a dynamic or an external one.
    pub(super) maintaining: bool,
    /// Procedures that the running blocks have declared, innermost last.
    pub(crate) nested: Vec<Arc<dwsim_engine::catalog::Routine>>,
}

impl Drop for SnowflakeSession {
    fn drop(&mut self) {
        for prefix in &self.own_files {
            for (key, _) in self.account.files(prefix) {
                // A file that cannot be removed is found by nobody: its stage is gone.
                let _ = self.account.remove_file(&key);
            }
        }
    }
}

impl SnowflakeSession {
    /// A session. Database, schema, warehouse and role are those of the options, whether they exist or not.
    pub fn new(
        account: Arc<AccountState>,
        dialect: Arc<SnowflakeDialect>,
        options: SessionOptions,
    ) -> Self {
        let shared: Arc<SnowflakeDialect> = Arc::clone(&dialect);
        let inner = Session::new(Arc::clone(&account.engine), shared, options);
        dialect.set_cancel(inner.cancel_handle());
        let slot = SessionSlot::new(inner.id(), inner.user.clone(), inner.cancel_handle());
        account.add_session(&slot);
        SnowflakeSession {
            slot,
            inside: false,
            pipe: None,
            maintaining: false,
            inner,
            account,
            dialect,
            version_before: 0,
            started: chrono::Utc::now(),
            own_files: Vec::new(),
            calls: 0,
            outputs: Vec::new(),
            nested: Vec::new(),
        }
    }

    /// The engine's session.
    pub fn engine_session(&self) -> &Session {
        &self.inner
    }

    /// Role and warehouse that a connection names.
    pub fn set_identity(&mut self, role: Option<String>, warehouse: Option<String>) {
        if let Some(role) = role {
            self.inner.role = role;
        }
        if let Some(warehouse) = warehouse {
            self.inner.warehouse = warehouse;
        }
    }

    /// Sets a parameter as ALTER SESSION does.
    ///
    /// # Errors
    /// Unknown parameters, values of the wrong type.
    pub fn set_parameter(&mut self, name: &str, value: &str) -> Result<()> {
        parameters::set_one(&mut self.inner, name, value)?;
        self.dialect.follow(self.inner.parameters());
        Ok(())
    }

    /// Tells which client program this is, for CURRENT_CLIENT.
    pub fn set_client(&mut self, client: String) {
        self.inner.client = Some(client);
    }

    /// What other sessions know of this one.
    pub fn slot(&self) -> Arc<SessionSlot> {
        Arc::clone(&self.slot)
    }

    /// A handle that cancels the running statement.
    pub fn cancel_handle(&self) -> CancelHandle {
        self.inner.cancel_handle()
    }

    /// What ends a program that starts now.
    pub(crate) fn limits(&self) -> crate::javascript::Limits {
        self.dialect.limits(&self.inner.env())
    }

    /// Identifies the statement that comes next.
    pub fn begin_statement(&mut self, query_id: &str) {
        query_id.clone_into(&mut self.inner.query_id);
        if self.slot.take_doomed() && self.inner.in_transaction() {
            self.inner.rollback();
        }
        self.slot.begin(query_id);
        self.started = chrono::Utc::now();
        let newest = self.account.engine.catalog.history(|h| h.newest());
        self.version_before = newest.unwrap_or(0);
    }

    /// The statement is over: LAST_QUERY_ID() means it from now on, and the histories have it.
    pub fn end_statement(&mut self, query_id: &str, text: &str, outcome: &Result<Answer>) {
        let open = self.inner.in_transaction().then(|| {
            let env = self.inner.env();
            env.moment().transaction_now.timestamp_micros()
        });
        self.slot.end(query_id, open);
        self.inner.last_query_id = Some(query_id.to_owned());
        self.inner.query_ids.note(query_id);
        let failure = outcome.as_ref().err().map(|e| {
            let r = e.snowflake();
            (r.code, r.message)
        });
        self.account.note_statement(StatementRun {
            query_id: query_id.to_owned(),
            text: text[..text.floor_char_boundary(LONGEST_KEPT)].to_owned(),
            database: self.inner.database().map(str::to_owned),
            schema: self.inner.schemas().first().cloned(),
            kind: outcome.as_ref().ok().map(|a| a.kind),
            session: self.inner.id(),
            user: self.inner.user.clone(),
            role: self.inner.role.clone(),
            warehouse: self.inner.warehouse.clone(),
            tag: self
                .inner
                .parameters()
                .get("QUERY_TAG")
                .cloned()
                .unwrap_or_default(),
            failure,
            started: self.started,
            ended: chrono::Utc::now(),
            rows: outcome.as_ref().map_or(0, Answer::row_count),
        });
        let before = self.version_before;
        self.account
            .engine
            .catalog
            .history(|h| h.note(query_id, before));
    }

    /// Runs one statement.
    ///
    /// # Errors
    /// What parsing, binding or running it gives.
    pub async fn run(
        &mut self,
        text: &str,
        bindings: &BTreeMap<String, Binding>,
        describe_only: bool,
    ) -> Result<Answer> {
        // Only the outermost statement looks what buckets have got meanwhile.
        if !self.inside && !describe_only {
            self.inside = true;
            self.catch_up().await;
            let outcome = Box::pin(self.run(text, bindings, describe_only)).await;
            self.inside = false;
            return outcome;
        }
        let resolved = crate::parse::resolve_identifiers(text, &|v| self.named(v), &|n| {
            bindings::name(bindings, n)
        })?;
        let named;
        let (text, bindings) = match &resolved {
            Some((text, taken)) => {
                named = bindings::without(bindings, taken);
                (text.as_str(), &named)
            }
            None => (text, bindings),
        };
        self.inner.set_statement(text);
        let command = crate::parse::parse(text)?;
        if describe_only {
            return self.describe_only(&command, bindings);
        }
        self.command(command, text, bindings, None).await
    }

    /// Runs a parsed statement; `values` are those of its placeholders when a block gives them.
    pub(crate) async fn command(
        &mut self,
        command: Command,
        text: &str,
        bindings: &BTreeMap<String, Binding>,
        values: Option<Vec<Typed>>,
    ) -> Result<Answer> {
        let given = |values: Option<Vec<Typed>>| match values {
            Some(v) => Ok(v),
            None => bindings::rows(bindings).map(|mut r| {
                if r.is_empty() {
                    Vec::new()
                } else {
                    r.swap_remove(0)
                }
            }),
        };
        match command {
            Command::Sql(statement) => match values {
                Some(values) => self.execute(&statement, text, &values).await,
                None => self.sql(&statement, text, bindings).await,
            },
            Command::Block(block) => self.run_block(&block).await,
            Command::CreateRoutine(r) => self.create_routine(&r, text),
            Command::DropRoutine(name, if_exists) => self.drop_routine(&name, if_exists),
            Command::AlterRoutine(a) => self.alter_routine(&a),
            Command::DescribeRoutine(name) => self.describe_routine(&name),
            Command::Call(target) => self.call(&target, &given(values)?).await,
            Command::CallAnonymous(r, target) => {
                self.call_anonymous(&r, &target, &given(values)?).await
            }
            Command::ExecuteImmediate(sql, using) => {
                self.execute_immediate(&sql, &using, &given(values)?).await
            }
            Command::ExecuteFile(location) => self.execute_file(&location).await,
            Command::Show(show) => self.show(&show),
            Command::Describe(d) => self.describe(&d),
            Command::Use(target) => self.use_target(&target),
            Command::Set(pairs) => self.set_variables(&pairs, bindings).await,
            Command::Unset(names) => {
                for n in names {
                    self.inner.variables.remove(&fold(&n));
                }
                Answer::success(StatementKind::Scl)
            }
            Command::AlterSession(options) => {
                parameters::set(&mut self.inner, &options)?;
                self.dialect.follow(self.inner.parameters());
                Answer::success(StatementKind::Scl)
            }
            Command::AlterView(name, if_exists, change) => {
                self.alter_view(&name, if_exists, &change)
            }
            Command::AlterSequence(name, if_exists, change) => {
                self.alter_sequence(&name, if_exists, &change)
            }
            Command::UnsetSession(names) => {
                for n in names {
                    parameters::unset(&mut self.inner, &fold(&n))?;
                }
                self.dialect.follow(self.inner.parameters());
                Answer::success(StatementKind::Scl)
            }
            Command::CreateDatabase(o) => self.create_database(&o),
            Command::CreateSchema(o) => self.create_schema(&o),
            Command::Create(o) => {
                let answer = self.create_kept(&o)?;
                if self.has_external_directory(&o) && !answer.skipped_creation() {
                    self.refresh_stage(&o.name, None).await?;
                }
                Ok(answer)
            }
            Command::Drop {
                kind,
                name,
                if_exists,
            } => self.drop_kept(kind, &name, if_exists),
            Command::Alter {
                kind,
                name,
                if_exists,
                rename,
                options,
            } => self.alter_kept(kind, &name, if_exists, rename.as_ref(), &options),
            Command::Copy(copy) => self.copy(&copy, bindings).await,
            Command::CopyFiles(to, from, options) => self.copy_files(&to, &from, &options).await,
            Command::Put(local, remote, options) => {
                let remote = match remote.as_str() {
                    "?" => bindings::name(bindings, 1)?,
                    _ => remote,
                };
                self.put(&local, &remote, &options)
            }
            Command::Get(remote, local, options) => self.get(&remote, &local, &options),
            Command::List(location, pattern) => self.list(&location, pattern.as_deref()).await,
            Command::Remove(location, pattern) => self.remove(&location, pattern.as_deref()).await,
            Command::Comment(kind, name, text, if_exists) => {
                self.comment(&kind, &name, &text, if_exists)
            }
            Command::Grant(g) => self.grant(&g),
            Command::CreateSequence(s) => self.create_sequence(&s),
            Command::Properties(word, name, if_exists, change) => {
                self.change_properties(&word, &name, if_exists, &change)
            }
            Command::CreateStream(s) => self.create_stream(&s),
            Command::CreateBody(c) => self.create_body(&c).await,
            Command::Change(word, name, if_exists, change) => {
                self.change_object(&word, &name, if_exists, &change).await
            }
            Command::DropObject(word, name, if_exists) => self.drop_body(&word, &name, if_exists),
            Command::CreateExternal(c) => self.create_external(&c).await,
            Command::AlterExternal(name, if_exists, change) => {
                match self.alter_external(&name, &change).await {
                    Err(e) if if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {
                        Answer::success(StatementKind::Ddl)
                    }
                    other => other,
                }
            }
            Command::Undrop(kind, name) => self.undrop(&kind, &name),
            Command::CreateFromTemplate(create, query) => {
                self.create_from_template(&create, &query).await
            }
            Command::ExecuteTask(name) => self.execute_task(&name).await,
            Command::CreatePolicy(p) => self.create_policy(&p),
            Command::AlterPolicy(kind, name, if_exists, change) => {
                self.alter_policy(&kind, &name, if_exists, &change)
            }
            Command::DropPolicy(kind, name, if_exists) => self.drop_policy(&kind, &name, if_exists),
            Command::DescribePolicy(kind, name) => self.describe_policy(&kind, &name),
            Command::Attach(name, if_exists, attached) => {
                match self.attach(&name, &attached) {
                    Err(e) if if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {}
                    other => other?,
                }
                Answer::success(StatementKind::Ddl)
            }
            Command::CreateAttached(create, name, attached) => {
                let answer = Box::pin(self.command(*create, text, bindings, values)).await?;
                if !answer.skipped_creation() {
                    self.attach(&name, &attached)?;
                }
                Ok(answer)
            }
            Command::PolicyContext(values, text) => self.with_context(&values, &text).await,
            Command::ExecuteAlert(name) => self.execute_alert(&name).await,
            Command::UserPolicy(user, kind, policy) => {
                self.user_policy(&user, &kind, policy.as_ref())
            }
            Command::CreateLike(kind, create, name) => {
                let answer = Box::pin(self.command(*create, text, bindings, values)).await?;
                if !answer.skipped_creation() {
                    self.mark(&name, &[(kind.to_owned(), Some("true".to_owned()))])?;
                }
                Ok(answer)
            }
            Command::Mark(name, if_exists, values) => {
                match self.mark(&name, &values) {
                    Err(e) if if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {}
                    other => other?,
                }
                Answer::success(StatementKind::Ddl)
            }
            Command::Each(commands) => {
                let mut answer = Answer::success(StatementKind::Ddl)?;
                for one in commands {
                    answer = Box::pin(self.command(one, text, bindings, values.clone())).await?;
                }
                Ok(answer)
            }
            Command::Flow(parts) => self.flow(&parts).await,
            Command::CreateOrAlter(create) => self.create_or_alter(&create).await,
            Command::RefreshStage(name, if_exists, path) => {
                match self.refresh_stage(&name, path.as_deref()).await {
                    Err(e) if if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {
                        Answer::success(StatementKind::Ddl)
                    }
                    other => other,
                }
            }
            Command::DropKey(name, if_exists, kind, columns) => {
                match self.drop_key(&name, kind, &columns) {
                    Err(e) if if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {}
                    other => other?,
                }
                Answer::success(StatementKind::Ddl)
            }
            Command::RenameConstraint(name, if_exists, from, to) => {
                match self.rename_constraint(&name, &fold(&from), &fold(&to)) {
                    Err(e) if if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {}
                    other => other?,
                }
                Answer::success(StatementKind::Ddl)
            }
            Command::SwapDatabases(a, b) => self.swap_databases(&a, &b),
            Command::Explain(format, text) => self.explain(&format, &text).await,
        }
    }

    /// The text of a session variable that stands for a name.
    fn named(&self, variable: &str) -> Result<String> {
        let folded = fold(&ast::Ident::new(variable));
        let value = self.inner.variables.get(&folded);
        match value.and_then(Typed::literal_text) {
            Some(t) => Ok(t.to_owned()),
            None if value.is_some() => Err(SqlError::raw(
                "001006",
                "42601",
                format!("SQL compilation error:\nInvalid identifier in variable '${folded}'"),
            )),
            None => Err(SqlError::raw(
                "002211",
                "02000",
                format!("SQL compilation error:\nSession variable '${folded}' does not exist"),
            )),
        }
    }

    async fn sql(
        &mut self,
        statement: &Statement,
        text: &str,
        bindings: &BTreeMap<String, Binding>,
    ) -> Result<Answer> {
        let mut rows = bindings::rows(bindings)?;
        if rows.len() > 1 {
            return self.array_bound(statement, text, rows).await;
        }
        let values = rows.pop().unwrap_or_default();
        self.execute(statement, text, &values).await
    }

    pub(super) async fn execute(
        &mut self,
        statement: &Statement,
        text: &str,
        values: &[Typed],
    ) -> Result<Answer> {
        self.transaction_rules(statement)?;
        self.check_target(statement)?;
        if let Statement::Truncate(t) = statement {
            for target in &t.table_names {
                if let Ok((name, entry)) = self.inner.table(&target.name) {
                    self.account
                        .forget_loaded((self.database_oid(&name.database), entry.def.oid))?;
                }
            }
        }
        let changed = self.read_staged(statement, values).await?;
        let outcome = self
            .inner
            .execute(changed.as_ref().unwrap_or(statement), text, values)
            .await;
        if changed.is_some() {
            self.dialect.clear_staged();
        }
        let mut answer = match outcome? {
            Outcome::Rows(stream) => {
                let (columns, batches) = stream.collect().await?;
                Answer::rows(StatementKind::Select, columns, batches)
            }
            Outcome::Done(done) if done.tag == "MERGE" => {
                let Statement::Merge(m) = statement else {
                    return Err(SqlError::internal(
                        "a completion MERGE of another statement",
                    ));
                };
                // Only the kinds of clauses that are there have a column.
                let has = |k: fn(&MergeClauseKind, &ast::MergeAction) -> bool| {
                    m.clauses.iter().any(|c| k(&c.clause_kind, &c.action))
                };
                let mut counts = Vec::new();
                if has(|_, a| matches!(a, ast::MergeAction::Insert(_))) {
                    counts.push(("number of rows inserted", done.inserted));
                }
                if has(|_, a| matches!(a, ast::MergeAction::Update(_))) {
                    counts.push(("number of rows updated", done.updated));
                }
                if has(|_, a| matches!(a, ast::MergeAction::Delete { .. })) {
                    counts.push(("number of rows deleted", done.deleted));
                }
                Answer::counts(StatementKind::Merge, &counts)?
            }
            Outcome::Done(done) => Answer::completion(&done)?,
        };
        answer.binds = values.len();
        Ok(answer)
    }

    /// DDL commits an open transaction first; with AUTOCOMMIT off, DML opens one.
    ///
    /// Source: "Transactions".
    fn transaction_rules(&mut self, statement: &Statement) -> Result<()> {
        let dml = matches!(
            statement,
            Statement::Insert(_)
                | Statement::Update(_)
                | Statement::Delete(_)
                | Statement::Merge(_)
        );
        let other = matches!(
            statement,
            Statement::Query(_)
                | Statement::StartTransaction { .. }
                | Statement::Commit { .. }
                | Statement::Rollback { .. }
                | Statement::Explain { .. }
        );
        let manual = self
            .inner
            .parameters()
            .get("AUTOCOMMIT")
            .is_some_and(|v| v == "false");
        if dml && manual && !self.inner.in_transaction() {
            self.inner.begin();
        }
        if !dml && !other && self.inner.in_transaction() {
            self.inner.commit()?;
        }
        Ok(())
    }

    /// One statement for many rows of bind values: INSERT … VALUES takes them all at once, others run once per row
    /// in one transaction.
    async fn array_bound(
        &mut self,
        statement: &Statement,
        text: &str,
        rows: Vec<Vec<Typed>>,
    ) -> Result<Answer> {
        if let Some(wide) = repeat_values(statement, rows.len()) {
            let values: Vec<Typed> = rows.into_iter().flatten().collect();
            return self.execute(&wide, text, &values).await;
        }
        let own = !self.inner.in_transaction();
        if own {
            self.inner.begin();
        }
        let mut totals: Option<(StatementKind, Vec<ColumnInfo>, Vec<u64>)> = None;
        for values in &rows {
            match self.execute(statement, text, values).await {
                Ok(a) => {
                    let counts = counts_of(&a);
                    match &mut totals {
                        None => totals = Some((a.kind, a.columns, counts)),
                        Some((_, _, sums)) => {
                            sums.iter_mut().zip(counts).for_each(|(s, c)| *s += c)
                        }
                    }
                }
                Err(e) => {
                    if own {
                        self.inner.rollback();
                    }
                    return Err(e);
                }
            }
        }
        if own {
            self.inner.commit()?;
        }
        let (kind, columns, sums) =
            totals.ok_or_else(|| SqlError::internal("no rows of bind values"))?;
        if !kind.is_dml() {
            return Err(SqlError::unsupported(
                "bind arrays in a statement that is no DML",
            ));
        }
        let named: Vec<(&str, u64)> = columns.iter().map(|c| c.name.as_str()).zip(sums).collect();
        Answer::counts(kind, &named)
    }

    fn describe_only(
        &mut self,
        command: &Command,
        bindings: &BTreeMap<String, Binding>,
    ) -> Result<Answer> {
        let Command::Sql(statement) = command else {
            return match command {
                Command::Show(show) => self.show(show).map(without_rows),
                Command::Describe(d) => self.describe(d).map(without_rows),
                Command::Call(_)
                | Command::CallAnonymous(..)
                | Command::Block(_)
                | Command::ExecuteImmediate(..) => self.describe_call(command).map(without_rows),
                _ => Answer::success(StatementKind::Ddl).map(without_rows),
            };
        };
        let values = bindings::rows(bindings)?
            .into_iter()
            .next()
            .unwrap_or_default();
        let types: Vec<Option<SqlType>> = values.iter().map(|v| Some(v.ty.clone())).collect();
        let described = self.inner.describe(statement, &types)?;
        let kind = match **statement {
            Statement::Query(_) => StatementKind::Select,
            Statement::Insert(_) => StatementKind::Insert,
            Statement::Update(_) => StatementKind::Update,
            Statement::Delete(_) => StatementKind::Delete,
            Statement::Merge(_) => StatementKind::Merge,
            _ => StatementKind::Ddl,
        };
        let mut answer = if described.rows {
            Answer::rows(kind, described.columns, Vec::new())
        } else {
            without_rows(match kind {
                StatementKind::Insert => Answer::counts(kind, &[("number of rows inserted", 0)])?,
                StatementKind::Update => Answer::counts(
                    kind,
                    &[
                        ("number of rows updated", 0),
                        ("number of multi-joined rows updated", 0),
                    ],
                )?,
                StatementKind::Delete => Answer::counts(kind, &[("number of rows deleted", 0)])?,
                _ => Answer::success(kind)?,
            })
        };
        answer.binds = described.parameters.len();
        Ok(answer)
    }

    fn use_target(&mut self, target: &UseTarget) -> Result<Answer> {
        let parts = |n: &ast::ObjectName| -> Vec<String> {
            n.0.iter().filter_map(|p| p.as_ident()).map(fold).collect()
        };
        match target {
            UseTarget::Database(n) | UseTarget::Either(n) if n.0.len() == 1 => {
                let db = parts(n).remove(0);
                self.inner.use_database(&db, vec!["PUBLIC".into()])?;
            }
            UseTarget::Schema(n) | UseTarget::Either(n) => {
                let (db, schema) = self.schema_name(&parts(n))?;
                self.inner.use_schema(&db, &schema)?;
            }
            UseTarget::Database(_) => {
                return Err(SqlError::raw(
                    "001003",
                    "42000",
                    "SQL compilation error:\nUSE DATABASE takes one name.",
                ));
            }
            UseTarget::Role(i) => self.inner.role = fold(i),
            UseTarget::Warehouse(i) => self.inner.warehouse = fold(i),
            UseTarget::SecondaryRoles => {}
        }
        Answer::success(StatementKind::Scl)
    }

    /// Database and schema of a schema's name.
    pub(super) fn schema_name(&self, parts: &[String]) -> Result<(String, String)> {
        match parts {
            [schema] => match self.inner.database() {
                Some(db) => Ok((db.to_owned(), schema.clone())),
                None => Err(SqlError::raw(
                    "090105",
                    "22000",
                    "Cannot perform operation. This session does not have a current database. Call 'USE DATABASE', or use a qualified name.",
                )),
            },
            [db, schema] => Ok((db.clone(), schema.clone())),
            _ => Err(SqlError::raw(
                "001003",
                "42601",
                "SQL compilation error:\nimproper schema name",
            )),
        }
    }

    /// The id of a database; 0 when it is gone.
    pub(super) fn database_oid(&self, name: &str) -> u64 {
        self.inner
            .snapshot()
            .databases
            .get(name)
            .map_or(0, |d| d.oid)
    }

    async fn set_variables(
        &mut self,
        pairs: &[(ast::Ident, ast::Expr)],
        bindings: &BTreeMap<String, Binding>,
    ) -> Result<Answer> {
        let values = bindings::rows(bindings)?
            .into_iter()
            .next()
            .unwrap_or_default();
        let mut computed = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            let query = crate::parse::query(&format!("select {value}"))?;
            let (columns, batches) = self
                .inner
                .run_query(&query, &values)
                .await?
                .collect()
                .await?;
            let (Some(column), Some(batch)) =
                (columns.first(), batches.iter().find(|b| b.num_rows() > 0))
            else {
                return Err(SqlError::internal("SET computed no value"));
            };
            let scalar = datafusion::scalar::ScalarValue::try_from_array(batch.column(0), 0)?;
            let ty = if column.ty == SqlType::Null {
                SqlType::text()
            } else {
                column.ty.clone()
            };
            computed.push((
                fold(name),
                Typed::new(datafusion::logical_expr::Expr::Literal(scalar, None), ty),
            ));
        }
        self.inner.variables.extend(computed);
        Answer::success(StatementKind::Scl)
    }
}

/// The same answer without its rows.
fn without_rows(mut a: Answer) -> Answer {
    a.batches = vec![arrow::array::RecordBatch::new_empty(schema(&a.columns))];
    a
}

/// The counts of a DML answer.
pub(crate) fn counts_of(a: &Answer) -> Vec<u64> {
    use arrow::array::AsArray;
    use arrow::datatypes::Decimal128Type;
    let Some(batch) = a.batches.first() else {
        return Vec::new();
    };
    batch
        .columns()
        .iter()
        .map(|c| {
            c.as_primitive_opt::<Decimal128Type>()
                .map_or(0, |c| c.value(0).max(0) as u64)
        })
        .collect()
}

/// INSERT … VALUES of one row of `?` as one of many rows; None for anything else.
fn repeat_values(statement: &Statement, times: usize) -> Option<Statement> {
    let mut wide = statement.clone();
    let Statement::Insert(insert) = &mut wide else {
        return None;
    };
    let source = insert.source.as_mut()?;
    let ast::SetExpr::Values(values) = source.body.as_mut() else {
        return None;
    };
    let [row] = values.rows.as_slice() else {
        return None;
    };
    let numbered = row.iter().any(|e| {
        matches!(e, ast::Expr::Value(v) if matches!(&v.value, ast::Value::Placeholder(p) if p != "?"))
    });
    if numbered {
        return None;
    }
    let row = row.clone();
    values.rows = vec![row; times];
    Some(wide)
}

/// The error for an object that is not there.
pub(super) fn missing(kind: &'static str, name: impl Into<String>) -> SqlError {
    ErrorKind::UnknownObject {
        kind,
        name: name.into(),
    }
    .into()
}
