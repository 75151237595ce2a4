//! Visits added up to the states of a site: each cookie, key and host once, with the pages it was met on, and what the
//! catalogue knows of it.

use std::collections::{BTreeMap, BTreeSet};

use url::{Host, Url};

use super::{
    CookieFound, CookieMet, Decoration, Phase, RequestMet, State, States, StorageFound, StorageMet, ThirdParty, Visit,
};
use crate::catalogue;
use crate::consent::Purpose;

/// No list of examples is longer.
const EXAMPLES: usize = 10;
/// Browsers keep no cookie longer (RFC 6265bis section 5.5).
const LONGEST_SECONDS: u64 = 400 * 86_400;
/// Parameters by which one host tells another who the visitor is.
const DECORATIONS: [&str; 12] = [
    "_gl",
    "_ga",
    "gclid",
    "gbraid",
    "wbraid",
    "dclid",
    "fbclid",
    "msclkid",
    "twclid",
    "ttclid",
    "li_fat_id",
    "mc_eid",
];

/// Adds visits up.
#[derive(Debug)]
pub struct Collector {
    /// The domain the site's owner registered, or the host itself.
    own: String,
    found: BTreeMap<Phase, Tally>,
}

#[derive(Debug, Default)]
struct Tally {
    cookies: BTreeMap<(String, String, String), CookieFound>,
    storage: BTreeMap<(super::StorageKind, String, String), StorageFound>,
    third_parties: BTreeMap<String, ThirdParty>,
    fingerprinting: BTreeSet<super::Fingerprinting>,
    decorations: BTreeSet<Decoration>,
}

impl Collector {
    /// For a site at this address.
    pub fn new(site: &Url) -> Self {
        Self { own: registrable(site.host()), found: BTreeMap::new() }
    }

    /// Adds what one visit met.
    pub fn add(&mut self, visit: &Visit) {
        let own = self.own.clone();
        let page = without_query(&visit.url);
        let tally = self.found.entry(visit.phase).or_default();
        // A cookie that was there already was met on another page, and counts for this phase too: it is still there.
        visit.cookies.iter().for_each(|cookie| tally.cookie(cookie, &own, &page));
        visit.storage.iter().for_each(|stored| tally.storage(stored, &page));
        let others = visit.requests.iter().filter(|request| !is_own(&request.url, &own));
        others.for_each(|request| tally.request(request, &page));
        tally.fingerprinting.extend(visit.fingerprinting.iter().cloned());
    }

    /// Was anything looked at in this phase?
    pub fn has(&self, phase: Phase) -> bool {
        self.found.contains_key(&phase)
    }

    /// The states, sorted.
    pub fn states(mut self) -> States {
        let mut state = |phase| self.found.remove(&phase).map(Tally::state);
        States {
            untouched: state(Phase::Untouched).unwrap_or_default(),
            rejected: state(Phase::Rejected),
            accepted: state(Phase::Accepted),
            withdrawn: state(Phase::Withdrawn),
        }
    }
}

impl Tally {
    fn cookie(&mut self, met: &CookieMet, own: &str, page: &str) {
        let key = (met.domain.clone(), met.name.clone(), met.path.clone());
        let found = self.cookies.entry(key).or_insert_with(|| cookie(met, own));
        // The longest it was ever set for is what a visitor has to be told.
        found.wire_lifetime = found.wire_lifetime.max(met.wire_lifetime);
        found.effective_lifetime = found.wire_lifetime.map(|seconds| seconds.min(LONGEST_SECONDS));
        note(&mut found.pages, page);
    }

    fn storage(&mut self, met: &StorageMet, page: &str) {
        let key = (met.kind, met.origin.clone(), met.key.clone());
        let known = catalogue::cookie(met.key.as_bytes());
        let found = self.storage.entry(key).or_insert_with(|| StorageFound {
            kind: met.kind,
            key: met.key.clone(),
            origin: met.origin.clone(),
            purpose: known.and_then(|known| name(known.purpose)),
            company: known.and_then(|known| platform(known.platform)),
            pages: Vec::new(),
        });
        note(&mut found.pages, page);
    }

    fn request(&mut self, met: &RequestMet, page: &str) {
        let Some(host) = met.url.host_str() else { return };
        let known = catalogue::address(host, met.url.path());
        let found = self
            .third_parties
            .entry(host.to_owned())
            .or_insert_with(|| ThirdParty { host: host.to_owned(), ..ThirdParty::default() });
        // A host of several products has the purpose of the first that has one.
        if found.purpose.is_none() {
            found.purpose = known.and_then(|known| known.purpose).and_then(name);
            found.company = known.map(|known| known.name.to_owned()).or(found.company.take());
        }
        found.requests += 1;
        note(&mut found.initiators, &met.initiator);
        note(&mut found.examples, &without_query(&met.url));
        note(&mut found.pages, page);
        let carried = met.url.query_pairs().filter(|(name, _)| DECORATIONS.contains(&&**name));
        self.decorations.extend(carried.map(|(parameter, _)| Decoration {
            parameter: parameter.into_owned(),
            host: host.to_owned(),
            page: page.to_owned(),
        }));
    }

    fn state(self) -> State {
        State {
            cookies: self.cookies.into_values().collect(),
            storage: self.storage.into_values().collect(),
            third_parties: self.third_parties.into_values().collect(),
            fingerprinting: self.fingerprinting.into_iter().collect(),
            decorations: self.decorations.into_iter().collect(),
        }
    }
}

