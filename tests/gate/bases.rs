//! What is used without consent until the visitor objects, and the browser's own signal (A4–A8, S4).

use crate::common::{Answer, Gate, HTML, Origin, Plan, page, response};

const PAGE: &str = "<!doctype html><html lang=en><head><title>x</title></head><body><script src=//count.example/c.js></script><script src=//ads.example/a.js></script><p>x</body></html>";
const COUNTING: &str = "purposes: [{ name: counting, basis: statistical, who: A. Officer, date: 2026-11-23, attest: { sole_purpose: true, aggregate_output: true, no_individual_tracking: true, no_advertising: true, provider_is_processor: true, not_linked: true, individual_data_not_kept: true } }";
const RULES: [&str; 4] = [
    "cookies: [{ name: visits, purpose: counting }, { name: ad_1, purpose: marketing }]",
    "tags:",
    "  - { match: \"||count.example^\", purpose: counting }",
    "  - { match: \"||ads.example^\", purpose: marketing }",
];

fn gate(more_purposes: &str) -> (Origin, Gate) {
    let origin =
        Origin::answering(response("200 OK", &[HTML, ("Set-Cookie", "visits=1"), ("Set-Cookie", "ad_1=1")], PAGE));
    let plan = Plan::before(origin.address).without_rules().line(&format!("{COUNTING}{more_purposes}]"));
    let gate = RULES.iter().fold(plan, |plan, line| plan.line(line)).start();
    (origin, gate)
}

fn counts(answer: &Answer) -> bool {
    answer.text().contains("<script src=//count.example/c.js>")
}

/// The forms of the page, without their shadow roots' styles: what a browser without JavaScript can send.
fn objection(answer: &Answer) -> bool {
    answer.text().contains("name=\"purpose\" value=\"counting\"")
}

fn banner(answer: &Answer) -> String {
    let text = answer.text();
    let start = text.find("class=\"banner\"").unwrap_or(text.len());
    let end = text[start..].find("</consent-notice>").map_or(text.len(), |end| start + end);
    text[start..end].to_owned()
}

#[test]
fn an_exception_is_used_from_the_first_page_and_said_and_can_be_objected_to_on_every_page() {
    let (_origin, gate) = gate("");
    let first = gate.page("/").send().expect(200);
    assert!(counts(&first) && !first.text().contains("<script src=//ads.example"), "{}", first.text());
    assert_eq!(first.set_cookies(), ["visits=1"]);
    assert!(first.asks() && objection(&first));
    let said = banner(&first);
    assert!(said.contains("We also use counting cookies") && said.contains("you can object"), "{said}");
    assert!(!said.contains("value=\"counting\""), "nobody is asked for it: {said}");
    for choice in ["accept", "reject"] {
        let cookie = gate.visitor(choice).unwrap();
        let later = gate.page("/").cookie(&cookie).send().expect(200);
        assert!(counts(&later) && objection(&later), "{choice}: neither button is about it");
    }
}

/// What a browser without JavaScript sends for the form that has this in it: its hidden fields and its one button.
fn filled_in(page: &str, within: &str) -> String {
    let form = page.split("<form").skip(1).map(|rest| rest.split("</form>").next().unwrap());
    let form = form.into_iter().find(|form| form.contains(within)).expect("a form");
    assert_eq!(form.matches("<button").count(), 1, "one button: {form}");
    let value = |field: &str, name: &str| {
        let rest = field.split_once(&format!("{name}=\"")).expect(name).1;
        rest.split('"').next().unwrap().replace("&amp;", "&")
    };
    let fields = form.split(['<', '>']).filter(|tag| tag.starts_with("input") || tag.starts_with("button"));
    let mut encoded = url::form_urlencoded::Serializer::new(String::new());
    for field in fields {
        encoded.append_pair(&value(field, "name"), &value(field, "value"));
    }
    encoded.finish()
}

