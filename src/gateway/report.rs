//! What was held, or would have been: counted always, logged the first time it is seen.
//!
//! A rule and an address's host and path go to the log; values, queries and visitors never do.

use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use url::Url;

use crate::consent::{Purpose, UnixSeconds};
use crate::cookie::{self, SameSite, Scope, SetCookie};
use crate::html::{Abandoned, Asked, Document, Finding};
use crate::inventory::{
    CookieSight, Counters, Deed, Judged, Kind, Marks, TagSight, Thing, page, pattern as pattern_of,
};
use crate::policy::{Rule, Verdict};

use super::body::{Report, Seen};
use super::visit::{Visit, without_port};
use super::{Csp, Mode, Site, document};

/// The verdict on a cookie for this visit, reported where it is to hold.
pub(super) fn holds(visit: &Visit, kind: Kind, name: &[u8]) -> bool {
    let verdict = visit.site.policy.cookie(name, visit.granted);
    // A script has set it. Only what somebody has classified is noted, and from whoever may have it: any visitor
    // could send any other name, and without a choice that is in the ledger any name at all.
    if let (Kind::CookieRequest, Some(pattern), false) = (kind, pattern(&verdict.rule), verdict.is_hold()) {
        visit.site.inventory.saw_sent(pattern, visit.now);
    }
    if verdict.is_hold() {
        // Whether what was asked for is a page is not known yet when its cookies are judged.
        let page = match kind {
            Kind::CookieResponse if visit.page().is_empty() => Counters::ELSEWHERE,
            Kind::CookieResponse => visit.page(),
            _ => "",
        };
        let place = Place { page, ..Place::of(visit) };
        held(&place, (kind, verdict.purpose), &rule_of(&verdict, kind, name), &|| shown(name));
    }
    verdict.is_hold()
}

/// Notes that the site has shown a page, and to which side of a canary. What it sends says so: a browser over plain http
/// does not say that it wants a page.
pub(super) fn shown_page(visit: &Visit, status: StatusCode, headers: &HeaderMap) {
    let is_page = visit.asked != Asked::Frame
        && document::is_document(visit, status, headers)
        && matches!(Document::of(headers), Document::Html | Document::Xhtml);
    if visit.mode() == Mode::Off || !is_page {
        return;
    }
    visit.canary().into_iter().for_each(|in_canary| visit.site.counters.visited(in_canary));
    if visit.is_asked_for() && status.is_success() {
        visit.site.inventory.saw_page(visit.page());
    }
}

/// Notes the cookies that a browser has sent with a request for a page, now that the site has answered it: those that
/// somebody has classified, and those that the site was seen to set. Any visitor could send any other name.
pub(super) fn sent(visit: &Visit) {
    if page_of(visit).is_empty() {
        return;
    }
    let stock = &visit.site.inventory.stock;
    for name in visit.sent.iter().flat_map(cookie::names_in) {
        let verdict = visit.site.policy.cookie(name, visit.granted);
        let judged_by = pattern(&verdict.rule);
        if judged_by.is_some() || (verdict.rule == Rule::Unclassified && stock.has(Thing::Cookie, name, None)) {
            stock.saw_cookie(&CookieSight {
                judged_by,
                marks: Marks::SENT | Marks::HOLDS.when(verdict.is_hold()),
                ..sight(visit, name)
            });
        }
    }
}

/// Notes a cookie that the site sets. A line that only deletes one has set nothing.
pub(super) fn set(visit: &Visit, set: &SetCookie<'_>, scope: &Scope) {
    let verdict = visit.site.policy.cookie(set.name, visit.granted);
    if set.is_deletion(visit.now) || verdict.rule == Rule::Reserved {
        return;
    }
    let same_site = match set.same_site {
        Some(SameSite::Strict) => Marks::STRICT,
        Some(SameSite::Lax) => Marks::LAX,
        Some(SameSite::None) => Marks::NONE,
        None => Marks::NO_SAME_SITE,
    };
    let secure = if set.secure { Marks::SECURE } else { Marks::NOT_SECURE };
    let http_only = if set.http_only { Marks::HTTP_ONLY } else { Marks::NOT_HTTP_ONLY };
    let partitioned = Marks::PARTITIONED.when(set.partitioned) | Marks::HOLDS.when(verdict.is_hold());
    visit.site.inventory.stock.saw_cookie(&CookieSight {
        judged_by: pattern(&verdict.rule),
        marks: Marks::HEADER | same_site | secure | http_only | partitioned,
        domain: scope.domain.as_deref().filter(|domain| covers(domain, &visit.host)),
        path: Some(&page(&scope.path)),
        kept: super::clear::kept(set, visit.now),
        page: visit.page(),
        ..sight(visit, set.name)
    });
}

