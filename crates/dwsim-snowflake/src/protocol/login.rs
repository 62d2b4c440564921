//! Login, renewal, heartbeat and logout. Any account, user and password is welcome.
//! Statements are in `query`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::query::{json_body, token};
use super::respond::{body, parameters, refusal, success};
use super::service::{After, SnowflakeService};

type Service = State<Arc<SnowflakeService>>;

/// How long tokens are said to be valid, in seconds. They live as long as the session.
const VALIDITY: u64 = 3600 * 4;

/// A name in a connection's settings: upper case unless it is quoted.
fn folded(s: &str) -> String {
    match s.strip_prefix('"').and_then(|s| s.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => s.to_uppercase(),
    }
}

pub(super) async fn login(
    State(s): Service,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let request = match json_body(&headers, &bytes) {
        Ok(v) => v,
        Err(m) => return body(&refusal("390100", &m)),
    };
    let data = &request["data"];
    let text = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
    let named = |key: &str| query.get(key).filter(|v| !v.is_empty()).map(|v| folded(v));
    let database = named("databaseName").or_else(|| s.options.default_database.clone());
    let known = s.account.engine.catalog.snapshot();
    let database = database.filter(|d| known.databases.contains_key(d));
    let schema = database.as_ref().and_then(|d| {
        let wanted = named("schemaName").unwrap_or_else(|| "PUBLIC".to_owned());
        known
            .databases
            .get(d)
            .filter(|d| d.schemas.contains_key(&wanted))
            .map(|_| wanted)
    });
    let mut session = s.session(&text("LOGIN_NAME"), database.as_deref(), schema.as_deref());
    session.set_identity(named("roleName"), named("warehouse"));
    let mut refused = None;
    if let Some(map) = data["SESSION_PARAMETERS"].as_object() {
        for (name, value) in map {
            let value = match value {
                Value::String(v) => v.clone(),
                other => other.to_string(),
            };
            // Drivers send settings of their own along; what is no parameter of SQL does not concern us.
            let name = name.to_uppercase();
            let known = crate::session::DEFAULTS.iter().any(|(n, _, _)| *n == name);
            if known && let Err(e) = session.set_parameter(&name, &value) {
                refused = Some(e);
            }
        }
    }
    if let Some(e) = refused {
        let r = e.snowflake();
        return body(&refusal(&r.code, &r.message));
    }
    let after = After::of(&session);
    let (login, token, master) =
        s.register(session, text("CLIENT_APP_ID"), text("CLIENT_APP_VERSION"));
    body(&success(json!({
        "token": token,
        "masterToken": master,
        "validityInSeconds": VALIDITY,
        "masterValidityInSeconds": VALIDITY * 4,
        "displayUserName": text("LOGIN_NAME").to_uppercase(),
        "serverVersion": "9.0.0",
        "firstLogin": false,
        "remMeToken": null,
        "remMeValidityInSeconds": 0,
        "healthCheckInterval": 45,
        "newClientForUpgrade": null,
        "sessionId": login.id,
        "parameters": parameters(&after.parameters),
        "sessionInfo": {
            "databaseName": after.database,
            "schemaName": after.schema,
            "warehouseName": after.warehouse,
            "roleName": after.role,
        },
        "idToken": null,
        "idTokenValidityInSeconds": 0,
        "responseData": null,
        "mfaToken": null,
        "mfaTokenValidityInSeconds": 0,
    })))
}

pub(super) async fn renew(State(s): Service, headers: HeaderMap, bytes: Bytes) -> Response {
    let request = json_body(&headers, &bytes).unwrap_or(Value::Null);
    let master = token(&headers).unwrap_or_default();
    match s.renew(&master, request["oldSessionToken"].as_str()) {
        Some((login, token)) => body(&success(json!({
            "sessionToken": token,
            "validityInSecondsST": VALIDITY,
            "masterToken": master,
            "validityInSecondsMT": VALIDITY * 4,
            "sessionId": login.id,
        }))),
        None => body(&refusal(
            "390114",
            "Authentication token has expired. The user must authenticate again.",
        )),
    }
}

pub(super) async fn heartbeat(State(s): Service, headers: HeaderMap) -> Response {
    match token(&headers).and_then(|t| s.login(&t)) {
        Some(_) => body(&success(Value::Null)),
        None => body(&refusal(
            "390104",
            "Authentication token is invalid. Log in again.",
        )),
    }
}

pub(super) async fn logout(State(s): Service, headers: HeaderMap) -> Response {
    if let Some(t) = token(&headers) {
        s.logout(&t);
    }
    body(&success(Value::Null))
}

pub(super) async fn telemetry() -> Response {
    body(&success(json!("Log Received")))
}
