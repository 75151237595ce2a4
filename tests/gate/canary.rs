//! The canary of an observed site, and the quickest way back: the switch on the admin listener.

use crate::common::{Answer, Gate, HOST, HTML, Origin, Plan, Received, page, response, wait_until};

const PAGE: &str = "<!doctype html><html lang=en><body><script src=//stats.example/a.js></script><p>x</body></html>";

fn site(request: &Received) -> Vec<u8> {
    match request.path() {
        "/a.js" => response("200 OK", &[("Content-Type", "text/javascript"), ("Set-Cookie", "_ga=1; Path=/")], "1"),
        _ => response("200 OK", &[HTML, ("Set-Cookie", "_ga=1; Path=/")], PAGE),
    }
}

fn observed(origin: &Origin, canary: &str) -> Gate {
    Plan::before(origin.address).mode("observe").line(canary).behind_a_terminator().start()
}

/// Every byte is the site's.
fn is_observed(answer: &Answer) -> bool {
    answer.text() == PAGE && answer.set_cookies() == ["_ga=1; Path=/"]
}

fn is_enforced(answer: &Answer) -> bool {
    let text = answer.text();
    text.contains("<consent-notice") && !text.contains("<script src=//stats.example") && answer.set_cookies().is_empty()
}

fn pages(gate: &Gate) -> (u64, u64) {
    let canary = &gate.told("/api/report")["sites"][0]["canary"];
    (canary["pages_inside"].as_u64().unwrap(), canary["pages_outside"].as_u64().unwrap())
}

#[test]
fn a_header_takes_a_visitor_in() {
    let origin = Origin::telling(site);
    let gate = observed(&origin, "canary: { header: \"X-Canary: 1\" }");
    assert!(is_observed(&gate.page("/").send()));
    assert!(is_observed(&gate.page("/").with("X-Canary", "0").send()));
    assert!(is_enforced(&gate.page("/").with("X-Canary", "1").send()));
    assert_eq!(pages(&gate), (1, 2));
    assert_eq!((gate.counted("held", "tag"), gate.counted("would_hold", "tag")), (1, 2), "counted apart");
    let elsewhere = gate.page("/.consent/cookies").send();
    assert!(is_observed(&elsewhere), "outside, the prefix is the site's: {}", elsewhere.text());
    gate.page("/.consent/cookies").with("X-Canary", "1").send().expect(200);
}

#[test]
fn a_page_is_counted_by_what_is_sent_for_not_every_browser_says_what_it_wants() {
    let origin = Origin::telling(site);
    let gate = observed(&origin, "canary: { header: \"X-Canary: 1\" }");
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    gate.get("/bins").with("Accept", browser).send().expect(200);
    gate.get("/bins").with("Accept", "*/*").with("X-Canary", "1").send().expect(200);
    assert_eq!(pages(&gate), (1, 1));
    gate.get("/a.js").with("Accept", "*/*").send().expect(200);
    gate.get("/bins").with("Sec-Fetch-Dest", "iframe").send().expect(200);
    gate.get("/bins").with("Sec-Fetch-Dest", "empty").send().expect(200);
    assert_eq!(pages(&gate), (1, 1), "a script, a frame and what a script asks for are no pages");
}

#[test]
fn paths_are_enforced_with_what_they_load_and_a_choice_counts_everywhere() {
    let origin = Origin::telling(site);
    let gate = observed(&origin, "canary: { paths: [\"/news/*\"] }");
    assert!(is_enforced(&gate.page("/news/a").send()));
    assert!(is_observed(&gate.page("/bins").send()));
    let loads = |from: &str| {
        let script =
            gate.get("/a.js").with("Sec-Fetch-Dest", "script").with("Referer", &format!("http://{HOST}{from}"));
        script.send().expect(200).set_cookies().len()
    };
    assert_eq!((loads("/news/a"), loads("/bins")), (0, 1));
    let refused = gate.visitor("reject").expect("the notice's form is answered");
    assert!(is_enforced(&gate.page("/news/a").send()));
    let answer = gate.page("/bins").cookie(&refused).send();
    assert!(answer.set_cookies().iter().all(|line| !line.starts_with("_ga=1")), "a refusal counts: {answer:?}");
    let accepted = gate.visitor("accept").unwrap();
    assert_eq!(gate.page("/bins").cookie(&accepted).send().set_cookies(), ["_ga=1; Path=/"]);
}

