//! `lanes`: a function of the elements along one axis, in order: sorted, running sums, quantiles.

use std::sync::Arc;

use blockfold_core::region::{AxisSlice, TILE_ELEMENTS};
use blockfold_core::tensor::{Tensor, Tile, width};
use blockfold_core::{Chunks, DType, Result};
use blockfold_dense::lanes::{LaneFn, apply};
use blockfold_plan::tiles::{TileReader, lanes_shape};
use blockfold_plan::{Lower, Meta, Op, Plan, StepId};

use super::Slice;
use super::kernel::{TileKernel, chunks_of, dtype_of, lower_step, meta, read_by_tiles, shape_of};
use super::recut::recut;
use super::take::no_axis;

/// A function of whole lanes.
#[derive(Debug)]
pub struct Lanes {
    input: [Plan; 1],
    axis: usize,
    function: LaneFn,
}

impl Lanes {
    /// A plan of a function of the elements along an axis.
    ///
    /// # Errors
    /// No such axis, or a function that asks for what is not there.
    pub fn plan(input: Plan, axis: usize, function: LaneFn) -> Result<Plan> {
        let shape = chunks_of(&input)?.shape();
        if axis >= shape.len() {
            return Err(no_axis(function.name(), axis, &shape));
        }
        function.check(&dtype_of(&input)?)?;
        Plan::new(Lanes { input: [input], axis, function })
    }

    fn output_type(&self) -> Result<DType> {
        Ok(self.function.output_type(&dtype_of(&self.input[0])?))
    }
}

impl Op for Lanes {
    fn name(&self) -> &'static str {
        "lanes"
    }

    fn detail(&self) -> String {
        let parameters = match &self.function {
            LaneFn::Quantiles { at, skip_nan } => format!(" {at:?}{}", if *skip_nan { " without NaN" } else { "" }),
            _ => String::new(),
        };
        format!("{}{parameters} along axis {}", self.function.name(), self.axis)
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Lanes::plan(inputs.remove(0), self.axis, self.function.clone())
    }

    fn meta(&self) -> Result<Meta> {
        let chunks = chunks_of(&self.input[0])?;
        let length = self.function.output_length(chunks.shape()[self.axis]);
        let own = Chunks::one(&[length]);
        Ok(meta(&self.output_type()?, chunks.with_axis(self.axis, own.bounds(0).clone())))
    }

    fn sliced(&self, axes: &[AxisSlice]) -> Result<Option<Plan>> {
        let shape = shape_of(&self.input[0])?;
        // Other lanes are not needed; of one all elements are.
        let mut below = axes.to_vec();
        below[self.axis] = AxisSlice::all(shape[self.axis]);
        if below.iter().zip(&shape).all(|(slice, length)| *slice == AxisSlice::all(*length)) {
            return Ok(None);
        }
        let input = Slice::plan(self.input[0].clone(), below)?;
        let lanes = Lanes::plan(input, self.axis, self.function.clone())?;
        let mut rest: Vec<AxisSlice> = axes.iter().map(|slice| AxisSlice::all(slice.len)).collect();
        rest[self.axis] = axes[self.axis];
        Slice::plan(lanes, rest).map(Some)
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let (axis, function, dtype) = (self.axis, self.function.clone(), dtype_of(&self.input[0])?);
        let length = shape_of(&self.input[0])?[axis];
        let bytes = width(&dtype)? as u64 * 2 + width(&self.output_type()?)? as u64 + self.function.held_bytes();
        // Many lanes at a time, so that rows of the input are read in runs; at least one, and a tile.
        let fits = lower.budget_bytes() / LANES_SHARE / bytes;
        let at_once = fits.min(MOST_ELEMENTS).max(TILE_ELEMENTS as u64).max(length);
        let elements = usize::try_from(at_once).unwrap_or(usize::MAX);
        let kernel = TileKernel::of_one("lanes", self.detail(), move |input| {
            let (function, dtype) = (function.clone(), dtype.clone());
            Box::new(LaneReader { input, axis, function, dtype, length, elements, last: None })
        });
        let kernel = kernel.holding(at_once.saturating_mul(bytes)).costly().of_whole_axis(axis, elements);
        let input = lower.lower(&self.input[0])?;
        let below = chunks_of(&self.input[0])?;
        // In the groups of lanes in which blocks of the result are made.
        let lanes = usize::try_from(elements as u64 / length.max(1)).unwrap_or(1).max(1);
        let longest = |lengths: Vec<u64>| lengths.into_iter().max().and_then(|length| usize::try_from(length).ok());
        let mut block: Vec<usize> = below.lengths().into_iter().map(|of| longest(of).unwrap_or(usize::MAX)).collect();
        block[axis] = usize::try_from(length).unwrap_or(usize::MAX);
        let group = lanes_shape(&block, axis, lanes);
        let bounds = |at: usize| match at == axis {
            true => Chunks::one(&[length]).bounds(0).clone(),
            false => refined(below.bounds(at), group[at] as u64),
        };
        let groups = Chunks::of_bounds((0..block.len()).map(bounds).collect());
        let input = recut(lower, input, &dtype_of(&self.input[0])?, &groups)?;
        Ok(lower_step(lower, input, kernel, &own))
    }
}

