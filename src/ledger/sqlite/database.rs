//! One writing connection to the ledger's file: opening it safely, its schema, one group in one transaction.
//!
//! This process must never open the file by other means than `SQLite`: closing any descriptor of it would drop the
//! locks `SQLite` holds on it (POSIX advisory locks belong to the process, not to the descriptor).

use std::fs::{Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, params};
use tracing::warn;

use crate::consent::ReceiptId;
use crate::ledger::fault::explain;
use crate::ledger::record::{PRODUCT, SCHEMA};
use crate::ledger::{Entry, Record, Refused, read};

/// Before 3.51.3 a WAL file could be reset under a second connection, which damages the database (PROMISES 10).
const OLDEST_SQLITE: i32 = 3_051_003;
/// In the file's header, so that no other program's database is taken for a ledger: "CGLD".
pub(in crate::ledger) const APPLICATION_ID: i32 = 0x4347_4c44;
/// A WAL that a long reader has let grow shrinks to this again.
const WAL_BYTES: i64 = 16 * 1024 * 1024;

/// The newest schema this version can read and write.
pub(in crate::ledger) const NEWEST: u32 = 1;
/// One step per schema version; `user_version` says how many have been taken. Steps are only ever added.
const MIGRATIONS: [&str; NEWEST as usize] = ["
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
"];

/// Not `ON CONFLICT DO NOTHING`: that uses up a `seq`, and a gap in the numbers must mean that a record is gone.
const INSERT: &str = "
    INSERT INTO record (id, schema, product, event, time_ms, site, page, language, notice_version, decisions, method,
                        receipt, gpc, expires_at)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14
    WHERE NOT EXISTS (SELECT 1 FROM record WHERE id = ?1)";

/// What tests turn.
#[derive(Clone, Debug)]
pub(super) struct Tuning {
    /// How long another process may hold the lock before the waiting records are refused.
    pub(super) busy: Duration,
    /// `PRAGMA max_page_count`, the disk that is full; 0 is no limit.
    #[cfg(test)]
    pub(super) most_pages: std::sync::Arc<std::sync::atomic::AtomicU32>,
}

/// An open ledger file.
pub(super) struct Database {
    connection: Connection,
    file: PathBuf,
    stamp: Stamp,
}

/// What the file looked like when this connection last left it.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    identity: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
}

impl Tuning {
    pub(super) fn new() -> Self {
        Self {
            busy: Duration::from_secs(1),
            #[cfg(test)]
            most_pages: std::sync::Arc::default(),
        }
    }

    fn apply(&self, connection: &Connection) -> rusqlite::Result<()> {
        #[cfg(test)]
        {
            let pages = self.most_pages.load(std::sync::atomic::Ordering::SeqCst);
            if pages > 0 {
                connection.pragma_update(None, "max_page_count", pages)?;
            }
        }
        connection.busy_timeout(self.busy)
    }
}

impl Database {
    /// Opens the file, makes it where it is missing, and brings its schema up to date.
    pub(super) fn open(file: &Path, tuning: &Tuning) -> Result<Self, Refused> {
        if rusqlite::version_number() < OLDEST_SQLITE {
            return Err(Refused::Down(format!("SQLite {} can damage a ledger; 3.51.3 is needed", rusqlite::version())));
        }
        let down = |error: rusqlite::Error| Refused::Down(explain(file, &error));
        create(file).map_err(|error| unopened(file, &error))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(file, flags).map_err(down)?;
        tuning.apply(&connection).map_err(down)?;
        // Before the first change: another program's database must not be turned to WAL.
        let known = version(&connection).map_err(down)?.filter(|version| *version <= NEWEST);
        let version = known.ok_or_else(|| Refused::Down(foreign(file)))?;
        prepare(&connection).map_err(down)?;
        migrate(&mut connection, version).map_err(down)?;
        let stamp = Stamp::of(file).map_err(|error| unopened(file, &error))?;
        Ok(Self { connection, file: file.to_owned(), stamp })
    }

    /// Is the file at the path still the one that is open, and as it was left? A file that was moved away, deleted
    /// or overwritten would go on taking commits that nobody could ever find.
    pub(super) fn in_place(&self) -> bool {
        Stamp::of(&self.file).is_ok_and(|now| now == self.stamp)
    }

    /// Closes a file that is not in place; true where it was changed rather than replaced, so that what is there now
    /// is suspect: the WAL may have been written into something else.
    pub(super) fn let_go(self) -> bool {
        let changed = Stamp::of(&self.file).is_ok_and(|now| now.identity == self.stamp.identity);
        // SQLite leaves the WAL of a file that was moved away, and would read it into the next file of the name.
        if !changed && !self.checkpoint().is_ok_and(|whole| whole) {
            warn!(file = %self.file.display(), "the ledger that was moved away is not whole without its WAL");
        }
        changed
    }

    /// Reads the whole file for damage.
    pub(super) fn check(&self) -> Result<(), Refused> {
        let found = self.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
        match found {
            Ok(verdict) if verdict == "ok" => Ok(()),
            Ok(damage) => Err(Refused::Down(format!(
                "{}: it was changed from outside and is damaged ({damage}); put a backup in its place",
                self.file.display()
            ))),
            Err(error) => Err(Refused::Down(explain(&self.file, &error))),
        }
    }

