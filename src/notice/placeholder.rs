//! What stands in for a held frame, player or document: whose it is, what it would store, and three ways to it (A18).
//!
//! In a shadow root as the banner is, in front of the held tag. Without JavaScript the ways are two forms and a link; with
//! it the gate's script does in place what the forms would do. Its room is kept by an empty drawing of the held tag's
//! size: a style attribute would not pass a Content-Security-Policy.

use super::address::{Place, local};
use super::elsewhere::own_page;
use super::html::{Html, fill};
use super::purpose;
use super::strings::Strings;
use super::stylesheet::{held_stylesheet, stylesheet};
use crate::consent::Purpose;

/// A held tag that a visitor would have seen, and what may be done about it.
#[derive(Clone, Copy, Debug)]
pub struct Placeholder<'a> {
    /// Where it stands.
    pub place: Place<'a>,
    /// `iframe`, `embed`, `object`, `video` or `audio`.
    pub tag: &'a str,
    /// What it would have fetched, absolute.
    pub address: &'a str,
    /// Whose it is, in words people know; `None` where only the host is known.
    pub company: Option<&'a str>,
    /// What it is held for, and what is offered.
    pub held: Held<'a>,
    /// Its `title`.
    pub title: Option<&'a str>,
    /// Its `width` and `height`, as written.
    pub size: [Option<&'a str>; 2],
    /// The address sealed with the site's key: the gate loads nothing else.
    pub seal: &'a str,
}

