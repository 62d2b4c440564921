//! CREATE SCHEMA, TABLE (also AS SELECT, LIKE, CLONE) and VIEW.
//! Clauses that only one dialect has reach this as [`Attributes`], prepared by its crate.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlparser::ast;

use super::state::{RELATION, is_temp_schema, relation_kind};
use super::write::{check_not_null, consume};
use super::{Completion, Session};
use crate::catalog::{
    ColumnDef, Constraint, Identity, Object, ObjectKind, ObjectName, Schema, TableData, TableDef,
    TableEntry, ViewDef, next_oid,
};
use crate::dialect::{Dialect, DialectName};
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Typed;
use crate::types::{ColumnInfo, SqlType};

/// What a dialect adds to a table: properties of the table, and of columns by name.
#[derive(Debug, Clone, Default)]
pub struct Attributes {
    /// Properties of the table.
    pub table: BTreeMap<String, String>,
    /// Properties of columns by folded name.
    pub columns: BTreeMap<String, BTreeMap<String, String>>,
    /// Identity columns that the AST has no form for, by folded name: start, step, always.
    pub identities: BTreeMap<String, (i64, i64, bool)>,
    /// COMMENT.
    pub comment: Option<String>,
}

fn number(e: &ast::Expr) -> Result<i64> {
    let text = e.to_string();
    text.replace(' ', "").parse().map_err(|_| {
        SqlError::raw(
            "001003",
            "42601",
            format!("a whole number is needed here, not {text}"),
        )
    })
}

/// A column definition as the catalog keeps it, and the keys declared with it.
///
/// # Errors
/// Unknown types, and options that dwsim does not have.
pub fn column_def(
    dialect: &dyn Dialect,
    c: &ast::ColumnDef,
) -> Result<(ColumnDef, Vec<Constraint>)> {
    let name = dialect.fold(&c.name);
    let mut out = ColumnDef::new(&name, dialect.data_type(&c.data_type)?);
    let mut keys = Vec::new();
    for o in &c.options {
        match &o.option {
            ast::ColumnOption::Null => {}
            ast::ColumnOption::NotNull => out.not_null = true,
            ast::ColumnOption::Default(e) => out.default = Some(e.to_string()),
            ast::ColumnOption::Comment(t) => out.comment = Some(t.clone()),
            ast::ColumnOption::PrimaryKey(_) => {
                out.not_null = true;
                keys.push(Constraint {
                    name: String::new(),
                    kind: "PRIMARY KEY".into(),
                    columns: vec![name.clone()],
                    references: None,
                });
            }
            ast::ColumnOption::Unique(_) => {
                keys.push(Constraint {
                    name: String::new(),
                    kind: "UNIQUE".into(),
                    columns: vec![name.clone()],
                    references: None,
                });
            }
            ast::ColumnOption::ForeignKey(f) => keys.push(Constraint {
                name: String::new(),
                kind: "FOREIGN KEY".into(),
                columns: vec![name.clone()],
                references: Some(foreign(dialect, &f.foreign_table, &f.referred_columns)),
            }),
            ast::ColumnOption::Identity(kind) => {
                let (ast::IdentityPropertyKind::Autoincrement(p)
                | ast::IdentityPropertyKind::Identity(p)) = kind;
                let (start, step) = match &p.parameters {
                    None => (1, 1),
                    Some(
                        ast::IdentityPropertyFormatKind::FunctionCall(i)
                        | ast::IdentityPropertyFormatKind::StartAndIncrement(i),
                    ) => (number(&i.seed)?, number(&i.increment)?),
                };
                out.identity = Some(Identity {
                    start,
                    step,
                    always: dialect.name() == DialectName::Redshift,
                    oid: next_oid(),
                });
            }
            ast::ColumnOption::Generated {
                generated_as,
                sequence_options,
                generation_expr: None,
                ..
            } => {
                let mut start = 1;
                let mut step = 1;
                for s in sequence_options.iter().flatten() {
                    match s {
                        ast::SequenceOptions::StartWith(e, _) => start = number(e)?,
                        ast::SequenceOptions::IncrementBy(e, _) => step = number(e)?,
                        _ => {}
                    }
                }
                out.identity = Some(Identity {
                    start,
                    step,
                    always: matches!(generated_as, ast::GeneratedAs::Always),
                    oid: next_oid(),
                });
            }
            ast::ColumnOption::Collation(n) => {
                let specification = n.to_string().trim_matches(['\'', '"']).to_owned();
                if dialect.name() == DialectName::Snowflake {
                    crate::kernels::text::Collation::parse(&specification)?;
                    out.ty = out.ty.clone().with_collation(&specification, false);
                }
                out.properties.insert("collation".into(), specification);
            }
            ast::ColumnOption::Check(_) => return Err(SqlError::unsupported("CHECK constraints")),
            other => return Err(SqlError::unsupported(format!("column option {other}"))),
        }
    }
    Ok((out, keys))
}

