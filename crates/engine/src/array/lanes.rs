//! Functions of the elements along an axis, in order.

use blockfold_core::{DType, Result, lit, when};
use blockfold_dense::lanes::LaneFn;
use blockfold_kernels::functions::ExprFunctions;
use blockfold_ops::array::{Lanes, Reshape};

use super::reduce::axis_of;
use super::{Array, Axes, Boundary};

/// All elements are one lane when they are no more; else they are sorted by ranges.
const LONG_LANE: u64 = 1 << 18;

/// Lanes that take more than this share of the budget are cut where that is possible.
const LONG_SHARE: u64 = 4;

impl Array {
    fn lanes(&self, axis: i64, function: LaneFn) -> Array {
        self.then(|plan| {
            let axis = axis_of(function.name(), axis, self.ndim()?)?;
            Lanes::plan(plan, axis, function)
        })
    }

    /// The elements of each lane along an axis in ascending order, NaN last.
    ///
    /// # Memory
    /// A lane is sorted in memory. Longer vectors than that are sorted by [`Array::sort_values`].
    pub fn sort(&self, axis: i64) -> Array {
        self.lanes(axis, LaneFn::Sort)
    }

    /// The places of the elements of each lane in ascending order, NaN last; equal ones keep their order.
    pub fn argsort(&self, axis: i64) -> Array {
        self.lanes(axis, LaneFn::ArgSort)
    }

    /// The `k` greatest elements of each lane, the greatest first; NaN counts as the greatest.
    pub fn topk(&self, k: u64, axis: i64) -> Array {
        let k = i64::try_from(k).unwrap_or(i64::MAX);
        self.sort(axis).slice_axis(axis, Some(-k), None, 1).flip(axis)
    }

    /// The sums of the elements up to each, along an axis.
    ///
    /// # Memory
    /// A lane is summed in memory; one that takes more than a quarter of the budget is cut, and what comes before each part
    /// is added to it.
    pub fn cumsum(&self, axis: i64) -> Array {
        self.running(axis, LaneFn::CumSum)
    }

    /// The products of the elements up to each, along an axis; long lanes as in [`Array::cumsum`].
    pub fn cumprod(&self, axis: i64) -> Array {
        self.running(axis, LaneFn::CumProd)
    }

    fn running(&self, axis: i64, function: LaneFn) -> Array {
        self.then(|_| {
            let shape = self.shape()?;
            let number = axis_of(function.name(), axis, shape.len())?;
            let length = shape[number];
            if self.is_complex() && function == LaneFn::CumSum {
                let part = |part: Array| part.running(axis, function.clone());
                return Array::complex(&part(self.real()), &part(self.imag())).plan();
            }
            let most = self.session.memory_budget().0 / LONG_SHARE / (function.held_bytes() + 24);
            if length <= most || self.is_complex() {
                return self.lanes(axis, function).plan();
            }
            // Parts of about the root of the length, so that their totals are a short lane.
            let part = length.isqrt().clamp(1, most);
            let parts = length.div_ceil(part);
            let dtype = function.output_type(&self.dtype()?);
            let none = if function == LaneFn::CumSum { 0.0 } else { 1.0 };
            let padded = self.astype(&dtype).pad(axis, 0, parts * part - length, Boundary::Constant(none));
            let moved = padded.moveaxis(axis, -1);
            let outer: Vec<i64> = moved.shape()?.iter().map(|length| length.cast_signed()).collect();
            let outer = &outer[..outer.len() - 1];
            let with = |tail: &[i64]| [outer, tail].concat();
            let cut = moved.reshape(with(&[parts.cast_signed(), part.cast_signed()]));
            let inner = cut.lanes(-1, function.clone());
            let totals = if function == LaneFn::CumSum { cut.sum(-1) } else { cut.prod(-1) };
            // Every part of the result asks for what comes before it: that is worked out once.
            let before = totals.slice_axis(-1, None, Some(-1), 1).running(-1, function.clone());
            let before = before.pad(-1, 1, 0, Boundary::Constant(none)).persist()?;
            let before = before.reshape(with(&[parts.cast_signed(), 1]));
            let all = if function == LaneFn::CumSum { inner + before } else { inner * before };
            let all = all.reshape(with(&[-1])).slice_axis(-1, None, Some(length.cast_signed()), 1);
            all.moveaxis(-1, axis).plan()
        })
    }

