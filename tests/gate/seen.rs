//! What browsers report that a page's scripts have written: asked for now and then, and believed of nobody alone.

use serde_json::{Value, json};

use crate::common::{Answer, Gate, HOST, Origin, Plan, page, response, wait_until};

const PAGE: &str = "<!doctype html><html lang=en><title>Bins</title><body><p>Bins</body></html>";
const KEYS: &str = "storage: [ { key: \"site-theme*\", purpose: preferences } ]";

fn gate(mode: &'static str) -> (Origin, Gate) {
    let origin = Origin::telling(|request| match request.path() {
        "/bins" => page(PAGE),
        _ => response("404 Not Found", &[], ""),
    });
    let plan = Plan::before(origin.address).mode(mode).behind_a_terminator().line(KEYS);
    let gate = plan.also("inventory: { every: 200ms }").start();
    (origin, gate)
}

/// What a browser of the n-th network tells.
fn tells(gate: &Gate, network: u32, told: &Value) -> Answer {
    let ask = gate.ask("POST", "/.consent/seen").with("Origin", &format!("http://{HOST}"));
    ask.with("X-Forwarded-For", &format!("203.0.{network}.9")).body(told.to_string()).send()
}

fn listed(gate: &Gate, list: &str) -> Vec<Value> {
    gate.told("/api/inventory")["sites"][0][list].as_array().unwrap().clone()
}

