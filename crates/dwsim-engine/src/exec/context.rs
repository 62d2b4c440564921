//! DataFusion's session state for our plans, and the two ways to run one: as a stream or collected.
//! Two states are kept, for small and for large inputs; making one costs more than a small query.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::Optimizer;
use datafusion::optimizer::analyzer::AnalyzerRule;
use datafusion::optimizer::analyzer::resolve_grouping_function::ResolveGroupingFunction;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercion;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::{ExecutionPlan, displayable, execute_stream};
use datafusion::prelude::SessionConfig;

use super::concat::InOrder;
use super::join_keys::ShortJoinKeys;
use super::join_order::JoinOrder;
use super::pause::{Pauses, without_pauses};
use super::plan_cache::{KeptPlan, Shared, repeats, shares_state};
use super::stream::{CancelHandle, RowStream, guarded};
use super::worker::{Workers, is_short};
use crate::env::Env;
use crate::error::Result;
use crate::plan::BoundQuery;
use crate::types::ColumnInfo;

/// Rows from which a query runs on several threads.
const PARALLEL_ROWS: usize = 100_000;

/// Runs plans.
#[derive(Debug)]
pub struct Executor {
    single: SessionState,
    parallel: SessionState,
    workers: Workers,
}

/// What bounds one execution.
#[derive(Debug, Clone)]
pub struct Execution {
    /// Cancels it.
    pub cancel: CancelHandle,
    /// The generation of `cancel` when the statement started.
    pub generation: u64,
    /// Statement timeout.
    pub timeout: Option<Duration>,
}

impl Execution {
    /// Whether it may go on, when it started then.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Canceled`] and [`crate::error::ErrorKind::Timeout`].
    pub fn check(&self, started: std::time::Instant) -> Result<()> {
        if self.cancel.generation() != self.generation {
            return Err(crate::error::ErrorKind::Canceled.into());
        }
        match self.timeout {
            Some(t) if started.elapsed() > t => {
                Err(crate::error::ErrorKind::Timeout(t.as_secs()).into())
            }
            _ => Ok(()),
        }
    }
}

fn state(runtime: &Arc<RuntimeEnv>, partitions: usize) -> SessionState {
    let mut config = SessionConfig::new()
        .with_target_partitions(partitions)
        .with_information_schema(false)
        .with_batch_size(8192);
    let options = config.options_mut();
    // Our batches are shared by versions and forks; files are not read through DataFusion.
    options.execution.collect_statistics = false;
    options.optimizer.prefer_hash_join = true;
    if partitions == 1 {
        options.optimizer.enable_round_robin_repartition = false;
        options.optimizer.repartition_aggregations = false;
        options.optimizer.repartition_joins = false;
        options.optimizer.repartition_sorts = false;
        options.optimizer.repartition_windows = false;
    }
    let analyzers: Vec<Arc<dyn AnalyzerRule + Send + Sync>> = vec![
        Arc::new(ResolveGroupingFunction::new()),
        Arc::new(TypeCoercion::new()),
    ];
    let mut rules = Optimizer::new().rules;
    if partitions > 1 {
        // After conditions have come down to their tables, and before columns that nobody reads are left out.
        let at = (rules
            .iter()
            .position(|r| r.name() == "optimize_projections"))
        .unwrap_or(rules.len());
        rules.insert(at, Arc::new(JoinOrder));
    }
    rules.push(Arc::new(ShortJoinKeys));
    let builder = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(Arc::clone(runtime))
        .with_default_features()
        .with_analyzer_rules(analyzers)
        .with_optimizer_rules(rules)
        .with_physical_optimizer_rule(Arc::new(Pauses));
    if partitions == 1 {
        builder
            .with_physical_optimizer_rule(Arc::new(InOrder))
            .build()
    } else {
        builder.build()
    }
}

impl Executor {
    /// An executor over a runtime (memory pool, spill directory).
    pub fn new(runtime: &Arc<RuntimeEnv>, parallelism: usize) -> Self {
        Executor {
            single: state(runtime, 1),
            parallel: state(runtime, parallelism.max(1)),
            workers: Workers::new(parallelism),
        }
    }

    fn state(&self, scanned_rows: usize) -> &SessionState {
        if scanned_rows >= PARALLEL_ROWS {
            &self.parallel
        } else {
            &self.single
        }
    }

