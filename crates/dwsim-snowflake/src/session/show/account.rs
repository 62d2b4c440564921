//! Warehouses, roles, users, grants, parameters and variables as SHOW lists them.
//! Nothing of it restricts what a session may do.

use std::collections::BTreeMap;

use dwsim_engine::catalog::{Account, Object, ObjectKind};
use dwsim_engine::error::{Result, SqlError};
use sqlparser::ast::ObjectName;

use super::list::{Row, some, yes};
use crate::dialect::fold;
use crate::parse::{Show, ShowScope};
use crate::session::SnowflakeSession;
use crate::session::grants::ownership;
use crate::session::parameters::DEFAULTS;

fn gone() -> SqlError {
    SqlError::raw(
        "002043",
        "02000",
        "SQL compilation error:\nObject does not exist, or operation cannot be performed.",
    )
}

fn folded(name: &ObjectName) -> Vec<String> {
    name.0
        .iter()
        .filter_map(|p| p.as_ident())
        .map(fold)
        .collect()
}

impl SnowflakeSession {
    /// The grants that are kept, as their properties.
    fn kept_grants(account: &Account) -> Vec<BTreeMap<String, String>> {
        account
            .objects
            .iter()
            .filter(|((k, _), _)| *k == ObjectKind::Grant)
            .filter_map(|(_, o)| match o {
                Object::Other(o) => {
                    let mut p = o.properties.clone();
                    p.insert("created_on".into(), o.created.to_string());
                    Some(p)
                }
                _ => None,
            })
            .collect()
    }

    /// Kind, full name, owner and age of an object that SHOW GRANTS ON names.
    fn granted_object(
        &mut self,
        account: &Account,
        kind: &str,
        name: &ObjectName,
    ) -> Result<(String, String, String, i64)> {
        let parts = folded(name);
        let last = parts.last().cloned().unwrap_or_default();
        Ok(match kind {
            "DATABASE" => {
                let db = account.databases.get(&last).ok_or_else(gone)?;
                (kind.into(), last, db.owner.clone(), db.created)
            }
            "SCHEMA" => {
                let (d, s) = self.schema_name(&parts)?;
                let schema = account
                    .databases
                    .get(&d)
                    .and_then(|db| db.schemas.get(&s))
                    .ok_or_else(gone)?;
                (
                    kind.into(),
                    format!("{d}.{s}"),
                    schema.owner.clone(),
                    schema.created,
                )
            }
            "WAREHOUSE" | "ROLE" | "USER" => {
                let k = match kind {
                    "WAREHOUSE" => ObjectKind::Warehouse,
                    "ROLE" => ObjectKind::Role,
                    _ => ObjectKind::User,
                };
                match account.objects.get(&(k, last.clone())) {
                    Some(Object::Other(o)) => (kind.into(), last, o.owner.clone(), o.created),
                    _ => return Err(gone()),
                }
            }
            "TABLE" | "VIEW" | "DYNAMIC TABLE" | "MATERIALIZED VIEW" => {
                let (full, object) = self.inner.relation(name).map_err(|_| gone())?;
                let (kind, owner) = match &object {
                    Object::View(v) => ("VIEW", v.owner.clone()),
                    Object::Table(t) => ("TABLE", t.def.owner.clone()),
                    _ => ("TABLE", String::new()),
                };
                (kind.into(), full.to_string(), owner, object.created())
            }
            other => {
                let full = self.inner.resolve_name(name)?;
                let found = account
                    .databases
                    .get(&full.database)
                    .and_then(|d| d.schemas.get(&full.schema))
                    .and_then(|s| {
                        s.objects.iter().find(|((k, n), _)| {
                            *n == full.name && k.word().eq_ignore_ascii_case(other)
                        })
                    });
                let Some((_, o)) = found else {
                    return Err(gone());
                };
                let owner = match o {
                    Object::Other(o) => o.owner.clone(),
                    Object::Stream(s) => s.owner.clone(),
                    Object::Sequence(s) => s.owner.clone(),
                    _ => String::new(),
                };
                (
                    other.replace(' ', "_"),
                    full.to_string(),
                    owner,
                    o.created(),
                )
            }
        })
    }

