//! Fusion: steps that a task can run one after another, batch by batch, become one chain.
//!
//! A chain ends where blocks must be brought together (a `Reduce`), move (an `Exchange`), leave (a `Write`) or are
//! the answer. All steps between its sources and its end are pulled through by the same task, so nothing between
//! them is stored.

use std::ops::Range;

use crate::step::{BlockMap, BlockMeta, Kernel, Step, StepGraph, StepId};
use crate::tiles::{element_type, largest_block, tile_of_block};
use blockfold_core::Chunks;

/// What happens to the blocks at the end of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainEnd {
    /// Folded into one block by this step.
    Reduce(StepId),
    /// Sent to the blocks of this step.
    Exchange(StepId),
    /// Written by this step.
    Write(StepId),
    /// Handed to the caller.
    Answer,
}

/// A fused chain of steps: one task for each block, or for a run of small ones.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The step whose blocks are pulled.
    pub top: StepId,
    /// What happens to them.
    pub end: ChainEnd,
    /// Steps that the task runs, sources first.
    pub steps: Vec<StepId>,
}

/// Upper bounds of one task of a chain, for one block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamBounds {
    /// The batches that leave the chain.
    pub batch: BlockMeta,
    /// Bytes alive while the chain streams, without what its end holds.
    pub peak_bytes: u64,
    /// Bytes read from files.
    pub read_bytes: u64,
    /// Rows that stream by, when known.
    pub rows: Option<u64>,
    /// Whether statistics rule the whole block out.
    pub skipped: bool,
}

/// Sizes of what earlier chains leave to later ones: expected before a run, real while it goes on.
pub trait Sizes {
    /// Rows and bytes of a block of a step that ended a chain.
    fn block(&self, id: StepId, block: usize) -> BlockMeta;
    /// Whether the rows are known, not only bounded.
    fn knows_rows(&self, id: StepId) -> bool;
    /// Whether an exchange turned out not to be needed.
    fn is_passed(&self, _id: StepId) -> bool {
        false
    }
    /// Bytes that kernels that take a partition in smaller parts keep to.
    fn allowance_bytes(&self) -> u64;
}

/// Kernels of one chain that may have a whole allowance each.
const SIDE_BY_SIDE: u64 = 3;

/// Sizes as the kernels of one chain share them.
struct OfChain<'a> {
    sizes: &'a dyn Sizes,
    allowance_bytes: u64,
}

impl Sizes for OfChain<'_> {
    fn block(&self, id: StepId, block: usize) -> BlockMeta {
        self.sizes.block(id, block)
    }

    fn knows_rows(&self, id: StepId) -> bool {
        self.sizes.knows_rows(id)
    }

    fn is_passed(&self, id: StepId) -> bool {
        self.sizes.is_passed(id)
    }

    fn allowance_bytes(&self) -> u64 {
        self.allowance_bytes
    }
}

/// The blocks that an even share is made of: the `part`-th of `parts`.
pub fn blocks_of_share(part: usize, parts: usize, blocks: usize) -> std::ops::Range<usize> {
    let parts = parts.max(1);
    part * blocks / parts..(part + 1) * blocks / parts
}

impl Chain {
    /// The chains of a graph, each after those whose result it needs.
    pub fn of(graph: &StepGraph) -> Vec<Chain> {
        let mut chains: Vec<Chain> =
            (0..graph.nodes.len()).filter_map(|i| Chain::ending_at(graph, StepId(i))).collect();
        if matches!(graph.node(graph.root).step, Step::Read { .. } | Step::Map { .. } | Step::Exchange { .. }) {
            chains.push(Chain::pull(graph, graph.root, ChainEnd::Answer));
        }
        chains
    }

