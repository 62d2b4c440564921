//! Messages of a client after start-up, read with bounds checks from a buffer that may hold anything.
//! What a message makes the server do is in `connection` and `extended`.
//!
//! The `pgwire` crate's decoders take lengths inside a message on trust and replace bytes that are not
//! UTF-8; a server that must survive garbage and never change a value reads them itself.

use bytes::{Buf, Bytes, BytesMut};

/// Longest message accepted, in bytes (PostgreSQL's own limit).
pub const MAX_MESSAGE: usize = 0x3fff_ffff;

/// A message from the client.
#[derive(Debug, PartialEq, Eq)]
pub enum Frontend {
    /// Simple query: one string with any number of statements.
    Query(String),
    /// Prepare a statement; a type of 0 is to be inferred.
    Parse {
        /// Statement name, empty for the unnamed one.
        name: String,
        /// One statement.
        query: String,
        /// Object ids of parameter types.
        types: Vec<u32>,
    },
    /// Make a portal of a prepared statement.
    Bind(Bind),
    /// Describe a statement (`S`) or portal (`P`).
    Describe(u8, String),
    /// Run a portal for at most this many rows; 0 is all.
    Execute(String, u32),
    /// Drop a statement (`S`) or portal (`P`).
    Close(u8, String),
    /// End of an extended query.
    Sync,
    /// Send what is buffered.
    Flush,
    /// The client leaves.
    Terminate,
    /// Answer to an authentication request.
    Password(Bytes),
    /// A message of COPY FROM STDIN, which Redshift does not have.
    Copy,
}

/// Parameter values and formats of a portal.
#[derive(Debug, PartialEq, Eq)]
pub struct Bind {
    /// Portal name, empty for the unnamed one.
    pub portal: String,
    /// Statement name.
    pub statement: String,
    /// Formats of parameters: none (all text), one for all, or one each.
    pub parameter_formats: Vec<i16>,
    /// Values; None is NULL.
    pub parameters: Vec<Option<Bytes>>,
    /// Formats of result columns: none (all text), one for all, or one each.
    pub result_formats: Vec<i16>,
}

/// A message that breaks the protocol.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrontendError {
    /// Unknown type byte.
    #[error("invalid frontend message type {0}")]
    Type(u8),
    /// A length that cannot be.
    #[error("invalid message length")]
    Length,
    /// The body does not have the fields of its type.
    #[error("invalid message format")]
    Format,
    /// Text that is not UTF-8.
    #[error("invalid byte sequence for encoding \"UTF8\"")]
    Encoding,
}

impl FrontendError {
    /// SQLSTATE.
    pub fn sqlstate(&self) -> &'static str {
        match self {
            FrontendError::Encoding => "22021",
            _ => "08P01",
        }
    }

    /// Whether the next message can still be found.
    pub fn is_fatal(&self) -> bool {
        matches!(self, FrontendError::Type(_) | FrontendError::Length)
    }
}

/// Takes the next whole message from the buffer; None when more bytes are needed.
///
/// # Errors
/// When the message breaks the protocol. It has been taken from the buffer unless the error is fatal.
pub fn take(input: &mut BytesMut) -> Result<Option<Frontend>, FrontendError> {
    if input.len() < 5 {
        return Ok(None);
    }
    let kind = input[0];
    if !b"QPBDECSHXpdcf".contains(&kind) {
        return Err(FrontendError::Type(kind));
    }
    let length = u32::from_be_bytes([input[1], input[2], input[3], input[4]]) as usize;
    if !(4..=MAX_MESSAGE).contains(&length) {
        return Err(FrontendError::Length);
    }
    if input.len() < length + 1 {
        return Ok(None);
    }
    let mut body = input.split_to(length + 1).freeze();
    body.advance(5);
    decode(kind, Reader(body)).map(Some)
}

fn decode(kind: u8, mut r: Reader) -> Result<Frontend, FrontendError> {
    let message = match kind {
        b'Q' => Frontend::Query(r.text()?),
        b'P' => {
            let name = r.text()?;
            let query = r.text()?;
            let count = r.u16()?;
            let types = (0..count).map(|_| r.u32()).collect::<Result<_, _>>()?;
            Frontend::Parse { name, query, types }
        }
        b'B' => {
            let portal = r.text()?;
            let statement = r.text()?;
            let parameter_formats = r.formats()?;
            let count = r.u16()?;
            let parameters = (0..count).map(|_| r.value()).collect::<Result<_, _>>()?;
            let result_formats = r.formats()?;
            Frontend::Bind(Bind {
                portal,
                statement,
                parameter_formats,
                parameters,
                result_formats,
            })
        }
        b'D' => Frontend::Describe(r.u8()?, r.text()?),
        b'E' => Frontend::Execute(r.text()?, r.u32()?),
        b'C' => Frontend::Close(r.u8()?, r.text()?),
        b'S' => Frontend::Sync,
        b'H' => Frontend::Flush,
        b'X' => Frontend::Terminate,
        b'p' => return Ok(Frontend::Password(r.0)),
        _ => return Ok(Frontend::Copy),
    };
    if r.0.is_empty() {
        Ok(message)
    } else {
        Err(FrontendError::Format)
    }
}

