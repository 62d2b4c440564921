//! The listener: accepts connections and serves HTTP/1.1 on each until told to stop.
//! What the requests mean is left to the front and the operations.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use s3s::service::S3ServiceBuilder;
use tokio::sync::watch;
use tokio::{
    net::{TcpListener, TcpStream, ToSocketAddrs},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{api::Api, front::Front, host::Domains};
use crate::store::Store;

/// How long requests in progress may take once the server is told to stop.
const GRACE: Duration = Duration::from_secs(2);

/// How a server behaves.
#[derive(Clone, Debug)]
pub struct S3Options {
    /// The region of buckets that are created without a location constraint.
    pub region: String,
    /// Hosts under which `bucket.HOST` names a bucket. Any other host, and every IP address, is
    /// path style.
    pub domains: Vec<String>,
    /// Whether a write to a missing bucket creates it. S3 answers `NoSuchBucket`.
    pub auto_create_buckets: bool,
    /// Every open connection subscribes to it: its receiver count tells how many there are.
    pub presence: watch::Sender<()>,
}

impl Default for S3Options {
    /// `us-east-1`, `localhost` and `s3.localhost`, and missing buckets are errors.
    fn default() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            domains: vec!["localhost".to_owned(), "s3.localhost".to_owned()],
            auto_create_buckets: false,
            presence: watch::Sender::default(),
        }
    }
}

/// An S3 server that listens, but does not answer before [`S3Server::run`].
pub struct S3Server {
    listener: TcpListener,
    address: SocketAddr,
    front: Arc<Front>,
    presence: watch::Sender<()>,
}

impl S3Server {
    /// Listens on an address; port 0 is any free one.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn bind(
        address: impl ToSocketAddrs,
        store: Store,
        options: S3Options,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let domains = Domains(
            options
                .domains
                .iter()
                .map(|d| d.to_ascii_lowercase())
                .collect(),
        );
        let presence = options.presence.clone();
        let mut builder = S3ServiceBuilder::new(Api::new(store, options));
        builder.set_host(domains.clone());
        Ok(Self {
            listener,
            address,
            front: Arc::new(Front::new(builder.build(), domains)),
            presence,
        })
    }

    /// The address that is listened on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until cancelled; requests in progress then get two seconds to end.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        let front = Arc::clone(&self.front);
                        let (present, shutdown) = (self.presence.subscribe(), shutdown.clone());
                        connections.spawn(async move {
                            let _present = present;
                            serve(stream, peer, front, shutdown).await;
                        });
                    }
                    Err(error) => {
                        // out of file descriptors, or a client that is gone already
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                },
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
            }
        }
        let ended = async { while connections.join_next().await.is_some() {} };
        // what is not over then is aborted with the set
        let _ = tokio::time::timeout(GRACE, ended).await;
    }
}

async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    front: Arc<Front>,
    shutdown: CancellationToken,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "cannot set TCP_NODELAY");
    }
    let service = service_fn(move |request| {
        let front = Arc::clone(&front);
        async move { front.answer(request).await }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%peer, %error, "a connection broke");
    }
}
