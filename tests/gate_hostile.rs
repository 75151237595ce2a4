//! Nobody on either side plays fair: sites that send bombs and half pages, visitors that drip, flood and lie about
//! where a request ends. The gate's memory stays bounded, whoever behaves is served, and the site sees only whole,
//! well-formed requests (promises 10, 13, 15, 21, 22, 31, 36).

#[allow(dead_code, reason = "each test file uses a part of it")]
#[path = "common/ops.rs"]
mod ops;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use flate2::{Compress, Compression, FlushCompress, write::GzEncoder};
use ops::{Answer, Gate, Origin, PAGE, PATIENCE, Place, ask, connect, get, page, read_answer, soon};

const MIB: u64 = 1024;

// === Sites ===

/// A site that sends the same bytes to `/hostile` whoever asks, and a plain page to anyone else.
fn site_that_sends(bytes: Vec<u8>) -> Origin {
    Origin::new(move |line, stream| {
        let plain = page(PAGE);
        let answer = if line.contains(" /hostile ") { &bytes } else { plain.as_bytes() };
        let _ = stream.write_all(answer);
    })
}

fn coded(coding: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Encoding: {coding}\r\n");
    let mut response = format!("{head}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len()).into_bytes();
    response.extend(body);
    response
}

/// A page that grows by `<p>   …` from one MiB to a thousand: as members of their own, and inside one.
fn gzip_bombs() -> [Vec<u8>; 2] {
    let filling = [b"<p>".to_vec(), vec![b' '; 1024 * 1024]].concat();
    let member = |text: &[u8]| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(text).expect("memory");
        gzip.finish().expect("memory")
    };
    let members = [member(PAGE.as_bytes()), member(&filling).repeat(1000)].concat();
    let mut deflate = Compress::new(Compression::best(), false);
    let mut block = |text: &[u8]| {
        let mut out = Vec::with_capacity(64 * 1024);
        deflate.compress_vec(text, &mut out, FlushCompress::Full).expect("memory");
        out
    };
    // After a full flush a block stands for itself, so it can be said again and again.
    let (start, again) = (block(PAGE.as_bytes()), block(&filling));
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
    [members, [head.to_vec(), start, again.repeat(1000)].concat()]
}

fn zstd_bomb() -> Vec<u8> {
    let frame = |text: &[u8]| zstd::stream::encode_all(text, 19).expect("memory");
    [frame(PAGE.as_bytes()), frame(&vec![b' '; 1024 * 1024]).repeat(1000)].concat()
}

/// Brotli says "the same again" for 16 MiB at a time: its thousand MiB are not a thousand bytes.
fn brotli_bomb() -> Vec<u8> {
    let mut brotli = brotli::CompressorWriter::new(Vec::new(), 1 << 20, 5, 22);
    brotli.write_all(PAGE.as_bytes()).expect("memory");
    // Random enough to be sent at once, so that the bomb itself is no part of what is looked at first.
    let mut start: Vec<u8> = (0..4096_u64).flat_map(|n| (n * n * 2_654_435_761).to_string().into_bytes()).collect();
    brotli.write_all(&start).expect("memory");
    start = vec![b' '; 1 << 20];
    (0..200).for_each(|_| brotli.write_all(&start).expect("memory"));
    brotli.into_inner()
}

#[test]
fn a_decompression_bomb_is_cut_before_it_has_grown() {
    let [members, one] = gzip_bombs();
    for (name, coding, body) in [
        ("members", "gzip", members),
        ("one member", "gzip", one),
        ("zstd", "zstd", zstd_bomb()),
        ("brotli", "br", brotli_bomb()),
    ] {
        let origin = site_that_sends(coded(coding, &body));
        let place = Place::new(origin.address);
        let mut gate = Gate::start(&place);
        assert_eq!(gate.page("/").status, 200);
        let before = gate.peak_memory();
        for accepted in [coding, "identity"] {
            let cut = asked_for(&gate, accepted).is_none_or(|answer| !answer.whole && answer.body.len() < 64 << 20);
            assert!(cut, "{name}, {accepted}: cut soon, and seen to be cut");
        }
        let grown = gate.peak_memory() - before;
        assert!(grown < 48 * MIB, "{name}: {} KiB for a body of {} KiB", grown, body.len() / 1024);
        assert!(gate.lives() && gate.page("/").whole, "{name}: {}", gate.said());
    }
}

