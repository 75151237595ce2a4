//! A language that a configuration brings: every sentence checked against the English one before it may be spoken.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::super::format::is_format;
use super::super::language::{Direction, Language};
use super::own::Said;
use super::{Strings, english};

/// A language's sentences as a file brought them. It lives as long as the process, so that a language can be handed round
/// like a number; a file that has not changed brings the same one again, so reloading costs nothing.
pub struct Added {
    tag: String,
    direction: Direction,
    texts: &'static BTreeMap<String, String>,
    strings: Strings,
}

/// What is wrong with one sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// It is not there.
    Missing,
    /// The notice has no sentence of this name.
    Unknown,
    /// It says nothing.
    Empty,
    /// So many places `{}` it should have, and so many it has.
    Places(usize, usize),
    /// So many links `[…]` it should have.
    Links(usize),
    /// A link has no words.
    EmptyLink,
    /// It has a character that nobody sees.
    Unseen(char),
    /// It says what this sentence says, and means the opposite.
    Same(&'static str),
}

/// What is wrong, by the name of the sentence.
pub type Misfits = Vec<(String, Misfit)>;

/// Every sentence that a translation has to have, with the English one: `cookies_on`, `months[0]`, `days.few`.
pub fn sentences() -> Vec<(String, &'static str)> {
    english::STRINGS.every()
}

static KNOWN: Mutex<Vec<&Added>> = Mutex::new(Vec::new());

impl Language {
    /// A language with sentences by name.
    ///
    /// # Errors
    /// Every sentence that does not stand for the English one of its name.
    pub fn added(tag: &str, direction: Direction, texts: BTreeMap<String, String>) -> Result<Self, Misfits> {
        let misfits = misfits(&texts);
        if !misfits.is_empty() {
            return Err(misfits);
        }
        Ok(add(tag, direction, texts))
    }
}

/// The language of these texts, made once.
pub(super) fn add(tag: &str, direction: Direction, texts: BTreeMap<String, String>) -> Language {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let same = |added: &&&Added| added.tag == tag && added.direction == direction && *added.texts == texts;
    if let Some(added) = known.iter().find(same) {
        return Language::Added(added);
    }
    let texts: &'static BTreeMap<String, String> = Box::leak(Box::new(texts));
    let said = Said::read(texts);
    let strings = Strings { said, ..Strings::read(tag, |name| texts.get(name).map_or("", String::as_str)) };
    let added = Box::leak(Box::new(Added { tag: tag.to_owned(), direction, texts, strings }));
    known.push(added);
    Language::Added(added)
}

fn misfits(texts: &BTreeMap<String, String>) -> Misfits {
    let wanted: BTreeMap<_, _> = sentences().into_iter().collect();
    let unknown = texts.keys().filter(|name| !wanted.contains_key(*name)).map(|name| (name.clone(), Misfit::Unknown));
    let wrong = wanted.iter().filter_map(|(name, english)| {
        let misfit = texts.get(name).map_or(Some(Misfit::Missing), |text| misfit(name, english, text));
        Some((name.clone(), misfit.or_else(|| same(name, texts))?))
    });
    unknown.chain(wrong).collect()
}

/// What would leave a visitor without a choice, were both the same.
const OPPOSITES: [(&str, &str); 4] =
    [("accept", "reject"), ("yes", "no"), ("accepted", "rejected"), ("word_accepted", "word_refused")];

fn same(name: &str, texts: &BTreeMap<String, String>) -> Option<Misfit> {
    let (one, other) = OPPOSITES.into_iter().find(|(_, other)| *other == name)?;
    let plain = |name: &str| {
        let text = texts.get(name)?;
        Some(text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>())
    };
    (plain(one)? == plain(other)?).then_some(Misfit::Same(one))
}

fn misfit(name: &str, english: &str, text: &str) -> Option<Misfit> {
    let count = |text: &str| text.matches("{}").count();
    // "An hour" needs no number.
    let form = name.rsplit_once('.').map(|(_, form)| form);
    let unnumbered = count(text) == 0 && matches!(form, Some("one" | "two"));
    let links = english.matches('[').count();
    match () {
        () if text.trim().is_empty() => Some(Misfit::Empty),
        () if count(text) != count(english) && !unnumbered => Some(Misfit::Places(count(english), count(text))),
        () if !links_fit(text, links) => Some(Misfit::Links(links)),
        () if text.split('[').skip(1).any(|link| link.trim_start().starts_with(']')) => Some(Misfit::EmptyLink),
        () => text.chars().find(|&c| is_format(c)).map(Misfit::Unseen),
    }
}

