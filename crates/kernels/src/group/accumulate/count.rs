//! `len` and `count`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt64Array};
use arrow::datatypes::UInt64Type;
use blockfold_core::{DType, Result};

use super::slots::Slots;
use super::{Accumulator, Batch, States, required};

/// Rows or values of each group.
#[derive(Debug, Default)]
pub(super) struct Counts(Slots<u64>);

impl Counts {
    /// Counts every row of a batch.
    pub(super) fn add_batch(&mut self, batch: &Batch<'_>) {
        self.0.grow(batch.groups);
        match batch.counts {
            Some(counts) => {
                self.0.entries_mut().iter_mut().zip(counts).for_each(|(all, new)| *all += u64::from(*new));
            }
            None => self.add(batch.rows),
        }
    }

    /// Prepares for [`Counts::add`], to be ended by [`Counts::end`].
    pub(super) fn begin(&mut self, batch: &Batch<'_>) {
        self.0.begin(batch.groups, batch.rows.len());
    }

    pub(super) fn end(&mut self) {
        self.0.end(|_, count, more| *count += more);
    }

    /// Counts one value for each of the groups.
    #[inline]
    pub(super) fn add(&mut self, rows: &[u32]) {
        self.0.add(rows, rows, |_, count, _| *count += 1);
    }

    pub(super) fn state(self, groups: usize) -> ArrayRef {
        Arc::new(UInt64Array::from(self.0.into_entries(groups)))
    }

    /// Adds the counts in a column of states.
    pub(super) fn absorb(&mut self, states: &States<'_>, at: usize) -> Result<()> {
        let counts = states.column::<UInt64Type>(at)?;
        self.0.grow(states.groups);
        self.0.add(states.rows, counts.values(), |_, count, more| *count += more);
        Ok(())
    }

    #[inline]
    pub(super) fn of(&self, group: u32) -> u64 {
        self.0.of(group)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    fn finish(&self, order: &[u32]) -> ArrayRef {
        Arc::new(UInt64Array::from_iter_values(order.iter().map(|group| self.of(*group))))
    }
}

/// Rows of each group.
#[derive(Debug, Default)]
pub(super) struct Len(Counts);

impl Accumulator for Len {
    fn update(&mut self, batch: &Batch<'_>, _: &[ArrayRef]) -> Result<()> {
        self.0.add_batch(batch);
        Ok(())
    }

    fn state_types(&self) -> Vec<DType> {
        vec![DType::UInt64]
    }

    fn state(self: Box<Self>, groups: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.0.state(groups)])
    }

    fn absorb(&mut self, states: &States<'_>) -> Result<()> {
        self.0.absorb(states, 0)
    }

    fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        Ok(self.0.finish(order))
    }

    fn wants_counts(&self) -> bool {
        true
    }
}

/// Values of each group that are not null, or are.
#[derive(Debug, Default)]
pub(super) struct Count {
    counts: Counts,
    is_of_nulls: bool,
}

impl Count {
    pub(super) fn of_nulls() -> Self {
        Count { counts: Counts::default(), is_of_nulls: true }
    }

    fn count(&mut self, batch: &Batch<'_>, rows: impl Iterator<Item = usize>) {
        let counted: Vec<u32> = rows.filter_map(|row| batch.rows.get(row).copied()).collect();
        self.counts.begin(batch);
        self.counts.add(&counted);
        self.counts.end();
    }
}

impl Accumulator for Count {
    fn update(&mut self, batch: &Batch<'_>, inputs: &[ArrayRef]) -> Result<()> {
        let input = required(inputs)?;
        match input.logical_nulls().filter(|nulls| nulls.null_count() > 0) {
            None if self.is_of_nulls => self.count(batch, std::iter::empty()),
            None => self.counts.add_batch(batch),
            Some(nulls) if self.is_of_nulls => self.count(batch, (0..nulls.len()).filter(|row| nulls.is_null(*row))),
            Some(nulls) => self.count(batch, nulls.valid_indices()),
        }
        Ok(())
    }

    fn state_types(&self) -> Vec<DType> {
        vec![DType::UInt64]
    }

    fn state(self: Box<Self>, groups: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.counts.state(groups)])
    }

    fn absorb(&mut self, states: &States<'_>) -> Result<()> {
        self.counts.absorb(states, 0)
    }

    fn bytes(&self) -> u64 {
        self.counts.bytes()
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        Ok(self.counts.finish(order))
    }

    fn wants_counts(&self) -> bool {
        true
    }
}