    /// Differences of neighbours along an axis.
    pub fn diff(&self, axis: i64) -> Array {
        self.slice_axis(axis, Some(1), None, 1) - self.slice_axis(axis, None, Some(-1), 1)
    }

    /// The quantile `q`, from 0 to 1, along one axis or of all elements, linear between neighbours; NaN where there is one.
    ///
    /// # Memory
    /// A lane is held in memory; of all elements, those are sorted by ranges that go to scratch when memory is short.
    pub fn quantile(&self, q: f64, axes: impl Into<Axes>) -> Array {
        self.quantile_of(q, axes.into(), false)
    }

    /// The percentile `q`, from 0 to 100, as [`Array::quantile`].
    pub fn percentile(&self, q: f64, axes: impl Into<Axes>) -> Array {
        self.quantile_of(q / 100.0, axes.into(), false)
    }

    /// The median along one axis or of all elements; NaN where there is one.
    pub fn median(&self, axes: impl Into<Axes>) -> Array {
        self.quantile_of(0.5, axes.into(), false)
    }

    /// [`Array::quantile`] without NaN.
    pub fn nanquantile(&self, q: f64, axes: impl Into<Axes>) -> Array {
        self.quantile_of(q, axes.into(), true)
    }

    /// [`Array::median`] without NaN.
    pub fn nanmedian(&self, axes: impl Into<Axes>) -> Array {
        self.quantile_of(0.5, axes.into(), true)
    }

    fn quantile_of(&self, q: f64, axes: Axes, skip_nan: bool) -> Array {
        self.then(|plan| {
            let function = LaneFn::Quantiles { at: vec![q], skip_nan };
            function.check(&self.dtype()?)?;
            let shape = self.shape()?;
            let numbers = axes.numbers("quantile", shape.len())?;
            let is_all = numbers.len() == shape.len();
            let result = match numbers.as_slice() {
                _ if is_all && self.size()? > LONG_LANE => self.quantile_of_all(q, skip_nan)?.plan()?,
                _ if is_all => Lanes::plan(Reshape::plan(plan, vec![self.size()?])?, 0, function)?,
                [axis] => Lanes::plan(plan, *axis, function)?,
                // Axes that go together become one lane.
                _ => {
                    let kept = (0..shape.len()).filter(|axis| !numbers.contains(axis));
                    let order: Vec<usize> = kept.clone().chain(numbers.iter().copied()).collect();
                    let together = numbers.iter().map(|axis| shape[*axis]).product();
                    let lanes: Vec<u64> = kept.map(|axis| shape[axis]).chain([together]).collect();
                    let axis = lanes.len() - 1;
                    let moved = blockfold_ops::array::Permute::plan(plan, order)?;
                    Lanes::plan(Reshape::plan(moved, lanes)?, axis, function)?
                }
            };
            let length = |axis: usize| if numbers.contains(&axis) { 1 } else { shape[axis] };
            let kept = (0..shape.len()).filter(|axis| axes.keeps() || !numbers.contains(axis));
            Reshape::plan(result, kept.map(length).collect())
        })
    }

    /// The quantile of all elements, through the frame that they are.
    fn quantile_of_all(&self, q: f64, skip_nan: bool) -> Result<Array> {
        let frame = self.astype(&DType::Float64).ravel().to_frame(["values"]);
        let values = || blockfold_core::col("values");
        let found = match skip_nan {
            true => frame.filter(!values().is_nan()).select([values().quantile(q).alias("values")]),
            false => {
                let both = frame.select([values().quantile(q).alias("values"), values().is_nan().any().alias("nan")]);
                both.select([when(blockfold_core::col("nan")).then(lit(f64::NAN)).otherwise(values()).alias("values")])
            }
        };
        let found = found.select([values().fill_null(lit(f64::NAN)).alias("values")]);
        let dtype = LaneFn::Quantiles { at: vec![q], skip_nan }.output_type(&self.dtype()?);
        Ok(found.to_array_of(&[1]).astype(&dtype))
    }
}
