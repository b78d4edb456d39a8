//! `list`.

use arrow::array::{Array, ArrayRef, MutableArrayData, UInt32Array, make_array, new_empty_array};
use arrow::compute::{cast, concat, take};
use blockfold_core::{DType, Result};

use super::by_group::{ByGroup, list_type, lists};
use super::{Accumulator, Batch, States, carrier, required};
use crate::group::intern::state_type;

/// The values of each group in row order, nulls among them.
#[derive(Debug)]
pub(super) struct List {
    dtype: DType,
    element: DType,
    /// All values, batch by batch, and their groups.
    parts: Vec<ArrayRef>,
    part_bytes: usize,
    rows: Vec<u32>,
}

impl List {
    pub(super) fn new(dtype: &DType) -> Self {
        let element = state_type(&carrier(dtype));
        List { dtype: dtype.clone(), element, parts: Vec::new(), part_bytes: 0, rows: Vec::new() }
    }

    fn hold(&mut self, values: &ArrayRef, rows: &[u32]) -> Result<()> {
        let part = copied(&cast(values, &self.element)?)?;
        self.part_bytes += part.get_array_memory_size();
        self.parts.push(part);
        self.rows.extend_from_slice(rows);
        Ok(())
    }

    fn values(&mut self) -> Result<ArrayRef> {
        let parts = std::mem::take(&mut self.parts);
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        if parts.is_empty() { Ok(new_empty_array(&self.element)) } else { Ok(concat(&parts)?) }
    }
}

/// The values in buffers of their own, so that a slice does not keep what it was cut from.
fn copied(values: &ArrayRef) -> Result<ArrayRef> {
    let data = values.to_data();
    let mut copy = MutableArrayData::new(vec![&data], false, data.len());
    copy.try_extend(0, 0, data.len())?;
    Ok(make_array(copy.freeze()))
}

impl Accumulator for List {
    fn update(&mut self, batch: &Batch<'_>, inputs: &[ArrayRef]) -> Result<()> {
        self.hold(required(inputs)?, batch.rows)
    }

    fn state_types(&self) -> Vec<DType> {
        vec![list_type(self.element.clone())]
    }

    fn state(mut self: Box<Self>, groups: usize) -> Result<Vec<ArrayRef>> {
        let values = self.values()?;
        let sorted = ByGroup::new(self.rows.iter().copied(), groups);
        let places = UInt32Array::from_iter_values(sorted.order().iter().copied());
        Ok(vec![sorted.lists(take(&values, &places, None)?)?])
    }

    fn absorb(&mut self, states: &States<'_>) -> Result<()> {
        self.hold(&states.elements(0)?, &states.element_rows(0)?)
    }

    fn bytes(&self) -> u64 {
        let parts = self.parts.capacity() * size_of::<ArrayRef>();
        (self.part_bytes + parts + self.rows.capacity() * size_of::<u32>()) as u64
    }

    fn finish(mut self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        let values = self.values()?;
        let sorted = ByGroup::new(self.rows.iter().copied(), order.len());
        let places: UInt32Array = order.iter().flat_map(|group| sorted.rows(*group)).copied().collect();
        let values = cast(&take(&values, &places, None)?, &self.dtype)?;
        lists(values, order.iter().map(|group| sorted.rows(*group).len()))
    }
}
