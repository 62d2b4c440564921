//! ALTER TABLE: columns through the engine, Redshift's attributes on the definition.
//! Reading the clauses is left to `parse::table`.

use std::sync::Arc;

use dwsim_engine::catalog::{Object, ObjectKind, TableDef, ViewDef};
use dwsim_engine::dialect::Dialect;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::session::name_constraints;
use dwsim_engine::types::SqlType;
use sqlparser::ast;
use sqlparser::ast::helpers::attached_token::AttachedToken;

use super::follow::Change;
use super::materialized::MATERIALIZED;
use super::outcome::Outcome;
use super::session::RedshiftSession;
use super::tables::encoding;
use crate::parse::{Action, AlterTable};

fn altered() -> Outcome {
    Outcome::Done("ALTER TABLE".into())
}

/// The columns of a table, each with its name now.
fn column_names(def: &TableDef, now: impl Fn(&str) -> String) -> Vec<(String, String)> {
    (def.columns.iter())
        .map(|c| (c.name.clone(), now(&c.name)))
        .collect()
}

impl RedshiftSession {
    pub(super) async fn alter_table(&mut self, a: &AlterTable, text: &str) -> Result<Outcome> {
        match &a.action {
            Action::Rename(to) => {
                let (name, object) = self.engine.relation(&a.name)?;
                if matches!(&object, Object::Table(t) if t.def.properties.contains_key(MATERIALIZED))
                {
                    return Err(SqlError::raw(
                        "",
                        "0A000",
                        format!("materialized view \"{}\" cannot be renamed", name.name),
                    ));
                }
                let new = dwsim_engine::catalog::ObjectName {
                    name: self.fold(to),
                    ..name.clone()
                };
                self.atomically(async |s| {
                    let views = s.dependents(&name)?;
                    s.engine
                        .rename_relation(&name, &ast::ObjectName::from(vec![to.clone()]))?;
                    s.follow(&views, &name, Change::Renamed(&new.name))?;
                    s.move_grants(&name, Some(&new))
                })
                .await?;
                Ok(altered())
            }
            Action::Owner(owner) => self.relation_owner(&a.name, owner),
            Action::AddColumn(c) => {
                let def = self.column(c)?;
                if def.not_null && c.default.is_none() {
                    return Err(SqlError::raw(
                        "",
                        "0A000",
                        "ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression",
                    ));
                }
                let mut options = Vec::new();
                if let Some((e, _)) = &c.default {
                    options.push(ast::ColumnOption::Default(e.clone()));
                }
                if c.not_null {
                    options.push(ast::ColumnOption::NotNull);
                }
                let op = ast::AlterTableOperation::AddColumn {
                    column_keyword: true,
                    if_not_exists: false,
                    column_def: ast::ColumnDef {
                        name: c.name.clone(),
                        data_type: c.data_type.clone(),
                        options: options
                            .into_iter()
                            .map(|option| ast::ColumnOptionDef { name: None, option })
                            .collect(),
                    },
                    column_position: None,
                };
                self.atomically(async |s| {
                    let (table, entry) = s.engine.table(&a.name)?;
                    let views = s.dependents(&table)?;
                    s.operation(&a.name, op, text).await?;
                    let columns = column_names(&entry.def, |c| c.to_owned());
                    s.follow(&views, &table, Change::Columns(&columns))?;
                    s.define(&a.name, |t| {
                        if let Some(i) = t.index_of(&def.name) {
                            t.columns[i].properties = def.properties.clone();
                            t.columns[i].default.clone_from(&def.default);
                        }
                        Ok(())
                    })
                })
                .await
            }
            Action::DropColumn { column, cascade } => {
                let (_, entry) = self.engine.table(&a.name)?;
                let name = self.fold(column);
                let key = |p: &str| {
                    entry
                        .def
                        .properties
                        .get(p)
                        .is_some_and(|v| v.split(',').any(|c| c == name))
                };
                if key("distkey") || key("sortkey") {
                    return Err(SqlError::raw(
                        "",
                        "0A000",
                        format!("cannot drop distkey or sortkey column \"{name}\""),
                    ));
                }
                let op = ast::AlterTableOperation::DropColumn {
                    has_column_keyword: true,
                    column_names: vec![column.clone()],
                    if_exists: false,
                    drop_behavior: cascade.then_some(ast::DropBehavior::Cascade),
                };
                self.atomically(async |s| {
                    let (table, _) = s.engine.table(&a.name)?;
                    let views = s.dependents(&table)?;
                    let done = s.operation(&a.name, op, text).await?;
                    s.drop_broken(
                        &views,
                        &format!("table {} column {name}", table.name),
                        *cascade,
                    )?;
                    Ok(done)
                })
                .await
            }
            Action::RenameColumn(from, to) => {
                let (old, new) = (self.fold(from), self.fold(to));
                let op = ast::AlterTableOperation::RenameColumn {
                    old_column_name: from.clone(),
                    new_column_name: to.clone(),
                };
                self.atomically(async |s| {
                    let (table, entry) = s.engine.table(&a.name)?;
                    let views = s.dependents(&table)?;
                    s.operation(&a.name, op, text).await?;
                    let columns = column_names(&entry.def, |c| match c == old {
                        true => new.clone(),
                        false => c.to_owned(),
                    });
                    s.follow(&views, &table, Change::Columns(&columns))?;
                    s.define(&a.name, |t| {
                        for key in ["distkey", "sortkey"] {
                            if let Some(v) = t.properties.get_mut(key) {
                                let names: Vec<&str> = v
                                    .split(',')
                                    .map(|c| if c == old { new.as_str() } else { c })
                                    .collect();
                                *v = names.join(",");
                            }
                        }
                        Ok(())
                    })
                })
                .await
            }
            Action::ColumnType(column, ty) => self.column_type(a, column, ty, text).await,
            Action::Encode(encodings) => {
                let folded = encodings
                    .iter()
                    .map(|(c, e)| Ok((self.fold(c), encoding(e)?)))
                    .collect::<Result<Vec<_>>>()?;
                self.define(&a.name, |t| {
                    for (column, encoding) in &folded {
                        let i = t
                            .index_of(column)
                            .ok_or_else(|| ErrorKind::UnknownColumn(column.clone()))?;
                        t.columns[i]
                            .properties
                            .insert("encode".into(), encoding.clone());
                    }
                    Ok(())
                })
            }
            Action::EncodeAuto => self.define(&a.name, |t| {
                t.properties.insert("encode auto".into(), "true".into());
                Ok(())
            }),
            Action::Attributes(attributes) => {
                let (name, entry) = self.engine.table(&a.name)?;
                let mut def = TableDef::clone(&entry.def);
                self.keep_attributes(&mut def, attributes, &[], None)?;
                self.replace_def(&name, &entry, def)?;
                Ok(altered())
            }
            Action::AddConstraint(c) => {
                let constraint = self.constraint(c);
                let (name, _) = self.engine.table(&a.name)?;
                self.define(&a.name, |t| {
                    for n in &constraint.columns {
                        if t.index_of(n).is_none() {
                            return Err(ErrorKind::UnknownColumn(n.clone()).into());
                        }
                    }
                    if constraint.kind == "PRIMARY KEY"
                        && t.constraints.iter().any(|k| k.kind == "PRIMARY KEY")
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
                    t.constraints.push(constraint.clone());
                    name_constraints(&name.name, &mut t.constraints);
                    Ok(())
                })
            }
            Action::DropConstraint(c) => {
                let constraint = self.fold(c);
                self.define(&a.name, |t| {
                    let before = t.constraints.len();
                    t.constraints.retain(|k| k.name != constraint);
                    if t.constraints.len() == before {
                        return Err(SqlError::raw(
                            "",
                            "42704",
                            format!("constraint \"{constraint}\" does not exist"),
                        ));
                    }
                    Ok(())
                })
            }
            Action::Append {
                from,
                ignore_extra,
                fill_target,
            } => self.append_from(a, from, *ignore_extra, *fill_target).await,
            Action::AutoRefresh(on) => self.define(&a.name, |t| {
                if !t.properties.contains_key(MATERIALIZED) {
                    return Err(SqlError::raw(
                        "",
                        "42809",
                        "AUTO REFRESH is for materialized views",
                    ));
                }
                let value = if *on { "yes" } else { "no" };
                t.properties
                    .insert(super::AUTO_REFRESH.into(), value.into());
                Ok(())
            }),
            Action::RowSecurity { on, conjunction } => {
                self.needs_security_admin("row-level security")?;
                self.define(&a.name, |t| {
                    t.properties.insert(
                        super::policies::ROW_SECURITY.into(),
                        if *on { "on" } else { "off" }.into(),
                    );
                    match conjunction {
                        Some(c) => t
                            .properties
                            .insert(super::policies::CONJUNCTION.into(), c.clone()),
                        None => t.properties.remove(super::policies::CONJUNCTION),
                    };
                    Ok(())
                })
            }
            Action::Property(name, value) => self.define(&a.name, |t| {
                t.properties.insert(name.clone(), value.clone());
                Ok(())
            }),
            Action::Unsupported(what) => Err(SqlError::unsupported(what.clone())),
        }
    }

