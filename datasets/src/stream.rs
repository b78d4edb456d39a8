//! Random streams addressed by row.
//!
//! A stream is cut into blocks of [`BLOCK_ROWS`] rows. The generator of a block, sixteen lanes of xoshiro256++ (Blackman and Vigna,
//! <https://prng.di.unimi.it>), is seeded by splitmix64 from the seed, the column's name and the number of the block, so that any row
//! is reached by generating at most one block too much. The bits of a stream are part of the crate's behaviour: tests pin them.

use std::ops::Range;

use crate::dispatch::Level;

/// Rows generated from one seeding.
pub(crate) const BLOCK_ROWS: usize = 4096;

/// Values generated at a time; a whole number of them makes a block, and each is a whole number of generator steps.
const PIECE_ROWS: usize = 512;

/// Independent generators that advance together.
const LANES: usize = 16;

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Turns random words into the values of a column.
pub(crate) trait Fill {
    /// A value of the column.
    type Value: Copy + Default;

    /// How many values a word gives.
    const ROWS_PER_WORD: usize = 1;

    /// Overwrites `piece` with the values of `words`. Must be `#[inline(always)]`, to be compiled for each instruction set.
    fn fill(&self, words: &[u64], piece: &mut [Self::Value]);
}

/// The random stream of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stream {
    key: u64,
}

impl Stream {
    /// The stream of `column` under `seed`.
    pub(crate) fn new(seed: u64, column: &str) -> Self {
        let key = column.bytes().fold(mix(seed), |key, byte| mix(key.wrapping_add(GOLDEN) ^ u64::from(byte)));
        Self { key }
    }

    /// The values of `rows` rows from `first_row` on.
    pub(crate) fn generate<F: Fill>(self, fill: &F, first_row: u64, rows: usize) -> Vec<F::Value> {
        self.generate_at(Level::detect(), fill, first_row, rows)
    }

    /// As [`Stream::generate`], with the instructions of `level`; the values do not depend on it.
    pub(crate) fn generate_at<F: Fill>(self, level: Level, fill: &F, first_row: u64, rows: usize) -> Vec<F::Value> {
        let mut values = Vec::with_capacity(rows);
        while values.len() < rows {
            let row = first_row + values.len() as u64;
            let block = row / BLOCK_ROWS as u64;
            let skip = (row % BLOCK_ROWS as u64) as usize;
            let wanted = skip..BLOCK_ROWS.min(skip + rows - values.len());
            append_block(level, fill, Lanes::seeded(self.key, block), wanted, &mut values);
        }
        values
    }
}

/// Appends the `wanted` rows of the block that `lanes` starts. Words and values go through small pieces that stay in the nearest cache:
/// each loop is then simple enough to become vector instructions, and the destination need not be cleared first.
fn append_block<F: Fill>(level: Level, fill: &F, mut lanes: Lanes, wanted: Range<usize>, values: &mut Vec<F::Value>) {
    let mut words = [0; PIECE_ROWS];
    let words = &mut words[..PIECE_ROWS / F::ROWS_PER_WORD];
    let mut piece = [F::Value::default(); PIECE_ROWS];
    for start in (0..wanted.end).step_by(PIECE_ROWS) {
        level.run(fill, &mut lanes, words, &mut piece);
        let from = wanted.start.saturating_sub(start).min(PIECE_ROWS);
        let to = PIECE_ROWS.min(wanted.end - start);
        values.extend_from_slice(&piece[from.min(to)..to]);
    }
}

/// Sixteen xoshiro256++ generators, word by word.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lanes {
    s: [[u64; LANES]; 4],
}

impl Lanes {
    fn seeded(key: u64, block: u64) -> Self {
        let mut state = mix(key ^ mix(block.wrapping_add(GOLDEN)));
        let mut s = [[0; LANES]; 4];
        for word in s.as_flattened_mut() {
            state = state.wrapping_add(GOLDEN);
            *word = mix(state);
        }
        Self { s }
    }

