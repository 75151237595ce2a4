//! Everything that was seen on one site: its cookies and storage keys by pattern, the third parties its pages call on, and
//! the companies whose scripts stand in its pages.
//!
//! Bounded: 2,048 cookies, 512 storage keys, 512 third parties and 256 companies, each with ten pages. What finds no room is counted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::generated::{Families, with_pattern};
use super::item::{Item, Marks, Sight, State};
use super::seen::Kept;
use super::table::Table;
use crate::consent::UnixSeconds;

/// No name is kept that is longer.
const LONGEST: usize = 256;

/// What a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thing {
    /// A cookie, by its pattern.
    Cookie,
    /// A host of others that pages have tags of.
    ThirdParty,
    /// A company whose scripts stand in the pages themselves.
    Company,
    /// A key of the browser's storage, a database or a cache, by its pattern.
    StorageKey,
}

impl Thing {
    /// Every thing, in the order they are listed.
    pub const ALL: [Self; 4] = [Self::Cookie, Self::ThirdParty, Self::Company, Self::StorageKey];

    /// The name on the admin listener, in the file and in what is told of drift.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::ThirdParty => "third_party",
            Self::Company => "company",
            Self::StorageKey => "storage_key",
        }
    }

    /// How many of it are kept for one site.
    pub fn most(self) -> usize {
        match self {
            Self::Cookie => 2048,
            Self::ThirdParty | Self::StorageKey => 512,
            Self::Company => 256,
        }
    }

    /// Its names may be made up by a program.
    pub(super) fn folds(self) -> bool {
        matches!(self, Self::Cookie | Self::StorageKey)
    }

    pub(super) fn stored(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|thing| thing.name() == name)
    }
}

/// A sighting of a cookie.
#[derive(Clone, Copy, Debug)]
pub struct CookieSight<'s> {
    /// Its name as it came.
    pub name: &'s [u8],
    /// The pattern it was judged by, where the YAML or the catalogue has one.
    pub judged_by: Option<&'s str>,
    /// What the line said.
    pub marks: Marks,
    /// `Domain`.
    pub domain: Option<&'s str>,
    /// `Path`, or the default path.
    pub path: Option<&'s str>,
    /// How long it was set for.
    pub kept: Option<Kept>,
    /// The page, as [`super::page()`] gives it; empty where there is none.
    pub page: &'s str,
    /// When.
    pub at: UnixSeconds,
}

/// A report that a script has written a key of the browser's storage.
#[derive(Clone, Copy, Debug)]
pub struct KeySight<'s> {
    /// Its name as it came.
    pub name: &'s [u8],
    /// The pattern it was judged by, where the YAML has one.
    pub judged_by: Option<&'s str>,
    /// `local`, `session`, `indexed_db` or `cache`.
    pub kind: &'s str,
    /// Held, believed.
    pub marks: Marks,
    /// As of a cookie.
    pub page: &'s str,
    /// When.
    pub at: UnixSeconds,
}

/// A sighting of a tag.
#[derive(Clone, Copy, Debug)]
pub struct TagSight<'s> {
    /// The host it fetches from; `None` for a script in the page itself.
    pub host: Option<&'s str>,
    /// `script`, `img`, …; empty where nobody knows.
    pub tag: &'s str,
    /// Whose it is.
    pub company: Option<&'s str>,
    /// What it is for, by name.
    pub purpose: Option<&'s str>,
    /// Held, classified, in a page or asked for by a script.
    pub marks: Marks,
    /// As of a cookie.
    pub page: &'s str,
    /// When.
    pub at: UnixSeconds,
}

/// One line of a list: a name, or the pattern of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The name; bytes that are not UTF-8 show as U+FFFD.
    pub name: String,
    /// What is known of it.
    pub state: State,
}

/// What was seen on one site. Shared by all workers; noting what is known takes no lock and allocates nothing.
pub struct Stock([Register; Thing::ALL.len()]);

impl Default for Stock {
    fn default() -> Self {
        Self(Thing::ALL.map(Register::new))
    }
}

