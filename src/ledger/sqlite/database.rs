//! One writing connection to the ledger's file: opening it safely, its schema, one group in one transaction.
//!
//! This process must never open the file by other means than `SQLite`: closing any descriptor of it would drop the
//! locks `SQLite` holds on it (POSIX advisory locks belong to the process, not to the descriptor).

use std::fs::{Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use tracing::{info, warn};

use super::append;
use super::remove::{Removal, remove};
use super::schema::{NEWEST, foreign, migrate, version};
use crate::consent::ReceiptId;
use crate::ledger::chain::{End, Seal, hex};
use crate::ledger::fault::explain;
use crate::ledger::{Entry, Record, Refused, Shown, read};

/// Before 3.51.3 a WAL file could be reset under a second connection, which damages the database (PROMISES 10).
const OLDEST_SQLITE: i32 = 3_051_003;
/// A WAL that a long reader has let grow shrinks to this again.
const WAL_BYTES: i64 = 16 * 1024 * 1024;

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
    seal: Seal,
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
    pub(super) fn open(file: &Path, seal: &Seal, tuning: &Tuning) -> Result<Self, Refused> {
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
        let mut open = Self { connection, file: file.to_owned(), stamp, seal: seal.clone() };
        // A start leaves a checkpoint, and finds out at once whether the chain is as it was left.
        let end = open.change(|_, end| Ok(*end), true)?;
        info!(seq = end.seq, hash = hex(&end.hash), "the ledger's chain ends here");
        Ok(open)
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
        records: impl Iterator<Item = (&'r Record, &'r Shown)>,
    ) -> Result<Vec<Result<(), Refused>>, Refused> {
        self.change(|transaction, end| records.map(|record| append::record(transaction, end, record)).collect(), false)
    }

    /// Deletes at most [`super::remove::MOST`] rows, of which only tombstones stay; says how many.
    pub(super) fn remove(&mut self, removal: Removal) -> Result<u32, Refused> {
        let removed = self.change(|transaction, end| remove(transaction, end, removal), true)?;
        if removed > 0 {
            // The deleted bytes are in the WAL still; whoever reads it now keeps them there until the next time.
            self.checkpoint().map_err(|error| Refused::Down(explain(&self.file, &error)))?;
            self.settle()?;
        }
        Ok(removed)
    }

    /// One transaction that goes on from the end of the chain and seals the new one.
    fn change<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>, &mut End) -> rusqlite::Result<T>,
        checkpoint: bool,
    ) -> Result<T, Refused> {
        let changed = self.commit(work, checkpoint).map_err(|error| Refused::Down(explain(&self.file, &error)))?;
        self.settle().map(|()| changed)
    }

    fn commit<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>, &mut End) -> rusqlite::Result<T>,
        checkpoint: bool,
    ) -> rusqlite::Result<T> {
        // IMMEDIATE: a transaction that turns from reading to writing does not wait for the lock (PROMISES, section 3).
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (found, mut end) = append::head(&transaction, &self.seal)?;
        let done = work(&transaction, &mut end)?;
        append::seal(&transaction, &self.seal, (found, &mut end), checkpoint)?;
        transaction.commit()?;
        Ok(done)
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
    pub(super) fn close(mut self) -> rusqlite::Result<()> {
        self.commit(|_, _| Ok(()), true)?;
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
    // What is deleted is gone from the file, not only from its index.
    connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    connection.pragma_update_and_check(None, "journal_size_limit", WAL_BYTES, |_| Ok(()))
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
