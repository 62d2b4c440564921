//! Result types and bindings of aggregates that the dialects' tables name.
//! The tables themselves, with the documentation pages, are the dialects'.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Int64Array};
use datafusion::functions_aggregate as df;
use datafusion::logical_expr::AggregateUDF;

use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::{
    AggregateDef, AggregateImpl, AggregateOptions, Call, FnCall, Param, ReturnArgs, Typed, ret,
};
use crate::kernels::cast::rescale;
use crate::types::{SqlType, TypeClass};

/// DataFusion's SUM.
pub fn df_sum() -> Arc<AggregateUDF> {
    df::sum::sum_udaf()
}
/// DataFusion's COUNT.
pub fn df_count() -> Arc<AggregateUDF> {
    df::count::count_udaf()
}
/// DataFusion's MIN.
pub fn df_min() -> Arc<AggregateUDF> {
    df::min_max::min_udaf()
}
/// DataFusion's MAX.
pub fn df_max() -> Arc<AggregateUDF> {
    df::min_max::max_udaf()
}
/// DataFusion's AVG, for floats.
pub fn df_avg() -> Arc<AggregateUDF> {
    df::average::avg_udaf()
}
/// Sample standard deviation.
pub fn df_stddev() -> Arc<AggregateUDF> {
    df::stddev::stddev_udaf()
}
/// Population standard deviation.
pub fn df_stddev_pop() -> Arc<AggregateUDF> {
    df::stddev::stddev_pop_udaf()
}
/// Sample variance.
pub fn df_variance() -> Arc<AggregateUDF> {
    df::variance::var_samp_udaf()
}
/// Population variance.
pub fn df_variance_pop() -> Arc<AggregateUDF> {
    df::variance::var_pop_udaf()
}
/// Sample covariance.
pub fn df_covar_samp() -> Arc<AggregateUDF> {
    df::covariance::covar_samp_udaf()
}
/// Population covariance.
pub fn df_covar_pop() -> Arc<AggregateUDF> {
    df::covariance::covar_pop_udaf()
}
/// Correlation.
pub fn df_corr() -> Arc<AggregateUDF> {
    df::correlation::corr_udaf()
}
/// Distinct count by HyperLogLog.
fn df_approx_distinct() -> Arc<AggregateUDF> {
    df::approx_distinct::approx_distinct_udaf()
}
/// The distinct count of one value by HyperLogLog. Floats are counted by their text, which tells equal ones apart as
/// little as their values do.
pub fn approx_count_distinct(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let value = call.bind(0)?;
    let options = call.aggregate_options()?;
    approx_distinct_of(call, value, options)
}

/// [`approx_count_distinct`] of a value at hand.
pub fn approx_distinct_of(
    call: &mut FnCall<'_, '_>,
    value: Typed,
    options: AggregateOptions,
) -> Result<Typed> {
    let value = match value.ty.is_float() {
        true => call.coerce(value, Param::Text)?,
        false => value,
    };
    call.binder
        .aggregate_expr(&APPROX_COUNT_DISTINCT, vec![value], options)
}

/// GROUPING.
pub fn df_grouping() -> Arc<AggregateUDF> {
    df::grouping::grouping_udaf()
}
/// REGR_SLOPE.
pub fn df_regr_slope() -> Arc<AggregateUDF> {
    df::regr::regr_slope_udaf()
}
/// REGR_INTERCEPT.
pub fn df_regr_intercept() -> Arc<AggregateUDF> {
    df::regr::regr_intercept_udaf()
}
/// REGR_COUNT.
pub fn df_regr_count() -> Arc<AggregateUDF> {
    df::regr::regr_count_udaf()
}
/// REGR_R2.
pub fn df_regr_r2() -> Arc<AggregateUDF> {
    df::regr::regr_r2_udaf()
}
/// REGR_AVGX.
pub fn df_regr_avgx() -> Arc<AggregateUDF> {
    df::regr::regr_avgx_udaf()
}
/// REGR_AVGY.
pub fn df_regr_avgy() -> Arc<AggregateUDF> {
    df::regr::regr_avgy_udaf()
}
/// REGR_SXX.
pub fn df_regr_sxx() -> Arc<AggregateUDF> {
    df::regr::regr_sxx_udaf()
}
/// REGR_SYY.
pub fn df_regr_syy() -> Arc<AggregateUDF> {
    df::regr::regr_syy_udaf()
}
/// REGR_SXY.
pub fn df_regr_sxy() -> Arc<AggregateUDF> {
    df::regr::regr_sxy_udaf()
}

