//! `consentgate audit --mode browser` on sites whose truth is known: every cookie, storage key, third party and
//! fingerprint is found, in each state, and nothing that is not there. That it is every time the same is measured on the
//! councils of `audit_councils.rs`.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "common/ops.rs"]
mod ops;
#[path = "audit/products.rs"]
mod products;
#[expect(dead_code, reason = "councils use the rest")]
#[path = "audit/serving.rs"]
mod serving;
#[path = "audit/stubs.rs"]
mod stubs;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use stubs::{LONG, Stubs};

/// Where a browser is, as `tests/run` installs it; `None` says why a test did nothing.
fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let places =
        std::env::split_paths(&path).flat_map(|folder| ["chromium", "google-chrome"].map(|name| folder.join(name)));
    let found = named.into_iter().chain(places).find(|place| place.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "there is no Chromium, and tests/run installs one");
        eprintln!("NOT TESTED: there is no Chromium on this machine (apt install chromium, or tests/run)");
    }
    found
}

/// Audits these sites and hands over the report.
fn audit(chromium: &Path, port: u16, out: &Path, arguments: &[&str]) -> Value {
    let temporary = out.join("temporary");
    std::fs::create_dir_all(&temporary).unwrap();
    let mapped = format!("--chromium-flag=--host-resolver-rules=MAP static.hotjar.com 127.0.0.1:{port}");
    let done = Command::new(env!("CARGO_BIN_EXE_consentgate"))
        .args(["audit", "--mode", "browser", "--delay", "0ms", "--chromium-flag=--no-sandbox", &mapped, "--chromium"])
        .arg(chromium)
        .arg("--out")
        .arg(out)
        .args(arguments)
        .env("TMPDIR", &temporary)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stdout));
    let left: Vec<_> = std::fs::read_dir(&temporary).unwrap().flatten().map(|entry| entry.path()).collect();
    assert!(
        left.iter().all(|path| !path.display().to_string().contains("consentgate-audit-")),
        "left behind: {left:?}"
    );
    serde_json::from_slice(&std::fs::read(out.join("report.json")).unwrap()).unwrap()
}

type Facts = BTreeSet<String>;

fn facts<'f>(lines: impl IntoIterator<Item = &'f str>) -> Facts {
    lines.into_iter().map(str::to_owned).collect()
}

/// `name header 3600`: lifetimes as they were set, to ten seconds where a date was written.
fn cookies(state: &Value) -> Facts {
    let all = state["cookies"].as_array().unwrap().iter();
    let line = |one: &Value| {
        let seconds = one["wire_lifetime"]
            .as_u64()
            .map_or("session".to_owned(), |seconds| (seconds.div_ceil(10) * 10).to_string());
        format!(
            "{} {} {} {seconds}",
            one["domain"].as_str().unwrap(),
            one["name"].as_str().unwrap(),
            one["set_by"].as_str().unwrap()
        )
    };
    all.map(line).collect()
}

fn storage(state: &Value) -> Facts {
    let all = state["storage"].as_array().unwrap().iter();
    all.map(|one| format!("{} {}", one["kind"].as_str().unwrap(), one["key"].as_str().unwrap())).collect()
}

/// `host < file of the initiator`.
fn third_parties(state: &Value) -> Facts {
    let all = state["third_parties"].as_array().unwrap().iter();
    let each = all.flat_map(|one| {
        let by = one["initiators"].as_array().unwrap().iter();
        let host = one["host"].as_str().unwrap();
        by.map(move |by| {
            format!("{host} < {}", by.as_str().unwrap().split_once("//").unwrap().1.split_once('/').unwrap().1)
        })
    });
    each.collect()
}

fn fingerprints(state: &Value) -> Facts {
    let all = state["fingerprinting"].as_array().unwrap().iter();
    all.map(|one| {
        format!(
            "{} {}",
            one["interface"].as_str().unwrap(),
            one["script"].as_str().unwrap().rsplit('/').next().unwrap()
        )
    })
    .collect()
}

fn verdicts(site: &Value) -> Vec<(String, String)> {
    let all = site["criteria"].as_array().unwrap().iter();
    all.map(|one| (one["id"].as_str().unwrap().to_owned(), one["verdict"].as_str().unwrap().to_owned())).collect()
}

fn verdict(site: &Value, id: &str) -> String {
    verdicts(site).into_iter().find(|(known, _)| known == id).unwrap().1
}

