//! Binding of OVER: aggregates over windows, ranking and value functions, frames.
//! Computing them is DataFusion's work, except for whole-partition kernels.

use std::sync::Arc;

use arrow::array::{ArrayRef, TimestampNanosecondArray};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::logical_expr::expr::{
    AggregateFunction, NullTreatment, WindowFunction, WindowFunctionParams,
};
use datafusion::logical_expr::{
    Cast, Expr, SortExpr, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition,
};
use datafusion::scalar::ScalarValue;
use sqlparser::ast;

use super::Binder;
use super::call::aggregate_mut;
use crate::dialect::DialectName;
use crate::error::{Result, SqlError};
use crate::functions::{
    AggregateDef, AggregateImpl, Call, FnCall, Typed, WindowDef, WindowImpl, WindowKernel,
    list_expr, partition_udwf,
};
use crate::types::{SqlType, TypeClass};

/// PARTITION BY, ORDER BY and frame of one OVER clause, bound.
#[derive(Debug, Clone)]
pub struct BoundWindow {
    /// PARTITION BY.
    pub partition: Vec<Expr>,
    /// ORDER BY.
    pub order: Vec<(Typed, SortOptions)>,
    /// The frame as written, if it was.
    pub frame: Option<WindowFrame>,
}

/// Whether a bound is an interval away from the current row.
fn steps_by_interval(frame: &WindowFrame) -> bool {
    [&frame.start_bound, &frame.end_bound].iter().any(|b| {
        matches!(
            b,
            WindowFrameBound::Preceding(v) | WindowFrameBound::Following(v)
                if matches!(v.data_type(), DataType::Interval(_) | DataType::Duration(_)) && !v.is_null()
        )
    })
}

/// A timestamp of more than six digits as 64-bit nanoseconds.
fn nanoseconds(call: &Call<'_>) -> Result<ArrayRef> {
    let values = call.decimal(0)?;
    let mut out = TimestampNanosecondArray::builder(call.rows);
    for row in 0..call.rows {
        let value = values
            .get(row)
            .map(|v| {
                i64::try_from(v).map_err(|_| {
                    SqlError::unsupported(
                        "a RANGE frame by intervals over timestamps of nine digits outside of the years 1677 to 2262",
                    )
                })
            })
            .transpose()?;
        out.append_option(value);
    }
    Ok(Arc::new(out.finish()))
}

