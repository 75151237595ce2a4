//! The score: 100 less what each criterion that is not met takes away. Same findings, same score.
//!
//! The criteria are data, published with every report. Each deduction comes with its evidence, and what could not be
//! looked at deducts nothing: the score is then an upper bound, and [`SiteReport::score_at_least`] the lower one.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalogue;

use super::{Control, Mode, NoticeSeen, Outcome, SiteReport, State, Verdict};

/// No list of evidence is longer; the last line says how many more there are.
const MOST_EVIDENCE: usize = 40;
const ESSENTIAL: &str = "essential";

/// The published file.
pub const FILE: &str = include_str!("data/criteria.json");

/// All criteria, in their order.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Criteria {
    /// Changes with any of them.
    pub version: String,
    /// What they are.
    pub about: String,
    /// Each of them.
    pub criteria: Vec<Criterion>,
}

/// What a site is measured by.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Criterion {
    /// Its name in reports.
    pub id: String,
    /// What it asks for.
    pub title: String,
    /// Who asks for it.
    pub source: String,
    /// Where that can be read.
    pub address: String,
    /// How it is tested.
    pub test: String,
    /// How many points it takes away where it is not met.
    #[schemars(extend("x-unit" = "points of 100"))]
    pub weight: u8,
    /// What has to look for it to be seen.
    pub needs: Mode,
}

/// The criteria in force.
pub fn criteria() -> &'static Criteria {
    static CRITERIA: LazyLock<Criteria> =
        LazyLock::new(|| serde_json::from_str(FILE).expect("the criteria's file is checked by a test"));
    &CRITERIA
}

/// Judges what was found and writes the outcome into the report. A site of which no page could be opened has no score.
pub fn judge(site: &mut SiteReport, mode: Mode) {
    judge_what_was_seen(site, mode, |_, _| None);
}

/// The same of findings that somebody else made: `unseen` says why a criterion cannot be judged by them, if it cannot.
pub(super) fn judge_what_was_seen(
    site: &mut SiteReport,
    mode: Mode,
    unseen: impl Fn(&SiteReport, &Criterion) -> Option<&'static str>,
) {
    let looked_at = site.pages.iter().any(|page| (200..400).contains(&page.status));
    let not_seen = |criterion: &Criterion, why: Option<&str>| Outcome {
        id: criterion.id.clone(),
        verdict: Verdict::NotSeen,
        evidence: why.map(str::to_owned).into_iter().collect(),
        ..Outcome::default()
    };
    let judged = |criterion: &Criterion| match unseen(site, criterion) {
        _ if !looked_at => not_seen(criterion, None),
        Some(why) => not_seen(criterion, Some(why)),
        None => outcome(criterion, site, mode),
    };
    site.criteria = criteria().criteria.iter().map(judged).collect();
    let deducted: u8 = site.criteria.iter().map(|outcome| outcome.deducted).sum();
    let not_seen = |outcome: &&Outcome| outcome.verdict == Verdict::NotSeen;
    let unseen: u8 = site.criteria.iter().filter(not_seen).map(|outcome| weight(&outcome.id)).sum();
    site.score = looked_at.then(|| 100_u8.saturating_sub(deducted));
    site.score_at_least = looked_at.then(|| 100_u8.saturating_sub(deducted).saturating_sub(unseen));
}

fn weight(id: &str) -> u8 {
    criteria().criteria.iter().find(|criterion| criterion.id == id).map_or(0, |criterion| criterion.weight)
}

fn outcome(criterion: &Criterion, site: &SiteReport, mode: Mode) -> Outcome {
    let (verdict, evidence, share) = match criterion.needs {
        Mode::Browser if mode == Mode::Http => unseen("looked at without a browser"),
        _ => test(&criterion.id, site, mode),
    };
    let deducted = if verdict == Verdict::NotMet { share.of(criterion.weight) } else { 0 };
    Outcome { id: criterion.id.clone(), verdict, deducted, evidence: cut(evidence) }
}

/// Which part of a criterion's weight is taken away.
#[derive(Clone, Copy)]
struct Share {
    part: usize,
    whole: usize,
}

impl Share {
    const ALL: Self = Self { part: 1, whole: 1 };

    fn of(self, weight: u8) -> u8 {
        let points = (usize::from(weight) * self.part).div_ceil(self.whole.max(1));
        u8::try_from(points).unwrap_or(weight).min(weight)
    }
}

type Tested = (Verdict, Vec<String>, Share);

