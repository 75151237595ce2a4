//! The cookies page: what was seen, in the site's own page, whom to turn to (REQUIREMENTS A2, A12, A19, A20, A22, B10,
//! B11, C18).

use crate::common::{Gate, HTML, Origin, Plan, page, response};

fn plain(language: &str) -> Vec<u8> {
    page(format!("<!doctype html><html lang={language}><body><p>x</body></html>"))
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
    let gate = Plan::before(origin.address)
        .without_rules()
        .line(rules)
        .line("storage: [ { key: wide, purpose: preferences } ]")
        .start();
    let accepted = gate.visitor("accept").unwrap();
    gate.page("/").cookie(&format!("{accepted}; _ga_AB12=1; invented=1; never_1=1")).send().expect(200);
    gate.page("/").cookie("_fbp=1").send().expect(200);
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
    assert!(!text.contains("_fbp"), "a name from somebody who has agreed to nothing");
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
    assert!(!text.contains("objection to essential"), "nobody can object to those");
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

#[test]
fn what_pages_load_from_others_is_named_by_purpose_with_its_host() {
    let html = "<html lang=en><head><script src=\"https://www.google-analytics.com/analytics.js\"></script>\
                <link rel=stylesheet href=\"https://fonts.googleapis.com/css?family=x\">\
                <script src=\"https://lookup.unknown.example/a.js?key=secret\"></script>\
                <script src=\"https://stats.example/own.js\"></script><script src=\"/own.js\"></script>\
                <script src=\"https://connect.facebook.net/en_GB/fbevents.js\"></script></head><body><p>x</body></html>";
    let origin = Origin::answering(page(html));
    let gate = Gate::before(&origin);
    let shown = || gate.page("/.consent/cookies?lang=en").send().expect(200).text();
    assert!(!shown().contains("www.google-analytics.com"));
    gate.page("/").send().expect(200);
    let text = shown();
    let section = |id: &str| {
        let start = text.find(&format!("<h2 id=\"list-{id}\">")).expect("a section");
        text[start + 4..].split("<h2").next().unwrap().to_owned()
    };
    let (analytics, marketing) = (section("analytics"), section("marketing"));
    assert!(
        analytics.contains("<li>www.google-analytics.com</li>") && analytics.contains("<li>Google Analytics</li>"),
        "{analytics}"
    );
    assert!(
        marketing.contains("<li>connect.facebook.net</li>") && !marketing.contains("google-analytics"),
        "{marketing}"
    );
}

#[test]
fn each_visitor_is_told_of_what_only_their_own_browser_has_and_nobody_else_is() {
    let origin = Origin::telling(|_| plain("en"));
    let gate = Gate::before(&origin);
    let shown = |cookies: &str| gate.page("/.consent/cookies?lang=en").cookie(cookies).send().expect(200);
    let mine = shown("set_by_a_script=secret-value; <b>bold</b>=1; _ga=1; =nameless; lonely");
    assert_eq!(mine.value("Cache-Control").as_deref(), Some("private, no-store"));
    let text = mine.text();
    assert!(row(&text, "set_by_a_script").contains(">Not known</td>") && text.contains("Nobody else sees that part."));
    assert!(!text.contains("secret-value") && !text.contains("<b>bold") && !text.contains("lonely"), "{text}");
    assert_eq!(
        text.matches("<th scope=\"row\">_ga").count(),
        1,
        "what somebody has classified stands with its purpose"
    );
    let other = shown("_ga=1").text();
    assert!(!other.contains("set_by_a_script") && !other.contains("Nobody else sees"), "{other}");
    let many: Vec<_> = (0..500).map(|n| format!("made-up-{n}=1")).collect();
    let text = shown(&many.join("; ")).text();
    assert_eq!(text.matches("<th scope=\"row\">made-up-").count(), 64);
}

#[test]
fn a_known_cookie_that_a_script_has_set_is_shown_to_all_by_its_pattern() {
    let origin = Origin::telling(|_| plain("en"));
    let gate = Plan::before(origin.address)
        .without_rules()
        .line("cookies: [ { name: \"council-*\", purpose: preferences } ]")
        .start();
    let accepted = gate.visitor("accept").unwrap();
    let shown = || gate.page("/.consent/cookies?lang=en").send().expect(200).text();
    assert!(!shown().contains("<th scope=\"row\">_hj") && row(&shown(), "council-*").contains("Not seen so far"));
    gate.page("/").cookie(&format!("{accepted}; _hjSessionUser_123456=1; council-jane-doe=1")).send();
    let text = shown();
    assert!(row(&text, "_hj*").contains("Hotjar") && !text.contains("123456"), "{text}");
    assert!(!row(&text, "council-*").contains("Not seen so far") && !text.contains("jane"));
}

#[test]
fn the_radios_say_no_until_the_visitor_has_said_something_else() {
    let origin = Origin::telling(|_| plain("en"));
    let gate = Gate::before(&origin);
    let checked = |visitor: Option<&String>| {
        let text = gate.page("/.consent/cookies?lang=en").from(visitor).send().expect(200).text();
        let inputs = text.split("<input ").filter(|input| input.split('>').next().unwrap().ends_with(" checked=\"\""));
        let names = inputs.map(|input| input.split("id=\"").nth(1).unwrap().split('"').next().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(checked(None), ["preferences-no", "analytics-no", "marketing-no"]);
    let saved = gate.choose("choice=save&purpose.analytics=yes&purpose.marketing=no").send().expect(303);
    assert_eq!(checked(saved.choice_cookie().as_ref()), ["preferences-no", "analytics-yes", "marketing-no"]);
}

#[test]
fn the_way_back_stays_on_the_site() {
    let origin = Origin::telling(|_| plain("en"));
    let gate = Gate::before(&origin);
    let back = |to: &str| {
        let here = format!("/.consent/cookies?return={to}&lang=en");
        let escaped: Vec<_> = here.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let set =
            gate.choose(&format!("choice=save&purpose.analytics=yes&return={}", escaped.concat())).send().expect(303);
        let at = set.value("Location").unwrap();
        assert!(at.starts_with("/.consent/cookies?"), "{at}");
        let text = gate.page(&at).from(set.choice_cookie().as_ref()).send().expect(200).text();
        let success = text.split("role=\"alert\"").nth(1).expect("what was saved").to_owned();
        success.split("href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    assert_eq!(back("%2Fbins%3Fweek%3D2"), "/bins?week=2");
    for elsewhere in [
        "%2F%2Fevil.example",
        "https%3A%2F%2Fevil.example",
        "%2F%5Cevil.example",
        "javascript%3Aalert(1)",
        "%09%2F%2Fevil.example",
    ] {
        let href = back(elsewhere);
        assert!(href.starts_with('/') && !href.contains("evil") && !href.contains("script"), "{elsewhere}: {href}");
    }
}

#[test]
fn every_way_to_reach_the_organisation_is_there_in_both_languages() {
    let organisation = "address: \"County Hall, Exampletown EX1 1AA\", dpo: officer@example.gov.uk, \
                        complaints: \"https://www.example.gov.uk/complaints\", privacy_notice: /privacy";
    let origin = Origin::telling(|_| plain("en"));
    let notice = "notice: { languages: [en, cy] }";
    let gate = Plan::before(origin.address).organisation(organisation).line(notice).start();
    for language in ["en", "cy"] {
        let text = gate.page(&format!("/.consent/cookies?lang={language}")).send().expect(200).text();
        for part in [
            "<a href=\"mailto:dpo@example.gov.uk\">",
            "County Hall, Exampletown EX1 1AA",
            "<a href=\"mailto:officer@example.gov.uk\">",
            "<a href=\"https://www.example.gov.uk/complaints\">",
            "ico.org.uk/make-a-complaint/\">",
            "<a href=\"/privacy\">",
        ] {
            assert!(text.contains(part), "{language}: {part}");
        }
    }
}

/// The addresses of the links to the cookies page that a visitor can see: what stands beside a shadow root is for browsers
/// that have none.
fn links(html: &str) -> usize {
    let shown = html.split("</template>").enumerate().map(|(at, part)| match part.split_once("</consent-notice>") {
        Some((_, after)) if at > 0 => after,
        _ => part,
    });
    shown.map(|part| part.matches("/.consent/cookies").count()).sum()
}

#[test]
fn every_page_leads_to_the_cookies_page_once() {
    let bare = "<html lang=en><body><p>x</p></body></html>";
    let linked = "<html lang=en><body><p>x</p><footer><a href=\"/.consent/cookies\">Cookies</a></footer></body></html>";
    let origin = Origin::telling(move |request| page(if request.path() == "/bare" { bare } else { linked }));
    let gate = Gate::before(&origin);
    for choice in ["accept", "reject"] {
        let visitor = gate.visitor(choice);
        for path in ["/bare", "/linked"] {
            let shown = gate.page(path).from(visitor.as_ref()).send().expect(200).text();
            assert_eq!(links(&shown), 1, "{choice} {path}: {shown}");
        }
    }
    let undecided = gate.page("/bare").send().expect(200).text();
    assert_eq!(undecided.matches(">Cookie settings</a>").count(), 1, "{undecided}");
    let undecided = gate.page("/linked").send().expect(200).text();
    assert_eq!(undecided.matches(">Cookie settings</a>").count(), 0, "{undecided}");
    let unused = ["preferences", "analytics", "marketing"].map(|name| format!("{{ name: {name}, used: false }}"));
    let nothing = format!("purposes: [ {} ]", unused.join(", "));
    let gate = Plan::before(origin.address).without_rules().line(&nothing).start();
    for path in ["/bare", "/linked"] {
        let shown = gate.page(path).send().expect(200).text();
        assert!(!shown.contains("value=\"accept\""), "nothing to ask");
        assert_eq!(links(&shown), 1, "{path}: {shown}");
    }
}

#[test]
fn what_a_cookie_does_is_said_in_the_sites_own_words_and_in_the_language_of_the_page() {
    let origin = Origin::telling(|_| plain("en"));
    let words = "[ { language: en, text: \"The <size> you chose.\" }, { language: cy, text: Maint. } ]";
    let size = format!("{{ name: \"size*\", purpose: preferences, description: {words} }}");
    let gate = Plan::before(origin.address)
        .without_rules()
        .line("notice: { languages: [en, cy] }")
        .line(&format!("cookies: [ {size}, {{ name: _ga, purpose: analytics }} ]"))
        .line("storage: [ { key: \"size*\", purpose: preferences } ]")
        .start();
    let shown = |language: &str| gate.page(&format!("/.consent/cookies?lang={language}")).send().expect(200).text();
    let (english, welsh) = (shown("en"), shown("cy"));
    assert!(
        row(&english, "size*").contains("The &lt;size&gt; you chose.") && row(&welsh, "size*").contains(">Maint.<")
    );
    assert_eq!(english.matches("you chose.</td>").count(), 1, "the key of the same name is something else");
    assert!(row(&english, "_ga").contains("Recognises a visitor"), "{}", row(&english, "_ga"));
    assert!(!welsh.contains("Recognises"), "what is known is known in English");
}
