//! Pauses in operators that make many rows of few: between two batches they give way to other tasks, so that a
//! statement which was cancelled ends. On which threads plans are run is decided in `worker`.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::Result as DfResult;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::{Stream, StreamExt};

/// How long an operator computes before it gives way.
const STRETCH: Duration = Duration::from_millis(20);

/// The rows of its input, with pauses.
///
/// DataFusion's own `CooperativeExec` counts batches, which says little where one may stand for millions of pairs.
#[derive(Debug)]
struct PauseExec {
    input: Arc<dyn ExecutionPlan>,
}

impl PauseExec {
    fn over(input: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
        if input.is::<PauseExec>() {
            input
        } else {
            Arc::new(PauseExec { input })
        }
    }
}

impl DisplayAs for PauseExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PauseExec")
    }
}

impl ExecutionPlan for PauseExec {
    fn name(&self) -> &'static str {
        "PauseExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> DfResult<TreeNodeRecursion>,
    ) -> DfResult<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        let input = children
            .pop()
            .filter(|_| children.is_empty())
            .ok_or_else(|| DataFusionError::Internal("PauseExec has one child".into()))?;
        Ok(PauseExec::over(input))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> DfResult<SendableRecordBatchStream> {
        Ok(Box::pin(Pausing {
            input: self.input.execute(partition, context)?,
            since: None,
        }))
    }
}

/// A stream that is not ready once in a while, though it could be.
struct Pausing {
    input: SendableRecordBatchStream,
    /// When it was first asked after it gave way.
    since: Option<Instant>,
}

impl Stream for Pausing {
    type Item = DfResult<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let since = *self.since.get_or_insert_with(Instant::now);
        if since.elapsed() >= STRETCH {
            self.since = None;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = self.input.poll_next_unpin(cx);
        if next.is_pending() {
            self.since = None;
        }
        next
    }
}

impl RecordBatchStream for Pausing {
    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }
}

/// Puts [`PauseExec`] around joins and unnested lists, and between them and their inputs: a join that finds no pairs
/// gives no batches either. One without equal keys still compares a batch with all rows of its other side at a stretch.
#[derive(Debug)]
pub(super) struct Pauses;

fn multiplies(node: &dyn ExecutionPlan) -> bool {
    node.name().ends_with("JoinExec") || node.name() == "UnnestExec"
}

fn needs_pauses(plan: &Arc<dyn ExecutionPlan>) -> bool {
    multiplies(plan.as_ref()) || plan.children().into_iter().any(needs_pauses)
}

impl PhysicalOptimizerRule for Pauses {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        if !needs_pauses(&plan) {
            return Ok(plan);
        }
        plan.transform_up(|node| {
            if !multiplies(node.as_ref()) {
                return Ok(Transformed::no(node));
            }
            let children = node.children().into_iter().cloned();
            let children = children.map(PauseExec::over).collect();
            let node = replace_children_if_necessary(node, children)?;
            Ok(Transformed::yes(PauseExec::over(node)))
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "pauses"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// A plan as it would be without pauses, which are nobody's to see in an EXPLAIN.
///
/// # Errors
/// When an operator refuses its own inputs.
pub(super) fn without_pauses(plan: Arc<dyn ExecutionPlan>) -> DfResult<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        let Some(pause) = node.downcast_ref::<PauseExec>() else {
            return Ok(Transformed::no(node));
        };
        Ok(Transformed::yes(Arc::clone(&pause.input)))
    })
    .data()
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use arrow::datatypes::{DataType, Field, Schema};
    use datafusion::physical_plan::empty::EmptyExec;
    use datafusion::physical_plan::joins::CrossJoinExec;
    use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
    use datafusion::physical_plan::union::UnionExec;

    use super::*;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![Field::new("a", DataType::Int32, true)]))
    }

    #[test]
    fn endless_streams_give_way() {
        let batch = RecordBatch::new_empty(schema());
        let rows = futures::stream::repeat_with(move || Ok(batch.clone()));
        let mut stream = Pausing {
            input: Box::pin(RecordBatchStreamAdapter::new(schema(), rows)),
            since: None,
        };
        let mut context = Context::from_waker(Waker::noop());
        for round in 0..3 {
            let mut batches = 0;
            while stream.poll_next_unpin(&mut context).is_ready() {
                batches += 1;
            }
            assert!(batches > 0, "round {round} gave nothing");
        }
    }

    fn shape(plan: &Arc<dyn ExecutionPlan>) -> String {
        let inputs: Vec<String> = plan.children().into_iter().map(shape).collect();
        let name = plan.name().trim_end_matches("Exec");
        match inputs.is_empty() {
            true => name.to_owned(),
            false => format!("{name}({})", inputs.join(" ")),
        }
    }

    #[test]
    fn joins_have_pauses() {
        let empty = || Arc::new(EmptyExec::new(schema())) as Arc<dyn ExecutionPlan>;
        let join =
            |left, right| Arc::new(CrossJoinExec::new(left, right)) as Arc<dyn ExecutionPlan>;
        let union = UnionExec::try_new(vec![empty(), empty()]).expect("one schema");
        for (plan, expected) in [
            (empty(), "Empty"),
            (union, "Union(Empty Empty)"),
            (
                join(empty(), empty()),
                "Pause(CrossJoin(Pause(Empty) Pause(Empty)))",
            ),
            (
                join(join(empty(), empty()), empty()),
                "Pause(CrossJoin(Pause(CrossJoin(Pause(Empty) Pause(Empty))) Pause(Empty)))",
            ),
        ] {
            let before = shape(&plan);
            let made = Pauses
                .optimize(plan, &ConfigOptions::default())
                .expect("plans can be rebuilt");
            assert_eq!(shape(&made), expected);
            let shown = without_pauses(made).expect("plans can be rebuilt");
            assert_eq!(shape(&shown), before);
        }
    }
}
