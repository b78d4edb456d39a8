//! A hash table from hashes to ids, linear probing, with the hash beside the id.
//!
//! Keys live elsewhere, numbered by id. An entry holds 32 bits of hash and the id, so that probing rarely looks
//! at a key that is not the one sought and growing looks at none.

/// The id of a row whose key has none yet.
pub(super) const MISSING: u32 = u32::MAX;

/// In place of an id that a look at two places did not tell. No id gets so large.
pub(super) const UNSURE: u32 = MISSING - 1;

/// Rows looked up at a time: their hashes and entries stay in the nearest cache.
pub(super) const CHUNK: usize = 512;

const SEED: u64 = 0x243f_6a88_85a3_08d3;
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
const EMPTY: u64 = 0;

/// Hash of 64 bits: the product's halves folded, so that high and low input bits both count.
#[inline]
pub(super) fn hash_bits(bits: u64) -> u32 {
    high(fold(bits))
}

/// Continues a hash with 64 bits more.
#[inline]
pub(super) fn fold(bits: u64) -> u64 {
    let product = u128::from(bits ^ SEED) * u128::from(MULTIPLIER);
    low(product) ^ low(product >> 64)
}

/// The half of a hash that tables use.
#[inline]
#[allow(clippy::cast_possible_truncation)] // the shift leaves 32 bits
pub(super) fn high(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[inline]
#[allow(clippy::cast_possible_truncation)] // taking the low half is what it is for
fn low(wide: u128) -> u64 {
    wide as u64
}

/// Ids by hash.
#[derive(Debug)]
pub(super) struct HashIds {
    /// Hash above, id plus one below; [`EMPTY`] when free. The length is a power of two.
    entries: Vec<u64>,
    /// Right shift from a hash to its first place.
    shift: u32,
    len: usize,
}

impl HashIds {
    pub(super) fn new() -> Self {
        HashIds { entries: vec![EMPTY; 1 << 6], shift: 26, len: 0 }
    }

    pub(super) fn bytes(&self) -> u64 {
        (self.entries.capacity() * size_of::<u64>()) as u64
    }

    /// The entry at the hash's first place, to be handed to [`HashIds::guess`] after those of many other hashes
    /// were asked for: the fewer instructions between two loads, the more of them are under way at once.
    #[inline]
    pub(super) fn peek(&self, hash: u32) -> u64 {
        self.entries.get(self.first_place(hash)).copied().unwrap_or(EMPTY)
    }

    /// The id that has the hash in the hash's first two places, else [`MISSING`]: right for nearly all keys of the
    /// table. Free of branches that depend on the hash.
    #[inline]
    pub(super) fn guess(&self, first: u64, hash: u32) -> u32 {
        let second = (self.first_place(hash) + 1) & (self.entries.len() - 1);
        let second = self.entries.get(second).copied().unwrap_or(EMPTY);
        let entry = if high(first) == hash { first } else { second };
        // The id of a free entry is `MISSING` as well.
        if high(entry) == hash { id_of(entry) } else { MISSING }
    }

    /// As [`HashIds::guess`], but [`UNSURE`] where keys of other hashes have both places: where one of them is free, the
    /// key is surely missing. Most look-ups of keys that are missing end here.
    #[inline]
    pub(super) fn guess_or_unsure(&self, first: u64, hash: u32) -> u32 {
        let second = (self.first_place(hash) + 1) & (self.entries.len() - 1);
        let second = self.entries.get(second).copied().unwrap_or(EMPTY);
        let entry = if high(first) == hash { first } else { second };
        let other = if (first == EMPTY) | (second == EMPTY) { MISSING } else { UNSURE };
        if high(entry) == hash { id_of(entry) } else { other }
    }

    /// The id for which `is_same` holds, or `next` after it was entered.
    #[inline]
    pub(super) fn find_or_insert(&mut self, hash: u32, next: u32, is_same: impl Fn(u32) -> bool) -> u32 {
        let mask = self.entries.len() - 1;
        let mut place = self.first_place(hash);
        loop {
            let Some(entry) = self.entries.get_mut(place & mask) else { return next };
            if *entry == EMPTY {
                *entry = pack(hash, next);
                break;
            }
            if high(*entry) == hash && is_same(id_of(*entry)) {
                return id_of(*entry);
            }
            place += 1;
        }
        self.len += 1;
        if self.len * 2 > self.entries.len() && self.shift > 0 {
            self.grow_to(self.entries.len() * 2);
        }
        next
    }

    /// Makes room for so many keys in all.
    pub(super) fn reserve(&mut self, keys: usize) {
        let wanted = keys.saturating_mul(2).min(1 << 32).next_power_of_two();
        if wanted > self.entries.len() {
            self.grow_to(wanted);
        }
    }

    /// The id for which `is_same` holds, else [`MISSING`].
    #[inline]
    pub(super) fn find(&self, hash: u32, is_same: impl Fn(u32) -> bool) -> u32 {
        let mask = self.entries.len() - 1;
        let mut place = self.first_place(hash);
        while let Some(entry) = self.entries.get(place & mask).filter(|entry| **entry != EMPTY) {
            if high(*entry) == hash && is_same(id_of(*entry)) {
                return id_of(*entry);
            }
            place += 1;
        }
        MISSING
    }

    #[inline]
    fn first_place(&self, hash: u32) -> usize {
        (hash >> self.shift) as usize
    }

    /// A longer table. Places follow the hash's high bits, so both tables are walked forwards.
    fn grow_to(&mut self, len: usize) {
        let old = std::mem::take(&mut self.entries);
        self.entries = vec![EMPTY; len];
        self.shift = 32 - len.ilog2();
        let mask = self.entries.len() - 1;
        for entry in old.into_iter().filter(|entry| *entry != EMPTY) {
            let mut place = self.first_place(high(entry));
            while self.entries.get(place & mask).is_some_and(|taken| *taken != EMPTY) {
                place += 1;
            }
            if let Some(free) = self.entries.get_mut(place & mask) {
                *free = entry;
            }
        }
    }
}

#[inline]
fn pack(hash: u32, id: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(id.wrapping_add(1))
}

#[inline]
#[allow(clippy::cast_possible_truncation)] // the low half holds the id plus one
fn id_of(entry: u64) -> u32 {
    (entry as u32).wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keys_whatever_the_growth() {
        let mut ids = HashIds::new();
        let keys: Vec<u64> = (0..10_000).map(|i| i * 7919).collect();
        for round in 0..2 {
            for (next, key) in (0u32..).zip(&keys) {
                let id = ids.find_or_insert(hash_bits(*key), next, |id| keys[id as usize] == *key);
                assert_eq!(id, next, "round {round}");
            }
        }
        assert_eq!(ids.len, keys.len());
    }

    #[test]
    fn tells_keys_of_one_hash_apart() {
        let mut ids = HashIds::new();
        for next in 0..100 {
            assert_eq!(ids.find_or_insert(u32::MAX, next, |_| false), next);
        }
        assert_eq!(ids.find_or_insert(u32::MAX, 100, |id| id == 42), 42);
    }
}
