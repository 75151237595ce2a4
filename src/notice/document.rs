//! The frame of the gate's own pages: head, skip link, header, main.

use super::html::Html;
use super::strings::Strings;
use super::style::Style;
use super::{Config, Language};

/// The policy the gate's own pages need and no more: one stylesheet, forms to itself, in nobody's frame.
pub const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What the frame needs to know.
pub(super) struct Frame<'a> {
    pub(super) language: Language,
    pub(super) title: &'a str,
    /// The service's name; unknown where no site answers.
    pub(super) service: Option<&'a str>,
    /// The reserved prefix; unknown where no site answers.
    pub(super) prefix: Option<&'a str>,
    /// How the site's notice looks; unknown where no site answers.
    pub(super) style: Option<&'a Style>,
    /// Search engines may list the page.
    pub(super) listed: bool,
    /// The same page in the site's other languages.
    pub(super) others: &'a [(Language, String)],
}

/// A whole document, all ASCII.
pub(super) fn document(frame: &Frame, main: impl FnOnce(&mut Html, &'static Strings)) -> String {
    let strings = Strings::of(frame.language);
    let mut html = Html::default();
    html.raw("<!DOCTYPE html>")
        .open("html", &[("lang", frame.language.tag()), ("dir", frame.language.direction().name())]);
    head(&mut html, frame);
    html.raw("<body>").element("a", &[("href", "#main"), ("class", "skip")], strings.skip_link);
    header(&mut html, frame);
    html.raw("<main id=\"main\"><div class=\"inner\">");
    main(&mut html, strings);
    html.raw("</div></main></body></html>");
    html.into_string()
}

fn head(html: &mut Html, frame: &Frame) {
    html.raw("<head><meta charset=\"utf-8\">").element("title", &[], &title(frame));
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    if !frame.listed {
        html.raw("<meta name=\"robots\" content=\"noindex\">");
    }
    if let (Some(prefix), Some(style)) = (frame.prefix, frame.style) {
        html.open("link", &[("rel", "stylesheet"), ("href", &format!("{prefix}/{}", style.stylesheet().name))]);
    }
    html.raw("</head>");
}

/// The page first, then the service (WCAG 2.4.2), unless the page's title names it already.
fn title(frame: &Frame) -> String {
    match frame.service {
        Some(service) if !frame.title.contains(service) => format!("{} - {service}", frame.title),
        _ => frame.title.to_owned(),
    }
}

fn header(html: &mut Html, frame: &Frame) {
    if frame.service.is_none() && frame.others.is_empty() {
        return;
    }
    html.raw("<header><div class=\"inner\">");
    if let Some(service) = frame.service {
        html.raw("<p>").element("a", &[("href", "/"), ("class", "service")], service).raw("</p>");
    }
    frame.others.iter().for_each(|(language, href)| other_language(html, *language, href));
    html.raw("</div></header>");
}

/// Said in the other language, for whoever reads that one (REQUIREMENTS B17).
pub(super) fn other_language(html: &mut Html, language: Language, href: &str) {
    let (tag, dir) = (language.tag(), language.direction().name());
    let available = Strings::of(language).available;
    html.raw("<p>").element("a", &[("href", href), ("lang", tag), ("hreflang", tag), ("dir", dir)], available);
    html.raw("</p>");
}

/// The addresses of the same page in every other language of the site.
pub(super) fn others(
    config: &Config,
    spoken: Language,
    address: impl Fn(Language) -> String,
) -> Vec<(Language, String)> {
    let others = config.languages.iter().copied().filter(|language| *language != spoken);
    others.map(|language| (language, address(language))).collect()
}
