//! Sums over all rows of a batch.

const LANES: usize = 8;
const BLOCK: usize = 128;

/// Sum of what `term` makes of each value: eight lanes within blocks of 128, blocks pairwise.
pub(super) fn sum_by<N: Copy>(values: &[N], term: impl Fn(N) -> f64 + Copy) -> f64 {
    if values.len() <= BLOCK {
        return sum_block(values, term);
    }
    let half = (values.len() / 2).next_multiple_of(BLOCK);
    let (left, right) = values.split_at(half);
    sum_by(left, term) + sum_by(right, term)
}

fn sum_block<N: Copy>(values: &[N], term: impl Fn(N) -> f64) -> f64 {
    let (blocks, rest) = values.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for block in blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane += term(*value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += term(*value);
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_any_length() {
        for len in [0u32, 1, 7, 8, 127, 128, 129, 256, 257, 1000, 4096] {
            let values: Vec<u32> = (0..len).collect();
            let expected = f64::from(len) * (f64::from(len) - 1.0) / 2.0;
            assert_eq!(sum_by(&values, f64::from), expected.max(0.0), "{len}");
        }
    }

    #[test]
    fn keeps_small_terms() {
        let values = vec![0.1; 10_000_000];
        assert!((sum_by(&values, |value| value) - 1e6).abs() < 1e-8);
    }
}
