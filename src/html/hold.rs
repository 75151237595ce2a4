//! What holding a tag does to its bytes.
//!
//! Every edit is an insertion of ASCII: `data-consentgate-` in front of the name of an attribute that acts,
//! `data:,consentgate/` in front of an address in a style, and ` data-consentgate="PURPOSE"` behind the tag's name (a
//! script also gets an inert `type`, first, so that it wins over any later one). The site's own bytes stay, in order:
//! taking the insertions out gives the page back.

use std::borrow::Cow;
use std::collections::BTreeSet;

use bytes::Bytes;
use url::Url;

use crate::consent::Purpose;

use super::attributes::{StartTag, tag_name};
use super::names::fetching_attributes;

/// Put in front of the name of an attribute that must not act.
pub const HELD_PREFIX: &str = "data-consentgate-";

/// An insertion in front of the byte at `at`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) at: usize,
    pub(super) text: Cow<'static, [u8]>,
}

impl From<Edit> for Bytes {
    fn from(edit: Edit) -> Self {
        match edit.text {
            Cow::Borrowed(text) => Self::from_static(text),
            Cow::Owned(text) => text.into(),
        }
    }
}

/// What was held and why, or what passed by a rule or because nothing knows it; the address without its query, which may
/// carry personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// False: it runs, unclassified, for a purpose that is granted or for none that anybody is asked about.
    pub held: bool,
    /// What it is for, and whose it is, where the catalogue knows.
    pub whose: Option<(Purpose, &'static str)>,
    /// What it is for, whoever says so.
    pub purpose: Option<Purpose>,
    /// Whose it is, where the catalogue knows, whatever it is for.
    pub company: Option<&'static str>,
    /// The tag: `script`, `img`, …
    pub tag: String,
    /// Host and path, or `inline` for a script's text.
    pub address: String,
    /// The rule that decided.
    pub rule: String,
}

impl Finding {
    /// What the visitor misses by it, where anybody knows. A hint to what a page is about to ask for shows nothing.
    pub(super) fn left_out(&self) -> Option<(&'static str, Purpose)> {
        let shows = self.held && !matches!(&*self.tag, "link" | "meta");
        self.whose.filter(|_| shows).map(|(purpose, company)| (company, purpose))
    }
}

/// Whose tags were held for which purpose with nothing standing in for them, each once.
pub type LeftOut = BTreeSet<(&'static str, Purpose)>;

/// A held tag that a visitor would have seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldTag {
    /// `iframe`, `embed`, `object`, `video` or `audio`.
    pub tag: String,
    /// What it would have fetched, absolute.
    pub address: String,
    /// The purpose's name, or `unclassified`.
    pub purpose: String,
    /// Whose it is, where the catalogue knows.
    pub company: Option<&'static str>,
    /// Its `title`, as written.
    pub title: Option<String>,
    /// Its `width` and `height`, as written.
    pub size: [Option<String>; 2],
    /// The page's language, as its `<html lang>` says it.
    pub language: Option<String>,
}

impl HeldTag {
    /// What a placeholder has to say; `None` for what nobody would have seen (a tracker's frame of no size), or what has
    /// no address of its own.
    pub(super) fn of(raw: &[u8], base: &Url, (purpose, finding): (&str, &Finding)) -> Option<Self> {
        const SEEN: [&str; 5] = ["iframe", "embed", "object", "video", "audio"];
        let tag = StartTag::new(raw);
        let value = |name| tag.value(name).map(Cow::into_owned);
        let name = SEEN.into_iter().find(|known| known.eq_ignore_ascii_case(tag_name(raw)))?;
        let address = base.join(&value("src").or_else(|| value("data"))?).ok()?;
        let size = [value("width"), value("height")];
        let tiny = |size: &Option<String>| matches!(size.as_deref().map(str::trim), Some("0" | "1" | "0px" | "1px"));
        let style = value("style").unwrap_or_default().replace(' ', "").to_ascii_lowercase();
        let hidden = value("hidden").is_some() || style.contains("display:none") || style.contains("visibility:hidden");
        (!hidden && !size.iter().any(tiny) && matches!(address.scheme(), "http" | "https")).then(|| Self {
            tag: name.into(),
            address: address.into(),
            purpose: purpose.into(),
            company: finding.whose.map(|(_, company)| company),
            title: value("title"),
            size,
            language: None,
        })
    }
}

/// How a tag is marked.
pub(super) struct Mark<'p> {
    /// The purpose's name; behind it, of an inline script, what it would have defined.
    pub(super) purpose: &'p str,
    /// A placeholder stands in front of it: it is hidden.
    pub(super) replaced: bool,
    /// An attribute of it has been held before: the mark is there.
    pub(super) marked: bool,
}

/// The insertions that hold all of a start tag standing at `at`.
pub(super) fn hold(raw: &[u8], at: usize, mark: &Mark<'_>) -> Vec<Edit> {
    let tag = StartTag::new(raw);
    let by_type = ["script", "style"].iter().any(|name| tag_name(raw).eq_ignore_ascii_case(name));
    let mut text = if mark.marked { String::new() } else { marked(mark.purpose) };
    text.push_str(if by_type { " type=\"text/plain\"" } else { "" });
    text.push_str(if mark.replaced { " hidden" } else { "" });
    let mut edits = vec![Edit { at: at + tag.name_end(), text: text.into_bytes().into() }];
    let names: &[&str] = fetching_attributes(tag_name(raw));
    for attribute in tag.attributes() {
        let name = &raw[attribute.name.clone()];
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if names.iter().any(|known| is(known)) || (by_type && is("type")) {
            edits.push(Edit { at: at + attribute.name.start, text: HELD_PREFIX.as_bytes().into() });
        }
    }
    edits
}

/// The insertion that says that something of a start tag standing at `at` is held.
pub(super) fn mark(raw: &[u8], at: usize, purpose: &str) -> Edit {
    Edit { at: at + StartTag::new(raw).name_end(), text: marked(purpose).into_bytes().into() }
}

fn marked(purpose: &str) -> String {
    format!(" data-consentgate=\"{purpose}\"")
}
