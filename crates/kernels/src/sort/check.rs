//! Checking input that is said to be sorted.

use arrow::array::{Array, ArrayRef, UInt64Array};
use arrow::compute::{concat, take};
use blockfold_core::Result;

use super::key::Key;
use super::order::SortOrder;
use super::plain;
use super::walk::walk;

/// Whether a batch's keys are sorted, and none comes before the last key of the batches before it.
///
/// `previous_last` has one row, as [`last_row`] gives it.
///
/// # Errors
///
/// As [`super::sort_order`].
pub fn is_sorted(keys: &[ArrayRef], orders: &[SortOrder], previous_last: Option<&[ArrayRef]>) -> Result<bool> {
    if keys.first().is_none_or(|key| key.is_empty()) {
        return Ok(true);
    }
    if let Some(previous) = previous_last {
        let pairs: Result<Vec<ArrayRef>> = previous.iter().zip(keys).map(|(last, key)| pair(last, key)).collect();
        if !is_sorted(&pairs?, orders, None)? {
            return Ok(false);
        }
    }
    let key = Key::new(keys, orders)?;
    let mut items = key.items();
    Ok(walk(&key, &mut items, |items| items.is_sorted_by(|a, b| a.0 <= b.0), |_, _| ()))
}

/// The last row of the keys, in arrays of their own; `None` when there is no row.
pub fn last_row(keys: &[ArrayRef]) -> Result<Option<Vec<ArrayRef>>> {
    let Some(last) = keys.first().and_then(|key| key.len().checked_sub(1)) else { return Ok(None) };
    let row = UInt64Array::from(vec![last as u64]);
    let one = |key: &ArrayRef| crate::route::compacted(&take(key, &row, None)?);
    keys.iter().map(one).collect::<Result<_>>().map(Some)
}

/// The last key of one batch before the first of the next.
fn pair(last: &ArrayRef, keys: &ArrayRef) -> Result<ArrayRef> {
    let (last, first) = (plain::hydrated(last)?, plain::hydrated(&keys.slice(0, 1))?);
    Ok(concat(&[last.as_ref(), first.as_ref()])?)
}
