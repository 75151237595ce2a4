//! Tag addresses: whose they are, and what they are for.
//!
//! A host is looked up whole, then parent by parent; at each step the rows with a path come first, because one host
//! can serve a tag manager and a plain measuring script. Rows written by hand replace generated ones of the same key.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::data::{self, COMPANIES, HOSTS, PATHS};
use super::scripts::Signature;
use crate::consent::Purpose;

/// Whose an address is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    /// The row that knew it: a domain, a host with the beginning of a path, or a first-party path ending.
    pub domain: &'static str,
    /// Who runs it, in the words people know.
    pub name: &'static str,
    /// What its tags are for; `None` where the company is known and its purpose cannot be told from the address.
    pub purpose: Option<Purpose>,
    /// What kind of thing its tags bring: `ad`, `video`, … ([`super::is_seen`] says which are seen).
    pub kind: &'static str,
}

/// A company and, where its address in an inline script gives the script away, the sign of it.
pub(super) struct Known {
    company: Company,
    pub(super) in_scripts: Option<Signature>,
}

#[derive(Default)]
struct Host {
    whole: Option<Known>,
    /// By the beginning of the path, the longest first.
    paths: Vec<(&'static str, Known)>,
}

/// No row has more labels: a long host is looked up from its last six on.
const MOST_LABELS: usize = 6;

static BY_HOST: LazyLock<HashMap<&'static str, Host>> = LazyLock::new(|| {
    let mut hosts = HashMap::<_, Host>::new();
    for row in data::rows(COMPANIES).chain(data::rows(HOSTS)) {
        add(&mut hosts, row);
    }
    for host in hosts.values_mut() {
        host.paths.sort_by_key(|(path, _)| Reverse(path.len()));
    }
    hosts
});

static BY_LAST_SEGMENT: LazyLock<HashMap<&'static str, Vec<Company>>> = LazyLock::new(|| {
    let mut segments = HashMap::<_, Vec<_>>::new();
    for [ending, name, purpose] in data::rows(PATHS) {
        let company = Company { domain: ending, name, purpose: data::purpose(purpose), kind: "analytics" };
        segments.entry(last_segment(ending)).or_default().push(company);
    }
    segments
});

/// Whose this address is: a lower-case host without its port, and the path with its query, which can decide
/// (`gtag/js?id=AW-…` advertises where `gtag/js?id=G-…` measures).
pub fn address(host: &str, path: &str) -> Option<&'static Company> {
    find(host, path).map(|known| &known.company)
}

/// A tracker that a site serves from its own host, known by the end of its path; a query is passed over.
pub fn own_path(path: &str) -> Option<&'static Company> {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    BY_LAST_SEGMENT.get(last_segment(path))?.iter().find(|company| path.ends_with(company.domain))
}

/// The endings by which [`own_path`] knows a tracker.
pub fn own_paths() -> impl Iterator<Item = &'static Company> {
    BY_LAST_SEGMENT.values().flatten()
}

/// Every company that is known by an address; `domain` is a host, or a host with the beginning of a path.
pub fn companies() -> impl Iterator<Item = &'static Company> {
    let known = BY_HOST.values().flat_map(|host| host.whole.iter().chain(host.paths.iter().map(|(_, known)| known)));
    known.map(|known| &known.company)
}

/// Do paths of this host differ in what they are for? Then nothing can be said of the host as a whole.
pub fn differs_by_path(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let parents = host.match_indices('.').map(|(at, _)| &host[at + 1..]);
    std::iter::once(host).chain(parents).any(|host| BY_HOST.get(host).is_some_and(|host| !host.paths.is_empty()))
}

/// Companies, then domains.
pub(super) fn counts() -> (usize, usize) {
    let known = || BY_HOST.values().flat_map(|host| host.whole.iter().chain(host.paths.iter().map(|(_, known)| known)));
    let companies: HashSet<_> = known().map(|known| known.company.name).collect();
    (companies.len(), known().count())
}

pub(super) fn find(host: &str, path: &str) -> Option<&'static Known> {
    // `example.com.` is the same host, written to the root (RFC 1034 section 3.1).
    let host = host.strip_suffix('.').unwrap_or(host);
    let mut starts = [None; MOST_LABELS];
    let dots = host.rmatch_indices('.').skip(1).map(|(at, _)| at + 1);
    for (start, at) in starts.iter_mut().zip(dots.chain([0])) {
        *start = Some(at);
    }
    starts.iter().rev().flatten().find_map(|start| at_host(&host[*start..], path))
}

fn at_host(host: &str, path: &str) -> Option<&'static Known> {
    let host = BY_HOST.get(host)?;
    let by_path = host.paths.iter().find(|(start, _)| path.starts_with(start)).map(|(_, known)| known);
    by_path.or(host.whole.as_ref())
}

