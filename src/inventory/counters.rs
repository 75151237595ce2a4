//! How often what was held, or would have been, by kind and by the rule that decided; and why rewrites were abandoned.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::few::Few;
use super::table::Table;

/// What was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A `Set-Cookie` line.
    CookieResponse,
    /// A pair of a `Cookie` line.
    CookieRequest,
    /// A left-over that was expired.
    CookieExpired,
    /// A tag with an address.
    Tag,
    /// An inline script.
    Script,
    /// A `Link` header or another hint to fetch.
    Hint,
    /// A storage key.
    Storage,
    /// A page's request for a tracker that the site serves itself.
    Request,
    /// A host that the strict Content-Security-Policy stopped, or would have.
    Csp,
}

impl Kind {
    /// Every kind, in the order of their counts.
    pub const ALL: [Self; 9] = [
        Self::CookieResponse,
        Self::CookieRequest,
        Self::CookieExpired,
        Self::Tag,
        Self::Script,
        Self::Hint,
        Self::Storage,
        Self::Request,
        Self::Csp,
    ];

    /// The name on the admin listener.
    pub fn name(self) -> &'static str {
        match self {
            Self::CookieResponse => "cookie_response",
            Self::CookieRequest => "cookie_request",
            Self::CookieExpired => "cookie_expired",
            Self::Tag => "tag",
            Self::Script => "script",
            Self::Hint => "hint",
            Self::Storage => "storage",
            Self::Request => "request",
            Self::Csp => "csp",
        }
    }
}

/// What the gate did, by the site's mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deed {
    /// Enforce: it was held.
    Held,
    /// Observe: it passed, and would have been held.
    WouldHold,
    /// Nothing knows it, and the site lets such things run.
    Passed,
}

impl Deed {
    /// All, in the order of their counts.
    pub const ALL: [Self; 3] = [Self::Held, Self::WouldHold, Self::Passed];

    /// The name on the admin listener.
    pub fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::WouldHold => "would_hold",
            Self::Passed => "passed",
        }
    }
}

/// One number for the admin listener.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count {
    /// Held, or would have been.
    pub deed: Deed,
    /// What.
    pub kind: Kind,
    /// The rule that decided, as its text; [`Counters::OTHER`] for those that found no room.
    pub rule: Arc<str>,
    /// How often since the start.
    pub count: u64,
}

/// One thing that was judged, and where.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'j> {
    /// What the gate did.
    pub deed: Deed,
    /// What it was.
    pub kind: Kind,
    /// What decided.
    pub rule: &'j str,
    /// What it is for, by name, where that is known.
    pub purpose: Option<&'j str>,
    /// On which page, as [`super::page()`] gives it; empty where there is none, [`Counters::ELSEWHERE`] where it is not
    /// known.
    pub page: &'j str,
}

/// What one rule did, page by page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnPages {
    /// The rule, as its text.
    pub rule: Arc<str>,
    /// What it holds things for; empty where nobody knows.
    pub purposes: Vec<String>,
    /// The first pages it decided on, by how often, each with a number for each of [`Deed::ALL`].
    pub pages: Vec<(String, [u64; Deed::ALL.len()])>,
    /// All other pages together.
    pub elsewhere: [u64; Deed::ALL.len()],
}

/// The counts under one rule, a number for each deed and kind, and for each deed and page.
#[derive(Default)]
struct Row {
    counts: [[AtomicU64; Kind::ALL.len()]; Deed::ALL.len()],
    purposes: Few<4>,
    pages: Few<{ Counters::MOST_PAGES }>,
    on_pages: [[AtomicU64; Deed::ALL.len()]; Counters::MOST_PAGES],
    elsewhere: [AtomicU64; Deed::ALL.len()],
}

impl Row {
    fn add(&self, deed: Deed, kind: Kind) -> bool {
        self.counts[deed as usize][kind as usize].fetch_add(1, Ordering::Relaxed) == 0
    }

