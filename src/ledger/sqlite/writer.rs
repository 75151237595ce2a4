//! The one thread that writes: takes what waits, commits it together, answers each caller.
//!
//! One sync serves the whole group, so many callers cost hardly more than one. When the ledger is down the writer
//! lets go of the file and opens it anew on the next try, so that whoever repairs the disk need not restart the gate.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot::Sender;
use tracing::{error, info, warn};

use super::database::{Database, Tuning};
use super::remove::{MOST, Removal};
use crate::consent::ReceiptId;
use crate::ledger::chain::Seal;
use crate::ledger::fault::explain;
use crate::ledger::{Config, Entry, Record, Refused, Shown, now_ms};

/// The most records of one transaction.
const LARGEST_GROUP: usize = 512;
/// How many jobs wait before a caller is told that the ledger is busy.
pub(super) const QUEUE: usize = 4096;
/// How often a ledger that is down is tried when nobody asks: well under the 5 s of PROMISES 3.
const RETRY: Duration = Duration::from_secs(1);

/// How often what has been kept long enough is looked for; while there is more of it, choices get their turn in between.
const SWEEP: Duration = Duration::from_hours(24);
const NEXT_SWEEP: Duration = Duration::from_millis(200);

/// Where the answer goes.
pub(super) type Caller<T> = Sender<Result<T, Refused>>;

/// What can be asked of the writer.
pub(super) enum Job {
    /// Keep this.
    Record(Told, Caller<()>),
    /// Find what belongs to this receipt.
    Find(ReceiptId, Caller<Vec<Entry>>),
    /// Delete what belongs to this receipt.
    Forget(ReceiptId, Caller<u32>),
    /// Finish what came before, and end.
    Close,
}

/// The writing side of the ledger.
pub(super) struct Writer {
    config: Config,
    seal: Seal,
    tuning: Tuning,
    database: Option<Database>,
    suspect: bool,
    trouble: Option<Refused>,
    healthy: Arc<AtomicBool>,
    held: Arc<AtomicBool>,
    next_sweep: Option<Instant>,
}

/// What is to be kept, with what was shown.
pub(super) type Told = Box<(Record, Arc<Shown>)>;

/// The jobs that are done together.
#[derive(Default)]
struct Group {
    records: Vec<(Told, Caller<()>)>,
    finds: Vec<(ReceiptId, Caller<Vec<Entry>>)>,
    forgets: Vec<(ReceiptId, Caller<u32>)>,
    closing: bool,
}

impl Writer {
    /// Tries the file at once, so that `healthy` is true or false from the start.
    pub(super) fn new(
        config: Config,
        seal: Seal,
        tuning: Tuning,
        (healthy, held): (Arc<AtomicBool>, Arc<AtomicBool>),
    ) -> Self {
        let next_sweep = config.keep.is_some().then(Instant::now);
        let mut writer =
            Self { config, seal, tuning, database: None, suspect: false, trouble: None, healthy, held, next_sweep };
        writer.probe();
        writer
    }

    /// Works until it is told to close, or until nobody can tell it any more.
    pub(super) fn run(mut self, queue: &Receiver<Job>) {
        loop {
            match queue.recv_timeout(self.patience()) {
                Ok(first) => {
                    if !self.serve(Group::gather(first, queue), queue) {
                        return self.close();
                    }
                }
                Err(RecvTimeoutError::Timeout) if self.trouble.is_some() => self.probe(),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.close(),
            }
            self.sweep();
        }
    }

    fn patience(&self) -> Duration {
        let sweep = self.next_sweep.map_or(Duration::MAX, |due| due.saturating_duration_since(Instant::now()));
        if self.trouble.is_some() { RETRY } else { sweep }
    }

    /// Deletes what has been kept for as long as it is to be, when it is time to look (REQUIREMENTS E6).
    fn sweep(&mut self) {
        let (Some(keep), Some(due)) = (self.config.keep, self.next_sweep) else { return };
        if self.trouble.is_some() || Instant::now() < due {
            return;
        }
        if self.is_held() {
            self.next_sweep = Some(Instant::now() + SWEEP);
            return;
        }
        let before = now_ms().saturating_sub(u64::try_from(keep.as_millis()).unwrap_or(u64::MAX));
        let removed = self.ready().and_then(|database| database.remove(Removal::Retention(before)));
        self.note(removed.as_ref().err());
        let removed = removed.unwrap_or(0);
        if removed > 0 {
            info!(removed, "records that were kept long enough were deleted");
        }
        self.next_sweep = Some(Instant::now() + if removed == MOST { NEXT_SWEEP } else { SWEEP });
    }

    fn is_held(&self) -> bool {
        self.held.load(Ordering::Acquire)
    }

    fn forget(&mut self, receipt: ReceiptId) -> Result<u32, Refused> {
        if self.is_held() {
            return Err(Refused::Held);
        }
        let removed = self.ready().and_then(|database| database.remove(Removal::Receipt(receipt)));
        self.note(removed.as_ref().err());
        removed
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
        for (receipt, answer) in group.forgets {
            tell(answer, self.forget(receipt));
        }
        !group.closing
    }

    fn write(&mut self, records: &[Told]) -> Result<Vec<Result<(), Refused>>, Refused> {
        if records.is_empty() {
            // Visitors who only read must not keep a ledger that is down from being tried.
            if self.trouble.is_some() {
                self.probe();
            }
            return Ok(Vec::new());
        }
        let written = self.ready().and_then(|database| database.write(records.iter().map(|both| (&both.0, &*both.1))));
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
                    warn!(file = %self.config.file.display(), "the ledger's file was changed from outside: opening it anew");
                    self.suspect |= lost.let_go();
                }
                self.open()?
            }
        };
        Ok(self.database.insert(open))
    }

    /// Once suspect, a file is not written before it, or the one in its place, has been found whole.
    fn open(&mut self) -> Result<Database, Refused> {
        let open = Database::open(&self.config.file, &self.seal, &self.tuning)?;
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
            info!(file = %self.config.file.display(), "the ledger is back");
        }
        self.trouble = fault.cloned();
    }

    fn close(mut self) {
        if let Some(Err(fault)) = self.database.take().map(Database::close) {
            warn!("closing the ledger: {}", explain(&self.config.file, &fault));
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
                Job::Forget(receipt, answer) => group.forgets.push((receipt, answer)),
                Job::Close => group.closing = true,
            }
            let full = group.closing || group.records.len() + group.finds.len() + group.forgets.len() == LARGEST_GROUP;
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
            Job::Forget(_, answer) => tell(answer, Err(refused.clone())),
            Job::Close => return true,
        }
    }
    false
}

/// A caller who no longer waits has lost nothing but the answer.
fn tell<T>(answer: Caller<T>, outcome: Result<T, Refused>) {
    drop(answer.send(outcome));
}
