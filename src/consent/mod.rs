//! What a visitor has agreed to: purposes, the choice, the signed choice cookie, browser signals.
//!
//! Pure: no I/O, no clock, no randomness; time, keys and random ids come in as arguments.
//! It must never turn a damaged, expired or foreign choice cookie into anything but "undecided".
//! Bytes of the choice cookie come from `gateway`; the `Choice` made here goes to `policy`, `notice` and `ledger`.

mod bytes;
mod choice;
mod decisions;
mod imported;
mod purpose;
mod signal;

pub use choice::{ChoiceCookie, Key, LEAST_REFUSAL_DAYS, LONGEST_VERSION, MAX_AGE_DAYS, MAX_VALUE_BYTES, ReceiptId};
pub use decisions::Choice;
pub use imported::{is_answer as is_answer_elsewhere, refused as refused_elsewhere};
pub use purpose::{Basis, Purpose, PurposeFault, PurposeSet, Purposes, Terms};
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
    /// What may be stored and read for this visitor: what they agreed to, and what is allowed until they object.
    /// Undecided and refused visitors are treated alike where consent is needed.
    #[must_use]
    pub fn granted(&self, purposes: &Purposes) -> PurposeSet {
        let (agreed, refused) = self.decisions();
        let silent = if self.gpc { PurposeSet::ESSENTIAL } else { purposes.until_objected() };
        agreed.union(silent.without(refused))
    }

    /// What they agreed to that needed agreement.
    #[must_use]
    pub fn agreed(&self, purposes: &Purposes) -> PurposeSet {
        self.decisions().0.both(purposes.by_consent())
    }

    /// What they are still to be asked about. A purpose that their browser refuses for them is not asked about
    /// (REQUIREMENTS S4).
    #[must_use]
    pub fn undecided(&self, purposes: &Purposes) -> PurposeSet {
        let (agreed, refused) = self.decisions();
        let by_signal = if self.gpc { purposes.refused_by_gpc() } else { PurposeSet::ESSENTIAL };
        purposes.by_consent().without(agreed.union(refused)).without(by_signal)
    }

    /// They object to what is allowed without consent, or their browser does for them.
    #[must_use]
    pub fn objects(&self, purposes: &Purposes) -> PurposeSet {
        purposes.until_objected().without(self.granted(purposes))
    }

    fn decisions(&self) -> (PurposeSet, PurposeSet) {
        let none = (PurposeSet::ESSENTIAL, PurposeSet::ESSENTIAL);
        self.choice.as_ref().map_or(none, |choice| (choice.granted, choice.refused()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purposes() -> Purposes {
        let terms = Terms { basis: Basis::UntilObjected("statistical".into()), ..Terms::default() };
        Purposes::default().on_terms(Purpose::ANALYTICS, terms)
    }

    fn set(purposes: &[Purpose]) -> PurposeSet {
        purposes.iter().copied().collect()
    }

    #[test]
    fn an_exception_is_granted_until_the_visitor_objects_and_never_asked_about() {
        let purposes = purposes();
        let silent = Visitor::default();
        assert_eq!(silent.granted(&purposes), set(&[Purpose::ANALYTICS]));
        assert_eq!(silent.undecided(&purposes), set(&[Purpose::PREFERENCES, Purpose::MARKETING]));
        let objected = Choice::of(set(&[Purpose::ANALYTICS]), PurposeSet::ESSENTIAL, 1);
        let objected = Visitor { choice: Some(objected), gpc: false };
        assert_eq!(objected.granted(&purposes), PurposeSet::ESSENTIAL);
        assert_eq!(objected.objects(&purposes), set(&[Purpose::ANALYTICS]));
        assert_eq!(
            objected.undecided(&purposes),
            silent.undecided(&purposes),
            "an objection answers no other question"
        );
    }

    #[test]
    fn the_signal_objects_and_refuses_advertising_until_the_visitor_says_otherwise() {
        let purposes = purposes();
        let signalled = Visitor { choice: None, gpc: true };
        assert_eq!(signalled.granted(&purposes), PurposeSet::ESSENTIAL);
        assert_eq!(signalled.undecided(&purposes), set(&[Purpose::PREFERENCES]));
        let said = set(&[Purpose::ANALYTICS, Purpose::MARKETING]);
        let otherwise = Visitor { choice: Some(Choice::of(said, said, 1)), gpc: true };
        assert_eq!(otherwise.granted(&purposes), said);
        assert_eq!(otherwise.agreed(&purposes), set(&[Purpose::MARKETING]), "an exception is not an agreement");
    }
}
