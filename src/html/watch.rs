//! Where in a chunk an attribute may stand that acts in a tag of any name: `style`, `onclick`, `background` and their like.
//!
//! To have every start tag of a page read would cost as much again as the rest of the reading. So the chunk is searched
//! for such names first, which are few, and only the tags around them are asked for. Nothing is decided here, and no
//! tag is recognised: what is watched without need costs time, what is not watched would be missed.
//!
//! Which tag a name stands in is not known without reading all of the page. What is known: a `>` ends every tag that has
//! begun before it, unless it stands in quotes. And it stands in double quotes only if the last `"` before it opens
//! a value, which means that an equals sign stands in front of that quote; so with single quotes. Behind such a `>` no
//! tag is open, whatever the text around it is.

use std::ops::Range;

use super::any_tag::{LONGEST_NAME, may_act};

/// In so many places, reading every tag of the chunk is the cheaper way.
const MANY: usize = 12;
/// How often to look further back for a `>` that ends all tags.
const ATTEMPTS: usize = 8;

/// Searches the chunks of a page.
#[derive(Default)]
pub(super) struct Watch {
    /// The end of the chunk before: a name may begin there.
    before: Vec<u8>,
}

impl Watch {
    /// The chunk in pieces, in order; `true`: every start tag that begins in this piece is to be read.
    ///
    /// The end of a chunk is always watched, back to where no tag is open: what such a tag has for attributes is in
    /// chunks to come.
    pub(super) fn pieces(&mut self, chunk: &[u8]) -> Vec<(Range<usize>, bool)> {
        let places = self.places(chunk);
        self.remember(chunk);
        let Some(places) = places else { return vec![(0..chunk.len(), true)] };
        let mut pieces = Pieces::default();
        for place in places {
            if place < pieces.watched_until() {
                continue;
            }
            let start = none_open(chunk, place);
            let end = memchr::memchr(b'<', &chunk[place..]).map_or(chunk.len(), |at| place + at);
            pieces.watch(start, end);
        }
        pieces.watch(none_open(chunk, chunk.len()), chunk.len());
        pieces.0
    }

    /// The equals signs behind names that may act; `None` if there are many.
    fn places(&self, chunk: &[u8]) -> Option<Vec<usize>> {
        let mut places = Vec::new();
        for at in memchr::memchr_iter(b'=', chunk) {
            if may_act(&self.name_before(chunk, at), &chunk[at + 1..]) {
                if places.len() == MANY {
                    return None;
                }
                places.push(at);
            }
        }
        Some(places)
    }

    /// The letters in front of an equals sign, lower-case; longer ones are no name that is looked for.
    fn name_before(&self, chunk: &[u8], equals: usize) -> Name {
        let mut bytes = self.before.iter().chain(&chunk[..equals]).rev().skip_while(|byte| is_space(**byte));
        let mut name = Name { letters: [0; LONGEST_NAME], start: LONGEST_NAME };
        while let Some(byte) = bytes.next().filter(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b':')) {
            if name.start == 0 {
                return Name { start: LONGEST_NAME, ..name };
            }
            name.start -= 1;
            name.letters[name.start] = byte.to_ascii_lowercase();
        }
        name
    }

    fn remember(&mut self, chunk: &[u8]) {
        const ENOUGH: usize = 4 * LONGEST_NAME;
        self.before.extend_from_slice(&chunk[chunk.len().saturating_sub(ENOUGH)..]);
        // White space between a name and its equals sign is nothing to remember, however long it is.
        let text = self.before.len() - self.before.iter().rev().take_while(|byte| is_space(**byte)).count();
        self.before.truncate(text + 1);
        self.before.drain(..self.before.len().saturating_sub(ENOUGH));
    }
}

/// A name in a buffer of its own, filled from the end.
struct Name {
    letters: [u8; LONGEST_NAME],
    start: usize,
}

impl std::ops::Deref for Name {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.letters[self.start..]
    }
}

#[derive(Default)]
struct Pieces(Vec<(Range<usize>, bool)>);

impl Pieces {
    fn end(&self) -> usize {
        self.0.last().map_or(0, |(piece, _)| piece.end)
    }

    fn watched_until(&self) -> usize {
        self.0.last().filter(|(_, watched)| *watched).map_or(0, |(piece, _)| piece.end)
    }

    fn watch(&mut self, start: usize, end: usize) {
        let from = self.end();
        if start > from {
            self.0.push((from..start, false));
        }
        if end > self.end() {
            self.0.push((self.end()..end, true));
        }
    }
}

/// A place at or before `place` where no tag is open that has begun in this chunk; between the two, some may begin.
fn none_open(chunk: &[u8], place: usize) -> usize {
    let mut before = place;
    for _ in 0..ATTEMPTS {
        let Some(end) = memchr::memrchr(b'>', &chunk[..before]) else { return 0 };
        let opening = [b'"', b'\''].into_iter().find_map(|quote| opening(&chunk[..end], quote));
        let Some(opening) = opening else {
            return memchr::memchr(b'<', &chunk[end..place]).map_or(place, |at| end + at);
        };
        // All up to that quote could be its value.
        before = opening;
    }
    0
}

/// The last quote of this kind, if it may open a value.
fn opening(before: &[u8], quote: u8) -> Option<usize> {
    let at = memchr::memrchr(quote, before)?;
    let equals = before[..at].trim_ascii_end().last() == Some(&b'=');
    equals.then_some(at)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(chunk: &str) -> Vec<&str> {
        let pieces = Watch::default().pieces(chunk.as_bytes());
        assert_eq!(pieces.first().map_or(0, |(piece, _)| piece.start), 0);
        assert!(pieces.windows(2).all(|pair| pair[0].0.end == pair[1].0.start));
        assert_eq!(pieces.last().map_or(0, |(piece, _)| piece.end), chunk.len());
        pieces.into_iter().filter(|(_, watched)| *watched).map(|(piece, _)| &chunk[piece]).collect()
    }

    #[test]
    fn only_the_tags_around_a_name_are_watched() {
        assert_eq!(watched("<p><a b=c>x</a><p>"), Vec::<&str>::new());
        assert_eq!(watched("<p><i>x</i><a b='c' style=x>y<b>z</b>"), ["<a b='c' style=x>y"]);
        assert_eq!(watched("<p>x</p><i title='<b>' onclick = x>y<b>z</b>"), ["<i title='<b>' onclick = x>y"]);
        assert_eq!(watched("<p>x<br><i title=\"a>b\" ONLOAD=x>y<p>"), ["<i title=\"a>b\" ONLOAD=x>y"]);
        assert_eq!(watched("<p title='"), ["<p title='"]);
        assert_eq!(watched("<p>x</p><i clas"), ["<i clas"]);
        assert_eq!(watched("<p>style=x"), ["style=x"], "text");
    }

    #[test]
    fn a_name_may_begin_in_the_chunk_before() {
        for cut in 0.."<p style   =".len() {
            let text = "<p style   =x><b>";
            let mut watch = Watch::default();
            watch.pieces(text[..cut].as_bytes());
            let pieces = watch.pieces(text[cut..].as_bytes());
            assert!(pieces[0].1, "{cut}: {pieces:?}");
        }
        let mut watch = Watch::default();
        watch.pieces(b"<p style");
        for _ in 0..100 {
            watch.pieces(b"          \n");
        }
        assert!(watch.places(b"=x").is_some_and(|places| places == [0]));
    }
}
