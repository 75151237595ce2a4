//! Which language the notice speaks to a visitor.

use super::{Config, Language};

/// The page's own language if the site speaks it, else what the browser prefers, else the site's first language.
///
/// `html_lang` is the page's `lang`; `accept_language` the header's bytes (RFC 9110 section 12.5.4).
pub fn language_for(html_lang: Option<&str>, accept_language: Option<&[u8]>, config: &Config) -> Language {
    let spoken = &config.languages;
    html_lang
        .and_then(Language::from_tag)
        .filter(|language| spoken.contains(language))
        .or_else(|| preferred(accept_language?, spoken))
        .or_else(|| spoken.first().copied())
        .unwrap_or(Language::English)
}

/// The most wanted of the languages; equals keep the order they are written in.
fn preferred(header: &[u8], spoken: &[Language]) -> Option<Language> {
    let header = std::str::from_utf8(header).ok()?;
    let mut ranges: Vec<_> = header.split(',').filter_map(range).collect();
    ranges.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    let named = |language: &Language| ranges.iter().any(|(tag, _)| Language::from_tag(tag) == Some(*language));
    ranges.iter().filter(|(_, weight)| *weight > 0).find_map(|(tag, _)| match *tag {
        "*" => spoken.iter().copied().find(|language| !named(language)),
        tag => Language::from_tag(tag).filter(|language| spoken.contains(language)),
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
}
