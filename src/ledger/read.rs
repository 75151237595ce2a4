//! Reading the ledger, also while the gate writes it: by its own read-only connection, a page at a time.
//!
//! Every page is a short read transaction: a reader that stayed in one would keep the WAL from being emptied for as
//! long as a slow export takes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::Type;
use rusqlite::{Connection, OpenFlags, Params, Row};

use super::chain::Hash;
use super::fault::{ReadFault, explain};
use super::record::{Entry, Event, Method, Page, Record};
use super::sqlite::{NEWEST, foreign, version};
use crate::consent::ReceiptId;

const COLUMNS: &str = "SELECT seq, id, schema, product, event, time_ms, site, page, language, notice_version,
    decisions, method, receipt, gpc, expires_at, previous, notice, rules, hash FROM record";
/// The most records one receipt is answered with: whoever changes their mind a million times sees the end of it.
const MOST_FOUND: u32 = 1000;
const PAGE: i64 = 1000;
/// How many records are counted in one transaction.
const STRIDE: i64 = 50_000;

/// A ledger open for reading.
#[derive(Debug)]
pub struct Reader {
    pub(super) connection: Connection,
    pub(super) file: PathBuf,
}

/// What a ledger holds, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many records of each event, those of audits left out.
    pub events: BTreeMap<String, u64>,
    /// How many records of each site, those of audits left out.
    pub sites: BTreeMap<String, u64>,
    /// How many records of audits.
    pub audits: u64,
    /// The earliest and the latest time, in milliseconds since 1970.
    pub span_ms: Option<(u64, u64)>,
    /// The size of the file with its WAL.
    pub bytes: u64,
}

impl Summary {
    /// All records.
    pub fn records(&self) -> u64 {
        self.events.values().sum::<u64>() + self.audits
    }
}

/// How many choices of one kind there were on one day at one site.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Daily {
    /// Days since 1970.
    pub day: u64,
    /// The site.
    pub site: String,
    /// The event's name.
    pub event: String,
    /// How many.
    pub count: u64,
}

/// A text as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What records call it by.
    pub sha256: Hash,
    /// `notice` or `rules`.
    pub kind: String,
    /// The text.
    pub text: String,
}

/// What was shown together, and for which choices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The site.
    pub site: String,
    /// The language of the notice.
    pub language: String,
    /// The notice's version.
    pub version: String,
    /// The SHA-256 of the notice.
    pub notice: Option<Hash>,
    /// The SHA-256 of the rules.
    pub rules: Option<Hash>,
    /// The first and the last of the choices, in milliseconds since 1970.
    pub span_ms: (u64, u64),
    /// How many choices, those of audits left out.
    pub choices: u64,
}

impl Reader {
    /// Opens a ledger that is there; it is never made, changed or locked against the gate.
    pub fn open(file: &Path) -> Result<Self, ReadFault> {
        let fault = |error: rusqlite::Error| ReadFault::Ledger(explain(file, &error));
        if !file.exists() {
            let text = "there is no ledger here; it is made when the gate starts: check `ledger.url`";
            // Whole: a relative path says nothing to whoever stands in another directory than the gate does.
            let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
            return Err(ReadFault::Ledger(format!("{}: {text}", file.display())));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags).map_err(fault)?;
        connection.busy_timeout(Duration::from_secs(5)).map_err(fault)?;
        match version(&connection).map_err(fault)? {
            Some(NEWEST) => Ok(Self { connection, file: file.to_owned() }),
            Some(older) if older < NEWEST => {
                let text = "its schema is older than this version; start the gate once to bring it up to date";
                Err(ReadFault::Ledger(format!("{}: {text}", file.display())))
            }
            _ => Err(ReadFault::Ledger(foreign(file))),
        }
    }

    /// Visits every record there is now, oldest first, without holding them all.
    pub fn each(&self, mut visit: impl FnMut(&Entry) -> Result<(), ReadFault>) -> Result<(), ReadFault> {
        let (mut after, end) = (0, self.end()?);
        while after < end {
            let query = format!("{COLUMNS} WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3");
            let page = self.or_fault(entries(&self.connection, &query, (after, end, PAGE)))?;
            page.iter().try_for_each(&mut visit)?;
            after = page.last().map_or(end, |entry| entry.seq.cast_signed());
        }
        Ok(())
    }

