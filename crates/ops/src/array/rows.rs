//! `to_frame` and `from_frame`: an array's columns as a frame, a frame's columns as an array.

use arrow::array::RecordBatchOptions;
use blockfold_core::region::TILE_ELEMENTS;
use blockfold_core::{Block, Chunks, DType, Error, Field, Grid, RecordBatch, Region, Result, Schema, SchemaRef};
use blockfold_dense::permute::permute;
use blockfold_plan::tiles::TileReader;
use blockfold_plan::{BlockMap, BlockMeta, BlockStream, Input, Kernel, Lower, Meta, Op, Plan, StepId, TaskContext};
use std::sync::Arc;

use super::elementwise::shape_text;
use super::kernel::{TileKernel, chunks_of, dtype_of, meta, shape_of, tiles_bytes};

/// The columns of a matrix, or a vector as one column, as a frame; a partition for each row of chunks.
#[derive(Debug)]
pub struct ToFrame {
    input: [Plan; 1],
    names: Vec<String>,
}

impl ToFrame {
    /// A plan of an array's columns under names.
    ///
    /// # Errors
    /// An array of more than two axes, or another number of names than of columns.
    pub fn plan(input: Plan, names: Vec<String>) -> Result<Plan> {
        let shape = chunks_of(&input)?.shape();
        let columns = match shape.as_slice() {
            [_] => 1,
            [_, columns] => *columns,
            _ => {
                let what = format!("an array of shape {}; a frame needs one or two axes", shape_text(&shape));
                return Err(Error::argument("to_frame", what));
            }
        };
        if columns != names.len() as u64 || names.is_empty() {
            let what = format!("{} names for {columns} columns, shape {}", names.len(), shape_text(&shape));
            return Err(Error::argument("to_frame", what));
        }
        Plan::new(ToFrame { input: [input], names })
    }

    fn schema(&self) -> Result<SchemaRef> {
        let dtype = dtype_of(&self.input[0])?;
        let field = |name: &String| Field::new(name, dtype.clone(), false);
        Ok(Arc::new(Schema::new(self.names.iter().map(field).collect::<Vec<_>>())))
    }
}

impl Op for ToFrame {
    fn name(&self) -> &'static str {
        "to_frame"
    }

    fn detail(&self) -> String {
        self.names.join(", ")
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        ToFrame::plan(inputs.remove(0), self.names.clone())
    }

    fn meta(&self) -> Result<Meta> {
        let lengths = chunks_of(&self.input[0])?.lengths().swap_remove(0);
        Ok(Meta { schema: self.schema()?, grid: Grid::known(lengths) })
    }

    fn has_fixed_blocks(&self) -> bool {
        true
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let input = lower.lower(&self.input[0])?;
        let bounds = chunks_of(&self.input[0])?.bounds(0).clone();
        let width = blockfold_core::tensor::width(&dtype_of(&self.input[0])?)? as u64 * self.names.len() as u64;
        let ndim = shape_of(&self.input[0])?.len();
        let kernel = RowsKernel { schema: own.schema.clone(), bounds, ndim, row_bytes: width };
        Ok(lower.map(vec![(input, BlockMap::Boxes)], kernel, own.schema, own.grid))
    }
}

/// Makes rows of boxes of an array.
#[derive(Debug)]
struct RowsKernel {
    schema: SchemaRef,
    bounds: Arc<[u64]>,
    ndim: usize,
    row_bytes: u64,
}

impl RowsKernel {
    /// Rows of a batch.
    fn batch_rows(&self) -> usize {
        (TILE_ELEMENTS / self.schema.fields().len()).max(1)
    }
}

impl Kernel for RowsKernel {
    fn name(&self) -> &'static str {
        "to_frame"
    }

    fn run(&self, _: &[Block], _: &TaskContext) -> Result<Block> {
        Err(Error::internal("rows of an array come as a stream"))
    }

    fn peak_bytes(&self, _: &[BlockMeta]) -> u64 {
        3 * self.batch_rows() as u64 * self.row_bytes
    }

    fn output(&self, _: &[BlockMeta]) -> BlockMeta {
        BlockMeta { rows: self.batch_rows() as u64, bytes: self.batch_rows() as u64 * self.row_bytes }
    }

    fn rows(&self, _: &[Option<u64>]) -> Option<u64> {
        // Partitions are about as long as each other.
        let longest = self.bounds.windows(2).map(|pair| pair[1] - pair[0]).max();
        longest.or(Some(0))
    }

    fn open(&self, inputs: &mut Vec<Input>, task: &TaskContext) -> Result<Option<Box<dyn BlockStream>>> {
        let Some(Input::Boxes(reader)) = inputs.pop() else { return Err(Error::internal("rows of no array")) };
        let bound = |at: usize| self.bounds.get(at).copied().unwrap_or(0);
        let rows = bound(task.block)..bound(task.block + 1);
        let (schema, batch_rows) = (self.schema.clone(), self.batch_rows() as u64);
        Ok(Some(Box::new(RowsStream { reader, schema, rows, batch_rows, ndim: self.ndim })))
    }
}

