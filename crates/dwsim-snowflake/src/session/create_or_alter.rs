//! CREATE OR ALTER of what keeps its contents: tables, databases, schemas, and objects that consist of options.
//! Of all else the definition is everything, so that CREATE OR REPLACE means the same.
//!
//! Sources: "CREATE OR ALTER", "CREATE TABLE".

use std::sync::Arc;

use dwsim_engine::catalog::{
    ColumnDef, Constraint, Database, Object, ObjectKind, OtherObject, Schema, TableDef,
};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::session::column_def;
use sqlparser::ast::{self, Statement};

use super::objects::properties;
use super::{Answer, SnowflakeSession, StatementKind};
use crate::dialect::fold;
use crate::parse::{Command, CreateObject, Cursor};

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A constraint of a table as it is written.
fn constraint(c: &ast::TableConstraint) -> Option<(&'static str, Vec<String>)> {
    let columns = |columns: &[ast::IndexColumn]| -> Vec<String> {
        columns
            .iter()
            .map(|c| match &c.column.expr {
                ast::Expr::Identifier(i) => fold(i),
                other => other.to_string(),
            })
            .collect()
    };
    match c {
        ast::TableConstraint::PrimaryKey(k) => Some(("PRIMARY KEY", columns(&k.columns))),
        ast::TableConstraint::Unique(k) => Some(("UNIQUE", columns(&k.columns))),
        ast::TableConstraint::ForeignKey(k) => {
            Some(("FOREIGN KEY", k.columns.iter().map(fold).collect()))
        }
        _ => None,
    }
}

impl SnowflakeSession {
    /// CREATE OR ALTER, whose command is that of CREATE.
    pub(super) async fn create_or_alter(&mut self, command: &Command) -> Result<Answer> {
        match command {
            Command::Sql(s) => match s.as_ref() {
                Statement::CreateTable(c) => self.table_to(c, s).await,
                _ => Err(SqlError::unsupported("CREATE OR ALTER of this object")),
            },
            Command::CreateDatabase(o) => self.database_to(o),
            Command::CreateSchema(o) => self.schema_to(o),
            Command::Create(o) => self.object_to(o),
            _ => Err(SqlError::unsupported("CREATE OR ALTER of this object")),
        }
    }

    fn database_to(&mut self, o: &CreateObject) -> Result<Answer> {
        let name = o.name.0.last().and_then(|p| p.as_ident()).map(fold);
        let name = name.unwrap_or_default();
        if self.inner.view()?.database(&name).is_none() {
            return self.create_database(o);
        }
        self.inner.change(|t| {
            let old = t.database(&name);
            let mut db =
                Database::clone(old.ok_or_else(|| super::run::missing("database", &name))?);
            db.comment = o.options.text("COMMENT").map(str::to_owned);
            db.properties = properties(&o.options);
            t.set_database(&name, Some(db));
            Ok(())
        })?;
        Answer::success(StatementKind::Ddl)
    }

    fn schema_to(&mut self, o: &CreateObject) -> Result<Answer> {
        let parts: Vec<String> = (o.name.0.iter().filter_map(|p| p.as_ident()).map(fold)).collect();
        let (db, name) = self.schema_name(&parts)?;
        if self.inner.view()?.schema(&db, &name).is_none() {
            return self.create_schema(o);
        }
        self.inner.change(|t| {
            let old = t.schema(&db, &name);
            let mut schema =
                Schema::clone(old.ok_or_else(|| super::run::missing("schema", &name))?);
            schema.comment = o.options.text("COMMENT").map(str::to_owned);
            schema.properties = properties(&o.options);
            t.set_schema(&db, &name, Some(schema))
        })?;
        Answer::success(StatementKind::Ddl)
    }

