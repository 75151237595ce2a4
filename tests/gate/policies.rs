//! Content-Security-Policy: the site's own with what the gate's parts need, the fence's own of a consent state, and what
//! browsers report (promises 5 and 25; B13). And the headers that lead to held addresses (B14).

use crate::common::{Answer, Ask, Gate, HTML, Origin, Plan, head, response};

const PAGE: &str = "<!doctype html><html lang=en><head><title>x</title></head><body><p>x</p></body></html>";

fn sending(headers: &[(&str, &str)]) -> Origin {
    Origin::answering(response("200 OK", &[&[HTML], headers].concat(), PAGE))
}

fn strict(origin: &Origin) -> Plan {
    Plan::before(origin.address).line("csp: strict")
}

const CSP: &str = "content-security-policy";
const REPORT_ONLY: &str = "content-security-policy-report-only";

/// The nonce on the notice's stylesheet.
fn nonce(shown: &Answer) -> String {
    let text = shown.text();
    let rest = text.split_once(" nonce=\"").expect("the stylesheet has a nonce").1;
    rest.split('"').next().unwrap_or_default().to_owned()
}

#[test]
fn a_policy_that_shuts_the_stylesheet_out_gets_this_responses_nonce_and_no_more() {
    let policy = "default-src 'self'; style-src 'nonce-abc', frame-ancestors 'none'";
    let origin = sending(&[("Content-Security-Policy", policy), ("Content-Security-Policy", "img-src 'self'")]);
    let gate = Gate::before(&origin);
    let pages = [gate.page("/").send().expect(200), gate.page("/").send().expect(200)];
    for shown in &pages {
        let edited =
            format!("default-src 'self'; style-src 'nonce-abc' 'nonce-{}', frame-ancestors 'none'", nonce(shown));
        assert_eq!(shown.values(CSP), [edited.as_str(), "img-src 'self'"]);
    }
    // 128 bits are 22 digits of base64.
    let [one, other] = pages.map(|shown| nonce(&shown));
    assert!(one != other && one.len() >= 22, "{one} {other}");
}

#[test]
fn a_policy_in_a_meta_gets_the_same_nonce() {
    let html = "<!doctype html><html lang=en><head><meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'none'; style-src &#39;none&#39;\"><title>x</title></head><body><p>x</p></body></html>";
    let origin = Origin::answering(response("200 OK", &[HTML], html));
    let shown = Gate::before(&origin).page("/").send().expect(200);
    let (text, nonce) = (shown.text(), nonce(&shown));
    let plain = text.replace("&#32;", " ").replace("&#39;", "'");
    assert!(
        plain.contains(&format!("script-src 'none' 'nonce-{nonce}'; style-src 'none' 'nonce-{nonce}'\"")),
        "{text}"
    );
    assert_eq!(text.matches(&format!(" nonce=\"{nonce}\"")).count(), 3, "guard, banner, footer: {text}");
}

#[test]
fn the_form_gets_its_exact_address_and_unsafe_inline_stays_in_force() {
    let origin = sending(&[("Content-Security-Policy", "style-src 'unsafe-inline'; form-action 'none'")]);
    let shown = Gate::before(&origin).page("/").send().expect(200);
    let policy = shown.value(CSP).unwrap();
    assert!(policy.starts_with("style-src 'unsafe-inline' www.example.gov.uk/.consent/notice-"), "{policy}");
    let own = "www.example.gov.uk/.consent";
    assert!(policy.ends_with(&format!(".css; form-action 'none' {own}/choice {own}/embed")), "{policy}");
    assert!(policy.contains(&format!(" {own}/held-")), "what a page with a placeholder needs: {policy}");
}

#[test]
fn policies_that_are_none_of_the_gates_business_keep_every_byte() {
    let lines = [
        ("Content-Security-Policy", "default-src 'self';;  img-src *\t; report-uri /csp"),
        ("Content-Security-Policy", "sandbox allow-forms; require-trusted-types-for 'script'"),
        ("Content-Security-Policy-Report-Only", "default-src 'none'; report-uri /csp"),
        ("Content-Security-Policy-Report-Only", "style-src 'none'; form-action 'none'"),
    ];
    let shown = Gate::before(&sending(&lines)).page("/").send().expect(200);
    assert_eq!(shown.values(CSP), [lines[0].1, lines[1].1]);
    assert_eq!(shown.values(REPORT_ONLY), [lines[2].1, lines[3].1]);
}

