//! The public side over real sockets: what it refuses, what it ends, what it lets through, and how it stops.
//! Numbers in names' comments are those of the project's promises.

mod edge;

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use bytes::Bytes;
use consentgate::server::{Certificate, Handle, Listener, Peer, RequestBody, StartFault, bind};
use edge::*;
use http::{Request, Response};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// Does what the path says.
#[derive(Clone)]
struct App;

impl Handle for App {
    type Body = AnyBody;

    async fn handle(&self, request: Request<RequestBody>, peer: Peer) -> Response<AnyBody> {
        match request.uri().path() {
            "/slow" => tokio::time::sleep(Duration::from_millis(700)).await,
            "/never" => std::future::pending().await,
            "/panic" => panic!("as the path says"),
            "/shown" => return Response::new(text(shown(&request, peer))),
            "/echo" => return echo(request).await,
            "/big" => return Response::new(text(Bytes::from(vec![b'x'; 64 << 20]))),
            "/half-panic" => return Response::new(UnsyncBoxBody::new(PanicBody(true))),
            _ => {}
        }
        Response::new(text("hello"))
    }
}

fn shown(request: &Request<RequestBody>, peer: Peer) -> String {
    let mut lines = format!("{} {} {} https={}\n", request.method(), request.uri(), peer.address, peer.https);
    for (name, value) in request.headers() {
        lines.extend([name.as_str(), ": ", value.to_str().expect("text"), "\n"]);
    }
    lines
}

async fn echo(request: Request<RequestBody>) -> Response<AnyBody> {
    match request.into_body().collect().await {
        Ok(body) if body.trailers().is_some() => status(500),
        Ok(body) => Response::new(text(body.to_bytes())),
        Err(_) => status(500),
    }
}

struct PanicBody(bool);

impl http_body::Body for PanicBody {
    type Data = Bytes;
    type Error = consentgate::server::BoxError;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        assert!(std::mem::take(&mut self.0), "a panic in the middle of a body");
        std::task::Poll::Ready(Some(Ok(http_body::Frame::data(Bytes::from_static(b"first half")))))
    }
}

fn gate() -> Gate {
    Gate::start(&config(), || App)
}

fn post(path: &str, headers: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n{body}")
}

// === requests that are served ===

#[test]
fn one_connection_carries_many_requests() {
    let gate = gate();
    let mut stream = client(gate.address());
    for _ in 0..50 {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("still open");
        let head = read_head(&mut stream).expect("a response");
        assert_eq!(code(&head), 200);
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).expect("its body");
        assert_eq!(&hello, b"hello");
    }
}

#[test]
fn requests_sent_in_one_go_are_answered_in_order() {
    let gate = gate();
    let both = format!("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n{}", get("/shown"));
    let answers = talk(gate.address(), both);
    assert!(answers.find("hello").expect("the first") < answers.find("GET /shown").expect("the second"), "{answers}");
}

