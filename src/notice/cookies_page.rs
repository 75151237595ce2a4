//! The cookies page: everything the site stores, by purpose, and the detailed choice.
//!
//! Settings come first, what they are about after them: withdrawing must not be harder than agreeing was (A13).

use crate::consent::{Purpose, UnixSeconds};

use super::address::{Place, cookies_address, local};
use super::document::{Frame, document, other_language, others};
use super::html::{Html, capital, fill};
use super::purpose;
use super::rights::rights;
use super::strings::Strings;
use super::table::table;
use super::words::Lifetime;
use super::{Config, Language};

const DAY: u64 = 86_400;

/// What the address says after a withdrawal: refusing what was never agreed to leaves the same choice behind.
const WITHDRAWN: &str = "&done=withdrawn";

/// What the cookies page says.
#[derive(Clone, Copy, Debug)]
pub struct CookiesPage<'a> {
    /// The site's notice.
    pub config: &'a Config,
    /// The language to speak.
    pub language: Language,
    /// What stands in front of every path: nothing on a page of the gate's own, scheme and host inside one of the site's,
    /// where a `<base>` may say something else.
    pub origin: &'a str,
    /// The reserved prefix, without a slash at its end.
    pub prefix: &'a str,
    /// The path and query the visitor came from.
    pub return_to: &'a str,
    /// Every purpose to be listed, `essential` among them.
    pub purposes: &'a [PurposeSection<'a>],
    /// What was seen and nobody has classified.
    pub unclassified: &'a [CookieRow<'a>],
    /// Some of it only this visitor's browser has shown, and only this visitor sees it.
    pub unclassified_own: bool,
    /// The hosts of others that pages load from whatever the visitor chooses.
    pub elsewhere: &'a [String],
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
    /// The day the visitor's browser sent it, if it did.
    pub choice_cookie_seen: Option<UnixSeconds>,
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
    /// The hosts of others that serve it, as pages of this site call on them.
    pub hosts: &'a [&'a str],
    /// What is stored.
    pub rows: &'a [CookieRow<'a>],
}

/// One cookie, or one key in the browser's storage.
#[derive(Clone, Copy, Debug)]
pub struct CookieRow<'a> {
    /// Its name, perhaps with `*`.
    pub name: &'a str,
    /// Who sets it.
    pub set_by: SetBy<'a>,
    /// What it does, in the language of the page.
    pub description: Option<&'a str>,
    /// It is a key in the browser's storage.
    pub storage: bool,
    /// The day it was last seen on this site.
    pub seen: Option<UnixSeconds>,
    /// How long it is kept.
    pub lifetime: Lifetime,
}

/// Who sets a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetBy<'a> {
    /// The site itself.
    Site,
    /// Another organisation.
    Company(&'a str),
    /// A browser has sent it, and nothing more is known of it.
    Unknown,
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
    let others = in_other_languages(view);
    let frame = Frame {
        language: view.language,
        title: &tab,
        service: Some(&view.config.service),
        prefix: Some(view.prefix),
        style: Some(&view.config.style),
        listed: true,
        others: &others,
    };
    document(&frame, |html, strings| {
        success(html, view, strings);
        html.element("h1", &[], &title);
        content(html, view, strings);
    })
}

/// The same for the place that a page of the site's own has for it: in a shadow root, as the notice is. The page around it
/// has a heading of its own, and is where the visitor stays: what was saved there the banner says.
pub fn embedded_cookies(view: &CookiesPage, place: &Place) -> Vec<u8> {
    let strings = Strings::of(view.language);
    let mut html = Html::default();
    html.raw("<cookies-page><template shadowrootmode=\"open\">");
    html.open(
        "link",
        &[("rel", "stylesheet"), ("href", &place.own(&view.config.style.stylesheet().name)), ("nonce", place.nonce)],
    );
    let dir = view.language.direction().name();
    let mut attributes =
        vec![("class", "embedded"), ("role", "region"), ("aria-label", strings.settings_heading), ("dir", dir)];
    attributes.extend(place.foreign().map(|tag| ("lang", tag)));
    html.open("div", &attributes);
    content(&mut html, view, strings);
    for (language, href) in in_other_languages(view) {
        other_language(&mut html, language, &href);
    }
    html.raw("</div></template>").element("a", &[("href", &place.cookies())], strings.view_cookies);
    html.raw("</cookies-page>");
    html.into_string().into_bytes()
}

fn in_other_languages(view: &CookiesPage) -> Vec<(Language, String)> {
    let here = |language| format!("{}{}", view.origin, cookies_address(view.prefix, view.return_to, Some(language)));
    others(view.config, view.language, here)
}

