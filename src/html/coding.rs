//! Content codings, decoded and encoded as a stream: gzip, deflate, brotli, zstd.
//!
//! A damaged or shortened body is an error, never a clean end (promise 21). Input goes in by small pieces, so that
//! a decompression bomb is seen before it has grown (promise 22).

use std::io::Write as _;

use flate2::{Compression, Decompress, FlushDecompress, Status};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use zstd::stream::raw::{DParameter, Operation as _};

use super::Abandoned;
use super::room::{MOST_OF_A_PIECE, Room};

/// RFC 9659 section 3: no zstd content may need a window of more than 8 MiB. The library would grant 128.
const ZSTD_WINDOW_LOG: u32 = 23;

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

/// Undoes a coding.
pub(super) enum Decoder {
    Identity,
    Gzip(Gzip),
    Deflate(Inflate),
    Brotli(Box<brotli::DecompressorWriter<Room>>),
    Zstd(Unzstd),
}

impl Decoder {
    pub(super) fn new(coding: Coding) -> Result<Self, Abandoned> {
        const BUFFER: usize = 16 * 1024;
        Ok(match coding {
            Coding::Identity => Self::Identity,
            Coding::Gzip => Self::Gzip(Gzip::Between { members: 0, head: Vec::new() }),
            Coding::Deflate => Self::Deflate(Inflate::Unknown),
            Coding::Brotli => Self::Brotli(Box::new(brotli::DecompressorWriter::new(Room::default(), BUFFER))),
            Coding::Zstd => Self::Zstd(Unzstd::new()?),
        })
    }

    /// Decodes one small piece of input.
    pub(super) fn push(&mut self, input: &[u8]) -> Result<Vec<u8>, Abandoned> {
        match self {
            Self::Identity => Ok(input.to_vec()),
            Self::Gzip(gzip) => gzip.push(input),
            Self::Deflate(inflate) => inflate.push(input),
            Self::Brotli(writer) => {
                writer.write_all(input).map_err(|_| writer.get_ref().fault())?;
                Ok(writer.get_mut().take())
            }
            Self::Zstd(zstd) => zstd.push(input),
        }
    }

    /// The input has ended: was it whole? Gives what was still inside.
    pub(super) fn finish(&mut self) -> Result<Vec<u8>, Abandoned> {
        let whole = match self {
            Self::Gzip(gzip) => return gzip.finish(),
            Self::Brotli(writer) => {
                writer.close().map_err(|_| writer.get_ref().fault())?;
                return Ok(writer.get_mut().take());
            }
            Self::Identity => true,
            Self::Deflate(inflate) => matches!(inflate, Inflate::Ended),
            Self::Zstd(zstd) => zstd.ended,
        };
        if whole { Ok(Vec::new()) } else { Err(Abandoned::Decode) }
    }
}

/// Gzip members one after another; what follows the last one and is none is passed over, as browsers do.
pub(super) enum Gzip {
    Between { members: usize, head: Vec<u8> },
    Member { decoder: Box<flate2::write::GzDecoder<Vec<u8>>>, members: usize },
    Junk,
}

impl Gzip {
    const MAGIC: [u8; 2] = [0x1f, 0x8b];

    fn push(&mut self, mut input: &[u8]) -> Result<Vec<u8>, Abandoned> {
        let mut out = Vec::new();
        while !input.is_empty() {
            match self {
                Self::Junk => break,
                Self::Between { members, head } => {
                    head.push(input[0]);
                    input = &input[1..];
                    let members = *members;
                    if !Self::MAGIC.starts_with(head) {
                        if members == 0 {
                            return Err(Abandoned::Decode);
                        }
                        *self = Self::Junk;
                    } else if head.len() == Self::MAGIC.len() {
                        let mut decoder = Box::new(flate2::write::GzDecoder::new(Vec::new()));
                        decoder.write_all(head).map_err(|_| Abandoned::Decode)?;
                        *self = Self::Member { decoder, members };
                    }
                }
                // Nothing taken says that the member has ended, its checksum read.
                Self::Member { decoder, members } => {
                    let taken = decoder.write(input).map_err(|_| Abandoned::Decode)?;
                    // Without it the decoder keeps what it has decoded until more comes: a short page has no beginning
                    // to be judged by, and a page that pauses is shown a step behind.
                    decoder.flush().map_err(|_| Abandoned::Decode)?;
                    out.append(decoder.get_mut());
                    input = &input[taken..];
                    if taken == 0 {
                        decoder.try_finish().map_err(|_| Abandoned::Decode)?;
                        out.append(decoder.get_mut());
                        *self = Self::Between { members: *members + 1, head: Vec::new() };
                    }
                }
            }
        }
        Ok(out)
    }

    fn finish(&mut self) -> Result<Vec<u8>, Abandoned> {
        match self {
            Self::Between { members: 1.., .. } | Self::Junk => Ok(Vec::new()),
            Self::Between { .. } => Err(Abandoned::Decode),
            Self::Member { decoder, .. } => {
                decoder.try_finish().map_err(|_| Abandoned::Decode)?;
                Ok(std::mem::take(decoder.get_mut()))
            }
        }
    }
}