impl Binder<'_> {
    pub(crate) fn window_spec(&mut self, over: &ast::WindowType) -> Result<BoundWindow> {
        let spec = match over {
            ast::WindowType::WindowSpec(s) => s.clone(),
            ast::WindowType::NamedWindow(name) => self.named_window(name)?,
        };
        let mut partition = Vec::new();
        let mut order_by = spec.order_by.clone();
        let mut partition_by = spec.partition_by.clone();
        let mut frame = spec.window_frame.clone();
        if let Some(base) = &spec.window_name {
            let base = self.named_window(base)?;
            if partition_by.is_empty() {
                partition_by = base.partition_by;
            }
            if order_by.is_empty() {
                order_by = base.order_by;
            }
            frame = frame.or(base.window_frame);
        }
        for p in &partition_by {
            let t = self.expr(p)?;
            partition.push(self.group_operand(t)?.expr);
        }
        let mut order = Vec::new();
        for o in &order_by {
            let t = self.expr(&o.expr)?;
            order.push((self.sort_operand(t)?, self.sort_options(&o.options)));
        }
        let frame = frame.map(|f| self.frame(&f, &order)).transpose()?;
        if let (Some(frame), Some((key, _))) = (&frame, order.first_mut())
            && steps_by_interval(frame)
            && matches!(key.ty, SqlType::Timestamp(7..) | SqlType::TimestampLtz(7..))
        {
            // DataFusion moves 64-bit timestamps by intervals; beyond their years this is an error, not a wrong frame.
            let args = vec![key.clone()];
            let arrow = DataType::Timestamp(TimeUnit::Nanosecond, None);
            key.expr = list_expr("range_key", nanoseconds, args, arrow, &self.env);
        }
        Ok(BoundWindow {
            partition,
            order,
            frame,
        })
    }

    fn named_window(&mut self, name: &ast::Ident) -> Result<ast::WindowSpec> {
        let n = self.dialect.fold(name);
        self.scope()
            .named_windows
            .iter()
            .find(|(w, _)| *w == n)
            .map(|(_, s)| s.clone())
            .ok_or_else(|| {
                SqlError::raw("002306", "42704", format!("window \"{n}\" does not exist"))
            })
    }

    fn frame(
        &mut self,
        f: &ast::WindowFrame,
        order: &[(Typed, SortOptions)],
    ) -> Result<WindowFrame> {
        let units = match f.units {
            ast::WindowFrameUnits::Rows => WindowFrameUnits::Rows,
            ast::WindowFrameUnits::Range => WindowFrameUnits::Range,
            ast::WindowFrameUnits::Groups => WindowFrameUnits::Groups,
        };
        let by_value = |b: &ast::WindowFrameBound| {
            matches!(
                b,
                ast::WindowFrameBound::Preceding(Some(_))
                    | ast::WindowFrameBound::Following(Some(_))
            )
        };
        if self.env.dialect == DialectName::Redshift
            && (units == WindowFrameUnits::Groups
                || units == WindowFrameUnits::Range
                    && (by_value(&f.start_bound) || f.end_bound.as_ref().is_some_and(by_value)))
        {
            // Its frames are ROWS; RANGE only goes to the ends and to the current row's peers.
            return Err(SqlError::raw(
                "",
                "0A000",
                format!("{units} PRECEDING is only supported with UNBOUNDED"),
            ));
        }
        let units = match units {
            WindowFrameUnits::Range
                if !by_value(&f.start_bound)
                    && !f.end_bound.as_ref().is_some_and(by_value)
                    && !has_ranges(order) =>
            {
                WindowFrameUnits::Groups
            }
            units => units,
        };
        let start = self.bound(&f.start_bound, units, order)?;
        let end = match &f.end_bound {
            Some(b) => self.bound(b, units, order)?,
            None => WindowFrameBound::CurrentRow,
        };
        Ok(WindowFrame::new_bounds(units, start, end))
    }

    fn bound(
        &mut self,
        b: &ast::WindowFrameBound,
        units: WindowFrameUnits,
        order: &[(Typed, SortOptions)],
    ) -> Result<WindowFrameBound> {
        let value = |binder: &mut Self, e: &ast::Expr| -> Result<ScalarValue> {
            let t = binder.expr(e)?;
            match units {
                WindowFrameUnits::Range => {
                    let Some((key, _)) = order.first() else {
                        return Err(SqlError::raw(
                            "002302",
                            "42601",
                            "RANGE frame needs one ORDER BY expression",
                        ));
                    };
                    if key.ty.is_numeric() {
                        let t = binder.cast(t, &key.ty, super::CastMode::Implicit)?;
                        return fold_constant(&t, binder);
                    }
                    fold_constant(&t, binder)
                }
                _ => {
                    let t = binder.cast(t, &SqlType::BigInt, super::CastMode::Implicit)?;
                    match fold_constant(&t, binder)? {
                        ScalarValue::Int64(Some(n)) if n >= 0 => {
                            Ok(ScalarValue::UInt64(Some(n as u64)))
                        }
                        _ => Err(SqlError::raw(
                            "002304",
                            "42601",
                            "a frame bound must be a constant that is not negative",
                        )),
                    }
                }
            }
        };
        let unbounded = match units {
            WindowFrameUnits::Range => ScalarValue::Null,
            _ => ScalarValue::UInt64(None),
        };
        Ok(match b {
            ast::WindowFrameBound::CurrentRow => WindowFrameBound::CurrentRow,
            ast::WindowFrameBound::Preceding(None) => WindowFrameBound::Preceding(unbounded),
            ast::WindowFrameBound::Following(None) => WindowFrameBound::Following(unbounded),
            ast::WindowFrameBound::Preceding(Some(e)) => {
                WindowFrameBound::Preceding(value(self, e)?)
            }
            ast::WindowFrameBound::Following(Some(e)) => {
                WindowFrameBound::Following(value(self, e)?)
            }
        })
    }

    /// Arguments and OVER are bound with window functions forbidden inside.
    fn in_window<T>(&mut self, name: &str, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let nested = self.env.dialect == DialectName::Snowflake;
        let scope = self.scope();
        if !scope.windows {
            return Err(SqlError::raw(
                "002039",
                "42P20",
                format!(
                    "window function {} is not allowed here",
                    name.to_lowercase()
                ),
            ));
        }
        // Snowflake computes window functions inside of the arguments of others first.
        scope.windows = nested;
        let out = f(self);
        self.scope().windows = true;
        out
    }

    pub(crate) fn window_aggregate(
        &mut self,
        def: &AggregateDef,
        f: &ast::Function,
    ) -> Result<Typed> {
        if let AggregateImpl::Custom(bind) = def.implementation {
            // The binding makes the aggregate; OVER is put on it.
            let bound = self.in_window(def.name, |b| {
                let was = std::mem::replace(&mut b.scope().aggregates, true);
                let out = bind(&mut FnCall {
                    binder: b,
                    name: def.name,
                    ast: f,
                });
                b.scope().aggregates = was;
                out
            })?;
            let over = f
                .over
                .as_ref()
                .ok_or_else(|| SqlError::internal("no OVER"))?;
            let window = self.in_window(def.name, |b| b.window_spec(over))?;
            return self.over_aggregates(def.name, bound, &window);
        }
        let (bound, window) = self.in_window(def.name, |b| {
            let args = b.aggregate_arguments(def, f)?;
            let options = b.aggregate_options(f)?;
            let bound = b.aggregate_expr(def, args, options)?;
            let over = f
                .over
                .as_ref()
                .ok_or_else(|| SqlError::internal("no OVER"))?;
            Ok((bound, b.window_spec(over)?))
        })?;
        self.over_aggregates(def.name, bound, &window)
    }

    /// Turns every aggregate in an expression into the same aggregate over a window.
    fn over_aggregates(
        &mut self,
        name: &str,
        mut bound: Typed,
        window: &BoundWindow,
    ) -> Result<Typed> {
        use datafusion::common::tree_node::{Transformed, TreeNode};
        if let Some(a) = aggregate_mut(&mut bound.expr) {
            // An ORDER BY of the call itself (LISTAGG … WITHIN GROUP) was made part of a collecting aggregate.
            let a = a.clone();
            let w = self.aggregate_window(name, a, window)?;
            let ty = bound.ty.clone();
            return Ok(match bound.expr {
                Expr::Cast(_) => Typed::new(Expr::Cast(Cast::new(Box::new(w), ty.arrow())), ty),
                _ => Typed::new(w, ty),
            });
        }
        let expr = bound
            .expr
            .transform_up(|e| match e {
                Expr::AggregateFunction(a) => {
                    Ok(Transformed::yes(self.aggregate_window(name, a, window)?))
                }
                other => Ok(Transformed::no(other)),
            })
            .map(|t| t.data)
            .map_err(SqlError::from)?;
        Ok(Typed::new(expr, bound.ty))
    }

    fn aggregate_window(
        &mut self,
        name: &str,
        a: AggregateFunction,
        window: &BoundWindow,
    ) -> Result<Expr> {
        let frame = match &window.frame {
            Some(f) => f.clone(),
            None if window.order.is_empty() => WindowFrame::new(None),
            None if self.env.dialect == DialectName::Redshift => {
                return Err(SqlError::raw(
                    "",
                    "0A000",
                    "Aggregate window functions with an ORDER BY clause require a frame clause",
                ));
            }
            None if name == "LISTAGG"
                || name == "ARRAY_AGG"
                || name == "MEDIAN"
                || name.starts_with("PERCENTILE") =>
            {
                WindowFrame::new(None)
            }
            None => up_to_peers(&window.order),
        };
        Ok(Expr::from(WindowFunction {
            fun: WindowFunctionDefinition::AggregateUDF(a.func),
            params: WindowFunctionParams {
                args: a.params.args,
                partition_by: window.partition.clone(),
                order_by: sorts(&window.order),
                window_frame: frame,
                filter: a.params.filter,
                null_treatment: a.params.null_treatment,
                distinct: a.params.distinct,
            },
        }))
    }

    pub(crate) fn window_call(&mut self, def: &WindowDef, f: &ast::Function) -> Result<Typed> {
        if self.env.dialect == DialectName::Redshift
            && matches!(def.name, "LAG" | "LEAD")
            && super::call::arguments(f).len() > 2
        {
            return Err(SqlError::raw(
                "",
                "0A000",
                format!(
                    "Default parameter not be supported for window function {}",
                    def.name.to_lowercase()
                ),
            ));
        }
        let Some(over) = f.over.as_ref() else {
            return Err(SqlError::raw(
                "002303",
                "42809",
                format!(
                    "window function {} requires an OVER clause",
                    def.name.to_lowercase()
                ),
            ));
        };
        if let WindowImpl::Custom(bind) = def.implementation {
            return bind(&mut FnCall {
                binder: self,
                name: def.name,
                ast: f,
            });
        }
        let (args, window, ignore) = self.in_window(def.name, |b| {
            let args = b.coerced_arguments(def.name, def.params, def.optional, false, f)?;
            let options = b.aggregate_options(f)?;
            Ok((args, b.window_spec(over)?, options.ignore_nulls))
        })?;
        let ty = self.return_type(def.returns, &args)?;
        match def.implementation {
            WindowImpl::DataFusion(make) => {
                let whole = matches!(def.name, "FIRST_VALUE" | "LAST_VALUE" | "NTH_VALUE");
                let frame = match window.frame.clone() {
                    Some(f) => f,
                    None if window.order.is_empty() => WindowFrame::new(None),
                    None if whole && self.env.dialect == DialectName::Snowflake => {
                        WindowFrame::new_bounds(
                            WindowFrameUnits::Rows,
                            WindowFrameBound::Preceding(ScalarValue::UInt64(None)),
                            WindowFrameBound::Following(ScalarValue::UInt64(None)),
                        )
                    }
                    None if whole => {
                        return Err(SqlError::raw(
                            "",
                            "0A000",
                            format!(
                                "{} with an ORDER BY clause requires a frame clause",
                                def.name.to_lowercase()
                            ),
                        ));
                    }
                    None => up_to_peers(&window.order),
                };
                let w = Expr::from(WindowFunction {
                    fun: WindowFunctionDefinition::WindowUDF(make()),
                    params: WindowFunctionParams {
                        args: args.into_iter().map(|a| a.expr).collect(),
                        partition_by: window.partition.clone(),
                        order_by: sorts(&window.order),
                        window_frame: frame,
                        filter: None,
                        null_treatment: ignore.then_some(NullTreatment::IgnoreNulls),
                        distinct: false,
                    },
                });
                Ok(Typed::new(
                    Expr::Cast(Cast::new(Box::new(w), ty.arrow())),
                    ty,
                ))
            }
            WindowImpl::Partition(kernel) => {
                Ok(self.partition_window(def.name, kernel, args, ty, &window))
            }
            WindowImpl::Custom(_) => Err(SqlError::internal("unreachable")),
        }
    }

    /// A whole-partition kernel over a window.
    pub fn partition_window(
        &mut self,
        name: &str,
        kernel: WindowKernel,
        args: Vec<Typed>,
        returns: SqlType,
        window: &BoundWindow,
    ) -> Typed {
        let types = args.iter().map(|a| a.ty.clone()).collect();
        let udwf = partition_udwf(name, kernel, types, returns.clone(), &self.env);
        let w = Expr::from(WindowFunction {
            fun: WindowFunctionDefinition::WindowUDF(udwf),
            params: WindowFunctionParams {
                args: args.into_iter().map(|a| a.expr).collect(),
                partition_by: window.partition.clone(),
                order_by: sorts(&window.order),
                window_frame: match window.order.as_slice() {
                    [] => WindowFrame::new(None),
                    order => up_to_peers(order),
                },
                filter: None,
                null_treatment: None,
                distinct: false,
            },
        });
        Typed::new(w, returns)
    }
}