    /// The chain that a step ends, `None` for steps that blocks are pulled through.
    pub fn ending_at(graph: &StepGraph, id: StepId) -> Option<Chain> {
        match &graph.node(id).step {
            Step::Reduce { input, .. } => Some(Chain::pull(graph, *input, ChainEnd::Reduce(id))),
            Step::Exchange { input, .. } => Some(Chain::pull(graph, *input, ChainEnd::Exchange(id))),
            Step::Write { input, .. } => Some(Chain::pull(graph, *input, ChainEnd::Write(id))),
            Step::Read { .. } | Step::Map { .. } => None,
        }
    }

    fn pull(graph: &StepGraph, top: StepId, end: ChainEnd) -> Chain {
        let mut steps = Vec::new();
        collect(graph, top, &mut steps);
        Chain { top, end, steps }
    }

    /// Bounds of the stream of one block.
    pub fn bounds(&self, graph: &StepGraph, sizes: &dyn Sizes, block: usize) -> StreamBounds {
        let allowance_bytes = self.allowance_bytes(graph, sizes.allowance_bytes());
        stream_bounds(graph, &OfChain { sizes, allowance_bytes }, self.top, block)
    }

    /// What each kernel of the chain may take that keeps to an allowance: that of one, or less when there are many, so
    /// that all of them fit together.
    pub fn allowance_bytes(&self, graph: &StepGraph, of_one_bytes: u64) -> u64 {
        let keeps = |id: &&StepId| match &graph.node(**id).step {
            Step::Map { kernel, .. } => kernel.keeps_allowance(),
            _ => false,
        };
        let kernels = self.steps.iter().filter(keeps).count() as u64;
        of_one_bytes.min(of_one_bytes.saturating_mul(SIDE_BY_SIDE) / kernels.max(1))
    }

    /// Steps of earlier chains whose blocks the chain reads.
    pub fn reads(&self, graph: &StepGraph) -> Vec<StepId> {
        let mut found = self.streams(graph);
        if let ChainEnd::Exchange(id) = self.end
            && let Step::Exchange { made_from, unless, .. } = &graph.node(id).step
        {
            found.extend(made_from.iter().chain(unless));
        }
        found
    }

    /// Steps of earlier chains whose rows stream through the chain.
    pub fn streams(&self, graph: &StepGraph) -> Vec<StepId> {
        let mut found = Vec::new();
        stored_below(graph, self.top, &mut found);
        found
    }

    /// The chain in one line: its steps, joined.
    pub fn label(&self, graph: &StepGraph) -> String {
        let mut names: Vec<String> = self.steps.iter().map(|id| step_label(&graph.node(*id).step)).collect();
        match self.end {
            ChainEnd::Reduce(id) | ChainEnd::Exchange(id) | ChainEnd::Write(id) => {
                names.push(step_label(&graph.node(id).step))
            }
            ChainEnd::Answer => {}
        }
        names.join(" > ")
    }
}

/// Kind and name of a step: `read parquet`.
pub fn step_label(step: &Step) -> String {
    match step {
        Step::Read { source, .. } => format!("read {}", source.name()),
        Step::Map { kernel, .. } => kernel.name().to_string(),
        Step::Reduce { reducer, .. } => reducer.name().to_string(),
        Step::Exchange { routing, .. } => format!("{} exchange", routing.name()),
        Step::Write { sink, .. } => format!("write {}", sink.name()),
    }
}

/// Stored steps that a step is pulled from, through exchanges that may turn out not to be needed.
fn stored_below(graph: &StepGraph, id: StepId, found: &mut Vec<StepId>) {
    match &graph.node(id).step {
        Step::Map { inputs, .. } => inputs.iter().for_each(|(input, _)| stored_below(graph, *input, found)),
        Step::Exchange { input, unless, .. } => {
            found.push(id);
            if unless.is_some() {
                stored_below(graph, *input, found);
            }
        }
        Step::Reduce { .. } => found.push(id),
        Step::Read { narrowed_by, .. } => found.extend(narrowed_by.iter().map(|narrowing| narrowing.step)),
        Step::Write { .. } => {}
    }
}

