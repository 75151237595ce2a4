//! Which language the notice speaks, in which direction, and that it speaks no other (REQUIREMENTS B17).

use crate::common::{Gate, HTML, Origin, Plan, page, response};

fn plain(language: &str) -> Vec<u8> {
    page(&format!("<!doctype html><html lang={language}><body><p>x</body></html>"))
}

fn strings() -> String {
    format!("{}/tests/fixtures/config/strings/he.yaml", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_rule_goes_before_what_the_page_and_the_browser_say() {
    let origin = Origin::telling(|request| plain(if request.path().starts_with("/en") { "en" } else { "cy" }));
    let rules = "notice: { languages: [en, cy], language_rules: [ { path: \"/cy/*\", language: cy }, { path: \"/english*\", language: en } ] }";
    let gate = Plan::before(origin.address).line(rules).start();
    let shown = |path: &str| gate.page(path).with("Accept-Language", "en").send().expect(200).text();
    assert!(shown("/cy/x").contains("Derbyn"));
    assert!(shown("/x").contains("Derbyn"), "the page's own language");
    assert!(shown("/en").contains("Accept ") && shown("/english").contains("Accept "));
    // The gate's own pages speak the language of where the visitor came from, unless they ask for another.
    let welsh = shown("/.consent/cookies?return=%2Fcy%2Fx");
    assert!(welsh.contains("<html lang=\"cy\" dir=\"ltr\">"), "{welsh}");
    assert!(welsh.contains("hreflang=\"en\" dir=\"ltr\">This page is available in English</a>"));
    assert!(shown("/.consent/cookies?return=%2Fcy%2Fx&lang=en").contains("<html lang=\"en\""));
    assert!(shown("/.consent/cookies?return=%2Fx").contains("<html lang=\"en\""), "the browser's");
}

#[test]
fn an_error_page_follows_the_rule_of_its_path() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let rules = "notice: { languages: [en, cy], language_rules: [ { path: \"/cy/*\", language: cy } ] }";
    let gate = Plan::before(gone).line(rules).start();
    let shown = |path: &str| gate.page(path).send().text();
    assert!(shown("/cy/x").contains("<html lang=\"cy\""), "{}", shown("/cy/x"));
    assert!(shown("/x?lang=xx").contains("<html lang=\"en\""));
}

#[test]
fn a_language_that_a_file_brings_is_spoken_from_right_to_left() {
    let origin = Origin::telling(|_| plain("he-IL"));
    let languages = format!("notice: {{ languages: [en, he], strings: [\"{}\"] }}", strings());
    let gate = Plan::before(origin.address).line(&languages).start();
    let shown = gate.page("/").send().expect(200).text();
    assert!(shown.contains("dir=\"rtl\"") && !shown.contains("dir=\"ltr\""), "{shown}");
    assert!(!shown.contains("View cookies"));
    let own = gate.page("/.consent/cookies?lang=he").send().expect(200).text();
    assert!(own.contains("<html lang=\"he\" dir=\"rtl\">"), "{own}");
}
