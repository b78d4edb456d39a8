//! Codes of values that may have none.

use arrow::buffer::NullBuffer;

use super::{Lookup, Numbers, find_hashed};
use crate::group::fixed::FixedBits;
use crate::group::hash::{CHUNK, HashIds, MISSING, hash_bits};
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
        if find_hashed(ids, &self.values, values, codes) {
            return;
        }
        for (value, code) in values.iter().zip(codes).filter(|(_, code)| **code == MISSING) {
            let bits = value.to_bits();
            *code = ids.find(hash_bits(bits), |id| self.values.get(id as usize) == Some(&bits));
        }
    }
}
