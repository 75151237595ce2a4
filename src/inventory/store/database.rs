//! The inventory's file: what is in it, and what is done with one that cannot be used.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension as _, Row, Transaction, TransactionBehavior, params,
};

use super::super::drift::{Drift, MOST_DRIFTS};
use super::super::item::{Marks, State};
use super::super::stock::Thing;
use crate::consent::UnixSeconds;

/// Marks the file as an inventory ("cgiv").
const APPLICATION: i64 = 0x6367_6976;
/// The form of the file.
const VERSION: i64 = 1;
/// As long as another node may write.
const PATIENCE: Duration = Duration::from_secs(5);

const SCHEMA: &str = "
CREATE TABLE site (name TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT;
CREATE TABLE item (
    site TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL,
    marks INTEGER NOT NULL, kept INTEGER NOT NULL, company TEXT, pages TEXT NOT NULL,
    domains TEXT NOT NULL, paths TEXT NOT NULL, purposes TEXT NOT NULL, tags TEXT NOT NULL,
    PRIMARY KEY (site, kind, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE drift (
    site TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, company TEXT,
    unclassified INTEGER NOT NULL, held INTEGER NOT NULL, at INTEGER NOT NULL, yaml TEXT NOT NULL,
    PRIMARY KEY (site, kind, name)
) STRICT, WITHOUT ROWID;";

/// Why a file cannot be used.
pub(super) enum Unusable {
    /// It is no whole database.
    Damaged(String),
    /// It belongs to something else, or cannot be opened: it is left as it is.
    Foreign(String),
}

/// An open file, or a database in memory that is gone with the gate.
pub(super) struct Database(Connection);

impl Database {
    /// Opens the file, and makes it where it is missing. A damaged one is put aside first, under the name that is given
    /// back.
    pub(super) fn open(file: &Path, now: UnixSeconds) -> Result<(Self, Option<PathBuf>), String> {
        match Self::try_open(file) {
            Ok(open) => Ok((open, None)),
            Err(Unusable::Foreign(why)) => Err(why),
            Err(Unusable::Damaged(_)) => {
                let aside = put_aside(file, now).map_err(|fault| fault.to_string())?;
                match Self::try_open(file) {
                    Ok(open) => Ok((open, Some(aside))),
                    Err(Unusable::Damaged(why) | Unusable::Foreign(why)) => Err(why),
                }
            }
        }
    }

    /// Of a gate that may be running: nothing is made, changed or put aside.
    pub(super) fn to_read(file: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags)?;
        connection.busy_timeout(PATIENCE)?;
        Ok(Self(connection))
    }

    pub(super) fn in_memory() -> Result<Self, rusqlite::Error> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(connection))
    }

    #[cfg(test)]
    pub(super) fn unchecked(file: &Path) -> Self {
        Self(Connection::open(file).expect("opening reads nothing"))
    }

    fn try_open(file: &Path) -> Result<Self, Unusable> {
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
        if let Err(fault) = made.map(drop)
            && fault.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(Unusable::Foreign(fault.to_string()));
        }
        let connection = Connection::open(file).map_err(|fault| unusable(&fault))?;
        connection.busy_timeout(PATIENCE).map_err(|fault| unusable(&fault))?;
        Self(connection).prepared()
    }

    fn prepared(self) -> Result<Self, Unusable> {
        let number = |name: &str| {
            self.0.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(|fault| unusable(&fault))
        };
        let tables: i64 = self
            .0
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(|fault| unusable(&fault))?;
        let found = (number("application_id")?, number("user_version")?);
        match found {
            (0, 0) if tables == 0 => {}
            (APPLICATION, VERSION) => {
                let whole: String = self
                    .0
                    .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
                    .map_err(|fault| unusable(&fault))?;
                return if whole == "ok" { self.tuned() } else { Err(Unusable::Damaged(whole)) };
            }
            (APPLICATION, newer) => {
                return Err(Unusable::Foreign(format!("a newer version of Consentgate wrote it (form {newer})")));
            }
            _ => return Err(Unusable::Foreign("it is another program's database".into())),
        }
        let make = format!(
            "BEGIN IMMEDIATE;{SCHEMA}PRAGMA application_id={APPLICATION};PRAGMA user_version={VERSION};COMMIT;"
        );
        match self.0.execute_batch(&make) {
            // Another node was quicker.
            Err(fault) if fault.to_string().contains("already exists") => {
                let _ = self.0.execute_batch("ROLLBACK");
                self.prepared()
            }
            Err(fault) => Err(unusable(&fault)),
            Ok(()) => self.tuned(),
        }
    }

    /// A power cut may cost the last seconds of what was seen, never the file.
    fn tuned(self) -> Result<Self, Unusable> {
        let wal = self.0.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()));
        wal.and_then(|()| self.0.pragma_update(None, "synchronous", "NORMAL")).map_err(|fault| unusable(&fault))?;
        Ok(self)
    }

    /// Changes whenever somebody else has written.
    pub(super) fn stamp(&self) -> rusqlite::Result<i64> {
        self.0.pragma_query_value(None, "data_version", |row| row.get(0))
    }

    /// Does all of it or none.
    pub(super) fn change<T>(&mut self, work: impl FnOnce(&Change<'_>) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&Change(&transaction))?;
        transaction.commit()?;
        Ok(done)
    }

    /// Everything of a site.
    pub(super) fn items(&self, site: &str) -> rusqlite::Result<Vec<(Thing, String, State)>> {
        let mut found = self.0.prepare_cached("SELECT * FROM item WHERE site = ?1")?;
        let rows = found.query_map([site], |row| {
            let thing = Thing::stored(&row.get::<_, String>("kind")?);
            thing.map(|thing| Ok((thing, row.get("name")?, state(row)?))).transpose()
        })?;
        rows.filter_map(Result::transpose).collect()
    }

    /// The latest drift of a site.
    pub(super) fn drifts(&self, site: &str) -> rusqlite::Result<Vec<Drift>> {
        let mut found = self.0.prepare_cached("SELECT * FROM drift WHERE site = ?1 ORDER BY at DESC LIMIT ?2")?;
        let rows = found.query_map(params![site, signed(MOST_DRIFTS as u64)], |row| {
            let Some(thing) = Thing::stored(&row.get::<_, String>("kind")?) else { return Ok(None) };
            Ok(Some(Drift {
                thing,
                name: row.get("name")?,
                company: row.get("company")?,
                unclassified: row.get("unclassified")?,
                held: row.get("held")?,
                at: unsigned(row, "at")?,
                yaml: row.get("yaml")?,
            }))
        })?;
        rows.filter_map(Result::transpose).collect()
    }

    /// What no browser can still have is not kept for ever either.
    pub(super) fn forget(&self, before: UnixSeconds) -> rusqlite::Result<()> {
        self.0.execute("DELETE FROM item WHERE last < ?1", [signed(before)]).map(drop)
    }

    /// Puts everything into the one file.
    pub(super) fn close(self) {
        let _ = self.0.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        drop(self.0.close());
    }
}