/// SUM: 38 digits of the argument's scale for decimals, BIGINT for integers, double for floats.
pub fn sum_type(a: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(match a.types.first() {
        Some(SqlType::Number { scale, .. }) => SqlType::number(38, *scale),
        Some(SqlType::SmallInt | SqlType::Integer | SqlType::BigInt) => SqlType::BigInt,
        Some(SqlType::Real | SqlType::Double) => SqlType::Double,
        Some(SqlType::IntervalDs) => SqlType::IntervalDs,
        Some(SqlType::IntervalYm) => SqlType::IntervalYm,
        other => {
            return Err(ErrorKind::ArgumentTypes {
                function: "SUM".into(),
                arguments: other.map(|t| a.dialect.type_name(t)).into_iter().collect(),
            }
            .into());
        }
    })
}

/// SUM, which refuses what its type cannot hold.
pub fn sum_bind(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let arg = call.bind(0)?;
    sum_of(call, arg)
}

/// [`sum_bind`] of a value at hand.
pub fn sum_of(call: &mut FnCall<'_, '_>, arg: Typed) -> Result<Typed> {
    let arg = call.coerce(arg, Param::Number)?;
    let options = call.aggregate_options()?;
    sum_with(call, arg, options)
}

fn sum_with(call: &mut FnCall<'_, '_>, arg: Typed, options: AggregateOptions) -> Result<Typed> {
    if arg.ty.is_float() {
        return call.binder.aggregate_expr(&SUM, vec![arg], options);
    }
    if !options.distinct {
        return call.binder.aggregate_expr(&EXACT_SUM, vec![arg], options);
    }
    // DataFusion adds distinct 128-bit integers without looking at their end: the sum as floats tells whether it can be
    // trusted.
    let integer = arg.ty.is_int();
    let scale = arg.ty.decimal_shape().map_or(0, |(_, s)| s);
    let implicit = crate::plan::CastMode::Implicit;
    let wide = (call.binder).cast(arg, &SqlType::number(38, scale), implicit)?;
    let float = call.coerce(wide.clone(), Param::Double)?;
    let about = (call.binder).aggregate_expr(&SUM, vec![float], options.clone())?;
    let exact = call.binder.aggregate_expr(&SUM, vec![wide], options)?;
    let ty = exact.ty.clone();
    let sum = call.kernel(trusted_sum, vec![exact, about], ty);
    match integer {
        true => call.binder.cast(sum, &SqlType::BigInt, implicit),
        false => Ok(sum),
    }
}

/// The exact sum, unless the float beside it says that it has left 128 bits, or it has more than 38 digits.
fn trusted_sum(call: &Call<'_>) -> Result<ArrayRef> {
    let (exact, about) = (call.decimal(0)?, call.double(1)?);
    let scale = call.types[0].decimal_shape().map_or(0, |(_, s)| s);
    let unit = 10f64.powi(i32::from(scale));
    let limit = 10i128.pow(38);
    let mut out = Decimal128Array::builder(call.rows);
    for row in 0..call.rows {
        let value = exact.get(row);
        if let (Some(v), Some(a)) = (value, about.get(row))
            && (v.unsigned_abs() >= limit.unsigned_abs() || (a * unit).abs() > 1.5e38)
        {
            return Err(ErrorKind::OutOfRange {
                ty: format!("FIXED[SB16](38,{scale})"),
                value: format!("{a:e}"),
            }
            .into());
        }
        out.append_option(value);
    }
    Ok(Arc::new(
        out.finish().with_precision_and_scale(38, scale as i8)?,
    ))
}

