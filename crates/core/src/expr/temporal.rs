//! Types of arithmetic with points and spans of time.
//!
//! A date is a point at its midnight. A point less a point is a span, a point and a span a point, each in the
//! finer unit of the two; a span times an integer is a span, and a span over a span a float.

use arrow::datatypes::{DataType, TimeUnit};

use super::BinaryOp;
use super::promote::{divides, finer};
use super::types::Signature;
use crate::scalar::Scalar;

/// Types of arithmetic on points and spans of time, `None` when the operands are not such.
pub(super) fn temporal_arithmetic(
    op: BinaryOp,
    left_literal: Option<&Scalar>,
    left: &DataType,
    right_literal: Option<&Scalar>,
    right: &DataType,
) -> Option<Signature> {
    use DataType::*;
    let (left, right) = (span_beside(left_literal, left, right), span_beside(right_literal, right, left));
    match (op, &left, &right) {
        (BinaryOp::Mul, Duration(_), number) if number.is_integer() => Some(Signature::new(left.clone(), Int64, left)),
        (BinaryOp::Mul, number, Duration(_)) if number.is_integer() => {
            Some(Signature::new(Int64, right.clone(), right))
        }
        (BinaryOp::Sub, Date32, Date32) => Some(Signature::new(Date32, Date32, Duration(TimeUnit::Second))),
        (BinaryOp::Add | BinaryOp::Sub | BinaryOp::Div, Duration(a), Duration(b)) => {
            let span = Duration(finer(*a, *b));
            let result = if op == BinaryOp::Div { Float64 } else { span.clone() };
            Some(Signature::new(span.clone(), span, result))
        }
        (BinaryOp::Add | BinaryOp::Sub, _, Duration(_)) => {
            let (point, span) = point_and_span(&left, &right)?;
            Some(Signature::new(point.clone(), span, point))
        }
        (BinaryOp::Add, Duration(_), _) => {
            let (point, span) = point_and_span(&right, &left)?;
            Some(Signature::new(span, point.clone(), point))
        }
        (BinaryOp::Sub, Timestamp(..) | Date32, Timestamp(..) | Date32) => {
            let point = super::promote(&left, &right)?;
            let Timestamp(unit, _) = point else { return None };
            Some(Signature::new(point.clone(), point, Duration(unit)))
        }
        _ => None,
    }
}

/// A point and a span in the finer of their units.
fn point_and_span(point: &DataType, span: &DataType) -> Option<(DataType, DataType)> {
    let (unit, zone) = match point {
        DataType::Date32 => (TimeUnit::Second, None),
        DataType::Timestamp(unit, zone) => (*unit, zone.clone()),
        _ => return None,
    };
    let DataType::Duration(other) = span else { return None };
    let unit = finer(unit, *other);
    Some((DataType::Timestamp(unit, zone), DataType::Duration(unit)))
}

/// The type of an operand: a literal span takes the unit of what it meets where that is exact.
fn span_beside(literal: Option<&Scalar>, dtype: &DataType, other: &DataType) -> DataType {
    let unit = match other {
        DataType::Timestamp(unit, _) | DataType::Duration(unit) => *unit,
        DataType::Date32 => TimeUnit::Second,
        _ => return dtype.clone(),
    };
    match literal {
        Some(Scalar::Duration(count, own)) if divides(*count, *own, unit) => DataType::Duration(unit),
        _ => dtype.clone(),
    }
}
