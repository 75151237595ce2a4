//! Which language the notice speaks, in which direction, and that it speaks no other (REQUIREMENTS B17).

use crate::common::{Origin, Plan, page, wait_until};

fn plain(language: &str) -> Vec<u8> {
    page(format!("<!doctype html><html lang={language}><body><p>x</body></html>"))
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
    let gone = ([127, 0, 0, 9], 9).into();
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

/// The first start tag of the notice's region.
fn region(text: &str) -> &str {
    let at = text.find("class=\"banner\"").unwrap_or_else(|| panic!("no banner in {text}"));
    let start = text[..at].rfind('<').unwrap();
    text[start..].split_once('>').unwrap().0
}

#[test]
fn host_path_page_and_browser_each_decide_in_their_turn_and_the_region_says_what_differs() {
    let origin = Origin::telling(|request| match request.path() {
        "/silent" | "/cy/silent" => page("<!doctype html><html><body><p>x</body></html>"),
        "/welsh" => plain("cy-GB"),
        _ => plain("en"),
    });
    let rules = "notice: { languages: [en, cy], language_rules: [ { host: example.gov.uk, language: cy }, { path: \"/cy/*\", language: cy } ] }";
    let gate = Plan::before(origin.address).line(rules).start();
    for (host, path, accepts, spoken, said) in [
        ("example.gov.uk", "/english", "en", "cy", true),
        ("www.example.gov.uk", "/cy/english", "en", "cy", true),
        ("www.example.gov.uk", "/english", "cy", "en", false),
        ("www.example.gov.uk", "/welsh", "en", "cy", false),
        ("www.example.gov.uk", "/silent", "en;q=0.1, cy", "cy", true),
        ("www.example.gov.uk", "/silent", "fr", "en", true),
        ("www.example.gov.uk", "/cy/silent", "en", "cy", true),
    ] {
        let answer = gate.page(path).with("Host", host).with("Accept-Language", accepts).send().expect(200);
        let text = answer.text();
        let region = region(&text);
        let what = format!("{host}{path} for {accepts}: {region}");
        assert!(text.contains(if spoken == "cy" { ">Derbyn " } else { ">Accept " }), "{what}");
        assert_eq!(region.contains(&format!("lang=\"{spoken}\"")), said, "{what}");
        assert!(region.contains("dir=\"ltr\""), "{what}");
    }
}

#[test]
fn a_changed_file_of_a_language_is_read_again_and_a_broken_one_leaves_the_old_words() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("strings.yaml");
    let words = std::fs::read_to_string(strings()).unwrap();
    let changed = |from: &str, to: &str| std::fs::write(&file, words.replace(from, to)).unwrap();
    changed("language: he", "language: he");
    let origin = Origin::telling(|_| plain("he"));
    let line = format!("notice: {{ languages: [en, he], strings: [\"{}\"] }}", file.display());
    let gate = Plan::before(origin.address).line(&line).start();
    let says =
        |word: &str| gate.page("/.consent/cookies?lang=he").send().expect(200).text().contains(&references(word));
    assert!(!says("ןןן"));
    let yes = words.lines().find(|line| line.starts_with("  yes:")).unwrap();
    changed(yes, "  yes: \"ןןן\"");
    gate.read_again();
    wait_until("the new word", || says("ןןן"));
    changed(&format!("{yes}\n"), "");
    gate.read_again();
    gate.log_line("'yes' is missing");
    assert!(says("ןןן"));
}

/// As the gate writes what is not ASCII.
fn references(text: &str) -> String {
    text.chars().map(|c| format!("&#{};", u32::from(c))).collect::<Vec<_>>().concat()
}
