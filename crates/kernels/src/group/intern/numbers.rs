//! Codes of values of at most 64 bits.

mod find;

use arrow::buffer::NullBuffer;

use super::table::Table;
use crate::group::fixed::FixedBits;
use crate::group::hash::{CHUNK, HashIds, MISSING, hash_bits};

/// Fewer hashed values than this stay hashed.
const FIRST_LOOK: usize = 1 << 17;

/// Values that are looked up one by one.
const FEW: usize = 16;

/// Distinct values of at most 64 bits, numbered by first appearance.
#[derive(Debug)]
pub(in crate::group) struct Numbers {
    lookup: Lookup,
    /// Bits of each code's value; the code of null has an unused entry.
    values: Vec<u64>,
    null: Option<u32>,
    /// Longest table that statistics justify.
    promised_len: usize,
    /// Number of hashed values at which to see whether a table has become worth it.
    next_look: usize,
}

#[derive(Debug)]
enum Lookup {
    /// Values of a narrow range by their distance from its start.
    Table(Table),
    Hash(HashIds),
}

impl Numbers {
    /// Values of which nothing is known: they are hashed.
    pub(in crate::group) fn hashed() -> Self {
        Numbers {
            lookup: Lookup::Hash(HashIds::new()),
            values: Vec::new(),
            null: None,
            promised_len: 0,
            next_look: FIRST_LOOK,
        }
    }

    /// Values that go to a table as long as their range is narrow, which starts at `range` when it is known.
    pub(in crate::group) fn ranged(range: Option<(u64, u64)>) -> Self {
        let table = range.and_then(|(least, greatest)| Table::of_statistics(least, greatest));
        let promised_len = table.as_ref().map_or(0, Table::len);
        // Of a range too wide for a table one state may see a narrow part: rows of a file are often sorted by key.
        let lookup = Lookup::Table(table.unwrap_or_default());
        Numbers { lookup, values: Vec::new(), null: None, promised_len, next_look: FIRST_LOOK }
    }

    /// Makes room for so many hashed values in all.
    pub(in crate::group) fn reserve(&mut self, values: usize) {
        if let Lookup::Hash(ids) = &mut self.lookup {
            ids.reserve(values);
            self.values.reserve(values.saturating_sub(self.values.len()));
        }
    }

    pub(in crate::group) fn len(&self) -> usize {
        self.values.len()
    }

    pub(in crate::group) fn null(&self) -> Option<u32> {
        self.null
    }

    /// The value of each code.
    pub(in crate::group) fn values(&self) -> &[u64] {
        &self.values
    }

    pub(in crate::group) fn bytes(&self) -> u64 {
        let lookup = match &self.lookup {
            Lookup::Table(table) => table.bytes(),
            Lookup::Hash(ids) => ids.bytes(),
        };
        lookup + (self.values.capacity() * size_of::<u64>()) as u64
    }

    /// Codes sorted by value, null last.
    pub(in crate::group) fn order(&self) -> Vec<u32> {
        let mut keyed: Vec<(u64, u32)> = self.values.iter().copied().zip(0u32..).collect();
        if let Some(null) = self.null {
            keyed.retain(|(_, code)| *code != null);
        }
        keyed.sort_unstable();
        keyed.into_iter().map(|(_, code)| code).chain(self.null).collect()
    }

    /// Writes the code of each value.
    pub(in crate::group) fn intern<V: FixedBits>(
        &mut self,
        values: &[V],
        nulls: Option<&NullBuffer>,
        codes: &mut [u32],
    ) {
        let mut start = 0;
        for (values, codes) in values.chunks(CHUNK).zip(codes.chunks_mut(CHUNK)) {
            let all_found = match &self.lookup {
                Lookup::Table(table) => table.find(values, codes),
                // A few values, as one at a time of a dictionary, are not worth the passes of the quick look.
                Lookup::Hash(_) if values.len() < FEW => {
                    codes.fill(MISSING);
                    false
                }
                Lookup::Hash(ids) => find_hashed(ids, &self.values, values, codes),
            };
            if !all_found || nulls.is_some() {
                self.resolve(start, values, nulls, codes);
            }
            start += values.len();
        }
        if self.values.len() >= self.next_look {
            self.table_if_dense();
        }
    }

    /// The code of one value.
    pub(in crate::group) fn code_of(&mut self, bits: u64) -> u32 {
        self.make_room(bits, bits);
        let next = code_after(self.values.len());
        let code = match &mut self.lookup {
            Lookup::Table(table) => table.find_or_insert(bits, next),
            Lookup::Hash(ids) => {
                let values = &self.values;
                ids.find_or_insert(hash_bits(bits), next, |id| values.get(id as usize) == Some(&bits))
            }
        };
        if code == next {
            self.values.push(bits);
        }
        code
    }

