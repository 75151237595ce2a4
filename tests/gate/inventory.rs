//! What the gate knows of a site: every cookie, third party and company; what is new is told once, also over a restart.

use std::fs;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::common::{Gate, HTML, Origin, Plan, Received, response, wait_until};

const EVERY: &str = "inventory: { every: 200ms }";
const PAGE: &str = "<!doctype html><html lang=en><body><script src=\"https://pay.unknown.example/p.js?order=77\"></script>\
                    <iframe src=\"https://www.youtube.com/embed/x\"></iframe><p>x</body></html>";

fn site(_: &Received) -> Vec<u8> {
    let set = [
        "_ga_AB12CD34=1; Max-Age=63072000; Path=/; Domain=example.gov.uk; Secure; SameSite=Lax",
        "mystery=secret-value; Path=/; HttpOnly",
        "cart_83af02c1=1; Path=/shop",
        "gone=; Max-Age=0",
    ];
    let lines: Vec<_> = [HTML].into_iter().chain(set.map(|line| ("Set-Cookie", line))).collect();
    response("200 OK", &lines, PAGE)
}

fn listed(gate: &Gate, list: &str) -> Vec<Value> {
    gate.told("/api/inventory")["sites"][0][list].as_array().expect("a list").clone()
}

fn one(gate: &Gate, list: &str, name: &str) -> Value {
    let all = listed(gate, list);
    all.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name} in {all:#?}")).clone()
}

