//! Who is at the other end, by what may be believed: the socket, and forwarded headers from trusted proxies only.

use std::net::{IpAddr, SocketAddr};

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The visitor, as the gateway should see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The visitor's address, after trusted proxies. Never log it whole: [`redact`].
    pub address: IpAddr,
    /// Did the visitor come by https, here or at a trusted proxy?
    pub https: bool,
}

/// An address short enough for a log: a network, not a person.
pub fn redact(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => Ipv4Net::new_assert(address, 24).trunc().to_string(),
        IpAddr::V6(address) => Ipv6Net::new_assert(address, 48).trunc().to_string(),
    }
}

/// Works out who asks, and takes out of the request what may not be believed (promise 16).
pub(super) fn meet(headers: &mut HeaderMap, socket: SocketAddr, https: bool, trusted: &[IpNet]) -> Peer {
    let address = socket.ip().to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    if !is_trusted(address) {
        drop_claims(headers, is_claim);
        return Peer { address, https };
    }
    // A site that reads its headers as CGI variables cannot tell `X_Forwarded_For` from `X-Forwarded-For`.
    drop_claims(headers, |name| name.contains('_') && is_claim(name));
    Peer { address: visitor(headers, address, is_trusted), https: said_https(headers).unwrap_or(https) }
}

/// From the nearest proxy outwards: the first address that is not a trusted proxy's is the visitor's. What stands
/// further out is the visitor's own claim.
fn visitor(headers: &HeaderMap, nearest: IpAddr, is_trusted: impl Fn(IpAddr) -> bool) -> IpAddr {
    let mut known = nearest;
    let hops: Vec<&[u8]> = list(headers, "x-forwarded-for").collect();
    for hop in hops.into_iter().rev() {
        let Some(address) = parse_address(hop) else { break };
        known = address;
        if !is_trusted(address) {
            break;
        }
    }
    known
}

/// The last one is what the nearest proxy says.
fn said_https(headers: &HeaderMap) -> Option<bool> {
    list(headers, "x-forwarded-proto").last().map(|scheme| scheme.eq_ignore_ascii_case(b"https"))
}

fn list<'h>(headers: &'h HeaderMap, name: &'static str) -> impl Iterator<Item = &'h [u8]> {
    let lines = headers.get_all(name).iter();
    lines.flat_map(|line: &HeaderValue| line.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
}

/// `192.0.2.1`, `192.0.2.1:5000`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:5000`.
fn parse_address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?;
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()))?;
    Some(address.to_canonical())
}

fn drop_claims(headers: &mut HeaderMap, unwanted: impl Fn(&str) -> bool) {
    let found: Vec<HeaderName> = headers.keys().filter(|name| unwanted(name.as_str())).cloned().collect();
    for name in found {
        headers.remove(name);
    }
}

/// `X-Forwarded-*`, `Forwarded` and `X-Real-IP`, also with underscores.
fn is_claim(name: &str) -> bool {
    let same = |(found, known): (u8, u8)| found == known || (found == b'_' && known == b'-');
    let starts = |known: &str| name.len() >= known.len() && name.bytes().zip(known.bytes()).all(same);
    starts("x-forwarded-") || name == "forwarded" || (name.len() == "x-real-ip".len() && starts("x-real-ip"))
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

    fn meet_from(socket: &str, headers: &mut HeaderMap) -> Peer {
        let trusted = ["10.0.0.0/8".parse().expect("a network"), "2001:db8:f::/48".parse().expect("a network")];
        meet(headers, socket.parse().expect("a socket address"), false, &trusted)
    }

    #[test]
    fn a_stranger_s_claims_are_dropped_in_every_spelling() {
        let mut claims = headers(&[
            ("x-forwarded-for", "6.6.6.6"),
            ("x_forwarded_for", "6.6.6.6"),
            ("x-forwarded_proto", "https"),
            ("x-forwarded-anything", "6"),
            ("forwarded", "for=6.6.6.6"),
            ("x_real_ip", "6.6.6.6"),
            ("x-real-ip", "6.6.6.6"),
            ("x-realise", "kept"),
            ("accept", "*/*"),
        ]);
        let peer = meet_from("192.0.2.7:5", &mut claims);
        assert_eq!(peer, Peer { address: [192, 0, 2, 7].into(), https: false });
        assert_eq!(claims, headers(&[("x-realise", "kept"), ("accept", "*/*")]));
    }

    #[test]
    fn a_trusted_proxy_is_believed_up_to_the_first_stranger() {
        for (told, visitor) in [
            ("192.0.2.7", "192.0.2.7"),
            ("6.6.6.6, 192.0.2.7", "192.0.2.7"),
            ("6.6.6.6, 192.0.2.7:99, 10.1.1.1", "192.0.2.7"),
            ("[2001:db8:1::7]:99,10.1.1.1", "2001:db8:1::7"),
            ("2001:db8:1::7", "2001:db8:1::7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("10.1.1.1", "10.1.1.1"),
            ("6.6.6.6, rubbish, 10.1.1.1", "10.1.1.1"),
            ("unknown", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            let peer = meet_from("10.0.0.1:5", &mut headers(&[("x-forwarded-for", told)]));
            assert_eq!(peer.address.to_string(), visitor, "{told}");
        }
        let mut two_lines = headers(&[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "192.0.2.7")]);
        assert_eq!(meet_from("[::ffff:10.0.0.1]:5", &mut two_lines).address.to_string(), "192.0.2.7");
    }

    #[test]
    fn the_scheme_is_what_the_nearest_proxy_says() {
        let https = |told| meet_from("10.0.0.1:5", &mut headers(&[("x-forwarded-proto", told)])).https;
        assert!(https("https"));
        assert!(https("http, HTTPS"));
        assert!(!https("https, http"));
        let mut underscored = headers(&[("x_forwarded_proto", "https")]);
        assert!(!meet_from("10.0.0.1:5", &mut underscored).https);
        assert!(underscored.is_empty());
    }

    #[test]
    fn a_log_shows_a_network_not_a_person() {
        let shown = |address: &str| redact(address.parse().expect("an address"));
        assert_eq!(shown("192.0.2.77"), "192.0.2.0/24");
        assert_eq!(shown("::ffff:192.0.2.77"), "192.0.2.0/24");
        assert_eq!(shown("2001:db8:1:2:3::4"), "2001:db8:1::/48");
    }
}
