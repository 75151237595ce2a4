//! No cookie that needs consent leaves or enters without it; every other one passes as it is (promise 1, C1–C15).

use std::collections::BTreeSet;

use crate::common::{Gate, HOST, HTML, Origin, Plan, head, page, response};

const ESSENTIAL: [&str; 4] = [
    "ASP.NET_SessionId=abc; path=/; HttpOnly",
    "basket=3%2C4;  Path=/shop;Expires=Wed, 09 Jun 2038 10:18:14 GMT ; x",
    "ASP.NET_SessionId=other; path=/account",
    "basket-2=\"a b\"; SameSite=Lax",
];
const OTHERS: [&str; 8] = [
    "_ga=GA1.2.3; Domain=example.gov.uk; Expires=Wed, 09 Jun 2038 10:18:14 GMT",
    "theme=dark; path=/",
    "_ga_X1=GS1; Max-Age=63072000",
    "ad_id=77; Domain=.example.gov.uk",
    "mystery=1; path=/; HttpOnly",
    "asp.net_sessionid=another case is another cookie",
    "nameless",
    "=_ga=smuggled",
];

/// The two mixed, the way a site would.
fn mixed() -> Vec<&'static str> {
    let mut lines = OTHERS.to_vec();
    for (place, line) in ESSENTIAL.iter().enumerate() {
        lines.insert(place * 2 + 1, line);
    }
    lines
}

fn setting<'l>(headers: &[(&'l str, &'l str)], lines: &[&'l str]) -> Vec<(&'l str, &'l str)> {
    headers.iter().copied().chain(lines.iter().map(|line| ("Set-Cookie", *line))).collect()
}

/// Every kind of response, under its own path.
pub(super) fn anything(path: &str) -> Vec<u8> {
    let lines = mixed();
    let with = |headers: &[(&'static str, &'static str)]| setting(headers, &lines);
    let png = ("Content-Type", "image/png");
    match path {
        "/200" => response("200 OK", &with(&[HTML]), "<!doctype html><p>200"),
        "/204" => head("204 No Content", &with(&[])).into_bytes(),
        "/206" => response("206 Partial Content", &with(&[png, ("Content-Range", "bytes 0-2/9")]), "png"),
        "/302" => response("302 Found", &with(&[("Location", "/200")]), ""),
        "/304" => head("304 Not Modified", &with(&[("ETag", "\"x\"")])).into_bytes(),
        "/401" => response("401 Unauthorized", &with(&[("WWW-Authenticate", "Basic realm=\"x\"")]), "no"),
        "/404" => response("404 Not Found", &with(&[HTML]), "<!doctype html><p>404"),
        "/500" => response("500 Internal Server Error", &with(&[HTML]), "<!doctype html><p>500"),
        "/image" => response("200 OK", &with(&[png]), "png"),
        "/json" => response("200 OK", &with(&[("Content-Type", "application/json")]), "{}"),
        "/download" => {
            let attached = ("Content-Disposition", "attachment; filename=minutes.pdf");
            response("200 OK", &with(&[("Content-Type", "application/pdf"), attached]), "%PDF")
        }
        "/script" => response("200 OK", &with(&[("Content-Type", "text/javascript")]), "x=1"),
        "/fenced" => response("200 OK", &with(&[HTML, ("Content-Encoding", "dcb")]), "????"),
        "/endless" => {
            [head("200 OK", &with(&[HTML, ("Transfer-Encoding", "chunked")])).as_bytes(), b"0\r\n\r\n"].concat()
        }
        "/head" => head("200 OK", &with(&[HTML, ("Content-Length", "21")])).into_bytes(),
        other => panic!("no response for {other}"),
    }
}

pub(super) const KINDS: [&str; 14] = [
    "/200",
    "/204",
    "/206",
    "/302",
    "/304",
    "/401",
    "/404",
    "/500",
    "/image",
    "/json",
    "/download",
    "/script",
    "/fenced",
    "/endless",
];