impl FnCall<'_, '_> {
    /// The OVER clause, for window functions with a binding of their own.
    ///
    /// # Errors
    /// When there is none, or what binding it gives.
    pub fn window(&mut self) -> Result<BoundWindow> {
        let over = self.ast.over.as_ref().ok_or_else(|| {
            SqlError::raw(
                "002303",
                "42809",
                format!("{} requires an OVER clause", self.name),
            )
        })?;
        self.binder.in_window(self.name, |b| b.window_spec(over))
    }
}

/// Whether DataFusion has RANGE frames over an order. Without distances, GROUPS of peers are the same frames.
fn has_ranges(order: &[(Typed, SortOptions)]) -> bool {
    order.first().is_none_or(|(key, _)| {
        matches!(
            key.ty.class(),
            TypeClass::Numeric
                | TypeClass::Text
                | TypeClass::Boolean
                | TypeClass::Date
                | TypeClass::Timestamp
                | TypeClass::Null
        )
    })
}

/// The frame of an ordered window that says none: from the start to the current row's peers.
fn up_to_peers(order: &[(Typed, SortOptions)]) -> WindowFrame {
    if has_ranges(order) {
        return WindowFrame::new(Some(false));
    }
    WindowFrame::new_bounds(
        WindowFrameUnits::Groups,
        WindowFrameBound::Preceding(ScalarValue::UInt64(None)),
        WindowFrameBound::CurrentRow,
    )
}

fn sorts(order: &[(Typed, SortOptions)]) -> Vec<SortExpr> {
    order
        .iter()
        .map(|(t, o)| SortExpr::new(t.expr.clone(), !o.descending, o.nulls_first))
        .collect()
}

/// The value of a constant expression.
pub(crate) fn fold_constant(t: &Typed, binder: &Binder<'_>) -> Result<ScalarValue> {
    if let Some(v) = t.literal() {
        return Ok(v.clone());
    }
    crate::exec::constant(&t.expr).map_err(|_| {
        SqlError::raw(
            "001015",
            "42601",
            format!(
                "a constant is needed here, not an expression of type {}",
                binder.type_name(&t.ty)
            ),
        )
    })
}
