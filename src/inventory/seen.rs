//! The cookies a site was seen to set, by name, each with the scopes it was set with (C5).

use std::sync::Arc;

use super::drift::Drifts;
use super::fold::folded;
use super::reported::Reported;
use super::sample::Sample;
use super::sighting::Sighting;
use super::stock::Stock;
use super::table::Table;
use super::tags::Tags;
use crate::consent::{Purpose, PurposeSet, UnixSeconds};

/// More scopes than this under one name, and the scopes count as unknown.
pub const SCOPES_PER_NAME: usize = 12;

const MOST_NAMES: usize = 4096;
const LONGEST_NAME: usize = 256;
/// Longer than any host or any `Path` a browser takes (RFC 6265bis section 5.6).
const LONGEST_DOMAIN: usize = 253;
const LONGEST_PATH: usize = 1024;

/// Where a cookie was seen to be valid.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SeenScope {
    /// `Domain`, lower-cased, no leading dot; `None` is host-only.
    pub domain: Option<Box<str>>,
    /// `Path`, or the default path.
    pub path: Box<str>,
    /// `Secure` was given.
    pub secure: bool,
    /// `Partitioned` was given.
    pub partitioned: bool,
}

/// The same, borrowed from the line: a sighting of what is known costs no allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeRef<'s> {
    /// As [`SeenScope::domain`].
    pub domain: Option<&'s str>,
    /// As [`SeenScope::path`].
    pub path: &'s str,
    /// As [`SeenScope::secure`].
    pub secure: bool,
    /// As [`SeenScope::partitioned`].
    pub partitioned: bool,
}

impl SeenScope {
    /// The same, borrowed.
    pub fn borrowed(&self) -> ScopeRef<'_> {
        ScopeRef {
            domain: self.domain.as_deref(),
            path: &self.path,
            secure: self.secure,
            partitioned: self.partitioned,
        }
    }
}

impl From<ScopeRef<'_>> for SeenScope {
    fn from(scope: ScopeRef<'_>) -> Self {
        Self {
            domain: scope.domain.map(Box::from),
            path: scope.path.into(),
            secure: scope.secure,
            partitioned: scope.partitioned,
        }
    }
}

/// What was said of a cookie when the site set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Until the browser is closed.
    Session,
    /// This many seconds.
    Seconds(u64),
}

/// A cookie as the cookies page lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenCookie {
    /// Its name, or the pattern it belongs to; bytes that are not UTF-8 show as U+FFFD.
    pub name: String,
    /// The day it was last seen, in seconds since 1970.
    pub day: UnixSeconds,
    /// How long the site last set it for; nothing where only visitors' browsers have shown it.
    pub kept: Option<Kept>,
}

/// One cookie that the site sets.
struct Cookie {
    scopes: Scopes,
    sighting: Sighting,
}

/// The scopes under one name.
enum Scopes {
    Known(Vec<SeenScope>),
    /// A cookie set without `Path` all over a site has one for every folder: better to know none than some.
    TooMany,
}

impl Scopes {
    fn know(&self, scope: ScopeRef<'_>) -> bool {
        match self {
            Self::Known(scopes) => scopes.iter().any(|known| known.borrowed() == scope),
            Self::TooMany => true,
        }
    }

    fn with(&self, scope: ScopeRef<'_>) -> Self {
        match self {
            Self::Known(scopes) if scopes.len() < SCOPES_PER_NAME => {
                Self::Known(scopes.iter().cloned().chain([scope.into()]).collect())
            }
            _ => Self::TooMany,
        }
    }
}

/// More companies than any one site calls on.
const MOST_COMPANIES: usize = 512;