#[test]
fn what_is_not_rewritten_has_its_policy_as_it_was() {
    let none = ("Content-Security-Policy", "default-src 'none'");
    let origin = Origin::answering(response("200 OK", &[("Content-Type", "application/json"), none], "{}"));
    let shown = Gate::before(&origin).get("/x").with("Accept", "application/json").send().expect(200);
    assert_eq!(shown.values(CSP), [none.1]);
    let gate = Plan::before(sending(&[none]).address).mode("observe").start();
    drop(gate);
    let origin = sending(&[none]);
    let gate = Plan::before(origin.address).mode("observe").start();
    assert_eq!(gate.page("/").send().expect(200).values(CSP), [none.1]);
}

#[test]
fn a_frame_has_no_notice_but_may_have_placeholders() {
    let origin = sending(&[("Content-Security-Policy", "style-src 'none'; form-action 'none'")]);
    let shown = Gate::before(&origin).page("/").with("Sec-Fetch-Dest", "iframe").send().expect(200);
    let policy = shown.value(CSP).unwrap();
    assert!(policy.starts_with("style-src 'none' 'nonce-"), "{policy}");
    assert!(policy.ends_with("/.consent/choice www.example.gov.uk/.consent/embed"), "{policy}");
}

#[test]
fn strict_sends_the_policy_of_the_consent_state_with_every_page() {
    let origin = sending(&[]);
    let gate = strict(&origin).line("tags: [{ match: \"||maps.example^\", purpose: essential }, { match: \"||stats.example/x.js\", purpose: analytics }, { match: \"||ads.example^\", purpose: marketing }]");
    let gate = gate.without_rules().start();
    let site = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: www.example.gov.uk example.gov.uk";
    let report = "; report-uri /.consent/csp-report";
    let maps = " *.maps.example maps.example";
    let before = gate.page("/").send().expect(200);
    assert_eq!(before.values(CSP), [format!("{site}{maps}{report}")]);
    let some = gate.choose("choice=save&purpose=analytics").with("Accept", "application/json").send().expect(200);
    let agreed = gate.page("/").from(some.choice_cookie().as_ref()).send().expect(200);
    assert_eq!(agreed.values(CSP), [format!("{site}{maps} *.stats.example stats.example{report}")]);
    let all = gate.page("/").from(gate.visitor("accept").as_ref()).send().expect(200);
    assert!(!all.has(CSP), "nothing is held from who agreed to everything");
}

#[test]
fn strict_is_one_more_policy_and_governs_workers_and_fenced_pages_too() {
    let origin = sending(&[("Content-Security-Policy", "img-src 'self'")]);
    let gate = strict(&origin).start();
    let shown = gate.page("/").send().expect(200);
    assert_eq!((shown.values(CSP).len(), shown.values(CSP)[0].as_str()), (2, "img-src 'self'"));
    let frame = gate.page("/").with("Sec-Fetch-Dest", "iframe").send().expect(200);
    assert_eq!(frame.values(CSP).len(), 2);

    let script =
        Origin::answering(response("200 OK", &[("Content-Type", "text/javascript"), ("Cache-Control", "public")], "1"));
    let gate = strict(&script).start();
    let worker = gate.get("/w.js").with("Sec-Fetch-Dest", "worker").send().expect(200);
    assert!(worker.is_fenced() && worker.value("cache-control").unwrap().contains("no-store"), "{:?}", worker.head);
    let tag = gate.get("/w.js").with("Sec-Fetch-Dest", "script").send().expect(200);
    assert_eq!((tag.has(CSP), tag.value("cache-control").as_deref()), (false, Some("public")));

    let fenced = Origin::answering(response("200 OK", &[HTML, ("Content-Encoding", "dcb")], PAGE));
    let shown = strict(&fenced).start().page("/").send().expect(200);
    assert!(
        shown.values(CSP).iter().any(|policy| !policy.contains("report-uri")),
        "the fence stands: {:?}",
        shown.head
    );
}

