//! Content codings, decoded and encoded as a stream: gzip, deflate, brotli, zstd.
//!
//! A damaged or shortened body is an error, never a clean end (promise 21). Input goes in by small pieces, so that
//! a decompression bomb is seen before it has grown (promise 22).

mod decode;
mod encode;

use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use super::Abandoned;

pub(super) use decode::Decoder;
pub(super) use encode::Encoder;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Not at all.
    Identity,
    /// RFC 1952, one or more members.
    Gzip,
    /// RFC 1950, or bare RFC 1951 as some old servers send it.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    /// What the gate asks a site for, from what the visitor accepts: only codings it can undo.
    pub const ACCEPTED: [&'static str; 6] = ["gzip", "x-gzip", "deflate", "br", "zstd", "identity"];

    /// Reads `Content-Encoding`; more than one coding, or one nobody here knows, cannot be undone.
    pub fn of(headers: &HeaderMap) -> Result<Self, Abandoned> {
        let mut lines = headers.get_all(CONTENT_ENCODING).iter();
        let (Some(line), None) = (lines.next(), lines.next()) else {
            return if headers.contains_key(CONTENT_ENCODING) { Err(Abandoned::Coding) } else { Ok(Self::Identity) };
        };
        match &*line.as_bytes().trim_ascii().to_ascii_lowercase() {
            b"" | b"identity" => Ok(Self::Identity),
            b"gzip" | b"x-gzip" => Ok(Self::Gzip),
            b"deflate" => Ok(Self::Deflate),
            b"br" => Ok(Self::Brotli),
            b"zstd" => Ok(Self::Zstd),
            _ => Err(Abandoned::Coding),
        }
    }
}

impl Coding {
    /// Decodes the beginning of a body, to see what it is before its head leaves.
    pub fn preview(self) -> Preview {
        Preview(Decoder::new(self).ok())
    }
}

/// Decodes the beginning of a body.
pub struct Preview(Option<Decoder>);

impl Preview {
    /// The next decoded bytes, as soon as there are `wanted` of them or the chunk has ended.
    pub fn push(&mut self, chunk: &[u8], wanted: usize) -> Vec<u8> {
        // Small: a bomb in the same piece would take the start of its page with it, and nothing would be known of either.
        const PIECE: usize = 64;
        let mut out = Vec::new();
        for piece in chunk.chunks(PIECE) {
            let Some(decoder) = &mut self.0 else { break };
            match decoder.push(piece) {
                Ok(more) => out.extend(more),
                Err(_) => self.0 = None,
            }
            if out.len() >= wanted {
                break;
            }
        }
        out
    }

    /// The body is not in the coding it says.
    pub fn failed(&self) -> bool {
        self.0.is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;

    use super::decode::MOST_OF_A_PIECE;
    use super::*;

    const CODINGS: [Coding; 5] = [Coding::Identity, Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd];

    fn page() -> Vec<u8> {
        (0..4000_u32).flat_map(|n| format!("<p>Line {n} of {}</p>\n", n * n % 97).into_bytes()).collect()
    }

    #[test]
    fn a_piece_that_becomes_too_much_is_a_bomb() {
        for coding in [Coding::Brotli, Coding::Zstd] {
            let bomb = encode(coding, &vec![b' '; MOST_OF_A_PIECE + 1], 1);
            assert!(bomb.len() < 4096, "{coding:?}: {} bytes", bomb.len());
            let mut decoder = Decoder::new(coding).expect("a decoder");
            assert!(matches!(decoder.push(&bomb), Err(Abandoned::Bomb)), "{coding:?}");
        }
    }

    #[test]
    fn what_has_come_is_decoded_at_once() {
        for coding in CODINGS {
            let mut encoder = Encoder::new(coding).expect("an encoder");
            encoder.push(b"<!doctype html><p>short").expect("room");
            let begun = encoder.flush().expect("what there is");
            assert_eq!(coding.preview().push(&begun, 1024), b"<!doctype html><p>short", "{coding:?}");
        }
    }

    fn encode(coding: Coding, page: &[u8], pieces: usize) -> Vec<u8> {
        let mut encoder = Encoder::new(coding).expect("an encoder");
        let mut out = Vec::new();
        for piece in page.chunks(page.len() / pieces + 1) {
            encoder.push(piece).expect("memory");
            out.extend(encoder.flush().expect("memory"));
        }
        out.extend(encoder.finish().expect("memory"));
        out
    }

    fn decode(coding: Coding, body: &[u8], piece: usize) -> Result<Vec<u8>, Abandoned> {
        let mut decoder = Decoder::new(coding)?;
        let mut out = Vec::new();
        for piece in body.chunks(piece) {
            out.extend(decoder.push(piece)?);
        }
        out.extend(decoder.finish()?);
        Ok(out)
    }

    #[test]
    fn what_is_encoded_decodes_whatever_the_pieces() {
        for coding in CODINGS {
            for pieces in [1, 7, 200] {
                let body = encode(coding, &page(), pieces);
                for piece in [1, 3, 4096, body.len()] {
                    assert!(decode(coding, &body, piece).as_deref() == Ok(&*page()), "{coding:?} {pieces} {piece}");
                }
            }
        }
    }

    #[test]
    fn a_shortened_body_is_never_a_clean_end() {
        for coding in &CODINGS[1..] {
            let body = encode(*coding, &page(), 3);
            for cut in (0..body.len()).step_by(97).chain(body.len() - 9..body.len()) {
                assert_eq!(decode(*coding, &body[..cut], 512), Err(Abandoned::Decode), "{coding:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_damaged_body_is_an_error_or_at_least_not_the_page() {
        for coding in [Coding::Gzip, Coding::Deflate] {
            let mut body = encode(coding, &page(), 1);
            let middle = body.len() / 2;
            body[middle] ^= 0x55;
            assert_eq!(decode(coding, &body, 512), Err(Abandoned::Decode), "{coding:?}");
        }
    }

    #[test]
    fn gzip_members_follow_each_other_and_junk_behind_them_is_passed_over() {
        let one = encode(Coding::Gzip, &page(), 1);
        let two = [&*one, &one, b"\0\0junk"].concat();
        for piece in [1, 100, two.len()] {
            assert_eq!(decode(Coding::Gzip, &two, piece).map(|out| out.len()), Ok(page().len() * 2), "{piece}");
        }
        assert_eq!(decode(Coding::Gzip, b"<html>", 9), Err(Abandoned::Decode));
    }

    #[test]
    fn bare_deflate_as_old_servers_send_it() {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&page()).expect("memory");
        let body = encoder.finish().expect("memory");
        assert!(decode(Coding::Deflate, &body, 10).as_deref() == Ok(&*page()));
    }

    #[test]
    fn content_encoding_is_read_whole_or_not_at_all() {
        let of = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(CONTENT_ENCODING, http::HeaderValue::from_static(line));
            }
            Coding::of(&headers)
        };
        assert_eq!(of(&[]), Ok(Coding::Identity));
        assert_eq!(of(&[" GZIP "]), Ok(Coding::Gzip));
        assert_eq!(of(&["br"]), Ok(Coding::Brotli));
        assert_eq!(of(&["gzip, br"]), Err(Abandoned::Coding));
        assert_eq!(of(&["gzip", "gzip"]), Err(Abandoned::Coding));
        assert_eq!(of(&["dcb"]), Err(Abandoned::Coding));
    }
}
