//! Filter lists in adblock syntax, compiled by Brave's engine: what they block is there for the purpose they are bound to.
//!
//! Lists with one purpose are one engine, so that an exception (`@@`), a `$badfilter` or an `$important` in one of them
//! speaks for all of them, as it would in a browser. It does not speak for lists with another purpose: that something is
//! no advertisement does not say that it does not measure. Rules that change a request instead of blocking it (`$csp`,
//! `$removeparam`) and element hiding are passed over and counted.
//!
//! An engine has a lock around the regular expressions it has compiled so far. Workers that shared one would wait for
//! each other at every tag, so each is given its own, a copy of the first.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use adblock::Engine;
use adblock::lists::{FilterSet, ParseOptions, ParsedLine, RuleTypes, parse_filter};
use adblock::request::{Request as Asked, RequestType as Type};
use url::{Host, Position, Url};

use crate::consent::Purpose;

use super::{Kind, Request};

/// No address that a browser fetches from a page is longer; what follows is not looked at.
const LONGEST: usize = 16 * 1024;

/// The lists of one site: each group with its purpose, in the order of the YAML.
#[derive(Clone, Debug, Default)]
pub struct FilterLists(pub Vec<(Purpose, Arc<Compiled>)>);

/// Lists that share a purpose, compiled.
pub struct Compiled {
    /// All the same; never empty.
    engines: Vec<Engine>,
    lists: Vec<Counted>,
}

/// What a list gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The list's name, as verdicts quote it.
    pub name: String,
    /// Filters in use, exceptions too.
    pub filters: usize,
    /// Lines that are neither in use nor comments.
    pub passed_over: usize,
}

/// The filter that blocks a request.
pub(super) struct Found<'l> {
    pub(super) purpose: Purpose,
    pub(super) list: &'l str,
    pub(super) filter: String,
}

impl FilterLists {
    /// What each list gave.
    pub fn counted(&self) -> impl Iterator<Item = (Purpose, &Counted)> {
        self.0.iter().flat_map(|(purpose, compiled)| compiled.lists.iter().map(move |list| (*purpose, list)))
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first filter that blocks this request; `first_party` says that it goes to a host of the site.
    pub(super) fn find(&self, request: &Request<'_>, first_party: bool) -> Option<Found<'_>> {
        if self.0.is_empty() {
            return None;
        }
        let mut asked = asked(request.url, request.own, first_party);
        types(request.kind).iter().find_map(|kind| {
            asked.request_type = kind.clone();
            self.0.iter().find_map(|(purpose, compiled)| {
                let (list, filter) = compiled.find(&asked)?;
                Some(Found { purpose: *purpose, list, filter })
            })
        })
    }
}

impl Compiled {
    /// Compiles lists, each a name and its text, for as many workers.
    pub fn new<'t>(lists: impl IntoIterator<Item = (String, &'t str)>, workers: usize) -> Self {
        // True: a verdict names the filter as it is written.
        let mut filters = FilterSet::new(true);
        let mut counted = Vec::new();
        for (name, text) in lists {
            let (usable, passed_over) = usable(text);
            counted.push(Counted { name, filters: usable.len(), passed_over });
            filters.add_filter_list(usable.join("\n"), options());
        }
        // The engine would fuse filters for speed, and no verdict could name the one that matched.
        let first = Engine::new_with_filter_set_no_optimize(filters);
        let copies = copies(&first, workers.saturating_sub(1));
        Self { engines: std::iter::once(first).chain(copies).collect(), lists: counted }
    }

    /// What each list gave.
    pub fn counted(&self) -> &[Counted] {
        &self.lists
    }

    fn find(&self, asked: &Asked) -> Option<(&str, String)> {
        let result = self.engines[worker() % self.engines.len()].check_network_request(asked);
        if !result.should_block() {
            return None;
        }
        let rule = result.filter?;
        let source = rule.source_location.map_or(0, |location| location.source_index as usize);
        let list = self.lists.get(source).map_or("", |list| &*list.name);
        Some((list, rule.raw_line.unwrap_or_default()))
    }
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiled").field("lists", &self.lists).finish_non_exhaustive()
    }
}