fn met() -> Tested {
    (Verdict::Met, Vec::new(), Share::ALL)
}

fn not_applicable() -> Tested {
    (Verdict::NotApplicable, Vec::new(), Share::ALL)
}

fn unseen(why: &str) -> Tested {
    (Verdict::NotSeen, vec![why.to_owned()], Share::ALL)
}

fn by(evidence: Vec<String>) -> Tested {
    if evidence.is_empty() { met() } else { (Verdict::NotMet, evidence, Share::ALL) }
}

fn test(id: &str, site: &SiteReport, mode: Mode) -> Tested {
    let untouched = &site.states.untouched;
    match id {
        "cookies_before_choice" => by(cookies(untouched, true)),
        "trackers_before_choice" => by(trackers(untouched)),
        "storage_before_choice" => by(storage(untouched)),
        "reject_as_easy" => reject_as_easy(site),
        "kept_after_reject" => after(site, site.states.rejected.as_ref(), "refused", true),
        "withdraw" => withdraw(site),
        "kept_after_withdraw" => after(site, site.states.withdrawn.as_ref(), "taken back", false),
        "no_wall" => notice(site, |notice| {
            let wall =
                notice.blocks_the_page.then(|| "the notice covers the page, or keeps it from being used".to_owned());
            wall.into_iter().collect()
        }),
        "ticked_beforehand" => notice(site, |notice| match notice.ticked_beforehand {
            0 => Vec::new(),
            count => vec![format!("{count} boxes of the notice are ticked beforehand")],
        }),
        "declared" => declared(site, mode),
        "accessible" => accessible(site),
        _ => unseen("this program does not know how to test it"),
    }
}

/// A visitor who has answered wants the answer kept: that takes no consent (PECR Schedule A1, paragraph 2).
fn answered(name: &str) -> bool {
    catalogue::cookie(name.as_bytes()).is_some_and(catalogue::KnownCookie::keeps_an_answer)
}

/// What needs consent by the catalogue's word.
fn needs_consent(purpose: Option<&String>) -> bool {
    purpose.is_some_and(|purpose| purpose != ESSENTIAL)
}

fn cookies(state: &State, of_others_too: bool) -> Vec<String> {
    let found = state.cookies.iter().filter(|cookie| needs_consent(cookie.purpose.as_ref()));
    let found = found.filter(|cookie| of_others_too || cookie.first_party);
    let say = found.map(|cookie| {
        let whose = cookie.company.as_deref().unwrap_or("an unnamed company");
        let purpose = cookie.purpose.as_deref().unwrap_or_default();
        let page = cookie.pages.first().map_or("", String::as_str);
        format!("cookie {} ({purpose}, {whose}) for {}, on {page}", cookie.name, cookie.domain)
    });
    say.collect()
}

/// A map or a video is no tracker by itself: what it stores is counted as a cookie.
fn trackers(state: &State) -> Vec<String> {
    let tracks = |purpose: &String| matches!(&**purpose, "analytics" | "marketing");
    let found = state.third_parties.iter().filter(|other| other.purpose.as_ref().is_some_and(tracks));
    let say = found.map(|other| {
        let whose = other.company.as_deref().unwrap_or("an unnamed company");
        let purpose = other.purpose.as_deref().unwrap_or_default();
        let page = other.pages.first().map_or("", String::as_str);
        format!("{} ({purpose}, {whose}): {} requests, on {page}", other.host, other.requests)
    });
    say.collect()
}

fn storage(state: &State) -> Vec<String> {
    let found = state.storage.iter().filter(|stored| needs_consent(stored.purpose.as_ref()));
    let say = found.map(|stored| {
        let purpose = stored.purpose.as_deref().unwrap_or_default();
        let page = stored.pages.first().map_or("", String::as_str);
        format!("{} ({purpose}) in the storage of {}, on {page}", stored.key, stored.origin)
    });
    say.collect()
}

fn anything(state: &State, of_others_too: bool) -> Vec<String> {
    let mut all = cookies(state, of_others_too);
    all.extend(trackers(state));
    all.extend(storage(state));
    all
}

/// Is there anything on this site that anybody has to be asked about?
fn asks_for_consent(site: &SiteReport) -> bool {
    let states = &site.states;
    let all = [Some(&states.untouched), states.rejected.as_ref(), states.accepted.as_ref(), states.withdrawn.as_ref()];
    all.into_iter().flatten().any(|state| !anything(state, true).is_empty())
}

