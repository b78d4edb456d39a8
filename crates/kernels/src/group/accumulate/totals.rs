//! Sums of floats and exact sums of integers.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Float64Array};
use arrow::datatypes::{Decimal128Type, Float64Type};
use blockfold_core::{DType, Result};

use super::slots::Slots;
use super::wide::Wide;
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
