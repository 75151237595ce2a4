//! Which languages the notice speaks, and which of them to a visitor.

use std::fmt;

use crate::catalogue::pattern::PathPattern;

use super::Config;
use super::strings::Added;

/// A language the notice speaks.
#[derive(Clone, Copy)]
pub enum Language {
    /// English.
    English,
    /// Welsh.
    Welsh,
    /// One that the configuration brings, or a built-in one in other words: `notice.strings`.
    Added(&'static Added),
}

/// Which way its text runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From left to right.
    Ltr,
    /// From right to left.
    Rtl,
}

/// Where a site speaks one language whatever its pages and browsers say: `notice.language_rules`.
#[derive(Clone, Debug)]
pub struct LanguageRule {
    /// This host, without its port; `*.example.gov.uk` is every host below. `None`: every host of the site.
    pub host: Option<String>,
    /// These paths. `None`: every path.
    pub path: Option<PathPattern>,
    /// What it speaks there.
    pub language: Language,
}

impl Language {
    /// Its tag (BCP 47): `en`, `cy`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Welsh => "cy",
            Self::Added(added) => added.tag(),
        }
    }

    /// The built-in language of a tag such as `cy` or `en-GB`.
    pub fn from_tag(tag: &str) -> Option<Self> {
        [Self::English, Self::Welsh].into_iter().find(|language| language.covers(tag))
    }

    /// Which way it is written.
    pub fn direction(self) -> Direction {
        match self {
            Self::English | Self::Welsh => Direction::Ltr,
            Self::Added(added) => added.direction(),
        }
    }

    /// Is what this tag names a form of this language? `en` covers `en-GB`, `pt-BR` not `pt` (RFC 4647 section 3.4).
    fn covers(self, tag: &str) -> bool {
        let own = self.tag();
        let (Some(start), rest) = (tag.get(..own.len()), tag.get(own.len()..).unwrap_or_default()) else {
            return false;
        };
        start.eq_ignore_ascii_case(own) && (rest.is_empty() || rest.starts_with(['-', '_']))
    }
}

/// One language in two wordings is two: who changed the words wants to see them.
impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::English, Self::English) | (Self::Welsh, Self::Welsh) => true,
            (Self::Added(one), Self::Added(other)) => std::ptr::eq(*one, *other),
            _ => false,
        }
    }
}

impl Eq for Language {}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl Direction {
    /// As HTML's `dir` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ltr => "ltr",
            Self::Rtl => "rtl",
        }
    }
}

impl Config {
    /// The language of the site's that a tag names: the one that says most (`pt-BR` before `pt`).
    pub fn language(&self, tag: &str) -> Option<Language> {
        let covering = self.languages.iter().copied().filter(|language| language.covers(tag.trim()));
        covering.max_by_key(|language| language.tag().len())
    }

    /// The language a rule asks for on a page of this host, without its port, and path, without its query.
    pub fn ruled_language(&self, host: &str, path: &str) -> Option<Language> {
        let fits = |rule: &&LanguageRule| {
            rule.host.as_ref().is_none_or(|wanted| is_host(wanted, host))
                && rule.path.as_ref().is_none_or(|pattern| pattern.matches(path))
        };
        self.language_rules.iter().find(fits).map(|rule| rule.language)
    }
}

fn is_host(wanted: &str, host: &str) -> bool {
    match wanted.strip_prefix('*') {
        Some(ending) => host.len() > ending.len() && host.ends_with(ending),
        None => wanted == host,
    }
}

/// The page's own language if the site speaks it, else what the browser prefers, else the site's first language.
///
/// `html_lang` is the page's `lang`; `accept_language` the header's bytes (RFC 9110 section 12.5.4).
pub fn language_for(html_lang: Option<&str>, accept_language: Option<&[u8]>, config: &Config) -> Language {
    html_lang
        .and_then(|tag| config.language(tag))
        .or_else(|| preferred(accept_language?, config))
        .or_else(|| config.languages.first().copied())
        .unwrap_or(Language::English)
}

/// The most wanted of the languages; equals keep the order they are written in.
fn preferred(header: &[u8], config: &Config) -> Option<Language> {
    let header = std::str::from_utf8(header).ok()?;
    let mut ranges: Vec<_> = header.split(',').filter_map(range).collect();
    ranges.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    let named = |language: &Language| ranges.iter().any(|(tag, _)| config.language(tag) == Some(*language));
    ranges.iter().filter(|(_, weight)| *weight > 0).find_map(|(tag, _)| match *tag {
        "*" => config.languages.iter().copied().find(|language| !named(language)),
        tag => config.language(tag),
    })
}

