//! The 26 given names, drawn uniformly as dictionary codes.

use crate::stream::Fill;

/// The names, in the order of their codes.
pub const NAMES: [&str; 26] = [
    "Alice", "Bob", "Charlie", "Dan", "Edith", "Frank", "George", "Hannah", "Ingrid", "Jerry", "Kevin", "Laura",
    "Michael", "Norbert", "Oliver", "Patricia", "Quinn", "Ray", "Sarah", "Tim", "Ursula", "Victor", "Wendy", "Xavier",
    "Yvonne", "Zelda",
];

/// Codes of names. Each word of the generator gives two: 32 bits times 26, shifted down by 32. The probabilities of two names
/// differ by at most 2^-32, one part in 165 million of each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NameCodes;

impl Fill for NameCodes {
    type Value = i32;

    const ROWS_PER_WORD: usize = 2;

    #[inline(always)]
    fn fill(&self, words: &[u64], piece: &mut [i32]) {
        for (pair, &word) in piece.as_chunks_mut().0.iter_mut().zip(words) {
            *pair = [code(word & 0xffff_ffff), code(word >> 32)];
        }
    }
}

/// The code that 32 random bits select.
#[inline(always)]
fn code(bits: u64) -> i32 {
    ((bits * NAMES.len() as u64) >> 32) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::Level;
    use crate::stream::Stream;

    #[test]
    fn the_extremes_select_the_first_and_the_last_name() {
        assert_eq!((code(0), code(0xffff_ffff)), (0, 25));
    }

    #[test]
    fn names_are_uniform() {
        let codes = Stream::new(2, "name").generate(&NameCodes, 0, 1_000_000);
        let mut seen = [0_u32; NAMES.len()];
        codes.iter().for_each(|&code| seen[code as usize] += 1);
        let expected = codes.len() as f64 / NAMES.len() as f64;
        let chi_square: f64 = seen.iter().map(|&n| (f64::from(n) - expected).powi(2) / expected).sum();
        assert!((5.0..60.0).contains(&chi_square), "{chi_square}");
    }

    #[test]
    fn every_instruction_set_gives_the_same_codes() {
        let stream = Stream::new(5, "name");
        let expected = stream.generate_at(Level::Portable, &NameCodes, 101, 10_000);
        for level in Level::available() {
            assert_eq!(stream.generate_at(level, &NameCodes, 101, 10_000), expected, "{level:?}");
        }
    }
}