/// Why something is held, and what would let it pass.
#[derive(Clone, Copy, Debug)]
pub enum Held<'a> {
    /// For this purpose; the names of those granted already.
    For(Purpose, &'a str, &'a [&'a str]),
    /// Nobody knows what it is for: agreeing to everything lets it pass.
    Unclassified,
    /// On this path whatever is agreed to.
    Here,
}

/// The placeholder's bytes, all ASCII, for the place in front of the held tag.
pub fn placeholder(view: &Placeholder) -> Vec<u8> {
    let strings = Strings::of(view.place.language);
    let mut html = Html::default();
    html.raw("<consent-placeholder><template shadowrootmode=\"open\">");
    html.open("link", &[("rel", "stylesheet"), ("href", &view.place.own(&stylesheet().name))]);
    let room = Room::of(view);
    open_group(&mut html, view, strings, &room);
    room.draw(&mut html);
    html.raw("<div class=\"inner\">");
    words(&mut html, view, strings);
    html.raw("<div class=\"buttons\">");
    ways(&mut html, view, strings);
    html.raw("</div></div></div></template>");
    html.open("link", &[("rel", "stylesheet"), ("href", &view.place.own(&held_stylesheet().name))]);
    link(&mut html, view, strings);
    html.raw("</consent-placeholder>");
    html.into_string().into_bytes()
}

/// A company's name, else the host: never nothing, or the link would have no words.
fn whose(view: &Placeholder) -> String {
    let host = || url::Url::parse(view.address).ok().and_then(|url| url.host_str().map(str::to_owned));
    view.company.map(str::to_owned).or_else(host).unwrap_or_else(|| view.address.to_owned())
}

fn open_group(html: &mut Html, view: &Placeholder, strings: &Strings, room: &Room) {
    let name = fill(strings.held_name, &[&whose(view)]);
    let class = if room.is_wide() { "placeholder wide" } else { "placeholder" };
    html.raw("<div data-nosnippet");
    let mut attributes =
        vec![("class", class), ("role", "group"), ("aria-label", name.as_str()), ("aria-describedby", "why")];
    attributes.push(("dir", "ltr"));
    if let Some(tag) = view.place.foreign() {
        attributes.push(("lang", tag));
    }
    for (name, value) in attributes {
        html.attribute(name, value);
    }
    html.raw(">");
}

fn words(html: &mut Html, view: &Placeholder, strings: &Strings) {
    if let Some(title) = view.title.filter(|title| !title.trim().is_empty()) {
        // The site's own words, in the page's language.
        let language = view.place.page_language.map_or("", super::Language::tag);
        html.element("p", &[("class", "title"), ("lang", language)], title);
    }
    let whose = whose(view);
    let (from, stores) = match view.held {
        Held::For(purpose, name, _) => {
            let cookies = purpose::cookies(strings, purpose, name);
            (strings.held_from, fill(strings.held_stores, &[&whose, &cookies]))
        }
        Held::Unclassified => (strings.held_from_unknown, strings.held_stores_unknown.to_owned()),
        Held::Here => (strings.held_from, strings.held_here.to_owned()),
    };
    html.raw("<p id=\"why\">").text(&fill(from, &[&whose])).raw(" ").text(&stores).raw("</p>");
}

fn ways(html: &mut Html, view: &Placeholder, strings: &Strings) {
    let place = &view.place;
    if !matches!(view.held, Held::Here) {
        open_form(html, place, "embed");
        hidden(html, "address", view.address);
        hidden(html, "seal", view.seal);
        button(html, ("once", "1"), strings.load_once);
        html.raw("</form>");
        open_form(html, place, "choice");
        always(html, view, strings);
        html.raw("</form>");
    }
    link(html, view, strings);
}

/// Saves what is granted already with this one more: nothing is taken back by it.
fn always(html: &mut Html, view: &Placeholder, strings: &Strings) {
    match view.held {
        Held::For(purpose, name, granted) => {
            granted.iter().chain([&name]).for_each(|name| hidden(html, "purpose", name));
            let cookies = purpose::cookies(strings, purpose, name);
            button(html, ("choice", "save"), &fill(strings.always_allow, &[&cookies]));
        }
        _ => button(html, ("choice", "accept"), &fill(strings.always_allow, &[strings.additional_cookies])),
    }
}

/// Whoever follows the link is at the third party of their own will; it need not know from which page.
fn link(html: &mut Html, view: &Placeholder, strings: &Strings) {
    let text = fill(strings.view_on, &[&whose(view)]);
    html.element("a", &[("href", &own_page(view.address)), ("rel", "noreferrer")], &text);
}

fn open_form(html: &mut Html, place: &Place, to: &str) {
    html.open("form", &[("method", "post"), ("action", &place.own(to)), ("accept-charset", "utf-8")]);
    hidden(html, "return", &local(place.return_to));
}

fn hidden(html: &mut Html, name: &str, value: &str) {
    html.open("input", &[("type", "hidden"), ("name", name), ("value", value)]);
}

fn button(html: &mut Html, (name, value): (&str, &str), text: &str) {
    html.element("button", &[("type", "submit"), ("name", name), ("value", value), ("class", "button")], text);
}

/// The room a tag takes, by its attributes (HTML standard, "rules for parsing dimension values").
struct Room {
    width: Dimension,
    height: Dimension,
}

#[derive(Clone, Copy, PartialEq)]
enum Dimension {
    Pixels(u32),
    Percent(u32),
}

impl Room {
    /// Where nothing is said, the size browsers give such a tag.
    fn of(view: &Placeholder) -> Self {
        let [width, height] = view.size.map(|written| written.and_then(dimension));
        let usual = if view.tag == "audio" { 54 } else { 150 };
        // A share of a height that nobody knows is no height.
        let height = height.filter(|height| matches!(height, Dimension::Pixels(_)));
        Self { width: width.unwrap_or(Dimension::Pixels(300)), height: height.unwrap_or(Dimension::Pixels(usual)) }
    }

    /// As wide as its place, or a share of it.
    fn is_wide(&self) -> bool {
        matches!(self.width, Dimension::Percent(_))
    }

    /// With a `viewBox` it shrinks in proportion where its place is narrower.
    fn draw(&self, html: &mut Html) {
        let (width, height) = (self.width.written(), self.height.written());
        let frame = format!("0 0 {width} {height}");
        let mut attributes = vec![("width", width.as_str()), ("height", &height), ("aria-hidden", "true")];
        if !self.is_wide() {
            attributes.push(("viewBox", &frame));
        }
        html.open("svg", &attributes).close("svg");
    }
}

impl Dimension {
    fn written(self) -> String {
        match self {
            Self::Pixels(pixels) => pixels.to_string(),
            Self::Percent(share) => format!("{share}%"),
        }
    }
}

/// Digits, then `%` or anything else: `560`, `100%`, `400px`. Larger than any screen is a slip.
fn dimension(written: &str) -> Option<Dimension> {
    const LARGEST: u32 = 10_000;
    let written = written.trim_start();
    let digits = written.bytes().take_while(u8::is_ascii_digit).count();
    let number = written[..digits].parse().ok().filter(|number| (1..=LARGEST).contains(number))?;
    let rest = written[digits..].trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    Some(if rest.starts_with('%') { Dimension::Percent(number.min(100)) } else { Dimension::Pixels(number) })
}
