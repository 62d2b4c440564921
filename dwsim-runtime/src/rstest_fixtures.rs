//! Fixtures for rstest: `#[rstest] fn t(redshift: Warehouse)`. rstest calls `default()` and `partial_1(…)` of the
//! type that has the argument's name, so these need no dependency on it.

use crate::endpoints::Endpoints;
use crate::s3::S3;
use crate::{Dialect, Project, Warehouse, instance};

fn endpoints() -> &'static Endpoints {
    let project = Project::current().map_err(|e| crate::Error::Setup(e.to_string()));
    match project.and_then(|project| instance::endpoints(&project)) {
        Ok(endpoints) => endpoints,
        Err(error) => panic!("{error}"),
    }
}

fn open(dialect: Dialect) -> Warehouse {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("rstest");
    match Warehouse::open(dialect, endpoints(), test) {
        Ok(warehouse) => warehouse,
        Err(error) => panic!("{test} on {dialect}: {error}"),
    }
}

macro_rules! fixture {
    ($(#[$doc:meta])* $name:ident, $type:ty, $make:expr) => {
        $(#[$doc])*
        #[expect(non_camel_case_types, reason = "rstest looks a fixture up by its argument's name")]
        #[derive(Debug, Clone, Copy)]
        pub struct $name {}

        impl $name {
            /// What rstest calls.
            ///
            /// # Panics
            /// When there are no emulators to be had.
            #[must_use]
            #[expect(clippy::should_implement_trait, reason = "rstest's name")]
            pub fn default() -> $type {
                $make
            }
        }
    };
}

fixture! {
    /// A Redshift with a database of the test's own.
    redshift, Warehouse, open(Dialect::Redshift)
}
fixture! {
    /// A Snowflake with a database of the test's own.
    snowflake, Warehouse, open(Dialect::Snowflake)
}
fixture! {
    /// A bucket of the test's own in the emulated S3.
    s3, S3, match S3::open(endpoints()) {
        Ok(s3) => s3,
        Err(error) => panic!("{error}"),
    }
}
fixture! {
    /// A warehouse of the dialect that is given with `#[with(dialect)]`; a Redshift without it.
    ///
    /// ```ignore
    /// #[rstest]
    /// fn counts(#[values(Dialect::Redshift, Dialect::Snowflake)] dialect: Dialect, #[with(dialect)] warehouse: Warehouse) {}
    /// ```
    warehouse, Warehouse, open(Dialect::Redshift)
}

impl warehouse {
    /// What rstest calls for `#[with(dialect)]`.
    ///
    /// # Panics
    /// When there are no emulators to be had.
    #[must_use]
    pub fn partial_1(dialect: Dialect) -> Warehouse {
        open(dialect)
    }
}
