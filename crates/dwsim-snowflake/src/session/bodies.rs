//! Tasks, alerts, pipes and tags: objects that hold SQL, which runs when it is asked for.
//! Nothing runs on a schedule. Runs of tasks are in `task_run`, dynamic tables in `dynamic`.
//!
//! Sources: "CREATE TASK", "CREATE ALERT", "CREATE PIPE", "CREATE TAG".

use std::collections::BTreeMap;
use std::sync::Arc;

use dwsim_engine::catalog::{Object, ObjectKind, ObjectName, OtherObject, next_oid};
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use serde_json::json;
use sqlparser::ast;

use super::answer::title;
use super::dynamic::{DYNAMIC_QUERY, EXTERNAL};
use super::objects::properties;
use super::run::missing;
use super::{Answer, SnowflakeSession, StatementKind};
use crate::parse::{Change, Command, CopyFrom, CopyTarget, CreateBody, OptionValue, Options};

/// Which catalog kind a word means.
fn kind_of(word: &str) -> Option<ObjectKind> {
    Some(match word {
        "TASK" => ObjectKind::Task,
        "PIPE" => ObjectKind::Pipe,
        "TAG" => ObjectKind::Tag,
        "STREAM" => ObjectKind::Stream,
        "ALERT" => ObjectKind::Other,
        _ => return None,
    })
}

impl SnowflakeSession {
    pub(super) async fn create_body(&mut self, c: &CreateBody) -> Result<Answer> {
        if c.word == "DYNAMIC TABLE" {
            return self.create_dynamic(c).await;
        }
        let name = self.inner.resolve_name(&c.name)?;
        match c.word {
            "TASK" => {
                crate::parse::parse(&c.body)?;
            }
            "ALERT" => {
                crate::parse::parse(&c.body)?;
                crate::parse::parse(c.when.as_deref().unwrap_or_default())?;
                c.options.only(&["WAREHOUSE", "SCHEDULE", "COMMENT"])?;
            }
            "PIPE" => match crate::parse::parse(&c.body)? {
                Command::Copy(copy) if matches!(copy.target, CopyTarget::Table(..)) => {
                    c.options.only(&[
                        "AUTO_INGEST",
                        "ERROR_INTEGRATION",
                        "AWS_SNS_TOPIC",
                        "INTEGRATION",
                        "COMMENT",
                    ])?;
                }
                _ => {
                    return Err(SqlError::raw(
                        "001003",
                        "42000",
                        "SQL compilation error:\nA pipe needs a COPY INTO a table.",
                    ));
                }
            },
            _ => c
                .options
                .only(&["ALLOWED_VALUES", "COMMENT", "PROPAGATE"])?,
        }
        let mut before = serde_json::Value::Null;
        if c.word == "PIPE"
            && c.options.flag("AUTO_INGEST")?.unwrap_or(false)
            && let Command::Copy(copy) = crate::parse::parse(&c.body)?
        {
            before = self.files_before(&name, &copy).await?;
        }
        let mut after = Vec::new();
        for a in &c.after {
            after.push(self.inner.resolve_name(a)?.to_string());
        }
        let mut props = properties(&c.options);
        if matches!(c.word, "TASK" | "ALERT") {
            props.insert("STATE".into(), "suspended".into());
        }
        if c.word == "ALERT" {
            props.insert(crate::policies::KIND.into(), "ALERT".into());
        }
        let object = Object::Other(Arc::new(OtherObject {
            oid: next_oid(),
            owner: self.inner.role.clone(),
            comment: c.options.text("COMMENT").map(str::to_owned),
            created: chrono::Utc::now().timestamp(),
            properties: props,
            definition: json!({
                "body": c.body,
                "when": c.when,
                "after": after,
                "before": before,
            }),
        }));
        let made =
            self.inner
                .create_object(c.kind, &name, &object, c.if_not_exists, c.or_replace)?;
        let text = if made {
            format!("{} {} successfully created.", title(c.word), name.name)
        } else {
            format!("{} already exists, statement succeeded.", name.name)
        };
        Answer::status(StatementKind::Ddl, text)
    }

