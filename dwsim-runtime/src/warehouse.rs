//! What a Rust test holds: one warehouse, a private copy of the loaded data, SQL in and typed rows out.
//! The connection lives on a thread of its own, so that tests may use any async runtime, or none.

use crate::client::{Connection, Reply};
use crate::endpoints::{Endpoint, Endpoints};
use crate::error::{Error, Result};
use crate::fork::Fork;
use crate::row::{Row, RowRef, insert_statements};
use crate::value::ResultTable;
use crate::{Dialect, TemplateInfo};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// A warehouse with a database of the test's own. When it is dropped, also by a panic, the database goes with it.
///
/// Every method has a twin for tests that are not async, behind [`Warehouse::blocking`].
#[derive(Debug)]
pub struct Warehouse {
    dialect: Dialect,
    database: String,
    template: TemplateInfo,
    control: Option<Endpoint>,
    seed: u64,
    test: String,
    jobs: Option<UnboundedSender<Job>>,
    worker: Option<JoinHandle<()>>,
    names: Mutex<BTreeMap<String, usize>>,
}

type Answer = Result<Reply>;

struct Job {
    sql: String,
    done: Box<dyn FnOnce(Answer) + Send>,
}

impl Warehouse {
    /// Forks the endpoints' template for the test of this name and connects to the fork.
    ///
    /// # Errors
    /// When there is no template, or the warehouse cannot be reached.
    pub fn open(dialect: Dialect, endpoints: &Endpoints, test: &str) -> Result<Self> {
        let template = endpoints.template()?.clone();
        let (jobs, queue) = unbounded_channel();
        let (ready, opened) = sync_channel(1);
        let (origin, label) = (endpoints.clone(), format!("{test}_{dialect}"));
        let worker = std::thread::Builder::new()
            .name(format!("dwsim-{dialect}"))
            .spawn(move || {
                work(&ready, queue, async move || {
                    Fork::create(dialect, &origin, &label).await
                });
            });
        let worker =
            worker.map_err(|e| Error::Setup(format!("no thread for the connection: {e}")))?;
        let database = opened.recv().map_err(|_| lost(dialect))??;
        let names = Mutex::new(BTreeMap::new());
        Ok(Warehouse {
            dialect,
            database,
            template,
            control: endpoints.control.clone(),
            seed: 0,
            test: test.to_string(),
            jobs: Some(jobs),
            worker: Some(worker),
            names,
        })
    }

    /// The warehouse.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The test's own database.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The template it was forked from.
    #[must_use]
    pub fn template(&self) -> &TemplateInfo {
        &self.template
    }

    /// Where fixtures are asked for.
    pub(crate) fn control(&self) -> Option<&Endpoint> {
        self.control.as_ref()
    }

    /// The seed of the test: that of `#[dwsim::test(seed = 7)]`, else the project's.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    /// The name of the test it was opened for.
    #[must_use]
    pub fn test(&self) -> &str {
        &self.test
    }

    /// Runs one statement; what came back, whatever it is.
    ///
    /// # Errors
    /// [`Error::Sql`] when the warehouse refuses it.
    pub async fn run(&self, sql: &str) -> Result<Reply> {
        let (reply, answer) = oneshot::channel();
        // a test that no longer waits does not want the answer
        self.send(sql, move |answer| drop(reply.send(answer)))?;
        answer.await.map_err(|_| lost(self.dialect))?
    }

    /// Runs one statement for its effect: the number of rows it changed.
    ///
    /// # Errors
    /// As [`Warehouse::run`].
    pub async fn sql(&self, sql: &str) -> Result<u64> {
        Ok(affected(self.run(sql).await?))
    }

    /// Runs one statement for its rows.
    ///
    /// # Errors
    /// As [`Warehouse::run`].
    pub async fn query(&self, sql: &str) -> Result<ResultTable> {
        Ok(table(self.run(sql).await?))
    }

    /// Runs a query and reads each row into a struct.
    ///
    /// # Errors
    /// As [`Warehouse::run`]; [`Error::Value`] when a row does not fit.
    pub async fn query_as<R: Row>(&self, sql: &str) -> Result<Vec<R>> {
        RowRef::all(&self.query(sql).await?)
            .map(R::from_row)
            .collect()
    }

