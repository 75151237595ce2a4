//! Answers 6 to 10: how it is used and run, where the data is, and what happens when something changes.

use crate::gateway;
use crate::ledger::{Kept, hex, rfc3339};
use crate::policy::{Action, Unclassified, rule_set};

use super::super::gate::mode_name;
use super::Facts;
use super::html::{day, elsewhere, list, table, text, thousands};

pub(super) fn accessibility(html: &mut String, _: &Facts<'_>) {
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

pub(super) fn data_flow(html: &mut String, facts: &Facts<'_>) {
    let ledger = &facts.config.ledger;
    let keep = ledger.keep.map_or_else(
        || "not decided: set ledger.keep; until then nothing is deleted by age".into(),
        |keep| format!("{} days, then deleted once a day", keep.as_secs() / 86_400),
    );
    let span = facts.summary.span_ms.map_or("no records".into(), |(a, b)| format!("{} to {}", rfc3339(a), rfc3339(b)));
    let contact = facts.config.sites.iter().find_map(|site| site.notice.contact.clone());
    let receipts =
        |site: &gateway::Config| format!("{}: {}", site.hosts[0], if site.receipts { "yes" } else { "none" });
    let receipts: Vec<_> = facts.config.sites.iter().map(receipts).collect();
    let stored = "a random record id, the event, the time, the site, the path without its query, the language, the notice's \
        version and hash, the answer for each purpose, how it was given, whether the browser sent Global Privacy Control, \
        when it lapses, and for an agreement a random receipt id";
    let processor = "none is added by this product: it runs where you run it, and connects to the site behind it and nowhere \
        else. Whoever hosts the machine for you is a processor of yours";
    let dpo = facts.config.sites.iter().find_map(|site| site.notice.controller.dpo.clone());
    let screening = "no special categories by themselves, no profiling, no matching with other data, no automated decision; a random receipt \
        id per agreeing browser is personal data in your hands, and the path of the page may say what somebody was reading";
    list(
        html,
        &[
            ("What is stored about a choice", stored.into()),
            (
                "What is never stored",
                "IP address, browser name, account, referrer, query, the value of any cookie".into(),
            ),
            ("Where", format!("{} on this machine", ledger.file.display())),
            ("Period on file", span),
            ("Kept for", keep),
            ("Legal hold", if ledger.legal_hold { "on: nothing is deleted" } else { "off" }.into()),
            ("Receipts", receipts.join("; ")),
            ("Contact", contact.unwrap_or_else(|| "none configured: set organisation.contact".into())),
            ("Data protection officer", dpo.unwrap_or_else(|| "none configured: set organisation.dpo".into())),
            ("Processor", processor.into()),
            ("DPIA screening", screening.into()),
        ],
    );
    elsewhere(
        html,
        "whether your own use needs a DPIA is your data protection officer's decision; a capture of the machine's \
        network traffic shows that nothing else is contacted.",
    );
}

pub(super) fn operations(html: &mut String, facts: &Facts<'_>) {
    let row = |site: &gateway::Config| {
        let bypassed = site.policy.paths.iter().filter(|path| path.bypass).map(|path| path.pattern.clone());
        let bypassed: Vec<_> = bypassed.collect();
        let bypassed = if bypassed.is_empty() { "none".into() } else { bypassed.join(", ") };
        vec![site.hosts[0].clone(), mode_name(site.mode).into(), bypassed]
    };
    let rows: Vec<_> = facts.config.sites.iter().map(row).collect();
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

pub(super) fn welsh(html: &mut String, facts: &Facts<'_>) {
    let row = |site: &gateway::Config| {
        let tags: Vec<_> = site.notice.languages.iter().map(|language| language.tag()).collect();
        let says = if tags.contains(&"cy") { "yes" } else { "no: add cy to notice.languages" };
        let answered = facts.uses.iter().filter(|used| used.site == site.hosts[0] && used.language == "cy");
        let answered = answered.map(|used| used.choices).sum();
        vec![site.hosts[0].clone(), tags.join(", "), says.into(), thousands(answered)]
    };
    let rows: Vec<_> = facts.config.sites.iter().map(row).collect();
    let headings = ["Site", "Languages, first the default", "Welsh", "Choices made in Welsh"];
    table(html, "Languages of the notice", &headings, &rows);
    text(
        html,
        "Every sentence a visitor can meet stands in both languages; a language that lacks one is refused when the \
        configuration is read. The Welsh notices are under question 4, as they were shown.",
    );
    elsewhere(html, "the Welsh wording needs a professional check before it is published in your name.");
}

pub(super) fn change(html: &mut String, facts: &Facts<'_>) {
    let word = |action| match action {
        Action::Pass => "passed",
        Action::Hold => "held",
    };
    let row = |site: &gateway::Config| {
        let Unclassified { cookies, storage, tags } = site.policy.unclassified;
        vec![site.hosts[0].clone(), word(cookies).into(), word(storage).into(), word(tags).into()]
    };
    let rows: Vec<_> = facts.config.sites.iter().map(row).collect();
    let headings = ["Site", "Cookies", "Storage", "Tags of other sites"];
    table(html, "What happens to what nobody has classified", &headings, &rows);
    let rules: Vec<_> = facts.documents.iter().filter(|kept| kept.kind == "rules").collect();
    let rows: Vec<_> = rules.iter().map(|kept| in_force(facts, kept)).collect();
    let headings = ["SHA-256, see rules.json", "Site", "Notice version", "First choice", "Last choice", "Choices"];
    table(html, "Sets of rules that choices were made under", &headings, &rows);
    let superseded = facts.summary.events.get("superseded").copied().unwrap_or(0);
    let law = rule_set();
    list(
        html,
        &[
            ("Choices made anew because what they were about had changed", thousands(superseded)),
            ("The law as this version knows it", format!("{}, in force since {}", law.name(), law.in_force_since)),
            ("Its source", law.source.to_string()),
        ],
    );
    elsewhere(
        html,
        "an alert about a new tag comes from the admin listener's figures; a change of the law comes with an \
        update of the product and is for your adviser to judge.",
    );
}

fn in_force(facts: &Facts<'_>, kept: &Kept) -> Vec<String> {
    let uses = || facts.uses.iter().filter(|used| used.rules == Some(kept.sha256));
    let mut sites: Vec<_> = uses().map(|used| used.site.clone()).collect();
    let mut versions: Vec<_> = uses().map(|used| used.version.clone()).collect();
    for names in [&mut sites, &mut versions] {
        names.sort();
        names.dedup();
    }
    let when = |time: Option<u64>| time.map_or("deleted".into(), day);
    vec![
        hex(&kept.sha256),
        sites.join(", "),
        versions.join(", "),
        when(uses().map(|used| used.span_ms.0).min()),
        when(uses().map(|used| used.span_ms.1).max()),
        thousands(uses().map(|used| used.choices).sum()),
    ]
}