    /// An operation that the engine does.
    async fn operation(
        &mut self,
        name: &ast::ObjectName,
        op: ast::AlterTableOperation,
        text: &str,
    ) -> Result<Outcome> {
        let statement = ast::Statement::AlterTable(ast::AlterTable {
            name: name.clone(),
            if_exists: false,
            only: false,
            operations: vec![op],
            location: None,
            on_cluster: None,
            table_type: None,
            end_token: AttachedToken::empty(),
        });
        self.common(&statement, text, &[]).await?;
        Ok(altered())
    }

    /// A change of a table's definition that leaves its rows alone.
    fn define(
        &mut self,
        name: &ast::ObjectName,
        change: impl FnOnce(&mut TableDef) -> Result<()>,
    ) -> Result<Outcome> {
        let (name, entry) = self.engine.table(name)?;
        let mut def = TableDef::clone(&entry.def);
        change(&mut def)?;
        self.replace_def(&name, &entry, def)?;
        Ok(altered())
    }

    /// ALTER COLUMN TYPE only makes VARCHAR longer or shorter (r_ALTER_TABLE).
    async fn column_type(
        &mut self,
        a: &AlterTable,
        column: &ast::Ident,
        ty: &ast::DataType,
        text: &str,
    ) -> Result<Outcome> {
        let (_, entry) = self.engine.table(&a.name)?;
        let name = self.fold(column);
        let i = entry
            .def
            .index_of(&name)
            .ok_or_else(|| ErrorKind::UnknownColumn(name.clone()))?;
        let to = self.rules.data_type(ty)?;
        let from = &entry.def.columns[i].ty;
        if !matches!((from, &to), (SqlType::Varchar(_), SqlType::Varchar(_))) {
            return Err(SqlError::raw(
                "",
                "0A000",
                format!(
                    "cannot alter column \"{name}\" of relation \"{}\", target data type is different",
                    a.name
                ),
            ));
        }
        if self.in_block() {
            return Err(SqlError::raw(
                "",
                "25001",
                "ALTER TABLE ALTER COLUMN cannot run inside a transaction block",
            ));
        }
        let op = ast::AlterTableOperation::AlterColumn {
            column_name: column.clone(),
            op: ast::AlterColumnOperation::SetDataType {
                data_type: ty.clone(),
                using: None,
                had_set: false,
            },
        };
        self.operation(&a.name, op, text).await
    }

