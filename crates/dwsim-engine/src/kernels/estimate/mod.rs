//! Estimates with a mergeable state: distinct counts, similarity, frequent values, percentiles.
//! States are BINARY (HyperLogLog) or VARIANT values, in the documented forms where Snowflake documents them.
//!
//! Source: Snowflake "Estimation functions".

mod hll;
mod minhash;
mod percentile;
mod state;
mod top_k;

pub use hll::{hll_accumulate, hll_combine, hll_estimate, hll_export, hll_import};
pub use minhash::{approximate_similarity, minhash, minhash_combine};
pub use percentile::{
    approx_percentile, approx_percentile_accumulate, approx_percentile_combine,
    approx_percentile_estimate,
};
pub use top_k::{
    approx_top_k, approx_top_k_accumulate, approx_top_k_combine, approx_top_k_estimate,
};

#[cfg(test)]
mod tests;
