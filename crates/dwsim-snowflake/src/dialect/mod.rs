//! The rules of Snowflake's SQL that the engine asks for while binding: names, literals, types, coercions.
//! Statements are in `session`, functions in `functions`, the wire in `protocol`.

mod arithmetic;
mod coercion;
mod names;
mod types;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow::array::RecordBatch;

use dwsim_engine::catalog::{Language, Routine};
use dwsim_engine::dialect::{BinaryOp, Dialect, DialectName};
use dwsim_engine::env::Env;
use dwsim_engine::error::Result;
use dwsim_engine::exec::CancelHandle;
use dwsim_engine::functions::{FunctionTable, Typed};
use dwsim_engine::kernels::semi;
use dwsim_engine::plan::{Binder, Relation, TableCall, TablePartition};
use dwsim_engine::types::{ColumnInfo, SNOWFLAKE_MAX_VARCHAR, SqlType};
use sqlparser::ast;

use crate::functions::service::{self, CurrentTask};
use crate::javascript::Limits;

pub use names::fold;
pub use types::data_type;

/// Results of earlier queries of an account, for RESULT_SCAN: by query id.
pub trait ResultSource: fmt::Debug + Send + Sync {
    /// Columns and rows of a finished query.
    fn result(&self, query_id: &str) -> Option<Arc<crate::session::Answer>>;

    /// The statements that are remembered, oldest first.
    fn statements(&self) -> Vec<crate::session::StatementRun> {
        Vec::new()
    }

    /// The runs of tasks that are remembered, oldest first.
    fn tasks(&self) -> Vec<crate::session::TaskRun> {
        Vec::new()
    }

    /// The sessions of the account.
    fn sessions(&self) -> Vec<Arc<crate::session::SessionSlot>> {
        Vec::new()
    }

    /// The refreshes of dynamic tables that are remembered, oldest first.
    fn refreshes(&self) -> Vec<crate::session::RefreshRun> {
        Vec::new()
    }

    /// The runs of COPY that are remembered, oldest first.
    fn copies(&self) -> Vec<crate::session::CopyRun> {
        Vec::new()
    }
}

/// Snowflake, as the engine asks for it.
pub struct SnowflakeDialect {
    functions: Arc<FunctionTable>,
    results: Arc<dyn ResultSource>,
    staged: Mutex<HashMap<String, Rows>>,
    cancel: Mutex<CancelHandle>,
    /// QUOTED_IDENTIFIERS_IGNORE_CASE.
    ignores_case: AtomicBool,
    /// TIMESTAMP_TYPE_MAPPING: 0 is NTZ, 1 LTZ, 2 TZ.
    timestamp: AtomicU8,
    task: CurrentTask,
}

/// Columns and rows at hand.
pub type Rows = (Vec<ColumnInfo>, Vec<RecordBatch>);

impl fmt::Debug for SnowflakeDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnowflakeDialect").finish_non_exhaustive()
    }
}

impl SnowflakeDialect {
    /// The dialect of one session; the functions are shared by all of them.
    pub fn new(functions: Arc<FunctionTable>, results: Arc<dyn ResultSource>) -> Self {
        SnowflakeDialect {
            functions,
            results,
            staged: Mutex::default(),
            cancel: Mutex::default(),
            ignores_case: AtomicBool::new(false),
            timestamp: AtomicU8::new(0),
            task: CurrentTask::default(),
        }
    }

    /// Takes over the session's parameters that change what names and types mean.
    pub fn follow(&self, parameters: &BTreeMap<String, String>) {
        let value = |name: &str| parameters.get(name).map_or("", String::as_str);
        self.ignores_case.store(
            value("QUOTED_IDENTIFIERS_IGNORE_CASE").eq_ignore_ascii_case("true"),
            Ordering::Relaxed,
        );
        let mapping = match value("TIMESTAMP_TYPE_MAPPING").to_uppercase().as_str() {
            "TIMESTAMP_LTZ" => 1,
            "TIMESTAMP_TZ" => 2,
            _ => 0,
        };
        self.timestamp.store(mapping, Ordering::Relaxed);
    }

