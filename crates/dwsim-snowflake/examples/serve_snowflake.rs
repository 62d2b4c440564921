//! Serves an empty account alone: `cargo run -p dwsim-snowflake --example serve -- PORT [DATABASE…]`.
//! The whole emulator, with S3 and Redshift beside it, is `cargo dwsim serve`.

use std::net::SocketAddr;

use dwsim_engine::engine::{Engine, EngineConfig};
use dwsim_snowflake::{ServerOptions, SnowflakeServer, SnowflakeService};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let port: u16 = args.next().map_or(Ok(0), |p| p.parse())?;
    let names: Vec<String> = args.collect();
    let databases: Vec<&str> = names.iter().map(String::as_str).collect();
    let engine = Engine::new(
        EngineConfig::default(),
        SnowflakeService::account(&databases),
    )?;
    let service = SnowflakeService::new(engine, ServerOptions::default())?;
    let server = SnowflakeServer::bind(SocketAddr::from(([127, 0, 0, 1], port)), service).await?;
    println!("http://{}", server.local_addr()?);
    server.run(CancellationToken::new()).await?;
    Ok(())
}
