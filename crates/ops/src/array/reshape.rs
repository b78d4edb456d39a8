//! `reshape`: the same elements, row by row, in another shape.

use blockfold_core::region::AxisSlice;
use blockfold_core::tensor::{Tensor, TensorMut};
use blockfold_core::{Chunks, DType, Error, Region, Result};
use blockfold_plan::tiles::TileReader;
use blockfold_plan::{Lower, Meta, Op, Plan, StepId};

use super::Slice;
use super::elementwise::shape_text;
use super::kernel::{TileKernel, chunks_of, dtype_of, lower_map, meta, reader, shape_of};

/// The elements of an array, row by row, in another shape.
#[derive(Debug)]
pub struct Reshape {
    input: [Plan; 1],
    shape: Vec<u64>,
}

impl Reshape {
    /// A plan of the input's elements in another shape.
    ///
    /// # Errors
    /// A shape of another number of elements.
    pub fn plan(input: Plan, shape: Vec<u64>) -> Result<Plan> {
        let own = chunks_of(&input)?.shape();
        if own == shape {
            return Ok(input);
        }
        let count = |shape: &[u64]| shape.iter().try_fold(1u64, |all, length| all.checked_mul(*length));
        if count(&own) != count(&shape) {
            return Err(Error::Shape { op: "reshape".into(), left: shape_text(&own), right: shape_text(&shape) });
        }
        Plan::new(Reshape { input: [input], shape })
    }

    /// Axes of both shapes that are the same but for axes of length 1: for each axis of the result that of the input.
    fn same_axes(&self) -> Option<Vec<Option<usize>>> {
        let below = shape_of(&self.input[0]).ok()?;
        let mut long = (0..below.len()).filter(|axis| below[*axis] != 1);
        let mut axes = Vec::with_capacity(self.shape.len());
        for length in &self.shape {
            axes.push(match length {
                1 => None,
                _ => Some(long.next().filter(|axis| below[*axis] == *length)?),
            });
        }
        long.next().is_none().then_some(axes)
    }
}

impl Op for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }

    fn detail(&self) -> String {
        shape_text(&self.shape)
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Reshape::plan(inputs.remove(0), self.shape.clone())
    }

    fn meta(&self) -> Result<Meta> {
        let (below, dtype) = (chunks_of(&self.input[0])?, dtype_of(&self.input[0])?);
        if let Some(axes) = self.same_axes() {
            let one = Chunks::one(&[1]);
            let bounds = axes.iter().map(|axis| axis.map_or(one.bounds(0), |axis| below.bounds(axis)).clone());
            return Ok(meta(&dtype, Chunks::of_bounds(bounds.collect())));
        }
        // As many elements in a chunk as the input's have, whole rows of the last axes.
        let mut room = blockfold_plan::tiles::largest_block(below).max(1);
        let mut chunk = vec![1; self.shape.len()];
        for axis in (0..self.shape.len()).rev() {
            chunk[axis] = self.shape[axis].clamp(1, room);
            room = (room / chunk[axis]).max(1);
        }
        Ok(meta(&dtype, Chunks::regular(&self.shape, &chunk)))
    }

    fn sliced(&self, axes: &[AxisSlice]) -> Result<Option<Plan>> {
        let Some(same) = self.same_axes() else { return Ok(None) };
        let shape = shape_of(&self.input[0])?;
        let mut below: Vec<AxisSlice> = shape.iter().map(|length| AxisSlice::all(*length)).collect();
        for (slice, from) in axes.iter().zip(same) {
            match from {
                Some(from) => below[from] = *slice,
                None if slice.len == 1 => {}
                None => return Ok(None),
            }
        }
        let input = Slice::plan(self.input[0].clone(), below)?;
        Reshape::plan(input, axes.iter().map(|slice| slice.len).collect()).map(Some)
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let (below, shape, dtype) = (shape_of(&self.input[0])?, self.shape.clone(), dtype_of(&self.input[0])?);
        let axes = self.same_axes();
        let kernel = TileKernel::of_one("reshape", self.detail(), move |mut input| {
            let (below, shape, dtype, axes) = (below.clone(), shape.clone(), dtype.clone(), axes.clone());
            reader(move |region| match &axes {
                Some(axes) => {
                    let mut own = Region::new(vec![0; below.len()], vec![1; below.len()]);
                    for (axis, from) in axes.iter().enumerate() {
                        let Some(from) = from else { continue };
                        (own.start[*from], own.shape[*from]) = (region.start[axis], region.shape[axis]);
                    }
                    if region.elements() == 0 {
                        return TensorMut::zeros(dtype.clone(), region.shape.clone()).map(TensorMut::freeze);
                    }
                    input.read(&own)?.reshaped(region.shape.clone())
                }
                None => reshaped(input.as_mut(), (&below, &shape), region, &dtype),
            })
        });
        lower_map(lower, &self.input, kernel, &own)
    }
}