impl Stock {
    /// Notes a cookie, set or sent. The caller sees to it that no visitor's own invention is sent here.
    pub fn saw_cookie(&self, seen: &CookieSight<'_>) {
        if seen.name.is_empty() {
            return;
        }
        let sight = Sight { at: seen.at, marks: seen.marks, page: seen.page };
        with_pattern(seen.name, seen.judged_by, |pattern| {
            self.register(Thing::Cookie).note(pattern, &sight, |item| {
                item.keeps(seen.kept);
                seen.domain.into_iter().for_each(|domain| _ = item.domains.note(short(domain)));
                seen.path.into_iter().for_each(|path| _ = item.paths.note(short(path)));
            });
        });
    }

    /// Notes a storage key. The caller sees to it that no visitor's own invention is sent here.
    pub fn saw_key(&self, seen: &KeySight<'_>) {
        let sight = Sight { at: seen.at, marks: seen.marks, page: seen.page };
        with_pattern(seen.name, seen.judged_by, |pattern| {
            self.register(Thing::StorageKey).note(pattern, &sight, |item| _ = item.tags.note(seen.kind));
        });
    }

    /// Is this cookie or key here, under the pattern that it belongs to?
    pub fn has(&self, thing: Thing, name: &[u8], judged_by: Option<&str>) -> bool {
        with_pattern(name, judged_by, |pattern| self.register(thing).items.read(pattern, |_| ()).is_some())
    }

    /// Notes a tag in a page of the site's.
    pub fn saw_tag(&self, seen: &TagSight<'_>) {
        let (thing, name) = match (seen.host, seen.company) {
            (Some(host), _) => (Thing::ThirdParty, host),
            (None, Some(company)) => (Thing::Company, company),
            (None, None) => return,
        };
        let sight = Sight { at: seen.at, marks: seen.marks, page: seen.page };
        self.register(thing).note(name, &sight, |item| {
            seen.company.into_iter().for_each(|company| _ = item.company.note(company));
            seen.purpose.into_iter().for_each(|purpose| _ = item.purposes.note(purpose));
            if !seen.tag.is_empty() {
                item.tags.note(short(seen.tag));
            }
        });
    }

    /// Everything of this kind, sorted; what has a pattern in common by `pattern_of`, or a number at the end that many
    /// others have, is one row.
    pub fn rows<'p>(&self, thing: Thing, pattern_of: impl Fn(&str) -> Option<&'p str>) -> Vec<Row> {
        // In order, so that what several names put together is the same each time it is asked for.
        let mut all = self.register(thing).all();
        all.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let families = Families::of(all.iter().map(|(name, _)| &**name));
        let folds = thing.folds();
        let mut rows = BTreeMap::<String, State>::new();
        for (name, item) in &all {
            let pattern = pattern_of(name).filter(|pattern| folds && pattern.contains('*')).map(str::to_owned);
            let shown = if folds { pattern.unwrap_or_else(|| families.folded(name)) } else { name.to_string() };
            let state = item.state();
            rows.entry(shown).and_modify(|row| row.merge(&state)).or_insert(state);
        }
        rows.into_iter().map(|(name, state)| Row { name, state }).collect()
    }

    /// How many sightings found no room.
    pub fn left_out(&self, thing: Thing) -> u64 {
        self.register(thing).left_out.load(Relaxed)
    }

    pub(super) fn register(&self, thing: Thing) -> &Register {
        &self.0[thing as usize]
    }
}

/// Longer than any that a browser takes, or nobody reads it.
fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

/// All things of one kind.
pub(super) struct Register {
    items: Table<str, Item>,
    left_out: AtomicU64,
}

impl Register {
    fn new(thing: Thing) -> Self {
        Self { items: Table::new(thing.most()), left_out: AtomicU64::new(0) }
    }

    fn note(&self, name: &str, sight: &Sight<'_>, more: impl Fn(&Item)) {
        let noted = self.with(name, sight.at, |item| {
            item.note(sight);
            more(item);
        });
        if noted.is_none() {
            self.left_out.fetch_add(1, Relaxed);
        }
    }

    /// Uses the item of this name, made first if there is room; `None` if there is none.
    pub(super) fn with<T>(&self, name: &str, at: UnixSeconds, used: impl Fn(&Item) -> T) -> Option<T> {
        let known = self.items.read(name, &used);
        if known.is_some() || name.len() > LONGEST || self.items.is_full() {
            return known;
        }
        self.items.change(name, |item| item.is_none().then(|| Item::new(at)));
        self.items.read(name, used)
    }

