//! The site's side over real sockets, seen by a visitor through a gate: what reaches the site and how often, what
//! comes back, and what the visitor is told when the site is sick.

mod edge;

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, sleep};
use std::time::Duration;

use consentgate::upstream::{Config, SetupFault, Upstream};
use edge::*;
use http::Request;
use http_body_util::{BodyExt, Empty};
use tokio::sync::Semaphore;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn through(origin: SocketAddr) -> Gate {
    relay(&config(), upstream(origin))
}

/// What a visitor gets for this request when the site answers every request with these bytes and then closes.
fn answer_to(request: &str, answer: &'static str) -> String {
    let site = origin(move |mut stream, _| {
        if read_head(&mut stream).is_some() {
            stream.write_all(answer.as_bytes()).ok();
        }
    });
    talk(through(site).address(), request)
}

// === what reaches the site ===

#[test]
fn the_site_gets_the_request_as_it_was_with_the_gate_s_own_lines() {
    let (site, heads) = answering(OK);
    let gate = through(site);
    let request = "GET /a?b=%20c HTTP/1.1\r\nHost: www.example.gov.uk\r\nX-MiXeD: Kept\r\nCookie: a=1; b=2\r\n\
                   Connection: close, X-Mine\r\nX-Mine: 1\r\nTE: trailers\r\nProxy-Authorization: x\r\n\
                   X-Forwarded-For: 6.6.6.6\r\n\r\n";
    assert_eq!(body(&talk(gate.address(), request)), "ok");
    let head = heads.recv().expect("one request");
    let mut lines: Vec<String> = head.trim_end().split("\r\n").map(str::to_owned).collect();
    assert_eq!(lines.remove(0), "GET /a?b=%20c HTTP/1.1");
    for line in &mut lines {
        line.make_ascii_lowercase();
    }
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "cookie: a=1; b=2",
            "host: www.example.gov.uk",
            "x-consentgate: consentgate-test",
            "x-forwarded-for: 127.0.0.1",
            "x-forwarded-host: www.example.gov.uk",
            "x-forwarded-proto: http",
            "x-mixed: kept",
        ]
    );
    assert!(head.contains("X-MiXeD: Kept"), "names keep their case: {head}");
}

#[test]
fn the_host_header_can_be_the_site_s_own() {
    let (site, heads) = answering(OK);
    let config = Config { host_header: Some("intern.example:8443".to_owned()), ..upstream(site) };
    let gate = relay(&edge::config(), config);
    talk(gate.address(), get("/"));
    let head = heads.recv().expect("one request").to_lowercase();
    assert!(head.contains("\r\nhost: intern.example:8443\r\n"), "{head}");
    assert!(head.contains("x-forwarded-host: www.example.gov.uk"), "{head}");
}

#[test]
fn one_connection_to_the_site_carries_many_requests() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    let site = origin(move |mut stream, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        while read_head(&mut stream).is_some() {
            stream.write_all(OK.as_bytes()).ok();
        }
    });
    let gate = through(site);
    for _ in 0..20 {
        assert_eq!(body(&talk(gate.address(), get("/"))), "ok");
        sleep(Duration::from_millis(2));
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[test]
fn a_body_reaches_the_site_whole_in_length_or_chunks() {
    let site = origin(|mut stream, _| {
        let head = read_head(&mut stream).expect("a request").to_lowercase();
        let sent = if head.contains("transfer-encoding: chunked") {
            read_until(&mut stream, "0\r\n\r\n").expect("chunks")
        } else {
            let mut sent = [0; 5];
            stream.read_exact(&mut sent).expect("a body");
            String::from_utf8_lossy(&sent).into_owned()
        };
        write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{head}{sent}").ok();
    });
    let gate = through(site);
    let post = |headers: &str, body: &str| {
        let request = format!("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n\r\n{body}");
        talk(gate.address(), request)
    };
    let length = post("Content-Length: 5", "abcde");
    assert!(length.contains("content-length: 5") && length.contains("abcde"), "{length}");
    let chunks = post("Transfer-Encoding: chunked\r\nTrailer: X-T", "3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n");
    assert!(chunks.contains("abc") && chunks.contains("de"), "{chunks}");
    assert!(!chunks.to_lowercase().contains("x-t"), "{chunks}");
}

#[test]
fn a_body_past_the_limit_never_looks_whole_to_the_site() {
    let seen = Arc::new(Mutex::new(String::new()));
    let kept = seen.clone();
    let site = origin(move |mut stream, _| {
        let all = rest(&mut stream);
        kept.lock().expect("unpoisoned").push_str(&all);
    });
    let gate = through(site);
    let request = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n200\r\n{0}\r\n300\r\n{0}{1}\r\n0\r\n\r\n",
        "x".repeat(0x200),
        "x".repeat(0x100)
    );
    assert_eq!(code(&talk(gate.address(), request)), 413);
    sleep(Duration::from_millis(100));
    assert!(!seen.lock().expect("unpoisoned").ends_with("0\r\n\r\n"));
}

