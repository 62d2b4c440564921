//! Functions of the reference that dwsim refuses by name, with the reason.
//! The error is the same for all of them: it names the function and says what it would need.

use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::{FnCall, ScalarDef, Typed};

/// Why a function is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// Language models and document services.
    Ai,
    /// Histories and usage of an account.
    History,
    /// Replication, failover, sharing and private connectivity.
    Account,
    /// Notifications, alerts and external services.
    Notification,
    /// URLs of a cloud's storage.
    Storage,
    /// The plan, clustering or statistics of Snowflake's own optimizer.
    Optimizer,
    /// FILE values, which dwsim does not have.
    File,
    /// Withdrawn by Snowflake.
    Withdrawn,
}

impl Reason {
    /// As the documentation table says it.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Reason::Ai => "needs a cloud service (language models)",
            Reason::History => "needs a cloud service (account history)",
            Reason::Account => "needs a cloud service (account administration)",
            Reason::Notification => "needs a cloud service (notifications)",
            Reason::Storage => "needs a cloud service (URLs of cloud storage)",
            Reason::Optimizer => "needs a cloud service (Snowflake's optimizer and storage)",
            Reason::File => "needs a cloud service (FILE values)",
            Reason::Withdrawn => "was withdrawn by Snowflake",
        }
    }
}

