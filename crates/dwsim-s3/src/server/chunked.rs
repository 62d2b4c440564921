//! Decoding of `aws-chunked` bodies: chunks with optional signatures, then optional trailers.
//! Signatures are not checked, and what the trailers mean is left to the caller.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html>

use bytes::{Buf as _, Bytes, BytesMut};
use thiserror::Error;

/// Longest line that begins a chunk, in bytes.
const MAX_HEAD: usize = 1024;
/// Most bytes of trailers.
const MAX_TRAILERS: usize = 16 * 1024;

/// Why a body is not `aws-chunked`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum ChunkError {
    #[error("a chunk does not begin with its size in hexadecimal")]
    Size,
    #[error("a chunk is not followed by CR LF")]
    End,
    #[error("the line that begins a chunk is longer than {MAX_HEAD} bytes")]
    HeadTooLong,
    #[error("the trailers are longer than {MAX_TRAILERS} bytes")]
    TrailersTooLong,
    #[error("a trailer is not 'name:value'")]
    Trailer,
    #[error("the body ends before its last chunk")]
    Incomplete,
}

/// A decoder that is fed with pieces of a body as they come.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    state: State,
    /// Bytes of a head, an end or trailers that is not yet complete.
    pending: BytesMut,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Head,
    Data(u64),
    End,
    Trailers,
}

impl Decoder {
    /// Takes what it can from the input; the next decoded bytes, or none when it needs more input.
    pub(super) fn decode(&mut self, input: &mut Bytes) -> Result<Option<Bytes>, ChunkError> {
        while !input.is_empty() {
            match &mut self.state {
                State::Head => {
                    let line = input.iter().position(|byte| *byte == b'\n');
                    let taken = input.split_to(line.map_or(input.len(), |at| at + 1));
                    if self.pending.len() + taken.len() > MAX_HEAD {
                        return Err(ChunkError::HeadTooLong);
                    }
                    self.pending.extend_from_slice(&taken);
                    if line.is_some() {
                        let size = chunk_size(&self.pending)?;
                        self.pending.clear();
                        self.state = if size == 0 {
                            State::Trailers
                        } else {
                            State::Data(size)
                        };
                    }
                }
                State::Data(left) => {
                    let taken =
                        usize::try_from(*left).map_or(input.len(), |left| left.min(input.len()));
                    *left -= taken as u64;
                    if *left == 0 {
                        self.state = State::End;
                    }
                    return Ok(Some(input.split_to(taken)));
                }
                State::End => {
                    let wanted = b"\r\n"[self.pending.len()];
                    if input[0] != wanted {
                        return Err(ChunkError::End);
                    }
                    self.pending.extend_from_slice(&[wanted]);
                    input.advance(1);
                    if self.pending.len() == 2 {
                        self.pending.clear();
                        self.state = State::Head;
                    }
                }
                State::Trailers => {
                    if self.pending.len() + input.len() > MAX_TRAILERS {
                        return Err(ChunkError::TrailersTooLong);
                    }
                    self.pending.extend_from_slice(input);
                    input.clear();
                }
            }
        }
        Ok(None)
    }

