//! Other consent banners a site may have already: their files, their inline scripts, their elements in the page.
//!
//! What is written here is taken out of a page whose site says `replace_banner: true`, for good: so a row must name the
//! banner and nothing that does another job as well.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::data::{self, BANNERS};
use super::pattern::AddressPattern;

struct Banners {
    addresses: Vec<(AddressPattern, &'static str)>,
    scripts: Found,
    /// `#id` and `.class`
    elements: Vec<(&'static str, &'static str)>,
    /// The same without `#` and `.`, to be looked for in a piece of a page.
    names: AhoCorasick,
}

struct Found {
    automaton: AhoCorasick,
    products: Vec<&'static str>,
}

static KNOWN: LazyLock<Banners> = LazyLock::new(|| {
    let of =
        |wanted| data::rows::<3>(BANNERS).filter(move |row| row[1] == wanted).map(|[product, _, what]| (what, product));
    let pattern = |(what, product)| Some((AddressPattern::parse(what).ok()?, product));
    let (signs, products): (Vec<_>, Vec<_>) = of("inline").unzip();
    let elements: Vec<_> = of("element").collect();
    Banners {
        addresses: of("file").filter_map(pattern).collect(),
        scripts: Found { automaton: automaton(signs), products },
        names: automaton(elements.iter().map(|(what, _)| &what[1..])),
        elements,
    }
});

fn automaton<'n>(needles: impl IntoIterator<Item = &'n str>) -> AhoCorasick {
    AhoCorasick::new(needles).expect("the needles are few and short")
}

/// Whose banner this file belongs to.
pub fn banner_address(url: &str) -> Option<&'static str> {
    KNOWN.addresses.iter().find(|(pattern, _)| pattern.matches(url)).map(|(_, product)| *product)
}

/// Whose banner this inline script sets up.
pub fn banner_script(text: &[u8]) -> Option<&'static str> {
    let found = KNOWN.scripts.automaton.find(text)?;
    Some(KNOWN.scripts.products[found.pattern().as_usize()])
}

/// Whose banner an element with this id and these classes is.
pub fn banner_element(id: &str, classes: &str) -> Option<&'static str> {
    let is = |what: &str| match what.strip_prefix('#') {
        Some(known) => id == known,
        None => classes.split_ascii_whitespace().any(|class| class == &what[1..]),
    };
    KNOWN.elements.iter().find(|(what, _)| is(what)).map(|(_, product)| *product)
}

/// May the start tag of such an element stand in this piece of a page?
pub fn names_banner(html: &[u8]) -> bool {
    KNOWN.names.is_match(html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_of_a_known_kind_and_can_be_used() {
        for [product, kind, what] in data::rows::<3>(BANNERS) {
            match kind {
                "file" => assert!(AddressPattern::parse(what).is_ok(), "{what}"),
                "inline" => assert!(what.len() >= 8, "{product}: {what} is found anywhere"),
                "element" => assert!(what.len() >= 5 && (what.starts_with('#') || what.starts_with('.')), "{what}"),
                other => panic!("{product}: {other}"),
            }
        }
    }

    #[test]
    fn banners_are_known_by_their_files_scripts_and_elements() {
        for (url, product) in [
            ("https://cc.cdn.civiccomputing.com/9/cookieControl-9.x.min.js", "Civic Cookie Control"),
            ("https://consent.cookiebot.com/uc.js", "Cookiebot"),
            ("https://cdn.cookielaw.org/scripttemplates/otSDKStub.js", "OneTrust"),
            ("https://www.example.gov.uk/tarteaucitron/tarteaucitron.js", "tarteaucitron"),
            ("https://cdn.kiprotect.com/klaro/v0.7/klaro.js", "Klaro"),
            ("https://cdn.jsdelivr.net/npm/cookieconsent@3/build/cookieconsent.min.js", "Cookie Consent"),
            ("https://cdn.jsdelivr.net/npm/vanilla-cookieconsent@3/dist/cookieconsent.css", "Cookie Consent"),
            (
                "https://www.example.gov.uk/modules/contrib/eu_cookie_compliance/js/eu_cookie_compliance.js",
                "EU Cookie Compliance",
            ),
        ] {
            assert_eq!(banner_address(url), Some(product), "{url}");
        }
        assert_eq!(banner_script(b"CookieControl.load({ apiKey: 'x' });"), Some("Civic Cookie Control"));
        assert_eq!(banner_script(b"window.cookieconsent.initialise({});"), Some("Cookie Consent"));
        assert_eq!(banner_element("", "govuk-cookie-banner app-banner"), Some("GOV.UK Frontend"));
        assert_eq!(banner_element("sliding-popup", ""), Some("EU Cookie Compliance"));
        assert!(names_banner(b"<div class='govuk-cookie-banner'>"));
    }

    #[test]
    fn nothing_else_is_taken_for_a_banner() {
        for url in [
            "https://www.example.gov.uk/cookies",
            "https://www.example.gov.uk/js/cookies.js",
            "https://www.example.gov.uk/js/js.cookie.min.js",
            "https://cdn.jsdelivr.net/npm/jquery.cookie@1.4.1/jquery.cookie.js",
            "https://www.example.gov.uk/.consent/notice-0123456789abcdef.css",
        ] {
            assert_eq!(banner_address(url), None, "{url}");
        }
        assert_eq!(banner_script(b"document.cookie = 'a=b'; var consent = true;"), None);
        assert_eq!(banner_element("cookies", "govuk-main-wrapper cookie"), None);
    }
}
