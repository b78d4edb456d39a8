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
    let mut is_damaged = false;
    let mut value = |code: u32| match dictionary.get(code as usize) {
        Some(value) => *value,
        None => {
            is_damaged = true;
            N::default()
        }
    };
    codes.decode(count, |stretch| match stretch {
        Stretch::Same(code, count) => values.extend(std::iter::repeat_n(value(code), count)),
        Stretch::Numbers(codes) => values.extend(codes.iter().map(|code| value(*code))),
    })?;
    if is_damaged {
        return Err(ParquetError::General("a code lies outside of its dictionary".into()));
    }
    Ok(match nulls {
        None => Buffer::from_vec(values),
        Some(nulls) => spread(&values, nulls),
    })
}

/// Moves the values that are there to the rows that have one; other rows are zero.
pub(super) fn spread<N: ArrowNativeType>(dense: &[N], nulls: &NullBuffer) -> Buffer {
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
