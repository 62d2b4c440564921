//! EXECUTE TASK: a task and the resumed tasks that follow it in their graph, each once all before it are through.
//! What the graph is, is told by `tasks`; what tasks hand to one another is read in `functions::service`.
//!
//! Sources: "EXECUTE TASK", "CREATE TASK", "SYSTEM$SET_RETURN_VALUE", "Manage task dependencies with task graphs".

use std::collections::BTreeMap;
use std::sync::PoisonError;

use dwsim_engine::catalog::{Object, ObjectKind, ObjectName};
use dwsim_engine::error::Result;
use sqlparser::ast;

use super::{Answer, SnowflakeSession, StatementKind, TaskRun};
use crate::functions::service::TaskState;
use crate::tasks::tasks_after;

/// What has become of a task of the graph: what it returned, if it was successful.
type Done = BTreeMap<ObjectName, Option<Option<String>>>;

impl SnowflakeSession {
    /// EXECUTE TASK.
    pub(super) async fn execute_task(&mut self, name: &ast::ObjectName) -> Result<Answer> {
        let root = self.inner.resolve_name(name)?;
        let root_id = self.kept(ObjectKind::Task, &root)?.oid;
        let mut done = Done::new();
        self.run_task(&root, root_id, &mut done).await?;
        while let Some(next) = self.next_task(&done)? {
            self.run_task(&next, root_id, &mut done).await?;
        }
        // The finalizer runs when the rest of the graph is through, however that ended.
        let finalizer = self.finalizer_of(&root)?;
        if let Some(next) = finalizer {
            self.run_task(&next, root_id, &mut done).await?;
        }
        Answer::status(
            StatementKind::Ddl,
            format!("Task {} is scheduled to run immediately.", root.name),
        )
    }

    /// A resumed task that has not run, whose predecessors all have, and with success.
    fn next_task(&mut self, done: &Done) -> Result<Option<ObjectName>> {
        let view = self.inner.view()?;
        let account = view.account();
        let succeeded = |n: &ObjectName| matches!(done.get(n), Some(Some(_)));
        for name in done.keys().filter(|n| succeeded(n)) {
            for (next, task) in tasks_after(account, name) {
                let resumed = task.properties.get("STATE").is_some_and(|s| s == "started");
                let ready = task.definition["after"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|a| a.as_str())
                    .all(|a| {
                        let known = done.keys().find(|n| n.to_string() == a);
                        match known {
                            Some(n) => succeeded(n),
                            // A suspended predecessor is passed over.
                            None => !is_resumed(account, a),
                        }
                    });
                if resumed && ready && !done.contains_key(&next) {
                    return Ok(Some(next));
                }
            }
        }
        Ok(None)
    }

    fn finalizer_of(&mut self, root: &ObjectName) -> Result<Option<ObjectName>> {
        let view = self.inner.view()?;
        let schema = view.schema(&root.database, &root.schema);
        Ok(schema.and_then(|s| {
            s.objects.iter().find_map(|((kind, name), o)| {
                let (ObjectKind::Task, Object::Other(o)) = (kind, o) else {
                    return None;
                };
                let of_root = o.properties.get("FINALIZE").is_some_and(|f| {
                    f.rsplit('.')
                        .next()
                        .is_some_and(|n| n.trim_matches('"').eq_ignore_ascii_case(&root.name))
                });
                let resumed = o.properties.get("STATE").is_some_and(|s| s == "started");
                (of_root && resumed).then(|| ObjectName {
                    name: name.clone(),
                    ..root.clone()
                })
            })
        }))
    }

    async fn run_task(&mut self, at: &ObjectName, root: u64, done: &mut Done) -> Result<()> {
        let task = self.kept(ObjectKind::Task, at)?;
        let text = |k: &str| task.definition[k].as_str().map(str::to_owned);
        let when = text("when");
        let body = text("body").unwrap_or_default();
        let mut run = TaskRun {
            name: at.clone(),
            root,
            query_id: uuid::Uuid::new_v4().to_string(),
            text: body.clone(),
            condition: when.clone(),
            state: "SKIPPED",
            failure: None,
            started: chrono::Utc::now(),
            ended: chrono::Utc::now(),
            returned: None,
        };
        let go = match &when {
            None => true,
            Some(when) => {
                let condition = format!("SELECT IFF({when}, 1, 0)");
                let answer = self.nested_in(at, &condition).await?;
                answer.first_text().as_deref() == Some("1")
            }
        };
        if !go {
            self.account.note_task(run);
            done.insert(at.clone(), None);
            return Ok(());
        }
        let before = task.definition["after"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|a| a.as_str())
            .filter_map(|a| {
                let (name, value) = done.iter().find(|(n, _)| n.to_string() == a)?;
                Some((name.name.clone(), value.clone().flatten()))
            })
            .collect();
        let state = TaskState {
            name: at.clone(),
            before,
            returned: None,
        };
        let current = std::sync::Arc::clone(self.dialect.task());
        let swap = |state: Option<TaskState>| {
            let mut slot = current.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *slot, state)
        };
        let outer = swap(Some(state));
        // The task goes on without whoever asked for it: a failure is told by its history, as is its success.
        let outcome = self.nested_in(at, &body).await;
        run.returned = swap(outer).and_then(|s| s.returned);
        run.ended = chrono::Utc::now();
        run.state = if outcome.is_ok() {
            "SUCCEEDED"
        } else {
            "FAILED"
        };
        done.insert(at.clone(), outcome.is_ok().then(|| run.returned.clone()));
        run.failure = outcome.err().map(|e| {
            let r = e.snowflake();
            (r.code, r.message)
        });
        self.account.note_task(run);
        Ok(())
    }
}

/// Whether a task is resumed; the name is written with database and schema.
fn is_resumed(account: &dwsim_engine::catalog::Account, name: &str) -> bool {
    account.databases.iter().any(|(database, d)| {
        d.schemas.iter().any(|(schema, s)| {
            s.objects.iter().any(|((kind, task), o)| {
                let Object::Other(o) = o else { return false };
                *kind == ObjectKind::Task
                    && format!("{database}.{schema}.{task}") == name
                    && o.properties.get("STATE").is_some_and(|s| s == "started")
            })
        })
    })
}
