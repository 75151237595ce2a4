//! The banner and the footer that are spliced into the site's pages.
//!
//! Both live in a declarative shadow root, where the page's own styles cannot reach them; the link outside it is for
//! browsers that know no shadow roots. No script, no inline style: a page's Content-Security-Policy stays as it is.

use super::address::{Place, local};
use super::exempt;
use super::html::{Html, fill};
use super::left_out::{self, LeftOut};
use super::purpose::{self, AskedPurpose};
use super::strings::Strings;

/// What a page's banner says.
#[derive(Clone, Copy, Debug)]
pub struct Banner<'a> {
    /// Where it stands.
    pub place: Place<'a>,
    /// What is asked: every purpose in use that needs consent.
    pub asked: &'a [AskedPurpose<'a>],
    /// Asking, or confirming.
    pub state: BannerState,
}

/// Asking, or confirming what was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BannerState {
    /// The visitor has not chosen yet.
    Ask,
    /// They accepted everything asked.
    Accepted,
    /// They rejected everything asked.
    Rejected,
    /// They chose purpose by purpose.
    Saved,
    /// They took their agreement back.
    Withdrawn,
}

/// The banner's bytes, all ASCII, for the beginning of `<body>`; empty where nothing is asked (B8).
pub fn banner(view: &Banner) -> Vec<u8> {
    if view.asked.is_empty() && view.state == BannerState::Ask {
        return Vec::new();
    }
    let strings = Strings::of(view.place.language);
    let mut html = Html::default();
    open_root(&mut html, &view.place, ("banner", &fill(strings.cookies_on, &[&view.place.config.service])));
    message(&mut html, view, strings);
    if view.state == BannerState::Ask {
        confirmations(&mut html, view, strings);
    }
    close_root(&mut html, &view.place, strings);
    html.into_string().into_bytes()
}

/// The site's template, where it has one. It was tried with every state; should it fail on a page after all, the visitor
/// is asked in the built-in words rather than not at all.
fn message(html: &mut Html, view: &Banner, strings: &Strings) {
    match view.place.config.template.as_ref().map(|template| template.render(view)) {
        Some(Ok(rendered)) => {
            html.rendered(&rendered);
        }
        Some(Err(_)) | None => built_in(html, view, strings),
    }
}

/// What a template takes the place of, and is measured by.
pub(super) fn built_in(html: &mut Html, view: &Banner, strings: &Strings) {
    match view.state {
        BannerState::Ask => ask(html, view, strings),
        _ => confirm(html, view, strings),
    }
}

/// The way to the cookies page for the end of every page, and one button to withdraw for whoever has agreed to
/// something: as many clicks as accepting took (A13). Then what this page lacks.
///
/// `linked`: the page has a link of its own to the cookies page, and two would be one too many.
pub fn footer(place: &Place, granted: bool, linked: bool, left_out: &[LeftOut]) -> Vec<u8> {
    let strings = Strings::of(place.language);
    let mut html = Html::default();
    open_root(&mut html, place, ("footer", strings.cookie_settings));
    if !linked {
        html.raw("<p>").element("a", &[("href", &place.cookies())], strings.cookie_settings).raw("</p>");
    }
    // Where nothing is granted yet it waits for an agreement that is given without a reload.
    html.raw(if granted { "" } else { "<template data-agreed>" });
    open_form(&mut html, place);
    button(&mut html, "withdraw", strings.withdraw);
    html.raw(if granted { "</form>" } else { "</form></template>" });
    exempt::objections(&mut html, place, strings);
    left_out::list(&mut html, left_out, strings);
    close_root(&mut html, place, strings);
    html.into_string().into_bytes()
}

