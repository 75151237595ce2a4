//! What no exception covers, whatever is vouched for: recordings of visits and advertising under any of them, measuring
//! under any but `statistical` (REQUIREMENTS A6, A7).
//!
//! A rule for an exception is refused. A rule that calls such a thing essential is a warning: the operator may know
//! better, and answers for it.

use super::super::excerpt::quoted;
use super::super::known::known_purpose;
use super::super::written::{self, Found, Key};
use super::Resolver;
use super::purposes::exception;
use crate::catalogue::pattern::AddressPattern;
use crate::catalogue::{self, Company};
use crate::consent::{Purpose, Purposes};
use crate::policy::rule_set;

const CONSENT: &str = "give it a purpose that asks for consent";

impl Resolver<'_, '_> {
    /// For the name of a cookie, or the key of a store.
    pub(super) fn judge_name(&mut self, name: &Key<String>, purpose: &Key<String>, purposes: &Purposes) {
        let (Some(name), Some(found)) = (name, purpose) else { return };
        self.warn_of_known_name(name, found);
        let Some(basis) = exception(&found.1, purposes) else { return };
        if let Some(known) = rule_set().cookie_not_covered(basis, &name.1) {
            let what = if *known == *name.1 { String::new() } else { format!(" takes in {known}, which") };
            let message = format!("{}{what} is known to {}", quoted(&name.1), never(basis));
            self.fault(found, message, format!("{CONSENT}, or name fewer cookies"));
        }
    }

    /// For a tag, by the host that its pattern names; a pattern that names none, by whom it takes in.
    pub(super) fn judge_tag(&mut self, written: &written::TagRule, purposes: &Purposes) {
        let (Some(pattern), Some(found)) = (&written.r#match, &written.purpose) else { return };
        if found.1 == "essential" {
            if let Some(company) = not_covered("strictly_necessary", &pattern.1) {
                let place = self.place(found);
                let message = format!("{}, and the rule makes it pass without consent", known_for(company));
                self.report.warn(&place, message, CONSENT);
            }
            return;
        }
        let Some(basis) = exception(&found.1, purposes) else { return };
        if let Some(company) = not_covered(basis, &pattern.1) {
            self.fault(found, format!("{} is known to {}", company.name, never(basis)), CONSENT);
        }
    }

    /// A list of trackers is what nobody has looked at one by one.
    pub(super) fn refuse_list_as_exempt(&mut self, found: &Found<String>, purposes: &Purposes) {
        if let Some(basis) = exception(&found.1, purposes) {
            let message = format!("{basis} covers what is named and vouched for, not a list of trackers");
            self.fault(found, message, "give the list a purpose that asks for consent");
        }
    }

    fn warn_of_known_name(&mut self, name: &Found<String>, purpose: &Found<String>) {
        let known = known_purpose(&name.1).filter(|known| [Purpose::ANALYTICS, Purpose::MARKETING].contains(known));
        if let Some(known) = known.filter(|_| purpose.1 == "essential") {
            let known = Purposes::default().name(known).to_owned();
            let place = self.place(purpose);
            let message =
                format!("{} is known as {known}, and the rule makes it pass without consent", quoted(&name.1));
            self.report.warn(&place, message, format!("write 'purpose: {known}'"));
        }
    }
}

fn never(basis: &str) -> String {
    let measures = if rule_set().covers(basis, Purpose::ANALYTICS) { "" } else { "measure, to " };
    format!("{measures}record visits or to serve advertising: {basis} never covers it")
}

fn known_for(company: &Company) -> String {
    match company.purpose {
        Some(purpose) => format!("{} is known for {}", company.name, Purposes::default().name(purpose)),
        None => format!("{} is known as no part of what a visitor asked for", company.name),
    }
}

/// Whom a tag rule names or takes in that this basis does not cover.
fn not_covered(basis: &str, pattern: &str) -> Option<&'static Company> {
    let is_not = |company: &&Company| !rule_set().covers_company(basis, company);
    let (host, path) = host_and_path(pattern);
    if let Some(company) = catalogue::address(host, path).or_else(|| catalogue::own_path(path)) {
        return Some(company).filter(is_not);
    }
    let pattern = AddressPattern::parse(pattern).ok()?;
    let takes_in = |company: &&Company| {
        let slash = if company.domain.contains('/') { "" } else { "/" };
        ["", "www."].iter().any(|host| pattern.matches(&format!("https://{host}{}{slash}", company.domain)))
    };
    // The map has no order; a fault has to read the same every time.
    catalogue::companies().filter(is_not).filter(takes_in).min_by_key(|company| company.domain)
}

/// `||www.example.com/a^` names a host and the beginning of a path; a pattern without a host names none.
fn host_and_path(pattern: &str) -> (&str, &str) {
    let rest = pattern.trim_start_matches('|');
    let rest = rest.split_once("://").map_or(rest, |(_, rest)| rest);
    let end = rest.find(['/', '^', '*', ':', '?']).unwrap_or(rest.len());
    let path = &rest[end..];
    (&rest[..end], if path.starts_with('/') { path.trim_end_matches(['^', '*']) } else { "/" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(basis: &str, pattern: &str) -> Option<&'static str> {
        not_covered(basis, pattern).map(|company| company.name)
    }

    #[test]
    fn a_tag_rule_is_judged_by_the_host_it_names_or_whom_it_takes_in() {
        assert_eq!(named("statistical", "||clarity.ms^"), Some("Microsoft Clarity"));
        assert_eq!(named("statistical", "clarity.ms"), Some("Microsoft Clarity"));
        assert_eq!(named("statistical", "*.hotjar.com/"), named("statistical", "||static.hotjar.com^"));
        assert!(named("statistical", "*.hotjar.com/").is_some());
        assert_eq!(named("statistical", "||cdn.matomo.cloud^"), None);
        assert!(named("appearance", "||cdn.matomo.cloud^").is_some() && named("appearance", "/matomo.js").is_some());
        assert_eq!(named("statistical", "||stats.example.gov.uk^"), None);
        assert_eq!(named("appearance", "/themes/large-text.css"), None);
    }
}