fn foreign(
    dialect: &dyn Dialect,
    table: &ast::ObjectName,
    columns: &[ast::Ident],
) -> (Vec<String>, Vec<String>) {
    (
        table
            .0
            .iter()
            .filter_map(|p| p.as_ident())
            .map(|i| dialect.fold(i))
            .collect(),
        columns.iter().map(|c| dialect.fold(c)).collect(),
    )
}

fn index_columns(dialect: &dyn Dialect, columns: &[ast::IndexColumn]) -> Vec<String> {
    columns
        .iter()
        .map(|c| match &c.column.expr {
            ast::Expr::Identifier(i) => dialect.fold(i),
            other => other.to_string(),
        })
        .collect()
}

/// A table constraint as the catalog keeps it.
///
/// # Errors
/// Constraints that dwsim does not have.
pub(super) fn table_constraint(
    dialect: &dyn Dialect,
    c: &ast::TableConstraint,
) -> Result<Constraint> {
    let named = |n: &Option<ast::Ident>| n.as_ref().map(|i| dialect.fold(i)).unwrap_or_default();
    Ok(match c {
        ast::TableConstraint::PrimaryKey(k) => Constraint {
            name: named(&k.name),
            kind: "PRIMARY KEY".into(),
            columns: index_columns(dialect, &k.columns),
            references: None,
        },
        ast::TableConstraint::Unique(k) => Constraint {
            name: named(&k.name),
            kind: "UNIQUE".into(),
            columns: index_columns(dialect, &k.columns),
            references: None,
        },
        ast::TableConstraint::ForeignKey(k) => Constraint {
            name: named(&k.name),
            kind: "FOREIGN KEY".into(),
            columns: k.columns.iter().map(|c| dialect.fold(c)).collect(),
            references: Some(foreign(dialect, &k.foreign_table, &k.referred_columns)),
        },
        other => return Err(SqlError::unsupported(format!("constraint {other}"))),
    })
}

/// Names constraints that have none, as PostgreSQL does (`t_pkey`, `t_a_key`, `t_a_fkey`).
pub(super) fn name_constraints(table: &str, constraints: &mut [Constraint]) {
    for i in 0..constraints.len() {
        if !constraints[i].name.is_empty() {
            continue;
        }
        let c = &constraints[i];
        let base = match c.kind.as_str() {
            "PRIMARY KEY" => format!("{table}_pkey"),
            "UNIQUE" => format!("{table}_{}_key", c.columns.join("_")),
            _ => format!("{table}_{}_fkey", c.columns.join("_")),
        };
        let mut name = base.clone();
        let mut n = 1;
        while constraints.iter().any(|o| o.name == name) {
            name = format!("{base}{n}");
            n += 1;
        }
        constraints[i].name = name;
    }
}