#[test]
fn every_way_of_cutting_a_request_into_packets_gives_the_same_answer() {
    let gate = gate();
    let request = post("/echo", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n");
    for cut in (1..request.len()).step_by(7) {
        let mut stream = client(gate.address());
        stream.set_nodelay(true).expect("a socket");
        stream.write_all(&request.as_bytes()[..cut]).expect("open");
        sleep(Duration::from_millis(2));
        stream.write_all(&request.as_bytes()[cut..]).expect("open");
        assert_eq!(body(&rest(&mut stream)), "abcde", "cut at {cut}");
    }
}

#[test]
fn an_old_client_gets_its_answer_without_chunks_and_the_connection_ends() {
    let gate = gate();
    let answer = talk(gate.address(), "GET / HTTP/1.0\r\n\r\n");
    assert_eq!((code(&answer), body(&answer)), (200, "hello"));
    assert!(!answer.to_lowercase().contains("transfer-encoding"), "{answer}");
}

#[test]
fn a_client_that_expects_100_gets_it_before_it_sends() {
    let gate = gate();
    let mut stream = client(gate.address());
    stream.write_all(post("/echo", "Content-Length: 2\r\nExpect: 100-continue\r\n", "").as_bytes()).expect("open");
    assert_eq!(read_head(&mut stream).expect("an answer"), "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"ok").expect("open");
    assert_eq!(body(&rest(&mut stream)), "ok");
}

#[test]
fn trailers_are_read_and_dropped() {
    let gate = gate();
    let chunks = "2\r\nok\r\n0\r\nX-Late: 1\r\nSet-Cookie: a=b\r\n\r\n";
    let answer = talk(gate.address(), post("/echo", "Transfer-Encoding: chunked\r\nTrailer: X-Late\r\n", chunks));
    assert_eq!(body(&answer), "ok");
    assert!(!answer.to_lowercase().contains("x-late"), "{answer}");
}

#[test]
fn head_has_no_body_but_the_length_of_one() {
    let gate = gate();
    let answer = talk(gate.address(), get("/").replacen("GET", "HEAD", 1));
    assert_eq!((code(&answer), body(&answer)), (200, ""));
    assert!(answer.to_lowercase().contains("content-length: 5"), "{answer}");
}

// === requests that are refused (promises 10, 15, 39) ===

#[test]
fn what_a_forwarding_server_must_not_pass_on_is_400_and_the_end() {
    let gate = gate();
    for bad in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nNo colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
        "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n",
    ] {
        let answer = talk(gate.address(), bad);
        assert_eq!(code(&answer), 400, "{bad:?}");
        assert!(!answer.contains("hello"), "{bad:?}");
    }
}

#[test]
fn a_broken_chunk_is_400_whatever_the_handler_made_of_it() {
    let gate = gate();
    for bad in ["zz\r\nabc\r\n0\r\n\r\n", "2\r\nabcd\r\n0\r\n\r\n", "fffffffffffffffff\r\nabc\r\n0\r\n\r\n"] {
        assert_eq!(code(&talk(gate.address(), post("/echo", "Transfer-Encoding: chunked\r\n", bad))), 400, "{bad:?}");
    }
}

#[test]
fn a_length_beside_chunks_is_dropped_and_the_connection_ends() {
    let gate = gate();
    for headers in
        ["Content-Length: 44\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 44\r\n"]
    {
        let request = format!(
            "POST /shown HTTP/1.1\r\nHost: a\r\n{headers}\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
        );
        let answer = talk(gate.address(), request);
        assert!(!answer.contains("content-length: 44"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    }
}

#[test]
fn the_target_counts_and_not_the_host_beside_it() {
    let gate = gate();
    let answer = talk(gate.address(), get("http://b.example/shown?x=1#part"));
    assert!(answer.contains("GET /shown?x=1 ") && answer.contains("host: b.example\n"), "{answer}");
}

#[test]
fn tunnels_and_traces_are_refused_and_options_end_here() {
    let gate = gate();
    for (request, status) in [
        ("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 405),
        ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200),
        ("OPTIONS /never HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\nConnection: close\r\n\r\n", 200),
    ] {
        let answer = talk(gate.address(), request);
        assert_eq!(code(&answer), status, "{request:?}");
        assert!(answer.to_lowercase().contains("allow: get, head"), "{answer}");
    }
}

#[test]
fn what_is_too_large_is_told_so() {
    let gate = gate();
    let many = "X-Many: 1\r\n".repeat(101);
    let long_line = format!("X-Long: {}\r\n", "a".repeat(70_000));
    assert_eq!(code(&talk(gate.address(), post("/", &many, ""))), 431);
    assert_eq!(code(&talk(gate.address(), post("/", &long_line, ""))), 431);
    assert_eq!(code(&talk(gate.address(), get(&format!("/{}", "a".repeat(9_000))))), 414);
    let big = "x".repeat(1025);
    let declared = post("/echo", "Content-Length: 1025\r\n", &big);
    assert_eq!(code(&talk(gate.address(), declared)), 413);
    let streamed = post("/echo", "Transfer-Encoding: chunked\r\n", &format!("401\r\n{big}\r\n0\r\n\r\n"));
    assert_eq!(code(&talk(gate.address(), streamed)), 413);
    let fits = post("/echo", "Content-Length: 1024\r\n", &big[1..]);
    assert_eq!(body(&talk(gate.address(), fits)), &big[1..]);
}

#[test]
fn a_client_that_goes_on_sending_still_reads_its_413() {
    assert_eq!(goes_on_sending(&gate(), "/echo"), 413);
}

#[test]
fn a_client_whose_body_nobody_wants_still_reads_its_answer() {
    let mut config = config();
    config.limits.body_bytes = u64::MAX;
    assert_eq!(goes_on_sending(&Gate::start(&config, || App), "/"), 200);
}

fn goes_on_sending(gate: &Gate, path: &str) -> u16 {
    let mut stream = client(gate.address());
    stream.write_all(post(path, "Content-Length: 9000000\r\n", "").as_bytes()).expect("open");
    let piece = vec![b'x'; 16 * 1024];
    for _ in 0..60 {
        // A reset shows here; on some systems it would also take away the answer that has already come.
        stream.write_all(&piece).expect("no reset while the client still sends");
        sleep(Duration::from_millis(2));
    }
    code(&read_head(&mut stream).expect("an answer"))
}

// === who asks (promise 16) ===

#[test]
fn only_a_trusted_proxy_is_believed() {
    let claims = "X-Forwarded-For: 6.6.6.6, 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX_Real_IP: 6.6.6.6\r\n";
    let request = get("/shown").replacen("\r\n\r\n", &format!("\r\n{claims}\r\n"), 1);
    let stranger = talk(gate().address(), &request);
    assert!(stranger.contains("/shown 127.0.0.1 https=false"), "{stranger}");
    assert!(!stranger.contains("6.6.6.6"), "{stranger}");
    let mut config = config();
    config.listeners[0].trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    let proxied = talk(Gate::start(&config, || App).address(), &request);
    assert!(proxied.contains("/shown 192.0.2.7 https=true"), "{proxied}");
    assert!(!proxied.contains("x_real_ip"), "{proxied}");
}

// === slow clients (promise 13) ===

#[test]
fn a_silent_a_dripping_and_an_idle_client_are_ended() {
    let gate = gate();
    let (_, silent) = timed(|| rest(&mut client(gate.address())));
    within(silent, 900, 8000);

    let (_, dripping) = timed(|| {
        let mut stream = client(gate.address());
        for byte in b"GET / HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" {
            if stream.write_all(&[*byte]).is_err() {
                break;
            }
            sleep(Duration::from_millis(200));
        }
        rest(&mut stream)
    });
    within(dripping, 900, 8000);

    let (answer, idle) = timed(|| talk(gate.address(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_eq!(body(&answer), "hello");
    within(idle, 900, 8000);
}

#[test]
fn a_body_that_stops_coming_is_408() {
    let gate = gate();
    let (answer, took) = timed(|| talk(gate.address(), post("/echo", "Content-Length: 9\r\n", "half")));
    assert_eq!(code(&answer), 408);
    within(took, 900, 8000);
}

#[test]
fn a_body_that_keeps_coming_may_take_its_time() {
    let gate = gate();
    let mut stream = client(gate.address());
    stream.write_all(post("/echo", "Content-Length: 6\r\n", "").as_bytes()).expect("open");
    for byte in b"slowly" {
        sleep(Duration::from_millis(300));
        stream.write_all(&[*byte]).expect("open");
    }
    assert_eq!(body(&rest(&mut stream)), "slowly");
}

#[test]
fn a_client_that_never_reads_is_ended_and_others_are_not() {
    let gate = gate();
    let mut stalled = client(gate.address());
    stalled.write_all(get("/big").as_bytes()).expect("open");
    sleep(Duration::from_millis(2500));
    assert_eq!(body(&talk(gate.address(), get("/"))), "hello");
    let read = rest(&mut stalled).len();
    assert!(read < 32 << 20, "the gate kept the whole answer waiting: {read} bytes came");
}

#[test]
fn past_the_cap_connections_wait_and_are_served_later() {
    let mut config = config();
    config.limits.connections = 1;
    config.workers = 1;
    config.limits.header = Duration::from_secs(5);
    let gate = Gate::start(&config, || App);
    let holder = client(gate.address());
    sleep(Duration::from_millis(100));
    let mut waiting = client(gate.address());
    waiting.write_all(get("/").as_bytes()).expect("the kernel takes it");
    waiting.set_read_timeout(Some(Duration::from_millis(300))).expect("a timeout");
    assert!(waiting.read(&mut [0]).is_err(), "served past the cap");
    drop(holder);
    waiting.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
    assert_eq!(body(&rest(&mut waiting)), "hello");
}

// === panics (promise 35) ===

#[test]
fn a_panic_is_a_500_and_nothing_else_ends() {
    let gate = gate();
    for _ in 0..5 {
        assert_eq!(code(&talk(gate.address(), get("/panic"))), 500);
        let half = talk(gate.address(), get("/half-panic"));
        assert!(!half.ends_with("0\r\n\r\n"), "a broken body must not look whole: {half}");
    }
    assert_eq!(body(&talk(gate.address(), get("/"))), "hello");
}

// === TLS (promise 19) ===

struct Made {
    files: Certificate,
    der: CertificateDer<'static>,
}

fn make(folder: &Path, name: &str) -> Made {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("a certificate");
    let files =
        Certificate { certificate: folder.join(format!("{name}.pem")), key: folder.join(format!("{name}.key")) };
    fs::write(&files.certificate, made.cert.pem()).expect("written");
    fs::write(&files.key, made.signing_key.serialize_pem()).expect("written");
    let der = CertificateDer::from_pem_file(&files.certificate).expect("just written");
    Made { files, der }
}

type TlsClient = StreamOwned<ClientConnection, TcpStream>;

fn tls(address: SocketAddr, name: &str, trusted: &CertificateDer<'static>) -> TlsClient {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a certificate");
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).expect("a client"), client(address))
}

fn tls_get(address: SocketAddr, name: &str, trusted: &CertificateDer<'static>) -> std::io::Result<String> {
    let mut stream = tls(address, name, trusted);
    stream.write_all(get("/shown").as_bytes())?;
    Ok(rest(&mut stream))
}

#[test]
fn each_name_gets_its_certificate_and_an_unknown_one_the_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, two) = (make(folder.path(), "one.example"), make(folder.path(), "two.example"));
    let mut config = config();
    config.listeners[0].tls = vec![one.files.clone(), two.files.clone()];
    let gate = Gate::start(&config, || App);
    for made in [("one.example", &one), ("two.example", &two)] {
        let answer = tls_get(gate.address(), made.0, &made.1.der).expect("trusted");
        assert!(answer.contains("https=true"), "{answer}");
    }
    let mut unknown = tls(gate.address(), "three.example", &one.der);
    assert!(unknown.write_all(b"x").is_err(), "the name must not match");
    assert_eq!(unknown.conn.peer_certificates().map(<[_]>::len), None);
}

#[test]
fn certificates_are_exchanged_while_running_and_a_bad_file_keeps_the_old_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let old = make(folder.path(), "one.example");
    let mut config = config();
    config.listeners[0].tls = vec![old.files.clone()];
    let gate = Gate::start(&config, || App);
    fs::write(&old.files.key, "-----BEGIN PRIVATE KEY-----\nhalf").expect("written");
    let fault = gate.reloader.reload().expect_err("half a key").to_string();
    assert!(fault.contains("one.example.key"), "{fault}");
    assert!(tls_get(gate.address(), "one.example", &old.der).is_ok());
    let new = make(folder.path(), "one.example");
    fs::write(&new.files.key, rcgen::KeyPair::generate().expect("a key").serialize_pem()).expect("written");
    assert!(gate.reloader.reload().is_err(), "a key of another certificate");
    assert!(tls_get(gate.address(), "one.example", &old.der).is_ok());
    let new = make(folder.path(), "one.example");
    gate.reloader.reload().expect("a good pair");
    assert!(tls_get(gate.address(), "one.example", &new.der).is_ok());
    assert!(tls_get(gate.address(), "one.example", &old.der).is_err());
}

#[test]
fn a_handshake_that_stops_is_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = config();
    config.limits.header = Duration::from_secs(30);
    config.listeners[0].tls = vec![make(folder.path(), "one.example").files];
    let gate = Gate::start(&config, || App);
    for half in [&b""[..], b"\x16\x03\x01\x02\x00\x01"] {
        let ((), took) = timed(|| drop(talk(gate.address(), half)));
        within(took, 900, 8000);
    }
}

