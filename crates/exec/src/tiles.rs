//! Blocks of arrays as streams of tiles, and what earlier chains stored read box by box.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::Array;
use arrow::compute::concat;
use blockfold_core::tensor::{Tensor, TensorMut, Tile};
use blockfold_core::{Block, Chunks, DType, Error, Region, Result};
use blockfold_plan::chain::step_label;
use blockfold_plan::tiles::{TileReader, element_type, read_from_blocks, stored_boxes, tiles_of};
use blockfold_plan::{BlockMap, BlockStream, Input, Step, StepId, TaskContext};

use crate::frames::within;
use crate::state::RunState;
use crate::stream;

/// The tiles of some blocks, in order.
pub(crate) struct TileStream {
    reader: Box<dyn TileReader>,
    /// Boxes of the blocks that are still to come.
    regions: std::vec::IntoIter<Region>,
    tiles: std::vec::IntoIter<Region>,
    state: Arc<RunState>,
    id: StepId,
    task: TaskContext,
    place: String,
}

impl TileStream {
    pub(crate) fn open(state: &Arc<RunState>, id: StepId, blocks: &[usize], chunks: &Chunks) -> Result<Self> {
        let node = state.graph.node(id);
        let block = blocks.first().copied().unwrap_or_default();
        let place = format!("{} block {block}", step_label(&node.step));
        let reader = Opened::default().open(state, id, block)?;
        let mut regions: Vec<Region> = blocks.iter().map(|block| chunks.region(*block)).collect();
        let first = if regions.is_empty() { Region::new([0], [0]) } else { regions.remove(0) };
        let tiles = tiles_of(&state.graph, id, &first).into_iter();
        let (regions, task) = (regions.into_iter(), state.task(id, block));
        Ok(TileStream { reader, regions, tiles, state: state.clone(), id, task, place })
    }

    fn region(&mut self) -> Option<Region> {
        loop {
            if let Some(region) = self.tiles.next() {
                return Some(region);
            }
            self.tiles = tiles_of(&self.state.graph, self.id, &self.regions.next()?).into_iter();
        }
    }
}

impl BlockStream for TileStream {
    fn next(&mut self) -> Result<Option<Block>> {
        self.task.cancel.check()?;
        let Some(region) = self.region() else { return Ok(None) };
        let values = self.reader.read(&region).map_err(|error| error.at(&self.place))?;
        if values.shape() != region.shape {
            let what = format!("{} gave a tile of {:?} for {region}", self.place, values.shape());
            return Err(Error::internal(what));
        }
        Ok(Some(Block::Array(Tile { region, values })))
    }
}

/// Readers of one chain's steps. A step that is read from several places is opened once.
#[derive(Clone, Default)]
struct Opened(Arc<Mutex<HashMap<StepId, Arc<Mutex<Shared>>>>>);

/// Inputs of a step of which a box takes all, mostly; of more, as of many arrays put together, it takes a few.
const FEW_INPUTS: usize = 4;

impl Opened {
    fn find(&self, id: StepId) -> Option<Arc<Mutex<Shared>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    fn open_inputs(&self, state: &Arc<RunState>, inputs: &[(StepId, BlockMap)], block: usize) -> Result<Readers> {
        let is_lazy = inputs.len() > FEW_INPUTS;
        let open = |(id, _): &(StepId, BlockMap)| match is_lazy {
            true => {
                Ok(Box::new(LazyReader { opened: self.clone(), state: state.clone(), id: *id, block, reader: None })
                    as Box<dyn TileReader>)
            }
            false => self.open(state, *id, block),
        };
        inputs.iter().map(open).collect()
    }

