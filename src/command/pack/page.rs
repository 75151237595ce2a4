//! The pack's one page: ten questions in the order they are asked (REQUIREMENTS section 7), no script, nothing from elsewhere,
//! made to be printed.

use std::fmt::Write as _;

use super::html::{escaped, list, text, thousands};
use super::{Facts, evidence, running};

const STYLE: &str = "body{font:1rem/1.5 Arial,sans-serif;color:#111;background:#fff;max-width:60rem;margin:0 auto;padding:1rem}\
    h2{margin-top:2.5rem;border-top:2px solid #111;padding-top:.75rem}p,dl{max-width:46rem}\
    table{border-collapse:collapse;width:100%;margin:1rem 0;font-size:.9375rem}\
    caption{text-align:left;font-weight:bold;padding:.25rem 0}th,td{text-align:left;vertical-align:top;padding:.3rem .75rem .3rem 0;\
    border-bottom:1px solid #767676}th[scope=row]{font-weight:normal;overflow-wrap:anywhere;min-width:8rem}td{overflow-wrap:break-word}thead th{white-space:nowrap}\
    .wide{overflow-x:auto}.wide:focus-visible{outline:3px solid #111;outline-offset:2px}dl>div{margin-top:.5rem}dt{font-weight:bold}dd{margin:0;overflow-wrap:anywhere}\
    .who{color:#444;margin-top:-.5rem}.elsewhere,.verdict{border-left:4px solid #111;padding-left:.75rem}.wrong{border-color:#b00020;font-weight:bold}\
    a{color:#0b3d91}code{overflow-wrap:anywhere}a:focus{outline:3px solid #111;outline-offset:2px}\
    svg{display:block;max-width:100%;width:45rem;height:auto;font:13px Arial,sans-serif;margin:1rem 0}\
    @page{margin:18mm}@media print{body{max-width:none;padding:0;font-size:10pt}nav{break-after:page}.wide{overflow:visible}h2,caption,thead{break-after:avoid}\
    tr,svg,dl>div{break-inside:avoid}thead{display:table-header-group}thead th{white-space:normal}a{color:inherit}}";

/// The whole page.
pub(super) fn page(facts: &Facts<'_>) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Cookie consent: answers and evidence</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>{STYLE}</style></head><body><main>\
         <h1>Cookie consent: answers and evidence</h1>"
    );
    head(&mut html, facts);
    html.push_str("<nav aria-label=\"Questions\"><ol>");
    for (number, (question, _, _)) in (1..).zip(QUESTIONS) {
        let _ = write!(html, "<li><a href=\"#q{number}\">{question}</a></li>");
    }
    html.push_str("</ol></nav>");
    for (number, (question, who, answer)) in (1..).zip(QUESTIONS) {
        let _ = write!(
            html,
            "<section aria-labelledby=\"q{number}\"><h2 id=\"q{number}\">{number}. {question}</h2>\
            <p class=\"who\">Asked by: {who}</p>"
        );
        answer(&mut html, facts);
        html.push_str("</section>");
    }
    html.push_str("</main></body></html>\n");
    html
}

/// Of whom, when, and first of all whether the ledger can be believed.
fn head(html: &mut String, facts: &Facts<'_>) {
    let organisation = facts.config.sites.iter().find_map(|site| site.notice.organisation.clone()).unwrap_or_default();
    let hosts: Vec<_> = facts.config.sites.iter().map(|site| site.hosts.join(", ")).collect();
    let (records, audits) = (facts.summary.records(), facts.summary.audits);
    let noun = if records == 1 { "record" } else { "records" };
    let by_audits = if audits == 0 {
        String::new()
    } else {
        format!(", {} of them by audits, which no figure below counts", thousands(audits))
    };
    list(
        html,
        &[
            ("Organisation", organisation),
            ("Sites", hosts.join("; ")),
            ("Made", facts.made_at.clone()),
            ("By", concat!("consentgate ", env!("CARGO_PKG_VERSION")).into()),
            ("Ledger", format!("{} {noun}{by_audits}", thousands(records))),
        ],
    );
    let (class, verdict) = match &facts.verified.fault {
        None => ("verdict", "The chain of the ledger is whole: every record is as it was written.".to_owned()),
        Some(fault) => ("verdict wrong", format!("The ledger is NOT as it was written: {fault}.")),
    };
    let _ = write!(html, "<p class=\"{class}\">{}</p>", escaped(&verdict));
    text(
        html,
        "Made from this installation's configuration and ledger. What they cannot know is marked \"From \
        elsewhere\". This page is no legal advice.",
    );
}

type Answer = fn(&mut String, &Facts<'_>);

const QUESTIONS: [(&str, &str, Answer); 10] = [
    ("What does our site set today, and who sets it?", "data protection officer", evidence::inventory),
    ("Prove nothing fires before consent.", "data protection officer, ICO", evidence::before_consent),
    ("Which items do you say need no consent, and on what basis?", "data protection officer", evidence::bases),
    ("Show me the consent for this complaint.", "data protection officer", evidence::complaint),
    ("Is rejecting as easy as accepting? Does withdrawal work?", "data protection officer", evidence::parity),
    ("Does it meet WCAG 2.2 AA, and can we put it in our accessibility statement?", "web team", running::accessibility),
    ("Where is the data, who is the processor, do we need a DPIA?", "data protection officer", running::data_flow),
    (
        "Will it break the CMS, logins, forms, payments? How do we turn it off?",
        "web team, operations",
        running::operations,
    ),
    ("Is it in Welsh?", "councils in Wales", running::welsh),
    ("What happens when someone adds a new tag, or the law changes?", "both", running::change),
];
