//! The durable record of choices: proof.
//!
//! A choice is "recorded" only when it would survive a power cut (REQUIREMENTS E7, PROMISES 2): `record` answers
//! `Ok` after the commit has been synced, never before, and a ledger that cannot write says so for every waiting
//! record (PROMISES 3). What it must never do: keep an address, a browser name, a referrer or a query (E4), tie a
//! refusal to a receipt (E5), or stop the gate from serving pages. Records come from `gateway`; they leave through
//! `find` (the visitor's own), and through [`Reader`] and [`export()`] (whoever has to show the proof).

mod chain;
mod config;
mod export;
mod fault;
mod iso27560;
mod read;
mod record;
mod shown;
mod sqlite;
mod verdict;
mod verify;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::consent::ReceiptId;

pub use chain::{Hash, hex};
pub use config::*;
pub use export::{Format, export};
pub use fault::ReadFault;
pub use iso27560::SCHEMA_27560;
pub use read::{Daily, Kept, Reader, Summary, Use};
pub use record::{Entry, Event, Method, Page, Record, receipt_from_hex, rfc3339};
pub use shown::{Document, Shown};
pub use sqlite::{Removal, Sqlite, remove};
pub use verdict::{Fault, Verified, Wrong};
pub use verify::verify;

/// What the ledger will have answered; it holds nothing of the ledger and may be dropped at any time.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Refused>> + Send>>;

/// The durable record of choices, shared by all workers.
pub trait Ledger: Send + Sync {
    /// Queues the record at once; the answer is `Ok` when it is on disk. The same id twice is one record.
    ///
    /// Dropping the answer does not take the record back. A disk that hangs keeps the answer waiting: the caller
    /// sets the limit.
    /// What the visitor was shown is kept once, however many records point to it.
    fn record(&self, record: Record, shown: Arc<Shown>) -> Answer<()>;

    /// The records of one receipt, oldest first, the latest thousand at most.
    fn find(&self, receipt: ReceiptId) -> Answer<Vec<Entry>>;

    /// Deletes the records of one receipt, of which a tombstone stays; says how many there were.
    fn forget(&self, receipt: ReceiptId) -> Answer<u32>;

    /// Did the last try to write work? While it did not, the ledger tries again by itself, once a second.
    fn healthy(&self) -> bool;
}

/// Why a record was not taken: nothing of it has been kept, and the visitor must be told so (503).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// More records wait than the queue holds.
    Busy,
    /// The ledger cannot be written; the reason names the file and what to do, for the log and not for a visitor.
    Down(String),
    /// This one record cannot be kept, whatever the state of the ledger.
    Unfit(String),
    /// Nothing is deleted under a legal hold.
    Held,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("the ledger's queue is full"),
            Self::Down(reason) => write!(f, "the ledger is down: {reason}"),
            Self::Unfit(reason) => write!(f, "the record cannot be kept: {reason}"),
            Self::Held => f.write_str("nothing is deleted: `ledger.legal_hold` is on"),
        }
    }
}

impl std::error::Error for Refused {}

/// The gate's clock, in milliseconds since 1970.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    u64::try_from(since).unwrap_or(u64::MAX)
}
