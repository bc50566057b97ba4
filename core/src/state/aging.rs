//! A bounded memory whose entries live for a while.

use std::borrow::Borrow;
use std::hash::Hash;

use hashbrown::HashMap;

/// Keeps at least the `room` entries put in last, at most twice as many: of two generations the older goes as a whole.
#[derive(Debug)]
pub struct Aging<K, V> {
    room: usize,
    young: HashMap<K, Entry<V>>,
    old: HashMap<K, Entry<V>>,
    forgotten: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    until: u64,
}

impl<K: Eq + Hash, V> Aging<K, V> {
    pub fn new(room: usize) -> Self {
        Self { room, young: HashMap::new(), old: HashMap::new(), forgotten: 0 }
    }

    /// The entry, if it lives at `now`.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q, now: u64) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let entry = self.young.get(key).or_else(|| self.old.get(key));
        entry.filter(|entry| now < entry.until).map(|entry| &entry.value)
    }

    /// Puts in an entry at `now`, in the place of the one with this key; it lives for `life`.
    pub fn keep(&mut self, key: K, value: V, now: u64, life: u64) {
        if self.young.len() >= self.room && !self.young.contains_key(&key) {
            let old = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
            self.forgotten += old.values().filter(|entry| now < entry.until).count() as u64;
        }
        self.old.remove(&key);
        self.young.insert(key, Entry { value, until: now.saturating_add(life) });
    }

    /// Entries that had to go while they lived.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_live_until_their_time() {
        let mut aging = Aging::new(4);
        aging.keep(1, "old", 0, 10);
        aging.keep(1, "new", 5, 15);
        assert_eq!([9, 19, 20].map(|now| aging.get(&1, now).copied()), [Some("new"), Some("new"), None]);
    }

    #[test]
    fn what_came_last_stays_when_many_come() {
        let mut aging = Aging::new(100);
        for key in 0..1000 {
            aging.keep(key, (), 0, 1);
            assert!(aging.young.len() + aging.old.len() <= 200);
        }
        assert_eq!(aging.forgotten(), 800);
        (0..1000).for_each(|key| aging.keep(key, (), 1, 1));
        assert_eq!(aging.forgotten(), 800 + 800, "those whose time was up are not counted");
        assert!((900..1000).all(|key| aging.get(&key, 0).is_some()));
        assert!((0..800).all(|key| aging.get(&key, 0).is_none()));
    }
}
