//! A gate, an origin and a client on free ports, for tests that read as sentences. Raw sockets on both ends, so that
//! a test says byte by byte what goes in and sees byte by byte what comes out.
#![allow(dead_code, unreachable_pub)] // A module of each test file, which uses its own part.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::Bytes;
use consentgate::server::{self, BoxError, Handle, Listener, Peer, RequestBody};
use consentgate::upstream::{self, Upstream, hop, tunnel};
use http::{HeaderValue, Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use tokio::sync::{Semaphore, oneshot};

pub type AnyBody = UnsyncBoxBody<Bytes, BoxError>;

pub fn text(text: impl Into<Bytes>) -> AnyBody {
    UnsyncBoxBody::new(Full::new(text.into()).map_err(|never| match never {}))
}

// === the gate ===

pub fn listener() -> Listener {
    Listener {
        address: "127.0.0.1:0".parse().expect("an address"),
        tls: Vec::new(),
        trusted_proxies: Vec::new(),
        redirect_to_https: false,
    }
}

/// Two workers, and limits short enough to wait for, long enough for a machine that has much else to do.
pub fn config() -> server::Config {
    let limits = server::Limits {
        body_bytes: 1024,
        handshake: Duration::from_secs(1),
        header: Duration::from_secs(1),
        idle: Duration::from_secs(1),
        drain: Duration::from_millis(1500),
        ..server::Limits::default()
    };
    server::Config { listeners: vec![listener()], limits, workers: 2 }
}

pub struct Gate {
    pub addresses: Vec<SocketAddr>,
    pub reloader: server::Reloader,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Gate {
    pub fn start<H: Handle>(config: &server::Config, make: impl Fn() -> H + Clone + Send + 'static) -> Self {
        let bound = server::bind(config).expect("free addresses");
        let (addresses, reloader) = (bound.addresses(), bound.reloader());
        let (stop, stopping) = oneshot::channel::<()>();
        let serve = move || {
            let shutdown = async {
                let _ = stopping.await;
            };
            bound.serve(make, shutdown).expect("the gate serves");
        };
        Self { addresses, reloader, stop: Some(stop), thread: Some(thread::spawn(serve)) }
    }

    pub fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// Tells it to stop, without waiting.
    pub fn tell_to_stop(&mut self) {
        let _ = self.stop.take().expect("told once").send(());
    }

    /// Waits until it has stopped.
    pub fn join(mut self) {
        self.thread.take().expect("joined once").join().expect("no worker panicked");
    }
}

/// The gateway's part in these tests: passes everything on, as the design says it must be passed on.
#[derive(Clone)]
pub struct Relay(pub Upstream);

pub const TOKEN: &str = "consentgate-test";

impl Handle for Relay {
    type Body = AnyBody;

    async fn handle(&self, mut request: Request<RequestBody>, peer: Peer) -> Response<AnyBody> {
        if hop::looped(request.headers(), TOKEN) {
            return status(508);
        }
        let visitor = hyper::upgrade::on(&mut request);
        hop::clean_request(request.headers_mut());
        let host = request.headers().get("host").cloned();
        let told = hop::Visitor { address: peer.address, https: peer.https, host: host.as_ref(), token: TOKEN };
        hop::forward(request.headers_mut(), told);
        match self.0.send(request).await {
            Ok(mut response) => {
                tunnel::join(visitor, &mut response);
                let code = response.status();
                hop::clean_response(code, response.headers_mut());
                response.map(UnsyncBoxBody::new)
            }
            Err(failure) => {
                let mut response = status(failure.status().as_u16());
                let why = HeaderValue::from_str(&failure.to_string()).expect("a printable failure");
                response.headers_mut().insert("x-why", why);
                response
            }
        }
    }
}

pub fn status(code: u16) -> Response<AnyBody> {
    Response::builder().status(code).body(text("")).expect("a status")
}

pub fn upstream(origin: SocketAddr) -> upstream::Config {
    upstream::Config {
        scheme: http::uri::Scheme::HTTP,
        authority: origin.to_string().parse().expect("an authority"),
        host_header: None,
        ca_file: None,
        connect_timeout: Duration::from_millis(1200),
        response_timeout: Duration::from_millis(1200),
        idle_timeout: Duration::from_secs(1),
        max_connections: 64,
    }
}

/// A gate with one worker in front of an origin.
pub fn relay(config: &server::Config, upstream: upstream::Config) -> Gate {
    let config = server::Config { workers: 1, ..config.clone() };
    let cap = std::sync::Arc::new(Semaphore::new(upstream.max_connections));
    Gate::start(&config, move || Relay(Upstream::new(&upstream, cap.clone()).expect("a usable upstream")))
}

// === the origin ===

/// Serves each connection, numbered from 0, on a thread of its own.
pub fn origin(serve: impl Fn(TcpStream, usize) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    let serve = std::sync::Arc::new(serve);
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let (stream, serve) = (stream.expect("a connection"), serve.clone());
            stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
            thread::spawn(move || serve(stream, number));
        }
    });
    address
}

/// Answers every request of every connection with these bytes, and hands out the heads it saw.
pub fn answering(answer: impl Into<Vec<u8>>) -> (SocketAddr, Receiver<String>) {
    let (seen, heads) = channel();
    let answer = answer.into();
    let address = origin(move |mut stream, _| {
        while let Some(head) = read_head(&mut stream) {
            seen.send(head).ok();
            stream.write_all(&answer).ok();
        }
    });
    (address, heads)
}

// === bytes ===

/// Up to and with the empty line; `None` when the peer ended first.
pub fn read_head(stream: &mut impl Read) -> Option<String> {
    read_until(stream, "\r\n\r\n")
}

pub fn read_until(stream: &mut impl Read, end: &str) -> Option<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(end.as_bytes()) {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return None,
        }
    }
    Some(String::from_utf8(head).expect("text"))
}

pub fn client(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the gate listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    stream
}

/// Sends bytes and reads until the connection ends.
pub fn talk(address: SocketAddr, request: impl AsRef<[u8]>) -> String {
    let mut stream = client(address);
    stream.write_all(request.as_ref()).expect("the gate reads");
    rest(&mut stream)
}

/// Everything until the end; a reset ends it too.
pub fn rest(stream: &mut impl Read) -> String {
    let (mut all, mut some) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut some) {
            Ok(0) => break,
            Ok(count) => all.extend(&some[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("the connection stayed open"),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&all).into_owned()
}

pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: www.example.gov.uk\r\nConnection: close\r\n\r\n")
}

pub fn code(response: &str) -> u16 {
    let line = response.lines().next().unwrap_or_default();
    line.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_else(|| panic!("no status in {response:?}"))
}

pub fn body(response: &str) -> &str {
    response.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

/// How long something took.
pub fn timed<T>(act: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    (act(), start.elapsed())
}

pub fn within(took: Duration, least: u64, most: u64) {
    assert!((least..=most).contains(&u64::try_from(took.as_millis()).expect("short")), "took {took:?}");
}
