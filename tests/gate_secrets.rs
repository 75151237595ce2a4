//! What visitors and sites entrust to the gate stays out of its log, its metrics, its error pages and the ledger
//! (promise 18). Every value that must not be told carries a mark; traffic that makes the gate talk is sent; then
//! everything it said is searched for the mark.

#[allow(dead_code, reason = "each test file uses a part of it")]
#[path = "common/ops.rs"]
mod ops;

use std::io::Write as _;
use std::net::TcpStream;

use ops::{Gate, Origin, PATIENCE, Place, ask, page, run, soon, with_config};

/// In every cookie value, query, password, form field and inline script.
const MARK: &str = "s3cr3t";
const VISITOR: &str = "203.0.113.77";
const VISITOR6: &str = "2001:db8:a:b:c:d:e:f";

/// Pages that make the gate hold, abandon and complain.
fn site(line: &str, stream: &mut TcpStream) {
    let path = line.split([' ', '?']).nth(1).unwrap_or_default();
    let answer = match path {
        "/xhtml" => typed("application/xhtml+xml", "<html xmlns='http://www.w3.org/1999/xhtml'>s3cr3t</html>"),
        "/coding" => typed("text/html\r\nContent-Encoding: s3cr3t", "<html>"),
        "/bad-gzip" => typed("text/html\r\nContent-Encoding: gzip", "s3cr3t s3cr3t s3cr3t"),
        "/charset" => typed("text/html; charset=utf-16", "<html>s3cr3t"),
        "/bad-header" => "HTTP/1.1 200 OK\r\nSet-Cookie: a=s3cr3t\0\r\n\r\n".into(),
        "/bad-line" => "s3cr3t s3cr3t s3cr3t\r\n\r\n".into(),
        "/silent" => String::new(),
        "/half" => page(HTML).replace("Content-Length: ", "Content-Length: 9"),
        _ => page(HTML).replace("\r\n\r\n", COOKIES),
    };
    let _ = stream.write_all(answer.as_bytes());
}

const COOKIES: &str = "\r\nSet-Cookie: _ga=s3cr3t; Path=/\r\nSet-Cookie: nobody-knows=s3cr3t; Domain=s3cr3t.example\r\n\
    Set-Cookie: s3cr3t-without-a-name\r\nSet-Cookie: =s3cr3t\r\nSet-Cookie: _gid=\"s3cr3t; Path=/a?s3cr3t\r\n\r\n";

const HTML: &str = "<!DOCTYPE html><html><head><title>Bins</title>\
    <script src='https://www.google-analytics.com/analytics.js?tid=s3cr3t#s3cr3t'></script>\
    <script src='https://visitor:s3cr3t@www.googletagmanager.com/gtag/js?id=s3cr3t'></script>\
    <script>(function(){ var token = 's3cr3t'; ga('create', 's3cr3t'); fbq('init', 's3cr3t') })()</script>\
    </head><body><img src='https://www.facebook.com/tr?id=s3cr3t'><img src='https://unheard-of.example/p.gif?u=s3cr3t'>\
    <iframe src='//www.youtube.com/embed/x?s3cr3t'></iframe><img srcset='https://stats.g.doubleclick.net/a?s3cr3t 2x'>\
    </body></html>";

fn typed(content_type: &str, body: &str) -> String {
    page(body).replace("text/html; charset=utf-8", content_type)
}

fn visitor_headers() -> String {
    format!(
        "Host: a.example\r\nAccept: text/html\r\nX-Forwarded-For: {VISITOR}\r\nAuthorization: Bearer {MARK}\r\n\
         Cookie: _ga={MARK}; nobody-knows={MARK}; {MARK}-without-a-name; ={MARK}; consentgate={MARK}\r\n\
         Referer: https://a.example/?q={MARK}\r\nConnection: close\r\n"
    )
}

#[test]
fn values_queries_and_addresses_of_visitors_are_told_to_nobody() {
    for mode in ["enforce", "observe"] {
        let origin = Origin::new(site);
        let place = Place::new(origin.address);
        place.edit("mode: enforce", &format!("mode: {mode}"));
        place.edit("\"127.0.0.1:0\" }]", "\"127.0.0.1:0\", trusted_proxies: [127.0.0.0/8] }]");
        let gate = Gate::start(&place);
        talk(&gate);
        assert!(gate.says("page not rewritten", PATIENCE), "the traffic makes it talk: {}", gate.said());
        assert!(gate.says("broke off", PATIENCE), "{}", gate.said());
        let admin =
            ["/", "/metrics", "/api/stats", "/api/report", "/api/inventory"].map(|page| gate.admin_page(page).text());
        let export = run(&with_config(&["ledger", "export"], &place.config())).out;
        for told in admin.iter().chain([&gate.said(), &export]) {
            silent_about(told, &[MARK, VISITOR, VISITOR6]);
        }
        assert!(gate.said().contains("google-analytics.com"), "what was held is told: {}", gate.said());
    }
}

