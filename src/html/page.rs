//! One page on its way through: read, judged, edited, sent on, chunk by chunk.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use crate::consent::PurposeSet;
use crate::policy::Policy;

use super::Abandoned;
use super::attributes::StartTag;
use super::hold::{Edit, Finding, HeldTag, Judge, Judged, hold};
use super::scan::{BodyTag, Event, Kind, Scanner};
use super::source::Source;

/// Makes the notice for a page whose `<html lang>` is this; ASCII only, so that it fits any charset.
pub type Notice = Box<dyn FnOnce(Option<&str>) -> Vec<u8> + Send>;

/// Makes what stands in for a held tag, in front of it; `None` where nothing should. ASCII only, as the notice.
pub type Placeholder = Arc<dyn Fn(&HeldTag) -> Option<Vec<u8>> + Send + Sync>;

/// What a page is judged by.
pub struct Job {
    /// The site's rules.
    pub policy: Arc<Policy>,
    /// What may run for this visitor on this path.
    pub granted: PurposeSet,
    /// The page's own address.
    pub address: Url,
    /// Put first in the head, once.
    pub head: Option<Vec<u8>>,
    /// Stands in for what is held and would have been seen.
    pub placeholder: Option<Placeholder>,
    /// Put first in the body, once.
    pub notice: Option<Notice>,
    /// Put at the end of the body, once.
    pub footer: Option<Notice>,
}

/// An inline script or a `noscript` is judged when its end is there; until then it is held back, up to this many bytes.
const MOST_HELD_BACK: usize = 4 * 1024 * 1024;
/// What may follow the last `</body>`: `</html>`, white space, a late script. Where more follows, it was not the last.
const LONGEST_TAIL: usize = 2048;
/// Which `base` a browser takes depends on where each stands (the first with an address, none in a template or of no
/// script): all count, so that none hides where an address leads. More than a few nobody writes.
const MOST_BASES: usize = 4;
/// `noscript` in `srcdoc` in `noscript` …: deeper than this nobody nests by accident.
const DEEPEST: u8 = 16;

/// A page being rewritten. Feed it decoded bytes; take what may leave.
pub struct Page {
    editor: Editor,
    scanner: Scanner,
    head: Option<Vec<u8>>,
    notice: Option<Notice>,
    footer: Option<Notice>,
    language: Option<String>,
    /// The last `</body>` so far: it waits for what follows, because the footer goes in front of it.
    body_end: Option<usize>,
}

impl Page {
    /// A page that has not begun.
    pub fn new(job: Job) -> Self {
        let Job { policy, granted, address, head, placeholder, notice, footer } = job;
        Self {
            editor: Editor { placeholder, ..Editor::new(policy, granted, address) },
            scanner: Scanner::page(),
            head,
            notice,
            footer,
            language: None,
            body_end: None,
        }
    }

    /// Takes the next bytes of the page; what may leave is added to `out`.
    ///
    /// # Errors
    /// Why the rest of this page can never be judged: nothing more of it may be sent.
    pub fn push(&mut self, chunk: Bytes, out: &mut Vec<Bytes>) -> Result<(), Abandoned> {
        let events = self.scanner.feed(&chunk)?;
        self.editor.source.push(chunk);
        self.read(events)?;
        self.editor.limit_waiting()?;
        let limit = self.before_the_tail();
        self.editor.emit(limit, out);
        Ok(())
    }

    /// The page has ended: judges and adds what was held back.
    pub fn finish(mut self, out: &mut Vec<Bytes>) -> Result<Vec<Finding>, Abandoned> {
        let events = self.scanner.end()?;
        self.read(events)?;
        self.editor.end()?;
        let end = self.editor.source.end();
        if end > 0 {
            let language = self.language.as_deref();
            if let Some(notice) = self.notice.take() {
                self.editor.insert(end, notice(language));
            }
            if let Some(footer) = self.footer.take() {
                self.editor.insert(self.body_end.unwrap_or(end), footer(language));
            }
        }
        self.editor.emit(end, out);
        Ok(self.editor.findings)
    }

