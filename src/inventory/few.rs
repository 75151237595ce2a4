//! A few words that many workers note and none forgets: filled in order, read without a lock.

use std::sync::OnceLock;

/// At most `N` texts, each once, in the order they were first seen.
pub(super) struct Few<const N: usize>([OnceLock<Box<str>>; N]);

impl<const N: usize> Default for Few<N> {
    fn default() -> Self {
        Self([const { OnceLock::new() }; N])
    }
}

impl<const N: usize> Few<N> {
    /// Notes a text; its place, or `None` where there is no room. Allocates only what is new.
    pub(super) fn note(&self, text: &str) -> Option<usize> {
        for (place, slot) in self.0.iter().enumerate() {
            // Two workers may want the same place: whoever comes second looks what stands there now.
            if slot.get().is_none() && slot.set(text.into()).is_ok() {
                return Some(place);
            }
            if slot.get().is_some_and(|known| **known == *text) {
                return Some(place);
            }
        }
        None
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map_while(OnceLock::get).map(|text| &**text)
    }
}

#[cfg(test)]
mod tests {
    use super::Few;

    #[test]
    fn each_text_is_kept_once_and_no_more_than_fit() {
        let few = Few::<2>::default();
        assert_eq!(["/a", "/b", "/a", "/c"].map(|page| few.note(page)), [Some(0), Some(1), Some(0), None]);
        assert_eq!(few.all().collect::<Vec<_>>(), ["/a", "/b"]);
    }

    #[test]
    fn workers_that_come_at_once_write_nothing_twice() {
        let few = Few::<8>::default();
        std::thread::scope(|threads| {
            for worker in 0..8 {
                let few = &few;
                threads.spawn(move || (0..400).for_each(|n| _ = few.note(["/a", "/b", "/c"][(n + worker) % 3])));
            }
        });
        let mut all: Vec<_> = few.all().collect();
        all.sort_unstable();
        assert_eq!(all, ["/a", "/b", "/c"]);
    }
}