    /// A statement of an object's own, in this session.
    pub(super) async fn nested(&mut self, text: &str) -> Result<Answer> {
        Box::pin(self.run(text, &BTreeMap::new(), false)).await
    }

    /// A statement in the context of an object's schema.
    pub(super) async fn nested_in(&mut self, at: &ObjectName, text: &str) -> Result<Answer> {
        let before = (
            self.inner.database().map(str::to_owned),
            self.inner.schemas().to_vec(),
        );
        self.inner
            .set_context(Some(at.database.clone()), vec![at.schema.clone()]);
        let outcome = self.nested(text).await;
        self.inner.set_context(before.0, before.1);
        outcome
    }

    pub(super) fn kept(&mut self, kind: ObjectKind, name: &ObjectName) -> Result<Arc<OtherObject>> {
        match self.inner.view()?.object(kind, name) {
            Some(Object::Other(o)) => Ok(Arc::clone(o)),
            _ => Err(missing(kind.word(), name.to_string())),
        }
    }

    /// EXECUTE ALERT: its action when its condition gives rows.
    pub(super) async fn execute_alert(&mut self, name: &ast::ObjectName) -> Result<Answer> {
        let at = self.inner.resolve_name(name)?;
        let alert = self.kept(ObjectKind::Other, &at)?;
        let text = |k: &str| alert.definition[k].as_str().unwrap_or_default().to_owned();
        let found = self.nested_in(&at, &text("when")).await?;
        if found.row_count() > 0 {
            self.nested_in(&at, &text("body")).await?;
        }
        Answer::status(
            StatementKind::Ddl,
            format!("Alert {} is scheduled to run immediately.", at.name),
        )
    }

    /// EXECUTE USING POLICY_CONTEXT: a query as another role or user would see it.
    pub(super) async fn with_context(
        &mut self,
        values: &[(String, String)],
        text: &str,
    ) -> Result<Answer> {
        let before = (self.inner.role.clone(), self.inner.user.clone());
        for (name, value) in values {
            match name.as_str() {
                "CURRENT_ROLE" => self.inner.role.clone_from(value),
                "CURRENT_USER" => self.inner.user.clone_from(value),
                other => {
                    return Err(SqlError::unsupported(format!("POLICY_CONTEXT of {other}")));
                }
            }
        }
        let outcome = self.nested(text).await;
        (self.inner.role, self.inner.user) = before;
        outcome
    }

    /// The statements of a chain of `->>`, each reading the results of those before it.
    pub(super) async fn flow(&mut self, parts: &[String]) -> Result<Answer> {
        let mut ids: Vec<String> = Vec::with_capacity(parts.len());
        let mut last = None;
        for part in parts {
            let text = crate::parse::with_results(part, &ids)?;
            let answer = self.nested(&text).await?;
            let id = uuid::Uuid::new_v4().to_string();
            self.account.keep(&id, Ok(Arc::new(answer.clone())));
            ids.push(id);
            last = Some(answer);
        }
        last.ok_or_else(|| SqlError::internal("a chain without statements"))
    }

    /// Properties of a relation that are only kept and shown.
    pub(super) fn mark(
        &mut self,
        name: &ast::ObjectName,
        values: &[(String, Option<String>)],
    ) -> Result<()> {
        let (full, _) = self.inner.relation(name)?;
        self.set_properties(&full, None, values)
    }

    /// A user's policy: which one, or none any more.
    pub(super) fn user_policy(
        &mut self,
        user: &ast::ObjectName,
        kind: &str,
        policy: Option<&ast::ObjectName>,
    ) -> Result<Answer> {
        let shown = user
            .0
            .last()
            .and_then(|p| p.as_ident())
            .map(crate::dialect::fold)
            .unwrap_or_default();
        let oid = match policy {
            Some(p) => {
                let full = self.inner.resolve_name(p)?;
                Some(self.kept(ObjectKind::Policy, &full)?.oid)
            }
            None => None,
        };
        self.inner.change(|t| {
            let key = (ObjectKind::User, shown.clone());
            let Some(Object::Other(o)) = t.account().objects.get(&key) else {
                return Err(missing("user", &shown));
            };
            let mut o = OtherObject::clone(o);
            let property = format!("POLICY|{kind}");
            match oid {
                Some(oid) => o.properties.insert(property, oid.to_string()),
                None => o.properties.remove(&property),
            };
            t.set_account_object(ObjectKind::User, &shown, Some(Object::Other(Arc::new(o))));
            Ok(())
        })?;
        Answer::success(StatementKind::Ddl)
    }

