//! Errors of the Data API as its clients know them.
//! Errors of statements are kept with the statements.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a request fails.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum Fault {
    /// The request is not as documented.
    #[error("{0}")]
    Validation(String),
    /// There is no statement, session or database of this name.
    #[error("{message}")]
    NotFound {
        /// What clients are told.
        message: String,
        /// What was asked for.
        resource: String,
    },
    /// A list could not be made because its query failed.
    #[error("{0}")]
    Database(String),
    /// There is no such operation.
    #[error("the operation {0} is not one of the Data API")]
    Unknown(String),
}

impl Fault {
    const fn name(&self) -> &'static str {
        match self {
            Fault::Validation(_) => "ValidationException",
            Fault::NotFound { .. } => "ResourceNotFoundException",
            Fault::Database(_) => "DatabaseConnectionException",
            Fault::Unknown(_) => "UnknownOperationException",
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let status = match self {
            Fault::Database(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        let mut body = json!({ "__type": self.name(), "Message": self.to_string() });
        if let Fault::NotFound { resource, .. } = &self {
            body["ResourceId"] = json!(resource);
        }
        (
            status,
            [
                (header::CONTENT_TYPE.as_str(), "application/x-amz-json-1.1"),
                ("x-amzn-errortype", self.name()),
            ],
            body.to_string(),
        )
            .into_response()
    }
}
