//! One accepted socket: counted while it is open, never stalled for ever, and closed so that the last answer arrives.

use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_rustls::server::TlsStream;

/// How long a client may still send after the last answer before the socket goes.
const LINGER: Duration = Duration::from_secs(2);

/// Held for as long as the socket is open, an upgraded one too: the cap and the drain count by it.
pub(super) struct Open {
    pub(super) _permit: OwnedSemaphorePermit,
    pub(super) _drain: mpsc::Sender<Infallible>,
}

/// Set where an answer goes out while the client may still be sending.
pub(super) type Linger = Arc<AtomicBool>;

/// The socket; its timer runs only while a write is pending (promise 13: the client that never reads).
pub(super) struct Socket {
    tcp: Option<TcpStream>,
    open: Option<Open>,
    linger: Linger,
    longest: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    armed: bool,
}

impl Socket {
    pub(super) fn new(tcp: TcpStream, open: Open, longest: Duration, linger: Linger) -> Self {
        Self { tcp: Some(tcp), open: Some(open), linger, longest, timer: None, armed: false }
    }

    fn tcp(&mut self) -> Pin<&mut TcpStream> {
        Pin::new(self.tcp.as_mut().expect("only drop takes the stream out"))
    }

    fn watch<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.armed = false;
            return written;
        }
        let longest = self.longest;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(longest)));
        if !self.armed {
            timer.as_mut().reset(Instant::now() + longest);
            self.armed = true;
        }
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client stopped reading")))
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.tcp().poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.tcp().poll_write(cx, buf);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.tcp().poll_write_vectored(cx, bufs);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp().poll_shutdown(cx)
    }
}

/// Closing a socket with unread bytes in it sends a reset, and a reset makes the client lose the 413 it was just
/// sent. So: say that nothing more will come, read away what still arrives for a moment, then close (RFC 9112 9.6).
impl Drop for Socket {
    fn drop(&mut self) {
        let (Some(tcp), open) = (self.tcp.take(), self.open.take()) else { return };
        if !self.linger.load(Ordering::Relaxed) {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = timeout(LINGER, read_away(tcp)).await;
                drop(open);
            });
        }
    }
}

async fn read_away(mut tcp: TcpStream) -> io::Result<()> {
    tcp.shutdown().await?;
    let mut scratch = vec![0; 16 * 1024];
    while tcp.read(&mut scratch).await? > 0 {}
    Ok(())
}

/// A client's connection, plain or encrypted.
pub(super) enum Stream {
    Plain(Socket),
    Tls(Box<TlsStream<Socket>>),
}

/// The same call on whichever it is.
macro_rules! on_either {
    ($stream:expr, $call:ident($($argument:expr),*)) => {
        match $stream.get_mut() {
            Stream::Plain(socket) => Pin::new(socket).$call($($argument),*),
            Stream::Tls(socket) => Pin::new(socket.as_mut()).$call($($argument),*),
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        on_either!(self, poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        on_either!(self, poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on_either!(self, poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(socket) => socket.is_write_vectored(),
            Self::Tls(socket) => socket.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_either!(self, poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_either!(self, poll_shutdown(cx))
    }
}
