//! `lol_html` as a reader: where the tags stand that the gate has to judge.
//!
//! It never writes. Its output is only counted, which tells how far the page has been understood; the edits are
//! made on the site's own bytes. So no byte is decoded and encoded again (a wrongly declared charset cannot turn
//! text into U+FFFD), and what is not edited leaves as it came.
//!
//! The page is read as windows-1252 whatever its charset: `lol_html` splits on ASCII bytes only, and every charset
//! it is given here has ASCII in its place (`charset.rs` keeps the others away).
//!
//! `strict` is off. With it `lol_html` gives up on text-like tags inside `<select>` or after `<frameset>`, where old
//! and new parsers disagree about what is text. Here both readings are judged instead: such content is taken as
//! text, as new browsers do, and searched for tags, as old ones would ([`Kind::Opaque`]).
//!
//! A page is read in two parts. The prologue looks at every tag until the body begins, because that is where
//! the notice goes and tags may be left out; the content looks only at tags that can fetch or run something.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use lol_html::errors::RewritingError;
use lol_html::send::{Element, ElementContentHandlers, HtmlRewriter, Settings};
use lol_html::{AsciiCompatibleEncoding, MemorySettings, Selector};

use super::Abandoned;

/// What `lol_html` may hold for one page: open elements, and a token that has not ended.
const MEMORY: usize = 12 * 1024 * 1024;

/// A tag the gate has to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Script,
    /// `noscript`, and text-like tags where parsers disagree: content to be searched for tags.
    Opaque,
    Link,
    Base,
    Html,
    /// Anything else that fetches: the name is found in its bytes.
    Fetching,
}

/// What was found, by place in the page.
#[derive(Debug)]
pub(super) enum Event {
    /// A start tag. `content` says that its end will follow as an [`Event::End`].
    Start { kind: Kind, span: Range<usize>, content: bool },
    /// The end tag of the last start with content.
    End { span: Range<usize> },
    /// The body begins: with its own tag, with a frameset, or with the first tag that cannot stand in a head.
    Body { tag: BodyTag, span: Range<usize> },
}

/// What began the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyTag {
    Body,
    Frameset,
    Other,
}

/// How a prologue scanner says "stop here".
#[derive(Debug)]
struct BodyReached;

impl std::fmt::Display for BodyReached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the body begins")
    }
}

impl std::error::Error for BodyReached {}

type Sink = Box<dyn FnMut(&[u8]) + Send>;

/// Reads one part of one page.
pub(super) struct Scanner {
    rewriter: HtmlRewriter<'static, Sink>,
    events: Arc<Mutex<Vec<Event>>>,
    understood: Arc<AtomicUsize>,
    base: usize,
}

impl Scanner {
    /// Reads from `base` to the beginning of the body.
    pub(super) fn prologue(base: usize) -> Self {
        let events = Arc::default();
        let handlers = vec![(&*EVERY_TAG, prologue_handler(base, &events))];
        Self::new(base, events, handlers)
    }

    /// Reads from `base` to the end.
    pub(super) fn content(base: usize) -> Self {
        let events = Arc::default();
        let handlers = CONTENT.iter().map(|(selector, kind)| (selector, content_handler(base, *kind, &events)));
        let handlers = handlers.collect();
        Self::new(base, events, handlers)
    }

    fn new(
        base: usize,
        events: Arc<Mutex<Vec<Event>>>,
        handlers: Vec<(&'static Selector, ElementContentHandlers<'static>)>,
    ) -> Self {
        let latin =
            AsciiCompatibleEncoding::new(encoding_rs::WINDOWS_1252).expect("windows-1252 has ASCII in its place");
        let memory = MemorySettings::new().with_max_allowed_memory_usage(MEMORY);
        let mut settings = Settings::new_send().with_encoding(latin).with_memory_settings(memory).with_strict(false);
        for (selector, handler) in handlers {
            settings = settings.append_element_content_handler((Cow::Borrowed(selector), handler));
        }
        let understood = Arc::new(AtomicUsize::new(base));
        let count = Arc::clone(&understood);
        let sink: Sink = Box::new(move |output: &[u8]| {
            count.fetch_add(output.len(), Ordering::Relaxed);
        });
        Self { rewriter: HtmlRewriter::new(settings, sink), events, understood, base }
    }

    /// Reads on. `Ok(true)`: the body was reached; this scanner is done.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<bool, Abandoned> {
        match self.rewriter.write(bytes) {
            Ok(()) => Ok(false),
            Err(RewritingError::ContentHandlerError(stop)) if stop.is::<BodyReached>() => Ok(true),
            Err(fault) => Err(abandoned(&fault)),
        }
    }

    /// Says that nothing more comes, and gives the events that only the end brings.
    pub(super) fn end(self) -> Result<Vec<Event>, Abandoned> {
        match self.rewriter.end() {
            Err(RewritingError::ContentHandlerError(stop)) if stop.is::<BodyReached>() => {}
            Err(fault) => return Err(abandoned(&fault)),
            Ok(()) => {}
        }
        Ok(take(&self.events))
    }

    /// What was found since the last call.
    pub(super) fn events(&self) -> Vec<Event> {
        take(&self.events)
    }

    /// The place up to which nothing more will be found.
    pub(super) fn understood(&self) -> usize {
        self.understood.load(Ordering::Relaxed).max(self.base)
    }
}

