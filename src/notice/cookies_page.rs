//! The cookies page: everything the site stores, by purpose, and the detailed choice.
//!
//! Settings come first, what they are about after them: withdrawing must not be harder than agreeing was (A13).

use crate::consent::Purpose;

use super::address::{cookies_address, local, record_address};
use super::contact::contact_sentence;
use super::document::{Frame, document};
use super::html::{Html, capital, fill};
use super::purpose;
use super::strings::Strings;
use super::table::table;
use super::words::Lifetime;
use super::{Config, Language};

const DAY: u64 = 86_400;

/// What the cookies page says.
#[derive(Clone, Copy, Debug)]
pub struct CookiesPage<'a> {
    /// The site's notice.
    pub config: &'a Config,
    /// The language to speak.
    pub language: Language,
    /// The reserved prefix, without a slash at its end.
    pub prefix: &'a str,
    /// The path and query the visitor came from.
    pub return_to: &'a str,
    /// Every purpose to be listed, `essential` among them.
    pub purposes: &'a [PurposeSection<'a>],
    /// What was seen and nobody has classified.
    pub unclassified: &'a [CookieRow<'a>],
    /// Whether what nobody has classified is held until everything is agreed to.
    pub unclassified_held: bool,
    /// What has just happened.
    pub state: PageState,
    /// The browser sends Global Privacy Control.
    pub gpc: bool,
    /// The visitor's receipt id.
    pub receipt: Option<&'a str>,
    /// The name of the choice cookie on this scheme.
    pub choice_cookie: &'a str,
}

/// One purpose with what is stored for it.
#[derive(Clone, Copy, Debug)]
pub struct PurposeSection<'a> {
    /// Which one.
    pub purpose: Purpose,
    /// Its name on this site: `analytics`.
    pub name: &'a str,
    /// The visitor has agreed to it, or has not objected to it.
    pub granted: bool,
    /// It is granted until the visitor objects.
    pub until_objected: bool,
    /// The other organisations whose cookies and tags serve it.
    pub third_parties: &'a [&'a str],
    /// What is stored.
    pub rows: &'a [CookieRow<'a>],
}

/// One cookie (or storage key).
#[derive(Clone, Copy, Debug)]
pub struct CookieRow<'a> {
    /// Its name, perhaps with `*`.
    pub name: &'a str,
    /// The organisation that sets it; `None` is this site.
    pub set_by: Option<&'a str>,
    /// What it does, with the language that is written in.
    pub description: Option<(&'a str, Language)>,
    /// How long it is kept.
    pub lifetime: Lifetime,
}

/// What has just happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageState {
    /// Nothing: the visitor has come to look.
    Looking,
    /// A choice was stored.
    Saved,
    /// The visitor's agreement was withdrawn.
    Withdrawn,
}

/// The whole page.
pub fn cookies_page(view: &CookiesPage) -> String {
    let title = fill(Strings::of(view.language).cookies_on, &[&view.config.service]);
    let tab = match view.state {
        PageState::Looking => title.clone(),
        PageState::Saved | PageState::Withdrawn => format!("{}: {title}", Strings::of(view.language).success),
    };
    let other = view.config.languages.iter().copied().find(|language| *language != view.language);
    let other = other.map(|language| (language, cookies_address(view.prefix, view.return_to, Some(language))));
    let frame = Frame {
        language: view.language,
        title: &tab,
        service: Some(&view.config.service),
        prefix: Some(view.prefix),
        style: Some(&view.config.style),
        listed: true,
        other: other.as_ref().map(|(language, href)| (*language, href.as_str())),
    };
    document(&frame, |html, strings| {
        success(html, view, strings);
        html.element("h1", &[], &title);
        html.element("p", &[], &fill(strings.intro, &[&view.config.service]));
        settings(html, view, strings);
        withdrawal(html, view, strings);
        essential(html, view, strings);
        asked(view).for_each(|section| listing(html, section, view.language));
        unclassified(html, view, strings);
        rights(html, view, strings);
    })
}

fn asked<'a>(view: &CookiesPage<'a>) -> impl Iterator<Item = &'a PurposeSection<'a>> {
    view.purposes.iter().filter(|section| section.purpose != Purpose::ESSENTIAL)
}

