//! The pages a site lists itself: sitemaps, and sitemaps of sitemaps.

use url::Url;

/// Sitemaps of sitemaps are followed so deep.
pub(super) const DEEPEST: u8 = 2;
/// The protocol allows 50,000 in one file; an audit has no use for more.
const MOST: usize = 50_000;

/// What a sitemap lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sitemap {
    /// Pages.
    pub(super) pages: Vec<Url>,
    /// Further sitemaps.
    pub(super) sitemaps: Vec<Url>,
}

impl Sitemap {
    /// Reads the XML form, or a list of addresses, one a line. What is neither lists nothing.
    pub(super) fn parse(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if !text.starts_with('<') {
            return Self { pages: addresses(text.lines()), ..Self::default() };
        }
        let Ok(document) = roxmltree::Document::parse(text) else { return Self::default() };
        let below = |name: &str| {
            let entries = document.descendants().filter(|node| node.tag_name().name() == name);
            let places = entries.filter_map(|entry| entry.children().find(|node| node.tag_name().name() == "loc"));
            places.filter_map(|place| place.text()).map(str::to_owned).collect::<Vec<_>>()
        };
        let (pages, sitemaps) = (below("url"), below("sitemap"));
        Self {
            pages: addresses(pages.iter().map(String::as_str)),
            sitemaps: addresses(sitemaps.iter().map(String::as_str)),
        }
    }
}

fn addresses<'t>(lines: impl Iterator<Item = &'t str>) -> Vec<Url> {
    let urls = lines.filter_map(|line| Url::parse(line.trim()).ok());
    urls.filter(|url| matches!(url.scheme(), "http" | "https")).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let xml = b"\xef\xbb\xbf<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">
            <url><loc> https://example.gov.uk/a?b=1&amp;c=2 </loc><lastmod>2026</lastmod></url><url><loc>ftp://x/</loc></url></urlset>";
        let found = Sitemap::parse(xml);
        assert_eq!(found.pages.iter().map(Url::as_str).collect::<Vec<_>>(), ["https://example.gov.uk/a?b=1&c=2"]);
        let index = b"<sitemapindex><sitemap><loc>https://example.gov.uk/s1.xml</loc></sitemap></sitemapindex>";
        assert_eq!(Sitemap::parse(index).sitemaps.len(), 1);
        assert_eq!(Sitemap::parse(b"https://example.gov.uk/1\r\nnothing\nhttps://example.gov.uk/2").pages.len(), 2);
    }

    #[test]
    fn what_is_broken_lists_nothing() {
        for text in [&b""[..], b"<urlset><url>", b"<!DOCTYPE x [<!ENTITY a \"aaaa\">]><x>&a;</x>", b"\xff\xff"] {
            assert_eq!(Sitemap::parse(text), Sitemap::default());
        }
    }
}
