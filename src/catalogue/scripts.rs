//! Inline scripts, known by what stands in their text.
//!
//! Two signs are looked for: needles, pieces of text a tracker's snippet cannot do without; and addresses of companies
//! that only measure or advertise. A needle that begins or ends with a letter must begin or end a word there, so that
//! `ga('create'` is not found in `saga('create'`. An address counts only where a browser would read it as one. Links to
//! a social network, a video or a company's own site are no sign: councils share pages from scripts that do no more.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Match};
use memchr::memmem;

use super::addresses;
use super::data::{self, SIGNATURES};
use crate::consent::Purpose;

/// A sign that an inline script belongs to a company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// What was found: a piece of text, or the domain of an address.
    pub needle: &'static str,
    /// What such scripts are for.
    pub purpose: Purpose,
    /// Whose they are.
    pub company: &'static str,
}

struct Needles {
    rows: Vec<Signature>,
    automaton: AhoCorasick,
}

static NEEDLES: LazyLock<Needles> = LazyLock::new(|| {
    let row = |[needle, company, purpose]: [&'static str; 3]| Signature {
        needle,
        purpose: data::sure_purpose(purpose),
        company,
    };
    let rows: Vec<_> = data::rows(SIGNATURES).map(row).collect();
    let automaton = AhoCorasick::new(rows.iter().map(|row| row.needle)).expect("the needles are few and short");
    Needles { rows, automaton }
});

/// Every sign in the text of an inline script, needles first. The same sign and the same purpose may come again.
pub fn signatures(script: &[u8]) -> impl Iterator<Item = &'static Signature> {
    needles(script).chain(addresses_in(script))
}

pub(super) fn count() -> usize {
    NEEDLES.rows.len()
}

fn needles(script: &[u8]) -> impl Iterator<Item = &'static Signature> {
    let found = NEEDLES.automaton.find_overlapping_iter(script);
    found.filter(|found| stands_alone(script, found)).map(|found| &NEEDLES.rows[found.pattern().as_usize()])
}

fn stands_alone(script: &[u8], found: &Match) -> bool {
    let needle = &script[found.range()];
    let before = found.start().checked_sub(1).map(|at| script[at]);
    let apart = |edge: Option<&u8>, beyond: Option<u8>| {
        !(edge.is_some_and(|edge| is_word(*edge)) && beyond.is_some_and(is_word))
    };
    apart(needle.first(), before) && apart(needle.last(), script.get(found.end()).copied())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$'
}

/// The addresses alone: what a script may load or send to.
pub fn addresses_in(script: &[u8]) -> impl Iterator<Item = &'static Signature> {
    let plain = memmem::find_iter(script, b"//").map(|at| at + 2);
    let escaped = memmem::find_iter(script, br"\/\/").map(|at| at + 4);
    plain.chain(escaped).filter_map(|start| host_at(&script[start..]))
}

/// The sign in an address whose host starts here. A host ends where a browser or a string would end it: in a comment
/// such as `//example.com is down` it does not.
fn host_at(text: &[u8]) -> Option<&'static Signature> {
    let text = &text[text.iter().take(MOST_SLASHES).position(|byte| !matches!(byte, b'/' | b'\\'))?..];
    let end = text.iter().position(|byte| !is_host(*byte)).unwrap_or(text.len());
    let (written, rest) = text.split_at(end);
    let ended = rest.first().is_none_or(|byte| b"/\"'`:?\\#".contains(byte));
    if !ended || !written.contains(&b'.') {
        return None;
    }
    let mut lower = [0; LONGEST_HOST];
    let lower = lower.get_mut(..written.len())?;
    lower.copy_from_slice(written);
    lower.make_ascii_lowercase();
    addresses::find(std::str::from_utf8(lower).ok()?, &path_of(rest))?.in_scripts.as_ref()
}

/// Browsers pass over any number of slashes. A longer run is looked at from its last ones, or a text of nothing but
/// slashes would cost the square of its length.
const MOST_SLASHES: usize = 64;
/// No row's path is as long; without a bound every address would be read on to the next quote, perhaps megabytes away.
const LONGEST_PATH: usize = 512;
/// The longest host name (RFC 1035 section 2.3.4).
const LONGEST_HOST: usize = 253;

fn is_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

