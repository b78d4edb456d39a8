//! `is_in`: looking values up in a list of literals.

use std::hash::Hash;
use std::sync::Arc;

use arrow::array::{Array, ArrayAccessor, AsArray, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{cast as arrow_cast, concat};
use arrow::datatypes::{Float64Type, Int64Type, UInt64Type};
use blockfold_core::{ArrayRef, BinaryOp, DType, Expr, RecordBatch, Result, Scalar};
use hashbrown::HashSet;

use super::value::Value;
use super::{cast, compare, logic, value_of};

/// Lists up to this length are compared value by value.
const SHORT_LIST: usize = 4;

/// Whether each value is one of the list; null where the value is null. Nulls in the list match nothing.
pub(super) fn is_in(expr: &Expr, input: &Expr, list: &[Scalar], batch: &RecordBatch) -> Result<Value> {
    let dtype = Expr::membership_type(input, list, batch.schema_ref())?;
    let value = cast::implicit(expr, &value_of(input, batch)?, &dtype)?;
    let wanted: Vec<ArrayRef> = list
        .iter()
        .filter(|value| **value != Scalar::Null)
        .map(|value| value.to_array(&dtype))
        .collect::<Result<_>>()?;
    Value::over_dictionary(std::slice::from_ref(&value), |args| {
        let value = &args[0];
        let found = look_up(value, &wanted)?;
        Ok(value.with_array(Arc::new(BooleanArray::new(found, value.array().logical_nulls()))))
    })
}

fn look_up(value: &Value, wanted: &[ArrayRef]) -> Result<BooleanBuffer> {
    let array = value.array();
    if wanted.is_empty() || *array.data_type() == DType::Null {
        return Ok(BooleanBuffer::new_unset(array.len()));
    }
    if wanted.len() <= SHORT_LIST {
        return by_comparison(value, wanted);
    }
    let list = concat(&wanted.iter().map(|one| one.as_ref()).collect::<Vec<_>>())?;
    match array.data_type() {
        DType::Utf8 => Ok(by_hash(array.as_string::<i32>(), list.as_string::<i32>(), |text| text)),
        DType::LargeUtf8 => Ok(by_hash(array.as_string::<i64>(), list.as_string::<i64>(), |text| text)),
        DType::Utf8View => Ok(by_hash(array.as_string_view(), list.as_string_view(), |text| text)),
        dtype if dtype.is_floating() => {
            let (values, list) = (arrow_cast(array, &DType::Float64)?, arrow_cast(&list, &DType::Float64)?);
            Ok(by_hash(values.as_primitive::<Float64Type>(), list.as_primitive::<Float64Type>(), float_key))
        }
        DType::UInt64 => Ok(by_hash(array.as_primitive::<UInt64Type>(), list.as_primitive::<UInt64Type>(), |x| x)),
        dtype if dtype.is_integer() || dtype.is_temporal() => {
            let (values, list) = (as_counts(array)?, as_counts(&list)?);
            Ok(by_hash(values.as_primitive::<Int64Type>(), list.as_primitive::<Int64Type>(), |x| x))
        }
        _ => by_comparison(value, wanted),
    }
}

fn as_counts(array: &ArrayRef) -> Result<ArrayRef> {
    let narrow = if *array.data_type() == DType::Date32 { arrow_cast(array, &DType::Int32)? } else { array.clone() };
    Ok(arrow_cast(&narrow, &DType::Int64)?)
}

/// Bits under which numbers that compare equal are equal.
fn float_key(number: f64) -> u64 {
    if number.is_nan() { f64::NAN.to_bits() } else { (number + 0.0).to_bits() }
}

fn by_hash<A: ArrayAccessor, K: Hash + Eq>(values: A, list: A, key: impl Fn(A::Item) -> K) -> BooleanBuffer {
    let mut wanted = HashSet::with_hasher(foldhash::fast::FixedState::default());
    wanted.extend((0..list.len()).map(|row| key(list.value(row))));
    BooleanBuffer::collect_bool(values.len(), |row| wanted.contains(&key(values.value(row))))
}

fn by_comparison(value: &Value, wanted: &[ArrayRef]) -> Result<BooleanBuffer> {
    let mut found = BooleanBuffer::new_unset(value.array().len());
    for one in wanted {
        let equal = compare::compare(BinaryOp::Eq, value, &Value::One(one.clone()))?;
        found = &found | logic::without_nulls(equal.array().as_boolean()).values();
    }
    Ok(found)
}