fn drift(gate: &Gate) -> Vec<String> {
    let names =
        listed(gate, "drift").iter().map(|drift| drift["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let mut names = names;
    names.sort();
    names
}

fn told_times(gate: &Gate) -> u64 {
    let metrics = gate.admin("GET", "/metrics").send().expect(200).text();
    let lines = metrics.lines().filter(|line| line.starts_with("consentgate_drift_total{"));
    lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

#[test]
fn every_cookie_and_third_party_is_listed_with_what_was_said_of_it() {
    let origin = Origin::telling(site);
    let gate = Plan::before(origin.address).mode("observe").start();
    gate.page("/bins?email=jane@example.org").cookie("_fbp=1; theme=2; made-up=3").send().expect(200);
    gate.page("/page;jsessionid=77").send().expect(200);

    let analytics = one(&gate, "cookies", "_ga*");
    for (key, expected) in [
        ("purpose", "analytics".into()),
        ("set_by", "header".into()),
        ("secure", true.into()),
        ("http_only", false.into()),
        ("same_site", serde_json::json!(["lax"])),
        ("domains", serde_json::json!(["example.gov.uk"])),
        ("paths", serde_json::json!(["/"])),
        ("declared_lifetime", 63_072_000.into()),
        ("effective_lifetime", (400 * 86_400).into()),
        ("count", 2.into()),
        ("pages", serde_json::json!(["/bins", "/page"])),
    ] {
        assert_eq!(analytics[key], expected, "{key}");
    }
    let mystery = one(&gate, "cookies", "mystery");
    assert_eq!((&mystery["classified"], &mystery["http_only"]), (&false.into(), &true.into()));
    assert_eq!(mystery["declared_lifetime"], "session");
    assert_eq!(mystery["first_seen"], mystery["last_seen"]);
    assert_eq!(one(&gate, "cookies", "cart_*")["paths"], serde_json::json!(["/shop"]));
    assert_eq!(one(&gate, "cookies", "_fbp")["set_by"], "script");

    let pay = one(&gate, "third_parties", "pay.unknown.example");
    assert_eq!((&pay["classified"], &pay["tags"]), (&false.into(), &serde_json::json!(["script"])));
    let film = one(&gate, "third_parties", "www.youtube.com");
    assert_eq!(
        (&film["company"], &film["tags"], &film["holds"]),
        (&"YouTube".into(), &serde_json::json!(["iframe"]), &true.into())
    );
    let all = gate.told("/api/inventory").to_string();
    for absent in ["jane", "order=77", "jsessionid", "secret-value", "gone", "made-up"] {
        assert!(!all.contains(absent), "{absent}: {all}");
    }
}

#[test]
fn what_anybody_makes_up_is_no_page() {
    let origin = Origin::telling(|request| match request.path() {
        "/bins" => site(request),
        _ => response("404 Not Found", &[HTML, ("Set-Cookie", "mystery=1; Domain=elsewhere.example; Path=/x?q")], PAGE),
    });
    let gate = Plan::before(origin.address).mode("observe").start();
    gate.page("/wp-login.php").send().expect(404);
    gate.ask("POST", "/bins").with("Accept", "text/html").body("x=1").send().expect(200);
    let mystery = one(&gate, "cookies", "mystery");
    assert_eq!((&mystery["pages"], &mystery["count"]), (&serde_json::json!([]), &2.into()));
    assert_eq!((&mystery["domains"], &mystery["paths"]), (&serde_json::json!([]), &serde_json::json!(["/x", "/"])));
    assert!(!gate.told("/api/report").to_string().contains("wp-login"));
}

#[test]
fn what_passes_by_a_rule_or_because_the_visitor_agreed_is_listed_too() {
    let origin = Origin::telling(|_| {
        response(
            "200 OK",
            &[HTML],
            "<!doctype html><html lang=en><body><script src=\"https://stats.example/x.js?a=1\"></script>\
            <img src=\"https://maps.example/tile.png\"><iframe src=\"https://www.youtube.com/embed/x\"></iframe></body></html>",
        )
    });
    let essential = "- { match: \"||maps.example^\", purpose: essential }";
    let gate = Plan::before(origin.address).line(&format!("  {essential}")).start();
    let accepted = gate.visitor("accept").unwrap();
    let page = gate.page("/bins").cookie(&accepted).send().expect(200).text();
    assert!(page.contains("<script src=\"https://stats.example/x.js?a=1\">"), "nothing is held: {page}");
    for (host, tag, purposes, holds) in [
        ("maps.example", "img", "essential", false),
        ("stats.example", "script", "analytics", true),
        ("www.youtube.com", "iframe", "marketing", true),
    ] {
        let third = one(&gate, "third_parties", host);
        let found = (&third["tags"], &third["purposes"], &third["holds"], &third["pages"]);
        let expected =
            (serde_json::json!([tag]), serde_json::json!([purposes]), holds.into(), serde_json::json!(["/bins"]));
        assert_eq!(found, (&expected.0, &expected.1, &expected.2, &expected.3), "{host}");
    }
    let counted = gate.told("/api/stats").to_string();
    assert!(
        !counted.contains("stats.example") && !counted.contains("maps.example"),
        "nothing was held or unknown: {counted}"
    );
    let own = gate.page("/.consent/cookies").send().expect(200).text();
    assert!(own.contains("<li>stats.example</li>"), "{own}");
    assert!(!own.contains("maps.example"), "it is the site's own rule that it is essential");
}

#[test]
fn what_the_guard_asks_about_is_known_by_host_alone_and_only_if_somebody_knows_it() {
    let origin = Origin::telling(site);
    let gate = Plan::before(origin.address).also(EVERY).start();
    let asked = "/page\nhttps://stats.example/x.js?visitor=jane\nhttps://made-up.example/secret-path\n";
    let ask = gate.ask("POST", "/.consent/verdict").with("Origin", "http://www.example.gov.uk").body(asked);
    ask.send().expect(200);
    let stats = one(&gate, "third_parties", "stats.example");
    assert_eq!(
        (&stats["found"], &stats["purposes"]),
        (&serde_json::json!(["script"]), &serde_json::json!(["analytics"]))
    );
    assert_eq!(stats["pages"], serde_json::json!([]));
    let all = gate.told("/api/inventory").to_string();
    assert!(!all.contains("jane") && !all.contains("made-up") && !all.contains("secret-path"), "{all}");
}

/// Hears what is posted to it.
fn listener(status: &'static str) -> (Origin, Arc<Mutex<Vec<Value>>>) {
    let heard = Arc::<Mutex<Vec<Value>>>::default();
    let told = Arc::clone(&heard);
    let origin = Origin::telling(move |request| {
        told.lock().unwrap().push(serde_json::from_slice(&request.body).expect("JSON is posted"));
        response(status, &[], "")
    });
    (origin, heard)
}

#[test]
fn what_is_new_is_told_once_also_over_a_restart() {
    let (origin, (hook, heard)) = (Origin::telling(site), listener("204 No Content"));
    let webhook = format!("drift: {{ webhook: \"http://{}/token-in-the-path\" }}", hook.address);
    let mut gate = Plan::before(origin.address).also(EVERY).also(&webhook).start();
    gate.page("/bins?email=jane@example.org").send().expect(200);
    let new = ["cart_*", "mystery", "pay.unknown.example"];
    wait_until("the drift is noticed", || drift(&gate) == new);
    wait_until("it is told", || !heard.lock().unwrap().is_empty());
    let line = gate.log_line("name=\"mystery\"");
    assert!(line.contains("held already"), "{line}");
    let pasted = line.split_once(" yaml=").map(|(_, yaml)| yaml);
    assert_eq!(pasted, Some("cookies: [ { name: \"mystery\", purpose: CHOOSE } ]"), "as YAML reads it: {line}");
    assert_eq!((told_times(&gate), hook.last().path()), (3, "/token-in-the-path"));
    on_the_dashboard(&gate);
    let before = one(&gate, "cookies", "mystery");

    gate.page("/other").send().expect(200);
    gate.restart(|_| {});
    assert_eq!((drift(&gate), told_times(&gate)), (new.map(String::from).to_vec(), 0));
    gate.page("/bins").send().expect(200);
    let after = one(&gate, "cookies", "mystery");
    assert_eq!((&after["first_seen"], &after["count"]), (&before["first_seen"], &3.into()));
    gate.restart(|_| {});
    assert_eq!((told_times(&gate), gate.log().matches("drift: new").count()), (0, 0));
    let told: Vec<_> =
        heard.lock().unwrap().iter().flat_map(|told| told["drift"].as_array().unwrap().clone()).collect();
    assert_eq!(told.len(), 3, "{told:#?}");
    let words = serde_json::to_string(&told).unwrap();
    assert!(!words.contains("jane") && !words.contains("secret-value") && !words.contains("/bins"), "{words}");
    assert!(!gate.log().contains("token-in-the-path"));
}

/// What is new, and what is held by page and by purpose.
fn on_the_dashboard(gate: &Gate) {
    let table = |name: &str| gate.told(&format!("/api/sites/www.example.gov.uk/{name}")).as_array().unwrap().clone();
    let drift = table("drift");
    let mystery = drift.iter().find(|row| row["name"] == "mystery").unwrap();
    assert_eq!(
        (&mystery["kind"], &mystery["classified"], &mystery["held"]),
        (&"cookie".into(), &"no".into(), &"yes".into())
    );
    let (pages, purposes) = (table("pages"), table("purposes"));
    assert!(pages.iter().any(|row| row["page"] == "/bins" && row["held"].as_u64() > Some(0)), "{pages:?}");
    assert!(purposes.iter().any(|row| row["purpose"] == "unclassified"), "{purposes:?}");
    let page = gate.admin("GET", "/sites/www.example.gov.uk").send().expect(200).text();
    assert!(page.contains("Look here: </span>3") && page.contains("New on the site"), "{page}");
}

#[test]
fn a_webhook_that_fails_holds_nobody_up() {
    let (origin, (hook, heard)) = (Origin::telling(site), listener("503 Service Unavailable"));
    let webhook = format!("drift: {{ webhook: \"http://{}/\" }}", hook.address);
    let gate = Plan::before(origin.address).also(EVERY).also(&webhook).start();
    gate.page("/").send().expect(200);
    wait_until("it is told again", || heard.lock().unwrap().len() > 1);
    gate.page("/").send().expect(200);
    assert_eq!(drift(&gate).len(), 3);
}

#[test]
fn a_damaged_inventory_never_stops_the_gate() {
    let origin = Origin::telling(site);
    let mut gate = Plan::before(origin.address).also(EVERY).start();
    gate.page("/").send().expect(200);
    gate.restart(|folder| {
        let file = folder.join("ledger/ledger-inventory.db");
        assert!(file.exists(), "beside the ledger");
        fs::write(file, [0xA5; 9000]).unwrap();
    });
    assert!(gate.log_line("was damaged").contains("put aside"));
    gate.page("/").send().expect(200);
    wait_until("the new file is used", || drift(&gate).len() == 3);
    let kept =
        fs::read_dir(gate.ledger_folder()).unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    assert!(kept.into_iter().any(|name| name.starts_with("ledger-inventory.db.damaged-")));
}

#[test]
fn without_a_file_nothing_is_left_behind() {
    let origin = Origin::telling(site);
    let mut gate = Plan::before(origin.address).also("inventory: { url: none, every: 200ms }").start();
    gate.page("/").send().expect(200);
    wait_until("the drift is noticed all the same", || drift(&gate).len() == 3);
    gate.restart(|folder| assert!(!folder.join("ledger/ledger-inventory.db").exists()));
    assert!(listed(&gate, "cookies").is_empty());
}

#[test]
fn the_report_says_what_would_be_held_by_page_rule_and_purpose() {
    let origin = Origin::telling(site);
    let gate = Plan::before(origin.address).mode("observe").start();
    for page in ["/bins", "/bins?q=1", "/tax"] {
        gate.page(page).send().expect(200);
    }
    let site = &gate.told("/api/report")["sites"][0];
    let find = |list: &str, key: &str, name: &str| {
        let all = site[list].as_array().unwrap();
        all.iter().find(|one| one[key] == name).unwrap_or_else(|| panic!("{name}: {all:#?}")).clone()
    };
    let rule = find("rules", "rule", "yaml: _ga*");
    assert_eq!(
        (&rule["would_hold"], &rule["held"], &rule["purposes"]),
        (&3.into(), &0.into(), &serde_json::json!(["analytics"]))
    );
    assert_eq!(rule["pages"][0], serde_json::json!({ "page": "/bins", "held": 0, "would_hold": 2, "passed": 0 }));
    assert!(
        find("pages", "page", "/bins")["would_hold"].as_u64() > find("pages", "page", "/tax")["would_hold"].as_u64()
    );
    assert_eq!(find("purposes", "purpose", "analytics")["would_hold"], 3);
    assert!(find("purposes", "purpose", "unclassified")["would_hold"].as_u64() >= Some(6));
}

/// A log-in: a form, and a cookie on the answer to what it posts.
fn log_in(request: &Received) -> Vec<u8> {
    let posted = request.head.first.starts_with("POST ");
    match request.path() {
        "/login" | "/account" if !posted => response("200 OK", &[HTML], PAGE),
        "/login" | "/do-login" => {
            response("302 Found", &[("Set-Cookie", "MidvaleAuth=1; Path=/; HttpOnly"), ("Location", "/account")], "")
        }
        _ => response("404 Not Found", &[HTML, ("Set-Cookie", "MidvaleAuth=1; Path=/; HttpOnly")], PAGE),
    }
}

#[test]
fn a_cookie_that_is_set_when_people_log_in_is_counted_on_the_page_they_log_in_on() {
    let origin = Origin::telling(log_in);
    let gate = Plan::before(origin.address).mode("observe").start();
    let post = |path: &str, from: &str| {
        let ask = gate.ask("POST", path).with("Accept", "text/html").body("user=jane");
        ask.with("Referer", &format!("http://www.example.gov.uk{from}")).send()
    };
    let rule = || {
        let rules = gate.told("/api/report")["sites"][0]["rules"].as_array().unwrap().clone();
        rules.into_iter().find(|rule| rule["rule"] == "unclassified: MidvaleAuth").expect("it is in the report")
    };
    post("/login", "/").expect(302);
    assert_eq!(rule()["pages"], serde_json::json!([]), "no page is known yet");
    assert_eq!(rule()["elsewhere"]["would_hold"], 1);

    gate.page("/login").send().expect(200);
    gate.page("/account").send().expect(200);
    post("/login", "/made-up").expect(302);
    post("/do-login", "/account?from=jane").expect(302);
    post("/do-login", "/made-up").expect(302);
    post("/made-up", "/login").expect(404);
    let on = |page: &str| serde_json::json!({ "page": page, "held": 0, "would_hold": 1, "passed": 0 });
    assert_eq!((&rule()["would_hold"], &rule()["elsewhere"]["would_hold"]), (&5.into(), &3.into()));
    let pages = rule()["pages"].as_array().unwrap().clone();
    assert_eq!(pages, [on("/login"), on("/account")]);
    assert!(!gate.told("/api/report").to_string().contains("made-up"));

    let cookie = one(&gate, "cookies", "MidvaleAuth");
    assert_eq!((&cookie["pages"], &cookie["sent"]), (&serde_json::json!(["/login", "/account"]), &false.into()));
    gate.page("/account").cookie("MidvaleAuth=1; nobody-has-set-this=1").send().expect(200);
    assert_eq!(
        one(&gate, "cookies", "MidvaleAuth")["sent"],
        true,
        "the site was seen to set it, so it is nobody's invention"
    );
    assert!(!gate.told("/api/inventory").to_string().contains("nobody-has-set-this"));
}

#[test]
fn what_nobody_has_classified_is_listed_after_a_restart_until_somebody_has() {
    let origin = Origin::telling(site);
    let mut gate = Plan::before(origin.address).mode("observe").also(EVERY).start();
    gate.page("/bins").send().expect(200);
    wait_until("it is kept", || drift(&gate).len() == 3);
    let table = |gate: &Gate, name: &str| {
        gate.told(&format!("/api/sites/www.example.gov.uk/{name}")).as_array().unwrap().clone()
    };
    let names = |gate: &Gate| -> Vec<String> {
        table(gate, "unclassified").iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    let all = ["cart_*", "mystery", "pay.unknown.example"];
    assert_eq!(names(&gate), all);
    gate.restart(|_| {});
    assert_eq!(names(&gate), all, "no page was asked for since");
    let mystery = &table(&gate, "unclassified")[1];
    assert_eq!(
        (&mystery["pages"], &mystery["count"], &mystery["kind"]),
        (&"/bins".into(), &1.into(), &"cookie".into())
    );
    assert_eq!(unclassified_now(&gate), [2, 1, 0]);
    let page = |gate: &Gate| gate.admin("GET", "/sites/www.example.gov.uk").send().expect(200).text();
    assert!(page(&gate).contains("Look here: </span>3") && page(&gate).contains("would be held"));

    // Pasted as they stand, with a purpose: the site has such lists already, so the last line of each alone.
    let lines =
        |at: usize| table(&gate, "unclassified")[at]["yaml"].as_str().unwrap().replace("CHOOSE }", "essential }");
    let last = |at: usize| lines(at).lines().last().unwrap().to_owned();
    let yaml = fs::read_to_string(&gate.file).unwrap();
    let yaml = yaml.replace("    cookies:\n", &format!("    cookies:\n{}\n{}\n", last(0), last(1)));
    fs::write(&gate.file, yaml.replace("    tags:\n", &format!("    tags:\n{}\n", last(2)))).unwrap();
    gate.read_again();
    wait_until("they are known", || names(&gate).is_empty());
    assert_eq!(unclassified_now(&gate), [0, 0, 0]);
    assert!(table(&gate, "drift").iter().all(|row| row["classified"] == "yes" && row["held"] == "no"));
    assert!(listed(&gate, "drift").iter().all(|drift| drift["unclassified"] == false));
    assert_eq!(one(&gate, "third_parties", "pay.unknown.example")["classified"], true);
    assert!(!page(&gate).contains("Look here"), "what is new has been classified");
}

/// Cookies, third parties, storage keys.
fn unclassified_now(gate: &Gate) -> [u64; 3] {
    let metrics = gate.admin("GET", "/metrics").send().expect(200).text();
    ["cookie", "third_party", "storage_key"].map(|kind| {
        let start = format!("consentgate_unclassified{{site=\"www.example.gov.uk\",kind=\"{kind}\"}} ");
        metrics.lines().find_map(|line| line.strip_prefix(&start)).expect("a gauge").parse().unwrap()
    })
}