/// What traffic showed about one site: its cookies, and the companies its pages call on. Shared by all workers.
pub struct Inventory {
    cookies: Table<[u8], Cookie>,
    /// What visitors' browsers sent back, by patterns that somebody has classified.
    sent: Table<str, Sighting>,
    /// By name in the catalogue: what their tags here are for.
    companies: Table<str, (&'static str, PurposeSet)>,
    /// Hosts of others that something is known about: what their tags here are for.
    hosts: Table<str, HostUse>,
    /// What pages have tags of.
    pub tags: Tags,
    /// Everything that was seen, for whoever runs the site.
    pub stock: Stock,
    /// What was new.
    pub drifts: Drifts,
    /// Which page views are asked what they write.
    pub sample: Sample,
    /// The pages that the site really has.
    pages: Table<str, ()>,
    /// What browsers have reported, and too few of them.
    pub reported: Reported,
}

/// More cookies than any one site's scripts set.
const MOST_SENT: usize = 512;
/// Pages beyond are known to nobody: what is posted to them counts under the page it came from.
const MOST_SITE_PAGES: usize = 2048;
/// More hosts than fit into a policy.
const MOST_HOSTS: usize = 256;

/// What the tags of one host are for.
#[derive(Clone, Copy, PartialEq, Eq)]
struct HostUse {
    purposes: PurposeSet,
    /// Some need no agreement.
    free: bool,
}

impl Default for Inventory {
    fn default() -> Self {
        Self {
            cookies: Table::new(MOST_NAMES),
            sent: Table::new(MOST_SENT),
            companies: Table::new(MOST_COMPANIES),
            hosts: Table::new(MOST_HOSTS),
            tags: Tags::default(),
            stock: Stock::default(),
            drifts: Drifts::default(),
            sample: Sample::default(),
            pages: Table::new(MOST_SITE_PAGES),
            reported: Reported::default(),
        }
    }
}

impl Inventory {
    /// Notes that the site set, or tried to set, this cookie with this scope. No lock and no allocation where both are
    /// known. Passed over: a nameless cookie, names and scopes too long, and new names once the inventory is full.
    pub fn saw_cookie(&self, name: &[u8], scope: ScopeRef<'_>, (at, kept): (UnixSeconds, Option<Kept>)) {
        let fits = (1..=LONGEST_NAME).contains(&name.len())
            && scope.domain.is_none_or(|domain| domain.len() <= LONGEST_DOMAIN)
            && scope.path.len() <= LONGEST_PATH;
        let known = |cookie: &Cookie| {
            cookie.sighting.note(at, kept);
            cookie.scopes.know(scope)
        };
        if fits && !self.cookies.read(name, known).unwrap_or_else(|| self.cookies.is_full()) {
            let sighting = Sighting::new(at, kept);
            self.cookies.change(name, |cookie| match cookie.map(|cookie| &cookie.scopes) {
                Some(scopes) if scopes.know(scope) => None,
                Some(scopes) => Some(Cookie { scopes: scopes.with(scope), sighting }),
                None => Some(Cookie { scopes: Scopes::Known(vec![scope.into()]), sighting }),
            });
        }
    }

    /// Notes that a visitor's browser has a cookie of this pattern: a script has set it, for the site may never have. The
    /// pattern has to be one that the catalogue or the configuration knows: any visitor can send any name.
    pub fn saw_sent(&self, pattern: &str, at: UnixSeconds) {
        let known = self.sent.read(pattern, |sighting| sighting.note(at, None));
        if known.is_none() && pattern.len() <= LONGEST_NAME && !self.sent.is_full() {
            self.sent.change(pattern, |known| known.is_none().then(|| Sighting::new(at, None)));
        }
    }

    /// The cookies seen, set by the site or sent by a browser; generated names as their pattern, sorted and each once.
    pub fn cookies<'p>(&self, pattern_of: impl Fn(&[u8]) -> Option<&'p str>) -> Vec<SeenCookie> {
        let pattern = |name| pattern_of(name).filter(|pattern| pattern.contains('*')).map(str::to_owned);
        let shown = |name| pattern(name).unwrap_or_else(|| String::from_utf8_lossy(name).into_owned());
        let cookie = |name, sighting: &Sighting| SeenCookie { name, day: sighting.day(), kept: sighting.kept() };
        let set = self.cookies.all();
        let set = set.iter().map(|(name, entry)| cookie(shown(name), &entry.sighting));
        let shown_by_browsers = self.sent.all();
        let shown_by_browsers = shown_by_browsers.iter().map(|(name, sighting)| cookie(name.to_string(), sighting));
        let mut all: Vec<_> = set.chain(shown_by_browsers).collect();
        all.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        all.dedup_by(|next, first| {
            let same = next.name == first.name;
            if same {
                first.day = first.day.max(next.day);
                first.kept = longest(first.kept, next.kept);
            }
            same
        });
        all
    }

