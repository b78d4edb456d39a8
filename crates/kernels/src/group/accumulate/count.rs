//! `len` and `count`.

use std::any::Any;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt64Array};
use blockfold_core::Result;

use super::slots::Slots;
use super::{Accumulator, Batch, required, same_kind};
use crate::group::pairs::has_nulls;

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

    pub(super) fn merge(&mut self, other: &Counts, mapping: &[u32], groups: usize) {
        self.0.grow(groups);
        self.0.add(mapping, other.0.entries(), |_, count, more| *count += more);
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
    fn update(&mut self, batch: &Batch<'_>, _: Option<&ArrayRef>) -> Result<()> {
        self.0.add_batch(batch);
        Ok(())
    }

    fn merge(&mut self, later: Box<dyn Accumulator>, mapping: &[u32], groups: usize) -> Result<()> {
        self.0.merge(&same_kind::<Self>(later)?.0, mapping, groups);
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        Ok(self.0.finish(order))
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }

    fn wants_counts(&self) -> bool {
        true
    }
}

/// Values of each group that are not null.
#[derive(Debug, Default)]
pub(super) struct Count(Counts);

impl Accumulator for Count {
    fn update(&mut self, batch: &Batch<'_>, input: Option<&ArrayRef>) -> Result<()> {
        let input = required(input)?;
        if !has_nulls(input) {
            self.0.add_batch(batch);
        } else if let Some(nulls) = input.logical_nulls() {
            let valid: Vec<u32> = nulls.valid_indices().filter_map(|row| batch.rows.get(row).copied()).collect();
            self.0.begin(batch);
            self.0.add(&valid);
            self.0.end();
        }
        Ok(())
    }

    fn merge(&mut self, later: Box<dyn Accumulator>, mapping: &[u32], groups: usize) -> Result<()> {
        self.0.merge(&same_kind::<Self>(later)?.0, mapping, groups);
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        Ok(self.0.finish(order))
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }

    fn wants_counts(&self) -> bool {
        true
    }
}