#[test]
fn the_form_at_the_end_of_a_page_objects_as_it_is_and_brings_the_visitor_back() {
    let (origin, gate) = gate("");
    let page = gate.page("/bins?week=2&x=%22").send().expect(200).text();
    let footer = &page[page.find("class=\"footer\"").expect("a footer")..];
    let form = filled_in(footer, "value=\"counting\"");
    let answer = gate.choose(&form).cookie("visits=1").send().expect(303);
    assert_eq!(answer.value("location").as_deref(), Some("/bins?week=2&x=%22"));
    let expired = |answer: &Answer| answer.set_cookies().iter().any(|line| line.starts_with("visits=; Max-Age=0"));
    assert!(expired(&answer), "{:?}", answer.set_cookies());
    let told = gate.page("/bins").cookie(&answer.choice_cookie().unwrap()).cookie("visits=1").send().expect(200);
    assert!(!counts(&told) && expired(&told), "{:?}", told.set_cookies());
    assert!(!told.set_cookies().contains(&"visits=1".to_owned()));
    assert!(!origin.last().head.values("cookie").concat().contains("visits"), "the site is not sent it either");
    let record = gate.records().remove(0);
    assert_eq!((&record["event"], &record["receipt"]), (&"objected".into(), &serde_json::Value::Null));
    assert_eq!(record["decisions"], serde_json::json!({ "counting": false }), "the other questions stay open");
}

#[test]
fn a_stricter_path_holds_an_exception_and_an_agreement_too() {
    let origin =
        Origin::answering(response("200 OK", &[HTML, ("Set-Cookie", "visits=1"), ("Set-Cookie", "ad_1=1")], PAGE));
    let plan = Plan::before(origin.address).without_rules().line(&format!("{COUNTING}]"));
    let plan = RULES.iter().fold(plan, |plan, line| plan.line(line));
    let gate = plan.line("paths: [ { match: \"/benefits/*\", hold: [counting, marketing] } ]").start();
    let accepted = gate.visitor("accept").unwrap();
    let everywhere = gate.page("/").cookie(&accepted).send().expect(200);
    assert!(counts(&everywhere) && everywhere.text().contains("<script src=//ads.example"));
    for visitor in [None, Some(&accepted)] {
        let there = gate.page("/benefits/apply").from(visitor).cookie("visits=1; ad_1=1").send().expect(200);
        assert!(!counts(&there) && !there.text().contains("<script src=//ads.example"), "{}", there.text());
        assert!(there.set_cookies().iter().all(|line| !line.starts_with("visits=1") && !line.starts_with("ad_1=1")));
        assert!(!origin.last().head.values("cookie").concat().contains("visits"));
        assert!(objection(&there), "the way to object is on every page, and this is one");
    }
}

#[test]
fn an_objection_has_effect_at_once_and_can_be_taken_back() {
    let (_origin, gate) = gate("");
    gate.page("/").send().expect(200);
    let form = "choice=withdraw&purpose=counting&return=/bins";
    let answer = gate.choose(form).cookie("visits=1").send().expect(303);
    assert!(
        answer.set_cookies().iter().any(|line| line.starts_with("visits=; Max-Age=0")),
        "{:?}",
        answer.set_cookies()
    );
    let cookie = answer.choice_cookie().unwrap();
    let told = gate.page("/").cookie(&cookie).send().expect(200);
    assert!(!counts(&told) && told.set_cookies().iter().all(|line| !line.starts_with("visits=1")));
    let cookie = told.choice_cookie().unwrap();
    let after = gate.page("/").cookie(&cookie).send().expect(200);
    assert!(!counts(&after) && !objection(&after) && after.text().contains("You have objected to counting cookies"));
    assert!(after.asks(), "the question is still open");
    let back = gate.choose("choice=save&purpose.counting=yes&purpose.marketing=no").cookie(&cookie).send().expect(303);
    assert!(counts(&gate.page("/").cookie(&back.choice_cookie().unwrap()).send().expect(200)));
    let named = gate.choose("choice=object").send().expect(303);
    assert!(!counts(&gate.page("/").cookie(&named.choice_cookie().unwrap()).send()));
    let events: Vec<_> = gate.records().iter().map(|record| record["event"].clone()).collect();
    assert_eq!(events[0], "objected");
    assert_eq!(events[2], "objected");
    assert_eq!(gate.records()[0]["receipt"], serde_json::Value::Null);
}

