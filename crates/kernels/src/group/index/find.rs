//! Groups of keys that may have none.

use arrow::array::ArrayRef;
use blockfold_core::Result;

use super::{GroupIndex, Several};
use crate::group::intern::find::KnownDictionary;

/// What finding keeps from batch to batch, beside the index; one for each thread.
#[derive(Debug, Default)]
pub(in crate::group) struct Finder {
    dictionaries: Vec<KnownDictionary>,
    /// Codes of a batch, column by column.
    codes: Vec<Vec<u32>>,
}

impl Finder {
    /// Bytes held.
    pub(in crate::group) fn bytes(&self) -> u64 {
        let codes: usize = self.codes.iter().map(|codes| codes.capacity() * size_of::<u32>()).sum();
        self.dictionaries.iter().map(KnownDictionary::bytes).sum::<u64>() + codes as u64
    }
}

impl GroupIndex {
    /// Makes `groups` the group of each row, [`MISSING`](crate::group::hash::MISSING) where it has none.
    pub(in crate::group) fn find(
        &self,
        keys: &[ArrayRef],
        rows: usize,
        finder: &mut Finder,
        groups: &mut Vec<u32>,
    ) -> Result<()> {
        groups.clear();
        groups.resize(rows, 0);
        finder.dictionaries.resize_with(keys.len(), KnownDictionary::default);
        match (self, keys, finder.dictionaries.as_mut_slice()) {
            (GroupIndex::One(column), [key], [known]) => column.find(key, known, groups),
            (GroupIndex::Several(several), keys, _) => several.find(keys, finder, groups),
            _ => Ok(()),
        }
    }
}

impl Several {
    fn find(&self, keys: &[ArrayRef], finder: &mut Finder, groups: &mut [u32]) -> Result<()> {
        finder.codes.resize_with(keys.len(), Vec::new);
        let scratch = finder.dictionaries.iter_mut().zip(&mut finder.codes);
        for ((column, key), (known, codes)) in self.columns.iter().zip(keys).zip(scratch) {
            codes.resize(groups.len(), 0);
            column.find(key, known, codes)?;
        }
        let codes: Vec<&[u32]> = finder.codes.iter().map(Vec::as_slice).collect();
        self.tuples.find(&codes, groups);
        Ok(())
    }
}