/// One change of the file.
pub(super) struct Change<'t>(&'t Transaction<'t>);

impl Change<'_> {
    /// Since when the site has been looked at: now, where nobody has looked.
    pub(super) fn since(&self, site: &str, now: UnixSeconds) -> rusqlite::Result<UnixSeconds> {
        self.0.prepare_cached("INSERT OR IGNORE INTO site VALUES (?1, ?2)")?.execute(params![site, signed(now)])?;
        self.0.prepare_cached("SELECT since FROM site WHERE name = ?1")?.query_row([site], |row| unsigned(row, "since"))
    }

    pub(super) fn item(&self, (site, thing, name): (&str, Thing, &str)) -> rusqlite::Result<Option<State>> {
        let mut found = self.0.prepare_cached("SELECT * FROM item WHERE site = ?1 AND kind = ?2 AND name = ?3")?;
        found.query_row([site, thing.name(), name], state).optional()
    }

    pub(super) fn put(&self, (site, thing, name): (&str, Thing, &str), state: &State) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO item VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
        let all = params![
            site,
            thing.name(),
            name,
            signed(state.first),
            signed(state.last),
            signed(state.count),
            state.marks.0,
            signed(state.kept),
            state.company,
            list(&state.pages),
            list(&state.domains),
            list(&state.paths),
            list(&state.purposes),
            list(&state.tags),
        ];
        self.0.prepare_cached(sql)?.execute(all).map(drop)
    }

    /// True where nobody has told of it before.
    pub(super) fn tells(&self, site: &str, drift: &Drift) -> rusqlite::Result<bool> {
        let sql = "INSERT OR IGNORE INTO drift VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let Drift { thing, name, company, unclassified, held, at, yaml } = drift;
        let all = params![site, thing.name(), name, company, unclassified, held, signed(*at), yaml];
        self.0.prepare_cached(sql)?.execute(all).map(|changed| changed > 0)
    }
}

/// Is the file itself broken?
pub(super) fn is_damage(fault: &rusqlite::Error) -> bool {
    matches!(fault.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

fn unusable(fault: &rusqlite::Error) -> Unusable {
    if is_damage(fault) { Unusable::Damaged(fault.to_string()) } else { Unusable::Foreign(fault.to_string()) }
}

/// Nobody reads it again by itself, and nothing of it is lost.
fn put_aside(file: &Path, now: UnixSeconds) -> io::Result<PathBuf> {
    let named = |ending: &str| {
        let mut name = file.as_os_str().to_owned();
        let _ = name.write_str(ending);
        PathBuf::from(name)
    };
    let aside = format!(".damaged-{now}");
    std::fs::rename(file, named(&aside))?;
    for ending in ["-wal", "-shm"] {
        let _ = std::fs::rename(named(ending), named(&format!("{aside}{ending}")));
    }
    Ok(named(&aside))
}

fn state(row: &Row<'_>) -> rusqlite::Result<State> {
    let list = |name: &str| row.get::<_, String>(name).map(|text| serde_json::from_str(&text).unwrap_or_default());
    Ok(State {
        first: unsigned(row, "first")?,
        last: unsigned(row, "last")?,
        count: unsigned(row, "count")?,
        marks: Marks(row.get("marks")?),
        kept: unsigned(row, "kept")?,
        pages: list("pages")?,
        company: row.get("company")?,
        domains: list("domains")?,
        paths: list("paths")?,
        purposes: list("purposes")?,
        tags: list("tags")?,
    })
}

fn list(texts: &[String]) -> String {
    serde_json::Value::from(texts).to_string()
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(row: &Row<'_>, name: &str) -> rusqlite::Result<u64> {
    row.get::<_, i64>(name).map(|number| u64::try_from(number).unwrap_or(0))
}