fn collect(graph: &StepGraph, id: StepId, steps: &mut Vec<StepId>) {
    if let Step::Map { inputs, .. } = &graph.node(id).step {
        inputs.iter().for_each(|(input, _)| collect(graph, *input, steps));
    }
    let is_streamed = matches!(graph.node(id).step, Step::Read { .. } | Step::Map { .. });
    if is_streamed && !steps.contains(&id) {
        steps.push(id);
    }
}

/// Rows that a stored block is streamed in.
const STREAM_ROWS: u64 = 64 * 1024;

fn stream_bounds(graph: &StepGraph, sizes: &dyn Sizes, id: StepId, block: usize) -> StreamBounds {
    if let Some(chunks) = graph.node(id).grid.chunks() {
        return box_bounds(graph, sizes, id, chunks, block);
    }
    match &graph.node(id).step {
        Step::Read { source, narrowed_by } => {
            let part = source.estimate(block);
            // Rows that a filter keeps are copied, by the source and after it; beside them are masks and hashes.
            let filter_bytes = if narrowed_by.is_empty() { 0 } else { 2 * part.batch.bytes + 32 * part.batch.rows };
            StreamBounds {
                batch: part.batch,
                peak_bytes: part.peak_bytes + filter_bytes,
                read_bytes: part.read_bytes,
                rows: part.rows,
                skipped: part.skipped,
            }
        }
        Step::Map { inputs, kernel } => map_bounds(graph, sizes, inputs, kernel.as_ref(), block),
        Step::Exchange { input, .. } if sizes.is_passed(id) => {
            let blocks = graph.node(*input).grid.blocks();
            run_bounds(graph, sizes, *input, blocks_of_share(block, graph.node(id).grid.blocks(), blocks))
        }
        // A finished block is paid for by its own permit; batches are copied out of it, or read from scratch.
        Step::Reduce { .. } | Step::Exchange { .. } | Step::Write { .. } => {
            let size = sizes.block(id, block);
            let rows = size.rows.min(STREAM_ROWS);
            let bytes = scale(size.bytes, rows, size.rows);
            StreamBounds {
                batch: BlockMeta { rows, bytes },
                peak_bytes: bytes.saturating_mul(2),
                read_bytes: 0,
                rows: sizes.knows_rows(id).then_some(size.rows),
                skipped: false,
            }
        }
    }
}

/// Bounds of the tiles of an array's block. Any box of an input may be read, so its bounds are those of any block.
fn box_bounds(graph: &StepGraph, sizes: &dyn Sizes, id: StepId, chunks: &Chunks, block: usize) -> StreamBounds {
    let node = graph.node(id);
    let dtype = element_type(&node.schema).unwrap_or(blockfold_core::DType::Float64);
    let batch = tile_of_block(chunks, block, &dtype);
    let elements = node.grid.length(block);
    let of_step = StreamBounds { batch, rows: elements, ..StreamBounds::default() };
    match &node.step {
        Step::Read { source, .. } => {
            let part = source.estimate(block);
            StreamBounds { peak_bytes: part.peak_bytes, read_bytes: part.read_bytes, ..of_step }
        }
        Step::Map { inputs, kernel } => {
            let mut sum = StreamBounds { peak_bytes: kernel.peak_bytes(&[]), ..of_step };
            for (input, _) in inputs {
                let below = stream_bounds(graph, sizes, *input, 0);
                sum.peak_bytes = sum.peak_bytes.saturating_add(below.peak_bytes);
                if graph.node(*input).grid.chunks().is_none() {
                    // A partition of a frame is brought together as a whole.
                    sum.peak_bytes = sum.peak_bytes.saturating_add(whole(below).bytes.saturating_mul(2));
                }
                let of_all = below.read_bytes.saturating_mul(graph.node(*input).grid.blocks() as u64);
                sum.read_bytes += of_all / chunks.blocks().max(1) as u64;
            }
            sum
        }
        // A block that was stored is brought together as a whole before its boxes are read; the one before it is kept.
        Step::Exchange { .. } => {
            let bytes = largest_block(chunks).saturating_mul(blockfold_core::tensor::width(&dtype).unwrap_or(8) as u64);
            StreamBounds { peak_bytes: bytes.saturating_mul(4), ..of_step }
        }
        // A finished block is paid for by its own permit.
        Step::Reduce { .. } | Step::Write { .. } => StreamBounds { peak_bytes: batch.bytes, ..of_step },
    }
}

