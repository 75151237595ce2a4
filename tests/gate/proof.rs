//! The proof of a choice: the visitor's own record, what the ledger holds and never holds, how fast choices may come, and
//! the commands for whoever has to show it (A17, A20, E1–E10).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use consentgate::consent::{Key, ReceiptId};
use consentgate::ledger::{Config, Document, Event, Ledger as _, Method, Page, Record, Shown, Sqlite};
use serde_json::Value;

use crate::common::{Answer, Ask, Gate, HOST, HTML, Origin, Plan, page, response, wait_until};

const PAGE: &str = "<!doctype html><html lang=en><head><title>x</title></head><body><p>x</body></html>";

fn gate(plan: impl FnOnce(Plan) -> Plan) -> (Origin, Gate) {
    let origin = Origin::answering(page(PAGE));
    let gate = plan(Plan::before(origin.address)).start();
    (origin, gate)
}

/// The visitor presses Delete on the page of their record.
fn delete(gate: &Gate) -> Ask {
    gate.ask("POST", "/.consent/record?return=/bins&lang=en")
        .with("Origin", &format!("http://{HOST}"))
        .with("Content-Type", "application/x-www-form-urlencoded")
        .body("record=delete")
}

fn events(gate: &Gate) -> Vec<String> {
    gate.records().iter().map(|record| record["event"].as_str().unwrap().to_owned()).collect()
}

/// Another visitor's answer, by way of the proxy in front.
fn from(ask: Ask, address: &str) -> Answer {
    ask.with("X-Forwarded-For", address).send()
}

// === The visitor's own record ===

#[test]
fn a_visitor_sees_and_keeps_their_own_record_and_nobody_elses() {
    let (_origin, gate) = gate(|plan| plan.line("notice: { languages: [en, cy] }"));
    let mine = gate.visitor("accept").unwrap();
    gate.visitor("accept").unwrap();
    let records = gate.records();
    let (receipt, theirs) = (records[0]["receipt"].as_str().unwrap(), records[1]["receipt"].as_str().unwrap());
    let shown = gate.page("/.consent/record?return=/bins&lang=en").cookie(&mine).send().expect(200).text();
    assert!(shown.contains(receipt) && shown.contains("as=json") && shown.contains("as=text"), "{shown}");
    let json = gate.get("/.consent/record?as=json").cookie(&mine).send().expect(200);
    assert_eq!(json.value("content-disposition").as_deref(), Some("attachment; filename=\"cookie-record.json\""));
    assert_eq!(json.value("cache-control").as_deref(), Some("private, no-store"));
    let kept: Value = serde_json::from_slice(&json.body).unwrap();
    assert_eq!((&kept["receipt"], &kept["records"]), (&records[0]["receipt"], &serde_json::json!([records[0]])));
    let text = gate.get("/.consent/record?as=text").cookie(&mine).send().expect(200);
    assert_eq!(text.value("content-type").as_deref(), Some("text/plain; charset=utf-8"));
    assert_eq!(text.value("content-disposition").as_deref(), Some("attachment; filename=\"cookie-record.txt\""));
    let text = text.text();
    for line in [
        format!("receipt: {receipt}"),
        "event: given".into(),
        format!("hash: {}", records[0]["hash"].as_str().unwrap()),
    ] {
        assert!(text.lines().any(|known| known == line), "{line} in {text}");
    }
    let welsh = gate.get("/.consent/record?as=text&lang=cy").cookie(&mine).send().expect(200).text();
    let (above, below) = welsh.split_once("sydd yr un fath ym mhob iaith:\n").expect("it says whose names follow");
    assert!(!above.contains("event: ") && below.contains("event: given\n"), "{welsh}");
    let elsewhere = gate.get("/.consent/record?as=text").send().expect(200).text();
    for all in [&shown, &text, &elsewhere, &json.text()] {
        assert!(!all.contains(theirs), "{all}");
    }
    assert!(!elsewhere.contains(receipt), "a record is for whoever has its cookie");
}