#[test]
fn a_share_of_the_visitors_is_inside_and_stays_there() {
    let origin = Origin::telling(site);
    let gate = observed(&origin, "canary: { visitors: 50% }");
    let ask =
        |network: u32, host: u32| gate.page("/").with("X-Forwarded-For", &format!("198.51.{network}.{host}")).send();
    let inside: Vec<_> = (0..60).filter(|network| is_enforced(&ask(*network, 1))).collect();
    assert!((15..=45).contains(&inside.len()), "{inside:?}");
    for network in 0..60 {
        let answer = ask(network, 200);
        assert_eq!(is_enforced(&answer), inside.contains(&network), "{network}");
        assert_eq!(is_observed(&answer), !inside.contains(&network), "{network}");
    }
    assert_eq!(pages(&gate), (2 * inside.len() as u64, 120 - 2 * inside.len() as u64));
    assert!(!gate.log().contains("198.51."), "no address is written down");
}

#[test]
fn everybody_is_inside_at_a_hundred_per_cent_and_a_reload_ends_it() {
    let origin = Origin::telling(site);
    let gate = observed(&origin, "canary: { visitors: 100% }");
    assert!(is_enforced(&gate.page("/").send()));
    let yaml = std::fs::read_to_string(&gate.file).unwrap();
    std::fs::write(&gate.file, yaml.replace("canary: { visitors: 100% }", "")).unwrap();
    gate.read_again();
    wait_until("the canary is over", || is_observed(&gate.page("/").send()));
}

#[test]
fn the_switch_turns_a_site_off_until_the_yaml_changes_and_the_log_says_when_it_ends() {
    let origin = Origin::telling(site);
    let gate = Gate::before(&origin);
    let switch = |word: &str| gate.admin("POST", &format!("/api/sites/{HOST}/{word}")).with("X-Consentgate", "switch");
    let reloads = || gate.log().matches("configuration reloaded").count();
    assert!(is_enforced(&gate.page("/").send()));
    assert!(switch("off").send().expect(200).text().contains("a change of the YAML"));
    assert!(is_observed(&gate.page("/").send()));
    assert_eq!(gate.told("/api/report")["sites"][0]["mode"], "off");
    gate.log_line("switched off on the admin listener");
    switch("on").send().expect(200);
    assert!(is_enforced(&gate.page("/").send()));

    switch("off").send().expect(200);
    for again in 1..3 {
        gate.read_again();
        wait_until("the same file is read again", || reloads() == again);
        assert!(is_observed(&gate.page("/").send()), "nobody has changed anything: {}", gate.log());
    }
    gate.log_line("still switched off");
    assert!(!gate.log().contains("modes="), "no mode has changed: {}", gate.log());

    let yaml = std::fs::read_to_string(&gate.file).unwrap();
    std::fs::write(&gate.file, yaml + "# all is well again\n").unwrap();
    wait_until("the YAML counts again", || is_enforced(&gate.page("/").send()));
    let ended = gate.log_line("the switch to off is ended by this reload");
    assert!(ended.contains("WARN") && ended.contains("mode=\"enforce\"") && ended.contains(HOST), "{ended}");
    let reload = gate.log_line("modes=");
    assert!(reload.contains(&format!("{HOST}: off to enforce")), "{reload}");
}

#[test]
fn nobody_else_can_turn_the_switch() {
    let origin = Origin::answering(page(PAGE));
    let gate = Gate::before(&origin);
    let target = format!("/api/sites/{HOST}/off");
    let post = || gate.admin("POST", &target);
    assert_eq!(post().send().status, 403, "a form of another page has no header of its own");
    assert_eq!(post().with("X-Consentgate", "1").with("Sec-Fetch-Site", "cross-site").send().status, 403);
    assert_eq!(post().with("X-Consentgate", "1").with("Host", "evil.example").send().status, 403);
    assert_eq!(gate.admin("GET", &target).with("X-Consentgate", "1").send().status, 405);
    assert_eq!(gate.admin("OPTIONS", &target).send().status, 405);
    assert_eq!(gate.admin("POST", "/api/sites/nobody.example/off").with("X-Consentgate", "1").send().status, 404);
    assert_eq!(
        gate.ask("POST", &target).with("X-Consentgate", "1").send().status,
        200,
        "the public side asks the site"
    );
    assert!(is_enforced(&gate.page("/").send()));
}
