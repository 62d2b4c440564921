//! Runs: generate, stage, load both warehouses beside what is there, and only then take its place.
//! A run that fails or is cancelled leaves what was loaded before as it was.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use dwsim_generate::Plan;
use dwsim_runtime::{Dialect, template};
use dwsim_schema::Config;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::error::Error;
use super::service::{Live, Result, Service, config, database, now, plan_of, prefix};
use crate::staging::{self, StageError};
use crate::store::{Run, Status, TableProgress};

/// How an experiment is to be generated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GenerateOptions {
    /// Seed; the schema's without one.
    pub seed: Option<u64>,
    /// Rows by table instead of the schema's.
    pub rows: BTreeMap<String, u64>,
    /// Warehouses to load; the schema's without any.
    pub dialects: Vec<Dialect>,
}

impl Service {
    /// Begins a run in the background.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Conflict`] if a run is going on; [`Error::Invalid`] if there can be no such data.
    pub fn generate(self: &Arc<Self>, name: &str, options: &GenerateOptions) -> Result<Run> {
        let _claim = self.claim(name)?;
        let experiment = self.find(name)?;
        let config = config(&experiment.toml)?;
        let seed = options.seed.unwrap_or(config.project.seed);
        let started = Instant::now();
        let plan = plan_of(&config, seed, &options.rows)?;
        self.metrics.observe(
            "dwsim_step_duration_seconds",
            &[("step", "plan")],
            started.elapsed(),
        );
        let mut dialects = if options.dialects.is_empty() {
            config.project.dialects.clone()
        } else {
            options.dialects.clone()
        };
        dialects.sort();
        dialects.dedup();
        let words: Vec<String> = dialects.iter().map(|d| d.name().to_owned()).collect();
        let tables: Vec<TableProgress> = plan
            .tables()
            .iter()
            .map(|t| TableProgress {
                table: t.name().to_owned(),
                rows: t.rows(),
                ..TableProgress::default()
            })
            .collect();
        let schema = config.schema.schema_hash();
        let begun = now();
        let id = self
            .store
            .begin(name, &schema, seed, &words, &tables, begun)?
            .ok_or_else(|| {
                Error::Conflict(format!(
                    "a run of experiment `{name}` is going on; wait for it, or cancel it"
                ))
            })?;
        let run = Run {
            id,
            experiment: name.to_owned(),
            status: Status::Running,
            schema,
            seed,
            dialects: words,
            tables,
            started: begun,
            ended: None,
            error: None,
        };
        let (progress, _) = watch::channel(run.clone());
        let stop = CancellationToken::new();
        self.live
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(
                id,
                Live {
                    progress: progress.clone(),
                    stop: stop.clone(),
                },
            );
        let service = Arc::clone(self);
        let span = tracing::info_span!(
            "run",
            experiment = name,
            run = id,
            seed,
            rows = plan.total_rows(),
            status = tracing::field::Empty,
            error = tracing::field::Empty,
        );
        let performed = async move {
            let work = Work {
                config,
                plan,
                dialects,
                progress,
                stop,
            };
            service.perform(id, work).await;
        };
        tokio::spawn(performed.instrument(span));
        Ok(run)
    }

    /// Cancels a run.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Conflict`] if it has ended.
    pub fn cancel(&self, name: &str, id: i64) -> Result<Run> {
        let run = self.run(name, id)?;
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        match live.get(&id) {
            Some(live) => {
                live.stop.cancel();
                Ok(run)
            }
            None => Err(Error::Conflict(format!(
                "run {id} has ended: {}",
                run.status.word()
            ))),
        }
    }

    /// Does the run, and says in the metadata what became of it.
    async fn perform(&self, id: i64, work: Work) {
        let started = Instant::now();
        let done = self.work(id, &work).await;
        let mut run = work.progress.borrow().clone();
        let name = run.experiment.clone();
        if done.is_err() {
            // what was loaded before stays; nothing of this run does
            for dialect in &work.dialects {
                if let Err(e) = self
                    .drop_database(*dialect, &format!("{}__next", database(&name)))
                    .await
                {
                    tracing::warn!(error = %e, "an unfinished database is left");
                }
            }
            if let Err(e) = staging::clear(
                &staging::Place::emulated(&self.endpoints.s3.url),
                &format!("{}/{id}", prefix(&name)),
            )
            .await
            {
                tracing::warn!(error = %e, "staged objects of an unfinished run are left");
            }
        }
        run.ended = Some(now());
        match done {
            Ok(()) => run.status = Status::Done,
            Err(Error::Stage(StageError::Cancelled)) => run.status = Status::Cancelled,
            Err(e) => {
                self.metrics
                    .add("dwsim_errors_total", &[("code", e.code())], 1);
                run.status = Status::Failed;
                let mut message = e.to_string();
                if let Error::Invalid { details, .. } = &e {
                    message.push_str(&format!(": {}", details.join("; ")));
                }
                run.error = Some(message);
            }
        }
        let status = [("status", run.status.word())];
        self.metrics.add("dwsim_runs_total", &status, 1);
        self.metrics
            .observe("dwsim_run_duration_seconds", &status, started.elapsed());
        let span = tracing::Span::current();
        span.record("status", run.status.word());
        if let Some(error) = &run.error {
            span.record("error", error.as_str());
        }
        tracing::info!(run = id, status = run.status.word(), "the run ended");
        if let Err(e) = self.store.end(&run) {
            tracing::error!(error = %e, "the end of run {id} cannot be written");
            run.status = Status::Failed;
            run.error = Some(e.to_string());
        }
        work.progress.send_replace(run);
        self.live
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
    }

