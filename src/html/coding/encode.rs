//! Making a coding as a stream, fast and never holding back what a browser could show.

use std::io::Write as _;

use flate2::Compression;

use super::{Abandoned, Coding};

/// Makes a coding. Levels are the fastest: a page is compressed while a visitor waits.
pub(in crate::html) enum Encoder {
    Identity(Vec<u8>),
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
    Deflate(flate2::write::ZlibEncoder<Vec<u8>>),
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Encoder {
    pub(in crate::html) fn new(coding: Coding) -> Result<Self, Abandoned> {
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
    pub(in crate::html) fn push(&mut self, input: &[u8]) -> Result<(), Abandoned> {
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
    pub(in crate::html) fn flush(&mut self) -> Result<Vec<u8>, Abandoned> {
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
    pub(in crate::html) fn finish(self) -> Result<Vec<u8>, Abandoned> {
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
