//! Where the rules of the sites are written, for whoever has met one in a log and looks for its line.

use std::path::Path;

use super::fault::Report;
use super::tree::{self, Key, Kind, Node};

/// The lists of a site, and the key that names each of their rules.
const LISTS: [(&str, &str); 5] =
    [("cookies", "name"), ("storage", "key"), ("tags", "match"), ("filter_lists", "file"), ("paths", "match")];
const SETTINGS: [&str; 2] = ["unclassified", "replace_banner"];

/// One rule of a site's, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenRule {
    /// Whose: the site's place in the file, from 0.
    pub site: usize,
    /// `cookies`, `storage`, `tags`, `filter_lists`, `paths`; or a setting: `unclassified`, `replace_banner`.
    pub list: &'static str,
    /// Its name, pattern or file; the key below it, of a setting.
    pub text: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

/// All rules of all sites, in the order of the file.
pub(super) fn rules(text: &str) -> Vec<WrittenRule> {
    let tree = tree::read(text, &mut Report::new(Path::new(""), text));
    let sites = tree.as_ref().and_then(|tree| entry(tree, "sites")).map(|(_, sites)| items(sites)).unwrap_or_default();
    sites.iter().enumerate().flat_map(|(at, site)| of_site(at, site)).collect()
}

fn of_site(site: usize, node: &Node) -> Vec<WrittenRule> {
    let mut found = Vec::new();
    for (list, key) in LISTS {
        let rules = entry(node, list).map(|(_, rules)| items(rules)).unwrap_or_default();
        for (_, value) in rules.iter().filter_map(|rule| entry(rule, key)) {
            if let Kind::Scalar { text, .. } = &value.kind {
                let (line, column) = (value.place.line, value.place.column);
                found.push(WrittenRule { site, list, text: text.clone(), line, column });
            }
        }
    }
    for list in SETTINGS {
        let Some((key, value)) = entry(node, list) else { continue };
        let keys: Vec<&Key> = match &value.kind {
            Kind::Map(entries) => entries.iter().map(|(key, _)| key).collect(),
            _ => vec![key],
        };
        found.extend(keys.into_iter().map(|key| WrittenRule {
            site,
            list,
            text: key.name.clone(),
            line: key.place.line,
            column: key.place.column,
        }));
    }
    found
}

fn entry<'n>(node: &'n Node, name: &str) -> Option<(&'n Key, &'n Node)> {
    let Kind::Map(entries) = &node.kind else { return None };
    entries.iter().find(|(key, _)| key.name == name).map(|(key, value)| (key, value))
}

fn items(node: &Node) -> &[Node] {
    match &node.kind {
        Kind::List(items) => items,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_found_where_it_is_written() {
        let text = "\
sites:
  - hosts: [a.example]
    cookies:
      - { purpose: analytics, name: \"_ga*\" }
    unclassified: { tags: hold }
  - hosts: [b.example]
    tags:
      - match: '||x.example^'
        purpose: marketing
    replace_banner: true
";
        let found: Vec<_> =
            rules(text).into_iter().map(|rule| (rule.site, rule.list, rule.text, rule.line, rule.column)).collect();
        assert_eq!(
            found,
            [
                (0, "cookies", "_ga*".to_owned(), 4, 37),
                (0, "unclassified", "tags".to_owned(), 5, 21),
                (1, "tags", "||x.example^".to_owned(), 8, 16),
                (1, "replace_banner", "replace_banner".to_owned(), 10, 5),
            ]
        );
        assert!(rules("sites: 7").is_empty() && rules(":").is_empty());
    }
}
