//! `row_random`: a random number beside each row, a function of (seed, block, row) alone.
//!
//! Shuffles sort by it, samples filter by it: neither depends on threads or on the budget.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt64Array};
use blockfold_core::{Block, Columns, DType, Error, Field, RecordBatch, Result, Schema, SchemaRef};
use blockfold_plan::{BlockMap, BlockMeta, BlockStream, Input, Kernel, Lower, Meta, Op, Plan, StepId, TaskContext};

/// A random number beside each row.
#[derive(Debug)]
pub struct RowRandom {
    input: [Plan; 1],
    seed: u64,
    column: String,
}

impl RowRandom {
    /// A plan of the rows of `input` with 64 random bits each, in a column of this name.
    ///
    /// # Errors
    /// A column of that name is there already.
    pub fn plan(input: Plan, seed: u64, column: &str) -> Result<Plan> {
        if input.schema().column_with_name(column).is_some() {
            return Err(Error::argument("row_random", format!("there is a column '{column}' already")));
        }
        Plan::new(RowRandom { input: [input], seed, column: column.to_string() })
    }

    fn schema(&self) -> SchemaRef {
        let mut fields = self.input[0].schema().fields().to_vec();
        fields.push(Arc::new(Field::new(&self.column, DType::UInt64, false)));
        Arc::new(Schema::new(fields))
    }
}

impl Op for RowRandom {
    fn name(&self) -> &'static str {
        "row_random"
    }

    fn detail(&self) -> String {
        format!("seed {}", self.seed)
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        RowRandom::plan(inputs.remove(0), self.seed, &self.column)
    }

    fn meta(&self) -> Result<Meta> {
        Ok(Meta { schema: self.schema(), grid: self.input[0].meta().grid.clone() })
    }

    fn needs(&self, _: usize, wanted: &Columns) -> Columns {
        match wanted {
            Columns::All => Columns::All,
            wanted => {
                let kept = |name: &&String| **name != self.column && wanted.contains(name);
                Columns::values(super::names(self.input[0].schema()).iter().filter(kept).cloned())
            }
        }
    }

    fn is_row_by_row(&self) -> bool {
        true
    }

    fn has_fixed_blocks(&self) -> bool {
        self.input[0].op().has_fixed_blocks()
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let input = lower.lower(&self.input[0])?;
        let meta = self.meta()?;
        let kernel = Numbered { seed: self.seed, schema: meta.schema.clone() };
        Ok(lower.map(vec![(input, BlockMap::Same)], kernel, meta.schema, meta.grid))
    }
}

#[derive(Clone, Debug)]
struct Numbered {
    seed: u64,
    schema: SchemaRef,
}

impl Kernel for Numbered {
    fn name(&self) -> &'static str {
        "row_random"
    }

    fn run(&self, _: &[Block], _: &TaskContext) -> Result<Block> {
        Err(Error::internal("row_random gives a stream"))
    }

    fn peak_bytes(&self, inputs: &[BlockMeta]) -> u64 {
        inputs.iter().map(|input| input.rows.saturating_mul(8)).sum()
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        let input = inputs.first().copied().unwrap_or_default();
        BlockMeta { rows: input.rows, bytes: input.bytes.saturating_add(input.rows.saturating_mul(8)) }
    }

    fn open(&self, inputs: &mut Vec<Input>, task: &TaskContext) -> Result<Option<Box<dyn BlockStream>>> {
        let input = inputs.pop().ok_or_else(|| Error::internal("rows of no block"))?.into_stream()?;
        let key = mixed(mixed(self.seed).wrapping_add(task.block as u64));
        Ok(Some(Box::new(NumberedStream { input, key, row: 0, schema: self.schema.clone() })))
    }
}

struct NumberedStream {
    input: Box<dyn BlockStream>,
    key: u64,
    row: u64,
    schema: SchemaRef,
}

impl BlockStream for NumberedStream {
    fn next(&mut self) -> Result<Option<Block>> {
        let Some(block) = self.input.next()? else { return Ok(None) };
        let batch = block.frame()?;
        let rows = self.row..self.row + batch.num_rows() as u64;
        self.row = rows.end;
        let numbers: UInt64Array = rows.map(|row| mixed(self.key ^ mixed(row))).collect();
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        columns.push(Arc::new(numbers));
        let mut fields = batch.schema_ref().fields().to_vec();
        fields.extend(self.schema.fields().last().cloned());
        Ok(Some(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?.into()))
    }
}

/// The finaliser of SplitMix64: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
fn mixed(bits: u64) -> u64 {
    let bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
