//! The policy of a consent state: what a browser may fetch for a visitor who agreed to some of it, or to nothing.

use std::collections::HashSet;

/// Only the site itself. Inline script stays allowed: it can fetch from nowhere else, and what of it is held the gate has
/// judged. `*`, every host, is no host that could be named.
pub fn first_party<'h>(hosts: impl IntoIterator<Item = &'h str>) -> String {
    let named = hosts.into_iter().filter(|host| *host != "*" && is_source(host));
    named.fold("default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:".to_owned(), |all, host| all + " " + host)
}

/// A longer header is refused by servers in front, and then nobody sees a page: hosts beyond are not named.
const LONGEST: usize = 6 * 1024;

/// The site itself and these hosts beside it, each once, the first ones first.
pub fn of_hosts<'h>(site: impl IntoIterator<Item = &'h str>, others: impl IntoIterator<Item = &'h str>) -> String {
    let mut seen = HashSet::new();
    let mut room = LONGEST;
    let fits = |host: &&str| {
        room = room.saturating_sub(host.len() + 1);
        room > 0
    };
    first_party(site.into_iter().chain(others).filter(|host| seen.insert(*host)).take_while(fits))
}

/// The host a `tags:` pattern names, as sources: `||maps.example.com^` is the host and everything below it.
/// None where the pattern names no host of its own.
pub fn tag_host(pattern: &str) -> Vec<String> {
    let (rest, below) = match pattern.strip_prefix("||") {
        Some(rest) => (rest, true),
        None => match pattern.strip_prefix('|').and_then(|rest| rest.split_once("://")) {
            Some((_, rest)) => (rest, false),
            None => return Vec::new(),
        },
    };
    let end = rest.find(['/', '^', '|', '*', '?']).unwrap_or(rest.len());
    // `||cdn.example` without an end may go on: it is a beginning, not a host.
    if end == rest.len() || rest[end..].starts_with('*') || !is_source(&rest[..end]) {
        return Vec::new();
    }
    let host = rest[..end].to_ascii_lowercase();
    if below { vec![format!("*.{host}"), host] } else { vec![host] }
}

/// Could it stand in a policy without ending its directive?
fn is_source(host: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:*".contains(&byte);
    !host.is_empty() && host.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_named_once_and_only_where_they_can_be() {
        let policy = of_hosts(["www.example.gov.uk", "*"], ["cdn.example", "www.example.gov.uk", "a;b", "[::1]"]);
        assert_eq!(
            policy,
            "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: www.example.gov.uk cdn.example"
        );
    }

    #[test]
    fn the_header_stays_one_that_servers_take() {
        let many: Vec<_> = (0..2_000).map(|n| format!("host-{n}.example")).collect();
        let policy = of_hosts(["www.example.gov.uk"], many.iter().map(String::as_str));
        assert!(policy.len() < LONGEST + 200 && policy.contains(" host-200.example "), "{}", policy.len());
    }

    #[test]
    fn a_tag_rule_names_its_host() {
        assert_eq!(tag_host("||maps.example.com^"), ["*.maps.example.com", "maps.example.com"]);
        assert_eq!(tag_host("||player.example.net/embed/"), ["*.player.example.net", "player.example.net"]);
        assert_eq!(tag_host("|https://cdn.example/x"), ["cdn.example"]);
        assert_eq!(tag_host("||cdn.example:8443^"), ["*.cdn.example:8443", "cdn.example:8443"]);
        for none in ["/piwik.js", "||cdn.", "||*.example^", "||a*b^", "|https://cdn", "gtag"] {
            assert!(tag_host(none).is_empty(), "{none}");
        }
    }
}
