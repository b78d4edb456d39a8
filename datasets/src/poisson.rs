//! Poisson integers of a fixed mean, by the alias method (Walker 1977, built after Vose 1991).
//!
//! A value takes one 64-bit word: the top bits select a cell of the table, the low 32 bits decide between the cell's own value and its
//! alias. The table is built with additions, products and quotients only, so that it is the same on every machine.

use crate::stream::Fill;

/// The largest mean that is accepted.
pub(crate) const LARGEST_MEAN: f64 = 1e9;

/// Cells of a small table. 1024 cells of 8 bytes stay in the nearest cache and cover means up to about 4800.
const SMALL_CELLS: usize = 1024;

/// What leaves of a word the number of a small table's cell.
const SMALL_SHIFT: u32 = 64 - SMALL_CELLS.trailing_zeros();

/// Values this much rarer than the most frequent one are left out: at mean 1000, values of a probability below 2^-46.
const RAREST: f64 = 1.0 / (1_u64 << 40) as f64;

/// A Poisson distribution, ready to be drawn from.
#[derive(Debug, Clone)]
pub(crate) struct Poisson {
    smallest: i64,
    largest: i64,
    cells: Cells,
}

/// A cell is `threshold << 32 | alias`; both its own value and its alias count from the smallest value.
#[derive(Debug, Clone)]
enum Cells {
    Small(Box<[u64; SMALL_CELLS]>),
    Large(Vec<u64>),
}

impl Poisson {
    /// The distribution of `mean`, or `None` if the mean is negative, not a number, or above [`LARGEST_MEAN`].
    pub(crate) fn new(mean: f64) -> Option<Self> {
        if !(0.0..=LARGEST_MEAN).contains(&mean) {
            return None;
        }
        let (smallest, weights) = weights(mean);
        let cells = alias_cells(&weights);
        Some(Self {
            smallest,
            largest: smallest + weights.len() as i64 - 1,
            cells: match cells.try_into() {
                Ok(small) => Cells::Small(Box::new(small)),
                Err(large) => Cells::Large(large),
            },
        })
    }

    /// The smallest and the largest value that can be drawn.
    pub(crate) fn range(&self) -> (i64, i64) {
        (self.smallest, self.largest)
    }

    /// The cell's own value if the low bits of `word` lie under its threshold, else its alias.
    #[inline(always)]
    fn pick(&self, word: u64, own: u64, cell: u64) -> i64 {
        let offset = if (word & 0xffff_ffff) < (cell >> 32) { own } else { cell & 0xffff_ffff };
        self.smallest + offset as i64
    }
}

impl Fill for Poisson {
    type Value = i64;

    #[inline(always)]
    fn fill(&self, words: &[u64], piece: &mut [i64]) {
        let pairs = piece.iter_mut().zip(words);
        match &self.cells {
            Cells::Small(cells) => pairs.for_each(|(value, &word)| {
                let own = word >> SMALL_SHIFT;
                *value = self.pick(word, own, cells[own as usize]);
            }),
            Cells::Large(cells) => pairs.for_each(|(value, &word)| {
                let own = word >> (cells.len().leading_zeros() + 1);
                *value = self.pick(word, own, cells.get(own as usize).copied().unwrap_or(own));
            }),
        }
    }
}

/// The smallest value kept, and the weights of it and the values after it, relative to the most frequent value.
fn weights(mean: f64) -> (i64, Vec<f64>) {
    let mode = mean as i64;
    let keep = |&(_, weight): &(i64, f64)| weight >= RAREST;
    let below =
        std::iter::successors(Some((mode, 1.0)), |&(value, weight)| Some((value - 1, weight * value as f64 / mean)));
    let above = std::iter::successors(Some((mode, 1.0)), |&(value, weight)| {
        Some((value + 1, weight * mean / (value + 1) as f64))
    });
    // Below zero every weight is 0, or NaN at mean 0: neither is kept.
    let mut weights: Vec<f64> = below.skip(1).take_while(keep).map(|(_, weight)| weight).collect();
    let smallest = mode - weights.len() as i64;
    weights.reverse();
    weights.extend(above.take_while(keep).map(|(_, weight)| weight));
    (smallest, weights)
}

/// The alias table of `weights`, with a power of two of cells and at least [`SMALL_CELLS`].
fn alias_cells(weights: &[f64]) -> Vec<u64> {
    let n = weights.len().next_power_of_two().max(SMALL_CELLS);
    let scale = n as f64 / weights.iter().sum::<f64>();
    let mut share: Vec<f64> = weights.iter().map(|weight| weight * scale).collect();
    share.resize(n, 0.0);
    // A cell that no other fills up is its own alias.
    let mut cells: Vec<u64> = (0..n as u64).collect();
    let (mut under, mut over): (Vec<usize>, Vec<usize>) = (0..n).partition(|&cell| share[cell] < 1.0);
    while let (Some(&large), Some(small)) = (over.last(), under.pop()) {
        cells[small] = threshold(share[small]) << 32 | large as u64;
        share[large] -= 1.0 - share[small];
        if share[large] < 1.0 {
            over.pop();
            under.push(large);
        }
    }
    cells
}

