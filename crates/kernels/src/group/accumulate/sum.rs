//! `sum` and `mean`.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::ArrowPrimitiveType;
use blockfold_core::{DType, Error, Result};

use super::count::Counts;
use super::{Accumulator, Batch, entry, required, same_kind};
use crate::group::pairs::{for_each_run, has_nulls};
use crate::group::whole;

/// Sums of each group.
pub(super) trait Total: Debug + Default + Send + 'static {
    fn grow(&mut self, groups: usize);
    fn merge(&mut self, other: Self, mapping: &[u32], groups: usize);
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
pub(super) struct FloatTotal {
    sums: Vec<f64>,
}

impl Total for FloatTotal {
    fn grow(&mut self, groups: usize) {
        self.sums.resize(groups.max(self.sums.len()), 0.0);
    }

    fn merge(&mut self, other: Self, mapping: &[u32], groups: usize) {
        self.grow(groups);
        self.add(mapping, &other.sums);
    }

    fn bytes(&self) -> u64 {
        (self.sums.capacity() * size_of::<f64>()) as u64
    }

    #[allow(clippy::cast_precision_loss)]
    fn mean(&self, group: u32, count: u64) -> f64 {
        entry(&self.sums, group) / count as f64
    }

    fn finish(self, order: &[u32]) -> Option<ArrayRef> {
        Some(Arc::new(Float64Array::from_iter_values(order.iter().map(|group| entry(&self.sums, *group)))))
    }
}

impl<N: Copy + Into<f64>> Adds<N> for FloatTotal {
    #[inline]
    fn add(&mut self, rows: &[u32], values: &[N]) {
        for (group, value) in rows.iter().zip(values) {
            if let Some(sum) = self.sums.get_mut(*group as usize) {
                *sum += (*value).into();
            }
        }
    }

    fn add_all(&mut self, values: &[N]) {
        if let Some(sum) = self.sums.first_mut() {
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
    sums: Vec<W>,
    carries: BTreeMap<u32, i64>,
}

impl<W: Wide> IntTotal<W> {
    #[inline]
    fn add_one(&mut self, group: u32, value: W) {
        let Some(sum) = self.sums.get_mut(group as usize) else { return };
        let (total, carry) = sum.add(value);
        *sum = total;
        if carry != 0 {
            self.carry(group, carry);
        }
    }

    #[cold]
    fn carry(&mut self, group: u32, carry: i64) {
        let all = self.carries.entry(group).or_default();
        *all += carry;
        if *all == 0 {
            self.carries.remove(&group);
        }
    }
}

impl<W: Wide> Total for IntTotal<W> {
    fn grow(&mut self, groups: usize) {
        self.sums.resize(groups.max(self.sums.len()), W::default());
    }

    fn merge(&mut self, other: Self, mapping: &[u32], groups: usize) {
        self.grow(groups);
        for (sum, group) in other.sums.iter().zip(mapping) {
            self.add_one(*group, *sum);
        }
        for (group, carry) in other.carries {
            self.carry(entry(mapping, group), carry);
        }
    }

    fn bytes(&self) -> u64 {
        (self.sums.capacity() * size_of::<W>() + self.carries.len() * 32) as u64
    }

    #[allow(clippy::cast_precision_loss)]
    fn mean(&self, group: u32, count: u64) -> f64 {
        let carry = self.carries.get(&group).copied().unwrap_or(0);
        let total: i128 = entry(&self.sums, group).into() + (i128::from(carry) << 64);
        total as f64 / count as f64
    }

    fn finish(self, order: &[u32]) -> Option<ArrayRef> {
        let array = || W::array(order.iter().map(|group| entry(&self.sums, *group)));
        self.carries.is_empty().then(array)
    }
}

impl<W: Wide, N: Copy + Into<W>> Adds<N> for IntTotal<W> {
    #[inline]
    fn add(&mut self, rows: &[u32], values: &[N]) {
        for (group, value) in rows.iter().zip(values) {
            self.add_one(*group, (*value).into());
        }
    }

    fn add_all(&mut self, values: &[N]) {
        let (low, carry) = W::split(W::sum(values));
        self.add_one(0, low);
        if carry != 0 {
            self.carry(0, carry);
        }
    }
}

/// Adds the values of an input that are not null.
fn add_input<T: ArrowPrimitiveType, S: Adds<T::Native>>(
    total: &mut S,
    batch: &Batch<'_>,
    input: &ArrayRef,
    mut visit: impl FnMut(&[u32]),
) -> Result<()> {
    total.grow(batch.groups);
    for_each_run::<T>(input, batch.rows, |rows, values| {
        visit(rows);
        if batch.is_whole { total.add_all(values) } else { total.add(rows, values) }
    })
}

/// Sum of each group.
pub(super) struct Sum<T, S> {
    label: String,
    dtype: DType,
    total: S,
    values: PhantomData<fn() -> T>,
}

impl<T, S: Total> Sum<T, S> {
    pub(super) fn new(label: String, dtype: DType) -> Self {
        Sum { label, dtype, total: S::default(), values: PhantomData }
    }
}

impl<T: ArrowPrimitiveType, S: Adds<T::Native>> Accumulator for Sum<T, S> {
    fn update(&mut self, batch: &Batch<'_>, input: Option<&ArrayRef>) -> Result<()> {
        add_input::<T, S>(&mut self.total, batch, required(input)?, |_| {})
    }

    fn merge(&mut self, later: Box<dyn Accumulator>, mapping: &[u32], groups: usize) -> Result<()> {
        self.total.merge(same_kind::<Self>(later)?.total, mapping, groups);
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.total.bytes()
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        let (op, dtype) = (self.label, self.dtype);
        match self.total.finish(order) {
            Some(sums) => Ok(cast(&sums, &dtype)?),
            None => Err(Error::Overflow { op, dtype: dtype.to_string() }),
        }
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Mean of each group.
pub(super) struct Mean<T, S> {
    total: S,
    counts: Counts,
    values: PhantomData<fn() -> T>,
}

impl<T, S: Total> Default for Mean<T, S> {
    fn default() -> Self {
        Mean { total: S::default(), counts: Counts::default(), values: PhantomData }
    }
}

impl<T: ArrowPrimitiveType, S: Adds<T::Native>> Accumulator for Mean<T, S> {
    fn update(&mut self, batch: &Batch<'_>, input: Option<&ArrayRef>) -> Result<()> {
        let input = required(input)?;
        self.counts.grow(batch.groups);
        if has_nulls(input) {
            return add_input::<T, S>(&mut self.total, batch, input, |rows| self.counts.add(rows));
        }
        self.counts.add_batch(batch);
        add_input::<T, S>(&mut self.total, batch, input, |_| {})
    }

    fn merge(&mut self, later: Box<dyn Accumulator>, mapping: &[u32], groups: usize) -> Result<()> {
        let later = same_kind::<Self>(later)?;
        self.counts.merge(&later.counts, mapping, groups);
        self.total.merge(later.total, mapping, groups);
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.total.bytes() + self.counts.bytes()
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        let means = order.iter().map(|group| match self.counts.of(*group) {
            0 => None,
            count => Some(self.total.mean(*group, count)),
        });
        Ok(Arc::new(means.collect::<Float64Array>()))
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }

    fn wants_counts(&self) -> bool {
        true
    }
}
