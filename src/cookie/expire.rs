//! Fence 3: `Set-Cookie` lines that make a browser forget a cookie (C5, C6).
//!
//! A browser forgets a cookie only when name, host-only or domain, path and partition are those it was set with, and a
//! `Cookie` line tells none of them. So: the scopes the cookie was seen with; otherwise every scope a browser could have
//! had in mind when it sent the cookie here. Not covered: a cookie partitioned below `/` that was never seen, and a
//! cookie of another host.

use std::net::IpAddr;

use http::HeaderValue;

use super::Scope;
use crate::consent::ChoiceCookie;

/// By how many lines one response may grow: more, and it may pass the header limits of what stands in front.
pub const MOST_LINES: usize = 60;
/// And by how many bytes, whatever the length of the names.
const MOST_BYTES: usize = 16 * 1024;
/// Browsers hold no longer name, so none can be a left-over.
const LONGEST_NAME: usize = 4096;

/// How deep the paths, and how long the host, of a cookie that was never seen are tried: bounds what a request can cost.
const MOST_PATHS: usize = 2 * 16;
const MOST_DOMAINS: usize = 8;
/// A browser ignores a longer attribute (RFC 6265bis section 5.6), and the line would mean another cookie.
const LONGEST_ATTRIBUTE: usize = 1024;

/// Where the browser is.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p> {
    /// The host of the request, lower-case, without a port.
    pub host: &'p str,
    /// The path of the request, without a query.
    pub path: &'p str,
    /// The browser speaks https.
    pub https: bool,
}

/// Lines that expire the named cookies, at most `most_lines` together. Names that find no room wait for the next response,
/// to which the browser will send them again; what the first name needs beyond the room there is, is left out.
pub fn expire_all<N: AsRef<[u8]>>(
    names: impl IntoIterator<Item = N>,
    lookup: impl Fn(&[u8]) -> Vec<Scope>,
    at: &Place<'_>,
    most_lines: usize,
) -> Vec<HeaderValue> {
    let mut lines = Vec::new();
    let mut bytes_left = MOST_BYTES;
    for name in names {
        let mut more = expiries(name.as_ref(), &lookup(name.as_ref()), at);
        let room = room(&more, most_lines - lines.len(), bytes_left);
        if room < more.len() && !lines.is_empty() {
            break;
        }
        more.truncate(room);
        bytes_left -= more.iter().map(HeaderValue::len).sum::<usize>();
        lines.append(&mut more);
    }
    lines
}

/// How many of these lines fit.
fn room(lines: &[HeaderValue], most_lines: usize, most_bytes: usize) -> usize {
    let sizes = lines.iter().scan(0, |sum, line| {
        *sum += line.len();
        Some(*sum)
    });
    sizes.take(most_lines).take_while(|sum| *sum <= most_bytes).count()
}

/// Lines that expire one cookie, the likeliest first: with the scopes it was seen with that can be expired from here, or,
/// when there are none, with all it could have. None for the gate's own names and for a name no line can carry.
pub fn expiries(name: &[u8], seen: &[Scope], at: &Place<'_>) -> Vec<HeaderValue> {
    if ChoiceCookie::is_own(name) || name.len() > LONGEST_NAME || name.iter().any(|byte| b";=".contains(byte)) {
        return Vec::new();
    }
    let prefix = Prefix::of(name);
    if prefix.secure && !at.https {
        return Vec::new();
    }
    let lines = |targets: Vec<Target<'_>>| -> Vec<HeaderValue> {
        let fitting = targets.iter().filter(|target| prefix.fits(target));
        fitting.filter_map(|target| line(name, target, prefix, at.https)).collect()
    };
    let known = lines(seen.iter().filter_map(|scope| Target::seen(scope, at)).collect());
    if known.is_empty() { lines(fallback(at)) } else { known }
}

/// What the prefix of a name demands of every line that sets it, also of one that expires it. Browsers read prefixes
/// without regard to case (C4); `__Http-` and `__Host-Http-` come with the next draft (C14).
#[derive(Clone, Copy)]
struct Prefix {
    secure: bool,
    host_only: bool,
    http_only: bool,
}

impl Prefix {
    fn of(name: &[u8]) -> Self {
        let starts = |prefix: &[u8]| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        let host_only = starts(b"__Host-");
        let http_only = starts(b"__Http-") || starts(b"__Host-Http-");
        Self { secure: host_only || http_only || starts(b"__Secure-"), host_only, http_only }
    }