    pub(super) fn relation_owner(
        &mut self,
        name: &ast::ObjectName,
        owner: &ast::Ident,
    ) -> Result<Outcome> {
        let owner = owner.value.to_lowercase();
        let (name, object) = self.engine.relation(name)?;
        match object {
            Object::Table(entry) => {
                let mut def = TableDef::clone(&entry.def);
                def.owner = owner;
                self.replace_def(&name, &entry, def)?;
            }
            Object::View(view) => {
                let next = Arc::new(ViewDef {
                    owner,
                    ..ViewDef::clone(&view)
                });
                self.engine.change(|t| {
                    t.set_object(
                        ObjectKind::Relation,
                        &name,
                        Some(Object::View(Arc::clone(&next))),
                    )
                })?;
            }
            _ => {}
        }
        Ok(altered())
    }

    /// Moves all rows of a table to the end of another one with the same columns.
    async fn append_from(
        &mut self,
        a: &AlterTable,
        from: &ast::ObjectName,
        ignore_extra: bool,
        fill_target: bool,
    ) -> Result<Outcome> {
        if self.in_block() {
            return Err(SqlError::raw(
                "",
                "25001",
                "ALTER TABLE APPEND cannot run inside a transaction block",
            ));
        }
        let (target_name, target) = self.engine.table(&a.name)?;
        let (source_name, source) = self.engine.table(from)?;
        let mut given = Vec::new();
        let mut taken = Vec::new();
        for (i, c) in source.def.columns.iter().enumerate() {
            match target.def.index_of(&c.name) {
                Some(at) if target.def.columns[at].ty == c.ty => {
                    given.push(at);
                    taken.push(i);
                }
                Some(_) => {
                    return Err(SqlError::raw(
                        "",
                        "42804",
                        format!("column \"{}\" has different types", c.name),
                    ));
                }
                None if ignore_extra => {}
                None => {
                    return Err(SqlError::raw(
                        "",
                        "42703",
                        format!(
                            "column \"{}\" does not exist in the target table (use IGNOREEXTRA)",
                            c.name
                        ),
                    ));
                }
            }
        }
        if given.len() < target.def.columns.len() && !fill_target {
            return Err(SqlError::raw(
                "",
                "42703",
                "the target table has columns that the source table lacks (use FILLTARGET)",
            ));
        }
        let types: Vec<SqlType> = taken
            .iter()
            .map(|i| source.def.columns[*i].ty.clone())
            .collect();
        let batches = source
            .data
            .batches
            .iter()
            .map(|b| Ok(b.project(&taken)?))
            .collect::<Result<Vec<_>>>()?;
        let empty =
            dwsim_engine::catalog::TableData::new(Arc::clone(&source.data.schema), Vec::new());
        self.atomically(async |s| {
            let rows = s
                .engine
                .complete_rows(&target_name, &given, &types, batches)
                .await?;
            s.engine.append(&target_name, &rows)?;
            let next = Arc::new(source.with_data(empty));
            s.engine.change(|t| {
                t.set_object(
                    ObjectKind::Relation,
                    &source_name,
                    Some(Object::Table(Arc::clone(&next))),
                )
            })
        })
        .await?;
        Ok(altered())
    }
}
