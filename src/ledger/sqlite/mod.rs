//! The ledger in a `SQLite` file: a bounded queue, and one thread that writes.

mod append;
mod database;
mod remove;
mod schema;
mod writer;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use tokio::sync::oneshot;

use self::database::{Database, Tuning};
use self::writer::{Caller, Job, QUEUE, Writer};
use super::chain::Seal;
use super::{Answer, Config, Entry, Ledger, Record, Refused, Shown};
use crate::consent::{Key, ReceiptId};

pub use remove::Removal;
pub(super) use schema::{NEWEST, differing, foreign, version};

/// The ledger in a `SQLite` file.
#[derive(Debug)]
pub struct Sqlite {
    queue: SyncSender<Job>,
    healthy: Arc<AtomicBool>,
    held: Arc<AtomicBool>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Sqlite {
    /// Opens the ledger and starts its writer. A file that cannot be opened is no error here: `healthy` says so at
    /// once, the log says why, records are refused, and the writer goes on trying.
    pub fn start(config: &Config, key: &Key) -> io::Result<Self> {
        Self::tuned(config, key, Tuning::new())
    }

    fn tuned(config: &Config, key: &Key, tuning: Tuning) -> io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        let healthy = Arc::new(AtomicBool::new(false));
        let held = Arc::new(AtomicBool::new(config.legal_hold));
        let flags = (Arc::clone(&healthy), Arc::clone(&held));
        let writer = Writer::new(config.clone(), Seal(key.clone()), tuning, flags);
        let thread = Builder::new().name("ledger".into()).spawn(move || writer.run(&jobs))?;
        Ok(Self { queue, healthy, held, writer: Mutex::new(Some(thread)) })
    }

    /// Writes what waits, puts everything into the one file, and ends the writer. It blocks; records that come
    /// after are refused.
    pub fn close(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // Neither can fail in a way that matters: a writer that has ended is what is asked for.
            drop(self.queue.send(Job::Close));
            drop(writer.join());
        }
    }

    /// `ledger.legal_hold` from now on: whoever sets it must not have to wait for a restart.
    pub fn hold(&self, on: bool) {
        self.held.store(on, Ordering::Release);
    }

    fn ask<T: Send + 'static>(&self, job: impl FnOnce(Caller<T>) -> Job) -> Answer<T> {
        let (answer, waiting) = oneshot::channel();
        let queued = self.queue.try_send(job(answer)).map_err(|error| match error {
            TrySendError::Full(_) => Refused::Busy,
            TrySendError::Disconnected(_) => closed(),
        });
        Box::pin(async move {
            queued?;
            waiting.await.unwrap_or_else(|_| Err(closed()))
        })
    }
}

impl Ledger for Sqlite {
    fn record(&self, record: Record, shown: Arc<Shown>) -> Answer<()> {
        self.ask(|answer| Job::Record(Box::new((record, shown)), answer))
    }

    fn find(&self, receipt: ReceiptId) -> Answer<Vec<Entry>> {
        self.ask(|answer| Job::Find(receipt, answer))
    }

    fn forget(&self, receipt: ReceiptId) -> Answer<u32> {
        self.ask(|answer| Job::Forget(receipt, answer))
    }

    fn healthy(&self) -> bool {
        self.healthy.load(Ordering::Acquire)
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.close();
    }
}

/// Deletes what is named, also while the gate runs; says how many records went. Nothing goes under a legal hold.
pub fn remove(config: &Config, key: &Key, removal: Removal) -> Result<u64, Refused> {
    if config.legal_hold {
        return Err(Refused::Held);
    }
    if !config.file.exists() {
        return Err(Refused::Down(format!("{}: there is no ledger here; check `ledger.url`", config.file.display())));
    }
    let mut patient = Tuning::new();
    patient.busy = std::time::Duration::from_secs(10);
    let mut open = Database::open(&config.file, &Seal(key.clone()), &patient)?;
    let mut removed = 0;
    loop {
        let now = open.remove(removal)?;
        removed += u64::from(now);
        if now < remove::MOST {
            open.close().map_err(|error| Refused::Down(super::fault::explain(&config.file, &error)))?;
            return Ok(removed);
        }
    }
}

