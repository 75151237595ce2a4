//! Takes the gate's edits out of a page again.

use memchr::memmem;

const NOTICE: (&[u8], &[u8]) = (b"<consent-notice>", b"</consent-notice>");
const PLACEHOLDER: (&[u8], &[u8]) = (b"<consent-placeholder", b"</consent-placeholder>");
const GUARD: (&[u8], &[u8]) = (b"/.consent/guard-", b"></script>");
const SCRIPT: &[u8] = b"<script ";
const MARK: &[u8] = b" data-consentgate=\"";
const INERT: &[u8] = b" type=\"text/plain\"";
/// A placeholder stands for it.
const HIDDEN: &[u8] = b" hidden";
const PREFIX: &[u8] = b"data-consentgate-";
/// In front of a held address in a style.
const ADDRESS: &[u8] = b"data:,consentgate/";

/// A page without the gate's edits, and how many there were.
#[derive(Debug, Default)]
pub(crate) struct Undone {
    pub(crate) html: Vec<u8>,
    pub(crate) banners: usize,
    pub(crate) footers: usize,
    pub(crate) held: usize,
}

/// Knows the edits by their exact bytes, in the order they stand: anything else is taken for the site's.
pub(crate) fn undo(page: &[u8]) -> Undone {
    let mut undone = Undone::default();
    let unguarded = without_guard(page);
    let mut rest = &unguarded[..];
    while let Some(at) = next(rest) {
        undone.html.extend_from_slice(&rest[..at]);
        rest = undone.skip(&rest[at..]);
    }
    undone.html.extend_from_slice(rest);
    undone
}

/// The guard's tag is there at most once; a site's page that speaks of it would not be the same.
fn without_guard(page: &[u8]) -> Vec<u8> {
    let place = memmem::find(page, GUARD.0).and_then(|at| {
        let start = memmem::rfind(&page[..at], SCRIPT)?;
        Some(start..at + memmem::find(&page[at..], GUARD.1)? + GUARD.1.len())
    });
    let place = place.unwrap_or(0..0);
    [&page[..place.start], &page[place.end..]].concat()
}

fn next(rest: &[u8]) -> Option<usize> {
    [NOTICE.0, PLACEHOLDER.0, MARK, PREFIX, ADDRESS].iter().filter_map(|edit| memmem::find(rest, edit)).min()
}

impl Undone {
    /// Goes past one edit; a notice without an end stays, and the pages are then not the same.
    fn skip<'p>(&mut self, rest: &'p [u8]) -> &'p [u8] {
        if let Some(rest) = rest.strip_prefix(PREFIX).or_else(|| rest.strip_prefix(ADDRESS)) {
            return rest;
        }
        if let Some(value) = rest.strip_prefix(MARK) {
            self.held += 1;
            let end = memchr::memchr(b'"', value).map_or(value.len(), |end| end + 1);
            let rest = &value[end..];
            return rest.strip_prefix(INERT).or_else(|| rest.strip_prefix(HIDDEN)).unwrap_or(rest);
        }
        if rest.starts_with(PLACEHOLDER.0)
            && let Some(end) = memmem::find(rest, PLACEHOLDER.1)
        {
            return &rest[end + PLACEHOLDER.1.len()..];
        }
        let Some(end) = memmem::find(rest, NOTICE.1) else {
            self.html.extend_from_slice(rest);
            return &[];
        };
        let is_footer = memmem::find(&rest[..end], b"class=\"footer\"").is_some();
        *if is_footer { &mut self.footers } else { &mut self.banners } += 1;
        &rest[end + NOTICE.1.len()..]
    }
}
