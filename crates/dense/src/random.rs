//! Random numbers addressed by element: the number of an element depends on the seed and on its place alone.
//!
//! A word is a keyed hash of the element's number: the finalizer of splitmix64 (Steele, Lea and Flood, "Fast splittable
//! pseudorandom number generators", 2014) over a counter, with a second key between its two products. So any box of an
//! array is made without those before it, in any order, as often as it is needed.

use std::mem::MaybeUninit;

use blockfold_core::region::Region;
use blockfold_core::tensor::Tensor;
use blockfold_core::{DType, Error, Result};

use blockfold_core::dispatched;

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
const FIRST: u64 = 0xbf58_476d_1ce4_e5b9;
const SECOND: u64 = 0x94d0_49bb_1331_11eb;

/// What the numbers of an array are drawn from.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Uniform in `[low, high)`.
    Uniform {
        /// The least number.
        low: f64,
        /// A bound that no number reaches.
        high: f64,
    },
    /// The normal distribution.
    Normal {
        /// Its mean.
        mean: f64,
        /// Its standard deviation.
        std: f64,
    },
    /// Exponential with a mean.
    Exponential {
        /// Its mean.
        scale: f64,
    },
    /// Whole numbers in `[low, high)`, all equally likely.
    Integers {
        /// The least number.
        low: i64,
        /// The number after the greatest one.
        high: i64,
    },
    /// Counts of events with a mean.
    Poisson {
        /// Its mean.
        mean: f64,
    },
    /// The numbers from 0 to the number of elements, each once, in random order.
    Permutation,
}

impl Distribution {
    /// Type of the numbers.
    pub fn dtype(&self) -> DType {
        match self {
            Distribution::Uniform { .. } | Distribution::Normal { .. } | Distribution::Exponential { .. } => {
                DType::Float64
            }
            _ => DType::Int64,
        }
    }

    /// # Errors
    /// Parameters that no distribution has.
    pub fn check(&self) -> Result<()> {
        let wrong = match self {
            Distribution::Uniform { low, high } if !(low <= high && (high - low).is_finite()) => {
                format!("uniform between {low} and {high}")
            }
            Distribution::Normal { mean, std } if !(*std >= 0.0 && std.is_finite() && mean.is_finite()) => {
                format!("normal with a standard deviation of {std}")
            }
            Distribution::Exponential { scale } if !(*scale >= 0.0 && scale.is_finite()) => {
                format!("exponential with a mean of {scale}")
            }
            Distribution::Integers { low, high } if low >= high => format!("integers from {low} up to {high}"),
            Distribution::Poisson { mean } if !(0.0..=MOST_POISSON).contains(mean) => {
                format!("poisson with a mean of {mean}; it may be from 0 to {MOST_POISSON}")
            }
            _ => return Ok(()),
        };
        Err(Error::argument("random", format!("no such distribution: {wrong}")))
    }
}

/// The largest mean of Poisson counts: its table of probabilities has some ten standard deviations to each side.
const MOST_POISSON: f64 = 1e8;

/// Makes a vector as long as was written to the room behind its end.
#[allow(unsafe_code)]
fn written(values: &mut Vec<f64>, elements: usize) {
    // SAFETY: each row of a box was filled, element by element, and its rows are all of the elements.
    unsafe { values.set_len(elements) };
}

/// A stream of random words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    start: u64,
    turn: u64,
}

impl Key {
    /// The stream of an array under a seed.
    pub fn new(seed: u64, array: u64) -> Self {
        let start = mix(mix(seed.wrapping_add(GOLDEN)) ^ array.wrapping_mul(GOLDEN));
        Key { start, turn: mix(start ^ GOLDEN) }
    }

    /// The word of an element.
    #[inline(always)]
    pub fn word(self, element: u64) -> u64 {
        hash(self.start.wrapping_add(element.wrapping_mul(GOLDEN)), self.turn)
    }
}

fn mix(z: u64) -> u64 {
    hash(z, 0)
}

#[inline(always)]
fn hash(mut z: u64, turn: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(FIRST) ^ turn;
    z = (z ^ (z >> 27)).wrapping_mul(SECOND);
    z ^ (z >> 31)
}

/// A double in `[0, 1)` of the upper bits of a word.
#[inline(always)]
fn unit(word: u64) -> f64 {
    f64::from_bits((word >> 12) | 0x3ff0_0000_0000_0000) - 1.0
}

dispatched! {
    /// Doubles in `[low, low + width)` of the elements from `first` on, at most `most`: rounding may reach the bound.
    fn fill_uniform(key: Key, first: u64, low: f64, width: f64, most: f64, values: &mut [MaybeUninit<f64>]) {
        let mut z = key.start.wrapping_add(first.wrapping_mul(GOLDEN));
        for value in values.iter_mut() {
            let x = unit(hash(z, key.turn)) * width + low;
            value.write(if x < most { x } else { most });
            z = z.wrapping_add(GOLDEN);
        }
    }
}

