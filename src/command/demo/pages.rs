//! The pages of the council site: templates with `{{name}}` places, and the one layout around them.

/// Puts values into a template's `{{name}}` places in one pass, so that a value is never read as a template.
/// A place without a value is left empty.
pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        filled.push_str(values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| *value));
        rest = after;
    }
    filled + rest
}

/// Text as it may stand between tags and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    htmlize::escape_all_quotes(text).into_owned()
}

/// The bytes behind a form's `%41` and `+`; what is not such a code stands for itself.
pub(super) fn percent_decode(value: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(value.len());
    let mut bytes = value.as_bytes();
    while let Some((&first, rest)) = bytes.split_first() {
        let coded = rest.get(..2).filter(|_| first == b'%').and_then(hex);
        bytes = if coded.is_some() { &rest[2..] } else { rest };
        decoded.push(coded.unwrap_or(if first == b'+' { b' ' } else { first }));
    }
    decoded
}

fn hex(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// A page before the layout is put around it.
#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    pub(super) content: &'a str,
    /// Hidden fields of the page-wide form, for pages that are one.
    pub(super) form: Option<&'a str>,
    pub(super) charset: &'a str,
}

impl<'a> Page<'a> {
    pub(super) fn new(title: &'a str, content: &'a str) -> Self {
        Self { title, content, form: None, charset: "utf-8" }
    }
}

/// What every page is made with.
pub(super) struct Pages {
    third_party_port: String,
}

impl Pages {
    pub(super) fn new(third_party_port: u16) -> Self {
        Self { third_party_port: third_party_port.to_string() }
    }

    /// A template with its own values and the third parties' port.
    pub(super) fn fill(&self, template: &str, values: &[(&str, &str)]) -> String {
        let all: Vec<_> = values.iter().copied().chain([("third", self.third_party_port.as_str())]).collect();
        fill(template, &all)
    }

    /// The page with the layout around it.
    pub(super) fn page(&self, page: Page) -> String {
        let header = if page.form.is_some() { SEARCH_LINK } else { SEARCH_FORM };
        let (open, close) = if page.form.is_some() { (FORM_OPEN, "</form>") } else { ("", "") };
        let open = fill(open, &[("fields", page.form.unwrap_or_default())]);
        let tags = self.fill(TAGS, &[]);
        self.fill(
            LAYOUT,
            &[
                ("title", page.title),
                ("charset", page.charset),
                ("tags", &tags),
                ("form", &open),
                ("search", header),
                ("content", page.content),
                ("end of form", close),
            ],
        )
    }
}

const LAYOUT: &str = include_str!("site/layout.html");
const TAGS: &str = include_str!("site/tags.html");
/// A form may not stand inside a form: pages that are one form only link to the search.
const SEARCH_LINK: &str = r#"<p class="search"><a href="/search.aspx">Search this site</a></p>"#;
const SEARCH_FORM: &str = include_str!("site/search-form.html");
const FORM_OPEN: &str = include_str!("site/form-open.html");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_never_read_as_a_template() {
        let filled = fill("<p>{{a}} {{b}} {{missing}}.", &[("a", "{{b}}"), ("b", "B")]);
        assert_eq!(filled, "<p>{{b}} B .");
    }
}