    pub(super) fn show_grants(&mut self, account: &Account, show: &Show) -> Result<Vec<Row>> {
        let grants = Self::kept_grants(account);
        let future = show.what == "FUTURE GRANTS";
        let is_future = |g: &BTreeMap<String, String>| {
            g.get("granted_on").is_some_and(|o| o.starts_with("FUTURE"))
        };
        let get = |g: &BTreeMap<String, String>, k: &str| g.get(k).cloned().unwrap_or_default();
        let row = |g: &BTreeMap<String, String>| -> Row {
            [
                "created_on",
                "privilege",
                "granted_on",
                "name",
                "granted_to",
                "grantee_name",
                "grant_option",
                "granted_by",
                "role",
            ]
            .into_iter()
            .map(|k| (k, g.get(k).cloned()))
            .chain([
                (
                    "grant_on",
                    g.get("granted_on")
                        .map(|o| o.trim_start_matches("FUTURE_").to_owned()),
                ),
                ("grant_to", g.get("granted_to").cloned()),
            ])
            .collect()
        };
        let mut out: Vec<Row> = Vec::new();
        match &show.scope {
            ShowScope::On(kind, name) => {
                let (on, full, owner, created) = self.granted_object(account, kind, name)?;
                if !owner.is_empty() {
                    out.push(row(&ownership(&on, &full, &owner, created)));
                }
                out.extend(
                    grants
                        .iter()
                        .filter(|g| get(g, "granted_on") == on && get(g, "name") == full)
                        .map(row),
                );
            }
            ShowScope::Account => out.extend(
                grants
                    .iter()
                    .filter(|g| get(g, "granted_on") == "ACCOUNT")
                    .map(row),
            ),
            ShowScope::To(kind, name) => {
                let who = folded(name).join(".");
                if kind == "ROLE"
                    && !account
                        .objects
                        .contains_key(&(ObjectKind::Role, who.clone()))
                {
                    return Err(gone());
                }
                out.extend(
                    grants
                        .iter()
                        .filter(|g| {
                            get(g, "grantee_name") == who
                                && get(g, "granted_to") == kind.replace(' ', "_")
                                && is_future(g) == future
                                && (kind != "USER" || g.contains_key("role"))
                        })
                        .map(row),
                );
            }
            ShowScope::Of(name) => {
                let role = folded(name).join(".");
                out.extend(
                    grants
                        .iter()
                        .filter(|g| g.get("role") == Some(&role))
                        .map(row),
                );
            }
            ShowScope::Schema(Some(name)) | ShowScope::Database(Some(name)) if future => {
                let prefix = match &show.scope {
                    ShowScope::Schema(_) => {
                        let (d, s) = self.schema_name(&folded(name))?;
                        format!("{d}.{s}.")
                    }
                    _ => format!("{}.", folded(name).join(".")),
                };
                out.extend(
                    grants
                        .iter()
                        .filter(|g| is_future(g) && get(g, "name").starts_with(&prefix))
                        .map(row),
                );
            }
            _ => {
                // Without a scope: what the current user was granted.
                let user = self.inner.user.clone();
                out.extend(
                    grants
                        .iter()
                        .filter(|g| get(g, "grantee_name") == user)
                        .map(row),
                );
            }
        }
        Ok(out)
    }

    pub(super) fn show_account_objects(
        &self,
        account: &Account,
        kind: ObjectKind,
        current: &str,
    ) -> Vec<Row> {
        let grants = Self::kept_grants(account);
        let count = |role: &str, to: Option<&str>, by: &str| {
            grants
                .iter()
                .filter(|g| {
                    g.get(by).is_some_and(|r| r == role)
                        && g.contains_key("role")
                        && to.is_none_or(|t| g.get("granted_to").is_some_and(|x| x == t))
                })
                .count()
                .to_string()
        };
        account
            .objects
            .iter()
            .filter(|((k, _), _)| *k == kind)
            .filter_map(|((_, name), o)| {
                let Object::Other(o) = o else { return None };
                let text = |key: &str, default: &str| {
                    some(o.properties.get(key).map_or(default, String::as_str))
                };
                let initially = o.properties.get("INITIALLY_SUSPENDED");
                let state = match o.properties.get("STATE") {
                    Some(s) if s == "suspended" => "SUSPENDED",
                    None if initially.is_some_and(|i| i.eq_ignore_ascii_case("true")) => {
                        "SUSPENDED"
                    }
                    _ => "STARTED",
                };
                let mut row: Row = vec![
                    ("created_on", some(o.created.to_string())),
                    ("name", some(name)),
                    ("is_default", yes(false)),
                    ("is_current", yes(name == current)),
                    ("owner", some(&o.owner)),
                    ("comment", some(o.comment.clone().unwrap_or_default())),
                    ("owner_role_type", some("ROLE")),
                ];
                match kind {
                    ObjectKind::Warehouse => row.extend([
                        ("state", some(state)),
                        ("type", text("WAREHOUSE_TYPE", "STANDARD")),
                        ("size", size(o.properties.get("WAREHOUSE_SIZE"))),
                        ("min_cluster_count", text("MIN_CLUSTER_COUNT", "1")),
                        ("max_cluster_count", text("MAX_CLUSTER_COUNT", "1")),
                        (
                            "started_clusters",
                            some(if state == "STARTED" { "1" } else { "0" }),
                        ),
                        ("running", some("0")),
                        ("queued", some("0")),
                        ("auto_suspend", text("AUTO_SUSPEND", "600")),
                        ("auto_resume", text("AUTO_RESUME", "true")),
                        ("available", some("100")),
                        ("provisioning", some("0")),
                        ("quiescing", some("0")),
                        ("other", some("0")),
                        ("resumed_on", some(o.created.to_string())),
                        ("updated_on", some(o.created.to_string())),
                        (
                            "enable_query_acceleration",
                            text("ENABLE_QUERY_ACCELERATION", "false"),
                        ),
                        (
                            "query_acceleration_max_scale_factor",
                            text("QUERY_ACCELERATION_MAX_SCALE_FACTOR", "8"),
                        ),
                        ("resource_monitor", text("RESOURCE_MONITOR", "null")),
                        ("actives", some("0")),
                        ("pendings", some("0")),
                        ("failed", some("0")),
                        ("suspended", some("0")),
                        ("uuid", some(o.oid.to_string())),
                        ("scaling_policy", text("SCALING_POLICY", "STANDARD")),
                        ("budget", None),
                        ("resource_constraint", None),
                    ]),
                    ObjectKind::Role => row.extend([
                        ("is_inherited", yes(false)),
                        ("assigned_to_users", some(count(name, Some("USER"), "role"))),
                        ("granted_to_roles", some(count(name, Some("ROLE"), "role"))),
                        ("granted_roles", some(count(name, None, "grantee_name"))),
                    ]),
                    _ => row.extend([
                        ("login_name", text("LOGIN_NAME", name)),
                        ("display_name", text("DISPLAY_NAME", name)),
                        ("first_name", text("FIRST_NAME", "")),
                        ("last_name", text("LAST_NAME", "")),
                        ("email", text("EMAIL", "")),
                        ("mins_to_unlock", some("")),
                        ("days_to_expiry", some("")),
                        ("disabled", text("DISABLED", "false")),
                        (
                            "must_change_password",
                            text("MUST_CHANGE_PASSWORD", "false"),
                        ),
                        ("snowflake_lock", some("false")),
                        ("default_warehouse", text("DEFAULT_WAREHOUSE", "")),
                        ("default_namespace", text("DEFAULT_NAMESPACE", "")),
                        ("default_role", text("DEFAULT_ROLE", "")),
                        (
                            "default_secondary_roles",
                            text("DEFAULT_SECONDARY_ROLES", "[\"ALL\"]"),
                        ),
                        ("ext_authn_duo", some("false")),
                        ("ext_authn_uid", some("")),
                        ("mins_to_bypass_mfa", some("")),
                        ("last_success_login", None),
                        ("expires_at_time", None),
                        ("locked_until_time", None),
                        (
                            "has_password",
                            some(o.properties.contains_key("PASSWORD").to_string()),
                        ),
                        (
                            "has_rsa_public_key",
                            some(o.properties.contains_key("RSA_PUBLIC_KEY").to_string()),
                        ),
                        ("type", text("TYPE", "")),
                        ("has_mfa", some("false")),
                    ]),
                }
                Some(row)
            })
            .collect()
    }