    /// The code of null.
    pub(in crate::group) fn null_code(&mut self) -> u32 {
        let next = code_after(self.values.len());
        *self.null.get_or_insert_with(|| {
            self.values.push(0);
            next
        })
    }

    /// Codes for what the quick look did not find: new values, nulls, and values that share places.
    #[cold]
    fn resolve<V: FixedBits>(&mut self, start: usize, values: &[V], nulls: Option<&NullBuffer>, codes: &mut [u32]) {
        let is_null = |row: usize| nulls.is_some_and(|nulls| nulls.is_null(start + row));
        if matches!(self.lookup, Lookup::Table(_)) {
            let valid = values.iter().enumerate().filter(|(row, _)| !is_null(*row)).map(|(_, value)| value.to_bits());
            if let Some((least, greatest)) = range(valid) {
                self.make_room(least, greatest);
            }
        }
        for (row, (value, code)) in values.iter().zip(codes).enumerate() {
            if is_null(row) {
                *code = self.null_code();
            } else if *code == MISSING {
                *code = self.code_of(value.to_bits());
            }
        }
    }

    /// Widens the table to cover a range, or goes over to hashing when it would be too long.
    #[inline]
    fn make_room(&mut self, least: u64, greatest: u64) {
        if let Lookup::Table(table) = &self.lookup
            && !(table.covers(least) && table.covers(greatest))
        {
            self.widen_or_hash(least, greatest);
        }
    }

    #[cold]
    fn widen_or_hash(&mut self, least: u64, greatest: u64) {
        let Lookup::Table(table) = &self.lookup else { return };
        self.lookup = match table.widened(least, greatest, self.values.len(), self.promised_len) {
            Some(table) => self.tabled(table),
            None => self.rehashed(),
        };
    }

    /// Goes over to a table when so many values were hashed that they fill their range.
    #[cold]
    fn table_if_dense(&mut self) {
        self.next_look = self.values.len() * 2;
        if let Lookup::Hash(_) = &self.lookup
            && let Some((least, greatest)) = range(self.known().map(|(bits, _)| bits))
            && let Some(table) = Table::default().widened(least, greatest, self.values.len(), 0)
        {
            self.lookup = self.tabled(table);
        }
    }

    fn known(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.values.iter().copied().zip(0u32..).filter(|(_, code)| Some(*code) != self.null)
    }

    fn tabled(&self, mut table: Table) -> Lookup {
        self.known().for_each(|(bits, code)| {
            table.find_or_insert(bits, code);
        });
        Lookup::Table(table)
    }

    fn rehashed(&self) -> Lookup {
        let mut ids = HashIds::new();
        self.known().for_each(|(bits, code)| {
            ids.find_or_insert(hash_bits(bits), code, |_| false);
        });
        Lookup::Hash(ids)
    }
}

/// Least and greatest of some bits.
pub(super) fn range(bits: impl Iterator<Item = u64>) -> Option<(u64, u64)> {
    bits.fold(None, |range: Option<(u64, u64)>, bits| {
        range.map_or(Some((bits, bits)), |(least, greatest)| Some((least.min(bits), greatest.max(bits))))
    })
}

/// The code that comes after `len` codes.
#[inline]
#[allow(clippy::cast_possible_truncation)] // a state refuses rows before codes run out
pub(in crate::group) fn code_after(len: usize) -> u32 {
    len as u32
}

/// Codes of the values whose guess is right, [`MISSING`] for others; whether there are no others.
///
/// No pass has a branch that depends on a value, so that loads of many rows are under way at once.
fn find_hashed<V: FixedBits>(ids: &HashIds, known: &[u64], values: &[V], codes: &mut [u32]) -> bool {
    let Some(last) = known.len().checked_sub(1) else {
        codes.fill(MISSING);
        return false;
    };
    let mut entries = [0; CHUNK];
    for (entry, value) in entries.iter_mut().zip(values) {
        *entry = ids.peek(hash_bits(value.to_bits()));
    }
    for ((code, entry), value) in codes.iter_mut().zip(&entries).zip(values) {
        *code = ids.guess(*entry, hash_bits(value.to_bits()));
    }
    let mut all_found = true;
    for (code, value) in codes.iter_mut().zip(values) {
        let is_same = *code != MISSING && known[last.min(*code as usize)] == value.to_bits();
        *code = if is_same { *code } else { MISSING };
        all_found &= is_same;
    }
    all_found
}
