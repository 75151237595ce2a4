//! When a cookie was last seen, by the day, and for how long it was set: words that many workers write.

use std::sync::atomic::{AtomicU64, Ordering};

use super::seen::Kept;
use crate::consent::UnixSeconds;

/// When a cookie was last seen, and for how long it was set then. One word each: a sighting of what is known takes no lock.
pub(super) struct Sighting {
    /// In seconds since 1970, by the day: nobody's visit can be told from it.
    day: AtomicU64,
    /// `SESSION`, `UNKNOWN`, or seconds.
    kept: AtomicU64,
}

const SESSION: u64 = u64::MAX;
const UNKNOWN: u64 = u64::MAX - 1;
const DAY: u64 = 86_400;

impl Sighting {
    pub(super) fn new(at: UnixSeconds, kept: Option<Kept>) -> Self {
        Self { day: AtomicU64::new(at - at % DAY), kept: AtomicU64::new(encoded(kept)) }
    }

    /// Writes only what has changed: a word that is only read stays in every core's cache.
    pub(super) fn note(&self, at: UnixSeconds, kept: Option<Kept>) {
        let (day, kept) = (at - at % DAY, encoded(kept));
        if self.day.load(Ordering::Relaxed) < day {
            self.day.store(day, Ordering::Relaxed);
        }
        if kept != UNKNOWN && self.kept.load(Ordering::Relaxed) != kept {
            self.kept.store(kept, Ordering::Relaxed);
        }
    }

    pub(super) fn day(&self) -> UnixSeconds {
        self.day.load(Ordering::Relaxed)
    }

    pub(super) fn kept(&self) -> Option<Kept> {
        match self.kept.load(Ordering::Relaxed) {
            UNKNOWN => None,
            SESSION => Some(Kept::Session),
            seconds => Some(Kept::Seconds(seconds)),
        }
    }
}

fn encoded(kept: Option<Kept>) -> u64 {
    match kept {
        None => UNKNOWN,
        Some(Kept::Session) => SESSION,
        Some(Kept::Seconds(seconds)) => seconds.min(UNKNOWN - 1),
    }
}
