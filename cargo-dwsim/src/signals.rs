//! When a run is to end from outside: Ctrl-C, SIGTERM, a parent that is gone, nobody connected for long.
//! What ends then, and how, is the commands' part.

use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};

/// Cancels a token at the first SIGINT, SIGTERM or SIGHUP.
pub fn cancel_on_signal() -> Result<CancellationToken> {
    let failed = || Error::io("listening for signals");
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed())?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed())?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(failed())?;
    let token = CancellationToken::new();
    let cancel = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
        cancel.cancel();
    });
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

/// Returns when nothing has happened for `limit`. Every connection is a task of the reactor, so that more tasks
/// than there are now, with nobody connected, mean that somebody is.
pub async fn idle(limit: Duration) {
    let metrics = tokio::runtime::Handle::current().metrics();
    let at_rest = metrics.num_alive_tasks();
    let mut last_seen = Instant::now();
    let step = (limit / 10).clamp(Duration::from_millis(50), Duration::from_secs(1));
    while last_seen.elapsed() < limit {
        tokio::time::sleep(step).await;
        if metrics.num_alive_tasks() > at_rest {
            last_seen = Instant::now();
        }
    }
}
