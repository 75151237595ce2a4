//! The columns of `benchmark.csv`: what each is called, what it means and where its value comes from stand together, so
//! that the data dictionary cannot say anything else than the table.

use super::league::{Row, rows, with_verdict};
use crate::audit::{Report, Verdict, criteria};

/// A column of a table.
pub(super) struct Column<V> {
    pub(super) name: &'static str,
    /// `text`, `whole number`, …
    pub(super) kind: &'static str,
    pub(super) unit: &'static str,
    pub(super) meaning: &'static str,
    pub(super) value: V,
}

type OfRow = fn(&Row) -> String;

const fn column(
    (name, kind, unit): (&'static str, &'static str, &'static str),
    meaning: &'static str,
    value: OfRow,
) -> Column<OfRow> {
    Column { name, kind, unit, meaning, value }
}

/// One line for each site; those of the criteria follow.
pub(super) const LEAGUE: [Column<OfRow>; 18] = [
    column(("site", "text", ""), "The address that was asked for.", |row| row.site.url.clone()),
    column(
        ("rank", "whole number", "place"),
        "The site's place by its score; sites of one score share it. Empty where no page could be opened.",
        |row| row.rank.map(|rank| rank.shared.to_string()).unwrap_or_default(),
    ),
    column(
        ("rank_best", "whole number", "place"),
        "The best place it could have if everything had been looked at: one more than the sites that are certainly better.",
        |row| row.rank.map(|rank| rank.best.to_string()).unwrap_or_default(),
    ),
    column(
        ("rank_worst", "whole number", "place"),
        "The worst place it could have: one more than the sites that could be better.",
        |row| row.rank.map(|rank| rank.worst.to_string()).unwrap_or_default(),
    ),
    column(
        ("score", "whole number", "points of 100"),
        "What is left of 100 at most: criteria that could not be looked at take nothing away.",
        |row| row.site.score.map(|score| score.to_string()).unwrap_or_default(),
    ),
    column(
        ("score_at_least", "whole number", "points of 100"),
        "What would be left if they took their points away too.",
        |row| row.site.score_at_least.map(|score| score.to_string()).unwrap_or_default(),
    ),
    column(
        ("cookies", "whole number", "cookies"),
        "Cookies before a choice, on all pages that were looked at, whoever set them.",
        |row| row.counts.cookies.to_string(),
    ),
    column(
        ("cookies_needing_consent", "whole number", "cookies"),
        "Those of them that the catalogue knows as preferences, analytics or marketing.",
        |row| row.counts.needing.to_string(),
    ),
    column(("cookies_unknown", "whole number", "cookies"), "Those of them that the catalogue does not know.", |row| {
        row.counts.unknown.to_string()
    }),
    column(
        ("storage_needing_consent", "whole number", "keys"),
        "Storage keys and databases before a choice that the catalogue knows as preferences, analytics or marketing; 0 without a browser, where none is seen.",
        |row| row.counts.storage_needing.to_string(),
    ),
    column(
        ("third_parties", "whole number", "hosts"),
        "Hosts of other organisations asked for something before a choice; without a browser, that a tag of the page would ask.",
        |row| row.counts.third_parties.to_string(),
    ),
    column(
        ("trackers", "whole number", "hosts"),
        "Those of them that the catalogue knows as analytics or marketing.",
        |row| row.counts.trackers.to_string(),
    ),
    column(("pages", "whole number", "pages"), "Pages that were asked for.", |row| row.site.pages.len().to_string()),
    column(
        ("pages_known", "whole number", "pages"),
        "Pages that links and sitemaps named and that may be opened; empty where that is not known.",
        |row| row.site.pages_known.map(|known| known.to_string()).unwrap_or_default(),
    ),
    column(
        ("notice", "text", ""),
        "The product that asks for a choice, `unknown product` where something asks and nobody knows what; empty where nothing asks.",
        |row| {
            row.site
                .notice
                .as_ref()
                .map(|notice| notice.product.clone().unwrap_or_else(|| "unknown product".into()))
                .unwrap_or_default()
        },
    ),
    column(("not_met", "list, by spaces", "criteria"), "The criteria that are not met.", |row| {
        with_verdict(row.site, Verdict::NotMet).collect::<Vec<_>>().join(" ")
    }),
    column(("not_seen", "list, by spaces", "criteria"), "The criteria that could not be looked at.", |row| {
        with_verdict(row.site, Verdict::NotSeen).collect::<Vec<_>>().join(" ")
    }),
    column(("why_not", "text", ""), "Where no page could be opened: why.", why_not),
];

/// What kept a site from being looked at; nothing where it was.
pub(super) fn why_not(row: &Row) -> String {
    if row.rank.is_some() {
        return String::new();
    }
    let answered = row.site.pages.iter().find(|page| page.status != 0);
    let gap = row.site.gaps.first().cloned();
    gap.or_else(|| answered.map(|page| format!("{}: answered with {}", page.url, page.status)))
        .unwrap_or_else(|| "no page was answered".into())
}

/// The column of a criterion.
pub(super) fn of_criterion(id: &str) -> String {
    format!("verdict_{id}")
}

/// `benchmark.csv`.
pub(super) fn benchmark_csv(report: &Report) -> String {
    let mut table = super::csv::Table::new();
    let ids: Vec<_> = criteria().criteria.iter().map(|criterion| &*criterion.id).collect();
    table.put(LEAGUE.iter().map(|column| column.name.to_owned()).chain(ids.iter().map(|id| of_criterion(id))));
    for row in rows(report) {
        let verdicts = ids.iter().map(|id| {
            let outcome = row.site.criteria.iter().find(|outcome| outcome.id == **id);
            outcome.map(|outcome| outcome.verdict.name().to_owned()).unwrap_or_default()
        });
        table.put(LEAGUE.iter().map(|column| (column.value)(&row)).chain(verdicts));
    }
    table.text()
}
