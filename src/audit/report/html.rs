//! `report.html`: one file for people, with nothing from elsewhere and no script.

use minijinja::context;
use serde::Serialize;

use super::changed::{bounds, changed};
use super::league::Counts;
use super::pictures::{Picture, pictures};
use super::{Beside, look};
use crate::audit::{CookieFound, Phase, Report, SetBy, SiteReport, State, Verdict, criteria};

const TEMPLATE: &str = include_str!("report.html");
/// The widest bar, in pixels.
const WIDEST: usize = 120;

/// The whole page.
pub fn html(report: &Report, beside: &Beside) -> String {
    let title = match &report.sites[..] {
        [one] => format!("Cookie audit of {}", one.url),
        sites => format!("Cookie audit of {} sites", sites.len()),
    };
    let imported = report.method.as_ref().is_some_and(|method| !method.imported.is_empty());
    // Those of many sites stand in the league, where they can be compared.
    let changes = if report.sites.len() > 1 { &[] } else { beside.changes };
    look::page(
        TEMPLATE,
        context! {
            title,
            report,
            imported,
            changes => changed(changes, false),
            sites => report.sites.iter().map(|site| Site::of(site, beside)).collect::<Vec<_>>(),
            about => &criteria().about,
            criteria => &criteria().criteria,
        },
    )
}

/// Both numbers where they differ: what could not be looked at might be either.
pub(super) fn score(site: &SiteReport) -> String {
    bounds(site.score_at_least, site.score)
}

// === One site ===

#[derive(Serialize)]
struct Site<'r> {
    report: &'r SiteReport,
    score: String,
    criteria: Vec<Row<'r>>,
    states: Vec<Shown<'r>>,
    pictures: Vec<Picture>,
}

#[derive(Serialize)]
struct Row<'r> {
    title: &'r str,
    source: &'r str,
    weight: u8,
    verdict: Verdict,
    says: &'static str,
    deducted: u8,
    evidence: &'r [String],
}

#[derive(Serialize)]
struct Shown<'r> {
    name: &'static str,
    found: &'r State,
    cookies: usize,
    trackers: usize,
    cookies_width: usize,
    trackers_width: usize,
    y: usize,
    cookie_rows: Vec<CookieRow<'r>>,
}

#[derive(Serialize)]
struct CookieRow<'r> {
    name: &'r str,
    purpose: &'r str,
    company: &'r str,
    domain: &'r str,
    set_by: &'static str,
    wire: String,
    kept: String,
}

impl<'r> Site<'r> {
    fn of(report: &'r SiteReport, beside: &Beside) -> Self {
        let rows = report.criteria.iter().filter_map(|outcome| {
            let criterion = criteria().criteria.iter().find(|criterion| criterion.id == outcome.id)?;
            Some(Row {
                title: &criterion.title,
                source: &criterion.source,
                weight: criterion.weight,
                verdict: outcome.verdict,
                says: says(outcome.verdict),
                deducted: outcome.deducted,
                evidence: &outcome.evidence,
            })
        });
        Self {
            report,
            score: score(report),
            criteria: rows.collect(),
            states: shown(report),
            pictures: pictures(report, beside),
        }
    }
}

pub(super) fn says(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "Met",
        Verdict::NotMet => "Not met",
        Verdict::NotApplicable => "Nothing it could be about",
        Verdict::NotSeen => "Not looked at",
    }
}

fn shown<'r>(report: &'r SiteReport) -> Vec<Shown<'r>> {
    let states = Phase::ALL.into_iter().filter_map(|phase| Some((phase, report.states.of(phase)?)));
    let states: Vec<_> = states
        .map(|(phase, state)| (phase, state, Counts::of(state)))
        .map(|(phase, state, counts)| (phase, state, counts.needing, counts.trackers))
        .collect();
    let most = states.iter().map(|(_, _, cookies, trackers)| *cookies.max(trackers)).max().unwrap_or(0).max(1);
    let shown = |(place, (phase, found, cookies, trackers)): (usize, (Phase, &'r State, usize, usize))| Shown {
        name: called(phase),
        cookies,
        trackers,
        cookies_width: cookies * WIDEST / most,
        trackers_width: trackers * WIDEST / most,
        y: 6 + place * 70,
        cookie_rows: found.cookies.iter().map(row).collect(),
        found,
    };
    states.into_iter().enumerate().map(shown).collect()
}

