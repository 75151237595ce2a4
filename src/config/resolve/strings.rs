//! A file with every sentence of a language.

use std::collections::BTreeMap;

use super::super::excerpt::quoted;
use super::super::fault::{Place, Report};
use super::super::shape::did_you_mean;
use super::super::syntax;
use super::super::tree::{self, Kind, Node};
use crate::notice::{self, Direction, Language, Misfit};

/// A sentence and where it stands.
type Sentences = BTreeMap<String, (Place, String)>;

/// Reads it; `None` after a fault has been reported.
pub(super) fn read(text: &str, report: &mut Report) -> Option<Language> {
    if text.trim().is_empty() {
        fault(report, &Place { line: 1, column: 1, width: 1, ..Place::default() }, "the file is empty");
        return None;
    }
    if syntax::report_characters(text, report) {
        return None;
    }
    let Node { place, kind, .. } = tree::read(text, report)?;
    let Kind::Map(entries) = kind else {
        fault(report, &place, "expected keys and values");
        return None;
    };
    let (mut tag, mut direction, mut sentences) = (None, Direction::Ltr, None);
    for (key, node) in entries {
        match &*key.name {
            "language" => tag = language(node, report),
            "direction" => direction = written_direction(&node, report),
            "strings" => sentences = Some((key.place, node)),
            other => {
                let hint = did_you_mean(other, &["language", "direction", "strings"]);
                report.fault(&key.place, format!("{} is not a key of this file", quoted(other)), hint);
            }
        }
    }
    let Some((at, node)) = sentences else {
        fault(report, &place, "the key 'strings' is missing");
        return None;
    };
    let mut texts = Sentences::new();
    gather(node, report, &mut texts);
    added(tag.as_deref(), direction, (at, texts), report)
}

fn fault(report: &mut Report, place: &Place, message: &str) {
    report.fault(place, message, "'consentgate schema --strings' prints a whole file to translate");
}

/// A tag as BCP 47 has it, as far as a page can use it.
fn language(node: Node, report: &mut Report) -> Option<String> {
    let fits = |tag: &str| {
        let part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        tag.split('-').all(part) && tag.split('-').next().is_some_and(|first| (2..=3).contains(&first.len()))
    };
    match node.kind {
        Kind::Scalar { text, .. } if fits(&text) => Some(text),
        _ => {
            report.fault(&node.place, "is not the tag of a language", "write one such as pl, ar or pt-BR");
            None
        }
    }
}

fn written_direction(node: &Node, report: &mut Report) -> Direction {
    match &node.kind {
        Kind::Scalar { text, .. } if text == "ltr" => return Direction::Ltr,
        Kind::Scalar { text, .. } if text == "rtl" => return Direction::Rtl,
        _ => report.fault(&node.place, "is not one of ltr, rtl", "write rtl where the text runs from right to left"),
    }
    Direction::Ltr
}

/// Every text by its path below `strings`: `yes`, `months[0]`, `days.few`.
fn gather(node: Node, report: &mut Report, texts: &mut Sentences) {
    match node.kind {
        Kind::Map(entries) => entries.into_iter().for_each(|(_, node)| gather(node, report, texts)),
        Kind::List(items) => items.into_iter().for_each(|node| gather(node, report, texts)),
        Kind::Scalar { text, .. } if text.contains(char::is_control) => {
            let hint = "write plain text on one line";
            report.fault(&node.place, "holds a line break or a control character", hint);
        }
        Kind::Scalar { text, .. } => {
            let name = node.place.path.strip_prefix("strings.").unwrap_or(&node.place.path).to_owned();
            texts.insert(name, (node.place, text));
        }
    }
}

fn added(
    tag: Option<&str>,
    direction: Direction,
    (at, texts): (Place, Sentences),
    report: &mut Report,
) -> Option<Language> {
    let plain = texts.iter().map(|(name, (_, text))| (name.clone(), text.clone())).collect();
    match Language::added(tag.unwrap_or_default(), direction, plain) {
        Ok(_) if tag.is_none() => {
            if report.len() == 0 {
                fault(report, &at, "the key 'language' is missing");
            }
            None
        }
        Ok(language) => Some(language),
        Err(misfits) => {
            for (name, misfit) in misfits {
                let place = texts.get(&name).map_or(&at, |(place, _)| place);
                report.fault(place, format!("{} {misfit}", quoted(&name)), hint(&name, misfit));
            }
            None
        }
    }
}