    /// Overwrites `words`, as many as a multiple of [`LANES`], with the next ones, taken from each lane in turn.
    ///
    /// The state stays in memory and each lane's is read once and written once: compilers make vector instructions of this form.
    #[inline(always)]
    pub(crate) fn fill(&mut self, words: &mut [u64]) {
        let [s0, s1, s2, s3] = &mut self.s;
        for step in words.as_chunks_mut::<LANES>().0 {
            for i in 0..LANES {
                let (a, b, c, d) = (s0[i], s1[i], s2[i] ^ s0[i], s3[i] ^ s1[i]);
                step[i] = a.wrapping_add(s3[i]).rotate_left(23).wrapping_add(a);
                s0[i] = a ^ d;
                s1[i] = b ^ c;
                s2[i] = c ^ (b << 17);
                s3[i] = d.rotate_left(45);
            }
        }
    }
}

/// The output function of splitmix64: a bijection that spreads every bit.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words themselves.
    struct Raw;

    impl Fill for Raw {
        type Value = u64;

        #[inline(always)]
        fn fill(&self, words: &[u64], piece: &mut [u64]) {
            piece.copy_from_slice(words);
        }
    }

    /// One lane, written as its authors publish it.
    fn reference(mut s: [u64; 4], steps: usize) -> Vec<u64> {
        let mut next = || {
            let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
            let t = s[1] << 17;
            s[2] ^= s[0];
            s[3] ^= s[1];
            s[1] ^= s[2];
            s[0] ^= s[3];
            s[2] ^= t;
            s[3] = s[3].rotate_left(45);
            result
        };
        (0..steps).map(|_| next()).collect()
    }

    #[test]
    fn each_lane_is_xoshiro256_plus_plus() {
        let stream = Stream::new(1, "x");
        let words = stream.generate(&Raw, 0, BLOCK_ROWS);
        let s = Lanes::seeded(stream.key, 0).s;
        for lane in 0..LANES {
            let ours: Vec<u64> = words.iter().skip(lane).step_by(LANES).copied().collect();
            assert_eq!(ours, reference(s.map(|word| word[lane]), BLOCK_ROWS / LANES));
        }
    }

    #[test]
    fn xoshiro_and_splitmix_match_published_outputs() {
        assert_eq!(reference([1, 2, 3, 4], 3), [41_943_041, 58_720_359, 3_588_806_011_781_223]);
        assert_eq!(mix(GOLDEN), 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn any_piece_of_a_stream_is_that_piece_of_the_whole() {
        let stream = Stream::new(3, "x");
        let whole = stream.generate(&Raw, 0, 3 * BLOCK_ROWS + 7);
        for (first, rows) in [(0, 0), (0, 1), (1, 511), (511, 2), (4095, 2), (4096, 4096), (5000, 7000), (12_294, 1)] {
            assert_eq!(stream.generate(&Raw, first as u64, rows), whole[first..first + rows], "{first} {rows}");
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let stream = Stream::new(5, "x");
        let expected = stream.generate_at(Level::Portable, &Raw, 100, 10_000);
        for level in Level::available() {
            assert_eq!(stream.generate_at(level, &Raw, 100, 10_000), expected, "{level:?}");
        }
    }

    #[test]
    fn streams_differ_by_seed_by_name_and_by_block() {
        let first = |seed, name| Stream::new(seed, name).generate(&Raw, 0, 1)[0];
        let mut firsts = vec![first(0, "x"), first(1, "x"), first(0, "y"), first(0, "xx"), first(0, "")];
        firsts.push(Stream::new(0, "x").generate(&Raw, BLOCK_ROWS as u64, 1)[0]);
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), 6);
    }

    #[test]
    fn rows_near_the_largest_can_be_addressed() {
        assert_eq!(Stream::new(0, "x").generate(&Raw, u64::MAX - 10, 10).len(), 10);
    }
}
