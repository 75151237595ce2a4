//! Purposes in a site's own words: all of the notice's languages, or none.

use super::super::excerpt::quoted;
use super::super::written::{self, Found, FullPurpose, PurposeText, Site};
use super::{Resolver, items};
use crate::notice::{Language, OwnWords};

impl Resolver<'_, '_> {
    /// The languages, speaking of the site's purposes as it wants them spoken of.
    pub(super) fn in_own_words(&mut self, site: &Site, languages: &[Language]) -> Vec<Language> {
        let mut words: Vec<(Language, OwnWords)> = Vec::new();
        for Found(_, purpose) in items(&site.purposes) {
            if let written::Purpose::Full(full) = purpose {
                words.extend(self.words_of(full, languages));
            }
        }
        let own = |language: &Language| {
            let words = words.iter().filter(|(spoken, _)| spoken == language);
            language.saying(&words.map(|(_, words)| words.clone()).collect::<Vec<_>>())
        };
        languages.iter().map(own).collect()
    }

    fn words_of(&mut self, full: &FullPurpose, languages: &[Language]) -> Vec<(Language, OwnWords)> {
        let (Some(texts), Some(name)) = (&full.text, &full.name) else { return Vec::new() };
        let words: Vec<_> = texts.1.iter().filter_map(|text| self.words((&name.1, &text.1), languages)).collect();
        for language in languages {
            let said = |text: &&Found<PurposeText>| {
                text.1.language.as_ref().is_some_and(|said| said.1.eq_ignore_ascii_case(language.tag()))
            };
            match texts.1.iter().filter(said).count() {
                1 => {}
                0 => {
                    let message = format!("{} has no text in {}", quoted(&name.1), quoted(language.tag()));
                    self.fault(texts, message, "every language of the notice needs one, or none has it");
                }
                _ => {
                    let message = format!("{} has two texts in {}", quoted(&name.1), quoted(language.tag()));
                    self.fault(texts, message, "take one of them out");
                }
            }
        }
        words
    }

    fn words(&mut self, (name, text): (&str, &PurposeText), languages: &[Language]) -> Option<(Language, OwnWords)> {
        let wanted = text.language.as_ref()?;
        let language = languages.iter().copied().find(|language| language.tag().eq_ignore_ascii_case(&wanted.1));
        if language.is_none() {
            let message = format!("the notice does not speak {}", quoted(&wanted.1));
            self.fault(wanted, message, "add it to 'languages:', or name one that is there");
        }
        let words = OwnWords {
            purpose: name.to_owned(),
            cookies: text.cookies.as_ref()?.1.clone(),
            wish: text.wish.as_ref()?.1.clone(),
            about: text.about.as_ref()?.1.clone(),
        };
        Some((language?, words))
    }
}
