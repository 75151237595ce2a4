//! The page's bytes between arriving and leaving, addressed by their place in the whole page.
//!
//! Chunks are kept as they came (`Bytes` share their memory), so that a byte nobody edits is never copied.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;

/// What has arrived and not left yet.
#[derive(Default)]
pub(super) struct Source {
    start: usize,
    end: usize,
    chunks: VecDeque<Bytes>,
}

impl Source {
    /// All of something that stands at `start` in a larger page.
    pub(super) fn at(start: usize, bytes: Bytes) -> Self {
        let mut source = Self { start, end: start, chunks: VecDeque::new() };
        source.push(bytes);
        source
    }

    pub(super) fn push(&mut self, chunk: Bytes) {
        self.end += chunk.len();
        if !chunk.is_empty() {
            self.chunks.push_back(chunk);
        }
    }

    /// The place behind the last byte that has arrived.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// The bytes of a range that is still here; copied only where it crosses chunks.
    pub(super) fn range(&self, range: Range<usize>) -> Cow<'_, [u8]> {
        let mut parts = self.parts(range);
        let Some(first) = parts.next() else { return Cow::Borrowed(&[]) };
        match parts.next() {
            None => Cow::Borrowed(first),
            Some(second) => Cow::Owned([first, second].into_iter().chain(parts).collect::<Vec<_>>().concat()),
        }
    }

    fn parts(&self, range: Range<usize>) -> impl Iterator<Item = &[u8]> {
        let mut at = self.start;
        self.chunks.iter().filter_map(move |chunk| {
            let from = range.start.saturating_sub(at).min(chunk.len());
            let to = range.end.saturating_sub(at).min(chunk.len());
            at += chunk.len();
            (from < to).then(|| &chunk[from..to])
        })
    }

    /// Lets the bytes before `place` leave.
    pub(super) fn take_until(&mut self, place: usize, out: &mut Vec<Bytes>) {
        while self.start < place {
            let Some(mut chunk) = self.chunks.pop_front() else { break };
            let wanted = place - self.start;
            if wanted < chunk.len() {
                let rest = chunk.split_off(wanted);
                self.chunks.push_front(rest);
            }
            self.start += chunk.len();
            out.push(chunk);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Source {
        let mut source = Source::default();
        for chunk in ["abc", "", "def", "gh"] {
            source.push(Bytes::from_static(chunk.as_bytes()));
        }
        source
    }

    #[test]
    fn ranges_within_and_across_chunks() {
        let source = source();
        assert_eq!((source.start, source.end()), (0, 8));
        assert!(matches!(source.range(3..6), Cow::Borrowed(b"def")));
        assert_eq!(&*source.range(1..8), b"bcdefgh");
        assert_eq!(&*source.range(4..4), b"");
    }

    #[test]
    fn what_left_is_gone_and_places_stay() {
        let mut source = source();
        let mut out = Vec::new();
        source.take_until(4, &mut out);
        assert_eq!(out.concat(), b"abcd");
        assert_eq!(source.start, 4);
        assert_eq!(&*source.range(4..7), b"efg");
        source.take_until(99, &mut out);
        assert_eq!(out.concat(), b"abcdefgh");
        assert_eq!(source.start, 8);
    }
}
