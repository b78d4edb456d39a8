//! Functions over chunks and their neighbours.

use std::sync::Arc;

use blockfold_core::tensor::Tile;
use blockfold_core::{DType, Error, Result, Tensor};
use blockfold_ops::array::{AxisSlice, MapBlocks, MapOverlap, Slice};

use super::Array;
use super::reduce::axis_of;

/// What stands beyond the ends of an array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Boundary {
    /// One value.
    Constant(f64),
    /// The element at the end.
    Nearest,
    /// The elements before the end in reverse, that at the end not twice.
    Reflect,
    /// The elements before the end in reverse, that at the end twice.
    Symmetric,
    /// The elements of the other end.
    Periodic,
}

impl Array {
    /// A function of each chunk, whose result has the chunk's shape and the type `dtype`.
    ///
    /// # Memory
    /// A chunk and its result for each thread, beside what the function itself takes.
    pub fn map_blocks(&self, dtype: &DType, f: impl Fn(&Tile) -> Result<Tensor> + Send + Sync + 'static) -> Array {
        self.then(|plan| MapBlocks::plan(plan, dtype.clone(), Arc::new(f)))
    }

    /// A function of boxes with `depth` neighbours on each side along each axis. What it gives for an element may depend
    /// on its neighbours up to that depth alone; its result has the shape of the box, neighbours among it.
    pub fn map_overlap(
        &self,
        depth: &[u64],
        boundary: Boundary,
        dtype: &DType,
        f: impl Fn(&Tile) -> Result<Tensor> + Send + Sync + 'static,
    ) -> Array {
        let mut wide = self.clone();
        for (axis, depth) in depth.iter().enumerate() {
            wide = wide.pad(axis as i64, *depth, *depth, boundary);
        }
        wide.then(|plan| MapOverlap::plan(plan, depth.to_vec(), dtype.clone(), Arc::new(f)))
    }

    /// The array with elements added before the first and after the last one of an axis.
    pub fn pad(&self, axis: i64, before: u64, after: u64, boundary: Boundary) -> Array {
        self.then(|plan| {
            let shape = self.shape()?;
            let number = axis_of("pad", axis, shape.len())?;
            let length = shape[number];
            let most = match boundary {
                Boundary::Constant(_) => u64::MAX,
                Boundary::Nearest => {
                    if length == 0 {
                        0
                    } else {
                        u64::MAX
                    }
                }
                Boundary::Reflect => length.saturating_sub(1),
                Boundary::Symmetric | Boundary::Periodic => length,
            };
            if before > most || after > most {
                let what =
                    format!("{before} and {after} elements beside an axis of {length}, {boundary:?}; at most {most}");
                return Err(Error::argument("pad", what));
            }
            let (n, b, a) = (length.cast_signed(), before.cast_signed(), after.cast_signed());
            let part = |start: i64, stop: i64| self.slice_axis(axis, Some(start), Some(stop), 1);
            let filled = |value: f64, count: u64| {
                let mut shape = shape.clone();
                shape[number] = count;
                self.session.full(shape, value, &DType::Float64, ()).astype(&self.dtype().unwrap_or(DType::Float64))
            };
            let (front, back) = match boundary {
                Boundary::Constant(value) => (filled(value, before), filled(value, after)),
                Boundary::Nearest => (part(0, 1).repeat(before, axis), part(n - 1, n).repeat(after, axis)),
                Boundary::Reflect => (part(1, 1 + b).flip(axis), part((n - 1 - a).max(0), (n - 1).max(0)).flip(axis)),
                Boundary::Symmetric => (part(0, b).flip(axis), part(n - a, n).flip(axis)),
                Boundary::Periodic => (part(n - b, n), part(0, a)),
            };
            let parts = [(before, front), (1, self.clone()), (after, back)];
            let parts: Vec<Array> = parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, part)| part).collect();
            let _ = plan;
            Array::concatenate(&parts, number as i64).plan()
        })
    }

    /// The chunk at a place among the chunks along each axis.
    pub fn block(&self, position: &[usize]) -> Array {
        self.then(|plan| {
            let chunks = self.chunks()?;
            let counts = chunks.counts();
            if position.len() != counts.len() || position.iter().zip(&counts).any(|(at, count)| at >= count) {
                return Err(Error::argument("block", format!("{position:?} of {counts:?} chunks")));
            }
            let region = chunks.region(chunks.block_at(position));
            let axis = |(start, len): (&u64, &usize)| AxisSlice { start: *start, step: 1, len: *len as u64 };
            Slice::plan(plan, region.start.iter().zip(&region.shape).map(axis).collect())
        })
    }
}
