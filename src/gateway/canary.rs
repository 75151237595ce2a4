//! The canary: visitors, requests or paths for which the gate acts on a site that is observed otherwise.
//!
//! Nothing is stored on a visitor to keep them on one side: their network (IPv4 /24, IPv6 /64) is hashed with the signing
//! key, for this request and kept nowhere. A household, an office and a phone in one street are on one side; a phone that
//! leaves its Wi-Fi may change it. Whoever has chosen stays inside: a refusal that was asked for has to count.

use std::net::IpAddr;

use http::HeaderMap;
use http::header::REFERER;
use url::Url;

use crate::catalogue::pattern::{PathPattern, PatternFault};
use crate::consent::Key;
use crate::html::Asked;

use super::Canary as Config;

/// A site's canary, compiled.
pub(super) struct Canary {
    config: Config,
    paths: Vec<PathPattern>,
}

/// What is known of a request when its side is chosen.
pub(super) struct Asking<'a> {
    pub(super) headers: &'a HeaderMap,
    pub(super) address: IpAddr,
    /// Lower-case, without a port.
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    pub(super) asked: Asked,
    /// Under the gate's own prefix.
    pub(super) is_own: bool,
    /// The visitor has a choice cookie of this site.
    pub(super) has_chosen: bool,
}

impl Canary {
    pub(super) fn new(config: &Config) -> Result<Self, PatternFault> {
        let paths = config.paths.iter().map(|path| PathPattern::parse(path)).collect::<Result<_, _>>()?;
        Ok(Self { config: config.clone(), paths })
    }

    /// Does the gate act here? `site` and `key` choose the side of a network.
    pub(super) fn takes(&self, asking: &Asking<'_>, site: &str, key: &Key) -> bool {
        asking.has_chosen || self.has_header(asking) || self.has_path(asking) || self.has_network(asking, site, key)
    }

    fn has_header(&self, asking: &Asking<'_>) -> bool {
        let header = self.config.header.as_ref();
        header.is_some_and(|(name, value)| asking.headers.get_all(name).iter().any(|found| found == value))
    }

    /// What a page loads belongs to the page. The notice's own form and assets have to be answered wherever it may stand.
    fn has_path(&self, asking: &Asking<'_>) -> bool {
        let fits = |path: &str| self.paths.iter().any(|pattern| pattern.matches(path));
        let of_page = || {
            let referer = asking.headers.get(REFERER).and_then(|line| Url::parse(line.to_str().ok()?).ok());
            referer.filter(|page| asking.asked == Asked::Other && page.host_str() == Some(asking.host))
        };
        !self.paths.is_empty()
            && (asking.is_own || fits(asking.path) || of_page().is_some_and(|page| fits(page.path())))
    }

    fn has_network(&self, asking: &Asking<'_>, site: &str, key: &Key) -> bool {
        self.config.visitors > 0 && share(asking.address, site, key) < self.config.visitors
    }
}

/// The network's number below ten thousand: the same for as long as the signing key is, another one on each site.
fn share(address: IpAddr, site: &str, key: &Key) -> u32 {
    let mut network = match address.to_canonical() {
        IpAddr::V4(v4) => v4.octets()[..3].to_vec(),
        IpAddr::V6(v6) => v6.octets()[..8].to_vec(),
    };
    network.extend_from_slice(site.as_bytes());
    let seal = key.seal(b"canary", &network);
    let number = seal.iter().take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    number % 10_000
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn asking<'a>(headers: &'a HeaderMap, path: &'a str) -> Asking<'a> {
        let address = "203.0.113.9".parse().unwrap();
        let host = "www.example.gov.uk";
        Asking { headers, address, host, path, asked: Asked::Page, is_own: false, has_chosen: false }
    }

    fn takes(config: &Config, asking: &Asking<'_>) -> bool {
        Canary::new(config).unwrap().takes(asking, "www.example.gov.uk", &Key::new(KEY))
    }

    #[test]
    fn about_as_many_networks_are_inside_as_was_asked_for() {
        let key = Key::new(KEY);
        let networks = || (0..20_000_u32).map(|n| IpAddr::from([10, (n >> 8).to_le_bytes()[0], n.to_le_bytes()[0], 1]));
        let inside = networks().filter(|address| share(*address, "a", &key) < 500).count();
        assert!((900..1100).contains(&inside), "5% of 20000: {inside}");
        let both = networks().filter(|at| share(*at, "a", &key) < 500 && share(*at, "b", &key) < 500).count();
        assert!(both < 100, "another site takes others: {both}");
    }

    #[test]
    fn a_visitor_stays_on_one_side_within_their_network() {
        let key = Key::new(KEY);
        let of = |address: &str| share(address.parse().unwrap(), "a", &key);
        assert_eq!(of("203.0.113.9"), of("203.0.113.200"));
        assert_eq!(of("203.0.113.9"), of("::ffff:203.0.113.9"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("203.0.113.9"), of("203.0.114.9"));
    }

    #[test]
    fn a_header_or_a_path_or_a_choice_made_takes_a_visitor_in() {
        let header = Some(("x-canary".parse().unwrap(), HeaderValue::from_static("1")));
        let config = Config { header, paths: vec!["/news/*".into()], ..Config::default() };
        let none = HeaderMap::new();
        assert!(!takes(&config, &asking(&none, "/")));
        assert!(takes(&config, &asking(&none, "/news/a")));
        assert!(takes(&config, &Asking { has_chosen: true, ..asking(&none, "/") }));
        assert!(takes(&config, &Asking { is_own: true, ..asking(&none, "/.consent/choice") }));
        let with = |name: &'static str, value: &'static str| {
            HeaderMap::from_iter([(http::HeaderName::from_static(name), HeaderValue::from_static(value))])
        };
        assert!(takes(&config, &asking(&with("x-canary", "1"), "/")));
        assert!(!takes(&config, &asking(&with("x-canary", "0"), "/")));
        let loads = with("referer", "https://www.example.gov.uk/news/a?q");
        assert!(takes(&config, &Asking { asked: Asked::Other, ..asking(&loads, "/a.js") }));
        assert!(!takes(&config, &asking(&loads, "/bins")), "a page is not what another page loads");
        let elsewhere = with("referer", "https://evil.example/news/a");
        assert!(!takes(&config, &Asking { asked: Asked::Other, ..asking(&elsewhere, "/a.js") }));
    }

    #[test]
    fn all_or_nobody_by_share() {
        let none = HeaderMap::new();
        let of = |visitors| takes(&Config { visitors, ..Config::default() }, &asking(&none, "/"));
        assert!(of(10_000) && !of(0));
    }
}