#[test]
fn learning_adds_one_header_for_reports_and_nothing_else_in_observe_mode_too() {
    let origin = sending(&[("X-Own", "1")]);
    let gate = Plan::before(origin.address).mode("observe").line("csp: learn").start();
    let shown = gate.page("/").send().expect(200);
    let plain = Plan::before(origin.address).mode("observe").start().page("/").send().expect(200);
    assert_eq!(shown.body, plain.body);
    let policy = shown.value(REPORT_ONLY).unwrap();
    assert!(
        policy.starts_with("default-src 'self'") && policy.ends_with("; report-uri /.consent/csp-report"),
        "{policy}"
    );
    let rest = |answer: &Answer| {
        let lines =
            answer.head.lines.iter().filter(|(name, _)| !["date", REPORT_ONLY].contains(&&*name.to_lowercase()));
        lines.cloned().collect::<Vec<_>>()
    };
    assert_eq!(rest(&shown), rest(&plain));
    let image = gate.get("/x.png").with("Sec-Fetch-Dest", "image").send().expect(200);
    assert!(!image.has(REPORT_ONLY));
    gate.get("/.consent/cookies").send().expect(200);
    assert_eq!(origin.last().path(), "/.consent/cookies", "no page of the gate's own in observe mode");
}

fn told(gate: &Gate, kind: &str, body: &str) -> Ask {
    gate.ask("POST", "/.consent/csp-report").with("Content-Type", kind).body(body)
}

fn report(address: &str) -> String {
    format!(
        "{{\"csp-report\":{{\"blocked-uri\":\"{address}\",\"document-uri\":\"http://www.example.gov.uk/private?me\"}}}}"
    )
}

#[test]
fn what_browsers_report_is_counted_by_host_and_keeps_no_query() {
    let origin = sending(&[]);
    let gate = Plan::before(origin.address).mode("observe").line("csp: learn").start();
    told(&gate, "application/csp-report", &report("https://widgets.example/a/b?visitor=7")).send().expect(204);
    let list = "[{\"type\":\"csp-violation\",\"body\":{\"blockedURL\":\"wss://chat.example/live?visitor=7\"}}]";
    told(&gate, "application/reports+json; charset=utf-8", list).send().expect(204);
    told(&gate, "application/csp-report", &report("inline")).send().expect(204);
    assert_eq!(gate.counted("would_hold", "csp"), 2);
    let log = gate.log_line("widgets.example/a/b");
    assert!(!log.contains("visitor") && !gate.log().contains("private"), "{log}");
    assert!(origin.received().is_empty(), "the site hears of none of it");
}

#[test]
fn what_is_no_report_is_refused() {
    let origin = sending(&[]);
    let gate = strict(&origin).start();
    told(&gate, "text/plain", &report("https://a.example/")).send().expect(415);
    told(&gate, "application/csp-report", "{").send().expect(400);
    told(&gate, "application/csp-report", &"x".repeat(70_000)).send().expect(413);
    gate.get("/.consent/csp-report").send().expect(405);
    assert_eq!(gate.counted("held", "csp"), 0);
    let statuses: Vec<_> =
        (0..150).map(|_| told(&gate, "application/csp-report", &report("https://a.example/")).send().status).collect();
    assert!(
        gate.counted("held", "csp") > 0 && statuses.iter().all(|status| [204, 429].contains(status)),
        "{statuses:?}"
    );
    Gate::before(&origin)
        .ask("POST", "/.consent/csp-report")
        .with("Content-Type", "application/csp-report")
        .body("{}")
        .send()
        .expect(405);
}

#[test]
fn a_known_host_that_was_reported_is_named_for_whoever_agreed_to_its_purpose() {
    let origin = sending(&[]);
    let gate = strict(&origin).start();
    told(&gate, "application/csp-report", &report("https://region1.google-analytics.com/g/collect")).send().expect(204);
    told(&gate, "application/csp-report", &report("https://www.google.com/recaptcha/api.js")).send().expect(204);
    told(&gate, "application/csp-report", &report("https://nobody-knows.example/x")).send().expect(204);
    let policy = |cookie: Option<&String>| gate.page("/").from(cookie).send().expect(200).value(CSP).unwrap();
    let before = policy(None);
    assert!(before.contains(" www.google.com") && !before.contains("google-analytics"), "{before}");
    let some = gate.choose("choice=save&purpose=analytics").with("Accept", "application/json").send().expect(200);
    let agreed = policy(some.choice_cookie().as_ref());
    assert!(agreed.contains(" region1.google-analytics.com") && !agreed.contains("nobody-knows"), "{agreed}");
}

