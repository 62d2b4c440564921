//! Snowflake's statements as changes of the tables read so far.
//! <https://docs.snowflake.com/en/sql-reference/sql/create-table>, `alter-table`

use dwsim_schema::Dialect;
use dwsim_snowflake::parse::{Attachment, Command as C};
use sqlparser::ast::{
    self, AlterColumnOperation, AlterTableOperation as Alter, ColumnOption, CreateTable, Expr,
    Ident, IdentityPropertyFormatKind, IdentityPropertyKind, SequenceOptions, Statement,
    TableConstraint,
};

use super::model::{At, ColumnDdl, DefaultValue, ForeignDdl, Level, TableDdl};
use super::read::{Done, Key, Reader, column_of, default, missing};
use super::{Finding, names, query, types};

/// One statement.
pub(crate) fn statement(r: &mut Reader, text: &str) -> Done {
    let parsed = dwsim_snowflake::parse::parse(text).map_err(|e| r.refused(&e))?;
    command(r, parsed)
}

fn command(r: &mut Reader, parsed: C) -> Done {
    let statement = match parsed {
        C::Sql(statement) => *statement,
        C::Each(parts) => {
            for part in parts {
                command(r, part)?;
            }
            return Ok(());
        }
        C::CreateLike(_, create, _) => return command(r, *create),
        C::CreateAttached(create, _, attached) => {
            let at = r.here();
            for one in attached {
                let what = match one {
                    Attachment::Masking { column, .. } | Attachment::Tag(Some(column), ..) => {
                        format!(
                            "the policy or tag of column `{}` is left out",
                            names::folded(&column, Dialect::Snowflake)
                        )
                    }
                    _ => "a policy or tag of the table is left out".to_owned(),
                };
                r.warn(at, what, "apply it after loading where a test needs it");
            }
            return command(r, *create);
        }
        C::Comment(kind, name, text, _) => {
            let text = Some(text).filter(|t| !t.is_empty());
            return match kind.as_str() {
                "TABLE" => {
                    let name = r.table_name(&name);
                    r.comment(&name, None, text)
                }
                "COLUMN" => match column_of(&name, Dialect::Snowflake) {
                    Some((table, column)) => r.comment(&table, Some(&column), text),
                    None => Ok(()),
                },
                _ => {
                    r.note("the comment is of no table and is left out");
                    Ok(())
                }
            };
        }
        C::CreateFromTemplate(..) => {
            return Err(r
                .here()
                .finding(
                    Level::Error,
                    "CREATE TABLE … USING TEMPLATE takes its columns from files",
                )
                .advise("write the columns with their types; GET_DDL has them"));
        }
        C::Copy(_) | C::Put(..) => {
            r.note(
                "data are not imported: they are generated; `cargo dwsim learn` looks at samples",
            );
            return Ok(());
        }
        _ => {
            r.note("the statement declares no table and is left out");
            return Ok(());
        }
    };
    match statement {
        Statement::CreateTable(table) => create(r, table),
        Statement::AlterTable(alter) => {
            let name = r.table_name(&alter.name);
            for operation in alter.operations {
                self::alter(r, &name, operation)?;
            }
            Ok(())
        }
        Statement::Drop {
            object_type: ast::ObjectType::Table,
            names,
            ..
        } => {
            for name in names {
                let name = r.table_name(&name);
                r.drop_table(&name);
            }
            Ok(())
        }
        Statement::CreateView(_) => {
            r.note("a view is not imported: dwsim.toml has tables; create it in a test or after loading");
            Ok(())
        }
        Statement::Insert(_)
        | Statement::Update(_)
        | Statement::Delete(_)
        | Statement::Merge(_) => {
            r.note(
                "data are not imported: they are generated; `cargo dwsim learn` looks at samples",
            );
            Ok(())
        }
        _ => {
            r.note("the statement declares no table and is left out");
            Ok(())
        }
    }
}