fn content(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    html.element("p", &[], &fill(strings.intro, &[&view.config.service]));
    settings(html, view, strings);
    withdrawal(html, view, strings);
    essential(html, view, strings);
    asked(view).for_each(|section| listing(html, section, view.language));
    unclassified(html, view, strings);
    rights(html, view, strings);
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
    // The browser itself moves the focus here: no script is needed for it (HTML, "the autofocus attribute").
    html.raw("<div class=\"success\" role=\"alert\" tabindex=\"-1\" autofocus aria-labelledby=\"success\">");
    html.raw("<h2 id=\"success\">");
    html.text(strings.success).raw("</h2><p>").text(done).raw(" ");
    html.linked(strings.go_back, &local(view.return_to)).raw("</p></div>");
}

// The settings.

fn settings(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    if asked(view).next().is_none() {
        return;
    }
    html.element("h2", &[], strings.settings_heading);
    open_form(html, view, "");
    // A fragment leads nowhere inside a shadow root.
    let links = view.origin.is_empty();
    asked(view).for_each(|section| setting(html, section, links, strings));
    html.raw("<button type=\"submit\" name=\"choice\" value=\"save\" class=\"button\">");
    html.text(strings.save).raw("</button></form>");
}

/// Stays on this page after saving, and keeps the way back.
fn open_form(html: &mut Html, view: &CookiesPage, done: &str) {
    let here = match view.origin {
        "" => format!("{}{done}", cookies_address(view.prefix, view.return_to, Some(view.language))),
        _ => local(view.return_to),
    };
    let action = format!("{}{}/choice", view.origin, view.prefix);
    html.open("form", &[("method", "post"), ("action", &action), ("accept-charset", "utf-8")]);
    html.open("input", &[("type", "hidden"), ("name", "return"), ("value", &here)]);
}

fn setting(html: &mut Html, section: &PurposeSection, link: bool, strings: &Strings) {
    let cookies = purpose::cookies(strings, section.purpose, section.name);
    let hint = format!("about-{}", section.name);
    html.open("fieldset", &[("aria-describedby", &hint)]);
    html.element("legend", &[], &fill(strings.question, &[&cookies]));
    html.element("p", &[("id", &hint)], &purpose::about(strings, section.purpose, section.name));
    if section.until_objected {
        html.element("p", &[], strings.exempt_hint);
    }
    if link {
        html.raw("<p>").open("a", &[("href", &format!("#list-{}", section.name))]).text(strings.see_cookies);
        html.element("span", &[("class", "unseen")], &format!(": {cookies}")).raw("</a></p>");
    }
    html.raw("<div class=\"radios\">");
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
    open_form(html, view, WITHDRAWN);
    html.raw("<button type=\"submit\" name=\"choice\" value=\"withdraw\" class=\"button\">");
    html.text(strings.withdraw).raw("</button></form>");
}

// What is stored.

/// The choice cookie is the gate's own and stands first (A20).
fn essential(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    let own = CookieRow {
        name: view.choice_cookie,
        set_by: SetBy::Site,
        description: Some(strings.choice_cookie),
        lifetime: Lifetime::Seconds(u64::from(view.config.days.max(view.config.refusal_days)) * DAY),
        storage: false,
        seen: view.choice_cookie_seen,
    };
    let essential = view.purposes.iter().filter(|section| section.purpose == Purpose::ESSENTIAL);
    let serves = fill(strings.serves, &[strings.essential_cookies]);
    let essential = essential.flat_map(|section| section.rows.iter().copied());
    let rows = described(essential, &serves);
    let rows: Vec<_> = [own].into_iter().chain(rows).collect();
    html.element("h2", &[], &capital(strings.essential_cookies));
    html.element("p", &[], strings.about_essential);
    table(html, &rows, view.language, strings.essential_cookies);
}

fn listing(html: &mut Html, section: &PurposeSection, language: Language) {
    let strings = Strings::of(language);
    let cookies = purpose::cookies(strings, section.purpose, section.name);
    html.element("h2", &[("id", &format!("list-{}", section.name))], &capital(&cookies));
    html.element("p", &[], &purpose::about(strings, section.purpose, section.name));
    list(html, strings.other_organisations, section.third_parties);
    list(html, strings.hosts, section.hosts);
    if section.rows.is_empty() {
        html.element("p", &[], strings.none_seen);
    } else {
        let serves = fill(strings.serves, &[&cookies]);
        let rows = described(section.rows.iter().copied(), &serves);
        table(html, &rows, language, &cookies);
    }
}

/// Each one by itself (A12).
fn list(html: &mut Html, heading: &str, names: &[&str]) {
    if names.is_empty() {
        return;
    }
    html.element("p", &[], heading).raw("<ul class=\"names\">");
    for name in names {
        html.element("li", &[], name);
    }
    html.raw("</ul>");
}

/// What nobody has described does what its purpose says.
fn described<'a>(rows: impl Iterator<Item = CookieRow<'a>>, serves: &'a str) -> Vec<CookieRow<'a>> {
    rows.map(|row| CookieRow { description: row.description.or(Some(serves)), ..row }).collect()
}