#[test]
fn plain_http_is_sent_to_https_but_not_round_in_circles() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = config();
    config.listeners[0].redirect_to_https = true;
    config.listeners.push(Listener { tls: vec![make(folder.path(), "one.example").files], ..listener() });
    config.listeners[1].address.set_port(0);
    let gate = Gate::start(&config, || App);
    let answer = talk(gate.address(), get("/a?b=c").replace("gov.uk", "gov.uk:8080"));
    assert_eq!(code(&answer), 308);
    let port = gate.addresses[1].port();
    assert!(answer.contains(&format!("ocation: https://www.example.gov.uk:{port}/a?b=c\r\n")), "{answer}");
    config.listeners[0].trusted_proxies = vec!["127.0.0.1/32".parse().expect("a network")];
    let gate = Gate::start(&config, || App);
    let proxied = get("/").replacen("\r\n\r\n", "\r\nX-Forwarded-Proto: https\r\n\r\n", 1);
    assert_eq!(code(&talk(gate.address(), proxied)), 200);
}

// === starting and stopping (promises 29, 30) ===

#[test]
fn a_port_in_use_is_named() {
    let gate = gate();
    let mut second = config();
    second.listeners[0].address = gate.address();
    let fault = bind(&second).expect_err("taken");
    assert!(matches!(fault, StartFault::Address(..)));
    assert!(fault.to_string().starts_with(&gate.address().to_string()), "{fault}");
    assert!(fault.to_string().contains("another program"), "{fault}");
}

