//! `sum` and `mean`.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::ArrowPrimitiveType;
use blockfold_core::{DType, Error, Result};

use super::count::Counts;
use super::totals::{Adds, Total};
use super::{Accumulator, Batch, States, required};
use crate::group::pairs::{for_each_run, has_nulls};

/// Adds the values of an input that are not null.
fn add_input<T: ArrowPrimitiveType, S: Adds<T::Native>>(
    total: &mut S,
    batch: &Batch<'_>,
    input: &ArrayRef,
    mut visit: impl FnMut(&[u32]),
) -> Result<()> {
    total.begin(batch);
    for_each_run::<T>(input, batch.rows, |rows, values| {
        visit(rows);
        if batch.is_whole { total.add_all(values) } else { total.add(rows, values) }
    })?;
    total.end();
    Ok(())
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
    fn update(&mut self, batch: &Batch<'_>, inputs: &[ArrayRef]) -> Result<()> {
        add_input::<T, S>(&mut self.total, batch, required(inputs)?, |_| {})
    }

    fn state_types(&self) -> Vec<DType> {
        vec![S::STATE]
    }

    fn state(self: Box<Self>, groups: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.total.state(groups)])
    }

    fn absorb(&mut self, states: &States<'_>) -> Result<()> {
        self.total.absorb(states, 0)
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
    fn update(&mut self, batch: &Batch<'_>, inputs: &[ArrayRef]) -> Result<()> {
        let input = required(inputs)?;
        if has_nulls(input) {
            self.counts.begin(batch);
            add_input::<T, S>(&mut self.total, batch, input, |rows| self.counts.add(rows))?;
            self.counts.end();
            return Ok(());
        }
        self.counts.add_batch(batch);
        add_input::<T, S>(&mut self.total, batch, input, |_| {})
    }

    fn state_types(&self) -> Vec<DType> {
        vec![S::STATE, DType::UInt64]
    }

    fn state(self: Box<Self>, groups: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.total.state(groups), self.counts.state(groups)])
    }

    fn absorb(&mut self, states: &States<'_>) -> Result<()> {
        self.total.absorb(states, 0)?;
        self.counts.absorb(states, 1)
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

    fn wants_counts(&self) -> bool {
        true
    }
}
