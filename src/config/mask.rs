//! The YAML as the admin listener may show it: its keys and values, without comments, and without what is secret.
//!
//! Secrets belong into files of their own, which the YAML only names, and the keys of this version hold none. What
//! looks like one is hidden all the same: a comment left behind, a password in an address.

use std::fmt;
use std::path::Path;

use super::excerpt::long_runs;
use super::fault::Report;
use super::rules::{self, WrittenRule};
use super::tree::{self, Kind, Node};

const HIDDEN: &str = "****";
/// A key that ends with one of these, or is one, holds a secret itself; with `_file` behind it holds a path.
const SECRET: [&str; 6] = ["password", "passwd", "secret", "token", "credential", "api_key"];

/// A file that was read without a fault. It is printed by [`Written::shown`] alone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Written(String);

impl Written {
    pub(super) fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Where each rule of the sites is written.
    pub fn rules(&self) -> Vec<WrittenRule> {
        rules::rules(&self.0)
    }

    /// The YAML without comments and without what is secret.
    pub fn shown(&self) -> String {
        let tree = tree::read(&self.0, &mut Report::new(Path::new(""), &self.0));
        let lines = tree.map(|tree| lines(&tree)).unwrap_or_default();
        lines.into_iter().map(|line| line + "\n").collect()
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Written(…)")
    }
}

fn lines(node: &Node) -> Vec<String> {
    match &node.kind {
        Kind::Scalar { text, plain } => vec![scalar(text, *plain)],
        Kind::List(items) if items.is_empty() => vec!["[]".into()],
        Kind::Map(entries) if entries.is_empty() => vec!["{}".into()],
        Kind::List(items) => items.iter().flat_map(|item| indented(lines(item), "- ")).collect(),
        Kind::Map(entries) => entries.iter().flat_map(|(key, value)| entry(&key.name, value)).collect(),
    }
}

fn entry(name: &str, value: &Node) -> Vec<String> {
    if SECRET.iter().any(|secret| name.ends_with(secret)) {
        return vec![format!("{}: \"{HIDDEN}\"", key(name))];
    }
    let is_block = match &value.kind {
        Kind::Scalar { .. } => false,
        Kind::List(items) => !items.is_empty(),
        Kind::Map(entries) => !entries.is_empty(),
    };
    // A key pasted where the name of its file belongs.
    let is_key = |text: &String| name.ends_with("_file") && !text.contains('.') && !long_runs(text).is_empty();
    let mut value = match &value.kind {
        Kind::Scalar { text, .. } if is_key(text) => vec![quoted(HIDDEN)],
        _ => lines(value),
    };
    if !is_block {
        return vec![format!("{}: {}", key(name), value.swap_remove(0))];
    }
    let mut all = vec![format!("{}:", key(name))];
    all.extend(value.into_iter().map(|line| format!("  {line}")));
    all
}

fn indented(lines: Vec<String>, first: &str) -> Vec<String> {
    let line = |(at, line): (usize, String)| if at == 0 { format!("{first}{line}") } else { format!("  {line}") };
    lines.into_iter().enumerate().map(line).collect()
}

fn key(name: &str) -> String {
    let is_plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if is_plain { name.to_owned() } else { quoted(name) }
}

/// Plain text stays as it was written: a version 1.10 is no 1.1.
fn scalar(text: &str, plain: bool) -> String {
    let masked = masked(text);
    if plain && masked == text { masked } else { quoted(&masked) }
}

/// YAML's double quotes take all that JSON's do.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A user and a password in an address, a parameter of it that is called like a secret, a key in PEM.
fn masked(text: &str) -> String {
    if text.contains("-----BEGIN") {
        return HIDDEN.into();
    }
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let end = rest.find(['/', '?', '#', ' ']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority.to_owned(), |(_, host)| format!("{HIDDEN}@{host}"));
    let Some((path, query)) = path.split_once('?') else { return format!("{scheme}://{host}{path}") };
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if SECRET.iter().chain(&["key", "sig"]).any(|secret| name.ends_with(secret)) => {
            format!("{name}={HIDDEN}")
        }
        _ => pair.to_owned(),
    });
    format!("{scheme}://{host}{path}?{}", pairs.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        Written::of(text).shown()
    }

    #[test]
    fn keys_and_values_stay_and_comments_go() {
        let text = "# hunter2\nadmin: { address: \"127.0.0.1:9901\", token_file: admin.token }\nsites: # hunter2\n  - hosts: [a.example, '*.b.example']\n    \
                    cookies: []\n    notice: { version: 1.10 }\n";
        let expected = "admin:\n  address: \"127.0.0.1:9901\"\n  token_file: admin.token\nsites:\n  - hosts:\n      - a.example\n      - \"*.b.example\"\n    \
                        cookies: []\n    notice:\n      version: 1.10\n";
        assert_eq!(of(text), expected);
        assert_eq!(of(&of(text)), expected, "it can be read again");
    }

    #[test]
    fn what_looks_like_a_secret_is_hidden() {
        let text = "a: https://user:hunter2@db.example/x\nb: postgres://hunter2@db\nc: https://a.example/?a=1&api_key=hunter2\n\
                    password: hunter2\nsigning_key_file: hunter2hunter2hunter2hunter2hunter2hunter2hunter2\nadmin_token: [hunter2]\nd: \"-----BEGIN PRIVATE KEY----- hunter2\"\n";
        let shown = of(text);
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("\"https://****@db.example/x\"") && shown.contains("?a=1&api_key=****"), "{shown}");
    }
}
