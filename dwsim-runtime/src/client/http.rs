//! One HTTP/1.1 connection that is kept: a request, its JSON answer, the next request.
//! What the requests mean is in `snowflake`.

use super::{broken, protocol};
use crate::Dialect;
use crate::endpoints::Endpoint;
use crate::error::{Error, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

const DIALECT: Dialect = Dialect::Snowflake;

/// Opens a socket with small packets sent at once.
pub(super) async fn open(dialect: Dialect, endpoint: &Endpoint) -> Result<TcpStream> {
    let stream = TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await;
    stream
        .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
        .map_err(|source| Error::Connect {
            dialect,
            address: format!("{}:{}", endpoint.host, endpoint.port),
            source,
        })
}

/// A connection to one server, opened anew when the server has closed it between two requests.
#[derive(Debug)]
pub(super) struct Http {
    endpoint: Endpoint,
    sender: SendRequest<Full<Bytes>>,
}

impl Http {
    pub(super) async fn connect(endpoint: &Endpoint) -> Result<Self> {
        Ok(Http {
            endpoint: endpoint.clone(),
            sender: Self::dial(endpoint).await?,
        })
    }

    async fn dial(endpoint: &Endpoint) -> Result<SendRequest<Full<Bytes>>> {
        let stream = open(DIALECT, endpoint).await?;
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|e| broken(DIALECT, e))?;
        // the task ends with the connection; its errors reach the request that is waiting
        tokio::spawn(connection);
        Ok(sender)
    }

    /// Sends a request and reads the whole answer, which must have status 200.
    pub(super) async fn send(
        &mut self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: String,
    ) -> Result<Bytes> {
        if self.sender.ready().await.is_err() {
            self.sender = Self::dial(&self.endpoint).await?;
            self.sender.ready().await.map_err(|e| broken(DIALECT, e))?;
        }
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(
                "host",
                format!("{}:{}", self.endpoint.host, self.endpoint.port),
            )
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .header("user-agent", concat!("dwsim/", env!("CARGO_PKG_VERSION")));
        if let Some(token) = token {
            request = request.header("authorization", format!("Snowflake Token=\"{token}\""));
        }
        let request = request
            .body(Full::new(Bytes::from(body)))
            .map_err(|e| protocol(DIALECT, e))?;
        let response = self
            .sender
            .send_request(request)
            .await
            .map_err(|e| broken(DIALECT, e))?;
        let status = response.status();
        let body = response
            .into_body()
            .collect()
            .await
            .map_err(|e| broken(DIALECT, e))?
            .to_bytes();
        if !status.is_success() {
            let start: String = String::from_utf8_lossy(&body).chars().take(200).collect();
            return Err(protocol(
                DIALECT,
                format!("HTTP {status} for {path}: {start}"),
            ));
        }
        Ok(body)
    }
}
