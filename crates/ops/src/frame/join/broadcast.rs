//! A join whose smaller side is a table that every task probes.

use std::any::Any;
use std::sync::Arc;

use blockfold_core::{Block, Error, RecordBatch, Result, SchemaRef};
use blockfold_kernels::join::{JoinBuilder, JoinOptions, JoinTable, estimate_bytes};
use blockfold_plan::{BlockMeta, BlockStream, Input, Kernel, Partial, Reducer, Router, TaskContext};

use super::parts::{ChunkedJoin, ProbeStream, output_bytes};
use crate::exchange::{HashRouter, Keys};

/// Rows of one side made a table; when they outgrow memory they stay rows.
#[derive(Debug)]
pub(super) struct BuildTable {
    pub(super) schema: SchemaRef,
    pub(super) keys: Keys,
    pub(super) options: JoinOptions,
}

impl Reducer for BuildTable {
    fn name(&self) -> &'static str {
        "build"
    }

    fn detail(&self) -> String {
        format!("a table by {}", crate::frame::list(self.keys.exprs()))
    }

    fn partial(&self) -> Result<Box<dyn Partial>> {
        Ok(Box::new(Rows { schema: self.schema.clone(), batches: Vec::new(), bytes: 0 }))
    }

    fn finish(&self, partial: Box<dyn Partial>) -> Result<Block> {
        let mut builder = JoinBuilder::new(self.schema.clone(), self.options.clone());
        for batch in downcast(partial)?.batches {
            let keys = self.keys.of(&batch)?;
            builder.push(batch, &keys)?;
        }
        let table = builder.finish()?;
        let bytes = table.bytes();
        Ok(Block::Object { value: Arc::new(table), bytes })
    }

    fn initial_bytes(&self) -> u64 {
        0
    }

    fn expected_bytes(&self, input: BlockMeta) -> u64 {
        estimate_bytes(input.rows, input.bytes, self.keys.exprs().len())
    }

    fn result_rows(&self, _: Option<u64>) -> Option<u64> {
        // The table is an object; as rows it does not stream.
        Some(0)
    }

    fn spread(&self) -> Option<Arc<dyn Router>> {
        Some(Arc::new(HashRouter::new(Keys::new(Vec::new()), 1, 0)))
    }
}

/// Batches of one side as they come.
struct Rows {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    bytes: u64,
}

fn downcast(partial: Box<dyn Partial>) -> Result<Box<Rows>> {
    partial.into_any().downcast().map_err(|_| Error::internal("rows met another reduction's partial"))
}

impl Partial for Rows {
    fn fold(&mut self, block: &Block) -> Result<()> {
        let batch = block.frame()?;
        if batch.num_rows() > 0 {
            self.bytes += blockfold_core::block::slice_bytes(batch);
            self.batches.push(batch.clone());
        }
        Ok(())
    }

    fn merge(&mut self, later: Box<dyn Partial>) -> Result<()> {
        let mut later = downcast(later)?;
        self.bytes += later.bytes;
        self.batches.append(&mut later.batches);
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn drain(&mut self) -> Result<RecordBatch> {
        let batches = std::mem::take(&mut self.batches);
        self.bytes = 0;
        Ok(arrow::compute::concat_batches(&self.schema, &batches)?)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Probes the table batch by batch.
#[derive(Debug)]
pub(super) struct ProbeTable {
    pub(super) build_keys: Keys,
    pub(super) probe_keys: Keys,
    pub(super) options: JoinOptions,
    pub(super) detail: String,
}

impl Kernel for ProbeTable {
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
        // Rows on the build side mean that they did not fit as a table: then the whole allowance is used.
        let is_table = inputs.get(1).is_none_or(|build| build.rows == 0);
        if is_table { output_bytes(inputs).saturating_mul(2) } else { u64::MAX }
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        let rows = inputs.first().map_or(0, |probe| probe.rows).max(1).min(self.options.max_rows as u64);
        BlockMeta { rows, bytes: output_bytes(inputs) }
    }

    fn rows(&self, inputs: &[Option<u64>]) -> Option<u64> {
        inputs.first().copied().flatten()
    }

    fn keeps_allowance(&self) -> bool {
        true
    }

    fn open(&self, inputs: &mut Vec<Input>, task: &TaskContext) -> Result<Option<Box<dyn BlockStream>>> {
        let (build, probe) = (inputs.pop(), inputs.pop());
        match (probe, build) {
            (Some(probe), Some(Input::Block(table))) => {
                let table: Arc<JoinTable> = table.object()?;
                let probe = probe.into_stream()?;
                Ok(Some(Box::new(ProbeStream::new(&table, probe, self.probe_keys.clone(), task))))
            }
            (Some(probe), Some(Input::Part(build))) => {
                let keys = (self.build_keys.clone(), self.probe_keys.clone());
                let join = ChunkedJoin::new(build, probe.into_stream()?, keys, self.options.clone(), task);
                Ok(Some(Box::new(join)))
            }
            _ => Err(Error::internal("a join without its sides")),
        }
    }
}
