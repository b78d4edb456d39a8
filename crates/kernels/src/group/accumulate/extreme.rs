//! `min` and `max` of values of fixed width.

use std::sync::Arc;

use arrow::array::{ArrayRef, PrimitiveArray};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::ArrowPrimitiveType;
use blockfold_core::{DType, Result};

use super::{Accumulator, Batch, States, carrier, entry, required};
use crate::group::pairs::{for_each_run, has_nulls};

/// A value that can be the least or the greatest.
pub(super) trait Ordered: Copy + Default {
    /// What every value beats or equals.
    fn worst(is_max: bool) -> Self;
    /// Whether the value takes the place of the best so far.
    fn beats<const IS_MAX: bool>(self, best: Self) -> bool;
}

macro_rules! ordered_integers {
    ($($native:ty),*) => {$(
        impl Ordered for $native {
            fn worst(is_max: bool) -> Self {
                if is_max { <$native>::MIN } else { <$native>::MAX }
            }

            #[inline]
            fn beats<const IS_MAX: bool>(self, best: Self) -> bool {
                if IS_MAX { self > best } else { self < best }
            }
        }
    )*};
}

macro_rules! ordered_floats {
    ($($native:ty),*) => {$(
        impl Ordered for $native {
            /// NaN, which every number beats.
            fn worst(_: bool) -> Self {
                <$native>::NAN
            }

            #[inline]
            #[allow(clippy::neg_cmp_op_on_partial_ord)] // true as well when the best is NaN
            fn beats<const IS_MAX: bool>(self, best: Self) -> bool {
                let may_beat = if IS_MAX { !(self <= best) } else { !(self >= best) };
                may_beat && !self.is_nan()
            }
        }
    )*};
}

ordered_integers!(i8, i16, i32, i64, u8, u16, u32, u64);
ordered_floats!(f32, f64);

/// Which groups had a value.
#[derive(Debug, Default)]
pub(super) struct Seen {
    flags: Vec<bool>,
    unseen: usize,
}

impl Seen {
    /// Makes entries for new groups; a batch without nulls has values for all of them.
    pub(super) fn grow(&mut self, batch: &Batch<'_>, has_nulls: bool) {
        self.resize(batch.groups, !has_nulls);
        if !has_nulls && self.unseen > 0 {
            self.mark(batch.rows);
        }
    }

    pub(super) fn resize(&mut self, groups: usize, is_seen: bool) {
        let new = groups.saturating_sub(self.flags.len());
        self.unseen += if is_seen { 0 } else { new };
        self.flags.resize(self.flags.len() + new, is_seen);
    }

    #[inline]
    pub(super) fn mark(&mut self, rows: &[u32]) {
        for group in rows {
            if let Some(flag) = self.flags.get_mut(*group as usize)
                && !*flag
            {
                *flag = true;
                self.unseen -= 1;
            }
        }
    }

    pub(super) fn is(&self, group: u32) -> bool {
        entry(&self.flags, group)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.flags.capacity() as u64
    }

    /// Validity of the values of all groups.
    pub(super) fn all_nulls(&self) -> Option<NullBuffer> {
        (self.unseen > 0).then(|| self.flags.as_slice().into())
    }

    pub(super) fn nulls(&self, order: &[u32]) -> Option<NullBuffer> {
        let nulls: NullBuffer = order.iter().map(|group| self.is(*group)).collect();
        (nulls.null_count() > 0).then_some(nulls)
    }
}

/// Least or greatest value of each group.
pub(super) struct Extreme<T: ArrowPrimitiveType, const IS_MAX: bool> {
    dtype: DType,
    best: Vec<T::Native>,
    seen: Seen,
    /// The result of no values, null when absent.
    otherwise: Option<T::Native>,
}

impl<T: ArrowPrimitiveType, const IS_MAX: bool> Extreme<T, IS_MAX>
where
    T::Native: Ordered,
{
    pub(super) fn new(dtype: DType) -> Self {
        Extreme { dtype, best: Vec::new(), seen: Seen::default(), otherwise: None }
    }

    /// The same with a result of no values.
    pub(super) fn or(self, otherwise: T::Native) -> Self {
        Extreme { otherwise: Some(otherwise), ..self }
    }

    #[inline]
    fn add(best: &mut [T::Native], rows: &[u32], values: &[T::Native]) {
        for (group, value) in rows.iter().zip(values) {
            if let Some(best) = best.get_mut(*group as usize)
                && value.beats::<IS_MAX>(*best)
            {
                *best = *value;
            }
        }
    }
}

impl<T: ArrowPrimitiveType, const IS_MAX: bool> Accumulator for Extreme<T, IS_MAX>
where
    T::Native: Ordered,
{
    fn update(&mut self, batch: &Batch<'_>, inputs: &[ArrayRef]) -> Result<()> {
        let input = required(inputs)?;
        let has_nulls = has_nulls(input);
        self.best.resize(batch.groups, T::Native::worst(IS_MAX));
        self.seen.grow(batch, has_nulls);
        for_each_run::<T>(input, batch.rows, |rows, values| {
            if has_nulls {
                self.seen.mark(rows);
            }
            Self::add(&mut self.best, rows, values);
        })
    }

    fn state_types(&self) -> Vec<DType> {
        vec![carrier(&self.dtype)]
    }

    fn state(mut self: Box<Self>, groups: usize) -> Result<Vec<ArrayRef>> {
        self.best.resize(groups, T::Native::worst(IS_MAX));
        self.seen.resize(groups, false);
        let nulls = self.seen.all_nulls();
        Ok(vec![primitive::<T>(self.best.into(), nulls, &carrier(&self.dtype))?])
    }

    fn absorb(&mut self, states: &States<'_>) -> Result<()> {
        self.best.resize(states.groups, T::Native::worst(IS_MAX));
        self.seen.resize(states.groups, false);
        for_each_run::<T>(states.array(0)?, states.rows, |rows, values| {
            self.seen.mark(rows);
            Self::add(&mut self.best, rows, values);
        })
    }

    fn bytes(&self) -> u64 {
        (self.best.capacity() * size_of::<T::Native>()) as u64 + self.seen.bytes()
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        let best = |group: u32| match self.otherwise {
            Some(otherwise) if !self.seen.is(group) => otherwise,
            _ => entry(&self.best, group),
        };
        let values = order.iter().map(|group| best(*group)).collect();
        let nulls = self.seen.nulls(order).filter(|_| self.otherwise.is_none());
        primitive::<T>(values, nulls, &self.dtype)
    }
}

/// An array of values of fixed width; Booleans arrive as bytes.
pub(in crate::group) fn primitive<T: ArrowPrimitiveType>(
    values: ScalarBuffer<T::Native>,
    nulls: Option<NullBuffer>,
    dtype: &DType,
) -> Result<ArrayRef> {
    let array = PrimitiveArray::<T>::new(values, nulls);
    if *dtype == DType::Boolean {
        return Ok(cast(&array, dtype)?);
    }
    Ok(Arc::new(array.with_data_type(dtype.clone())))
}
