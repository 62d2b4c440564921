//! Runs the Redshift server alone, without object storage: `cargo run -p dwsim-redshift --example serve -- 5439`.
//! `cargo dwsim serve` runs it together with S3 and Snowflake.

use dwsim_engine::engine::{Engine, EngineConfig};
use dwsim_redshift::{RedshiftServer, ServerOptions, account};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args()
        .nth(1)
        .map_or(Ok(0), |p| p.parse::<u16>())?;
    let engine = Engine::new(EngineConfig::default(), account())?;
    let server =
        RedshiftServer::bind(("127.0.0.1", port), engine, ServerOptions::default()).await?;
    println!("{}", server.local_addr()?);
    let stop = CancellationToken::new();
    let on_signal = stop.clone();
    tokio::spawn(async move {
        let _ = tokio::signal::ctrl_c().await;
        on_signal.cancel();
    });
    server.run(stop).await;
    Ok(())
}
