//! Evaluation of expressions over one batch.
//!
//! A literal stays one value until it meets a column, and an operation on literals alone stays one value, so
//! constants fold by themselves. An operation between a dictionary column and literals is computed once for each
//! value of the dictionary. Types and implicit casts are those that [`Expr::signature`] states; an implicit cast
//! never loses a value silently.
//!
//! Comparisons of floats take NaN as equal to itself and greater than every number, as Polars and DuckDB do, and
//! -0.0 as equal to 0.0. Logic is three-valued.

mod arithmetic;
mod case;
mod cast;
mod compare;
mod logic;
mod membership;
#[cfg(test)]
mod property;
#[cfg(test)]
mod tests;
mod value;

use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray};
use arrow::compute::filter_record_batch;
use blockfold_core::expr::{UserFunction, plain_type};
use blockfold_core::{ArrayRef, BinaryOp, DType, Error, Expr, Function, RecordBatch, Result, Scalar, Schema};

use value::Value;

/// The value of a row-wise expression for every row of the batch.
///
/// The array has `batch.num_rows()` elements of the type that [`Expr::dtype`] says; it is a dictionary only for
/// a bare dictionary column and for a cast to a dictionary.
///
/// # Errors
/// [`Error::ColumnNotFound`] and [`Error::Type`] as from [`Expr::dtype`]; [`Error::Argument`] for an aggregate,
/// which has no value by rows, and for a strict cast of a value that does not fit.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use arrow::array::{AsArray, Int32Array, RecordBatch};
/// use arrow::datatypes::Int32Type;
/// use blockfold_core::col;
/// use blockfold_kernels::evaluate::evaluate;
///
/// let x = Arc::new(Int32Array::from(vec![Some(1), None, Some(3)]));
/// let batch = RecordBatch::try_from_iter([("x", x as _)])?;
/// let doubled = evaluate(&(col("x") * 2), &batch)?;
/// assert_eq!(doubled.as_primitive::<Int32Type>(), &Int32Array::from(vec![Some(2), None, Some(6)]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn evaluate(expr: &Expr, batch: &RecordBatch) -> Result<ArrayRef> {
    let dtype = expr.dtype(batch.schema_ref())?;
    value_of(expr, batch)?.into_array(batch.num_rows(), &dtype)
}

/// Whether the predicate holds, for each row; a null counts as false and the mask has none.
///
/// # Errors
/// As [`evaluate`], and [`Error::Type`] when the expression is not Boolean.
pub fn predicate_mask(expr: &Expr, batch: &RecordBatch) -> Result<BooleanArray> {
    let got = plain_type(&expr.dtype(batch.schema_ref())?);
    if !matches!(got, DType::Boolean | DType::Null) {
        return Err(Error::Type { op: expr.to_string(), expected: "a Boolean predicate".into(), got: got.to_string() });
    }
    let values = value_of(expr, batch)?.into_array(batch.num_rows(), &DType::Boolean)?;
    Ok(logic::without_nulls(values.as_boolean()))
}

/// The rows of the batch where the predicate holds.
///
/// # Errors
/// As [`predicate_mask`].
pub fn filter(expr: &Expr, batch: &RecordBatch) -> Result<RecordBatch> {
    let mask = predicate_mask(expr, batch)?;
    if mask.true_count() == batch.num_rows() {
        return Ok(batch.clone());
    }
    Ok(filter_record_batch(batch, &mask)?)
}

/// The value of an expression without columns.
///
/// # Errors
/// As [`evaluate`]; a column is not found.
pub fn evaluate_literal(expr: &Expr) -> Result<Scalar> {
    let nothing = RecordBatch::new_empty(Arc::new(Schema::empty()));
    expr.dtype(nothing.schema_ref())?;
    match value_of(expr, &nothing)? {
        Value::One(array) if *array.data_type() == DType::Null => Ok(Scalar::Null),
        Value::One(array) => Scalar::from_array(&array, 0),
        Value::Column(_) => Err(Error::internal(format!("{expr} has no column, yet its value has rows"))),
    }
}