/// Clauses of Snowflake's CREATE TABLE that are kept as properties; policies would change results.
fn snowflake_properties(c: &ast::CreateTable) -> Result<BTreeMap<String, String>> {
    for (what, given) in [
        ("WITH ROW ACCESS POLICY", c.with_row_access_policy.is_some()),
        (
            "WITH AGGREGATION POLICY",
            c.with_aggregation_policy.is_some(),
        ),
    ] {
        if given {
            return Err(SqlError::unsupported(what));
        }
    }
    let mut out = BTreeMap::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(v) = value {
            out.insert(name.to_owned(), v);
        }
    };
    put("change_tracking", c.change_tracking.map(|b| b.to_string()));
    put(
        "enable_schema_evolution",
        c.enable_schema_evolution.map(|b| b.to_string()),
    );
    put(
        "data_retention_time_in_days",
        c.data_retention_time_in_days.map(|n| n.to_string()),
    );
    put(
        "max_data_extension_time_in_days",
        c.max_data_extension_time_in_days.map(|n| n.to_string()),
    );
    put("default_ddl_collation", c.default_ddl_collation.clone());
    if let Some(keys) = &c.cluster_by {
        let (ast::WrappedCollection::NoWrapping(keys) | ast::WrappedCollection::Parentheses(keys)) =
            keys;
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        put("cluster_by", Some(format!("({})", keys.join(", "))));
    }
    Ok(out)
}

impl Session {
    pub(super) async fn create_table(
        &mut self,
        c: &ast::CreateTable,
        parameters: &[Typed],
    ) -> Result<Completion> {
        self.create_table_with(c, Attributes::default(), parameters)
            .await
    }