struct Reader(Bytes);

impl Reader {
    fn take(&mut self, n: usize) -> Result<Bytes, FrontendError> {
        if self.0.len() < n {
            return Err(FrontendError::Format);
        }
        Ok(self.0.split_to(n))
    }

    fn u8(&mut self) -> Result<u8, FrontendError> {
        Ok(self.take(1)?.get_u8())
    }

    fn u16(&mut self) -> Result<u16, FrontendError> {
        Ok(self.take(2)?.get_u16())
    }

    fn u32(&mut self) -> Result<u32, FrontendError> {
        Ok(self.take(4)?.get_u32())
    }

    fn formats(&mut self) -> Result<Vec<i16>, FrontendError> {
        let count = self.u16()?;
        (0..count)
            .map(|_| match self.u16()? {
                f @ (0 | 1) => Ok(f as i16),
                _ => Err(FrontendError::Format),
            })
            .collect()
    }

    fn value(&mut self) -> Result<Option<Bytes>, FrontendError> {
        match self.u32()? {
            u32::MAX => Ok(None),
            n => self.take(n as usize).map(Some),
        }
    }

    fn text(&mut self) -> Result<String, FrontendError> {
        let end = self
            .0
            .iter()
            .position(|b| *b == 0)
            .ok_or(FrontendError::Format)?;
        let bytes = self.0.split_to(end);
        self.0.advance(1);
        String::from_utf8(bytes.to_vec()).map_err(|_| FrontendError::Encoding)
    }
}

/// The format of item `i` under the protocol's "none, one or all" rule.
pub fn format_of(formats: &[i16], i: usize) -> i16 {
    match formats {
        [] => 0,
        [one] => *one,
        all => all.get(i).copied().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use bytes::BufMut;
    use proptest::prelude::*;

    use super::*;

    fn message(kind: u8, body: &[u8]) -> BytesMut {
        let mut out = BytesMut::new();
        out.put_u8(kind);
        out.put_u32(body.len() as u32 + 4);
        out.put_slice(body);
        out
    }

    #[test]
    fn messages() {
        let mut input = message(b'Q', b"select 1\0");
        input.extend_from_slice(&message(b'S', b""));
        assert_eq!(
            take(&mut input),
            Ok(Some(Frontend::Query("select 1".into())))
        );
        assert_eq!(take(&mut input), Ok(Some(Frontend::Sync)));
        assert_eq!(take(&mut input), Ok(None));

        let mut bind = message(
            b'B',
            b"\0s\0\0\x01\0\x01\0\x02\xff\xff\xff\xff\0\0\0\x01x\0\0",
        );
        assert_eq!(
            take(&mut bind),
            Ok(Some(Frontend::Bind(Bind {
                portal: String::new(),
                statement: "s".into(),
                parameter_formats: vec![1],
                parameters: vec![None, Some(Bytes::from_static(b"x"))],
                result_formats: vec![],
            })))
        );
    }

    #[test]
    fn broken_messages() {
        assert_eq!(
            take(&mut message(b'?', b"")),
            Err(FrontendError::Type(b'?'))
        );
        assert_eq!(
            take(&mut BytesMut::from(&b"Q\0\0\0\x01"[..])),
            Err(FrontendError::Length)
        );
        assert_eq!(
            take(&mut message(b'Q', b"no end")),
            Err(FrontendError::Format)
        );
        assert_eq!(
            take(&mut message(b'Q', b"\xff\0")),
            Err(FrontendError::Encoding)
        );
        assert_eq!(
            take(&mut message(b'B', b"\0\0\0\0\0\x01\0\0\xff\xff")),
            Err(FrontendError::Format)
        );
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0usize..13) {
            let kind = b"QPBDECSHXpdcf"[kind];
            let _ = take(&mut message(kind, &bytes));
            let _ = take(&mut BytesMut::from(&bytes[..]));
        }
    }
}
