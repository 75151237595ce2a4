//! One Set-Cookie line, read as user agents read it (RFC 6265bis section 5.6, the consumer algorithm; C3, C8).
//!
//! Nothing is decoded and nothing is copied. Where browsers are known to differ the reading is the one that holds more.

use std::borrow::Cow;

use super::cookie_date;
use super::pair::{folded, judged, split};
use super::scope::{Scope, default_path};
use crate::consent::UnixSeconds;

/// Browsers keep no cookie longer: 400 days, in seconds (section 5.5).
pub const LONGEST_LIFETIME: u64 = 400 * 86_400;

/// Name and value together, in bytes; browsers ignore the line beyond.
const LONGEST_PAIR: usize = 4096;
/// Browsers ignore a longer attribute value.
const LONGEST_ATTRIBUTE: usize = 1024;
/// A nameless value that starts so would come back looking like a prefixed name: browsers drop it.
const PREFIXES: [&[u8]; 3] = [b"__secure-", b"__host-", b"__http-"];

/// What a browser takes from one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one flag of the line")]
pub struct SetCookie<'l> {
    /// The name; empty for a nameless cookie.
    pub name: &'l [u8],
    /// The value, never empty where the name is.
    pub value: &'l [u8],
    /// `Domain`, lower-cased, its leading dot dropped; `None` is host-only.
    pub domain: Option<Cow<'l, str>>,
    /// `Path` where it starts with `/`; otherwise the default path counts.
    pub path: Option<&'l [u8]>,
    /// `Secure`.
    pub secure: bool,
    /// `HttpOnly`.
    pub http_only: bool,
    /// `Partitioned`.
    pub partitioned: bool,
    /// `SameSite` with a known value.
    pub same_site: Option<SameSite>,
    /// `Max-Age`, in seconds.
    pub max_age: Option<i64>,
    /// `Expires`, in seconds since 1970.
    pub expires: Option<i64>,
    folded: bool,
    disputed: bool,
}

/// The values of `SameSite` that browsers know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Only with requests from the site itself.
    Strict,
    /// Also when a link leads here.
    Lax,
    /// With every request.
    None,
}

impl<'l> SetCookie<'l> {
    /// Reads the line. `None` where browsers store nothing: a control character, no name and no value, more than 4,096
    /// bytes, a nameless value that imitates a prefix, a `Domain` outside ASCII. The caller holds such a line.
    pub fn parse(line: &'l [u8]) -> Option<Self> {
        if line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
            return None;
        }
        let mut pieces = line.split(|byte| *byte == b';');
        let (name, value) = match split(pieces.next()?) {
            (name, Some(value)) => (name, value),
            (value, None) => (b"".as_slice(), value),
        };
        if name.len() + value.len() > LONGEST_PAIR || name.is_empty() && (value.is_empty() || is_prefixed(value)) {
            return None;
        }
        let mut cookie = Self::bare(name, value, folded(line));
        let domain = pieces.filter_map(|attribute| cookie.take(attribute)).last().unwrap_or_default();
        cookie.domain = Some(domain_of(domain)?).filter(|domain| !domain.is_empty());
        Some(cookie)
    }

    /// The name a verdict is asked for: that of the pair this cookie will be in the `Cookie` line, so that a nameless
    /// cookie cannot carry a name in; empty where there is none, and for a folded line, which is one unknown cookie (C1).
    pub fn judged_name(&self) -> &'l [u8] {
        match self.name {
            _ if self.folded => b"",
            b"" => judged(self.value),
            name => name,
        }
    }

    /// Does the line only take a cookie away (C9)? `Max-Age` beats `Expires`.
    /// A folded line is no deletion, nor one in which a good lifetime is followed by a bad one: browsers that take the
    /// last one without reading it (Chromium, Firefox) would store the cookie for the session.
    pub fn is_deletion(&self, now: UnixSeconds) -> bool {
        !self.folded && !self.disputed && self.declared_lifetime(now) == Some(0)
    }

    /// The lifetime the site asked for, in seconds from now; `None` for a session.
    pub fn declared_lifetime(&self, now: UnixSeconds) -> Option<u64> {
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let seconds = self.max_age.or_else(|| self.expires.map(|end| end.saturating_sub(now)))?;
        Some(u64::try_from(seconds).unwrap_or(0))
    }

    /// The lifetime browsers give it, in seconds from now: at most [`LONGEST_LIFETIME`]; `None` for a session.
    pub fn effective_lifetime(&self, now: UnixSeconds) -> Option<u64> {
        self.declared_lifetime(now).map(|declared| declared.min(LONGEST_LIFETIME))
    }

    /// The path it is valid for when it answers a request for `request_path`; `None` for one that is not UTF-8.
    pub fn path_at<'p>(&'p self, request_path: &'p str) -> Option<&'p str> {
        self.path.map_or(Some(default_path(request_path)), |path| std::str::from_utf8(path).ok())
    }

    /// Where it is valid; `None` for a nameless cookie, which no name can expire, and for a path that is not UTF-8.
    pub fn scope(&self, request_path: &str) -> Option<Scope> {
        if self.name.is_empty() || self.folded {
            return None;
        }
        Some(Scope {
            domain: self.domain.as_deref().map(Box::from),
            path: self.path_at(request_path)?.into(),
            secure: self.secure,
            partitioned: self.partitioned,
        })
    }

    /// One attribute: the last of a kind wins, an unreadable lifetime and a value too long count as not given.
    /// A `Domain` is handed back, because only the last one must be readable.
    fn take(&mut self, attribute: &'l [u8]) -> Option<&'l [u8]> {
        let (name, value) = split(attribute);
        let value = value.unwrap_or_default();
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        let fits = value.len() <= LONGEST_ATTRIBUTE;
        if is("Max-Age") {
            let max_age = max_age(value).filter(|_| fits);
            self.disputed |= max_age.is_none() && self.max_age.is_some();
            self.max_age = max_age.or(self.max_age);
        } else if is("Expires") {
            let expires = cookie_date(value).filter(|_| fits);
            self.disputed |= expires.is_none() && self.expires.is_some();
            self.expires = expires.or(self.expires);
        } else if !fits {
            return None;
        } else if is("Domain") {
            return Some(value);
        } else if is("Path") {
            self.path = value.starts_with(b"/").then_some(value);
        } else if is("SameSite") {
            self.same_site = same_site(value);
        }
        self.secure |= is("Secure");
        self.http_only |= is("HttpOnly");
        self.partitioned |= is("Partitioned");
        None
    }

    fn bare(name: &'l [u8], value: &'l [u8], folded: bool) -> Self {
        Self {
            name,
            value,
            domain: None,
            path: None,
            secure: false,
            http_only: false,
            partitioned: false,
            same_site: None,
            max_age: None,
            expires: None,
            folded,
            disputed: false,
        }
    }
}

