//! Connections that say that they are there: each is subscribed to one channel for as long as it is open.
//! Who looks at the count is the options' matter.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A listener whose connections subscribe to `presence`.
#[derive(Debug)]
pub(super) struct Presence {
    listener: TcpListener,
    presence: watch::Sender<()>,
}

impl Presence {
    pub fn new(listener: TcpListener, presence: watch::Sender<()>) -> Self {
        Presence { listener, presence }
    }
}

impl Listener for Presence {
    type Io = Present;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Present, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        let present = Present {
            stream,
            _presence: self.presence.subscribe(),
        };
        (present, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Present {
    stream: TcpStream,
    _presence: watch::Receiver<()>,
}

impl Present {
    pub fn get_ref(&self) -> &TcpStream {
        &self.stream
    }
}

impl AsyncRead for Present {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Present {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
