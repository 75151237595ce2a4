//! Observe mode changes no byte: whole responses, through an observing gate and from the site itself, compared.
//!
//! What may differ is what every proxy has to change (docs/protocol.md): `Connection`, what frames a body on its
//! connection, and trailers. Bodies are compared as they came, still compressed.

use std::io::Write as _;

use crate::common::{Answer, Ask, Gate, HTML, Head, Origin, Plan, head, response};
use crate::cookies::{KINDS, anything};

/// The gate has something to hold in all of them.
const PAGE: &str = "<!doctype html><html lang=en><head><meta charset=utf-8><title>\u{e9}</title>\
    <script src=\"https://stats.example/a.js\"></script></head><body onload=\"ga('send', 'pageview')\">\
    <script>ga('create', 'UA-1', 'auto');</script><iframe src=//ads.example/f></iframe><p>x</body></html>";

const CODINGS: [&str; 5] = ["gzip", "deflate", "br", "zstd", "identity"];
const FRAMINGS: [&str; 4] = ["length", "chunked", "closed", "trailers"];

fn encoded(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let quick = flate2::Compression::fast();
    match coding {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), quick);
            encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap()
        }
        "deflate" => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), quick);
            encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap()
        }
        "br" => {
            let mut out = Vec::new();
            brotli::CompressorWriter::new(&mut out, 4096, 5, 22).write_all(bytes).unwrap();
            out
        }
        "zstd" => zstd::encode_all(bytes, 3).unwrap(),
        _ => bytes.to_vec(),
    }
}

/// The same page in every coding and framing: `/br/chunked`.
fn framed(coding: &str, framing: &str) -> Vec<u8> {
    let body = encoded(coding, PAGE.as_bytes());
    let mut headers = vec![HTML, ("Set-Cookie", "_ga=1"), ("ETag", "\"x\""), ("Vary", "Accept-Encoding")];
    if coding != "identity" {
        headers.push(("Content-Encoding", coding));
    }
    let chunks = || -> Vec<u8> {
        let chunk = |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
        body.chunks(7).flat_map(chunk).collect()
    };
    match framing {
        "length" => response("200 OK", &headers, &body),
        "chunked" => {
            headers.push(("Transfer-Encoding", "chunked"));
            [head("200 OK", &headers).into_bytes(), chunks(), b"0\r\n\r\n".to_vec()].concat()
        }
        "trailers" => {
            headers.extend([("Transfer-Encoding", "chunked"), ("Trailer", "Set-Cookie")]);
            [head("200 OK", &headers).into_bytes(), chunks(), b"0\r\nSet-Cookie: late=1\r\n\r\n".to_vec()].concat()
        }
        _ => {
            headers.push(("Connection", "close"));
            [head("200 OK", &headers).into_bytes(), body].concat()
        }
    }
}

/// Pages that the gate would have to fence, or that are none.
fn odd(path: &str) -> Option<Vec<u8>> {
    let typed = |content_type, body: &[u8]| response("200 OK", &[("Content-Type", content_type)], body);
    Some(match path {
        "/xhtml" => typed(
            "application/xhtml+xml",
            b"<html xmlns='http://www.w3.org/1999/xhtml'><script src='//stats.example/a'/></html>",
        ),
        "/utf-16" => {
            typed("text/html; charset=utf-16le", &PAGE.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())
        }
        "/latin1" => typed("text/html; charset=iso-8859-1", b"<!doctype html><p>\xe9\xff<img src=//ads.example/p>"),
        "/untyped" => response("200 OK", &[], PAGE),
        "/no-transform" => response("200 OK", &[HTML, ("Cache-Control", "no-transform, max-age=1")], PAGE),
        "/not-gzip" => response("200 OK", &[HTML, ("Content-Encoding", "gzip")], PAGE),
        "/cut-gzip" => {
            response("200 OK", &[HTML, ("Content-Encoding", "gzip")], &encoded("gzip", PAGE.as_bytes())[..40])
        }
        "/twice" => response(
            "200 OK",
            &[HTML, ("Content-Encoding", "gzip, br")],
            encoded("br", &encoded("gzip", PAGE.as_bytes())),
        ),
        "/blank" => response("200 OK", &[HTML], "\n".repeat(70_000)),
        "/empty" => response("200 OK", &[HTML], ""),
        "/large" => response("200 OK", &[HTML], PAGE.repeat(3000)),
        "/events" => typed("text/event-stream", b"data: x\n\n"),
        "/policies" => response(
            "200 OK",
            &[
                HTML,
                ("Content-Security-Policy", "default-src 'self'; report-uri https://stats.example/r"),
                ("Refresh", "9; url=https://ads.example/"),
                ("Link", "<https://stats.example/a.js>; rel=preload; as=script, <nonsense"),
                ("link", "</own.css>; rel=preload; as=style"),
                ("NEL", "{\"report_to\":\"x\"}"),
                ("Report-To", "{\"endpoints\":[{\"url\":\"https://stats.example/\"}]}"),
                ("Alt-Svc", "h3=\":443\""),
                ("Observe-Browsing-Topics", "?1"),
                ("Set-Cookie2", "old=1"),
                ("X-Odd", "\u{e9}\u{a0}"),
                ("Server", ""),
            ],
            PAGE,
        ),
        _ => return None,
    })
}

