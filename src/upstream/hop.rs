//! Header fields between hops: what belongs to one connection only, who asks, and through whom it came.
//!
//! Pure functions over header maps. Order for a request on its way to the site: [`looped`], [`clean_request`], then
//! [`forward`]; for a response on its way back: [`clean_response`].

use std::net::IpAddr;

use http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, FORWARDED, HOST, HeaderName, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderValue, StatusCode};

/// RFC 9110 section 7.6.1, beside what `Connection` names. `Trailer` too: trailers are not passed on.
const HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("proxy-authenticate"),
];
/// For the gate alone, or a danger behind it: CGI programs take a `Proxy` field for the setting `HTTP_PROXY`.
const NOT_FOR_THE_SITE: [HeaderName; 2] =
    [HeaderName::from_static("proxy-authorization"), HeaderName::from_static("proxy")];
/// Names the gates a request has passed.
const MARK: HeaderName = HeaderName::from_static("x-consentgate");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Takes out of a request what was meant for the gate only. An upgrade to a WebSocket is kept, alone, where it is a
/// real one: `Connection` names it too. Says whether it kept one.
///
/// No other protocol passes: behind an accepted `h2c` a visitor would talk HTTP/2 with the site through the tunnel,
/// and no request and no `Set-Cookie` in it would meet the gate.
///
/// `Expect: 100-continue` goes too: the gate says 100 itself when the body is first asked for.
pub fn clean_request(headers: &mut HeaderMap) -> bool {
    let upgrade = upgrade_asked(headers);
    remove_hop_by_hop(headers);
    for name in &NOT_FOR_THE_SITE {
        headers.remove(name);
    }
    if headers.get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        headers.remove(EXPECT);
    }
    keep_upgrade(headers, upgrade)
}

/// Takes out of a response what was meant for the gate only; a 101 keeps its upgrade.
///
/// A length beside a transfer coding is wrong and would be believed (RFC 9112 section 6.3): it goes.
pub fn clean_response(status: StatusCode, headers: &mut HeaderMap) {
    let upgrade = (status == StatusCode::SWITCHING_PROTOCOLS).then(|| upgrade_asked(headers)).flatten();
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    }
    remove_hop_by_hop(headers);
    keep_upgrade(headers, upgrade);
}

fn upgrade_asked(headers: &HeaderMap) -> Option<HeaderValue> {
    let named = nominated(headers).any(|option| option.eq_ignore_ascii_case(b"upgrade"));
    let protocol = headers.get(UPGRADE).filter(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"))?;
    named.then(|| protocol.clone())
}

fn keep_upgrade(headers: &mut HeaderMap, upgrade: Option<HeaderValue>) -> bool {
    let Some(protocol) = upgrade else { return false };
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, protocol);
    true
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    if headers.contains_key(CONNECTION) {
        let named: Vec<HeaderName> =
            nominated(headers).filter_map(|option| HeaderName::from_bytes(option).ok()).collect();
        // Without these two the message would mean something else: nobody can take them out by naming them.
        for name in named.into_iter().filter(|name| *name != HOST && *name != CONTENT_LENGTH) {
            headers.remove(name);
        }
    }
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

/// What the `Connection` lines name.
fn nominated(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|option| !option.is_empty())
}

/// Who asks, and what the gate calls itself.
#[derive(Clone, Copy, Debug)]
pub struct Visitor<'v> {
    /// The visitor's address, after trusted proxies.
    pub address: IpAddr,
    /// Did the visitor come by https?
    pub https: bool,
    /// What the visitor asked for as host, if anything.
    pub host: Option<&'v HeaderValue>,
    /// The gate's own name: one for each installation, or two gates in a row would take each other for a loop.
    pub token: &'v str,
}

/// Tells the site who asks, one value each (promise 16), and leaves the gate's mark against loops.
///
/// The mark is a field of our own and not `Via`, which RFC 9110 section 7.6.3 asks a gateway to write: at the sight of
/// `Via` IIS (`noCompressionForProxies`) and nginx (`gzip_proxied off`) stop compressing, and every visitor of the
/// sites this gate is made for would get pages several times as long. A `Via` that came with the request stays.
///
/// `Forwarded` and `X-Real-IP` go: beside these three they could only contradict.
pub fn forward(headers: &mut HeaderMap, visitor: Visitor<'_>) {
    headers.remove(FORWARDED);
    headers.remove(X_REAL_IP);
    let address = HeaderValue::from_str(&visitor.address.to_string()).expect("an address is ASCII");
    headers.insert(X_FORWARDED_FOR, address);
    let scheme = if visitor.https { "https" } else { "http" };
    headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(scheme));
    match visitor.host {
        Some(host) => headers.insert(X_FORWARDED_HOST, host.clone()),
        None => headers.remove(X_FORWARDED_HOST),
    };
    if let Ok(mark) = HeaderValue::from_str(visitor.token) {
        headers.append(MARK, mark);
    }
}

