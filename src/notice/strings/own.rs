//! How a site speaks of a purpose in its own words.

use std::collections::BTreeMap;

use super::super::language::Language;
use super::Strings;
use super::added::add;

/// One purpose in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnWords {
    /// The purpose's name on the site.
    pub purpose: String,
    /// What its cookies are called inside a sentence: "weather cookies".
    pub cookies: String,
    /// The same with what for: "weather cookies so we can show the forecast where you live".
    pub wish: String,
    /// A sentence or two for the cookies page.
    pub about: String,
}

/// No sentence of the notice has such a name.
const MARK: &str = "purpose ";

impl OwnWords {
    /// By names that are no sentence's, so that a language with them is another one than without.
    fn texts(&self) -> [(String, String); 3] {
        let name = |of: &str| format!("{MARK}{} {of}", self.purpose);
        [
            (name("cookies"), self.cookies.clone()),
            (name("wish"), self.wish.clone()),
            (name("about"), self.about.clone()),
        ]
    }
}

/// What a language says of one purpose.
#[derive(Debug)]
pub(in crate::notice) struct Said {
    purpose: &'static str,
    pub(in crate::notice) cookies: &'static str,
    pub(in crate::notice) wish: &'static str,
    pub(in crate::notice) about: &'static str,
}

impl Said {
    /// Every purpose that these texts speak of.
    pub(super) fn read(texts: &'static BTreeMap<String, String>) -> Vec<Self> {
        let named = texts.keys().filter_map(|name| name.strip_prefix(MARK)?.strip_suffix(" cookies"));
        let text = |purpose: &str, of: &str| texts.get(&format!("{MARK}{purpose} {of}")).map_or("", String::as_str);
        let said = |purpose| Self {
            purpose,
            cookies: text(purpose, "cookies"),
            wish: text(purpose, "wish"),
            about: text(purpose, "about"),
        };
        named.map(said).collect()
    }
}

impl Strings {
    /// What the site itself says of a purpose.
    pub(in crate::notice) fn said(&self, purpose: &str) -> Option<&Said> {
        self.said.iter().find(|said| said.purpose == purpose)
    }
}

impl Language {
    /// The same language, speaking of these purposes in the site's own words.
    #[must_use]
    pub fn saying(self, words: &[OwnWords]) -> Self {
        if words.is_empty() {
            return self;
        }
        let mut texts: BTreeMap<_, _> =
            Strings::of(self).every().into_iter().map(|(name, text)| (name, text.to_owned())).collect();
        texts.extend(words.iter().flat_map(OwnWords::texts));
        add(self.tag(), self.direction(), texts)
    }
}