#[test]
fn a_stop_lets_a_request_end_and_refuses_new_ones() {
    let mut config = config();
    config.limits.header = Duration::from_secs(9);
    let mut gate = Gate::start(&config, || App);
    let address = gate.address();
    let mut slow = client(address);
    slow.write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").expect("open");
    let mut idle = client(address);
    idle.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("open");
    read_head(&mut idle).expect("served");
    sleep(Duration::from_millis(100));
    let ((), took) = timed(|| {
        gate.tell_to_stop();
        assert_eq!(body(&rest(&mut slow)), "hello");
        gate.join();
    });
    within(took, 300, 5000);
    assert_eq!(rest(&mut idle), "hello");
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_stop_does_not_wait_past_its_time() {
    let mut gate = gate();
    let mut stuck = client(gate.address());
    stuck.write_all(get("/never").as_bytes()).expect("open");
    sleep(Duration::from_millis(100));
    let ((), took) = timed(|| {
        gate.tell_to_stop();
        gate.join();
    });
    within(took, 1400, 8000);
    assert_eq!(rest(&mut stuck), "");
}

#[test]
fn a_client_that_goes_away_ends_its_request() {
    let mut config = config();
    config.limits.drain = Duration::from_secs(30);
    let mut gate = Gate::start(&config, || App);
    let stream = client(gate.address());
    (&stream).write_all(get("/never").as_bytes()).expect("open");
    sleep(Duration::from_millis(100));
    stream.shutdown(Shutdown::Write).expect("open");
    drop(stream);
    sleep(Duration::from_millis(100));
    let ((), took) = timed(|| {
        gate.tell_to_stop();
        gate.join();
    });
    within(took, 0, 8000);
}
