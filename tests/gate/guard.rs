//! The guard as the gate serves it: its tag, its asset, and what it may ask (DESIGN, fence 5).

use std::io::Read as _;

use serde_json::{Value, json};

use crate::common::{Answer, Ask, Gate, HOST, Origin, Plan, page, response, undone};

const PAGE: &str = "<!doctype html><html><head><title>x</title></head><body><p>x</body></html>";

fn gate() -> (Origin, Gate) {
    let origin = Origin::answering(page(PAGE));
    let gate =
        Plan::before(origin.address).line("paths: [{ match: \"/benefits/*\", hold: [analytics, marketing] }]").start();
    (origin, gate)
}

/// The address of the guard in a page.
fn guard_of(shown: &Answer) -> String {
    let text = shown.text();
    let at = text.find("/.consent/guard-").expect("a guard");
    text[at..].split('"').next().unwrap().to_owned()
}

/// The rules that a guard carries.
fn rules(gate: &Gate, address: &str) -> Value {
    let code = gate.get(address).send().expect(200).text();
    let at = code.rfind(")({").expect("it is called with the rules");
    serde_json::from_str(code[at + 2..].trim_end_matches(");")).unwrap()
}

#[test]
fn the_guard_is_the_first_thing_in_the_head_of_every_page() {
    let (_origin, gate) = gate();
    let shown = gate.page("/").send().expect(200);
    let guard = guard_of(&shown);
    let tag = format!("<head><script src=\"//{HOST}{guard}\" nonce=\"");
    let rest = shown.text().split_once(&tag).expect("the guard is first in the head").1.to_owned();
    // The first views of a page are asked what their scripts write.
    let seen =
        |rest: &str, end: &str| rest.split('"').nth(1) == Some(" data-seen=") && rest.split('"').nth(3) == Some(end);
    assert!(seen(&rest, "></script><title>x</title></head><body><consent-notice><template shadowrootmode="), "{rest}");
    assert!(guard.starts_with("/.consent/guard-01"), "{guard}");
    let framed = gate.get("/").with("Accept", "text/html").with("Sec-Fetch-Dest", "iframe").send().expect(200);
    assert_eq!(guard_of(&framed), guard, "also in a frame");
    assert_eq!(undone(&framed.body), PAGE.as_bytes());
    let refused = gate.visitor("reject");
    let shown = gate.page("/").from(refused.as_ref()).send().expect(200);
    let rest = shown.text().split_once(&format!("{guard}\" nonce=\"")).expect("the guard").1.to_owned();
    assert!(rest.split('"').nth(3).is_some_and(|rest| rest.starts_with(" data-decided></script>")), "{rest}");
}

#[test]
fn each_choice_has_its_guard_and_a_quiet_path_that_of_less() {
    let (_origin, gate) = gate();
    let seen = |choice: &str, path: &str| {
        let visitor = gate.visitor(choice);
        rules(&gate, &guard_of(&gate.page(path).from(visitor.as_ref()).send().expect(200)))
    };
    let undecided = seen("reject", "/");
    assert_eq!(undecided["g"], json!(["essential"]));
    assert_eq!(undecided["c"].as_array().unwrap().last(), Some(&json!(1)), "an unknown cookie is held");
    assert!(undecided["t"][0].as_str().unwrap().contains("stats") && undecided["t"][1] == 1, "{undecided}");
    assert_eq!(seen("save&purpose=analytics", "/")["t"][1], 0);
    let all = seen("accept", "/");
    assert_eq!(all["g"], json!(["essential", "preferences", "analytics", "marketing"]));
    assert_eq!(all["c"], Value::Null, "nothing is held: nothing to keep");
    assert_eq!(seen("accept", "/benefits/x")["g"], json!(["essential", "preferences"]));
}

#[test]
fn the_guard_is_kept_for_ever_and_one_of_an_older_release_is_never_missing() {
    let (_origin, gate) = gate();
    let address = guard_of(&gate.page("/").send().expect(200));
    let plain = gate.get(&address).send().expect(200);
    assert_eq!(plain.value("content-type").as_deref(), Some("text/javascript; charset=utf-8"));
    assert_eq!(plain.value("cache-control").as_deref(), Some("public, max-age=31536000, immutable"));
    assert_eq!(plain.value("x-content-type-options").as_deref(), Some("nosniff"));
    assert_eq!(plain.value("vary").as_deref(), Some("Accept-Encoding"));
    for (coding, offer) in [("gzip", "gzip"), ("br", "gzip, br")] {
        let answer = gate.get(&address).with("Accept-Encoding", offer).send().expect(200);
        assert_eq!(answer.value("content-encoding").as_deref(), Some(coding));
        let mut back = Vec::new();
        match coding {
            "gzip" => flate2::read::GzDecoder::new(&*answer.body).read_to_end(&mut back).unwrap(),
            _ => brotli::Decompressor::new(&*answer.body, 4096).read_to_end(&mut back).unwrap(),
        };
        assert_eq!(back, plain.body, "{coding}");
    }
    let older = gate.get("/.consent/guard-010123456789abcdef.js").send().expect(200);
    assert_eq!((older.value("cache-control").as_deref(), older.body), (Some("no-cache"), plain.body));
    for name in ["guard-.js", "guard-ff0123456789abcdef.js", "guard-01.js", "guard-010123456789abcdeg.js"] {
        gate.get(&format!("/.consent/{name}")).send().expect(404);
    }
}