/// `cy;q=0.8` → the tag and its weight in thousandths; `None` for what cannot be read.
fn range(part: &str) -> Option<(&str, u16)> {
    let mut pieces = part.split(';').map(str::trim);
    let tag = pieces.next().filter(|tag| !tag.is_empty())?;
    let weight = match pieces.next() {
        None => 1000,
        Some(parameter) => thousandths(parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="))?)?,
    };
    Some((tag, weight))
}

/// A weight as RFC 9110 section 12.4.2 writes it: `0.8`, `1`, at most three digits after the point.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, rest) = weight.split_once('.').unwrap_or((weight, ""));
    if !matches!(whole, "0" | "1") || rest.len() > 3 || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: u16 = format!("{whole}{rest:0<3}").parse().ok()?;
    (value <= 1000).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::testing::config;

    fn accepts(header: &str) -> Language {
        language_for(None, Some(header.as_bytes()), &config())
    }

    #[test]
    fn the_page_decides_first() {
        let config = config();
        assert_eq!(language_for(Some("cy"), Some(b"en"), &config), Language::Welsh);
        assert_eq!(language_for(Some("cy-GB"), None, &config), Language::Welsh);
        assert_eq!(language_for(Some("fr"), Some(b"cy"), &config), Language::Welsh);
        assert_eq!(language_for(None, None, &config), Language::English);
    }

    #[test]
    fn a_language_the_site_does_not_speak_is_never_used() {
        let english = Config { languages: vec![Language::English], ..config() };
        assert_eq!(language_for(Some("cy"), Some(b"cy"), &english), Language::English);
    }

    #[test]
    fn weights_are_weighed() {
        assert_eq!(accepts("en;q=0.5, cy"), Language::Welsh);
        assert_eq!(accepts("en-GB,en;q=0.9,cy;q=0.8"), Language::English);
        assert_eq!(accepts("cy;q=0, *;q=0.1"), Language::English);
        assert_eq!(accepts("en;q=0, *"), Language::Welsh);
        assert_eq!(accepts("fr, de;q=0.9"), Language::English);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        assert_eq!(accepts("en;q=2, cy;q=0.1"), Language::Welsh);
        assert_eq!(accepts(",;;q=,cy;q=0.333"), Language::Welsh);
        assert_eq!(language_for(None, Some(b"\xff\xfe"), &config()), Language::English);
    }

    #[test]
    fn a_rule_is_for_a_host_a_path_or_both_and_the_first_that_fits_decides() {
        let rule = |host: Option<&str>, path: Option<&str>, language| LanguageRule {
            host: host.map(str::to_owned),
            path: path.map(|path| PathPattern::parse(path).unwrap()),
            language,
        };
        let language_rules = vec![
            rule(Some("cy.example.gov.uk"), Some("/english/*"), Language::English),
            rule(Some("cy.example.gov.uk"), None, Language::Welsh),
            rule(None, Some("/cy/*"), Language::Welsh),
            rule(Some("*.cymru"), None, Language::Welsh),
        ];
        let config = Config { language_rules, ..config() };
        assert_eq!(config.ruled_language("cy.example.gov.uk", "/english/a"), Some(Language::English));
        assert_eq!(config.ruled_language("cy.example.gov.uk", "/a"), Some(Language::Welsh));
        assert_eq!(config.ruled_language("www.example.gov.uk", "/cy/a"), Some(Language::Welsh));
        assert_eq!(config.ruled_language("www.example.gov.uk", "/a"), None);
        assert_eq!(config.ruled_language("cyngor.cymru", "/"), Some(Language::Welsh));
        assert_eq!(config.ruled_language(".cymru", "/"), None);
    }

    #[test]
    fn a_tag_names_the_language_that_says_most() {
        let languages = vec![Language::English, crate::notice::testing::mirrored()];
        let config = Config { languages, ..config() };
        assert_eq!(config.language("ar-EG").map(Language::tag), Some("ar"));
        assert_eq!(config.language("EN_gb"), Some(Language::English));
        for unknown in ["", "e", "enm", "cy", "\u{175}n"] {
            assert_eq!(config.language(unknown), None, "{unknown}");
        }
        assert_eq!(config.language("ar").map(Language::direction), Some(Direction::Rtl));
    }
}