dispatched! {
    /// Words of the elements from `first` on.
    fn fill_words(key: Key, first: u64, values: &mut [u64]) {
        let mut z = key.start.wrapping_add(first.wrapping_mul(GOLDEN));
        for value in values.iter_mut() {
            *value = hash(z, key.turn);
            z = z.wrapping_add(GOLDEN);
        }
    }
}

/// Random numbers of an array.
#[derive(Clone, Debug)]
pub struct Generator {
    key: Key,
    distribution: Distribution,
    shape: Vec<u64>,
    /// Probabilities of Poisson counts of at most `first + i`.
    poisson: Option<(i64, Vec<f64>)>,
}

impl Generator {
    /// The numbers of an array of a shape.
    ///
    /// # Errors
    /// Parameters that the distribution does not have.
    pub fn new(key: Key, distribution: Distribution, shape: Vec<u64>) -> Result<Self> {
        distribution.check()?;
        let poisson = match distribution {
            Distribution::Poisson { mean } => Some(poisson_table(mean)),
            _ => None,
        };
        Ok(Generator { key, distribution, shape, poisson })
    }

    /// The numbers of a box.
    ///
    /// # Errors
    /// None but those of the tensor's making.
    pub fn tile(&self, region: &Region) -> Result<Tensor> {
        let elements = region.elements();
        match &self.distribution {
            Distribution::Uniform { low, high } => {
                let mut values = Vec::with_capacity(elements);
                let (width, most) = (high - low, high.next_down().max(*low));
                let room = &mut values.spare_capacity_mut()[..elements];
                self.rows(region, room, |first, row| fill_uniform(self.key, first, *low, width, most, row));
                written(&mut values, elements);
                Tensor::from_vec(DType::Float64, region.shape.clone(), values)
            }
            Distribution::Normal { mean, std } => self.doubles(region, |word| normal(centred(word)) * std + mean),
            Distribution::Exponential { scale } => self.doubles(region, |word| -(-unit(word)).ln_1p() * scale),
            Distribution::Integers { low, high } => {
                let width = high.wrapping_sub(*low) as u64;
                self.integers(region, |word| low.wrapping_add(((u128::from(word) * u128::from(width)) >> 64) as i64))
            }
            Distribution::Poisson { .. } => {
                let (first, table) = self.poisson.as_ref().ok_or_else(|| Error::internal("no table"))?;
                self.integers(region, |word| {
                    let u = unit(word);
                    first + table.partition_point(|below| *below <= u) as i64
                })
            }
            Distribution::Permutation => {
                let all = self.shape.iter().product();
                let mut values = vec![0i64; elements];
                self.rows(region, &mut values, |first, row| {
                    for (value, element) in row.iter_mut().zip(first..) {
                        *value = permuted(self.key, element, all) as i64;
                    }
                });
                Tensor::from_vec(DType::Int64, region.shape.clone(), values)
            }
        }
    }

    fn doubles(&self, region: &Region, f: impl Fn(u64) -> f64) -> Result<Tensor> {
        let words = self.words(region);
        Tensor::from_vec(DType::Float64, region.shape.clone(), words.into_iter().map(f).collect::<Vec<f64>>())
    }

    fn integers(&self, region: &Region, f: impl Fn(u64) -> i64) -> Result<Tensor> {
        let words = self.words(region);
        Tensor::from_vec(DType::Int64, region.shape.clone(), words.into_iter().map(f).collect::<Vec<i64>>())
    }

    fn words(&self, region: &Region) -> Vec<u64> {
        let mut words = vec![0; region.elements()];
        self.rows(region, &mut words, |first, row| fill_words(self.key, first, row));
        words
    }

    /// Calls `fill` with the number of the first element of each row of a box, and the row.
    fn rows<T>(&self, region: &Region, values: &mut [T], mut fill: impl FnMut(u64, &mut [T])) {
        let Some(last) = region.ndim().checked_sub(1) else { return fill(0, values) };
        if values.is_empty() {
            return;
        }
        let mut index = region.start.clone();
        for row in values.chunks_exact_mut(region.shape[last]) {
            let first = index.iter().zip(&self.shape).fold(0u64, |at, (i, n)| at.wrapping_mul(*n).wrapping_add(*i));
            fill(first, row);
            for axis in (0..last).rev() {
                index[axis] += 1;
                if index[axis] < region.end(axis) {
                    break;
                }
                index[axis] = region.start[axis];
            }
        }
    }
}

/// A double in (0, 1), from the middle of one of 2^52 intervals.
fn centred(word: u64) -> f64 {
    unit(word) + f64::EPSILON / 2.0
}

