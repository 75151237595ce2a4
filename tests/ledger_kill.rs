//! "Recorded" is true (PROMISES 2): a process that records choices is killed again and again over the same file, and
//! every id it acknowledged is there exactly once. The process is this test binary, started anew as a child.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use consentgate::consent::{Key, ReceiptId};
use consentgate::ledger::{Config, Document, Event, Ledger as _, Method, Page, Reader, Record, Shown, Sqlite};

const KILLS: u32 = 100;
const THREADS: usize = 8;
const FILE: &str = "CONSENTGATE_KILL_TEST_LEDGER";
const ACKNOWLEDGED: &str = "acknowledged ";

#[test]
fn whatever_was_acknowledged_is_there_exactly_once_after_a_hundred_kills() {
    let folder = tempfile::tempdir().expect("a folder for the ledger");
    let file = folder.path().join("ledger.db");
    let (mut acknowledged, mut running) = (HashSet::new(), Duration::ZERO);
    for round in 0..KILLS {
        running += run_and_kill(&file, round, &mut acknowledged);
    }
    let rate = acknowledged.len() as u128 * 1000 / running.as_millis().max(1);
    println!("{} acknowledged, {rate} a second while running", acknowledged.len());
    assert!(rate > 200, "only {rate} records a second: the kills hit an idle process");
    assert_eq!(integrity(&file), "ok");
    let kept = kept(&file);
    let doubled = kept.values().filter(|times| **times != 1).count();
    let lost = acknowledged.iter().filter(|id| !kept.contains_key(*id)).count();
    assert_eq!((lost, doubled), (0, 0), "of {} acknowledged and {} kept", acknowledged.len(), kept.len());
}

/// One child's life: how long it recorded. Every fourth is killed while it may still be opening the file.
fn run_and_kill(file: &Path, round: u32, acknowledged: &mut HashSet<String>) -> Duration {
    let mut child = start(file);
    let lines = lines(&mut child);
    let mut first = None;
    if !round.is_multiple_of(4) {
        first = lines.recv_timeout(Duration::from_secs(20)).ok();
        assert!(first.is_some(), "the child acknowledges nothing");
    }
    let recording = Instant::now();
    std::thread::sleep(random_below(Duration::from_millis(if first.is_some() { 200 } else { 60 })));
    if first.is_some() {
        // A second process reads while the first one writes: it must neither fail nor get in the way.
        Reader::open(file).and_then(|reader| reader.summary()).expect("a ledger in use can be read");
    }
    child.kill().expect("SIGKILL");
    let ran = if first.is_some() { recording.elapsed() } else { Duration::ZERO };
    child.wait().expect("the child is ours");
    acknowledged.extend(first.into_iter().chain(lines));
    ran
}

fn start(file: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "child_writer", "--ignored", "--nocapture"])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("this test starts")
}

/// The acknowledged ids as they come; a line that the kill cut off is no acknowledgement.
fn lines(child: &mut Child) -> Receiver<String> {
    let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        while out.read_line(&mut line).is_ok_and(|read| read > 0) {
            if let Some(id) = line.strip_prefix(ACKNOWLEDGED).and_then(|id| id.strip_suffix('\n')) {
                assert_eq!(id.len(), 32, "{line}");
                sender.send(id.to_owned()).expect("the round waits for all lines");
            }
            line.clear();
        }
    });
    lines
}

fn random_below(most: Duration) -> Duration {
    let random = getrandom::u32().expect("the system has randomness");
    most * (random % 1000) / 1000
}

fn integrity(file: &Path) -> String {
    let database = rusqlite::Connection::open(file).expect("a database");
    database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a verdict")
}

fn kept(file: &Path) -> HashMap<String, u32> {
    let mut kept = HashMap::new();
    let reader = Reader::open(file).expect("a ledger");
    let visited = reader.each(|entry| {
        *kept.entry(ReceiptId(entry.record.id).to_string()).or_default() += 1;
        Ok(())
    });
    visited.expect("every record can be read");
    kept
}

/// Not a test of its own: what the test above starts and kills.
#[test]
#[ignore = "started by the kill test"]
fn child_writer() {
    let Some(file) = std::env::var_os(FILE) else { return };
    let ledger = Sqlite::start(&Config::at(file), &Key::new([7; 32])).expect("a thread");
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| record_for_ever(&ledger));
        }
    });
}

fn record_for_ever(ledger: &Sqlite) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    loop {
        let record = record();
        let id = ReceiptId(record.id);
        runtime.block_on(ledger.record(record, shown())).expect("a ledger that works");
        let line = format!("{ACKNOWLEDGED}{id}\n");
        std::io::stdout().lock().write_all(line.as_bytes()).expect("the test listens");
    }
}

fn record() -> Record {
    let mut id = [0; 16];
    getrandom::fill(&mut id).expect("the system has randomness");
    Record {
        id,
        event: Event::Given(Some(ReceiptId(id))),
        time_ms: 1_795_426_200_125,
        site: "www.example.gov.uk".into(),
        page: Page::of("/bins/when-is-my-bin-day"),
        language: "en".into(),
        notice_version: "2026-11".into(),
        decisions: vec![("preferences".into(), true), ("analytics".into(), true), ("marketing".into(), true)],
        method: Method::BannerForm,
        gpc: false,
        expires_at: 1_826_962_200,
    }
}

fn shown() -> std::sync::Arc<Shown> {
    std::sync::Arc::new(Shown { notice: Document::new("<p>May we?</p>"), rules: Document::new("{}") })
}
