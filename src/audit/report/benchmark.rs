//! `benchmark.html`: the league table of many sites, how their numbers are spread, and what others found.

use minijinja::context;
use serde::Serialize;

use super::changed::changed;
use super::columns::why_not;
use super::html::score;
use super::league::{Rank, Row, Spread, per_cent, rows, spreads, with_verdict};
use super::published::published;
use super::{Beside, look};
use crate::audit::{Report, Verdict, criteria};

const TEMPLATE: &str = include_str!("benchmark.html");
/// The longest bar, in the units of a drawing that is 340 wide.
const LONGEST: usize = 200;
const LINE: usize = 24;

/// The whole page.
pub fn benchmark(report: &Report, beside: &Beside) -> String {
    let rows = rows(report);
    let seen = rows.iter().filter(|row| row.rank.is_some()).count();
    let unseen: Vec<_> = rows.iter().filter(|row| row.rank.is_none()).map(Unseen::of).collect();
    look::page(
        TEMPLATE,
        context! {
            report,
            facts => facts(&rows, seen),
            charts => spreads(&rows).iter().map(Chart::of).collect::<Vec<_>>(),
            league => rows.iter().filter(|row| row.rank.is_some()).map(Entry::of).collect::<Vec<_>>(),
            seen,
            unseen,
            criteria => outcomes(report),
            published => published(&rows),
            changes => changed(beside.changes, true),
        },
    )
}

#[derive(Serialize)]
struct Fact {
    figure: String,
    says: &'static str,
}

fn facts(rows: &[Row], seen: usize) -> Vec<Fact> {
    let share = |is: fn(&Row) -> bool| per_cent(rows.iter().filter(|row| row.rank.is_some() && is(row)).count(), seen);
    let median = spreads(rows).into_iter().next().and_then(|scores| scores.quartiles);
    vec![
        Fact { figure: format!("{seen} of {}", rows.len()), says: "sites could be looked at" },
        Fact {
            figure: median.map_or("none".into(), |found| found.median.to_string()),
            says: "of 100 is the median score, at most",
        },
        Fact { figure: share(|row| row.counts.needing > 0), says: "set cookies that need consent before a choice" },
        Fact { figure: share(|row| row.counts.trackers > 0), says: "call on trackers before a choice" },
        Fact { figure: share(|row| row.site.notice.is_some()), says: "show a notice that asks" },
    ]
}

#[derive(Serialize)]
struct Unseen<'r> {
    number: usize,
    url: &'r str,
    why: String,
}

impl<'r> Unseen<'r> {
    fn of(row: &Row<'r>) -> Self {
        Self { number: row.number, url: &row.site.url, why: why_not(row) }
    }
}

#[derive(Serialize)]
struct Entry<'r> {
    number: usize,
    rank: String,
    range: String,
    url: &'r str,
    score: String,
    cookies: usize,
    needing: usize,
    trackers: usize,
    pages: String,
    not_met: usize,
}

impl<'r> Entry<'r> {
    fn of(row: &Row<'r>) -> Self {
        let (rank, range) = row.rank.map_or_else(Default::default, place);
        let pages = row.site.pages.len();
        Self {
            number: row.number,
            rank,
            range,
            url: &row.site.url,
            score: score(row.site),
            cookies: row.counts.cookies,
            needing: row.counts.needing,
            trackers: row.counts.trackers,
            pages: row.site.pages_known.map_or_else(|| pages.to_string(), |known| format!("{pages} of {known}")),
            not_met: with_verdict(row.site, Verdict::NotMet).count(),
        }
    }
}

/// `3=` is a place that is shared; nothing where the range is the place itself.
fn place(rank: Rank) -> (String, String) {
    let range = if rank.best == rank.worst { String::new() } else { format!("{}\u{2013}{}", rank.best, rank.worst) };
    (rank.shared.to_string(), range)
}

#[derive(Serialize)]
struct Chart<'s> {
    spread: &'s Spread,
    bars: Vec<Bar<'s>>,
    height: usize,
}

#[derive(Serialize)]
struct Bar<'s> {
    label: &'s str,
    count: usize,
    y: usize,
    width: usize,
}