/// The quantile of the standard normal distribution: Wichura's algorithm AS 241 (PPND16), "The percentage points of the
/// normal distribution", Applied Statistics 37 (1988), to about 1 part in 10^16.
pub fn normal(p: f64) -> f64 {
    let q = p - 0.5;
    let ratio = |r: f64, numerator: &[f64; 8], denominator: &[f64; 8]| {
        let horner = |terms: &[f64; 8]| terms.iter().rev().fold(0.0, |sum, term| sum * r + term);
        horner(numerator) / horner(denominator)
    };
    if q.abs() <= 0.425 {
        return q * ratio(0.180_625 - q * q, &NEAR.0, &NEAR.1);
    }
    let r = (-(if q < 0.0 { p } else { 1.0 - p }).ln()).sqrt();
    let value = if r <= 5.0 { ratio(r - 1.6, &MIDDLE.0, &MIDDLE.1) } else { ratio(r - 5.0, &FAR.0, &FAR.1) };
    if q < 0.0 { -value } else { value }
}

type Ratio = ([f64; 8], [f64; 8]);

#[allow(clippy::excessive_precision, clippy::unreadable_literal)]
const NEAR: Ratio = (
    [
        3.3871328727963666080,
        133.14166789178437745,
        1971.5909503065514427,
        13731.693765509461125,
        45921.953931549871457,
        67265.770927008700853,
        33430.575583588128105,
        2509.0809287301226727,
    ],
    [
        1.0,
        42.313330701600911252,
        687.18700749205790830,
        5394.1960214247511077,
        21213.794301586595867,
        39307.895800092710610,
        28729.085735721942674,
        5226.4952788528545610,
    ],
);

#[allow(clippy::excessive_precision, clippy::unreadable_literal)]
const MIDDLE: Ratio = (
    [
        1.42343711074968357734,
        4.63033784615654529590,
        5.76949722146069140550,
        3.64784832476320460504,
        1.27045825245236838258,
        0.241780725177450611770,
        0.0227238449892691845833,
        7.74545014278341407640e-4,
    ],
    [
        1.0,
        2.05319162663775882187,
        1.67638483018380384940,
        0.689767334985100004550,
        0.148103976427480074590,
        0.0151986665636164571966,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ],
);

#[allow(clippy::excessive_precision, clippy::unreadable_literal)]
const FAR: Ratio = (
    [
        6.65790464350110377720,
        5.46378491116411436990,
        1.78482653991729133580,
        0.296560571828504891230,
        0.0265321895265761230930,
        0.00124266094738807843860,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ],
    [
        1.0,
        0.599832206555887937690,
        0.136929880922735805310,
        0.0148753612908506148525,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ],
);

/// The first count of a table, and the probabilities of at most so many events from there on.
fn poisson_table(mean: f64) -> (i64, Vec<f64>) {
    // Beyond ten standard deviations and some there is less than a word can tell.
    let reach = 10.0 * mean.sqrt() + 40.0;
    let first = (mean - reach).max(0.0).floor();
    let last = (mean + reach).ceil();
    // Relative to the most likely count, so that nothing vanishes.
    let peak = mean.floor();
    let counts = (last - first) as usize + 1;
    let mut weights = vec![0.0; counts];
    let at = (peak - first) as usize;
    weights[at] = 1.0;
    for i in at + 1..counts {
        weights[i] = weights[i - 1] * mean / (first + i as f64);
    }
    for i in (0..at).rev() {
        weights[i] = weights[i + 1] * (first + i as f64 + 1.0) / mean;
    }
    let total: f64 = weights.iter().sum();
    let mut sum = 0.0;
    for weight in &mut weights {
        sum += *weight / total;
        *weight = sum;
    }
    (first as i64, weights)
}