fn value_of(expr: &Expr, batch: &RecordBatch) -> Result<Value> {
    match expr {
        Expr::Column(name) => column(name, batch),
        Expr::Literal(value) => Ok(Value::One(value.to_array(&value.dtype())?)),
        Expr::Binary { op, left, right } => binary(expr, *op, left, right, batch),
        Expr::Not(input) => logic::not(&value_of(input, batch)?),
        Expr::IsNull(input) => logic::is_null(&value_of(input, batch)?),
        Expr::Cast { input, dtype, strict } => cast::explicit(expr, &value_of(input, batch)?, dtype, *strict),
        Expr::Case { branches, otherwise } => case::choose(expr, branches, otherwise.as_deref(), batch),
        Expr::IsIn { input, list } => membership::is_in(expr, input, list, batch),
        Expr::Call { function, args } => call(*function, args, batch),
        Expr::User { function, args } => user(function, args, batch),
        Expr::Alias { input, .. } => value_of(input, batch),
        Expr::Agg { .. } => {
            let what = "an aggregate has no value by rows; use it in agg or select";
            Err(Error::argument(expr, what))
        }
    }
}

fn column(name: &str, batch: &RecordBatch) -> Result<Value> {
    match batch.column_by_name(name) {
        Some(array) => Ok(Value::Column(array.clone())),
        None => Err(Error::ColumnNotFound {
            name: name.to_string(),
            have: batch.schema_ref().fields().iter().map(|field| field.name().clone()).collect(),
        }),
    }
}

fn binary(expr: &Expr, op: BinaryOp, left: &Expr, right: &Expr, batch: &RecordBatch) -> Result<Value> {
    let types = Expr::signature(op, left, right, batch.schema_ref())?;
    let l = cast::implicit(expr, &value_of(left, batch)?, &types.left)?;
    if let Some(decided) = logic::decided_by(op, &l) {
        return Ok(decided);
    }
    let r = cast::implicit(expr, &value_of(right, batch)?, &types.right)?;
    match op {
        BinaryOp::And | BinaryOp::Or => logic::combine(op, &l, &r),
        _ if op.is_comparison() => Value::over_dictionary(&[l, r], |args| compare::compare(op, &args[0], &args[1])),
        _ => arithmetic::arithmetic(expr, op, &l, &r, &types.result),
    }
}

/// A call of a function of the user, which sees plain columns of all rows.
fn user(function: &UserFunction, args: &[Expr], batch: &RecordBatch) -> Result<Value> {
    let rows = batch.num_rows();
    let column = |arg: &Expr| {
        let dtype = plain_type(&arg.dtype(batch.schema_ref())?);
        value_of(arg, batch)?.plain()?.into_array(rows, &dtype)
    };
    let columns: Vec<ArrayRef> = args.iter().map(column).collect::<Result<_>>()?;
    function.evaluate(&columns, rows).map(Value::Column)
}

/// A call of a scalar function. It sees plain columns and arrays of one element, never dictionaries; a function
/// that gives null for null never sees an argument that is null altogether.
fn call(function: &'static dyn Function, args: &[Expr], batch: &RecordBatch) -> Result<Value> {
    let values: Vec<Value> = args.iter().map(|arg| value_of(arg, batch)).collect::<Result<_>>()?;
    let types: Vec<DType> = values.iter().map(Value::plain_type).collect();
    let dtype = function.dtype(&types)?;
    let apply = |values: &[Value]| -> Result<Value> {
        let arrays: Vec<ArrayRef> = values.iter().map(|value| value.array().clone()).collect();
        let rows = values.iter().find_map(Value::rows);
        let result = function.evaluate(&arrays, rows.unwrap_or(1))?;
        let expected = (&dtype, rows.unwrap_or(1));
        if (result.data_type(), result.len()) != expected {
            let got = (result.data_type(), result.len());
            return Err(Error::internal(format!("{} gave {got:?}, not {expected:?}", function.name())));
        }
        Ok(if rows.is_some() { Value::Column(result) } else { Value::One(result) })
    };
    if !function.null_in_null_out() {
        let plain: Vec<Value> = values.iter().map(Value::plain).collect::<Result<_>>()?;
        return apply(&plain);
    }
    if values.iter().any(Value::is_all_null) {
        return Ok(Value::One(Scalar::Null.to_array(&dtype)?));
    }
    Value::over_dictionary(&values, apply)
}
