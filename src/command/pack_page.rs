//! The pack's one page: ten questions in the order they are asked (REQUIREMENTS section 7), no script, nothing from elsewhere,
//! made to be printed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::catalogue;
use crate::consent::Purpose;
use crate::gateway::{self, Mode};
use crate::ledger::{hex, rfc3339};
use crate::policy::NameRule;

use super::gate::mode_name;
use super::pack::{Facts, notice_name};

const STYLE: &str = "body{font:1rem/1.5 Arial,sans-serif;color:#111;background:#fff;max-width:60rem;margin:0 auto;padding:1rem}\
    h2{margin-top:2.5rem;border-top:2px solid #111;padding-top:.75rem}table{border-collapse:collapse;width:100%;margin:1rem 0}\
    caption{text-align:left;font-weight:bold;padding:.25rem 0}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;\
    border-bottom:1px solid #767676;overflow-wrap:anywhere}dt{font-weight:bold;margin-top:.5rem}dd{margin:0}\
    .who{color:#444}.elsewhere{border-left:4px solid #111;padding-left:.75rem}a{color:#0b3d91}code{overflow-wrap:anywhere}\
    a:focus{outline:3px solid #111;outline-offset:2px}svg{max-width:100%;height:auto}\
    @media print{body{max-width:none;padding:0;font-size:10pt}section{break-inside:auto}h2,caption{break-after:avoid}tr{break-inside:avoid}}";

/// The whole page.
pub(super) fn page(facts: &Facts<'_>) -> String {
    let organisation = facts.config.sites.iter().find_map(|site| site.notice.organisation.clone()).unwrap_or_default();
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Cookie consent: answers and evidence</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>{STYLE}</style></head><body><main>\
         <h1>Cookie consent: answers and evidence</h1>"
    );
    let hosts: Vec<_> = facts.config.sites.iter().map(|site| site.hosts.join(", ")).collect();
    let records: u64 = facts.summary.events.values().sum();
    let verdict = match &facts.verified.fault {
        None => "every record is as it was written".to_owned(),
        Some(fault) => format!("NOT as it was written: {fault}"),
    };
    list(
        &mut html,
        &[
            ("Organisation", organisation),
            ("Sites", hosts.join("; ")),
            ("Made", facts.made_at.clone()),
            ("By", concat!("consentgate ", env!("CARGO_PKG_VERSION")).into()),
            ("Ledger", format!("{records} records; {verdict}")),
        ],
    );
    text(
        &mut html,
        "Made from this installation's configuration and ledger. What they cannot know is marked \"from \
        elsewhere\". This page is no legal advice.",
    );
    for (number, (question, who, answer)) in (1..).zip(QUESTIONS) {
        let _ =
            write!(html, "<section><h2 id=\"q{number}\">{number}. {question}</h2><p class=\"who\">Asked by: {who}</p>");
        answer(&mut html, facts);
        html.push_str("</section>");
    }
    html.push_str("</main></body></html>\n");
    html
}

