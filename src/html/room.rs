//! Where a decoder writes what a piece of input becomes: no more of it than a bound.

use std::io::{self, Write};

use super::Abandoned;

/// What one piece of input may become. Deflate makes at most a thousand bytes of one; a few hundred bytes of brotli or
/// zstd can be gigabytes, so the bound must be met while they are decoded (promise 22).
pub(super) const MOST_OF_A_PIECE: usize = 8 * 1024 * 1024;
/// Takes what a piece of input becomes, up to its bound.
#[derive(Default)]
pub(super) struct Room {
    bytes: Vec<u8>,
    full: bool,
}

impl Room {
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Why writing into it failed.
    pub(super) fn fault(&self) -> Abandoned {
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
