//! A page as a browser reads it, by html5ever: another reader than the gate's own.

use encoding_rs::WINDOWS_1252;
use scraper::node::Element;
use scraper::{Html, Node};
use url::Url;

use crate::undo::undo;

/// What the gate adds to pages.
const NOTICE: &str = "consent-notice";
/// Where the notice's own link leads. A page that never closes one of its links gets this one beside the notice
/// instead of in it: "a start tag `a` closes the open one" (HTML standard, 13.2.6.4.7).
const OWN: &str = "/.consent/cookies";
const PLACEHOLDER: &str = "consent-placeholder";
const GUARD: &str = "/.consent/guard-";
/// What it does to a held tag.
const MARK: &str = "data-consentgate";
const PREFIX: &str = "data-consentgate-";
/// In front of a held address in a style.
const ADDRESS: &str = "data:,consentgate/";

/// Something a browser would fetch, or run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference {
    /// In the words of the filter lists.
    pub(crate) kind: &'static str,
    pub(crate) address: Url,
}

/// What this test looks at in a page.
#[derive(Debug, Default)]
pub(crate) struct Dom {
    pub(crate) references: Vec<Reference>,
    /// The texts of the inline scripts that run.
    pub(crate) scripts: Vec<String>,
    /// Form controls: name and attributes, as written.
    pub(crate) controls: Vec<String>,
    /// Every element, attribute and text in its place, without what the gate adds.
    pub(crate) shape: Vec<String>,
    pub(crate) notices: usize,
}

impl Dom {
    /// The page ends inside something that takes its end for text: an `iframe` that is never closed, for instance.
    pub(crate) fn ends_as_text(&self) -> bool {
        self.shape.last().is_some_and(|last| last.to_ascii_lowercase().contains("</html"))
    }
}

/// Reads a page. As bytes, not as text: every charset of the pages has ASCII in its place, and tags are ASCII.
pub(crate) fn read(html: &[u8], address: &Url) -> Dom {
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(html);
    let tree = Html::parse_document(&text);
    let mut reader = Reader { base: address.clone(), rebased: false, dom: Dom::default() };
    reader.tree(&tree);
    reader.dom
}

struct Reader {
    base: Url,
    rebased: bool,
    dom: Dom,
}

type Place<'t> = ego_tree::NodeRef<'t, Node>;

impl Reader {
    fn tree(&mut self, tree: &Html) {
        self.node(tree.tree.root());
    }

    /// Without recursion over siblings or depth: real pages nest thousands of elements.
    fn node(&mut self, root: Place<'_>) {
        let mut stack = vec![root];
        while let Some(node) = stack.pop() {
            let enters = match node.value() {
                Node::Element(element) => self.element(element, node),
                Node::Text(text) => self.text(&text.text),
                _ => true,
            };
            if enters {
                stack.extend(node.children().rev());
            }
        }
    }

    fn text(&mut self, text: &str) -> bool {
        // What a browser with scripting takes for text, as in `noscript`, the gate judges as tags.
        let text = String::from_utf8(undo(text.as_bytes()).html).expect("the edits are ASCII");
        let text = text.as_str();
        // Where the notice parts white space from text, the same characters stand in two nodes.
        match self.dom.shape.last_mut() {
            Some(last) if last.starts_with('"') => last.push_str(text),
            _ => self.dom.shape.push(format!("\"{text}")),
        }
        true
    }

    fn element(&mut self, element: &Element, node: Place<'_>) -> bool {
        let name = element.name();
        if name == NOTICE {
            self.dom.notices += 1;
            return false;
        }
        if name == PLACEHOLDER {
            return false;
        }
        if name == "script" && element.attr("src").is_some_and(|src| src.contains(GUARD)) {
            return false;
        }
        // A placeholder's link says nobody where it comes from; few links of the pages do, and those on both sides.
        let is_own =
            element.attr("href").is_some_and(|href| href.contains(OWN)) || element.attr("rel") == Some("noreferrer");
        if name == "a" && is_own {
            return false;
        }
        let written = as_written(element);
        if matches!(name, "form" | "input" | "select" | "textarea" | "button") {
            self.dom.controls.push(written.clone());
        }
        self.dom.shape.push(written);
        match name {
            "base" if !self.rebased => self.rebase(element),
            "noscript" => self.noscript(node),
            "script" => self.script(element, node),
            _ => self.fetching(element),
        }
        true
    }

    fn rebase(&mut self, element: &Element) {
        let Some(base) = element.attr("href").and_then(|href| self.base.join(href).ok()) else { return };
        self.base = base;
        self.rebased = true;
    }

    /// With scripting on the content is text; a browser without scripting reads it as tags.
    fn noscript(&mut self, node: Place<'_>) {
        let text: String = node.children().filter_map(|child| child.value().as_text().map(|text| &**text)).collect();
        let mut inner = Self { base: self.base.clone(), rebased: true, dom: Dom::default() };
        inner.tree(&Html::parse_fragment(&text));
        self.dom.references.extend(inner.dom.references);
        self.dom.controls.extend(inner.dom.controls);
    }

