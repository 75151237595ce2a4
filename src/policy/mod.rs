//! Verdicts: may this cookie be set or sent, may this tag run, for a visitor who agreed to these purposes?
//!
//! Pure: a `Policy` is compiled once from a site's `Config` and shared by all workers; every answer names the rule
//! that decided. It must never answer "pass" for want of an answer: what nothing knows gets the site's
//! `unclassified` action. The YAML's rules come before the catalogue. Questions come from `html` and `gateway`.

mod bases;
mod config;
pub mod csp;
mod guard;
mod lists;
mod paths;
mod request;
mod script;
mod verdict;

use std::collections::HashSet;

use memchr::memmem;
use url::{Position, Url};

use crate::catalogue::pattern::{AddressPattern, NamePatterns, PatternFault};
use crate::catalogue::{self, Company};
use crate::consent::{self, ChoiceCookie, Purpose, PurposeSet, Purposes};

use lists::Found;
use paths::Paths;

pub use crate::catalogue::{banner_element, names_banner};
pub use bases::{BasisRule, RuleSet, rule_set};
pub use config::*;
pub use guard::{GuardRules, Judged};
pub use lists::{Compiled, Counted, FilterLists};
pub use request::{Kind, Request};
pub use verdict::{Rule, Verdict};

/// The compiled rules of one site.
#[derive(Debug)]
pub struct Policy {
    purposes: Purposes,
    hosts: Hosts,
    prefix: String,
    cookies: NamePatterns<Purpose>,
    storage: NamePatterns<Purpose>,
    tags: Vec<(String, AddressPattern, Purpose)>,
    /// The hosts that `tags:` names, as sources of a policy.
    named: Vec<(String, Purpose)>,
    lists: FilterLists,
    paths: Paths,
    unclassified: Unclassified,
    replace_banner: bool,
}

impl Policy {
    /// Compiles a site's rules.
    ///
    /// # Errors
    /// The first `tags:` or `paths:` pattern that is none.
    pub fn new(config: &Config) -> Result<Self, PatternFault> {
        let tag = |rule: &TagRule| Ok((rule.pattern.clone(), AddressPattern::parse(&rule.pattern)?, rule.purpose));
        let named = |rule: &TagRule| {
            let purpose = rule.purpose;
            csp::tag_host(&rule.pattern).into_iter().map(move |host| (host, purpose))
        };
        Ok(Self {
            purposes: config.purposes.clone(),
            hosts: Hosts::new(&config.hosts),
            prefix: config.prefix.clone(),
            cookies: names(&config.cookies),
            storage: names(&config.storage),
            tags: config.tags.iter().map(tag).collect::<Result<_, _>>()?,
            named: config.tags.iter().flat_map(named).collect(),
            lists: config.lists.clone(),
            paths: Paths::new(&config.paths)?,
            unclassified: config.unclassified,
            replace_banner: config.replace_banner,
        })
    }

    /// The site's purposes.
    pub fn purposes(&self) -> &Purposes {
        &self.purposes
    }

    /// What is granted on this path to a request with cookies of these names: `paths:` takes purposes away whatever the
    /// visitor chose (REQUIREMENTS A24). The names matter only if [`Self::looks_at_cookies`].
    pub fn granted_on(&self, path: &str, cookies: &[impl AsRef<[u8]>], granted: PurposeSet) -> PurposeSet {
        self.paths.acting(path, cookies).fold(granted, |granted, rule| granted.without(rule.hold))
    }

    /// Is the gate to do nothing on this path?
    pub fn bypasses(&self, path: &str) -> bool {
        self.paths.bypass(path).is_some()
    }

