//! What is written: records, tombstones, checkpoints, and the head that moves along with them.

use rusqlite::types::{Value, ValueRef};
use rusqlite::{ErrorCode, OptionalExtension as _, Transaction, params, params_from_iter};

use crate::ledger::chain::{End, Hash, Kind, Seal, link};
use crate::ledger::record::{PRODUCT, SCHEMA};
use crate::ledger::shown::{Document, Shown};
use crate::ledger::{Record, Refused, now_ms};

/// A checkpoint at least every so many rows.
const STEP: u64 = 1000;

const INSERT: &str = "
    INSERT INTO record (seq, id, schema, product, event, time_ms, site, page, language, notice_version, decisions, method,
                        receipt, gpc, expires_at, previous, notice, rules, hash)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)";

/// Rows that were deleted on purpose, as the chain remembers them.
pub(in crate::ledger) struct Tombstone<'t> {
    pub(in crate::ledger) at_ms: u64,
    pub(in crate::ledger) reason: &'t str,
    pub(in crate::ledger) first: u64,
    pub(in crate::ledger) last: u64,
    /// The hash of the last one: what the row after it follows.
    pub(in crate::ledger) last_hash: Hash,
}

/// The end of the chain as the file has it. One that does not fit its seal or the rows is gone on from all the same, and
/// a mark in the chain says so for ever: choices must not wait for an inquiry, and no seal may cover up for a change. The first is what is sealed already, if it is.
pub(super) fn head(transaction: &Transaction<'_>, seal: &Seal) -> rusqlite::Result<(Option<End>, End)> {
    let (mut end, key, sealed) = written_head(transaction)?;
    let last = last_row(transaction)?;
    let fits = last.is_none_or(|(seq, hash)| (seq, hash) == (end.seq, end.hash)) && (last.is_some() || end.seq == 0);
    // A file that has just been made or brought up to date has never been sealed.
    let sealed_before = transaction.prepare_cached("SELECT 1 FROM checkpoint")?.exists([])?;
    let fresh = key.is_empty() && !sealed_before;
    let reason = match (fits, key == seal.name()) {
        (true, _) if fresh => return Ok((None, end)),
        (true, true) if sealed == seal.head(&end) => return Ok((Some(end), end)),
        (true, false) => "other-key",
        _ => "broken",
    };
    tracing::error!(
        seq = end.seq,
        reason,
        "the ledger does not end where its seal says: see `consentgate ledger verify`"
    );
    if let Some((seq, hash)) = last {
        (end.seq, end.hash) = (seq.max(end.seq), hash);
    }
    let mark = Tombstone { at_ms: now_ms(), reason, first: 0, last: 0, last_hash: end.hash };
    tombstone(transaction, &mut end, &mark)?;
    Ok((None, end))
}

fn written_head(transaction: &Transaction<'_>) -> rusqlite::Result<(End, Vec<u8>, Vec<u8>)> {
    let mut statement =
        transaction.prepare_cached("SELECT seq, hash, checkpoints, key, seal FROM head WHERE one = 1")?;
    let found = statement
        .query_row([], |row| {
            let (seq, checkpoints): (i64, i64) = (row.get(0)?, row.get(2)?);
            let end =
                End { seq: seq.cast_unsigned(), hash: row.get(1)?, checkpoints: checkpoints.cast_unsigned(), at_ms: 0 };
            Ok((end, row.get(3)?, row.get(4)?))
        })
        .optional()?;
    // A head that was taken away is one that does not fit.
    Ok(found.unwrap_or((End::NONE, b"none".to_vec(), Vec::new())))
}

fn last_row(transaction: &Transaction<'_>) -> rusqlite::Result<Option<(u64, Hash)>> {
    let query = "SELECT seq, hash FROM (SELECT * FROM (SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1)
        UNION ALL SELECT * FROM (SELECT seq, hash FROM tombstone ORDER BY seq DESC LIMIT 1)) ORDER BY seq DESC LIMIT 1";
    let mut statement = transaction.prepare_cached(query)?;
    statement.query_row([], |row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?))).optional()
}

/// Seals the end where it is now; a checkpoint is left where it is due or wanted.
pub(super) fn seal(
    transaction: &Transaction<'_>,
    seal: &Seal,
    (sealed, end): (Option<End>, &mut End),
    wanted: bool,
) -> rusqlite::Result<()> {
    let query = "SELECT ifnull(max(seq), 0) FROM checkpoint";
    let last: i64 = transaction.prepare_cached(query)?.query_row([], |row| row.get(0))?;
    let since = end.seq.saturating_sub(last.cast_unsigned());
    if since >= STEP || wanted && since > 0 {
        end.checkpoints += 1;
        let point = End { at_ms: now_ms(), ..*end };
        let insert = "INSERT INTO checkpoint (number, at_ms, seq, hash, key, seal) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let (number, at_ms, seq) =
            (point.checkpoints.cast_signed(), point.at_ms.cast_signed(), point.seq.cast_signed());
        let sealed = seal.checkpoint(&point);
        transaction.prepare_cached(insert)?.execute(params![number, at_ms, seq, point.hash, seal.name(), sealed])?;
    }
    if sealed == Some(*end) {
        return Ok(());
    }
    let update = "INSERT INTO head VALUES (1, ?1, ?2, ?3, ?4, ?5) ON CONFLICT (one)
        DO UPDATE SET seq = ?1, hash = ?2, checkpoints = ?3, key = ?4, seal = ?5";
    let (seq, checkpoints) = (end.seq.cast_signed(), end.checkpoints.cast_signed());
    transaction.prepare_cached(update)?.execute(params![seq, end.hash, checkpoints, seal.name(), seal.head(end)])?;
    Ok(())
}

