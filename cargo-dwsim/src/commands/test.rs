//! `test`: the main job. Start the emulators, generate and load the template, run the SQL tests on every
//! dialect and then the project's Rust tests, report, stop.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use dwsim_runtime::snapshot::PendingStore;
use dwsim_runtime::{Dialect, Endpoints, Project};
use dwsim_schema::{Config, Inputs, TargetKind};
use tokio_util::sync::CancellationToken;

use crate::affected::{self, Affected};
use crate::cli::{DialectArg, Format};
use crate::context::{Context, flag};
use crate::error::{Error, Result};
use crate::report::{Events, Human, Loaded, Outcome, Summary, TestReport, write_junit};
use crate::rust_tests::{RunnerArgs, RustTests};
use crate::signals;
use crate::sqltests::{Partition, SqlTests};
use crate::supervisor::{self, Loader, Servers};

/// Arguments of `test`.
#[derive(Debug, clap::Args)]
pub struct TestArgs {
    /// Only tests whose name (`folder/name::dialect`) contains FILTER
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
    /// Only this dialect (default: the project's)
    #[arg(short, long, value_enum, value_name = "DIALECT")]
    dialect: Vec<DialectArg>,
    /// Only compare, write no snapshot (the default)
    #[arg(long, conflicts_with_all = ["accept", "review"])]
    check: bool,
    /// Take new and changed answers over as snapshots
    #[arg(long, conflicts_with = "review")]
    accept: bool,
    /// Review new and changed answers after the run
    #[arg(long)]
    review: bool,
    /// Only tests that can come out otherwise than when they last passed here
    #[arg(long)]
    affected: bool,
    /// Seed of the data
    #[arg(long)]
    seed: Option<u64>,
    /// Factor of every row count of dwsim.toml
    #[arg(long)]
    scale: Option<f64>,
    /// Only a share of the tests: hash:M/N or count:M/N
    #[arg(long, value_name = "PARTITION")]
    partition: Option<Partition>,
    /// Write a JUnit report of the SQL tests
    #[arg(long, value_name = "PATH")]
    junit: Option<PathBuf>,
    /// Lines for people on stderr, or JSON events on stdout
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    format: Format,
    /// Where to run: a key of `[target]`, such as embedded or container
    #[arg(long, value_name = "TARGET")]
    target: Option<String>,
    /// Leave the project's Rust tests out
    #[arg(long)]
    no_rust: bool,
    /// Arguments of the Rust tests' runner (cargo nextest or cargo test)
    #[arg(last = true, value_name = "RUNNER ARGS")]
    runner: Vec<String>,
}

impl TestArgs {
    /// What `record` runs: the SQL tests on a live target.
    pub fn on_target(filters: Vec<String>, dialect: Vec<DialectArg>, target: String) -> Self {
        TestArgs {
            filters,
            dialect,
            check: true,
            accept: false,
            review: false,
            affected: false,
            seed: None,
            scale: None,
            partition: None,
            junit: None,
            format: Format::Human,
            target: Some(target),
            no_rust: true,
            runner: Vec::new(),
        }
    }
}

/// Runs the tests.
pub async fn run(ctx: &Context, args: &TestArgs) -> Result<i32> {
    let (summary, _) = execute(ctx, args).await?;
    let code = summary.exit_code();
    if args.review
        && matches!(
            code,
            crate::exit::SNAPSHOTS_DIFFER | crate::exit::DIVERGENCE
        )
    {
        return super::review::after_test(ctx);
    }
    Ok(code)
}

