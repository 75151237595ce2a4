//! "Why was this held?": every rule that the gate names anywhere, `consentgate explain --rule` can explain.

use std::collections::BTreeSet;
use std::process::Command;

use crate::common::{Gate, HOST, HTML, Origin, Plan, response};

const PAGE: &str = "<!doctype html><html lang=en><body>\
    <script src=\"https://stats.example/x.js\"></script>\
    <script src=\"https://www.google-analytics.com/analytics.js\"></script>\
    <script src=\"/matomo.js\"></script>\
    <script src=\"https://pay.unknown.example/p.js\"></script>\
    <script src=\"https://cdn.tracker.example/t.js\"></script>\
    <script src=\"https://cc.cdn.civiccomputing.com/9/cookieControl-9.x.min.js\"></script>\
    <script>ga('create', 'UA-1', 'auto');</script>\
    </body></html>";

fn explained(gate: &Gate, id: &str) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_consentgate"));
    let out = command.args(["explain", "--config"]).arg(&gate.file).args(["--rule", id]).output().expect("it runs");
    let text = [out.stdout, out.stderr].concat();
    (out.status.success(), String::from_utf8(text).expect("UTF-8"))
}

/// Every rule that the metrics, the reports and the tables name.
fn named(gate: &Gate) -> BTreeSet<String> {
    let mut rules = BTreeSet::new();
    let site = gate.told("/api/report")["sites"][0].clone();
    rules.extend(site["rules"].as_array().unwrap().iter().map(|rule| rule["rule"].as_str().unwrap().to_owned()));
    rules.extend(
        gate.stats()["sites"][0]["held"].as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap().to_owned()),
    );
    for table in ["held", "cookies", "storage"] {
        let rows = gate.told(&format!("/api/sites/{HOST}/{table}"));
        rules.extend(rows.as_array().unwrap().iter().map(|row| row["rule"].as_str().unwrap().to_owned()));
    }
    let metrics = gate.admin("GET", "/metrics").send().expect(200).text();
    let labels = metrics.lines().filter_map(|line| line.split_once(",rule=\"")?.1.rsplit_once("\"}"));
    rules.extend(labels.map(|(rule, _)| rule.replace("\\\"", "\"").replace("\\\\", "\\")));
    let log = gate.log();
    let said = log.lines().filter_map(|line| line.split_once(" rule=\"")?.1.split_once("\" what="));
    rules.extend(said.map(|(rule, _)| rule.replace("\\\"", "\"")));
    rules
}

/// A gate that has met something of every kind.
fn busy_gate() -> (Origin, tempfile::TempDir, Gate) {
    let lists = tempfile::tempdir().unwrap();
    let list = lists.path().join("own.txt");
    std::fs::write(&list, "! a list\n\n||tracker.example^$third-party\n").unwrap();
    let origin = Origin::telling(|_| {
        let cookies = ["_ga_AB12CD34=1", "mystery=1", "_fbp=1", "consentgate=forged", "basket=1"];
        let lines = cookies.map(|line| ("Set-Cookie", line));
        let more = [("observe-browsing-topics", "?1"), ("Link", "<https://ads.example/x>; rel=preload, <nonsense")];
        response("200 OK", &[&[HTML][..], &lines, &more].concat(), PAGE)
    });
    let plan = Plan::before(origin.address)
        .line("replace_banner: true")
        .line("csp: learn")
        .line("storage: [ { key: liked, purpose: preferences } ]");
    let gate = plan.line(&format!("filter_lists: [ {{ file: \"{}\", purpose: analytics }} ]", list.display())).start();
    gate.page("/bins").send().expect(200);
    let report = r#"{ "csp-report": { "blocked-uri": "https://reported.example/x" } }"#;
    gate.ask("POST", "/.consent/csp-report")
        .with("Content-Type", "application/csp-report")
        .body(report)
        .send()
        .expect(204);
    let told = r#"{ "page": "/bins", "local": ["liked"] }"#;
    gate.ask("POST", "/.consent/seen").with("Origin", &format!("http://{HOST}")).body(told).send().expect(204);
    (origin, lists, gate)
}

#[test]
fn every_rule_that_is_named_anywhere_can_be_explained() {
    let (_origin, _lists, gate) = busy_gate();
    let rules = named(&gate);
    for rule in &rules {
        let (found, said) = explained(&gate, rule);
        assert!(found && said.starts_with(&format!("rule {rule}\n")), "{rule}: {said}");
        assert!(said.contains("source: ") || said.contains("Nothing knows it"), "{rule}: {said}");
    }
    let file = gate.file.display();
    for (rule, expected) in [
        ("yaml: _ga*", format!("cookies: _ga* at {file}:")),
        ("yaml: ||stats.example^", "purpose: analytics; before consent hold, after accepting all pass".into()),
        ("yaml: liked", format!("storage: liked at {file}:")),
        ("catalogue: _fbp (Meta)", "row: estate.tsv line ".into()),
        ("catalogue: /matomo.js (Matomo)", "row: paths.tsv line ".into()),
        ("list: own.txt ||tracker.example^$third-party", "line 3 of own.txt".into()),
        ("banner: Civic Cookie Control", format!("replace_banner at {file}:")),
        ("unclassified: mystery", "unclassified cookies: held until everything is agreed to (the default)".into()),
        ("unclassified: pay.unknown.example", "tags: [ { match: \"||pay.unknown.example^\"".into()),
        ("malformed", "source: the gate itself".into()),
        ("header: observe-browsing-topics", "purpose: marketing".into()),
        ("reported.example", "A host that browsers report".into()),
    ] {
        assert!(rules.contains(rule), "{rule} was not named: {rules:#?}");
        let (_, said) = explained(&gate, rule);
        assert!(said.contains(&expected), "{rule}: {said}");
    }
    for rule in ["reserved for the gate", "first party", "other", "markup inside", "too long to be judged"] {
        assert!(explained(&gate, rule).1.contains("source: the gate itself"), "{rule}");
    }
    assert!(rules.iter().any(|rule| rule.starts_with("catalogue: google-analytics.com")), "{rules:#?}");
    for rule in [
        "yaml: never-written",
        "catalogue: nobody (Nobody)",
        "list: own.txt ||other^",
        "nonsense",
        "banner: Nobody",
        "",
    ] {
        let (found, said) = explained(&gate, rule);
        assert!(!found && said.contains("no rule is called"), "{rule}: {said}");
    }
}

#[test]
fn a_rule_that_a_log_has_cut_is_found_by_its_beginning() {
    let origin = Origin::telling(|_| response("200 OK", &[HTML], PAGE));
    let long = format!("||stats.example/{}^", "x".repeat(200));
    let gate = Plan::before(origin.address).line(&format!("  - {{ match: \"{long}\", purpose: analytics }}")).start();
    let (found, said) = explained(&gate, &format!("yaml: {}", &long[..110]));
    assert!(found && said.contains(&long), "{said}");
    assert!(!explained(&gate, "yaml: ||stats.exa").0, "a short beginning is no name");
}