    /// The task that the session runs.
    pub(crate) fn task(&self) -> &CurrentTask {
        &self.task
    }

    /// Tells what cancels the session's statements, for programs in other languages.
    pub fn set_cancel(&self, cancel: CancelHandle) {
        *self.cancel.lock().unwrap_or_else(PoisonError::into_inner) = cancel;
    }

    /// What ends a program that starts now.
    pub(crate) fn limits(&self, env: &Env) -> Limits {
        let cancel = self
            .cancel
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let timeout = env
            .parameter("STATEMENT_TIMEOUT_IN_SECONDS")
            .and_then(|v| v.parse().ok())
            .filter(|s| *s > 0)
            .map(Duration::from_secs);
        Limits {
            generation: cancel.generation(),
            cancel,
            timeout,
        }
    }

    /// Puts or removes (`None`) the rows of staged files under the name that a query has for them.
    pub fn set_staged(&self, name: String, rows: Option<Rows>) {
        let mut staged = self.staged.lock().unwrap_or_else(PoisonError::into_inner);
        match rows {
            Some(rows) => staged.insert(name, rows),
            None => staged.remove(&name),
        };
    }

    /// Forgets the rows of all staged files.
    pub fn clear_staged(&self) {
        self.staged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl Dialect for SnowflakeDialect {
    fn name(&self) -> DialectName {
        DialectName::Snowflake
    }

    fn fold(&self, ident: &ast::Ident) -> String {
        if self.ignores_case.load(Ordering::Relaxed) {
            return ident.value.to_uppercase();
        }
        fold(ident)
    }

    fn data_type(&self, ty: &ast::DataType) -> Result<SqlType> {
        let plain = matches!(ty, ast::DataType::Timestamp(_, ast::TimezoneInfo::None));
        Ok(
            match (data_type(ty)?, self.timestamp.load(Ordering::Relaxed)) {
                (SqlType::Timestamp(n), 1) if plain => SqlType::TimestampLtz(n),
                (SqlType::Timestamp(n), 2) if plain => SqlType::TimestampTz(n),
                (ty, _) => ty,
            },
        )
    }

    fn number_literal(&self, text: &str) -> Result<Typed> {
        types::number_literal(text)
    }

    fn arithmetic(
        &self,
        binder: &mut Binder<'_>,
        op: BinaryOp,
        left: Typed,
        right: Typed,
    ) -> Result<Typed> {
        arithmetic::arithmetic(binder, op, left, right)
    }

    fn comparison_type(&self, left: &Typed, right: &Typed) -> Option<SqlType> {
        coercion::comparison_type(&left.ty, &right.ty)
    }

    fn common_type(&self, left: &SqlType, right: &SqlType) -> Option<SqlType> {
        coercion::common_type(left, right)
    }

    fn comparison_operand(&self, binder: &Binder<'_>, value: Typed) -> Typed {
        // A float inside VARIANT equals the exact number it stands for.
        if !value.ty.is_semi() {
            return value;
        }
        let ty = value.ty.clone();
        binder.kernel("comparable", semi::comparable, vec![value], ty)
    }

    fn parse_query(&self, sql: &str) -> Result<Box<ast::Query>> {
        crate::parse::query(sql)
    }

    fn parse_expr(&self, sql: &str) -> Result<ast::Expr> {
        crate::parse::expr(sql)
    }

    fn implicit_cast(&self, from: &SqlType, to: &SqlType) -> bool {
        coercion::implicit_cast(from, to)
    }

    fn functions(&self) -> &FunctionTable {
        &self.functions
    }

    fn column_name(&self, expr: &ast::Expr) -> String {
        match expr {
            ast::Expr::Identifier(i) => self.fold(i),
            ast::Expr::CompoundIdentifier(parts) => {
                parts.last().map(|i| self.fold(i)).unwrap_or_default()
            }
            other => names::column_name(other),
        }
    }

    fn table_function(
        &self,
        binder: &mut Binder<'_>,
        name: &str,
        call: &TableCall<'_>,
    ) -> Result<Option<Relation>> {
        crate::functions::table_function(binder, name, call, self.results.as_ref())
    }

    fn system_relation(
        &self,
        binder: &mut Binder<'_>,
        path: &[String],
    ) -> Result<Option<Relation>> {
        if let [name] = path
            && name.starts_with(crate::parse::STAGED)
        {
            let rows = self
                .staged
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(name)
                .cloned();
            let Some((columns, batches)) = rows else {
                return Ok(None);
            };
            let mut relation = binder.values_relation(columns, batches)?;
            // Only queries that name them see where a row comes from.
            for c in &mut relation.columns {
                c.hidden = c.name.starts_with("METADATA$");
            }
            return Ok(Some(relation));
        }
        crate::information_schema::relation(binder, path, self.results.as_ref())
    }

    fn is_foreign(&self, routine: &Routine) -> bool {
        routine.language != Language::Sql
            || (!routine.procedure && crate::scripting::is_block(&routine.body))
    }

    fn foreign_function(
        &self,
        binder: &mut Binder<'_>,
        routine: &Arc<Routine>,
        args: Vec<Typed>,
    ) -> Result<Typed> {
        let limits = self.limits(&binder.env);
        if routine.language == Language::Sql {
            let own = SnowflakeDialect::new(Arc::clone(&self.functions), Arc::clone(&self.results));
            own.follow(&binder.env.parameters);
            return crate::scripting::scalar_function(binder, routine, args, Arc::new(own), limits);
        }
        crate::javascript::scalar_function(binder, routine, args, limits)
    }

    fn service_call(&self, binder: &Binder<'_>, name: &str, args: Vec<Typed>) -> Result<Typed> {
        Ok(service::call(binder, name, args, &self.results, &self.task))
    }

    fn stream_source(
        &self,
        binder: &Binder<'_>,
        stream: &dwsim_engine::catalog::StreamDef,
    ) -> Result<Arc<dwsim_engine::catalog::TableEntry>> {
        crate::directory::version(&binder.catalog, &stream.source, Some(&stream.offset))
    }

    fn foreign_table(
        &self,
        binder: &mut Binder<'_>,
        routine: &Arc<Routine>,
        args: Vec<Typed>,
        left: Option<Relation>,
        outer: bool,
        partition: Option<TablePartition>,
    ) -> Result<Relation> {
        if routine.language == Language::Sql {
            return Err(dwsim_engine::error::SqlError::unsupported(
                "a table function with a block",
            ));
        }
        let limits = self.limits(&binder.env);
        match partition {
            Some(p) => {
                crate::javascript::partitioned_table(binder, routine, args, left, &p, limits)
            }
            None => crate::javascript::table_function(binder, routine, args, left, outer, limits),
        }
    }

    fn default_varchar(&self) -> Option<u32> {
        Some(SNOWFLAKE_MAX_VARCHAR)
    }

    fn bare_word(&self, binder: &mut Binder<'_>, word: &str) -> Result<Option<Typed>> {
        // The other context functions of the standard are words of the grammar.
        Ok((word == "CURRENT_USER").then(|| binder.text(binder.env.user.clone())))
    }

    fn reading(
        &self,
        binder: &Binder<'_>,
        name: &dwsim_engine::catalog::ObjectName,
        object: &dwsim_engine::catalog::Object,
    ) -> Result<Option<String>> {
        crate::policies::protected(binder, name, object)
    }

    fn visible_rows(
        &self,
        binder: &Binder<'_>,
        object: &dwsim_engine::catalog::Object,
    ) -> Result<Option<dwsim_engine::dialect::VisibleRows>> {
        crate::policies::visible_rows(binder.catalog.account(), object)
    }
}
