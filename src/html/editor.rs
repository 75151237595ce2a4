//! Turns what was found in a page into edits, and lets the bytes go.

mod content;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use crate::consent::PurposeSet;
use crate::policy::Policy;

use super::Abandoned;
use super::any_tag::acts;
use super::attributes::StartTag;
use super::banner;
use super::embed_here::{is_place, leads_to};
use super::hold::{Edit, Finding, HeldTag, LeftOut, Mark, hold, mark};
use super::judge::{Judge, Judged, Part};
use super::meta::{self, Pragma};
use super::page::{Csp, Notice, Placeholder};
use super::scan::{Event, Kind};
use super::source::Source;

/// Which `base` a browser takes depends on where each stands (the first with an address, none in a template or of no
/// script): all count, so that none hides where an address leads. More than a few nobody writes.
const MOST_BASES: usize = 4;

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
