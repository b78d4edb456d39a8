//! Fusion: steps that a task can run one after another, batch by batch, become one chain.
//!
//! A chain ends where blocks must be brought together (a `Reduce`), leave (a `Write`) or are the answer. All
//! steps between its sources and its end are pulled through by the same task, so nothing between them is stored.

use crate::step::{BlockMap, BlockMeta, Kernel, Step, StepGraph, StepId};

/// What happens to the blocks at the end of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainEnd {
    /// Folded into one block by this step.
    Reduce(StepId),
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

impl Chain {
    /// The chains of a graph, each after those whose result it needs.
    pub fn of(graph: &StepGraph) -> Vec<Chain> {
        let mut chains = Vec::new();
        for (i, node) in graph.nodes.iter().enumerate() {
            let id = StepId(i);
            match &node.step {
                Step::Reduce { input, .. } => chains.push(Chain::pull(graph, *input, ChainEnd::Reduce(id))),
                Step::Write { input, .. } => chains.push(Chain::pull(graph, *input, ChainEnd::Write(id))),
                Step::Read { .. } | Step::Map { .. } => {}
            }
        }
        if matches!(graph.node(graph.root).step, Step::Read { .. } | Step::Map { .. }) {
            chains.push(Chain::pull(graph, graph.root, ChainEnd::Answer));
        }
        chains
    }

    fn pull(graph: &StepGraph, top: StepId, end: ChainEnd) -> Chain {
        let mut steps = Vec::new();
        collect(graph, top, &mut steps);
        Chain { top, end, steps }
    }

    /// Bounds of the stream of one block.
    pub fn bounds(&self, graph: &StepGraph, block: usize) -> StreamBounds {
        stream_bounds(graph, self.top, block)
    }

    /// The chain in one line: its steps, joined.
    pub fn label(&self, graph: &StepGraph) -> String {
        let mut names: Vec<String> = self.steps.iter().map(|id| step_label(&graph.node(*id).step)).collect();
        match self.end {
            ChainEnd::Reduce(id) | ChainEnd::Write(id) => names.push(step_label(&graph.node(id).step)),
            ChainEnd::Answer => {}
        }
        names.join(" > ")
    }
}

/// Kind and name of a step: `read parquet`.
pub fn step_label(step: &Step) -> String {
    match step {
        Step::Read { source } => format!("read {}", source.name()),
        Step::Map { kernel, .. } => kernel.name().to_string(),
        Step::Reduce { reducer, .. } => reducer.name().to_string(),
        Step::Write { sink, .. } => format!("write {}", sink.name()),
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

fn stream_bounds(graph: &StepGraph, id: StepId, block: usize) -> StreamBounds {
    match &graph.node(id).step {
        Step::Read { source } => {
            let part = source.estimate(block);
            StreamBounds {
                batch: part.batch,
                peak_bytes: part.peak_bytes,
                read_bytes: part.read_bytes,
                rows: part.rows,
                skipped: part.skipped,
            }
        }
        Step::Map { inputs, kernel } => map_bounds(graph, inputs, kernel.as_ref(), block),
        // The block of a finished step is in memory already and paid for by its own permit.
        Step::Reduce { .. } | Step::Write { .. } => StreamBounds { rows: None, ..StreamBounds::default() },
    }
}

fn map_bounds(graph: &StepGraph, inputs: &[(StepId, BlockMap)], kernel: &dyn Kernel, block: usize) -> StreamBounds {
    let mut sum = StreamBounds { rows: None, skipped: true, ..StreamBounds::default() };
    let mut metas = Vec::new();
    for (input, map) in inputs {
        let Some(inner) = map.input_block(block) else { continue };
        let bounds = stream_bounds(graph, *input, inner);
        let mut meta = bounds.batch;
        if kernel.whole_partition() {
            meta = whole(bounds);
        }
        sum.peak_bytes += bounds.peak_bytes + if kernel.whole_partition() { meta.bytes } else { 0 };
        sum.read_bytes += bounds.read_bytes;
        sum.rows = sum.rows.max(bounds.rows);
        sum.skipped &= bounds.skipped && !kernel.whole_partition();
        metas.push(meta);
    }
    sum.batch = kernel.output(&metas);
    sum.peak_bytes += kernel.peak_bytes(&metas);
    sum
}

/// A partition as one block.
fn whole(bounds: StreamBounds) -> BlockMeta {
    let rows = bounds.rows.unwrap_or(bounds.batch.rows).max(bounds.batch.rows);
    let row_bytes = bounds.batch.bytes.checked_div(bounds.batch.rows).unwrap_or(0).max(1);
    BlockMeta { rows, bytes: rows.saturating_mul(row_bytes) }
}
