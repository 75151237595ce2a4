//! Many sites in numbers: ranks with their margins, counts, quartiles and how many sites there are of each size.
//!
//! A score stands between what it is at least and at most. A site's place is shared by all of one score, and its range
//! says from which to which place it could have come if everything had been looked at everywhere.

use serde::Serialize;

use crate::audit::{CookieFound, Report, SiteReport, State, ThirdParty, Verdict};

/// A site in the league.
pub(super) struct Row<'r> {
    pub(super) site: &'r SiteReport,
    /// Its place in the report, from 1.
    pub(super) number: usize,
    pub(super) rank: Option<Rank>,
    pub(super) counts: Counts,
}

/// A place, from 1; shared by all sites of one score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rank {
    pub(super) shared: usize,
    pub(super) best: usize,
    pub(super) worst: usize,
}

/// What there is before a choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) cookies: usize,
    /// Of a purpose that needs consent, by the catalogue's word.
    pub(super) needing: usize,
    /// Of which nobody knows what they are for.
    pub(super) unknown: usize,
    pub(super) third_parties: usize,
    /// For analytics or marketing.
    pub(super) trackers: usize,
    pub(super) marketing: usize,
    pub(super) storage_needing: usize,
}

impl Counts {
    pub(super) fn of(state: &State) -> Self {
        let hosts = |wanted: &[&str]| {
            let of = |other: &&ThirdParty| other.purpose.as_deref().is_some_and(|purpose| wanted.contains(&purpose));
            state.third_parties.iter().filter(of).count()
        };
        let needs = |purpose: Option<&String>| purpose.is_some_and(|purpose| purpose != "essential");
        let unknown = |cookie: &&CookieFound| cookie.purpose.is_none();
        let marketing = state.cookies.iter().filter(|cookie| cookie.purpose.as_deref() == Some("marketing")).count();
        Self {
            cookies: state.cookies.len(),
            needing: state.cookies.iter().filter(|cookie| needs(cookie.purpose.as_ref())).count(),
            unknown: state.cookies.iter().filter(unknown).count(),
            third_parties: state.third_parties.len(),
            trackers: hosts(&["analytics", "marketing"]),
            marketing: hosts(&["marketing"]) + marketing,
            storage_needing: state.storage.iter().filter(|stored| needs(stored.purpose.as_ref())).count(),
        }
    }
}

/// All sites, best first, those that could not be looked at last; of one score in the order of their addresses.
pub(super) fn rows(report: &Report) -> Vec<Row<'_>> {
    let scores: Vec<(u8, u8)> = report.sites.iter().filter_map(bounds).collect();
    let row = |(site, number)| {
        let rank = bounds(site).map(|mine| rank(mine, &scores));
        Row { site, number, rank, counts: Counts::of(&site.states.untouched) }
    };
    let mut rows: Vec<_> = report.sites.iter().zip(1..).map(row).collect();
    rows.sort_by(|one, other| {
        let place = |row: &Row| row.rank.map_or(usize::MAX, |rank| rank.shared);
        place(one).cmp(&place(other)).then_with(|| one.site.url.cmp(&other.site.url))
    });
    rows
}

/// What a score is at least and at most.
fn bounds(site: &SiteReport) -> Option<(u8, u8)> {
    let most = site.score?;
    Some((site.score_at_least.unwrap_or(most).min(most), most))
}

fn rank((least, most): (u8, u8), all: &[(u8, u8)]) -> Rank {
    let before = |is: &dyn Fn(&(u8, u8)) -> bool| 1 + all.iter().filter(|other| is(other)).count();
    // Its own bounds are among them and never above themselves: it is not counted as before itself, but for `worst` where
    // it has a margin.
    let itself = usize::from(most > least);
    Rank {
        shared: before(&|other| other.1 > most),
        best: before(&|other| other.0 > most),
        worst: before(&|other| other.1 > least) - itself,
    }
}

/// How a number is spread over the sites that could be looked at.
#[derive(Serialize)]
pub(super) struct Spread {
    pub(super) title: &'static str,
    pub(super) note: &'static str,
    pub(super) bins: Vec<Bin>,
    pub(super) quartiles: Option<Quartiles>,
    /// With one decimal.
    pub(super) mean: String,
}

#[derive(Serialize)]
pub(super) struct Bin {
    pub(super) label: String,
    pub(super) count: usize,
}

/// Each the value of a site, by nearest rank: a quarter, half and three quarters of the sites are there or below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Quartiles {
    pub(super) least: usize,
    pub(super) lower: usize,
    pub(super) median: usize,
    pub(super) upper: usize,
    pub(super) most: usize,
}

const TENS: [(usize, usize); 11] =
    [(0, 9), (10, 19), (20, 29), (30, 39), (40, 49), (50, 59), (60, 69), (70, 79), (80, 89), (90, 99), (100, 100)];
const SIZES: [(usize, usize); 8] = [(0, 0), (1, 2), (3, 5), (6, 10), (11, 20), (21, 50), (51, 100), (101, usize::MAX)];

