//! Aggregate functions of Snowflake, each with its page of the reference.
//! What they compute is in `dwsim_engine::kernels::aggregate`.

use dwsim_engine::error::Result;
use dwsim_engine::functions::ReturnArgs;
use dwsim_engine::functions::{AggregateDef, AggregateImpl, FnCall, Param, Typed, ret};
use dwsim_engine::kernels::aggregate as agg;
use dwsim_engine::types::SqlType;

fn agg_int(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::number(38, 0))
}

/// MIN_BY and MAX_BY: one value, or an array of as many as a third argument says.
fn extreme_by(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 3)?;
    let mut args = call.bind_all()?;
    let options = call.aggregate_options()?;
    if args.len() == 3 {
        args[2] = call.coerce(args[2].clone(), Param::Int)?;
        return Ok(call.binder.collect(
            call.name,
            agg::extremes_by,
            false,
            args,
            SqlType::Array,
            options,
        ));
    }
    let kernel = if call.name == "MIN_BY" {
        agg::min_by
    } else {
        agg::max_by
    };
    let ty = args[0].ty.clone();
    Ok(call
        .binder
        .collect(call.name, kernel, false, args, ty, options))
}

/// The table's rows.
pub const AGGREGATES: &[AggregateDef] = &[
    AggregateDef {
        name: "COUNT",
        page: "https://docs.snowflake.com/en/sql-reference/functions/count",
        params: &[],
        optional: 0,
        returns: ret::bigint,
        implementation: AggregateImpl::Custom(agg::count),
    },
    AggregateDef {
        name: "COUNT_IF",
        page: "https://docs.snowflake.com/en/sql-reference/functions/count_if",
        params: &[],
        optional: 0,
        returns: ret::bigint,
        implementation: AggregateImpl::Custom(agg::count_if),
    },
    AggregateDef {
        name: "SUM",
        page: "https://docs.snowflake.com/en/sql-reference/functions/sum",
        params: &[Param::Number],
        optional: 0,
        returns: agg::sum_type,
        implementation: AggregateImpl::Custom(agg::sum_bind),
    },
    AggregateDef {
        name: "AVG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/avg",
        params: &[],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::Custom(agg::avg),
    },
    AggregateDef {
        name: "MIN",
        page: "https://docs.snowflake.com/en/sql-reference/functions/min",
        params: &[Param::Any],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::DataFusion(agg::df_min),
    },
    AggregateDef {
        name: "MAX",
        page: "https://docs.snowflake.com/en/sql-reference/functions/max",
        params: &[Param::Any],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::DataFusion(agg::df_max),
    },
    AggregateDef {
        name: "ANY_VALUE",
        page: "https://docs.snowflake.com/en/sql-reference/functions/any_value",
        params: &[Param::Any],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::Collect {
            kernel: agg::any_value,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "MIN_BY",
        page: "https://docs.snowflake.com/en/sql-reference/functions/min_by",
        params: &[],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::Custom(extreme_by),
    },
    AggregateDef {
        name: "MAX_BY",
        page: "https://docs.snowflake.com/en/sql-reference/functions/max_by",
        params: &[],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::Custom(extreme_by),
    },
    AggregateDef {
        name: "MODE",
        page: "https://docs.snowflake.com/en/sql-reference/functions/mode",
        params: &[Param::Any],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::Collect {
            kernel: agg::mode,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "MEDIAN",
        page: "https://docs.snowflake.com/en/sql-reference/functions/median",
        params: &[],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::Custom(agg::median_bind),
    },
    AggregateDef {
        name: "PERCENTILE_CONT",
        page: "https://docs.snowflake.com/en/sql-reference/functions/percentile_cont",
        params: &[],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::Custom(agg::percentile),
    },
    AggregateDef {
        name: "PERCENTILE_DISC",
        page: "https://docs.snowflake.com/en/sql-reference/functions/percentile_disc",
        params: &[],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::Custom(agg::percentile),
    },
    AggregateDef {
        name: "LISTAGG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/listagg",
        params: &[Param::Text, Param::Text],
        optional: 1,
        returns: ret::text,
        implementation: AggregateImpl::Collect {
            kernel: agg::listagg,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "STRING_AGG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/listagg",
        params: &[Param::Text, Param::Text],
        optional: 1,
        returns: ret::text,
        implementation: AggregateImpl::Collect {
            kernel: agg::listagg,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "BITAND_AGG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/bitand_agg",
        params: &[Param::Int],
        optional: 0,
        returns: agg_int,
        implementation: AggregateImpl::Collect {
            kernel: agg::bit_and,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "BITOR_AGG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/bitor_agg",
        params: &[Param::Int],
        optional: 0,
        returns: agg_int,
        implementation: AggregateImpl::Collect {
            kernel: agg::bit_or,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "BITXOR_AGG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/bitxor_agg",
        params: &[Param::Int],
        optional: 0,
        returns: agg_int,
        implementation: AggregateImpl::Collect {
            kernel: agg::bit_xor,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "BOOLAND_AGG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/booland_agg",
        params: &[Param::Bool],
        optional: 0,
        returns: ret::boolean,
        implementation: AggregateImpl::Collect {
            kernel: agg::bool_and,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "BOOLOR_AGG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/boolor_agg",
        params: &[Param::Bool],
        optional: 0,
        returns: ret::boolean,
        implementation: AggregateImpl::Collect {
            kernel: agg::bool_or,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "BOOLXOR_AGG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/boolxor_agg",
        params: &[Param::Bool],
        optional: 0,
        returns: ret::boolean,
        implementation: AggregateImpl::Collect {
            kernel: agg::bool_xor,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "STDDEV",
        page: "https://docs.snowflake.com/en/sql-reference/functions/stddev",
        params: &[Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_stddev),
    },
    AggregateDef {
        name: "STDDEV_SAMP",
        page: "https://docs.snowflake.com/en/sql-reference/functions/stddev",
        params: &[Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_stddev),
    },
    AggregateDef {
        name: "STDDEV_POP",
        page: "https://docs.snowflake.com/en/sql-reference/functions/stddev_pop",
        params: &[Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_stddev_pop),
    },
    AggregateDef {
        name: "VARIANCE",
        page: "https://docs.snowflake.com/en/sql-reference/functions/variance",
        params: &[Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_variance),
    },
    AggregateDef {
        name: "VARIANCE_SAMP",
        page: "https://docs.snowflake.com/en/sql-reference/functions/variance",
        params: &[Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_variance),
    },
    AggregateDef {
        name: "VAR_SAMP",
        page: "https://docs.snowflake.com/en/sql-reference/functions/var_samp",
        params: &[Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_variance),
    },
    AggregateDef {
        name: "VARIANCE_POP",
        page: "https://docs.snowflake.com/en/sql-reference/functions/variance_pop",
        params: &[Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_variance_pop),
    },
    AggregateDef {
        name: "VAR_POP",
        page: "https://docs.snowflake.com/en/sql-reference/functions/var_pop",
        params: &[Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_variance_pop),
    },
    AggregateDef {
        name: "COVAR_SAMP",
        page: "https://docs.snowflake.com/en/sql-reference/functions/covar_samp",
        params: &[Param::Double, Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_covar_samp),
    },
    AggregateDef {
        name: "COVAR_POP",
        page: "https://docs.snowflake.com/en/sql-reference/functions/covar_pop",
        params: &[Param::Double, Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_covar_pop),
    },
    AggregateDef {
        name: "CORR",
        page: "https://docs.snowflake.com/en/sql-reference/functions/corr",
        params: &[Param::Double, Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_corr),
    },
    AggregateDef {
        name: "REGR_SLOPE",
        page: "https://docs.snowflake.com/en/sql-reference/functions/regr_slope",
        params: &[Param::Double, Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_regr_slope),
    },
    AggregateDef {
        name: "REGR_INTERCEPT",
        page: "https://docs.snowflake.com/en/sql-reference/functions/regr_intercept",
        params: &[Param::Double, Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_regr_intercept),
    },
    AggregateDef {
        name: "REGR_COUNT",
        page: "https://docs.snowflake.com/en/sql-reference/functions/regr_count",
        params: &[Param::Double, Param::Double],
        optional: 0,
        returns: ret::bigint,
        implementation: AggregateImpl::DataFusion(agg::df_regr_count),
    },
    AggregateDef {
        name: "REGR_R2",
        page: "https://docs.snowflake.com/en/sql-reference/functions/regr_r2",
        params: &[Param::Double, Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_regr_r2),
    },
    AggregateDef {
        name: "REGR_AVGX",
        page: "https://docs.snowflake.com/en/sql-reference/functions/regr_avgx",
        params: &[Param::Double, Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_regr_avgx),
    },
    AggregateDef {
        name: "REGR_AVGY",
        page: "https://docs.snowflake.com/en/sql-reference/functions/regr_avgy",
        params: &[Param::Double, Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_regr_avgy),
    },
    AggregateDef {
        name: "REGR_SXX",
        page: "https://docs.snowflake.com/en/sql-reference/functions/regr_sxx",
        params: &[Param::Double, Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_regr_sxx),
    },
    AggregateDef {
        name: "REGR_SYY",
        page: "https://docs.snowflake.com/en/sql-reference/functions/regr_syy",
        params: &[Param::Double, Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_regr_syy),
    },
    AggregateDef {
        name: "REGR_SXY",
        page: "https://docs.snowflake.com/en/sql-reference/functions/regr_sxy",
        params: &[Param::Double, Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::DataFusion(agg::df_regr_sxy),
    },
    AggregateDef {
        name: "KURTOSIS",
        page: "https://docs.snowflake.com/en/sql-reference/functions/kurtosis",
        params: &[Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::Collect {
            kernel: agg::kurtosis,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "SKEW",
        page: "https://docs.snowflake.com/en/sql-reference/functions/skew",
        params: &[Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: AggregateImpl::Collect {
            kernel: agg::skew,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "GROUPING",
        page: "https://docs.snowflake.com/en/sql-reference/functions/grouping",
        params: &[Param::Any],
        optional: usize::MAX,
        returns: ret::bigint,
        implementation: AggregateImpl::DataFusion(agg::df_grouping),
    },
    AggregateDef {
        name: "GROUPING_ID",
        page: "https://docs.snowflake.com/en/sql-reference/functions/grouping_id",
        params: &[Param::Any],
        optional: usize::MAX,
        returns: ret::bigint,
        implementation: AggregateImpl::DataFusion(agg::df_grouping),
    },
    AggregateDef {
        name: "BITANDAGG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/bitand_agg",
        params: &[Param::Int],
        optional: 0,
        returns: agg_int,
        implementation: AggregateImpl::Collect {
            kernel: agg::bit_and,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "BIT_AND_AGG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/bitand_agg",
        params: &[Param::Int],
        optional: 0,
        returns: agg_int,
        implementation: AggregateImpl::Collect {
            kernel: agg::bit_and,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "BIT_ANDAGG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/bitand_agg",
        params: &[Param::Int],
        optional: 0,
        returns: agg_int,
        implementation: AggregateImpl::Collect {
            kernel: agg::bit_and,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "BITORAGG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/bitor_agg",
        params: &[Param::Int],
        optional: 0,
        returns: agg_int,
        implementation: AggregateImpl::Collect {
            kernel: agg::bit_or,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "BIT_OR_AGG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/bitor_agg",
        params: &[Param::Int],
        optional: 0,
        returns: agg_int,
        implementation: AggregateImpl::Collect {
            kernel: agg::bit_or,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "BIT_ORAGG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/bitor_agg",
        params: &[Param::Int],
        optional: 0,
        returns: agg_int,
        implementation: AggregateImpl::Collect {
            kernel: agg::bit_or,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "BITXORAGG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/bitxor_agg",
        params: &[Param::Int],
        optional: 0,
        returns: agg_int,
        implementation: AggregateImpl::Collect {
            kernel: agg::bit_xor,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "BIT_XOR_AGG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/bitxor_agg",
        params: &[Param::Int],
        optional: 0,
        returns: agg_int,
        implementation: AggregateImpl::Collect {
            kernel: agg::bit_xor,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "BIT_XORAGG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/bitxor_agg",
        params: &[Param::Int],
        optional: 0,
        returns: agg_int,
        implementation: AggregateImpl::Collect {
            kernel: agg::bit_xor,
            skip_nulls: true,
        },
    },
];
