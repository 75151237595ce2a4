//! Many name patterns at once: cookie names and storage keys.

use std::collections::HashMap;

use super::glob::{Glob, stars};

/// Patterns in which `*` stands for any run of characters, each with what it says; the first written that matches wins.
///
/// Names are bytes, matched whole and case-sensitively (RFC 6265bis section 5.6). Exact names are found by hash, endings
/// in `*` by their first two bytes; only patterns with a `*` elsewhere are tried one by one.
#[derive(Clone, Debug)]
pub struct NamePatterns<T> {
    rules: Vec<(Box<str>, T)>,
    exact: HashMap<Box<[u8]>, usize>,
    /// In the order written.
    prefixes: HashMap<[u8; 2], Vec<usize>>,
    /// In the order written.
    others: Vec<(usize, Glob)>,
}

impl<T> NamePatterns<T> {
    /// Compiles patterns in the order they are written.
    pub fn new<P: Into<Box<str>>>(rules: impl IntoIterator<Item = (P, T)>) -> Self {
        let rules = rules.into_iter().map(|(pattern, then)| (pattern.into(), then)).collect();
        let mut patterns = Self { rules, exact: HashMap::new(), prefixes: HashMap::new(), others: Vec::new() };
        for place in 0..patterns.rules.len() {
            patterns.index(place);
        }
        patterns
    }

    fn index(&mut self, place: usize) {
        let pattern = self.rules[place].0.as_bytes();
        match (pattern.iter().position(|byte| *byte == b'*'), pattern) {
            (None, _) => {
                self.exact.entry(pattern.into()).or_insert(place);
            }
            (Some(star), [first, second, ..]) if star >= 2 && star + 1 == pattern.len() => {
                self.prefixes.entry([*first, *second]).or_default().push(place);
            }
            _ => self.others.push((place, Glob { steps: stars(pattern), fold: false, to_end: true })),
        }
    }

    /// The first pattern that matches the whole name, as it was written, and what it says.
    pub fn find(&self, name: &[u8]) -> Option<(&str, &T)> {
        let mut first = self.exact.get(name).copied().unwrap_or(usize::MAX);
        first = self.first_prefix(name, first).unwrap_or(first);
        let mut earlier = self.others.iter().take_while(|(place, _)| *place < first);
        first = earlier.find(|(_, glob)| glob.matches(name)).map_or(first, |(place, _)| *place);
        self.rules.get(first).map(|(pattern, then)| (&**pattern, then))
    }

    fn first_prefix(&self, name: &[u8], before: usize) -> Option<usize> {
        let places = self.prefixes.get(name.first_chunk::<2>()?)?;
        places.iter().copied().take_while(|place| *place < before).find(|place| name.starts_with(self.stem(*place)))
    }

    fn stem(&self, place: usize) -> &[u8] {
        let pattern = self.rules[place].0.as_bytes();
        &pattern[..pattern.len() - 1]
    }

    /// The patterns in the order they are tried, and what they say.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.rules.iter().map(|(pattern, then)| (&**pattern, then))
    }

    /// How many patterns there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Is there no pattern at all?
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The plainest matcher there is: try every length for every star.
    fn naive(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern, name) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => (0..=name.len()).any(|cut| naive(rest, &name[cut..])),
            ([wanted, rest @ ..], [byte, after @ ..]) => wanted == byte && naive(rest, after),
            _ => false,
        }
    }

    #[test]
    fn the_first_written_rule_wins_whatever_its_shape() {
        let patterns = NamePatterns::new([("_ga*", 1), ("_ga_x", 2), ("*", 3), ("_gid", 4)]);
        assert_eq!(patterns.find(b"_ga_x"), Some(("_ga*", &1)));
        assert_eq!(patterns.find(b"_gid"), Some(("*", &3)));
        assert_eq!(patterns.find(b""), Some(("*", &3)));
        let patterns = NamePatterns::new([("_ga_x", 2), ("_ga*", 1)]);
        assert_eq!(patterns.find(b"_ga_x"), Some(("_ga_x", &2)));
        assert_eq!(patterns.find(b"_ga_y"), Some(("_ga*", &1)));
        assert_eq!(patterns.find(b"_gb"), None);
    }

    #[test]
    fn the_whole_name_must_match() {
        let patterns = NamePatterns::new([("a*c", ()), ("xyz", ())]);
        assert!(patterns.find(b"abbc").is_some());
        assert!(patterns.find(b"ac").is_some());
        assert!(patterns.find(b"abcd").is_none());
        assert!(patterns.find(b"wxyz").is_none());
        assert!(patterns.find(b"XYZ").is_none());
    }

    proptest! {
        #[test]
        fn agrees_with_the_plainest_matcher(
            rules in prop::collection::vec("[ab_*]{0,6}", 0..8),
            name in "[ab_]{0,8}",
        ) {
            let compiled = NamePatterns::new(rules.iter().map(String::as_str).zip(0..));
            let expected = rules.iter().position(|rule| naive(rule.as_bytes(), name.as_bytes()));
            prop_assert_eq!(compiled.find(name.as_bytes()).map(|(_, place)| *place), expected);
        }
    }
}
