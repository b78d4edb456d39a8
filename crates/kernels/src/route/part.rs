//! Parts from hashes.

const FIRST_LEVEL: u64 = 0x8538_ecb5_bd45_6ea3;
const NEXT_LEVEL: u64 = 0xda94_2042_e4dd_58b5;

/// The part of `0..parts` that a hash belongs to; 0 when there are no parts.
///
/// Hashes spread evenly for any number of parts. A part can be split again at the next level: parts of different
/// levels tell nothing of each other, nor of the bits that tables use.
#[inline]
#[allow(clippy::cast_possible_truncation)] // a part is less than their number, and few enough for the row's number
pub fn part_of(hash: u64, parts: usize, level: u32) -> u32 {
    let key = FIRST_LEVEL.wrapping_add(NEXT_LEVEL.wrapping_mul(u64::from(level)));
    let mixed = folded_product(hash ^ key, key | 1);
    ((u128::from(mixed) * parts as u128) >> 64) as u32
}

/// Writes the part of each hash, as [`part_of`] says.
pub fn parts_of(hashes: &[u64], parts: usize, level: u32, part_of_row: &mut Vec<u32>) {
    part_of_row.clear();
    part_of_row.extend(hashes.iter().map(|hash| part_of(*hash, parts, level)));
}

/// Both halves of a product in one number, so that high and low bits of the factors count.
#[inline]
#[allow(clippy::cast_possible_truncation)] // taking halves is what it is for
pub(super) fn folded_product(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array};
    use std::sync::Arc;

    use super::*;
    use crate::route::hash_keys;

    fn hashes(count: i64) -> Vec<u64> {
        let keys: ArrayRef = Arc::new((0..count).collect::<Int64Array>());
        let mut hashes = Vec::new();
        hash_keys(&[keys], usize::try_from(count).unwrap(), &mut hashes).unwrap();
        hashes
    }

    /// Rows of the fullest and the emptiest part, relative to the mean.
    fn spread(hashes: &[u64], parts: usize, level: u32) -> (f64, f64) {
        let mut counts = vec![0u32; parts];
        hashes.iter().for_each(|hash| counts[part_of(*hash, parts, level) as usize] += 1);
        let mean = hashes.len() as f64 / parts as f64;
        let relative = |count: Option<&u32>| f64::from(*count.unwrap()) / mean;
        (relative(counts.iter().max()), relative(counts.iter().min()))
    }

    #[test]
    fn parts_are_even_for_any_number() {
        let hashes = hashes(1_000_000);
        for parts in [1, 2, 3, 7, 64, 100, 255] {
            let (most, least) = spread(&hashes, parts, 0);
            assert!(most < 1.1 && least > 0.9, "{parts}: {least} to {most}");
        }
    }

    #[test]
    fn levels_are_independent() {
        let hashes = hashes(2_000_000);
        for level in 0..4 {
            let one: Vec<u64> = hashes.iter().copied().filter(|hash| part_of(*hash, 16, level) == 5).collect();
            for next in (0..6).filter(|next| *next != level) {
                let (most, least) = spread(&one, 16, next);
                assert!(most < 1.1 && least > 0.9, "{level}, {next}: {least} to {most}");
            }
        }
    }

    #[test]
    fn no_parts_do_not_panic() {
        assert_eq!(part_of(u64::MAX, 0, 0), 0);
        assert_eq!(part_of(u64::MAX, 1, u32::MAX), 0);
    }
}
