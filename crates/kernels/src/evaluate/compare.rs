//! Comparisons.
//!
//! Arrow's own order of floats tells -0.0 from 0.0 and the signs of NaN apart; here NaN is equal to every NaN
//! and greater than every number, and zeros are equal.

use std::sync::Arc;

use arrow::array::{Array, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::cast;
use arrow::compute::kernels::cmp;
use arrow::datatypes::{Float32Type, Float64Type};
use blockfold_core::{BinaryOp, DType, Result};

use super::value::Value;

/// A comparison of two plain values of one type; null where either is.
pub(super) fn compare(op: BinaryOp, left: &Value, right: &Value) -> Result<Value> {
    let mask = match left.array().data_type() {
        DType::Null => BooleanArray::new_null(left.rows().or(right.rows()).unwrap_or(1)),
        DType::Float64 => compare_floats::<Float64Type>(op, left, right, f64::is_nan),
        DType::Float32 => compare_floats::<Float32Type>(op, left, right, f32::is_nan),
        DType::Float16 => {
            let wide = |value: &Value| {
                Ok::<_, arrow::error::ArrowError>(value.with_array(cast(value.array(), &DType::Float32)?))
            };
            compare_floats::<Float32Type>(op, &wide(left)?, &wide(right)?, f32::is_nan)
        }
        _ => by_arrow(op, left, right)?,
    };
    let mask = Arc::new(mask);
    Ok(if left.rows().or(right.rows()).is_some() { Value::Column(mask) } else { Value::One(mask) })
}

fn by_arrow(op: BinaryOp, left: &Value, right: &Value) -> Result<BooleanArray> {
    Ok(match op {
        BinaryOp::Eq => cmp::eq(left, right)?,
        BinaryOp::NotEq => cmp::neq(left, right)?,
        BinaryOp::Lt => cmp::lt(left, right)?,
        BinaryOp::LtEq => cmp::lt_eq(left, right)?,
        BinaryOp::Gt => cmp::gt(left, right)?,
        _ => cmp::gt_eq(left, right)?,
    })
}

fn compare_floats<T>(op: BinaryOp, left: &Value, right: &Value, is_nan: fn(T::Native) -> bool) -> BooleanArray
where
    T: ArrowPrimitiveType,
    T::Native: PartialOrd,
{
    let (l, r) = (left.array().as_primitive::<T>(), right.array().as_primitive::<T>());
    match (left, right) {
        (Value::Column(_), Value::One(_)) => with_constant(op, l, r, is_nan),
        (Value::One(_), Value::Column(_)) => with_constant(op.mirrored(), r, l, is_nan),
        _ => by_rows(op, l, r, is_nan),
    }
}

fn with_constant<T>(
    op: BinaryOp,
    column: &PrimitiveArray<T>,
    constant: &PrimitiveArray<T>,
    is_nan: fn(T::Native) -> bool,
) -> BooleanArray
where
    T: ArrowPrimitiveType,
    T::Native: PartialOrd,
{
    if constant.is_null(0) {
        return BooleanArray::new_null(column.len());
    }
    let (x, c) = (column.values(), constant.value(0));
    let mask = if is_nan(c) {
        match op {
            BinaryOp::Eq | BinaryOp::GtEq => collect(x.len(), |i| is_nan(x[i])),
            BinaryOp::NotEq | BinaryOp::Lt => collect(x.len(), |i| !is_nan(x[i])),
            BinaryOp::LtEq => BooleanBuffer::new_set(x.len()),
            _ => BooleanBuffer::new_unset(x.len()),
        }
    } else {
        match op {
            BinaryOp::Eq => collect(x.len(), |i| x[i] == c),
            BinaryOp::NotEq => collect(x.len(), |i| x[i] != c),
            BinaryOp::Lt => collect(x.len(), |i| x[i] < c),
            BinaryOp::LtEq => collect(x.len(), |i| x[i] <= c),
            // NaN is not less or equal, hence greater.
            BinaryOp::Gt => !&collect(x.len(), |i| x[i] <= c),
            _ => !&collect(x.len(), |i| x[i] < c),
        }
    };
    BooleanArray::new(mask, column.nulls().cloned())
}

fn by_rows<T>(
    op: BinaryOp,
    left: &PrimitiveArray<T>,
    right: &PrimitiveArray<T>,
    is_nan: fn(T::Native) -> bool,
) -> BooleanArray
where
    T: ArrowPrimitiveType,
    T::Native: PartialOrd,
{
    let (x, y) = (left.values(), right.values());
    let equal = |i: usize| x[i] == y[i] || (is_nan(x[i]) && is_nan(y[i]));
    let less_or_equal = |i: usize| x[i] <= y[i] || is_nan(y[i]);
    let greater_or_equal = |i: usize| x[i] >= y[i] || is_nan(x[i]);
    let rows = x.len().min(y.len());
    let mask = match op {
        BinaryOp::Eq => collect(rows, equal),
        BinaryOp::NotEq => collect(rows, |i| !equal(i)),
        BinaryOp::Lt => collect(rows, |i| !greater_or_equal(i)),
        BinaryOp::LtEq => collect(rows, less_or_equal),
        BinaryOp::Gt => collect(rows, |i| !less_or_equal(i)),
        _ => collect(rows, greater_or_equal),
    };
    BooleanArray::new(mask, NullBuffer::union(left.nulls(), right.nulls()))
}

fn collect(rows: usize, holds: impl Fn(usize) -> bool) -> BooleanBuffer {
    BooleanBuffer::collect_bool(rows, holds)
}
