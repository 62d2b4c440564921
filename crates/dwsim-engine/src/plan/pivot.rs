//! PIVOT as filtered aggregates, UNPIVOT as a list of each row's columns.
//! Sources: Snowflake "PIVOT", "UNPIVOT"; Redshift "PIVOT and UNPIVOT examples".

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::interleave;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, Operator, SortExpr};
use datafusion::scalar::ScalarValue;
use sqlparser::ast;

use super::unnest::list_of;
use super::{Binder, CastMode, Relation, ScopeColumn};
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::{Call, Typed, list_expr};
use crate::types::{SqlType, TypeClass};

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

/// A list of (name, value) per row; the arguments are names and columns in turn.
fn rows_of(call: &Call<'_>) -> Result<ArrayRef> {
    let width = call.args.len() / 2;
    let columns: Vec<&dyn Array> = call.args.iter().map(|a| a.array.as_ref()).collect();
    let part = |offset: usize| -> Result<ArrayRef> {
        let parts: Vec<&dyn Array> = columns.iter().skip(offset).step_by(2).copied().collect();
        let scalars: Vec<bool> = call
            .args
            .iter()
            .skip(offset)
            .step_by(2)
            .map(|a| a.scalar)
            .collect();
        let at: Vec<(usize, usize)> = (0..call.rows)
            .flat_map(|row| {
                let scalars = &scalars;
                (0..width).map(move |c| (c, if scalars[c] { 0 } else { row }))
            })
            .collect();
        Ok(interleave(&parts, &at)?)
    };
    let (names, values) = (part(0)?, part(1)?);
    let fields: Fields = vec![
        Field::new("n", names.data_type().clone(), true),
        Field::new("v", values.data_type().clone(), true),
    ]
    .into();
    let rows = StructArray::try_new(fields.clone(), vec![names, values], None)?;
    Ok(Arc::new(ListArray::try_new(
        Arc::new(Field::new_list_field(DataType::Struct(fields), true)),
        OffsetBuffer::from_lengths(std::iter::repeat_n(width, call.rows)),
        Arc::new(rows),
        None,
    )?))
}

fn is_null(t: &Typed) -> bool {
    t.literal().is_some_and(ScalarValue::is_null)
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
            let values = match value_source {
                ast::PivotValueSource::List(list) => list
                    .iter()
                    .map(|v| {
                        let shown = match &v.alias {
                            Some(a) => self.dialect.fold(a),
                            None => self.pivot_name(&v.expr),
                        };
                        Ok((self.expr(&v.expr)?, shown))
                    })
                    .collect::<Result<Vec<_>>>()?,
                ast::PivotValueSource::Any(order) => self.distinct_keys(&input, &key, order)?,
                ast::PivotValueSource::Subquery(q) => self.queried_keys(q)?,
            };
            for (value, shown) in values {
                let op = if value.ty == SqlType::Null || is_null(&value) {
                    Operator::IsNotDistinctFrom
                } else {
                    Operator::Eq
                };
                let condition = self.compare(op, key.clone(), value)?.expr;
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
            super::aggregate::collect_aggregates(&t.expr, &mut aggregates)?;
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

    /// The distinct values of a pivot's column, in the order asked for or their own, with the names they give.
    fn distinct_keys(
        &mut self,
        input: &Relation,
        key: &Typed,
        order: &[ast::OrderByExpr],
    ) -> Result<Vec<(Typed, String)>> {
        let name = self.fresh("key");
        let column = Expr::Column(Column::from_name(&name));
        let sorted = self.sort_operand(Typed::new(column.clone(), key.ty.clone()))?;
        let mut sort = Vec::new();
        for o in order {
            // Only the pivot's column can be ordered by: it is all that is left.
            let given = self.expr(&o.expr)?;
            if given != *key && super::query::ordinal(&o.expr) != Some(1) {
                return Err(SqlError::unsupported(
                    "PIVOT … IN (ANY ORDER BY something else than the column)",
                ));
            }
            let options = self.sort_options(&o.options);
            sort.push(SortExpr::new(
                sorted.expr.clone(),
                !options.descending,
                options.nulls_first,
            ));
        }
        if sort.is_empty() {
            sort.push(SortExpr::new(sorted.expr, true, false));
        }
        let plan = LogicalPlanBuilder::from(input.plan.clone())
            .project(vec![key.expr.clone().alias(&name)])?
            .distinct()?
            .sort(sort)?
            .build()?;
        self.keys_of(&plan, &key.ty)
    }

    /// The values that a subquery gives for a pivot's column.
    fn queried_keys(&mut self, q: &ast::Query) -> Result<Vec<(Typed, String)>> {
        let scopes = std::mem::replace(&mut self.scopes, vec![super::Scope::default()]);
        let bound = self.query(q);
        self.scopes = scopes;
        let r = bound?;
        let [c] = r.columns.as_slice() else {
            return Err(SqlError::raw(
                "002059",
                "42601",
                "SQL compilation error:\nThe subquery of PIVOT must return one column.",
            ));
        };
        let ty = c.ty.clone();
        self.keys_of(&r.plan, &ty)
    }

    /// The rows of a plan of one column as literals, with the names they give.
    fn keys_of(
        &mut self,
        plan: &datafusion::logical_expr::LogicalPlan,
        ty: &SqlType,
    ) -> Result<Vec<(Typed, String)>> {
        let mut out = Vec::new();
        for b in self.rows_now(plan)? {
            for row in 0..b.num_rows() {
                let v = ScalarValue::try_from_array(b.column(0), row)?;
                let null = v.is_null();
                let value = Typed::new(Expr::Literal(v, None), ty.clone());
                let shown = if null {
                    "NULL".to_owned()
                } else {
                    let text = self.cast(value.clone(), &SqlType::text(), CastMode::Explicit)?;
                    let text = match super::window::fold_constant(&text, self)? {
                        ScalarValue::Utf8(Some(t)) => t,
                        _ => String::new(),
                    };
                    match (self.env.dialect, ty.class()) {
                        (DialectName::Redshift, _) => text.to_lowercase(),
                        (_, TypeClass::Numeric) => text,
                        (_, TypeClass::Boolean) => text.to_uppercase(),
                        _ => format!("'{text}'"),
                    }
                };
                if !out.iter().any(|(_, n)| *n == shown) {
                    out.push((value, shown));
                }
            }
        }
        Ok(out)
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
        // A list per row keeps the rows in the order of the input and of the listed columns.
        let mut args = Vec::new();
        for (c, label) in &picked {
            args.push(self.text(label.clone()));
            args.push(self.cast(c.typed(), &ty, CastMode::Implicit)?);
        }
        let fields = [("n", SqlType::text()), ("v", ty.clone())];
        let list = list_expr("unpivot", rows_of, args, list_of(&fields), &self.env);
        let input = Relation {
            plan: input.plan,
            columns: keep.clone(),
        };
        let r = self.unnest(Some(input), list, &fields, false)?;
        let exprs: Vec<Expr> = r
            .columns
            .iter()
            .zip(&internal)
            .map(|(c, i)| Expr::Column(c.internal.clone()).alias(i))
            .collect();
        let mut b = LogicalPlanBuilder::from(r.plan).project(exprs)?;
        if !with_nulls && let Some(value) = internal.last() {
            b = b.filter(Expr::Column(Column::from_name(value)).is_not_null())?;
        }
        let plan = b.build()?;
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