/// A definition for use inside of other bindings.
const SUM: AggregateDef = AggregateDef {
    name: "SUM",
    page: "",
    params: &[Param::Number],
    optional: 0,
    returns: sum_type,
    implementation: AggregateImpl::DataFusion(df_sum),
};
/// SUM of one number, inside of other bindings.
pub const EXACT_SUM: AggregateDef = AggregateDef {
    name: "SUM",
    page: "",
    params: &[Param::Number],
    optional: 0,
    returns: sum_type,
    implementation: AggregateImpl::DataFusion(super::exact_sum),
};
/// COUNT of one value, inside of other bindings.
pub const COUNT: AggregateDef = AggregateDef {
    name: "COUNT",
    page: "",
    params: &[Param::Any],
    optional: 0,
    returns: big_type,
    implementation: AggregateImpl::DataFusion(df_count),
};
const APPROX_COUNT_DISTINCT: AggregateDef = AggregateDef {
    name: "APPROX_COUNT_DISTINCT",
    page: "",
    params: &[Param::Any],
    optional: 0,
    returns: big_type,
    implementation: AggregateImpl::DataFusion(df_approx_distinct),
};
const AVG_FLOAT: AggregateDef = AggregateDef {
    name: "AVG",
    page: "",
    params: &[Param::Double],
    optional: 0,
    returns: ret::double,
    implementation: AggregateImpl::DataFusion(df_avg),
};

/// The type in which both dialects count; results are given theirs where they are bound.
fn big_type(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::BigInt)
}

/// AVG. Exact numbers are summed exactly and divided once: on Snowflake with six more digits (at most
/// twelve, or the argument's own), on Redshift truncated at the argument's scale.
pub fn avg(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let arg = call.bind(0)?;
    avg_of(call, arg)
}

/// [`avg`] of a value at hand.
pub fn avg_of(call: &mut FnCall<'_, '_>, arg: Typed) -> Result<Typed> {
    let arg = call.coerce(arg, Param::Number)?;
    let options = call.aggregate_options()?;
    if arg.ty.is_float() {
        let arg = call.coerce(arg, Param::Double)?;
        return call.binder.aggregate_expr(&AVG_FLOAT, vec![arg], options);
    }
    let Some((_, scale)) = arg.ty.decimal_shape() else {
        return Err(call.type_error(&[arg]));
    };
    let integer = arg.ty.is_int();
    let again = AggregateOptions {
        distinct: options.distinct,
        ..AggregateOptions::default()
    };
    // The sum of integers is taken as a decimal, which cannot overflow.
    let wide = call.binder.cast(
        arg.clone(),
        &SqlType::number(38, scale),
        crate::plan::CastMode::Implicit,
    )?;
    let sum = sum_with(call, wide, options)?;
    let count = call.binder.aggregate_expr(&COUNT, vec![arg], again)?;
    let ty = match (call.env().dialect, integer) {
        (DialectName::Redshift, true) => SqlType::BigInt,
        (DialectName::Redshift, false) => SqlType::number(38, scale),
        (DialectName::Snowflake, _) => SqlType::number(38, scale.max((scale + 6).min(12))),
    };
    Ok(call.kernel(quotient, vec![sum, count], ty))
}

/// Sum over count; NULL for no rows.
fn quotient(call: &Call<'_>) -> Result<ArrayRef> {
    let (sum, count) = (call.decimal(0)?, call.int(1)?);
    let from = call.types[0].decimal_shape().map_or(0, |(_, s)| s);
    if *call.returns == SqlType::BigInt {
        let mut out = Int64Array::builder(call.rows);
        for row in 0..call.rows {
            out.append_option(match (sum.get(row), count.get(row)) {
                (Some(s), Some(n)) if n != 0 => Some((s / i128::from(n)) as i64),
                _ => None,
            });
        }
        return Ok(Arc::new(out.finish()));
    }
    let SqlType::Number { precision, scale } = call.returns else {
        return Err(SqlError::internal(
            "the quotient of an average is a decimal",
        ));
    };
    let mut out = Decimal128Array::builder(call.rows);
    for row in 0..call.rows {
        out.append_option(match (sum.get(row), count.get(row)) {
            (Some(s), Some(n)) if n != 0 => {
                let n = i128::from(n);
                // Whole part and remainder apart, so that the extra digits do not overflow.
                let (whole, rest) = (s / n, s % n);
                let unit = 10i128.pow(u32::from(scale - from));
                let digits = match call.env.dialect {
                    DialectName::Redshift => rest * unit / n,
                    DialectName::Snowflake => rescale(rest * unit * 10 / n, 1, 0).unwrap_or(0),
                };
                Some(
                    whole
                        .checked_mul(unit)
                        .and_then(|w| w.checked_add(digits))
                        .ok_or_else(|| {
                            SqlError::new(ErrorKind::OutOfRange {
                                ty: String::new(),
                                value: s.to_string(),
                            })
                        })?,
                )
            }
            _ => None,
        });
    }
    Ok(Arc::new(
        out.finish()
            .with_precision_and_scale(*precision, *scale as i8)?,
    ))
}

