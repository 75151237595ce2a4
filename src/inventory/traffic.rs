//! How much went through a site's gate, how fast, what failed, and how often visitors were asked and answered.
//!
//! Numbers that never grow beyond their size: a request adds to them without a lock and without an allocation. Nothing
//! here can tell one visitor from another; a day is the finest time there is.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::histogram::Histogram;
use crate::consent::UnixSeconds;

const DAY: u64 = 86_400;

/// One site's traffic since the gate's start. Shared by all workers.
pub struct Traffic {
    /// By the status' hundred: 1 is for 1xx, and so on.
    statuses: [AtomicU64; Traffic::STATUSES.len()],
    failures: [AtomicU64; Failed::ALL.len()],
    last_failure: AtomicU64,
    last_answer: AtomicU64,
    /// From the request's head to the answer's.
    pub answers: Histogram,
    /// From the request to the site until its answer's head.
    pub upstream: Histogram,
    /// What the rewriting of one page took of a processor.
    pub rewrites: Histogram,
    read: AtomicU64,
    written: AtomicU64,
    asked: [AtomicU64; 2],
    choices: [AtomicU64; Traffic::EVENTS.len()],
    audits: AtomicU64,
    days: Days,
}

/// Why the site behind gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// Too many requests are under way.
    Busy,
    /// It cannot be reached.
    Connect,
    /// It did not answer in time.
    Timeout,
    /// It broke off its answer, or spoke no HTTP.
    Broken,
    /// The visitor's own body ended too early, too late or too large.
    RequestBody,
}

impl Failed {
    /// All, in the order of their counts.
    pub const ALL: [Self; 5] = [Self::Busy, Self::Connect, Self::Timeout, Self::Broken, Self::RequestBody];

    /// The name on the admin listener.
    pub fn name(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Broken => "broken",
            Self::RequestBody => "request_body",
        }
    }
}

/// One day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Days since 1970.
    pub day: u64,
    /// Pages that went out with the notice asking.
    pub asked: u64,
    /// Those of them that a visitor came to from elsewhere: a visit's first page, as far as a browser says so.
    pub arrived: u64,
    /// First answers to the notice.
    pub answered: u64,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            statuses: zeros(),
            failures: zeros(),
            last_failure: AtomicU64::new(0),
            last_answer: AtomicU64::new(0),
            answers: Histogram::default(),
            upstream: Histogram::default(),
            rewrites: Histogram::default(),
            read: AtomicU64::new(0),
            written: AtomicU64::new(0),
            asked: zeros(),
            choices: zeros(),
            audits: AtomicU64::new(0),
            days: Days::default(),
        }
    }
}