/// A purpose nobody has found for them must not be claimed: they stand apart.
fn unclassified(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    if view.unclassified.is_empty() {
        return;
    }
    let what_happens = if view.unclassified_held { strings.unclassified_held } else { strings.unclassified_passed };
    html.element("h2", &[], strings.unclassified_heading).element("p", &[], what_happens);
    if view.unclassified_own {
        html.element("p", &[], strings.unclassified_own);
    }
    table(html, view.unclassified, view.language, strings.unclassified_cookies);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::testing::{Element, config, elements, mirrored, page, sections, text_in};

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
        assert!(text_in(&shown(false), "td").contains("Used as described above for essential cookies"));
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
        assert_eq!(html.matches("Other organisations involved:").count(), 1);
        assert!(html.contains("<ul class=\"names\"><li>Google</li><li>Microsoft</li></ul>"), "{html}");
        assert!(html.contains("<ul class=\"names\"><li>www.google-analytics.com</li></ul>"), "{html}");
    }

    #[test]
    fn what_only_this_visitor_has_shown_says_so() {
        let (config, sections) = (config(), sections(false));
        let page = page(&config, Language::English, &sections);
        let rows = [CookieRow { set_by: SetBy::Unknown, ..page.unclassified[0] }];
        let html = cookies_page(&CookiesPage { unclassified: &rows, unclassified_own: true, ..page });
        assert!(html.contains("Nobody else sees that part.") && html.contains(">Not known</td>"), "{html}");
        assert!(!shown(false).contains("Nobody else sees"));
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
        let config = Config {
            contact: Some("Phone 01234 567890".into()),
            organisation: None,
            controller: crate::notice::Controller::default(),
            ..config()
        };
        let sections = sections(false);
        let html = cookies_page(&page(&config, Language::English, &sections));
        assert!(html.contains("sent to Phone 01234 567890."));
        assert!(html.contains("Those who run Example Council decide"));
    }

    #[test]
    fn whether_and_when_each_was_seen_is_said() {
        let cells = text_in(&shown(false), "td");
        assert!(cells.contains("23 November 2026") && cells.contains("Not seen so far"), "{cells}");
        assert!(text_in(&shown(false), "th[scope=row]").contains("not a cookie"), "a storage key says what it is");
    }

    #[test]
    fn what_was_saved_takes_the_focus_without_a_script() {
        let (config, sections) = (config(), sections(true));
        let view = CookiesPage { state: PageState::Withdrawn, ..page(&config, Language::English, &sections) };
        let html = cookies_page(&view);
        let success = elements(&html).into_iter().find(|e| e.value("class") == Some("success")).unwrap();
        assert_eq!((success.value("tabindex"), success.value("autofocus")), (Some("-1"), Some("")));
        assert!(!shown(true).contains("autofocus"));
        let returns: Vec<_> = elements(&html).iter().filter_map(|e| e.value("value").map(str::to_owned)).collect();
        assert_eq!(returns.iter().filter(|value| value.ends_with("&done=withdrawn")).count(), 1, "{returns:?}");
    }

    #[test]
    fn inside_a_page_of_the_sites_every_address_names_its_host_and_the_way_back_is_that_page() {
        let (config, sections) = (config(), sections(true));
        let place = crate::notice::testing::place(&config, Language::Welsh);
        let view = CookiesPage { origin: "//www.example.gov.uk", ..page(&config, Language::Welsh, &sections) };
        let html = String::from_utf8(embedded_cookies(&view, &place)).unwrap();
        let found = elements(&html);
        for element in &found {
            for address in ["href", "action"].iter().filter_map(|name| element.value(name)) {
                let full =
                    ["//www.example.gov.uk/", "https://", "mailto:"].iter().any(|start| address.starts_with(start));
                assert!(full, "{address}");
            }
        }
        let back: Vec<_> =
            found.iter().filter(|e| e.value("name") == Some("return")).filter_map(|e| e.value("value")).collect();
        assert_eq!(back, ["/council-tax?band=a&year=2026"; 2]);
        let region = found.iter().find(|element| element.value("role") == Some("region")).unwrap();
        assert_eq!((region.value("lang"), region.value("dir")), (Some("cy"), Some("ltr")));
        assert!(!html.contains("<h1") && !html.contains("<main") && html.is_ascii());
    }

    #[test]
    fn a_site_with_three_languages_leads_to_each_in_its_own_words() {
        let config = Config { languages: [config().languages, vec![mirrored()]].concat(), ..config() };
        let sections = sections(false);
        let html = cookies_page(&page(&config, mirrored(), &sections));
        let found = elements(&html);
        assert_eq!((found[0].value("lang"), found[0].value("dir")), (Some("ar"), Some("rtl")));
        assert!(html.contains("<th scope=\"row\"><bdi dir=\"ltr\">_ga</bdi></th>"), "it would be shown as ga_");
        let others: Vec<_> = found.iter().filter_map(|e| e.value("hreflang")).collect();
        assert_eq!(others, ["en", "cy"]);
        assert!(text_in(&html, "header").contains("This page is available in English"));
    }
}
