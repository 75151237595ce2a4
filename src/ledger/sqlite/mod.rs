//! The ledger in a `SQLite` file: a bounded queue, and one thread that writes.

mod database;
mod writer;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use tokio::sync::oneshot;

use self::database::Tuning;
use self::writer::{Caller, Job, QUEUE, Writer};
use super::{Answer, Config, Entry, Ledger, Record, Refused};
use crate::consent::ReceiptId;

pub(super) use database::{NEWEST, foreign, version};

/// The ledger in a `SQLite` file.
#[derive(Debug)]
pub struct Sqlite {
    queue: SyncSender<Job>,
    healthy: Arc<AtomicBool>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Sqlite {
    /// Opens the ledger and starts its writer. A file that cannot be opened is no error here: `healthy` says so at
    /// once, the log says why, records are refused, and the writer goes on trying.
    pub fn start(config: &Config) -> io::Result<Self> {
        Self::tuned(config, Tuning::new())
    }

    fn tuned(config: &Config, tuning: Tuning) -> io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        let healthy = Arc::new(AtomicBool::new(false));
        let writer = Writer::new(config.file.clone(), tuning, Arc::clone(&healthy));
        let thread = Builder::new().name("ledger".into()).spawn(move || writer.run(&jobs))?;
        Ok(Self { queue, healthy, writer: Mutex::new(Some(thread)) })
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
    fn record(&self, record: Record) -> Answer<()> {
        self.ask(|answer| Job::Record(Box::new(record), answer))
    }

    fn find(&self, receipt: ReceiptId) -> Answer<Vec<Entry>> {
        self.ask(|answer| Job::Find(receipt, answer))
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

fn closed() -> Refused {
    Refused::Down("it has been closed".into())
}
