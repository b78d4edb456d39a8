//! The first and the last right row of each part, since the nearest row of a key may lie in another part.

use std::any::Any;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, UInt32Array, UInt64Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::UInt64Type;
use blockfold_core::{Block, DType, Error, Field, RecordBatch, Result, Schema, SchemaRef};
use blockfold_kernels::evaluate::evaluate;
use blockfold_kernels::sort::sort_order;
use blockfold_plan::{BlockMeta, BlockStream, Input, Kernel, Packed, Partial, Reducer, TaskContext};

use super::{ASCENDING, AsofSpec};

/// The column with the number of a row's part.
const PART: &str = "\u{0}part";

/// Columns of the right side, and the number of the part.
pub(super) fn edge_schema(right: &SchemaRef) -> SchemaRef {
    let part = Arc::new(Field::new(PART, DType::UInt64, false));
    Arc::new(Schema::new(right.fields().iter().cloned().chain([part]).collect::<Vec<_>>()))
}

/// Finds the first and the last row of a part of the right side.
#[derive(Debug)]
pub(super) struct FindEdges {
    pub(super) spec: Arc<AsofSpec>,
    pub(super) schema: SchemaRef,
}

impl Kernel for FindEdges {
    fn name(&self) -> &'static str {
        "edges"
    }

    fn detail(&self) -> String {
        format!("by {}", crate::frame::list(&self.spec.sort_keys[1]))
    }

    fn run(&self, _: &[Block], _: &TaskContext) -> Result<Block> {
        Err(Error::internal("edges are a stream"))
    }

    fn peak_bytes(&self, inputs: &[BlockMeta]) -> u64 {
        inputs.iter().map(|input| input.bytes.saturating_mul(2).saturating_add(64 * input.rows)).sum()
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        let input = inputs.first().copied().unwrap_or_default();
        BlockMeta { rows: input.rows.min(2), bytes: input.bytes.checked_div(input.rows).unwrap_or(0).saturating_mul(4) }
    }

    fn rows(&self, _: &[Option<u64>]) -> Option<u64> {
        Some(2)
    }

    fn open(&self, inputs: &mut Vec<Input>, task: &TaskContext) -> Result<Option<Box<dyn BlockStream>>> {
        let mut edges: Option<RecordBatch> = None;
        let Some(input) = inputs.pop() else { return Ok(Some(Box::new(std::iter::empty()))) };
        let mut stream = input.into_stream()?;
        while let Some(block) = stream.next()? {
            task.cancel.check()?;
            let rows = block.frame()?;
            if rows.num_rows() > 0 {
                edges = Some(self.wider(edges, rows)?);
            }
        }
        let with_part = |edges: RecordBatch| -> Result<Block> {
            let part = UInt64Array::from(vec![task.block as u64; edges.num_rows()]);
            let columns = edges.columns().iter().cloned().chain([Arc::new(part) as ArrayRef]).collect();
            Ok(RecordBatch::try_new(self.schema.clone(), columns)?.into())
        };
        Ok(Some(Box::new(edges.map(with_part).into_iter())))
    }
}

impl FindEdges {
    /// The first and the last of earlier edges and of the rows after them.
    fn wider(&self, edges: Option<RecordBatch>, rows: &RecordBatch) -> Result<RecordBatch> {
        let few = extremes(&self.spec, rows)?;
        match edges {
            None => Ok(few),
            Some(edges) => extremes(&self.spec, &concat_batches(&few.schema(), [&edges, &few])?),
        }
    }
}

/// The first and the last row in the order of the keys; rows of equal keys keep their order.
fn extremes(spec: &AsofSpec, rows: &RecordBatch) -> Result<RecordBatch> {
    let keys: Vec<ArrayRef> = spec.sort_keys[1].iter().map(|key| evaluate(key, rows)).collect::<Result<_>>()?;
    let order = sort_order(&keys, &vec![ASCENDING; keys.len()])?;
    let ends: UInt32Array = order.first().into_iter().chain(order.last()).copied().collect();
    Ok(take_record_batch(rows, &ends)?)
}

/// Puts the edges of all parts together.
#[derive(Debug)]
pub(super) struct CollectEdges {
    pub(super) schema: SchemaRef,
}

impl Reducer for CollectEdges {
    fn name(&self) -> &'static str {
        "edges of all parts"
    }

    fn partial(&self) -> Result<Box<dyn Partial>> {
        Ok(Box::new(Edges(Vec::new())))
    }

    fn finish(&self, partial: Box<dyn Partial>) -> Result<Block> {
        Ok(concat_batches(&self.schema, &downcast(partial)?.0)?.into())
    }

    fn unpack(&self, packed: Packed) -> Result<Box<dyn Partial>> {
        Ok(Box::new(Edges(packed.batches)))
    }

    fn initial_bytes(&self) -> u64 {
        0
    }

    fn expected_bytes(&self, input: BlockMeta) -> u64 {
        input.bytes
    }

    fn result_rows(&self, input_rows: Option<u64>) -> Option<u64> {
        input_rows
    }
}

struct Edges(Vec<RecordBatch>);

fn downcast(partial: Box<dyn Partial>) -> Result<Box<Edges>> {
    partial.into_any().downcast().map_err(|_| Error::internal("edges met another reduction's partial"))
}

impl Partial for Edges {
    fn fold(&mut self, block: &Block) -> Result<()> {
        self.0.push(block.frame()?.clone());
        Ok(())
    }

    fn merge(&mut self, later: Box<dyn Partial>) -> Result<()> {
        self.0.append(&mut downcast(later)?.0);
        Ok(())
    }

    fn pack(self: Box<Self>) -> Result<Packed> {
        Ok(Packed::of(self.0))
    }

    fn bytes(&self) -> u64 {
        self.0.iter().map(|batch| batch.get_array_memory_size() as u64).sum()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Right rows that lie just outside of a part.
#[derive(Default)]
pub(super) struct Around {
    /// The last row of earlier parts.
    pub(super) before: Option<RecordBatch>,
    /// The first row of later parts.
    pub(super) after: Option<RecordBatch>,
}

impl Around {
    /// The rows around a part, from the edges of all of them.
    pub(super) fn of(edges: &RecordBatch, part: usize) -> Result<Around> {
        let (columns, part) = (edges.num_columns().saturating_sub(1), part as u64);
        let parts = edges.columns().get(columns).and_then(|parts| parts.as_primitive_opt::<UInt64Type>());
        let parts = parts.ok_or_else(|| Error::internal("edges without parts"))?.values();
        let rows = edges.project(&(0..columns).collect::<Vec<_>>())?;
        let earlier = parts.iter().take_while(|other| **other < part).count();
        let later = parts.iter().take_while(|other| **other <= part).count();
        Ok(Around {
            before: earlier.checked_sub(1).map(|at| rows.slice(at, 1)),
            after: (later < rows.num_rows()).then(|| rows.slice(later, 1)),
        })
    }
}