fn success(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    let done = match view.state {
        PageState::Looking => return,
        PageState::Saved => strings.saved,
        PageState::Withdrawn => strings.withdrawn,
    };
    html.raw("<div class=\"success\" role=\"alert\" aria-labelledby=\"success\"><h2 id=\"success\">");
    html.text(strings.success).raw("</h2><p>").text(done).raw(" ");
    html.linked(strings.go_back, &local(view.return_to)).raw("</p></div>");
}

// The settings.

fn settings(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    if asked(view).next().is_none() {
        return;
    }
    html.element("h2", &[], strings.settings_heading);
    open_form(html, view);
    asked(view).for_each(|section| setting(html, section, strings));
    html.raw("<button type=\"submit\" name=\"choice\" value=\"save\" class=\"button\">");
    html.text(strings.save).raw("</button></form>");
}

/// Stays on this page after saving, and keeps the way back.
fn open_form(html: &mut Html, view: &CookiesPage) {
    let here = cookies_address(view.prefix, view.return_to, Some(view.language));
    html.open("form", &[("method", "post"), ("action", &format!("{}/choice", view.prefix))]);
    html.open("input", &[("type", "hidden"), ("name", "return"), ("value", &here)]);
}

fn setting(html: &mut Html, section: &PurposeSection, strings: &Strings) {
    let cookies = purpose::cookies(strings, section.purpose, section.name);
    let hint = format!("about-{}", section.name);
    html.open("fieldset", &[("aria-describedby", &hint)]);
    html.element("legend", &[], &fill(strings.question, &[&cookies]));
    html.element("p", &[("id", &hint)], &purpose::about(strings, section.purpose, section.name));
    if section.until_objected {
        html.element("p", &[], strings.exempt_hint);
    }
    html.raw("<p>").open("a", &[("href", &format!("#list-{}", section.name))]).text(strings.see_cookies);
    html.element("span", &[("class", "unseen")], &format!(": {cookies}")).raw("</a></p><div class=\"radios\">");
    radio(html, section, ("yes", strings.yes), section.granted);
    radio(html, section, ("no", strings.no), !section.granted);
    html.raw("</div></fieldset>");
}

fn radio(html: &mut Html, section: &PurposeSection, (value, label): (&str, &str), checked: bool) {
    let id = format!("{}-{value}", section.name);
    let name = format!("purpose.{}", section.name);
    let mut attributes = vec![("type", "radio"), ("id", id.as_str()), ("name", name.as_str()), ("value", value)];
    if checked {
        attributes.push(("checked", ""));
    }
    html.raw("<div class=\"radio\">").open("input", &attributes);
    html.element("label", &[("for", &id)], label).raw("</div>");
}

fn withdrawal(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    if !asked(view).any(|section| section.granted && !section.until_objected) {
        return;
    }
    html.element("h2", &[], strings.withdraw_heading);
    html.element("p", &[], strings.withdraw_text);
    open_form(html, view);
    html.raw("<button type=\"submit\" name=\"choice\" value=\"withdraw\" class=\"button\">");
    html.text(strings.withdraw).raw("</button></form>");
}

// What is stored.

/// The choice cookie is the gate's own and stands first (A20).
fn essential(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    let own = CookieRow {
        name: view.choice_cookie,
        set_by: None,
        description: Some((strings.choice_cookie, view.language)),
        lifetime: Lifetime::Seconds(u64::from(view.config.days.max(view.config.refusal_days)) * DAY),
    };
    let essential = view.purposes.iter().filter(|section| section.purpose == Purpose::ESSENTIAL);
    let rows: Vec<_> = [own].into_iter().chain(essential.flat_map(|section| section.rows.iter().copied())).collect();
    html.element("h2", &[], &capital(strings.essential_cookies));
    html.element("p", &[], strings.about_essential);
    table(html, &rows, view.language, strings.essential_cookies);
}

fn listing(html: &mut Html, section: &PurposeSection, language: Language) {
    let strings = Strings::of(language);
    let cookies = purpose::cookies(strings, section.purpose, section.name);
    html.element("h2", &[("id", &format!("list-{}", section.name))], &capital(&cookies));
    html.element("p", &[], &purpose::about(strings, section.purpose, section.name));
    if !section.third_parties.is_empty() {
        let names = section.third_parties.join(", ");
        html.element("p", &[], &fill(strings.other_organisations, &[&names]));
    }
    if section.rows.is_empty() {
        html.element("p", &[], strings.none_seen);
    } else {
        table(html, section.rows, language, &cookies);
    }
}

