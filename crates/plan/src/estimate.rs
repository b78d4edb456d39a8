//! What a run will need, before a byte is read.

use std::fmt;

use std::collections::HashMap;
use std::sync::Arc;

use blockfold_core::{ByteSize, DType, Error, Field, Result, SchemaRef};

use crate::chain::{Chain, ChainEnd, Sizes, scale, whole};
use crate::step::{BlockMeta, Step, StepGraph, StepId, StepNode};

/// What one chain will need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainEstimate {
    /// The chain's steps in one line.
    pub label: String,
    /// Blocks of the chain.
    pub blocks: usize,
    /// Blocks that statistics rule out.
    pub skipped_blocks: usize,
    /// Rows that stream through, as far as known.
    pub rows: Option<u64>,
    /// Bytes that will be read from files.
    pub read_bytes: u64,
    /// Upper bound on the bytes of one task while it streams, without what grows at its end.
    pub task_bytes: u64,
    /// Bytes expected to be held at the chain's end: partials, or the answer itself.
    pub held_bytes: u64,
    /// Bytes expected to wait in memory for later chains.
    pub kept_bytes: u64,
    /// Bytes expected to wait in scratch for later chains, before compression.
    pub scratch_bytes: u64,
    /// Upper bound, as far as statistics tell, of all tasks at once and what is held, given a number of threads.
    pub peak_bytes: u64,
}

/// What a run will need, chain by chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// The chains in the order in which they run.
    pub chains: Vec<ChainEstimate>,
    /// Bytes of scratch that spilling will need, before compression.
    pub scratch_bytes: u64,
    /// The budget that the run has.
    pub budget_bytes: u64,
    /// What should be known before the run.
    pub warnings: Vec<String>,
}

/// The budget's share that rows of exchanges may wait in; the rest goes to scratch.
pub const STORE_SHARE: (u64, u64) = (2, 5);

/// The budget's share that a kernel keeps to which can take a partition in smaller parts.
pub const ALLOWANCE_SHARE: (u64, u64) = (1, 5);

/// The budget's share that a partial may have before it is drained.
pub const PARTIAL_SHARE: (u64, u64) = (1, 16);

/// A share of a budget.
pub fn share((part, all): (u64, u64), budget_bytes: u64) -> u64 {
    (budget_bytes / all).saturating_mul(part)
}

/// What steps that end a chain are expected to give.
#[derive(Debug)]
pub struct Expected {
    budget_bytes: u64,
    totals: HashMap<StepId, (Option<u64>, BlockMeta)>,
    blocks: HashMap<StepId, u64>,
}

impl Expected {
    /// Nothing worked out yet.
    pub fn new(budget_bytes: u64) -> Self {
        Expected { budget_bytes, totals: HashMap::new(), blocks: HashMap::new() }
    }

    /// The memory budget.
    pub fn budget_bytes(&self) -> u64 {
        self.budget_bytes
    }

    /// Works out what the end of a chain will give, from what streams into it.
    pub fn chain(&mut self, graph: &StepGraph, chain: &Chain) {
        let (ChainEnd::Reduce(id) | ChainEnd::Exchange(id)) = chain.end else { return };
        let (rows, bytes) = self.total(graph, chain.top);
        let mut total = BlockMeta { rows: rows.unwrap_or(bytes / UNKNOWN_ROW_BYTES), bytes };
        let mut known = rows;
        if let Step::Reduce { reducer, .. } = &graph.node(id).step {
            known = reducer.result_rows(rows);
            let is_spread = graph.node(id).grid.blocks() > 1;
            total.bytes = if is_spread { reducer.drained_bytes(total) } else { reducer.expected_bytes(total) };
            total.rows = known.unwrap_or(total.rows);
        }
        self.blocks.insert(id, graph.node(id).grid.blocks().max(1) as u64);
        self.totals.insert(id, (known, total));
    }