/// Opened and closed as often as wanted, in this order.
fn links_fit(text: &str, wanted: usize) -> bool {
    let marks: String = text.chars().filter(|mark| matches!(mark, '[' | ']')).collect();
    marks == "[]".repeat(wanted)
}

impl Added {
    pub(in crate::notice) fn tag(&self) -> &str {
        &self.tag
    }

    pub(in crate::notice) fn direction(&self) -> Direction {
        self.direction
    }

    pub(super) fn strings(&self) -> &Strings {
        &self.strings
    }
}

impl fmt::Debug for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tag)
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is missing"),
            Self::Unknown => f.write_str("is no sentence of the notice"),
            Self::Empty => f.write_str("says nothing"),
            Self::Places(wanted, found) => write!(f, "needs {wanted} of '{{}}' and has {found}"),
            Self::Links(0) => f.write_str("has a '[' or ']', and the English sentence has no link"),
            Self::EmptyLink => f.write_str("has a link without words"),
            Self::Unseen(character) => {
                write!(f, "has the character U+{:04X} in it, which nobody sees", u32::from(*character))
            }
            Self::Same(other) => write!(f, "says the same as '{other}'"),
            Self::Links(wanted) => write!(f, "needs {wanted} link written as [text]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> BTreeMap<String, String> {
        sentences().into_iter().map(|(name, english)| (name, format!("{english}!"))).collect()
    }

    fn faults(change: impl FnOnce(&mut BTreeMap<String, String>)) -> Misfits {
        let mut texts = texts();
        change(&mut texts);
        Language::added("pl", Direction::Ltr, texts).unwrap_err()
    }

    #[test]
    fn the_same_words_are_the_same_language() {
        let one = Language::added("pl", Direction::Ltr, texts()).unwrap();
        assert_eq!(one, Language::added("pl", Direction::Ltr, texts()).unwrap());
        assert_ne!(one, Language::added("pl", Direction::Rtl, texts()).unwrap());
        assert_eq!(Strings::of(one).yes, "Yes!");
        assert_eq!(Strings::of(one).months[11], "December!");
    }

    #[test]
    fn every_sentence_has_to_be_there_and_to_fit() {
        let set = |name: &'static str, text: &'static str| {
            move |texts: &mut BTreeMap<String, String>| drop(texts.insert(name.into(), text.into()))
        };
        assert_eq!(faults(|texts| drop(texts.remove("yes"))), [("yes".into(), Misfit::Missing)]);
        assert_eq!(faults(set("yess", "tak")), [("yess".into(), Misfit::Unknown)]);
        assert_eq!(faults(set("yes", " ")), [("yes".into(), Misfit::Empty)]);
        assert_eq!(faults(set("accept", "Akceptuj")), [("accept".into(), Misfit::Places(1, 0))]);
        assert_eq!(faults(set("record_text", "]zapis[")), [("record_text".into(), Misfit::Links(1))]);
        assert_eq!(faults(set("yes", "[tak]")), [("yes".into(), Misfit::Links(0))]);
        assert_eq!(faults(set("record_text", "x [ ] y")), [("record_text".into(), Misfit::EmptyLink)]);
        for (text, unseen) in
            [("\u{200b}{}", '\u{200b}'), ("\u{202e}Reject {}", '\u{202e}'), ("{} \u{feff}", '\u{feff}')]
        {
            assert_eq!(faults(set("reject", text)), [("reject".into(), Misfit::Unseen(unseen))]);
        }
        for reject in ["Accept {}!", " accept  {}", "Accept\u{200f} {}."] {
            assert_eq!(faults(set("reject", reject)), [("reject".into(), Misfit::Same("accept"))]);
        }
        assert_eq!(faults(set("no", "Yes")), [("no".into(), Misfit::Same("yes"))]);
        assert_eq!(faults(set("days.many", "dni")), [("days.many".into(), Misfit::Places(1, 0))]);
    }

    #[test]
    fn one_of_a_thing_may_go_without_its_number() {
        let mut texts = texts();
        texts.insert("hours.one".into(), "an hour".into());
        assert!(Language::added("xx", Direction::Ltr, texts).is_ok());
    }
}
