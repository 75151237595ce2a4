//! What is used without consent until the visitor objects: said in the notice, and a way to object on every page.
//!
//! The way is a form of one button at the end of the page: simple, free, no JavaScript, and not the browser's settings
//! (REQUIREMENTS A8 b, c). Its button withdraws by the purpose's name, so that it loads the page anew with a script too:
//! what has run already cannot be called back in place.

use super::address::{Place, local};
use super::html::{Html, fill};
use super::purpose::{self, ExemptPurpose};
use super::strings::Strings;

/// For the notice: what is used, what for, and with whose help (A8 a).
pub(super) fn mentions(exempt: &[ExemptPurpose], strings: &Strings) -> Vec<String> {
    let mut sentences = Vec::new();
    for exempt in exempt.iter().filter(|exempt| !exempt.objected) {
        let spoken = exempt.spoken();
        sentences.push(fill(strings.exempt_use, &[&spoken.wish(strings)]));
        if !spoken.third_parties.is_empty() {
            sentences.push(fill(strings.third_parties, &[&spoken.third_parties.join(", ")]));
        }
    }
    sentences
}

/// For the end of every page.
pub(super) fn objections(html: &mut Html, place: &Place, strings: &Strings) {
    for exempt in place.exempt {
        let cookies = purpose::cookies(strings, exempt.purpose, &exempt.name);
        if exempt.objected {
            html.raw("<p class=\"said\">").linked(&fill(strings.objected, &[&cookies]), &place.cookies()).raw("</p>");
            continue;
        }
        // Also for whoever sees no notice any more: they are to know what they can object to (A8 a).
        html.element("p", &[("class", "said")], &fill(strings.exempt_use, &[&exempt.spoken().wish(strings)]));
        html.open("form", &[("method", "post"), ("action", &place.own("choice")), ("accept-charset", "utf-8")]);
        html.open("input", &[("type", "hidden"), ("name", "return"), ("value", &local(place.return_to))]);
        html.open("input", &[("type", "hidden"), ("name", "purpose"), ("value", &exempt.name)]);
        let attributes = [("type", "submit"), ("name", "choice"), ("value", "withdraw"), ("class", "button")];
        html.element("button", &attributes, &fill(strings.object, &[&cookies])).raw("</form>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::Purpose;
    use crate::notice::testing::{ANALYTICS, MARKETING, config, elements, place, text_in};
    use crate::notice::{Banner, BannerState, Language, banner, footer};

    fn statistical(objected: bool) -> [ExemptPurpose; 1] {
        let third_parties = vec!["Matomo"];
        [ExemptPurpose { purpose: Purpose::ANALYTICS, name: "analytics".into(), third_parties, objected }]
    }

    fn made(objected: bool, language: Language) -> (String, String) {
        let (config, exempt) = (config(), statistical(objected));
        let place = Place { exempt: &exempt, ..place(&config, language) };
        let asking = banner(&Banner { place, asked: &[MARKETING], state: BannerState::Ask });
        let text = |bytes| String::from_utf8(bytes).expect("ASCII");
        (text(asking), text(footer(&place, false, false, &[])))
    }

    #[test]
    fn the_notice_says_what_is_used_what_for_and_by_whom() {
        let (banner, _) = made(false, Language::English);
        let said = text_in(&banner, "p");
        assert!(said.contains("We also use analytics cookies so we can understand how you use"), "{said}");
        assert!(said.contains("We do not ask you first, but you can object") && said.contains("Matomo"), "{said}");
        assert!(!text_in(&banner, "li").contains("analytics") && !text_in(&banner, "button").contains("analytics"));
        assert!(!text_in(&made(true, Language::English).0, "p").contains("We do not ask"));
    }

    #[test]
    fn every_page_ends_in_a_form_that_objects() {
        for (language, words) in
            [(Language::English, "Object to analytics cookies"), (Language::Welsh, "Gwrthwynebu cwcis dadansoddi")]
        {
            let (_, footer) = made(false, language);
            let form = footer.split("<form").find(|form| form.contains("value=\"analytics\"")).expect("a form");
            let found = elements(&format!("<form{form}"));
            let value =
                |name: &str| found.iter().find(|e| e.value("name") == Some(name)).and_then(|e| e.value("value"));
            assert_eq!((value("choice"), value("purpose")), (Some("withdraw"), Some("analytics")));
            assert_eq!(value("return"), Some("/council-tax?band=a&year=2026"));
            assert!(form.contains(words), "{form}");
            let said =
                fill(Strings::of(language).exempt_use, &[&statistical(false)[0].spoken().wish(Strings::of(language))]);
            assert!(text_in(&footer, "p").contains(&said), "{footer}");
        }
    }

    #[test]
    fn who_has_objected_is_told_so_and_where_to_change_it() {
        let (_, footer) = made(true, Language::English);
        assert!(text_in(&footer, "p").contains("You have objected to analytics cookies"), "{footer}");
        assert!(!footer.contains("value=\"analytics\""));
    }

    #[test]
    fn nothing_is_asked_where_only_an_exception_is_used() {
        let (config, exempt) = (config(), statistical(false));
        let place = Place { exempt: &exempt, ..place(&config, Language::English) };
        assert!(banner(&Banner { place, asked: &[], state: BannerState::Ask }).is_empty());
        assert_eq!(ANALYTICS.purpose, exempt[0].spoken().purpose);
    }
}
