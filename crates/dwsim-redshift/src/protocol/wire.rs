//! A connection's socket and buffers, and waiting for work while the client may cancel or leave.
//! What messages mean is left to `connection`.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;

use bytes::BytesMut;
use dwsim_engine::error::{ErrorKind, SqlError};
use futures::FutureExt;
use pgwire::messages::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::backend::put;
use super::cancel::Signals;
use super::frontend::{Frontend, FrontendError, take};
use super::socket::Socket;

/// Output is sent when this much is buffered, so that a slow client slows its query.
pub const FLUSH_AT: usize = 64 * 1024;
/// Input that arrives while a statement runs is buffered up to this size.
const READ_AHEAD: usize = 1 << 20;

/// Why work on a message ended early.
#[derive(Debug)]
pub enum Trouble {
    /// The client is told and goes on.
    Sql(SqlError),
    /// The connection is over.
    Gone(std::io::Error),
}

impl From<SqlError> for Trouble {
    fn from(e: SqlError) -> Self {
        Trouble::Sql(e)
    }
}

impl From<std::io::Error> for Trouble {
    fn from(e: std::io::Error) -> Self {
        Trouble::Gone(e)
    }
}

/// The next message, or why there is none.
#[derive(Debug)]
pub enum Incoming {
    /// A message.
    Message(Frontend),
    /// Bytes that are no message.
    Broken(FrontendError),
    /// The client closed the connection.
    Closed,
}

/// Socket and buffers.
#[derive(Debug)]
pub struct Wire {
    socket: Socket,
    input: BytesMut,
    /// Messages not sent yet.
    pub output: BytesMut,
}

impl Wire {
    /// Takes over a socket after start-up, with bytes that were read already.
    pub fn new(socket: Socket, input: BytesMut) -> Self {
        Wire {
            socket,
            input,
            output: BytesMut::with_capacity(8 * 1024),
        }
    }

    /// Waits for the next message.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn next(&mut self) -> std::io::Result<Incoming> {
        loop {
            match take(&mut self.input) {
                Ok(Some(message)) => return Ok(Incoming::Message(message)),
                Err(e) => return Ok(Incoming::Broken(e)),
                Ok(None) => {}
            }
            if self.socket.read_buf(&mut self.input).await? == 0 {
                return Ok(Incoming::Closed);
            }
        }
    }

    /// Buffers a message.
    ///
    /// # Errors
    /// When it is longer than the protocol allows.
    pub fn put(&mut self, message: &impl Message) -> std::io::Result<()> {
        Ok(put(message, &mut self.output)?)
    }

    /// Sends what is buffered.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn flush(&mut self) -> std::io::Result<()> {
        if !self.output.is_empty() {
            self.socket.write_all(&self.output).await?;
            self.socket.flush().await?;
            self.output.clear();
        }
        Ok(())
    }

    /// Says goodbye, which TLS does with a message of its own. A client that has left does not hear it.
    pub async fn close(&mut self) {
        let _ = self.socket.shutdown().await;
    }

    /// Runs work until it is done, or the client cancels it or leaves. A panic of the work becomes an error.
    ///
    /// # Errors
    /// [`ErrorKind::Canceled`]; a broken or terminated connection.
    pub async fn watch<T>(
        &mut self,
        signals: &Signals,
        work: impl Future<Output = T>,
    ) -> Result<T, Trouble> {
        let mut work = pin!(AssertUnwindSafe(work).catch_unwind());
        loop {
            let reading = async {
                if self.input.len() >= READ_AHEAD {
                    std::future::pending::<std::io::Result<usize>>().await
                } else {
                    self.socket.read_buf(&mut self.input).await
                }
            };
            tokio::select! {
                biased;
                done = &mut work => {
                    return done.map_err(|panic| {
                        let what = panic
                            .downcast_ref::<&str>()
                            .map(|s| (*s).to_owned())
                            .or_else(|| panic.downcast_ref::<String>().cloned())
                            .unwrap_or_else(|| "a panic".into());
                        Trouble::Sql(SqlError::internal(what))
                    });
                }
                () = signals.cancel.notified() => {
                    return Err(Trouble::Sql(ErrorKind::Canceled.into()));
                }
                () = signals.terminate.notified() => {
                    return Err(Trouble::Gone(terminated()));
                }
                read = reading => {
                    if read? == 0 {
                        return Err(Trouble::Gone(std::io::ErrorKind::UnexpectedEof.into()));
                    }
                }
            }
        }
    }
}

/// The connection was ended by an administrator.
pub fn terminated() -> std::io::Error {
    std::io::Error::new(
        std::io::ErrorKind::ConnectionAborted,
        "terminating connection due to administrator command",
    )
}
