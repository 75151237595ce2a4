//! A ledger that was changed by other means than the gate's is found out, whatever was changed (REQUIREMENTS E7).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use consentgate::consent::{Key, ReceiptId};
use consentgate::ledger::{
    Config, Document, Event, Ledger as _, Method, Page, Record, Removal, Shown, Sqlite, Verified, Wrong, remove, verify,
};
use rusqlite::Connection;

const RECORDS: u64 = 2300;

fn key() -> Key {
    Key::new([7; 32])
}

fn random_below(end: u64) -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    u64::from_be_bytes(bytes) % end
}

fn record(n: u64) -> Record {
    let mut id = [7; 16];
    id[..8].copy_from_slice(&n.to_be_bytes());
    let receipt = ReceiptId([u8::try_from(n % 200).expect("below 200"); 16]);
    Record {
        id,
        event: if n.is_multiple_of(3) { Event::Refused } else { Event::Given(Some(receipt)) },
        time_ms: 1_795_426_200_125 + n * 1000,
        site: "www.example.gov.uk".into(),
        page: Page::of("/bins"),
        language: "en".into(),
        notice_version: "2026-11".into(),
        decisions: vec![("analytics".into(), !n.is_multiple_of(3))],
        method: Method::BannerForm,
        gpc: false,
        expires_at: 1_826_962_200,
    }
}

fn write(file: &Path, records: std::ops::Range<u64>) {
    let ledger = Sqlite::start(&Config::at(file), &key()).expect("a thread");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let shown = |n: u64| {
        let language = if n.is_multiple_of(2) { "May we?" } else { "Gawn ni?" };
        Arc::new(Shown { notice: Document::new(language), rules: Document::new("{}") })
    };
    for from in records.clone().step_by(1000) {
        let group = from..records.end.min(from + 1000);
        let answers: Vec<_> = group.map(|n| ledger.record(record(n), shown(n))).collect();
        for answer in answers {
            runtime.block_on(answer).expect("a ledger that works");
        }
    }
    ledger.close();
}

/// An honest ledger: two lives of a gate, one receipt deleted, old records deleted.
fn honest(folder: &Path) -> PathBuf {
    let file = folder.join("honest.db");
    write(&file, 1..RECORDS / 2);
    remove(&Config::at(&file), &key(), Removal::Receipt(ReceiptId([20; 16]))).expect("no hold");
    write(&file, RECORDS / 2..RECORDS + 1);
    remove(&Config::at(&file), &key(), Removal::Before(record(100).time_ms)).expect("no hold");
    file
}

fn verified(file: &Path) -> Verified {
    verify(file, &key(), |_, _| {}).expect("a ledger that can be read")
}

/// A way to change the file, with what was done in words.
type Tampering = fn(&Connection) -> String;

fn some_seq(connection: &Connection) -> i64 {
    let query = "SELECT seq FROM record ORDER BY random() LIMIT 1";
    connection.query_row(query, [], |row| row.get(0)).expect("records")
}

fn run(connection: &Connection, sql: &str) -> String {
    let changed = connection.execute(sql, []).unwrap_or_else(|fault| panic!("{sql}: {fault}"));
    assert!(changed > 0, "{sql} changed nothing");
    sql.to_owned()
}

fn edit(connection: &Connection) -> String {
    const CHANGES: [&str; 18] = [
        "id = randomblob(16)",
        "schema = schema + 1",
        "product = 'consentgate 9.9.9'",
        "event = 'withdrawn'",
        "time_ms = time_ms + 1",
        "site = 'other.example.gov.uk'",
        "page = page || 'x'",
        "language = 'fr'",
        "notice_version = '2020-01'",
        "decisions = '{\"analytics\":\"maybe\"}'",
        "method = 'json'",
        "receipt = CASE WHEN receipt IS NULL AND event = 'refused' THEN NULL ELSE randomblob(16) END, page = page || '/'",
        "gpc = 1 - gpc",
        "expires_at = expires_at + 1",
        "previous = randomblob(16)",
        "notice = (SELECT sha256 FROM document WHERE sha256 <> notice AND kind = 'notice')",
        "rules = NULL",
        "hash = randomblob(32)",
    ];
    let change = CHANGES[usize::try_from(random_below(18)).expect("small")];
    run(connection, &format!("UPDATE record SET {change} WHERE seq = {}", some_seq(connection)))
}

