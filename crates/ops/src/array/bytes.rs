//! `bytes`: the bytes of a vector's elements, so that arrays of several types can be one.

use std::sync::Arc;

use blockfold_core::tensor::{Tensor, width};
use blockfold_core::{Chunks, DType, Error, Region, Result};
use blockfold_plan::{Lower, Meta, Op, Plan, StepId};

use super::elementwise::shape_text;
use super::kernel::{TileKernel, chunks_of, dtype_of, lower_map, meta, reader, tiles_bytes};

/// The bytes of a vector's elements, one after the other, in this machine's order.
#[derive(Debug)]
pub struct Bytes {
    input: [Plan; 1],
}

impl Bytes {
    /// A plan of the bytes of a vector.
    ///
    /// # Errors
    /// An array of several axes.
    pub fn plan(input: Plan) -> Result<Plan> {
        Plan::new(Bytes { input: [input] })
    }
}

impl Op for Bytes {
    fn name(&self) -> &'static str {
        "bytes"
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Bytes::plan(inputs.remove(0))
    }

    fn meta(&self) -> Result<Meta> {
        let (chunks, width) = (chunks_of(&self.input[0])?, width(&dtype_of(&self.input[0])?)? as u64);
        if chunks.ndim() != 1 {
            let what = format!("an array of shape {}; it takes a vector", shape_text(&chunks.shape()));
            return Err(Error::argument("bytes", what));
        }
        let bounds: Arc<[u64]> = chunks.bounds(0).iter().map(|bound| bound.saturating_mul(width)).collect();
        Ok(meta(&DType::UInt8, Chunks::of_bounds(vec![bounds])))
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let width = width(&dtype_of(&self.input[0])?)?;
        let kernel = TileKernel::of_one("bytes", String::new(), move |mut input| {
            reader(move |region| {
                let (first, end) = (region.start[0] / width as u64, region.end(0).div_ceil(width as u64));
                let count = usize::try_from(end.saturating_sub(first)).unwrap_or(usize::MAX);
                let values = input.read(&Region::new([first], [count]))?;
                let skipped = usize::try_from(region.start[0] - first * width as u64).unwrap_or(0);
                let bytes = values.data().slice_with_length(skipped, region.shape[0]);
                Tensor::new(DType::UInt8, region.shape.clone(), bytes)
            })
        });
        lower_map(lower, &self.input, kernel.holding(tiles_bytes(1, &DType::Float64)), &own)
    }
}