/// A box of an array in another shape: its rows are runs of elements, which are some boxes of the input.
fn reshaped(
    input: &mut dyn TileReader,
    (below, shape): (&[u64], &[u64]),
    region: &Region,
    dtype: &DType,
) -> Result<Tensor> {
    let mut all = TensorMut::zeros(dtype.clone(), vec![region.elements()])?;
    let Some(last) = region.ndim().checked_sub(1) else {
        return input.read(&Region::new(vec![0; below.len()], vec![1; below.len()]))?.reshaped(Vec::new());
    };
    // Rows that follow each other are one run.
    let mut runs: Vec<(u64, u64)> = Vec::new();
    let rows = Region { shape: region.shape[..last].to_vec(), start: region.start[..last].to_vec() };
    for row in rows.boxes_of(vec![1; last]) {
        let mut start = row.start.clone();
        start.push(region.start[last]);
        let first = start.iter().zip(shape).fold(0, |at, (start, length)| at * length + start);
        let len = region.shape[last] as u64;
        match runs.last_mut() {
            Some((start, length)) if *start + *length == first => *length += len,
            _ if len > 0 => runs.push((first, len)),
            _ => {}
        }
    }
    let mut at = 0;
    for (first, len) in runs {
        let mut element = first;
        while element < first + len {
            let part = box_from(below, element, first + len);
            let values = input.read(&part)?;
            let elements = values.elements();
            all.paste(&[at], &values.reshaped(vec![elements])?)?;
            at += elements;
            element += elements as u64;
        }
    }
    all.freeze().reshaped(region.shape.clone())
}

/// The largest box whose elements stand side by side, from an element up to another one that is not in it.
fn box_from(shape: &[u64], element: u64, end: u64) -> Region {
    let mut index = vec![0; shape.len()];
    let mut rest = element;
    for axis in (0..shape.len()).rev() {
        index[axis] = rest % shape[axis].max(1);
        rest /= shape[axis].max(1);
    }
    let mut size = vec![1usize; shape.len()];
    let mut stride = 1;
    for axis in (0..shape.len()).rev() {
        let len = (shape[axis] - index[axis]).min((end - element) / stride);
        size[axis] = usize::try_from(len).unwrap_or(usize::MAX).max(1);
        if index[axis] != 0 || len < shape[axis] {
            break;
        }
        stride *= shape[axis];
    }
    Region::new(index, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_follow_each_other() {
        let shape = [3, 4, 5];
        for (first, end) in [(0, 60), (7, 31), (19, 20), (5, 59), (20, 40)] {
            let mut element = first;
            while element < end {
                let part = box_from(&shape, element, end);
                let at = part.start.iter().zip(&shape).fold(0, |at, (start, length)| at * length + start);
                assert_eq!(at, element);
                assert!((0..3).all(|axis| part.end(axis) <= shape[axis]), "{part}");
                element += part.elements() as u64;
            }
            assert_eq!(element, end);
        }
        assert_eq!(box_from(&shape, 20, 60), Region::new([1, 0, 0], [2, 4, 5]));
    }
}
