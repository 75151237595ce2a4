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
        match self.purpose {
            Purpose::PREFERENCES => strings.use_preferences.to_owned(),
            Purpose::ANALYTICS => strings.use_analytics.to_owned(),
            Purpose::MARKETING => strings.use_marketing.to_owned(),
            _ => cookies(strings, self.purpose, self.name),
        }
    }
}

/// "analytics cookies"; a site's own purpose is called by its name.
pub(super) fn cookies(strings: &Strings, purpose: Purpose, name: &str) -> String {
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