    pub(super) fn all(&self) -> Vec<(Arc<str>, Arc<Item>)> {
        self.items.all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: UnixSeconds = 20_000 * 86_400;

    fn sight<'s>(name: &'s str, page: &'s str) -> CookieSight<'s> {
        CookieSight {
            name: name.as_bytes(),
            judged_by: None,
            marks: Marks::HEADER | Marks::SECURE,
            domain: Some("example.gov.uk"),
            path: Some("/"),
            kept: Some(Kept::Seconds(60)),
            page,
            at: AT,
        }
    }

    fn names(stock: &Stock, thing: Thing) -> Vec<String> {
        stock.rows(thing, |_| None).into_iter().map(|row| row.name).collect()
    }

    #[test]
    fn a_cookie_is_one_row_with_all_that_was_said_of_it() {
        let stock = Stock::default();
        stock.saw_cookie(&sight("theme", "/a"));
        stock.saw_cookie(&CookieSight {
            marks: Marks::HTTP_ONLY,
            domain: None,
            path: Some("/x"),
            ..sight("theme", "/b")
        });
        let [row] = &stock.rows(Thing::Cookie, |_| None)[..] else { panic!("one row") };
        assert_eq!((&*row.name, row.state.count), ("theme", 2));
        assert!(row.state.marks.has(Marks::HEADER | Marks::SECURE | Marks::HTTP_ONLY));
        assert_eq!(
            (&row.state.domains[..], &row.state.paths[..]),
            (&["example.gov.uk".into()][..], &["/".into(), "/x".into()][..])
        );
        assert_eq!(row.state.pages, ["/a", "/b"]);
    }

    #[test]
    fn made_up_and_numbered_names_are_folded() {
        let stock = Stock::default();
        for n in 0..50 {
            stock.saw_cookie(&sight(&format!("cart_{n:08x}0"), "/"));
            stock.saw_cookie(&sight(&format!("poll_{n}"), "/"));
            stock.saw_cookie(&CookieSight { judged_by: Some("_ga_*"), ..sight(&format!("_ga_{n}"), "/") });
        }
        stock.saw_cookie(&sight("theme", "/"));
        assert_eq!(names(&stock, Thing::Cookie), ["_ga_*", "cart_*", "poll_*", "theme"]);
        assert_eq!(stock.rows(Thing::Cookie, |_| None)[2].state.count, 50);
    }

    #[test]
    fn a_rule_written_later_folds_what_is_known() {
        let stock = Stock::default();
        for name in ["aXbanner", "aYbanner"] {
            stock.saw_cookie(&sight(name, "/"));
        }
        let rows = stock.rows(Thing::Cookie, |name| name.ends_with("banner").then_some("*banner"));
        assert_eq!(rows.iter().map(|row| (&*row.name, row.state.count)).collect::<Vec<_>>(), [("*banner", 2)]);
    }

    #[test]
    fn tags_are_kept_by_host_and_scripts_in_a_page_by_company() {
        let stock = Stock::default();
        let tag = TagSight {
            host: Some("stats.example"),
            tag: "script",
            company: Some("Stats"),
            purpose: Some("analytics"),
            marks: Marks::HOLDS | Marks::KNOWN,
            page: "/a",
            at: AT,
        };
        stock.saw_tag(&tag);
        stock.saw_tag(&TagSight { tag: "img", page: "/b", ..tag });
        stock.saw_tag(&TagSight { host: None, ..tag });
        stock.saw_tag(&TagSight { host: None, company: None, ..tag });
        let [row] = &stock.rows(Thing::ThirdParty, |_| None)[..] else { panic!("one host") };
        assert_eq!((row.state.count, row.state.company.as_deref()), (2, Some("Stats")));
        assert_eq!(
            (&row.state.tags[..], &row.state.purposes[..]),
            (&["script".into(), "img".into()][..], &["analytics".into()][..])
        );
        assert_eq!(names(&stock, Thing::Company), ["Stats"]);
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let stock = Stock::default();
        let most = Thing::Cookie.most();
        for n in 0..most + 5 {
            stock.saw_cookie(&sight(&format!("c{n}x"), "/"));
        }
        stock.saw_cookie(&sight(&"x".repeat(LONGEST + 1), "/"));
        stock.saw_cookie(&sight("c0x", "/"));
        assert_eq!((names(&stock, Thing::Cookie).len(), stock.left_out(Thing::Cookie)), (most, 6));
    }
}
