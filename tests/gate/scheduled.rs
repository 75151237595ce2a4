//! Audits that the gate has made by itself: kept, compared with the one before, told, and shown.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::common::{Gate, HTML, Origin, Plan, Received, page, response, wait_until};
use serde_json::Value;

/// A site that nothing was wrong with, until it was changed.
struct Council {
    changed: Arc<AtomicBool>,
    origin: Origin,
}

impl Council {
    fn new() -> Self {
        let changed = Arc::<AtomicBool>::default();
        let now = Arc::clone(&changed);
        let site = move |request: &Received| match request.path() {
            "/" if now.load(Ordering::Relaxed) => {
                let set = ("Set-Cookie", "_ga=GA1.2.secret-value; Max-Age=63072000");
                response("200 OK", &[HTML, set], "<!doctype html><title>Council</title>")
            }
            "/" => page("<!doctype html><title>Council</title>"),
            _ => response("404 Not Found", &[], ""),
        };
        Self { changed, origin: Origin::telling(site) }
    }

    fn address(&self) -> String {
        format!("http://{}/", self.origin.address)
    }

    /// What an audit of two hours ago has left, one of long ago, and one that is damaged.
    fn audited_before(&self, folder: &Path) {
        let at = |name: &str| folder.join(name);
        let ago = humantime::format_rfc3339_seconds(SystemTime::now() - Duration::from_hours(2));
        let name = ago.to_string().replace(['-', ':'], "");
        let status = Command::new(env!("CARGO_BIN_EXE_consentgate"))
            .args(["audit", "--out", at(&name).to_str().unwrap(), &self.address()])
            .output()
            .unwrap()
            .status;
        assert!(status.success());
        fs::create_dir(at("20200101T000000Z")).unwrap();
        fs::copy(at(&name).join("report.json"), at("20200101T000000Z/report.json")).unwrap();
        // And one that a full disk has cut off.
        let cut = humantime::format_rfc3339_seconds(SystemTime::now() - Duration::from_hours(1));
        let cut = cut.to_string().replace(['-', ':'], "");
        fs::create_dir(at(&cut)).unwrap();
        fs::write(at(&cut).join("report.json"), "{").unwrap();
        self.changed.store(true, Ordering::Relaxed);
    }
}

fn audits(gate: &Gate) -> Vec<Value> {
    gate.told("/api/audits").as_array().unwrap().clone()
}

#[test]
fn an_audit_is_made_in_its_time_and_what_is_new_is_told() {
    let (council, folder) = (Council::new(), tempfile::tempdir().unwrap());
    council.audited_before(folder.path());
    let heard = Arc::<Mutex<Vec<Value>>>::default();
    let told = Arc::clone(&heard);
    let hook = Origin::telling(move |request| {
        told.lock().unwrap().push(serde_json::from_slice(&request.body).expect("JSON is posted"));
        response("204 No Content", &[], "")
    });
    let gate = Plan::before(council.origin.address)
        .also(&format!("drift: {{ webhook: \"http://{}/token\" }}", hook.address))
        .also(&format!(
            "audit: {{ every: 1h, sites: [\"{}\"], folder: \"{}\", keep: 3 }}",
            council.address(),
            folder.path().display()
        ))
        .start();
    wait_until("those there are have been read", || audits(&gate).len() == 2);
    assert!(gate.admin("GET", "/audits").send().expect(200).text().contains("<dt>Next</dt>"));
    wait_until("the next one is made", || {
        audits(&gate).first().is_some_and(|latest| latest["new"].as_u64().is_some_and(|new| new > 0))
    });

    let line = gate.log_line("kind=\"audit_criterion\"");
    assert!(line.contains("cookies_before_choice"), "{line}");
    assert!(gate.log_line("kind=\"audit_found\"").contains("untouched: cookie _ga for 127.0.0.1"));
    wait_until("the webhook has heard it", || {
        heard.lock().unwrap().iter().filter_map(|told| told["drift"].as_array()).flatten().count() >= 2
    });
    assert!(!gate.log().contains("secret-value") && !format!("{heard:?}").contains("secret-value"));
    // Of four, three are kept, of which one cannot be read; the newest first.
    let kept = audits(&gate);
    assert_eq!((kept.len(), &kept[1]["score"]), (2, &100.into()));
    assert!(kept[0]["not_met"].as_str().unwrap().contains("cookies_before_choice"), "{kept:#?}");
    assert!(kept[0]["score"].as_u64().unwrap() < 100);
    assert!(!folder.path().join("20200101T000000Z").exists() && !folder.path().join("under-way").exists());
    shown(&gate, folder.path());
}

/// Page, report, what is new, metrics; and nothing but an audit's own files.
fn shown(gate: &Gate, folder: &Path) {
    let page = gate.admin("GET", "/audits").send().expect(200).text();
    let latest = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.file_name()).max().unwrap();
    let report = format!("/audits/{}/report.html", latest.to_str().unwrap());
    assert!(
        page.contains(&report.replace('/', "&#x2f;")) && page.contains("no longer met: cookies_before_choice"),
        "{page}"
    );
    let answer = gate.admin("GET", &report).send().expect(200);
    let policy = answer.value("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"), "{policy}");
    assert!(answer.text().contains("_ga"));
    for elsewhere in ["/audits/../ledger", "/audits/x/report.html", "/audits/20200101T000000Z/report.html"] {
        gate.admin("GET", elsewhere).send().expect(404);
    }
    let metrics = gate.admin("GET", "/metrics").send().expect(200).text();
    for metric in ["consentgate_audit_failed 0", "consentgate_audit_score{url=", "consentgate_audit_new_total "] {
        assert!(metrics.contains(metric), "{metric}: {metrics}");
    }
    assert!(!metrics.contains("consentgate_audit_new_total 0"));
}

#[test]
fn one_that_cannot_be_made_is_said_and_nothing_else_suffers() {
    let council = Council::new();
    let folder = tempfile::tempdir().unwrap();
    let gate = Plan::before(council.origin.address)
        .also(&format!(
            "audit: {{ every: 1d, mode: browser, chromium: /nonexistent, sites: [\"{}\"], folder: \"{}\" }}",
            council.address(),
            folder.path().display()
        ))
        .start();
    let line = gate.log_line("the audit could not be made");
    assert!(line.contains("/nonexistent") && !line.contains('\u{1b}'), "{line}");
    assert!(gate.admin("GET", "/audits").send().expect(200).text().contains("could not be made"));
    assert!(gate.admin("GET", "/metrics").send().expect(200).text().contains("consentgate_audit_failed 1"));
    gate.page("/").send().expect(200);

    // What was wrong is put right: nobody waits for the hour to be over.
    let yaml = fs::read_to_string(&gate.file).unwrap();
    fs::write(&gate.file, yaml.replace("mode: browser, chromium: /nonexistent", "mode: http")).unwrap();
    gate.read_again();
    wait_until("it is tried again", || audits(&gate).len() == 1);
}

#[test]
fn an_audit_ends_with_the_gate_that_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let never = Origin::acting(|_, _| thread::sleep(Duration::from_mins(2)));
    let site = format!("http://{}/", never.address);
    let mut audit = Command::new(env!("CARGO_BIN_EXE_consentgate"))
        .args(["audit", "--while-input", "--out", folder.path().to_str().unwrap(), &site])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("it has begun", || folder.path().join("sites").exists());
    assert!(audit.try_wait().unwrap().is_none());
    // The system closes what a killed process had open.
    drop(audit.stdin.take());
    let ended = audit.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("stopped"), "{ended:?}");
}
