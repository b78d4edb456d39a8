//! Codes of values that may have none.

use arrow::buffer::NullBuffer;

use super::{Lookup, Numbers};
use crate::group::fixed::FixedBits;
use crate::group::hash::{CHUNK, HashIds, MISSING, UNSURE, hash_bits};
use crate::group::intern::table::Table;

impl Numbers {
    /// No values yet of at most `rows` rows whose range is known, not promised.
    pub(in crate::group) fn exact(range: Option<(u64, u64)>, rows: usize) -> Self {
        let table = range.and_then(|(least, greatest)| Table::exact(least, greatest, rows));
        match table {
            Some(table) => Numbers { lookup: Lookup::Table(table), ..Numbers::hashed() },
            None => Numbers::hashed(),
        }
    }

    /// Writes the code of each value, [`MISSING`] where it has none.
    pub(in crate::group) fn find<V: FixedBits>(&self, values: &[V], nulls: Option<&NullBuffer>, codes: &mut [u32]) {
        for (values, codes) in values.chunks(CHUNK).zip(codes.chunks_mut(CHUNK)) {
            match &self.lookup {
                Lookup::Table(table) => _ = table.find(values, codes),
                Lookup::Hash(ids) => self.find_in_hash(ids, values, codes),
            }
        }
        super::super::find::set_nulls(nulls, self.null, codes);
    }

    fn find_in_hash<V: FixedBits>(&self, ids: &HashIds, values: &[V], codes: &mut [u32]) {
        let Some(last) = self.values.len().checked_sub(1) else {
            codes.fill(MISSING);
            return;
        };
        // As when values are interned, no pass has a branch that depends on a value.
        let mut entries = [0; CHUNK];
        for (entry, value) in entries.iter_mut().zip(values) {
            *entry = ids.peek(hash_bits(value.to_bits()));
        }
        for ((code, entry), value) in codes.iter_mut().zip(&entries).zip(values) {
            *code = ids.guess_or_unsure(*entry, hash_bits(value.to_bits()));
        }
        let mut is_unsure = false;
        for (code, value) in codes.iter_mut().zip(values) {
            let is_right = *code == MISSING || self.values[last.min(*code as usize)] == value.to_bits();
            *code = if is_right { *code } else { UNSURE };
            is_unsure |= *code == UNSURE;
        }
        if !is_unsure {
            return;
        }
        for (value, code) in values.iter().zip(codes).filter(|(_, code)| **code == UNSURE) {
            let bits = value.to_bits();
            *code = ids.find(hash_bits(bits), |id| self.values.get(id as usize) == Some(&bits));
        }
    }
}