fn called(phase: Phase) -> &'static str {
    match phase {
        Phase::Untouched => "Before a choice",
        Phase::Rejected => "After Reject",
        Phase::Accepted => "After Accept",
        Phase::Withdrawn => "After taking it back",
    }
}

fn row(cookie: &CookieFound) -> CookieRow<'_> {
    CookieRow {
        name: &cookie.name,
        purpose: cookie.purpose.as_deref().unwrap_or("not known"),
        company: cookie.company.as_deref().unwrap_or("not known"),
        domain: &cookie.domain,
        set_by: if cookie.set_by == SetBy::Header { "a response" } else { "a script" },
        wire: lifetime(cookie.wire_lifetime),
        kept: lifetime(cookie.effective_lifetime),
    }
}

/// In the unit people use.
fn lifetime(seconds: Option<u64>) -> String {
    let Some(seconds) = seconds else { return "until the browser is closed".into() };
    let units = [(365 * 86_400, "year"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (size, unit) = units.into_iter().find(|(size, _)| seconds >= *size).unwrap_or((1, "second"));
    let tenths = seconds.saturating_mul(10).saturating_add(size / 2) / size;
    let count = if tenths % 10 == 0 { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) };
    format!("{count} {unit}{}", if count == "1" { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Mode, PageSeen, judge};

    fn site(url: &str) -> SiteReport {
        let mut site = SiteReport {
            url: url.into(),
            pages: vec![PageSeen { status: 200, ..PageSeen::default() }],
            ..SiteReport::default()
        };
        site.states.untouched.cookies = vec![CookieFound {
            name: "<script>alert(1)</script>".into(),
            purpose: Some("analytics".into()),
            wire_lifetime: Some(63_072_000),
            effective_lifetime: Some(34_560_000),
            ..CookieFound::default()
        }];
        site.states.rejected = Some(State::default());
        judge(&mut site, Mode::Http);
        site
    }

    fn count(page: &scraper::Html, selector: &str) -> usize {
        page.select(&scraper::Selector::parse(selector).unwrap()).count()
    }

    #[test]
    fn one_file_with_nothing_from_elsewhere_and_nothing_that_runs() {
        let report =
            Report { sites: vec![site("https://a.gov.uk/?<b>"), site("https://b.gov.uk/")], ..Report::default() };
        let text = html(&report, &Beside::default());
        let page = scraper::Html::parse_document(&text);
        assert_eq!(
            (count(&page, "script, link:not([href='data:,']), img, iframe, [style], [onclick]"), count(&page, "h1")),
            (0, 1)
        );
        assert!(text.contains("&lt;script&gt;") && !text.contains("<script"));
        assert_eq!(count(&page, "table"), count(&page, "table > caption"), "every table has a name");
        assert_eq!(count(&page, "svg"), count(&page, "svg[role=img] > title"));
        assert!(text.contains("2 years") && text.contains("1.1 years"), "as sent, and as browsers keep it");
        assert!(text.contains("15\u{2013}80"), "both numbers of a score");
    }

    #[test]
    fn lifetimes_are_in_the_unit_people_use() {
        for (seconds, says) in
            [(0, "0 seconds"), (90, "1.5 minutes"), (86_400, "1 day"), (u64::MAX, "58494241735.5 years")]
        {
            let said = lifetime(Some(seconds));
            assert!(said == says || seconds == u64::MAX, "{said}");
        }
        assert_eq!(lifetime(None), "until the browser is closed");
    }
}
