//! Errors as RFC 9457 problems: a type, a title, a status, a detail, and what else is known.
//! <https://www.rfc-editor.org/rfc/rfc9457>

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::experiment::Error;

/// A problem.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(flatten)]
    more: Map<String, Value>,
}

impl Problem {
    /// A problem of a status; the code is the last part of its type.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Problem {
            kind: format!("urn:dwsim:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            more: Map::new(),
        }
    }

    fn with(mut self, key: &str, value: Value) -> Self {
        self.more.insert(key.to_owned(), value);
        self
    }

    /// The status that it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What else is known under a name, such as `errors` or `findings`.
    #[must_use]
    pub fn extra(&self, key: &str) -> Option<&Value> {
        self.more.get(key)
    }

    /// The sentence that says what is wrong.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<Error> for Problem {
    fn from(e: Error) -> Self {
        let code = e.code();
        let detail = e.to_string();
        let of = |status| Problem::new(status, code, detail.clone());
        match &e {
            Error::NotFound { .. } => of(StatusCode::NOT_FOUND),
            Error::Conflict(_) => of(StatusCode::CONFLICT),
            Error::Invalid { details, .. } if details.is_empty() => {
                of(StatusCode::UNPROCESSABLE_ENTITY)
            }
            Error::Invalid { details, .. } => {
                of(StatusCode::UNPROCESSABLE_ENTITY).with("errors", json!(details))
            }
            Error::Import(findings) => {
                of(StatusCode::UNPROCESSABLE_ENTITY).with("findings", json!(findings))
            }
            Error::Sql(sql) => {
                let problem = of(StatusCode::UNPROCESSABLE_ENTITY).with("sqlcode", json!(sql.code));
                match sql.position {
                    Some(at) => problem
                        .with("line", json!(at.line))
                        .with("column", json!(at.column)),
                    None => problem,
                }
            }
            Error::Warehouse(_) | Error::Stage(_) | Error::Store(_) | Error::Broken(_) => {
                tracing::error!(error = %e, "a request failed");
                of(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // for whoever shows it otherwise
        response.extensions_mut().insert(self);
        response
    }
}