fn names(gate: &Gate, list: &str) -> Vec<String> {
    listed(gate, list).iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_name_that_nobody_knows_counts_once_five_networks_have_told_it() {
    let (_origin, gate) = gate("enforce");
    gate.page("/bins").send().expect(200);
    let told = json!({ "page": "/bins?q=jane", "local": ["mystery", "cart_83af02c1"], "cookie": ["by-script"] });
    for _ in 0..3 {
        tells(&gate, 1, &told).expect(204);
    }
    for network in 2..5 {
        tells(&gate, network, &told).expect(204);
    }
    std::thread::sleep(std::time::Duration::from_millis(500));
    let all = gate.told("/api/inventory").to_string();
    for absent in ["mystery", "cart_", "by-script"] {
        assert!(!all.contains(absent), "four networks are too few: {all}");
    }
    tells(&gate, 5, &told).expect(204);
    assert_eq!(names(&gate, "storage"), ["cart_*", "mystery"]);
    let mystery = listed(&gate, "storage")[1].clone();
    for (key, expected) in [
        ("kinds", json!(["local"])),
        ("found", json!(["reported"])),
        ("purpose", Value::Null),
        ("classified", json!(false)),
        ("believed", json!(true)),
        ("holds", json!(true)),
        ("pages", json!(["/bins"])),
        ("count", json!(1)),
    ] {
        assert_eq!(mystery[key], expected, "{key}");
    }
    let cookie = listed(&gate, "cookies")[0].clone();
    assert_eq!(
        (&cookie["name"], &cookie["set_by"], &cookie["reported"]),
        (&json!("by-script"), &json!("script"), &json!(true))
    );
    wait_until("it is drift", || names(&gate, "drift").len() == 3);
    let line = gate.log_line("name=\"mystery\"");
    assert!(line.contains("held already") && line.contains("storage: [ { key:"), "{line}");
    let unclassified = gate.told(&format!("/api/sites/{HOST}/unclassified"));
    let yaml = |name: &str| {
        let row = unclassified.as_array().unwrap().iter().find(|row| row["name"] == name);
        row.unwrap_or_else(|| panic!("{name} in {unclassified:#}"))["yaml"].as_str().unwrap().to_owned()
    };
    assert!(yaml("cart_*").contains("storage:") && yaml("cart_*").contains("key: \"cart_*\""));
    assert!(yaml("by-script").contains("cookies:"));
    let own = gate.page("/.consent/cookies").send().expect(200).text();
    assert!(!own.contains("mystery") && !own.contains("by-script"), "nobody has classified it");
}

#[test]
fn a_name_that_the_yaml_knows_is_noted_at_once_and_shown_to_others_once_several_have_told_it() {
    let (_origin, gate) = gate("enforce");
    gate.page("/bins").send().expect(200);
    let told =
        json!({ "page": "/made-up", "session": ["site-theme-4711"], "local": ["site-theme-1"], "cookie": ["_fbp"] });
    tells(&gate, 1, &told).expect(204);
    let [key] = &listed(&gate, "storage")[..] else { panic!("one pattern") };
    assert_eq!((&key["name"], &key["purpose"]), (&json!("site-theme*"), &json!("preferences")));
    assert_eq!((&key["kinds"], &key["believed"]), (&json!(["local", "session"]), &json!(false)));
    assert_eq!(key["pages"], json!([]), "a page that nobody has asked for is not kept");
    assert_eq!(names(&gate, "cookies"), ["_fbp"]);
    let listed = || gate.page("/.consent/cookies").send().expect(200).text();
    let seen = |page: &str| {
        let row = page.split("<th scope=\"row\">site-theme*").nth(1).expect("it is listed");
        !row.split("</tr>").next().unwrap().contains("Not seen so far")
    };
    let before = listed();
    assert!(!seen(&before) && !before.contains("_fbp"), "one visitor's word");
    (2..6).for_each(|network| _ = tells(&gate, network, &told).expect(204));
    let after = listed();
    assert!(seen(&after) && after.contains("_fbp"));
    let csv = gate.admin("GET", &format!("/api/sites/{HOST}/storage?format=csv")).send().expect(200).text();
    assert!(
        csv.starts_with("key,kinds,purpose,") && csv.contains("site-theme*,\"local, session\",preferences,"),
        "{csv}"
    );
    assert!(names(&gate, "drift").is_empty());
    assert!(!gate.log().contains("site-theme-4711"));
}

#[test]
fn what_is_no_report_is_refused() {
    let (_origin, gate) = gate("enforce");
    let told = json!({ "page": "/", "local": ["site-theme"] });
    let ask = || gate.ask("POST", "/.consent/seen");
    ask().with("Origin", "http://evil.example").body(told.to_string()).send().expect(403);
    gate.get("/.consent/seen").send().expect(405);
    for (network, body) in ["", "[]", "{}", r#"{"page":"/","values":["x"]}"#, "\u{0}"].iter().enumerate() {
        let from = format!("198.51.{network}.1");
        ask().with("X-Forwarded-For", &from).body(body).send().expect(400);
    }
    let many = json!({ "page": "/", "local": (0..65).map(|n| format!("k{n}")).collect::<Vec<_>>() });
    tells(&gate, 1, &many).expect(400);
    tells(&gate, 2, &json!({ "page": "/", "local": ["k".repeat(257)] })).expect(400);
    tells(&gate, 3, &json!({ "page": "/".repeat(9000) })).expect(413);
    assert!(names(&gate, "storage").is_empty());
}

#[test]
fn one_network_may_tell_little_and_all_together_not_much() {
    let (_origin, gate) = gate("enforce");
    let told = json!({ "page": "/", "local": ["site-theme"] });
    let answers: Vec<_> = (0..12).map(|_| tells(&gate, 1, &told).status).collect();
    assert_eq!(answers.iter().filter(|status| **status == 204).count(), 6, "{answers:?}");
    let answers: Vec<_> = (2..100).map(|network| tells(&gate, network, &told).status).collect();
    assert!(answers.contains(&429) && answers.iter().filter(|status| **status == 204).count() < 120, "{answers:?}");
}

#[test]
fn the_first_views_of_a_page_are_asked_and_then_few() {
    let (_origin, gate) = gate("enforce");
    let asked = |gate: &Gate, path: &str| gate.page(path).send().text().contains(" data-seen=\"seen-");
    let views: Vec<_> = (0..10).map(|_| asked(&gate, "/bins")).collect();
    assert_eq!(views, [true, true, true, false, false, false, false, false, false, false]);
    let accepted = gate.visitor("accept").unwrap();
    let page = gate.page("/bins?x").cookie(&accepted).send().expect(200).text();
    assert!(!page.contains("data-seen"), "with everything granted there is no guard to tell");
    let name = gate.page("/.consent/cookies").send().text();
    assert!(!name.contains("data-seen"));
}

#[test]
fn a_page_that_is_asked_lets_the_report_through_its_policy_and_others_do_not() {
    let policy = "script-src 'self'/none; connect-src 'none'";
    let origin =
        Origin::telling(move |_| response("200 OK", &[crate::common::HTML, ("Content-Security-Policy", policy)], PAGE));
    let gate = Plan::before(origin.address).start();
    let policies: Vec<_> = (0..5)
        .map(|_| gate.page("/bins").send().expect(200).head.values("content-security-policy").join(", "))
        .collect();
    assert!(policies[0].ends_with("/.consent/seen"), "{}", policies[0]);
    assert!(!policies[4].contains("/.consent/seen"), "{}", policies[4]);
}

#[test]
fn in_observe_mode_nothing_is_asked_and_nothing_taken() {
    let (origin, gate) = gate("observe");
    assert_eq!(gate.page("/bins").send().expect(200).text(), PAGE);
    tells(&gate, 1, &json!({ "page": "/bins", "local": ["site-theme"] })).expect(404);
    assert_eq!(origin.last().path(), "/.consent/seen", "the path is the site's own");
    assert!(names(&gate, "storage").is_empty());
}
