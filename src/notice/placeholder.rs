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
use super::stylesheet::held_stylesheet;
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
    let place = &view.place;
    let strings = Strings::of(place.language);
    let mut html = Html::default();
    html.raw("<consent-placeholder><template shadowrootmode=\"open\">");
    let style = place.own(&place.config.style.stylesheet().name);
    html.open("link", &[("rel", "stylesheet"), ("href", &style), ("nonce", place.nonce)]);
    let room = Room::of(view);
    open_group(&mut html, view, strings, &room);
    room.draw(&mut html);
    html.raw("<div class=\"inner\">");
    words(&mut html, view, strings);
    html.raw("<div class=\"buttons\">");
    ways(&mut html, view, strings);
    html.raw("</div></div></div></template>");
    html.open("link", &[("rel", "stylesheet"), ("href", &place.own(&held_stylesheet().name)), ("nonce", place.nonce)]);
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
    attributes.push(("dir", view.place.language.direction().name()));
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
    html.open(
        "form",
        &[("method", "post"), ("action", &place.own(to)), ("accept-charset", "utf-8"), ("target", "_self")],
    );
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::testing::{config, elements, place, text_in};
    use crate::notice::{Config, Language};

    const VIDEO: &str = "https://www.youtube.com/embed/abc?rel=0";

    fn view<'v>(config: &'v Config, held: Held<'v>) -> Placeholder<'v> {
        Placeholder {
            place: place(config, Language::English),
            tag: "iframe",
            address: VIDEO,
            company: Some("YouTube"),
            held,
            title: Some("How bins work"),
            size: [Some("560"), Some("315")],
            seal: "c2VhbA",
        }
    }

    fn made(view: &Placeholder) -> String {
        String::from_utf8(placeholder(view)).unwrap()
    }

    const MARKETING: Held = Held::For(Purpose::MARKETING, "marketing", &["analytics"]);

    #[test]
    fn it_says_whose_it_is_what_it_would_store_and_how_to_get_there() {
        let config = config();
        let html = made(&view(&config, MARKETING));
        assert_eq!(
            text_in(&html, "p"),
            "How bins workThis part of the page comes from YouTube. If you load it, YouTube can store marketing \
             cookies on your device."
        );
        assert_eq!(text_in(&html, "button"), "Load this onceAlways allow marketing cookies");
        let links: Vec<_> = elements(&html).into_iter().filter(|element| element.tag == "a").collect();
        for link in &links {
            assert_eq!(link.value("href"), Some("https://www.youtube.com/watch?v=abc"));
            assert_eq!(link.value("rel"), Some("noreferrer"));
        }
        assert_eq!(links.len(), 2, "one inside the shadow root, one for browsers that know none");
    }

    #[test]
    fn to_allow_always_takes_nothing_back() {
        let config = config();
        let html = made(&view(&config, MARKETING));
        let inputs: Vec<_> = elements(&html).into_iter().filter(|element| element.tag == "input").collect();
        let values = |name| {
            let named = inputs.iter().filter(|input| input.value("name") == Some(name));
            named.filter_map(|input| input.value("value")).collect::<Vec<_>>()
        };
        assert_eq!(values("purpose"), ["analytics", "marketing"]);
        assert_eq!(values("address"), [VIDEO]);
        assert_eq!(values("seal"), ["c2VhbA"]);
        assert_eq!(values("return"), ["/council-tax?band=a&amp;year=2026"; 2].map(|back| back.replace("&amp;", "&")));
    }

    #[test]
    fn what_nobody_knows_is_another_organisations() {
        let config = config();
        let view = Placeholder { company: None, ..view(&config, Held::Unclassified) };
        let html = made(&view);
        assert!(text_in(&html, "p").contains("comes from another organisation: www.youtube.com. We do not know yet"));
        assert_eq!(text_in(&html, "button"), "Load this onceAlways allow additional cookies");
        assert!(html.contains("name=\"choice\" value=\"accept\""));
    }

    #[test]
    fn where_a_path_holds_it_whatever_is_agreed_only_the_link_is_offered() {
        let config = config();
        let html = made(&view(&config, Held::Here));
        assert!(!html.contains("<form") && !html.contains("<button"));
        assert!(text_in(&html, "p").contains("It is not loaded on this page, whatever you have agreed to."));
    }

    #[test]
    fn it_speaks_welsh_and_says_so() {
        let config = config();
        let view = Placeholder { place: place(&config, Language::Welsh), ..view(&config, MARKETING) };
        let html = made(&view);
        assert_eq!(text_in(&html, "button"), "Llwytho hon unwaithCaniatáu cwcis marchnata bob tro");
        let group = elements(&html).into_iter().find(|element| element.value("role") == Some("group")).unwrap();
        assert_eq!(group.value("lang"), Some("cy"));
        assert_eq!(group.value("aria-label"), Some("Cynnwys gan YouTube"));
    }

    #[test]
    fn its_room_is_what_the_tag_takes() {
        let config = config();
        for (size, drawing) in [
            (
                [Some("560"), Some("315")],
                "<svg width=\"560\" height=\"315\" aria-hidden=\"true\" viewBox=\"0 0 560 315\">",
            ),
            ([Some("100%"), Some("400px")], "<svg width=\"100%\" height=\"400\" aria-hidden=\"true\">"),
            ([None, Some("50%")], "<svg width=\"300\" height=\"150\" aria-hidden=\"true\" viewBox=\"0 0 300 150\">"),
            ([Some("99999"), Some("\"><b>")], "<svg width=\"300\" height=\"150\""),
            ([Some(" 12.5% "), Some("10")], "<svg width=\"12%\" height=\"10\""),
        ] {
            let html = made(&Placeholder { size, ..view(&config, MARKETING) });
            assert!(html.contains(drawing), "{size:?}: {html}");
        }
    }

    #[test]
    fn nothing_breaks_out_and_no_script_or_style_is_in_it() {
        let nasty = "\"'></template></consent-placeholder><script>alert(1)</script>";
        let config = config();
        let html = made(&Placeholder {
            company: Some(nasty),
            title: Some(nasty),
            seal: nasty,
            address: "https://x.example/\"><script>",
            ..view(&config, MARKETING)
        });
        assert!(html.is_ascii());
        for tag in ["<script", "style=", "<style", " onerror"] {
            assert!(!html.contains(tag), "{tag} in {html}");
        }
        assert_eq!(html.matches("</template>").count(), 1);
    }
}