#[test]
fn no_cookie_that_needs_consent_leaves_in_any_response() {
    let origin = Origin::telling(|request| anything(request.path()));
    let gate = Gate::before(&origin);
    for choice in ["undecided", "reject", "accept"] {
        let visitor = gate.visitor(choice);
        let expected: Vec<_> = if choice == "accept" { mixed() } else { ESSENTIAL.to_vec() };
        let asks = KINDS.iter().flat_map(|kind| {
            [gate.page(kind), gate.get(kind), gate.get(kind).with("Sec-Fetch-Dest", "empty"), gate.ask("POST", kind)]
        });
        for ask in asks.chain([gate.ask("HEAD", "/head")]) {
            let answer = ask.from(visitor.as_ref()).send();
            assert!(answer.whole, "{answer:?}");
            assert_eq!(answer.set_cookies(), expected, "{choice}: {:?}", answer.head.first);
        }
    }
}

#[test]
fn the_first_word_of_an_upgrade_carries_no_cookie_that_needs_consent_either() {
    let origin = Origin::acting(|_, wire| {
        let upgrade = [("Connection", "Upgrade"), ("Upgrade", "websocket")];
        wire.say(head("101 Switching Protocols", &setting(&upgrade, &mixed())));
        wire.say("welcome");
        wire.close();
    });
    let gate = Gate::before(&origin);
    for (choice, expected) in [("undecided", ESSENTIAL.to_vec()), ("reject", ESSENTIAL.to_vec()), ("accept", mixed())] {
        let visitor = gate.visitor(choice);
        let ask = gate.get("/socket").with("Connection", "Upgrade").with("Upgrade", "websocket");
        let mut wire = ask.from(visitor.as_ref()).open();
        let answer = wire.read_head().unwrap();
        assert!(answer.first.starts_with("HTTP/1.1 101"), "{answer:?}");
        assert_eq!(answer.values("set-cookie"), expected);
        assert_eq!(wire.read_rest().0, b"welcome");
    }
}

#[test]
fn an_essential_cookie_on_plain_http_keeps_attributes_the_gate_has_no_use_for() {
    let odd = "basket=1; Path=/; Secure; SameSite=None; Partitioned; Priority=High; Domain=WWW.Example.Gov.UK";
    let origin = Origin::answering(response("200 OK", &[HTML, ("Set-Cookie", odd)], "<!doctype html><p>x"));
    assert_eq!(Gate::before(&origin).page("/").send().set_cookies(), [odd]);
}

#[test]
fn a_visitor_who_agreed_to_one_purpose_gets_the_cookies_of_that_one_only() {
    let origin = Origin::telling(|request| anything(request.path()));
    let gate = Gate::before(&origin);
    let saved = gate.choose("choice=save&purpose=analytics").with("Accept", "application/json").send().expect(200);
    let answer = gate.page("/200").from(saved.choice_cookie().as_ref()).send();
    let expected: Vec<_> = mixed()
        .into_iter()
        .filter(|line| ESSENTIAL.contains(line) || line.trim_start_matches('=').starts_with("_ga"))
        .collect();
    assert_eq!(answer.set_cookies(), expected);
}

#[test]
fn thirteen_hundred_and_forty_six_cookies_in_one_response_are_judged_one_by_one() {
    let lines: Vec<String> = (0..1346)
        .map(|n| if n % 3 == 0 { format!("basket{n}={n}; Path=/{n}") } else { format!("_ga_{n}={n}") })
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let essential: Vec<&str> = lines.iter().copied().filter(|line| line.starts_with("basket")).collect();
    let origin = Origin::answering(response("200 OK", &setting(&[HTML], &lines), "<!doctype html><p>x"));
    let gate = Gate::before(&origin);
    let accepted = gate.visitor("accept");
    assert_eq!(gate.page("/").send().expect(200).set_cookies(), essential);
    assert_eq!(gate.page("/").from(accepted.as_ref()).send().expect(200).set_cookies(), lines);
}

#[test]
fn of_a_hundred_and_eighty_cookies_in_several_lines_the_site_gets_the_essential_ones() {
    let origin = Origin::answering(page("<!doctype html><p>x"));
    let gate = Gate::before(&origin);
    let pair = |n: u32| if n.is_multiple_of(4) { format!("basket{n}={n}") } else { format!("_ga_{n}={n}") };
    let lines: Vec<Vec<String>> = (0..6).map(|line| (line * 30..line * 30 + 30).map(pair).collect()).collect();
    let ask = lines.iter().fold(gate.page("/"), |ask, line| ask.cookie(&line.join("; ")));
    let accepted = gate.visitor("accept").unwrap();

    ask.clone().send().expect(200);
    let kept: Vec<String> = (0..180).filter(|n| n % 4 == 0).map(pair).collect();
    assert_eq!(origin.last().head.values("cookie").join("; "), kept.join("; "));

    ask.cookie(&accepted).send().expect(200);
    let mut all: Vec<String> = (0..180).map(pair).collect();
    all.push(accepted);
    assert_eq!(origin.last().head.values("cookie").join("; "), all.join("; "));
}