    /// Stages, file formats, warehouses, roles: their options are those of the statement, and no others.
    fn object_to(&mut self, o: &CreateObject) -> Result<Answer> {
        let account = matches!(
            o.kind,
            ObjectKind::Warehouse | ObjectKind::Role | ObjectKind::User | ObjectKind::Integration
        );
        let shown = o.name.0.last().and_then(|p| p.as_ident()).map(fold);
        let shown = shown.unwrap_or_default();
        let full = self.inner.resolve_name(&o.name)?;
        let view = self.inner.view()?;
        let old = if account {
            view.account()
                .objects
                .get(&(o.kind, shown.clone()))
                .cloned()
        } else {
            view.object(o.kind, &full).cloned()
        };
        let Some(Object::Other(old)) = old else {
            return self.create_kept(o);
        };
        match o.kind {
            ObjectKind::Stage => super::stage::check_options(&o.options)?,
            ObjectKind::FileFormat => super::file_format::check(&o.options)?,
            _ => {}
        }
        let mut new = OtherObject::clone(&old);
        new.comment = o.options.text("COMMENT").map(str::to_owned);
        new.properties = properties(&o.options);
        let new = Object::Other(Arc::new(new));
        self.inner.change(|t| {
            if account {
                t.set_account_object(o.kind, &shown, Some(new.clone()));
                Ok(())
            } else {
                t.set_object(o.kind, &full, Some(new.clone()))
            }
        })?;
        Answer::success(StatementKind::Ddl)
    }