/// A VARIANT in which JSON null is SQL NULL, as Snowflake's COUNT takes it; other values as they are.
fn without_null(call: &FnCall<'_, '_>, value: Typed) -> Typed {
    if call.env().dialect == DialectName::Snowflake && value.ty == SqlType::Variant {
        return call.kernel(
            crate::kernels::semi::strip_null_value,
            vec![value],
            SqlType::Variant,
        );
    }
    value
}

/// COUNT: rows, non-NULL values, or distinct combinations.
pub fn count(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    use sqlparser::ast;
    let n = call.len();
    let star = match &call.ast.args {
        ast::FunctionArguments::List(l) => l.args.iter().any(|a| {
            matches!(
                a,
                ast::FunctionArg::Unnamed(
                    ast::FunctionArgExpr::Wildcard
                        | ast::FunctionArgExpr::QualifiedWildcard(_)
                        | ast::FunctionArgExpr::WildcardWithOptions(_)
                )
            )
        }),
        _ => false,
    };
    // `t.*` and `* EXCLUDE …` are columns, of which none may be NULL; `*` alone is the row.
    let options = call.aggregate_options()?;
    let columns = match &call.ast.args {
        ast::FunctionArguments::List(l)
            if call.env().dialect == DialectName::Snowflake
                && (options.distinct
                    || !matches!(
                        l.args.as_slice(),
                        [ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Wildcard)]
                    )) =>
        {
            call.star()?
        }
        _ => None,
    };
    let ty = match call.env().dialect {
        DialectName::Redshift => SqlType::BigInt,
        DialectName::Snowflake => SqlType::number(18, 0),
    };
    let counted = if (star || n == 0) && columns.is_none() {
        if options.distinct {
            return Err(SqlError::unsupported("COUNT(DISTINCT *)"));
        }
        call.binder.aggregate_expr(&COUNT, vec![], options)?
    } else {
        let args = match columns {
            Some(columns) => columns.into_iter().map(|(_, v)| v).collect(),
            None => call.bind_all()?,
        };
        let args: Vec<Typed> = args.into_iter().map(|a| without_null(call, a)).collect();
        if args.is_empty() {
            return Err(call.count_error(1, 0));
        }
        if args.len() == 1 {
            call.binder.aggregate_expr(&COUNT, args, options)?
        } else {
            // Several arguments: rows in which none is NULL.
            let distinct = options.distinct;
            if distinct {
                call.binder.collect(
                    "COUNT",
                    super::count_distinct_rows,
                    false,
                    args,
                    SqlType::BigInt,
                    AggregateOptions::default(),
                )
            } else {
                let all = args
                    .iter()
                    .map(|a| a.expr.clone().is_not_null())
                    .reduce(datafusion::logical_expr::Expr::and)
                    .ok_or_else(|| SqlError::internal("no arguments"))?;
                let flag = datafusion::logical_expr::when(all, datafusion::logical_expr::lit(1i64))
                    .end()?;
                call.binder.aggregate_expr(
                    &COUNT,
                    vec![Typed::new(flag, SqlType::BigInt)],
                    options,
                )?
            }
        }
    };
    call.binder
        .cast(counted, &ty, crate::plan::CastMode::Implicit)
}