    fn fits(self, target: &Target<'_>) -> bool {
        !self.host_only || (target.domain.is_none() && target.path == "/")
    }
}

/// One scope to expire.
#[derive(Clone, Copy)]
struct Target<'s> {
    domain: Option<&'s str>,
    path: &'s str,
    partitioned: bool,
}

impl<'s> Target<'s> {
    /// `None` for a scope this response cannot reach: a browser refuses a `Domain` that is not the host or above it, and
    /// a response over plain http cannot overlay a `Secure` cookie, nor does the browser send one here.
    fn seen(scope: &'s Scope, at: &Place<'_>) -> Option<Self> {
        let domain = scope.domain.as_deref().filter(|_| takes_domain(at.host));
        let reachable = domain.is_none_or(|domain| is_within(at.host, domain));
        let allowed = at.https || !(scope.secure || scope.partitioned);
        (reachable && allowed).then_some(Self { domain, path: &scope.path, partitioned: scope.partitioned })
    }
}

/// Every scope a browser could have had in mind: the host alone, then it and its parents as `Domain`, on `/` and on each
/// path that leads to the request's; on https also in a partition, where cookies stand on `/` by custom.
fn fallback<'p>(at: &Place<'p>) -> Vec<Target<'p>> {
    let domains: Vec<_> = std::iter::once(None).chain(domains(at.host).map(Some)).collect();
    let root = |partitioned| domains.iter().map(move |domain| Target { domain: *domain, path: "/", partitioned });
    let mut targets: Vec<_> = root(false).chain(root(true).filter(|_| at.https)).collect();
    for path in paths(at.path).take(MOST_PATHS) {
        targets.extend(domains.iter().map(|domain| Target { domain: *domain, path, partitioned: false }));
    }
    targets
}

/// The host and its parents, down to, not including, the public suffix; nothing for an address or a bare name. The
/// registrable domain leads: that is where analytics sets its cookies.
fn domains(host: &str) -> impl Iterator<Item = &str> {
    let registrable = Some(host).filter(|host| takes_domain(host)).and_then(psl::domain_str);
    let below = registrable.map_or("", |_| host);
    let parents = std::iter::successors(Some(below), |host| host.split_once('.').map(|(_, parent)| parent));
    let parents = parents.take_while(move |host| registrable.is_some_and(|top| host.len() > top.len()));
    registrable.into_iter().chain(parents).take(MOST_DOMAINS)
}

/// The paths below `/` that match the request's (RFC 6265bis section 5.1.4), each with and without its closing slash.
fn paths(path: &str) -> impl Iterator<Item = &str> {
    let path = path.split('?').next().filter(|path| path.starts_with('/')).unwrap_or_default();
    let slashes = path.match_indices('/').map(|(at, _)| at);
    let last = Some(path).filter(|path| !path.ends_with('/'));
    slashes.flat_map(|at| [&path[..at], &path[..=at]]).chain(last).filter(|path| path.len() > 1)
}

/// Addresses, `localhost` and other single names, and a host with its closing dot have host-only cookies alone.
fn takes_domain(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.contains('.') && !host.ends_with('.') && address.parse::<IpAddr>().is_err()
}

fn is_within(host: &str, domain: &str) -> bool {
    let Some(start) = host.len().checked_sub(domain.len()) else { return false };
    let (sub, end) = host.as_bytes().split_at(start);
    end.eq_ignore_ascii_case(domain.as_bytes()) && (sub.is_empty() || sub.ends_with(b"."))
}