fn talk(gate: &Gate) {
    let headers = visitor_headers();
    let pages = ["/", "/xhtml", "/coding", "/bad-gzip", "/charset", "/bad-header", "/bad-line", "/half", "/silent"];
    for path in pages {
        let answer = ask(gate.public, format!("GET {path}?token={MARK} HTTP/1.1\r\n{headers}\r\n"));
        if answer.status >= 400 {
            silent_about(&answer.text(), &[MARK]);
        }
    }
    let six = headers.replace(VISITOR, VISITOR6);
    let chunked = "Transfer-Encoding: chunked\r\n\r\n5\r\ns3cr3t\r\n";
    for request in [
        format!("GET /?{MARK} HTTP/1.1\r\n{six}\r\n"),
        format!("GET /.consent/{MARK} HTTP/1.1\r\n{six}\r\n"),
        format!("GET http://visitor:{MARK}@a.example/ HTTP/1.1\r\n{six}\r\n"),
        format!("GET / HTTP/1.1\r\n{headers}Bad Header: {MARK}\r\n\r\n"),
        format!("POST /{MARK} HTTP/1.1\r\n{headers}{chunked}"),
        choice(&headers, &format!("choice={MARK}")),
        choice(&headers, &format!("choice=accept&return=/x?token={MARK}")),
        choice(&headers, &format!("choice=save&purpose={MARK}&return=/{MARK}")),
        choice(&format!("Origin: https://{MARK}.example\r\n{headers}"), "choice=accept"),
    ] {
        ask(gate.public, request);
    }
}

fn choice(headers: &str, form: &str) -> String {
    let form_headers = format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}", form.len());
    format!("POST /.consent/choice HTTP/1.1\r\n{headers}{form_headers}\r\n\r\n{form}")
}

fn silent_about(told: &str, secrets: &[&str]) {
    for secret in secrets {
        let line = told.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} has been told");
    }
}

#[test]
fn passwords_and_keys_in_a_refused_file_are_not_shown() {
    let nowhere = ([127, 0, 0, 1], 9).into();
    let faults = [
        ("ledger: { url: \"sqlite:", "ledger: { url: \"postgres://gate:s3cr3t@10.0.0.9/x?password=s3cr3t#"),
        ("upstream: http://", "upstream: http://gate:s3cr3t@"),
        ("signing_key_file: \"", "signing_key: \"s3cr3t"),
        ("workers: 2", "password: s3cr3t"),
        ("workers: 2", "workers: s3cr3t"),
        ("workers: 2", "limits: { drain: s3cr3t }"),
        ("workers: 2", "workers: 2\npassword: \"s3cr3t"),
        ("mode: enforce", "mode: s3cr3t"),
    ];
    let mut told = Vec::new();
    for (from, to) in faults {
        let place = Place::new(nowhere);
        place.edit(from, to);
        let said = run(&with_config(&["serve"], &place.config()));
        assert_eq!(said.code, Some(2), "{to}: {said:?}");
        if to.contains("mode") || to.contains("workers: s") || to.contains("drain") {
            // A misspelt word of no secret key is shown: that is how its fault is found.
            continue;
        }
        told.extend(said.err.contains(MARK).then(|| format!("{to}:\n{}", said.err)));
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn a_password_in_a_file_that_is_reloaded_is_not_shown() {
    let place = Place::new(([127, 0, 0, 1], 9).into());
    let gate = Gate::start(&place);
    place.edit("ledger: { url: \"sqlite:", "ledger: { url: \"postgres://gate:s3cr3t@10.0.0.9/x?password=s3cr3t#");
    assert!(gate.says("not reloaded", PATIENCE));
    gate.signal("HUP");
    let faults = || gate.said().matches("not reloaded").count() > 1;
    assert!(soon(PATIENCE, faults), "{}", gate.said());
    silent_about(&gate.said(), &[MARK]);
}

#[test]
fn the_key_is_for_the_gate_alone_and_shown_nowhere() {
    use std::os::unix::fs::PermissionsExt as _;
    let origin = Origin::plain();
    let place = Place::new(origin.address);
    let gate = Gate::start(&place);
    let key = std::fs::read_to_string(place.path("gate.key")).expect("made at the start");
    for file in ["gate.key", "ledger.db"] {
        let mode = std::fs::metadata(place.path(file)).expect("made at the start").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file} is for its owner alone");
    }
    let answer = ask(gate.public, choice(&visitor_headers(), "choice=accept"));
    assert_eq!(answer.status, 303);
    silent_about(&(gate.said() + &answer.head), &[key.trim()]);
}
