//! One hash a row over several key columns.

use std::hash::{BuildHasher, Hasher};

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray};
use arrow::buffer::NullBuffer;
use arrow::compute::take;
use arrow::datatypes::{ArrowDictionaryKeyType, ArrowNativeType, DataType, Decimal128Type};
use arrow::downcast_dictionary_array;
use arrow::row::{RowConverter, SortField};
use blockfold_core::{Error, Result};
use foldhash::fast::FixedState;

use super::part::folded_product;
use crate::group::fixed::{FixedBits, with_fixed};
use crate::sort::plain;

const START: u64 = 0x6c62_272e_07bb_0142;
const MULTIPLIER: u64 = 0xd6e8_feb8_6659_fd93;
const TEXTS: u64 = 0x9ae1_6a3b_2f90_404f;
/// What stands for null: a value of its own.
const NULL: u64 = 0x7fb5_d329_728e_a185;

/// Writes one hash for each of `rows` rows over all key columns; without columns all rows are equal.
///
/// Equal keys have equal hashes whether they are plain or coded by a dictionary, and whether strings are stored by
/// offsets or views. NaN equals NaN, -0.0 equals 0.0; inside of lists and structs floats count by their bits. Columns
/// that are to be matched must have one type first: the integer 1 and the float 1.0 differ.
///
/// # Nulls
///
/// Null is a value of its own.
///
/// # Errors
///
/// [`Error::Type`] for a type that has no rows in Arrow's sense, [`Error::Internal`] when a column's length is not `rows`.
pub fn hash_keys(keys: &[ArrayRef], rows: usize, hashes: &mut Vec<u64>) -> Result<()> {
    if keys.iter().any(|key| key.len() != rows) {
        return Err(Error::internal("key columns of different lengths"));
    }
    hashes.clear();
    hashes.resize(rows, START);
    keys.iter().try_for_each(|key| mix_column(key, hashes))
}

fn mix_column(array: &ArrayRef, hashes: &mut [u64]) -> Result<()> {
    let array = plain::simple(array)?;
    with_fixed!(
        array.data_type(),
        T => mix_valid(hashes, array.as_primitive::<T>().values().iter().map(|value| FixedBits::to_bits(*value)), array.nulls()),
        _ => mix(hashes, numbers(&array)?.into_iter())
    );
    Ok(())
}

fn mix_valid(hashes: &mut [u64], numbers: impl Iterator<Item = u64>, nulls: Option<&NullBuffer>) {
    match nulls.filter(|nulls| nulls.null_count() > 0) {
        None => mix(hashes, numbers),
        Some(nulls) => mix(hashes, valid(numbers, nulls)),
    }
}

/// Continues each hash with its row's number.
#[inline]
fn mix(hashes: &mut [u64], numbers: impl Iterator<Item = u64>) {
    hashes.iter_mut().zip(numbers).for_each(|(hash, number)| *hash = folded_product(*hash ^ number, MULTIPLIER));
}

#[inline]
fn valid(numbers: impl Iterator<Item = u64>, nulls: &NullBuffer) -> impl Iterator<Item = u64> {
    numbers.zip(nulls.iter()).map(|(number, is_valid)| if is_valid { number } else { NULL })
}

/// A number for each row's value: equal ones for equal values.
fn numbers(array: &ArrayRef) -> Result<Vec<u64>> {
    Ok(match array.data_type() {
        DataType::Null => vec![NULL; array.len()],
        DataType::Boolean => array.as_boolean().iter().map(|value| value.map_or(NULL, u64::from)).collect(),
        DataType::Decimal128(..) => {
            array.as_primitive::<Decimal128Type>().iter().map(|value| value.map_or(NULL, wide)).collect()
        }
        DataType::Utf8 => of_bytes(array.as_string::<i32>().iter().map(bytes)),
        DataType::LargeUtf8 => of_bytes(array.as_string::<i64>().iter().map(bytes)),
        DataType::Utf8View => of_bytes(array.as_string_view().iter().map(bytes)),
        DataType::Binary => of_bytes(array.as_binary::<i32>().iter()),
        DataType::LargeBinary => of_bytes(array.as_binary::<i64>().iter()),
        DataType::BinaryView => of_bytes(array.as_binary_view().iter()),
        DataType::FixedSizeBinary(_) => of_bytes(array.as_fixed_size_binary().iter()),
        DataType::Dictionary(..) => downcast_dictionary_array!(
            array => of_codes(array)?,
            _ => return Err(Error::internal("a dictionary of unknown keys"))
        ),
        _ => of_rows_or_fixed(array)?,
    })
}

fn of_bytes<'a>(values: impl Iterator<Item = Option<&'a [u8]>>) -> Vec<u64> {
    let seed = FixedState::with_seed(TEXTS);
    let number = |bytes: &[u8]| {
        let mut hasher = seed.build_hasher();
        hasher.write(bytes);
        hasher.finish()
    };
    values.map(|value| value.map_or(NULL, number)).collect()
}

fn bytes(text: Option<&str>) -> Option<&[u8]> {
    text.map(str::as_bytes)
}

#[allow(clippy::cast_possible_truncation)] // taking halves is what it is for
fn wide(value: i128) -> u64 {
    let bits = value.cast_unsigned();
    bits as u64 ^ ((bits >> 64) as u64).wrapping_mul(MULTIPLIER)
}

/// A dictionary's values are numbered once, or row by row when there are more of them than rows.
fn of_codes<K: ArrowDictionaryKeyType>(array: &DictionaryArray<K>) -> Result<Vec<u64>> {
    if array.values().len() > array.len() {
        return numbers(&plain::simple(&take(array.values(), array.keys(), None)?)?);
    }
    let values = numbers(&plain::simple(array.values())?)?;
    let of = |key: K::Native| values.get(key.as_usize()).copied().unwrap_or(NULL);
    Ok(array.keys().iter().map(|key| key.map_or(NULL, of)).collect())
}

fn of_rows_or_fixed(array: &ArrayRef) -> Result<Vec<u64>> {
    with_fixed!(
        array.data_type(),
        T => {
            let numbers = array.as_primitive::<T>().iter().map(|value| value.map_or(NULL, FixedBits::to_bits));
            Ok(numbers.collect())
        },
        _ => of_rows(array)
    )
}

/// Nested and rare types, through rows that compare by their bytes.
fn of_rows(array: &ArrayRef) -> Result<Vec<u64>> {
    let unfit = |_| plain::type_error("hash_keys", array.data_type());
    let converter = RowConverter::new(vec![SortField::new(array.data_type().clone())]).map_err(unfit)?;
    let rows = converter.convert_columns(std::slice::from_ref(array)).map_err(unfit)?;
    let numbers = of_bytes(rows.iter().map(|row| Some(row.data())));
    let nulls = array.logical_nulls().filter(|nulls| nulls.null_count() > 0);
    Ok(nulls.map_or_else(|| numbers.clone(), |nulls| valid(numbers.iter().copied(), &nulls).collect()))
}
