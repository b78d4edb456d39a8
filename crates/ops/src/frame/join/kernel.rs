//! The kernel of joins: a table probed batch by batch, or parts joined one after the other.

use std::sync::Arc;

use blockfold_core::{Block, Error, Result};
use blockfold_kernels::join::{JoinKind, JoinOptions, JoinTable, estimate_bytes};
use blockfold_plan::{BlockMeta, BlockStream, Input, Kernel, TaskContext};

use super::fanout::Fanout;
use super::parts::{Full, PartJoin, ProbeStream, Sides};
use super::pieces::ChunkedJoin;
use crate::exchange::Keys;

/// Joins a block of the probe side with its block of the build side, or with all of it.
#[derive(Debug)]
pub(super) struct JoinKernel {
    pub(super) build_keys: Keys,
    pub(super) probe_keys: Keys,
    pub(super) options: JoinOptions,
    pub(super) detail: String,
    /// How often keys repeat, when that is known.
    pub(super) fanout: Option<Fanout>,
    /// Bytes of the largest table of a block of the build side that streams, 0 when it does not.
    pub(super) table_bytes: u64,
}

impl JoinKernel {
    /// Rows of an output batch.
    fn output_rows(&self, inputs: &[BlockMeta]) -> u64 {
        inputs.first().map_or(0, |probe| probe.rows).clamp(1, self.options.max_rows as u64)
    }

    /// Bytes of an output batch: a row of each side.
    fn output_bytes(&self, inputs: &[BlockMeta]) -> u64 {
        let row_bytes = |input: &BlockMeta| input.bytes.checked_div(input.rows).unwrap_or(16).max(16);
        self.output_rows(inputs).saturating_mul(inputs.iter().map(row_bytes).sum())
    }
}

impl Kernel for JoinKernel {
    fn name(&self) -> &'static str {
        "join"
    }

    fn detail(&self) -> String {
        self.detail.clone()
    }

    fn run(&self, _: &[Block], _: &TaskContext) -> Result<Block> {
        Err(Error::internal("a join gives a stream"))
    }

    fn peak_bytes(&self, inputs: &[BlockMeta]) -> u64 {
        let build = inputs.get(1).copied().unwrap_or_default();
        let table = match build.rows {
            // A table that is shared is paid for by its own permit.
            0 => 0,
            rows => estimate_bytes(rows, build.bytes, self.build_keys.exprs().len()),
        };
        table.max(self.table_bytes).saturating_add(self.output_bytes(inputs).saturating_mul(2))
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        BlockMeta { rows: self.output_rows(inputs), bytes: self.output_bytes(inputs) }
    }

    fn rows(&self, inputs: &[Option<u64>]) -> Option<u64> {
        let left = usize::from(self.options.build_is_left);
        match self.options.kind {
            JoinKind::Semi | JoinKind::Anti => inputs.get(left).copied().flatten(),
            // Keys of one side are mostly unique: then there are as many pairs as the other has rows.
            _ => {
                let pairs = self.fanout.as_ref().zip(inputs.first().copied().flatten());
                let pairs = pairs.map(|(fanout, probe_rows)| fanout.pairs_of(probe_rows));
                inputs.iter().copied().max().flatten().max(pairs)
            }
        }
    }

    fn is_costly(&self) -> bool {
        true
    }

    fn warning(&self) -> Option<String> {
        self.fanout.as_ref()?.warning()
    }

    fn keeps_allowance(&self) -> bool {
        true
    }

    fn open(&self, inputs: &mut Vec<Input>, task: &TaskContext) -> Result<Option<Box<dyn BlockStream>>> {
        let sides = Sides {
            build_keys: self.build_keys.clone(),
            probe_keys: self.probe_keys.clone(),
            options: self.options.clone(),
            task: task.clone(),
        };
        let (build, probe) = (inputs.pop(), inputs.pop());
        match (probe, build) {
            (Some(probe), Some(Input::Block(table))) => {
                let table: Arc<JoinTable> = table.object()?;
                Ok(Some(Box::new(ProbeStream::new(&table, probe.into_stream()?, &sides))))
            }
            (Some(Input::Part(probe)), Some(Input::Part(build))) => {
                Ok(Some(Box::new(PartJoin::new(sides, build, probe))))
            }
            (Some(probe), Some(Input::Stream(mut build))) => {
                let (table, is_more) = sides.table(build.as_mut(), task.allowance_bytes)?;
                if is_more {
                    return Err(Error::OverBudget {
                        step: "the table of a partition of a join".to_string(),
                        needed_bytes: task.allowance_bytes.saturating_add(1),
                        budget_bytes: task.allowance_bytes,
                        remedy: "raise the memory budget, or call repartition for smaller partitions".to_string(),
                    });
                }
                Ok(Some(Box::new(Full::new(&sides, Arc::new(table), probe.into_stream()?))))
            }
            (Some(probe), Some(Input::Part(build))) => {
                Ok(Some(Box::new(ChunkedJoin::new(build, probe.into_stream()?, sides))))
            }
            _ => Err(Error::internal("a join without its sides")),
        }
    }
}
