//! How the parts of a choice are written into the bytes of its cookie, and read back.
//!
//! A decision is one byte of flags and place, then what the flags announce: the tag of a site's own name, of a version,
//! and a time of its own. Whatever cannot be read is `None`, never a decision.

use sha2::{Digest, Sha256};

use super::choice::LONGEST_VERSION;
use super::{Basis, Choice, Purpose, Terms, UnixSeconds};

/// One decision as it is read.
pub(super) struct Decision {
    pub(super) purpose: Purpose,
    pub(super) granted: bool,
    /// The purpose was under an exception then.
    pub(super) exempt: bool,
    pub(super) version: Option<Tag>,
    /// `None`: when the choice was made.
    pub(super) at: Option<UnixSeconds>,
}

/// 32 bits: nobody can choose what stands in a signed cookie, and a site has eight purposes.
pub(super) const TAG_BYTES: usize = 4;
pub(super) type Tag = [u8; TAG_BYTES];

// A decision: one byte of these, then the tag of an own name, of a version, and a time of its own, as they are announced.
pub(super) const GRANTED: u8 = 0b1000_0000;
pub(super) const TIMED: u8 = 0b0100_0000;
pub(super) const VERSIONED: u8 = 0b0010_0000;
pub(super) const EXEMPT: u8 = 0b0001_0000;
/// 1 to 3 are the built-in purposes, this is one of the site's own; a byte of zeros ends the list.
pub(super) const OWN: u8 = 4;
pub(super) const PLACE: u8 = 0b0000_0111;

pub(super) fn tag(text: &str) -> Tag {
    let hash = Sha256::digest(text);
    [hash[0], hash[1], hash[2], hash[3]]
}

pub(super) fn version_tag(version: &str) -> Option<Tag> {
    (!version.is_empty()).then(|| tag(version))
}

pub(super) fn push_decision(payload: &mut Vec<u8>, choice: &Choice, (purpose, name, terms): (Purpose, &str, &Terms)) {
    let built_in = Purpose::BUILT_IN.iter().position(|known| *known == purpose);
    let version = version_tag(&terms.version);
    let at = Some(choice.decided_at(purpose)).filter(|at| *at != choice.made_at);
    let flags = [
        (choice.granted.contains(purpose), GRANTED),
        (at.is_some(), TIMED),
        (version.is_some(), VERSIONED),
        (matches!(terms.basis, Basis::UntilObjected(_)), EXEMPT),
    ];
    let place = built_in.and_then(|place| u8::try_from(place).ok()).unwrap_or(OWN);
    payload.push(flags.into_iter().filter(|(is, _)| *is).fold(place, |head, (_, flag)| head | flag));
    if built_in.is_none() {
        payload.extend(tag(name));
    }
    payload.extend(version.into_iter().flatten());
    payload.extend(at.into_iter().flat_map(time));
}

pub(super) fn time(at: UnixSeconds) -> [u8; 4] {
    u32::try_from(at).unwrap_or(u32::MAX).to_be_bytes()
}

pub(super) fn push_name(payload: &mut Vec<u8>, name: &str) {
    let name = cut(name);
    payload.push(u8::try_from(name.len()).unwrap_or(0));
    payload.extend(name.as_bytes());
}

pub(super) fn cut(version: &str) -> &str {
    let end = (0..=LONGEST_VERSION.min(version.len())).rev().find(|at| version.is_char_boundary(*at));
    &version[..end.unwrap_or(0)]
}

/// Takes bytes off the front; `None` when there are too few.
pub(super) struct Reader<'p>(pub(super) &'p [u8]);

impl<'p> Reader<'p> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'p [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn time(&mut self) -> Option<UnixSeconds> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?).into())
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|taken| taken[0])
    }
}