fn add(hosts: &mut HashMap<&'static str, Host>, [address, name, purpose, kind]: [&'static str; 4]) {
    let purpose = data::purpose(purpose);
    let in_scripts = purpose.filter(|purpose| gives_scripts_away(*purpose, kind)).map(|purpose| Signature {
        needle: address,
        purpose,
        company: name,
    });
    let known = Known { company: Company { domain: address, name, purpose, kind }, in_scripts };
    match address.find('/') {
        Some(at) => hosts.entry(&address[..at]).or_default().paths.push((&address[at..], known)),
        None => hosts.entry(address).or_default().whole = Some(known),
    }
}

/// Pages link to social networks, videos and companies' own sites from harmless scripts; nobody links to a tracker's
/// collecting host.
fn gives_scripts_away(purpose: Purpose, kind: &str) -> bool {
    [Purpose::ANALYTICS, Purpose::MARKETING].contains(&purpose) && ["ad", "analytics", "tag-manager"].contains(&kind)
}

fn last_segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purpose(host: &str, path: &str) -> Option<Purpose> {
        address(host, path).unwrap_or_else(|| panic!("{host} is not known")).purpose
    }

    #[test]
    fn the_tags_every_council_carries_are_known() {
        for (host, path, expected) in [
            ("www.googletagmanager.com", "/gtm.js", Some(Purpose::MARKETING)),
            ("www.googletagmanager.com", "/ns.html", Some(Purpose::MARKETING)),
            ("www.googletagmanager.com", "/gtag/js", Some(Purpose::ANALYTICS)),
            ("www.googletagmanager.com", "/gtag/js?id=G-1", Some(Purpose::ANALYTICS)),
            ("www.googletagmanager.com", "/gtag/js?id=AW-1", Some(Purpose::MARKETING)),
            ("www.google-analytics.com", "/analytics.js", Some(Purpose::ANALYTICS)),
            ("region1.google-analytics.com", "/g/collect", Some(Purpose::ANALYTICS)),
            ("www.youtube.com", "/embed/x", Some(Purpose::MARKETING)),
            ("www.youtube-nocookie.com", "/embed/x", Some(Purpose::MARKETING)),
            ("player.vimeo.com", "/video/1", Some(Purpose::MARKETING)),
            ("www.google.com", "/maps/embed", Some(Purpose::PREFERENCES)),
            ("maps.googleapis.com", "/maps/api/js", Some(Purpose::PREFERENCES)),
            ("www.google.com", "/recaptcha/api.js", None),
            ("fonts.googleapis.com", "/css", None),
            ("cdnjs.cloudflare.com", "/ajax/libs/x.js", None),
            ("siteimproveanalytics.com", "/js/x.js", Some(Purpose::ANALYTICS)),
            ("www.clarity.ms", "/tag/x", Some(Purpose::ANALYTICS)),
            ("connect.facebook.net", "/en_GB/sdk.js", Some(Purpose::MARKETING)),
            ("www.browsealoud.com", "/plus/scripts/ba.js", Some(Purpose::PREFERENCES)),
        ] {
            assert_eq!(purpose(host, path), expected, "{host}{path}");
        }
    }

    #[test]
    fn a_host_is_matched_by_whole_labels() {
        assert_eq!(address("notgoogle-analytics.com", "/"), None);
        assert_eq!(address("google-analytics.com.example.org", "/"), None);
        assert_eq!(address("com", "/"), None);
        assert_eq!(address("", ""), None);
        assert_eq!(purpose("www.google-analytics.com.", "/"), Some(Purpose::ANALYTICS));
        let deep = format!("{}www.google-analytics.com", "a.".repeat(100));
        assert_eq!(purpose(&deep, "/"), Some(Purpose::ANALYTICS));
    }

    #[test]
    fn no_row_has_more_labels_than_are_looked_up() {
        assert!(BY_HOST.keys().all(|host| (2..=MOST_LABELS).contains(&host.split('.').count())));
        assert!(BY_HOST.keys().all(|host| *host == host.to_lowercase()));
    }

    #[test]
    fn a_tracker_on_the_sites_own_host_is_known_by_the_end_of_its_path() {
        assert_eq!(own_path("/stats/matomo.js").and_then(|company| company.purpose), Some(Purpose::ANALYTICS));
        assert_eq!(own_path("/matomo.php").map(|company| company.domain), Some("/matomo.php"));
        assert_eq!(own_path("/matomo.php?idsite=1").map(|company| company.domain), Some("/matomo.php"));
        assert_eq!(own_path("/js/plausible.js").map(|company| company.domain), Some("/js/plausible.js"));
        assert_eq!(own_path("/notmatomo.js"), None);
        assert_eq!(own_path("/matomo.js/readme"), None);
        assert_eq!(own_path(""), None);
    }

    #[test]
    fn the_catalogue_is_as_large_as_promised() {
        let companies: HashSet<_> = data::rows::<4>(COMPANIES).map(|row| row[1]).collect();
        assert!(companies.len() >= 2_000, "{}", companies.len());
        assert!(data::rows::<4>(COMPANIES).count() >= 3_000);
    }
}
