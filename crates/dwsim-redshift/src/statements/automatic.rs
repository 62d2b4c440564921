//! Materialized views with AUTO REFRESH YES: once what they read has changed, they are refreshed before the next statement
//! of any session that is not in a transaction block. REFRESH itself is the work of `materialized`.
//!
//! Source: the guide's "Autorefreshing a materialized view"; a cluster waits for idle time first, which here is always.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use dwsim_engine::catalog::{Account, Object, ObjectKind, ObjectName};
use dwsim_engine::error::Result;

use super::materialized::{AUTO_REFRESH, MATERIALIZED};
use super::session::RedshiftSession;

/// The version of the catalog in which no such view waits for a refresh.
#[derive(Debug, Default)]
pub struct Refreshed(Mutex<Weak<Account>>);

impl Refreshed {
    fn lock(&self) -> std::sync::MutexGuard<'_, Weak<Account>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is(&self, root: &Arc<Account>) -> bool {
        self.lock().ptr_eq(&Arc::downgrade(root))
    }

    fn set(&self, root: &Arc<Account>) {
        *self.lock() = Arc::downgrade(root);
    }
}

/// The views of an account that refresh themselves.
fn automatic(root: &Account) -> Vec<ObjectName> {
    let mut out = Vec::new();
    for (database, d) in &root.databases {
        for (schema, s) in d.schemas.iter() {
            for ((_, name), object) in &s.objects {
                let Object::Table(t) = object else { continue };
                let on = |p: &str| t.def.properties.get(p);
                if on(MATERIALIZED).is_some() && on(AUTO_REFRESH).is_some_and(|v| v == "yes") {
                    out.push(ObjectName {
                        database: database.clone(),
                        schema: schema.clone(),
                        name: name.clone(),
                    });
                }
            }
        }
    }
    out
}

impl RedshiftSession {
    /// Refreshes the views that wait for it. A view that cannot be refreshed any more stays as it is, as in a cluster;
    /// the statement that comes next is not stopped by it.
    pub(super) async fn refresh_automatic(&mut self) {
        if self.engine.in_transaction() {
            return;
        }
        let root = self.engine.snapshot();
        if self.cluster.refreshed().is(&root) {
            return;
        }
        let mut waiting = Vec::new();
        for name in automatic(&root) {
            match self.sources(&name) {
                Ok(sources) => waiting.push((name, sources)),
                Err(error) => tracing::warn!(%name, %error, "a view cannot be refreshed"),
            }
        }
        // A view comes after those that it reads.
        while !waiting.is_empty() {
            let next = waiting
                .iter()
                .position(|(_, sources)| !waiting.iter().any(|(other, _)| sources.contains(other)));
            let (name, sources) = waiting.swap_remove(next.unwrap_or(0));
            if self.is_behind(&name, &sources).unwrap_or(false)
                && let Err(error) = self.recompute(&name).await
            {
                tracing::warn!(%name, %error, "a view cannot be refreshed");
            }
        }
        let now = self.engine.snapshot();
        self.cluster.refreshed().set(&now);
    }

    /// Whether a view may be older than what it reads; times are in milliseconds, so the same one may be either.
    fn is_behind(&mut self, name: &ObjectName, sources: &[ObjectName]) -> Result<bool> {
        let view = self.engine.view()?;
        let changed = |name: &ObjectName| match view.object(ObjectKind::Relation, name) {
            Some(Object::Table(t)) => Some(t.changed),
            _ => None,
        };
        let own = changed(name);
        Ok(sources.iter().any(|s| changed(s) >= own))
    }
}