/// COUNT_IF: rows for which a condition is true.
pub fn count_if(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let c = call.bind(0)?;
    let c = call.coerce(c, Param::Bool)?;
    let options = call.aggregate_options()?;
    let flag = datafusion::logical_expr::when(c.expr, datafusion::logical_expr::lit(1i64)).end()?;
    let n = call
        .binder
        .aggregate_expr(&COUNT, vec![Typed::new(flag, SqlType::BigInt)], options)?;
    call.binder
        .cast(n, &SqlType::number(18, 0), crate::plan::CastMode::Implicit)
}

/// PERCENTILE_CONT, PERCENTILE_DISC: the fraction is the argument, the value is WITHIN GROUP (ORDER BY …).
pub fn percentile(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let fraction = call.bind(0)?;
    let fraction = call.coerce(fraction, Param::Double)?;
    let options = call.aggregate_options()?;
    let [(value, order)] = options.order.as_slice() else {
        return Err(SqlError::raw(
            "002079",
            "42601",
            format!(
                "{} needs WITHIN GROUP (ORDER BY …) with one expression",
                call.name
            ),
        ));
    };
    let (value, order) = (value.clone(), *order);
    let cont = call.name == "PERCENTILE_CONT" || call.name == "APPROX_PERCENTILE";
    if !cont {
        let ty = value.ty.clone();
        let options = AggregateOptions {
            order: vec![(value.clone(), order)],
            ..AggregateOptions::default()
        };
        return Ok(call.binder.collect(
            call.name,
            super::percentile_disc,
            true,
            vec![value, fraction],
            ty,
            options,
        ));
    }
    let ty = interpolated(call.env().dialect, &value.ty);
    let value = if value.ty.decimal_shape().is_some() {
        let (p, s) = value.ty.decimal_shape().unwrap_or((38, 0));
        call.binder.cast(
            value,
            &SqlType::number(p, s),
            crate::plan::CastMode::Implicit,
        )?
    } else {
        value
    };
    // Descending order mirrors the fraction.
    let fraction = if order.descending {
        Typed::new(
            datafusion::logical_expr::lit(1.0f64) - fraction.expr,
            SqlType::Double,
        )
    } else {
        fraction
    };
    Ok(call.binder.collect(
        call.name,
        super::percentile_cont,
        true,
        vec![value, fraction],
        ty,
        AggregateOptions::default(),
    ))
}

/// MEDIAN of numbers or dates.
pub fn median_bind(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let value = call.bind(0)?;
    let value = if value.ty.is_text() {
        call.coerce(value, Param::Number)?
    } else {
        value
    };
    // Medians lie between two values: only what can be averaged has one. Redshift's also takes dates and times.
    let averaged = match value.ty.class() {
        TypeClass::Numeric | TypeClass::Semi | TypeClass::Null => true,
        _ => call.env().dialect == DialectName::Redshift,
    };
    if !averaged {
        return Err(call.type_error(&[value]));
    }
    let ty = interpolated(call.env().dialect, &value.ty);
    let value = match value.ty.decimal_shape() {
        Some((p, s)) => call.binder.cast(
            value,
            &SqlType::number(p, s),
            crate::plan::CastMode::Implicit,
        )?,
        None => value,
    };
    let options = AggregateOptions {
        distinct: call.aggregate_options()?.distinct,
        ..AggregateOptions::default()
    };
    Ok(call
        .binder
        .collect(call.name, super::median, true, vec![value], ty, options))
}

/// The type of an interpolated value. Snowflake: three more digits. Redshift: integers become decimals with one digit after
/// the point, decimals stay what they are, floats are doubles.
fn interpolated(dialect: DialectName, ty: &SqlType) -> SqlType {
    match (dialect, ty) {
        (DialectName::Redshift, SqlType::Number { .. }) => ty.clone(),
        (DialectName::Redshift, t) if t.is_int() => {
            let digits = t.decimal_shape().map_or(37, |(p, _)| p);
            SqlType::number(digits + 1, 1)
        }
        (_, SqlType::Real) => SqlType::Double,
        (_, t) => match t.decimal_shape() {
            Some((p, s)) => SqlType::number(p.saturating_add(3).min(38), (s + 3).min(37)),
            None => t.clone(),
        },
    }
}