#[test]
fn everything_is_found_in_every_state() {
    let Some(chromium) = chromium() else { return };
    let stubs = Stubs::start();
    let sites: Vec<_> = (2..=8).map(|last| stubs.site(last)).collect();
    let sites: Vec<_> = sites.iter().map(String::as_str).collect();
    let folder = tempfile::tempdir().unwrap();
    let report = audit(&chromium, stubs.port, folder.path(), &sites);
    let [many, fair, hidden, wall, framed, clean, paged] = &report["sites"].as_array().unwrap()[..] else {
        panic!("{report:#}")
    };
    many_is_known(many);
    fair_is_known(fair);
    hidden_is_known(hidden);
    wall_is_known(wall);
    framed_is_known(framed);
    paged_is_known(paged);
    assert_eq!((&clean["score"], &clean["score_at_least"]), (&100.into(), &100.into()), "{clean:#}");
    assert!(folder.path().join(fair["notice"]["screenshots"][0].as_str().unwrap()).metadata().unwrap().len() > 1_000);
}

fn many_is_known(site: &Value) {
    let state = &site["states"]["untouched"];
    let long = format!("127.0.0.2 long header {LONG}");
    let theirs = format!("127.0.0.2 stats_id script {LONG}");
    let known = [
        "127.0.0.2 plain header session",
        &long,
        &theirs,
        "stats.localhost stats_third header 86400",
        "127.0.0.2 by_script script 3600",
        "127.0.0.2 gone_again script 10",
        "127.0.0.2 until script 7200",
        "127.0.0.2 by_store script 1800",
        "127.0.0.2 on_hop header 50",
        "127.0.0.2 leaving script session",
        "embed.localhost map_seen script 60",
    ];
    assert_eq!(cookies(state), facts(known), "{site:#}");
    let found = state["cookies"].as_array().unwrap();
    let long = found.iter().find(|cookie| cookie["name"] == "long").unwrap();
    assert_eq!(
        (&long["effective_lifetime"], &long["http_only"], &long["same_site"]),
        (&34_560_000.into(), &true.into(), &"lax".into())
    );
    let worker = format!("service_worker {}worker.js", site["url"].as_str().unwrap());
    let known = [
        "local kept",
        "local map_zoom",
        "local on_the_way",
        "session passing",
        "indexed_db base",
        "indexed_db on_the_way_too",
        "cache thrown",
        "cache box",
        &worker,
    ];
    assert_eq!(storage(state), facts(known));
    let known = [
        "stats.localhost < ",
        "stats.localhost < landed",
        "beacon.localhost < t.js",
        "late.localhost < ",
        "later.localhost < ",
        "embed.localhost < ",
        "worker.localhost < w.js",
        "socket.localhost < ",
        "leaving.localhost < ",
    ];
    let found = third_parties(state);
    // The page that a redirect leads to asks by its own address: `landed`, never `hop` or `away`.
    assert_eq!(found, facts(known));
    assert_eq!(fingerprints(state), facts(["audio fingerprint.js", "canvas fingerprint.js", "fonts fingerprint.js"]));
    assert!(site["notice"].is_null() && site["states"]["accepted"].is_null());
    let pages: Vec<_> = site["pages"].as_array().unwrap().iter().map(|page| page["status"].as_u64().unwrap()).collect();
    assert_eq!(pages, [200, 200, 200]);
}

fn fair_is_known(site: &Value) {
    let states = &site["states"];
    assert_eq!(cookies(&states["untouched"]), facts([]), "{site:#}");
    let refused = facts(["127.0.0.3 choice script 15552000"]);
    assert_eq!(cookies(&states["rejected"]), refused);
    assert_eq!(
        cookies(&states["accepted"]),
        facts(["127.0.0.3 choice script 15552000", "127.0.0.3 _ga header 63072000"])
    );
    assert_eq!(cookies(&states["withdrawn"]), refused);
    let shared = ["static.hotjar.com < ", "static.hotjar.com < two"];
    assert_eq!(third_parties(&states["accepted"]), facts(shared));
    assert_eq!(third_parties(&states["rejected"]), facts([]));
    let notice = &site["notice"];
    assert_eq!(
        (&notice["accept"]["text"], &notice["reject"]["text"]),
        (&"Accept all cookies".into(), &"Reject all cookies".into())
    );
    assert_eq!(
        (&notice["reject"]["presses"], &notice["withdraw"], &notice["blocks_the_page"]),
        (&1.into(), &true.into(), &false.into())
    );
    assert_eq!(notice["screenshots"].as_array().unwrap().len(), 4);
    for id in ["reject_as_easy", "kept_after_reject", "withdraw", "kept_after_withdraw", "no_wall", "ticked_beforehand"]
    {
        assert_eq!(verdict(site, id), "met", "{id}");
    }
    assert_eq!(verdict(site, "accessible"), "not_seen", "there was no --axe");
}