    /// Rows and bytes that a step will give in all.
    pub fn total(&self, graph: &StepGraph, id: StepId) -> (Option<u64>, u64) {
        let chain = Chain { top: id, end: ChainEnd::Answer, steps: Vec::new() };
        let (mut rows, mut bytes) = (Some(0u64), 0u64);
        for block in 0..graph.node(id).grid.blocks() {
            let bounds = chain.bounds(graph, self, block);
            if bounds.skipped {
                continue;
            }
            let of_block = bounds.rows.unwrap_or(bounds.batch.rows);
            rows = rows.zip(bounds.rows).map(|(a, b)| a.saturating_add(b));
            bytes = bytes.saturating_add(scale(bounds.batch.bytes, of_block, bounds.batch.rows));
        }
        // Bounds of batches allow for what is never all there at once; columns of fixed width tell better.
        let by_width = rows.map_or(u64::MAX, |rows| rows.saturating_mul(row_bytes(&graph.node(id).schema)));
        (rows, bytes.min(by_width))
    }
}

impl Expected {
    /// Rows and bytes of a step's largest block, at most; `None` when the rows of one are unknown.
    pub fn largest_block(&self, graph: &StepGraph, id: StepId) -> Option<BlockMeta> {
        let chain = Chain { top: id, end: ChainEnd::Answer, steps: Vec::new() };
        let mut largest = BlockMeta::default();
        for block in 0..graph.node(id).grid.blocks() {
            let bounds = chain.bounds(graph, self, block);
            bounds.rows?;
            let size = whole(bounds);
            largest = BlockMeta { rows: largest.rows.max(size.rows), bytes: largest.bytes.max(size.bytes) };
        }
        Some(largest)
    }
}

/// Bytes assumed for a text or a list: most texts are names, codes and words.
const TEXT_BYTES: u64 = 24;

/// Bytes that a row of these columns mostly takes.
pub fn row_bytes(schema: &SchemaRef) -> u64 {
    let width = |field: &Arc<Field>| match field.data_type() {
        DType::Null | DType::Boolean => 1,
        dtype => dtype.primitive_width().map_or(TEXT_BYTES, |bytes| bytes as u64 + 1),
    };
    schema.fields().iter().map(width).sum::<u64>().max(1)
}

/// Bytes assumed for a row of which nothing is known.
const UNKNOWN_ROW_BYTES: u64 = 32;

impl Sizes for Expected {
    fn block(&self, id: StepId, _: usize) -> BlockMeta {
        let (_, total) = self.totals.get(&id).copied().unwrap_or_default();
        let blocks = self.blocks.get(&id).copied().unwrap_or(1);
        BlockMeta { rows: total.rows.div_ceil(blocks), bytes: total.bytes.div_ceil(blocks) }
    }

    fn knows_rows(&self, id: StepId) -> bool {
        self.totals.get(&id).is_some_and(|(rows, _)| rows.is_some())
    }

    fn allowance_bytes(&self) -> u64 {
        share(ALLOWANCE_SHARE, self.budget_bytes)
    }
}

impl Estimate {
    /// The estimate of a graph for so many threads and so much budget.
    pub fn of(graph: &StepGraph, threads: usize, budget_bytes: u64) -> Estimate {
        let mut expected = Expected::new(budget_bytes);
        let mut chains: Vec<ChainEstimate> = Vec::new();
        for chain in Chain::of(graph) {
            let mut estimate = ChainEstimate::of(graph, &expected, &chain, threads);
            let kept: u64 = chains.iter().map(|chain| chain.kept_bytes).sum();
            let room = share(STORE_SHARE, budget_bytes).saturating_sub(kept);
            estimate.scratch_bytes = estimate.kept_bytes.saturating_sub(room);
            estimate.kept_bytes -= estimate.scratch_bytes;
            expected.chain(graph, &chain);
            chains.push(estimate);
        }
        let scratch_bytes = chains.iter().map(|chain| chain.scratch_bytes).sum();
        let warning = |node: &StepNode| match &node.step {
            Step::Map { kernel, .. } => kernel.warning(),
            _ => None,
        };
        let warnings = graph.nodes.iter().filter_map(warning).collect();
        Estimate { chains, scratch_bytes, budget_bytes, warnings }
    }

    /// Refuses a run that cannot fit.
    ///
    /// # Errors
    /// [`Error::OverBudget`] naming the chain and what can be done.
    pub fn check(&self) -> Result<()> {
        for chain in &self.chains {
            if chain.task_bytes > self.budget_bytes {
                return Err(Error::OverBudget {
                    step: format!("one task of '{}'", chain.label),
                    needed_bytes: chain.task_bytes,
                    budget_bytes: self.budget_bytes,
                    remedy: "raise the memory budget, read fewer columns, or cut arrays in smaller chunks".to_string(),
                });
            }
        }
        Ok(())
    }

