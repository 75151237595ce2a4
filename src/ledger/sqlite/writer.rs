//! The one thread that writes: takes what waits, commits it together, answers each caller.
//!
//! One sync serves the whole group, so many callers cost hardly more than one. When the ledger is down the writer
//! lets go of the file and opens it anew on the next try, so that whoever repairs the disk need not restart the gate.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::sync::oneshot::Sender;
use tracing::{error, info, warn};

use super::database::{Database, Tuning};
use crate::consent::ReceiptId;
use crate::ledger::fault::explain;
use crate::ledger::{Entry, Record, Refused};

/// The most records of one transaction.
const LARGEST_GROUP: usize = 512;
/// How many jobs wait before a caller is told that the ledger is busy.
pub(super) const QUEUE: usize = 4096;
/// How often a ledger that is down is tried when nobody asks: well under the 5 s of PROMISES 3.
const RETRY: Duration = Duration::from_secs(1);

/// Where the answer goes.
pub(super) type Caller<T> = Sender<Result<T, Refused>>;

/// What can be asked of the writer.
pub(super) enum Job {
    /// Keep this.
    Record(Box<Record>, Caller<()>),
    /// Find what belongs to this receipt.
    Find(ReceiptId, Caller<Vec<Entry>>),
    /// Finish what came before, and end.
    Close,
}

/// The writing side of the ledger.
pub(super) struct Writer {
    file: PathBuf,
    tuning: Tuning,
    database: Option<Database>,
    suspect: bool,
    trouble: Option<Refused>,
    healthy: Arc<AtomicBool>,
}

/// The jobs that are done together.
#[derive(Default)]
struct Group {
    records: Vec<(Box<Record>, Caller<()>)>,
    finds: Vec<(ReceiptId, Caller<Vec<Entry>>)>,
    closing: bool,
}

impl Writer {
    /// Tries the file at once, so that `healthy` is true or false from the start.
    pub(super) fn new(file: PathBuf, tuning: Tuning, healthy: Arc<AtomicBool>) -> Self {
        let mut writer = Self { file, tuning, database: None, suspect: false, trouble: None, healthy };
        writer.probe();
        writer
    }

    /// Works until it is told to close, or until nobody can tell it any more.
    pub(super) fn run(mut self, queue: &Receiver<Job>) {
        loop {
            let patience = if self.trouble.is_some() { RETRY } else { Duration::MAX };
            match queue.recv_timeout(patience) {
                Ok(first) => {
                    if !self.serve(Group::gather(first, queue), queue) {
                        return self.close();
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.probe(),
                Err(RecvTimeoutError::Disconnected) => return self.close(),
            }
        }
    }

    /// Does a group's work; false when it was the last.
    fn serve(&mut self, mut group: Group, queue: &Receiver<Job>) -> bool {
        let (records, answers): (Vec<_>, Vec<_>) = std::mem::take(&mut group.records).into_iter().unzip();
        match self.write(&records) {
            Ok(each) => answers.into_iter().zip(each).for_each(|(answer, outcome)| tell(answer, outcome)),
            Err(refused) => {
                for answer in answers {
                    tell(answer, Err(refused.clone()));
                }
                group.closing |= refuse_waiting(queue, &refused);
            }
        }
        for (receipt, answer) in group.finds {
            tell(answer, self.find(receipt));
        }
        !group.closing
    }

    fn write(&mut self, records: &[Box<Record>]) -> Result<Vec<Result<(), Refused>>, Refused> {
        if records.is_empty() {
            // Visitors who only read must not keep a ledger that is down from being tried.
            if self.trouble.is_some() {
                self.probe();
            }
            return Ok(Vec::new());
        }
        let written = self.ready().and_then(|database| database.write(records.iter().map(|record| &**record)));
        self.note(written.as_ref().err());
        written
    }

    fn find(&mut self, receipt: ReceiptId) -> Result<Vec<Entry>, Refused> {
        let found = self.ready().and_then(|database| database.find(receipt));
        // Only a fault is noted: what can be read is not yet what can be written.
        if let Err(fault) = &found {
            self.note(Some(fault));
        }
        found
    }

    fn probe(&mut self) {
        let probed = self.ready().and_then(Database::probe);
        self.note(probed.as_ref().err());
    }

    /// The database, opened anew where it is not open or not the file at its path any more.
    fn ready(&mut self) -> Result<&mut Database, Refused> {
        let open = match self.database.take() {
            Some(open) if open.in_place() => open,
            other => {
                if let Some(lost) = other {
                    warn!(file = %self.file.display(), "the ledger's file was changed from outside: opening it anew");
                    self.suspect |= lost.let_go();
                }
                self.open()?
            }
        };
        Ok(self.database.insert(open))
    }

    /// Once suspect, a file is not written before it, or the one in its place, has been found whole.
    fn open(&mut self) -> Result<Database, Refused> {
        let open = Database::open(&self.file, &self.tuning)?;
        if self.suspect {
            open.check()?;
            self.suspect = false;
        }
        Ok(open)
    }

    /// Remembers how the last try went; says so once, not for each record.
    fn note(&mut self, fault: Option<&Refused>) {
        self.healthy.store(fault.is_none(), Ordering::Release);
        if let Some(fault) = fault {
            self.database = None;
            if self.trouble.as_ref() != Some(fault) {
                error!("{fault}; choices are refused until it is back");
            }
        } else if self.trouble.is_some() {
            info!(file = %self.file.display(), "the ledger is back");
        }
        self.trouble = fault.cloned();
    }

    fn close(mut self) {
        if let Some(Err(fault)) = self.database.take().map(Database::close) {
            warn!("closing the ledger: {}", explain(&self.file, &fault));
        }
    }
}

impl Drop for Writer {
    /// However the thread ends, nobody may take the ledger for a working one.
    fn drop(&mut self) {
        self.healthy.store(false, Ordering::Release);
    }
}

impl Group {
    /// The first job and what waits behind it.
    fn gather(first: Job, queue: &Receiver<Job>) -> Self {
        let mut group = Self::default();
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Record(record, answer) => group.records.push((record, answer)),
                Job::Find(receipt, answer) => group.finds.push((receipt, answer)),
                Job::Close => group.closing = true,
            }
            let full = group.closing || group.records.len() + group.finds.len() == LARGEST_GROUP;
            next = if full { None } else { queue.try_recv().ok() };
        }
        group
    }
}

/// Refuses all that waits for a ledger that is down: behind a lock each group would wait its turn for the same
/// answer. True when the end was among it.
fn refuse_waiting(queue: &Receiver<Job>, refused: &Refused) -> bool {
    for job in queue.try_iter().take(QUEUE) {
        match job {
            Job::Record(_, answer) => tell(answer, Err(refused.clone())),
            Job::Find(_, answer) => tell(answer, Err(refused.clone())),
            Job::Close => return true,
        }
    }
    false
}

/// A caller who no longer waits has lost nothing but the answer.
fn tell<T>(answer: Caller<T>, outcome: Result<T, Refused>) {
    drop(answer.send(outcome));
}
