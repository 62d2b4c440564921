//! Window-only functions of Redshift, each with its page of the reference.
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
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_WF_ROW_NUMBER.html",
        params: &[],
        optional: 0,
        returns: ret::bigint,
        implementation: WindowImpl::DataFusion(row_number),
    },
    WindowDef {
        name: "RANK",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_WF_RANK.html",
        params: &[],
        optional: 0,
        returns: ret::bigint,
        implementation: WindowImpl::DataFusion(rank),
    },
    WindowDef {
        name: "DENSE_RANK",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_WF_DENSE_RANK.html",
        params: &[],
        optional: 0,
        returns: ret::bigint,
        implementation: WindowImpl::DataFusion(dense_rank),
    },
    WindowDef {
        name: "PERCENT_RANK",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_WF_PERCENT_RANK.html",
        params: &[],
        optional: 0,
        returns: ret::double,
        implementation: WindowImpl::DataFusion(percent_rank),
    },
    WindowDef {
        name: "CUME_DIST",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_WF_CUME_DIST.html",
        params: &[],
        optional: 0,
        returns: ret::double,
        implementation: WindowImpl::DataFusion(cume_dist),
    },
    WindowDef {
        name: "NTILE",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_WF_NTILE.html",
        params: &[Param::Int],
        optional: 0,
        returns: ret::bigint,
        implementation: WindowImpl::DataFusion(ntile),
    },
    WindowDef {
        name: "LAG",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_WF_LAG.html",
        params: &[Param::Common, Param::Int, Param::Common],
        optional: 2,
        returns: ret::first,
        implementation: WindowImpl::DataFusion(lag),
    },
    WindowDef {
        name: "LEAD",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_WF_LEAD.html",
        params: &[Param::Common, Param::Int, Param::Common],
        optional: 2,
        returns: ret::first,
        implementation: WindowImpl::DataFusion(lead),
    },
    WindowDef {
        name: "FIRST_VALUE",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_WF_first_value.html",
        params: &[Param::Any],
        optional: 0,
        returns: ret::first,
        implementation: WindowImpl::DataFusion(first_value),
    },
    WindowDef {
        name: "LAST_VALUE",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_WF_first_value.html",
        params: &[Param::Any],
        optional: 0,
        returns: ret::first,
        implementation: WindowImpl::DataFusion(last_value),
    },
    WindowDef {
        name: "NTH_VALUE",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_WF_NTH.html",
        params: &[Param::Any, Param::Int],
        optional: 0,
        returns: ret::first,
        implementation: WindowImpl::DataFusion(nth_value),
    },
    WindowDef {
        name: "RATIO_TO_REPORT",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_WF_RATIO_TO_REPORT.html",
        params: &[Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: WindowImpl::Partition(agg::ratio_to_report),
    },
];