    /// CREATE TABLE with a dialect's own attributes.
    ///
    /// # Errors
    /// An existing object, unknown types, what the defining query gives, unsupported clauses.
    pub async fn create_table_with(
        &mut self,
        c: &ast::CreateTable,
        attributes: Attributes,
        parameters: &[Typed],
    ) -> Result<Completion> {
        for (what, given) in [
            ("CREATE EXTERNAL TABLE", c.external),
            ("CREATE DYNAMIC TABLE", c.dynamic),
            ("CREATE ICEBERG TABLE", c.iceberg),
            ("INHERITS", c.inherits.is_some()),
            ("PARTITION BY in CREATE TABLE", c.partition_by.is_some()),
        ] {
            if given {
                return Err(SqlError::unsupported(what));
            }
        }
        let temporary = c.temporary || c.volatile;
        let name = self.new_name(&c.name, temporary)?;
        let dialect = Arc::clone(self.dialect());

        if let Some(done) = self.existing(&name, c.if_not_exists, c.or_replace, "CREATE TABLE")? {
            return Ok(done);
        }

        let mut def;
        let mut data = None;
        let mut streams = Vec::new();
        if let Some(source) = &c.clone {
            let entry = self.cloned(source, c.version.as_ref())?;
            def = TableDef::clone(&entry.def);
            def.oid = next_oid();
            def.created = chrono::Utc::now().timestamp();
            data = Some(TableData::clone(&entry.data));
        } else if let Some(
            ast::CreateTableLikeKind::Plain(l) | ast::CreateTableLikeKind::Parenthesized(l),
        ) = &c.like
        {
            let (_, entry) = self.table(&l.name)?;
            def = TableDef::clone(&entry.def);
            def.oid = next_oid();
            def.created = chrono::Utc::now().timestamp();
            if dialect.name() == DialectName::Redshift {
                def.constraints.clear();
                let defaults = matches!(l.defaults, Some(ast::CreateTableLikeDefaults::Including));
                for col in &mut def.columns {
                    if !defaults {
                        col.default = None;
                    }
                    col.identity = None;
                }
            }
        } else {
            let mut columns = Vec::with_capacity(c.columns.len());
            let mut keys = Vec::new();
            let untyped = c.query.is_some()
                && c.columns
                    .iter()
                    .all(|c| matches!(c.data_type, ast::DataType::Unspecified));
            if !untyped {
                for col in &c.columns {
                    let (col, k) = column_def(dialect.as_ref(), col)?;
                    if columns.iter().any(|o: &ColumnDef| o.name == col.name) {
                        return Err(match dialect.name() {
                            DialectName::Redshift => SqlError::raw(
                                "",
                                "42701",
                                format!("column \"{}\" specified more than once", col.name),
                            ),
                            DialectName::Snowflake => SqlError::raw(
                                "002025",
                                "42S21",
                                format!(
                                    "SQL compilation error:\nduplicate column name '{}'",
                                    col.name
                                ),
                            ),
                        });
                    }
                    columns.push(col);
                    keys.extend(k);
                }
            }
            for k in &c.constraints {
                let k = table_constraint(dialect.as_ref(), k)?;
                for n in &k.columns {
                    match columns.iter_mut().find(|c| c.name == *n) {
                        Some(col) if k.kind == "PRIMARY KEY" => col.not_null = true,
                        Some(_) => {}
                        None => {
                            return Err(ErrorKind::UnknownObject {
                                kind: "column",
                                name: n.clone(),
                            }
                            .into());
                        }
                    }
                }
                keys.push(k);
            }
            if let Some(q) = &c.query {
                let names: Vec<String> = if untyped {
                    c.columns.iter().map(|c| dialect.fold(&c.name)).collect()
                } else {
                    vec![]
                };
                let (derived, batches, read) =
                    self.query_rows(q, parameters, &columns, &names).await?;
                streams = read;
                columns = derived;
                data = Some(batches);
            }
            if columns.is_empty() && c.query.is_none() {
                return Err(SqlError::new(ErrorKind::Syntax {
                    message: "a table needs columns".into(),
                    near: String::new(),
                }));
            }
            def = TableDef::new(columns, self.user.clone());
            def.constraints = keys;
        }
        name_constraints(&name.name, &mut def.constraints);
        def.temporary = temporary;
        def.owner.clone_from(if self.role.is_empty() {
            &self.user
        } else {
            &self.role
        });
        def.properties.extend(attributes.table);
        if c.transient {
            def.properties.insert("transient".into(), "true".into());
        }
        for (col, props) in attributes.columns {
            if let Some(i) = def.index_of(&col) {
                def.columns[i].properties.extend(props);
            }
        }
        for (col, (start, step, always)) in attributes.identities {
            if let Some(i) = def.index_of(&col) {
                def.columns[i].identity = Some(Identity {
                    start,
                    step,
                    always,
                    oid: next_oid(),
                });
            }
        }
        if dialect.name() == DialectName::Snowflake {
            def.properties.extend(snowflake_properties(c)?);
        }
        let plain = match &c.table_options {
            ast::CreateTableOptions::Plain(options) => options.as_slice(),
            _ => &[],
        };
        let comment = plain
            .iter()
            .find_map(|o| match o {
                ast::SqlOption::Comment(c) => Some(c.clone()),
                _ => None,
            })
            .or_else(|| c.comment.clone());
        def.comment = match (&comment, attributes.comment) {
            (_, Some(t)) => Some(t),
            (Some(ast::CommentDef::WithEq(t) | ast::CommentDef::WithoutEq(t)), None) => {
                Some(t.clone())
            }
            (None, None) => def.comment,
        };
        let mut entry = TableEntry::new(def);
        let mut inserted = 0;
        if let Some(d) = data {
            let batches = d
                .batches
                .into_iter()
                .map(|b| {
                    Ok(arrow::array::RecordBatch::try_new(
                        Arc::clone(&entry.data.schema),
                        b.columns().to_vec(),
                    )?)
                })
                .collect::<Result<Vec<_>>>()?;
            check_not_null(&entry.def, &batches)?;
            let data = TableData::new(Arc::clone(&entry.data.schema), batches);
            entry = entry.with_data(data);
            inserted = entry.data.rows as u64;
        }
        let entry = Arc::new(entry);
        let replace = c.or_replace;
        self.change(|t| {
            if !replace && t.object(RELATION, &name).is_some() {
                return Err(ErrorKind::ObjectExists {
                    kind: "table",
                    name: name.name.clone(),
                }
                .into());
            }
            consume(t, &streams);
            t.set_object(RELATION, &name, Some(Object::Table(Arc::clone(&entry))))
        })?;
        let ctas = c.query.is_some();
        Ok(Completion {
            inserted: if ctas { inserted } else { 0 },
            ..Completion::of(
                if ctas {
                    "CREATE TABLE AS"
                } else {
                    "CREATE TABLE"
                },
                &name.name,
            )
        })
    }