    /// Rows that will be read, as far as known.
    pub fn rows(&self) -> Option<u64> {
        self.chains.iter().try_fold(0u64, |all, chain| chain.rows.map(|rows| all.saturating_add(rows)))
    }

    /// Bytes that will be read from files.
    pub fn read_bytes(&self) -> u64 {
        self.chains.iter().map(|chain| chain.read_bytes).sum()
    }

    /// Projected peak: the largest of the chains, capped by the budget, since tasks wait for permits.
    pub fn peak_bytes(&self) -> u64 {
        self.chains.iter().map(|chain| chain.peak_bytes).max().unwrap_or(0).min(self.budget_bytes)
    }
}

impl ChainEstimate {
    fn of(graph: &StepGraph, expected: &Expected, chain: &Chain, threads: usize) -> ChainEstimate {
        let blocks = graph.node(chain.top).grid.blocks();
        let (mut rows, mut read_bytes, mut stream_bytes, mut skipped) = (Some(0u64), 0u64, 0u64, 0usize);
        let mut batch = BlockMeta::default();
        for block in 0..blocks {
            let bounds = chain.bounds(graph, expected, block);
            skipped += usize::from(bounds.skipped);
            rows = if bounds.skipped { rows } else { rows.zip(bounds.rows).map(|(a, b)| a.saturating_add(b)) };
            read_bytes += bounds.read_bytes;
            stream_bytes = stream_bytes.max(bounds.peak_bytes);
            batch.rows = batch.rows.max(bounds.batch.rows);
            batch.bytes = batch.bytes.max(bounds.batch.bytes);
        }
        let total_rows = rows.unwrap_or(batch.rows);
        // As in `Expected::total`: bounds of batches allow for more than is ever there at once.
        let by_width = total_rows.saturating_mul(row_bytes(&graph.node(chain.top).schema));
        let total = BlockMeta { rows: total_rows, bytes: scale(batch.bytes, total_rows, batch.rows).min(by_width) };
        let end = EndBytes::of(graph, chain, expected.budget_bytes(), batch, total);
        let running = threads.clamp(1, (blocks - skipped).max(1)) as u64;
        let at_once = stream_bytes.saturating_add(end.task_bytes.max(end.grown_bytes)).saturating_mul(running);
        ChainEstimate {
            label: chain.label(graph),
            blocks,
            skipped_blocks: skipped,
            rows,
            read_bytes,
            task_bytes: stream_bytes.saturating_add(end.task_bytes),
            held_bytes: end.held_bytes,
            kept_bytes: end.kept_bytes,
            scratch_bytes: 0,
            peak_bytes: at_once.saturating_add(end.held_bytes),
        }
    }
}

/// Bytes that the end of a chain needs.
#[derive(Default)]
struct EndBytes {
    /// Of each task from its start.
    task_bytes: u64,
    /// Of each task when it has grown.
    grown_bytes: u64,
    /// Held in memory at the end, beside tasks.
    held_bytes: u64,
    /// To wait for later chains, in memory or in scratch.
    kept_bytes: u64,
}