/// Browsers take no other `Domain` (RFC 6265bis section 5.7), and what stands in one that they refuse may be anything.
fn covers(domain: &str, host: &str) -> bool {
    let host = without_port(host).as_bytes();
    let start = host.len().saturating_sub(domain.len());
    host[start..].eq_ignore_ascii_case(domain.as_bytes()) && (start == 0 || host[start - 1] == b'.')
}

fn sight<'v>(visit: &'v Visit, name: &'v [u8]) -> CookieSight<'v> {
    CookieSight {
        name,
        judged_by: None,
        marks: Marks::default(),
        domain: None,
        path: None,
        kept: None,
        page: page_of(visit),
        at: visit.now,
    }
}

/// The page, where the request is for one.
fn page_of(visit: &Visit) -> &str {
    if visit.asked.may_be_document() { visit.page() } else { "" }
}

/// Notes a host that a script of a page wants, where the YAML, the catalogue or a list knows it: the name alone, for any
/// visitor could ask about any other, and the address says what they do.
pub(super) fn asked(visit: &Visit, url: &Url, verdict: &Verdict<'_>) {
    let is_known = matches!(verdict.rule, Rule::Site(_) | Rule::Catalogue(..) | Rule::List { .. });
    let host = url.host_str().filter(|host| is_known && *host != visit.host_name());
    if let Some(host) = host {
        visit.site.inventory.stock.saw_tag(&TagSight {
            host: Some(host),
            tag: "",
            company: verdict.rule.whose(),
            purpose: verdict.purpose.map(|purpose| visit.site.policy.purposes().name(purpose)),
            marks: Marks::ASKED | Marks::KNOWN | Marks::HOLDS.when(verdict.is_hold()),
            page: "",
            at: visit.now,
        });
    }
}

/// What the YAML or the catalogue calls it.
pub(super) fn pattern<'p>(rule: &Rule<'p>) -> Option<&'p str> {
    match rule {
        Rule::Site(pattern) | Rule::Catalogue(pattern, _) => Some(pattern),
        _ => None,
    }
}

/// Where something was judged, and whether the gate acts there.
struct Place<'p> {
    site: &'p Site,
    page: &'p str,
    enforces: bool,
}

impl<'p> Place<'p> {
    fn of(visit: &'p Visit) -> Self {
        Self { site: &visit.site, page: page_of(visit), enforces: visit.enforces() }
    }
}

/// An unclassified cookie is counted by its own name, or by what names that a program makes up have in common, so that it
/// can be found and classified; but not by a name that a visitor sent: they could send any.
fn rule_of(verdict: &Verdict<'_>, kind: Kind, name: &[u8]) -> String {
    match verdict.rule {
        Rule::Unclassified if kind == Kind::CookieResponse => {
            format!("{}: {}", verdict.rule, shown(pattern_of(name, None).as_bytes()))
        }
        _ => verdict.rule.to_string(),
    }
}

/// Reports what a page's body comes upon while it streams.
pub(super) fn of_page(visit: &Visit) -> Report {
    let (site, now, enforces) = (Arc::clone(&visit.site), visit.now, visit.enforces());
    let (path, page, host) = (shown(visit.path.as_bytes()), visit.page().to_owned(), visit.host_name());
    Box::new(move |seen| match seen {
        Seen::Held(findings) => {
            let place = Place { site: &site, page: &page, enforces };
            for finding in &findings {
                tag(&place, finding, (&host, now));
            }
        }
        Seen::Abandoned(why) => abandoned(&site, why.name(), &path),
    })
}

/// Reports what was held of `Link` headers.
pub(super) fn hints(visit: &Visit, findings: &[Finding]) {
    let place = Place::of(visit);
    for finding in findings {
        note(&place, finding, (&visit.host_name(), visit.now));
        held(&place, (Kind::Hint, finding.purpose), &finding.rule, &|| shown(finding.address.as_bytes()));
    }
}

/// Reports what a header of the site's would have fetched or told; the address without its query.
pub(super) fn header(visit: &Visit, name: &str, verdict: &Verdict<'_>, address: &str) {
    let rule = shown(verdict.rule.to_string().as_bytes());
    let what = || format!("{name} {}", shown(address.as_bytes()));
    held(&Place::of(visit), (Kind::Hint, verdict.purpose), &rule, &what);
}

/// Reports a header that has the browser note something for advertisers.
pub(super) fn advertising(visit: &Visit, name: &str) {
    held(&Place::of(visit), (Kind::Hint, None), &format!("header: {name}"), &|| name.to_owned());
}

/// Reports what a browser says the strict policy stopped, or would have. Only the first of each host is logged, and
/// never its query.
pub(super) fn stopped(visit: &Visit, host: &str, path: &str) {
    let strict = visit.site.config.csp == Csp::Strict && visit.enforces();
    let deed = if strict { Deed::Held } else { Deed::WouldHold };
    if visit.site.counters.reported(deed, &shown(host.as_bytes())) {
        let what = format!("{}{}", shown(host.as_bytes()), shown(path.as_bytes()));
        tracing::info!(site = visit.site.name(), kind = Kind::Csp.name(), what, "{}", deed.name());
    }
}

