//! What a forwarding server must settle before anyone acts on a request (RFC 9112 section 3.2, promise 10).
//!
//! hyper 1.12 has already refused malformed lines and headers, unequal or unreadable lengths, unknown transfer
//! codings and transfer codings on HTTP/1.0 (all 400, connection closed). Two things it settles without telling:
//! * a length beside `Transfer-Encoding: chunked` is taken out in whatever order they came, and the connection is
//!   closed after the response; a 400 is not possible here, and no site ever sees both;
//! * a fragment in the target is cut off, so the site gets a well-formed target.

use http::header::{HOST, MAX_FORWARDS};
use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, Version};

/// What the server answers by itself; no handler sees the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OwnAnswer {
    /// An error, with one sentence for the client; the connection is closed.
    Refuse(StatusCode, &'static str),
    /// `OPTIONS *`, or `OPTIONS` with no forwards left (RFC 9110 section 9.3.7): this is as far as it goes.
    Options,
    /// The same address by https.
    Redirect(HeaderValue),
}

use OwnAnswer::Refuse;

/// Checks the request and brings its target into origin form and its Host in line with it.
pub(super) fn admit<B>(request: &mut Request<B>, most_uri_bytes: usize) -> Result<(), OwnAnswer> {
    if uri_bytes(request.uri()) > most_uri_bytes {
        return Err(Refuse(StatusCode::URI_TOO_LONG, "The address is too long."));
    }
    if *request.method() == Method::CONNECT || *request.method() == Method::TRACE {
        return Err(Refuse(StatusCode::METHOD_NOT_ALLOWED, "This method is not served here."));
    }
    check_host(request.headers(), request.version())?;
    normalise_target(request)?;
    if *request.method() == Method::OPTIONS {
        check_options(request)?;
    }
    if !request.uri().path().starts_with('/') {
        return Err(Refuse(StatusCode::BAD_REQUEST, "The address is not a path."));
    }
    Ok(())
}

fn uri_bytes(uri: &Uri) -> usize {
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len() + "https://".len());
    authority + uri.path_and_query().map_or(0, |path| path.as_str().len())
}

/// Exactly one valid Host; HTTP/1.0 may come without (RFC 9112 section 3.2).
fn check_host(headers: &HeaderMap, version: Version) -> Result<(), OwnAnswer> {
    const NOT_ONE: OwnAnswer = Refuse(StatusCode::BAD_REQUEST, "A request needs exactly one valid Host header.");
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host.as_bytes()) => Ok(()),
        (None, None) if version == Version::HTTP_10 => Ok(()),
        _ => Err(NOT_ONE),
    }
}

fn is_host(value: &[u8]) -> bool {
    Authority::try_from(value).is_ok_and(|authority| is_plain(&authority))
}

/// No user name, a host, and a port that exists, if any. RFC 3986 would let a comma stand in a name, but then two
/// Hosts in one line look like one.
fn is_plain(authority: &Authority) -> bool {
    let (text, host) = (authority.as_str(), authority.host());
    let bracketed = host.starts_with('[') && host.ends_with(']');
    let named = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    let port = text.strip_prefix(host);
    let port_fits =
        port.is_some_and(|port| port.is_empty() || port == ":" || authority.port_u16().is_some_and(|port| port != 0));
    !host.is_empty() && (named || bracketed) && !text.contains('@') && port_fits
}

/// Absolute form: what the target says counts, not what Host says (RFC 9112 section 3.2.2).
fn normalise_target<B>(request: &mut Request<B>) -> Result<(), OwnAnswer> {
    let Some(authority) = request.uri().authority() else { return Ok(()) };
    let known = matches!(request.uri().scheme_str(), Some("http" | "https"));
    let Some(host) = HeaderValue::from_str(authority.as_str()).ok().filter(|_| known && is_plain(authority)) else {
        return Err(Refuse(StatusCode::BAD_REQUEST, "The address is not one this server can serve."));
    };
    let path = request.uri().path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    request.headers_mut().insert(HOST, host);
    *request.uri_mut() = Uri::from(path);
    Ok(())
}