    /// The `paths:` rules that act on such a request, as they are written, in their order.
    pub fn path_rules<'p, 'q>(
        &'p self,
        path: &'q str,
        cookies: &'q [impl AsRef<[u8]>],
    ) -> impl Iterator<Item = &'p PathRule> {
        self.paths.bypass(path).into_iter().chain(self.paths.acting(path, cookies))
    }

    /// Does any `paths:` rule depend on the cookies a request carries?
    pub fn looks_at_cookies(&self) -> bool {
        self.paths.look_at_cookies()
    }

    /// May a cookie of this name be set, sent or kept? Names are bytes and case-sensitive (RFC 6265bis).
    pub fn cookie(&self, name: &[u8], granted: PurposeSet) -> Verdict<'_> {
        if ChoiceCookie::is_own(name) {
            return Verdict::hold(None, Rule::Reserved);
        }
        if let Some((pattern, purpose)) = self.cookies.find(name) {
            return Verdict::of(*purpose, granted, Rule::Site(pattern));
        }
        if self.replace_banner && consent::is_answer_elsewhere(name) {
            return Verdict::pass(Some(Purpose::ESSENTIAL), Rule::Banner("an answer given there"));
        }
        match catalogue::cookie(name) {
            Some(known) => Verdict::of(
                self.purposes.of_catalogue(known.purpose),
                granted,
                Rule::Catalogue(known.pattern, known.platform),
            ),
            None => self.unclassified(self.unclassified.cookies, granted),
        }
    }

    /// May script keep this key in web storage?
    pub fn storage(&self, key: &[u8], granted: PurposeSet) -> Verdict<'_> {
        match self.storage.find(key) {
            Some((pattern, purpose)) => Verdict::of(*purpose, granted, Rule::Site(pattern)),
            None => self.unclassified(self.unclassified.storage, granted),
        }
    }

    /// May something on a page of host `own` fetch this address, whatever kind of thing it is?
    pub fn address(&self, url: &Url, own: &str, granted: PurposeSet) -> Verdict<'_> {
        self.request(&Request { url, own, kind: Kind::Any }, granted)
    }

    /// May this be asked for? The site's rules come first, then the catalogue, then the filter lists.
    pub fn request(&self, request: &Request<'_>, granted: PurposeSet) -> Verdict<'_> {
        if let Some(verdict) = self.site_rule(request.url.as_str(), granted) {
            return verdict;
        }
        let host = request.url.host_str().unwrap_or_default();
        if host == request.own && self.is_own(request.url.path()) {
            return Verdict::pass(None, Rule::Reserved);
        }
        if let Some(product) = self.banner(|| catalogue::banner_address(request.url.as_str())) {
            return Verdict::hold(None, Rule::Banner(product));
        }
        let first_party = host == request.own || self.hosts.contain(host);
        let known = known(request.url, first_party);
        if let Some((company, purpose)) = known.and_then(|company| Some((company, company.purpose?))) {
            return Verdict::of(
                self.purposes.of_catalogue(purpose),
                granted,
                Rule::Catalogue(company.domain, company.name),
            );
        }
        if let Some(found) = self.lists.find(request, first_party) {
            return Self::listed(found, granted);
        }
        match known {
            Some(company) => Verdict::pass(None, Rule::Catalogue(company.domain, company.name)),
            None if first_party => Verdict::pass(None, Rule::FirstParty),
            None => self.unclassified(self.unclassified.tags, granted),
        }
    }

    /// May an inline script of this text run? Held if anything in it is: an address the site's rules name, a signature
    /// the catalogue knows, a cookie or a storage key that it plainly writes. Escapes and joined strings hide nothing.
    pub fn script_text(&self, text: &[u8], granted: PurposeSet) -> Verdict<'_> {
        self.script_on(text, "", granted)
    }

    /// The same on a page of host `own`: what the filter lists would not let a script load counts too.
    pub fn script_on(&self, text: &[u8], own: &str, granted: PurposeSet) -> Verdict<'_> {
        if let Some(product) = self.banner(|| catalogue::banner_script(text)) {
            return Verdict::hold(None, Rule::Banner(product));
        }
        in_text(text, |text| self.script_read(text, own, granted))
    }

    /// May an event handler, or the script of a link, of this text run? Held only if an address in it is: what calls
    /// a tracker's function, and nothing else, reaches nobody while the tracker itself is held, and the same handler
    /// may send a form.
    pub fn handler_text(&self, text: &[u8], granted: PurposeSet) -> Verdict<'_> {
        in_text(text, |text| {
            let by_address = catalogue::addresses_in(text).map(|known| self.sign(known, granted));
            self.by_rule(text, granted).chain(by_address).find(Verdict::is_hold)
        })
    }

    fn script_read(&self, text: &[u8], own: &str, granted: PurposeSet) -> Option<Verdict<'_>> {
        let by_signature = catalogue::signatures(text).map(|known| self.sign(known, granted));
        let by_list = self.loaded_by(text, own).map(|found| Self::listed(found, granted));
        self.by_rule(text, granted).chain(by_signature).chain(by_list).find(Verdict::is_hold)
    }

    fn by_rule<'s, 't>(
        &'s self,
        text: &'t [u8],
        granted: PurposeSet,
    ) -> impl Iterator<Item = Verdict<'s>> + use<'s, 't> {
        self.addresses_in(text).filter_map(move |address| self.site_rule(&address, granted))
    }

    fn sign(&self, known: &'static catalogue::Signature, granted: PurposeSet) -> Verdict<'static> {
        Verdict::of(self.purposes.of_catalogue(known.purpose), granted, Rule::Catalogue(known.needle, known.company))
    }

    /// The hosts that `tags:` names and that pass, as sources of a Content-Security-Policy, in the order written. A
    /// policy knows hosts only: one is named if any of its rules passes.
    pub fn named_hosts(&self, granted: PurposeSet) -> impl Iterator<Item = &str> {
        let passing = self.named.iter().filter(move |(_, purpose)| granted.contains(*purpose));
        passing.map(|(host, _)| host.as_str())
    }

    /// The gate's own: a list of cookie notices might name them.
    fn is_own(&self, path: &str) -> bool {
        let below = (!self.prefix.is_empty()).then(|| path.strip_prefix(&*self.prefix)).flatten();
        below.is_some_and(|rest| rest.starts_with('/'))
    }

    /// Are the site's other consent banners taken out?
    pub fn replaces_banner(&self) -> bool {
        self.replace_banner
    }

    fn banner(&self, find: impl FnOnce() -> Option<&'static str>) -> Option<&'static str> {
        self.replace_banner.then(find).flatten()
    }

    fn listed(found: Found<'_>, granted: PurposeSet) -> Verdict<'_> {
        Verdict::of(found.purpose, granted, Rule::List { list: found.list, filter: found.filter })
    }

    /// The verdicts on the script files that an inline script of a page of host `own` names with their whole address. The
    /// name of a script file is no link: a script that names it means to load it.
    pub fn loaded_scripts<'p>(
        &'p self,
        text: &[u8],
        own: &'p str,
        granted: PurposeSet,
    ) -> impl Iterator<Item = Verdict<'p>> {
        let named = memmem::find(text, b".js").is_some();
        let is_script = |url: &Url| url.path().rsplit_once('.').is_some_and(|(_, kind)| kind == "js");
        let files = script::files(if named { text } else { &[] }).filter(is_script);
        files.map(move |url| self.request(&Request { url: &url, own, kind: Kind::Script }, granted))
    }

    /// What the lists block of the files that a script names with their whole address, on other hosts. A mere host, or a
    /// page there, may be no more than a link.
    fn loaded_by<'p>(&'p self, text: &[u8], own: &str) -> impl Iterator<Item = Found<'p>> {
        let asks = !self.lists.is_empty() && !own.is_empty();
        let addresses = script::files(if asks { text } else { &[] });
        let elsewhere = move |url: &Url| url.host_str().is_some_and(|host| host != own && !self.hosts.contain(host));
        addresses.filter(elsewhere).filter_map(move |url| {
            let found = |kind| self.lists.find(&Request { url: &url, own, kind }, false);
            found(Kind::Script).or_else(|| found(Kind::Image))
        })
    }

    fn site_rule(&self, address: &str, granted: PurposeSet) -> Option<Verdict<'_>> {
        let (written, _, purpose) = self.tags.iter().find(|(_, pattern, _)| pattern.matches(address))?;
        Some(Verdict::of(*purpose, granted, Rule::Site(written)))
    }

    /// None are looked for where no rule could name them.
    fn addresses_in<'t>(&self, text: &'t [u8]) -> impl Iterator<Item = String> + use<'t> {
        script::addresses(if self.tags.is_empty() { &[] } else { text })
    }

    /// With everything granted nothing is held: there is nothing left to ask.
    fn unclassified(&self, action: Action, granted: PurposeSet) -> Verdict<'_> {
        if action == Action::Pass || granted.covers(self.purposes.all()) {
            Verdict::pass(None, Rule::Unclassified)
        } else {
            Verdict::hold(None, Rule::Unclassified)
        }
    }
}

