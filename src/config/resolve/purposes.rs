//! A site's purposes and what allows each of them.
//!
//! An exception stands only where every point that it asks for is vouched for, by somebody, on a day (REQUIREMENTS A4, A7).

use super::super::excerpt::quoted;
use super::super::shape::did_you_mean;
use super::super::written::{self, Found, FullPurpose, Site};
use super::{Resolver, items, text};
use crate::consent::{Basis, Purpose, PurposeFault, Purposes, Terms};
use crate::policy::{Attested, BasisRule, rule_set};

impl Resolver<'_, '_> {
    /// Names first, so that each fault stands at the name that has it; then the terms of each.
    pub(super) fn purposes(&mut self, written: &Site) -> Purposes {
        let mut own: Vec<&str> = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        for found in items(&written.purposes) {
            let Some((place, name)) = self.name_of(found) else { continue };
            if seen.contains(&name) {
                self.report.fault(
                    &place,
                    format!("the purpose {} is there already", quoted(name)),
                    "take one of them out",
                );
            } else if Purpose::built_in(name).is_some() {
                seen.push(name);
            } else {
                match Purposes::with_own(own.iter().copied().chain([name])) {
                    Ok(_) => (own.push(name), seen.push(name)).0,
                    Err(PurposeFault::BadName(_)) => {
                        let message = format!("{} is not a purpose's name", quoted(name));
                        self.report.fault(&place, message, "use 1 to 20 of a-z, 0-9 and '-'");
                    }
                    Err(fault) => self.report.fault(&place, fault.to_string(), "take it out"),
                }
            }
        }
        let mut purposes = Purposes::with_own(own).unwrap_or_default();
        for found in items(&written.purposes) {
            if let written::Purpose::Full(full) = &found.1 {
                purposes = self.on_terms(purposes, found, full);
            }
        }
        let order: Vec<_> = seen.iter().filter_map(|name| purposes.find(name)).collect();
        purposes.shown_as(&order)
    }

    fn name_of<'w>(&self, found: &'w Found<written::Purpose>) -> Option<(super::super::fault::Place, &'w str)> {
        match &found.1 {
            written::Purpose::Name(name) => Some((self.place(found), name)),
            written::Purpose::Full(full) => full.name.as_ref().map(|name| (self.place(name), &*name.1)),
        }
    }

    fn on_terms(&mut self, purposes: Purposes, found: &Found<written::Purpose>, full: &FullPurpose) -> Purposes {
        let Some(purpose) = full.name.as_ref().and_then(|name| purposes.find(&name.1)) else { return purposes };
        if purpose == Purpose::ESSENTIAL {
            self.essential_has_no_terms(full);
            return purposes;
        }
        let version = full.version.as_ref().map(|version| self.version(Some(version))).unwrap_or_default();
        let basis = match &full.used {
            Some(Found(_, false)) => Basis::Unused,
            _ => self.basis(found, full, purpose),
        };
        purposes.on_terms(purpose, Terms { version: version.into(), basis })
    }

    /// What is strictly necessary is never asked about and cannot be refused: any setting of it would be misread.
    fn essential_has_no_terms(&mut self, full: &FullPurpose) {
        let hint = "take it out: essential is strictly necessary, is never asked about and cannot be refused";
        if let Some(found) = &full.basis {
            self.fault(found, "essential has a basis of its own: strictly_necessary", hint);
        }
        if let Some(found) = &full.version {
            self.fault(found, "essential has no version: nobody is asked about it", hint);
        }
        if let Some(found) = &full.used {
            self.fault(found, "essential is always used", hint);
        }
    }

    fn basis(&mut self, found: &Found<written::Purpose>, full: &FullPurpose, purpose: Purpose) -> Basis {
        let Some(basis) = &full.basis else {
            self.vouched_for_nothing(full);
            return Basis::Consent;
        };
        let selectable: Vec<&str> =
            rule_set().bases.iter().filter(|basis| basis.selectable).map(|basis| &*basis.id).collect();
        let rule = match rule_set().find(&basis.1) {
            Some(rule) if rule.selectable => rule,
            Some(rule) => {
                let message = format!("{} cannot be chosen for a purpose", quoted(&basis.1));
                let name = &rule.name;
                self.fault(
                    basis,
                    message,
                    format!("{name} needs no choice: give the cookie's rule 'purpose: essential'"),
                );
                return Basis::Consent;
            }
            None => {
                let message = format!("{} is not a basis", quoted(&basis.1));
                self.fault(basis, message, did_you_mean(&basis.1, &selectable));
                return Basis::Consent;
            }
        };
        if !rule.objection {
            self.vouched_for_nothing(full);
            return Basis::Consent;
        }
        if !rule_set().covers(&rule.id, purpose) {
            let name = text(&full.name).unwrap_or_default();
            let message = format!("{} never covers {name}", quoted(&rule.id));
            self.fault(basis, message, format!("{name} needs consent: take 'basis' out"));
        }
        self.attested(found, full, rule);
        Basis::UntilObjected(rule.id.clone())
    }

    /// Every point the exception asks for, by whom, and when (A7).
    fn attested(&mut self, found: &Found<written::Purpose>, full: &FullPurpose, rule: &BasisRule) {
        let hint = "see docs/bases.md: if it cannot be vouched for, take 'basis' out and ask for consent";
        let attest = full.attest.as_ref().map(|attest| &attest.1);
        let point = |point: &str| attest.and_then(|attest| attest.of(point)).and_then(Option::as_ref);
        let missing: Vec<&str> = rule.attest.iter().map(|name| &**name).filter(|name| point(name).is_none()).collect();
        if !missing.is_empty() {
            let at = full.attest.as_ref().map_or_else(|| self.place(found), |attest| self.place(attest));
            let message = format!("{} has to be vouched for: 'attest' lacks {}", quoted(&rule.id), missing.join(", "));
            self.report.fault(&at, message, hint);
        }
        for denied in rule.attest.iter().filter_map(|name| point(name)).filter(|found| !found.1) {
            self.fault(denied, format!("{} does not cover this: the point must be true", quoted(&rule.id)), hint);
        }
        for (key, value) in [("who", text(&full.who)), ("date", text(&full.date))] {
            if value.is_none() {
                let message = format!("{} has to be vouched for: '{key}' is missing", quoted(&rule.id));
                self.fault(found, message, "write who vouches for it, and the day: who: A. Officer, date: 2026-11-23");
            }
        }
        if let Some(date) = full.date.as_ref().filter(|date| !is_date(&date.1)) {
            let message = format!("{} is not a day", quoted(&date.1));
            self.fault(date, message, "write the year, the month and the day: 2026-11-23");
        }
    }

    /// An attestation that vouches for nothing is a slip: perhaps the basis was forgotten.
    fn vouched_for_nothing(&mut self, full: &FullPurpose) {
        if let Some(attest) = &full.attest {
            self.fault(
                attest,
                "nothing has to be vouched for where consent is asked",
                "add 'basis: statistical', or take it out",
            );
        }
    }

    /// Sites that share a domain share one choice cookie, and each would ask again for what another does not have.
    pub(super) fn same_where_shared(&mut self, sites: &[crate::gateway::Config], written: &[Found<Site>]) {
        // Where a site has a fault of its own it is not here, and its place says nothing.
        let written = if sites.len() == written.len() { written } else { &[] };
        for (at, site) in sites.iter().enumerate().filter(|(_, site)| site.share.is_some()) {
            let Some(other) = sites[..at].iter().find(|other| other.share == site.share) else { continue };
            let Some((what, found)) =
                difference(site, other).zip(written.get(at).and_then(|found| found.1.share.as_ref()))
            else {
                continue;
            };
            let name = &other.hosts[0];
            let message = format!("shares its choice with the site {name}, and their {what} differ");
            self.fault(found, message, format!("write the same {what} for both, or take 'share' out of one of them"));
        }
    }
}

