//! The rows of a batch, side by part.

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::take;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use blockfold_core::{Error, Result};

use super::compact::compacted;

/// The batch's rows sorted by part, and where each part starts: `parts + 1` offsets, the last one the number of rows.
///
/// Rows of a part keep their order. Columns keep their types. The result shares no buffer with the batch but values
/// of dictionaries, and only such as are no more than the rows.
///
/// # Memory
///
/// The result's bytes, and 4 bytes a row while it is made.
///
/// # Errors
///
/// [`Error::Internal`] when a row has no part or a part that is not below `parts`.
pub fn scatter(batch: &RecordBatch, part_of_row: &[u32], parts: usize) -> Result<(RecordBatch, Vec<u32>)> {
    if part_of_row.len() != batch.num_rows() {
        return Err(Error::internal("rows without a part"));
    }
    u32::try_from(part_of_row.len()).map_err(|_| Error::internal("a batch of more than 2^32 rows"))?;
    let offsets = starts(part_of_row, parts)?;
    let rows = rows_by_part(part_of_row, &offsets);
    let gather = |column: &ArrayRef| compacted(&take(column, &rows, None)?);
    let columns: Result<Vec<ArrayRef>> = batch.columns().iter().map(gather).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok((RecordBatch::try_new_with_options(batch.schema(), columns?, &options)?, offsets))
}

/// The stable order of rows by part.
fn rows_by_part(part_of_row: &[u32], offsets: &[u32]) -> UInt32Array {
    let mut next = offsets.to_vec();
    let mut rows = vec![0; part_of_row.len()];
    for (row, part) in (0u32..).zip(part_of_row) {
        let Some(next) = next.get_mut(*part as usize) else { continue };
        if let Some(place) = rows.get_mut(*next as usize) {
            *place = row;
        }
        *next += 1;
    }
    UInt32Array::from(rows)
}

/// Where each part starts, and where the last one ends.
fn starts(part_of_row: &[u32], parts: usize) -> Result<Vec<u32>> {
    let mut starts = vec![0u32; parts + 1];
    for part in part_of_row {
        let count = starts.get_mut(*part as usize + 1);
        *count.ok_or_else(|| Error::internal(format!("a row of part {part} of {parts}")))? += 1;
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    Ok(starts)
}
