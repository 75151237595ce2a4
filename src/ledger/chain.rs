//! The chain: every row's hash covers the row before it, and the key seals where the chain ends.
//!
//! Whoever can write the file can compute hashes too. What they cannot do without the signing key is seal a head or a
//! checkpoint; so a row that is changed, left out, put in or moved breaks the chain, and a chain made anew does not
//! end where the seals say. What no file can show by itself is that all of it was put back to an earlier state: the
//! head is written to the log for that, where somebody else keeps it (REQUIREMENTS E7).

use rusqlite::types::ValueRef;
use sha2::{Digest as _, Sha256};

use crate::consent::Key;

/// SHA-256.
pub type Hash = [u8; 32];

/// What the first row follows.
pub(super) const GENESIS: Hash = [0; 32];

/// What a row is: a record and a tombstone of the same values never have the same hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Record = 1,
    Tombstone = 2,
}

/// The hash of a row after the one before it. Each value comes with its type and its length, so that no two rows are
/// written the same.
pub(super) fn link<'v>(before: &Hash, kind: Kind, values: impl Iterator<Item = ValueRef<'v>>) -> Hash {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update([kind as u8]);
    for value in values {
        feed(&mut hash, value);
    }
    hash.finalize().into()
}

fn feed(hash: &mut Sha256, value: ValueRef<'_>) {
    let mut bytes = |tag: u8, bytes: &[u8]| {
        hash.update([tag]);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    match value {
        ValueRef::Null => bytes(0, &[]),
        ValueRef::Integer(number) => bytes(1, &number.to_be_bytes()),
        ValueRef::Real(number) => bytes(2, &number.to_bits().to_be_bytes()),
        ValueRef::Text(text) => bytes(3, text),
        ValueRef::Blob(blob) => bytes(4, blob),
    }
}

/// Seals ends of the chain.
#[derive(Clone, Debug)]
pub(super) struct Seal(pub(super) Key);

/// An end of the chain: the newest one, or where it once was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// The last row's number; rows are numbered from 1 without a gap, so that this is their count too.
    pub(super) seq: u64,
    /// The last row's hash.
    pub(super) hash: Hash,
    /// How many checkpoints there are up to here: one that is taken away is missed.
    pub(super) checkpoints: u64,
    /// When it was sealed, in milliseconds since 1970; 0 for the head.
    pub(super) at_ms: u64,
}

impl End {
    pub(super) const NONE: Self = Self { seq: 0, hash: GENESIS, checkpoints: 0, at_ms: 0 };

    fn bytes(&self) -> Vec<u8> {
        let numbers = [self.seq, self.checkpoints, self.at_ms];
        numbers.iter().flat_map(|number| number.to_be_bytes()).chain(self.hash).collect()
    }
}

impl Seal {
    /// No site can have a name with a blank: no seal of a choice is one of an end.
    const HEAD: &[u8] = b"consentgate ledger head";
    const CHECKPOINT: &[u8] = b"consentgate ledger checkpoint";
    const NAME: &[u8] = b"consentgate ledger key";

    pub(super) fn head(&self, end: &End) -> Hash {
        self.0.seal(Self::HEAD, &end.bytes())
    }

    pub(super) fn checkpoint(&self, end: &End) -> Hash {
        self.0.seal(Self::CHECKPOINT, &end.bytes())
    }

    /// Tells one key from another without telling the key.
    pub(super) fn name(&self) -> [u8; 8] {
        let mut name = [0; 8];
        name.copy_from_slice(&self.0.seal(Self::NAME, b"")[..8]);
        name
    }
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_run_together_are_not_the_same_row() {
        let row =
            |values: &[&str]| link(&GENESIS, Kind::Record, values.iter().map(|text| ValueRef::Text(text.as_bytes())));
        assert_ne!(row(&["ab", "c"]), row(&["a", "bc"]));
        assert_ne!(row(&["a", ""]), row(&["a"]));
        let blob = link(&GENESIS, Kind::Record, [ValueRef::Blob(b"a")].into_iter());
        assert_ne!(row(&["a"]), blob);
        assert_ne!(blob, link(&GENESIS, Kind::Tombstone, [ValueRef::Blob(b"a")].into_iter()));
    }

    #[test]
    fn a_head_is_no_checkpoint_and_another_key_seals_otherwise() {
        let (one, other) = (Seal(Key::new([1; 32])), Seal(Key::new([2; 32])));
        assert_ne!(one.head(&End::NONE), one.checkpoint(&End::NONE));
        assert_ne!(one.head(&End::NONE), other.head(&End::NONE));
        assert_ne!(one.name(), other.name());
        assert_ne!(one.head(&End { seq: 1, ..End::NONE }), one.head(&End { checkpoints: 1, ..End::NONE }));
    }
}
