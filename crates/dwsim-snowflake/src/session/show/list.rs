//! SHOW as such: which list, its filters in the order LIKE, STARTS WITH, FROM, LIMIT, and the rows as an answer.
//! The rows of each list are made in the files beside this one, its columns are in `columns`.

use std::sync::Arc;

use dwsim_engine::catalog::{ObjectKind, Schema};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::types::SqlType;

use super::columns::columns;
use crate::parse::Show;
use crate::session::{Answer, SnowflakeSession, StatementKind};

/// One row under way: its values by column.
pub(super) type Row = Vec<(&'static str, Option<String>)>;

/// What a schema scope covers.
pub(super) struct Place {
    pub database: String,
    pub schema: String,
    pub contents: Arc<Schema>,
}

pub(super) fn some(s: impl Into<String>) -> Option<String> {
    Some(s.into())
}

pub(super) fn yes(b: bool) -> Option<String> {
    some(if b { "Y" } else { "N" })
}

/// Integrations, network policies and resource monitors: kept and shown, since nothing outside is reached.
fn show_services(account: &dwsim_engine::catalog::Account, what: &str) -> Vec<Row> {
    let mut out = Vec::new();
    for ((kind, name), o) in &account.objects {
        let dwsim_engine::catalog::Object::Other(o) = o else {
            continue;
        };
        let word = o.properties.get(crate::policies::KIND);
        let wanted = match what {
            "INTEGRATIONS" => word.is_some_and(|w| w.ends_with("INTEGRATION")),
            "NETWORK POLICIES" => word.is_some_and(|w| w == "NETWORK_POLICY"),
            other => {
                word.is_some_and(|w| Some(w.replace('_', " ").as_str()) == other.strip_suffix('S'))
            }
        };
        if *kind != ObjectKind::Integration || !wanted {
            continue;
        }
        let property = |k: &str| o.properties.get(k).cloned();
        let entries = |k: &str| {
            some(
                property(k)
                    .and_then(|l| serde_json::from_str::<Vec<String>>(&l).ok())
                    .map_or(0, |v| v.len())
                    .to_string(),
            )
        };
        let category = word
            .and_then(|w| w.split('_').next())
            .unwrap_or_default()
            .to_owned();
        out.push(vec![
            ("created_on", some(o.created.to_string())),
            ("name", some(name)),
            ("owner", some(&o.owner)),
            ("comment", some(o.comment.clone().unwrap_or_default())),
            (
                "type",
                property("TYPE").or_else(|| property("STORAGE_PROVIDER")),
            ),
            ("category", some(category)),
            (
                "enabled",
                some(property("ENABLED").map_or_else(|| "true".into(), |e| e.to_lowercase())),
            ),
            ("entries_in_allowed_ip_list", entries("ALLOWED_IP_LIST")),
            ("entries_in_blocked_ip_list", entries("BLOCKED_IP_LIST")),
            (
                "entries_in_allowed_network_rules",
                entries("ALLOWED_NETWORK_RULE_LIST"),
            ),
            (
                "entries_in_blocked_network_rules",
                entries("BLOCKED_NETWORK_RULE_LIST"),
            ),
            ("credit_quota", property("CREDIT_QUOTA")),
            ("used_credits", some("0.00")),
            ("remaining_credits", property("CREDIT_QUOTA")),
            ("level", None),
            (
                "frequency",
                some(property("FREQUENCY").unwrap_or_else(|| "MONTHLY".into())),
            ),
            ("start_time", Some(o.created.to_string())),
            ("end_time", None),
        ]);
    }
    out
}

/// Whether a name matches a LIKE pattern in any case.
fn like(pattern: &str, name: &str) -> bool {
    fn go(p: &[char], s: &[char]) -> bool {
        match p.split_first() {
            None => s.is_empty(),
            Some(('%', rest)) => (0..=s.len()).any(|i| go(rest, &s[i..])),
            Some(('_', rest)) => !s.is_empty() && go(rest, &s[1..]),
            Some(('\\', rest)) if !rest.is_empty() => {
                s.first() == Some(&rest[0]) && go(&rest[1..], &s[1..])
            }
            Some((c, rest)) => s.first() == Some(c) && go(rest, &s[1..]),
        }
    }
    let lower = |t: &str| t.to_lowercase().chars().collect::<Vec<_>>();
    go(&lower(pattern), &lower(name))
}

/// The type of a column by its name.
fn column_type(name: &str) -> SqlType {
    match name {
        "created_on" | "dropped_on" | "resumed_on" | "updated_on" | "last_committed_on"
        | "last_suspended_on" | "last_refreshed_on" | "stale_after" | "started_on"
        | "data_timestamp" | "refreshed_on" | "compacted_on" => SqlType::TimestampLtz(3),
        "rows" | "bytes" | "next_value" | "interval" | "key_sequence" | "running" | "queued"
        | "min_cluster_count" | "max_cluster_count" | "started_clusters" | "assigned_to_users"
        | "granted_to_roles" | "granted_roles" => SqlType::number(38, 0),
        _ => SqlType::text(),
    }
}

impl SnowflakeSession {
    pub(in crate::session) fn show(&mut self, show: &Show) -> Result<Answer> {
        let mut columns = columns(show)?.to_vec();
        if show.history && matches!(show.what.as_str(), "TABLES" | "SCHEMAS" | "DATABASES") {
            columns.push("dropped_on");
        }
        let mut rows = self.rows(show)?;
        let name_of = |r: &Row| -> String {
            let key = if show.what == "PARAMETERS" {
                "key"
            } else {
                "name"
            };
            let key = match show.what.as_str() {
                "COLUMNS" => "column_name",
                "PRIMARY KEYS" | "UNIQUE KEYS" => "table_name",
                _ => key,
            };
            r.iter()
                .find(|(n, _)| *n == key)
                .and_then(|(_, v)| v.clone())
                .unwrap_or_default()
        };
        rows.retain(|r| {
            let name = name_of(r);
            show.like.as_ref().is_none_or(|p| like(p, &name))
                && show
                    .starts_with
                    .as_ref()
                    .is_none_or(|p| name.starts_with(p.as_str()))
                && show
                    .from
                    .as_ref()
                    .is_none_or(|f| name.as_str() > f.as_str())
        });
        if let Some(n) = show.limit {
            rows.truncate(n as usize);
        }
        let texts = rows
            .iter()
            .map(|r| {
                columns
                    .iter()
                    .map(|c| r.iter().find(|(n, _)| n == c).and_then(|(_, v)| v.clone()))
                    .collect()
            })
            .collect();
        let typed = columns.iter().map(|c| (*c, column_type(c))).collect();
        Answer::table(StatementKind::Show, typed, texts)
    }

    fn rows(&mut self, show: &Show) -> Result<Vec<Row>> {
        let account = Arc::clone(&self.inner.snapshot());
        match show.what.as_str() {
            "DATABASES" => Ok(self.show_databases(&account, show.history)),
            "SCHEMAS" => self.show_schemas(&account, show),
            "TABLES"
            | "VIEWS"
            | "OBJECTS"
            | "SEQUENCES"
            | "STAGES"
            | "FILE FORMATS"
            | "MATERIALIZED VIEWS"
            | "TASKS"
            | "STREAMS"
            | "PIPES"
            | "DYNAMIC TABLES"
            | "TAGS"
            | "DATABASE ROLES"
            | "MASKING POLICIES"
            | "ROW ACCESS POLICIES"
            | "AGGREGATION POLICIES"
            | "PROJECTION POLICIES"
            | "JOIN POLICIES"
            | "PASSWORD POLICIES"
            | "SESSION POLICIES"
            | "AUTHENTICATION POLICIES"
            | "NETWORK RULES"
            | "ALERTS"
            | "SECRETS"
            | "HYBRID TABLES"
            | "EXTERNAL TABLES"
            | "EVENT TABLES" => {
                let mut out = Vec::new();
                for place in self.places(&account, &show.scope)? {
                    self.show_objects(&place, &show.what, &mut out);
                }
                if show.history && show.what == "TABLES" {
                    self.show_dropped_tables(&account, show, &mut out)?;
                }
                out.sort_by_key(|r| {
                    let of = |key: &str| {
                        r.iter()
                            .find(|(n, _)| *n == key)
                            .and_then(|(_, v)| v.clone())
                    };
                    (of("database_name"), of("schema_name"), of("name"))
                });
                Ok(out)
            }
            "COLUMNS" => self.show_columns(&account, show),
            "PRIMARY KEYS" | "UNIQUE KEYS" | "IMPORTED KEYS" => self.show_keys(&account, show),
            "WAREHOUSES" => Ok(self.show_account_objects(
                &account,
                ObjectKind::Warehouse,
                &self.inner.warehouse,
            )),
            "ROLES" => Ok(self.show_account_objects(&account, ObjectKind::Role, &self.inner.role)),
            "USERS" => Ok(self.show_account_objects(&account, ObjectKind::User, &self.inner.user)),
            "GRANTS" | "FUTURE GRANTS" => self.show_grants(&account, show),
            "PARAMETERS" => Ok(self.show_parameters()),
            "VARIABLES" => Ok(self.show_variables()),
            "USER FUNCTIONS" | "FUNCTIONS" => {
                self.show_routines(&account, show, ObjectKind::Function)
            }
            "USER PROCEDURES" | "PROCEDURES" => {
                self.show_routines(&account, show, ObjectKind::Procedure)
            }
            "TRANSACTIONS" => Ok(self.show_transactions()),
            // What is never made here: there are none to list.
            "SHARES"
            | "LOCKS"
            | "MANAGED ACCOUNTS"
            | "REPLICATION DATABASES"
            | "REPLICATION ACCOUNTS"
            | "REPLICATION GROUPS"
            | "FAILOVER GROUPS"
            | "ICEBERG TABLES"
            | "NOTEBOOKS"
            | "STREAMLITS"
            | "MODELS"
            | "CONNECTIONS" => Ok(Vec::new()),
            "INTEGRATIONS"
            | "STORAGE INTEGRATIONS"
            | "API INTEGRATIONS"
            | "NOTIFICATION INTEGRATIONS"
            | "SECURITY INTEGRATIONS"
            | "CATALOG INTEGRATIONS"
            | "NETWORK POLICIES"
            | "RESOURCE MONITORS" => Ok(show_services(&account, &show.what)),
            "REGIONS" => Ok(vec![vec![
                ("snowflake_region", some("AWS_US_EAST_1")),
                ("cloud", some("aws")),
                ("region", some("us-east-1")),
                ("display_name", some("US East (N. Virginia)")),
            ]]),
            other => Err(SqlError::unsupported(format!("SHOW {other}"))),
        }
    }
}
