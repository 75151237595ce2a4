//! Bodies on their way: nothing waits that need not, nothing that was cut looks whole (promises 11, 12, 21).

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::common::{Gate, HOST, HTML, Origin, PATIENCE, Plan, Wire, head, page, response, undone};

/// Lets a test say when the site goes on.
struct Cue(Mutex<Receiver<()>>);

impl Cue {
    fn new() -> (Sender<()>, Self) {
        let (sender, receiver) = channel();
        (sender, Self(Mutex::new(receiver)))
    }

    fn wait(&self) {
        // A test that has ended, or failed, gives no cue any more.
        let _ = self.0.lock().unwrap().recv();
    }
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

#[test]
fn a_socket_through_the_gate_carries_bytes_both_ways_after_the_101_and_none_before() {
    let (cue, wait) = Cue::new();
    let origin = Origin::acting(move |request, wire| {
        assert_eq!(request.value("upgrade").as_deref(), Some("websocket"));
        assert_eq!(request.value("connection").map(|value| value.to_lowercase()).as_deref(), Some("upgrade"));
        wait.wait();
        wire.say(head(
            "101 Switching Protocols",
            &[("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Accept", "x")],
        ));
        while let line @ [_, ..] = &wire.read_until(b"\n")[..] {
            wire.say([b"echo ".as_slice(), line].concat());
        }
    });
    let gate = Gate::before(&origin);
    let ask = gate.get("/socket").with("Connection", "keep-alive, Upgrade").with("Upgrade", "websocket");
    let mut wire = ask.with("Sec-WebSocket-Key", "k").with("Sec-WebSocket-Version", "13").open();
    cue.send(()).unwrap();
    let answer = wire.read_head().unwrap();
    assert_eq!(answer.first, "HTTP/1.1 101 Switching Protocols");
    assert_eq!(answer.value("sec-websocket-accept").as_deref(), Some("x"));
    for word in ["one", "two", "\u{0}\u{ff}three"] {
        wire.say(format!("{word}\n"));
        assert_eq!(wire.read_until(b"\n"), format!("echo {word}\n").into_bytes());
    }
}

#[test]
fn an_upgrade_that_the_site_does_not_make_is_an_ordinary_answer() {
    let origin = Origin::answering(response("200 OK", &[("Content-Type", "text/plain")], "no sockets here"));
    let gate = Gate::before(&origin);
    let ask = gate.get("/socket").with("Connection", "close, Upgrade").with("Upgrade", "websocket");
    let answer = ask.send().expect(200);
    assert_eq!(answer.text(), "no sockets here");
    assert!(!answer.has("upgrade"));
}

#[test]
fn server_sent_events_arrive_one_by_one() {
    let (cue, wait) = Cue::new();
    let origin = Origin::acting(move |_, wire| {
        wire.say(head("200 OK", &[("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")]));
        for n in 0..3 {
            wire.say(chunk(&format!("data: {n}\n\n")));
            wait.wait();
        }
        wire.say("0\r\n\r\n");
    });
    let gate = Gate::before(&origin);
    let mut wire = gate.get("/events").with("Accept", "text/event-stream").open();
    assert_eq!(wire.read_head().unwrap().value("content-type").as_deref(), Some("text/event-stream"));
    for n in 0..3 {
        assert_eq!(
            wire.read_chunk(),
            format!("data: {n}\n\n").into_bytes(),
            "the next comes only after this one was read"
        );
        cue.send(()).unwrap();
    }
    assert_eq!(wire.read_chunk(), b"");
}

#[test]
fn a_page_that_pauses_is_shown_as_far_as_it_has_come() {
    for coding in ["identity", "gzip"] {
        let (cue, wait) = Cue::new();
        let origin = Origin::acting(move |_, wire| {
            let first =
                format!("<!doctype html><html><head><title>x</title></head><body><h1>Working</h1>{}", " ".repeat(2000));
            wire.say(head("200 OK", &[HTML, ("Transfer-Encoding", "chunked"), ("Content-Encoding", coding)]));
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            let mut say = |wire: &mut Wire, text: &str, last: bool| {
                use std::io::Write as _;
                let bytes = if coding == "identity" {
                    text.as_bytes().to_vec()
                } else {
                    encoder.write_all(text.as_bytes()).unwrap();
                    if last {
                        encoder.try_finish().unwrap();
                    } else {
                        encoder.flush().unwrap();
                    }
                    std::mem::take(encoder.get_mut())
                };
                wire.say([format!("{:x}\r\n", bytes.len()).as_bytes(), &bytes, b"\r\n"].concat());
            };
            say(wire, &first, false);
            wait.wait();
            say(wire, "<p>Done</body></html>", true);
            wire.say("0\r\n\r\n");
        });
        let gate = Gate::before(&origin);
        let mut wire = gate.page("/slow").open();
        wire.read_head().unwrap();
        let (mut shown, mut decoder) = (Vec::new(), flate2::write::GzDecoder::new(Vec::new()));
        while !String::from_utf8_lossy(&shown).contains("<h1>Working</h1>") {
            use std::io::Write as _;
            let chunk = wire.read_chunk();
            assert!(!chunk.is_empty(), "{coding}: the page ended before it was shown");
            if coding == "identity" {
                shown.extend(chunk);
            } else {
                decoder.write_all(&chunk).unwrap();
                decoder.flush().unwrap();
                shown.clone_from(decoder.get_ref());
            }
        }
        cue.send(()).unwrap();
        while !wire.read_chunk().is_empty() {}
    }
}

#[test]
fn an_upload_reaches_the_site_while_it_is_still_being_sent() {
    let (tell, first) = channel();
    let tell = Mutex::new(tell);
    let origin = Origin::acting(move |request, wire| {
        let length: usize = request.value("content-length").unwrap().parse().unwrap();
        let begun = wire.read_exactly(5);
        tell.lock().unwrap().send(begun).unwrap();
        let rest = wire.read_exactly(length - 5);
        wire.say(response("200 OK", &[("Content-Type", "text/plain")], format!("{} more", rest.len())));
    });
    let gate = Gate::before(&origin);
    let mut wire = gate.ask("POST", "/upload").with("Content-Length", "100005").open();
    wire.say("first");
    assert_eq!(first.recv_timeout(PATIENCE).expect("the site hears it before the end"), b"first");
    wire.say(vec![b'x'; 100_000]);
    let answer = wire.read_head().unwrap();
    assert!(answer.first.contains("200"));
    assert_eq!(wire.read_exactly(11), b"100000 more");
}

#[test]
fn a_form_arrives_byte_for_byte() {
    let origin = Origin::answering(response("303 See Other", &[("Location", "/done")], ""));
    let gate = Gate::before(&origin);
    let form: Vec<u8> = (0..70_000_u32).map(|n| (n % 251) as u8).collect();
    let ask = gate.ask("POST", "/apply").with("Content-Type", "multipart/form-data; boundary=x").body(&form);
    ask.send().expect(303);
    assert!(origin.last().body == form);
    assert_eq!(origin.last().head.value("content-type").as_deref(), Some("multipart/form-data; boundary=x"));
}

#[test]
fn a_site_that_breaks_off_is_never_a_whole_message() {
    let whole = format!("<!doctype html><html><body><p>{}</body></html>", "words ".repeat(4000));
    for (kind, cut) in
        [("text/html", 3000), ("text/html", whole.len() - 1), ("image/png", 3000), ("image/png", whole.len() - 1)]
    {
        for chunked in [false, true] {
            let body = whole[..cut].to_owned();
            let announced = whole.len().to_string();
            let origin = Origin::acting(move |_, wire| {
                if chunked {
                    wire.say(
                        head("200 OK", &[("Content-Type", kind), ("Transfer-Encoding", "chunked")]) + &chunk(&body),
                    );
                } else {
                    wire.say(head("200 OK", &[("Content-Type", kind), ("Content-Length", &announced)]) + &body);
                }
                wire.close();
            });
            let gate = Gate::before(&origin);
            let answer = gate.page("/").send();
            assert!(!answer.whole, "{kind} cut at {cut}, chunked: {chunked}");
            let kept = undone(&answer.body);
            assert!(whole.as_bytes().starts_with(kept.trim_ascii_end()) || kept.is_empty(), "nothing was made up");
        }
    }
}

#[test]
fn a_site_that_breaks_off_before_its_page_began_is_a_bad_gateway() {
    let origin = Origin::acting(|_, wire| {
        wire.say(head("200 OK", &[HTML, ("Content-Length", "500")]) + "<!doc");
        wire.close();
    });
    let answer = Gate::before(&origin).page("/").send().expect(502);
    assert!(answer.text().contains("<h1>"));
}

#[test]
fn bytes_after_a_response_never_reach_anyone() {
    let smuggled = response("200 OK", &[("Content-Type", "text/plain"), ("Set-Cookie", "_ga=1")], "smuggled");
    let first = response("200 OK", &[("Content-Type", "text/plain")], "first");
    let origin = Origin::answering([first, smuggled].concat());
    let gate = Gate::before(&origin);
    for _ in 0..20 {
        let answer = gate.get("/x").send();
        assert!(answer.text() == "first" && answer.whole, "{answer:?}");
    }
}

#[test]
fn a_request_larger_than_allowed_is_413_before_the_site_has_it_all() {
    let origin = Origin::answering(response("200 OK", &[], ""));
    let gate = Plan::before(origin.address).limits("body_bytes: 1KiB").start();
    let answer = gate.ask("POST", "/upload").body(vec![b'x'; 5000]).send();
    assert_eq!(answer.status, 413);
    assert_eq!(origin.received().len(), 0);
    gate.ask("POST", "/upload").body(vec![b'x'; 1024]).send().expect(200);
}

#[test]
fn two_visitors_on_one_connection_are_two_visitors() {
    let origin = Origin::answering(response("200 OK", &[HTML, ("Set-Cookie", "_ga=1")], "<!doctype html><p>x"));
    let gate = Gate::before(&origin);
    let accepted = gate.visitor("accept").unwrap();
    let mut wire = Wire::to(gate.address);
    for (cookie, set) in [(accepted.as_str(), true), ("x=1", false), (&accepted, true), ("x=1", false)] {
        wire.say(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nAccept: text/html\r\nCookie: {cookie}\r\n\r\n"));
        let answer = wire.read_head().unwrap();
        assert_eq!(answer.values("set-cookie").contains(&"_ga=1".to_owned()), set);
        while !wire.read_chunk().is_empty() {}
    }
}

#[test]
fn neither_early_hints_nor_trailers_carry_a_cookie_past_the_gate() {
    let origin = Origin::acting(|_, wire| {
        let early = [("Set-Cookie", "_ga=early"), ("Link", "<https://stats.example/a.js>; rel=preload")];
        wire.say(head("103 Early Hints", &early));
        wire.say(head(
            "200 OK",
            &[("Content-Type", "text/plain"), ("Transfer-Encoding", "chunked"), ("Trailer", "Set-Cookie")],
        ));
        wire.say(chunk("body") + "0\r\nSet-Cookie: _ga=late\r\n\r\n");
    });
    let gate = Gate::before(&origin);
    let mut wire = gate.get("/").with("TE", "trailers").open();
    let (all, _) = wire.read_rest();
    let all = String::from_utf8(all).unwrap();
    assert!(all.ends_with("0\r\n\r\n") && all.contains("body"), "{all}");
    assert!(!all.contains("_ga") && !all.contains("stats.example"), "{all}");
}

#[test]
fn a_client_of_the_old_protocol_gets_a_page_it_can_read() {
    let origin = Origin::answering(page("<!doctype html><p>x"));
    let gate = Gate::before(&origin);
    let mut wire = Wire::to(gate.address);
    wire.say(format!("GET / HTTP/1.0\r\nHost: {HOST}\r\nAccept: text/html\r\n\r\n"));
    let answer = wire.read_head().unwrap();
    assert!(!answer.has("transfer-encoding"), "{answer:?}");
    let (body, closed) = wire.read_rest();
    assert!(closed);
    assert_eq!(undone(&body), b"<!doctype html><p>x");
}

#[test]
fn a_client_that_waits_for_100_before_it_sends_is_told_to_go_on() {
    let origin = Origin::answering(response("200 OK", &[], "thanks"));
    let gate = Gate::before(&origin);
    let mut wire = gate.ask("POST", "/upload").with("Expect", "100-continue").with("Content-Length", "4").open();
    assert_eq!(wire.read_head().unwrap().first, "HTTP/1.1 100 Continue");
    wire.say("body");
    assert_eq!(wire.read_head().unwrap().first, "HTTP/1.1 200 OK");
    assert_eq!(origin.last().body, b"body");
}