    /// The table gets the columns and keys of the statement and keeps its rows.
    async fn table_to(&mut self, c: &ast::CreateTable, statement: &Statement) -> Result<Answer> {
        for (what, given) in [
            ("CREATE OR ALTER TABLE … AS SELECT", c.query.is_some()),
            ("CREATE OR ALTER TABLE … LIKE", c.like.is_some()),
            ("CREATE OR ALTER TABLE … CLONE", c.clone.is_some()),
        ] {
            if given {
                return Err(SqlError::unsupported(what));
            }
        }
        let full = self.inner.resolve_name(&c.name)?;
        let there = self
            .inner
            .view()?
            .object(ObjectKind::Relation, &full)
            .cloned();
        let old = match there {
            None => {
                let text = statement.to_string();
                return Box::pin(self.execute(statement, &text, &[])).await;
            }
            Some(Object::Table(t)) => Arc::clone(&t.def),
            Some(_) => {
                return Err(SqlError::raw(
                    "002203",
                    "42601",
                    format!(
                        "SQL compilation error:\nObject '{full}' already exists and is no table."
                    ),
                ));
            }
        };
        let mut keys: Vec<(&'static str, Vec<String>, String)> = Vec::new();
        let mut columns = Vec::with_capacity(c.columns.len());
        for column in &c.columns {
            let (def, own) = column_def(self.dialect.as_ref(), column)?;
            for k in own {
                let kind = match k.kind.as_str() {
                    "PRIMARY KEY" => "PRIMARY KEY",
                    "UNIQUE" => "UNIQUE",
                    _ => return Err(SqlError::unsupported("REFERENCES in CREATE OR ALTER TABLE")),
                };
                let names: Vec<String> = k.columns.iter().map(|c| quoted(c)).collect();
                keys.push((kind, k.columns, format!("{kind} ({})", names.join(", "))));
            }
            columns.push((def, column));
        }
        for k in &c.constraints {
            let Some((kind, names)) = constraint(k) else {
                return Err(SqlError::unsupported(format!("constraint {k}")));
            };
            keys.push((kind, names, k.to_string()));
        }
        let head = format!(
            "ALTER TABLE {}.{}.{}",
            quoted(&full.database),
            quoted(&full.schema),
            quoted(&full.name)
        );
        let mut texts = Vec::new();
        let same = |k: &Constraint, (kind, names, _): &(&str, Vec<String>, String)| {
            k.kind == *kind && k.columns == *names
        };
        for k in old
            .constraints
            .iter()
            .filter(|k| !keys.iter().any(|n| same(k, n)))
        {
            texts.push(format!("{head} DROP CONSTRAINT {}", quoted(&k.name)));
        }
        for (new, written) in &columns {
            match old.columns.iter().find(|o| o.name == new.name) {
                None => texts.push(format!("{head} ADD COLUMN {}", added(written))),
                Some(before) => changes(&head, before, new, written, &mut texts)?,
            }
        }
        let dropped = |o: &&ColumnDef| !columns.iter().any(|(n, _)| n.name == o.name);
        for column in old.columns.iter().filter(dropped) {
            texts.push(format!("{head} DROP COLUMN {}", quoted(&column.name)));
        }
        for (_, _, written) in keys
            .iter()
            .filter(|n| !old.constraints.iter().any(|k| same(k, n)))
        {
            texts.push(format!("{head} ADD {written}"));
        }
        let own = !self.inner.in_transaction();
        if own {
            self.inner.begin();
        }
        let done = self.altered(&texts).await;
        match (done, own) {
            (Ok(()), true) => {
                self.inner.commit()?;
            }
            (Ok(()), false) => {}
            (Err(e), own) => {
                if own {
                    self.inner.rollback();
                }
                return Err(e);
            }
        }
        let comments: Vec<(String, Option<String>)> = columns
            .iter()
            .map(|(n, _)| (n.name.clone(), n.comment.clone()))
            .collect();
        let comment = match &c.comment {
            Some(ast::CommentDef::WithEq(t) | ast::CommentDef::WithoutEq(t)) => Some(t.clone()),
            None => match &c.table_options {
                ast::CreateTableOptions::Plain(options) => options.iter().find_map(|o| match o {
                    ast::SqlOption::Comment(
                        ast::CommentDef::WithEq(t) | ast::CommentDef::WithoutEq(t),
                    ) => Some(t.clone()),
                    _ => None,
                }),
                _ => None,
            },
        };
        self.inner.change(|t| {
            let Some(Object::Table(e)) = t.object(ObjectKind::Relation, &full) else {
                return Err(super::run::missing("table", full.to_string()));
            };
            let mut def = TableDef::clone(&e.def);
            def.comment.clone_from(&comment);
            for (name, text) in &comments {
                if let Some(i) = def.index_of(name) {
                    def.columns[i].comment.clone_from(text);
                }
            }
            let entry = e.with_def(def, e.data.as_ref().clone());
            t.set_object(
                ObjectKind::Relation,
                &full,
                Some(Object::Table(Arc::new(entry))),
            )
        })?;
        Answer::success(StatementKind::Ddl)
    }

    /// Runs changes of one table, all in the open transaction.
    async fn altered(&mut self, texts: &[String]) -> Result<()> {
        for text in texts {
            let statement = Cursor::new(text)?.statement()?;
            self.inner.execute(&statement, text, &[]).await?;
        }
        Ok(())
    }
}

/// A column to add, without the keys declared with it.
fn added(column: &ast::ColumnDef) -> String {
    let mut column = column.clone();
    column.options.retain(|o| {
        !matches!(
            o.option,
            ast::ColumnOption::PrimaryKey(_) | ast::ColumnOption::Unique(_)
        )
    });
    column.to_string()
}

/// What turns a column into another one.
fn changes(
    head: &str,
    before: &ColumnDef,
    new: &ColumnDef,
    written: &ast::ColumnDef,
    out: &mut Vec<String>,
) -> Result<()> {
    let name = quoted(&new.name);
    if before.ty != new.ty {
        out.push(format!(
            "{head} ALTER COLUMN {name} SET DATA TYPE {}",
            written.data_type
        ));
    }
    match (before.not_null, new.not_null) {
        (false, true) => out.push(format!("{head} ALTER COLUMN {name} SET NOT NULL")),
        (true, false) => out.push(format!("{head} ALTER COLUMN {name} DROP NOT NULL")),
        _ => {}
    }
    match (&before.default, &new.default) {
        (Some(_), None) => out.push(format!("{head} ALTER COLUMN {name} DROP DEFAULT")),
        (a, Some(b)) if a.as_ref() != Some(b) => {
            out.push(format!("{head} ALTER COLUMN {name} SET DEFAULT {b}"));
        }
        _ => {}
    }
    if before.identity.is_some() != new.identity.is_some() {
        return Err(SqlError::unsupported(format!(
            "a change of AUTOINCREMENT of the column {}",
            new.name
        )));
    }
    Ok(())
}