/// A share below one as a number of 32 bits.
fn threshold(share: f64) -> u64 {
    let ceiling = f64::from(u32::MAX);
    (share * (ceiling + 1.0)).round().clamp(0.0, ceiling) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::Level;
    use crate::stream::Stream;

    /// The probabilities that the table gives, by value from the smallest.
    fn table_probabilities(poisson: &Poisson) -> Vec<f64> {
        let cells: &[u64] = match &poisson.cells {
            Cells::Small(cells) => &cells[..],
            Cells::Large(cells) => cells,
        };
        let mut p = vec![0.0; cells.len()];
        for (own, &cell) in cells.iter().enumerate() {
            let kept = (cell >> 32) as f64 / 2_f64.powi(32);
            p[own] += kept / cells.len() as f64;
            p[(cell & 0xffff_ffff) as usize] += (1.0 - kept) / cells.len() as f64;
        }
        p
    }

    /// The probabilities of values from 0 on, by logarithms.
    fn exact_probabilities(mean: f64, values: usize) -> Vec<f64> {
        let mut log = -mean;
        (0..values as u32)
            .map(|value| {
                log += if value == 0 { 0.0 } else { (mean / f64::from(value)).ln() };
                log.exp()
            })
            .collect()
    }

    #[test]
    fn the_table_holds_the_exact_distribution() {
        for mean in [0.3, 1.0, 17.5, 1000.0, 4500.0, 20_000.0] {
            let poisson = Poisson::new(mean).unwrap();
            let table = table_probabilities(&poisson);
            let exact = exact_probabilities(mean, poisson.largest as usize + 1);
            for (value, &p) in exact.iter().enumerate() {
                let ours = value.checked_sub(poisson.smallest as usize).map_or(0.0, |i| table[i]);
                assert!((ours - p).abs() < 1e-9 * p + 1e-11, "mean {mean} value {value}: {ours} against {p}");
            }
        }
    }

    #[test]
    fn draws_follow_the_distribution() {
        let poisson = Poisson::new(1000.0).unwrap();
        let n = 2_000_000;
        let values = Stream::new(4, "id").generate(&poisson, 0, n);
        let mean = values.iter().sum::<i64>() as f64 / n as f64;
        let variance = values.iter().map(|&v| (v as f64 - mean).powi(2)).sum::<f64>() / n as f64;
        assert!((mean - 1000.0).abs() < 0.1, "{mean}");
        assert!((variance - 1000.0).abs() < 5.0, "{variance}");

        let mut seen = vec![0_u32; 2000];
        values.iter().for_each(|&v| seen[v as usize] += 1);
        let expected = exact_probabilities(1000.0, 2000);
        let tested: Vec<usize> = (0..2000).filter(|&v| expected[v] * n as f64 > 10.0).collect();
        let chi_square: f64 = tested
            .iter()
            .map(|&v| (f64::from(seen[v]) - expected[v] * n as f64).powi(2) / (expected[v] * n as f64))
            .sum();
        let freedom = tested.len() as f64;
        assert!((chi_square - freedom).abs() < 5.0 * (2.0 * freedom).sqrt(), "{chi_square} of {freedom}");
    }

    #[test]
    fn the_range_bounds_the_draws() {
        for mean in [0.0, 0.3, 1000.0, 1e6] {
            let poisson = Poisson::new(mean).unwrap();
            let (smallest, largest) = poisson.range();
            let values = Stream::new(4, "id").generate(&poisson, 0, 100_000);
            assert!(values.iter().all(|v| (smallest..=largest).contains(v)), "{mean}");
        }
        assert_eq!(Poisson::new(0.0).unwrap().range(), (0, 0));
        assert_eq!(Poisson::new(1000.0).unwrap().range(), (774, 1244));
    }

    #[test]
    fn large_means_are_accepted_and_senseless_ones_are_not() {
        let values = Stream::new(4, "id").generate(&Poisson::new(LARGEST_MEAN).unwrap(), 0, 10_000);
        let mean = values.iter().sum::<i64>() as f64 / 10_000.0;
        assert!((mean - 1e9).abs() < 2000.0, "{mean}");
        for mean in [-1.0, f64::NAN, f64::INFINITY, 1.1e9] {
            assert!(Poisson::new(mean).is_none(), "{mean}");
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_values() {
        for mean in [1000.0, 20_000.0] {
            let (stream, poisson) = (Stream::new(5, "id"), Poisson::new(mean).unwrap());
            let expected = stream.generate_at(Level::Portable, &poisson, 101, 10_000);
            for level in Level::available() {
                assert_eq!(stream.generate_at(level, &poisson, 101, 10_000), expected, "{level:?}");
            }
        }
    }
}
