//! Choices that a later one has replaced, for as long as a page that was asked for with one may still be on its way.
//!
//! The page after a choice confirms it and, so that the next one need not, sets the choice cookie again. If the visitor has
//! taken the choice back meanwhile, in another tab, that page would bring it back. Kept in memory, as hashes of sealed
//! values, bounded and for minutes: gates that stand side by side do not tell each other.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};

use crate::consent::UnixSeconds;

/// No page takes longer to begin.
const LONGEST: u64 = 15 * 60;
/// More choices than a busy site has in that time; then the oldest is forgotten first.
const MOST: usize = 65_536;

/// A site's.
#[derive(Default)]
pub struct Replaced {
    hasher: RandomState,
    values: Mutex<VecDeque<(UnixSeconds, u64)>>,
}

impl Replaced {
    /// These values of the choice cookie count no more.
    pub(super) fn note(&self, sealed: &[String], now: UnixSeconds) {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        while values.front().is_some_and(|(at, _)| at + LONGEST < now) || values.len() >= MOST {
            values.pop_front();
        }
        values.extend(sealed.iter().map(|value| (now, self.hasher.hash_one(value.as_str()))));
    }

    /// Was this value replaced a moment ago?
    pub(super) fn has(&self, sealed: &str, now: UnixSeconds) -> bool {
        let hash = self.hasher.hash_one(sealed);
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.iter().rev().take_while(|(at, _)| at + LONGEST >= now).any(|(_, known)| *known == hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_known_for_minutes_and_memory_is_bounded() {
        let replaced = Replaced::default();
        replaced.note(&["one".into()], 1_000);
        assert!(
            replaced.has("one", 1_000 + LONGEST)
                && !replaced.has("one", 1_001 + LONGEST)
                && !replaced.has("two", 1_000)
        );
        for at in 0..MOST + 10 {
            replaced.note(&[at.to_string()], 2_000);
        }
        assert_eq!(replaced.values.lock().unwrap().len(), MOST);
        assert!(replaced.has(&(MOST + 9).to_string(), 2_000) && !replaced.has("0", 2_000));
    }
}
