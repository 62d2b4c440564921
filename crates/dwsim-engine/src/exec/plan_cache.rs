//! Plans of queries that are run again: the same text under the same settings on the same catalog finds its plan made.
//! Binding is the binder's and running the executor's part; what else a statement came to depend on, `env` knows.
//!
//! Most of the time of a query over little data is DataFusion's optimizer and planner. A plan is kept when its text comes
//! for the second time, so that statements which come once cost nothing; every change of the catalog drops all plans, and
//! with them what they hold of older versions.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use sqlparser::ast;

use super::TableProviderOf;
use crate::catalog::Account;
use crate::env::Env;
use crate::error::Result;
use crate::types::ColumnInfo;

/// Plans that are kept.
const KEPT: usize = 64;

/// Texts that are remembered to have come once.
const SEEN: usize = 256;

/// A query that is asked for, and all that its plan may depend on.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// The text of the statement.
    pub text: &'a str,
    /// The query that the text was read as.
    pub query: &'a ast::Query,
    /// Databases and schemas in which names are looked up.
    pub path: Vec<(String, String)>,
    /// Those of the session's temporary objects.
    pub temporary: &'a [(String, String)],
    /// The settings.
    pub env: &'a Arc<Env>,
    /// The version of the catalog.
    pub account: &'a Arc<Account>,
}

impl Asked<'_> {
    fn hash(&self) -> u64 {
        let mut state = DefaultHasher::new();
        (self.text, self.env.session_id).hash(&mut state);
        state.finish()
    }
}

/// A plan that can be run any number of times.
#[derive(Debug)]
pub(crate) struct KeptPlan {
    /// The plan as far as it can be shared.
    pub plan: Shared,
    /// Result columns.
    pub columns: Vec<ColumnInfo>,
    /// An outermost ORDER BY fixes the order of the rows.
    pub ordered: bool,
    /// Rows read from tables, for the degree of parallelism.
    pub scanned_rows: usize,
}

/// How far a plan is made.
#[derive(Debug)]
pub(crate) enum Shared {
    /// Ready: every run is of a copy with state of its own.
    Physical(Arc<dyn ExecutionPlan>),
    /// Optimised: the physical plan has state that copies would share.
    Optimised(LogicalPlan),
}

/// What is known of a query.
#[derive(Debug)]
pub(crate) enum Sight {
    /// Its plan is kept.
    Kept(Arc<KeptPlan>),
    /// It was asked for before: its plan is worth keeping.
    Again,
    /// It was not.
    First,
}

/// The plans of an engine.
#[derive(Debug, Default)]
pub(crate) struct PlanCache(Mutex<Plans>);

#[derive(Debug, Default)]
struct Plans {
    account: Weak<Account>,
    seen: VecDeque<u64>,
    kept: VecDeque<Entry>,
}

#[derive(Debug)]
struct Entry {
    hash: u64,
    text: String,
    query: ast::Query,
    path: Vec<(String, String)>,
    temporary: Vec<(String, String)>,
    env: Arc<Env>,
    plan: Arc<KeptPlan>,
}

impl Entry {
    fn is(&self, asked: &Asked<'_>, hash: u64) -> bool {
        self.hash == hash
            && self.text == asked.text
            && self.path == asked.path
            && self.temporary == asked.temporary
            && self.env.same_settings(asked.env)
            && self.query == *asked.query
    }
}

impl PlanCache {
    fn lock(&self) -> MutexGuard<'_, Plans> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks for a plan, and remembers that it was asked for.
    pub(crate) fn look(&self, asked: &Asked<'_>) -> Sight {
        let mut plans = self.lock();
        if !std::ptr::eq(plans.account.as_ptr(), Arc::as_ptr(asked.account)) {
            plans.account = Arc::downgrade(asked.account);
            plans.kept.clear();
        }
        let hash = asked.hash();
        if let Some(at) = plans.kept.iter().position(|e| e.is(asked, hash))
            && let Some(entry) = plans.kept.remove(at)
        {
            // Running it may have shown that it depends on the moment after all.
            if !entry.env.fleeting().is_marked() {
                let plan = Arc::clone(&entry.plan);
                plans.kept.push_back(entry);
                return Sight::Kept(plan);
            }
            return Sight::First;
        }
        if plans.seen.contains(&hash) {
            return Sight::Again;
        }
        plans.seen.push_back(hash);
        if plans.seen.len() > SEEN {
            plans.seen.pop_front();
        }
        Sight::First
    }

    /// Keeps a plan for what was asked.
    pub(crate) fn keep(&self, asked: &Asked<'_>, plan: Arc<KeptPlan>) {
        let mut plans = self.lock();
        if !std::ptr::eq(plans.account.as_ptr(), Arc::as_ptr(asked.account)) {
            return;
        }
        plans.kept.push_back(Entry {
            hash: asked.hash(),
            text: asked.text.to_owned(),
            query: asked.query.clone(),
            path: asked.path.clone(),
            temporary: asked.temporary.to_vec(),
            env: Arc::clone(asked.env),
            plan,
        });
        if plans.kept.len() > KEPT {
            plans.kept.pop_front();
        }
    }
}

/// Whether an optimised plan gives the same every time: it reads nothing but versions of tables, and calls nothing that
/// is another with every call.
///
/// # Errors
/// What walking the plan gives, which is nothing.
pub(super) fn repeats(plan: &LogicalPlan) -> Result<bool> {
    let mut repeats = true;
    plan.apply_with_subqueries(|node| {
        let known = match node {
            LogicalPlan::TableScan(scan) => {
                let provider = source_as_provider(&scan.source)?;
                let table = provider.downcast_ref::<TableProviderOf>();
                table.and_then(TableProviderOf::entry).is_some()
            }
            LogicalPlan::EmptyRelation(_) | LogicalPlan::Values(_) => true,
            LogicalPlan::RecursiveQuery(_) => false,
            other => !other.inputs().is_empty(),
        };
        let mut volatile = false;
        node.apply_expressions(|e| {
            volatile |= e.is_volatile();
            Ok(TreeNodeRecursion::Continue)
        })?;
        repeats &= known && !volatile;
        Ok(if repeats {
            TreeNodeRecursion::Continue
        } else {
            TreeNodeRecursion::Stop
        })
    })?;
    Ok(repeats)
}

/// Whether copies of a physical plan would share state: results of subqueries are kept beside the plan.
pub(super) fn shares_state(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.name() == "ScalarSubqueryExec" || plan.children().into_iter().any(shares_state)
}
