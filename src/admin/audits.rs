//! The audits that the gate has had made: their scores, what each found anew, and their reports as files.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::chart::{self, Chart, Name};
use super::table::{Cell, Table, moment};

/// In a chart, the latest.
const MOST_COLUMNS: usize = 30;

/// What is made, when, and what came of it.
#[derive(Clone, Debug, Default)]
pub struct Audits {
    /// From the end of one to the next; `None`: none are made.
    pub every: Option<Duration>,
    /// The oldest first.
    pub kept: Arc<Vec<Audit>>,
    /// When the next one begins.
    pub next: Option<SystemTime>,
    /// One is being made.
    pub under_way: bool,
    /// Why the last one could not be made.
    pub failed: Option<String>,
    /// What was new, since the start.
    pub news: u64,
}

/// One audit.
#[derive(Clone, Debug)]
pub struct Audit {
    /// Its directory: `20261123T164712Z`.
    pub name: String,
    /// When it was done.
    pub at: SystemTime,
    /// The sites it looked at.
    pub sites: Vec<Audited>,
}

/// One site of an audit.
#[derive(Clone, Debug, Default)]
pub struct Audited {
    /// The address of its first page.
    pub url: String,
    /// At most; `None`: it could not be looked at.
    pub score: Option<u8>,
    /// What it is whatever was not seen.
    pub score_at_least: Option<u8>,
    /// How many were looked at.
    pub pages: u64,
    /// Criteria, by their names.
    pub not_met: Vec<String>,
    /// Found, and not by the audit before.
    pub came: Vec<String>,
    /// Found by the audit before, and gone.
    pub went: Vec<String>,
    /// Criteria that the audit before found met.
    pub not_met_now: Vec<String>,
}

impl Audits {
    /// The sites of the latest audit: those that the YAML names no more are not asked about any more.
    pub(super) fn latest(&self) -> Vec<(&Audit, &Audited)> {
        self.kept.last().into_iter().flat_map(|audit| audit.sites.iter().map(move |site| (audit, site))).collect()
    }

    /// One row for each site of each audit, the newest first.
    pub(super) fn table(&self) -> Table {
        let columns = [
            ("Audit", "audit"),
            ("Site", "site"),
            ("Score at most", "score"),
            ("At least", "score_at_least"),
            ("Pages", "pages"),
            ("Not met", "not_met"),
            ("New", "new"),
            ("Gone", "gone"),
        ];
        let mut table = Table::new("audits", "Audits, the newest first", &columns);
        for audit in self.kept.iter().rev() {
            for site in &audit.sites {
                let score = |score: Option<u8>| score.map_or(Cell::Nothing, |score| u64::from(score).into());
                table.row(vec![
                    Cell::Link(moment(seconds(audit.at)), format!("/audits/{}/report.html", audit.name)),
                    site.url.clone().into(),
                    score(site.score),
                    score(site.score_at_least),
                    site.pages.into(),
                    site.not_met.join(", ").into(),
                    (site.came.len() as u64).into(),
                    (site.went.len() as u64).into(),
                ]);
            }
        }
        table
    }

    /// What the latest audit of each site found that the one before had not.
    pub(super) fn news_table(&self) -> Table {
        let columns = [("New", "name"), ("Site", "site"), ("Audit", "audit")];
        let mut table = Table::new("audits/new", "New at the latest audit of each site", &columns);
        for (audit, site) in self.latest() {
            let criteria = site.not_met_now.iter().map(|id| format!("no longer met: {id}"));
            for name in criteria.chain(site.came.iter().cloned()) {
                table.row(vec![name.into(), site.url.clone().into(), audit.name.clone().into()]);
            }
        }
        table
    }

    /// A site's scores, one column an audit.
    pub(super) fn chart(&self, number: usize, url: &str) -> Option<Chart> {
        let scores = self.kept.iter().filter_map(|audit| {
            let site = audit.sites.iter().find(|site| site.url == url)?;
            Some((seconds(audit.at), u64::from(site.score_at_least?), u64::from(site.score?)))
        });
        let scores: Vec<_> = scores.collect();
        let scores = &scores[scores.len().saturating_sub(MOST_COLUMNS)..];
        let names = [
            Name { text: "points it has at least", class: "agreed" },
            Name { text: "points that depend on what was not seen", class: "in-part" },
            Name { text: "points taken away", class: "refused" },
        ];
        let columns: Vec<_> = scores
            .iter()
            .map(|&(at, least, most)| {
                let least = least.min(most);
                (moment(at), [least, most - least, 100_u64.saturating_sub(most)])
            })
            .collect();
        let mut chart = chart::drawn(&format!("audits-chart-{number}"), &format!("Scores of {url}"), names, &columns)?;
        url.clone_into(&mut chart.of);
        Some(chart)
    }
}

pub(super) fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// How a file of an audit is sent; others are not.
pub(super) fn media_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "json" => "application/json",
        "csv" => "text/csv; charset=utf-8",
        "png" => "image/png",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_that_is_audited_no_more_is_in_no_gauge() {
        let audit = |seconds, urls: &[&str]| Audit {
            name: String::new(),
            at: UNIX_EPOCH + Duration::from_secs(seconds),
            sites: urls.iter().map(|url| Audited { url: (*url).into(), ..Audited::default() }).collect(),
        };
        let kept = vec![audit(1, &["https://a/", "https://b/"]), audit(2, &["https://b/"])];
        let audits = Audits { kept: Arc::new(kept), ..Audits::default() };
        let urls: Vec<_> = audits.latest().into_iter().map(|(_, site)| &*site.url).collect();
        assert_eq!((urls, audits.table().rows.len()), (vec!["https://b/"], 3));
        assert!(Audits::default().latest().is_empty());
    }
}
