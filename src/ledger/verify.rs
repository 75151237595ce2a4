//! Walks the chain from its first row to its sealed end, and names the first thing that is not as it was written.
//!
//! All in one read transaction, so that what the gate deletes meanwhile is no gap. What was deleted on purpose is stepped
//! over by its tombstone, which stands in the chain itself.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter};
use sha2::{Digest as _, Sha256};

use super::chain::{End, GENESIS, Hash, Kind, Seal, link};
use super::sqlite::differing;
use super::verdict::{Fault, Verified, Wrong};
use super::{ReadFault, Reader, fault::explain};
use crate::consent::Key;

/// How often progress is told, in rows.
const STEP: u64 = 100_000;
/// How far from its place a row that was moved is looked for.
const REACH: u64 = 500;

/// Verifies the whole ledger; `progress` is told how far it is, and of how many.
pub fn verify(file: &Path, key: &Key, mut progress: impl FnMut(u64, u64)) -> Result<Verified, ReadFault> {
    let reader = Reader::open(file)?;
    let walked = reader.connection.unchecked_transaction().and_then(|snapshot| {
        let mut walk = Walk::new(&snapshot, key)?;
        let outcome = walk.all(&mut progress)?;
        walk.found.fault = outcome.err();
        walk.found.end = (walk.end.seq, walk.end.hash);
        Ok(walk.found)
    });
    walked.map_err(|error| ReadFault::Ledger(explain(&reader.file, &error)))
}

/// A fault found is no error of reading.
type Outcome = rusqlite::Result<Result<(), Fault>>;

struct Walk<'c> {
    connection: &'c Connection,
    seal: Seal,
    head: End,
    head_fits: bool,
    /// By the first number deleted: the last, and its hash.
    deleted: BTreeMap<u64, (u64, Hash)>,
    /// By the row they are about.
    checkpoints: BTreeMap<u64, Hash>,
    checkpoint_fault: Option<u64>,
    documents: HashSet<Hash>,
    /// Of those, what records point to.
    used: HashSet<Hash>,
    kept: u64,
    end: End,
    found: Verified,
}

impl<'c> Walk<'c> {
    fn new(connection: &'c Connection, key: &Key) -> rusqlite::Result<Self> {
        let mut walk = Self {
            connection,
            seal: Seal(key.clone()),
            head: End::NONE,
            head_fits: false,
            deleted: BTreeMap::new(),
            checkpoints: BTreeMap::new(),
            checkpoint_fault: None,
            documents: HashSet::new(),
            used: HashSet::new(),
            kept: 0,
            end: End::NONE,
            found: Verified::default(),
        };
        walk.read_head()?;
        walk.read_tombstones()?;
        walk.read_checkpoints()?;
        walk.read_documents()?;
        Ok(walk)
    }

    fn read_head(&mut self) -> rusqlite::Result<()> {
        let query = "SELECT seq, hash, checkpoints, seal FROM head WHERE one = 1";
        let found = self.connection.query_row(query, [], |row| {
            let end = End { seq: whole(row, 0)?, hash: row.get(1)?, checkpoints: whole(row, 2)?, at_ms: 0 };
            Ok((end, row.get::<_, Vec<u8>>(3)?))
        });
        if let Some((head, sealed)) = found.optional()? {
            self.head_fits = sealed == self.seal.head(&head);
            self.head = head;
        }
        Ok(())
    }

