//! What was held, or would have been: counted always, logged the first time it is seen.
//!
//! A rule and an address's host and path go to the log; values, queries and visitors never do.

use std::sync::Arc;

use crate::html::{Abandoned, Finding};
use crate::inventory::{Deed, Kind};
use crate::policy::{Rule, Verdict};

use super::body::{Report, Seen};
use super::visit::Visit;
use super::{Csp, Mode, Site};

/// The verdict on a cookie for this visit, reported where it is to hold.
pub(super) fn holds(visit: &Visit, kind: Kind, name: &[u8]) -> bool {
    let verdict = visit.site.policy.cookie(name, visit.granted);
    // A script has set it. Only what somebody has classified is noted, and from whoever may have it: any visitor could
    // send any other name, and without a choice that is in the ledger any name at all.
    if let (Kind::CookieRequest, Rule::Site(pattern) | Rule::Catalogue(pattern, _)) = (kind, &verdict.rule)
        && !verdict.is_hold()
    {
        visit.site.inventory.saw_sent(pattern, visit.now);
    }
    if verdict.is_hold() {
        held(&visit.site, kind, &rule_of(&verdict, kind, name), &|| shown(name));
    }
    verdict.is_hold()
}

/// An unclassified cookie is counted by its own name, so that it can be found and classified; but not by a name that a
/// visitor sent: they could send any.
fn rule_of(verdict: &Verdict<'_>, kind: Kind, name: &[u8]) -> String {
    match verdict.rule {
        Rule::Unclassified if kind == Kind::CookieResponse => format!("{}: {}", verdict.rule, shown(name)),
        _ => verdict.rule.to_string(),
    }
}

/// Reports what a page's body comes upon while it streams.
pub(super) fn of_page(visit: &Visit) -> Report {
    let site = Arc::clone(&visit.site);
    let path = shown(visit.path.as_bytes());
    Box::new(move |seen| match seen {
        Seen::Held(findings) => findings.iter().for_each(|finding| tag(&site, finding)),
        Seen::Abandoned(why) => abandoned(&site, why.name(), &path),
    })
}

/// Reports what was held of `Link` headers.
pub(super) fn hints(visit: &Visit, findings: &[Finding]) {
    for finding in findings {
        held(&visit.site, Kind::Hint, &finding.rule, &|| shown(finding.address.as_bytes()));
    }
}

/// Reports what a header of the site's would have fetched or told; the address without its query.
pub(super) fn header(visit: &Visit, name: &str, verdict: &Verdict<'_>, address: &str) {
    let rule = shown(verdict.rule.to_string().as_bytes());
    held(&visit.site, Kind::Hint, &rule, &|| format!("{name} {}", shown(address.as_bytes())));
}

/// Reports a header that has the browser note something for advertisers.
pub(super) fn advertising(visit: &Visit, name: &str) {
    held(&visit.site, Kind::Hint, &format!("header: {name}"), &|| name.to_owned());
}

/// Reports what a browser says the strict policy stopped, or would have. Only the first of each host is logged, and
/// never its query.
pub(super) fn stopped(visit: &Visit, host: &str, path: &str) {
    let deed = if visit.site.config.csp == Csp::Strict { Deed::Held } else { Deed::WouldHold };
    if visit.site.counters.reported(deed, &shown(host.as_bytes())) {
        let what = format!("{}{}", shown(host.as_bytes()), shown(path.as_bytes()));
        tracing::info!(site = visit.site.name(), kind = Kind::Csp.name(), what, "{}", deed.name());
    }
}

/// Reports a request for a tracker of the site's own.
pub(super) fn request(visit: &Visit, verdict: &Verdict<'_>) {
    let rule = shown(verdict.rule.to_string().as_bytes());
    held(&visit.site, Kind::Request, &rule, &|| shown(visit.path.as_bytes()));
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

fn tag(site: &Site, finding: &Finding) {
    if let Some((purpose, company)) = finding.whose {
        site.inventory.saw_company(company, purpose);
        if finding.address != "inline" {
            site.inventory.saw_host(finding.address.split('/').next().unwrap_or_default(), Some(purpose));
        }
    }
    let kind = if finding.address == "inline" { Kind::Script } else { Kind::Tag };
    if kind == Kind::Tag {
        let host = finding.address.split('/').next().unwrap_or_default();
        site.inventory.tags.saw(host, finding.held.then_some(finding.purpose), finding.company);
    }
    if !finding.held && finding.company.is_some() {
        return;
    }
    let what = || format!("{} {}", finding.tag, shown(finding.address.as_bytes()));
    let rule = shown(finding.rule.as_bytes());
    if finding.held {
        held(site, kind, &rule, &what);
    } else if site.counters.judged(Deed::Passed, kind, &rule) {
        tracing::info!(site = site.name(), kind = kind.name(), rule, what = what(), "{}", Deed::Passed.name());
    }
}

fn held(site: &Site, kind: Kind, rule: &str, what: &dyn Fn() -> String) {
    let deed = if site.config.mode == Mode::Enforce { Deed::Held } else { Deed::WouldHold };
    if site.counters.judged(deed, kind, rule) {
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
