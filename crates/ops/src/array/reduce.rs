//! `reduce`: the elements along axes made one: their sum, mean, place of the least, ...

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use blockfold_core::region::AxisSlice;
use blockfold_core::tensor::{TensorMut, Tile};
use blockfold_core::{Block, Chunks, Error, Region, Result};
use blockfold_dense::reduce::{Reduction, Spec, State};
use blockfold_plan::{BlockMap, BlockMeta, InPlace, Lower, Meta, Op, Packed, Partial, Plan, Reducer, StepId};

use super::kernel::{TileKernel, chunks_of, dtype_of, meta, reader, shape_of, tiles_bytes};
use super::take::no_axis;
use super::{Permute, Slice};

/// The elements along axes made one; reduced axes keep length 1.
#[derive(Debug)]
pub struct ReduceAxes {
    input: [Plan; 1],
    spec: Spec,
}

/// A result is one block, folded by all tasks, when its states take no more than this share of the budget; a larger one
/// is made block by block.
const FOLDED_SHARE: u64 = 64;

impl ReduceAxes {
    /// A plan of the input reduced along axes.
    ///
    /// # Errors
    /// No such axis, or no elements for a reduction that needs one.
    pub fn plan(input: Plan, reduction: Reduction, axes: &[usize], skip_nan: bool) -> Result<Plan> {
        let shape = chunks_of(&input)?.shape();
        let mut reduced = vec![false; shape.len()];
        for axis in axes {
            *reduced.get_mut(*axis).ok_or_else(|| no_axis(reduction.name(), *axis, &shape))? = true;
        }
        let spec = Spec { reduction, skip_nan, reduced, dtype: dtype_of(&input)?, shape };
        spec.check()?;
        Plan::new(ReduceAxes { input: [input], spec })
    }

    /// The axes that are reduced.
    fn axes(&self) -> Vec<usize> {
        (0..self.spec.reduced.len()).filter(|axis| self.spec.reduced[*axis]).collect()
    }

    /// Chunks of the result: those of the input, reduced axes in one.
    fn output_chunks(&self) -> Result<Chunks> {
        let mut chunks = chunks_of(&self.input[0])?.clone();
        for axis in (0..self.spec.reduced.len()).filter(|axis| self.spec.reduced[*axis]) {
            chunks = chunks.with_axis(axis, Arc::from([0, 1]));
        }
        Ok(chunks)
    }
}

impl Op for ReduceAxes {
    fn name(&self) -> &'static str {
        "reduce"
    }

    fn detail(&self) -> String {
        let axes: Vec<String> =
            (0..self.spec.reduced.len()).filter(|axis| self.spec.reduced[*axis]).map(|axis| axis.to_string()).collect();
        let nan = if self.spec.skip_nan { "nan" } else { "" };
        let ddof = match self.spec.reduction {
            Reduction::Var { ddof } | Reduction::Std { ddof } if ddof > 0 => format!(", ddof {ddof}"),
            _ => String::new(),
        };
        let axes =
            if axes.len() == self.spec.reduced.len() { "all axes".into() } else { format!("axis {}", axes.join(", ")) };
        format!("{nan}{} over {axes}{ddof}", self.spec.reduction.name())
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        ReduceAxes::plan(inputs.remove(0), self.spec.reduction, &self.axes(), self.spec.skip_nan)
    }

    fn meta(&self) -> Result<Meta> {
        Ok(meta(&self.spec.output_type(), self.output_chunks()?))
    }

    fn sliced(&self, axes: &[AxisSlice]) -> Result<Option<Plan>> {
        let mut below = axes.to_vec();
        for axis in (0..below.len()).filter(|axis| self.spec.reduced[*axis]) {
            if axes[axis].len != 1 {
                return Ok(None);
            }
            below[axis] = AxisSlice::all(self.spec.shape[axis]);
        }
        let input = Slice::plan(self.input[0].clone(), below)?;
        Ok(ReduceAxes::plan(input, self.spec.reduction, &self.axes(), self.spec.skip_nan).ok())
    }

    fn over_turned(&self, input: &Plan, order: &[usize]) -> Result<Option<Plan>> {
        // Which of several equal elements is first depends on the order of axes.
        let counts_places = matches!(self.spec.reduction, Reduction::ArgMin | Reduction::ArgMax);
        if counts_places && self.axes().len() > 1 {
            return Ok(None);
        }
        let axes: Vec<usize> = self.axes().into_iter().map(|axis| order[axis]).collect();
        let reduced = ReduceAxes::plan(input.clone(), self.spec.reduction, &axes, self.spec.skip_nan)?;
        Permute::plan(reduced, order.to_vec()).map(Some)
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let chunks = self.output_chunks()?;
        let input = lower.lower(&self.input[0])?;
        let state_bytes = chunks.elements().saturating_mul(self.spec.state_bytes());
        if state_bytes <= lower.budget_bytes() / FOLDED_SHARE {
            let shape = chunks.shape();
            let grid = blockfold_core::Grid::array(Chunks::one(&shape));
            let reducer = ReduceBlocks { spec: self.spec.clone(), chunks, detail: self.detail() };
            return Ok(lower.reduce_array(input, reducer, own.schema, grid));
        }
        let (spec, shape) = (self.spec.clone(), shape_of(&self.input[0])?);
        let kernel = TileKernel::of_one("reduce", self.detail(), move |mut input| {
            let (spec, shape) = (spec.clone(), shape.clone());
            reader(move |region| {
                let mut below = region.clone();
                for axis in (0..shape.len()).filter(|axis| spec.reduced[*axis]) {
                    below.start[axis] = 0;
                    below.shape[axis] = usize::try_from(shape[axis]).unwrap_or(usize::MAX);
                }
                let mut state = State::new(&spec, region.clone());
                for tile in below.tiles() {
                    let values = input.read(&tile)?;
                    state.fold(&Tile { region: tile, values })?;
                }
                state.finish()
            })
        });
        let kernel = kernel.holding(tiles_bytes(4, &self.spec.dtype)).costly();
        let reduced = lower.map(vec![(input, BlockMap::Boxes)], kernel, own.schema.clone(), own.grid.clone());
        // Its readers ask for the same elements many times.
        Ok(lower.exchange(reduced, None, InPlace { blocks: chunks.blocks() }, own.schema, own.grid))
    }
}

