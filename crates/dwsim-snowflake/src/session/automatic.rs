//! What follows a bucket by itself: pipes with AUTO_INGEST, external tables and directory tables with AUTO_REFRESH.
//! Events of the bucket are noticed before the next statement of any session, so that it sees what they led to.
//!
//! Sources: "CREATE PIPE", "CREATE EXTERNAL TABLE", "CREATE STAGE".

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use dwsim_engine::catalog::{Account, Object, ObjectKind, ObjectName, OtherObject};
use dwsim_engine::error::Result;
use sqlparser::ast;

use super::SnowflakeSession;
use super::external::External;
use super::stage::Place;
use crate::parse::{Command, CopyFrom, CopyInto, Options};

/// The member of a pipe's definition that holds the files that were there before it.
const BEFORE: &str = "before";

/// An object that follows a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Follower {
    Pipe(ObjectName),
    Table(ObjectName),
    Stage(ObjectName),
}

/// The followers of a version of the catalog; the next statement most often finds the same one.
#[derive(Debug, Default)]
pub(super) struct Followers(Mutex<Option<(Arc<Account>, Arc<[Follower]>)>>);

fn is_on(o: &OtherObject, property: &str) -> bool {
    o.properties
        .get(property)
        .is_some_and(|v| v.eq_ignore_ascii_case("true"))
}

impl Followers {
    fn of(&self, root: &Arc<Account>) -> Arc<[Follower]> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, list)) = known.as_ref()
            && Arc::ptr_eq(of, root)
        {
            return Arc::clone(list);
        }
        let mut out = Vec::new();
        for (database, d) in &root.databases {
            for (schema, s) in d.schemas.iter() {
                for ((kind, name), o) in &s.objects {
                    let full = || ObjectName {
                        database: database.clone(),
                        schema: schema.clone(),
                        name: name.clone(),
                    };
                    match (kind, o) {
                        (ObjectKind::Pipe, Object::Other(o))
                            if is_on(o, "AUTO_INGEST") && !is_on(o, "PIPE_EXECUTION_PAUSED") =>
                        {
                            out.push(Follower::Pipe(full()));
                        }
                        (ObjectKind::Stage, Object::Other(o))
                            if is_on(o, "DIRECTORY.ENABLE")
                                && is_on(o, "DIRECTORY.AUTO_REFRESH") =>
                        {
                            out.push(Follower::Stage(full()));
                        }
                        (ObjectKind::Relation, Object::Table(t))
                            if External::of(&t.def).is_some_and(|e| e.auto_refresh) =>
                        {
                            out.push(Follower::Table(full()));
                        }
                        _ => {}
                    }
                }
            }
        }
        let list: Arc<[Follower]> = out.into();
        *known = Some((Arc::clone(root), Arc::clone(&list)));
        list
    }
}

/// A name as a statement would write it.
fn written(name: &ObjectName) -> ast::ObjectName {
    let part = |s: &str| ast::Ident::with_quote('"', s);
    ast::ObjectName::from(vec![
        part(&name.database),
        part(&name.schema),
        part(&name.name),
    ])
}

impl SnowflakeSession {
    /// Loads and registers what buckets have got since the last statement. A failure is the follower's, and is told
    /// by its history; the statement that comes next is not stopped by it.
    pub(super) async fn catch_up(&mut self) {
        if self.inner.in_transaction() {
            return;
        }
        let root = self.inner.snapshot();
        let followers = self.account.followers().of(&root);
        for follower in followers.iter() {
            let done = match follower {
                Follower::Pipe(name) => self.ingest(name).await,
                Follower::Table(name) => self.follow_table(name).await,
                Follower::Stage(name) => self.follow_stage(name).await,
            };
            if let Err(error) = done {
                tracing::warn!(?follower, %error, "what follows a bucket has failed");
            }
        }
    }

    /// The location of a COPY, if it is a bucket.
    fn bucket_of(&mut self, copy: &CopyInto) -> Result<Option<super::stage::Location>> {
        let location = match (&copy.from, &copy.staged) {
            (_, Some(staged)) => staged,
            (CopyFrom::Location(at), None) => at,
            _ => return Ok(None),
        };
        let at = self.locate(location)?;
        Ok(matches!(at.place, Place::Bucket(..)).then_some(at))
    }

    /// The files that a new pipe does not load by itself.
    pub(super) async fn files_before(
        &mut self,
        name: &ObjectName,
        copy: &CopyInto,
    ) -> Result<serde_json::Value> {
        let context = self.enter(name);
        let at = self.bucket_of(copy);
        self.leave(context);
        let Some(at) = at? else {
            return Ok(serde_json::Value::Null);
        };
        let files: BTreeMap<String, String> = self
            .files(&at)
            .await?
            .into_iter()
            .map(|f| (f.name, f.etag))
            .collect();
        serde_json::to_value(files)
            .map_err(|e| dwsim_engine::error::SqlError::internal(e.to_string()))
    }

    async fn ingest(&mut self, name: &ObjectName) -> Result<()> {
        let pipe = self.kept(ObjectKind::Pipe, name)?;
        let body = pipe.definition["body"].as_str().unwrap_or_default();
        let Command::Copy(copy) = crate::parse::parse(body)? else {
            return Ok(());
        };
        let context = self.enter(name);
        let at = self.bucket_of(&copy);
        let table = match &copy.target {
            crate::parse::CopyTarget::Table(t, _) => self.inner.table(t),
            crate::parse::CopyTarget::Location(_) => Err(super::run::missing("table", "")),
        };
        self.leave(context);
        let (Some(at), (table, entry)) = (at?, table?) else {
            return Ok(());
        };
        let before: BTreeMap<String, String> =
            serde_json::from_value(pipe.definition[BEFORE].clone()).unwrap_or_default();
        let key = (self.database_oid(&table.database), entry.def.oid);
        let failed: Vec<String> = self.account.failed_files(name);
        let new = self.files(&at).await?.into_iter().any(|f| {
            before.get(&f.name) != Some(&f.etag)
                && !self.account.is_loaded(key, &f.name, &f.etag)
                && !failed.contains(&f.etag)
        });
        if !new {
            return Ok(());
        }
        self.run_pipe(name, &Options::default(), &before)
            .await
            .map(drop)
    }

    async fn follow_table(&mut self, name: &ObjectName) -> Result<()> {
        let external = self.external(name)?;
        let at = self.locate(&external.location)?;
        if matches!(at.place, Place::Bucket(..)) {
            self.refresh_external(name, None).await?;
        }
        Ok(())
    }

    async fn follow_stage(&mut self, name: &ObjectName) -> Result<()> {
        let stage = self.kept(ObjectKind::Stage, name)?;
        if stage.properties.contains_key("URL") {
            self.refresh_stage(&written(name), None).await?;
        }
        Ok(())
    }
}
