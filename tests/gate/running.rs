//! The running gate: modes, sites by host, reload, and what a visitor gets when the site cannot be had
//! (promises 15, 30, 35, 39).

use std::fs;
use std::net::TcpListener;

use crate::common::{Answer, Ask, Gate, HOST, HTML, Head, Origin, Plan, page, response, wait_until};

const PAGE: &str = "<!doctype html><html lang=en><body><script src=//stats.example/a.js></script><p>x</body></html>";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn site_of_everything() -> Origin {
    let date = ("Date", "Wed, 01 Jan 2025 00:00:00 GMT");
    Origin::telling(move |request| match request.path() {
        "/gzip" => {
            response("200 OK", &[date, HTML, ("Content-Encoding", "gzip"), ("ETag", "W/\"g\"")], gzip(PAGE.as_bytes()))
        }
        "/image" => response("200 OK", &[date, ("Content-Type", "image/png"), ("ETag", "\"i\"")], "\x00png"),
        "/moved" => response("302 Found", &[date, ("Location", "/"), ("Set-Cookie", "ad_1=1")], ""),
        "/no-transform" => response("200 OK", &[date, HTML, ("Cache-Control", "no-transform")], PAGE),
        "/json" => response("200 OK", &[date, HTML], "{\"a\":1}"),
        "/.consent/cookies" => response("404 Not Found", &[date, HTML], PAGE),
        _ => {
            let headers = [
                date,
                ("content-TYPE", "text/html"),
                ("Set-Cookie", "_ga=1; Domain=example.gov.uk"),
                ("X-Powered-By", "ASP.NET"),
                ("Set-Cookie", "ASP.NET_SessionId=2;path=/"),
                ("SET-COOKIE", "mystery=3"),
                ("ETag", "\"strong\""),
                ("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT"),
                ("Accept-Ranges", "bytes"),
                ("Cache-Control", "public, max-age=60"),
                ("Link", "<https://stats.example/a.js>; rel=preload"),
            ];
            response("200 OK", &headers, PAGE)
        }
    })
}

/// The lines as HTTP means them: what belongs to the connection is gone, and names have no case.
fn lines(head: &Head, own: &[&str]) -> Vec<(String, String)> {
    let lower = |(name, value): &(String, Vec<u8>)| (name.to_lowercase(), String::from_utf8(value.clone()).unwrap());
    let mut lines: Vec<_> = head.lines.iter().map(lower).filter(|(name, _)| !own.contains(&&**name)).collect();
    // Only lines of one name have an order (RFC 9110 section 5.3).
    lines.sort_by(|one, other| one.0.cmp(&other.0));
    lines
}

fn same_answer(through: &Answer, direct: &Answer, what: &str) {
    assert_eq!(through.head.first, direct.head.first, "{what}");
    assert_eq!(lines(&through.head, &["connection"]), lines(&direct.head, &["connection"]), "{what}");
    assert!(through.body == direct.body, "{what}: {}", through.text());
    assert!(through.whole && direct.whole);
}