    /// ALTER of a stream, task, pipe, tag or dynamic table, and SET TAG.
    pub(super) async fn change_object(
        &mut self,
        word: &str,
        name: &ast::ObjectName,
        if_exists: bool,
        change: &Change,
    ) -> Result<Answer> {
        match self.change_inner(word, name, change).await {
            Err(e) if if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {
                Answer::success(StatementKind::Ddl)
            }
            other => other,
        }
    }

    async fn change_inner(
        &mut self,
        word: &str,
        name: &ast::ObjectName,
        change: &Change,
    ) -> Result<Answer> {
        if let Change::SetTag(tags) = change {
            for (tag, value) in tags {
                self.set_tag(word, name, tag, Some(value))?;
            }
            return Answer::success(StatementKind::Ddl);
        }
        if let Change::UnsetTag(tags) = change {
            for tag in tags {
                self.set_tag(word, name, tag, None)?;
            }
            return Answer::success(StatementKind::Ddl);
        }
        if word == "DYNAMIC TABLE" {
            return self.change_dynamic(name, change).await;
        }
        let full = self.inner.resolve_name(name)?;
        if word == "STREAM" {
            self.change_stream(&full, change)?;
            return Answer::success(StatementKind::Ddl);
        }
        let Some(kind) = kind_of(word) else {
            return Err(SqlError::unsupported(format!("ALTER {word}")));
        };
        if let (ObjectKind::Pipe, Change::Refresh(options)) = (kind, change) {
            return self.refresh_pipe(&full, options).await;
        }
        let old = self.kept(kind, &full)?;
        let mut new = OtherObject::clone(&old);
        let mut to = full.clone();
        match change {
            Change::Set(o) => {
                if let Some(c) = o.text("COMMENT") {
                    new.comment = Some(c.to_owned());
                }
                new.properties.extend(properties(o));
            }
            Change::Unset(names) => {
                for n in names {
                    new.properties.remove(n);
                    if n == "COMMENT" {
                        new.comment = None;
                    }
                }
            }
            Change::Rename(n) => to = self.inner.resolve_name(n)?,
            Change::State(s) if kind == ObjectKind::Task => {
                new.properties.insert("STATE".into(), (*s).into());
            }
            Change::State(s) if word == "ALERT" => {
                new.properties.insert("STATE".into(), (*s).into());
            }
            Change::Body(b) if kind == ObjectKind::Task || word == "ALERT" => {
                crate::parse::parse(b)?;
                new.definition["body"] = b.clone().into();
            }
            Change::When(w) if kind == ObjectKind::Task || word == "ALERT" => {
                new.definition["when"] = w.clone().into();
            }
            Change::After(add, tasks) if kind == ObjectKind::Task => {
                let mut after: Vec<String> =
                    serde_json::from_value(new.definition["after"].clone()).unwrap_or_default();
                for t in tasks {
                    let t = self.inner.resolve_name(t)?.to_string();
                    after.retain(|a| *a != t);
                    if *add {
                        after.push(t);
                    }
                }
                new.definition["after"] = json!(after);
            }
            Change::AllowedValues(add, values) if kind == ObjectKind::Tag => {
                let mut list: Vec<String> = new
                    .properties
                    .get("ALLOWED_VALUES")
                    .and_then(|v| serde_json::from_str(v).ok())
                    .unwrap_or_default();
                if *add {
                    list.extend(values.iter().cloned());
                } else {
                    list.retain(|v| !values.contains(v));
                }
                new.properties
                    .insert("ALLOWED_VALUES".into(), json!(list).to_string());
            }
            Change::TagPolicies(set, policies, force) if kind == ObjectKind::Tag => {
                for policy in policies {
                    self.tag_policy(&mut new, policy, *set, *force)?;
                }
            }
            other => return Err(SqlError::unsupported(format!("ALTER {word} … {other:?}"))),
        }
        let new = Object::Other(Arc::new(new));
        self.inner.change(|t| {
            if to != full {
                if t.object(kind, &to).is_some() {
                    return Err(ErrorKind::ObjectExists {
                        kind: kind.word(),
                        name: to.name.clone(),
                    }
                    .into());
                }
                t.set_object(kind, &full, None)?;
            }
            t.set_object(kind, &to, Some(new.clone()))
        })?;
        Answer::success(StatementKind::Ddl)
    }