impl EndBytes {
    fn of(graph: &StepGraph, chain: &Chain, budget_bytes: u64, batch: BlockMeta, total: BlockMeta) -> EndBytes {
        let room = share(STORE_SHARE, budget_bytes);
        match chain.end {
            ChainEnd::Answer => EndBytes { held_bytes: total.bytes, ..EndBytes::default() },
            ChainEnd::Exchange(id) => EndBytes {
                task_bytes: exchange_task_bytes(graph.node(id).grid.blocks(), budget_bytes),
                held_bytes: total.bytes.min(room),
                kept_bytes: total.bytes,
                ..EndBytes::default()
            },
            ChainEnd::Reduce(id) => match &graph.node(id).step {
                Step::Reduce { reducer, .. } => {
                    let (least, most) = (reducer.initial_bytes(), reducer.expected_bytes(total));
                    let limit = share(PARTIAL_SHARE, budget_bytes);
                    match reducer.spread() {
                        Some(_) if most > limit => {
                            let groups = reducer.result_rows(Some(total.rows)).unwrap_or(total.rows);
                            let once = reducer.expected_bytes(BlockMeta { rows: groups, bytes: 0 });
                            // What grows with rows, as lists do, is drained once; states are as often as they are met.
                            let is_by_group = most <= once.saturating_add(once / 2);
                            let all = reducer.drained_bytes(total);
                            let kept = if is_by_group { drained_bytes(total.rows, groups, all, limit) } else { all };
                            EndBytes {
                                task_bytes: least,
                                grown_bytes: least.max(limit.saturating_mul(2)),
                                held_bytes: kept.min(room),
                                kept_bytes: kept,
                            }
                        }
                        _ => EndBytes { task_bytes: least, grown_bytes: most, held_bytes: most, kept_bytes: 0 },
                    }
                }
                _ => EndBytes::default(),
            },
            ChainEnd::Write(id) => match &graph.node(id).step {
                Step::Write { sink, .. } => EndBytes { task_bytes: sink.peak_bytes(batch), ..EndBytes::default() },
                _ => EndBytes::default(),
            },
        }
    }
}

/// Bytes that are drained in all by partials that hold `limit` bytes, of rows whose keys are spread evenly over
/// `groups` groups, which take `all_bytes` together: a group is drained as often as it is met anew.
fn drained_bytes(rows: u64, groups: u64, all_bytes: u64, limit: u64) -> u64 {
    let share_held = limit as f64 / all_bytes.max(1) as f64;
    if groups == 0 || share_held >= 1.0 {
        return all_bytes;
    }
    // Of G groups drawn evenly, n rows bring G (1 - exp(-n / G)) different ones.
    let rows_a_drain = -(groups as f64) * (-share_held).ln_1p();
    let drains = (rows as f64 / rows_a_drain.max(1.0)).max(1.0);
    (drains * limit as f64).max(all_bytes as f64) as u64
}

/// The budget's part that a chunk of rows may have.
pub(crate) const CHUNK_SHARE: u64 = 48;

/// Bytes of rows that a task of an exchange brings together, at least and at most.
const CHUNK_BYTES: (u64, u64) = (4 << 20, 32 << 20);

/// Bytes of rows that a task of an exchange brings together before it sends them to their parts.
pub fn chunk_bytes(parts: usize, budget_bytes: u64) -> u64 {
    let wanted = (parts as u64).saturating_mul(64 << 10).clamp(CHUNK_BYTES.0, CHUNK_BYTES.1);
    wanted.min(budget_bytes / CHUNK_SHARE).max(64 << 10)
}

/// Bytes that a task of an exchange holds beside its stream: its rows as they came, as one, by part.
pub fn exchange_task_bytes(parts: usize, budget_bytes: u64) -> u64 {
    chunk_bytes(parts, budget_bytes).saturating_mul(4)
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, chain) in self.chains.iter().enumerate() {
            writeln!(f, "chain {i}: {}", chain.label)?;
            write!(f, "  blocks {}", chain.blocks)?;
            if chain.skipped_blocks > 0 {
                write!(f, " ({} ruled out by statistics)", chain.skipped_blocks)?;
            }
            match chain.rows {
                Some(rows) => write!(f, ", rows {rows}")?,
                None => write!(f, ", rows unknown")?,
            }
            writeln!(f, ", to read {}", ByteSize(chain.read_bytes))?;
            writeln!(
                f,
                "  a task {}, held at the end {}, projected peak {}",
                ByteSize(chain.task_bytes),
                ByteSize(chain.held_bytes),
                ByteSize(chain.peak_bytes)
            )?;
            if chain.scratch_bytes > 0 {
                writeln!(f, "  to scratch {}", ByteSize(chain.scratch_bytes))?;
            }
        }
        self.warnings.iter().try_for_each(|warning| writeln!(f, "warning: {warning}"))?;
        write!(
            f,
            "projected peak {} of a budget of {}, scratch {}",
            ByteSize(self.peak_bytes()),
            ByteSize(self.budget_bytes),
            ByteSize(self.scratch_bytes)
        )
    }
}
