//! An organisation's logo, which is served as a file of the gate's own.
//!
//! In an `<img>` no script of an SVG runs and nothing is fetched, but a file has an address that can be opened by itself.
//! So what could run or reach out is refused here, and the gateway serves it with a policy that would forbid it.

use bytes::Bytes;

use super::stylesheet::{Asset, named};

/// A logo of this size is a photograph.
pub const LONGEST_LOGO: usize = 256 * 1024;

/// The file to serve, by its content: PNG or SVG. Else what is wrong with it.
pub fn logo(content: Vec<u8>) -> Result<Asset, String> {
    if content.len() > LONGEST_LOGO {
        return Err(format!("is longer than {} KiB", LONGEST_LOGO / 1024));
    }
    if content.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Ok(named("logo-", ".png", (Bytes::from(content), "image/png")));
    }
    let text = std::str::from_utf8(&content).map_err(|_| "is neither a PNG nor an SVG in UTF-8".to_owned())?;
    let text = text.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    if !begins_with_svg(&text) || text.contains(['\0', '\u{1b}']) {
        return Err("is neither a PNG nor an SVG in UTF-8".to_owned());
    }
    match forbidden(&text).or_else(|| forbidden(&joined(&text))) {
        Some(what) => Err(format!("has {what} in it")),
        None => Ok(named("logo-", ".svg", (Bytes::from(content), "image/svg+xml"))),
    }
}

/// What a drawing is made of. Everything else may be a page's: a browser shows an SVG that is opened by itself as one.
const SHAPES: [&str; 38] = [
    "svg",
    "g",
    "defs",
    "symbol",
    "use",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "text",
    "tspan",
    "textpath",
    "image",
    "lineargradient",
    "radialgradient",
    "stop",
    "pattern",
    "clippath",
    "mask",
    "marker",
    "title",
    "desc",
    "metadata",
    "style",
    "filter",
    "feblend",
    "fecolormatrix",
    "fecomposite",
    "fedropshadow",
    "feflood",
    "fegaussianblur",
    "femerge",
    "femergenode",
    "femorphology",
    "feoffset",
];

/// After an XML declaration and remarks.
fn begins_with_svg(text: &str) -> bool {
    let mut rest = text;
    if let Some((declaration, after)) = rest.strip_prefix("<?xml ").and_then(|rest| rest.split_once("?>")) {
        if declaration.contains("encoding") && !declaration.contains("utf-8") {
            return false;
        }
        rest = after.trim_start();
    }
    while let Some((_, after)) = rest.strip_prefix("<!--").and_then(|rest| rest.split_once("-->")) {
        rest = after.trim_start();
    }
    // A document type is refused by its name.
    rest.starts_with("<!") || name(rest).is_some_and(|name| name == "svg")
}

/// A browser reads a stylesheet as one text, whatever CDATA and remarks it is written in: `@im]]><![CDATA[port`.
fn joined(svg: &str) -> String {
    let mut text = svg.replace("<![cdata[", "").replace("]]>", "");
    while let Some(at) = text.find("<!--") {
        let end = text[at..].find("-->").map_or(text.len(), |end| at + end + 3);
        text.replace_range(at..end, "");
    }
    text
}

/// The name of the tag that begins here.
fn name(rest: &str) -> Option<&str> {
    rest.strip_prefix('<')?.split(|c: char| c.is_whitespace() || matches!(c, '/' | '>')).next()
}

/// The first thing in angle brackets that is no shape. Remarks are not stepped over: where one ends is a question that
/// CDATA would answer otherwise.
fn no_shape(svg: &str) -> Option<String> {
    let tags = svg.match_indices('<').map(|(at, _)| &svg[at..]);
    let known = |tag: &&str| {
        let inert = ["</", "<!--", "<![cdata["].iter().any(|start| tag.starts_with(start));
        inert
            || (tag.len() == svg.len() && tag.starts_with("<?xml "))
            || SHAPES.contains(&name(tag).unwrap_or_default())
    };
    let tag = tags.into_iter().find(|tag| !known(tag))?;
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '?' | '!' | '_');
    Some(format!("<{}>", name(tag).unwrap_or_default().chars().filter(plain).take(20).collect::<String>()))
}

/// Anything that runs, or comes from elsewhere. It may refuse a harmless picture, never pass a harmful one that is
/// written plainly: references (`&#…;`) and entities could write any of it in another way, so they are refused as well.
fn forbidden(svg: &str) -> Option<String> {
    let words = [
        ("<!entity", "an entity"),
        ("<!doctype", "a document type"),
        ("&#", "a character reference"),
        // In a stylesheet it stands for any character.
        ("\\", "a backslash"),
        ("javascript:", "a script"),
        ("foreignobject", "a foreignObject"),
        ("@import", "an @import"),
        ("image-set", "an address of something elsewhere"),
        ("xml:base", "an address of something elsewhere"),
        ("/1999/xhtml", "a page"),
        ("<?xml-stylesheet", "a stylesheet from elsewhere"),
        ("<animate", "an animation"),
        ("<set", "an animation"),
    ];
    let element = |name: &str| [format!("<{name}"), format!(":{name}")].iter().any(|tag| svg.contains(tag));
    let what = match words.into_iter().find(|(word, _)| svg.contains(word)) {
        Some((_, what)) => what,
        None if element("script") => "a script",
        None if element("iframe") || element("embed") || element("object") => "a page",
        None if has_handler(svg) => "an event handler",
        None if reaches_out(svg) => "an address of something elsewhere",
        None => return no_shape(svg),
    };
    Some(what.to_owned())
}

