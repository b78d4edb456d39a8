//! A fused chain as one stream: batches are pulled from the source through every map.

use std::sync::Arc;

use blockfold_core::{Block, Error, Result};
use blockfold_plan::chain::step_label;
use blockfold_plan::{BlockStream, Kernel, Step, StepId, TaskContext};

use crate::state::RunState;

/// Streams one block of a step.
pub(crate) fn open(state: &RunState, id: StepId, block: usize) -> Result<Box<dyn BlockStream>> {
    let node = state.graph.node(id);
    match &node.step {
        Step::Read { source } => {
            let task = state.task(block);
            let place = format!("read {} block {block}", source.name());
            let inner = source.open(block, &task).map_err(|error| error.at(&place))?;
            Ok(Box::new(ReadStream { inner, task, place }))
        }
        Step::Map { inputs, kernel } => {
            let mut streams = Vec::with_capacity(inputs.len());
            for (input, map) in inputs {
                if let Some(inner) = map.input_block(block) {
                    streams.push(open(state, *input, inner)?);
                }
            }
            let place = format!("{} block {block}", step_label(&node.step));
            let stream =
                MapStream { inputs: streams, kernel: kernel.clone(), task: state.task(block), place, done: false };
            Ok(Box::new(stream))
        }
        Step::Reduce { .. } => Ok(Box::new(std::iter::once(state.block(id)))),
        Step::Write { .. } => Err(Error::internal("a write has no blocks to read")),
    }
}

struct ReadStream {
    inner: Box<dyn BlockStream>,
    task: TaskContext,
    place: String,
}

impl BlockStream for ReadStream {
    fn next(&mut self) -> Result<Option<Block>> {
        self.task.cancel.check()?;
        self.inner.next().map_err(|error| error.at(&self.place))
    }
}

struct MapStream {
    inputs: Vec<Box<dyn BlockStream>>,
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
        Ok(Some(blocks))
    }
}

impl BlockStream for MapStream {
    fn next(&mut self) -> Result<Option<Block>> {
        match self.pull()? {
            Some(blocks) => self.kernel.run(&blocks, &self.task).map(Some).map_err(|error| error.at(&self.place)),
            None => Ok(None),
        }
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
