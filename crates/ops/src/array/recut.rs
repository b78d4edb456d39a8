//! Blocks of an array sent to other blocks, for what cannot be read by any box.
//!
//! Chunks that are compressed, and blocks that are costly to make, are made once each: an exchange sends the pieces that they
//! have in common with other blocks there.

use blockfold_core::tensor::width;
use blockfold_core::{Chunks, DType, Error, RecordBatch, Region, Result};
use blockfold_plan::tiles::largest_block;
use blockfold_plan::{Lower, Origin, Router, Routing, Scattered, StepId};
use std::sync::Arc;

use super::kernel::{TileKernel, lower_step, meta, read_by_tiles, reader_of_blocks, tiles_bytes};

/// A block that is read for more others than this, on average, is sent to them instead.
const READ_AGAIN: f64 = 1.5;

/// Parts take about this share of the budget, between bounds: pieces of smaller ones are not worth their keep.
const PART_SHARE: u64 = 64;
const PART_BYTES: (u64, u64) = (256 << 10, 8 << 20);

/// A block that takes no more than this share of the budget is brought together before it is cut.
const HELD_SHARE: u64 = 12;

/// A step's array in other chunks: sent there when its blocks would be made many times, else as it is.
pub(crate) fn recut(lower: &mut Lower, input: StepId, dtype: &DType, chunks: &Chunks) -> Result<StepId> {
    let own = lower.grid(input).chunks().ok_or_else(|| Error::internal("rows as an array"))?.clone();
    if !lower.is_made_by_blocks(input) || readers(&own, chunks) <= READ_AGAIN {
        return Ok(input);
    }
    let width = width(dtype)? as u64;
    let chunks = &coarse(chunks, (lower.budget_bytes() / PART_SHARE).clamp(PART_BYTES.0, PART_BYTES.1) / width);
    let (before, after) = (meta(dtype, own.clone()), meta(dtype, chunks.clone()));
    // A block is brought together first when it is small enough, so that its pieces do not each make parts of it again.
    let block_bytes = largest_block(&own).saturating_mul(width);
    let is_held = block_bytes <= lower.budget_bytes() / HELD_SHARE;
    let (blocks, of) = (own.clone(), dtype.clone());
    let kernel = TileKernel::of_one("cut", chunks.to_string(), move |mut input| {
        if !is_held {
            return input;
        }
        let elements = of.clone();
        reader_of_blocks(blocks.clone(), of.clone(), move |whole| read_by_tiles(input.as_mut(), whole, &elements))
    });
    let kernel = kernel.holding(if is_held { block_bytes } else { tiles_bytes(2, dtype) });
    let to = chunks.clone();
    let kernel = kernel.in_boxes(move |block, within| match within {
        // A block of the other chunks: its pieces are tiles of what it has in common with this one.
        Some(within) => block.intersection(within).map(|both| both.tiles().collect()).unwrap_or_default(),
        None => pieces(block, &to).into_iter().map(|(piece, _)| piece).collect(),
    });
    let cut = lower_step(lower, input, kernel, &before);
    let routing = ByBox { from: own, to: chunks.clone() };
    Ok(lower.exchange(cut, None, routing, after.schema, after.grid))
}

/// Chunks of which neighbours are one, up to so many elements: smaller ones are cut from it when they are read.
fn coarse(chunks: &Chunks, elements: u64) -> Chunks {
    let mut bounds = chunks.all_bounds();
    let mut block = largest_block(chunks).max(1);
    for axis in (0..bounds.len()).rev() {
        let together = usize::try_from(elements / block).unwrap_or(usize::MAX).max(1);
        let count = bounds[axis].len() - 1;
        if together > 1 && count > 1 {
            let together = together.min(count);
            let mut merged: Vec<u64> = bounds[axis].iter().copied().step_by(together).collect();
            if !count.is_multiple_of(together) {
                merged.extend(bounds[axis].last());
            }
            bounds[axis] = merged.into();
            block = block.saturating_mul(together as u64);
        }
    }
    Chunks::of_bounds(bounds)
}

/// How many blocks of other chunks have elements of a block, on average.
fn readers(from: &Chunks, to: &Chunks) -> f64 {
    let share = |axis: usize| {
        let (from, to) = (from.bounds(axis), to.bounds(axis));
        // Cuts of the one that are no cuts of the other make one more pair each.
        let inner = |bounds: &[u64]| {
            bounds[1..bounds.len() - 1].iter().filter(|bound| from.binary_search(bound).is_err()).count()
        };
        1.0 + inner(to) as f64 / (from.len() - 1) as f64
    };
    (0..from.ndim()).map(share).product()
}