/// What holds in the text as it is written, or as it reads without what could hide an address.
fn in_text<'p>(text: &[u8], read: impl Fn(&[u8]) -> Option<Verdict<'p>>) -> Verdict<'p> {
    let verdict = read(text).or_else(|| read(&script::plain(text)?));
    verdict.unwrap_or(Verdict::pass(None, Rule::FirstParty))
}

/// What the catalogue knows of an address.
fn known(url: &Url, first_party: bool) -> Option<&'static Company> {
    // With its query: what `gtag/js` loads is said there.
    let target = &url[Position::BeforePath..Position::AfterQuery];
    let by_host = if first_party { None } else { catalogue::address(url.host_str().unwrap_or_default(), target) };
    // A tracker's own program is that on any host: on `stats.` beside `www.`, or on a network that hosts anything.
    match by_host {
        Some(company) if company.purpose.is_some() => by_host,
        _ => catalogue::own_path(target).or(by_host),
    }
}

fn names(rules: &[NameRule]) -> NamePatterns<Purpose> {
    NamePatterns::new(rules.iter().map(|rule| (rule.pattern.as_str(), rule.purpose)))
}

/// The site's own hosts.
#[derive(Debug)]
struct Hosts {
    exact: HashSet<String>,
    /// `.example.gov.uk` for `*.example.gov.uk`; empty text for `*`, which says nothing about what is first-party.
    endings: Vec<String>,
}