fn notice(site: &SiteReport, test: impl Fn(&NoticeSeen) -> Vec<String>) -> Tested {
    site.notice.as_ref().map_or_else(not_applicable, |notice| by(test(notice)))
}

fn accessible(site: &SiteReport) -> Tested {
    match &site.notice {
        Some(notice) if !notice.accessibility_checked && notice.accessibility.is_empty() => {
            unseen("axe was not run on the notice")
        }
        _ => notice(site, |notice| notice.accessibility.clone()),
    }
}

fn reject_as_easy(site: &SiteReport) -> Tested {
    let Some(notice) = &site.notice else {
        return if asks_for_consent(site) {
            by(vec!["there is something that needs consent, and nothing to refuse it with".to_owned()])
        } else {
            not_applicable()
        };
    };
    match (&notice.accept, &notice.reject) {
        (None, _) => not_applicable(),
        (Some(accept), None) => by(vec![format!("\"{}\" has no counterpart that refuses", accept.text)]),
        (Some(accept), Some(reject)) => by(unequal(accept, reject)),
    }
}

/// What makes refusing harder, by measures that anybody can take.
fn unequal(accept: &Control, reject: &Control) -> Vec<String> {
    let mut found = Vec::new();
    let both = format!("\"{}\" and \"{}\"", accept.text, reject.text);
    if reject.presses > accept.presses {
        found.push(format!("{both}: {} presses to agree, {} to refuse", accept.presses, reject.presses));
    }
    if accept.element != reject.element {
        found.push(format!("{both}: one is a {}, the other a {}", accept.element, reject.element));
    }
    let area = |control: &Control| u64::from(control.size.0) * u64::from(control.size.1);
    if area(reject) * 2 < area(accept) {
        found.push(format!("{both}: {:?} and {:?} pixels", accept.size, reject.size));
    }
    if reject.contrast * 2 < accept.contrast {
        found.push(format!("{both}: contrast {} and {}", tenth(accept.contrast), tenth(reject.contrast)));
    }
    found
}

fn tenth(contrast: u32) -> String {
    format!("{}.{}", contrast / 100, contrast % 100 / 10)
}

fn after(site: &SiteReport, state: Option<&State>, done: &str, of_others_too: bool) -> Tested {
    match (state, &site.notice) {
        (Some(state), _) => by(anything(&without_answers(state), of_others_too)),
        (None, None) if !asks_for_consent(site) => not_applicable(),
        (None, None) => by(vec![format!("there is something that needs consent, and it cannot be {done}")]),
        // It asks, and this audit could not press it: no accusation follows.
        (None, Some(_)) => unseen("the notice could not be answered that way"),
    }
}

/// After a choice its own cookie and key are no fault.
fn without_answers(state: &State) -> State {
    let mut state = state.clone();
    state.cookies.retain(|cookie| !answered(&cookie.name));
    state.storage.retain(|stored| !answered(&stored.key));
    state
}

fn withdraw(site: &SiteReport) -> Tested {
    match &site.notice {
        None if !asks_for_consent(site) => not_applicable(),
        None => by(vec!["there is something that needs consent, and no place to take it back".to_owned()]),
        Some(_) if site.states.accepted.is_none() => unseen("the notice could not be agreed to"),
        Some(notice) if notice.withdraw => met(),
        Some(_) => by(vec!["no page leads to a place where agreement is taken back".to_owned()]),
    }
}

fn declared(site: &SiteReport, mode: Mode) -> Tested {
    let states = &site.states;
    let all = [Some(&states.untouched), states.rejected.as_ref(), states.accepted.as_ref(), states.withdrawn.as_ref()];
    let cookies = all.into_iter().flatten().flat_map(|state| &state.cookies);
    let mut wanted: Vec<_> =
        cookies.filter(|cookie| cookie.purpose.as_deref() != Some(ESSENTIAL)).map(|cookie| &*cookie.pattern).collect();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return not_applicable();
    }
    let Some(declared) = &site.declared else {
        return match mode {
            Mode::Http => unseen("no cookies page was found; a script may bring it"),
            Mode::Browser => by(vec![format!("no cookies page was found that would name {}", wanted.join(", "))]),
        };
    };
    let missing: Vec<_> =
        wanted.iter().filter(|name| declared.missing.iter().any(|missing| missing == *name)).collect();
    let share = Share { part: missing.len(), whole: wanted.len() };
    let say = |name: &&&str| format!("{name} is not named on {}", declared.page);
    let (verdict, evidence, _) = by(missing.iter().map(say).collect());
    (verdict, evidence, share)
}