fn create(r: &mut Reader, t: CreateTable) -> Done {
    let at = r.here();
    let name = r.table_name(&t.name);
    let refuse = |what: &str, advice: &str| {
        Err(at
            .finding(Level::Error, format!("`{name}` {what}"))
            .advise(advice))
    };
    if t.external || t.iceberg || t.dynamic {
        return refuse(
            "is an external, Iceberg or dynamic table",
            "write it as a plain table with the columns that queries use",
        );
    }
    if let Some(source) = &t.clone {
        let source = r.table_name(source);
        let copy = r.copy_of(&source, &name, true, true)?;
        return r.declare(copy, t.or_replace, t.if_not_exists);
    }
    if let Some(
        ast::CreateTableLikeKind::Plain(like) | ast::CreateTableLikeKind::Parenthesized(like),
    ) = &t.like
    {
        let source = r.table_name(&like.name);
        let copy = r.copy_of(&source, &name, true, true)?;
        return r.declare(copy, t.or_replace, t.if_not_exists);
    }
    let typed = |c: &ast::ColumnDef| c.data_type != ast::DataType::Unspecified;
    let mut selected = None;
    if let Some(query) = &t.query {
        if t.columns.is_empty() || !t.columns.iter().all(typed) {
            let given: Vec<ast::Ident> = t.columns.iter().map(|c| c.name.clone()).collect();
            let columns = query::columns(query, &given, &r.tables, Dialect::Snowflake, at);
            if columns.is_none() {
                return refuse(
                    "takes columns from a query whose types are not in this text",
                    "put the CREATE TABLE of the queried tables before it, or write the columns with their types; \
                     GET_DDL has them",
                );
            }
            selected = columns;
        }
        r.note("the query is left out: data are generated");
    }
    if t.temporary || t.volatile {
        r.warn(
            at,
            format!("`{name}` is a temporary table; it is imported as a lasting one"),
            "remove it if no test needs it",
        );
    }
    for (there, what) in [
        (t.with_row_access_policy.is_some(), "WITH ROW ACCESS POLICY"),
        (
            t.with_aggregation_policy.is_some(),
            "WITH AGGREGATION POLICY",
        ),
        (t.with_tags.is_some(), "WITH TAG"),
        (t.default_ddl_collation.is_some(), "DEFAULT_DDL_COLLATION"),
        (t.change_tracking == Some(true), "CHANGE_TRACKING"),
    ] {
        if there {
            r.warn(
                at,
                format!("{what} of `{name}` is left out"),
                "apply it after loading where a test needs it",
            );
        }
    }
    let mut table = TableDdl {
        name: name.clone(),
        at,
        transient: t.transient,
        comment: comment(&t),
        ..TableDdl::default()
    };
    let mut keys = Vec::new();
    match selected {
        Some(columns) => table.columns = columns,
        None => {
            for c in &t.columns {
                let (column, own) = column(r, c)?;
                table.columns.push(column);
                keys.extend(own);
            }
        }
    }
    if table.columns.is_empty() {
        return refuse("has no columns", "write the columns with their types");
    }
    for constraint in &t.constraints {
        keys.push(key(r, constraint)?);
    }
    for key in keys {
        r.add_key(&mut table, key, at)?;
    }
    if let Some(ast::WrappedCollection::NoWrapping(by) | ast::WrappedCollection::Parentheses(by)) =
        &t.cluster_by
    {
        table.cluster_by = cluster_by(by);
    }
    r.declare(table, t.or_replace, t.if_not_exists)
}

/// COMMENT: the parser leaves it among the options of the table.
fn comment(t: &CreateTable) -> Option<String> {
    let plain = match &t.table_options {
        ast::CreateTableOptions::Plain(options) => options.as_slice(),
        _ => &[],
    };
    let among = plain.iter().find_map(|o| match o {
        ast::SqlOption::Comment(c) => Some(c),
        _ => None,
    });
    t.comment.as_ref().or(among).map(|c| match c {
        ast::CommentDef::WithEq(text) | ast::CommentDef::WithoutEq(text) => text.clone(),
    })
}

/// CLUSTER BY: a column by its name for dwsim.toml, an expression as it is.
fn cluster_by(by: &[Expr]) -> Vec<String> {
    by.iter()
        .map(|e| match e {
            Expr::Identifier(i) => names::folded(i, Dialect::Snowflake),
            other => other.to_string(),
        })
        .collect()
}

fn whole(at: At, e: &Expr) -> Result<i64, Finding> {
    e.to_string().parse().map_err(|_| {
        at.finding(Level::Error, format!("`{e}` is no whole number"))
            .advise("an identity starts at and steps by whole numbers")
    })
}

