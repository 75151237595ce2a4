//! The site behind: its address and how it is reached.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use http::Uri;
use http::uri::{Authority, Scheme};

use super::super::excerpt::quoted;
use super::super::written::{Found, FullUpstream, Key, Upstream};
use super::server::has_certificate;
use super::{Resolver, text};
use crate::upstream::Config;

const CONNECT: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_mins(1);
const CONNECTIONS: usize = 1024;

impl Resolver<'_, '_> {
    pub(super) fn upstream(&mut self, written: &Key<Upstream>) -> Option<Config> {
        self.one_upstream(written.as_ref()?)
    }

    fn one_upstream(&mut self, written: &Found<Upstream>) -> Option<Config> {
        match &written.1 {
            Upstream::Url(url) => {
                let (scheme, authority) = self.url(&Found(written.0, url.clone()))?;
                Some(Config {
                    scheme,
                    authority,
                    host_header: None,
                    ca_file: None,
                    connect_timeout: CONNECT,
                    response_timeout: PATIENCE,
                    idle_timeout: PATIENCE,
                    max_connections: CONNECTIONS,
                })
            }
            Upstream::Full(full) => self.full_upstream(full),
            Upstream::Many(many) => self.only_upstream(written, many),
        }
    }

    fn only_upstream<T>(&mut self, list: &Found<T>, many: &[Found<Upstream>]) -> Option<Config> {
        match many {
            [] => self.fault(list, "is empty", "write one address, such as http://10.0.0.5:80"),
            [one] => return self.one_upstream(one),
            [_, second, ..] => {
                let hint = "name one upstream: a load balancer's address, if there are several servers";
                self.fault(second, "more than one upstream is not in this version yet", hint);
            }
        }
        None
    }

    fn full_upstream(&mut self, written: &FullUpstream) -> Option<Config> {
        let address = written.url.as_ref().and_then(|url| self.url(url));
        let ca_file = written.ca_file.as_ref().map(|found| self.pem(found, "certificate", has_certificate));
        let host_header = text(&written.host_header);
        if let (Some(found), Some(host)) = (&written.host_header, &host_header)
            && (host.parse::<Authority>().is_err() || host.contains('@'))
        {
            let hint = "write what the upstream expects as Host, such as www.example.gov.uk";
            self.fault(found, format!("{} is not a host", quoted(host)), hint);
        }
        let connect_timeout = self.duration(&written.connect_timeout, CONNECT);
        let response_timeout = self.duration(&written.response_timeout, PATIENCE);
        let idle_timeout = self.duration(&written.idle_timeout, PATIENCE);
        let max_connections = written.max_connections.as_ref().map_or(CONNECTIONS, |found| found.1);
        let (scheme, authority) = address?;
        Some(Config {
            scheme,
            authority,
            host_header,
            ca_file,
            connect_timeout,
            response_timeout,
            idle_timeout,
            max_connections,
        })
    }

    fn url(&mut self, found: &Found<String>) -> Option<(Scheme, Authority)> {
        match parse_url(&found.1) {
            Ok((scheme, authority)) => {
                if self.own.iter().any(|own| is_own(*own, &authority)) {
                    let hint = "write the address of the site behind the gate";
                    self.fault(found, "the gate itself listens there: every request would go round for ever", hint);
                }
                Some((scheme, authority))
            }
            Err((message, hint)) => {
                self.fault(found, message, hint);
                None
            }
        }
    }
}

/// Scheme, host and port of an upstream; the port is always there.
fn parse_url(text: &str) -> Result<(Scheme, Authority), (String, &'static str)> {
    const HINT: &str = "write the scheme, host and port: http://10.0.0.5:80";
    let wrong = || (format!("{} is not an upstream's address", quoted(text)), HINT);
    let (scheme, _) = text.split_once("://").ok_or_else(wrong)?;
    let (scheme, default_port) = match scheme {
        "http" => (Scheme::HTTP, 80),
        "https" => (Scheme::HTTPS, 443),
        _ => return Err((format!("{} is not a scheme the gate speaks", quoted(scheme)), HINT)),
    };
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let authority = uri.authority().filter(|authority| !authority.host().is_empty()).ok_or_else(wrong)?;
    if authority.as_str().contains('@') {
        return Err(("an upstream's address holds no user or password".into(), HINT));
    }
    if uri.path_and_query().is_some_and(|path| path != "/") || text.contains('#') {
        let hint = "write scheme, host and port only: the visitor's path is passed on as it is";
        return Err(("an upstream's address has no path".into(), hint));
    }
    match authority.port() {
        Some(port) if port.as_u16() == 0 => Err(wrong()),
        Some(_) => Ok((scheme, authority.clone())),
        None if authority.as_str() == authority.host() => {
            let authority = format!("{}:{default_port}", authority.host()).parse().map_err(|_| wrong())?;
            Ok((scheme, authority))
        }
        None => Err(wrong()),
    }
}

/// Would a connection to the authority reach a listener on `own`? Names other than `localhost` are not looked up: DNS
/// may answer differently tomorrow, and the gateway stops loops by its mark.
fn is_own(own: SocketAddr, authority: &Authority) -> bool {
    let host = authority.host().trim_matches(['[', ']']);
    let local = if host.eq_ignore_ascii_case("localhost") { "127.0.0.1" } else { host };
    let Ok(ip) = local.parse::<IpAddr>() else { return false };
    let reaches_all = ip.is_loopback() || ip.is_unspecified();
    authority.port_u16() == Some(own.port())
        && (ip == own.ip()
            || own.ip().is_unspecified() && reaches_all
            || ip.is_unspecified() && own.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_port_is_the_schemes_own() {
        for (written, expected) in [
            ("http://10.0.0.5", "10.0.0.5:80"),
            ("https://cms.example.gov.uk/", "cms.example.gov.uk:443"),
            ("http://[2001:db8::1]:8080", "[2001:db8::1]:8080"),
            ("https://[2001:db8::1]", "[2001:db8::1]:443"),
        ] {
            assert_eq!(parse_url(written).expect("an address").1.as_str(), expected);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let wrong = [
            "10.0.0.5:80",
            "ftp://a",
            "http://",
            "http://:80",
            "http://a:0",
            "http://a:99999",
            "http://a:",
            "http://a b",
        ];
        for text in wrong.into_iter().chain(["http://u:p@a", "http://a/x", "http://a?x", "http://a/#x", "", "://"]) {
            assert!(parse_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_loop_is_seen_by_address_and_by_localhost() {
        let own = |own: &str, to: &str| is_own(own.parse().expect("own"), &to.parse().expect("to"));
        assert!(own("0.0.0.0:8080", "127.0.0.1:8080"));
        assert!(own("[::]:8080", "localhost:8080"));
        assert!(own("127.0.0.1:9901", "localhost:9901"));
        assert!(own("127.0.0.1:8080", "0.0.0.0:8080"));
        assert!(!own("0.0.0.0:8080", "127.0.0.1:8081"));
        assert!(!own("0.0.0.0:8080", "10.0.0.5:8080"));
        assert!(!own("10.0.0.4:80", "127.0.0.1:80"));
    }
}