#[derive(Debug)]
struct ReduceBlocks {
    spec: Spec,
    /// Chunks of the result: each is folded apart.
    chunks: Chunks,
    detail: String,
}

impl Reducer for ReduceBlocks {
    fn name(&self) -> &'static str {
        "reduce"
    }

    fn detail(&self) -> String {
        self.detail.clone()
    }

    fn partial(&self) -> Result<Box<dyn Partial>> {
        Ok(Box::new(States { spec: self.spec.clone(), chunks: self.chunks.clone(), states: BTreeMap::new() }))
    }

    fn finish(&self, partial: Box<dyn Partial>) -> Result<Block> {
        let partial =
            partial.into_any().downcast::<States>().map_err(|_| Error::internal("a partial of another kind"))?;
        let mut states = partial.states;
        let region = Region::whole(&self.chunks.shape())?;
        let mut all = TensorMut::zeros(self.spec.output_type(), region.shape.clone())?;
        for block in 0..self.chunks.blocks() {
            let state = states.remove(&block).unwrap_or_else(|| State::new(&self.spec, self.chunks.region(block)));
            let state = state.of_reduction(&self.spec);
            let start = state.region().offset_in(&region);
            all.paste(&start, &state.finish()?)?;
        }
        Ok(Block::Array(Tile { region, values: all.freeze() }))
    }

    fn unpack(&self, packed: Packed) -> Result<Box<dyn Partial>> {
        // Another reduction may share the partial, which knows more.
        let mut states = BTreeMap::new();
        for (block, batch) in packed.numbers.iter().zip(&packed.batches) {
            let block = usize::try_from(*block).unwrap_or(usize::MAX);
            if block >= self.chunks.blocks() {
                return Err(Error::internal("a packed state of no block"));
            }
            states.insert(block, State::from_columns(&self.spec, self.chunks.region(block), batch.columns())?);
        }
        Ok(Box::new(States { spec: self.spec.clone(), chunks: self.chunks.clone(), states }))
    }

    fn shared_partial(&self) -> Option<(String, u32)> {
        let known = match self.spec.reduction {
            Reduction::Mean => 0,
            Reduction::Var { .. } | Reduction::Std { .. } => 1,
            _ => return None,
        };
        Some((format!("moments {:?} {}", self.spec.reduced, self.spec.skip_nan), known))
    }

    fn initial_bytes(&self) -> u64 {
        tiles_bytes(2, &self.spec.dtype)
    }

    fn expected_bytes(&self, input: BlockMeta) -> u64 {
        let elements = self.chunks.elements().min(input.rows.max(1));
        elements.saturating_mul(self.spec.state_bytes()).saturating_add(self.initial_bytes())
    }
}

/// States of some chunks of the result.
#[derive(Clone)]
struct States {
    spec: Spec,
    chunks: Chunks,
    states: BTreeMap<usize, State>,
}

impl Partial for States {
    fn fold(&mut self, block: &Block) -> Result<()> {
        let tile = block.array()?;
        let output = self.spec.output_region(&tile.region);
        for block in self.chunks.touching(&output) {
            let region = self.chunks.region(block);
            // The part of the tile that goes there: a tile may be of several chunks of the result.
            let mut part = region.clone();
            for axis in (0..part.ndim()).filter(|axis| self.spec.reduced[*axis]) {
                (part.start[axis], part.shape[axis]) = (tile.region.start[axis], tile.region.shape[axis]);
            }
            let Some(part) = part.intersection(&tile.region) else { continue };
            let state = self.states.entry(block).or_insert_with(|| State::new(&self.spec, region));
            if part == tile.region {
                state.fold(tile)?;
            } else {
                let values = tile.values.part(&part.offset_in(&tile.region), &part.shape)?;
                state.fold(&Tile { region: part, values })?;
            }
        }
        Ok(())
    }

    fn merge(&mut self, later: Box<dyn Partial>) -> Result<()> {
        let later = later.into_any().downcast::<States>().map_err(|_| Error::internal("a partial of another kind"))?;
        for (block, state) in later.states {
            match self.states.get_mut(&block) {
                Some(own) => own.merge(&state)?,
                None => drop(self.states.insert(block, state)),
            }
        }
        Ok(())
    }

    fn pack(self: Box<Self>) -> Result<Packed> {
        let mut packed = Packed::default();
        for (block, state) in &self.states {
            let columns = state.to_columns().into_iter().enumerate().map(|(at, values)| (at.to_string(), values));
            packed.batches.push(RecordBatch::try_from_iter(columns)?);
            packed.numbers.push(*block as u64);
        }
        Ok(packed)
    }

    fn copied(&self) -> Result<Box<dyn Partial>> {
        Ok(Box::new(self.clone()))
    }

    fn bytes(&self) -> u64 {
        self.states.values().map(State::bytes).sum()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