fn abandoned(fault: &RewritingError) -> Abandoned {
    match fault {
        RewritingError::MemoryLimitExceeded(_) => Abandoned::MemoryLimit,
        RewritingError::ParsingAmbiguity(_) => Abandoned::Ambiguity,
        _ => Abandoned::Handler,
    }
}

type Events = Arc<Mutex<Vec<Event>>>;

fn take(events: &Events) -> Vec<Event> {
    std::mem::take(&mut *events.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}

fn push(events: &Events, event: Event) {
    events.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(event);
}

fn shift(span: Range<usize>, base: usize) -> Range<usize> {
    span.start + base..span.end + base
}

fn parse(selector: &str) -> Selector {
    selector.parse().expect("the selectors here are constants that a test parses")
}

static EVERY_TAG: LazyLock<Selector> = LazyLock::new(|| parse("*"));

/// Few bare tag selectors, shared by all pages; what a tag means is decided by its handler, not by more selectors.
static CONTENT: LazyLock<Vec<(Selector, Kind)>> = LazyLock::new(|| {
    let fetching = ["img", "iframe", "frame", "object", "embed", "video", "audio", "source", "track", "input", "image"];
    let textual =
        ["select style", "select xmp", "select noembed", "select noframes", "select textarea", "select title"];
    let mut all = vec![(parse("script"), Kind::Script), (parse("noscript"), Kind::Opaque)];
    all.extend([(parse("link"), Kind::Link), (parse("base"), Kind::Base)]);
    all.extend(fetching.map(|name| (parse(name), Kind::Fetching)));
    all.extend(textual.map(|name| (parse(name), Kind::Opaque)));
    all
});

fn content_handler(base: usize, kind: Kind, events: &Events) -> ElementContentHandlers<'static> {
    let events = Arc::clone(events);
    ElementContentHandlers::default().element(move |element: &mut Element<'_, '_>| {
        found(element, kind, base, &events);
        Ok(())
    })
}

fn found(element: &mut Element<'_, '_>, kind: Kind, base: usize, events: &Events) {
    let span = shift(element.source_location().bytes(), base);
    let mut content = matches!(kind, Kind::Script | Kind::Opaque);
    if content {
        content = follow_to_end(element, base, events);
    }
    push(events, Event::Start { kind, span, content });
}

/// False for a tag that has no content (a self-closing one in SVG).
fn follow_to_end(element: &mut Element<'_, '_>, base: usize, events: &Events) -> bool {
    let events = Arc::clone(events);
    element.end_tag_handlers().is_some_and(|handlers| {
        handlers.push(Box::new(move |end| {
            push(&events, Event::End { span: shift(end.source_location().bytes(), base) });
            Ok(())
        }));
        true
    })
}

fn prologue_handler(base: usize, events: &Events) -> ElementContentHandlers<'static> {
    let events = Arc::clone(events);
    let in_template = Arc::new(AtomicUsize::new(0));
    ElementContentHandlers::default().element(move |element: &mut Element<'_, '_>| {
        let name = element.tag_name();
        if let Some(kind) = head_kind(&name) {
            found(element, kind, base, &events);
            return Ok(());
        }
        if name == "template" {
            enter(element, &in_template);
        }
        if in_template.load(Ordering::Relaxed) > 0 {
            // Inside a template nothing runs until a script clones it, but what it holds is judged all the same.
            found(element, Kind::Fetching, base, &events);
            return Ok(());
        }
        if matches!(&*name, "head" | "title" | "style" | "meta" | "basefont" | "bgsound" | "noframes") {
            return Ok(());
        }
        let tag = match &*name {
            "body" => BodyTag::Body,
            "frameset" => BodyTag::Frameset,
            _ => BodyTag::Other,
        };
        push(&events, Event::Body { tag, span: shift(element.source_location().bytes(), base) });
        Err(BodyReached.into())
    })
}

fn head_kind(name: &str) -> Option<Kind> {
    Some(match name {
        "script" => Kind::Script,
        "noscript" => Kind::Opaque,
        "link" => Kind::Link,
        "base" => Kind::Base,
        "html" => Kind::Html,
        _ => return None,
    })
}

fn enter(element: &mut Element<'_, '_>, depth: &Arc<AtomicUsize>) {
    if let Some(handlers) = element.end_tag_handlers() {
        depth.fetch_add(1, Ordering::Relaxed);
        let depth = Arc::clone(depth);
        handlers.push(Box::new(move |_| {
            depth.fetch_sub(1, Ordering::Relaxed);
            Ok(())
        }));
    }
}