fn compare_with_the_site_itself(mode: &'static str) -> (Origin, Gate) {
    let origin = site_of_everything();
    let gate = Plan::before(origin.address).mode(mode).start();
    for path in ["/", "/gzip", "/image", "/moved", "/no-transform", "/json", "/.consent/cookies", "/a%2Fb//c?q=%20&&"] {
        let ask: Ask = gate
            .page(path)
            .cookie("_ga=1; ASP.NET_SessionId=2 ;mystery")
            .cookie("consentgate=x")
            .with("Accept-Encoding", "gzip, dcb")
            .with("If-None-Match", "\"other\"")
            .with("Range", "bytes=0-")
            .with("X-MiXed", "Case");
        let direct = ask.clone().send_to(origin.address);
        let asked = origin.last();
        let through = ask.send();
        same_answer(&through, &direct, path);
        let relayed = origin.last();
        let own = ["connection", "x-consentgate", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"];
        assert_eq!(relayed.head.first, asked.head.first);
        assert_eq!(lines(&relayed.head, &own), lines(&asked.head, &own), "{path}: what the site was asked");
        assert_eq!(relayed.body, asked.body);
        assert!(relayed.head.lines.iter().any(|(name, _)| name == "X-MiXed"), "{:?}", relayed.head);
    }
    (origin, gate)
}

#[test]
fn observing_changes_no_byte_and_counts_what_would_be_held() {
    let (_origin, gate) = compare_with_the_site_itself("observe");
    for kind in ["cookie_request", "cookie_response", "tag"] {
        assert!(gate.counted("would_hold", kind) > 0, "{kind}");
        assert_eq!(gate.counted("held", kind), 0, "{kind}");
    }
}

#[test]
fn off_changes_no_byte_and_counts_nothing() {
    let (_origin, gate) = compare_with_the_site_itself("off");
    for kind in ["cookie_request", "cookie_response", "tag", "script"] {
        assert_eq!(gate.counted("would_hold", kind) + gate.counted("held", kind), 0, "{kind}");
    }
}

#[test]
fn enforcing_counts_what_is_held() {
    let origin = site_of_everything();
    let gate = Gate::before(&origin);
    gate.page("/").cookie("_ga=1").send().expect(200);
    for kind in ["cookie_request", "cookie_response", "tag"] {
        assert!(gate.counted("held", kind) > 0, "{kind}");
    }
}

#[test]
fn each_host_has_its_own_site_and_a_host_nobody_has_is_misdirected() {
    let (one, two, other) =
        (Origin::answering(page("<p>one")), Origin::answering(page("<p>two")), Origin::answering(page("<p>other")));
    let gate = Plan::before(one.address)
        .another_site("[\"*.example.gov.uk\", deep.example.org]", two.address)
        .another_site("[\"*.long.example.gov.uk\"]", other.address)
        .start();
    for (host, found) in [
        (HOST, "<p>one"),
        ("WWW.Example.GOV.uk:8080", "<p>one"),
        ("example.gov.uk", "<p>one"),
        ("planning.example.gov.uk", "<p>two"),
        ("a.b.example.gov.uk", "<p>two"),
        ("deep.example.org", "<p>two"),
        ("x.long.example.gov.uk", "<p>other"),
    ] {
        let answer = gate.page("/").with("Host", host).send().expect(200);
        assert!(answer.text().contains(found), "{host}: {}", answer.text());
    }
    for host in ["evil.example", "example.org", "notexample.gov.uk", "127.0.0.1", HOST.trim_start_matches("www.ex")] {
        let answer = gate.page("/").with("Host", host).send().expect(421);
        assert_eq!(answer.set_cookies(), [""; 0], "{host}");
        let asked = [&one, &two, &other]
            .iter()
            .any(|origin| origin.received().iter().any(|request| request.head.value("host").as_deref() == Some(host)));
        assert!(!asked, "no site is asked for {host}");
    }
}

#[test]
fn a_reload_puts_a_new_configuration_in_force_and_a_bad_file_changes_nothing() {
    let origin = Origin::answering(response("200 OK", &[HTML, ("Set-Cookie", "fresh=1")], PAGE));
    let gate = Gate::before(&origin);
    assert_eq!(gate.page("/").send().set_cookies(), [""; 0]);
    let good = fs::read_to_string(&gate.file).unwrap();

    let better = good.replace("    cookies:\n", "    cookies:\n      - { name: fresh, purpose: essential }\n");
    fs::write(&gate.file, &better).unwrap();
    gate.read_again();
    wait_until("the new rule is in force", || gate.page("/").send().set_cookies() == ["fresh=1"]);

    for broken in ["sites: [", "sites:\n  - hosts: [x.example]\n", &better.replace("cookies:", "cokies:"), ""] {
        fs::write(&gate.file, broken).unwrap();
        let refusals = || gate.log().matches("configuration not reloaded").count();
        let before = refusals();
        gate.read_again();
        wait_until("the file is refused", || refusals() > before);
        assert_eq!(gate.page("/").send().expect(200).set_cookies(), ["fresh=1"], "{broken}");
    }
    fs::write(&gate.file, &good).unwrap();
    gate.read_again();
    wait_until("the old rules are in force again", || gate.page("/").send().set_cookies().is_empty());
}

#[test]
fn a_reload_neither_breaks_a_request_under_way_nor_forgets_a_choice() {
    let origin = Origin::answering(page(PAGE));
    let gate = Gate::before(&origin);
    let accepted = gate.visitor("accept").unwrap();
    for _ in 0..20 {
        gate.read_again();
        let answer = gate.page("/").cookie(&accepted).send().expect(200);
        assert!(answer.text().contains("<script src=//stats.example/a.js>"));
    }
}

#[test]
fn a_site_that_is_down_gives_a_page_a_person_can_read() {
    let gate = Plan::before(Origin::absent()).start();
    for ask in [gate.page("/"), gate.page("/").with("Accept-Language", "cy"), gate.ask("POST", "/pay").body("x=1")] {
        let answer = ask.send().expect(502);
        let text = answer.text();
        assert_eq!(answer.value("content-type").as_deref(), Some("text/html; charset=utf-8"));
        assert_eq!(answer.value("cache-control").as_deref(), Some("no-store"));
        assert!(
            text.contains("<html") && text.contains("lang=\"en\"") && text.contains("<h1>") && text.contains("<title>"),
            "{text}"
        );
        assert!(!text.contains("127.0.0.1"), "nothing about our insides: {text}");
        assert_eq!(answer.set_cookies(), [""; 0]);
    }
    gate.page("/.consent/cookies").send().expect(200);
    gate.choose("choice=reject").send().expect(303);
}

#[test]
fn a_site_that_speaks_no_http_or_hangs_up_is_a_bad_gateway() {
    for words in [
        "",
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/1.1 banana\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n123456",
    ] {
        let origin = Origin::acting(move |_, wire| {
            wire.say(words);
            wire.close();
        });
        let answer = Gate::before(&origin).page("/").send();
        assert_eq!(answer.status, 502, "{words:?}: {answer:?}");
    }
}

#[test]
fn a_site_that_stays_silent_is_a_gateway_timeout() {
    let origin = Origin::acting(|_, wire| {
        // Until the gate hangs up.
        wire.read_rest();
    });
    let upstream = format!("{{ url: \"http://{}\", response_timeout: 200ms }}", origin.address);
    let gate = Plan::before(origin.address).upstream(&upstream).start();
    gate.page("/").send().expect(504);
}

#[test]
fn a_gate_that_points_at_itself_stops_at_the_first_round() {
    // Its own port is known only once it runs, so the site is told by a reload.
    let origin = Origin::answering(page(PAGE));
    let gate = Gate::before(&origin);
    let yaml = fs::read_to_string(&gate.file).unwrap();
    fs::write(&gate.file, yaml.replace(&origin.address.to_string(), &gate.address.to_string())).unwrap();
    gate.read_again();
    wait_until("the gate asks itself", || gate.page("/").send().status == 508);
    assert!(gate.log_line("came back to the gate").contains(HOST));
}

#[test]
fn limits_have_answers_of_their_own() {
    let origin = Origin::answering(page(PAGE));
    let gate = Gate::before(&origin);
    assert_eq!(gate.page(&format!("/{}", "a".repeat(9000))).send().status, 414);
    let many = (0..120).fold(gate.page("/"), |ask, n| ask.adding(&format!("X-{n}"), "1"));
    assert_eq!(many.send().status, 431);
    assert_eq!(gate.page("/").with("X-Large", &"a".repeat(80_000)).send().status, 431);
    assert_eq!(gate.page("/").without("Host").send().status, 400);
    assert_eq!(gate.page("/").adding("Host", "other.example").send().status, 400);
    assert_eq!(gate.ask("TRACE", "/").send().status, 405);
    assert_eq!(gate.ask("CONNECT", "example.org:443").send().status, 405);
    assert_eq!(origin.received().len(), 0, "the site hears of none of them");
}

#[test]
fn the_site_is_told_once_who_asks_whatever_the_visitor_claims() {
    let origin = Origin::answering(page(PAGE));
    let gate = Gate::before(&origin);
    let ask = gate.page("/").with("X-Forwarded-For", "6.6.6.6").adding("X-Forwarded-For", "7.7.7.7");
    ask.with("Forwarded", "for=6.6.6.6")
        .with("X-Real-IP", "6.6.6.6")
        .with("X-Forwarded-Host", "evil.example")
        .with("X-Forwarded-Proto", "https")
        .send()
        .expect(200);
    let told = origin.last().head;
    assert_eq!(told.value("x-forwarded-for").as_deref(), Some("127.0.0.1"));
    assert_eq!(told.value("x-forwarded-proto").as_deref(), Some("http"));
    assert_eq!(told.value("x-forwarded-host").as_deref(), Some(HOST));
    assert_eq!(told.value("host").as_deref(), Some(HOST));
    assert!(told.value("x-consentgate").unwrap().starts_with("consentgate-"));
    assert!(!told.has("forwarded") && !told.has("x-real-ip"));
}

#[test]
fn the_log_names_no_visitor_and_no_value() {
    let origin = Origin::answering(response("200 OK", &[HTML, ("Set-Cookie", "_ga=GA1.secret")], PAGE));
    let gate = Gate::before(&origin);
    let accepted = gate.visitor("accept").unwrap();
    gate.page("/bins?email=jane@example.org").cookie("_ga=GA1.secret").send().expect(200);
    gate.page("/").cookie(&accepted).with("Authorization", "Basic amFuZQ==").send().expect(200);
    gate.choose("choice=banana").send().expect(400);
    gate.log_line("held");
    for secret in ["GA1.secret", "jane", "amFuZQ", accepted.split_once('=').unwrap().1] {
        assert!(!gate.log().contains(secret), "{secret} in the log:\n{}", gate.log());
    }
}

#[test]
fn the_admin_listener_cannot_be_reached_from_the_public_side() {
    let origin = Origin::answering(response("404 Not Found", &[HTML], "<!doctype html><p>the site's own"));
    let gate = Gate::before(&origin);
    for path in
        ["/metrics", "/healthz", "/readyz", "/api/stats", "/api/inventory", "/config", "/ledger", "/sites/x", "/login"]
    {
        assert!(gate.page(path).send().text().contains("the site's own"), "{path}");
    }
    assert_eq!(gate.page("/").with("Host", &gate.admin.to_string()).send().status, 421);
    let absolute = format!("http://{}/metrics", gate.admin);
    assert_eq!(gate.ask("GET", &absolute).send().status, 421);
}

#[test]
fn a_port_that_is_taken_is_said_at_the_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gate.yaml");
    let place = folder.path().display();
    let yaml = format!(
        "listeners: [ {{ address: \"{}\" }} ]\nadmin: {{ address: \"127.0.0.1:0\" }}\nledger: {{ url: \"sqlite:{place}/l.db\" }}\n\
         signing_key_file: \"{place}/k\"\nsites:\n  - {{ hosts: [{HOST}], upstream: \"http://127.0.0.1:9\" }}\n",
        taken.local_addr().unwrap()
    );
    fs::write(&file, yaml).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_consentgate"));
    let out = command.args(["serve", "--config"]).arg(&file).output().unwrap();
    assert_eq!(out.status.code(), Some(1));
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(said.contains(&taken.local_addr().unwrap().to_string()), "{said}");
}

