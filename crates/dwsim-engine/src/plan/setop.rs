//! UNION, INTERSECT, EXCEPT and MINUS, by position and by name.
//! Column types are unified by the dialect's rule before DataFusion sees them.

use datafusion::common::{Column, NullEquality};
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan, LogicalPlanBuilder};
use sqlparser::ast::{self, SetOperator, SetQuantifier};

use super::collation::mixed_collations;
use super::{Binder, CastMode, Relation, ScopeColumn};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Typed;
use crate::types::SqlType;

/// How many queries a chain of set operations has.
fn branches(e: &ast::SetExpr) -> usize {
    match e {
        ast::SetExpr::SetOperation { left, right, .. } => branches(left) + branches(right),
        _ => 1,
    }
}

/// What Redshift does not take (r_UNION): ALL of another operation than UNION, and inputs with a LIMIT.
fn refused(op: SetOperator, quantifier: SetQuantifier, inputs: [&ast::SetExpr; 2]) -> Result<()> {
    if op != SetOperator::Union && quantifier == SetQuantifier::All {
        return Err(SqlError::raw(
            "",
            "0A000",
            format!("{op} ALL is not supported"),
        ));
    }
    let limited = |e: &ast::SetExpr| matches!(e, ast::SetExpr::Query(q) if q.limit_clause.is_some() || q.fetch.is_some());
    if inputs.into_iter().any(limited) {
        return Err(SqlError::raw(
            "",
            "0A000",
            "LIMIT may not be used within input to set operations.",
        ));
    }
    Ok(())
}

impl Binder<'_> {
    pub(crate) fn set_operation(
        &mut self,
        op: SetOperator,
        quantifier: SetQuantifier,
        left: &ast::SetExpr,
        right: &ast::SetExpr,
    ) -> Result<Relation> {
        if self.env.dialect == DialectName::Redshift {
            refused(op, quantifier, [left, right])?;
        }
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
            self.columns_agree(a, b)?;
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
            _ if types.iter().any(|t| t.collation().is_some()) && !all => {
                let kind = match op {
                    SetOperator::Intersect => JoinType::LeftSemi,
                    _ => JoinType::LeftAnti,
                };
                self.by_keys(kind, left_plan, &columns, right_plan)?
            }
            _ if types.iter().any(|t| t.collation().is_some()) => {
                return Err(SqlError::unsupported(format!(
                    "{op} ALL of texts with a collation"
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

    /// Redshift combines no case-sensitive column with a case-insensitive one.
    fn columns_agree(&self, a: &ScopeColumn, b: &ScopeColumn) -> Result<()> {
        if self.env.dialect != DialectName::Redshift {
            return Ok(());
        }
        let sensitive =
            |c: &ScopeColumn| c.origin.is_some() && c.ty.is_text() && c.ty.collation().is_none();
        let insensitive = |c: &ScopeColumn| c.ty.collation().is_some();
        if sensitive(a) && insensitive(b) || insensitive(a) && sensitive(b) {
            return Err(mixed_collations());
        }
        self.one_collation(&[&a.typed(), &b.typed()])
    }

    /// INTERSECT (a semi join) and EXCEPT (an anti join) by the values that rows are compared by.
    fn by_keys(
        &mut self,
        kind: JoinType,
        left: LogicalPlan,
        columns: &[ScopeColumn],
        right: LogicalPlan,
    ) -> Result<LogicalPlan> {
        let left = self.distinct(left, columns)?;
        let mut shown = Vec::with_capacity(columns.len());
        let mut keyed = Vec::with_capacity(2 * columns.len());
        let mut others = Vec::with_capacity(columns.len());
        let (mut left_keys, mut right_keys) = (Vec::new(), Vec::new());
        for (c, other) in columns.iter().zip(right.schema().columns()) {
            let other = Typed::new(Expr::Column(other), c.ty.clone());
            let (mine, theirs) = (self.fresh("key"), self.fresh("key"));
            shown.push(Expr::Column(c.internal.clone()));
            keyed.push(Expr::Column(c.internal.clone()));
            keyed.push(self.group_operand(c.typed())?.expr.alias(&mine));
            others.push(self.group_operand(other)?.expr.alias(&theirs));
            left_keys.push(Column::from_name(mine));
            right_keys.push(Column::from_name(theirs));
        }
        let right = LogicalPlanBuilder::from(right).project(others)?.build()?;
        Ok(LogicalPlanBuilder::from(left)
            .project(keyed)?
            .join_detailed(
                right,
                kind,
                (left_keys, right_keys),
                None,
                NullEquality::NullEqualsNull,
            )?
            .project(shown)?
            .build()?)
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
            // An array of a catalog stays one; columns of users are no longer theirs.
            let origin = c.origin.filter(|o| o.oid == 0 && ty.is_text());
            let internal = self.fresh(&c.name);
            exprs.push(t.expr.alias(&internal));
            columns.push(ScopeColumn {
                qualifier: vec![],
                name: c.name,
                internal: Column::from_name(internal),
                ty: ty.clone(),
                nullable: true,
                origin,
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