fn delete(connection: &Connection) -> String {
    run(connection, &format!("DELETE FROM record WHERE seq = {}", some_seq(connection)))
}

fn insert_behind(connection: &Connection) -> String {
    let columns =
        "schema, product, event, time_ms, site, page, language, notice_version, decisions, method, receipt, gpc,
        expires_at, previous, notice, rules, hash";
    let next = "(SELECT max(s) + 1 FROM (SELECT max(seq) AS s FROM record UNION SELECT max(seq) FROM tombstone))";
    let seq = some_seq(connection);
    run(
        connection,
        &format!("INSERT INTO record SELECT {next}, randomblob(16), {columns} FROM record WHERE seq = {seq}"),
    )
}

fn insert_between(connection: &Connection) -> String {
    let seq = some_seq(connection);
    // By way of negative numbers: a unique column is checked row by row.
    run(connection, &format!("UPDATE record SET seq = -seq - 1 WHERE seq >= {seq}"));
    run(connection, "UPDATE OR IGNORE record SET seq = -seq WHERE seq < 0");
    let columns =
        "schema, product, event, time_ms, site, page, language, notice_version, decisions, method, receipt, gpc,
        expires_at, previous, notice, rules, hash";
    let from = seq + 1;
    run(
        connection,
        &format!("INSERT INTO record SELECT {seq}, randomblob(16), {columns} FROM record WHERE seq = {from}"),
    )
}

fn insert_where_something_was_deleted(connection: &Connection) -> String {
    let columns =
        "schema, product, event, time_ms, site, page, language, notice_version, decisions, method, receipt, gpc,
        expires_at, previous, notice, rules, hash";
    let seq = random_below(99) + 1;
    let from = some_seq(connection);
    run(
        connection,
        &format!("INSERT INTO record SELECT {seq}, randomblob(16), {columns} FROM record WHERE seq = {from}"),
    )
}

fn reorder(connection: &Connection) -> String {
    let mut pair = [0, 0];
    while pair[0] == pair[1] {
        pair = [some_seq(connection), some_seq(connection)];
    }
    let [one, other] = pair;
    run(connection, &format!("UPDATE record SET seq = -1 WHERE seq = {one}"));
    run(connection, &format!("UPDATE record SET seq = {one} WHERE seq = {other}"));
    run(connection, &format!("UPDATE record SET seq = {other} WHERE seq = -1"));
    format!("{one} and {other} changed places")
}

fn truncate(connection: &Connection) -> String {
    let from = some_seq(connection);
    connection.execute("DELETE FROM tombstone WHERE seq >= ?1", [from]).expect("tombstones");
    run(connection, &format!("DELETE FROM record WHERE seq >= {from}"))
}

/// With the head moved back too: only its seal cannot be made.
fn truncate_with_the_head(connection: &Connection) -> String {
    let said = truncate(connection);
    connection.execute("DELETE FROM checkpoint WHERE seq > (SELECT max(seq) FROM record)", []).expect("checkpoints");
    run(
        connection,
        "UPDATE head SET seq = (SELECT max(seq) FROM record), checkpoints = (SELECT count(*) FROM checkpoint),
        hash = (SELECT hash FROM record ORDER BY seq DESC LIMIT 1)",
    );
    said + ", with the head"
}

fn another_text(connection: &Connection) -> String {
    run(connection, "UPDATE document SET text = 'You may.' WHERE kind = 'notice'")
}

fn a_tombstone(connection: &Connection) -> String {
    run(connection, "UPDATE tombstone SET last_seq = last_seq + 1 WHERE seq = (SELECT max(seq) FROM tombstone)")
}

