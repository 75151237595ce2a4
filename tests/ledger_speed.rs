//! How many records a second the ledger acknowledges, by how many callers wait at once. Measured, not asserted:
//! `cargo test --release --test ledger_speed -- --ignored --nocapture`. `CONSENTGATE_SPEED_FOLDER` names the disk.

use std::sync::Arc;
use std::time::{Duration, Instant};

use consentgate::consent::{Key, ReceiptId};
use consentgate::ledger::{Config, Document, Event, Ledger as _, Method, Page, Record, Shown, Sqlite};
use tokio::task::JoinSet;

const SECONDS: Duration = Duration::from_secs(3);

#[test]
#[ignore = "a measurement"]
fn acknowledged_records_a_second() {
    let folder = match std::env::var_os("CONSENTGATE_SPEED_FOLDER") {
        Some(place) => tempfile::tempdir_in(place),
        None => tempfile::tempdir(),
    };
    let folder = folder.expect("a folder for the ledger");
    for callers in [1, 64, 512] {
        let file = folder.path().join(format!("{callers}.db"));
        let ledger = Arc::new(Sqlite::start(&Config::at(file), &Key::new([7; 32])).expect("a thread"));
        let mut waits = measure(&ledger, callers);
        waits.sort_unstable();
        let rate = waits.len() as u64 / SECONDS.as_secs();
        let at = |part: usize| waits[(waits.len() - 1) * part / 100];
        println!("{callers:>4} callers: {rate:>6} records/s, wait p50 {:?}, p99 {:?}", at(50), at(99));
        assert!(ledger.healthy());
    }
}

/// How long each record waited for its acknowledgement; all callers on one thread, as in a worker.
fn measure(ledger: &Arc<Sqlite>, callers: u64) -> Vec<Duration> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let end = Instant::now() + SECONDS;
        let mut waiting: JoinSet<_> = (0..callers).map(|caller| call(Arc::clone(ledger), caller, end)).collect();
        let mut waits = Vec::new();
        while let Some(done) = waiting.join_next().await {
            waits.extend(done.expect("no caller panics"));
        }
        waits
    })
}

async fn call(ledger: Arc<Sqlite>, caller: u64, end: Instant) -> Vec<Duration> {
    let mut waits = Vec::new();
    while Instant::now() < end {
        let asked = Instant::now();
        let n = u128::from(caller) << 64 | waits.len() as u128;
        ledger.record(record(n + 1), shown()).await.expect("a ledger that works");
        waits.push(asked.elapsed());
    }
    waits
}

fn record(n: u128) -> Record {
    // Random ids are what the gate makes; a mixed counter spreads over the index in the same way.
    let id = n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes();
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
