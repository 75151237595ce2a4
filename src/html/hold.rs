//! What holding a tag does to its bytes.
//!
//! Every edit is an insertion of ASCII: `data-consentgate-` in front of the name of an attribute that fetches, and
//! ` data-consentgate="PURPOSE"` behind the tag's name (a script also gets an inert `type`, first, so that it wins
//! over any later one). The site's own bytes stay, in order: taking the insertions out gives the page back.

use std::borrow::Cow;

use url::Url;

use crate::consent::{Purpose, PurposeSet};
use crate::policy::{Policy, Rule, Verdict};

use super::attributes::{StartTag, srcset};
use super::scan::Kind;

/// Put in front of the name of an attribute that must not act.
pub const HELD_PREFIX: &str = "data-consentgate-";

/// An insertion in front of the byte at `at`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) at: usize,
    pub(super) text: Cow<'static, [u8]>,
}

/// What was held and why, or what passed because nothing knows it; the address without its query, which may carry
/// personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// False: it runs, unclassified.
    pub held: bool,
    /// What it is for, and whose it is, where the catalogue knows.
    pub whose: Option<(Purpose, &'static str)>,
    /// The tag: `script`, `img`, …
    pub tag: String,
    /// Host and path, or `inline` for a script's text.
    pub address: String,
    /// The rule that decided.
    pub rule: String,
}

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
}

/// What a start tag comes to.
pub(super) enum Judged {
    /// It may stay as it is.
    Pass,
    /// Hold it: the rule says why.
    Hold { purpose: String, finding: Finding },
    /// A script without an address: its text decides.
    Inline,
    /// It may stay, and is worth a mention.
    Noted(Finding),
    /// An `iframe srcdoc`: a page in an attribute, to be searched first.
    Document(String),
}

/// Judges tags for one page and one visitor.
pub(super) struct Judge<'p> {
    pub(super) policy: &'p Policy,
    pub(super) granted: PurposeSet,
    /// The page's own host.
    pub(super) host: &'p str,
    /// What relative addresses may be relative to: held by any of them is held.
    pub(super) bases: &'p [Url],
}

impl Judge<'_> {
    /// The verdict on a start tag from its own bytes.
    pub(super) fn tag(&self, kind: Kind, raw: &[u8]) -> Judged {
        let tag = StartTag::new(raw);
        match kind {
            Kind::Script => self.script(tag, raw),
            Kind::Link if !fetches(&tag.value("rel").unwrap_or_default()) => Judged::Pass,
            Kind::Link | Kind::Fetching => self.fetching(tag, raw),
            Kind::Opaque | Kind::Base | Kind::Html => Judged::Pass,
        }
    }

    /// The verdict on the text of an inline script.
    pub(super) fn script_text(&self, text: &[u8]) -> Judged {
        self.judged(&self.policy.script_text(text, self.granted), "script", "inline")
    }

    fn script(&self, tag: StartTag<'_>, raw: &[u8]) -> Judged {
        if !runs(tag) {
            return Judged::Pass;
        }
        match self.fetching(tag, raw) {
            Judged::Pass if tag.value("src").is_none() => Judged::Inline,
            judged => judged,
        }
    }

    fn fetching(&self, tag: StartTag<'_>, raw: &[u8]) -> Judged {
        let mut all = Judged::Pass;
        for name in fetching_attributes(tag_name(raw)) {
            let Some(value) = tag.value(name) else { continue };
            let judged = match *name {
                "srcdoc" => return Judged::Document(value.into_owned()),
                "srcset" | "imagesrcset" => {
                    srcset(&value).map(|address| self.address(address, raw)).fold(Judged::Pass, Judged::or)
                }
                _ => self.address(&value, raw),
            };
            all = all.or(judged);
            if all.is_hold() {
                return all;
            }
        }
        all
    }

    /// What holds an address of a `Link` header.
    pub(super) fn link(&self, address: &str) -> Option<Finding> {
        match self.address(address, b"<link>") {
            Judged::Hold { finding, .. } => Some(finding),
            _ => None,
        }
    }

    /// An address that is none (`http://[`) fetches nothing; one of another scheme than http fetches no third party.
    fn address(&self, address: &str, raw: &[u8]) -> Judged {
        self.bases.iter().map(|base| self.address_from(base, address, raw)).fold(Judged::Pass, Judged::or)
    }

    fn address_from(&self, base: &Url, address: &str, raw: &[u8]) -> Judged {
        let Ok(url) = base.join(address) else { return Judged::Pass };
        if !matches!(url.scheme(), "http" | "https") {
            return Judged::Pass;
        }
        let verdict = self.policy.address(&url, self.host, self.granted);
        self.judged(&verdict, &tag_name(raw).to_ascii_lowercase(), &shown(&url))
    }

    /// What a placeholder has to say; `None` for what nobody would have seen (a tracker's frame of no size), or what has
    /// no address of its own.
    pub(super) fn held(&self, raw: &[u8], purpose: &str, finding: &Finding) -> Option<HeldTag> {
        const SEEN: [&str; 5] = ["iframe", "embed", "object", "video", "audio"];
        let tag = StartTag::new(raw);
        let value = |name| tag.value(name).map(Cow::into_owned);
        let name = SEEN.into_iter().find(|known| known.eq_ignore_ascii_case(tag_name(raw)))?;
        let address = value("src").or_else(|| value("data"))?;
        let size = [value("width"), value("height")];
        let tiny = |size: &Option<String>| matches!(size.as_deref().map(str::trim), Some("0" | "1" | "0px" | "1px"));
        let style = value("style").unwrap_or_default().replace(' ', "").to_ascii_lowercase();
        let hidden = value("hidden").is_some() || style.contains("display:none") || style.contains("visibility:hidden");
        (!hidden && !size.iter().any(tiny)).then_some(())?;
        Some(HeldTag {
            tag: name.into(),
            address: self.bases.last()?.join(&address).ok()?.into(),
            purpose: purpose.into(),
            company: finding.whose.map(|(_, company)| company),
            title: value("title"),
            size,
        })
    }

    fn judged(&self, verdict: &Verdict<'_>, tag: &str, address: &str) -> Judged {
        let unclassified = verdict.rule == Rule::Unclassified;
        if !verdict.is_hold() && !unclassified {
            return Judged::Pass;
        }
        let host = address.split('/').next().unwrap_or_default();
        let rule = if unclassified { format!("{}: {host}", verdict.rule) } else { verdict.rule.to_string() };
        let whose = verdict.purpose.zip(verdict.rule.whose());
        let finding = Finding { held: verdict.is_hold(), whose, tag: tag.into(), address: address.into(), rule };
        if !verdict.is_hold() {
            return Judged::Noted(finding);
        }
        let purpose = verdict.purpose.map_or("unclassified", |purpose| self.policy.purposes().name(purpose));
        Judged::Hold { purpose: purpose.into(), finding }
    }
}