    /// Notes that the site has shown this page, as [`super::page()`] gives it. No lock and no allocation where that is known.
    pub fn saw_page(&self, page: &str) {
        if !page.is_empty() && !self.has_page(page) && !self.pages.is_full() {
            self.pages.change(page, |known| known.is_none().then_some(()));
        }
    }

    /// Has the site shown this page since the start?
    pub fn has_page(&self, page: &str) -> bool {
        self.pages.read(page, |()| ()).is_some()
    }

    /// Notes that a page has a tag of this company. No lock and no allocation where that is known.
    pub fn saw_company(&self, name: &'static str, purpose: Purpose) {
        let knows = |(_, purposes): &(_, PurposeSet)| purposes.contains(purpose);
        if !self.companies.read(name, knows).unwrap_or_else(|| self.companies.is_full()) {
            self.companies.change(name, |entry| {
                let purposes = entry.map_or(PurposeSet::ESSENTIAL, |(_, purposes)| *purposes);
                Some((name, purposes.with(purpose)))
            });
        }
    }

    /// The companies whose tags were seen for this purpose, sorted.
    pub fn companies(&self, purpose: Purpose) -> Vec<&'static str> {
        let all = self.companies.all();
        let mut names: Vec<_> =
            all.iter().filter(|(_, entry)| entry.1.contains(purpose)).map(|(_, entry)| entry.0).collect();
        names.sort_unstable();
        names
    }

    /// Notes that a page fetches from this host, for this purpose or for none that needs agreement. No lock and no
    /// allocation where that is known.
    pub fn saw_host(&self, host: &str, purpose: Option<Purpose>) {
        let with = |known: Option<&HostUse>| {
            let HostUse { purposes, free } =
                known.copied().unwrap_or(HostUse { purposes: PurposeSet::ESSENTIAL, free: false });
            HostUse {
                purposes: purpose.map_or(purposes, |purpose| purposes.with(purpose)),
                free: free || purpose.is_none_or(|purpose| purpose == Purpose::ESSENTIAL),
            }
        };
        let knows = |known: &HostUse| with(Some(known)) == *known;
        if host.len() <= LONGEST_DOMAIN && !self.hosts.read(host, knows).unwrap_or_else(|| self.hosts.is_full()) {
            self.hosts.change(host, |known| Some(with(known)));
        }
    }

    /// The hosts seen that serve something that is granted, sorted.
    pub fn hosts(&self, granted: PurposeSet) -> Vec<Arc<str>> {
        // What every set holds is no sign that something is granted.
        let asked = |purposes: PurposeSet| purposes.without(PurposeSet::ESSENTIAL);
        let serves = |known: &HostUse| known.free || asked(known.purposes) != asked(known.purposes).without(granted);
        let mut hosts: Vec<_> =
            self.hosts.all().into_iter().filter(|(_, known)| serves(known)).map(|(host, _)| host).collect();
        hosts.sort_unstable();
        hosts
    }

    /// The scopes this very name was seen with; none where it never was, or with more than [`SCOPES_PER_NAME`].
    pub fn scopes(&self, name: &[u8]) -> Vec<SeenScope> {
        let known = self.cookies.read(name, |cookie| match &cookie.scopes {
            Scopes::Known(scopes) => scopes.clone(),
            Scopes::TooMany => Vec::new(),
        });
        known.unwrap_or_default()
    }

    /// Every name seen, sorted; bytes that are not UTF-8 show as U+FFFD.
    pub fn names(&self) -> Vec<String> {
        self.patterns(|_| None)
    }

    /// Every name the site set, generated names as their pattern, sorted and each once.
    pub fn patterns(&self, pattern_of: impl Fn(&[u8]) -> Option<&'static str>) -> Vec<String> {
        let all = self.cookies.all();
        let shown = all.iter().map(|(name, _)| String::from_utf8_lossy(&folded(name, &pattern_of)).into_owned());
        let mut shown: Vec<_> = shown.collect();
        shown.sort_unstable();
        shown.dedup();
        shown
    }
}

