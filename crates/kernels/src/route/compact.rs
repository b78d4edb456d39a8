//! Arrays that hold no more than their rows need.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, PrimitiveArray, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{ArrowDictionaryKeyType, ArrowNativeType, DataType};
use arrow::downcast_dictionary_array;
use blockfold_core::Result;

/// The array without bytes or values that none of its rows refers to.
///
/// Views are copied to buffers of their own; a dictionary of more values than rows is cut to those in use. Views inside
/// of lists and structs stay as they are.
pub(crate) fn compacted(array: &ArrayRef) -> Result<ArrayRef> {
    match array.data_type() {
        DataType::Utf8View => Ok(Arc::new(array.as_string_view().gc())),
        DataType::BinaryView => Ok(Arc::new(array.as_binary_view().gc())),
        DataType::Dictionary(..) => downcast_dictionary_array!(
            array => compact_codes(array),
            _ => Ok(Arc::clone(array))
        ),
        _ => Ok(Arc::clone(array)),
    }
}

fn compact_codes<K: ArrowDictionaryKeyType>(array: &DictionaryArray<K>) -> Result<ArrayRef> {
    if array.values().len() <= array.len() {
        return Ok(Arc::new(array.clone()));
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
    let values = compacted(&take(array.values(), &UInt64Array::from(used), None)?)?;
    Ok(Arc::new(DictionaryArray::try_new(keys, values)?))
}
