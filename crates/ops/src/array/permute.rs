//! `transpose`: the axes of an array in another order.

use blockfold_core::region::AxisSlice;
use blockfold_core::{Error, Result};
use blockfold_dense::permute::permute;
use blockfold_plan::{Lower, Meta, Op, Plan, StepId};

use super::Slice;
use super::kernel::{TileKernel, chunks_of, dtype_of, lower_map, meta, reader};

/// An array with its axes in another order.
#[derive(Debug)]
pub struct Permute {
    input: [Plan; 1],
    order: Vec<usize>,
}

impl Permute {
    /// A plan of the array whose axis `a` is axis `order[a]` of the input.
    ///
    /// # Errors
    /// An order that does not name each axis once.
    pub fn plan(input: Plan, order: Vec<usize>) -> Result<Plan> {
        let ndim = chunks_of(&input)?.ndim();
        let mut sorted = order.clone();
        sorted.sort_unstable();
        if sorted != (0..ndim).collect::<Vec<_>>() {
            let what = format!("axes {order:?} of an array of {ndim}; name each of them once");
            return Err(Error::argument("transpose", what));
        }
        if order.is_sorted() {
            return Ok(input);
        }
        if let Some(below) = input.op().axis_order() {
            let both = order.iter().map(|axis| below[*axis]).collect();
            return Permute::plan(input.op().inputs()[0].clone(), both);
        }
        Plan::new(Permute { input: [input], order })
    }
}

impl Op for Permute {
    fn name(&self) -> &'static str {
        "transpose"
    }

    fn detail(&self) -> String {
        format!("{:?}", self.order)
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Permute::plan(inputs.remove(0), self.order.clone())
    }

    fn axis_order(&self) -> Option<&[usize]> {
        Some(&self.order)
    }

    fn meta(&self) -> Result<Meta> {
        Ok(meta(&dtype_of(&self.input[0])?, chunks_of(&self.input[0])?.of_axes(&self.order)))
    }

    fn sliced(&self, axes: &[AxisSlice]) -> Result<Option<Plan>> {
        let mut below = axes.to_vec();
        self.order.iter().zip(axes).for_each(|(from, slice)| below[*from] = *slice);
        Permute::plan(Slice::plan(self.input[0].clone(), below)?, self.order.clone()).map(Some)
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let (own, order) = (self.meta()?, self.order.clone());
        let kernel = TileKernel::of_one("transpose", self.detail(), move |mut input| {
            let order = order.clone();
            reader(move |region| {
                let mut below = region.clone();
                for (axis, from) in order.iter().enumerate() {
                    (below.start[*from], below.shape[*from]) = (region.start[axis], region.shape[axis]);
                }
                permute(&input.read(&below)?, &order)
            })
        });
        lower_map(lower, &self.input, kernel, &own)
    }
}
