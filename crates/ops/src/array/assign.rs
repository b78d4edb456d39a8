//! `assign`: an array with some of its elements replaced by those of another one.

use std::ops::Range;

use blockfold_core::region::AxisSlice;
use blockfold_core::tensor::{Tensor, TensorMut};
use blockfold_core::{Error, Region, Result};
use blockfold_plan::tiles::TileReader;
use blockfold_plan::{Lower, Meta, Op, Plan, StepId};

use super::elementwise::shape_text;
use super::kernel::{TileKernel, chunks_of, dtype_of, lower_map, meta, reader, shape_of, tiles_bytes};

/// An array whose elements in a slice are those of another array.
#[derive(Debug)]
pub struct Assign {
    inputs: [Plan; 2],
    axes: Vec<AxisSlice>,
}

impl Assign {
    /// A plan of `base` with the elements that `axes` name replaced by those of `values`.
    ///
    /// # Errors
    /// Values of another shape than the slice has, or of another type than the base.
    pub fn plan(base: Plan, values: Plan, axes: Vec<AxisSlice>) -> Result<Plan> {
        let (shape, given) = (chunks_of(&base)?.shape(), shape_of(&values)?);
        let wanted: Vec<u64> = axes.iter().map(|slice| slice.len).collect();
        if axes.len() != shape.len() || wanted != given {
            return Err(Error::Shape { op: "assign".into(), left: shape_text(&wanted), right: shape_text(&given) });
        }
        if dtype_of(&base)? != dtype_of(&values)? {
            let expected = format!("values of {}", dtype_of(&base)?);
            return Err(Error::Type { op: "assign".into(), expected, got: dtype_of(&values)?.to_string() });
        }
        Plan::new(Assign { inputs: [base, values], axes })
    }
}

impl Op for Assign {
    fn name(&self) -> &'static str {
        "assign"
    }

    fn detail(&self) -> String {
        format!("{:?}", self.axes)
    }

    fn inputs(&self) -> &[Plan] {
        &self.inputs
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        let values = inputs.remove(1);
        Assign::plan(inputs.remove(0), values, self.axes.clone())
    }

    fn meta(&self) -> Result<Meta> {
        Ok(meta(&dtype_of(&self.inputs[0])?, chunks_of(&self.inputs[0])?.clone()))
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let axes = self.axes.clone();
        let held = tiles_bytes(3, &dtype_of(&self.inputs[0])?);
        let kernel = TileKernel::new("assign", self.detail(), move |mut inputs, _| {
            let values = inputs.pop();
            let (Some(mut values), Some(mut base)) = (values, inputs.pop()) else {
                return Err(Error::internal("an assignment of two inputs"));
            };
            let axes = axes.clone();
            Ok(reader(move |region| assigned(base.as_mut(), values.as_mut(), &axes, region)))
        });
        lower_map(lower, &self.inputs, kernel.holding(held), &own)
    }
}

/// Elements of a slice within a stretch of an axis: which of the slice, in its order, and where they are in the stretch.
fn within(slice: &AxisSlice, start: u64, len: usize) -> (Range<u64>, Vec<usize>) {
    let inside =
        |at: u64| slice.element(at).checked_sub(start).and_then(|at| usize::try_from(at).ok()).filter(|at| *at < len);
    // Elements of a slice go one way, so that those inside follow each other: the first one is found by halving.
    let is_before = |at: u64| match slice.step > 0 {
        true => slice.element(at) < start,
        false => slice.element(at) >= start + len as u64,
    };
    let (mut low, mut high) = (0, slice.len);
    while low < high {
        let middle = low + (high - low) / 2;
        if is_before(middle) { low = middle + 1 } else { high = middle }
    }
    let places: Vec<usize> = (low..slice.len).map_while(inside).collect();
    (low..low + places.len() as u64, places)
}

fn assigned(
    base: &mut dyn TileReader,
    values: &mut dyn TileReader,
    axes: &[AxisSlice],
    region: &Region,
) -> Result<Tensor> {
    let found: Vec<(Range<u64>, Vec<usize>)> =
        axes.iter().enumerate().map(|(axis, slice)| within(slice, region.start[axis], region.shape[axis])).collect();
    if found.iter().any(|(range, _)| range.is_empty()) {
        return base.read(region);
    }
    let of_values = Region::new(
        found.iter().map(|(range, _)| range.start).collect::<Vec<_>>(),
        found.iter().map(|(_, places)| places.len()).collect::<Vec<_>>(),
    );
    let values = values.read(&of_values)?;
    if of_values.shape == region.shape && axes.iter().all(|slice| slice.step == 1) {
        return Ok(values);
    }
    let under = base.read(region)?;
    let mut all = TensorMut::zeros(under.dtype().clone(), region.shape.clone())?;
    all.paste(&vec![0; region.ndim()], &under)?;
    // Runs of elements that are neighbours in both.
    let Some(last) = region.ndim().checked_sub(1) else { return Ok(values) };
    let outer = Region::new(vec![0; last], of_values.shape[..last].to_vec());
    let is_run = axes[last].step == 1;
    for at in outer.boxes_of(vec![1; last]) {
        let index: Vec<usize> = at.start.iter().map(|at| usize::try_from(*at).unwrap_or(0)).collect();
        let mut to: Vec<usize> = index.iter().zip(&found).map(|(at, (_, places))| places[*at]).collect();
        let mut from = index;
        let mut shape = vec![1; last + 1];
        let (_, places) = &found[last];
        if is_run {
            to.push(places[0]);
            from.push(0);
            shape[last] = places.len();
            all.paste_part(&to, &values, &from, &shape)?;
            continue;
        }
        for (i, place) in places.iter().enumerate() {
            let (to, from) = ([to.as_slice(), &[*place]].concat(), [from.as_slice(), &[i]].concat());
            all.paste_part(&to, &values, &from, &shape)?;
        }
    }
    Ok(all.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_a_slice_in_a_stretch() {
        let slice = AxisSlice::of(Some(3), Some(20), 4, 30).unwrap();
        assert_eq!(within(&slice, 0, 30), (0..5, vec![3, 7, 11, 15, 19]));
        assert_eq!(within(&slice, 7, 5), (1..3, vec![0, 4]));
        assert_eq!(within(&slice, 20, 5).1, [0; 0]);
        let back = AxisSlice::of(None, None, -3, 10).unwrap();
        assert_eq!(within(&back, 3, 4), (1..3, vec![3, 0]));
    }
}
