//! What a visitor has agreed to: purposes, the choice, the signed choice cookie, browser signals.
//!
//! Pure: no I/O, no clock, no randomness; time, keys and random ids come in as arguments.
//! It must never turn a damaged, expired or foreign choice cookie into anything but "undecided".
//! Bytes of the choice cookie come from `gateway`; the `Choice` made here goes to `policy`, `notice` and `ledger`.

mod choice;
mod imported;
mod purpose;
mod signal;

pub use choice::{Choice, ChoiceCookie, Key, LONGEST_VERSION, MAX_AGE_DAYS, MAX_VALUE_BYTES, ReceiptId};
pub use imported::{is_answer as is_answer_elsewhere, refused as refused_elsewhere};
pub use purpose::{Purpose, PurposeFault, PurposeSet, Purposes};
pub use signal::gpc;

/// Seconds since 1970-01-01T00:00:00Z.
pub type UnixSeconds = u64;

/// Who is asking, as far as consent goes: never an address, never a browser name (REQUIREMENTS A20).
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    /// The valid choice for the notice in force; `None` is "undecided".
    pub choice: Option<Choice>,
    /// `Sec-GPC: 1` was sent.
    pub gpc: bool,
}

impl Visitor {
    /// What may be stored and read for this visitor. Undecided and refused visitors are treated alike.
    #[must_use]
    pub fn granted(&self) -> PurposeSet {
        self.choice.as_ref().map_or(PurposeSet::ESSENTIAL, |choice| choice.granted)
    }
}
