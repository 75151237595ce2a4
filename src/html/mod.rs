//! The page as it streams: which bodies are pages, in which coding and charset, what of them is held, where the
//! notice goes.
//!
//! Mechanism: synchronous, bytes in and bytes out, no sockets. It must never send a byte of a page on that it could
//! not judge: every way to give up is an [`Abandoned`] with a name, and then nothing more of the page leaves.
//! Bytes come from `gateway`, verdicts from `policy`, the notice from `notice`; edits are insertions into the site's
//! own bytes, everything else stays as it was sent.

mod any_tag;
mod attributes;
mod banner;
mod charset;
mod coding;
mod css;
mod defines;
mod document;
mod editor;
mod embed_here;
mod embedded;
mod hold;
mod judge;
mod kind;
mod links;
mod meta;
mod names;
mod page;
mod scan;
mod source;
mod stream;
mod tags;
mod value;
mod watch;

use std::fmt;

pub use attributes::resolve;
pub use charset::{Charset, detect};
pub use coding::{Coding, Preview};
pub use css::INERT;
pub use document::{Asked, Document, is_blank, looks_like_html};
pub use embed_here::Cookies;
pub use hold::{Finding, HELD_PREFIX, HeldTag, LeftOut};
pub use links::hold_links;
pub use page::{Csp, Ending, Footer, Job, Notice, Page, Placeholder};
pub use stream::Rewriter;

/// Why a page could not be judged to its end. Each is counted under its name (promise 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Abandoned {
    /// More open elements, or a longer tag or script, than one page may take.
    MemoryLimit,
    /// HTML that parsers read in different ways.
    Ambiguity,
    /// A fault of our own.
    Handler,
    /// The compressed body is damaged, or ends too soon.
    Decode,
    /// It grows more than any page does when decompressed.
    Bomb,
    /// A content coding nobody here knows.
    Coding,
    /// A charset without ASCII in its place.
    Charset,
    /// The site said `no-transform`.
    NoTransform,
    /// XML, where an HTML reader would misread.
    Xml,
    /// A part of a page.
    Partial,
    /// Called HTML, but does not look it.
    NotAPage,
}

impl Abandoned {
    /// Its name in counters and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::MemoryLimit => "memory_limit",
            Self::Ambiguity => "ambiguity",
            Self::Handler => "handler",
            Self::Decode => "decode",
            Self::Bomb => "bomb",
            Self::Coding => "coding",
            Self::Charset => "charset",
            Self::NoTransform => "no_transform",
            Self::Xml => "xml",
            Self::Partial => "partial",
            Self::NotAPage => "not_a_page",
        }
    }
}

impl fmt::Display for Abandoned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MemoryLimit => "the page needs more memory to be judged than one page may take",
            Self::Ambiguity => "the page can be read in more than one way",
            Self::Handler => "a fault while judging the page",
            Self::Decode => "the compressed page is damaged or ends too soon",
            Self::Bomb => "the compressed page grows beyond measure",
            Self::Coding => "the page's content coding is unknown",
            Self::Charset => "the page's charset cannot be rewritten",
            Self::NoTransform => "the site forbids changing the page (no-transform)",
            Self::Xml => "the page is XML",
            Self::Partial => "the site sent a part of the page",
            Self::NotAPage => "what the site calls a page does not look like one",
        })
    }
}

impl std::error::Error for Abandoned {}
