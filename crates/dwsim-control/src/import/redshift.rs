//! Redshift's statements as changes of the tables read so far.
//! <https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html>, `r_ALTER_TABLE.html`

use dwsim_redshift::parse::{Action, Column, Constraint, CreateTable, Kind, Statement as S};
use dwsim_schema::Dialect;

use super::model::{ColumnDdl, ForeignDdl, Level, TableDdl};
use super::read::{Done, Key, Reader, column_of, default, missing};
use super::{names, query, types};

/// One statement.
pub(crate) fn statement(r: &mut Reader, text: &str) -> Done {
    let parsed = dwsim_redshift::parse::parse(text).map_err(|e| r.refused(&e))?;
    for one in parsed {
        apply(r, one.statement)?;
    }
    Ok(())
}

fn apply(r: &mut Reader, statement: S) -> Done {
    match statement {
        S::CreateTable(table) => create(r, *table),
        S::AlterTable(alter) => {
            let name = r.table_name(&alter.name);
            self::alter(r, &name, alter.action)
        }
        S::Drop { kind: Kind::Table, names, .. } => {
            for name in names {
                let name = r.table_name(&name);
                r.drop_table(&name);
            }
            Ok(())
        }
        S::Comment { kind: Kind::Table, name, text, .. } => {
            let name = r.table_name(&name);
            r.comment(&name, None, text)
        }
        S::Comment { kind: Kind::Column, name, text, .. } => match column_of(&name, Dialect::Redshift) {
            Some((table, column)) => r.comment(&table, Some(&column), text),
            None => Ok(()),
        },
        S::Unsupported(words) => Err(r
            .here()
            .finding(Level::Error, format!("{words} is not supported"))
            .advise("remove the statement; CREATE TABLE, ALTER TABLE, DROP TABLE and COMMENT are imported")),
        S::CreateView(_) => {
            r.note("a view is not imported: dwsim.toml has tables; create it in a test or after loading");
            Ok(())
        }
        S::Copy(_) | S::Dml(_) => {
            r.note("data are not imported: they are generated; `cargo dwsim learn` looks at samples");
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
    let name = r.table_name(&t.name).trim_start_matches('#').to_owned();
    let selected = match &t.query {
        Some(query) => {
            let columns = query::columns(query, &t.column_names, &r.tables, Dialect::Redshift, at);
            let Some(columns) = columns else {
                return Err(at
                    .finding(
                        Level::Error,
                        format!("CREATE TABLE `{name}` AS takes columns from a query whose types are not in this text"),
                    )
                    .advise(
                        "put the CREATE TABLE of the queried tables before it, or write the columns with their types; \
                         SHOW TABLE or pg_table_def has them",
                    ));
            };
            r.note("the query is left out: data are generated");
            columns
        }
        None => Vec::new(),
    };
    if t.temporary {
        r.warn(
            at,
            format!("`{name}` is a temporary table; it is imported as a lasting one"),
            "remove it if no test needs it",
        );
    }
    let mut table = TableDdl {
        name: name.clone(),
        at,
        columns: selected,
        ..TableDdl::default()
    };
    for like in &t.like {
        let parent = r.table_name(&like.table);
        let copy = r.copy_of(&parent, &name, false, like.defaults)?;
        // LIKE hands down distribution and sort keys as well
        table.columns.extend(copy.columns);
        table.distkey = table.distkey.or(copy.distkey);
        table.diststyle = table.diststyle.or(copy.diststyle);
        table.sortkey = copy.sortkey;
        table.interleaved = copy.interleaved;
    }
    let mut keys = Vec::new();
    for c in &t.columns {
        let (column, own) = column(r, c)?;
        if c.distkey {
            table.distkey = Some(column.name.clone());
        }
        if c.sortkey {
            table.sortkey.push(column.name.clone());
        }
        table.columns.push(column);
        keys.extend(own);
    }
    for constraint in &t.constraints {
        keys.push(key(r, constraint, None));
    }
    for key in keys {
        r.add_key(&mut table, key, at)?;
    }
    attributes(r, &mut table, &t.attributes)?;
    r.declare(table, false, t.if_not_exists)
}

fn attributes(r: &mut Reader, table: &mut TableDdl, a: &dwsim_redshift::parse::Attributes) -> Done {
    let at = r.here();
    if let Some(style) = &a.diststyle {
        table.diststyle = Some(style.clone());
        if style != "key" {
            table.distkey = table.distkey.take().filter(|_| a.distkey.is_some());
        }
    }
    if let Some(key) = &a.distkey {
        let key = r.name(key);
        if table.column(&key).is_none() {
            return Err(missing(at, &table.name, &key));
        }
        table.distkey = Some(key);
    }
    if let Some(keys) = &a.sortkey {
        table.sortkey = r.idents(keys);
        if let Some(key) = table.sortkey.iter().find(|k| table.column(k).is_none()) {
            return Err(missing(at, &table.name, key));
        }
        table.interleaved = a.interleaved;
    }
    if a.sort_style.is_some() {
        table.sortkey.clear();
        table.interleaved = false;
    }
    Ok(())
}

fn column(r: &mut Reader, c: &Column) -> Result<(ColumnDdl, Vec<Key>), super::Finding> {
    let name = r.name(&c.name);
    let at = r.ident_at(&c.name);
    let ty = types::declared(&c.data_type, Dialect::Redshift).map_err(|e| {
        let mut finding = r.refused(&e);
        (finding.line, finding.column) = (at.line, at.column);
        finding
    })?;
    let mut column = ColumnDdl::new(name.clone(), at, ty, c.data_type.to_string());
    column.not_null = c.not_null;
    column.identity = c.identity.map(|(start, step, _)| (start, step));
    column.encode = c.encode.as_ref().map(|e| e.to_lowercase());
    column.default = c
        .default
        .as_ref()
        .and_then(|(expr, text)| default(expr, text));
    if let Some(collate) = c
        .collate
        .as_deref()
        .filter(|c| *c != "case_sensitive" && *c != "cs")
    {
        r.warn(
            at,
            format!("COLLATE {collate} of column `{name}` is left out"),
            "texts compare with their case",
        );
    }
    let keys = c
        .constraints
        .iter()
        .map(|k| key(r, k, Some(&name)))
        .collect();
    Ok((column, keys))
}

fn key(r: &mut Reader, c: &Constraint, column: Option<&str>) -> Key {
    let at = c.columns.first().map_or(r.here(), |i| r.ident_at(i));
    let columns = match column {
        Some(name) => vec![name.to_owned()],
        None => r.idents(&c.columns),
    };
    match (c.kind, &c.references) {
        (_, Some((table, referred))) => Key::Foreign(ForeignDdl {
            columns,
            table: names::last(table, Dialect::Redshift).0,
            referred: r.idents(referred),
            at,
        }),
        ("PRIMARY KEY", _) => Key::Primary(columns),
        _ => Key::Unique(columns),
    }
}

fn alter(r: &mut Reader, name: &str, action: Action) -> Done {
    let at = r.here();
    match action {
        Action::AddColumn(c) => {
            let (column, keys) = column(r, &c)?;
            let mut table = r.table(name)?.clone();
            if table.column(&column.name).is_some() {
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
        Action::AddConstraint(c) => {
            let key = key(r, &c, None);
            let mut table = r.table(name)?.clone();
            r.add_key(&mut table, key, at)?;
            *r.table(name)? = table;
            Ok(())
        }
        Action::DropColumn { column, .. } => {
            let column = r.name(&column);
            r.drop_column(name, &column)
        }
        Action::RenameColumn(from, to) => {
            let (from, to) = (r.name(&from), r.name(&to));
            r.rename_column(name, &from, &to)
        }
        Action::Rename(to) => {
            let to = r.name(&to);
            r.rename_table(name, &to)
        }
        Action::ColumnType(ident, ty) => {
            let column = r.name(&ident);
            let written = ty.to_string();
            let ty = types::declared(&ty, Dialect::Redshift).map_err(|e| r.refused(&e))?;
            match r.table(name)?.column_mut(&column) {
                Some(c) => {
                    c.ty = ty;
                    c.written = written;
                    Ok(())
                }
                None => Err(missing(at, name, &column)),
            }
        }
        Action::Encode(list) => {
            for (ident, encode) in list {
                let column = r.name(&ident);
                match r.table(name)?.column_mut(&column) {
                    Some(c) => c.encode = Some(encode.to_lowercase()),
                    None => return Err(missing(at, name, &column)),
                }
            }
            Ok(())
        }
        Action::Attributes(a) => {
            let mut table = r.table(name)?.clone();
            attributes(r, &mut table, &a)?;
            *r.table(name)? = table;
            Ok(())
        }
        Action::DropConstraint(constraint) => {
            r.warn(
                at,
                format!(
                    "constraint `{}` is not dropped: names of constraints are not kept",
                    constraint.value
                ),
                "remove the constraint where it is declared",
            );
            Ok(())
        }
        Action::Owner(_)
        | Action::AutoRefresh(_)
        | Action::EncodeAuto
        | Action::RowSecurity { .. }
        | Action::Property(..) => {
            r.note("the statement changes nothing that dwsim.toml has");
            Ok(())
        }
        Action::Append { .. } => {
            r.note("data are not imported: they are generated");
            Ok(())
        }
        Action::Unsupported(words) => Err(at
            .finding(Level::Error, format!("{words} is not supported"))
            .advise("remove the statement")),
    }
}