/// Reports a request for a tracker of the site's own.
pub(super) fn request(visit: &Visit, verdict: &Verdict<'_>) {
    let rule = shown(verdict.rule.to_string().as_bytes());
    held(&Place::of(visit), (Kind::Request, verdict.purpose), &rule, &|| shown(visit.path.as_bytes()));
}

/// Reports a page that was not rewritten. The log has the first one of each reason; the counters have them all.
pub(super) fn not_rewritten(visit: &Visit, why: Abandoned) {
    abandoned(&visit.site, why.name(), &shown(visit.path.as_bytes()));
}

fn abandoned(site: &Site, why: &'static str, path: &str) {
    if site.counters.abandoned(why) {
        tracing::warn!(site = site.name(), path, why, "page not rewritten (the first one for this reason)");
    }
}

fn tag(place: &Place<'_>, finding: &Finding, (own, now): (&str, UnixSeconds)) {
    let site = place.site;
    let host = finding.address.split('/').next().unwrap_or_default();
    if let Some((purpose, company)) = finding.whose {
        site.inventory.saw_company(company, purpose);
        if finding.address != INLINE {
            site.inventory.saw_host(host, Some(purpose));
        }
    }
    note(place, finding, (own, now));
    let kind = if finding.address == INLINE { Kind::Script } else { Kind::Tag };
    if kind == Kind::Tag && (finding.held || finding.purpose != Some(Purpose::ESSENTIAL)) {
        // What passed for a purpose has been agreed to: it is not there whatever the visitor chooses.
        let asked = finding.held || finding.purpose.is_some();
        site.inventory.tags.saw(host, asked.then_some(finding.purpose), finding.company);
    }
    // By a rule, or because the visitor agreed: nobody has to do anything about it.
    if !finding.held && (finding.company.is_some() || finding.purpose.is_some()) {
        return;
    }
    let what = || format!("{} {}", finding.tag, shown(finding.address.as_bytes()));
    let rule = shown(finding.rule.as_bytes());
    if finding.held {
        held(place, (kind, finding.purpose), &rule, &what);
    } else {
        judged(place, (Deed::Passed, kind, finding.purpose), &rule, &what);
    }
}

/// What a script in the page itself has for an address.
const INLINE: &str = "inline";

/// Notes whose the tag is. What the site serves itself is no third party, but may be some company's.
fn note(place: &Place<'_>, finding: &Finding, (own, now): (&str, UnixSeconds)) {
    let host = finding.address.split('/').next().filter(|host| !matches!(*host, "" | INLINE) && *host != own);
    let is_declared = finding.rule.starts_with("yaml: ");
    let by_consent = place.site.policy.purposes().by_consent();
    let is_asked = |purpose| purpose != Purpose::ESSENTIAL && by_consent.contains(purpose);
    let is_known = finding.purpose.is_some() || finding.company.is_some() || finding.rule.starts_with("banner: ");
    place.site.inventory.stock.saw_tag(&TagSight {
        host,
        tag: &finding.tag,
        company: finding.company,
        purpose: finding.purpose.map(|purpose| place.site.policy.purposes().name(purpose)),
        // What this visitor has agreed to is held for others.
        marks: Marks::IN_PAGE
            | Marks::HOLDS.when(finding.held || finding.purpose.is_some_and(is_asked))
            | Marks::KNOWN.when(is_known)
            | Marks::DECLARED.when(is_declared),
        page: place.page,
        at: now,
    });
}

fn held(place: &Place<'_>, (kind, purpose): (Kind, Option<Purpose>), rule: &str, what: &dyn Fn() -> String) {
    let deed = if place.enforces { Deed::Held } else { Deed::WouldHold };
    judged(place, (deed, kind, purpose), rule, what);
}

fn judged(
    place: &Place<'_>,
    (deed, kind, purpose): (Deed, Kind, Option<Purpose>),
    rule: &str,
    what: &dyn Fn() -> String,
) {
    let Place { site, page, .. } = place;
    let purpose = purpose.map(|purpose| site.policy.purposes().name(purpose));
    if site.counters.judged_on(&Judged { deed, kind, rule, purpose, page }) {
        tracing::info!(site = site.name(), kind = kind.name(), rule, what = what(), "{}", deed.name());
    }
}

/// Bytes from outside as they may stand in a log line: no control characters, no direction marks, not endless.
fn shown(bytes: &[u8]) -> String {
    const LONGEST: usize = 120;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST)]);
    text.chars().map(|c| if c.is_control() || is_direction(c) { '\u{fffd}' } else { c }).collect()
}

fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
