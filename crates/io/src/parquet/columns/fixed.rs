//! Values of four or eight bytes: plain ones are slices of their page, coded ones are gathered.

use arrow::array::{ArrayData, ArrayRef, make_array};
use arrow::buffer::{Buffer, NullBuffer};
use arrow::datatypes::{ArrowNativeType, DataType};
use bytes::Bytes;
use parquet::errors::ParquetError;

use super::Result;
use super::hybrid::{Hybrid, Stretch};

/// An array of `rows` values over `values`, shared when aligned.
pub(super) fn array(dtype: &DataType, values: Buffer, rows: usize, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let data = ArrayData::builder(dtype.clone()).len(rows).add_buffer(values).nulls(nulls).align_buffers(true);
    Ok(make_array(data.build()?))
}

/// Plain values of type `N`, moved to their rows where there are nulls.
pub(super) fn plain<N: ArrowNativeType>(bytes: Bytes, nulls: Option<&NullBuffer>) -> Buffer {
    match nulls {
        None => Buffer::from(bytes),
        Some(nulls) => {
            // A copy of what is not null, aligned.
            let mut dense = vec![N::default(); bytes.len() / size_of::<N>()];
            let mut aligned = Buffer::from(bytes);
            if aligned.as_ptr().align_offset(align_of::<N>()) != 0 {
                aligned = Buffer::from_slice_ref(aligned.as_slice());
            }
            dense.copy_from_slice(aligned.typed_data::<N>());
            spread(&dense, nulls)
        }
    }
}

/// The values behind the next `count` codes.
pub(super) fn gather<N: ArrowNativeType>(
    codes: &mut Hybrid,
    count: usize,
    dictionary: &[N],
    nulls: Option<&NullBuffer>,
) -> Result<Buffer> {
    let mut values: Vec<N> = Vec::with_capacity(count);
    let mut greatest = 0;
    codes.decode(count, |stretch| match stretch {
        Stretch::Same(code, count) => {
            greatest = greatest.max(code);
            let value = dictionary.get(code as usize).copied().unwrap_or_default();
            values.extend(std::iter::repeat_n(value, count));
        }
        Stretch::Numbers(codes) => {
            greatest = codes.iter().fold(greatest, |greatest, code| greatest.max(*code));
            values.extend(codes.iter().map(|code| dictionary.get(*code as usize).copied().unwrap_or_default()));
        }
    })?;
    check(greatest, dictionary.len(), count)?;
    Ok(match nulls {
        None => Buffer::from_vec(values),
        Some(nulls) => spread(&values, nulls),
    })
}

/// The next `count` codes of a dictionary of `values` values, moved to their rows where there are nulls.
pub(super) fn codes(codes: &mut Hybrid, count: usize, values: usize, nulls: Option<&NullBuffer>) -> Result<Buffer> {
    let mut dense: Vec<i32> = Vec::with_capacity(count);
    let mut greatest = 0;
    codes.decode(count, |stretch| match stretch {
        Stretch::Same(code, count) => {
            greatest = greatest.max(code);
            dense.extend(std::iter::repeat_n(code.cast_signed(), count));
        }
        Stretch::Numbers(codes) => {
            greatest = codes.iter().fold(greatest, |greatest, code| greatest.max(*code));
            dense.extend(codes.iter().map(|code| code.cast_signed()));
        }
    })?;
    check(greatest, values, count)?;
    Ok(match nulls {
        None => Buffer::from_vec(dense),
        Some(nulls) => spread(&dense, nulls),
    })
}

fn check(greatest: u32, values: usize, count: usize) -> Result<()> {
    if count > 0 && greatest as usize >= values {
        return Err(ParquetError::General(format!("code {greatest} of a dictionary of {values} values")));
    }
    Ok(())
}

/// Moves the values that are there to the rows that have one; other rows are zero.
fn spread<N: ArrowNativeType>(dense: &[N], nulls: &NullBuffer) -> Buffer {
    let mut rows = vec![N::default(); nulls.len()];
    let mut at = 0;
    for (start, end) in nulls.valid_slices() {
        let from = dense.get(at..at + (end - start)).unwrap_or_default();
        let to = rows.get_mut(start..end).unwrap_or_default();
        to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        at += end - start;
    }
    Buffer::from_vec(rows)
}
