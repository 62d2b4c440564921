//! CREATE TABLE with Redshift's attributes, which are kept as properties for system views and SHOW TABLE.
//! Changing tables is in `alter`.

use std::collections::BTreeMap;
use std::sync::Arc;

use dwsim_engine::catalog::{
    ColumnDef, Constraint, INTERVAL_QUALIFIER, Identity, Object, ObjectKind, ObjectName, TableDef,
    TableEntry, next_oid,
};
use dwsim_engine::dialect::Dialect;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::functions::Typed;
use dwsim_engine::session::{Attributes as EngineAttributes, name_constraints};
use dwsim_engine::types::SqlType;
use sqlparser::ast;
use sqlparser::ast::helpers::stmt_create_table::CreateTableBuilder;

use super::outcome::Outcome;
use super::session::RedshiftSession;
use crate::parse::{self, Attributes, Column, CreateTable};
use crate::protocol::Notice;

/// Encodings a column may declare (c_Compression_encodings).
const ENCODINGS: &[&str] = &[
    "raw",
    "az64",
    "bytedict",
    "delta",
    "delta32k",
    "lzo",
    "mostly8",
    "mostly16",
    "mostly32",
    "runlength",
    "text255",
    "text32k",
    "zstd",
];

/// The encoding Redshift gives a column that declares none: keys that sort are RAW, text is LZO, most of the rest AZ64.
pub(crate) fn default_encoding(ty: &SqlType, sort_key: bool) -> &'static str {
    if sort_key {
        return "raw";
    }
    match ty {
        SqlType::SmallInt
        | SqlType::Integer
        | SqlType::BigInt
        | SqlType::Number { .. }
        | SqlType::Date
        | SqlType::Time(_)
        | SqlType::TimeTz
        | SqlType::Timestamp(_)
        | SqlType::TimestampLtz(_) => "az64",
        SqlType::Char(_) | SqlType::Varchar(_) | SqlType::Binary(_) => "lzo",
        SqlType::Variant => "zstd",
        _ => "raw",
    }
}

pub(super) fn encoding(word: &str) -> Result<String> {
    let lower = word.to_lowercase();
    if ENCODINGS.contains(&lower.as_str()) {
        Ok(lower)
    } else if lower == "none" {
        Ok("raw".into())
    } else {
        Err(SqlError::raw(
            "",
            "42704",
            format!("encoding type \"{word}\" does not exist"),
        ))
    }
}

/// Columns that take their types from a query.
pub(super) fn untyped_columns(names: &[ast::Ident]) -> Vec<ast::ColumnDef> {
    names
        .iter()
        .map(|name| ast::ColumnDef {
            name: name.clone(),
            data_type: ast::DataType::Unspecified,
            options: Vec::new(),
        })
        .collect()
}

fn unknown_key_column(name: &str) -> SqlError {
    SqlError::raw(
        "",
        "42703",
        format!("column \"{name}\" named in key does not exist"),
    )
}

impl RedshiftSession {
    pub(super) fn fold(&self, ident: &ast::Ident) -> String {
        self.rules.fold(ident)
    }

    /// COLLATE of the current database.
    pub(super) fn database_collation(&self) -> String {
        let account = self.engine.snapshot();
        let database = self.engine.database();
        crate::catalog::collation(
            database
                .and_then(|d| account.databases.get(d))
                .map(Arc::as_ref),
        )
    }

    /// A declared key as the catalog keeps it.
    pub(super) fn constraint(&self, c: &parse::Constraint) -> Constraint {
        Constraint {
            name: c.name.as_ref().map(|n| self.fold(n)).unwrap_or_default(),
            kind: c.kind.to_owned(),
            columns: c.columns.iter().map(|i| self.fold(i)).collect(),
            references: c.references.as_ref().map(|(table, columns)| {
                (
                    table
                        .0
                        .iter()
                        .filter_map(|p| p.as_ident())
                        .map(|i| self.fold(i))
                        .collect(),
                    columns.iter().map(|i| self.fold(i)).collect(),
                )
            }),
        }
    }