fn column(r: &mut Reader, c: &ast::ColumnDef) -> Result<(ColumnDdl, Vec<Key>), Finding> {
    let name = r.name(&c.name);
    let at = r.ident_at(&c.name);
    let ty = types::declared(&c.data_type, Dialect::Snowflake).map_err(|e| {
        let mut finding = r.refused(&e);
        (finding.line, finding.column) = (at.line, at.column);
        finding
    })?;
    let written = c.data_type.to_string();
    let mut column = ColumnDdl::new(name.clone(), at, ty, written);
    let mut keys = Vec::new();
    for option in &c.options {
        match &option.option {
            ColumnOption::Null => {}
            ColumnOption::NotNull => column.not_null = true,
            ColumnOption::Default(e) => {
                match sequence(e) {
                    Some(sequence) => {
                        r.warn(at, format!("column `{name}` counts from 1 instead of by the sequence {sequence}"), "set `start` and `step` of its generator if they matter");
                        column.identity = Some((1, 1));
                    }
                    None => column.default = default(e, &e.to_string()),
                }
            }
            ColumnOption::Comment(text) => column.comment = Some(text.clone()),
            ColumnOption::PrimaryKey(_) => keys.push(Key::Primary(vec![name.clone()])),
            ColumnOption::Unique(_) => keys.push(Key::Unique(vec![name.clone()])),
            ColumnOption::ForeignKey(f) => keys.push(Key::Foreign(ForeignDdl {
                columns: vec![name.clone()],
                table: names::last(&f.foreign_table, Dialect::Snowflake).0,
                referred: r.idents(&f.referred_columns),
                at,
            })),
            ColumnOption::Identity(
                IdentityPropertyKind::Autoincrement(p) | IdentityPropertyKind::Identity(p),
            ) => {
                column.identity = Some(match &p.parameters {
                    None => (1, 1),
                    Some(
                        IdentityPropertyFormatKind::FunctionCall(i)
                        | IdentityPropertyFormatKind::StartAndIncrement(i),
                    ) => (whole(at, &i.seed)?, whole(at, &i.increment)?),
                });
            }
            ColumnOption::Generated {
                generation_expr: Some(e),
                ..
            } => {
                return Err(at
                    .finding(
                        Level::Error,
                        format!("column `{name}` is computed from {e}"),
                    )
                    .advise("write it as a plain column, and give it `formula` in dwsim.toml"));
            }
            ColumnOption::Generated {
                sequence_options, ..
            } => {
                let (mut start, mut step) = (1, 1);
                for option in sequence_options.iter().flatten() {
                    match option {
                        SequenceOptions::StartWith(e, _) => start = whole(at, e)?,
                        SequenceOptions::IncrementBy(e, _) => step = whole(at, e)?,
                        _ => {}
                    }
                }
                column.identity = Some((start, step));
            }
            ColumnOption::Collation(collation) => {
                r.warn(
                    at,
                    format!("COLLATE {collation} of column `{name}` is left out"),
                    "texts compare with their case",
                );
            }
            ColumnOption::Policy(_) | ColumnOption::Tags(_) => {
                r.warn(
                    at,
                    format!("the policy or tag of column `{name}` is left out"),
                    "apply it after loading where a test needs it",
                );
            }
            other => {
                return Err(at
                    .finding(
                        Level::Error,
                        format!("column `{name}`: {other} is not supported"),
                    )
                    .advise("remove it from the column"));
            }
        }
    }
    Ok((column, keys))
}

/// `seq.NEXTVAL`.
fn sequence(e: &Expr) -> Option<String> {
    match e {
        Expr::CompoundIdentifier(parts) => {
            let (last, sequence) = parts.split_last()?;
            let names: Vec<&str> = sequence.iter().map(|i| i.value.as_str()).collect();
            last.value
                .eq_ignore_ascii_case("nextval")
                .then(|| names.join("."))
        }
        _ => None,
    }
}

fn key_columns(r: &mut Reader, columns: &[ast::IndexColumn]) -> Vec<String> {
    let idents: Vec<Ident> = columns
        .iter()
        .map(|c| match &c.column.expr {
            Expr::Identifier(i) => i.clone(),
            other => Ident::new(other.to_string()),
        })
        .collect();
    r.idents(&idents)
}