/// `data-nosnippet`: search engines do not show the notice as the page's text. Direction is said because
/// `all: initial` does not reset it. Banner and footer can be on one page: each region has a name of its own.
fn open_root(html: &mut Html, place: &Place, (class, name): (&str, &str)) {
    html.raw("<consent-notice><template shadowrootmode=\"open\">");
    let style = place.own(&place.config.style.stylesheet().name);
    html.open("link", &[("rel", "stylesheet"), ("href", &style), ("nonce", place.nonce)]);
    let mut attributes =
        vec![("class", class), ("role", "region"), ("aria-label", name), ("dir", place.language.direction().name())];
    if let Some(tag) = place.foreign() {
        attributes.push(("lang", tag));
    }
    html.raw("<div data-nosnippet");
    for (name, value) in attributes {
        html.attribute(name, value);
    }
    html.raw("><div class=\"inner\">");
}

fn close_root(html: &mut Html, place: &Place, strings: &Strings) {
    let cookies = place.cookies();
    let mut attributes = vec![("href", cookies.as_str())];
    if let Some(tag) = place.foreign() {
        attributes.push(("lang", tag));
    }
    html.raw("</div></div></template>");
    html.element("a", &attributes, strings.view_cookies).raw("</consent-notice>");
}

fn ask(html: &mut Html, view: &Banner, strings: &Strings) {
    let place = &view.place;
    logo(html, place);
    html.element("h2", &[], &fill(strings.cookies_on, &[&place.config.service]));
    html.element("p", &[], strings.essential_use);
    wishes(html, view.asked, strings);
    if let Some(sentence) = third_parties(view.asked, strings) {
        html.element("p", &[], &sentence);
    }
    for sentence in exempt::mentions(place.exempt, strings) {
        html.element("p", &[], &sentence);
    }
    let what = purpose::together(strings, view.asked);
    open_form(html, place);
    asked_fields(html, view.asked);
    html.raw("<div class=\"buttons\">");
    button(html, "accept", &fill(strings.accept, &[&what]));
    button(html, "reject", &fill(strings.reject, &[&what]));
    html.element("a", &[("href", &place.cookies())], strings.view_cookies);
    html.raw("</div></form>");
}

/// The hidden fields of the form that asks.
pub(super) fn fields(html: &mut Html, view: &Banner) {
    return_field(html, &view.place);
    asked_fields(html, view.asked);
}

/// What was read here is what is answered, whatever the site asks by then.
fn asked_fields(html: &mut Html, asked: &[AskedPurpose]) {
    for asked in asked {
        html.open("input", &[("type", "hidden"), ("name", "asked"), ("value", asked.name)]);
    }
}

/// Its height is the stylesheet's, so that the page does not move when it comes.
fn logo(html: &mut Html, place: &Place) {
    if let Some((address, name)) = logo_address(place) {
        html.open("img", &[("class", "logo"), ("src", &address), ("alt", name)]);
    }
}

/// Where the logo is, and whose it is.
pub(super) fn logo_address<'a>(place: &Place<'a>) -> Option<(String, &'a str)> {
    let config = place.config;
    let name = config.organisation.as_deref().unwrap_or(&config.service);
    config.style.logo().map(|logo| (place.own(&logo.name), name))
}

/// "Include all possible messages" (GOV.UK Design System, cookie banner): with JavaScript one of them takes the
/// question's place without a reload, and no text has to become HTML in the page.
fn confirmations(html: &mut Html, view: &Banner, strings: &Strings) {
    let all = [("accept", BannerState::Accepted), ("reject", BannerState::Rejected), ("save", BannerState::Saved)];
    for (choice, state) in all {
        html.raw("<template data-said=\"").raw(choice).raw("\">");
        message(html, &Banner { state, ..*view }, strings);
        html.raw("</template>");
    }
}

/// Every purpose is named: what the banner leaves out cannot be agreed to (A12, B3).
fn wishes(html: &mut Html, asked: &[AskedPurpose], strings: &Strings) {
    if let [only] = asked {
        html.element("p", &[], &fill(strings.also_one, &[&only.wish(strings)]));
        return;
    }
    html.element("p", &[], strings.also_several).raw("<ul>");
    for purpose in asked {
        html.element("li", &[], &purpose.wish(strings));
    }
    html.raw("</ul>");
}