/// Two cookies of one pattern, each with its own lifetime: what is said is never too short.
fn longest(one: Option<Kept>, other: Option<Kept>) -> Option<Kept> {
    match (one, other) {
        (Some(Kept::Seconds(one)), Some(Kept::Seconds(other))) => Some(Kept::Seconds(one.max(other))),
        (Some(Kept::Session) | None, Some(kept)) => Some(kept),
        (kept, _) => kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;
    const AT: (UnixSeconds, Option<Kept>) = (1_795_449_900, None);
    const ROOT: ScopeRef<'_> = ScopeRef { domain: None, path: "/", secure: false, partitioned: false };

    #[test]
    fn each_scope_of_a_name_is_kept_once() {
        let inventory = Inventory::default();
        let wide = ScopeRef { domain: Some("example.gov.uk"), secure: true, ..ROOT };
        for scope in [ROOT, wide, ROOT, wide] {
            inventory.saw_cookie(b"_ga", scope, AT);
        }
        assert_eq!(inventory.scopes(b"_ga"), [SeenScope::from(ROOT), SeenScope::from(wide)]);
        assert_eq!(inventory.scopes(b"_gid"), []);
    }

    #[test]
    fn companies_are_kept_by_purpose_and_each_once() {
        let inventory = Inventory::default();
        for (name, purpose) in [
            ("Meta", Purpose::MARKETING),
            ("Google", Purpose::ANALYTICS),
            ("Google", Purpose::MARKETING),
            ("Meta", Purpose::MARKETING),
        ] {
            inventory.saw_company(name, purpose);
        }
        assert_eq!(inventory.companies(Purpose::MARKETING), ["Google", "Meta"]);
        assert_eq!(inventory.companies(Purpose::ANALYTICS), ["Google"]);
        assert!(inventory.companies(Purpose::PREFERENCES).is_empty());
    }

    #[test]
    fn hosts_are_kept_by_what_they_serve() {
        let inventory = Inventory::default();
        inventory.saw_host("tags.example", Some(Purpose::ANALYTICS));
        inventory.saw_host("tags.example", Some(Purpose::MARKETING));
        inventory.saw_host("ads.example", Some(Purpose::MARKETING));
        inventory.saw_host("pay.example", None);
        let hosts = |granted: PurposeSet| inventory.hosts(granted).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(hosts(PurposeSet::ESSENTIAL), ["pay.example"]);
        assert_eq!(hosts(PurposeSet::ESSENTIAL.with(Purpose::ANALYTICS)), ["pay.example", "tags.example"]);
        assert_eq!(hosts(PurposeSet::ESSENTIAL.with(Purpose::PREFERENCES)), ["pay.example"]);
        for n in 0..MOST_HOSTS + 9 {
            inventory.saw_host(&format!("h{n}.example"), None);
        }
        assert_eq!(inventory.hosts(PurposeSet::ESSENTIAL.with(Purpose::MARKETING)).len(), MOST_HOSTS);
    }

    #[test]
    fn a_cookie_with_too_many_scopes_counts_as_unknown() {
        let inventory = Inventory::default();
        let paths: Vec<_> = (0..=SCOPES_PER_NAME).map(|n| format!("/{n}")).collect();
        for path in &paths[..SCOPES_PER_NAME] {
            inventory.saw_cookie(b"theme", ScopeRef { path, ..ROOT }, AT);
        }
        assert_eq!(inventory.scopes(b"theme").len(), SCOPES_PER_NAME);
        inventory.saw_cookie(b"theme", ScopeRef { path: &paths[SCOPES_PER_NAME], ..ROOT }, AT);
        inventory.saw_cookie(b"theme", ROOT, AT);
        assert_eq!(inventory.scopes(b"theme"), []);
        assert_eq!(inventory.names(), ["theme"]);
    }

    #[test]
    fn what_comes_from_outside_is_bounded() {
        let inventory = Inventory::default();
        let long = "x".repeat(1025);
        inventory.saw_cookie(b"", ROOT, AT);
        inventory.saw_cookie(&[b'n'; LONGEST_NAME + 1], ROOT, AT);
        inventory.saw_cookie(b"path", ScopeRef { path: &long, ..ROOT }, AT);
        inventory.saw_cookie(b"domain", ScopeRef { domain: Some(&long), ..ROOT }, AT);
        assert_eq!(inventory.names(), [""; 0]);
        for n in 0..MOST_NAMES + 5 {
            inventory.saw_cookie(format!("c{n}").as_bytes(), ROOT, AT);
        }
        assert_eq!(inventory.names().len(), MOST_NAMES);
        inventory.saw_cookie(b"c0", ScopeRef { secure: true, ..ROOT }, AT);
        assert_eq!(inventory.scopes(b"c0").len(), 2, "a name that is known still learns");
    }

    #[test]
    fn the_cookies_page_lists_patterns_and_expiry_keeps_real_names() {
        let inventory = Inventory::default();
        for name in [b"_ga_A1".as_slice(), b"_ga_B2", b"theme", b"\xff"] {
            inventory.saw_cookie(name, ROOT, AT);
        }
        let pattern = |name: &[u8]| name.starts_with(b"_ga_").then_some("_ga_*");
        assert_eq!(inventory.patterns(pattern), ["_ga_*", "theme", "\u{fffd}"]);
        assert_eq!(inventory.names(), ["_ga_A1", "_ga_B2", "theme", "\u{fffd}"]);
        assert_eq!(inventory.scopes(b"_ga_A1").len(), 1);
        assert_eq!(inventory.scopes(b"_ga_*").len(), 0);
    }

    #[test]
    fn many_workers_lose_no_sighting() {
        let inventory = Inventory::default();
        std::thread::scope(|threads| {
            for worker in 0..8 {
                let inventory = &inventory;
                threads.spawn(move || {
                    for n in 0..400 {
                        let name = format!("c{}", (n + worker * 50) % 400);
                        inventory.saw_cookie(name.as_bytes(), ScopeRef { path: ["/", "/a", "/b"][n % 3], ..ROOT }, AT);
                        inventory.saw_cookie(name.as_bytes(), ScopeRef { secure: worker % 2 == 0, ..ROOT }, AT);
                        assert!(!inventory.scopes(name.as_bytes()).is_empty());
                    }
                });
            }
        });
        assert_eq!(inventory.names().len(), 400);
        for n in 0..400 {
            let scopes = inventory.scopes(format!("c{n}").as_bytes());
            let distinct: std::collections::HashSet<_> = scopes.iter().collect();
            assert_eq!(distinct.len(), scopes.len(), "c{n} has a scope twice");
            assert!(scopes.contains(&ROOT.into()) && scopes.contains(&ScopeRef { secure: true, ..ROOT }.into()));
        }
    }

    #[test]
    fn a_cookie_says_when_it_was_last_seen_and_for_how_long_it_was_set() {
        let inventory = Inventory::default();
        let (monday, tuesday) = (20_000 * DAY, 20_001 * DAY);
        inventory.saw_cookie(b"_ga_A1", ROOT, (monday + 5, Some(Kept::Seconds(60))));
        inventory.saw_cookie(b"_ga_B2", ROOT, (tuesday + 7, Some(Kept::Session)));
        inventory.saw_cookie(b"theme", ROOT, (tuesday, Some(Kept::Session)));
        inventory.saw_cookie(b"theme", ROOT, (monday, Some(Kept::Seconds(9))));
        let pattern = |name: &[u8]| name.starts_with(b"_ga_").then_some("_ga_*");
        let seen = |name: &str, day, kept| SeenCookie { name: name.into(), day, kept };
        let expected =
            [seen("_ga_*", tuesday, Some(Kept::Seconds(60))), seen("theme", tuesday, Some(Kept::Seconds(9)))];
        assert_eq!(inventory.cookies(pattern), expected);
    }

    #[test]
    fn what_browsers_send_is_kept_by_pattern_and_bounded() {
        let inventory = Inventory::default();
        inventory.saw_sent("_ga_*", 20_000 * DAY + 3);
        inventory.saw_sent("_ga_*", 20_002 * DAY + 3);
        let expected = [SeenCookie { name: "_ga_*".into(), day: 20_002 * DAY, kept: None }];
        assert_eq!(inventory.cookies(|_| None), expected);
        assert!(inventory.names().is_empty(), "nothing to expire: nobody knows its scope");
        for n in 0..MOST_SENT + 9 {
            inventory.saw_sent(&format!("c{n}"), 0);
        }
        assert_eq!(inventory.cookies(|_| None).len(), MOST_SENT);
    }
}