    fn add_on(&self, judged: &Judged<'_>) -> bool {
        judged.purpose.into_iter().for_each(|purpose| _ = self.purposes.note(purpose));
        if !judged.page.is_empty() {
            let known = Some(judged.page).filter(|page| *page != Counters::ELSEWHERE);
            let place = known.and_then(|page| self.pages.note(page));
            let counts = place.map_or(&self.elsewhere, |place| &self.on_pages[place]);
            counts[judged.deed as usize].fetch_add(1, Ordering::Relaxed);
        }
        self.add(judged.deed, judged.kind)
    }

    fn counts(&self, rule: &Arc<str>) -> Vec<Count> {
        let each = Deed::ALL.iter().flat_map(|deed| Kind::ALL.iter().map(move |kind| (*deed, *kind)));
        let counts = each.map(|(deed, kind)| Count {
            deed,
            kind,
            rule: Arc::clone(rule),
            count: self.counts[deed as usize][kind as usize].load(Ordering::Relaxed),
        });
        counts.filter(|count| count.count > 0).collect()
    }

    fn on_pages(&self, rule: Arc<str>) -> OnPages {
        let numbers = |counts: &[AtomicU64; Deed::ALL.len()]| counts.each_ref().map(|n| n.load(Ordering::Relaxed));
        let pages = self.pages.all().map(str::to_owned).zip(self.on_pages.iter().map(numbers));
        let mut pages: Vec<_> = pages.collect();
        pages.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().sum::<u64>()));
        OnPages {
            rule,
            purposes: self.purposes.all().map(str::to_owned).collect(),
            pages,
            elsewhere: numbers(&self.elsewhere),
        }
    }
}

/// One site's counters. Shared by all workers; counting under a known rule or reason takes no lock.
pub struct Counters {
    rules: Table<str, Row>,
    /// Apart from the rules: anybody can send a report, and must not fill their table.
    reported: Table<str, Row>,
    other: Row,
    abandoned: Table<str, AtomicU64>,
    abandoned_otherwise: AtomicU64,
    /// Pages shown to visitors inside the canary, and outside.
    visits: [AtomicU64; 2],
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            rules: Table::new(Self::MOST_RULES),
            reported: Table::new(Self::MOST_REPORTED),
            other: Row::default(),
            abandoned: Table::new(Self::MOST_REASONS),
            abandoned_otherwise: AtomicU64::new(0),
            visits: Default::default(),
        }
    }
}

impl Counters {
    /// Rules beyond are counted together, under [`Self::OTHER`].
    pub const MOST_RULES: usize = 1024;
    /// Hosts beyond that browsers report are counted together, under [`Self::OTHER`].
    pub const MOST_REPORTED: usize = 256;
    /// So many pages of each rule are counted by themselves, the first ones; the rest together.
    pub const MOST_PAGES: usize = 20;
    /// Reasons beyond are counted together, under [`Self::OTHER`].
    pub const MOST_REASONS: usize = 64;
    /// The page of what was judged on none that is known: it is counted with the pages that found no room.
    pub const ELSEWHERE: &'static str = "elsewhere";
    /// Where everything is counted that found no room.
    pub const OTHER: &'static str = "other";
    const LONGEST_TEXT: usize = 256;

    /// One more held, or that would have been, by this rule. True for the first one: worth a log line.
    pub fn judged(&self, deed: Deed, kind: Kind, rule: &str) -> bool {
        let counted = with(&self.rules, rule, |row| row.add(deed, kind));
        counted.unwrap_or_else(|| self.other.add(deed, kind))
    }

    /// The same, with the page it was on and what it is for.
    pub fn judged_on(&self, judged: &Judged<'_>) -> bool {
        let counted = with(&self.rules, judged.rule, |row| row.add_on(judged));
        counted.unwrap_or_else(|| self.other.add_on(judged))
    }

    /// What each rule did, page by page, sorted by rule.
    pub fn on_pages(&self) -> Vec<OnPages> {
        let mut all: Vec<_> = self.rules.all().into_iter().map(|(rule, row)| row.on_pages(rule)).collect();
        all.push(self.other.on_pages(Self::OTHER.into()));
        all.retain(|rule| !rule.pages.is_empty() || rule.elsewhere.iter().any(|count| *count > 0));
        all.sort_unstable_by(|a, b| a.rule.cmp(&b.rule));
        all
    }

