//! PIVOT as filtered aggregates, UNPIVOT as a union of projections.
//! Sources: Snowflake "PIVOT", "UNPIVOT"; Redshift "PIVOT and UNPIVOT examples".

use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, Operator};
use sqlparser::ast;

use super::{Binder, CastMode, Relation, ScopeColumn};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Typed;
use crate::types::SqlType;

fn plain(name: String, internal: Column, ty: SqlType) -> ScopeColumn {
    ScopeColumn {
        qualifier: vec![],
        name,
        internal,
        ty,
        nullable: true,
        origin: None,
        hidden: false,
    }
}

fn collect_columns(e: &Expr, out: &mut Vec<Column>) -> Result<()> {
    e.apply(|x| {
        if let Expr::Column(c) = x {
            out.push(c.clone());
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .map_err(SqlError::from)?;
    Ok(())
}

impl Binder<'_> {
    /// `t PIVOT (agg(x) FOR y IN (v, …))`: one column per value and aggregate, grouped by all other columns.
    pub(crate) fn pivot(&mut self, f: &ast::TableFactor) -> Result<Relation> {
        let ast::TableFactor::Pivot {
            table,
            aggregate_functions,
            value_column,
            value_source,
            default_on_null,
            alias,
        } = f
        else {
            return Err(SqlError::internal("no PIVOT"));
        };
        let ast::PivotValueSource::List(values) = value_source else {
            return Err(SqlError::unsupported("PIVOT … IN (ANY or a subquery)"));
        };
        let [value_column] = value_column.as_slice() else {
            return Err(SqlError::unsupported("PIVOT by several columns"));
        };
        let input = self.factor(table)?;
        let saved = std::mem::replace(&mut self.scope().columns, input.columns.clone());
        let was = std::mem::replace(&mut self.scope().aggregates, true);
        let bound = (|| -> Result<_> {
            let key = self.expr(value_column)?;
            let mut used = Vec::new();
            collect_columns(&key.expr, &mut used)?;
            let mut outputs: Vec<(String, Typed)> = Vec::new();
            for v in values {
                let value = self.expr(&v.expr)?;
                let shown = match &v.alias {
                    Some(a) => self.dialect.fold(a),
                    None => self.pivot_name(&v.expr),
                };
                let condition = self.compare(Operator::Eq, key.clone(), value)?.expr;
                for a in aggregate_functions {
                    let t = self.expr(&a.expr)?;
                    collect_columns(&t.expr, &mut used)?;
                    let expr = t
                        .expr
                        .transform_up(|e| {
                            Ok(match e {
                                Expr::AggregateFunction(mut f) => {
                                    f.params.filter = Some(Box::new(condition.clone()));
                                    Transformed::yes(Expr::AggregateFunction(f))
                                }
                                other => Transformed::no(other),
                            })
                        })
                        .map(|t| t.data)
                        .map_err(SqlError::from)?;
                    let mut t = Typed::new(expr, t.ty);
                    if let Some(d) = default_on_null {
                        let d = self.expr(d)?;
                        let (both, ty) = self.unify("PIVOT", vec![t, d])?;
                        let [t1, d1] = both.as_slice() else {
                            return Err(SqlError::internal("PIVOT"));
                        };
                        t = Typed::new(
                            datafusion::logical_expr::when(
                                t1.expr.clone().is_null(),
                                d1.expr.clone(),
                            )
                            .otherwise(t1.expr.clone())?,
                            ty,
                        );
                    }
                    let name = match &a.alias {
                        Some(x) => format!("{shown}_{}", self.dialect.fold(x)),
                        None => shown.clone(),
                    };
                    outputs.push((name, t));
                }
            }
            Ok((used, outputs))
        })();
        self.scope().aggregates = was;
        let (used, mut outputs) = match bound {
            Ok(x) => x,
            Err(e) => {
                self.scope().columns = saved;
                return Err(e);
            }
        };
        let keep: Vec<ScopeColumn> = input
            .columns
            .iter()
            .filter(|c| !c.hidden && !used.contains(&c.internal))
            .cloned()
            .collect();
        let groups = keep
            .iter()
            .map(|c| Expr::Column(c.internal.clone()))
            .collect();
        let mut aggregates = Vec::new();
        for (_, t) in &outputs {
            super::select::collect_aggregates(&t.expr, &mut aggregates)?;
        }
        let mut above: Vec<&mut Expr> = outputs.iter_mut().map(|(_, t)| &mut t.expr).collect();
        let plan = self.aggregate(input.plan, groups, aggregates, &mut above);
        drop(above);
        self.scope().columns = saved;
        let mut exprs = Vec::new();
        let mut columns = Vec::new();
        for c in keep {
            let internal = self.fresh(&c.name);
            exprs.push(Expr::Column(c.internal).alias(&internal));
            columns.push(plain(c.name, Column::from_name(internal), c.ty));
        }
        for (name, t) in outputs {
            let internal = self.fresh(&name);
            exprs.push(t.expr.alias(&internal));
            columns.push(plain(name, Column::from_name(internal), t.ty));
        }
        let plan = LogicalPlanBuilder::from(plan?).project(exprs)?.build()?;
        self.aliased(Relation { plan, columns }, alias.as_ref())
    }

    /// The name of a pivoted column without an alias: the literal as written on Snowflake, its text on Redshift.
    fn pivot_name(&self, e: &ast::Expr) -> String {
        match (self.env.dialect, e) {
            (DialectName::Redshift, ast::Expr::Value(v)) => match &v.value {
                ast::Value::SingleQuotedString(s) => s.to_lowercase(),
                other => other.to_string(),
            },
            (_, e) => e.to_string(),
        }
    }

    fn aliased(&mut self, r: Relation, alias: Option<&ast::TableAlias>) -> Result<Relation> {
        match alias {
            Some(a) => {
                let names: Vec<String> = a
                    .columns
                    .iter()
                    .map(|c| self.dialect.fold(&c.name))
                    .collect();
                let n = self.dialect.fold(&a.name);
                self.rename(r, &n, &names)
            }
            None => Ok(r),
        }
    }

    /// `t UNPIVOT (v FOR n IN (a, b, …))`: a row per listed column, without NULLs unless they are included.
    pub(crate) fn unpivot(&mut self, f: &ast::TableFactor) -> Result<Relation> {
        let ast::TableFactor::Unpivot {
            table,
            value,
            name,
            columns: listed,
            null_inclusion,
            alias,
        } = f
        else {
            return Err(SqlError::internal("no UNPIVOT"));
        };
        let ast::Expr::Identifier(value) = value else {
            return Err(SqlError::unsupported("UNPIVOT to several value columns"));
        };
        let value_name = self.dialect.fold(value);
        let name_name = self.dialect.fold(name);
        let input = self.factor(table)?;
        let find = |binder: &Self, e: &ast::Expr| -> Result<ScopeColumn> {
            let id = match e {
                ast::Expr::Identifier(i) => Some(i),
                ast::Expr::CompoundIdentifier(ids) => ids.last(),
                _ => None,
            };
            let Some(id) = id else {
                return Err(SqlError::unsupported("UNPIVOT of an expression"));
            };
            let n = binder.dialect.fold(id);
            input
                .columns
                .iter()
                .find(|c| !c.hidden && c.name == n)
                .cloned()
                .ok_or_else(|| SqlError::new(ErrorKind::UnknownColumn(n)))
        };
        let mut picked = Vec::new();
        for l in listed {
            let c = find(self, &l.expr)?;
            let label = match &l.alias {
                Some(a) if a.quote_style == Some('\'') => a.value.clone(),
                Some(a) => self.dialect.fold(a),
                None => c.name.clone(),
            };
            picked.push((c, label));
        }
        let keep: Vec<ScopeColumn> = input
            .columns
            .iter()
            .filter(|c| !c.hidden && !picked.iter().any(|(p, _)| p.internal == c.internal))
            .cloned()
            .collect();
        let mut ty = SqlType::Null;
        for (c, _) in &picked {
            ty = self.dialect.common_type(&ty, &c.ty).ok_or_else(|| {
                SqlError::new(ErrorKind::ArgumentTypes {
                    function: "UNPIVOT".into(),
                    arguments: picked.iter().map(|(c, _)| self.type_name(&c.ty)).collect(),
                })
            })?;
        }
        let mut names: Vec<String> = keep.iter().map(|c| c.name.clone()).collect();
        names.push(name_name.clone());
        names.push(value_name.clone());
        let internal: Vec<String> = names.iter().map(|n| self.fresh(n)).collect();
        let with_nulls = matches!(null_inclusion, Some(ast::NullInclusion::IncludeNulls));
        let mut all: Option<LogicalPlanBuilder> = None;
        for (c, label) in picked {
            let mut exprs: Vec<Expr> = keep
                .iter()
                .zip(&internal)
                .map(|(k, i)| Expr::Column(k.internal.clone()).alias(i))
                .collect();
            let n = keep.len();
            exprs.push(self.text(label).expr.alias(&internal[n]));
            let v = self.cast(c.typed(), &ty, CastMode::Implicit)?;
            exprs.push(v.expr.alias(&internal[n + 1]));
            let mut b = LogicalPlanBuilder::from(input.plan.clone());
            if !with_nulls {
                b = b.filter(Expr::Column(c.internal.clone()).is_not_null())?;
            }
            let one = b.project(exprs)?;
            all = Some(match all {
                None => one,
                Some(a) => a.union(one.build()?)?,
            });
        }
        let plan = all
            .ok_or_else(|| SqlError::internal("UNPIVOT of nothing"))?
            .build()?;
        let types = keep
            .iter()
            .map(|c| c.ty.clone())
            .chain([SqlType::text(), ty]);
        let columns = names
            .into_iter()
            .zip(plan.schema().columns())
            .zip(types)
            .map(|((name, internal), ty)| plain(name, internal, ty))
            .collect();
        self.aliased(Relation { plan, columns }, alias.as_ref())
    }
}
