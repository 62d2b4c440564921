//! Names as dwsim.toml has them: unquoted wherever they can be, so that both warehouses fold them their own way.
//! What folding does in a warehouse is left to the dialect crates.

use dwsim_schema::Dialect;
use dwsim_schema::identifiers::is_plain;
use sqlparser::ast::{Ident, ObjectName};

/// The name for dwsim.toml.
pub(crate) fn folded(ident: &Ident, dialect: Dialect) -> String {
    let as_folded = match dialect {
        // quotes keep no case unless enable_case_sensitive_identifier is on
        Dialect::Redshift => true,
        Dialect::Snowflake => {
            ident.quote_style.is_none() || !ident.value.chars().any(char::is_lowercase)
        }
    };
    if as_folded {
        ident.value.to_lowercase()
    } else {
        ident.value.clone()
    }
}

/// Whether the name means something else once its quotes are gone.
pub(crate) fn loses_case(ident: &Ident, dialect: Dialect) -> bool {
    dialect == Dialect::Snowflake
        && ident.quote_style.is_some()
        && ident.value.chars().any(char::is_lowercase)
        && is_plain(&ident.value)
}

/// The last part of a name, and whether it had others.
pub(crate) fn last(name: &ObjectName, dialect: Dialect) -> (String, bool) {
    let parts: Vec<&Ident> = name.0.iter().filter_map(|p| p.as_ident()).collect();
    let last = parts.last().map(|i| folded(i, dialect)).unwrap_or_default();
    (last, parts.len() > 1)
}
