//! The tables of a ledger file, and the way from each older form to the newest.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::append::{self, Tombstone};
use crate::ledger::chain::{End, GENESIS, Hash, Kind, link};

/// In the file's header, so that no other program's database is taken for a ledger: "CGLD".
pub(in crate::ledger) const APPLICATION_ID: i32 = 0x4347_4c44;
/// The newest schema this version can read and write.
pub(in crate::ledger) const NEWEST: u32 = 2;

/// Schema 1: records alone.
const FIRST: &str = "
    CREATE TABLE record (
        seq            INTEGER PRIMARY KEY AUTOINCREMENT,
        id             BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
        schema         INTEGER NOT NULL,
        product        TEXT    NOT NULL,
        event          TEXT    NOT NULL,
        time_ms        INTEGER NOT NULL,
        site           TEXT    NOT NULL,
        page           TEXT    NOT NULL CHECK (instr(page, '?') = 0),
        language       TEXT    NOT NULL,
        notice_version TEXT    NOT NULL,
        decisions      TEXT    NOT NULL CHECK (json_valid(decisions)),
        method         TEXT    NOT NULL,
        receipt        BLOB    CHECK (receipt IS NULL OR (length(receipt) = 16 AND event <> 'refused')),
        gpc            INTEGER NOT NULL CHECK (gpc IN (0, 1)),
        expires_at     INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX record_by_receipt ON record (receipt) WHERE receipt IS NOT NULL;
    CREATE TRIGGER record_is_never_changed BEFORE UPDATE ON record
        BEGIN SELECT RAISE(ABORT, 'records are only ever added'); END;
";

/// Schema 2: texts, the chain, its seals and its tombstones. Nothing is updated but the head.
const SECOND: &str = "
    DROP TRIGGER record_is_never_changed;
    DROP INDEX record_by_receipt;
    ALTER TABLE record RENAME TO record_1;
    CREATE TABLE document (
        sha256 BLOB NOT NULL PRIMARY KEY CHECK (length(sha256) = 32),
        kind   TEXT NOT NULL CHECK (kind IN ('notice', 'rules')),
        text   TEXT NOT NULL
    ) STRICT;
    CREATE TABLE record (
        seq            INTEGER PRIMARY KEY,
        id             BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
        schema         INTEGER NOT NULL,
        product        TEXT    NOT NULL,
        event          TEXT    NOT NULL,
        time_ms        INTEGER NOT NULL,
        site           TEXT    NOT NULL,
        page           TEXT    NOT NULL CHECK (instr(page, '?') = 0),
        language       TEXT    NOT NULL,
        notice_version TEXT    NOT NULL,
        decisions      TEXT    NOT NULL CHECK (json_valid(decisions)),
        method         TEXT    NOT NULL,
        receipt        BLOB    CHECK (receipt IS NULL OR (length(receipt) = 16
            AND event NOT IN ('refused', 'objected', 'objection-removed', 'signal'))),
        gpc            INTEGER NOT NULL CHECK (gpc IN (0, 1)),
        expires_at     INTEGER NOT NULL,
        previous       BLOB    CHECK (previous IS NULL OR length(previous) = 16),
        notice         BLOB    REFERENCES document (sha256),
        rules          BLOB    REFERENCES document (sha256),
        hash           BLOB    NOT NULL CHECK (length(hash) = 32)
    ) STRICT;
    CREATE INDEX record_by_receipt ON record (receipt) WHERE receipt IS NOT NULL;
    CREATE TABLE tombstone (
        seq       INTEGER PRIMARY KEY,
        at_ms     INTEGER NOT NULL,
        reason    TEXT    NOT NULL,
        first_seq INTEGER NOT NULL,
        last_seq  INTEGER NOT NULL,
        last_hash BLOB    NOT NULL CHECK (length(last_hash) = 32),
        hash      BLOB    NOT NULL CHECK (length(hash) = 32)
    ) STRICT;
    CREATE TABLE checkpoint (
        number INTEGER PRIMARY KEY,
        at_ms  INTEGER NOT NULL,
        seq    INTEGER NOT NULL,
        hash   BLOB    NOT NULL CHECK (length(hash) = 32),
        key    BLOB    NOT NULL,
        seal   BLOB    NOT NULL CHECK (length(seal) = 32)
    ) STRICT;
    CREATE TABLE head (
        one         INTEGER PRIMARY KEY CHECK (one = 1),
        seq         INTEGER NOT NULL,
        hash        BLOB    NOT NULL CHECK (length(hash) = 32),
        checkpoints INTEGER NOT NULL,
        key         BLOB    NOT NULL,
        seal        BLOB    NOT NULL
    ) STRICT;
    INSERT INTO head VALUES (1, 0, zeroblob(32), 0, x'', x'');
    CREATE TRIGGER record_is_never_changed BEFORE UPDATE ON record
        BEGIN SELECT RAISE(ABORT, 'records are only ever added'); END;
    CREATE TRIGGER tombstone_is_never_changed BEFORE UPDATE ON tombstone
        BEGIN SELECT RAISE(ABORT, 'tombstones are only ever added'); END;
    CREATE TRIGGER document_is_never_changed BEFORE UPDATE ON document
        BEGIN SELECT RAISE(ABORT, 'texts are only ever added'); END;
";

const COPY: &str = "
    INSERT INTO record SELECT seq, id, schema, product, event, time_ms, site, page, language, notice_version, decisions,
        method, receipt, gpc, expires_at, NULL, NULL, NULL, ?2 FROM record_1 WHERE seq = ?1";

/// How many migrations the file has seen: 0 for an empty one, `None` for a database that is no ledger.
pub(in crate::ledger) fn version(connection: &Connection) -> rusqlite::Result<Option<u32>> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let things: u32 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (pragma("application_id")?, things) {
        (APPLICATION_ID, _) => u32::try_from(pragma("user_version")?).ok(),
        (0, 0) => Some(0),
        _ => None,
    })
}

