//! `take`: elements of an axis at a list of places.

use std::sync::Arc;

use blockfold_core::region::{AxisSlice, TILE_ELEMENTS};
use blockfold_core::tensor::{Tensor, TensorMut};
use blockfold_core::{Chunks, DType, Error, Region, Result};
use blockfold_dense::select::take;
use blockfold_plan::tiles::TileReader;
use blockfold_plan::{Lower, Meta, Op, Plan, StepId};

use super::Slice;
use super::kernel::{TileKernel, chunks_of, dtype_of, lower_map, meta, reader, tiles_bytes};

/// Elements of an axis at a list of places, in the order of the list.
#[derive(Debug)]
pub struct Take {
    input: [Plan; 1],
    axis: usize,
    places: Arc<[u64]>,
}

impl Take {
    /// A plan of the elements of an axis at places, each counted from the start of the axis.
    ///
    /// # Errors
    /// A place that is not there, or no such axis.
    pub fn plan(input: Plan, axis: usize, places: Arc<[u64]>) -> Result<Plan> {
        let shape = chunks_of(&input)?.shape();
        let length = shape.get(axis).copied().ok_or_else(|| no_axis("take", axis, &shape))?;
        if let Some(place) = places.iter().find(|place| **place >= length) {
            let what = format!("index {place} is out of range for axis {axis}, which has {length} elements");
            return Err(Error::argument("take", what));
        }
        Plan::new(Take { input: [input], axis, places })
    }
}

/// An error of an axis that an array does not have.
pub(crate) fn no_axis(op: &str, axis: usize, shape: &[u64]) -> Error {
    Error::argument(op, format!("axis {axis} of an array of {} axes, shape {shape:?}", shape.len()))
}

impl Op for Take {
    fn name(&self) -> &'static str {
        "take"
    }

    fn detail(&self) -> String {
        format!("{} places of axis {}", self.places.len(), self.axis)
    }

    fn token(&self) -> Option<String> {
        None
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Take::plan(inputs.remove(0), self.axis, self.places.clone())
    }

    fn meta(&self) -> Result<Meta> {
        let chunks = chunks_of(&self.input[0])?;
        let longest = chunks.lengths().swap_remove(self.axis).into_iter().max().unwrap_or(1).max(1);
        let own = Chunks::regular(&[self.places.len() as u64], &[longest]);
        Ok(meta(&dtype_of(&self.input[0])?, chunks.with_axis(self.axis, own.bounds(0).clone())))
    }

    fn sliced(&self, axes: &[AxisSlice]) -> Result<Option<Plan>> {
        let place = |at: u64| self.places.get(usize::try_from(axes[self.axis].element(at)).ok()?).copied();
        let Some(places) = (0..axes[self.axis].len).map(place).collect::<Option<Arc<[u64]>>>() else {
            return Ok(None);
        };
        let mut below = axes.to_vec();
        below[self.axis] = AxisSlice::all(chunks_of(&self.input[0])?.shape()[self.axis]);
        Take::plan(Slice::plan(self.input[0].clone(), below)?, self.axis, places).map(Some)
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let (axis, places, dtype) = (self.axis, self.places.clone(), dtype_of(&self.input[0])?);
        let held = tiles_bytes(3, &dtype);
        let kernel = TileKernel::of_one("take", self.detail(), move |mut input| {
            let (places, dtype) = (places.clone(), dtype.clone());
            reader(move |region| {
                let at = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(places.len());
                gather(input.as_mut(), region, axis, &places[at(region.start[axis])..at(region.end(axis))], &dtype)
            })
        });
        lower_map(lower, &self.input, kernel.holding(held), &own)
    }
}

/// The elements of a box whose places along an axis are listed: neighbours are read together.
pub(crate) fn gather(
    input: &mut dyn TileReader,
    region: &Region,
    axis: usize,
    places: &[u64],
    dtype: &DType,
) -> Result<Tensor> {
    let others: usize =
        region.shape.iter().enumerate().filter(|(at, _)| *at != axis).map(|(_, length)| length).product();
    let widest = (TILE_ELEMENTS / others.max(1)).max(1) as u64;
    let mut all = TensorMut::zeros(dtype.clone(), region.shape.clone())?;
    let mut at = 0;
    while at < places.len() {
        let (mut least, mut greatest, mut end) = (places[at], places[at], at + 1);
        while let Some(place) = places.get(end) {
            let (low, high) = (least.min(*place), greatest.max(*place));
            if high - low >= widest {
                break;
            }
            (least, greatest, end) = (low, high, end + 1);
        }
        let mut below = region.clone();
        // The width was bounded above.
        #[allow(clippy::cast_possible_truncation)]
        let (span, offset) = ((greatest - least + 1) as usize, |place: &u64| (*place - least) as usize);
        (below.start[axis], below.shape[axis]) = (least, span);
        let found = take(&input.read(&below)?, axis, &places[at..end].iter().map(offset).collect::<Vec<_>>())?;
        let mut start = vec![0; region.ndim()];
        start[axis] = at;
        all.paste(&start, &found)?;
        at = end;
    }
    Ok(all.freeze())
}
