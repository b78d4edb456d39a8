//! Byte arrays: strings and binary, each with its length before it.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, StringArray};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::DataType;
use bytes::Bytes;
use parquet::errors::ParquetError;

use super::Result;

/// The next `count` values of a plain page, and how many bytes they took.
pub(super) fn plain(
    bytes: &Bytes,
    count: usize,
    dtype: &DataType,
    nulls: Option<NullBuffer>,
) -> Result<(ArrayRef, usize)> {
    let rows = nulls.as_ref().map_or(count, NullBuffer::len);
    if count > bytes.len() / 4 {
        return Err(cut_off());
    }
    let mut offsets: Vec<i32> = Vec::with_capacity(rows + 1);
    offsets.push(0);
    let mut values: Vec<u8> = Vec::with_capacity(bytes.len().min(count.saturating_mul(64)));
    let mut rest: &[u8] = bytes;
    let mut next = |values: &mut Vec<u8>| -> Result<()> {
        let (length, after) = rest.split_first_chunk::<4>().ok_or_else(cut_off)?;
        let length = u32::from_le_bytes(*length) as usize;
        let (value, after) = after.split_at_checked(length).ok_or_else(cut_off)?;
        values.extend_from_slice(value);
        rest = after;
        Ok(())
    };
    for row in 0..rows {
        if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
            next(&mut values)?;
        }
        offsets.push(i32::try_from(values.len()).map_err(|_| too_long())?);
    }
    let taken = bytes.len() - rest.len();
    // Offsets rise by construction.
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    Ok((array(dtype, offsets, Buffer::from_vec(values), nulls)?, taken))
}

/// Bytes that the next `count` values of a plain page take.
pub(super) fn length(bytes: &[u8], count: usize) -> Result<usize> {
    let mut rest = bytes;
    for _ in 0..count {
        let (length, after) = rest.split_first_chunk::<4>().ok_or_else(cut_off)?;
        rest = after.get(u32::from_le_bytes(*length) as usize..).ok_or_else(cut_off)?;
    }
    Ok(bytes.len() - rest.len())
}

fn array(dtype: &DataType, offsets: OffsetBuffer<i32>, values: Buffer, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    Ok(match dtype {
        DataType::Utf8 => Arc::new(StringArray::try_new(offsets, values, nulls)?),
        _ => Arc::new(BinaryArray::try_new(offsets, values, nulls)?),
    })
}

fn cut_off() -> ParquetError {
    ParquetError::EOF("a page ends before its values".into())
}

fn too_long() -> ParquetError {
    ParquetError::General("index overflow decoding byte array".into())
}
