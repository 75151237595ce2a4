//! Addresses the notice points to.
//!
//! A legacy page may carry `<base href>`, so the banner's addresses name their host. They name the scheme too where it
//! is known to be https: `//host` takes the scheme of the base, and a base still written `http://` would send the
//! choice in the clear. Elsewhere `//host` is right also behind a TLS terminator that does not announce itself.

use url::form_urlencoded;

use super::{Config, ExemptPurpose, Language};

/// Where in a site the notice is shown.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The site's notice.
    pub config: &'a Config,
    /// The language to speak.
    pub language: Language,
    /// The language of the page around it, if it says one that we speak.
    pub page_language: Option<Language>,
    /// The visitor is known to use https.
    pub https: bool,
    /// The authority as the visitor wrote it: `www.example.gov.uk`, `localhost:8080`.
    pub host: &'a str,
    /// The reserved prefix, without a slash at its end.
    pub prefix: &'a str,
    /// The page's own path and query.
    pub return_to: &'a str,
    /// What is used here until the visitor objects.
    pub exempt: &'a [ExemptPurpose],
    /// This response's nonce, for a page whose Content-Security-Policy asks for one.
    pub nonce: &'a str,
}

impl Place<'_> {
    /// The notice's language where the page's is another one, or unknown (WCAG 3.1.2).
    pub(super) fn foreign(&self) -> Option<&'static str> {
        (self.page_language != Some(self.language)).then(|| self.language.tag())
    }

    /// What stands in front of a path, as far as it is known.
    pub fn origin(&self) -> String {
        self.address("")
    }

    /// The full address of a path of this site.
    pub(super) fn address(&self, path: &str) -> String {
        let scheme = if self.https { "https:" } else { "" };
        if is_authority(self.host) { format!("{scheme}//{}{path}", self.host) } else { path.to_owned() }
    }

    /// The full address of something under the reserved prefix.
    pub(super) fn own(&self, path: &str) -> String {
        self.address(&format!("{}/{path}", self.prefix))
    }

    /// The full address of the cookies page, which leads back here.
    pub(super) fn cookies(&self) -> String {
        let spoken = (self.config.languages.len() > 1).then_some(self.language);
        self.address(&cookies_address(self.prefix, self.return_to, spoken))
    }
}

/// The path and query of the cookies page: `return` leads back, `lang` overrides what the browser prefers.
pub fn cookies_address(prefix: &str, return_to: &str, language: Option<Language>) -> String {
    under(prefix, "cookies", return_to, language)
}

/// The path and query of the visitor's own record.
pub(super) fn record_address(prefix: &str, return_to: &str, language: Language) -> String {
    under(prefix, "record", return_to, Some(language))
}

fn under(prefix: &str, page: &str, return_to: &str, language: Option<Language>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("return", &local(return_to));
    if let Some(language) = language {
        query.append_pair("lang", language.tag());
    }
    format!("{prefix}/{page}?{}", query.finish())
}

/// The path and query as it may stand in a link: never another site's address, and ASCII, because a browser would
/// encode a query by the charset of the page. `//host` and `/\host` would leave the site, also with a tab or line
/// break between (URL standard, "basic URL parser"): such a path becomes the home page.
pub(super) fn local(path: &str) -> String {
    let leaves = !path.starts_with('/') || path[1..].starts_with(['/', '\\']) || path.contains(char::is_control);
    if leaves {
        return "/".to_owned();
    }
    path.bytes().map(encoded).collect()
}

/// The byte as a link may carry it. What is encoded already stays as it is.
fn encoded(byte: u8) -> String {
    match byte {
        b'!'..=b'~' => char::from(byte).into(),
        _ => format!("%{byte:02X}"),
    }
}

/// A host and perhaps a port. Anything else could move the notice's addresses to another site.
fn is_authority(host: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    !host.is_empty() && host.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leaves_the_site() {
        for path in
            ["//evil.example", "/\\evil.example", "/\t/evil.example", "https://evil.example", "", "javascript:x"]
        {
            assert_eq!(local(path), "/", "{path:?}");
        }
    }

    #[test]
    fn a_path_stays_as_it_is_but_ascii() {
        assert_eq!(local("/a/b?c=d%20e&f=<g>"), "/a/b?c=d%20e&f=<g>");
        assert_eq!(local("/tŷ b"), "/t%C5%B7%20b");
    }

    #[test]
    fn only_an_authority_becomes_part_of_an_address() {
        for host in ["www.example.gov.uk", "localhost:8080", "[::1]:80"] {
            assert!(is_authority(host), "{host}");
        }
        for host in ["", "a/b", "user@host", "a b", "ŵ.example", "a\"b", "a?b"] {
            assert!(!is_authority(host), "{host}");
        }
    }

    #[test]
    fn the_way_back_is_encoded() {
        let address = cookies_address("/.consent", "/a?b=c&d", Some(Language::Welsh));
        assert_eq!(address, "/.consent/cookies?return=%2Fa%3Fb%3Dc%26d&lang=cy");
    }
}
