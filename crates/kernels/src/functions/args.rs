//! What functions take, and how they refuse.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::datatypes::Int64Type;
use blockfold_core::cast::cast;
use blockfold_core::{DType, Error, Result};

/// Whether a function takes a type.
pub(super) type Takes = fn(&DType) -> bool;

/// Checks the types of all arguments; null goes with everything.
///
/// # Errors
/// [`Error::Type`] that names the function and says what it takes.
pub(super) fn check(name: &str, args: &[DType], takes: &[Takes], says: &str) -> Result<()> {
    let fits = |(dtype, takes): (&DType, &Takes)| *dtype == DType::Null || takes(dtype);
    if args.len() == takes.len() && args.iter().zip(takes).all(fits) {
        return Ok(());
    }
    let got: Vec<String> = args.iter().map(DType::to_string).collect();
    Err(Error::Type { op: name.to_string(), expected: says.to_string(), got: format!("({})", got.join(", ")) })
}

/// Integers and floats.
pub(super) const NUMBER: Takes = |dtype| dtype.is_integer() || dtype.is_floating();

/// Integers.
pub(super) const INTEGER: Takes = DType::is_integer;

/// Strings.
pub(super) const STRING: Takes = DType::is_string;

/// An argument of the function; asking for one that the type check did not let through is our error.
pub(super) fn arg(args: &[ArrayRef], position: usize) -> Result<&ArrayRef> {
    args.get(position).ok_or_else(|| Error::internal(format!("argument {position} is missing")))
}

/// The array cast to a type, shared when it has it already.
pub(super) fn cast_to(array: &ArrayRef, dtype: &DType) -> Result<ArrayRef> {
    cast(array, dtype, true)
}

/// Integers as i64, those beyond it as its ends.
pub(super) fn as_i64(array: &ArrayRef) -> Result<Int64Array> {
    if *array.data_type() == DType::UInt64 {
        let wide = array.as_primitive::<arrow::datatypes::UInt64Type>();
        return Ok(wide.unary(|value| i64::try_from(value).unwrap_or(i64::MAX)));
    }
    Ok(cast_to(array, &DType::Int64)?.as_primitive::<Int64Type>().clone())
}

/// The value at a row; an array of one element stands for every row.
pub(super) fn row_of(array: &dyn Array, row: usize) -> usize {
    if array.len() == 1 { 0 } else { row }
}

/// The integer at a row, none for null.
pub(super) fn integer_at(array: &Int64Array, row: usize) -> Option<i64> {
    let row = row_of(array, row);
    array.is_valid(row).then(|| array.value(row))
}

/// A function's result as it is handed back.
pub(super) fn shared(array: impl Array + 'static) -> Result<ArrayRef> {
    Ok(Arc::new(array))
}