fn closed() -> Refused {
    Refused::Down("it has been closed".into())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::{Path, PathBuf};
    use std::time::{Duration, Instant};

    use rusqlite::Connection;

    use super::*;
    use crate::ledger::record::tests::{key, sample, shown};
    use crate::ledger::{Event, Page, Reader};

    /// PROMISES 3: how long after the repair the ledger may still be down.
    const RECOVERY: Duration = Duration::from_secs(5);

    fn wait<T>(answer: Answer<T>) -> Result<T, Refused> {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer)
    }

    fn start(file: &Path) -> Sqlite {
        Sqlite::start(&Config::at(file), &key()).unwrap()
    }

    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ledger.db");
        (folder, file)
    }

    fn ids(file: &Path) -> Vec<[u8; 16]> {
        let mut ids = Vec::new();
        let reader = Reader::open(file).unwrap();
        reader
            .each(|entry| {
                ids.push(entry.record.id);
                Ok(())
            })
            .unwrap();
        ids
    }

    fn is_down(outcome: &Result<(), Refused>) -> bool {
        matches!(outcome, Err(Refused::Down(_)))
    }

    /// Without anyone asking: only `healthy` is looked at.
    fn recovers(ledger: &Sqlite) -> bool {
        let repaired = Instant::now();
        while !ledger.healthy() && repaired.elapsed() < RECOVERY {
            std::thread::sleep(Duration::from_millis(20));
        }
        ledger.healthy()
    }

    #[test]
    fn a_record_comes_back_as_it_was_given() {
        let (_folder, file) = place();
        let ledger = start(&file);
        assert!(ledger.healthy());
        wait(ledger.record(sample(1), shown())).unwrap();
        let [found] = &wait(ledger.find(ReceiptId([3; 16]))).unwrap()[..] else { panic!("one record") };
        assert_eq!((&found.record, found.seq, found.schema), (&sample(1), 1, 2));
        assert_eq!(found.product, concat!("consentgate ", env!("CARGO_PKG_VERSION")));
        assert_eq!(wait(ledger.find(ReceiptId([4; 16]))).unwrap(), []);
    }

    #[test]
    fn what_was_kept_long_enough_goes_by_itself_but_not_while_it_is_held() {
        let (_folder, file) = place();
        let now = crate::ledger::now_ms();
        let day = 86_400_000;
        let ledger = start(&file);
        for (n, days) in [(1, 800), (2, 401), (3, 399)] {
            wait(ledger.record(Record { time_ms: now - days * day, ..sample(n) }, shown())).unwrap();
        }
        ledger.close();
        let keep = Some(Duration::from_millis(400 * day));
        let held = Config { keep, legal_hold: true, ..Config::at(&file) };
        let ledger = Sqlite::start(&held, &key()).unwrap();
        // The second is answered after the writer has had its time to look.
        for n in [4, 5] {
            wait(ledger.record(Record { time_ms: now, ..sample(n) }, shown())).unwrap();
        }
        assert_eq!(ids(&file).len(), 5);
        assert_eq!(wait(ledger.forget(ReceiptId([3; 16]))), Err(Refused::Held));
        ledger.close();
        let ledger = Sqlite::start(&Config { legal_hold: false, ..held }, &key()).unwrap();
        for n in [6, 7] {
            wait(ledger.record(Record { time_ms: now, ..sample(n) }, shown())).unwrap();
        }
        ledger.close();
        assert_eq!(ids(&file), [3, 4, 5, 6, 7].map(|n| sample(n).id));
        let found = crate::ledger::verify(&file, &key(), |_, _| {}).unwrap();
        assert_eq!((found.fault, found.records, found.deleted), (None, 5, 2));
    }

    #[test]
    fn only_the_owner_may_read_the_files() {
        let (folder, file) = place();
        let ledger = start(&file);
        wait(ledger.record(sample(1), shown())).unwrap();
        let modes: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().permissions().mode() & 0o777)
            .collect();
        assert_eq!(modes, [0o600; 3], "database, WAL and its index");
    }

    #[test]
    fn the_same_id_twice_is_one_record_and_leaves_no_gap() {
        let (_folder, file) = place();
        let ledger = start(&file);
        for n in [1, 1, 2] {
            wait(ledger.record(sample(n), shown())).unwrap();
        }
        let found = wait(ledger.find(ReceiptId([3; 16]))).unwrap();
        assert_eq!(found.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn an_unfit_record_is_refused_alone() {
        let (_folder, file) = place();
        let mut database = Database::open(&file, &Seal(key()), &Tuning::new()).unwrap();
        let late = Record { time_ms: u64::MAX, ..sample(2) };
        let query = Record { page: Page::stored("/?q".into()), ..sample(3) };
        let told = shown();
        let group = [sample(1), late, query, sample(4)];
        let each = database.write(group.iter().map(|record| (record, &*told))).unwrap();
        let taken: Vec<_> = each.iter().map(Result::is_ok).collect();
        assert_eq!(taken, [true, false, false, true]);
        assert!(matches!((&each[1], &each[2]), (Err(Refused::Unfit(_)), Err(Refused::Unfit(_)))), "{each:?}");
        assert_eq!(ids(&file), [sample(1).id, sample(4).id]);
    }

    #[test]
    fn the_schema_itself_ties_no_refusal_to_a_receipt_and_changes_no_record() {
        let (_folder, file) = place();
        let mut database = Database::open(&file, &Seal(key()), &Tuning::new()).unwrap();
        let refused = Record { event: Event::Refused, ..sample(1) };
        let told = shown();
        let both = [sample(2), refused];
        let written = database.write(both.iter().map(|record| (record, &*told)));
        written.unwrap().into_iter().for_each(|outcome| outcome.unwrap());
        let copy = "INSERT INTO record SELECT 9, zeroblob(16), schema, product, 'refused', time_ms, site, page,
            language, notice_version, decisions, method, receipt, gpc, expires_at, previous, notice, rules, hash
            FROM record WHERE seq = 1";
        assert!(database.connection().execute(copy, []).unwrap_err().to_string().contains("CHECK"));
        let change = database.connection().execute("UPDATE record SET event = 'given'", []).unwrap_err();
        assert!(change.to_string().contains("only ever added"), "{change}");
    }

    #[test]
    fn every_commit_is_synced() {
        let (_folder, file) = place();
        let database = Database::open(&file, &Seal(key()), &Tuning::new()).unwrap();
        let pragma = |name| database.connection().pragma_query_value(None, name, |row| row.get::<_, i32>(0)).unwrap();
        assert_eq!((pragma("synchronous"), pragma("foreign_keys")), (2, 1));
        let mode: String = database.connection().pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }

    #[test]
    fn close_writes_what_waits_and_leaves_one_whole_file() {
        let (folder, file) = place();
        let ledger = start(&file);
        let answers: Vec<_> = (0..2000).map(|n| ledger.record(sample(n), shown())).collect();
        ledger.close();
        assert!(answers.into_iter().all(|answer| wait(answer).is_ok()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no WAL is left");
        assert_eq!(ids(&file).len(), 2000);
        assert!(!ledger.healthy());
        assert!(is_down(&wait(ledger.record(sample(1), shown()))));
    }

    #[test]
    fn a_full_queue_is_busy_and_the_others_are_kept() {
        let (_folder, file) = place();
        let ledger = Sqlite::tuned(&Config::at(&file), &key(), Tuning { busy: RECOVERY, ..Tuning::new() }).unwrap();
        let lock = Connection::open(&file).unwrap();
        lock.execute_batch("BEGIN IMMEDIATE").unwrap();
        let answers: Vec<_> = (0..6000).map(|n| ledger.record(sample(n), shown())).collect();
        drop(lock);
        let outcomes: Vec<_> = answers.into_iter().map(wait).collect();
        let busy = outcomes.iter().filter(|outcome| **outcome == Err(Refused::Busy)).count();
        assert!((6000 - QUEUE - 512..=6000 - QUEUE).contains(&busy), "{busy}");
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 6000 - busy);
        assert_eq!(ids(&file).len(), 6000 - busy);
    }

    #[test]
    fn a_missing_directory_is_down_until_it_is_there() {
        let (folder, _) = place();
        let file = folder.path().join("later/ledger.db");
        let ledger = start(&file);
        let refused = wait(ledger.record(sample(1), shown())).unwrap_err();
        assert!(refused.to_string().contains("later/ledger.db"), "{refused}");
        assert!(!ledger.healthy());
        assert!(wait(ledger.find(ReceiptId([3; 16]))).is_err());
        fs::create_dir(folder.path().join("later")).unwrap();
        assert_eq!(wait(ledger.find(ReceiptId([3; 16]))).unwrap(), []);
        assert!(ledger.healthy());
        wait(ledger.record(sample(2), shown())).unwrap();
        assert_eq!(ids(&file), [sample(2).id]);
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_down_until_it_can() {
        // Permission bits do not stop root, whom the tests may run as; a file in the directory's place stops anyone.
        let (folder, _) = place();
        let (inner, aside) = (folder.path().join("data"), folder.path().join("aside"));
        fs::create_dir(&inner).unwrap();
        let ledger = start(&inner.join("ledger.db"));
        wait(ledger.record(sample(1), shown())).unwrap();
        fs::rename(&inner, &aside).unwrap();
        fs::write(&inner, "").unwrap();
        assert!(is_down(&wait(ledger.record(sample(2), shown()))));
        assert!(!ledger.healthy());
        fs::remove_file(&inner).unwrap();
        fs::rename(&aside, &inner).unwrap();
        assert!(recovers(&ledger));
        wait(ledger.record(sample(3), shown())).unwrap();
        assert_eq!(ids(&inner.join("ledger.db")), [sample(1).id, sample(3).id]);
    }

    #[test]
    fn a_lock_held_for_three_seconds_refuses_and_then_the_ledger_is_back() {
        let (_folder, file) = place();
        let ledger = start(&file);
        wait(ledger.record(sample(1), shown())).unwrap();
        let lock = Connection::open(&file).unwrap();
        lock.execute_batch("BEGIN IMMEDIATE").unwrap();
        let locked = Instant::now();
        let waiting: Vec<_> = (2..3000).map(|n| ledger.record(sample(n), shown())).collect();
        assert!(waiting.into_iter().all(|answer| is_down(&wait(answer))));
        assert!(locked.elapsed() < Duration::from_millis(2500), "nobody waits for each group in turn");
        assert!(!ledger.healthy());
        std::thread::sleep(Duration::from_secs(3).saturating_sub(locked.elapsed()));
        lock.execute_batch("ROLLBACK").unwrap();
        assert!(recovers(&ledger));
        wait(ledger.record(sample(5000), shown())).unwrap();
        assert_eq!(ids(&file), [sample(1).id, sample(5000).id], "of the refused records nothing stays");
    }

    #[test]
    fn a_file_replaced_by_garbage_is_down_until_it_is_put_back() {
        let (folder, file) = place();
        let kept = folder.path().join("kept.db");
        let ledger = start(&file);
        wait(ledger.record(sample(1), shown())).unwrap();
        fs::rename(&file, &kept).unwrap();
        fs::write(&file, "garbage ".repeat(2000)).unwrap();
        let refused = wait(ledger.record(sample(2), shown())).unwrap_err();
        assert!(refused.to_string().contains("backup"), "{refused}");
        assert!(!ledger.healthy());
        assert_eq!(fs::read(&file).unwrap(), "garbage ".repeat(2000).as_bytes(), "it is left as it is");
        assert_eq!(ids(&kept), [sample(1).id], "the WAL went with the file it belongs to");
        fs::rename(&kept, &file).unwrap();
        assert!(recovers(&ledger));
        wait(ledger.record(sample(3), shown())).unwrap();
        assert_eq!(ids(&file), [sample(1).id, sample(3).id]);
    }

    /// A ledger of 4,000 records, of which the WAL holds only the last.
    fn settled(file: &Path) -> Sqlite {
        let ledger = start(file);
        let answers: Vec<_> = (0..4000).map(|n| ledger.record(sample(n), shown())).collect();
        assert!(answers.into_iter().all(|answer| wait(answer).is_ok()));
        let other = Connection::open(file).unwrap();
        other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        wait(ledger.record(sample(4000), shown())).unwrap();
        ledger
    }

    #[test]
    fn a_file_overwritten_in_place_takes_no_record() {
        let (_folder, file) = place();
        let ledger = settled(&file);
        fs::write(&file, "garbage ".repeat(20_000)).unwrap();
        for n in 5001..5003 {
            assert!(is_down(&wait(ledger.record(sample(n), shown()))));
        }
        fs::remove_file(&file).unwrap();
        assert!(recovers(&ledger));
        wait(ledger.record(sample(6000), shown())).unwrap();
        assert_eq!(ids(&file), [sample(6000).id]);
    }

    #[test]
    fn a_file_damaged_where_nobody_writes_takes_no_record_either() {
        let (_folder, file) = place();
        let ledger = settled(&file);
        let mut bytes = fs::read(&file).unwrap();
        let middle = bytes.len() / 2 / 4096 * 4096;
        bytes[middle..middle + 4096].fill(0x5a);
        fs::write(&file, bytes).unwrap();
        for n in 5001..5003 {
            let refused = wait(ledger.record(sample(n), shown())).unwrap_err();
            assert!(refused.to_string().contains("changed from outside and is damaged"), "{refused}");
        }
        assert!(!ledger.healthy());
    }

    #[test]
    fn a_deleted_file_is_made_anew_and_no_record_goes_into_the_void() {
        let (_folder, file) = place();
        let ledger = start(&file);
        wait(ledger.record(sample(1), shown())).unwrap();
        fs::remove_file(&file).unwrap();
        wait(ledger.record(sample(2), shown())).unwrap();
        assert_eq!(ids(&file), [sample(2).id]);
    }

    #[test]
    fn a_full_disk_refuses_the_whole_group_and_then_the_ledger_is_back() {
        let (_folder, file) = place();
        let tuning = Tuning::new();
        tuning.most_pages.store(32, Ordering::SeqCst);
        let ledger = Sqlite::tuned(&Config::at(&file), &key(), tuning.clone()).unwrap();
        let outcomes: Vec<_> =
            (0..2000).map(|n| ledger.record(sample(n), shown())).collect::<Vec<_>>().into_iter().map(wait).collect();
        let kept: Vec<_> =
            (0..).zip(&outcomes).filter(|(_, outcome)| outcome.is_ok()).map(|(n, _)| sample(n).id).collect();
        let refused = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
        assert!(refused.clone().count() > 1000);
        for refused in refused {
            assert!(refused.to_string().contains("free space"), "{refused}");
        }
        assert_eq!(ids(&file), kept, "what was refused is not there, what was acknowledged is");
        tuning.most_pages.store(0, Ordering::SeqCst);
        // The limit is a connection's, and it may have been opened anew just before: the next refusal opens another.
        let mut more = 0;
        let whole = (1..=5).any(|again| {
            assert!(recovers(&ledger));
            let answers: Vec<_> = (0..500).map(|n| ledger.record(sample(again * 5000 + n), shown())).collect();
            let taken = answers.into_iter().flat_map(wait).count();
            more += taken;
            taken == 500
        });
        assert!(whole, "a disk with room again takes everything");
        assert_eq!(ids(&file).len(), kept.len() + more);
    }

    #[test]
    fn another_programs_database_and_a_newer_ledger_are_left_as_they_are() {
        let (_folder, file) = place();
        Connection::open(&file).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
        let before = fs::read(&file).unwrap();
        assert!(is_down(&wait(start(&file).record(sample(1), shown()))));
        assert_eq!(fs::read(&file).unwrap(), before);

        let (_folder, newer) = place();
        start(&newer).close();
        Connection::open(&newer).unwrap().pragma_update(None, "user_version", NEWEST + 1).unwrap();
        assert!(is_down(&wait(start(&newer).record(sample(1), shown()))));
        assert!(Reader::open(&newer).unwrap_err().to_string().contains("newer version"));
    }

    #[test]
    fn it_is_read_while_it_is_written() {
        let (_folder, file) = place();
        let ledger = start(&file);
        let mut seen = 0;
        for n in 0..200 {
            wait(ledger.record(sample(n), shown())).unwrap();
            if n % 20 == 19 {
                seen = ids(&file).len();
                assert_eq!(seen, usize::try_from(n).unwrap() + 1);
            }
        }
        assert_eq!(seen, 200);
        assert!(ledger.healthy());
    }

    #[test]
    fn reading_a_ledger_at_rest_changes_nothing_of_it() {
        let (_folder, file) = place();
        let ledger = start(&file);
        wait(ledger.record(sample(1), shown())).unwrap();
        ledger.close();
        let before = fs::read(&file).unwrap();
        assert_eq!(ids(&file).len(), 1);
        assert_eq!(fs::read(&file).unwrap(), before);
        wait(start(&file).record(sample(2), shown())).unwrap();
        assert_eq!(ids(&file).len(), 2);
    }

    #[test]
    fn two_gates_may_write_one_file_while_one_hands_over() {
        let (_folder, file) = place();
        let (old, new) = (start(&file), start(&file));
        let answers: Vec<_> = (0..300)
            .map(|n| if n % 2 == 0 { old.record(sample(n), shown()) } else { new.record(sample(n), shown()) })
            .collect();
        assert!(answers.into_iter().all(|answer| wait(answer).is_ok()));
        old.close();
        wait(new.record(sample(300), shown())).unwrap();
        assert_eq!(ids(&file).len(), 301);
    }
}
