//! The outcome of one test on one dialect, and the sum of a run.

use std::time::Duration;

use serde::Serialize;

use crate::exit;

/// How a test went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// The result is what the snapshot says.
    Passed,
    /// Not run, for the reason that the front matter gives.
    Skipped {
        /// The reason.
        reason: String,
    },
    /// The answer was taken over as the snapshot (`--accept`).
    Accepted,
    /// There is no snapshot yet.
    New,
    /// The result differs from the snapshot.
    Changed {
        /// What changed, line by line.
        diff: String,
    },
    /// The dialects differ and no reason is given.
    Diverged {
        /// Where they differ.
        diff: String,
    },
    /// There was no result to compare: the SQL failed, a file is malformed.
    Failed {
        /// The error.
        message: String,
    },
}

impl Outcome {
    /// The word at the start of the test's line, as in nextest.
    pub fn label(&self) -> &'static str {
        match self {
            Outcome::Passed => "PASS",
            Outcome::Skipped { .. } => "SKIP",
            Outcome::Accepted => "ACCEPT",
            Outcome::New => "NEW",
            Outcome::Changed { .. } => "CHANGED",
            Outcome::Diverged { .. } => "DIVERGED",
            Outcome::Failed { .. } => "FAIL",
        }
    }
}

/// One test on one dialect.
#[derive(Debug, Clone, Serialize)]
pub struct TestReport {
    /// The path below the tests' folder without its ending: `sales/daily_revenue`.
    pub name: String,
    /// `redshift` or `snowflake`.
    pub dialect: &'static str,
    /// How it went.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// From taking the fork to the comparison.
    #[serde(rename = "seconds", serialize_with = "as_seconds")]
    pub time: Duration,
}

/// What was made and loaded before the first test.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Loaded {
    /// Tables of the schema.
    pub tables: usize,
    /// Rows generated (each is loaded into every dialect).
    pub rows: u64,
    /// Bytes of Parquet put to S3.
    pub bytes: u64,
    /// Until every server answered.
    #[serde(rename = "start_seconds", serialize_with = "as_seconds")]
    pub start: Duration,
    /// Generating and staging.
    #[serde(rename = "generate_seconds", serialize_with = "as_seconds")]
    pub generate: Duration,
    /// DDL and COPY, both dialects side by side.
    #[serde(rename = "load_seconds", serialize_with = "as_seconds")]
    pub load: Duration,
}

/// The sum of a run.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Every test in the order of name and dialect.
    pub tests: Vec<TestReport>,
    /// The Rust tests, in the order in which they ended.
    pub rust: Vec<TestReport>,
    /// Tests that were not run because nothing they depend on has changed (`--affected`).
    pub unaffected: usize,
    /// The data.
    pub loaded: Loaded,
    /// The exit code of the Rust tests' runner, where there was one.
    pub runner: Option<i32>,
    /// Snapshots that were written (`--accept`).
    pub accepted: usize,
    /// Wall time of the whole.
    pub time: Duration,
}

impl Summary {
    /// Every test, those of SQL files first.
    pub fn all(&self) -> impl Iterator<Item = &TestReport> {
        self.tests.iter().chain(&self.rust)
    }

    /// How many tests a predicate holds for.
    pub fn count(&self, wanted: impl Fn(&TestReport) -> bool) -> usize {
        self.all().filter(|t| wanted(t)).count()
    }

    /// The exit code: errors before divergences before differences, then the runner's own.
    pub fn exit_code(&self) -> i32 {
        let any = |wanted: fn(&Outcome) -> bool| self.all().any(|t| wanted(&t.outcome));
        let failed = |o: &Outcome| matches!(o, Outcome::Failed { .. });
        let differs = |o: &Outcome| matches!(o, Outcome::New | Outcome::Changed { .. });
        let runner = self
            .runner
            .filter(|code| *code != exit::OK && *code != exit::NO_TESTS);
        // a runner knows no difference between a test that fails and one whose snapshot differs
        let only_snapshots = self
            .rust
            .iter()
            .any(|t| differs(&t.outcome) || matches!(t.outcome, Outcome::Accepted))
            && !self.rust.iter().any(|t| failed(&t.outcome));
        if self.tests.iter().any(|t| failed(&t.outcome)) {
            exit::TESTS_FAILED
        } else if let Some(code) = runner.filter(|_| !only_snapshots) {
            code
        } else if any(|o| matches!(o, Outcome::Diverged { .. })) {
            exit::DIVERGENCE
        } else if any(|o| matches!(o, Outcome::New | Outcome::Changed { .. })) {
            exit::SNAPSHOTS_DIFFER
        } else if self.all().next().is_none()
            && self.unaffected == 0
            && self.runner.is_none_or(|code| code == exit::NO_TESTS)
        {
            exit::NO_TESTS
        } else {
            exit::OK
        }
    }
}

fn as_seconds<S: serde::Serializer>(d: &Duration, s: S) -> std::result::Result<S::Ok, S::Error> {
    s.serialize_f64((d.as_secs_f64() * 1e6).round() / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(outcomes: &[Outcome], runner: Option<i32>) -> Summary {
        let tests = outcomes
            .iter()
            .map(|o| TestReport {
                name: "a".into(),
                dialect: "redshift",
                outcome: o.clone(),
                time: Duration::ZERO,
            })
            .collect();
        Summary {
            tests,
            runner,
            ..Summary::default()
        }
    }

    #[test]
    fn exit_codes_have_an_order() {
        let changed = Outcome::Changed {
            diff: String::new(),
        };
        let diverged = Outcome::Diverged {
            diff: String::new(),
        };
        let failed = Outcome::Failed {
            message: String::new(),
        };
        for (outcomes, runner, code) in [
            (vec![Outcome::Passed], None, exit::OK),
            (vec![Outcome::Passed], Some(0), exit::OK),
            (vec![], None, exit::NO_TESTS),
            (vec![], Some(exit::NO_TESTS), exit::NO_TESTS),
            (vec![], Some(0), exit::OK),
            (vec![Outcome::Passed], Some(exit::NO_TESTS), exit::OK),
            (vec![Outcome::New], None, exit::SNAPSHOTS_DIFFER),
            (vec![changed.clone()], Some(101), 101),
            (
                vec![changed.clone(), diverged.clone()],
                None,
                exit::DIVERGENCE,
            ),
            (
                vec![changed, diverged, failed],
                Some(101),
                exit::TESTS_FAILED,
            ),
        ] {
            assert_eq!(
                summary(&outcomes, runner).exit_code(),
                code,
                "{outcomes:?} {runner:?}"
            );
        }
    }
}
