//! A server in this process for each test.

use std::net::SocketAddr;

use dwsim_engine::engine::{Engine, EngineConfig};
use dwsim_redshift::{RedshiftServer, ServerOptions, account};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions, Connection};
use tokio_util::sync::CancellationToken;

/// A running server; it stops when this is dropped.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    stop: CancellationToken,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Server {
    /// Starts a server on a free port.
    pub async fn start() -> Self {
        let engine = Engine::new(EngineConfig::default(), account()).expect("an engine");
        let server = RedshiftServer::bind("127.0.0.1:0", engine, ServerOptions::default())
            .await
            .expect("a port");
        let address = server.local_addr().expect("an address");
        let stop = CancellationToken::new();
        tokio::spawn(server.run(stop.clone()));
        Server { address, stop }
    }

    /// A connection through sqlx.
    pub async fn connect(&self) -> PgConnection {
        self.options().connect().await.expect("a connection")
    }

    /// sqlx's options for this server.
    pub fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new()
            .host("127.0.0.1")
            .port(self.address.port())
            .username("dev")
            .password("anything")
            .database("dev")
            .ssl_mode(PgSslMode::Disable)
            .disable_statement_logging()
    }
}

/// Closes a connection politely.
pub async fn close(connection: PgConnection) {
    connection.close().await.expect("closes");
}