// === what comes back ===

#[test]
fn every_set_cookie_line_comes_back_as_it_was_in_order() {
    use std::fmt::Write as _;
    let mut lines = String::new();
    for number in 0..1_400 {
        write!(lines, "Set-Cookie: c{number}=é,; Expires=Thu, 01\r\n").expect("memory");
    }
    let (site, _heads) = answering(format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: 2\r\n\r\nok"));
    let answer = talk(through(site).address(), get("/"));
    let came: Vec<&str> = answer.split("\r\n").filter(|line| line.to_lowercase().starts_with("set-cookie")).collect();
    assert_eq!(came, lines.split_terminator("\r\n").collect::<Vec<_>>());
}

#[test]
fn a_page_with_1346_cookies_comes_whole_also_from_a_site_that_was_modest_for_long() {
    let site = origin(|mut stream, _| {
        while let Some(head) = read_head(&mut stream) {
            let cookies = if head.starts_with("GET /many") { 1346 } else { 1 };
            let lines: Vec<_> = (0..cookies).map(|n| format!("Set-Cookie: c{n}=1\r\n")).collect();
            let lines = lines.concat();
            stream.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{lines}\r\nok").as_bytes()).ok();
        }
    });
    let config = consentgate::server::Config { workers: 1, ..config() };
    let gate = relay(&config, upstream(site));
    let mut visitor = client(gate.address());
    for n in 0..200 {
        let path = if n % 90 == 89 { "/many" } else { "/one" };
        visitor.write_all(format!("GET {path} HTTP/1.1\r\nHost: www.example.gov.uk\r\n\r\n").as_bytes()).unwrap();
        let head = read_head(&mut visitor).expect("an answer");
        let mut body = [0; 2];
        visitor.read_exact(&mut body).unwrap();
        let cookies = head.to_ascii_lowercase().matches("set-cookie: ").count();
        assert_eq!((code(&head), cookies), (200, if path == "/many" { 1346 } else { 1 }), "request {n}");
    }
}

#[test]
fn a_legacy_site_s_sloppy_lines_are_put_right() {
    let answer =
        answer_to(&get("/"), "HTTP/1.1 200 OK\r\nX-Space : 1\r\nX-Fold: a\r\n b\r\nContent-Length: 2\r\n\r\nok");
    assert!(answer.contains("X-Space: 1\r\n"), "{answer}");
    assert!(answer.contains("X-Fold: a b\r\n"), "{answer}");
    assert_eq!(body(&answer), "ok");
}

#[test]
fn answers_without_a_body_have_none_and_keep_their_length() {
    for (method, site, status) in [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", 200),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\nETag: \"x\"\r\n\r\n", 304),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n", 204),
        ("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200),
    ] {
        let answer = answer_to(&get("/").replacen("GET", method, 1), site);
        assert_eq!((code(&answer), body(&answer)), (status, ""), "{site:?}");
        if site.contains("99") && method == "HEAD" {
            assert!(answer.to_lowercase().contains("content-length: 99"), "{answer}");
        }
    }
}

#[test]
fn however_a_body_was_framed_the_visitor_gets_it_whole() {
    for site in [
        OK,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\nSet-Cookie: late=1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok",
        "HTTP/1.0 200 OK\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ] {
        let old = answer_to("GET / HTTP/1.0\r\nHost: a\r\n\r\n", site);
        assert_eq!((code(&old), body(&old)), (200, "ok"), "HTTP/1.0 and {site:?}");
        let new = answer_to(&get("/"), site);
        assert!(new.starts_with("HTTP/1.1 "), "{new}");
        let chunked = new.to_lowercase().contains("transfer-encoding: chunked");
        assert_ne!(chunked, new.to_lowercase().contains("content-length"), "{new}");
        let whole = if chunked { body(&new).ends_with("\r\n0\r\n\r\n") } else { body(&new) == "ok" };
        assert!(code(&new) == 200 && whole && !new.to_lowercase().contains("late"), "{site:?}: {new}");
    }
}

/// As far as anyone can tell: bytes that come only after the next request has been sent do answer it, in HTTP/1.1.
#[test]
fn surplus_bytes_after_an_answer_are_nobody_s_answer() {
    let (site, _heads) = answering(format!("{OK}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"));
    let gate = through(site);
    for _ in 0..200 {
        assert_eq!(body(&talk(gate.address(), get("/"))), "ok");
    }
}

#[test]
fn events_come_at_once_and_may_be_rare() {
    let site = origin(|mut stream, _| {
        read_head(&mut stream);
        let start = "HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\n\r\ndata: 1\n\n";
        stream.write_all(start.as_bytes()).ok();
        sleep(Duration::from_secs(3));
        stream.write_all(b"data: 2\n\n").ok();
    });
    let gate = through(site);
    let mut visitor = client(gate.address());
    visitor.write_all(get("/").as_bytes()).expect("open");
    let (first, took) = timed(|| read_until(&mut visitor, "data: 1\n\n").expect("the first event"));
    assert_eq!(code(&first), 200);
    within(took, 0, 2500);
    assert!(rest(&mut visitor).contains("data: 2"), "a rare event was cut off");
}

// === upgrades (promise 11) ===

const UPGRADE: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n";
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

#[test]
fn an_upgraded_connection_carries_bytes_both_ways_until_one_side_ends() {
    let site = origin(|mut stream, _| {
        let head = read_head(&mut stream).expect("a request").to_lowercase();
        assert!(head.contains("connection: upgrade\r\n") && head.contains("upgrade: websocket\r\n"), "{head}");
        stream.write_all(format!("{SWITCH}hello").as_bytes()).ok();
        let mut some = [0; 64];
        while let Ok(count @ 1..) = stream.read(&mut some) {
            stream.write_all(&some[..count].to_ascii_uppercase()).ok();
        }
    });
    let gate = through(site);
    let mut visitor = client(gate.address());
    visitor.write_all(UPGRADE.as_bytes()).expect("open");
    let head = read_head(&mut visitor).expect("an answer");
    assert_eq!(code(&head), 101);
    let mut five = [0; 5];
    visitor.read_exact(&mut five).expect("sent with the 101");
    assert_eq!(&five, b"hello");
    for _ in 0..3 {
        // Longer than every idle limit of this gate.
        sleep(Duration::from_millis(1500));
        visitor.write_all(b"abcde").expect("open");
        visitor.read_exact(&mut five).expect("an echo");
        assert_eq!(&five, b"ABCDE");
    }
    visitor.write_all(b"bye").expect("open");
    visitor.shutdown(Shutdown::Write).expect("open");
    let (last, took) = timed(|| rest(&mut visitor));
    assert_eq!(last, "BYE");
    within(took, 0, 8000);
}

#[test]
fn no_byte_behind_an_upgrade_reaches_a_site_that_did_not_accept_it() {
    let seen = Arc::new(Mutex::new(String::new()));
    let kept = seen.clone();
    let site = origin(move |mut stream, _| {
        while let Some(head) = read_head(&mut stream) {
            kept.lock().expect("unpoisoned").push_str(&head);
            sleep(Duration::from_millis(100));
            stream.write_all(OK.as_bytes()).ok();
        }
    });
    let gate = through(site);
    let smuggled = format!("{UPGRADE}GET /smuggled HTTP/1.1\r\nHost: a\r\nX-Raw: 1\r\nConnection: close\r\n\r\n");
    let answer = talk(gate.address(), smuggled);
    assert_eq!(code(&answer), 200);
    let seen = seen.lock().expect("unpoisoned");
    for head in seen.split_inclusive("\r\n\r\n") {
        assert!(head.contains("consentgate-test"), "not through the gate: {head}");
    }
}

#[test]
fn no_other_protocol_gets_a_tunnel_and_no_site_can_start_one() {
    let h2c = UPGRADE.replace("websocket", "h2c").replace("keep-alive, ", "close, ");
    let (site, heads) = answering(OK);
    assert_eq!(code(&talk(through(site).address(), h2c)), 200);
    let head = heads.recv().expect("one request").to_lowercase();
    assert!(!head.contains("h2c") && !head.contains("upgrade"), "{head}");
    assert_eq!(code(&answer_to(&get("/"), SWITCH)), 502);
}

// === stale connections (promise 27) ===

/// A site that answers once on each connection, then closes it on the next request, unanswered; counts requests.
fn forgetful() -> (SocketAddr, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let site = origin(move |mut stream, _| {
        for answer in [OK, ""] {
            if read_head(&mut stream).is_some() {
                counted.fetch_add(1, Ordering::SeqCst);
                stream.write_all(answer.as_bytes()).ok();
            }
        }
    });
    (site, asked)
}

#[test]
fn a_get_that_meets_a_stale_connection_is_asked_again() {
    let (site, _) = forgetful();
    let gate = through(site);
    for number in 0..50 {
        let answer = talk(gate.address(), get("/"));
        assert_eq!((code(&answer), body(&answer)), (200, "ok"), "request {number}: {answer}");
    }
}

#[test]
fn no_visitor_notices_a_site_that_closes_each_connection_at_the_moment_of_reuse() {
    let (forgetful, _) = forgetful();
    let closing = origin(|mut stream, _| {
        read_head(&mut stream);
        stream.write_all(OK.as_bytes()).ok();
    });
    for site in [forgetful, closing] {
        let gate = through(site);
        let address = gate.address();
        let visit = move || (0..250).filter(|_| body(&talk(address, get("/"))) != "ok").count();
        let visitors: Vec<_> = (0..8).map(|_| thread::spawn(visit)).collect();
        let failed: usize = visitors.into_iter().map(|visitor| visitor.join().expect("a count")).sum();
        assert_eq!(failed, 0);
    }
}

#[test]
fn a_get_finds_a_fresh_connection_behind_many_stale_ones() {
    let site = origin(move |mut stream, _| {
        if read_head(&mut stream).is_some() {
            sleep(Duration::from_millis(150));
            stream.write_all(OK.as_bytes()).ok();
            read_head(&mut stream);
        }
    });
    let gate = through(site);
    let address = gate.address();
    for _ in 0..2 {
        let visitors: Vec<_> = (0..6).map(|_| thread::spawn(move || talk(address, get("/")))).collect();
        for visitor in visitors {
            assert_eq!(code(&visitor.join().expect("an answer")), 200);
        }
    }
}

#[test]
fn a_post_reaches_the_site_at_most_once() {
    let (site, asked) = forgetful();
    let gate = through(site);
    let post = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let codes: Vec<u16> = (0..20).map(|_| code(&talk(gate.address(), post))).collect();
    assert!(codes.iter().all(|code| [200, 502].contains(code)), "{codes:?}");
    assert!(codes.contains(&502), "this site must have broken off: {codes:?}");
    assert!(asked.load(Ordering::SeqCst) <= 20);
}

#[test]
fn a_fresh_connection_that_dies_is_the_site_s_fault_and_not_asked_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let site = origin(move |mut stream, _| {
        read_head(&mut stream);
        counted.fetch_add(1, Ordering::SeqCst);
    });
    assert_eq!(code(&talk(through(site).address(), get("/"))), 502);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

// === a sick site (promises 21, 28, 39) ===

#[test]
fn a_site_that_refuses_is_502_and_named() {
    let nobody = SocketAddr::from(([127, 0, 0, 9], 9));
    let answer = talk(through(nobody).address(), get("/?secret=1"));
    assert_eq!(code(&answer), 502);
    assert!(answer.contains(&format!("x-why: {nobody} cannot be reached")), "{answer}");
    assert!(!answer.contains("secret"), "{answer}");
}

#[test]
fn a_site_that_never_answers_is_504_and_is_not_asked_twice() {
    let (asked, heads) = std::sync::mpsc::channel();
    let site = origin(move |mut stream, _| {
        asked.send(read_head(&mut stream)).ok();
        sleep(Duration::from_secs(5));
    });
    let gate = through(site);
    let (answer, took) = timed(|| talk(gate.address(), get("/")));
    assert_eq!(code(&answer), 504);
    within(took, 1100, 4500);
    assert_eq!(heads.try_iter().count(), 1);
}

#[test]
fn a_slow_upload_may_take_longer_than_the_site_may_take_to_answer() {
    let site = origin(|mut stream, _| {
        read_until(&mut stream, "0\r\n\r\n");
        stream.write_all(OK.as_bytes()).ok();
    });
    let gate = through(site);
    let mut visitor = client(gate.address());
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    visitor.write_all(head.as_bytes()).expect("open");
    for _ in 0..6 {
        sleep(Duration::from_millis(400));
        visitor.write_all(b"1\r\nx\r\n").expect("open");
    }
    visitor.write_all(b"0\r\n\r\n").expect("open");
    assert_eq!(body(&rest(&mut visitor)), "ok");
}

#[test]
fn an_answer_that_breaks_off_never_looks_whole() {
    for half in [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n",
    ] {
        let answer = answer_to(&get("/"), half);
        assert_eq!(code(&answer), 200, "{half:?}");
        assert!(!answer.ends_with("0\r\n\r\n"), "{half:?}: {answer}");
        assert!(body(&answer).len() < 10 || answer.to_lowercase().contains("chunked"), "{answer}");
    }
}

#[test]
fn an_answer_that_falls_silent_is_broken_off() {
    let site = origin(|mut stream, _| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n").ok();
        sleep(Duration::from_secs(5));
    });
    let gate = through(site);
    let (answer, took) = timed(|| talk(gate.address(), get("/")));
    assert!(answer.contains("half") && !answer.ends_with("0\r\n\r\n"), "{answer}");
    within(took, 900, 4500);
}

