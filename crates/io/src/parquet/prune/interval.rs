//! What is known of a column's values in some rows.

use arrow::datatypes::DataType;
use blockfold_core::{BinaryOp, Scalar};

use super::test::Outcomes;
use crate::parquet::meta::{Bound, Bounds};

/// Values of a column in some rows: bounds, and whether there may be nulls, NaN, or values at all.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::parquet) struct Interval {
    pub(in crate::parquet) low: Option<Scalar>,
    pub(in crate::parquet) high: Option<Scalar>,
    pub(in crate::parquet) may_be_nan: bool,
    pub(in crate::parquet) may_be_null: bool,
    pub(in crate::parquet) may_be_value: bool,
}

impl Interval {
    /// Nothing known.
    pub(in crate::parquet) const UNKNOWN: Interval =
        Interval { low: None, high: None, may_be_nan: true, may_be_null: true, may_be_value: true };

    /// What statistics over `rows` rows of a column of `dtype` say.
    pub(in crate::parquet) fn of(bounds: &Bounds, rows: u64, dtype: &DataType) -> Interval {
        let (mut low, mut high) = (scalar(&bounds.min, dtype), scalar(&bounds.max, dtype));
        let is_reversed = low
            .as_ref()
            .zip(high.as_ref())
            .is_some_and(|(low, high)| low.compare(high).is_none_or(|order| order == std::cmp::Ordering::Greater));
        if is_reversed {
            (low, high) = (None, None);
        }
        Interval {
            low,
            high,
            may_be_nan: dtype.is_floating() && bounds.nans != Some(0),
            may_be_null: bounds.nulls != Some(0),
            may_be_value: bounds.nulls != Some(rows),
        }
    }

    /// One value in all rows.
    pub(in crate::parquet) fn constant(value: Scalar) -> Interval {
        let is_null = value == Scalar::Null;
        let bound = Some(value).filter(|_| !is_null);
        Interval { low: bound.clone(), high: bound, may_be_nan: false, may_be_null: is_null, may_be_value: !is_null }
    }

    /// What may come out of a comparison with a value that is not null.
    pub(super) fn compare(&self, op: BinaryOp, value: &Scalar) -> Outcomes {
        use std::cmp::Ordering::{Greater, Less};
        let is_nan = matches!(value, Scalar::Float(value) if value.is_nan());
        let order = |bound: &Option<Scalar>| bound.as_ref().map(|bound| compare(bound, value));
        let (low, high) = (order(&self.low), order(&self.high));
        if is_nan || low == Some(None) || high == Some(None) {
            return self.outcomes(true, true);
        }
        let (low, high) = (low.flatten(), high.flatten());
        let less = low.is_none_or(|low| low == Less);
        let equal = low.is_none_or(|low| low != Greater) && high.is_none_or(|high| high != Less);
        let greater = high.is_none_or(|high| high == Greater) || self.may_be_nan;
        match op {
            BinaryOp::Eq => self.outcomes(equal, less || greater),
            BinaryOp::NotEq => self.outcomes(less || greater, equal),
            BinaryOp::Lt => self.outcomes(less, equal || greater),
            BinaryOp::LtEq => self.outcomes(less || equal, greater),
            BinaryOp::Gt => self.outcomes(greater, less || equal),
            BinaryOp::GtEq => self.outcomes(greater || equal, less),
            _ => Outcomes::ANY,
        }
    }

    /// These outcomes where there are values, null where there are nulls.
    pub(super) fn outcomes(&self, may_be_true: bool, may_be_false: bool) -> Outcomes {
        Outcomes {
            may_be_true: may_be_true && self.may_be_value,
            may_be_false: may_be_false && self.may_be_value,
            may_be_null: self.may_be_null,
        }
    }
}