fn hidden_is_known(site: &Value) {
    let states = &site["states"];
    assert!(states.as_object().unwrap().values().all(|state| !state.is_null()), "{:#}", site["gaps"]);
    assert_eq!(cookies(&states["untouched"]), facts([]), "{site:#}");
    assert_eq!(cookies(&states["rejected"]), facts(["127.0.0.4 set script session"]));
    assert_eq!(storage(&states["rejected"]), facts([]));
    assert_eq!(cookies(&states["accepted"]), facts(["127.0.0.4 set script session", "127.0.0.4 _gid script 86400"]));
    assert_eq!(storage(&states["accepted"]), facts(["local _hjUserAttributes"]));
    assert_eq!(cookies(&states["withdrawn"]), facts(["127.0.0.4 set script session"]));
    let notice = &site["notice"];
    assert_eq!((&notice["reject"]["presses"], &notice["reject"]["text"]), (&2.into(), &"Save choices".into()));
    assert_eq!(notice["ticked_beforehand"], 1);
    for id in ["reject_as_easy", "ticked_beforehand"] {
        assert_eq!(verdict(site, id), "not_met", "{id}");
    }
    assert_eq!(verdict(site, "kept_after_reject"), "met");
}

fn wall_is_known(site: &Value) {
    let states = &site["states"];
    assert!(states["rejected"].is_null() && states["withdrawn"].is_null(), "{site:#}");
    assert_eq!(cookies(&states["accepted"]), facts(["127.0.0.5 wall script session", "127.0.0.5 _fbp header 7776000"]));
    assert_eq!((&site["notice"]["ticked_beforehand"], &site["notice"]["blocks_the_page"]), (&2.into(), &true.into()));
    for id in ["no_wall", "ticked_beforehand", "reject_as_easy", "withdraw"] {
        assert_eq!(verdict(site, id), "not_met", "{id}");
    }
    let gaps: Vec<_> = site["gaps"].as_array().unwrap().iter().map(|gap| gap.as_str().unwrap()).collect();
    assert!(gaps.iter().any(|gap| gap.contains("rejected: no control was found that refuses")), "{gaps:?}");
}

fn framed_is_known(site: &Value) {
    let states = &site["states"];
    assert_eq!(third_parties(&states["untouched"]), facts(["notice.localhost < "]), "{site:#}");
    assert_eq!(cookies(&states["rejected"]), facts(["127.0.0.6 framed script session"]));
    assert_eq!(cookies(&states["accepted"]), facts(["127.0.0.6 framed script session", "127.0.0.6 _gat header 60"]));
    assert_eq!(
        (&site["notice"]["accept"]["text"], &site["notice"]["reject"]["text"]),
        (&"Allow all cookies".into(), &"Decline".into())
    );
}

fn paged_is_known(site: &Value) {
    let states = &site["states"];
    assert!(states.as_object().unwrap().values().all(|state| !state.is_null()), "{:#}", site["gaps"]);
    let chosen = "127.0.0.8 policy header 31536000";
    assert_eq!(cookies(&states["untouched"]), facts([]));
    assert_eq!(cookies(&states["rejected"]), facts([chosen]));
    assert_eq!(cookies(&states["accepted"]), facts([chosen, "127.0.0.8 _ga header 63072000"]));
    let ga = |state: &str| states[state]["cookies"].as_array().unwrap().iter().any(|cookie| cookie["name"] == "_ga");
    assert!(ga("withdrawn"), "this site forgets to take it away");
    let notice = &site["notice"];
    assert_eq!((&notice["product"], &notice["withdraw"]), (&"GOV.UK cookie banner".into(), &true.into()));
    assert_eq!(verdict(site, "kept_after_withdraw"), "not_met");
}

