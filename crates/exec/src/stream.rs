//! A fused chain as one stream: batches are pulled from the source through every map.

use std::ops::Range;
use std::sync::Arc;

use blockfold_core::{Block, Error, Result};
use blockfold_plan::chain::{blocks_of_share, step_label};
use blockfold_plan::{BlockMap, BlockStream, Input, Kernel, Sizes, Step, StepId, TaskContext};

use crate::frames::within;
use crate::state::RunState;
use crate::tasks::TaskPlan;
use crate::tiles::{self, TileStream};

/// The blocks of a task, those together that one stream gives: an array's readers serve any of its blocks.
pub(crate) fn together(state: &RunState, id: StepId, plan: &TaskPlan) -> Vec<Vec<usize>> {
    match state.graph.node(id).grid.chunks() {
        Some(_) => vec![plan.all().collect()],
        None => plan.all().map(|block| vec![block]).collect(),
    }
}

/// Streams blocks that go together.
pub(crate) fn open_blocks(state: &Arc<RunState>, id: StepId, blocks: &[usize]) -> Result<Box<dyn BlockStream>> {
    match (state.graph.node(id).grid.chunks(), blocks) {
        (Some(chunks), blocks) => Ok(Box::new(TileStream::open(state, id, blocks, chunks)?)),
        (None, [block]) => open(state, id, *block),
        (None, _) => Err(Error::internal("blocks of a frame are streamed one by one")),
    }
}

/// Streams one block of a step.
pub(crate) fn open(state: &Arc<RunState>, id: StepId, block: usize) -> Result<Box<dyn BlockStream>> {
    let node = state.graph.node(id);
    if let Some(chunks) = node.grid.chunks() {
        return Ok(Box::new(TileStream::open(state, id, &[block], chunks)?));
    }
    match &node.step {
        Step::Read { source, narrowed_by } => {
            let task = state.task(id, block);
            let place = format!("read {} block {block}", source.name());
            if let Some(given) = state.find(id).map(|_| state.input(id, block, false)) {
                return given?
                    .map_or_else(|| Ok(Box::new(std::iter::empty()) as Box<dyn BlockStream>), Input::into_stream);
            }
            let source = state.source(id, source, narrowed_by)?;
            let inner = within(id, || source.open(block, &task)).map_err(|error| error.at(&place))?;
            Ok(Box::new(PlacedStream { inner, id, task, place }))
        }
        Step::Map { inputs, kernel } => {
            let place = format!("{} block {block}", step_label(&node.step));
            map(state, id, (inputs, kernel), state.task(id, block), &place)
        }
        Step::Exchange { input, .. } if state.is_passed(id) => {
            let blocks = state.graph.node(*input).grid.blocks();
            Ok(run(state, *input, blocks_of_share(block, node.grid.blocks(), blocks)))
        }
        Step::Reduce { .. } | Step::Exchange { .. } => match state.input(id, block, false)? {
            Some(input) => input.into_stream(),
            None => Ok(Box::new(std::iter::empty())),
        },
        Step::Write { .. } => Err(Error::internal("a write has no blocks to read")),
    }
}

fn map(
    state: &Arc<RunState>,
    id: StepId,
    (inputs, kernel): (&[(StepId, BlockMap)], &Arc<dyn Kernel>),
    task: TaskContext,
    place: &str,
) -> Result<Box<dyn BlockStream>> {
    let block = task.block;
    let mut opened = Vec::with_capacity(inputs.len());
    for (input, map) in inputs {
        if *map == BlockMap::Boxes {
            opened.push(Input::Boxes(tiles::open(state, *input, block)?));
        }
        if let Some(blocks) = map.run(block, state.graph.node(*input).grid.blocks()) {
            opened.push(Input::Stream(run(state, *input, blocks)));
        }
        let Some(inner) = map.input_block(block) else { continue };
        let found = match &state.graph.node(*input).step {
            Step::Exchange { .. } if state.is_passed(*input) => Some(Input::Stream(open(state, *input, inner)?)),
            Step::Reduce { .. } | Step::Exchange { .. } => state.input(*input, inner, *map == BlockMap::SameOrWhole)?,
            _ => Some(Input::Stream(open(state, *input, inner)?)),
        };
        opened.extend(found);
    }
    if let Some(inner) = within(id, || kernel.open(&mut opened, &task)).map_err(|error| error.at(place))? {
        return Ok(Box::new(PlacedStream { inner, id, task, place: place.to_string() }));
    }
    let inputs = opened.into_iter().map(Input::into_stream).collect::<Result<_>>()?;
    Ok(Box::new(MapStream { inputs, id, kernel: kernel.clone(), task, place: place.to_string(), done: false }))
}

/// Some of an input's blocks.
fn run(state: &Arc<RunState>, input: StepId, blocks: Range<usize>) -> Box<dyn BlockStream> {
    Box::new(Chained { state: state.clone(), input, blocks, current: None })
}

/// Blocks of an input one after the other.
struct Chained {
    state: Arc<RunState>,
    input: StepId,
    blocks: Range<usize>,
    current: Option<Box<dyn BlockStream>>,
}

impl BlockStream for Chained {
    fn next(&mut self) -> Result<Option<Block>> {
        loop {
            if let Some(current) = &mut self.current {
                if let Some(block) = current.next()? {
                    return Ok(Some(block));
                }
                self.current = None;
            }
            let Some(block) = self.blocks.next() else { return Ok(None) };
            self.current = Some(open(&self.state, self.input, block)?);
        }
    }
}

/// A stream whose errors say where they happened, and that stops when the run is cancelled.
struct PlacedStream {
    inner: Box<dyn BlockStream>,
    id: StepId,
    task: TaskContext,
    place: String,
}

impl BlockStream for PlacedStream {
    fn next(&mut self) -> Result<Option<Block>> {
        self.task.cancel.check()?;
        within(self.id, || self.inner.next()).map_err(|error| error.at(&self.place))
    }
}

struct MapStream {
    inputs: Vec<Box<dyn BlockStream>>,
    id: StepId,
    kernel: Arc<dyn Kernel>,
    task: TaskContext,
    place: String,
    done: bool,
}

impl MapStream {
    /// One block of each input: the next batch, or the whole partition; `None` at the end of the first input.
    fn pull(&mut self) -> Result<Option<Vec<Block>>> {
        let whole = self.kernel.whole_partition();
        if self.done {
            return Ok(None);
        }
        self.done = whole;
        let mut blocks = Vec::with_capacity(self.inputs.len());
        for input in &mut self.inputs {
            let block = if whole { gather(input.as_mut())? } else { input.next()? };
            match block {
                Some(block) => blocks.push(block),
                None if whole => {}
                None => return Ok(None),
            }
        }
        Ok(if blocks.is_empty() && !whole { None } else { Some(blocks) })
    }
}

impl BlockStream for MapStream {
    fn next(&mut self) -> Result<Option<Block>> {
        let Some(blocks) = self.pull()? else { return Ok(None) };
        let made = within(self.id, || self.kernel.run(&blocks, &self.task));
        made.map(Some).map_err(|error| error.at(&self.place))
    }
}

/// All batches of a stream as one block.
fn gather(stream: &mut dyn BlockStream) -> Result<Option<Block>> {
    let mut batches = Vec::new();
    while let Some(block) = stream.next()? {
        batches.push(block.frame()?.clone());
    }
    let Some(first) = batches.first() else { return Ok(None) };
    let schema = first.schema();
    Ok(Some(arrow::compute::concat_batches(&schema, &batches)?.into()))
}
