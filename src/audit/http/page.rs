//! A page read without running it: its links, its forms, and what its tags would make a browser ask.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use lol_html::{HtmlRewriter, Settings, element, end_tag, text};
use url::Url;

use crate::audit::RequestMet;
use crate::audit::collect::without_query;
use crate::consent::PurposeSet;
use crate::html::{Coding, Job, Rewriter};
use crate::policy::{Action, Config, Policy, Unclassified};

/// Pages with more links than this lead nowhere else.
const MOST_LINKS: usize = 2_000;

/// What a page has.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) links: Vec<Url>,
    pub(super) forms: Vec<Form>,
    pub(super) requests: Vec<RequestMet>,
    pub(super) gaps: Vec<String>,
}

/// A form that is sent by a button.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    pub(super) action: String,
    pub(super) post: bool,
    pub(super) fields: Vec<(String, String)>,
    pub(super) buttons: Vec<Button>,
}

/// A button of a form.
#[derive(Clone, Debug, Default)]
pub(super) struct Button {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) text: String,
    pub(super) element: &'static str,
}

/// Reads a page that came from this address.
pub(super) fn read(html: &[u8], address: &Url) -> Read {
    let found = Rc::new(RefCell::new(Found::default()));
    let mut read = Read::default();
    if let Err(fault) = walk(html, &found) {
        read.gaps.push(format!("{}: not read to its end: {fault}", without_query(address)));
    }
    let found = std::mem::take(&mut *found.borrow_mut());
    let base = found.base.and_then(|base| address.join(&base).ok()).unwrap_or_else(|| address.clone());
    read.links = found.links.iter().filter_map(|link| page_address(&base, link)).collect();
    read.links.dedup();
    read.forms = found.forms;
    match asked(html, address) {
        Ok(requests) => read.requests = requests,
        Err(fault) => read.gaps.push(format!("{}: tags not read to their end: {fault}", without_query(address))),
    }
    read
}

fn page_address(base: &Url, link: &str) -> Option<Url> {
    let mut url = base.join(link.trim()).ok()?;
    url.set_fragment(None);
    matches!(url.scheme(), "http" | "https").then_some(url)
}

#[derive(Default)]
struct Found {
    base: Option<String>,
    links: Vec<String>,
    forms: Vec<Form>,
    open: bool,
    button_open: bool,
}

impl Found {
    fn form(&mut self) -> Option<&mut Form> {
        self.forms.last_mut().filter(|_| self.open)
    }

    fn button(&mut self, button: Button) {
        if let Some(form) = self.form() {
            form.buttons.push(button);
        }
    }

    fn text(&mut self, text: &str) {
        let open = self.button_open;
        if let Some(button) = self.form().filter(|_| open).and_then(|form| form.buttons.last_mut()) {
            button.text.push_str(text);
        }
    }
}

type Handlers = Vec<(std::borrow::Cow<'static, lol_html::Selector>, lol_html::ElementContentHandlers<'static>)>;
type Shared = Rc<RefCell<Found>>;

fn walk(html: &[u8], found: &Shared) -> Result<(), lol_html::errors::RewritingError> {
    let handlers = addresses(found).into_iter().chain(forms(found));
    let settings = handlers.fold(Settings::new().with_strict(false), Settings::append_element_content_handler);
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    rewriter.write(html)?;
    rewriter.end()
}

fn attribute(element: &lol_html::html_content::Element<'_, '_>, name: &str) -> String {
    htmlize::unescape_attribute(element.get_attribute(name).unwrap_or_default()).into_owned()
}

fn addresses(found: &Shared) -> Handlers {
    let (base, links) = (Rc::clone(found), Rc::clone(found));
    vec![
        element!("base[href]", move |element| {
            base.borrow_mut().base.get_or_insert(attribute(element, "href"));
            Ok(())
        }),
        element!("a[href], area[href]", move |element| {
            let mut found = links.borrow_mut();
            if found.links.len() < MOST_LINKS && !element.has_attribute("download") {
                found.links.push(attribute(element, "href"));
            }
            Ok(())
        }),
    ]
}