#[test]
fn what_is_not_http_is_502() {
    for rubbish in [
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nNo colon\r\n\r\n",
        "<html>HTTP/0.9</html>\r\n\r\n",
    ] {
        assert_eq!(code(&answer_to(&get("/"), rubbish)), 502, "{rubbish:?}");
    }
}

#[test]
fn a_request_that_comes_round_again_is_508() {
    let request =
        get("/").replacen("\r\n\r\n", "\r\nX-Consentgate: other\r\nX-Consentgate: consentgate-test\r\n\r\n", 1);
    assert_eq!(code(&answer_to(&request, OK)), 508);
    // A gate whose site is itself: the second time round is stopped.
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound");
    let mut config = config();
    config.listeners[0].address = free;
    assert_eq!(code(&talk(relay(&config, upstream(free)).address(), get("/"))), 508);
}

#[test]
fn the_cap_counts_until_a_body_ends_and_the_rest_are_busy() {
    let site = origin(|mut stream, number| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n").ok();
        sleep(Duration::from_millis(if number == 0 { 15_000 } else { 0 }));
    });
    let gate = relay(&config(), Config { max_connections: 1, ..upstream(site) });
    let mut holder = client(gate.address());
    holder.write_all(get("/").as_bytes()).expect("open");
    read_until(&mut holder, "data: 1").expect("an event");
    let (answer, took) = timed(|| talk(gate.address(), get("/")));
    assert_eq!(code(&answer), 503);
    within(took, 2500, 9000);
    drop(holder);
    assert_eq!(code(&talk(gate.address(), get("/"))), 200);
}