#[test]
fn a_worker_of_the_sites_gets_the_guard_in_front() {
    let plain = [("Content-Type", "text/javascript"), ("ETag", "\"1\""), ("Cache-Control", "max-age=9")];
    let origin = Origin::telling(move |asked| match asked.path() {
        "/zipped.js" => response("200 OK", &[plain[0], ("Content-Encoding", "gzip")], "zipped"),
        "/missing.js" => response("404 Not Found", &plain, "x=1"),
        _ => response("200 OK", &plain, "x=1"),
    });
    let gate = Gate::before(&origin);
    let get = |path: &str, dest: &str| {
        gate.get(path).with("Sec-Fetch-Dest", dest).with("Accept-Encoding", "gzip, br").with("If-None-Match", "\"1\"")
    };
    for dest in ["worker", "sharedworker", "serviceworker"] {
        let answer = get("/w.js", dest).send().expect(200);
        let text = answer.text();
        assert!(text.starts_with("(e=>{") && text.ends_with("});x=1"), "{dest}: {text}");
        assert_eq!(answer.value("cache-control").as_deref(), Some("private, no-store"));
        assert!(answer.whole && answer.value("etag").is_none());
        let asked = origin.last();
        assert_eq!(
            (asked.head.value("accept-encoding").as_deref(), asked.head.value("if-none-match")),
            (Some("identity"), None)
        );
    }
    assert_eq!(get("/w.js", "script").send().expect(200).text(), "x=1", "any other script is the site's own");
    assert_eq!(get("/missing.js", "worker").send().expect(404).text(), "x=1");
    assert_eq!(get("/zipped.js", "worker").send().expect(200).body, b"", "what cannot be guarded does not run");
    let accepted = gate.visitor("accept");
    assert_eq!(get("/w.js", "worker").from(accepted.as_ref()).send().expect(200).text(), "x=1");
}

fn ask(gate: &Gate, lines: &str) -> Ask {
    gate.ask("POST", "/.consent/verdict").with("Origin", &format!("http://{HOST}")).body(lines)
}

fn answer(ask: Ask) -> Value {
    let answer = ask.send().expect(200);
    assert_eq!(answer.value("cache-control").as_deref(), Some("no-store"));
    serde_json::from_slice(&answer.body).unwrap()
}

#[test]
fn the_guard_may_ask_about_addresses() {
    let (_origin, gate) = gate();
    let lines = format!(
        "/\nhttps://www.google-analytics.com/collect\nhttps://unknown.example/x.js\nhttps://www.google.com/maps/embed\n\
         https://stats.example/\nhttp://{HOST}/own.js\nhttps://unknown.example/matomo.js\nwss://www.hotjar.com/\ndata:,x\n::"
    );
    let nobody = answer(ask(&gate, &lines));
    assert_eq!(
        nobody,
        json!({ "rules": null, "granted": ["essential"], "all": false, "decided": false, "verdicts": "HPhhphHph" })
    );
    let accepted = gate.visitor("accept");
    let all = answer(ask(&gate, &lines).from(accepted.as_ref()));
    assert_eq!(
        (&all["all"], &all["decided"], all["verdicts"].as_str()),
        (&json!(true), &json!(true), Some("pPpppppph"))
    );
    let quiet = answer(ask(&gate, &lines.replacen('/', "/benefits/x", 1)).from(accepted.as_ref()));
    assert_eq!((&quiet["all"], &quiet["granted"]), (&json!(false), &json!(["essential", "preferences"])));
    assert_eq!(quiet["verdicts"].as_str().unwrap().chars().next(), Some('H'), "held on this path after all");
    assert!(!gate.log().contains("google"), "what a visitor does is not in the log");
}

#[test]
fn only_a_page_of_the_site_may_ask_and_not_for_ever() {
    let (_origin, gate) = gate();
    ask(&gate, "/").without("Origin").with("Origin", "https://evil.example").send().expect(403);
    gate.get("/.consent/verdict").send().expect(405);
    ask(&gate, &"/\n".repeat(201)).send().expect(400);
    ask(&gate, &"x".repeat(65 * 1024)).send().expect(400);
    let state = answer(ask(&gate, "/"));
    assert_eq!(
        (state["verdicts"].as_str(), &state["rules"]["g"]),
        (Some(""), &json!(["essential"])),
        "the state alone"
    );
}
