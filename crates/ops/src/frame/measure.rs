//! `measure`: one row for each partition: its rows, its bytes, the first and last value of a column in order.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt64Array};
use blockfold_core::block::slice_bytes;
use blockfold_core::{Block, Columns, DType, Error, Expr, Field, Grid, Result, Scalar, Schema, SchemaRef, col};
use blockfold_kernels::evaluate::{evaluate, predicate_mask};
use blockfold_plan::{BlockMap, BlockMeta, BlockStream, Input, Kernel, Lower, Meta, Op, Plan, StepId, TaskContext};

use super::bounds::{CheckRows, Checker, column_type, index_type, is_bounded};

/// The column with the partition's number.
pub const PARTITION: &str = "partition";
/// The column with its number of rows.
pub const ROWS: &str = "rows";

/// What is measured beside rows.
#[derive(Clone, Debug, PartialEq)]
enum What {
    Rows,
    Bytes,
    /// First and last value of a column, neither null nor NaN, of rows that must be in its order.
    Ends(String),
}

/// One row for each partition.
#[derive(Debug)]
pub struct Measure {
    input: [Plan; 1],
    what: What,
}

impl Measure {
    /// A plan of the number of rows of each partition, `partition` and `rows`.
    pub fn rows(input: Plan) -> Result<Plan> {
        Plan::new(Measure { input: [input], what: What::Rows })
    }

    /// A plan of rows and `bytes` of each partition in memory.
    pub fn bytes(input: Plan) -> Result<Plan> {
        Plan::new(Measure { input: [input], what: What::Bytes })
    }

    /// A plan of rows and of the `first` and `last` value of `column` in each partition; rows must be in its order.
    ///
    /// # Errors
    /// No such column; at run time, rows that are not in order, naming the partition and both values.
    pub fn ends(input: Plan, column: &str) -> Result<Plan> {
        index_type("set_index", input.schema(), column)?;
        Plan::new(Measure { input: [input], what: What::Ends(column.to_string()) })
    }

    fn schema(&self) -> Result<SchemaRef> {
        let count = |name: &str| Field::new(name, DType::UInt64, false);
        let mut fields = vec![count(PARTITION), count(ROWS)];
        match &self.what {
            What::Rows => {}
            What::Bytes => fields.push(count("bytes")),
            What::Ends(column) => {
                let dtype = column_type(self.input[0].schema(), column)?;
                fields.extend(["first", "last"].map(|name| Field::new(name, dtype.clone(), true)));
            }
        }
        Ok(Arc::new(Schema::new(fields)))
    }
}

impl Op for Measure {
    fn name(&self) -> &'static str {
        "measure"
    }

    fn detail(&self) -> String {
        match &self.what {
            What::Rows => "rows".to_string(),
            What::Bytes => "rows and bytes".to_string(),
            What::Ends(column) => format!("rows and ends of {column}"),
        }
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Plan::new(Measure { input: [inputs.remove(0)], what: self.what.clone() })
    }

    fn meta(&self) -> Result<Meta> {
        let blocks = self.input[0].meta().grid.blocks();
        Ok(Meta { schema: self.schema()?, grid: Grid::known(vec![1; blocks]) })
    }

    fn needs(&self, _: usize, _: &Columns) -> Columns {
        match &self.what {
            What::Rows => Columns::none(),
            What::Bytes => Columns::All,
            What::Ends(column) => Columns::values([column.clone()]),
        }
    }

    fn has_fixed_blocks(&self) -> bool {
        self.input[0].op().has_fixed_blocks()
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let input = lower.lower(&self.input[0])?;
        let schema = self.schema()?;
        let ends = match &self.what {
            What::Ends(column) => {
                let dtype = column_type(self.input[0].schema(), column)?;
                let column = column.clone();
                Some(CheckRows { op: "set_index", column, dtype, divisions: None, is_ordered: true })
            }
            _ => None,
        };
        let kernel = Count { ends, has_bytes: self.what == What::Bytes, schema: schema.clone() };
        let blocks = lower.grid(input).blocks();
        Ok(lower.map(vec![(input, BlockMap::Same)], kernel, schema, Grid::unknown(blocks)))
    }
}

