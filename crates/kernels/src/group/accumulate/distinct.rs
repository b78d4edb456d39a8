//! `n_unique`.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt64Array};
use blockfold_core::{DType, Result};

use super::by_group::{ByGroup, list_type};
use super::{Accumulator, Batch, States, carrier, entry, required, same_kind};
use crate::group::intern::{Column, state_type};
use crate::group::several::Tuples;

/// The different pairs of a group and a value, null among the values, numbered by first appearance.
#[derive(Debug)]
pub(super) struct Pairs {
    values: Column,
    element: DType,
    /// Groups and codes of values.
    pairs: Tuples,
    /// Codes of a batch, and the numbers of its pairs.
    codes: Vec<u32>,
    ids: Vec<u32>,
}

impl Pairs {
    pub(super) fn new(name: &str, dtype: &DType) -> Result<Self> {
        let dtype = carrier(dtype);
        let values = Column::new(name, &dtype, None)?;
        let element = state_type(&dtype);
        Ok(Pairs { values, element, pairs: Tuples::new(2, usize::MAX), codes: Vec::new(), ids: Vec::new() })
    }

    /// The numbers of the pairs of rows.
    pub(super) fn add(&mut self, rows: &[u32], input: &ArrayRef, groups: usize) -> Result<&[u32]> {
        let mut codes = std::mem::take(&mut self.codes);
        codes.resize(rows.len(), 0);
        self.values.intern(input, &mut codes)?;
        self.codes = codes;
        self.ids.resize(rows.len(), 0);
        self.pairs.intern(&[rows, &self.codes], &[groups, self.values.len()], &mut self.ids);
        Ok(&self.ids)
    }

    /// The numbers of the pairs of another, whose group `g` is our `mapping[g]`.
    pub(super) fn merge(&mut self, later: &Pairs, mapping: &[u32], groups: usize) -> Result<&[u32]> {
        let codes = self.values.absorb(&later.values)?;
        let rows: Vec<u32> = later.groups().map(|group| entry(mapping, group)).collect();
        let codes: Vec<u32> = later.codes().map(|code| entry(&codes, code)).collect();
        self.ids.resize(rows.len(), 0);
        self.pairs.intern(&[&rows, &codes], &[groups, self.values.len()], &mut self.ids);
        Ok(&self.ids)
    }

    /// The group of each pair.
    pub(super) fn groups(&self) -> impl ExactSizeIterator<Item = u32> + Clone + '_ {
        self.pairs.column(0)
    }

    /// The code of each pair's value.
    pub(super) fn codes(&self) -> impl ExactSizeIterator<Item = u32> + Clone + '_ {
        self.pairs.column(1)
    }

    pub(super) fn values(&self) -> &Column {
        &self.values
    }

    pub(super) fn bytes(&self) -> u64 {
        let scratch = (self.codes.capacity() + self.ids.capacity()) * size_of::<u32>();
        self.values.bytes() + self.pairs.bytes() + scratch as u64
    }

    pub(super) fn state_type(&self) -> DType {
        list_type(self.element.clone())
    }

    /// Lists of the groups' values, in the order of `sorted` pairs.
    pub(super) fn state(&self, sorted: &ByGroup) -> Result<ArrayRef> {
        let codes: Vec<u32> = self.codes().collect();
        let codes: Vec<u32> = sorted.order().iter().map(|pair| entry(&codes, *pair)).collect();
        sorted.lists(self.values.state_values(&codes)?)
    }
}

/// Different values of each group.
#[derive(Debug)]
pub(super) struct NUnique(Pairs);

impl NUnique {
    pub(super) fn new(name: &str, dtype: &DType) -> Result<Self> {
        Pairs::new(name, dtype).map(NUnique)
    }
}

impl Accumulator for NUnique {
    fn update(&mut self, batch: &Batch<'_>, inputs: &[ArrayRef]) -> Result<()> {
        self.0.add(batch.rows, required(inputs)?, batch.groups)?;
        Ok(())
    }

    fn state_types(&self) -> Vec<DType> {
        vec![self.0.state_type()]
    }

    fn state(self: Box<Self>, groups: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.0.state(&ByGroup::new(self.0.groups(), groups))?])
    }

    fn absorb(&mut self, states: &States<'_>) -> Result<()> {
        self.0.add(&states.element_rows(0)?, &states.elements(0)?, states.groups)?;
        Ok(())
    }

    fn merge(&mut self, later: Box<dyn Accumulator>, mapping: &[u32], groups: usize) -> Result<()> {
        self.0.merge(&same_kind::<Self>(later)?.0, mapping, groups)?;
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        let groups = order.iter().max().map_or(0, |last| *last as usize + 1);
        let mut counts = vec![0u64; groups];
        for (group, code) in self.0.groups().zip(self.0.codes()) {
            if let Some(count) = counts.get_mut(group as usize)
                && Some(code) != self.0.values().null()
            {
                *count += 1;
            }
        }
        Ok(Arc::new(UInt64Array::from_iter_values(order.iter().map(|group| entry(&counts, *group)))))
    }
}