/// Each is named, and once.
pub(super) fn third_parties(asked: &[AskedPurpose], strings: &Strings) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for name in asked.iter().flat_map(|purpose| purpose.third_parties) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    (!names.is_empty()).then(|| fill(strings.third_parties, &[&names.join(", ")]))
}

/// UTF-8 whatever the page is written in: the gate reads the form, not the site. The target is said because a
/// `<base target="_blank">` would open the answer in another window, and leave the question in this one.
fn open_form(html: &mut Html, place: &Place) {
    let action = place.own("choice");
    let attributes = [("method", "post"), ("action", &*action), ("accept-charset", "utf-8"), ("target", "_self")];
    html.open("form", &attributes);
    return_field(html, place);
}

fn return_field(html: &mut Html, place: &Place) {
    html.open("input", &[("type", "hidden"), ("name", "return"), ("value", &local(place.return_to))]);
}

/// Accept and reject are made by this one line: same element, same class, nothing that could favour one (A10).
fn button(html: &mut Html, choice: &str, text: &str) {
    html.element("button", &[("type", "submit"), ("name", "choice"), ("value", choice), ("class", "button")], text);
}

/// Without a script nothing can take the message away, so hiding it is asking for the page again.
fn confirm(html: &mut Html, view: &Banner, strings: &Strings) {
    let place = &view.place;
    html.raw("<div role=\"alert\"><p>").text(&done(view, strings)).raw(" ");
    html.linked(strings.change_settings, &place.cookies());
    html.raw("</p></div><p>");
    html.element("a", &[("href", &back(place)), ("class", "hide"), ("target", "_self")], strings.hide);
    html.raw("</p>");
}

/// What was chosen.
pub(super) fn done(view: &Banner, strings: &Strings) -> String {
    let what = purpose::together(strings, view.asked);
    match view.state {
        BannerState::Accepted => fill(strings.accepted, &[&what]),
        BannerState::Rejected => fill(strings.rejected, &[&what]),
        BannerState::Withdrawn => strings.withdrawn.to_owned(),
        BannerState::Saved | BannerState::Ask => strings.saved.to_owned(),
    }
}

