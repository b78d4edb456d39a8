//! `corr` and `cov`: means, squared deviations and their products, merged after Chan, Golub and LeVeque (1979).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::Float64Type;
use blockfold_core::{DType, Error, Result};

use super::{Accumulator, Batch, States, entry};

/// Moments of some pairs: count, means of x and y, and the sums of dx dx, dy dy and dx dy.
#[derive(Clone, Copy, Debug, Default)]
struct CoMoment {
    count: f64,
    means: [f64; 2],
    squares: [f64; 2],
    product: f64,
}

impl CoMoment {
    fn of(x: f64, y: f64) -> Self {
        CoMoment { count: 1.0, means: [x, y], ..CoMoment::default() }
    }

    #[inline]
    fn merge(&mut self, other: &CoMoment) {
        if other.count == 0.0 {
            return;
        }
        let count = self.count + other.count;
        let share = other.count / count;
        let deltas = [other.means[0] - self.means[0], other.means[1] - self.means[1]];
        for (at, delta) in deltas.iter().enumerate() {
            self.squares[at] += other.squares[at] + delta * delta * self.count * share;
            self.means[at] += delta * share;
        }
        self.product += other.product + deltas[0] * deltas[1] * self.count * share;
        self.count = count;
    }

    fn parts(&self) -> [f64; 6] {
        [self.count, self.means[0], self.means[1], self.squares[0], self.squares[1], self.product]
    }

    fn of_parts([count, x, y, xx, yy, xy]: [f64; 6]) -> Self {
        CoMoment { count, means: [x, y], squares: [xx, yy], product: xy }
    }

    fn correlation(&self) -> Option<f64> {
        let correlation = || self.product / (self.squares[0].sqrt() * self.squares[1].sqrt());
        (self.count > 1.0).then(|| correlation().clamp(-1.0, 1.0))
    }

    fn covariance(&self, ddof: u8) -> Option<f64> {
        let freedom = self.count - f64::from(ddof);
        (freedom > 0.0).then(|| self.product / freedom)
    }
}

/// Correlation or covariance of each group.
#[derive(Debug)]
pub(super) struct CoMoments {
    moments: Vec<CoMoment>,
    /// Of a covariance.
    ddof: Option<u8>,
}

impl CoMoments {
    pub(super) fn correlation() -> Self {
        CoMoments { moments: Vec::new(), ddof: None }
    }

    pub(super) fn covariance(ddof: u8) -> Self {
        CoMoments { moments: Vec::new(), ddof: Some(ddof) }
    }

    #[inline]
    fn merge_one(&mut self, group: u32, moment: &CoMoment) {
        if let Some(all) = self.moments.get_mut(group as usize) {
            all.merge(moment);
        }
    }
}

impl Accumulator for CoMoments {
    fn update(&mut self, batch: &Batch<'_>, inputs: &[ArrayRef]) -> Result<()> {
        let [x, y] = inputs else { return Err(Error::internal("an aggregate of two inputs got others")) };
        let (x, y) = (cast(x, &DType::Float64)?, cast(y, &DType::Float64)?);
        let (x, y) = (x.as_primitive::<Float64Type>(), y.as_primitive::<Float64Type>());
        let nulls = NullBuffer::union(x.nulls(), y.nulls());
        self.moments.resize(batch.groups, CoMoment::default());
        for (row, (group, (x, y))) in batch.rows.iter().zip(x.values().iter().zip(y.values())).enumerate() {
            if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                self.merge_one(*group, &CoMoment::of(*x, *y));
            }
        }
        Ok(())
    }

    fn state_types(&self) -> Vec<DType> {
        vec![DType::Float64; 6]
    }

    fn state(mut self: Box<Self>, groups: usize) -> Result<Vec<ArrayRef>> {
        self.moments.resize(groups, CoMoment::default());
        let column = |part: usize| -> ArrayRef {
            Arc::new(Float64Array::from_iter_values(self.moments.iter().map(|moment| moment.parts()[part])))
        };
        Ok((0..6).map(column).collect())
    }

    fn absorb(&mut self, states: &States<'_>) -> Result<()> {
        self.moments.resize(states.groups, CoMoment::default());
        let columns: Vec<&Float64Array> = (0..6).map(|at| states.column(at)).collect::<Result<_>>()?;
        for (row, group) in states.rows.iter().enumerate() {
            let mut parts = [0.0; 6];
            parts.iter_mut().zip(&columns).for_each(|(part, column)| *part = column.value(row));
            self.merge_one(*group, &CoMoment::of_parts(parts));
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        (self.moments.capacity() * size_of::<CoMoment>()) as u64
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        let result = |group: &u32| {
            let moment = entry(&self.moments, *group);
            self.ddof.map_or_else(|| moment.correlation(), |ddof| moment.covariance(ddof))
        };
        Ok(Arc::new(order.iter().map(result).collect::<Float64Array>()))
    }
}
