//! Aggregates that users define.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, UInt32Array, new_empty_array};
use arrow::compute::{cast, concat, take};
use blockfold_core::{CustomAgg, DType, Result};

use super::by_group::ByGroup;
use super::{Accumulator, Batch, States};
use crate::group::intern::code_after;

/// Rows of states beyond two for each group at which those of one group are combined.
const SPARE_ROWS: usize = 4096;

/// States of each group: a row for each batch that it had rows in, until there are too many.
#[derive(Debug)]
pub(super) struct Custom {
    agg: CustomAgg,
    inputs: Vec<DType>,
    /// Columns of states, part by part.
    parts: Vec<Vec<ArrayRef>>,
    part_bytes: usize,
    /// Group of each row of the parts.
    rows: Vec<u32>,
}

impl Custom {
    pub(super) fn new(agg: CustomAgg, inputs: Vec<DType>) -> Self {
        Custom { agg, inputs, parts: Vec::new(), part_bytes: 0, rows: Vec::new() }
    }

    fn push(&mut self, part: Vec<ArrayRef>, rows: impl IntoIterator<Item = u32>) {
        self.part_bytes += part.iter().map(|column| column.get_array_memory_size()).sum::<usize>();
        self.parts.push(part);
        self.rows.extend(rows);
    }

    fn push_some(&mut self, part: Vec<ArrayRef>, rows: impl IntoIterator<Item = u32>, groups: usize) -> Result<()> {
        self.push(part, rows);
        if self.rows.len() > 2 * groups + SPARE_ROWS { self.combine(groups) } else { Ok(()) }
    }

    /// Leaves one state for each of `groups` groups, in their order.
    fn combine(&mut self, groups: usize) -> Result<()> {
        let parts = std::mem::take(&mut self.parts);
        let sorted = ByGroup::new(self.rows.iter().copied(), groups);
        let columns = taken(&joined(&parts, self.agg.state_types())?, sorted.order())?;
        drop(parts);
        let state = |group: u32| match sorted.range(group) {
            none if none.is_empty() => self.agg.chunk(&empty(&self.inputs)),
            one if one.len() == 1 => Ok(sliced(&columns, one)),
            several => self.agg.combine(&sliced(&columns, several)),
        };
        let states = (0..code_after(groups)).map(state).collect::<Result<Vec<_>>>()?;
        let columns = joined(&states, self.agg.state_types())?;
        (self.part_bytes, self.rows) = (0, Vec::new());
        self.push(columns, 0..code_after(groups));
        Ok(())
    }

    /// The states of `groups` groups, one each.
    fn states(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        self.combine(groups)?;
        joined(&self.parts, self.agg.state_types())
    }
}

/// Columns of parts one after the other.
fn joined(parts: &[Vec<ArrayRef>], types: &[DType]) -> Result<Vec<ArrayRef>> {
    let column = |(at, dtype): (usize, &DType)| {
        let parts: Vec<&dyn Array> = parts.iter().filter_map(|part| part.get(at)).map(AsRef::as_ref).collect();
        if parts.is_empty() { Ok(new_empty_array(dtype)) } else { Ok(concat(&parts)?) }
    };
    types.iter().enumerate().map(column).collect()
}

fn empty(types: &[DType]) -> Vec<ArrayRef> {
    types.iter().map(new_empty_array).collect()
}

fn sliced(columns: &[ArrayRef], rows: Range<usize>) -> Vec<ArrayRef> {
    columns.iter().map(|column| column.slice(rows.start, rows.len())).collect()
}

fn taken(columns: &[ArrayRef], rows: &[u32]) -> Result<Vec<ArrayRef>> {
    let rows = UInt32Array::from_iter_values(rows.iter().copied());
    columns.iter().map(|column| Ok(take(column, &rows, None)?)).collect()
}

impl Accumulator for Custom {
    fn update(&mut self, batch: &Batch<'_>, inputs: &[ArrayRef]) -> Result<()> {
        let sorted = ByGroup::new(batch.rows.iter().copied(), batch.groups);
        let plain = inputs.iter().zip(&self.inputs).map(|(input, dtype)| Ok(cast(input, dtype)?));
        let plain = taken(&plain.collect::<Result<Vec<_>>>()?, sorted.order())?;
        let groups = (0..code_after(batch.groups)).filter(|group| !sorted.range(*group).is_empty());
        let states = groups.clone().map(|group| self.agg.chunk(&sliced(&plain, sorted.range(group))));
        let part = joined(&states.collect::<Result<Vec<_>>>()?, self.agg.state_types())?;
        self.push_some(part, groups, batch.groups)
    }

    fn state_types(&self) -> Vec<DType> {
        self.agg.state_types().to_vec()
    }

    fn state(mut self: Box<Self>, groups: usize) -> Result<Vec<ArrayRef>> {
        self.states(groups)
    }

    fn absorb(&mut self, states: &States<'_>) -> Result<()> {
        let copies = joined(&[states.columns.to_vec(), empty(self.agg.state_types())], self.agg.state_types())?;
        self.push_some(copies, states.rows.iter().copied(), states.groups)
    }

    fn bytes(&self) -> u64 {
        (self.part_bytes + self.rows.capacity() * size_of::<u32>()) as u64
    }

    fn finish(mut self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        let states = self.states(order.len())?;
        self.agg.finalise(&taken(&states, order)?, order.len())
    }
}