/// `None`: the connection ended before the head of the response.
fn asked_for(gate: &Gate, coding: &str) -> Option<Answer> {
    let headers = format!("Host: a.example\r\nAccept: text/html\r\nAccept-Encoding: {coding}\r\nConnection: close\r\n");
    let mut stream = connect(gate.public);
    stream.write_all(format!("GET /hostile HTTP/1.1\r\n{headers}\r\n").as_bytes()).expect("sent");
    read_answer(&mut BufReader::new(stream))
}

/// Shapes that made parsers slow, deep or fat (PROMISES section 2); each a page of up to 4 MB.
fn pathological() -> Vec<(&'static str, String)> {
    let of = |times: usize, piece: &str| piece.repeat(times);
    vec![
        ("closing what is not open", of(100_000, "<a></b>")),
        ("nested", of(40_000, "<div>")),
        ("paragraphs never closed", of(65_000, "<p>x")),
        ("a long attribute", format!("<img alt='{}'>", of(4_000_000, "a"))),
        ("a long address", format!("<script src='https://a.example/{}'></script>", of(2_000_000, "b"))),
        ("a long comment", format!("<!--{}-->", of(4_000_000, "-"))),
        ("a comment never closed", format!("<!--{}", of(1_000_000, "<a>"))),
        ("many attributes", format!("<div {}>", of(200_000, "a=b "))),
        ("a script never closed", format!("<script>{}", of(1_000_000, "a<b "))),
        ("angle brackets", of(2_000_000, "<")),
        ("entities", format!("<a href='{}'>", of(200_000, "&amp;&#x61"))),
        ("foreign", of(20_000, "<svg><desc><math><mi></nß><W@>")),
        ("select", format!("<select>{}", of(100_000, "<option><script>"))),
        ("frameset", format!("<frameset>{}", of(100_000, "<noscript><frame>"))),
        ("templates", of(50_000, "<template><table>")),
        ("srcdoc", format!("<iframe srcdoc='{}'>", of(100_000, "<iframe srcdoc=&quot;"))),
        ("noscript", of(100_000, "<noscript><img src=x>")),
        ("a title of nothing", of(200_000, "</title><title>")),
        ("nul", of(1_000_000, "\0<\0")),
        ("held scripts", of(20_000, "<script src=//www.google-analytics.com/a.js></script>")),
        ("many srcset", format!("<img srcset='{}'>", of(200_000, "a 1x, "))),
    ]
}

#[test]
fn pages_made_to_hurt_a_parser_hurt_nobody_else() {
    let pages: Vec<_> = pathological();
    let bodies: Vec<String> = pages.iter().map(|(_, shape)| format!("<!DOCTYPE html><html><body>{shape}")).collect();
    let origin = Origin::new(move |line, stream| {
        let number = line.split(['/', ' ']).nth(2).and_then(|number| number.parse::<usize>().ok());
        let body = number.and_then(|number| bodies.get(number)).map_or(PAGE, String::as_str);
        let _ = stream.write_all(page(body).as_bytes());
    });
    let place = Place::new(origin.address);
    let mut gate = Gate::start(&place);
    assert_eq!(gate.page("/").status, 200);
    let before = gate.peak_memory();
    for (number, (name, _)) in pages.iter().enumerate() {
        let started = Instant::now();
        let answer = gate.page(&format!("/{number}"));
        assert_eq!(answer.status, 200, "{name}");
        println!("{name}: {:?}, whole: {}, peak {} KiB", started.elapsed(), answer.whole, gate.peak_memory());
        assert!(gate.lives() && gate.page("/").whole, "{name}: {}", gate.said());
    }
    let grown = gate.peak_memory() - before;
    assert!(grown < 64 * MIB, "{grown} KiB");
    assert!(!gate.said().contains("panic"), "{}", gate.said());
}

