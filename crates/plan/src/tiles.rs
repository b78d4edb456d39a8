//! How arrays stream: a reader is asked for boxes of elements, tile by tile, and asks its inputs in turn.
//!
//! A chain of array kernels is a tree of readers. Each hands on a tile that is still in the cache, so that nothing
//! between a source and the chain's end is stored; and since a reader gives any box, the chunks of its inputs need not
//! match its own.

use blockfold_core::region::TILE_ELEMENTS;
use blockfold_core::tensor::{Tensor, TensorMut, Tile, width};
use blockfold_core::{Chunks, DType, Error, Region, Result, Schema, SchemaRef};
use std::sync::Arc;

use crate::step::{BlockMeta, Step, StepGraph, StepId};

/// Elements of an array, asked for box by box.
pub trait TileReader: Send {
    /// The elements of a box that is inside the array.
    ///
    /// # Errors
    /// Whatever the source cannot give, naming the file.
    fn read(&mut self, region: &Region) -> Result<Tensor>;
}

/// A box of an array that is to be had chunk by chunk: a part of one, or parts of several put together.
///
/// # Errors
/// Those of `block`, which gives a chunk.
pub fn read_from_blocks(
    chunks: &Chunks,
    region: &Region,
    dtype: &DType,
    mut block: impl FnMut(usize) -> Result<Tile>,
) -> Result<Tensor> {
    let blocks = chunks.touching(region);
    if let [one] = blocks.as_slice() {
        let tile = block(*one)?;
        return tile.values.part(&region.offset_in(&tile.region), &region.shape);
    }
    let mut values = TensorMut::zeros(dtype.clone(), region.shape.clone())?;
    for number in blocks {
        let tile = block(number)?;
        let Some(both) = tile.region.intersection(region) else { continue };
        values.paste_part(&both.offset_in(region), &tile.values, &both.offset_in(&tile.region), &both.shape)?;
    }
    Ok(values.freeze())
}

/// The name of an array's only column.
pub const VALUES: &str = "values";

/// The columns of an array: one, of its elements.
pub fn array_schema(dtype: &DType) -> SchemaRef {
    Arc::new(Schema::new(vec![blockfold_core::Field::new(VALUES, dtype.clone(), false)]))
}

/// The type of an array's elements.
///
/// # Errors
/// A schema that is not that of an array.
pub fn element_type(schema: &Schema) -> Result<DType> {
    match schema.fields().as_ref() {
        [field] => Ok(field.data_type().clone()),
        _ => Err(Error::internal("a frame where an array is needed")),
    }
}

/// A tile of the largest block of an array.
pub fn tile_meta(chunks: &Chunks, dtype: &DType) -> BlockMeta {
    let rows = largest_block(chunks).min(TILE_ELEMENTS as u64);
    BlockMeta { rows, bytes: rows.saturating_mul(width(dtype).unwrap_or(8) as u64) }
}

/// A tile of a block of an array.
pub(crate) fn tile_of_block(chunks: &Chunks, block: usize, dtype: &DType) -> BlockMeta {
    let rows = chunks.region(block).elements().min(TILE_ELEMENTS) as u64;
    BlockMeta { rows, bytes: rows.saturating_mul(width(dtype).unwrap_or(8) as u64) }
}

/// Elements of the largest block of an array.
pub fn largest_block(chunks: &Chunks) -> u64 {
    let longest = |axis| chunks.bounds(axis).windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
    (0..chunks.ndim()).map(longest).fold(1, u64::saturating_mul)
}

/// The boxes in which a box of a step's result is made, in order: those that its kernel asks for, tiles, or whole lanes where
/// a kernel that the step streams through works on those.
pub fn tiles_of(graph: &StepGraph, id: StepId, region: &Region) -> Vec<Region> {
    boxes_of(graph, id, region, None)
}

fn boxes_of(graph: &StepGraph, id: StepId, region: &Region, within: Option<&Region>) -> Vec<Region> {
    if let Step::Map { kernel, .. } = &graph.node(id).step
        && let Some(boxes) = kernel.boxes(region, within)
    {
        return boxes;
    }
    match whole_axis(graph, id).filter(|(axis, _)| *axis < region.ndim()) {
        Some((axis, elements)) => {
            let lanes = elements / region.shape[axis].max(1);
            region.boxes_of(lanes_shape(&region.shape, axis, lanes.max(1))).collect()
        }
        None => region.tiles().collect(),
    }
}

/// The boxes in which a block of an exchange was stored, in order: those of the blocks of its input, as far as they lie in it.
pub fn stored_boxes(graph: &StepGraph, input: StepId, region: &Region) -> Vec<Region> {
    let Some(chunks) = graph.node(input).grid.chunks() else { return Vec::new() };
    let blocks = chunks.touching(region);
    let boxes = blocks.into_iter().flat_map(|block| boxes_of(graph, input, &chunks.region(block), Some(region)));
    boxes.filter(|tile| tile.intersection(region).is_some()).collect()
}

/// The axis along which a kernel needs whole lanes, as far as steps keep their places above it.
fn whole_axis(graph: &StepGraph, id: StepId) -> Option<(usize, usize)> {
    let node = graph.node(id);
    let Step::Map { inputs, kernel } = &node.step else { return None };
    let same = |input: &StepId| graph.node(*input).grid.chunks() == node.grid.chunks();
    kernel.whole_axis().or_else(|| {
        inputs.iter().map(|(input, _)| input).filter(|input| same(input)).find_map(|input| whole_axis(graph, *input))
    })
}

/// The shape of a box of at most so many whole lanes along an axis.
pub fn lanes_shape(shape: &[usize], axis: usize, lanes: usize) -> Vec<usize> {
    let mut cut = vec![1; shape.len()];
    let mut room = lanes.max(1);
    for at in (0..shape.len()).rev() {
        if at == axis {
            cut[at] = shape[at].max(1);
        } else {
            cut[at] = shape[at].clamp(1, room);
            room = (room / cut[at]).max(1);
        }
    }
    cut
}