    /// One more page shown, inside the site's canary or outside.
    pub fn visited(&self, in_canary: bool) {
        self.visits[usize::from(in_canary)].fetch_add(1, Ordering::Relaxed);
    }

    /// Pages shown inside the site's canary, and outside, while it had one.
    pub fn visits(&self) -> (u64, u64) {
        let [outside, inside] = self.visits.each_ref().map(|count| count.load(Ordering::Relaxed));
        (inside, outside)
    }

    /// One more report that a policy stopped this host, or would have. True for the first one.
    pub fn reported(&self, deed: Deed, host: &str) -> bool {
        with(&self.reported, host, |row| row.add(deed, Kind::Csp)).unwrap_or_else(|| self.other.add(deed, Kind::Csp))
    }

    /// One more rewrite abandoned for this reason. True for the first one.
    pub fn abandoned(&self, reason: &str) -> bool {
        let add = |count: &AtomicU64| count.fetch_add(1, Ordering::Relaxed) == 0;
        with(&self.abandoned, reason, add).unwrap_or_else(|| add(&self.abandoned_otherwise))
    }

    /// What was counted by kind and rule, sorted; only numbers above zero.
    pub fn snapshot(&self) -> Vec<Count> {
        let rows = self.rules.all().into_iter().chain(self.reported.all());
        let mut counts: Vec<_> = rows.flat_map(|(rule, row)| row.counts(&rule)).collect();
        counts.extend(self.other.counts(&Self::OTHER.into()));
        counts.sort_unstable();
        counts
    }

    /// Abandoned rewrites by reason, sorted.
    pub fn abandonments(&self) -> Vec<(Arc<str>, u64)> {
        let reasons = self.abandoned.all();
        let mut counts: Vec<_> =
            reasons.iter().map(|(reason, count)| (Arc::clone(reason), count.load(Ordering::Relaxed))).collect();
        counts.push((Self::OTHER.into(), self.abandoned_otherwise.load(Ordering::Relaxed)));
        counts.retain(|(_, count)| *count > 0);
        counts.sort_unstable();
        counts
    }
}

