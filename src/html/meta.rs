//! `<meta http-equiv>`: what a page says as if it were in its head lines.

use super::attributes::StartTag;
use super::hold::Edit;
use super::value::{Place, Value};

/// What a `meta` makes a browser do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pragma {
    /// It goes, or comes again, to this address.
    Refresh(String),
    /// Firefox reads a `Link` header there.
    Link(String),
    /// Browsers of before 2019 set a cookie of this name.
    Cookie(String),
    /// A policy of the page: not held, edited.
    Policy,
    None,
}

impl Pragma {
    pub(super) fn of(tag: StartTag<'_>) -> Self {
        let (Some(name), Some(content)) = (tag.value("http-equiv"), tag.value("content")) else { return Self::None };
        match &*name.to_ascii_lowercase() {
            "refresh" => refresh(&content).map_or(Self::None, |address| Self::Refresh(address.into())),
            "link" => Self::Link(content.into_owned()),
            "set-cookie" => Self::Cookie(content.split('=').next().unwrap_or_default().trim().into()),
            "content-security-policy" => Self::Policy,
            _ => Self::None,
        }
    }
}

/// The address of a refresh (HTML standard, "shared declarative refresh steps").
fn refresh(content: &str) -> Option<&str> {
    let rest = content.trim_start().trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let rest = rest.trim_start().trim_start_matches([';', ',']).trim_start();
    let begins = rest.get(..3).filter(|word| word.eq_ignore_ascii_case("url"));
    let named = begins.and_then(|_| rest[3..].trim_start().strip_prefix('=')).map(str::trim_start);
    let address = named.unwrap_or(rest);
    let address = match address.chars().next().filter(|quote| matches!(quote, '"' | '\'')) {
        Some(quote) => address[1..].split(quote).next().unwrap_or_default(),
        None => address,
    };
    (!address.is_empty()).then_some(address)
}

/// The insertions into a policy that stands in a `meta` at `at`. `edit` gives places in the policy's text, and ASCII.
pub(super) fn policy_edits(raw: &[u8], at: usize, edit: impl Fn(&str) -> Vec<(usize, String)>) -> Vec<Edit> {
    let tag = StartTag::new(raw);
    let Some(range) = tag.named("content").next().and_then(|attribute| attribute.value) else { return Vec::new() };
    let value = Value::decode(&raw[range.clone()], Place::Attribute);
    let mut edits = edit(&value.text);
    edits.sort_by_key(|(place, _)| *place);
    let edits = edits.into_iter();
    edits
        .map(|(place, text)| Edit { at: at + range.start + value.written(place), text: escaped(&text).into() })
        .collect()
}

/// Safe in a value with or without quotes.
fn escaped(text: &str) -> Vec<u8> {
    let byte = |byte: u8| match byte {
        b'&' | b'\'' | b'"' | b'<' | b'>' | b' ' | b'=' | b'`' => format!("&#{byte};").into_bytes(),
        _ => vec![byte],
    };
    text.bytes().flat_map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pragma(raw: &str) -> Pragma {
        Pragma::of(StartTag::new(raw.as_bytes()))
    }

    #[test]
    fn a_refresh_goes_where_a_browser_goes() {
        for (content, address) in [
            ("0;url=/a", "/a"),
            ("5; URL = '/a b' x", "/a b"),
            ("0,/a", "/a"),
            ("0 /a", "/a"),
            (" 1.5;url=&quot;//t.example/", "//t.example/"),
            ("0;urls", "urls"),
            ("0;u", "u"),
        ] {
            let raw = format!("<meta content=\"{content}\" HTTP-EQUIV=Refresh>");
            assert_eq!(pragma(&raw), Pragma::Refresh(address.into()), "{content}");
        }
        for raw in ["<meta http-equiv=refresh content=30>", "<meta http-equiv=refresh>", "<meta content='0;url=/a'>"] {
            assert_eq!(pragma(raw), Pragma::None, "{raw}");
        }
    }

    #[test]
    fn other_pragmas_are_known() {
        assert_eq!(pragma("<meta http-equiv=Set-Cookie content='_ga=1; path=/'>"), Pragma::Cookie("_ga".into()));
        assert_eq!(pragma("<meta http-equiv=link content='</a>; rel=x'>"), Pragma::Link("</a>; rel=x".into()));
        assert_eq!(pragma("<meta http-equiv=Content-Security-Policy content=x>"), Pragma::Policy);
    }

    #[test]
    fn a_policy_is_edited_in_its_own_bytes() {
        for (raw, expected) in [
            ("<meta content=\"a&#39;b; c\">", "<meta content=\"a&#39;b&#32;&#39;n&#39;; c\">"),
            ("<meta content=a'b;c>", "<meta content=a'b&#32;&#39;n&#39;;c>"),
            ("<meta content=''>", "<meta content=''>"),
        ] {
            let edits = policy_edits(raw.as_bytes(), 100, |text| {
                text.find(';').map(|at| (at, " 'n'".to_owned())).into_iter().collect()
            });
            let mut page = raw.to_owned();
            for Edit { at, text } in edits.iter().rev() {
                page.insert_str(at - 100, std::str::from_utf8(text).expect("ASCII"));
            }
            assert_eq!(page, expected);
        }
    }
}
