//! The HTTP endpoint of the Data API.
//! Operations are in `operations`; signatures are not checked.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio_util::sync::CancellationToken;

use super::fault::Fault;
use super::operations::{Request, Service};
use crate::statements::Cluster;

/// An endpoint of the Data API.
#[derive(Debug)]
pub struct DataApi {
    listener: TcpListener,
    service: Arc<Service>,
}

impl DataApi {
    /// Listens on an address (port 0 is any free one).
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub(in crate::protocol) async fn bind(
        address: impl ToSocketAddrs,
        cluster: Arc<Cluster>,
    ) -> io::Result<Self> {
        Ok(DataApi {
            listener: TcpListener::bind(address).await?,
            service: Arc::new(Service::new(cluster)),
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the socket cannot tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until stopped.
    ///
    /// # Errors
    /// When the socket breaks.
    pub async fn run(self, stop: CancellationToken) -> io::Result<()> {
        let router = Router::new().fallback(answer).with_state(self.service);
        axum::serve(self.listener, router)
            .with_graceful_shutdown(stop.cancelled_owned())
            .await
    }
}

async fn answer(State(service): State<Arc<Service>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|t| t.to_str().ok())
        .and_then(|t| t.strip_prefix("RedshiftData."))
        .unwrap_or_default();
    let request = match serde_json::from_slice::<Value>(&body) {
        Ok(Value::Object(members)) => Request(members),
        _ if body.is_empty() => Request(serde_json::Map::new()),
        _ => {
            return Fault::Validation("the request is no JSON object".to_owned()).into_response();
        }
    };
    match service.answer(target, &request).await {
        Ok(answer) => (
            [(header::CONTENT_TYPE, "application/x-amz-json-1.1")],
            answer.to_string(),
        )
            .into_response(),
        Err(fault) => fault.into_response(),
    }
}
