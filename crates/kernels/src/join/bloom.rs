//! A filter over key hashes, which says of most keys that are not there that they are not there.

use blockfold_core::{Error, Result};

/// Bits for each key: about 1 % of absent keys pass.
const BITS_A_KEY: u64 = 10;

const BLOCK_BITS: u64 = 256;

/// Odd multipliers, one for each word of a block.
const SALTS: [u32; 8] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

/// A split-block Bloom filter over 64-bit hashes: each key sets one bit in each word of one block.
///
/// Source: the Bloom filter of the Parquet format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bloom {
    blocks: Vec<[u32; 8]>,
}

impl Bloom {
    /// An empty filter for about `keys` keys.
    pub fn new(keys: u64) -> Self {
        let blocks = usize::try_from(Self::blocks_for(keys)).unwrap_or(usize::MAX);
        Bloom { blocks: vec![[0; 8]; blocks] }
    }

    /// Bytes of a filter for about `keys` keys.
    pub fn estimate_bytes(keys: u64) -> u64 {
        Self::blocks_for(keys) * BLOCK_BITS / 8
    }

    /// At most as many blocks as half a hash can choose from.
    fn blocks_for(keys: u64) -> u64 {
        keys.saturating_mul(BITS_A_KEY).div_ceil(BLOCK_BITS).clamp(1, u64::from(u32::MAX))
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        (self.blocks.capacity() * size_of::<[u32; 8]>()) as u64
    }

    /// Takes a key in.
    #[inline]
    pub fn insert_hash(&mut self, hash: u64) {
        let (place, masks) = (self.place(hash), masks(hash));
        if let Some(block) = self.blocks.get_mut(place) {
            block.iter_mut().zip(masks).for_each(|(word, mask)| *word |= mask);
        }
    }

    /// Takes keys in.
    pub fn insert_hashes(&mut self, hashes: &[u64]) {
        hashes.iter().for_each(|hash| self.insert_hash(*hash));
    }

    /// Whether a key may have been taken in; `false` is certain.
    #[inline]
    pub fn contains_hash(&self, hash: u64) -> bool {
        let masks = masks(hash);
        let missing = |block: &[u32; 8]| block.iter().zip(masks).fold(0, |all, (word, mask)| all | (!word & mask));
        self.blocks.get(self.place(hash)).is_some_and(|block| missing(block) == 0)
    }

    /// Takes in the keys of another filter.
    ///
    /// # Errors
    /// [`Error::Internal`] when it was made for another number of keys.
    pub fn merge(&mut self, other: &Bloom) -> Result<()> {
        if self.blocks.len() != other.blocks.len() {
            return Err(Error::internal("Bloom filters of two sizes were merged"));
        }
        let words = self.blocks.iter_mut().flatten().zip(other.blocks.iter().flatten());
        words.for_each(|(ours, theirs)| *ours |= theirs);
        Ok(())
    }

    /// The upper half of a hash, scaled to the blocks.
    #[inline]
    fn place(&self, hash: u64) -> usize {
        let place = ((hash >> 32) * self.blocks.len() as u64) >> 32;
        usize::try_from(place).unwrap_or(usize::MAX)
    }
}

/// The bit of each word that the lower half of a hash chooses.
#[inline]
#[allow(clippy::cast_possible_truncation)] // taking the lower half is what it is for
fn masks(hash: u64) -> [u32; 8] {
    SALTS.map(|salt| 1 << ((hash as u32).wrapping_mul(salt) >> 27))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(range: std::ops::Range<u64>) -> Vec<u64> {
        let mix = |i: u64| (i ^ i >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        range.map(|i| mix(mix(i + 1)).wrapping_mul(0xbf58_476d_1ce4_e5b9)).collect()
    }

    #[test]
    fn keys_pass_and_most_others_do_not() {
        let (mut even, mut odd) = (Bloom::new(100_000), Bloom::new(100_000));
        even.insert_hashes(&hashes(0..50_000));
        odd.insert_hashes(&hashes(50_000..100_000));
        even.merge(&odd).unwrap();
        assert!(hashes(0..100_000).iter().all(|hash| even.contains_hash(*hash)));
        let passed = hashes(100_000..200_000).iter().filter(|hash| even.contains_hash(**hash)).count();
        assert!(passed < 3000, "{passed} of 100000");
        assert_eq!(even.bytes(), Bloom::estimate_bytes(100_000));
    }

    #[test]
    fn empty_filters_pass_nothing_and_sizes_do_not_mix() {
        let mut empty = Bloom::new(0);
        assert!(!hashes(0..100).iter().any(|hash| empty.contains_hash(*hash)));
        assert!(empty.merge(&Bloom::new(1000)).is_err());
    }
}
