//! Values outside of statements: expressions of blocks, conversions of their values, types of columns.
//! Statements are in the files beside this one.

use std::sync::Arc;

use arrow::array::ArrayRef;
use datafusion::common::Column;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, Operator};
use datafusion::scalar::ScalarValue;
use sqlparser::ast;

use super::Session;
use crate::error::{ErrorKind, Result};
use crate::exec::{Execution, constant, over_column};
use crate::functions::Typed;
use crate::plan::CastMode;
use crate::scripting::SourceForm;
use crate::types::SqlType;

fn literal(value: ScalarValue, ty: SqlType) -> Typed {
    Typed::new(Expr::Literal(value, None), ty)
}

/// Whether an expression needs a plan: it has a query in it.
fn needs_plan(e: &Expr) -> Result<bool> {
    let mut found = false;
    e.apply(|e| {
        found |= matches!(
            e,
            Expr::ScalarSubquery(_)
                | Expr::InSubquery(_)
                | Expr::Exists(_)
                | Expr::SetComparison(_)
        );
        Ok(if found {
            TreeNodeRecursion::Stop
        } else {
            TreeNodeRecursion::Continue
        })
    })?;
    Ok(found)
}

impl Session {
    /// What bounds a run of several statements that starts now.
    pub fn execution(&self) -> Execution {
        self.bounds()
    }

    /// The value of an expression, as a literal.
    ///
    /// # Errors
    /// What binding or computing it gives.
    pub async fn evaluate(&mut self, form: &SourceForm) -> Result<Typed> {
        self.evaluate_with(form, &[]).await
    }

    /// The same, with values for its placeholders.
    ///
    /// # Errors
    /// What binding or computing it gives.
    pub async fn evaluate_with(&mut self, form: &SourceForm, values: &[Typed]) -> Result<Typed> {
        let e = match form {
            SourceForm::Expr(e) => e,
            SourceForm::Query(q) => {
                let (columns, batches) = self.run_query(q, values).await?.collect().await?;
                let ty = columns.first().map_or(SqlType::Null, |c| c.ty.clone());
                let Some(batch) = batches.iter().find(|b| b.num_rows() > 0) else {
                    return Ok(literal(ScalarValue::try_from(&ty.arrow())?, ty));
                };
                return Ok(literal(
                    ScalarValue::try_from_array(batch.column(0), 0)?,
                    ty,
                ));
            }
        };
        let view = self.view()?;
        let env = self.env();
        let (bound, rows) = {
            let variables = self.variables.clone();
            let lookup = move |n: &str| variables.get(n).cloned();
            let mut binder = self.binder(env, &view, values);
            binder.variables = Some(&lookup);
            let bound = binder.expr(e)?;
            (bound, binder.scanned_rows)
        };
        if bound.literal().is_some() {
            return Ok(bound);
        }
        if !needs_plan(&bound.expr)? {
            return Ok(literal(constant(&bound.expr)?, bound.ty));
        }
        let plan = LogicalPlanBuilder::empty(true)
            .project(vec![bound.expr.alias("value")])?
            .build()?;
        let bounds = self.bounds();
        let engine = Arc::clone(self.engine());
        let batches = engine.executor.collect(&plan, rows, &bounds).await?;
        let value = match batches.iter().find(|b| b.num_rows() > 0) {
            Some(b) => ScalarValue::try_from_array(b.column(0), 0)?,
            None => ScalarValue::try_from(&bound.ty.arrow())?,
        };
        Ok(literal(value, bound.ty))
    }

    /// A literal as another type, as an assignment converts it.
    ///
    /// # Errors
    /// When there is no such conversion, or the value does not fit.
    pub fn convert(&mut self, value: &Typed, to: &SqlType) -> Result<Typed> {
        if value.ty == *to {
            return Ok(value.clone());
        }
        let view = self.view()?;
        let env = self.env();
        let binder = self.binder(env, &view, &[]);
        let cast = binder.cast(value.clone(), to, CastMode::Implicit)?;
        if cast.literal().is_some() {
            return Ok(cast);
        }
        Ok(literal(constant(&cast.expr)?, to.clone()))
    }

    /// A column as another type.
    ///
    /// # Errors
    /// When there is no such conversion, or a value does not fit.
    pub fn convert_column(
        &mut self,
        values: &ArrayRef,
        from: &SqlType,
        to: &SqlType,
    ) -> Result<ArrayRef> {
        let view = self.view()?;
        let env = self.env();
        let binder = self.binder(env, &view, &[]);
        let column = Typed::new(Expr::Column(Column::from_name("value")), from.clone());
        let cast = binder.cast(column, to, CastMode::Implicit)?;
        over_column(&cast.expr, values)
    }

    /// A literal as text; None for NULL.
    ///
    /// # Errors
    /// For types without a text form.
    pub fn text_of(&mut self, value: &Typed) -> Result<Option<String>> {
        let text = self.convert(value, &SqlType::text())?;
        Ok(match text.literal() {
            Some(ScalarValue::Utf8(s)) => s.clone(),
            _ => None,
        })
    }

    /// Whether two literals are equal, as SQL compares them; NULL equals nothing.
    ///
    /// # Errors
    /// When their types cannot be compared.
    pub fn equal(&mut self, a: &Typed, b: &Typed) -> Result<bool> {
        let view = self.view()?;
        let env = self.env();
        let mut binder = self.binder(env, &view, &[]);
        let equal = binder.compare(Operator::Eq, a.clone(), b.clone())?;
        Ok(constant(&equal.expr)? == ScalarValue::Boolean(Some(true)))
    }

    /// Names and NULLs of a table's columns: a row type.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownObject`].
    pub fn row_type(&mut self, name: &ast::ObjectName) -> Result<Vec<(String, Typed)>> {
        let (_, object) = self.relation(name)?;
        let columns: Vec<(String, SqlType)> = match object {
            crate::catalog::Object::Table(t) => t
                .def
                .columns
                .iter()
                .map(|c| (c.name.clone(), c.ty.clone()))
                .collect(),
            crate::catalog::Object::View(v) => v
                .columns
                .iter()
                .map(|c| (c.name.clone(), c.ty.clone()))
                .collect(),
            _ => Vec::new(),
        };
        columns
            .into_iter()
            .map(|(n, ty)| {
                let v = ScalarValue::try_from(&ty.arrow())?;
                Ok((n, literal(v, ty)))
            })
            .collect()
    }

    /// The type of `table.column`.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownObject`], [`ErrorKind::UnknownColumn`].
    pub fn column_type(&mut self, path: &[ast::Ident]) -> Result<SqlType> {
        let Some((column, table)) = path.split_last() else {
            return Err(ErrorKind::UnknownColumn(String::new()).into());
        };
        let folded = self.dialect().fold(column);
        if table.is_empty() {
            return Err(ErrorKind::UnknownColumn(folded).into());
        }
        let fields = self.row_type(&ast::ObjectName::from(table.to_vec()))?;
        fields
            .into_iter()
            .find(|(n, _)| *n == folded)
            .map(|(_, v)| v.ty)
            .ok_or_else(|| ErrorKind::UnknownColumn(folded).into())
    }
}
