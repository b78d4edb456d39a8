//! `rechunk`: the same elements in other chunks.

use blockfold_core::region::AxisSlice;
use blockfold_core::{Chunks, Error, Result};
use blockfold_plan::{Lower, Meta, Op, Plan, StepId};

use super::Slice;
use super::elementwise::shape_text;
use super::kernel::{TileKernel, chunks_of, dtype_of, lower_step, meta};
use super::recut::recut;
use super::slice::sliced_chunks;

/// The same elements in other chunks. Nothing moves when any box of the input can be read; pieces of blocks that are made or
/// read as a whole are sent to the others, written and read once at most.
#[derive(Debug)]
pub struct Rechunk {
    input: [Plan; 1],
    chunks: Chunks,
}

impl Rechunk {
    /// A plan of the input's elements in these chunks, whatever the steps below will be cut like.
    ///
    /// # Errors
    /// Chunks of an array of another shape.
    pub fn exactly(input: Plan, chunks: Chunks) -> Result<Plan> {
        if chunks_of(&input)?.shape() != chunks.shape() {
            return Rechunk::plan(input, chunks);
        }
        Plan::new(Rechunk { input: [input], chunks })
    }

    /// A plan of the input's elements in other chunks.
    ///
    /// # Errors
    /// Chunks of an array of another shape.
    pub fn plan(input: Plan, chunks: Chunks) -> Result<Plan> {
        let own = chunks_of(&input)?;
        if *own == chunks {
            return Ok(input);
        }
        if own.shape() != chunks.shape() {
            return Err(Error::Shape {
                op: "rechunk".into(),
                left: shape_text(&own.shape()),
                right: format!("chunks of {}", shape_text(&chunks.shape())),
            });
        }
        Plan::new(Rechunk { input: [input], chunks })
    }
}

impl Op for Rechunk {
    fn name(&self) -> &'static str {
        "rechunk"
    }

    fn detail(&self) -> String {
        self.chunks.to_string()
    }

    fn token(&self) -> Option<String> {
        Some(format!("{:?}", self.chunks.lengths()))
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Rechunk::exactly(inputs.remove(0), self.chunks.clone())
    }

    fn only_cuts(&self) -> bool {
        true
    }

    fn meta(&self) -> Result<Meta> {
        Ok(meta(&dtype_of(&self.input[0])?, self.chunks.clone()))
    }

    fn sliced(&self, axes: &[AxisSlice]) -> Result<Option<Plan>> {
        let input = Slice::plan(self.input[0].clone(), axes.to_vec())?;
        Rechunk::plan(input, sliced_chunks(&self.chunks, axes)).map(Some)
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let input = lower.lower(&self.input[0])?;
        let input = recut(lower, input, &dtype_of(&self.input[0])?, &self.chunks)?;
        let kernel = TileKernel::of_one("rechunk", self.detail(), |input| input);
        Ok(lower_step(lower, input, kernel.holding(0), &own))
    }
}