#[test]
fn the_site_reads_no_cookie_that_was_refused_whatever_is_asked_for() {
    let origin = Origin::telling(|request| anything(request.path()));
    let gate = Gate::before(&origin);
    let had = "_ga=1; ASP.NET_SessionId=abc; mystery=2;theme=dark ; basket=1; nameless; ad_id=3";
    for choice in ["undecided", "reject"] {
        let visitor = gate.visitor(choice);
        for kind in KINDS {
            for ask in [gate.page(kind), gate.get(kind).with("Sec-Fetch-Dest", "image"), gate.ask("POST", kind)] {
                ask.from(visitor.as_ref()).cookie(had).send();
                let sent = origin.last().head.values("cookie").join("; ");
                let own = visitor.as_ref().map_or(String::new(), |own| format!("{own}; "));
                assert_eq!(sent, format!("{own}ASP.NET_SessionId=abc; basket=1"), "{kind}");
            }
        }
    }
}

#[test]
fn the_site_may_take_away_a_cookie_that_it_may_not_set() {
    let deletions = [
        "_ga=; Max-Age=0; path=/",
        "mystery=x; expires=Thu, 01-Jan-1970 00:00:00 GMT",
        "ad_id=deleted; Max-Age=-1; Domain=example.gov.uk",
    ];
    let kept = "_ga=1; Max-Age=1";
    let lines = [deletions[0], kept, deletions[1], deletions[2]];
    let origin = Origin::answering(response("200 OK", &setting(&[HTML], &lines), "<!doctype html><p>x"));
    assert_eq!(Gate::before(&origin).page("/").send().set_cookies(), deletions);
}

#[test]
fn a_left_over_is_expired_with_the_scope_it_was_set_with() {
    let origin = Origin::telling(|request| match request.path() {
        "/shop/set" => {
            let lines = ["_ga=1; Domain=.Example.gov.uk; Path=/shop", "ad_id=2; path=/shop/set", "mystery=3"];
            response("200 OK", &setting(&[HTML], &lines), "<!doctype html><p>x")
        }
        _ => page("<!doctype html><p>x"),
    });
    let gate = Gate::before(&origin);
    assert_eq!(gate.page("/shop/set").send().set_cookies(), [""; 0], "an undecided visitor gets none of them");
    let expired = gate.page("/shop/set").cookie("_ga=1; mystery=3; basket=5; ad_id=2").send().set_cookies();
    let end = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    assert_eq!(
        expired,
        [
            format!("_ga=; {end}; Path=/shop; Domain=example.gov.uk"),
            format!("ad_id=; {end}; Path=/shop/set"),
            format!("mystery=; {end}; Path=/shop"),
        ]
    );
    let image = gate.get("/shop/x.png").with("Sec-Fetch-Dest", "image").cookie("_ga=1").send();
    assert_eq!(image.set_cookies(), [""; 0], "an image is not the place for it");
}

#[test]
fn a_left_over_nobody_has_seen_being_set_is_expired_wherever_it_could_be() {
    let origin = Origin::answering(page("<!doctype html><p>x"));
    let gate = Gate::before(&origin);
    let lines = gate.page("/bins/north/").cookie("_old=1").send().set_cookies();
    let mut scopes = BTreeSet::new();
    for line in &lines {
        assert!(line.starts_with("_old=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path="), "{line}");
        scopes.insert(line.split_once("Path=").unwrap().1.to_owned());
    }
    for path in ["/", "/bins", "/bins/", "/bins/north", "/bins/north/"] {
        for domain in ["", "; Domain=example.gov.uk", &format!("; Domain={HOST}")] {
            assert!(scopes.contains(&format!("{path}{domain}")), "{path}{domain} in {scopes:?}");
        }
    }
    assert!(!lines.iter().any(|line| line.ends_with("=gov.uk")), "a public suffix is no scope: {lines:?}");
}