    pub(super) fn show_parameters(&self) -> Vec<Row> {
        DEFAULTS
            .iter()
            .map(|(name, ty, default)| {
                let value = self
                    .inner
                    .parameters()
                    .get(*name)
                    .map_or(*default, String::as_str);
                vec![
                    ("key", some(*name)),
                    ("value", some(value)),
                    ("default", some(*default)),
                    (
                        "level",
                        some(if value == *default { "" } else { "SESSION" }),
                    ),
                    ("description", some("")),
                    ("type", some(*ty)),
                ]
            })
            .collect()
    }

    /// The open transactions of the account.
    pub(super) fn show_transactions(&self) -> Vec<Row> {
        use crate::dialect::ResultSource as _;
        let own = self.inner.in_transaction().then(|| {
            let env = self.inner.env();
            env.moment().transaction_now.timestamp_micros()
        });
        self.account
            .sessions()
            .iter()
            .filter_map(|s| {
                let id = if s.id == self.inner.id() {
                    own
                } else {
                    s.transaction()
                };
                let id = id?;
                Some(vec![
                    ("id", some(id.to_string())),
                    ("user", some(&s.user)),
                    ("session", some(s.id.to_string())),
                    ("name", some(uuid::Uuid::from_u128(id as u128).to_string())),
                    ("started_on", some((id / 1_000_000).to_string())),
                    ("state", some("running")),
                    ("scope", some("0")),
                ])
            })
            .collect()
    }

    pub(super) fn show_variables(&self) -> Vec<Row> {
        self.inner
            .variables
            .iter()
            .map(|(name, v)| {
                vec![
                    ("session_id", some(self.inner.id().to_string())),
                    ("name", some(name)),
                    ("value", v.literal().map(ToString::to_string)),
                    ("type", some(v.ty.snowflake())),
                    ("comment", some("")),
                ]
            })
            .collect()
    }
}

/// A warehouse's size as SHOW prints it.
fn size(given: Option<&String>) -> Option<String> {
    let plain = given
        .map_or("XSMALL", String::as_str)
        .to_uppercase()
        .replace(['-', '_', '\''], "");
    some(match plain.as_str() {
        "SMALL" => "Small",
        "MEDIUM" => "Medium",
        "LARGE" => "Large",
        "XLARGE" => "X-Large",
        "XXLARGE" | "X2LARGE" | "2XLARGE" => "2X-Large",
        "XXXLARGE" | "X3LARGE" | "3XLARGE" => "3X-Large",
        "X4LARGE" | "4XLARGE" => "4X-Large",
        "X5LARGE" | "5XLARGE" => "5X-Large",
        "X6LARGE" | "6XLARGE" => "6X-Large",
        _ => "X-Small",
    })
}