#[test]
fn what_nobody_has_classified_is_named_so_that_somebody_can() {
    let body = "<!doctype html><body><script src=\"https://pay.unknown.example/p.js\"></script>\
                <iframe src=\"https://www.youtube.com/embed/x\"></iframe>";
    let set = ["MyCouncilSession=1; Path=/", "Weird=2; Max-Age=600"];
    let lines: Vec<_> = [HTML].into_iter().chain(set.map(|line| ("Set-Cookie", line))).collect();
    let origin = Origin::answering(response("200 OK", &lines, body));
    let gate = Plan::before(origin.address).mode("observe").start();
    gate.page("/").cookie("made-up-by-a-visitor=1").send().expect(200);
    let stats = gate.stats().to_string();
    for named in ["unclassified: MyCouncilSession", "unclassified: Weird", "unclassified: pay.unknown.example"] {
        assert!(stats.contains(named), "{named}: {stats}");
    }
    assert_eq!(gate.counted("passed", "tag"), 1);
    assert!(!stats.contains("made-up"), "a visitor's own words are not counted by: {stats}");
}

#[test]
fn the_notice_names_the_companies_whose_tags_were_seen() {
    let body = "<!doctype html><body><iframe src=\"https://www.youtube.com/embed/x\"></iframe>";
    let origin = Origin::answering(page(body));
    let gate = Gate::before(&origin);
    gate.page("/").send().expect(200);
    assert!(gate.page("/").send().expect(200).text().contains("YouTube."));
}