    /// Ends the body; its trailers with lower-case names.
    pub(super) fn finish(&self) -> Result<Vec<(String, String)>, ChunkError> {
        if !matches!(self.state, State::Trailers) {
            return Err(ChunkError::Incomplete);
        }
        let text = std::str::from_utf8(&self.pending).map_err(|_| ChunkError::Trailer)?;
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(|line| {
                let (name, value) = line.split_once(':').ok_or(ChunkError::Trailer)?;
                Ok((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
            })
            .collect()
    }
}

/// The size in `1f;chunk-signature=…\r\n`.
fn chunk_size(line: &[u8]) -> Result<u64, ChunkError> {
    let line = std::str::from_utf8(line).map_err(|_| ChunkError::Size)?;
    let size = line.split(';').next().unwrap_or_default().trim_end();
    // from_str_radix would accept a sign
    if !size.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(ChunkError::Size);
    }
    u64::from_str_radix(size, 16).map_err(|_| ChunkError::Size)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Decoded = (Vec<u8>, Vec<(String, String)>);

    /// Decodes a body that arrives in pieces of some size.
    fn decode(body: &[u8], piece: usize) -> Result<Decoded, ChunkError> {
        let mut decoder = Decoder::default();
        let mut data = Vec::new();
        for piece in body.chunks(piece.max(1)) {
            let mut input = Bytes::copy_from_slice(piece);
            while let Some(bytes) = decoder.decode(&mut input)? {
                data.extend_from_slice(&bytes);
            }
        }
        Ok((data, decoder.finish()?))
    }

    #[test]
    fn bodies() {
        let trailers = |list: &[(&str, &str)]| -> Vec<(String, String)> {
            list.iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .collect()
        };
        for (body, expected) in [
            ("0\r\n\r\n", Ok((vec![], vec![]))),
            ("0\r\n", Ok((vec![], vec![]))),
            ("3\r\nabc\r\n0\r\n\r\n", Ok((b"abc".to_vec(), vec![]))),
            (
                "A;chunk-signature=00ff\r\n0123456789\r\n1;chunk-signature=1\r\nx\r\n0;chunk-signature=2\r\n\r\n",
                Ok((b"0123456789x".to_vec(), vec![])),
            ),
            (
                "1\r\nx\r\n0\r\nX-Amz-Checksum-Crc32: AAAA==\r\n\r\n",
                Ok((
                    b"x".to_vec(),
                    trailers(&[("x-amz-checksum-crc32", "AAAA==")]),
                )),
            ),
            (
                "1\r\nx\r\n0;chunk-signature=2\r\na:b\n\r\n\r\nx-amz-trailer-signature:s\r\n\r\n",
                Ok((
                    b"x".to_vec(),
                    trailers(&[("a", "b"), ("x-amz-trailer-signature", "s")]),
                )),
            ),
            ("", Err(ChunkError::Incomplete)),
            ("3\r\nab", Err(ChunkError::Incomplete)),
            ("3\r\nabc\r\n", Err(ChunkError::Incomplete)),
            ("3\r\nabcd\r\n0\r\n", Err(ChunkError::End)),
            ("\r\n", Err(ChunkError::Size)),
            ("-1\r\n", Err(ChunkError::Size)),
            ("hello\r\n", Err(ChunkError::Size)),
            ("11111111111111111\r\n", Err(ChunkError::Size)),
            ("0\r\nno colon\r\n\r\n", Err(ChunkError::Trailer)),
        ] {
            for piece in [1, 2, 3, 1000] {
                assert_eq!(
                    decode(body.as_bytes(), piece),
                    expected,
                    "{body:?} by {piece}"
                );
            }
        }
        let long = format!("0\r\na:{}", "x".repeat(MAX_TRAILERS));
        assert_eq!(
            decode(long.as_bytes(), 1000),
            Err(ChunkError::TrailersTooLong)
        );
        assert_eq!(decode(&[b'1'; 2000], 100), Err(ChunkError::HeadTooLong));
    }

    proptest! {
        #[test]
        fn any_chunks_in_any_pieces(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..50), 0..6),
            signed in any::<bool>(),
            piece in 1_usize..40,
        ) {
            let mut body = Vec::new();
            let extension = if signed { ";chunk-signature=0123" } else { "" };
            for chunk in &chunks {
                body.extend_from_slice(format!("{:x}{extension}\r\n", chunk.len()).as_bytes());
                body.extend_from_slice(chunk);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(format!("0{extension}\r\nt:v\r\n\r\n").as_bytes());
            let trailers = vec![("t".to_owned(), "v".to_owned())];
            prop_assert_eq!(decode(&body, piece), Ok((chunks.concat(), trailers)));
        }

        #[test]
        fn garbage_never_panics(body in proptest::collection::vec(any::<u8>(), 0..200), piece in 1_usize..40) {
            let _ = decode(&body, piece);
        }
    }
}
