//! Arrow's cast, which here also knows UTC by its name.
//!
//! Arrow reads time zones other than fixed offsets from a database that is not built in; UTC needs none.

use arrow::array::{Array, ArrayRef, make_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::DataType;

use crate::error::Result;

/// The array cast to a type; a value that does not fit becomes null when `safe`.
///
/// # Nulls
/// Null stays null.
///
/// # Errors
/// When the types do not go together, when a value does not fit and not `safe`, and for named time zones other
/// than UTC where local time matters.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use arrow::array::{Array, ArrayRef, StringArray};
/// use blockfold_core::{DType, TimeUnit, cast::cast};
///
/// let text: ArrayRef = Arc::new(StringArray::from(vec!["2020-01-01"]));
/// let utc = DType::Timestamp(TimeUnit::Second, Some("UTC".into()));
/// assert_eq!(cast(&text, &utc, false)?.data_type(), &utc);
/// # Ok::<(), blockfold_core::Error>(())
/// ```
pub fn cast(array: &ArrayRef, dtype: &DataType, safe: bool) -> Result<ArrayRef> {
    if array.data_type() == dtype {
        return Ok(array.clone());
    }
    let (from, to) = (with_offset(array.data_type()), with_offset(dtype));
    let options = CastOptions { safe, ..CastOptions::default() };
    relabelled(&cast_with_options(&relabelled(array, &from)?, &to, &options)?, dtype)
}

/// The type with UTC said as an offset.
fn with_offset(dtype: &DataType) -> DataType {
    match dtype {
        DataType::Timestamp(unit, Some(zone)) if is_utc(zone) => DataType::Timestamp(*unit, Some("+00:00".into())),
        other => other.clone(),
    }
}

/// Whether a time zone is UTC under one of its names.
pub fn is_utc(zone: &str) -> bool {
    matches!(zone, "UTC" | "utc" | "Z" | "GMT" | "Etc/UTC")
}

/// The same values under a type of the same layout.
fn relabelled(array: &ArrayRef, dtype: &DataType) -> Result<ArrayRef> {
    if array.data_type() == dtype {
        return Ok(array.clone());
    }
    Ok(make_array(array.to_data().into_builder().data_type(dtype.clone()).build()?))
}
