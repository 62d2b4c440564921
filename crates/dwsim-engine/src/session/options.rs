//! What a session starts with.
//! Where the values come from (start-up packet, login request) is the servers' affair.

use std::collections::BTreeMap;

/// Identity, context and parameters of a new session.
#[derive(Debug, Clone, Default)]
pub struct SessionOptions {
    /// User name, folded.
    pub user: String,
    /// Role (Snowflake); empty on Redshift.
    pub role: String,
    /// Warehouse (Snowflake); empty on Redshift.
    pub warehouse: String,
    /// Account or cluster name.
    pub account: String,
    /// Current database.
    pub database: Option<String>,
    /// Schemas of the search path, in order; the first is the current schema.
    pub schemas: Vec<String>,
    /// Session parameters with the dialect's defaults.
    pub parameters: BTreeMap<String, String>,
    /// Seed that freezes random functions.
    pub seed: Option<u64>,
}