    /// The name of an object to create; temporary ones go to the session's hidden schema.
    ///
    /// # Errors
    /// When the schema does not exist.
    pub fn new_name(&mut self, name: &ast::ObjectName, temporary: bool) -> Result<ObjectName> {
        let mut name = self.resolve_name(name)?;
        if temporary {
            let schema = self.temp_schema(&name.schema);
            let database = name.database.clone();
            let owner = self.user.clone();
            let made = self.change(|t| {
                if t.schema(&database, &schema).is_some() {
                    return Ok(());
                }
                if t.database(&database).is_none() {
                    return Err(ErrorKind::UnknownObject {
                        kind: "database",
                        name: database.clone(),
                    }
                    .into());
                }
                t.set_schema(&database, &schema, Some(Schema::new(owner.clone())))
            });
            made?;
            let key = (database, schema.clone());
            if !self.temporary.contains(&key) {
                self.temporary.push(key);
            }
            name.schema = schema;
            return Ok(name);
        }
        let account = self.snapshot();
        let db = account
            .databases
            .get(&name.database)
            .ok_or_else(|| ErrorKind::UnknownObject {
                kind: "database",
                name: name.database.clone(),
            })?;
        if !db.schemas.contains_key(&name.schema) || is_temp_schema(&name.schema) {
            return Err(ErrorKind::UnknownObject {
                kind: "schema",
                name: match self.dialect().name() {
                    DialectName::Redshift => name.schema.clone(),
                    DialectName::Snowflake => format!("{}.{}", name.database, name.schema),
                },
            }
            .into());
        }
        Ok(name)
    }

    /// Whether CREATE has nothing to do, may go on, or fails on what is there.
    fn existing(
        &mut self,
        name: &ObjectName,
        if_not_exists: bool,
        replace: bool,
        tag: &str,
    ) -> Result<Option<Completion>> {
        let view = self.view()?;
        match view.object(RELATION, name) {
            Some(_) if if_not_exists => Ok(Some(Completion {
                skipped: true,
                ..Completion::of(tag, &name.name)
            })),
            Some(o) if !replace => Err(ErrorKind::ObjectExists {
                kind: relation_kind(o),
                name: name.name.clone(),
            }
            .into()),
            _ => Ok(None),
        }
    }

