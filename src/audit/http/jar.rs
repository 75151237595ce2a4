//! The cookies of a visitor without a browser, kept and sent as browsers do (RFC 6265bis section 5).

use url::{Host, Url};

use crate::audit::collect::registrable;
use crate::audit::{CookieMet, SetBy};
use crate::cookie::{SameSite, SetCookie, default_path};

/// What has been set and is still valid.
#[derive(Clone, Debug, Default)]
pub(super) struct Jar(Vec<Kept>);

#[derive(Clone, Debug)]
struct Kept {
    name: Vec<u8>,
    value: Vec<u8>,
    host_only: bool,
    met: CookieMet,
}

impl Jar {
    /// Takes a line of a response of this address. What a browser stored is told.
    pub(super) fn take(&mut self, line: &[u8], url: &Url, now: u64) -> Option<CookieMet> {
        let cookie = SetCookie::parse(line)?;
        let path = String::from_utf8_lossy(cookie.path.unwrap_or(default_path(url.path()).as_bytes())).into_owned();
        let host = url.host_str()?.to_ascii_lowercase();
        let domain = match cookie.domain.as_deref() {
            Some(domain) if may_set(url, domain) => domain.to_owned(),
            // Not for somebody else's host, and not for a public suffix that the site is not itself.
            Some(domain) if domain != host => return None,
            _ => host,
        };
        if cookie.secure && url.scheme() != "https" {
            return None;
        }
        let host_only = cookie.domain.is_none();
        let met = CookieMet {
            name: String::from_utf8_lossy(cookie.name).into_owned(),
            domain,
            path,
            set_by: SetBy::Header,
            wire_lifetime: cookie.declared_lifetime(now),
            secure: cookie.secure,
            http_only: cookie.http_only,
            same_site: cookie.same_site.map(|same| same_site(same).to_owned()),
            kept: false,
        };
        self.0.retain(|kept| {
            let old = (&kept.met.name, &kept.met.domain, &kept.met.path, kept.host_only);
            old != (&met.name, &met.domain, &met.path, host_only)
        });
        if cookie.is_deletion(now) {
            return None;
        }
        let (name, value) = (cookie.name.to_vec(), cookie.value.to_vec());
        self.0.push(Kept { name, value, host_only, met: met.clone() });
        Some(met)
    }

    /// The `Cookie` line for a request; `None` where nothing is sent.
    pub(super) fn line(&self, url: &Url) -> Option<Vec<u8>> {
        let sent = self.0.iter().filter(|kept| kept.goes_to(url));
        let pairs: Vec<_> = sent.map(|kept| [&kept.name[..], b"=", &kept.value].concat()).collect();
        (!pairs.is_empty()).then(|| pairs.join(&b"; "[..]))
    }

    /// What would be sent to this address, as having been there before.
    pub(super) fn kept(&self, url: &Url) -> Vec<CookieMet> {
        let sent = self.0.iter().filter(|kept| kept.goes_to(url));
        sent.map(|kept| CookieMet { kept: true, ..kept.met.clone() }).collect()
    }
}

impl Kept {
    fn goes_to(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let below = || host.strip_suffix(&*self.met.domain).is_some_and(|rest| rest.ends_with('.'));
        let path = url.path().strip_prefix(&*self.met.path);
        let path = path.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || self.met.path.ends_with('/'));
        (host == self.met.domain || !self.host_only && below()) && path && (!self.met.secure || url.scheme() == "https")
    }
}

/// A host may set cookies for itself and for the domains above it, down to the one somebody registered.
fn may_set(url: &Url, domain: &str) -> bool {
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    let above = host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    let named = matches!(url.host(), Some(Host::Domain(_)));
    host == domain || named && above && domain.len() >= registrable(url.host()).len()
}

fn same_site(value: SameSite) -> &'static str {
    match value {
        SameSite::Strict => "strict",
        SameSite::Lax => "lax",
        SameSite::None => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn sent(jar: &Jar, to: &str) -> String {
        jar.line(&url(to)).map(|line| String::from_utf8(line).unwrap()).unwrap_or_default()
    }

    #[test]
    fn cookies_go_where_browsers_send_them() {
        let mut jar = Jar::default();
        let from = url("https://www.example.gov.uk/a/b");
        for line in [
            "one=1",
            "two=2; Domain=.example.gov.uk; Path=/",
            "three=3; Path=/x",
            "four=4; Domain=gov.uk",
            "five=5; Domain=evil.com",
        ] {
            jar.take(line.as_bytes(), &from, 1_000);
        }
        assert_eq!(sent(&jar, "https://www.example.gov.uk/a/c"), "one=1; two=2");
        assert_eq!(sent(&jar, "https://my.example.gov.uk/"), "two=2");
        assert_eq!(sent(&jar, "https://www.example.gov.uk/xy"), "two=2");
        assert_eq!(sent(&jar, "https://www.example.gov.uk/x/y"), "two=2; three=3");
        assert_eq!(sent(&jar, "https://other.gov.uk/"), "");
    }

    #[test]
    fn a_cookie_is_replaced_deleted_and_kept_from_plain_http() {
        let mut jar = Jar::default();
        let from = url("https://example.gov.uk/");
        jar.take(b"a=1; Max-Age=100", &from, 1_000);
        assert_eq!(
            jar.take(b"a=2; Max-Age=63072000; Secure; HttpOnly; SameSite=None", &from, 1_000).unwrap().wire_lifetime,
            Some(63_072_000)
        );
        assert_eq!(sent(&jar, "https://example.gov.uk/"), "a=2");
        assert_eq!(sent(&jar, "http://example.gov.uk/"), "");
        assert_eq!(jar.kept(&from).len(), 1);
        jar.take(b"a=; Max-Age=0", &from, 1_000);
        assert_eq!(sent(&jar, "https://example.gov.uk/"), "");
        assert_eq!(jar.take(b"s=1; Secure", &url("http://example.gov.uk/"), 1_000), None);
        let local = url("http://127.0.0.1:8080/");
        jar.take(b"l=1", &local, 1_000);
        assert_eq!(sent(&jar, "http://127.0.0.1:9/"), "l=1", "ports are nothing to cookies");
    }
}