/// A purpose nobody has found for them must not be claimed: they stand apart.
fn unclassified(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    if view.unclassified.is_empty() {
        return;
    }
    let what_happens = if view.unclassified_held { strings.unclassified_held } else { strings.unclassified_passed };
    html.element("h2", &[], strings.unclassified_heading).element("p", &[], what_happens);
    table(html, view.unclassified, view.language, strings.unclassified_cookies);
}

// What the visitor may want to know, and whom to turn to.

fn rights(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    html.element("h2", &[], strings.third_party_heading).element("p", &[], strings.third_party_text);
    html.element("h2", &[], strings.gpc_heading);
    html.element("p", &[], if view.gpc { strings.gpc_on } else { strings.gpc_off });
    for section in asked(view).filter(|section| section.until_objected) {
        let cookies = purpose::cookies(strings, section.purpose, section.name);
        html.element("p", &[], &fill(strings.gpc_objects, &[&cookies]));
    }
    html.element("h2", &[], strings.record_heading).raw("<p>");
    html.linked(strings.record_text, &record_address(view.prefix, view.return_to, view.language)).raw("</p>");
    if let Some(receipt) = view.receipt {
        html.element("p", &[], &fill(strings.record_number, &[receipt]));
    }
    responsible(html, view, strings);
}