#[test]
fn saving_the_cookies_page_with_yes_again_ends_an_objection_and_says_so_in_the_ledger() {
    let (_origin, gate) = gate("");
    let save = |counting: &str, cookie: Option<&String>| {
        let form = format!("choice=save&purpose.counting={counting}&purpose.marketing=no");
        gate.choose(&form).from(cookie).send().expect(303).choice_cookie().unwrap()
    };
    let first = save("no", None);
    let second = save("yes", Some(&first));
    save("no", Some(&second));
    let events: Vec<_> = gate.records().iter().map(|record| record["event"].clone()).collect();
    assert_eq!(events, ["refused", "objection-removed", "objected"]);
}

#[test]
fn the_cookies_page_shows_yes_for_an_exception_and_no_for_what_needs_consent() {
    let (_origin, gate) = gate("");
    let text = gate.page("/.consent/cookies").send().expect(200).text();
    let checked = |id: &str| {
        let input = text.split("<input").find(|input| input.contains(&format!("id=\"{id}\""))).expect("a radio");
        input.split('>').next().unwrap().contains("checked")
    };
    assert!(checked("counting-yes") && !checked("counting-no"));
    assert!(!checked("marketing-yes") && checked("marketing-no"));
    assert!(text.contains("You can object"), "{text}");
}

#[test]
fn where_nothing_needs_consent_there_is_no_banner_and_still_a_way_to_object() {
    let unused = ["preferences", "analytics", "marketing"].map(|name| format!(", {{ name: {name}, used: false }}"));
    let (_origin, gate) = gate(&unused.concat());
    let shown = gate.page("/").send().expect(200);
    assert!(shown.banners() == 0 && !shown.asks() && objection(&shown) && counts(&shown), "{}", shown.text());
    assert!(!shown.text().contains("<script src=//ads.example"), "what is for an unused purpose stays held");
    let accepted = gate.choose("choice=accept").send().expect(303);
    assert!(
        accepted.set_cookies().is_empty() && gate.records().is_empty(),
        "nothing was asked, so nothing was agreed to"
    );
}

#[test]
fn an_exception_covers_what_the_site_names_and_nothing_the_catalogue_knows() {
    let html = "<!doctype html><body><script src=https://cdn.matomo.cloud/x/matomo.js></script><p>x";
    let origin =
        Origin::answering(response("200 OK", &[HTML, ("Set-Cookie", "_pk_id.1.2=1"), ("Set-Cookie", "_ga=1")], html));
    let purposes = COUNTING.replace("name: counting", "name: analytics");
    let gate = Plan::before(origin.address)
        .without_rules()
        .line(&format!("{purposes}]"))
        .line("cookies: [{ name: \"_pk_*\", purpose: analytics }]")
        .start();
    let shown = gate.page("/").send().expect(200);
    assert_eq!(shown.set_cookies(), ["_pk_id.1.2=1"]);
    assert!(!shown.text().contains("<script src=https://cdn.matomo.cloud"), "{}", shown.text());
}

#[test]
fn the_signal_refuses_advertising_and_objects_and_the_rest_is_asked() {
    let (origin, gate) = gate("");
    let ask = |target: &str| gate.page(target).with("Sec-GPC", "1");
    let shown = ask("/").send().expect(200);
    assert!(!counts(&shown) && shown.asks());
    assert_eq!(origin.last().head.value("sec-gpc").as_deref(), Some("1"), "the site gets the signal as it came");
    let said = banner(&shown);
    assert!(said.contains("value=\"analytics\"") && !said.contains("value=\"marketing\""), "{said}");
    let form = "choice=accept&asked=preferences&asked=analytics";
    let cookie = gate.choose(form).with("Sec-GPC", "1").send().expect(303).choice_cookie().unwrap();
    let later = ask("/").cookie(&cookie).send().expect(200);
    assert!(!later.asks() && !counts(&later) && !later.text().contains("<script src=//ads.example"));
    let record = gate.records().remove(0);
    assert_eq!(record["decisions"], serde_json::json!({ "preferences": true, "analytics": true }), "what was asked");
    assert_eq!(record["gpc"], true);
    let told = later.choice_cookie().unwrap();
    let without = gate.page("/").cookie(&told).send().expect(200);
    assert!(counts(&without), "the objection was the browser's, and went with it");
    assert!(without.asks() && banner(&without).contains("value=\"marketing\""), "no signal, and never asked");
    let otherwise = "choice=save&purpose.marketing=yes&purpose.counting=yes";
    let cookie = gate.choose(otherwise).with("Sec-GPC", "1").send().expect(303).choice_cookie().unwrap();
    let said_otherwise = ask("/").cookie(&cookie).send().expect(200);
    assert!(counts(&said_otherwise) && said_otherwise.text().contains("<script src=//ads.example"));
    let page = ask("/.consent/cookies").send().expect(200).text();
    assert!(page.contains("We also take it as an objection to counting cookies"), "{page}");
}

