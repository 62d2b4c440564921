//! JSON events on stdout, one object a line: `loaded`, `test` for each test, `summary` at the end.

use serde_json::json;

use super::{Loaded, Outcome, Summary, TestReport};
use crate::error::Result;
use crate::output;

/// The events of `--format json`.
#[derive(Debug)]
pub struct Events;

impl Events {
    /// The template is loaded.
    pub fn loaded(loaded: &Loaded) -> Result<()> {
        event("loaded", loaded)
    }

    /// A test is over.
    pub fn test(test: &TestReport) -> Result<()> {
        event("test", test)
    }

    /// The run is over.
    pub fn summary(summary: &Summary) -> Result<()> {
        let count = |wanted: fn(&Outcome) -> bool| summary.count(|t| wanted(&t.outcome));
        output::json(&json!({
            "event": "summary",
            "tests": summary.all().count(),
            "unaffected": summary.unaffected,
            "passed": count(|o| matches!(o, Outcome::Passed)),
            "accepted": count(|o| matches!(o, Outcome::Accepted)),
            "skipped": count(|o| matches!(o, Outcome::Skipped { .. })),
            "new": count(|o| matches!(o, Outcome::New)),
            "changed": count(|o| matches!(o, Outcome::Changed { .. })),
            "diverged": count(|o| matches!(o, Outcome::Diverged { .. })),
            "failed": count(|o| matches!(o, Outcome::Failed { .. })),
            "snapshots_written": summary.accepted,
            "runner_exit_code": summary.runner,
            "seconds": (summary.time.as_secs_f64() * 1e6).round() / 1e6,
            "exit_code": summary.exit_code(),
        }))
    }
}

/// One line: the value's own fields after `event`.
fn event(name: &str, value: &impl serde::Serialize) -> Result<()> {
    #[derive(serde::Serialize)]
    struct Line<'a, T> {
        event: &'a str,
        #[serde(flatten)]
        value: &'a T,
    }
    output::json(&Line { event: name, value })
}
