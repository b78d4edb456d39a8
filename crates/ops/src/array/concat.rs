//! `concatenate`: arrays one after the other along an axis.

use blockfold_core::region::AxisSlice;
use blockfold_core::tensor::TensorMut;
use blockfold_core::{Chunks, DType, Error, Result};
use blockfold_plan::{Lower, Meta, Op, Plan, StepId};

use super::Slice;
use super::elementwise::shape_text;
use super::kernel::{TileKernel, chunks_of, dtype_of, lower_map, meta, reader};
use super::take::no_axis;

/// Arrays of one type one after the other along an axis.
#[derive(Debug)]
pub struct ConcatAxis {
    inputs: Vec<Plan>,
    axis: usize,
}

impl ConcatAxis {
    /// A plan of the inputs one after the other along an axis.
    ///
    /// # Errors
    /// No input, inputs of several types, or that differ in length along another axis.
    pub fn plan(inputs: Vec<Plan>, axis: usize) -> Result<Plan> {
        if let [one] = inputs.as_slice() {
            let shape = chunks_of(one)?.shape();
            return if axis < shape.len() { Ok(one.clone()) } else { Err(no_axis("concatenate", axis, &shape)) };
        }
        Plan::new(ConcatAxis { inputs, axis })
    }

    fn dtype(&self) -> Result<DType> {
        self.inputs.first().map_or_else(|| Err(Error::argument("concatenate", "needs at least one array")), dtype_of)
    }
}

impl Op for ConcatAxis {
    fn name(&self) -> &'static str {
        "concatenate"
    }

    fn detail(&self) -> String {
        format!("{} arrays along axis {}", self.inputs.len(), self.axis)
    }

    fn inputs(&self) -> &[Plan] {
        &self.inputs
    }

    fn with_inputs(&self, inputs: Vec<Plan>) -> Result<Plan> {
        ConcatAxis::plan(inputs, self.axis)
    }

    fn meta(&self) -> Result<Meta> {
        let dtype = self.dtype()?;
        let mut bounds: Option<Chunks> = None;
        for input in &self.inputs {
            let chunks = chunks_of(input)?;
            let (shape, axis) = (chunks.shape(), self.axis);
            if axis >= shape.len() {
                return Err(no_axis("concatenate", axis, &shape));
            }
            if dtype_of(input)? != dtype {
                let expected = format!("arrays of one type; cast them to {dtype}");
                return Err(Error::Type { op: "concatenate".into(), expected, got: dtype_of(input)?.to_string() });
            }
            bounds = Some(match bounds {
                None => chunks.clone(),
                Some(before) => {
                    let all = before.shape();
                    let fits = all.len() == shape.len() && (0..all.len()).all(|at| at == axis || all[at] == shape[at]);
                    if !fits {
                        let (left, right) = (shape_text(&all), shape_text(&shape));
                        return Err(Error::Shape { op: format!("concatenate along axis {axis}"), left, right });
                    }
                    let mut both = before.bounds(axis).to_vec();
                    both.extend(chunks.bounds(axis).iter().skip(1).map(|bound| all[axis] + bound));
                    both.dedup();
                    if both.len() == 1 {
                        both.push(0);
                    }
                    before.with_axis(axis, both.into())
                }
            });
        }
        bounds
            .map(|chunks| meta(&dtype, chunks))
            .ok_or_else(|| Error::argument("concatenate", "needs at least one array"))
    }

    fn sliced(&self, axes: &[AxisSlice]) -> Result<Option<Plan>> {
        let own = axes[self.axis];
        if own.step != 1 || own.len == 0 {
            return Ok(None);
        }
        let (mut first, mut inputs) = (0, Vec::new());
        for input in &self.inputs {
            let length = chunks_of(input)?.shape()[self.axis];
            let (start, end) =
                (own.start.clamp(first, first + length), (own.start + own.len).clamp(first, first + length));
            if start < end {
                let mut below = axes.to_vec();
                below[self.axis] = AxisSlice { start: start - first, step: 1, len: end - start };
                inputs.push(Slice::plan(input.clone(), below)?);
            }
            first += length;
        }
        ConcatAxis::plan(inputs, self.axis).map(Some)
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let (axis, dtype) = (self.axis, self.dtype()?);
        let mut starts = vec![0u64];
        for input in &self.inputs {
            starts.push(starts.last().copied().unwrap_or(0) + chunks_of(input)?.shape()[axis]);
        }
        let kernel = TileKernel::new("concatenate", self.detail(), move |inputs, _| {
            let (starts, dtype, mut inputs) = (starts.clone(), dtype.clone(), inputs);
            Ok(reader(move |region| {
                let mut all: Option<TensorMut> = None;
                for (i, input) in inputs.iter_mut().enumerate() {
                    let (start, end) = (region.start[axis].max(starts[i]), region.end(axis).min(starts[i + 1]));
                    if start >= end {
                        continue;
                    }
                    let mut below = region.clone();
                    below.start[axis] = start - starts[i];
                    below.shape[axis] = usize::try_from(end - start).unwrap_or(usize::MAX);
                    let part = input.read(&below)?;
                    if part.shape() == region.shape {
                        return Ok(part);
                    }
                    let all = match &mut all {
                        Some(all) => all,
                        None => all.insert(TensorMut::zeros(dtype.clone(), region.shape.clone())?),
                    };
                    let mut at = vec![0; region.ndim()];
                    at[axis] = usize::try_from(start - region.start[axis]).unwrap_or(usize::MAX);
                    all.paste(&at, &part)?;
                }
                all.map_or_else(|| TensorMut::zeros(dtype.clone(), region.shape.clone()), Ok).map(TensorMut::freeze)
            }))
        });
        lower_map(lower, &self.inputs, kernel, &own)
    }
}
