//! Wildcard matching that names, paths and addresses share.

/// One step of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// This byte; in a folding glob its lower-case form.
    Byte(u8),
    /// Any run of bytes, also none.
    Any,
    /// `^`: one byte that can stand in no host, or the end of the text.
    Separator,
}

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob {
    /// What must come, in order.
    pub(super) steps: Box<[Step]>,
    /// Upper and lower case are the same (ASCII).
    pub(super) fold: bool,
    /// The pattern must use the text up.
    pub(super) to_end: bool,
}

impl Glob {
    /// Does the pattern match from the start of the text?
    ///
    /// Only the last `Any` is ever tried again: what stands between two of them is best found as early as possible,
    /// so the work is at most the product of both lengths.
    pub(super) fn matches(&self, text: &[u8]) -> bool {
        let (mut step, mut at) = (0, 0);
        let mut retry = None;
        loop {
            match self.advance(step, text, at) {
                Advance::Matched => return true,
                Advance::Any => {
                    step += 1;
                    retry = Some((step, at));
                }
                Advance::Eaten(bytes) => {
                    step += 1;
                    at += bytes;
                }
                Advance::Failed => {
                    let Some((again, from)) = retry.filter(|(_, from)| *from < text.len()) else { return false };
                    (step, at) = (again, from + 1);
                    retry = Some((again, at));
                }
            }
        }
    }

    fn advance(&self, step: usize, text: &[u8], at: usize) -> Advance {
        match (self.steps.get(step), text.get(at)) {
            (None, next) if next.is_none() || !self.to_end => Advance::Matched,
            // Nothing after it can fail.
            (Some(Step::Any), _) if step + 1 == self.steps.len() => Advance::Matched,
            (Some(Step::Any), _) => Advance::Any,
            (Some(Step::Separator), None) => Advance::Eaten(0),
            (Some(Step::Separator), Some(byte)) if is_separator(*byte) => Advance::Eaten(1),
            (Some(Step::Byte(wanted)), Some(byte)) if *wanted == self.folded(*byte) => Advance::Eaten(1),
            _ => Advance::Failed,
        }
    }

    fn folded(&self, byte: u8) -> u8 {
        if self.fold { byte.to_ascii_lowercase() } else { byte }
    }
}

enum Advance {
    Matched,
    Any,
    Eaten(usize),
    Failed,
}

/// A byte for which `^` stands: anything but a letter, a digit, or one of `_ - . %`.
fn is_separator(byte: u8) -> bool {
    !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'%'))
}

/// The steps of a pattern in which `*` is the only wildcard.
pub(super) fn stars(pattern: &[u8]) -> Box<[Step]> {
    pattern.iter().map(|byte| if *byte == b'*' { Step::Any } else { Step::Byte(*byte) }).collect()
}
