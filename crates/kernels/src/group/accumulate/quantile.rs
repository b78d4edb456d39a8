//! `median` and `quantile`, exact: the values are held with their groups.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::ArrowPrimitiveType;
use blockfold_core::{DType, Interpolation, Result};

use super::by_group::{ByGroup, list_type};
use super::extreme::primitive;
use super::moments::ToFloat;
use super::{Accumulator, Batch, States, required};
use crate::group::fixed::FixedBits;
use crate::group::pairs::for_each_run;
use crate::group::rank::Rank;

/// A quantile of each group.
pub(super) struct Quantile<T: ArrowPrimitiveType> {
    q: f64,
    interpolation: Interpolation,
    dtype: DType,
    /// All values that are not null, and their groups.
    values: Vec<T::Native>,
    rows: Vec<u32>,
}

impl<T: ArrowPrimitiveType> Quantile<T> {
    pub(super) fn new(q: f64, interpolation: Interpolation, dtype: DType) -> Self {
        Quantile { q, interpolation, dtype, values: Vec::new(), rows: Vec::new() }
    }

    fn hold(&mut self, input: &ArrayRef, rows: &[u32]) -> Result<()> {
        for_each_run::<T>(input, rows, |rows, values| {
            self.values.extend_from_slice(values);
            self.rows.extend_from_slice(rows);
        })
    }

    fn by_group(&self, groups: usize) -> (ByGroup, Vec<T::Native>) {
        let sorted = ByGroup::new(self.rows.iter().copied(), groups);
        let values = sorted.order().iter().map(|row| super::entry(&self.values, *row)).collect();
        (sorted, values)
    }
}

/// The two values around a quantile, and how far it is from the first to the second.
pub(in crate::group) struct Between<N> {
    pub(in crate::group) low: N,
    pub(in crate::group) high: N,
    pub(in crate::group) share: f64,
}

impl<N: FixedBits> Between<N> {
    /// Around quantile `q` of values, which are put in another order.
    fn find(values: &mut [N], q: f64, interpolation: Interpolation) -> Option<Self> {
        let rank = Rank::of(values.len() as u64, q, interpolation)?;
        let place = usize::try_from(rank.low).unwrap_or(usize::MAX).min(values.len() - 1);
        let (_, low, higher) = values.select_nth_unstable_by_key(place, |value| value.to_bits());
        let high = if rank.share > 0.0 { higher.iter().copied().min_by_key(|value| value.to_bits()) } else { None };
        Some(Between { low: *low, high: high.unwrap_or(*low), share: rank.share })
    }
}

/// As NumPy does it: from the nearer end.
fn interpolate(low: f64, high: f64, share: f64) -> f64 {
    match high - low {
        _ if low == high || share == 0.0 => low,
        gap if gap.is_infinite() => low + high,
        gap if share < 0.5 => low + gap * share,
        gap => high - gap * (1.0 - share),
    }
}

impl<N: FixedBits + ToFloat> Between<N> {
    pub(in crate::group) fn number(&self) -> f64 {
        // Which of two zeros or NaN was found does not matter.
        let one = |value: N| N::from_bits(value.to_bits()).to_float();
        interpolate(one(self.low), one(self.high), self.share)
    }

    /// For times, which are integers: rounded towards the earlier.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within the gap
    pub(in crate::group) fn time(&self) -> N {
        let (low, high) = (self.low.to_bits(), self.high.to_bits());
        let gap = high - low;
        let step = if self.share == 0.5 { gap / 2 } else { interpolate(0.0, gap as f64, self.share) as u64 };
        N::from_bits(low + step.min(gap))
    }
}

impl<T: ArrowPrimitiveType> Accumulator for Quantile<T>
where
    T::Native: FixedBits + ToFloat,
{
    fn update(&mut self, batch: &Batch<'_>, inputs: &[ArrayRef]) -> Result<()> {
        self.hold(required(inputs)?, batch.rows)
    }

    fn state_types(&self) -> Vec<DType> {
        vec![list_type(self.dtype.clone())]
    }

    fn state(self: Box<Self>, groups: usize) -> Result<Vec<ArrayRef>> {
        let (sorted, values) = self.by_group(groups);
        Ok(vec![sorted.lists(primitive::<T>(values.into(), None, &self.dtype)?)?])
    }

    fn absorb(&mut self, states: &States<'_>) -> Result<()> {
        self.hold(&states.elements(0)?, &states.element_rows(0)?)
    }

    fn bytes(&self) -> u64 {
        (self.values.capacity() * size_of::<T::Native>() + self.rows.capacity() * size_of::<u32>()) as u64
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        let (sorted, mut values) = self.by_group(order.len());
        let (q, interpolation, dtype) = (self.q, self.interpolation, self.dtype.clone());
        drop(self);
        let found = order.iter().map(|group| {
            let values = values.get_mut(sorted.range(*group)).unwrap_or_default();
            Between::find(values, q, interpolation)
        });
        if dtype.is_numeric() {
            return Ok(Arc::new(found.map(|found| found.map(|found| found.number())).collect::<Float64Array>()));
        }
        let found: Vec<Option<T::Native>> = found.map(|found| found.map(|found| found.time())).collect();
        let nulls: NullBuffer = found.iter().map(Option::is_some).collect();
        primitive::<T>(found.into_iter().map(Option::unwrap_or_default).collect(), Some(nulls), &dtype)
    }
}