/// `onload=`, `onclick =`, after white space, a quote or a slash.
fn has_handler(svg: &str) -> bool {
    svg.match_indices("on").any(|(at, _)| {
        let before = svg[..at].chars().next_back().is_none_or(|c| c.is_whitespace() || matches!(c, '"' | '\'' | '/'));
        let rest = svg[at + 2..].trim_start_matches(|c: char| c.is_ascii_alphabetic());
        before && rest.len() < svg.len() - at - 2 && rest.trim_start().starts_with('=')
    })
}

/// Every `href`, `src` and `url()` leads into the file itself (`#…`) or holds its picture (`data:image/png` and the like).
fn reaches_out(svg: &str) -> bool {
    let inside = |value: &str| {
        let value = value.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=' | '('));
        value.starts_with('#') || (value.starts_with("data:image/") && !value.starts_with("data:image/svg"))
    };
    ["href", "src", "url("].iter().any(|word| {
        svg.match_indices(word).any(|(at, _)| {
            let rest = &svg[at + word.len()..];
            let assigns = *word == "url(" || rest.trim_start().starts_with('=');
            assigns && !inside(rest)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(inside: &str) -> Result<Asset, String> {
        logo(format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\">{inside}</svg>").into_bytes())
    }

    #[test]
    fn a_picture_is_taken_and_named_by_its_content() {
        let one = of("<g fill=\"url(#a)\"><use href=\"#b\"/><text font-weight=\"bold\">On = off</text></g>").unwrap();
        assert_eq!((&one.name[..5], &one.name[one.name.len() - 4..]), ("logo-", ".svg"));
        assert_eq!(one.content_type, "image/svg+xml");
        assert_ne!(one.name, of("").unwrap().name);
        assert_eq!(logo(b"\x89PNG\r\n\x1a\nrest".to_vec()).unwrap().content_type, "image/png");
    }

    #[test]
    fn what_runs_or_reaches_out_is_refused() {
        for (inside, what) in [
            ("<script>1</script>", "a script"),
            ("<s:SCRIPT xmlns:s=\"x\"/>", "a script"),
            ("<a href=\"javascript:1\"/>", "a script"),
            ("<g onload = '1'/>", "an event handler"),
            ("<g id=\"a\"onclick=\"1\"/>", "an event handler"),
            ("<foreignObject/>", "a foreignObject"),
            ("<image href=\"http://x.example/a.png\"/>", "an address of something elsewhere"),
            ("<image xlink:href = '//x.example/a.png'/>", "an address of something elsewhere"),
            ("<image href=\"data:image/svg+xml,x\"/>", "an address of something elsewhere"),
            ("<g style=\"fill: url( 'https://x.example/#a')\"/>", "an address of something elsewhere"),
            ("<a href=\"&#106;avascript:1\"/>", "a character reference"),
            ("<style>@import 'x'</style>", "an @import"),
            ("<style>@\\69mport 'x'</style>", "a backslash"),
            ("<style>g { fill: u\\72l(https://x.example/) }</style>", "a backslash"),
            ("<style>g { cursor: image-set(\"https://x.example/\" 1x) }</style>", "an address of something elsewhere"),
            ("<g xml:base=\"https://x.example/\"/>", "an address of something elsewhere"),
            ("<h:meta xmlns:h=\"http://www.w3.org/1999/xhtml\" http-equiv=\"refresh\"/>", "a page"),
            ("<h:form xmlns:h=\"x\" action=\"https://x.example/\"/>", "<h:form>"),
            ("<META http-equiv=\"refresh\" content=\"0;https://x.example/\"/>", "<meta>"),
            ("<a><path/></a>", "<a>"),
            ("<![CDATA[<!--]]><video/><![CDATA[-->]]>", "<video>"),
            ("<style><![CDATA[@im]]><![CDATA[port 'x';]]></style>", "an @import"),
            ("<style>@im<!-- -->port 'x';</style>", "an @import"),
            ("<?php x ?>", "<?php>"),
            ("<set attributeName=\"href\" to=\"x\"/>", "an animation"),
        ] {
            assert_eq!(of(inside).unwrap_err(), format!("has {what} in it"), "{inside}");
        }
    }

    #[test]
    fn what_stands_before_the_picture_is_looked_at_too() {
        for before in ["\u{feff}", "\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- drawn by hand -->\n"] {
            assert!(
                logo(format!("{before}<svg><style><![CDATA[g{{}}]]></style></svg>").into_bytes()).is_ok(),
                "{before}"
            );
        }
        for (before, what) in [
            ("<!DOCTYPE svg [<!ATTLIST svg onload CDATA \"x\">]>", "has a document type in it"),
            ("<!DOCTYPE svg SYSTEM \"https://x.example/a.dtd\">", "has a document type in it"),
            ("<html>", "is neither a PNG nor an SVG in UTF-8"),
            ("<?xml version=\"1.0\" encoding=\"iso-2022-jp\"?>", "is neither a PNG nor an SVG in UTF-8"),
            ("<?xml version=\"1.0\"?><?xml-stylesheet href=\"x\"?>", "is neither a PNG nor an SVG in UTF-8"),
        ] {
            assert_eq!(logo(format!("{before}<svg/>").into_bytes()).unwrap_err(), what, "{before}");
        }
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        for wrong in [&b""[..], b"GIF89a", b"<svgx/>", b"<html>", b"\xff\xfe<\0s\0v\0g\0", b"<svg>\0</svg>"] {
            assert!(logo(wrong.to_vec()).is_err(), "{wrong:?}");
        }
        assert!(logo(vec![b' '; LONGEST_LOGO + 1]).unwrap_err().contains("256 KiB"));
    }
}