#[test]
fn half_a_page_is_never_taken_for_a_whole_one() {
    let lines: Vec<_> = (0..5000_u64).map(|n| format!("<p>{}", n * n * 2_654_435_761)).collect();
    let long = PAGE.to_owned() + &lines.concat();
    let gzip = {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(long.as_bytes()).expect("memory");
        gzip.finish().expect("memory")
    };
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n";
    let text = "HTTP/1.1 200 OK\r\nContent-Type: text/css\r\nConnection: close\r\n";
    let chunk = format!("{:x}\r\n{long}\r\n", long.len());
    let half = long.len() / 2;
    let responses: [(&str, Vec<u8>); 7] = [
        ("shorter than its length", format!("{head}Content-Length: 99999\r\n\r\n{long}").into_bytes()),
        ("no last chunk", format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}").into_bytes()),
        ("half a chunk", format!("{head}Transfer-Encoding: chunked\r\n\r\n{}", &chunk[..half]).into_bytes()),
        ("a chunk that is none", format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}zz\r\nx").into_bytes()),
        ("half a gzip", coded("gzip", &gzip[..gzip.len() / 2])),
        ("a wrong checksum", coded("gzip", &[&gzip[..gzip.len() - 8], &[0; 8][..]].concat())),
        ("half a stylesheet", format!("{text}Content-Length: 99999\r\n\r\n{long}").into_bytes()),
    ];
    for (name, response) in responses {
        let origin = site_that_sends(response);
        let place = Place::new(origin.address);
        let gate = Gate::start(&place);
        let answer = gate.page("/hostile");
        assert!(!answer.whole, "{name}: {}{}", answer.head, answer.text());
        assert!(gate.page("/").whole, "{name}");
    }
}

#[test]
fn a_site_may_send_large_heads_but_not_endless_ones() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/css\r\nContent-Length: 2\r\nConnection: close\r\n";
    let wide = format!("{head}X-Wide: {}\r\n\r\nok", "w".repeat(100 * 1024));
    let long = format!("{head}{}\r\nok", "X-Long: 0123456789012345678901234567890123456789\r\n".repeat(1500));
    let many = format!("{head}{}\r\nok", "X: y\r\n".repeat(20_000));
    let huge = format!("{head}X-Huge: {}\r\n\r\nok", "h".repeat(4 * 1024 * 1024));
    for (name, response, statuses) in
        [("wide", wide, [200, 502]), ("long", long, [200, 502]), ("many", many, [502; 2]), ("huge", huge, [502; 2])]
    {
        let origin = site_that_sends(response.into_bytes());
        let place = Place::new(origin.address);
        let gate = Gate::start(&place);
        let answer = gate.page("/hostile");
        assert!(statuses.contains(&answer.status) && answer.whole, "{name}: {}", answer.status);
        assert!(gate.peak_memory() < 128 * MIB && gate.page("/").whole, "{name}");
    }
}

#[test]
fn a_head_without_end_costs_no_memory() {
    let origin = Origin::new(|line, stream| {
        if !line.contains(" /hostile ") {
            return drop(stream.write_all(page(PAGE).as_bytes()));
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(&b"X-Endless: and on and on and on\r\n".repeat(1000)).is_ok() {}
    });
    let place = Place::new(origin.address);
    let gate = Gate::start(&place);
    assert_eq!(gate.page("/hostile").status, 502);
    assert!(gate.peak_memory() < 128 * MIB, "{} KiB", gate.peak_memory());
    assert!(gate.page("/").whole);
}

// === Visitors ===

/// A site that keeps its connections and reads requests strictly, one after the other: what a smuggler aims at.
struct Strict {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Result<String, String>>>>,
}

impl Strict {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let (address, seen) = (listener.local_addr().expect("it is bound"), Arc::default());
        let strict = Self { address, seen: Arc::clone(&seen) };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = Arc::clone(&seen);
                thread::spawn(move || read_strictly(&stream, &seen));
            }
        });
        strict
    }

    fn seen(&self) -> Vec<Result<String, String>> {
        std::mem::take(&mut self.seen.lock().expect("no server thread panics"))
    }
}

/// Answers each request as soon as it is whole; the first that is not well-formed ends the connection.
fn read_strictly(mut stream: &TcpStream, seen: &Mutex<Vec<Result<String, String>>>) {
    let mut from = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            match from.read_line(&mut head) {
                Ok(0) if head.is_empty() => return,
                Ok(read) if read > 0 => {}
                _ => return note(seen, Err(head)),
            }
        }
        let Some(body) = well_formed(&head).and_then(|length| read_body(&mut from, length)) else {
            return note(seen, Err(head));
        };
        note(seen, Ok(head + &body));
        if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok").is_err() {
            return;
        }
    }
}