    fn open(&self, state: &Arc<RunState>, id: StepId, block: usize) -> Result<Box<dyn TileReader>> {
        if let Some(shared) = self.find(id) {
            return Ok(Box::new(SharedReader(shared)));
        }
        let task = state.task(id, block);
        let node = state.graph.node(id);
        if node.grid.chunks().is_none() {
            return Ok(Box::new(RowsReader { state: state.clone(), id, last: None }));
        }
        let reader = match &node.step {
            Step::Read { source, .. } if state.find(id).is_none() => source.open_tiles(&task)?,
            Step::Map { inputs, kernel } => kernel.open_tiles(self.open_inputs(state, inputs, block)?, &task)?,
            Step::Read { .. } | Step::Reduce { .. } | Step::Exchange { .. } => {
                let chunks = node.grid.chunks().ok_or_else(|| Error::internal("rows read as an array"))?.clone();
                let dtype = element_type(&node.schema)?;
                Box::new(StoredReader { state: state.clone(), id, chunks, dtype, last: [None, None] })
                    as Box<dyn TileReader>
            }
            Step::Write { .. } => return Err(Error::internal("a write has no elements to read")),
        };
        let reader = Box::new(PlacedReader { inner: reader, id });
        if state.graph.readers_of(id) < 2 {
            return Ok(reader);
        }
        let shared = Arc::new(Mutex::new(Shared { reader, last: None }));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, shared.clone());
        Ok(Box::new(SharedReader(shared)))
    }
}

type Readers = Vec<Box<dyn TileReader>>;

/// A reader that is opened when it is first asked.
struct LazyReader {
    opened: Opened,
    state: Arc<RunState>,
    id: StepId,
    block: usize,
    reader: Option<Box<dyn TileReader>>,
}

impl TileReader for LazyReader {
    fn read(&mut self, region: &Region) -> Result<Tensor> {
        if let Some(reader) = &mut self.reader {
            return reader.read(region);
        }
        self.reader.insert(self.opened.open(&self.state, self.id, self.block)?).read(region)
    }
}

/// A reader whose step is known to be at work while it reads.
struct PlacedReader {
    inner: Box<dyn TileReader>,
    id: StepId,
}

impl TileReader for PlacedReader {
    fn read(&mut self, region: &Region) -> Result<Tensor> {
        within(self.id, || self.inner.read(region))
    }
}

/// A reader with the last tile that it gave: others of the chain often ask for the same.
struct Shared {
    reader: Box<dyn TileReader>,
    last: Option<Tile>,
}

struct SharedReader(Arc<Mutex<Shared>>);

impl TileReader for SharedReader {
    fn read(&mut self, region: &Region) -> Result<Tensor> {
        // Readers of one task run on one thread, one after the other.
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = shared.last.as_ref().filter(|last| last.region == *region) {
            return Ok(last.values.clone());
        }
        let values = shared.reader.read(region)?;
        shared.last = Some(Tile { region: region.clone(), values: values.clone() });
        Ok(values)
    }
}

/// A reader of any box of a step's elements, for kernels that make rows of an array.
pub(crate) fn open(state: &Arc<RunState>, id: StepId, block: usize) -> Result<Box<dyn TileReader>> {
    Opened::default().open(state, id, block)
}

/// Reads rows of a frame as an array of as many columns, all of one type: a partition at a time.
struct RowsReader {
    state: Arc<RunState>,
    id: StepId,
    /// The partition that was read last, with the number of its first row.
    last: Option<(usize, Tensor)>,
}

impl RowsReader {
    fn partition(&mut self, partition: usize, rows: u64) -> Result<Tensor> {
        if let Some((_, values)) = self.last.as_ref().filter(|(last, _)| *last == partition) {
            return Ok(values.clone());
        }
        self.last = None;
        let schema = self.state.graph.node(self.id).schema.clone();
        let dtype = schema.fields().first().map_or(DType::Null, |field| field.data_type().clone());
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let mut values = TensorMut::zeros(dtype, vec![rows, schema.fields().len()])?;
        let mut stream = stream::open(&self.state, self.id, partition)?;
        let mut at = 0;
        while let Some(batch) = stream.next()? {
            let batch = batch.frame()?;
            if at + batch.num_rows() > rows {
                return Err(Error::internal(format!("partition {partition} has more than {rows} rows")));
            }
            for (column, array) in batch.columns().iter().enumerate() {
                if array.null_count() > 0 {
                    let name = schema.field(column).name();
                    return Err(Error::argument(format!("column '{name}' as an array"), "has nulls; fill them first"));
                }
                values.paste(&[at, column], &Tensor::from_column(vec![batch.num_rows(), 1], array)?)?;
            }
            at += batch.num_rows();
        }
        if at < rows {
            return Err(Error::internal(format!("partition {partition} has {at} rows, not {rows}")));
        }
        let values = values.freeze();
        self.last = Some((partition, values.clone()));
        Ok(values)
    }
}

