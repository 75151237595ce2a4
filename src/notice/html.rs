//! Writes HTML whose every byte is ASCII.
//!
//! The banner is spliced into pages of any ASCII-compatible charset (windows-1252, ISO-8859-14, …), so
//! anything outside ASCII leaves as a numeric character reference (HTML, "Character references"). Markup is
//! `&'static str` and written here by hand; everything that came from elsewhere goes through `text` or `attribute`.

/// What stands for characters no reference can name: references to 0x80–0x9F are read as windows-1252, those to
/// other controls are errors.
const REPLACEMENT: &str = "&#65533;";

/// HTML under construction.
#[derive(Default)]
pub(super) struct Html(String);

impl Html {
    /// Markup of our own, as it is.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        debug_assert!(markup.is_ascii(), "markup is ASCII: {markup}");
        self.0.push_str(markup);
        self
    }

    /// Text between tags.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            self.character(character);
        }
        self
    }

    /// A start tag.
    pub(super) fn open(&mut self, tag: &'static str, attributes: &[(&'static str, &str)]) -> &mut Self {
        self.raw("<").raw(tag);
        for (name, value) in attributes {
            self.attribute(name, value);
        }
        self.raw(">")
    }

    /// An attribute, inside a start tag written by hand.
    pub(super) fn attribute(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.raw(" ").raw(name).raw("=\"").text(value).raw("\"")
    }

    /// An end tag.
    pub(super) fn close(&mut self, tag: &'static str) -> &mut Self {
        self.raw("</").raw(tag).raw(">")
    }

    /// An element with nothing but text.
    pub(super) fn element(&mut self, tag: &'static str, attributes: &[(&'static str, &str)], text: &str) -> &mut Self {
        self.open(tag, attributes).text(text).close(tag)
    }

    /// A sentence in which `[…]` marks the link.
    pub(super) fn linked(&mut self, sentence: &str, href: &str) -> &mut Self {
        let (before, rest) = sentence.split_once('[').unwrap_or((sentence, ""));
        let (link, after) = rest.split_once(']').unwrap_or((rest, ""));
        self.text(before).element("a", &[("href", href)], link).text(after)
    }

    /// What the operator's template made: markup as it is, but in ASCII too.
    pub(super) fn rendered(&mut self, markup: &str) -> &mut Self {
        for character in markup.chars() {
            match character {
                '&' | '<' | '>' | '"' => self.0.push(character),
                other => self.character(other),
            }
        }
        self
    }

    /// The whole, all ASCII.
    pub(super) fn into_string(self) -> String {
        self.0
    }

    fn character(&mut self, character: char) {
        match character {
            '&' => self.0.push_str("&amp;"),
            '<' => self.0.push_str("&lt;"),
            '>' => self.0.push_str("&gt;"),
            '"' => self.0.push_str("&quot;"),
            '\n' | '\t' => self.0.push(character),
            control if control.is_control() => self.0.push_str(REPLACEMENT),
            ascii if ascii.is_ascii() => self.0.push(ascii),
            other => self.0.extend(["&#", &u32::from(other).to_string(), ";"]),
        }
    }
}

/// A sentence with its `{}` places filled in, in order.
pub(super) fn fill(sentence: &str, values: &[&str]) -> String {
    let mut parts = sentence.split("{}");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    let mut values = values.iter();
    for part in parts {
        filled.push_str(values.next().unwrap_or(&""));
        filled.push_str(part);
    }
    filled
}

/// The phrase as it begins a heading.
pub(super) fn capital(phrase: &str) -> String {
    let mut characters = phrase.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_special_becomes_a_reference() {
        let mut html = Html::default();
        html.open("p", &[("title", "\"ŵ\"\u{0}\u{9f}")]).text("<b>&'\u{1f36a}").close("p");
        assert_eq!(html.into_string(), "<p title=\"&quot;&#373;&quot;&#65533;&#65533;\">&lt;b&gt;&amp;'&#127850;</p>");
    }

    #[test]
    fn places_are_filled_in_order_and_only_once() {
        assert_eq!(fill("{} and {}", &["{}", "b"]), "{} and b");
        assert_eq!(fill("nothing", &["a"]), "nothing");
    }

    #[test]
    fn a_sentence_carries_its_link() {
        let mut html = Html::default();
        html.linked("You can [change] it.", "/a\"b");
        assert_eq!(html.into_string(), "You can <a href=\"/a&quot;b\">change</a> it.");
    }
}
