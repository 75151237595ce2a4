//! Undoing a coding, piece by piece, with a bound on what a piece may become.

use std::io::{self, Write};

use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{DParameter, Operation as _};

use super::{Abandoned, Coding};

/// What one piece of input may become. Deflate makes at most a thousand bytes of one; a few hundred bytes of brotli or
/// zstd can be gigabytes, so the bound must be met while they are decoded (promise 22).
pub(super) const MOST_OF_A_PIECE: usize = 8 * 1024 * 1024;
/// RFC 9659 section 3: no zstd content may need a window of more than 8 MiB. The library would grant 128.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Undoes a coding.
pub(in crate::html) enum Decoder {
    Identity,
    Gzip(Gzip),
    Deflate(Inflate),
    Brotli(Box<brotli::DecompressorWriter<Room>>),
    Zstd(Unzstd),
}

impl Decoder {
    pub(in crate::html) fn new(coding: Coding) -> Result<Self, Abandoned> {
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
    pub(in crate::html) fn push(&mut self, input: &[u8]) -> Result<Vec<u8>, Abandoned> {
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
    pub(in crate::html) fn finish(&mut self) -> Result<Vec<u8>, Abandoned> {
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

/// Takes what a piece of input becomes, up to its bound.
#[derive(Default)]
pub(in crate::html) struct Room {
    bytes: Vec<u8>,
    full: bool,
}

impl Room {
    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Why writing into it failed.
    fn fault(&self) -> Abandoned {
        if self.full { Abandoned::Bomb } else { Abandoned::Decode }
    }
}

impl Write for Room {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.full |= self.bytes.len() + bytes.len() > MOST_OF_A_PIECE;
        if self.full {
            return Err(io::Error::other("grows too much"));
        }
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gzip members one after another; what follows the last one and is none is passed over, as browsers do.
pub(in crate::html) enum Gzip {
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
pub(in crate::html) enum Inflate {
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
pub(in crate::html) struct Unzstd {
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