/// The score, the cookies and the third parties.
pub(super) fn spreads(rows: &[Row]) -> Vec<Spread> {
    let seen = || rows.iter().filter(|row| row.rank.is_some());
    let scores = seen().filter_map(|row| row.site.score).map(usize::from).collect();
    vec![
        spread(("Score", "points of 100, at most"), &TENS, scores),
        spread(
            ("Cookies before a choice", "all of them, on the pages looked at"),
            &SIZES,
            seen().map(|row| row.counts.cookies).collect(),
        ),
        spread(
            ("Cookies before a choice that need consent", "by the catalogue"),
            &SIZES,
            seen().map(|row| row.counts.needing).collect(),
        ),
        spread(
            ("Third parties before a choice", "hosts of others that are asked for something"),
            &SIZES,
            seen().map(|row| row.counts.third_parties).collect(),
        ),
    ]
}

fn spread((title, note): (&'static str, &'static str), bins: &[(usize, usize)], mut values: Vec<usize>) -> Spread {
    values.sort_unstable();
    let bin = |(from, to): &(usize, usize)| {
        let label = match (*from, *to) {
            (from, usize::MAX) => format!("over {}", from - 1),
            (from, to) if from == to => from.to_string(),
            (from, to) => format!("{from}\u{2013}{to}"),
        };
        Bin { label, count: values.iter().filter(|value| (*from..=*to).contains(*value)).count() }
    };
    Spread {
        title,
        note,
        bins: bins.iter().map(bin).collect(),
        quartiles: quartiles(&values),
        mean: ratio(values.iter().sum(), values.len()),
    }
}

fn quartiles(sorted: &[usize]) -> Option<Quartiles> {
    let at = |quarters: usize| sorted.get((sorted.len() * quarters).div_ceil(4).max(1) - 1).copied();
    Some(Quartiles { least: *sorted.first()?, lower: at(1)?, median: at(2)?, upper: at(3)?, most: *sorted.last()? })
}

/// `part / whole` with one decimal, rounded.
pub(super) fn ratio(part: usize, whole: usize) -> String {
    let tenths = (part * 10 + whole / 2).checked_div(whole).unwrap_or_default();
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// `part` of `whole` in per cent, rounded.
pub(super) fn per_cent(part: usize, whole: usize) -> String {
    let per_cent = (part * 100 + whole / 2).checked_div(whole);
    per_cent.map_or_else(|| "none".into(), |found| format!("{found} %"))
}

/// The names of the criteria with this outcome.
pub(super) fn with_verdict(site: &SiteReport, verdict: Verdict) -> impl Iterator<Item = &str> {
    site.criteria.iter().filter(move |outcome| outcome.verdict == verdict).map(|outcome| &*outcome.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(url: &str, bounds: Option<(u8, u8)>) -> SiteReport {
        SiteReport {
            url: url.into(),
            score: bounds.map(|(_, most)| most),
            score_at_least: bounds.map(|(least, _)| least),
            ..SiteReport::default()
        }
    }

    #[test]
    fn ties_share_a_place_and_margins_make_a_range() {
        let sites = vec![
            site("https://d/", None),
            site("https://c/", Some((70, 80))),
            site("https://a/", Some((80, 100))),
            site("https://b/", Some((80, 80))),
            site("https://e/", Some((10, 40))),
        ];
        let report = Report { sites, ..Report::default() };
        let found: Vec<_> = rows(&report)
            .iter()
            .map(|row| (row.site.url.clone(), row.rank.map(|rank| (rank.shared, rank.best, rank.worst))))
            .collect();
        let expected = [
            // c and b can both be as good as a at its least, never better.
            ("https://a/", Some((1, 1, 1))),
            ("https://b/", Some((2, 1, 2))),
            ("https://c/", Some((2, 1, 3))),
            ("https://e/", Some((4, 4, 4))),
            ("https://d/", None),
        ];
        assert_eq!(found, expected.map(|(url, rank)| (url.to_owned(), rank)));
    }

    #[test]
    fn quartiles_are_values_that_a_site_has() {
        let of = |values: &[usize]| quartiles(values).map(|found| (found.lower, found.median, found.upper));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7]), Some((7, 7, 7)));
        assert_eq!(of(&[1, 2, 3, 4]), Some((1, 2, 3)));
        assert_eq!(of(&[1, 2, 3, 4, 100]), Some((2, 3, 4)));
        assert_eq!((ratio(2, 3), ratio(0, 0), per_cent(1, 8)), ("0.7".into(), "0.0".into(), "13 %".into()));
    }

    #[test]
    fn every_value_falls_into_one_bin() {
        for bins in [&TENS[..], &SIZES[..]] {
            let values: Vec<_> = (0..=100).collect();
            let found = spread(("", ""), bins, values);
            assert_eq!(found.bins.iter().map(|bin| bin.count).sum::<usize>(), 101);
        }
        assert_eq!(spread(("", ""), &SIZES, vec![5000]).bins[7].label, "over 100");
    }
}
