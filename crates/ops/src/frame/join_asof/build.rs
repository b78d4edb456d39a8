//! The right side as a table that every task searches, when it is small.

use std::sync::Arc;

use arrow::array::UInt32Array;
use arrow::compute::{concat_batches, take_record_batch};
use blockfold_core::{Block, RecordBatch, Result, SchemaRef};
use blockfold_kernels::join::{AsofTable, estimate_bytes};
use blockfold_kernels::sort::sort_order;
use blockfold_plan::{BlockMeta, Packed, Partial, Reducer, Router};

use super::{ASCENDING, AsofSpec};
use crate::exchange::HashRouter;
use crate::frame::join::build::{Rows, downcast};

/// Rows of the right side made a table; when they outgrow memory they stay rows, of one part.
#[derive(Debug)]
pub(super) struct RightTable {
    pub(super) schema: SchemaRef,
    pub(super) spec: AsofSpec,
}

impl Reducer for RightTable {
    fn name(&self) -> &'static str {
        "build"
    }

    fn detail(&self) -> String {
        format!("a table by {}", crate::frame::list(self.spec.keys[1].exprs()))
    }

    fn partial(&self) -> Result<Box<dyn Partial>> {
        Ok(Box::new(Rows::new(self.schema.clone())))
    }

    fn finish(&self, partial: Box<dyn Partial>) -> Result<Block> {
        let batches = downcast(partial)?.into_batches();
        let schema = batches.first().map_or_else(|| self.schema.clone(), RecordBatch::schema);
        let rows = concat_batches(&schema, &batches)?;
        drop(batches);
        let on = self.spec.keys_of(1, &rows)?.1;
        let order = UInt32Array::from(sort_order(&[on], &[ASCENDING])?);
        let table = self.spec.table(take_record_batch(&rows, &order)?)?;
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
        estimate_bytes(input.rows, input.bytes, self.spec.types.len())
    }

    fn result_rows(&self, _: Option<u64>) -> Option<u64> {
        // A table is an object without rows.
        Some(0)
    }

    fn spread(&self) -> Option<Arc<dyn Router>> {
        Some(Arc::new(HashRouter::new(self.spec.keys[1].clone(), 1, 0)))
    }
}

impl AsofSpec {
    /// The `by` columns and the on-key of a batch of a side.
    pub(super) fn keys_of(
        &self,
        side: usize,
        rows: &RecordBatch,
    ) -> Result<(Vec<arrow::array::ArrayRef>, arrow::array::ArrayRef)> {
        let mut by = self.keys[side].of(rows)?;
        let on = by.pop().ok_or_else(|| blockfold_core::Error::internal("an asof join without an on-key"))?;
        Ok((by, on))
    }

    /// A table of rows of the right side, those of equal `by` keys in the order of their on-key.
    pub(super) fn table(&self, rows: RecordBatch) -> Result<AsofTable> {
        let (by, on) = self.keys_of(1, &rows)?;
        AsofTable::new(rows, &on, &by, self.options)
    }

    /// Rows of the left side, in any order, beside those of a table.
    pub(super) fn join(&self, table: &AsofTable, left: &RecordBatch) -> Result<RecordBatch> {
        let (by, on) = self.keys_of(0, left)?;
        table.join(left, &on, &by, &self.schema, &self.columns)
    }
}
