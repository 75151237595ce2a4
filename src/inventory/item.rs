//! One thing a site has: when and how often it was seen, on which pages, and what was said of it.
//!
//! Words and numbers that many workers add to at once: noting what is known takes no lock and allocates nothing.

use std::ops::BitOr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

use super::few::Few;
use super::seen::Kept;
use crate::consent::UnixSeconds;

/// Pages that are kept for one thing; what was seen on more says so by its count.
pub const MOST_PAGES: usize = 10;

const DAY: u64 = 86_400;

/// What was said of a thing at one sighting or another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(pub(super) u32);

impl Marks {
    /// The site set it in a header.
    pub const HEADER: Self = Self(1);
    /// A browser sent it.
    pub const SENT: Self = Self(1 << 1);
    /// `Secure`.
    pub const SECURE: Self = Self(1 << 2);
    /// Without `Secure`.
    pub const NOT_SECURE: Self = Self(1 << 3);
    /// `HttpOnly`.
    pub const HTTP_ONLY: Self = Self(1 << 4);
    /// Without `HttpOnly`: scripts can read it.
    pub const NOT_HTTP_ONLY: Self = Self(1 << 5);
    /// `Partitioned`.
    pub const PARTITIONED: Self = Self(1 << 6);
    /// `SameSite=Strict`.
    pub const STRICT: Self = Self(1 << 7);
    /// `SameSite=Lax`.
    pub const LAX: Self = Self(1 << 8);
    /// `SameSite=None`.
    pub const NONE: Self = Self(1 << 9);
    /// Without `SameSite`.
    pub const NO_SAME_SITE: Self = Self(1 << 10);
    /// It was to be held, for one visitor or another.
    pub const HOLDS: Self = Self(1 << 11);
    /// Somebody has classified it.
    pub const KNOWN: Self = Self(1 << 12);
    /// The site's own YAML has.
    pub const DECLARED: Self = Self(1 << 13);
    /// A page of the site's has a tag of it.
    pub const IN_PAGE: Self = Self(1 << 14);
    /// A browser's guard has asked about it: a script of the page wanted it.
    pub const ASKED: Self = Self(1 << 15);
    /// A browser has reported that a script wrote it: anybody's invention, until it is believed.
    pub const REPORTED: Self = Self(1 << 16);
    /// Browsers of several networks have.
    pub const BELIEVED: Self = Self(1 << 17);

    /// Are all of the other's in this?
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These, if so.
    #[must_use]
    pub fn when(self, so: bool) -> Self {
        if so { self } else { Self(0) }
    }
}

impl BitOr for Marks {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// One sighting of a known thing.
pub(super) struct Sight<'s> {
    pub(super) at: UnixSeconds,
    pub(super) marks: Marks,
    pub(super) page: &'s str,
}

/// One thing, shared by all workers. At most about 2 KiB with its texts, ten pages of 1 KiB each aside.
pub(super) struct Item {
    first: AtomicU64,
    last: AtomicU64,
    count: AtomicU64,
    /// How many of the count are in the file already.
    stored: AtomicU64,
    marks: AtomicU32,
    /// As [`Kept`]: 0 unknown, 1 the session, then seconds from 2.
    kept: AtomicU64,
    /// It has been looked at for drift.
    looked_at: AtomicBool,
    pub(super) pages: Few<MOST_PAGES>,
    pub(super) company: Few<1>,
    /// `Domain` of a cookie.
    pub(super) domains: Few<4>,
    /// `Path` of a cookie.
    pub(super) paths: Few<4>,
    /// What a tag is for.
    pub(super) purposes: Few<4>,
    /// `script`, `img`, …; of a storage key, where it is kept.
    pub(super) tags: Few<6>,
}