fn a_checkpoint(connection: &Connection) -> String {
    run(connection, "DELETE FROM checkpoint WHERE number = 1")
}

const TAMPERINGS: [Tampering; 12] = [
    edit,
    edit,
    delete,
    insert_behind,
    insert_between,
    insert_where_something_was_deleted,
    reorder,
    truncate,
    truncate_with_the_head,
    another_text,
    a_tombstone,
    a_checkpoint,
];

#[test]
fn a_hundred_changes_of_a_hundred_are_found_and_an_honest_ledger_passes() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = honest(folder.path());
    let found = verified(&file);
    assert_eq!(found.fault, None, "{found:?}");
    assert!(found.deleted > 100 && found.records + found.deleted == RECORDS, "{found:?}");
    let mut missed = Vec::new();
    let triggers: Vec<String> = {
        let connection = Connection::open(&file).expect("a ledger");
        let mut query = connection.prepare("SELECT sql FROM sqlite_schema WHERE type = 'trigger'").expect("a query");
        query.query_map([], |row| row.get(0)).expect("rows").collect::<Result<_, _>>().expect("texts")
    };
    assert_eq!(triggers.len(), 3);
    for round in 0..100 {
        let copy = folder.path().join("copy.db");
        std::fs::copy(&file, &copy).expect("a copy");
        let said = {
            let connection = Connection::open(&copy).expect("a copy of a ledger");
            connection
                .execute_batch(
                    "PRAGMA journal_mode = delete; PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;
                    DROP TRIGGER record_is_never_changed; DROP TRIGGER tombstone_is_never_changed;
                    DROP TRIGGER document_is_never_changed;",
                )
                .expect("whoever can write the file can do this");
            let said = TAMPERINGS[round % TAMPERINGS.len()](&connection);
            // As it was: what was done to the rows is to be found, not the way there.
            for sql in &triggers {
                connection.execute_batch(sql).expect("the gate's own");
            }
            said
        };
        if verified(&copy).fault.is_none() {
            missed.push(said);
        }
    }
    assert!(missed.is_empty(), "{} of 100 not found: {missed:#?}", missed.len());
}

fn fault_after(change: &str) -> Option<(u64, Wrong)> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ledger.db");
    write(&file, 1..21);
    let connection = Connection::open(&file).expect("a ledger");
    connection.execute_batch("DROP TRIGGER record_is_never_changed").expect("a trigger");
    connection.execute_batch(change).expect("a change");
    drop(connection);
    verified(&file).fault.map(|fault| (fault.seq, fault.wrong))
}

#[test]
fn the_first_wrong_record_is_named_with_what_is_wrong() {
    let swap = "UPDATE record SET seq = -1 WHERE seq = 7; UPDATE record SET seq = 7 WHERE seq = 9;
        UPDATE record SET seq = 9 WHERE seq = -1";
    let neighbours = "UPDATE record SET seq = -1 WHERE seq = 7; UPDATE record SET seq = 7 WHERE seq = 8;
        UPDATE record SET seq = 8 WHERE seq = -1";
    for (change, expected) in [
        ("UPDATE record SET event = 'withdrawn' WHERE seq = 7", (7, Wrong::Edited)),
        ("DELETE FROM record WHERE seq = 7", (7, Wrong::Missing)),
        ("DELETE FROM record WHERE seq > 17", (18, Wrong::Truncated)),
        (swap, (7, Wrong::Reordered(9))),
        (neighbours, (7, Wrong::Reordered(8))),
        ("UPDATE head SET seal = randomblob(32)", (20, Wrong::Head)),
        ("UPDATE head SET seq = 19", (20, Wrong::Head)),
        ("UPDATE head SET seq = 21", (20, Wrong::Head)),
        ("UPDATE head SET hash = zeroblob(32)", (20, Wrong::Head)),
        ("DELETE FROM checkpoint", (20, Wrong::Checkpoint)),
    ] {
        assert_eq!(fault_after(change), Some(expected), "{change}");
    }
}

