//! The database that a test has left, to ask it questions: a fork of the loaded data with the test's statements run,
//! but for the last. It is made anew when it is asked for; a run drops its forks.

use std::collections::BTreeMap;

use dwsim_runtime::snapshot::Answer;
use dwsim_runtime::{
    Connection, Dialect, Endpoints, Fork, Project, Reply, instance, script, sqltest,
};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::supervisor::{self, Emulators, Settings};

/// Forks of one test, one per dialect.
pub struct KeptFork {
    runtime: tokio::runtime::Runtime,
    /// Emulators of its own, where none of this project were running.
    emulators: Option<Emulators>,
    sessions: BTreeMap<Dialect, (Fork, Connection)>,
}

impl std::fmt::Debug for KeptFork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptFork")
            .field("dialects", &self.sessions.keys())
            .finish_non_exhaustive()
    }
}

impl KeptFork {
    /// Makes the forks for the test of a snapshot. A snapshot of a Rust test has a fork of the loaded data alone:
    /// what its code does is not known here.
    pub fn open(ctx: &Context, project: &Project, snapshot: &str) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(Error::io("starting the runtime"))?;
        let mut kept = KeptFork {
            runtime,
            emulators: None,
            sessions: BTreeMap::new(),
        };
        let config = ctx.config(project, Vec::new())?;
        let running = instance::find(project)?.filter(|i| {
            !i.templates.is_empty() && i.config == instance::config_hash(project) && i.is_current()
        });
        let endpoints = match running {
            Some(running) => running.ready_endpoints(),
            None => {
                let settings = Settings::of(&config);
                let (emulators, endpoints) = kept.runtime.block_on(async {
                    let emulators = Emulators::start(&settings).await?;
                    let mut endpoints = emulators.endpoints.clone();
                    let dialects = &config.project.dialects;
                    let quiet = ctx.ui.quiet();
                    let template = supervisor::load(&config, &endpoints, dialects, &quiet).await?;
                    endpoints.template = Some(template.info);
                    endpoints.settings = Some((&config).into());
                    Ok::<_, Error>((emulators, endpoints))
                })?;
                kept.emulators = Some(emulators);
                endpoints
            }
        };
        kept.sessions = kept.runtime.block_on(sessions(
            project,
            snapshot,
            &endpoints,
            &config.project.dialects,
        ))?;
        Ok(kept)
    }

    /// Runs SQL on each dialect; what it answers, or why not.
    pub fn query(&mut self, sql: &str) -> BTreeMap<Dialect, std::result::Result<Answer, String>> {
        let sessions = &mut self.sessions;
        self.runtime.block_on(async {
            let mut answers = BTreeMap::new();
            for (dialect, (_, connection)) in sessions.iter_mut() {
                answers.insert(*dialect, run(connection, sql).await);
            }
            answers
        })
    }

    /// Drops the forks, and the emulators that were started for them.
    pub fn close(self) {
        let KeptFork {
            runtime,
            emulators,
            sessions,
        } = self;
        runtime.block_on(async move {
            for (fork, connection) in sessions.into_values() {
                connection.close().await;
                // it goes with the instance at the latest
                let _ = fork.drop_database().await;
            }
            if let Some(emulators) = emulators {
                emulators.stop().await;
            }
        });
        runtime.shutdown_background();
    }
}

async fn sessions(
    project: &Project,
    snapshot: &str,
    endpoints: &Endpoints,
    dialects: &[Dialect],
) -> Result<BTreeMap<Dialect, (Fork, Connection)>> {
    let test = match project.sql_test_of(snapshot) {
        Some(name) => sqltest::find(project, name)?,
        None => None,
    };
    let mut sessions = BTreeMap::new();
    for dialect in dialects {
        let file = test.as_ref().and_then(|test| test.files.get(dialect));
        if test.is_some() && file.is_none() {
            continue;
        }
        let (fork, mut connection) = Fork::create(*dialect, endpoints, "review").await?;
        if let Some(file) = file {
            let statements =
                script::statements(&file.text, *dialect).map_err(|e| Error::TestFile {
                    message: format!("{}:{}: {}", file.path.display(), e.line, e.message),
                })?;
            for statement in statements.iter().take(statements.len().saturating_sub(1)) {
                connection.run(statement.text).await?;
            }
        }
        sessions.insert(*dialect, (fork, connection));
    }
    Ok(sessions)
}

async fn run(connection: &mut Connection, sql: &str) -> std::result::Result<Answer, String> {
    let statements =
        script::statements(sql, connection.dialect()).map_err(|e| e.message.clone())?;
    let mut answer = Answer::Done { affected: None };
    for statement in statements {
        answer = match connection
            .run(statement.text)
            .await
            .map_err(|e| e.to_string())?
        {
            Reply::Rows(table) => Answer::Rows(table),
            Reply::Done { affected } => Answer::Done { affected },
        };
    }
    Ok(answer)
}