/// Bounds of chunks, each cut into parts of a length from its start on.
fn refined(bounds: &[u64], length: u64) -> Arc<[u64]> {
    let step = usize::try_from(length).unwrap_or(1).max(1);
    let parts = bounds.windows(2).flat_map(|pair| (pair[0]..pair[1]).step_by(step));
    let mut refined: Vec<u64> = parts.chain(bounds.last().copied()).collect();
    if refined.len() == 1 {
        refined.push(refined[0]);
    }
    refined.into()
}

/// Lanes that are worked on together take no more than this share of the budget, nor more elements than this.
const LANES_SHARE: u64 = 16;
const MOST_ELEMENTS: u64 = 1 << 20;

/// Reads lanes: some of them are worked on when one of their elements is asked for, and kept until others are.
struct LaneReader {
    input: Box<dyn TileReader>,
    axis: usize,
    function: LaneFn,
    dtype: DType,
    length: u64,
    /// Elements that are worked on together.
    elements: usize,
    last: Option<Tile>,
}

impl LaneReader {
    /// The whole lanes that a box has elements of.
    fn lanes(&mut self, region: &blockfold_core::Region) -> Result<Tile> {
        let mut whole = region.clone();
        let output_length = self.function.output_length(self.length);
        whole.start[self.axis] = 0;
        whole.shape[self.axis] = usize::try_from(output_length).unwrap_or(usize::MAX);
        if let Some(last) = self.last.as_ref().filter(|last| last.region == whole) {
            return Ok(last.clone());
        }
        self.last = None;
        let mut below = whole.clone();
        below.shape[self.axis] = usize::try_from(self.length).unwrap_or(usize::MAX);
        let values = read_by_tiles(self.input.as_mut(), &below, &self.dtype)?;
        let tile = Tile { region: whole, values: apply(&values, self.axis, &self.function)? };
        self.last = Some(tile.clone());
        Ok(tile)
    }
}

impl TileReader for LaneReader {
    fn read(&mut self, region: &blockfold_core::Region) -> Result<Tensor> {
        // Few enough lanes at a time that they fit what the kernel said it holds.
        let most = (self.elements / usize::try_from(self.length.max(1)).unwrap_or(usize::MAX)).max(1);
        let others: Vec<usize> = (0..region.ndim()).filter(|axis| *axis != self.axis).collect();
        let lanes: usize = others.iter().map(|axis| region.shape[*axis]).product();
        if lanes <= most {
            let tile = self.lanes(region)?;
            return tile.values.part(&region.offset_in(&tile.region), &region.shape);
        }
        let cut = lanes_shape(&region.shape, self.axis, most);
        let dtype = self.function.output_type(&self.dtype);
        let mut all = blockfold_core::tensor::TensorMut::zeros(dtype, region.shape.clone())?;
        for part in region.boxes_of(cut) {
            let tile = self.lanes(&part)?;
            all.paste_part(&part.offset_in(region), &tile.values, &part.offset_in(&tile.region), &part.shape)?;
        }
        Ok(all.freeze())
    }
}