    /// The rows of a defining query with the columns they make: declared ones, or derived ones under `names`.
    async fn query_rows(
        &mut self,
        q: &ast::Query,
        parameters: &[Typed],
        declared: &[ColumnDef],
        names: &[String],
    ) -> Result<(
        Vec<ColumnDef>,
        TableData,
        Vec<(ObjectName, Arc<TableEntry>)>,
    )> {
        let view = self.view()?;
        let (plan, columns, scanned, streams) = {
            let variables = self.variables.clone();
            let lookup = move |n: &str| variables.get(n).cloned();
            let mut b = self.binder(self.env(), &view, parameters);
            b.variables = Some(&lookup);
            let bound = b.top_query(q)?;
            let streams = std::mem::take(&mut b.streams);
            if declared.is_empty() {
                let mut columns: Vec<ColumnDef> = Vec::with_capacity(bound.columns.len());
                for (i, c) in bound.columns.iter().enumerate() {
                    let name = names.get(i).unwrap_or(&c.name);
                    if columns.iter().any(|o| o.name == *name) {
                        return Err(match self.dialect().name() {
                            DialectName::Redshift => {
                                SqlError::raw("", "42701", format!("column \"{name}\" duplicated"))
                            }
                            DialectName::Snowflake => SqlError::raw(
                                "002025",
                                "42S21",
                                format!("SQL compilation error:\nduplicate column name '{name}'"),
                            ),
                        });
                    }
                    let mut col = ColumnDef::new(name, storable(&c.ty));
                    if self.dialect().name() == DialectName::Snowflake {
                        col.not_null = !c.nullable && c.origin.is_some();
                    }
                    columns.push(col);
                }
                (bound.plan, columns, bound.scanned_rows, streams)
            } else {
                let source = crate::plan::Relation {
                    columns: bound
                        .columns
                        .iter()
                        .zip(bound.plan.schema().columns())
                        .map(|(c, internal)| crate::plan::ScopeColumn {
                            qualifier: vec![],
                            name: c.name.clone(),
                            internal,
                            ty: c.ty.clone(),
                            nullable: c.nullable,
                            origin: None,
                            hidden: false,
                        })
                        .collect(),
                    plan: bound.plan,
                };
                let def = TableDef::new(declared.to_vec(), "");
                let given: Vec<usize> = (0..declared.len()).collect();
                let (plan, _) = b.fit(source, &def, &given)?;
                (plan, declared.to_vec(), b.scanned_rows, streams)
            }
        };
        let entry = TableEntry::new(TableDef::new(columns.clone(), ""));
        let batches = self.rows_for(&plan, scanned, &entry).await?;
        Ok((
            columns,
            TableData::new(Arc::clone(&entry.data.schema), batches),
            streams,
        ))
    }

    /// The place in time that an AT or BEFORE clause outside of a query means.
    ///
    /// # Errors
    /// What [`crate::plan::Binder::past`] gives.
    pub fn past(
        &self,
        view: &crate::catalog::Transaction,
        clause: &ast::Expr,
    ) -> Result<crate::plan::Past> {
        let variables = self.variables.clone();
        let lookup = move |n: &str| variables.get(n).cloned();
        let mut b = self.binder(self.env(), view, &[]);
        b.variables = Some(&lookup);
        b.past(clause)
    }

    /// The table that CLONE copies, now or at a time.
    fn cloned(
        &mut self,
        source: &ast::ObjectName,
        version: Option<&ast::TableVersion>,
    ) -> Result<Arc<TableEntry>> {
        let (name, entry) = self.table(source)?;
        match version {
            None => Ok(entry),
            Some(ast::TableVersion::Function(clause)) => {
                let view = self.view()?;
                let past = self.past(&view, clause)?;
                self.binder(self.env(), &view, &[])
                    .table_then(&name, &entry, &past)
            }
            Some(other) => Err(SqlError::unsupported(format!("CLONE {other}"))),
        }
    }