/// The page again.
pub(super) fn back(place: &Place) -> String {
    place.address(&local(place.return_to))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::consent::Purpose;
    use crate::notice::stylesheet;
    use crate::notice::testing::{ANALYTICS, Element, MARKETING, config, elements, place, text_in};
    use crate::notice::{Config, Language};

    fn made(view: &Banner) -> String {
        String::from_utf8(banner(view)).unwrap()
    }

    fn asking(asked: &[AskedPurpose], language: Language) -> String {
        let config = config();
        made(&Banner { place: place(&config, language), asked, state: BannerState::Ask })
    }

    fn buttons(html: &str) -> Vec<Element> {
        elements(html).into_iter().filter(|element| element.tag == "button").collect()
    }

    #[test]
    fn accept_and_reject_differ_only_in_their_value() {
        for language in [Language::English, Language::Welsh] {
            let mut pair = buttons(&asking(&[ANALYTICS, MARKETING], language));
            assert_eq!(pair.iter().map(|b| b.value("value").unwrap()).collect::<Vec<_>>(), ["accept", "reject"]);
            for button in &mut pair {
                button.attributes.retain(|(name, _)| name != "value");
            }
            assert_eq!(pair[0], pair[1]);
        }
        let css = std::str::from_utf8(&stylesheet().bytes).unwrap();
        for way_to_tell_them_apart in ["value=", ":first-of-type", ":last-of-type", "button +", ".button:nth"] {
            assert!(!css.contains(way_to_tell_them_apart), "{way_to_tell_them_apart}");
        }
    }

    #[test]
    fn the_buttons_name_one_purpose_or_say_additional() {
        assert_eq!(
            text_in(&asking(&[ANALYTICS], Language::English), "button"),
            "Accept analytics cookiesReject analytics cookies"
        );
        let several = asking(&[ANALYTICS, MARKETING], Language::English);
        assert_eq!(text_in(&several, "button"), "Accept additional cookiesReject additional cookies");
        assert_eq!(
            text_in(&asking(&[ANALYTICS], Language::Welsh), "button"),
            "Derbyn cwcis dadansoddiGwrthod cwcis dadansoddi"
        );
    }

    #[test]
    fn every_purpose_and_every_third_party_is_named_once() {
        let html = asking(&[ANALYTICS, MARKETING], Language::English);
        let list = text_in(&html, "li");
        assert!(list.contains("analytics cookies") && list.contains("marketing cookies"), "{list}");
        assert!(
            text_in(&html, "p").contains("Some of these are from other organisations: Google, Microsoft, YouTube.")
        );
    }

    #[test]
    fn a_sites_own_purpose_goes_by_its_name() {
        let purposes = crate::consent::Purposes::with_own(["video-player"]).unwrap();
        let purpose = purposes.find("video-player").unwrap();
        let own = AskedPurpose { purpose, name: "video-player", third_parties: &[] };
        let html = asking(&[own], Language::Welsh);
        assert!(text_in(&html, "button").starts_with("Derbyn cwcis video player"));
        assert!(text_in(&html, "p").contains("Hoffem hefyd ddefnyddio cwcis video player."));
    }

    #[test]
    fn nothing_is_asked_where_nothing_needs_asking() {
        assert_eq!(asking(&[], Language::English), "");
    }

    #[test]
    fn the_form_and_links_name_their_host_and_the_way_back() {
        let html = asking(&[ANALYTICS], Language::English);
        let found = elements(&html);
        let value =
            |tag: &str, name: &str| found.iter().find(|e| e.tag == tag).and_then(|e| e.value(name).map(str::to_owned));
        assert_eq!(value("form", "action").unwrap(), "//www.example.gov.uk/.consent/choice");
        assert_eq!(value("form", "method").unwrap(), "post");
        assert_eq!(value("input", "value").unwrap(), "/council-tax?band=a&year=2026");
        assert!(value("a", "href").unwrap().starts_with("//www.example.gov.uk/.consent/cookies?return=%2Fcouncil-tax"));
        assert_eq!(value("link", "href").unwrap(), format!("//www.example.gov.uk/.consent/{}", stylesheet().name));
        assert_eq!(value("template", "shadowrootmode").unwrap(), "open");
    }

    #[test]
    fn https_is_said_where_it_is_known() {
        let config = config();
        let place = Place { https: true, ..place(&config, Language::English) };
        let html = made(&Banner { place, asked: &[ANALYTICS], state: BannerState::Ask });
        let addresses = ["href", "action"];
        for element in elements(&html) {
            for address in addresses.iter().filter_map(|name| element.value(name)) {
                assert!(address.starts_with("https://www.example.gov.uk/"), "{address}");
            }
        }
    }

    #[test]
    fn the_language_is_said_where_it_is_not_the_pages() {
        let lang_of =
            |html: &str| elements(html).into_iter().find(|e| e.tag == "div").unwrap().value("lang").map(str::to_owned);
        assert_eq!(lang_of(&asking(&[ANALYTICS], Language::English)), None);
        assert_eq!(lang_of(&asking(&[ANALYTICS], Language::Welsh)), Some("cy".into()));
        let config = config();
        let unknown = Place { page_language: None, ..place(&config, Language::English) };
        let html = made(&Banner { place: unknown, asked: &[ANALYTICS], state: BannerState::Ask });
        assert_eq!(lang_of(&html), Some("en".into()));
    }

    #[test]
    fn a_confirmation_is_announced_hidden_by_a_link_and_asks_nothing() {
        let config = config();
        let place = place(&config, Language::English);
        let html = made(&Banner { place, asked: &[ANALYTICS], state: BannerState::Rejected });
        let found = elements(&html);
        assert!(found.iter().any(|element| element.value("role") == Some("alert")));
        assert!(text_in(&html, "[role=alert]").starts_with("You've rejected analytics cookies. You can change"));
        let hide = found.iter().find(|element| element.value("class") == Some("hide")).unwrap();
        assert_eq!(hide.value("href"), Some("//www.example.gov.uk/council-tax?band=a&year=2026"));
        assert!(buttons(&html).is_empty());
    }

    #[test]
    fn the_footer_withdraws_only_what_was_given() {
        let config = config();
        let place = place(&config, Language::English);
        let made = |granted| String::from_utf8(footer(&place, granted, false, &[])).unwrap();
        let waits = made(false);
        assert!(waits.contains("<template data-agreed><form"), "only a script can show it: {waits}");
        assert!(!made(true).contains("data-agreed"));
        assert_eq!(buttons(&made(true))[0].value("value"), Some("withdraw"));
        assert_eq!(text_in(&made(false), "template a"), "Cookie settings");
    }

    #[test]
    fn the_footer_ends_in_what_this_page_lacks() {
        let config = config();
        let place = place(&config, Language::English);
        let facebook = LeftOut { company: "Facebook", purpose: Purpose::MARKETING, name: "marketing" };
        let with = String::from_utf8(footer(&place, false, false, &[facebook])).unwrap();
        let without = String::from_utf8(footer(&place, false, false, &[])).unwrap();
        let start = with.find("<details>").unwrap();
        let end = with.find("</details>").unwrap() + "</details>".len();
        assert_eq!([&with[..start], &with[end..]].concat(), without);
        assert!(with[end..].starts_with("</div></div></template>"), "nothing follows: {with}");
    }

    fn hostile() -> impl Strategy<Value = String> {
        let nasty = [
            "</template><script>alert(1)</script>",
            "\"><img src=x onerror=alert(1)>",
            "' onmouseover='x",
            "</consent-notice><!--",
            "&lt;b&gt;&#x22;&quot",
            "\u{0}\u{1b}$B\r\n\u{85}\u{9f}ŵ\u{fffe}\u{10ffff}",
            "[x]{}",
        ];
        (any::<String>(), prop::sample::select(nasty.to_vec()), any::<String>())
            .prop_map(|(a, b, c)| format!("{a}{b}{c}"))
    }

    /// What a browser shows for a text: controls cannot be written.
    fn shown(text: &str) -> String {
        let stays = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
        text.chars().map(|c| if stays(c) { c } else { '\u{fffd}' }).collect()
    }

    fn shape(html: &str) -> Vec<(String, Vec<String>)> {
        let names = |e: Element| (e.tag, e.attributes.into_iter().map(|(name, _)| name).collect());
        elements(html).into_iter().map(names).collect()
    }

    proptest! {
        #[test]
        fn nothing_breaks_out(service in hostile(), path in hostile(), host in hostile(), name in hostile()) {
            let usual = config();
            let config = Config { service: service.clone(), ..usual.clone() };
            let path = format!("/{path}");
            let third_parties = [name.as_str()];
            let asked = [AskedPurpose { purpose: Purpose::ANALYTICS, name: "analytics", third_parties: &third_parties }];
            for state in [BannerState::Ask, BannerState::Accepted] {
                let place = Place { host: &host, return_to: &path, ..place(&config, Language::Welsh) };
                let html = made(&Banner { place, asked: &asked, state });
                let plain = made(&Banner { place: super::Place { config: &usual, host: "h", return_to: "/", ..place }, asked: &asked, state });
                prop_assert!(html.is_ascii());
                prop_assert_eq!(shape(&html), shape(&plain));
                let region = elements(&html).into_iter().find(|e| e.value("role") == Some("region")).unwrap();
                prop_assert_eq!(region.value("aria-label").unwrap(), shown(&format!("Cwcis ar {service}")));
                for field in elements(&html).iter().filter(|e| e.tag == "input") {
                    let back = field.value("name") == Some("return");
                    prop_assert_eq!(field.value("value").unwrap(), if back { local(&path) } else { "analytics".into() });
                }
            }
        }
    }
}
