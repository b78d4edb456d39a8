//! Where runs of equal keys begin.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::concat;
use arrow::compute::kernels::cmp::distinct;
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};
use blockfold_core::Result;

use crate::sort::{last_row, plain};

/// Finds the rows whose keys are not those of the row before, over any number of batches. Keys are equal as sorting
/// has it: nulls equal each other, as do all NaN, and -0.0 equals 0.0.
#[derive(Debug, Default)]
pub struct Runs {
    /// Keys of the last row seen.
    last: Option<Vec<ArrayRef>>,
}

impl Runs {
    /// Whether each row of the next batch begins a run; without keys all rows are one run.
    ///
    /// # Errors
    /// Keys of a type without equality.
    pub fn starts(&mut self, keys: &[ArrayRef], rows: usize) -> Result<Vec<bool>> {
        let mut starts = vec![false; rows];
        let Some(first) = starts.first_mut() else { return Ok(starts) };
        *first = self.last.is_none();
        let keys: Vec<ArrayRef> = keys.iter().map(comparable).collect::<Result<_>>()?;
        for (at, key) in keys.iter().enumerate() {
            let last = self.last.as_ref().and_then(|last| last.get(at));
            mark_changes(last, key, &mut starts)?;
        }
        self.last = Some(last_row(&keys)?.unwrap_or_default());
        Ok(starts)
    }
}

/// Marks rows whose key differs from that of the row before.
fn mark_changes(last: Option<&ArrayRef>, key: &ArrayRef, starts: &mut [bool]) -> Result<()> {
    if *key.data_type() == DataType::Null {
        return Ok(());
    }
    let all = match last {
        Some(last) => concat(&[last.as_ref(), key.as_ref()])?,
        None => Arc::clone(key),
    };
    let pairs = all.len() - 1;
    let differs = distinct(&all.slice(1, pairs), &all.slice(0, pairs))?;
    let skipped = starts.len() - pairs;
    for (start, differs) in starts.iter_mut().skip(skipped).zip(differs.values().iter()) {
        *start |= differs;
    }
    Ok(())
}

/// The key in a form that tells equal values by comparing them plainly.
fn comparable(key: &ArrayRef) -> Result<ArrayRef> {
    let key = plain::canonical(key)?;
    if !key.data_type().is_nested() {
        return Ok(key);
    }
    let unfit = |_| plain::type_error("comparing rows", key.data_type());
    let converter = RowConverter::new(vec![SortField::new(key.data_type().clone())]).map_err(unfit)?;
    let rows = converter.convert_columns(std::slice::from_ref(&key)).map_err(unfit)?;
    Ok(Arc::new(rows.try_into_binary()?))
}
