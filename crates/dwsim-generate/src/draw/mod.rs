//! Random numbers as pure functions of a key and a row: streams, permutations, and the shapes drawn from them.
//! What the numbers become is left to `source`.

mod alias;
mod normal;
mod permutation;
mod stream;
mod zipf;

pub(crate) use alias::AliasTable;
pub(crate) use normal::{normal_cdf, normal_quantile, normal_quantiles};
pub(crate) use permutation::Permutation;
pub(crate) use stream::{Key, Stream, Sub, below, below_wide, unit, unit_open};
pub(crate) use zipf::Zipf;
