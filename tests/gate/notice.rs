//! What stands in the notice and where it does not stand, over sockets: a template of the operator's own, the pages that
//! ask nothing, and the site that has nothing to ask (B1, B2, B4, B7, B8, B18).

use std::fs;

use crate::common::{Answer, Gate, HTML, Origin, Plan, page, response, wait_until};

const PAGE: &str =
    "<!doctype html><html lang=en><head><title>x</title></head><body><a href=#c>Skip</a><p>x</body></html>";
const EXAMPLE: &str = include_str!("../../config/notice.example.html");

/// The gate with a template, and where the template is.
fn templated(origin: &Origin, template: &str) -> (Gate, std::path::PathBuf) {
    let gate = Plan::before(origin.address).line("notice: { languages: [en, cy] }").start();
    let file = gate.file.with_file_name("notice.html");
    fs::write(&file, template).unwrap();
    let yaml = fs::read_to_string(&gate.file).unwrap();
    fs::write(&gate.file, yaml.replace("[en, cy] }", "[en, cy], template: notice.html }")).unwrap();
    (gate, file)
}

fn greeting(words: &str) -> String {
    EXAMPLE.replace("<h2>{{ heading }}</h2>", &format!("<h2>{{{{ heading }}}}</h2><p>{words}</p>"))
}

fn says(gate: &Gate, words: &str) -> bool {
    gate.page("/").send().expect(200).text().contains(words)
}

fn refusals(gate: &Gate) -> usize {
    gate.log().matches("configuration not reloaded").count()
}

/// What stands in front of the page's own first element.
fn notice(answer: &Answer) -> String {
    let text = answer.text();
    let (before, _) = text.split_once("<a href=#c>Skip").expect("the skip link");
    before.split_once("<body>").expect("a body").1.to_owned()
}

#[test]
fn a_template_is_shown_answered_and_read_again_when_it_changes() {
    let origin = Origin::answering(page(PAGE));
    let (gate, file) = templated(&origin, &greeting("Croeso \u{175}"));
    gate.read_again();
    wait_until("the template is in force", || says(&gate, "<p>Croeso &#373;</p>"));
    assert!(notice(&gate.page("/").send()).is_ascii());

    let accepted = gate.choose("choice=accept&return=%2F&asked=analytics&asked=marketing&asked=preferences").send();
    assert_eq!(accepted.expect(303).head.value("location").as_deref(), Some("/"));
    let cookie = gate.visitor("accept").unwrap();
    let decided = gate.page("/").cookie(&cookie).send().expect(200);
    assert!(!decided.asks() && !decided.text().contains("Croeso"), "{}", decided.text());

    fs::write(&file, greeting("Another")).unwrap();
    gate.read_again();
    wait_until("the changed template is in force", || says(&gate, "<p>Another</p>"));
    let before = refusals(&gate);
    fs::write(&file, greeting("Worse").replace("value=\"reject\"", "value=\"never\"")).unwrap();
    gate.read_again();
    wait_until("a template without Reject is refused", || refusals(&gate) > before);
    assert!(gate.log().contains("value=\\\"reject\\\"") || gate.log().contains("value=\"reject\""), "{}", gate.log());
    assert!(says(&gate, "<p>Another</p>"), "what was good stays");
}

#[test]
fn a_template_is_not_read_for_a_page() {
    let origin = Origin::answering(page(PAGE));
    let (gate, file) = templated(&origin, &greeting("Kept"));
    gate.read_again();
    wait_until("the template is in force", || says(&gate, "<p>Kept</p>"));
    fs::write(&file, "gone").unwrap();
    assert!(says(&gate, "<p>Kept</p>"));
}

#[test]
fn who_has_decided_is_shown_no_notice_and_the_cookies_page_has_none_for_anybody() {
    let origin = Origin::answering(page(PAGE));
    let gate = Gate::before(&origin);
    assert!(notice(&gate.page("/").send()).starts_with("<consent-notice>"), "in the first bytes of the body");
    for choice in ["accept", "reject"] {
        let cookie = gate.visitor(choice).unwrap();
        let shown = gate.page("/").cookie(&cookie).send().expect(200);
        assert_eq!((notice(&shown).as_str(), shown.asks()), ("", false), "{choice}");
        assert!(shown.text().contains("/.consent/cookies?return=%2F"), "{choice}: the way back stays");
    }
    for visitor in [None, gate.visitor("accept"), gate.visitor("reject")] {
        let own = gate.page("/.consent/cookies").from(visitor.as_ref()).send().expect(200);
        assert!(!own.text().contains("consent-notice") && !own.text().contains("value=\"accept\""), "{}", own.text());
    }
}

#[test]
fn a_site_with_nothing_to_ask_has_a_link_at_the_end_and_nothing_else() {
    let origin = Origin::answering(response("200 OK", &[HTML], PAGE));
    let unused = ["preferences", "analytics", "marketing"].map(|name| format!("{{ name: {name}, used: false }}"));
    let purposes = format!("purposes: [{}]", unused.join(", "));
    let gate = Plan::before(origin.address).without_rules().line(&purposes).start();
    let shown = gate.page("/").send().expect(200);
    assert_eq!(notice(&shown), "", "no notice");
    let text = shown.text();
    assert_eq!(text.matches("<consent-notice>").count(), 1, "{text}");
    assert!(text.find("<p>x").unwrap() < text.find("<consent-notice>").unwrap(), "at the end: {text}");
    assert!(text.contains("/.consent/cookies?return=%2F"), "{text}");
    gate.page("/.consent/cookies").send().expect(200);
}

#[test]
fn a_purpose_is_told_of_in_the_sites_own_words_in_each_language() {
    let origin = Origin::answering(page("<!doctype html><html lang=en><title>x</title><body><p>x"));
    let words = "purposes: [{ name: weather, text: [\
        { language: en, cookies: weather cookies, wish: weather cookies to show the forecast, about: They know where you live. }, \
        { language: cy, cookies: cwcis tywydd, wish: cwcis tywydd i ddangos y rhagolygon, about: Gwyddant ble rydych yn byw. }] }, \
        { name: analytics, used: false }, { name: marketing, used: false }, { name: preferences, used: false }]";
    let gate = Plan::before(origin.address).without_rules().line(words).line("notice: { languages: [en, cy] }").start();
    let shown = gate.page("/").send().expect(200).text();
    assert!(
        shown.contains("weather cookies to show the forecast") && shown.contains("Accept weather cookies"),
        "{shown}"
    );
    let cookies = gate.page("/.consent/cookies?lang=cy").send().expect(200).text();
    assert!(cookies.contains("Gwyddant ble rydych yn byw.") && !cookies.contains("weather cookies"), "{cookies}");
}
