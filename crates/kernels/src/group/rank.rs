//! Quantiles by rank, for values that lie in parts: which values they are between, and where.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use blockfold_core::{Error, Interpolation, Result};

use super::accumulate::{Between, primitive};
use super::fixed::with_fixed;

/// The ranks, from 0, of the two values that a quantile is between, and how far it is from the first to the second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rank {
    /// Rank of the lower value.
    pub low: u64,
    /// Rank of the higher value, the same one where none is needed.
    pub high: u64,
    /// The way from the lower to the higher value, from 0 to below 1.
    pub share: f64,
}

impl Rank {
    /// Where quantile `q` of so many values is; nowhere when there are none.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a rank of values
    pub fn of(values: u64, q: f64, interpolation: Interpolation) -> Option<Rank> {
        let last = values.checked_sub(1)?;
        let rank = match interpolation {
            Interpolation::Linear | Interpolation::Midpoint => q * last as f64,
            Interpolation::Lower => (q * last as f64).floor(),
            Interpolation::Higher => (q * last as f64).ceil(),
            Interpolation::Nearest => (q * last as f64).round_ties_even(),
        };
        let share = if interpolation == Interpolation::Midpoint && rank.fract() > 0.0 { 0.5 } else { rank.fract() };
        let low = (rank as u64).min(last);
        let high = if share > 0.0 { (low + 1).min(last) } else { low };
        Some(Rank { low, high, share })
    }
}

/// The quantile between two values, each an array of one row: numbers as f64, times in their own type. Null when
/// one of them is.
///
/// # Errors
/// [`Error::Internal`] for values of which there is no quantile, or of two types.
pub fn quantile_between(low: &ArrayRef, high: &ArrayRef, share: f64) -> Result<ArrayRef> {
    let dtype = low.data_type();
    if low.len() != 1 || high.len() != 1 || dtype != high.data_type() {
        return Err(Error::internal("a quantile is between two values of one type"));
    }
    let is_null = low.is_null(0) || high.is_null(0);
    with_fixed!(dtype, T => {
        let (low, high) = (low.as_primitive::<T>().values(), high.as_primitive::<T>().values());
        let between = Between { low: low[0], high: high[0], share };
        if dtype.is_numeric() {
            return Ok(Arc::new(Float64Array::from(vec![(!is_null).then(|| between.number())])));
        }
        let time = if is_null { low[0] } else { between.time() };
        primitive::<T>(vec![time].into(), Some(vec![!is_null].into()), dtype)
    }, _ => Err(Error::internal(format!("a quantile of {dtype}"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, TimestampSecondArray};

    #[test]
    fn ranks_are_between_values() {
        let rank = |values, q, interpolation| Rank::of(values, q, interpolation);
        assert_eq!(rank(0, 0.5, Interpolation::Linear), None);
        assert_eq!(rank(1, 0.5, Interpolation::Linear), Some(Rank { low: 0, high: 0, share: 0.0 }));
        assert_eq!(rank(4, 0.5, Interpolation::Linear), Some(Rank { low: 1, high: 2, share: 0.5 }));
        assert_eq!(rank(4, 0.5, Interpolation::Lower), Some(Rank { low: 1, high: 1, share: 0.0 }));
        assert_eq!(rank(4, 0.5, Interpolation::Higher), Some(Rank { low: 2, high: 2, share: 0.0 }));
        assert_eq!(rank(11, 0.25, Interpolation::Midpoint), Some(Rank { low: 2, high: 3, share: 0.5 }));
        assert_eq!(rank(5, 1.0, Interpolation::Linear), Some(Rank { low: 4, high: 4, share: 0.0 }));
    }

    #[test]
    fn numbers_and_times_between() {
        let one = |value: Option<i64>| -> ArrayRef { Arc::new(Int64Array::from(vec![value])) };
        let between = quantile_between(&one(Some(1)), &one(Some(4)), 0.5).unwrap();
        assert_eq!(between.as_ref(), &Float64Array::from(vec![2.5]));
        assert!(quantile_between(&one(None), &one(Some(4)), 0.5).unwrap().is_null(0));
        let time = |value: i64| -> ArrayRef { Arc::new(TimestampSecondArray::from(vec![value])) };
        let between = quantile_between(&time(1), &time(4), 0.5).unwrap();
        assert_eq!(between.as_ref(), &TimestampSecondArray::from(vec![2]));
        let zeros: [ArrayRef; 2] = [Arc::new(Float64Array::from(vec![-0.0])), Arc::new(Float64Array::from(vec![0.0]))];
        let zero = quantile_between(&zeros[0], &zeros[0], 0.0).unwrap();
        assert!(zero.as_primitive::<arrow::datatypes::Float64Type>().value(0).is_sign_positive());
        assert!(quantile_between(&zeros[0], &one(Some(1)), 0.0).is_err());
    }
}
