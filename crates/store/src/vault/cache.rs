//! Keys kept in memory: bounded, dropped whole when any server has erased somebody, overwritten when they go.
//!
//! Two generations stand in for a least-recently-used list: what is used moves to the young one; when that is full the old
//! one is dropped and the young one becomes old. Nothing used within the last half capacity of other persons is lost.

use std::collections::HashMap;

use uuid::Uuid;

use super::person::PersonKeys;

/// Persons kept unless told otherwise. One costs about 290 bytes of keys and 45 of map at its fullest: under 40 MB.
pub const KEYS_KEPT: usize = 100_000;

pub(super) struct Cache {
    /// The vault's epoch at which everything here was read.
    epoch: i64,
    generation_limit: usize,
    young: HashMap<Uuid, PersonKeys>,
    old: HashMap<Uuid, PersonKeys>,
}

impl Cache {
    pub(super) fn new(persons: usize) -> Self {
        Self { epoch: i64::MIN, generation_limit: (persons / 2).max(1), young: HashMap::new(), old: HashMap::new() }
    }

    /// States the vault's present epoch. If it is not the one this memory was filled at, everything is dropped.
    pub(super) fn enter(&mut self, epoch: i64) {
        if epoch != self.epoch {
            self.clear();
            self.epoch = epoch;
        }
    }

    pub(super) fn get(&mut self, person: &Uuid) -> Option<PersonKeys> {
        if let Some(keys) = self.young.get(person) {
            return Some(keys.clone());
        }
        let keys = self.old.remove(person)?;
        self.add(*person, keys.clone());
        Some(keys)
    }

    /// Keeps keys read at `epoch`. Refused if the memory has moved on: they may be erased since.
    pub(super) fn insert(&mut self, epoch: i64, person: Uuid, keys: PersonKeys) {
        if epoch == self.epoch {
            self.old.remove(&person);
            self.add(person, keys);
        }
    }

    pub(super) fn remove(&mut self, person: &Uuid) {
        self.young.remove(person);
        self.old.remove(person);
    }

    /// After an erasure made here: the person is gone, the others need not be read again.
    pub(super) fn erased(&mut self, person: &Uuid, new_epoch: i64) {
        self.remove(person);
        if self.epoch == new_epoch - 1 {
            self.epoch = new_epoch;
        }
    }

    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    fn add(&mut self, person: Uuid, keys: PersonKeys) {
        if self.young.len() >= self.generation_limit {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(person, keys);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> PersonKeys {
        PersonKeys::generate(&[], &mut |bytes| bytes.iter_mut().enumerate().for_each(|(i, byte)| *byte = i as u8))
            .unwrap()
    }

    #[test]
    fn memory_is_bounded_and_keeps_what_is_used() {
        let mut cache = Cache::new(10);
        cache.enter(1);
        let used = Uuid::from_u128(0);
        cache.insert(1, used, keys());
        for n in 1..100 {
            cache.insert(1, Uuid::from_u128(n), keys());
            assert!(cache.get(&used).is_some(), "after {n}");
            assert!(cache.len() <= 10, "{} after {n}", cache.len());
        }
        assert!(cache.get(&Uuid::from_u128(1)).is_none());
        assert!(cache.get(&Uuid::from_u128(99)).is_some());
    }

    #[test]
    fn another_epoch_empties_memory_and_late_readers_cannot_fill_it() {
        let mut cache = Cache::new(10);
        let person = Uuid::from_u128(7);
        cache.enter(1);
        cache.insert(1, person, keys());
        cache.enter(2);
        assert!(cache.get(&person).is_none());
        // Read at epoch 1, arriving after the erasure that made epoch 2.
        cache.insert(1, person, keys());
        assert!(cache.get(&person).is_none());
        cache.insert(2, person, keys());
        cache.insert(2, Uuid::from_u128(8), keys());
        cache.erased(&person, 3);
        cache.enter(3);
        assert!(cache.get(&person).is_none());
        assert!(cache.get(&Uuid::from_u128(8)).is_some());
    }
}