    /// Writes the group in one transaction: durable when this returns `Ok`. A record that cannot be kept is refused
    /// alone; anything else that goes wrong refuses the group, and nothing of it stays.
    pub(super) fn write<'r>(
        &mut self,
        records: impl Iterator<Item = &'r Record>,
    ) -> Result<Vec<Result<(), Refused>>, Refused> {
        let each = self.commit(records).map_err(|error| Refused::Down(explain(&self.file, &error)))?;
        self.settle().map(|()| each)
    }

    fn commit<'r>(&mut self, records: impl Iterator<Item = &'r Record>) -> rusqlite::Result<Vec<Result<(), Refused>>> {
        // IMMEDIATE: a transaction that turns from reading to writing does not wait for the lock (PROMISES, section 3).
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let each = records.map(|record| insert(&transaction, record)).collect::<rusqlite::Result<_>>()?;
        transaction.commit()?;
        Ok(each)
    }

    /// Writes something that changes nothing: can this file be written?
    pub(super) fn probe(&mut self) -> Result<(), Refused> {
        let probe = self.connection.pragma_update(None, "user_version", NEWEST);
        probe.map_err(|error| Refused::Down(explain(&self.file, &error)))?;
        self.settle()
    }

    /// What was committed counts only if it went into the file that stands at the path.
    fn settle(&mut self) -> Result<(), Refused> {
        match Stamp::of(&self.file) {
            Ok(now) if now.identity == self.stamp.identity => self.stamp = now,
            _ => return Err(Refused::Down(format!("{}: the file was replaced during a commit", self.file.display()))),
        }
        Ok(())
    }

    /// The records of one receipt, oldest first.
    pub(super) fn find(&self, receipt: ReceiptId) -> Result<Vec<Entry>, Refused> {
        read::by_receipt(&self.connection, receipt).map_err(|error| Refused::Down(explain(&self.file, &error)))
    }

    #[cfg(test)]
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Puts everything into the one file, so that a copy of it is whole.
    pub(super) fn close(self) -> rusqlite::Result<()> {
        self.checkpoint()?;
        self.connection.close().map_err(|(_, error)| error)
    }

    /// True when the WAL is empty now; false while somebody reads it.
    fn checkpoint(&self) -> rusqlite::Result<bool> {
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0).map(|busy: bool| !busy))
    }
}

/// Makes the file for its owner alone (`SQLite` gives its WAL the same mode). `create_new` never opens one that exists.
fn create(file: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

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

fn unopened(file: &Path, error: &io::Error) -> Refused {
    Refused::Down(format!("{}: {error}; check that its directory is there and writable", file.display()))
}

/// FULL syncs the WAL at each commit; NORMAL could lose an acknowledged one at a power cut (PROMISES 10).
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "wal", |row| match row.get::<_, String>(0)?.as_str() {
        "wal" => Ok(()),
        other => Err(rusqlite::Error::InvalidParameterName(format!("journal mode is {other}, not wal"))),
    })?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update_and_check(None, "journal_size_limit", WAL_BYTES, |_| Ok(()))
}

fn migrate(connection: &mut Connection, from: u32) -> rusqlite::Result<()> {
    if from == NEWEST {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have taken the steps while this one waited for the lock.
    if version(&transaction)? == Some(from) {
        MIGRATIONS[from as usize..].iter().try_for_each(|step| transaction.execute_batch(step))?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", NEWEST)?;
    }
    transaction.commit()
}

/// The outer error is the group's, the inner one this record's: an INSERT that breaks a rule undoes itself alone.
fn insert(transaction: &Transaction<'_>, record: &Record) -> rusqlite::Result<Result<(), Refused>> {
    if let Some(reason) = record.unfit() {
        return Ok(Err(Refused::Unfit(reason.into())));
    }
    let inserted = transaction.prepare_cached(INSERT)?.execute(params![
        record.id,
        SCHEMA,
        PRODUCT,
        record.event.name(),
        record.time_ms.cast_signed(),
        record.site,
        record.page.as_str(),
        record.language,
        record.notice_version,
        record.decisions_json().to_string(),
        record.method.name(),
        record.event.receipt().map(|receipt| receipt.0),
        record.gpc,
        record.expires_at.cast_signed(),
    ]);
    match inserted {
        Ok(_) => Ok(Ok(())),
        Err(error) if is_its_own(&error) => Ok(Err(Refused::Unfit(error.to_string()))),
        Err(error) => Err(error),
    }
}

fn is_its_own(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::ToSqlConversionFailure(_))
        || matches!(error.sqlite_error_code(), Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig))
}

impl Stamp {
    fn of(file: &Path) -> io::Result<Self> {
        std::fs::metadata(file).map(|seen: Metadata| Self {
            identity: (seen.dev(), seen.ino()),
            bytes: seen.len(),
            modified: (seen.mtime(), seen.mtime_nsec()),
        })
    }
}
