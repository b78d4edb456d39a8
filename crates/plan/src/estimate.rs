//! What a run will need, before a byte is read.

use std::fmt;

use blockfold_core::{ByteSize, Error, Result};

use crate::chain::{Chain, ChainEnd};
use crate::step::{BlockMeta, Step, StepGraph};

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
    /// Upper bound, as far as statistics tell, of all tasks at once and what is held, given a number of threads.
    pub peak_bytes: u64,
}

/// What a run will need, chain by chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// The chains in the order in which they run.
    pub chains: Vec<ChainEstimate>,
    /// Bytes of scratch that spilling will need; nothing spills yet.
    pub scratch_bytes: u64,
    /// The budget that the run has.
    pub budget_bytes: u64,
}

impl Estimate {
    /// The estimate of a graph for so many threads and so much budget.
    pub fn of(graph: &StepGraph, threads: usize, budget_bytes: u64) -> Estimate {
        let chains = Chain::of(graph).iter().map(|chain| ChainEstimate::of(graph, chain, threads)).collect();
        Estimate { chains, scratch_bytes: 0, budget_bytes }
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
                    remedy: "raise the memory budget, or read fewer columns".to_string(),
                });
            }
        }
        Ok(())
    }

    /// Rows that will be read, as far as known.
    pub fn rows(&self) -> Option<u64> {
        self.chains.iter().map(|chain| chain.rows).sum()
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
    fn of(graph: &StepGraph, chain: &Chain, threads: usize) -> ChainEstimate {
        let blocks = graph.node(chain.top).grid.blocks();
        let (mut rows, mut read_bytes, mut stream_bytes, mut skipped) = (Some(0u64), 0u64, 0u64, 0usize);
        let mut batch = BlockMeta::default();
        for block in 0..blocks {
            let bounds = chain.bounds(graph, block);
            skipped += usize::from(bounds.skipped);
            rows = if bounds.skipped { rows } else { rows.zip(bounds.rows).map(|(a, b)| a + b) };
            read_bytes += bounds.read_bytes;
            stream_bytes = stream_bytes.max(bounds.peak_bytes);
            batch.rows = batch.rows.max(bounds.batch.rows);
            batch.bytes = batch.bytes.max(bounds.batch.bytes);
        }
        let total = scaled(batch, rows);
        let (end_bytes, held_bytes) = match chain.end {
            ChainEnd::Reduce(id) => match &graph.node(id).step {
                Step::Reduce { reducer, .. } => (reducer.initial_bytes(), reducer.expected_bytes(total)),
                _ => (0, 0),
            },
            ChainEnd::Write(id) => match &graph.node(id).step {
                Step::Write { sink, .. } => (sink.peak_bytes(batch), 0),
                _ => (0, 0),
            },
            ChainEnd::Answer => (0, total.bytes),
        };
        let task_bytes = stream_bytes.saturating_add(end_bytes);
        let running = threads.clamp(1, (blocks - skipped).max(1)) as u64;
        let end_now = match chain.end {
            ChainEnd::Reduce(_) => end_bytes.max(held_bytes),
            _ => end_bytes,
        };
        let kept = if matches!(chain.end, ChainEnd::Write(_)) { 0 } else { held_bytes };
        ChainEstimate {
            label: chain.label(graph),
            blocks,
            skipped_blocks: skipped,
            rows,
            read_bytes,
            task_bytes,
            held_bytes,
            peak_bytes: stream_bytes.saturating_add(end_now).saturating_mul(running).saturating_add(kept),
        }
    }
}

/// A batch's bytes scaled to so many rows.
fn scaled(batch: BlockMeta, rows: Option<u64>) -> BlockMeta {
    let rows = rows.unwrap_or(batch.rows);
    let bytes = u128::from(batch.bytes) * u128::from(rows) / u128::from(batch.rows.max(1));
    BlockMeta { rows, bytes: u64::try_from(bytes).unwrap_or(u64::MAX) }
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
        }
        write!(
            f,
            "projected peak {} of a budget of {}, scratch {}",
            ByteSize(self.peak_bytes()),
            ByteSize(self.budget_bytes),
            ByteSize(self.scratch_bytes)
        )
    }
}