#[test]
fn deleting_a_record_ends_the_agreement_and_leaves_a_tombstone() {
    let (_origin, gate) = gate(|plan| plan);
    let mine = gate.visitor("accept").unwrap();
    gate.visitor("accept").unwrap();
    let receipt = gate.records()[0]["receipt"].as_str().unwrap().to_owned();
    let answer = delete(&gate).cookie(&format!("{mine}; _ga=1")).send().expect(303);
    let gone = answer.set_cookies();
    assert!(gone.iter().any(|line| line.starts_with("consentgate=;") && line.contains("Max-Age=0")), "{gone:?}");
    assert!(gone.iter().any(|line| line.starts_with("_ga=; Max-Age=0")), "what was agreed to is expired: {gone:?}");
    let told = gate.page(&answer.value("location").unwrap()).send().expect(200).text();
    assert!(told.contains("role=\"status\"") && told.contains("%2Fbins"), "{told}");
    assert!(gate.page("/").send().expect(200).asks());
    assert_eq!(events(&gate), ["given"], "the other visitor's");
    let (code, verdict, _) = gate.ledger(&["verify"]);
    assert!(code == 0 && verdict.contains("deleted on purpose, with a tombstone: 1\n"), "{code}: {verdict}");
    let (code, _, said) = gate.ledger(&["show", "--receipt", &receipt]);
    assert!(code == 1 && said.contains("no record has the receipt"), "{code}: {said}");
}

#[test]
fn only_the_visitors_own_press_deletes() {
    let (_origin, gate) = gate(|plan| plan);
    let mine = gate.visitor("accept").unwrap();
    for (ask, status) in [
        (delete(&gate).with("Origin", "https://evil.example"), 403),
        (delete(&gate).without("Origin").with("Sec-Fetch-Site", "cross-site"), 403),
        (delete(&gate).with("Origin", "null"), 403),
        (delete(&gate).body("record=keep"), 400),
        (delete(&gate).with("Content-Type", "text/plain"), 400),
        (delete(&gate).body(format!("record=delete&x={}", "a".repeat(20_000))), 413),
        (gate.ask("DELETE", "/.consent/record"), 405),
    ] {
        let answer = ask.cookie(&mine).send().expect(status);
        assert_eq!(answer.set_cookies(), [""; 0]);
    }
    assert_eq!(events(&gate), ["given"]);
    delete(&gate).send().expect(303);
    assert_eq!(events(&gate), ["given"], "without a choice there is nothing to delete");
}

#[test]
fn a_legal_hold_keeps_the_record_and_the_choice_and_needs_no_restart() {
    let (_origin, gate) = gate(|plan| plan.ledger("legal_hold: true"));
    let mine = gate.visitor("accept").unwrap();
    let answer = delete(&gate).cookie(&mine).send().expect(409);
    assert_eq!(answer.set_cookies(), [""; 0], "the choice stays as it was");
    assert!(!gate.page("/").cookie(&mine).send().expect(200).asks());
    let receipt = gate.records()[0]["receipt"].as_str().unwrap().to_owned();
    for what in [&["purge", "--before", "2999-01-01"][..], &["purge", "--receipt", &receipt]] {
        let (code, _, said) = gate.ledger(what);
        assert!(code == 1 && said.contains("`ledger.legal_hold` is on"), "{code}: {said}");
    }
    assert_eq!(events(&gate), ["given"]);
    hold(&gate, false);
    delete(&gate).cookie(&mine).send().expect(303);
    assert!(events(&gate).is_empty());
    let mine = gate.visitor("accept").unwrap();
    hold(&gate, true);
    delete(&gate).cookie(&mine).send().expect(409);
}

