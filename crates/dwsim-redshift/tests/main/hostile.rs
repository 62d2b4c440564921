//! Garbage, early goodbyes and cancel requests: the server lives on.

use std::time::Duration;

use sqlx::Executor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::Server;

#[tokio::test(flavor = "multi_thread")]
async fn garbage_ends_its_connection_only() {
    let server = Server::start().await;
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0, 0, 0, 4],
        &[0xff; 64],
        &[0, 0, 0, 9, 0, 3, 0, 0, 0],
    ] {
        let mut socket = TcpStream::connect(server.address).await.expect("connects");
        let _ = socket.write_all(bytes).await;
        let _ = socket.shutdown().await;
        let mut rest = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(5), socket.read_to_end(&mut rest)).await;
    }
    let mut c = server.connect().await;
    c.execute("select 1").await.expect("still there");
}

/// Start-up of a bare session: process id and secret.
async fn start(socket: &mut TcpStream) -> (i32, i32) {
    let mut packet = vec![0, 3, 0, 0];
    packet.extend_from_slice(b"user\0dev\0database\0dev\0\0");
    let length = (packet.len() as u32 + 4).to_be_bytes();
    socket.write_all(&length).await.expect("write");
    socket.write_all(&packet).await.expect("write");
    let mut key = (0, 0);
    loop {
        let (kind, body) = message(socket).await;
        match kind {
            b'K' => {
                key = (
                    i32::from_be_bytes(body[..4].try_into().expect("four")),
                    i32::from_be_bytes(body[4..8].try_into().expect("four")),
                );
            }
            b'Z' => return key,
            _ => {}
        }
    }
}

async fn message(socket: &mut TcpStream) -> (u8, Vec<u8>) {
    let kind = socket.read_u8().await.expect("a type");
    let length = socket.read_u32().await.expect("a length") as usize;
    let mut body = vec![0; length - 4];
    socket.read_exact(&mut body).await.expect("a body");
    (kind, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_requests() {
    let server = Server::start().await;
    let mut socket = TcpStream::connect(server.address).await.expect("connects");
    let (pid, secret) = start(&mut socket).await;
    let sql = b"with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000000) select count(*) from n\0";
    socket.write_u8(b'Q').await.expect("write");
    socket.write_u32(sql.len() as u32 + 4).await.expect("write");
    socket.write_all(sql).await.expect("write");
    let canceller = async {
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let mut other = TcpStream::connect(server.address).await.expect("connects");
            for word in [16, 80_877_102, pid, secret] {
                other.write_i32(word).await.expect("write");
            }
        }
    };
    // The description of the rows comes first, then the error instead of them.
    let answer = async {
        loop {
            let (kind, body) = message(&mut socket).await;
            if kind != b'T' {
                return (kind, body);
            }
        }
    };
    let (kind, body) = tokio::select! {
        m = answer => m,
        () = canceller => unreachable!("cancels for ever"),
    };
    assert_eq!(kind, b'E');
    assert!(String::from_utf8_lossy(&body).contains("57014"));
    let (kind, _) = message(&mut socket).await;
    assert_eq!(kind, b'Z');
}
