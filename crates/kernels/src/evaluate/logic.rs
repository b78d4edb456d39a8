//! Three-valued logic.

use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{and_kleene, cast, or_kleene};
use blockfold_core::{BinaryOp, DType, Result};

use super::value::Value;

/// The result when the left operand alone decides it: all false for `and`, all true for `or`.
pub(super) fn decided_by(op: BinaryOp, left: &Value) -> Option<Value> {
    let mask = left.array().as_boolean_opt()?;
    let wanted = match op {
        BinaryOp::And => mask.false_count(),
        BinaryOp::Or => mask.true_count(),
        _ => return None,
    };
    (wanted == mask.len()).then(|| left.clone())
}

/// `and` or `or` of two Boolean values.
pub(super) fn combine(op: BinaryOp, left: &Value, right: &Value) -> Result<Value> {
    match (left, right) {
        (Value::Column(_), Value::One(one)) => with_constant(op, left, one.as_boolean()),
        (Value::One(one), Value::Column(_)) => with_constant(op, right, one.as_boolean()),
        _ => {
            let (l, r) = (left.plain()?, right.plain()?);
            Ok(l.with_array(kleene(op, l.array().as_boolean(), r.array().as_boolean())?))
        }
    }
}

fn kleene(op: BinaryOp, left: &BooleanArray, right: &BooleanArray) -> Result<Arc<BooleanArray>> {
    Ok(Arc::new(if op == BinaryOp::And { and_kleene(left, right)? } else { or_kleene(left, right)? }))
}

fn with_constant(op: BinaryOp, column: &Value, constant: &BooleanArray) -> Result<Value> {
    let neutral = op == BinaryOp::And;
    if constant.is_null(0) {
        let plain = column.plain()?;
        let nulls = BooleanArray::new_null(plain.array().len());
        return Ok(Value::Column(kleene(op, plain.array().as_boolean(), &nulls)?));
    }
    Ok(if constant.value(0) == neutral { column.clone() } else { Value::One(Arc::new(constant.clone())) })
}

/// Negation; null stays null.
pub(super) fn not(value: &Value) -> Result<Value> {
    let plain = value.plain()?;
    let boolean = cast(plain.array(), &DType::Boolean)?;
    Ok(plain.with_array(Arc::new(arrow::compute::not(boolean.as_boolean())?)))
}

/// Whether each value is null.
pub(super) fn is_null(value: &Value) -> Result<Value> {
    Ok(value.with_array(Arc::new(arrow::compute::is_null(value.array())?)))
}

/// The mask with false for null.
pub(super) fn without_nulls(mask: &BooleanArray) -> BooleanArray {
    let holds: BooleanBuffer = match mask.nulls() {
        Some(nulls) => mask.values() & nulls.inner(),
        None => return mask.clone(),
    };
    BooleanArray::new(holds, None)
}
