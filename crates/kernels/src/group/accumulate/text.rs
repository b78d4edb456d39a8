//! `min`, `max`, `first` and `last` of strings, and of nothing but nulls.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, LargeBinaryArray, NullArray, StringArrayType};
use blockfold_core::{DType, Error, Result};

use super::{Accumulator, Batch, States, other_spec, required};
use crate::group::intern::{bytes_array, with_keys};

/// One string for each group, or none.
#[derive(Debug, Default)]
struct Strings {
    values: Vec<Option<Box<[u8]>>>,
    text_bytes: usize,
}

impl Strings {
    fn get(&self, group: u32) -> Option<&[u8]> {
        self.values.get(group as usize).and_then(Option::as_deref)
    }

    fn set(&mut self, group: u32, value: Option<&[u8]>) {
        if let Some(slot) = self.values.get_mut(group as usize) {
            self.text_bytes += value.map_or(0, <[u8]>::len);
            self.text_bytes -= slot.as_ref().map_or(0, |old| old.len());
            *slot = value.map(Box::from);
        }
    }

    fn resize(&mut self, groups: usize) {
        self.values.resize(groups, None);
    }

    fn bytes(&self) -> u64 {
        (self.values.capacity() * size_of::<Option<Box<[u8]>>>() + self.text_bytes) as u64
    }

    fn state(mut self, name: &str, groups: usize) -> Result<ArrayRef> {
        self.resize(groups);
        bytes_array(name, &DType::LargeBinary, self.values.iter().map(Option::as_deref))
    }

    fn finish(&self, name: &str, dtype: &DType, order: &[u32]) -> Result<ArrayRef> {
        bytes_array(name, dtype, order.iter().map(|group| self.get(*group)))
    }
}

impl States<'_> {
    fn texts(&self, at: usize) -> Result<&LargeBinaryArray> {
        self.array(at)?.as_binary_opt().ok_or_else(other_spec)
    }
}

/// Calls `visit` with each row's string, which `None` is when it is null.
fn for_each_text(array: &ArrayRef, mut visit: impl FnMut(usize, Option<&[u8]>)) -> Result<()> {
    if let Some(dictionary) = array.as_any_dictionary_opt() {
        let mut values = Vec::with_capacity(dictionary.values().len());
        for_each_plain(dictionary.values(), &mut |_, value| values.push(value.map(Box::<[u8]>::from)))?;
        with_keys!(dictionary.keys(), keys => for (row, key) in keys.iter().enumerate() {
            visit(row, key.and_then(|key| values.get(key.as_usize())?.as_deref()));
        });
        return Ok(());
    }
    for_each_plain(array, &mut visit)
}

fn for_each_plain(array: &ArrayRef, visit: &mut impl FnMut(usize, Option<&[u8]>)) -> Result<()> {
    match array.data_type() {
        DType::Utf8 => visit_all(array.as_string::<i32>(), visit),
        DType::LargeUtf8 => visit_all(array.as_string::<i64>(), visit),
        DType::Utf8View => visit_all(array.as_string_view(), visit),
        other => {
            return Err(Error::Type { op: "an aggregate".into(), expected: "strings".into(), got: other.to_string() });
        }
    }
    Ok(())
}

fn visit_all<'a>(array: impl StringArrayType<'a>, visit: &mut impl FnMut(usize, Option<&[u8]>)) {
    array.iter().enumerate().for_each(|(row, value)| visit(row, value.map(str::as_bytes)));
}

/// Least or greatest string of each group.
#[derive(Debug)]
pub(super) struct TextExtreme {
    name: String,
    dtype: DType,
    is_max: bool,
    best: Strings,
}

impl TextExtreme {
    pub(super) fn new(name: &str, dtype: DType, is_max: bool) -> Self {
        TextExtreme { name: name.into(), dtype, is_max, best: Strings::default() }
    }

