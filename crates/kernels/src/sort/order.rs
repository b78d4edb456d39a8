//! `sort_order`: the order of rows.

use arrow::array::ArrayRef;
use arrow::compute::SortOptions;
use blockfold_core::Result;

use super::key::Key;
use super::radix::{Keyed, sort_words};
use super::walk::walk;

/// How one key column is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SortOrder {
    /// Greatest first; NaN counts as greatest.
    pub descending: bool,
    /// Nulls after all values, whatever the direction; else before all.
    pub nulls_last: bool,
}

impl From<SortOrder> for SortOptions {
    fn from(order: SortOrder) -> Self {
        SortOptions { descending: order.descending, nulls_first: !order.nulls_last }
    }
}

/// Bytes that [`sort_order`] holds for each row at most, its result included; nested types, dictionaries and booleans
/// add their encoded values.
pub const SORT_BYTES_PER_ROW: u64 = 2 * size_of::<Keyed>() as u64 + size_of::<u32>() as u64;

/// The numbers of the rows, sorted by the key columns; rows of equal keys keep their order.
///
/// Rows that are sorted already cost one pass over each word of the key.
///
/// # Nulls
///
/// First or last, as each column's [`SortOrder::nulls_last`] says.
///
/// # Memory
///
/// [`SORT_BYTES_PER_ROW`].
///
/// # Errors
///
/// `Error::Type` with the column's position for a type that has no order; `Error::Internal` when columns and orders, or
/// the columns' lengths, do not fit each other.
///
/// The method is a most significant digit first radix sort over words, as in McIlroy, Bostic and McIlroy,
/// "Engineering Radix Sort", Computing Systems 6(1), 1993.
pub fn sort_order(keys: &[ArrayRef], orders: &[SortOrder]) -> Result<Vec<u32>> {
    // By reference: collecting in place would keep four times the bytes.
    Ok(ordered(keys, orders, |_, _| ())?.iter().map(|(_, row)| *row).collect())
}

/// The rows in order, in the second place, and a call for each run of two or more rows of equal keys.
pub(super) fn ordered(
    keys: &[ArrayRef],
    orders: &[SortOrder],
    on_equal: impl FnMut(usize, usize),
) -> Result<Vec<Keyed>> {
    let key = Key::new(keys, orders)?;
    let mut items = key.items();
    let mut scratch = Vec::new();
    let sort = |items: &mut [Keyed]| {
        sort_words(items, &mut scratch);
        true
    };
    walk(&key, &mut items, sort, on_equal);
    Ok(items)
}