pub(in crate::ledger) fn foreign(file: &Path) -> String {
    format!(
        "{}: this database is no ledger, or it was made by a newer version; name another file or update",
        file.display()
    )
}

/// Takes the steps that are missing, all or none.
pub(super) fn migrate(connection: &mut Connection, from: u32) -> rusqlite::Result<()> {
    if from == NEWEST {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have taken the steps while this one waited for the lock.
    if version(&transaction)? == Some(from) {
        if from == 0 {
            transaction.execute_batch(FIRST)?;
        }
        transaction.execute_batch(SECOND)?;
        enchain(&transaction)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", NEWEST)?;
    }
    transaction.commit()
}

/// The first table, index or trigger of the file that is not as this program makes it. A trigger that refuses nothing any
/// more would change no record, but nobody should believe that records cannot be changed then.
pub(in crate::ledger) fn differing(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let mut fresh = Connection::open_in_memory()?;
    migrate(&mut fresh, 0)?;
    let (made, found) = (things(&fresh)?, things(connection)?);
    let changed = made.iter().find(|(name, thing)| found.get(*name) != Some(thing));
    let added = found.iter().find(|(name, _)| !made.contains_key(*name));
    Ok(changed.or(added).map(|(name, _)| name.clone()))
}

/// By name: what it is, what it belongs to, and its SQL. `ANALYZE` leaves tables of its own, which change nothing.
fn things(connection: &Connection) -> rusqlite::Result<BTreeMap<String, [Option<String>; 3]>> {
    let query = "SELECT CAST(name AS TEXT), type, tbl_name, sql FROM sqlite_schema WHERE name NOT GLOB 'sqlite_stat*'";
    let mut statement = connection.prepare(query)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?])))?;
    rows.collect()
}

/// Old records keep their numbers and get their place in the chain. What was missing already is said to have been:
/// a chain that begins today can say nothing about it.
fn enchain(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut gaps = Vec::new();
    let (mut seq, mut hash) = (0_i64, GENESIS);
    {
        let mut old = transaction.prepare("SELECT seq FROM record_1 ORDER BY seq")?;
        let mut copy = transaction.prepare(COPY)?;
        let mut rows = old.query([])?;
        while let Some(row) = rows.next()? {
            let next: i64 = row.get(0)?;
            if next > seq + 1 {
                gaps.push((seq + 1, next - 1, hash));
            }
            hash = old_link(transaction, next, &hash)?;
            copy.execute(rusqlite::params![next, hash])?;
            seq = next;
        }
    }
    let mut end = End { seq: seq.cast_unsigned(), hash, ..End::NONE };
    for (first, last, last_hash) in gaps {
        let (first, last) = (first.cast_unsigned(), last.cast_unsigned());
        append::tombstone(
            transaction,
            &mut end,
            &Tombstone { at_ms: 0, reason: "before-chain", first, last, last_hash },
        )?;
    }
    transaction.execute_batch("DROP TABLE record_1")?;
    transaction.execute("UPDATE head SET seq = ?1, hash = ?2", rusqlite::params![end.seq.cast_signed(), end.hash])?;
    Ok(())
}

/// The hash of an old record in its new form: three values it did not have are null.
fn old_link(transaction: &Transaction<'_>, seq: i64, before: &Hash) -> rusqlite::Result<Hash> {
    let mut statement = transaction.prepare_cached("SELECT * FROM record_1 WHERE seq = ?1")?;
    statement.query_row([seq], |row| {
        let values: Vec<ValueRef<'_>> = (0..15).map(|at| row.get_ref(at)).collect::<rusqlite::Result<_>>()?;
        Ok(link(before, Kind::Record, values.into_iter().chain([ValueRef::Null; 3])))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::record::tests::{key, sample, shown};
    use crate::ledger::{Config, Ledger as _, Reader, Sqlite, verify};

    #[test]
    fn a_ledger_of_schema_1_is_kept_and_goes_on_in_the_chain() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ledger.db");
        let old = Connection::open(&file).unwrap();
        old.execute_batch(FIRST).unwrap();
        for seq in [1, 2, 5, 6] {
            let insert =
                "INSERT INTO record VALUES (?1, randomblob(16), 1, 'consentgate 0.1.0', 'given', 1795426200125,
                'www.example.gov.uk', '/', 'cy', '2026-10', '{\"analytics\":true}', 'banner-form', ?2, 0, 1826962200)";
            old.execute(insert, rusqlite::params![seq, [3_u8; 16]]).unwrap();
        }
        old.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        drop(old);
        let ledger = Sqlite::start(&Config::at(&file), &key()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(ledger.record(sample(9), shown())).unwrap();
        ledger.close();
        let found = verify(&file, &key(), |_, _| {}).unwrap();
        assert_eq!((found.fault, found.records, found.deleted), (None, 5, 2), "3 and 4 were gone before the chain");
        let all = Reader::open(&file).unwrap().latest(9).unwrap();
        let facts: Vec<_> = all.iter().map(|entry| (entry.seq, entry.schema, entry.notice.is_some())).collect();
        assert_eq!(facts, [(1, 1, false), (2, 1, false), (5, 1, false), (6, 1, false), (8, 2, true)]);
        assert_eq!(all[4].previous, Some(all[3].record.id), "one receipt, one chain of records");
    }
}