/// Changes the YAML of a running gate and waits until it is in force.
fn hold(gate: &Gate, on: bool) {
    let yaml = fs::read_to_string(&gate.file).unwrap();
    fs::write(&gate.file, yaml.replace(&format!("legal_hold: {}", !on), &format!("legal_hold: {on}"))).unwrap();
    let before = gate.log().matches("configuration reloaded").count();
    gate.read_again();
    crate::common::wait_until("the file is read again", || {
        gate.log().matches("configuration reloaded").count() > before
    });
}

// === How fast ===

#[test]
fn a_network_that_floods_is_asked_to_wait_and_others_are_not() {
    let plan = |plan: Plan| plan.behind_a_terminator().limits("choices: { at_once: 3, a_minute: 1 }");
    let (_origin, gate) = gate(plan);
    let choose = || gate.choose("choice=reject");
    for host in 1..=3 {
        assert_eq!(from(choose(), &format!("203.0.113.{host}")).status, 303, "{host}");
    }
    let slowed = from(choose(), "203.0.113.200").expect(429);
    let wait: u64 = slowed.value("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(slowed.set_cookies(), [""; 0], "nothing was chosen");
    assert_eq!(from(delete(&gate), "203.0.113.9").status, 429, "deleting counts too");
    assert_eq!(from(gate.page("/"), "203.0.113.9").status, 200, "pages are served");
    assert_eq!(from(choose(), "198.51.100.1").status, 303, "another network");
    for host in 1..=3 {
        assert_eq!(from(choose(), &format!("2001:db8:1:2::{host}")).status, 303, "{host}");
    }
    assert_eq!(from(choose(), "2001:db8:1:2:ffff::1").status, 429, "a /64 is one network");
    assert_eq!(from(choose(), "2001:db8:1:3::1").status, 303);
    for _ in 0..5 {
        assert_eq!(from(choose(), "10.1.2.3").status, 303, "the organisation's own network");
    }
    assert_eq!(gate.records().len(), 3 + 1 + 3 + 1 + 5, "what was turned away is no record");
}

// === What the ledger never holds ===

#[test]
fn no_byte_of_the_ledger_says_who_or_from_where() {
    let (_origin, gate) = gate(Plan::behind_a_terminator);
    let planted = |ask: Ask| {
        ask.with("X-Forwarded-For", "203.0.113.77")
            .with("User-Agent", "PlantedAgent/7.0")
            .with("Referer", "https://planted-referrer.example/?q=planted")
            .with("Accept-Language", "en;q=0.7351")
            .with("Authorization", "Basic cGxhbnRlZDpzZWNyZXQ=")
            .adding("Cookie", "account=plantedaccount")
    };
    let form = |choice: &str| {
        format!("choice={choice}&return=%2Fbins%3Bjsessionid%3Dplantedsession%3Femail%3Dplantedquery%23plantedfragment")
    };
    let accepted = planted(gate.choose(&form("accept"))).send().expect(303).choice_cookie().unwrap();
    planted(gate.choose(&form("withdraw"))).cookie(&accepted).send().expect(303);
    planted(gate.choose(&form("reject"))).send().expect(303);
    planted(gate.page("/.consent/record?as=json&plantedquery=1")).cookie(&accepted).send().expect(200);
    let exported = [&["export"][..], &["export", "--format", "csv"], &["export", "--format", "27560"], &["show"]]
        .map(|what| gate.ledger(what).1.into_bytes());
    let files = fs::read_dir(gate.ledger_folder()).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    let all: Vec<_> = files.chain(exported).collect();
    let held = |what: &[u8]| all.iter().any(|bytes| memchr::memmem::find(bytes, what).is_some());
    assert!(held(b"/bins") && held(b"withdrawn"), "this is where it would be found");
    let value = accepted.split_once('=').unwrap().1;
    for personal in ["203.0.113", "127.0.0.1", "lanted", "0.7351", "cGxhbnRlZDpz", "account", value] {
        assert!(!held(personal.as_bytes()), "{personal}");
    }
    assert!(!held(&[203, 0, 113, 77]), "nor as four bytes");
}

#[test]
fn a_refusal_has_no_id_and_a_fresh_visit_sets_nothing() {
    let (_origin, gate) = gate(|plan| plan);
    assert_eq!(gate.page("/").send().expect(200).set_cookies(), [""; 0]);
    let refused = gate.choose("choice=reject").send().expect(303);
    let own = refused.choice_cookie().unwrap();
    let listed = gate.page("/.consent/cookies").send().expect(200).text();
    assert!(listed.contains(">consentgate<"), "the choice cookie is on the cookies page: {listed}");
    assert_eq!(refused.set_cookies().len(), 1, "the choice, and nothing else: {:?}", refused.set_cookies());
    let other = gate.choose("choice=reject").send().expect(303).choice_cookie().unwrap();
    let records = gate.records();
    assert_eq!((&records[0]["receipt"], &records[1]["receipt"]), (&Value::Null, &Value::Null));
    assert_eq!(records[1]["previous"], Value::Null, "nothing ties one to the other");
    let kept: Value =
        serde_json::from_slice(&gate.get("/.consent/record?as=json").cookie(&own).send().expect(200).body).unwrap();
    assert_eq!(kept, serde_json::json!({ "receipt": null, "records": [] }));
    // Made in the same second for the same answer, two visitors who refused cannot be told apart.
    let same_time =
        records[0]["expires_at"].as_str().unwrap()[..19] == records[1]["expires_at"].as_str().unwrap()[..19];
    assert_eq!(same_time, own == other, "{own} {other}");
}

/// No telemetry, no look-up of addresses, no update, nothing fetched for a visitor (A21).
#[test]
fn the_gate_connects_to_the_site_behind_it_and_to_nothing_else() {
    const TAGGED: &str = "<!doctype html><html lang=en><head><title>x</title><script src=https://stats.example/a.js></script></head><body><iframe src=https://ads.example/f></iframe><p>x</body></html>";
    let origin = Origin::telling(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        page(TAGGED)
    });
    let gate = Plan::before(origin.address).start();
    let [a, b, c, d] = [127, 0, 0, 1];
    let site = format!("tcp {d:02X}{c:02X}{b:02X}{a:02X}:{:04X}", origin.address.port());
    let (ended, seen) = (AtomicBool::new(false), Mutex::new(BTreeSet::new()));
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                seen.lock().unwrap().extend(gate.reaches_out_to());
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        });
        for choice in ["undecided", "accept", "reject"] {
            let visitor = gate.visitor(choice);
            for path in ["/", "/bins", "/.consent/cookies", "/.consent/record"] {
                gate.page(path).from(visitor.as_ref()).with("Sec-GPC", "1").send().expect(200);
            }
        }
        ended.store(true, Ordering::Relaxed);
    });
    assert_eq!(seen.into_inner().unwrap(), BTreeSet::from([site]), "and the look-out does see that one");
}

