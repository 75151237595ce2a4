//! What one visitor decided, purpose by purpose, and when.
//!
//! Each decision has a time of its own: to be asked about one purpose again must neither lengthen an agreement to
//! another nor shorten a refusal of it (REQUIREMENTS A15, A16).

use super::{Purpose, PurposeSet, Purposes, UnixSeconds};

/// What one visitor decided, for the notice in force and the meaning each purpose has now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The purposes agreed to.
    pub granted: PurposeSet,
    /// The purposes decided at all; those of them that are not granted are refused. The rest is undecided.
    pub decided: PurposeSet,
    /// When the visitor last chose, by the gate's clock.
    pub made_at: UnixSeconds,
    /// Ties the choice to its record in the ledger.
    pub receipt: Option<super::ReceiptId>,
    /// The visitor has not been told yet: the next page confirms the choice.
    pub fresh: bool,
    /// Something was decided for an older version of the notice or of a purpose, and does not count any more.
    pub outdated: bool,
    /// When each purpose was decided, by its place; see [`Self::decided_at`].
    pub at: [UnixSeconds; Purposes::MOST],
}

impl Choice {
    /// Nothing decided, at this time.
    #[must_use]
    pub fn none(made_at: UnixSeconds) -> Self {
        Self {
            granted: PurposeSet::ESSENTIAL,
            decided: PurposeSet::ESSENTIAL,
            made_at,
            receipt: None,
            fresh: false,
            outdated: false,
            at: [made_at; Purposes::MOST],
        }
    }

    /// All of these decided now, as they are granted or not.
    #[must_use]
    pub fn of(decided: PurposeSet, granted: PurposeSet, made_at: UnixSeconds) -> Self {
        let granted = granted.both(decided);
        Self { granted, decided, ..Self::none(made_at) }
    }

    /// The choice that follows this one: what was decided stands, with its own time, until it is decided again.
    #[must_use]
    pub fn again(&self, now: UnixSeconds) -> Self {
        Self { made_at: now, receipt: None, fresh: false, outdated: false, ..self.clone() }
    }

    /// Decides these purposes now: those that are granted too are agreed to, the others refused.
    #[must_use]
    pub fn deciding(mut self, which: PurposeSet, granted: PurposeSet, purposes: &Purposes) -> Self {
        for (purpose, _) in purposes.asked().filter(|(purpose, _)| which.contains(*purpose)) {
            self.decide(purpose, granted.contains(purpose), self.made_at);
        }
        self
    }

    pub(super) fn decide(&mut self, purpose: Purpose, granted: bool, at: UnixSeconds) {
        let one = PurposeSet::ESSENTIAL.with(purpose);
        self.decided = self.decided.union(one);
        self.granted = if granted { self.granted.union(one) } else { self.granted.without(one) };
        if let Some(place) = self.at.get_mut(purpose.place()) {
            *place = at;
        }
    }

    /// The purposes refused.
    #[must_use]
    pub fn refused(&self) -> PurposeSet {
        self.decided.without(self.granted)
    }

    /// When this purpose was decided.
    #[must_use]
    pub fn decided_at(&self, purpose: Purpose) -> UnixSeconds {
        self.at.get(purpose.place()).copied().unwrap_or(self.made_at)
    }

    /// Was anything decided that still counts?
    #[must_use]
    pub fn decides(&self) -> bool {
        self.decided != PurposeSet::ESSENTIAL
    }

    /// Was any of these purposes decided with the latest choice?
    #[must_use]
    pub fn decides_now(&self, which: PurposeSet, purposes: &Purposes) -> bool {
        let decided = self.decided.both(which);
        purposes.asked().any(|(purpose, _)| decided.contains(purpose) && self.decided_at(purpose) == self.made_at)
    }

    /// Two choices of one visitor, and nobody can tell which is theirs: only what both agreed to is granted, and what
    /// either refused is refused.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        let granted = self.granted.both(other.granted);
        let decided = granted.union(self.refused()).union(other.refused());
        // The one that says just this speaks for both: its receipt and its times are true.
        let says_this = |one: &Self| (one.granted, one.decided) == (granted, decided);
        if says_this(&other) {
            other
        } else if says_this(&self) {
            self
        } else {
            Self { granted, decided, ..self }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(purposes: &[Purpose]) -> PurposeSet {
        purposes.iter().copied().collect()
    }

    #[test]
    fn what_is_not_decided_again_keeps_its_answer_and_its_time() {
        let purposes = Purposes::default();
        let first = Choice::of(purposes.by_consent(), set(&[Purpose::ANALYTICS]), 100);
        let second = first.again(900).deciding(set(&[Purpose::MARKETING]), purposes.all(), &purposes);
        assert_eq!(second.granted, set(&[Purpose::ANALYTICS, Purpose::MARKETING]));
        assert_eq!(second.refused(), set(&[Purpose::PREFERENCES]));
        assert_eq!(second.decided_at(Purpose::ANALYTICS), 100);
        assert_eq!(second.decided_at(Purpose::MARKETING), 900);
    }

    #[test]
    fn of_two_choices_only_what_both_agreed_to_is_granted() {
        let both = set(&[Purpose::ANALYTICS, Purpose::MARKETING]);
        let one = Choice::of(both, set(&[Purpose::ANALYTICS]), 100);
        let other = Choice::of(both, both, 200);
        assert_eq!(one.clone().stricter(other.clone()), one);
        assert_eq!(other.stricter(one.clone()), one);
        let new = Choice::of(set(&[Purpose::PREFERENCES]), set(&[Purpose::PREFERENCES]), 300);
        let merged = one.stricter(new);
        assert_eq!((merged.granted, merged.decided), (PurposeSet::ESSENTIAL, set(&[Purpose::MARKETING])));
    }
}
