//! Running results: rows are pulled from the engine and written until a limit or the end.
//! Which portal runs when is decided in `connection` and `extended`.

use arrow::array::RecordBatch;
use dwsim_engine::types::ColumnInfo;
use futures::StreamExt;

use super::cancel::Signals;
use super::frontend::format_of;
use super::rows::{RowStyle, write_rows};
use super::wire::{FLUSH_AT, Trouble, Wire};
use crate::statements::{RowStream, Rows};

/// Rows are encoded in steps of this many between checks of the output buffer.
const STEP: usize = 256;

/// A result that is being sent.
pub struct Running {
    /// Columns.
    pub columns: Vec<ColumnInfo>,
    /// Command tag for the end.
    pub tag: &'static str,
    binary: Vec<bool>,
    stream: RowStream,
    rest: Option<(RecordBatch, usize)>,
}

/// How a run of a portal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All rows were sent.
    Complete,
    /// The limit was reached and rows are left (or may be).
    Suspended,
}

impl Running {
    /// Starts to send a result in these formats.
    pub fn new(rows: Rows, formats: &[i16]) -> Self {
        let binary = (0..rows.columns.len())
            .map(|i| format_of(formats, i) == 1)
            .collect();
        Running {
            columns: rows.columns,
            tag: rows.tag,
            binary,
            stream: rows.stream,
            rest: None,
        }
    }

    /// Sends up to `limit` rows (0 is all).
    ///
    /// # Errors
    /// What computing the rows gives, cancellation, a broken connection.
    pub async fn run(
        &mut self,
        wire: &mut Wire,
        signals: &Signals,
        limit: usize,
        style: RowStyle,
    ) -> Result<End, Trouble> {
        let mut left = if limit == 0 { usize::MAX } else { limit };
        loop {
            let (batch, from) = match self.rest.take() {
                Some(rest) => rest,
                None => match wire.watch(signals, self.stream.next()).await? {
                    Some(batch) => (batch?, 0),
                    None => return Ok(End::Complete),
                },
            };
            let to = batch.num_rows().min(from + left.min(STEP));
            write_rows(
                &batch,
                &self.columns,
                &self.binary,
                from,
                to,
                style,
                &mut wire.output,
            )?;
            left -= to - from;
            if to < batch.num_rows() {
                self.rest = Some((batch, to));
            }
            if left == 0 {
                return Ok(End::Suspended);
            }
            if wire.output.len() >= FLUSH_AT {
                wire.flush().await?;
            }
        }
    }
}
