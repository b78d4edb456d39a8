//! The rows of a batch, side by part.

use std::ops::AddAssign;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow::datatypes::ArrowNativeType;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use blockfold_core::{Error, Result};

pub(crate) use super::columns::compacted;

/// The batch's rows sorted by part, and where each part starts: `parts + 1` offsets, the last one the number of rows.
///
/// Rows of a part keep their order. Columns keep their types. The result shares no buffer with the batch but values
/// of dictionaries, and only such as are no more than the rows.
///
/// # Memory
///
/// The result's bytes, and 8 bytes a row while it is made.
///
/// # Errors
///
/// [`Error::Internal`] when a row has no part or a part that is not below `parts`.
pub fn scatter(batch: &RecordBatch, part_of_row: &[u32], parts: usize) -> Result<(RecordBatch, Vec<u32>)> {
    if part_of_row.len() != batch.num_rows() {
        return Err(Error::internal("rows without a part"));
    }
    let (places, offsets) = Places::new(part_of_row, parts)?;
    let columns: Result<Vec<ArrayRef>> = batch.columns().iter().map(|column| places.scatter(column)).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok((RecordBatch::try_new_with_options(batch.schema(), columns?, &options)?, offsets))
}

/// A permutation of rows, both ways.
pub(super) struct Places {
    /// Where each row goes.
    pub(super) to: Vec<u32>,
    /// Which row comes to each place.
    pub(super) from: UInt32Array,
}

impl Places {
    /// The stable order of rows by part, by counting, and each part's start.
    fn new(part_of_row: &[u32], parts: usize) -> Result<(Self, Vec<u32>)> {
        u32::try_from(part_of_row.len()).map_err(|_| Error::internal("a batch of more than 2^32 rows"))?;
        let offsets = starts(part_of_row, parts)?;
        let mut next = offsets.clone();
        let mut to = vec![0; part_of_row.len()];
        for (to, part) in to.iter_mut().zip(part_of_row) {
            if let Some(next) = next.get_mut(*part as usize) {
                *to = *next;
                *next += 1;
            }
        }
        let mut from = vec![0; to.len()];
        (0u32..).zip(&to).for_each(|(row, to)| put(&mut from, *to, row));
        Ok((Places { to, from: UInt32Array::from(from) }, offsets))
    }

    /// Each value at its row's place.
    pub(super) fn values<T: ArrowNativeType>(&self, values: &[T]) -> ScalarBuffer<T> {
        let mut moved = vec![T::default(); values.len()];
        self.to.iter().zip(values).for_each(|(to, value)| put(&mut moved, *to, *value));
        ScalarBuffer::from(moved)
    }

    pub(super) fn nulls(&self, nulls: Option<&NullBuffer>) -> Option<NullBuffer> {
        let nulls = nulls.filter(|nulls| nulls.null_count() > 0)?;
        Some(NullBuffer::new(self.bits(nulls.inner())))
    }

    pub(super) fn bits(&self, bits: &BooleanBuffer) -> BooleanBuffer {
        let from = self.from.values();
        BooleanBuffer::collect_bool(bits.len(), |to| from.get(to).is_some_and(|from| bits.value(*from as usize)))
    }
}

#[inline]
pub(super) fn put<T>(values: &mut [T], at: u32, value: T) {
    if let Some(place) = values.get_mut(at as usize) {
        *place = value;
    }
}

/// Where each part starts, and where the last one ends.
fn starts(part_of_row: &[u32], parts: usize) -> Result<Vec<u32>> {
    let mut starts = vec![0u32; parts + 1];
    for part in part_of_row {
        let count = starts.get_mut(*part as usize + 1);
        *count.ok_or_else(|| Error::internal(format!("a row of part {part} of {parts}")))? += 1;
    }
    accumulate(&mut starts);
    Ok(starts)
}

/// Replaces each number by the sum up to it.
pub(super) fn accumulate<T: Copy + Default + AddAssign>(numbers: &mut [T]) {
    let mut sum = T::default();
    for number in numbers {
        sum += *number;
        *number = sum;
    }
}

/// An array behind a pointer.
pub(super) fn arc(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}