/// Has this request been through this gate before? Then it goes round in a circle: 508 (promise 39).
pub fn looped(headers: &HeaderMap, token: &str) -> bool {
    headers.get_all(MARK).iter().any(|mark| mark.as_bytes() == token.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn what_belongs_to_the_connection_stays_on_it() {
        let mut request = headers(&[
            ("host", "a"),
            ("connection", "close, X-Secret"),
            ("connection", " keep-alive ,,x-other"),
            ("x-secret", "1"),
            ("x-other", "1"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("proxy-authorization", "Basic x"),
            ("proxy", "http://evil.example"),
            ("te", "trailers"),
            ("trailer", "x"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("expect", "100-Continue"),
            ("accept", "*/*"),
        ]);
        assert!(!clean_request(&mut request));
        assert_eq!(names(&request), ["accept", "host"]);
    }

    #[test]
    fn nobody_can_take_out_what_frames_the_message_by_naming_it() {
        let mut request = headers(&[("connection", "host, content-length, cookie"), ("host", "a")]);
        request.extend(headers(&[("content-length", "3"), ("cookie", "a=1")]));
        clean_request(&mut request);
        assert_eq!(names(&request), ["content-length", "host"]);
    }

    #[test]
    fn a_real_upgrade_passes_and_a_half_one_does_not() {
        let mut real = headers(&[("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")]);
        assert!(clean_request(&mut real));
        assert_eq!(real, headers(&[("connection", "upgrade"), ("upgrade", "websocket")]));
        let smuggler = headers(&[("connection", "upgrade"), ("upgrade", "h2c")]);
        let two = headers(&[("connection", "upgrade"), ("upgrade", "websocket, h2c")]);
        for half in [headers(&[("upgrade", "websocket")]), headers(&[("connection", "upgrade")]), smuggler, two] {
            let mut half = half;
            assert!(!clean_request(&mut half));
            assert!(half.is_empty());
        }
        let mut refused = real.clone();
        clean_response(StatusCode::OK, &mut refused);
        assert!(refused.is_empty());
        clean_response(StatusCode::SWITCHING_PROTOCOLS, &mut real);
        assert_eq!(real.get("upgrade").expect("kept"), "websocket");
    }

    #[test]
    fn a_length_beside_a_transfer_coding_is_not_passed_on() {
        let mut response = headers(&[("content-length", "3"), ("transfer-encoding", "chunked"), ("etag", "x")]);
        clean_response(StatusCode::OK, &mut response);
        assert_eq!(names(&response), ["etag"]);
    }

    #[test]
    fn the_site_is_told_once_who_asks() {
        let mut request = headers(&[
            ("x-forwarded-for", "6.6.6.6"),
            ("x-forwarded-for", "7.7.7.7"),
            ("forwarded", "for=6.6.6.6"),
            ("x-real-ip", "6.6.6.6"),
            ("via", "1.0 squid"),
        ]);
        let host = HeaderValue::from_static("www.example.gov.uk");
        let visitor =
            Visitor { address: [192, 0, 2, 7].into(), https: true, host: Some(&host), token: "consentgate-1a2b" };
        forward(&mut request, visitor);
        let told = headers(&[
            ("x-forwarded-for", "192.0.2.7"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "www.example.gov.uk"),
            ("via", "1.0 squid"),
            ("x-consentgate", "consentgate-1a2b"),
        ]);
        assert_eq!(request, told);
    }

    #[test]
    fn a_request_that_comes_round_again_is_known() {
        let request = headers(&[("x-consentgate", "consentgate-0000"), ("x-consentgate", "consentgate-1a2b")]);
        assert!(looped(&request, "consentgate-1a2b"));
        assert!(!looped(&request, "consentgate-ffff"));
        assert!(!looped(&headers(&[("via", "1.1 consentgate-1a2b")]), "consentgate-1a2b"));
    }
}
