//! What is learnt of keys while rows are sent to their parts: their ranges, and a Bloom filter.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::BooleanArray;
use blockfold_core::{Block, Error, RecordBatch, Result, Scalar};
use blockfold_kernels::join::{Bloom, key_range};
use blockfold_kernels::route::hash_keys;
use blockfold_plan::{Digest, RowFilter};

use super::Keys;

/// Ranges and a filter of the keys of rows.
#[derive(Debug)]
pub(crate) struct LearntKeys {
    /// Least and greatest value of each key, `None` while there are none or where they have no order that is known.
    pub(crate) ranges: Vec<Option<(Scalar, Scalar)>>,
    /// Number of rows that came.
    pub(crate) rows: u64,
    /// Number of keys that the filter is made for.
    expected: u64,
    bloom: Bloom,
}

/// Learns keys.
#[derive(Debug)]
pub(crate) struct KeyDigest {
    keys: Keys,
    bytes: u64,
    /// Shared with nobody until the last row is in.
    learnt: Mutex<Arc<LearntKeys>>,
}

impl KeyDigest {
    /// Nothing learnt yet of about so many keys.
    pub(crate) fn new(keys: Keys, expected: u64) -> Self {
        let ranges = vec![None; keys.exprs().len()];
        let learnt = LearntKeys { ranges, rows: 0, expected, bloom: Bloom::new(expected) };
        KeyDigest { keys, bytes: Bloom::estimate_bytes(expected), learnt: Mutex::new(Arc::new(learnt)) }
    }
}

impl Digest for KeyDigest {
    fn add(&self, rows: &RecordBatch) -> Result<()> {
        let keys = self.keys.of(rows)?;
        let mut hashes = Vec::new();
        hash_keys(&keys, rows.num_rows(), &mut hashes)?;
        let ranges: Vec<_> = keys.iter().map(|key| key_range(std::slice::from_ref(key))).collect();
        let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        let learnt = Arc::get_mut(&mut learnt).ok_or_else(|| Error::internal("rows came after the last one"))?;
        learnt.bloom.insert_hashes(&hashes);
        learnt.rows += rows.num_rows() as u64;
        learnt.ranges.iter_mut().zip(ranges).for_each(|(all, new)| *all = wider(all.take(), new));
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn finish(&self) -> Result<Block> {
        let learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Block::Object { value: learnt, bytes: self.bytes })
    }
}

impl LearntKeys {
    /// Whether the filter lets few keys pass that did not come.
    pub(crate) fn is_sharp(&self) -> bool {
        self.rows <= self.expected.saturating_mul(MOST_CROWDED)
    }
}

/// How many times more keys than it is made for a filter takes before it lets too many pass.
const MOST_CROWDED: u64 = 3;

fn wider(a: Option<(Scalar, Scalar)>, b: Option<(Scalar, Scalar)>) -> Option<(Scalar, Scalar)> {
    use std::cmp::Ordering::{Greater, Less};
    let (Some(a), Some(b)) = (a.clone(), b.clone()) else { return a.or(b) };
    let low = if b.0.compare(&a.0) == Some(Less) { b.0 } else { a.0 };
    let high = if b.1.compare(&a.1) == Some(Greater) { b.1 } else { a.1 };
    Some((low, high))
}

/// Rows whose keys may be among those that were learnt.
#[derive(Debug)]
pub(crate) struct BloomFilter {
    pub(crate) keys: Keys,
    pub(crate) learnt: Arc<LearntKeys>,
}

impl RowFilter for BloomFilter {
    fn mask(&self, rows: &RecordBatch) -> Result<BooleanArray> {
        let mut hashes = Vec::new();
        hash_keys(&self.keys.of(rows)?, rows.num_rows(), &mut hashes)?;
        Ok(hashes.iter().map(|hash| Some(self.learnt.bloom.contains_hash(*hash))).collect())
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int32Array, StringArray};
    use blockfold_core::{DType, col};

    use super::*;

    fn rows(keys: std::ops::Range<i32>) -> RecordBatch {
        let ints: ArrayRef = Arc::new(keys.clone().map(Some).collect::<Int32Array>());
        let texts: ArrayRef =
            Arc::new(keys.map(|key| (key % 5 != 0).then(|| format!("{key:05}"))).collect::<StringArray>());
        RecordBatch::try_from_iter_with_nullable([("k", ints, true), ("t", texts, true)]).unwrap()
    }

    #[test]
    fn ranges_and_most_absent_keys_are_known() {
        let keys = || Keys::typed(vec![col("k"), col("t")], vec![DType::Int64, DType::Utf8]);
        let digest = KeyDigest::new(keys(), 1000);
        for range in [500..1000, 0..0, 0..500] {
            digest.add(&rows(range)).unwrap();
        }
        let learnt: Arc<LearntKeys> = digest.finish().unwrap().object().unwrap();
        assert_eq!(learnt.rows, 1000);
        assert!(learnt.is_sharp());
        assert_eq!(learnt.ranges[0], Some((Scalar::Int(0), Scalar::Int(999))));
        assert_eq!(learnt.ranges[1], Some(("00001".into(), "00999".into())));
        let filter = BloomFilter { keys: keys(), learnt };
        assert_eq!(filter.mask(&rows(0..1000)).unwrap().true_count(), 1000);
        assert!(filter.mask(&rows(1000..2000)).unwrap().true_count() < 50);
        assert!(digest.add(&rows(0..1)).is_err(), "somebody has the filter");
    }
}