    async fn work(&self, id: i64, work: &Work) -> Result<()> {
        let name = work.progress.borrow().experiment.clone();
        let folder = format!("{}/{id}", prefix(&name));
        let started = Instant::now();
        let told = work.progress.clone();
        let report: staging::Report = Arc::new(move |table, rows| {
            told.send_modify(|run| {
                if let Some(t) = run.tables.iter_mut().find(|t| t.table == table) {
                    t.generated = rows;
                }
            });
        });
        let staged = staging::stage(
            &work.plan,
            &staging::Place::emulated(&self.endpoints.s3.url),
            &folder,
            &report,
            &work.stop,
        )
        .instrument(tracing::info_span!("stage", rows = work.plan.total_rows()))
        .await?;
        self.metrics.observe(
            "dwsim_step_duration_seconds",
            &[("step", "stage")],
            started.elapsed(),
        );
        self.metrics
            .add("dwsim_rows_generated_total", &[], staged.rows);
        work.progress.send_modify(|run| {
            for t in &mut run.tables {
                t.generated = t.rows;
                t.bytes = staged.sizes.get(&t.table).copied().unwrap_or(0);
            }
        });

        let rows: BTreeMap<String, u64> = work
            .plan
            .tables()
            .iter()
            .map(|t| (t.name().to_owned(), t.rows()))
            .collect();
        let target = database(&name);
        let next = format!("{target}__next");
        let started = Instant::now();
        let loads = work.dialects.iter().map(|dialect| {
            let (rows, staged, next) = (&rows, &staged, &next);
            async move {
                let loaded = |table: &str, n: u64| {
                    tracing::info!(table, rows = n, "loaded");
                    work.progress.send_modify(|run| {
                        if let Some(t) = run.tables.iter_mut().find(|t| t.table == table) {
                            t.loaded.insert(dialect.name().to_owned(), n);
                        }
                    });
                    self.metrics.add(
                        "dwsim_rows_loaded_total",
                        &[("warehouse", dialect.name())],
                        n,
                    );
                };
                template::load_tables(
                    *dialect,
                    &self.endpoints,
                    &work.config.schema,
                    rows,
                    &staged.urls,
                    next,
                    &loaded,
                )
                .instrument(tracing::info_span!(
                    "load",
                    otel.kind = "client",
                    db.system.name = dialect.name(),
                    db.namespace = next.as_str(),
                ))
                .await
            }
        });
        tokio::select! {
            loaded = futures::future::try_join_all(loads) => { loaded?; }
            () = work.stop.cancelled() => return Err(StageError::Cancelled.into()),
        }
        self.metrics.observe(
            "dwsim_step_duration_seconds",
            &[("step", "load")],
            started.elapsed(),
        );
        if work.stop.is_cancelled() {
            return Err(StageError::Cancelled.into());
        }

        // from here on the earlier data are given up; should the process end, nothing counts as loaded
        self.store.set_loaded(&name, None)?;
        for dialect in Dialect::ALL {
            self.drop_database(dialect, &target).await?;
            if work.dialects.contains(&dialect) {
                self.rename_database(dialect, &next, &target).await?;
            }
        }
        for earlier in self.store.runs(&name)?.iter().filter(|r| r.id != id) {
            staging::clear(
                &staging::Place::emulated(&self.endpoints.s3.url),
                &format!("{}/{}", prefix(&name), earlier.id),
            )
            .await?;
        }
        Ok(())
    }
}

/// What a run works with.
struct Work {
    config: Config,
    plan: Arc<Plan>,
    dialects: Vec<Dialect>,
    progress: watch::Sender<Run>,
    stop: CancellationToken,
}