    fn script(&mut self, element: &Element, node: Place<'_>) {
        if !runs(element) {
            return;
        }
        if let Some(src) = element.attr("src") {
            self.refer("script", src);
        } else {
            let text = node.children().filter_map(|child| child.value().as_text().map(|text| &**text));
            self.dom.scripts.push(text.collect());
        }
    }

    fn fetching(&mut self, element: &Element) {
        let name = element.name();
        if name == "link" {
            let mut kinds = element.attr("rel").unwrap_or_default().split_ascii_whitespace();
            if let (Some(kind), Some(href)) = (kinds.find_map(link_kind), element.attr("href")) {
                self.refer(kind, href);
            }
        }
        let is_image_button =
            name == "input" && element.attr("type").is_some_and(|of| of.eq_ignore_ascii_case("image"));
        for (tag, attribute, kind) in FETCHING {
            if tag == name
                && (tag != "input" || is_image_button)
                && let Some(address) = element.attr(attribute)
            {
                self.refer(kind, address);
            }
        }
        if matches!(name, "img" | "source") {
            for candidate in element.attr("srcset").unwrap_or_default().split(", ") {
                self.refer("image", candidate.split_ascii_whitespace().next().unwrap_or_default());
            }
        }
        if let (Some(srcdoc), "iframe") = (element.attr("srcdoc"), name) {
            let inner = Html::parse_document(srcdoc);
            let mut reader = Self { base: self.base.clone(), rebased: false, dom: Dom::default() };
            reader.tree(&inner);
            self.dom.references.extend(reader.dom.references);
            self.dom.scripts.extend(reader.dom.scripts);
        }
    }

    fn refer(&mut self, kind: &'static str, address: &str) {
        let Ok(address) = self.base.join(address.trim()) else { return };
        if matches!(address.scheme(), "http" | "https") {
            self.dom.references.push(Reference { kind, address });
        }
    }
}

const FETCHING: [(&str, &str, &str); 12] = [
    ("img", "src", "image"),
    ("iframe", "src", "subdocument"),
    ("frame", "src", "subdocument"),
    ("object", "data", "object"),
    ("embed", "src", "object"),
    ("video", "src", "media"),
    ("video", "poster", "image"),
    ("audio", "src", "media"),
    ("source", "src", "media"),
    ("track", "src", "media"),
    ("input", "src", "image"),
    ("image", "href", "image"),
];

fn link_kind(rel: &str) -> Option<&'static str> {
    Some(match &*rel.to_ascii_lowercase() {
        "stylesheet" => "stylesheet",
        "icon" | "apple-touch-icon" | "mask-icon" | "apple-touch-icon-precomposed" => "image",
        "preload" | "prefetch" | "preconnect" | "dns-prefetch" | "modulepreload" | "prerender" | "manifest" => "other",
        _ => return None,
    })
}

/// HTML standard, "prepare the script element": no type, an empty one, JavaScript's or `module`.
fn runs(element: &Element) -> bool {
    let kind = element.attr("type").map(str::to_owned);
    let kind = kind.or_else(|| element.attr("language").filter(|of| !of.is_empty()).map(|of| format!("text/{of}")));
    let Some(kind) = kind else { return true };
    let kind = kind.trim().to_ascii_lowercase();
    let scripts = ["", "module", "text/jscript", "text/livescript", "application/x-ecmascript", "text/x-ecmascript"];
    kind.contains("javascript") || kind.ends_with("/ecmascript") || scripts.contains(&&*kind)
}

/// Name and attributes, sorted, with those of a held tag as they stood before.
fn as_written(element: &Element) -> String {
    let held = element.attr(MARK).is_some();
    let mut attributes: Vec<_> = element
        .attrs()
        // What has a `hidden` of its own has no placeholder.
        .filter(|(name, value)| {
            !(held && (matches!(*name, MARK | "hidden") || (*name == "type" && *value == "text/plain")))
        })
        .map(|(name, value)| (name.strip_prefix(PREFIX).unwrap_or(name), value.replace(ADDRESS, "")))
        .map(|(name, value)| format!(" {name}={value:?}"))
        .collect();
    attributes.sort();
    format!("<{}{}>", element.name(), attributes.concat())
}

/// The addresses plainly written in a script's text.
pub(crate) fn addresses_in(script: &str) -> Vec<Url> {
    let plain = script.replace("\\/", "/");
    let starts = memchr::memmem::find_iter(plain.as_bytes(), b"//");
    starts.filter_map(|at| address_at(&plain[at + 2..])).collect()
}

fn address_at(text: &str) -> Option<Url> {
    let stops = |c: char| c.is_ascii_whitespace() || "\"'`<>\\)(;,{}|".contains(c);
    let written = &text[..text.find(stops).unwrap_or(text.len())];
    let host = written.split(['/', '?', '#']).next()?;
    let named = host.contains('.') && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte));
    if named { Url::parse(&format!("https://{written}")).ok() } else { None }
}