    /// Optimises a plan and makes it physical.
    ///
    /// # Errors
    /// What the optimizer or planner refuses.
    pub async fn physical(
        &self,
        plan: &LogicalPlan,
        scanned_rows: usize,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self.state(scanned_rows).create_physical_plan(plan).await?)
    }

    /// The optimised logical plan.
    ///
    /// # Errors
    /// What the optimizer refuses.
    pub fn optimized(&self, query: &BoundQuery) -> Result<LogicalPlan> {
        Ok(self.state(query.scanned_rows).optimize(&query.plan)?)
    }

    /// The optimised plans as text, logical and physical.
    ///
    /// # Errors
    /// What the optimizer or planner refuses.
    pub async fn explain(&self, query: &BoundQuery) -> Result<(String, String)> {
        let state = self.state(query.scanned_rows);
        let optimized = state.optimize(&query.plan)?;
        let physical = state
            .query_planner()
            .create_physical_plan(&optimized, state)
            .await?;
        let physical = without_pauses(physical)?;
        Ok((
            optimized.display_indent().to_string(),
            displayable(physical.as_ref()).indent(false).to_string(),
        ))
    }

    fn start(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        scanned_rows: usize,
    ) -> Result<SendableRecordBatchStream> {
        let task = self.state(scanned_rows).task_ctx();
        if is_short(&plan, scanned_rows) {
            return Ok(execute_stream(plan, task)?);
        }
        let run = Arc::clone(&plan);
        self.workers.drive(&plan, move || execute_stream(run, task))
    }

    /// Runs a query as a stream.
    ///
    /// # Errors
    /// What the optimizer or planner refuses; errors of running come from the stream.
    pub async fn stream(&self, query: BoundQuery, bounds: Execution) -> Result<RowStream> {
        let physical = guarded(
            &bounds.cancel,
            bounds.generation,
            bounds.timeout,
            self.physical(&query.plan, query.scanned_rows),
        )
        .await?;
        self.running(query.columns, physical, query.scanned_rows, bounds)
    }

    fn running(
        &self,
        columns: Vec<ColumnInfo>,
        physical: Arc<dyn ExecutionPlan>,
        scanned_rows: usize,
        bounds: Execution,
    ) -> Result<RowStream> {
        let stream = self.start(physical, scanned_rows)?;
        Ok(RowStream::running(
            columns,
            stream,
            bounds.cancel,
            bounds.generation,
            bounds.timeout,
        ))
    }

    /// Makes a plan for more than one run where it gives the same every time, else for one.
    ///
    /// # Errors
    /// What the optimizer or planner refuses.
    pub(crate) async fn prepare(&self, bound: BoundQuery, env: &Env) -> Result<KeptPlan> {
        let state = self.state(bound.scanned_rows);
        let optimised = state.optimize(&bound.plan)?;
        let again = !env.fleeting().is_marked() && repeats(&optimised)?;
        let physical = state
            .query_planner()
            .create_physical_plan(&optimised, state)
            .await?;
        Ok(KeptPlan {
            plan: match again {
                false => Shared::Once(physical),
                true if shares_state(&physical) => Shared::Optimised(optimised),
                true => Shared::Physical(physical),
            },
            columns: bound.columns,
            ordered: bound.ordered,
            scanned_rows: bound.scanned_rows,
        })
    }

    /// Runs a prepared plan as a stream.
    ///
    /// # Errors
    /// What the planner refuses; errors of running come from the stream.
    pub(crate) async fn stream_kept(
        &self,
        kept: &KeptPlan,
        bounds: Execution,
    ) -> Result<RowStream> {
        let physical = match &kept.plan {
            Shared::Once(plan) => Arc::clone(plan),
            Shared::Physical(plan) => reset_plan_states(Arc::clone(plan))?,
            Shared::Optimised(plan) => {
                let state = self.state(kept.scanned_rows);
                state
                    .query_planner()
                    .create_physical_plan(plan, state)
                    .await?
            }
        };
        self.running(kept.columns.clone(), physical, kept.scanned_rows, bounds)
    }

    /// Runs a plan and keeps all rows.
    ///
    /// # Errors
    /// What planning or running gives.
    pub async fn collect(
        &self,
        plan: &LogicalPlan,
        scanned_rows: usize,
        bounds: &Execution,
    ) -> Result<Vec<RecordBatch>> {
        guarded(&bounds.cancel, bounds.generation, bounds.timeout, async {
            let physical = self.physical(plan, scanned_rows).await?;
            let stream = self.start(physical, scanned_rows)?;
            Ok(datafusion::physical_plan::common::collect(stream).await?)
        })
        .await
    }
}
