//! Where a site is reached that its name does not lead to yet: a gate before DNS has moved.

use std::net::SocketAddr;

use url::Url;

/// Some hosts, and the one address at which they are asked instead of where their names lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    hosts: Vec<String>,
    address: SocketAddr,
}

impl Reach {
    /// For these sites: the host of each, and the same with `www.` and without.
    pub fn of(sites: &[Url], address: SocketAddr) -> Self {
        let hosts = sites.iter().filter_map(Url::host_str);
        let twins = |host: &str| match host.strip_prefix("www.") {
            Some(bare) => [host.to_owned(), bare.to_owned()],
            None => [host.to_owned(), format!("www.{host}")],
        };
        Self { hosts: hosts.flat_map(twins).collect(), address }
    }

    /// Where this host is reached, if not where its name leads.
    pub(super) fn instead(&self, host: &str) -> Option<SocketAddr> {
        self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host)).then_some(self.address)
    }

    /// The same for Chromium.
    pub fn flag(&self) -> String {
        let rules: Vec<_> = self.hosts.iter().map(|host| format!("MAP {host} {}", self.address)).collect();
        format!("--host-resolver-rules={}", rules.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_reached_there_by_both_of_its_names_and_nobody_else_is() {
        let sites = ["https://www.a.gov.uk/x", "http://b.gov.uk"].map(|site| site.parse().unwrap());
        let reach = Reach::of(&sites, "127.0.0.1:8080".parse().unwrap());
        for (host, there) in
            [("www.a.gov.uk", true), ("A.gov.uk", true), ("www.b.gov.uk", true), ("maps.a.gov.uk", false)]
        {
            assert_eq!(reach.instead(host).is_some(), there, "{host}");
        }
        let flag = Reach::of(&sites[..1], "[::1]:8080".parse().unwrap()).flag();
        assert_eq!(flag, "--host-resolver-rules=MAP www.a.gov.uk [::1]:8080, MAP a.gov.uk [::1]:8080");
    }
}