/// Reading its own bytes again costs an engine a tenth of what compiling costs.
fn copies(first: &Engine, number: usize) -> impl Iterator<Item = Engine> + use<> {
    let bytes = if number > 0 { first.serialize() } else { Vec::new() };
    (0..number).filter_map(move |_| {
        let mut copy = Engine::default();
        copy.deserialize(&bytes).is_ok().then_some(copy)
    })
}

/// This thread's number, from 0.
fn worker() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: usize = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    OWN.with(|own| *own)
}

fn options() -> ParseOptions {
    ParseOptions { rule_types: RuleTypes::NetworkOnly, ..ParseOptions::default() }
}

/// The lines that can block something or except it, and how many others there are beside comments.
fn usable(text: &str) -> (Vec<&str>, usize) {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim).filter(|line| !is_comment(line));
    let (usable, others): (Vec<_>, Vec<_>) = lines.partition(|line| blocks(line));
    (usable, others.len())
}

fn is_comment(line: &str) -> bool {
    line.is_empty() || line.starts_with(['!', '[']) || line == "#" || line.starts_with("# ")
}

/// No address has a space or a `<` in it: a line with one is of another kind of file.
fn blocks(line: &str) -> bool {
    match parse_filter(line, false, options()) {
        Ok(ParsedLine::Network(filter)) => {
            let changes = filter.is_csp() || filter.is_removeparam() || filter.is_generic_hide();
            let only_redirects = filter.is_redirect() && !filter.also_block_redirect();
            !changes && !only_redirects && !filter.has_to_option() && !line.contains([' ', '\t', '<'])
        }
        _ => false,
    }
}

/// The engine's words for a request, of no type yet. It is told the host and who is a third party, so that it needs no
/// list of public suffixes of its own.
fn asked(url: &Url, own: &str, first_party: bool) -> Asked {
    let host = url.host_str().unwrap_or_default();
    let third_party = !first_party && registrable(host) != registrable(own);
    // `https://tracker.example./` is the same host, written to the root: a list must not be escaped by a dot.
    let plain = host.strip_suffix('.').unwrap_or(host);
    let rest = &url[Position::AfterHost..Position::AfterQuery];
    let rest = &rest[..rest.floor_char_boundary(LONGEST)];
    let address = format!("{}://{plain}{rest}", url.scheme());
    Asked::preparsed(&address, plain, own, "other", third_party, "GET")
}

/// The part of a host that somebody can register, by the public suffix list; an address of numbers is whole.
fn registrable(host: &str) -> &str {
    let host = host.strip_suffix('.').unwrap_or(host);
    match Host::parse(host) {
        Ok(Host::Domain(_)) => psl::domain_str(host).unwrap_or(host),
        _ => host,
    }
}

