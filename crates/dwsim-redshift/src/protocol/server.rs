//! The listening server: accepts connections and gives each a task of its own.
//! A connection that misbehaves, breaks or panics ends its own task only.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use dwsim_engine::engine::Engine;
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::cancel::Backends;
use super::connection::serve;
use super::data_api::DataApi;
use super::startup::{AuthMode, Credential};
use super::tls::Tls;
use crate::statements::Cluster;

/// How the server treats clients.
#[derive(Debug, Clone, Default)]
pub struct ServerOptions {
    /// What is asked of clients.
    pub auth: AuthMode,
    /// Mock credentials; without any, every user and password is right.
    pub credentials: Vec<Credential>,
    /// Every open connection subscribes to it: its receiver count tells how many there are.
    pub presence: watch::Sender<()>,
    /// The certificate for clients that ask for TLS; without one they are refused.
    pub tls: Option<Tls>,
}

/// A Redshift endpoint over an engine.
#[derive(Debug)]
pub struct RedshiftServer {
    listener: TcpListener,
    cluster: Arc<Cluster>,
    backends: Arc<Backends>,
    options: Arc<ServerOptions>,
}

impl RedshiftServer {
    /// Listens on an address (port 0 is any free one).
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn bind(
        address: impl ToSocketAddrs,
        engine: Arc<Engine>,
        options: ServerOptions,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let backends = Arc::new(Backends::default());
        Ok(RedshiftServer {
            listener,
            cluster: Arc::new(Cluster::new(engine, Arc::clone(&backends))),
            backends,
            options: Arc::new(options),
        })
    }

    /// The Data API over the same cluster, on a port of its own.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn data_api(&self, address: impl ToSocketAddrs) -> io::Result<DataApi> {
        DataApi::bind(address, Arc::clone(&self.cluster)).await
    }

    /// Where the server listens.
    ///
    /// # Errors
    /// When the socket cannot tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until stopped; running connections are ended then.
    pub async fn run(self, stop: CancellationToken) {
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = connections.join_next() => continue,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let cluster = Arc::clone(&self.cluster);
                    let backends = Arc::clone(&self.backends);
                    let options = Arc::clone(&self.options);
                    connections.spawn(async move {
                        let _present = options.presence.subscribe();
                        if let Err(e) = serve(stream, cluster, backends, options).await {
                            tracing::debug!(%peer, error = %e, "connection ended");
                        }
                    });
                }
                Err(e) => {
                    // Out of file descriptors, say: others may leave soon.
                    tracing::warn!(error = %e, "accept failed");
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
            }
        }
        connections.shutdown().await;
    }
}