/// A ledger whose rows are as they were.
fn schema_after(change: &str) -> Verified {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ledger.db");
    write(&file, 1..21);
    let connection = Connection::open(&file).expect("a ledger");
    connection.execute_batch(&format!("PRAGMA writable_schema = ON; {change}")).expect("a change");
    drop(connection);
    verified(&file)
}

#[test]
fn a_schema_that_is_not_the_gates_is_named_and_a_text_nobody_points_to_is_told() {
    for (change, name) in [
        ("DROP TRIGGER record_is_never_changed", "record_is_never_changed"),
        (
            "UPDATE sqlite_schema SET sql = replace(sql, 'only ever added', 'only ever edded')
                WHERE name = 'tombstone_is_never_changed'",
            "tombstone_is_never_changed",
        ),
        ("UPDATE sqlite_schema SET sql = replace(sql, 'IN (0, 1)', 'IN (0, 9)') WHERE name = 'record'", "record"),
        ("DROP INDEX record_by_receipt", "record_by_receipt"),
        ("CREATE TRIGGER zz AFTER INSERT ON record BEGIN DELETE FROM record WHERE seq = new.seq; END", "zz"),
    ] {
        let fault = schema_after(change).fault.expect(change);
        assert_eq!(fault.wrong, Wrong::Schema(name.into()), "{change}");
        assert!(fault.to_string().starts_with(&format!("edited: \"{name}\"")), "{fault}");
    }
    let added = schema_after("INSERT INTO document VALUES (randomblob(32), 'notice', 'You may.')");
    assert_eq!((added.fault, added.unused, added.documents), (None, 1, 3));
    assert_eq!(schema_after("ANALYZE").fault, None);
    assert_eq!(schema_after("").unused, 0);
}

#[test]
fn a_gate_that_goes_on_from_a_changed_end_covers_nothing_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ledger.db");
    write(&file, 1..21);
    let connection = Connection::open(&file).expect("a ledger");
    connection
        .execute_batch(
            "DELETE FROM record WHERE seq > 15; DELETE FROM checkpoint;
            UPDATE head SET seq = 15, checkpoints = 0, hash = (SELECT hash FROM record WHERE seq = 15)",
        )
        .expect("a change");
    drop(connection);
    write(&file, 21..31);
    let fault = verified(&file).fault.expect("it is found");
    assert_eq!((fault.seq, fault.wrong), (16, Wrong::Broken));
}

#[test]
fn another_key_seals_nothing_of_this_ledger() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ledger.db");
    write(&file, 1..5);
    let found = verify(&file, &Key::new([8; 32]), |_, _| {}).expect("a ledger");
    assert_eq!((found.fault.map(|fault| fault.wrong), found.other_key), (Some(Wrong::Head), 1));
}

#[test]
fn a_record_that_was_deleted_is_gone_from_the_files_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ledger.db");
    write(&file, 1..50);
    let receipt = [7_u8; 16];
    let holds = |file: &Path| std::fs::read(file).expect("a file").windows(16).any(|bytes| bytes == receipt);
    assert!(holds(&file));
    assert_eq!(remove(&Config::at(&file), &key(), Removal::Receipt(ReceiptId(receipt))).expect("no hold"), 1);
    assert!(!holds(&file) && verified(&file).fault.is_none());
    let held = Config { legal_hold: true, ..Config::at(&file) };
    let refused = remove(&held, &key(), Removal::Receipt(ReceiptId([8; 16]))).expect_err("a hold");
    assert!(refused.to_string().contains("legal_hold"), "{refused}");
}

/// `CONSENTGATE_EVENTS=1000000 cargo test --release --test ledger_tampering -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn how_long_it_takes_to_verify() {
    let events = std::env::var("CONSENTGATE_EVENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000_u64);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ledger.db");
    let start = std::time::Instant::now();
    write(&file, 1..events + 1);
    println!("{events} events written in {:?}", start.elapsed());
    let start = std::time::Instant::now();
    let found = verified(&file);
    println!("{} events verified in {:?}", found.records, start.elapsed());
    assert_eq!((found.fault, found.records), (None, events));
}