    /// Inserts rows into the table that their struct names.
    ///
    /// # Errors
    /// As [`Warehouse::run`].
    pub async fn insert<R: Row>(&self, rows: &[R]) -> Result<u64> {
        self.template.check_shape(R::SHAPE)?;
        let mut count = 0;
        for sql in insert_statements(rows, self.dialect)? {
            count += self.sql(&sql).await?;
        }
        Ok(count)
    }

    /// The same methods for tests that are not async.
    #[must_use]
    pub fn blocking(&self) -> Blocking<'_> {
        Blocking(self)
    }

    fn send(&self, sql: &str, done: impl FnOnce(Answer) + Send + 'static) -> Result<()> {
        let job = Job {
            sql: sql.to_string(),
            done: Box::new(done),
        };
        let jobs = self.jobs.as_ref().ok_or_else(|| lost(self.dialect))?;
        jobs.send(job).map_err(|_| lost(self.dialect))
    }

    /// `refunds`, then `refunds-2`: the n-th unnamed snapshot of a test.
    pub(crate) fn snapshot_name(&self, stem: &str) -> String {
        let mut names = self
            .names
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let count = names.entry(stem.to_string()).or_insert(0);
        *count += 1;
        if *count == 1 {
            stem.to_string()
        } else {
            format!("{stem}-{count}")
        }
    }
}

impl Drop for Warehouse {
    fn drop(&mut self) {
        // without a queue the worker drops the fork and ends
        self.jobs = None;
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
    }
}

/// The methods of a [`Warehouse`], waiting for their answer.
#[derive(Debug, Clone, Copy)]
pub struct Blocking<'a>(&'a Warehouse);

impl Blocking<'_> {
    /// As [`Warehouse::run`].
    ///
    /// # Errors
    /// As there.
    pub fn run(self, sql: &str) -> Result<Reply> {
        let (reply, answer) = sync_channel(1);
        self.0.send(sql, move |answer| drop(reply.send(answer)))?;
        answer.recv().map_err(|_| lost(self.0.dialect))?
    }

    /// As [`Warehouse::sql`].
    ///
    /// # Errors
    /// As there.
    pub fn sql(self, sql: &str) -> Result<u64> {
        Ok(affected(self.run(sql)?))
    }

    /// As [`Warehouse::query`].
    ///
    /// # Errors
    /// As there.
    pub fn query(self, sql: &str) -> Result<ResultTable> {
        Ok(table(self.run(sql)?))
    }

    /// As [`Warehouse::query_as`].
    ///
    /// # Errors
    /// As there.
    pub fn query_as<R: Row>(self, sql: &str) -> Result<Vec<R>> {
        RowRef::all(&self.query(sql)?).map(R::from_row).collect()
    }

    /// As [`Warehouse::insert`].
    ///
    /// # Errors
    /// As there.
    pub fn insert<R: Row>(self, rows: &[R]) -> Result<u64> {
        self.0.template.check_shape(R::SHAPE)?;
        let statements = insert_statements(rows, self.0.dialect)?;
        statements
            .iter()
            .try_fold(0, |count, sql| Ok(count + self.sql(sql)?))
    }
}

fn affected(reply: Reply) -> u64 {
    match reply {
        Reply::Done { affected } => affected.unwrap_or(0),
        Reply::Rows(_) => 0,
    }
}

fn table(reply: Reply) -> ResultTable {
    match reply {
        Reply::Rows(table) => table,
        Reply::Done { .. } => ResultTable::default(),
    }
}

fn lost(dialect: Dialect) -> Error {
    Error::Broken {
        dialect,
        message: "its thread has ended".to_string(),
    }
}

/// The worker's whole life: open, run one statement after the other, drop the database.
fn work(
    ready: &SyncSender<Result<String>>,
    mut queue: UnboundedReceiver<Job>,
    open: impl AsyncFnOnce() -> Result<(Fork, Connection)>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(e) => {
            let _ = ready.send(Err(Error::Setup(format!(
                "no runtime for the connection: {e}"
            ))));
            return;
        }
    };
    runtime.block_on(async {
        let (fork, mut connection) = match open().await {
            Ok(opened) => opened,
            Err(error) => {
                let _ = ready.send(Err(error));
                return;
            }
        };
        let _ = ready.send(Ok(fork.database().to_string()));
        while let Some(job) = queue.recv().await {
            let answer = connection.run(&job.sql).await;
            (job.done)(answer);
        }
        connection.close().await;
        if let Err(error) = fork.drop_database().await {
            // not a reason to fail a test; the supervisor drops leftovers
            eprintln!("dwsim: a test's database is left behind: {error}");
        }
    });
}