impl Traffic {
    /// The names of the statuses that are counted apart.
    pub const STATUSES: [&'static str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
    /// The ledger's names of what a visitor can do.
    pub const EVENTS: [&'static str; 9] = [
        "given",
        "refused",
        "partial",
        "changed",
        "withdrawn",
        "objected",
        "objection-removed",
        "superseded",
        "signal",
    ];
    /// Of those, the ones that answer a notice.
    const ANSWERS: [&'static str; 4] = ["given", "refused", "partial", "superseded"];

    /// One more request was answered with this status, its head after this time.
    pub fn answered(&self, status: u16, took: Duration) {
        let hundred = usize::from(status / 100).clamp(1, Self::STATUSES.len());
        add(&self.statuses[hundred - 1], 1);
        self.answers.took(took);
    }

    /// The site behind answered after this time.
    pub fn reached(&self, took: Duration, now: UnixSeconds) {
        self.upstream.took(took);
        later(&self.last_answer, now);
    }

    /// The site behind gave no answer.
    pub fn failed(&self, why: Failed, now: UnixSeconds) {
        add(&self.failures[why as usize], 1);
        later(&self.last_failure, now);
    }

    /// One more page was rewritten: its bytes before and after, and the time of a processor.
    pub fn rewrote(&self, bytes: (u64, u64), took: Duration) {
        self.rewrites.took(took);
        add(&self.read, bytes.0);
        add(&self.written, bytes.1);
    }

    /// One more page went out with the notice asking; did the visitor come from elsewhere?
    pub fn asked(&self, arrived: bool, now: UnixSeconds) {
        add(&self.asked[usize::from(arrived)], 1);
        self.days.on(now / DAY, |day| {
            add(&day.asked, 1);
            add(&day.arrived, u64::from(arrived));
        });
    }

    /// One more choice was recorded, by the ledger's name of it.
    pub fn chose(&self, event: &str, now: UnixSeconds) {
        if let Some(at) = Self::EVENTS.iter().position(|known| *known == event) {
            add(&self.choices[at], 1);
        }
        if Self::ANSWERS.contains(&event) {
            self.days.on(now / DAY, |day| add(&day.answered, 1));
        }
    }

    /// One more choice of an audit was recorded: nobody's, so it stands among no others.
    pub fn audited(&self) {
        add(&self.audits, 1);
    }

    /// Choices of audits.
    pub fn audits(&self) -> u64 {
        value(&self.audits)
    }

    /// Requests by the status of their answers.
    pub fn statuses(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Self::STATUSES.into_iter().zip(&self.statuses).map(|(name, count)| (name, value(count)))
    }

    /// All requests.
    pub fn requests(&self) -> u64 {
        self.statuses().map(|(_, count)| count).sum()
    }

    /// Failures of the site behind by kind.
    pub fn failures(&self) -> impl Iterator<Item = (Failed, u64)> {
        Failed::ALL.into_iter().zip(&self.failures).map(|(why, count)| (why, value(count)))
    }

    /// When the site behind last failed and when it last answered; nothing where it never did.
    pub fn last(&self) -> [Option<UnixSeconds>; 2] {
        [&self.last_failure, &self.last_answer].map(|time| Some(value(time)).filter(|time| *time > 0))
    }

    /// Bytes of rewritten pages before and after.
    pub fn rewritten(&self) -> (u64, u64) {
        (value(&self.read), value(&self.written))
    }

    /// Pages with the notice asking: those on which a visitor arrived, and the others.
    pub fn notices(&self) -> (u64, u64) {
        (value(&self.asked[1]), value(&self.asked[0]))
    }

    /// Choices by the ledger's names.
    pub fn choices(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Self::EVENTS.into_iter().zip(&self.choices).map(|(name, count)| (name, value(count)))
    }

    /// The latest days on which anything was asked or answered, oldest first.
    pub fn days(&self) -> Vec<Day> {
        self.days.all()
    }
}

/// The latest days in a ring.
struct Days(Box<[Cell]>);

#[derive(Default)]
struct Cell {
    day: AtomicU64,
    asked: AtomicU64,
    arrived: AtomicU64,
    answered: AtomicU64,
}

impl Default for Days {
    fn default() -> Self {
        Self((0..Self::KEPT).map(|_| Cell::default()).collect())
    }
}

impl Days {
    const KEPT: u64 = 92;

    /// The first one to come on a new day empties what the ring had there. What others add in that moment may be lost:
    /// at most as many as there are workers, once a day.
    fn on(&self, day: u64, add: impl FnOnce(&Cell)) {
        let place = usize::try_from(day % Self::KEPT).unwrap_or(0);
        let cell = &self.0[place];
        let before = value(&cell.day);
        if before < day && cell.day.compare_exchange(before, day, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            for count in [&cell.asked, &cell.arrived, &cell.answered] {
                count.store(0, Ordering::Relaxed);
            }
        }
        add(cell);
    }

    fn all(&self) -> Vec<Day> {
        let day = |cell: &Cell| Day {
            day: value(&cell.day),
            asked: value(&cell.asked),
            arrived: value(&cell.arrived),
            answered: value(&cell.answered),
        };
        let mut days: Vec<_> = self.0.iter().map(day).filter(|day| day.day > 0).collect();
        days.sort_unstable_by_key(|day| day.day);
        days
    }
}

fn zeros<const N: usize>() -> [AtomicU64; N] {
    array::from_fn(|_| AtomicU64::new(0))
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

fn value(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

/// Writes only what has changed: a word that is only read stays in every core's cache.
fn later(time: &AtomicU64, now: u64) {
    if value(time) < now {
        time.store(now, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_and_status_has_its_own_place() {
        let traffic = Traffic::default();
        for (place, why) in Failed::ALL.into_iter().enumerate() {
            assert_eq!(why as usize, place, "{}", why.name());
        }
        traffic.failed(Failed::Timeout, 7);
        for status in [101, 200, 204, 404, 503, 999] {
            traffic.answered(status, Duration::from_millis(2));
        }
        assert_eq!(traffic.statuses().map(|(_, count)| count).collect::<Vec<_>>(), [1, 2, 0, 1, 2]);
        assert_eq!((traffic.requests(), traffic.last()), (6, [Some(7), None]));
        assert_eq!(traffic.failures().find(|(_, count)| *count > 0), Some((Failed::Timeout, 1)));
    }

    #[test]
    fn asking_and_answering_are_counted_by_the_day() {
        let traffic = Traffic::default();
        traffic.asked(true, 20_000 * DAY + 5);
        traffic.asked(false, 20_000 * DAY + 9);
        traffic.chose("refused", 20_000 * DAY + 10);
        traffic.chose("withdrawn", 20_001 * DAY);
        traffic.chose("nonsense", 20_001 * DAY);
        traffic.asked(true, 20_002 * DAY);
        let days = traffic.days();
        assert_eq!(
            days,
            [
                Day { day: 20_000, asked: 2, arrived: 1, answered: 1 },
                Day { day: 20_002, asked: 1, arrived: 1, answered: 0 },
            ]
        );
        assert_eq!(traffic.notices(), (2, 1));
        assert_eq!(traffic.choices().filter(|(_, count)| *count > 0).count(), 2);
    }

    #[test]
    fn an_old_day_makes_room_and_a_clock_that_goes_back_empties_nothing() {
        let traffic = Traffic::default();
        for day in 20_000..20_000 + 3 * Days::KEPT {
            traffic.asked(false, day * DAY);
        }
        let days = traffic.days();
        assert_eq!((days.len() as u64, days[0].day), (Days::KEPT, 20_000 + 2 * Days::KEPT));
        traffic.asked(false, (20_000 + Days::KEPT) * DAY);
        assert_eq!(traffic.days().iter().map(|day| day.asked).max(), Some(2));
    }
}
