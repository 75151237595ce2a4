//! Address patterns: the part of adblock's network syntax that speaks of addresses.
//!
//! `||host^` the host and its subdomains · `|` at the start or the end anchors there · `*` any run · `^` a character that
//! can stand in no host, or the end. Everything else is plain text, found anywhere. Case makes no difference.

use std::ops::Range;

use memchr::{memchr, memchr3, memrchr};

use super::PatternFault;
use super::glob::{Glob, Step};

/// One compiled address pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressPattern(Shape);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    /// `||host^`: by far the commonest, and a comparison of two endings.
    Host(Box<str>),
    /// `||…`: from the start of any label of the host.
    Label(Glob),
    /// From the start of the address.
    Start(Glob),
}

impl AddressPattern {
    /// Compiles a pattern as written; what is no plain address pattern is refused by name.
    pub fn parse(written: &str) -> Result<Self, PatternFault> {
        refuse_other_syntax(written)?;
        let (rest, to_end) = written.strip_suffix('|').map_or((written, false), |rest| (rest, true));
        if let Some(rest) = rest.strip_prefix("||") {
            return Self::of_host(rest, to_end);
        }
        match rest.strip_prefix('|') {
            Some(rest) => Ok(Self(Shape::Start(glob(rest, false, to_end)?))),
            None => Ok(Self(Shape::Start(glob(rest, true, to_end)?))),
        }
    }

    fn of_host(rest: &str, to_end: bool) -> Result<Self, PatternFault> {
        match rest.strip_suffix('^') {
            Some("") => Err(PatternFault::Empty),
            Some(host) if !to_end && host.bytes().all(is_host) => {
                Ok(Self(Shape::Host(host.to_ascii_lowercase().into())))
            }
            _ => Ok(Self(Shape::Label(glob(rest, false, to_end)?))),
        }
    }

    /// Does it match an absolute address, as the `url` crate writes one?
    pub fn matches(&self, url: &str) -> bool {
        let url = url.as_bytes();
        let host = host_of(url);
        match &host {
            // `https://example.com./` is the same host, written to the root; a rule must not be escaped by a dot.
            Some(host) if url[host.clone()].ends_with(b".") => {
                let without = [&url[..host.end - 1], &url[host.end..]].concat();
                self.matches_at(&without, Some(host.start..host.end - 1))
            }
            _ => self.matches_at(url, host),
        }
    }

    fn matches_at(&self, url: &[u8], host: Option<Range<usize>>) -> bool {
        match (&self.0, host) {
            (Shape::Host(domain), Some(host)) => is_or_under(&url[host], domain.as_bytes()),
            (Shape::Label(glob), Some(host)) => matches_at_label(glob, url, host),
            (Shape::Start(glob), _) => glob.matches(url),
            (_, None) => false,
        }
    }
}

fn refuse_other_syntax(written: &str) -> Result<(), PatternFault> {
    let anchored = |start, end| written.starts_with(start) && written.ends_with(end);
    match written {
        _ if written.starts_with("@@") => Err(PatternFault::Exception),
        _ if ["##", "#@#", "#?#", "#$#", "#%#"].iter().any(|mark| written.contains(mark)) => {
            Err(PatternFault::ElementHiding)
        }
        _ if written.starts_with('!') || anchored('[', ']') => Err(PatternFault::Comment),
        _ if written.len() > 1 && anchored('/', '/') => Err(PatternFault::Regex),
        _ if written.contains('$') => Err(PatternFault::Options),
        _ => match written.chars().find(|c| !c.is_ascii_graphic()) {
            Some(bad) => Err(PatternFault::BadCharacter(bad)),
            None => Ok(()),
        },
    }
}

fn glob(written: &str, anywhere: bool, to_end: bool) -> Result<Glob, PatternFault> {
    if written.is_empty() {
        return Err(PatternFault::Empty);
    }
    let step = |byte: u8| match byte {
        b'*' => Step::Any,
        b'^' => Step::Separator,
        _ => Step::Byte(byte.to_ascii_lowercase()),
    };
    let steps = anywhere.then_some(Step::Any).into_iter().chain(written.bytes().map(step)).collect();
    Ok(Glob { steps, fold: true, to_end })
}

fn is_or_under(host: &[u8], domain: &[u8]) -> bool {
    let Some((above, end)) = host.len().checked_sub(domain.len()).map(|cut| host.split_at(cut)) else { return false };
    end.eq_ignore_ascii_case(domain) && above.last().is_none_or(|byte| *byte == b'.')
}

fn matches_at_label(glob: &Glob, url: &[u8], host: Range<usize>) -> bool {
    let starts = |at: &usize| *at == host.start || url[at - 1] == b'.';
    host.clone().filter(starts).any(|at| glob.matches(&url[at..]))
}

/// Where the host stands: after the user information, before the port. `data:` and its like have none.
fn host_of(url: &[u8]) -> Option<Range<usize>> {
    let from = memchr(b':', url).filter(|at| url[*at..].starts_with(b"://"))? + 3;
    let end = memchr3(b'/', b'?', b'#', &url[from..]).map_or(url.len(), |at| from + at);
    let start = memrchr(b'@', &url[from..end]).map_or(from, |at| from + at + 1);
    let bracket = memrchr(b']', &url[start..end]).map_or(start, |at| start + at);
    let end = memchr(b':', &url[bracket..end]).map_or(end, |at| bracket + at);
    Some(start..end)
}

