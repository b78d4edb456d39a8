//! Codes of a column's values that may have none, found without changing the column.

use std::sync::Arc;

use arrow::array::{AnyDictionaryArray, Array, ArrayRef, AsArray};
use arrow::buffer::NullBuffer;
use arrow::row::RowConverter;
use blockfold_core::{DType, Error, Result};

use super::dictionary::is_same;
use super::{Column, Distinct, Numbers, Store, Texts, bytes_of, numbers, view_bytes_of};
use crate::group::fixed::{FixedBits, with_fixed};
use crate::group::hash::MISSING;

/// The last dictionary that was looked up, with the codes of its values.
#[derive(Debug, Default)]
pub(in crate::group) struct KnownDictionary {
    /// Held so that no other dictionary can come to lie at the same address.
    values: Option<ArrayRef>,
    codes: Vec<u32>,
}

impl Column {
    /// No values yet of a column whose values are going to be those of `parts`.
    pub(in crate::group) fn of_parts(name: &str, dtype: &DType, parts: &[ArrayRef]) -> Result<Self> {
        let mut column = Column::new(name, dtype, None)?;
        if let Store::Numbers(numbers) = &mut column.distinct.store {
            // Floats make no narrow range.
            let range = range_of(parts).filter(|_| !column.distinct.dtype.is_floating());
            *numbers = Numbers::exact(range, parts.iter().map(|part| part.len()).sum());
        }
        Ok(column)
    }

    /// Writes the code of each row's value, [`MISSING`] where it has none.
    ///
    /// # Errors
    /// [`Error::Type`] when the array is not of the column's type.
    pub(in crate::group) fn find(
        &self,
        array: &ArrayRef,
        known: &mut KnownDictionary,
        codes: &mut [u32],
    ) -> Result<()> {
        match array.as_any_dictionary_opt() {
            Some(dictionary) => known.find(&self.distinct, dictionary, codes),
            None => self.distinct.find(array, codes),
        }
    }
}

impl KnownDictionary {
    /// Bytes held, the dictionary's values aside.
    pub(in crate::group) fn bytes(&self) -> u64 {
        (self.codes.capacity() * size_of::<u32>()) as u64
    }

    fn find(&mut self, distinct: &Distinct, array: &dyn AnyDictionaryArray, codes: &mut [u32]) -> Result<()> {
        if !self.values.as_ref().is_some_and(|values| is_same(values, array.values())) {
            self.values = None;
            self.codes.resize(array.values().len(), MISSING);
            distinct.find(array.values(), &mut self.codes)?;
            self.values = Some(Arc::clone(array.values()));
        }
        let known = self.codes.as_slice();
        super::with_keys!(array.keys(), keys => {
            for (code, key) in codes.iter_mut().zip(keys.values()) {
                *code = known.get(key.as_usize()).copied().unwrap_or(MISSING);
            }
        });
        set_nulls(array.keys().nulls(), distinct.null(), codes);
        Ok(())
    }
}

impl Distinct {
    fn null(&self) -> Option<u32> {
        match &self.store {
            Store::Numbers(numbers) => numbers.null(),
            Store::Texts(texts) | Store::Rows(_, texts) => texts.null(),
        }
    }

    fn find(&self, array: &ArrayRef, codes: &mut [u32]) -> Result<()> {
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
        let was_of_type = match &self.store {
            Store::Numbers(numbers) => find_numbers(numbers, &self.dtype, array, nulls, codes),
            Store::Texts(texts) => find_texts(texts, array, nulls, codes),
            Store::Rows(converter, texts) => find_rows(converter, texts, &self.dtype, array, codes)?,
        };
        if was_of_type { Ok(()) } else { Err(self.mismatch(array)) }
    }

    fn mismatch(&self, array: &ArrayRef) -> Error {
        let (expected, got) = (self.dtype.to_string(), array.data_type().to_string());
        Error::Type { op: format!("the column '{}'", self.name), expected, got }
    }
}

/// Finds numbers; whether the array is of their type.
fn find_numbers(
    numbers: &Numbers,
    dtype: &DType,
    array: &ArrayRef,
    nulls: Option<&NullBuffer>,
    codes: &mut [u32],
) -> bool {
    match dtype {
        DType::Null => codes.fill(numbers.null().unwrap_or(MISSING)),
        DType::Boolean => {
            let Some(booleans) = array.as_boolean_opt() else { return false };
            let bytes: Vec<u8> = booleans.values().iter().map(u8::from).collect();
            numbers.find(&bytes, nulls, codes);
        }
        dtype => with_fixed!(dtype, T => {
            let Some(values) = array.as_primitive_opt::<T>() else { return false };
            numbers.find(values.values(), nulls, codes);
        }, _ => return false),
    }
    true
}

/// Finds strings of bytes; whether the array is of such.
fn find_texts(texts: &Texts, array: &ArrayRef, nulls: Option<&NullBuffer>, codes: &mut [u32]) -> bool {
    match array.data_type() {
        DType::Utf8 => texts.find(bytes_of(array.as_string::<i32>()), nulls, codes),
        DType::LargeUtf8 => texts.find(bytes_of(array.as_string::<i64>()), nulls, codes),
        DType::Utf8View => texts.find(view_bytes_of(array.as_string_view()), nulls, codes),
        DType::Binary => texts.find(bytes_of(array.as_binary::<i32>()), nulls, codes),
        DType::LargeBinary => texts.find(bytes_of(array.as_binary::<i64>()), nulls, codes),
        DType::BinaryView => texts.find(view_bytes_of(array.as_binary_view()), nulls, codes),
        _ => return false,
    }
    true
}

/// Finds values of any other type; whether the array is of `dtype`.
fn find_rows(
    converter: &RowConverter,
    texts: &Texts,
    dtype: &DType,
    array: &ArrayRef,
    codes: &mut [u32],
) -> Result<bool> {
    if array.data_type() != dtype {
        return Ok(false);
    }
    let rows = converter.convert_columns(std::slice::from_ref(array))?;
    texts.find(|row| rows.row(row).data(), array.nulls(), codes);
    Ok(true)
}

/// Gives null rows the code of null.
pub(super) fn set_nulls(nulls: Option<&NullBuffer>, null: Option<u32>, codes: &mut [u32]) {
    let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) else { return };
    for (code, is_valid) in codes.iter_mut().zip(nulls) {
        *code = if is_valid { *code } else { null.unwrap_or(MISSING) };
    }
}

/// Bits of the least and the greatest value of some parts, NaN aside; `None` without such and for types of text.
pub(in crate::group) fn range_of(parts: &[ArrayRef]) -> Option<(u64, u64)> {
    parts.iter().filter_map(range_of_part).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

fn range_of_part(array: &ArrayRef) -> Option<(u64, u64)> {
    let values = array.as_any_dictionary_opt().map_or(array, |dictionary| dictionary.values());
    if *values.data_type() == DType::Boolean {
        return Some((0, 1));
    }
    with_fixed!(values.data_type(), T => {
        let values = values.as_primitive_opt::<T>()?;
        if !values.data_type().is_floating() {
            let bits = |value: Option<_>| value.map(FixedBits::to_bits);
            return bits(arrow::compute::min(values)).zip(bits(arrow::compute::max(values)));
        }
        let bits = values.iter().flatten().map(FixedBits::to_bits).filter(|bits| *bits <= FixedBits::to_bits(f64::INFINITY));
        numbers::range(bits)
    }, _ => None)
}
