//! Running sums and products.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{ArrowPrimitiveType, Float64Type, Int64Type, UInt64Type};
use blockfold_core::{DType, Error, Result};

use super::{Marks, Running};

/// Running sums in `dtype`, the type that sums of the values have; null where the value is null, and the sum goes on.
///
/// `label` names the sum in errors: a sum of integers that does not fit is [`Error::Overflow`].
pub fn cum_sum(label: String, dtype: DType) -> Box<dyn Running> {
    match dtype {
        DType::Float64 => Fold::<Float64Type>::boxed(label, dtype, 0.0, |sum, value| Some(sum + value)),
        DType::UInt64 => Fold::<UInt64Type>::boxed(label, dtype, 0, u64::checked_add),
        _ => Fold::<Int64Type>::boxed(label, dtype, 0, i64::checked_add),
    }
}

/// Running products, as [`cum_sum`].
pub fn cum_product(label: String, dtype: DType) -> Box<dyn Running> {
    match dtype {
        DType::Float64 => Fold::<Float64Type>::boxed(label, dtype, 1.0, |product, value| Some(product * value)),
        DType::UInt64 => Fold::<UInt64Type>::boxed(label, dtype, 1, u64::checked_mul),
        _ => Fold::<Int64Type>::boxed(label, dtype, 1, i64::checked_mul),
    }
}

/// What a result becomes with one more value; `None` when it does not fit.
type Step<N> = fn(N, N) -> Option<N>;

struct Fold<T: ArrowPrimitiveType> {
    label: String,
    dtype: DType,
    /// Of no values.
    start: T::Native,
    step: Step<T::Native>,
    /// Of the values of the group so far.
    so_far: T::Native,
}

impl<T: ArrowPrimitiveType> Fold<T> {
    fn boxed(label: String, dtype: DType, start: T::Native, step: Step<T::Native>) -> Box<dyn Running> {
        Box::new(Fold::<T> { label, dtype, start, step, so_far: start })
    }
}

impl<T: ArrowPrimitiveType> Running for Fold<T> {
    fn next(&mut self, values: &ArrayRef, marks: &Marks) -> Result<ArrayRef> {
        let values = cast(values, &T::DATA_TYPE)?;
        let values = values.as_primitive::<T>();
        let mut results: Vec<Option<T::Native>> = Vec::with_capacity(values.len());
        for (value, start) in values.iter().zip(&marks.groups) {
            if *start {
                self.so_far = self.start;
            }
            let Some(value) = value else {
                results.push(None);
                continue;
            };
            let overflow = || Error::Overflow { op: self.label.clone(), dtype: self.dtype.to_string() };
            self.so_far = (self.step)(self.so_far, value).ok_or_else(overflow)?;
            results.push(Some(self.so_far));
        }
        let results: PrimitiveArray<T> = results.into_iter().collect();
        Ok(cast(&(Arc::new(results) as ArrayRef), &self.dtype)?)
    }
}