    pub(super) fn create_schema(
        &mut self,
        name: &ast::SchemaName,
        if_not_exists: bool,
        or_replace: bool,
    ) -> Result<Completion> {
        let (parts, owner) = match name {
            ast::SchemaName::Simple(n) => (n.clone(), None),
            ast::SchemaName::UnnamedAuthorization(i) => (
                ast::ObjectName::from(vec![i.clone()]),
                Some(i.value.clone()),
            ),
            ast::SchemaName::NamedAuthorization(n, i) => (n.clone(), Some(i.value.clone())),
        };
        let folded: Vec<String> = parts
            .0
            .iter()
            .filter_map(|p| p.as_ident())
            .map(|i| self.dialect().fold(i))
            .collect();
        let (database, schema) = match folded.as_slice() {
            [s] => (
                self.database().map(str::to_owned).ok_or_else(|| {
                    SqlError::raw("090105", "22000", "Cannot perform CREATE SCHEMA. This session does not have a current database. Call 'USE DATABASE', or use a qualified name.")
                })?,
                s.clone(),
            ),
            [d, s] => (d.clone(), s.clone()),
            _ => return Err(SqlError::raw("001003", "42601", format!("improper schema name {parts}"))),
        };
        let owner = owner.unwrap_or_else(|| {
            if self.role.is_empty() {
                self.user.clone()
            } else {
                self.role.clone()
            }
        });
        let skipped = self.change(|t| {
            if t.database(&database).is_none() {
                return Err(ErrorKind::UnknownObject {
                    kind: "database",
                    name: database.clone(),
                }
                .into());
            }
            if t.schema(&database, &schema).is_some() && !or_replace {
                if if_not_exists {
                    return Ok(true);
                }
                return Err(ErrorKind::ObjectExists {
                    kind: "schema",
                    name: schema.clone(),
                }
                .into());
            }
            t.set_schema(&database, &schema, Some(Schema::new(owner.clone())))?;
            Ok(false)
        })?;
        if !skipped && self.dialect().name() == DialectName::Snowflake {
            // Snowflake makes a new schema current.
            self.set_context(Some(database), vec![schema.clone()]);
        }
        Ok(Completion {
            skipped,
            ..Completion::of("CREATE SCHEMA", schema)
        })
    }

    pub(super) fn create_view(&mut self, c: &ast::CreateView) -> Result<Completion> {
        let mut properties = BTreeMap::new();
        if c.secure {
            properties.insert("secure".into(), "true".into());
        }
        if c.materialized {
            properties.insert("materialized".into(), "true".into());
        }
        for column in &c.columns {
            let options = match &column.options {
                Some(
                    ast::ColumnOptions::CommaSeparated(o) | ast::ColumnOptions::SpaceSeparated(o),
                ) => o.as_slice(),
                None => &[],
            };
            for o in options {
                if let ast::ColumnOption::Comment(text) = o {
                    let name = self.dialect().fold(&column.name);
                    properties.insert(format!("comment|{name}"), text.clone());
                }
            }
        }
        self.create_view_with(c, properties)
    }

    /// CREATE VIEW with a dialect's own properties. The defining query is bound, unless names bind late.
    ///
    /// # Errors
    /// An existing object, or what binding the query gives.
    pub fn create_view_with(
        &mut self,
        c: &ast::CreateView,
        properties: BTreeMap<String, String>,
    ) -> Result<Completion> {
        let tag = if c.materialized {
            "CREATE MATERIALIZED VIEW"
        } else {
            "CREATE VIEW"
        };
        let name = self.new_name(&c.name, c.temporary)?;
        if let Some(done) = self.existing(&name, c.if_not_exists, c.or_replace, tag)? {
            return Ok(done);
        }
        let view = self.view()?;
        let names: Vec<String> = c
            .columns
            .iter()
            .map(|c| self.dialect().fold(&c.name))
            .collect();
        let columns = {
            let bound = self.binder(self.env(), &view, &[]).top_query(&c.query);
            match bound {
                Ok(b) => {
                    if names.len() > b.columns.len()
                        || (!names.is_empty()
                            && names.len() < b.columns.len()
                            && self.dialect().name() == DialectName::Snowflake)
                    {
                        return Err(SqlError::raw(
                            "002057",
                            "42601",
                            format!(
                                "SQL compilation error:\nInvalid column definition list: expected {} columns, got {}",
                                b.columns.len(),
                                names.len()
                            ),
                        ));
                    }
                    let mut columns: Vec<ColumnInfo> = b
                        .columns
                        .into_iter()
                        .enumerate()
                        .map(|(i, c)| ColumnInfo {
                            name: names.get(i).cloned().unwrap_or(c.name),
                            ty: storable(&c.ty),
                            nullable: c.nullable,
                            origin: None,
                        })
                        .collect();
                    columns.shrink_to_fit();
                    columns
                }
                Err(_) if c.with_no_schema_binding => names
                    .iter()
                    .map(|n| ColumnInfo::new(n, SqlType::text()))
                    .collect(),
                Err(e) => return Err(e),
            }
        };
        let owner = if self.role.is_empty() {
            self.user.clone()
        } else {
            self.role.clone()
        };
        let context = (
            self.database().map(str::to_owned),
            self.schema().map(str::to_owned),
        );
        let def = Arc::new(ViewDef {
            oid: next_oid(),
            query: c.query.to_string(),
            ddl: self.text.trim().trim_end_matches(';').to_owned(),
            columns: if c.with_no_schema_binding && names.is_empty() {
                vec![]
            } else {
                columns
            },
            late_binding: c.with_no_schema_binding,
            context,
            owner,
            comment: c.comment.clone(),
            created: chrono::Utc::now().timestamp(),
            properties,
        });
        let replace = c.or_replace;
        self.change(|t| {
            if !replace && t.object(RELATION, &name).is_some() {
                return Err(ErrorKind::ObjectExists {
                    kind: "view",
                    name: name.name.clone(),
                }
                .into());
            }
            t.set_object(RELATION, &name, Some(Object::View(Arc::clone(&def))))
        })?;
        Ok(Completion::of(tag, &name.name))
    }

