//! One HTTP/1.1 connection that is kept: a request, its JSON answer, the next request.
//! What the requests mean is in `snowflake`.

use super::socket::{Socket, encrypt, open};
use super::url::Url;
use super::{broken, protocol};
use crate::Dialect;
use crate::endpoints::Endpoint;
use crate::error::Result;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;

const DIALECT: Dialect = Dialect::Snowflake;

/// A connection to one server, opened anew when the server has closed it between two requests.
#[derive(Debug)]
pub(super) struct Http {
    endpoint: Endpoint,
    /// The name that the server is asked by: that of the URL, which need not be where it is connected to.
    name: String,
    sender: SendRequest<Full<Bytes>>,
}

impl Http {
    pub(super) async fn connect(endpoint: &Endpoint) -> Result<Self> {
        Ok(Http {
            endpoint: endpoint.clone(),
            name: Url::parse(&endpoint.url)
                .place
                .unwrap_or_else(|| format!("{}:{}", endpoint.host, endpoint.port)),
            sender: Self::dial(endpoint).await?,
        })
    }

    async fn dial(endpoint: &Endpoint) -> Result<SendRequest<Full<Bytes>>> {
        let stream = open(DIALECT, endpoint).await?;
        let stream: Box<dyn Socket> = if Url::parse(&endpoint.url).scheme == "https" {
            encrypt(DIALECT, endpoint, stream).await?
        } else {
            Box::new(stream)
        };
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
        let token = token.map(|token| ("authorization", format!("Snowflake Token=\"{token}\"")));
        self.request(method, path, token, body).await
    }

    /// As [`Http::send`], with any further headers.
    pub(super) async fn request(
        &mut self,
        method: Method,
        path: &str,
        headers: impl IntoIterator<Item = (impl AsRef<str>, String)>,
        body: String,
    ) -> Result<Bytes> {
        if self.sender.ready().await.is_err() {
            self.sender = Self::dial(&self.endpoint).await?;
            self.sender.ready().await.map_err(|e| broken(DIALECT, e))?;
        }
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.name)
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .header("user-agent", concat!("dwsim/", env!("CARGO_PKG_VERSION")));
        for (name, value) in headers {
            request = request.header(name.as_ref(), value);
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

/// What lies at a URL, unpacked if it is a gzip file, as Snowflake's chunks of results are.
pub(super) async fn fetch(url: &str, headers: &[(String, String)]) -> Result<Bytes> {
    let standard = if url.starts_with("https:") { 443 } else { 80 };
    let endpoint = Endpoint::at(url, standard)
        .map_err(|what| protocol(DIALECT, format!("the URL `{url}` {what}")))?;
    let path = url
        .split_once("://")
        .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]))
        .unwrap_or("/");
    let mut http = Http::connect(&endpoint).await?;
    let headers = headers.iter().cloned();
    let bytes = http
        .request(Method::GET, path, headers, String::new())
        .await?;
    match bytes.get(..2) {
        Some([0x1f, 0x8b]) => unpack(&bytes),
        _ => Ok(bytes),
    }
}

#[cfg(feature = "tls")]
fn unpack(bytes: &[u8]) -> Result<Bytes> {
    use std::io::Read;
    let mut out = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes)
        .read_to_end(&mut out)
        .map_err(|e| protocol(DIALECT, e))?;
    Ok(out.into())
}

#[cfg(not(feature = "tls"))]
fn unpack(_: &[u8]) -> Result<Bytes> {
    Err(protocol(
        DIALECT,
        "a packed part of a result, for which tests need the feature `live` of dwsim",
    ))
}

#[cfg(all(test, feature = "tls"))]
mod tests {
    use std::io::Write;

    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn packed_and_plain_parts_are_read() -> Result<(), Box<dyn std::error::Error>> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"[1],[2]")?;
        for body in [packed.finish()?, b"[1],[2]".to_vec()] {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let url = format!("http://{}/a/b?c=d", listener.local_addr()?);
            let server = tokio::spawn(async move {
                let (mut socket, _) = listener.accept().await?;
                let mut asked = vec![0; 4096];
                let n = socket.read(&mut asked).await?;
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                socket.write_all(head.as_bytes()).await?;
                socket.write_all(&body).await?;
                Ok::<_, std::io::Error>(String::from_utf8_lossy(&asked[..n]).into_owned())
            });
            let got = fetch(&url, &[("x-key".into(), "k".into())]).await?;
            assert_eq!(&got[..], b"[1],[2]");
            let asked = server.await??;
            assert!(
                asked.starts_with("GET /a/b?c=d ") && asked.contains("x-key: k"),
                "{asked}"
            );
        }
        Ok(())
    }
}
