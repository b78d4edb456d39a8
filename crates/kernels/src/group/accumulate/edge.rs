//! `first` and `last` of values of fixed width.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::ArrowPrimitiveType;
use blockfold_core::{DType, Error, Result};

use super::extreme::primitive;
use super::{Accumulator, Batch, States, carrier, entry, required};

/// First or last row's value of each group. New groups are numbered in the order of their first rows.
pub(super) struct Edge<T: ArrowPrimitiveType> {
    dtype: DType,
    is_last: bool,
    values: Vec<T::Native>,
    valid: Vec<bool>,
}

impl<T: ArrowPrimitiveType> Edge<T> {
    pub(super) fn new(dtype: DType, is_last: bool) -> Self {
        Edge { dtype, is_last, values: Vec::new(), valid: Vec::new() }
    }

    /// Takes the values of rows; `is_valid` tells which are not null.
    fn take(&mut self, rows: &[u32], values: &[T::Native], is_valid: impl Fn(usize) -> bool, groups: usize) {
        let known = self.values.len();
        self.values.resize(groups, T::Native::default());
        self.valid.resize(groups, false);
        if self.is_last {
            self.take_rows(rows.iter().zip(values).enumerate(), is_valid);
        } else if groups > known {
            let mut next = known;
            let new = rows.iter().zip(values).enumerate().filter(|(_, (group, _))| {
                let is_new = **group as usize == next;
                next += usize::from(is_new);
                is_new
            });
            self.take_rows(new, is_valid);
        }
    }

    fn take_rows<'a>(
        &mut self,
        rows: impl Iterator<Item = (usize, (&'a u32, &'a T::Native))>,
        is_valid: impl Fn(usize) -> bool,
    ) {
        for (row, (group, value)) in rows {
            let group = *group as usize;
            if let (Some(slot), Some(valid)) = (self.values.get_mut(group), self.valid.get_mut(group)) {
                *slot = *value;
                *valid = is_valid(row);
            }
        }
    }
}

impl<T: ArrowPrimitiveType> Accumulator for Edge<T> {
    fn update(&mut self, batch: &Batch<'_>, inputs: &[ArrayRef]) -> Result<()> {
        let input = required(inputs)?;
        if !self.is_last && batch.groups == self.values.len() {
            return Ok(());
        }
        // A dictionary of numbers is rare here and cheap to decode.
        let plain = cast(input, &T::DATA_TYPE.clone())
            .ok()
            .filter(|_| input.as_any_dictionary_opt().is_some())
            .unwrap_or_else(|| input.clone());
        let array = plain.as_primitive_opt::<T>().ok_or_else(|| Error::Type {
            op: if self.is_last { "last" } else { "first" }.into(),
            expected: self.dtype.to_string(),
            got: input.data_type().to_string(),
        })?;
        match array.nulls().filter(|nulls| nulls.null_count() > 0) {
            Some(nulls) => self.take(batch.rows, array.values(), |row| nulls.is_valid(row), batch.groups),
            None => self.take(batch.rows, array.values(), |_| true, batch.groups),
        }
        Ok(())
    }

    fn state_types(&self) -> Vec<DType> {
        vec![carrier(&self.dtype)]
    }

    fn state(mut self: Box<Self>, groups: usize) -> Result<Vec<ArrayRef>> {
        self.values.resize(groups, T::Native::default());
        self.valid.resize(groups, false);
        Ok(vec![primitive::<T>(self.values.into(), Some(self.valid.into()), &carrier(&self.dtype))?])
    }

    fn absorb(&mut self, states: &States<'_>) -> Result<()> {
        let values = states.column::<T>(0)?;
        self.take(states.rows, values.values(), |row| values.is_valid(row), states.groups);
        Ok(())
    }

    fn bytes(&self) -> u64 {
        (self.values.capacity() * size_of::<T::Native>() + self.valid.capacity()) as u64
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        let values = order.iter().map(|group| entry(&self.values, *group)).collect();
        let nulls = order.iter().map(|group| entry(&self.valid, *group)).collect();
        primitive::<T>(values, Some(nulls), &self.dtype)
    }
}
