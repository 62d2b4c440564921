//! Joins: ON, USING and NATURAL, outer, semi and anti joins, and what each side may see of the other.
//! The relations that are joined come from `from` and `relation`.

use datafusion::common::{Column, JoinType};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, Operator};
use sqlparser::ast;

use super::from::table_call_of;
use super::{Binder, Relation, ScopeColumn};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Typed;

impl Binder<'_> {
    pub(crate) fn join(&mut self, left: Relation, j: &ast::Join) -> Result<Relation> {
        use ast::JoinOperator as J;
        let (ty, constraint) = match &j.join_operator {
            J::Join(c) | J::Inner(c) => (JoinType::Inner, c),
            J::Left(c) | J::LeftOuter(c) => (JoinType::Left, c),
            J::Right(c) | J::RightOuter(c) => (JoinType::Right, c),
            J::FullOuter(c) => (JoinType::Full, c),
            J::CrossJoin(ast::JoinConstraint::None) => {
                return self.factor_after(&j.relation, Some(left), None);
            }
            J::CrossJoin(c) => (JoinType::Inner, c),
            J::LeftSemi(c) | J::Semi(c) => (JoinType::LeftSemi, c),
            J::LeftAnti(c) | J::Anti(c) => (JoinType::LeftAnti, c),
            J::AsOf {
                match_condition,
                constraint,
            } => {
                let right = self.factor(&j.relation)?;
                return self.asof_join(left, right, match_condition, constraint);
            }
            other => {
                return Err(SqlError::unsupported(
                    format!("join {other:?}")
                        .chars()
                        .take(60)
                        .collect::<String>(),
                ));
            }
        };
        let trivially_true = |c: &ast::JoinConstraint| match c {
            ast::JoinConstraint::None => true,
            ast::JoinConstraint::On(ast::Expr::Value(v)) => {
                matches!(v.value, ast::Value::Boolean(true))
            }
            ast::JoinConstraint::On(ast::Expr::BinaryOp {
                left,
                op: ast::BinaryOperator::Eq,
                right,
            }) => {
                matches!((left.as_ref(), right.as_ref()), (ast::Expr::Value(a), ast::Expr::Value(b)) if a.value == b.value)
            }
            _ => false,
        };
        // LEFT JOIN LATERAL f(…) ON TRUE.
        if table_call_of(&j.relation).is_some() && matches!(ty, JoinType::Inner | JoinType::Left) {
            if trivially_true(constraint) {
                return self.factor_after(&j.relation, Some(left), Some(ty == JoinType::Left));
            }
            if ty == JoinType::Inner {
                let r = self.factor_after(&j.relation, Some(left), Some(false))?;
                return self.filter_on(r, constraint);
            }
        }
        if self.env.dialect == DialectName::Redshift
            && matches!(ty, JoinType::Inner | JoinType::Left)
            && trivially_true(constraint)
            && let Some(r) = self.unnest_path(&j.relation, left.clone(), ty == JoinType::Left)?
        {
            return Ok(r);
        }
        if matches!(&j.relation, ast::TableFactor::Derived { lateral: true, .. }) {
            if !matches!(ty, JoinType::Inner | JoinType::Left) {
                return Err(SqlError::unsupported("RIGHT and FULL JOIN LATERAL"));
            }
            let (left, right, on) = self.lateral_factor(left, &j.relation)?;
            return self.join_relations(left, right, ty, constraint, on);
        }
        let right = self.factor(&j.relation)?;
        self.join_relations(left, right, ty, constraint, Vec::new())
    }

    fn filter_on(&mut self, r: Relation, c: &ast::JoinConstraint) -> Result<Relation> {
        let ast::JoinConstraint::On(e) = c else {
            return Err(SqlError::unsupported("USING with a table function"));
        };
        let saved = std::mem::replace(&mut self.scope().columns, r.columns.clone());
        let t = self.expr(e).and_then(|t| self.condition(t));
        self.scope().columns = saved;
        let plan = LogicalPlanBuilder::from(r.plan).filter(t?.expr)?.build()?;
        Ok(Relation {
            plan,
            columns: r.columns,
        })
    }

    fn join_relations(
        &mut self,
        left: Relation,
        right: Relation,
        ty: JoinType,
        constraint: &ast::JoinConstraint,
        mut conditions: Vec<Expr>,
    ) -> Result<Relation> {
        let names: Vec<String> = match constraint {
            ast::JoinConstraint::Using(names) => names
                .iter()
                .filter_map(|n| {
                    n.0.last()
                        .and_then(|p| p.as_ident())
                        .map(|i| self.dialect.fold(i))
                })
                .collect(),
            ast::JoinConstraint::Natural => left
                .columns
                .iter()
                .filter(|c| {
                    !c.hidden && right.columns.iter().any(|r| !r.hidden && r.name == c.name)
                })
                .map(|c| c.name.clone())
                .collect(),
            _ => vec![],
        };
        let semi = matches!(ty, JoinType::LeftSemi | JoinType::LeftAnti);
        let mut columns: Vec<ScopeColumn> =
            left.columns.iter().chain(&right.columns).cloned().collect();
        for (i, c) in columns.iter_mut().enumerate() {
            let from_left = i < left.columns.len();
            if (from_left && matches!(ty, JoinType::Right | JoinType::Full))
                || (!from_left && matches!(ty, JoinType::Left | JoinType::Full))
            {
                c.nullable = true;
            }
        }
        let mut merged: Vec<(String, Typed, Typed)> = Vec::new();
        for name in &names {
            let find = |cs: &[ScopeColumn]| -> Result<ScopeColumn> {
                let mut hits = cs.iter().filter(|c| !c.hidden && c.name == *name);
                match (hits.next(), hits.next()) {
                    (Some(c), None) => Ok(c.clone()),
                    (Some(_), Some(_)) => Err(ErrorKind::AmbiguousColumn(name.clone()).into()),
                    _ => Err(ErrorKind::UnknownColumn(name.clone()).into()),
                }
            };
            let (l, r) = (find(&left.columns)?.typed(), find(&right.columns)?.typed());
            conditions.push(self.compare(Operator::Eq, l.clone(), r.clone())?.expr);
            merged.push((name.clone(), l, r));
        }
        if let ast::JoinConstraint::On(e) = constraint {
            let saved = std::mem::replace(&mut self.scope().columns, columns.clone());
            let t = self.expr(e).and_then(|t| self.condition(t));
            self.scope().columns = saved;
            conditions.push(t?.expr);
        }
        let builder = LogicalPlanBuilder::from(left.plan);
        let mut plan = if conditions.is_empty() && ty == JoinType::Inner {
            builder.cross_join(right.plan)?.build()?
        } else {
            // LEFT JOIN LATERAL has no condition: every row that the subquery gives belongs to its row.
            if conditions.is_empty() {
                conditions.push(datafusion::logical_expr::lit(true));
            }
            builder.join_on(right.plan, ty, conditions)?.build()?
        };
        if semi {
            return Ok(Relation {
                plan,
                columns: left.columns,
            });
        }
        if !merged.is_empty() {
            // USING shows each column once, first, with the side's value that is there.
            let mut exprs: Vec<Expr> = columns
                .iter()
                .map(|c| Expr::Column(c.internal.clone()))
                .collect();
            let mut front = Vec::new();
            for (name, l, r) in merged {
                let (values, cty) = self.unify("USING", vec![l.clone(), r])?;
                let value = match ty {
                    JoinType::Inner | JoinType::Left => l,
                    JoinType::Right => values[1].clone(),
                    _ => {
                        let [a, b] = values.as_slice() else {
                            return Err(SqlError::internal("USING"));
                        };
                        Typed::new(
                            Expr::Case(datafusion::logical_expr::expr::Case::new(
                                None,
                                vec![(
                                    Box::new(a.expr.clone().is_not_null()),
                                    Box::new(a.expr.clone()),
                                )],
                                Some(Box::new(b.expr.clone())),
                            )),
                            cty,
                        )
                    }
                };
                let internal = self.fresh(&name);
                exprs.push(value.expr.alias(&internal));
                for c in columns.iter_mut().filter(|c| c.name == name) {
                    c.hidden = true;
                }
                front.push(ScopeColumn {
                    qualifier: vec![],
                    name,
                    internal: Column::from_name(internal),
                    ty: value.ty,
                    nullable: true,
                    origin: None,
                    hidden: false,
                });
            }
            plan = LogicalPlanBuilder::from(plan).project(exprs)?.build()?;
            front.extend(columns);
            columns = front;
        }
        Ok(Relation { plan, columns })
    }
}