struct RowsStream {
    reader: Box<dyn TileReader>,
    schema: SchemaRef,
    rows: std::ops::Range<u64>,
    batch_rows: u64,
    ndim: usize,
}

impl BlockStream for RowsStream {
    fn next(&mut self) -> Result<Option<Block>> {
        if self.rows.is_empty() {
            return Ok(None);
        }
        let count = self.batch_rows.min(self.rows.end - self.rows.start);
        let (rows, columns) = (usize::try_from(count).unwrap_or(usize::MAX), self.schema.fields().len());
        let region = match self.ndim {
            1 => Region::new([self.rows.start], [rows]),
            _ => Region::new([self.rows.start, 0], [rows, columns]),
        };
        self.rows.start += count;
        let values = self.reader.read(&region)?.reshaped(vec![rows, columns])?;
        let values = permute(&values, &[1, 0])?;
        let column = |at: usize| values.part(&[at, 0], &[1, rows])?.to_column();
        let columns = (0..columns).map(column).collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(Some(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?.into()))
    }
}

/// A frame's columns, all of one type, as a matrix of as many columns.
#[derive(Debug)]
pub struct FromFrame {
    input: [Plan; 1],
    /// Rows of each partition.
    lengths: Vec<u64>,
}

impl FromFrame {
    /// A plan of a frame as a matrix; its partitions have `lengths` rows.
    ///
    /// # Errors
    /// Columns of several types, or of types that arrays do not have; another number of partitions.
    pub fn plan(input: Plan, lengths: Vec<u64>) -> Result<Plan> {
        let schema = input.schema();
        let Some(first) = schema.fields().first() else {
            return Err(Error::argument("to_array", "a frame without columns"));
        };
        blockfold_core::tensor::width(first.data_type())
            .map_err(|error| error.of_op(format!("column '{}' as an array", first.name())))?;
        if let Some(other) = schema.fields().iter().find(|field| field.data_type() != first.data_type()) {
            return Err(Error::Type {
                op: format!("column '{}' as an array", other.name()),
                expected: format!("columns of one type; cast them to {}", first.data_type()),
                got: other.data_type().to_string(),
            });
        }
        if input.meta().grid.blocks() != lengths.len() {
            let what = format!("{} lengths for {} partitions", lengths.len(), input.meta().grid.blocks());
            return Err(Error::argument("to_array", what));
        }
        Plan::new(FromFrame { input: [input], lengths })
    }

    fn dtype(&self) -> DType {
        self.input[0].schema().field(0).data_type().clone()
    }
}

impl Op for FromFrame {
    fn name(&self) -> &'static str {
        "from_frame"
    }

    fn detail(&self) -> String {
        let names: Vec<&str> = self.input[0].schema().fields().iter().map(|field| field.name().as_str()).collect();
        names.join(", ")
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        FromFrame::plan(inputs.remove(0), self.lengths.clone())
    }

    fn meta(&self) -> Result<Meta> {
        let lengths: Vec<u64> = self.lengths.iter().copied().filter(|length| *length > 0).collect();
        let columns = self.input[0].schema().fields().len() as u64;
        let chunks = Chunks::of_lengths(&[if lengths.is_empty() { vec![0] } else { lengths }, vec![columns]])?;
        Ok(meta(&self.dtype(), chunks))
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let input = lower.lower(&self.input[0])?;
        let schema = self.input[0].schema().clone();
        // The lengths are what was counted, whatever the plan knows.
        let pass = lower.map(vec![(input, BlockMap::Same)], Pass, schema, Grid::known(self.lengths.clone()));
        let kernel = TileKernel::of_one("from_frame", self.detail(), |input| input);
        let held = tiles_bytes(2, &self.dtype());
        Ok(lower.map(vec![(pass, BlockMap::Boxes)], kernel.holding(held), own.schema, own.grid))
    }
}

/// Hands batches on.
#[derive(Debug)]
struct Pass;

impl Kernel for Pass {
    fn name(&self) -> &'static str {
        "rows"
    }

    fn run(&self, inputs: &[Block], _: &TaskContext) -> Result<Block> {
        inputs.first().cloned().ok_or_else(|| Error::internal("rows of nothing"))
    }

    fn peak_bytes(&self, _: &[BlockMeta]) -> u64 {
        0
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        inputs.first().copied().unwrap_or_default()
    }
}