impl<'s> Chart<'s> {
    fn of(spread: &'s Spread) -> Self {
        let most = spread.bins.iter().map(|bin| bin.count).max().unwrap_or(0).max(1);
        let bars = spread.bins.iter().enumerate().map(|(at, bin)| Bar {
            label: &bin.label,
            count: bin.count,
            y: 6 + at * LINE,
            width: bin.count * LONGEST / most,
        });
        Self { spread, bars: bars.collect(), height: 12 + spread.bins.len() * LINE }
    }
}

#[derive(Serialize)]
struct Outcomes<'r> {
    title: &'r str,
    met: usize,
    not_met: usize,
    not_applicable: usize,
    not_seen: usize,
}

/// How many sites each criterion came to what on.
fn outcomes(report: &Report) -> Vec<Outcomes<'_>> {
    let count = |id: &str, verdict| {
        let looked_at = report.sites.iter().filter(|site| site.score.is_some());
        looked_at.filter(|site| with_verdict(site, verdict).any(|known| known == id)).count()
    };
    let of = |criterion: &'static crate::audit::Criterion| Outcomes {
        title: &criterion.title,
        met: count(&criterion.id, Verdict::Met),
        not_met: count(&criterion.id, Verdict::NotMet),
        not_applicable: count(&criterion.id, Verdict::NotApplicable),
        not_seen: count(&criterion.id, Verdict::NotSeen),
    };
    criteria().criteria.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Changes, CookieFound, ListUsed, Method, Mode, PageSeen, SiteReport, judge};

    fn site(url: &str, status: u16, cookies: usize) -> SiteReport {
        let pages = vec![PageSeen { url: url.into(), status, ..PageSeen::default() }];
        let mut site = SiteReport { url: url.into(), pages, pages_known: Some(7), ..SiteReport::default() };
        let cookie = |number| CookieFound {
            name: format!("_ga_{number}"),
            purpose: Some("analytics".into()),
            ..CookieFound::default()
        };
        site.states.untouched.cookies = (0..cookies).map(cookie).collect();
        judge(&mut site, Mode::Http);
        site
    }

    fn count(page: &scraper::Html, selector: &str) -> usize {
        page.select(&scraper::Selector::parse(selector).unwrap()).count()
    }

    #[test]
    fn many_sites_stand_in_their_order_and_nothing_of_theirs_becomes_markup() {
        let sites = vec![site("https://b/?<script>", 200, 60), site("https://a/", 200, 0), site("https://c/", 500, 0)];
        let list = ListUsed { file: "<i>councils.csv".into(), sha256: "ab".into(), sites: 3 };
        let method = Method { command: "consentgate audit '<script>'".into(), list: Some(list), ..Method::default() };
        let report = Report { sites, method: Some(method), ..Report::default() };
        let came = vec!["untouched: cookie <script> for b".to_owned()];
        let changes = [Changes {
            url: "https://b/?<script>".into(),
            score_before: Some(100),
            score_now: Some(80),
            came,
            ..Changes::default()
        }];
        let text = benchmark(&report, &Beside { changes: &changes, pictures: &[] });
        for text in [&text, &super::super::method(&report)] {
            let page = scraper::Html::parse_document(text);
            assert_eq!(count(&page, "script, link, img, iframe, [style], main i"), 0);
            assert_eq!(count(&page, "table"), count(&page, "table > caption"), "every table has a name");
            assert!(text.contains("&lt;script&gt;") && !text.contains("<script"));
        }
        let page = scraper::Html::parse_document(&text);
        assert_eq!((count(&page, "svg[role=img] > title"), count(&page, "#changes ~ .wide details")), (4, 1));
        let texts = |selector: &str| -> Vec<String> {
            page.select(&scraper::Selector::parse(selector).unwrap()).map(|found| found.text().collect()).collect()
        };
        assert_eq!(texts("[aria-label='League table'] tbody th"), ["https://a/", "https://b/?<script>"]);
        assert_eq!(
            texts("#unseen ~ .stack tbody td").first().map(String::as_str),
            Some("https://c/: answered with 500")
        );
        assert!(text.contains("\u{2212}20") && text.contains("1 of 7") && text.contains("2 of 3"));
    }
}