    fn read_tombstones(&mut self) -> rusqlite::Result<()> {
        let mut statement =
            self.connection.prepare("SELECT first_seq, last_seq, last_hash FROM tombstone WHERE last_seq > 0")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            self.deleted.insert(whole(row, 0)?, (whole(row, 1)?, row.get(2)?));
        }
        Ok(())
    }

    fn read_checkpoints(&mut self) -> rusqlite::Result<()> {
        let query = "SELECT number, at_ms, seq, hash, key, seal FROM checkpoint ORDER BY number";
        let mut statement = self.connection.prepare(query)?;
        let mut rows = statement.query([])?;
        let mut number = 0;
        while let Some(row) = rows.next()? {
            number += 1;
            let (checkpoints, at_ms) = (whole(row, 0)?, whole(row, 1)?);
            let end = End { seq: whole(row, 2)?, hash: row.get(3)?, checkpoints, at_ms };
            let other = row.get::<_, Vec<u8>>(4)? != self.seal.name();
            let sealed = row.get::<_, Vec<u8>>(5)? == self.seal.checkpoint(&end);
            if checkpoints != number || !other && !sealed {
                self.checkpoint_fault.get_or_insert(end.seq);
            }
            self.found.checkpoints += u64::from(sealed);
            self.found.other_key += u64::from(other);
            self.checkpoints.insert(end.seq, end.hash);
        }
        if number != self.head.checkpoints {
            self.checkpoint_fault.get_or_insert(self.head.seq);
        }
        Ok(())
    }

    fn read_documents(&mut self) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare("SELECT sha256, text FROM document")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (name, text): (Hash, Vec<u8>) = (row.get(0)?, row.get_ref(1)?.as_bytes()?.to_vec());
            self.kept += 1;
            if name == <Hash>::from(Sha256::digest(&text)) {
                self.documents.insert(name);
                self.found.documents += 1;
            }
        }
        Ok(())
    }

    fn all(&mut self, progress: &mut impl FnMut(u64, u64)) -> Outcome {
        let mut records = self.connection.prepare("SELECT seq, id, schema, product, event, time_ms, site, page, language,
            notice_version, decisions, method, receipt, gpc, expires_at, previous, notice, rules, hash FROM record ORDER BY seq")?;
        let mut stones = self.connection.prepare(
            "SELECT seq, at_ms, reason, first_seq, last_seq, last_hash, hash
            FROM tombstone ORDER BY seq",
        )?;
        let (mut records, mut stones) = (records.query([])?, stones.query([])?);
        let mut stone = read::<7>(stones.next()?)?;
        loop {
            let record = read::<19>(records.next()?)?;
            let before = record.as_ref().map_or(u64::MAX, |values| seq(values));
            while let Some(values) = stone.take_if(|values| seq(&values[..]) < before) {
                if let Err(fault) = self.tombstone(&values)? {
                    return Ok(Err(fault));
                }
                stone = read::<7>(stones.next()?)?;
            }
            let Some(values) = record else { break };
            if let Err(fault) = self.record(&values)? {
                return Ok(Err(fault));
            }
            if self.end.seq.is_multiple_of(STEP) {
                progress(self.end.seq, self.head.seq);
            }
        }
        if let Err(fault) = self.finish() {
            return Ok(Err(fault));
        }
        self.found.unused = self.kept.saturating_sub(self.used.len() as u64);
        let schema = differing(self.connection)?;
        Ok(schema.map_or(Ok(()), |name| Err(Fault { seq: self.end.seq, wrong: Wrong::Schema(name) })))
    }

    fn record(&mut self, values: &[Value; 19]) -> Outcome {
        if let Err(fault) = self.row(Kind::Record, values)? {
            return Ok(Err(fault));
        }
        self.found.records += 1;
        let mut known = |value: &Value| match value {
            Value::Blob(hash) => <&Hash>::try_from(&hash[..]).is_ok_and(|hash| {
                self.used.insert(*hash);
                self.documents.contains(hash)
            }),
            _ => true,
        };
        let wrong = (!known(&values[16]) || !known(&values[17])).then_some(Wrong::Text);
        Ok(wrong.map_or(Ok(()), |wrong| Err(Fault { seq: self.end.seq, wrong })))
    }

    fn tombstone(&mut self, values: &[Value; 7]) -> Outcome {
        if let Err(fault) = self.row(Kind::Tombstone, values)? {
            return Ok(Err(fault));
        }
        let broken = matches!(&values[2], Value::Text(reason) if reason == "broken");
        if let (Value::Integer(first @ 1..), Value::Integer(last)) = (&values[3], &values[4]) {
            self.found.deleted += (last - first + 1).cast_unsigned();
        }
        Ok(if broken { Err(Fault { seq: self.end.seq, wrong: Wrong::Broken }) } else { Ok(()) })
    }

    /// One row, after what was deleted before it.
    fn row(&mut self, kind: Kind, values: &[Value]) -> Outcome {
        let seq = seq(values);
        if let Err(fault) = self.bridge(seq) {
            return Ok(Err(fault));
        }
        let (own, stored) = (&values[..values.len() - 1], &values[values.len() - 1]);
        let hash = link(&self.end.hash, kind, own.iter().map(ValueRef::from));
        if *stored != Value::Blob(hash.to_vec()) {
            let wrong = self.moved(seq, (kind, own), stored)?.map_or(Wrong::Edited, Wrong::Reordered);
            return Ok(Err(Fault { seq, wrong }));
        }
        self.end = End { seq, hash, ..self.end };
        Ok(self.compare())
    }

    /// Steps over what was deleted before this row.
    fn bridge(&mut self, seq: u64) -> Result<(), Fault> {
        loop {
            let next = self.end.seq + 1;
            match self.deleted.get(&next) {
                Some(&(last, hash)) => {
                    if last >= seq {
                        return Err(Fault { seq, wrong: Wrong::Inserted });
                    }
                    self.end = End { seq: last, hash, ..self.end };
                }
                None if next == seq => return Ok(()),
                None => return Err(Fault { seq: next, wrong: Wrong::Missing }),
            }
        }
    }

    fn compare(&self) -> Result<(), Fault> {
        let fits = self.checkpoints.get(&self.end.seq).is_none_or(|hash| *hash == self.end.hash);
        if fits { Ok(()) } else { Err(Fault { seq: self.end.seq, wrong: Wrong::Checkpoint }) }
    }

    /// Was this row written as another number near by?
    fn moved(&self, seq: u64, (kind, values): (Kind, &[Value]), stored: &Value) -> rusqlite::Result<Option<u64>> {
        let mut values = values.to_vec();
        let query = "SELECT hash FROM record WHERE seq = ?1 UNION ALL SELECT hash FROM tombstone WHERE seq = ?1";
        let mut statement = self.connection.prepare(query)?;
        let mut hash = |seq: u64| {
            let found = statement.query_row(params_from_iter([seq.cast_signed()]), |row| row.get::<_, Hash>(0));
            found.optional().map(|found| found.unwrap_or(GENESIS))
        };
        for from in seq.saturating_sub(REACH).max(1)..seq + REACH {
            values[0] = Value::Integer(from.cast_signed());
            // Of two neighbours that changed places, the one before has its hash now where this one should stand.
            for before in [hash(from - 1)?, hash(from)?] {
                let written = link(&before, kind, values.iter().map(ValueRef::from));
                if from != seq && *stored == Value::Blob(written.to_vec()) {
                    return Ok(Some(from));
                }
            }
        }
        Ok(None)
    }

    fn finish(&mut self) -> Result<(), Fault> {
        let at = |seq, wrong| Err(Fault { seq, wrong });
        let last = self.checkpoints.keys().next_back().copied().unwrap_or(0);
        match self.end.seq {
            seq if seq < last => return at(seq + 1, Wrong::Truncated),
            // An end that was not sealed says nothing about what comes after it.
            seq if !self.head_fits => return at(seq, Wrong::Head),
            seq if seq < self.head.seq => return at(seq + 1, Wrong::Truncated),
            seq if seq > self.head.seq => return at(self.head.seq + 1, Wrong::Inserted),
            seq if self.end.hash != self.head.hash => return at(seq, Wrong::Edited),
            _ => {}
        }
        self.checkpoint_fault.map_or(Ok(()), |seq| at(seq, Wrong::Checkpoint))
    }
}

/// A row's values as they are stored, whatever they are.
fn read<const N: usize>(row: Option<&Row<'_>>) -> rusqlite::Result<Option<[Value; N]>> {
    let Some(row) = row else { return Ok(None) };
    let values: Vec<Value> = (0..N).map(|at| row.get(at)).collect::<rusqlite::Result<_>>()?;
    Ok(values.try_into().ok())
}

fn seq(values: &[Value]) -> u64 {
    match values.first() {
        Some(Value::Integer(seq)) => seq.cast_unsigned(),
        _ => 0,
    }
}

fn whole(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}
