//! The functions of Redshift: one table row per SQL name, one file per family.
//! Kernels are in `dwsim_engine::kernels`, shared with the other dialect where the meaning is the same.

mod aggregate;
mod bytes;
mod casts;
mod conditional;
mod datetime;
mod numeric;
mod principals;
mod privileges;
mod semi;
mod sketch;
mod spatial;
mod system;
mod text;
mod window;

use dwsim_engine::functions::FunctionTable;

#[cfg(test)]
mod tests;

/// All functions of the dialect. Built once by the caller and kept.
pub fn table() -> FunctionTable {
    let mut t = FunctionTable::default();
    t.scalars(conditional::SCALARS);
    t.outside(system::SCALARS);
    t.scalars(casts::SCALARS);
    t.outside(principals::SCALARS);
    t.outside(privileges::SCALARS);
    t.scalars(text::SCALARS);
    t.scalars(numeric::SCALARS);
    t.scalars(bytes::SCALARS);
    t.scalars(datetime::SCALARS);
    t.aggregates(aggregate::AGGREGATES);
    t.windows(window::WINDOWS);
    t.scalars(semi::SCALARS);
    t.scalars(spatial::SCALARS);
    t.scalars(sketch::SCALARS);
    t.aggregates(sketch::AGGREGATES);
    t
}