    /// What was held since the last call.
    pub fn findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.editor.findings)
    }

    fn read(&mut self, events: Vec<Event>) -> Result<(), Abandoned> {
        for event in events {
            match event {
                Event::Head { at } => self.editor.insert(at, self.head.take().unwrap_or_default()),
                Event::Body { tag, span } => self.body(tag, &span),
                Event::BodyEnd { at } => self.body_end = Some(at),
                Event::Start { kind: Kind::Html, span, .. } => self.language = self.editor.value(&span, "lang"),
                event => self.editor.event(event)?,
            }
        }
        Ok(())
    }

    /// How much may leave: all that is understood, save what may turn out to be the page's end.
    fn before_the_tail(&mut self) -> usize {
        self.body_end = self.body_end.filter(|at| self.editor.source.end() - at <= LONGEST_TAIL);
        self.scanner.understood().min(self.body_end.unwrap_or(usize::MAX))
    }

    /// The notice stands first in the body; a frameset has no body for it.
    fn body(&mut self, tag: BodyTag, span: &Range<usize>) {
        let notice = self.notice.take().map(|notice| notice(self.language.as_deref()));
        match (tag, notice) {
            (BodyTag::Body, Some(notice)) => self.editor.insert(span.end, notice),
            (BodyTag::Other, Some(notice)) => self.editor.insert(span.start, notice),
            (BodyTag::Frameset, _) => self.footer = None,
            (_, None) => {}
        }
    }
}

/// A start tag whose verdict needs what follows it.
struct Waiting {
    kind: Kind,
    span: Range<usize>,
}

/// Turns what was found into edits, and lets the bytes go.
struct Editor {
    source: Source,
    edits: VecDeque<Edit>,
    findings: Vec<Finding>,
    waiting: Option<Waiting>,
    placeholder: Option<Placeholder>,
    policy: Arc<Policy>,
    granted: PurposeSet,
    host: String,
    /// The page's own address, then those its `base` tags have named.
    bases: Vec<Url>,
    depth: u8,
}

impl Editor {
    fn new(policy: Arc<Policy>, granted: PurposeSet, base: Url) -> Self {
        Self {
            source: Source::default(),
            edits: VecDeque::new(),
            findings: Vec::new(),
            waiting: None,
            placeholder: None,
            policy,
            granted,
            host: base.host_str().unwrap_or_default().to_owned(),
            bases: vec![base],
            depth: 0,
        }
    }

    fn events(&mut self, events: Vec<Event>) -> Result<(), Abandoned> {
        events.into_iter().try_for_each(|event| self.event(event))
    }

    fn event(&mut self, event: Event) -> Result<(), Abandoned> {
        match event {
            Event::Start { kind: Kind::Base, span, .. } => self.rebase(&span),
            Event::Start { kind, span, content } => self.start(kind, span, content)?,
            Event::End { span } => self.content_ended(span.start)?,
            Event::Head { .. } | Event::Body { .. } | Event::BodyEnd { .. } => {}
        }
        Ok(())
    }

    fn rebase(&mut self, span: &Range<usize>) {
        let base = self.value(span, "href").and_then(|href| self.bases[0].join(&href).ok());
        // "If scheme is data or javascript", browsers stay with the page's address (HTML standard, 4.2.3).
        let base = base.filter(|base| !matches!(base.scheme(), "data" | "javascript"));
        self.bases.extend(base.filter(|base| self.bases.len() <= MOST_BASES && !self.bases.contains(base)));
    }

    fn value(&self, span: &Range<usize>, name: &str) -> Option<String> {
        StartTag::new(&self.source.range(span.clone())).value(name).map(std::borrow::Cow::into_owned)
    }

    fn start(&mut self, kind: Kind, span: Range<usize>, content: bool) -> Result<(), Abandoned> {
        self.interrupt(span.start)?;
        match self.judge().tag(kind, &self.source.range(span.clone())) {
            Judged::Pass if kind == Kind::Opaque && content => self.waiting = Some(Waiting { kind, span }),
            Judged::Inline if content => self.waiting = Some(Waiting { kind, span }),
            Judged::Pass | Judged::Inline => {}
            Judged::Hold { purpose, finding } => self.hold(&span, &purpose, finding),
            Judged::Noted(finding) => self.findings.push(finding),
            Judged::Document(document) => self.document(document, &span)?,
        }
        Ok(())
    }

