//! The rules of one site.

use super::super::excerpt::quoted;
use super::super::known::{path_pattern_fault, tag_pattern_fault};
use super::super::shape::did_you_mean;
use super::super::written::{self, Found, Key, Site};
use super::purposes::attested;
use super::{Resolver, items, text};
use crate::consent::{Purpose, PurposeSet, Purposes};
use crate::policy::{Action, Config, NameRule, PathRule, TagRule, Unclassified};

impl Resolver<'_, '_> {
    pub(super) fn policy(&mut self, written: &Site, hosts: &[String]) -> Config {
        let purposes = self.purposes(written);
        let mut cookies = Vec::new();
        for found in items(&written.cookies) {
            found.1.name.iter().for_each(|name| self.cookie_name(name));
            cookies.extend(self.name_rule(&found.1.name, &found.1.purpose, &purposes));
            self.judge_name(&found.1.name, &found.1.purpose, &purposes);
        }
        let storage = items(&written.storage);
        for found in storage {
            self.judge_name(&found.1.key, &found.1.purpose, &purposes);
        }
        let tags = items(&written.tags);
        let paths = items(&written.paths);
        Config {
            prefix: String::new(),
            // A wildcard for every host would make every tag first-party.
            hosts: hosts.iter().filter(|host| *host != "*").cloned().collect(),
            cookies,
            storage: storage
                .iter()
                .filter_map(|rule| self.name_rule(&rule.1.key, &rule.1.purpose, &purposes))
                .collect(),
            lists: self.filter_lists(items(&written.filter_lists), &purposes),
            tags: tags.iter().filter_map(|rule| self.tag_rule(&rule.1, &purposes)).collect(),
            paths: paths.iter().filter_map(|rule| self.path_rule(rule, &purposes)).collect(),
            attested: attested(items(&written.purposes), &purposes),
            replace_banner: matches!(written.replace_banner, Some(Found(_, true))),
            unclassified: unclassified(written.unclassified.as_ref().map(|found| &found.1)),
            purposes,
        }
    }

    pub(super) fn purpose(&mut self, found: &Found<String>, purposes: &Purposes) -> Option<Purpose> {
        let purpose = purposes.find(&found.1);
        if purpose.is_none() {
            let known: Vec<&str> = purposes.iter().map(|(_, name)| name).collect();
            let message = format!("{} is not a purpose of this site", quoted(&found.1));
            self.fault(found, message, did_you_mean(&found.1, &known));
        }
        purpose
    }

    fn name_rule(&mut self, name: &Key<String>, purpose: &Key<String>, purposes: &Purposes) -> Option<NameRule> {
        let purpose = purpose.as_ref().and_then(|found| self.purpose(found, purposes));
        Some(NameRule { pattern: name.as_ref()?.1.clone(), purpose: purpose? })
    }

    /// RFC 6265 section 4.1.1 has none of these in a name. A quote or a backslash comes from a log or a program that
    /// escapes, and the rule would fit no cookie there is.
    fn cookie_name(&mut self, name: &Found<String>) {
        if let Some(odd) = name.1.chars().find(|c| matches!(c, '"' | '\\' | ';' | '=')) {
            let message = format!("a cookie's name has no {odd} in it: the rule would match nothing");
            self.fault(name, message, "write the name alone; '*' stands for anything");
        }
    }

    fn tag_rule(&mut self, written: &written::TagRule, purposes: &Purposes) -> Option<TagRule> {
        let purpose = written.purpose.as_ref().and_then(|found| self.purpose(found, purposes));
        let pattern = written.r#match.as_ref()?;
        if let Some(why) = tag_pattern_fault(&pattern.1) {
            self.fault(pattern, why, "write an address such as \"||maps.example.com^\"");
        }
        self.judge_tag(written, purposes);
        Some(TagRule { pattern: pattern.1.clone(), purpose: purpose? })
    }

    fn path_rule(&mut self, rule: &Found<written::PathRule>, purposes: &Purposes) -> Option<PathRule> {
        let Found(_, written) = rule;
        let bypass = written.bypass.as_ref().filter(|found| found.1);
        if let Some(bypass) = bypass {
            self.bypass(written, bypass);
        } else if written.hold.is_none() && !self.report.has_fault_in(&self.place(rule)) {
            self.fault(rule, "the rule does nothing", "add 'hold:' with purposes, or 'bypass: true'");
        }
        let mut hold = Vec::new();
        for found in items(&written.hold) {
            let purpose = self.purpose(found, purposes);
            if purpose == Some(Purpose::ESSENTIAL) {
                self.fault(found, "essential is never held", "take it out");
            }
            hold.extend(purpose);
        }
        let pattern = written.r#match.as_ref()?;
        if let Some(why) = path_pattern_fault(&pattern.1) {
            self.fault(pattern, why, "write a path such as \"/benefits/*\"");
        }
        Some(PathRule {
            pattern: pattern.1.clone(),
            hold: hold.into_iter().collect::<PurposeSet>(),
            bypass: bypass.is_some(),
            cookie: text(&written.cookie),
        })
    }

    /// What would make a bypass a hole by accident.
    fn bypass(&mut self, written: &written::PathRule, bypass: &Found<bool>) {
        if let Some(found) = &written.hold {
            self.fault(found, "nothing is held where the gate keeps out", "take 'hold' or 'bypass' out");
        }
        if let Some(found) = &written.cookie {
            let hint = "take 'cookie' out, or write 'hold' instead of 'bypass'";
            self.fault(found, "a cookie cannot switch the gate off: any script can write one", hint);
        }
        let everything = |found: &&Found<String>| found.1.chars().all(|c| matches!(c, '/' | '*'));
        if written.r#match.as_ref().filter(everything).is_some_and(|found| found.1.contains('*')) {
            let place = self.place(bypass);
            let message = "the gate keeps out of the whole site: nothing is held and nobody is asked";
            self.report.warn(
                &place,
                message,
                "write the path of the API, or 'mode: off' for the site if that is meant",
            );
        }
    }
}

fn unclassified(written: Option<&written::Unclassified>) -> Unclassified {
    let default = Unclassified::default();
    let Some(written) = written else { return default };
    let action = |key: &Key<written::Action>, default| match key.as_ref().map(|found| found.1) {
        None => default,
        Some(written::Action::Pass) => Action::Pass,
        Some(written::Action::Hold) => Action::Hold,
    };
    Unclassified {
        cookies: action(&written.cookies, default.cookies),
        storage: action(&written.storage, default.storage),
        tags: action(&written.tags, default.tags),
    }
}