fn is_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, url: &str) -> bool {
        AddressPattern::parse(pattern).unwrap().matches(url)
    }

    #[test]
    fn a_host_pattern_covers_the_host_and_what_is_under_it() {
        for url in [
            "https://example.com/",
            "http://a.b.example.com:8080/x?y",
            "https://u:p@example.com/",
            "https://EXAMPLE.com./",
        ] {
            assert!(matches("||Example.com^", url), "{url}");
        }
        for url in [
            "https://notexample.com/",
            "https://example.com.evil.org/",
            "https://evil.org/example.com/",
            "https://evil.org/?u=https://example.com/",
            "https://example.com@evil.org/",
            "https://example.community/",
            "data:text/plain,example.com",
        ] {
            assert!(!matches("||example.com^", url), "{url}");
        }
    }

    #[test]
    fn anchors_stars_and_separators_mean_what_they_mean_in_adblock() {
        assert!(matches("||example.com/stats/*.js", "https://cdn.example.com/stats/a/b.js?v=1"));
        assert!(!matches("||example.com/stats/*.js", "https://example.com/other/b.js"));
        assert!(matches("||example.", "https://www.example.org/"));
        assert!(matches("|https://a.", "https://a.org/"));
        assert!(!matches("|https://a.", "http://x/?https://a."));
        assert!(matches(".js|", "https://a.org/x.js"));
        assert!(!matches(".js|", "https://a.org/x.js?1"));
        assert!(matches("/track^", "https://a.org/track"));
        assert!(matches("/track^", "https://a.org/track?x"));
        assert!(!matches("/track^", "https://a.org/tracker"));
        assert!(matches("pixel", "https://a.org/Pixel.gif"));
        assert!(matches("*", "https://a.org/"));
        assert!(matches("||a.org^|", "https://a.org/"));
        assert!(!matches("||a.org^|", "https://a.org/x"));
    }

    #[test]
    fn what_is_no_address_pattern_is_refused_by_name() {
        for (written, fault) in [
            ("", PatternFault::Empty),
            ("|", PatternFault::Empty),
            ("||", PatternFault::Empty),
            ("||^", PatternFault::Empty),
            ("@@||a.org^", PatternFault::Exception),
            ("a.org##.ad", PatternFault::ElementHiding),
            ("a.org#@#.ad", PatternFault::ElementHiding),
            ("||a.org^$third-party", PatternFault::Options),
            ("/banner[0-9]+/", PatternFault::Regex),
            ("! a comment", PatternFault::Comment),
            ("[Adblock Plus 2.0]", PatternFault::Comment),
            ("||a.org^ x", PatternFault::BadCharacter(' ')),
            ("||tŷ.cymru^", PatternFault::BadCharacter('ŷ')),
        ] {
            assert_eq!(AddressPattern::parse(written), Err(fault), "{written}");
            assert!(fault.to_string().len() > 10);
        }
        assert!(AddressPattern::parse("/").is_ok());
    }

    /// The plainest matcher there is: try every length for every star.
    fn naive(pattern: &[u8], text: &[u8], to_end: bool) -> bool {
        let separator = |byte: &u8| !byte.is_ascii_alphanumeric() && !b"_-.%".contains(byte);
        match (pattern, text) {
            ([], _) => text.is_empty() || !to_end,
            ([b'*', rest @ ..], _) => (0..=text.len()).any(|cut| naive(rest, &text[cut..], to_end)),
            ([b'^', rest @ ..], []) => naive(rest, text, to_end),
            ([b'^', rest @ ..], [byte, after @ ..]) => separator(byte) && naive(rest, after, to_end),
            ([wanted, rest @ ..], [byte, after @ ..]) => {
                wanted.eq_ignore_ascii_case(byte) && naive(rest, after, to_end)
            }
            _ => false,
        }
    }

    fn reference(pattern: &str, url: &url::Url) -> bool {
        let (rest, to_end) = pattern.strip_suffix('|').map_or((pattern, false), |rest| (rest, true));
        let text = url.as_str();
        if let Some(rest) = rest.strip_prefix("||") {
            let host = url.host_str().unwrap_or_default();
            let start = text.find(host).unwrap_or_default();
            let labels = host.char_indices().filter(|(at, _)| *at == 0 || host.as_bytes()[at - 1] == b'.');
            return labels.into_iter().any(|(at, _)| naive(rest.as_bytes(), &text.as_bytes()[start + at..], to_end));
        }
        match rest.strip_prefix('|') {
            Some(rest) => naive(rest.as_bytes(), text.as_bytes(), to_end),
            None => (0..=text.len()).any(|at| naive(rest.as_bytes(), &text.as_bytes()[at..], to_end)),
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_plainest_matcher(
            pattern in "(\\|\\||\\|)?[abA./^*-]{1,7}[|]?",
            address in "(https://|http://)[ab]{1,2}([.][ab-]{0,2}b){0,2}(:8)?/[abA./?-]{0,6}",
        ) {
            let (Ok(compiled), Ok(url)) = (AddressPattern::parse(&pattern), url::Url::parse(&address)) else {
                return Ok(());
            };
            prop_assert_eq!(compiled.matches(url.as_str()), reference(&pattern, &url), "{} {}", pattern, url);
        }
    }
}