#[test]
fn the_time_is_the_gates_own() {
    let (_origin, gate) = gate(|plan| plan);
    let ask = gate.choose("choice=accept&time=1&made_at=1&expires_at=1").with("Date", "Thu, 01 Jan 1970 00:00:01 GMT");
    let before = std::time::SystemTime::now();
    ask.send().expect(303);
    let made = gate.records()[0]["time"].as_str().unwrap().to_owned();
    let made = humantime::parse_rfc3339(&made).unwrap();
    let slack = std::time::Duration::from_secs(1);
    assert!(made + slack >= before && made <= std::time::SystemTime::now(), "{made:?}");
}

// === Those who have to show it ===

#[test]
fn the_chain_is_whole_and_a_change_is_found_by_its_number() {
    let (_origin, gate) = gate(|plan| plan);
    for choice in ["accept", "reject", "accept"] {
        gate.visitor(choice).unwrap();
    }
    let (code, verdict, said) = gate.ledger(&["verify"]);
    assert!(
        code == 0 && verdict.contains(": every record is as it was written\nrecords: 3\n"),
        "{code}: {verdict}{said}"
    );
    let connection = rusqlite::Connection::open(gate.ledger_folder().join("ledger.db")).unwrap();
    let change = "DROP TRIGGER record_is_never_changed; UPDATE record SET event = 'given' WHERE seq = 2";
    connection.execute_batch(change).unwrap();
    drop(connection);
    let (code, verdict, said) = gate.ledger(&["verify"]);
    assert_eq!(code, 1, "{verdict}");
    assert!(verdict.contains(": NOT as it was written\nfirst fault: seq 2: edited"), "{verdict}");
    assert!(said.starts_with("consentgate: ") && said.contains("ledger.db: seq 2: edited"), "{said}");
}

