//! `method.html`: how the sites were chosen and looked at, what is not seen, what the margins are, and the command that
//! makes the audit again.

use minijinja::context;

use super::look;
use crate::audit::{Report, criteria};

const TEMPLATE: &str = include_str!("method.html");

/// The whole page.
pub fn method(report: &Report) -> String {
    let looked_at = report.sites.iter().filter(|site| site.score.is_some());
    let pages: usize = report.sites.iter().map(|site| site.pages.len()).sum();
    let cut_off =
        report.sites.iter().filter(|site| site.pages_known.is_some_and(|known| known as usize > site.pages.len()));
    let margins = report.sites.iter().filter(|site| site.score_at_least < site.score);
    look::page(
        TEMPLATE,
        context! {
            report,
            made => &report.method,
            sites => report.sites.len(),
            seen => looked_at.count(),
            pages,
            cut_off => cut_off.count(),
            margins => margins.count(),
            gaps => report.sites.iter().map(|site| site.gaps.len()).sum::<usize>(),
            about => &criteria().about,
            criteria => &criteria().criteria,
        },
    )
}