/// Empty is host-only; `None` makes browsers ignore the line (section 5.7: a character outside ASCII).
fn domain_of(value: &[u8]) -> Option<Cow<'_, str>> {
    let domain = std::str::from_utf8(value.strip_prefix(b".").unwrap_or(value)).ok().filter(|text| text.is_ascii())?;
    let lower = !domain.bytes().any(|byte| byte.is_ascii_uppercase());
    Some(if lower { domain.into() } else { domain.to_ascii_lowercase().into() })
}

/// `-?[0-9]+`, a number too large for us as the largest one.
fn max_age(value: &[u8]) -> Option<i64> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let most = if digits.len() < value.len() { i64::MIN } else { i64::MAX };
    std::str::from_utf8(value).ok().map(|digits| digits.parse().unwrap_or(most))
}

fn same_site(value: &[u8]) -> Option<SameSite> {
    match value {
        _ if value.eq_ignore_ascii_case(b"strict") => Some(SameSite::Strict),
        _ if value.eq_ignore_ascii_case(b"lax") => Some(SameSite::Lax),
        _ if value.eq_ignore_ascii_case(b"none") => Some(SameSite::None),
        _ => None,
    }
}

fn is_prefixed(value: &[u8]) -> bool {
    PREFIXES.iter().any(|prefix| value.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixSeconds = 1_795_400_000;

    fn parse(line: &str) -> SetCookie<'_> {
        SetCookie::parse(line.as_bytes()).expect("a line browsers take")
    }

    #[test]
    fn attributes_are_read_whatever_their_case_and_order() {
        let cookie =
            parse("a = b=c ;PATH= /x ; domain=.Example.GOV.uk;sEcUrE;httponly=no; Partitioned ;samesite=LAX;=;;x");
        assert_eq!((cookie.name, cookie.value), (b"a".as_slice(), b"b=c".as_slice()));
        assert_eq!(cookie.domain.as_deref(), Some("example.gov.uk"));
        assert_eq!(cookie.path, Some(b"/x".as_slice()));
        assert!(cookie.secure && cookie.http_only && cookie.partitioned);
        assert_eq!(cookie.same_site, Some(SameSite::Lax));
    }

    #[test]
    fn the_last_attribute_of_a_kind_wins() {
        let cookie =
            parse("a=b; Path=/x; Path=y; Domain=a.uk; Domain=; Max-Age=5; Max-Age=x; SameSite=Lax; SameSite=?");
        assert_eq!((cookie.path, cookie.domain, cookie.max_age, cookie.same_site), (None, None, Some(5), None));
    }

    #[test]
    fn what_browsers_ignore_is_none() {
        let long = |bytes: usize| format!("a={}", "v".repeat(bytes - 1));
        for line in ["", " ", "=", " = ; Path=/", ";a=b", "a\u{1}=b", "a=b\r", "a=b; Path=/\u{7f}", "=__Host-a=b"] {
            assert_eq!(SetCookie::parse(line.as_bytes()), None, "{line:?}");
        }
        for line in ["__SECURE-", "= __http-x", "a=b; Domain=\u{e9}.uk", "=__Host-Http-a"] {
            assert_eq!(SetCookie::parse(line.as_bytes()), None, "{line:?}");
        }
        assert!(SetCookie::parse(long(4096).as_bytes()).is_some());
        assert_eq!(SetCookie::parse(long(4097).as_bytes()), None);
        assert_eq!(SetCookie::parse(b"a=b; Domain=\xff"), None);
        assert!(SetCookie::parse("a=b; Domain=\u{e9}.uk; Domain=a.uk".as_bytes()).is_some());
    }

    #[test]
    fn an_attribute_value_over_1024_bytes_is_not_there() {
        let long = format!("a=b; Path=/ok; Path=/{0}; Domain={0}; Secure={0}", "p".repeat(1024 + 1));
        let cookie = parse(&long);
        assert_eq!((cookie.path, cookie.domain, cookie.secure), (Some(b"/ok".as_slice()), None, false));
    }

    #[test]
    fn a_nameless_cookie_is_judged_by_what_comes_back() {
        for (line, name) in [
            ("_ga=1", "_ga"),
            ("=_ga=1", "_ga"),
            (" = _ga =1", "_ga"),
            ("==_ga=1", ""),
            ("_ga", ""),
            ("a=b, c=d", ""),
            ("a=b; Path=/, c=d; Path=/", ""),
            ("a=b; Expires=Wed, 09 Jun 2027 10:18:14 GMT", "a"),
        ] {
            assert_eq!(parse(line).judged_name(), name.as_bytes(), "{line}");
        }
    }

    #[test]
    fn a_line_that_only_takes_away_is_a_deletion() {
        const PAST: &str = "Thu, 01-Jan-1970 00:00:01 GMT";
        const AHEAD: &str = "Fri, 01 Jan 2100 00:00:00 GMT";
        for (attributes, deletion) in [
            ("", false),
            ("Max-Age=0", true),
            ("max-age=-1", true),
            ("Max-Age=-99999999999999999999", true),
            ("Max-Age=99999999999999999999", false),
            ("Max-Age=1", false),
            ("Max-Age=+0", false),
            ("Max-Age=", false),
            ("Max-Age=-", false),
            ("Max-Age=\"0\"", false),
            ("Max-Age=0; Max-Age=1", false),
            ("Max-Age=1; Max-Age=0", true),
            ("Max-Age=0; Max-Age=soon", false),
            ("Max-Age=soon; Max-Age=0", true),
            (&format!("Expires={PAST}"), true),
            (&format!("Expires={AHEAD}"), false),
            (&format!("Expires={PAST}; Expires={AHEAD}"), false),
            (&format!("Expires={AHEAD}; Expires={PAST}"), true),
            (&format!("Expires={PAST}; Expires=soon"), false),
            (&format!("Expires={PAST}; Max-Age=60"), false),
            (&format!("Max-Age=0; Expires={AHEAD}"), true),
            (&format!("Max-Age=0; Expires=-1; Expires={PAST}"), true),
            (&format!("Expires={PAST}, b=1"), false),
        ] {
            assert_eq!(parse(&format!("a=b; {attributes}")).is_deletion(NOW), deletion, "{attributes}");
        }
    }

    #[test]
    fn browsers_cut_a_lifetime_to_400_days() {
        for (attributes, declared, effective) in [
            ("", None, None),
            ("Max-Age=60", Some(60), Some(60)),
            ("Max-Age=63072000", Some(63_072_000), Some(LONGEST_LIFETIME)),
            ("Max-Age=-5", Some(0), Some(0)),
            ("Expires=Fri, 01 Jan 2100 00:00:00 GMT", Some(4_102_444_800 - NOW), Some(LONGEST_LIFETIME)),
            ("Expires=Thu, 01 Jan 1601 00:00:00 GMT", Some(0), Some(0)),
        ] {
            let line = format!("a=b; {attributes}");
            assert_eq!(parse(&line).declared_lifetime(NOW), declared, "{attributes}");
            assert_eq!(parse(&line).effective_lifetime(NOW), effective, "{attributes}");
        }
    }

    #[test]
    fn the_scope_is_where_browsers_would_keep_it() {
        let scope = parse("a=b; Domain=.Example.uk; Secure").scope("/x/y").expect("a named cookie");
        let expected = Scope { domain: Some("example.uk".into()), path: "/x".into(), secure: true, partitioned: false };
        assert_eq!(scope, expected);
        assert_eq!(parse("=_ga=b").scope("/"), None);
        assert_eq!(SetCookie::parse(b"a=b; Path=/\xff").expect("browsers take it").scope("/"), None);
    }
}
