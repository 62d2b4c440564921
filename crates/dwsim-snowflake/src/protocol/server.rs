//! The listener: routes, path clean-up, shutdown.
//! The endpoints are in the files beside this one.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::HeaderValue;
use axum::response::Response;
use axum::routing::{get, post, put};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::presence::Presence;
use super::respond::{body, refusal};
use super::service::SnowflakeService;
use super::{blob, login, query, sql_api};

/// A bound server.
#[derive(Debug)]
pub struct SnowflakeServer {
    listener: TcpListener,
    service: Arc<SnowflakeService>,
    behind_tls: bool,
}

impl SnowflakeServer {
    /// Binds an address; port 0 is any free one.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(addr: SocketAddr, service: Arc<SnowflakeService>) -> io::Result<Self> {
        Ok(SnowflakeServer {
            listener: TcpListener::bind(addr).await?,
            service,
            behind_tls: false,
        })
    }

    /// Something in front of this server ends TLS: the URLs that it hands out are `https`.
    #[must_use]
    pub fn behind_tls(mut self) -> Self {
        self.behind_tls = true;
        self
    }

    /// The bound address.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until the token is cancelled; requests under way are finished.
    ///
    /// # Errors
    /// When accepting connections fails for good.
    pub async fn run(self, stop: CancellationToken) -> io::Result<()> {
        let presence = self.service.options.presence.clone();
        let (routes, behind_tls) = (routes(self.service), self.behind_tls);
        // Two slashes in a path mean one: a driver asks for /monitoring/queries//ID.
        let app = Router::new().fallback(move |mut request: Request| {
            let routes = routes.clone();
            if behind_tls {
                let https = HeaderValue::from_static("https");
                request.headers_mut().insert("x-forwarded-proto", https);
            }
            async move { clean(routes, request).await }
        });
        let listener = Presence::new(self.listener, presence).tap_io(|stream| {
            if let Err(e) = stream.get_ref().set_nodelay(true) {
                tracing::debug!("TCP_NODELAY: {e}");
            }
        });
        axum::serve(listener, app)
            .with_graceful_shutdown(async move { stop.cancelled().await })
            .await
    }
}

async fn clean(routes: Router, mut request: Request) -> Response {
    let uri = request.uri().clone();
    if uri.path().contains("//") && !uri.path().starts_with("/dwsim/") {
        let mut path = String::with_capacity(uri.path().len());
        for c in uri.path().chars() {
            if c != '/' || !path.ends_with('/') {
                path.push(c);
            }
        }
        if let Some(q) = uri.query() {
            path.push('?');
            path.push_str(q);
        }
        if let Ok(clean) = path.parse() {
            *request.uri_mut() = clean;
        }
    }
    match routes.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

fn routes(service: Arc<SnowflakeService>) -> Router {
    Router::new()
        .route("/session/v1/login-request", post(login::login))
        .route("/session/token-request", post(login::renew))
        .route("/session/heartbeat", post(login::heartbeat))
        .route("/session", post(login::logout))
        .route("/queries/v1/query-request", post(query::query))
        .route("/queries/v1/abort-request", post(query::abort))
        .route("/queries/{id}/abort-request", post(query::abort_query))
        .route("/queries/{id}/result", get(query::result))
        .route("/monitoring/queries/{id}", get(query::monitor))
        .route("/api/v2/statements", post(sql_api::submit))
        .route("/api/v2/statements/{handle}", get(sql_api::status))
        .route("/api/v2/statements/{handle}/cancel", post(sql_api::cancel))
        .route("/telemetry/send", post(login::telemetry))
        .route("/telemetry/send/sessionless", post(login::telemetry))
        .route(
            "/dwsim/blob/{*key}",
            put(blob::put).get(blob::get).head(blob::get),
        )
        .route("/dwsim/chunks/{query}/{format}/{from}", get(blob::chunk))
        .fallback(|request: Request| async move {
            body(&refusal(
                "390400",
                &format!(
                    "dwsim has no endpoint {} {}",
                    request.method(),
                    request.uri().path()
                ),
            ))
        })
        // Statements may be long and staged files large.
        .layer(DefaultBodyLimit::max(1 << 30))
        .with_state(service)
}
