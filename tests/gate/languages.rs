//! Which language the notice speaks, and the cookies page: what was seen, in the site's own page, whom to turn to
//! (REQUIREMENTS A12, A20, A22, B10, B11, B17, C18).

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

/// By the text of its row.
fn row(text: &str, name: &str) -> String {
    let start = text.find(&format!("<th scope=\"row\">{name}")).unwrap_or_else(|| panic!("no {name} in {text}"));
    text[start..].split_once("</tr>").unwrap().0.to_owned()
}

#[test]
fn the_cookies_page_says_what_was_seen_for_how_long_and_when() {
    let cookies = [
        ("Set-Cookie", "sid=1"),
        ("Set-Cookie", "theme=1; Max-Age=60; Expires=Fri, 31 Dec 2049 00:00:00 GMT"),
        ("Set-Cookie", "long=1; Max-Age=63072000"),
        ("Set-Cookie", "gone=; Max-Age=0"),
    ];
    let origin = Origin::answering(response("200 OK", &[&[HTML], &cookies[..]].concat(), "<html><body><p>x"));
    let rules = "cookies: [ { name: sid, purpose: essential }, { name: theme, purpose: preferences }, { name: long, purpose: marketing }, { name: \"never*\", purpose: marketing } ]";
    let gate =
        Plan::before(origin.address).line(rules).line("storage: [ { key: wide, purpose: preferences } ]").start();
    gate.page("/").cookie("_ga_AB12=1; invented=1; never_1=1").send().expect(200);
    let text = gate.page("/.consent/cookies?lang=en").send().expect(200).text();
    assert!(row(&text, "sid").contains("Until you close your browser"), "{}", row(&text, "sid"));
    assert!(row(&text, "theme").contains("1 minute<"), "Max-Age goes before Expires: {}", row(&text, "theme"));
    assert!(row(&text, "long").contains("400 days, the longest a browser allows (set to 2 years)"));
    for name in ["sid", "theme", "long", "_ga_*", "never*"] {
        assert!(!row(&text, name).contains("Not seen so far"), "{}", row(&text, name));
    }
    assert!(row(&text, "wide").contains("not a cookie") && row(&text, "wide").contains("Not seen so far"));
    assert!(row(&text, "sid").contains("Used as described above for essential cookies"));
    assert!(!text.contains("invented"), "a name that a visitor made up");
    assert!(row(&text, "consentgate").contains("1 year"), "the gate's own");
}

#[test]
fn saving_says_so_once_and_a_refusal_is_no_withdrawal() {
    let origin = Origin::telling(|_| plain("en"));
    let gate = Gate::before(&origin);
    let after = |form: &str, back: &str| {
        let set = gate.choose(&format!("{form}&return={back}")).send().expect(303);
        gate.page(&back.replace("%3F", "?").replace("%3D", "=").replace("%26", "&"))
            .from(set.choice_cookie().as_ref())
            .send()
            .expect(200)
            .text()
    };
    let refused = after("choice=save", "/.consent/cookies%3Flang%3Den");
    assert!(refused.contains("set your cookie preferences") && refused.contains("autofocus"), "{refused}");
    assert!(refused.contains("<title>Success"));
    let withdrawn = after("choice=withdraw", "/.consent/cookies%3Flang%3Den%26done%3Dwithdrawn");
    assert!(withdrawn.contains("withdrawn your agreement"), "{withdrawn}");
    assert!(!gate.page("/.consent/cookies?done=withdrawn").send().expect(200).text().contains("role=\"alert\""));
}

#[test]
fn the_organisation_is_named_with_every_way_to_reach_it() {
    let origin = Origin::telling(|_| plain("en"));
    let gate = Gate::before(&origin);
    let text = gate.page("/.consent/cookies?lang=en").send().expect(200).text();
    for part in ["within 30 days", "https://ico.org.uk/make-a-complaint/", "Global Privacy Control is a setting"] {
        assert!(text.contains(part), "{part}");
    }
    assert!(text.contains("is not sending a Global Privacy Control signal"));
    let gpc = gate.page("/.consent/cookies?lang=en").with("Sec-GPC", "1").send().expect(200).text();
    assert!(gpc.contains("is sending a Global Privacy Control signal"));
}

#[test]
fn a_page_with_a_place_for_it_shows_the_cookies_page_and_gets_no_second_link() {
    let html =
        "<!doctype html><html lang=en><body><h1>Cookies</h1><div id=\"consentgate-cookies\"></div></body></html>";
    let origin = Origin::answering(page(html));
    let gate = Gate::before(&origin);
    let shown = gate.page("/our-cookies?a=b").send().expect(200).text();
    let (before, after) = shown.split_once("<div id=\"consentgate-cookies\">").expect("the place");
    assert!(after.starts_with("<cookies-page><template shadowrootmode=\"open\">"), "{after}");
    assert!(after.contains("name=\"purpose.analytics\" value=\"no\" checked") && before.contains("value=\"accept\""));
    assert!(after.contains("name=\"return\" value=\"/our-cookies?a=b\""));
    let footer = after.split_once("</cookies-page></div>").expect("the end of the place").1;
    assert!(!footer.contains("Cookie settings</a>"), "{footer}");
    let none = Gate::before(&Origin::answering(page("<html lang=en><body><p>x</body>"))).page("/").send().expect(200);
    assert!(none.text().contains("Cookie settings</a>"));
}

#[test]
fn a_page_that_links_to_the_cookies_page_keeps_the_one_link_it_has() {
    let html = "<html lang=en><body><footer><a href=\"/.consent/cookies\">Cookies</a></footer></body></html>";
    let origin = Origin::answering(page(html));
    let gate = Gate::before(&origin);
    let accepted = gate.visitor("accept");
    let shown = gate.page("/").from(accepted.as_ref()).send().expect(200).text();
    assert!(!shown.contains("Cookie settings</a>") && shown.contains("value=\"withdraw\""), "{shown}");
}
