//! Writing data to stdout so that a reader who goes away (`| head`) ends the command quietly.
//! What the data is, the commands decide.

use std::io::{ErrorKind, Write};

use crate::error::{Error, Result};

/// Writes bytes to stdout. A closed pipe is a success: the reader has what it wanted.
pub fn data(bytes: &[u8]) -> Result<()> {
    let mut out = anstream::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(Error::Io {
            what: "writing to stdout".into(),
            cause: e,
        }),
        _ => Ok(()),
    }
}

/// Writes one line of text to stdout.
pub fn line(text: impl std::fmt::Display) -> Result<()> {
    data(format!("{text}\n").as_bytes())
}

/// Writes a value to stdout as one line of JSON.
pub fn json(value: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_string(value)
        .map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))?;
    line(text)
}