impl Hosts {
    fn new(hosts: &[String]) -> Self {
        let (wild, exact): (Vec<_>, Vec<_>) = hosts.iter().cloned().partition(|host| host.starts_with('*'));
        let endings = wild.iter().map(|host| host[1..].to_owned()).filter(|ending| !ending.is_empty()).collect();
        Self { exact: exact.into_iter().collect(), endings }
    }

    fn contain(&self, host: &str) -> bool {
        self.exact.contains(host) || self.endings.iter().any(|ending| host.ends_with(ending))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        Policy::new(&Config { hosts: vec!["www.example.gov.uk".into()], ..Config::default() }).expect("no patterns")
    }

    #[test]
    fn a_trackers_own_program_is_held_on_any_host() {
        let policy = policy();
        let holds = |address: &str| {
            let url = address.parse().expect("an address");
            policy.address(&url, "www.example.gov.uk", PurposeSet::ESSENTIAL).is_hold()
        };
        assert!(holds("https://www.example.gov.uk/stats/matomo.js"));
        assert!(holds("https://stats.example.gov.uk/matomo.php?idsite=1"));
        assert!(holds("https://d111111abcdef8.cloudfront.net/matomo.js"), "a network that hosts anything");
        assert!(holds("https://www.google-analytics.com/analytics.js"));
        assert!(!holds("https://stats.example.gov.uk/library.js"));
        assert!(!holds("https://d111111abcdef8.cloudfront.net/library.js"));
    }

    fn listed(text: &str) -> Policy {
        let compiled = std::sync::Arc::new(Compiled::new([("list.txt".to_owned(), text)], 1));
        let lists = FilterLists(vec![(Purpose::ANALYTICS, compiled)]);
        Policy::new(&Config { hosts: vec!["www.example.gov.uk".into()], lists, ..Config::default() })
            .expect("no patterns")
    }

