//! Ids of tuples that may have none.

use super::{Chunk, Lookup, Tuples, find, tuple};
use crate::group::hash::{CHUNK, HashIds, MISSING, UNSURE, high};

impl Tuples {
    /// Writes the id of each row's tuple, [`MISSING`] where it has none.
    pub(in crate::group) fn find(&self, columns: &[&[u32]], ids: &mut [u32]) {
        let mut places = [0u64; CHUNK];
        let mut start = 0;
        for ids in ids.chunks_mut(CHUNK) {
            let columns = Chunk { columns, start };
            let places = &mut places[..ids.len()];
            match &self.lookup {
                Lookup::Table { bits, ids: table } => {
                    columns.pack(bits, places);
                    columns.put_missing_beyond(places);
                    find(table, places, ids);
                }
                Lookup::Hash(hashed) => self.find_in_hash(hashed, &columns, places, ids),
            }
            start += ids.len();
        }
    }

    fn find_in_hash(&self, hashed: &HashIds, columns: &Chunk<'_>, hashes: &mut [u64], ids: &mut [u32]) {
        columns.hash(hashes);
        let mut entries = [0; CHUNK];
        for (entry, hash) in entries.iter_mut().zip(hashes.iter()) {
            *entry = hashed.peek(high(*hash));
        }
        for ((id, entry), hash) in ids.iter_mut().zip(&entries).zip(hashes.iter()) {
            *id = hashed.guess_or_unsure(*entry, high(*hash));
        }
        for (row, (id, hash)) in ids.iter_mut().zip(hashes).enumerate() {
            let is_right = *id == MISSING || (*id != UNSURE && columns.is(row, self.tuple(*id)));
            if !is_right {
                *id = hashed.find(high(*hash), |id| columns.is(row, tuple(&self.codes, self.width, id)));
            }
        }
    }
}

impl Chunk<'_> {
    /// Moves rows with a missing code beyond any table, since its bits spoil the place.
    fn put_missing_beyond(&self, places: &mut [u64]) {
        for column in self.columns {
            for (place, code) in places.iter_mut().zip(&column[self.start..]) {
                *place |= if *code == MISSING { u64::MAX } else { 0 };
            }
        }
    }
}
