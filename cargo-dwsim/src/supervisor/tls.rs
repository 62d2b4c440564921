//! TLS in front of the HTTP servers: a connection that begins with a handshake is decrypted and passed on, any other is
//! passed on as it is. The servers behind know nothing of it; Redshift's own protocol asks for TLS by itself.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How long a client may take until it has said its first word, and for the handshake.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first byte of every TLS handshake.
const HANDSHAKE: u8 = 0x16;

/// A port that takes both.
#[derive(Debug)]
pub(super) struct Front {
    listener: TcpListener,
    config: Arc<ServerConfig>,
    plain: SocketAddr,
    secure: SocketAddr,
}

impl Front {
    /// In front of one server, or of two that know by themselves whether their clients came over TLS.
    pub(super) fn new(
        listener: TcpListener,
        config: Arc<ServerConfig>,
        plain: SocketAddr,
        secure: SocketAddr,
    ) -> Self {
        Front {
            listener,
            config,
            plain,
            secure,
        }
    }

    /// Where clients connect.
    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until told to stop; running connections are ended then.
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = connections.join_next() => continue,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let config = Arc::clone(&self.config);
                    let (plain, secure) = (self.plain, self.secure);
                    connections.spawn(async move {
                        if let Err(e) = pass(stream, config, plain, secure).await {
                            tracing::debug!(%peer, error = %e, "connection ended");
                        }
                    });
                }
                Err(e) => {
                    // out of file descriptors, say: others may leave soon
                    tracing::warn!(error = %e, "accept failed");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
        connections.shutdown().await;
    }
}

async fn pass(
    mut stream: TcpStream,
    config: Arc<ServerConfig>,
    plain: SocketAddr,
    secure: SocketAddr,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut first = [0];
    let seen = tokio::time::timeout(PATIENCE, stream.peek(&mut first)).await??;
    if seen == 0 {
        return Ok(());
    }
    if first == [HANDSHAKE] {
        let accepted = TlsAcceptor::from(config).accept(stream);
        let mut stream = tokio::time::timeout(PATIENCE, accepted).await??;
        let mut server = TcpStream::connect(secure).await?;
        server.set_nodelay(true)?;
        copy_bidirectional(&mut stream, &mut server).await?;
    } else {
        let mut server = TcpStream::connect(plain).await?;
        server.set_nodelay(true)?;
        copy_bidirectional(&mut stream, &mut server).await?;
    }
    Ok(())
}