type Answer = fn(&mut String, &Facts<'_>);

const QUESTIONS: [(&str, &str, Answer); 10] = [
    ("What does our site set today, and who sets it?", "data protection officer", inventory),
    ("Prove nothing fires before consent.", "data protection officer, ICO", before_consent),
    ("Which items do you say need no consent, and on what basis?", "data protection officer", bases),
    ("Show me the consent for this complaint.", "data protection officer", complaint),
    ("Is rejecting as easy as accepting? Does withdrawal work?", "data protection officer", parity),
    ("Does it meet WCAG 2.2 AA, and can we put it in our accessibility statement?", "web team", accessibility),
    ("Where is the data, who is the processor, do we need a DPIA?", "data protection officer", data_flow),
    ("Will it break the CMS, logins, forms, payments? How do we turn it off?", "web team, operations", operations),
    ("Is it in Welsh?", "councils in Wales", welsh),
    ("What happens when someone adds a new tag, or the law changes?", "both", change),
];

// === The answers ===

fn inventory(html: &mut String, facts: &Facts<'_>) {
    for site in &facts.config.sites {
        let policy = &site.policy;
        let named = policy.cookies.iter().map(|rule| (rule, "cookie"));
        let rows: Vec<_> = named
            .chain(policy.storage.iter().map(|rule| (rule, "storage")))
            .map(|(rule, kind)| {
                let known = catalogue::cookie(rule.pattern.replace('*', "").as_bytes()).filter(|_| kind == "cookie");
                vec![
                    rule.pattern.clone(),
                    kind.into(),
                    purpose(site, rule.purpose),
                    known.map_or("not in the catalogue", |known| known.platform).into(),
                    known.map_or("not in the catalogue", |known| known.retention).into(),
                ]
            })
            .collect();
        let caption = format!("{}: cookies and storage that the rules name", site.hosts[0]);
        table(html, &caption, &["Name", "Kind", "Purpose", "Set by", "Kept for"], &rows);
    }
    text(
        html,
        "What traffic has shown besides is on each site's cookies page, as visitors read it: the newest notice \
        under question 4 has it as it was at the last choice. Browsers keep no cookie longer than 400 days.",
    );
    elsewhere(
        html,
        "pages that had no traffic, and cookies set by a script after consent on pages nobody visited, are seen \
        only by a crawl with a browser.",
    );
}

fn before_consent(html: &mut String, facts: &Facts<'_>) {
    let rows: Vec<_> = facts
        .config
        .sites
        .iter()
        .map(|site| {
            let held = match site.mode {
                Mode::Enforce => "held until the visitor agrees, in the response itself",
                Mode::Observe => "NOT held: observe mode changes nothing, it only counts",
                Mode::Off => "NOT held: the gate is off",
            };
            let pattern = |rule: &NameRule| rule.pattern.clone();
            let asked: Vec<_> =
                site.policy.cookies.iter().filter(|rule| rule.purpose != Purpose::ESSENTIAL).map(pattern).collect();
            let tags = site.policy.tags.iter().filter(|rule| rule.purpose != Purpose::ESSENTIAL).count();
            vec![site.hosts[0].clone(), mode_name(site.mode).into(), held.into(), asked.join(", "), tags.to_string()]
        })
        .collect();
    table(html, "What is held today", &["Site", "Mode", "Before consent", "Cookies held by name", "Tag rules"], &rows);
    text(
        html,
        "Cookies are taken out of the response headers and tags are disarmed in the HTML before the page reaches the \
        browser; what is not classified follows the site's rule under question 10.",
    );
    elsewhere(
        html,
        "the before-and-after table of a fresh visit (no choice, accepted, rejected, withdrawn), with the raw \
        headers, is the report of a browser audit of your site; the pages that could not be rewritten are counted by the \
        admin listener while the gate runs.",
    );
}

fn bases(html: &mut String, facts: &Facts<'_>) {
    for site in &facts.config.sites {
        let rules = site.policy.cookies.iter().chain(&site.policy.storage);
        let rows: Vec<_> = rules
            .filter(|rule| rule.purpose == Purpose::ESSENTIAL)
            .map(|rule| {
                let reason = catalogue::cookie(rule.pattern.as_bytes())
                    .map_or("declared essential in the YAML", |known| known.reason);
                vec![rule.pattern.clone(), reason.to_owned()]
            })
            .collect();
        table(html, &format!("{}: declared strictly necessary", site.hosts[0]), &["Name", "Reason"], &rows);
        let asked: Vec<_> = site.policy.purposes.asked().map(|(_, name)| name.to_owned()).collect();
        text(html, &format!("Asked for on {}: {}.", site.hosts[0], asked.join(", ")));
    }
    text(
        html,
        "The gate's own choice cookie remembers the choice itself. Every set of rules that was in force when a choice \
        was made is in rules.json, by its SHA-256.",
    );
    elsewhere(
        html,
        "why a cookie of yours is strictly necessary, who decided that and when, is for the organisation to sign.",
    );
}

fn complaint(html: &mut String, facts: &Facts<'_>) {
    text(
        html,
        "The visitor finds a receipt number on the cookies page. With it: consentgate ledger show --config FILE \
        --receipt NUMBER prints every event, the notice as it was shown, and the verdict on the chain. Whoever refused has \
        no number: it would be a new identifier for someone who said no.",
    );
    let verified = &facts.verified;
    list(
        html,
        &[
            ("Chain", verified.fault.as_ref().map_or("every record is as it was written".into(), ToString::to_string)),
            ("Records", verified.records.to_string()),
            ("Deleted on purpose, with a tombstone", verified.deleted.to_string()),
            ("Signed checkpoints", verified.checkpoints.to_string()),
            ("End of the chain", format!("seq {}, SHA-256 {}", verified.end.0, hex(&verified.end.1))),
        ],
    );
    let notices = facts.documents.iter().filter(|kept| kept.kind == "notice");
    let _ = write!(
        html,
        "<table><caption>Notices as they were shown</caption><thead><tr><th scope=\"col\">SHA-256 of the \
        text</th><th scope=\"col\">Bytes</th></tr></thead><tbody>"
    );
    for kept in notices {
        let (name, hash, bytes) = (notice_name(kept), hex(&kept.sha256), kept.text.len());
        let _ = write!(html, "<tr><td><a href=\"{name}\"><code>{hash}</code></a></td><td>{bytes}</td></tr>");
    }
    html.push_str("</tbody></table>");
    text(
        html,
        "All events: events.csv, events.jsonl; in the shape of ISO/IEC TS 27560: records-27560.jsonl; verify.txt.",
    );
}

fn parity(html: &mut String, facts: &Facts<'_>) {
    text(
        html,
        "Accept and reject are the same element with the same style, side by side, one press each; withdrawing is one \
        press at the end of every page. A choice is acted on only once it is on disk.",
    );
    chart(html, &facts.months);
    let rows: Vec<_> = facts
        .months
        .iter()
        .map(|(month, event, count)| vec![month.clone(), event.clone(), count.to_string()])
        .collect();
    table(html, "Choices by month", &["Month", "Event", "Records"], &rows);
    elsewhere(
        html,
        "which cookies survive a withdrawal in a browser (set by other sites, or by scripts elsewhere) is seen \
        by an audit after withdrawal.",
    );
}

fn accessibility(html: &mut String, _: &Facts<'_>) {
    text(
        html,
        "The notice is a labelled region in the page's flow, first in the body, made of native buttons, links and \
        forms; it traps no focus, covers nothing and works without JavaScript. Its own pages have one heading of the first \
        level, a skip link, a language, and labels for every control.",
    );
    elsewhere(
        html,
        "a statement of conformance with WCAG 2.2 AA needs a test of the notice on your own pages: automated \
        checks (such as axe), keyboard, 400% zoom and reflow, and people who use assistive technology. Do not put it into \
        your accessibility statement on the strength of this page.",
    );
}

fn data_flow(html: &mut String, facts: &Facts<'_>) {
    let ledger = &facts.config.ledger;
    let keep = ledger.keep.map_or_else(
        || "not decided: set ledger.keep; until then nothing is deleted by age".into(),
        |keep| format!("{} days, then deleted once a day", keep.as_secs() / 86_400),
    );
    let span = facts.summary.span_ms.map_or("no records".into(), |(a, b)| format!("{} to {}", rfc3339(a), rfc3339(b)));
    let contact = facts.config.sites.iter().find_map(|site| site.notice.contact.clone());
    list(html, &[
        ("What is stored about a choice", "a random record id, the event, the time, the site, the path without its query, the \
            language, the notice's version and hash, the answer for each purpose, how it was given, whether the browser \
            sent Global Privacy Control, when it lapses, and for an agreement a random receipt id".into()),
        ("What is never stored", "IP address, browser name, account, referrer, query, the value of any cookie".into()),
        ("Where", format!("{} on this machine", ledger.file.display())),
        ("Period on file", span),
        ("Kept for", keep),
        ("Legal hold", if ledger.legal_hold { "on: nothing is deleted" } else { "off" }.into()),
        ("Receipts", facts.config.sites.iter().map(|site| format!("{}: {}", site.hosts[0], if site.receipts { "yes" } else { "none" }))
            .collect::<Vec<_>>().join("; ")),
        ("Contact", contact.unwrap_or_else(|| "none configured: set organisation.contact".into())),
        ("Processor", "none is added by this product: it runs where you run it, and connects to the site behind it and \
            nowhere else. Whoever hosts the machine for you is a processor of yours".into()),
        ("DPIA screening", "no special categories, no profiling, no matching with other data, no automated decision; a \
            random receipt id per agreeing browser is personal data in your hands".into()),
    ]);
    elsewhere(
        html,
        "whether your own use needs a DPIA is your data protection officer's decision; a capture of the machine's \
        network traffic shows that nothing else is contacted.",
    );
}

fn operations(html: &mut String, facts: &Facts<'_>) {
    let rows: Vec<_> = facts
        .config
        .sites
        .iter()
        .map(|site| {
            let bypassed: Vec<_> =
                site.policy.paths.iter().filter(|path| path.bypass).map(|path| path.pattern.clone()).collect();
            let bypassed = if bypassed.is_empty() { "none".into() } else { bypassed.join(", ") };
            vec![site.hosts[0].clone(), mode_name(site.mode).into(), bypassed]
        })
        .collect();
    table(html, "How it runs", &["Site", "Mode", "Paths it keeps out of"], &rows);
    list(
        html,
        &[
            ("Trying it out", "mode: observe changes no byte and counts what would be held".into()),
            ("Turning it off", "mode: off in the YAML; the running gate takes it over by itself, no restart".into()),
            (
                "If the ledger cannot be written",
                "choices are refused (503) and nothing is granted; pages go on being served".into(),
            ),
            (
                "If a page cannot be rewritten",
                "it is sent with a Content-Security-Policy that lets only the site itself be fetched".into(),
            ),
            ("Going back", "point the DNS or the balancer at the site again: the site itself was never changed".into()),
        ],
    );
    elsewhere(
        html,
        "logins, forms and payments of your own site need a walk-through in observe mode and in enforce mode; \
        latency and memory are measured on your machine.",
    );
}

fn welsh(html: &mut String, facts: &Facts<'_>) {
    let rows: Vec<_> = facts
        .config
        .sites
        .iter()
        .map(|site| {
            let tags: Vec<_> = site.notice.languages.iter().map(|language| language.tag()).collect();
            let says = if tags.contains(&"cy") { "yes" } else { "no: add cy to notice.languages" };
            vec![site.hosts[0].clone(), tags.join(", "), says.into()]
        })
        .collect();
    table(html, "Languages of the notice", &["Site", "Languages, first the default", "Welsh"], &rows);
    text(
        html,
        "Every sentence a visitor can meet stands in both languages: the program does not build with one missing.",
    );
    elsewhere(html, "the Welsh wording needs a professional check before it is published in your name.");
}

fn change(html: &mut String, facts: &Facts<'_>) {
    let rows: Vec<_> = facts
        .config
        .sites
        .iter()
        .map(|site| {
            let unknown = &site.policy.unclassified;
            let line = format!("{unknown:?}").replace("Unclassified ", "");
            vec![site.hosts[0].clone(), line, site.notice.version.clone()]
        })
        .collect();
    table(html, "What happens to what nobody has classified", &["Site", "Rule", "Notice version"], &rows);
    let count = |kind: &str| facts.documents.iter().filter(|kept| kept.kind == kind).count();
    let superseded = facts.summary.events.get("superseded").copied().unwrap_or(0);
    list(
        html,
        &[
            ("Sets of rules that choices were made under", count("rules").to_string()),
            ("Texts of the notice that were shown", count("notice").to_string()),
            ("Choices that lost their force because of a change", superseded.to_string()),
        ],
    );
    elsewhere(
        html,
        "an alert about a new tag comes from the admin listener's figures; a change of the law comes with an \
        update of the product and is for your adviser to judge.",
    );
}

// === Pieces ===

/// Agreed, refused and withdrawn in each month, one bar each; the table below it says the same.
fn chart(html: &mut String, months: &[(String, String, u64)]) {
    let mut counted: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
    for (month, event, count) in months {
        let place = match event.as_str() {
            "given" | "partial" | "changed" => 0,
            "refused" => 1,
            "withdrawn" => 2,
            _ => continue,
        };
        counted.entry(month).or_default()[place] += count;
    }
    let most = counted.values().flatten().max().copied().unwrap_or(0).max(1);
    let width = counted.len() * 90 + 40;
    let _ = write!(
        html,
        "<svg role=\"img\" aria-labelledby=\"chart\" width=\"{width}\" height=\"230\" viewBox=\"0 0 {width} 230\">\
        <title id=\"chart\">Choices by month: agreed, refused, withdrawn. The table below has the numbers.</title>"
    );
    for (at, (month, values)) in counted.iter().enumerate() {
        let left = at * 90 + 20;
        for (bar, (value, fill)) in values.iter().zip(["#0b3d91", "#767676", "#b35900"]).enumerate() {
            let (height, x) = (value * 160 / most, left + bar * 24);
            let (y, label) = (180 - height, 176 - height);
            let _ = write!(
                html,
                "<rect x=\"{x}\" y=\"{y}\" width=\"20\" height=\"{height}\" fill=\"{fill}\"/>\
                <text x=\"{x}\" y=\"{label}\" font-size=\"11\">{value}</text>"
            );
        }
        let _ = write!(html, "<text x=\"{left}\" y=\"198\" font-size=\"12\">{}</text>", escaped(month));
    }
    html.push_str("<text x=\"20\" y=\"222\" font-size=\"12\">left to right: agreed, refused, withdrawn</text></svg>");
}

fn purpose(site: &gateway::Config, purpose: Purpose) -> String {
    site.policy.purposes.name(purpose).to_owned()
}

fn text(html: &mut String, text: &str) {
    let _ = write!(html, "<p>{}</p>", escaped(text));
}

fn elsewhere(html: &mut String, text: &str) {
    let _ = write!(html, "<p class=\"elsewhere\"><strong>From elsewhere:</strong> {}</p>", escaped(text));
}

fn list(html: &mut String, facts: &[(&str, String)]) {
    html.push_str("<dl>");
    for (what, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = write!(html, "<dt>{what}</dt><dd>{}</dd>", escaped(value));
    }
    html.push_str("</dl>");
}

fn table(html: &mut String, caption: &str, headings: &[&str], rows: &[Vec<String>]) {
    if rows.is_empty() {
        return text(html, &format!("{caption}: none."));
    }
    let _ = write!(html, "<table><caption>{}</caption><thead><tr>", escaped(caption));
    for heading in headings {
        let _ = write!(html, "<th scope=\"col\">{heading}</th>");
    }
    html.push_str("</tr></thead><tbody>");
    for row in rows {
        html.push_str("<tr>");
        for cell in row {
            let _ = write!(html, "<td>{}</td>", escaped(cell));
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
