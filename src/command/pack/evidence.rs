//! Answers 1 to 5: what is set and why, and what visitors were told and chose.

use crate::catalogue;
use crate::consent::{Basis, Purpose, PurposeSet};
use crate::gateway::{self, Mode};
use crate::inventory::kept_cookies;
use crate::ledger::{Kept, hex};
use crate::policy::{BasisRule, NameRule, Policy, Rule, rule_set};

use super::super::gate::mode_name;
use super::html::{chart, day, elsewhere, escaped, list, months_table, raw_table, table, text, thousands};
use super::{Facts, notice_name};

pub(super) fn inventory(html: &mut String, facts: &Facts<'_>) {
    for site in &facts.config.sites {
        let cookies = site.policy.cookies.iter().map(|rule| named(site, rule, "cookie"));
        let storage = site.policy.storage.iter().map(|rule| named(site, rule, "storage"));
        let rows: Vec<_> = cookies.chain(storage).collect();
        let caption = format!("{}: cookies and storage that the rules name", site.hosts[0]);
        table(html, &caption, &["Name", "Kind", "Purpose", "Basis", "Set by", "Kept for"], &rows);
        recipients(html, facts, &site.hosts[0]);
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

fn named(site: &gateway::Config, rule: &NameRule, kind: &str) -> Vec<String> {
    const UNKNOWN: &str = "not in the catalogue";
    let known = catalogue::cookie(rule.pattern.replace('*', "").as_bytes()).filter(|_| kind == "cookie");
    vec![
        rule.pattern.clone(),
        kind.into(),
        site.policy.purposes.name(rule.purpose).to_owned(),
        basis(site, rule.purpose),
        known.map_or(UNKNOWN, |known| known.platform).into(),
        known.map_or(UNKNOWN, |known| known.retention).into(),
    ]
}

/// Companies and hosts that traffic had shown when the last choice was made: they are part of the rules the record points to.
fn recipients(html: &mut String, facts: &Facts<'_>, site: &str) {
    let Some(rules) = facts.newest_rules(site) else { return };
    let of = |(purpose, names): (&String, &serde_json::Value)| {
        let names: Vec<_> = names.as_array()?.iter().filter_map(|name| name.as_str()).collect();
        (!names.is_empty()).then(|| vec![purpose.clone(), names.join(", ")])
    };
    let rows: Vec<_> = rules["recipients"].as_object().into_iter().flatten().filter_map(of).collect();
    let caption = format!("{site}: whose tags had been seen when the last choice was made");
    table(html, &caption, &["Purpose", "Companies and hosts"], &rows);
}

pub(super) fn before_consent(html: &mut String, facts: &Facts<'_>) {
    let row = |site: &gateway::Config| {
        let held = match site.mode {
            Mode::Enforce => "held until the visitor agrees, in the response itself",
            Mode::Observe => "NOT held: observe mode changes nothing, it only counts",
            Mode::Off => "NOT held: the gate is off",
        };
        let waits = |purpose| site.policy.purposes.by_consent().contains(purpose) && purpose != Purpose::ESSENTIAL;
        let named = site.policy.cookies.iter().chain(&site.policy.storage);
        let held_names: Vec<_> = named.filter(|rule| waits(rule.purpose)).map(|rule| rule.pattern.clone()).collect();
        let tags = site.policy.tags.iter().filter(|rule| waits(rule.purpose)).count();
        vec![site.hosts[0].clone(), mode_name(site.mode).into(), held.into(), held_names.join(", "), tags.to_string()]
    };
    let rows: Vec<_> = facts.config.sites.iter().map(row).collect();
    let headings = ["Site", "Mode", "Before consent", "Names that wait", "Tag rules that wait"];
    table(html, "What is held today", &headings, &rows);
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

pub(super) fn bases(html: &mut String, facts: &Facts<'_>) {
    for site in &facts.config.sites {
        let host = &site.hosts[0];
        let purposes = &site.policy.purposes;
        let register: Vec<_> = purposes.asked().map(|(purpose, _)| register(site, purpose)).collect();
        let headings = ["Purpose", "Basis", "Meaning", "Vouched for by", "What was vouched for"];
        table(html, &format!("{host}: what allows each purpose"), &headings, &register);
        if purposes.until_objected() != PurposeSet::ESSENTIAL {
            let page = format!("https://{host}{}/cookies", site.prefix);
            text(html, &format!("Visitors object at the end of every page of {host}, and on {page}, free of charge."));
        }
        let rules = site.policy.cookies.iter().chain(&site.policy.storage);
        let necessary = rules.filter(|rule| rule.purpose == Purpose::ESSENTIAL);
        let reason = |rule: &NameRule| {
            let known = catalogue::cookie(rule.pattern.replace('*', "").as_bytes());
            vec![rule.pattern.clone(), known.map_or("declared essential in the YAML", |known| known.reason).to_owned()]
        };
        let rows: Vec<_> = necessary.map(reason).collect();
        table(html, &format!("{host}: declared strictly necessary (paragraph 4)"), &["Name", "Reason"], &rows);
        by_the_catalogue(html, facts, site);
    }
    law(html);
    text(
        html,
        "The gate's own choice cookie remembers the choice itself (paragraph 4). Every set of rules that was in force when a \
        choice was made, with its bases and who vouched for them, is in rules.json, by its SHA-256.",
    );
    elsewhere(
        html,
        "why a cookie of yours is strictly necessary, who decided that and when, is for the organisation to sign.",
    );
}

/// What passes before a choice though no line of the YAML says so.
fn by_the_catalogue(html: &mut String, facts: &Facts<'_>, site: &gateway::Config) {
    let host = &site.hosts[0];
    let Some(file) = &facts.config.inventory.file else { return };
    let seen = match kept_cookies(file, host) {
        Ok(seen) => seen,
        Err(fault) => {
            let file = file.display();
            return text(html, &format!("What was seen on {host} is not known: {file}: {fault}"));
        }
    };
    let Ok(policy) = Policy::new(&site.policy) else { return };
    let necessary = |name: &String| {
        let verdict = policy.cookie(name.as_bytes(), PurposeSet::ESSENTIAL);
        let by_catalogue = matches!(verdict.rule, Rule::Catalogue(..)) && verdict.purpose == Some(Purpose::ESSENTIAL);
        let reason = catalogue::cookie(name.as_bytes()).map_or("", |known| known.reason);
        by_catalogue.then(|| vec![name.clone(), reason.to_owned()])
    };
    let rows: Vec<_> = seen.iter().filter_map(necessary).collect();
    let caption = format!("{host}: seen, and strictly necessary by the built-in catalogue (paragraph 4)");
    table(html, &caption, &["Name", "Reason"], &rows);
}

fn register(site: &gateway::Config, purpose: Purpose) -> Vec<String> {
    let attested = site.policy.attested.iter().find(|attested| attested.purpose == purpose);
    let version =
        site.policy.purposes.terms(purpose).map(|terms| &*terms.version).filter(|version| !version.is_empty());
    vec![
        site.policy.purposes.name(purpose).to_owned(),
        basis(site, purpose),
        version.map_or("as first asked".into(), |version| format!("version {version}")),
        attested.map_or("nobody has to".into(), |by| format!("{}, {}", by.who, by.date)),
        attested.map_or(String::new(), |by| by.points.join(", ").replace('_', " ")),
    ]
}

/// With the paragraph of the Schedule.
fn basis(site: &gateway::Config, purpose: Purpose) -> String {
    let id = match site.policy.purposes.terms(purpose).map(|terms| &terms.basis) {
        _ if purpose == Purpose::ESSENTIAL => "strictly_necessary",
        Some(Basis::Unused) => return "not used: held".into(),
        Some(basis) => basis.id(),
        None => "consent",
    };
    let name = |rule: &BasisRule| format!("{} (paragraph {})", rule.name.to_lowercase(), rule.paragraph);
    rule_set().find(id).map_or_else(|| id.to_owned(), name)
}

/// Which rules these are, so that a reader can tell whether they are still the law (A5).
fn law(html: &mut String) {
    let rules = rule_set();
    list(
        html,
        &[
            ("Rule-set", rules.name()),
            ("Law", rules.law.to_string()),
            ("In force since", rules.in_force_since.to_string()),
            ("Source", rules.source.to_string()),
            ("Note", rules.note.to_string()),
        ],
    );
}

pub(super) fn complaint(html: &mut String, facts: &Facts<'_>) {
    text(
        html,
        "The visitor finds a receipt number on the page of their own record, which the cookies page links to. With it: \
        consentgate ledger show --config FILE --receipt NUMBER prints every event, the notice as it was shown, and the \
        verdict on the chain. Whoever refused has no number: it would be a new identifier for someone who said no.",
    );
    let verified = &facts.verified;
    match &verified.fault {
        Some(fault) => list(
            html,
            &[
                ("Chain", format!("NOT as it was written: {fault}")),
                ("Records found good before that", thousands(verified.records)),
            ],
        ),
        None => list(
            html,
            &[
                ("Chain", "every record is as it was written".into()),
                ("Records", thousands(verified.records)),
                ("Deleted on purpose, with a tombstone", thousands(verified.deleted)),
                ("Signed checkpoints besides the signed end", thousands(verified.checkpoints)),
                ("The signed end of the chain", format!("seq {}, SHA-256 {}", verified.end.0, hex(&verified.end.1))),
            ],
        ),
    }
    let notices = facts.documents.iter().filter(|kept| kept.kind == "notice");
    let rows: Vec<_> = notices.map(|kept| notice(facts, kept)).collect();
    let headings = ["SHA-256 of the text", "Site", "Language", "Version", "First choice", "Last choice", "Choices"];
    raw_table(html, "Notices as they were shown", &headings, &rows);
    text(
        html,
        "All events: events.csv, events.jsonl; in the shape of ISO/IEC TS 27560: records-27560.jsonl; verify.txt.",
    );
}

/// A text may have been shown under several sets of rules.
fn notice(facts: &Facts<'_>, kept: &Kept) -> Vec<String> {
    let uses: Vec<_> = facts.uses.iter().filter(|used| used.notice == Some(kept.sha256)).collect();
    let (name, hash) = (notice_name(kept), hex(&kept.sha256));
    let mut row = vec![format!("<a href=\"{name}\"><code>{hash}</code></a>")];
    let Some(one) = uses.first() else {
        row.extend(["", "", "", "deleted", "deleted", "0"].map(str::to_owned));
        return row;
    };
    let first = uses.iter().map(|used| used.span_ms.0).min().unwrap_or_default();
    let last = uses.iter().map(|used| used.span_ms.1).max().unwrap_or_default();
    let choices = uses.iter().map(|used| used.choices).sum();
    row.extend([escaped(&one.site), escaped(&one.language), escaped(&one.version)]);
    row.extend([day(first), day(last), thousands(choices)]);
    row
}

pub(super) fn parity(html: &mut String, facts: &Facts<'_>) {
    let said = facts.newest_notice().map(|kept| (kept, button(&kept.text, "accept"), button(&kept.text, "reject")));
    if let Some((kept, Some(accept), Some(reject))) = said {
        let same = accept.replace("accept", "") == reject.replace("reject", "");
        let verdict = if same { "yes" } else { "NO: compare them" };
        list(
            html,
            &[
                ("In the newest notice that was answered, SHA-256", hex(&kept.sha256)),
                ("Accept is written", accept.to_owned()),
                ("Reject is written", reject.to_owned()),
                ("They differ in their value alone", verdict.into()),
            ],
        );
    }
    text(
        html,
        "One press each, side by side; colours that can be set are refused with too little contrast. Withdrawing is one \
        press at the end of every page. A choice is acted on only once it is on disk.",
    );
    chart(html, &facts.months);
    months_table(html, &facts.months);
    elsewhere(
        html,
        "which cookies survive a withdrawal in a browser (set by other sites, or by scripts elsewhere) is seen \
        by an audit after withdrawal.",
    );
}

/// The tag of the button that sends this choice.
fn button<'t>(notice: &'t str, choice: &str) -> Option<&'t str> {
    let value = notice.find(&format!("value=\"{choice}\""))?;
    let start = notice[..value].rfind('<')?;
    let end = value + notice[value..].find('>')?;
    Some(&notice[start..=end])
}
