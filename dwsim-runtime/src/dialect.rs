//! The two warehouses a statement can run on, and their names in files and on the command line.
//! What differs between their SQL is the business of the emulators and of the snapshots.

use std::fmt;

/// One of the two warehouses. The order (Redshift first) is the order of every listing and of every snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// Amazon Redshift, over the PostgreSQL protocol.
    Redshift,
    /// Snowflake, over the HTTP protocol of its drivers.
    Snowflake,
}

impl Dialect {
    /// Both dialects, in their fixed order.
    pub const ALL: [Dialect; 2] = [Dialect::Redshift, Dialect::Snowflake];

    /// The lower-case name used in file names, front matter and snapshots.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Redshift => "redshift",
            Dialect::Snowflake => "snowflake",
        }
    }

    /// The dialect of that name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|dialect| dialect.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
