//! A page as the inventory keeps it: its path, without what a program put there for one visitor.

use std::borrow::Cow;

use super::generated::stem;

/// The most of a path that is kept, in bytes.
const LONGEST: usize = 256;

/// The path without query and session ids; a part that is an address or that a program made up (a token, a number of
/// twelve digits) is `*`. Borrowed where nothing is to be hidden.
pub fn page(path: &str) -> Cow<'_, str> {
    let path = path.split(['?', '#', ';']).next().unwrap_or_default();
    let path = &path[..path.floor_char_boundary(LONGEST)];
    if !path.starts_with('/') {
        return Cow::Borrowed("/");
    }
    if !path.split('/').any(hides) {
        return Cow::Borrowed(path);
    }
    // `/(S(…))/page` is the session id of older frameworks.
    let parts = path.split('/').filter(|part| !part.starts_with('('));
    Cow::Owned(parts.map(|part| if hides(part) { "*" } else { part }).collect::<Vec<_>>().join("/"))
}

fn hides(part: &str) -> bool {
    const LONG: usize = 12;
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let is_token = part.len() >= LONG
        && digits >= 4
        && (part.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') || stem(part).is_some());
    let is_mixed = part.len() >= 20
        && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && digits > 0
        && part.bytes().any(|byte| byte.is_ascii_uppercase())
        && part.bytes().any(|byte| byte.is_ascii_lowercase());
    part.starts_with('(') || part.contains('@') || part.contains("%40") || is_token || is_mixed
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn a_page_names_no_visitor() {
        for (path, expected) in [
            ("/", "/"),
            ("/bins/when?postcode=AB1", "/bins/when"),
            ("/page;jsessionid=1", "/page"),
            ("/(S(abc))/page.aspx", "/page.aspx"),
            ("/unsubscribe/jane@example.org", "/unsubscribe/*"),
            ("/u/jane%40example.org/x", "/u/*/x"),
            ("/reset/3f2b8c1e-0000-4a4a-9b9b-123456789abc", "/reset/*"),
            ("/reset/Zm9vYmFyMTIzNDU2Nzg5MA", "/reset/*"),
            ("/news/2026/11/new-library-opens", "/news/2026/11/new-library-opens"),
            ("/council-tax-2026-2027", "/council-tax-2026-2027"),
            ("*", "/"),
        ] {
            assert_eq!(page(path), expected, "{path}");
        }
        assert_eq!(page(&format!("/{}", "é".repeat(300))).len(), 255);
    }
}