#[test]
fn after_withdrawal_a_browser_has_none_of_the_cookies_that_needed_consent() {
    let scopes: Vec<(&str, &str)> = ["", "; Domain=example.gov.uk", "; Domain=www.example.gov.uk"]
        .into_iter()
        .flat_map(|domain| ["/", "/shop", "/shop/till"].map(|path| (domain, path)))
        .collect();
    let lines: Vec<String> =
        scopes.iter().map(|(domain, path)| format!("_ga=1; Path={path}{domain}; Max-Age=9999")).collect();
    let origin = Origin::telling(move |request| {
        let lines: Vec<&str> = lines.iter().map(String::as_str).chain(["basket=9; Path=/"]).collect();
        let lines = if request.path() == "/shop/till/set" { lines } else { Vec::new() };
        response("200 OK", &setting(&[HTML], &lines), "<!doctype html><p>x")
    });
    let gate = Gate::before(&origin);
    let mut jar = Jar::default();
    jar.keep("/", &gate.choose("choice=accept").send().expect(303).set_cookies());
    jar.keep("/shop/till/set", &gate.page("/shop/till/set").cookie(&jar.pairs("/shop/till/set")).send().set_cookies());
    assert_eq!(jar.0.len(), scopes.len() + 2);
    jar.keep(
        "/",
        &gate.choose("choice=withdraw").cookie(&jar.pairs("/.consent/choice")).send().expect(303).set_cookies(),
    );
    let left: Vec<_> = jar.0.iter().map(|kept| kept.name.as_str()).collect();
    assert_eq!(left, ["basket", "consentgate"]);
}

#[test]
fn a_cookie_script_set_below_the_home_page_goes_with_the_next_page_it_is_sent_to() {
    let origin = Origin::answering(page("<!doctype html><p>x"));
    let gate = Gate::before(&origin);
    let mut jar = Jar::default();
    jar.keep("/shop/", &["_x=1; Path=/shop".into(), "_y=1; Domain=example.gov.uk; Path=/".into()]);
    let rejected = gate.choose("choice=reject").cookie(&jar.pairs("/.consent/choice")).send().expect(303);
    jar.keep("/.consent/choice", &rejected.set_cookies());
    assert!(!jar.pairs("/").contains("_y="), "{jar:?}");
    let shown = gate.page("/shop/").cookie(&jar.pairs("/shop/")).send().expect(200);
    jar.keep("/shop/", &shown.set_cookies());
    assert!(!jar.pairs("/shop/").contains("_x="), "{jar:?}");
}

/// A browser's cookie jar, as far as scopes go (RFC 6265bis section 5.7).
#[derive(Debug, Default)]
struct Jar(Vec<Kept>);

#[derive(Debug)]
struct Kept {
    name: String,
    value: String,
    /// `None`: host-only.
    domain: Option<String>,
    path: String,
}

impl Jar {
    fn keep(&mut self, request_path: &str, lines: &[String]) {
        for line in lines {
            let mut parts = line.split(';').map(str::trim);
            let (name, value) = parts.next().unwrap().split_once('=').unwrap();
            let attribute = |wanted: &str| {
                let mut parts = line.split(';').skip(1).filter_map(|part| part.trim().split_once('='));
                parts.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.to_owned())
            };
            let default =
                request_path.rsplit_once('/').map_or("/", |(path, _)| if path.is_empty() { "/" } else { path });
            let (domain, path) = (attribute("domain"), attribute("path").unwrap_or(default.to_owned()));
            self.0.retain(|kept| (&*kept.name, &kept.domain, &kept.path) != (name, &domain, &path));
            if attribute("max-age").as_deref() != Some("0") {
                self.0.push(Kept { name: name.to_owned(), value: value.to_owned(), domain, path });
            }
        }
        self.0.sort_by(|one, other| one.name.cmp(&other.name));
    }

    fn pairs(&self, path: &str) -> String {
        let matches = |kept: &&Kept| {
            let inside = path.strip_prefix(&kept.path);
            inside.is_some_and(|rest| rest.is_empty() || kept.path.ends_with('/') || rest.starts_with('/'))
        };
        let pairs = self.0.iter().filter(matches).map(|kept| format!("{}={}", kept.name, kept.value));
        pairs.collect::<Vec<_>>().join("; ")
    }
}

