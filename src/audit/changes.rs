//! Two audits of the same sites: what came, what went, and what that did to the score.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Phase, Report, SiteReport, State, Verdict};

/// What changed on one site since an earlier audit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changes {
    /// The site's address.
    pub url: String,
    /// The score before; absent where there was none.
    pub score_before: Option<u8>,
    /// The score now.
    pub score_now: Option<u8>,
    /// Found now and not before: `untouched: cookie _ga for example.gov.uk`.
    pub came: Vec<String>,
    /// Found before and not now.
    pub went: Vec<String>,
    /// Criteria that are met now and were not.
    pub met_now: Vec<String>,
    /// Criteria that were met and are not now.
    pub not_met_now: Vec<String>,
}

/// Compares each site with the audit of the same address before; sites that were not audited then are left out.
pub fn changes(before: &Report, now: &Report) -> Vec<Changes> {
    let earlier = |site: &&SiteReport| before.sites.iter().find(|old| old.url == site.url);
    now.sites.iter().filter_map(|site| earlier(&site).map(|old| of_site(old, site))).collect()
}

fn of_site(old: &SiteReport, new: &SiteReport) -> Changes {
    let (before, now) = (things(old), things(new));
    let verdict = |site: &SiteReport, wanted| {
        let outcomes = site.criteria.iter().filter(move |outcome| outcome.verdict == wanted);
        outcomes.map(|outcome| outcome.id.clone()).collect::<BTreeSet<_>>()
    };
    let both = |one: BTreeSet<String>, other: BTreeSet<String>| one.intersection(&other).cloned().collect();
    Changes {
        url: new.url.clone(),
        score_before: old.score,
        score_now: new.score,
        came: now.difference(&before).cloned().collect(),
        went: before.difference(&now).cloned().collect(),
        met_now: both(verdict(old, Verdict::NotMet), verdict(new, Verdict::Met)),
        not_met_now: both(verdict(old, Verdict::Met), verdict(new, Verdict::NotMet)),
    }
}

/// Everything found, by state. A generated name counts as its pattern: another visitor's number is no change.
fn things(site: &SiteReport) -> BTreeSet<String> {
    let states = Phase::ALL.into_iter().filter_map(|phase| Some((phase, site.states.of(phase)?)));
    states.flat_map(|(phase, state)| found(state).map(move |thing| format!("{}: {thing}", phase.name()))).collect()
}

fn found(state: &State) -> impl Iterator<Item = String> {
    let cookies = state.cookies.iter().map(|cookie| format!("cookie {} for {}", cookie.pattern, cookie.domain));
    let storage = state.storage.iter().map(|stored| format!("storage {} of {}", stored.key, stored.origin));
    cookies.chain(storage).chain(state.third_parties.iter().map(|other| format!("requests to {}", other.host)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{CookieFound, Mode, PageSeen, ThirdParty, judge};

    fn site(cookies: &[&str], hosts: &[&str]) -> SiteReport {
        let mut site = SiteReport { url: "https://e/".into(), ..SiteReport::default() };
        site.pages = vec![PageSeen { status: 200, ..PageSeen::default() }];
        let cookie = |name: &&str| CookieFound {
            pattern: (*name).into(),
            domain: "e".into(),
            purpose: Some("analytics".into()),
            ..CookieFound::default()
        };
        site.states.untouched.cookies = cookies.iter().map(cookie).collect();
        let host = |host: &&str| ThirdParty { host: (*host).into(), ..ThirdParty::default() };
        site.states.untouched.third_parties = hosts.iter().map(host).collect();
        judge(&mut site, Mode::Http);
        site
    }

    #[test]
    fn what_came_what_went_and_what_it_did() {
        let report = |site| Report { sites: vec![site], ..Report::default() };
        let (before, now) = (report(site(&["_ga_*"], &["a.example"])), report(site(&[], &["a.example", "b.example"])));
        let [changed] = &changes(&before, &now)[..] else { panic!() };
        assert_eq!(changed.came, ["untouched: requests to b.example"]);
        assert_eq!(changed.went, ["untouched: cookie _ga_* for e"]);
        assert_eq!((changed.score_before, changed.score_now), (Some(80), Some(100)));
        assert_eq!(changed.met_now, ["cookies_before_choice"]);
        assert_eq!(changes(&now, &before)[0].not_met_now, ["cookies_before_choice"]);
        assert!(changes(&Report::default(), &now).is_empty());
    }
}
