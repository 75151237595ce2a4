//! Elements of other consent banners, for a site that has replaced them: hidden where they stand.
//!
//! `hidden` alone loses against a style sheet that says `display: flex`, so a style says it as well. Where the site's
//! policy allows no style in a tag, `hidden` remains.

use crate::policy::{self, Rule};

use super::attributes::{StartTag, tag_name};
use super::hold::{Edit, Finding};

/// Marks what was another banner's: no choice releases it.
pub(super) const MARK: &str = "banner";

/// Is there a name in it that an element of a banner has?
pub(super) fn may_stand_in(html: &[u8]) -> bool {
    policy::names_banner(html)
}

/// The insertion that hides this start tag standing at `at`; `None` for what is no banner.
pub(super) fn hide(raw: &[u8], at: usize) -> Option<(Edit, Finding)> {
    let tag = StartTag::new(raw);
    let (id, classes) = (tag.value("id").unwrap_or_default(), tag.value("class").unwrap_or_default());
    let product = policy::banner_element(&id, &classes)?;
    let text = format!(" data-consentgate=\"{MARK}\" hidden style=\"display:none!important\"");
    let name = tag_name(raw).to_ascii_lowercase();
    let rule = Rule::Banner(product).to_string();
    let finding =
        Finding { held: true, whose: None, purpose: None, company: None, tag: name, address: "inline".into(), rule };
    Some((Edit { at: at + tag.name_end(), text: text.into_bytes().into() }, finding))
}
