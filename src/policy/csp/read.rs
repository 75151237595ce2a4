//! A serialized policy list, read by its bytes (CSP3, "parse a serialized CSP list").

use std::ops::Range;

/// One directive and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Directive<'t> {
    /// Its name, as written; names know no case.
    pub(super) name: &'t str,
    /// What follows, split at white space.
    pub(super) values: Vec<&'t str>,
    /// From its name to the end of its last value.
    pub(super) span: Range<usize>,
}

/// One policy: its directives in their order, the first of each name only.
#[derive(Debug)]
pub(super) struct Policy<'t>(pub(super) Vec<Directive<'t>>);

impl<'t> Policy<'t> {
    /// The first of these directives that is there: what governs, where one falls back on the next.
    pub(super) fn first_of(&self, names: &[&str]) -> Option<&Directive<'t>> {
        names.iter().find_map(|name| self.0.iter().find(|directive| directive.is(name)))
    }
}

impl Directive<'_> {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Is this keyword, quotes and all, among the values?
    pub(super) fn has(&self, keyword: &str) -> bool {
        self.values.iter().any(|value| value.eq_ignore_ascii_case(keyword))
    }
}

/// The policies of a header's value, or of a `<meta>`'s content.
///
/// By the letter of the standard a comma separates policies in headers only; browsers split a `<meta>` at it too. An
/// insertion in front of the comma means the same to both.
pub(super) fn policies(list: &[u8]) -> impl Iterator<Item = Policy<'_>> {
    parts(list, 0..list.len(), b',').map(|span| {
        let mut directives: Vec<Directive<'_>> = Vec::new();
        for directive in parts(list, span, b';').filter_map(|span| directive(list, span)) {
            if !directives.iter().any(|known| known.is(directive.name)) {
                directives.push(directive);
            }
        }
        Policy(directives)
    })
}

fn parts(text: &[u8], within: Range<usize>, separator: u8) -> impl Iterator<Item = Range<usize>> {
    let mut start = within.start;
    text[within].split(move |byte| *byte == separator).map(move |part| {
        let span = start..start + part.len();
        start = span.end + 1;
        span
    })
}

/// Nothing where nothing is written, or where a byte outside ASCII makes a browser pass over it.
fn directive(list: &[u8], span: Range<usize>) -> Option<Directive<'_>> {
    let text = std::str::from_utf8(&list[span.clone()]).ok().filter(|text| text.is_ascii())?;
    let start = span.start + (text.len() - text.trim_start_matches(is_space).len());
    let text = text.trim_matches(is_space);
    let mut words = text.split(is_space).filter(|word| !word.is_empty());
    Some(Directive { name: words.next()?, values: words.collect(), span: start..start + text.len() })
}

/// ASCII white space of the Infra standard: no vertical tab.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_with_its_places() {
        let list =
            b" default-src 'self';; IMG-SRC  *\t; default-src *,\tscript-src x.example;\xc3\xa9-src y; frame-src";
        let read: Vec<_> = policies(list).collect();
        assert_eq!(read.len(), 2);
        let spans: Vec<_> = read.iter().flat_map(|policy| &policy.0).map(|found| &list[found.span.clone()]).collect();
        assert_eq!(
            spans,
            [&b"default-src 'self'"[..], b"IMG-SRC  *", b"script-src x.example", b"frame-src"],
            "the second default-src counts for nothing, nor does a name outside ASCII"
        );
        assert_eq!(read[0].first_of(&["img-src"]).map(|found| found.values.clone()), Some(vec!["*"]));
        assert_eq!(read[1].first_of(&["script-src-elem", "script-src"]).map(|found| found.name), Some("script-src"));
    }

    #[test]
    fn nothing_is_no_policy_of_directives() {
        for nothing in ["", " ", ";", ",;,", "\u{e9}"] {
            assert!(policies(nothing.as_bytes()).all(|policy| policy.0.is_empty()), "{nothing:?}");
        }
    }
}
