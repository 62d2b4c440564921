//! Starting and stopping the three servers in this process. Binding comes first, so that a taken port is
//! reported before anything runs; what the servers do is their crates' part.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use dwsim_control::experiment::Service;
use dwsim_engine::engine::{Engine, EngineConfig};
use dwsim_redshift::{RedshiftServer, Tls};
use dwsim_runtime::chrono::{DateTime, Utc};
use dwsim_runtime::{Endpoint, Endpoints, Project, TlsEndpoints};
use dwsim_s3::{S3Options, S3Server, Store};
use dwsim_schema::{Clock, Config};
use dwsim_snowflake::{SnowflakeServer, SnowflakeService};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::storage::EmbeddedStorage;
use super::tls::Front;
use crate::error::{Error, Result};

/// How long servers may take to end their connections.
const GRACE: Duration = Duration::from_secs(5);

/// How the emulators are to run. Port 0 is any free one.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Redshift's port.
    pub redshift_port: u16,
    /// Port of Redshift's Data API.
    pub redshift_data_port: u16,
    /// Snowflake's port.
    pub snowflake_port: u16,
    /// S3's port.
    pub s3_port: u16,
    /// Port of the control plane.
    pub control_port: u16,
    /// Where data is kept; in memory without it.
    pub data_dir: Option<PathBuf>,
    /// Seed by which rows without an order are shuffled; they keep their natural order without it.
    pub shuffle_seed: Option<u64>,
    /// What the time is for SQL; the machine's clock without it.
    pub clock: Option<DateTime<Utc>>,
    /// Seed of random functions in SQL, which are free without it.
    pub random: Option<u64>,
    /// Where to listen instead of on the loopback interface.
    pub listen: Option<IpAddr>,
    /// Names of this machine that requests to the control plane may be for, besides those of the loopback interface.
    pub hosts: Vec<String>,
    /// TLS on the ports of every protocol.
    pub tls: bool,
    /// The project whose pending snapshots the page shows.
    pub project: Option<Project>,
}

impl Settings {
    /// What a configuration says about the emulators; any free ports, in memory.
    pub fn of(config: &Config) -> Self {
        Settings {
            shuffle_seed: config.test.shuffle.then_some(config.project.seed),
            clock: match config.project.clock {
                Clock::Now => None,
                Clock::Frozen(micros) => DateTime::from_timestamp_micros(micros),
            },
            random: config.project.random,
            ..Settings::default()
        }
    }
}

/// Running emulators. Dropped, they are cancelled; [`Emulators::stop`] waits for them as well.
#[derive(Debug)]
pub struct Emulators {
    /// Where they listen.
    pub endpoints: Endpoints,
    /// Every connection to any of them is subscribed to it.
    pub presence: watch::Sender<()>,
    stop: CancellationToken,
    servers: JoinSet<&'static str>,
}

