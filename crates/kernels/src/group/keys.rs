//! Key rows of a join: numbered on one side, found on the other.
//!
//! The numbering is that of groups, by first appearance; a row that was not numbered is [`KeyIndex::MISSING`].

use std::cmp::Ordering;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::compute::{max_string, max_string_view, min_string, min_string_view};
use blockfold_core::expr::plain_type;
use blockfold_core::{DType, Error, Result, Scalar};

use super::fixed::{FixedBits, with_fixed};
use super::hash::MISSING;
use super::index::{Finder, GroupIndex};
use super::intern::Column;
use super::intern::find::range_of;

/// Numbers of the distinct key rows of one side.
#[derive(Debug)]
pub(crate) struct KeyIndex {
    index: GroupIndex,
    width: usize,
}

/// What finding keeps from batch to batch; one for each thread and index.
#[derive(Debug, Default)]
pub(crate) struct KeyFinder(Finder);

impl KeyIndex {
    /// The number of a row that has none.
    pub(crate) const MISSING: u32 = MISSING;

    /// Numbers the rows of the parts of some key columns, given column by column; returns the rows' numbers too.
    ///
    /// # Errors
    /// [`Error::Type`] when the parts of a column differ in type, [`Error::Unsupported`] for types that cannot be keys.
    pub(crate) fn of(columns: &[Vec<ArrayRef>], rows: &[usize]) -> Result<(Self, Vec<u32>)> {
        let all = rows.iter().sum();
        check_rows(all)?;
        let empty = columns.iter().map(|parts| {
            let dtype = parts.first().map_or(DType::Null, |part| part.data_type().clone());
            Column::of_parts("key", &dtype, parts)
        });
        let mut index = GroupIndex::of(empty.collect::<Result<_>>()?, all);
        let mut numbers = Vec::with_capacity(all);
        let mut part_numbers = Vec::new();
        for (part, rows) in rows.iter().enumerate() {
            let keys: Option<Vec<ArrayRef>> = columns.iter().map(|parts| parts.get(part).cloned()).collect();
            let keys = keys.ok_or_else(|| Error::internal("a part without a key column"))?;
            index.assign(&keys, *rows, &mut part_numbers)?;
            numbers.extend_from_slice(&part_numbers);
            part_numbers.fill(0);
        }
        Ok((KeyIndex { index, width: columns.len() }, numbers))
    }

    /// How many numbers there are.
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// The key rows, column by column, in the order of their numbers.
    pub(crate) fn values(&self) -> Result<Vec<ArrayRef>> {
        let numbers: Vec<u32> = (0..MISSING).take(self.len()).collect();
        self.index.keys(&numbers)
    }

    /// Number of key columns.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        self.index.bytes()
    }

    /// Makes `numbers` the number of each row.
    ///
    /// # Errors
    /// [`Error::Type`] when a column is not of the type that was numbered, [`Error::Unsupported`] for too many rows.
    pub(crate) fn find(
        &self,
        keys: &[ArrayRef],
        rows: usize,
        finder: &mut KeyFinder,
        numbers: &mut Vec<u32>,
    ) -> Result<()> {
        check_rows(rows)?;
        self.index.find(keys, rows, &mut finder.0, numbers)
    }
}

/// # Errors
/// [`Error::Unsupported`] for more rows than can be numbered beside the two numbers that joins give a meaning.
fn check_rows(rows: usize) -> Result<()> {
    if rows < MISSING as usize - 1 {
        return Ok(());
    }
    Err(Error::Unsupported {
        what: format!("a join of {rows} rows in one piece"),
        instead: "join them in more partitions".into(),
    })
}

impl KeyFinder {
    /// Bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.bytes()
    }
}

/// The values of a column that sort, as 64 bits that sort like them.
#[derive(Debug)]
pub(crate) struct OrderedBits {
    pub(crate) bits: Vec<u64>,
    /// Whether differences are to be taken of floats.
    pub(crate) is_floating: bool,
}

impl OrderedBits {
    /// The bits of a column's values; `None` for types that have no differences.
    pub(crate) fn of(array: &ArrayRef) -> Option<Self> {
        let is_floating = array.data_type().is_floating();
        let bits = with_fixed!(array.data_type(), T => {
            array.as_primitive_opt::<T>()?.values().iter().map(|value| FixedBits::to_bits(*value)).collect()
        }, _ => return None);
        Some(OrderedBits { bits, is_floating })
    }

    /// The float that has some bits.
    pub(crate) fn float(bits: u64) -> f64 {
        FixedBits::from_bits(bits)
    }
}

/// Least and greatest value of a key column's parts, null and NaN aside; `None` without others, and for nested types.
pub fn key_range(parts: &[ArrayRef]) -> Option<(Scalar, Scalar)> {
    let dtype = plain_type(parts.first()?.data_type());
    if dtype.is_string() {
        return parts.iter().filter_map(text_range).reduce(|a, b| (lesser(a.0, b.0), greater(a.1, b.1)));
    }
    let (least, greatest) = range_of(parts)?;
    with_fixed!(&dtype, T => {
        let ends = [least, greatest].map(FixedBits::from_bits);
        let ends = PrimitiveArray::<T>::from_iter_values(ends).with_data_type(dtype.clone());
        Scalar::from_array(&ends, 0).ok().zip(Scalar::from_array(&ends, 1).ok())
    }, _ => None)
}

fn lesser(a: Scalar, b: Scalar) -> Scalar {
    if a.compare(&b) == Some(Ordering::Greater) { b } else { a }
}

fn greater(a: Scalar, b: Scalar) -> Scalar {
    if a.compare(&b) == Some(Ordering::Less) { b } else { a }
}

/// Least and greatest text; of a dictionary those of its values, which may be wider.
fn text_range(array: &ArrayRef) -> Option<(Scalar, Scalar)> {
    let values = array.as_any_dictionary_opt().map_or(array, |dictionary| dictionary.values());
    let pair = |least: Option<&str>, greatest: Option<&str>| Some((Scalar::from(least?), Scalar::from(greatest?)));
    match values.data_type() {
        DType::Utf8 => pair(min_string(values.as_string::<i32>()), max_string(values.as_string::<i32>())),
        DType::LargeUtf8 => pair(min_string(values.as_string::<i64>()), max_string(values.as_string::<i64>())),
        DType::Utf8View => pair(min_string_view(values.as_string_view()), max_string_view(values.as_string_view())),
        _ => None,
    }
}