    /// A declared column as the catalog keeps it.
    pub(super) fn column(&mut self, c: &Column) -> Result<ColumnDef> {
        let ty = self.rules.data_type(&c.data_type)?;
        match ty {
            SqlType::Interval => {
                return Err(SqlError::raw(
                    "",
                    "0A000",
                    "an INTERVAL column needs a qualifier (YEAR TO MONTH or DAY TO SECOND)",
                ));
            }
            SqlType::Name | SqlType::Oid => {
                return Err(SqlError::raw(
                    "",
                    "0A000",
                    format!(
                        "Column \"{}\" has unsupported type \"{}\".",
                        self.fold(&c.name),
                        ty.redshift()
                    ),
                ));
            }
            _ => {}
        }
        let mut def = ColumnDef::new(self.fold(&c.name), ty);
        if let ast::DataType::Interval {
            fields: Some(fields),
            precision,
        } = &c.data_type
        {
            let precision = precision.map(|p| format!("({p})")).unwrap_or_default();
            let qualifier = format!("{fields}{precision}").to_lowercase();
            def.properties.insert(INTERVAL_QUALIFIER.into(), qualifier);
        }
        def.not_null = c.not_null;
        if let Some((expr, text)) = &c.default {
            self.check_default(expr, &def.ty)?;
            def.default = Some(text.clone());
        }
        if let Some((start, step, always)) = c.identity {
            if !matches!(def.ty, SqlType::Integer | SqlType::BigInt) {
                return Err(SqlError::raw(
                    "",
                    "42804",
                    "identity column type must be INTEGER or BIGINT",
                ));
            }
            def.not_null = true;
            def.identity = Some(Identity {
                start,
                step,
                always,
                oid: next_oid(),
            });
        }
        if let Some(word) = &c.encode {
            def.properties.insert("encode".into(), encoding(word)?);
        }
        if def.ty.is_semi() && self.database_collation() == "case_insensitive" {
            return Err(SqlError::raw(
                "",
                "0A000",
                "SUPER column is not supported in case insensitive database.",
            ));
        }
        let insensitive = match c.collate.as_deref() {
            None => def.ty.is_text() && self.database_collation() == "case_insensitive",
            Some(word) => match crate::dialect::collation(word) {
                Some(found) => found == crate::dialect::CASE_INSENSITIVE,
                None => {
                    return Err(SqlError::raw(
                        "",
                        "42704",
                        format!("collation \"{word}\" does not exist"),
                    ));
                }
            },
        };
        if insensitive {
            def.ty = match def.ty {
                SqlType::Varchar(_) | SqlType::Char(_) => def
                    .ty
                    .with_collation(crate::dialect::CASE_INSENSITIVE, false),
                other => {
                    return Err(SqlError::raw(
                        "",
                        "42804",
                        format!("collations are not supported by type {}", other.redshift()),
                    ));
                }
            };
        }
        Ok(def)
    }

    /// Binds a default, so that a wrong one is refused when it is declared.
    fn check_default(&mut self, expr: &ast::Expr, ty: &SqlType) -> Result<()> {
        let view = self.engine.view()?;
        let mut binder = self.engine.binder(self.engine.env(), &view, &[]);
        let value = binder.expr(expr)?;
        binder.cast(value, ty, dwsim_engine::plan::CastMode::Implicit)?;
        Ok(())
    }

    /// Keeps the attributes of a table on its definition.
    pub(super) fn keep_attributes(
        &self,
        def: &mut TableDef,
        a: &Attributes,
        sort: &[String],
        dist: Option<&str>,
    ) -> Result<()> {
        let has = |def: &TableDef, n: &str| match def.index_of(n) {
            Some(_) => Ok(()),
            None => Err(unknown_key_column(n)),
        };
        let named = |i: &ast::Ident| match i.value.parse::<usize>() {
            Ok(n) if (1..=def.columns.len()).contains(&n) => def.columns[n - 1].name.clone(),
            _ => self.fold(i),
        };
        let keys: Vec<String> = match &a.sortkey {
            Some(keys) => keys.iter().map(named).collect(),
            None => sort.to_vec(),
        };
        let dist = a
            .distkey
            .as_ref()
            .map(named)
            .or_else(|| dist.map(str::to_owned));
        if let Some(key) = &dist {
            has(def, key)?;
            if let Some(style) = a.diststyle.as_deref().filter(|s| *s != "key") {
                return Err(SqlError::raw(
                    "",
                    "42601",
                    format!("DISTKEY not allowed for DISTSTYLE {}", style.to_uppercase()),
                ));
            }
            def.properties.insert("diststyle".into(), "key".into());
            def.properties.insert("distkey".into(), key.clone());
        } else if let Some(style) = &a.diststyle {
            if style == "key" {
                return Err(SqlError::raw(
                    "",
                    "42601",
                    "DISTKEY must be specified for DISTSTYLE KEY",
                ));
            }
            def.properties.insert("diststyle".into(), style.clone());
            def.properties.remove("distkey");
        }
        for key in &keys {
            has(def, key)?;
        }
        if !keys.is_empty() {
            def.properties.insert("sortkey".into(), keys.join(","));
            let style = if a.interleaved {
                "interleaved"
            } else {
                "compound"
            };
            def.properties.insert("sortstyle".into(), style.into());
        }
        if let Some(style) = &a.sort_style {
            def.properties.remove("sortkey");
            def.properties.insert("sortstyle".into(), style.clone());
        }
        if let Some(backup) = a.backup {
            let word = if backup { "yes" } else { "no" };
            def.properties.insert("backup".into(), word.into());
        }
        if a.encode_auto == Some(true) {
            def.properties.insert("encode auto".into(), "true".into());
        }
        Ok(())
    }