    /// A tag inside what should be text: only in SVG can a script have one. Its text cannot be told from markup there,
    /// so it is held.
    fn interrupt(&mut self, at: usize) -> Result<(), Abandoned> {
        match self.waiting.take() {
            Some(Waiting { kind: Kind::Script, span }) => self.hold_unread(&span, "markup inside a script"),
            other => {
                self.waiting = other;
                self.content_ended(at)?;
            }
        }
        Ok(())
    }

    fn judge(&self) -> Judge<'_> {
        Judge { policy: &self.policy, granted: self.granted, host: &self.host, bases: &self.bases }
    }

    fn hold(&mut self, span: &Range<usize>, purpose: &str, finding: Finding) {
        let raw = self.source.range(span.clone());
        let placeholder =
            self.placeholder.as_deref().and_then(|make| make(&self.judge().held(&raw, purpose, &finding)?));
        let edits = hold(&raw, span.start, (purpose, placeholder.is_some()));
        if let Some(text) = placeholder {
            self.insert(span.start, text);
        }
        self.add(edits);
        self.findings.push(finding);
    }

    fn insert(&mut self, at: usize, text: Vec<u8>) {
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

    /// The end of an inline script or of opaque content is known: now it can be judged.
    fn content_ended(&mut self, end: usize) -> Result<(), Abandoned> {
        let Some(Waiting { kind, span }) = self.waiting.take() else { return Ok(()) };
        let content = self.source.range(span.end..end);
        if kind == Kind::Opaque {
            let inner = self.fragment(content.into_owned(), span.end)?;
            self.add(inner.edits);
            self.findings.extend(inner.findings);
            self.bases = inner.bases;
        } else if let Judged::Hold { purpose, finding } = self.judge().script_text(&content) {
            self.hold(&span, &purpose, finding);
        }
        Ok(())
    }

    /// An inline script too long to wait for is held unread; opaque content that long cannot be searched.
    fn limit_waiting(&mut self) -> Result<(), Abandoned> {
        let Some(Waiting { kind, span }) = &self.waiting else { return Ok(()) };
        if self.source.end() - span.start <= MOST_HELD_BACK {
            return Ok(());
        }
        if *kind == Kind::Opaque {
            return Err(Abandoned::MemoryLimit);
        }
        let span = span.clone();
        self.waiting = None;
        self.hold_unread(&span, "an inline script too long to be judged");
        Ok(())
    }

    fn hold_unread(&mut self, span: &Range<usize>, rule: &str) {
        let tag = "script".to_owned();
        let finding = Finding { held: true, whose: None, tag, address: "inline".into(), rule: rule.into() };
        self.hold(span, "unclassified", finding);
    }

    /// An `iframe srcdoc` with anything to hold in it is held whole.
    fn document(&mut self, document: String, span: &Range<usize>) -> Result<(), Abandoned> {
        let inner = self.fragment(document.into_bytes(), 0)?;
        if let Some(finding) = inner.findings.into_iter().find(|finding| finding.held) {
            self.hold(span, "embedded", finding);
        }
        Ok(())
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
        inner.depth = self.depth + 1;
        let html = Bytes::from(html);
        inner.source = Source::at(base, html.clone());
        let mut scanner = Scanner::fragment(base);
        inner.events(scanner.feed(&html)?)?;
        inner.events(scanner.end()?)?;
        inner.end()?;
        Ok(inner)
    }

    /// Nothing follows: what still waits for its end ends here.
    fn end(&mut self) -> Result<(), Abandoned> {
        self.content_ended(self.source.end())
    }

    /// Lets everything before `understood` leave, edited; what waits for its verdict stays.
    fn emit(&mut self, understood: usize, out: &mut Vec<Bytes>) {
        let limit = self.waiting.as_ref().map_or(understood, |waiting| waiting.span.start.min(understood));
        while let Some(edit) = self.edits.pop_front_if(|edit| edit.at <= limit) {
            self.source.take_until(edit.at, out);
            out.push(match edit.text {
                std::borrow::Cow::Borrowed(text) => Bytes::from_static(text),
                std::borrow::Cow::Owned(text) => text.into(),
            });
        }
        self.source.take_until(limit, out);
    }
}
