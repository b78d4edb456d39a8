//! What becomes of elements: pair by pair, and along rows in lanes.

use super::Reduction;
use blockfold_core::dispatched;

/// How values of two parts become one.
pub(super) fn join_floats(reduction: Reduction, skips_nan: bool) -> fn(f64, f64) -> f64 {
    match reduction {
        Reduction::Sum | Reduction::Norm => |a, b| a + b,
        Reduction::Prod => |a, b| a * b,
        Reduction::Min if skips_nan => known_min,
        Reduction::Max if skips_nan => known_max,
        Reduction::Min => least,
        _ => greatest,
    }
}

pub(super) fn join_integers(reduction: Reduction) -> fn(i64, i64) -> i64 {
    match reduction {
        Reduction::Sum => i64::wrapping_add,
        Reduction::Prod => i64::wrapping_mul,
        Reduction::Min => i64::min,
        _ => i64::max,
    }
}

pub(super) fn join_naturals(reduction: Reduction) -> fn(u64, u64) -> u64 {
    match reduction {
        Reduction::Any => |a, b| a | b,
        Reduction::All => |a, b| a & b,
        Reduction::Sum | Reduction::CountNonzero => u64::wrapping_add,
        Reduction::Prod => u64::wrapping_mul,
        Reduction::Min => u64::min,
        _ => u64::max,
    }
}

/// Whether a value takes the place of another one.
pub(super) fn beats<T: PartialOrd>(is_min: bool) -> impl Fn(T, T) -> bool {
    move |a, b| if is_min { a < b } else { a > b }
}

/// As [`beats`]; NaN beats every number.
pub(super) fn float_beats(is_min: bool) -> impl Fn(f64, f64) -> bool {
    let plain = beats(is_min);
    move |a, b| plain(a, b) || (a.is_nan() && !b.is_nan())
}

pub(super) fn are_equal_floats(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

#[inline(always)]
pub(super) fn least(a: f64, b: f64) -> f64 {
    if b < a || b.is_nan() { b } else { a }
}

#[inline(always)]
pub(super) fn greatest(a: f64, b: f64) -> f64 {
    if b > a || b.is_nan() { b } else { a }
}

pub(super) fn known_min(a: f64, b: f64) -> f64 {
    if b < a || a.is_nan() { b } else { a }
}

pub(super) fn known_max(a: f64, b: f64) -> f64 {
    if b > a || a.is_nan() { b } else { a }
}

/// Accumulators of a row.
const LANES: usize = 16;

/// Lanes that take in a row's elements in turn, as far as they fill all lanes, and the elements that are left.
#[inline(always)]
fn in_lanes(row: &[f64], start: f64, f: impl Fn(f64, f64) -> f64) -> ([f64; LANES], &[f64]) {
    let mut lanes = [start; LANES];
    let (chunks, rest) = row.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane = f(*lane, *x);
        }
    }
    (lanes, rest)
}

/// The sum of what `f` makes of each element, in lanes.
#[inline(always)]
fn sum_of(row: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    let (mut lanes, rest) = in_lanes(row, 0.0, |sum, x| sum + f(x));
    for (lane, x) in lanes.iter_mut().zip(rest) {
        *lane += f(*x);
    }
    tree(lanes)
}

dispatched! {
    /// The sum of a row.
    pub(super) fn sum_row(row: &[f64]) -> f64 {
        sum_of(row, |x| x)
    }
}

dispatched! {
    /// The sum of squares of differences from a mean.
    pub(super) fn square_row(row: &[f64], mean: f64) -> f64 {
        sum_of(row, |x| (x - mean) * (x - mean))
    }
}

dispatched! {
    pub(super) fn min_row(row: &[f64]) -> f64 {
        let (lanes, rest) = in_lanes(row, f64::INFINITY, least);
        lanes.iter().chain(rest).copied().fold(f64::INFINITY, least)
    }
}

dispatched! {
    pub(super) fn max_row(row: &[f64]) -> f64 {
        let (lanes, rest) = in_lanes(row, f64::NEG_INFINITY, greatest);
        lanes.iter().chain(rest).copied().fold(f64::NEG_INFINITY, greatest)
    }
}

dispatched! {
    pub(super) fn add_row(sums: &mut [f64], row: &[f64]) {
        for (sum, x) in sums.iter_mut().zip(row) {
            *sum += x;
        }
    }
}

dispatched! {
    pub(super) fn add_squares(sums: &mut [f64], row: &[f64], means: &[f64]) {
        for ((sum, x), mean) in sums.iter_mut().zip(row).zip(means) {
            *sum += (x - mean) * (x - mean);
        }
    }
}

/// The sum of lanes, pair by pair.
#[inline(always)]
fn tree(mut lanes: [f64; LANES]) -> f64 {
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
        width /= 2;
    }
    lanes[0]
}