    pub(super) async fn create_table(
        &mut self,
        t: &CreateTable,
        text: &str,
        parameters: &[Typed],
    ) -> Result<Outcome> {
        if t.query.is_some() {
            return self
                .atomically(async |s| s.create_table_as(t, text, parameters).await)
                .await;
        }
        let mut columns: Vec<ColumnDef> = Vec::new();
        let mut constraints = Vec::new();
        let (mut sort, mut dist): (Vec<String>, Option<String>) = (Vec::new(), None);
        let mut inherited: BTreeMap<String, String> = BTreeMap::new();
        for like in &t.like {
            let (_, entry) = self.engine.table(&like.table)?;
            for c in &entry.def.columns {
                let mut c = c.clone();
                if !like.defaults {
                    c.default = None;
                }
                c.identity = None;
                columns.push(c);
            }
            for key in ["diststyle", "distkey", "sortkey", "sortstyle", "backup"] {
                if let Some(v) = entry.def.properties.get(key) {
                    inherited.insert(key.into(), v.clone());
                }
            }
        }
        for c in &t.columns {
            let def = self.column(c)?;
            if c.sortkey {
                sort.push(def.name.clone());
            }
            if c.distkey {
                if dist.is_some() {
                    return Err(SqlError::raw(
                        "",
                        "42601",
                        "multiple DISTKEYs are not allowed",
                    ));
                }
                dist = Some(def.name.clone());
            }
            constraints.extend(c.constraints.iter().map(|k| self.constraint(k)));
            columns.push(def);
        }
        constraints.extend(t.constraints.iter().map(|k| self.constraint(k)));
        for (i, c) in columns.iter().enumerate() {
            if columns[..i].iter().any(|o| o.name == c.name) {
                return Err(SqlError::raw(
                    "",
                    "42701",
                    format!("column \"{}\" specified more than once", c.name),
                ));
            }
        }
        if columns.len() > 1600 {
            return Err(SqlError::raw(
                "",
                "54011",
                "tables can have at most 1600 columns",
            ));
        }
        let name = self.engine.new_name(&t.name, t.temporary)?;
        let mut def = TableDef::new(columns, self.engine.user.clone());
        def.temporary = t.temporary;
        if constraints
            .iter()
            .filter(|c| c.kind == "PRIMARY KEY")
            .count()
            > 1
        {
            return Err(SqlError::raw(
                "",
                "42P16",
                format!(
                    "multiple primary keys for table \"{}\" are not allowed",
                    name.name
                ),
            ));
        }
        for c in &constraints {
            for n in &c.columns {
                let Some(i) = def.index_of(n) else {
                    return Err(unknown_key_column(n));
                };
                if c.kind == "PRIMARY KEY" {
                    def.columns[i].not_null = true;
                }
            }
        }
        name_constraints(&name.name, &mut constraints);
        def.constraints = constraints;
        def.properties = inherited;
        self.keep_attributes(&mut def, &t.attributes, &sort, dist.as_deref())?;
        self.put_new(&name, TableEntry::new(def), t.if_not_exists)
    }

    fn put_new(
        &mut self,
        name: &ObjectName,
        entry: TableEntry,
        if_not_exists: bool,
    ) -> Result<Outcome> {
        let object = Object::Table(Arc::new(entry));
        let made =
            self.engine
                .create_object(ObjectKind::Relation, name, &object, if_not_exists, false)?;
        if !made {
            self.notices.push(Notice::info(format!(
                "Relation \"{}\" already exists and will be skipped",
                name.name
            )));
        } else {
            self.apply_defaults(name)?;
        }
        Ok(Outcome::Done("CREATE TABLE".into()))
    }

    async fn create_table_as(
        &mut self,
        t: &CreateTable,
        text: &str,
        parameters: &[Typed],
    ) -> Result<Outcome> {
        let builder = CreateTableBuilder::new(t.name.clone())
            .temporary(t.temporary)
            .if_not_exists(t.if_not_exists)
            .query(t.query.clone())
            .columns(untyped_columns(&t.column_names));
        let statement = builder.build();
        let _ = text;
        let done = self
            .engine
            .create_table_with(&statement, EngineAttributes::default(), parameters)
            .await?;
        if done.skipped {
            self.notices.push(Notice::info(format!(
                "Relation \"{}\" already exists and will be skipped",
                done.object.unwrap_or_default()
            )));
            return Ok(Outcome::Done("SELECT".into()));
        }
        let (name, entry) = self.engine.table(&t.name)?;
        let mut def = TableDef::clone(&entry.def);
        self.keep_attributes(&mut def, &t.attributes, &[], None)?;
        self.replace_def(&name, &entry, def)?;
        self.apply_defaults(&name)?;
        Ok(Outcome::Done("SELECT".into()))
    }

    /// Puts a table with a changed definition and the same rows.
    pub(super) fn replace_def(
        &mut self,
        name: &ObjectName,
        entry: &Arc<TableEntry>,
        def: TableDef,
    ) -> Result<()> {
        let next = Arc::new(entry.with_def(def, entry.data.as_ref().clone()));
        self.engine
            .change(|t| match t.object(ObjectKind::Relation, name) {
                Some(Object::Table(now)) if Arc::ptr_eq(now, entry) => t.set_object(
                    ObjectKind::Relation,
                    name,
                    Some(Object::Table(Arc::clone(&next))),
                ),
                _ => Err(ErrorKind::SerializationConflict(name.name.clone()).into()),
            })
    }
}
