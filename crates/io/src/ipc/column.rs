//! Rows of one mapped column as an array, in place.
//!
//! Buffers are shared with the map; only what is not aligned as arrow wants it, and the offsets of strings that do
//! not start at zero, are copied. What could break an array's invariants is checked for the rows asked for and for
//! no others: offsets, UTF-8, dictionary codes. Numbers need no check.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    ArrayData, ArrayRef, BooleanArray, DictionaryArray, GenericByteArray, GenericByteViewArray, NullArray,
    OffsetSizeTrait, PrimitiveArray, make_array, new_empty_array,
};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{
    ArrowDictionaryKeyType, BinaryType, BinaryViewType, ByteArrayType, ByteViewType, DataType, Int8Type, Int16Type,
    Int32Type, Int64Type, LargeBinaryType, LargeUtf8Type, StringViewType, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type, Utf8Type,
};
use blockfold_core::{Error, Result};

use super::layout::{ColumnLayout, row_width};
use crate::map::MappedFile;

/// Reads rows of a mapped column and remembers which bytes it touched.
pub(super) struct ColumnReader<'a> {
    pub(super) map: &'a MappedFile,
    pub(super) layout: &'a ColumnLayout,
    /// Values of the column's dictionary.
    pub(super) dictionary: Option<&'a ArrayRef>,
    pub(super) touched: &'a mut Vec<Range<usize>>,
}

