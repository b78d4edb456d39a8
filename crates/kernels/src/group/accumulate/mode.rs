//! `mode`.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::array::{ArrayRef, UInt32Array, UInt64Array};
use arrow::compute::{cast, take};
use arrow::datatypes::UInt64Type;
use blockfold_core::{DType, Result};

use super::by_group::{ByGroup, list_type};
use super::distinct::Pairs;
use super::{Accumulator, Batch, States, entry, other_spec, required, same_kind};
use crate::group::intern::code_after;

/// Most frequent value of each group: how often each different one comes.
#[derive(Debug)]
pub(super) struct Mode {
    dtype: DType,
    pairs: Pairs,
    /// Rows of each pair.
    counts: Vec<u64>,
}

impl Mode {
    pub(super) fn new(name: &str, dtype: &DType) -> Result<Self> {
        Ok(Mode { dtype: dtype.clone(), pairs: Pairs::new(name, dtype)?, counts: Vec::new() })
    }

    /// The code of each group's value, of the first `groups` groups.
    fn best(&self, groups: usize) -> Vec<Option<u32>> {
        let values = self.pairs.values();
        let mut ranks = vec![0u32; values.len()];
        for (rank, code) in (0u32..).zip(values.order()) {
            if let Some(slot) = ranks.get_mut(code as usize) {
                *slot = rank;
            }
        }
        // Rows first, then the smaller value.
        let mut best: Vec<Option<(u64, std::cmp::Reverse<u32>, u32)>> = vec![None; groups];
        for ((group, code), count) in self.pairs.groups().zip(self.pairs.codes()).zip(&self.counts) {
            if let Some(slot) = best.get_mut(group as usize)
                && Some(code) != values.null()
            {
                *slot = (*slot).max(Some((*count, std::cmp::Reverse(entry(&ranks, code)), code)));
            }
        }
        best.into_iter().map(|best| best.map(|(_, _, code)| code)).collect()
    }
}

/// Adds rows to the counts of pairs, which are numbered by first appearance.
fn count(counts: &mut Vec<u64>, pairs: &[u32], rows: impl Iterator<Item = u64>) {
    for (pair, rows) in pairs.iter().zip(rows) {
        match counts.get_mut(*pair as usize) {
            Some(count) => *count += rows,
            None => counts.push(rows),
        }
    }
}

impl Accumulator for Mode {
    fn update(&mut self, batch: &Batch<'_>, inputs: &[ArrayRef]) -> Result<()> {
        let pairs = self.pairs.add(batch.rows, required(inputs)?, batch.groups)?;
        count(&mut self.counts, pairs, std::iter::repeat(1));
        Ok(())
    }

    fn state_types(&self) -> Vec<DType> {
        vec![self.pairs.state_type(), list_type(DType::UInt64)]
    }

    fn state(self: Box<Self>, groups: usize) -> Result<Vec<ArrayRef>> {
        let sorted = ByGroup::new(self.pairs.groups(), groups);
        let counts = sorted.order().iter().map(|pair| entry(&self.counts, *pair));
        let counts = Arc::new(UInt64Array::from_iter_values(counts));
        Ok(vec![self.pairs.state(&sorted)?, sorted.lists(counts)?])
    }

    fn absorb(&mut self, states: &States<'_>) -> Result<()> {
        let counts = states.elements(1)?;
        let counts = counts.as_primitive_opt::<UInt64Type>().ok_or_else(other_spec)?;
        let pairs = self.pairs.add(&states.element_rows(0)?, &states.elements(0)?, states.groups)?;
        count(&mut self.counts, pairs, counts.values().iter().copied());
        Ok(())
    }

    fn merge(&mut self, later: Box<dyn Accumulator>, mapping: &[u32], groups: usize) -> Result<()> {
        let later = same_kind::<Self>(later)?;
        let pairs = self.pairs.merge(&later.pairs, mapping, groups)?;
        count(&mut self.counts, pairs, later.counts.iter().copied());
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.pairs.bytes() + (self.counts.capacity() * size_of::<u64>()) as u64
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        let best = self.best(order.len());
        let best = order.iter().map(|group| best.get(*group as usize).copied().flatten());
        let chosen: Vec<u32> = best.clone().flatten().collect();
        let values = self.pairs.values().values(&chosen)?;
        let mut places = 0..code_after(chosen.len());
        let places: UInt32Array = best.map(|best| best.and_then(|_| places.next())).collect();
        Ok(cast(&take(&values, &places, None)?, &self.dtype)?)
    }
}
