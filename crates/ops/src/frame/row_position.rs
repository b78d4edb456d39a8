//! `row_position`: where each row stands in its frame, so that rows that moved find back (see `in_order.rs`).

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt64Array};
use blockfold_core::{Block, Columns, DType, Error, Expr, Field, RecordBatch, Result, Scalar, Schema, SchemaRef};
use blockfold_plan::{BlockMap, BlockMeta, BlockStream, Input, Kernel, Lower, Meta, Op, Plan, StepId, TaskContext};

/// Bits of a position that count rows of a block; those above number the block.
pub(super) const ROW_BITS: u32 = 40;

/// The position of a row of a block.
pub(super) fn position(block: usize, row: u64) -> u64 {
    ((block as u64) << ROW_BITS) | row
}

/// A number beside each row that grows from row to row, over all blocks.
#[derive(Debug)]
pub struct RowPosition {
    input: [Plan; 1],
    column: String,
}

impl RowPosition {
    /// A plan of the rows of `input` with their positions in a column of this name.
    ///
    /// # Errors
    /// A column of that name is there already.
    pub fn plan(input: Plan, column: &str) -> Result<Plan> {
        if input.schema().column_with_name(column).is_some() {
            return Err(Error::argument("row_position", format!("there is a column '{column}' already")));
        }
        Plan::new(RowPosition { input: [input], column: column.to_string() })
    }

    fn field(&self) -> Field {
        Field::new(&self.column, DType::UInt64, false)
    }

    fn schema(&self) -> SchemaRef {
        let mut fields = self.input[0].schema().fields().to_vec();
        fields.push(Arc::new(self.field()));
        Arc::new(Schema::new(fields))
    }
}

impl Op for RowPosition {
    fn name(&self) -> &'static str {
        "row_position"
    }

    fn detail(&self) -> String {
        self.column.trim_start_matches('\u{0}').to_string()
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        RowPosition::plan(inputs.remove(0), &self.column)
    }

    fn meta(&self) -> Result<Meta> {
        Ok(Meta { schema: self.schema(), grid: self.input[0].meta().grid.clone() })
    }

    fn needs(&self, _: usize, wanted: &Columns) -> Columns {
        match wanted {
            Columns::All => Columns::All,
            Columns::Some(names) => Columns::Some(
                names.iter().filter(|(name, _)| **name != self.column).map(|(n, f)| (n.clone(), *f)).collect(),
            ),
        }
    }

    fn moves_below(&self, predicate: &Expr, _: usize) -> Option<Expr> {
        // The rows that are left have other positions, in the same order.
        (!predicate.columns().contains(&self.column)).then(|| predicate.clone())
    }

    fn is_row_by_row(&self) -> bool {
        true
    }

    fn column_range(&self, column: &str) -> Option<(Scalar, Scalar)> {
        self.input[0].op().column_range(column)
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let input = lower.lower(&self.input[0])?;
        let meta = self.meta()?;
        let kernel = Positions { field: Arc::new(self.field()) };
        let grid = lower.grid(input).clone();
        Ok(lower.map(vec![(input, BlockMap::Same)], kernel, meta.schema, grid))
    }
}

#[derive(Clone, Debug)]
struct Positions {
    field: Arc<Field>,
}

impl Kernel for Positions {
    fn name(&self) -> &'static str {
        "row_position"
    }

    fn run(&self, _: &[Block], _: &TaskContext) -> Result<Block> {
        Err(Error::internal("row_position gives a stream"))
    }

    fn peak_bytes(&self, inputs: &[BlockMeta]) -> u64 {
        inputs.iter().map(|input| input.rows.saturating_mul(8)).sum()
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        let input = inputs.first().copied().unwrap_or_default();
        BlockMeta { rows: input.rows, bytes: input.bytes.saturating_add(input.rows.saturating_mul(8)) }
    }

    fn open(&self, inputs: &mut Vec<Input>, task: &TaskContext) -> Result<Option<Box<dyn BlockStream>>> {
        let input = inputs.pop().ok_or_else(|| Error::internal("positions of no block"))?.into_stream()?;
        let next = position(task.block, 0);
        Ok(Some(Box::new(PositionStream { input, next, field: self.field.clone() })))
    }
}

struct PositionStream {
    input: Box<dyn BlockStream>,
    next: u64,
    field: Arc<Field>,
}

impl BlockStream for PositionStream {
    fn next(&mut self) -> Result<Option<Block>> {
        let Some(block) = self.input.next()? else { return Ok(None) };
        let batch = block.frame()?;
        let rows = self.next..self.next + batch.num_rows() as u64;
        self.next = rows.end;
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        columns.push(Arc::new(UInt64Array::from_iter_values(rows)));
        let mut fields = batch.schema_ref().fields().to_vec();
        fields.push(self.field.clone());
        Ok(Some(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?.into()))
    }
}
