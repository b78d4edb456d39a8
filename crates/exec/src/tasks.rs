//! How the blocks of a chain are dealt out to tasks.

use std::ops::Range;

use blockfold_core::Chunks;
use blockfold_plan::{Chain, Sizes, Step, StepGraph, StepId};

/// Blocks below this many rows and bytes share a task with their neighbours.
const TASK_ROWS: u64 = 256 * 1024;
const TASK_READ_BYTES: u64 = 4 << 20;
/// Blocks of unknown size that share a task.
const TASK_BLOCKS: usize = 64;

/// A task: a run of neighbouring blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TaskPlan {
    pub(crate) blocks: Range<usize>,
    /// A block that comes cheap after the others, and is not in their run.
    pub(crate) mirror: Option<usize>,
    /// Bytes alive while it streams, without what its end holds.
    pub(crate) stream_bytes: u64,
}

impl TaskPlan {
    fn of_block(block: usize, stream_bytes: u64) -> Self {
        TaskPlan { blocks: block..block + 1, mirror: None, stream_bytes }
    }

    /// The blocks in the order in which they are made.
    pub(crate) fn all(&self) -> impl Iterator<Item = usize> + Clone + use<> {
        self.blocks.clone().chain(self.mirror)
    }
}

/// Runs of blocks such that each is worth a task, and the number of blocks that statistics rule out. The runs
/// depend on the blocks alone, never on threads.
pub(crate) fn runs(graph: &StepGraph, sizes: &dyn Sizes, chain: &Chain) -> (Vec<TaskPlan>, u64) {
    let blocks = graph.node(chain.top).grid.blocks();
    if let Some(chunks) = mirrored(graph, chain) {
        return (pairs(graph, sizes, chain, chunks), 0);
    }
    let mut tasks: Vec<TaskPlan> = Vec::new();
    let (mut rows, mut read_bytes, mut skipped) = (u64::MAX, 0u64, 0u64);
    for block in 0..blocks {
        let bounds = chain.bounds(graph, sizes, block);
        if bounds.skipped {
            skipped += 1;
            continue;
        }
        // A block of unknown rows counts as a share of a run, so that runs stay bounded.
        let more_rows = bounds.rows.unwrap_or(TASK_ROWS / TASK_BLOCKS as u64);
        let fits = rows.saturating_add(more_rows) <= TASK_ROWS
            && read_bytes.saturating_add(bounds.read_bytes) <= TASK_READ_BYTES;
        match tasks.last_mut() {
            Some(task) if fits && task.blocks.end == block => {
                task.blocks.end = block + 1;
                task.stream_bytes = task.stream_bytes.max(bounds.peak_bytes);
                rows += more_rows;
                read_bytes += bounds.read_bytes;
            }
            _ => {
                tasks.push(TaskPlan::of_block(block, bounds.peak_bytes));
                (rows, read_bytes) = (more_rows, bounds.read_bytes);
            }
        }
    }
    (tasks, skipped)
}

/// The chunks of a chain through which a kernel streams that makes block `(j, i)` from block `(i, j)`.
fn mirrored<'a>(graph: &'a StepGraph, chain: &Chain) -> Option<&'a Chunks> {
    let chunks = graph.node(chain.top).grid.chunks()?;
    if let Step::Map { kernel, .. } = &graph.node(chain.top).step
        && kernel.boxes(&chunks.region(0), None).is_some()
    {
        // The order of blocks is told by their boxes.
        return None;
    }
    let is_mirrored = |id: &StepId| {
        let node = graph.node(*id);
        let same = node.grid.chunks() == Some(chunks);
        same && matches!(&node.step, Step::Map { kernel, .. } if kernel.is_mirrored())
    };
    chain.steps.iter().any(is_mirrored).then_some(chunks)
}

/// One task for block `(i, j)` and block `(j, i)`.
fn pairs(graph: &StepGraph, sizes: &dyn Sizes, chain: &Chain, chunks: &Chunks) -> Vec<TaskPlan> {
    let mut tasks = Vec::new();
    for block in 0..chunks.blocks() {
        let mut position = chunks.position(block);
        if position.is_sorted() {
            let stream_bytes = chain.bounds(graph, sizes, block).peak_bytes;
            let mut task = TaskPlan::of_block(block, stream_bytes);
            position.reverse();
            task.mirror = Some(chunks.block_at(&position)).filter(|mirror| *mirror != block);
            tasks.push(task);
        }
    }
    tasks
}

/// One task a block, for chains whose blocks must stay apart.
pub(crate) fn singles(graph: &StepGraph, sizes: &dyn Sizes, chain: &Chain) -> Vec<TaskPlan> {
    let blocks = graph.node(chain.top).grid.blocks();
    let plan = |block: usize| TaskPlan::of_block(block, chain.bounds(graph, sizes, block).peak_bytes);
    (0..blocks).map(plan).collect()
}