fn note(seen: &Mutex<Vec<Result<String, String>>>, request: Result<String, String>) {
    seen.lock().expect("no server thread panics").push(request);
}

/// Where a request's body ends.
#[derive(Clone, Copy)]
enum Length {
    Bytes(u64),
    Chunks,
}

/// Nothing where the head is not as RFC 9112 wants it.
fn well_formed(head: &str) -> Option<Length> {
    let mut lines = head.strip_suffix("\r\n\r\n")?.split("\r\n");
    let words: Vec<_> = lines.next()?.split(' ').collect();
    let [_, target, "HTTP/1.1"] = words[..] else { return None };
    let fields: Vec<(String, &str)> = lines
        .map(|line| line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim())))
        .collect::<Option<_>>()?;
    let all =
        |name: &str| fields.iter().filter(|(known, _)| known == name).map(|(_, value)| *value).collect::<Vec<_>>();
    let clean = |text: &str| !text.contains(['\r', '\n', '\0']);
    let token = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    let fine = target.starts_with('/') && fields.iter().all(|(name, value)| token(name) && clean(value));
    if !fine || all("host").len() != 1 {
        return None;
    }
    match (&all("content-length")[..], &all("transfer-encoding")[..]) {
        ([], []) => Some(Length::Bytes(0)),
        ([length], []) => length.parse().ok().map(Length::Bytes),
        ([], ["chunked"]) => Some(Length::Chunks),
        _ => None,
    }
}

fn read_body(from: &mut BufReader<&TcpStream>, length: Length) -> Option<String> {
    let mut body = String::new();
    if let Length::Bytes(length) = length {
        return (from.take(length).read_to_string(&mut body).ok()? as u64 == length).then_some(body);
    }
    loop {
        let mut size = String::new();
        from.read_line(&mut size).ok()?;
        let size = u64::from_str_radix(size.strip_suffix("\r\n")?, 16).ok()?;
        let mut chunk = String::new();
        from.take(size + 2).read_to_string(&mut chunk).ok()?;
        body.push_str(chunk.strip_suffix("\r\n")?);
        if size == 0 {
            return Some(body);
        }
    }
}

/// A request whose body comes in chunks.
macro_rules! chunked {
    ($body:literal) => {
        concat!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", $body)
    };
}

