//! Elements by mask, assignment, bins.

use blockfold_core::{DType, Error, Result, Scalar};
use blockfold_ops::array::{Assign, AxisSlice, Digitize, Elementwise, TakeAlong, operand};
use blockfold_plan::tiles::element_type;

use super::reduce::axis_of;
use super::shape::Index;
use super::{Array, Operand};
use crate::{col, len, lit};

impl Array {
    /// The elements where a mask of the same shape is true, row by row, as a vector.
    ///
    /// Its length is known only after a run: elements are selected at once and kept, in memory or in scratch.
    ///
    /// # Errors
    /// A mask of another shape or type; whatever the run finds.
    pub fn mask(&self, mask: &Array) -> Result<Array> {
        if mask.dtype()? != DType::Boolean || mask.shape()? != self.shape()? {
            let (left, right) = (format!("{:?}", self.shape()?), format!("{} {:?}", mask.dtype()?, mask.shape()?));
            return Err(Error::Shape { op: "mask".into(), left, right });
        }
        if self.is_complex() {
            return Ok(Array::complex(&self.real().mask(mask)?, &self.imag().mask(mask)?));
        }
        let both = Array::stack(&[self.ravel(), mask.astype(&self.dtype()?).ravel()], 1).to_frame(["values", "mask"]);
        let kept = both.filter(col("mask").neq(lit(0))).select([col("values")]);
        Ok(kept.to_array()?.ravel())
    }

    /// The places of the elements that are not zero, counted row by row.
    ///
    /// # Errors
    /// Whatever the run finds.
    pub fn flatnonzero(&self) -> Result<Array> {
        let size = i64::try_from(self.size()?).map_err(|_| Error::argument("flatnonzero", "too many elements"))?;
        let chunks = self.ravel().chunks()?;
        let places = self.session.arange(0, size, 1, ());
        let places = places.then(|plan| blockfold_ops::array::Rechunk::plan(plan, chunks));
        places.mask(&self.ravel().not_equal(0i64))
    }

    /// This array with the elements that indices name replaced by those of another one, or by a number.
    pub fn assign(&self, indices: impl AsRef<[Index]>, values: impl Into<Operand>) -> Array {
        let (indices, values) = (indices.as_ref(), values.into());
        self.then(|base| {
            let shape = self.shape()?;
            let mut axes: Vec<AxisSlice> = shape.iter().map(|length| AxisSlice::all(*length)).collect();
            let mut dropped = Vec::new();
            let before = indices.iter().position(|index| matches!(index, Index::Ellipsis));
            for (i, index) in indices.iter().enumerate() {
                let axis = match before {
                    Some(before) if i > before => (shape.len() + i).checked_sub(indices.len()),
                    _ => Some(i),
                };
                let axis = axis.filter(|axis| *axis < shape.len());
                let axis = axis.ok_or_else(|| {
                    Error::argument("assign", format!("{} indices for shape {shape:?}", indices.len()))
                })?;
                axes[axis] = match index {
                    Index::Ellipsis => continue,
                    Index::Slice(start, stop, step) => AxisSlice::of(*start, *stop, *step, shape[axis])?,
                    Index::At(at) => {
                        dropped.push(axis);
                        AxisSlice { start: super::shape::place_of(*at, axis, shape[axis])?, step: 1, len: 1 }
                    }
                    other => {
                        return Err(Error::argument(
                            "assign",
                            format!("{other:?}; slices and numbers can be assigned to"),
                        ));
                    }
                };
            }
            let lengths: Vec<u64> = axes.iter().map(|slice| slice.len).collect();
            let dtype = element_type(base.schema())?;
            let values = match values {
                Operand::Array(values) => {
                    let kept: Vec<u64> =
                        (0..shape.len()).filter(|axis| !dropped.contains(axis)).map(|axis| lengths[axis]).collect();
                    let wide = values.astype(&dtype).broadcast_to(kept);
                    wide.reshape(lengths.iter().map(|length| length.cast_signed()).collect::<Vec<i64>>())
                }
                Operand::Value(value) => {
                    let one = self.session.full([], Scalar::Bool(true), &DType::Boolean, ());
                    let filled = one.then(|plan| {
                        Elementwise::plan(
                            vec![plan],
                            blockfold_core::when(operand(0)).then(value.clone()).otherwise(value),
                        )
                    });
                    filled.astype(&dtype).broadcast_to(&lengths)
                }
            };
            Assign::plan(base, values.plan()?, axes)
        })
    }