    /// Makes an object's schema the current one; the context before it.
    pub(super) fn enter(&mut self, at: &ObjectName) -> (Option<String>, Vec<String>) {
        let before = (
            self.inner.database().map(str::to_owned),
            self.inner.schemas().to_vec(),
        );
        self.inner
            .set_context(Some(at.database.clone()), vec![at.schema.clone()]);
        before
    }

    /// Goes back to a context.
    pub(super) fn leave(&mut self, context: (Option<String>, Vec<String>)) {
        self.inner.set_context(context.0, context.1);
    }

    /// ALTER PIPE … REFRESH: the files that are not loaded yet, under a prefix and not older than an instant.
    async fn refresh_pipe(&mut self, name: &ObjectName, options: &Options) -> Result<Answer> {
        options.only(&["PREFIX", "MODIFIED_AFTER"])?;
        let loaded = self.run_pipe(name, options, &BTreeMap::new()).await?;
        let rows = loaded
            .texts(0)
            .into_iter()
            .filter(|_| loaded.columns.len() > 1)
            .map(|f| vec![f, Some("SENT".to_owned())])
            .collect();
        let t = dwsim_engine::types::SqlType::text;
        Answer::table(
            StatementKind::Ddl,
            vec![("File", t()), ("Status", t())],
            rows,
        )
    }

    /// Runs the COPY of a pipe over the files that are not among those given by name and entity tag.
    pub(super) async fn run_pipe(
        &mut self,
        name: &ObjectName,
        options: &Options,
        except: &BTreeMap<String, String>,
    ) -> Result<Answer> {
        let pipe = self.kept(ObjectKind::Pipe, name)?;
        let body = pipe.definition["body"].as_str().unwrap_or_default();
        let Command::Copy(mut copy) = crate::parse::parse(body)? else {
            return Err(SqlError::internal("a pipe without COPY"));
        };
        if let Some(prefix) = options.text("PREFIX") {
            let extended = |at: &str| format!("{}/{prefix}", at.trim_end_matches('/'));
            match (&mut copy.from, &mut copy.staged) {
                (_, Some(staged)) => *staged = extended(staged),
                (CopyFrom::Location(at), None) => *at = extended(at),
                _ => {}
            }
        }
        if let Some(after) = options.text("MODIFIED_AFTER") {
            let seconds = self
                .nested(&format!(
                    "SELECT DATE_PART(EPOCH_SECOND, '{}'::TIMESTAMP_TZ)",
                    after.replace('\'', "''")
                ))
                .await?;
            copy.modified_after = seconds.first_text().and_then(|t| t.parse().ok());
        }
        copy.except.clone_from(except);
        // A pipe leaves out files with errors where COPY itself would stop.
        if copy.options.get("ON_ERROR").is_none() {
            let skip = OptionValue::Word("SKIP_FILE".into(), false);
            copy.options.0.push(("ON_ERROR".into(), skip));
        }
        let context = self.enter(name);
        self.pipe = Some(name.clone());
        let loaded = Box::pin(self.copy(&copy, &BTreeMap::new())).await;
        self.pipe = None;
        self.leave(context);
        loaded
    }