/// Order of a bound and a literal, as evaluation compares them; `None` when that is not known here.
fn compare(bound: &Scalar, value: &Scalar) -> Option<std::cmp::Ordering> {
    match (bound, value) {
        // Midnight depends on the zone.
        (Scalar::Date(_), Scalar::Timestamp(_, _, Some(_))) | (Scalar::Timestamp(_, _, Some(_)), Scalar::Date(_)) => {
            None
        }
        _ => bound.compare(value),
    }
}

/// A bound as a value of the column's type; `None` when it is not known or has no such value.
pub(in crate::parquet) fn scalar(bound: &Bound, dtype: &DataType) -> Option<Scalar> {
    use DataType::*;
    Some(match (bound, dtype) {
        (Bound::Int(value), Boolean) => Scalar::Bool(*value != 0),
        (Bound::Int(value), Int8 | Int16 | Int32 | Int64) => Scalar::Int(*value),
        (Bound::Int(value), UInt8 | UInt16 | UInt32) => {
            Scalar::UInt(u64::from(i32::try_from(*value).ok()?.cast_unsigned()))
        }
        (Bound::Int(value), UInt64) => Scalar::UInt(value.cast_unsigned()),
        (Bound::Int(value), Date32) => Scalar::Date(i32::try_from(*value).ok()?),
        (Bound::Int(value), Timestamp(unit, zone)) => Scalar::Timestamp(*value, *unit, zone.clone()),
        (Bound::Int(value), Duration(unit)) => Scalar::Duration(*value, *unit),
        (Bound::Float(value), Float32 | Float64) if !value.is_nan() => Scalar::Float(*value),
        (Bound::Bytes(value), Utf8) => Scalar::from(std::str::from_utf8(value).ok()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floats(min: f64, max: f64, nans: Option<u64>) -> Interval {
        let bounds = Bounds { min: min.into(), max: max.into(), nulls: Some(0), nans };
        Interval::of(&bounds, 10, &DataType::Float64)
    }

    #[test]
    fn nan_is_greater_than_an_upper_bound() {
        let lit = Scalar::Float(0.9);
        assert!(floats(0.0, 0.5, None).compare(BinaryOp::Gt, &lit).may_be_true);
        assert!(!floats(0.0, 0.5, Some(0)).compare(BinaryOp::Gt, &lit).may_be_true);
        assert!(!floats(1.0, 2.0, None).compare(BinaryOp::Lt, &lit).may_be_true);
        assert!(!floats(0.0, 0.5, None).compare(BinaryOp::Eq, &lit).may_be_true);
        assert!(floats(-0.0, -0.0, Some(0)).compare(BinaryOp::Eq, &Scalar::Float(0.0)).may_be_true);
        assert!(floats(f64::NAN, 0.5, Some(0)).compare(BinaryOp::Lt, &Scalar::Float(-5.0)).may_be_true);
        assert!(floats(2.0, 1.0, Some(0)).compare(BinaryOp::Lt, &Scalar::Float(-5.0)).may_be_true);
        assert!(floats(0.0, 0.5, Some(0)).compare(BinaryOp::Lt, &Scalar::Float(f64::NAN)).may_be_true);
    }

    #[test]
    fn nulls_alone_are_never_true() {
        let bounds = Bounds { nulls: Some(10), ..Bounds::default() };
        let outcomes = Interval::of(&bounds, 10, &DataType::Int32).compare(BinaryOp::Eq, &Scalar::Int(1));
        assert_eq!(outcomes, Outcomes { may_be_true: false, may_be_false: false, may_be_null: true });
    }

    #[test]
    fn unsigned_bounds_are_read_as_such() {
        let small = scalar(&Bound::Int(-1), &DataType::UInt32);
        assert_eq!(small, Some(Scalar::UInt(u64::from(u32::MAX))));
        assert_eq!(scalar(&Bound::Int(-1), &DataType::UInt64), Some(Scalar::UInt(u64::MAX)));
        assert_eq!(scalar(&Bound::Bytes([0xff].as_slice().into()), &DataType::Utf8), None);
    }
}