/// The outer error is the group's, the inner one this record's: an INSERT that breaks a rule undoes itself alone, and
/// uses up no number.
pub(super) fn record(
    transaction: &Transaction<'_>,
    end: &mut End,
    (record, shown): (&Record, &Shown),
) -> rusqlite::Result<Result<(), Refused>> {
    if let Some(reason) = record.unfit() {
        return Ok(Err(Refused::Unfit(reason.into())));
    }
    if transaction.prepare_cached("SELECT 1 FROM record WHERE id = ?1")?.exists([record.id])? {
        return Ok(Ok(()));
    }
    document(transaction, "notice", &shown.notice)?;
    document(transaction, "rules", &shown.rules)?;
    let mut values = values(end.seq + 1, record, shown);
    values[15] = previous(transaction, record)?;
    let hash = link(&end.hash, Kind::Record, values.iter().map(ValueRef::from));
    values.push(Value::Blob(hash.to_vec()));
    match transaction.prepare_cached(INSERT)?.execute(params_from_iter(&values)) {
        Ok(_) => {
            *end = End { seq: end.seq + 1, hash, ..*end };
            Ok(Ok(()))
        }
        Err(error) if is_its_own(&error) => Ok(Err(Refused::Unfit(error.to_string()))),
        Err(error) => Err(error),
    }
}

/// In the order of the columns; the one before it under the same receipt is not known yet.
fn values(seq: u64, record: &Record, shown: &Shown) -> Vec<Value> {
    let text = |text: &str| Value::Text(text.to_owned());
    vec![
        Value::Integer(seq.cast_signed()),
        Value::Blob(record.id.to_vec()),
        Value::Integer(SCHEMA.into()),
        text(PRODUCT),
        text(record.event.name()),
        Value::Integer(record.time_ms.cast_signed()),
        text(&record.site),
        text(record.page.as_str()),
        text(&record.language),
        text(&record.notice_version),
        Value::Text(record.decisions_json().to_string()),
        text(record.method.name()),
        record.event.receipt().map_or(Value::Null, |receipt| Value::Blob(receipt.0.to_vec())),
        Value::Integer(record.gpc.into()),
        Value::Integer(record.expires_at.cast_signed()),
        Value::Null,
        Value::Blob(shown.notice.sha256.to_vec()),
        Value::Blob(shown.rules.sha256.to_vec()),
    ]
}

fn previous(transaction: &Transaction<'_>, record: &Record) -> rusqlite::Result<Value> {
    let Some(receipt) = record.event.receipt() else { return Ok(Value::Null) };
    let query = "SELECT id FROM record WHERE receipt = ?1 ORDER BY seq DESC LIMIT 1";
    let found = transaction.prepare_cached(query)?.query_row([receipt.0], |row| row.get(0)).optional()?;
    Ok(found.map_or(Value::Null, Value::Blob))
}

fn document(transaction: &Transaction<'_>, kind: &str, document: &Document) -> rusqlite::Result<()> {
    if !transaction.prepare_cached("SELECT 1 FROM document WHERE sha256 = ?1")?.exists([document.sha256])? {
        let insert = "INSERT INTO document (sha256, kind, text) VALUES (?1, ?2, ?3)";
        transaction.prepare_cached(insert)?.execute(params![document.sha256, kind, &*document.text])?;
    }
    Ok(())
}

pub(super) fn tombstone(transaction: &Transaction<'_>, end: &mut End, stone: &Tombstone<'_>) -> rusqlite::Result<()> {
    let number = |number: u64| Value::Integer(number.cast_signed());
    let seq = end.seq + 1;
    let mut values = vec![
        number(seq),
        number(stone.at_ms),
        Value::Text(stone.reason.into()),
        number(stone.first),
        number(stone.last),
        Value::Blob(stone.last_hash.to_vec()),
    ];
    let hash = link(&end.hash, Kind::Tombstone, values.iter().map(ValueRef::from));
    values.push(Value::Blob(hash.to_vec()));
    transaction
        .prepare_cached("INSERT INTO tombstone VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute(params_from_iter(&values))?;
    *end = End { seq, hash, ..*end };
    Ok(())
}

fn is_its_own(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::ToSqlConversionFailure(_))
        || matches!(error.sqlite_error_code(), Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig))
}
