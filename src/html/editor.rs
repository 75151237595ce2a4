//! Turns what was found in a page into edits, and lets the bytes go.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use crate::consent::PurposeSet;
use crate::policy::Policy;

use super::Abandoned;
use super::any_tag::acts;
use super::attributes::{StartTag, tag_name};
use super::banner;
use super::defines::with_names;
use super::embed_here::{is_place, leads_to};
use super::hold::{Edit, Finding, HeldTag, LeftOut, Mark, hold, mark};
use super::judge::{Judge, Judged, Part};
use super::meta::{self, Pragma};
use super::page::{Csp, Notice, Placeholder};
use super::scan::{Event, Kind, Scanner};
use super::source::Source;
use super::value::{Place, Value};

/// An inline script, a style sheet or a `noscript` is held back until its end is there, up to this many bytes.
const MOST_HELD_BACK: usize = 4 * 1024 * 1024;
/// Which `base` a browser takes depends on where each stands (the first with an address, none in a template or of no
/// script): all count, so that none hides where an address leads. More than a few nobody writes.
const MOST_BASES: usize = 4;
/// `noscript` in `srcdoc` in `noscript` …: deeper than this nobody nests by accident, and each depth holds its own copy.
const DEEPEST: u8 = 8;

/// A start tag whose verdict needs what follows it.
struct Waiting {
    kind: Kind,
    span: Range<usize>,
    /// Something of it is held already.
    marked: bool,
}

pub(super) struct Editor {
    pub(super) source: Source,
    edits: VecDeque<Edit>,
    pub(super) findings: Vec<Finding>,
    pub(super) left_out: LeftOut,
    waiting: Option<Waiting>,
    pub(super) placeholder: Option<Placeholder>,
    pub(super) csp: Option<Csp>,
    /// The path of the cookies page.
    pub(super) cookies_path: Option<String>,
    /// Makes it, for the place the page has for it.
    pub(super) cookies: Option<Notice>,
    /// The page has a link of its own to it, or shows it.
    pub(super) linked: bool,
    /// The page's, as its `<html>` says it.
    pub(super) language: Option<String>,
    policy: Arc<Policy>,
    granted: PurposeSet,
    host: String,
    /// The page's own address, then those its `base` tags have named.
    bases: Vec<Url>,
    depth: u8,
}

impl Editor {
    pub(super) fn new(policy: Arc<Policy>, granted: PurposeSet, base: Url) -> Self {
        Self {
            source: Source::default(),
            edits: VecDeque::new(),
            findings: Vec::new(),
            left_out: LeftOut::new(),
            waiting: None,
            placeholder: None,
            csp: None,
            cookies_path: None,
            cookies: None,
            linked: false,
            language: None,
            policy,
            granted,
            host: base.host_str().unwrap_or_default().to_owned(),
            bases: vec![base],
            depth: 0,
        }
    }

    pub(super) fn event(&mut self, event: Event) -> Result<(), Abandoned> {
        if let Event::Start { kind: Kind::Any, span, .. } = &event {
            self.hide_banner(span);
            self.show_cookies(span);
        }
        match event {
            // Near what acts, but does not: as if it had not been read, for another cut of the page would not show it.
            Event::Start { kind: Kind::Any, span, .. } if !acts(&self.source.range(span.clone())) => {}
            Event::Start { kind, span, content } => self.start(kind, span, content)?,
            Event::End { span } => self.content_ended(span.start)?,
            Event::Head { .. } | Event::Body { .. } | Event::BodyEnd { .. } => {}
        }
        Ok(())
    }

    /// May another banner's element stand in this piece of the page, on a site that has replaced it?
    pub(super) fn may_have_banner(&self, html: &[u8]) -> bool {
        self.policy.replaces_banner() && banner::may_stand_in(html)
    }