fn types(kind: Kind) -> &'static [Type] {
    match kind {
        Kind::Script => &[Type::Script],
        Kind::Image => &[Type::Image],
        Kind::Stylesheet => &[Type::Stylesheet],
        Kind::Frame => &[Type::Subdocument],
        Kind::Xhr => &[Type::Xmlhttprequest],
        Kind::Ping => &[Type::Ping],
        Kind::Websocket => &[Type::Websocket],
        Kind::Media => &[Type::Media],
        Kind::Font => &[Type::Font],
        Kind::Object => &[Type::Object],
        Kind::Other => &[Type::Other],
        Kind::Any => &[Type::Script, Type::Xmlhttprequest, Type::Image, Type::Subdocument],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIVACY: &str = "[Adblock Plus 2.0]\n! A comment\n||tracker.example^$third-party\n/pixel.gif?$image\n\
        /collect.js$script,domain=www.example.gov.uk\n@@||tracker.example/consent.js$script\n||sure.example^$important\n\
        @@||sure.example^\n||undone.example^\n/^https:\\/\\/[a-z]{8}\\.example\\/stats/$script\n||page.example^$csp=script-src 'none'\n\
        ||x.example^$removeparam=utm\nexample.org##.ad\n0.0.0.0 hosts.example\n||moved.example^$script,redirect=noopjs\n";
    const OWN: &str = "||undone.example^$badfilter\n@@||ads.example/needed.js\n";
    const ADS: &str = "||ads.example^\n||tracker.example^\n";

    fn lists(workers: usize) -> FilterLists {
        let privacy = [("privacy.txt".to_owned(), PRIVACY), ("own.txt".to_owned(), OWN)];
        FilterLists(vec![
            (Purpose::ANALYTICS, Arc::new(Compiled::new(privacy, workers))),
            (Purpose::MARKETING, Arc::new(Compiled::new([("ads.txt".to_owned(), ADS)], workers))),
        ])
    }

    fn found(lists: &FilterLists, address: &str, kind: Kind) -> Option<String> {
        let url: Url = address.parse().expect("an address");
        let request = Request { url: &url, own: "www.example.gov.uk", kind };
        lists
            .find(&request, url.host_str() == Some(request.own))
            .map(|found| format!("{} {}", found.list, found.filter))
    }

    #[test]
    fn a_filter_holds_what_it_says_and_is_named_as_it_is_written() {
        let lists = lists(1);
        for (address, kind, expected) in [
            ("https://cdn.tracker.example/a.js", Kind::Script, Some("privacy.txt ||tracker.example^$third-party")),
            ("https://tracker.example./a.js", Kind::Script, Some("privacy.txt ||tracker.example^$third-party")),
            ("https://a.example/pixel.gif?1", Kind::Image, Some("privacy.txt /pixel.gif?$image")),
            ("https://a.example/pixel.gif?1", Kind::Script, None),
            ("https://a.example/pixel.gif?1", Kind::Any, Some("privacy.txt /pixel.gif?$image")),
            (
                "https://a.example/collect.js",
                Kind::Script,
                Some("privacy.txt /collect.js$script,domain=www.example.gov.uk"),
            ),
            (
                "https://www.example.gov.uk/collect.js",
                Kind::Script,
                Some("privacy.txt /collect.js$script,domain=www.example.gov.uk"),
            ),
            (
                "https://abcdefgh.example/stats",
                Kind::Script,
                Some("privacy.txt /^https:\\/\\/[a-z]{8}\\.example\\/stats/$script"),
            ),
            ("https://sure.example/x", Kind::Other, Some("privacy.txt ||sure.example^$important")),
            ("https://moved.example/x.js", Kind::Script, Some("privacy.txt ||moved.example^$script,redirect=noopjs")),
            ("https://undone.example/x", Kind::Script, None),
            ("https://page.example/", Kind::Frame, None),
            ("https://x.example/?utm=1", Kind::Frame, None),
            ("https://hosts.example/", Kind::Script, None),
        ] {
            assert_eq!(found(&lists, address, kind).as_deref(), expected, "{address} {kind:?}");
        }
    }

    #[test]
    fn an_exception_speaks_for_the_lists_with_its_purpose_and_no_other() {
        let lists = lists(1);
        assert_eq!(
            found(&lists, "https://tracker.example/consent.js", Kind::Script).as_deref(),
            Some("ads.txt ||tracker.example^")
        );
        assert_eq!(
            found(&lists, "https://ads.example/needed.js", Kind::Script).as_deref(),
            Some("ads.txt ||ads.example^")
        );
    }

    #[test]
    fn what_is_not_used_is_counted() {
        let lists = lists(1);
        let counted: Vec<_> = lists.counted().map(|(_, list)| (&*list.name, list.filters, list.passed_over)).collect();
        assert_eq!(counted, [("privacy.txt", 9, 4), ("own.txt", 2, 0), ("ads.txt", 2, 0)]);
    }

    #[test]
    fn every_worker_finds_the_same() {
        let lists = lists(3);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let found = found(&lists, "https://tracker.example/a.js", Kind::Script);
                    assert_eq!(found.as_deref(), Some("privacy.txt ||tracker.example^$third-party"));
                });
            }
        });
    }

    #[test]
    fn who_is_a_third_party_is_said_by_what_can_be_registered() {
        for (host, expected) in [
            ("a.b.co.uk", "b.co.uk"),
            ("www.example.gov.uk.", "example.gov.uk"),
            ("10.0.0.5", "10.0.0.5"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(registrable(host), expected);
        }
    }
}