// === TLS to the site ===

fn tls_site(folder: &std::path::Path) -> (SocketAddr, std::path::PathBuf) {
    let made = rcgen::generate_simple_self_signed(vec!["site.example".to_owned()]).expect("a certificate");
    let ca = folder.join("ca.pem");
    fs::write(&ca, made.cert.pem()).expect("written");
    let chain = vec![CertificateDer::from_pem_file(&ca).expect("just written")];
    let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes()).expect("a key");
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).expect("a pair");
    let config = Arc::new(config);
    let site = origin(move |stream, _| {
        let connection = ServerConnection::new(config.clone()).expect("a server");
        let mut stream: StreamOwned<ServerConnection, TcpStream> = StreamOwned::new(connection, stream);
        while read_head(&mut stream).is_some() {
            stream.write_all(OK.as_bytes()).ok();
        }
    });
    (site, ca)
}

#[test]
fn a_site_by_https_is_trusted_by_its_own_authority_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let (site, ca) = tls_site(folder.path());
    let https = Config {
        scheme: http::uri::Scheme::HTTPS,
        ca_file: Some(ca),
        host_header: Some("site.example".to_owned()),
        ..upstream(site)
    };
    assert_eq!(body(&talk(relay(&config(), https.clone()).address(), get("/"))), "ok");
    let other = Config { host_header: Some("other.example".to_owned()), ..https.clone() };
    assert_eq!(code(&talk(relay(&config(), other).address(), get("/"))), 502);
}