/// Runs the tests and reports; what came of them, and the snapshot of each SQL test by its name.
pub async fn execute(
    ctx: &Context,
    args: &TestArgs,
) -> Result<(Summary, BTreeMap<String, String>)> {
    let started = Instant::now();
    let project = ctx.project()?;
    let flags = [
        flag("--seed", "project.seed", args.seed),
        flag("--scale", "project.scale", args.scale),
        flag("--target", "test.target", args.target.as_ref()),
    ];
    let layers = ctx.layers(&project, flags.into_iter().flatten().collect())?;
    let config = Config::load(&layers)?;
    let dialects = supervisor::dialects(&config, DialectArg::all_of(&args.dialect))?;
    let embedded = config
        .target(&config.test.target)
        .is_some_and(|t| t.kind == TargetKind::Embedded);
    if !embedded && (args.accept || args.review || args.affected) {
        return Err(Error::Usage {
            message: "--accept, --review and --affected need the embedded target".into(),
            help: Some(
                "what a server answers that stands in for a warehouse is nobody's snapshot".into(),
            ),
        });
    }
    let mut sql = SqlTests::select(&project, &dialects, &args.filters, args.partition)?;
    let mut rust = if args.no_rust {
        RustTests::default()
    } else {
        RustTests::find(&project.root)?
    };

    let cancel = signals::cancel_on_signal()?;
    let mut summary = Summary::default();
    let mut affected = Affected::new(&project, &config);
    // filters and shares leave targets of Rust tests half run, which says nothing about the other half
    let whole = args.filters.is_empty() && args.partition.is_none() && args.runner.is_empty();
    let mut executables = BTreeMap::new();
    if !rust.is_empty() && whole {
        for ((package, target), executable) in rust.build(&project, &cancel).await? {
            executables.insert(affected::rust_name(&package, &target), executable);
        }
    }
    if args.affected {
        summary.unaffected = sql.only_affected(&project, &affected);
        let before = rust.len();
        rust.retain(|package, target| {
            let name = affected::rust_name(package, target);
            executables.get(&name).is_none_or(|executable| {
                !affected.has_passed(&name, &affected.rust_key(&project, executable))
            })
        });
        summary.unaffected += before - rust.len();
    }
    if !sql.is_empty() || !rust.is_empty() {
        let mut servers = tokio::select! {
            servers = Servers::start(&config, &ctx.ui) => servers?,
            () = cancel.cancelled() => return Err(Error::Interrupted),
        };
        summary.loaded.start = started.elapsed();
        let loader = servers.loader();
        let job = Job {
            loader: &loader,
            ctx,
            args,
            project: &project,
            config: &config,
            layers: &layers,
            dialects: &dialects,
            sql: &sql,
            rust: &rust,
            built: !executables.is_empty(),
        };
        let mut endpoints = servers.endpoints().clone();
        let store = PendingStore::new(&project);
        let before = store.checkpoint()?;
        let result = tokio::select! {
            result = job.run(&mut endpoints, &mut summary, &cancel) => result,
            error = servers.ended() => Err(error),
        };
        servers.loaded(endpoints);
        servers.stop().await;
        if let Err(Error::Interrupted) = result {
            // what has been answered until now is half of something: nobody should accept it
            store.restore(&before, |snapshot| {
                sql.has_snapshot(snapshot)
                    || !rust.is_empty() && project.sql_test_of(snapshot).is_none()
            })?;
        }
        result?;
    }
    if args.accept {
        summary.accepted = sql.accept(&project, &mut summary.tests, &mut summary.rust)?;
    }
    if embedded {
        sql.note(&project, &mut affected, &summary.tests);
    }
    if embedded && summary.runner.is_some() && whole {
        let good = |o: &Outcome| {
            matches!(
                o,
                Outcome::Passed | Outcome::Skipped { .. } | Outcome::Accepted
            )
        };
        for (package, target) in rust.targets() {
            let name = affected::rust_name(package, target);
            let head = format!("{target}::");
            let passed = summary
                .rust
                .iter()
                .filter(|r| r.name.starts_with(&head))
                .all(|r| good(&r.outcome));
            let stopped = summary.runner != Some(crate::exit::OK)
                && summary.rust.iter().all(|r| good(&r.outcome));
            // with the snapshots as they are now, which `--accept` may have written
            if let Some(executable) = executables.get(&name) {
                let key = affected.rust_key(&project, executable);
                affected.note(name, key, passed && !stopped);
            }
        }
    }
    if let Err(error) = affected.save(&project) {
        // the next `--affected` runs more than it need
        ctx.ui
            .warn("Forgot", format_args!("which tests have passed: {error}"));
    }
    summary.time = started.elapsed();
    match args.format {
        Format::Human => Human::new(&ctx.ui).summary(&summary),
        Format::Json => Events::summary(&summary)?,
    }
    if let Some(path) = &args.junit {
        write_junit(&ctx.directory().join(path), &summary)?;
    }
    Ok((summary, sql.snapshots()))
}

/// What `test` does while the emulators run.
struct Job<'a> {
    loader: &'a Loader,
    ctx: &'a Context,
    args: &'a TestArgs,
    project: &'a Project,
    config: &'a Config,
    layers: &'a Inputs,
    dialects: &'a [Dialect],
    sql: &'a SqlTests,
    rust: &'a RustTests,
    built: bool,
}

impl Job<'_> {
    async fn run(
        &self,
        endpoints: &mut Endpoints,
        summary: &mut Summary,
        cancel: &CancellationToken,
    ) -> Result<()> {
        let human = Human::new(&self.ctx.ui);
        let load = self
            .loader
            .load(endpoints, self.config, self.dialects, &self.ctx.ui);
        let template = tokio::select! {
            template = load => template?,
            () = cancel.cancelled() => return Err(Error::Interrupted),
        };
        summary.loaded = Loaded {
            tables: template.tables,
            rows: template.staged.rows,
            bytes: template.staged.bytes,
            start: summary.loaded.start,
            generate: template.staged.time,
            load: template.load,
        };
        match self.args.format {
            Format::Human => {
                let names: Vec<_> = self.dialects.iter().map(|d| d.name()).collect();
                human.loaded(&summary.loaded, &names);
            }
            Format::Json => Events::loaded(&summary.loaded)?,
        }
        let endpoints: &Endpoints = endpoints;
        supervisor::register(
            endpoints,
            &self.project.root,
            &template.info.hash,
            self.layers.clone(),
        )
        .await?;
        let over = |test: &TestReport| match self.args.format {
            Format::Human => {
                human.test(test);
                Ok(())
            }
            Format::Json => Events::test(test),
        };
        summary.tests = self.sql.run(self.project, endpoints, cancel, &over).await?;

        if !self.rust.is_empty() {
            let runner = RunnerArgs {
                built: self.built,
                filters: self.args.filters.clone(),
                partition: self.args.partition.map(|p| p.to_string()),
                rest: self.args.runner.clone(),
                dialects: self.dialects.to_vec(),
            };
            let (code, reports) = self
                .rust
                .run(self.project, endpoints, &runner, cancel, over)
                .await?;
            summary.runner = Some(code);
            summary.rust = reports;
        }
        Ok(())
    }
}