impl Item {
    pub(super) fn new(at: UnixSeconds) -> Self {
        Self {
            first: AtomicU64::new(at - at % DAY),
            last: AtomicU64::new(at - at % DAY),
            count: AtomicU64::new(0),
            stored: AtomicU64::new(0),
            marks: AtomicU32::new(0),
            kept: AtomicU64::new(0),
            looked_at: AtomicBool::new(false),
            pages: Few::default(),
            company: Few::default(),
            domains: Few::default(),
            paths: Few::default(),
            purposes: Few::default(),
            tags: Few::default(),
        }
    }

    /// Writes only what has changed, but for the count: a word that is only read stays in every core's cache.
    pub(super) fn note(&self, sight: &Sight<'_>) {
        self.seen(sight.at - sight.at % DAY);
        self.mark(sight.marks);
        if !sight.page.is_empty() {
            self.pages.note(sight.page);
        }
        self.count.fetch_add(1, Relaxed);
    }

    pub(super) fn keeps(&self, kept: Option<Kept>) {
        let encoded = encoded(kept);
        if self.kept.load(Relaxed) < encoded {
            self.kept.fetch_max(encoded, Relaxed);
        }
    }

    fn seen(&self, day: u64) {
        if self.last.load(Relaxed) < day {
            self.last.fetch_max(day, Relaxed);
        }
        if self.first.load(Relaxed) > day {
            self.first.fetch_min(day, Relaxed);
        }
    }

    fn mark(&self, marks: Marks) {
        if !self.marks().has(marks) {
            self.marks.fetch_or(marks.0, Relaxed);
        }
    }

    pub(super) fn marks(&self) -> Marks {
        Marks(self.marks.load(Relaxed))
    }

    /// Nobody has looked whether it is drift.
    pub(super) fn is_new(&self) -> bool {
        !self.looked_at.load(Relaxed)
    }

    pub(super) fn looked_at(&self) {
        self.looked_at.store(true, Relaxed);
    }

    /// Everything as it is now.
    pub(super) fn state(&self) -> State {
        let texts = |all: &mut dyn Iterator<Item = &str>| all.map(str::to_owned).collect();
        State {
            first: self.first.load(Relaxed),
            last: self.last.load(Relaxed),
            count: self.count.load(Relaxed),
            marks: self.marks(),
            kept: self.kept.load(Relaxed),
            pages: texts(&mut self.pages.all()),
            company: self.company.all().next().map(str::to_owned),
            domains: texts(&mut self.domains.all()),
            paths: texts(&mut self.paths.all()),
            purposes: texts(&mut self.purposes.all()),
            tags: texts(&mut self.tags.all()),
        }
    }

    /// How many sightings the file has not heard of.
    pub(super) fn unstored(&self) -> u64 {
        self.count.load(Relaxed).saturating_sub(self.stored.load(Relaxed))
    }

    /// A file that begins anew has to hear of all of them.
    pub(super) fn store_again(&self) {
        self.stored.store(0, Relaxed);
    }

    /// Takes over what the file has now; `written` of its count are this node's, just written.
    pub(super) fn absorb(&self, state: &State, written: u64) {
        self.seen(state.first);
        self.seen(state.last);
        self.mark(state.marks);
        self.kept.fetch_max(state.kept, Relaxed);
        let others = state.count.saturating_sub(self.stored.load(Relaxed) + written);
        self.count.fetch_add(others, Relaxed);
        self.stored.store(state.count, Relaxed);
        state.pages.iter().for_each(|page| _ = self.pages.note(page));
        state.company.iter().for_each(|company| _ = self.company.note(company));
        state.domains.iter().for_each(|domain| _ = self.domains.note(domain));
        state.paths.iter().for_each(|path| _ = self.paths.note(path));
        state.purposes.iter().for_each(|purpose| _ = self.purposes.note(purpose));
        state.tags.iter().for_each(|tag| _ = self.tags.note(tag));
    }
}