    /// DROP of a stream, task, pipe, tag or dynamic table.
    pub(super) fn drop_body(
        &mut self,
        word: &str,
        name: &ast::ObjectName,
        if_exists: bool,
    ) -> Result<Answer> {
        let shown = name
            .0
            .last()
            .and_then(|p| p.as_ident())
            .map(crate::dialect::fold)
            .unwrap_or_default();
        let outcome = match kind_of(word) {
            Some(kind) => self.inner.drop_object(kind, name).map(drop),
            None => {
                let (full, entry) = match self.inner.table(name) {
                    Ok(x) => x,
                    Err(e) if if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {
                        return Answer::status(
                            StatementKind::Ddl,
                            format!(
                                "Drop statement executed successfully ({shown} already dropped)."
                            ),
                        );
                    }
                    Err(e) => return Err(e),
                };
                let (property, kind) = match word {
                    "EXTERNAL TABLE" => (EXTERNAL, "external table"),
                    _ => (DYNAMIC_QUERY, "dynamic table"),
                };
                if !entry.def.properties.contains_key(property) {
                    return Err(missing(kind, full.to_string()));
                }
                self.inner
                    .change(|t| t.set_object(ObjectKind::Relation, &full, None))
            }
        };
        match outcome {
            Ok(()) => Answer::status(StatementKind::Ddl, format!("{shown} successfully dropped.")),
            Err(e) if if_exists && matches!(*e.kind, ErrorKind::UnknownObject { .. }) => {
                Answer::status(
                    StatementKind::Ddl,
                    format!("Drop statement executed successfully ({shown} already dropped)."),
                )
            }
            Err(e) => Err(e),
        }
    }

    /// Attaches a tag's value to an object, or takes it away.
    pub(super) fn set_tag(
        &mut self,
        domain: &str,
        object: &ast::ObjectName,
        tag: &ast::ObjectName,
        value: Option<&str>,
    ) -> Result<()> {
        let tag_name = self.inner.resolve_name(tag)?;
        let def = self.kept(ObjectKind::Tag, &tag_name)?;
        let allowed: Vec<String> = def
            .properties
            .get("ALLOWED_VALUES")
            .and_then(|v| serde_json::from_str(v).ok())
            .unwrap_or_default();
        if let Some(v) = value
            && !allowed.is_empty()
            && !allowed.iter().any(|a| a == v)
        {
            return Err(SqlError::raw(
                "003942",
                "22023",
                format!(
                    "Tag value '{v}' is not allowed for tag '{}'.",
                    tag_name.name
                ),
            ));
        }
        let full = match domain {
            "DATABASE" | "WAREHOUSE" | "ROLE" | "USER" => object
                .0
                .last()
                .and_then(|p| p.as_ident())
                .map(crate::dialect::fold)
                .unwrap_or_default(),
            "SCHEMA" => {
                let parts: Vec<String> = object
                    .0
                    .iter()
                    .filter_map(|p| p.as_ident())
                    .map(crate::dialect::fold)
                    .collect();
                let (d, s) = self.schema_name(&parts)?;
                format!("{d}.{s}")
            }
            "COLUMN" => {
                let mut relation = object.clone();
                let column = relation
                    .0
                    .pop()
                    .and_then(|p| p.as_ident().map(crate::dialect::fold))
                    .unwrap_or_default();
                let (relation, _) = self.inner.relation(&relation)?;
                format!("{relation}.{column}")
            }
            _ => self.inner.resolve_name(object)?.to_string(),
        };
        let domain = crate::functions::tags::kept_domain(domain);
        let key = format!("tag|{domain}|{full}|{tag_name}");
        let reference = value.map(|v| {
            Object::Other(Arc::new(OtherObject {
                oid: next_oid(),
                owner: self.inner.role.clone(),
                comment: None,
                created: chrono::Utc::now().timestamp(),
                properties: BTreeMap::from([
                    ("domain".to_owned(), domain.to_owned()),
                    ("object".to_owned(), full.clone()),
                    ("tag".to_owned(), tag_name.to_string()),
                    ("value".to_owned(), v.to_owned()),
                ]),
                definition: serde_json::Value::Null,
            }))
        });
        self.inner.change(|t| {
            t.set_account_object(ObjectKind::Other, &key, reference.clone());
            Ok(())
        })
    }
}
