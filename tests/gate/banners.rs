//! A site that has another consent banner already: `replace_banner` takes it out, and a refusal given there counts.

use crate::common::{Gate, Origin, Plan, page};

const PAGE: &str = "<!DOCTYPE html><html lang=en><head><title>Bins</title>\
    <link rel=stylesheet href=/css/cookieconsent.min.css>\
    <script src=\"https://cc.cdn.civiccomputing.com/9/cookieControl-9.x.min.js\"></script></head>\
    <body class=site><div class='govuk-cookie-banner' role=region><p>Cookies?</p></div><main class=govuk-main>Bins</main>\
    <script>CookieControl.load({ product: 'PRO' });</script><script>menu('open');</script></body></html>";
const CIVIC: &str = "CookieControl={%22optionalCookies%22:{%22analytics%22:%22revoked%22}%2C%22interactedWith%22:true}";

fn replacing(origin: &Origin) -> Gate {
    Plan::before(origin.address).line("replace_banner: true").start()
}

fn banner_is_out(html: &str) -> bool {
    html.contains("<link data-consentgate=\"banner\" rel=stylesheet data-consentgate-href=/css/cookieconsent.min.css>")
        && html.contains("<script data-consentgate=\"banner\" type=\"text/plain\" data-consentgate-src=\"https://cc.cdn.civic")
        && html.contains("<script data-consentgate=\"banner\" type=\"text/plain\">CookieControl.load(")
        && html.contains(
            "<div data-consentgate=\"banner\" hidden style=\"display:none!important\" class='govuk-cookie-banner' role=region>",
        )
        && html.contains("<main class=govuk-main>")
        && html.contains("<script>menu('open');</script>")
}

#[test]
fn the_other_banner_is_taken_out_before_and_after_every_choice() {
    let origin = Origin::answering(page(PAGE));
    let gate = replacing(&origin);
    let before = gate.page("/").send().expect(200).text();
    assert!(banner_is_out(&before) && before.contains("<consent-notice"), "{before}");
    for choice in ["accept", "reject"] {
        let visitor = gate.visitor(choice);
        let html = gate.page("/").from(visitor.as_ref()).send().expect(200).text();
        assert!(banner_is_out(&html), "{choice}: {html}");
    }
}

#[test]
fn without_it_the_other_banner_stays() {
    let origin = Origin::answering(page(PAGE));
    let gate = Gate::before(&origin);
    let html = gate.page("/").cookie(CIVIC).send().expect(200).text();
    assert!(!html.contains("data-consentgate=\"banner\"") && html.contains("<consent-notice"), "{html}");
    assert!(html.contains("<div class='govuk-cookie-banner' role=region>"), "{html}");
}

#[test]
fn a_refusal_given_there_counts_and_is_no_record_here() {
    let origin = Origin::answering(page(PAGE));
    let gate = replacing(&origin);
    let answer = gate.page("/").cookie(CIVIC).send().expect(200);
    assert!(!answer.asks(), "nobody is asked: {}", answer.text());
    assert_eq!(answer.set_cookies(), Vec::<String>::new(), "the answer stays where it is");
    assert!(gate.records().is_empty());
    let accepted = CIVIC.replace("revoked", "accepted");
    let answer = gate.page("/").cookie(&accepted).send().expect(200);
    assert!(answer.asks(), "consent to another notice is none to this one");
    // A choice made here comes before what was said there.
    let visitor = gate.visitor("accept").expect("a cookie");
    let html = gate.page("/").cookie(&format!("{CIVIC}; {visitor}")).send().expect(200).text();
    assert!(!html.contains("data-consentgate=\"analytics\""), "{html}");
}