#[test]
fn headers_that_lead_to_held_addresses_are_taken_out_until_consent() {
    let tracker = "https://www.google-analytics.com";
    let policy = format!("img-src 'self'; report-uri /own {tracker}/csp");
    let groups = format!(
        "{{\"group\":\"t\",\"max_age\":1,\"endpoints\":[{{\"url\":\"{tracker}/r\"}}]}}, {{\"group\":\"o\",\"max_age\":1,\"endpoints\":[{{\"url\":\"/r\"}}]}}"
    );
    let (refresh, rules) = (format!("5; url={tracker}/x"), format!("\"/rules.json\", \"{tracker}/rules.json\""));
    let endpoints = format!("own=\"/r\", theirs=\"{tracker}/r\"");
    let headers = [
        ("Refresh", &*refresh),
        ("Content-Security-Policy-Report-Only", &*policy),
        ("Report-To", &*groups),
        ("Reporting-Endpoints", &*endpoints),
        ("NEL", "{\"report_to\":\"t\",\"max_age\":1}"),
        ("Speculation-Rules", &*rules),
        ("Observe-Browsing-Topics", "?1"),
        ("Clear-Site-Data", "\"cache\""),
    ];
    // Of every answer, not of pages alone.
    for (target, dest) in [("/", "document"), ("/x.png", "image")] {
        let gate = Gate::before(&sending(&headers));
        drop(gate);
        let origin = sending(&headers);
        let gate = Gate::before(&origin);
        let shown = gate.page(target).with("Sec-Fetch-Dest", dest).send().expect(200);
        for gone in ["refresh", "nel", "observe-browsing-topics"] {
            assert!(!shown.has(gone), "{gone}: {:?}", shown.head);
        }
        assert_eq!(shown.value(REPORT_ONLY).as_deref(), Some("img-src 'self'; report-uri /own"));
        assert_eq!(
            shown.value("report-to").as_deref(),
            Some("{\"group\":\"o\",\"max_age\":1,\"endpoints\":[{\"url\":\"/r\"}]}")
        );
        assert_eq!(shown.value("reporting-endpoints").as_deref(), Some("own=\"/r\""));
        assert_eq!(shown.value("speculation-rules").as_deref(), Some("\"/rules.json\""));
        assert_eq!(shown.value("clear-site-data").as_deref(), Some("\"cache\""));
        assert!(gate.counted("held", "hint") >= 5);
        let agreed =
            gate.page(target).with("Sec-Fetch-Dest", dest).from(gate.visitor("accept").as_ref()).send().expect(200);
        for (name, value) in headers {
            assert_eq!(agreed.values(name), [value], "{name} after consent");
        }
    }
}

#[test]
fn observing_only_counts_what_headers_lead_to() {
    let link = ("Link", "<https://stats.example/a.js>; rel=preload; as=script");
    let headers = [("Refresh", "5; url=https://www.google-analytics.com/x"), ("Observe-Browsing-Topics", "?1"), link];
    let origin = sending(&headers);
    let gate = Plan::before(origin.address).mode("observe").start();
    let shown = gate.page("/").send().expect(200);
    assert_eq!(headers.map(|(name, _)| shown.value(name)), headers.map(|(_, value)| Some(value.to_owned())));
    assert_eq!((gate.counted("would_hold", "hint"), gate.counted("held", "hint")), (3, 0));
}

#[test]
fn no_header_leads_past_the_gate() {
    let origin = sending(&[("Alt-Svc", "h3=\":443\"; ma=86400")]);
    let gate = Gate::before(&origin);
    assert!(!gate.page("/").from(gate.visitor("accept").as_ref()).send().expect(200).has("alt-svc"));
}

#[test]
fn early_hints_do_not_come_through() {
    let origin = Origin::acting(|_, wire| {
        wire.say(head("103 Early Hints", &[("Link", "<https://stats.example/a.js>; rel=preload; as=script")]));
        wire.say(response("200 OK", &[HTML], PAGE));
    });
    let gate = Gate::before(&origin);
    for visitor in [None, gate.visitor("accept")] {
        let mut wire = gate.page("/").from(visitor.as_ref()).open();
        let (bytes, whole) = wire.read_rest();
        let text = String::from_utf8_lossy(&bytes);
        assert!(whole && text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        assert!(!text.contains("103 Early") && !text.contains("stats.example"), "{text}");
    }
}
