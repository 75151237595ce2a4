//! What an audit found that the last one had not: told in the log and to the webhook, once.

use std::time::UNIX_EPOCH;

use serde_json::json;

use crate::admin::{Audit, Audited};
use crate::inventory::Teller;

/// Of one site and audit; the rest is in the report.
const MOST: usize = 50;

/// Tells it, and says how much it was.
pub(super) fn tell(audit: &Audit, teller: Option<&Teller>) -> u64 {
    audit.sites.iter().map(|site| of_site(audit, site, teller)).sum()
}

fn of_site(audit: &Audit, site: &Audited, teller: Option<&Teller>) -> u64 {
    let (score, at_least) = (site.score.map(u64::from), site.score_at_least.map(u64::from));
    if score.is_none() {
        tracing::warn!(
            site = site.url,
            audit = audit.name,
            "audit: the site could not be looked at; its report says why"
        );
    } else {
        tracing::info!(site = site.url, audit = audit.name, score, at_least, pages = site.pages, "audited");
    }
    let news = news(site);
    let told = news.iter().take(MOST);
    for (kind, name) in told {
        tracing::warn!(site = site.url, audit = audit.name, kind, name, "audit: new since the last one");
        if let Some(teller) = teller {
            let at = audit.at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
            teller.tell(json!({ "site": site.url, "kind": kind, "name": name, "at": at, "audit": audit.name }));
        }
    }
    if news.len() > MOST {
        let more = news.len() - MOST;
        tracing::warn!(site = site.url, audit = audit.name, more, "audit: more is new; all of it is in changes.json");
    }
    news.len() as u64
}

/// The criteria first: they are what an audit is made for.
fn news(site: &Audited) -> Vec<(&'static str, &str)> {
    let criteria = site.not_met_now.iter().map(|id| ("audit_criterion", &**id));
    criteria.chain(site.came.iter().map(|thing| ("audit_found", &**thing))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_criterion_that_is_no_longer_met_is_told_before_what_was_found() {
        let site = Audited {
            came: vec!["untouched: cookie _ga for example.gov.uk".into()],
            not_met_now: vec!["cookies_before_choice".into()],
            ..Audited::default()
        };
        assert_eq!(
            news(&site),
            [("audit_criterion", "cookies_before_choice"), ("audit_found", "untouched: cookie _ga for example.gov.uk")]
        );
    }
}
