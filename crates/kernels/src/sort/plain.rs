//! Key columns in the few forms that hashing and sorting know.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::compute::{cast, take};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Decimal32Type, Decimal64Type, Float32Type, Float64Type, Int32Type, Int64Type,
};
use blockfold_core::{Error, Result};

/// The array with decimals of up to 64 bits as integers and half floats as floats: both sort and compare alike.
pub(crate) fn simple(array: &ArrayRef) -> Result<ArrayRef> {
    Ok(match array.data_type() {
        DataType::Decimal32(..) => integers::<Decimal32Type, Int32Type>(array),
        DataType::Decimal64(..) => integers::<Decimal64Type, Int64Type>(array),
        DataType::Float16 => cast(array, &DataType::Float32)?,
        _ => Arc::clone(array),
    })
}

fn integers<D: ArrowPrimitiveType, I: ArrowPrimitiveType<Native = D::Native>>(array: &ArrayRef) -> ArrayRef {
    let array = array.as_primitive::<D>();
    Arc::new(PrimitiveArray::<I>::new(array.values().clone(), array.nulls().cloned()))
}

/// The array without a dictionary.
pub(crate) fn hydrated(array: &ArrayRef) -> Result<ArrayRef> {
    match array.as_any_dictionary_opt() {
        Some(coded) => hydrated(&take(coded.values(), coded.keys(), None)?),
        None => simple(array),
    }
}

/// [`hydrated`], with one NaN and one zero: arrays that Arrow's rows order as we do.
pub(crate) fn canonical(array: &ArrayRef) -> Result<ArrayRef> {
    let array = hydrated(array)?;
    Ok(match array.data_type() {
        DataType::Float32 => {
            let one = |value: f32| if value.is_nan() { f32::NAN.abs() } else { value + 0.0 };
            Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float32Type>(one))
        }
        DataType::Float64 => {
            let one = |value: f64| if value.is_nan() { f64::NAN.abs() } else { value + 0.0 };
            Arc::new(array.as_primitive::<Float64Type>().unary::<_, Float64Type>(one))
        }
        _ => array,
    })
}

/// An [`Error::Type`] of a type whose values have no order or equality.
pub(crate) fn type_error(op: impl ToString, got: &DataType) -> Error {
    let expected = "numbers, booleans, dates, times, decimals, strings, binary, and lists or structs of these";
    Error::Type { op: op.to_string(), expected: expected.into(), got: got.to_string() }
}
