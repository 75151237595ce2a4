//! `lol_html` as a reader: where the tags stand that the gate has to judge.
//!
//! It never writes. Its output is only counted, which tells how far the page has been understood; the edits are
//! made on the site's own bytes. So no byte is decoded and encoded again (a wrongly declared charset cannot turn
//! text into U+FFFD), and what is not edited leaves as it came.
//!
//! Only its tokenizer is used, with a controller of our own in place of CSS selectors: it asks for a tag by name and
//! leaves the rest unread, which halves the work. That interface is hidden behind a feature of `lol_html` that promises
//! nothing, so its version is pinned, and the tests read every input a second time with its public interface.
//!
//! The page is read as windows-1252 whatever its charset: `lol_html` splits on ASCII bytes only, and every charset
//! it is given here has ASCII in its place (`charset.rs` keeps the others away).
//!
//! `strict` is off. With it `lol_html` gives up on text-like tags inside `<select>` or after `<frameset>`, where old
//! and new parsers disagree about what is text. Here both readings are judged instead: such content is taken as
//! text, as new browsers do, and searched for tags, as old ones would ([`Kind::Opaque`]).

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use lol_html::errors::RewritingError;
use lol_html::html_content::DocumentEnd;
use lol_html::{
    AsciiCompatibleEncoding, LocalName, Namespace, OutputSink, SharedMemoryLimiter, StartTag, StartTagHandlingResult,
    Token, TokenCaptureFlags, TransformController, TransformStream, TransformStreamSettings,
};

use super::Abandoned;
use super::names::{Name, meaning, stands_in_head};
use super::watch;

/// What `lol_html` may hold for one page: a token that has not ended, and the elements it has to remember.
const MEMORY: usize = 12 * 1024 * 1024;

/// A tag the gate has to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Script,
    Style,
    /// `noscript`, and text-like tags where parsers disagree: content to be searched for tags.
    Opaque,
    Link,
    Base,
    Html,
    Meta,
    /// Anything else that fetches: the name is found in its bytes.
    Fetching,
    /// A tag of any name, near a name of an attribute that acts: `onclick`, `style` (`watch.rs`).
    Any,
}

/// What was found, by place in the page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A start tag. `content` says that its end will follow as an [`Event::End`], if it has one.
    Start { kind: Kind, span: Range<usize>, content: bool },
    /// The end tag of the last start with content.
    End { span: Range<usize> },
    /// The first place where a tag of the head may stand: behind `<head>`, or in front of what stands there without one.
    Head { at: usize },
    /// The body begins: with its own tag, with a frameset, or with the first tag that cannot stand in a head.
    Body { tag: BodyTag, span: Range<usize> },
    /// A `</body>`; where more follows, browsers put that into the body too.
    BodyEnd { at: usize },
}

/// What began the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyTag {
    Body,
    Frameset,
    Other,
}

/// Reads one page, or a piece of one.
pub(super) struct Scanner {
    stream: TransformStream<Finder, Counter>,
    events: Events,
    understood: Arc<AtomicUsize>,
    watching: Arc<AtomicBool>,
    all: bool,
}

impl Scanner {
    /// Reads a whole page, and says where its body begins.
    pub(super) fn page() -> Self {
        Self::new(0, true)
    }

    /// Reads a piece of a page that stands at `base`; the body has begun.
    pub(super) fn fragment(base: usize) -> Self {
        Self::new(base, false)
    }

    fn new(base: usize, in_prologue: bool) -> Self {
        let (events, understood) = (Events::default(), Arc::new(AtomicUsize::new(base)));
        let watching = Arc::new(AtomicBool::new(false));
        let finder = Finder::new(base, in_prologue, (Arc::clone(&events), Arc::clone(&watching)));
        let stream = TransformStream::new(TransformStreamSettings {
            transform_controller: finder,
            output_sink: Counter(Arc::clone(&understood)),
            preallocated_parsing_buffer_size: 0,
            memory_limiter: SharedMemoryLimiter::new(MEMORY),
            encoding: AsciiCompatibleEncoding::new(encoding_rs::WINDOWS_1252)
                .expect("windows-1252 has ASCII in its place"),
            next_encoding: Arc::default(),
            strict: false,
            graceful_bail_out_on_memory_limit_exceeded: false,
            graceful_bail_out_on_content_handler_error: false,
        });
        Self { stream, events, understood, watching, all: false }
    }

    /// Whether every start tag of what is fed next is to be read.
    pub(super) fn read_all(&mut self, all: bool) {
        self.all = all;
    }

