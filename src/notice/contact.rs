//! Whom a visitor writes to.

use super::html::Html;

/// A paragraph whose `{}` is the contact.
pub(super) fn contact_sentence(html: &mut Html, sentence: &str, contact: &str) {
    let (before, after) = sentence.split_once("{}").unwrap_or((sentence, ""));
    html.raw("<p>").text(before);
    contact_link(html, contact);
    html.text(after).raw("</p>");
}

/// A web address or an e-mail address becomes a link; a telephone number or a postal address is text.
fn contact_link(html: &mut Html, contact: &str) {
    let plain = !contact.contains(char::is_whitespace);
    if plain && (contact.starts_with("https://") || contact.starts_with("http://")) {
        html.element("a", &[("href", contact)], contact);
    } else if plain && contact.contains('@') {
        html.element("a", &[("href", &format!("mailto:{contact}"))], contact);
    } else {
        html.text(contact);
    }
}
