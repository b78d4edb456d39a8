//! A key of several columns as a sequence of words.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{BinaryType, DataType, LargeBinaryType, LargeUtf8Type, UInt32Type, Utf8Type};
use arrow::row::{RowConverter, SortField};
use blockfold_core::{Error, Result};

use super::order::{SortOrder, ordered};
use super::packed::{Packed, is_packed};
use super::plain;
use super::radix::Keyed;
use super::text::{Text, TextOf};

/// A part of a key whose words are compared one after the other.
pub(super) trait Part {
    /// Writes each item's next word, for items that are equal before `offset`; where these words start.
    fn words(&self, offset: usize, items: &mut [Keyed]) -> usize;

    /// Where the next word of items starts whose words, which start at `offset`, are `word`; `None` when they are equal.
    fn after(&self, offset: usize, word: u64) -> Option<usize>;
}

/// A word's place in a key.
#[derive(Clone, Copy)]
pub(super) struct Step {
    part: usize,
    offset: usize,
}

/// Key columns, ready to be asked for the words of any rows.
pub(super) struct Key {
    parts: Vec<Box<dyn Part>>,
    rows: u32,
}

impl Key {
    pub(super) fn new(keys: &[ArrayRef], orders: &[SortOrder]) -> Result<Self> {
        let rows = keys.first().map_or(0, |key| key.len());
        if keys.len() != orders.len() || keys.iter().any(|key| key.len() != rows) {
            return Err(Error::internal("key columns that do not fit their orders"));
        }
        let rows = u32::try_from(rows).map_err(|_| Error::internal("more than 2^32 rows to sort"))?;
        let mut parts: Vec<Box<dyn Part>> = Vec::new();
        let mut packed = Packed::default();
        for (at, (key, order)) in keys.iter().zip(orders).enumerate() {
            let key = decoded(key)?;
            if is_packed(key.data_type()) {
                packed.push(&key, *order, &mut parts);
            } else {
                std::mem::take(&mut packed).close(&mut parts);
                parts.push(text(&key, *order, at)?);
            }
        }
        packed.close(&mut parts);
        Ok(Key { parts, rows })
    }

    /// All rows, without words.
    pub(super) fn items(&self) -> Vec<Keyed> {
        (0..self.rows).map(|row| (0, row)).collect()
    }

    pub(super) fn first(&self) -> Option<Step> {
        self.step(0, 0)
    }

    fn step(&self, part: usize, offset: usize) -> Option<Step> {
        (part < self.parts.len()).then_some(Step { part, offset })
    }

    /// Writes the items' words of a step; the step as it was taken.
    pub(super) fn words(&self, step: Step, items: &mut [Keyed]) -> Step {
        let part = self.parts.get(step.part);
        Step { offset: part.map_or(0, |part| part.words(step.offset, items)), ..step }
    }

    /// The step after one in which items had the same word; `None` when their keys are equal.
    pub(super) fn after(&self, step: Step, word: u64) -> Option<Step> {
        match self.parts.get(step.part)?.after(step.offset, word) {
            Some(offset) => self.step(step.part, offset),
            None => self.step(step.part + 1, 0),
        }
    }
}

/// A dictionary array as the ranks of its values, or without its dictionary when that has more values than rows.
fn decoded(array: &ArrayRef) -> Result<ArrayRef> {
    match array.as_any_dictionary_opt() {
        None => plain::simple(array),
        Some(coded) if coded.values().len() > coded.len() => decoded(&take(coded.values(), coded.keys(), None)?),
        Some(coded) => Ok(take(&ranks(coded.values())?, coded.keys(), None)?),
    }
}

/// The rank of each value, the same for equal ones.
fn ranks(values: &ArrayRef) -> Result<ArrayRef> {
    let mut ties = Vec::new();
    let sorted = ordered(&[Arc::clone(values)], &[SortOrder::default()], |start, end| ties.push((start, end)))?;
    let mut ranks = vec![0u32; sorted.len()];
    let mut ties = ties.into_iter().peekable();
    let mut tie = (0, 0);
    for (place, (_, row)) in sorted.iter().enumerate() {
        if let Some(next) = ties.next_if(|next| next.0 == place) {
            tie = next;
        }
        let rank = if place < tie.1 { tie.0 } else { place };
        if let Some(entry) = ranks.get_mut(*row as usize) {
            *entry = u32::try_from(rank).unwrap_or(u32::MAX);
        }
    }
    let ranks: PrimitiveArray<UInt32Type> = UInt32Array::new(ranks.into(), values.logical_nulls());
    Ok(Arc::new(ranks))
}

fn text(array: &ArrayRef, order: SortOrder, at: usize) -> Result<Box<dyn Part>> {
    Ok(match array.data_type() {
        DataType::Utf8 => part(array.as_bytes::<Utf8Type>().clone(), order),
        DataType::LargeUtf8 => part(array.as_bytes::<LargeUtf8Type>().clone(), order),
        DataType::Binary => part(array.as_bytes::<BinaryType>().clone(), order),
        DataType::LargeBinary => part(array.as_bytes::<LargeBinaryType>().clone(), order),
        DataType::Utf8View => part(array.as_string_view().clone(), order),
        DataType::BinaryView => part(array.as_binary_view().clone(), order),
        DataType::FixedSizeBinary(_) => part(array.as_fixed_size_binary().clone(), order),
        _ => rows(array, order, at)?,
    })
}

fn part(texts: impl TextOf + 'static, order: SortOrder) -> Box<dyn Part> {
    Box::new(Text::new(texts, order))
}

/// Nested and rare types as bytes that sort like them, nulls and direction included.
fn rows(array: &ArrayRef, order: SortOrder, at: usize) -> Result<Box<dyn Part>> {
    let unfit = |_| plain::type_error(format!("sort (key column {at})"), array.data_type());
    let field = SortField::new_with_options(array.data_type().clone(), order.into());
    let converter = RowConverter::new(vec![field]).map_err(unfit)?;
    let rows = converter.convert_columns(std::slice::from_ref(array)).map_err(unfit)?;
    Ok(part(rows, SortOrder::default()))
}
