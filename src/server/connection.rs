//! One connection from its handshake to its end.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::answer::answer;
use super::socket::{Linger, Open, Socket, Stream};
use super::{Handle, Limits, Listener, redact};

/// hyper's smallest buffer for one connection, reading or writing.
const LEAST_BUFFER: usize = 64 * 1024;

/// One listener, as its connections need it.
pub(super) struct Door {
    pub(super) config: Listener,
    pub(super) limits: Limits,
    pub(super) tls: Option<TlsAcceptor>,
    /// Where `redirect_to_https` points.
    pub(super) https_port: u16,
}

impl Door {
    pub(super) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }
}

/// One client, as its requests need it.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) door: Arc<Door>,
    pub(super) address: SocketAddr,
    pub(super) linger: Linger,
}

/// Turns true once, when the gate is to stop.
pub(super) type Stop = watch::Receiver<bool>;

/// Resolves when the gate is to stop, also when there is nobody left to say so.
pub(super) async fn stopped(stop: &mut Stop) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Serves a connection until it ends, or until the gate stops and its request under way is answered.
pub(super) async fn serve<H: Handle>(handler: H, client: Client, tcp: TcpStream, open: Open, mut stop: Stop) {
    let socket = Socket::new(tcp, open, client.door.limits.idle, client.linger.clone());
    let stream = tokio::select! {
        stream = Box::pin(encrypt(socket, &client.door)) => stream,
        () = stopped(&mut stop) => return,
    };
    let ended = match stream {
        Ok(stream) => converse(handler, client.clone(), stream, stop).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = ended {
        tracing::debug!(visitor = redact(client.address.ip()), error, "a connection broke off");
    }
}

async fn encrypt(socket: Socket, door: &Door) -> io::Result<Stream> {
    let Some(tls) = &door.tls else { return Ok(Stream::Plain(socket)) };
    let too_slow = |_| io::Error::new(io::ErrorKind::TimedOut, "no handshake in time");
    let stream = timeout(door.limits.handshake, tls.accept(socket)).await.map_err(too_slow)??;
    Ok(Stream::Tls(Box::new(stream)))
}

async fn converse<H: Handle>(handler: H, client: Client, stream: Stream, mut stop: Stop) -> hyper::Result<()> {
    let (protocol, linger) = (protocol(&client.door.limits), client.linger.clone());
    // Boxed: hyper keeps room for one of these in every connection, and an idle one should not hold the busy part.
    let service =
        service_fn(move |request: Request<Incoming>| Box::pin(answer(handler.clone(), client.clone(), request)));
    let connection = protocol.serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.as_mut().await
        }
    };
    if ended.as_ref().is_err_and(hyper::Error::is_parse) {
        linger.store(true, Ordering::Relaxed);
    }
    ended
}

/// Half-closed connections are ended: a browser that went away looks the same, and noticing it at once is what
/// frees the site of work nobody waits for.
///
/// More than 100 headers, hyper's own limit, are answered with 431. The timer for a head starts with the connection
/// and after each response, so a silent or idle client is ended by the same limit.
fn protocol(limits: &Limits) -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol
        .half_close(false)
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header.max(Duration::from_millis(1)))
        .max_header_size(limits.header_bytes)
        .max_buf_size(limits.header_bytes.max(LEAST_BUFFER))
        .preserve_header_case(true);
    protocol
}