    /// Reads on; gives what was found.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Event>, Abandoned> {
        let pieces = if self.all { vec![(0..bytes.len(), true)] } else { watch::pieces(bytes) };
        for (piece, watched) in pieces {
            self.watching.store(watched, Ordering::Relaxed);
            self.stream.write(&bytes[piece]).map_err(|fault| abandoned(&fault))?;
        }
        Ok(take(&self.events))
    }

    /// Nothing more comes; gives what only the end shows.
    pub(super) fn end(&mut self) -> Result<Vec<Event>, Abandoned> {
        self.stream.end().map_err(|fault| abandoned(&fault))?;
        Ok(take(&self.events))
    }

    /// The place up to which nothing more will be found.
    pub(super) fn understood(&self) -> usize {
        self.understood.load(Ordering::Relaxed)
    }
}

fn abandoned(fault: &RewritingError) -> Abandoned {
    match fault {
        RewritingError::MemoryLimitExceeded(_) => Abandoned::MemoryLimit,
        RewritingError::ParsingAmbiguity(_) => Abandoned::Ambiguity,
        _ => Abandoned::Handler,
    }
}

/// The stream owns its controller and shows it to nobody: what it finds comes out here.
type Events = Arc<Mutex<Vec<Event>>>;

fn take(events: &Events) -> Vec<Event> {
    std::mem::take(&mut *events.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// Counts what `lol_html` would send on.
struct Counter(Arc<AtomicUsize>);

impl OutputSink for Counter {
    fn handle_chunk(&mut self, chunk: &[u8]) {
        self.0.fetch_add(chunk.len(), Ordering::Relaxed);
    }
}

/// Says which tags to look at, and notes where they stand.
struct Finder {
    base: usize,
    /// Nothing that stands in a head has come yet.
    before_head: bool,
    in_prologue: bool,
    events: Events,
    /// Every start tag is wanted for now.
    watching: Arc<AtomicBool>,
    /// What the start tag that was asked for is, and its name.
    asked: Option<(Wanted, LocalName<'static>)>,
    /// The name whose end tag is waited for.
    open: Option<LocalName<'static>>,
    /// The end tag that was asked for is the body's.
    ends_body: bool,
    templates: usize,
    selects: usize,
}

/// What a start tag is asked for: any of these, in this order.
#[derive(Clone, Copy, Default)]
struct Wanted {
    head: Option<HeadAt>,
    body: Option<BodyTag>,
    kind: Option<Kind>,
}

/// Where the head's first place is, seen from the tag that shows it.
#[derive(Clone, Copy)]
enum HeadAt {
    Start,
    End,
}

impl Wanted {
    fn anything(self) -> bool {
        self.head.is_some() || self.body.is_some() || self.kind.is_some()
    }
}

impl Finder {
    fn new(base: usize, in_prologue: bool, (events, watching): (Events, Arc<AtomicBool>)) -> Self {
        Self {
            base,
            before_head: in_prologue,
            in_prologue,
            events,
            watching,
            asked: None,
            open: None,
            ends_body: false,
            templates: 0,
            selects: 0,
        }
    }

    fn want(&mut self, name: Name) -> Wanted {
        match name {
            Name::Template => self.templates += 1,
            // What follows a frameset is read like what stands in a select: as text, and searched for tags.
            Name::Select | Name::Frameset => self.selects += 1,
            _ => {}
        }
        let any = || self.watching.load(Ordering::Relaxed).then_some(Kind::Any);
        let kind = match name {
            Name::Judged(Kind::Html) if !self.in_prologue => any(),
            Name::Judged(kind) => Some(kind),
            Name::FetchingInHead => Some(Kind::Fetching),
            Name::Style | Name::HeadText | Name::BodyText if self.selects > 0 => Some(Kind::Opaque),
            Name::Style => Some(Kind::Style),
            _ => any(),
        };
        Wanted { head: self.head(name), body: self.body(name), kind }
    }

    fn head(&mut self, name: Name) -> Option<HeadAt> {
        if !self.before_head || matches!(name, Name::Judged(Kind::Html)) {
            return None;
        }
        self.before_head = false;
        Some(if matches!(name, Name::Head) { HeadAt::End } else { HeadAt::Start })
    }

    /// Inside a template nothing shows, but what it holds is judged all the same: a script may clone it.
    fn body(&mut self, name: Name) -> Option<BodyTag> {
        if !self.in_prologue || self.templates > 0 || stands_in_head(name) {
            return None;
        }
        self.in_prologue = false;
        Some(match name {
            Name::Body => BodyTag::Body,
            Name::Frameset => BodyTag::Frameset,
            _ => BodyTag::Other,
        })
    }

    fn push(&self, event: Event) {
        self.events.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(event);
    }

    fn start(&mut self, tag: &StartTag<'_>) {
        let Some((wanted, name)) = self.asked.take() else { return };
        let span = self.place(tag.source_location().bytes());
        match wanted.head {
            Some(HeadAt::Start) => self.push(Event::Head { at: span.start }),
            Some(HeadAt::End) => self.push(Event::Head { at: span.end }),
            None => {}
        }
        if let Some(tag) = wanted.body {
            self.push(Event::Body { tag, span: span.clone() });
        }
        let Some(kind) = wanted.kind else { return };
        let content = match kind {
            // In SVG and MathML `noscript` and its like are tags as any other: what stands in them is judged itself.
            Kind::Opaque => tag.namespace_uri() == Namespace::Html.uri(),
            // And only there does a slash end a tag.
            Kind::Script | Kind::Style => !tag.self_closing() || tag.namespace_uri() == Namespace::Html.uri(),
            _ => false,
        };
        if content {
            self.open = Some(name);
        }
        self.push(Event::Start { kind, span, content });
    }

    fn place(&self, span: Range<usize>) -> Range<usize> {
        span.start + self.base..span.end + self.base
    }
}

impl TransformController for Finder {
    fn initial_capture_flags(&self) -> TokenCaptureFlags {
        TokenCaptureFlags::empty()
    }

    fn handle_start_tag(&mut self, name: LocalName<'_>, _: Namespace) -> StartTagHandlingResult<Self> {
        let wanted = self.want(meaning(&name));
        self.asked = wanted.anything().then(|| (wanted, name.into_owned()));
        Ok(if self.asked.is_some() { TokenCaptureFlags::NEXT_START_TAG } else { TokenCaptureFlags::empty() })
    }

    fn handle_end_tag(&mut self, name: LocalName<'_>) -> TokenCaptureFlags {
        let means = meaning(&name);
        match means {
            Name::Template => self.templates = self.templates.saturating_sub(1),
            Name::Select => self.selects = self.selects.saturating_sub(1),
            _ => {}
        }
        self.ends_body = matches!(means, Name::Body);
        let wanted = self.ends_body || self.open.as_ref() == Some(&name);
        if wanted { TokenCaptureFlags::NEXT_END_TAG } else { TokenCaptureFlags::empty() }
    }

    fn handle_token(&mut self, token: &mut Token<'_>) -> Result<(), RewritingError> {
        match token {
            Token::StartTag(tag) => self.start(tag),
            Token::EndTag(tag) => {
                let span = self.place(tag.source_location().bytes());
                if self.ends_body {
                    self.push(Event::BodyEnd { at: span.start });
                } else {
                    self.open = None;
                    self.push(Event::End { span });
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn handle_end(&mut self, _: &mut DocumentEnd<'_>) -> Result<(), RewritingError> {
        Ok(())
    }

    fn should_emit_content(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use lol_html::{HtmlRewriter, MemorySettings, Settings, element};
    use proptest::prelude::*;

    use super::*;

    /// What stands where, as `lol_html`'s public interface tells it: start tags that are judged, and where the content of
    /// scripts and `noscript` ends.
    fn reference(html: &[u8]) -> Vec<(usize, usize)> {
        let found = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let note = |span: Range<usize>| found.borrow_mut().push((span.start, span.end));
        let ends = std::rc::Rc::clone(&found);
        let names = "script, noscript, link, base, img, iframe, frame, object, embed, video, audio, source, track, input, image";
        let settings = Settings::new()
            .with_strict(false)
            .with_encoding(AsciiCompatibleEncoding::new(encoding_rs::WINDOWS_1252).expect("ASCII in its place"))
            .with_memory_settings(MemorySettings::new())
            .append_element_content_handler(element!(names, |element| {
                note(element.source_location().bytes());
                let name = element.tag_name();
                if name == "script" || (name == "noscript" && element.namespace_uri() == Namespace::Html.uri()) {
                    let ends = std::rc::Rc::clone(&ends);
                    if let Some(handlers) = element.end_tag_handlers() {
                        let handler: lol_html::EndTagHandler<'static> = Box::new(move |end| {
                            // `</svg>` ends a script too; here its own end tag is waited for.
                            if end.name() == name {
                                let span = end.source_location().bytes();
                                ends.borrow_mut().push((span.start, span.end));
                            }
                            Ok(())
                        });
                        handlers.push(handler);
                    }
                }
                Ok(())
            }));
        let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
        rewriter.write(html).expect("no limit");
        rewriter.end().expect("no limit");
        let mut found = found.borrow().clone();
        found.sort_unstable();
        found
    }

    fn finder(pieces: &[&[u8]]) -> Vec<(usize, usize)> {
        let mut scanner = Scanner::fragment(0);
        let mut events = Vec::new();
        for piece in pieces {
            events.extend(scanner.feed(piece).expect("no limit"));
        }
        events.extend(scanner.end().expect("no limit"));
        let named = events.into_iter().filter(|event| !matches!(event, Event::Start { kind: Kind::Any, .. }));
        let spans = named.map(|event| match event {
            Event::Start { span, .. } | Event::End { span } | Event::Body { span, .. } => (span.start, span.end),
            Event::BodyEnd { at } | Event::Head { at } => (at, at),
        });
        spans.collect()
    }

    const WORDS: [&str; 36] = [
        "<script",
        "</script>",
        "<!--",
        "-->",
        ">",
        " src=",
        "\"",
        "'",
        "x/",
        "<noscript>",
        "</noscript>",
        "<svg>",
        "<math>",
        "</svg>",
        "<![CDATA[",
        "]]>",
        "<img",
        "<xmp>",
        "</xmp>",
        "<body>",
        "<template>",
        "</template>",
        "<p>",
        "a",
        "\n",
        "=",
        "/>",
        "<iframe>",
        "</iframe>",
        "<link",
        "<foreignObject>",
        "<title>",
        "</title>",
        "<textarea>",
        "<input",
        "<desc>",
    ];

    /// In SVG a script is markup: another may begin inside it, and the end of what it stands in ends it too.
    fn is_markup_in_script(html: &[u8]) -> bool {
        let foreign = html.windows(4).any(|tag| tag == b"<svg" || tag == b"<mat");
        let mut scripts = html.windows(7).enumerate().filter(|(_, tag)| *tag == b"<script").map(|(at, _)| at);
        let Some(first) = scripts.next().filter(|_| foreign) else { return false };
        let ends = |(at, tag): (usize, &[u8])| tag == b"</" && !html[first + at..].starts_with(b"</script");
        scripts.next().is_some() || html[first..].windows(2).enumerate().any(ends)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_finder_finds_what_the_public_interface_finds(
            words in proptest::collection::vec(proptest::sample::select(WORDS.to_vec()), 0..30),
            cut in 0..200_usize,
        ) {
            let html = words.concat().into_bytes();
            let cut = cut % (html.len() + 1);
            let (mut expected, whole, pieces) = (reference(&html), finder(&[&html]), finder(&[&html[..cut], &html[cut..]]));
            prop_assert_eq!(&whole, &pieces);
            let starts = |spans: Vec<(usize, usize)>| -> Vec<_> {
                spans.into_iter().filter(|(start, _)| !html[*start..].starts_with(b"</")).collect()
            };
            let mut found = whole;
            // Of a script that is markup only the start is compared: where two are open, the inner one's end is waited for,
            // and where its surroundings end it, its own end is told of all the same.
            if is_markup_in_script(&html) {
                (found, expected) = (starts(found), starts(expected));
            }
            prop_assert_eq!(found, expected);
        }
    }

    fn body(html: &str) -> Option<(BodyTag, usize)> {
        let mut scanner = Scanner::page();
        let mut events = scanner.feed(html.as_bytes()).expect("no limit");
        events.extend(scanner.end().expect("no limit"));
        events.into_iter().find_map(|event| match event {
            Event::Body { tag, span } => Some((tag, span.start)),
            _ => None,
        })
    }

    #[test]
    fn the_body_begins_where_a_browser_begins_it() {
        for (html, expected) in [
            ("<html><head><title>x</title></head><body>", Some((BodyTag::Body, 35))),
            ("<meta><link><base><script></script><p>", Some((BodyTag::Other, 35))),
            ("<head><template><p><img></template><noscript><p></noscript><img>", Some((BodyTag::Other, 59))),
            ("<!-- <body> --><title><body></title><textarea>", Some((BodyTag::Other, 36))),
            ("<frameset><frame>", Some((BodyTag::Frameset, 0))),
            ("<custom-element>", Some((BodyTag::Other, 0))),
            ("words and no tags", None),
        ] {
            assert_eq!(body(html), expected, "{html}");
        }
    }
}