    /// How many of some ascending bounds each element has at or below it; NaN has all.
    pub fn digitize(&self, bounds: &[f64]) -> Array {
        self.then(|plan| Digitize::plan(plan, bounds.into(), false))
    }

    /// Where each element of this array would stand among `sorted`, before those that it equals.
    pub fn searchsorted_in(&self, sorted: &[f64]) -> Array {
        self.then(|plan| Digitize::plan(plan, sorted.into(), true))
    }

    /// The elements of each lane along an axis at the places in the same lane of another array, as [`Array::argsort`]
    /// gives them.
    pub fn take_along_axis(&self, places: &Array, axis: i64) -> Array {
        self.then(|plan| {
            let axis = axis_of("take_along_axis", axis, self.ndim()?)?;
            TakeAlong::plan(plan, places.astype(&DType::Int64).plan()?, axis)
        })
    }

    /// How many elements lie in each of some bins of equal width from `low` to `high`, and the bins' bounds. The last bin
    /// has its upper bound, too; elements outside of all bins do not count.
    ///
    /// # Errors
    /// No bins, or bounds that do not ascend; whatever the run finds.
    pub fn histogram(&self, bins: usize, low: f64, high: f64) -> Result<(Vec<u64>, Vec<f64>)> {
        if bins == 0 || !(low < high && (high - low).is_finite()) {
            return Err(Error::argument("histogram", format!("{bins} bins from {low} to {high}")));
        }
        let step = (high - low) / bins as f64;
        let mut bounds: Vec<f64> = (0..bins).map(|i| low + step * i as f64).collect();
        bounds.push(high);
        let last = self.equal(high).r#where(bins as f64, self.digitize(&bounds).astype(&DType::Float64));
        let counts = last.astype(&DType::Int64).bincounts()?;
        let found = |bin: usize| counts.get(bin).copied().unwrap_or(0);
        Ok(((1..=bins).map(found).collect(), bounds))
    }

    /// How often each whole number from 0 to the greatest one comes.
    ///
    /// # Errors
    /// Negative numbers, or more different ones than can be counted in memory; whatever the run finds.
    pub fn bincount(&self) -> Result<Array> {
        let counts: Vec<i64> = self.bincounts()?.into_iter().map(u64::cast_signed).collect();
        let length = counts.len();
        Ok(self.session.from_vec(counts, [length], ()))
    }

    fn bincounts(&self) -> Result<Vec<u64>> {
        let frame = self.astype(&DType::Int64).ravel().to_frame(["values"]);
        let found = frame.group_by(["values"]).agg([len().alias("count")]).collect()?.to_batch()?;
        let number = |row: usize, column: usize| {
            Scalar::from_array(found.column(column), row).map(|value| value.integer().unwrap_or(0))
        };
        let mut counts: Vec<u64> = Vec::new();
        for row in 0..found.num_rows() {
            let (value, count) = (number(row, 0)?, number(row, 1)?);
            let at = usize::try_from(value)
                .map_err(|_| Error::argument("bincount", format!("{value}; it counts numbers from 0 on")))?;
            if at >= MOST_BINS {
                return Err(Error::argument("bincount", format!("{value}; take unique_counts for large numbers")));
            }
            if counts.len() <= at {
                counts.resize(at + 1, 0);
            }
            counts[at] = u64::try_from(count).unwrap_or(0);
        }
        Ok(counts)
    }
}

/// Counts that are held.
const MOST_BINS: usize = 1 << 24;