fn check_options<B>(request: &mut Request<B>) -> Result<(), OwnAnswer> {
    if request.uri().path() == "*" {
        return Err(OwnAnswer::Options);
    }
    let forwards = request.headers().get(MAX_FORWARDS).and_then(|value| value.to_str().ok()?.parse::<u32>().ok());
    match forwards {
        Some(0) => Err(OwnAnswer::Options),
        Some(left) => {
            request.headers_mut().insert(MAX_FORWARDS, HeaderValue::from(left - 1));
            Ok(())
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, target: &str, hosts: &[&str]) -> Request<()> {
        let mut builder = Request::builder().method(method).uri(target);
        for host in hosts {
            builder = builder.header(HOST, *host);
        }
        builder.body(()).expect("a request")
    }

    fn status(mut request: Request<()>) -> Option<u16> {
        match admit(&mut request, 8192) {
            Err(Refuse(status, _)) => Some(status.as_u16()),
            _ => None,
        }
    }

    #[test]
    fn a_request_has_exactly_one_valid_host() {
        for good in ["a", "a.example:8080", "a:", "192.0.2.1:80", "[2001:db8::1]:443", "under_score.example"] {
            assert_eq!(status(request("GET", "/", &[good])), None, "{good}");
        }
        for bad in ["", "a b", "u@a", "a:0", "a:65536", "a:x", "a/b", "a,b", "http://a", ":80"] {
            assert_eq!(status(request("GET", "/", &[bad])), Some(400), "{bad}");
        }
        assert_eq!(status(request("GET", "/", &[])), Some(400));
        assert_eq!(status(request("GET", "/", &["a", "a"])), Some(400));
        let mut old = request("GET", "/", &[]);
        *old.version_mut() = Version::HTTP_10;
        assert_eq!(status(old), None);
    }

    #[test]
    fn the_target_counts_and_not_the_host_beside_it() {
        let mut absolute = request("GET", "http://b.example:81/x?y=1", &["a.example"]);
        assert_eq!(admit(&mut absolute, 8192), Ok(()));
        assert_eq!(absolute.uri(), "/x?y=1");
        assert_eq!(absolute.headers()[HOST], "b.example:81");
        for bad in ["ftp://b.example/x", "http://u:p@b.example/x", "http://b.example:0/", "b.example:80"] {
            assert_eq!(status(request("GET", bad, &["a.example"])), Some(400), "{bad}");
        }
    }

    #[test]
    fn tunnels_and_traces_are_refused() {
        assert_eq!(status(request("CONNECT", "a.example:443", &["a.example:443"])), Some(405));
        assert_eq!(status(request("TRACE", "/", &["a"])), Some(405));
    }

    #[test]
    fn options_go_as_far_as_they_may() {
        let mut last = request("OPTIONS", "/x", &["a"]);
        last.headers_mut().insert(MAX_FORWARDS, HeaderValue::from(0));
        assert_eq!(admit(&mut last, 8192), Err(OwnAnswer::Options));
        assert_eq!(admit(&mut request("OPTIONS", "*", &["a"]), 8192), Err(OwnAnswer::Options));
        let mut further = request("OPTIONS", "/x", &["a"]);
        further.headers_mut().insert(MAX_FORWARDS, HeaderValue::from(3));
        assert_eq!(admit(&mut further, 8192), Ok(()));
        assert_eq!(further.headers()[MAX_FORWARDS], "2");
        assert_eq!(status(request("GET", "*", &["a"])), Some(400));
    }

    #[test]
    fn an_address_longer_than_the_limit_is_414() {
        let long = format!("/{}", "a".repeat(8192));
        assert_eq!(status(request("GET", &long, &["a"])), Some(414));
        assert_eq!(status(request("GET", &long[1..].replace('a', "/"), &["a"])), None);
    }
}
