//! `slice`: some elements along each axis, at even steps forwards or backwards.

use blockfold_core::region::AxisSlice;
use blockfold_core::{Chunks, DType, Error, Result};
use blockfold_plan::tiles::TileReader;
use blockfold_plan::{Lower, Meta, Op, Plan, StepId};

use super::kernel::{TileKernel, chunks_of, dtype_of, lower_map, meta, reader};
use super::take::gather;

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
        slice_text(&self.axes)
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Slice::plan(inputs.remove(0), self.axes.clone())
    }

    fn as_slice(&self) -> Option<&[AxisSlice]> {
        Some(&self.axes)
    }

    fn sliced(&self, axes: &[AxisSlice]) -> Result<Option<Plan>> {
        let both = axes.iter().zip(&self.axes).map(|(slice, first)| slice.after(first)).collect();
        Slice::plan(self.input[0].clone(), both).map(Some)
    }

    fn meta(&self) -> Result<Meta> {
        Ok(meta(&dtype_of(&self.input[0])?, sliced_chunks(chunks_of(&self.input[0])?, &self.axes)))
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let (axes, dtype) = (self.axes.clone(), dtype_of(&self.input[0])?);
        let kernel =
            TileKernel::of_one("slice", self.detail(), move |input| sliced_reader(input, &axes, dtype.clone()));
        lower_map(lower, &self.input, kernel, &own)
    }
}

/// Chunks of a slice: they end where those of the input do.
pub(crate) fn sliced_chunks(chunks: &Chunks, axes: &[AxisSlice]) -> Chunks {
    let shape = chunks.shape();
    let bounds = axes.iter().enumerate().map(|(axis, slice)| slice.bounds(chunks.bounds(axis), shape[axis]));
    Chunks::of_bounds(bounds.collect())
}

/// A reader of some of the elements along each axis.
pub(crate) fn sliced_reader(mut input: Box<dyn TileReader>, axes: &[AxisSlice], dtype: DType) -> Box<dyn TileReader> {
    let starts: Vec<u64> = axes.iter().map(|slice| if slice.step == 1 { slice.start } else { 0 }).collect();
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
}

/// How a slice is written in `explain`.
pub(crate) fn slice_text(axes: &[AxisSlice]) -> String {
    let axis = |slice: &AxisSlice| match slice.step {
        1 => format!("{}:{}", slice.start, slice.start + slice.len),
        step => format!("{} from {} by {step}", slice.len, slice.start),
    };
    format!("[{}]", axes.iter().map(axis).collect::<Vec<_>>().join(", "))
}