#[test]
fn the_site_can_neither_set_nor_delete_the_choice_of_a_visitor() {
    let lines = ["consentgate=forged; Path=/", "__Host-consentgate=; Max-Age=0; Path=/; Secure", "basket=1"];
    let origin = Origin::answering(response("200 OK", &setting(&[HTML], &lines), "<!doctype html><p>x"));
    let gate = Gate::before(&origin);
    for choice in ["undecided", "accept"] {
        let visitor = gate.visitor(choice);
        assert_eq!(gate.page("/").from(visitor.as_ref()).send().set_cookies(), ["basket=1"]);
    }
}

#[test]
fn a_fresh_visit_gets_no_cookie_from_the_gate() {
    let origin = Origin::answering(page("<!doctype html><p>x"));
    let gate = Gate::before(&origin);
    for path in ["/", "/.consent/cookies", "/.consent/record", "/.well-known/gpc.json", "/.consent/nothing"] {
        assert_eq!(gate.page(path).send().set_cookies(), [""; 0], "{path}");
    }
}

#[test]
fn clear_site_data_is_the_sites_own_and_never_the_gates() {
    let clear = "\"cache\", \"cookies\"";
    let origin = Origin::telling(move |request| match request.path() {
        "/logout" => response("200 OK", &[HTML, ("Clear-Site-Data", clear)], "<!doctype html><p>x"),
        _ => page("<!doctype html><p>x"),
    });
    let gate = Gate::before(&origin);
    let accepted = gate.visitor("accept");
    assert_eq!(gate.page("/logout").send().value("clear-site-data").as_deref(), Some(clear));
    assert!(!gate.page("/").cookie("_ga=1").send().has("clear-site-data"));
    assert!(!gate.choose("choice=withdraw").from(accepted.as_ref()).cookie("_ga=1").send().has("clear-site-data"));
}

#[test]
fn a_visitor_by_https_has_a_host_cookie_that_no_other_host_can_set() {
    let origin = Origin::answering(page("<!doctype html><p>x"));
    let gate = Plan::before(origin.address).behind_a_terminator().start();
    let ask = gate.choose("choice=accept").with("Origin", &format!("https://{HOST}"));
    let answer = ask.with("X-Forwarded-Proto", "https").send().expect(303);
    let lines = answer.set_cookies();
    assert_eq!(lines.len(), 1);
    let mut attributes: Vec<_> = lines[0].split("; ").skip(1).collect();
    attributes.sort_unstable();
    assert_eq!(attributes, ["HttpOnly", "Max-Age=31536000", "Path=/", "SameSite=Lax", "Secure"]);
    let pair = answer.choice_cookie().unwrap();
    assert!(pair.starts_with("__Host-consentgate=") && pair.len() <= "__Host-consentgate=".len() + 200, "{pair}");
    let value = pair.split_once('=').unwrap().1;
    assert!(value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')), "{value}");
    let shown = gate.page("/").with("X-Forwarded-Proto", "https").cookie(&pair).send();
    assert!(!shown.asks());
    let on_http = gate.page("/").cookie(&pair).send();
    assert!(on_http.asks(), "over plain http nobody vouches for a __Host- cookie");
}

#[test]
fn on_https_left_overs_are_expired_with_secure_and_their_prefix() {
    let lines = ["__Secure-ad_x=1; Secure; Path=/; Domain=example.gov.uk", "__Host-mystery=1; Secure; Path=/"];
    let origin = Origin::answering(response("200 OK", &setting(&[HTML], &lines), "<!doctype html><p>x"));
    let gate = Plan::before(origin.address).behind_a_terminator().start();
    let ask = gate.page("/a").with("X-Forwarded-Proto", "https");
    ask.clone().send().expect(200);
    let expired = ask.cookie("__Secure-ad_x=1; __Host-mystery=1").send().set_cookies();
    let end = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/";
    assert_eq!(
        expired,
        [format!("__Host-mystery=; {end}; Secure"), format!("__Secure-ad_x=; {end}; Domain=example.gov.uk; Secure")]
    );
}
