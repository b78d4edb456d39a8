//! The on-key of one side.

use arrow::array::{Array, ArrayRef};
use arrow::buffer::NullBuffer;
use blockfold_core::{Error, Result};

use super::Tolerance;
use crate::group::OrderedBits;

/// An on-key, in any order.
#[derive(Debug)]
pub(super) struct Ordered {
    ordered: OrderedBits,
    nulls: Option<NullBuffer>,
}

impl Ordered {
    /// The on-key of a side.
    ///
    /// # Errors
    /// [`Error::Type`] when its type has no differences.
    pub(super) fn of(on: &ArrayRef, side: &str) -> Result<Self> {
        let no_difference = || Error::Type {
            op: format!("the on-key of the {side} side of an asof join"),
            expected: "integers, floats, dates, times, timestamps and durations".into(),
            got: on.data_type().to_string(),
        };
        let ordered = OrderedBits::of(on).ok_or_else(no_difference)?;
        Ok(Ordered { ordered, nulls: on.nulls().filter(|nulls| nulls.null_count() > 0).cloned() })
    }

    /// The key of a row, unless it is null or NaN.
    #[inline]
    pub(super) fn get(&self, row: usize) -> Option<u64> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return None;
        }
        let bits = self.ordered.bits.get(row).copied()?;
        (!self.is_floating() || !OrderedBits::float(bits).is_nan()).then_some(bits)
    }

    pub(super) fn is_floating(&self) -> bool {
        self.ordered.is_floating
    }

    /// # Errors
    /// [`Error::Argument`] when a tolerance is not of the key's kind.
    pub(super) fn check_tolerance(&self, tolerance: Option<Tolerance>) -> Result<()> {
        match (tolerance, self.is_floating()) {
            (Some(Tolerance::Units(_)), true) => Err(refusal("the on-key is of floats, so its tolerance must be one")),
            (Some(Tolerance::Float(_)), false) => Err(refusal("the on-key is not of floats, nor may its tolerance be")),
            (Some(Tolerance::Float(most)), true) if most.is_nan() || most < 0.0 => {
                Err(refusal("the tolerance must be a number that is not negative"))
            }
            _ => Ok(()),
        }
    }
}

fn refusal(what: &str) -> Error {
    Error::argument("join_asof", what)
}
