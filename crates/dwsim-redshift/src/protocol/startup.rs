//! The first messages of a connection: encryption requests, cancel requests, start-up parameters, authentication.
//! Opening the session is left to `connection`.

use std::collections::BTreeMap;

use bytes::{Buf, BytesMut};
use md5::{Digest, Md5};
use pgwire::messages::startup::{Authentication, NegotiateProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::backend::{Severity, error, put};
use super::frontend::{Frontend, take};

/// How clients prove who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuthMode {
    /// Nobody is asked.
    #[default]
    Trust,
    /// The password is asked for as it is.
    Cleartext,
    /// The password is asked for as a salted MD5 hash.
    Md5,
}

/// A mock credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
}

/// What a start-up packet asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Opening {
    /// A session with these parameters.
    Session(BTreeMap<String, String>),
    /// The client was told to start TLS.
    Encrypt,
    /// Cancel what the process with this id and secret does.
    Cancel(i32, i32),
    /// The client left or broke the protocol; nothing is left to say.
    Closed,
}

const SSL: u32 = 80_877_103;
const GSS: u32 = 80_877_104;
const CANCEL: u32 = 80_877_102;
/// Longest start-up packet, as in PostgreSQL.
const MAX_STARTUP: usize = 10_000;

async fn fill<S: AsyncRead + Unpin>(
    stream: &mut S,
    input: &mut BytesMut,
    least: usize,
) -> std::io::Result<bool> {
    while input.len() < least {
        if stream.read_buf(input).await? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn refuse<S: AsyncWrite + Unpin>(
    stream: &mut S,
    sqlstate: &str,
    text: &str,
) -> std::io::Result<()> {
    let mut out = BytesMut::new();
    put(&error(Severity::Fatal, sqlstate, text), &mut out)?;
    stream.write_all(&out).await?;
    stream.flush().await
}

/// Reads the opening packets. A request for TLS is granted where `tls` says so, otherwise refused; GSSAPI is refused.
///
/// # Errors
/// When the connection breaks.
pub async fn open<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    input: &mut BytesMut,
    tls: bool,
) -> std::io::Result<Opening> {
    loop {
        if !fill(stream, input, 8).await? {
            return Ok(Opening::Closed);
        }
        let length = u32::from_be_bytes([input[0], input[1], input[2], input[3]]) as usize;
        let code = u32::from_be_bytes([input[4], input[5], input[6], input[7]]);
        if !(8..=MAX_STARTUP).contains(&length) {
            refuse(stream, "08P01", "invalid length of startup packet").await?;
            return Ok(Opening::Closed);
        }
        if !fill(stream, input, length).await? {
            return Ok(Opening::Closed);
        }
        let mut packet = input.split_to(length).freeze();
        packet.advance(8);
        match code {
            // Bytes behind the request would be read as if they had come encrypted.
            SSL if tls && !input.is_empty() => {
                refuse(
                    stream,
                    "08P01",
                    "received unencrypted data after SSL request",
                )
                .await?;
                return Ok(Opening::Closed);
            }
            SSL if tls => {
                stream.write_all(b"S").await?;
                stream.flush().await?;
                return Ok(Opening::Encrypt);
            }
            SSL | GSS => {
                stream.write_all(b"N").await?;
                stream.flush().await?;
            }
            CANCEL if packet.len() >= 8 => {
                return Ok(Opening::Cancel(packet.get_i32(), packet.get_i32()));
            }
            CANCEL => return Ok(Opening::Closed),
            _ if code >> 16 == 3 => {
                let Some(parameters) = parameters(&packet) else {
                    refuse(
                        stream,
                        "08P01",
                        "invalid startup packet layout: expected terminator as last byte",
                    )
                    .await?;
                    return Ok(Opening::Closed);
                };
                let unknown: Vec<String> = parameters
                    .keys()
                    .filter(|k| k.starts_with("_pq_."))
                    .cloned()
                    .collect();
                if code & 0xffff != 0 || !unknown.is_empty() {
                    let mut out = BytesMut::new();
                    put(&NegotiateProtocolVersion::new(3 << 16, unknown), &mut out)?;
                    stream.write_all(&out).await?;
                }
                return Ok(Opening::Session(parameters));
            }
            _ => {
                let text = format!(
                    "unsupported frontend protocol {}.{}: server supports 3.0",
                    code >> 16,
                    code & 0xffff
                );
                refuse(stream, "08P01", &text).await?;
                return Ok(Opening::Closed);
            }
        }
    }
}

/// Pairs of NUL-terminated strings, ended by an empty name. None when they are malformed.
fn parameters(mut bytes: &[u8]) -> Option<BTreeMap<String, String>> {
    let mut next = || {
        let end = bytes.iter().position(|b| *b == 0)?;
        let text = std::str::from_utf8(&bytes[..end]).ok()?.to_owned();
        bytes = &bytes[end + 1..];
        Some(text)
    };
    let mut all = BTreeMap::new();
    loop {
        let name = next()?;
        if name.is_empty() {
            return Some(all);
        }
        all.insert(name, next()?);
    }
}

fn hex_md5(parts: &[&[u8]]) -> String {
    let mut hash = Md5::new();
    for part in parts {
        hash.update(part);
    }
    let mut out = BytesMut::new();
    super::text::hex(&hash.finalize(), &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Asks for a password if the server is set so. True when the client may come in; otherwise it was told why not.
/// Without credentials every password is right.
///
/// # Errors
/// When the connection breaks.
pub async fn authenticate<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    input: &mut BytesMut,
    how: AuthMode,
    credentials: &[Credential],
    user: &str,
) -> std::io::Result<bool> {
    let salt: [u8; 4] = {
        let random = uuid::Uuid::new_v4();
        let b = random.as_bytes();
        [b[0], b[1], b[2], b[3]]
    };
    let request = match how {
        AuthMode::Trust => return Ok(true),
        AuthMode::Cleartext => Authentication::CleartextPassword,
        AuthMode::Md5 => Authentication::MD5Password(salt.to_vec()),
    };
    let mut out = BytesMut::new();
    put(&request, &mut out)?;
    stream.write_all(&out).await?;
    stream.flush().await?;
    let answer = loop {
        match take(input) {
            Ok(Some(Frontend::Password(body))) => break body,
            Ok(Some(_)) | Err(_) => {
                refuse(stream, "08P01", "expected password response").await?;
                return Ok(false);
            }
            Ok(None) => {
                let least = input.len() + 1;
                if !fill(stream, input, least).await? {
                    return Ok(false);
                }
            }
        }
    };
    let given = answer.strip_suffix(b"\0").unwrap_or(&answer);
    let right = credentials.is_empty()
        || credentials.iter().any(|c| {
            c.user == user
                && match how {
                    AuthMode::Md5 => {
                        let inner = hex_md5(&[c.password.as_bytes(), user.as_bytes()]);
                        let expected = format!("md5{}", hex_md5(&[inner.as_bytes(), &salt]));
                        expected.as_bytes() == given
                    }
                    _ => c.password.as_bytes() == given,
                }
        });
    if !right {
        let text = format!("password authentication failed for user \"{user}\"");
        refuse(stream, "28000", &text).await?;
    }
    Ok(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ssl_is_refused_and_parameters_are_read() {
        let (mut client, mut server) = tokio::io::duplex(4096);
        client
            .write_all(&[0, 0, 0, 8, 4, 210, 22, 47])
            .await
            .expect("write");
        let mut packet = vec![0, 3, 0, 0];
        packet.extend_from_slice(b"user\0dev\0client_protocol_version\x002\0\0");
        let length = (packet.len() as u32 + 4).to_be_bytes();
        client.write_all(&length).await.expect("write");
        client.write_all(&packet).await.expect("write");
        let mut input = BytesMut::new();
        let opened = open(&mut server, &mut input, false).await.expect("open");
        let Opening::Session(parameters) = opened else {
            panic!("{opened:?}")
        };
        assert_eq!(parameters["user"], "dev");
        assert_eq!(parameters["client_protocol_version"], "2");
        let mut answer = [0];
        client.read_exact(&mut answer).await.expect("read");
        assert_eq!(&answer, b"N");
    }

    #[tokio::test]
    async fn garbage_is_refused() {
        let (mut client, mut server) = tokio::io::duplex(4096);
        client
            .write_all(b"GET / HTTP/1.1\r\n\r\n")
            .await
            .expect("write");
        let mut input = BytesMut::new();
        assert_eq!(
            open(&mut server, &mut input, false).await.expect("open"),
            Opening::Closed
        );
    }

    #[tokio::test]
    async fn md5_password() {
        let credentials = [Credential {
            user: "dev".into(),
            password: "secret".into(),
        }];
        for (password, right) in [("secret", true), ("wrong", false)] {
            let (mut client, mut server) = tokio::io::duplex(4096);
            let task = async {
                let mut request = [0u8; 13];
                client.read_exact(&mut request).await.expect("request");
                let inner = hex_md5(&[password.as_bytes(), b"dev"]);
                let answer = format!("md5{}", hex_md5(&[inner.as_bytes(), &request[9..]]));
                let mut m = vec![b'p'];
                m.extend_from_slice(&(answer.len() as u32 + 5).to_be_bytes());
                m.extend_from_slice(answer.as_bytes());
                m.push(0);
                client.write_all(&m).await.expect("answer");
                client
            };
            let mut input = BytesMut::new();
            let (_client, result) = tokio::join!(
                task,
                authenticate(&mut server, &mut input, AuthMode::Md5, &credentials, "dev")
            );
            assert_eq!(result.expect("io"), right);
        }
    }
}
