//! Audits of UK public bodies that others have published, to set beside a benchmark: figures and where they stand.

use serde::Serialize;

use super::league::{Row, per_cent, ratio};

#[derive(Serialize)]
pub(super) struct Published {
    when: &'static str,
    who: &'static str,
    what: &'static str,
    found: &'static str,
    source: &'static str,
    address: &'static str,
    /// The nearest this audit has to it.
    ours: String,
}

/// Theirs beside ours.
pub(super) fn published(rows: &[Row]) -> Vec<Published> {
    let seen: Vec<_> = rows.iter().filter(|row| row.rank.is_some()).collect();
    let share = |is: &dyn Fn(&Row) -> bool| {
        let count = seen.iter().filter(|row| is(row)).count();
        format!("{count} of {} sites ({})", seen.len(), per_cent(count, seen.len()))
    };
    let mean = |of: &dyn Fn(&Row) -> usize| ratio(seen.iter().map(|row| of(row)).sum(), seen.len());
    let needing = |row: &Row| row.counts.needing > 0;
    vec![
        Published {
            when: "2011",
            who: "Socitm, with Cookie Reports",
            what: "603 sites of local public bodies",
            found: "597 of 603 (99 %) have cookies that make action needed; 32 cookies a site on average, 1,346 on one",
            source: "Socitm\u{2019}s announcement, August 2011",
            address: "http://www.wired-gov.net/wg/wg-news-1.nsf/0/3DD4F89E33178D6E802578F400448CBF?OpenDocument",
            ours: format!(
                "a cookie that needs consent before a choice: {}; {} cookies a site on average before a choice",
                share(&needing),
                mean(&|row| row.counts.cookies)
            ),
        },
        Published {
            when: "2019",
            who: "E&T, with Cybot",
            what: "408 council sites in England and Wales, nearly 1.3 million pages",
            found: "96 % with marketing trackers or cookies; 36 trackers a site on average",
            source: "E&T, November 2019",
            address: "https://eandt.theiet.org/content/articles/2019/11/96-of-councils-found-to-hand-over-users-data-to-marketing-firms/",
            ours: format!(
                "a cookie or host for marketing before a choice: {}; {} hosts for analytics or marketing on average",
                share(&|row| row.counts.marketing > 0),
                mean(&|row| row.counts.trackers)
            ),
        },
        Published {
            when: "2020",
            who: "Council Advertising Network",
            what: "404 council sites, the week that ended on 28 February 2020",
            found: "52 of 404 (13 %) without cookies before consent that are not essential",
            source: "CAN, Compliance Countdown, March 2020",
            address: "https://can-digital.net/compliance-countdown/",
            ours: format!("no cookie that needs consent before a choice: {}", share(&|row| !needing(row))),
        },
    ]
}