/// Uses the entry of this text, made first if there is room; `None` if there is none. Long texts are counted by their
/// beginning.
fn with<V: Default, T>(table: &Table<str, V>, text: &str, used: impl Fn(&V) -> T) -> Option<T> {
    let text = &text[..text.floor_char_boundary(Counters::LONGEST_TEXT)];
    if let Some(used) = table.read(text, &used) {
        return Some(used);
    }
    if !table.is_full() {
        table.change(text, |entry| entry.is_none().then(V::default));
    }
    table.read(text, &used)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(deed: Deed, kind: Kind, rule: &str, count: u64) -> Count {
        Count { deed, kind, rule: rule.into(), count }
    }

    #[test]
    fn counts_come_by_deed_kind_and_rule_in_order() {
        let counters = Counters::default();
        counters.judged(Deed::WouldHold, Kind::Tag, "catalogue ||a.com^");
        counters.judged(Deed::Held, Kind::Script, "site b");
        counters.judged(Deed::Held, Kind::CookieResponse, "unclassified");
        counters.judged(Deed::Held, Kind::CookieResponse, "site a");
        counters.judged(Deed::Held, Kind::CookieResponse, "unclassified");
        assert_eq!(
            counters.snapshot(),
            [
                count(Deed::Held, Kind::CookieResponse, "site a", 1),
                count(Deed::Held, Kind::CookieResponse, "unclassified", 2),
                count(Deed::Held, Kind::Script, "site b", 1),
                count(Deed::WouldHold, Kind::Tag, "catalogue ||a.com^", 1),
            ]
        );
    }

    #[test]
    fn every_kind_and_deed_has_its_own_place() {
        for (place, kind) in Kind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, place, "{}", kind.name());
        }
        for (place, deed) in Deed::ALL.iter().enumerate() {
            assert_eq!(*deed as usize, place, "{}", deed.name());
        }
    }

    #[test]
    fn rules_beyond_the_bound_are_counted_as_other() {
        let counters = Counters::default();
        for n in 0..Counters::MOST_RULES + 7 {
            counters.judged(Deed::Held, Kind::Tag, &format!("rule {n}"));
        }
        counters.judged(Deed::Held, Kind::Tag, "rule 0");
        let counts = counters.snapshot();
        assert_eq!(counts.len(), Counters::MOST_RULES + 1);
        assert!(counts.contains(&count(Deed::Held, Kind::Tag, Counters::OTHER, 7)));
        assert!(counts.contains(&count(Deed::Held, Kind::Tag, "rule 0", 2)));
    }

    #[test]
    fn a_rule_says_on_which_pages_and_for_what() {
        let counters = Counters::default();
        let held = Judged { deed: Deed::WouldHold, kind: Kind::Tag, rule: "r", purpose: Some("analytics"), page: "/b" };
        for page in ["/a", "/b", "/b"] {
            counters.judged_on(&Judged { page, ..held });
        }
        counters.judged_on(&Judged { deed: Deed::Held, page: "/b", ..held });
        let [rule] = &counters.on_pages()[..] else { panic!("one rule") };
        assert_eq!((&*rule.rule, &rule.purposes[..]), ("r", &["analytics".to_owned()][..]));
        assert_eq!(rule.pages, [("/b".to_owned(), [1, 2, 0]), ("/a".to_owned(), [0, 1, 0])]);
        for n in 0..Counters::MOST_PAGES {
            counters.judged_on(&Judged { page: &format!("/{n}"), ..held });
        }
        assert_eq!(counters.on_pages()[0].elsewhere, [0, 2, 0]);
        counters.judged_on(&Judged { rule: "other", page: Counters::ELSEWHERE, ..held });
        let other = &counters.on_pages()[0];
        assert_eq!((&*other.rule, other.pages.len(), other.elsewhere), ("other", 0, [0, 1, 0]));
        counters.visited(true);
        assert_eq!(counters.visits(), (1, 0));
    }

    #[test]
    fn reports_leave_the_rules_their_room() {
        let counters = Counters::default();
        for n in 0..Counters::MOST_REPORTED + 3 {
            counters.reported(Deed::WouldHold, &format!("h{n}.example"));
        }
        counters.judged(Deed::Held, Kind::Tag, "a rule");
        let counts = counters.snapshot();
        assert_eq!(counts.len(), Counters::MOST_REPORTED + 2);
        assert!(counts.contains(&count(Deed::WouldHold, Kind::Csp, Counters::OTHER, 3)));
        assert!(counts.contains(&count(Deed::Held, Kind::Tag, "a rule", 1)));
    }

    #[test]
    fn a_long_rule_is_counted_by_its_beginning() {
        let counters = Counters::default();
        let long = "\u{e9}".repeat(200);
        counters.judged(Deed::Held, Kind::Tag, &long);
        counters.judged(Deed::Held, Kind::Tag, &format!("{long}x"));
        assert_eq!(counters.snapshot(), [count(Deed::Held, Kind::Tag, &long[..256], 2)]);
    }

    #[test]
    fn abandoned_rewrites_are_counted_by_reason() {
        let counters = Counters::default();
        for reason in ["unknown_coding", "memory", "unknown_coding"] {
            counters.abandoned(reason);
        }
        assert_eq!(counters.abandonments(), [("memory".into(), 1), ("unknown_coding".into(), 2)]);
        for n in 0..Counters::MOST_REASONS {
            counters.abandoned(&format!("r{n}"));
        }
        assert!(counters.abandonments().contains(&(Counters::OTHER.into(), 2)));
    }

    #[test]
    fn many_workers_lose_no_count() {
        let counters = Counters::default();
        std::thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| {
                    for n in 0..5000 {
                        counters.judged(Deed::Held, Kind::ALL[n % 7], &format!("rule {}", n % 40));
                        counters.abandoned(["memory", "charset"][n % 2]);
                    }
                });
            }
        });
        let counts = counters.snapshot();
        assert_eq!(counts.iter().map(|count| count.count).sum::<u64>(), 40_000);
        assert!(counts.iter().filter(|count| &*count.rule == "rule 0").count() > 1);
        assert_eq!(counters.abandonments(), [("charset".into(), 20_000), ("memory".into(), 20_000)]);
    }
}