/// The path and query up to the end of the string they stand in, without the backslashes of `\/`.
fn path_of(rest: &[u8]) -> Cow<'_, str> {
    let rest = &rest[..rest.len().min(LONGEST_PATH)];
    let end = rest.iter().position(|byte| b"\"'`# \t\r\n<>".contains(byte)).unwrap_or(rest.len());
    let path = String::from_utf8_lossy(&rest[..end]);
    if path.contains('\\') { Cow::Owned(path.replace('\\', "")) } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A site that repeats a visitor's words in a script must not let them stop a worker.
    #[test]
    fn a_text_made_to_be_slow_is_read_in_time_with_its_length() {
        for piece in ["/", r"\/", "//a.b", r"\/\/a.b"] {
            let text = piece.repeat(1_000_000 / piece.len());
            let start = std::time::Instant::now();
            assert_eq!(signatures(text.as_bytes()).count(), 0);
            assert!(start.elapsed().as_secs() < 20, "{piece}: {:?}", start.elapsed());
        }
        let late = format!("'{}www.google-analytics.com/x'", "/".repeat(1000));
        assert!(signatures(late.as_bytes()).count() > 0, "slashes hide nothing");
    }

    fn purposes(script: &str) -> Vec<Purpose> {
        let mut found: Vec<_> = signatures(script.as_bytes()).map(|sign| sign.purpose).collect();
        found.sort();
        found.dedup();
        found
    }

    #[test]
    fn the_snippets_vendors_hand_out_are_known() {
        let google = "(function(i,s,o,g,r,a,m){i['GoogleAnalyticsObject']=r;})(window,document,'script',\
                      '//www.google-analytics.com/analytics.js','ga'); ga('create', 'UA-1-1', 'auto');";
        assert_eq!(purposes(google), [Purpose::ANALYTICS]);
        let old = "var gaJsHost = (('https:' == document.location.protocol) ? 'https://ssl.' : 'http://www.'); \
                   document.write(unescape(\"%3Cscript src='\" + gaJsHost + \"google-analytics.com/ga.js'\"));";
        assert_eq!(purposes(old), [Purpose::ANALYTICS]);
        let container = "j.src='https://www.googletagmanager.com/gtm.js?id='+i+dl;";
        assert_eq!(purposes(container), [Purpose::MARKETING]);
        assert_eq!(purposes("!function(f,b){}(window); fbq('init', '1');"), [Purpose::MARKETING]);
        assert_eq!(purposes("(function(h,o){h._hjSettings={hjid:1,hjsv:6};})(window)"), [Purpose::ANALYTICS]);
        assert_eq!(purposes("var _paq = window._paq || []; _paq.push(['trackPageView']);"), [Purpose::ANALYTICS]);
    }

    #[test]
    fn a_needle_must_stand_as_a_word() {
        assert_eq!(purposes("saga('create', order)"), []);
        assert_eq!(purposes("my_fbq('init')"), []);
        assert_eq!(purposes("$fbq('init')"), []);
        assert_eq!(purposes("window.fbq('init')"), [Purpose::MARKETING]);
        assert_eq!(purposes("fbq('init')"), [Purpose::MARKETING]);
    }

    #[test]
    fn share_links_are_no_tracker() {
        for link in [
            "window.open('https://www.facebook.com/sharer/sharer.php?u=' + location.href)",
            "window.open('https://twitter.com/share?text=x'); location='https://x.com/intent/tweet'",
            "a.href = 'https://www.linkedin.com/shareArticle?mini=true'",
            "var video = \"https:\\/\\/www.youtube.com\\/watch?v=1\";",
            "location = 'https://www.surveymonkey.com/r/ABC'",
            "// see https://www.microsoft.com/en-gb/ for help",
        ] {
            assert_eq!(purposes(link), [], "{link}");
        }
    }

    #[test]
    fn an_address_counts_where_a_browser_reads_one() {
        for text in [
            "s.src='//cdn.doubleclick.net/x.js'",
            "s.src=\"https:\\/\\/ad.doubleclick.net\\/x.js\"",
            "s.src='https://AD.DoubleClick.net'",
            "s.src='///doubleclick.net/x'",
            "x = 'https://doubleclick.net",
        ] {
            assert_eq!(purposes(text), [Purpose::MARKETING], "{text}");
        }
        for text in
            ["// doubleclick.net/x", "//doubleclick.net is slow", "'doubleclick.net/x'", "//notdoubleclick.net/", "//"]
        {
            assert_eq!(purposes(text), [], "{text}");
        }
    }

    #[test]
    fn a_path_decides_what_an_address_is_for() {
        assert_eq!(purposes("s.src='https://www.googletagmanager.com/gtag/js?id=G-1'"), [Purpose::ANALYTICS]);
        assert_eq!(
            purposes("s.src='//www.googletagmanager.com/gtag/js?id=DC-1'"),
            [Purpose::ANALYTICS, Purpose::MARKETING]
        );
        let escaped = r#"{"u":"https:\/\/www.googletagmanager.com\/gtag\/js?id=G-1"}"#;
        assert_eq!(purposes(escaped), [Purpose::ANALYTICS]);
    }
}