    fn hide_banner(&mut self, span: &Range<usize>) {
        if !self.policy.replaces_banner() {
            return;
        }
        if let Some((edit, finding)) = banner::hide(&self.source.range(span.clone()), span.start) {
            self.add([edit]);
            self.findings.push(finding);
        }
    }

    /// May a link to the cookies page stand in this piece of the page?
    pub(super) fn may_link(&self, html: &[u8]) -> bool {
        let path = self.cookies_path.as_ref().filter(|_| !self.linked);
        path.is_some_and(|path| memchr::memmem::find(html, path.as_bytes()).is_some())
    }

    /// Puts the cookies page into the place the page has for it; notes where the page leads to it by itself.
    fn show_cookies(&mut self, span: &Range<usize>) {
        let Some(path) = &self.cookies_path else { return };
        let raw = self.source.range(span.clone());
        self.linked = self.linked || leads_to(&raw, path, &self.bases);
        if is_place(&raw)
            && let Some(content) = self.cookies.take()
        {
            self.linked = true;
            self.insert(span.end, content(self.language.as_deref()));
        }
    }

    fn rebase(&mut self, span: &Range<usize>) {
        let base = self.value(span, "href").and_then(|href| self.bases[0].join(&href).ok());
        // "If scheme is data or javascript", browsers stay with the page's address (HTML standard, 4.2.3).
        let base = base.filter(|base| !matches!(base.scheme(), "data" | "javascript"));
        self.bases.extend(base.filter(|base| self.bases.len() <= MOST_BASES && !self.bases.contains(base)));
    }

    pub(super) fn value(&self, span: &Range<usize>, name: &str) -> Option<String> {
        StartTag::new(&self.source.range(span.clone())).value(name).map(std::borrow::Cow::into_owned)
    }

    fn start(&mut self, kind: Kind, span: Range<usize>, content: bool) -> Result<(), Abandoned> {
        if kind == Kind::Base {
            self.rebase(&span);
        } else {
            self.interrupt(span.start)?;
        }
        let raw = self.source.range(span.clone());
        let (judged, parts) = (self.judge().tag(kind, &raw), self.judge().parts(&raw));
        let waits = content && (matches!(judged, Judged::Inline) || kind == Kind::Opaque);
        let mut marked = match judged {
            Judged::Hold { purpose, finding } => self.hold(&span, &purpose, finding),
            Judged::Documents(documents) => self.documents(documents, &span)?,
            Judged::Noted(finding) => {
                self.findings.push(finding);
                false
            }
            Judged::Pass | Judged::Inline => false,
        };
        marked |= self.parts(&span, parts, marked);
        if kind == Kind::Meta {
            self.edit_policy(&span);
        }
        if waits {
            self.waiting = Some(Waiting { kind, span, marked });
        }
        Ok(())
    }

    /// A tag inside what should be text: only in SVG can a script or a style sheet have one. Its text cannot be told from
    /// markup there, so it is held.
    fn interrupt(&mut self, at: usize) -> Result<(), Abandoned> {
        match self.waiting.take() {
            Some(waiting) if waiting.kind != Kind::Opaque => self.hold_unread(&waiting, "markup inside"),
            other => {
                self.waiting = other;
                self.content_ended(at)?;
            }
        }
        Ok(())
    }

