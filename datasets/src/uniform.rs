//! Doubles uniform in `[-1, 1)`.

use crate::stream::Fill;

/// Uniform doubles: multiples of 2^-51 in `[-1, 1)`, all equally likely.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Uniform;

impl Fill for Uniform {
    type Value = f64;

    #[inline(always)]
    fn fill(&self, words: &[u64], piece: &mut [f64]) {
        for (value, &word) in piece.iter_mut().zip(words) {
            *value = signed_unit(word);
        }
    }
}

/// Makes the top 52 bits of `word` the mantissa of a double in `[2, 4)` and moves it down by 3, which is exact. Unlike a conversion
/// from integers this is fast on every instruction set.
#[inline(always)]
fn signed_unit(word: u64) -> f64 {
    f64::from_bits((word >> 12) | 0x4000_0000_0000_0000) - 3.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::Level;
    use crate::stream::Stream;

    #[test]
    fn the_range_is_half_open() {
        assert_eq!(signed_unit(0), -1.0);
        assert_eq!(signed_unit(1 << 63), 0.0);
        assert_eq!(signed_unit(u64::MAX), 1.0 - 2.0_f64.powi(-51));
    }

    #[test]
    fn values_are_uniform() {
        let values = Stream::new(11, "x").generate(&Uniform, 0, 1_000_000);
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| v * v).sum::<f64>() / n - mean * mean;
        assert!(mean.abs() < 5.0 * (1.0 / 3.0 / n).sqrt(), "{mean}");
        assert!((variance - 1.0 / 3.0).abs() < 0.002, "{variance}");
        let mut bins = [0_u32; 100];
        values.iter().for_each(|v| bins[((v + 1.0) * 50.0) as usize] += 1);
        let chi_square: f64 = bins.iter().map(|&seen| (f64::from(seen) - n / 100.0).powi(2) / (n / 100.0)).sum();
        assert!((40.0..170.0).contains(&chi_square), "{chi_square}");
    }

    #[test]
    fn neighbours_are_not_correlated() {
        let x = Stream::new(11, "x").generate(&Uniform, 0, 1_000_000);
        let y = Stream::new(11, "y").generate(&Uniform, 0, 1_000_000);
        let covariance = |a: &[f64], b: &[f64]| 3.0 * a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / a.len() as f64;
        for lag in [1, 7, 8, 512, 4096] {
            assert!(covariance(&x[lag..], &x).abs() < 0.005, "lag {lag}");
        }
        assert!(covariance(&x, &y).abs() < 0.005);
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let stream = Stream::new(5, "x");
        let expected = stream.generate_at(Level::Portable, &Uniform, 100, 10_000);
        for level in Level::available() {
            assert_eq!(stream.generate_at(level, &Uniform, 100, 10_000), expected, "{level:?}");
        }
    }
}
