//! Sums of floats and exact sums of integers.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Float64Array, Int64Array, UInt64Array};
use arrow::datatypes::{Decimal128Type, Float64Type};
use blockfold_core::{DType, Result};

use super::slots::Slots;
use super::{Batch, States};
use crate::group::whole;

/// Sums of each group.
pub(super) trait Total: Debug + Default + Send + 'static {
    /// Prepares for a batch, to be ended by [`Total::end`].
    fn begin(&mut self, batch: &Batch<'_>);
    fn end(&mut self);
    /// Type of the column that [`Total::state`] makes.
    const STATE: DType;
    /// The sums of the first `groups` groups.
    fn state(self, groups: usize) -> ArrayRef;
    /// Adds the sums in a column of states.
    fn absorb(&mut self, states: &States<'_>, at: usize) -> Result<()>;
    fn bytes(&self) -> u64;
    /// The sum of a group over a count.
    fn mean(&self, group: u32, count: u64) -> f64;
    /// The sums of groups; `None` when one does not fit its type.
    fn finish(self, order: &[u32]) -> Option<ArrayRef>;
}

/// A [`Total`] that takes values of a type.
pub(super) trait Adds<N>: Total {
    /// Adds values to the sums of groups.
    fn add(&mut self, rows: &[u32], values: &[N]);
    /// Adds values to the sum of the first group.
    fn add_all(&mut self, values: &[N]);
}

/// Sums of floats.
#[derive(Debug, Default)]
pub(super) struct FloatTotal(Slots<f64>);

impl Total for FloatTotal {
    fn begin(&mut self, batch: &Batch<'_>) {
        self.0.begin(batch.groups, batch.rows.len());
    }

    fn end(&mut self) {
        self.0.end(|_, sum, more| *sum += more);
    }

    const STATE: DType = DType::Float64;

    fn state(self, groups: usize) -> ArrayRef {
        Arc::new(Float64Array::from(self.0.into_entries(groups)))
    }

    fn absorb(&mut self, states: &States<'_>, at: usize) -> Result<()> {
        let sums = states.column::<Float64Type>(at)?;
        self.0.grow(states.groups);
        self.0.add(states.rows, sums.values(), |_, sum, more| *sum += more);
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    #[allow(clippy::cast_precision_loss)]
    fn mean(&self, group: u32, count: u64) -> f64 {
        self.0.of(group) / count as f64
    }

    fn finish(self, order: &[u32]) -> Option<ArrayRef> {
        Some(Arc::new(Float64Array::from_iter_values(order.iter().map(|group| self.0.of(*group)))))
    }
}

impl<N: Copy + Into<f64>> Adds<N> for FloatTotal {
    #[inline]
    fn add(&mut self, rows: &[u32], values: &[N]) {
        self.0.add(rows, values, |_, sum, value| *sum += value.into());
    }

    fn add_all(&mut self, values: &[N]) {
        if let Some(sum) = self.0.entries_mut().first_mut() {
            *sum += whole::sum_by(values, |value| value.into());
        }
    }
}

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

/// Exact sums of integers: 64 bits and rare carries, so that only a sum that does not fit in the end is an error,
/// whatever the order of rows.
#[derive(Debug, Default)]
pub(super) struct IntTotal<W> {
    sums: Slots<W>,
    carries: Carries,
}

/// Multiples of 2^64 that belong to a group's sum.
#[derive(Debug, Default)]
struct Carries(BTreeMap<u32, i64>);

impl Carries {
    /// Adds a value to a sum of a group.
    #[inline]
    fn add<W: Wide>(&mut self, group: u32, sum: &mut W, value: W) {
        let (total, carry) = sum.add(value);
        *sum = total;
        if carry != 0 {
            self.carry(group, carry);
        }
    }

    #[cold]
    fn carry(&mut self, group: u32, carry: i64) {
        let all = self.0.entry(group).or_default();
        *all += carry;
        if *all == 0 {
            self.0.remove(&group);
        }
    }
}

impl<W: Wide> Total for IntTotal<W> {
    fn begin(&mut self, batch: &Batch<'_>) {
        self.sums.begin(batch.groups, batch.rows.len());
    }

    fn end(&mut self) {
        self.sums.end(|group, sum, more| self.carries.add(group, sum, more));
    }

    /// The exact sum, which a few carries make longer than 64 bits.
    const STATE: DType = DType::Decimal128(38, 0);

    fn state(self, groups: usize) -> ArrayRef {
        let mut totals: Vec<i128> = self.sums.into_entries(groups).into_iter().map(Into::into).collect();
        for (group, carry) in self.carries.0 {
            if let Some(total) = totals.get_mut(group as usize) {
                *total += i128::from(carry) << 64;
            }
        }
        Arc::new(Decimal128Array::from(totals).with_data_type(Self::STATE))
    }

    fn absorb(&mut self, states: &States<'_>, at: usize) -> Result<()> {
        let totals = states.column::<Decimal128Type>(at)?;
        self.sums.grow(states.groups);
        self.sums.add(states.rows, totals.values(), |group, sum, total| {
            let (low, carry) = W::split(total);
            self.carries.add(group, sum, low);
            if carry != 0 {
                self.carries.carry(group, carry);
            }
        });
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.sums.bytes() + (self.carries.0.len() * 32) as u64
    }

    #[allow(clippy::cast_precision_loss)]
    fn mean(&self, group: u32, count: u64) -> f64 {
        let carry = self.carries.0.get(&group).copied().unwrap_or(0);
        let total: i128 = self.sums.of(group).into() + (i128::from(carry) << 64);
        total as f64 / count as f64
    }

    fn finish(self, order: &[u32]) -> Option<ArrayRef> {
        let array = || W::array(order.iter().map(|group| self.sums.of(*group)));
        self.carries.0.is_empty().then(array)
    }
}

impl<W: Wide, N: Copy + Into<W>> Adds<N> for IntTotal<W> {
    #[inline]
    fn add(&mut self, rows: &[u32], values: &[N]) {
        self.sums.add(rows, values, |group, sum, value| self.carries.add(group, sum, value.into()));
    }

    fn add_all(&mut self, values: &[N]) {
        let (low, carry) = W::split(W::sum(values));
        if let Some(sum) = self.sums.entries_mut().first_mut() {
            self.carries.add(0, sum, low);
        }
        if carry != 0 {
            self.carries.carry(0, carry);
        }
    }
}
