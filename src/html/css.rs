//! The addresses in a style sheet, or in the value of a `style` attribute, and where each begins.
//!
//! A small reader of the tokens of CSS Syntax 3: it knows comments, strings, escapes and `url(` without quotes, and
//! nothing of rules or properties. What browsers drop for another fault is found all the same: an insertion in front
//! of an address that nothing fetches changes nothing.

use std::ops::Range;

/// Put in front of an address: what follows becomes the text of a `data:` address, which fetches nothing, and every
/// other rule of the sheet goes on working. No byte of it needs to be escaped in a string, in `url(…)` or in HTML.
pub const INERT: &str = "data:,consentgate/";

/// An address, without its escapes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// Where its first byte stands.
    pub(super) at: usize,
    pub(super) text: String,
}

/// Every address the sheet would fetch: of `url()`, `src()`, `image-set()` and `@import`.
pub(super) fn addresses(css: &[u8]) -> Vec<Address> {
    if !may_have_any(css) {
        return Vec::new();
    }
    let mut reader = Reader { css, at: 0, open: Vec::new(), rule: Rule::Other, found: Vec::new() };
    while reader.step() {}
    reader.found
}

/// Most sheets of a page have none, and need not be read token by token. A backslash may hide any word.
fn may_have_any(css: &[u8]) -> bool {
    let call = |at: usize| at >= 3 && [b"url", b"src", b"set", b"age"].iter().any(|end| same(&css[at - 3..at], *end));
    memchr::memchr(b'\\', css).is_some()
        || memchr::memchr_iter(b'(', css).any(call)
        || memchr::memchr_iter(b'@', css).any(|at| css.get(at + 1..at + 7).is_some_and(|word| same(word, b"import")))
}

fn same(written: &[u8], word: &[u8]) -> bool {
    written.eq_ignore_ascii_case(word)
}

/// What a bracket that is open belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    /// A string in it is an address: `url("…")`, `src("…")`, `image-set("…" 1x)`.
    Fetching,
    /// Anything else; `type("image/png")` within `image-set()`, say.
    Other,
}

/// The at-rule whose beginning is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    Import,
    /// `@namespace` names addresses that nobody fetches, and that must not change.
    Namespace,
    Other,
}

struct Reader<'c> {
    css: &'c [u8],
    at: usize,
    open: Vec<Call>,
    rule: Rule,
    found: Vec<Address>,
}

impl Reader<'_> {
    /// Reads one token; `false` at the end.
    fn step(&mut self) -> bool {
        let Some(byte) = self.peek() else { return false };
        match byte {
            b'/' if self.css.get(self.at + 1) == Some(&b'*') => self.comment(),
            b'"' | b'\'' => self.string(byte),
            b'@' => self.at_keyword(),
            b'(' => self.opens(Call::Other),
            b')' => {
                self.at += 1;
                self.open.pop();
            }
            b';' | b'{' | b'}' => {
                self.at += 1;
                self.rule = Rule::Other;
            }
            _ if self.begins_name() => self.name_or_call(),
            _ => self.at += 1,
        }
        true
    }

    fn peek(&self) -> Option<u8> {
        self.css.get(self.at).copied()
    }

    fn opens(&mut self, call: Call) {
        self.at += 1;
        self.open.push(call);
    }

    /// One that does not end hides the rest.
    fn comment(&mut self) {
        let inside = self.at + 2;
        self.at = memchr::memmem::find(&self.css[inside..], b"*/").map_or(self.css.len(), |end| inside + end + 2);
    }

    fn string(&mut self, quote: u8) {
        self.at += 1;
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                // A string without an end ends with its line.
                _ if byte == quote || is_newline(byte) => break,
                b'\\' => self.at = (self.at + 2).min(self.css.len()),
                _ => self.at += 1,
            }
        }
        let value = start..self.at;
        self.at += usize::from(self.peek() == Some(quote));
        let of_import = self.rule == Rule::Import && self.open.is_empty();
        if of_import || self.open.last() == Some(&Call::Fetching) {
            self.note(&value);
        }
    }

    fn note(&mut self, value: &Range<usize>) {
        if self.rule != Rule::Namespace {
            self.found.push(Address { at: value.start, text: unescaped(&self.css[value.clone()]) });
        }
    }

    fn at_keyword(&mut self) {
        self.at += 1;
        let name = self.name();
        self.rule = match &*name {
            "import" => Rule::Import,
            "namespace" => Rule::Namespace,
            _ => Rule::Other,
        };
    }

    fn begins_name(&self) -> bool {
        self.peek().is_some_and(is_name) && !self.peek().is_some_and(|byte| byte.is_ascii_digit()) || self.escapes()
    }

    /// A backslash in front of anything but the end of a line.
    fn escapes(&self) -> bool {
        self.peek() == Some(b'\\') && self.css.get(self.at + 1).is_some_and(|next| !is_newline(*next))
    }

    /// The name that stands here, in lower case and without its escapes.
    fn name(&mut self) -> String {
        let start = self.at;
        loop {
            if self.escapes() {
                self.at += 2;
            } else if self.peek().is_some_and(is_name) {
                self.at += 1;
            } else {
                // The white space that ends an escape of hexadecimal digits is part of it.
                let ended = after_hexadecimal(&self.css[start..self.at]) && self.peek().is_some_and(is_space);
                if !ended {
                    break;
                }
                self.at += 1;
            }
        }
        self.at = self.at.min(self.css.len());
        let mut name = unescaped(&self.css[start..self.at]);
        name.make_ascii_lowercase();
        name
    }

    fn name_or_call(&mut self) {
        let name = self.name();
        if self.peek() != Some(b'(') {
            return;
        }
        let call = match &*name {
            "url" | "src" | "image-set" | "-webkit-image-set" | "image" => Call::Fetching,
            _ => Call::Other,
        };
        self.opens(call);
        if name == "url" {
            self.without_quotes();
        }
    }

    /// `url(address)`: no token but the closing bracket ends it, and no comment can stand in it.
    fn without_quotes(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
        if matches!(self.peek(), None | Some(b'"' | b'\'' | b')')) {
            return;
        }
        let start = self.at;
        while let Some(byte) = self.peek().filter(|byte| *byte != b')') {
            self.at = (self.at + if byte == b'\\' { 2 } else { 1 }).min(self.css.len());
        }
        self.note(&(start..self.at));
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || byte >= 0x80
}

