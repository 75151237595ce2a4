//! The banner and the footer that are spliced into the site's pages.
//!
//! Both live in a declarative shadow root, where the page's own styles cannot reach them; the link outside it is for
//! browsers that know no shadow roots. No script, no inline style: a page's Content-Security-Policy stays as it is.

use super::address::{Place, local};
use super::html::{Html, fill};
use super::purpose::{self, AskedPurpose};
use super::strings::Strings;
use super::stylesheet::stylesheet;

/// What a page's banner says.
#[derive(Clone, Copy, Debug)]
pub struct Banner<'a> {
    /// Where it stands.
    pub place: Place<'a>,
    /// What is asked: every purpose in use that needs consent.
    pub asked: &'a [AskedPurpose<'a>],
    /// Asking, or confirming.
    pub state: BannerState,
}

/// Asking, or confirming what was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BannerState {
    /// The visitor has not chosen yet.
    Ask,
    /// They accepted everything asked.
    Accepted,
    /// They rejected everything asked.
    Rejected,
    /// They chose purpose by purpose.
    Saved,
    /// They took their agreement back.
    Withdrawn,
}

/// The banner's bytes, all ASCII, for the beginning of `<body>`; empty where nothing is asked (B8).
pub fn banner(view: &Banner) -> Vec<u8> {
    if view.asked.is_empty() && view.state == BannerState::Ask {
        return Vec::new();
    }
    let strings = Strings::of(view.place.language);
    let mut html = Html::default();
    open_root(&mut html, &view.place, "banner");
    match view.state {
        BannerState::Ask => ask(&mut html, view, strings),
        _ => confirm(&mut html, view, strings),
    }
    close_root(&mut html, &view.place, strings);
    html.into_string().into_bytes()
}

/// The way to the cookies page for the end of every page, and one button to withdraw for whoever has agreed to
/// something: as many clicks as accepting took (A13).
pub fn footer(place: &Place, granted: bool) -> Vec<u8> {
    let strings = Strings::of(place.language);
    let mut html = Html::default();
    open_root(&mut html, place, "footer");
    html.raw("<p>").element("a", &[("href", &place.cookies())], strings.cookie_settings).raw("</p>");
    if granted {
        open_form(&mut html, place);
        button(&mut html, "withdraw", strings.withdraw);
        html.raw("</form>");
    }
    close_root(&mut html, place, strings);
    html.into_string().into_bytes()
}

/// `data-nosnippet`: search engines do not show the notice as the page's text. Direction is said because
/// `all: initial` does not reset it.
fn open_root(html: &mut Html, place: &Place, class: &str) {
    let strings = Strings::of(place.language);
    let name = fill(strings.cookies_on, &[&place.config.service]);
    html.raw("<consent-notice><template shadowrootmode=\"open\">");
    html.open("link", &[("rel", "stylesheet"), ("href", &place.own(&stylesheet().name))]);
    let mut attributes = vec![("class", class), ("role", "region"), ("aria-label", name.as_str()), ("dir", "ltr")];
    if let Some(tag) = foreign(place) {
        attributes.push(("lang", tag));
    }
    html.raw("<div data-nosnippet");
    attributes.iter().for_each(|(name, value)| {
        html.attribute(name, value);
    });
    html.raw("><div class=\"inner\">");
}

fn close_root(html: &mut Html, place: &Place, strings: &Strings) {
    let cookies = place.cookies();
    let mut attributes = vec![("href", cookies.as_str())];
    if let Some(tag) = foreign(place) {
        attributes.push(("lang", tag));
    }
    html.raw("</div></div></template>");
    html.element("a", &attributes, strings.view_cookies).raw("</consent-notice>");
}

/// The notice's language where the page's is another one, or unknown (WCAG 3.1.2).
fn foreign(place: &Place) -> Option<&'static str> {
    (place.page_language != Some(place.language)).then(|| place.language.tag())
}

fn ask(html: &mut Html, view: &Banner, strings: &Strings) {
    let place = &view.place;
    html.element("h2", &[], &fill(strings.cookies_on, &[&place.config.service]));
    html.element("p", &[], strings.essential_use);
    wishes(html, view.asked, strings);
    third_parties(html, view.asked, strings);
    let what = purpose::together(strings, view.asked);
    open_form(html, place);
    html.raw("<div class=\"buttons\">");
    button(html, "accept", &fill(strings.accept, &[&what]));
    button(html, "reject", &fill(strings.reject, &[&what]));
    html.element("a", &[("href", &place.cookies())], strings.view_cookies);
    html.raw("</div></form>");
}

/// Every purpose is named: what the banner leaves out cannot be agreed to (A12, B3).
fn wishes(html: &mut Html, asked: &[AskedPurpose], strings: &Strings) {
    if let [only] = asked {
        html.element("p", &[], &fill(strings.also_one, &[&only.wish(strings)]));
        return;
    }
    html.element("p", &[], strings.also_several).raw("<ul>");
    for purpose in asked {
        html.element("li", &[], &purpose.wish(strings));
    }
    html.raw("</ul>");
}

fn third_parties(html: &mut Html, asked: &[AskedPurpose], strings: &Strings) {
    let mut names: Vec<&str> = Vec::new();
    for name in asked.iter().flat_map(|purpose| purpose.third_parties) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    if !names.is_empty() {
        html.element("p", &[], &fill(strings.third_parties, &[&names.join(", ")]));
    }
}

/// UTF-8 whatever the page is written in: the gate reads the form, not the site.
fn open_form(html: &mut Html, place: &Place) {
    html.open("form", &[("method", "post"), ("action", &place.own("choice")), ("accept-charset", "utf-8")]);
    html.open("input", &[("type", "hidden"), ("name", "return"), ("value", &local(place.return_to))]);
}

/// Accept and reject are made by this one line: same element, same class, nothing that could favour one (A10).
fn button(html: &mut Html, choice: &str, text: &str) {
    html.element("button", &[("type", "submit"), ("name", "choice"), ("value", choice), ("class", "button")], text);
}

/// Without a script nothing can take the message away, so hiding it is asking for the page again.
fn confirm(html: &mut Html, view: &Banner, strings: &Strings) {
    let place = &view.place;
    let what = purpose::together(strings, view.asked);
    let done = match view.state {
        BannerState::Accepted => fill(strings.accepted, &[&what]),
        BannerState::Rejected => fill(strings.rejected, &[&what]),
        BannerState::Withdrawn => strings.withdrawn.to_owned(),
        BannerState::Saved | BannerState::Ask => strings.saved.to_owned(),
    };
    html.raw("<div role=\"alert\"><p>").text(&done).raw(" ").linked(strings.change_settings, &place.cookies());
    html.raw("</p></div><p>");
    html.element("a", &[("href", &place.address(&local(place.return_to))), ("class", "hide")], strings.hide);
    html.raw("</p>");
}