/// The pieces of a box that go to each block of chunks, those of a block one after the other; each with the block's number.
fn pieces(block: &Region, to: &Chunks) -> Vec<(Region, usize)> {
    let mut pieces = Vec::new();
    for number in to.touching(block) {
        if let Some(both) = block.intersection(&to.region(number)) {
            pieces.extend(both.tiles().map(|piece| (piece, number)));
        }
    }
    pieces
}

/// Sends the elements of each block, which come in [`pieces`], to the blocks of other chunks.
#[derive(Clone, Debug)]
struct ByBox {
    from: Chunks,
    to: Chunks,
}

impl Routing for ByBox {
    fn name(&self) -> &'static str {
        "by box"
    }

    fn detail(&self) -> String {
        format!("chunks {} to {}", self.from, self.to)
    }

    fn router(&self, _: Option<&blockfold_core::Block>) -> Result<Arc<dyn Router>> {
        Ok(Arc::new(self.clone()))
    }
}

impl Router for ByBox {
    fn parts(&self) -> usize {
        self.to.blocks()
    }

    fn scatter(&self, rows: &RecordBatch, origin: Origin) -> Result<Scattered> {
        let (first, end) = (origin.row, origin.row + rows.num_rows() as u64);
        let mut offsets = Vec::with_capacity(self.parts() + 1);
        let mut at = 0u64;
        for (piece, number) in pieces(&self.from.region(origin.block), &self.to) {
            // Blocks before this one begin where it does, as far as these rows go.
            let start = at.clamp(first, end) - first;
            let start = u32::try_from(start).map_err(|_| Error::internal("a chunk of too many rows"))?;
            if number >= offsets.len() {
                offsets.resize(number + 1, start);
            }
            at += piece.elements() as u64;
        }
        if at < end {
            return Err(Error::internal(format!("rows up to {end} of a block of {at}")));
        }
        let rows_end = u32::try_from(rows.num_rows()).map_err(|_| Error::internal("a chunk of too many rows"))?;
        offsets.resize(self.parts() + 1, rows_end);
        Ok(Scattered { rows: rows.clone(), offsets })
    }

    fn is_by_origin(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray, Int64Array};
    use arrow::datatypes::Int64Type;
    use blockfold_plan::tiles::array_schema;

    use super::*;

    #[test]
    fn every_element_goes_to_its_block() {
        let (from, to) = (Chunks::regular(&[7, 10], &[3, 10]), Chunks::regular(&[7, 10], &[4, 3]));
        let router = ByBox { from: from.clone(), to: to.clone() };
        let mut seen = 0;
        for block in 0..from.blocks() {
            let all = pieces(&from.region(block), &to);
            let numbers: Vec<i64> = all
                .iter()
                .flat_map(|(piece, _)| {
                    piece.boxes_of(vec![1, 1]).map(|at| (at.start[0] * 10 + at.start[1]).cast_signed())
                })
                .collect();
            // In batches that end in the middle of a piece.
            for (first, batch) in numbers.chunks(4).enumerate() {
                let column = Arc::new(Int64Array::from(batch.to_vec()));
                let rows = RecordBatch::try_new(array_schema(&DType::Int64), vec![column]).unwrap();
                let sent = router.scatter(&rows, Origin { block, row: first as u64 * 4 }).unwrap();
                assert_eq!(sent.offsets.len(), to.blocks() + 1);
                for part in 0..to.blocks() {
                    let range = sent.offsets[part] as usize..sent.offsets[part + 1] as usize;
                    let values = sent.rows.column(0).slice(range.start, range.len());
                    for value in values.as_primitive::<Int64Type>().values() {
                        let at = Region::new([value.unsigned_abs() / 10, value.unsigned_abs() % 10], [1, 1]);
                        assert_eq!(to.touching(&at), [part], "element {value}");
                        seen += 1;
                    }
                }
            }
        }
        assert_eq!(seen, 70);
    }

    #[test]
    fn chunks_across_each_other_are_read_often() {
        let of = |chunk: [u64; 2]| Chunks::regular(&[100, 100], &chunk);
        assert_eq!(readers(&of([10, 100]), &of([10, 100])), 1.0);
        assert_eq!(readers(&of([10, 100]), &of([20, 100])), 1.0);
        assert_eq!(readers(&of([10, 100]), &of([100, 10])), 10.0);
        assert_eq!(coarse(&of([100, 1]), 700), of([100, 7]));
        assert_eq!(coarse(&of([10, 10]), 1000), of([10, 100]));
        assert_eq!(coarse(&of([50, 50]), 10), of([50, 50]));
    }
}
