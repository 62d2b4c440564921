//! When a run is to end from outside: Ctrl-C, SIGTERM, a parent that is gone, nobody connected for long.
//! What ends then, and how, is the commands' part.

use std::process::Stdio;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tokio::process::Command;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};
use crate::exit::INTERRUPTED;

/// How long a run may take to end after a signal.
const GRACE: Duration = Duration::from_secs(10);

/// Cancels a token at the first SIGINT, SIGTERM or SIGHUP. At the second, or when the process is still there after
/// ten seconds, it ends with [`INTERRUPTED`]: signals have a thread of their own, so that they are heard while every
/// thread of the runtime is busy.
pub fn cancel_on_signal() -> Result<CancellationToken> {
    let failed = || Error::io("listening for signals");
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(failed())?;
    let token = CancellationToken::new();
    let cancel = token.clone();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            let mut arrived = signals.forever();
            if arrived.next().is_none() {
                return;
            }
            cancel.cancel();
            let deadline = std::thread::Builder::new().spawn(|| {
                std::thread::sleep(GRACE);
                std::process::exit(INTERRUPTED);
            });
            if arrived.next().is_some() || deadline.is_err() {
                std::process::exit(INTERRUPTED);
            }
        })
        .map_err(failed())?;
    Ok(token)
}

/// Returns when the process `pid` is gone.
pub async fn parent_gone(pid: u32) {
    while is_there(pid).await {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Whether there is a process of this id; one that is over but not yet waited for counts as gone.
async fn is_there(pid: u32) -> bool {
    if let Ok(stat) = tokio::fs::read_to_string(format!("/proc/{pid}/stat")).await {
        // The state is the field after the name, which stands in brackets and may hold anything.
        return stat
            .rsplit_once(") ")
            .is_none_or(|(_, rest)| !rest.starts_with('Z'));
    }
    if cfg!(target_os = "linux") {
        return false;
    }
    let mut kill = Command::new("kill");
    kill.args(["-0", &pid.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    kill.status().await.is_ok_and(|s| s.success())
}

/// Returns when nobody has been connected for `limit`: every connection is subscribed to `presence`.
pub async fn idle(limit: Duration, presence: watch::Sender<()>) {
    let mut last_seen = Instant::now();
    let step = (limit / 10).clamp(Duration::from_millis(50), Duration::from_secs(1));
    while last_seen.elapsed() < limit {
        tokio::time::sleep(step).await;
        if presence.receiver_count() > 0 {
            last_seen = Instant::now();
        }
    }
}
