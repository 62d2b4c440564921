//! UNION, INTERSECT, EXCEPT and MINUS, by position and by name.
//! Column types are unified by the dialect's rule before DataFusion sees them.

use datafusion::common::Column;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use sqlparser::ast::{self, SetOperator, SetQuantifier};

use super::{Binder, CastMode, Relation, ScopeColumn};
use crate::error::{ErrorKind, Result, SqlError};
use crate::types::SqlType;

/// How many queries a chain of set operations has.
fn branches(e: &ast::SetExpr) -> usize {
    match e {
        ast::SetExpr::SetOperation { left, right, .. } => branches(left) + branches(right),
        _ => 1,
    }
}

impl Binder<'_> {
    pub(crate) fn set_operation(
        &mut self,
        op: SetOperator,
        quantifier: SetQuantifier,
        left: &ast::SetExpr,
        right: &ast::SetExpr,
    ) -> Result<Relation> {
        let l = self.set_expr(left)?;
        let r = self.set_expr(right)?;
        let by_name = matches!(
            quantifier,
            SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName
        );
        let all = matches!(quantifier, SetQuantifier::All | SetQuantifier::AllByName);
        let (l, r) = if by_name { self.align(l, r)? } else { (l, r) };
        if l.columns.len() != r.columns.len() {
            return Err(match self.env.dialect {
                crate::dialect::DialectName::Redshift => SqlError::raw(
                    "",
                    "42601",
                    format!("each {op} query must have the same number of columns"),
                ),
                crate::dialect::DialectName::Snowflake => SqlError::raw(
                    "001789",
                    "42601",
                    format!(
                        "SQL compilation error:\ninvalid number of result columns for set operator input branches, expected {}, got {} in branch {}",
                        l.columns.len(),
                        r.columns.len(),
                        branches(left) + 1
                    ),
                ),
            });
        }
        let mut types = Vec::new();
        for (a, b) in l.columns.iter().zip(&r.columns) {
            let ty = self.dialect.common_type(&a.ty, &b.ty).ok_or_else(|| {
                SqlError::new(ErrorKind::ArgumentTypes {
                    function: op.to_string(),
                    arguments: vec![self.type_name(&a.ty), self.type_name(&b.ty)],
                })
            })?;
            types.push(ty);
        }
        let (left_plan, columns) = self.as_types(l, &types)?;
        let (right_plan, _) = self.as_types(r, &types)?;
        let plan = match op {
            SetOperator::Union => {
                let u = LogicalPlanBuilder::from(left_plan).union(right_plan)?;
                if all {
                    u.build()?
                } else {
                    let plan = u.build()?;
                    let columns: Vec<ScopeColumn> = columns
                        .iter()
                        .zip(plan.schema().columns())
                        .map(|(c, internal)| ScopeColumn {
                            internal,
                            ..c.clone()
                        })
                        .collect();
                    self.distinct(plan, &columns)?
                }
            }
            _ if types.iter().any(|t| t.collation().is_some()) => {
                return Err(SqlError::unsupported(format!(
                    "{op} of texts with a collation"
                )));
            }
            SetOperator::Intersect => LogicalPlanBuilder::intersect(left_plan, right_plan, all)?,
            SetOperator::Except | SetOperator::Minus => {
                LogicalPlanBuilder::except(left_plan, right_plan, all)?
            }
        };
        let columns = columns
            .into_iter()
            .zip(plan.schema().columns())
            .map(|(c, internal)| ScopeColumn { internal, ..c })
            .collect();
        Ok(Relation { plan, columns })
    }

    /// The relation's visible columns as the given types, under fresh names.
    pub(crate) fn as_types(
        &mut self,
        r: Relation,
        types: &[SqlType],
    ) -> Result<(LogicalPlan, Vec<ScopeColumn>)> {
        let mut exprs = Vec::with_capacity(types.len());
        let mut columns = Vec::with_capacity(types.len());
        for (c, ty) in r.columns.into_iter().zip(types) {
            let t = self.cast(c.typed(), ty, CastMode::Implicit)?;
            let internal = self.fresh(&c.name);
            exprs.push(t.expr.alias(&internal));
            columns.push(ScopeColumn {
                qualifier: vec![],
                name: c.name,
                internal: Column::from_name(internal),
                ty: ty.clone(),
                nullable: true,
                origin: None,
                hidden: false,
            });
        }
        Ok((
            LogicalPlanBuilder::from(r.plan).project(exprs)?.build()?,
            columns,
        ))
    }

    /// Both sides with all names of both, in the order of the left side; what a side lacks is NULL there.
    fn align(&mut self, l: Relation, r: Relation) -> Result<(Relation, Relation)> {
        let mut names: Vec<String> = l.columns.iter().map(|c| c.name.clone()).collect();
        for c in &r.columns {
            if !names.contains(&c.name) {
                names.push(c.name.clone());
            }
        }
        let mut side = |rel: Relation| -> Result<Relation> {
            let mut exprs = Vec::new();
            let mut columns = Vec::new();
            for name in &names {
                let have = rel.columns.iter().find(|c| &c.name == name);
                let t = match have {
                    Some(c) => c.typed(),
                    None => self.null(&SqlType::Null)?,
                };
                let internal = self.fresh(name);
                exprs.push(t.expr.alias(&internal));
                columns.push(ScopeColumn {
                    qualifier: vec![],
                    name: name.clone(),
                    internal: Column::from_name(internal),
                    ty: t.ty,
                    nullable: true,
                    origin: None,
                    hidden: false,
                });
            }
            Ok(Relation {
                plan: LogicalPlanBuilder::from(rel.plan).project(exprs)?.build()?,
                columns,
            })
        };
        Ok((side(l)?, side(r)?))
    }
}
