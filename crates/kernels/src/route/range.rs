//! Parts from bounds.

use arrow::array::ArrayRef;
use blockfold_core::Result;

use crate::sort::SortBounds;

/// Writes the part of each row: the number of bounds that come before its key or equal it.
///
/// Rows of equal keys are in the same part, and parts ascend like keys. Most rows are settled by a binary search over
/// words of the first key; the whole key of a row is compared when its first one meets a bound's.
///
/// # Nulls
///
/// Sorted as the bounds' orders say.
///
/// # Errors
///
/// `Error::Internal` when columns do not fit the bounds in number or length; those of Arrow's casts when types differ.
pub fn range_parts(keys: &[ArrayRef], bounds: &SortBounds, part_of_row: &mut Vec<u32>) -> Result<()> {
    bounds.parts_of(keys, part_of_row)
}
