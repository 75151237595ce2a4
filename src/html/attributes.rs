//! The attributes of one start tag, found in its own bytes.
//!
//! `lol_html` says where a start tag begins and ends; what stands between is read here, so that an edit can be an
//! insertion at an exact byte and everything else stays as the site sent it. HTML standard, 13.2.5.32 to 13.2.5.40.

use std::borrow::Cow;
use std::ops::Range;

use url::Url;

/// One attribute: where its name and value stand in the tag's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) name: Range<usize>,
    /// Without its quotes; `None` for an attribute without a value.
    pub(super) value: Option<Range<usize>>,
}

/// A start tag's bytes, from `<` to `>`.
#[derive(Clone, Copy)]
pub(super) struct StartTag<'t>(&'t [u8]);

impl<'t> StartTag<'t> {
    pub(super) fn new(raw: &'t [u8]) -> Self {
        Self(raw)
    }

    /// Where the tag's name ends: the place for a new first attribute.
    pub(super) fn name_end(self) -> usize {
        let ends = |byte: &u8| is_space(*byte) || matches!(byte, b'/' | b'>');
        self.0.iter().position(ends).unwrap_or(self.0.len())
    }

    /// The tag's attributes in the order they are written.
    pub(super) fn attributes(self) -> Attributes<'t> {
        Attributes { raw: self.0, at: self.name_end() }
    }

    /// The attributes of this name: browsers use the first, an edit must reach them all.
    pub(super) fn named(self, name: &str) -> impl Iterator<Item = Attribute> {
        self.attributes().filter(move |attribute| self.0[attribute.name.clone()].eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The value a browser reads: of the first attribute of this name, with character references decoded.
    pub(super) fn value(self, name: &str) -> Option<Cow<'t, str>> {
        self.named(name).next().map(|attribute| self.decode(attribute.value))
    }

    fn decode(self, value: Option<Range<usize>>) -> Cow<'t, str> {
        let raw = String::from_utf8_lossy(value.map_or(&[], |range| &self.0[range]));
        if raw.contains('&') { htmlize::unescape_attribute(raw) } else { raw }
    }
}

/// The name of a start tag, as written.
pub(super) fn tag_name(raw: &[u8]) -> &str {
    std::str::from_utf8(&raw[1.min(raw.len())..StartTag::new(raw).name_end()]).unwrap_or_default()
}

/// Walks over a start tag's attributes.
pub(super) struct Attributes<'t> {
    raw: &'t [u8],
    at: usize,
}

impl Attributes<'_> {
    fn peek(&self) -> Option<u8> {
        self.raw.get(self.at).copied()
    }

    fn skip(&mut self, skips: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&skips) {
            self.at += 1;
        }
    }

    fn run(&mut self, goes_on: impl Fn(u8) -> bool) -> Range<usize> {
        let start = self.at;
        self.skip(goes_on);
        start..self.at
    }

    fn name(&mut self) -> Range<usize> {
        let start = self.at;
        // An equals sign that begins a name is part of it.
        self.at += 1;
        self.skip(|byte| !is_space(byte) && !matches!(byte, b'/' | b'>' | b'='));
        start..self.at
    }

    fn value(&mut self) -> Option<Range<usize>> {
        self.skip(is_space);
        if self.peek() != Some(b'=') {
            return None;
        }
        self.at += 1;
        self.skip(is_space);
        match self.peek() {
            Some(quote @ (b'"' | b'\'')) => {
                self.at += 1;
                let value = self.run(|byte| byte != quote);
                self.at += 1;
                Some(value)
            }
            _ => Some(self.run(|byte| !is_space(byte) && byte != b'>')),
        }
    }
}

impl Iterator for Attributes<'_> {
    type Item = Attribute;

    fn next(&mut self) -> Option<Attribute> {
        self.skip(|byte| is_space(byte) || byte == b'/');
        if matches!(self.peek(), None | Some(b'>')) {
            return None;
        }
        let name = self.name();
        let value = self.value();
        Some(Attribute { name, value })
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c)
}

