//! What the ledger has to say, read by its own read-only connection and kept for a while: a ledger of millions of
//! records takes seconds to count, and nobody who looks at the dashboard may cost the gate that again and again.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::ledger::{Daily, Reader};

/// What counting takes is at most one part in so many of the time.
const SHARE: u32 = 20;
const AT_LEAST: Duration = Duration::from_secs(1);

/// The ledger in numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    pub(super) days: Vec<Daily>,
    /// The size of the file with its WAL.
    pub(super) bytes: u64,
    /// Why there are none.
    pub(super) fault: Option<String>,
}

/// Counts, and remembers.
pub(super) struct Proof {
    file: PathBuf,
    /// Until when the numbers are good.
    known: Mutex<Option<(Instant, Arc<Numbers>)>>,
}

impl Proof {
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file, known: Mutex::default() }
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// As they were a moment ago. It may block for as long as counting takes: not for the thread that answers.
    pub(super) fn numbers(&self) -> Arc<Numbers> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((until, numbers)) = &*known
            && Instant::now() < *until
        {
            return Arc::clone(numbers);
        }
        let began = Instant::now();
        let numbers = Arc::new(self.count());
        let good_for = (began.elapsed() * SHARE).max(AT_LEAST);
        *known = Some((Instant::now() + good_for, Arc::clone(&numbers)));
        numbers
    }

    fn count(&self) -> Numbers {
        let bytes = bytes(&self.file);
        match Reader::open(&self.file).and_then(|reader| reader.days()) {
            Ok(days) => Numbers { days, bytes, fault: None },
            Err(fault) => Numbers { days: Vec::new(), bytes, fault: Some(fault.to_string()) },
        }
    }
}

/// The file with its WAL, without opening either.
pub(super) fn bytes(file: &Path) -> u64 {
    let mut wal = file.as_os_str().to_owned();
    wal.push("-wal");
    [file, Path::new(&wal)].into_iter().filter_map(|file| file.metadata().ok()).map(|seen| seen.len()).sum()
}
