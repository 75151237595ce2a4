//! What stands in for a held frame, and the page that loads it once, by plain HTTP as a browser without JavaScript does
//! it (A18).

use crate::common::{Answer, Ask, Gate, HOST, Origin, Plan, page};

const PAGE: &str = "<!doctype html><html lang=en><head><title>x</title></head><body><p>\
     <iframe src=https://ads.example/show?film=1&amp;x=2 width=560 height=315 title='Bins'></iframe></body></html>";
const FILM: &str = "https://ads.example/show?film=1&x=2";

fn gate() -> (Origin, Gate) {
    let origin = Origin::answering(page(PAGE));
    let gate = Gate::before(&origin);
    (origin, gate)
}

/// The value of the hidden field of this name, in the form that goes there.
fn field(page: &str, action: &str, name: &str) -> Option<String> {
    let form = page.split("<form ").find(|form| form.contains(&format!("/.consent/{action}\"")))?;
    let form = form.split("</form>").next()?;
    let value = form.split(&format!("name=\"{name}\" value=\"")).nth(1)?.split('"').next()?;
    Some(value.replace("&amp;", "&"))
}

fn fields(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn post(gate: &Gate, form: &str) -> Ask {
    gate.ask("POST", "/.consent/embed")
        .with("Origin", &format!("http://{HOST}"))
        .with("Content-Type", "application/x-www-form-urlencoded")
        .body(form)
}

fn placeholder(answer: &Answer) -> String {
    let text = answer.text();
    let start = text.find("<consent-placeholder>").unwrap_or_else(|| panic!("no placeholder in {text}"));
    text[start..text.find("</consent-placeholder>").unwrap()].to_owned()
}

#[test]
fn a_held_frame_can_be_loaded_once_and_only_that_frame() {
    let (_origin, gate) = gate();
    let held = placeholder(&gate.page("/bins?week=2").send().expect(200));
    let sent = |name| field(&held, "embed", name).unwrap();
    assert_eq!((sent("address").as_str(), sent("return").as_str()), (FILM, "/bins?week=2"));
    let form = fields(&[("address", FILM), ("seal", &sent("seal")), ("return", "/bins?week=2"), ("once", "1")]);
    let shown = post(&gate, &form).send().expect(200);
    let text = shown.text();
    assert!(text.contains("<iframe src=\"https://ads.example/show?film=1&amp;x=2\""), "{text}");
    assert!(text.contains("<a href=\"/bins?week=2\">"), "{text}");
    let policy = shown.value("content-security-policy").unwrap();
    assert!(
        policy.ends_with("; frame-src https://ads.example") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert_eq!(shown.value("cache-control").as_deref(), Some("private, no-store"));
    assert!(shown.set_cookies().is_empty(), "to look once is no choice");
    assert!(gate.records().is_empty());
    placeholder(&gate.page("/bins?week=2").send().expect(200));
}

#[test]
fn nothing_the_gate_has_not_sealed_is_loaded() {
    let (_origin, gate) = gate();
    let held = placeholder(&gate.page("/").send().expect(200));
    let seal = field(&held, "embed", "seal").unwrap();
    for (address, seal) in [
        ("https://evil.example/", seal.as_str()),
        ("https://ads.example/show?film=1&x=3", &seal),
        (FILM, "AAAAAAAAAAAAAAAAAAAAAA"),
        (FILM, ""),
        ("javascript:alert(1)", &seal),
    ] {
        let answer = post(&gate, &fields(&[("address", address), ("seal", seal)])).send().expect(400);
        assert!(!answer.text().contains("<iframe"), "{address}");
    }
    post(&gate, "seal=x").send().expect(400);
    let other = Plan::before(Origin::answering(page(PAGE)).address).start();
    post(&other, &fields(&[("address", FILM), ("seal", &seal)])).send().expect(400);
}

#[test]
fn no_link_and_no_other_site_loads_it() {
    let (_origin, gate) = gate();
    let held = placeholder(&gate.page("/").send().expect(200));
    let form = fields(&[("address", FILM), ("seal", &field(&held, "embed", "seal").unwrap())]);
    gate.page(&format!("/.consent/embed?{form}")).send().expect(405);
    let from_elsewhere = gate
        .ask("POST", "/.consent/embed")
        .with("Origin", "https://evil.example")
        .with("Content-Type", "application/x-www-form-urlencoded")
        .body(&form);
    from_elsewhere.send().expect(403);
}

#[test]
fn to_allow_its_purpose_always_adds_to_what_was_granted() {
    let (_origin, gate) = gate();
    let earlier = gate.choose("choice=save&purpose=analytics").with("Accept", "application/json").send().expect(200);
    let visitor = earlier.choice_cookie().unwrap();
    let held = placeholder(&gate.page("/").cookie(&visitor).send().expect(200));
    let form = held.split("/.consent/choice\"").nth(1).unwrap();
    let names: Vec<_> =
        form.split("name=\"purpose\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(names, ["analytics", "marketing"]);
    assert!(form.contains("name=\"choice\" value=\"save\""));
    let answer =
        gate.choose("choice=save&purpose=analytics&purpose=marketing&return=%2F").cookie(&visitor).send().expect(303);
    let shown = gate.page("/").cookie(&answer.choice_cookie().unwrap()).send().expect(200).text();
    assert!(!shown.contains("consent-placeholder") && shown.contains("<iframe src=https://ads.example/"), "{shown}");
    let withdrawn = gate.choose("choice=withdraw").cookie(&answer.choice_cookie().unwrap()).send().expect(303);
    placeholder(&gate.page("/").cookie(&withdrawn.choice_cookie().unwrap()).send().expect(200));
}

#[test]
fn on_a_path_that_holds_it_whatever_was_agreed_there_is_only_the_link() {
    let origin = Origin::answering(page(PAGE));
    let gate = Plan::before(origin.address).line("paths: [{ match: \"/benefits/*\", hold: [marketing] }]").start();
    let visitor = gate.visitor("accept");
    let held = placeholder(&gate.page("/benefits/apply").from(visitor.as_ref()).send().expect(200));
    assert!(!held.contains("<form"), "{held}");
    assert!(held.contains("rel=\"noreferrer\""), "{held}");
    let elsewhere = gate.page("/").from(visitor.as_ref()).send().expect(200).text();
    assert!(!elsewhere.contains("consent-placeholder"));
}

#[test]
fn it_speaks_the_pages_language() {
    let welsh = "<!doctype html><html lang=cy><body><iframe src=//ads.example/film></iframe></body></html>";
    let origin = Origin::answering(page(welsh));
    let gate = Plan::before(origin.address).line("notice: { languages: [en, cy] }").start();
    let held = placeholder(&gate.page("/").send().expect(200));
    assert!(held.contains("Llwytho hon unwaith") && !held.contains("Load this once"), "{held}");
    assert!(!held.contains(" lang=\"cy\""), "the page says so already");
}