    /// CREATE SEQUENCE.
    ///
    /// # Errors
    /// [`ErrorKind::ObjectExists`], a missing schema, options that are no whole numbers.
    pub fn create_sequence(
        &mut self,
        name: &ast::ObjectName,
        if_not_exists: bool,
        or_replace: bool,
        options: &[ast::SequenceOptions],
    ) -> Result<Completion> {
        let name = self.resolve_name(name)?;
        let (mut start, mut step) = (1, 1);
        for o in options {
            match o {
                ast::SequenceOptions::StartWith(e, _) => start = number(e)?,
                ast::SequenceOptions::IncrementBy(e, _) => step = number(e)?,
                ast::SequenceOptions::Cache(_) => {}
                other => return Err(SqlError::unsupported(format!("CREATE SEQUENCE{other}"))),
            }
        }
        let def = crate::catalog::SequenceDef {
            oid: next_oid(),
            start,
            step,
            owner: if self.role.is_empty() {
                self.user.clone()
            } else {
                self.role.clone()
            },
            comment: None,
            created: chrono::Utc::now().timestamp(),
            properties: BTreeMap::new(),
        };
        let object = Object::Sequence(Arc::new(def));
        let made = self.create_object(
            ObjectKind::Sequence,
            &name,
            &object,
            if_not_exists,
            or_replace,
        )?;
        Ok(Completion {
            skipped: !made,
            ..Completion::of("CREATE SEQUENCE", &name.name)
        })
    }

    /// Puts an object of a dialect's own kind, as CREATE does.
    ///
    /// # Errors
    /// [`ErrorKind::ObjectExists`], or a missing schema.
    pub fn create_object(
        &mut self,
        kind: ObjectKind,
        name: &ObjectName,
        object: &Object,
        if_not_exists: bool,
        or_replace: bool,
    ) -> Result<bool> {
        self.change(|t| {
            if t.schema(&name.database, &name.schema).is_none() {
                return Err(ErrorKind::UnknownObject {
                    kind: "schema",
                    name: format!("{}.{}", name.database, name.schema),
                }
                .into());
            }
            if t.object(kind, name).is_some() && !or_replace {
                if if_not_exists {
                    return Ok(false);
                }
                return Err(ErrorKind::ObjectExists {
                    kind: kind.word(),
                    name: name.name.clone(),
                }
                .into());
            }
            t.set_object(kind, name, Some(object.clone()))?;
            Ok(true)
        })
    }
}

/// The type a derived column is stored with: bare NULLs and short literals become text of any length.
fn storable(ty: &SqlType) -> SqlType {
    match ty {
        SqlType::Null => SqlType::text(),
        other => other.clone(),
    }
}
