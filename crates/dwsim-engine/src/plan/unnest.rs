//! Arrays and objects as relations: a row for each element.
//! Which clause of which dialect asks for it is `from`'s and the dialects' affair.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::common::{Column, UnnestOptions};
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use sqlparser::ast;

use super::{Binder, Relation, ScopeColumn};
use crate::dialect::DialectName;
use crate::error::{Result, SqlError};
use crate::types::SqlType;

impl Binder<'_> {
    /// Joins the rows of a list column to the relation it is computed from: one row per element.
    /// `list` is an expression of Arrow type List<Struct<fields…>> over `left`; `fields` name and type its members.
    ///
    /// # Errors
    /// When DataFusion refuses the plan.
    pub fn unnest(
        &mut self,
        left: Option<Relation>,
        list: Expr,
        fields: &[(&str, SqlType)],
        outer: bool,
    ) -> Result<Relation> {
        let left = match left {
            Some(l) => l,
            None => Relation {
                plan: LogicalPlanBuilder::empty(true).build()?,
                columns: vec![],
            },
        };
        let column = self.fresh("unnest");
        let mut exprs: Vec<Expr> = left
            .columns
            .iter()
            .map(|c| Expr::Column(c.internal.clone()))
            .collect();
        exprs.push(list.alias(&column));
        let options = UnnestOptions::new().with_preserve_nulls(outer);
        let plan = LogicalPlanBuilder::from(left.plan)
            .project(exprs)?
            .unnest_column_with_options(Column::from_name(&column), options)?;
        // The element is a struct column of the same name; its fields become columns.
        let mut exprs: Vec<Expr> = left
            .columns
            .iter()
            .map(|c| Expr::Column(c.internal.clone()))
            .collect();
        let mut columns = left.columns;
        for (name, ty) in fields {
            let internal = self.fresh(name);
            exprs.push(get_field(Expr::Column(Column::from_name(&column)), *name).alias(&internal));
            columns.push(ScopeColumn {
                qualifier: vec![],
                name: match self.env.dialect {
                    DialectName::Snowflake => name.to_uppercase(),
                    DialectName::Redshift => (*name).to_owned(),
                },
                internal: Column::from_name(internal),
                ty: ty.clone(),
                nullable: true,
                origin: None,
                hidden: false,
            });
        }
        let plan = plan.project(exprs)?.build()?;
        Ok(Relation { plan, columns })
    }

    /// `FROM t, t.items AS i [AT pos]` and `FROM t, UNPIVOT t.obj AS v AT k`.
    pub(super) fn unnest_path(
        &mut self,
        f: &ast::TableFactor,
        left: Relation,
        outer: bool,
    ) -> Result<Option<Relation>> {
        let (path, alias, unpivot, at) = match f {
            ast::TableFactor::Table {
                name,
                args: None,
                alias,
                json_path,
                ..
            } => {
                let mut e = match name
                    .0
                    .iter()
                    .map(|p| p.as_ident().cloned())
                    .collect::<Option<Vec<_>>>()
                {
                    Some(ids) if ids.len() > 1 || json_path.is_some() => {
                        ast::Expr::CompoundIdentifier(ids)
                    }
                    Some(ids) => {
                        let [one] = ids.as_slice() else {
                            return Ok(None);
                        };
                        let folded = self.dialect.fold(one);
                        // A bare name is a column only when no table has it.
                        if !left
                            .columns
                            .iter()
                            .any(|c| c.name == folded && c.ty.is_semi())
                        {
                            return Ok(None);
                        }
                        ast::Expr::Identifier(one.clone())
                    }
                    None => return Ok(None),
                };
                if let Some(path) = json_path {
                    e = ast::Expr::JsonAccess {
                        value: Box::new(e),
                        path: path.clone(),
                    };
                }
                let at = alias.as_ref().and_then(|a| a.at.clone());
                (e, alias.as_ref().map(|a| a.name.clone()), false, at)
            }
            ast::TableFactor::UnpivotExpr {
                expression,
                value_alias,
                attribute_alias,
            } => (
                expression.clone(),
                Some(value_alias.clone()),
                true,
                attribute_alias.clone(),
            ),
            _ => return Ok(None),
        };
        let saved = std::mem::replace(&mut self.scope().columns, left.columns.clone());
        let bound = self.expr(&path);
        self.scope().columns = saved;
        let value = match bound {
            Ok(v) if v.ty.is_semi() => v,
            Ok(_) | Err(_) if !unpivot => return Ok(None),
            Ok(_) => return Err(SqlError::raw("", "42804", "UNPIVOT needs a SUPER value")),
            Err(e) => return Err(e),
        };
        let n = left.columns.len();
        let (kernel, fields): (crate::functions::Kernel, Vec<(&'static str, SqlType)>) = if unpivot
        {
            (
                crate::kernels::semi::unpivot_object,
                crate::kernels::semi::unpivot_columns(),
            )
        } else {
            (
                crate::kernels::semi::unnest,
                crate::kernels::semi::unnest_columns(),
            )
        };
        let ty = list_of(&fields);
        let list = crate::functions::list_expr("unnest", kernel, vec![value], ty, &self.env);
        let mut r = self.unnest(Some(left), list, &fields, outer)?;
        let alias = alias.map(|a| self.dialect.fold(&a));
        let at = at.map(|a| self.dialect.fold(&a));
        for (i, c) in r.columns[n..].iter_mut().enumerate() {
            match i {
                0 => {
                    c.name = alias.clone().unwrap_or_else(|| "value".into());
                }
                _ => match &at {
                    Some(a) => c.name.clone_from(a),
                    None => c.hidden = true,
                },
            }
        }
        Ok(Some(r))
    }
}

/// The Arrow type of a list of structs with these fields.
pub(crate) fn list_of(fields: &[(&str, SqlType)]) -> DataType {
    let fields: Vec<Field> = fields
        .iter()
        .map(|(n, t)| Field::new(*n, t.arrow(), true))
        .collect();
    DataType::List(Arc::new(Field::new_list_field(
        DataType::Struct(fields.into()),
        true,
    )))
}
