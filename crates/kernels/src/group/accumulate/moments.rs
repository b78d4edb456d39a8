//! `std` and `var`: count, mean and sum of squared deviations, merged after Chan, Golub and LeVeque (1979).

use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use arrow::datatypes::{ArrowPrimitiveType, Float64Type};
use blockfold_core::{DType, Result};

use super::slots::Slots;
use super::{Accumulator, Batch, States, entry, required};
use crate::group::pairs::{for_each_run, has_nulls};
use crate::group::whole;

/// With this many rows a group, a batch's own moments are merged; with fewer, rows are added one by one.
const ROWS_FOR_TWO_PASSES: usize = 8;

/// A value that moments take.
pub(in crate::group) trait ToFloat: Copy {
    fn to_float(self) -> f64;
}

macro_rules! to_float {
    ($($native:ty),*) => {$(
        impl ToFloat for $native {
            #[inline]
            #[allow(clippy::cast_precision_loss, clippy::cast_lossless, clippy::unnecessary_cast)]
            fn to_float(self) -> f64 {
                self as f64
            }
        }
    )*};
}

to_float!(i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);

/// Moments of some values.
#[derive(Clone, Copy, Debug, Default)]
struct Moment {
    count: f64,
    mean: f64,
    /// Sum of squared deviations from the mean.
    squares: f64,
}

impl Moment {
    /// Adds one value, after Welford.
    #[inline]
    fn push(&mut self, value: f64) {
        self.count += 1.0;
        let before = value - self.mean;
        self.mean += before / self.count;
        self.squares += before * (value - self.mean);
    }

    /// Adds the moments of other values.
    #[inline]
    fn merge(&mut self, other: &Moment) {
        if other.count == 0.0 {
            return;
        }
        let count = self.count + other.count;
        let delta = other.mean - self.mean;
        let share = other.count / count;
        self.squares += other.squares + delta * delta * self.count * share;
        self.mean += delta * share;
        self.count = count;
    }
}

/// Standard deviation or variance of each group.
pub(super) struct Moments<T> {
    moments: Vec<Moment>,
    own: Own,
    ddof: u8,
    is_std: bool,
    values: PhantomData<fn() -> T>,
}

/// What two passes over one batch need.
#[derive(Default)]
struct Own {
    counts: Slots<u32>,
    /// Sums, then means.
    means: Slots<f64>,
    squares: Slots<f64>,
}

impl<T> Moments<T> {
    pub(super) fn new(ddof: u8, is_std: bool) -> Self {
        Moments { moments: Vec::new(), own: Own::default(), ddof, is_std, values: PhantomData }
    }

    fn result(&self, group: u32) -> Option<f64> {
        let moment = entry(&self.moments, group);
        let freedom = moment.count - f64::from(self.ddof);
        (freedom > 0.0).then(|| {
            let variance = moment.squares / freedom;
            if self.is_std { variance.sqrt() } else { variance }
        })
    }
}

impl<T: ArrowPrimitiveType> Moments<T>
where
    T::Native: ToFloat,
{
    fn push_rows(&mut self, batch: &Batch<'_>, input: &ArrayRef) -> Result<()> {
        for_each_run::<T>(input, batch.rows, |rows, values| {
            for (group, value) in rows.iter().zip(values) {
                if let Some(moment) = self.moments.get_mut(*group as usize) {
                    moment.push(value.to_float());
                }
            }
        })
    }

    /// Means of the batch first, then deviations from them.
    fn merge_batch(&mut self, batch: &Batch<'_>, input: &ArrayRef) -> Result<()> {
        let Own { counts, means, squares } = &mut self.own;
        let known_counts = batch.counts.filter(|_| !has_nulls(input));
        counts.clear();
        means.clear();
        squares.clear();
        if known_counts.is_none() {
            counts.begin(batch.groups, batch.rows.len());
        }
        means.begin(batch.groups, batch.rows.len());
        squares.begin(batch.groups, batch.rows.len());
        for_each_run::<T>(input, batch.rows, |rows, values| {
            if known_counts.is_none() {
                counts.add(rows, values, |_, count, _| *count += 1);
            }
            means.add(rows, values, |_, sum, value| *sum += value.to_float());
        })?;
        counts.end(|_, count, more| *count += more);
        means.end(|_, sum, more| *sum += more);
        let counts = known_counts.unwrap_or(counts.entries());
        means.entries_mut().iter_mut().zip(counts).for_each(|(mean, count)| *mean /= f64::from(*count));
        for_each_run::<T>(input, batch.rows, |rows, values| {
            squares.add(rows, values, |group, square, value| {
                let deviation = value.to_float() - means.of(group);
                *square += deviation * deviation;
            });
        })?;
        squares.end(|_, square, more| *square += more);
        let new = counts.iter().zip(means.entries()).zip(squares.entries());
        for (all, ((count, mean), squares)) in self.moments.iter_mut().zip(new) {
            all.merge(&Moment { count: f64::from(*count), mean: *mean, squares: *squares });
        }
        Ok(())
    }

    /// The batch is one group.
    fn merge_whole(&mut self, batch: &Batch<'_>, input: &ArrayRef) -> Result<()> {
        let Some(all) = self.moments.first_mut() else { return Ok(()) };
        for_each_run::<T>(input, batch.rows, |_, values| {
            #[allow(clippy::cast_precision_loss)]
            let count = values.len() as f64;
            let mean = whole::sum_by(values, ToFloat::to_float) / count;
            let squares = whole::sum_by(values, |value| (value.to_float() - mean).powi(2));
            all.merge(&Moment { count, mean, squares });
        })
    }
}

impl<T: ArrowPrimitiveType> Accumulator for Moments<T>
where
    T::Native: ToFloat,
{
    fn update(&mut self, batch: &Batch<'_>, inputs: &[ArrayRef]) -> Result<()> {
        let input = required(inputs)?;
        self.moments.resize(batch.groups, Moment::default());
        if batch.is_whole {
            self.merge_whole(batch, input)
        } else if batch.groups * ROWS_FOR_TWO_PASSES <= batch.rows.len() {
            self.merge_batch(batch, input)
        } else {
            self.push_rows(batch, input)
        }
    }

    fn state_types(&self) -> Vec<DType> {
        vec![DType::Float64; 3]
    }

    fn state(mut self: Box<Self>, groups: usize) -> Result<Vec<ArrayRef>> {
        self.moments.resize(groups, Moment::default());
        let column = |part: fn(&Moment) -> f64| -> ArrayRef {
            Arc::new(Float64Array::from_iter_values(self.moments.iter().map(part)))
        };
        Ok(vec![column(|moment| moment.count), column(|moment| moment.mean), column(|moment| moment.squares)])
    }

    fn absorb(&mut self, states: &States<'_>) -> Result<()> {
        self.moments.resize(states.groups, Moment::default());
        let column = |at| states.column::<Float64Type>(at).map(|column| column.values());
        let moments = column(0)?.iter().zip(column(1)?).zip(column(2)?);
        for (((count, mean), squares), group) in moments.zip(states.rows) {
            if let Some(all) = self.moments.get_mut(*group as usize) {
                all.merge(&Moment { count: *count, mean: *mean, squares: *squares });
            }
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        let own = self.own.counts.bytes() + self.own.means.bytes() + self.own.squares.bytes();
        (self.moments.capacity() * size_of::<Moment>()) as u64 + own
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        Ok(Arc::new(order.iter().map(|group| self.result(*group)).collect::<Float64Array>()))
    }

    fn wants_counts(&self) -> bool {
        true
    }
}
