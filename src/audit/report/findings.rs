//! `findings.json`: what is not met, as a list for builds, in the form of SARIF 2.1.0.

use serde_json::{Value, json};

use crate::audit::{Outcome, Report, Verdict, criteria};

/// The list.
pub fn findings(report: &Report) -> String {
    let rules: Vec<Value> = criteria()
        .criteria
        .iter()
        .map(|criterion| {
            json!({
                "id": criterion.id,
                "shortDescription": { "text": criterion.title },
                "fullDescription": { "text": criterion.test },
                "help": { "text": criterion.source },
                "helpUri": criterion.address,
                "properties": { "weight": criterion.weight },
            })
        })
        .collect();
    let not_met = |outcome: &&Outcome| outcome.verdict == Verdict::NotMet;
    let of_site = |site: &crate::audit::SiteReport| {
        let results = site.criteria.iter().filter(not_met).flat_map(|outcome| {
            outcome.evidence.iter().map(|evidence| result(&site.url, outcome, evidence)).collect::<Vec<_>>()
        });
        results.collect::<Vec<_>>()
    };
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "consentgate audit",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
                "properties": { "criteria_version": report.criteria_version },
            } },
            "results": report.sites.iter().flat_map(of_site).collect::<Vec<_>>(),
        }],
    });
    format!("{log:#}\n")
}

fn result(site: &str, outcome: &Outcome, evidence: &str) -> Value {
    json!({
        "ruleId": outcome.id,
        "level": "error",
        "message": { "text": evidence },
        "locations": [{ "physicalLocation": { "artifactLocation": { "uri": site } } }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::SiteReport;

    #[test]
    fn each_piece_of_evidence_is_a_result_of_a_known_rule() {
        let outcome =
            |id: &str, verdict| Outcome { id: id.into(), verdict, deducted: 5, evidence: vec!["a".into(), "b".into()] };
        let criteria = vec![outcome("withdraw", Verdict::NotMet), outcome("declared", Verdict::NotSeen)];
        let site = SiteReport { url: "https://e/".into(), criteria, ..SiteReport::default() };
        let log: Value = serde_json::from_str(&findings(&Report { sites: vec![site], ..Report::default() })).unwrap();
        let run = &log["runs"][0];
        assert_eq!(run["results"].as_array().map(Vec::len), Some(2));
        let known = run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| &rule["id"]);
        assert!(known.collect::<Vec<_>>().contains(&&run["results"][0]["ruleId"]));
    }
}
