//! Bounds that cut an order of keys into parts.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, Rows, SortField};
use blockfold_core::{Error, Result};

use super::first::FirstWords;
use super::order::{SortOrder, ordered};
use super::{plain, split};
use crate::route::compacted;

/// Ascending keys between parts: part 0 has the keys before the first bound, a bound begins the next part.
///
/// Keys that are equal, a bound's included, belong to the same part.
#[derive(Debug)]
pub struct SortBounds {
    /// The bounds' key columns, without dictionaries and with one NaN and one zero.
    keys: Vec<ArrayRef>,
    orders: Vec<SortOrder>,
    converter: RowConverter,
    rows: Rows,
    first: FirstWords,
}

impl SortBounds {
    /// Bounds of up to `parts` parts of even weight, of a sample of keys in any order.
    ///
    /// A key that outweighs an even share begins a part, and the next key of the sample another: the rest is shared out
    /// evenly whatever that key weighs. A sample of few distinct keys makes fewer parts, an empty one a single part.
    ///
    /// # Errors
    ///
    /// As [`super::sort_order`].
    pub fn from_sample(sample: &[ArrayRef], orders: &[SortOrder], parts: usize) -> Result<Self> {
        let mut ties = Vec::new();
        let sorted = ordered(sample, orders, |start, end| ties.push((start, end)))?;
        let starts = distinct(sorted.len(), &ties);
        let ends = starts.iter().skip(1).copied().chain([sorted.len()]);
        let weights: Vec<u64> = starts.iter().zip(ends).map(|(start, end)| (end - start) as u64).collect();
        let places = split::cuts(&weights, parts).into_iter().filter_map(|cut| starts.get(cut));
        let rows: UInt32Array = places.filter_map(|place| sorted.get(*place)).map(|(_, row)| *row).collect();
        let keys: Result<Vec<ArrayRef>> = sample.iter().map(|key| compacted(&take(key, &rows, None)?)).collect();
        Self::new(&keys?, orders)
    }

    /// Bounds that [`SortBounds::to_batch`] made, of keys of the same orders.
    ///
    /// # Errors
    ///
    /// `Error::Internal` when the rows are not ascending.
    pub fn from_batch(batch: &RecordBatch, orders: &[SortOrder]) -> Result<Self> {
        let bounds = Self::new(batch.columns(), orders)?;
        if !(1..bounds.len()).all(|bound| bounds.rows.row(bound - 1) < bounds.rows.row(bound)) {
            return Err(Error::internal("bounds that do not ascend"));
        }
        Ok(bounds)
    }

    /// The bounds as rows: one column for each key, named by its position.
    pub fn to_batch(&self) -> Result<RecordBatch> {
        let field = |(at, key): (usize, &ArrayRef)| Field::new(format!("key{at}"), key.data_type().clone(), true);
        let fields: Vec<Field> = self.keys.iter().enumerate().map(field).collect();
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), self.keys.clone())?)
    }

    /// Bounds of keys in order.
    pub(super) fn new(keys: &[ArrayRef], orders: &[SortOrder]) -> Result<Self> {
        if keys.is_empty() || keys.len() != orders.len() {
            return Err(Error::internal("bounds whose keys do not fit their orders"));
        }
        let keys: Vec<ArrayRef> = keys.iter().map(plain::canonical).collect::<Result<_>>()?;
        let fields = keys
            .iter()
            .zip(orders)
            .map(|(key, order)| SortField::new_with_options(key.data_type().clone(), (*order).into()));
        let converter = RowConverter::new(fields.collect()).map_err(|_| unfit(&keys))?;
        let rows = converter.convert_columns(&keys)?;
        let first = FirstWords::new(&keys, orders);
        Ok(SortBounds { keys, orders: orders.to_vec(), converter, rows, first })
    }

    /// The number of bounds, one less than that of parts.
    pub fn len(&self) -> usize {
        self.rows.num_rows()
    }

    /// Whether there is no bound, but one part.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of parts.
    pub fn parts(&self) -> usize {
        self.len() + 1
    }

    /// The order of each key column.
    pub fn orders(&self) -> &[SortOrder] {
        &self.orders
    }

    /// Writes the part of each row.
    pub(crate) fn parts_of(&self, keys: &[ArrayRef], part_of_row: &mut Vec<u32>) -> Result<()> {
        let rows = keys.first().map_or(0, |key| key.len());
        if keys.len() != self.keys.len() || keys.iter().any(|key| key.len() != rows) {
            return Err(Error::internal("key columns that do not fit the bounds"));
        }
        part_of_row.clear();
        if self.is_empty() {
            part_of_row.resize(rows, 0);
            return Ok(());
        }
        let undecided = self.first.parts_of(&self.alike(keys.get(..1).unwrap_or_default())?, part_of_row)?;
        if undecided.is_empty() {
            return Ok(());
        }
        self.compare(keys, undecided, part_of_row)
    }

    /// Decides rows by their whole keys.
    fn compare(&self, keys: &[ArrayRef], undecided: Vec<u32>, part_of_row: &mut [u32]) -> Result<()> {
        let undecided = UInt32Array::from(undecided);
        let keys: Result<Vec<ArrayRef>> = keys.iter().map(|key| Ok(take(key, &undecided, None)?)).collect();
        let rows = self.converter.convert_columns(&self.alike(&keys?)?)?;
        for (at, row) in undecided.values().iter().zip(rows.iter()) {
            let part = self.bounds_up_to(|bound| self.rows.row(bound) <= row);
            if let Some(entry) = part_of_row.get_mut(*at as usize) {
                *entry = part;
            }
        }
        Ok(())
    }

    /// The number of bounds that come before a key or equal it.
    fn bounds_up_to(&self, is_up_to: impl Fn(usize) -> bool) -> u32 {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if is_up_to(middle) { low = middle + 1 } else { high = middle }
        }
        u32::try_from(low).unwrap_or(u32::MAX)
    }

    /// Key columns of the bounds' types.
    fn alike(&self, keys: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        let alike = |(key, bounds): (&ArrayRef, &ArrayRef)| {
            let key = plain::canonical(key)?;
            let is_alike = key.data_type() == bounds.data_type();
            Ok(if is_alike { key } else { cast(&key, bounds.data_type())? })
        };
        keys.iter().zip(&self.keys).map(alike).collect()
    }
}

/// The first place of each distinct key among `len` sorted ones, by the runs of equal ones.
fn distinct(len: usize, ties: &[(usize, usize)]) -> Vec<usize> {
    let mut is_first = vec![true; len];
    let later = ties.iter().map(|(start, end)| (start + 1, *end));
    later.for_each(|(start, end)| is_first.get_mut(start..end).unwrap_or_default().fill(false));
    is_first.iter().enumerate().filter(|(_, first)| **first).map(|(place, _)| place).collect()
}

fn unfit(keys: &[ArrayRef]) -> Error {
    let refuses = |dtype: &DataType| !RowConverter::supports_fields(&[SortField::new(dtype.clone())]);
    let at = keys.iter().position(|key| refuses(key.data_type())).unwrap_or(0);
    let dtype = keys.get(at).map_or(&DataType::Null, |key| key.data_type());
    plain::type_error(format!("sort (key column {at})"), dtype)
}