fn is_newline(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | 0x0c)
}

fn is_space(byte: u8) -> bool {
    is_newline(byte) || matches!(byte, b' ' | b'\t')
}

/// Does an escape of one to six hexadecimal digits end here?
fn after_hexadecimal(name: &[u8]) -> bool {
    let digits = name.iter().rev().take_while(|byte| byte.is_ascii_hexdigit()).count();
    (1..=6).any(|count| count <= digits && name[..name.len() - count].ends_with(b"\\"))
}

/// The text without its escapes (CSS Syntax 3, 4.3.7).
fn unescaped(written: &[u8]) -> String {
    let text = String::from_utf8_lossy(written);
    if !text.contains('\\') {
        return text.into_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let digits = rest.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
        if digits > 0 {
            let code = u32::from_str_radix(&rest[..digits], 16).unwrap_or_default();
            plain.push(char::from_u32(code).filter(|c| *c != '\0').unwrap_or(char::REPLACEMENT_CHARACTER));
            rest = &rest[digits..];
            rest = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(SPACES)).unwrap_or(rest);
        } else if let Some(next) = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(['\n', '\r', '\u{c}'])) {
            rest = next;
        } else if let Some(next) = rest.chars().next() {
            plain.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    plain.push_str(rest);
    plain
}

const SPACES: [char; 5] = [' ', '\t', '\n', '\r', '\u{c}'];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(css: &str) -> Vec<String> {
        addresses(css.as_bytes()).into_iter().map(|address| address.text).collect()
    }

    #[test]
    fn every_way_to_write_an_address_is_read() {
        for (css, expected) in [
            ("a{background:url(https://t.example/x)}", &["https://t.example/x"] as &[&str]),
            ("a{background:URL(  'https://t.example/x' )}", &["https://t.example/x"]),
            ("a{background:u\\72l(\"//t.example/x\")}", &["//t.example/x"]),
            ("a{background:\\75 r\\6c (//t.example/x)}", &["//t.example/x"]),
            ("a{background:url(\\68ttps://t.example/x)}", &["https://t.example/x"]),
            ("a{background:url('\\68 ttps://t.exam\\\nple/x')}", &["https://t.example/x"]),
            ("@import 'a.css';@IMPORT \"b.css\" screen;", &["a.css", "b.css"]),
            ("@im\\70ort/**/'a.css'", &["a.css"]),
            ("@import url(a.css) supports(content: 'x');", &["a.css"]),
            ("@import url('a.css') layer(x);", &["a.css"]),
            ("<!-- @import 'a.css'; -->", &["a.css"]),
            ("a{b:image-set('a.png' 1x, url(b.png) 2x, 'c.avif' type('image/avif'))}", &["a.png", "b.png", "c.avif"]),
            ("a{b:-webkit-image-set(url(a.png) 1x)}", &["a.png"]),
            ("a{b:src('a.png')}", &["a.png"]),
            ("@font-face{font-family:'x';src:url(a.woff2) format('woff2'),local('y')}", &["a.woff2"]),
            ("a{b:url(a /*c*/)}", &["a /*c*/"]),
            ("a{b:url(a.png", &["a.png"]),
            ("a{b:url('a.png", &["a.png"]),
            ("a{b:url('a.png\n) c:d}e{f:url(g)}", &["a.png", "g"]),
            ("a{b:url()}", &[]),
        ] {
            assert_eq!(list(css), expected, "{css}");
        }
    }

    #[test]
    fn what_is_no_address_is_left_alone() {
        for css in [
            "/* url(a) */ a{}",
            "a{content:'url(a) @import \"b\"'}",
            "@namespace svg url(http://www.w3.org/2000/svg);@namespace 'x';",
            "@charset 'utf-8';",
            "a::after{content:'x'}",
            "a{font-family:'Open Sans'}",
            "a[href='x']{}",
            "/* never closed url(a)",
            "a{b:curl(a)}",
        ] {
            assert_eq!(list(css), Vec::<String>::new(), "{css}");
        }
    }

    #[test]
    fn an_insertion_in_front_leaves_one_address_that_fetches_nothing() {
        for css in ["a{b:url( x.png )}", "@import 'x.css' print;", "a{b:image-set(\"x\" 1x)}"] {
            let at = addresses(css.as_bytes())[0].at;
            let held = format!("{}{INERT}{}", &css[..at], &css[at..]);
            assert!(list(&held)[0].starts_with(INERT), "{held}");
            assert_eq!(list(&held).len(), 1, "{held}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_to_its_end(
            words in proptest::collection::vec(proptest::sample::select(vec![
                "url(", ")", "\"", "'", "\\", "\\75 ", "@import", "/*", "*/", "\n", " ", "a", "image-set(", ";", "{", "}",
                "(", "\u{e9}", "\\\u{e9}", "x/y", "7", "\r\n", "-", "src(",
            ]), 0..30)
        ) {
            let css = words.concat();
            for address in addresses(css.as_bytes()) {
                prop_assert!(address.at <= css.len() && css.is_char_boundary(address.at));
            }
        }
    }
}