const ODD: [&str; 13] = [
    "/xhtml",
    "/utf-16",
    "/latin1",
    "/untyped",
    "/no-transform",
    "/not-gzip",
    "/cut-gzip",
    "/twice",
    "/blank",
    "/empty",
    "/large",
    "/events",
    "/policies",
];

/// A moment that is always the same: a gate that made a date of its own would be seen to.
fn dated(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.windows(2).position(|two| two == b"\r\n").unwrap() + 2;
    [&bytes[..end], b"Date: Wed, 01 Jan 2025 00:00:00 GMT\r\n", &bytes[end..]].concat()
}

fn site() -> Origin {
    Origin::acting(|request, wire| {
        let length = request.value("content-length").map_or(0, |length| length.parse().unwrap());
        wire.read_exactly(length);
        let target = request.first.split(' ').nth(1).unwrap();
        let path = target.split('?').next().unwrap();
        let parts: Vec<_> = path.trim_start_matches('/').split('/').collect();
        let answer = match parts[..] {
            [coding, framing] if CODINGS.contains(&coding) => framed(coding, framing),
            _ => odd(path).unwrap_or_else(|| anything(path)),
        };
        wire.say(dated(&answer));
        if path.ends_with("/closed") {
            wire.close();
        }
    })
}

/// What HTTP means by the lines: those of the connection are gone, names have no case, and only lines of one name have an
/// order (RFC 9110 sections 5.1, 5.3, 7.6.1).
fn lines(head: &Head) -> Vec<(String, Vec<u8>)> {
    let own = ["connection", "transfer-encoding", "trailer"];
    let lines = head.lines.iter().map(|(name, value)| (name.to_lowercase(), value.clone()));
    let mut lines: Vec<_> = lines.filter(|(name, _)| !own.contains(&&**name)).collect();
    lines.sort_by(|one, other| one.0.cmp(&other.0));
    lines
}

/// Trailers are the one thing of a message that is dropped: what stands before them has to be whole.
fn is_same(through: &Answer, direct: &Answer, what: &str) {
    assert_eq!(through.head.first, direct.head.first, "{what}");
    assert_eq!(lines(&through.head), lines(&direct.head), "{what}");
    assert!(through.body == direct.body, "{what}: {} bytes, not {}", through.body.len(), direct.body.len());
    assert!(through.whole, "{what}: {:?}", through.head);
}

fn asks(gate: &Gate, path: &str) -> Vec<Ask> {
    let with = |ask: Ask| {
        ask.cookie("_ga=1; mystery=2; ASP.NET_SessionId=3").with("Accept-Encoding", "br, gzip;q=0.5, zstd, deflate")
    };
    let post = gate.ask("POST", path).with("Accept", "text/html").body("a=1&b=\u{e9}");
    vec![
        with(gate.page(path)),
        with(gate.page(path)).with("Sec-Fetch-Dest", "iframe"),
        with(gate.get(path)).with("Sec-Fetch-Dest", "empty"),
        with(post),
    ]
}

fn compare(gate: &Gate, origin: &Origin, paths: impl IntoIterator<Item = String>) {
    for path in paths {
        for ask in asks(gate, &path) {
            let direct = ask.clone().send_to(origin.address);
            is_same(&ask.send(), &direct, &path);
        }
    }
}

fn observed(lines: &[&str]) -> (Origin, Gate) {
    let origin = site();
    let plan = lines.iter().fold(Plan::before(origin.address).mode("observe"), |plan, line| plan.line(line));
    (origin, plan.start())
}

#[test]
fn every_kind_of_response_is_the_sites_own() {
    let (origin, gate) = observed(&[]);
    compare(&gate, &origin, KINDS.map(String::from));
    let head = gate.ask("HEAD", "/head");
    is_same(&head.clone().send(), &head.send_to(origin.address), "HEAD");
    assert!(gate.counted("would_hold", "cookie_response") > 0);
}

#[test]
fn every_coding_in_every_framing_is_the_sites_own() {
    let (origin, gate) = observed(&[]);
    let paths = CODINGS.iter().flat_map(|coding| FRAMINGS.map(|framing| format!("/{coding}/{framing}")));
    compare(&gate, &origin, paths);
    assert!(gate.counted("would_hold", "tag") > 0 && gate.counted("would_hold", "script") > 0, "it was looked at");
}

#[test]
fn pages_that_could_not_be_rewritten_are_the_sites_own() {
    let (origin, gate) = observed(&[]);
    compare(&gate, &origin, ODD.map(String::from));
}

/// Whatever else the site asks for, too.
#[test]
fn with_every_setting_that_acts_in_enforce_mode_it_is_still_the_sites_own() {
    let (origin, gate) =
        observed(&["csp: strict", "replace_banner: true", "unclassified: { cookies: hold, tags: hold }"]);
    let paths = KINDS.into_iter().chain(ODD).map(String::from);
    compare(&gate, &origin, paths.chain(["/br/chunked".into(), "/identity/length".into()]));
}
