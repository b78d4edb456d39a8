//! 64-bit integers with a carry.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, UInt64Array};

/// A 64-bit integer that sums are kept in.
pub(super) trait Wide: Copy + Default + Debug + Send + Into<i128> + 'static {
    /// Sum and, when it overflows, the carry into the next 64 bits.
    fn add(self, other: Self) -> (Self, i64);
    /// The exact sum.
    fn sum<N: Copy + Into<Self>>(values: &[N]) -> i128;
    /// The low 64 bits and the carry of an exact sum.
    fn split(total: i128) -> (Self, i64);
    fn array(values: impl Iterator<Item = Self>) -> ArrayRef;
}

impl Wide for i64 {
    #[inline]
    fn add(self, other: Self) -> (Self, i64) {
        let (sum, is_over) = self.overflowing_add(other);
        (
            sum,
            if !is_over {
                0
            } else if other < 0 {
                -1
            } else {
                1
            },
        )
    }

    fn sum<N: Copy + Into<Self>>(values: &[N]) -> i128 {
        let mut total = 0;
        for block in values.chunks(1 << 16) {
            let (high, low) = block.iter().fold((0i64, 0i64), |(high, low), value| {
                let value: i64 = (*value).into();
                (high + (value >> 32), low + (value & 0xffff_ffff))
            });
            total += (i128::from(high) << 32) + i128::from(low);
        }
        total
    }

    #[allow(clippy::cast_possible_truncation)] // the carry holds what is cut off
    fn split(total: i128) -> (Self, i64) {
        let low = total as i64;
        (low, ((total - i128::from(low)) >> 64) as i64)
    }

    fn array(values: impl Iterator<Item = Self>) -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(values))
    }
}

impl Wide for u64 {
    #[inline]
    fn add(self, other: Self) -> (Self, i64) {
        let (sum, is_over) = self.overflowing_add(other);
        (sum, i64::from(is_over))
    }

    fn sum<N: Copy + Into<Self>>(values: &[N]) -> i128 {
        let mut total = 0;
        for block in values.chunks(1 << 16) {
            let (high, low) = block.iter().fold((0u64, 0u64), |(high, low), value| {
                let value: u64 = (*value).into();
                (high + (value >> 32), low + (value & 0xffff_ffff))
            });
            total += (i128::from(high) << 32) + i128::from(low);
        }
        total
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // the carry holds what is cut off
    fn split(total: i128) -> (Self, i64) {
        (total as u64, (total >> 64) as i64)
    }

    fn array(values: impl Iterator<Item = Self>) -> ArrayRef {
        Arc::new(UInt64Array::from_iter_values(values))
    }
}