#[test]
fn a_receipt_shows_its_events_the_verdict_and_the_notice_as_it_was_shown() {
    let (_origin, gate) = gate(|plan| plan);
    let accepted = gate.visitor("accept").unwrap();
    gate.choose("choice=withdraw").cookie(&accepted).send().expect(303);
    gate.visitor("accept").unwrap();
    let records = gate.records();
    let receipt = records[0]["receipt"].as_str().unwrap();
    assert_eq!(records[1]["previous"], records[0]["id"], "a chain of its own");
    let (code, shown, _) = gate.ledger(&["show", "--receipt", &receipt.to_uppercase()]);
    assert_eq!(code, 0);
    assert_eq!(shown.matches(receipt).count(), 2, "given, withdrawn: {shown}");
    for part in [" given ", " withdrawn ", "analytics=yes", "analytics=no", ": every record is as it was written"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let notice = records[0]["notice_sha256"].as_str().unwrap();
    let (_, told) = shown.split_once(&format!("the notice as it was shown, SHA-256 {notice}:\n\n")).unwrap();
    assert!(told.contains("value=\"accept\"") && told.contains("name=\"purpose.analytics\""), "{told}");
    let hashed = Document::new(told.strip_suffix('\n').unwrap().to_owned() + "\n");
    assert_eq!(hex(&hashed.sha256), notice, "word for word");
}

#[test]
fn the_notice_that_is_kept_has_what_traffic_had_shown_by_then() {
    const TAGGED: &str = "<!doctype html><html lang=en><head><title>x</title></head><body><script src=//www.google-analytics.com/ga.js></script></body></html>";
    let origin = Origin::telling(|request| match request.path() {
        "/tagged" => page(TAGGED),
        "/cookie" => response("200 OK", &[HTML, ("Set-Cookie", "zzqx_late=1")], PAGE),
        _ => page(PAGE),
    });
    let gate = Gate::before(&origin);
    gate.page("/").send().expect(200);
    let kept = |sha: &str| {
        let record = gate.records().pop().unwrap();
        record[sha].as_str().unwrap().to_owned()
    };
    let after = |path: &str| {
        gate.page(path).send().expect(200);
        gate.visitor("accept").unwrap();
        (kept("notice_sha256"), kept("rules_sha256"))
    };
    let first = after("/");
    assert_eq!(after("/"), first, "the same for all who read the same");
    assert_eq!(after("/.consent/cookies?return=/bins"), first);
    let with_cookie = after("/cookie");
    assert_ne!(with_cookie.0, first.0);
    let with_host = after("/tagged");
    assert!(with_host.0 != with_cookie.0 && with_host.1 != with_cookie.1, "{with_host:?}");
    let receipt = gate.records().pop().unwrap()["receipt"].as_str().unwrap().to_owned();
    let shown = gate.ledger(&["show", "--receipt", &receipt]).1;
    for name in ["zzqx_late", "Google"] {
        assert!(shown.contains(name), "{name} in {shown}");
    }
}

fn hex(bytes: &[u8]) -> String {
    consentgate::ledger::hex(bytes)
}

const COUNTING: &str = "purposes: [{ name: counting, version: \"2\", basis: statistical, who: A. Officer, date: 2026-11-23, attest: { sole_purpose: true, aggregate_output: true, no_individual_tracking: true, no_advertising: true, provider_is_processor: true, not_linked: true, individual_data_not_kept: true } }]";

#[test]
fn exports_say_on_what_basis_and_a_pack_never_mixes_with_another() {
    let (_origin, gate) = gate(|plan| plan.line(COUNTING));
    let form = "choice=save&purpose.analytics=yes&purpose.marketing=no&purpose.preferences=no&purpose.counting=yes";
    gate.choose(form).send().expect(303);
    let (code, exported, _) = gate.ledger(&["export", "--format", "27560"]);
    assert_eq!(code, 0);
    let record: Value = serde_json::from_str(&exported).expect("one record");
    let purposes = record["pii_processing"]["purposes"].as_array().unwrap();
    let of = |name: &str| purposes.iter().find(|purpose| purpose["purpose"] == name).expect("it was decided");
    assert_eq!(
        (&of("counting")["lawful_basis"], &of("counting")["purpose_version"]),
        (&"statistical".into(), &"2".into())
    );
    assert_eq!((&of("analytics")["lawful_basis"], &of("analytics")["consented"]), (&"consent".into(), &true.into()));
    assert_eq!(record["party_identification"][0]["party_name"], "Example Council");
    assert_eq!(of("analytics")["purpose_version"], Value::Null, "the site gives it none");
    let page = &record["pii_processing"]["privacy_notice"]["page"];
    assert_eq!(*page, format!("//{HOST}/"), "the record does not know whether the site speaks https");
    for command in [&["ledger", "export", "--schema"][..], &["ledger", "export", "--format", "27560", "--schema"]] {
        let out = std::process::Command::new(env!("CARGO_BIN_EXE_consentgate")).args(command).output().unwrap();
        assert!(out.status.success(), "no configuration is needed: {out:?}");
        assert_eq!(out.stdout, include_bytes!("../../docs/consent-record-27560.schema.json"));
    }
    let (code, schema, _) = gate.ledger(&["export", "--schema"]);
    assert_eq!((code, schema.as_str()), (0, include_str!("../../docs/consent-record-27560.schema.json")));

    let pack = gate.file.with_file_name("pack");
    let folder = pack.to_str().unwrap();
    let (code, said, fault) = gate.ledger(&["export", "--pack", folder]);
    assert_eq!((code, said), (0, format!("{folder}: open index.html, or print it\n")), "{fault}");
    let rules: Value = serde_json::from_str(&fs::read_to_string(pack.join("rules.json")).unwrap()).unwrap();
    let rules = &rules[record["evidence"]["rules_sha256"].as_str().unwrap()];
    let counting = rules["purposes"].as_array().unwrap().iter().find(|terms| terms["purpose"] == "counting").unwrap();
    assert_eq!(counting["attested"]["who"], "A. Officer");
    assert_eq!(counting["attested"]["points"].as_array().unwrap().len(), 7);
    assert_eq!(
        (&rules["refusal_kept_days"], &rules["exceptions"]["in_force_since"]),
        (&182.into(), &"2026-02-05".into())
    );
    let answers = fs::read_to_string(pack.join("index.html")).unwrap();
    assert!(answers.contains("A. Officer") && answers.contains("uk-pecr-schedule-a1"), "{answers}");

    let (code, said, fault) = gate.ledger(&["export", "--pack", folder]);
    assert_eq!((code, said.as_str()), (1, ""));
    assert!(fault.contains(folder) && fault.contains("name a directory that is not there yet"), "{fault}");
    assert_eq!(fs::read_to_string(pack.join("index.html")).unwrap(), answers, "the first one is as it was");
}

#[test]
fn the_pack_names_what_passes_by_the_catalogue_alone() {
    let set = [
        ("Content-Type", "text/html"),
        ("Set-Cookie", "ASP.NET_SessionId=abc"),
        ("Set-Cookie", "CouncilSession=1"),
        ("Set-Cookie", "_ga=1"),
    ];
    let origin = Origin::answering(response("200 OK", &set, PAGE));
    let inventory = "inventory: { every: 1s }";
    let cookies = "cookies: [{ name: CouncilSession, purpose: essential }]";
    let gate = Plan::before(origin.address).also(inventory).without_rules().line(cookies).start();
    gate.page("/bins").send().expect(200);
    let (pack, mut packs) = (gate.file.with_file_name("pack"), 0);
    wait_until("the inventory has it", || {
        packs += 1;
        let folder = format!("{}{packs}", pack.display());
        assert_eq!(gate.ledger(&["export", "--pack", &folder]).0, 0);
        let page = fs::read_to_string(Path::new(&folder).join("index.html")).unwrap();
        let seen = page.split_once("strictly necessary by the built-in catalogue").map(|(_, after)| after);
        let table = seen.and_then(|after| after.split_once("</table>")).map(|(table, _)| table);
        table.is_some_and(|table| {
            assert!(!table.contains("CouncilSession") && !table.contains("_ga"), "{table}");
            table.contains("ASP.NET_SessionId") && table.contains("Ties the pages of one visit together")
        })
    });
}

// === How long ===

/// Records as a gate wrote them long ago, by this gate's own key.
fn old_records(gate: &Gate, ages_in_days: &[u64]) {
    let digits = fs::read_to_string(gate.file.with_file_name("signing.key")).unwrap();
    let byte = |at: usize| u8::from_str_radix(&digits[at * 2..at * 2 + 2], 16).unwrap();
    write_old(&gate.ledger_folder().join("ledger.db"), &Key::new(std::array::from_fn(byte)), ages_in_days);
}

fn write_old(file: &Path, key: &Key, ages_in_days: &[u64]) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let ledger = Sqlite::start(&Config::at(file), key).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for (n, days) in (1..).zip(ages_in_days) {
        let made = now - days * 86_400;
        let record = Record {
            id: [n; 16],
            event: Event::Given(Some(ReceiptId([n; 16]))),
            time_ms: made * 1000,
            site: HOST.into(),
            page: Page::of("/"),
            language: "en".into(),
            notice_version: "1".into(),
            decisions: vec![("analytics".into(), true)],
            method: Method::BannerForm,
            gpc: false,
            expires_at: made + 365 * 86_400,
        };
        let shown = Shown { notice: Document::new("May we?"), rules: Document::new("{}") };
        runtime.block_on(ledger.record(record, shown.into())).unwrap();
    }
    ledger.close();
}

