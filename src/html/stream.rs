//! A body as it comes from the site, turned into the body the visitor gets: decoded, rewritten, encoded again.

use bytes::Bytes;

use super::coding::{Decoder, Encoder};
use super::{Abandoned, Coding, Finding, Job, Page};

/// Input is decoded by pieces of this size: what one becomes is bounded by its decoder.
const PIECE: usize = 4 * 1024;
/// A page this large when decoded …
const LARGE: u64 = 8 * 1024 * 1024;
/// … must not have grown by more than this (promise 22).
const MOST_GROWTH: u64 = 100;

/// Rewrites one body. With `observe`, only reads it: nothing comes out but findings.
pub struct Rewriter {
    decoder: Decoder,
    encoder: Option<Encoder>,
    page: Page,
    received: u64,
    decoded: u64,
}

impl Rewriter {
    /// A rewriter for a body in this coding; it leaves in the same.
    pub fn new(coding: Coding, job: Job) -> Result<Self, Abandoned> {
        Ok(Self { encoder: Some(Encoder::new(coding)?), ..Self::observe(coding, job)? })
    }

    /// A reader that changes nothing.
    pub fn observe(coding: Coding, job: Job) -> Result<Self, Abandoned> {
        Ok(Self { decoder: Decoder::new(coding)?, encoder: None, page: Page::new(job), received: 0, decoded: 0 })
    }

    /// Takes a chunk of the site's body and gives what may leave now; empty when that is nothing yet.
    pub fn push(&mut self, chunk: Bytes) -> Result<Bytes, Abandoned> {
        self.received += chunk.len() as u64;
        let mut pieces = Vec::new();
        if matches!(self.decoder, Decoder::Identity) {
            self.page.push(chunk, &mut pieces)?;
        } else {
            for piece in chunk.chunks(PIECE) {
                let decoded = self.decoder.push(piece)?;
                self.grow(decoded.len())?;
                self.page.push(decoded.into(), &mut pieces)?;
            }
        }
        self.encode(pieces)
    }

    /// The body has ended: the rest of what leaves, and everything that was held.
    pub fn finish(mut self) -> Result<(Bytes, Vec<Finding>), Abandoned> {
        let mut pieces = Vec::new();
        let rest = self.decoder.finish()?;
        self.page.push(rest.into(), &mut pieces)?;
        let mut findings = self.page.findings();
        findings.extend(self.page.finish(&mut pieces)?);
        let Some(mut encoder) = self.encoder else { return Ok((Bytes::new(), findings)) };
        pieces.iter().try_for_each(|piece| encoder.push(piece))?;
        Ok((encoder.finish()?.into(), findings))
    }

    /// What was held since the last call.
    pub fn findings(&mut self) -> Vec<Finding> {
        self.page.findings()
    }

    fn grow(&mut self, by: usize) -> Result<(), Abandoned> {
        self.decoded += by as u64;
        let too_much = self.decoded > LARGE && self.decoded > self.received.saturating_mul(MOST_GROWTH);
        if too_much { Err(Abandoned::Bomb) } else { Ok(()) }
    }

    /// A single piece of an uncompressed page leaves without being copied.
    fn encode(&mut self, mut pieces: Vec<Bytes>) -> Result<Bytes, Abandoned> {
        let Some(encoder) = &mut self.encoder else { return Ok(Bytes::new()) };
        if let (Encoder::Identity(_), 1) = (&*encoder, pieces.len()) {
            return Ok(pieces.remove(0));
        }
        if pieces.is_empty() {
            return Ok(Bytes::new());
        }
        pieces.iter().try_for_each(|piece| encoder.push(piece))?;
        Ok(encoder.flush()?.into())
    }
}
