//! Paths of a site on which stricter rules hold.

use std::borrow::Cow;

use super::PatternFault;
use super::glob::{Glob, stars};

/// A path with `*` for any run of characters: `/benefits/*`.
///
/// Case and percent-encoding make no difference: many servers answer `/Benefits/` and `/%62enefits/` with the same
/// page, and a rule for a sensitive page that can be missed by spelling protects nobody. A path rule only ever holds
/// more, so matching too much is the safe side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern(Glob);

impl PathPattern {
    /// Compiles a path as written.
    pub fn parse(written: &str) -> Result<Self, PatternFault> {
        match written.as_bytes().first() {
            None => return Err(PatternFault::Empty),
            Some(b'/' | b'*') => {}
            Some(_) => return Err(PatternFault::NoSlash),
        }
        if let Some(bad) = written.chars().find(|c| c.is_control()) {
            return Err(PatternFault::BadCharacter(bad));
        }
        let pattern = decoded(written.as_bytes()).to_ascii_lowercase();
        Ok(Self(Glob { steps: stars(&pattern), fold: true, to_end: true }))
    }

    /// Does a path, without its query, match as a whole?
    pub fn matches(&self, path: &str) -> bool {
        self.0.matches(&decoded(path.as_bytes()))
    }
}

/// A path matched exactly as it is written: for a rule that lets more through, where matching too little is the safe side.
///
/// Servers read `/api/%2e%2e/benefits/`, `/api/..;/benefits/` and `/api\..\benefits/` as another page: a path with anything
/// of that kind in it is no match, whatever the pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExactPath(Glob);

impl ExactPath {
    /// Compiles a path as written.
    pub fn parse(written: &str) -> Result<Self, PatternFault> {
        PathPattern::parse(written)?;
        Ok(Self(Glob { steps: stars(written.as_bytes()), fold: false, to_end: true }))
    }

    /// Does a path, without its query, match as a whole?
    pub fn matches(&self, path: &str) -> bool {
        is_plain(path) && self.0.matches(path.as_bytes())
    }
}

fn is_plain(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let hides = ["\\", "//", ";", "%2e", "%2f", "%5c", "%3b", "%25", "%00"].iter().any(|sign| lower.contains(sign));
    !hides && path.split('/').all(|segment| segment != "." && !segment.starts_with(".."))
}

/// The bytes behind `%41` and the like; a `%` that starts no code stays as it is.
fn decoded(path: &[u8]) -> Cow<'_, [u8]> {
    if !path.contains(&b'%') {
        return Cow::Borrowed(path);
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((byte, after)) = rest.split_first() {
        match (byte, after) {
            (b'%', [high, low, beyond @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(nibble(*high) << 4 | nibble(*low));
                rest = beyond;
            }
            _ => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    Cow::Owned(bytes)
}

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit.to_ascii_lowercase() - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        PathPattern::parse(pattern).unwrap().matches(path)
    }

    #[test]
    fn a_path_matches_as_a_whole() {
        assert!(matches("/benefits/*", "/benefits/"));
        assert!(matches("/benefits/*", "/benefits/housing/apply.aspx"));
        assert!(!matches("/benefits/*", "/benefits"));
        assert!(!matches("/benefits/*", "/my/benefits/x"));
        assert!(matches("*/apply", "/a/b/apply"));
        assert!(matches("/", "/"));
        assert!(!matches("/", "/x"));
    }

    #[test]
    fn spelling_a_path_otherwise_does_not_escape_its_rule() {
        assert!(matches("/benefits/*", "/Benefits/x"));
        assert!(matches("/benefits/*", "/%62ENEF%49ts/x"));
        assert!(matches("/cyngor/t%C5%B7/*", "/cyngor/t%c5%b7/x"));
        assert!(matches("/100%", "/100%"));
        assert!(matches("/a%2", "/A%2"));
    }

    #[test]
    fn an_exact_path_is_not_matched_by_what_a_server_may_read_as_another() {
        let matches = |pattern: &str, path: &str| ExactPath::parse(pattern).unwrap().matches(path);
        for path in ["/api/pay", "/api/a%20b", "/api/.well-known/x", "/api/"] {
            assert!(matches("/api/*", path), "{path}");
        }
        for path in [
            "/API/pay",
            "/%61pi/pay",
            "/api/../benefits/",
            "/api/%2e%2E/benefits/",
            "/api/..%2fbenefits/",
            "/api/..;/benefits/",
            "/api/x;y",
            "/api/%252e%252e/benefits/",
            "/api/./x",
            "/api//benefits/",
            "/api/\\benefits",
            "/apis",
            "/api",
        ] {
            assert!(!matches("/api/*", path), "{path}");
        }
        assert_eq!(ExactPath::parse("api/*"), Err(PatternFault::NoSlash));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        assert_eq!(PathPattern::parse(""), Err(PatternFault::Empty));
        assert_eq!(PathPattern::parse("benefits/*"), Err(PatternFault::NoSlash));
        assert_eq!(PathPattern::parse("/a\tb"), Err(PatternFault::BadCharacter('\t')));
    }
}