/// Who vouched for what; whatever lacks something is a fault already.
pub(super) fn attested(written: &[Found<written::Purpose>], purposes: &Purposes) -> Vec<Attested> {
    let full = written.iter().filter_map(|found| match &found.1 {
        written::Purpose::Full(full) => Some(full),
        written::Purpose::Name(_) => None,
    });
    let attested = full.filter_map(|full| {
        let name = &full.name.as_ref()?.1;
        let rule = rule_set().find(exception(name, purposes)?)?;
        let attest = &full.attest.as_ref()?.1;
        let vouched = |point: &str| attest.of(point).and_then(Option::as_ref).is_some_and(|found| found.1);
        Some(Attested {
            purpose: purposes.find(name)?,
            points: rule.attest.iter().filter(|point| vouched(point)).cloned().collect(),
            who: text(&full.who)?,
            date: text(&full.date)?,
        })
    });
    attested.collect()
}

/// What keeps two sites from sharing one choice.
fn difference(one: &crate::gateway::Config, other: &crate::gateway::Config) -> Option<&'static str> {
    let days = |site: &crate::gateway::Config| (site.notice.days, site.notice.refusal_days);
    let differs = [
        (!one.policy.purposes.means_the_same(&other.policy.purposes), "'purposes'"),
        (one.notice.version != other.notice.version, "'notice.version'"),
        (days(one) != days(other), "'notice.days' and 'notice.refusal_days'"),
    ];
    differs.into_iter().find(|(differs, _)| *differs).map(|(_, what)| what)
}

/// The exception that a purpose of this site rests on.
pub(super) fn exception<'p>(name: &str, purposes: &'p Purposes) -> Option<&'p str> {
    match purposes.find(name).and_then(|purpose| purposes.terms(purpose)).map(|terms| &terms.basis) {
        Some(Basis::UntilObjected(basis)) => Some(basis),
        _ => None,
    }
}

/// A day as the schema writes it: `2026-11-23`.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number =
        |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u32>().ok()).flatten();
    match parts[..] {
        [year, month, day] if (year.len(), month.len(), day.len()) == (4, 2, 2) => {
            number(year).is_some_and(|year| year >= 2026)
                && number(month).is_some_and(|month| (1..=12).contains(&month))
                && number(day).is_some_and(|day| (1..=31).contains(&day))
        }
        _ => false,
    }
}