    /// The latest records, oldest of them first.
    pub fn latest(&self, most: u32) -> Result<Vec<Entry>, ReadFault> {
        self.or_fault(newest(&self.connection, "true", (most,)))
    }

    /// The records of one receipt, oldest first.
    pub fn find(&self, receipt: ReceiptId) -> Result<Vec<Entry>, ReadFault> {
        self.or_fault(by_receipt(&self.connection, receipt))
    }

    /// Every text that was shown and every set of rules, oldest first.
    pub fn documents(&self) -> Result<Vec<Kept>, ReadFault> {
        let read = || {
            let query = "SELECT sha256, kind, text FROM document ORDER BY rowid";
            let mut statement = self.connection.prepare(query)?;
            let kept = |row: &Row<'_>| Ok(Kept { sha256: row.get(0)?, kind: row.get(1)?, text: row.get(2)? });
            statement.query_map([], kept)?.collect()
        };
        self.or_fault(read())
    }

    /// How many choices of visitors of each event there were in each month, such as `2026-11`.
    pub fn months(&self) -> Result<Vec<(String, String, u64)>, ReadFault> {
        let read = || {
            let query = "SELECT strftime('%Y-%m', time_ms / 1000, 'unixepoch') AS month, event, count(*) FROM record
                WHERE method <> 'audit'
                GROUP BY month, event ORDER BY month, event";
            let mut statement = self.connection.prepare(query)?;
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, number(row, 2)?)))?.collect()
        };
        self.or_fault(read())
    }

    /// How many choices of visitors of each event there were on each day at each site, oldest first.
    pub fn days(&self) -> Result<Vec<Daily>, ReadFault> {
        let mut days = BTreeMap::new();
        for start in (0..self.end()?).step_by(usize::try_from(STRIDE).unwrap_or(1)) {
            self.or_fault(count_days(&self.connection, start, &mut days))?;
        }
        Ok(days.into_iter().map(|((day, site, event), count)| Daily { day, site, event, count }).collect())
    }

    /// What was shown together, the newest last.
    pub fn uses(&self) -> Result<Vec<Use>, ReadFault> {
        let read = || {
            let query =
                "SELECT site, language, notice_version, notice, rules, min(time_ms), max(time_ms) AS newest,
                count(*) FILTER (WHERE method <> 'audit') FROM record GROUP BY site, language, notice_version, notice, rules ORDER BY newest";
            let mut statement = self.connection.prepare(query)?;
            let read = |row: &Row<'_>| {
                Ok(Use {
                    site: row.get(0)?,
                    language: row.get(1)?,
                    version: row.get(2)?,
                    notice: row.get(3)?,
                    rules: row.get(4)?,
                    span_ms: (number(row, 5)?, number(row, 6)?),
                    choices: number(row, 7)?,
                })
            };
            statement.query_map([], read)?.collect()
        };
        self.or_fault(read())
    }

    /// Counts what is there.
    pub fn summary(&self) -> Result<Summary, ReadFault> {
        let mut summary = Summary { bytes: bytes(&self.file), ..Summary::default() };
        for start in (0..self.end()?).step_by(usize::try_from(STRIDE).unwrap_or(1)) {
            self.or_fault(count(&self.connection, start, &mut summary))?;
        }
        Ok(summary)
    }

    /// Records that come later are left out, or a busy gate could keep an export going for ever.
    fn end(&self) -> Result<i64, ReadFault> {
        let query = "SELECT ifnull(max(seq), 0) FROM record";
        self.or_fault(self.connection.query_row(query, [], |row| row.get(0)))
    }

    fn or_fault<T>(&self, found: rusqlite::Result<T>) -> Result<T, ReadFault> {
        found.map_err(|error| ReadFault::Ledger(explain(&self.file, &error)))
    }
}

