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
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    until: u64,
}

impl<K: Eq + Hash, V> Aging<K, V> {
    pub fn new(room: usize) -> Self {
        Self { room, young: HashMap::new(), old: HashMap::new() }
    }

    /// The entry, if it lives at `now`.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q, now: u64) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let entry = self.young.get(key).or_else(|| self.old.get(key));
        entry.filter(|entry| now < entry.until).map(|entry| &entry.value)
    }

    /// Puts in an entry, in the place of the one with this key; it lives until then.
    pub fn keep(&mut self, key: K, value: V, until: u64) {
        if self.young.len() >= self.room {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, Entry { value, until });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_live_until_their_time() {
        let mut aging = Aging::new(4);
        aging.keep(1, "old", 10);
        aging.keep(1, "new", 20);
        assert_eq!([9, 19, 20].map(|now| aging.get(&1, now).copied()), [Some("new"), Some("new"), None]);
    }

    #[test]
    fn what_came_last_stays_when_many_come() {
        let mut aging = Aging::new(100);
        for key in 0..1000 {
            aging.keep(key, (), 1);
            assert!(aging.young.len() + aging.old.len() <= 200);
        }
        assert!((900..1000).all(|key| aging.get(&key, 0).is_some()));
        assert!((0..800).all(|key| aging.get(&key, 0).is_none()));
    }
}