/// Where an address of this page leads. Browsers take any number of slashes, and of backslashes, in front of a host for two
/// (URL standard, "special authority ignore slashes state"); the `url` crate does so only behind a scheme.
pub fn resolve(base: &Url, address: &str) -> Option<Url> {
    let plain: String = address.trim_matches(|c: char| c <= ' ').chars().filter(|c| !"\t\n\r".contains(*c)).collect();
    let rest = plain.trim_start_matches(['/', '\\']);
    match plain.len() - rest.len() {
        0..=2 => base.join(address).ok(),
        _ => base.join(&format!("//{rest}")).ok(),
    }
}

/// The addresses of a `srcset` (HTML standard, "parse a srcset attribute", without its descriptors).
pub(super) fn srcset(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = value;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
        let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        let (address, after) = rest.split_at(end);
        let ended = address.ends_with(',');
        rest = if ended { after } else { after_descriptors(after) };
        let address = address.trim_end_matches(',');
        (!address.is_empty()).then_some(address)
    })
}

fn after_descriptors(rest: &str) -> &str {
    let mut depth = 0_usize;
    let comma = rest.find(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    comma.map_or("", |at| &rest[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(raw: &str) -> Vec<(String, Option<String>)> {
        let text = |range: Range<usize>| raw[range].to_owned();
        StartTag::new(raw.as_bytes()).attributes().map(|a| (text(a.name), a.value.map(text))).collect()
    }

    fn pairs(expected: &[(&str, Option<&str>)]) -> Vec<(String, Option<String>)> {
        expected.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect()
    }

    #[test]
    fn attributes_are_found_as_a_browser_finds_them() {
        for (raw, expected) in [
            ("<script>", &[] as &[_]),
            ("<script src=a.js>", &[("src", Some("a.js"))]),
            ("<SCRIPT\n\tSrc = 'a b' async>", &[("Src", Some("a b")), ("async", None)]),
            (r#"<img src="x>y"/>"#, &[("src", Some("x>y"))]),
            ("<img/src=x/alt>", &[("src", Some("x/alt"))]),
            ("<img src=x / alt=''>", &[("src", Some("x")), ("alt", Some(""))]),
            ("<a =b=c>", &[("=b", Some("c"))]),
            ("<a b= >", &[("b", Some(""))]),
            (r#"<a b="c"d=e>"#, &[("b", Some("c")), ("d", Some("e"))]),
            ("<a b='c", &[("b", Some("c"))]),
            ("<a \"x\">", &[("\"x\"", None)]),
        ] {
            assert_eq!(list(raw), pairs(expected), "{raw}");
        }
    }

    #[test]
    fn the_first_of_two_attributes_counts_and_references_are_decoded() {
        let tag = StartTag::new(b"<img SRC='&#104;ttp://a&amp;b' src=second>");
        assert_eq!(tag.value("src").as_deref(), Some("http://a&b"));
        assert_eq!(tag.named("src").count(), 2);
        assert_eq!(tag.value("alt"), None);
    }

    #[test]
    fn any_number_of_slashes_leads_to_a_host() {
        let base = Url::parse("https://www.example.gov.uk/a/b").expect("an address");
        for written in
            ["//t.example/x", "///t.example/x", " /\t//t.example/x", "\\\\\\t.example/x", "https:////t.example/x"]
        {
            assert_eq!(resolve(&base, written).expect("an address").as_str(), "https://t.example/x", "{written}");
        }
        assert_eq!(resolve(&base, "/x//y").expect("an address").as_str(), "https://www.example.gov.uk/x//y");
        assert_eq!(resolve(&base, "c").expect("an address").as_str(), "https://www.example.gov.uk/a/c");
        assert_eq!(resolve(&base, "///"), None);
    }

    #[test]
    fn srcset_gives_its_addresses() {
        let all = |value| srcset(value).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(all("a.png 1x, b.png 2x"), ["a.png", "b.png"]);
        assert_eq!(all(" a.png, b.png,c.png 2x"), ["a.png", "b.png,c.png"]);
        assert_eq!(all("//t.example/p?x=1,2 100w (a, b), c.png"), ["//t.example/p?x=1,2", "c.png"]);
        assert_eq!(all(" ,, "), Vec::<String>::new());
    }
}