/// `None` for what cannot stand in a line, or would be read as something else.
fn line(name: &[u8], target: &Target<'_>, prefix: Prefix, https: bool) -> Option<HeaderValue> {
    let stands = |text: &str| text.len() <= LONGEST_ATTRIBUTE && !text.contains(';') && text.trim() == text;
    if !stands(target.path) || !target.domain.is_none_or(stands) {
        return None;
    }
    let mut line = name.to_vec();
    // A browser ignores a line with neither name nor value: a nameless cookie is expired with one.
    line.extend_from_slice(if name.is_empty() { b"=0" } else { b"=" });
    line.extend_from_slice(b"; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=");
    line.extend_from_slice(target.path.as_bytes());
    for part in target.domain.iter().flat_map(|domain| ["; Domain=", domain]) {
        line.extend_from_slice(part.as_bytes());
    }
    for (wanted, attribute) in
        [(https, "; Secure"), (prefix.http_only, "; HttpOnly"), (target.partitioned, "; Partitioned")]
    {
        line.extend_from_slice(if wanted { attribute.as_bytes() } else { b"" });
    }
    HeaderValue::from_maybe_shared(bytes::Bytes::from(line)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: &str = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

    fn scope(domain: Option<&str>, path: &str) -> Scope {
        Scope { domain: domain.map(Box::from), path: path.into(), secure: false, partitioned: false }
    }

    fn texts(lines: &[HeaderValue]) -> Vec<&str> {
        lines.iter().map(|line| line.to_str().expect("ASCII")).collect()
    }

    fn all(name: &str, seen: &[Scope], at: (&str, &str, bool)) -> Vec<String> {
        let lines = expiries(name.as_bytes(), seen, &Place { host: at.0, path: at.1, https: at.2 });
        texts(&lines).into_iter().map(String::from).collect()
    }

    #[test]
    fn a_seen_cookie_is_expired_where_it_was_seen_and_nowhere_else() {
        let secure = Scope { secure: true, partitioned: true, ..scope(None, "/x") };
        let seen = [scope(Some("example.gov.uk"), "/"), secure, scope(Some("other.gov.uk"), "/")];
        assert_eq!(
            all("_ga", &seen, ("www.example.gov.uk", "/a", true)),
            [
                format!("_ga=; {END}; Path=/; Domain=example.gov.uk; Secure"),
                format!("_ga=; {END}; Path=/x; Secure; Partitioned"),
            ]
        );
        assert_eq!(
            all("_ga", &seen, ("www.example.gov.uk", "/a", false)),
            [format!("_ga=; {END}; Path=/; Domain=example.gov.uk")]
        );
    }

    #[test]
    fn a_cookie_never_seen_is_expired_wherever_it_can_be() {
        let end = |rest: &str| format!("_ga=; {END}; Path={rest}");
        assert_eq!(
            all("_ga", &[], ("www.example.gov.uk", "/a/b?c=/d", false)),
            [
                end("/"),
                end("/; Domain=example.gov.uk"),
                end("/; Domain=www.example.gov.uk"),
                end("/a"),
                end("/a; Domain=example.gov.uk"),
                end("/a; Domain=www.example.gov.uk"),
                end("/a/"),
                end("/a/; Domain=example.gov.uk"),
                end("/a/; Domain=www.example.gov.uk"),
                end("/a/b"),
                end("/a/b; Domain=example.gov.uk"),
                end("/a/b; Domain=www.example.gov.uk"),
            ]
        );
        let https = all("_ga", &[], ("example.gov.uk", "/", true));
        let end = |rest: &str| format!("_ga=; {END}; Path=/{rest}");
        assert_eq!(
            https,
            [
                end("; Secure"),
                end("; Domain=example.gov.uk; Secure"),
                end("; Secure; Partitioned"),
                end("; Domain=example.gov.uk; Secure; Partitioned"),
            ]
        );
    }

    #[test]
    fn a_scope_seen_on_another_host_leaves_the_cookie_unknown_here() {
        let seen = [scope(Some("other.gov.uk"), "/")];
        assert_eq!(all("_ga", &seen, ("www.gov.uk", "/", false)).len(), 2);
    }

    #[test]
    fn a_domain_is_never_a_public_suffix_an_address_or_a_bare_name() {
        for host in ["localhost", "intranet", "10.0.0.5", "::1", "[2001:db8::1]", "example.gov.uk.", "gov.uk", ""] {
            let lines = all("_ga", &[], (host, "/", false));
            assert_eq!(lines, [format!("_ga=; {END}; Path=/")], "{host}");
        }
        let lines = all("_ga", &[], ("a.b.c.example.gov.uk", "/", false)).join("\n");
        assert!(lines.contains("Domain=b.c.example.gov.uk") && !lines.contains("Domain=gov.uk"), "{lines}");
        assert_eq!(
            all("_ga", &[scope(Some("10.0.0.5"), "/")], ("10.0.0.5", "/", false)),
            [format!("_ga=; {END}; Path=/")]
        );
    }

    #[test]
    fn prefixed_names_get_what_browsers_demand() {
        let host = ("www.example.gov.uk", "/a/b", true);
        assert_eq!(
            all("__HOST-x", &[scope(Some("example.gov.uk"), "/")], host),
            [format!("__HOST-x=; {END}; Path=/; Secure"), format!("__HOST-x=; {END}; Path=/; Secure; Partitioned")]
        );
        assert_eq!(
            all("__Host-Http-x", &[scope(None, "/")], host),
            [format!("__Host-Http-x=; {END}; Path=/; Secure; HttpOnly")]
        );
        assert!(all("__Secure-x", &[], host).iter().all(|line| line.contains("; Secure")));
        for name in ["__Host-x", "__secure-x", "__Http-x"] {
            assert!(all(name, &[], ("www.example.gov.uk", "/", false)).is_empty(), "{name} cannot be there");
        }
    }

    #[test]
    fn the_choice_and_names_no_line_can_carry_are_passed_over() {
        let at = Place { host: "example.gov.uk", path: "/", https: false };
        for name in [b"__Host-consentgate".as_slice(), b"consentgate", b"a;b", b"a=b", b"a\nb", b"a\0", &[b'a'; 4097]] {
            assert!(expiries(name, &[], &at).is_empty(), "{name:?}");
        }
        let semicolon = expiries(b"a", &[], &Place { path: "/x;Domain=evil/y", ..at });
        assert!(!semicolon.is_empty() && !texts(&semicolon).join(" ").contains("evil"));
        let high = expiries(b"a\xff", &[], &at);
        assert!(high[0].as_bytes().starts_with(b"a\xff=; Max-Age=0"));
        assert_eq!(texts(&expiries(b"", &[], &at))[0], format!("=0; {END}; Path=/"));
    }

    #[test]
    fn a_long_path_or_host_costs_little() {
        let path = "/x".repeat(4000);
        let host = format!("{}example.gov.uk", "a.".repeat(100));
        let lines = all("_ga", &[], (&host, &path, true));
        assert!(lines.len() <= (MOST_DOMAINS + 1) * (MOST_PATHS + 2), "{}", lines.len());
    }

    #[test]
    fn one_response_grows_by_so_many_lines_and_the_rest_waits() {
        let at = Place { host: "www.example.gov.uk", path: "/", https: false };
        let names: Vec<String> = (0..180).map(|n| format!("c{n}")).collect();
        let unseen = expire_all(&names, |_| Vec::new(), &at, MOST_LINES);
        assert_eq!(unseen.len(), MOST_LINES);
        let seen = expire_all(&names, |_| vec![scope(None, "/")], &at, MOST_LINES);
        assert_eq!(texts(&seen)[59], format!("c59=; {END}; Path=/"));
        let uneven = expire_all(&names, |_| vec![scope(None, "/"); 7], &at, MOST_LINES);
        assert_eq!(uneven.len(), 56, "a name is expired whole or waits");
        let deep = expire_all(["a", "b"], |_| vec![scope(None, "/"); 70], &at, MOST_LINES);
        assert_eq!(deep.len(), MOST_LINES, "the first name always gets what there is");
        let long = expire_all(["n".repeat(4000)], |_| vec![scope(None, "/"); 60], &at, MOST_LINES);
        assert_eq!(long.len(), 4);
        assert!(expire_all(&names, |_| Vec::new(), &at, 0).is_empty());
    }

    /// A browser's jar, as far as identity goes: (name, domain or none for host-only, path, partitioned).
    type Key = (String, Option<String>, String, bool);

    fn key(line: &str) -> Key {
        let attribute = |name: &str| line.split("; ").find_map(|part| part.strip_prefix(name)).map(String::from);
        let name = line.split('=').next().expect("split yields one").to_owned();
        (name, attribute("Domain="), attribute("Path=").expect("we always say one"), line.contains("; Partitioned"))
    }

    #[test]
    fn every_version_of_a_cookie_that_the_browser_sends_is_gone() {
        let (host, path) = ("www.example.gov.uk", "/a/b");
        let mut jar: Vec<Key> = Vec::new();
        for domain in [None, Some("www.example.gov.uk"), Some("example.gov.uk")] {
            for path in ["/", "/a", "/a/", "/a/b"] {
                jar.push(("_ga".into(), domain.map(String::from), path.into(), false));
            }
        }
        let kept = ("other".to_owned(), None, "/".to_owned(), false);
        jar.push(kept.clone());
        for line in expire_all(["_ga"], |_| Vec::new(), &Place { host, path, https: true }, MOST_LINES) {
            let gone = key(line.to_str().expect("ASCII"));
            jar.retain(|cookie| *cookie != gone);
        }
        assert_eq!(jar, [kept]);
    }
}
