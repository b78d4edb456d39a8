//! The kernel of asof joins: a table searched batch by batch, or two sides of a part sorted and merged.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use blockfold_core::{Block, Error, RecordBatch, Result};
use blockfold_kernels::evaluate::evaluate;
use blockfold_kernels::join::AsofTable;
use blockfold_kernels::sort::sort_order;
use blockfold_plan::{BlockMeta, BlockStream, Input, Kernel, Part, TaskContext};

use super::edges::Around;
use super::merge::Merge;
use super::{ASCENDING, AsofSpec};
use crate::frame::sort::SortPart;

/// Joins a block of the left side with a table, or with the right rows of the same range of keys.
#[derive(Debug)]
pub(super) struct AsofKernel {
    pub(super) spec: Arc<AsofSpec>,
    pub(super) detail: String,
    /// Whether the right side is a table; else both sides are rows in parts.
    pub(super) is_table: bool,
}

/// Of the allowance each side has a third while it is sorted; a third is for what is merged.
const SIDES: u64 = 3;

/// Rows of a batch that comes out of a sort.
const BATCH_ROWS: u64 = 32 * 1024;

impl Kernel for AsofKernel {
    fn name(&self) -> &'static str {
        "join_asof"
    }

    fn detail(&self) -> String {
        self.detail.clone()
    }

    fn run(&self, _: &[Block], _: &TaskContext) -> Result<Block> {
        Err(Error::internal("an asof join gives a stream"))
    }

    fn peak_bytes(&self, inputs: &[BlockMeta]) -> u64 {
        // Keys, their numbers and places beside rows of both sides, and the result; a part is sorted before.
        inputs.iter().take(2).map(|input| input.bytes.saturating_mul(6).saturating_add(128 * input.rows)).sum()
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        let rows = inputs.first().map_or(0, |left| left.rows).min(2 * BATCH_ROWS);
        let row_bytes = |input: &BlockMeta| input.bytes.checked_div(input.rows).unwrap_or(16).max(16);
        BlockMeta { rows, bytes: rows.saturating_mul(inputs.iter().take(2).map(row_bytes).sum()) }
    }

    fn rows(&self, inputs: &[Option<u64>]) -> Option<u64> {
        inputs.first().copied().flatten()
    }

    fn whole_partition(&self) -> bool {
        !self.is_table
    }

    fn keeps_allowance(&self) -> bool {
        // A batch is joined as it streams; parts are sorted in as many pieces as it takes.
        !self.is_table
    }

    fn open(&self, inputs: &mut Vec<Input>, task: &TaskContext) -> Result<Option<Box<dyn BlockStream>>> {
        let mut inputs = inputs.drain(..);
        let spec = self.spec.clone();
        Ok(Some(match (inputs.next(), inputs.next(), inputs.next()) {
            (Some(left), Some(Input::Block(table)), None) => {
                let (table, left) = (table.object::<AsofTable>()?, left.into_stream()?);
                Box::new(Lookup { spec, table, left, task: task.clone() })
            }
            (Some(Input::Part(left)), Some(Input::Part(right)), edges) => {
                let around = match edges {
                    Some(Input::Block(edges)) => Around::of(edges.frame()?, task.block)?,
                    _ => Around::default(),
                };
                let (left, right) = (sorted(&spec, 0, left, task)?, sorted(&spec, 1, right, task)?);
                Box::new(Merge::new(spec, left, right, around, task.clone()))
            }
            (Some(left), Some(Input::Part(right)), None) => {
                Box::new(Chunked { spec, right, left: left.into_stream()?, task: task.clone(), current: None })
            }
            _ => return Err(Error::internal("an asof join without its sides")),
        }))
    }
}

/// A side in the order of its keys.
fn sorted(spec: &AsofSpec, side: usize, part: Arc<dyn Part>, task: &TaskContext) -> Result<Box<dyn BlockStream>> {
    let keys = spec.sort_keys[side].clone();
    let sort = SortPart { orders: vec![ASCENDING; keys.len()], keys, detail: String::new(), is_in_place: false };
    let task = TaskContext { allowance_bytes: task.allowance_bytes / SIDES, ..task.clone() };
    let stream = sort.open(&mut vec![Input::Part(part)], &task)?;
    stream.ok_or_else(|| Error::internal("a sort gives a stream"))
}

/// Left rows as they come, beside those of a table.
struct Lookup {
    spec: Arc<AsofSpec>,
    table: Arc<AsofTable>,
    left: Box<dyn BlockStream>,
    task: TaskContext,
}

impl BlockStream for Lookup {
    fn next(&mut self) -> Result<Option<Block>> {
        self.task.cancel.check()?;
        let Some(block) = self.left.next()? else { return Ok(None) };
        self.spec.join(&self.table, block.frame()?).map(|rows| Some(rows.into()))
    }
}

/// Left rows, taken a chunk at a time, past a right side that did not fit as a table.
struct Chunked {
    spec: Arc<AsofSpec>,
    right: Arc<dyn Part>,
    left: Box<dyn BlockStream>,
    task: TaskContext,
    current: Option<Merge>,
}

impl Chunked {
    /// Left rows for a part of the allowance, sorted; `None` at the end.
    fn chunk(&mut self) -> Result<Option<RecordBatch>> {
        let (mut batches, mut bytes) = (Vec::new(), 0u64);
        while bytes < self.task.allowance_bytes / 16 {
            let Some(block) = self.left.next()? else { break };
            bytes += blockfold_core::block::slice_bytes(block.frame()?);
            batches.push(block.frame()?.clone());
        }
        let Some(first) = batches.first() else { return Ok(None) };
        let rows = concat_batches(&first.schema(), &batches)?;
        let keys = self.spec.sort_keys[0].iter().map(|key| evaluate(key, &rows)).collect::<Result<Vec<ArrayRef>>>()?;
        let order = UInt32Array::from(sort_order(&keys, &vec![ASCENDING; keys.len()])?);
        Ok(Some(take_record_batch(&rows, &order)?))
    }
}

impl BlockStream for Chunked {
    fn next(&mut self) -> Result<Option<Block>> {
        loop {
            if let Some(current) = &mut self.current {
                if let Some(block) = current.next()? {
                    return Ok(Some(block));
                }
                self.current = None;
            }
            let Some(left) = self.chunk()? else { return Ok(None) };
            let right = sorted(&self.spec, 1, self.right.clone(), &self.task)?;
            let left = Box::new(std::iter::once(Ok(Block::from(left))));
            let (spec, task) = (self.spec.clone(), self.task.clone());
            self.current = Some(Merge::new(spec, left, right, Around::default(), task));
        }
    }
}
