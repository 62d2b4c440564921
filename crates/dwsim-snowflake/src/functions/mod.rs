//! The functions of Snowflake: one table row per SQL name, one file per family.
//! Kernels are in `dwsim_engine::kernels`, shared with the other dialect where the meaning is the same.

/// The address of a function's documentation page.
macro_rules! page {
    ($name:literal) => {
        concat!(
            "https://docs.snowflake.com/en/sql-reference/functions/",
            $name
        )
    };
}

mod aggregate;
mod conditional;
mod context;
mod conversion;
mod cryptography;
mod datetime;
mod dynamic;
mod estimation;
mod geo;
mod history;
mod lambda;
mod map;
mod numeric;
mod objects;
mod queries;
pub mod reference;
mod references;
mod refused;
mod roles;
mod search;
pub(crate) mod semi;
pub(crate) mod service;
mod stage_path;
mod structured;
mod system;
mod table;
pub(crate) mod tags;
mod text;
mod window;

use datafusion::logical_expr::LogicalPlanBuilder;
use dwsim_engine::error::Result;
use dwsim_engine::functions::{FunctionDef, FunctionTable};
use dwsim_engine::plan::{Binder, Relation, TableCall};

use crate::dialect::ResultSource;

/// All functions of the dialect. Built once by the caller and kept.
pub fn table() -> FunctionTable {
    let mut t = FunctionTable::default();
    t.scalars(conditional::SCALARS);
    t.outside(context::SCALARS);
    t.scalars(conversion::SCALARS);
    t.scalars(text::SCALARS);
    t.scalars(numeric::SCALARS);
    t.outside(objects::SCALARS);
    t.scalars(datetime::SCALARS);
    t.aggregates(aggregate::AGGREGATES);
    t.windows(window::WINDOWS);
    t.scalars(semi::SCALARS);
    t.scalars(estimation::SCALARS);
    t.scalars(cryptography::SCALARS);
    t.scalars(map::SCALARS);
    t.scalars(search::SCALARS);
    t.outside(system::SCALARS);
    t.outside(service::SCALARS);
    t.outside(roles::SCALARS);
    t.outside(tags::SCALARS);
    t.outside(stage_path::SCALARS);
    t.scalars(structured::SCALARS);
    t.extend(refused::scalars().map(FunctionDef::Scalar));
    t.scalars(lambda::SCALARS);
    t.aggregates(semi::AGGREGATES);
    t.aggregates(estimation::AGGREGATES);
    t.scalars(geo::SCALARS);
    t.aggregates(geo::AGGREGATES);
    t
}

/// A table function in FROM; None when the name is none.
pub(crate) fn table_function(
    binder: &mut Binder<'_>,
    name: &str,
    call: &TableCall<'_>,
    results: &dyn ResultSource,
) -> Result<Option<Relation>> {
    let last = name.rsplit('.').next().unwrap_or(name);
    if let Some(r) = independent(binder, name, last, call, results)? {
        return beside(call, r).map(Some);
    }
    if let Some(r) = table::next_value(binder, name, call)? {
        return Ok(Some(r));
    }
    match refused::reason(last) {
        Some(reason) => Err(refused::error(name, reason)),
        None => semi::table_function(binder, name, call),
    }
}

/// Table functions whose rows do not depend on what stands on their left.
fn independent(
    binder: &mut Binder<'_>,
    name: &str,
    last: &str,
    call: &TableCall<'_>,
    results: &dyn ResultSource,
) -> Result<Option<Relation>> {
    if last != name {
        if let Some(r) = history::relation(binder, last, call)? {
            return Ok(Some(r));
        }
        if let Some(r) = queries::relation(binder, last, call, results)? {
            return Ok(Some(r));
        }
        if let Some(r) = dynamic::relation(binder, last, call, results)? {
            return Ok(Some(r));
        }
        if let Some(r) = tags::relation(binder, last, call)? {
            return Ok(Some(r));
        }
    }
    if let Some(r) = references::relation(binder, last, call)? {
        return Ok(Some(r));
    }
    table::table_function(binder, name, call, results)
}

/// The rows of such a function beside every row of what stands on its left.
fn beside(call: &TableCall<'_>, own: Relation) -> Result<Relation> {
    let Some(left) = &call.left else {
        return Ok(own);
    };
    let plan = LogicalPlanBuilder::from(left.plan.clone())
        .cross_join(own.plan)?
        .build()?;
    let columns = left.columns.iter().cloned().chain(own.columns).collect();
    Ok(Relation { plan, columns })
}