/// Who decides, how to reach them, and the right to complain (A22).
fn responsible(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    let who = match &view.config.organisation {
        Some(organisation) => fill(strings.responsible, &[organisation]),
        None => fill(strings.responsible_service, &[&view.config.service]),
    };
    html.element("h2", &[], strings.responsible_heading).element("p", &[], &who);
    if let Some(contact) = &view.config.contact {
        contact_sentence(html, strings.contact, contact);
    }
    html.raw("<p>").linked(strings.complain, strings.ico).raw("</p>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::testing::{Element, config, elements, page, sections, text_in};

    fn shown(granted: bool) -> String {
        let (config, sections) = (config(), sections(granted));
        cookies_page(&page(&config, Language::English, &sections))
    }

    fn checked(html: &str) -> Vec<String> {
        let on = |element: &Element| element.value("checked").is_some();
        let name = |e: &Element| format!("{}={}", e.value("name").unwrap(), e.value("value").unwrap());
        elements(html).iter().filter(|e| on(e)).map(name).collect()
    }

    #[test]
    fn every_purpose_is_no_until_the_visitor_says_yes() {
        assert_eq!(checked(&shown(false)), ["purpose.preferences=no", "purpose.analytics=no", "purpose.marketing=no"]);
        assert_eq!(
            checked(&shown(true)),
            ["purpose.preferences=yes", "purpose.analytics=yes", "purpose.marketing=yes"]
        );
    }

    #[test]
    fn every_choice_has_a_question_and_every_radio_a_label() {
        let html = shown(false);
        let found = elements(&html);
        let count = |tag: &str| found.iter().filter(|element| element.tag == tag).count();
        assert_eq!((count("fieldset"), count("legend"), count("label")), (3, 3, 6));
        for radio in found.iter().filter(|element| element.value("type") == Some("radio")) {
            let labels = found.iter().filter(|e| e.tag == "label" && e.value("for") == radio.value("id")).count();
            assert_eq!(labels, 1, "{radio:?}");
        }
        assert!(text_in(&html, "[id^=about-] a").is_empty(), "a link inside a description is read as text");
        assert!(text_in(&html, "title").starts_with("Cookies on"));
        assert!(text_in(&html, "legend").starts_with("Do you want to accept preference cookies?"));
    }

    #[test]
    fn withdrawing_is_offered_to_whoever_has_agreed() {
        let values = |html: &str| {
            let buttons = elements(html).into_iter().filter(|element| element.tag == "button");
            buttons.map(|button| button.value("value").unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(values(&shown(false)), ["save"]);
        assert_eq!(values(&shown(true)), ["save", "withdraw"]);
    }

    #[test]
    fn saving_leads_back_here_and_from_here_back_to_the_page() {
        let (config, sections) = (config(), sections(true));
        let view = CookiesPage { state: PageState::Saved, ..page(&config, Language::Welsh, &sections) };
        let html = cookies_page(&view);
        let found = elements(&html);
        let field = found.iter().find(|element| element.value("name") == Some("return")).unwrap();
        assert_eq!(
            field.value("value"),
            Some("/.consent/cookies?return=%2Fcouncil-tax%3Fband%3Da%26year%3D2026&lang=cy")
        );
        assert_eq!(text_in(&html, "title"), "Llwyddiant: Cwcis ar Example Council");
        assert_eq!(text_in(&html, "h1"), "Cwcis ar Example Council");
        let success = text_in(&html, "[role=alert]");
        assert!(success.contains("Rydych wedi gosod eich dewisiadau cwcis. Mynd yn ôl"), "{success}");
        assert!(found.iter().any(|e| e.tag == "a" && e.value("href") == Some("/council-tax?band=a&year=2026")));
    }

    #[test]
    fn the_way_back_never_leaves_the_site() {
        let (config, sections) = (config(), sections(true));
        let view = CookiesPage {
            state: PageState::Saved,
            return_to: "//evil.example/",
            ..page(&config, Language::English, &sections)
        };
        assert!(!cookies_page(&view).contains("evil"));
    }

    #[test]
    fn the_choice_cookie_is_listed_with_the_essential_ones() {
        let rows = text_in(&shown(false), "table th[scope=row]");
        assert!(rows.starts_with("consentgatevisitor-count"), "{rows}");
        assert!(text_in(&shown(false), "td").contains("1 year"));
    }

    #[test]
    fn tables_have_captions_headers_and_labels() {
        let html = shown(false);
        let found = elements(&html);
        let tables = found.iter().filter(|element| element.tag == "table").count();
        assert_eq!(tables, 4);
        assert_eq!(found.iter().filter(|element| element.tag == "caption").count(), tables);
        assert!(found.iter().filter(|e| e.tag == "th").all(|e| e.value("scope").is_some()));
        assert!(found.iter().filter(|e| e.tag == "td").all(|e| e.value("data-label").is_some_and(|l| !l.is_empty())));
    }

    #[test]
    fn what_nobody_has_classified_stands_apart_and_claims_nothing_untrue() {
        let (config, sections) = (config(), sections(false));
        let held = page(&config, Language::English, &sections);
        let html = cookies_page(&held);
        assert!(html.contains("<h2>Cookies we have not classified yet</h2>"));
        assert!(html.contains("kept off your device unless"));
        let passed = cookies_page(&CookiesPage { unclassified_held: false, ..held });
        assert!(!passed.contains("kept off your device") && passed.contains("not held back"));
        assert!(!cookies_page(&CookiesPage { unclassified: &[], ..held }).contains("not classified"));
    }

    #[test]
    fn each_purpose_names_the_organisations_it_brings_in() {
        let html = shown(false);
        assert_eq!(html.matches("Other organisations involved: ").count(), 1);
        assert!(text_in(&html, "p").contains("Other organisations involved: Google, Microsoft."));
    }

    #[test]
    fn a_description_in_another_language_says_so() {
        let (config, sections) = (config(), sections(false));
        let html = cookies_page(&page(&config, Language::Welsh, &sections));
        assert!(html.contains("<span lang=\"en\">Tells visitors apart"));
        assert!(!shown(false).contains("<span lang"));
    }

    #[test]
    fn a_site_with_one_language_offers_no_other() {
        let config = Config { languages: vec![Language::English], ..config() };
        let sections = sections(false);
        let html = cookies_page(&page(&config, Language::English, &sections));
        assert!(!html.contains("lang=cy") && !html.contains("hreflang"));
    }

    #[test]
    fn whom_to_turn_to() {
        let html = shown(false);
        assert!(html.contains("<a href=\"mailto:dpo@example.gov.uk\">"));
        assert!(html.contains("<a href=\"https://ico.org.uk/make-a-complaint/\">"));
        let config = Config { contact: Some("Phone 01234 567890".into()), organisation: None, ..config() };
        let sections = sections(false);
        let html = cookies_page(&page(&config, Language::English, &sections));
        assert!(html.contains("sent to Phone 01234 567890."));
        assert!(html.contains("Those who run Example Council decide"));
    }
}