/// A deflate stream; the first byte tells whether it has the zlib wrapper (RFC 1950 section 2.2: CM is 8).
pub(super) enum Inflate {
    Unknown,
    Running(Box<Decompress>),
    Ended,
}

impl Inflate {
    fn push(&mut self, mut input: &[u8]) -> Result<Vec<u8>, Abandoned> {
        let mut out = Vec::with_capacity(input.len() * 4);
        if let (Self::Unknown, Some(first)) = (&*self, input.first()) {
            *self = Self::Running(Box::new(Decompress::new(first & 0x0f == 8 && first >> 4 <= 7)));
        }
        while let Self::Running(decoder) = self {
            let (before, room) = (decoder.total_in(), out.capacity() - out.len());
            let status =
                decoder.decompress_vec(input, &mut out, FlushDecompress::None).map_err(|_| Abandoned::Decode)?;
            let taken = usize::try_from(decoder.total_in() - before).map_err(|_| Abandoned::Decode)?;
            input = &input[taken..];
            if status == Status::StreamEnd {
                *self = Self::Ended;
            } else if out.len() == out.capacity() {
                out.reserve(room.max(4096));
            } else if input.is_empty() || taken == 0 {
                break;
            }
        }
        Ok(out)
    }
}

/// Zstandard frames one after another.
pub(super) struct Unzstd {
    decoder: zstd::stream::raw::Decoder<'static>,
    ended: bool,
}

impl Unzstd {
    fn new() -> Result<Self, Abandoned> {
        let mut decoder = zstd::stream::raw::Decoder::new().map_err(|_| Abandoned::Handler)?;
        decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG)).map_err(|_| Abandoned::Handler)?;
        Ok(Self { decoder, ended: false })
    }

    fn push(&mut self, mut input: &[u8]) -> Result<Vec<u8>, Abandoned> {
        let (mut out, mut room) = (Vec::new(), [0_u8; 16 * 1024]);
        loop {
            if input.is_empty() && self.ended {
                return Ok(out);
            }
            let status = self.decoder.run_on_buffers(input, &mut room).map_err(|_| Abandoned::Decode)?;
            if out.len() + status.bytes_written > MOST_OF_A_PIECE {
                return Err(Abandoned::Bomb);
            }
            out.extend_from_slice(&room[..status.bytes_written]);
            input = &input[status.bytes_read..];
            self.ended = status.remaining == 0;
            if input.is_empty() && status.bytes_written < room.len() {
                return Ok(out);
            }
        }
    }
}

/// Makes a coding. Levels are the fastest: a page is compressed while a visitor waits.
pub(super) enum Encoder {
    Identity(Vec<u8>),
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
    Deflate(flate2::write::ZlibEncoder<Vec<u8>>),
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Encoder {
    pub(super) fn new(coding: Coding) -> Result<Self, Abandoned> {
        let out = Vec::new();
        Ok(match coding {
            Coding::Identity => Self::Identity(out),
            Coding::Gzip => Self::Gzip(flate2::write::GzEncoder::new(out, Compression::fast())),
            Coding::Deflate => Self::Deflate(flate2::write::ZlibEncoder::new(out, Compression::fast())),
            Coding::Brotli => Self::Brotli(Box::new(brotli::CompressorWriter::new(out, 16 * 1024, 1, 20))),
            Coding::Zstd => Self::Zstd(zstd::stream::write::Encoder::new(out, 1).map_err(|_| Abandoned::Handler)?),
        })
    }

    /// Writing into memory fails only by a fault of our own.
    pub(super) fn push(&mut self, input: &[u8]) -> Result<(), Abandoned> {
        let written = match self {
            Self::Identity(out) => out.write_all(input),
            Self::Gzip(writer) => writer.write_all(input),
            Self::Deflate(writer) => writer.write_all(input),
            Self::Brotli(writer) => writer.write_all(input),
            Self::Zstd(writer) => writer.write_all(input),
        };
        written.map_err(|_| Abandoned::Handler)
    }

    /// Everything so far, so that the visitor's browser can show it: nothing waits for more of the page.
    pub(super) fn flush(&mut self) -> Result<Vec<u8>, Abandoned> {
        let flushed = match self {
            Self::Identity(_) => Ok(()),
            Self::Gzip(writer) => writer.flush(),
            Self::Deflate(writer) => writer.flush(),
            Self::Brotli(writer) => writer.flush(),
            Self::Zstd(writer) => writer.flush(),
        };
        flushed.map_err(|_| Abandoned::Handler)?;
        Ok(std::mem::take(match self {
            Self::Identity(out) => out,
            Self::Gzip(writer) => writer.get_mut(),
            Self::Deflate(writer) => writer.get_mut(),
            Self::Brotli(writer) => writer.get_mut(),
            Self::Zstd(writer) => writer.get_mut(),
        }))
    }

    /// The rest, with the coding's own end.
    pub(super) fn finish(self) -> Result<Vec<u8>, Abandoned> {
        let finished = match self {
            Self::Identity(out) => Ok(out),
            Self::Gzip(writer) => writer.finish(),
            Self::Deflate(writer) => writer.finish(),
            Self::Brotli(writer) => Ok(writer.into_inner()),
            Self::Zstd(writer) => writer.finish(),
        };
        finished.map_err(|_| Abandoned::Handler)
    }
}

#[cfg(test)]
mod tests {
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