/// What each may be answered with; 0 is a closed connection and no answer. A request cut short is answered late (408).
const MALFORMED: &[(&str, &str, &[u16])] = &[
    ("no Host", "GET / HTTP/1.1\r\n\r\n", &[400]),
    ("two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", &[400]),
    ("the same Host twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", &[400]),
    ("two Hosts in a line", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", &[400]),
    ("an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", &[400]),
    ("a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", &[400]),
    ("a Host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", &[400]),
    ("a space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", &[400]),
    ("a space before a length's colon", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello", &[400]),
    ("a tab before the colon", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n", &[400]),
    ("no colon", "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", &[400]),
    ("no name", "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", &[400]),
    ("bare line feeds", "GET / HTTP/1.1\nHost: a\n\n", &[200, 400]),
    ("a bare line feed in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: y\nContent-Length: 4\r\n\r\n", &[400, 408]),
    ("a bare return in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: y\rContent-Length: 4\r\n\r\n", &[400]),
    ("a NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: y\0z\r\n\r\n", &[400]),
    ("a NUL in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\0: y\r\n\r\n", &[400]),
    ("a NUL in the target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
    ("a folded line", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", &[400]),
    ("a folded first line", "GET / HTTP/1.1\r\n Host: a\r\nHost: b\r\n\r\n", &[400]),
    (
        "a folded transfer coding",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        &[400],
    ),
    (
        "chunks and a length",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
        &[200, 400],
    ),
    (
        "a length and chunks",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
        &[200, 400],
    ),
    (
        "chunks on HTTP/1.0",
        "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
        &[400],
    ),
    ("two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello", &[400]),
    ("two lengths in a line", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 5\r\n\r\nhello", &[400]),
    ("a negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello", &[400]),
    ("a length with a plus", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", &[400]),
    ("an empty length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", &[400]),
    ("a length in hexadecimal", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello", &[400]),
    (
        "a length past 64 bits",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551617\r\n\r\nx",
        &[400, 413],
    ),
    (
        "a length of 64 bits",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\nx",
        &[400, 413, 431],
    ),
    ("a chunk past 64 bits", chunked!("10000000000000000\r\nhello\r\n0\r\n\r\n"), &[400, 0]),
    ("a chunk size that is none", chunked!("xyz\r\nhello\r\n0\r\n\r\n"), &[400]),
    ("a negative chunk", chunked!("-5\r\nhello\r\n0\r\n\r\n"), &[400]),
    ("a chunk longer than it says", chunked!("3\r\nhello\r\n0\r\n\r\n"), &[400]),
    ("a chunk size in two lines", chunked!("5\n\r\nhello\r\n0\r\n\r\n"), &[400]),
    (
        "a bare line feed after a chunk size",
        chunked!("5\nhello\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"),
        &[400],
    ),
    ("a line feed in a chunk extension", chunked!("5;a\nb\r\nhello\r\n0\r\n\r\n"), &[400]),
    ("an unknown coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", &[400]),
    ("chunked is not last", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", &[400]),
    (
        "two codings",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        &[400],
    ),
    ("HTTP/0.9", "GET /\r\n\r\n", &[400, 0]),
    ("HTTP/3.0", "GET / HTTP/3.0\r\nHost: a\r\n\r\n", &[400, 505, 0]),
    ("HTTP/2 on a plain port", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[400, 0]),
    ("lower case", "GET / http/1.1\r\nHost: a\r\n\r\n", &[400, 0]),
    ("a space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
    ("two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
    ("no path", "GET ?x HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
    ("a star", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
    ("absolute form", "GET http://b.example/x HTTP/1.1\r\nHost: a\r\n\r\n", &[200]),
    ("absolute form with a user", "GET http://u:p@b.example/x HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
    ("another scheme", "GET ftp://b.example/x HTTP/1.1\r\nHost: a\r\n\r\n", &[400]),
    ("CONNECT", "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", &[405]),
    ("CONNECT to a path", "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", &[400, 405]),
    ("TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", &[405]),
    ("TLS on a plain port", "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03", &[400, 0]),
    ("nothing but line ends", "\r\n\r\n\r\n\r\n", &[400, 0]),
    ("an unknown method is only unknown", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", &[200, 405]),
    ("a nominated Host", "GET / HTTP/1.1\r\nHost: a\r\nConnection: Host, Cookie, X-Forwarded-For\r\n\r\n", &[200, 400]),
    (
        "a nominated length",
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\nContent-Length: 5\r\n\r\nhello",
        &[200, 400],
    ),
    (
        "an upgrade with more behind it",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n",
        &[200, 400],
    ),
    (
        "expects too much",
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-maybe\r\nContent-Length: 0\r\n\r\n",
        &[200, 400, 417],
    ),
];

#[test]
fn whatever_a_visitor_sends_the_site_sees_at_most_one_well_formed_request() {
    let site = Strict::new();
    let place = Place::new(site.address);
    // Where a request is cut short the gate waits for the rest, and answers when it has waited long enough.
    place.edit("workers: 2", "workers: 2\nlimits: { header: 2s, idle: 2s }");
    let mut gate = Gate::start(&place);
    let mut wrong = Vec::new();
    for (name, request, statuses) in MALFORMED {
        let status = say(gate.public, request.as_bytes());
        if !statuses.contains(&status) {
            wrong.push(format!("{name}: {status}"));
        }
        // A request of our own behind it, on the same upstream connection: it must be answered with its own answer.
        let next = get(gate.public, "/next");
        assert_eq!((next.status, &*next.text()), (200, "ok"), "after {name}");
        let seen = site.seen();
        let others: Vec<_> = seen.iter().filter(|request| !matches!(request, Ok(text) if is_next(text))).collect();
        let smuggled = others.iter().filter(|request| matches!(request, Ok(text) if text.starts_with("GET /smuggled")));
        let broken = |request: &&&Result<String, String>| matches!(request, Err(head) if well_formed(head).is_none());
        if others.len() > 1 || others.iter().filter(broken).count() > 0 || smuggled.count() > 0 {
            wrong.push(format!("{name}: the site saw {others:?}"));
        }
    }
    assert!(gate.lives());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_next(request: &str) -> bool {
    request.starts_with("GET /next ")
}

/// Sends a request on a connection of its own and gives the status of the first answer, 0 for none.
fn say(gate: SocketAddr, request: &[u8]) -> u16 {
    let mut stream = connect(gate);
    let _ = stream.write_all(request);
    read_answer(&mut BufReader::new(&stream)).map_or(0, |answer| answer.status)
}

#[test]
fn what_is_too_large_is_refused_by_its_own_status() {
    let site = Strict::new();
    let place = Place::new(site.address);
    place.edit("workers: 2", "workers: 2\nlimits: { body_bytes: 64KiB }");
    let gate = Gate::start(&place);
    let get_with = |target: &str, headers: &str| format!("GET {target} HTTP/1.1\r\nHost: a\r\n{headers}\r\n");
    let post =
        |target: &str, headers: &str, body: &str| format!("POST {target} HTTP/1.1\r\nHost: a\r\n{headers}\r\n{body}");
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let big = "b".repeat(70 * 1024);
    let length = format!("Content-Length: {}\r\n", big.len());
    let chunks = "Transfer-Encoding: chunked\r\n";
    let chunk = format!("{:x}\r\n{big}\r\n0\r\n\r\n", big.len());
    let numbered: Vec<_> = (0..101).map(|number| format!("X-{number}: y\r\n")).collect();
    let refused = [
        ("101 headers", get_with("/", &numbered.concat()), 431),
        ("1000 headers", get_with("/", &"X: y\r\n".repeat(1000)), 431),
        ("70 KiB in one header", get_with("/", &format!("X: {big}\r\n")), 431),
        ("an address of 9 KB", get_with(&format!("/{}", "u".repeat(9 * 1024)), ""), 414),
        ("a query of 9 KB", get_with(&format!("/?{}", "u".repeat(9 * 1024)), ""), 414),
        ("a body with a length", post("/", &length, &big), 413),
        ("a body with a length, not sent", post("/", &length, ""), 413),
        ("a body in chunks", post("/", chunks, &chunk), 413),
        ("a choice", post("/.consent/choice", &format!("{form}{length}"), &big), 413),
        ("a choice in chunks", post("/.consent/choice", &format!("{form}{chunks}"), &chunk), 413),
        (
            "a choice of 20 KiB",
            post("/.consent/choice", &format!("{form}Content-Length: 20480\r\n"), &big[..20480]),
            413,
        ),
    ];
    for (name, request, status) in refused {
        assert_eq!(say(gate.public, request.as_bytes()), status, "{name}");
        let whole = site.seen().into_iter().filter_map(Result::ok).count();
        assert_eq!(whole, 0, "{name}: nothing reaches the site as if it were whole");
        assert_eq!(get(gate.public, "/next").text(), "ok", "{name}");
        site.seen();
    }
}

#[test]
fn a_choice_made_of_many_fields_is_a_choice_or_none() {
    let site = Strict::new();
    let place = Place::new(site.address);
    let gate = Gate::start(&place);
    for (body, status) in [
        (format!("choice=accept{}", "&a=b".repeat(4000)), 303),
        ("&".repeat(16_000) + "choice=accept", 303),
        (format!("choice=accept&return=/{}", "%2e".repeat(5000)), 303),
        (format!("choice=accept&return=/{}", "%0d%0aSet-Cookie:%20a=b".repeat(100)), 303),
        ("choice=accept".repeat(1000), 400),
        ("choice=save&purpose=analytics".to_owned() + &"&purpose=analytics".repeat(800), 303),
        ("%".repeat(16_000), 400),
    ] {
        let request = format!(
            "POST /.consent/choice HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let answer = ask(gate.public, request);
        assert_eq!(answer.status, status, "{}", &body[..40]);
        assert!(answer.header("set-cookie").is_none_or(|line| line.starts_with("consentgate=")), "{}", answer.head);
    }
}

#[test]
fn whoever_is_slow_keeps_nobody_waiting_and_is_sent_away() {
    let origin = Strict::new();
    let place = Place::new(origin.address);
    place.edit("workers: 2", "workers: 2\nlimits: { header: 2s, idle: 2s }");
    let mut gate = Gate::start(&place);
    assert_eq!(gate.page("/").status, 200);
    let before = gate.peak_memory();
    let silent: Vec<_> = (0..200).map(|_| connect(gate.public)).collect();
    let head = "POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n";
    let drip = |request: String| drip(gate.public, request);
    let mut slow: Vec<_> =
        (0..50).map(|_| drip("GET / HTTP/1.1\r\nHost: a\r\nX: ".to_owned() + &"y".repeat(1000))).collect();
    slow.extend((0..20).map(|_| drip_after(gate.public, format!("{head}\r\n"))));
    for _ in 0..50 {
        let answer = gate.page("/");
        assert!(answer.status == 200 && answer.whole, "whoever behaves is served");
    }
    let grown = gate.peak_memory() - before;
    assert!(grown < 48 * MIB, "{grown} KiB for 270 connections");
    for mut stream in silent {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).expect("the gate closes it: nothing is read for ever");
    }
    for slow in slow {
        assert!(slow.join().expect("no panic") < PATIENCE, "a drip is ended");
    }
    assert!(gate.lives());
}

/// Sends one byte at a time until the gate has enough of it; gives how long that took.
fn drip(gate: SocketAddr, request: String) -> thread::JoinHandle<Duration> {
    thread::spawn(move || {
        let mut stream = connect(gate);
        let started = Instant::now();
        for byte in request.as_bytes() {
            if stream.write_all(&[*byte]).is_err() || started.elapsed() > PATIENCE {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
        started.elapsed()
    })
}

/// Sends the head at once, a little of the body, and then nothing.
fn drip_after(gate: SocketAddr, head: String) -> thread::JoinHandle<Duration> {
    thread::spawn(move || {
        let mut stream = connect(gate);
        let started = Instant::now();
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(b"name=")).expect("taken");
        let status = read_answer(&mut BufReader::new(&stream)).map(|answer| answer.status);
        assert!(matches!(status, None | Some(400 | 408 | 502)), "{status:?}");
        started.elapsed()
    })
}

#[test]
fn a_gate_out_of_file_handles_recovers() {
    let origin = Origin::plain();
    let place = Place::new(origin.address);
    let mut gate = Gate::with_few_files(&place, 64);
    assert!(gate.said().contains("may open 64 files"), "{}", gate.said());
    assert_eq!(gate.page("/").status, 200);
    let crowd: Vec<_> = (0..150).map(|_| connect(gate.public)).collect();
    assert!(gate.says("no connection can be accepted", PATIENCE), "{}", gate.said());
    assert!(gate.lives());
    drop(crowd);
    assert!(soon(PATIENCE, || matches!(try_page(gate.public), Some(200))), "{}", gate.said());
    assert_eq!(gate.admin_page("/readyz").status, 200);
    let lines = gate.said().matches("no connection can be accepted").count();
    assert!(lines <= 4, "{lines} lines: a log must not fill the disk");
}

/// The collector of the log has died: what is said goes nowhere, and nothing else may change.
#[test]
fn a_log_that_nobody_takes_harms_nobody() {
    let origin = Origin::new(|line, stream| {
        let plain = page(PAGE);
        drop(stream.write_all(if line.contains(" /hostile ") { b"nonsense\r\n\r\n" } else { plain.as_bytes() }));
    });
    let place = Place::new(origin.address);
    let mut gate = Gate::unheard(&place);
    for _ in 0..3 {
        assert_eq!(gate.page("/hostile").status, 502, "it has something to say");
        gate.signal("HUP");
        assert_eq!(say(gate.public, CHOICE.as_bytes()), 303);
        assert!(gate.page("/").whole);
    }
    assert_eq!(gate.admin_page("/readyz").status, 200);
    gate.signal("TERM");
    assert_eq!(gate.ends_within(PATIENCE).expect("it ends").code(), Some(0));
}

const CHOICE: &str = "POST /.consent/choice HTTP/1.1\r\nHost: a\r\nContent-Length: 13\r\n\
    Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\nchoice=accept";

fn try_page(gate: SocketAddr) -> Option<u16> {
    let mut stream = connect(gate);
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").ok()?;
    read_answer(&mut BufReader::new(stream)).map(|answer| answer.status)
}
