//! Serves S3 on a port, from memory or from a directory: `serve PORT [DIR]`.
//! Made for trying other clients by hand; `cargo dwsim serve` is the tool's own server.

use std::time::Instant;

use dwsim_s3::{S3Options, S3Server, Store};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let mut args = std::env::args().skip(1);
    let port: u16 = args.next().ok_or("usage: serve PORT [DIR]")?.parse()?;
    let store = match args.next() {
        Some(dir) => Store::directory(dir)?,
        None => Store::memory(),
    };
    let server = S3Server::bind(("127.0.0.1", port), store, S3Options::default()).await?;
    println!("http://{} after {:?}", server.local_addr(), start.elapsed());
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    tokio::spawn(async move {
        let _ = tokio::signal::ctrl_c().await;
        stop.cancel();
    });
    server.run(shutdown).await;
    Ok(())
}
