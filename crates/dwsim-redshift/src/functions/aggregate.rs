//! Aggregate functions of Redshift, each with its page of the reference.
//! What they compute is in `dwsim_engine::kernels::aggregate`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, DurationMicrosecondType, Int32Type, Int64Type, IntervalYearMonthType, TimeUnit,
};
use dwsim_engine::error::{ErrorKind, Result};
use dwsim_engine::functions::{
    AggregateDef, AggregateImpl, Call, FnCall, Param, Typed, kernel_expr, ret,
};
use dwsim_engine::kernels::aggregate as agg;
use dwsim_engine::types::SqlType;

/// The table's rows.
pub const AGGREGATES: &[AggregateDef] = &[
    AggregateDef {
        name: "COUNT",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_COUNT.html",
        params: &[],
        optional: 0,
        returns: ret::bigint,
        implementation: AggregateImpl::Custom(agg::count),
    },
    AggregateDef {
        name: "SUM",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_SUM.html",
        params: &[],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::Custom(|c| sum_or_average(c, false)),
    },
    AggregateDef {
        name: "AVG",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_AVG.html",
        params: &[],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::Custom(|c| sum_or_average(c, true)),
    },
    AggregateDef {
        name: "MIN",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_MIN.html",
        params: &[Param::Any],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::DataFusion(agg::df_min),
    },
    AggregateDef {
        name: "MAX",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_MAX.html",
        params: &[Param::Any],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::DataFusion(agg::df_max),
    },
    AggregateDef {
        name: "ANY_VALUE",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_ANY_VALUE.html",
        params: &[Param::Any],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::Collect {
            kernel: agg::any_value,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "MEDIAN",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_MEDIAN.html",
        params: &[],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::Custom(agg::median_bind),
    },
    AggregateDef {
        name: "PERCENTILE_CONT",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_PERCENTILE_CONT.html",
        params: &[],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::Custom(agg::percentile),
    },
    AggregateDef {
        name: "PERCENTILE_DISC",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_APPROXIMATE_PERCENTILE_DISC.html",
        params: &[],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::Custom(agg::percentile),
    },
    AggregateDef {
        name: "LISTAGG",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_LISTAGG.html",
        params: &[Param::Text, Param::Text],
        optional: 1,
        returns: ret::text,
        implementation: AggregateImpl::Collect {
            kernel: agg::listagg,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "BIT_AND",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_BIT_AND.html",
        params: &[Param::Int],
        optional: 0,
        returns: ret::bigint,
        implementation: AggregateImpl::Collect {
            kernel: agg::bit_and,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "BIT_OR",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_BIT_OR.html",
        params: &[Param::Int],
        optional: 0,
        returns: ret::bigint,
        implementation: AggregateImpl::Collect {
            kernel: agg::bit_or,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "BOOL_AND",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_BOOL_AND.html",
        params: &[Param::Bool],
        optional: 0,
        returns: ret::boolean,
        implementation: AggregateImpl::Collect {
            kernel: agg::bool_and,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "BOOL_OR",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_BOOL_OR.html",
        params: &[Param::Bool],
        optional: 0,
        returns: ret::boolean,
        implementation: AggregateImpl::Collect {
            kernel: agg::bool_or,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "STDDEV",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_STDDEV_functions.html",
        params: &[Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_stddev),
    },
    AggregateDef {
        name: "STDDEV_SAMP",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_STDDEV_functions.html",
        params: &[Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_stddev),
    },
    AggregateDef {
        name: "STDDEV_POP",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_STDDEV_functions.html",
        params: &[Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_stddev_pop),
    },
    AggregateDef {
        name: "VARIANCE",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_VARIANCE_functions.html",
        params: &[Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_variance),
    },
    AggregateDef {
        name: "VAR_SAMP",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_VARIANCE_functions.html",
        params: &[Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_variance),
    },
    AggregateDef {
        name: "VAR_POP",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_VARIANCE_functions.html",
        params: &[Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_variance_pop),
    },
    AggregateDef {
        name: "GROUPING",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_GROUP_BY_aggregation-extensions.html",
        params: &[Param::Any],
        optional: usize::MAX,
        returns: ret::bigint,
        implementation: AggregateImpl::DataFusion(agg::df_grouping),
    },
    AggregateDef {
        name: "GROUPING_ID",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_GROUP_BY_aggregation-extensions.html",
        params: &[Param::Any],
        optional: usize::MAX,
        returns: ret::bigint,
        implementation: AggregateImpl::DataFusion(agg::df_grouping),
    },
    AggregateDef {
        name: "APPROX_COUNT_DISTINCT",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_COUNT.html",
        params: &[Param::Any],
        optional: 0,
        returns: ret::bigint,
        implementation: AggregateImpl::Custom(agg::approx_count_distinct),
    },
];

/// SUM and AVG. Intervals are added as whole months or microseconds (r_interval_data_types).
fn sum_or_average(c: &mut FnCall<'_, '_>, average: bool) -> Result<Typed> {
    c.expect(1, 1)?;
    let value = c.bind(0)?;
    if !matches!(value.ty, SqlType::IntervalYm | SqlType::IntervalDs) {
        if average {
            return agg::avg_of(c, value);
        }
        return agg::sum_of(c, value);
    }
    let ty = value.ty.clone();
    let options = c.aggregate_options()?;
    let env = Arc::clone(&c.binder.env);
    let units = kernel_expr(
        "interval_units",
        units,
        vec![value],
        SqlType::BigInt,
        &env,
        false,
    );
    let total = (c.binder).aggregate_expr(&agg::EXACT_SUM, vec![units.clone()], options.clone())?;
    let mut parts = vec![total];
    if average {
        parts.push(c.binder.aggregate_expr(&agg::COUNT, vec![units], options)?);
    }
    Ok(kernel_expr(
        "interval_of_units",
        of_units,
        parts,
        ty,
        &env,
        false,
    ))
}

/// An interval's months or microseconds.
fn units(call: &Call<'_>) -> Result<ArrayRef> {
    let column = &call.args[0];
    let array = &column.array;
    call.map_int(|row| {
        let i = column.index(row);
        Ok((!array.is_null(i)).then(|| match call.types[0] {
            SqlType::IntervalYm => {
                i64::from(array.as_primitive::<IntervalYearMonthType>().value(i))
            }
            _ => array.as_primitive::<DurationMicrosecondType>().value(i),
        }))
    })
}

/// The interval of a total, or of a total over a count.
fn of_units(call: &Call<'_>) -> Result<ArrayRef> {
    let (totals, counts) = (call.int(0)?, call.optional_int(1)?);
    let units = call.map_int(|row| {
        let count = counts.as_ref().map_or(Some(1), |c| c.get(row));
        Ok(match (totals.get(row), count) {
            (Some(total), Some(count)) if count != 0 => Some(total / count),
            _ => None,
        })
    })?;
    if *call.returns == SqlType::IntervalDs {
        let ty = DataType::Duration(TimeUnit::Microsecond);
        return Ok(arrow::compute::cast(&units, &ty)?);
    }
    let units = units.as_primitive::<Int64Type>();
    let months = units.try_unary::<_, Int32Type, _>(|v| {
        i32::try_from(v).map_err(|_| {
            arrow::error::ArrowError::ComputeError("an interval of too many months".to_owned())
        })
    });
    let months = months.map_err(|_| ErrorKind::OutOfRange {
        ty: call.returns.redshift(),
        value: "interval".to_owned(),
    })?;
    Ok(Arc::new(months.reinterpret_cast::<IntervalYearMonthType>()))
}
