//! `slice`: some elements along each axis, at even steps forwards or backwards.

use std::sync::Arc;

use blockfold_core::{Chunks, Error, Result};
use blockfold_plan::{Lower, Meta, Op, Plan, StepId};

use super::kernel::{TileKernel, chunks_of, dtype_of, lower_map, meta, reader};
use super::take::gather;

/// Elements `start`, `start + step`, ... of an axis, `len` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AxisSlice {
    /// The first element.
    pub start: u64,
    /// From one element to the next; may be negative.
    pub step: i64,
    /// Number of elements.
    pub len: u64,
}

impl AxisSlice {
    /// All elements of an axis.
    pub fn all(len: u64) -> Self {
        AxisSlice { start: 0, step: 1, len }
    }

    /// `[start:stop:step]` of an axis as Python counts: negative numbers from the end, bounds cut to the axis.
    ///
    /// # Errors
    /// A step of 0.
    pub fn of(start: Option<i64>, stop: Option<i64>, step: i64, length: u64) -> Result<Self> {
        if step == 0 {
            return Err(Error::argument("slice", "a step of 0; take any other"));
        }
        let length = i64::try_from(length).map_err(|_| Error::argument("slice", "an axis is too long"))?;
        let (least, greatest) = if step > 0 { (0, length) } else { (-1, length - 1) };
        let place = |at: i64| (if at < 0 { at.saturating_add(length) } else { at }).clamp(least, greatest);
        let (first, end) = match step > 0 {
            true => (start.map_or(0, place), stop.map_or(length, place)),
            false => (start.map_or(length - 1, place), stop.map_or(-1, place)),
        };
        let span = if step > 0 { end - first } else { first - end }.max(0).unsigned_abs();
        let len = span.div_ceil(step.unsigned_abs());
        let start = if len == 0 { 0 } else { u64::try_from(first).unwrap_or(0) };
        Ok(AxisSlice { start, step, len })
    }

    /// The element of the input that is element `at` of the slice.
    pub(crate) fn element(&self, at: u64) -> u64 {
        self.start.wrapping_add_signed(self.step.wrapping_mul(at.cast_signed()))
    }

    /// The bounds of the chunks of the slice: where the input's chunks end.
    fn bounds(&self, below: &Arc<[u64]>, length: u64) -> Arc<[u64]> {
        if *self == AxisSlice::all(length) {
            return below.clone();
        }
        let mut bounds = vec![0];
        if self.step > 0 {
            let step = self.step.unsigned_abs();
            let cut = |bound: &u64| bound.saturating_sub(self.start).div_ceil(step).min(self.len);
            bounds.extend(below.iter().skip(1).map(cut));
        } else {
            let step = self.step.unsigned_abs();
            let cut = |bound: &u64| (self.start + 1).saturating_sub(*bound).div_ceil(step).min(self.len);
            bounds.extend(below.iter().rev().skip(1).map(cut));
        }
        bounds.dedup();
        if bounds.len() == 1 {
            bounds.push(0);
        }
        bounds.into()
    }
}

/// Some elements along each axis.
#[derive(Debug)]
pub struct Slice {
    input: [Plan; 1],
    axes: Vec<AxisSlice>,
}

impl Slice {
    /// A plan of some elements along each axis of the input.
    ///
    /// # Errors
    /// Elements that are not there, or another number of axes.
    pub fn plan(input: Plan, axes: Vec<AxisSlice>) -> Result<Plan> {
        let shape = chunks_of(&input)?.shape();
        let inside = |(slice, length): (&AxisSlice, &u64)| {
            slice.len == 0 || (slice.start < *length && slice.element(slice.len - 1) < *length)
        };
        if axes.len() != shape.len() || !axes.iter().zip(&shape).all(inside) {
            return Err(Error::argument("slice", format!("{axes:?} of an array of shape {shape:?}")));
        }
        if axes.iter().zip(&shape).all(|(slice, length)| *slice == AxisSlice::all(*length)) {
            return Ok(input);
        }
        Plan::new(Slice { input: [input], axes })
    }
}

impl Op for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }

    fn detail(&self) -> String {
        let axis = |slice: &AxisSlice| match slice.step {
            1 => format!("{}:{}", slice.start, slice.start + slice.len),
            step => format!("{} from {} by {step}", slice.len, slice.start),
        };
        format!("[{}]", self.axes.iter().map(axis).collect::<Vec<_>>().join(", "))
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Slice::plan(inputs.remove(0), self.axes.clone())
    }

    fn meta(&self) -> Result<Meta> {
        let chunks = chunks_of(&self.input[0])?;
        let shape = chunks.shape();
        let bounds = self.axes.iter().enumerate().map(|(axis, slice)| slice.bounds(chunks.bounds(axis), shape[axis]));
        Ok(meta(&dtype_of(&self.input[0])?, Chunks::of_bounds(bounds.collect())))
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let axes = self.axes.clone();
        let dtype = dtype_of(&self.input[0])?;
        let kernel = TileKernel::of_one("slice", self.detail(), move |input| {
            let starts: Vec<u64> = axes.iter().map(|slice| if slice.step == 1 { slice.start } else { 0 }).collect();
            let mut input = input;
            let mut sliced = reader(move |region| {
                let mut below = region.clone();
                below.start.iter_mut().zip(&starts).for_each(|(start, first)| *start += first);
                input.read(&below)
            });
            for (axis, slice) in axes.iter().copied().enumerate().filter(|(_, slice)| slice.step != 1) {
                let (mut below, dtype) = (sliced, dtype.clone());
                sliced = reader(move |region| {
                    let at = region.start[axis]..region.end(axis);
                    let places: Vec<u64> = at.map(|at| slice.element(at)).collect();
                    gather(below.as_mut(), region, axis, &places, &dtype)
                });
            }
            sliced
        });
        lower_map(lower, &self.input, kernel, &own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_count_as_in_python() {
        let of = |start, stop, step, length| {
            let slice = AxisSlice::of(start, stop, step, length).unwrap();
            (0..slice.len).map(|at| slice.element(at)).collect::<Vec<_>>()
        };
        assert_eq!(of(None, None, 1, 3), [0, 1, 2]);
        assert_eq!(of(Some(-2), None, 1, 5), [3, 4]);
        assert_eq!(of(None, None, -1, 3), [2, 1, 0]);
        assert_eq!(of(Some(10), Some(-10), -2, 5), [4, 2, 0]);
        assert_eq!(of(Some(1), Some(1), 1, 5), [0; 0]);
        assert_eq!(of(Some(0), Some(5), 3, 7), [0, 3]);
        assert_eq!(of(Some(5), Some(1), 1, 7), [0; 0]);
        assert!(AxisSlice::of(None, None, 0, 3).is_err());
    }

    #[test]
    fn chunks_of_a_slice_end_where_those_of_the_input_do() {
        let below: Arc<[u64]> = Arc::from([0, 4, 8, 10]);
        let bounds = |start, stop, step| AxisSlice::of(start, stop, step, 10).unwrap().bounds(&below, 10).to_vec();
        assert_eq!(bounds(Some(2), Some(9), 1), [0, 2, 6, 7]);
        assert_eq!(bounds(Some(5), Some(7), 1), [0, 2]);
        assert_eq!(bounds(None, None, -1), [0, 2, 6, 10]);
        assert_eq!(bounds(None, None, 3), [0, 2, 3, 4]);
        assert_eq!(bounds(Some(3), Some(3), 1), [0, 0]);
    }
}