#[test]
fn a_handshake_that_hangs_counts_as_connecting() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, ca) = tls_site(folder.path());
    let hanging = origin(|stream, _| {
        sleep(Duration::from_secs(5));
        drop(stream);
    });
    let https = Config {
        scheme: http::uri::Scheme::HTTPS,
        ca_file: Some(ca),
        connect_timeout: Duration::from_millis(300),
        response_timeout: Duration::from_secs(5),
        ..upstream(hanging)
    };
    let gate = relay(&config(), https);
    let (answer, took) = timed(|| talk(gate.address(), get("/")));
    assert_eq!(code(&answer), 504);
    within(took, 250, 4500);
}

#[test]
fn a_bad_authority_file_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let ca_file = folder.path().join("authority.pem");
    fs::write(&ca_file, "not a certificate").expect("written");
    let scheme = http::uri::Scheme::HTTPS;
    let site = "127.0.0.1:9".parse().expect("an address");
    let config = Config { scheme, ca_file: Some(ca_file.clone()), ..upstream(site) };
    let fault = Upstream::new(&config, Arc::new(Semaphore::new(1))).expect_err("no certificate in it");
    assert!(matches!(&fault, SetupFault::CaFile(file, _) if *file == ca_file));
    assert!(fault.to_string().contains("authority.pem"), "{fault}");
}

// === without a gate ===

#[tokio::test]
async fn trailers_of_the_site_are_dropped() {
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nSet-Cookie: late=1\r\n\r\n";
    let (site, _heads) = answering(chunks);
    let upstream = Upstream::new(&upstream(site), Arc::new(Semaphore::new(1))).expect("a usable upstream");
    let response = upstream.send(Request::new(Empty::new())).await.expect("an answer");
    let body = response.into_body().collect().await.expect("a body");
    assert!(body.trailers().is_none());
    assert_eq!(body.to_bytes(), "ok");
}

#[tokio::test]
async fn a_response_counts_as_under_way_until_its_body_has_ended() {
    let (site, _heads) = answering(OK);
    let cap = Arc::new(Semaphore::new(2));
    let upstream = Upstream::new(&upstream(site), cap.clone()).expect("a usable upstream");
    let response = upstream.send(Request::new(Empty::new())).await.expect("an answer");
    assert_eq!(cap.available_permits(), 1);
    let body = response.into_body().collect().await.expect("a body");
    assert_eq!(body.to_bytes(), "ok");
    assert_eq!(cap.available_permits(), 2);
    drop(upstream.send(Request::new(Empty::new())).await.expect("an answer"));
    assert_eq!(cap.available_permits(), 2);
}