fn forms(found: &Shared) -> Handlers {
    let of = || Rc::clone(found);
    let (forms, hidden, submits, buttons, texts) = (of(), of(), of(), of(), of());
    vec![
        element!("form", move |element| {
            let post = attribute(element, "method").eq_ignore_ascii_case("post");
            let form = Form { action: attribute(element, "action"), post, ..Form::default() };
            let mut found = forms.borrow_mut();
            found.forms.push(form);
            found.open = true;
            at_end(element, &forms, |found| found.open = false);
            Ok(())
        }),
        element!("input[type=hidden]", move |element| {
            let field = (attribute(element, "name"), attribute(element, "value"));
            if let Some(form) = hidden.borrow_mut().form() {
                form.fields.push(field);
            }
            Ok(())
        }),
        element!("input[type=submit]", move |element| {
            let (name, value) = (attribute(element, "name"), attribute(element, "value"));
            submits.borrow_mut().button(Button { name, text: value.clone(), value, element: "input" });
            Ok(())
        }),
        element!("button", move |element| {
            let (name, value) = (attribute(element, "name"), attribute(element, "value"));
            let mut found = buttons.borrow_mut();
            found.button(Button { name, value, text: String::new(), element: "button" });
            found.button_open = true;
            at_end(element, &buttons, |found| found.button_open = false);
            Ok(())
        }),
        text!("button", move |chunk| {
            texts.borrow_mut().text(&htmlize::unescape(chunk.as_str()));
            Ok(())
        }),
    ]
}

/// Where an element is closed; one that never is ends with the page.
fn at_end(element: &mut lol_html::html_content::Element<'_, '_>, found: &Shared, then: fn(&mut Found)) {
    let found = Rc::clone(found);
    if let Some(handlers) = element.end_tag_handlers() {
        handlers.push(end_tag!(move |_| {
            then(&mut found.borrow_mut());
            Ok(())
        }));
    }
}

/// What its tags would ask of others, by the eyes of the gate: what it would hold, and what it would mention.
fn asked(html: &[u8], address: &Url) -> Result<Vec<RequestMet>, &'static str> {
    let unclassified = Unclassified { tags: Action::Pass, ..Unclassified::default() };
    let hosts = vec![address.host_str().unwrap_or_default().to_owned()];
    let config = Config { hosts, unclassified, ..Config::default() };
    let policy = Policy::new(&config).map_err(|_| "the rules cannot be read")?;
    let job = Job {
        policy: Arc::new(policy),
        granted: PurposeSet::ESSENTIAL,
        address: address.clone(),
        head: None,
        placeholder: None,
        csp: None,
        cookies: None,
        notice: None,
        footer: None,
    };
    let mut reader = Rewriter::observe(Coding::Identity, job).map_err(crate::html::Abandoned::name)?;
    reader.push(Bytes::copy_from_slice(html)).map_err(crate::html::Abandoned::name)?;
    let (_, findings) = reader.finish().map_err(crate::html::Abandoned::name)?;
    let initiator = without_query(address);
    let met = findings.iter().filter(|finding| finding.address != "inline").filter_map(|finding| {
        let url = Url::parse(&format!("{}://{}", address.scheme(), finding.address)).ok()?;
        Some(RequestMet { url, initiator: initiator.clone() })
    });
    Ok(met.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_forms_and_requests_are_read() {
        let html = br#"<!doctype html><base href="/sub/"><a href="one?a=1&amp;b=2#x">1</a><a href="mailto:x@y">m</a>
            <a href="file.pdf" download>d</a><consent-notice><template shadowrootmode="open"><form method=post action="/c">
            <input type=hidden name=return value="/a&amp;b"><button name=choice value=accept>Accept <b>all</b></button>
            <input type=submit name=no value="Reject"></form></template></consent-notice>
            <script src="https://www.google-analytics.com/analytics.js?id=1"></script>
            <link rel=stylesheet href="https://fonts.unheard-of.example/css?family=x"><img src="/own.png">"#;
        let read = read(html, &Url::parse("https://example.gov.uk/page").unwrap());
        assert_eq!(read.links.iter().map(Url::as_str).collect::<Vec<_>>(), ["https://example.gov.uk/sub/one?a=1&b=2"]);
        let [form] = &read.forms[..] else { panic!("{:?}", read.forms) };
        assert_eq!((&*form.action, form.post, &form.fields[0].1[..]), ("/c", true, "/a&b"));
        let buttons: Vec<_> =
            form.buttons.iter().map(|button| (&*button.text, &*button.value, button.element)).collect();
        assert_eq!(buttons, [("Accept all", "accept", "button"), ("Reject", "Reject", "input")]);
        let hosts: Vec<_> = read.requests.iter().filter_map(|request| request.url.host_str()).collect();
        assert_eq!(hosts, ["www.google-analytics.com", "fonts.unheard-of.example"]);
        assert_eq!(read.gaps, Vec::<String>::new());
    }
}
