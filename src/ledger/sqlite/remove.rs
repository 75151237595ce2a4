//! What is deleted on purpose: by age, by receipt. Each run of deleted rows leaves a tombstone in the chain.

use rusqlite::{Transaction, params};

use super::append::{Tombstone, tombstone};
use crate::consent::ReceiptId;
use crate::ledger::chain::{End, Hash};
use crate::ledger::now_ms;

/// The most rows of one transaction: choices wait while they are deleted.
pub(in crate::ledger) const MOST: u32 = 5000;

/// What is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Records older than this, in milliseconds since 1970, because they have been kept long enough.
    Retention(u64),
    /// The same, because somebody said so.
    Before(u64),
    /// The records of this receipt.
    Receipt(ReceiptId),
}

impl Removal {
    fn reason(self) -> &'static str {
        match self {
            Self::Retention(_) => "retention",
            Self::Before(_) => "purge",
            Self::Receipt(_) => "receipt",
        }
    }
}

/// Deletes at most [`MOST`] rows; says how many.
pub(super) fn remove(transaction: &Transaction<'_>, end: &mut End, removal: Removal) -> rusqlite::Result<u32> {
    let rows = rows(transaction, removal)?;
    let mut delete = transaction.prepare_cached("DELETE FROM record WHERE seq = ?1")?;
    for (seq, _) in &rows {
        delete.execute([seq.cast_signed()])?;
    }
    let at_ms = now_ms();
    for (first, last, last_hash) in runs(&rows) {
        tombstone(transaction, end, &Tombstone { at_ms, reason: removal.reason(), first, last, last_hash })?;
    }
    Ok(u32::try_from(rows.len()).unwrap_or(MOST))
}

fn rows(transaction: &Transaction<'_>, removal: Removal) -> rusqlite::Result<Vec<(u64, Hash)>> {
    let which = match removal {
        Removal::Retention(_) | Removal::Before(_) => "time_ms < ?1",
        Removal::Receipt(_) => "receipt = ?1",
    };
    let query = format!("SELECT seq, hash FROM record WHERE {which} ORDER BY seq LIMIT ?2");
    let mut statement = transaction.prepare_cached(&query)?;
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?));
    match removal {
        Removal::Retention(before) | Removal::Before(before) => {
            statement.query_map(params![i64::try_from(before).unwrap_or(i64::MAX), MOST], row)?.collect()
        }
        Removal::Receipt(receipt) => statement.query_map(params![receipt.0, MOST], row)?.collect(),
    }
}

/// Numbers that follow one another, with the hash of the last.
fn runs(rows: &[(u64, Hash)]) -> Vec<(u64, u64, Hash)> {
    let follows = |one: &(u64, Hash), next: &(u64, Hash)| one.0 + 1 == next.0;
    rows.chunk_by(follows).filter_map(|run| Some((run.first()?.0, run.last()?.0, run.last()?.1))).collect()
}
