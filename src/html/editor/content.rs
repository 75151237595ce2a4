//! What stands between a start tag and its end: inline scripts, style sheets, `noscript`, pages in attributes.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::super::Abandoned;
use super::super::attributes::tag_name;
use super::super::defines::with_names;
use super::super::judge::{Judged, Part};
use super::super::scan::{Kind, Scanner};
use super::super::source::Source;
use super::super::value::{Place, Value};
use super::{Editor, Waiting};

/// An inline script, a style sheet or a `noscript` is held back until its end is there, up to this many bytes.
const MOST_HELD_BACK: usize = 4 * 1024 * 1024;
/// `noscript` in `srcdoc` in `noscript` …: deeper than this nobody nests by accident, and each depth holds its own copy.
const DEEPEST: u8 = 8;

impl Editor {
    /// The end of an inline script, a style sheet or opaque content is known: now it can be judged.
    pub(super) fn content_ended(&mut self, end: usize) -> Result<(), Abandoned> {
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
    pub(in crate::html) fn limit_waiting(&mut self) -> Result<(), Abandoned> {
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

    pub(super) fn hold_unread(&mut self, Waiting { span, marked, .. }: &Waiting, rule: &str) {
        let name = tag_name(&self.source.range(span.clone())).to_owned();
        if let Judged::Hold { purpose, finding } = self.judge().unread(&name, rule) {
            self.hold_marked(span, (&purpose, *marked), finding);
        }
    }

    /// A tag that shows a page of its own is held whole if anything is to be held in it.
    pub(super) fn documents(&mut self, documents: Vec<String>, span: &Range<usize>) -> Result<bool, Abandoned> {
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
}