fn cut(mut evidence: Vec<String>) -> Vec<String> {
    let more = evidence.len().saturating_sub(MOST_EVIDENCE);
    if more > 0 {
        evidence.truncate(MOST_EVIDENCE);
        evidence.push(format!("and {more} more"));
    }
    evidence
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{CookieFound, Declared, PageSeen, StorageFound, ThirdParty};

    fn page() -> PageSeen {
        PageSeen { url: "https://example.gov.uk/".into(), status: 200, phases: Vec::new() }
    }

    fn cookie(name: &str, purpose: Option<&str>) -> CookieFound {
        CookieFound {
            name: name.into(),
            pattern: name.into(),
            domain: "example.gov.uk".into(),
            purpose: purpose.map(Into::into),
            first_party: true,
            ..CookieFound::default()
        }
    }

    fn control(text: &str) -> Control {
        Control { text: text.into(), element: "button".into(), presses: 1, size: (120, 40), contrast: 700, weight: 400 }
    }

    fn fair() -> NoticeSeen {
        NoticeSeen {
            accept: Some(control("Accept")),
            reject: Some(control("Reject")),
            withdraw: true,
            accessibility_checked: true,
            ..NoticeSeen::default()
        }
    }

    fn judged(mut site: SiteReport, mode: Mode) -> SiteReport {
        site.pages = vec![page()];
        judge(&mut site, mode);
        site
    }

    fn verdict(site: &SiteReport, id: &str) -> (Verdict, u8) {
        let found = site.criteria.iter().find(|outcome| outcome.id == id).unwrap_or_else(|| panic!("no {id}"));
        (found.verdict, found.deducted)
    }

    #[test]
    fn the_file_is_whole_and_every_criterion_has_its_test() {
        let criteria = criteria();
        assert_eq!(criteria.criteria.iter().map(|criterion| u32::from(criterion.weight)).sum::<u32>(), 100);
        for criterion in &criteria.criteria {
            let (verdict, evidence, _) = test(&criterion.id, &SiteReport::default(), Mode::Browser);
            assert_ne!(evidence, ["this program does not know how to test it"], "{}: {verdict:?}", criterion.id);
            assert!(criterion.address.starts_with("https://") && criterion.test.ends_with('.'), "{}", criterion.id);
        }
    }

    #[test]
    fn a_clean_site_without_a_notice_has_full_marks() {
        let mut site = SiteReport::default();
        site.states.untouched.cookies = vec![cookie("ASP.NET_SessionId", Some("essential"))];
        let site = judged(site, Mode::Browser);
        assert_eq!((site.score, site.score_at_least), (Some(100), Some(100)), "{:#?}", site.criteria);
    }

    #[test]
    fn what_nobody_knows_is_no_accusation() {
        let mut site = SiteReport::default();
        site.states.untouched.cookies = vec![cookie("mystery", None)];
        let site = judged(site, Mode::Browser);
        assert_eq!(verdict(&site, "cookies_before_choice"), (Verdict::Met, 0));
        assert_eq!(verdict(&site, "declared"), (Verdict::NotMet, 5), "but the site has to say what it is");
    }

    #[test]
    fn trackers_and_no_notice_lose_what_they_should() {
        let mut site = SiteReport::default();
        site.states.untouched.cookies = vec![cookie("_ga", Some("analytics"))];
        let purpose = |purpose: &str| Some(purpose.to_owned());
        site.states.untouched.third_parties = vec![
            ThirdParty { host: "stats.example".into(), purpose: purpose("analytics"), ..ThirdParty::default() },
            ThirdParty { host: "maps.example".into(), purpose: purpose("preferences"), ..ThirdParty::default() },
        ];
        site.states.untouched.storage =
            vec![StorageFound { key: "_hjid".into(), purpose: purpose("analytics"), ..StorageFound::default() }];
        let by_browser = judged(site.clone(), Mode::Browser);
        // 20 + 15 + 5 before a choice; 15 nothing to refuse with, 15 and 5 and 5 no refusal and no withdrawal; 5 not declared.
        assert_eq!(by_browser.score, Some(15), "{:#?}", by_browser.criteria);
        let outcome = &by_browser.criteria[1];
        assert_eq!(outcome.evidence.len(), 1, "a map is no tracker: {:?}", outcome.evidence);
        let by_http = judged(site, Mode::Http);
        assert_eq!((by_http.score, by_http.score_at_least), (Some(65), Some(0)));
        assert_eq!(verdict(&by_http, "reject_as_easy"), (Verdict::NotSeen, 0));
    }

    #[test]
    fn refusing_is_compared_by_measure() {
        let with = |change: fn(&mut NoticeSeen)| {
            let mut notice = fair();
            change(&mut notice);
            judged(SiteReport { notice: Some(notice), ..SiteReport::default() }, Mode::Browser)
        };
        let bad = (Verdict::NotMet, 15);
        assert_eq!(verdict(&with(|_| ()), "reject_as_easy"), (Verdict::Met, 0));
        assert_eq!(verdict(&with(|notice| notice.reject = None), "reject_as_easy"), bad);
        let reject: [fn(&mut Control); 4] = [
            |control| control.presses = 2,
            |control| control.element = "a".into(),
            |control| control.size = (50, 40),
            |control| control.contrast = 300,
        ];
        for change in reject {
            let mut notice = fair();
            change(notice.reject.as_mut().unwrap());
            let site = judged(SiteReport { notice: Some(notice), ..SiteReport::default() }, Mode::Browser);
            assert_eq!(verdict(&site, "reject_as_easy"), bad, "{:#?}", site.notice);
        }
        assert_eq!(verdict(&with(|notice| notice.ticked_beforehand = 2), "ticked_beforehand"), (Verdict::NotMet, 5));
        assert_eq!(verdict(&with(|notice| notice.blocks_the_page = true), "no_wall"), (Verdict::NotMet, 5));
        let broken = with(|notice| notice.accessibility = vec!["color-contrast".into()]);
        assert_eq!(verdict(&broken, "accessible"), (Verdict::NotMet, 5));
        assert_eq!(verdict(&with(|_| ()), "accessible"), (Verdict::Met, 0));
        let unchecked = with(|notice| notice.accessibility_checked = false);
        assert_eq!(verdict(&unchecked, "accessible"), (Verdict::NotSeen, 0));
        assert_eq!(unchecked.score_at_least, with(|_| ()).score_at_least.map(|least| least - 5), "nobody can say");
    }

    #[test]
    fn after_a_refusal_and_a_withdrawal_nothing_may_be_left() {
        let mut site = SiteReport { notice: Some(fair()), ..SiteReport::default() };
        let tracked = State { cookies: vec![cookie("_ga", Some("analytics"))], ..State::default() };
        site.states.rejected = Some(tracked.clone());
        site.states.accepted = Some(tracked.clone());
        let mut foreign = tracked;
        foreign.cookies[0].first_party = false;
        site.states.withdrawn = Some(foreign);
        site.declared = Some(Declared { page: "https://example.gov.uk/cookies".into(), ..Declared::default() });
        let site = judged(site, Mode::Browser);
        assert_eq!(verdict(&site, "kept_after_reject"), (Verdict::NotMet, 15));
        assert_eq!(verdict(&site, "kept_after_withdraw"), (Verdict::Met, 0), "a site cannot delete another's cookie");
        assert_eq!(verdict(&site, "declared"), (Verdict::Met, 0));
        assert_eq!(site.score, Some(85));
    }

    #[test]
    fn a_notice_that_could_not_be_pressed_is_not_accused() {
        let mut site = SiteReport { notice: Some(fair()), ..SiteReport::default() };
        site.states.untouched.cookies = vec![cookie("_ga", Some("analytics"))];
        let site = judged(site, Mode::Browser);
        for id in ["kept_after_reject", "withdraw", "kept_after_withdraw"] {
            assert_eq!(verdict(&site, id), (Verdict::NotSeen, 0), "{id}");
        }
        assert_eq!((site.score, site.score_at_least), (Some(75), Some(50)));
    }

    #[test]
    fn declared_points_go_in_proportion_and_a_site_that_is_down_has_no_score() {
        let mut site = SiteReport::default();
        site.states.untouched.cookies = ["a", "b", "c", "d", "e"].map(|name| cookie(name, None)).to_vec();
        let missing = vec!["a".to_owned(), "b".to_owned()];
        site.declared = Some(Declared { page: "/cookies".into(), missing, ..Declared::default() });
        assert_eq!(verdict(&judged(site, Mode::Http), "declared"), (Verdict::NotMet, 2));
        let mut down = SiteReport { pages: vec![PageSeen { status: 0, ..page() }], ..SiteReport::default() };
        judge(&mut down, Mode::Http);
        assert_eq!((down.score, down.score_at_least), (None, None));
    }
}