    fn add(&mut self, group: u32, value: &[u8]) {
        let is_better = self.best.get(group).is_none_or(|best| if self.is_max { value > best } else { value < best });
        if is_better {
            self.best.set(group, Some(value));
        }
    }
}

impl Accumulator for TextExtreme {
    fn update(&mut self, batch: &Batch<'_>, inputs: &[ArrayRef]) -> Result<()> {
        self.best.resize(batch.groups);
        for_each_text(required(inputs)?, |row, value| {
            if let (Some(group), Some(value)) = (batch.rows.get(row), value) {
                self.add(*group, value);
            }
        })
    }

    fn state_types(&self) -> Vec<DType> {
        vec![DType::LargeBinary]
    }

    fn state(self: Box<Self>, groups: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.best.state(&self.name, groups)?])
    }

    fn absorb(&mut self, states: &States<'_>) -> Result<()> {
        self.best.resize(states.groups);
        for (value, group) in states.texts(0)?.iter().zip(states.rows) {
            if let Some(value) = value {
                self.add(*group, value);
            }
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.best.bytes()
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        self.best.finish(&self.name, &self.dtype, order)
    }
}

/// First or last row's string of each group. New groups are numbered in the order of their first rows.
#[derive(Debug)]
pub(super) struct TextEdge {
    name: String,
    dtype: DType,
    is_last: bool,
    values: Strings,
}

impl TextEdge {
    pub(super) fn new(name: &str, dtype: DType, is_last: bool) -> Self {
        TextEdge { name: name.into(), dtype, is_last, values: Strings::default() }
    }
}

impl Accumulator for TextEdge {
    fn update(&mut self, batch: &Batch<'_>, inputs: &[ArrayRef]) -> Result<()> {
        let known = self.values.values.len();
        if !self.is_last && batch.groups == known {
            return Ok(());
        }
        self.values.resize(batch.groups);
        // The row whose value each group takes; only these are copied.
        let mut rows: Vec<Option<u32>> = vec![None; batch.groups];
        for (row, group) in (0u32..).zip(batch.rows) {
            if let Some(chosen) = rows.get_mut(*group as usize)
                && (self.is_last || (chosen.is_none() && *group as usize >= known))
            {
                *chosen = Some(row);
            }
        }
        for_each_text(required(inputs)?, |row, value| {
            if let Some(group) = batch.rows.get(row)
                && rows.get(*group as usize).copied().flatten().is_some_and(|chosen| chosen as usize == row)
            {
                self.values.set(*group, value);
            }
        })
    }

    fn state_types(&self) -> Vec<DType> {
        vec![DType::LargeBinary]
    }

    fn state(self: Box<Self>, groups: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.values.state(&self.name, groups)?])
    }

    fn absorb(&mut self, states: &States<'_>) -> Result<()> {
        let mut next = self.values.values.len();
        self.values.resize(states.groups);
        for (value, group) in states.texts(0)?.iter().zip(states.rows) {
            let is_new = *group as usize == next;
            next += usize::from(is_new);
            if self.is_last || is_new {
                self.values.set(*group, value);
            }
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.values.bytes()
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        self.values.finish(&self.name, &self.dtype, order)
    }
}

/// Any one value of a column that has nothing but nulls.
#[derive(Debug)]
pub(super) struct Nothing;

impl Accumulator for Nothing {
    fn update(&mut self, _: &Batch<'_>, _: &[ArrayRef]) -> Result<()> {
        Ok(())
    }

    fn state_types(&self) -> Vec<DType> {
        Vec::new()
    }

    fn state(self: Box<Self>, _: usize) -> Result<Vec<ArrayRef>> {
        Ok(Vec::new())
    }

    fn absorb(&mut self, _: &States<'_>) -> Result<()> {
        Ok(())
    }

    fn bytes(&self) -> u64 {
        0
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        Ok(Arc::new(NullArray::new(order.len())))
    }
}
