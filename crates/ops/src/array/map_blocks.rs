//! `map_blocks` and `map_overlap`: functions of the user's over chunks, or over boxes with their neighbours.

use std::fmt;
use std::sync::Arc;

use blockfold_core::tensor::{Tensor, Tile, width};
use blockfold_core::{DType, Error, Region, Result};
use blockfold_plan::tiles::largest_block;
use blockfold_plan::{Lower, Meta, Op, Plan, StepId};

use super::kernel::{
    TileKernel, chunks_of, dtype_of, lower_map, meta, read_by_tiles, reader, reader_of_blocks, tiles_bytes,
};

/// A function of a box of elements, whose result has its shape.
pub type BoxFn = Arc<dyn Fn(&Tile) -> Result<Tensor> + Send + Sync>;

/// A function over whole chunks.
pub struct MapBlocks {
    input: [Plan; 1],
    dtype: DType,
    function: BoxFn,
}

impl fmt::Debug for MapBlocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "map_blocks to {}", self.dtype)
    }
}

impl MapBlocks {
    /// A plan of a function of each chunk of the input; its result has the chunk's shape.
    ///
    /// # Errors
    /// A type that arrays do not have.
    pub fn plan(input: Plan, dtype: DType, function: BoxFn) -> Result<Plan> {
        width(&dtype)?;
        Plan::new(MapBlocks { input: [input], dtype, function })
    }
}

impl Op for MapBlocks {
    fn name(&self) -> &'static str {
        "map_blocks"
    }

    fn token(&self) -> Option<String> {
        None
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        MapBlocks::plan(inputs.remove(0), self.dtype.clone(), self.function.clone())
    }

    fn meta(&self) -> Result<Meta> {
        Ok(meta(&self.dtype, chunks_of(&self.input[0])?.clone()))
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let chunks = chunks_of(&self.input[0])?.clone();
        let (of, function) = (dtype_of(&self.input[0])?, self.function.clone());
        let held = largest_block(&chunks).saturating_mul((width(&of)? + width(&self.dtype)?) as u64);
        let dtype = self.dtype.clone();
        let kernel = TileKernel::of_one("map_blocks", String::new(), move |mut input| {
            let (of, function, given) = (of.clone(), function.clone(), dtype.clone());
            reader_of_blocks(chunks.clone(), dtype.clone(), move |whole| {
                let values = read_by_tiles(input.as_mut(), whole, &of)?;
                called(&function, Tile { region: whole.clone(), values }, &given)
            })
        });
        lower_map(lower, &self.input, kernel.holding(held).costly(), &own)
    }
}

/// What a function of the user's gives, checked.
fn called(function: &BoxFn, tile: Tile, dtype: &DType) -> Result<Tensor> {
    let shape = tile.values.shape().to_vec();
    let values = function(&tile)?;
    if values.shape() != shape || values.dtype() != dtype {
        let what = format!("the function gave {:?} for a box of {shape:?}, not {dtype} of that shape", values);
        return Err(Error::argument("map_blocks", what));
    }
    Ok(values)
}

/// A function over boxes of elements with their neighbours.
pub struct MapOverlap {
    input: [Plan; 1],
    /// Neighbours on each side, along each axis.
    depth: Vec<u64>,
    dtype: DType,
    function: BoxFn,
}

impl fmt::Debug for MapOverlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "map_overlap {:?}", self.depth)
    }
}

impl MapOverlap {
    /// A plan of a function of boxes of the input, each with `depth` neighbours on both sides along each axis, for the
    /// elements that have them: the result is shorter than the input by twice the depth.
    ///
    /// # Errors
    /// Another number of depths than of axes, or more neighbours than there are elements.
    pub fn plan(input: Plan, depth: Vec<u64>, dtype: DType, function: BoxFn) -> Result<Plan> {
        let shape = chunks_of(&input)?.shape();
        if depth.len() != shape.len()
            || depth.iter().zip(&shape).any(|(depth, length)| depth.saturating_mul(2) > *length)
        {
            return Err(Error::argument("map_overlap", format!("depth {depth:?} of an array of shape {shape:?}")));
        }
        width(&dtype)?;
        Plan::new(MapOverlap { input: [input], depth, dtype, function })
    }
}

impl Op for MapOverlap {
    fn name(&self) -> &'static str {
        "map_overlap"
    }

    fn detail(&self) -> String {
        format!("depth {:?}", self.depth)
    }

    fn token(&self) -> Option<String> {
        None
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        MapOverlap::plan(inputs.remove(0), self.depth.clone(), self.dtype.clone(), self.function.clone())
    }

    fn meta(&self) -> Result<Meta> {
        let chunks = chunks_of(&self.input[0])?;
        let shape: Vec<u64> =
            chunks.shape().iter().zip(&self.depth).map(|(length, depth)| length - 2 * depth).collect();
        let longest: Vec<u64> =
            chunks.lengths().into_iter().map(|lengths| lengths.into_iter().max().unwrap_or(1)).collect();
        Ok(meta(&self.dtype, blockfold_core::Chunks::regular(&shape, &longest)))
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let (depth, function, dtype) = (self.depth.clone(), self.function.clone(), self.dtype.clone());
        let around: u64 = depth.iter().fold(1, |all, depth| all.saturating_mul(1 + depth.min(&512) / 8));
        let held = tiles_bytes(3, &DType::Float64).saturating_mul(around);
        let kernel = TileKernel::of_one("map_overlap", self.detail(), move |mut input| {
            let (depth, function, dtype) = (depth.clone(), function.clone(), dtype.clone());
            reader(move |region| {
                let depth: Vec<usize> =
                    depth.iter().map(|depth| usize::try_from(*depth).unwrap_or(usize::MAX)).collect();
                let shape: Vec<usize> =
                    region.shape.iter().zip(&depth).map(|(length, depth)| length + 2 * depth).collect();
                let wide = Region::new(region.start.clone(), shape);
                let values = input.read(&wide)?;
                let values = called(&function, Tile { region: wide, values }, &dtype)?;
                values.part(&depth, &region.shape)
            })
        });
        lower_map(lower, &self.input, kernel.holding(held), &own)
    }
}
