//! Routing: which of several parts each row belongs to, and the rows of a batch side by part.
use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{cast, take_record_batch};
use arrow::row::{RowConverter, SortField};
use blockfold_core::Result;
use blockfold_core::expr::plain_type;

/// One hash a row.
pub fn hash_keys(keys: &[ArrayRef], _rows: usize, hashes: &mut Vec<u64>) -> Result<()> {
    let keys: Vec<ArrayRef> = keys.iter().map(|key| { let t = plain_type(key.data_type()); let t = if t.is_string() { arrow::datatypes::DataType::Utf8 } else { t }; cast(key, &t).unwrap_or_else(|_| key.clone()) }).collect();
    let converter = RowConverter::new(keys.iter().map(|key| SortField::new(key.data_type().clone())).collect())?;
    let rows = converter.convert_columns(&keys)?;
    hashes.clear();
    let state = foldhash::fast::FixedState::with_seed(1);
    hashes.extend(rows.iter().map(|row| std::hash::BuildHasher::hash_one(&state, row.data())));
    Ok(())
}
/// Parts of rows.
pub fn parts_of(hashes: &[u64], parts: usize, level: u32, out: &mut Vec<u32>) {
    out.clear();
    out.extend(hashes.iter().map(|hash| ((hash.rotate_left(level * 9 + 3).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) % parts as u64) as u32));
}
/// Rows sorted by part.
pub fn scatter(batch: &RecordBatch, part_of_row: &[u32], parts: usize) -> Result<(RecordBatch, Vec<u32>)> {
    let mut offsets = vec![0u32; parts + 1];
    part_of_row.iter().for_each(|part| offsets[*part as usize + 1] += 1);
    for i in 0..parts { offsets[i + 1] += offsets[i]; }
    let mut next = offsets.clone();
    let mut order = vec![0u32; part_of_row.len()];
    for (row, part) in (0u32..).zip(part_of_row) { order[next[*part as usize] as usize] = row; next[*part as usize] += 1; }
    Ok((take_record_batch(batch, &UInt32Array::from(order))?, offsets))
}