#[test]
fn real_notices_are_known_and_pressed_to_their_ends() {
    let Some(chromium) = chromium() else { return };
    if !serving::packages().join("vanilla-cookieconsent-2").is_dir() {
        assert!(std::env::var_os("CI").is_none(), "tests/run installs the packages");
        return eprintln!("NOT TESTED: the npm packages are not there (tests/run)");
    }
    let stubs = Stubs::start();
    let klaro = serving::packages().join("klaro").is_dir();
    let sites: Vec<_> = (11..=if klaro { 15 } else { 14 }).map(|last| stubs.site(last)).collect();
    let sites: Vec<_> = sites.iter().map(String::as_str).collect();
    let folder = tempfile::tempdir().unwrap();
    let report = audit(&chromium, stubs.port, folder.path(), &sites);
    let known = [
        ("vanilla-cookieconsent", 2),
        ("Osano cookieconsent", 1),
        ("tarteaucitron", 1),
        ("vanilla-cookieconsent", 2),
        ("Klaro", 1),
    ];
    for (site, (product, presses)) in report["sites"].as_array().unwrap().iter().zip(known) {
        let notice = &site["notice"];
        assert_eq!((&notice["product"], &notice["reject"]["presses"]), (&product.into(), &presses.into()), "{site:#}");
        let ga = |state: &str| {
            let cookies = site["states"][state]["cookies"].as_array();
            cookies
                .unwrap_or_else(|| panic!("{product}: {state}: {:#}", site["gaps"]))
                .iter()
                .any(|cookie| cookie["name"] == "_ga")
        };
        assert_eq!(
            [ga("untouched"), ga("rejected"), ga("accepted"), ga("withdrawn")],
            [false, false, true, false],
            "{product}"
        );
    }
}

fn has_ga(site: &Value, state: &str) -> Option<bool> {
    let cookies = site["states"][state]["cookies"].as_array()?;
    Some(cookies.iter().any(|cookie| cookie["name"] == "_ga"))
}

#[test]
fn notices_of_many_products_are_known_by_name_and_answered_both_ways() {
    let Some(chromium) = chromium() else { return };
    let stubs = Stubs::start();
    let site = |last: usize| format!("http://127.0.2.{last}:{}/", stubs.port);
    let mut sites: Vec<_> = (1..=products::PRODUCTS.len()).map(site).collect();
    sites.push(site(99));
    let mut arguments = vec!["--at-once", "8"];
    arguments.extend(sites.iter().map(String::as_str));
    let folder = tempfile::tempdir().unwrap();
    let report = audit(&chromium, stubs.port, folder.path(), &arguments);
    let reported = report["sites"].as_array().unwrap();
    for (site, product) in reported.iter().zip(&products::PRODUCTS) {
        let (notice, name) = (&site["notice"], product.name);
        assert_eq!(notice["product"].as_str().unwrap_or_default(), name, "{site:#}");
        let by = notice["found_by"].as_str().unwrap();
        assert_eq!(by.contains("autoconsent"), product.by_rule, "{name}: {by}");
        assert_eq!(notice["reject"]["presses"], product.presses, "{name}: {site:#}");
        let states = ["untouched", "rejected", "accepted"].map(|state| has_ga(site, state));
        assert_eq!(states, [Some(false), Some(false), Some(true)], "{name}: {:#}", site["gaps"]);
    }
    let dead = &reported[products::PRODUCTS.len()];
    let gaps: Vec<_> = dead["gaps"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(dead["states"]["rejected"].is_null() && has_ga(dead, "accepted") == Some(false), "{dead:#}");
    assert!(gaps.iter().any(|gap| gap.contains("\"Reject all cookies\" was pressed and had no effect")), "{gaps:?}");
    assert_ne!(verdict(dead, "kept_after_reject"), "not_met", "nothing is said of what was not seen");
}

#[test]
fn our_own_notice_is_answered_in_its_shadow_root_and_axe_looks_at_it() {
    let Some(chromium) = chromium() else { return };
    let folder = tempfile::tempdir().unwrap();
    let demo = ops::Demo::start(Path::new(env!("CARGO_BIN_EXE_consentgate")), folder.path());
    let site = format!("http://localhost:{}/", demo.address.port());
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/node_modules/axe-core/axe.min.js");
    let axe_there = axe.is_file();
    let mut arguments = vec![&*site, "--pages", "2"];
    if axe_there {
        arguments.extend(["--axe", axe.to_str().unwrap()]);
    }
    let report = audit(&chromium, demo.address.port(), &folder.path().join("out"), &arguments);
    let site = &report["sites"][0];
    let count = |state: &str| site["states"][state]["third_parties"].as_array().unwrap().len();
    assert_eq!((count("untouched"), count("rejected"), count("withdrawn")), (0, 0, 0), "{site:#}");
    assert!(count("accepted") > 5);
    assert!(site["states"]["accepted"]["cookies"].as_array().unwrap().len() > 10);
    let notice = &site["notice"];
    assert_eq!(
        (&notice["product"], &notice["withdraw"], &notice["blocks_the_page"]),
        (&"Consentgate".into(), &true.into(), &false.into())
    );
    assert_eq!(notice["accept"]["contrast"], notice["reject"]["contrast"]);
    for id in [
        "cookies_before_choice",
        "trackers_before_choice",
        "reject_as_easy",
        "kept_after_reject",
        "withdraw",
        "no_wall",
    ] {
        assert_eq!(verdict(site, id), "met", "{id}");
    }
    if axe_there {
        assert_eq!((verdict(site, "accessible").as_str(), &notice["accessibility"]), ("met", &serde_json::json!([])));
    }
}

#[test]
fn a_browser_that_is_not_there_or_does_not_start_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let said = |program: &str| {
        let done = Command::new(env!("CARGO_BIN_EXE_consentgate"))
            .args(["audit", "--mode", "browser", "--chromium", program, "--out"])
            .arg(folder.path().join("out"))
            .arg("http://127.0.0.1:9/")
            .env("TMPDIR", folder.path())
            .output()
            .unwrap();
        assert!(!done.status.success());
        String::from_utf8_lossy(&done.stderr).into_owned()
    };
    assert!(said("/nowhere/chromium").contains("/nowhere/chromium: No such file"));
    assert!(said("/bin/false").contains("/bin/false: ended at once"));
    let none = Command::new(env!("CARGO_BIN_EXE_consentgate"))
        .args(["audit", "--mode", "browser", "http://127.0.0.1:9/", "--out"])
        .arg(folder.path().join("out"))
        .env("PATH", "")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&none.stderr).contains("Install Chromium"), "{none:?}");
    let left = std::fs::read_dir(folder.path()).unwrap().flatten().filter(|entry| entry.file_name() != "out").count();
    assert_eq!(left, 0, "no profile is left behind");
}