/// What is known of one thing, for showing and for storing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The first day, in seconds since 1970.
    pub first: UnixSeconds,
    /// The last day.
    pub last: UnixSeconds,
    /// Sightings: `Set-Cookie` lines and pairs sent, or tags met in pages.
    pub count: u64,
    /// What was said of it.
    pub marks: Marks,
    pub(super) kept: u64,
    /// Paths, no queries; the first few.
    pub pages: Vec<String>,
    /// Whose it is.
    pub company: Option<String>,
    /// `Domain` of a cookie.
    pub domains: Vec<String>,
    /// `Path` of a cookie.
    pub paths: Vec<String>,
    /// What a tag is for, by name.
    pub purposes: Vec<String>,
    /// `script`, `img`, …; of a storage key, where it is kept: `local`, `session`, `indexed_db`, `cache`.
    pub tags: Vec<String>,
}

impl State {
    /// The longest it was set for; `None` where nobody said.
    pub fn kept(&self) -> Option<Kept> {
        match self.kept {
            0 => None,
            1 => Some(Kept::Session),
            seconds => Some(Kept::Seconds(seconds - 2)),
        }
    }

    /// Both together: from the first day to the last, all sightings, the first few of every list.
    pub(super) fn merge(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.count += other.count;
        self.marks = self.marks | other.marks;
        self.kept = self.kept.max(other.kept);
        self.company = self.company.take().or_else(|| other.company.clone());
        let lists = [
            (&mut self.pages, &other.pages, MOST_PAGES),
            (&mut self.domains, &other.domains, 4),
            (&mut self.paths, &other.paths, 4),
            (&mut self.purposes, &other.purposes, 4),
            (&mut self.tags, &other.tags, 6),
        ];
        for (list, more, most) in lists {
            for text in more {
                if list.len() < most && !list.contains(text) {
                    list.push(text.clone());
                }
            }
        }
    }
}

fn encoded(kept: Option<Kept>) -> u64 {
    match kept {
        None => 0,
        Some(Kept::Session) => 1,
        // What a database can hold as a number is far beyond any cookie's life.
        Some(Kept::Seconds(seconds)) => seconds.min(u64::from(u32::MAX) * 1000) + 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(at: UnixSeconds, page: &str) -> Sight<'_> {
        Sight { at, marks: Marks::HEADER, page }
    }

    #[test]
    fn days_counts_and_pages_add_up_and_no_hour_is_kept() {
        let item = Item::new(20_001 * DAY + 7);
        item.note(&sight(20_001 * DAY + 9, "/a"));
        item.note(&sight(20_003 * DAY + 9, "/b"));
        item.note(&sight(20_000 * DAY + 9, ""));
        item.keeps(Some(Kept::Seconds(60)));
        item.keeps(Some(Kept::Session));
        let state = item.state();
        assert_eq!((state.first, state.last, state.count), (20_000 * DAY, 20_003 * DAY, 3));
        assert_eq!((state.kept(), state.pages), (Some(Kept::Seconds(60)), vec!["/a".to_owned(), "/b".to_owned()]));
    }

    #[test]
    fn two_nodes_that_write_one_file_have_each_others_sightings() {
        let (one, other) = (Item::new(DAY), Item::new(2 * DAY));
        (0..3).for_each(|_| one.note(&sight(DAY, "/one")));
        (0..4).for_each(|_| other.note(&sight(2 * DAY, "/other")));
        let mut file = one.state();
        one.absorb(&file, 3);
        assert_eq!((one.unstored(), one.state().count), (0, 3));
        let written = other.unstored();
        file.merge(&other.state());
        other.absorb(&file, written);
        assert_eq!((other.unstored(), other.state().count, other.state().first), (0, 7, DAY));
        one.absorb(&file, 0);
        assert_eq!((one.unstored(), one.state().count, one.state().last), (0, 7, 2 * DAY));
        assert_eq!(one.state().pages, ["/one", "/other"]);
    }

    #[test]
    fn a_thing_is_new_until_somebody_has_looked() {
        let item = Item::new(0);
        assert!(item.is_new());
        item.looked_at();
        assert!(!item.is_new());
    }
}
