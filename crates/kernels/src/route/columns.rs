//! Scattering one column, by its kind of values.
//!
//! Fixed widths and strings by offsets are written row by row to as many places as there are parts, all of them in
//! the nearest cache; a gather would read one cache line for each row. Everything else is gathered.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, DictionaryArray, GenericByteArray, OffsetSizeTrait, PrimitiveArray,
};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::take;
use arrow::datatypes::{
    ArrowDictionaryKeyType, ArrowNativeType, ArrowPrimitiveType, BinaryType, ByteArrayType, DataType, LargeBinaryType,
    LargeUtf8Type, Utf8Type,
};
use arrow::{downcast_dictionary_array, downcast_primitive_array};
use blockfold_core::Result;

use super::scatter::{Places, accumulate, arc, put};

impl Places {
    /// The column's values at their rows' places.
    pub(super) fn scatter(&self, array: &ArrayRef) -> Result<ArrayRef> {
        downcast_primitive_array!(
            array => Ok(arc(self.primitive(array))),
            DataType::Boolean => Ok(arc(self.boolean(array.as_boolean()))),
            DataType::Utf8 => self.bytes::<Utf8Type>(array),
            DataType::LargeUtf8 => self.bytes::<LargeUtf8Type>(array),
            DataType::Binary => self.bytes::<BinaryType>(array),
            DataType::LargeBinary => self.bytes::<LargeBinaryType>(array),
            DataType::Dictionary(..) => downcast_dictionary_array!(
                array => {
                    let keys = self.primitive(array.keys());
                    compact_codes(&DictionaryArray::try_new(keys, Arc::clone(array.values()))?)
                },
                _ => Ok(take(array, &self.from, None)?)
            ),
            _ => compacted(&take(array, &self.from, None)?)
        )
    }

    fn primitive<T: ArrowPrimitiveType>(&self, array: &PrimitiveArray<T>) -> PrimitiveArray<T> {
        let values = self.values(array.values());
        PrimitiveArray::new(values, self.nulls(array.nulls())).with_data_type(array.data_type().clone())
    }

    fn boolean(&self, array: &BooleanArray) -> BooleanArray {
        BooleanArray::new(self.bits(array.values()), self.nulls(array.nulls()))
    }

    fn bytes<T: ByteArrayType>(&self, array: &ArrayRef) -> Result<ArrayRef> {
        let array = array.as_bytes::<T>();
        let offsets = self.offsets(array.offsets());
        let mut data = vec![0; offsets.last().map_or(0, |end| end.as_usize())];
        let (values, bounds) = (array.value_data(), array.offsets().windows(2));
        for (bounds, to) in bounds.zip(&self.to) {
            let &[start, end] = bounds else { continue };
            let start_to = offsets.get(*to as usize).map_or(0, |start| start.as_usize());
            let from = values.get(start.as_usize()..end.as_usize()).unwrap_or_default();
            if let Some(to) = data.get_mut(start_to..start_to + from.len()) {
                to.copy_from_slice(from);
            }
        }
        let nulls = self.nulls(array.nulls());
        Ok(arc(GenericByteArray::<T>::try_new(OffsetBuffer::new(offsets), Buffer::from(data), nulls)?))
    }

    /// Offsets of values of the lengths that the rows at each place have.
    fn offsets<O: OffsetSizeTrait>(&self, offsets: &[O]) -> ScalarBuffer<O> {
        let mut moved = vec![O::default(); offsets.len()];
        for (bounds, to) in offsets.windows(2).zip(&self.to) {
            if let &[start, end] = bounds {
                put(&mut moved, *to + 1, end - start);
            }
        }
        accumulate(&mut moved);
        ScalarBuffer::from(moved)
    }
}

/// The array without bytes or values that none of its rows refers to.
///
/// Views are copied to buffers of their own; a dictionary of more values than rows is cut to those in use. Views inside
/// of lists and structs stay as they are.
pub(crate) fn compacted(array: &ArrayRef) -> Result<ArrayRef> {
    match array.data_type() {
        DataType::Utf8View => Ok(arc(array.as_string_view().gc())),
        DataType::BinaryView => Ok(arc(array.as_binary_view().gc())),
        DataType::Dictionary(..) => downcast_dictionary_array!(
            array => compact_codes(array),
            _ => Ok(Arc::clone(array))
        ),
        _ => Ok(Arc::clone(array)),
    }
}

fn compact_codes<K: ArrowDictionaryKeyType>(array: &DictionaryArray<K>) -> Result<ArrayRef> {
    if array.values().len() <= array.len() {
        return Ok(arc(array.clone()));
    }
    let mut codes = vec![None; array.values().len()];
    let mut used: Vec<u64> = Vec::new();
    let keys = array.keys().iter().map(|key| {
        let code = codes.get_mut(key?.as_usize())?;
        Some(*code.get_or_insert_with(|| {
            used.push(key.map_or(0, |key| key.as_usize() as u64));
            K::Native::usize_as(used.len() - 1)
        }))
    });
    let keys: PrimitiveArray<K> = keys.collect();
    let values = compacted(&take(array.values(), &arrow::array::UInt64Array::from(used), None)?)?;
    Ok(arc(DictionaryArray::try_new(keys, values)?))
}
