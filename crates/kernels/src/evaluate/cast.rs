//! Casts: those that users ask for, and those that bring operands to one type.

use arrow::array::Array;
use blockfold_core::cast::cast;
use blockfold_core::{DType, Error, Expr, Result};

use super::value::Value;

/// A cast in an expression: what does not fit becomes null, or fails when `strict`.
pub(super) fn explicit(expr: &Expr, value: &Value, dtype: &DType, strict: bool) -> Result<Value> {
    if value.array().data_type() == dtype {
        return Ok(value.clone());
    }
    let plain_target = !matches!(dtype, DType::Dictionary(..));
    if plain_target && !strict {
        let one = std::slice::from_ref(value);
        return Value::over_dictionary(one, |args| Ok(args[0].with_array(cast(args[0].array(), dtype, true)?)));
    }
    let plain = value.plain()?;
    match cast(plain.array(), dtype, !strict) {
        Ok(array) => Ok(plain.with_array(array)),
        Err(error) => Err(Error::argument(expr, format!("a value does not fit: {error}"))),
    }
}

/// An operand of `expr` brought to the type in which it is computed; dictionaries stay encoded.
pub(super) fn implicit(expr: &Expr, value: &Value, dtype: &DType) -> Result<Value> {
    if value.plain_type() == *dtype {
        return Ok(value.clone());
    }
    let plain = value.plain()?;
    match cast(plain.array(), dtype, false) {
        Ok(array) => Ok(plain.with_array(array)),
        Err(_) => Err(Error::Overflow { op: expr.to_string(), dtype: dtype.to_string() }),
    }
}
