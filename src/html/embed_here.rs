//! Where a page of the site's own shows the cookies page, and whether it leads to it.
//!
//! The place is an element with an id of the gate's; nothing in front of it or behind it has to be known, so the page
//! streams on.

use url::Url;

use super::attributes::{StartTag, tag_name};
use super::page::Notice;

/// The id of the element that the cookies page goes into.
const ID: &str = "consentgate-cookies";

/// The cookies page, as a page of the site's own meets it.
pub struct Cookies {
    /// Its path: `/.consent/cookies`.
    pub path: String,
    /// Makes what goes into its place.
    pub content: Notice,
}

/// May this attribute give an element that id? `rest` is what follows its equals sign, as far as that has come.
pub(super) fn may_give_id(name: &[u8], rest: &[u8]) -> bool {
    if !name.eq_ignore_ascii_case(b"id") {
        return false;
    }
    let value = rest.trim_ascii_start();
    let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value).trim_ascii_start();
    let known = value.len().min(ID.len());
    value[..known] == ID.as_bytes()[..known]
}

/// Is this start tag the place? Only elements whose content is shown as it is.
pub(super) fn is_place(raw: &[u8]) -> bool {
    let holds = |name: &str| matches!(name, "div" | "section" | "main" | "article");
    holds(&tag_name(raw).to_ascii_lowercase()) && StartTag::new(raw).value("id").is_some_and(|id| id.trim() == ID)
}

/// Is this start tag a link to that path on this host, by whichever of the page's bases?
pub(super) fn leads_to(raw: &[u8], path: &str, bases: &[Url]) -> bool {
    if !tag_name(raw).eq_ignore_ascii_case("a") {
        return false;
    }
    let Some(href) = StartTag::new(raw).value("href") else { return false };
    let here = bases.first().and_then(Url::host_str);
    bases.iter().all(|base| base.join(&href).is_ok_and(|url| url.path() == path && url.host_str() == here))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_known_by_its_id() {
        for place in ["<div id=consentgate-cookies>", "<Main class=x ID = ' consentgate-cookies'>"] {
            assert!(is_place(place.as_bytes()), "{place}");
        }
        for other in ["<div id=cookies>", "<input id=consentgate-cookies>", "<div data-id=consentgate-cookies>"] {
            assert!(!is_place(other.as_bytes()), "{other}");
        }
        for rest in ["consentgate-cookies>", " \"consentgate-cookies\"", "'consent", ""] {
            assert!(may_give_id(b"Id", rest.as_bytes()), "{rest}");
        }
        assert!(!may_give_id(b"id", b"content>") && !may_give_id(b"class", b"consentgate-cookies"));
    }

    #[test]
    fn a_link_leads_there_only_if_it_does_under_every_base() {
        let page: Url = "https://www.example.gov.uk/bins/".parse().unwrap();
        let elsewhere: Url = "https://old.example/".parse().unwrap();
        let leads = |raw: &str, bases: &[Url]| leads_to(raw.as_bytes(), "/.consent/cookies", bases);
        let both = [page.clone(), elsewhere];
        let page = [page];
        assert!(leads("<a class=x href='/.consent/cookies?lang=cy'>", &page));
        assert!(leads("<A HREF=//www.example.gov.uk/.consent/cookies>", &both));
        assert!(leads("<a href=\"../.consent/cook&#105;es\">", &page));
        assert!(!leads("<a href=/.consent/cookies>", &both), "it leads to the other host");
        assert!(!leads("<a href=//other.example/.consent/cookies>", &page));
        assert!(!leads("<a href=/.consent/record>", &page));
        assert!(!leads("<link href=/.consent/cookies>", &page));
    }
}
