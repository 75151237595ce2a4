//! What a piece of HTML is made of: its elements, what stands in what, and its text.
//!
//! For the operator's template alone, when the configuration is read. Stricter than a browser: every element has to be
//! closed where it was opened, because a browser would mend it by moving what follows.

use std::cell::RefCell;
use std::rc::Rc;

use lol_html::html_content::{Element, EndTag};
use lol_html::{RewriteStrSettings, doc_text, element, rewrite_str};

/// Where the notice's own frame ends: what was tried stands in the fourth of these.
const FRAME: (&str, &str) =
    ("<consent-notice><template><div><div>", "<i id=\"consent-end\"></i></div></div></template></consent-notice>");
const DEPTH: usize = 4;

/// An element.
#[derive(Default)]
pub(super) struct Node {
    pub(super) tag: String,
    /// Decoded.
    pub(super) attributes: Vec<(String, String)>,
    /// Which of the nodes it stands in; `None`: in none of them.
    pub(super) parent: Option<usize>,
    /// Decoded, with that of everything in it.
    pub(super) text: String,
    /// The text between it and the tag before it, as it was written.
    pub(super) before: String,
}

impl Node {
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A piece of HTML.
pub(super) struct Outline {
    pub(super) nodes: Vec<Node>,
    pub(super) text: String,
}

/// While it is read.
#[derive(Default)]
struct Reading {
    nodes: Vec<Node>,
    open: Vec<usize>,
    text: String,
    /// Where in the text the last tag stands.
    tag_at: usize,
}

impl Outline {
    /// Else why it is no whole piece.
    pub(super) fn of(html: &str) -> Result<Self, &'static str> {
        let reading = Rc::new(RefCell::new(Reading::default()));
        read(&reading, &format!("{}{html}{}", FRAME.0, FRAME.1)).map_err(|_| "cannot be read as HTML")?;
        let Reading { mut nodes, text, .. } = reading.take();
        let end = nodes.pop().filter(|end| end.value("id") == Some("consent-end") && end.parent == Some(DEPTH - 1));
        if end.is_none() {
            return Err("an element is not closed, or closed twice");
        }
        nodes.drain(..DEPTH);
        for node in &mut nodes {
            node.parent = node.parent.and_then(|parent| parent.checked_sub(DEPTH));
            node.text = htmlize::unescape(node.text.as_str()).into_owned();
        }
        Ok(Self { nodes, text: htmlize::unescape(text.as_str()).into_owned() })
    }

    pub(super) fn tagged(&self, tag: &str) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(move |node| node.tag == tag)
    }

    /// Whether it stands in an element with this tag.
    pub(super) fn inside(&self, node: &Node, tag: &str) -> bool {
        let mut parent = node.parent;
        while let Some(at) = parent {
            if self.nodes[at].tag == tag {
                return true;
            }
            parent = self.nodes[at].parent;
        }
        false
    }

    pub(super) fn has_children(&self, node: &Node) -> bool {
        let parents = self.nodes.iter().filter_map(|other| other.parent);
        parents.map(|at| std::ptr::from_ref(&self.nodes[at])).any(|parent| parent == std::ptr::from_ref(node))
    }

    /// Elements and the names of their attributes.
    pub(super) fn shape(&self) -> Vec<(&str, Vec<&str>)> {
        fn names(node: &Node) -> Vec<&str> {
            node.attributes.iter().map(|(name, _)| name.as_str()).collect()
        }
        self.nodes.iter().map(|node| (node.tag.as_str(), names(node))).collect()
    }
}

fn read(reading: &Rc<RefCell<Reading>>, html: &str) -> Result<String, lol_html::errors::RewritingError> {
    let (elements, texts) = (Rc::clone(reading), Rc::clone(reading));
    let element = element!("*", move |element| {
        opened(&elements, element);
        Ok(())
    });
    let text = doc_text!(move |chunk| {
        let mut reading = texts.borrow_mut();
        let Reading { nodes, open, text, .. } = &mut *reading;
        text.push_str(chunk.as_str());
        for at in open {
            nodes[*at].text.push_str(chunk.as_str());
        }
        Ok(())
    });
    let settings =
        RewriteStrSettings::new().append_element_content_handler(element).append_document_content_handler(text);
    rewrite_str(html, settings)
}

fn opened(reading: &Rc<RefCell<Reading>>, element: &mut Element) {
    let mut state = reading.borrow_mut();
    let decoded = |value: String| htmlize::unescape_attribute(value.as_str()).into_owned();
    let attributes = element.attributes().iter().map(|a| (a.name(), decoded(a.value()))).collect();
    let (at, parent) = (state.nodes.len(), state.open.last().copied());
    let before = state.text[state.tag_at..].to_owned();
    state.tag_at = state.text.len();
    state.nodes.push(Node { tag: element.tag_name(), attributes, parent, before, ..Node::default() });
    let Some(handlers) = element.end_tag_handlers() else { return };
    let depth = state.open.len();
    state.open.push(at);
    let closing = Rc::clone(reading);
    handlers.push(Box::new(move |_: &mut EndTag| {
        let mut state = closing.borrow_mut();
        state.open.truncate(depth);
        state.tag_at = state.text.len();
        Ok(())
    }));
}