impl Judged {
    fn is_hold(&self) -> bool {
        matches!(self, Self::Hold { .. })
    }

    /// Both together: held if one is, mentioned if one is.
    fn or(self, other: Self) -> Self {
        if self.is_hold() || matches!(other, Self::Pass) { self } else { other }
    }
}

fn shown(url: &Url) -> String {
    format!("{}{}", url.host_str().unwrap_or_default(), url.path())
}

/// The insertions that hold a start tag standing at `at`; what a placeholder stands for is hidden.
pub(super) fn hold(raw: &[u8], at: usize, (purpose, replaced): (&str, bool)) -> Vec<Edit> {
    let tag = StartTag::new(raw);
    let is_script = tag_name(raw).eq_ignore_ascii_case("script");
    let inert = if is_script { " type=\"text/plain\"" } else { "" };
    let hidden = if replaced { " hidden" } else { "" };
    let mark = format!(" data-consentgate=\"{purpose}\"{inert}{hidden}");
    let mut edits = vec![Edit { at: at + tag.name_end(), text: mark.into_bytes().into() }];
    let names: &[&str] = fetching_attributes(tag_name(raw));
    for attribute in tag.attributes() {
        let name = &raw[attribute.name.clone()];
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if names.iter().any(|known| is(known)) || (is_script && is("type")) {
            edits.push(Edit { at: at + attribute.name.start, text: HELD_PREFIX.as_bytes().into() });
        }
    }
    edits
}

fn tag_name(raw: &[u8]) -> &str {
    std::str::from_utf8(&raw[1.min(raw.len())..StartTag::new(raw).name_end()]).unwrap_or_default()
}

/// The attributes by which a tag fetches or brings in something.
fn fetching_attributes(tag: &str) -> &'static [&'static str] {
    const KNOWN: [(&str, &[&str]); 14] = [
        ("script", &["src", "href", "xlink:href"]),
        ("link", &["href", "imagesrcset"]),
        ("img", &["src", "srcset", "lowsrc"]),
        ("iframe", &["src", "srcdoc"]),
        ("frame", &["src"]),
        ("source", &["src", "srcset"]),
        ("object", &["data"]),
        ("embed", &["src"]),
        ("video", &["src", "poster"]),
        ("audio", &["src"]),
        ("track", &["src"]),
        ("input", &["src"]),
        ("image", &["href", "xlink:href", "src", "srcset"]),
        ("feimage", &["href", "xlink:href"]),
    ];
    KNOWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(tag)).map_or(&[], |(_, names)| names)
}

/// Does this script run? Data blocks and templates do not (HTML standard, "prepare the script element").
fn runs(tag: StartTag<'_>) -> bool {
    let Some(mime) = tag.value("type").or_else(|| tag.value("language").map(|name| format!("text/{name}").into()))
    else {
        return true;
    };
    let mime = mime.trim().to_ascii_lowercase();
    let essence = mime.split(';').next().unwrap_or_default().trim();
    mime.is_empty()
        // The last two are lists of addresses that browsers fetch, or fetch instead of others.
        || matches!(essence, "module" | "importmap" | "speculationrules")
        || essence.contains("javascript")
        || essence.contains("ecmascript")
        || matches!(essence, "text/jscript" | "text/livescript" | "text/")
}

/// Does a `link` of this `rel` make the browser fetch or connect?
pub(super) fn fetches(rel: &str) -> bool {
    const FETCHING: [&str; 14] = [
        "stylesheet",
        "preload",
        "prefetch",
        "preconnect",
        "dns-prefetch",
        "modulepreload",
        "prerender",
        "icon",
        "apple-touch-icon",
        "apple-touch-icon-precomposed",
        "compression-dictionary",
        "mask-icon",
        "manifest",
        "import",
    ];
    rel.split_ascii_whitespace().any(|token| FETCHING.iter().any(|known| token.eq_ignore_ascii_case(known)))
}
