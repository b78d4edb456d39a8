//! `broadcast_to`: an array repeated along axes of length 1, and along new ones in front.

use blockfold_core::region::AxisSlice;
use blockfold_core::{Chunks, Error, Result};
use blockfold_plan::{Lower, Meta, Op, Plan, StepId};

use super::Slice;
use super::elementwise::{own_slices, shape_text, spread};
use super::kernel::{TileKernel, chunks_of, dtype_of, lower_map, meta, reader, shape_of};

/// An array repeated to fill a shape.
#[derive(Debug)]
pub struct BroadcastTo {
    input: [Plan; 1],
    shape: Vec<u64>,
}

impl BroadcastTo {
    /// A plan of the input repeated to fill a shape.
    ///
    /// # Errors
    /// A shape that the input does not broadcast to.
    pub fn plan(input: Plan, shape: Vec<u64>) -> Result<Plan> {
        Plan::new(BroadcastTo { input: [input], shape })
    }
}

impl Op for BroadcastTo {
    fn name(&self) -> &'static str {
        "broadcast_to"
    }

    fn detail(&self) -> String {
        shape_text(&self.shape)
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        BroadcastTo::plan(inputs.remove(0), self.shape.clone())
    }

    fn meta(&self) -> Result<Meta> {
        let chunks = chunks_of(&self.input[0])?;
        let own = chunks.shape();
        let offset = self.shape.len().checked_sub(own.len());
        let fits = offset.is_some_and(|offset| own.iter().zip(&self.shape[offset..]).all(|(a, b)| a == b || *a == 1));
        let (Some(offset), true) = (offset, fits) else {
            return Err(Error::Shape {
                op: "broadcast_to".into(),
                left: shape_text(&own),
                right: shape_text(&self.shape),
            });
        };
        let mut bounds = Chunks::one(&self.shape).all_bounds();
        for axis in (0..own.len()).filter(|axis| own[*axis] == self.shape[axis + offset]) {
            bounds[axis + offset] = chunks.bounds(axis).clone();
        }
        Ok(meta(&dtype_of(&self.input[0])?, Chunks::of_bounds(bounds)))
    }

    fn sliced(&self, axes: &[AxisSlice]) -> Result<Option<Plan>> {
        let own = own_slices(&shape_of(&self.input[0])?, axes, &self.shape);
        let input = Slice::plan(self.input[0].clone(), own)?;
        BroadcastTo::plan(input, axes.iter().map(|slice| slice.len).collect()).map(Some)
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let shape = shape_of(&self.input[0])?;
        let kernel = TileKernel::of_one("broadcast", self.detail(), move |mut input| {
            let shape = shape.clone();
            reader(move |region| spread(input.as_mut(), &shape, region))
        });
        lower_map(lower, &self.input, kernel, &own)
    }
}
