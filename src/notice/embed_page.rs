//! The page that loads one held thing once, for a visitor without JavaScript who asked for it.

use http::HeaderValue;
use url::Url;

use super::document::{CONTENT_SECURITY_POLICY, Frame, document};
use super::elsewhere::own_page;
use super::html::{Html, fill};
use super::strings::Strings;
use super::{Config, Language};

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct EmbedPage<'a> {
    /// The site's notice.
    pub config: &'a Config,
    /// The language to speak.
    pub language: Language,
    /// The reserved prefix, without a slash at its end.
    pub prefix: &'a str,
    /// The path and query the visitor came from.
    pub return_to: &'a str,
    /// What they asked to load.
    pub address: &'a Url,
    /// Whose it is; `None` where only the host is known.
    pub company: Option<&'a str>,
}

/// The whole page. The frame is told the page's origin, because players refuse to play for nobody.
pub fn embed_page(view: &EmbedPage) -> String {
    let strings = Strings::of(view.language);
    let whose = view.company.or(view.address.host_str()).unwrap_or_default();
    let title = fill(strings.held_name, &[whose]);
    let frame = Frame {
        language: view.language,
        title: &title,
        service: Some(&view.config.service),
        prefix: Some(view.prefix),
        style: Some(&view.config.style),
        listed: false,
        others: &[],
    };
    document(&frame, |html, strings| {
        html.element("h1", &[], &title).element("p", &[], strings.loaded_once);
        embed(html, view.address, &title);
        html.raw("<p>").linked(strings.go_back, &super::address::local(view.return_to)).raw("</p><p>");
        let text = fill(strings.view_on, &[whose]);
        html.element("a", &[("href", &own_page(view.address.as_str())), ("rel", "noreferrer")], &text).raw("</p>");
    })
}

fn embed(html: &mut Html, address: &Url, title: &str) {
    let allowed = "autoplay; encrypted-media; fullscreen; picture-in-picture";
    html.open(
        "iframe",
        &[
            ("src", address.as_str()),
            ("title", title),
            ("class", "embed"),
            ("allow", allowed),
            ("referrerpolicy", "strict-origin-when-cross-origin"),
        ],
    );
    html.close("iframe");
}

/// The gate's usual policy with one hole: frames from the origin that was asked for.
pub fn embed_policy(address: &Url) -> HeaderValue {
    let origin = address.origin().ascii_serialization();
    HeaderValue::from_str(&format!("{CONTENT_SECURITY_POLICY}; frame-src {origin}"))
        .unwrap_or(HeaderValue::from_static(CONTENT_SECURITY_POLICY))
}
