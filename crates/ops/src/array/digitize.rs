//! `digitize` and `take_along_axis`: places in sorted bounds, and elements at places.

use std::sync::Arc;

use blockfold_core::region::{AxisSlice, TILE_ELEMENTS};
use blockfold_core::tensor::{Tensor, TensorMut, width};
use blockfold_core::{DType, Error, Result};
use blockfold_dense::reduce::floats;
use blockfold_dense::select::take_along;
use blockfold_plan::tiles::lanes_shape;
use blockfold_plan::{Lower, Meta, Op, Plan, StepId};

use super::Slice;
use super::elementwise::shape_text;
use super::kernel::{TileKernel, chunks_of, dtype_of, lower_map, meta, read_by_tiles, reader, shape_of};
use super::take::no_axis;

/// Between which of some sorted bounds each element lies.
#[derive(Debug)]
pub struct Digitize {
    input: [Plan; 1],
    bounds: Arc<[f64]>,
    /// Whether an element that equals a bound lies before it.
    right: bool,
}

impl Digitize {
    /// A plan of how many of the bounds each element has below it; those that it equals count unless `right`.
    ///
    /// # Errors
    /// Bounds that do not ascend.
    pub fn plan(input: Plan, bounds: Arc<[f64]>, right: bool) -> Result<Plan> {
        if bounds.windows(2).any(|pair| pair[0] > pair[1]) || bounds.iter().any(|bound| bound.is_nan()) {
            return Err(Error::argument("digitize", "bounds that do not ascend; sort them first"));
        }
        chunks_of(&input)?;
        Plan::new(Digitize { input: [input], bounds, right })
    }
}

impl Op for Digitize {
    fn name(&self) -> &'static str {
        "digitize"
    }

    fn detail(&self) -> String {
        format!("{} bounds{}", self.bounds.len(), if self.right { ", closed on the right" } else { "" })
    }

    fn token(&self) -> Option<String> {
        Some(format!("{:?} {}", self.bounds, self.right))
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Digitize::plan(inputs.remove(0), self.bounds.clone(), self.right)
    }

    fn meta(&self) -> Result<Meta> {
        Ok(meta(&DType::Int64, chunks_of(&self.input[0])?.clone()))
    }

    fn sliced(&self, axes: &[AxisSlice]) -> Result<Option<Plan>> {
        let input = Slice::plan(self.input[0].clone(), axes.to_vec())?;
        Digitize::plan(input, self.bounds.clone(), self.right).map(Some)
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let (bounds, right) = (self.bounds.clone(), self.right);
        let kernel = TileKernel::of_one("digitize", self.detail(), move |mut input| {
            let bounds = bounds.clone();
            reader(move |region| {
                let values = input.read(region)?;
                let place = |x: &f64| {
                    let below = |bound: &f64| if right { bound < x } else { bound <= x };
                    // NaN lies behind all bounds, as in NumPy.
                    let count = if x.is_nan() { bounds.len() } else { bounds.partition_point(below) };
                    i64::try_from(count).unwrap_or(i64::MAX)
                };
                let places: Vec<i64> = floats(&values)?.iter().map(place).collect();
                Tensor::from_vec(DType::Int64, region.shape.clone(), places)
            })
        });
        lower_map(lower, &self.input, kernel, &own)
    }
}

/// The elements of each lane at the places that another array gives.
#[derive(Debug)]
pub struct TakeAlong {
    inputs: [Plan; 2],
    axis: usize,
}

impl TakeAlong {
    /// A plan of the elements of each lane of `values` along an axis at the places in the same lane of `places`.
    ///
    /// # Errors
    /// Shapes that differ along another axis, or places that are not of type int64.
    pub fn plan(values: Plan, places: Plan, axis: usize) -> Result<Plan> {
        let (a, b) = (shape_of(&values)?, shape_of(&places)?);
        if axis >= a.len() {
            return Err(no_axis("take_along_axis", axis, &a));
        }
        if a.len() != b.len() || (0..a.len()).any(|at| at != axis && a[at] != b[at]) {
            return Err(Error::Shape { op: "take_along_axis".into(), left: shape_text(&a), right: shape_text(&b) });
        }
        if dtype_of(&places)? != DType::Int64 {
            let got = dtype_of(&places)?.to_string();
            return Err(Error::Type { op: "take_along_axis".into(), expected: "places of int64".into(), got });
        }
        Plan::new(TakeAlong { inputs: [values, places], axis })
    }
}

impl Op for TakeAlong {
    fn name(&self) -> &'static str {
        "take_along_axis"
    }

    fn detail(&self) -> String {
        format!("axis {}", self.axis)
    }

    fn inputs(&self) -> &[Plan] {
        &self.inputs
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        let places = inputs.remove(1);
        TakeAlong::plan(inputs.remove(0), places, self.axis)
    }

    fn meta(&self) -> Result<Meta> {
        Ok(meta(&dtype_of(&self.inputs[0])?, chunks_of(&self.inputs[1])?.clone()))
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let (axis, dtype) = (self.axis, dtype_of(&self.inputs[0])?);
        let length = shape_of(&self.inputs[0])?[axis];
        let held = (TILE_ELEMENTS as u64).max(length).saturating_mul(2 * width(&dtype)? as u64 + 8);
        let kernel = TileKernel::new("take_along_axis", self.detail(), move |mut inputs, _| {
            let places = inputs.pop();
            let (Some(mut places), Some(mut values)) = (places, inputs.pop()) else {
                return Err(Error::internal("take_along_axis of two inputs"));
            };
            let dtype = dtype.clone();
            Ok(reader(move |region| {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let mut all = TensorMut::zeros(dtype.clone(), region.shape.clone())?;
                for part in region.boxes_of(lanes_shape(&region.shape, axis, (TILE_ELEMENTS / length.max(1)).max(1))) {
                    let mut lanes = part.clone();
                    (lanes.start[axis], lanes.shape[axis]) = (0, length);
                    let values = read_by_tiles(values.as_mut(), &lanes, &dtype)?;
                    let found = take_along(&values, &places.read(&part)?, axis)?;
                    all.paste(&part.offset_in(region), &found)?;
                }
                Ok(all.freeze())
            }))
        });
        lower_map(lower, &self.inputs, kernel.holding(held), &own)
    }
}
