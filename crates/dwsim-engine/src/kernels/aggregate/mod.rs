//! Kernels of aggregates that look at all rows of a group, and result types of those that DataFusion computes.
//! Semi-structured aggregates (ARRAY_AGG, OBJECT_AGG) are `kernels::semi`.

mod bitwise;
mod choice;
mod defs;
mod listagg;
mod percentile;
mod statistics;
mod sum;
pub mod windows;

pub use bitwise::{bit_and, bit_or, bit_xor, bool_and, bool_or, bool_xor};
pub use choice::{any_value, count_distinct_rows, extremes_by, max_by, min_by, mode};
pub use defs::*;
pub use listagg::listagg;
pub use percentile::{median, percentile_cont, percentile_disc};
pub use statistics::{kurtosis, ratio_to_report, skew};
pub use sum::exact_sum;
pub use windows::{conditional_change_event, conditional_true_event};
