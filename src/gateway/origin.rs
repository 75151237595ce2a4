//! Who may change a choice: only a page of the same site, asked by its visitor; which page something came from, and whether
//! a program asks that says it audits.

use http::header::{HeaderValue, ORIGIN, REFERER, USER_AGENT};
use http::{HeaderMap, Method, Request};
use url::Url;

use crate::inventory::page;

use super::visit::host;

/// Does an audit ask? Whoever says so without being one takes nobody out of the counts but themselves.
pub(super) fn is_audit(headers: &HeaderMap) -> bool {
    let mut agents = headers.get_all(USER_AGENT).iter().map(HeaderValue::as_bytes);
    agents.any(|agent| memchr::memmem::find(agent, b"consentgate-audit").is_some())
}

/// Did this POST come from a page of the host it was sent to?
///
/// `Origin` decides where it names one. It is `null` for a same-origin form on a page with `Referrer-Policy:
/// no-referrer`; then, and where it is missing, `Sec-Fetch-Site` decides. An old browser may send neither with a form:
/// then a `Referer` of another host tells. A client that sends none of the three is no browser that could be tricked.
pub(super) fn is_same_site(headers: &HeaderMap, host: &str) -> bool {
    // No browser sends two, and whoever does must not find the one that suits.
    if headers.get_all(ORIGIN).iter().nth(1).is_some() {
        return false;
    }
    match headers.get(ORIGIN).map(HeaderValue::as_bytes) {
        None | Some(b"null") => match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
            Some(site) => matches!(site, b"same-origin" | b"none"),
            None if headers.contains_key(ORIGIN) => false,
            None => headers.get_all(REFERER).iter().all(|referer| is_of_host(referer.as_bytes(), host)),
        },
        Some(origin) => names_host(origin, host),
    }
}

fn is_of_host(referer: &[u8], host: &str) -> bool {
    let address = std::str::from_utf8(referer).ok().and_then(|referer| referer.split_once("://"));
    let authority = address.and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

/// The scheme may differ where something in front of the gate ends TLS; host and port may not.
fn names_host(origin: &[u8], host: &str) -> bool {
    let authority = std::str::from_utf8(origin).ok().and_then(|origin| origin.split_once("://"));
    authority.is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
}

/// The page that a form was sent from, by `Referer`, where that is of the same host: as it may be kept.
pub(super) fn sent_from<B>(request: &Request<B>) -> Option<Box<str>> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let referer = request.headers().get(REFERER)?;
    let url = Url::parse(referer.to_str().ok()?).ok()?;
    is_of_host(referer.as_bytes(), host(request.headers())).then(|| page(url.path()).into())
}

/// The path and query to go back to: on this very host, or `/` (no open redirect).
pub(super) fn safe_return(wish: Option<&str>, host: &str) -> String {
    let Ok(base) = Url::parse(&format!("http://{host}/")) else { return "/".into() };
    let back = wish.filter(|wish| wish.starts_with('/')).and_then(|wish| base.join(wish).ok());
    let back = back.filter(|url| url.origin() == base.origin());
    let path = back.as_ref().map(|url| &url[url::Position::BeforePath..]);
    // `/..//evil.example` is resolved to `//evil.example`, which by itself is another site's address.
    path.filter(|path| !path.starts_with("//")).unwrap_or("/").to_owned()
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn same(headers: &[(&'static str, &'static str)]) -> bool {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        is_same_site(&headers.iter().map(pair).collect(), "www.example.gov.uk")
    }

    #[test]
    fn only_a_page_of_this_host_may_choose() {
        assert!(same(&[("origin", "https://www.example.gov.uk")]));
        assert!(same(&[("origin", "http://WWW.example.gov.uk")]));
        assert!(same(&[]));
        assert!(same(&[("referer", "https://www.example.gov.uk/bins?x=1")]));
        assert!(!same(&[("referer", "https://evil.example/www.example.gov.uk")]));
        assert!(!same(&[("referer", "https://www.example.gov.uk@evil.example/")]));
        assert!(same(&[("origin", "null"), ("sec-fetch-site", "same-origin")]));
        assert!(!same(&[("origin", "null")]));
        assert!(!same(&[("origin", "null"), ("sec-fetch-site", "cross-site")]));
        assert!(!same(&[("sec-fetch-site", "same-site")]));
        assert!(!same(&[("origin", "https://www.example.gov.uk"), ("origin", "https://evil.example")]));
        for other in
            ["https://evil.example", "https://www.example.gov.uk.evil.example", "https://www.example.gov.uk:8443", ""]
        {
            assert!(!same(&[("origin", other)]), "{other}");
        }
    }

    #[test]
    fn nobody_is_sent_elsewhere() {
        let back = |wish| safe_return(Some(wish), "www.example.gov.uk:8080");
        assert_eq!(back("/bins?week=2&x=%2F"), "/bins?week=2&x=%2F");
        assert_eq!(back("/caf\u{e9}"), "/caf%C3%A9");
        for elsewhere in
            ["//evil.example/", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "", "bins"]
        {
            assert_eq!(back(elsewhere), "/", "{elsewhere}");
        }
        assert_eq!(back("/\t/evil.example"), "/");
        assert_eq!(back("/..//evil.example"), "/");
        assert_eq!(back("/./\\evil.example"), "/");
        assert_eq!(back("/a\r\nSet-Cookie: x=y"), "/aSet-Cookie:%20x=y");
        assert_eq!(safe_return(None, "x"), "/");
    }
}