impl ColumnReader<'_> {
    /// The array of `rows`, which the batch is known to have.
    pub(super) fn read(&mut self, dtype: &DataType, rows: Range<usize>) -> Result<ArrayRef> {
        if *dtype == DataType::Null {
            return Ok(Arc::new(NullArray::new(rows.len())));
        }
        let nulls = self.nulls(&rows)?;
        match dtype {
            DataType::Boolean => self.booleans(rows, nulls),
            DataType::Utf8 => self.strings::<Utf8Type>(rows, nulls),
            DataType::LargeUtf8 => self.strings::<LargeUtf8Type>(rows, nulls),
            DataType::Binary => self.strings::<BinaryType>(rows, nulls),
            DataType::LargeBinary => self.strings::<LargeBinaryType>(rows, nulls),
            DataType::Utf8View => self.views::<StringViewType>(rows, nulls),
            DataType::BinaryView => self.views::<BinaryViewType>(rows, nulls),
            DataType::Dictionary(codes, values) => self.codes(codes, values, rows, nulls),
            other => self.fixed(other, rows, nulls),
        }
    }

    fn nulls(&mut self, rows: &Range<usize>) -> Result<Option<NullBuffer>> {
        if self.layout.null_count == 0 {
            return Ok(None);
        }
        let nulls = NullBuffer::new(self.bits(0, rows)?);
        Ok((nulls.null_count() > 0).then_some(nulls))
    }

    fn bits(&mut self, buffer: usize, rows: &Range<usize>) -> Result<BooleanBuffer> {
        let first = rows.start / 8;
        let bytes = self.part(buffer, first..rows.end.div_ceil(8))?;
        Ok(BooleanBuffer::new(bytes, rows.start - first * 8, rows.len()))
    }

    fn booleans(&mut self, rows: Range<usize>, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
        Ok(Arc::new(BooleanArray::new(self.bits(1, &rows)?, nulls)))
    }

    fn fixed(&mut self, dtype: &DataType, rows: Range<usize>, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
        let width = row_width(dtype).ok_or_else(|| self.corrupt("its type is not plain"))?;
        let values = self.part(1, rows.start * width..rows.end * width)?;
        let data = ArrayData::builder(dtype.clone()).len(rows.len()).add_buffer(values).nulls(nulls);
        Ok(make_array(data.align_buffers(true).build().map_err(|error| self.corrupt(error))?))
    }

    fn strings<T: ByteArrayType>(&mut self, rows: Range<usize>, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
        let width = size_of::<T::Offset>();
        if rows.is_empty() {
            return Ok(new_empty_array(&T::DATA_TYPE));
        }
        let offsets: ScalarBuffer<T::Offset> =
            aligned(self.part(1, rows.start * width..(rows.end + 1) * width)?, align_of::<T::Offset>()).into();
        let (offsets, values) = self.checked_offsets(offsets)?;
        let values = self.part(2, values)?;
        let array = GenericByteArray::<T>::try_new(offsets, values, nulls).map_err(|error| self.corrupt(error))?;
        Ok(Arc::new(array))
    }

    /// Offsets that start at zero, and the range of values that they are of.
    fn checked_offsets<O: OffsetSizeTrait>(&self, offsets: ScalarBuffer<O>) -> Result<(OffsetBuffer<O>, Range<usize>)> {
        let wrong = || self.corrupt("its offsets are not in order");
        let (first, last) = offsets.first().zip(offsets.last()).ok_or_else(wrong)?;
        let ordered = offsets.iter().zip(offsets.iter().skip(1)).fold(true, |ordered, (a, b)| ordered & (a <= b));
        if !ordered || *first < O::zero() {
            return Err(wrong());
        }
        let range = first.as_usize()..last.as_usize();
        if first.as_usize() == 0 {
            return Ok((OffsetBuffer::new(offsets), range));
        }
        let from_zero: Vec<O> = offsets.iter().map(|offset| *offset - *first).collect();
        Ok((OffsetBuffer::new(from_zero.into()), range))
    }

    fn views<T: ByteViewType>(&mut self, rows: Range<usize>, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
        let views: ScalarBuffer<u128> =
            aligned(self.part(1, rows.start * 16..rows.end * 16)?, align_of::<u128>()).into();
        let buffers = (2..self.layout.buffers.len()).map(|index| self.whole(index)).collect::<Result<Vec<_>>>()?;
        let array = GenericByteViewArray::<T>::try_new(views, buffers, nulls).map_err(|error| self.corrupt(error))?;
        Ok(Arc::new(array))
    }

    fn codes(
        &mut self,
        codes: &DataType,
        values: &DataType,
        rows: Range<usize>,
        nulls: Option<NullBuffer>,
    ) -> Result<ArrayRef> {
        // A writer may leave out the dictionary of a column of nulls.
        let values = self.dictionary.cloned().unwrap_or_else(|| new_empty_array(values));
        match codes {
            DataType::Int8 => self.dictionary_of::<Int8Type>(values, rows, nulls),
            DataType::Int16 => self.dictionary_of::<Int16Type>(values, rows, nulls),
            DataType::Int32 => self.dictionary_of::<Int32Type>(values, rows, nulls),
            DataType::Int64 => self.dictionary_of::<Int64Type>(values, rows, nulls),
            DataType::UInt8 => self.dictionary_of::<UInt8Type>(values, rows, nulls),
            DataType::UInt16 => self.dictionary_of::<UInt16Type>(values, rows, nulls),
            DataType::UInt32 => self.dictionary_of::<UInt32Type>(values, rows, nulls),
            DataType::UInt64 => self.dictionary_of::<UInt64Type>(values, rows, nulls),
            other => Err(self.corrupt(format!("codes of type {other}"))),
        }
    }

    fn dictionary_of<K: ArrowDictionaryKeyType>(
        &mut self,
        values: ArrayRef,
        rows: Range<usize>,
        nulls: Option<NullBuffer>,
    ) -> Result<ArrayRef> {
        let width = size_of::<K::Native>();
        let codes = aligned(self.part(1, rows.start * width..rows.end * width)?, align_of::<K::Native>());
        let codes = PrimitiveArray::<K>::try_new(codes.into(), nulls).map_err(|error| self.corrupt(error))?;
        let array = DictionaryArray::try_new(codes, values).map_err(|error| self.corrupt(error))?;
        Ok(Arc::new(array))
    }

    /// Bytes `range` of a buffer, brought into memory.
    fn part(&mut self, buffer: usize, range: Range<usize>) -> Result<Buffer> {
        let whole = self.layout.buffer(buffer);
        if range.start > range.end || range.end > whole.len() {
            return Err(self.corrupt("a buffer is shorter than its rows"));
        }
        let start = whole.start + range.start;
        let range = start..start + range.len();
        self.map.fetch(range.clone());
        self.touched.push(range.clone());
        self.map.buffer(range)
    }

    /// A whole buffer, of which only what is looked at comes into memory.
    fn whole(&mut self, buffer: usize) -> Result<Buffer> {
        let range = self.layout.buffer(buffer);
        self.touched.push(range.clone());
        self.map.buffer(range)
    }

    fn corrupt(&self, what: impl ToString) -> Error {
        Error::corrupt(self.map.path(), what)
    }
}

/// The buffer, or a copy of it that starts where values of this alignment may.
fn aligned(buffer: Buffer, align: usize) -> Buffer {
    if buffer.as_ptr().align_offset(align) == 0 { buffer } else { Buffer::from_slice_ref(buffer.as_slice()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unaligned_buffers_are_copied() {
        let buffer = Buffer::from(vec![0_u64, u64::from_le_bytes([1; 8])]);
        let odd = aligned(buffer.slice(9), 8);
        assert_eq!(odd.as_slice(), [1_u8; 7]);
        assert_eq!(odd.as_ptr().align_offset(8), 0);
        assert_eq!(aligned(buffer.clone(), 8).as_ptr(), buffer.as_ptr());
    }
}
