//! How long each side of an array is drawn, and where it is cut. Sides are proportional as long as all can be seen;
//! then long ones are shortened. It draws nothing.

/// Length of the longest side, in CSS pixels.
const LONGEST: f64 = 170.0;
/// Most cuts drawn along one side.
const MOST_CUTS: usize = 40;
/// Least distance between two cuts.
const CUT_DISTANCE: f64 = 3.5;

/// One axis as it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    /// Length in elements.
    pub length: u64,
    /// Number of chunks along it.
    pub chunks: usize,
    /// Length of the side, in CSS pixels.
    pub side: f64,
    /// Where the side is cut, as shares of it between 0 and 1.
    pub cuts: Vec<f64>,
}

impl Axis {
    /// Whether there are more chunks than the drawn cuts show.
    pub(super) fn is_thinned(&self) -> bool {
        self.cuts.len() + 1 < self.chunks
    }
}

/// The axes of an array whose chunks are known to fit its shape.
pub(super) fn axes(shape: &[u64], chunks: &[Vec<u64>]) -> Vec<Axis> {
    let longest = shape.iter().copied().max().unwrap_or(1).max(1) as f64;
    let axis = |(&length, lengths): (&u64, &Vec<u64>)| {
        let side = LONGEST / response(longest / (length as f64).max(0.1));
        Axis { length, chunks: lengths.len(), side, cuts: cuts(length, lengths, side) }
    };
    shape.iter().zip(chunks).map(axis).collect()
}

/// How many times shorter than the longest a side is drawn, given how many times shorter it is: the same up to e, then
/// less and less, and never more than about 4.7 times.
fn response(ratio: f64) -> f64 {
    if ratio < std::f64::consts::E { ratio } else { (ratio.min(100.0) + 12.4).ln() }
}

/// The inner borders of chunks, or evenly chosen ones where all would run together.
fn cuts(length: u64, lengths: &[u64], side: f64) -> Vec<f64> {
    if length == 0 {
        return Vec::new();
    }
    let borders: Vec<f64> = lengths
        .iter()
        .scan(0u64, |sum, &chunk| {
            *sum = sum.saturating_add(chunk);
            Some(*sum)
        })
        .filter(|&border| border > 0 && border < length)
        .map(|border| border as f64 / length as f64)
        .collect();
    // The side is at most LONGEST, so this is a small number; a float to integer cast saturates in Rust.
    let room = MOST_CUTS.min((side / CUT_DISTANCE) as usize).max(1);
    if borders.len() <= room {
        return borders;
    }
    (1..=room).filter_map(|step| borders.get(step * borders.len() / (room + 1)).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_thin_arrays_stay_visible() {
        let axes = axes(&[1_000_000_000, 1], &[vec![500_000_000; 2], vec![1]]);
        assert_eq!(axes[0].cuts, [0.5]);
        assert!(axes[1].side > LONGEST / 5.0 && axes[0].side == LONGEST);
    }

    #[test]
    fn many_cuts_are_thinned_evenly_and_no_chunks_of_nothing_are_cut() {
        let axes = axes(&[10_000, 4], &[vec![1; 10_000], vec![0, 2, 0, 2, 0]]);
        assert!(axes[0].cuts.len() <= MOST_CUTS && axes[0].is_thinned());
        assert!(axes[0].cuts.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(axes[1].cuts.iter().all(|&cut| cut == 0.5));
    }
}
