//! The build side of a join as a table that every task probes, when it is small.

use std::any::Any;
use std::sync::Arc;

use blockfold_core::{Block, Error, RecordBatch, Result, SchemaRef};
use blockfold_kernels::join::{JoinBuilder, JoinOptions, estimate_bytes};
use blockfold_plan::{BlockMeta, Packed, Partial, Reducer, Router};

use crate::exchange::{HashRouter, Keys};

/// Rows of one side made a table; when they outgrow memory they stay rows.
#[derive(Debug)]
pub(super) struct BuildTable {
    pub(super) schema: SchemaRef,
    pub(super) keys: Keys,
    pub(super) options: JoinOptions,
    /// Parts that the rows are spread over when they are many.
    pub(super) parts: usize,
    /// For how many keys a filter is made when rows are spread.
    pub(super) learns: Option<u64>,
}

impl Reducer for BuildTable {
    fn name(&self) -> &'static str {
        "build"
    }

    fn detail(&self) -> String {
        format!("a table by {}", crate::frame::list(self.keys.exprs()))
    }

    fn partial(&self) -> Result<Box<dyn Partial>> {
        Ok(Box::new(Rows::new(self.schema.clone())))
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

    fn unpack(&self, packed: Packed) -> Result<Box<dyn Partial>> {
        Rows::unpacked(self.schema.clone(), packed)
    }

    fn initial_bytes(&self) -> u64 {
        0
    }

    fn expected_bytes(&self, input: BlockMeta) -> u64 {
        estimate_bytes(input.rows, input.bytes, self.keys.exprs().len())
    }

    fn drained_bytes(&self, input: BlockMeta) -> u64 {
        // Rows move as they are; what makes a table of them is made of one part at a time.
        input.bytes
    }

    fn result_rows(&self, input_rows: Option<u64>) -> Option<u64> {
        // A table is an object without rows; rows that were spread are counted.
        if self.parts == 1 { Some(0) } else { input_rows }
    }

    fn spread(&self) -> Option<Arc<dyn Router>> {
        Some(Arc::new(HashRouter::new(self.keys.clone(), self.parts, 0).learning(self.learns)))
    }
}

/// Batches of one side as they come.
pub(in crate::frame) struct Rows {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    bytes: u64,
}

impl Rows {
    pub(in crate::frame) fn new(schema: SchemaRef) -> Self {
        Rows { schema, batches: Vec::new(), bytes: 0 }
    }

    pub(in crate::frame) fn unpacked(schema: SchemaRef, packed: Packed) -> Result<Box<dyn Partial>> {
        let mut rows = Rows::new(schema);
        packed.batches.into_iter().try_for_each(|batch| rows.fold(&batch.into()))?;
        Ok(Box::new(rows))
    }

    pub(in crate::frame) fn into_batches(self) -> Vec<RecordBatch> {
        self.batches
    }
}

pub(in crate::frame) fn downcast(partial: Box<dyn Partial>) -> Result<Box<Rows>> {
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

    fn pack(self: Box<Self>) -> Result<Packed> {
        Ok(Packed::of(self.batches))
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
