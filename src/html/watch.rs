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

use super::any_tag::may_act;

/// In so many places, reading every tag of the chunk is the cheaper way.
const MANY: usize = 12;
/// How often to look further back for a `>` that ends all tags.
const ATTEMPTS: usize = 8;

/// A chunk in pieces, in order; `true`: every start tag that begins in this piece is to be read.
///
/// The end of a chunk is always watched, back to where no tag is open: what such a tag has for attributes is in chunks
/// to come. So no name has to be looked for across the end of a chunk.
pub(super) fn pieces(chunk: &[u8]) -> Vec<(Range<usize>, bool)> {
    let Some(places) = places(chunk) else { return vec![(0..chunk.len(), true)] };
    let mut pieces = Pieces::default();
    for place in places {
        let start = none_open(chunk, place);
        if place < pieces.watched_until() || start == place {
            continue;
        }
        let end = memchr::memchr(b'<', &chunk[place..]).map_or(chunk.len(), |at| place + at);
        pieces.watch(start, end);
    }
    pieces.watch(none_open(chunk, chunk.len()), chunk.len());
    pieces.0
}

/// The equals signs behind names that may act; `None` if there are many.
fn places(chunk: &[u8]) -> Option<Vec<usize>> {
    let mut places = Vec::new();
    for at in memchr::memchr_iter(b'=', chunk) {
        if may_act(name_before(chunk, at), &chunk[at + 1..]) {
            if places.len() == MANY {
                return None;
            }
            places.push(at);
        }
    }
    Some(places)
}

/// The letters in front of an equals sign.
fn name_before(chunk: &[u8], equals: usize) -> &[u8] {
    let mut end = equals;
    while end > 0 && is_space(chunk[end - 1]) {
        end -= 1;
    }
    let mut start = end;
    while start > 0 && (chunk[start - 1].is_ascii_alphabetic() || matches!(chunk[start - 1], b'-' | b':')) {
        start -= 1;
    }
    &chunk[start..end]
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
    use super::super::any_tag::acts;
    use super::super::scan::{Event, Scanner};
    use super::*;

    fn watched(chunk: &str) -> Vec<&str> {
        let pieces = pieces(chunk.as_bytes());
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
        assert_eq!(watched("<p>style=x"), Vec::<&str>::new(), "text");
    }

    #[test]
    fn where_many_names_stand_all_of_the_chunk_is_watched() {
        let chunk = "<p style='a:url(b)'>x</p><br>".repeat(MANY + 1);
        assert_eq!(watched(&chunk), [&*chunk]);
    }

    /// A tag whose names could be missed by the rule about quotes, with every tag read for comparison.
    #[test]
    fn no_tag_that_acts_is_missed_wherever_the_chunk_ends() {
        use proptest::prelude::*;
        const WORDS: [&str; 24] = [
            "<p",
            "<a b=",
            ">",
            "\"",
            "'",
            " onclick=",
            " style = ",
            "x(",
            "=",
            " ",
            "<",
            "/>",
            "</p>",
            "<script>",
            "</script>",
            "<!--",
            "-->",
            " c=\"<b>\"",
            " d='>'",
            "\n",
            "text",
            " href=java",
            "<svg>",
            "&quot;",
        ];
        let starts = |pieces: &[&[u8]]| {
            let mut scanner = Scanner::fragment(0);
            let mut events: Vec<_> = pieces.iter().flat_map(|piece| scanner.feed(piece).expect("no limit")).collect();
            events.extend(scanner.end().expect("no limit"));
            let html = pieces.concat();
            let acting = events.into_iter().filter_map(|event| match event {
                Event::Start { span, .. } if acts(&html[span.clone()]) => Some(span.start),
                _ => None,
            });
            acting.collect::<Vec<_>>()
        };
        let words = proptest::collection::vec(proptest::sample::select(WORDS.to_vec()), 0..40);
        proptest!(ProptestConfig::with_cases(3000), |(words in words, cut in 0..200_usize)| {
            let html = words.concat().into_bytes();
            // By single bytes, every tag is in the watched end of its chunk.
            let each: Vec<_> = html.chunks(1).collect();
            let cut = cut % (html.len() + 1);
            let expected = starts(&each);
            prop_assert_eq!(starts(&[&html]), expected.clone());
            prop_assert_eq!(starts(&[&html[..cut], &html[cut..]]), expected);
        });
    }
}