/// The element at a place of a random order of `all` elements: a Feistel network over the next even power of two, walked
/// until it is inside (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002).
fn permuted(key: Key, element: u64, all: u64) -> u64 {
    const ROUNDS: u64 = 6;
    let bits = (64 - all.saturating_sub(1).leading_zeros()).max(2).div_ceil(2);
    let mask = (1u64 << bits) - 1;
    let mut at = element;
    loop {
        let (mut left, mut right) = (at >> bits, at & mask);
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ (Key { start: key.start ^ round, turn: key.turn }.word(right) >> 20 & mask));
        }
        at = left << bits | right;
        if at < all {
            return at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generator(distribution: Distribution, shape: &[u64]) -> Generator {
        Generator::new(Key::new(7, 1), distribution, shape.to_vec()).unwrap()
    }

    fn all(distribution: Distribution, n: u64) -> Vec<f64> {
        let tensor = generator(distribution.clone(), &[n]).tile(&Region::whole(&[n]).unwrap()).unwrap();
        match distribution.dtype() {
            DType::Float64 => tensor.values::<f64>().unwrap().to_vec(),
            _ => tensor.values::<i64>().unwrap().iter().map(|value| *value as f64).collect(),
        }
    }

    fn moments(values: &[f64]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        (mean, (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt())
    }

    #[test]
    fn a_box_is_that_box_of_the_whole() {
        for distribution in
            [Distribution::Uniform { low: 0.0, high: 1.0 }, Distribution::Normal { mean: 0.0, std: 1.0 }]
        {
            let generator = generator(distribution, &[30, 40]);
            let whole = generator.tile(&Region::whole(&[30, 40]).unwrap()).unwrap();
            let part = generator.tile(&Region::new([3, 5], [7, 20])).unwrap();
            assert_eq!(part.data(), whole.part(&[3, 5], &[7, 20]).unwrap().data());
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let (key, mut values) = (Key::new(1, 2), Vec::with_capacity(1001));
        fill_uniform(key, 5, 0.0, 1.0, 1.0, &mut values.spare_capacity_mut()[..1001]);
        written(&mut values, 1001);
        for (i, value) in values.iter().enumerate() {
            assert_eq!(*value, unit(key.word(5 + i as u64)));
        }
    }

    #[test]
    fn moments_are_those_of_the_distribution() {
        let n = 1_000_000;
        let cases = [
            (Distribution::Uniform { low: -1.0, high: 3.0 }, 1.0, 4.0 / 12f64.sqrt()),
            (Distribution::Normal { mean: 5.0, std: 2.0 }, 5.0, 2.0),
            (Distribution::Exponential { scale: 3.0 }, 3.0, 3.0),
            (Distribution::Integers { low: -2, high: 8 }, 2.5, (99.0f64 / 12.0).sqrt()),
            (Distribution::Poisson { mean: 0.3 }, 0.3, 0.3f64.sqrt()),
            (Distribution::Poisson { mean: 1000.0 }, 1000.0, 1000f64.sqrt()),
        ];
        for (distribution, mean, std) in cases {
            let (got_mean, got_std) = moments(&all(distribution.clone(), n));
            assert!((got_mean - mean).abs() < 5.0 * std / (n as f64).sqrt(), "{distribution:?}: mean {got_mean}");
            assert!((got_std / std - 1.0).abs() < 0.01, "{distribution:?}: std {got_std}");
        }
        assert!(
            all(Distribution::Uniform { low: 0.0, high: f64::MIN_POSITIVE }, 1000)
                .iter()
                .all(|x| *x < f64::MIN_POSITIVE)
        );
    }

    #[test]
    fn bits_are_even_and_neighbours_unrelated() {
        let key = Key::new(3, 9);
        let n = 1 << 16;
        for bit in 0..64 {
            let ones = (0..n).filter(|i| key.word(*i) >> bit & 1 == 1).count();
            assert!((ones as i64 - n as i64 / 2).abs() < 5 * 128, "bit {bit}: {ones}");
        }
        let flips: u32 = (0..n).map(|i| (key.word(i) ^ key.word(i + 1)).count_ones()).sum();
        assert!((f64::from(flips) / n as f64 - 32.0).abs() < 0.1);
        let other = Key::new(4, 9);
        let same: u32 = (0..n).map(|i| (key.word(i) ^ other.word(i)).count_ones()).sum();
        assert!((f64::from(same) / n as f64 - 32.0).abs() < 0.1);
    }

    #[test]
    fn quantiles_of_the_normal_distribution() {
        for (p, z) in [
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
            (1e-10, -6.361_340_902_404_056),
            (0.1, -1.281_551_565_544_600_4),
        ] {
            assert!((normal(p) - z).abs() < 1e-13, "{p}");
        }
    }

    #[test]
    fn a_permutation_has_each_number_once() {
        for n in [1, 2, 3, 10, 1000, 4097] {
            let mut values = all(Distribution::Permutation, n);
            assert!(n < 10 || values.windows(2).filter(|pair| pair[0] < pair[1]).count() < values.len() * 3 / 4);
            values.sort_by(f64::total_cmp);
            assert!(values.iter().zip(0..).all(|(value, i)| *value == f64::from(i)), "{n}");
        }
    }

    #[test]
    fn impossible_parameters_are_refused() {
        for distribution in [
            Distribution::Uniform { low: 1.0, high: 0.0 },
            Distribution::Uniform { low: 0.0, high: f64::INFINITY },
            Distribution::Normal { mean: 0.0, std: -1.0 },
            Distribution::Exponential { scale: f64::NAN },
            Distribution::Integers { low: 3, high: 3 },
            Distribution::Poisson { mean: -1.0 },
        ] {
            assert!(distribution.check().is_err(), "{distribution:?}");
        }
    }
}
