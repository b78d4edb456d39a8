//! Codes of strings that may have none.

use arrow::buffer::NullBuffer;

use super::Texts;
use crate::group::hash::{CHUNK, MISSING};

impl Texts {
    /// Writes the code of each row's value, [`MISSING`] where it has none.
    ///
    /// One pass for each place in memory that a row needs, so that loads of many rows are under way at once.
    pub(in crate::group) fn find<'a>(
        &self,
        get: impl Fn(usize) -> &'a [u8],
        nulls: Option<&NullBuffer>,
        codes: &mut [u32],
    ) {
        let mut start = 0;
        for codes in codes.chunks_mut(CHUNK) {
            let get = |row: usize| get(start + row);
            let mut hashes = [0; CHUNK];
            self.guess(&get, &mut hashes, codes);
            self.verify(&get, &hashes, codes);
            start += codes.len();
        }
        super::super::find::set_nulls(nulls, self.null, codes);
    }

    fn guess<'a>(&self, get: &impl Fn(usize) -> &'a [u8], hashes: &mut [u32; CHUNK], codes: &mut [u32]) {
        let mut entries = [0; CHUNK];
        for (row, hash) in hashes.iter_mut().enumerate().take(codes.len()) {
            *hash = self.hash(get(row));
        }
        for (entry, hash) in entries.iter_mut().zip(&*hashes).take(codes.len()) {
            *entry = self.ids.peek(*hash);
        }
        for ((code, entry), hash) in codes.iter_mut().zip(&entries).zip(&*hashes) {
            *code = self.ids.guess(*entry, *hash);
        }
    }

    fn verify<'a>(&self, get: &impl Fn(usize) -> &'a [u8], hashes: &[u32; CHUNK], codes: &mut [u32]) {
        let mut known: [&[u8]; CHUNK] = [&[]; CHUNK];
        for (known, code) in known.iter_mut().zip(&*codes) {
            *known = self.value(*code);
        }
        for (row, ((code, known), hash)) in codes.iter_mut().zip(&known).zip(hashes).enumerate() {
            let bytes = get(row);
            if *code == MISSING || *known != bytes {
                *code = self.ids.find(*hash, |id| self.value(id) == bytes);
            }
        }
    }
}