impl Emulators {
    /// Binds all ports, then serves.
    pub async fn start(settings: &Settings) -> Result<Self> {
        let store = match &settings.data_dir {
            Some(dir) => Store::directory(dir.join("s3")).map_err(|e| Error::Emulator {
                message: format!("the data directory {}: {e}", dir.display()),
                help: None,
            })?,
            None => Store::memory(),
        };
        let listen = settings.listen.unwrap_or(Ipv4Addr::LOCALHOST.into());
        let address = |port| SocketAddr::from((listen, port));
        // with TLS, the ports are those of what stands in front of the servers
        let behind = |port| match settings.tls {
            true => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            false => address(port),
        };
        let taken = |service, flag, port| {
            move |cause: io::Error| Error::Port {
                service,
                flag,
                port,
                cause,
            }
        };

        let presence = watch::Sender::default();
        let s3 = S3Server::bind(
            behind(settings.s3_port),
            store.clone(),
            S3Options {
                presence: presence.clone(),
                ..S3Options::default()
            },
        )
        .await
        .map_err(taken("S3", "--s3-port", settings.s3_port))?;
        let engine_failed = |e| Error::Emulator {
            message: format!("the engine: {e}"),
            help: None,
        };
        let engine = |name: &str, account| {
            let config = EngineConfig {
                storage: EmbeddedStorage::shared(store.clone()),
                shuffle_seed: settings.shuffle_seed,
                clock: settings.clock,
                random_seed: settings.random,
                data_dir: settings.data_dir.as_ref().map(|dir| dir.join(name)),
                ..EngineConfig::default()
            };
            Engine::new(config, account).map_err(engine_failed)
        };
        let tls = certificate(settings).map_err(Error::io("making the certificate for TLS"))?;
        let redshift = RedshiftServer::bind(
            address(settings.redshift_port),
            engine("redshift", dwsim_redshift::account())?,
            dwsim_redshift::ServerOptions {
                presence: presence.clone(),
                tls: Some(tls.clone()),
                ..dwsim_redshift::ServerOptions::default()
            },
        )
        .await
        .map_err(taken("Redshift", "--redshift-port", settings.redshift_port))?;
        let data_api = redshift
            .data_api(behind(settings.redshift_data_port))
            .await
            .map_err(taken(
                "Redshift's Data API",
                "--redshift-data-port",
                settings.redshift_data_port,
            ))?;
        let service = SnowflakeService::new(
            engine("snowflake", SnowflakeService::account(&["DWSIM"]))?,
            dwsim_snowflake::ServerOptions {
                presence: presence.clone(),
                ..dwsim_snowflake::ServerOptions::default()
            },
        )
        .map_err(engine_failed)?;
        let shared = std::sync::Arc::clone(&service);
        let snowflake = SnowflakeServer::bind(behind(settings.snowflake_port), service)
            .await
            .map_err(taken(
                "Snowflake",
                "--snowflake-port",
                settings.snowflake_port,
            ))?;

        let control = TcpListener::bind(behind(settings.control_port))
            .await
            .map_err(taken(
                "the control plane",
                "--control-port",
                settings.control_port,
            ))?;

        let port = |e: io::Error| Error::io("asking for a port")(e);
        let mut at = Addresses {
            snowflake: snowflake.local_addr().map_err(port)?,
            s3: s3.local_addr(),
            redshift_data: data_api.local_addr().map_err(port)?,
            control: control.local_addr().map_err(port)?,
        };
        let mut fronts = Vec::new();
        let mut secure_snowflake = None;
        if settings.tls {
            let Some(authority) = tls.authority() else {
                return Err(Error::Emulator {
                    message: "--tls needs a folder for the authority's certificate".to_owned(),
                    help: Some("such as --data-dir DIR, or HOME".to_owned()),
                });
            };
            tracing::info!(authority = %authority.display(), "TLS");
            let second = SnowflakeServer::bind(behind(0), shared)
                .await
                .map_err(port)?
                .behind_tls();
            let second_address = second.local_addr().map_err(port)?;
            secure_snowflake = Some(second);
            for (service, flag, number, inner, secure) in [
                (
                    "Snowflake",
                    "--snowflake-port",
                    settings.snowflake_port,
                    &mut at.snowflake,
                    Some(second_address),
                ),
                ("S3", "--s3-port", settings.s3_port, &mut at.s3, None),
                (
                    "Redshift's Data API",
                    "--redshift-data-port",
                    settings.redshift_data_port,
                    &mut at.redshift_data,
                    None,
                ),
                (
                    "the control plane",
                    "--control-port",
                    settings.control_port,
                    &mut at.control,
                    None,
                ),
            ] {
                let listener = TcpListener::bind(address(number))
                    .await
                    .map_err(taken(service, flag, number))?;
                let front = Front::new(listener, tls.http(), *inner, secure.unwrap_or(*inner));
                *inner = front.local_addr().map_err(port)?;
                fronts.push(front);
            }
        }
        let http = |a: SocketAddr| {
            let a = reached(a);
            endpoint(a, format!("http://{a}"))
        };
        let https = |a: SocketAddr| format!("https://{}", reached(a));
        let redshift_address = reached(redshift.local_addr().map_err(port)?);
        let endpoints = Endpoints {
            redshift: endpoint(
                redshift_address,
                format!("postgres://dev:dev@{redshift_address}/dev"),
            ),
            snowflake: http(at.snowflake),
            s3: http(at.s3),
            redshift_data: Some(http(at.redshift_data)),
            redshift_authority: tls.authority().map(PathBuf::from),
            tls: settings.tls.then(|| TlsEndpoints {
                snowflake: https(at.snowflake),
                s3: https(at.s3),
                redshift_data: https(at.redshift_data),
                control: https(at.control),
            }),
            template: None,
            isolation: dwsim_runtime::Isolation::default(),
            settings: None,
            control: Some(http(at.control)),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        };

        let stop = CancellationToken::new();
        let mut servers = JoinSet::new();
        let (a, b, c, d) = (stop.clone(), stop.clone(), stop.clone(), stop.clone());
        servers.spawn(async move {
            if let Err(e) = data_api.run(d).await {
                tracing::error!(error = %e, "Redshift's Data API ended");
            }
            "Redshift's Data API"
        });
        let file = settings.data_dir.as_ref().map(|d| d.join("control.sqlite"));
        let metadata =
            dwsim_control::store::Store::open(file.as_deref()).map_err(|e| Error::Emulator {
                message: e.to_string(),
                help: Some("move the file away to begin without experiments".to_owned()),
            })?;
        let service = Service::new(endpoints.clone(), metadata);
        let sessions = presence.clone();
        let control_settings = dwsim_control::api::Settings {
            token: std::env::var("DWSIM_CONTROL_TOKEN")
                .ok()
                .filter(|t| !t.is_empty()),
            sessions: std::sync::Arc::new(move || sessions.receiver_count()),
            project: settings.project.clone(),
            hosts: settings.hosts.clone(),
        };
        for front in fronts {
            let stop = stop.clone();
            servers.spawn(async move {
                front.run(stop).await;
                "TLS"
            });
        }
        if let Some(second) = secure_snowflake {
            let stop = stop.clone();
            servers.spawn(async move {
                if let Err(e) = second.run(stop).await {
                    tracing::error!(error = %e, "the Snowflake emulator ended");
                }
                "Snowflake"
            });
        }
        let e = stop.clone();
        servers.spawn(async move {
            if let Err(e) = service.recover().await {
                tracing::error!(error = %e, "experiments of an earlier process");
            }
            let router =
                dwsim_control::api::router(service, control_settings, super::control::routes());
            if let Err(e) = super::control::serve(control, router, e).await {
                tracing::error!(error = %e, "the control server ended");
            }
            "control"
        });
        servers.spawn(async move {
            s3.run(a).await;
            "S3"
        });
        servers.spawn(async move {
            redshift.run(b).await;
            "Redshift"
        });
        servers.spawn(async move {
            if let Err(e) = snowflake.run(c).await {
                tracing::error!(error = %e, "the Snowflake emulator ended");
            }
            "Snowflake"
        });
        Ok(Emulators {
            endpoints,
            presence,
            stop,
            servers,
        })
    }

