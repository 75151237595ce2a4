//! How a purpose is spoken of.

use crate::consent::Purpose;

use super::html::fill;
use super::strings::Strings;

/// A purpose the visitor is asked about.
#[derive(Clone, Copy, Debug)]
pub struct AskedPurpose<'a> {
    /// Which one.
    pub purpose: Purpose,
    /// Its name on this site: `analytics`.
    pub name: &'a str,
    /// The other organisations whose cookies and tags serve it, each named (ICO: consent names whoever relies on it).
    pub third_parties: &'a [&'a str],
}

/// A purpose that is granted until the visitor objects (REQUIREMENTS A8).
#[derive(Clone, Debug)]
pub struct ExemptPurpose {
    /// Which one.
    pub purpose: Purpose,
    /// Its name on this site.
    pub name: String,
    /// The other organisations whose cookies and tags serve it.
    pub third_parties: Vec<&'static str>,
    /// The visitor has objected, or their browser's signal has.
    pub objected: bool,
}

impl ExemptPurpose {
    /// The same as something that is spoken of.
    pub(super) fn spoken(&self) -> AskedPurpose<'_> {
        AskedPurpose { purpose: self.purpose, name: &self.name, third_parties: &self.third_parties }
    }
}

impl AskedPurpose<'_> {
    /// "analytics cookies so we can …".
    pub(super) fn wish(&self, strings: &Strings) -> String {
        if let Some(said) = strings.said(self.name) {
            return said.wish.to_owned();
        }
        match self.purpose {
            Purpose::PREFERENCES => strings.use_preferences.to_owned(),
            Purpose::ANALYTICS => strings.use_analytics.to_owned(),
            Purpose::MARKETING => strings.use_marketing.to_owned(),
            _ => cookies(strings, self.purpose, self.name),
        }
    }
}

/// "analytics cookies"; a site's own purpose is called by its name, unless the site says how.
pub(super) fn cookies(strings: &Strings, purpose: Purpose, name: &str) -> String {
    if let Some(said) = strings.said(name) {
        return said.cookies.to_owned();
    }
    match purpose {
        Purpose::ESSENTIAL => strings.essential_cookies.to_owned(),
        Purpose::PREFERENCES => strings.preferences_cookies.to_owned(),
        Purpose::ANALYTICS => strings.analytics_cookies.to_owned(),
        Purpose::MARKETING => strings.marketing_cookies.to_owned(),
        _ => fill(strings.own_cookies, &[&name.replace('-', " ")]),
    }
}

/// What the purpose is for, in a sentence or two.
pub(super) fn about(strings: &Strings, purpose: Purpose, name: &str) -> String {
    if let Some(said) = strings.said(name) {
        return said.about.to_owned();
    }
    match purpose {
        Purpose::ESSENTIAL => strings.about_essential.to_owned(),
        Purpose::PREFERENCES => strings.about_preferences.to_owned(),
        Purpose::ANALYTICS => strings.about_analytics.to_owned(),
        Purpose::MARKETING => strings.about_marketing.to_owned(),
        _ => fill(strings.about_own, &[&name.replace('-', " ")]),
    }
}

/// All that is asked, in one phrase: the purpose's own name when there is one, "additional cookies" when several.
pub(super) fn together(strings: &Strings, asked: &[AskedPurpose]) -> String {
    match asked {
        [only] => cookies(strings, only.purpose, only.name),
        _ => strings.additional_cookies.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::{Language, OwnWords};

    #[test]
    fn a_site_may_speak_of_a_purpose_in_its_own_words() {
        let words = OwnWords {
            purpose: "weather".into(),
            cookies: "weather cookies".into(),
            wish: "weather cookies to show the forecast".into(),
            about: "They remember where you live.".into(),
        };
        let language = Language::English.saying(std::slice::from_ref(&words));
        assert_eq!(language, Language::English.saying(&[words]), "the same words are the same language");
        let (own, plain) = (Strings::of(language), Strings::of(Language::English));
        let asked = AskedPurpose { purpose: Purpose::ANALYTICS, name: "weather", third_parties: &[] };
        assert_eq!(asked.wish(own), "weather cookies to show the forecast");
        assert_eq!(about(own, Purpose::ANALYTICS, "weather"), "They remember where you live.");
        assert_eq!(cookies(own, Purpose::ANALYTICS, "analytics"), cookies(plain, Purpose::ANALYTICS, "analytics"));
        assert_eq!((language.tag(), own.accept), ("en", plain.accept));
    }
}