#[test]
fn an_audit_that_is_ended_ends_its_browser() {
    let Some(chromium) = chromium() else { return };
    let (stubs, folder) = (Stubs::start(), tempfile::tempdir().unwrap());
    let profile = || {
        let entries = std::fs::read_dir(folder.path()).unwrap().flatten();
        entries.map(|entry| entry.path()).find(|path| path.display().to_string().contains("consentgate-audit-"))
    };
    let mut audit = Command::new(env!("CARGO_BIN_EXE_consentgate"))
        .args(["audit", "--mode", "browser", "--chromium-flag=--no-sandbox", &stubs.site(3), "--chromium"])
        .arg(&chromium)
        .arg("--out")
        .arg(folder.path().join("out"))
        .env("TMPDIR", folder.path())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    assert!(ops::soon(ops::PATIENCE, || profile().is_some_and(|path| path.join("DevToolsActivePort").is_file())));
    assert!(Command::new("kill").args(["-TERM", &audit.id().to_string()]).status().unwrap().success());
    let done = audit.wait().unwrap();
    assert!(!done.success() && done.code().is_some(), "{done}");
    assert_eq!(profile(), None);
}

/// `SITES=24 AT_ONCE=8 cargo test --test audit_browser pages_per_minute -- --ignored --nocapture`
#[test]
#[ignore = "a measurement: it says how fast this machine is"]
fn pages_per_minute() {
    let Some(chromium) = chromium() else { return };
    let number = |name: &str, usual: usize| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let stubs = Stubs::start();
    let sites: Vec<_> =
        (1..=number("SITES", 24)).map(|last| format!("http://127.0.1.{last}:{}/", stubs.port)).collect();
    let at_once = number("AT_ONCE", 8).to_string();
    let mut arguments = vec!["--at-once", &*at_once];
    arguments.extend(sites.iter().map(String::as_str));
    let folder = tempfile::tempdir().unwrap();
    let started = std::time::Instant::now();
    let report = audit(&chromium, stubs.port, folder.path(), &arguments);
    let took = started.elapsed();
    let all = report["sites"].as_array().unwrap().iter().flat_map(|site| site["pages"].as_array().unwrap());
    let pages: usize = all.map(|page| page["phases"].as_array().unwrap().len()).sum();
    assert_eq!(pages, sites.len() * 8, "two pages of each site, each in four states");
    println!("{pages} pages in {took:.1?}: {} a minute", pages as u128 * 60_000 / took.as_millis());
}
