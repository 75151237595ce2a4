//! Which page views are asked what their scripts have written: the first few of each page, then a small share, and never
//! many in a minute.
//!
//! A page that is asked for is known from then on, so that no report can bring a page into the inventory that the site
//! does not have.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use super::table::Table;
use crate::consent::UnixSeconds;

/// The first views of a page: nearly all that it ever writes is in them.
const FIRST: u32 = 3;
/// Of the views after these one of so many: what is new is met sooner or later.
const SHARE: u32 = 64;
/// Of all pages of a site together.
const A_MINUTE: u8 = 20;
const MOST_PAGES: usize = 512;

/// The sample of one site. Shared by all workers; a page that is known takes no lock.
pub struct Sample {
    views: Table<str, AtomicU32>,
    /// Of the pages that find no room.
    elsewhere: AtomicU32,
    minute: Minute,
}

/// The minute, and how many it has had, in one number: no lock is needed.
#[derive(Default)]
pub struct Minute(AtomicU64);

impl Minute {
    /// One more: is it among the first so many of this minute?
    pub fn takes(&self, most: u8, now: UnixSeconds) -> bool {
        let minute = now / 60;
        let next = |packed: u64| {
            let count = if packed >> 8 == minute { packed & 0xFF } else { 0 };
            (count < most.into()).then_some((minute << 8) | (count + 1))
        };
        self.0.fetch_update(Relaxed, Relaxed, next).is_ok()
    }
}

impl Default for Sample {
    fn default() -> Self {
        Self { views: Table::new(MOST_PAGES), elsewhere: AtomicU32::new(FIRST), minute: Minute::default() }
    }
}

impl Sample {
    /// One more view of this page, as [`super::page()`] gives it: is it in the sample?
    pub fn takes(&self, page: &str, now: UnixSeconds) -> bool {
        let earlier = self.count(page);
        (earlier < FIRST || earlier.is_multiple_of(SHARE)) && self.minute.takes(A_MINUTE, now)
    }

    /// Has this page been viewed?
    pub fn knows(&self, page: &str) -> bool {
        self.views.read(page, |_| ()).is_some()
    }

    /// How many views there were before.
    fn count(&self, page: &str) -> u32 {
        let one_more = |views: &AtomicU32| views.fetch_add(1, Relaxed);
        if let Some(earlier) = self.views.read(page, one_more) {
            return earlier;
        }
        if !self.views.is_full() {
            self.views.change(page, |views| views.is_none().then(AtomicU32::default));
        }
        self.views.read(page, one_more).unwrap_or_else(|| one_more(&self.elsewhere))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_views_of_a_page_and_then_a_share() {
        let sample = Sample::default();
        let taken: Vec<_> = (0..200_u64).filter(|n| sample.takes("/bins", n * 60)).collect();
        assert_eq!(taken, [0, 1, 2, 64, 128, 192]);
        assert!(sample.takes("/tax", 0) && sample.knows("/tax") && !sample.knows("/made-up"));
    }

    #[test]
    fn a_minute_has_room_for_so_many() {
        let sample = Sample::default();
        let taken = |minute: u64| (0..100).filter(|n| sample.takes(&format!("/{minute}/{n}"), minute * 60)).count();
        assert_eq!((taken(7), taken(7), taken(8)), (20, 0, 20));
    }

    #[test]
    fn a_site_of_endless_pages_is_sampled_all_the_same() {
        let sample = Sample::default();
        (0..MOST_PAGES).for_each(|n| _ = sample.takes(&format!("/{n}"), 0));
        let taken = (0..1000_u64).filter(|n| sample.takes(&format!("/more/{n}"), n * 60)).count();
        assert!((10..=20).contains(&taken), "{taken}");
        assert!(!sample.knows("/more/1"));
    }
}
