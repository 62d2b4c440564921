//! Window-only functions of Snowflake, each with its page of the reference.
//! Aggregates over windows are in `aggregate`.

use dwsim_engine::functions::{Param, WindowDef, WindowImpl, ret};
use dwsim_engine::kernels::aggregate as agg;
use dwsim_engine::kernels::aggregate::windows::{
    cume_dist, dense_rank, first_value, lag, last_value, lead, nth_value, ntile, percent_rank,
    rank, row_number,
};

/// The table's rows.
pub const WINDOWS: &[WindowDef] = &[
    WindowDef {
        name: "ROW_NUMBER",
        page: "https://docs.snowflake.com/en/sql-reference/functions/row_number",
        params: &[],
        optional: 0,
        returns: ret::bigint,
        implementation: WindowImpl::DataFusion(row_number),
    },
    WindowDef {
        name: "RANK",
        page: "https://docs.snowflake.com/en/sql-reference/functions/rank",
        params: &[],
        optional: 0,
        returns: ret::bigint,
        implementation: WindowImpl::DataFusion(rank),
    },
    WindowDef {
        name: "DENSE_RANK",
        page: "https://docs.snowflake.com/en/sql-reference/functions/dense_rank",
        params: &[],
        optional: 0,
        returns: ret::bigint,
        implementation: WindowImpl::DataFusion(dense_rank),
    },
    WindowDef {
        name: "PERCENT_RANK",
        page: "https://docs.snowflake.com/en/sql-reference/functions/percent_rank",
        params: &[],
        optional: 0,
        returns: ret::double,
        implementation: WindowImpl::DataFusion(percent_rank),
    },
    WindowDef {
        name: "CUME_DIST",
        page: "https://docs.snowflake.com/en/sql-reference/functions/cume_dist",
        params: &[],
        optional: 0,
        returns: ret::double,
        implementation: WindowImpl::DataFusion(cume_dist),
    },
    WindowDef {
        name: "NTILE",
        page: "https://docs.snowflake.com/en/sql-reference/functions/ntile",
        params: &[Param::Int],
        optional: 0,
        returns: ret::bigint,
        implementation: WindowImpl::DataFusion(ntile),
    },
    WindowDef {
        name: "LAG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/lag",
        params: &[Param::Common, Param::Int, Param::Common],
        optional: 2,
        returns: ret::first,
        implementation: WindowImpl::DataFusion(lag),
    },
    WindowDef {
        name: "LEAD",
        page: "https://docs.snowflake.com/en/sql-reference/functions/lead",
        params: &[Param::Common, Param::Int, Param::Common],
        optional: 2,
        returns: ret::first,
        implementation: WindowImpl::DataFusion(lead),
    },
    WindowDef {
        name: "FIRST_VALUE",
        page: "https://docs.snowflake.com/en/sql-reference/functions/first_value",
        params: &[Param::Any],
        optional: 0,
        returns: ret::first,
        implementation: WindowImpl::DataFusion(first_value),
    },
    WindowDef {
        name: "LAST_VALUE",
        page: "https://docs.snowflake.com/en/sql-reference/functions/last_value",
        params: &[Param::Any],
        optional: 0,
        returns: ret::first,
        implementation: WindowImpl::DataFusion(last_value),
    },
    WindowDef {
        name: "NTH_VALUE",
        page: "https://docs.snowflake.com/en/sql-reference/functions/nth_value",
        params: &[Param::Any, Param::Int],
        optional: 0,
        returns: ret::first,
        implementation: WindowImpl::DataFusion(nth_value),
    },
    WindowDef {
        name: "RATIO_TO_REPORT",
        page: "https://docs.snowflake.com/en/sql-reference/functions/ratio_to_report",
        params: &[Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: WindowImpl::Partition(agg::ratio_to_report),
    },
    WindowDef {
        name: "CONDITIONAL_TRUE_EVENT",
        page: "https://docs.snowflake.com/en/sql-reference/functions/conditional_true_event",
        params: &[Param::Bool],
        optional: 0,
        returns: ret::bigint,
        implementation: WindowImpl::Partition(agg::conditional_true_event),
    },
    WindowDef {
        name: "CONDITIONAL_CHANGE_EVENT",
        page: "https://docs.snowflake.com/en/sql-reference/functions/conditional_change_event",
        params: &[Param::Any],
        optional: 0,
        returns: ret::bigint,
        implementation: WindowImpl::Partition(agg::conditional_change_event),
    },
];