    /// Waits until a server ends by itself, which none should.
    pub async fn ended(&mut self) -> Error {
        let message = match self.servers.join_next().await {
            Some(Ok(name)) => format!("the {name} emulator ended by itself"),
            Some(Err(e)) => format!("an emulator broke down: {e}"),
            None => "no emulator is running".to_owned(),
        };
        Error::Emulator {
            message,
            help: None,
        }
    }

    /// Asks all to end and waits a while for it.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let all = async { while self.servers.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            tracing::warn!("the emulators did not end within {} s", GRACE.as_secs());
            self.servers.shutdown().await;
        }
    }
}

impl Drop for Emulators {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The certificate kept with the data, or with this user's caches; one for this process where neither can be written.
fn certificate(settings: &Settings) -> io::Result<Tls> {
    let cache = || {
        let given = |name| {
            std::env::var_os(name)
                .filter(|v| !v.is_empty())
                .map(PathBuf::from)
        };
        given("XDG_CACHE_HOME")
            .or_else(|| given("HOME").map(|home| home.join(".cache")))
            .map(|dir| dir.join("dwsim"))
    };
    match settings.data_dir.clone().or_else(cache) {
        Some(dir) => Tls::kept(&dir.join("tls")).or_else(|e| {
            tracing::warn!(error = %e, "no certificate can be kept in {}", dir.display());
            Tls::ephemeral()
        }),
        None => Tls::ephemeral(),
    }
}

/// Where the HTTP servers are reached.
struct Addresses {
    snowflake: SocketAddr,
    s3: SocketAddr,
    redshift_data: SocketAddr,
    control: SocketAddr,
}

/// How this machine reaches a server that listens everywhere.
fn reached(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn endpoint(address: SocketAddr, url: String) -> Endpoint {
    Endpoint {
        host: address.ip().to_string(),
        port: address.port(),
        url,
    }
}
