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