#[test]
fn with_the_signal_a_button_that_does_not_say_what_was_asked_agrees_to_no_advertising() {
    let origin = Origin::answering(page(PAGE));
    let gate = RULES[2..]
        .iter()
        .fold(Plan::before(origin.address).without_rules().line(&format!("{COUNTING}]")).line("tags:"), |plan, line| {
            plan.line(line)
        })
        .start();
    let cookie = gate.choose("choice=accept").with("Sec-GPC", "1").send().expect(303).choice_cookie().unwrap();
    let shown = gate.page("/").with("Sec-GPC", "1").cookie(&cookie).send().expect(200);
    assert!(!shown.asks() && !shown.text().contains("<script src=//ads.example"));
}

/// A page that is open from before the YAML changed, or a form of somebody's own.
#[test]
fn a_form_that_decides_nothing_is_no_choice_and_a_no_to_what_is_an_exception_by_now_is_an_objection() {
    let (_origin, gate) = gate("");
    for form in ["choice=accept&asked=counting", "choice=object&purpose=marketing", "choice=withdraw&purpose=essential"]
    {
        let answer = gate.choose(form).send().expect(303);
        let withdraws = form.contains("essential");
        assert_eq!(answer.choice_cookie().is_some(), withdraws, "{form}: essential cannot be refused, all else can");
    }
    assert_eq!(gate.records().len(), 1);
    let json = gate.choose("choice=object&purpose=marketing").with("Accept", "application/json").send().expect(200);
    assert!(json.text().contains("\"counting\":true") && json.set_cookies().is_empty(), "{}", json.text());
    let said_no = gate.choose("choice=reject&asked=counting").send().expect(303);
    assert!(!counts(&gate.page("/").cookie(&said_no.choice_cookie().unwrap()).send()));
    assert_eq!(gate.records().remove(1)["event"], "objected");
}

/// Out of the box (A23): no exception is used, and a value that tells nobody from anybody needs consent like any other (A3).
#[test]
fn without_a_word_in_the_yaml_everything_but_essential_asks_and_looking_around_is_no_answer() {
    let headers = [
        HTML,
        ("Set-Cookie", "_ga=yes; Path=/"),
        ("Set-Cookie", "_pk_id.1.2=on; Path=/"),
        ("Set-Cookie", "nobody-knows=1; Path=/"),
        ("Set-Cookie", "PHPSESSID=1; Path=/"),
    ];
    let origin = Origin::answering(response("200 OK", &headers, PAGE));
    let gate = Plan::before(origin.address).without_rules().start();
    for target in ["/", "/bins", "/bins?page=2", "/"] {
        let shown = gate.page(target).cookie("PHPSESSID=1").send().expect(200);
        assert_eq!(shown.set_cookies(), ["PHPSESSID=1; Path=/"], "{target}");
        let said = banner(&shown);
        let asked: Vec<_> =
            said.split("name=\"asked\" value=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(asked, ["preferences", "analytics", "marketing"], "{target}: looking around is no answer");
        assert!(!shown.text().contains("We also use") && !shown.text().contains("name=\"purpose\""));
    }
    assert!(gate.records().is_empty());
}