    #[test]
    fn the_lists_come_after_the_catalogue_and_before_what_nobody_knows() {
        let policy = listed("||google-analytics.com^\n||worldpay.com^\n||nobody-knows.example^\n/usertracking.js\n");
        let said = |address: &str| {
            let url = address.parse().expect("an address");
            let verdict = policy.address(&url, "www.example.gov.uk", PurposeSet::ESSENTIAL);
            (verdict.is_hold(), verdict.rule.to_string())
        };
        assert!(said("https://www.google-analytics.com/analytics.js").1.starts_with("catalogue: "));
        assert_eq!(said("https://secure.worldpay.com/x.js"), (true, "list: list.txt ||worldpay.com^".into()));
        assert_eq!(said("https://nobody-knows.example/x.js"), (true, "list: list.txt ||nobody-knows.example^".into()));
        assert_eq!(
            said("https://www.example.gov.uk/usertracking.js"),
            (true, "list: list.txt /usertracking.js".into())
        );
        assert_eq!(said("https://other.example/x.js"), (false, "unclassified".into()));
        let url = "https://nobody-knows.example/x.js".parse().expect("an address");
        let all = policy.purposes().all();
        assert!(!policy.address(&url, "www.example.gov.uk", all).is_hold(), "its purpose is granted");
    }

    #[test]
    fn the_gates_own_files_are_never_held_by_a_list() {
        let compiled = std::sync::Arc::new(Compiled::new([("list.txt".to_owned(), "/.consent\n")], 1));
        let lists = FilterLists(vec![(Purpose::MARKETING, compiled)]);
        let policy =
            Policy::new(&Config { prefix: "/.consent".into(), lists, ..Config::default() }).expect("no patterns");
        let holds = |address: &str| {
            let url = address.parse().expect("an address");
            policy.address(&url, "www.example.gov.uk", PurposeSet::ESSENTIAL).is_hold()
        };
        assert!(!holds("https://www.example.gov.uk/.consent/guard-01.js"));
        assert!(holds("https://www.example.gov.uk/.consentual/x.js"));
        assert!(holds("https://elsewhere.example/.consent/x.js"));
    }

    #[test]
    fn a_script_that_loads_what_a_list_blocks_is_held_and_one_that_links_there_is_not() {
        let policy = listed("||nobody-knows.example^$third-party\n");
        let holds =
            |text: &str| policy.script_on(text.as_bytes(), "www.example.gov.uk", PurposeSet::ESSENTIAL).is_hold();
        assert!(holds("s.src = '//cdn.nobody-knows.example/t.js';"));
        assert!(holds("new Image().src = \"https://nobody-knows.example/hit?page=\" + p;"));
        assert!(!holds("a.href = 'https://nobody-knows.example/';"));
        assert!(!holds("a.href = 'https://nobody-knows.example/about';"));
        assert!(!holds("s.src = 'https://somebody-else.example/t.js';"));
        assert!(!policy.script_text(b"s.src = '//nobody-knows.example/t.js'", PurposeSet::ESSENTIAL).is_hold());
    }

    #[test]
    fn no_way_to_write_an_address_hides_it_in_a_script() {
        let policy = policy();
        let script = |text: &str| policy.script_text(text.as_bytes(), PurposeSet::ESSENTIAL).is_hold();
        for text in [
            r"s.src='https:\/\/www.google-analytics.com\/x.js'",
            r"s.src='https:\u002f\u002fwww.google-analytics.com\u002fx.js'",
            r"s.src='https:\x2f\x2fwww.google-analytics.com\x2fx.js'",
            "s.src='//www.google-' + 'analytics.com/x.js'",
            "document.write('<scr'+'ipt src=\"//ad.double' + 'click.net/x.js\"></scr'+'ipt>')",
            "import('https://ad.doubleclick.net/x.js')",
            "import x from \"https://ad.doubleclick.net/x.js\"",
            "importScripts('//ad.doubleclick.net/x.js')",
            "new Worker(`https://ad.doubleclick.net/x.js`)",
        ] {
            assert!(script(text), "{text}");
        }
        assert!(!script("s.src='//www.example.gov.uk/' + 'x.js'; a = 'caf\\u00e9'"));
    }

    #[test]
    fn a_handler_is_held_for_where_it_leads_and_not_for_whom_it_calls() {
        let policy = policy();
        let handler = |text: &str| policy.handler_text(text.as_bytes(), PurposeSet::ESSENTIAL).is_hold();
        assert!(handler("new Image().src='//www.google-analytics.com/collect?x'"));
        assert!(handler(r"new Image().src='\x2f\x2fwww.google-analytics.com/collect?x'"));
        assert!(!handler("gtag('event', 'sent'); return send(this)"));
        assert!(!handler("document.cookie='size=large'"));
    }
}
