//! `paths:` — areas behind a login, and paths the gate keeps out of (A24).

use crate::common::{HTML, Origin, Plan, response, undone};

const TAGGED: &str =
    "<!doctype html><title>x</title><body><script src=https://stats.example/a.js></script><p>x</p></body>";

fn origin() -> Origin {
    let headers = [HTML, ("Set-Cookie", "_ga=1"), ("Link", "<https://stats.example/a.js>; rel=preload; as=script")];
    Origin::answering(response("200 OK", &headers, TAGGED))
}

#[test]
fn who_is_logged_in_is_told_by_the_cookie_they_send() {
    let origin = origin();
    let rules = "paths: [ { match: \"/*\", cookie: \".ASPXAUTH\", hold: [analytics] } ]";
    let login = "cookies: [ { name: .ASPXAUTH, purpose: essential }, { name: _ga*, purpose: analytics } ]";
    let gate = Plan::before(origin.address)
        .without_rules()
        .line(login)
        .line("tags: [ { match: \"||stats.example^\", purpose: analytics } ]")
        .line(rules)
        .start();
    let accepted = gate.visitor("accept").unwrap();
    let open = gate.page("/").cookie(&accepted).send().expect(200);
    assert!(open.text().contains("<script src=https://stats") && open.set_cookies() == ["_ga=1"]);
    for cookies in [".ASPXAUTH=x; _ga=1", "a=b; .ASPXAUTH="] {
        let held = gate.page("/").cookie(&accepted).cookie(cookies).send().expect(200);
        assert!(!held.text().contains("<script src=https://stats"), "{}", held.text());
        assert!(!held.has("link") && !held.set_cookies().contains(&"_ga=1".to_owned()));
        assert!(!origin.last().head.values("cookie").concat().contains("_ga"));
        assert_eq!(undone(&held.body), TAGGED.as_bytes());
    }
    let other = gate.page("/").cookie(&accepted).cookie("x.ASPXAUTH=1").send().expect(200);
    assert!(other.text().contains("<script src=https://stats"));
}

#[test]
fn a_bypass_changes_nothing_in_either_direction() {
    let origin = origin();
    let gate = Plan::before(origin.address).line("paths: [ { match: \"/api/*\", bypass: true } ]").start();
    let passed = gate.page("/api/pay").cookie("_ga=1; nobody=knows").send().expect(200);
    assert_eq!(passed.body, TAGGED.as_bytes());
    assert_eq!(passed.set_cookies(), ["_ga=1"]);
    assert!(passed.has("link") && !passed.has("cache-control") && !passed.has("content-security-policy"));
    assert_eq!(origin.last().head.values("cookie"), ["_ga=1; nobody=knows"]);
    for target in ["/api", "/API/pay", "/api/../pay", "/api/..%2fpay", "/api/%2e%2e/pay", "/api//pay", "/news?/api/"] {
        let held = gate.page(target).send().expect(200);
        assert!(!held.text().contains("<script src=https://stats") && held.asks(), "{target}: {}", held.text());
    }
}

#[test]
fn the_gates_own_prefix_is_never_bypassed() {
    let origin = origin();
    let gate = Plan::before(origin.address).line("paths: [ { match: \"*\", bypass: true } ]").start();
    assert_eq!(gate.page("/").send().expect(200).body, TAGGED.as_bytes());
    assert!(gate.page("/.consent/cookies").send().expect(200).text().contains("cookies"));
    gate.choose("choice=accept").send().expect(303);
    gate.get("/.well-known/gpc.json").send().expect(200);
    assert_eq!(origin.received().len(), 1);
}
