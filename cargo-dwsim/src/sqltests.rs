//! The SQL tests of a run: which ones, running them side by side, and what each outcome means once both
//! dialects have answered. Running one, and comparing it with its snapshot, is the runtime's part.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dwsim_runtime::snapshot::{PendingStore, Proposal, Verdict};
use dwsim_runtime::sqltest::{self, SqlTest};
use dwsim_runtime::{Dialect, Endpoints, Project};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::affected::{self, Affected};
use crate::compare::side_by_side;
use crate::error::{Error, Result};
use crate::report::{Outcome, TestReport};

/// A share of the tests, as nextest writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partition {
    /// `hash:M/N`: by the hash of the test's name, so that a test stays in its share when others come.
    Hash {
        /// From 1.
        share: u64,
        /// Number of shares.
        of: u64,
    },
    /// `count:M/N`: every N-th test.
    Count {
        /// From 1.
        share: u64,
        /// Number of shares.
        of: u64,
    },
}

impl std::str::FromStr for Partition {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let parts = text.split_once(':').and_then(|(kind, rest)| {
            let (share, of) = rest.split_once('/')?;
            Some((kind, share.parse::<u64>().ok()?, of.parse::<u64>().ok()?))
        });
        match parts {
            Some((_, share, of)) if share == 0 || share > of => {
                Err(format!("share {share} of {of} does not exist"))
            }
            Some(("hash", share, of)) => Ok(Partition::Hash { share, of }),
            Some(("count", share, of)) => Ok(Partition::Count { share, of }),
            _ => Err("a partition is hash:M/N or count:M/N, for example hash:1/3".into()),
        }
    }
}

impl std::fmt::Display for Partition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Partition::Hash { share, of } => write!(f, "hash:{share}/{of}"),
            Partition::Count { share, of } => write!(f, "count:{share}/{of}"),
        }
    }
}

impl Partition {
    fn has(self, index: usize, id: &str) -> bool {
        match self {
            Partition::Hash { share, of } => {
                let digest = Sha256::digest(id.as_bytes());
                let head = digest
                    .iter()
                    .take(8)
                    .fold(0u64, |n, byte| n << 8 | u64::from(*byte));
                head % of == share - 1
            }
            Partition::Count { share, of } => index as u64 % of == share - 1,
        }
    }
}

/// A test on a dialect, to be run.
#[derive(Debug, Clone)]
struct Chosen {
    test: Arc<SqlTest>,
    dialect: Dialect,
}

/// The tests of a run.
#[derive(Debug, Default)]
pub struct SqlTests(Vec<Chosen>);

impl SqlTests {
    /// Every test × dialect whose `name::dialect` contains one of the filters (all without one), in this partition.
    pub fn select(
        project: &Project,
        dialects: &[Dialect],
        filters: &[String],
        partition: Option<Partition>,
    ) -> Result<Self> {
        let mut chosen = Vec::new();
        for test in sqltest::discover(project)? {
            let test = Arc::new(test);
            for case in test.cases(dialects) {
                let id = case.id();
                if filters.is_empty() || filters.iter().any(|f| id.contains(f.as_str())) {
                    chosen.push((
                        id,
                        Chosen {
                            test: Arc::clone(&test),
                            dialect: case.dialect,
                        },
                    ));
                }
            }
        }
        let share = chosen
            .into_iter()
            .enumerate()
            .filter(|(i, (id, _))| partition.is_none_or(|p| p.has(*i, id)));
        Ok(SqlTests(share.map(|(_, (_, chosen))| chosen).collect()))
    }

    /// Leaves out what has passed and can come out in no other way; returns how many that were.
    pub fn only_affected(&mut self, project: &Project, affected: &Affected) -> usize {
        let before = self.0.len();
        self.0.retain(|chosen| {
            let only = [chosen.dialect];
            let Some(case) = chosen.test.cases(&only).next() else {
                return false;
            };
            // a test that is passed over has no answer that could change
            if case.skip().is_some() {
                return false;
            }
            let name = affected::sql_name(&chosen.test.name, chosen.dialect);
            !affected.has_passed(&name, &affected.sql_key(project, &case))
        });
        before - self.0.len()
    }

    /// Remembers which have passed.
    pub fn note(&self, project: &Project, affected: &mut Affected, reports: &[TestReport]) {
        for chosen in &self.0 {
            let only = [chosen.dialect];
            let report = reports
                .iter()
                .find(|r| r.name == chosen.test.name && r.dialect == chosen.dialect.name());
            if let (Some(case), Some(report)) = (chosen.test.cases(&only).next(), report) {
                let passed = matches!(report.outcome, Outcome::Passed | Outcome::Accepted);
                let key = affected.sql_key(project, &case);
                affected.note(
                    affected::sql_name(&chosen.test.name, chosen.dialect),
                    key,
                    passed,
                );
            }
        }
    }

