//! `complex`: functions of complex numbers at the same place.

use blockfold_core::region::AxisSlice;
use blockfold_core::tensor::complex;
use blockfold_core::{DType, Result};
use blockfold_dense::complex::{ComplexFn, apply};
use blockfold_plan::{Lower, Meta, Op, Plan, StepId};

use super::Slice;
use super::elementwise::{broadcast_chunks, broadcast_shape, own_slices, spread};
use super::kernel::{TileKernel, dtype_of, lower_map, meta, reader, shape_of, tiles_bytes};

/// A function of complex numbers at the same place; shapes broadcast as in NumPy.
#[derive(Debug)]
pub struct ComplexElementwise {
    inputs: Vec<Plan>,
    function: ComplexFn,
}

impl ComplexElementwise {
    /// A plan of a function of the inputs.
    ///
    /// # Errors
    /// Shapes that do not broadcast, types that the function does not take.
    pub fn plan(inputs: Vec<Plan>, function: ComplexFn) -> Result<Plan> {
        Plan::new(ComplexElementwise { inputs, function })
    }

    fn shapes(&self) -> Result<Vec<Vec<u64>>> {
        self.inputs.iter().map(shape_of).collect()
    }
}

impl Op for ComplexElementwise {
    fn name(&self) -> &'static str {
        "complex"
    }

    fn detail(&self) -> String {
        self.function.name().to_string()
    }

    fn inputs(&self) -> &[Plan] {
        &self.inputs
    }

    fn with_inputs(&self, inputs: Vec<Plan>) -> Result<Plan> {
        ComplexElementwise::plan(inputs, self.function)
    }

    fn meta(&self) -> Result<Meta> {
        let types: Vec<DType> = self.inputs.iter().map(dtype_of).collect::<Result<_>>()?;
        let shape = broadcast_shape(self.function.name(), &self.shapes()?)?;
        Ok(meta(&self.function.output_type(&types)?, broadcast_chunks(&self.inputs, &shape)?))
    }

    fn sliced(&self, axes: &[AxisSlice]) -> Result<Option<Plan>> {
        let shapes = self.shapes()?;
        let all = broadcast_shape(self.function.name(), &shapes)?;
        let sliced = self
            .inputs
            .iter()
            .zip(&shapes)
            .map(|(input, shape)| Slice::plan(input.clone(), own_slices(shape, axes, &all)));
        ComplexElementwise::plan(sliced.collect::<Result<_>>()?, self.function).map(Some)
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let (own, shapes, function) = (self.meta()?, self.shapes()?, self.function);
        let kernel = TileKernel::new("complex", self.detail(), move |mut inputs, _| {
            let shapes = shapes.clone();
            Ok(reader(move |region| {
                let boxes = inputs.iter_mut().zip(&shapes);
                let args: Result<Vec<_>> = boxes.map(|(input, shape)| spread(input.as_mut(), shape, region)).collect();
                apply(function, &args?)
            }))
        });
        let held = tiles_bytes(2 + self.inputs.len() as u64, &complex(&DType::Float64));
        lower_map(lower, &self.inputs, kernel.holding(held), &own)
    }
}