/// Bounds of some of an input's blocks, one after the other.
fn run_bounds(graph: &StepGraph, sizes: &dyn Sizes, input: StepId, blocks: Range<usize>) -> StreamBounds {
    let mut sum = StreamBounds { rows: Some(0), skipped: true, ..StreamBounds::default() };
    for block in blocks {
        let bounds = stream_bounds(graph, sizes, input, block);
        sum.batch.rows = sum.batch.rows.max(bounds.batch.rows);
        sum.batch.bytes = sum.batch.bytes.max(bounds.batch.bytes);
        sum.peak_bytes = sum.peak_bytes.max(bounds.peak_bytes);
        sum.read_bytes += bounds.read_bytes;
        sum.rows = sum.rows.zip(bounds.rows).map(|(a, b)| a.saturating_add(b));
        sum.skipped &= bounds.skipped;
    }
    sum
}

fn map_bounds(
    graph: &StepGraph,
    sizes: &dyn Sizes,
    inputs: &[(StepId, BlockMap)],
    kernel: &dyn Kernel,
    block: usize,
) -> StreamBounds {
    let mut sum = StreamBounds { rows: None, skipped: true, ..StreamBounds::default() };
    let (mut metas, mut rows) = (Vec::new(), Vec::new());
    for (input, map) in inputs {
        if *map == BlockMap::Boxes {
            let bounds = stream_bounds(graph, sizes, *input, 0);
            sum.peak_bytes = sum.peak_bytes.saturating_add(bounds.peak_bytes);
            sum.skipped = false;
            metas.push(bounds.batch);
            continue;
        }
        let bounds = match (map.run(block, graph.node(*input).grid.blocks()), map.input_block(block)) {
            (Some(blocks), _) => run_bounds(graph, sizes, *input, blocks),
            (None, Some(inner)) => stream_bounds(graph, sizes, *input, inner),
            (None, None) => continue,
        };
        let is_gathered = kernel.whole_partition();
        let meta = if is_gathered { whole(bounds) } else { bounds.batch };
        // A kernel that keeps its allowance is handed the stored part, not a copy of it.
        let gathered_bytes = if is_gathered && !kernel.keeps_allowance() { meta.bytes } else { 0 };
        sum.peak_bytes = sum.peak_bytes.saturating_add(bounds.peak_bytes).saturating_add(gathered_bytes);
        sum.read_bytes += bounds.read_bytes;
        rows.push(bounds.rows);
        sum.skipped &= bounds.skipped && !is_gathered;
        metas.push(meta);
    }
    sum.rows = kernel.rows(&rows);
    sum.batch = kernel.output(&metas);
    let peak = kernel.peak_bytes(&metas);
    let peak = if kernel.keeps_allowance() { peak.min(sizes.allowance_bytes()) } else { peak };
    sum.peak_bytes = sum.peak_bytes.saturating_add(peak);
    sum
}

/// A partition as one block.
pub(crate) fn whole(bounds: StreamBounds) -> BlockMeta {
    let rows = bounds.rows.unwrap_or(bounds.batch.rows).max(bounds.batch.rows);
    let row_bytes = bounds.batch.bytes.checked_div(bounds.batch.rows).unwrap_or(0).max(1);
    BlockMeta { rows, bytes: rows.saturating_mul(row_bytes) }
}

/// The share of `bytes` that `part` rows of `all` have.
pub(crate) fn scale(bytes: u64, part: u64, all: u64) -> u64 {
    let bytes = u128::from(bytes) * u128::from(part) / u128::from(all.max(1));
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
