//! Does a source list let an address of the gate's own through? (CSP3, "does url match source list in origin".)
//!
//! Where this is in doubt the answer is no: then one exact source is added that was not needed, and nothing is lost.

use super::read::Directive;

/// An address of the gate's own, on the page's own host.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address<'a> {
    /// The visitor is known to use https; else the scheme is not known.
    pub(super) https: bool,
    /// Host and perhaps a port, as the page's own address has them.
    pub(super) authority: &'a str,
    pub(super) path: &'a str,
}

impl Address<'_> {
    /// The source expression that matches this address and no other. Without a scheme it takes the page's own, or its
    /// safer sister. None where the host cannot be written as one (an IPv6 address), or where the address would not stay
    /// one word.
    pub(super) fn source(&self) -> Option<String> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte);
        let source = format!("{}{}", self.authority, self.path);
        let fits = !self.authority.is_empty() && self.path.starts_with('/') && source.bytes().all(plain);
        fits.then_some(source)
    }

    /// Does the list let it through without its nonce?
    pub(super) fn is_matched_by(&self, list: &Directive<'_>) -> bool {
        list.values.iter().any(|source| self.is_matched_by_one(source))
    }

    fn is_matched_by_one(&self, source: &str) -> bool {
        let lower = source.to_ascii_lowercase();
        match &*lower {
            "*" | "'self'" | "http:" => true,
            "https:" => self.https,
            quoted if quoted.starts_with('\'') => false,
            _ => self.is_matched_by_host(source),
        }
    }

    /// `[scheme://]host[:port][/path]`.
    fn is_matched_by_host(&self, source: &str) -> bool {
        let (scheme, rest) = source.split_once("://").map_or((None, source), |(scheme, rest)| (Some(scheme), rest));
        let scheme_fits = match scheme.map(str::to_ascii_lowercase).as_deref() {
            None | Some("http") => true,
            Some("https") => self.https,
            Some(_) => false,
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let (host, port) = split_port(authority);
        let (own_host, own_port) = split_port(self.authority);
        let port_fits = port == Some("*") || port == own_port || self.are_default(port, own_port);
        scheme_fits && port_fits && host_fits(host, own_host) && path_fits(path, self.path)
    }

    /// No port and the scheme's own are the same; with the scheme unknown, only where neither is written.
    fn are_default(&self, one: Option<&str>, other: Option<&str>) -> bool {
        let default = |port: Option<&str>| port.is_none() || (self.https && port == Some("443"));
        default(one) && default(other)
    }
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    authority.rsplit_once(':').map_or((authority, None), |(host, port)| (host, Some(port)))
}

fn host_fits(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(ending) if ending.starts_with('.') => {
            host.len() > ending.len() && host[host.len() - ending.len()..].eq_ignore_ascii_case(ending)
        }
        Some(_) => false,
        None => pattern.eq_ignore_ascii_case(host),
    }
}

/// None, a folder that holds it, or the very path.
fn path_fits(pattern: &str, path: &str) -> bool {
    match pattern {
        "" => true,
        folder if folder.ends_with('/') => path.starts_with(folder),
        exact => exact == path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/.consent/guard-01.js";

    fn matched(sources: &str, authority: &str, https: bool) -> bool {
        let values = sources.split(' ').collect();
        let list = Directive { name: "script-src", values, span: 0..0 };
        Address { https, authority, path: PATH }.is_matched_by(&list)
    }

    #[test]
    fn a_source_lets_the_own_host_through_or_not() {
        let host = "www.example.gov.uk";
        for (source, https, expected) in [
            ("'self'", false, true),
            ("'SELF'", true, true),
            ("*", false, true),
            ("https:", true, true),
            ("https:", false, false),
            ("http:", true, true),
            ("wss:", true, false),
            ("data:", true, false),
            ("www.example.gov.uk", false, true),
            ("WWW.Example.gov.uk", false, true),
            ("https://www.example.gov.uk", true, true),
            ("https://www.example.gov.uk", false, false),
            ("http://www.example.gov.uk", true, true),
            ("*.example.gov.uk", false, true),
            ("*.www.example.gov.uk", false, false),
            ("*www.example.gov.uk", false, false),
            ("example.gov.uk", false, false),
            ("www.example.gov.uk:443", true, true),
            ("www.example.gov.uk:443", false, false),
            ("www.example.gov.uk:*", false, true),
            ("www.example.gov.uk:8080", false, false),
            ("www.example.gov.uk/", false, true),
            ("www.example.gov.uk/.consent/", false, true),
            ("www.example.gov.uk/.consent", false, false),
            ("www.example.gov.uk/.consent/guard-01.js", false, true),
            ("www.example.gov.uk/js/", false, false),
            ("'none'", false, false),
            ("'unsafe-inline'", false, false),
            ("'nonce-abc'", false, false),
            ("cdn.example 'self'", false, true),
        ] {
            assert_eq!(matched(source, host, https), expected, "{source} https {https}");
        }
        assert!(matched("localhost:8080", "localhost:8080", false) && !matched("localhost", "localhost:8080", false));
    }

    #[test]
    fn only_a_plain_address_becomes_a_source() {
        let source = |authority: &str| Address { https: true, authority, path: PATH }.source();
        assert_eq!(source("a.example:8080").as_deref(), Some("a.example:8080/.consent/guard-01.js"));
        for wrong in ["", "[::1]:80", "a;script-src *", "a b", "a,b", "*.example", "'self'"] {
            assert_eq!(source(wrong), None, "{wrong}");
        }
    }
}