pub(super) fn by_receipt(connection: &Connection, receipt: ReceiptId) -> rusqlite::Result<Vec<Entry>> {
    newest(connection, "receipt = ?2", (MOST_FOUND, receipt.0))
}

/// The newest records of a kind, oldest of them first; the first parameter is how many.
fn newest(connection: &Connection, which: &str, params: impl Params) -> rusqlite::Result<Vec<Entry>> {
    let query = format!("{COLUMNS} WHERE {which} ORDER BY seq DESC LIMIT ?1");
    entries(connection, &query, params).map(|mut found| {
        found.reverse();
        found
    })
}

fn entries(connection: &Connection, query: &str, params: impl Params) -> rusqlite::Result<Vec<Entry>> {
    connection.prepare_cached(query)?.query_map(params, entry)?.collect()
}

fn count(connection: &Connection, start: i64, summary: &mut Summary) -> rusqlite::Result<()> {
    let query = "SELECT event, site, count(*), min(time_ms), max(time_ms), method = 'audit' AS audits FROM record
        WHERE seq > ?1 AND seq <= ?2 GROUP BY event, site, audits";
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query((start, start + STRIDE))?;
    while let Some(row) = rows.next()? {
        let records = number(row, 2)?;
        if row.get(5)? {
            summary.audits += records;
        } else {
            *summary.events.entry(row.get(0)?).or_default() += records;
            *summary.sites.entry(row.get(1)?).or_default() += records;
        }
        let (first, last) = summary.span_ms.unwrap_or((u64::MAX, 0));
        summary.span_ms = Some((first.min(number(row, 3)?), last.max(number(row, 4)?)));
    }
    Ok(())
}

fn count_days(
    connection: &Connection,
    start: i64,
    days: &mut BTreeMap<(u64, String, String), u64>,
) -> rusqlite::Result<()> {
    let query = "SELECT time_ms / 86400000 AS day, site, event, count(*) FROM record
        WHERE seq > ?1 AND seq <= ?2 AND method <> 'audit' GROUP BY day, site, event";
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query((start, start + STRIDE))?;
    while let Some(row) = rows.next()? {
        *days.entry((number(row, 0)?, row.get(1)?, row.get(2)?)).or_default() += number(row, 3)?;
    }
    Ok(())
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let receipt = row.get::<_, Option<[u8; 16]>>(12)?.map(ReceiptId);
    Ok(Entry {
        seq: number(row, 0)?,
        schema: row.get(2)?,
        product: row.get(3)?,
        record: Record {
            id: row.get(1)?,
            event: Event::stored(&row.get::<_, String>(4)?, receipt).ok_or_else(|| damaged(4))?,
            time_ms: number(row, 5)?,
            site: row.get(6)?,
            page: Page::stored(row.get(7)?),
            language: row.get(8)?,
            notice_version: row.get(9)?,
            decisions: decisions(&row.get::<_, String>(10)?).ok_or_else(|| damaged(10))?,
            method: Method::stored(&row.get::<_, String>(11)?).ok_or_else(|| damaged(11))?,
            gpc: row.get(13)?,
            expires_at: number(row, 14)?,
        },
        previous: row.get(15)?,
        notice: row.get(16)?,
        rules: row.get(17)?,
        hash: row.get(18)?,
    })
}

/// What is below zero was not written by a gate; it is read as the earliest time there is.
fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|number| u64::try_from(number).unwrap_or(0))
}

fn decisions(text: &str) -> Option<Vec<(String, bool)>> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    object.into_iter().map(|(name, yes)| Some((name, yes.as_bool()?))).collect()
}

fn damaged(column: usize) -> rusqlite::Error {
    let text = "a record holds what no gate of this version writes";
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, text.into())
}

/// The file is not opened for this: see `sqlite::database`.
fn bytes(file: &Path) -> u64 {
    let mut wal = file.as_os_str().to_owned();
    wal.push("-wal");
    [file, Path::new(&wal)].into_iter().filter_map(|file| file.metadata().ok()).map(|seen| seen.len()).sum()
}