    /// Is a snapshot (`tests/sql/a.snap`) one of these tests'?
    pub fn has_snapshot(&self, snapshot: &str) -> bool {
        self.0.iter().any(|chosen| chosen.test.snapshot == snapshot)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing to run.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Runs all, each on a fork of its own, several at once. Returns them by name and dialect; a divergence is
    /// known only when both dialects have answered, so outcomes are settled at the end.
    pub async fn run(
        &self,
        project: &Project,
        endpoints: &Endpoints,
        cancel: &CancellationToken,
        mut over: impl FnMut(&TestReport) -> Result<()>,
    ) -> Result<Vec<TestReport>> {
        let at_once = std::thread::available_parallelism().map_or(4, |n| n.get() * 2);
        let permits = Arc::new(Semaphore::new(at_once));
        let shared = Arc::new((project.clone(), endpoints.clone()));
        let mut running = JoinSet::new();
        for chosen in self.0.iter().cloned() {
            let (permits, shared) = (Arc::clone(&permits), Arc::clone(&shared));
            running.spawn(async move {
                // The semaphore is never closed; a permit that cannot be had would only mean more at once.
                let _permit = permits.acquire_owned().await.ok();
                let started = Instant::now();
                let outcome = run_one(&shared.0, &shared.1, &chosen).await;
                (chosen, outcome, started.elapsed())
            });
        }
        let mut answers: BTreeMap<(String, Dialect), (Chosen, sqltest::Outcome, Duration)> =
            BTreeMap::new();
        let mut done: BTreeMap<String, usize> = BTreeMap::new();
        let mut reports = Vec::with_capacity(self.len());
        loop {
            let next = tokio::select! {
                next = running.join_next() => next,
                () = cancel.cancelled() => {
                    // waited for: a test that is just over must not write its answer after this
                    running.shutdown().await;
                    return Err(Error::Interrupted);
                }
            };
            let Some(next) = next else { break };
            let (chosen, outcome, time) =
                next.map_err(|e| Error::Internal(format!("a test broke down: {e}")))?;
            let name = chosen.test.name.clone();
            answers.insert((name.clone(), chosen.dialect), (chosen, outcome, time));
            let finished = done.entry(name.clone()).or_default();
            *finished += 1;
            if *finished == self.0.iter().filter(|c| c.test.name == name).count() {
                for report in settle(project, &name, &mut answers)? {
                    over(&report)?;
                    reports.push(report);
                }
            }
        }
        reports.sort_by(|a, b| (&a.name, a.dialect).cmp(&(&b.name, b.dialect)));
        Ok(reports)
    }

    /// The snapshot of each test, by the test's name.
    pub fn snapshots(&self) -> BTreeMap<String, String> {
        self.0
            .iter()
            .map(|case| (case.test.name.clone(), case.test.snapshot.clone()))
            .collect()
    }

    /// Takes over what this run left pending, but for divergences without a reason: of its SQL tests, and of the Rust
    /// tests that have left something. Their reports become [`Outcome::Accepted`]; returns the number of snapshots written.
    pub fn accept(
        &self,
        project: &Project,
        reports: &mut [TestReport],
        rust: &mut [TestReport],
    ) -> Result<usize> {
        let store = PendingStore::new(project);
        let ours: BTreeMap<&str, &str> = self
            .0
            .iter()
            .map(|c| (c.test.snapshot.as_str(), c.test.name.as_str()))
            .collect();
        let open = |o: &Outcome| matches!(o, Outcome::New | Outcome::Changed { .. });
        let mut accepted = 0;
        for proposal in store.list()? {
            if proposal.needs_reason() {
                continue;
            }
            match ours.get(proposal.snapshot.as_str()).copied() {
                Some(name) => {
                    store.accept(&proposal, None)?;
                    accepted += 1;
                    for report in reports.iter_mut().filter(|r| r.name == name) {
                        if open(&report.outcome) {
                            report.outcome = Outcome::Accepted;
                        }
                    }
                }
                None => {
                    // `tests/orders.rs::refunds` and the report `orders::refunds`
                    let test = proposal
                        .proposed
                        .source
                        .rsplit("::")
                        .next()
                        .unwrap_or_default();
                    let of = |r: &TestReport| {
                        open(&r.outcome) && r.name.rsplit("::").next() == Some(test)
                    };
                    if !rust.iter().any(of) {
                        continue;
                    }
                    store.accept(&proposal, None)?;
                    accepted += 1;
                }
            }
        }
        // a test stops at its first difference, so one that has left nothing more is done
        let left: Vec<String> = store
            .list()?
            .into_iter()
            .map(|p| p.proposed.source)
            .collect();
        for report in rust.iter_mut().filter(|r| open(&r.outcome)) {
            let name = report.name.rsplit("::").next().unwrap_or_default();
            if !left
                .iter()
                .any(|source| source.rsplit("::").next() == Some(name))
            {
                report.outcome = Outcome::Accepted;
            }
        }
        Ok(accepted)
    }
}

async fn run_one(project: &Project, endpoints: &Endpoints, chosen: &Chosen) -> sqltest::Outcome {
    let only = [chosen.dialect];
    let mut cases = chosen.test.cases(&only);
    match cases.next() {
        Some(case) => sqltest::run(project, endpoints, &case).await,
        // `select` took it from this very list.
        None => sqltest::Outcome::Skipped {
            reason: "not for this dialect".into(),
        },
    }
}

/// The reports of one test, all of whose dialects have answered.
fn settle(
    project: &Project,
    name: &str,
    answers: &mut BTreeMap<(String, Dialect), (Chosen, sqltest::Outcome, Duration)>,
) -> Result<Vec<TestReport>> {
    let mine: Vec<_> = Dialect::ALL
        .iter()
        .filter_map(|d| answers.remove(&(name.to_owned(), *d)))
        .collect();
    let differ = mine
        .iter()
        .filter(|(_, o, _)| matches!(o, sqltest::Outcome::Differs(_)))
        .count();
    let answered: BTreeSet<Dialect> = mine
        .iter()
        .filter(|(_, o, _)| matches!(o, sqltest::Outcome::Differs(_) | sqltest::Outcome::Pass))
        .map(|(c, ..)| c.dialect)
        .collect();
    // A dialect that has not been asked may still agree with what the other says now.
    let divergence = match mine.first() {
        Some((chosen, ..)) if differ > 0 && answered.len() > 1 => PendingStore::new(project)
            .get(&chosen.test.snapshot)?
            .filter(Proposal::needs_reason),
        _ => None,
    }
    .and_then(|p| p.divergence())
    .map(|d| side_by_side(&d));
    // a place in this project is named as it is from there
    let root = format!("{}/", project.root.display());
    let reports = mine.into_iter().map(|(chosen, outcome, time)| TestReport {
        name: name.to_owned(),
        dialect: chosen.dialect.name(),
        outcome: match (outcome, &divergence) {
            (sqltest::Outcome::Pass, _) => Outcome::Passed,
            (sqltest::Outcome::Skipped { reason }, _) => Outcome::Skipped { reason },
            (sqltest::Outcome::Failed(failure), _) => Outcome::Failed {
                message: failure.to_string().replace(&root, ""),
            },
            (sqltest::Outcome::Differs(_), Some(diff)) => Outcome::Diverged { diff: diff.clone() },
            (sqltest::Outcome::Differs(verdict), None) => differs(verdict),
        },
        time,
    });
    Ok(reports.collect())
}

fn differs(verdict: Verdict) -> Outcome {
    match verdict {
        Verdict::Matches => Outcome::Passed,
        Verdict::New { .. } => Outcome::New,
        Verdict::Changed { snapshot, diff, .. } => Outcome::Changed {
            diff: format!("{snapshot}\n{diff}"),
        },
        Verdict::OtherOnly {
            diff: Some(diff), ..
        } => Outcome::Diverged {
            diff: side_by_side(&diff),
        },
        Verdict::OtherOnly {
            snapshot,
            other,
            diff: None,
            ..
        } => Outcome::Changed {
            diff: format!(
                "{snapshot} has only the answer of {other}, with which this one agrees\n"
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_read() {
        assert_eq!("hash:1/3".parse(), Ok(Partition::Hash { share: 1, of: 3 }));
        assert_eq!(
            "count:3/3".parse(),
            Ok(Partition::Count { share: 3, of: 3 })
        );
        for text in ["", "hash", "hash:0/3", "hash:4/3", "slice:1/2", "hash:1"] {
            assert!(text.parse::<Partition>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_test_is_in_one_share() {
        for kind in ["hash", "count"] {
            for (i, id) in [
                "a::redshift",
                "a::snowflake",
                "b/c::redshift",
                "d::snowflake",
            ]
            .iter()
            .enumerate()
            {
                let shares = (1..=3).filter(|m| {
                    let partition: Partition =
                        format!("{kind}:{m}/3").parse().expect("a partition");
                    partition.has(i, id)
                });
                assert_eq!(shares.count(), 1, "{kind} {id}");
            }
        }
    }
}
