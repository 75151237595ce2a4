//! Two audits of the same sites: what came, what went, and what that did to the score.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

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
    /// What was left at least before, and now: where it is less than the score, something could not be looked at.
    #[serde(default)]
    pub score_at_least_before: Option<u8>,
    /// What is left at least now.
    #[serde(default)]
    pub score_at_least_now: Option<u8>,
    /// Criteria with another outcome or another deduction than before.
    #[serde(default)]
    pub criteria: Vec<CriterionChange>,
    /// Found now and not before: `untouched: cookie _ga for example.gov.uk`.
    pub came: Vec<String>,
    /// Found before and not now.
    pub went: Vec<String>,
    /// Criteria that are met now and were not.
    pub met_now: Vec<String>,
    /// Criteria that were met and are not now.
    pub not_met_now: Vec<String>,
}

/// A criterion, before and now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CriterionChange {
    /// The criterion.
    pub id: String,
    /// What came of it before.
    pub before: Verdict,
    /// What came of it now.
    pub now: Verdict,
    /// How many points it took away before.
    pub deducted_before: u8,
    /// How many it takes away now.
    pub deducted_now: u8,
}

/// Compares each site with the audit of the same address before; sites that were not audited then are left out.
pub fn changes(before: &Report, now: &Report) -> Vec<Changes> {
    let earlier = |site: &&SiteReport| before.sites.iter().find(|old| old.url == site.url);
    now.sites.iter().filter_map(|site| earlier(&site).map(|old| of_site(old, site))).collect()
}

impl Report {
    /// Where each of the two is of one site, that site was asked by another address then, such as without the gate: what was its
    /// own then is its own now.
    #[must_use]
    pub fn under_the_address_of(mut self, now: &Self) -> Self {
        let ([old], [new]) = (&mut self.sites[..], &now.sites[..]) else { return self };
        let (Ok(was), Ok(is)) = (Url::parse(&old.url), Url::parse(&new.url)) else { return self };
        let (was_host, is_host) = (was.host_str().unwrap_or_default(), is.host_str().unwrap_or_default());
        let origins = (was.origin().ascii_serialization(), is.origin().ascii_serialization());
        let states = &mut old.states;
        let others = [&mut states.rejected, &mut states.accepted, &mut states.withdrawn];
        for state in others.into_iter().flatten().chain([&mut states.untouched]) {
            let own = state.cookies.iter_mut().filter(|cookie| cookie.domain == was_host);
            own.for_each(|cookie| is_host.clone_into(&mut cookie.domain));
            let own = state.storage.iter_mut().filter(|stored| stored.origin == origins.0);
            own.for_each(|stored| stored.origin.clone_from(&origins.1));
        }
        old.url.clone_from(&new.url);
        self
    }
}

fn of_site(old: &SiteReport, new: &SiteReport) -> Changes {
    // What was in a state that only one of the two reached has neither come nor gone.
    let both_reached = |phase: &Phase| old.states.of(*phase).is_some() && new.states.of(*phase).is_some();
    let phases: Vec<_> = Phase::ALL.into_iter().filter(both_reached).collect();
    let (before, now) = (things(old, &phases), things(new, &phases));
    let verdict = |site: &SiteReport, wanted| {
        let outcomes = site.criteria.iter().filter(move |outcome| outcome.verdict == wanted);
        outcomes.map(|outcome| outcome.id.clone()).collect::<BTreeSet<_>>()
    };
    let both = |one: BTreeSet<String>, other: BTreeSet<String>| one.intersection(&other).cloned().collect();
    Changes {
        url: new.url.clone(),
        score_before: old.score,
        score_now: new.score,
        score_at_least_before: old.score_at_least,
        score_at_least_now: new.score_at_least,
        criteria: of_criteria(old, new),
        came: now.difference(&before).cloned().collect(),
        went: before.difference(&now).cloned().collect(),
        met_now: both(verdict(old, Verdict::NotMet), verdict(new, Verdict::Met)),
        not_met_now: both(verdict(old, Verdict::Met), verdict(new, Verdict::NotMet)),
    }
}

fn of_criteria(old: &SiteReport, new: &SiteReport) -> Vec<CriterionChange> {
    let pairs = new.criteria.iter().filter_map(|now| {
        let before = old.criteria.iter().find(|before| before.id == now.id)?;
        Some((before, now))
    });
    let changed = pairs.filter(|(before, now)| (before.verdict, before.deducted) != (now.verdict, now.deducted));
    changed
        .map(|(before, now)| CriterionChange {
            id: now.id.clone(),
            before: before.verdict,
            now: now.verdict,
            deducted_before: before.deducted,
            deducted_now: now.deducted,
        })
        .collect()
}

/// Everything found, by state. A generated name counts as its pattern: another visitor's number is no change.
fn things(site: &SiteReport, phases: &[Phase]) -> BTreeSet<String> {
    let states = phases.iter().filter_map(|phase| Some((phase, site.states.of(*phase)?)));
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
        let criterion = changed.criteria.iter().find(|change| change.id == "cookies_before_choice").unwrap();
        assert_eq!((criterion.deducted_before, criterion.deducted_now), (20, 0));
        assert_eq!(changes(&now, &before)[0].not_met_now, ["cookies_before_choice"]);
        assert!(changes(&Report::default(), &now).is_empty());
    }

    #[test]
    fn one_site_under_another_address_is_the_same_site() {
        let report = |sites| Report { sites, ..Report::default() };
        let mut moved = site(&["_ga_*", "theme"], &[]);
        moved.url = "http://10.0.0.5:80/".into();
        moved.states.untouched.cookies.iter_mut().for_each(|cookie| cookie.domain = "10.0.0.5".into());
        let now = report(vec![site(&["theme"], &[])]);
        let before = report(vec![moved.clone()]);
        assert!(changes(&before, &now).is_empty());
        let [changed] = &changes(&before.under_the_address_of(&now), &now)[..] else { panic!() };
        assert_eq!((&changed.went[..], changed.came.len()), (&["untouched: cookie _ga_* for e".to_owned()][..], 0));
        let two = report(vec![moved.clone(), moved]).under_the_address_of(&now);
        assert!(changes(&two, &now).is_empty(), "of several nobody knows which");
    }

    #[test]
    fn a_state_that_one_of_the_two_did_not_reach_is_no_change() {
        let mut accepted = site(&[], &[]);
        accepted.states.accepted = Some(site(&["_ga_*"], &["a.example"]).states.untouched);
        let report = |site| Report { sites: vec![site], ..Report::default() };
        let (before, now) = (report(accepted), report(site(&[], &[])));
        assert_eq!((changes(&before, &now)[0].went.len(), changes(&now, &before)[0].came.len()), (0, 0));
    }
}