#[derive(Debug)]
struct Count {
    ends: Option<CheckRows>,
    has_bytes: bool,
    schema: SchemaRef,
}

impl Kernel for Count {
    fn name(&self) -> &'static str {
        "measure"
    }

    fn detail(&self) -> String {
        self.ends.as_ref().map_or(String::new(), |ends| format!("ends of {}", ends.column))
    }

    fn run(&self, _: &[Block], _: &TaskContext) -> Result<Block> {
        Err(Error::internal("measure gives a stream"))
    }

    fn peak_bytes(&self, inputs: &[BlockMeta]) -> u64 {
        let check = self.ends.as_ref().map_or(0, |ends| ends.peak_bytes(inputs));
        check.saturating_add(self.output(inputs).bytes.saturating_mul(2))
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        let input = inputs.first().copied().unwrap_or_default();
        let values = if self.ends.is_some() { input.bytes.checked_div(input.rows).unwrap_or(0) } else { 0 };
        BlockMeta { rows: 1, bytes: 256 + values.saturating_mul(2) }
    }

    fn rows(&self, _: &[Option<u64>]) -> Option<u64> {
        Some(1)
    }

    fn open(&self, inputs: &mut Vec<Input>, task: &TaskContext) -> Result<Option<Box<dyn BlockStream>>> {
        let mut input = inputs.pop().ok_or_else(|| Error::internal("a measure of no block"))?.into_stream()?;
        let mut ends = self.ends.as_ref().map(|check| Ends::new(check, task.block));
        let (mut rows, mut bytes) = (0u64, 0u64);
        while let Some(block) = input.next()? {
            task.cancel.check()?;
            let batch = block.frame()?;
            rows += batch.num_rows() as u64;
            bytes += if self.has_bytes { slice_bytes(batch) } else { 0 };
            ends.as_mut().map_or(Ok(()), |ends| ends.push(batch))?;
        }
        let one = |value: u64| Arc::new(UInt64Array::from(vec![value])) as ArrayRef;
        let mut columns = vec![one(task.block as u64), one(rows)];
        columns.extend(self.has_bytes.then(|| one(bytes)));
        if let (Some(ends), Some(field)) = (ends, self.schema.fields().last()) {
            columns.push(ends.first.to_array(field.data_type())?);
            columns.push(ends.last.to_array(field.data_type())?);
        }
        let batch = RecordBatch::try_new(self.schema.clone(), columns)?;
        Ok(Some(Box::new(std::iter::once(Ok(Block::from(batch))))))
    }
}

/// First and last value of a column whose order is checked.
struct Ends {
    checker: Checker,
    is_bounded: Expr,
    column: Expr,
    first: Scalar,
    last: Scalar,
}

impl Ends {
    fn new(check: &CheckRows, partition: usize) -> Self {
        let is_bounded = is_bounded(&check.column, &check.dtype);
        let column = col(&check.column);
        Ends { checker: check.of(partition), is_bounded, column, first: Scalar::Null, last: Scalar::Null }
    }

    fn push(&mut self, rows: &RecordBatch) -> Result<()> {
        self.checker.push(rows)?;
        let mask = predicate_mask(&self.is_bounded, rows)?;
        // In order, values come before NaN and nulls.
        let (first, count) = (mask.values().set_indices().next(), mask.true_count());
        let Some(first) = first else { return Ok(()) };
        let values = evaluate(&self.column, rows)?;
        if self.first == Scalar::Null {
            self.first = Scalar::from_array(values.as_ref(), first)?;
        }
        self.last = Scalar::from_array(values.as_ref(), (first + count - 1).min(values.len() - 1))?;
        Ok(())
    }
}
