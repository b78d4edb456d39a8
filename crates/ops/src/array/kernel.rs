//! The kernel of array ops: a reader made from the readers of the inputs.

use std::fmt;
use std::sync::Arc;

use blockfold_core::region::TILE_ELEMENTS;
use blockfold_core::tensor::{Tensor, TensorMut, Tile, width};
use blockfold_core::{Block, Chunks, DType, Error, Grid, Region, Result};
use blockfold_plan::tiles::{TileReader, array_schema, element_type, read_from_blocks};
use blockfold_plan::{BlockMap, BlockMeta, Kernel, Lower, Meta, Plan, StepId, TaskContext};

type Readers = Vec<Box<dyn TileReader>>;
type Boxes = dyn Fn(&Region, Option<&Region>) -> Vec<Region> + Send + Sync;
type Open = dyn Fn(Readers, &TaskContext) -> Result<Box<dyn TileReader>> + Send + Sync;

/// A kernel over arrays: opens the reader of its result.
pub(crate) struct TileKernel {
    name: &'static str,
    detail: String,
    peak_bytes: u64,
    is_costly: bool,
    is_mirrored: bool,
    whole_axis: Option<(usize, usize)>,
    boxes: Option<Arc<Boxes>>,
    open: Arc<Open>,
}

impl TileKernel {
    /// A kernel that holds a few tiles of a type beside those of its inputs.
    pub(crate) fn new(
        name: &'static str,
        detail: String,
        open: impl Fn(Readers, &TaskContext) -> Result<Box<dyn TileReader>> + Send + Sync + 'static,
    ) -> Self {
        TileKernel {
            name,
            detail,
            peak_bytes: tiles_bytes(2, &DType::Float64),
            is_costly: false,
            is_mirrored: false,
            whole_axis: None,
            boxes: None,
            open: Arc::new(open),
        }
    }

    /// A kernel of one input.
    pub(crate) fn of_one(
        name: &'static str,
        detail: String,
        open: impl Fn(Box<dyn TileReader>) -> Box<dyn TileReader> + Send + Sync + 'static,
    ) -> Self {
        TileKernel::new(name, detail, move |mut inputs, _| match inputs.pop() {
            Some(input) if inputs.is_empty() => Ok(open(input)),
            _ => Err(Error::internal("a kernel of one input")),
        })
    }

    /// The kernel with another bound on what it holds.
    pub(crate) fn holding(mut self, peak_bytes: u64) -> Self {
        self.peak_bytes = peak_bytes;
        self
    }

    /// The kernel as one that works on all elements of an axis together.
    pub(crate) fn of_whole_axis(mut self, axis: usize, elements: usize) -> Self {
        self.whole_axis = Some((axis, elements));
        self
    }

    /// The kernel as one that makes a block in some boxes, in this order.
    pub(crate) fn in_boxes(
        mut self,
        boxes: impl Fn(&Region, Option<&Region>) -> Vec<Region> + Send + Sync + 'static,
    ) -> Self {
        self.boxes = Some(Arc::new(boxes));
        self
    }

    /// The kernel as one whose block `(j, i)` is block `(i, j)` transposed.
    pub(crate) fn mirrored(mut self, is_mirrored: bool) -> Self {
        self.is_mirrored = is_mirrored;
        self
    }

    /// The kernel as one whose results are worth keeping.
    pub(crate) fn costly(mut self) -> Self {
        self.is_costly = true;
        self
    }
}

/// Bytes of some tiles of a type.
pub(crate) fn tiles_bytes(tiles: u64, dtype: &DType) -> u64 {
    tiles * (TILE_ELEMENTS * width(dtype).unwrap_or(8)) as u64
}

impl fmt::Debug for TileKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.detail)
    }
}

