//! A bounded table of names that many workers read and few extend.
//!
//! Readers see an immutable map; a writer copies it, under a lock that no reader takes. The entries themselves are shared
//! by all copies, so that a count made through an old map is not lost.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

type Map<K, V> = HashMap<Arc<K>, Arc<V>>;

pub(super) struct Table<K: ?Sized, V> {
    map: ArcSwap<Map<K, V>>,
    growing: Mutex<()>,
    most: usize,
}

impl<K: ?Sized + Eq + Hash, V> Table<K, V>
where
    Arc<K>: Borrow<K> + for<'k> From<&'k K>,
{
    /// A table of at most so many names.
    pub(super) fn new(most: usize) -> Self {
        Self { map: ArcSwap::default(), growing: Mutex::new(()), most }
    }

    /// What `read` makes of the entry; `None` for an unknown name. Takes no lock and allocates nothing.
    pub(super) fn read<R>(&self, name: &K, read: impl FnOnce(&V) -> R) -> Option<R> {
        self.map.load().get(name).map(|entry| read(entry))
    }

    /// Is there no room for another name?
    pub(super) fn is_full(&self) -> bool {
        self.map.load().len() >= self.most
    }

    /// Puts what `next` makes of the entry in its place; a new name only while there is room. `None` changes nothing.
    pub(super) fn change(&self, name: &K, next: impl FnOnce(Option<&V>) -> Option<V>) {
        let _growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.map.load_full();
        let entry = current.get(name);
        if entry.is_none() && current.len() >= self.most {
            return;
        }
        if let Some(value) = next(entry.map(|entry| &**entry)) {
            let mut grown = Map::clone(&current);
            grown.insert(name.into(), Arc::new(value));
            self.map.store(Arc::new(grown));
        }
    }

    /// Every name with its entry, as they are now, in no order.
    pub(super) fn all(&self) -> Vec<(Arc<K>, Arc<V>)> {
        self.map.load().iter().map(|(name, entry)| (Arc::clone(name), Arc::clone(entry))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn a_full_table_keeps_what_it_has_and_still_changes_it() {
        let table: Table<str, u32> = Table::new(2);
        for name in ["a", "b", "c", "a"] {
            table.change(name, |entry| Some(entry.map_or(1, |count| count + 1)));
        }
        let mut all: Vec<_> = table.all().iter().map(|(name, count)| (name.to_string(), **count)).collect();
        all.sort();
        assert_eq!(all, [("a".into(), 2), ("b".into(), 1)]);
        assert!(table.is_full());
        assert_eq!(table.read("c", |count| *count), None);
    }
}