impl TileReader for RowsReader {
    fn read(&mut self, region: &Region) -> Result<Tensor> {
        let grid = self.state.graph.node(self.id).grid.clone();
        let columns = self.state.graph.node(self.id).schema.fields().len() as u64;
        let dtype = self.state.graph.node(self.id).schema.field(0).data_type().clone();
        let mut values = TensorMut::zeros(dtype, region.shape.clone())?;
        let mut first = 0;
        for partition in 0..grid.blocks() {
            let rows = grid.length(partition).ok_or_else(|| Error::internal("rows of unknown number as an array"))?;
            let own = Region::new([first, 0], Region::whole(&[rows, columns])?.shape);
            first += rows;
            let Some(both) = own.intersection(region) else { continue };
            let part = self.partition(partition, rows)?;
            values.paste_part(&both.offset_in(region), &part, &both.offset_in(&own), &both.shape)?;
        }
        Ok(values.freeze())
    }
}

/// Reads boxes of what an earlier chain stored, a block at a time.
struct StoredReader {
    state: Arc<RunState>,
    id: StepId,
    chunks: Chunks,
    dtype: DType,
    /// The two blocks that were read last: a box may lie on the border of two.
    last: [Option<Tile>; 2],
}

impl StoredReader {
    /// The boxes in which a block was made, and so stored.
    fn stored_boxes(&self, region: &Region) -> Result<Vec<Region>> {
        match &self.state.graph.node(self.id).step {
            Step::Exchange { input, .. } => Ok(stored_boxes(&self.state.graph, *input, region)),
            Step::Read { .. } => Ok(vec![region.clone()]),
            _ => Err(Error::internal("rows that no exchange stored")),
        }
    }

    fn block(&mut self, block: usize) -> Result<Tile> {
        let region = self.chunks.region(block);
        if self.last[1].as_ref().is_some_and(|last| last.region == region) {
            self.last.swap(0, 1);
        }
        if let Some(last) = self.last[0].as_ref().filter(|last| last.region == region) {
            return Ok(last.clone());
        }
        self.last.swap(0, 1);
        self.last[0] = None;
        let tile = match self.state.input(self.id, block, false)? {
            Some(Input::Block(Block::Array(tile))) => tile,
            Some(Input::Part(part)) => {
                let boxes = self.stored_boxes(&region)?;
                let values = from_rows(&region, boxes, &self.dtype, part.open()?.as_mut())?;
                Tile { region, values }
            }
            _ => return Err(Error::internal("a block of an array was not stored")),
        };
        self.last[0] = Some(tile.clone());
        Ok(tile)
    }
}

impl TileReader for StoredReader {
    fn read(&mut self, region: &Region) -> Result<Tensor> {
        let (chunks, dtype) = (self.chunks.clone(), self.dtype.clone());
        read_from_blocks(&chunks, region, &dtype, |block| self.block(block))
    }
}

/// A block as it is stored: the elements of its tiles, one tile after the other.
fn from_rows(region: &Region, boxes: Vec<Region>, dtype: &DType, rows: &mut dyn BlockStream) -> Result<Tensor> {
    let mut columns = Vec::new();
    while let Some(batch) = rows.next()? {
        columns.push(batch.frame()?.column(0).clone());
    }
    let columns: Vec<&dyn arrow::array::Array> = columns.iter().map(AsRef::as_ref).collect();
    let mut values = TensorMut::zeros(dtype.clone(), region.shape.clone())?;
    if columns.is_empty() {
        return Ok(values.freeze());
    }
    let all = concat(&columns)?;
    let mut at = 0;
    for tile in boxes {
        let elements = tile.elements();
        if at + elements > all.len() {
            return Err(Error::internal(format!("{} stored elements of {region}", all.len())));
        }
        let part = Tensor::from_column(tile.shape.clone(), &all.slice(at, elements))?;
        values.paste(&tile.offset_in(region), &part)?;
        at += elements;
    }
    Ok(values.freeze())
}