/// Names with reasons, by reason.
pub(super) const REFUSED: &[(Reason, &[&str])] = &[
    (
        Reason::Ai,
        &[
            "AI_AGG",
            "AI_CLASSIFY",
            "AI_COMPLETE",
            "AI_COUNT_TOKENS",
            "AI_EMBED",
            "AI_EXTRACT",
            "AI_FILTER",
            "AI_PARSE_DOCUMENT",
            "AI_REDACT",
            "AI_SENTIMENT",
            "AI_SIMILARITY",
            "AI_SUMMARIZE_AGG",
            "AI_TRANSCRIBE",
            "AI_TRANSLATE",
            "CLASSIFY_TEXT",
            "COMPLETE",
            "COUNT_TOKENS",
            "EMBED_TEXT_768",
            "EMBED_TEXT_1024",
            "ENTITY_SENTIMENT",
            "EXTRACT_ANSWER",
            "EXTRACT_SEMANTIC_CATEGORIES",
            "FINETUNE",
            "GENERATE_COLUMN_DESCRIPTION",
            "PARSE_DOCUMENT",
            "PROMPT",
            "SEARCH_PREVIEW",
            "SENTIMENT",
            "SPLIT_TEXT_RECURSIVE_CHARACTER",
            "SUMMARIZE",
            "TRY_COMPLETE",
        ],
    ),
    (
        Reason::History,
        &[
            "AVAILABLE_LISTING_REFRESH_HISTORY",
            "COMPLETE_TASK_GRAPHS",
            "CURRENT_TASK_GRAPHS",
            "EXTERNAL_TABLE_REGISTRATION_HISTORY",
            "GET_QUERY_OPERATOR_STATS",
            "ICEBERG_TABLE_SNAPSHOT_REFRESH_HISTORY",
            "LISTING_REFRESH_HISTORY",
            "LOGIN_HISTORY",
            "LOGIN_HISTORY_BY_USER",
            "ONLINE_FEATURE_TABLE_REFRESH_HISTORY",
            "STORAGE_LIFECYCLE_POLICY_HISTORY",
        ],
    ),
    (
        Reason::Account,
        &[
            "CUMULATIVE_PRIVACY_LOSSES",
            "DATABASE_REFRESH_PROGRESS_BY_JOB",
            "DATA_METRIC_FUNCTION_EXPECTATIONS",
            "DATA_METRIC_FUNCTION_REFERENCES",
            "DATA_METRIC_SCHEDULED_TIMES",
            "ESTIMATE_REMAINING_DP_AGGREGATES",
            "GET_ANACONDA_PACKAGES_REPODATA",
            "GET_JOB_HISTORY",
            "GET_LINEAGE",
            "GET_PYTHON_PROFILER_OUTPUT",
            "NETWORK_RULE_REFERENCES",
            "REPLICATION_GROUP_REFRESH_HISTORY_ALL",
            "REPLICATION_GROUP_REFRESH_PROGRESS_ALL",
            "REPLICATION_GROUP_REFRESH_PROGRESS_BY_JOB",
            "SHOW_PYTHON_PACKAGES_DEPENDENCIES",
            "SYSTEM$ALLOWLIST",
            "SYSTEM$ALLOWLIST_PRIVATELINK",
            "SYSTEM$AUTHORIZE_PRIVATELINK",
            "SYSTEM$BLOCK_INTERNAL_STAGES_PUBLIC_ACCESS",
            "SYSTEM$COMMIT_MOVE_ORGANIZATION_ACCOUNT",
            "SYSTEM$CONVERT_PIPES_SQS_TO_SNS",
            "SYSTEM$CREATE_BILLING_EVENT",
            "SYSTEM$DISABLE_DATABASE_REPLICATION",
            "SYSTEM$ENABLE_BEHAVIOR_CHANGE_BUNDLE",
            "SYSTEM$DISABLE_BEHAVIOR_CHANGE_BUNDLE",
            "SYSTEM$BEHAVIOR_CHANGE_BUNDLE_STATUS",
            "SYSTEM$GENERATE_SAML_CSR",
            "SYSTEM$GENERATE_SCIM_ACCESS_TOKEN",
            "SYSTEM$GET_AWS_SNS_IAM_POLICY",
            "SYSTEM$GET_PRIVATELINK",
            "SYSTEM$GET_PRIVATELINK_CONFIG",
            "SYSTEM$GET_SNOWFLAKE_PLATFORM_INFO",
            "SYSTEM$GLOBAL_ACCOUNT_SET_PARAMETER",
            "SYSTEM$IS_LISTING_PURCHASED",
            "SYSTEM$LINK_ACCOUNT_OBJECTS_BY_NAME",
            "SYSTEM$MIGRATE_SAML_IDP_REGISTRATION",
            "SYSTEM$REGISTER_CMK_INFO",
            "SYSTEM$ACTIVATE_CMK_INFO",
            "SYSTEM$GET_CMK_INFO",
            "SYSTEM$REVOKE_PRIVATELINK",
            "SYSTEM$SHOW_OAUTH_CLIENT_SECRETS",
            "SYSTEM$VERIFY_CMK_INFO",
            "SYSTEM$VERIFY_EXTERNAL_OAUTH_TOKEN",
            "SYSTEM$WHITELIST",
            "SYSTEM$WHITELIST_PRIVATELINK",
        ],
    ),
    (
        Reason::Notification,
        &[
            "APPLICATION_JSON",
            "EMAIL_INTEGRATION_CONFIG",
            "GET_CONDITION_QUERY_UUID",
            "INTEGRATION",
            "LAST_SUCCESSFUL_SCHEDULED_TIME",
            "SANITIZE_WEBHOOK_CONTENT",
            "SCHEDULED_TIME",
            "SYSTEM$SEND_EMAIL",
            "TEXT_HTML",
            "TEXT_PLAIN",
        ],
    ),
    (
        Reason::Storage,
        &[
            "BUILD_SCOPED_FILE_URL",
            "BUILD_STAGE_FILE_URL",
            "GET_PRESIGNED_URL",
        ],
    ),
    (
        Reason::Optimizer,
        &[
            "EXPLAIN_JSON",
            "SYSTEM$CLUSTERING_DEPTH",
            "SYSTEM$CLUSTERING_INFORMATION",
            "SYSTEM$CLUSTERING_RATIO",
            "SYSTEM$ESTIMATE_AUTOMATIC_CLUSTERING_COSTS",
            "SYSTEM$ESTIMATE_QUERY_ACCELERATION",
            "SYSTEM$ESTIMATE_SEARCH_OPTIMIZATION_COSTS",
            "SYSTEM$EXPLAIN_JSON_TO_TEXT",
            "SYSTEM$EXPLAIN_PLAN_JSON",
        ],
    ),
    (
        Reason::File,
        &[
            "FL_GET_CONTENT_TYPE",
            "FL_GET_ETAG",
            "FL_GET_FILE_TYPE",
            "FL_GET_LAST_MODIFIED",
            "FL_GET_RELATIVE_PATH",
            "FL_GET_SCOPED_FILE_URL",
            "FL_GET_SIZE",
            "FL_GET_STAGE",
            "FL_GET_STAGE_FILE_URL",
            "FL_IS_AUDIO",
            "FL_IS_COMPRESSED",
            "FL_IS_DOCUMENT",
            "FL_IS_IMAGE",
            "FL_IS_VIDEO",
            "TO_FILE",
            "TRY_TO_FILE",
        ],
    ),
    (Reason::Withdrawn, &["MD5_NUMBER"]),
];

/// The reason why a function is refused.
pub(super) fn reason(name: &str) -> Option<Reason> {
    REFUSED
        .iter()
        .find(|(_, names)| names.contains(&name))
        .map(|(r, _)| *r)
}

/// The error of a refused function.
pub(super) fn error(name: &str, reason: Reason) -> SqlError {
    SqlError::unsupported(format!("function {name}, which {}", reason.text()))
}

/// Refused functions as rows of the table, so that a call of them says why.
pub(super) fn scalars() -> impl Iterator<Item = ScalarDef> {
    REFUSED
        .iter()
        .flat_map(|(_, names)| names.iter())
        .map(|name| ScalarDef::custom(name, "", refuse))
}

fn refuse(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let reason = reason(call.name).unwrap_or(Reason::Account);
    Err(error(call.name, reason))
}