    fn judge(&self) -> Judge<'_> {
        Judge { policy: &self.policy, granted: self.granted, host: &self.host, bases: &self.bases, depth: 0 }
    }

    /// Always `true`: the tag is marked.
    fn hold(&mut self, span: &Range<usize>, purpose: &str, finding: Finding) -> bool {
        self.hold_marked(span, (purpose, false), finding);
        true
    }

    fn hold_marked(&mut self, span: &Range<usize>, (purpose, marked): (&str, bool), finding: Finding) {
        let raw = self.source.range(span.clone());
        let placeholder = self.placeholder.as_deref().and_then(|make| {
            let held = HeldTag::of(&raw, self.bases.last()?, (purpose, &finding))?;
            make(&HeldTag { language: self.language.clone(), ..held })
        });
        let edits = hold(&raw, span.start, &Mark { purpose, replaced: placeholder.is_some(), marked });
        match placeholder {
            Some(text) => self.insert(span.start, text),
            None => self.left_out.extend(finding.left_out()),
        }
        self.add(edits);
        self.findings.push(finding);
    }

    /// Holds single attributes of a tag, or addresses in a style sheet that begins with it. `true`: the tag is marked.
    fn parts(&mut self, span: &Range<usize>, parts: Vec<Part>, marked: bool) -> bool {
        let purpose = parts.iter().find_map(|part| part.purpose.as_deref());
        if let Some(purpose) = purpose.filter(|_| !marked) {
            self.add([mark(&self.source.range(span.clone()), span.start, purpose)]);
        }
        let held = purpose.is_some();
        for Part { edits, finding, .. } in parts {
            self.add(edits.into_iter().map(|edit| Edit { at: span.start + edit.at, ..edit }));
            self.left_out.extend(finding.left_out());
            self.findings.push(finding);
        }
        held
    }

    /// The page's own policy: what must be let through is written into it.
    fn edit_policy(&mut self, span: &Range<usize>) {
        let Some(csp) = self.csp.clone() else { return };
        let raw = self.source.range(span.clone());
        if Pragma::of(StartTag::new(&raw)) == Pragma::Policy {
            let edits = meta::policy_edits(&raw, span.start, |policy| csp(policy));
            self.add(edits);
        }
    }

    pub(super) fn insert(&mut self, at: usize, text: Vec<u8>) {
        self.add([Edit { at, text: text.into() }]);
    }

    /// Edits leave in the order of their places. They come in it too, save where a script's verdict had to wait and
    /// markup followed inside it.
    fn add(&mut self, edits: impl IntoIterator<Item = Edit>) {
        for edit in edits {
            let behind = self.edits.partition_point(|known| known.at <= edit.at);
            self.edits.insert(behind, edit);
        }
    }

    /// The end of an inline script, a style sheet or opaque content is known: now it can be judged.
    fn content_ended(&mut self, end: usize) -> Result<(), Abandoned> {
        let Some(Waiting { kind, span, marked }) = self.waiting.take() else { return Ok(()) };
        match kind {
            Kind::Opaque => self.opaque(&span, end, marked)?,
            Kind::Style => self.sheet(&span, end, marked),
            _ => self.script(&span, end, marked),
        }
        Ok(())
    }

    fn script(&mut self, span: &Range<usize>, end: usize, marked: bool) {
        let (judged, loads) = {
            let (raw, content) = (self.source.range(span.clone()), self.source.range(span.end..end));
            (self.judge().script_content(&raw, &content), self.judge().loads(&content))
        };
        self.left_out.extend(loads);
        match judged {
            Judged::Hold { purpose, finding } => {
                let purpose = with_names(purpose, &self.source.range(span.end..end));
                self.hold_marked(span, (&purpose, marked), finding);
            }
            Judged::Noted(finding) => self.findings.push(finding),
            Judged::Pass | Judged::Inline | Judged::Documents(_) => {}
        }
    }

    /// Text to some browsers and markup to others: judged as markup, and as CSS where it is a style sheet to some.
    fn opaque(&mut self, span: &Range<usize>, end: usize, marked: bool) -> Result<(), Abandoned> {
        let inner = self.fragment(self.source.range(span.end..end).into_owned(), span.end)?;
        self.add(inner.edits);
        self.findings.extend(inner.findings);
        self.left_out.extend(inner.left_out);
        self.bases = inner.bases;
        if tag_name(&self.source.range(span.clone())).eq_ignore_ascii_case("style") {
            self.sheet(span, end, marked);
        }
        Ok(())
    }

    /// In SVG a sheet's text has character references, in HTML it has none: it is read both ways.
    fn sheet(&mut self, span: &Range<usize>, end: usize, marked: bool) {
        let parts = {
            let (raw, content) = (self.source.range(span.clone()), self.source.range(span.end..end));
            let offset = span.end - span.start;
            let plain = Value::plain(&content);
            let mut parts = self.judge().sheet(&plain, &raw, |at| offset + at);
            if memchr::memchr(b'&', &content).is_some() {
                let value = Value::decode(&content, Place::Text);
                let decoded = self.judge().sheet(&value.text, &raw, |at| offset + value.written(at));
                let again =
                    |part: &Part| parts.iter().any(|known| known.finding == part.finding || known.edits == part.edits);
                let new: Vec<_> = decoded.into_iter().filter(|part| !again(part)).collect();
                parts.extend(new);
            }
            parts
        };
        self.parts(span, parts, marked);
    }

    /// An inline script or style sheet too long to wait for is held unread; opaque content that long cannot be searched.
    pub(super) fn limit_waiting(&mut self) -> Result<(), Abandoned> {
        let Some(waiting) = self.waiting.take_if(|waiting| self.source.end() - waiting.span.start > MOST_HELD_BACK)
        else {
            return Ok(());
        };
        if waiting.kind == Kind::Opaque {
            return Err(Abandoned::MemoryLimit);
        }
        self.hold_unread(&waiting, "too long to be judged");
        Ok(())
    }

    fn hold_unread(&mut self, Waiting { span, marked, .. }: &Waiting, rule: &str) {
        let name = tag_name(&self.source.range(span.clone())).to_owned();
        if let Judged::Hold { purpose, finding } = self.judge().unread(&name, rule) {
            self.hold_marked(span, (&purpose, *marked), finding);
        }
    }

    /// A tag that shows a page of its own is held whole if anything is to be held in it.
    fn documents(&mut self, documents: Vec<String>, span: &Range<usize>) -> Result<bool, Abandoned> {
        for document in documents {
            let inner = self.fragment(document.into_bytes(), 0)?;
            if let Some(finding) = inner.findings.into_iter().find(|finding| finding.held) {
                return Ok(self.hold(span, "embedded", finding));
            }
        }
        Ok(false)
    }

    /// Judges a piece of HTML that stands inside something: its places begin at `base`.
    fn fragment(&self, html: Vec<u8>, base: usize) -> Result<Self, Abandoned> {
        if self.depth == DEEPEST {
            return Err(Abandoned::Ambiguity);
        }
        let mut inner = Self::new(Arc::clone(&self.policy), self.granted, self.bases[0].clone());
        inner.bases.clone_from(&self.bases);
        inner.host.clone_from(&self.host);
        inner.placeholder.clone_from(&self.placeholder);
        inner.language.clone_from(&self.language);
        inner.depth = self.depth + 1;
        let html = Bytes::from(html);
        inner.source = Source::at(base, html.clone());
        let mut scanner = Scanner::fragment(base);
        scanner.read_all(inner.may_have_banner(&html));
        let mut events = scanner.feed(&html)?.into_iter().chain(scanner.end()?);
        events.try_for_each(|event| inner.event(event))?;
        inner.end()?;
        Ok(inner)
    }

    /// Nothing follows: what still waits for its end ends here.
    pub(super) fn end(&mut self) -> Result<(), Abandoned> {
        self.content_ended(self.source.end())
    }

    /// Lets everything before `understood` leave, edited; what waits for its verdict stays.
    pub(super) fn emit(&mut self, understood: usize, out: &mut Vec<Bytes>) {
        let limit = self.waiting.as_ref().map_or(understood, |waiting| waiting.span.start.min(understood));
        while let Some(edit) = self.edits.pop_front_if(|edit| edit.at <= limit) {
            self.source.take_until(edit.at, out);
            out.push(edit.into());
        }
        self.source.take_until(limit, out);
    }
}
