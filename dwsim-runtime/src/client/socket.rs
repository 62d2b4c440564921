//! Sockets of both clients, plain and encrypted. Live warehouses are encrypted (feature `tls`), the emulators of this
//! machine are not; certificates are checked against the system's authorities, or those of `SSL_CERT_FILE`.

use std::fmt;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::Dialect;
use crate::endpoints::Endpoint;
use crate::error::{Error, Result};

/// A stream of bytes both ways.
pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug> Socket for T {}

/// Opens a socket with small packets sent at once.
pub(super) async fn open(dialect: Dialect, endpoint: &Endpoint) -> Result<TcpStream> {
    let stream = TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await;
    stream
        .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
        .map_err(|source| refused(dialect, endpoint, source))
}

fn refused(dialect: Dialect, endpoint: &Endpoint, source: std::io::Error) -> Error {
    Error::Connect {
        dialect,
        address: format!("{}:{}", endpoint.host, endpoint.port),
        source,
    }
}

/// The same socket, encrypted, with the server's certificate checked for the endpoint's host.
#[cfg(feature = "tls")]
pub(super) async fn encrypt(
    dialect: Dialect,
    endpoint: &Endpoint,
    stream: TcpStream,
) -> Result<Box<dyn Socket>> {
    use std::io::Error as IoError;
    use std::sync::{Arc, OnceLock};

    use rustls::crypto::ring::default_provider;
    use rustls::pki_types::ServerName;
    use rustls::{ClientConfig, RootCertStore};

    static CONFIG: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
    let config = CONFIG.get_or_init(|| {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(found.certs);
        if added == 0 {
            let why: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
            return Err(format!(
                "no certificate authorities on this machine {}",
                why.join("; ")
            ));
        }
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| e.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config))
    });
    let config = config
        .clone()
        .map_err(|why| refused(dialect, endpoint, IoError::other(why)))?;
    let name = ServerName::try_from(endpoint.host.clone())
        .map_err(|e| refused(dialect, endpoint, IoError::other(e)))?;
    let stream = tokio_rustls::TlsConnector::from(config)
        .connect(name, stream)
        .await
        .map_err(|e| refused(dialect, endpoint, e))?;
    Ok(Box::new(stream))
}

/// Refuses: this build has no TLS.
#[cfg(not(feature = "tls"))]
pub(super) async fn encrypt(
    _: Dialect,
    endpoint: &Endpoint,
    _: TcpStream,
) -> Result<Box<dyn Socket>> {
    Err(Error::Setup(format!(
        "{} is reached over TLS, for which tests need the feature `live` of dwsim: cargo add --dev dwsim --features live",
        endpoint.host
    )))
}