#[test]
fn what_was_kept_long_enough_goes_and_is_counted_unless_it_is_held() {
    let (_origin, gate) = gate(|plan| plan.ledger("keep: 400d, legal_hold: true"));
    old_records(&gate, &[800, 401, 399]);
    gate.visitor("accept").unwrap();
    let (code, _, said) = gate.ledger(&["purge", "--kept"]);
    assert!(code == 1 && said.contains("legal_hold"), "{said}");
    assert_eq!(gate.records().len(), 4);
    hold(&gate, false);
    let (code, said, _) = gate.ledger(&["purge", "--kept"]);
    assert!(code == 0 && said.ends_with(": 2 records deleted\n"), "{said}");
    assert_eq!(gate.records().iter().map(|record| record["seq"].as_u64().unwrap()).collect::<Vec<_>>(), [3, 4]);
    gate.visitor("reject").unwrap();
    let receipt = hex(&[3; 16]);
    let (code, said, _) = gate.ledger(&["purge", "--receipt", &receipt]);
    assert!(code == 0 && said.ends_with(": 1 record deleted\n"), "{said}");
    let (code, verdict, _) = gate.ledger(&["verify"]);
    assert!(code == 0 && verdict.contains("records: 2\ndeleted on purpose, with a tombstone: 3\n"), "{verdict}");
    let (_, csv, _) = gate.ledger(&["export", "--format", "csv"]);
    assert_eq!(csv.lines().count(), 1 + 2, "{csv}");
}
