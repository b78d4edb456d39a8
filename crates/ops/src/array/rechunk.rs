//! `rechunk`: the same elements in other chunks.

use blockfold_core::{Chunks, Error, Result};
use blockfold_plan::{Lower, Meta, Op, Plan, StepId};

use super::elementwise::shape_text;
use super::kernel::{TileKernel, chunks_of, dtype_of, lower_map, meta};

/// The same elements in other chunks. Nothing moves: any box of the input can be read.
#[derive(Debug)]
pub struct Rechunk {
    input: [Plan; 1],
    chunks: Chunks,
}

impl Rechunk {
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
        Rechunk::plan(inputs.remove(0), self.chunks.clone())
    }

    fn only_cuts(&self) -> bool {
        true
    }

    fn meta(&self) -> Result<Meta> {
        Ok(meta(&dtype_of(&self.input[0])?, self.chunks.clone()))
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let kernel = TileKernel::of_one("rechunk", self.detail(), |input| input);
        lower_map(lower, &self.input, kernel.holding(0), &own)
    }
}
