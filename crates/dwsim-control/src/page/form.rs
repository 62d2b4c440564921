//! The fields of a submitted form.
//! What they mean is each page's part.

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use dwsim_runtime::Dialect;

use crate::api::Problem;

/// Fields in the order of the form.
#[derive(Debug, Default)]
pub(super) struct Fields(pub(super) Vec<(String, String)>);

impl Fields {
    /// The first value of a field; nothing and an empty one are the same.
    pub(super) fn get(&self, name: &str) -> &str {
        let mut all = self.0.iter();
        all.find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str())
    }

    /// Whether a box is ticked.
    pub(super) fn ticked(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// The field `dialect`; Redshift without one.
    pub(super) fn dialect(&self) -> Result<Dialect, Problem> {
        match self.get("dialect") {
            "" => Ok(Dialect::Redshift),
            name => crate::api::dialect(name),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Form::<Vec<(String, String)>>::from_request(request, state).await {
            Ok(Form(fields)) => Ok(Fields(fields)),
            Err(e) => {
                let status = match &e {
                    FormRejection::InvalidFormContentType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    other => other.status(),
                };
                Err(Problem::new(status, "body", e.body_text()))
            }
        }
    }
}