fn hint(name: &str, misfit: Misfit) -> String {
    let sentences = notice::sentences();
    if misfit == Misfit::Unknown {
        let names: Vec<&str> = sentences.iter().map(|(name, _)| name.as_str()).collect();
        let near = did_you_mean(name, &names);
        let all = "'consentgate schema --strings' prints every name";
        return if near.starts_with("known") { all.to_owned() } else { near };
    }
    let english = sentences.into_iter().find(|(known, _)| known == name).map_or("", |(_, english)| english);
    format!("in English it is: {english}")
}

/// The whole file in English, for who translates it.
pub(in crate::config) fn template() -> String {
    let mut file = String::from(
        "# Every sentence of the notice in English. Copy this file, translate what is in quotes, and name the copy in the\n\
         # configuration under 'notice: { strings: [...] }'. '{}' is a place that is filled in, '[...]' becomes a link; keep\n\
         # both. 'direction' is rtl for a language written from right to left.\n\
         # Generated: do not edit this copy.\n\
         language: en\ndirection: ltr\nstrings:\n",
    );
    let mut group = String::new();
    for (name, english) in notice::sentences() {
        let quoted = serde_json::Value::from(english).to_string();
        let (outer, inner) = match name.split_once(['.', '[']) {
            Some((outer, inner)) => (outer, Some(inner)),
            None => (&*name, None),
        };
        if inner.is_some() && outer != group {
            file.extend(["  ", outer, ":\n"]);
            outer.clone_into(&mut group);
        }
        match inner {
            None => file.extend(["  ", outer, ": ", &quoted, "\n"]),
            Some(form) if name.contains('.') => file.extend(["    ", form, ": ", &quoted, "\n"]),
            Some(_) => file.extend(["    - ", &quoted, "\n"]),
        }
    }
    file
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let mut report = Report::new(Path::new("strings.pl.yaml"), text);
        read(text, &mut report);
        report.close().expect_err("faults").faults.iter().map(crate::config::Fault::summary).collect()
    }

    fn polish() -> String {
        template().replace("language: en", "language: pl")
    }

    #[test]
    fn what_the_template_holds_can_be_read() {
        let text = polish();
        let mut report = Report::new(Path::new("strings.pl.yaml"), &text);
        let language = read(&text, &mut report).expect("a language");
        assert!(report.close().is_ok());
        assert_eq!((language.tag(), language.direction()), ("pl", Direction::Ltr));
    }

    #[test]
    fn each_fault_has_its_line_and_its_key() {
        let line = |text: &str, key: &str| 1 + text.lines().position(|line| line.trim().starts_with(key)).unwrap();
        let text = polish().replace("  yes: \"Yes\"\n", "").replace("accept: \"Accept {}\"", "accept: \"Tak\"");
        let found = faults(&text);
        let accept = format!("strings.pl.yaml:{}:", line(&text, "accept:"));
        assert!(found.iter().any(|f| f.starts_with(&accept) && f.contains("strings.accept: 'accept' needs 1 of '{}'")));
        assert!(found.iter().any(|f| f.contains(": strings: 'yes' is missing")), "{found:?}");
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn what_is_no_file_of_sentences_says_so() {
        for (text, expected) in [
            ("", "the file is empty"),
            ("- a", "expected keys and values"),
            ("language: pl", "the key 'strings' is missing"),
            ("language: polish language\nstrings: {}", "is not the tag of a language"),
            ("langage: pl\nstrings: {}", "'langage' is not a key"),
            ("direction: up\nlanguage: pl\nstrings: {}", "is not one of ltr, rtl"),
        ] {
            let found = faults(text);
            assert!(found.iter().any(|fault| fault.contains(expected)), "{text}: {found:?}");
        }
        let nameless = faults(&template().replace("language: en\n", ""));
        assert_eq!(nameless.len(), 1, "{nameless:?}");
    }
}
