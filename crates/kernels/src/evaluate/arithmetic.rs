//! Arithmetic of numbers, points and spans of time.
//!
//! Integers wrap; arithmetic on time is checked instead, since a date that wraps is no date.

use std::sync::Arc;

use arrow::array::{ArrowPrimitiveType, AsArray, new_null_array};
use arrow::compute::cast;
use arrow::compute::kernels::numeric;
use arrow::datatypes::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow::error::ArrowError;
use blockfold_core::{ArrayRef, BinaryOp, DType, Error, Expr, Result};

use super::value::Value;
use crate::functions::elementwise::{Remainder, try_binary};

/// Arithmetic of two values of the types that the signature states; null where either is.
pub(super) fn arithmetic(expr: &Expr, op: BinaryOp, left: &Value, right: &Value, dtype: &DType) -> Result<Value> {
    let (l, r) = (left.plain()?, right.plain()?);
    let rows = l.rows().or(r.rows());
    let is_time = l.plain_type().is_temporal() || r.plain_type().is_temporal();
    let array = match op {
        _ if *dtype == DType::Null => new_null_array(&DType::Null, rows.unwrap_or(1)),
        _ if is_time => on_time(expr, op, &l, &r, dtype)?,
        BinaryOp::Add => numeric::add_wrapping(&l, &r)?,
        BinaryOp::Sub => numeric::sub_wrapping(&l, &r)?,
        BinaryOp::Mul => numeric::mul_wrapping(&l, &r)?,
        BinaryOp::Div => numeric::div(&l, &r)?,
        BinaryOp::Rem => remainder(l.array(), r.array(), rows.unwrap_or(1))?,
        other => return Err(Error::internal(format!("{other} is not arithmetic"))),
    };
    Ok(if rows.is_some() { Value::Column(array) } else { Value::One(array) })
}

/// Arithmetic on counts of units of time.
fn on_time(expr: &Expr, op: BinaryOp, left: &Value, right: &Value, dtype: &DType) -> Result<ArrayRef> {
    let (l, r) = (counts(left)?, counts(right)?);
    let result = match op {
        BinaryOp::Add => numeric::add(&l, &r),
        BinaryOp::Sub if left.plain_type() == DType::Date32 => numeric::sub(&l, &r).and_then(|days| seconds(&days)),
        BinaryOp::Sub => numeric::sub(&l, &r),
        BinaryOp::Mul => numeric::mul(&l, &r),
        _ => {
            let float = |value: &Value| Ok::<_, Error>(value.with_array(cast(value.array(), &DType::Float64)?));
            return Ok(numeric::div(&float(&l)?, &float(&r)?)?);
        }
    };
    match result {
        Ok(counts) => Ok(cast(&counts, dtype)?),
        Err(ArrowError::ArithmeticOverflow(_)) => {
            Err(Error::Overflow { op: expr.to_string(), dtype: dtype.to_string() })
        }
        Err(other) => Err(other.into()),
    }
}

/// Points and spans as 64-bit counts of their units.
fn counts(value: &Value) -> Result<Value> {
    let narrow =
        if value.plain_type() == DType::Date32 { cast(value.array(), &DType::Int32)? } else { value.array().clone() };
    Ok(value.with_array(cast(&narrow, &DType::Int64)?))
}

fn seconds(days: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    Ok(Arc::new(days.as_primitive::<Int64Type>().unary::<_, Int64Type>(|days| days.wrapping_mul(86_400))))
}

fn remainder(left: &ArrayRef, right: &ArrayRef, rows: usize) -> Result<ArrayRef> {
    match left.data_type() {
        DType::Int8 => remainder_of::<Int8Type>(left, right, rows),
        DType::Int16 => remainder_of::<Int16Type>(left, right, rows),
        DType::Int32 => remainder_of::<Int32Type>(left, right, rows),
        DType::Int64 => remainder_of::<Int64Type>(left, right, rows),
        DType::UInt8 => remainder_of::<UInt8Type>(left, right, rows),
        DType::UInt16 => remainder_of::<UInt16Type>(left, right, rows),
        DType::UInt32 => remainder_of::<UInt32Type>(left, right, rows),
        DType::UInt64 => remainder_of::<UInt64Type>(left, right, rows),
        DType::Float32 => remainder_of::<Float32Type>(left, right, rows),
        DType::Float64 => remainder_of::<Float64Type>(left, right, rows),
        DType::Float16 => {
            let wide = |array: &ArrayRef| cast(array, &DType::Float32);
            let result = remainder_of::<Float32Type>(&wide(left)?, &wide(right)?, rows)?;
            Ok(arrow::compute::cast(&result, &Float16Type::DATA_TYPE)?)
        }
        other => Err(Error::internal(format!("remainder of {other}"))),
    }
}

fn remainder_of<T: ArrowPrimitiveType>(left: &ArrayRef, right: &ArrayRef, rows: usize) -> Result<ArrayRef>
where
    T::Native: Remainder,
{
    let (left, right) = (left.as_primitive::<T>(), right.as_primitive::<T>());
    Ok(Arc::new(try_binary::<T, T, T>(left, right, rows, |a, b| a.remainder(b))))
}