impl Kernel for TileKernel {
    fn name(&self) -> &'static str {
        self.name
    }

    fn detail(&self) -> String {
        self.detail.clone()
    }

    fn run(&self, _: &[Block], _: &TaskContext) -> Result<Block> {
        Err(Error::internal("a kernel of arrays gives a reader"))
    }

    fn peak_bytes(&self, _: &[BlockMeta]) -> u64 {
        self.peak_bytes
    }

    fn is_costly(&self) -> bool {
        self.is_costly
    }

    fn whole_axis(&self) -> Option<(usize, usize)> {
        self.whole_axis
    }

    fn is_mirrored(&self) -> bool {
        self.is_mirrored
    }

    fn boxes(&self, block: &Region, within: Option<&Region>) -> Option<Vec<Region>> {
        self.boxes.as_ref().map(|boxes| boxes(block, within))
    }

    fn open_tiles(&self, inputs: Readers, task: &TaskContext) -> Result<Box<dyn TileReader>> {
        (self.open)(inputs, task)
    }
}

/// A reader that is a function of the box.
pub(crate) struct ReadFn<F>(pub(crate) F);

impl<F: FnMut(&Region) -> Result<Tensor> + Send> TileReader for ReadFn<F> {
    fn read(&mut self, region: &Region) -> Result<Tensor> {
        (self.0)(region)
    }
}

/// A reader that is a function of the box, boxed.
pub(crate) fn reader(f: impl FnMut(&Region) -> Result<Tensor> + Send + 'static) -> Box<dyn TileReader> {
    Box::new(ReadFn(f))
}

/// A box of any size, asked for tile by tile.
pub(crate) fn read_by_tiles(input: &mut dyn TileReader, region: &Region, dtype: &DType) -> Result<Tensor> {
    if region.elements() <= TILE_ELEMENTS {
        return input.read(region);
    }
    let mut all = TensorMut::zeros(dtype.clone(), region.shape.clone())?;
    for tile in region.tiles() {
        all.paste(&tile.offset_in(region), &input.read(&tile)?)?;
    }
    Ok(all.freeze())
}

/// A reader of an array that can only be had block by block: `make` gives a block, which is kept until another one is needed.
pub fn reader_of_blocks(
    chunks: Chunks,
    dtype: DType,
    mut make: impl FnMut(&Region) -> Result<Tensor> + Send + 'static,
) -> Box<dyn TileReader> {
    let mut last: Option<Tile> = None;
    reader(move |region| {
        read_from_blocks(&chunks, region, &dtype, |block| {
            let whole = chunks.region(block);
            let tile = match last.take().filter(|last| last.region == whole) {
                Some(tile) => tile,
                None => Tile { values: make(&whole)?, region: whole },
            };
            last = Some(tile.clone());
            Ok(tile)
        })
    })
}

/// Chunks of an array's plan.
///
/// # Errors
/// A frame.
pub(crate) fn chunks_of(plan: &Plan) -> Result<&Chunks> {
    plan.meta().grid.chunks().ok_or_else(|| Error::internal(format!("'{}' is a frame, not an array", plan.op().name())))
}

/// Type of the elements of an array's plan.
///
/// # Errors
/// A frame.
pub(crate) fn dtype_of(plan: &Plan) -> Result<DType> {
    element_type(plan.schema())
}

/// Length of an array's plan along each axis.
///
/// # Errors
/// A frame.
pub(crate) fn shape_of(plan: &Plan) -> Result<Vec<u64>> {
    chunks_of(plan).map(Chunks::shape)
}

/// Type and chunks of an array.
pub(crate) fn meta(dtype: &DType, chunks: Chunks) -> Meta {
    Meta { schema: array_schema(dtype), grid: Grid::array(chunks) }
}

/// A map over inputs of which any box may be read.
pub(crate) fn lower_map(lower: &mut Lower, inputs: &[Plan], kernel: TileKernel, meta: &Meta) -> Result<StepId> {
    let inputs: Result<Vec<(StepId, BlockMap)>> =
        inputs.iter().map(|input| Ok((lower.lower(input)?, BlockMap::Boxes))).collect();
    Ok(lower.map(inputs?, kernel, meta.schema.clone(), meta.grid.clone()))
}

/// A map over one step of which any box may be read.
pub(crate) fn lower_step(lower: &mut Lower, input: StepId, kernel: TileKernel, meta: &Meta) -> StepId {
    lower.map(vec![(input, BlockMap::Boxes)], kernel, meta.schema.clone(), meta.grid.clone())
}
