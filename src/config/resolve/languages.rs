//! The notice's languages: built in or brought by files, and the rules which is spoken where.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::super::excerpt::quoted;
use super::super::fault::Report;
use super::super::known::path_pattern_fault;
use super::super::shape::did_you_mean;
use super::super::written::{self, Found};
use super::{Resolver, items, strings};
use crate::catalogue::pattern::PathPattern;
use crate::notice::{Language, LanguageRule};

/// Ten times what every sentence needs in any script.
const LONGEST: usize = 512 * 1024;

impl Resolver<'_, '_> {
    pub(super) fn languages(&mut self, written: Option<&written::Notice>) -> Vec<Language> {
        let Some(written) = written else { return vec![Language::English] };
        let brought = self.brought(items(&written.strings));
        let mut languages: Vec<Language> = Vec::new();
        for found in items(&written.languages) {
            match known(&found.1, &brought) {
                Some(language) if languages.contains(&language) => {
                    self.fault(found, format!("{} is there already", quoted(&found.1)), "take one of them out");
                }
                Some(language) => languages.push(language),
                // It may be the language of a file with faults: they come first.
                None if brought.len() < items(&written.strings).len() => {}
                None => self.unknown_language(found),
            }
        }
        if languages.is_empty() {
            languages.push(known("en", &brought).unwrap_or(Language::English));
        }
        for (file, language) in brought.iter().filter(|(_, language)| !languages.contains(language)) {
            let message = format!("the notice does not speak {}", quoted(language.tag()));
            self.fault(file, message, "add it to 'languages:', or take the file out");
        }
        languages
    }

    fn unknown_language(&mut self, found: &Found<String>) {
        let message = format!("the notice does not speak {}", quoted(&found.1));
        let hint = match did_you_mean(&found.1, &["en", "cy"]) {
            hint if hint.contains("did you mean") => hint,
            _ => "en and cy are built in; for another, name a file with its sentences under 'strings:'".into(),
        };
        self.fault(found, message, hint);
    }

    /// Each file's language, where it is whole.
    fn brought<'w>(&mut self, files: &'w [Found<String>]) -> Vec<(&'w Found<String>, Language)> {
        let mut brought: Vec<(&Found<String>, Language)> = Vec::new();
        for file in files {
            let Some(language) = self.strings_file(file) else { continue };
            if brought.iter().any(|(_, known)| known.tag() == language.tag()) {
                let message = format!("a second file for {}", quoted(language.tag()));
                self.fault(file, message, "take one of them out");
            }
            brought.push((file, language));
        }
        brought
    }

    /// Its faults stand in that file, and are shown there.
    fn strings_file(&mut self, file: &Found<String>) -> Option<Language> {
        let path = self.folder.join(&file.1);
        self.report.watch(&path);
        let text = match read(&path) {
            Ok(text) => text,
            Err(problem) => {
                let hint =
                    "the path is relative to the folder of the YAML file; the gate's user must be able to read it";
                self.fault(file, problem, hint);
                return None;
            }
        };
        let mut report = Report::new(&path, &text);
        let language = strings::read(&text, &mut report);
        self.report.adopt(report);
        language
    }

    pub(super) fn language_rules(
        &mut self,
        written: Option<&written::Notice>,
        languages: &[Language],
        hosts: &[String],
    ) -> Vec<LanguageRule> {
        let rules = written.map(|notice| items(&notice.language_rules)).unwrap_or_default();
        rules.iter().filter_map(|rule| self.language_rule(rule, languages, hosts)).collect()
    }

    fn language_rule(
        &mut self,
        found: &Found<written::LanguageRule>,
        languages: &[Language],
        hosts: &[String],
    ) -> Option<LanguageRule> {
        let Found(_, rule) = found;
        if rule.host.is_none() && rule.path.is_none() {
            self.fault(found, "the rule is for everywhere", "add 'host:' or 'path:', or put the language first");
        }
        let host = rule.host.as_ref().and_then(|host| self.ruled_host(host, hosts));
        let path = rule.path.as_ref().and_then(|path| match path_pattern_fault(&path.1) {
            Some(why) => {
                self.fault(path, why, "write a path such as \"/cy/*\"");
                None
            }
            None => PathPattern::parse(&path.1).ok(),
        });
        let wanted = rule.language.as_ref()?;
        let language = languages.iter().copied().find(|language| language.tag().eq_ignore_ascii_case(&wanted.1));
        if language.is_none() {
            let message = format!("the notice does not speak {}", quoted(&wanted.1));
            self.fault(wanted, message, "add it to 'languages:', or name one that is there");
        }
        Some(LanguageRule { host, path, language: language? })
    }

    fn ruled_host(&mut self, found: &Found<String>, hosts: &[String]) -> Option<String> {
        let host = super::site::host(&found.1);
        let covers = |known: &String, host: &str| {
            known == host || known.strip_prefix('*').is_some_and(|ending| host.ends_with(ending))
        };
        let host = host.filter(|host| hosts.iter().any(|known| covers(known, host)));
        if host.is_none() {
            let message = format!("{} is not a host of this site", quoted(&found.1));
            self.fault(found, message, "write one of the site's hosts as it stands under 'hosts:'");
        }
        host
    }
}

fn known(tag: &str, brought: &[(&Found<String>, Language)]) -> Option<Language> {
    let brought = brought.iter().map(|(_, language)| *language);
    let exactly = |language: &Language| language.tag().eq_ignore_ascii_case(tag);
    brought.into_iter().find(exactly).or_else(|| Language::from_tag(tag))
}

/// One byte more than allowed is enough to see that there is more: the file may be a device without an end.
fn read(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let opened = File::open(path).and_then(|file| file.take(LONGEST as u64 + 1).read_to_end(&mut bytes));
    opened.map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() > LONGEST {
        return Err("is longer than 512 KiB".to_owned());
    }
    let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}