fn key(r: &mut Reader, c: &TableConstraint) -> Result<Key, Finding> {
    let at = r.here();
    Ok(match c {
        TableConstraint::PrimaryKey(k) => Key::Primary(key_columns(r, &k.columns)),
        TableConstraint::Unique(k) => Key::Unique(key_columns(r, &k.columns)),
        TableConstraint::ForeignKey(f) => Key::Foreign(ForeignDdl {
            at: f.columns.first().map_or(at, |i| r.ident_at(i)),
            columns: r.idents(&f.columns),
            table: names::last(&f.foreign_table, Dialect::Snowflake).0,
            referred: r.idents(&f.referred_columns),
        }),
        other => {
            return Err(at
                .finding(Level::Error, format!("{other} is not supported"))
                .advise("Snowflake has primary, unique and foreign keys"));
        }
    })
}

fn alter(r: &mut Reader, name: &str, operation: Alter) -> Done {
    let at = r.here();
    match operation {
        Alter::AddColumn {
            column_def,
            if_not_exists,
            ..
        } => {
            let (column, keys) = column(r, &column_def)?;
            let mut table = r.table(name)?.clone();
            if table.column(&column.name).is_some() {
                if if_not_exists {
                    return Ok(());
                }
                return Err(at
                    .finding(
                        Level::Error,
                        format!("table `{name}` has a column `{}` already", column.name),
                    )
                    .advise("remove one of the two"));
            }
            table.columns.push(column);
            for key in keys {
                r.add_key(&mut table, key, at)?;
            }
            *r.table(name)? = table;
            Ok(())
        }
        Alter::AddConstraint { constraint, .. } => {
            let key = key(r, &constraint)?;
            let mut table = r.table(name)?.clone();
            r.add_key(&mut table, key, at)?;
            *r.table(name)? = table;
            Ok(())
        }
        Alter::DropColumn { column_names, .. } => {
            for ident in column_names {
                let column = r.name(&ident);
                r.drop_column(name, &column)?;
            }
            Ok(())
        }
        Alter::RenameColumn {
            old_column_name,
            new_column_name,
        } => {
            let (from, to) = (r.name(&old_column_name), r.name(&new_column_name));
            r.rename_column(name, &from, &to)
        }
        Alter::RenameTable {
            table_name: ast::RenameTableNameKind::As(to) | ast::RenameTableNameKind::To(to),
        } => {
            let to = r.table_name(&to);
            r.rename_table(name, &to)
        }
        Alter::ClusterBy { exprs } => {
            r.table(name)?.cluster_by = cluster_by(&exprs);
            Ok(())
        }
        Alter::DropClusteringKey => {
            r.table(name)?.cluster_by.clear();
            Ok(())
        }
        Alter::AlterColumn { column_name, op } => {
            let column = r.name(&column_name);
            let changed: (
                Option<(_, String)>,
                Option<bool>,
                Option<Option<DefaultValue>>,
            ) = match op {
                AlterColumnOperation::SetNotNull => (None, Some(true), None),
                AlterColumnOperation::DropNotNull => (None, Some(false), None),
                AlterColumnOperation::DropDefault => (None, None, Some(None)),
                AlterColumnOperation::SetDefault { value } => {
                    (None, None, Some(default(&value, &value.to_string())))
                }
                AlterColumnOperation::SetDataType { data_type, .. } => {
                    let ty = types::declared(&data_type, Dialect::Snowflake)
                        .map_err(|e| r.refused(&e))?;
                    (Some((ty, data_type.to_string())), None, None)
                }
                other => {
                    return Err(at
                        .finding(
                            Level::Error,
                            format!("ALTER COLUMN {other} is not supported"),
                        )
                        .advise("remove the statement"));
                }
            };
            let table = r.table(name)?;
            let Some(c) = table.column_mut(&column) else {
                return Err(missing(at, name, &column));
            };
            if let Some((ty, written)) = changed.0 {
                (c.ty, c.written) = (ty, written);
            }
            if let Some(not_null) = changed.1 {
                c.not_null = not_null;
            }
            if let Some(default) = changed.2 {
                c.default = default;
            }
            Ok(())
        }
        Alter::DropConstraint { .. }
        | Alter::DropPrimaryKey { .. }
        | Alter::DropForeignKey { .. } => {
            r.warn(
                at,
                "the constraint is not dropped: names of constraints are not kept",
                "remove the constraint where it is declared",
            );
            Ok(())
        }
        other => Err(at
            .finding(
                Level::Error,
                format!("ALTER TABLE {other} is not supported"),
            )
            .advise("remove the statement")),
    }
}