fn cookie(met: &CookieMet, own: &str) -> CookieFound {
    let known = catalogue::cookie(met.name.as_bytes());
    CookieFound {
        name: met.name.clone(),
        pattern: known.map_or(&*met.name, |known| known.pattern).to_owned(),
        domain: met.domain.clone(),
        path: met.path.clone(),
        purpose: known.and_then(|known| name(known.purpose)),
        company: known.and_then(|known| platform(known.platform)),
        set_by: met.set_by,
        first_party: belongs(&met.domain, own),
        wire_lifetime: met.wire_lifetime,
        effective_lifetime: None,
        secure: met.secure,
        http_only: met.http_only,
        same_site: met.same_site.clone(),
        pages: Vec::new(),
    }
}

fn name(purpose: Purpose) -> Option<String> {
    crate::consent::Purposes::default().iter().find(|(known, _)| *known == purpose).map(|(_, name)| name.to_owned())
}

fn platform(name: &str) -> Option<String> {
    (name != "-").then(|| name.to_owned())
}

fn note(list: &mut Vec<String>, text: &str) {
    if list.len() < EXAMPLES && !list.iter().any(|known| known == text) {
        list.push(text.to_owned());
    }
}

/// An address for a report: what follows `?` may be about a person.
pub(super) fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url.into()
}

/// The domain somebody registered, by the public suffix list; for an address, or a name below no known suffix, all of it.
pub(super) fn registrable(host: Option<Host<&str>>) -> String {
    match host {
        Some(Host::Domain(name)) => below_a_suffix(name),
        Some(address) => address.to_string(),
        None => String::new(),
    }
}

pub(super) fn is_own(url: &Url, own: &str) -> bool {
    // A `data:` or `blob:` address reaches nobody.
    url.host().is_none() || registrable(url.host()) == own
}

fn below_a_suffix(name: &str) -> String {
    let name = name.trim_end_matches('.');
    psl::domain_str(name).unwrap_or(name).to_ascii_lowercase()
}

/// A cookie's domain, which is an address in numbers where the site has no name.
fn belongs(domain: &str, own: &str) -> bool {
    domain == own || below_a_suffix(domain) == own
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::SetBy;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn met(name: &str, domain: &str, seconds: Option<u64>) -> CookieMet {
        CookieMet {
            name: name.into(),
            domain: domain.into(),
            path: "/".into(),
            wire_lifetime: seconds,
            ..CookieMet::default()
        }
    }

    #[test]
    fn what_is_met_on_many_pages_is_found_once() {
        let mut collector = Collector::new(&url("https://www.example.gov.uk/"));
        for page in ["/?q=secret", "/bins", "/bins#top"] {
            let mut visit = Visit::new(url(&format!("https://www.example.gov.uk{page}")), Phase::Untouched);
            visit.cookies =
                vec![met("_ga_AB12", "example.gov.uk", Some(63_072_000)), met("IDE", "doubleclick.net", Some(5))];
            visit.requests = vec![
                RequestMet {
                    url: url("https://www.google-analytics.com/g/collect?_gl=1&cid=2"),
                    initiator: "https://www.example.gov.uk/a.js".into(),
                },
                RequestMet { url: url("https://my.example.gov.uk/x"), initiator: String::new() },
                RequestMet { url: url("data:,x"), initiator: String::new() },
            ];
            collector.add(&visit);
        }
        assert!(collector.has(Phase::Untouched) && !collector.has(Phase::Accepted));
        let states = collector.states();
        let state = &states.untouched;
        let [theirs, ours] = &state.cookies[..] else { panic!("{:#?}", state.cookies) };
        assert_eq!((theirs.first_party, ours.first_party), (false, true));
        assert_eq!((&*ours.pattern, ours.purpose.as_deref(), ours.set_by), ("_ga_*", Some("analytics"), SetBy::Header));
        assert_eq!((ours.wire_lifetime, ours.effective_lifetime), (Some(63_072_000), Some(34_560_000)));
        assert_eq!(
            ours.pages,
            ["https://www.example.gov.uk/", "https://www.example.gov.uk/bins"],
            "no query, no fragment"
        );
        let [third] = &state.third_parties[..] else { panic!("{:#?}", state.third_parties) };
        assert_eq!((third.requests, third.purpose.as_deref()), (3, Some("analytics")));
        assert_eq!(third.examples, ["https://www.google-analytics.com/g/collect"]);
        assert_eq!(state.decorations.iter().map(|carried| &*carried.parameter).collect::<Vec<_>>(), ["_gl", "_gl"]);
        assert_eq!(states.of(Phase::Rejected), None);
    }

    #[test]
    fn the_site_is_what_its_owner_registered() {
        let own = registrable(url("https://www.example.gov.uk/").host());
        for (other, is) in [
            ("https://planning.example.gov.uk/", true),
            ("https://example.gov.uk./", true),
            ("https://other.gov.uk/", false),
            ("https://example.gov.uk.evil.com/", false),
            ("blob:https://a/b", true),
        ] {
            assert_eq!(is_own(&url(other), &own), is, "{other}");
        }
        assert_eq!(registrable(url("http://127.0.0.1:8080/").host()), "127.0.0.1");
        assert_eq!(registrable(url("http://localhost/").host()), "localhost");
        assert!(belongs("planning.example.gov.uk", &own) && belongs("127.0.0.1", "127.0.0.1"));
        assert!(!belongs("tracker.example.localhost", "localhost"));
    }
}
